/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include <stdio.h>
#include <unistd.h>

#include "../../core/base/num.h"
#include "../../core/http/cidr.h"
#include "../../core/http/name.h"
#include "../../core/http/uri.h"
#include "../../core/jose/alg.h"
#include "suggest.h"

enum jt_err jt_parse_size(struct jt_slice s, uint64_t max, uint64_t *out)
{
    static const struct {
        struct jt_slice suffix;
        unsigned shift;
    } units[] = {{JT_LIT_INIT("KiB"), 10},
                 {JT_LIT_INIT("MiB"), 20},
                 {JT_LIT_INIT("GiB"), 30},
                 {JT_LIT_INIT("TiB"), 40}};
    unsigned shift = 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t k = units[i].suffix.n;
        if (s.n > k && jt_slice_eq(jt_slice_from(s, s.n - k), units[i].suffix)) {
            shift = units[i].shift;
            s.n -= k;
            break;
        }
    }
    uint64_t v = 0;
    JT_TRY(jt_parse_u64(s, max >> shift, &v));
    *out = v << shift;
    return JT_OK;
}

bool jt_choice_word(const char *choices, size_t i, struct jt_slice *out)
{
    struct jt_slice rest = jt_str(choices);
    for (; rest.n > 0; i--) {
        size_t k = jt_slice_find(rest, '|');
        if (i == 0) {
            *out = jt_slice(rest.p, k);
            return true;
        }
        rest = jt_slice_from(rest, k + 1);
    }
    return false;
}

int jt_choice_index(const char *choices, struct jt_slice word)
{
    struct jt_slice w = {0};
    for (size_t i = 0; jt_choice_word(choices, i, &w); i++) {
        if (jt_slice_eq(w, word)) {
            return (int)i;
        }
    }
    return -1;
}

struct read {
    const struct jt_option *o;
    struct jt_slice value;
    struct jt_config *c;
    void *field;
    const char *where;
    struct jt_config_error *err;
};

static enum jt_err refuse(const struct read *r, enum jt_err e, const char *why)
{
    struct jt_slice v = jt_shown(r->value);
    return jt_config_fail(r->err, e, r->where, "%s: \"%.*s\" %s", r->o->name, JT_FMT(v), why);
}

static enum jt_err read_text(const struct read *r)
{
    if (!jt_display_text_ok(r->value, (size_t)r->o->highest) && r->value.n > 0) {
        return r->value.n > (size_t)r->o->highest
                   ? refuse(r, JT_E_LIMIT, "is too long")
                   : refuse(r, JT_E_SYNTAX, "has characters that cannot be shown");
    }
    if (r->value.n < (size_t)r->o->lowest) {
        return jt_config_fail(r->err, JT_E_RANGE, r->where, "%s must not be empty", r->o->name);
    }
    *(struct jt_slice *)r->field = r->value;
    return JT_OK;
}

static enum jt_err read_issuer(const struct read *r)
{
    const char *why = "is not an issuer URL";
    if (r->value.n > 0 && jt_issuer_check(r->value, &why) != JT_OK) {
        struct jt_slice v = jt_shown(r->value);
        return jt_config_fail(r->err, JT_E_SYNTAX, r->where, "%s: \"%.*s\": %s", r->o->name,
                              JT_FMT(v), why);
    }
    return read_text(r);
}

static enum jt_err read_listen(const struct read *r)
{
    struct jt_slice host = {0};
    uint16_t port = 0;
    struct jt_addr addr = {0};
    struct jt_slice *list = r->field;
    size_t *n = jt_option_count(r->c, r->o);
    if (r->value.n == 0 && r->o->fallback[0] == '\0') {
        return JT_OK; /* the default: none */
    }
    if (r->value.n == 0 || jt_hostport_read(r->value, &host, &port) != JT_OK) {
        return refuse(r, JT_E_SYNTAX,
                      "is not an address with a port, such as 127.0.0.1:8443 or [::1]:8443");
    }
    if (jt_addr_read(host, &addr) != JT_OK) {
        return refuse(r, JT_E_SYNTAX,
                      "has no IP address before the port (localhost is 127.0.0.1, every address is "
                      "0.0.0.0 and [::])");
    }
    for (size_t i = 0; i < *n; i++) {
        if (jt_slice_eq(list[i], r->value)) {
            return refuse(r, JT_E_CONFLICT, "is listed twice");
        }
    }
    if (*n == JT_LISTEN_MAX) {
        return refuse(r, JT_E_LIMIT, "is one address too many: 16 are allowed");
    }
    list[(*n)++] = r->value;
    return JT_OK;
}

static enum jt_err read_nets(const struct read *r)
{
    const char *why = "";
    struct jt_net *list = r->field;
    size_t *count = jt_option_count(r->c, r->o);
    struct jt_net n;
    if (r->value.n == 0) {
        return JT_OK; /* the default: none */
    }
    enum jt_err e = jt_net_read(r->value, &n, &why);
    if (e != JT_OK) {
        return refuse(r, e, why);
    }
    if (*count == JT_PROXIES_MAX) {
        return refuse(r, JT_E_LIMIT, "is one network too many: 32 are allowed");
    }
    list[(*count)++] = n;
    return JT_OK;
}

static enum jt_err read_address(const struct read *r)
{
    struct jt_slice host = {0};
    struct jt_addr addr = {0};
    uint16_t port = 0;
    if (r->value.n > 0 &&
        (jt_hostport_read(r->value, &host, &port) != JT_OK || jt_addr_read(host, &addr) != JT_OK)) {
        return refuse(r, JT_E_SYNTAX, "is not an IP address with a port, such as 127.0.0.1:9464");
    }
    *(struct jt_slice *)r->field = r->value;
    return JT_OK;
}

static enum jt_err read_count(const struct read *r)
{
    uint64_t v = 0;
    enum jt_err e = jt_parse_u64(r->value, (uint64_t)r->o->highest, &v);
    if (e != JT_OK || v < (uint64_t)r->o->lowest) {
        char why[120];
        (void)snprintf(why, sizeof why, "is not a whole number from %lld to %lld",
                       (long long)r->o->lowest, (long long)r->o->highest);
        return refuse(r, e == JT_OK ? JT_E_RANGE : e, why);
    }
    *(int64_t *)r->field = (int64_t)v;
    return JT_OK;
}

static enum jt_err read_duration(const struct read *r)
{
    int64_t v = 0;
    enum jt_err e = jt_parse_duration(r->value, &v);
    if (e == JT_E_SYNTAX) {
        return refuse(r, e, "is not a duration, such as 30s, 15m, 24h or 90d");
    }
    if (e != JT_OK || v < r->o->lowest || v > r->o->highest) {
        char why[120];
        (void)snprintf(why, sizeof why, "is not a duration from %llds to %lldd",
                       (long long)r->o->lowest, (long long)r->o->highest / 86400);
        return refuse(r, JT_E_RANGE, why);
    }
    *(int64_t *)r->field = v;
    return JT_OK;
}

static enum jt_err read_size(const struct read *r)
{
    uint64_t v = 0;
    enum jt_err e = jt_parse_size(r->value, (uint64_t)r->o->highest, &v);
    if (e != JT_OK) {
        return refuse(r, e,
                      e == JT_E_RANGE
                          ? "is too large: 1024TiB at most"
                          : "is not a size, such as 512MiB, 10GiB or a bare number of bytes");
    }
    *(uint64_t *)r->field = v;
    return JT_OK;
}

/* Number of the word, or -1 with *err: the words there are, and the nearest. */
static int read_word(const struct read *r)
{
    int i = jt_choice_index(r->o->choices, r->value);
    if (i >= 0) {
        return i;
    }
    char why[200];
    struct jt_slice w = {0};
    size_t n = (size_t)snprintf(why, sizeof why, "is not one of");
    struct jt_suggest s = jt_suggest(r->value);
    for (size_t k = 0; jt_choice_word(r->o->choices, k, &w) && n < sizeof why; k++) {
        n += (size_t)snprintf(why + n, sizeof why - n, "%s %.*s", k == 0 ? "" : ",", JT_FMT(w));
        jt_suggest_offer(&s, w);
    }
    if (jt_suggest_found(&s) && n < sizeof why) {
        (void)snprintf(why + n, sizeof why - n, " (did you mean \"%.*s\"?)", JT_FMT(s.best));
    }
    (void)refuse(r, JT_E_RANGE, why);
    return -1;
}

static enum jt_err read_choice(const struct read *r)
{
    int i = read_word(r);
    if (i < 0) {
        return JT_E_RANGE;
    }
    *(bool *)r->field = i == 1;
    return JT_OK;
}

static enum jt_err read_header(const struct read *r)
{
    int i = read_word(r);
    if (i < 0) {
        return JT_E_RANGE;
    }
    *(enum jt_cert_header *)r->field = (enum jt_cert_header)i;
    return JT_OK;
}

static enum jt_err read_alg(const struct read *r)
{
    if (read_word(r) < 0) {
        return JT_E_RANGE;
    }
    *(enum jt_alg *)r->field = jt_alg_from_name(r->value);
    return JT_OK;
}

static enum jt_err read_level(const struct read *r)
{
    static const int levels[] = {3, 4, 6, 7};
    int i = read_word(r);
    if (i < 0) {
        return JT_E_RANGE;
    }
    *(int *)r->field = levels[i];
    return JT_OK;
}

static enum jt_err read_format(const struct read *r)
{
    int i = read_word(r);
    if (i < 0) {
        return JT_E_RANGE;
    }
    *(bool *)r->field = i == 0 ? isatty(STDERR_FILENO) == 0 : i == 1;
    return JT_OK;
}

enum jt_err jt_value_read(const struct jt_option *o, struct jt_slice value, struct jt_config *c,
                          const char *where, struct jt_config_error *err)
{
    static enum jt_err (*const readers[])(const struct read *) = {
        [JT_OPTION_TEXT] = read_text,         [JT_OPTION_ISSUER] = read_issuer,
        [JT_OPTION_LISTEN] = read_listen,     [JT_OPTION_COUNT] = read_count,
        [JT_OPTION_NETS] = read_nets,         [JT_OPTION_ADDRESS] = read_address,
        [JT_OPTION_DURATION] = read_duration, [JT_OPTION_SIZE] = read_size,
        [JT_OPTION_CHOICE] = read_choice,     [JT_OPTION_ALG] = read_alg,
        [JT_OPTION_LEVEL] = read_level,       [JT_OPTION_FORMAT] = read_format,
        [JT_OPTION_HEADER] = read_header,
    };
    struct read r = {o, value, c, (char *)c + o->offset, where, err};
    return readers[o->type](&r);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_config.c - the configuration as `jeton check` reads it: the file, the flags over it, what
 * only makes sense together, and the protections that follow. Lines that begin with "--" are
 * flags, such as "--server.listen 127.0.0.1:1"; all others are the file.
 */
#include <stdio.h>

#include "core/http/name.h"
#include "core/http/uri.h"
#include "fuzz.h"
#include "server/config/protect.h"
#include "server/config/yaml.h"

#define FILE_NAME "jeton.yaml"

/* A complaint is text that a terminal can be shown, with a place when it is of the file. */
static void check_error(const struct jt_config_error *err, bool is_file)
{
    JT_ASSERT(err->text[0] != '\0');
    JT_ASSERT(!is_file || strncmp(err->where, FILE_NAME, strlen(FILE_NAME)) == 0);
    for (const char *p = err->text; *p != '\0'; p++) {
        JT_ASSERT((unsigned char)*p >= 0x20 && *p != 0x7f);
    }
}

static bool same(const struct jt_config *a, const struct jt_config *b)
{
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        if (!jt_option_same(&jt_options[i], a, b)) {
            return false;
        }
    }
    return true;
}

static void check_slice(struct jt_slice s)
{
    JT_ASSERT(s.n == 0 || (s.p[s.n] == '\0' && memchr(s.p, 0, s.n) == NULL));
    JT_ASSERT(jt_utf8_ok(s));
}

/* What every configuration is that was read, whether it makes sense or not. */
static void check_values(const struct jt_config *c)
{
    JT_ASSERT(c->nlisten > 0 && c->nlisten <= JT_LISTEN_MAX && c->ntrusted <= JT_PROXIES_MAX);
    for (size_t i = 0; i < c->nlisten; i++) {
        struct jt_slice host = {0};
        uint16_t port = 0;
        check_slice(c->listen[i]);
        JT_ASSERT(jt_hostport_read(c->listen[i], &host, &port) == JT_OK);
    }
    check_slice(c->issuer);
    check_slice(c->tls_cert);
    check_slice(c->tls_key);
    check_slice(c->data);
    check_slice(c->environment);
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        const struct jt_option *o = &jt_options[i];
        const int64_t *n = (const int64_t *)(const void *)((const char *)c + o->offset);
        bool is_number = o->type == JT_OPTION_COUNT || o->type == JT_OPTION_DURATION;
        JT_ASSERT(!is_number || (*n >= o->lowest && *n <= o->highest));
    }
}

/* What may start. */
static void check_whole(const struct jt_config *c)
{
    struct jt_protections p = {.n = 0};
    struct jt_slice host = {0};
    uint16_t port = 0;
    JT_ASSERT(c->token_lifetime_s <= c->token_max_lifetime_s && c->data.n > 0);
    JT_ASSERT(c->publish_wait_s >= 2 * c->jwks_max_age_s);
    JT_ASSERT((c->tls_cert.n == 0) == (c->tls_key.n == 0));
    for (size_t i = 0; i < c->nlisten; i++) {
        JT_ASSERT(jt_hostport_read(c->listen[i], &host, &port) == JT_OK);
        JT_ASSERT(c->tls_cert.n > 0 || c->ntrusted > 0 || jt_host_is_loopback(host));
    }
    jt_protections_of(c, &p);
    JT_ASSERT(p.n > 0 && p.n <= JT_PROTECTIONS_MAX);
    for (size_t i = 0; i < p.n; i++) {
        JT_ASSERT(p.items[i].detail[0] != '\0' && strlen(p.items[i].detail) < 500);
    }
}

/* The value of each key as a flag over the defaults gives the same configuration: a value means
 * the same wherever it is written. */
static void check_flags(const struct jt_config *c)
{
    struct jt_config again;
    struct jt_config_error err = {0};
    jt_config_init(&again);
    for (size_t i = 0; i < c->nlisten; i++) {
        JT_ASSERT(jt_config_set(&again, "server.listen", c->listen[i], "--", &err) == JT_OK);
    }
    for (size_t i = 0; i < c->ntrusted; i++) {
        char text[JT_NET_TEXT];
        jt_net_text(&c->trusted[i], text);
        JT_ASSERT(jt_config_set(&again, "server.trusted_proxies", jt_str(text), "--", &err) ==
                  JT_OK);
    }
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        const struct jt_option *o = &jt_options[i];
        const char *field = (const char *)c + o->offset;
        char text[32];
        if (o->type == JT_OPTION_TEXT || o->type == JT_OPTION_ISSUER ||
            o->type == JT_OPTION_ADDRESS) {
            JT_ASSERT(jt_config_set(&again, o->name, *(const struct jt_slice *)(const void *)field,
                                    "--", &err) == JT_OK);
        } else if (o->type == JT_OPTION_COUNT || o->type == JT_OPTION_DURATION ||
                   o->type == JT_OPTION_SIZE) {
            (void)snprintf(text, sizeof text, "%lld",
                           (long long)*(const int64_t *)(const void *)field);
            JT_ASSERT(jt_config_set(&again, o->name, jt_str(text), "--", &err) == JT_OK);
        } else {
            continue;
        }
        JT_ASSERT(jt_option_same(o, c, &again));
    }
    jt_config_free(&again);
}

/* "--NAME VALUE": false when it is refused. */
static bool set_flag(struct jt_config *c, struct jt_slice line)
{
    struct jt_config_error err = {0};
    char name[64];
    size_t k = jt_slice_find(line, ' ');
    (void)snprintf(name, sizeof name, "%.*s", (int)(k - 2 < 60 ? k - 2 : 60),
                   (const char *)line.p + 2);
    if (jt_option_find(name) == NULL) {
        return true; /* the command line has refused it */
    }
    if (jt_config_set(c, name, jt_slice_from(line, k + 1), "--flag", &err) != JT_OK) {
        check_error(&err, false);
        return false;
    }
    return true;
}

static bool read_all(struct jt_config *c, struct jt_slice in, struct jt_buf *file)
{
    struct jt_config_error err = {0};
    struct jt_slice rest = in;
    while (rest.n > 0) {
        size_t k = jt_slice_find(rest, '\n');
        struct jt_slice line = jt_slice(rest.p, k < rest.n ? k + 1 : k);
        if (!jt_slice_starts(line, JT_LIT("--"))) {
            jt_buf_put(file, line);
        }
        rest = jt_slice_from(rest, line.n);
    }
    if (jt_yaml_read(c, FILE_NAME, jt_buf_slice(file), &err) != JT_OK) {
        check_error(&err, true);
        return false;
    }
    for (rest = in; rest.n > 0;) {
        size_t k = jt_slice_find(rest, '\n');
        struct jt_slice line = jt_slice(rest.p, k);
        if (jt_slice_starts(line, JT_LIT("--")) && memchr(line.p, 0, line.n) == NULL &&
            !set_flag(c, line)) {
            return false;
        }
        rest = jt_slice_from(rest, k + 1);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_slice in = jt_slice(data, size);
    struct jt_config c;
    struct jt_config twice;
    struct jt_config_error err = {0};
    JT_AUTO(jt_buf_free) struct jt_buf file;
    jt_buf_init(&file, JT_CONFIG_FILE_MAX);
    jt_config_init(&c);
    if (read_all(&c, in, &file)) {
        check_values(&c);
        check_flags(&c);
        if (jt_config_check(&c, &err) == JT_OK) {
            check_whole(&c);
        } else {
            check_error(&err, false);
        }
        jt_config_init(&twice);
        jt_buf_reset(&file);
        JT_ASSERT(read_all(&twice, in, &file) && same(&c, &twice));
        jt_config_free(&twice);
    }
    jt_config_free(&c);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "event.h"

#include "../../core/base/num.h"

#define SECRET_LIKE 36u /* this many characters, and the text is no name */

static const char *const names[] = {"",
#define X(name, text, tells) text,
                                    JT_EVENT_TYPES(X)
#undef X
};

#define NAMES (sizeof names / sizeof names[0])

const char *jt_event_type_name(enum jt_event_type t)
{
    return (size_t)t < NAMES ? names[t] : "";
}

enum jt_event_type jt_event_type_from(struct jt_slice name)
{
    for (size_t i = 1; i < NAMES; i++) {
        if (jt_slice_eq(name, jt_str(names[i]))) {
            return (enum jt_event_type)i;
        }
    }
    return JT_EV_NONE;
}

/* At a character's boundary: what is stored is UTF-8. */
static void cut(struct jt_slice *s, size_t max)
{
    if (s->n <= max) {
        return;
    }
    while (max > 0 && (s->p[max] & 0xc0) == 0x80) {
        max--;
    }
    s->n = max;
}

/* Does s begin with at least that many characters that secrets and tokens consist of? */
static bool is_run(struct jt_slice s, size_t n)
{
    for (size_t i = 0; i < n && i < s.n; i++) {
        uint8_t c = s.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alnum && c != '_' && c != '-') {
            return false;
        }
    }
    return s.n >= n;
}

/* A client secret, an opaque token or a JWT, anywhere in the text. */
static bool has_secret(struct jt_slice s)
{
    static const struct jt_slice marks[] = {JT_LIT_INIT("jcs_"), JT_LIT_INIT("jat_"),
                                            JT_LIT_INIT("eyJ")};
    for (size_t i = 0; i + SECRET_LIKE <= s.n; i++) {
        if (s.p[i] != 'j' && s.p[i] != 'e') {
            continue;
        }
        for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++) {
            struct jt_slice rest = jt_slice_from(s, i);
            if (jt_slice_starts(rest, marks[k]) && is_run(rest, SECRET_LIKE)) {
                return true;
            }
        }
    }
    return false;
}

/* Who exchanges the two halves of Basic sends the secret as client_id, and the log keeps it for
 * years, in every backup. */
void jt_event_hide(struct jt_slice *s)
{
    if (has_secret(*s)) {
        *s = JT_LIT("(not recorded: a secret or a token)");
    }
}

void jt_event_clip(struct jt_event *e)
{
    jt_event_hide(&e->client_id);
    jt_event_hide(&e->resource);
    jt_event_hide(&e->scope);
    jt_event_hide(&e->detail);
    cut(&e->client_id, JT_EVENT_TEXT_MAX);
    cut(&e->credential_id, JT_EVENT_TEXT_MAX);
    cut(&e->resource, JT_EVENT_TEXT_MAX);
    cut(&e->scope, JT_EVENT_SCOPE_MAX);
    cut(&e->jti, JT_EVENT_TEXT_MAX);
    cut(&e->reason, JT_EVENT_TEXT_MAX);
    cut(&e->detail, JT_EVENT_TEXT_MAX);
}

bool jt_event_copy(struct jt_arena *a, const struct jt_event *from, struct jt_event *to)
{
    struct jt_event e = *from;
    if (!jt_arena_copy(a, from->client_id, &e.client_id) ||
        !jt_arena_copy(a, from->credential_id, &e.credential_id) ||
        !jt_arena_copy(a, from->resource, &e.resource) ||
        !jt_arena_copy(a, from->scope, &e.scope) || !jt_arena_copy(a, from->jti, &e.jti) ||
        !jt_arena_copy(a, from->reason, &e.reason) || !jt_arena_copy(a, from->detail, &e.detail)) {
        return false;
    }
    *to = e;
    return true;
}

static void put_number(struct jt_buf *b, uint64_t v)
{
    uint8_t p[8];
    jt_put_be64(p, v);
    jt_buf_put(b, jt_slice(p, sizeof p));
}

static void put_text(struct jt_buf *b, struct jt_slice s)
{
    uint8_t p[4];
    jt_put_be32(p, (uint32_t)s.n);
    jt_buf_put(b, jt_slice(p, sizeof p));
    jt_buf_put(b, s);
}

void jt_event_encode(const struct jt_event *e, struct jt_buf *out)
{
    jt_buf_puts(out, "JE1");
    put_number(out, e->seq);
    put_number(out, (uint64_t)e->time_us);
    put_text(out, jt_str(jt_event_type_name(e->type)));
    put_number(out, e->count);
    jt_buf_put(out, jt_slice(e->address.b, sizeof e->address.b));
    put_text(out, e->client_id);
    put_text(out, e->credential_id);
    put_text(out, e->resource);
    put_text(out, e->scope);
    put_text(out, e->jti);
    put_text(out, e->reason);
    put_text(out, e->detail);
}

enum jt_err jt_event_chain(struct jt_crypt *c, const uint8_t previous[static JT_SHA256_SIZE],
                           struct jt_event *e, struct jt_buf *scratch)
{
    jt_buf_reset(scratch);
    jt_buf_put(scratch, jt_slice(previous, JT_SHA256_SIZE));
    jt_event_encode(e, scratch);
    if (!jt_buf_ok(scratch)) {
        return JT_E_NOMEM;
    }
    return jt_sha256(c, jt_buf_slice(scratch), e->hash);
}

static void member(struct jt_jw *w, const char *name, struct jt_slice s)
{
    if (s.n > 0) {
        jt_jw_kstr(w, name, s);
    }
}

static void put_time(struct jt_jw *w, int64_t us)
{
    char whole[JT_RFC3339_SIZE];
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 64);
    jt_fmt_rfc3339(us / 1000000, whole);
    whole[19] = '\0'; /* before the Z */
    jt_buf_printf(&b, "%s.%06dZ", whole, (int)(us % 1000000));
    jt_jw_kstr(w, "time", jt_buf_slice(&b));
}

static void put_hash(struct jt_jw *w, const uint8_t hash[static JT_SHA256_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * JT_SHA256_SIZE];
    for (size_t i = 0; i < JT_SHA256_SIZE; i++) {
        text[2 * i] = digits[hash[i] >> 4];
        text[2 * i + 1] = digits[hash[i] & 15];
    }
    jt_jw_kstr(w, "hash", jt_slice(text, sizeof text));
}

void jt_event_json(struct jt_jw *w, const struct jt_event *e, struct jt_slice ref)
{
    char address[JT_ADDR_TEXT];
    jt_addr_text(&e->address, address);
    jt_jw_obj(w);
    jt_jw_kint(w, "seq", (int64_t)e->seq);
    put_time(w, e->time_us);
    jt_jw_kstr(w, "type", jt_str(jt_event_type_name(e->type)));
    jt_jw_kstr(w, "ref", ref);
    member(w, "client_id", e->client_id);
    member(w, "credential_id", e->credential_id);
    jt_jw_kstr(w, "address", jt_str(address));
    member(w, "resource", e->resource);
    member(w, "scope", e->scope);
    member(w, "jti", e->jti);
    member(w, "reason", e->reason);
    if (e->count > 1) {
        jt_jw_kint(w, "count", (int64_t)e->count);
    }
    member(w, "detail", e->detail);
    put_hash(w, e->hash);
    jt_jw_end_obj(w);
}

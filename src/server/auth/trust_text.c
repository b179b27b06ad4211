/* SPDX-License-Identifier: Apache-2.0 */
#include "trust_text.h"

#include "../../core/base/buf.h"
#include "../../core/base/num.h"
#include "trust_eval.h"

#define TEXT_MAX 1024u

/* The first bytes of s, not cut inside a character. */
static struct jt_slice clip(struct jt_slice s, size_t max)
{
    if (s.n <= max) {
        return s;
    }
    while (max > 0 && (s.p[max] & 0xc0u) == 0x80u) {
        max--;
    }
    return jt_slice(s.p, max);
}

static struct jt_slice keep(struct jt_arena *a, const struct jt_buf *b, size_t max)
{
    struct jt_slice out = {0};
    if (!jt_buf_ok(b) || !jt_arena_copy(a, clip(jt_buf_slice(b), max), &out)) {
        return jt_slice(NULL, 0);
    }
    return out;
}

static void put_quoted(struct jt_buf *b, struct jt_slice s)
{
    struct jt_slice part = clip(s, JT_SAID_MAX);
    jt_buf_putc(b, '"');
    jt_buf_put(b, part);
    jt_buf_puts(b, part.n < s.n ? "…\"" : "\"");
}

static void put_value(struct jt_buf *b, enum jt_jtype type, struct jt_slice text, int64_t number)
{
    if (type == JT_JSTRING) {
        put_quoted(b, text);
    } else if (type == JT_JINT) {
        jt_buf_put_i64(b, number);
    } else {
        jt_buf_puts(b, number != 0 ? "true" : "false");
    }
}

struct jt_slice jt_said_text(struct jt_arena *a, struct jt_slice s)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, TEXT_MAX);
    if (s.n == 0) {
        return JT_LIT("none");
    }
    jt_buf_put(&b, clip(s, JT_SAID_MAX));
    return keep(a, &b, TEXT_MAX);
}

struct jt_slice jt_said_claim(struct jt_arena *a, const struct jt_jval *v)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    struct jt_slice s = {0};
    int64_t number = 0;
    bool truth = false;
    jt_buf_init(&b, TEXT_MAX);
    if (v == NULL) {
        return JT_LIT("none");
    }
    switch (jt_jval_type(v)) {
    case JT_JSTRING:
    case JT_JINT:
    case JT_JBOOL:
        (void)jt_jval_str(v, &s);
        (void)jt_jval_int(v, &number);
        number = jt_jval_bool(v, &truth) ? truth : number;
        put_value(&b, jt_jval_type(v), s, number);
        break;
    case JT_JARRAY:
        jt_buf_printf(&b, "an array of %zu", jt_jval_count(v));
        break;
    case JT_JOBJECT:
        return JT_LIT("an object");
    case JT_JREAL:
        return JT_LIT("a number that is not whole");
    case JT_JNULL:
        return JT_LIT("null");
    }
    return keep(a, &b, TEXT_MAX);
}

struct jt_slice jt_said_after(struct jt_arena *a, const char *before, int64_t t)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    char text[JT_RFC3339_SIZE];
    jt_buf_init(&b, TEXT_MAX);
    jt_fmt_rfc3339(t, text);
    jt_buf_puts(&b, before);
    jt_buf_puts(&b, text);
    return keep(a, &b, TEXT_MAX);
}

struct jt_slice jt_said_time(struct jt_arena *a, int64_t t)
{
    return jt_said_after(a, "", t);
}

struct jt_slice jt_said_seconds(struct jt_arena *a, const char *before, int64_t s)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, TEXT_MAX);
    jt_buf_printf(&b, "%s%lld s", before, (long long)s);
    return keep(a, &b, TEXT_MAX);
}

struct jt_slice jt_said_algs(struct jt_arena *a, unsigned algs)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    enum jt_alg alg = JT_ALG_NONE;
    jt_buf_init(&b, TEXT_MAX);
    for (size_t i = 0; (alg = jt_alg_nth(i)) != JT_ALG_NONE; i++) {
        if ((algs >> alg & 1u) != 0) {
            jt_buf_puts(&b, b.n == 0 ? "" : ", ");
            jt_buf_puts(&b, jt_alg_name(alg));
        }
    }
    return keep(a, &b, TEXT_MAX);
}

struct jt_slice jt_said_matcher(struct jt_arena *a, const struct jt_matcher *m)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, (size_t)64 * 1024);
    if (m->kind == JT_MATCH_PREFIX) {
        jt_buf_puts(&b, "a text that begins with ");
    }
    for (size_t i = 0; i < m->n; i++) {
        const struct jt_claim_value *v = &m->values[i];
        jt_buf_puts(&b, i == 0 ? "" : " or ");
        put_value(&b, v->type, v->text, v->number);
    }
    return keep(a, &b, TEXT_MAX);
}

struct jt_slice jt_finding_text(const struct jt_finding *f, struct jt_arena *a, size_t max)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, (size_t)4 * 1024);
    jt_buf_put(&b, f->name);
    jt_buf_puts(&b, " is ");
    jt_buf_put(&b, f->has);
    jt_buf_puts(&b, "; wanted: ");
    jt_buf_put(&b, f->wants);
    return keep(a, &b, max);
}

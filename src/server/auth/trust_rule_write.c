/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust_rule_write.c - a trust rule as JSON, in the one form that is kept.
 */
#include "../../core/base/buf.h"
#include "../../core/json/jw.h"
#include "trust_rule.h"

static void write_value(struct jt_jw *w, const struct jt_claim_value *v)
{
    if (v->type == JT_JSTRING) {
        jt_jw_str(w, v->text);
    } else if (v->type == JT_JINT) {
        jt_jw_int(w, v->number);
    } else {
        jt_jw_bool(w, v->number != 0);
    }
}

static void write_matcher(struct jt_jw *w, const struct jt_matcher *m)
{
    jt_jw_key_slice(w, m->name);
    if (m->kind == JT_MATCH_EXACT) {
        write_value(w, &m->values[0]);
        return;
    }
    jt_jw_obj(w);
    if (m->kind == JT_MATCH_PREFIX) {
        jt_jw_key(w, "prefix");
        write_value(w, &m->values[0]);
    } else {
        jt_jw_key(w, "any");
        jt_jw_arr(w);
        for (size_t i = 0; i < m->n; i++) {
            write_value(w, &m->values[i]);
        }
        jt_jw_end_arr(w);
    }
    jt_jw_end_obj(w);
}

static void write_match(struct jt_jw *w, const struct jt_trust_rule *r)
{
    jt_jw_obj(w);
    for (size_t i = 0; i < r->nmatchers; i++) {
        write_matcher(w, &r->matchers[i]);
    }
    jt_jw_end_obj(w);
}

static void write_algs(struct jt_jw *w, unsigned algs)
{
    jt_jw_key(w, "algs");
    jt_jw_arr(w);
    enum jt_alg alg = JT_ALG_NONE;
    for (size_t i = 0; (alg = jt_alg_nth(i)) != JT_ALG_NONE; i++) {
        if ((algs >> alg & 1u) != 0) {
            jt_jw_str(w, jt_str(jt_alg_name(alg)));
        }
    }
    jt_jw_end_arr(w);
}

void jt_trust_rule_write(const struct jt_trust_rule *r, struct jt_buf *out)
{
    struct jt_jw w = jt_jw(out);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "issuer", r->issuer);
    if (r->audience.n > 0) {
        jt_jw_kstr(&w, "audience", r->audience);
    }
    jt_jw_key(&w, "match");
    write_match(&w, r);
    if (r->jwks.n > 0) {
        jt_jw_key(&w, "jwks");
        jt_jw_raw(&w, r->jwks);
    }
    if (r->jwks_uri.n > 0) {
        jt_jw_kstr(&w, "jwks_uri", r->jwks_uri);
    }
    if (r->algs != JT_TRUST_ALGS) {
        write_algs(&w, r->algs);
    }
    if (r->max_life_s != JT_TRUST_LIFE_MAX) {
        jt_jw_kint(&w, "max_life", r->max_life_s);
    }
    if (!r->once) {
        jt_jw_kstr(&w, "replay", JT_LIT("none"));
    }
    jt_jw_end_obj(&w);
}

/* The index behind the value that begins at i: only for JSON that is well formed. */
static size_t value_end(struct jt_slice s, size_t i)
{
    size_t depth = 0;
    bool in_string = false;
    for (; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (depth == 0 && (c == ',' || c == '}')) {
            return i;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return i;
}

enum jt_trust_keys jt_trust_rule_split(struct jt_slice written, struct jt_slice *before,
                                       struct jt_slice *after)
{
    enum jt_trust_keys keys = JT_TRUST_KEYS_ISSUER;
    *before = written;
    *after = jt_slice(NULL, 0);
    for (size_t i = 0; i < written.n && written.p[i] != '}';) {
        struct jt_slice member = jt_slice_from(written, i + 1); /* behind "{" or "," */
        size_t end = value_end(written, i + 1);
        if (jt_slice_starts(member, JT_LIT("\"jwks\":"))) {
            *before = jt_slice(written.p, i);
            *after = jt_slice_from(written, end);
            return JT_TRUST_KEYS_STATIC;
        }
        if (jt_slice_starts(member, JT_LIT("\"jwks_uri\":"))) {
            keys = JT_TRUST_KEYS_URI;
        }
        i = end;
    }
    return keys;
}

struct jt_slice jt_trust_rule_issuer(struct jt_slice written)
{
    const struct jt_slice head = JT_LIT("{\"issuer\":\"");
    struct jt_slice name = jt_slice_from(written, head.n); /* a URL: nothing in it is escaped */
    return jt_slice_starts(written, head) ? jt_slice(name.p, jt_slice_find(name, '"'))
                                          : jt_slice(NULL, 0);
}

bool jt_trust_rule_may_be_of(struct jt_slice written, struct jt_slice iss)
{
    struct jt_slice issuer = jt_trust_rule_issuer(written);
    return iss.n == 0 ? jt_slice_starts(issuer, JT_LIT("spiffe://")) : jt_slice_eq(issuer, iss);
}

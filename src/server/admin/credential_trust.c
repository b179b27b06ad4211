/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_trust.c - a trust rule as a credential: read from a request, and shown again.
 */
#include "../../core/base/buf.h"
#include "../auth/trust_rule.h"
#include "admin.h"

static bool keep(struct jt_flow *f, const struct jt_trust_rule *r)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, JT_TRUST_RULE_MAX);
    jt_trust_rule_write(r, &b);
    return jt_buf_ok(&b) &&
           jt_arena_copy(&f->x->arena, jt_buf_slice(&b), &jt_admin_of(f)->credential.material);
}

bool jt_credential_read_trust(struct jt_flow *f, const struct jt_jval *root)
{
    const struct jt_jval *v = jt_jobj_get(root, "trust");
    struct jt_trust_rule r;
    struct jt_trust_why why = {0};
    JT_AUTO(jt_arena_free) struct jt_arena arena;
    jt_arena_init(&arena, JT_TRUST_ARENA);
    if (v == NULL) {
        return jt_admin_bad(f, "/trust", "trust is the rule, as a JSON object");
    }
    enum jt_err e = jt_trust_rule_from(v, &arena, &r, &why);
    if (e != JT_OK) {
        return e != JT_E_NOMEM && jt_admin_bad(f, "/trust", "%s", why.text);
    }
    if (jt_slice_eq(r.issuer, f->app->issuer)) {
        return jt_admin_bad(f, "/trust",
                            "issuer is this server itself: its tokens are for resources, and prove "
                            "no client");
    }
    return keep(f, &r);
}

void jt_view_trust(struct jt_jw *w, const struct jt_credential *k)
{
    struct jt_slice before = {0};
    struct jt_slice after = {0};
    enum jt_trust_keys keys = jt_trust_rule_split(k->material, &before, &after);
    jt_jw_key(w, "trust");
    jt_jw_raw(w, before);
    jt_buf_put(w->b, after);
    jt_jw_kstr(w, "keys_from",
               keys == JT_TRUST_KEYS_STATIC ? JT_LIT("rule")
               : keys == JT_TRUST_KEYS_URI  ? JT_LIT("jwks_uri")
                                            : JT_LIT("issuer"));
}

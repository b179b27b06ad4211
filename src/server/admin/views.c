/* SPDX-License-Identifier: Apache-2.0 */
/*
 * views.c - things as the administration shows them. Secrets appear only where one was just made.
 */
#include "../../core/base/num.h"
#include "../../core/jose/alg.h"
#include "admin.h"

static void when(struct jt_jw *w, const char *name, int64_t s)
{
    char t[JT_RFC3339_SIZE];
    jt_fmt_rfc3339(s, t);
    jt_jw_kstr(w, name, jt_str(t));
}

void jt_view_resource(struct jt_jw *w, const struct jt_resource *r)
{
    jt_jw_obj(w);
    jt_jw_kstr(w, "audience", r->o.name);
    jt_jw_key(w, "scopes");
    jt_jw_arr(w);
    for (size_t i = 0; i < r->nscopes; i++) {
        jt_jw_obj(w);
        jt_jw_kstr(w, "name", r->scopes[i].name);
        jt_jw_kstr(w, "text", r->scopes[i].text);
        jt_jw_end_obj(w);
    }
    jt_jw_end_arr(w);
    jt_jw_kstr(w, "alg", jt_str(jt_alg_name(r->alg)));
    jt_jw_kstr(w, "format", JT_LIT("jwt"));
    jt_jw_kint(w, "lifetime", r->lifetime_s);
    jt_jw_key(w, "introspect_by");
    jt_jw_arr(w);
    for (size_t i = 0; i < r->nintrospectors; i++) {
        jt_jw_str(w, r->introspectors[i]);
    }
    jt_jw_end_arr(w);
    jt_jw_kbool(w, "builtin", r->builtin);
    when(w, "created", r->created_s);
    when(w, "updated", r->updated_s);
    jt_jw_kint(w, "version", (int64_t)r->version);
    jt_jw_end_obj(w);
}

static void view_credentials(struct jt_jw *w, const struct jt_client *c)
{
    jt_jw_key(w, "credentials");
    jt_jw_arr(w);
    for (size_t i = 0; i < c->ncredentials; i++) {
        const struct jt_credential *k = &c->credentials[i];
        jt_jw_obj(w);
        jt_jw_kstr(w, "credential_id", k->id);
        jt_jw_kstr(w, "kind", JT_LIT("secret"));
        jt_jw_kstr(w, "label", k->label);
        jt_jw_kstr(w, "state", k->state == JT_CRED_ACTIVE ? JT_LIT("active") : JT_LIT("revoked"));
        when(w, "created", k->created_s);
        jt_jw_end_obj(w);
    }
    jt_jw_end_arr(w);
}

void jt_view_client(struct jt_jw *w, const struct jt_client *c, struct jt_slice secret)
{
    jt_jw_obj(w);
    jt_jw_kstr(w, "client_id", c->o.name);
    if (secret.n > 0) {
        jt_jw_kstr(w, "client_secret", secret);
        jt_jw_kstr(w, "credential_id", c->credentials[0].id);
    }
    jt_jw_kstr(w, "name", c->display);
    jt_jw_kstr(w, "owner", c->owner);
    jt_jw_kbool(w, "enabled", c->enabled);
    jt_jw_key(w, "grants");
    jt_jw_arr(w);
    for (size_t i = 0; i < c->ngrants; i++) {
        jt_jw_obj(w);
        jt_jw_kstr(w, "resource", c->grants[i].audience);
        jt_jw_key(w, "scopes");
        jt_jw_arr(w);
        for (size_t k = 0; k < c->grants[i].nscopes; k++) {
            jt_jw_str(w, c->grants[i].scopes[k]);
        }
        jt_jw_end_arr(w);
        jt_jw_end_obj(w);
    }
    jt_jw_end_arr(w);
    view_credentials(w, c);
    when(w, "created", c->created_s);
    when(w, "updated", c->updated_s);
    jt_jw_kint(w, "version", (int64_t)c->version);
    jt_jw_end_obj(w);
}

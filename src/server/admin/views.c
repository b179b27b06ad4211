/* SPDX-License-Identifier: Apache-2.0 */
/*
 * views.c - things as the administration shows them. Secrets appear only where one was just made.
 */
#include "../../core/base/num.h"
#include "../../core/jose/alg.h"
#include "admin.h"

void jt_view_time(struct jt_jw *w, const char *name, int64_t s)
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
    jt_jw_kstr(w, "format", r->format == JT_FORMAT_OPAQUE ? JT_LIT("opaque") : JT_LIT("jwt"));
    jt_jw_kint(w, "lifetime", r->lifetime_s);
    jt_jw_kstr(w, "bind", r->bind == JT_BIND_CERTIFICATE ? JT_LIT("certificate") : JT_LIT("none"));
    jt_jw_key(w, "introspect_by");
    jt_jw_arr(w);
    for (size_t i = 0; i < r->nintrospectors; i++) {
        jt_jw_str(w, r->introspectors[i]);
    }
    jt_jw_end_arr(w);
    jt_jw_kbool(w, "builtin", r->builtin);
    jt_view_time(w, "created", r->created_s);
    jt_view_time(w, "updated", r->updated_s);
    jt_jw_kint(w, "version", (int64_t)r->version);
    jt_jw_end_obj(w);
}

static void write_nets(struct jt_jw *w, const struct jt_net *nets, size_t n)
{
    char text[JT_NET_TEXT];
    jt_jw_key(w, "networks");
    jt_jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        jt_net_text(&nets[i], text);
        jt_jw_str(w, jt_str(text));
    }
    jt_jw_end_arr(w);
}

static void write_callers(struct jt_jw *w, const struct jt_use *use)
{
    char address[JT_ADDR_TEXT];
    jt_jw_key(w, "callers");
    jt_jw_arr(w);
    for (size_t i = 0; i < use->ncallers; i++) {
        const struct jt_use_caller *c = &use->callers[i];
        jt_addr_text(&c->address, address);
        jt_jw_obj(w);
        jt_jw_kstr(w, "address", jt_str(address));
        jt_jw_kstr(w, "agent", jt_slice(c->agent, c->nagent));
        jt_view_time(w, "last_used", c->last_s);
        jt_jw_end_obj(w);
    }
    jt_jw_end_arr(w);
}

static void write_use(struct jt_jw *w, struct jt_flow *f, const struct jt_credential *k)
{
    struct jt_use use = {0};
    char address[JT_ADDR_TEXT];
    if (f->app->usage != NULL && jt_usage_get(f->app->usage, k->number, &use)) {
        jt_addr_text(&use.address, address);
        jt_view_time(w, "last_used", use.last_s);
        jt_jw_kstr(w, "last_used_from", jt_str(address));
        jt_jw_kstr(w, "last_used_agent", jt_slice(use.callers[0].agent, use.callers[0].nagent));
        jt_view_time(w, "first_used", use.first_s);
    }
    jt_jw_kint(w, "uses", (int64_t)use.count);
    jt_jw_kint(w, "uses_24h", (int64_t)jt_use_in_day(&use, jt_wall_s(f->app->clock)));
    write_callers(w, &use);
}

/* The client made it by another one; "" when that is there no more. */
static void write_made_by(struct jt_jw *w, const struct jt_client *c, const struct jt_credential *k)
{
    struct jt_slice id = {0};
    for (size_t i = 0; i < c->ncredentials; i++) {
        id = c->credentials[i].number == k->parent ? c->credentials[i].id : id;
    }
    if (k->parent != 0) {
        jt_jw_kstr(w, "made_by", id);
    }
}

void jt_view_credential(struct jt_jw *w, struct jt_flow *f, const struct jt_client *c,
                        const struct jt_credential *k)
{
    struct jt_credential ends = *k; /* by the client's policy too */
    ends.expires_s = jt_credential_ends(c, k);
    jt_jw_kstr(w, "credential_id", k->id);
    jt_jw_kstr(w, "kind", jt_str(jt_credential_kind_word(k->kind)));
    if (k->kind == JT_CRED_SECRET) {
        jt_jw_kstr(w, "hash", jt_str(jt_credential_hash_word(k)));
    }
    jt_jw_kstr(w, "label", k->label);
    jt_jw_kstr(w, "state", jt_str(jt_credential_state(&ends, jt_wall_s(f->app->clock))));
    if (jt_credential_is_foreign(k, f->app->environment)) {
        jt_jw_kstr(w, "refused_in", f->app->environment);
    }
    jt_view_time(w, "created", k->created_s);
    write_made_by(w, c, k);
    if (k->not_before_s != 0) {
        jt_view_time(w, "not_before", k->not_before_s);
    }
    if (ends.expires_s != 0) {
        jt_view_time(w, "expires", ends.expires_s);
    }
    if (k->kind == JT_CRED_JWK) {
        jt_jw_key(w, "jwk");
        jt_jw_raw(w, k->material);
    }
    jt_view_certificate(w, k);
    if (k->kind == JT_CRED_TRUST) {
        jt_view_trust(w, k);
    }
    write_nets(w, k->nets, k->nnets);
    write_use(w, f, k);
}

void jt_view_credentials(struct jt_jw *w, struct jt_flow *f, const char *name,
                         const struct jt_client *c)
{
    jt_jw_key(w, name);
    jt_jw_arr(w);
    for (size_t i = 0; i < c->ncredentials; i++) {
        jt_jw_obj(w);
        jt_view_credential(w, f, c, &c->credentials[i]);
        jt_jw_end_obj(w);
    }
    jt_jw_end_arr(w);
}

/* "resource" and "scopes", inside an object. */
static void write_grant(struct jt_jw *w, const struct jt_client_grant *g)
{
    jt_jw_kstr(w, "resource", g->audience);
    jt_jw_key(w, "scopes");
    jt_jw_arr(w);
    for (size_t k = 0; k < g->nscopes; k++) {
        jt_jw_str(w, g->scopes[k]);
    }
    jt_jw_end_arr(w);
}

void jt_view_grant(struct jt_jw *w, const struct jt_client *c, const struct jt_client_grant *g)
{
    jt_jw_obj(w);
    jt_jw_kstr(w, "client_id", c->o.name);
    write_grant(w, g);
    jt_jw_end_obj(w);
}

void jt_view_client(struct jt_jw *w, struct jt_flow *f, const struct jt_client *c,
                    struct jt_slice secret)
{
    jt_jw_obj(w);
    jt_jw_kstr(w, "client_id", c->o.name);
    if (secret.n > 0) {
        jt_jw_kstr(w, "client_secret", secret);
    }
    if (jt_admin_of(f)->credential.id.n > 0) { /* made with the client */
        jt_jw_kstr(w, "credential_id", jt_admin_of(f)->credential.id);
    }
    jt_jw_kstr(w, "name", c->display);
    jt_jw_kstr(w, "owner", c->owner);
    jt_jw_kbool(w, "enabled", c->enabled);
    write_nets(w, c->nets, c->nnets);
    jt_client_write_compat(w, c->compat);
    jt_client_write_rotation(w, c);
    jt_jw_key(w, "grants");
    jt_jw_arr(w);
    for (size_t i = 0; i < c->ngrants; i++) {
        jt_jw_obj(w);
        write_grant(w, &c->grants[i]);
        jt_jw_end_obj(w);
    }
    jt_jw_end_arr(w);
    jt_view_credentials(w, f, "credentials", c);
    jt_view_time(w, "created", c->created_s);
    jt_view_time(w, "updated", c->updated_s);
    jt_jw_kint(w, "version", (int64_t)c->version);
    jt_jw_end_obj(w);
}

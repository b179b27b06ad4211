/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.c - objects into rows. An object is replaced as a whole: its rows are deleted, then
 * written.
 */
#include "../../../core/jose/alg.h"
#include "sqlite.h"

static enum jt_err delete_by_name(struct jt_sqlite *s, enum jt_stmt which, struct jt_slice name)
{
    sqlite3_stmt *st = jt_sq_stmt(s, which);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    jt_sq_text(st, 1, name);
    return jt_sq_run(st);
}

static enum jt_err put_scope(struct jt_sqlite *s, const struct jt_resource *r, size_t i)
{
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_SCOPE);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    jt_sq_text(st, 1, r->o.name);
    (void)sqlite3_bind_int64(st, 2, (int64_t)i);
    jt_sq_text(st, 3, r->scopes[i].name);
    jt_sq_text(st, 4, r->scopes[i].text);
    return jt_sq_run(st);
}

static enum jt_err put_introspector(struct jt_sqlite *s, const struct jt_resource *r, size_t i)
{
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_INTROSPECTOR);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    jt_sq_text(st, 1, r->o.name);
    jt_sq_text(st, 2, r->introspectors[i]);
    return jt_sq_run(st);
}

static enum jt_err put_resource(struct jt_sqlite *s, const struct jt_resource *r)
{
    JT_TRY(delete_by_name(s, JT_ST_DEL_RESOURCE, r->o.name));
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_RESOURCE);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    jt_sq_text(st, 1, r->o.name);
    jt_sq_text(st, 2, jt_str(jt_alg_name(r->alg)));
    (void)sqlite3_bind_int64(st, 3, r->lifetime_s);
    (void)sqlite3_bind_int64(st, 4, r->created_s);
    (void)sqlite3_bind_int64(st, 5, r->updated_s);
    (void)sqlite3_bind_int64(st, 6, (int64_t)r->version);
    (void)sqlite3_bind_int(st, 7, (int)r->format);
    (void)sqlite3_bind_int(st, 8, (int)r->bind);
    JT_TRY(jt_sq_run(st));
    for (size_t i = 0; i < r->nscopes; i++) {
        JT_TRY(put_scope(s, r, i));
    }
    for (size_t i = 0; i < r->nintrospectors; i++) {
        JT_TRY(put_introspector(s, r, i));
    }
    return JT_OK;
}

/* credential empty: the client's own. */
static enum jt_err put_nets(struct jt_sqlite *s, struct jt_slice client, struct jt_slice credential,
                            const struct jt_net *nets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_NETWORK);
        if (st == NULL) {
            return JT_E_NOMEM;
        }
        jt_sq_text(st, 1, client);
        jt_sq_text(st, 2, credential);
        (void)sqlite3_bind_int64(st, 3, (int64_t)i);
        jt_sq_blob(st, 4, nets[i].a.b, sizeof nets[i].a.b);
        (void)sqlite3_bind_int(st, 5, nets[i].bits);
        JT_TRY(jt_sq_run(st));
    }
    return JT_OK;
}

static enum jt_err put_credential(struct jt_sqlite *s, const struct jt_client *c, size_t i)
{
    const struct jt_credential *k = &c->credentials[i];
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_CREDENTIAL);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    jt_sq_text(st, 1, c->o.name);
    jt_sq_text(st, 2, k->id);
    (void)sqlite3_bind_int64(st, 3, k->number);
    (void)sqlite3_bind_int(st, 4, (int)k->kind);
    (void)sqlite3_bind_int(st, 5, (int)k->state);
    jt_sq_text(st, 6, k->label);
    (void)sqlite3_bind_int64(st, 7, k->hash_key);
    jt_sq_blob(st, 8, k->hash, sizeof k->hash);
    (void)sqlite3_bind_int64(st, 9, k->created_s);
    (void)sqlite3_bind_int64(st, 10, k->not_before_s);
    (void)sqlite3_bind_int64(st, 11, k->expires_s);
    (void)sqlite3_bind_int64(st, 12, (int64_t)k->not_before_seq);
    jt_sq_blob(st, 13, k->material.p, k->material.n);
    (void)sqlite3_bind_int(st, 14, (int)k->tls);
    jt_sq_blob(st, 15, k->ca.p, k->ca.n);
    (void)sqlite3_bind_int64(st, 16, k->parent);
    JT_TRY(jt_sq_run(st));
    return put_nets(s, c->o.name, k->id, k->nets, k->nnets);
}

/* One row for each scope, in the order given. */
static enum jt_err put_grants(struct jt_sqlite *s, const struct jt_client *c)
{
    int64_t place = 0;
    for (size_t i = 0; i < c->ngrants; i++) {
        for (size_t k = 0; k < c->grants[i].nscopes; k++) {
            sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_GRANT);
            if (st == NULL) {
                return JT_E_NOMEM;
            }
            jt_sq_text(st, 1, c->o.name);
            (void)sqlite3_bind_int64(st, 2, place++);
            jt_sq_text(st, 3, c->grants[i].audience);
            jt_sq_text(st, 4, c->grants[i].scopes[k]);
            JT_TRY(jt_sq_run(st));
        }
    }
    return JT_OK;
}

static enum jt_err put_client(struct jt_sqlite *s, const struct jt_client *c)
{
    JT_TRY(delete_by_name(s, JT_ST_DEL_CLIENT, c->o.name));
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_CLIENT);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    jt_sq_text(st, 1, c->o.name);
    jt_sq_text(st, 2, c->display);
    jt_sq_text(st, 3, c->owner);
    (void)sqlite3_bind_int(st, 4, c->enabled ? 1 : 0);
    (void)sqlite3_bind_int64(st, 5, c->created_s);
    (void)sqlite3_bind_int64(st, 6, c->updated_s);
    (void)sqlite3_bind_int64(st, 7, (int64_t)c->version);
    (void)sqlite3_bind_int64(st, 8, c->compat);
    (void)sqlite3_bind_int64(st, 9, (int64_t)c->not_before_seq);
    (void)sqlite3_bind_int(st, 10, (int)c->rotation);
    (void)sqlite3_bind_int64(st, 11, c->rotate_every_s);
    JT_TRY(jt_sq_run(st));
    JT_TRY(put_nets(s, c->o.name, jt_slice(NULL, 0), c->nets, c->nnets));
    for (size_t i = 0; i < c->ncredentials; i++) {
        JT_TRY(put_credential(s, c, i));
    }
    return put_grants(s, c);
}

static enum jt_err put_signing_key(struct jt_sqlite *s, const struct jt_signing_key *k)
{
    JT_TRY(delete_by_name(s, JT_ST_DEL_SIGNING_KEY, k->o.name));
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_SIGNING_KEY);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    jt_sq_text(st, 1, k->o.name);
    jt_sq_text(st, 2, jt_str(jt_alg_name(k->alg)));
    (void)sqlite3_bind_int(st, 3, (int)k->state);
    (void)sqlite3_bind_int64(st, 4, k->created_s);
    (void)sqlite3_bind_int64(st, 5, k->data_key);
    jt_sq_blob(st, 6, k->sealed.p, k->sealed.n);
    (void)sqlite3_bind_int64(st, 7, k->signs_s);
    (void)sqlite3_bind_int64(st, 8, k->until_s);
    (void)sqlite3_bind_int64(st, 9, k->longest_s);
    (void)sqlite3_bind_int64(st, 10, (int64_t)k->not_before_seq);
    return jt_sq_run(st);
}

static enum jt_err put_data_key(struct jt_sqlite *s, const struct jt_data_key *k)
{
    JT_TRY(delete_by_name(s, JT_ST_DEL_DATA_KEY, k->o.name));
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_DATA_KEY);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    (void)sqlite3_bind_int64(st, 1, k->id);
    (void)sqlite3_bind_int(st, 2, (int)k->use);
    (void)sqlite3_bind_int64(st, 3, k->created_s);
    jt_sq_blob(st, 4, k->wrapped.p, k->wrapped.n);
    return jt_sq_run(st);
}

static enum jt_err put_setting(struct jt_sqlite *s, const struct jt_setting *t)
{
    JT_TRY(delete_by_name(s, JT_ST_DEL_SETTING, t->o.name));
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_SETTING);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    jt_sq_text(st, 1, t->o.name);
    jt_sq_text(st, 2, t->value);
    return jt_sq_run(st);
}

enum jt_err jt_sq_put(struct jt_store *store, const struct jt_object *obj)
{
    struct jt_sqlite *s = (struct jt_sqlite *)store;
    switch (obj->kind) {
    case JT_OBJ_RESOURCE:
        return put_resource(s, (const struct jt_resource *)obj);
    case JT_OBJ_CLIENT:
        return put_client(s, (const struct jt_client *)obj);
    case JT_OBJ_SIGNING_KEY:
        return put_signing_key(s, (const struct jt_signing_key *)obj);
    case JT_OBJ_DATA_KEY:
        return put_data_key(s, (const struct jt_data_key *)obj);
    case JT_OBJ_SETTING:
        return put_setting(s, (const struct jt_setting *)obj);
    case JT_OBJ_REVOCATION:
    case JT_OBJ_TOKEN:
    case JT_OBJ_USE:
    case JT_OBJ_REMINDER:
    case JT_OBJ_REPLAY:
        return jt_sq_put_small(s, obj);
    case JT_OBJ_NONE:
        break;
    }
    return JT_E_UNSUPPORTED;
}

enum jt_err jt_sq_remove(struct jt_store *store, enum jt_object_kind kind, struct jt_slice name)
{
    struct jt_sqlite *s = (struct jt_sqlite *)store;
    switch (kind) {
    case JT_OBJ_RESOURCE:
        return delete_by_name(s, JT_ST_DEL_RESOURCE, name);
    case JT_OBJ_CLIENT:
        return delete_by_name(s, JT_ST_DEL_CLIENT, name);
    case JT_OBJ_SIGNING_KEY:
        return delete_by_name(s, JT_ST_DEL_SIGNING_KEY, name);
    case JT_OBJ_DATA_KEY:
        return delete_by_name(s, JT_ST_DEL_DATA_KEY, name);
    case JT_OBJ_SETTING:
        return delete_by_name(s, JT_ST_DEL_SETTING, name);
    case JT_OBJ_REVOCATION:
    case JT_OBJ_TOKEN:
    case JT_OBJ_USE:
    case JT_OBJ_REMINDER:
    case JT_OBJ_REPLAY:
        return jt_sq_remove_small(s, kind, name);
    case JT_OBJ_NONE:
        break;
    }
    return JT_E_UNSUPPORTED;
}

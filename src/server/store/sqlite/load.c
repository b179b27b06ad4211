/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - rows into objects. Children are read beside their parents in the same order, so
 * loading is one pass over each table.
 */
#include <stdlib.h>

#include "../../../core/jose/alg.h"
#include "sqlite.h"

/* Children of one object; a limit for a damaged or foreign database. */
#define CHILDREN_MAX 65536u

/* A cursor over one table. */
struct rows {
    sqlite3_stmt *st;
    int rc;
};

static enum jt_err rows_open(sqlite3 *db, const char *sql, struct rows *r)
{
    r->st = NULL;
    r->rc = sqlite3_prepare_v2(db, sql, -1, &r->st, NULL);
    if (r->rc == SQLITE_OK) {
        r->rc = sqlite3_step(r->st);
    }
    return jt_sq_err(r->rc);
}

static void rows_close(struct rows *r)
{
    (void)sqlite3_finalize(r->st);
    r->st = NULL;
}

/* Is the current row a child of that parent (column 0)? */
static bool rows_of(const struct rows *r, struct jt_slice parent)
{
    return r->rc == SQLITE_ROW && jt_slice_eq(jt_sq_column(r->st, 0), parent);
}

static enum jt_err rows_next(struct rows *r)
{
    r->rc = sqlite3_step(r->st);
    return jt_sq_err(r->rc);
}

/* Lists that grow while children of one parent are read; their text is in the arena. */
struct lists {
    struct jt_arena arena;
    size_t ncred, nintro, nscope, ngrant, nnames, nnets;
    struct jt_credential *cred;
    struct jt_slice *intro, *names;
    struct jt_scope *scope;
    struct jt_client_grant *grant;
    struct jt_net *nets;
    struct jt_slice *net_of; /* the credential's id; empty: the client's own */
};

#define ARENA_MAX (64u << 20)

/* Room for one more item: capacities are powers of two, so the length tells when it is full. */
static bool room(void **list, size_t n, size_t size)
{
    if (n >= CHILDREN_MAX) {
        return false;
    }
    if (n != 0 && (n & (n - 1)) != 0) {
        return true;
    }
    void *p = realloc(*list, (n == 0 ? 1 : n * 2) * size);
    if (p == NULL) {
        return false;
    }
    *list = p;
    return true;
}

static void lists_free(struct lists *l)
{
    free(l->cred);
    free(l->intro);
    free(l->names);
    free(l->scope);
    free(l->grant);
    free(l->nets);
    free(l->net_of);
    jt_arena_free(&l->arena);
}

static bool text(struct lists *l, sqlite3_stmt *st, int at, struct jt_slice *out)
{
    return jt_arena_copy(&l->arena, jt_sq_column(st, at), out);
}

enum jt_err jt_sq_give(struct jt_object *o, jt_load_fn each, void *ctx)
{
    if (o == NULL) {
        return JT_E_NOMEM;
    }
    enum jt_err e = each(ctx, o);
    if (e != JT_OK) {
        jt_object_free(o);
    }
    return e;
}

static enum jt_err load_data_keys(struct jt_sqlite *s, jt_load_fn each, void *ctx)
{
    struct rows r;
    enum jt_err e = rows_open(s->state,
                              "SELECT CAST(id AS TEXT), id, use, created, wrapped FROM "
                              "data_key ORDER BY id",
                              &r);
    while (e == JT_OK && r.rc == SQLITE_ROW) {
        const int use = sqlite3_column_int(r.st, 2);
        const struct jt_data_key k = {
            .o = {.kind = JT_OBJ_DATA_KEY, .name = jt_sq_column(r.st, 0)},
            .id = (uint32_t)sqlite3_column_int64(r.st, 1),
            .use = (enum jt_data_key_use)use,
            .created_s = sqlite3_column_int64(r.st, 3),
            .wrapped = jt_sq_column(r.st, 4),
        };
        e = jt_sq_give((struct jt_object *)jt_data_key_dup(&k), each, ctx);
        if (e == JT_OK) {
            e = rows_next(&r);
        }
    }
    rows_close(&r);
    return e;
}

static enum jt_err load_settings(struct jt_sqlite *s, jt_load_fn each, void *ctx)
{
    struct rows r;
    enum jt_err e = rows_open(s->state, "SELECT name, value FROM setting ORDER BY name", &r);
    while (e == JT_OK && r.rc == SQLITE_ROW) {
        const struct jt_setting t = {
            .o = {.kind = JT_OBJ_SETTING, .name = jt_sq_column(r.st, 0)},
            .value = jt_sq_column(r.st, 1),
        };
        e = jt_sq_give((struct jt_object *)jt_setting_dup(&t), each, ctx);
        if (e == JT_OK) {
            e = rows_next(&r);
        }
    }
    rows_close(&r);
    return e;
}

static enum jt_err load_signing_keys(struct jt_sqlite *s, jt_load_fn each, void *ctx)
{
    struct rows r;
    enum jt_err e =
        rows_open(s->state,
                  "SELECT kid, alg, state, created, data_key, sealed, signs, until, longest, "
                  "not_before_seq FROM signing_key ORDER BY kid",
                  &r);
    while (e == JT_OK && r.rc == SQLITE_ROW) {
        const int state = sqlite3_column_int(r.st, 2);
        const struct jt_signing_key k = {
            .o = {.kind = JT_OBJ_SIGNING_KEY, .name = jt_sq_column(r.st, 0)},
            .alg = jt_alg_from_name(jt_sq_column(r.st, 1)),
            .state = (enum jt_key_state)state,
            .created_s = sqlite3_column_int64(r.st, 3),
            .data_key = (uint32_t)sqlite3_column_int64(r.st, 4),
            .sealed = jt_sq_column(r.st, 5),
            .signs_s = sqlite3_column_int64(r.st, 6),
            .until_s = sqlite3_column_int64(r.st, 7),
            .longest_s = sqlite3_column_int64(r.st, 8),
            .not_before_seq = (uint64_t)sqlite3_column_int64(r.st, 9),
        };
        e = k.alg == JT_ALG_NONE
                ? JT_E_CORRUPT
                : jt_sq_give((struct jt_object *)jt_signing_key_dup(&k), each, ctx);
        if (e == JT_OK) {
            e = rows_next(&r);
        }
    }
    rows_close(&r);
    return e;
}

static enum jt_err read_scopes(struct lists *l, struct rows *r, struct jt_slice audience)
{
    for (l->nscope = 0; rows_of(r, audience); l->nscope++) {
        if (!room((void **)&l->scope, l->nscope, sizeof *l->scope)) {
            return JT_E_NOMEM;
        }
        struct jt_scope *s = &l->scope[l->nscope];
        if (!text(l, r->st, 1, &s->name) || !text(l, r->st, 2, &s->text)) {
            return JT_E_NOMEM;
        }
        JT_TRY(rows_next(r));
    }
    return JT_OK;
}

static enum jt_err read_introspectors(struct lists *l, struct rows *r, struct jt_slice audience)
{
    for (l->nintro = 0; rows_of(r, audience); l->nintro++) {
        if (!room((void **)&l->intro, l->nintro, sizeof *l->intro) ||
            !text(l, r->st, 1, &l->intro[l->nintro])) {
            return JT_E_NOMEM;
        }
        JT_TRY(rows_next(r));
    }
    return JT_OK;
}

static enum jt_err one_resource(struct lists *l, struct rows r[static 3], jt_load_fn each,
                                void *ctx)
{
    sqlite3_stmt *st = r[0].st;
    struct jt_resource v = {
        .o = {.kind = JT_OBJ_RESOURCE},
        .alg = jt_alg_from_name(jt_sq_column(st, 1)),
        .lifetime_s = sqlite3_column_int64(st, 2),
        .created_s = sqlite3_column_int64(st, 3),
        .updated_s = sqlite3_column_int64(st, 4),
        .version = (uint64_t)sqlite3_column_int64(st, 5),
        .format = sqlite3_column_int(st, 6) == JT_FORMAT_OPAQUE ? JT_FORMAT_OPAQUE : JT_FORMAT_JWT,
        .bind = sqlite3_column_int(st, 7) != 0 ? JT_BIND_CERTIFICATE : JT_BIND_NONE,
    };
    jt_arena_reset(&l->arena);
    if (!text(l, st, 0, &v.o.name)) {
        return JT_E_NOMEM;
    }
    JT_TRY(read_scopes(l, &r[1], v.o.name));
    JT_TRY(read_introspectors(l, &r[2], v.o.name));
    v.scopes = l->scope;
    v.nscopes = l->nscope;
    v.introspectors = l->intro;
    v.nintrospectors = l->nintro;
    if (v.alg == JT_ALG_NONE) {
        return JT_E_CORRUPT;
    }
    return jt_sq_give((struct jt_object *)jt_resource_dup(&v), each, ctx);
}

static enum jt_err load_resources(struct jt_sqlite *s, struct lists *l, jt_load_fn each, void *ctx)
{
    struct rows r[3] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    enum jt_err e = rows_open(s->state, "SELECT * FROM resource ORDER BY audience", &r[0]);
    if (e == JT_OK) {
        e = rows_open(s->state, "SELECT audience, name, text FROM scope ORDER BY audience, place",
                      &r[1]);
    }
    if (e == JT_OK) {
        e = rows_open(s->state,
                      "SELECT audience, client_id FROM introspector ORDER BY audience, client_id",
                      &r[2]);
    }
    while (e == JT_OK && r[0].rc == SQLITE_ROW) {
        e = one_resource(l, r, each, ctx);
        if (e == JT_OK) {
            e = rows_next(&r[0]);
        }
    }
    for (size_t i = 0; i < 3; i++) {
        rows_close(&r[i]);
    }
    return e;
}

static enum jt_err read_credentials(struct lists *l, struct rows *r, struct jt_slice client)
{
    for (l->ncred = 0; rows_of(r, client); l->ncred++) {
        if (!room((void **)&l->cred, l->ncred, sizeof *l->cred)) {
            return JT_E_NOMEM;
        }
        struct jt_credential *k = &l->cred[l->ncred];
        const int kind = sqlite3_column_int(r->st, 3);
        const int state = sqlite3_column_int(r->st, 4);
        const int tls = sqlite3_column_int(r->st, 13);
        const int64_t number = sqlite3_column_int64(r->st, 2);
        if (number < 1 || number > UINT32_MAX) {
            return JT_E_CORRUPT;
        }
        *k = (struct jt_credential){
            .number = (uint32_t)number,
            .kind = (enum jt_credential_kind)kind,
            .state = (enum jt_credential_state)state,
            .hash_key = (uint32_t)sqlite3_column_int64(r->st, 6),
            .created_s = sqlite3_column_int64(r->st, 8),
            .not_before_s = sqlite3_column_int64(r->st, 9),
            .expires_s = sqlite3_column_int64(r->st, 10),
            .not_before_seq = (uint64_t)sqlite3_column_int64(r->st, 11),
            .tls = (enum jt_tls_name)tls,
            .parent = (uint32_t)sqlite3_column_int64(r->st, 15),
        };
        if (!text(l, r->st, 1, &k->id) || !text(l, r->st, 5, &k->label) ||
            !text(l, r->st, 12, &k->material) || !text(l, r->st, 14, &k->ca)) {
            return JT_E_NOMEM;
        }
        if (!jt_sq_column_fixed(r->st, 7, k->hash, sizeof k->hash)) {
            return JT_E_CORRUPT;
        }
        JT_TRY(rows_next(r));
    }
    return JT_OK;
}

/* Rows of one resource stand together: they become one grant. Names are fixed up at the end,
 * because their list moves. */
static enum jt_err read_grants(struct lists *l, struct rows *r, struct jt_slice client)
{
    l->ngrant = 0;
    for (l->nnames = 0; rows_of(r, client); l->nnames++) {
        struct jt_slice audience = jt_sq_column(r->st, 1);
        if (!room((void **)&l->names, l->nnames, sizeof *l->names) ||
            !text(l, r->st, 2, &l->names[l->nnames])) {
            return JT_E_NOMEM;
        }
        if (l->ngrant == 0 || !jt_slice_eq(l->grant[l->ngrant - 1].audience, audience)) {
            if (!room((void **)&l->grant, l->ngrant, sizeof *l->grant)) {
                return JT_E_NOMEM;
            }
            l->grant[l->ngrant] = (struct jt_client_grant){0};
            if (!text(l, r->st, 1, &l->grant[l->ngrant].audience)) {
                return JT_E_NOMEM;
            }
            l->ngrant++;
        }
        l->grant[l->ngrant - 1].nscopes++;
        JT_TRY(rows_next(r));
    }
    size_t at = 0;
    for (size_t i = 0; i < l->ngrant; i++) {
        l->grant[i].scopes = l->names + at;
        at += l->grant[i].nscopes;
    }
    return JT_OK;
}

/* The client's own networks come first (their credential is empty), then each credential's. */
static enum jt_err read_nets(struct lists *l, struct rows *r, struct jt_client *v)
{
    for (l->nnets = 0; rows_of(r, v->o.name); l->nnets++) {
        if (!room((void **)&l->nets, l->nnets, sizeof *l->nets) ||
            !room((void **)&l->net_of, l->nnets, sizeof *l->net_of) ||
            !text(l, r->st, 1, &l->net_of[l->nnets])) {
            return JT_E_NOMEM;
        }
        const int bits = sqlite3_column_int(r->st, 3);
        if (!jt_sq_column_fixed(r->st, 2, l->nets[l->nnets].a.b, sizeof l->nets[0].a.b) ||
            bits < 0 || bits > 128) {
            return JT_E_CORRUPT;
        }
        l->nets[l->nnets].bits = (uint8_t)bits;
        JT_TRY(rows_next(r));
    }
    for (size_t i = l->nnets; i > 0; i--) { /* from the end, so that each starts at its first */
        if (l->net_of[i - 1].n == 0) {
            v->nets = &l->nets[i - 1];
            v->nnets++;
        }
        for (size_t k = 0; k < l->ncred; k++) {
            if (l->net_of[i - 1].n > 0 && jt_slice_eq(l->cred[k].id, l->net_of[i - 1])) {
                l->cred[k].nets = &l->nets[i - 1];
                l->cred[k].nnets++;
            }
        }
    }
    return JT_OK;
}

static enum jt_err one_client(struct lists *l, struct rows r[static 4], jt_load_fn each, void *ctx)
{
    sqlite3_stmt *st = r[0].st;
    struct jt_client v = {
        .o = {.kind = JT_OBJ_CLIENT},
        .enabled = sqlite3_column_int(st, 3) != 0,
        .created_s = sqlite3_column_int64(st, 4),
        .updated_s = sqlite3_column_int64(st, 5),
        .version = (uint64_t)sqlite3_column_int64(st, 6),
        .compat = (unsigned)sqlite3_column_int(st, 7),
        .not_before_seq = (uint64_t)sqlite3_column_int64(st, 8),
        .rotate_every_s = sqlite3_column_int64(st, 10),
    };
    const int rotation = sqlite3_column_int(st, 9);
    v.rotation = (enum jt_rotation)rotation;
    jt_arena_reset(&l->arena);
    if (!text(l, st, 0, &v.o.name) || !text(l, st, 1, &v.display) || !text(l, st, 2, &v.owner)) {
        return JT_E_NOMEM;
    }
    JT_TRY(read_credentials(l, &r[1], v.o.name));
    JT_TRY(read_grants(l, &r[2], v.o.name));
    JT_TRY(read_nets(l, &r[3], &v));
    v.credentials = l->cred;
    v.ncredentials = l->ncred;
    v.grants = l->grant;
    v.ngrants = l->ngrant;
    return jt_sq_give((struct jt_object *)jt_client_dup(&v), each, ctx);
}

static enum jt_err load_clients(struct jt_sqlite *s, struct lists *l, jt_load_fn each, void *ctx)
{
    struct rows r[4] = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    enum jt_err e = rows_open(s->state, "SELECT * FROM client ORDER BY client_id", &r[0]);
    if (e == JT_OK) {
        e = rows_open(s->state, "SELECT * FROM credential ORDER BY client_id, number", &r[1]);
    }
    if (e == JT_OK) {
        e = rows_open(s->state,
                      "SELECT client_id, audience, scope FROM client_grant ORDER BY "
                      "client_id, place",
                      &r[2]);
    }
    if (e == JT_OK) {
        e = rows_open(s->state,
                      "SELECT client_id, credential, address, bits FROM network ORDER BY "
                      "client_id, credential, place",
                      &r[3]);
    }
    while (e == JT_OK && r[0].rc == SQLITE_ROW) {
        e = one_client(l, r, each, ctx);
        if (e == JT_OK) {
            e = rows_next(&r[0]);
        }
    }
    for (size_t i = 0; i < 4; i++) {
        rows_close(&r[i]);
    }
    return e;
}

enum jt_err jt_sq_load(struct jt_store *store, jt_load_fn each, void *ctx)
{
    struct jt_sqlite *s = (struct jt_sqlite *)store;
    struct lists l = {0};
    jt_arena_init(&l.arena, ARENA_MAX);
    enum jt_err e = load_data_keys(s, each, ctx);
    if (e == JT_OK) {
        e = load_settings(s, each, ctx);
    }
    if (e == JT_OK) {
        e = load_signing_keys(s, each, ctx);
    }
    if (e == JT_OK) {
        e = load_resources(s, &l, each, ctx);
    }
    if (e == JT_OK) {
        e = load_clients(s, &l, each, ctx);
    }
    if (e == JT_OK) {
        e = jt_sq_load_small(s, each, ctx);
    }
    lists_free(&l);
    return e;
}

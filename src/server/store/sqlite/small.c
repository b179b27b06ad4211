/* SPDX-License-Identifier: Apache-2.0 */
/*
 * small.c - what is one row each and may be many: revocations, opaque tokens, use of credentials,
 * assertions that were used.
 */
#include "../../../core/base/num.h"
#include "../agent.h"
#include "sqlite.h"

/* A name of 8 bytes big-endian: an issue sequence. */
static bool sequence_of(struct jt_slice name, int64_t *out)
{
    if (name.n != 8) {
        return false;
    }
    *out = (int64_t)jt_get_be64(name.p);
    return true;
}

static enum jt_err put_revocation(struct jt_sqlite *s, const struct jt_revocation *r)
{
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_REVOCATION);
    int64_t sequence = 0;
    if (st == NULL || !sequence_of(r->o.name, &sequence)) {
        return st == NULL ? JT_E_NOMEM : JT_E_SYNTAX;
    }
    (void)sqlite3_bind_int64(st, 1, sequence);
    (void)sqlite3_bind_int64(st, 2, r->expires_s);
    return jt_sq_run(st);
}

static enum jt_err put_opaque(struct jt_sqlite *s, const struct jt_opaque *t)
{
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_OPAQUE);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    (void)sqlite3_bind_int64(st, 1, (int64_t)t->sequence);
    jt_sq_blob(st, 2, t->o.name.p, t->o.name.n);
    (void)sqlite3_bind_int64(st, 3, t->credential);
    (void)sqlite3_bind_int64(st, 4, t->issued_s);
    (void)sqlite3_bind_int64(st, 5, t->expires_s);
    jt_sq_text(st, 6, t->profile->client_id);
    jt_sq_text(st, 7, t->profile->audience);
    jt_sq_text(st, 8, t->profile->scope);
    jt_sq_blob(st, 9, t->profile->cnf.p, t->profile->cnf.n);
    return jt_sq_run(st);
}

#define CALLER_MAX (16u + 8u + 1u + JT_AGENT_MAX) /* bytes of one: address, time, program */

/* Callers one after the other. Returns the bytes. */
static size_t pack_callers(const struct jt_use *u, uint8_t out[static JT_USE_CALLERS * CALLER_MAX])
{
    uint8_t *at = out;
    for (size_t i = 0; i < u->ncallers; i++) {
        const struct jt_use_caller *c = &u->callers[i];
        memcpy(at, c->address.b, sizeof c->address.b);
        jt_put_be64(at + 16, (uint64_t)c->last_s);
        at[24] = c->nagent;
        memcpy(at + 25, c->agent, c->nagent);
        at += 25 + c->nagent;
    }
    return (size_t)(at - out);
}

static bool unpack_callers(struct jt_slice in, struct jt_use *u)
{
    while (in.n > 0) {
        struct jt_use_caller *c = &u->callers[u->ncallers];
        if (u->ncallers == JT_USE_CALLERS || in.n < 25 || in.p[24] > JT_AGENT_MAX ||
            in.n < 25u + in.p[24]) {
            return false;
        }
        memcpy(c->address.b, in.p, sizeof c->address.b);
        c->last_s = (int64_t)jt_get_be64(in.p + 16);
        c->nagent = (uint8_t)jt_agent_clean(jt_slice(in.p + 25, in.p[24]), c->agent);
        in = jt_slice_from(in, 25u + in.p[24]);
        u->ncallers++;
    }
    return true;
}

static bool unpack_hours(struct jt_slice in, struct jt_use *u)
{
    if (in.n == 0) { /* written down before hours were */
        return true;
    }
    for (size_t i = 0; in.n == sizeof u->hours && i < JT_USE_HOURS; i++) {
        u->hours[i] = jt_get_be32(in.p + 4 * i);
    }
    return in.n == sizeof u->hours;
}

static enum jt_err put_use(struct jt_sqlite *s, const struct jt_use *u)
{
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_USE);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    (void)sqlite3_bind_int64(st, 1, u->number);
    (void)sqlite3_bind_int64(st, 2, u->first_s);
    (void)sqlite3_bind_int64(st, 3, u->last_s);
    (void)sqlite3_bind_int64(st, 4, (int64_t)u->count);
    jt_sq_blob(st, 5, u->address.b, sizeof u->address.b);
    uint8_t hours[4 * JT_USE_HOURS];
    uint8_t callers[JT_USE_CALLERS * CALLER_MAX];
    for (size_t i = 0; i < JT_USE_HOURS; i++) {
        jt_put_be32(hours + 4 * i, u->hours[i]);
    }
    (void)sqlite3_bind_int64(st, 6, u->hour);
    jt_sq_blob(st, 7, hours, sizeof hours);
    jt_sq_blob(st, 8, callers, pack_callers(u, callers));
    return jt_sq_run(st);
}

static enum jt_err put_reminder(struct jt_sqlite *s, const struct jt_reminder *r)
{
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_REMINDER);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    (void)sqlite3_bind_int64(st, 1, (int64_t)r->id);
    (void)sqlite3_bind_int64(st, 2, r->ends_s);
    (void)sqlite3_bind_int64(st, 3, r->days);
    return jt_sq_run(st);
}

static enum jt_err put_replay(struct jt_sqlite *s, const struct jt_replay *r)
{
    sqlite3_stmt *st = jt_sq_stmt(s, JT_ST_PUT_REPLAY);
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    (void)sqlite3_bind_int64(st, 1, r->expires_s);
    jt_sq_blob(st, 2, r->o.name.p, r->o.name.n);
    return jt_sq_run(st);
}

enum jt_err jt_sq_put_small(struct jt_sqlite *s, const struct jt_object *obj)
{
    if (obj->kind == JT_OBJ_REVOCATION) {
        return put_revocation(s, (const struct jt_revocation *)obj);
    }
    if (obj->kind == JT_OBJ_REMINDER) {
        return put_reminder(s, (const struct jt_reminder *)obj);
    }
    if (obj->kind == JT_OBJ_REPLAY) {
        return put_replay(s, (const struct jt_replay *)obj);
    }
    return obj->kind == JT_OBJ_TOKEN ? put_opaque(s, (const struct jt_opaque *)obj)
                                     : put_use(s, (const struct jt_use *)obj);
}

static enum jt_stmt removal_of(enum jt_object_kind kind)
{
    if (kind == JT_OBJ_REVOCATION || kind == JT_OBJ_TOKEN) {
        return kind == JT_OBJ_TOKEN ? JT_ST_DEL_OPAQUE : JT_ST_DEL_REVOCATION;
    }
    if (kind == JT_OBJ_REPLAY) {
        return JT_ST_DEL_REPLAY;
    }
    return kind == JT_OBJ_USE ? JT_ST_DEL_USE : JT_ST_DEL_REMINDER;
}

/* A revocation and an opaque token are removed by their sequence, a use and a reminder by their
 * number, used assertions all up to a time. */
enum jt_err jt_sq_remove_small(struct jt_sqlite *s, enum jt_object_kind kind, struct jt_slice name)
{
    int64_t sequence = 0;
    sqlite3_stmt *st = jt_sq_stmt(s, removal_of(kind));
    if (st == NULL) {
        return JT_E_NOMEM;
    }
    if (kind == JT_OBJ_USE || kind == JT_OBJ_REMINDER) {
        jt_sq_text(st, 1, name);
    } else if (sequence_of(name, &sequence)) {
        (void)sqlite3_bind_int64(st, 1, sequence);
    } else {
        return JT_E_SYNTAX;
    }
    return jt_sq_run(st);
}

typedef enum jt_err (*row_fn)(sqlite3_stmt *st, jt_load_fn each, void *ctx);

static enum jt_err on_revocation(sqlite3_stmt *st, jt_load_fn each, void *ctx)
{
    uint8_t name[8];
    jt_put_be64(name, (uint64_t)sqlite3_column_int64(st, 0));
    const struct jt_revocation r = {
        .o = {.kind = JT_OBJ_REVOCATION, .name = jt_slice(name, sizeof name)},
        .expires_s = sqlite3_column_int64(st, 1),
    };
    return jt_sq_give((struct jt_object *)jt_revocation_dup(&r), each, ctx);
}

/* Borrowed: the callback copies what it keeps, and says so by JT_OK. */
static enum jt_err on_opaque(sqlite3_stmt *st, jt_load_fn each, void *ctx)
{
    const struct jt_profile profile = {
        .client_id = jt_sq_column(st, 5),
        .audience = jt_sq_column(st, 6),
        .scope = jt_sq_column(st, 7),
        .cnf = jt_sq_column(st, 8),
    };
    struct jt_opaque t = {
        .o = {.kind = JT_OBJ_TOKEN, .name = jt_sq_column(st, 1)},
        .sequence = (uint64_t)sqlite3_column_int64(st, 0),
        .credential = (uint32_t)sqlite3_column_int64(st, 2),
        .issued_s = sqlite3_column_int64(st, 3),
        .expires_s = sqlite3_column_int64(st, 4),
        .profile = &profile,
    };
    return t.o.name.n == JT_SHA256_SIZE ? each(ctx, &t.o) : JT_E_CORRUPT;
}

static enum jt_err on_use(sqlite3_stmt *st, jt_load_fn each, void *ctx)
{
    char digits[JT_U64_DIGITS];
    struct jt_use u = {
        .number = (uint32_t)sqlite3_column_int64(st, 0),
        .first_s = sqlite3_column_int64(st, 1),
        .last_s = sqlite3_column_int64(st, 2),
        .count = (uint64_t)sqlite3_column_int64(st, 3),
    };
    u.o.name = jt_fmt_u64(u.number, digits);
    u.hour = (uint32_t)sqlite3_column_int64(st, 5);
    if (!jt_sq_column_fixed(st, 4, u.address.b, sizeof u.address.b) ||
        !unpack_hours(jt_sq_column(st, 6), &u) || !unpack_callers(jt_sq_column(st, 7), &u)) {
        return JT_E_CORRUPT;
    }
    return jt_sq_give((struct jt_object *)jt_use_dup(&u), each, ctx);
}

static enum jt_err on_reminder(sqlite3_stmt *st, jt_load_fn each, void *ctx)
{
    char digits[JT_U64_DIGITS];
    struct jt_reminder r = {
        .id = (uint64_t)sqlite3_column_int64(st, 0),
        .ends_s = sqlite3_column_int64(st, 1),
        .days = (uint32_t)sqlite3_column_int64(st, 2),
    };
    r.o.name = jt_fmt_u64(r.id, digits);
    return jt_sq_give((struct jt_object *)jt_reminder_dup(&r), each, ctx);
}

static enum jt_err on_replay(sqlite3_stmt *st, jt_load_fn each, void *ctx)
{
    const struct jt_replay r = {
        .o = {.kind = JT_OBJ_REPLAY, .name = jt_sq_column(st, 1)},
        .expires_s = sqlite3_column_int64(st, 0),
    };
    return r.o.name.n == JT_REPLAY_ID ? jt_sq_give((struct jt_object *)jt_replay_dup(&r), each, ctx)
                                      : JT_E_CORRUPT;
}

static enum jt_err each_row(struct jt_sqlite *s, const char *sql, row_fn row, jt_load_fn each,
                            void *ctx)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->state, sql, -1, &st, NULL);
    enum jt_err e = jt_sq_err(rc);
    while (e == JT_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        e = row(st, each, ctx);
    }
    (void)sqlite3_finalize(st);
    return e == JT_OK ? jt_sq_err(rc) : e;
}

enum jt_err jt_sq_load_small(struct jt_sqlite *s, jt_load_fn each, void *ctx)
{
    JT_TRY(each_row(s, "SELECT sequence, expires FROM revocation", on_revocation, each, ctx));
    JT_TRY(each_row(s, "SELECT * FROM opaque", on_opaque, each, ctx));
    JT_TRY(each_row(s, "SELECT * FROM credential_use", on_use, each, ctx));
    JT_TRY(each_row(s, "SELECT * FROM reminder", on_reminder, each, ctx));
    return each_row(s, "SELECT expires, id FROM replay", on_replay, each, ctx);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state_load.c - what the store has, each thing to where it lives in memory.
 */
#include "../core/base/num.h"
#include "state.h"
#include "store/setting.h"

static enum jt_err on_setting(struct jt_state *s, const struct jt_setting *t)
{
    if (jt_slice_eq(t->o.name, JT_LIT(JT_SETTING_START))) {
        return jt_parse_u64(t->value, UINT32_MAX, &s->start_number);
    }
    if (jt_slice_eq(t->o.name, JT_LIT(JT_SETTING_FLOOR))) {
        return jt_parse_u64(t->value, UINT32_MAX, &s->floor_start);
    }
    if (jt_slice_eq(t->o.name, JT_LIT(JT_SETTING_CREDENTIALS))) {
        return jt_parse_u64(t->value, UINT32_MAX, &s->credential_floor);
    }
    uint64_t made_s = 0;
    if (jt_slice_eq(t->o.name, JT_LIT(JT_SETTING_RESTORED)) && t->value.n > 0) {
        JT_TRY(jt_parse_u64(t->value, INT64_MAX, &made_s));
        s->restored_s = (int64_t)made_s;
    }
    return JT_OK;
}

/* Into the directory, or freed. NULL: there was no memory to make it. */
enum jt_err jt_state_show(struct jt_state *s, struct jt_object *made)
{
    if (made == NULL) {
        return JT_E_NOMEM;
    }
    enum jt_err e = jt_directory_put(s->directory, made);
    if (e != JT_OK) {
        jt_object_free(made);
    }
    return e;
}

enum jt_err jt_state_take(void *ctx, struct jt_object *o)
{
    struct jt_state *s = ctx;
    enum jt_err e = JT_OK;
    switch (o->kind) {
    case JT_OBJ_DATA_KEY:
        e = jt_keyring_open(&s->keyring, s->crypt, s->master, (const struct jt_data_key *)o);
        break;
    case JT_OBJ_SETTING:
        e = on_setting(s, (const struct jt_setting *)o);
        break;
    case JT_OBJ_SIGNING_KEY:
        s->nkeys++;
        JT_TRY(jt_signing_key_open(s->crypt, &s->keyring, (struct jt_signing_key *)o));
        return jt_directory_put(s->directory, o);
    case JT_OBJ_RESOURCE:
    case JT_OBJ_CLIENT:
    case JT_OBJ_REVOCATION:
        return jt_directory_put(s->directory, o);
    case JT_OBJ_TOKEN:
        /* Lent: a copy is kept. One whose time is over leaves later, if the clock can be trusted.
         */
        return jt_state_show(
            s, (struct jt_object *)jt_opaque_dup((const struct jt_opaque *)o, s->profiles));
    case JT_OBJ_USE:
        e = jt_usage_load(s->usage, (const struct jt_use *)o);
        break;
    case JT_OBJ_REPLAY:
        e = jt_replays_load(s->replays, (const struct jt_replay *)o);
        break;
    case JT_OBJ_REMINDER:
        e = jt_reminders_load(s->reminders, (const struct jt_reminder *)o);
        break;
    case JT_OBJ_NONE:
        e = JT_E_CORRUPT;
        break;
    }
    if (e == JT_OK) {
        jt_object_free(o);
    }
    return e;
}

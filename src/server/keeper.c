/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keeper.c - signing keys whose time has come: a published one signs, an old one leaves, a new one
 * is made (keys.rotate_every). Nothing while the clock is not to be trusted: a key that signs too
 * soon meets verifiers that do not know it, and one that leaves too soon ends tokens.
 */
#include "flow/keylife.h"
#include "server.h"

/* What is due; the order names the key, and outlives the epoch, which is the main thread's own. */
static enum jt_keydue due(struct jt_server *v, const struct jt_settings *s, struct jt_keyorder *o)
{
    (void)jt_epoch_enter(&v->state.epochs, JT_WORKERS_MAX);
    enum jt_keydue d = jt_keylife_due(v->state.directory, jt_wall_s(&jt_clock_system),
                                      s->publish_wait_s, s->rotate_every_s, o);
    jt_epoch_announce(&v->state.epochs, JT_WORKERS_MAX, JT_EPOCH_OFFLINE);
    return d;
}

static enum jt_err apply(struct jt_server *v, enum jt_event_type type, jt_change_fn fn,
                         struct jt_keyorder *o)
{
    const struct jt_event e = {.type = type, .detail = o->kid};
    return jt_state_apply(&v->state, &e, fn, o);
}

static enum jt_err rotate(struct jt_server *v, struct jt_keyorder *o)
{
    JT_TRY(jt_signing_key_make(v->state.crypt, &v->state.keyring, o->alg,
                               jt_wall_s(&jt_clock_system), &o->fresh));
    size_t n = o->fresh->o.name.n < sizeof o->kid_text ? o->fresh->o.name.n : sizeof o->kid_text;
    memcpy(o->kid_text, o->fresh->o.name.p, n); /* the key is the directory's soon */
    o->kid = jt_slice(o->kid_text, n);
    enum jt_err e = apply(v, JT_EV_KEY_CREATED, jt_keylife_add, o);
    if (o->fresh != NULL) {
        jt_object_free(&o->fresh->o);
        o->fresh = NULL;
    }
    return e;
}

static enum jt_err act(struct jt_server *v, enum jt_keydue d, struct jt_keyorder *o)
{
    switch (d) {
    case JT_KEYDUE_PROMOTE:
        return apply(v, JT_EV_KEY_ACTIVATED, jt_keylife_promote, o);
    case JT_KEYDUE_REMOVE:
        return apply(v, JT_EV_KEY_RETIRED, jt_keylife_remove, o);
    case JT_KEYDUE_ROTATE:
        return rotate(v, o);
    case JT_KEYDUE_NOTHING:
        break;
    }
    return JT_OK;
}

void jt_server_keep(struct jt_server *v)
{
    jt_server_remind(v);
    const struct jt_settings *s = jt_settings_of(&v->app); /* the main thread replaces it itself */
    for (unsigned i = 0; i < 16 && jt_writer_clock_trusted(v->state.writer); i++) {
        struct jt_keyorder o = {.publish_wait_s = s->publish_wait_s};
        enum jt_keydue d = due(v, s, &o);
        if (d == JT_KEYDUE_NOTHING) {
            break;
        }
        enum jt_err e = act(v, d, &o);
        if (e != JT_OK && e != JT_E_NOTFOUND) { /* not found: an administrator was faster */
            if (!v->keys_failing) {
                jt_log(&v->log, JT_LOG_ERROR,
                       "the signing key %.*s is due for a change that failed (%s); it is tried "
                       "again every second",
                       JT_FMT(o.kid), jt_err_text(e));
            }
            v->keys_failing = true;
            return;
        }
        static const char *const did[] = {"", "signs from now on",
                                          "has left: its last token is over",
                                          "was made, to follow the one that signs"};
        jt_log(&v->log, JT_LOG_INFO, "signing key %.*s %s", JT_FMT(o.kid), did[d]);
    }
    v->keys_failing = false;
}

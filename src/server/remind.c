/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remind.c - ends to come: credentials, signing keys and the TLS certificate are counted for the
 * metrics, and reminded of 30, 14, 7 and 1 days before: an audit event and a line in the log.
 *
 * All clients are walked, some thousands in a second, and a round begins every ten seconds at most;
 * what a million of them have to say at once is told at 100 a minute, the rest in later rounds.
 * Nothing is told while the clock is not to be trusted. What was told is on disk with its event.
 */
#include <inttypes.h>
#include <stdio.h>

#include "../core/base/num.h"
#include "server.h"

#define ROUND_US 10000000
#define MINUTE_US 60000000
#define PAGE 256u
#define PAGES 64u    /* of clients, in one second */
#define TELL_MAX 20u /* in one second */
#define TELL_MINUTE 100u
#define FORGET_MAX 200u /* in one round */
#define OVER_S 3600     /* after its end an entry stays on for a while, should the clock go back */

/* One end to tell of; text is copied, as it outlives the epoch. */
struct end {
    enum jt_event_type type;
    uint64_t id;
    int64_t ends_s;
    uint32_t days;
    char client[JT_EVENT_TEXT_MAX], credential[32], thing[600];
};

struct ends {
    size_t n;
    struct end v[TELL_MAX];
};

static enum jt_err put_reminder(struct jt_change *chg, void *ctx)
{
    const struct end *e = ctx;
    char digits[JT_U64_DIGITS];
    const struct jt_reminder r = {
        .o = {.kind = JT_OBJ_REMINDER, .name = jt_fmt_u64(e->id, digits)},
        .id = e->id,
        .ends_s = e->ends_s,
        .days = e->days,
    };
    return jt_change_put_copy(chg, &r.o);
}

static enum jt_err tell(struct jt_server *v, struct end *e)
{
    char when[JT_RFC3339_SIZE];
    char within[16];
    char detail[JT_EVENT_TEXT_MAX];
    jt_fmt_rfc3339(e->ends_s, when);
    (void)snprintf(within, sizeof within, "%" PRIu32 "d", e->days);
    (void)snprintf(detail, sizeof detail, "ends %s: %.400s", when, e->thing);
    const struct jt_event event = {.type = e->type,
                                   .client_id = jt_str(e->client),
                                   .credential_id = jt_str(e->credential),
                                   .reason = jt_str(within),
                                   .detail = jt_str(detail)};
    JT_TRY(jt_state_apply(&v->state, &event, put_reminder, e));
    jt_log(&v->log, JT_LOG_WARNING, "%.500s ends %s, in less than %" PRIu32 " day%s", e->thing,
           when, e->days, e->days == 1 ? "" : "s");
    (void)atomic_fetch_add(&v->app.reminders[jt_reminder_kind(e->id)], 1);
    return jt_reminders_told(v->state.reminders, e->id, e->ends_s, e->days);
}

/* A place for the end of id when it is to be told now; NULL: it is not, or there is no place. */
static struct end *note(struct jt_server *v, struct ends *out, uint64_t id, int64_t ends_s)
{
    uint32_t days = jt_reminders_due(v->state.reminders, id, ends_s, jt_wall_s(&jt_clock_system));
    if (days == 0 || out->n >= v->remind.budget) {
        return NULL;
    }
    struct end *e = &out->v[out->n++];
    *e = (struct end){.id = id, .ends_s = ends_s, .days = days};
    return e;
}

static void note_credential(struct jt_server *v, struct ends *out, const struct jt_client *c,
                            const struct jt_credential *k, int64_t ends_s)
{
    struct end *e = note(v, out, jt_reminder_of_credential(k->number), ends_s);
    if (e != NULL) {
        e->type = JT_EV_CREDENTIAL_EXPIRING;
        (void)snprintf(e->client, sizeof e->client, "%.*s", JT_FMT(c->o.name));
        (void)snprintf(e->credential, sizeof e->credential, "%.*s", JT_FMT(k->id));
        (void)snprintf(e->thing, sizeof e->thing, "credential %.*s%s%.*s%s of client %.*s",
                       JT_FMT(k->id), k->label.n > 0 ? " (" : "", JT_FMT(k->label),
                       k->label.n > 0 ? ")" : "", JT_FMT(c->o.name));
    }
}

/* One that was replaced ends as planned, and one of another environment does nothing here. */
static void look_at_client(struct jt_server *v, const struct jt_client *c, struct ends *out)
{
    for (size_t i = 0; i < c->ncredentials; i++) {
        const struct jt_credential *k = &c->credentials[i];
        int64_t ends_s = jt_credential_ends(c, k);
        int64_t left_s = ends_s - jt_wall_s(&jt_clock_system);
        uint32_t window = jt_reminder_window(left_s);
        if (k->state != JT_CRED_ACTIVE || ends_s == 0 || window == 0 ||
            jt_credential_is_foreign(k, v->app.environment)) {
            continue;
        }
        for (size_t w = 0; w < JT_EXPIRING_WINDOWS; w++) {
            v->remind.expiring[w] += window <= jt_expiring_days[w] ? 1 : 0;
        }
        if (c->enabled) {
            note_credential(v, out, c, k, ends_s);
        }
    }
}

static void look_at_keys(struct jt_server *v, struct ends *out)
{
    const struct jt_object *page[JT_KEYS_STORED_MAX];
    const struct jt_settings *s = jt_settings_of(&v->app); /* the main thread replaces it itself */
    uint64_t cursor = 0;
    (void)jt_epoch_enter(&v->state.epochs, JT_WORKERS_MAX);
    size_t n = jt_directory_page(v->state.directory, JT_OBJ_SIGNING_KEY, &cursor, page,
                                 JT_KEYS_STORED_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct jt_signing_key *k = (const struct jt_signing_key *)page[i];
        int64_t ends_s = k->until_s != 0         ? k->until_s
                         : s->rotate_every_s > 0 ? k->signs_s + s->rotate_every_s
                                                 : 0;
        struct end *e = k->state != JT_KEYSTATE_ACTIVE || ends_s == 0
                            ? NULL
                            : note(v, out, jt_reminder_of_key(k->o.name), ends_s);
        if (e != NULL) {
            e->type = JT_EV_KEY_EXPIRING;
            (void)snprintf(e->thing, sizeof e->thing, "signing key %.*s (%s)", JT_FMT(k->o.name),
                           jt_alg_name(k->alg));
        }
    }
    jt_epoch_announce(&v->state.epochs, JT_WORKERS_MAX, JT_EPOCH_OFFLINE);
}

static void look_at_certificate(struct jt_server *v, struct ends *out)
{
    int64_t ends_s = atomic_load(&v->app.cert_end_s);
    struct end *e = ends_s == 0 ? NULL : note(v, out, jt_reminder_of_certificate(), ends_s);
    if (e != NULL) {
        e->type = JT_EV_CERTIFICATE_EXPIRING;
        (void)snprintf(e->thing, sizeof e->thing, "the TLS certificate %.500s", v->cert);
    }
}

/* Some pages of clients; true: the round is at its end. An epoch for each page: what is replaced
 * meanwhile need not wait for the others. */
static bool look_at_clients(struct jt_server *v, struct ends *out)
{
    const struct jt_object *page[PAGE];
    size_t n = PAGE;
    for (size_t pages = 0; pages < PAGES && n == PAGE; pages++) {
        (void)jt_epoch_enter(&v->state.epochs, JT_WORKERS_MAX);
        n = jt_directory_page(v->state.directory, JT_OBJ_CLIENT, &v->remind.cursor, page, PAGE);
        for (size_t i = 0; i < n; i++) {
            look_at_client(v, (const struct jt_client *)page[i], out);
        }
        jt_epoch_announce(&v->state.epochs, JT_WORKERS_MAX, JT_EPOCH_OFFLINE);
    }
    return n < PAGE;
}

struct over {
    size_t n;
    uint64_t ids[FORGET_MAX];
};

static enum jt_err drop_over(struct jt_change *chg, void *ctx)
{
    const struct over *o = ctx;
    for (size_t i = 0; i < o->n; i++) {
        JT_TRY(jt_change_drop_reminder(chg, o->ids[i]));
    }
    return JT_OK;
}

static void forget_over(struct jt_server *v)
{
    static struct over o; /* the main thread is the only one */
    const struct jt_event none = {.type = JT_EV_NONE};
    o.n = jt_reminders_over(v->state.reminders, jt_wall_s(&jt_clock_system) - OVER_S, o.ids,
                            FORGET_MAX);
    if (o.n == 0 || jt_state_apply(&v->state, &none, drop_over, &o) != JT_OK) {
        return; /* in the next round again */
    }
    for (size_t i = 0; i < o.n; i++) {
        jt_reminders_forget(v->state.reminders, o.ids[i]);
    }
}

/* How many may be told in this second. */
static size_t budget(struct jt_server *v, int64_t now_us)
{
    struct jt_remind *r = &v->remind;
    if (now_us - r->minute_us >= MINUTE_US) {
        r->minute_us = now_us;
        r->told = 0;
    }
    size_t left = TELL_MINUTE - r->told;
    return !jt_writer_clock_trusted(v->state.writer) ? 0 : left < TELL_MAX ? left : TELL_MAX;
}

static void tell_all(struct jt_server *v, struct ends *ends)
{
    for (size_t i = 0; i < ends->n; i++) {
        v->remind.told++; /* tried is enough: a disk that fails is not to be asked for ever */
        if (tell(v, &ends->v[i]) != JT_OK) {
            return; /* in the next round again */
        }
    }
}

void jt_server_remind(struct jt_server *v)
{
    static struct ends ends; /* the main thread is the only one */
    struct jt_remind *r = &v->remind;
    int64_t now_us = jt_mono_us(&jt_clock_system);
    if (!r->walking && r->began_us != 0 && now_us - r->began_us < ROUND_US) {
        return;
    }
    ends.n = 0;
    r->budget = budget(v, now_us);
    if (!r->walking) {
        *r = (struct jt_remind){.walking = true,
                                .began_us = now_us,
                                .minute_us = r->minute_us,
                                .told = r->told,
                                .budget = r->budget};
        look_at_certificate(v, &ends); /* first: clients without number must not crowd them out */
        look_at_keys(v, &ends);
    }
    if (look_at_clients(v, &ends)) {
        r->walking = false;
        for (size_t w = 0; w < JT_EXPIRING_WINDOWS; w++) {
            atomic_store(&v->app.expiring[w], r->expiring[w]);
        }
        if (jt_writer_clock_trusted(v->state.writer)) {
            forget_over(v);
        }
    }
    tell_all(v, &ends);
}

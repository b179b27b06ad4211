/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload.c - SIGHUP: configuration and certificates are read again.
 *
 * Everything is read and checked before anything changes; if one thing is wrong, all stays as it
 * was. Requests under way go on with what they began with: what is replaced is freed when no
 * worker can see it any more.
 */
#include <stdio.h>
#include <stdlib.h>

#include "admin_ca.h"
#include "config/option.h"
#include "flow/keylife.h"
#include "server.h"

struct jt_settings *jt_settings_new(const struct jt_config *c)
{
    struct jt_settings *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    *s = (struct jt_settings){
        .token_lifetime_s = c->token_lifetime_s,
        .token_max_lifetime_s = c->token_max_lifetime_s,
        .jwks_max_age_s = c->jwks_max_age_s,
        .publish_wait_s = c->publish_wait_s,
        .rotate_every_s = c->rotate_every_s,
        .token_alg = c->token_alg,
        .introspection_each = c->audit_introspection_each,
        .cert_header = c->client_cert_header,
        .ntrusted = c->ntrusted,
    };
    _Static_assert(JT_PROXIES_MAX <= JT_TRUSTED_MAX, "room for all proxies");
    memcpy(s->trusted, c->trusted, c->ntrusted * sizeof c->trusted[0]);
    return s;
}

void jt_settings_free(const struct jt_settings *s)
{
    if (s != NULL) {
        free((void *)(uintptr_t)s->admin_ca.p);
        free((void *)(uintptr_t)s);
    }
}

enum jt_err jt_server_read_admin_ca(struct jt_server *v, const struct jt_config *c,
                                    struct jt_settings *s)
{
    struct jt_buf der;
    size_t n = 0;
    if (c->admin_client_ca.n == 0) {
        return JT_OK;
    }
    enum jt_err e =
        jt_admin_ca_read((const char *)c->admin_client_ca.p, &der, &n, v->why, sizeof v->why);
    if (e == JT_OK) {
        s->admin_ca = jt_buf_slice(&der); /* it owns the bytes from now on */
    } else {
        jt_buf_free(&der);
    }
    return e;
}

enum jt_err jt_server_open_tls(struct jt_server *v, const struct jt_config *c, struct jt_tls **out)
{
    *out = NULL;
    if (c->tls_cert.n == 0) {
        return JT_OK;
    }
    (void)snprintf(v->cert, sizeof v->cert, "%.*s", JT_FMT(c->tls_cert));
    (void)snprintf(v->key, sizeof v->key, "%.*s", JT_FMT(c->tls_key));
    const struct jt_tls_opts o = {.cert_file = v->cert, .key_file = v->key};
    enum jt_err e = jt_tls_new(&o, out, v->why, sizeof v->why);
    return e == JT_E_CRYPTO ? JT_E_RANGE : e;
}

enum jt_err jt_server_open_admin_tls(struct jt_server *v, const struct jt_config *c,
                                     struct jt_tls **out)
{
    *out = NULL;
    if (c->nadmin_listen == 0 || jt_config_admin_cert(c).n == 0) { /* jeton dev has its own */
        return JT_OK;
    }
    /* Texts of a configuration have a NUL behind them. Any certificate is taken here: who vouches
     * for it is looked at with each request, by the CAs of that moment. */
    const struct jt_tls_opts o = {.cert_file = (const char *)jt_config_admin_cert(c).p,
                                  .key_file = (const char *)jt_config_admin_key(c).p};
    enum jt_err e = jt_tls_new(&o, out, v->why, sizeof v->why);
    return e == JT_E_CRYPTO ? JT_E_RANGE : e;
}

int64_t jt_server_cert_end(const struct jt_server *v)
{
    int64_t end = v->tls == NULL ? 0 : jt_tls_not_after(v->tls);
    int64_t admin = v->admin_tls == NULL ? 0 : jt_tls_not_after(v->admin_tls);
    return end == 0 || (admin != 0 && admin < end) ? admin : end;
}

/* What ran until now, while requests under way still look at it. */
struct before {
    struct jt_retired retired; /* first: freed as this */
    const struct jt_settings *settings;
    struct jt_tls *tls, *admin_tls;
};

static void free_before(struct jt_retired *r)
{
    struct before *b = (struct before *)r;
    jt_settings_free(b->settings);
    jt_tls_free(&b->tls);
    jt_tls_free(&b->admin_tls);
    free(b);
}

/* What is about to take the place of what runs. */
struct replacement {
    struct jt_config config;
    struct jt_settings *settings;
    struct jt_tls *tls, *admin_tls;
    struct before *before; /* where what they replace goes */
    char changed[300];     /* names of the settings, for log and audit */
};

static void forget(struct replacement *r)
{
    jt_config_free(&r->config);
    jt_settings_free(r->settings);
    jt_tls_free(&r->tls);
    jt_tls_free(&r->admin_tls);
    free(r->before);
}

static void note(char *list, size_t n, const char *name)
{
    size_t k = strlen(list);
    if (k + strlen(name) + 3 < n) {
        (void)snprintf(list + k, n - k, "%s%s", k == 0 ? "" : ", ", name);
    }
}

/* Names what changed, and says what needs a restart. */
static void compare(struct jt_server *v, struct replacement *r)
{
    char later[300] = "";
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        const struct jt_option *o = &jt_options[i];
        if (o->live && !jt_option_same(o, v->now, &r->config)) {
            note(r->changed, sizeof r->changed, o->name);
        } else if (!o->live && !jt_option_same(o, v->config, &r->config)) {
            note(later, sizeof later, o->name);
        }
    }
    if (later[0] != '\0') {
        jt_log(&v->log, JT_LOG_WARNING, "changed, but in effect only after a restart: %s", later);
    }
}

static enum jt_err prepare(struct jt_server *v, struct replacement *r)
{
    struct jt_config_error err = {{0}, {0}};
    enum jt_err e = v->how->load(v->how->ctx, &r->config, &err);
    if (e != JT_OK) {
        (void)snprintf(v->why, sizeof v->why, "%s%s%s", err.where, err.where[0] == '\0' ? "" : ": ",
                       err.text);
        return e;
    }
    if ((r->config.tls_cert.n > 0) != (v->config->tls_cert.n > 0) && v->how->dev == NULL) {
        (void)snprintf(v->why, sizeof v->why,
                       "server.tls_cert: turning TLS on or off needs a restart");
        return JT_E_UNSUPPORTED;
    }
    JT_TRY(jt_server_open_tls(v, &r->config, &r->tls));
    if (v->admin_tls != NULL) {
        JT_TRY(jt_server_open_admin_tls(v, &r->config, &r->admin_tls));
    }
    r->settings = jt_settings_new(&r->config);
    r->before = calloc(1, sizeof *r->before);
    if (r->settings == NULL || r->before == NULL) {
        return JT_E_NOMEM;
    }
    return jt_server_read_admin_ca(v, &r->config, r->settings);
}

/* Runs on the store thread, which alone may retire what workers look at. */
struct swap {
    struct jt_server *v;
    struct replacement *r;
    bool taken; /* in effect */
};

/* Every listener that has the old one takes the new one. Returns what is no longer used. */
static struct jt_tls *swap_tls(struct jt_server *v, struct jt_tls **now, struct jt_tls *then)
{
    struct jt_tls *old = *now;
    if (then == NULL) {
        return NULL;
    }
    for (size_t i = 0; old != NULL && i < v->nlisteners; i++) {
        if (atomic_load(&v->listeners[i].tls) == old) {
            atomic_store(&v->listeners[i].tls, then);
        }
    }
    *now = then;
    return old;
}

/* The record is on its way: from now on nothing fails. */
static void take_over(struct jt_change *chg, void *ctx)
{
    struct swap *s = ctx;
    const struct jt_config *c = &s->r->config;
    const struct jt_writer_policy p = {
        .on_failure = c->audit_degrade ? JT_AUDIT_DEGRADE : JT_AUDIT_BLOCK,
        .retain_s = c->audit_retain_s,
        .max_bytes = c->audit_max_bytes,
    };
    struct before *b = s->r->before;
    jt_change_policy(chg, &p);
    b->settings = atomic_exchange(&s->v->app.settings, s->r->settings);
    b->tls = swap_tls(s->v, &s->v->tls, s->r->tls);
    b->admin_tls = swap_tls(s->v, &s->v->admin_tls, s->r->admin_tls);
    jt_change_retire(chg, &b->retired, free_before);
    s->r->settings = NULL; /* in use now */
    s->r->tls = s->r->admin_tls = NULL;
    s->r->before = NULL;
    s->taken = true;
}

/* Keys know how long tokens may live before any does live so long. */
static enum jt_err change(struct jt_change *chg, void *ctx)
{
    const struct swap *s = ctx;
    struct jt_keyorder longer = {.longest_s =
                                     s->r->config.token_lifetime_s}; /* of the built-in resource */
    JT_TRY(jt_keylife_stretch(chg, &longer));
    jt_change_then(chg, take_over);
    return JT_OK;
}

static void adopt(struct jt_server *v, struct replacement *r)
{
    if (v->now == &v->reloaded) {
        jt_config_free(&v->reloaded);
    }
    v->reloaded = r->config;
    v->now = &v->reloaded;
    r->config = (struct jt_config){0};
    v->log.level = v->now->log_level;
    jt_limits_set(v->limits, (size_t)v->now->max_connections,
                  (size_t)v->now->max_connections_per_address);
    jt_server_trust(v, v->now);
    atomic_store(&v->app.cert_end_s, jt_server_cert_end(v));
}

void jt_server_reload(struct jt_server *v)
{
    struct replacement r = {.settings = NULL};
    struct swap s = {.v = v, .r = &r};
    jt_notify("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)jt_clock_awake_us());
    v->why[0] = '\0';
    jt_config_init(&r.config);
    enum jt_err e = prepare(v, &r);
    if (e != JT_OK) {
        jt_log(&v->log, JT_LOG_ERROR, "SIGHUP: nothing was changed: %s",
               v->why[0] != '\0' ? v->why : jt_err_text(e));
    } else {
        compare(v, &r);
        const struct jt_event event = {.type = JT_EV_CONFIGURATION_RELOADED,
                                       .detail = jt_str(r.changed)};
        e = jt_state_apply(&v->state, &event, change, &s);
        if (s.taken) { /* taken over, even if the record of it waits for the disk */
            adopt(v, &r);
            jt_log(&v->log, JT_LOG_INFO,
                   "SIGHUP: configuration and certificates were read again; changed: %s",
                   r.changed[0] != '\0' ? r.changed : "nothing that can change while it runs");
        } else {
            jt_log(&v->log, JT_LOG_ERROR, "SIGHUP: nothing was changed: %s", jt_err_text(e));
        }
    }
    forget(&r);
    jt_notify("READY=1\nSTATUS=%s",
              e == JT_OK ? "serving" : "serving; the last reload failed, see the log");
}

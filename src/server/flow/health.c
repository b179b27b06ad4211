/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.c - /livez, /readyz and /metrics. The public listener tells the status only; details are
 * for the administrator. None of them is recorded.
 */
#include "../../core/json/jw.h"
#include "flow.h"

#define METRICS_MAX (1u << 20)

static enum jt_next text(struct jt_flow *f, unsigned status, const char *body)
{
    const struct jt_answer a = {.status = status,
                                .content_type = "application/json",
                                .body = jt_str(body),
                                .cache = "no-store",
                                .retry_after = status == 503 ? "1" : NULL};
    return jt_answer(f, &a);
}

static enum jt_next livez(struct jt_flow *f)
{
    return text(f, 200, "{\"status\":\"ok\"}");
}

struct health {
    bool draining, store, keys;
    bool degrade;
};

static struct health look(struct jt_flow *f)
{
    struct jt_writer_stats s;
    jt_writer_stats(f->app->writer, &s);
    struct health h = {
        .draining = atomic_load(&f->app->draining), .store = !s.disk_failing, .degrade = s.degrade};
    h.keys = jt_flow_keys(f) == JT_OK && jt_keys_any(&f->local->keys);
    return h;
}

static const char *status_of(const struct health *h)
{
    if (h->draining) {
        return "draining";
    }
    if (!h->keys || (!h->store && !h->degrade)) {
        return "failing";
    }
    return h->store ? "ok" : "degraded";
}

static void check(struct jt_jw *w, const char *name, bool ok, const char *why)
{
    jt_jw_key(w, name);
    jt_jw_obj(w);
    jt_jw_kbool(w, "ok", ok);
    if (!ok) {
        jt_jw_kstr(w, "detail", jt_str(why));
    }
    jt_jw_end_obj(w);
}

static enum jt_next readyz(struct jt_flow *f)
{
    struct health h = look(f);
    const char *status = status_of(&h);
    bool ready = strcmp(status, "ok") == 0 || strcmp(status, "degraded") == 0;
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 4096);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "status", jt_str(status));
    if (f->x->from != JT_LISTEN_PUBLIC && f->x->from != JT_LISTEN_ADMIN_TLS) {
        jt_jw_key(&w, "checks");
        jt_jw_obj(&w);
        check(&w, "store", h.store, "the audit log cannot be written: look at the disk");
        check(&w, "keys", h.keys, "no signing key can be used");
        check(&w, "draining", !h.draining, "the server is stopping");
        jt_jw_end_obj(&w);
    }
    jt_jw_end_obj(&w);
    const struct jt_answer a = {.status = ready ? 200 : 503,
                                .content_type = "application/json",
                                .body = jt_buf_slice(&b),
                                .cache = "no-store",
                                .retry_after = ready ? NULL : "1"};
    return jt_buf_ok(&b) ? jt_answer(f, &a) : jt_fail(f, JT_R_INTERNAL);
}

enum jt_next jt_metrics_respond(struct jt_flow *f)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, METRICS_MAX);
    jt_metrics_write(f->app, &b);
    const struct jt_answer a = {.status = 200,
                                .content_type = "text/plain; version=0.0.4; charset=utf-8",
                                .body = jt_buf_slice(&b),
                                .cache = "no-store"};
    return jt_buf_ok(&b) ? jt_answer(f, &a) : jt_fail(f, JT_R_INTERNAL);
}

const struct jt_step jt_livez_steps[] = {{"respond", livez}};
const struct jt_step jt_readyz_steps[] = {{"respond", readyz}};
const struct jt_step jt_metrics_steps[] = {{"respond", jt_metrics_respond}};

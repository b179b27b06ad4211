/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - jeton check: would the server start with this, and what protects it then.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "../core/base/clock.h"
#include "../core/base/num.h"
#include "../core/json/jw.h"
#include "../server/admin_ca.h"
#include "../server/config/protect.h"
#include "../server/net/tls.h"
#include "configure.h"
#include "out.h"

/* wrong: mode bits that must not be there; loose: those that had better not. */
static void add_private(struct jt_protections *r, const char *name, const char *path, mode_t wrong,
                        mode_t loose)
{
    struct stat st = {0};
    if (stat(path, &st) != 0) {
        bool is_absent = errno == ENOENT;
        jt_protections_add(r, name, is_absent ? JT_PROTECTION_ABSENT : JT_PROTECTION_UNKNOWN,
                           "%s: %s", path,
                           is_absent ? "the first start makes it" : strerrordesc_np(errno));
        return;
    }
    bool is_wrong = (st.st_mode & wrong) != 0;
    bool is_loose = (st.st_mode & loose) != 0;
    jt_protections_add(r, name,
                       is_wrong   ? JT_PROTECTION_WRONG
                       : is_loose ? JT_PROTECTION_OFF
                                  : JT_PROTECTION_ON,
                       "%s has mode %04o%s", path, st.st_mode & 07777,
                       is_wrong || is_loose ? ": others than its owner can use it (chmod go= on it)"
                                            : "");
}

#define SOON_S ((int64_t)14 * 86400)

/* Whether the pair can be used, and for how long: before a reload rather than after it. */
static void add_certificate(struct jt_protections *r, const char *name, struct jt_slice cert,
                            struct jt_slice key)
{
    char why[500] = "";
    char end[JT_RFC3339_SIZE];
    struct jt_tls *tls = NULL;
    /* texts of a configuration have a NUL behind them */
    const struct jt_tls_opts o = {.cert_file = (const char *)cert.p,
                                  .key_file = (const char *)key.p};
    if (jt_tls_new(&o, &tls, why, sizeof why) != JT_OK) {
        jt_protections_add(r, name, JT_PROTECTION_WRONG, "%s", why);
        return;
    }
    int64_t end_s = jt_tls_not_after(tls);
    int64_t left_s = end_s - jt_wall_s(&jt_clock_system);
    jt_tls_free(&tls);
    jt_fmt_rfc3339(end_s, end);
    /* One that has ended is no reason not to start: callers say what is wrong, and keys are needed
     */
    jt_protections_add(r, name, left_s < SOON_S ? JT_PROTECTION_OFF : JT_PROTECTION_ON, "%s %s%s",
                       left_s <= 0 ? "ended at" : "good until", end,
                       left_s < SOON_S ? ": renew it, then reload the server" : "");
}

/* Whose certificates would administer. */
static void add_client_ca(struct jt_protections *r, const struct jt_config *c)
{
    char why[500] = "";
    size_t n = 0;
    JT_AUTO(jt_buf_free) struct jt_buf der = {0};
    if (c->admin_client_ca.n == 0) {
        return;
    }
    const char *file = (const char *)c->admin_client_ca.p;
    if (jt_admin_ca_read(file, &der, &n, why, sizeof why) != JT_OK) {
        jt_protections_add(r, "admin client CA", JT_PROTECTION_WRONG, "%s", why);
        return;
    }
    if (c->nadmin_listen == 0) {
        jt_protections_add(r, "admin client CA", JT_PROTECTION_OFF,
                           "%zu certificate%s in %s; without effect: there is no admin.listen", n,
                           n == 1 ? "" : "s", file);
        return;
    }
    jt_protections_add(r, "admin client CA", JT_PROTECTION_ON,
                       "%zu certificate%s in %s; whoever has one of theirs is an administrator", n,
                       n == 1 ? "" : "s", file);
}

static void add_certificates(struct jt_protections *r, const struct jt_config *c)
{
    if (c->tls_cert.n > 0) {
        add_certificate(r, "certificate", c->tls_cert, c->tls_key);
    }
    if (c->admin_tls_cert.n > 0) {
        add_certificate(r, "admin certificate", c->admin_tls_cert, c->admin_tls_key);
    }
    add_client_ca(r, c);
}

static void add_files(struct jt_protections *r, const struct jt_config *c)
{
    char path[4200];
    int n = c->data.n < 4000 ? (int)c->data.n : 4000;
    if (c->tls_key.n > 0) { /* jt_config_check has looked */
        jt_protections_add(r, "tls key file", JT_PROTECTION_ON, "%.*s is for its owner only",
                           JT_FMT(c->tls_key));
    }
    (void)snprintf(path, sizeof path, "%.*s", n, (const char *)c->data.p);
    add_private(r, "data directory", path, 022, 055);
    (void)snprintf(path, sizeof path, "%.*s/master.key", n, (const char *)c->data.p);
    add_private(r, "master key", path, 077, 0);
}

static bool has_wrong(const struct jt_protections *r)
{
    bool found = false;
    for (size_t i = 0; i < r->n; i++) {
        found = found || r->items[i].state == JT_PROTECTION_WRONG;
    }
    return found;
}

static void put_list(struct jt_jw *w, const char *name, const struct jt_slice *v, size_t n)
{
    jt_jw_key(w, name);
    jt_jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        jt_jw_str(w, v[i]);
    }
    jt_jw_end_arr(w);
}

static void print_json(const struct jt_args *args, const struct jt_config *c,
                       const struct jt_protections *r, const struct jt_config_error *err)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, (size_t)256 * 1024);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kbool(&w, "ok", err == NULL && !has_wrong(r));
    if (err != NULL) {
        jt_jw_kstr(&w, "where", jt_str(err->where));
        jt_jw_kstr(&w, "error", jt_str(err->text));
    } else {
        put_list(&w, "listen", c->listen, c->nlisten);
        put_list(&w, "admin_listen", c->admin_listen, c->nadmin_listen);
        jt_jw_kstr(&w, "issuer", c->issuer);
        jt_jw_kstr(&w, "data", c->data);
        jt_jw_key(&w, "protections");
        jt_jw_arr(&w);
        for (size_t i = 0; i < r->n; i++) {
            jt_jw_obj(&w);
            jt_jw_kstr(&w, "name", jt_str(r->items[i].name));
            jt_jw_kstr(&w, "state", jt_str(jt_protection_name(r->items[i].state)));
            jt_jw_kstr(&w, "detail", jt_str(r->items[i].detail));
            jt_jw_end_obj(&w);
        }
        jt_jw_end_arr(&w);
    }
    jt_jw_end_obj(&w);
    jt_out_json(args->output, jt_buf_slice(&b));
}

static void print_report(const struct jt_args *args, const struct jt_config *c,
                         const struct jt_protections *r)
{
    const char *file = jt_args_get(args, "config");
    JT_AUTO(jt_buf_free) struct jt_buf line;
    jt_buf_init(&line, 8192);
    jt_card("configuration", jt_str(file == NULL ? "defaults and environment" : file));
    jt_card("issuer", c->issuer.n > 0 ? c->issuer : JT_LIT("made from the first address"));
    for (size_t i = 0; i < c->nlisten; i++) {
        jt_card(i == 0 ? "listen" : NULL, c->listen[i]);
    }
    for (size_t i = 0; i < c->nadmin_listen; i++) {
        jt_card(i == 0 ? "admin.listen" : NULL, c->admin_listen[i]);
    }
    (void)printf("\nProtections\n");
    for (size_t i = 0; i < r->n; i++) {
        const struct jt_protection *p = &r->items[i];
        jt_buf_reset(&line);
        jt_buf_printf(&line, "%-8s %s", jt_protection_name(p->state), p->detail);
        jt_card(p->name, jt_buf_slice(&line));
    }
}

static enum jt_exit verdict(const struct jt_protections *r)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->items[i].state == JT_PROTECTION_WRONG) {
            return jt_say_fail(JT_EXIT_USAGE, "%s", r->items[i].detail);
        }
    }
    return JT_EXIT_DONE;
}

enum jt_exit jt_cmd_check(const struct jt_args *args)
{
    JT_AUTO(jt_config_free) struct jt_config c;
    jt_config_init(&c);
    struct jt_config_error err = {0};
    static struct jt_protections report; /* too large for the stack */
    if (jt_config_load(&c, jt_args_get(args, "config"), &err) != JT_OK ||
        jt_config_check(&c, &err) != JT_OK) {
        jt_say_config_error(&err);
        if (args->output != JT_OUT_TABLE) {
            print_json(args, &c, &report, &err);
        }
        return JT_EXIT_USAGE;
    }
    jt_protections_of(&c, &report);
    add_certificates(&report, &c);
    add_files(&report, &c);
    if (args->output == JT_OUT_TABLE) {
        print_report(args, &c, &report);
    } else {
        print_json(args, &c, &report, NULL);
    }
    return verdict(&report);
}

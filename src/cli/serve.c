/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.c - jeton serve and jeton dev: make a configuration, hand it to boot.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../core/http/uri.h"
#include "../server/boot.h"
#include "../server/config/env.h"
#include "configure.h"

/* At the start and at each SIGHUP. ctx: the arguments. */
static enum jt_err load_serve(void *ctx, struct jt_config *c, struct jt_config_error *err)
{
    const struct jt_args *args = ctx;
    static const struct {
        const char *flag, *key;
    } rows[] = {{"data", "server.data"},
                {"listen", "server.listen"},
                {"issuer", "server.issuer"},
                {"tls-cert", "server.tls_cert"},
                {"tls-key", "server.tls_key"}};
    JT_TRY(jt_config_load(c, jt_args_get(args, "config"), err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        JT_TRY(jt_configure_flag(c, args, rows[i].flag, rows[i].key, err));
    }
    return jt_config_check(c, err);
}

/* JETON_DATA tells commands where a server is, and does not move the server itself. */
static void warn_of_data(const struct jt_config *c)
{
    const char *data = jt_env("JETON_DATA");
    if (data != NULL && c->origin[JT_OPT_server_data].from == JT_FROM_DEFAULT &&
        !jt_slice_eq(jt_str(data), c->data)) {
        jt_say_hint("JETON_DATA (%s) is for the commands; this server uses %.*s: say --data, "
                    "server.data or JETON_SERVER_DATA",
                    data, JT_FMT(c->data));
    }
}

/* jt_boot_run returns the codes of the contract, which are ours. */
static enum jt_exit boot(const struct jt_boot *how, struct jt_config *c)
{
    struct jt_config_error err = {0};
    enum jt_err e = how->load(how->ctx, c, &err);
    if (e != JT_OK) {
        jt_say_config_error(&err);
        return e == JT_E_NOMEM ? JT_EXIT_FAILED : JT_EXIT_USAGE;
    }
    if (how->dev == NULL) {
        warn_of_data(c);
    }
    int code = jt_boot_run(c, how);
    return (enum jt_exit)code;
}

enum jt_exit jt_cmd_serve(const struct jt_args *args)
{
    JT_AUTO(jt_config_free) struct jt_config c;
    jt_config_init(&c);
    const struct jt_boot how = {.load = load_serve, .ctx = (void *)(uintptr_t)args};
    return boot(&how, &c);
}

/* A dev server's arguments, and the directory made for it, if there is one. */
struct dev_start {
    const struct jt_args *args;
    char temporary[200];
};

static enum jt_err only_loopback(const struct jt_config *c, struct jt_config_error *err)
{
    for (size_t i = 0; i < c->nlisten + c->nadmin_listen; i++) {
        struct jt_slice host = {0};
        uint16_t port = 0;
        struct jt_slice at = i < c->nlisten ? c->listen[i] : c->admin_listen[i - c->nlisten];
        if (jt_hostport_read(at, &host, &port) != JT_OK || !jt_host_is_loopback(host)) {
            (void)snprintf(err->text, sizeof err->text,
                           "jeton dev listens on loopback only, not on %.*s; jeton serve is for "
                           "the network",
                           JT_FMT(at));
            return JT_E_PERM;
        }
    }
    return JT_OK;
}

/* The environment may tune a dev server, but not make it public, nor point it at data that
 * somebody needs: data, certificate and issuer are its own. */
static enum jt_err load_dev(void *ctx, struct jt_config *c, struct jt_config_error *err)
{
    static const struct {
        const char *key, *value;
    } own[] = {{"server.tls_cert", ""}, {"server.tls_key", ""}, {"server.issuer", ""}};
    const struct dev_start *dev = ctx;
    JT_TRY(jt_config_load(c, NULL, err));
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        JT_TRY(jt_config_set(c, own[i].key, jt_str(own[i].value), "jeton dev", err));
    }
    JT_TRY(jt_configure_flag(c, dev->args, "listen", "server.listen", err));
    JT_TRY(jt_configure_flag(c, dev->args, "data", "server.data", err));
    if (dev->temporary[0] != '\0') {
        JT_TRY(jt_config_set(c, "server.data", jt_str(dev->temporary), "TMPDIR", err));
    }
    return only_loopback(c, err);
}

static enum jt_exit make_temporary(struct dev_start *dev)
{
    const char *tmp = jt_env("TMPDIR");
    int n = snprintf(dev->temporary, sizeof dev->temporary, "%s/jeton-dev-XXXXXX",
                     tmp == NULL ? "/tmp" : tmp);
    if (n < 0 || (size_t)n >= sizeof dev->temporary) {
        return jt_say_fail(JT_EXIT_USAGE, "TMPDIR is too long; give --data DIR");
    }
    if (mkdtemp(dev->temporary) == NULL) {
        return jt_say_fail(JT_EXIT_FAILED, "cannot make a temporary directory %s: %s",
                           dev->temporary, strerrordesc_np(errno));
    }
    return JT_EXIT_DONE;
}

enum jt_exit jt_cmd_dev(const struct jt_args *args)
{
    JT_AUTO(jt_config_free) struct jt_config c;
    jt_config_init(&c);
    struct dev_start start = {.args = args};
    const struct jt_boot_dev dev = {.json = args->output != JT_OUT_TABLE,
                                    .temporary = !jt_args_has(args, "data")};
    const struct jt_boot how = {.dev = &dev, .load = load_dev, .ctx = &start};
    struct jt_config probe;
    struct jt_config_error err = {0};
    jt_config_init(&probe); /* what is wrong is said before a directory is made */
    enum jt_err e = load_dev(&start, &probe, &err);
    jt_config_free(&probe);
    if (e != JT_OK) {
        jt_say_config_error(&err);
        return JT_EXIT_USAGE;
    }
    enum jt_exit code = dev.temporary ? make_temporary(&start) : JT_EXIT_DONE;
    return code == JT_EXIT_DONE ? boot(&how, &c) : code;
}

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

static enum jt_exit boot(const struct jt_config *c, const struct jt_boot_dev *dev)
{
    /* boot returns the codes of the contract, which are ours. */
    int code = jt_boot_run(c, dev);
    return (enum jt_exit)code;
}

static enum jt_exit serve(const struct jt_args *args, struct jt_config *c)
{
    static const struct {
        const char *flag, *key;
    } rows[] = {{"data", "server.data"},
                {"listen", "server.listen"},
                {"issuer", "server.issuer"},
                {"tls-cert", "server.tls_cert"},
                {"tls-key", "server.tls_key"}};
    struct jt_config_error err = {0};
    if (jt_config_load(c, jt_args_get(args, "config"), &err) != JT_OK) {
        jt_say_config_error(&err);
        return JT_EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (jt_configure_flag(c, args, rows[i].flag, rows[i].key) != JT_EXIT_DONE) {
            return JT_EXIT_USAGE;
        }
    }
    if (jt_config_check(c, &err) != JT_OK) {
        jt_say_config_error(&err);
        return JT_EXIT_USAGE;
    }
    return boot(c, NULL);
}

enum jt_exit jt_cmd_serve(const struct jt_args *args)
{
    JT_AUTO(jt_config_free) struct jt_config c;
    jt_config_init(&c);
    return serve(args, &c);
}

/* The environment may tune a dev server, but not make it public, nor point it at data that
 * somebody needs: data, certificate and issuer are its own. */
static enum jt_exit configure_dev(const struct jt_args *args, struct jt_config *c)
{
    static const struct {
        const char *key, *value;
    } own[] = {{"server.tls_cert", ""}, {"server.tls_key", ""}, {"server.issuer", ""}};
    struct jt_config_error err = {0};
    enum jt_err e = jt_config_load(c, NULL, &err);
    for (size_t i = 0; e == JT_OK && i < sizeof own / sizeof own[0]; i++) {
        e = jt_config_set(c, own[i].key, jt_str(own[i].value), "jeton dev", &err);
    }
    if (e != JT_OK) {
        jt_say_config_error(&err);
        return JT_EXIT_USAGE;
    }
    if (jt_configure_flag(c, args, "listen", "server.listen") != JT_EXIT_DONE ||
        jt_configure_flag(c, args, "data", "server.data") != JT_EXIT_DONE) {
        return JT_EXIT_USAGE;
    }
    for (size_t i = 0; i < c->nlisten; i++) {
        struct jt_slice host = {0};
        uint16_t port = 0;
        if (jt_hostport_read(c->listen[i], &host, &port) != JT_OK || !jt_host_is_loopback(host)) {
            return jt_say_fail(JT_EXIT_USAGE,
                               "jeton dev listens on loopback only, not on %.*s; jeton serve is "
                               "for the network",
                               JT_FMT(c->listen[i]));
        }
    }
    return JT_EXIT_DONE;
}

static enum jt_exit temporary_data(struct jt_config *c)
{
    char dir[200];
    const char *tmp = jt_env("TMPDIR");
    int n = snprintf(dir, sizeof dir, "%s/jeton-dev-XXXXXX", tmp == NULL ? "/tmp" : tmp);
    if (n < 0 || (size_t)n >= sizeof dir) {
        return jt_say_fail(JT_EXIT_USAGE, "TMPDIR is too long; give --data DIR");
    }
    if (mkdtemp(dir) == NULL) {
        return jt_say_fail(JT_EXIT_FAILED, "cannot make a temporary directory %s: %s", dir,
                           strerrordesc_np(errno));
    }
    struct jt_config_error err = {0};
    if (jt_config_set(c, "server.data", jt_str(dir), "TMPDIR", &err) != JT_OK) {
        jt_say_config_error(&err);
        return JT_EXIT_USAGE;
    }
    return JT_EXIT_DONE;
}

enum jt_exit jt_cmd_dev(const struct jt_args *args)
{
    JT_AUTO(jt_config_free) struct jt_config c;
    jt_config_init(&c);
    struct jt_boot_dev dev = {.json = args->output != JT_OUT_TABLE,
                              .temporary = !jt_args_has(args, "data")};
    enum jt_exit code = configure_dev(args, &c);
    if (code == JT_EXIT_DONE && dev.temporary) {
        code = temporary_data(&c);
    }
    return code == JT_EXIT_DONE ? boot(&c, &dev) : code;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_config.c - the configuration as `jeton check` reads it: the file, the environment and the
 * flags over it, what only makes sense together, and the protections that follow. Lines that begin
 * with "JETON_" are variables, those with "--" flags, such as "--server.listen 127.0.0.1:1"; all
 * others are the file.
 */
#include <stdio.h>
#include <unistd.h>

#include "core/http/name.h"
#include "core/http/uri.h"
#include "fuzz.h"
#include "server/config/env.h"
#include "server/config/protect.h"
#include "server/config/yaml.h"

#define FILE_NAME "jeton.yaml"
#define LINES_MAX 64

/* A complaint is text that a terminal can be shown, with a place when it is of the file. */
static void check_error(const struct jt_config_error *err, bool is_file)
{
    JT_ASSERT(err->text[0] != '\0');
    JT_ASSERT(!is_file || strncmp(err->where, FILE_NAME, strlen(FILE_NAME)) == 0);
    for (const char *p = err->text; *p != '\0'; p++) {
        JT_ASSERT((unsigned char)*p >= 0x20 && *p != 0x7f);
    }
}

static bool same(const struct jt_config *a, const struct jt_config *b)
{
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        if (!jt_option_same(&jt_options[i], a, b)) {
            return false;
        }
    }
    return true;
}

static void check_slice(struct jt_slice s)
{
    JT_ASSERT(s.n == 0 || (s.p[s.n] == '\0' && memchr(s.p, 0, s.n) == NULL));
    JT_ASSERT(jt_utf8_ok(s));
}

/* What every configuration is that was read, whether it makes sense or not. */
static void check_values(const struct jt_config *c)
{
    JT_ASSERT(c->nlisten > 0 && c->nlisten <= JT_LISTEN_MAX && c->ntrusted <= JT_PROXIES_MAX);
    for (size_t i = 0; i < c->nlisten; i++) {
        struct jt_slice host = {0};
        uint16_t port = 0;
        check_slice(c->listen[i]);
        JT_ASSERT(jt_hostport_read(c->listen[i], &host, &port) == JT_OK);
    }
    check_slice(c->issuer);
    check_slice(c->tls_cert);
    check_slice(c->tls_key);
    check_slice(c->data);
    check_slice(c->environment);
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        const struct jt_option *o = &jt_options[i];
        const int64_t *n = (const int64_t *)(const void *)((const char *)c + o->offset);
        bool is_number = o->type == JT_OPTION_COUNT || o->type == JT_OPTION_DURATION;
        JT_ASSERT(!is_number || (*n >= o->lowest && *n <= o->highest));
    }
}

/* What may start. */
static void check_whole(const struct jt_config *c)
{
    struct jt_protections p = {.n = 0};
    struct jt_slice host = {0};
    uint16_t port = 0;
    JT_ASSERT(c->token_lifetime_s <= c->token_max_lifetime_s && c->data.n > 0);
    JT_ASSERT(c->publish_wait_s >= 2 * c->jwks_max_age_s);
    JT_ASSERT((c->tls_cert.n == 0) == (c->tls_key.n == 0));
    for (size_t i = 0; i < c->nlisten; i++) {
        JT_ASSERT(jt_hostport_read(c->listen[i], &host, &port) == JT_OK);
        JT_ASSERT(c->tls_cert.n > 0 || c->ntrusted > 0 || jt_host_is_loopback(host));
    }
    JT_ASSERT(c->nadmin_listen == 0 || c->tls_cert.n > 0 || c->admin_tls_cert.n > 0);
    JT_ASSERT(c->nadmin_listen <= JT_LISTEN_MAX);
    jt_protections_of(c, &p);
    JT_ASSERT(p.n > 0 && p.n <= JT_PROTECTIONS_MAX);
    for (size_t i = 0; i < p.n; i++) {
        JT_ASSERT(p.items[i].detail[0] != '\0' && strlen(p.items[i].detail) < 500);
    }
}

/* The value of each key as a flag over the defaults gives the same configuration: a value means
 * the same wherever it is written. */
static void check_flags(const struct jt_config *c)
{
    struct jt_config again;
    struct jt_config_error err = {0};
    jt_config_init(&again);
    for (size_t i = 0; i < c->nlisten; i++) {
        JT_ASSERT(jt_config_set(&again, "server.listen", c->listen[i], "--", &err) == JT_OK);
    }
    for (size_t i = 0; i < c->nadmin_listen; i++) {
        JT_ASSERT(jt_config_set(&again, "admin.listen", c->admin_listen[i], "--", &err) == JT_OK);
    }
    for (size_t i = 0; i < c->ntrusted; i++) {
        char text[JT_NET_TEXT];
        jt_net_text(&c->trusted[i], text);
        JT_ASSERT(jt_config_set(&again, "server.trusted_proxies", jt_str(text), "--", &err) ==
                  JT_OK);
    }
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        const struct jt_option *o = &jt_options[i];
        const char *field = (const char *)c + o->offset;
        char text[32];
        if (o->type == JT_OPTION_TEXT || o->type == JT_OPTION_ISSUER ||
            o->type == JT_OPTION_ADDRESS) {
            JT_ASSERT(jt_config_set(&again, o->name, *(const struct jt_slice *)(const void *)field,
                                    "--", &err) == JT_OK);
        } else if (o->type == JT_OPTION_COUNT || o->type == JT_OPTION_DURATION ||
                   o->type == JT_OPTION_SIZE) {
            (void)snprintf(text, sizeof text, "%lld",
                           (long long)*(const int64_t *)(const void *)field);
            JT_ASSERT(jt_config_set(&again, o->name, jt_str(text), "--", &err) == JT_OK);
        } else {
            continue;
        }
        JT_ASSERT(jt_option_same(o, c, &again));
    }
    jt_config_free(&again);
}

/* "--NAME VALUE": false when it is refused. */
static bool set_flag(struct jt_config *c, struct jt_slice line)
{
    struct jt_config_error err = {0};
    char name[64];
    size_t k = jt_slice_find(line, ' ');
    (void)snprintf(name, sizeof name, "%.*s", (int)(k - 2 < 60 ? k - 2 : 60),
                   (const char *)line.p + 2);
    if (jt_option_find(name) == NULL) {
        return true; /* the command line has refused it */
    }
    if (jt_config_set(c, name, jt_slice_from(line, k + 1), "--flag", &err) != JT_OK) {
        check_error(&err, false);
        return false;
    }
    return true;
}

/* The input by the kind of its lines. */
struct sources {
    struct jt_arena arena;
    struct jt_buf file;
    char *variables[LINES_MAX + 1];
    struct jt_slice flags[LINES_MAX];
    size_t nvariables, nflags;
};

static void sort_lines(struct sources *s, struct jt_slice in)
{
    while (in.n > 0) {
        size_t k = jt_slice_find(in, '\n');
        struct jt_slice line = jt_slice(in.p, k);
        bool has_nul = memchr(line.p, 0, line.n) != NULL;
        if (jt_slice_starts(line, JT_LIT("--"))) {
            if (!has_nul && s->nflags < LINES_MAX) {
                s->flags[s->nflags++] = line;
            }
        } else if (jt_slice_starts(line, JT_LIT("JETON_"))) {
            char *text = jt_arena_strz(&s->arena, line);
            if (!has_nul && text != NULL && s->nvariables < LINES_MAX) {
                s->variables[s->nvariables++] = text;
            }
        } else {
            jt_buf_put(&s->file, jt_slice(in.p, k < in.n ? k + 1 : k));
        }
        in = jt_slice_from(in, k + 1);
    }
}

static bool read_environment(struct jt_config *c, struct sources *s)
{
    struct jt_config_error err = {0};
    char **real = environ;
    environ = s->variables;
    enum jt_err e = jt_env_read(c, &err);
    environ = real;
    if (e != JT_OK) {
        check_error(&err, false);
        JT_ASSERT(err.where[0] != '\0');
    }
    return e == JT_OK;
}

/* In the order of precedence. */
static bool read_all(struct jt_config *c, struct sources *s)
{
    struct jt_config_error err = {0};
    if (jt_yaml_read(c, FILE_NAME, jt_buf_slice(&s->file), &err) != JT_OK) {
        check_error(&err, true);
        return false;
    }
    if (!read_environment(c, s)) {
        return false;
    }
    for (size_t i = 0; i < s->nflags; i++) {
        if (!set_flag(c, s->flags[i])) {
            return false;
        }
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_config c;
    struct jt_config twice;
    struct jt_config_error err = {0};
    struct sources s = {.nflags = 0};
    jt_arena_init(&s.arena, 1u << 20);
    jt_buf_init(&s.file, JT_CONFIG_FILE_MAX);
    sort_lines(&s, jt_slice(data, size));
    jt_config_init(&c);
    if (read_all(&c, &s)) {
        check_values(&c);
        check_flags(&c);
        if (jt_config_check(&c, &err) == JT_OK) {
            check_whole(&c);
        } else {
            check_error(&err, false);
        }
        jt_config_init(&twice);
        JT_ASSERT(read_all(&twice, &s) && same(&c, &twice));
        jt_config_free(&twice);
    }
    jt_config_free(&c);
    jt_buf_free(&s.file);
    jt_arena_free(&s.arena);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "env.h"

#include <stdlib.h>
#include <unistd.h>

#include "suggest.h"

const char *jt_env(const char *name)
{
    /* secure_getenv: nothing when the program runs with more rights than its caller. */
    const char *v = secure_getenv(name);
    return v == NULL || v[0] == '\0' ? NULL : v;
}

/* How many bytes of a key's variable its section takes: "JETON_SERVER_". */
static size_t prefix_of(const struct jt_option *o)
{
    return strlen("JETON_") + strlen(o->section) + 1;
}

static bool is_ours(struct jt_slice name)
{
    /* What `jeton exec` gives its child: a server may be such a child. */
    if (jt_slice_eq(name, JT_LIT("JETON_TOKEN_FILE"))) {
        return false;
    }
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        char known[JT_OPTION_ENV_SIZE];
        jt_option_env(&jt_options[i], known);
        if (jt_slice_starts(name, jt_slice(known, prefix_of(&jt_options[i])))) {
            return true;
        }
    }
    return false;
}

/* Keys of the same section are compared, without the long part that all names share. */
static enum jt_err unknown(struct jt_slice name, struct jt_config_error *err)
{
    char all[JT_OPTION_N][JT_OPTION_ENV_SIZE];
    struct jt_suggest s = jt_suggest(jt_slice(NULL, 0));
    struct jt_slice shown = jt_shown(name);
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        jt_option_env(&jt_options[i], all[i]);
        size_t prefix = prefix_of(&jt_options[i]);
        if (jt_slice_starts(name, jt_slice(all[i], prefix))) {
            s.word = jt_slice_from(name, prefix);
            jt_suggest_offer(&s, jt_str(all[i] + prefix));
        }
    }
    if (jt_suggest_found(&s)) {
        return jt_config_fail(err, JT_E_SYNTAX, "environment",
                              "unknown variable %.*s (did you mean %.*s%.*s?)", JT_FMT(shown),
                              (int)(name.n - s.word.n), (const char *)name.p, JT_FMT(s.best));
    }
    return jt_config_fail(err, JT_E_SYNTAX, "environment", "unknown variable %.*s", JT_FMT(shown));
}

static enum jt_err set(struct jt_config *c, const struct jt_option *o, const char *name,
                       struct jt_slice value, struct jt_config_error *err)
{
    struct jt_option_source source = {JT_FROM_ENV, name};
    if (!jt_option_is_list(o)) {
        return jt_option_set(c, o, value, source, err);
    }
    for (;;) {
        size_t k = jt_slice_find(value, ',');
        JT_TRY(jt_option_set(c, o, jt_slice_trim(jt_slice(value.p, k)), source, err));
        if (k == value.n) {
            return JT_OK;
        }
        value = jt_slice_from(value, k + 1);
    }
}

static enum jt_err read_one(struct jt_config *c, struct jt_slice name, struct jt_slice value,
                            struct jt_config_error *err)
{
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        char known[JT_OPTION_ENV_SIZE];
        jt_option_env(&jt_options[i], known);
        if (jt_slice_eq(name, jt_str(known))) {
            return value.n == 0 ? JT_OK : set(c, &jt_options[i], known, value, err);
        }
    }
    return unknown(name, err);
}

enum jt_err jt_env_read(struct jt_config *c, struct jt_config_error *err)
{
    for (char *const *e = environ; e != NULL && *e != NULL; e++) {
        struct jt_slice line = jt_str(*e);
        size_t k = jt_slice_find(line, '=');
        struct jt_slice name = jt_slice(line.p, k);
        if (is_ours(name)) {
            JT_TRY(read_one(c, name, jt_slice_from(line, k + 1), err));
        }
    }
    return JT_OK;
}

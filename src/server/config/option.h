/* SPDX-License-Identifier: Apache-2.0 */
/*
 * option.h - the rows of option.def as data, and how a text becomes a value.
 *
 * One call, jt_option_set, is behind file, environment and flags, so that a value means the same
 * wherever it is written.
 * Threads: the table is constant; a struct jt_config has one owner while it is made.
 */
#ifndef JT_CONFIG_OPTION_H
#define JT_CONFIG_OPTION_H

#include "config.h"

enum jt_option_type {
    JT_OPTION_TEXT,     /* struct jt_slice */
    JT_OPTION_ISSUER,   /* struct jt_slice */
    JT_OPTION_LISTEN,   /* struct jt_slice[JT_LISTEN_MAX], with its count */
    JT_OPTION_NETS,     /* struct jt_net[JT_PROXIES_MAX], with its count */
    JT_OPTION_ADDRESS,  /* struct jt_slice; may be empty */
    JT_OPTION_COUNT,    /* int64_t */
    JT_OPTION_DURATION, /* int64_t, seconds */
    JT_OPTION_SIZE,     /* uint64_t, bytes */
    JT_OPTION_CHOICE,   /* bool: the second of two words */
    JT_OPTION_ALG,      /* enum jt_alg */
    JT_OPTION_LEVEL,    /* int, as in syslog(3) */
    JT_OPTION_HEADER,   /* enum jt_cert_header */
    JT_OPTION_FORMAT,   /* bool: is JSON */
};

struct jt_option {
    const char *section, *key; /* "server", "listen" */
    const char *name;          /* "server.listen" */
    enum jt_option_type type;
    size_t offset; /* of the field in struct jt_config */
    int64_t lowest, highest;
    const char *choices;
    const char *fallback;
    bool live; /* SIGHUP takes a new value over */
    const char *doc;
};

enum { JT_OPTION_START = 0, JT_OPTION_LIVE };

enum jt_option_index {
#define X(section, key, type, field, lo, hi, choices, fallback, when, doc) JT_OPT_##section##_##key,
#include "option.def"
#undef X
    JT_OPTION_N
};

extern const struct jt_option jt_options[JT_OPTION_N];

/* NULL when there is no such key. */
const struct jt_option *jt_option_find(const char *name);
/* True when a key of this section exists. */
bool jt_option_section(const char *section);
static inline bool jt_option_is_list(const struct jt_option *o)
{
    return o->type == JT_OPTION_LISTEN || o->type == JT_OPTION_NETS;
}

/* How many values a list has: the field beside it. NULL: it is none. */
size_t *jt_option_count(struct jt_config *c, const struct jt_option *o);

/* Do both have the same value for it? */
bool jt_option_same(const struct jt_option *o, const struct jt_config *a,
                    const struct jt_config *b);

#define JT_OPTION_ENV_SIZE 64
/* "JETON_SERVER_ISSUER", NUL-terminated. */
void jt_option_env(const struct jt_option *o, char out[static JT_OPTION_ENV_SIZE]);

/*
 * Sets one value, or adds one item to a list (the first from a source of higher precedence
 * replaces it). Text is copied, except for defaults. JT_E_SYNTAX, JT_E_RANGE, JT_E_LIMIT,
 * JT_E_NOMEM with *err; c is unchanged then.
 */
struct jt_option_source {
    enum jt_config_from from;
    const char *where;
};
JT_MUST enum jt_err jt_option_set(struct jt_config *c, const struct jt_option *o,
                                  struct jt_slice value, struct jt_option_source source,
                                  struct jt_config_error *err);

/* Fills *err and returns e. Control characters in the text are replaced by "?". */
enum jt_err jt_config_fail(struct jt_config_error *err, enum jt_err e, const char *where,
                           const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* "%.*s" of the first bytes of a value: enough to recognise it. */
#define JT_SHOWN_MAX 80
static inline struct jt_slice jt_shown(struct jt_slice s)
{
    return s.n > JT_SHOWN_MAX ? jt_slice(s.p, JT_SHOWN_MAX) : s;
}

#endif

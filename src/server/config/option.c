/* SPDX-License-Identifier: Apache-2.0 */
#include "option.h"

#include <stdarg.h>
#include <stdio.h>

#include "value.h"

/* The field of a row must have the C type that its reader writes. */
#define CTYPE_TEXT struct jt_slice
#define CTYPE_ISSUER struct jt_slice
#define CTYPE_LISTEN struct jt_slice *
#define CTYPE_NETS struct jt_net *
#define CTYPE_ADDRESS struct jt_slice
#define CTYPE_COUNT int64_t
#define CTYPE_DURATION int64_t
#define CTYPE_SIZE uint64_t
#define CTYPE_CHOICE bool
#define CTYPE_ALG enum jt_alg
#define CTYPE_LEVEL int
#define CTYPE_FORMAT bool
#define CTYPE_HEADER enum jt_cert_header
#define X(section, key, type, field, lo, hi, choices, fallback, when, doc)                         \
    _Static_assert(_Generic(((struct jt_config *)0)->field, CTYPE_##type : 1, default : 0),        \
                   #section "." #key " and " #field " differ in type");
#include "option.def"
#undef X
_Static_assert(JT_OPTION_N <= JT_CONFIG_KEYS_MAX, "more keys than origins");

const struct jt_option jt_options[JT_OPTION_N] = {
#define X(section, key, type, field, lo, hi, choices, fallback, when, doc)                         \
    {#section, #key, #section "." #key, JT_OPTION_##type, offsetof(struct jt_config, field),       \
     lo,       hi,   choices,           fallback,         JT_OPTION_##when == JT_OPTION_LIVE,      \
     doc},
#include "option.def"
#undef X
};

const struct jt_option *jt_option_find(const char *name)
{
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        if (strcmp(jt_options[i].name, name) == 0) {
            return &jt_options[i];
        }
    }
    return NULL;
}

bool jt_option_section(const char *section)
{
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        if (strcmp(jt_options[i].section, section) == 0) {
            return true;
        }
    }
    return false;
}

void jt_option_env(const struct jt_option *o, char out[static JT_OPTION_ENV_SIZE])
{
    (void)snprintf(out, JT_OPTION_ENV_SIZE, "JETON_%s_%s", o->section, o->key);
    for (char *p = out; *p != '\0'; p++) {
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
}

enum jt_err jt_config_fail(struct jt_config_error *err, enum jt_err e, const char *where,
                           const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    (void)snprintf(err->where, sizeof err->where, "%s", where);
    for (char *p = err->text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            *p = '?';
        }
    }
    return e;
}

static enum jt_err keep(struct jt_config *c, struct jt_slice value, struct jt_slice *out)
{
    /* With a NUL behind it, so that file names can be handed to the system as they are. */
    char *z = jt_arena_strz(&c->arena, value);
    if (z == NULL) {
        return JT_E_NOMEM;
    }
    *out = jt_slice(z, value.n);
    return JT_OK;
}

size_t *jt_option_count(struct jt_config *c, const struct jt_option *o)
{
    static const struct {
        size_t list, count;
    } rows[] = {
        {offsetof(struct jt_config, listen), offsetof(struct jt_config, nlisten)},
        {offsetof(struct jt_config, admin_listen), offsetof(struct jt_config, nadmin_listen)},
        {offsetof(struct jt_config, trusted), offsetof(struct jt_config, ntrusted)},
        {offsetof(struct jt_config, allowed), offsetof(struct jt_config, nallowed)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].list == o->offset) {
            return (size_t *)(void *)((char *)c + rows[i].count);
        }
    }
    JT_ASSERT(!jt_option_is_list(o));
    return NULL;
}

static size_t count_in(const struct jt_config *c, const struct jt_option *o)
{
    return *jt_option_count((struct jt_config *)(uintptr_t)c, o);
}

enum jt_err jt_option_set(struct jt_config *c, const struct jt_option *o, struct jt_slice value,
                          struct jt_option_source source, struct jt_config_error *err)
{
    size_t i = (size_t)(o - jt_options);
    struct jt_slice where = jt_str(source.where);
    if (source.from != JT_FROM_DEFAULT &&
        (keep(c, value, &value) != JT_OK || keep(c, where, &where) != JT_OK)) {
        return jt_config_fail(err, JT_E_NOMEM, source.where, "out of memory");
    }
    size_t *count = jt_option_count(c, o);
    size_t before = count != NULL ? *count : 0;
    if (count != NULL && source.from != c->origin[i].from) {
        *count = 0;
    }
    enum jt_err e = jt_value_read(o, value, c, source.where, err);
    if (e != JT_OK) {
        if (count != NULL) {
            *count = before;
        }
        return e;
    }
    c->origin[i].from = source.from;
    c->origin[i].where = (const char *)where.p;
    return JT_OK;
}

static bool same_nets(const struct jt_net *a, const struct jt_net *b, size_t n)
{
    bool same = true;
    for (size_t i = 0; same && i < n; i++) {
        same = a[i].bits == b[i].bits && memcmp(a[i].a.b, b[i].a.b, sizeof a[i].a.b) == 0;
    }
    return same;
}

static bool same_texts(const struct jt_slice *a, const struct jt_slice *b, size_t n)
{
    bool same = true;
    for (size_t i = 0; same && i < n; i++) {
        same = jt_slice_eq(a[i], b[i]);
    }
    return same;
}

bool jt_option_same(const struct jt_option *o, const struct jt_config *a, const struct jt_config *b)
{
    const char *x = (const char *)a + o->offset;
    const char *y = (const char *)b + o->offset;
    size_t n = 0;
    switch (o->type) {
    case JT_OPTION_TEXT:
    case JT_OPTION_ISSUER:
    case JT_OPTION_ADDRESS:
        return jt_slice_eq(*(const struct jt_slice *)(const void *)x,
                           *(const struct jt_slice *)(const void *)y);
    case JT_OPTION_LISTEN:
        n = count_in(a, o);
        return n == count_in(b, o) && same_texts((const struct jt_slice *)(const void *)x,
                                                 (const struct jt_slice *)(const void *)y, n);
    case JT_OPTION_NETS:
        n = count_in(a, o);
        return n == count_in(b, o) && same_nets((const struct jt_net *)(const void *)x,
                                                (const struct jt_net *)(const void *)y, n);
    case JT_OPTION_COUNT:
    case JT_OPTION_DURATION:
    case JT_OPTION_SIZE:
        n = sizeof(int64_t);
        break;
    case JT_OPTION_ALG:
        n = sizeof(enum jt_alg);
        break;
    case JT_OPTION_HEADER:
        n = sizeof(enum jt_cert_header);
        break;
    case JT_OPTION_LEVEL:
        n = sizeof(int);
        break;
    case JT_OPTION_CHOICE:
    case JT_OPTION_FORMAT:
        n = sizeof(bool);
        break;
    }
    return memcmp(x, y, n) == 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource_body.c - the members of a resource, read.
 */
#include <stdio.h>

#include "../../core/http/name.h"
#include "../../core/jose/alg.h"
#include "admin.h"

static bool read_scope(struct jt_flow *f, const struct jt_jval *v, size_t i, struct jt_scope *out)
{
    static const char *const names[] = {"name", "text", NULL};
    char pointer[64];
    (void)snprintf(pointer, sizeof pointer, "/scopes/%zu", i);
    if (jt_jval_type(v) != JT_JOBJECT || !jt_admin_text(f, v, "name", &out->name) ||
        !jt_admin_text(f, v, "text", &out->text)) {
        return jt_admin_bad(f, pointer, "a scope is an object with the strings name and text");
    }
    if (!jt_admin_known(f, v, pointer, names)) {
        return false;
    }
    if (!jt_scope_name_ok(out->name)) {
        return jt_admin_bad(f, pointer,
                            "a scope name has 1 to 128 visible ASCII characters without quote and "
                            "backslash");
    }
    if (out->text.n > 0 && !jt_display_text_ok(out->text, JT_NAME_BYTES)) {
        return jt_admin_bad(f, pointer, "the text of a scope is at most %d bytes of plain text",
                            JT_NAME_BYTES);
    }
    return true;
}

static bool read_scopes(struct jt_flow *f, const struct jt_jval *list)
{
    struct jt_resource *r = &jt_admin_of(f)->resource;
    size_t n = jt_jval_count(list);
    struct jt_scope *v = NULL;
    if (jt_jval_type(list) != JT_JARRAY || n == 0 || n > JT_SCOPES_MAX ||
        (v = jt_arena_array(&f->x->arena, n, sizeof *v)) == NULL) {
        return jt_admin_bad(f, "/scopes", "scopes is a list of 1 to %d scopes", JT_SCOPES_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        if (!read_scope(f, jt_jarr_at(list, i), i, &v[i])) {
            return false;
        }
        for (size_t k = 0; k < i; k++) {
            if (jt_slice_eq(v[k].name, v[i].name)) {
                return jt_admin_bad(f, "/scopes", "the scope %.*s stands twice", JT_FMT(v[i].name));
            }
        }
    }
    r->scopes = v;
    r->nscopes = n;
    return true;
}

static bool read_introspectors(struct jt_flow *f, const struct jt_jval *list)
{
    struct jt_resource *r = &jt_admin_of(f)->resource;
    size_t n = jt_jval_count(list);
    struct jt_slice *v = NULL;
    if ((jt_jval_type(list) != JT_JARRAY && jt_jval_type(list) != JT_JNULL) || n > JT_SCOPES_MAX ||
        (v = jt_arena_array(&f->x->arena, n + 1, sizeof *v)) == NULL) {
        return jt_admin_bad(f, "/introspect_by", "introspect_by is a list of at most %d client ids",
                            JT_SCOPES_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        char pointer[64];
        struct jt_slice s = {0};
        (void)snprintf(pointer, sizeof pointer, "/introspect_by/%zu", i);
        if (!jt_jval_str(jt_jarr_at(list, i), &s) || !jt_client_id_ok(s) ||
            !jt_arena_copy(&f->x->arena, s, &v[i])) {
            return jt_admin_bad(f, pointer, "introspect_by is a list of client ids");
        }
        for (size_t k = 0; k < i; k++) {
            if (jt_slice_eq(v[k], v[i])) {
                return jt_admin_bad(f, pointer, "the client %.*s stands twice", JT_FMT(v[i]));
            }
        }
    }
    r->introspectors = v;
    r->nintrospectors = n;
    return true;
}

static bool read_alg(struct jt_flow *f, const struct jt_jval *v)
{
    struct jt_resource *r = &jt_admin_of(f)->resource;
    struct jt_slice text = {0};
    r->alg = jt_jval_str(v, &text) ? jt_alg_from_name(text) : JT_ALG_NONE;
    if (r->alg != JT_ALG_NONE) {
        return true;
    }
    JT_AUTO(jt_buf_free) struct jt_buf all;
    jt_buf_init(&all, 256);
    for (size_t i = 0; jt_alg_nth(i) != JT_ALG_NONE; i++) {
        jt_buf_puts(&all, i == 0 ? "" : ", ");
        jt_buf_puts(&all, jt_alg_name(jt_alg_nth(i)));
    }
    return jt_admin_bad(f, "/alg", "alg is one of %.*s", (int)all.n, (const char *)all.p);
}

static bool read_format(struct jt_flow *f, const struct jt_jval *v)
{
    struct jt_slice text = {0};
    bool ok = jt_jval_str(v, &text);
    bool opaque = jt_slice_eq(text, JT_LIT("opaque"));
    jt_admin_of(f)->resource.format = opaque ? JT_FORMAT_OPAQUE : JT_FORMAT_JWT;
    return (ok && (opaque || jt_slice_eq(text, JT_LIT("jwt")))) ||
           jt_admin_bad(f, "/format", "format is jwt or opaque");
}

static bool read_bind(struct jt_flow *f, const struct jt_jval *v)
{
    struct jt_slice text = {0};
    bool ok = jt_jval_str(v, &text);
    bool certificate = jt_slice_eq(text, JT_LIT("certificate"));
    jt_admin_of(f)->resource.bind = certificate ? JT_BIND_CERTIFICATE : JT_BIND_NONE;
    return (ok && (certificate || jt_slice_eq(text, JT_LIT("none")))) ||
           jt_admin_bad(f, "/bind", "bind is none or certificate");
}

static bool read_lifetime(struct jt_flow *f, const struct jt_jval *v)
{
    int64_t *s = &jt_admin_of(f)->resource.lifetime_s;
    int64_t max = f->settings->token_max_lifetime_s;
    return (jt_jval_int(v, s) && *s >= 1 && *s <= max) ||
           jt_admin_bad(f, "/lifetime",
                        "lifetime is a number of seconds from 1 to %lld (token.max_lifetime)",
                        (long long)max);
}

bool jt_resource_read(struct jt_flow *f, const struct jt_jval *root)
{
    static const struct {
        const char *name;
        enum jt_given bit;
        bool (*read)(struct jt_flow *f, const struct jt_jval *v);
    } all[] = {
        {"scopes", JT_GAVE_SCOPES, read_scopes},
        {"introspect_by", JT_GAVE_INTROSPECTORS, read_introspectors},
        {"alg", JT_GAVE_ALG, read_alg},
        {"format", JT_GAVE_FORMAT, read_format},
        {"lifetime", JT_GAVE_LIFETIME, read_lifetime},
        {"bind", JT_GAVE_BIND, read_bind},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        const struct jt_jval *v = jt_jobj_get(root, all[i].name);
        if (v == NULL) {
            continue;
        }
        jt_admin_of(f)->given |= (unsigned)all[i].bit;
        if (!all[i].read(f, v)) {
            return false;
        }
    }
    return true;
}

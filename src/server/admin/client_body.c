/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_body.c - the members of a client, read.
 */
#include <stdio.h>

#include "../../core/http/name.h"
#include "admin.h"

/* Words for behaviour that only some callers need (enum jt_compat). */
static const struct {
    enum jt_compat bit;
    const char *word;
} compats[] = {{JT_COMPAT_CIDAAS_OR, "cidaas-or"},
               {JT_COMPAT_AUD_TOKEN_URL, "aud-token-url"},
               {JT_COMPAT_RS256_ASSERTION, "rs256-assertion"}};

#define COMPATS (sizeof compats / sizeof compats[0])

void jt_client_write_compat(struct jt_jw *w, unsigned compat)
{
    jt_jw_key(w, "compat");
    jt_jw_arr(w);
    for (size_t i = 0; i < COMPATS; i++) {
        if ((compat & (unsigned)compats[i].bit) != 0) {
            jt_jw_str(w, jt_str(compats[i].word));
        }
    }
    jt_jw_end_arr(w);
}

static bool read_word(struct jt_flow *f, const struct jt_jval *v, unsigned *bits)
{
    JT_AUTO(jt_buf_free) struct jt_buf all;
    struct jt_slice word = {0};
    bool text = jt_jval_str(v, &word);
    jt_buf_init(&all, 256);
    for (size_t i = 0; i < COMPATS; i++) {
        if (text && jt_slice_eq(word, jt_str(compats[i].word))) {
            *bits |= (unsigned)compats[i].bit;
            return true;
        }
        jt_buf_puts(&all, i == 0 ? "" : ", ");
        jt_buf_puts(&all, compats[i].word);
    }
    return jt_admin_bad(f, "/compat", "compat is a list of these words: %.*s", (int)all.n,
                        (const char *)all.p);
}

bool jt_client_read_compat(struct jt_flow *f, const struct jt_jval *root)
{
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_jval *list = jt_jobj_get(root, "compat");
    if (list == NULL) {
        return true;
    }
    if (jt_jval_type(list) != JT_JARRAY && jt_jval_type(list) != JT_JNULL) {
        return read_word(f, NULL, &a->client.compat);
    }
    for (size_t i = 0; i < jt_jval_count(list); i++) {
        if (!read_word(f, jt_jarr_at(list, i), &a->client.compat)) {
            return false;
        }
    }
    a->given |= (unsigned)JT_GAVE_COMPAT;
    return true;
}

bool jt_client_read_texts(struct jt_flow *f, const struct jt_jval *root)
{
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_jval *name = jt_jobj_get(root, "name");
    const struct jt_jval *owner = jt_jobj_get(root, "owner");
    if (!jt_admin_read_text(f, root, "name", &a->client.display)) {
        return false;
    }
    if (name != NULL && a->client.display.n == 0) {
        return jt_admin_bad(f, "/name", "name is 1 to %d bytes of plain text", JT_NAME_BYTES);
    }
    if (owner != NULL && jt_jval_type(owner) != JT_JNULL &&
        !jt_admin_read_text(f, root, "owner", &a->client.owner)) {
        return false;
    }
    a->given |= (name != NULL ? (unsigned)JT_GAVE_NAME : 0u) |
                (owner != NULL ? (unsigned)JT_GAVE_OWNER : 0u);
    return true;
}

bool jt_client_read_nets(struct jt_flow *f, const struct jt_jval *root)
{
    struct jt_admin *a = jt_admin_of(f);
    bool given = false;
    bool ok = jt_admin_read_nets(f, root, &a->client.nnets, &a->client.nets, &given);
    a->given |= given ? (unsigned)JT_GAVE_NETWORKS : 0u;
    return ok;
}

static bool read_scopes(struct jt_flow *f, const struct jt_jval *list, const char *pointer,
                        struct jt_client_grant *g)
{
    size_t n = jt_jval_count(list);
    struct jt_slice *v = NULL;
    if (jt_jval_type(list) != JT_JARRAY || n == 0 || n > JT_SCOPES_MAX ||
        (v = jt_arena_array(&f->x->arena, n, sizeof *v)) == NULL) {
        return jt_admin_bad(f, pointer, "a grant has 1 to %d scopes", JT_SCOPES_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        struct jt_slice s = {0};
        if (!jt_jval_str(jt_jarr_at(list, i), &s) || !jt_scope_name_ok(s) ||
            !jt_arena_copy(&f->x->arena, s, &v[i])) {
            return jt_admin_bad(f, pointer, "a grant's scopes are scope names");
        }
        for (size_t k = 0; k < i; k++) {
            if (jt_slice_eq(v[k], v[i])) {
                return jt_admin_bad(f, pointer, "the scope %.*s stands twice", JT_FMT(v[i]));
            }
        }
    }
    g->scopes = v;
    g->nscopes = n;
    return true;
}

bool jt_client_read_grant(struct jt_flow *f, const struct jt_jval *v, const char *pointer,
                          struct jt_client_grant *g)
{
    static const char *const names[] = {"resource", "scopes", NULL};
    char scopes[64];
    (void)snprintf(scopes, sizeof scopes, "%s/scopes", pointer);
    if (jt_jval_type(v) != JT_JOBJECT || !jt_admin_text(f, v, "resource", &g->audience) ||
        g->audience.n == 0) {
        return jt_admin_bad(f, pointer, "a grant is an object with resource and scopes");
    }
    return jt_admin_known(f, v, pointer, names) &&
           read_scopes(f, jt_jobj_get(v, "scopes"), scopes, g);
}

bool jt_client_read_grants(struct jt_flow *f, const struct jt_jval *root)
{
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_jval *list = jt_jobj_get(root, "grants");
    size_t n = jt_jval_count(list);
    if (list == NULL) {
        return true;
    }
    a->grants = jt_arena_array(&f->x->arena, n + 1, sizeof *a->grants);
    if ((jt_jval_type(list) != JT_JARRAY && jt_jval_type(list) != JT_JNULL) || n > JT_GRANTS_MAX ||
        a->grants == NULL) {
        return jt_admin_bad(f, "/grants", "grants is a list of at most %d grants", JT_GRANTS_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        char pointer[48];
        (void)snprintf(pointer, sizeof pointer, "/grants/%zu", i);
        if (!jt_client_read_grant(f, jt_jarr_at(list, i), pointer, &a->grants[i])) {
            return false;
        }
        for (size_t k = 0; k < i; k++) {
            if (jt_slice_eq(a->grants[k].audience, a->grants[i].audience)) {
                return jt_admin_bad(f, pointer,
                                    "this resource stands twice: put all its scopes into one");
            }
        }
    }
    a->client.grants = a->grants;
    a->client.ngrants = n;
    a->given |= (unsigned)JT_GAVE_GRANTS;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "match.h"

#include "../../core/http/name.h"

/* An array of scope names as one text. */
static bool join(struct jt_arena *a, const struct jt_jval *list, struct jt_slice *out)
{
    size_t n = 0;
    struct jt_slice s = {0};
    for (size_t i = 0; i < jt_jval_count(list); i++) {
        if (!jt_jval_str(jt_jarr_at(list, i), &s) || !jt_scope_name_ok(s)) {
            return false;
        }
        n += s.n + 1;
    }
    uint8_t *p = jt_arena_alloc(a, n + 1);
    size_t at = 0;
    for (size_t i = 0; p != NULL && i < jt_jval_count(list); i++) {
        (void)jt_jval_str(jt_jarr_at(list, i), &s);
        memcpy(p + at, s.p, s.n);
        p[at + s.n] = ' ';
        at += s.n + 1;
    }
    *out = jt_slice(p, at);
    return p != NULL;
}

bool jt_match_take(void *ctx, struct jt_slice name, const struct jt_jval *value)
{
    struct jt_match_reading *m = ctx;
    bool flag = false;
    if (jt_jval_type(value) == JT_JARRAY) {
        if (jt_slice_eq(name, JT_LIT("scopes"))) {
            m->out->has_scopes = true;
            return join(m->arena, value, &m->out->scopes);
        }
        bool roles = jt_slice_eq(name, JT_LIT("roles"));
        bool groups = jt_slice_eq(name, JT_LIT("groups"));
        m->out->has_roles = m->out->has_roles || roles;
        m->out->has_groups = m->out->has_groups || groups;
        return roles || groups;
    }
    if (!jt_jval_bool(value, &flag)) {
        return false;
    }
    if (jt_slice_eq(name, JT_LIT("strictScopeValidation"))) {
        m->out->strict_scopes = flag;
    } else if (jt_slice_eq(name, JT_LIT("strictValidation"))) {
        m->out->strict_all = flag;
    } else {
        return jt_slice_eq(name, JT_LIT("strictRoleValidation")) ||
               jt_slice_eq(name, JT_LIT("strictGroupValidation"));
    }
    return true;
}

static bool flag(const struct jt_form *form, const char *name, bool *out)
{
    struct jt_slice v = jt_form_get(form, name);
    bool yes = jt_slice_eq(v, JT_LIT("true"));
    *out = *out || yes;
    return v.n == 0 || yes || jt_slice_eq(v, JT_LIT("false"));
}

bool jt_match_form(struct jt_required *r, const struct jt_form *form)
{
    bool ignored = false;
    struct jt_slice scopes = jt_form_get(form, "scopes");
    if (scopes.n > 0) {
        r->has_scopes = true;
        r->scopes = scopes;
    }
    r->has_roles = r->has_roles || jt_form_get(form, "roles").n > 0;
    r->has_groups = r->has_groups || jt_form_get(form, "groups").n > 0;
    return flag(form, "strictScopeValidation", &r->strict_scopes) &&
           flag(form, "strictValidation", &r->strict_all) &&
           flag(form, "strictRoleValidation", &ignored) &&
           flag(form, "strictGroupValidation", &ignored);
}

static bool has_word(struct jt_slice list, struct jt_slice word)
{
    struct jt_slice w = {0};
    while (jt_slice_next_word(&list, &w)) {
        if (jt_slice_eq(w, word)) {
            return true;
        }
    }
    return false;
}

static bool scopes_match(const struct jt_required *r, struct jt_slice token_scope)
{
    struct jt_slice rest = r->scopes;
    struct jt_slice word = {0};
    size_t wanted = 0;
    size_t found = 0;
    while (jt_slice_next_word(&rest, &word)) {
        wanted++;
        found += has_word(token_scope, word) ? 1 : 0;
    }
    return found > 0 && (!r->strict_scopes || found == wanted);
}

bool jt_match(const struct jt_required *r, struct jt_slice token_scope, bool one_suffices)
{
    bool scopes = r->has_scopes && scopes_match(r, token_scope);
    if (!r->has_scopes && !r->has_roles && !r->has_groups) {
        return true;
    }
    if (one_suffices && !r->strict_all) {
        return scopes; /* no token has roles or groups */
    }
    return (!r->has_scopes || scopes) && !r->has_roles && !r->has_groups;
}

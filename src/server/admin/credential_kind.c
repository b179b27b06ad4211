/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_kind.c - the kinds of credentials, one row each, or one for each member that only this
 * kind has: the word in "kind", the member, and who reads it.
 */
#include <stdio.h>

#include "../../core/token/client_secret.h"
#include "admin.h"

static const struct kind {
    const char *word;
    enum jt_credential_kind kind;
    const char *member; /* NULL: none */
    bool (*read)(struct jt_flow *f, const struct jt_jval *root);
} kinds[] = {
    {"secret", JT_CRED_SECRET, "secret", jt_credential_read_secret},
    {"secret", JT_CRED_SECRET, "secret_hash", jt_credential_read_secret},
    {"jwk", JT_CRED_JWK, "jwk", jt_credential_read_jwk},
    {"certificate", JT_CRED_CERT, "certificate", jt_credential_read_cert},
    {"tls", JT_CRED_TLS, "tls", jt_credential_read_tls},
    {"trust", JT_CRED_TRUST, "trust", jt_credential_read_trust},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

const char *jt_credential_kind_word(enum jt_credential_kind kind)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].word;
        }
    }
    return "";
}

static bool say_kinds(struct jt_flow *f)
{
    JT_AUTO(jt_buf_free) struct jt_buf all;
    jt_buf_init(&all, 256);
    for (size_t i = 0; i < KINDS; i++) {
        if (i > 0 && kinds[i].kind == kinds[i - 1].kind) {
            continue;
        }
        jt_buf_puts(&all, i == 0 ? "" : ", ");
        jt_buf_puts(&all, kinds[i].word);
    }
    return jt_admin_bad(f, "/kind", "kind is one of %.*s", (int)all.n, (const char *)all.p);
}

/* A member of another kind would be ignored: what was meant? */
static bool only_own(struct jt_flow *f, const struct jt_jval *root, const struct kind *k)
{
    for (size_t i = 0; i < KINDS; i++) {
        const char *member = kinds[i].member;
        if (kinds[i].kind != k->kind && member != NULL && jt_jobj_get(root, member) != NULL) {
            char pointer[64];
            (void)snprintf(pointer, sizeof pointer, "/%s", member);
            return jt_admin_bad(f, pointer, "%s belongs to a credential of kind %s", member,
                                kinds[i].word);
        }
    }
    return true;
}

bool jt_credential_known(struct jt_flow *f, const struct jt_jval *root, const char *const *names)
{
    const char *all[16 + KINDS];
    size_t n = 0;
    for (; names[n] != NULL; n++) {
        JT_ASSERT(n < 15);
        all[n] = names[n];
    }
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i].member != NULL) {
            all[n++] = kinds[i].member;
        }
    }
    all[n] = NULL;
    return jt_admin_known(f, root, "", all);
}

bool jt_credential_read_kind(struct jt_flow *f, const struct jt_jval *root, bool needed)
{
    const struct jt_jval *v = jt_jobj_get(root, "kind");
    struct jt_slice word = JT_LIT("secret");
    if ((v != NULL || needed) && !jt_jval_str(v, &word)) {
        return say_kinds(f);
    }
    for (size_t i = 0; i < KINDS; i++) {
        if (jt_slice_eq(word, jt_str(kinds[i].word))) {
            jt_admin_of(f)->credential.kind = kinds[i].kind;
            return only_own(f, root, &kinds[i]) && kinds[i].read(f, root);
        }
    }
    return say_kinds(f);
}

bool jt_credential_begin(struct jt_flow *f)
{
    struct jt_credential *k = &jt_admin_of(f)->credential;
    char id[JT_CREDENTIAL_ID_LEN + 1];
    k->state = JT_CRED_ACTIVE;
    return jt_credential_id_make(id) == JT_OK &&
           jt_arena_copy(&f->x->arena, jt_slice(id, JT_CREDENTIAL_ID_LEN), &k->id);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_new.c - credentials made: read from a request, joined to their client.
 */
#include "admin.h"

bool jt_credential_read_ends(struct jt_flow *f, const struct jt_jval *root)
{
    struct jt_credential *k = &jt_admin_of(f)->credential;
    if (!jt_admin_read_text(f, root, "label", &k->label) ||
        !jt_admin_read_time(f, root, "not_before", &k->not_before_s) ||
        !jt_admin_read_time(f, root, "expires", &k->expires_s)) {
        return false;
    }
    if (k->expires_s == 0) {
        return true; /* never */
    }
    if (k->expires_s <= f->now_us / 1000000) {
        return jt_admin_bad(f, "/expires", "expires is a time to come");
    }
    return k->not_before_s < k->expires_s ||
           jt_admin_bad(f, "/not_before", "not_before is a time before expires");
}

bool jt_credential_room(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    a->credentials = jt_arena_array(&f->x->arena, JT_CREDENTIALS_MAX, sizeof a->credentials[0]);
    return a->credentials != NULL;
}

static bool longer(void *ctx, const struct jt_object *o)
{
    int64_t *longest_s = ctx;
    const struct jt_signing_key *k = (const struct jt_signing_key *)o;
    *longest_s = k->longest_s > *longest_s ? k->longest_s : *longest_s;
    return true;
}

/* A token that is still good may have lived so long: a JWT no longer than its key knows, which
 * stays until then; of opaque ones it is not known what their resource said when they were issued.
 */
static int64_t longest_life(struct jt_change *chg, const struct jt_flow *f)
{
    int64_t longest_s = 0;
    jt_change_each(chg, JT_OBJ_SIGNING_KEY, longer, &longest_s);
    bool opaque = jt_directory_count(f->app->directory, JT_OBJ_TOKEN) > 0;
    return opaque && longest_s < f->settings->token_max_lifetime_s
               ? f->settings->token_max_lifetime_s
               : longest_s;
}

/* Nobody misses it: revoked with its tokens, or over for so long that its last token is over too.
 */
static bool may_leave(const struct jt_credential *k, int64_t longest_s, int64_t now_s)
{
    return k->state == JT_CRED_REVOKED || (k->expires_s != 0 && k->expires_s + longest_s < now_s);
}

/* Of those the one that ended first; ncredentials: none. A revoked one has its end in expires_s. */
static size_t first_to_leave(const struct jt_client *c, int64_t longest_s, int64_t now_s)
{
    size_t found = c->ncredentials;
    for (size_t i = 0; i < c->ncredentials; i++) {
        if (may_leave(&c->credentials[i], longest_s, now_s) &&
            (found == c->ncredentials ||
             c->credentials[i].expires_s < c->credentials[found].expires_s)) {
            found = i;
        }
    }
    return found;
}

enum jt_err jt_credential_join(struct jt_change *chg, struct jt_flow *f, struct jt_client *c)
{
    struct jt_admin *a = jt_admin_of(f);
    int64_t now_s = jt_change_now_s(chg);
    JT_TRY(jt_change_bound_secrets(c, a, now_s));
    bool full = c->ncredentials >= JT_CREDENTIALS_MAX;
    size_t leaves = full ? first_to_leave(c, longest_life(chg, f), now_s) : c->ncredentials;
    size_t n = 0;
    if (full && leaves == c->ncredentials) {
        return jt_admin_refuse(
            a, 409, "full",
            "a client has at most %d credentials, and a token of each of these may "
            "still be good: revoke one that nobody uses (jeton credential list)",
            JT_CREDENTIALS_MAX);
    }
    for (size_t i = 0; i < c->ncredentials; i++) {
        if (i != leaves) {
            a->credentials[n++] = c->credentials[i];
        }
    }
    JT_TRY(jt_change_next_credential(chg, &a->credential.number));
    a->credential.created_s = now_s;
    jt_credential_cap(&a->credential);
    a->credentials[n++] = a->credential;
    c->credentials = a->credentials;
    c->ncredentials = n;
    return JT_OK;
}

static bool over(const struct jt_credential *k, int64_t now_s)
{
    return k->expires_s != 0 && now_s >= k->expires_s;
}

const char *jt_credential_state(const struct jt_credential *k, int64_t now_s)
{
    if (k->state != JT_CRED_ACTIVE && k->state != JT_CRED_RETIRING) {
        return "revoked";
    }
    if (over(k, now_s)) {
        return "expired";
    }
    if (k->state == JT_CRED_RETIRING) {
        return "retiring";
    }
    return now_s < k->not_before_s ? "pending" : "active";
}

bool jt_credential_stands(const struct jt_credential *k, int64_t now_s)
{
    return k->state == JT_CRED_ACTIVE && !over(k, now_s);
}

void jt_credential_end(struct jt_credential *k, int64_t now_s)
{
    k->state = JT_CRED_REVOKED;
    k->expires_s = over(k, now_s) ? k->expires_s : now_s;
}

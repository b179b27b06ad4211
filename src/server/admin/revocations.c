/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocations.c - /admin/v1/revocations: ends tokens before their time, and nothing else.
 *
 * One token by its jti; all tokens so far of a client, a credential or a key by raising the issue
 * sequence below which they do not count. Whose they were goes on: its new tokens are good.
 */
#include "../../core/base/num.h"
#include "../../core/token/ref.h"
#include "admin.h"

#define PAGE 256u
#define ANSWER_MAX 2048u
#define ONE_OF "send exactly one of jti, client_id, credential_id and kid, as a string"

static const struct {
    enum jt_ended what;
    const char *member, *word; /* in the request; in the answer's "revoked" */
    const char *kind;
} rows[] = {
    {JT_ENDED_JTI, "jti", "jti", "token"},
    {JT_ENDED_CLIENT, "client_id", "client", "client"},
    {JT_ENDED_CREDENTIAL, "credential_id", "credential", "credential"},
    {JT_ENDED_KEY, "kid", "key", "signing key"},
};
#define ROWS (sizeof rows / sizeof rows[0])

static size_t row_of(enum jt_ended what)
{
    size_t i = 0;
    while (i + 1 < ROWS && rows[i].what != what) {
        i++;
    }
    return i;
}

/* Exactly one name; false otherwise. */
static bool read_name(struct jt_flow *f, const struct jt_jval *root, struct jt_ending *out)
{
    size_t found = 0;
    for (size_t i = 0; i < ROWS; i++) {
        if (jt_jobj_get(root, rows[i].member) != NULL) {
            out->what = rows[i].what;
            found +=
                jt_admin_text(f, root, rows[i].member, &out->name) && out->name.n > 0 ? 1 : ROWS;
        }
    }
    return found == 1;
}

/*
 * Until when the revocation of one token must be known. A key remembers the longest life that it
 * signed, should token.max_lifetime have been lowered since.
 */
static int64_t longest_life(const struct jt_flow *f)
{
    const struct jt_object *page[JT_KEYS_STORED_MAX];
    uint64_t cursor = 0;
    int64_t s = f->settings->token_max_lifetime_s;
    size_t n =
        jt_directory_page(f->app->directory, JT_OBJ_SIGNING_KEY, &cursor, page, JT_KEYS_STORED_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct jt_signing_key *k = (const struct jt_signing_key *)page[i];
        s = k->longest_s > s ? k->longest_s : s;
    }
    return s;
}

static enum jt_next foreign_jti(struct jt_flow *f)
{
    (void)jt_admin_bad(f, "/jti", "this jti was not made by this server: copy it whole");
    return jt_admin_invalid(f, "jti");
}

static enum jt_next parse(struct jt_flow *f)
{
    static const char *const known[] = {"jti", "client_id", "credential_id", "kid", NULL};
    struct jt_ending *t = &jt_admin_of(f)->ending;
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_JSON);
    if (doc == NULL) {
        return JT_DONE;
    }
    const struct jt_jval *root = jt_json_root(doc);
    bool known_only = jt_admin_known(f, root, "", known);
    bool one = read_name(f, root, t);
    jt_json_free(&doc);
    if (!known_only) {
        return jt_admin_invalid(f, "member");
    }
    if (!one) {
        return jt_problem(f, 422, "one_of", ONE_OF);
    }
    if (t->what != JT_ENDED_JTI) {
        return JT_NEXT;
    }
    t->longest_s = longest_life(f);
    return jt_jti_read(f->local->crypt, f->app->reference_key, t->name, &t->id) == JT_OK
               ? JT_NEXT
               : foreign_jti(f);
}

/* Its place among the client's credentials; ncredentials: it is none of them. */
static size_t place_of(const struct jt_client *c, struct jt_slice id)
{
    size_t i = 0;
    while (i < c->ncredentials && !jt_slice_eq(c->credentials[i].id, id)) {
        i++;
    }
    return i;
}

/*
 * The first object of a kind that is the one; NULL: none is. It stays while the request is under
 * way: its epoch is announced.
 */
static const struct jt_object *first(const struct jt_flow *f, enum jt_object_kind kind,
                                     bool (*is_it)(const struct jt_object *o,
                                                   const struct jt_ending *t))
{
    const struct jt_ending *t = &jt_admin_of(f)->ending;
    const struct jt_object *page[PAGE];
    uint64_t cursor = 0;
    size_t n = 0;
    do {
        n = jt_directory_page(f->app->directory, kind, &cursor, page, PAGE);
        for (size_t i = 0; i < n; i++) {
            if (is_it(page[i], t)) {
                return page[i];
            }
        }
    } while (n == PAGE);
    return NULL;
}

static bool is_token(const struct jt_object *o, const struct jt_ending *t)
{
    return ((const struct jt_opaque *)o)->sequence == t->id.sequence;
}

static bool has_credential(const struct jt_object *o, const struct jt_ending *t)
{
    const struct jt_client *c = (const struct jt_client *)o;
    return place_of(c, t->name) < c->ncredentials;
}

/* An opaque token says itself how long it lives, whatever the settings were then. */
static void run_find_token(struct jt_read *r, struct jt_store *audit, struct jt_crypt *crypt)
{
    (void)audit;
    (void)crypt;
    const struct jt_flow *f = r->job.ctx;
    const struct jt_object *o = first(f, JT_OBJ_TOKEN, is_token);
    if (o != NULL) {
        jt_admin_of(f)->ending.expires_s = ((const struct jt_opaque *)o)->expires_s;
    }
}

static void run_find(struct jt_read *r, struct jt_store *audit, struct jt_crypt *crypt)
{
    (void)audit;
    (void)crypt;
    const struct jt_flow *f = r->job.ctx;
    const struct jt_object *o = first(f, JT_OBJ_CLIENT, has_credential);
    if (o != NULL) {
        jt_admin_of(f)->ending.client_id = o->name;
    }
}

/* A credential is known by its client, and a token by its hash; there may be very many. */
static enum jt_next find(struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    if (a->ending.what != JT_ENDED_CREDENTIAL && a->ending.what != JT_ENDED_JTI) {
        return JT_NEXT;
    }
    a->read.run = a->ending.what == JT_ENDED_JTI ? run_find_token : run_find;
    return jt_flow_read(f, &a->read);
}

/* A jti has no check value, but anything else carries numbers that were never given out. */
static enum jt_err end_one(struct jt_change *chg, const struct jt_ending *t)
{
    uint8_t name[8];
    if (t->id.sequence >= jt_change_sequence(chg) || t->id.credential == 0 ||
        t->id.credential > jt_change_last_credential(chg)) {
        return JT_E_RANGE;
    }
    int64_t until_s = jt_change_now_s(chg) + t->longest_s;
    jt_put_be64(name, t->id.sequence);
    const struct jt_revocation r = {
        .o = {.kind = JT_OBJ_REVOCATION, .name = jt_slice(name, sizeof name)},
        .expires_s = t->expires_s > until_s ? t->expires_s : until_s,
    };
    return jt_change_put_copy(chg, &r.o);
}

/* credential_id empty: all of the client's. */
static enum jt_err end_of_client(struct jt_change *chg, struct jt_slice client_id,
                                 struct jt_slice credential_id)
{
    const struct jt_client *c =
        (const struct jt_client *)jt_change_find(chg, JT_OBJ_CLIENT, client_id);
    size_t place = c == NULL || credential_id.n == 0 ? 0 : place_of(c, credential_id);
    if (c == NULL || (credential_id.n > 0 && place == c->ncredentials)) {
        return JT_E_NOTFOUND;
    }
    struct jt_client *mine = jt_client_dup(c);
    if (mine == NULL) {
        return JT_E_NOMEM;
    }
    if (credential_id.n == 0) {
        mine->not_before_seq = jt_change_sequence(chg);
    } else { /* the copy and all in it is ours until it is put */
        struct jt_credential *all = (struct jt_credential *)(uintptr_t)mine->credentials;
        all[place].not_before_seq = jt_change_sequence(chg);
    }
    enum jt_err e = jt_change_put(chg, &mine->o);
    if (e != JT_OK) {
        jt_object_free(&mine->o);
    }
    return e;
}

static enum jt_err end_of_key(struct jt_change *chg, struct jt_flow *f)
{
    struct jt_admin *a = jt_admin_of(f);
    a->order.kid = a->ending.name;
    JT_TRY(jt_keylife_end_tokens(chg, &a->order));
    jt_admin_say(f, "key %s", a->order.said);
    return JT_OK;
}

static enum jt_err change(struct jt_change *chg, void *flow)
{
    struct jt_flow *f = flow;
    const struct jt_ending *t = &jt_admin_of(f)->ending;
    switch (t->what) {
    case JT_ENDED_JTI:
        return end_one(chg, t);
    case JT_ENDED_CLIENT:
        return end_of_client(chg, t->name, jt_slice(NULL, 0));
    case JT_ENDED_CREDENTIAL:
        return end_of_client(chg, t->client_id, t->name);
    case JT_ENDED_KEY:
        return end_of_key(chg, f);
    case JT_ENDED_NONE:
        break;
    }
    return JT_E_NOTFOUND;
}

static enum jt_next submit(struct jt_flow *f)
{
    const struct jt_ending *t = &jt_admin_of(f)->ending;
    bool one = t->what == JT_ENDED_JTI;
    struct jt_event e = jt_flow_event(f, one ? JT_EV_TOKEN_REVOKED : JT_EV_TOKENS_REVOKED);
    if (one) {
        e.jti = t->name;
    } else if (t->what == JT_ENDED_CLIENT) {
        e.client_id = t->name;
    } else if (t->what == JT_ENDED_CREDENTIAL) {
        e.client_id = t->client_id;
        e.credential_id = t->name;
    }
    return jt_admin_change(f, change, &e);
}

static enum jt_next respond(struct jt_flow *f)
{
    const struct jt_ending *t = &jt_admin_of(f)->ending;
    size_t row = row_of(t->what);
    static const struct jt_outcome none[] = {{JT_OK, 0, NULL, NULL}};
    if (f->job.result == JT_E_RANGE) {
        return foreign_jti(f);
    }
    if (f->job.result == JT_E_NOTFOUND) {
        return jt_problem_unknown(f, rows[row].kind, t->name);
    }
    if (f->job.result != JT_OK) {
        return jt_admin_refused(f, none);
    }
    jt_count(&f->local->metrics.revocations);
    struct jt_buf b;
    jt_buf_init(&b, ANSWER_MAX);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "revoked", jt_str(rows[row].word));
    jt_jw_kstr(&w, rows[row].member, t->name);
    if (t->what == JT_ENDED_CREDENTIAL) {
        jt_jw_kstr(&w, "client_id", t->client_id);
    }
    jt_jw_end_obj(&w);
    return jt_admin_answer(f, 200, &b, 0);
}

const struct jt_step jt_revocation_steps[] = {
    {"allow", jt_admin_allow}, {"parse", parse},     {"find", find},
    {"change", submit},        {"respond", respond},
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_request.c - bytes of a connection through head, body, route and flow to the answer. Inputs
 * are as dialog.h says.
 */
#include "core/json/json.h"
#include "core/token/at.h"
#include "core/token/ref.h"
#include "dialog.h"
#include "fuzz.h"

static struct world world;
static struct dialog dialog;

static struct jt_slice member(const struct jt_json *doc, const char *name)
{
    struct jt_slice s = {0};
    (void)(doc != NULL && jt_jval_str(jt_jobj_get(jt_json_root(doc), name), &s));
    return s;
}

/* RFC 6749 section 5.2, and the reference of the refusal's event where there is one. */
static void check_denial(const struct jt_json *doc)
{
    static const char *const without_event[] = {"not_found", "method_not_allowed",
                                                "unsupported_response_type"};
    struct jt_slice error = member(doc, "error");
    bool has_ref = member(doc, "error_ref").n == JT_REF_LEN;
    JT_ASSERT(error.n > 0 && member(doc, "error_description").n > 0);
    for (size_t i = 0; i < sizeof without_event / sizeof without_event[0]; i++) {
        has_ref = has_ref || jt_slice_eq(error, jt_str(without_event[i]));
    }
    JT_ASSERT(has_ref);
}

/* Is the scope, word by word, among what the client may have there? */
static void check_scope(const struct jt_client *c, struct jt_slice audience, struct jt_slice scope)
{
    struct jt_slice word = {0};
    JT_ASSERT(c != NULL && c->enabled && scope.n > 0);
    while (jt_slice_next_word(&scope, &word)) {
        bool found = false;
        for (size_t i = 0; i < c->ngrants; i++) {
            const struct jt_client_grant *g = &c->grants[i];
            for (size_t k = 0; k < g->nscopes && jt_slice_eq(g->audience, audience); k++) {
                found = found || jt_slice_eq(g->scopes[k], word);
            }
        }
        JT_ASSERT(found);
    }
}

/* Whoever gets a token has shown a proof, and gets what was granted. */
static void check_holder(struct jt_slice client_id, struct jt_slice audience, struct jt_slice scope)
{
    const struct world_client *w = world_client(&world, client_id);
    JT_ASSERT(w != NULL && dialog.named[w - world.clients]);
    check_scope(jt_directory_client(world.directory, client_id), audience, scope);
}

static void check_opaque(struct jt_slice token)
{
    uint8_t hash[JT_SHA256_SIZE];
    JT_ASSERT(jt_sha256(world.crypt, token, hash) == JT_OK);
    const struct jt_opaque *o = jt_directory_token(world.directory, hash);
    JT_ASSERT(o != NULL && o->expires_s - o->issued_s == 3600);
    check_holder(o->profile->client_id, o->profile->audience, o->profile->scope);
}

/* Signed by the key that it names, and so as its resource wants it. */
static void check_jwt(struct jt_slice token, struct jt_arena *a)
{
    struct jt_jws_parts parts;
    struct jt_jws_header header;
    struct jt_slice payload = {0};
    struct jt_at_claims claims;
    struct jt_sigcheck *check = NULL;
    JT_ASSERT(jt_jws_read(token, a, &parts, &header) == JT_OK && jt_at_typ_ok(header.typ));
    const struct jt_signing_key *key = jt_directory_key(world.directory, header.kid);
    JT_ASSERT(key != NULL && key->alg == header.alg);
    JT_ASSERT(jt_sigcheck_new(key->pkey, header.alg, &check) == JT_OK);
    JT_ASSERT(jt_jws_verify(&parts, check) == JT_SIG_VALID);
    jt_sigcheck_free(&check);
    JT_ASSERT(jt_jws_payload(&parts, a, &payload) == JT_OK);
    JT_ASSERT(jt_at_read(payload, a, &claims) == JT_OK);
    JT_ASSERT(jt_slice_eq(claims.iss, world.app.issuer) && claims.exp - claims.iat == 3600);
    JT_ASSERT(jt_slice_eq(claims.sub, claims.client_id));
    const struct jt_resource *r = jt_directory_resource(world.directory, claims.aud);
    JT_ASSERT(r != NULL && r->alg == header.alg && r->format == JT_FORMAT_JWT);
    check_holder(claims.client_id, claims.aud, claims.scope);
}

static void check_token(struct jt_slice token)
{
    struct jt_arena a;
    if (jt_slice_starts(token, JT_LIT("jat_"))) {
        check_opaque(token);
        return;
    }
    jt_arena_init(&a, 1u << 20);
    check_jwt(token, &a);
    jt_arena_free(&a);
}

static size_t occurrences(struct jt_slice in, const char *text)
{
    size_t n = 0;
    size_t k = strlen(text);
    for (size_t i = 0; i + k <= in.n; i++) {
        n += memcmp(in.p + i, text, k) == 0;
    }
    return n;
}

/* A token is shown to those that may see it, or to who has it: as bearer, and as the token. */
static void check_active(void)
{
    struct jt_slice sent = jt_buf_slice(&dialog.bytes);
    bool may = dialog.has_root;
    for (size_t i = 0; i < world.nclients; i++) {
        bool reads = strcmp(world.clients[i].id, "rs") == 0 ||
                     strcmp(world.clients[i].id, "lax") == 0 ||
                     strcmp(world.clients[i].id, "root") == 0;
        may = may || (dialog.named[i] && reads);
    }
    JT_ASSERT(dialog.has_token || dialog.has_root);
    JT_ASSERT(may || occurrences(sent, world.jwt) >= 2 || occurrences(sent, world.opaque) >= 2);
}

static void check_answer(const struct dialog_answer *a)
{
    bool active = false;
    struct jt_json *doc = dialog_json(a);
    if (a->status >= 400) {
        JT_ASSERT(a->body.n == 0 || doc != NULL);
        if (doc != NULL && jt_jobj_get(jt_json_root(doc), "status") == NULL) { /* not of /readyz */
            check_denial(doc);
        }
    } else if (member(doc, "access_token").n > 0) {
        check_token(member(doc, "access_token"));
    } else if (doc != NULL && jt_jval_bool(jt_jobj_get(jt_json_root(doc), "active"), &active)) {
        JT_ASSERT(active || jt_slice_eq(a->body, JT_LIT("{\"active\":false}")));
        if (active) {
            check_active();
        }
    }
    jt_json_free(&doc);
}

static bool is_named(const char *id)
{
    return dialog.named[world_client(&world, jt_str(id)) - world.clients];
}

/* Only its own client ends a token (RFC 7009 section 2.1). */
static void check_tokens(void)
{
    JT_ASSERT(is_named("alice") || world_is_active(&world, world.jwt));
    JT_ASSERT(is_named("carol") || world_is_active(&world, world.opaque));
}

/* The same bytes in other pieces get the same answers; but who is slowed may be so later. */
static void check_pieces(struct jt_slice in, size_t step)
{
    static struct dialog again;
    world.inputs++; /* from another network */
    if (dialog_run(&again, &world, JT_LISTEN_PUBLIC, in, step)) {
        dialog_check(&again);
        JT_ASSERT(again.nanswers == dialog.nanswers);
        for (size_t i = 0; i < again.nanswers; i++) {
            unsigned a = dialog.answers[i].status;
            unsigned b = again.answers[i].status;
            JT_ASSERT(a == b || a == 429 || b == 429);
        }
    }
    dialog_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_slice in = jt_slice(data, size);
    world_next(&world);
    size_t step = size % 3 == 0 ? 1 + size % 61 : SIZE_MAX;
    if (dialog_run(&dialog, &world, JT_LISTEN_PUBLIC, in, step)) {
        dialog_check(&dialog);
        jt_flow_net_ops.online(world.worker);
        for (size_t i = 0; i < dialog.nanswers; i++) {
            check_answer(&dialog.answers[i]);
        }
        jt_flow_net_ops.offline(world.worker);
        world_must_work(&world);
        if (world_changed(&world)) {
            check_tokens();
        } else if (size % 4 == 1) {
            check_pieces(in, 1 + size % 97);
        }
    }
    dialog_free(&dialog);
    return 0;
}

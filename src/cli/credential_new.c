/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_new.c - kinds of credentials on the command line, one row each.
 */
#include "credential_new.h"

#include <string.h>

#include "../core/http/name.h"
#include "../core/jose/jwk.h"
#include "../core/json/json.h"
#include "../server/auth/trust_rule.h"
#include "input.h"

#define FILE_MAX 65536

static enum jt_exit write_nothing(const struct jt_args *args, const char *flag, struct jt_jw *w)
{
    (void)args;
    (void)flag;
    (void)w;
    return JT_EXIT_DONE;
}

/* What is in the file, as a member of this name; the server judges it. */
static enum jt_exit write_text(const char *file, const char *what, const char *name,
                               struct jt_jw *w)
{
    JT_AUTO(jt_buf_free) struct jt_buf text;
    jt_buf_init(&text, JT_INPUT_SECRET_MAX);
    enum jt_exit code = jt_input_read(file, what, &text);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (!jt_utf8_ok(jt_buf_slice(&text))) {
        return jt_say_fail(JT_EXIT_USAGE, "%s in %s is not UTF-8 text", what, file);
    }
    jt_jw_kstr(w, name, jt_buf_slice(&text));
    return JT_EXIT_DONE;
}

static enum jt_exit write_secret(const struct jt_args *args, const char *flag, struct jt_jw *w)
{
    return write_text(jt_args_get(args, flag), "the secret", "secret", w);
}

static enum jt_exit write_secret_hash(const struct jt_args *args, const char *flag, struct jt_jw *w)
{
    return write_text(jt_args_get(args, flag), "the hash", "secret_hash", w);
}

enum jt_exit jt_credential_secret_write(const struct jt_args *args, struct jt_jw *w)
{
    static const char *const flags[] = {"no-secret", "secret-file", "secret-hash-file"};
    static const char *const excluded[] = {"secret-out", "label", "expires"};
    const char *given = NULL;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (!jt_args_has(args, flags[i])) {
            continue;
        }
        if (given != NULL) {
            return jt_say_fail(JT_EXIT_USAGE, "--%s and --%s exclude each other", given, flags[i]);
        }
        given = flags[i];
    }
    bool none = jt_args_has(args, "no-secret");
    for (size_t i = 0; given != NULL && i < (none ? sizeof excluded / sizeof excluded[0] : 1);
         i++) {
        if (jt_args_has(args, excluded[i])) {
            return jt_say_fail(JT_EXIT_USAGE, "--%s and --%s exclude each other", given,
                               excluded[i]);
        }
    }
    if (given == NULL || none) {
        jt_jw_kbool(w, "secret", !none);
        return JT_EXIT_DONE;
    }
    return given == flags[1] ? write_secret(args, given, w) : write_secret_hash(args, given, w);
}

/* A set with one key (RFC 7517 section 5) is as good as the key. */
static const struct jt_jval *only_key(const struct jt_jval *root)
{
    const struct jt_jval *keys = jt_jobj_get(root, "keys");
    return jt_jval_count(keys) == 1 ? jt_jarr_at(keys, 0) : root;
}

static const char *const members[] = {"kty", "kid", "use", "alg", "crv", "n", "e", "x", "y"};

static bool has_text(struct jt_slice s, const char *word)
{
    return s.n > 0 && memmem(s.p, s.n, word, strlen(word)) != NULL;
}

static enum jt_exit say_private(const char *file, bool is_pem)
{
    jt_say_error("\"%s\" has a private key in it; give its public half only, and keep the private "
                 "one with the client (it was not sent)",
                 file);
    if (is_pem) {
        jt_say_hint("openssl pkey -in %s -pubout -out public.pem makes it", file);
    }
    return JT_EXIT_USAGE;
}

static enum jt_exit say_unusable(const char *file)
{
    return jt_say_fail(JT_EXIT_USAGE,
                       "\"%s\" is not a public key for signatures that can be used: EC with P-256, "
                       "Ed25519, or RSA with 2048 to 8192 bits",
                       file);
}

/* Only what is public leaves this machine. */
static enum jt_exit write_public(const char *file, const struct jt_jval *key, struct jt_jw *w)
{
    if (jt_jwk_has_private(key)) {
        return say_private(file, false);
    }
    if (jt_jobj_get(key, "keys") != NULL) {
        return jt_say_fail(JT_EXIT_USAGE, "\"%s\" is a set of %zu keys: give one of them alone",
                           file, jt_jval_count(jt_jobj_get(key, "keys")));
    }
    struct jt_jwk jwk = {0};
    enum jt_err e = jt_jwk_read(key, &jwk);
    jt_pkey_free(&jwk.key);
    if (e != JT_OK) {
        return say_unusable(file);
    }
    jt_jw_key(w, "jwk");
    jt_jw_obj(w);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct jt_slice text = {0};
        if (jt_jval_str(jt_jobj_get(key, members[i]), &text)) {
            jt_jw_kstr(w, members[i], text);
        }
    }
    jt_jw_end_obj(w);
    return JT_EXIT_DONE;
}

/* As openssl pkey -pubout writes it. */
static enum jt_exit write_pem(const char *file, struct jt_slice text, struct jt_jw *w)
{
    struct jt_pkey *key = NULL;
    struct jt_crypt *c = NULL;
    char kid[JT_THUMBPRINT_LEN];
    if (has_text(text, "PRIVATE KEY-----")) {
        return say_private(file, true);
    }
    if (has_text(text, "-----BEGIN CERTIFICATE-----")) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "\"%s\" is a certificate, not a public key: --cert %s takes it", file,
                           file);
    }
    enum jt_err e = jt_pkey_from_public_pem(text, &key);
    if (e == JT_OK) {
        e = jt_crypt_new(&c);
    }
    if (e == JT_OK) {
        e = jt_jwk_thumbprint(c, key, kid);
    }
    if (e == JT_OK) {
        jt_jw_key(w, "jwk");
        e = jt_jwk_write(w, key, JT_ALG_NONE, jt_slice(kid, sizeof kid));
    }
    jt_crypt_free(&c);
    jt_pkey_free(&key);
    return e == JT_OK ? JT_EXIT_DONE : say_unusable(file);
}

static enum jt_exit write_jwk(const struct jt_args *args, const char *flag, struct jt_jw *w)
{
    static const struct jt_json_limits limits = {FILE_MAX, 6, 256};
    JT_AUTO(jt_buf_free) struct jt_buf text;
    struct jt_json *doc = NULL;
    const char *file = jt_args_get(args, flag);
    jt_buf_init(&text, FILE_MAX);
    enum jt_exit code = jt_input_read_public(file, "the public key", &text);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    if (has_text(jt_buf_slice(&text), "-----BEGIN ")) {
        return write_pem(file, jt_buf_slice(&text), w);
    }
    if (jt_json_parse(jt_buf_slice(&text), &limits, &doc) != JT_OK ||
        jt_jval_type(only_key(jt_json_root(doc))) != JT_JOBJECT) {
        jt_json_free(&doc);
        return jt_say_fail(
            JT_EXIT_USAGE,
            "\"%s\" is neither a public key as JSON (RFC 7517), such as "
            "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":...,\"y\":...}, nor in PEM form",
            file);
    }
    code = write_public(file, only_key(jt_json_root(doc)), w);
    jt_json_free(&doc);
    return code;
}

/* Sent in the one form in which it is kept, so that jwks is sent with what makes a key only. */
static enum jt_exit write_trust(const struct jt_args *args, const char *flag, struct jt_jw *w)
{
    JT_AUTO(jt_buf_free) struct jt_buf text;
    JT_AUTO(jt_buf_free) struct jt_buf rule;
    JT_AUTO(jt_arena_free) struct jt_arena arena;
    struct jt_trust_rule r;
    struct jt_trust_why why = {0};
    const char *file = jt_args_get(args, flag);
    jt_buf_init(&text, JT_TRUST_RULE_MAX);
    jt_buf_init(&rule, JT_TRUST_RULE_MAX);
    jt_arena_init(&arena, JT_TRUST_ARENA);
    enum jt_exit code = jt_input_read_public(file, "the trust rule", &text);
    if (code != JT_EXIT_DONE) {
        return code;
    }
    enum jt_err e = jt_trust_rule_read(jt_buf_slice(&text), &arena, &r, &why);
    if (e != JT_OK) {
        return jt_say_fail(e == JT_E_NOMEM ? JT_EXIT_FAILED : JT_EXIT_USAGE, "\"%s\": %s", file,
                           e == JT_E_NOMEM ? "out of memory" : why.text);
    }
    jt_trust_rule_write(&r, &rule);
    jt_jw_key(w, "trust");
    jt_jw_raw(w, jt_buf_slice(&rule));
    return JT_EXIT_DONE;
}

static const struct kind {
    const char *flag, *word;
    enum jt_exit (*write)(const struct jt_args *args, const char *flag, struct jt_jw *w);
} kinds[] = {
    {"secret", "secret", write_nothing},
    {"secret-file", "secret", write_secret},
    {"secret-hash-file", "secret", write_secret_hash},
    {"jwk", "jwk", write_jwk},
    {"cert", "certificate", jt_credential_write_cert},
    {"tls-subject", "tls", jt_credential_write_tls},
    {"tls-san-dns", "tls", jt_credential_write_tls},
    {"tls-san-uri", "tls", jt_credential_write_tls},
    {"tls-san-ip", "tls", jt_credential_write_tls},
    {"tls-san-email", "tls", jt_credential_write_tls},
    {"trust", "trust", write_trust},
};

#define KINDS (sizeof kinds / sizeof kinds[0])

static enum jt_exit say_kinds(const char *what)
{
    JT_AUTO(jt_buf_free) struct jt_buf all;
    jt_buf_init(&all, 512);
    for (size_t i = 0; i < KINDS; i++) {
        jt_buf_puts(&all, i == 0 ? "--" : ", --");
        jt_buf_puts(&all, kinds[i].flag);
    }
    return jt_say_fail(JT_EXIT_USAGE, "%s: %.*s", what, JT_FMT(jt_buf_slice(&all)));
}

bool jt_credential_kind_is_secret(const struct jt_args *args, bool needed)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (kinds[i].write != write_nothing && jt_args_has(args, kinds[i].flag)) {
            return false;
        }
    }
    return !needed || jt_args_has(args, "secret");
}

enum jt_exit jt_credential_kind_write(const struct jt_args *args, bool needed, struct jt_jw *w)
{
    const struct kind *found = NULL;
    for (size_t i = 0; i < KINDS; i++) {
        if (!jt_args_has(args, kinds[i].flag)) {
            continue;
        }
        if (found != NULL) {
            return say_kinds("a credential is of one kind");
        }
        found = &kinds[i];
    }
    if (jt_args_has(args, "ca") && (found == NULL || found->write != jt_credential_write_tls)) {
        return jt_say_fail(JT_EXIT_USAGE, "--ca goes with a name: --tls-subject or --tls-san-...");
    }
    if (found == NULL) {
        return needed ? say_kinds("say what kind of credential") : JT_EXIT_DONE;
    }
    jt_jw_kstr(w, "kind", jt_str(found->word));
    return found->write(args, found->flag, w);
}

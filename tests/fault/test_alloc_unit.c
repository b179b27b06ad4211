/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_alloc_unit.c - readers and writers while allocation n fails, for all n: they say that memory
 * was out and nothing else, leave nothing behind, and work when they are called again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../unit/made_cert.h"
#include "alloc.h"
#include "core/base/b64.h"
#include "core/crypt/certs.h"
#include "core/http/basic.h"
#include "core/http/client_cert.h"
#include "core/http/form.h"
#include "core/http/response.h"
#include "core/jose/jwk.h"
#include "core/jose/jws.h"
#include "core/token/at.h"
#include "server/audit/event.h"
#include "server/auth/trust_eval.h"
#include "server/config/config.h"
#include "server/store/directory.h"
#include "server/store/keyring.h"
#include "server/store/profile.h"
#include "server/store/reminders.h"
#include "server/store/usage.h"

static struct jt_pkey *ec, *rsa, *ed;
static struct made *ca, *between, *leaf, *stranger;
static struct jt_buf file, field;
static struct jt_crypt *crypt;
static struct jt_signer *signers[3];
static struct jt_sigcheck *checks[3];
static struct jt_buf tokens[3];
static const enum jt_alg algs[3] = {JT_ALG_ES256, JT_ALG_RS256, JT_ALG_EDDSA};

static struct jt_pkey *key_of(size_t i)
{
    return i == 0 ? ec : i == 1 ? rsa : ed;
}

static const char payload[] =
    "{\"iss\":\"https://auth.example.com\",\"sub\":\"alice-with-a-name-of-some-length\","
    "\"client_id\":\"alice-with-a-name-of-some-length\",\"aud\":\"https://api.example.com\","
    "\"scope\":\"a:read a:write\",\"iat\":1795603299,\"exp\":1795606899,\"jti\":\"0123456789\"}";

/* Certificates, and how they come: as a file, and in a header. */
static int setup_certificates(void)
{
    char *text = NULL;
    BIO *b = BIO_new(BIO_s_mem());
    ca = make(NULL, (struct recipe){.subject = {{"CN", "CA", 0, false}}, .extensions = {CA_TRUE}});
    between =
        make(ca, (struct recipe){.subject = {{"CN", "B", 0, false}}, .extensions = {CA_TRUE}});
    leaf = make(between,
                (struct recipe){
                    .subject = {{"O", "Acme", 0, false}, {"CN", "w", 0, false}},
                    .extensions = {{"subjectAltName", "DNS:a.example,IP:10.0.0.7"}, FOR_CLIENTS}});
    stranger =
        make(NULL, (struct recipe){.subject = {{"CN", "S", 0, false}}, .extensions = {CA_TRUE}});
    assert_true(PEM_write_bio_X509(b, ca->x) == 1 && PEM_write_bio_X509(b, leaf->x) == 1);
    long n = BIO_get_mem_data(b, &text);
    jt_buf_init(&file, 16384);
    jt_buf_init(&field, 16384);
    jt_buf_put(&file, jt_slice(text, (size_t)n));
    jt_buf_putc(&field, ':');
    jt_b64_put(&field, leaf->s);
    jt_buf_putc(&field, ':');
    BIO_free(b);
    return jt_buf_ok(&file) && jt_buf_ok(&field) ? 0 : -1;
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(jt_crypt_new(&crypt), JT_OK);
    assert_int_equal(jt_pkey_generate(JT_KEY_P256, &ec), JT_OK);
    assert_int_equal(jt_pkey_generate(JT_KEY_RSA, &rsa), JT_OK);
    assert_int_equal(jt_pkey_generate(JT_KEY_ED25519, &ed), JT_OK);
    for (size_t i = 0; i < 3; i++) {
        JT_AUTO(jt_buf_free) struct jt_buf h;
        jt_buf_init(&h, 1024);
        jt_buf_init(&tokens[i], 16384);
        assert_int_equal(jt_signer_new(key_of(i), algs[i], &signers[i]), JT_OK);
        assert_int_equal(jt_sigcheck_new(key_of(i), algs[i], &checks[i]), JT_OK);
        jt_at_header(algs[i], JT_LIT("kid-of-the-key"), &h);
        assert_int_equal(jt_jws_write(signers[i], jt_buf_slice(&h), jt_str(payload), &tokens[i]),
                         JT_OK);
    }
    return setup_certificates();
}

static int teardown(void **state)
{
    (void)state;
    unmake(ca);
    unmake(between);
    unmake(leaf);
    unmake(stranger);
    jt_buf_free(&file);
    jt_buf_free(&field);
    for (size_t i = 0; i < 3; i++) {
        jt_signer_free(&signers[i]);
        jt_sigcheck_free(&checks[i]);
        jt_buf_free(&tokens[i]);
    }
    jt_pkey_free(&ec);
    jt_pkey_free(&rsa);
    jt_pkey_free(&ed);
    jt_crypt_free(&crypt);
    return 0;
}

static enum jt_err json(void)
{
    static const struct jt_json_limits limits = {16384, 8, 256};
    struct jt_json *d = NULL;
    struct jt_slice s = {0};
    JT_TRY(jt_json_parse(jt_str("{\"first\":[1,2.5,true,null,{\"a\":\"text that is longer than the "
                                "first place for it\"}],\"second\":\"\\u00e9\",\"n\":123456789}"),
                         &limits, &d));
    int64_t n = 0;
    assert_true(jt_jval_int(jt_jobj_get(jt_json_root(d), "n"), &n));
    assert_int_equal(n, 123456789);
    const struct jt_jval *in = jt_jarr_at(jt_jobj_get(jt_json_root(d), "first"), 4);
    assert_true(jt_jval_str(jt_jobj_get(in, "a"), &s));
    assert_int_equal(s.n, 47);
    jt_json_free(&d);
    return JT_OK;
}

static enum jt_err form_of(enum jt_form_fault fault, const struct jt_form *form)
{
    if (fault == JT_FORM_NOMEM) {
        return JT_E_NOMEM;
    }
    assert_int_equal(fault, JT_FORM_OK);
    assert_int_equal(form->n, 2);
    assert_true(jt_slice_eq(jt_form_get(form, "scope"), JT_LIT("a b")));
    return JT_OK;
}

static enum jt_err form(void)
{
    struct jt_arena a;
    struct jt_form f;
    jt_arena_init(&a, 65536);
    enum jt_err e =
        form_of(jt_form_read(JT_LIT("grant_type=client_credentials&scope=a%20b"), &a, &f), &f);
    jt_arena_free(&a);
    return e;
}

static enum jt_err form_json(void)
{
    struct jt_arena a;
    struct jt_form f;
    jt_arena_init(&a, 65536);
    enum jt_err e = form_of(
        jt_form_read_json(JT_LIT("{\"grant_type\":\"client_credentials\",\"scope\":\"a b\"}"), &a,
                          NULL, &f),
        &f);
    jt_arena_free(&a);
    return e;
}

static enum jt_err basic(void)
{
    struct jt_arena a;
    struct jt_authz z;
    jt_arena_init(&a, 65536);
    jt_authz_read(JT_LIT("Basic YWxpY2U6c2VjcmV0"), &a, &z);
    bool out = a.starved;
    if (!out) {
        assert_int_equal(z.scheme, JT_AUTHZ_BASIC);
        assert_true(jt_slice_eq(z.password, JT_LIT("secret")));
    }
    jt_arena_free(&a);
    return out ? JT_E_NOMEM : JT_OK;
}

static enum jt_err jws_with(size_t i)
{
    struct jt_arena a;
    struct jt_jws_parts parts;
    struct jt_jws_header header;
    struct jt_at_claims claims;
    struct jt_slice text = {0};
    jt_arena_init(&a, 65536);
    enum jt_err e = jt_jws_read(jt_buf_slice(&tokens[i]), &a, &parts, &header);
    if (e == JT_OK) {
        enum jt_sig_verdict v = jt_jws_verify(&parts, checks[i]);
        assert_int_not_equal(v, JT_SIG_INVALID);
        e = v == JT_SIG_VALID ? JT_OK : JT_E_NOMEM;
    }
    if (e == JT_OK) {
        e = jt_jws_payload(&parts, &a, &text);
    }
    if (e == JT_OK) {
        e = jt_at_read(text, &a, &claims);
    }
    if (e == JT_OK) {
        assert_true(jt_slice_eq(claims.scope, JT_LIT("a:read a:write")));
        assert_int_equal(claims.exp, 1795606899);
    }
    jt_arena_free(&a);
    return e;
}

static enum jt_err jws_es256(void)
{
    return jws_with(0);
}

static enum jt_err jws_rs256(void)
{
    return jws_with(1);
}

static enum jt_err jws_eddsa(void)
{
    return jws_with(2);
}

/* The wrong signature is never right. */
static enum jt_err forged(void)
{
    for (size_t i = 0; i < 3; i++) {
        struct jt_arena a;
        struct jt_jws_parts parts;
        struct jt_jws_header header;
        jt_arena_init(&a, 65536);
        enum jt_err e = jt_jws_read(jt_buf_slice(&tokens[i]), &a, &parts, &header);
        if (e == JT_OK) {
            parts.signing_input.n--;
            enum jt_sig_verdict v = jt_jws_verify(&parts, checks[i]);
            assert_int_not_equal(v, JT_SIG_VALID);
            e = v == JT_SIG_INVALID ? JT_OK : JT_E_NOMEM;
        }
        jt_arena_free(&a);
        JT_TRY(e);
    }
    return JT_OK;
}

/* What is signed can be verified, now and after a failure. */
static enum jt_err sign(void)
{
    for (size_t i = 0; i < 3; i++) {
        uint8_t sig[JT_SIG_MAX];
        size_t n = 0;
        JT_TRY(jt_sign(signers[i], jt_str(payload), sig, &n));
        enum jt_sig_verdict v = jt_sigcheck(checks[i], jt_str(payload), jt_slice(sig, n));
        assert_int_not_equal(v, JT_SIG_INVALID);
        JT_TRY(v == JT_SIG_VALID ? JT_OK : JT_E_NOMEM);
    }
    return JT_OK;
}

static enum jt_err jws_write(void)
{
    for (size_t i = 0; i < 3; i++) {
        JT_AUTO(jt_buf_free) struct jt_buf out;
        jt_buf_init(&out, 16384);
        enum jt_err e = jt_jws_write(signers[i], JT_LIT("e30"), jt_str(payload), &out);
        if (e != JT_OK) {
            assert_int_equal(out.n, 0);
            return e;
        }
        assert_true(jt_buf_ok(&out));
    }
    return JT_OK;
}

static enum jt_err signer(void)
{
    for (size_t i = 0; i < 3; i++) {
        struct jt_signer *s = NULL;
        struct jt_sigcheck *c = NULL;
        JT_TRY(jt_signer_new(key_of(i), algs[i], &s));
        jt_signer_free(&s);
        JT_TRY(jt_sigcheck_new(key_of(i), algs[i], &c));
        jt_sigcheck_free(&c);
    }
    return JT_OK;
}

static enum jt_err write_jwk(struct jt_pkey *k, enum jt_alg alg, struct jt_buf *b)
{
    char thumbprint[JT_THUMBPRINT_LEN];
    struct jt_jw w = jt_jw(b);
    JT_TRY(jt_jwk_thumbprint(crypt, k, thumbprint));
    JT_TRY(jt_jwk_write(&w, k, alg, jt_slice(thumbprint, sizeof thumbprint)));
    return jt_buf_ok(b) ? JT_OK : JT_E_NOMEM;
}

static enum jt_err read_jwk(struct jt_slice text, enum jt_alg alg)
{
    static const struct jt_json_limits limits = {16384, 8, 256};
    struct jt_json *d = NULL;
    struct jt_jwk k = {0};
    JT_TRY(jt_json_parse(text, &limits, &d));
    enum jt_err e = jt_jwk_read(jt_json_root(d), &k);
    if (e == JT_OK) {
        assert_int_equal(k.alg, alg);
        jt_pkey_free(&k.key);
    }
    jt_json_free(&d);
    return e;
}

static enum jt_err jwk(void)
{
    for (size_t i = 0; i < 3; i++) {
        JT_AUTO(jt_buf_free) struct jt_buf b;
        jt_buf_init(&b, 8192);
        JT_TRY(write_jwk(key_of(i), algs[i], &b));
        JT_TRY(read_jwk(jt_buf_slice(&b), algs[i]));
    }
    return JT_OK;
}

static enum jt_err private_key(void)
{
    for (size_t i = 0; i < 3; i++) {
        JT_AUTO(jt_buf_free) struct jt_buf der;
        JT_AUTO(jt_buf_free) struct jt_buf pem;
        struct jt_pkey *k = NULL;
        jt_buf_init(&der, 8192);
        jt_buf_init(&pem, 8192);
        JT_TRY(jt_pkey_private_der(key_of(i), &der));
        JT_TRY(jt_pkey_from_private_der(jt_buf_slice(&der), &k));
        enum jt_err e = jt_pkey_public_pem(k, &pem);
        jt_pkey_free(&k);
        JT_TRY(e);
    }
    return JT_OK;
}

static enum jt_err generate(void)
{
    struct jt_pkey *k = NULL;
    JT_TRY(jt_pkey_generate(JT_KEY_P256, &k));
    jt_pkey_free(&k);
    JT_TRY(jt_pkey_generate(JT_KEY_ED25519, &k));
    jt_pkey_free(&k);
    return JT_OK;
}

static enum jt_err primitives(void)
{
    static const uint8_t key[JT_KEY_SIZE] = {7};
    JT_AUTO(jt_buf_free) struct jt_buf sealed;
    JT_AUTO(jt_buf_free) struct jt_buf plain;
    uint8_t hash[JT_SHA256_SIZE];
    uint8_t block[JT_BLOCK_SIZE] = {1};
    struct jt_crypt *c = NULL;
    jt_buf_init(&sealed, 1024);
    jt_buf_init(&plain, 1024);
    JT_TRY(jt_crypt_new(&c));
    enum jt_err e = jt_sha256(c, JT_LIT("abc"), hash);
    e = e == JT_OK ? jt_hmac_sha256(c, key, JT_LIT("abc"), hash) : e;
    e = e == JT_OK ? jt_block_encrypt(c, key, block, block) : e;
    e = e == JT_OK ? jt_block_decrypt(c, key, block, block) : e;
    e = e == JT_OK ? jt_seal(c, key, JT_LIT("for"), JT_LIT("secret"), &sealed) : e;
    e = e == JT_OK ? jt_unseal(c, key, JT_LIT("for"), jt_buf_slice(&sealed), &plain) : e;
    jt_crypt_free(&c);
    if (e == JT_OK) {
        assert_int_equal(block[0], 1);
        assert_true(jt_slice_eq(jt_buf_slice(&plain), JT_LIT("secret")));
    }
    return e;
}

static enum jt_err response(void)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    JT_AUTO(jt_buf_free) struct jt_buf body;
    jt_buf_init(&b, 65536);
    jt_buf_init(&body, 65536);
    struct jt_jw w = jt_jw(&body);
    jt_jw_arr(&w);
    for (int i = 0; i < 300; i++) {
        jt_jw_str(&w, JT_LIT("element"));
    }
    jt_jw_end_arr(&w);
    jt_buf_printf(&body, "%600d", 1);
    jt_response_begin(&b, 200, "Wed, 25 Nov 2026 10:00:00 GMT", JT_LIT("ref"), true);
    jt_response_body(&b, "application/json", jt_buf_slice(&body), false);
    if (!jt_buf_ok(&b) || !jt_buf_ok(&body)) {
        return JT_E_NOMEM;
    }
    assert_true(body.n == 300 * 10 + 1 + 600 && b.n > body.n);
    return JT_OK;
}

static struct jt_client like(void)
{
    static const struct jt_slice scopes[] = {JT_LIT_INIT("a:read"), JT_LIT_INIT("a:write")};
    static const struct jt_credential k = {
        .id = JT_LIT_INIT("abcdefghijkl"), .number = 1, .kind = JT_CRED_SECRET};
    static const struct jt_client_grant g = {JT_LIT_INIT("https://api.example.com"), 2, scopes};
    return (struct jt_client){.o = {.kind = JT_OBJ_CLIENT, .name = JT_LIT("alice")},
                              .enabled = true,
                              .ncredentials = 1,
                              .credentials = &k,
                              .ngrants = 1,
                              .grants = &g};
}

static enum jt_err put(struct jt_directory *d, struct jt_epochs *epochs)
{
    const struct jt_client c = like();
    const long before = fault_live();
    struct jt_publication *p = NULL;
    for (int i = 0; i < 2; i++) { /* the second replaces the first */
        struct jt_client *copy = jt_client_dup(&c);
        if (copy == NULL) {
            return JT_E_NOMEM;
        }
        enum jt_err e = i == 0 ? jt_directory_put(d, &copy->o) : JT_OK;
        if (i == 1) {
            e = jt_directory_prepare(d, &copy->o, &p);
        }
        if (e != JT_OK) {
            jt_object_free(&copy->o);
            return e;
        }
    }
    jt_directory_publish(d, &p);
    JT_TRY(jt_directory_prepare_drop(d, JT_OBJ_CLIENT, JT_LIT("alice"), &p));
    jt_directory_publish(d, &p);
    assert_null(jt_directory_client(d, JT_LIT("alice")));
    assert_int_equal(jt_epoch_reclaim(epochs), 0);
    assert_int_equal(fault_live(), before); /* nor is a place kept for what is gone */
    return JT_OK;
}

static enum jt_err directory(void)
{
    struct jt_epochs epochs;
    struct jt_directory *d = NULL;
    jt_epochs_init(&epochs);
    enum jt_err e = jt_directory_new(&epochs, &d);
    if (e == JT_OK) {
        e = put(d, &epochs);
        jt_directory_free(&d);
    }
    jt_epochs_free(&epochs);
    return e;
}

static enum jt_err keyring(void)
{
    static const uint8_t master[JT_KEY_SIZE] = {9};
    struct jt_keyring r = {0};
    struct jt_data_key *k = NULL;
    struct jt_signing_key *s = NULL;
    JT_TRY(jt_data_key_make(crypt, master, 1, JT_DATA_KEY_SEAL, 1, &k));
    enum jt_err e = jt_keyring_open(&r, crypt, master, k);
    jt_object_free(&k->o);
    JT_TRY(e);
    JT_TRY(jt_data_key_rewrap(crypt, master, &r.keys[0], &k));
    jt_object_free(&k->o);
    JT_TRY(jt_signing_key_make(crypt, &r, JT_ALG_ES256, 1, &s));
    struct jt_signing_key *copy = jt_signing_key_dup(s);
    e = copy == NULL ? JT_E_NOMEM : jt_signing_key_open(crypt, &r, copy);
    jt_object_free(&s->o);
    if (copy != NULL) {
        jt_object_free(&copy->o);
    }
    return e;
}

static enum jt_err usage(void)
{
    struct jt_usage *u = NULL;
    JT_TRY(jt_usage_new(&u));
    enum jt_err e = JT_OK;
    for (uint32_t i = 1; i < 3000 && e == JT_OK; i++) {
        const struct jt_use use = {.number = i, .last_s = i, .count = 1};
        e = jt_usage_load(u, &use);
    }
    struct jt_use got = {0};
    assert_true(e != JT_OK || (jt_usage_get(u, 2999, &got) && got.last_s == 2999));
    jt_usage_free(&u);
    return e;
}

/* Uses that there is no memory for are counted a little less, and nothing else. */
static enum jt_err callers(void)
{
    static struct jt_usage_batch b;
    struct jt_usage *u = NULL;
    JT_TRY(jt_usage_new(&u));
    for (uint8_t i = 1; i < 9; i++) {
        const struct jt_addr address = {{i}};
        const char agent[2] = {(char)('a' + i), '\0'};
        const struct jt_usage_from from = {&address, jt_str(agent)};
        jt_usage_add(&b, u, i % 2 == 0 ? 1 : 2, i, &from);
        jt_usage_merge(&b, u);
    }
    struct jt_use got = {0};
    bool known = jt_usage_get(u, 2, &got);
    assert_true(!known || (got.last_s == 7 && got.ncallers >= 1 && got.callers[0].last_s == 7));
    bool all = known && got.ncallers == 4 && got.callers[3].nagent == 1;
    jt_usage_free(&u);
    return all ? JT_OK : JT_E_NOMEM;
}

static enum jt_err reminders(void)
{
    struct jt_reminders *r = NULL;
    JT_TRY(jt_reminders_new(&r));
    enum jt_err e = JT_OK;
    for (uint32_t i = 1; i < 1000 && e == JT_OK; i++) {
        e = jt_reminders_told(r, jt_reminder_of_credential(i), 86400, 7);
    }
    jt_reminders_free(&r);
    return e;
}

static enum jt_err profiles(void)
{
    const struct jt_profile p = {.client_id = JT_LIT_INIT("alice"),
                                 .audience = JT_LIT_INIT("https://api"),
                                 .scope = JT_LIT_INIT("a")};
    struct jt_profiles *home = NULL;
    JT_TRY(jt_profiles_new(&home));
    const struct jt_profile *mine = jt_profile_take(home, &p);
    if (mine != NULL) {
        jt_profile_give(mine);
    }
    jt_profiles_free(&home);
    return mine == NULL ? JT_E_NOMEM : JT_OK;
}

static enum jt_err config(void)
{
    struct jt_config c;
    struct jt_config_error err = {{0}, {0}};
    jt_config_init(&c);
    enum jt_err e = jt_config_load(&c, "/tmp/jeton-test-fault.yaml", &err);
    e = e == JT_OK ? jt_config_set(&c, "server.data", JT_LIT("/tmp/x"), "--data", &err) : e;
    e = e == JT_OK ? jt_config_check(&c, &err) : e;
    assert_true(e == JT_OK || err.text[0] != '\0');
    assert_true(e != JT_OK || (c.nlisten == 2 && c.ntrusted == 1));
    jt_config_free(&c);
    return e;
}

static enum jt_err event(void)
{
    const struct jt_event e = {.type = JT_EV_TOKEN_ISSUED,
                               .client_id = JT_LIT("alice"),
                               .resource = JT_LIT("https://api.example.com"),
                               .count = 1};
    struct jt_event copy = {0};
    struct jt_arena a;
    struct jt_buf scratch;
    uint8_t last[JT_SHA256_SIZE] = {0};
    jt_arena_init(&a, 65536);
    jt_buf_init(&scratch, 65536);
    enum jt_err err = jt_event_copy(&a, &e, &copy) ? JT_OK : JT_E_NOMEM;
    err = err == JT_OK ? jt_event_chain(crypt, last, &copy, &scratch) : err;
    jt_buf_free(&scratch);
    jt_arena_free(&a);
    return err;
}

/* No verdict, or the right one. */
static enum jt_err names_of(const struct jt_peer_cert *c)
{
    static const struct {
        enum jt_tls_name kind;
        const char *name;
        enum jt_peer_verdict want;
    } rows[] = {
        {JT_TLS_SUBJECT, "CN=w,O=Acme", JT_PEER_YES}, {JT_TLS_SUBJECT, "O=Acme,CN=w", JT_PEER_NO},
        {JT_TLS_DNS, "a.example", JT_PEER_YES},       {JT_TLS_DNS, "b.example", JT_PEER_NO},
        {JT_TLS_IP, "10.0.0.7", JT_PEER_YES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum jt_peer_verdict v = jt_peer_cert_has(c, rows[i].kind, jt_str(rows[i].name));
        if (v == JT_PEER_UNDECIDED) {
            return JT_E_NOMEM;
        }
        assert_int_equal(v, rows[i].want);
    }
    return JT_OK;
}

static enum jt_err chains_of(const struct jt_peer_cert *c)
{
    const struct {
        struct jt_slice ca;
        enum jt_chain want;
    } rows[] = {
        {ca->s, JT_CHAIN_GOOD}, {between->s, JT_CHAIN_GOOD}, {stranger->s, JT_CHAIN_ISSUER}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum jt_chain v = jt_peer_cert_chain(c, rows[i].ca, NOW);
        if (v == JT_CHAIN_UNDECIDED) {
            return JT_E_NOMEM;
        }
        assert_int_equal(v, rows[i].want);
    }
    return JT_OK;
}

static enum jt_err peer(void)
{
    const struct jt_slice ders[] = {leaf->s, between->s};
    const struct jt_peer_cert *c = NULL;
    JT_TRY(jt_peer_cert_new(ders, 2, &c));
    enum jt_err e = names_of(c);
    e = e == JT_OK ? chains_of(c) : e;
    jt_peer_cert_release(&c);
    return e;
}

static enum jt_err registered(void)
{
    JT_AUTO(jt_buf_free) struct jt_buf out;
    JT_AUTO(jt_buf_free) struct jt_buf subject;
    struct jt_cert_info info;
    size_t n = 0;
    const char *why = NULL;
    jt_buf_init(&out, 16384);
    jt_buf_init(&subject, 1024);
    enum jt_err e = jt_certs_from_pem(jt_buf_slice(&file), 8, &out, &n, &why);
    if (e == JT_E_LIMIT && !jt_buf_ok(&out)) {
        return JT_E_NOMEM; /* the buffer does not tell which it was */
    }
    JT_TRY(e);
    assert_int_equal(n, 2);
    JT_TRY(jt_cert_describe(leaf->s, &info, &subject));
    assert_true(!info.is_ca && jt_slice_eq(jt_buf_slice(&subject), JT_LIT("CN=w,O=Acme")));
    return JT_OK;
}

static enum jt_err passed_on(void)
{
    static struct jt_http_head h;
    struct jt_arena a;
    const struct jt_peer_cert *c = NULL;
    h.fields[0] = (struct jt_http_field){JT_LIT("Client-Cert"), jt_buf_slice(&field)};
    h.nfields = 1;
    jt_arena_init(&a, 65536);
    enum jt_err e = jt_client_cert_read(&h, JT_CERT_HEADER_RFC9440, &a, &c);
    assert_true((e == JT_OK) == (c != NULL));
    jt_peer_cert_release(&c);
    jt_arena_free(&a);
    return e;
}

/* A rule with keys of its own, written, and claims held against it. */
static enum jt_err judge_trust(struct jt_slice rule, struct jt_arena *a, struct jt_arena *b)
{
    static const struct jt_json_limits limits = {4096, 4, 64};
    static const char claims[] = "{\"iss\":\"https://a.example\",\"aud\":\"x\",\"sub\":\"s\","
                                 "\"exp\":1000,\"jti\":\"j\"}";
    struct jt_trust_rule r;
    struct jt_trust_rule again;
    struct jt_trust_why why;
    struct jt_json *doc = NULL;
    JT_AUTO(jt_buf_free) struct jt_buf text;
    jt_buf_init(&text, JT_TRUST_RULE_MAX);
    JT_TRY(jt_trust_rule_read(rule, a, &r, &why));
    jt_trust_rule_write(&r, &text);
    if (!jt_buf_ok(&text)) {
        return JT_E_NOMEM;
    }
    JT_TRY(jt_trust_rule_read(jt_buf_slice(&text), b, &again, &why));
    JT_TRY(jt_json_parse(jt_str(claims), &limits, &doc));
    const struct jt_trust_token t = {.header = {.alg = JT_ALG_ES256}, .claims = jt_json_root(doc)};
    const struct jt_trust_moment at = {JT_LIT("x"), 900};
    struct jt_findings found = {.arena = a, .says_all = true};
    jt_trust_evaluate(&again, &t, &at, &found);
    assert_true(jt_findings_good(&found)); /* words may be missing, the verdict not */
    jt_json_free(&doc);
    return a->starved || b->starved ? JT_E_NOMEM : JT_OK;
}

static enum jt_err trust(void)
{
    struct jt_arena a;
    struct jt_arena b;
    JT_AUTO(jt_buf_free) struct jt_buf rule;
    jt_buf_init(&rule, 8192);
    jt_arena_init(&a, JT_TRUST_ARENA);
    jt_arena_init(&b, JT_TRUST_ARENA);
    jt_buf_puts(&rule, "{\"issuer\":\"https://a.example\",\"match\":{\"sub\":\"s\"},\"jwks\":{"
                       "\"keys\":[");
    struct jt_jw w = jt_jw(&rule);
    enum jt_err e = jt_jwk_write(&w, ec, JT_ALG_ES256, JT_LIT("k"));
    jt_buf_puts(&rule, "]}}");
    e = e != JT_OK ? e : !jt_buf_ok(&rule) ? JT_E_NOMEM : judge_trust(jt_buf_slice(&rule), &a, &b);
    jt_arena_free(&a);
    jt_arena_free(&b);
    /* a key that OpenSSL could not read, without saying why, is left out: then there is none */
    return e == JT_E_SYNTAX ? JT_E_CRYPTO : e;
}

static const struct {
    const char *name;
    enum jt_err (*run)(void);
    bool crypt; /* OpenSSL may say that it could not, without saying why */
} scenarios[] = {
    {"json", json, false},
    {"form", form, false},
    {"form_json", form_json, false},
    {"basic", basic, false},
    {"jws_es256", jws_es256, false},
    {"jws_rs256", jws_rs256, false},
    {"jws_eddsa", jws_eddsa, false},
    {"forged", forged, false},
    {"sign", sign, true},
    {"jws_write", jws_write, true},
    {"signer", signer, true},
    {"jwk", jwk, true},
    {"trust", trust, true},
    {"private_key", private_key, true},
    {"generate", generate, true},
    {"primitives", primitives, true},
    {"response", response, false},
    {"directory", directory, false},
    {"keyring", keyring, true},
    {"usage", usage, false},
    {"callers", callers, false},
    {"reminders", reminders, false},
    {"profiles", profiles, false},
    {"config", config, false},
    {"event", event, true},
    {"peer", peer, true},
    {"registered", registered, true},
    {"passed on", passed_on, true},
};

static long try_all(size_t i, bool ever)
{
    long n = 1;
    for (;; n = fault_next(n)) {
        long before = fault_live();
        fault_arm(n, ever);
        enum jt_err e = scenarios[i].run();
        long seen = fault_disarm();
        if (e != JT_OK && e != JT_E_NOMEM && !(scenarios[i].crypt && e == JT_E_CRYPTO)) {
            fail_msg("%s: allocation %ld%s: %s", scenarios[i].name, n, ever ? " and later" : "",
                     jt_err_text(e));
        }
        if (fault_live() != before) {
            fail_msg("%s: allocation %ld%s: %ld blocks are left", scenarios[i].name, n,
                     ever ? " and later" : "", fault_live() - before);
        }
        if (scenarios[i].run() != JT_OK) {
            fail_msg("%s: after allocation %ld failed it does not work", scenarios[i].name, n);
        }
        if (seen < n) {
            return n;
        }
    }
}

static void each_allocation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        assert_int_equal(scenarios[i].run(), JT_OK);
        long once = try_all(i, false);
        long ever = try_all(i, true);
        print_message("%s: %ld allocations (%ld)\n", scenarios[i].name, once - 1, ever - 1);
    }
}

int main(void)
{
    FILE *f = fopen("/tmp/jeton-test-fault.yaml", "w");
    if (f == NULL ||
        fputs("server:\n  listen: [127.0.0.1:8443, '[::1]:8443']\n"
              "  trusted_proxies: [127.0.0.0/8]\naudit:\n  retain: 30d\n",
              f) < 0 ||
        fclose(f) != 0) {
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation)};
    return cmocka_run_group_tests(tests, setup, teardown);
}

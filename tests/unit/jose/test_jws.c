/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/b64.h"
#include "core/jose/jws.h"

static struct jt_arena arena;
static struct jt_pkey *ec, *rsa;
static struct jt_signer *ec_signer, *rsa_signer;
static struct jt_sigcheck *ec_check, *rsa_check;

static int setup(void **state)
{
    (void)state;
    jt_arena_init(&arena, 1u << 18);
    return jt_pkey_generate(JT_KEY_P256, &ec) == JT_OK &&
                   jt_pkey_generate(JT_KEY_RSA, &rsa) == JT_OK &&
                   jt_signer_new(ec, JT_ALG_ES256, &ec_signer) == JT_OK &&
                   jt_signer_new(rsa, JT_ALG_RS256, &rsa_signer) == JT_OK &&
                   jt_sigcheck_new(ec, JT_ALG_ES256, &ec_check) == JT_OK &&
                   jt_sigcheck_new(rsa, JT_ALG_RS256, &rsa_check) == JT_OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_signer_free(&ec_signer);
    jt_signer_free(&rsa_signer);
    jt_sigcheck_free(&ec_check);
    jt_sigcheck_free(&rsa_check);
    jt_pkey_free(&ec);
    jt_pkey_free(&rsa);
    jt_arena_free(&arena);
    return 0;
}

static struct jt_jws_parts parts;
static struct jt_jws_header header;

static enum jt_err read_token(struct jt_slice token)
{
    jt_arena_reset(&arena);
    header = (struct jt_jws_header){.alg = JT_ALG_NONE};
    return jt_jws_read(token, &arena, &parts, &header);
}

/* A token signed with ES256 whatever its header says. */
static void make(struct jt_slice head, struct jt_slice payload, struct jt_buf *out)
{
    JT_AUTO(jt_buf_free) struct jt_buf h;
    jt_buf_init(&h, 65536);
    jt_buf_init(out, 1u << 17);
    jt_b64url_put(&h, head);
    assert_int_equal(jt_jws_write(ec_signer, jt_buf_slice(&h), payload, out), JT_OK);
}

static enum jt_err read_with_header(struct jt_slice head)
{
    struct jt_buf t;
    make(head, JT_LIT("{}"), &t);
    enum jt_err e = read_token(jt_buf_slice(&t));
    jt_buf_free(&t);
    return e;
}

static void written_is_verified(void **state)
{
    struct jt_buf t;
    struct jt_slice payload = {0};
    (void)state;
    make(JT_LIT("{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"at+jwt\",\"cty\":\"c\",\"x\":1}"),
         JT_LIT("not json"), &t);
    assert_int_equal(read_token(jt_buf_slice(&t)), JT_OK);
    assert_int_equal(header.alg, JT_ALG_ES256);
    assert_true(jt_slice_eq(header.kid, JT_LIT("k")) && jt_slice_eq(header.typ, JT_LIT("at+jwt")));
    assert_true(jt_slice_eq(header.cty, JT_LIT("c")));
    assert_ptr_equal(parts.header.p, t.p);
    assert_ptr_equal(parts.signature.p + parts.signature.n, t.p + t.n);
    assert_int_equal(parts.signing_input.n, parts.header.n + 1 + parts.payload.n);
    assert_int_equal(jt_jws_verify(&parts, ec_check), JT_SIG_VALID);
    assert_int_equal(jt_jws_verify(&parts, rsa_check), JT_SIG_INVALID);
    assert_int_equal(jt_jws_payload(&parts, &arena, &payload), JT_OK);
    assert_true(jt_slice_eq(payload, JT_LIT("not json")));
    jt_buf_free(&t);
}

/* threats J1, J2 */
static void algorithms(void **state)
{
    static const char *const bad[] = {"{\"alg\":\"none\"}",
                                      "{\"alg\":\"None\"}",
                                      "{\"alg\":\"nOnE\"}",
                                      "{\"alg\":\"\"}",
                                      "{\"alg\":null}",
                                      "{\"alg\":[\"ES256\"]}",
                                      "{}",
                                      "{\"alg\":\"es256\"}",
                                      "{\"alg\":\"Es256\"}",
                                      "{\"alg\":\"ES256 \"}",
                                      "{\"alg\":\" ES256\"}",
                                      "{\"alg\":\"ES256K\"}",
                                      "{\"alg\":\"HS256\"}",
                                      "{\"alg\":\"rs256\"}",
                                      "{\"alg\":\"RS1\"}",
                                      "{\"alg\":\"ES384\"}",
                                      "{\"alg\":\"ed25519\"}",
                                      "{\"alg\":\"Ed448\"}",
                                      "{\"alg\":256}",
                                      "{\"alg\":true}",
                                      "{\"alg\":{}}",
                                      "{\"ALG\":\"ES256\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_with_header(jt_str(bad[i])), JT_E_UNSUPPORTED);
        assert_int_equal(header.alg, JT_ALG_NONE);
    }
    /* both names of one algorithm (RFC 8037 section 3.1, RFC 9864 section 2.2) */
    assert_int_equal(read_with_header(JT_LIT("{\"alg\":\"EdDSA\"}")), JT_OK);
    assert_int_equal(header.alg, JT_ALG_EDDSA);
    assert_int_equal(read_with_header(JT_LIT("{\"alg\":\"Ed25519\"}")), JT_OK);
    assert_int_equal(header.alg, JT_ALG_EDDSA);
    assert_int_equal(read_token(JT_LIT("eyJhbGciOiJub25lIn0.e30.")), JT_E_SYNTAX);
    assert_int_equal(read_token(JT_LIT("eyJhbGciOiJub25lIn0.e30.AAAA")), JT_E_UNSUPPORTED);
}

/* threats J5, J7, J8, J29 and section 1, 2 */
static void headers(void **state)
{
    static const char *const bad[] = {
        "{\"alg\":\"ES256\",\"crit\":[\"x\"]}",
        "{\"alg\":\"ES256\",\"crit\":[]}",
        "{\"alg\":\"ES256\",\"crit\":\"x\"}",
        "{\"alg\":\"ES256\",\"crit\":null}",
        "{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false}",
        "{\"alg\":\"ES256\",\"crit\":[\"alg\"]}",
        "{\"alg\":\"ES256\",\"b64\":true}",
        "{\"alg\":\"ES256\",\"zip\":\"DEF\"}",
        "{\"alg\":\"ES256\",\"enc\":\"A256GCM\"}",
        "{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\"}}",
        "{\"alg\":\"ES256\",\"jku\":\"http://127.0.0.1/\"}",
        "{\"alg\":\"ES256\",\"x5u\":\"http://127.0.0.1/\"}",
        "{\"alg\":\"ES256\",\"x5c\":[\"AAAA\"]}",
        "{\"alg\":\"none\",\"alg\":\"ES256\"}",
        "{\"alg\":\"ES256\",\"kid\":\"a\",\"kid\":\"b\"}",
        "{\"alg\":\"ES256\",\"kid\":1}",
        "{\"alg\":\"ES256\",\"kid\":null}",
        "{\"alg\":\"ES256\",\"typ\":[\"at+jwt\"]}",
        "{\"alg\":\"ES256\",\"kid\":\"a\\u0000b\"}",
        "{\"alg\":\"ES256\\u0000\"}",
        "\xef\xbb\xbf{\"alg\":\"ES256\"}",
        "{\"alg\":\"ES256\"}x",
        "{\"alg\":\"ES256\"",
        "[\"ES256\"]",
        "\"ES256\"",
        "null",
        "{\"alg\":\"ES256\",\"x\":[[[[1]]]]}",
        "{\"alg\":\"ES256\",\"kid\":\"\xff\"}",
    };
    static char big[9000];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(read_with_header(jt_str(bad[i])), JT_E_SYNTAX);
    }
    assert_int_equal(read_with_header(JT_LIT("{\"alg\":\"ES256\",\"x\":[[[1]]]}")), JT_OK);
    memset(big, ' ', sizeof big);
    memcpy(big, "{\"alg\":\"ES256\"}", 15);
    assert_int_equal(read_with_header(jt_slice(big, 8192)), JT_OK);
    assert_int_equal(read_with_header(jt_slice(big, 8193)), JT_E_SYNTAX);
}

#define HEAD "eyJhbGciOiJFUzI1NiJ9"

/* threats J10, J11 */
static void form(void **state)
{
    static const char *const bad[] = {
        "",
        ".",
        "..",
        "...",
        HEAD,
        HEAD ".e30",
        HEAD ".e30.",
        HEAD "..AAAA",
        ".e30.AAAA",
        HEAD ".e30.AAAA.",
        HEAD ".e30.AAAA.AAAA",
        HEAD ".e30.AAAA.AAAA.AAAA",
        HEAD "=.e30.AAAA",
        HEAD ".e30=.AAAA",
        HEAD ".e30.AA==",
        HEAD ".e31.AAAA", /* unused bits set */
        HEAD ".e30.AB",
        HEAD ".e30.A",
        HEAD ".e30.AA+A",
        HEAD ".e30.AA/A",
        HEAD ".e3 0.AAAA",
        HEAD ".e30.AAAA\n",
        " " HEAD ".e30.AAAA",
        "{\"payload\":\"e30\",\"protected\":\"" HEAD "\",\"signature\":\"AAAA\"}",
    };
    static char dots[100000];
    static char large[JT_JWS_MAX + 1];
    (void)state;
    assert_int_equal(read_token(JT_LIT(HEAD ".e30.AAAA")), JT_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        enum jt_err e = read_token(jt_str(bad[i]));
        if (e != JT_E_SYNTAX) {
            print_error("%s\n", bad[i]);
        }
        assert_int_equal(e, JT_E_SYNTAX);
    }
    memset(dots, '.', sizeof dots);
    assert_int_equal(read_token(jt_slice(dots, sizeof dots)), JT_E_LIMIT);
    assert_int_equal(read_token(jt_slice(dots, 16384)), JT_E_SYNTAX);
    memset(large, 'A', sizeof large);
    memcpy(large, HEAD ".", sizeof HEAD);
    large[sizeof large - 7] = '.';
    assert_int_equal(read_token(jt_slice(large, sizeof large)), JT_E_LIMIT);
}

/* threats J16: every bit of a token, and every cut */
static void flips(void **state)
{
    struct jt_buf t;
    unsigned tried = 0;
    (void)state;
    make(JT_LIT("{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"key-1\"}"),
         JT_LIT("{\"iss\":\"https://issuer.example\",\"sub\":\"client\",\"exp\":1795512600}"), &t);
    for (size_t i = 0; i < t.n * 8; i++) {
        t.p[i / 8] ^= (uint8_t)(1u << i % 8);
        if (read_token(jt_buf_slice(&t)) == JT_OK) {
            assert_int_equal(
                jt_jws_verify(&parts, header.alg == JT_ALG_ES256 ? ec_check : rsa_check),
                JT_SIG_INVALID);
            tried++;
        }
        t.p[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_true(t.n * 8 > 1500 && tried > 300);
    for (size_t n = 0; n < t.n; n++) {
        if (read_token(jt_slice(t.p, n)) == JT_OK) {
            assert_int_equal(jt_jws_verify(&parts, ec_check), JT_SIG_INVALID);
        }
    }
    assert_int_equal(read_token(jt_buf_slice(&t)), JT_OK);
    assert_int_equal(jt_jws_verify(&parts, ec_check), JT_SIG_VALID);
    jt_buf_free(&t);
}

/* RFC 8037 appendix A.4, and A.2: the key that verifies it */
static void rfc8037(void **state)
{
    static const char token[] =
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-"
        "09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    static struct jt_pubparams p = {.kind = JT_KEY_ED25519};
    struct jt_pkey *k = NULL;
    struct jt_sigcheck *check = NULL;
    struct jt_slice payload = {0};
    (void)state;
    assert_int_equal(
        jt_b64url_decode(JT_LIT("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), p.a, &p.a_n),
        JT_OK);
    assert_int_equal(jt_pkey_from_params(&p, &k), JT_OK);
    assert_int_equal(jt_sigcheck_new(k, JT_ALG_EDDSA, &check), JT_OK);
    assert_int_equal(read_token(jt_str(token)), JT_OK);
    assert_int_equal(header.alg, JT_ALG_EDDSA);
    assert_int_equal(jt_jws_verify(&parts, check), JT_SIG_VALID);
    assert_int_equal(jt_jws_verify(&parts, ec_check), JT_SIG_INVALID);
    assert_int_equal(jt_jws_payload(&parts, &arena, &payload), JT_OK);
    assert_true(jt_slice_eq(payload, JT_LIT("Example of Ed25519 signing")));
    for (size_t i = 0; i < sizeof token - 1; i++) {
        char bad[sizeof token];
        memcpy(bad, token, sizeof token);
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        if (read_token(jt_slice(bad, sizeof bad - 1)) == JT_OK) {
            assert_int_equal(jt_jws_verify(&parts, check), JT_SIG_INVALID);
        }
    }
    jt_sigcheck_free(&check);
    jt_pkey_free(&k);
}

static void rs256_and_a_full_buffer(void **state)
{
    struct jt_buf t;
    struct jt_slice head = JT_LIT("eyJhbGciOiJSUzI1NiJ9");
    (void)state;
    jt_buf_init(&t, 4096);
    jt_buf_puts(&t, "kept");
    assert_int_equal(jt_jws_write(rsa_signer, head, JT_LIT("{}"), &t), JT_OK);
    assert_int_equal(read_token(jt_slice(t.p + 4, t.n - 4)), JT_OK);
    assert_int_equal(header.alg, JT_ALG_RS256);
    assert_int_equal(jt_jws_verify(&parts, rsa_check), JT_SIG_VALID);
    assert_int_equal(jt_jws_verify(&parts, ec_check), JT_SIG_INVALID);
    jt_buf_free(&t);
    jt_buf_init(&t, 100);
    jt_buf_puts(&t, "kept");
    assert_int_not_equal(jt_jws_write(rsa_signer, head, JT_LIT("{}"), &t), JT_OK);
    assert_true(jt_slice_eq(jt_buf_slice(&t), JT_LIT("kept")));
    jt_buf_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_is_verified),
        cmocka_unit_test(algorithms),
        cmocka_unit_test(headers),
        cmocka_unit_test(form),
        cmocka_unit_test(flips),
        cmocka_unit_test(rs256_and_a_full_buffer),
        cmocka_unit_test(rfc8037),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

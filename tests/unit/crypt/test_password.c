/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/crypt/password.h"

#define PBKDF2_SALT "c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0"
#define KEYCLOAK_SECRET "k3ycl0ak+of/2024:client%20&="

/* text is taken, becomes this, and fits this secret alone. */
static void taken(const char *text, const char *becomes, const char *kind, const char *secret)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    const char *why = NULL;
    jt_buf_init(&b, JT_PASSWORD_HASH_MAX);
    if (jt_password_import(jt_str(text), &b, &why) != JT_OK) {
        fail_msg("%s: %s", text, why);
    }
    struct jt_slice hash = jt_buf_slice(&b);
    assert_true(jt_slice_eq(hash, jt_str(becomes)));
    assert_string_equal(jt_password_kind(hash), kind);
    assert_int_equal(jt_password_check(hash, jt_str(secret)), JT_PASSWORD_FITS);
    assert_int_equal(jt_password_check(hash, jt_slice(secret, strlen(secret) - 1)),
                     JT_PASSWORD_DIFFERS);
    assert_int_equal(jt_password_check(hash, JT_LIT("another one")), JT_PASSWORD_DIFFERS);
    assert_int_equal(jt_password_check(hash, jt_slice(NULL, 0)), JT_PASSWORD_DIFFERS);
}

static void refused(const char *text, enum jt_err e, const char *part)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    const char *why = NULL;
    jt_buf_init(&b, JT_PASSWORD_HASH_MAX);
    if (jt_password_import(jt_str(text), &b, &why) != e || strstr(why, part) == NULL) {
        fail_msg("%s: not refused so, but: %s", text, why);
    }
}

/* The vectors of crypt_blowfish, and one of Python's bcrypt. */
static void bcrypt(void **state)
{
    static const char *const rows[][2] = {
        {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
        {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
        {"$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"},
        {"$2b$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"},
        {"$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"},
        {"$2b$10$EEY7gRKYIErd.nd39Z6p3OZ4nTWqnAzNIb7z0nbbWMnrynmNdkSBe",
         "geheimnis-\xc3\xa4\xc3\xb6\xc3\xbc-\xe2\x82\xac"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        taken(rows[i][0], rows[i][0], "bcrypt", rows[i][1]);
    }
}

/* Some servers left unused bits of the salt set; they count for nothing. */
static void bcrypt_salt_with_unused_bits(void **state)
{
    (void)state;
    taken("$2a$05$CCCCCCCCCCCCCCCCCCCCCAE5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
          "$2a$05$CCCCCCCCCCCCCCCCCCCCCAE5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "bcrypt", "U*U");
}

/* 72 bytes are all that bcrypt looks at: a longer secret that begins so must not pass for it. */
static void bcrypt_does_not_cut(void **state)
{
    const struct jt_slice hash =
        JT_LIT("$2b$04$DkgXSxyzYQ8x/kuI.d/b8ufdxXS4IEMec3aQl0IhXnPVtAOXS8Og.");
    char secret[73];
    (void)state;
    memset(secret, 'a', sizeof secret);
    assert_int_equal(jt_password_check(hash, jt_slice(secret, 72)), JT_PASSWORD_FITS);
    assert_int_equal(jt_password_check(hash, jt_slice(secret, 73)), JT_PASSWORD_DIFFERS);
    assert_int_equal(jt_password_check(hash, jt_slice(secret, 71)), JT_PASSWORD_DIFFERS);
}

/* A NUL ends what libxcrypt sees. */
static void nul_does_not_cut(void **state)
{
    (void)state;
    assert_int_equal(
        jt_password_check(JT_LIT("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
                          jt_slice("U*U\0more", 8)),
        JT_PASSWORD_DIFFERS);
    assert_int_equal(
        jt_password_check(JT_LIT("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
                          jt_slice("Hello world!\0", 13)),
        JT_PASSWORD_DIFFERS);
}

/* U. Drepper, Unix crypt using SHA-256 and SHA-512 */
static void sha_crypt(void **state)
{
    static const char *const rows[][2] = {
        {"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "sha256-crypt"},
        {"$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
         "sha256-crypt"},
        {"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/"
         "O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
         "sha512-crypt"},
        {"$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/"
         "UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
         "sha512-crypt"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        taken(rows[i][0], rows[i][0], rows[i][1], "Hello world!");
    }
}

/* RFC 6070, and the same input with the other digests */
static void pbkdf2(void **state)
{
    static const char *const rows[][2] = {
        {"$pbkdf2-sha1$i=4096,l=25$" PBKDF2_SALT "$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA",
         "pbkdf2-sha1"},
        {"$pbkdf2-sha256$i=4096,l=40$" PBKDF2_SALT
         "$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU+HGNVGMfaxH6Q",
         "pbkdf2-sha256"},
        {"$pbkdf2-sha512$i=4096,l=64$" PBKDF2_SALT
         "$jAUR9Mbll8asYxXY8DYuIl88UBSVuiO4aMAFF03E7nERW1n55gzZUy+jPg91rv4wIlxYOhhs2CvU2uqXJKPTuA",
         "pbkdf2-sha512"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        taken(rows[i][0], rows[i][0], rows[i][1], "passwordPASSWORDpassword");
    }
}

/* Without a length, with padding, and in passlib's alphabet: all become Hydra's text. */
static void pbkdf2_of_others(void **state)
{
    static const char hydra[] = "$pbkdf2-sha256$i=25000,l=32$AAECAwQFBgcICQoLDA0ODw$"
                                "RRf/cmUygRsV95vpanot/XVjKE84kbHDhD3dIHhLxSM";
    static const char *const same[] = {
        hydra,
        "$pbkdf2-sha256$i=25000$AAECAwQFBgcICQoLDA0ODw$RRf/cmUygRsV95vpanot/"
        "XVjKE84kbHDhD3dIHhLxSM",
        "$pbkdf2-sha256$i=25000,l=32$AAECAwQFBgcICQoLDA0ODw==$RRf/cmUygRsV95vpanot/"
        "XVjKE84kbHDhD3dIHhLxSM=",
        "$pbkdf2-sha256$25000$AAECAwQFBgcICQoLDA0ODw$RRf/cmUygRsV95vpanot/"
        "XVjKE84kbHDhD3dIHhLxSM",
    };
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        taken(same[i], hydra, "pbkdf2-sha256", "hydra-secret-of-a-client-0001");
    }
    taken("$pbkdf2-sha256$29000$....................AQ$8ZhmJIUHnVEVmV0M47oUhQNj0W2n3Hs1nreQ.a0eGSk",
          "$pbkdf2-sha256$i=29000,l=32$++++++++++++++++++++AQ$"
          "8ZhmJIUHnVEVmV0M47oUhQNj0W2n3Hs1nreQ+a0eGSk",
          "pbkdf2-sha256", "correct horse battery");
}

/* The vectors of the reference implementation */
static void argon2id(void **state)
{
    static const char *const rows[] = {
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        taken(rows[i], rows[i], "argon2id", "password");
    }
}

#define KC_SALT "AAECAwQFBgcICQoLDA0ODw"
#define KC_256                                                                                     \
    "BJvEDvQ2wMamGvaluq0oKoO5b5fJCHURZUtk35Vv6OmJ0X3AZzgShAabI5Qd5evcVeRgQIqisG6Fjt0qOWpBVg"
#define KC_512                                                                                     \
    "SOsGbQHTnTARUaiToEAEilg0TctlxGVNmRVguTJitDxr7ALPz4glTpB26UbCdbB83IgOnAz3WuGAJYv1VL5A8g"
#define KC_1                                                                                       \
    "p2r4SOzdrs+SKkn4npO/7tCZ2dqqnskScb4AYLMl+AFMzPPOj383HCmTeFAFXCR155pMdFSkfZ4NiN8BBE7OqQ"

/* As an export writes it: text of JSON inside JSON. */
static void keycloak(void **state)
{
    (void)state;
    taken("{\"id\":\"ee3275b8\",\"type\":\"password\",\"createdDate\":1611230538676,"
          "\"secretData\":\"{\\\"value\\\":\\\"" KC_256 "==\\\",\\\"salt\\\":\\\"" KC_SALT
          "==\\\",\\\"additionalParameters\\\":{}}\","
          "\"credentialData\":\"{\\\"hashIterations\\\":27500,\\\"algorithm\\\":\\\"pbkdf2-sha256"
          "\\\",\\\"additionalParameters\\\":{}}\"}",
          "$pbkdf2-sha256$i=27500,l=64$" KC_SALT "$" KC_256, "pbkdf2-sha256", KEYCLOAK_SECRET);
    taken("{\"secretData\":{\"value\":\"" KC_512 "==\",\"salt\":\"" KC_SALT "==\"},"
          "\"credentialData\":{\"hashIterations\":27500,\"algorithm\":\"pbkdf2-sha512\"}}",
          "$pbkdf2-sha512$i=27500,l=64$" KC_SALT "$" KC_512, "pbkdf2-sha512", KEYCLOAK_SECRET);
    taken("{\"secretData\":{\"value\":\"" KC_1 "==\",\"salt\":\"" KC_SALT "==\"},"
          "\"credentialData\":{\"hashIterations\":27500,\"algorithm\":\"pbkdf2\"}}",
          "$pbkdf2-sha1$i=27500,l=64$" KC_SALT "$" KC_1, "pbkdf2-sha1", KEYCLOAK_SECRET);
    taken(
        "{\"secretData\":{\"value\":\"VCXpy1yvHoyzjBB/k5TB4jCgNngVvitbXODLxzFNSx4=\","
        "\"salt\":\"MDEyMzQ1Njc4OWFiY2RlZg==\"},\"credentialData\":{\"hashIterations\":5,"
        "\"algorithm\":\"argon2\",\"additionalParameters\":{\"hashLength\":[\"32\"],"
        "\"memory\":[\"7168\"],\"type\":[\"id\"],\"version\":[\"1.3\"],\"parallelism\":[\"1\"]}}}",
        "$argon2id$v=19$m=7168,t=5,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"
        "VCXpy1yvHoyzjBB/k5TB4jCgNngVvitbXODLxzFNSx4",
        "argon2id", KEYCLOAK_SECRET);
}

static void keycloak_refused(void **state)
{
    static const char secret[] =
        "{\"secretData\":{\"value\":\"" KC_1 "==\",\"salt\":\"" KC_SALT "==\"},\"credentialData\":";
    static const struct {
        const char *rest;
        enum jt_err e;
        const char *part;
    } rows[] = {
        {"{\"hashIterations\":27500,\"algorithm\":\"pbkdf2\"", JT_E_SYNTAX, "not JSON"},
        {"7}", JT_E_SYNTAX, "credentialData and secretData"},
        {"\"{\"}", JT_E_SYNTAX, "credentialData and secretData"},
        {"{\"hashIterations\":27500}}", JT_E_SYNTAX, "no algorithm"},
        {"{\"algorithm\":\"pbkdf2\"}}", JT_E_SYNTAX, "no hashIterations"},
        {"{\"hashIterations\":999,\"algorithm\":\"pbkdf2\"}}", JT_E_RANGE, "1000 to 2000000"},
        {"{\"hashIterations\":-1,\"algorithm\":\"pbkdf2\"}}", JT_E_RANGE, "1000 to 2000000"},
        {"{\"hashIterations\":27500,\"algorithm\":\"md5\"}}", JT_E_RANGE, "Keycloak's algorithms"},
        {"{\"hashIterations\":27500,\"algorithm\":\"pbkdf2-sha384\"}}", JT_E_SYNTAX, "none of"},
        {"{\"hashIterations\":5,\"algorithm\":\"argon2\",\"additionalParameters\":{\"type\":[\"i\"]"
         ","
         "\"version\":[\"1.3\"]}}}",
         JT_E_RANGE, "type id"},
        {"{\"hashIterations\":5,\"algorithm\":\"argon2\",\"additionalParameters\":{\"type\":["
         "\"id\"]"
         ",\"version\":[\"1.3\"]}}}",
         JT_E_SYNTAX, "m=KIBIBYTES"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024];
        (void)snprintf(text, sizeof text, "%s%s", secret, rows[i].rest);
        refused(text, rows[i].e, rows[i].part);
    }
    refused("{\"credentialData\":{\"hashIterations\":27500,\"algorithm\":\"pbkdf2\"},"
            "\"secretData\":{\"value\":\"AA==\"}}",
            JT_E_SYNTAX, "no salt");
    refused("{\"credentialData\":{\"hashIterations\":27500,\"algorithm\":\"pbkdf2\"},"
            "\"secretData\":{\"salt\":\"AA==\"}}",
            JT_E_SYNTAX, "no value");
    refused("{}", JT_E_SYNTAX, "credentialData and secretData");
}

static void bounds(void **state)
{
#define BCRYPT_REST "$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
#define SHA_REST "$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
#define PARTS "$AAECAwQFBgcICQoLDA0ODw$RRf/cmUygRsV95vpanot/XVjKE84kbHDhD3dIHhLxSM"
    static const struct {
        const char *text;
        enum jt_err e;
        const char *part;
    } rows[] = {
        {"$2a$03" BCRYPT_REST, JT_E_RANGE, "4 to 14"},
        {"$2a$15" BCRYPT_REST, JT_E_RANGE, "4 to 14"},
        {"$2a$5$" BCRYPT_REST, JT_E_SYNTAX, "60 characters"},
        {"$2a$ 5" BCRYPT_REST, JT_E_SYNTAX, "white space"},
        {"$2a$+5" BCRYPT_REST, JT_E_SYNTAX, "60 characters"},
        {"$2a$05" BCRYPT_REST "x", JT_E_SYNTAX, "60 characters"},
        {"$2a$05$CCCCCCCCCCCCCCCCCCCCC!E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", JT_E_SYNTAX, "60 char"},
        {"$2x$05" BCRYPT_REST, JT_E_SYNTAX, "none of"},
        {"$2$05" BCRYPT_REST, JT_E_SYNTAX, "none of"},
        {"$5$rounds=999" SHA_REST, JT_E_RANGE, "1000 to 1000000"},
        {"$5$rounds=1000001" SHA_REST, JT_E_RANGE, "1000 to 1000000"},
        {"$5$rounds=" SHA_REST, JT_E_RANGE, "1000 to 1000000"},
        {"$5$$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", JT_E_SYNTAX, "salt of 1 to 16"},
        {"$5$saltstringsaltstr$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", JT_E_SYNTAX,
         "salt of"},
        {"$6" SHA_REST, JT_E_SYNTAX, "43 of"},
        {"$5$saltstring", JT_E_SYNTAX, "43 of"},
        {"$pbkdf2-sha256$i=999,l=32" PARTS, JT_E_RANGE, "1000 to 2000000"},
        {"$pbkdf2-sha256$i=2000001,l=32" PARTS, JT_E_RANGE, "1000 to 2000000"},
        {"$pbkdf2-sha256$i=25000,l=31" PARTS, JT_E_SYNTAX, "as long as"},
        {"$pbkdf2-sha256$i=25000,l=65" PARTS, JT_E_SYNTAX, "up to 64"},
        {"$pbkdf2-sha256$i=25000,x=32" PARTS, JT_E_SYNTAX, "i=ITERATIONS"},
        {"$pbkdf2-sha256$i=25000$AAECAwQFBg$RRf/cmUygRsV95vpanot/XVjKE84kbHDhD3dIHhLxSM",
         JT_E_SYNTAX, "8 to 64"},
        {"$pbkdf2-sha256$i=25000$AAECAwQFBgcICQoLDA0ODw$RRf/cmUygRsV95vpanot", JT_E_SYNTAX,
         "16 to 64"},
        {"$pbkdf2-sha256$i=25000$AAECAwQFBgcICQoLDA0ODw", JT_E_SYNTAX, "16 to 64"},
        {"$pbkdf2-sha384$i=25000,l=32" PARTS, JT_E_SYNTAX, "none of"},
        {"$argon2id$v=16$m=65536,t=2,p=1" PARTS, JT_E_RANGE, "version 19"},
        {"$argon2id$m=65536,t=2,p=1" PARTS, JT_E_RANGE, "version 19"},
        {"$argon2id$v=19$m=131073,t=2,p=1" PARTS, JT_E_RANGE, "128 MiB"},
        {"$argon2id$v=19$m=65536,t=17,p=1" PARTS, JT_E_RANGE, "t up to 16"},
        {"$argon2id$v=19$m=65536,t=0,p=1" PARTS, JT_E_RANGE, "t up to 16"},
        {"$argon2id$v=19$m=65536,t=2,p=9" PARTS, JT_E_RANGE, "p up to 8"},
        {"$argon2id$v=19$m=15,t=2,p=2" PARTS, JT_E_RANGE, "128 MiB"},
        {"$argon2id$v=19$m=65536,t=2,p=1,data=AA" PARTS, JT_E_SYNTAX, "m=KIBIBYTES"},
        {"$argon2i$v=19$m=65536,t=2,p=1" PARTS, JT_E_SYNTAX, "none of"},
        {"$1$abc$0123456789012345678901", JT_E_SYNTAX, "none of"},
        {"plain", JT_E_SYNTAX, "none of"},
        {"", JT_E_SYNTAX, "none of"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        refused(rows[i].text, rows[i].e, rows[i].part);
    }
}

static void too_long(void **state)
{
    char text[JT_PASSWORD_TEXT_MAX + 2];
    (void)state;
    memset(text, 'A', sizeof text);
    text[sizeof text - 1] = '\0';
    refused(text, JT_E_SYNTAX, "4096 bytes");
    memcpy(text, "$argon2id$", 10);
    text[JT_PASSWORD_HASH_MAX + 1] = '\0';
    refused(text, JT_E_SYNTAX, "256 characters");
}

/* The dearest that is taken does not fail for want of room, and a text of no kind is no verdict. */
static void check_says_failed(void **state)
{
    (void)state;
    assert_null(jt_password_kind(JT_LIT("$7$x")));
    assert_int_equal(jt_password_check(JT_LIT("$7$x"), JT_LIT("a")), JT_PASSWORD_FAILED);
    assert_int_equal(jt_password_check(JT_LIT("$2b$99$x"), JT_LIT("a")), JT_PASSWORD_FAILED);
    assert_int_equal(jt_password_check(JT_LIT("$argon2id$v=19$m=8"), JT_LIT("a")),
                     JT_PASSWORD_FAILED);
    assert_int_equal(jt_password_check(JT_LIT("$pbkdf2-sha256$i=1"), JT_LIT("a")),
                     JT_PASSWORD_FAILED);
}

/* Longer than any secret that is read. */
static void no_secret_is_so_long(void **state)
{
    static const char pbkdf2[] = "$pbkdf2-sha256$i=25000,l=32" PARTS;
    static const char *const rows[] = {
        "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
        pbkdf2,
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    };
    char secret[513];
    (void)state;
    memset(secret, 'a', sizeof secret);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(jt_password_check(jt_str(rows[i]), jt_slice(secret, sizeof secret)),
                         JT_PASSWORD_DIFFERS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bcrypt),
        cmocka_unit_test(bcrypt_salt_with_unused_bits),
        cmocka_unit_test(bcrypt_does_not_cut),
        cmocka_unit_test(nul_does_not_cut),
        cmocka_unit_test(sha_crypt),
        cmocka_unit_test(pbkdf2),
        cmocka_unit_test(pbkdf2_of_others),
        cmocka_unit_test(argon2id),
        cmocka_unit_test(keycloak),
        cmocka_unit_test(keycloak_refused),
        cmocka_unit_test(bounds),
        cmocka_unit_test(too_long),
        cmocka_unit_test(check_says_failed),
        cmocka_unit_test(no_secret_is_so_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

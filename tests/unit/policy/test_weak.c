/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_weak.c - which secrets that are brought along are refused, and with what reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/rand.h"
#include "core/base/secret.h"
#include "core/token/client_secret.h"
#include "server/policy/weak.h"

static const char *judge(struct jt_slice secret)
{
    const struct jt_weak_about w = {secret, JT_LIT("billing-eu"), JT_LIT("Nightly Export")};
    return jt_secret_weak(&w);
}

static void taken(const char *secret)
{
    const char *why = judge(jt_str(secret));
    if (why != NULL) {
        fail_msg("%s: %s", secret, why);
    }
}

static void refused(const char *secret, const char *part)
{
    const char *why = judge(jt_str(secret));
    if (why == NULL || strstr(why, part) == NULL) {
        fail_msg("%s: %s", secret, why == NULL ? "taken" : why);
    }
}

static void long_enough(void **state)
{
    (void)state;
    taken("3f9c2b7e1d80a6554e0b"); /* 20 hexadecimal digits: 80 bits */
    taken("3F9C2B7E1D80A6554E0B");
    taken("a7Kq9Zx2mPw4Rt"); /* 14 letters and digits: 83 */
}

static void by_kinds(void **state)
{
    (void)state;
    refused("3f9c2b7e1d80a6554e0", "too short"); /* 19 hexadecimal digits */
    refused("a7Kq9Zx2mPw4R", "too short");
    taken("a7Kq9Zx2mPw4+R");
    taken("kzmwtqhvbnxrjplfds"); /* 18 small letters: 84 */
    refused("kzmwtqhvbnxrjplfd", "too short");
    refused("83749201746503928471645", "only digits");
    taken("837492017465039284716452");
    taken("0d1f7a52-3b64-4c1e-9a77-5b2fd6c01e34"); /* a UUID */
    taken("s3cr3t+with/odd:chars%&=and-9qZxM4");
    taken("korrekt Pferd Batterie Heftklammer");
}

static void guessable(void **state)
{
    (void)state;
    refused("changeme", "everybody tries");
    refused("ChangeMe-Secret-2024!", "everybody tries");
    refused("P@ssw0rdP4ssw0rdPA$$WORD", "everybody tries");
    refused("billing-eu-2024-secret", "id or name");
    refused("Billing-EU-k9Xq2", "id or name");
    refused("nightly export 12", "id or name");
    taken("billing-eu-3f9c2b7e1d80a6554e0b"); /* what is left is enough */
    refused("abcdefghijklmnopqrstuvwxyz0123456789", "different");
    refused("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "repeats");
    refused("a7Kq9Zx2a7Kq9Zx2a7Kq9Zx2a7Kq9Zx2a7K", "repeats");
    refused("xyxxyxyyxyyyxxyxyxxyxyyyxyxxyyxyxyxy", "different");
    refused("987654321098765432109876543210", "repeats");
}

static void unfit(void **state)
{
    char text[JT_SECRET_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (char)('!' + i * 7 % 90);
    }
    assert_null(judge(jt_slice(text, JT_SECRET_MAX)));
    assert_non_null(strstr(judge(jt_slice(text, JT_SECRET_MAX + 1)), "512 bytes"));
    assert_non_null(strstr(judge(jt_slice(NULL, 0)), "512 bytes"));
    assert_non_null(strstr(judge(jt_slice("3f9c2b7e1d80a655\0x4e0b3f9c2b7e1d", 32)), "control"));
    refused("3f9c2b7e1d80a655\n4e0b3f9c2b7e1d", "control");
    refused("3f9c2b7e1d80a655\xff"
            "4e0b3f9c2b7e1d",
            "UTF-8");
}

/* One of ours, made by another server, may move; a part of one may not. */
static void our_form(void **state)
{
    JT_AUTO(jt_secret_wipe) struct jt_secret s = {0};
    (void)state;
    assert_int_equal(jt_client_secret_make(JT_LIT("abcdefghijkl"), &s), JT_OK);
    assert_null(judge(jt_secret_slice(&s)));
    assert_non_null(strstr(judge(jt_slice(s.p, s.n - 1)), "jcs_"));
    refused("jcs_something-else-that-is-long-enough-9Xq", "jcs_");
}

/* Random secrets as other servers make them are never refused. */
static void random_ones(void **state)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    (void)state;
    for (int k = 0; k < 20000; k++) {
        uint8_t b[32];
        char text[33] = "";
        assert_int_equal(jt_random(b, sizeof b), JT_OK);
        for (size_t i = 0; i < sizeof b; i++) {
            text[i] = alphabet[b[i] % 62];
        }
        taken(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_enough), cmocka_unit_test(by_kinds), cmocka_unit_test(guessable),
        cmocka_unit_test(unfit),       cmocka_unit_test(our_form), cmocka_unit_test(random_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/token/client_secret.h"

static void form(void **state)
{
    static const char alphabet[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    (void)state;
    for (int i = 0; i < 200; i++) {
        char id[JT_CREDENTIAL_ID_LEN + 1];
        struct jt_secret s;
        struct jt_slice got = {0};
        assert_int_equal(jt_credential_id_make(id), JT_OK);
        assert_int_equal(strlen(id), JT_CREDENTIAL_ID_LEN);
        assert_int_equal(strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789"), JT_CREDENTIAL_ID_LEN);
        assert_int_equal(jt_client_secret_make(jt_str(id), &s), JT_OK);
        assert_int_equal(s.n, 4 + 12 + 1 + 43 + 1 + 6);
        for (size_t k = 0; k < s.n; k++) {
            assert_non_null(memchr(alphabet, s.p[k], sizeof alphabet - 1));
        }
        assert_int_equal(jt_client_secret_form(jt_secret_slice(&s), &got), JT_SECRET_OURS);
        assert_true(jt_slice_eq(got, jt_str(id)));
        assert_ptr_equal(got.p, s.p + 4);
        jt_secret_wipe(&s);
    }
}

static void damage_at_every_position(void **state)
{
    struct jt_secret s;
    struct jt_slice id = {0};
    (void)state;
    assert_int_equal(jt_client_secret_make(JT_LIT("abcdef012345"), &s), JT_OK);
    for (size_t i = 0; i < s.n; i++) {
        const uint8_t was = s.p[i];
        for (unsigned c = 0; c < 256; c++) {
            if (c == was) {
                continue;
            }
            s.p[i] = (uint8_t)c;
            assert_int_equal(jt_client_secret_form(jt_secret_slice(&s), &id),
                             i < 4 ? JT_SECRET_FOREIGN : JT_SECRET_DAMAGED);
        }
        s.p[i] = was;
    }
    for (size_t n = 0; n < s.n; n++) {
        assert_int_equal(jt_client_secret_form(jt_slice(s.p, n), &id),
                         n < 4 ? JT_SECRET_FOREIGN : JT_SECRET_DAMAGED);
        assert_int_equal(jt_client_secret_form(jt_slice(s.p + n + 1, s.n - n - 1), &id),
                         JT_SECRET_FOREIGN);
    }
    s.p[s.n] = 'a';
    assert_int_equal(jt_client_secret_form(jt_slice(s.p, s.n + 1), &id), JT_SECRET_DAMAGED);
    assert_null(id.p); /* never told when damaged */
}

/* Two neighbours swapped: what a person does when typing. */
static void swapped_neighbours(void **state)
{
    struct jt_secret s;
    struct jt_slice id = {0};
    (void)state;
    assert_int_equal(jt_client_secret_make(JT_LIT("abcdef012345"), &s), JT_OK);
    for (size_t i = 4; i + 1 < s.n; i++) {
        uint8_t a = s.p[i];
        uint8_t b = s.p[i + 1];
        s.p[i] = b;
        s.p[i + 1] = a;
        assert_int_equal(jt_client_secret_form(jt_secret_slice(&s), &id),
                         a == b ? JT_SECRET_OURS : JT_SECRET_DAMAGED);
        s.p[i] = a;
        s.p[i + 1] = b;
    }
}

static void foreign(void **state)
{
    struct jt_slice id = {0};
    struct jt_secret s;
    (void)state;
    assert_int_equal(jt_client_secret_form(JT_LIT(""), &id), JT_SECRET_FOREIGN);
    assert_int_equal(jt_client_secret_form(JT_LIT("JCS_abcdef012345"), &id), JT_SECRET_FOREIGN);
    assert_int_equal(jt_client_secret_form(JT_LIT("hunter2"), &id), JT_SECRET_FOREIGN);
    assert_int_equal(jt_client_secret_make(JT_LIT("short"), &s), JT_E_RANGE);
    assert_int_equal(jt_client_secret_make(JT_LIT("ABCDEF012345"), &s), JT_E_RANGE);
    assert_int_equal(jt_client_secret_make(JT_LIT("abcde_012345"), &s), JT_E_RANGE);
}

/* Found by its place alone, and only where the whole has the shape. */
static void where_the_id_is(void **state)
{
    struct jt_secret s;
    (void)state;
    assert_int_equal(jt_client_secret_make(JT_LIT("abcdef012345"), &s), JT_OK);
    struct jt_slice whole = jt_secret_slice(&s);
    assert_true(jt_slice_eq(jt_client_secret_id(whole), JT_LIT("abcdef012345")));
    for (size_t n = 0; n < whole.n; n++) {
        assert_int_equal(jt_client_secret_id(jt_slice(whole.p, n)).n, 0);
        assert_int_equal(jt_client_secret_id(jt_slice_from(whole, n + 1)).n, 0);
    }
    static const size_t fixed[] = {0, 3, 16, 60};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        s.p[fixed[i]] ^= 1;
        assert_int_equal(jt_client_secret_id(whole).n, 0);
        s.p[fixed[i]] ^= 1;
    }
    s.p[whole.n - 1] ^= 1; /* the checksum is not looked at */
    assert_true(jt_slice_eq(jt_client_secret_id(whole), JT_LIT("abcdef012345")));
    jt_secret_wipe(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form),
        cmocka_unit_test(damage_at_every_position),
        cmocka_unit_test(swapped_neighbours),
        cmocka_unit_test(foreign),
        cmocka_unit_test(where_the_id_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

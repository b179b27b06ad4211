/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "server/flow/reads.h"

static const uint8_t *what(uint8_t i)
{
    static uint8_t hash[JT_SHA256_SIZE];
    memset(hash, i, sizeof hash);
    return hash;
}

static void known_for_a_minute(void **state)
{
    (void)state;
    struct jt_reads r = {0};
    assert_false(jt_reads_known(&r, what(0), 10)); /* an empty row is no hash of zeros */
    jt_reads_note(&r, what(1), 10);
    assert_true(jt_reads_known(&r, what(1), 10));
    assert_true(jt_reads_known(&r, what(1), 10 + JT_READS_S - 1));
    assert_false(jt_reads_known(&r, what(1), 10 + JT_READS_S));
    assert_false(jt_reads_known(&r, what(2), 10));
}

static void the_oldest_leaves(void **state)
{
    (void)state;
    struct jt_reads r = {0};
    for (uint8_t i = 0; i <= JT_READS_MAX; i++) {
        jt_reads_note(&r, what(i), 10);
    }
    assert_false(jt_reads_known(&r, what(0), 10));
    for (uint8_t i = 1; i <= JT_READS_MAX; i++) {
        assert_true(jt_reads_known(&r, what(i), 10));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_for_a_minute),
        cmocka_unit_test(the_oldest_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

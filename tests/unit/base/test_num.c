/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/num.h"

static void u64_strict(void **state)
{
    static const char *const bad[] = {"",    "+5",  "-1",  " 5",  "5 ",  "05",  "00",
                                      "0x5", "5,5", "5.0", "1e3", "\t5", "5\n", "٣"};
    uint64_t v = 42;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(jt_parse_u64(jt_str(bad[i]), UINT64_MAX, &v), JT_E_SYNTAX);
        assert_int_equal(v, 42);
    }
    assert_int_equal(jt_parse_u64(jt_slice("5\0", 2), UINT64_MAX, &v), JT_E_SYNTAX);
}

static void u64_range(void **state)
{
    uint64_t v = 42;
    (void)state;
    assert_int_equal(jt_parse_u64(JT_LIT("18446744073709551616"), UINT64_MAX, &v), JT_E_RANGE);
    assert_int_equal(jt_parse_u64(JT_LIT("99999999999999999999999999"), UINT64_MAX, &v),
                     JT_E_RANGE);
    assert_int_equal(jt_parse_u64(JT_LIT("11"), 10, &v), JT_E_RANGE);
    assert_int_equal(v, 42);
    /* a bad character counts as such even after too many digits */
    assert_int_equal(jt_parse_u64(JT_LIT("99999999999999999999999x"), UINT64_MAX, &v), JT_E_SYNTAX);
    assert_int_equal(jt_parse_u64(JT_LIT("18446744073709551615"), UINT64_MAX, &v), JT_OK);
    assert_true(v == UINT64_MAX);
    assert_int_equal(jt_parse_u64(JT_LIT("10"), 10, &v), JT_OK);
    assert_int_equal(v, 10);
    assert_int_equal(jt_parse_u64(JT_LIT("0"), 0, &v), JT_OK);
    assert_int_equal(v, 0);
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t s;
    } good[] = {{"0s", 0}, {"0", 0}, {"90", 90}, {"30m", 1800}, {"24h", 86400}, {"90d", 7776000}};
    static const char *const bad[] = {"",     "s",   "m",     "-1s", "1w",
                                      "1.5h", "30M", "1h30m", " 1s", "01s"};
    int64_t s = 42;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(jt_parse_duration(jt_str(bad[i]), &s), JT_E_SYNTAX);
    }
    assert_int_equal(jt_parse_duration(JT_LIT("40000d"), &s), JT_E_RANGE);
    assert_int_equal(jt_parse_duration(JT_LIT("18446744073709551615d"), &s), JT_E_RANGE);
    assert_int_equal(s, 42);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(jt_parse_duration(jt_str(good[i].text), &s), JT_OK);
        assert_true(s == good[i].s);
    }
}

static void decimal_round_trips(void **state)
{
    char d[JT_U64_DIGITS];
    (void)state;
    assert_true(jt_slice_eq(jt_fmt_u64(0, d), JT_LIT("0")));
    assert_true(jt_slice_eq(jt_fmt_u64(UINT64_MAX, d), JT_LIT("18446744073709551615")));
    for (uint64_t v = 1; v < UINT64_MAX / 7; v = v * 7 + 3) {
        uint64_t back = 0;
        assert_int_equal(jt_parse_u64(jt_fmt_u64(v, d), UINT64_MAX, &back), JT_OK);
        assert_true(back == v);
    }
}

static void dates(void **state)
{
    char z[JT_RFC3339_SIZE];
    char h[JT_HTTP_DATE_SIZE];
    (void)state;
    jt_fmt_rfc3339(0, z);
    assert_string_equal(z, "1970-01-01T00:00:00Z");
    jt_fmt_rfc3339(1795512600, z);
    assert_string_equal(z, "2026-11-24T09:30:00Z");
    jt_fmt_rfc3339(INT64_C(2147483648), z);
    assert_string_equal(z, "2038-01-19T03:14:08Z");
    jt_fmt_http_date(1795512600, h);
    assert_string_equal(h, "Tue, 24 Nov 2026 09:30:00 GMT");
    jt_fmt_http_date(784111777, h); /* RFC 9110 section 5.6.7 */
    assert_string_equal(h, "Sun, 06 Nov 1994 08:49:37 GMT");
}

static void rfc3339_is_read(void **state)
{
    static const int64_t times[] = {0,          1,          951782400,  951868799,
                                    1795512600, 2147483648, 4107542399, 253402300799};
    static const char *const bad[] = {
        "",
        "2026-11-24",
        "2026-11-24T09:30:00",
        "2026-11-24T09:30:00z",
        "2026-11-24t09:30:00Z",
        "2026-11-24 09:30:00Z",
        "2026-11-24T09:30:00Z ",
        " 2026-11-24T09:30:00Z",
        "2026-11-24T09:30:00.0Z",
        "2026-11-24T09:30:00+00:00",
        "2026-11-24T09:30:00-",
        "2026/11/24T09:30:00Z",
        "2026-1-024T09:30:00Z",
        "+026-11-24T09:30:00Z",
        "2026-11-24T09:30: 0Z",
        "2026-11-24T09-30-00Z",
        "20261-1-24T09:30:00Z",
    };
    static const char *const none[] = {
        "2026-00-24T09:30:00Z", "2026-13-24T09:30:00Z", "2026-11-00T09:30:00Z",
        "2026-11-31T09:30:00Z", "2026-02-29T09:30:00Z", "2100-02-29T00:00:00Z",
        "2026-11-24T24:00:00Z", "2026-11-24T09:60:00Z", "2026-12-31T23:59:60Z",
        "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "2026-99-99T99:99:99Z",
    };
    int64_t s = 42;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(jt_parse_rfc3339(jt_str(bad[i]), &s), JT_E_SYNTAX);
    }
    assert_int_equal(jt_parse_rfc3339(jt_slice("2026-11-24T09:30:00\0", 20), &s), JT_E_SYNTAX);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(jt_parse_rfc3339(jt_str(none[i]), &s), JT_E_RANGE);
    }
    assert_int_equal(s, 42);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char z[JT_RFC3339_SIZE];
        jt_fmt_rfc3339(times[i], z);
        assert_int_equal(jt_parse_rfc3339(jt_str(z), &s), JT_OK);
        assert_true(s == times[i]);
    }
    assert_int_equal(jt_parse_rfc3339(JT_LIT("2000-02-29T00:00:00Z"), &s), JT_OK);
    assert_true(s == 951782400);
}

static void big_endian(void **state)
{
    uint8_t p[8];
    static const uint8_t want[8] = {1, 2, 3, 4, 5, 6, 7, 0xff};
    (void)state;
    jt_put_be64(p, UINT64_C(0x01020304050607ff));
    assert_memory_equal(p, want, 8);
    assert_true(jt_get_be64(p) == UINT64_C(0x01020304050607ff));
    jt_put_be32(p, UINT32_C(0xfe020304));
    assert_true(jt_get_be32(p) == UINT32_C(0xfe020304));
    assert_int_equal(p[0], 0xfe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(u64_strict), cmocka_unit_test(u64_range),
        cmocka_unit_test(durations),  cmocka_unit_test(decimal_round_trips),
        cmocka_unit_test(dates),      cmocka_unit_test(rfc3339_is_read),
        cmocka_unit_test(big_endian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

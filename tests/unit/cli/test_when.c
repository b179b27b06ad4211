/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "cli/when.h"
#include "core/base/clock.h"
#include "core/base/num.h"
#include "core/json/jw.h"

static const struct jt_flag flag = {"expires", "TIME", false, ""};

/* Good until the next. */
static const struct jt_args *given(const char *value)
{
    static struct jt_args a;
    a.n = value == NULL ? 0 : 1;
    a.given[0].flag = &flag;
    a.given[0].value = value;
    return &a;
}

static int64_t now(void)
{
    return jt_wall_s(&jt_clock_system);
}

static void times_as_flags(void **state)
{
    (void)state;
    int64_t t = 5;
    const struct jt_args *a = given(NULL);
    assert_true(jt_when_after(a, "expires", &t));
    assert_int_equal(t, 5); /* not given */
    a = given("2026-12-01T00:00:00Z");
    assert_true(jt_when_after(a, "expires", &t));
    assert_int_equal(t, 1796083200);
    assert_true(jt_when_before(a, "expires", &t));
    assert_int_equal(t, 1796083200);
    a = given("2026-12-01"); /* midnight, UTC */
    assert_true(jt_when_after(a, "expires", &t));
    assert_int_equal(t, 1796083200);
    a = given("2h ago"); /* as it is shown */
    assert_true(jt_when_after(a, "expires", &t));
    assert_in_range(t, now() - 7200 - 60, now() - 7200);
    assert_true(jt_when_before(a, "expires", &t));
    assert_in_range(t, now() - 7200 - 60, now() - 7200);
    a = given("2h");
    assert_true(jt_when_after(a, "expires", &t));
    assert_in_range(t, now() + 7200 - 60, now() + 7200);
    assert_true(jt_when_before(a, "expires", &t));
    assert_in_range(t, now() - 7200 - 60, now() - 7200);
    a = given("99y");
    assert_false(jt_when_after(a, "expires", &t));
    a = given("36500d");
    assert_true(jt_when_before(a, "expires", &t)); /* before 1970 there is nothing */
    assert_int_equal(t, 0);
}

static void what_is_no_time(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "tomorrow",
                                      "2026-02-30", "2026-12-01T00:00:00",
                                      "-1h",        "2026-12-01T00:00:00+01:00",
                                      "1h30m",      "2026-02-30T00:00:00Z",
                                      " ago",       "soon ago",
                                      "2026-1-001", "2026-12-01 ago"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t t = 5;
        const struct jt_args *a = given(bad[i]);
        assert_false(jt_when_after(a, "expires", &t));
        assert_false(jt_when_before(a, "expires", &t));
        assert_int_equal(t, 5);
    }
}

static void a_member_is_written(void **state)
{
    (void)state;
    struct jt_buf b;
    jt_buf_init(&b, 1000);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    const struct jt_args *a = given(NULL);
    assert_true(jt_when_write(a, "expires", "expires", &w));
    a = given("2026-12-01T00:00:00Z");
    assert_true(jt_when_write(a, "expires", "not_before", &w));
    a = given("soon");
    assert_false(jt_when_write(a, "expires", "expires", &w));
    jt_jw_end_obj(&w);
    assert_true(jt_slice_eq(jt_buf_slice(&b), JT_LIT("{\"not_before\":\"2026-12-01T00:00:00Z\"}")));
    jt_buf_free(&b);
}

static void spans(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {{0, "0 s"},          {1, "1 s"},        {119, "119 s"},     {120, "2 min"},
                {3599, "60 min"},    {7169, "119 min"}, {7170, "2 h"},      {7200, "2 h"},
                {86399, "24 h"},     {170999, "47 h"},  {171000, "2 days"}, {172800, "2 days"},
                {2591999, "30 days"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct jt_buf b;
        jt_buf_init(&b, 100);
        jt_show_span(&b, rows[i].seconds);
        if (!jt_slice_eq(jt_buf_slice(&b), jt_str(rows[i].text))) {
            fail_msg("%.*s is not %s", (int)b.n, (const char *)b.p, rows[i].text);
        }
        jt_buf_free(&b);
    }
}

/* The credential with last_used so many seconds away, as the list shows it. */
static void last_used_is(int64_t away, const char *members, const char *text)
{
    static const struct jt_json_limits limits = {10000, 4, 100};
    char json[400];
    char when[JT_RFC3339_SIZE];
    struct jt_json *doc = NULL;
    struct jt_buf b;
    jt_buf_init(&b, 1000);
    jt_fmt_rfc3339(now() + away, when);
    (void)snprintf(json, sizeof json, "{\"last_used\":\"%s\"%s}", when, members);
    assert_int_equal(jt_json_parse(jt_str(json), &limits, &doc), JT_OK);
    jt_show_last_used(&b, jt_json_root(doc));
    if (!jt_slice_eq(jt_buf_slice(&b), jt_str(text))) {
        fail_msg("%.*s is not %s", (int)b.n, (const char *)b.p, text);
    }
    jt_buf_free(&b);
    jt_json_free(&doc);
}

static void last_use(void **state)
{
    (void)state;
    last_used_is(-3 * 86400, ",\"last_used_from\":\"10.0.3.7\"", "3 days ago from 10.0.3.7");
    last_used_is(-3 * 86400, "", "3 days ago");
    last_used_is(5 * 86400, "", "in 5 days"); /* a clock that was wrong */
    struct jt_buf b;
    jt_buf_init(&b, 100);
    jt_show_last_used(&b, NULL);
    assert_true(jt_slice_eq(jt_buf_slice(&b), JT_LIT("never")));
    jt_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_as_flags),
        cmocka_unit_test(what_is_no_time),
        cmocka_unit_test(a_member_is_written),
        cmocka_unit_test(spans),
        cmocka_unit_test(last_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

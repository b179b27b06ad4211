/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_turns.c - many changes at once, each with a transaction of its own, do not hold up the
 * tokens that came with them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

enum { CHANGES = 500 };

struct step {
    struct jt_job job;
    char name[16];
};

static unsigned order;

/* In the order that they were handed over, whichever batch they came to. */
static enum jt_err put(struct jt_change *chg, void *ctx)
{
    const struct step *s = ctx;
    const struct jt_setting v = {.o = {.kind = JT_OBJ_SETTING, .name = jt_str(s->name)},
                                 .value = JT_LIT("x")};
    unsigned mine = (unsigned)atoi(s->name);
    if (mine != order) {
        return JT_E_CONFLICT;
    }
    order++;
    return jt_change_put_copy(chg, &v.o);
}

static void test_tokens_between_changes(void **state)
{
    struct rig *r = *state;
    static struct step steps[CHANGES];
    struct jt_handover h = {0};
    struct jt_job token = plain(r, "c");
    order = 0;
    start_writer(r);
    for (size_t i = 0; i < CHANGES; i++) {
        steps[i].job = plain(r, "a");
        steps[i].job.change = put;
        steps[i].job.ctx = &steps[i];
        (void)snprintf(steps[i].name, sizeof steps[i].name, "%zu", i);
        jt_handover_add(&h, &steps[i].job);
    }
    jt_handover_add(&h, &token);
    jt_writer_submit_all(r->writer, &h);
    wait_for(r, CHANGES + 1);
    assert_true(token.receipt.on_disk);
    assert_true(token.receipt.seq > 0 && token.receipt.seq < CHANGES / 4);
    for (size_t i = 0; i < CHANGES; i++) {
        assert_int_equal(steps[i].job.result, JT_OK);
    }
    assert_int_equal(steps[CHANGES - 1].job.receipt.seq, CHANGES + 1);
}

/* What still waits for its turn is done before the end, and answered if the disk fails. */
static void test_stop(void **state)
{
    struct rig *r = *state;
    static struct step steps[CHANGES];
    struct jt_handover h = {0};
    for (int fails = 0; fails < 2; fails++) {
        order = 0;
        start_writer(r);
        for (size_t i = 0; i < CHANGES; i++) {
            steps[i].job = plain(r, "a");
            steps[i].job.change = put;
            steps[i].job.ctx = &steps[i];
            (void)snprintf(steps[i].name, sizeof steps[i].name, "%zu", i);
            jt_handover_add(&h, &steps[i].job);
        }
        if (fails == 1) {
            fail_next(r, "audit_append", JT_E_FULL, true);
        }
        jt_writer_submit_all(r->writer, &h);
        jt_writer_stop(&r->writer);
        wait_for(r, CHANGES);
        for (size_t i = 0; i < CHANGES; i++) {
            assert_int_equal(steps[i].job.result, fails == 1 ? JT_E_FULL : JT_OK);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_tokens_between_changes), TEST(test_stop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

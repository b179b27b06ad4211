/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rig.h - a writer over the memory store, whose calls fail and whose clock goes as a test says.
 * Included after cmocka.h.
 */
#ifndef TESTS_UNIT_AUDIT_RIG_H
#define TESTS_UNIT_AUDIT_RIG_H

#include <poll.h>

#include "server/audit/writer.h"

struct rig {
    struct jt_store *store; /* fault over memory; survives a writer */
    struct jt_store_faults faults;
    struct jt_epochs epochs;
    struct jt_directory *directory;
    struct jt_profiles *profiles;
    struct jt_usage *usage;
    struct jt_writer *writer;
    _Atomic uint64_t issue_sequence;
    struct jt_writer_opts opts;
    struct jt_mailbox box;
    struct jt_clock clock;
    _Atomic int64_t wall_us, mono_us; /* offsets that a test adds */
    _Atomic unsigned warnings;        /* lines of the log that warn */
};

static inline int64_t wall(void *ctx)
{
    struct rig *r = ctx;
    return jt_wall_us(&jt_clock_system) + atomic_load(&r->wall_us);
}

static inline int64_t mono(void *ctx)
{
    struct rig *r = ctx;
    return jt_mono_us(&jt_clock_system) + atomic_load(&r->mono_us);
}

static inline const char *reason_name(uint16_t code)
{
    return code == 7 ? "seven" : "other";
}

static inline void quiet(void *ctx, int level, const char *message)
{
    struct rig *r = ctx;
    (void)message;
    (void)atomic_fetch_add(&r->warnings, level == 4 ? 1 : 0);
}

static inline void start_writer(struct rig *r)
{
    r->opts.store = r->store;
    r->opts.directory = r->directory;
    r->opts.epochs = &r->epochs;
    r->opts.profiles = r->profiles;
    r->opts.usage = r->usage;
    r->opts.issue_sequence = &r->issue_sequence;
    r->opts.clock = &r->clock;
    r->opts.reason_name = reason_name;
    r->opts.log = quiet;
    r->opts.log_ctx = r;
    assert_int_equal(jt_writer_start(&r->opts, &r->writer), JT_OK);
}

static inline int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    struct jt_store_opts inner = {0};
    struct jt_store_opts outer = {.ctx = &r->faults};
    r->clock = (struct jt_clock){wall, mono, r};
    jt_epochs_init(&r->epochs);
    assert_int_equal(jt_directory_new(&r->epochs, &r->directory), JT_OK);
    assert_int_equal(jt_profiles_new(&r->profiles), JT_OK);
    assert_int_equal(jt_usage_new(&r->usage), JT_OK);
    assert_int_equal(jt_store_memory.open(&inner, &outer.inner), JT_OK);
    assert_int_equal(jt_store_fault.open(&outer, &r->store), JT_OK);
    assert_int_equal(jt_mailbox_init(&r->box), JT_OK);
    *state = r;
    return 0;
}

static inline int teardown(void **state)
{
    struct rig *r = *state;
    if (r->writer != NULL) {
        jt_writer_stop(&r->writer);
    }
    r->store->ops->close(&r->store);
    jt_directory_free(&r->directory);
    jt_epochs_free(&r->epochs);
    jt_profiles_free(&r->profiles);
    jt_usage_free(&r->usage);
    jt_mailbox_close(&r->box);
    free(r);
    return 0;
}

static inline void nothing(struct jt_job *job)
{
    (void)job;
}

static inline struct jt_job plain(struct rig *r, const char *client)
{
    return (struct jt_job){.reply = &r->box,
                           .done = nothing,
                           .event = {.type = JT_EV_TOKEN_ISSUED,
                                     .time_us = wall(r),
                                     .count = 1,
                                     .client_id = jt_str(client)}};
}

static inline void wait_for(struct rig *r, size_t n)
{
    while (n > 0) {
        struct pollfd p = {.fd = r->box.fd, .events = POLLIN};
        (void)poll(&p, 1, 5000);
        for (struct jt_job *j = jt_mailbox_take(&r->box); j != NULL; j = j->next) {
            assert_true(n > 0);
            n--;
        }
    }
}

static inline void run_one(struct rig *r, struct jt_job *job)
{
    jt_writer_submit(r->writer, job);
    wait_for(r, 1);
}

static inline void fail_next(struct rig *r, const char *call, enum jt_err e, bool for_ever)
{
    const struct jt_store_faults f = {.countdown = 1, .err = e, .for_ever = for_ever, .only = call};
    jt_store_faults_set(&r->faults, &f);
}

static inline void no_faults(struct rig *r)
{
    const struct jt_store_faults none = {0};
    jt_store_faults_set(&r->faults, &none);
}

static inline void pause_ms(int ms)
{
    (void)poll(NULL, 0, ms);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif

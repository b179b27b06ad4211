/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_writer.c - what was acknowledged is on disk: batches, changes, faults, replay, floods,
 * retention, four threads at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "rig.h"

/* Reads the whole log, asserting numbers without gaps and a whole chain. */
struct reading {
    struct jt_crypt *crypt;
    struct jt_event last;
    size_t n;
    uint64_t counted;
    enum jt_event_type types[64];
};

static enum jt_err on_event(void *ctx, const struct jt_event *e)
{
    struct reading *g = ctx;
    struct jt_event copy = *e;
    struct jt_buf scratch;
    jt_buf_init(&scratch, 65536);
    assert_true(g->n == 0 || e->seq == g->last.seq + 1);
    if (g->n > 0 || e->seq == 1) {
        assert_int_equal(jt_event_chain(g->crypt, g->last.hash, &copy, &scratch), JT_OK);
        assert_memory_equal(copy.hash, e->hash, sizeof e->hash);
    }
    jt_buf_free(&scratch);
    if (g->n < 64) {
        g->types[g->n] = e->type;
    }
    g->counted += e->type == JT_EV_DENIALS_COUNTED ? e->count : 0;
    g->n++;
    g->last = *e;
    return JT_OK;
}

static struct reading read_log(struct rig *r)
{
    struct reading g = {0};
    const struct jt_audit_query q = {.scan = 1000000};
    uint64_t next = 0;
    assert_int_equal(jt_crypt_new(&g.crypt), JT_OK);
    assert_int_equal(r->store->ops->audit_read(r->store, &q, on_event, &g, &next), JT_OK);
    jt_crypt_free(&g.crypt);
    return g;
}

static void test_events_are_numbered(void **state)
{
    struct rig *r = *state;
    start_writer(r);
    for (uint64_t i = 1; i <= 5; i++) {
        struct jt_job job = plain(r, "a");
        run_one(r, &job);
        assert_int_equal(job.result, JT_OK);
        assert_true(job.receipt.on_disk);
        assert_int_equal(job.receipt.seq, i);
    }
    assert_int_equal(read_log(r).n, 5);
}

static enum jt_err make_client(struct jt_change *chg, void *ctx)
{
    const char *id = ctx;
    if (jt_change_find(chg, JT_OBJ_CLIENT, jt_str(id)) != NULL) {
        return JT_E_CONFLICT;
    }
    const struct jt_client c = {.o = {.name = jt_str(id)}, .enabled = true};
    struct jt_client *copy = jt_client_dup(&c);
    assert_non_null(copy);
    return jt_change_put(chg, &copy->o);
}

static struct jt_job change(struct rig *r, char *id)
{
    struct jt_job job = plain(r, id);
    job.event.type = JT_EV_CLIENT_CREATED;
    job.change = make_client;
    job.ctx = id;
    return job;
}

static void test_change(void **state)
{
    struct rig *r = *state;
    char id[] = "one";
    start_writer(r);
    struct jt_job a = change(r, id);
    run_one(r, &a);
    assert_int_equal(a.result, JT_OK);
    assert_non_null(jt_directory_client(r->directory, JT_LIT("one")));
    struct jt_job b = change(r, id);
    run_one(r, &b);
    assert_int_equal(b.result, JT_E_CONFLICT); /* and no event for what did not happen */
    assert_int_equal(read_log(r).n, 1);
}

static enum jt_err drop_client(struct jt_change *chg, void *ctx)
{
    const char *id = ctx;
    JT_TRY(jt_change_drop(chg, JT_OBJ_CLIENT, jt_str(id)));
    assert_null(jt_change_find(chg, JT_OBJ_CLIENT, jt_str(id))); /* gone for what comes after */
    return JT_OK;
}

static enum jt_err disable_client(struct jt_change *chg, void *ctx)
{
    const struct jt_client c = {.o = {.kind = JT_OBJ_CLIENT, .name = jt_str(ctx)}};
    return jt_change_put_copy(chg, &c.o);
}

struct walked {
    size_t n, max;
    char text[64]; /* a letter for each client, in capitals when it is disabled */
};

static bool note(void *ctx, const struct jt_object *o)
{
    struct walked *w = ctx;
    uint8_t letter = o->name.p[0];
    bool enabled = ((const struct jt_client *)o)->enabled;
    w->text[w->n++] = (char)(enabled ? letter : letter - 'a' + 'A');
    return w->n < w->max;
}

static enum jt_err walk_with_own(struct jt_change *chg, void *ctx)
{
    char own[] = "f";
    char replaced[] = "c";
    assert_int_equal(make_client(chg, own), JT_OK);
    assert_int_equal(disable_client(chg, replaced), JT_OK);
    jt_change_each(chg, JT_OBJ_CLIENT, note, ctx);
    return JT_OK;
}

static enum jt_err walk_first(struct jt_change *chg, void *ctx)
{
    jt_change_each(chg, JT_OBJ_CLIENT, note, ctx);
    return JT_OK;
}

static int by_letter(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* A walk sees each object once, as the changes before it left it. */
static void test_walk_of_one_batch(void **state)
{
    struct rig *r = *state;
    char names[][2] = {"a", "b", "c", "g", "d", "e"};
    struct walked w = {.max = 64};
    struct walked first = {.max = 1};
    start_writer(r);
    for (size_t i = 0; i < 4; i++) {
        struct jt_job job = change(r, names[i]);
        run_one(r, &job);
    }
    struct jt_job jobs[] = {change(r, names[0]), change(r, names[1]), change(r, names[4]),
                            change(r, names[5]), change(r, names[5]), change(r, names[4]),
                            change(r, NULL),     change(r, NULL)};
    jobs[0].change = drop_client;
    jobs[1].change = disable_client;
    jobs[4].change = drop_client;    /* what came in this batch */
    jobs[5].change = disable_client; /* and what changed again in it */
    jobs[6].change = walk_with_own;
    jobs[6].ctx = &w;
    jobs[7].change = walk_first;
    jobs[7].ctx = &first;
    struct jt_handover h = {0};
    for (size_t i = 0; i < 7; i++) {
        jt_handover_add(&h, &jobs[i]);
    }
    jt_writer_submit_all(r->writer, &h);
    wait_for(r, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(jobs[i].result, JT_OK);
    }
    qsort(w.text, w.n, 1, by_letter);
    assert_string_equal(w.text, "BCDfg");
    run_one(r, &jobs[7]); /* ends when it is told to */
    assert_int_equal(first.n, 1);
}

/* Two changes of one batch: the second sees the first. */
static void test_changes_of_one_batch(void **state)
{
    struct rig *r = *state;
    char id[] = "same";
    start_writer(r);
    struct jt_job a = change(r, id);
    struct jt_job b = change(r, id);
    struct jt_handover h = {0};
    jt_handover_add(&h, &a);
    jt_handover_add(&h, &b);
    jt_writer_submit_all(r->writer, &h);
    wait_for(r, 2);
    assert_int_equal(a.result, JT_OK);
    assert_int_equal(b.result, JT_E_CONFLICT);
}

static enum jt_err drop_and_make(struct jt_change *chg, void *ctx)
{
    JT_TRY(drop_client(chg, ctx));
    return make_client(chg, ctx);
}

static enum jt_err make_and_drop(struct jt_change *chg, void *ctx)
{
    JT_TRY(make_client(chg, ctx));
    return drop_client(chg, ctx);
}

static enum jt_err count_clients(void *ctx, struct jt_object *o)
{
    size_t *n = ctx;
    *n += o->kind == JT_OBJ_CLIENT ? 1 : 0;
    jt_object_free(o);
    return JT_OK;
}

static size_t clients_on_disk(struct rig *r)
{
    size_t n = 0;
    assert_int_equal(r->store->ops->load(r->store, count_clients, &n), JT_OK);
    return n;
}

static enum jt_err run_change(struct rig *r, jt_change_fn fn, char *id)
{
    struct jt_job job = change(r, id);
    job.change = fn;
    run_one(r, &job);
    return job.result;
}

static void test_drop(void **state)
{
    struct rig *r = *state;
    char id[] = "one";
    start_writer(r);
    assert_int_equal(run_change(r, drop_client, id), JT_E_NOTFOUND);
    assert_int_equal(run_change(r, make_client, id), JT_OK);
    assert_int_equal(run_change(r, drop_client, id), JT_OK);
    assert_null(jt_directory_client(r->directory, JT_LIT("one")));
    assert_int_equal(clients_on_disk(r), 0);
    assert_int_equal(run_change(r, drop_client, id), JT_E_NOTFOUND);
    assert_int_equal(run_change(r, make_and_drop, id), JT_OK);
    assert_null(jt_directory_client(r->directory, JT_LIT("one")));
    assert_int_equal(clients_on_disk(r), 0);
    assert_int_equal(run_change(r, make_client, id), JT_OK);
    assert_int_equal(run_change(r, drop_and_make, id), JT_OK);
    assert_non_null(jt_directory_client(r->directory, JT_LIT("one")));
    assert_int_equal(clients_on_disk(r), 1);
    assert_int_equal(jt_directory_count(r->directory, JT_OBJ_CLIENT), 1);
}

/* What waits for the log counts already for what comes after, and is shown when the log has it. */
static void test_drop_waits_for_the_log(void **state)
{
    struct rig *r = *state;
    char id[] = "one";
    start_writer(r);
    assert_int_equal(run_change(r, make_client, id), JT_OK);
    fail_next(r, "audit_append", JT_E_FULL, true);
    assert_int_equal(run_change(r, drop_client, id), JT_E_FULL);
    assert_non_null(jt_directory_client(r->directory, JT_LIT("one")));
    assert_int_equal(clients_on_disk(r), 0);
    no_faults(r);
    assert_int_equal(run_change(r, drop_client, id), JT_E_NOTFOUND);
    assert_null(jt_directory_client(r->directory, JT_LIT("one")));
    fail_next(r, "remove", JT_E_IO, true);
    assert_int_equal(run_change(r, make_client, id), JT_OK);
    assert_int_equal(run_change(r, drop_client, id), JT_E_IO);
    no_faults(r);
    assert_non_null(jt_directory_client(r->directory, JT_LIT("one")));
    assert_int_equal(clients_on_disk(r), 1);
}

static void test_append_fails_once(void **state)
{
    struct rig *r = *state;
    start_writer(r);
    fail_next(r, "audit_append", JT_E_FULL, false);
    struct jt_job a = plain(r, "a");
    run_one(r, &a);
    assert_int_equal(a.result, JT_E_FULL);
    assert_false(a.receipt.on_disk);
    struct jt_job b = plain(r, "b");
    run_one(r, &b);
    assert_int_equal(b.result, JT_OK);
    assert_int_equal(b.receipt.seq, 1); /* the number was not used up */
    assert_int_equal(read_log(r).n, 1);
}

static void test_state_commit_fails(void **state)
{
    struct rig *r = *state;
    char id[] = "lost";
    start_writer(r);
    fail_next(r, "commit", JT_E_IO, false);
    struct jt_job a = change(r, id);
    run_one(r, &a);
    assert_int_equal(a.result, JT_E_IO);
    assert_null(jt_directory_client(r->directory, JT_LIT("lost")));
    struct jt_job b = plain(r, "b");
    run_one(r, &b);
    assert_int_equal(b.receipt.seq, 1);
}

/* jeton.db has the change, audit.db refused its event: the event comes first, later, with its
 * number. */
static void test_change_waits_for_the_log(void **state)
{
    struct rig *r = *state;
    char id[] = "late";
    start_writer(r);
    fail_next(r, "audit_append", JT_E_FULL, true);
    struct jt_job a = change(r, id);
    run_one(r, &a);
    assert_int_equal(a.result, JT_E_FULL);
    assert_null(jt_directory_client(r->directory, JT_LIT("late")));
    no_faults(r);
    struct jt_job b = plain(r, "b");
    run_one(r, &b);
    assert_int_equal(b.result, JT_OK);
    assert_int_equal(b.receipt.seq, 2);
    assert_non_null(jt_directory_client(r->directory, JT_LIT("late")));
    struct reading g = read_log(r);
    assert_int_equal(g.n, 2);
    assert_int_equal(g.types[0], JT_EV_CLIENT_CREATED);
}

/* The process ends in between: the next start copies what the outbox has and the log lacks. */
static void test_outbox_replay(void **state)
{
    struct rig *r = *state;
    char id[] = "orphan";
    start_writer(r);
    struct jt_job first = plain(r, "a");
    run_one(r, &first);
    fail_next(r, "audit_append", JT_E_IO, true);
    struct jt_job a = change(r, id);
    run_one(r, &a);
    assert_int_equal(a.result, JT_E_IO);
    jt_writer_stop(&r->writer);
    assert_int_equal(read_log(r).n, 1);
    no_faults(r);
    start_writer(r);
    struct reading g = read_log(r);
    assert_int_equal(g.n, 2);
    assert_int_equal(g.types[1], JT_EV_CLIENT_CREATED);
    jt_writer_stop(&r->writer);
    start_writer(r); /* and only once */
    assert_int_equal(read_log(r).n, 2);
}

static void test_degrade(void **state)
{
    struct rig *r = *state;
    char id[] = "closed";
    struct jt_writer_stats s;
    r->opts.on_failure = JT_AUDIT_DEGRADE;
    start_writer(r);
    fail_next(r, "audit_append", JT_E_IO, true);
    struct jt_job a = plain(r, "a");
    run_one(r, &a);
    assert_int_equal(a.result, JT_OK);
    assert_true(a.receipt.unaudited);
    assert_false(a.receipt.on_disk);
    struct jt_job b = change(r, id);
    run_one(r, &b);
    assert_int_equal(b.result, JT_E_IO); /* changes fail closed */
    jt_writer_stats(r->writer, &s);
    assert_int_equal(s.unaudited, 1);
    assert_true(s.disk_failing);
    no_faults(r);
}

static void test_flood(void **state)
{
    struct rig *r = *state;
    size_t singles = 0;
    size_t counted = 0;
    start_writer(r);
    for (size_t i = 0; i < 100; i++) {
        struct jt_job job = plain(r, "x");
        job.event.type = JT_EV_TOKEN_DENIED;
        job.event.address.b[15] = (uint8_t)i; /* one /64 */
        job.event.address.b[0] = 0x20;
        job.stranger = true;
        job.reason_code = 7;
        run_one(r, &job);
        singles += job.receipt.on_disk ? 1 : 0;
        counted += job.receipt.counted ? 1 : 0;
        assert_int_equal(job.result, JT_OK);
    }
    assert_int_equal(singles + counted, 100);
    assert_true(counted > 0 && singles >= 10);
    jt_writer_stop(&r->writer); /* counts are written at the end */
    struct reading g = read_log(r);
    assert_int_equal(g.counted, counted);
    assert_int_equal(g.n, singles + 1);
    assert_true(jt_slice_eq(g.last.reason, JT_LIT("seven")));
}

/* Somebody who is known is always recorded singly. */
static void test_no_flood_after_authentication(void **state)
{
    struct rig *r = *state;
    start_writer(r);
    for (size_t i = 0; i < 50; i++) {
        struct jt_job job = plain(r, "x");
        job.event.type = JT_EV_TOKEN_DENIED;
        run_one(r, &job);
        assert_true(job.receipt.on_disk);
    }
    assert_int_equal(read_log(r).n, 50);
}

static void test_retention(void **state)
{
    struct rig *r = *state;
    r->opts.retain_s = 3600;
    start_writer(r);
    for (size_t i = 0; i < 20; i++) {
        struct jt_job job = plain(r, "old");
        job.event.time_us -= i < 10 ? INT64_C(7200) * 1000000 : 0;
        run_one(r, &job);
    }
    for (int i = 0; i < 100 && read_log(r).last.type != JT_EV_AUDIT_PRUNED; i++) {
        pause_ms(50);
    }
    struct reading g = read_log(r);
    assert_int_equal(g.last.type, JT_EV_AUDIT_PRUNED);
    assert_int_equal(g.last.count, 10);
    assert_int_equal(g.n, 11);
}

/* A clock that jumped ahead by days must not empty the log. */
static void test_no_retention_when_the_clock_jumps(void **state)
{
    struct rig *r = *state;
    r->opts.retain_s = 3600;
    start_writer(r);
    for (size_t i = 0; i < 5; i++) {
        struct jt_job job = plain(r, "keep");
        run_one(r, &job);
    }
    atomic_store(&r->wall_us, INT64_C(10) * 86400 * 1000000);
    pause_ms(2500);
    assert_int_equal(read_log(r).n, 5);
}

enum { THREADS = 4, EACH = 500 };

struct sender {
    struct rig *r;
    struct jt_mailbox box;
    struct jt_job jobs[EACH];
};

static void *send(void *arg)
{
    struct sender *s = arg;
    size_t back = 0;
    for (size_t i = 0; i < EACH; i++) {
        s->jobs[i] = plain(s->r, "t");
        s->jobs[i].reply = &s->box;
        jt_writer_submit(s->r->writer, &s->jobs[i]);
    }
    while (back < EACH) {
        struct pollfd p = {.fd = s->box.fd, .events = POLLIN};
        (void)poll(&p, 1, 5000);
        for (struct jt_job *j = jt_mailbox_take(&s->box); j != NULL; j = j->next) {
            back++;
        }
    }
    return NULL;
}

static void test_four_threads(void **state)
{
    struct rig *r = *state;
    struct sender *s = calloc(THREADS, sizeof *s);
    pthread_t t[THREADS];
    static bool seen[THREADS * EACH + 1];
    assert_non_null(s);
    start_writer(r);
    for (size_t i = 0; i < THREADS; i++) {
        s[i].r = r;
        assert_int_equal(jt_mailbox_init(&s[i].box), JT_OK);
        assert_int_equal(pthread_create(&t[i], NULL, send, &s[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        for (size_t k = 0; k < EACH; k++) {
            uint64_t seq = s[i].jobs[k].receipt.seq;
            assert_true(seq >= 1 && seq <= THREADS * EACH && !seen[seq]);
            seen[seq] = true;
        }
    }
    assert_int_equal(read_log(r).n, THREADS * EACH);
    jt_writer_stop(&r->writer); /* wakes the mailboxes no more */
    for (size_t i = 0; i < THREADS; i++) {
        jt_mailbox_close(&s[i].box);
    }
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_events_are_numbered),
        TEST(test_change),
        TEST(test_changes_of_one_batch),
        TEST(test_walk_of_one_batch),
        TEST(test_drop),
        TEST(test_drop_waits_for_the_log),
        TEST(test_append_fails_once),
        TEST(test_state_commit_fails),
        TEST(test_change_waits_for_the_log),
        TEST(test_outbox_replay),
        TEST(test_degrade),
        TEST(test_flood),
        TEST(test_no_flood_after_authentication),
        TEST(test_retention),
        TEST(test_no_retention_when_the_clock_jumps),
        TEST(test_four_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_no_memory.c - what is on disk is shown without asking for memory. The store thread must not
 * wait for readers either: their requests are parked until it goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/directory.h"

static bool none_left;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_malloc(size_t n)
{
    return none_left ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return none_left ? NULL : __real_calloc(n, size);
}

static struct jt_object *client(const char *id, uint64_t version)
{
    const struct jt_client c = {.o = {.name = jt_str(id)}, .version = version};
    struct jt_client *copy = jt_client_dup(&c);
    assert_non_null(copy);
    return &copy->o;
}

static struct jt_object *revocation(void)
{
    const struct jt_revocation r = {.o = {.name = JT_LIT("8 bytes.")}};
    struct jt_revocation *copy = jt_revocation_dup(&r);
    assert_non_null(copy);
    return &copy->o;
}

/* A reader holds its epoch all the while, as a request that waits for this very change does. */
static void test_publish_without_memory(void **state)
{
    (void)state;
    static struct jt_epochs epochs;
    struct jt_directory *d = NULL;
    struct jt_publication *p = NULL;
    struct jt_publication *drop = NULL;
    jt_epochs_init(&epochs);
    assert_int_equal(jt_directory_new(&epochs, &d), JT_OK);
    assert_int_equal(jt_directory_put(d, client("a", 1)), JT_OK);
    assert_int_equal(jt_directory_put(d, revocation()), JT_OK); /* surely of another shard */
    (void)jt_epoch_enter(&epochs, 0);
    const struct jt_client *seen = jt_directory_client(d, JT_LIT("a"));
    assert_int_equal(jt_directory_prepare(d, client("a", 2), &p), JT_OK);
    assert_int_equal(jt_directory_prepare_drop(d, JT_OBJ_REVOCATION, JT_LIT("8 bytes."), &drop),
                     JT_OK);
    none_left = true;
    jt_directory_publish(d, &p);
    jt_directory_publish(d, &drop);
    none_left = false;
    assert_int_equal(jt_directory_client(d, JT_LIT("a"))->version, 2);
    assert_int_equal(jt_directory_count(d, JT_OBJ_REVOCATION), 0);
    assert_int_equal(seen->version, 1); /* still there for who saw it */
    assert_int_not_equal(jt_epoch_reclaim(&epochs), 0);
    jt_epoch_announce(&epochs, 0, JT_EPOCH_OFFLINE);
    assert_int_equal(jt_epoch_reclaim(&epochs), 0);
    jt_directory_free(&d);
    jt_epochs_free(&epochs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_publish_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

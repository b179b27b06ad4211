/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_verdicts.c - a token is known again by its whole hash only, as it was, in bounded memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "server/flow/verdicts.h"

static struct jt_verdicts *v;
static struct jt_arena arena;

static int setup(void **state)
{
    (void)state;
    jt_arena_init(&arena, 1u << 20);
    return jt_verdicts_new(&v) == JT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_arena_free(&arena);
    jt_verdicts_free(&v);
    return v == NULL ? 0 : -1;
}

/* A hash in the set that its first two bytes name. */
static void hash_of(uint16_t set, uint64_t n, uint8_t out[static JT_SHA256_SIZE])
{
    memset(out, 0x5a, JT_SHA256_SIZE);
    out[0] = (uint8_t)(set >> 8);
    out[1] = (uint8_t)set;
    memcpy(out + JT_SHA256_SIZE - sizeof n, &n, sizeof n);
}

static struct jt_verdict verdict(uint64_t n)
{
    return (struct jt_verdict){.kid = JT_LIT("the kid"),
                               .client_id = JT_LIT("client"),
                               .aud = JT_LIT("https://api.example.com"),
                               .scope = JT_LIT("a b c"),
                               .jti = JT_LIT("0123456789abcdefghijkl"),
                               .cnf = JT_LIT("\x01 32 bytes of a thumbprint"),
                               .iat = (int64_t)n,
                               .exp = (int64_t)n + 3600,
                               .id = {n, 7}};
}

static void keep(uint16_t set, uint64_t n)
{
    uint8_t hash[JT_SHA256_SIZE];
    const struct jt_verdict in = verdict(n);
    hash_of(set, n, hash);
    jt_verdicts_keep(v, hash, &in);
}

static bool known(uint16_t set, uint64_t n, struct jt_verdict *out)
{
    uint8_t hash[JT_SHA256_SIZE];
    hash_of(set, n, hash);
    return jt_verdicts_find(v, hash, &arena, out);
}

static void test_as_it_was(void **state)
{
    (void)state;
    struct jt_verdict out = {0};
    assert_false(known(3, 1, &out));
    keep(3, 1);
    assert_true(known(3, 1, &out));
    const struct jt_verdict want = verdict(1);
    assert_true(jt_slice_eq(out.kid, want.kid) && jt_slice_eq(out.client_id, want.client_id) &&
                jt_slice_eq(out.aud, want.aud) && jt_slice_eq(out.scope, want.scope) &&
                jt_slice_eq(out.jti, want.jti) && jt_slice_eq(out.cnf, want.cnf));
    assert_true(out.iat == 1 && out.exp == 3601 && out.id.sequence == 1 && out.id.credential == 7);
}

static void test_empty_texts(void **state)
{
    (void)state;
    uint8_t hash[JT_SHA256_SIZE];
    const struct jt_verdict in = {.kid = JT_LIT("k"), .exp = 5};
    struct jt_verdict out = {0};
    hash_of(1, 1, hash);
    jt_verdicts_keep(v, hash, &in);
    assert_true(jt_verdicts_find(v, hash, &arena, &out));
    assert_true(out.kid.n == 1 && out.client_id.n == 0 && out.scope.n == 0 && out.jti.n == 0);
}

static void test_only_the_whole_hash(void **state)
{
    (void)state;
    uint8_t hash[JT_SHA256_SIZE];
    struct jt_verdict out = {0};
    keep(3, 1);
    for (size_t i = 0; i < 8 * JT_SHA256_SIZE; i++) {
        hash_of(3, 1, hash);
        hash[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_false(jt_verdicts_find(v, hash, &arena, &out));
    }
    memset(hash, 0, sizeof hash); /* what an empty place holds */
    assert_false(jt_verdicts_find(v, hash, &arena, &out));
}

static void test_oldest_makes_room(void **state)
{
    (void)state;
    struct jt_verdict out = {0};
    for (uint64_t n = 1; n <= 4; n++) {
        keep(9, n);
    }
    assert_true(known(9, 1, &out)); /* used again, so 2 is the oldest */
    keep(9, 5);
    assert_false(known(9, 2, &out));
    assert_true(known(9, 1, &out) && known(9, 3, &out) && known(9, 4, &out) && known(9, 5, &out));
    keep(9, 5); /* the same again takes no second place */
    assert_true(known(9, 1, &out) && known(9, 3, &out) && known(9, 4, &out) && known(9, 5, &out));
}

static void test_too_long(void **state)
{
    (void)state;
    static char text[JT_VERDICT_TEXT + 1];
    uint8_t hash[JT_SHA256_SIZE];
    struct jt_verdict in = {.scope = jt_slice(text, JT_VERDICT_TEXT)};
    struct jt_verdict out = {0};
    memset(text, 'x', sizeof text);
    hash_of(4, 1, hash);
    jt_verdicts_keep(v, hash, &in);
    assert_true(jt_verdicts_find(v, hash, &arena, &out));
    assert_true(jt_slice_eq(out.scope, in.scope));
    hash_of(4, 2, hash);
    in.jti = jt_slice(text, 1); /* one more than fits */
    jt_verdicts_keep(v, hash, &in);
    assert_false(jt_verdicts_find(v, hash, &arena, &out));
}

static void test_no_memory(void **state)
{
    (void)state;
    struct jt_arena none;
    struct jt_verdict out = {0};
    uint8_t hash[JT_SHA256_SIZE];
    jt_arena_init(&none, 64);
    keep(1, 1);
    hash_of(1, 1, hash);
    assert_false(jt_verdicts_find(v, hash, &none, &out));
    jt_arena_free(&none);
}

/* Each thread keeps and asks in the same few sets; what is found is whole. */
static void *work(void *arg)
{
    struct jt_arena a;
    uint64_t *wrong = arg;
    jt_arena_init(&a, 1u << 16);
    for (uint64_t i = 0; i < 20000; i++) {
        uint8_t hash[JT_SHA256_SIZE];
        struct jt_verdict out = {0};
        const struct jt_verdict in = verdict(i % 13);
        hash_of((uint16_t)(i % 3), i % 13, hash);
        jt_verdicts_keep(v, hash, &in);
        if (jt_verdicts_find(v, hash, &a, &out) &&
            (out.iat != in.iat || out.id.sequence != in.id.sequence ||
             !jt_slice_eq(out.jti, in.jti))) {
            (*wrong)++;
        }
        jt_arena_reset(&a);
    }
    jt_arena_free(&a);
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t t[4];
    uint64_t wrong[4] = {0};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, work, &wrong[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(t[i], NULL), 0);
        assert_int_equal(wrong[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_the_whole_hash, setup, teardown),
        cmocka_unit_test_setup_teardown(test_oldest_makes_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

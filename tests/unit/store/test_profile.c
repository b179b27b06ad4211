/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_profile.c - what opaque tokens share is kept once, as long as one of them lives; and how
 * little memory a token takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <malloc.h>

#include "core/base/num.h"
#include "server/store/directory.h"
#include "server/store/profile.h"

static struct jt_profiles *home;

static int setup(void **state)
{
    (void)state;
    return jt_profiles_new(&home) == JT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    jt_profiles_free(&home);
    return home == NULL ? 0 : -1;
}

static struct jt_profile like(const char *client, const char *audience, const char *scope)
{
    return (struct jt_profile){
        .client_id = jt_str(client), .audience = jt_str(audience), .scope = jt_str(scope)};
}

static void test_kept_once(void **state)
{
    (void)state;
    char client[] = "alice";
    struct jt_profile asked = like(client, "https://a", "r w");
    const struct jt_profile *a = jt_profile_take(home, &asked);
    assert_non_null(a);
    client[0] = 'X'; /* its text is its own */
    assert_true(jt_slice_eq(a->client_id, JT_LIT("alice")));
    struct jt_profile again = like("alice", "https://a", "r w");
    assert_ptr_equal(jt_profile_take(home, &again), a);
    assert_int_equal(jt_profiles_count(home), 1);
    jt_profile_give(a);
    assert_int_equal(jt_profiles_count(home), 1);
    jt_profile_give(a);
    assert_int_equal(jt_profiles_count(home), 0);
    jt_profile_give(NULL);
}

/* Where one text ends and the next begins matters. */
static void test_others(void **state)
{
    (void)state;
    struct jt_profile all[] = {like("a", "b", "c"),  like("b", "a", "c"), like("ab", "", "c"),
                               like("a", "bc", ""),  like("", "", ""),    like("a", "b", "c d"),
                               like("a", "b", "d c")};
    const struct jt_profile *kept[7];
    for (size_t i = 0; i < 7; i++) {
        kept[i] = jt_profile_take(home, &all[i]);
        assert_non_null(kept[i]);
        assert_int_equal(jt_profiles_count(home), i + 1);
        assert_true(jt_slice_eq(kept[i]->scope, all[i].scope));
    }
    for (size_t i = 7; i > 0; i--) {
        jt_profile_give(kept[i - 1]);
        assert_int_equal(jt_profiles_count(home), i - 1);
    }
}

static void test_many(void **state)
{
    (void)state;
    enum { N = 20000 };
    static const struct jt_profile *kept[N];
    char client[32];
    for (int i = 0; i < N; i++) {
        (void)snprintf(client, sizeof client, "client-%d", i);
        struct jt_profile asked = like(client, "https://a", "r");
        kept[i] = jt_profile_take(home, &asked);
        assert_non_null(kept[i]);
    }
    assert_int_equal(jt_profiles_count(home), N);
    for (int i = 0; i < N; i += 2) { /* from the middle of their chains */
        jt_profile_give(kept[i]);
    }
    for (int i = 1; i < N; i += 2) {
        (void)snprintf(client, sizeof client, "client-%d", i);
        assert_true(jt_slice_eq(kept[i]->client_id, jt_str(client)));
        jt_profile_give(kept[i]);
    }
    assert_int_equal(jt_profiles_count(home), 0);
}

static struct jt_opaque *token(uint64_t i, const struct jt_profile *profile, struct jt_profiles *p)
{
    uint8_t hash[JT_SHA256_SIZE] = {0};
    jt_put_be64(hash, i * UINT64_C(0x9e3779b97f4a7c15));
    jt_put_be64(hash + 8, i);
    const struct jt_opaque t = {.o = {.kind = JT_OBJ_TOKEN, .name = jt_slice(hash, sizeof hash)},
                                .sequence = i,
                                .issued_s = 1,
                                .expires_s = 3601,
                                .profile = profile,
                                .credential = 7};
    struct jt_opaque *made = jt_opaque_dup(&t, p);
    assert_non_null(made);
    return made;
}

/* A token that lives has its profile from home; one that is only lent leaves it alone. */
static void test_token_holds_its_profile(void **state)
{
    (void)state;
    struct jt_profile asked = like("alice", "https://a", "r");
    struct jt_opaque *a = token(1, &asked, home);
    struct jt_opaque *b = token(2, a->profile, home);
    struct jt_opaque *lent = token(3, &asked, NULL);
    assert_ptr_equal(a->profile, b->profile);
    assert_ptr_not_equal(a->profile, &asked);
    assert_ptr_equal(lent->profile, &asked);
    assert_int_equal(jt_profiles_count(home), 1);
    jt_object_free(&lent->o);
    jt_object_free(&a->o);
    assert_int_equal(jt_profiles_count(home), 1);
    assert_true(jt_slice_eq(b->profile->client_id, JT_LIT("alice")));
    jt_object_free(&b->o);
    assert_int_equal(jt_profiles_count(home), 0);
    assert_null(jt_object_dup(&(struct jt_object){.kind = JT_OBJ_TOKEN}));
}

enum { TOKENS = 100000, TOKEN_BYTES = 200 };

/* The address and thread sanitizers have allocators of their own, which tell nothing here. */
static bool allocator_tells(void)
{
    size_t before = mallinfo2().uordblks;
    void *volatile p = malloc(1000); /* a compiler may not leave it out */
    size_t after = mallinfo2().uordblks;
    free(p);
    return after > before;
}

static void test_memory_of_tokens(void **state)
{
    (void)state;
    struct jt_epochs epochs;
    struct jt_directory *d = NULL;
    struct jt_profile asked[3] = {like("a", "https://a", "r w"), like("b", "https://a", "r w"),
                                  like("c", "https://c", "x")};
    bool tells = allocator_tells();
    jt_epochs_init(&epochs);
    for (int way = 0; way < 2; way++) {
        size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
        assert_int_equal(jt_directory_new(&epochs, &d), JT_OK);
        for (uint64_t i = 1; i <= TOKENS; i++) {
            struct jt_opaque *t = token(i, &asked[i % 3], home);
            struct jt_publication *p = NULL;
            if (way == 0) { /* as a start loads them */
                assert_int_equal(jt_directory_put(d, &t->o), JT_OK);
                continue;
            }
            assert_int_equal(jt_directory_prepare(d, &t->o, &p), JT_OK); /* as they are issued */
            jt_directory_publish(d, &p);
            (void)jt_epoch_reclaim(&epochs);
        }
        size_t each = (mallinfo2().uordblks + mallinfo2().hblkhd - before) / TOKENS;
        assert_int_equal(jt_directory_count(d, JT_OBJ_TOKEN), TOKENS);
        assert_int_equal(jt_profiles_count(home), 3);
        if (tells) {
            print_message("%zu bytes per token\n", each);
            assert_in_range(each, 32, TOKEN_BYTES);
        }
        jt_directory_free(&d);
        assert_int_equal(jt_profiles_count(home), 0);
    }
    jt_epochs_free(&epochs);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kept_once),
        TEST(test_others),
        TEST(test_many),
        TEST(test_token_holds_its_profile),
        TEST(test_memory_of_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

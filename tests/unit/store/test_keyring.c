/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_keyring.c - the master key's file and what hangs on it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/store/keyring.h"

static char dir[64], path[128], other[128];
static struct jt_crypt *crypt_ctx;

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/jeton-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/master.key", dir);
    (void)snprintf(other, sizeof other, "%s/link", dir);
    return jt_crypt_new(&crypt_ctx) == JT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(other);
    (void)rmdir(dir);
    jt_crypt_free(&crypt_ctx);
    return 0;
}

static void test_file(void **state)
{
    (void)state;
    uint8_t a[JT_KEY_SIZE];
    uint8_t b[JT_KEY_SIZE];
    const char *why = "";
    struct stat st;
    assert_int_equal(jt_master_key_read(path, b, &why), JT_E_NOTFOUND);
    assert_int_equal(jt_master_key_make(path, a, &why), JT_OK);
    assert_int_equal(jt_master_key_make(path, b, &why), JT_E_CONFLICT);
    assert_int_equal(jt_master_key_read(path, b, &why), JT_OK);
    assert_memory_equal(a, b, sizeof a);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 65);
}

static void test_file_refused(void **state)
{
    (void)state;
    uint8_t k[JT_KEY_SIZE];
    const char *why = "";
    assert_int_equal(jt_master_key_make(path, k, &why), JT_OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(jt_master_key_read(path, k, &why), JT_E_PERM);
    assert_non_null(strstr(why, "chmod 600"));
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(symlink(path, other), 0);
    assert_int_equal(jt_master_key_read(other, k, &why), JT_E_PERM);
    assert_int_equal(truncate(path, 64), 0);
    assert_int_equal(jt_master_key_read(path, k, &why), JT_E_SYNTAX);
}

static void test_data_keys(void **state)
{
    (void)state;
    const uint8_t master[JT_KEY_SIZE] = {9};
    const uint8_t wrong[JT_KEY_SIZE] = {8};
    struct jt_keyring ring = {0};
    struct jt_data_key *k = NULL;
    assert_int_equal(jt_data_key_make(crypt_ctx, master, 1, JT_DATA_KEY_SECRETS, 5, &k), JT_OK);
    assert_int_equal(jt_keyring_open(&ring, crypt_ctx, wrong, k), JT_E_CRYPTO);
    assert_int_equal(ring.n, 0);
    k->use = JT_DATA_KEY_SEAL; /* a key of one use is none of another */
    assert_int_equal(jt_keyring_open(&ring, crypt_ctx, master, k), JT_E_CRYPTO);
    k->use = JT_DATA_KEY_SECRETS;
    assert_int_equal(jt_keyring_open(&ring, crypt_ctx, master, k), JT_OK);
    jt_object_free(&k->o);
    assert_int_equal(jt_data_key_make(crypt_ctx, master, 2, JT_DATA_KEY_SECRETS, 5, &k), JT_OK);
    assert_int_equal(jt_keyring_open(&ring, crypt_ctx, master, k), JT_OK);
    jt_object_free(&k->o);
    assert_int_equal(jt_keyring_newest(&ring, JT_DATA_KEY_SECRETS)->id, 2);
    assert_int_equal(jt_keyring_by_id(&ring, 1)->id, 1);
    assert_null(jt_keyring_newest(&ring, JT_DATA_KEY_SEAL));
    assert_null(jt_keyring_by_id(&ring, 3));
}

static void test_signing_key(void **state)
{
    (void)state;
    const uint8_t master[JT_KEY_SIZE] = {9};
    struct jt_keyring ring = {0};
    struct jt_data_key *d = NULL;
    struct jt_signing_key *k = NULL;
    assert_int_equal(jt_data_key_make(crypt_ctx, master, 1, JT_DATA_KEY_SEAL, 5, &d), JT_OK);
    assert_int_equal(jt_keyring_open(&ring, crypt_ctx, master, d), JT_OK);
    jt_object_free(&d->o);
    assert_int_equal(jt_signing_key_make(crypt_ctx, &ring, JT_ALG_ES256, 5, &k), JT_OK);
    assert_int_equal(k->o.name.n, 43);
    assert_non_null(k->pkey);
    struct jt_signing_key *stored = jt_signing_key_dup(k); /* as it comes from disk */
    assert_null(stored->pkey);
    assert_int_equal(jt_signing_key_open(crypt_ctx, &ring, stored), JT_OK);
    assert_int_equal(jt_pkey_kind(stored->pkey), JT_KEY_P256);
    jt_object_free(&stored->o);
    stored = jt_signing_key_dup(k);
    stored->alg = JT_ALG_RS256; /* somebody edited the row */
    assert_int_equal(jt_signing_key_open(crypt_ctx, &ring, stored), JT_E_CORRUPT);
    jt_object_free(&stored->o);
    jt_object_free(&k->o);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_file), TEST(test_file_refused),
                                       TEST(test_data_keys), TEST(test_signing_key)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

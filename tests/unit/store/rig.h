/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rig.h - a store in a folder of its own, for the tests of what every backend does. Included after
 * cmocka.h.
 */
#ifndef TESTS_UNIT_STORE_RIG_H
#define TESTS_UNIT_STORE_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/store/store.h"

struct rig {
    const struct jt_store_ops *ops;
    char dir[64];
    struct jt_store *store;
};

static inline void open_store(struct rig *r)
{
    const struct jt_store_opts o = {.dir = r->dir};
    assert_int_equal(r->ops->open(&o, &r->store), JT_OK);
}

static inline int setup_with(void **state, const struct jt_store_ops *ops)
{
    struct rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->ops = ops;
    (void)snprintf(r->dir, sizeof r->dir, "/tmp/jeton-test-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    open_store(r);
    *state = r;
    return 0;
}

static inline int setup_sqlite(void **state)
{
    return setup_with(state, &jt_store_sqlite);
}

static inline int setup_memory(void **state)
{
    return setup_with(state, &jt_store_memory);
}

static inline void remove_file(const struct rig *r, const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", r->dir, name);
    (void)unlink(path);
}

static inline int teardown(void **state)
{
    static const char *const names[] = {"jeton.db", "jeton.db-wal", "jeton.db-shm",
                                        "audit.db", "audit.db-wal", "audit.db-shm"};
    struct rig *r = *state;
    if (r->store != NULL) {
        r->ops->close(&r->store);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        remove_file(r, names[i]);
    }
    (void)rmdir(r->dir);
    free(r);
    return 0;
}

#endif

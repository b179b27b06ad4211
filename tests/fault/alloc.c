/* SPDX-License-Identifier: Apache-2.0 */
#include "alloc.h"

#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json/json.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

static atomic_bool armed, ever;
static atomic_long at, seen, live;
static _Thread_local bool exempt;

void fault_arm(long n, bool for_ever)
{
    atomic_store(&armed, false);
    atomic_store(&at, n);
    atomic_store(&ever, for_ever);
    atomic_store(&seen, 0);
    atomic_store(&armed, true);
}

long fault_disarm(void)
{
    atomic_store(&armed, false);
    return atomic_load(&seen);
}

long fault_seen(void)
{
    return atomic_load(&seen);
}

bool fault_struck(void)
{
    return atomic_load(&armed) && atomic_load(&seen) >= atomic_load(&at);
}

void fault_exempt(void)
{
    exempt = true;
}

long fault_live(void)
{
    return atomic_load(&live);
}

long fault_next(long n)
{
    static int all = -1;
    if (all < 0) {
        all = getenv("JETON_FAULT_ALL") != NULL ? 1 : 0;
    }
    return all == 1 || n < 40 ? n + 1 : n + n / 16;
}

/* Does this allocation fail? */
static bool strikes(void)
{
    if (exempt || !atomic_load(&armed)) {
        return false;
    }
    long k = atomic_fetch_add(&seen, 1) + 1;
    long n = atomic_load(&at);
    bool yes = k == n || (k > n && atomic_load(&ever));
#ifdef __SANITIZE_ADDRESS__
    if (yes && getenv("JETON_FAULT_TRACE") != NULL) {
        __sanitizer_print_stack_trace();
    }
#endif
    return yes;
}

void *__wrap_malloc(size_t n)
{
    void *p = strikes() ? NULL : __real_malloc(n);
    (void)atomic_fetch_add(&live, p != NULL ? 1 : 0);
    return p;
}

void *__wrap_calloc(size_t n, size_t size)
{
    void *p = strikes() ? NULL : __real_calloc(n, size);
    (void)atomic_fetch_add(&live, p != NULL ? 1 : 0);
    return p;
}

void *__wrap_realloc(void *p, size_t n)
{
    void *q = strikes() ? NULL : __real_realloc(p, n);
    (void)atomic_fetch_add(&live, p == NULL && q != NULL ? 1 : 0);
    return q;
}

void __wrap_free(void *p)
{
    (void)atomic_fetch_sub(&live, p != NULL ? 1 : 0);
    __real_free(p);
}

/* OpenSSL keeps much for ever, so what it has is not among the live blocks. */
static void *ssl_malloc(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return n == 0 || strikes() ? NULL : __real_malloc(n);
}

static void *ssl_realloc(void *p, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    if (n == 0) {
        __real_free(p);
        return NULL;
    }
    return strikes() ? NULL : __real_realloc(p, n);
}

static void ssl_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    __real_free(p);
}

/* SQLite asks how large a block is: that stands before it. */
#define ROOM 16

static int sq_size(void *p)
{
    int n = 0;
    memcpy(&n, (char *)p - ROOM, sizeof n);
    return n;
}

static void *sized(char *p, int n)
{
    if (p == NULL) {
        return NULL;
    }
    memcpy(p, &n, sizeof n);
    return p + ROOM;
}

static void *sq_malloc(int n)
{
    return strikes() ? NULL : sized(__real_malloc((size_t)n + ROOM), n);
}

static void sq_free(void *p)
{
    __real_free((char *)p - ROOM);
}

static void *sq_realloc(void *p, int n)
{
    return strikes() ? NULL : sized(__real_realloc((char *)p - ROOM, (size_t)n + ROOM), n);
}

static int sq_roundup(int n)
{
    return (n + 7) & ~7;
}

static int sq_init(void *ctx)
{
    (void)ctx;
    return SQLITE_OK;
}

static void sq_shutdown(void *ctx)
{
    (void)ctx;
}

/* Before main, so before any of the libraries has allocated anything. */
__attribute__((constructor)) static void take_over(void)
{
    static const sqlite3_mem_methods m = {sq_malloc,  sq_free, sq_realloc,  sq_size,
                                          sq_roundup, sq_init, sq_shutdown, NULL};
    if (CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free) != 1 ||
        sqlite3_config(SQLITE_CONFIG_MALLOC, &m) != SQLITE_OK) {
        (void)fprintf(stderr, "the libraries keep their own allocators\n");
        abort();
    }
    jt_json_guard_memory();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include <stdalign.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define JT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define JT_ASAN 1
#endif
#endif
#ifdef JT_ASAN
#include <sanitizer/asan_interface.h>
#define REDZONE 16
#define POISON(p, n) __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define REDZONE 0
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#define FIRST_CHUNK 4096u

struct jt_arena_chunk {
    struct jt_arena_chunk *next;
    size_t size, n;
    alignas(max_align_t) uint8_t data[];
};

void jt_arena_init(struct jt_arena *a, size_t cap)
{
    *a = (struct jt_arena){.cap = cap};
}

static bool add_chunk(struct jt_arena *a, size_t n)
{
    size_t size = a->head == NULL ? FIRST_CHUNK : a->head->size * 2;
    if (size < n) {
        size = n;
    }
    struct jt_arena_chunk *c = malloc(sizeof *c + size);
    if (c == NULL) {
        a->starved = true;
        return false;
    }
    c->next = a->head;
    c->size = size;
    c->n = 0;
    POISON(c->data, size);
    a->head = c;
    return true;
}

void *jt_arena_alloc(struct jt_arena *a, size_t n)
{
    const size_t align = alignof(max_align_t);
    if (n > a->cap - a->used) {
        return NULL;
    }
    if (n > SIZE_MAX - align - REDZONE - sizeof(struct jt_arena_chunk)) {
        return NULL; /* only a cap near SIZE_MAX lets this through */
    }
    size_t want = (n + align - 1) / align * align + REDZONE;
    if (want > a->cap - a->used) {
        return NULL;
    }
    if ((a->head == NULL || a->head->size - a->head->n < want) && !add_chunk(a, want)) {
        return NULL;
    }
    void *p = a->head->data + a->head->n;
    a->head->n += want;
    a->used += want;
    UNPOISON(p, n);
    memset(p, 0, n);
    return p;
}

void *jt_arena_array(struct jt_arena *a, size_t n, size_t size)
{
    size_t total = 0;
    return __builtin_mul_overflow(n, size, &total) ? NULL : jt_arena_alloc(a, total);
}

bool jt_arena_copy(struct jt_arena *a, struct jt_slice s, struct jt_slice *out)
{
    uint8_t *p = jt_arena_alloc(a, s.n == 0 ? 1 : s.n);
    if (p == NULL) {
        return false;
    }
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    *out = jt_slice(p, s.n);
    return true;
}

char *jt_arena_strz(struct jt_arena *a, struct jt_slice s)
{
    char *z = s.n == SIZE_MAX ? NULL : jt_arena_alloc(a, s.n + 1);
    if (z != NULL && s.n > 0) {
        memcpy(z, s.p, s.n);
    }
    return z;
}

static void wipe(struct jt_arena_chunk *c)
{
    UNPOISON(c->data, c->size);
    explicit_bzero(c->data, c->n);
    c->n = 0;
}

void jt_arena_reset(struct jt_arena *a)
{
    while (a->head != NULL && a->head->next != NULL) {
        struct jt_arena_chunk *c = a->head;
        a->head = c->next;
        wipe(c);
        free(c);
    }
    if (a->head != NULL) {
        wipe(a->head);
        POISON(a->head->data, a->head->size);
    }
    a->used = 0;
    a->starved = false;
}

void jt_arena_free(struct jt_arena *a)
{
    jt_arena_reset(a);
    if (a->head != NULL) {
        UNPOISON(a->head->data, a->head->size);
        free(a->head);
        a->head = NULL;
    }
}

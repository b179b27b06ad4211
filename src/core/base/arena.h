/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory of one request: taken piece by piece, given back as a whole.
 *
 * Invariant: all pieces together never exceed the cap given at init.
 * Owns:      its chunks. The first chunk is kept over a reset.
 * Threads:   one owner, no locking.
 * Errors:    NULL from an allocation, over the cap or out of memory.
 * Wiping:    reset and free wipe what was used: requests carry secrets.
 */
#ifndef JT_BASE_ARENA_H
#define JT_BASE_ARENA_H

#include "slice.h"

struct jt_arena_chunk;

struct jt_arena {
    struct jt_arena_chunk *head; /* newest first */
    size_t used, cap;
    bool
        starved; /* memory ran out since the last reset: a verdict that rests on what it has is none
                  */
};

void jt_arena_init(struct jt_arena *a, size_t cap);
/* n zeroed bytes aligned for any type, or NULL. */
void *jt_arena_alloc(struct jt_arena *a, size_t n);
/* n items of size bytes each, zeroed; NULL when that overflows. */
void *jt_arena_array(struct jt_arena *a, size_t n, size_t size);
/* A copy of s in the arena; false on failure, *out untouched. */
bool jt_arena_copy(struct jt_arena *a, struct jt_slice s, struct jt_slice *out);
/* A NUL-terminated copy, or NULL. */
char *jt_arena_strz(struct jt_arena *a, struct jt_slice s);
void jt_arena_reset(struct jt_arena *a);
void jt_arena_free(struct jt_arena *a);

#endif

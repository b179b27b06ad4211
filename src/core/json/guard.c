/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* Before each block of jansson's: its neighbours of the same parse. */
struct block {
    struct block *prev, *next;
    size_t n;
    alignas(max_align_t) uint8_t data[];
};

static _Thread_local jmp_buf *way_out; /* of the parse under way, or NULL */
static _Thread_local struct block *newest;

static void *guarded_malloc(size_t n)
{
    struct block *b = n > SIZE_MAX - sizeof *b ? NULL : malloc(sizeof *b + n);
    if (b == NULL) {
        if (way_out != NULL) {
            longjmp(*way_out, 1);
        }
        return NULL;
    }
    *b = (struct block){NULL, newest, n};
    if (newest != NULL) {
        newest->prev = b;
    }
    newest = b;
    return b->data;
}

/* Secrets stand in bodies. */
static void wipe_and_free(struct block *b)
{
    explicit_bzero(b, sizeof *b + b->n);
    free(b);
}

static void guarded_free(void *p)
{
    if (p == NULL) {
        return;
    }
    struct block *b = (struct block *)(void *)((uint8_t *)p - sizeof *b);
    if (b->prev != NULL) {
        b->prev->next = b->next;
    }
    if (b->next != NULL) {
        b->next->prev = b->prev;
    }
    if (newest == b) {
        newest = b->next;
    }
    wipe_and_free(b);
}

static void free_all(void)
{
    while (newest != NULL) {
        struct block *next = newest->next;
        wipe_and_free(newest);
        newest = next;
    }
}

enum jt_err jt_json_load(struct jt_slice text, size_t flags, json_t **out)
{
    jmp_buf here;
    json_error_t why;
    way_out = &here;
    newest = NULL;
    if (setjmp(here) != 0) {
        way_out = NULL;
        free_all();
        return JT_E_NOMEM;
    }
    *out = json_loadb((const char *)text.p, text.n, flags, &why);
    way_out = NULL;
    newest = NULL; /* what is left is the document's, which frees it */
    return *out == NULL && json_error_code(&why) == json_error_out_of_memory ? JT_E_NOMEM : JT_OK;
}

void jt_json_guard_memory(void)
{
    json_set_alloc_funcs(guarded_malloc, guarded_free);
}

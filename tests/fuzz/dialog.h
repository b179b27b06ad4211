/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dialog.h - an input as a client's side of a connection, and what the answers must be like.
 *
 * Places that are filled in before the bytes are sent: {basic:alice} is what stands behind
 * "Authorization: ", {secret:alice} her secret, {credential:alice} its id; {jwt}, {opaque} and
 * {root} are tokens, {jti} is of the first, {ref} an error_ref, {kid} a key. {len} is the number of
 * bytes behind the next empty line, up to the line "{next}", which separates requests and
 * leaves nothing: so a mutated body still has its Content-Length. A place that is none of these
 * stays as it is.
 */
#ifndef TESTS_FUZZ_DIALOG_H
#define TESTS_FUZZ_DIALOG_H

#include "world.h"

#define DIALOG_REQUESTS_MAX 512

struct dialog_answer {
    unsigned status;
    struct jt_slice head, body, content_type;
    bool is_json;
};

struct dialog {
    struct jt_buf bytes; /* what is sent */
    struct jt_buf raw;   /* what comes back */
    size_t n;            /* answers that must come */
    enum jt_http_method methods[DIALOG_REQUESTS_MAX];
    bool readable[DIALOG_REQUESTS_MAX]; /* the request was read whole */
    size_t nanswers;
    struct dialog_answer answers[DIALOG_REQUESTS_MAX];
    bool named[WORLD_CLIENTS]; /* the proof of this client stands in the input */
    bool has_token, has_root;  /* {jwt} or {opaque}; {root} */
};

void dialog_free(struct dialog *d);
/* Fills the places and sends all; step: how many bytes at a time. False: too long to be sent. */
bool dialog_run(struct dialog *d, struct world *v, enum jt_listener_kind to, struct jt_slice input,
                size_t step);
/* There is one whole answer for each request and nothing else, its head and its body well formed.
 * Asserts, and fills answers. */
void dialog_check(struct dialog *d);
/* A member of an answer's body, in a document that the caller frees; NULL: there is none. */
struct jt_json *dialog_json(const struct dialog_answer *a);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adm.h - the admin API, asked over the server's Unix socket, one connection for each request, or
 * of a server on another machine (remote.h).
 *
 * Owns:    a reply owns its bytes and the document; free it with jt_adm_reply_free.
 * Threads: one.
 * Errors:  said on stderr; an exit code comes back.
 * RFC:     9110, 9112 (HTTP), 9457 (problems)
 */
#ifndef JT_CLI_ADM_H
#define JT_CLI_ADM_H

#include "../core/json/json.h"
#include "args.h"

#define JT_ADM_REPLY_MAX ((size_t)64 * 1024 * 1024)

struct jt_adm_request {
    const char *method;
    struct jt_slice path; /* with query, percent-encoded */
    const char *content_type;
    struct jt_slice body;
    struct jt_slice if_match; /* an ETag; empty: no If-Match */
};

struct jt_adm_reply {
    unsigned status;
    struct jt_buf bytes;
    struct jt_slice body, etag;  /* inside bytes */
    struct jt_json *doc;         /* NULL when there is no body */
    const struct jt_jval *value; /* of doc */
};

/* DONE: an answer is in *out, whatever its status. Free *out in any case. */
JT_MUST enum jt_exit jt_adm_call(const struct jt_args *args, const struct jt_adm_request *request,
                                 struct jt_adm_reply *out);
/* DONE for 2xx with a JSON body, or 204; otherwise says what the server said. */
JT_MUST enum jt_exit jt_adm_judge(const struct jt_args *args, const struct jt_adm_reply *reply);
/* Both. */
JT_MUST enum jt_exit jt_adm_ask(const struct jt_args *args, const struct jt_adm_request *request,
                                struct jt_adm_reply *out);
/* The same for GET of a path. */
JT_MUST enum jt_exit jt_adm_get(const struct jt_args *args, struct jt_slice path,
                                struct jt_adm_reply *out);
/* The same for POST of a JSON body. */
JT_MUST enum jt_exit jt_adm_post(const struct jt_args *args, struct jt_slice path,
                                 struct jt_slice body, struct jt_adm_reply *out);
void jt_adm_reply_free(struct jt_adm_reply *reply);

/* Appends prefix and the percent-encoded name: "/admin/v1/clients/" and "demo". */
void jt_adm_path(struct jt_buf *b, const char *prefix, const char *name);
/* Appends "?name=value" or "&name=value"; nothing when value is empty. */
void jt_adm_query(struct jt_buf *b, const char *name, struct jt_slice value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.h - the administration API under /admin/v1, on the Unix socket only.
 *
 * Every route's first step is jt_admin_allow: root and the server's own user, by the peer's uid.
 * Errors are problems of RFC 9457 with a code; changes answer only after they are on disk.
 */
#ifndef JT_ADMIN_ADMIN_H
#define JT_ADMIN_ADMIN_H

#include "../../core/json/jw.h"
#include "../flow/flow.h"

const struct jt_endpoint *jt_route_admin(struct jt_slice path, enum jt_http_method method);
/* All methods that the path takes, 1 << enum jt_http_method each. */
unsigned jt_route_admin_methods(struct jt_slice path);
/* Decodes the segments that the endpoint's "*" stand for; false: a broken %XX. */
bool jt_route_segments(struct jt_flow *f);
extern const struct jt_endpoint jt_admin_endpoints[];
extern const size_t jt_admin_endpoints_n;

extern const struct jt_step jt_resource_list_steps[], jt_resource_create_steps[],
    jt_resource_show_steps[], jt_resource_update_steps[], jt_client_list_steps[],
    jt_client_create_steps[], jt_client_show_steps[], jt_audit_list_steps[], jt_audit_show_steps[],
    jt_explain_steps[], jt_backup_steps[];

#define JT_PAGE_MAX 1000u

/* What one administration request gathers. Lives in the request's arena. */
struct jt_admin {
    struct jt_slice actor; /* "uid 0" */
    struct jt_form query;
    struct jt_resource resource; /* as it shall become; text in the arena */
    bool has_scopes, has_introspectors;
    struct jt_client client;
    struct jt_client_grant *grants;
    struct jt_credential credential;
    struct jt_slice secret;     /* shown once */
    uint64_t version;           /* of If-Match */
    char missing[320];          /* what a reference in the request points to, and is not there */
    struct jt_signing_key *key; /* to be stored with the resource: the first of its algorithm */
    struct jt_read read;
    struct jt_save *save;
    struct jt_audit_query audit;
    size_t limit;
    uint64_t next;
    bool found;
    enum jt_err result; /* of the reading thread */
    struct jt_buf out;
};

/* problem.c */
enum jt_next jt_admin_allow(struct jt_flow *f);
enum jt_next jt_problem(struct jt_flow *f, unsigned status, const char *code, const char *detail);
/* The problem that belongs to f->reason. */
enum jt_next jt_problem_denial(struct jt_flow *f);
/* 200 or 201 with the JSON in b, which is freed. etag_version 0: none. */
enum jt_next jt_admin_answer(struct jt_flow *f, unsigned status, struct jt_buf *b,
                             uint64_t etag_version);
static inline struct jt_admin *jt_admin_of(const struct jt_flow *f)
{
    return f->admin;
}
/* The body as a JSON object; NULL after a problem was written. Free it in the same step. */
struct jt_json *jt_admin_body(struct jt_flow *f, enum jt_content_type wanted);
/* The optional text member, copied into the arena. False when it is there and not a string. */
bool jt_admin_text(struct jt_flow *f, const struct jt_jval *v, const char *name,
                   struct jt_slice *out);
/* Which list a cursor belongs to. */
enum jt_admin_list {
    JT_LIST_NONE = 0,
    JT_LIST_RESOURCES,
    JT_LIST_CLIENTS,
    JT_LIST_GRANTS,
    JT_LIST_AUDIT
};
/* ?limit= and ?cursor= */
bool jt_admin_page(struct jt_flow *f, enum jt_admin_list list, size_t *limit, uint64_t *cursor);
/* "next_cursor" of a page: sealed, so that a place in a list tells nothing and cannot be made up.
 */
void jt_admin_next(struct jt_jw *w, struct jt_flow *f, struct jt_crypt *c, enum jt_admin_list list,
                   uint64_t cursor);
/* A page of all objects of a kind, each written by view. */
enum jt_next jt_admin_list(struct jt_flow *f, enum jt_admin_list list, enum jt_object_kind kind,
                           void (*view)(struct jt_jw *w, struct jt_flow *f,
                                        const struct jt_object *o));
/* What a change that failed is answered with; detail NULL: a->missing. Ends with a row of JT_OK. */
struct jt_outcome {
    enum jt_err err;
    unsigned status;
    const char *code, *detail;
};
enum jt_next jt_admin_refused(struct jt_flow *f, const struct jt_outcome *rows);
/* Hands the change to the writer; the next step looks at job.result. */
enum jt_next jt_admin_change(struct jt_flow *f, jt_change_fn fn, const struct jt_event *e);

/* views.c: things as JSON */
void jt_view_resource(struct jt_jw *w, const struct jt_resource *r);
void jt_view_client(struct jt_jw *w, const struct jt_client *c, struct jt_slice secret);

/* changes.c: used by `jeton dev` too */
enum jt_err jt_change_create_resource(struct jt_change *chg, void *flow);
enum jt_err jt_change_update_resource(struct jt_change *chg, void *flow);
enum jt_err jt_change_create_client(struct jt_change *chg, void *flow);

#endif

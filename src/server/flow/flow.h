/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow.h - one request on its way: a table of named steps.
 *
 * Each step returns NEXT, DONE (the answer is written), or PARK (a job is under way; the flow goes
 * on with the next step when it comes back). jt_deny ends the way: it records the refusal, then
 * answers.
 *
 * Owns:    nothing but what `release` frees; it lives in the exchange's arena.
 * Threads: its worker's. While it is parked, the store thread or the reading thread has its job.
 */
#ifndef JT_FLOW_FLOW_H
#define JT_FLOW_FLOW_H

#include "../auth/auth.h"
#include "../policy/decide.h"
#include "app.h"
#include "inspect.h"
#include "match.h"
#include "mint.h"

enum jt_next { JT_NEXT, JT_DONE, JT_PARK };

struct jt_flow;

struct jt_step {
    const char *name;
    enum jt_next (*run)(struct jt_flow *f);
};

#define JT_ALLOW_GET (1u << JT_GET | 1u << JT_HEAD)
#define JT_ALLOW_POST (1u << JT_POST)
#define JT_ALLOW_PATCH (1u << JT_PATCH)
#define JT_ALLOW_DELETE (1u << JT_DELETE)

/* What a caller of the administration from elsewhere must hold (admin.listen). A route that does
 * not say does not build: src/server/admin/route.c. */
enum jt_needs {
    JT_NEEDS_UNSAID = 0,
    JT_NEEDS_NOTHING, /* anybody */
    JT_NEEDS_READ,    /* jeton:read */
    JT_NEEDS_AUDIT,   /* jeton:audit */
    JT_NEEDS_ADMIN,   /* jeton:admin, which stands for the other two as well */
};

struct jt_endpoint {
    const char *path;          /* "*" stands for one segment, decoded into jt_flow.segments */
    unsigned methods;          /* 1 << enum jt_http_method */
    bool json;                 /* takes JSON bodies besides forms */
    bool lists;                /* and in JSON the lists and booleans of an introspection */
    enum jt_event_type denied; /* how a refusal is recorded */
    const struct jt_step *steps;
    const char *query;   /* of the administration: parameters of its URL, between blanks, or NULL */
    enum jt_needs needs; /* of the administration */
};

extern const struct jt_step jt_token_steps[], jt_introspect_steps[], jt_revoke_steps[],
    jt_metadata_steps[], jt_jwks_steps[], jt_authorize_steps[], jt_livez_steps[], jt_readyz_steps[],
    jt_metrics_steps[], jt_rotation_steps[];

struct jt_token_req; /* request.c */

/* What introspection gathers. */
struct jt_introspection {
    struct jt_slice token;
    struct jt_slice bearer; /* the caller's own token, when it is a bearer */
    struct jt_slice caller; /* its client_id */
    const struct jt_client *caller_client;
    struct jt_required required; /* what the token must have besides being active */
    bool may_all;                /* holds jeton:introspect */
    bool may_bound;              /* may stand for its client at resources that name it */
};

struct jt_flow {
    struct jt_exchange *x;
    struct jt_local *local;
    struct jt_app *app;
    const struct jt_endpoint *endpoint;
    const struct jt_step *step;
    const struct jt_settings *settings; /* those of the moment it began */
    int64_t now_us;                     /* wall clock */
    int64_t begun_us;                   /* monotonic */
    int64_t wait_s;                     /* for Retry-After; 0: 5 s */
    uint64_t sequence;                  /* issue sequence, drawn before the directory is read */
    enum jt_reason reason;
    enum jt_reason refusal; /* that a change ended with, before it is denied */
    bool rotating; /* a credential that is over by the client's policy may ask for the next */
    struct jt_slice detail; /* for audit: what was wrong */
    size_t nsegments;
    struct jt_slice segments[3]; /* of the path, where the endpoint has "*" */
    struct jt_form form;
    struct jt_authz authz;
    struct jt_auth_input proof; /* what it carries, once it has been read */
    bool proof_read;
    struct jt_auth_result auth;
    const struct jt_token_req *request;
    const struct jt_grant *grant;
    const struct jt_token *token;
    struct jt_introspection introspection;
    struct jt_inspected inspected;
    enum jt_inspection inspection;
    struct jt_job job;
    struct jt_flow *next; /* of those that wait for the end of the event batch */
    void *admin;          /* the administration's own */
    /* Frees what a step made and the arena does not own; NULL: nothing. Runs once, at the end. */
    void (*release)(struct jt_flow *f);
};

/* Refuses: once per request. Returns what the step returns. */
enum jt_next jt_deny(struct jt_flow *f, enum jt_reason r);
/* Hands job.event (and job.change) to the writer. Returns PARK, or DONE when too many wait. */
enum jt_next jt_flow_submit(struct jt_flow *f);
/* Hands a read to the reading thread. */
enum jt_next jt_flow_read(struct jt_flow *f, struct jt_read *r);
/* Goes on with the next step when the event batch has been read. Returns PARK. */
enum jt_next jt_flow_later(struct jt_flow *f);
/* Those of this batch, one after the other. */
void jt_flow_batch(struct jt_local *l);
/* An event with what is known of this request. */
struct jt_event jt_flow_event(const struct jt_flow *f, enum jt_event_type t);
/* Answers that the machine failed, without an event of its own. */
enum jt_next jt_fail(struct jt_flow *f, enum jt_reason r);
/* Chooses the endpoint and runs until it parks or is done. */
void jt_flow_start(struct jt_flow *f);
/* Goes on with the step after the one that parked. */
void jt_flow_continue(struct jt_flow *f);
/* Runs the step that parked once more. */
void jt_flow_again(struct jt_flow *f);

/* errand.c: has it run elsewhere; then the same step again, with it in f->proof. */
enum jt_next jt_errand_run(struct jt_flow *f, struct jt_errand *errand);
/* errand_keys.c */
enum jt_next jt_errand_keys(struct jt_flow *f, struct jt_errand *errand);

/* answer.c: the only writer of answers. */
struct jt_answer {
    unsigned status;
    const char *content_type; /* NULL: no body */
    struct jt_slice body;
    const char *cache; /* Cache-Control */
    const char *pragma;
    struct jt_slice etag; /* may be empty */
    struct jt_slice location;
    const char *allow;        /* for 405 */
    const char *authenticate; /* WWW-Authenticate */
    const char *retry_after;
    struct jt_slice ref; /* of jt_flow_ref, where the body has it; empty: a new one */
};
enum jt_next jt_answer(struct jt_flow *f, const struct jt_answer *a);
/* 200 with this JSON, not to be cached; when it did not fit into the buffer, that the machine
 * failed. */
enum jt_next jt_answer_json(struct jt_flow *f, const struct jt_buf *body);
/* The answer that belongs to f->reason. */
enum jt_next jt_answer_denial(struct jt_flow *f);
/* 503 in place of a request that waits too long, written without a flow. */
void jt_answer_late(struct jt_exchange *x);
/* Reference of this request's event, or one of its own: 26 characters in the arena. */
struct jt_slice jt_flow_ref(struct jt_flow *f);

/* The worker's keys, brought up to date. */
JT_MUST static inline enum jt_err jt_flow_keys(struct jt_flow *f)
{
    return jt_keys_refresh(&f->local->keys, f->app->directory, f->local->crypt,
                           f->now_us / 1000000);
}

/* request.c: parameters of token and introspection requests. */
enum jt_next jt_read_params(struct jt_flow *f);
enum jt_next jt_token_req_read(struct jt_flow *f);
/* What authentication looks at, for a caller at this address; NULL: at any. */
struct jt_auth_context jt_flow_auth_context(const struct jt_flow *f, const struct jt_addr *peer);
/* Client authentication; f->auth is the result. Refuses by itself. May park, and be run again. */
enum jt_next jt_client_authenticate(struct jt_flow *f);
/* A step of its own after it, where nothing else of the request goes to the disk before its answer:
 * an assertion that was used is on disk. */
enum jt_next jt_client_keep(struct jt_flow *f);
struct jt_slice jt_token_req_scope(const struct jt_token_req *r);
struct jt_slice jt_token_req_resource(const struct jt_token_req *r);

/* caller_cert.c: whose certificate it comes with; before jt_address_settle. False: refused. */
bool jt_caller_cert_settle(struct jt_flow *f);
/* address.c: whose address this request comes from. False: refused already. */
bool jt_address_settle(struct jt_flow *f);
struct jt_proxies {
    const struct jt_net *nets;
    size_t n;
};
/* *a: the peer's address before, the caller's after. JT_E_SYNTAX: a trusted proxy sent something
 * else than a list of addresses; *a is as it was. */
JT_MUST enum jt_err jt_address_forwarded(const struct jt_http_head *h, const struct jt_proxies *p,
                                         struct jt_addr *a);

/* health.c: 200 with the metrics */
enum jt_next jt_metrics_respond(struct jt_flow *f);

/* route.c */
const struct jt_endpoint *jt_route_public(struct jt_slice path);
const struct jt_endpoint *jt_route_metrics(struct jt_slice path);
extern const struct jt_endpoint jt_public_endpoints[], jt_metrics_endpoints[];
extern const size_t jt_public_endpoints_n, jt_metrics_endpoints_n;

#endif

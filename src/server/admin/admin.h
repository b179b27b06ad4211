/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.h - the administration API under /admin/v1, on the Unix socket and on admin.listen.
 *
 * Every route's first step is jt_admin_allow (allow.c): who asks, and what the route's row needs.
 * Errors are problems of RFC 9457 with a code; changes answer only after they are on disk.
 */
#ifndef JT_ADMIN_ADMIN_H
#define JT_ADMIN_ADMIN_H

#include "../../core/json/jw.h"
#include "../flow/flow.h"
#include "../flow/keylife.h"

const struct jt_endpoint *jt_route_admin(struct jt_slice path, enum jt_http_method method);
/* All methods that the path takes, 1 << enum jt_http_method each. */
unsigned jt_route_admin_methods(struct jt_slice path);
/* Decodes the segments that the endpoint's "*" stand for; false: a broken %XX. */
bool jt_route_segments(struct jt_flow *f);
extern const struct jt_endpoint jt_admin_endpoints[];
extern const size_t jt_admin_endpoints_n;

extern const struct jt_step jt_resource_list_steps[], jt_resource_create_steps[],
    jt_resource_show_steps[], jt_resource_update_steps[], jt_resource_delete_steps[],
    jt_client_list_steps[], jt_client_create_steps[], jt_client_show_steps[],
    jt_client_update_steps[], jt_client_delete_steps[], jt_grant_list_steps[],
    jt_client_grants_steps[], jt_grant_add_steps[], jt_grant_remove_steps[],
    jt_credential_list_steps[], jt_credential_add_steps[], jt_credential_rotate_steps[],
    jt_credential_revoke_steps[], jt_audit_list_steps[], jt_audit_show_steps[], jt_explain_steps[],
    jt_backup_steps[], jt_key_list_steps[], jt_key_show_steps[], jt_key_rotate_steps[],
    jt_key_retire_steps[], jt_key_revoke_steps[], jt_rekey_steps[], jt_revocation_steps[],
    jt_why_steps[], jt_admin_metrics_steps[];

#define JT_PAGE_MAX 1000u
#define JT_PAGE_FULL (JT_ANSWER_MAX / 2) /* bytes that end a page; one item may follow */
#define JT_NAME_BYTES 200                /* of names, owners, labels and the texts of scopes */
#define JT_GRANTS_MAX 256                /* of a client */
#define JT_CREDENTIALS_MAX 32            /* of a client */
#define JT_NETS_MAX 32                   /* of a client, and of a credential */

/* Members that a body gave, one bit each; jt_admin_say_given has their names. */
enum jt_given {
    JT_GAVE_NAME = 1u << 0,
    JT_GAVE_OWNER = 1u << 1,
    JT_GAVE_ENABLED = 1u << 2,
    JT_GAVE_NETWORKS = 1u << 3,
    JT_GAVE_COMPAT = 1u << 4,
    JT_GAVE_GRANTS = 1u << 5,
    JT_GAVE_SCOPES = 1u << 6,
    JT_GAVE_ALG = 1u << 7,
    JT_GAVE_FORMAT = 1u << 8,
    JT_GAVE_LIFETIME = 1u << 9,
    JT_GAVE_INTROSPECTORS = 1u << 10,
    JT_GAVE_LABEL = 1u << 11,
    JT_GAVE_EXPIRES = 1u << 12,
    JT_GAVE_BIND = 1u << 13,
    JT_GAVE_ROTATION = 1u << 14,
    JT_GAVE_ROTATE_EVERY = 1u << 15,
};

/* One thing that is wrong with a body. */
struct jt_complaint {
    char pointer[160]; /* RFC 6901 */
    char detail[320];
};

#define JT_COMPLAINTS_MAX 8
struct jt_complaints {
    const char *code; /* NULL: the endpoint's own */
    size_t n;
    struct jt_complaint v[JT_COMPLAINTS_MAX];
};

/* What a revocation ends: the tokens of one of these. */
enum jt_ended {
    JT_ENDED_NONE = 0,
    JT_ENDED_JTI,
    JT_ENDED_CLIENT,
    JT_ENDED_CREDENTIAL,
    JT_ENDED_KEY
};
struct jt_ending {
    enum jt_ended what;
    struct jt_slice name;      /* jti, client_id, credential_id or kid */
    struct jt_slice client_id; /* whose credential it is */
    struct jt_jti id;          /* what the jti carries */
    int64_t longest_s;         /* a token may still live so long */
    int64_t expires_s;         /* of the token, when it is opaque; 0: it may be a JWT */
};

/* What one administration request gathers. Lives in the request's arena. */
struct jt_admin {
    struct jt_slice actor;                /* "uid 0", "client ops (jti ...)" */
    void (*recorded)(struct jt_job *job); /* what goes on once a reading is recorded */
    uint8_t reading[JT_SHA256_SIZE];      /* who reads what */
    struct jt_form query;
    struct jt_resource resource; /* as it shall become; text in the arena */
    unsigned given;              /* bits of enum jt_given */
    struct jt_client client;
    struct jt_client_grant *grants;
    struct jt_client_grant grant; /* to be added or removed */
    struct jt_slice *scopes;      /* room for those of one grant */
    struct jt_credential credential;
    struct jt_credential *credentials; /* room for all of a client */
    uint32_t replaced;                 /* bit for each of them that the rotation ended */
    int64_t overlap_s;
    bool at_once;                /* rotation: the others end with their tokens */
    struct jt_slice secret;      /* shown once */
    uint64_t version;            /* of If-Match; 0: any */
    struct jt_complaints *wrong; /* with the body; NULL: nothing */
    const char *refused_code;    /* set by jt_admin_refuse: the problem that the change ends with */
    unsigned refused_status;
    char refused_detail[512];
    char words[640]; /* detail of the event */
    struct jt_read read;
    struct jt_save *save;
    struct jt_audit_query audit;
    size_t limit;
    uint64_t next;
    bool found;
    enum jt_err result; /* of the reading thread */
    struct jt_buf out;
    struct jt_keyorder order; /* of keys.c and revocations.c; a resource's first key is in it */
    struct jt_ending ending;  /* revocations.c */
};

/* allow.c: the first step of every route below /admin/v1 */
enum jt_next jt_admin_allow(struct jt_flow *f);

/* who.c */
/* Who asks, and whether that suffices for the route: the first step where any parameter is taken.
 */
enum jt_next jt_admin_enter(struct jt_flow *f);
/* The scope that a route needs; NULL: none. */
const char *jt_needs_scope(enum jt_needs n);
/* Who tried what, into f->detail. */
void jt_admin_say_where(struct jt_flow *f);
/* What a refused proof from elsewhere is answered with: no more than RFC 6750 section 3.1 says. */
enum jt_next jt_admin_challenge(struct jt_flow *f);

/* problem.c */
struct jt_problem {
    unsigned status;
    const char *code, *detail;
    const struct jt_complaints *errors; /* NULL: none */
    struct jt_slice ref;                /* "error_ref"; empty: only X-Request-Id has it */
    const char *authenticate, *retry_after;
};
enum jt_next jt_problem_write(struct jt_flow *f, const struct jt_problem *p);
enum jt_next jt_problem(struct jt_flow *f, unsigned status, const char *code, const char *detail);
/* The same with "errors": what is wrong, and where in the body. */
enum jt_next jt_problem_with(struct jt_flow *f, unsigned status, const char *code,
                             const char *detail, const struct jt_complaints *errors);
/* The problem that belongs to f->reason. */
enum jt_next jt_problem_denial(struct jt_flow *f);
/* 404: "there is no KIND NAME", the name clipped. */
enum jt_next jt_problem_unknown(struct jt_flow *f, const char *kind, struct jt_slice name);
/* 200 or 201 with the JSON in b, which is freed. etag_version 0: none. */
enum jt_next jt_admin_answer(struct jt_flow *f, unsigned status, struct jt_buf *b,
                             uint64_t etag_version);
/* 204 */
enum jt_next jt_admin_done(struct jt_flow *f);
static inline struct jt_admin *jt_admin_of(const struct jt_flow *f)
{
    return f->admin;
}
/* If-Match: "v3", into a->version. False: a problem was written. */
bool jt_admin_version(struct jt_flow *f, bool needed);
/* What a change that failed is answered with; of JT_E_NOTFOUND, what kind of thing the first
 * segment should have named. Ends with a row of JT_OK. What the change itself said with
 * jt_admin_refuse comes first. */
struct jt_outcome {
    enum jt_err err;
    unsigned status;
    const char *code, *detail;
};
enum jt_next jt_admin_refused(struct jt_flow *f, const struct jt_outcome *rows);
/* Inside a change: the problem it ends with. Returns JT_E_CONFLICT. */
enum jt_err jt_admin_refuse(struct jt_admin *a, unsigned status, const char *code,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same for what exists already: "client NAME exists already". */
enum jt_err jt_admin_exists(struct jt_admin *a, const char *kind, struct jt_slice name);
/* Hands the change to the writer; the next step looks at job.result. */
enum jt_next jt_admin_change(struct jt_flow *f, jt_change_fn fn, const struct jt_event *e);
/* The event's detail: who did it, and these words. Before the change, or inside it. */
void jt_admin_say(struct jt_flow *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The names of the members that were given, as in "name, owner". */
void jt_admin_say_given(struct jt_flow *f);

/* list.c */
/* Which list a cursor belongs to. */
enum jt_admin_list {
    JT_LIST_NONE = 0,
    JT_LIST_RESOURCES,
    JT_LIST_CLIENTS,
    JT_LIST_GRANTS,
    JT_LIST_AUDIT,
    JT_LIST_KEYS,
    JT_LIST_AUDIT_OLDEST
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

/* body.c: reading bodies. What is wrong is noted with its JSON pointer, for one answer. Reading
 * that failed without a note failed for want of memory. */
/* The body as a JSON object; NULL after a problem was written. Free it in the same step. */
struct jt_json *jt_admin_body(struct jt_flow *f, enum jt_content_type wanted);
/* The optional text member, copied into the arena. False when it is there and not a string. */
bool jt_admin_text(struct jt_flow *f, const struct jt_jval *v, const char *name,
                   struct jt_slice *out);
/* Notes what is wrong, and returns false. */
bool jt_admin_bad(struct jt_flow *f, const char *pointer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* 422 with what was noted; code is the endpoint's own. */
enum jt_next jt_admin_invalid(struct jt_flow *f, const char *code);
/* Refuses every member of v, an object at pointer, that is not in names (ends with NULL). */
bool jt_admin_known(struct jt_flow *f, const struct jt_jval *v, const char *pointer,
                    const char *const *names);
/* False after a problem: the body is neither empty nor an empty object. */
bool jt_admin_no_body(struct jt_flow *f);
/* The optional members of these types; false: noted. */
bool jt_admin_read_text(struct jt_flow *f, const struct jt_jval *root, const char *name,
                        struct jt_slice *out);
bool jt_admin_read_bool(struct jt_flow *f, const struct jt_jval *root, const char *name, bool *out);
/* null: none, as if it was 0. */
bool jt_admin_read_time(struct jt_flow *f, const struct jt_jval *root, const char *name,
                        int64_t *out);
/* "networks"; null: none. *given: it is there. */
bool jt_admin_read_nets(struct jt_flow *f, const struct jt_jval *root, size_t *n,
                        const struct jt_net **out, bool *given);

/* keys.c */
/* Has a key made by the reading thread, into a->order.fresh; a->result says whether. What no change
 * takes over is freed with the request. */
enum jt_next jt_admin_make_key(struct jt_flow *f, enum jt_alg alg);

/* resource_body.c: all members but the audience, into a->resource and a->given */
bool jt_resource_read(struct jt_flow *f, const struct jt_jval *root);

/* client_body.c: members of clients */
bool jt_client_read_texts(struct jt_flow *f, const struct jt_jval *root);
bool jt_client_read_nets(struct jt_flow *f, const struct jt_jval *root);
bool jt_client_read_compat(struct jt_flow *f, const struct jt_jval *root);
/* Into a->client.grants. */
bool jt_client_read_grants(struct jt_flow *f, const struct jt_jval *root);
/* One grant: an object with resource and scopes. */
bool jt_client_read_grant(struct jt_flow *f, const struct jt_jval *v, const char *pointer,
                          struct jt_client_grant *g);
/* "rotation" and "rotate_every". */
bool jt_client_read_rotation(struct jt_flow *f, const struct jt_jval *root);
/* Inside a change: what the request gave over what c has. */
enum jt_err jt_change_rotation(struct jt_admin *a, struct jt_client *c);
void jt_client_write_rotation(struct jt_jw *w, const struct jt_client *c);
/* "compat" as words. */
void jt_client_write_compat(struct jt_jw *w, unsigned compat);

/* clients.c */
enum jt_next jt_client_answer(struct jt_flow *f, unsigned status, struct jt_slice id);
/* The client of the first segment; NULL: 404 was written. */
const struct jt_client *jt_client_of(struct jt_flow *f);

/* credential_new.c: making credentials */
/* label, not_before and expires, into a->credential. */
bool jt_credential_read_ends(struct jt_flow *f, const struct jt_jval *root);
/* Room for all credentials of a client, for the change. */
bool jt_credential_room(struct jt_flow *f);
/* Inside a change: a->credential joins those of c, which become a->credentials. What ended long ago
 * leaves when there is no room. */
enum jt_err jt_credential_join(struct jt_change *chg, struct jt_flow *f, struct jt_client *c);
/* The member "state": what holds now. */
const char *jt_credential_state(const struct jt_credential *k, int64_t now_s);
/* Active, or to become so. */
bool jt_credential_stands(const struct jt_credential *k, int64_t now_s);
/* It ends now, with its tokens. */
void jt_credential_end(struct jt_credential *k, int64_t now_s);

/* credential_secret.c */
/* A secret made here, into a->credential and a->secret; only its keyed hash is stored. After
 * jt_credential_begin. */
bool jt_credential_make(struct jt_flow *f);
/* The same, or what "secret" or "secret_hash" brings along, without a->secret. */
bool jt_credential_read_secret(struct jt_flow *f, const struct jt_jval *root);
/* Inside a change: the client does not have this secret, nor too many foreign hashes. */
enum jt_err jt_change_bound_secrets(const struct jt_client *c, struct jt_admin *a, int64_t now_s);
/* For the event of a->credential: where its secret is from; "" when it was made here. */
const char *jt_credential_origin(struct jt_flow *f);
/* The member "hash" of a secret: "hmac-sha-256", or the kind of its foreign one. */
const char *jt_credential_hash_word(const struct jt_credential *k);

/* credential_kind.c: what kinds there are */
const char *jt_credential_kind_word(enum jt_credential_kind kind);
/* The id and state of a new credential, before its kind is read. */
bool jt_credential_begin(struct jt_flow *f);
/* jt_admin_known for these names (ends with NULL) and the members of all kinds. */
bool jt_credential_known(struct jt_flow *f, const struct jt_jval *root, const char *const *names);
/* "kind" and its member, into a->credential. Not needed: a secret. */
bool jt_credential_read_kind(struct jt_flow *f, const struct jt_jval *root, bool needed);
/* credential_jwk.c */
bool jt_credential_read_jwk(struct jt_flow *f, const struct jt_jval *root);
/* credential_trust.c */
bool jt_credential_read_trust(struct jt_flow *f, const struct jt_jval *root);
void jt_view_trust(struct jt_jw *w, const struct jt_credential *k);
/* credential_cert.c: kinds certificate and tls */
bool jt_credential_read_cert(struct jt_flow *f, const struct jt_jval *root);
bool jt_credential_read_tls(struct jt_flow *f, const struct jt_jval *root);
/* A certificate that is a credential ends with it at the latest. */
void jt_credential_cap(struct jt_credential *k);
/* The member that only these kinds have; nothing of another. */
void jt_view_certificate(struct jt_jw *w, const struct jt_credential *k);
/* credential_jwk.c. Inside a change: the client does not have this proof already. */
enum jt_err jt_change_no_twin(const struct jt_client *c, struct jt_admin *a);
/* Does it have this public key, or had it, under whatever kid? */
JT_MUST enum jt_err jt_change_has_key(const struct jt_client *c, struct jt_slice jwk, bool *out);

/* views.c: things as JSON */
void jt_view_resource(struct jt_jw *w, const struct jt_resource *r);
/* secret: of a->credential, just made with the client; else empty. */
void jt_view_client(struct jt_jw *w, struct jt_flow *f, const struct jt_client *c,
                    struct jt_slice secret);
void jt_view_grant(struct jt_jw *w, const struct jt_client *c, const struct jt_client_grant *g);
/* The members of a credential, inside an object. */
void jt_view_credential(struct jt_jw *w, struct jt_flow *f, const struct jt_client *c,
                        const struct jt_credential *k);
/* All of a client, as a member of this name. */
void jt_view_credentials(struct jt_jw *w, struct jt_flow *f, const char *name,
                         const struct jt_client *c);
/* A member in RFC 3339. */
void jt_view_time(struct jt_jw *w, const char *name, int64_t s);

/* changes.c: of resources */
enum jt_err jt_change_create_resource(struct jt_change *chg, void *flow);
enum jt_err jt_change_update_resource(struct jt_change *chg, void *flow);
enum jt_err jt_change_delete_resource(struct jt_change *chg, void *flow);
/* scopes_gone.c: the clients lose what the resource, as it becomes, does not define. */
enum jt_err jt_change_take_scopes(struct jt_change *chg, struct jt_flow *f,
                                  const struct jt_resource *r);
/* client_changes.c */
enum jt_err jt_change_create_client(struct jt_change *chg, void *flow);
enum jt_err jt_change_update_client(struct jt_change *chg, void *flow);
enum jt_err jt_change_delete_client(struct jt_change *chg, void *flow);
/* Every grant names a resource and scopes that are there. */
enum jt_err jt_change_check_grants(struct jt_change *chg, struct jt_admin *a,
                                   const struct jt_client_grant *grants, size_t n);
/* The client of the first segment, as it is now. JT_E_NOTFOUND. */
enum jt_err jt_change_client(struct jt_change *chg, const struct jt_flow *f,
                             const struct jt_client **out);
/* One more version, now. */
enum jt_err jt_change_put_client(struct jt_change *chg, struct jt_client *c);
/* Nothing changed: no event is recorded. */
enum jt_err jt_change_nothing(struct jt_flow *f);

#endif

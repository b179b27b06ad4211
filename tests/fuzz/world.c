/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/b64.h"
#include "core/base/secret.h"
#include "core/http/name.h"
#include "core/http/response.h"
#include "core/http/uri.h"
#include "core/json/json.h"
#include "core/token/at.h"
#include "core/token/client_secret.h"
#include "fuzz.h"
#include "server/admin/admin.h"
#include "server/net/conn.h"
#include "server/reason.h"

#define INPUTS_MAX 500u /* of one world: the log in memory only grows */
#define WAIT_MS 300000  /* a busy machine; what comes at all comes at once */

static _Atomic int64_t elapsed_us = 1000000;

static int64_t wall_us(void *ctx)
{
    (void)ctx;
    return INT64_C(1790000000000000) + atomic_load(&elapsed_us);
}

static int64_t mono_us(void *ctx)
{
    (void)ctx;
    return atomic_load(&elapsed_us);
}

static const struct jt_clock clock_by_hand = {wall_us, mono_us, NULL};

static void quiet(void *ctx, int level, const char *message)
{
    (void)ctx;
    (void)level;
    (void)message;
}

/* The log of the memory store, lent to the reading thread. */
struct lent {
    struct jt_store base;
    struct jt_store *store;
};

static enum jt_err lent_read(struct jt_store *s, const struct jt_audit_query *q, jt_event_fn each,
                             void *ctx, uint64_t *next_seq)
{
    struct jt_store *inner = ((struct lent *)s)->store;
    return inner->ops->audit_read(inner, q, each, ctx, next_seq);
}

static enum jt_err lent_info(struct jt_store *s, struct jt_audit_info *out)
{
    struct jt_store *inner = ((struct lent *)s)->store;
    return inner->ops->audit_info(inner, out);
}

static void lent_close(struct jt_store **s)
{
    free(*s);
    *s = NULL;
}

static const struct jt_store_ops lent_ops = {
    .name = "lent", .audit_read = lent_read, .audit_info = lent_info, .close = lent_close};

static void put(struct world *v, struct jt_object *o)
{
    JT_ASSERT(o != NULL);
    JT_ASSERT(v->store->ops->put(v->store, o) == JT_OK);
    JT_ASSERT(jt_directory_put(v->directory, o) == JT_OK);
}

/* The keys are those of the first world: making them is slow. */
static void add_keys(struct world *v)
{
    static const enum jt_data_key_use uses[] = {JT_DATA_KEY_SECRETS, JT_DATA_KEY_SEAL,
                                                JT_DATA_KEY_REFERENCES};
    static const enum jt_alg algs[] = {JT_ALG_RS256, JT_ALG_ES256};
    static const uint8_t master[JT_KEY_SIZE] = {1, 2, 3};
    static struct jt_data_key *data[3];
    static struct jt_signing_key *signing[2];
    for (uint32_t i = 0; i < 3; i++) {
        JT_ASSERT(data[i] != NULL ||
                  jt_data_key_make(v->crypt, master, i + 1, uses[i], 1, &data[i]) == JT_OK);
        JT_ASSERT(jt_keyring_open(&v->keyring, v->crypt, master, data[i]) == JT_OK);
    }
    for (size_t i = 0; i < 2; i++) {
        JT_ASSERT(signing[i] != NULL ||
                  jt_signing_key_make(v->crypt, &v->keyring, algs[i], 1, &signing[i]) == JT_OK);
        struct jt_signing_key *k = jt_signing_key_dup(signing[i]);
        JT_ASSERT(k != NULL);
        k->pkey = jt_pkey_ref(signing[i]->pkey);
        (void)snprintf(v->kid, sizeof v->kid, "%.*s", JT_FMT(k->o.name));
        put(v, &k->o);
    }
}

static void add_resource(struct world *v, const char *audience, enum jt_alg alg, bool opaque,
                         const char *first, const char *second)
{
    static const struct jt_slice readers[] = {JT_LIT_INIT("rs"), JT_LIT_INIT("lax")};
    const struct jt_scope scopes[] = {{jt_str(first), {NULL, 0}}, {jt_str(second), {NULL, 0}}};
    bool builtin = strcmp(audience, WORLD_ISSUER) == 0;
    const struct jt_resource r = {.o = {.name = jt_str(audience)},
                                  .alg = alg,
                                  .format = opaque ? JT_FORMAT_OPAQUE : JT_FORMAT_JWT,
                                  .lifetime_s = 3600,
                                  .version = 1,
                                  .builtin = builtin,
                                  .nscopes = second == NULL ? 1 : 2,
                                  .scopes = scopes,
                                  .nintrospectors = builtin ? 0 : 2,
                                  .introspectors = readers};
    put(v, &jt_resource_dup(&r)->o);
}

static void add_client(struct world *v, const char *id, struct jt_client c)
{
    JT_AUTO(jt_secret_wipe) struct jt_secret s = {0};
    const struct jt_keyring_key *key = jt_keyring_newest(&v->keyring, JT_DATA_KEY_SECRETS);
    JT_ASSERT(v->nclients < WORLD_CLIENTS);
    struct world_client *w = &v->clients[v->nclients++];
    w->id = id;
    JT_ASSERT(jt_credential_id_make(w->credential) == JT_OK);
    struct jt_credential k = {.id = jt_str(w->credential),
                              .number = (uint32_t)v->nclients,
                              .kind = JT_CRED_SECRET,
                              .state = JT_CRED_ACTIVE,
                              .hash_key = key->id};
    JT_ASSERT(jt_client_secret_make(k.id, &s) == JT_OK);
    JT_ASSERT(jt_hmac_sha256(v->crypt, key->key, jt_secret_slice(&s), k.hash) == JT_OK);
    JT_ASSERT(s.n < sizeof w->secret);
    memcpy(w->secret, s.p, s.n);
    c.o.name = c.display = jt_str(id);
    c.version = 1;
    c.ncredentials = 1;
    c.credentials = &k;
    put(v, &jt_client_dup(&c)->o);
}

static void add_clients(struct world *v)
{
    static const struct jt_slice api[] = {JT_LIT_INIT("api:read"), JT_LIT_INIT("api:write")};
    static const struct jt_slice op[] = {JT_LIT_INIT("op:read"), JT_LIT_INIT("op:write")};
    static const struct jt_slice rs[] = {JT_LIT_INIT("rs:read")};
    static const struct jt_slice all[] = {JT_LIT_INIT("jeton:introspect")};
    const struct jt_client_grant alice[] = {{JT_LIT("https://api.one"), 2, api}};
    const struct jt_client_grant bob[] = {{JT_LIT("https://api.one"), 1, api},
                                          {JT_LIT("https://api.rs"), 1, rs}};
    const struct jt_client_grant carol[] = {{JT_LIT("https://api.opaque"), 2, op}};
    const struct jt_client_grant root[] = {{JT_LIT(WORLD_ISSUER), 1, all}};
    add_client(v, "alice", (struct jt_client){.enabled = true, .ngrants = 1, .grants = alice});
    add_client(v, "bob", (struct jt_client){.enabled = true, .ngrants = 2, .grants = bob});
    add_client(v, "carol", (struct jt_client){.enabled = true, .ngrants = 1, .grants = carol});
    add_client(v, "root", (struct jt_client){.enabled = true, .ngrants = 1, .grants = root});
    add_client(v, "rs", (struct jt_client){.enabled = true});
    add_client(v, "lax", (struct jt_client){.enabled = true, .compat = JT_COMPAT_CIDAAS_OR});
    add_client(v, "off", (struct jt_client){.ngrants = 1, .grants = alice});
}

static void open_state(struct world *v)
{
    const struct jt_store_opts opts = {0};
    JT_ASSERT(jt_crypt_new(&v->crypt) == JT_OK);
    jt_epochs_init(&v->epochs);
    JT_ASSERT(jt_directory_new(&v->epochs, &v->directory) == JT_OK);
    JT_ASSERT(jt_store_memory.open(&opts, &v->store) == JT_OK);
    JT_ASSERT(v->store->ops->begin(v->store) == JT_OK);
    add_keys(v);
    add_resource(v, "https://api.one", JT_ALG_ES256, false, "api:read", "api:write");
    add_resource(v, "https://api.rs", JT_ALG_RS256, false, "rs:read", NULL);
    add_resource(v, "https://api.opaque", JT_ALG_ES256, true, "op:read", "op:write");
    add_resource(v, WORLD_ISSUER, JT_ALG_ES256, false, "jeton:introspect", NULL);
    add_clients(v);
    JT_ASSERT(v->store->ops->commit(v->store, NULL, 0) == JT_OK);
    JT_ASSERT(jt_profiles_new(&v->profiles) == JT_OK && jt_usage_new(&v->usage) == JT_OK &&
              jt_replays_new(&v->replays) == JT_OK);
    const struct jt_issuers_opts io = {.clock = &jt_clock_system};
    JT_ASSERT(jt_issuers_new(&io, &v->issuers) == JT_OK);
    jt_issuers_stop(v->issuers); /* nobody is asked */
    JT_ASSERT(jt_throttle_new(&v->throttle) == JT_OK);
    JT_ASSERT(jt_verdicts_new(&v->verdicts) == JT_OK);
    atomic_store(&v->issue_sequence, UINT64_C(1) << 40);
    const struct jt_writer_opts w = {.store = v->store,
                                     .directory = v->directory,
                                     .epochs = &v->epochs,
                                     .profiles = v->profiles,
                                     .usage = v->usage,
                                     .issue_sequence = &v->issue_sequence,
                                     .clock = &clock_by_hand,
                                     .reason_name = jt_reason_name_of,
                                     .log = quiet};
    JT_ASSERT(jt_writer_start(&w, &v->writer) == JT_OK);
}

static enum jt_err no_rekey(void *ctx)
{
    (void)ctx;
    return JT_E_UNSUPPORTED; /* as where the service manager has the master key */
}

static void open_app(struct world *v)
{
    struct jt_app *a = &v->app;
    struct lent *log = calloc(1, sizeof *log);
    JT_ASSERT(log != NULL);
    *log = (struct lent){{&lent_ops}, v->store};
    JT_ASSERT(jt_reader_start(&log->base, &a->reader) == JT_OK);
    JT_ASSERT(jt_saver_new("/nonexistent", 1, v->writer, &a->saver) == JT_OK);
    jt_saver_cancel(a->saver); /* targets write no files */
    a->clock = &clock_by_hand;
    a->directory = v->directory;
    a->epochs = &v->epochs;
    a->keyring = &v->keyring;
    a->reference_key = jt_keyring_newest(&v->keyring, JT_DATA_KEY_REFERENCES)->key;
    a->writer = v->writer;
    a->issuer = JT_LIT(WORLD_ISSUER);
    v->settings = (struct jt_settings){.token_lifetime_s = 3600,
                                       .token_max_lifetime_s = 86400,
                                       .jwks_max_age_s = 300,
                                       .publish_wait_s = 3600,
                                       .token_alg = JT_ALG_ES256,
                                       .ntrusted = 1};
    const char *why = NULL;
    JT_ASSERT(jt_net_read(JT_LIT("10.0.0.0/8"), &v->settings.trusted[0], &why) == JT_OK);
    atomic_store(&a->settings, &v->settings);
    a->issue_sequence = &v->issue_sequence;
    a->sequence_floor = UINT64_C(1) << 40;
    a->usage = v->usage;
    a->replays = v->replays;
    a->issuers = v->issuers;
    a->throttle = v->throttle;
    a->verdicts = v->verdicts;
    a->log = quiet;
    a->rekey.prepare = no_rekey;
    v->locals[0] = &v->local;
    a->nlocals = 1;
    a->locals = v->locals;
    JT_ASSERT(jt_limits_new(1000, 1000, &v->limits) == JT_OK);
    a->limits = v->limits;
    JT_ASSERT(jt_metadata_make(a) == JT_OK);
    const struct jt_net_opts o = {.ops = &jt_flow_net_ops,
                                  .app = a,
                                  .clock = &clock_by_hand,
                                  .times = &jt_net_times_default,
                                  .limits = v->limits};
    JT_ASSERT(jt_local_init(&v->local, a, 0) == JT_OK);
    JT_ASSERT(jt_worker_new(&o, 0, v->local.mailbox.fd, &v->local, &v->worker) == JT_OK);
}

/* One for each put and drop: the same number means that nothing changed. */
static uint64_t versions(const struct world *v)
{
    uint64_t n = 0;
    for (int k = JT_OBJ_RESOURCE; k <= JT_OBJ_TOKEN; k++) {
        n += jt_directory_holds((enum jt_object_kind)k)
                 ? jt_directory_version(v->directory, (enum jt_object_kind)k)
                 : 0;
    }
    return n;
}

static void copy_text(struct jt_slice s, char *out, size_t size)
{
    JT_ASSERT(s.n < size);
    memcpy(out, s.p, s.n);
    out[s.n] = '\0';
}

/* Posts a form with the client's proof behind it; the answer's body is a document of the caller. */
static struct jt_json *post(struct world *v, unsigned status, const char *path, const char *id,
                            const char *form)
{
    static const struct jt_json_limits limits = {65536, 8, 256};
    char request[4096];
    const struct world_client *c = world_client(v, jt_str(id));
    struct jt_json *doc = NULL;
    struct jt_slice body = {0};
    JT_AUTO(jt_buf_free) struct jt_buf answer;
    jt_buf_init(&answer, JT_ANSWER_MAX);
    int n = snprintf(request, sizeof request,
                     "POST %s HTTP/1.1\r\nHost: a\r\n"
                     "Content-Type: application/x-www-form-urlencoded\r\n"
                     "Content-Length: %zu\r\n\r\n%s&client_id=%s&client_secret=%s",
                     path, strlen(form) + strlen(id) + strlen(c->secret) + 26, form, id, c->secret);
    JT_ASSERT(n > 0 && (size_t)n < sizeof request);
    JT_ASSERT(world_ask(v, request, &answer, &body) == status);
    JT_ASSERT(jt_json_parse(body, &limits, &doc) == JT_OK);
    return doc;
}

/* A string of the token endpoint's answer. */
static void ask_for(struct world *v, unsigned status, const char *id, const char *form,
                    const char *member, char *out, size_t size)
{
    struct jt_slice text = {0};
    struct jt_json *doc = post(v, status, "/token", id, form);
    JT_ASSERT(jt_jval_str(jt_jobj_get(jt_json_root(doc), member), &text));
    copy_text(text, out, size);
    jt_json_free(&doc);
}

bool world_is_active(struct world *v, const char *token)
{
    char form[2100];
    bool active = false;
    int n = snprintf(form, sizeof form, "token=%s", token);
    JT_ASSERT(n > 0 && (size_t)n < sizeof form);
    struct jt_json *doc = post(v, 200, "/introspect", "rs", form);
    JT_ASSERT(jt_jval_bool(jt_jobj_get(jt_json_root(doc), "active"), &active));
    jt_json_free(&doc);
    return active;
}

static void read_jti(struct world *v)
{
    struct jt_arena a;
    struct jt_jws_parts parts;
    struct jt_jws_header header;
    struct jt_slice payload = {0};
    struct jt_at_claims claims;
    jt_arena_init(&a, 1u << 20);
    JT_ASSERT(jt_jws_read(jt_str(v->jwt), &a, &parts, &header) == JT_OK);
    JT_ASSERT(jt_jws_payload(&parts, &a, &payload) == JT_OK);
    JT_ASSERT(jt_at_read(payload, &a, &claims) == JT_OK);
    copy_text(claims.jti, v->jti, sizeof v->jti);
    jt_arena_free(&a);
}

void world_open(struct world *v)
{
    *v = (struct world){0};
    open_state(v);
    open_app(v);
    ask_for(v, 200, "alice", "grant_type=client_credentials", "access_token", v->jwt,
            sizeof v->jwt);
    ask_for(v, 200, "carol", "grant_type=client_credentials", "access_token", v->opaque,
            sizeof v->opaque);
    ask_for(v, 200, "root", "grant_type=client_credentials&resource=" WORLD_ISSUER, "access_token",
            v->root, sizeof v->root);
    ask_for(v, 400, "alice", "grant_type=password", "error_ref", v->ref, sizeof v->ref);
    read_jti(v);
    v->made = versions(v);
}

void world_close(struct world *v)
{
    jt_counts_flush(&v->local.counts, v->writer, jt_wall_us(&clock_by_hand));
    jt_epoch_announce(&v->epochs, 0, JT_EPOCH_OFFLINE);
    jt_reader_stop(&v->app.reader);
    jt_saver_free(&v->app.saver);
    jt_writer_stop(&v->writer);
    jt_worker_free(&v->worker);
    jt_local_free(&v->local);
    v->store->ops->close(&v->store);
    jt_directory_free(&v->directory);
    jt_epochs_free(&v->epochs);
    jt_profiles_free(&v->profiles);
    jt_usage_free(&v->usage);
    jt_replays_free(&v->replays);
    jt_issuers_free(&v->issuers);
    jt_throttle_free(&v->throttle);
    jt_verdicts_free(&v->verdicts);
    jt_limits_free(&v->limits);
    jt_buf_free(&v->app.metadata);
    jt_crypt_free(&v->crypt);
}

bool world_changed(const struct world *v)
{
    return versions(v) != v->made;
}

void world_next(struct world *v)
{
    if (v->worker != NULL && (world_changed(v) || v->inputs >= INPUTS_MAX)) {
        world_close(v);
        v->worker = NULL;
    }
    if (v->worker == NULL) {
        atomic_store(&elapsed_us, 1000000);
        world_open(v);
    }
    v->inputs++;
    (void)atomic_fetch_add(&elapsed_us, 10000);
}

/* Every input comes from another network, so that none is slowed for what another did. */
static struct jt_addr peer_of(const struct world *v)
{
    struct jt_addr a = {{[10] = 0xff, [11] = 0xff, [12] = 10}};
    a.b[13] = (uint8_t)(v->inputs >> 8);
    a.b[14] = (uint8_t)v->inputs;
    a.b[15] = 7;
    return a;
}

static void bury(struct jt_worker *w)
{
    while (w->lists[JT_CONN_DEAD].head != NULL) {
        jt_conn_free(w->lists[JT_CONN_DEAD].head);
    }
}

/* What is parked comes back: the end of the event batch, and the next. */
static void come_back(struct world *v)
{
    struct pollfd p = {.fd = v->local.mailbox.fd, .events = POLLIN};
    int n;
    jt_flow_net_ops.offline(v->worker);
    do {
        n = poll(&p, 1, WAIT_MS);
    } while (n < 0 && errno == EINTR); /* the fuzzer looks at the clock now and then */
    JT_ASSERT(n == 1);
    jt_flow_net_ops.online(v->worker);
    v->worker->now_us = jt_mono_us(&clock_by_hand);
    jt_flow_net_ops.wake(v->worker);
}

static bool take(int fd, struct jt_buf *answers)
{
    uint8_t part[16384];
    ssize_t k;
    bool any = false;
    while ((k = recv(fd, part, sizeof part, MSG_DONTWAIT)) > 0) {
        jt_buf_put(answers, jt_slice(part, (size_t)k));
        any = true;
    }
    return any;
}

/* Until the connection has nothing to do: no request under way, no answer to be read. */
static void run(struct world *v, struct jt_conn *c, int fd, struct jt_buf *answers)
{
    bool more = true;
    while (more) {
        if (c->state != JT_CONN_DEAD) {
            c->readable = true;
            jt_conn_drive(c);
        }
        more = take(fd, answers) || (c->state == JT_CONN_HEAD && c->turns > 0);
        if (v->worker->nrunning > 0) {
            come_back(v);
            more = true;
        }
    }
}

void world_send(struct world *v, enum jt_listener_kind to, struct jt_slice bytes, size_t step,
                struct jt_buf *answers)
{
    int fd[2];
    const struct jt_addr unix_socket = {{0}};
    struct jt_addr peer = to == JT_LISTEN_ADMIN ? unix_socket : peer_of(v);
    struct jt_listener l = {.fd = -1, .kind = to};
    JT_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) == 0);
    jt_flow_net_ops.online(v->worker);
    v->worker->now_us = jt_mono_us(&clock_by_hand);
    struct jt_conn *c = jt_conn_new(v->worker, fd[0], &l, &peer);
    JT_ASSERT(c != NULL);
    struct epoll_event none = {.events = 0}; /* so that jt_worker_again finds it */
    JT_ASSERT(epoll_ctl(v->worker->epfd, EPOLL_CTL_ADD, fd[0], &none) == 0);
    while (bytes.n > 0) {
        size_t k = bytes.n < step ? bytes.n : step;
        ssize_t sent = send(fd[1], bytes.p, k, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            break; /* it is refused, and need not be read to its end */
        }
        bytes = jt_slice_from(bytes, sent < 0 ? 0 : (size_t)sent);
        run(v, c, fd[1], answers);
    }
    (void)shutdown(fd[1], SHUT_WR);
    c->peer_closed = true;
    run(v, c, fd[1], answers);
    JT_ASSERT(c->state == JT_CONN_DEAD && v->worker->nrunning == 0);
    bury(v->worker);
    (void)take(fd[1], answers);
    JT_ASSERT(jt_buf_ok(answers));
    (void)close(fd[1]);
    jt_flow_net_ops.offline(v->worker);
}

unsigned world_ask(struct world *v, const char *request, struct jt_buf *answer,
                   struct jt_slice *body)
{
    struct jt_http_reply r = {0};
    unsigned inputs = v->inputs;
    jt_buf_reset(answer);
    v->inputs |= 1u << 15; /* from where no input comes */
    world_send(v, JT_LISTEN_PUBLIC, jt_str(request), SIZE_MAX, answer);
    v->inputs = inputs;
    JT_ASSERT(jt_http_reply_read(jt_buf_slice(answer), &r) == JT_OK);
    *body = jt_slice_from(jt_buf_slice(answer), r.head_n);
    JT_ASSERT(r.has_length && r.length == body->n);
    return r.status;
}

const struct world_client *world_client(const struct world *v, struct jt_slice id)
{
    for (size_t i = 0; i < v->nclients; i++) {
        if (jt_slice_eq(jt_str(v->clients[i].id), id)) {
            return &v->clients[i];
        }
    }
    return NULL;
}

void world_must_work(struct world *v)
{
    char token[2048];
    ask_for(v, 200, "alice", "grant_type=client_credentials&scope=api%3Aread", "access_token",
            token, sizeof token);
}

static bool scope_is_there(const struct jt_resource *r, struct jt_slice name)
{
    for (size_t i = 0; i < r->nscopes; i++) {
        if (jt_slice_eq(r->scopes[i].name, name)) {
            return true;
        }
    }
    return false;
}

static bool text_ok(struct jt_slice s)
{
    return s.n == 0 || jt_display_text_ok(s, JT_NAME_BYTES);
}

static void check_resource(const struct jt_resource *r)
{
    const char *why = NULL;
    JT_ASSERT(jt_audience_check(r->o.name, &why) == JT_OK);
    JT_ASSERT(r->nscopes > 0 && r->lifetime_s > 0 && r->lifetime_s <= 86400);
    for (size_t i = 0; i < r->nscopes; i++) {
        JT_ASSERT(jt_scope_name_ok(r->scopes[i].name) && text_ok(r->scopes[i].text));
        for (size_t k = 0; k < i; k++) {
            JT_ASSERT(!jt_slice_eq(r->scopes[i].name, r->scopes[k].name));
        }
    }
}

static void check_grant(const struct world *v, const struct jt_client *c, size_t i)
{
    const struct jt_client_grant *g = &c->grants[i];
    const struct jt_resource *r = jt_directory_resource(v->directory, g->audience);
    JT_ASSERT(r != NULL && g->nscopes > 0);
    for (size_t k = 0; k < g->nscopes; k++) {
        JT_ASSERT(scope_is_there(r, g->scopes[k]));
    }
    for (size_t k = 0; k < i; k++) {
        JT_ASSERT(!jt_slice_eq(c->grants[k].audience, g->audience));
    }
}

static void check_client(const struct world *v, const struct jt_client *c)
{
    JT_ASSERT(jt_client_id_ok(c->o.name) && text_ok(c->display) && text_ok(c->owner));
    JT_ASSERT(c->ncredentials <= JT_CREDENTIALS_MAX && c->ngrants <= JT_GRANTS_MAX);
    JT_ASSERT(c->nnets <= JT_NETS_MAX);
    for (size_t i = 0; i < c->ngrants; i++) {
        check_grant(v, c, i);
    }
    for (size_t i = 0; i < c->ncredentials; i++) {
        JT_ASSERT(c->credentials[i].state != JT_CRED_UNDECIDED && c->credentials[i].number > 0);
        JT_ASSERT(text_ok(c->credentials[i].label) && c->credentials[i].nnets <= JT_NETS_MAX);
        for (size_t k = 0; k < i; k++) {
            JT_ASSERT(c->credentials[i].number != c->credentials[k].number);
        }
    }
}

struct compare {
    const struct world *v;
    size_t n[JT_OBJ_USE + 1];
};

static enum jt_err compare(void *ctx, struct jt_object *o)
{
    struct compare *c = ctx;
    c->n[o->kind]++;
    JT_ASSERT(!jt_directory_holds(o->kind) || o->kind == JT_OBJ_TOKEN ||
              jt_directory_find(c->v->directory, o->kind, o->name) != NULL);
    if (o->kind == JT_OBJ_CLIENT || o->kind == JT_OBJ_RESOURCE) {
        const struct jt_object *shown = jt_directory_find(c->v->directory, o->kind, o->name);
        uint64_t version = o->kind == JT_OBJ_CLIENT ? ((const struct jt_client *)o)->version
                                                    : ((const struct jt_resource *)o)->version;
        JT_ASSERT(version == (o->kind == JT_OBJ_CLIENT
                                  ? ((const struct jt_client *)shown)->version
                                  : ((const struct jt_resource *)shown)->version));
    }
    if (o->kind != JT_OBJ_TOKEN) { /* those are lent */
        jt_object_free(o);
    }
    return JT_OK;
}

void world_must_be_sound(struct world *v)
{
    const struct jt_object *page[256];
    uint64_t cursor = 0;
    struct compare c = {.v = v};
    jt_flow_net_ops.online(v->worker);
    size_t n = jt_directory_page(v->directory, JT_OBJ_RESOURCE, &cursor, page, 256);
    for (size_t i = 0; i < n; i++) {
        check_resource((const struct jt_resource *)page[i]);
    }
    cursor = 0;
    n = jt_directory_page(v->directory, JT_OBJ_CLIENT, &cursor, page, 256);
    for (size_t i = 0; i < n; i++) {
        check_client(v, (const struct jt_client *)page[i]);
    }
    JT_ASSERT(v->store->ops->load(v->store, compare, &c) == JT_OK);
    for (int k = JT_OBJ_RESOURCE; k <= JT_OBJ_TOKEN; k++) {
        JT_ASSERT(!jt_directory_holds((enum jt_object_kind)k) ||
                  c.n[k] == jt_directory_count(v->directory, (enum jt_object_kind)k));
    }
    jt_flow_net_ops.offline(v->worker);
}

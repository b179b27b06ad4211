/* SPDX-License-Identifier: Apache-2.0 */
#include "house.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/secret.h"
#include "core/token/client_secret.h"
#include "server/reason.h"

/* Assertions of the harness itself hold in every build. */
#define MUST(cond) JT_ASSERT(cond)

static void quiet(void *ctx, int level, const char *message)
{
    (void)ctx;
    (void)level;
    (void)message;
}

static void put(struct house *h, struct jt_object *o)
{
    MUST(o != NULL);
    MUST(h->store->ops->put(h->store, o) == JT_OK);
    MUST(jt_directory_put(h->directory, o) == JT_OK);
}

/* introspectors: two or NULL. alg NONE: opaque tokens. */
static void add_resource(struct house *h, const char *audience, enum jt_alg alg,
                         const struct jt_scope *scopes, const struct jt_slice *introspectors)
{
    const struct jt_resource r = {
        .o = {.name = jt_str(audience)},
        .alg = alg == JT_ALG_NONE ? JT_ALG_RS256 : alg,
        .format = alg == JT_ALG_NONE ? JT_FORMAT_OPAQUE : JT_FORMAT_JWT,
        .lifetime_s = 3600,
        .version = 1,
        .builtin = strcmp(audience, HOUSE_ISSUER) == 0,
        .nscopes = scopes[1].name.n > 0 ? 2 : 1,
        .scopes = scopes,
        .nintrospectors = introspectors != NULL ? 2 : 0,
        .introspectors = introspectors,
    };
    put(h, &jt_resource_dup(&r)->o);
}

static void add_resources(struct house *h)
{
    static const struct jt_slice rs[] = {JT_LIT_INIT("rs"), JT_LIT_INIT("lax")};
    static const struct jt_scope one[2] = {{JT_LIT_INIT("api:read"), {NULL, 0}},
                                           {JT_LIT_INIT("api:write"), {NULL, 0}}};
    static const struct jt_scope two[2] = {{JT_LIT_INIT("two:read"), {NULL, 0}},
                                           {JT_LIT_INIT("api:read"), {NULL, 0}}};
    static const struct jt_scope es[2] = {{JT_LIT_INIT("es:read"), {NULL, 0}},
                                          {{NULL, 0}, {NULL, 0}}};
    static const struct jt_scope op[2] = {{JT_LIT_INIT("op:read"), {NULL, 0}},
                                          {JT_LIT_INIT("op:write"), {NULL, 0}}};
    static const struct jt_scope self[2] = {{JT_LIT_INIT("jeton:introspect"), {NULL, 0}},
                                            {{NULL, 0}, {NULL, 0}}};
    add_resource(h, "https://api.one", JT_ALG_RS256, one, rs);
    add_resource(h, "https://api.two", JT_ALG_RS256, two, NULL);
    add_resource(h, "https://api.es", JT_ALG_ES256, es, NULL);
    add_resource(h, "https://api.opaque", JT_ALG_NONE, op, rs);
    add_resource(h, HOUSE_ISSUER, JT_ALG_RS256, self, NULL);
}

/* like: what is special about the client and its credential; the rest is made here. */
static void add_client(struct house *h, const char *id, const struct jt_client *like,
                       const struct jt_credential *special)
{
    JT_AUTO(jt_secret_wipe) struct jt_secret s = {0};
    char cid[JT_CREDENTIAL_ID_LEN + 1];
    const struct jt_keyring_key *key = jt_keyring_newest(&h->keyring, JT_DATA_KEY_SECRETS);
    MUST(jt_credential_id_make(cid) == JT_OK);
    size_t i = h->nclients++;
    MUST(i < sizeof h->clients / sizeof h->clients[0]);
    struct jt_credential k = special != NULL ? *special : (struct jt_credential){0};
    k.id = jt_slice(cid, JT_CREDENTIAL_ID_LEN);
    k.number = (uint32_t)i + 1;
    k.kind = JT_CRED_SECRET;
    k.state = k.state == JT_CRED_UNDECIDED ? JT_CRED_ACTIVE : k.state;
    k.hash_key = key->id;
    MUST(jt_client_secret_make(k.id, &s) == JT_OK);
    MUST(jt_hmac_sha256(h->crypt, key->key, jt_secret_slice(&s), k.hash) == JT_OK);
    struct jt_client c = *like;
    c.o.name = jt_str(id);
    c.display = jt_str(id);
    c.version = 1;
    c.ncredentials = 1;
    c.credentials = &k;
    h->clients[i].id = id;
    MUST(s.n < sizeof h->clients[i].secret);
    memcpy(h->clients[i].secret, s.p, s.n);
    put(h, &jt_client_dup(&c)->o);
}

static struct jt_net net(const char *text)
{
    struct jt_net n = {.bits = 0};
    const char *why = NULL;
    MUST(jt_net_read(jt_str(text), &n, &why) == JT_OK);
    return n;
}

static void add_unusable(struct house *h, const struct jt_client *like)
{
    int64_t now = jt_wall_s(&jt_clock_system);
    const struct jt_net documentation = net("192.0.2.0/24");
    const struct jt_credential expired = {.expires_s = now - 1};
    const struct jt_credential early = {.not_before_s = now + 3600};
    const struct jt_credential revoked = {.state = JT_CRED_REVOKED};
    const struct jt_credential bound = {.nnets = 1, .nets = &documentation};
    struct jt_client elsewhere = *like;
    elsewhere.nnets = 1;
    elsewhere.nets = &documentation;
    add_client(h, "expired", like, &expired);
    add_client(h, "early", like, &early);
    add_client(h, "revoked", like, &revoked);
    add_client(h, "elsewhere", &elsewhere, NULL);
    add_client(h, "bound", like, &bound);
}

static void add_clients(struct house *h)
{
    static const struct jt_slice both[] = {JT_LIT_INIT("api:read"), JT_LIT_INIT("api:write")};
    static const struct jt_slice two[] = {JT_LIT_INIT("two:read")};
    static const struct jt_slice es[] = {JT_LIT_INIT("es:read")};
    const struct jt_client_grant alice[] = {{JT_LIT("https://api.one"), 2, both}};
    const struct jt_client_grant bob[] = {{JT_LIT("https://api.one"), 1, both},
                                          {JT_LIT("https://api.two"), 1, two},
                                          {JT_LIT("https://api.es"), 1, es}};
    static const struct jt_slice op[] = {JT_LIT_INIT("op:read"), JT_LIT_INIT("op:write")};
    const struct jt_client_grant carol[] = {{JT_LIT("https://api.opaque"), 2, op}};
    const struct jt_client a = {.enabled = true, .ngrants = 1, .grants = alice};
    const struct jt_client b = {.enabled = true, .ngrants = 3, .grants = bob};
    const struct jt_client c = {.enabled = true, .ngrants = 1, .grants = carol};
    const struct jt_client off = {.ngrants = 1, .grants = alice};
    const struct jt_client none = {.enabled = true};
    const struct jt_client lax = {.enabled = true, .compat = JT_COMPAT_CIDAAS_OR};
    add_client(h, "alice", &a, NULL);
    add_client(h, "bob", &b, NULL);
    add_client(h, "nobody", &none, NULL);
    add_client(h, "rs", &none, NULL);
    add_client(h, "off", &off, NULL);
    add_client(h, "lax", &lax, NULL);
    add_client(h, "carol", &c, NULL);
    add_unusable(h, &a);
}

static void add_keys(struct house *h)
{
    static const enum jt_data_key_use uses[] = {JT_DATA_KEY_SECRETS, JT_DATA_KEY_SEAL,
                                                JT_DATA_KEY_REFERENCES};
    const uint8_t master[JT_KEY_SIZE] = {1, 2, 3};
    for (uint32_t i = 0; i < 3; i++) {
        struct jt_data_key *k = NULL;
        MUST(jt_data_key_make(h->crypt, master, i + 1, uses[i], 1, &k) == JT_OK);
        MUST(jt_keyring_open(&h->keyring, h->crypt, master, k) == JT_OK);
        jt_object_free(&k->o);
    }
    static const enum jt_alg algs[] = {JT_ALG_RS256, JT_ALG_ES256};
    for (size_t i = 0; i < 2; i++) {
        struct jt_signing_key *k = NULL;
        MUST(jt_signing_key_make(h->crypt, &h->keyring, algs[i], 1, &k) == JT_OK);
        put(h, &k->o);
    }
}

static void open_state(struct house *h, enum jt_audit_failure on_failure)
{
    struct jt_store_opts inner = {0};
    struct jt_store_opts outer = {.ctx = &h->faults};
    MUST(jt_crypt_new(&h->crypt) == JT_OK);
    jt_epochs_init(&h->epochs);
    MUST(jt_directory_new(&h->epochs, &h->directory) == JT_OK);
    MUST(jt_store_memory.open(&inner, &outer.inner) == JT_OK);
    MUST(jt_store_fault.open(&outer, &h->store) == JT_OK);
    MUST(h->store->ops->begin(h->store) == JT_OK);
    add_keys(h);
    add_resources(h);
    add_clients(h);
    MUST(h->store->ops->commit(h->store, NULL, 0) == JT_OK);
    MUST(jt_profiles_new(&h->profiles) == JT_OK && jt_usage_new(&h->usage) == JT_OK &&
         jt_replays_new(&h->replays) == JT_OK);
    const struct jt_issuers_opts io = {.clock = &jt_clock_system};
    MUST(jt_issuers_new(&io, &h->issuers) == JT_OK);
    jt_issuers_stop(h->issuers); /* nobody is asked */
    MUST(jt_throttle_new(&h->throttle) == JT_OK);
    MUST(jt_verdicts_new(&h->verdicts) == JT_OK);
    atomic_store(&h->issue_sequence, UINT64_C(1) << 40);
    const struct jt_writer_opts w = {.store = h->store,
                                     .directory = h->directory,
                                     .epochs = &h->epochs,
                                     .profiles = h->profiles,
                                     .usage = h->usage,
                                     .issue_sequence = &h->issue_sequence,
                                     .clock = &jt_clock_system,
                                     .on_failure = on_failure,
                                     .reason_name = jt_reason_name_of,
                                     .log = quiet};
    MUST(jt_writer_start(&w, &h->writer) == JT_OK);
}

static void *work(void *arg)
{
    jt_worker_run(arg);
    return NULL;
}

static void open_net(struct house *h, int64_t parked_us)
{
    char why[200];
    MUST(jt_listen_tcp(JT_LIT("127.0.0.1:0"), &h->listeners[0], why, sizeof why) == JT_OK);
    MUST(jt_limits_new(1000, 1000, &h->limits) == JT_OK);
    h->times = jt_net_times_default;
    h->times.parked = parked_us > 0 ? parked_us : h->times.parked;
    const struct jt_net_opts o = {.ops = &jt_flow_net_ops,
                                  .app = &h->app,
                                  .clock = &jt_clock_system,
                                  .times = &h->times,
                                  .listeners = h->listeners,
                                  .nlisteners = 1,
                                  .limits = h->limits};
    MUST(jt_local_init(&h->local, &h->app, 0) == JT_OK);
    MUST(jt_worker_new(&o, 0, h->local.mailbox.fd, &h->local, &h->worker) == JT_OK);
    MUST(pthread_create(&h->thread, NULL, work, h->worker) == 0);
}

static int64_t wall_us(void *ctx)
{
    const struct house *h = ctx;
    int64_t stands_us = atomic_load(&h->stands_us);
    return stands_us != 0 ? stands_us : jt_wall_us(&jt_clock_system);
}

static int64_t mono_us(void *ctx)
{
    (void)ctx;
    return jt_mono_us(&jt_clock_system);
}

void house_open(struct house *h, enum jt_audit_failure on_failure, int64_t parked_us)
{
    *h = (struct house){0};
    open_state(h, on_failure);
    struct jt_app *a = &h->app;
    h->clock = (struct jt_clock){wall_us, mono_us, h};
    a->clock = &h->clock;
    a->directory = h->directory;
    a->epochs = &h->epochs;
    a->keyring = &h->keyring;
    a->reference_key = jt_keyring_newest(&h->keyring, JT_DATA_KEY_REFERENCES)->key;
    a->writer = h->writer;
    a->issuer = JT_LIT(HOUSE_ISSUER);
    h->settings = (struct jt_settings){.token_lifetime_s = 3600,
                                       .token_max_lifetime_s = 86400,
                                       .jwks_max_age_s = 300,
                                       .publish_wait_s = 3600,
                                       .token_alg = JT_ALG_RS256,
                                       .ntrusted = 1,
                                       .trusted = {net("127.255.0.0/16")}};
    atomic_store(&a->settings, &h->settings);
    a->uid = geteuid();
    a->issue_sequence = &h->issue_sequence;
    a->sequence_floor = UINT64_C(1) << 40;
    MUST(jt_mailbox_init(&h->mailbox) == JT_OK);
    a->usage = h->usage;
    a->replays = h->replays;
    a->issuers = h->issuers;
    a->throttle = h->throttle;
    a->verdicts = h->verdicts;
    a->log = quiet;
    MUST(jt_metadata_make(a) == JT_OK);
    open_net(h, parked_us);
}

void house_close(struct house *h)
{
    jt_worker_drain(h->worker);
    MUST(pthread_join(h->thread, NULL) == 0);
    jt_counts_flush(&h->local.counts, h->writer, jt_wall_us(&jt_clock_system));
    jt_epoch_announce(&h->epochs, 0, JT_EPOCH_OFFLINE);
    jt_writer_stop(&h->writer);
    jt_worker_free(&h->worker);
    jt_local_free(&h->local);
    h->store->ops->close(&h->store);
    jt_directory_free(&h->directory);
    jt_epochs_free(&h->epochs);
    jt_profiles_free(&h->profiles);
    jt_usage_free(&h->usage);
    jt_replays_free(&h->replays);
    jt_issuers_free(&h->issuers);
    jt_throttle_free(&h->throttle);
    jt_verdicts_free(&h->verdicts);
    jt_listener_close(&h->listeners[0]);
    jt_limits_free(&h->limits);
    jt_buf_free(&h->app.metadata);
    jt_mailbox_close(&h->mailbox);
    jt_crypt_free(&h->crypt);
}

const char *house_secret(const struct house *h, const char *client)
{
    for (size_t i = 0; i < h->nclients; i++) {
        if (strcmp(h->clients[i].id, client) == 0) {
            return h->clients[i].secret;
        }
    }
    MUST(false);
    return "";
}

size_t house_exchange(struct house *h, struct jt_slice request, char *out, size_t cap)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(h->listeners[0].port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in from = {.sin_family = AF_INET};
    unsigned k_conn = h->connections++ % 60000;
    from.sin_addr.s_addr = htonl(0x7f000001u + (h->one_address ? 0 : (k_conn + 1) << 8));
    if (h->from != 0) {
        from.sin_addr.s_addr = htonl(h->from);
    }
    MUST(fd >= 0 && bind(fd, (const struct sockaddr *)&from, sizeof from) == 0);
    MUST(connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
    while (request.n > 0) {
        ssize_t k = send(fd, request.p, request.n, MSG_NOSIGNAL);
        if (k <= 0) {
            break; /* the server may close in the middle of what it refuses */
        }
        request = jt_slice_from(request, (size_t)k);
    }
    (void)shutdown(fd, SHUT_WR);
    size_t n = 0;
    ssize_t k = 0;
    while (n < cap - 1 && (k = recv(fd, out + n, cap - 1 - n, 0)) > 0) {
        n += (size_t)k;
    }
    out[n] = '\0';
    (void)close(fd);
    return n;
}

size_t house_post(struct house *h, const char *path, const char *auth, const char *body, char *out,
                  size_t cap)
{
    char request[65536];
    int n = snprintf(request, sizeof request,
                     "POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     "Content-Type: application/x-www-form-urlencoded\r\n%s%s%s"
                     "Content-Length: %zu\r\n\r\n%s",
                     path, auth != NULL ? "Authorization: " : "", auth != NULL ? auth : "",
                     auth != NULL ? "\r\n" : "", strlen(body), body);
    MUST(n > 0 && (size_t)n < sizeof request);
    return house_exchange(h, jt_slice(request, (size_t)n), out, cap);
}

void house_basic(const char *id, const char *secret, char *out, size_t cap)
{
    static const char a[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char plain[512];
    int len = snprintf(plain, sizeof plain, "%s:%s", id, secret);
    MUST(len > 0 && (size_t)len < sizeof plain && cap > (size_t)len * 2 + 16);
    size_t n = (size_t)len;
    size_t o = (size_t)snprintf(out, cap, "Basic ");
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)(uint8_t)plain[i] << 16;
        v |= i + 1 < n ? (uint32_t)(uint8_t)plain[i + 1] << 8 : 0;
        v |= i + 2 < n ? (uint32_t)(uint8_t)plain[i + 2] : 0;
        out[o++] = a[v >> 18];
        out[o++] = a[v >> 12 & 63];
        out[o++] = i + 1 < n ? a[v >> 6 & 63] : '=';
        out[o++] = i + 2 < n ? a[v & 63] : '=';
    }
    out[o] = '\0';
}

static enum jt_err keep(void *ctx, const struct jt_event *e)
{
    struct jt_event *out = ctx;
    static struct jt_arena arena;
    jt_arena_free(&arena);
    jt_arena_init(&arena, 65536);
    MUST(jt_event_copy(&arena, e, out));
    return JT_OK;
}

const struct jt_event *house_last_event(struct house *h)
{
    static struct jt_event e;
    const struct jt_audit_query q = {.newest_first = true, .scan = 1};
    uint64_t next = 0;
    e = (struct jt_event){0};
    MUST(h->store->ops->audit_read(h->store, &q, keep, &e, &next) == JT_OK);
    return &e;
}

uint64_t house_last_seq(struct house *h)
{
    struct jt_audit_info i = {0};
    MUST(h->store->ops->audit_info(h->store, &i) == JT_OK);
    return i.last_seq;
}

static void told(struct jt_job *job)
{
    (void)job;
}

enum jt_err house_change(struct house *h, jt_change_fn fn, void *ctx)
{
    struct jt_job job = {.reply = &h->mailbox,
                         .done = told,
                         .event = {.type = JT_EV_CLIENT_UPDATED,
                                   .time_us = jt_wall_us(&jt_clock_system),
                                   .count = 1},
                         .change = fn,
                         .ctx = ctx};
    jt_writer_submit(h->writer, &job);
    while (jt_mailbox_take(&h->mailbox) == NULL) {
        struct pollfd p = {.fd = h->mailbox.fd, .events = POLLIN};
        (void)poll(&p, 1, 1000);
    }
    return job.result;
}

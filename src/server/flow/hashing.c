/* SPDX-License-Identifier: Apache-2.0 */
#include "hashing.h"

#include <stdio.h>
#include <stdlib.h>

#include "../admin/admin.h"
#include "../auth/errand.h"

#define PARKED_US 5000000 /* then it is answered late, and nobody waits for the outcome */

struct hashing {
    struct jt_work work;
    struct jt_hash_errand *errand;
    struct jt_flow *flow;
    const struct jt_clock *clock;
};

static struct jt_hash_errand *errand_of(struct jt_errand *e)
{
    JT_ASSERT(e->kind == JT_ERRAND_HASH);
    return (struct jt_hash_errand *)(void *)e; /* its first member */
}

/* One secret against all. False: there is no need to go on. */
static bool compare_all(const struct hashing *h, size_t secret)
{
    struct jt_hash_errand *e = h->errand;
    for (size_t i = 0; i < e->nhashes; i++) {
        if (jt_mono_us(h->clock) >= h->work.until_us) {
            e->undecided = true; /* nobody waits any more */
            return false;
        }
        enum jt_password_verdict v =
            jt_password_check(e->hashes[i].text, jt_secret_slice(&e->secrets[secret]));
        e->compared++;
        e->undecided |= v != JT_PASSWORD_FITS && v != JT_PASSWORD_DIFFERS;
        if (v == JT_PASSWORD_FITS) {
            e->fits = e->hashes[i].number;
            e->secret = secret;
            return false;
        }
    }
    return true;
}

static void compare(struct jt_work *w)
{
    const struct hashing *h = (const struct hashing *)(const void *)w; /* its first member */
    for (size_t i = 0; i < h->errand->nsecrets && compare_all(h, i); i++) {
    }
}

static void come_back(struct jt_job *job)
{
    struct hashing *h = job->ctx;
    struct jt_flow *f = h->flow;
    h->errand->errand.failed = job->result != JT_OK;
    for (unsigned i = 0; i < h->errand->compared; i++) {
        jt_count(&f->local->metrics.hashes);
    }
    f->proof.errand = &h->errand->errand;
    jt_flow_again(f);
}

enum jt_next jt_hashing_run(struct jt_flow *f, struct jt_errand *errand)
{
    struct hashing *h = jt_arena_alloc(&f->x->arena, sizeof *h);
    if (h == NULL) {
        return jt_fail(f, JT_R_INTERNAL);
    }
    *h = (struct hashing){
        .work = {.job = {.reply = &f->local->mailbox, .done = come_back, .ctx = h},
                 .client_id = errand_of(errand)->client_id,
                 .address = f->x->peer,
                 .until_us = f->begun_us + PARKED_US,
                 .run = compare},
        .errand = errand_of(errand),
        .flow = f,
        .clock = f->app->clock,
    };
    if (f->app->pool != NULL && jt_pool_submit(f->app->pool, &h->work) == JT_POOL_TAKEN) {
        return JT_PARK;
    }
    jt_count(&f->local->metrics.auth_failures[JT_R_SECRET_BUSY]);
    return jt_deny(f, JT_R_SECRET_BUSY);
}

/* A keyed hash on its way into the store, after its request if need be. */
struct upgrade {
    struct jt_job job;
    uint32_t number, hash_key;
    uint8_t hash[JT_SHA256_SIZE];
    size_t nclient;
    char client[64];
    char credential[16];
    char words[64];
};

static void upgrade_free(struct jt_job *job)
{
    struct upgrade *u = job->ctx;
    explicit_bzero(u, sizeof *u);
    free(u);
}

/* The credential among these that still has a foreign hash and may be used; NULL: it was upgraded,
 * revoked or removed meanwhile. */
static struct jt_credential *still_foreign(struct jt_credential *v, size_t n, uint32_t number)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].number == number) {
            return v[i].hash_key == 0 && v[i].state != JT_CRED_REVOKED ? &v[i] : NULL;
        }
    }
    return NULL;
}

static enum jt_err replace(struct jt_change *chg, void *ctx)
{
    struct upgrade *u = ctx;
    struct jt_credential all[JT_CREDENTIALS_MAX];
    struct jt_slice name = jt_slice(u->client, u->nclient);
    const struct jt_client *old =
        (const struct jt_client *)jt_change_find(chg, JT_OBJ_CLIENT, name);
    struct jt_credential *k = NULL;
    if (old != NULL && old->ncredentials <= JT_CREDENTIALS_MAX) {
        memcpy(all, old->credentials, old->ncredentials * sizeof all[0]);
        k = still_foreign(all, old->ncredentials, u->number);
    }
    if (k == NULL) {
        u->job.event.type = JT_EV_NONE;
        return JT_OK;
    }
    memcpy(k->hash, u->hash, sizeof k->hash);
    k->hash_key = u->hash_key;
    k->material = jt_slice(NULL, 0);
    struct jt_client c = *old;
    c.credentials = all;
    return jt_change_put_client(chg, &c);
}

static bool fill(struct jt_flow *f, const struct jt_hash_errand *e, struct upgrade *u)
{
    const struct jt_principal *p = f->auth.principal;
    const struct jt_credential *k = jt_principal_credential(p);
    struct jt_slice client = jt_principal_client(p)->o.name;
    const struct jt_keyring_key *key = jt_keyring_newest(f->app->keyring, JT_DATA_KEY_SECRETS);
    if (key == NULL || client.n > sizeof u->client || k->id.n > sizeof u->credential ||
        jt_hmac_sha256(f->local->crypt, key->key, jt_secret_slice(&e->secrets[e->secret]),
                       u->hash) != JT_OK) {
        return false;
    }
    u->hash_key = key->id;
    u->number = k->number;
    u->nclient = client.n;
    memcpy(u->client, client.p, client.n);
    memcpy(u->credential, k->id.p, k->id.n);
    (void)snprintf(u->words, sizeof u->words, "from %s to hmac-sha-256",
                   jt_password_kind(k->material));
    u->job.event = jt_flow_event(f, JT_EV_CREDENTIAL_UPGRADED);
    u->job.event.client_id = jt_slice(u->client, client.n);
    u->job.event.credential_id = jt_slice(u->credential, k->id.n);
    u->job.event.detail = jt_str(u->words);
    return true;
}

void jt_hashing_upgrade(struct jt_flow *f)
{
    const struct jt_errand *errand = f->proof.errand;
    const struct jt_credential *k = jt_principal_credential(f->auth.principal);
    if (errand == NULL || errand->kind != JT_ERRAND_HASH || k->hash_key != 0 ||
        k->kind != JT_CRED_SECRET || jt_writer_hangs(f->app->writer)) {
        return;
    }
    struct upgrade *u = calloc(1, sizeof *u);
    if (u == NULL) {
        return; /* the next use tries again */
    }
    u->job.change = replace;
    u->job.ctx = u;
    u->job.free_fn = upgrade_free;
    if (!fill(f, errand_of(f->proof.errand), u)) {
        upgrade_free(&u->job);
        return;
    }
    jt_writer_submit(f->app->writer, &u->job);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <stdio.h>
#include <unistd.h>

#include "../core/base/num.h"
#include "config/env.h"
#include "reason.h"
#include "restore.h"
#include "store/orphans.h"
#include "store/setting.h"

static enum jt_err say(char *why, size_t why_n, enum jt_err e, const char *what)
{
    (void)snprintf(why, why_n, "%s: %s", what, jt_err_text(e));
    return e;
}

static enum jt_err put_data_key(struct jt_state *s, uint32_t id, enum jt_data_key_use use)
{
    struct jt_data_key *k = NULL;
    if (jt_keyring_newest(&s->keyring, use) != NULL) {
        return JT_OK;
    }
    JT_TRY(jt_data_key_make(s->crypt, s->master, id, use, jt_wall_s(&jt_clock_system), &k));
    enum jt_err e = s->store->ops->put(s->store, &k->o);
    if (e == JT_OK) {
        e = jt_keyring_open(&s->keyring, s->crypt, s->master, k);
    }
    jt_object_free(&k->o);
    return e;
}

/* The start number makes every issue sequence higher than all before, without a write per token. */
static enum jt_err put_start(struct jt_state *s)
{
    char digits[JT_U64_DIGITS];
    s->start_number++;
    const struct jt_setting setting = {
        .o = {.kind = JT_OBJ_SETTING, .name = JT_LIT(JT_SETTING_START)},
        .value = jt_fmt_u64(s->start_number, digits),
    };
    atomic_store(&s->issue_sequence, s->start_number << 40);
    return s->store->ops->put(s->store, &setting.o);
}

static enum jt_err begin_run(struct jt_state *s)
{
    JT_TRY(s->store->ops->begin(s->store));
    enum jt_err e = put_data_key(s, 1, JT_DATA_KEY_SECRETS);
    if (e == JT_OK) {
        e = put_data_key(s, 2, JT_DATA_KEY_SEAL);
    }
    if (e == JT_OK) {
        e = put_data_key(s, 3, JT_DATA_KEY_REFERENCES);
    }
    if (e == JT_OK) {
        e = put_start(s);
    }
    if (e == JT_OK) {
        e = jt_usage_drop_orphans(s->usage, s->directory, s->store);
    }
    if (e != JT_OK) {
        s->store->ops->rollback(s->store);
        return e;
    }
    return s->store->ops->commit(s->store, NULL, 0);
}

bool jt_state_master_path(const struct jt_datadir *d, char out[static PATH_MAX], bool *ours)
{
    const char *credentials = jt_env("CREDENTIALS_DIRECTORY");
    int n = credentials == NULL ? 0 : snprintf(out, PATH_MAX, "%s/master.key", credentials);
    *ours = n <= 0 || n >= PATH_MAX || access(out, F_OK) != 0;
    return !*ours || jt_datadir_file(d, "master.key", out);
}

/* master.key, made only beside a database that does not exist yet. */
static enum jt_err open_master(struct jt_state *s, char *why, size_t why_n)
{
    char db[PATH_MAX];
    const char *detail = "";
    if (!jt_state_master_path(&s->dir, s->master_path, &s->master_is_ours) ||
        !jt_datadir_file(&s->dir, "jeton.db", db)) {
        return say(why, why_n, JT_E_LIMIT, "the path of the data directory");
    }
    if (jt_restore_was_cut(&s->dir)) {
        (void)snprintf(why, why_n,
                       "a restore into %s did not come to its end: run jeton restore again, with "
                       "--force",
                       s->dir.path);
        return JT_E_NOTFOUND;
    }
    enum jt_err e = jt_master_key_read(s->master_path, s->master, &detail);
    if (e == JT_E_NOTFOUND && access(db, F_OK) != 0) {
        e = jt_master_key_make(s->master_path, s->master, &detail);
        e = e == JT_OK ? jt_datadir_sync(&s->dir) : e; /* before anything is wrapped under it */
        if (e == JT_OK && s->log != NULL && !s->is_dev) {
            jt_log(s->log, JT_LOG_WARNING,
                   "first start in %s: new databases, and a new master key in %s; keep a copy of "
                   "it in another place",
                   s->dir.path, s->master_path);
        }
    } else if (e == JT_E_NOTFOUND) {
        detail = "it is missing, but jeton.db exists: put the key back from your backup";
    }
    if (e != JT_OK) {
        (void)snprintf(why, why_n, "%s: %s", s->master_path, detail);
    }
    return e;
}

/* A rekey that was cut between its change and its rename left the right key under another name. */
static enum jt_err load(struct jt_state *s)
{
    char next[PATH_MAX];
    const char *detail = "";
    enum jt_err e = s->store->ops->load(s->store, jt_state_take, s);
    if (!s->master_is_ours || !jt_datadir_file(&s->dir, "master.key.new", next)) {
        return e;
    }
    if (e == JT_OK) {
        (void)unlink(next); /* one that was cut before its change */
    }
    if (e != JT_E_CRYPTO || s->keyring.n > 0 ||
        jt_master_key_read(next, s->master, &detail) != JT_OK) {
        return e;
    }
    JT_TRY(s->store->ops->load(s->store, jt_state_take, s));
    return rename(next, s->master_path) != 0 ? JT_E_IO : jt_datadir_sync(&s->dir);
}

static enum jt_err open_store(struct jt_state *s, char *why, size_t why_n)
{
    const struct jt_store_opts o = {.dir = s->dir.path};
    enum jt_err e = jt_store_sqlite.open(&o, &s->store);
    if (e == JT_E_NOTFOUND) {
        char log[PATH_MAX];
        bool there = jt_datadir_file(&s->dir, "audit.db", log) && access(log, F_OK) == 0;
        (void)snprintf(why, why_n,
                       "%s/%s is missing, but %s exists: restore a backup, or move away what is "
                       "left to begin anew",
                       s->dir.path, there ? "jeton.db" : "audit.db",
                       there ? "audit.db" : "jeton.db");
        return e;
    }
    if (e != JT_OK) {
        (void)snprintf(why, why_n, "cannot open the databases in %s: %s", s->dir.path,
                       jt_err_text(e));
        return e;
    }
    e = load(s);
    if (e == JT_E_CRYPTO) {
        return say(why, why_n, e, "master.key does not open this data directory's keys");
    }
    return e == JT_OK ? JT_OK : say(why, why_n, e, "cannot load the state");
}

/* Is the key of a rekey that was given up still in its file? */
static bool next_is_there(struct jt_state *s, const char *path)
{
    uint8_t key[JT_KEY_SIZE];
    const char *detail = "";
    bool same = s->has_next && jt_master_key_read(path, key, &detail) == JT_OK &&
                memcmp(key, s->next_master, sizeof key) == 0;
    explicit_bzero(key, sizeof key);
    return same;
}

/*
 * A rekey that failed may have made its change all the same, so its key is taken up again and never
 * thrown away. The file must be found after a crash before anything is wrapped under its key.
 */
static enum jt_err make_next(struct jt_state *s)
{
    char next[PATH_MAX];
    const char *detail = "";
    if (!jt_datadir_file(&s->dir, "master.key.new", next)) {
        return JT_E_LIMIT;
    }
    if (!next_is_there(s, next)) {
        s->has_next = false;
        JT_TRY(jt_master_key_make(next, s->next_master, &detail));
        s->has_next = true;
    }
    return jt_datadir_sync(&s->dir);
}

enum jt_err jt_state_rekey_prepare(void *ctx)
{
    struct jt_state *s = ctx;
    if (!s->master_is_ours) {
        return JT_E_UNSUPPORTED;
    }
    if (atomic_exchange(&s->rekeying, true)) {
        return JT_E_BUSY;
    }
    enum jt_err e = make_next(s);
    if (e != JT_OK) {
        jt_state_rekey_end(s);
    }
    return e;
}

void jt_state_rekey_end(void *ctx)
{
    struct jt_state *s = ctx;
    atomic_store(&s->rekeying, false);
}

enum jt_err jt_state_rekey_put(struct jt_change *chg, void *ctx)
{
    struct jt_state *s = ctx;
    struct jt_crypt *c = NULL; /* this is the store thread: the state's own is the main thread's */
    JT_TRY(jt_crypt_new(&c));
    enum jt_err e = JT_OK;
    for (size_t i = 0; i < s->keyring.n && e == JT_OK; i++) {
        struct jt_data_key *k = NULL;
        e = jt_data_key_rewrap(c, s->next_master, &s->keyring.keys[i], &k);
        if (e == JT_OK) {
            e = jt_change_put(chg, &k->o);
        }
        if (e != JT_OK && k != NULL) {
            jt_object_free(&k->o);
        }
    }
    jt_crypt_free(&c);
    return e;
}

enum jt_err jt_state_rekey_finish(void *ctx)
{
    struct jt_state *s = ctx;
    char next[PATH_MAX];
    if (!jt_datadir_file(&s->dir, "master.key.new", next) || rename(next, s->master_path) != 0) {
        return JT_E_IO;
    }
    memcpy(s->master, s->next_master, sizeof s->master);
    explicit_bzero(s->next_master, sizeof s->next_master);
    s->has_next = false;
    return jt_datadir_sync(&s->dir);
}

static enum jt_err start_threads(struct jt_state *s, char *why, size_t why_n)
{
    const struct jt_config *c = s->config;
    const struct jt_writer_opts w = {
        .store = s->store,
        .directory = s->directory,
        .epochs = &s->epochs,
        .profiles = s->profiles,
        .usage = s->usage,
        .issue_sequence = &s->issue_sequence,
        .has_replays = jt_replays_count(s->replays) > 0,
        .credential_floor = (uint32_t)s->credential_floor,
        .clock = &jt_clock_system,
        .on_failure = c->audit_degrade ? JT_AUDIT_DEGRADE : JT_AUDIT_BLOCK,
        .retain_s = c->audit_retain_s,
        .max_bytes = c->audit_max_bytes,
        .reason_name = jt_reason_name_of,
        .log = jt_log_line,
        .log_ctx = s->log,
    };
    enum jt_err e = jt_writer_start(&w, &s->writer);
    if (e != JT_OK) {
        return say(why, why_n, e, "cannot start the audit log");
    }
    struct jt_store *audit = NULL;
    const struct jt_store_opts o = {.dir = s->dir.path, .read_only = true};
    e = jt_store_sqlite.open(&o, &audit);
    if (e == JT_OK) {
        e = jt_reader_start(audit, &s->reader);
        if (e != JT_OK) {
            audit->ops->close(&audit);
        }
    }
    if (e == JT_OK) {
        e = jt_saver_new(s->dir.path, s->start_number, s->writer, &s->saver);
    }
    return e == JT_OK ? JT_OK : say(why, why_n, e, "cannot read the audit log");
}

enum jt_err jt_state_open(struct jt_state *s, char *why, size_t why_n)
{
    s->mailbox.fd = -1;
    enum jt_err e = jt_crypt_new(&s->crypt);
    if (e == JT_OK) {
        e = jt_mailbox_init(&s->mailbox);
    }
    if (e != JT_OK) {
        return say(why, why_n, e, "start");
    }
    JT_TRY(open_master(s, why, why_n));
    jt_epochs_init(&s->epochs);
    s->epochs_ready = true;
    e = jt_directory_new(&s->epochs, &s->directory);
    if (e == JT_OK) {
        e = jt_profiles_new(&s->profiles);
    }
    if (e == JT_OK) {
        e = jt_reminders_new(&s->reminders);
    }
    if (e == JT_OK) {
        e = jt_usage_new(&s->usage);
    }
    if (e == JT_OK) {
        e = jt_replays_new(&s->replays);
    }
    if (e != JT_OK) {
        return say(why, why_n, e, "directory");
    }
    JT_TRY(open_store(s, why, why_n));
    e = begin_run(s);
    if (e != JT_OK) {
        return say(why, why_n, e, "cannot write the state");
    }
    return start_threads(s, why, why_n);
}

enum jt_err jt_state_apply(struct jt_state *s, const struct jt_event *e, jt_change_fn change,
                           void *ctx)
{
    struct jt_job job = {.event = *e, .change = change, .ctx = ctx};
    job.event.time_us = jt_wall_us(&jt_clock_system);
    job.event.count = 1;
    return jt_mailbox_wait(&s->mailbox, s->writer, &job);
}

/* The setting that asked for it goes in the same transaction: it is written once, and not lost. */
static enum jt_err clear_restored(struct jt_change *chg, void *ctx)
{
    const struct jt_setting none = {
        .o = {.kind = JT_OBJ_SETTING, .name = JT_LIT(JT_SETTING_RESTORED)}};
    (void)ctx;
    return jt_change_put_copy(chg, &none.o);
}

enum jt_err jt_state_restored_event(struct jt_state *s)
{
    char made[JT_RFC3339_SIZE];
    char detail[64];
    if (s->restored_s == 0) {
        return JT_OK;
    }
    jt_fmt_rfc3339(s->restored_s, made);
    (void)snprintf(detail, sizeof detail, "backup of %s", made);
    const struct jt_event e = {.type = JT_EV_SERVER_RESTORED, .detail = jt_str(detail)};
    JT_TRY(jt_state_apply(s, &e, clear_restored, NULL));
    s->restored_s = 0;
    return JT_OK;
}

/* The built-in resource follows the issuer, so it lives in the directory only. */
static enum jt_err add_builtin(struct jt_state *s, struct jt_slice issuer)
{
    static const struct jt_scope scopes[] = {
        {JT_LIT_INIT("jeton:introspect"), JT_LIT_INIT("introspect any token")},
        {JT_LIT_INIT("jeton:admin"), JT_LIT_INIT("administer the server from elsewhere")},
        {JT_LIT_INIT("jeton:read"), JT_LIT_INIT("see what there is, from elsewhere")},
        {JT_LIT_INIT("jeton:audit"), JT_LIT_INIT("read the audit log from elsewhere")}};
    const struct jt_resource r = {
        .o = {.name = issuer},
        .alg = s->config->token_alg,
        .lifetime_s = s->config->token_lifetime_s,
        .created_s = jt_wall_s(&jt_clock_system),
        .updated_s = jt_wall_s(&jt_clock_system),
        .version = 1,
        .builtin = true,
        .nscopes = sizeof scopes / sizeof scopes[0],
        .scopes = scopes,
    };
    return jt_state_show(s, (struct jt_object *)jt_resource_dup(&r));
}

static enum jt_err put_first_key(struct jt_change *chg, void *ctx)
{
    struct jt_signing_key **k = ctx;
    JT_TRY(jt_change_put(chg, &(*k)->o));
    *k = NULL;
    return JT_OK;
}

static enum jt_err add_first_key(struct jt_state *s)
{
    struct jt_signing_key *k = NULL;
    JT_TRY(jt_signing_key_make(s->crypt, &s->keyring, s->config->token_alg,
                               jt_wall_s(&jt_clock_system), &k));
    k->longest_s = s->config->token_max_lifetime_s;
    char kid[128];
    (void)snprintf(kid, sizeof kid, "%.*s", JT_FMT(k->o.name));
    const struct jt_event e = {.type = JT_EV_KEY_CREATED, .detail = jt_str(kid)};
    enum jt_err err = jt_state_apply(s, &e, put_first_key, &k);
    if (k != NULL) {
        jt_object_free(&k->o);
    }
    return err;
}

enum jt_err jt_state_complete(struct jt_state *s, struct jt_slice issuer, char *why, size_t why_n)
{
    if (jt_directory_resource(s->directory, issuer) != NULL) {
        (void)snprintf(why, why_n,
                       "a resource is named like the issuer %.*s: choose another server.issuer",
                       JT_FMT(issuer));
        return JT_E_CONFLICT;
    }
    enum jt_err e = add_builtin(s, issuer);
    if (e == JT_OK && s->nkeys == 0) {
        e = add_first_key(s);
    }
    return e == JT_OK ? JT_OK : say(why, why_n, e, "cannot make the first signing key");
}

void jt_state_close(struct jt_state *s)
{
    jt_reader_stop(&s->reader);
    jt_saver_free(&s->saver);
    if (s->writer != NULL) {
        jt_writer_stop(&s->writer);
    }
    if (s->store != NULL) {
        s->store->ops->close(&s->store);
    }
    if (s->directory != NULL) {
        jt_directory_free(&s->directory);
    }
    if (s->epochs_ready) {
        jt_epochs_free(&s->epochs);
    }
    jt_profiles_free(&s->profiles);
    jt_usage_free(&s->usage);
    jt_reminders_free(&s->reminders);
    jt_replays_free(&s->replays);
    jt_mailbox_close(&s->mailbox);
    jt_keyring_wipe(&s->keyring);
    explicit_bzero(s->master, sizeof s->master);
    explicit_bzero(s->next_master, sizeof s->next_master);
    jt_crypt_free(&s->crypt);
}

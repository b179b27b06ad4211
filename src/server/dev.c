/* SPDX-License-Identifier: Apache-2.0 */
#include "dev.h"

#include <stdio.h>
#include <unistd.h>

#include "../core/base/secret.h"
#include "../core/crypt/x509.h"
#include "../core/json/json.h"
#include "../core/json/jw.h"
#include "../core/token/client_secret.h"

#define FILE_MAX (64u << 10)
#define WEEK_S (7 * 86400)
#define DAYS 365
#define AUDIENCE JT_LIT("https://api.example.com")
#define CLIENT JT_LIT("demo")

static const struct jt_json_limits dev_json_limits = {FILE_MAX, 2, 64};

/* What the demo client has, and where things are. */
struct demo {
    struct jt_secret secret;
    struct jt_credential credential;
    char credential_id[JT_CREDENTIAL_ID_LEN + 1];
};

static bool lasts(const struct jt_datadir *d, const char *name)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    int64_t end = 0;
    return jt_datadir_read(d, name, FILE_MAX, &b) == JT_OK &&
           jt_x509_not_after(jt_buf_slice(&b), &end) == JT_OK &&
           end > jt_wall_s(&jt_clock_system) + WEEK_S;
}

enum jt_err jt_dev_certificates(const struct jt_datadir *d, char ca[static PATH_MAX],
                                char leaf[static PATH_MAX])
{
    JT_AUTO(jt_buf_free) struct jt_buf ca_pem;
    JT_AUTO(jt_buf_free) struct jt_buf leaf_pem;
    jt_buf_init(&ca_pem, FILE_MAX);
    jt_buf_init(&leaf_pem, FILE_MAX);
    if (!jt_datadir_file(d, "dev-ca.pem", ca) || !jt_datadir_file(d, "dev-tls.pem", leaf)) {
        return JT_E_LIMIT;
    }
    if (lasts(d, "dev-ca.pem") && lasts(d, "dev-tls.pem")) {
        return JT_OK;
    }
    JT_TRY(jt_x509_make_dev(jt_wall_s(&jt_clock_system), DAYS, &ca_pem, &leaf_pem));
    JT_TRY(jt_datadir_write(d, "dev-tls.pem", jt_buf_slice(&leaf_pem)));
    return jt_datadir_write(d, "dev-ca.pem", jt_buf_slice(&ca_pem));
}

static enum jt_err put_resource(struct jt_change *chg, void *ctx)
{
    const struct jt_state *s = ctx;
    static const struct jt_scope scopes[] = {
        {JT_LIT_INIT("api:read"), JT_LIT_INIT("read the example API")},
        {JT_LIT_INIT("api:write"), JT_LIT_INIT("write to the example API")}};
    const struct jt_resource r = {
        .o = {.kind = JT_OBJ_RESOURCE, .name = AUDIENCE},
        .alg = s->config->token_alg,
        .lifetime_s = s->config->token_lifetime_s,
        .created_s = jt_change_now_s(chg),
        .updated_s = jt_change_now_s(chg),
        .version = 1,
        .nscopes = 2,
        .scopes = scopes,
    };
    return jt_change_put_copy(chg, &r.o);
}

static enum jt_err put_client(struct jt_change *chg, void *ctx)
{
    struct demo *demo = ctx;
    const struct jt_slice scopes[] = {JT_LIT("api:read"), JT_LIT("api:write")};
    const struct jt_client_grant grant = {AUDIENCE, 2, scopes};
    const struct jt_client *old =
        (const struct jt_client *)jt_change_find(chg, JT_OBJ_CLIENT, CLIENT);
    JT_TRY(jt_change_next_credential(chg, &demo->credential.number));
    demo->credential.created_s = jt_change_now_s(chg);
    struct jt_client c = {
        .o = {.kind = JT_OBJ_CLIENT, .name = CLIENT},
        .display = JT_LIT("demo"),
        .owner = JT_LIT("jeton dev"),
        .enabled = true,
        .created_s = jt_change_now_s(chg),
        .updated_s = jt_change_now_s(chg),
        .version = old == NULL ? 1 : old->version + 1,
        .ncredentials = 1,
        .credentials = &demo->credential,
        .ngrants = 1,
        .grants = &grant,
    };
    return jt_change_put_copy(chg, &c.o);
}

/* The secret of an earlier start, if dev.json and the directory still agree. */
static bool remember(struct jt_state *s, struct demo *demo)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    struct jt_json *doc = NULL;
    struct jt_slice secret = {0};
    struct jt_slice id = {0};
    bool known = false;
    if (jt_datadir_read(&s->dir, "dev.json", FILE_MAX, &b) != JT_OK ||
        jt_json_parse(jt_buf_slice(&b), &dev_json_limits, &doc) != JT_OK) {
        return false;
    }
    const struct jt_client *c = jt_directory_client(s->directory, CLIENT);
    if (jt_jval_str(jt_jobj_get(jt_json_root(doc), "client_secret"), &secret) &&
        jt_client_secret_form(secret, &id) == JT_SECRET_OURS) {
        known = jt_client_credential(c, id) != NULL;
    }
    known = known && jt_secret_set(&demo->secret, secret) == JT_OK;
    jt_json_free(&doc);
    return known;
}

static enum jt_err make_secret(struct jt_state *s, struct demo *demo)
{
    const struct jt_keyring_key *key = jt_keyring_newest(&s->keyring, JT_DATA_KEY_SECRETS);
    JT_TRY(jt_credential_id_make(demo->credential_id));
    demo->credential = (struct jt_credential){
        .id = jt_slice(demo->credential_id, JT_CREDENTIAL_ID_LEN),
        .kind = JT_CRED_SECRET,
        .state = JT_CRED_ACTIVE,
        .hash_key = key->id,
    };
    JT_TRY(jt_client_secret_make(demo->credential.id, &demo->secret));
    return jt_hmac_sha256(s->crypt, key->key, jt_secret_slice(&demo->secret),
                          demo->credential.hash);
}

static enum jt_err provide(struct jt_state *s, struct demo *demo)
{
    if (jt_directory_resource(s->directory, AUDIENCE) == NULL) {
        const struct jt_event e = {
            .type = JT_EV_RESOURCE_CREATED, .resource = AUDIENCE, .detail = JT_LIT("jeton dev")};
        JT_TRY(jt_state_apply(s, &e, put_resource, s));
    }
    if (remember(s, demo)) {
        return JT_OK;
    }
    JT_TRY(make_secret(s, demo));
    const struct jt_event e = {.type = JT_EV_CLIENT_CREATED,
                               .client_id = CLIENT,
                               .credential_id = demo->credential.id,
                               .detail = JT_LIT("jeton dev")};
    return jt_state_apply(s, &e, put_client, demo);
}

static void member(struct jt_jw *w, const char *name, struct jt_slice issuer, const char *path)
{
    char url[600];
    (void)snprintf(url, sizeof url, "%.*s%s", JT_FMT(issuer), path);
    jt_jw_kstr(w, name, jt_str(url));
}

static void write_object(struct jt_buf *b, const struct jt_state *s, const struct jt_app *app,
                         const struct demo *demo, const char *ca_file)
{
    char socket[PATH_MAX] = "";
    (void)jt_datadir_file(&s->dir, "admin.sock", socket);
    struct jt_jw w = jt_jw(b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "issuer", app->issuer);
    member(&w, "token_endpoint", app->issuer, "/token");
    member(&w, "introspection_endpoint", app->issuer, "/introspect");
    member(&w, "revocation_endpoint", app->issuer, "/revoke");
    member(&w, "jwks_uri", app->issuer, "/.well-known/jwks.json");
    jt_jw_kstr(&w, "client_id", CLIENT);
    jt_jw_kstr(&w, "client_secret", jt_secret_slice(&demo->secret));
    jt_jw_kstr(&w, "ca_file", jt_str(ca_file));
    jt_jw_kstr(&w, "admin_socket", jt_str(socket));
    jt_jw_kstr(&w, "data", jt_str(s->dir.path));
    jt_jw_end_obj(&w);
    jt_buf_putc(b, '\n');
}

static void print_banner(const struct jt_state *s, const struct jt_app *app,
                         const struct demo *demo, const char *ca)
{
    (void)printf("issuer    %.*s\n"
                 "CA file   %s\n"
                 "data      %s\n"
                 "resource  https://api.example.com   scopes  api:read api:write\n"
                 "client    demo\n"
                 "secret    %.*s\n\n",
                 JT_FMT(app->issuer), ca, s->dir.path, (int)demo->secret.n,
                 (const char *)demo->secret.p);
    char exe[PATH_MAX] = ""; /* its directory: this very program, on the PATH or not */
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    char *end = n > 0 ? strrchr(exe, '/') : NULL;
    *(end != NULL ? end : exe) = '\0';
    (void)printf("Paste into a second terminal:\n\n"
                 "  export ISSUER=%.*s CA='%s' ID=demo\n"
                 "  export SECRET=%.*s\n"
                 "  export JETON_ISSUER=$ISSUER JETON_CA_FILE=\"$CA\"\n"
                 "  export JETON_CLIENT_ID=$ID JETON_CLIENT_SECRET=$SECRET\n"
                 "  export PATH='%s':$PATH JETON_DATA='%s'\n\n"
                 "  curl --cacert \"$CA\" -u $ID:$SECRET \\\n"
                 "    -d grant_type=client_credentials $ISSUER/token\n"
                 "  jeton token | jeton introspect --bearer\n"
                 "  jeton client list\n"
                 "  jeton audit tail\n\n"
                 "Stop with Ctrl-C.\n",
                 JT_FMT(app->issuer), ca, (int)demo->secret.n, (const char *)demo->secret.p, exe,
                 s->dir.path);
}

enum jt_err jt_dev_provision(struct jt_state *s, const struct jt_app *app,
                             const struct jt_boot_dev *dev, const char *ca_file)
{
    JT_AUTO(jt_buf_free) struct jt_buf b;
    struct demo demo = {0};
    jt_buf_init(&b, FILE_MAX);
    enum jt_err e = provide(s, &demo);
    if (e == JT_OK) {
        write_object(&b, s, app, &demo, ca_file);
        e = jt_buf_ok(&b) ? jt_datadir_write(&s->dir, "dev.json", jt_buf_slice(&b)) : JT_E_NOMEM;
    }
    if (e == JT_OK && dev->json) {
        (void)fwrite(b.p, 1, b.n, stdout);
    } else if (e == JT_OK) {
        print_banner(s, app, &demo, ca_file);
    }
    (void)fflush(stdout);
    jt_secret_wipe(&demo.secret);
    return e;
}

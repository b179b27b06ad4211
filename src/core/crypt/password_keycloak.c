/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password_keycloak.c - a credential as Keycloak exports it: an object with credentialData and
 * secretData, each an object or the text of one.
 *
 * credentialData: {"hashIterations":27500,"algorithm":"pbkdf2-sha256","additionalParameters":{…}}
 * secretData:     {"value":BASE64,"salt":BASE64,…}
 * For algorithm argon2 the additional parameters are type, version, memory and parallelism, each a
 * list of one text. "pbkdf2" alone is with SHA-1.
 */
#include "../json/json.h"
#include "password_internal.h"

static const struct jt_json_limits limits = {JT_PASSWORD_TEXT_MAX, 5, 64};

struct half {
    struct jt_json *doc; /* NULL: it stood in the outer object */
    const struct jt_jval *root;
};

static void close_half(struct half *h)
{
    jt_json_free(&h->doc);
}

static bool open_half(const struct jt_jval *outer, const char *name, struct half *out)
{
    struct jt_slice text = {0};
    out->root = jt_jobj_get(outer, name);
    if (jt_jval_str(out->root, &text)) {
        if (jt_json_parse(text, &limits, &out->doc) != JT_OK) {
            return false;
        }
        out->root = jt_json_root(out->doc);
    }
    return out->root != NULL && jt_jval_type(out->root) == JT_JOBJECT;
}

/* The only text of the list that is this parameter; empty: it is not so. */
static struct jt_slice parameter(const struct jt_jval *data, const char *name)
{
    struct jt_slice s = {0};
    const struct jt_jval *list = jt_jobj_get(jt_jobj_get(data, "additionalParameters"), name);
    (void)jt_jval_str(jt_jarr_at(list, 0), &s);
    return jt_jval_count(list) == 1 ? s : jt_slice(NULL, 0);
}

static enum jt_err put_argon2(const struct jt_jval *data, int64_t iterations, struct jt_buf *out,
                              const char **why)
{
    struct jt_slice memory = parameter(data, "memory");
    struct jt_slice lanes = parameter(data, "parallelism");
    if (!jt_slice_eq(parameter(data, "type"), JT_LIT("id")) ||
        !jt_slice_eq(parameter(data, "version"), JT_LIT("1.3"))) {
        *why = "of Keycloak's argon2 only type id and version 1.3 are taken";
        return JT_E_RANGE;
    }
    jt_buf_printf(out, "$argon2id$v=19$m=%.*s,t=%lld,p=%.*s", JT_FMT(memory), (long long)iterations,
                  JT_FMT(lanes));
    return JT_OK;
}

static enum jt_err put_algorithm(const struct jt_jval *data, struct jt_buf *out, const char **why)
{
    struct jt_slice name = {0};
    int64_t iterations = 0;
    if (!jt_jval_str(jt_jobj_get(data, "algorithm"), &name) ||
        !jt_jval_int(jt_jobj_get(data, "hashIterations"), &iterations)) {
        *why = "its credentialData has no algorithm or no hashIterations";
        return JT_E_SYNTAX;
    }
    if (jt_slice_eq(name, JT_LIT("argon2"))) {
        return put_argon2(data, iterations, out, why);
    }
    if (jt_slice_eq(name, JT_LIT("pbkdf2"))) {
        name = JT_LIT("pbkdf2-sha1");
    }
    if (!jt_slice_starts(name, JT_LIT("pbkdf2-sha"))) {
        *why = "of Keycloak's algorithms pbkdf2, pbkdf2-sha256, pbkdf2-sha512 and argon2 are taken";
        return JT_E_RANGE;
    }
    jt_buf_printf(out, "$%.*s$i=%lld", JT_FMT(name), (long long)iterations);
    return JT_OK;
}

static enum jt_err put_secret(const struct jt_jval *secret, struct jt_buf *out, const char **why)
{
    struct jt_slice salt = {0};
    struct jt_slice value = {0};
    if (!jt_jval_str(jt_jobj_get(secret, "salt"), &salt) ||
        !jt_jval_str(jt_jobj_get(secret, "value"), &value)) {
        *why = "its secretData has no salt or no value";
        return JT_E_SYNTAX;
    }
    jt_buf_putc(out, '$');
    jt_buf_put(out, salt);
    jt_buf_putc(out, '$');
    jt_buf_put(out, value);
    return JT_OK;
}

static void close_doc(struct jt_json **doc)
{
    jt_json_free(doc);
}

enum jt_err jt_password_keycloak(struct jt_slice json, struct jt_buf *out, const char **why)
{
    JT_AUTO(close_doc) struct jt_json *doc = NULL;
    JT_AUTO(close_half) struct half data = {0};
    JT_AUTO(close_half) struct half secret = {0};
    *why = "it is not JSON";
    JT_TRY(jt_json_parse(json, &limits, &doc));
    if (!open_half(jt_json_root(doc), "credentialData", &data) ||
        !open_half(jt_json_root(doc), "secretData", &secret)) {
        *why = "as JSON it is an object with Keycloak's credentialData and secretData";
        return JT_E_SYNTAX;
    }
    JT_TRY(put_algorithm(data.root, out, why));
    JT_TRY(put_secret(secret.root, out, why));
    return jt_buf_ok(out) ? JT_OK : JT_E_LIMIT;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../core/crypt/certs.h"
#include "../../core/http/cidr.h"
#include "../../core/http/uri.h"
#include "config.h"
#include "option.h"

#define CA_FILE_MAX ((size_t)8 * 1024 * 1024)
#define CAS_MAX 4096u

static enum jt_err check_issuer(const struct jt_config *c, struct jt_config_error *err)
{
    const char *why = "is not an issuer URL";
    if (c->issuer.n > 0 && jt_issuer_check(c->issuer, &why) != JT_OK) {
        struct jt_slice v = jt_shown(c->issuer);
        return jt_config_fail(err, JT_E_SYNTAX, c->origin[JT_OPT_server_issuer].where,
                              "server.issuer: \"%.*s\": %s", JT_FMT(v), why);
    }
    if (c->issuer.n == 0 && c->nlisten > 0 &&
        (jt_slice_starts(c->listen[0], JT_LIT("0.0.0.0:")) ||
         jt_slice_starts(c->listen[0], JT_LIT("[::]:")))) {
        struct jt_slice v = jt_shown(c->listen[0]);
        return jt_config_fail(err, JT_E_RANGE, c->origin[JT_OPT_server_listen].where,
                              "server.issuer is needed: clients cannot use the address \"%.*s\"",
                              JT_FMT(v));
    }
    return JT_OK;
}

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* Opens as the server will, so that what is said here is what happens there. */
static enum jt_err check_file(const struct jt_config *c, enum jt_option_index key,
                              struct jt_slice name, struct jt_config_error *err)
{
    const struct jt_option *o = &jt_options[key];
    const char *where = c->origin[key].where;
    bool is_private = key == JT_OPT_server_tls_key || key == JT_OPT_admin_tls_key;
    char path[4096] = "";
    if (name.n >= sizeof path) {
        return jt_config_fail(err, JT_E_LIMIT, where, "%s: the file name is too long", o->name);
    }
    memcpy(path, name.p, name.n);
    path[name.n] = '\0';
    JT_AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st = {0};
    if (fd < 0 || fstat(fd, &st) != 0) {
        return jt_config_fail(err, JT_E_IO, where, "%s: cannot read \"%s\": %s", o->name, path,
                              strerrordesc_np(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return jt_config_fail(err, JT_E_IO, where, "%s: \"%s\" is not a file", o->name, path);
    }
    if (is_private && (st.st_mode & 077) != 0) {
        return jt_config_fail(
            err, JT_E_PERM, where,
            "%s: \"%s\" has mode %04o, so others than its owner can use it (chmod 600 %s)", o->name,
            path, st.st_mode & 07777, path);
    }
    return JT_OK;
}

/* A certificate and its key: both or none, and files that the server can use. */
static enum jt_err check_pair(const struct jt_config *c, enum jt_option_index cert,
                              enum jt_option_index key, struct jt_config_error *err)
{
    const struct jt_slice *files[2];
    const enum jt_option_index keys[2] = {cert, key};
    for (size_t i = 0; i < 2; i++) {
        files[i] =
            (const struct jt_slice *)(const void *)((const char *)c + jt_options[keys[i]].offset);
    }
    if (files[0]->n == 0 && files[1]->n == 0) {
        return JT_OK;
    }
    for (size_t i = 0; i < 2; i++) {
        if (files[i]->n == 0) {
            return jt_config_fail(err, JT_E_RANGE, c->origin[keys[1 - i]].where,
                                  "%s needs %s beside it", jt_options[keys[1 - i]].name,
                                  jt_options[keys[i]].name);
        }
    }
    JT_TRY(check_file(c, cert, *files[0], err));
    return check_file(c, key, *files[1], err);
}

static enum jt_err check_tls(const struct jt_config *c, struct jt_config_error *err)
{
    JT_TRY(check_pair(c, JT_OPT_server_tls_cert, JT_OPT_server_tls_key, err));
    return check_pair(c, JT_OPT_admin_tls_cert, JT_OPT_admin_tls_key, err);
}

/* One port for both would be the administration for everybody, or no start. */
static bool is_public_too(const struct jt_config *c, struct jt_slice admin)
{
    struct jt_slice host = {0};
    struct jt_addr a = {0};
    uint16_t port = 0;
    if (jt_hostport_read(admin, &host, &port) != JT_OK || jt_addr_read(host, &a) != JT_OK ||
        port == 0) {
        return false;
    }
    for (size_t i = 0; i < c->nlisten; i++) {
        struct jt_addr b = {0};
        uint16_t other = 0;
        if (jt_hostport_read(c->listen[i], &host, &other) == JT_OK &&
            jt_addr_read(host, &b) == JT_OK && other == port && memcmp(&a, &b, sizeof a) == 0) {
            return true;
        }
    }
    return false;
}

/* The administration from elsewhere is TLS or it is not there. */
static enum jt_err check_admin(const struct jt_config *c, struct jt_config_error *err)
{
    if (c->admin_client_ca.n > 0) {
        JT_TRY(check_file(c, JT_OPT_admin_client_ca, c->admin_client_ca, err));
    }
    for (size_t i = 0; i < c->nadmin_listen; i++) {
        if (is_public_too(c, c->admin_listen[i])) {
            return jt_config_fail(err, JT_E_CONFLICT, c->origin[JT_OPT_admin_listen].where,
                                  "admin.listen: %.*s is an address of server.listen too: give the "
                                  "administration a port of its own",
                                  JT_FMT(jt_shown(c->admin_listen[i])));
        }
    }
    if (c->nadmin_listen == 0 || jt_config_admin_cert(c).n > 0) {
        return JT_OK;
    }
    return jt_config_fail(err, JT_E_PERM, c->origin[JT_OPT_admin_listen].where,
                          "admin.listen speaks TLS only: give admin.tls_cert and admin.tls_key, or "
                          "server.tls_cert and server.tls_key");
}

static enum jt_err check_listeners(const struct jt_config *c, struct jt_config_error *err)
{
    const char *where = c->origin[JT_OPT_server_listen].where;
    if (c->nlisten == 0) {
        return jt_config_fail(err, JT_E_RANGE, where, "server.listen has no address");
    }
    for (size_t i = 0; i < c->nlisten; i++) {
        struct jt_slice host = {0};
        struct jt_addr addr = {0};
        uint16_t port = 0;
        struct jt_slice v = jt_shown(c->listen[i]);
        if (jt_hostport_read(c->listen[i], &host, &port) != JT_OK ||
            jt_addr_read(host, &addr) != JT_OK) {
            return jt_config_fail(err, JT_E_SYNTAX, where,
                                  "server.listen: \"%.*s\" is not an address with a port",
                                  JT_FMT(v));
        }
        if (c->tls_cert.n == 0 && c->ntrusted == 0 && !jt_host_is_loopback(host)) {
            return jt_config_fail(err, JT_E_PERM, where,
                                  "server.listen: \"%.*s\" would be plain HTTP in the open: give "
                                  "server.tls_cert and server.tls_key, or listen on loopback only, "
                                  "or name the proxies that may use it in server.trusted_proxies",
                                  JT_FMT(v));
        }
    }
    return JT_OK;
}

/* A header that nobody may send would be a setting without effect. */
static enum jt_err check_header(const struct jt_config *c, struct jt_config_error *err)
{
    if (c->client_cert_header == JT_CERT_HEADER_NONE || c->ntrusted > 0) {
        return JT_OK;
    }
    return jt_config_fail(err, JT_E_RANGE, c->origin[JT_OPT_server_client_cert_header].where,
                          "server.client_cert_header: no proxy may send it: name the proxies in "
                          "server.trusted_proxies");
}

static enum jt_err check_token(const struct jt_config *c, struct jt_config_error *err)
{
    if (c->token_lifetime_s <= c->token_max_lifetime_s) {
        return JT_OK;
    }
    /* Blame the one that somebody wrote. */
    bool is_max = c->origin[JT_OPT_token_lifetime].from < c->origin[JT_OPT_token_max_lifetime].from;
    return jt_config_fail(
        err, JT_E_RANGE,
        c->origin[is_max ? JT_OPT_token_max_lifetime : JT_OPT_token_lifetime].where,
        "token.lifetime (%llds) is longer than token.max_lifetime (%llds)",
        (long long)c->token_lifetime_s, (long long)c->token_max_lifetime_s);
}

/* Everybody would be believed about X-Forwarded-For, let in over plain HTTP, and not counted. */
static enum jt_err check_proxies(const struct jt_config *c, struct jt_config_error *err)
{
    for (size_t i = 0; i < c->ntrusted; i++) {
        char text[JT_NET_TEXT];
        jt_net_text(&c->trusted[i], text);
        if (strcmp(text, "0.0.0.0/0") == 0 || strcmp(text, "::/0") == 0) {
            return jt_config_fail(err, JT_E_RANGE, c->origin[JT_OPT_server_trusted_proxies].where,
                                  "server.trusted_proxies: %s is everybody: name the addresses or "
                                  "the network of the proxies",
                                  text);
        }
    }
    return JT_OK;
}

static enum jt_err check_keys(const struct jt_config *c, struct jt_config_error *err)
{
    const char *where =
        c->origin[JT_OPT_keys_publish_wait].from >= c->origin[JT_OPT_keys_jwks_max_age].from
            ? c->origin[JT_OPT_keys_publish_wait].where
            : c->origin[JT_OPT_keys_jwks_max_age].where;
    if (c->publish_wait_s < 2 * c->jwks_max_age_s) {
        return jt_config_fail(err, JT_E_RANGE, where,
                              "keys.publish_wait (%llds) is shorter than twice keys.jwks_max_age "
                              "(%llds): others would meet tokens of a key they do not know yet",
                              (long long)c->publish_wait_s, (long long)c->jwks_max_age_s);
    }
    if (c->rotate_every_s > 0 && c->rotate_every_s <= c->publish_wait_s) {
        return jt_config_fail(err, JT_E_RANGE, c->origin[JT_OPT_keys_rotate_every].where,
                              "keys.rotate_every (%llds) is not longer than keys.publish_wait "
                              "(%llds)",
                              (long long)c->rotate_every_s, (long long)c->publish_wait_s);
    }
    return JT_OK;
}

static enum jt_err check_audit(const struct jt_config *c, struct jt_config_error *err)
{
    const uint64_t least = UINT64_C(1048576);
    if (c->audit_max_bytes > 0 && c->audit_max_bytes < least) {
        return jt_config_fail(err, JT_E_RANGE, c->origin[JT_OPT_audit_max_size].where,
                              "audit.max_size is below 1MiB, too little to keep anything "
                              "(0 is no limit)");
    }
    return JT_OK;
}

/* Other things than certificates are passed over, as when they are used. */
static enum jt_err check_trust_ca(const struct jt_config *c, struct jt_config_error *err)
{
    JT_AUTO(jt_buf_free) struct jt_buf pem;
    JT_AUTO(jt_buf_free) struct jt_buf der;
    const char *why = "";
    size_t n = 0;
    jt_buf_init(&pem, CA_FILE_MAX);
    jt_buf_init(&der, CA_FILE_MAX);
    JT_TRY(check_file(c, JT_OPT_trust_ca_file, c->trust_ca_file, err));
    FILE *f = fopen((const char *)c->trust_ca_file.p, "re"); /* a NUL is behind it */
    uint8_t piece[4096];
    for (size_t k = 1; f != NULL && k > 0 && jt_buf_ok(&pem);) {
        k = fread(piece, 1, sizeof piece, f);
        jt_buf_put(&pem, jt_slice(piece, k));
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    enum jt_err e = jt_certs_from_pem(jt_buf_slice(&pem), CAS_MAX, &der, &n, &why);
    return e != JT_E_SYNTAX || n > 0
               ? JT_OK
               : jt_config_fail(err, JT_E_RANGE, c->origin[JT_OPT_trust_ca_file].where,
                                "trust.ca_file: cannot use \"%.*s\": %s",
                                JT_FMT(jt_shown(c->trust_ca_file)), why);
}

/* A trust rule must not reach this machine because somebody wanted the whole Internet, which needs
 * no permission. */
static enum jt_err check_trust(const struct jt_config *c, struct jt_config_error *err)
{
    for (size_t i = 0; i < c->nallowed; i++) {
        char text[JT_NET_TEXT];
        jt_net_text(&c->allowed[i], text);
        if (strcmp(text, "0.0.0.0/0") == 0 || strcmp(text, "::/0") == 0) {
            return jt_config_fail(err, JT_E_RANGE, c->origin[JT_OPT_trust_allow_networks].where,
                                  "trust.allow_networks: %s is everything, this machine's own "
                                  "services too: public addresses are allowed anyhow, name the "
                                  "networks that are not",
                                  text);
        }
    }
    return c->trust_ca_file.n == 0 ? JT_OK : check_trust_ca(c, err);
}

enum jt_err jt_config_check(const struct jt_config *c, struct jt_config_error *err)
{
    *err = (struct jt_config_error){0};
    JT_TRY(check_tls(c, err));
    JT_TRY(check_listeners(c, err));
    JT_TRY(check_admin(c, err));
    JT_TRY(check_issuer(c, err));
    JT_TRY(check_proxies(c, err));
    JT_TRY(check_header(c, err));
    JT_TRY(check_token(c, err));
    JT_TRY(check_keys(c, err));
    JT_TRY(check_audit(c, err));
    JT_TRY(check_trust(c, err));
    if (c->data.n == 0) {
        return jt_config_fail(err, JT_E_RANGE, c->origin[JT_OPT_server_data].where,
                              "server.data must name a directory");
    }
    return JT_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h - what the operator decided: flag over environment over file over default.
 *
 * One row of option.def per key makes the YAML reader, the environment variable
 * (JETON_SERVER_ISSUER), the check and the documentation. Unknown keys are errors.
 * Owns:    its text.
 * Threads: made before the server starts; immutable afterwards.
 */
#ifndef JT_CONFIG_CONFIG_H
#define JT_CONFIG_CONFIG_H

#include "../../core/base/arena.h"
#include "../../core/base/buf.h"
#include "../../core/base/err.h"
#include "../../core/crypt/pkey.h"
#include "../../core/http/cidr.h"
#include "../../core/http/client_cert.h"

#define JT_LISTEN_MAX 16
#define JT_PROXIES_MAX 32
#define JT_CONFIG_KEYS_MAX 48 /* room for the rows of option.def */

/* Where a value came from, in rising order of precedence. */
enum jt_config_from { JT_FROM_DEFAULT = 0, JT_FROM_FILE, JT_FROM_ENV, JT_FROM_FLAG };

struct jt_config {
    struct jt_arena arena;
    /* For each row of option.def; where is "" or "jeton.yaml:14:5" as in jt_config_error. */
    struct {
        enum jt_config_from from;
        const char *where;
    } origin[JT_CONFIG_KEYS_MAX];
    /* server */
    struct jt_slice issuer; /* empty: from the first listening address */
    size_t nlisten;
    struct jt_slice listen[JT_LISTEN_MAX]; /* "127.0.0.1:8443", "[::1]:8443" */
    struct jt_slice tls_cert, tls_key;     /* files; both empty: plain HTTP, on loopback only */
    struct jt_slice data;                  /* directory */
    int64_t workers;             /* 0: one for each CPU of the affinity mask, at most 64 */
    bool profile_cidaas;         /* server.profile: standard | cidaas */
    struct jt_slice environment; /* label shown at start */
    size_t ntrusted;
    struct jt_net trusted[JT_PROXIES_MAX]; /* server.trusted_proxies */
    enum jt_cert_header client_cert_header;
    int64_t max_connections, max_connections_per_address;
    /* token */
    int64_t token_lifetime_s, token_max_lifetime_s; /* 3600, 86400 */
    enum jt_alg token_alg;                          /* for new resources: RS256 */
    /* keys */
    int64_t jwks_max_age_s;                 /* 300 */
    int64_t publish_wait_s, rotate_every_s; /* 3600, 0: never */
    struct jt_slice metrics_listen;         /* empty: no listener */
    /* trust: fetching the keys of other issuers */
    struct jt_slice trust_ca_file; /* CAs besides the system's; empty: none */
    size_t nallowed;
    struct jt_net allowed[JT_PROXIES_MAX]; /* trust.allow_networks */
    /* audit */
    bool audit_degrade;     /* audit.on_failure: block | degrade */
    int64_t audit_retain_s; /* 0: for ever */
    uint64_t audit_max_bytes;
    bool audit_introspection_each;
    /* admin */
    size_t nadmin_listen; /* 0: on the Unix socket only */
    struct jt_slice admin_listen[JT_LISTEN_MAX];
    struct jt_slice admin_tls_cert, admin_tls_key; /* empty: those of server */
    struct jt_slice admin_client_ca;               /* empty: no client certificates */
    /* log */
    int log_level; /* 3 error, 4 warning, 6 info, 7 debug */
    bool log_json; /* log.format: json | text; auto: text on a terminal */
};

/* The files that admin.listen speaks TLS with; empty: there are none. */
static inline struct jt_slice jt_config_admin_cert(const struct jt_config *c)
{
    return c->admin_tls_cert.n > 0 ? c->admin_tls_cert : c->tls_cert;
}
static inline struct jt_slice jt_config_admin_key(const struct jt_config *c)
{
    return c->admin_tls_cert.n > 0 ? c->admin_tls_key : c->tls_key;
}

/* One finding, in the shape jeton: FILE:LINE:COLUMN: TEXT (advice) */
struct jt_config_error {
    char where[600]; /* "jeton.yaml:14:5", "JETON_SERVER_LISTEN", "--listen"; may be empty */
    char text[600];  /* unknown key "acess_ttl" (did you mean "access_ttl"?) */
};

/* All defaults. */
void jt_config_init(struct jt_config *c);
void jt_config_free(struct jt_config *c);
/* Reads the file (NULL: none) and the environment into c (call after init, before flags).
 * JT_E_SYNTAX, JT_E_RANGE, JT_E_IO, … with *err. */
JT_MUST enum jt_err jt_config_load(struct jt_config *c, const char *file,
                                   struct jt_config_error *err);
/* Sets one key from a flag: name is "server.listen" (the first call replaces what file and
 * environment listed, later ones add), where is "--listen". */
JT_MUST enum jt_err jt_config_set(struct jt_config *c, const char *name, struct jt_slice value,
                                  const char *where, struct jt_config_error *err);
/* What only makes sense together: issuer form, TLS files in pairs and their modes, plain HTTP on
 * loopback only, lifetimes. */
JT_MUST enum jt_err jt_config_check(const struct jt_config *c, struct jt_config_error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/config/config.h"
#include "server/config/env.h"
#include "server/config/option.h"
#include "server/config/value.h"

static char dir[] = "/tmp/jeton-test-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[200];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    FILE *f = fopen(path_of(name), "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path_of(name), mode), 0);
}

static void defaults(void **state)
{
    (void)state;
    struct jt_config_error err = {0};
    struct jt_config c;
    jt_config_init(&c);
    assert_int_equal(c.issuer.n, 0);
    assert_int_equal(c.nlisten, 1);
    assert_true(jt_slice_eq(c.listen[0], JT_LIT("127.0.0.1:8443")));
    assert_true(jt_slice_eq(c.data, JT_LIT("/var/lib/jeton")));
    assert_int_equal(c.workers, 0);
    assert_false(c.profile_cidaas);
    assert_int_equal(c.max_connections_per_address, 128);
    assert_int_equal(c.token_lifetime_s, 3600);
    assert_int_equal(c.token_max_lifetime_s, 86400);
    assert_int_equal(c.token_alg, JT_ALG_RS256);
    assert_int_equal(c.jwks_max_age_s, 300);
    assert_false(c.audit_degrade);
    assert_false(c.audit_introspection_each);
    assert_int_equal(c.log_level, 6);
    assert_int_equal(jt_config_check(&c, &err), JT_OK);
    jt_config_free(&c);
    jt_config_free(&c);
}

static void every_key_has_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        const struct jt_option *o = &jt_options[i];
        char env[JT_OPTION_ENV_SIZE];
        jt_option_env(o, env);
        assert_memory_equal(env, "JETON_", 6);
        assert_true(strlen(o->doc) > 20);
        assert_ptr_equal(jt_option_find(o->name), o);
        assert_true(jt_option_section(o->section));
    }
    assert_null(jt_option_find("server.nothing"));
    assert_false(jt_option_section("nothing"));
}

static void sizes(void **state)
{
    (void)state;
    uint64_t v = 7;
    assert_int_equal(jt_parse_size(JT_LIT("0"), 100, &v), JT_OK);
    assert_int_equal(v, 0);
    assert_int_equal(jt_parse_size(JT_LIT("512MiB"), UINT64_MAX, &v), JT_OK);
    assert_int_equal(v, 536870912);
    assert_int_equal(jt_parse_size(JT_LIT("3KiB"), 3072, &v), JT_OK);
    assert_int_equal(v, 3072);
    assert_int_equal(jt_parse_size(JT_LIT("3KiB"), 3071, &v), JT_E_RANGE);
    assert_int_equal(jt_parse_size(JT_LIT("18446744073709551615TiB"), UINT64_MAX, &v), JT_E_RANGE);
    static const char *const wrong[] = {"",       "KiB", "1 KiB", "1kib",   "1KB",
                                        "1.5GiB", "-1",  "01",    "1KiBMiB"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(jt_parse_size(jt_str(wrong[i]), UINT64_MAX, &v), JT_E_SYNTAX);
    }
    assert_int_equal(v, 3072);
}

/* Two lists of addresses do not get into each other's way. */
static void lists_of_addresses(void **state)
{
    (void)state;
    struct jt_config_error err = {0};
    struct jt_config c;
    struct jt_config d;
    jt_config_init(&c);
    jt_config_init(&d);
    assert_int_equal(c.nadmin_listen, 0);
    assert_int_equal(c.nlisten, 1);
    (void)setenv("JETON_ADMIN_LISTEN", "127.0.0.1:3, [::1]:4", 1);
    assert_int_equal(jt_config_load(&c, NULL, &err), JT_OK);
    (void)unsetenv("JETON_ADMIN_LISTEN");
    assert_int_equal(c.nadmin_listen, 2);
    assert_true(jt_slice_eq(c.admin_listen[1], JT_LIT("[::1]:4")));
    assert_int_equal(c.nlisten, 1);
    const struct jt_option *admin = jt_option_find("admin.listen");
    const struct jt_option *server = jt_option_find("server.listen");
    assert_false(jt_option_same(admin, &c, &d));
    assert_true(jt_option_same(server, &c, &d));
    assert_int_equal(jt_config_set(&c, "admin.listen", JT_LIT("127.0.0.1:3"), "-", &err), JT_OK);
    assert_int_equal(c.nadmin_listen, 1); /* a flag replaces what the environment listed */
    assert_int_equal(jt_config_set(&c, "admin.listen", JT_LIT("127.0.0.1:3"), "-", &err),
                     JT_E_CONFLICT);
    for (int i = 1; i < JT_LISTEN_MAX; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "127.0.0.1:%d", 100 + i);
        assert_int_equal(jt_config_set(&c, "admin.listen", jt_str(text), "-", &err), JT_OK);
    }
    assert_int_equal(jt_config_set(&c, "admin.listen", JT_LIT("127.0.0.1:9"), "-", &err),
                     JT_E_LIMIT);
    assert_int_equal(c.nadmin_listen, JT_LISTEN_MAX);
    jt_config_free(&c);
    jt_config_free(&d);
}

static void precedence(void **state)
{
    (void)state;
    write_file("a.yaml",
               "server:\n  workers: 2\n  listen: [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n"
               "  data: /from/file\n",
               0644);
    struct jt_config_error err = {0};
    struct jt_config c;
    jt_config_init(&c);
    (void)setenv("JETON_SERVER_WORKERS", "3", 1);
    (void)setenv("JETON_SERVER_LISTEN", "127.0.0.1:3, [::1]:4", 1);
    (void)setenv("JETON_SERVER_DATA", "", 1); /* empty: as if not set */
    assert_int_equal(jt_config_load(&c, path_of("a.yaml"), &err), JT_OK);
    assert_int_equal(c.workers, 3);
    assert_int_equal(c.nlisten, 2);
    assert_true(jt_slice_eq(c.listen[0], JT_LIT("127.0.0.1:3")));
    assert_true(jt_slice_eq(c.listen[1], JT_LIT("[::1]:4")));
    assert_true(jt_slice_eq(c.data, JT_LIT("/from/file")));
    assert_string_equal(c.origin[JT_OPT_server_listen].where, "JETON_SERVER_LISTEN");
    assert_int_equal(jt_config_set(&c, "server.listen", JT_LIT("127.0.0.1:5"), "--listen", &err),
                     JT_OK);
    assert_int_equal(jt_config_set(&c, "server.listen", JT_LIT("127.0.0.1:6"), "--listen", &err),
                     JT_OK);
    assert_int_equal(c.nlisten, 2);
    assert_true(jt_slice_eq(c.listen[1], JT_LIT("127.0.0.1:6")));
    assert_int_equal(jt_config_set(&c, "server.listen", JT_LIT("x"), "--listen", &err),
                     JT_E_SYNTAX);
    assert_string_equal(err.where, "--listen");
    assert_int_equal(c.nlisten, 2); /* unchanged */
    (void)unsetenv("JETON_SERVER_WORKERS");
    (void)unsetenv("JETON_SERVER_LISTEN");
    (void)unsetenv("JETON_SERVER_DATA");
    jt_config_free(&c);
}

static void env_fails(const char *name, const char *value, const char *where, const char *says)
{
    struct jt_config_error err = {0};
    struct jt_config c;
    jt_config_init(&c);
    (void)setenv(name, value, 1);
    assert_int_not_equal(jt_config_load(&c, NULL, &err), JT_OK);
    assert_string_equal(err.where, where);
    assert_string_equal(err.text, says);
    (void)unsetenv(name);
    jt_config_free(&c);
}

static void environment_faults(void **state)
{
    (void)state;
    env_fails("JETON_SERVER_ISUER", "x", "environment",
              "unknown variable JETON_SERVER_ISUER (did you mean JETON_SERVER_ISSUER?)");
    env_fails("JETON_AUDIT_FROB", "x", "environment", "unknown variable JETON_AUDIT_FROB");
    env_fails("JETON_METRICS_LISTN", "x", "environment",
              "unknown variable JETON_METRICS_LISTN (did you mean JETON_METRICS_LISTEN?)");
    env_fails("JETON_TOKEN_LIFETIME", "soon", "JETON_TOKEN_LIFETIME",
              "token.lifetime: \"soon\" is not a duration, such as 30s, 15m, 24h or 90d");
    env_fails("JETON_SERVER_LISTEN", "127.0.0.1:1,,127.0.0.1:2", "JETON_SERVER_LISTEN",
              "server.listen: \"\" is not an address with a port, such as 127.0.0.1:8443 or "
              "[::1]:8443");
}

static void variables_that_are_not_keys(void **state)
{
    (void)state;
    static const char *const names[] = {
        "JETON_DATA",      "JETON_SOCKET",        "JETON_ISSUER",    "JETON_CA_FILE",
        "JETON_CLIENT_ID", "JETON_CLIENT_SECRET", "JETON_SCOPE",     "JETON_CLIENT_SECRET_FILE",
        "JETON_RESOURCE",  "JETON_AUDIENCE",      "JETON_TOKEN_FILE"};
    struct jt_config_error err = {0};
    struct jt_config c;
    jt_config_init(&c);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)setenv(names[i], "x", 1);
    }
    assert_int_equal(jt_config_load(&c, NULL, &err), JT_OK);
    assert_string_equal(jt_env("JETON_DATA"), "x");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unsetenv(names[i]);
    }
    assert_null(jt_env("JETON_DATA"));
    jt_config_free(&c);
}

static void files_that_cannot_be_read(void **state)
{
    (void)state;
    struct jt_config_error err = {0};
    struct jt_config c;
    jt_config_init(&c);
    assert_int_equal(jt_config_load(&c, path_of("absent.yaml"), &err), JT_E_NOTFOUND);
    assert_string_equal(err.text, "cannot open the file: No such file or directory");
    assert_int_equal(jt_config_load(&c, dir, &err), JT_E_IO);
    assert_string_equal(err.text, "is not a file");
    assert_string_equal(err.where, dir);
    char *big = malloc(1024 * 1024 + 1);
    assert_non_null(big);
    memset(big, '#', 1024 * 1024);
    big[1024 * 1024] = '\0';
    write_file("big.yaml", big, 0644);
    free(big);
    assert_int_equal(jt_config_load(&c, path_of("big.yaml"), &err), JT_E_LIMIT);
    jt_config_free(&c);
}

static void check_fails(const char *const (*pairs)[2], const char *where, const char *says)
{
    struct jt_config_error err = {0};
    struct jt_config c;
    jt_config_init(&c);
    for (; (*pairs)[0] != NULL; pairs++) {
        assert_int_equal(jt_config_set(&c, (*pairs)[0], jt_str((*pairs)[1]), (*pairs)[0], &err),
                         JT_OK);
    }
    assert_int_not_equal(jt_config_check(&c, &err), JT_OK);
    assert_string_equal(err.where, where);
    if (strstr(err.text, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
    }
    jt_config_free(&c);
}

static void what_does_not_fit_together(void **state)
{
    (void)state;
    char cert[200];
    char key[200];
    write_file("cert.pem", "cert", 0644);
    write_file("open.pem", "key", 0640);
    (void)snprintf(cert, sizeof cert, "%s/cert.pem", dir);
    (void)snprintf(key, sizeof key, "%s/open.pem", dir);
    check_fails((const char *const[][2]){{"server.listen", "10.0.0.1:80"}, {NULL, NULL}},
                "server.listen", "\"10.0.0.1:80\" would be plain HTTP in the open");
    check_fails((const char *const[][2]){{"server.tls_cert", cert}, {NULL, NULL}},
                "server.tls_cert", "server.tls_cert needs server.tls_key beside it");
    check_fails((const char *const[][2]){{"server.tls_key", key}, {NULL, NULL}}, "server.tls_key",
                "server.tls_key needs server.tls_cert beside it");
    check_fails((const char *const[][2]){{"server.tls_cert", "/nowhere/c"},
                                         {"server.tls_key", key},
                                         {NULL, NULL}},
                "server.tls_cert", "cannot read \"/nowhere/c\": No such file or directory");
    check_fails(
        (const char *const[][2]){{"server.tls_cert", dir}, {"server.tls_key", key}, {NULL, NULL}},
        "server.tls_cert", "is not a file");
    check_fails(
        (const char *const[][2]){{"server.tls_cert", cert}, {"server.tls_key", key}, {NULL, NULL}},
        "server.tls_key", "has mode 0640, so others than its owner can use it (chmod 600 ");
    check_fails((const char *const[][2]){{"token.lifetime", "25h"}, {NULL, NULL}}, "token.lifetime",
                "(90000s) is longer than token.max_lifetime (86400s)");
    check_fails((const char *const[][2]){{"token.max_lifetime", "30m"}, {NULL, NULL}},
                "token.max_lifetime", "(3600s) is longer than token.max_lifetime (1800s)");
    check_fails((const char *const[][2]){{"audit.max_size", "100KiB"}, {NULL, NULL}},
                "audit.max_size", "below 1MiB");
}

static const char ca_pem[] = "-----BEGIN CERTIFICATE-----\n"
                             "MIIBcTCCARegAwIBAgIUQkNGJcJBTPvJf0n30RWqahxU1sYwCgYIKoZIzj0EAwIw\n"
                             "DTELMAkGA1UEAwwCY2EwIBcNMjYxMTI1MjE0MTQzWhgPMjEyNjExMDEyMTQxNDNa\n"
                             "MA0xCzAJBgNVBAMMAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEv5r2HR6L\n"
                             "ZIbaXOGXXe6SA8z2NCIVzMV4QzDhXnzrb6Yq+jEyuj3N3yC09ltZr7FX6fapsmWi\n"
                             "cuJZ9W+S/okJdqNTMFEwHQYDVR0OBBYEFNYMkTzyDb8ibAoW0se6YnMy9M4IMB8G\n"
                             "A1UdIwQYMBaAFNYMkTzyDb8ibAoW0se6YnMy9M4IMA8GA1UdEwEB/wQFMAMBAf8w\n"
                             "CgYIKoZIzj0EAwIDSAAwRQIhAPEWN8JcXDjsBfugdy1DM1ns/uPD4KUboJg9CQvc\n"
                             "CmhdAiAU6fMAqxS9dRf2gN6kkVquPYXB7/ZAmkae9jabNabl+g==\n"
                             "-----END CERTIFICATE-----\n";

static void networks_of_two_kinds(void **state)
{
    (void)state;
    struct jt_config_error err = {0};
    struct jt_config a;
    struct jt_config b;
    const struct jt_option *o = jt_option_find("trust.allow_networks");
    char ca[200];
    write_file("ca.pem", ca_pem, 0644);
    (void)snprintf(ca, sizeof ca, "%s/ca.pem", dir);
    jt_config_init(&a);
    jt_config_init(&b);
    assert_int_equal(jt_config_set(&a, "server.trusted_proxies", JT_LIT("10.0.0.1"), "x", &err),
                     JT_OK);
    assert_int_equal(jt_config_set(&a, "trust.allow_networks", JT_LIT("10.1.0.0/16"), "x", &err),
                     JT_OK);
    assert_int_equal(jt_config_set(&a, "trust.allow_networks", JT_LIT("::1"), "x", &err), JT_OK);
    assert_int_equal(a.ntrusted, 1);
    assert_int_equal(a.nallowed, 2);
    assert_false(jt_option_same(o, &a, &b));
    assert_int_equal(jt_config_set(&b, "trust.allow_networks", JT_LIT("10.1.0.0/16"), "x", &err),
                     JT_OK);
    assert_int_equal(jt_config_set(&b, "trust.allow_networks", JT_LIT("::1"), "x", &err), JT_OK);
    assert_true(jt_option_same(o, &a, &b));
    assert_int_equal(jt_config_set(&a, "trust.ca_file", jt_str(ca), "x", &err), JT_OK);
    assert_int_equal(jt_config_check(&a, &err), JT_OK);
    jt_config_free(&a);
    jt_config_free(&b);
    check_fails((const char *const[][2]){{"trust.allow_networks", "0.0.0.0/0"}, {NULL, NULL}},
                "trust.allow_networks", "0.0.0.0/0 is everything");
    check_fails((const char *const[][2]){{"trust.allow_networks", "::/0"}, {NULL, NULL}},
                "trust.allow_networks", "::/0 is everything");
    check_fails((const char *const[][2]){{"trust.ca_file", "/nowhere/ca"}, {NULL, NULL}},
                "trust.ca_file", "cannot read \"/nowhere/ca\"");
    write_file("ca.pem", "a text", 0644);
    check_fails((const char *const[][2]){{"trust.ca_file", ca}, {NULL, NULL}}, "trust.ca_file",
                "there is no certificate in PEM form");
}

static void listening_everywhere_needs_an_issuer(void **state)
{
    (void)state;
    char cert[200];
    char key[200];
    struct jt_config_error err = {0};
    struct jt_config c;
    jt_config_init(&c);
    write_file("cert.pem", "cert", 0644);
    write_file("key.pem", "key", 0600);
    (void)snprintf(cert, sizeof cert, "%s/cert.pem", dir);
    (void)snprintf(key, sizeof key, "%s/key.pem", dir);
    assert_int_equal(jt_config_set(&c, "server.listen", JT_LIT("0.0.0.0:443"), "-", &err), JT_OK);
    assert_int_equal(jt_config_set(&c, "server.tls_cert", jt_str(cert), "-", &err), JT_OK);
    assert_int_equal(jt_config_set(&c, "server.tls_key", jt_str(key), "-", &err), JT_OK);
    assert_int_equal(jt_config_check(&c, &err), JT_E_RANGE);
    assert_non_null(strstr(err.text, "server.issuer is needed"));
    assert_int_equal(jt_config_set(&c, "server.issuer", JT_LIT("https://a.example"), "-", &err),
                     JT_OK);
    assert_int_equal(jt_config_check(&c, &err), JT_OK);
    jt_config_free(&c);
}

static void issuers(void **state)
{
    (void)state;
    static const char *const wrong[] = {"login.example.com",           "https://login.example.com/",
                                        "https://login.example.com/x", "http://login.example.com",
                                        "https://Login.example.com",   "https://a.example?x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct jt_config_error err = {0};
        struct jt_config c;
        jt_config_init(&c);
        assert_int_equal(jt_config_set(&c, "server.issuer", jt_str(wrong[i]), "--issuer", &err),
                         JT_E_SYNTAX);
        assert_string_equal(err.where, "--issuer");
        assert_non_null(strstr(err.text, wrong[i]));
        assert_int_equal(c.issuer.n, 0);
        jt_config_free(&c);
    }
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_dir(void **state)
{
    (void)state;
    static const char *const names[] = {"a.yaml",   "big.yaml", "ca.pem",
                                        "cert.pem", "open.pem", "key.pem"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(path_of(names[i]));
    }
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(every_key_has_words),
        cmocka_unit_test(sizes),
        cmocka_unit_test(precedence),
        cmocka_unit_test(lists_of_addresses),
        cmocka_unit_test(environment_faults),
        cmocka_unit_test(variables_that_are_not_keys),
        cmocka_unit_test(files_that_cannot_be_read),
        cmocka_unit_test(what_does_not_fit_together),
        cmocka_unit_test(networks_of_two_kinds),
        cmocka_unit_test(listening_everywhere_needs_an_issuer),
        cmocka_unit_test(issuers),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

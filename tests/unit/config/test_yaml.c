/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "server/config/yaml.h"

static void reads_every_type(void **state)
{
    (void)state;
    static const char text[] = "# a comment\n"
                               "server:\n"
                               "  issuer: https://login.example.com\n"
                               "  listen:\n"
                               "    - 0.0.0.0:443\n"
                               "    - \"[::]:443\"\n"
                               "  tls_cert: /etc/jeton/cert.pem\n"
                               "  tls_key: '/etc/jeton/key.pem'\n"
                               "  workers: 4\n"
                               "  profile: cidaas\n"
                               "  environment: \"Prüfung\"\n"
                               "token: {lifetime: 15m, max_lifetime: 90d, alg: ES256}\n"
                               "keys:\n"
                               "audit:\n"
                               "  on_failure: degrade\n"
                               "  retain: 0\n"
                               "  max_size: 512MiB\n"
                               "  introspection: each\n"
                               "log:\n"
                               "  level: debug\n"
                               "  format: json\n";
    struct jt_config_error err = {0};
    struct jt_config c;
    jt_config_init(&c);
    assert_int_equal(jt_yaml_read(&c, "j.yaml", jt_str(text), &err), JT_OK);
    assert_true(jt_slice_eq(c.issuer, JT_LIT("https://login.example.com")));
    assert_int_equal(c.nlisten, 2);
    assert_true(jt_slice_eq(c.listen[0], JT_LIT("0.0.0.0:443")));
    assert_true(jt_slice_eq(c.listen[1], JT_LIT("[::]:443")));
    assert_true(jt_slice_eq(c.tls_key, JT_LIT("/etc/jeton/key.pem")));
    assert_int_equal(c.workers, 4);
    assert_true(c.profile_cidaas);
    assert_true(jt_slice_eq(c.environment, JT_LIT("Prüfung")));
    assert_int_equal(c.token_lifetime_s, 900);
    assert_int_equal(c.token_max_lifetime_s, 90 * 86400);
    assert_int_equal(c.token_alg, JT_ALG_ES256);
    assert_true(c.audit_degrade);
    assert_int_equal(c.audit_retain_s, 0);
    assert_int_equal(c.audit_max_bytes, 512 * 1024 * 1024);
    assert_true(c.audit_introspection_each);
    assert_int_equal(c.log_level, 7);
    assert_true(c.log_json);
    assert_int_equal(c.max_connections_per_address, 128); /* a default stays */
    assert_int_equal(c.origin[JT_OPT_server_issuer].from, JT_FROM_FILE);
    assert_string_equal(c.origin[JT_OPT_server_issuer].where, "j.yaml:3:11");
    assert_int_equal(c.origin[JT_OPT_server_data].from, JT_FROM_DEFAULT);
    jt_config_free(&c);
}

static void nothing_and_json_are_files_too(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "# only a comment\n",
                                        "---\n",
                                        "{}",
                                        "\xef\xbb\xbf{}",
                                        "{\"server\": {\"listen\": [\"127.0.0.1:1\"]}}",
                                        "server:\n  listen: 127.0.0.1:1\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct jt_config_error err = {0};
        struct jt_config c;
        jt_config_init(&c);
        if (jt_yaml_read(&c, "j", jt_str(texts[i]), &err) != JT_OK) {
            fail_msg("%s: %s: %s", texts[i], err.where, err.text);
        }
        assert_int_equal(c.nlisten, 1);
        jt_config_free(&c);
    }
}

static const struct {
    const char *text;
    enum jt_err e;
    const char *where, *says;
} faults[] = {
    {"server:\n  isuer: x\n", JT_E_SYNTAX, "j:2:3",
     "unknown key \"isuer\" (did you mean \"issuer\"?)"},
    {"server:\n  lifetime: 1h\n", JT_E_SYNTAX, "j:2:3",
     "\"lifetime\" belongs under \"token:\", not under \"server:\""},
    {"server:\n  frobnicate: 1\n", JT_E_SYNTAX, "j:2:3",
     "unknown key \"frobnicate\" under \"server:\""},
    {"sever:\n  issuer: x\n", JT_E_SYNTAX, "j:1:1",
     "unknown section \"sever\" (did you mean \"server\"?)"},
    {"issuer: x\n", JT_E_SYNTAX, "j:1:1",
     "unknown section \"issuer\" (write \"server:\", and \"issuer:\" indented below it)"},
    {"server.issuer: x\n", JT_E_SYNTAX, "j:1:1",
     "unknown section \"server.issuer\" (write \"server:\", and \"issuer:\" indented below it)"},
    {"quux: 1\n", JT_E_SYNTAX, "j:1:1",
     "unknown section \"quux\" (there are server, token, keys, audit, metrics, admin, trust and "
     "log)"},
    {"server:\n  workers: 1\n  data: /x\n  workers: 2\n", JT_E_SYNTAX, "j:4:3",
     "\"workers\" stands twice (first in line 2)"},
    {"server: {}\nlog: {}\nserver: {}\n", JT_E_SYNTAX, "j:3:1",
     "\"server\" stands twice (first in line 1)"},
    {"server:\n  workers: many\n", JT_E_SYNTAX, "j:2:12",
     "server.workers: \"many\" is not a whole number from 0 to 64"},
    {"server:\n  workers: 65\n", JT_E_RANGE, "j:2:12",
     "server.workers: \"65\" is not a whole number from 0 to 64"},
    {"server:\n  workers: -1\n", JT_E_SYNTAX, "j:2:12",
     "server.workers: \"-1\" is not a whole number from 0 to 64"},
    {"server:\n  max_connections: 0\n", JT_E_RANGE, "j:2:20",
     "server.max_connections: \"0\" is not a whole number from 1 to 1000000"},
    {"server:\n  workers: [1]\n", JT_E_SYNTAX, "j:2:12",
     "server.workers takes one value, not a list"},
    {"server:\n  workers: {a: 1}\n", JT_E_SYNTAX, "j:2:12",
     "server.workers takes one value, not keys of its own"},
    {"server:\n  workers:\n", JT_E_SYNTAX, "j:2:11",
     "server.workers has no value (leave the line out to use the default)"},
    {"server:\n  data: ~\n", JT_E_SYNTAX, "j:2:9",
     "server.data has no value (leave the line out to use the default)"},
    {"server:\n  data: \"\"\n", JT_E_RANGE, "j:2:9", "server.data must not be empty"},
    {"server:\n  data: \"a\\u001bb\"\n", JT_E_SYNTAX, "j:2:9",
     "server.data: \"a?b\" has characters that cannot be shown"},
    {"server:\n  profile: cidas\n", JT_E_RANGE, "j:2:12",
     "server.profile: \"cidas\" is not one of standard, cidaas (did you mean \"cidaas\"?)"},
    {"server:\n  listen: [\"127.0.0.1:1\", \"127.0.0.1:1\"]\n", JT_E_CONFLICT, "j:2:27",
     "server.listen: \"127.0.0.1:1\" is listed twice"},
    {"server:\n  listen: []\n", JT_E_RANGE, "j:2:11", "server.listen is an empty list"},
    {"server:\n  listen:\n  - 8443\n", JT_E_SYNTAX, "j:3:5",
     "server.listen: \"8443\" is not an address with a port, such as 127.0.0.1:8443 or [::1]:8443"},
    {"server:\n  listen: localhost:8443\n", JT_E_SYNTAX, "j:2:11",
     "server.listen: \"localhost:8443\" has no IP address before the port (localhost is 127.0.0.1, "
     "every address is 0.0.0.0 and [::])"},
    {"server:\n  listen:\n  - [::1]:8443\n", JT_E_SYNTAX, NULL,
     "server.listen takes a list of plain values (an IPv6 address must stand in quotes, such as "
     "\"[::1]:8443\")"},
    {"server:\n  listen: [::1]:8443\n", JT_E_SYNTAX, NULL,
     "an IPv6 address must stand in quotes, such as \"[::1]:8443\""},
    {"server:\n  listen: [[1]]\n", JT_E_SYNTAX, "j:2:12",
     "server.listen takes a list of plain values (an IPv6 address must stand in quotes, such as "
     "\"[::1]:8443\")"},
    {"token:\n  lifetime: 1 hour\n", JT_E_SYNTAX, "j:2:13",
     "token.lifetime: \"1 hour\" is not a duration, such as 30s, 15m, 24h or 90d"},
    {"token:\n  lifetime: 0\n", JT_E_RANGE, "j:2:13",
     "token.lifetime: \"0\" is not a duration from 1s to 3650d"},
    {"token:\n  lifetime: 3651d\n", JT_E_RANGE, "j:2:13",
     "token.lifetime: \"3651d\" is not a duration from 1s to 3650d"},
    {"token:\n  alg: none\n", JT_E_RANGE, "j:2:8",
     "token.alg: \"none\" is not one of RS256, PS256, ES256, EdDSA"},
    {"token:\n  alg: rs256\n", JT_E_RANGE, "j:2:8",
     "token.alg: \"rs256\" is not one of RS256, PS256, ES256, EdDSA (did you mean \"RS256\"?)"},
    {"audit:\n  max_size: 10GB\n", JT_E_SYNTAX, "j:2:13",
     "audit.max_size: \"10GB\" is not a size, such as 512MiB, 10GiB or a bare number of bytes"},
    {"audit:\n  max_size: 9999999TiB\n", JT_E_RANGE, "j:2:13",
     "audit.max_size: \"9999999TiB\" is too large: 1024TiB at most"},
    {"log:\n  level: warn\n", JT_E_RANGE, "j:2:10",
     "log.level: \"warn\" is not one of error, warning, info, debug"},
    {"- a\n", JT_E_SYNTAX, "j:1:1", "the file must begin with a section, such as \"server:\""},
    {"server\n", JT_E_SYNTAX, "j:1:1", "the file must begin with a section, such as \"server:\""},
    {"server: 1\n", JT_E_SYNTAX, "j:1:9", "\"server:\" has keys of its own, indented below it"},
    {"? [a]\n: 1\n", JT_E_SYNTAX, "j:1:3", "a section is a word"},
    {"server:\n  ? [a]\n  : 1\n", JT_E_SYNTAX, "j:2:5", "a key is a word"},
    {"server: {}\n---\nlog: {}\n", JT_E_SYNTAX, "j:2:1", "a second document (---) in the file"},
    {"server: &a {}\n", JT_E_SYNTAX, "j:1:9", "anchors and aliases (& and *) are not used here"},
    {"server: *a\n", JT_E_SYNTAX, NULL, NULL},
    {"server:\n  data: !!str x\n", JT_E_SYNTAX, "j:2:9", "tags (!) are not used here"},
    {"server:\n\tdata: x\n", JT_E_SYNTAX, "j:2:1", NULL},
    {"server:\n  data: \"x\n", JT_E_SYNTAX, NULL, NULL},
    {"server:\n  data: \xff\n", JT_E_SYNTAX, "j:2:9", NULL},
};

static void faults_are_told_with_line_and_column(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct jt_config_error err = {0};
        struct jt_config c;
        jt_config_init(&c);
        enum jt_err e = jt_yaml_read(&c, "j", jt_str(faults[i].text), &err);
        if (e != faults[i].e || strncmp(err.where, "j:", 2) != 0 || err.text[0] == '\0' ||
            (faults[i].where != NULL && strcmp(faults[i].where, err.where) != 0) ||
            (faults[i].says != NULL && strcmp(faults[i].says, err.text) != 0)) {
            fail_msg("%s\ngave %d %s: %s", faults[i].text, (int)e, err.where, err.text);
        }
        jt_config_free(&c);
    }
}

static void nul_in_a_value(void **state)
{
    (void)state;
    struct jt_config_error err = {0};
    struct jt_config c;
    jt_config_init(&c);
    assert_int_equal(jt_yaml_read(&c, "j", JT_LIT("server:\n  data: \"/x\\0y\"\n"), &err),
                     JT_E_SYNTAX);
    assert_int_equal(jt_yaml_read(&c, "j", JT_LIT("server:\n  \"data\\0\": x\n"), &err),
                     JT_E_SYNTAX);
    jt_config_free(&c);
}

static void too_many_listeners(void **state)
{
    (void)state;
    char text[1024] = "server:\n  listen:\n";
    size_t n = strlen(text);
    for (unsigned i = 1; i <= JT_LISTEN_MAX + 1; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "  - 127.0.0.1:%u\n", i);
    }
    struct jt_config_error err = {0};
    struct jt_config c;
    jt_config_init(&c);
    assert_int_equal(jt_yaml_read(&c, "j", jt_str(text), &err), JT_E_LIMIT);
    assert_string_equal(err.where, "j:19:5");
    jt_config_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(nothing_and_json_are_files_too),
        cmocka_unit_test(faults_are_told_with_line_and_column),
        cmocka_unit_test(nul_in_a_value),
        cmocka_unit_test(too_many_listeners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>

#include "../vectors.h"
#include "core/json/json.h"

#define DIR_NAME "JSONTestSuite/test_parsing"

static const struct jt_json_limits wide = {1u << 20, 600, 1u << 20};
static const struct jt_json_limits token = {16384, 8, 256};

/* threats J9: valid JSON that tokens and keys may not have */
static bool stricter(const char *name)
{
    static const char *const names[] = {
        "y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json",
        "y_object_escaped_null_in_key.json", "y_string_null_escape.json"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum jt_err parse(struct jt_slice text, const struct jt_json_limits *l)
{
    struct jt_json *doc = NULL;
    enum jt_err e = jt_json_parse(text, l, &doc);
    jt_json_free(&doc);
    return e;
}

static unsigned checked, wrong;
static bool absent;

static void check(const char *name)
{
    char path[400];
    JT_AUTO(jt_buf_free) struct jt_buf text;
    (void)snprintf(path, sizeof path, DIR_NAME "/%s", name);
    if (!vectors_read(__FILE__, path, &text)) {
        wrong++;
        return;
    }
    enum jt_err w = parse(jt_buf_slice(&text), &wide);
    enum jt_err t = parse(jt_buf_slice(&text), &token);
    bool ok = true;
    if (name[0] == 'n') {
        ok = w != JT_OK && t != JT_OK;
    } else if (name[0] == 'y') {
        ok = stricter(name) ? w == JT_E_SYNTAX && t == JT_E_SYNTAX : w == JT_OK && t == JT_OK;
    }
    checked++;
    if (!ok) {
        print_error("%s: %s\n", name, jt_err_text(w));
        wrong++;
    }
}

static const char *folder(char path[PATH_MAX])
{
    const char *dir = getenv("JETON_VECTORS");
    const char *tests = strstr(__FILE__, "tests/unit/");
    if (dir != NULL) {
        (void)snprintf(path, PATH_MAX, "%s/" DIR_NAME, dir);
    } else {
        (void)snprintf(path, PATH_MAX, "%.*s../shared/vectors/" DIR_NAME, (int)(tests - __FILE__),
                       __FILE__);
    }
    return path;
}

static void suite(void **state)
{
    static char path[PATH_MAX];
    DIR *d = opendir(folder(path));
    (void)state;
    if (d == NULL) {
        (void)fprintf(stderr, "SKIPPED: no vectors at %s\n", path);
        absent = true;
        skip();
    }
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (strstr(e->d_name, ".json") != NULL) {
            check(e->d_name);
        }
    }
    (void)closedir(d);
    assert_true(checked >= 318);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(suite)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return absent && failed == 0 ? VECTORS_SKIP : failed;
}

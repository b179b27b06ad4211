/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The description of the interface and the tables of routes say the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/json/json.h"
#include "server/admin/admin.h"
#include "server/admin/openapi.h"

#define PATH_SIZE 128

static const struct jt_jval *paths; /* of the document */

static const struct {
    const char *operation;
    enum jt_http_method method;
} methods[] = {
    {"get", JT_GET}, {"head", JT_HEAD},   {"post", JT_POST},
    {"put", JT_PUT}, {"patch", JT_PATCH}, {"delete", JT_DELETE},
};
#define METHODS (sizeof methods / sizeof methods[0])

static const struct {
    const struct jt_endpoint *rows;
    const size_t *n;
} tables[] = {
    {jt_admin_endpoints, &jt_admin_endpoints_n},
    {jt_public_endpoints, &jt_public_endpoints_n},
    {jt_metrics_endpoints, &jt_metrics_endpoints_n},
};

/* "/clients/{client_id}" as a route has it: "/clients/" and a star. */
static void pattern_of(struct jt_slice path, char out[static PATH_SIZE])
{
    size_t n = 0;
    bool inside = false;
    for (size_t i = 0; i < path.n; i++) {
        assert_true(n + 1 < PATH_SIZE);
        if (path.p[i] == '{') {
            out[n++] = '*';
        }
        inside = (inside || path.p[i] == '{') && path.p[i] != '}';
        if (!inside && path.p[i] != '}') {
            out[n++] = (char)path.p[i];
        }
    }
    out[n] = '\0';
}

/* A walk over the paths of the document. */
struct search {
    const char *pattern;        /* of the route that is looked for */
    const struct jt_jval *item; /* the path item that was found */
    size_t found, missing;
};

static bool is_it(struct jt_slice path, const struct jt_jval *item, void *ctx)
{
    struct search *s = ctx;
    char pattern[PATH_SIZE];
    pattern_of(path, pattern);
    if (strcmp(pattern, s->pattern) == 0) {
        s->item = item;
        s->found++;
    }
    return true;
}

static void each_route_is_described(void **state)
{
    (void)state;
    size_t missing = 0;
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        for (size_t i = 0; i < *tables[t].n; i++) {
            const struct jt_endpoint *e = &tables[t].rows[i];
            struct search s = {.pattern = e->path};
            (void)jt_jobj_each(paths, is_it, &s);
            assert_true(s.found <= 1);
            for (size_t m = 0; m < METHODS; m++) {
                /* HEAD is GET without the body (RFC 9110 section 9.3.2). */
                if ((e->methods >> methods[m].method & 1u) != 0 && methods[m].method != JT_HEAD &&
                    jt_jobj_get(s.item, methods[m].operation) == NULL) {
                    print_error("%s %s is not in api/openapi.json\n", methods[m].operation,
                                e->path);
                    missing++;
                }
            }
        }
    }
    assert_int_equal(missing, 0);
}

static unsigned methods_of(const char *pattern)
{
    unsigned set = 0;
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
        for (size_t i = 0; i < *tables[t].n; i++) {
            set |= strcmp(tables[t].rows[i].path, pattern) == 0 ? tables[t].rows[i].methods : 0;
        }
    }
    return set;
}

static bool has_route(struct jt_slice path, const struct jt_jval *item, void *ctx)
{
    struct search *s = ctx;
    char pattern[PATH_SIZE];
    pattern_of(path, pattern);
    for (size_t m = 0; m < METHODS; m++) {
        if (jt_jobj_get(item, methods[m].operation) == NULL) {
            continue;
        }
        s->found++;
        if ((methods_of(pattern) >> methods[m].method & 1u) == 0) {
            print_error("there is no route %s %s\n", methods[m].operation, pattern);
            s->missing++;
        }
    }
    return true;
}

static void each_description_has_a_route(void **state)
{
    (void)state;
    struct search s = {0};
    assert_true(jt_jobj_each(paths, has_route, &s));
    assert_true(s.found > 40);
    assert_int_equal(s.missing, 0);
}

/* The scope that an operation names for administrators; empty: none. */
static struct jt_slice scope_of(const struct jt_jval *operation)
{
    const struct jt_jval *list = jt_jobj_get(operation, "security");
    struct jt_slice scope = {0};
    for (size_t i = 0; i < jt_jval_count(list); i++) {
        const struct jt_jval *scopes = jt_jobj_get(jt_jarr_at(list, i), "administrator");
        if (scopes != NULL) {
            assert_int_equal(jt_jval_count(scopes), 1);
            assert_true(jt_jval_str(jt_jarr_at(scopes, 0), &scope));
        }
    }
    return scope;
}

static void each_route_needs_what_is_described(void **state)
{
    (void)state;
    size_t named = 0;
    for (size_t i = 0; i < jt_admin_endpoints_n; i++) {
        const struct jt_endpoint *e = &jt_admin_endpoints[i];
        struct search s = {.pattern = e->path};
        struct jt_slice needed = jt_str(jt_needs_scope(e->needs));
        assert_true(e->needs != JT_NEEDS_UNSAID);
        (void)jt_jobj_each(paths, is_it, &s);
        for (size_t m = 0; m < METHODS; m++) {
            if ((e->methods >> methods[m].method & 1u) == 0 || methods[m].method == JT_HEAD) {
                continue;
            }
            struct jt_slice said = scope_of(jt_jobj_get(s.item, methods[m].operation));
            if (!jt_slice_eq(said, needed)) {
                print_error("%s %s needs \"%.*s\", and is said to need \"%.*s\"\n",
                            methods[m].operation, e->path, JT_FMT(needed), JT_FMT(said));
            }
            assert_true(jt_slice_eq(said, needed));
            named += said.n > 0 ? 1 : 0;
        }
    }
    assert_true(named > 30);
}

int main(void)
{
    static const struct jt_json_limits limits = {1u << 20, 32, 1u << 16};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_route_is_described),
        cmocka_unit_test(each_description_has_a_route),
        cmocka_unit_test(each_route_needs_what_is_described),
    };
    struct jt_json *doc = NULL;
    if (jt_json_parse(jt_slice(jt_openapi_json, jt_openapi_json_n), &limits, &doc) != JT_OK) {
        print_error("api/openapi.json is not JSON, or too large\n");
        return 1;
    }
    paths = jt_jobj_get(jt_json_root(doc), "paths");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    jt_json_free(&doc);
    return failed;
}

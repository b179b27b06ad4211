/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <stdlib.h>

#include "guard.h"

struct jt_json {
    json_t *root;
};

/* Values are jansson's; the name only hides it. */
static json_t *raw(const struct jt_jval *v)
{
    union {
        const struct jt_jval *in;
        json_t *out;
    } u = {v};
    return u.out;
}

static const struct jt_jval *wrap(json_t *j)
{
    return (const struct jt_jval *)(const void *)j;
}

/*
 * Depth and members counted on the text itself, so that jansson never sees a bomb. Strings are
 * skipped with their escapes; anything malformed is left to the parser.
 */
static enum jt_err within(struct jt_slice s, const struct jt_json_limits *l)
{
    size_t depth = 0;
    size_t members = 0;
    bool in_string = false;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (in_string) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
            members++;
        } else if (c == '}' || c == ']') {
            depth -= depth > 0 ? 1 : 0;
        } else if (c == ',') {
            members++;
        }
        if (depth > l->depth || members > l->members) {
            return JT_E_LIMIT;
        }
    }
    return JT_OK;
}

enum jt_err jt_json_parse(struct jt_slice text, const struct jt_json_limits *limits,
                          struct jt_json **out)
{
    if (text.n > limits->bytes) {
        return JT_E_LIMIT;
    }
    if (text.n == 0 || memchr(text.p, 0, text.n) != NULL) {
        return JT_E_SYNTAX;
    }
    JT_TRY(within(text, limits));
    json_t *root = NULL;
    /* without JSON_ALLOW_NUL \u0000 is refused; without JSON_DISABLE_EOF_CHECK trailing bytes are
     */
    JT_TRY(jt_json_load(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &root));
    if (root == NULL) {
        return JT_E_SYNTAX;
    }
    struct jt_json *d = malloc(sizeof *d);
    if (d == NULL) {
        json_decref(root);
        return JT_E_NOMEM;
    }
    d->root = root;
    *out = d;
    return JT_OK;
}

void jt_json_free(struct jt_json **doc)
{
    if (*doc != NULL) {
        json_decref((*doc)->root);
        free(*doc);
        *doc = NULL;
    }
}

const struct jt_jval *jt_json_root(const struct jt_json *doc)
{
    return wrap(doc->root);
}

enum jt_jtype jt_jval_type(const struct jt_jval *v)
{
    switch (v == NULL ? JSON_NULL : json_typeof(raw(v))) {
    case JSON_OBJECT:
        return JT_JOBJECT;
    case JSON_ARRAY:
        return JT_JARRAY;
    case JSON_STRING:
        return JT_JSTRING;
    case JSON_INTEGER:
        return JT_JINT;
    case JSON_REAL:
        return JT_JREAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return JT_JBOOL;
    case JSON_NULL:
        break;
    }
    return JT_JNULL;
}

const struct jt_jval *jt_jobj_get(const struct jt_jval *v, const char *name)
{
    return v == NULL ? NULL : wrap(json_object_get(raw(v), name));
}

bool jt_jval_str(const struct jt_jval *v, struct jt_slice *out)
{
    if (v == NULL || !json_is_string(raw(v))) {
        return false;
    }
    *out = jt_slice(json_string_value(raw(v)), json_string_length(raw(v)));
    return true;
}

bool jt_jval_int(const struct jt_jval *v, int64_t *out)
{
    if (v == NULL || !json_is_integer(raw(v))) {
        return false;
    }
    *out = json_integer_value(raw(v));
    return true;
}

bool jt_jval_bool(const struct jt_jval *v, bool *out)
{
    if (v == NULL || !json_is_boolean(raw(v))) {
        return false;
    }
    *out = json_is_true(raw(v));
    return true;
}

size_t jt_jval_count(const struct jt_jval *v)
{
    if (v == NULL) {
        return 0;
    }
    return json_is_array(raw(v)) ? json_array_size(raw(v)) : json_object_size(raw(v));
}

const struct jt_jval *jt_jarr_at(const struct jt_jval *v, size_t i)
{
    return v == NULL ? NULL : wrap(json_array_get(raw(v), i));
}

bool jt_jobj_each(const struct jt_jval *v,
                  bool (*each)(struct jt_slice name, const struct jt_jval *value, void *ctx),
                  void *ctx)
{
    if (v == NULL) {
        return true;
    }
    for (void *i = json_object_iter(raw(v)); i != NULL; i = json_object_iter_next(raw(v), i)) {
        if (!each(jt_str(json_object_iter_key(i)), wrap(json_object_iter_value(i)), ctx)) {
            return false;
        }
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include "../server/config/suggest.h"

/* Index of the name, or n. */
static size_t index_of(const struct jt_names *l, struct jt_slice name)
{
    size_t i = 0;
    while (i < l->n && !jt_slice_eq(l->items[i].name, name)) {
        i++;
    }
    return i;
}

enum jt_exit jt_names_put(struct jt_names *l, struct jt_slice name, const struct jt_slice *text)
{
    size_t i = index_of(l, name);
    if (i == JT_NAMES_MAX) {
        return jt_say_fail(JT_EXIT_USAGE, "more than %d entries in one list", JT_NAMES_MAX);
    }
    l->is_edited = true;
    if (i == l->n) {
        l->n++;
        l->items[i] = (struct jt_name){.name = name};
    }
    if (text != NULL) {
        l->items[i].text = *text;
    }
    return JT_EXIT_DONE;
}

enum jt_exit jt_names_drop(struct jt_names *l, struct jt_slice name, const char *whole,
                           const char *what)
{
    size_t i = index_of(l, name);
    if (i < l->n) {
        memmove(&l->items[i], &l->items[i + 1], (l->n - i - 1) * sizeof l->items[0]);
        l->n--;
        l->is_edited = true;
        return JT_EXIT_DONE;
    }
    struct jt_suggest s = jt_suggest(name);
    for (size_t k = 0; k < l->n; k++) {
        jt_suggest_offer(&s, l->items[k].name);
    }
    if (jt_suggest_found(&s)) {
        return jt_say_fail(JT_EXIT_NOT_FOUND, "%s has no %s \"%.*s\" (did you mean \"%.*s\"?)",
                           whole, what, JT_FMT(name), JT_FMT(s.best));
    }
    return jt_say_fail(JT_EXIT_NOT_FOUND, "%s has no %s \"%.*s\"", whole, what, JT_FMT(name));
}

bool jt_names_read(const struct jt_jval *array, struct jt_names *out)
{
    out->n = 0;
    for (size_t i = 0; i < jt_jval_count(array); i++) {
        const struct jt_jval *v = jt_jarr_at(array, i);
        struct jt_slice name = {0};
        struct jt_slice text = {0};
        bool has_name = jt_jval_str(v, &name) || jt_jval_str(jt_jobj_get(v, "name"), &name);
        (void)jt_jval_str(jt_jobj_get(v, "text"), &text);
        if (has_name && jt_names_put(out, name, &text) != JT_EXIT_DONE) {
            return false;
        }
    }
    out->is_edited = false;
    return true;
}

void jt_names_write(const struct jt_names *l, bool has_texts, struct jt_jw *w)
{
    jt_jw_arr(w);
    for (size_t i = 0; i < l->n; i++) {
        if (has_texts) {
            jt_jw_obj(w);
            jt_jw_kstr(w, "name", l->items[i].name);
            jt_jw_kstr(w, "text", l->items[i].text);
            jt_jw_end_obj(w);
        } else {
            jt_jw_str(w, l->items[i].name);
        }
    }
    jt_jw_end_arr(w);
}

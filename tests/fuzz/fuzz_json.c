/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/json/jw.h"
#include "core/token/at.h"
#include "fuzz.h"

static void write_value(struct jt_jw *w, const struct jt_jval *v);

static bool write_member(struct jt_slice name, const struct jt_jval *v, void *ctx)
{
    jt_jw_key_slice(ctx, name);
    write_value(ctx, v);
    return true;
}

/* Depth is bounded by the limits of the parse. */
static void write_value(struct jt_jw *w, const struct jt_jval *v)
{
    struct jt_slice s = {0};
    int64_t i = 0;
    bool b = false;
    if (jt_jval_type(v) == JT_JOBJECT) {
        jt_jw_obj(w);
        (void)jt_jobj_each(v, write_member, w);
        jt_jw_end_obj(w);
    } else if (jt_jval_type(v) == JT_JARRAY) {
        jt_jw_arr(w);
        for (size_t k = 0; k < jt_jval_count(v); k++) {
            write_value(w, jt_jarr_at(v, k));
        }
        jt_jw_end_arr(w);
    } else if (jt_jval_str(v, &s)) {
        jt_jw_str(w, s);
    } else if (jt_jval_int(v, &i)) {
        jt_jw_int(w, i);
    } else if (jt_jval_bool(v, &b)) {
        jt_jw_bool(w, b);
    } else {
        jt_jw_null(w);
    }
}

static const struct jt_json_limits limits = {65536, 8, 256};

/* What was read, written again, is one line of JSON that reads. */
static void round_trip(const struct jt_json *doc)
{
    struct jt_buf b;
    struct jt_json *again = NULL;
    jt_buf_init(&b, 1u << 20);
    struct jt_jw w = jt_jw(&b);
    write_value(&w, jt_json_root(doc));
    JT_ASSERT(jt_buf_ok(&b) && jt_slice_find(jt_buf_slice(&b), '\n') == b.n);
    const struct jt_json_limits wide = {1u << 20, 8, 256};
    JT_ASSERT(jt_json_parse(jt_buf_slice(&b), &wide, &again) == JT_OK);
    JT_ASSERT(jt_jval_count(jt_json_root(doc)) == jt_jval_count(jt_json_root(again)));
    jt_json_free(&again);
    jt_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jt_json *doc = NULL;
    struct jt_arena a;
    struct jt_at_claims c;
    struct jt_slice in = jt_slice(data, size);
    if (jt_json_parse(in, &limits, &doc) == JT_OK) {
        round_trip(doc);
        jt_json_free(&doc);
    }
    jt_arena_init(&a, 1u << 20);
    if (jt_at_read(in, &a, &c) == JT_OK) {
        JT_ASSERT(c.exp >= 0 && c.iat >= 0 && c.aud.n > 0);
    }
    jt_arena_free(&a);
    return 0;
}

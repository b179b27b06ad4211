/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_remote.c - requests to admin.listen from callers who may nothing: whatever they send, with
 * whatever token there is in this world, nothing is given out and nothing changes. Inputs are as
 * dialog.h says.
 */
#include "core/json/json.h"
#include "dialog.h"
#include "fuzz.h"

static struct world world;
static struct dialog dialog;

/* What may be answered without a proof. */
static bool is_open(const struct dialog_answer *a)
{
    return jt_slice_eq(a->body, JT_LIT("{\"status\":\"ok\"}")) || a->body.n == 0; /* HEAD */
}

static void check_answer(const struct dialog_answer *a, enum jt_http_method method)
{
    struct jt_slice s = {0};
    JT_ASSERT(a->status != 201 && a->status != 204);
    if (a->status < 400) {
        JT_ASSERT(a->status == 200 && is_open(a));
        return;
    }
    JT_ASSERT(jt_slice_eq(a->content_type, JT_LIT("application/problem+json")));
    bool is_refusal = a->status == 401 || a->status == 403;
    JT_ASSERT(is_refusal == (find_text(a->head, "WWW-Authenticate: Bearer ") < a->head.n));
    if (method == JT_HEAD || !is_refusal) {
        return;
    }
    struct jt_json *doc = dialog_json(a);
    JT_ASSERT(jt_jval_str(jt_jobj_get(jt_json_root(doc), "code"), &s));
    JT_ASSERT(jt_slice_eq(s, a->status == 401 ? JT_LIT("unauthorized") : JT_LIT("admin_scope")));
    JT_ASSERT(jt_jval_str(jt_jobj_get(jt_json_root(doc), "error_ref"), &s) && s.n == 26);
    JT_ASSERT(a->status == 401 || dialog.has_root); /* the one whose token is for this server */
    jt_json_free(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    world_next(&world);
    size_t step = size % 3 == 0 ? 1 + size % 61 : SIZE_MAX;
    if (dialog_run(&dialog, &world, JT_LISTEN_ADMIN_TLS, jt_slice(data, size), step)) {
        dialog_check(&dialog);
        for (size_t i = 0; i < dialog.nanswers; i++) {
            check_answer(&dialog.answers[i], dialog.methods[i]);
        }
        world_must_be_sound(&world);
    }
    dialog_free(&dialog);
    return 0;
}

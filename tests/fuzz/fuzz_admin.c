/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_admin.c - requests of an administrator, over the whole table of routes. Inputs are as
 * dialog.h says.
 */
#include "core/json/json.h"
#include "dialog.h"
#include "fuzz.h"

static struct world world;
static struct dialog dialog;

/* RFC 9457, with a code. */
static void check_problem(const struct dialog_answer *a, const struct jt_jval *root)
{
    struct jt_slice s = {0};
    int64_t status = 0;
    JT_ASSERT(jt_jval_int(jt_jobj_get(root, "status"), &status) && status == (int64_t)a->status);
    JT_ASSERT(jt_jval_str(jt_jobj_get(root, "type"), &s) && s.n > 0);
    JT_ASSERT(jt_jval_str(jt_jobj_get(root, "title"), &s) && s.n > 0);
    JT_ASSERT(!jt_slice_eq(s, JT_LIT("Unknown")));
    JT_ASSERT(jt_jval_str(jt_jobj_get(root, "code"), &s) && s.n > 0);
    JT_ASSERT(jt_jval_str(jt_jobj_get(root, "detail"), &s) && s.n > 0);
}

/* Secrets are shown once, when they are made; but who sends one as a name hears that name again. */
static void check_secrets(const struct dialog_answer *a)
{
    for (size_t i = 0; i < world.nclients; i++) {
        const char *secret = world.clients[i].secret;
        JT_ASSERT(dialog.named[i] || find_text(a->body, secret) == a->body.n);
    }
}

static void check_answer(const struct dialog_answer *a)
{
    struct jt_json *doc = dialog_json(a);
    bool is_problem = jt_slice_eq(a->content_type, JT_LIT("application/problem+json"));
    JT_ASSERT(a->status < 400 || is_problem);
    if (is_problem && a->body.n > 0) {
        JT_ASSERT(doc != NULL && a->status >= 400);
        check_problem(a, jt_json_root(doc));
    }
    check_secrets(a);
    jt_json_free(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    world_next(&world);
    size_t step = size % 3 == 0 ? 1 + size % 61 : SIZE_MAX;
    if (dialog_run(&dialog, &world, JT_LISTEN_ADMIN, jt_slice(data, size), step)) {
        dialog_check(&dialog);
        for (size_t i = 0; i < dialog.nanswers; i++) {
            check_answer(&dialog.answers[i]);
        }
        world_must_be_sound(&world);
    }
    dialog_free(&dialog);
    return 0;
}

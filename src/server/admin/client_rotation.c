/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_rotation.c - may a client replace its credentials by itself, or must it: the members
 * "rotation" and "rotate_every" of clients.
 */
#include "admin.h"

#define DAY_S INT64_C(86400)
#define EVERY_S (90 * DAY_S) /* when nothing else is said */
#define EVERY_MAX_S (3650 * DAY_S)

static const char *const words[] = {
    [JT_ROTATION_OFF] = "off",
    [JT_ROTATION_ALLOWED] = "allowed",
    [JT_ROTATION_REQUIRED] = "required",
};

#define WORDS (sizeof words / sizeof words[0])

static bool read_word(struct jt_flow *f, const struct jt_jval *v)
{
    struct jt_slice word = {0};
    for (size_t i = 0; jt_jval_str(v, &word) && i < WORDS; i++) {
        if (jt_slice_eq(word, jt_str(words[i]))) {
            jt_admin_of(f)->client.rotation = (enum jt_rotation)i;
            return true;
        }
    }
    return jt_admin_bad(f, "/rotation", "rotation is off, allowed or required");
}

bool jt_client_read_rotation(struct jt_flow *f, const struct jt_jval *root)
{
    struct jt_admin *a = jt_admin_of(f);
    const struct jt_jval *rotation = jt_jobj_get(root, "rotation");
    const struct jt_jval *every = jt_jobj_get(root, "rotate_every");
    if (rotation != NULL && !read_word(f, rotation)) {
        return false;
    }
    if (every != NULL &&
        (!jt_jval_int(every, &a->client.rotate_every_s) || a->client.rotate_every_s < DAY_S ||
         a->client.rotate_every_s > EVERY_MAX_S)) {
        return jt_admin_bad(f, "/rotate_every", "rotate_every is seconds, from a day to ten years");
    }
    a->given |= (rotation != NULL ? (unsigned)JT_GAVE_ROTATION : 0u) |
                (every != NULL ? (unsigned)JT_GAVE_ROTATE_EVERY : 0u);
    return true;
}

enum jt_err jt_change_rotation(struct jt_admin *a, struct jt_client *c)
{
    if ((a->given & JT_GAVE_ROTATION) != 0) {
        c->rotation = a->client.rotation;
    }
    if ((a->given & JT_GAVE_ROTATE_EVERY) != 0) {
        c->rotate_every_s = a->client.rotate_every_s;
    }
    if (c->rotation == JT_ROTATION_REQUIRED) {
        c->rotate_every_s = c->rotate_every_s > 0 ? c->rotate_every_s : EVERY_S;
    } else if ((a->given & JT_GAVE_ROTATE_EVERY) != 0) {
        return jt_admin_refuse(a, 422, "client_invalid",
                               "rotate_every belongs to rotation required, and it is %s",
                               words[c->rotation]);
    } else {
        c->rotate_every_s = 0;
    }
    return JT_OK;
}

void jt_client_write_rotation(struct jt_jw *w, const struct jt_client *c)
{
    jt_jw_kstr(w, "rotation", jt_str(words[c->rotation]));
    if (c->rotation == JT_ROTATION_REQUIRED) {
        jt_jw_kint(w, "rotate_every", c->rotate_every_s);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_update.c - PATCH /admin/v1/clients/{id} (RFC 7396): what is given replaces what is there.
 */
#include "admin.h"

static bool read_members(struct jt_flow *f, const struct jt_jval *root)
{
    static const char *const names[] = {"name",   "owner",    "enabled",      "networks", "compat",
                                        "grants", "rotation", "rotate_every", NULL};
    struct jt_admin *a = jt_admin_of(f);
    if (!jt_admin_known(f, root, "", names) || !jt_client_read_texts(f, root) ||
        !jt_client_read_nets(f, root) || !jt_client_read_compat(f, root) ||
        !jt_client_read_grants(f, root) || !jt_client_read_rotation(f, root) ||
        !jt_admin_read_bool(f, root, "enabled", &a->client.enabled)) {
        return false;
    }
    a->given |= jt_jobj_get(root, "enabled") != NULL ? (unsigned)JT_GAVE_ENABLED : 0u;
    return true;
}

static enum jt_next parse(struct jt_flow *f)
{
    if (!jt_admin_version(f, true)) {
        return JT_DONE;
    }
    struct jt_json *doc = jt_admin_body(f, JT_CONTENT_MERGE);
    if (doc == NULL) {
        return JT_DONE;
    }
    bool ok = read_members(f, jt_json_root(doc));
    jt_json_free(&doc);
    return ok ? JT_NEXT : jt_admin_invalid(f, "client_invalid");
}

static enum jt_next submit(struct jt_flow *f)
{
    const struct jt_admin *a = jt_admin_of(f);
    if (a->given != (unsigned)JT_GAVE_ENABLED) { /* that one has an event of its own */
        jt_admin_say_given(f);
    }
    struct jt_event e = jt_flow_event(f, JT_EV_CLIENT_UPDATED);
    e.client_id = f->segments[0];
    return jt_admin_change(f, jt_change_update_client, &e);
}

static enum jt_next respond(struct jt_flow *f)
{
    static const struct jt_outcome refusals[] = {
        {JT_E_NOTFOUND, 404, "not_found", "client"},
        {JT_E_BUSY, 412, "changed", "the client was changed meanwhile: read it again"},
        {JT_OK, 0, NULL, NULL},
    };
    return f->job.result == JT_OK ? jt_client_answer(f, 200, f->segments[0])
                                  : jt_admin_refused(f, refusals);
}

const struct jt_step jt_client_update_steps[] = {
    {"allow", jt_admin_allow},
    {"parse", parse},
    {"change", submit},
    {"respond", respond},
};

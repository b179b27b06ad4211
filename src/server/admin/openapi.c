/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi.c - /admin/v1/openapi.json
 */
#include "openapi.h"

#include "admin.h"

static enum jt_next respond(struct jt_flow *f)
{
    const struct jt_answer a = {.status = 200,
                                .content_type = "application/json",
                                .body = jt_slice(jt_openapi_json, jt_openapi_json_n),
                                .cache = "no-store"};
    return jt_answer(f, &a);
}

const struct jt_step jt_openapi_steps[] = {{"allow", jt_admin_allow}, {"respond", respond}};

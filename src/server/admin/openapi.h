/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi.h - api/openapi.json, put into the program by the build (api/embed.py).
 *
 * It describes every route, and a test holds it to that. Constant, so for any thread.
 */
#ifndef JT_ADMIN_OPENAPI_H
#define JT_ADMIN_OPENAPI_H

#include "../flow/flow.h"

extern const uint8_t jt_openapi_json[];
extern const size_t jt_openapi_json_n;

extern const struct jt_step jt_openapi_steps[];

#endif

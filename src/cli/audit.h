/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - what the commands about the audit log share.
 */
#ifndef JT_CLI_AUDIT_H
#define JT_CLI_AUDIT_H

#include "args.h"

struct jt_jval;

/* "/admin/v1/audit" with --since, --until, --client and --type; false, with an error said, when
 * one of them is wrong. */
bool jt_audit_path(const struct jt_args *args, struct jt_buf *path);
/* Cells of an event. The part of a second is for programs. */
void jt_audit_show_time(struct jt_buf *cell, const struct jt_jval *event);
/* A reason if there is one: an event is a refusal or has scopes, not both at length. */
void jt_audit_show_what(struct jt_buf *cell, const struct jt_jval *event);

#endif

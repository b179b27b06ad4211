/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protect.h - which protections a configuration turns on and off, in words: for `jeton check` and
 * for the lines that a start begins with.
 * Owns:    nothing; the texts are copied. Threads: any.
 */
#ifndef JT_CONFIG_PROTECT_H
#define JT_CONFIG_PROTECT_H

#include "config.h"

enum jt_protection_state {
    JT_PROTECTION_OFF = 0, /* works, with less protection */
    JT_PROTECTION_ON,
    JT_PROTECTION_WRONG,   /* must be put right */
    JT_PROTECTION_ABSENT,  /* nothing there yet */
    JT_PROTECTION_UNKNOWN, /* this user may not look */
};
/* "off", "on", … */
const char *jt_protection_name(enum jt_protection_state s);

struct jt_protection {
    const char *name;
    enum jt_protection_state state;
    char detail[500];
};

#define JT_PROTECTIONS_MAX 20
struct jt_protections {
    size_t n;
    struct jt_protection items[JT_PROTECTIONS_MAX];
};

void jt_protections_add(struct jt_protections *p, const char *name, enum jt_protection_state state,
                        const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* All that the configuration alone decides; files are not looked at. */
void jt_protections_of(const struct jt_config *c, struct jt_protections *p);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - texts of the configuration turned into values, one function for each type.
 */
#ifndef JT_CONFIG_VALUE_H
#define JT_CONFIG_VALUE_H

#include "option.h"

/* "512MiB", "10GiB", or a bare number of bytes. JT_E_SYNTAX, JT_E_RANGE over max. */
JT_MUST enum jt_err jt_parse_size(struct jt_slice s, uint64_t max, uint64_t *out);
/* Number of the word in "block|degrade", or -1. */
int jt_choice_index(const char *choices, struct jt_slice word);
/* Copies the i-th word of "block|degrade" to out and returns true; false when there are fewer. */
bool jt_choice_word(const char *choices, size_t i, struct jt_slice *out);

/*
 * Reads value into the field of o. where only goes into *err. Text is not copied: the caller has
 * done so. JT_E_SYNTAX, JT_E_RANGE, JT_E_LIMIT with *err.
 */
JT_MUST enum jt_err jt_value_read(const struct jt_option *o, struct jt_slice value,
                                  struct jt_config *c, const char *where,
                                  struct jt_config_error *err);

#endif

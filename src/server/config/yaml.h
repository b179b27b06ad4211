/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml.h - the configuration file: sections, keys and values, nothing more of YAML.
 *
 * Refused with line and column: what libyaml cannot read, more than one document, anchors,
 * aliases and tags, unknown or repeated sections and keys, keys without a value.
 */
#ifndef JT_CONFIG_YAML_H
#define JT_CONFIG_YAML_H

#include "option.h"

#define JT_CONFIG_FILE_MAX (1024 * 1024)

/* Reads text, which is the content of file, into c. JT_E_SYNTAX, JT_E_RANGE, … with *err. */
JT_MUST enum jt_err jt_yaml_read(struct jt_config *c, const char *file, struct jt_slice text,
                                 struct jt_config_error *err);

#endif

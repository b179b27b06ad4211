/* SPDX-License-Identifier: Apache-2.0 */
#include "configure.h"

#include <stdio.h>

void jt_say_config_error(const struct jt_config_error *err)
{
    jt_say_error("%s%s%s", err->where, err->where[0] == '\0' ? "" : ": ", err->text);
}

enum jt_err jt_configure_flag(struct jt_config *c, const struct jt_args *args, const char *flag,
                              const char *key, struct jt_config_error *err)
{
    char where[64];
    (void)snprintf(where, sizeof where, "--%s", flag);
    const char *value = NULL;
    for (size_t i = 0; (value = jt_args_next(args, flag, &i)) != NULL;) {
        JT_TRY(jt_config_set(c, key, jt_str(value), where, err));
    }
    return JT_OK;
}

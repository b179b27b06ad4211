/* SPDX-License-Identifier: Apache-2.0 */
#include "configure.h"

#include <stdio.h>

void jt_say_config_error(const struct jt_config_error *err)
{
    jt_say_error("%s%s%s", err->where, err->where[0] == '\0' ? "" : ": ", err->text);
}

enum jt_exit jt_configure_flag(struct jt_config *c, const struct jt_args *args, const char *flag,
                               const char *key)
{
    struct jt_config_error err = {0};
    char where[64];
    (void)snprintf(where, sizeof where, "--%s", flag);
    const char *value = NULL;
    for (size_t i = 0; (value = jt_args_next(args, flag, &i)) != NULL;) {
        if (jt_config_set(c, key, jt_str(value), where, &err) != JT_OK) {
            jt_say_config_error(&err);
            return JT_EXIT_USAGE;
        }
    }
    return JT_EXIT_DONE;
}

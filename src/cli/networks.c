/* SPDX-License-Identifier: Apache-2.0 */
#include "networks.h"

bool jt_network_text(const char *flag, const char *value, char out[static JT_NET_TEXT])
{
    struct jt_net net = {0};
    const char *why = "";
    if (jt_net_read(jt_str(value), &net, &why) != JT_OK) {
        jt_say_error("--%s takes a network such as 10.1.0.0/16 or one address, not \"%.60s\": %s",
                     flag, value, why);
        return false;
    }
    jt_net_text(&net, out);
    return true;
}

bool jt_networks_write(const struct jt_args *args, struct jt_jw *w)
{
    const char *value = NULL;
    char text[JT_NET_TEXT];
    if (!jt_args_has(args, "cidr")) {
        return true;
    }
    jt_jw_key(w, "networks");
    jt_jw_arr(w);
    for (size_t i = 0; (value = jt_args_next(args, "cidr", &i)) != NULL;) {
        if (!jt_network_text("cidr", value, text)) {
            return false;
        }
        jt_jw_str(w, jt_str(text));
    }
    jt_jw_end_arr(w);
    return true;
}

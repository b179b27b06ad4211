/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "../core/json/jw.h"
#include "out.h"

enum jt_exit jt_cmd_version(const struct jt_args *args)
{
    if (args->output == JT_OUT_TABLE) {
        (void)printf("jeton %s\n", JT_VERSION);
        return JT_EXIT_DONE;
    }
    JT_AUTO(jt_buf_free) struct jt_buf b;
    jt_buf_init(&b, 256);
    struct jt_jw w = jt_jw(&b);
    jt_jw_obj(&w);
    jt_jw_kstr(&w, "version", jt_str(JT_VERSION));
    jt_jw_end_obj(&w);
    jt_out_json(args->output, jt_buf_slice(&b));
    return JT_EXIT_DONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "confirm.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

bool jt_confirm_asks(const struct jt_args *args)
{
    return !jt_args_has(args, "yes") && isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

static bool is_yes(struct jt_slice answer)
{
    while (answer.n > 0 && (answer.p[answer.n - 1] == '\n' || answer.p[answer.n - 1] == ' ')) {
        answer.n--;
    }
    return jt_slice_eq_nocase(answer, JT_LIT("y")) || jt_slice_eq_nocase(answer, JT_LIT("yes"));
}

enum jt_exit jt_confirm(const struct jt_args *args, const char *fmt, ...)
{
    char question[1024] = "";
    char answer[64] = "";
    if (!jt_confirm_asks(args)) {
        return JT_EXIT_DONE;
    }
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(question, sizeof question, fmt, ap);
    va_end(ap);
    JT_AUTO(jt_buf_free) struct jt_buf safe;
    jt_buf_init(&safe, 8 * sizeof question);
    jt_safe_put(&safe, jt_str(question));
    (void)fflush(stdout);
    (void)fprintf(stderr, "%.*s? [y/N] ", JT_FMT(jt_buf_slice(&safe)));
    (void)fflush(stderr);
    bool has_answer = fgets(answer, sizeof answer, stdin) != NULL;
    if (has_answer && is_yes(jt_str(answer))) {
        return JT_EXIT_DONE;
    }
    if (!has_answer) {
        (void)fputc('\n', stderr);
    }
    return jt_say_fail(JT_EXIT_FAILED, "not done: only y or yes goes on");
}

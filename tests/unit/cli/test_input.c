/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets from files: what is cut, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/input.h"

static char file[] = "/tmp/jeton-test-XXXXXX";

static void read_it(struct jt_slice content, enum jt_exit expected, struct jt_slice want)
{
    struct jt_buf b;
    int fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content.p, content.n), content.n);
    assert_int_equal(close(fd), 0);
    jt_buf_init(&b, 16);
    assert_int_equal(jt_input_read(file, "the secret", &b), expected);
    if (expected == JT_EXIT_DONE) {
        assert_true(jt_slice_eq(jt_buf_slice(&b), want));
    }
    assert_int_equal(b.max, 16);
    jt_buf_free(&b);
}

static void one_line_end_is_cut(void **state)
{
    (void)state;
    read_it(JT_LIT("secret"), JT_EXIT_DONE, JT_LIT("secret"));
    read_it(JT_LIT("secret\n"), JT_EXIT_DONE, JT_LIT("secret"));
    read_it(JT_LIT("secret\r\n"), JT_EXIT_DONE, JT_LIT("secret"));
    read_it(JT_LIT("secret\n\n"), JT_EXIT_DONE, JT_LIT("secret\n"));
    read_it(JT_LIT(" s e "), JT_EXIT_DONE, JT_LIT(" s e "));
    read_it(JT_LIT("0123456789abcdef\r\n"), JT_EXIT_DONE, JT_LIT("0123456789abcdef"));
}

static void refused(void **state)
{
    (void)state;
    read_it(JT_LIT(""), JT_EXIT_USAGE, JT_LIT(""));
    read_it(JT_LIT("\n"), JT_EXIT_USAGE, JT_LIT(""));
    read_it(JT_LIT("a\0b"), JT_EXIT_USAGE, JT_LIT(""));
    read_it(JT_LIT("0123456789abcdefg"), JT_EXIT_USAGE, JT_LIT(""));
    read_it(JT_LIT("0123456789abcdef\n\n\n"), JT_EXIT_USAGE, JT_LIT(""));
    struct jt_buf b;
    jt_buf_init(&b, 16);
    assert_int_equal(jt_input_read("/nowhere/secret", "the secret", &b), JT_EXIT_USAGE);
    assert_int_equal(jt_input_read("/tmp", "the secret", &b), JT_EXIT_USAGE);
    jt_buf_free(&b);
}

static int begin(void **state)
{
    (void)state;
    int fd = mkstemp(file);
    return fd < 0 ? -1 : close(fd);
}

static int end(void **state)
{
    (void)state;
    return unlink(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_end_is_cut),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

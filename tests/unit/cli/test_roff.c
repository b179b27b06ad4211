/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text stays text, whatever roff would make of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/roff.h"

static void expect(void (*print)(FILE *, struct jt_slice), const char *text, const char *roff)
{
    char *made = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&made, &n);
    assert_non_null(f);
    print(f, jt_str(text));
    assert_int_equal(fclose(f), 0);
    assert_string_equal(made, roff);
    free(made);
}

static void literal(void **state)
{
    (void)state;
    expect(jt_roff_literal, "", "");
    expect(jt_roff_literal, "a-b", "a\\-b");
    expect(jt_roff_literal, ".SH x", "\\&.SH x");
    expect(jt_roff_literal, "'br", "\\(aqbr");
    expect(jt_roff_literal, "a.b", "a.b");
    expect(jt_roff_literal, "\\fB\"`^~", "\\efB\\(dq\\(ga\\(ha\\(ti");
}

static void text(void **state)
{
    (void)state;
    expect(jt_roff_text, "one  two", "one two\n");
    expect(jt_roff_text, "with --now, or -o json",
           "with \\fB\\%\\-\\-now\\fR, or \\fB\\%\\-o\\fR json\n");
    expect(jt_roff_text, "a - b -- c -1d", "a \\- b \\fB\\%\\-\\-\\fR c \\-1d\n");
    expect(jt_roff_text, ".x", "\\&.x\n");
}

static void usage(void **state)
{
    (void)state;
    expect(jt_roff_usage, "--scope NAME[=TEXT]...",
           "\\%\\fB\\-\\-scope\\fR \\%\\fINAME\\fR[=\\fITEXT\\fR]...");
    expect(jt_roff_usage, "[--alg RS256|ES256] FILE",
           "\\%[\\fB\\-\\-alg\\fR\\ \\fBRS256\\fR|\\fBES256\\fR] \\%\\fIFILE\\fR");
}

static void page(void **state)
{
    (void)state;
    char *made = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&made, &n);
    assert_non_null(f);
    jt_roff_section(f, "SS", "a \"b\"");
    jt_roff_paragraphs(f, "one\n\n.two");
    jt_roff_page(f, "jeton-dev", '1', ",");
    assert_int_equal(fclose(f), 0);
    assert_string_equal(made,
                        ".SS \"a \\(dqb\\(dq\"\none\n.PP\n\\&.two\n.BR \\%jeton\\-dev (1),\n");
    free(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literal),
        cmocka_unit_test(text),
        cmocka_unit_test(usage),
        cmocka_unit_test(page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

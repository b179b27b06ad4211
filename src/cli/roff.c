/* SPDX-License-Identifier: Apache-2.0 */
#include "roff.h"

static void letter(FILE *out, uint8_t c)
{
    static const struct {
        char c;
        const char *roff;
    } escapes[] = {{'\\', "\\e"},  {'-', "\\-"},   {'\'', "\\(aq"}, {'"', "\\(dq"},
                   {'`', "\\(ga"}, {'^', "\\(ha"}, {'~', "\\(ti"}};
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        if (c == (uint8_t)escapes[i].c) {
            (void)fputs(escapes[i].roff, out);
            return;
        }
    }
    (void)fputc(c, out);
}

void jt_roff_literal(FILE *out, struct jt_slice text)
{
    if (text.n > 0 && text.p[0] == '.') {
        (void)fputs("\\&", out);
    }
    for (size_t i = 0; i < text.n; i++) {
        letter(out, text.p[i]);
    }
}

void jt_roff_title(FILE *out, const char *page, char section, const char *manual)
{
    /* No date: the same source always makes the same page. */
    (void)fputs(".\\\" Made by jeton help --man from the table of commands.\n.TH \"", out);
    jt_roff_literal(out, jt_str(page));
    (void)fprintf(out, "\" %c \"\" \"jeton ", section);
    jt_roff_literal(out, jt_str(JT_VERSION));
    (void)fprintf(out, "\" \"%s\"\n.ad l\n", manual);
}

void jt_roff_section(FILE *out, const char *macro, const char *heading)
{
    (void)fprintf(out, ".%s \"", macro);
    jt_roff_literal(out, jt_str(heading));
    (void)fputs("\"\n", out);
}

static bool is_flag(struct jt_slice word)
{
    return word.n > 1 && word.p[0] == '-' && (word.n == 2 || word.p[1] == '-');
}

static bool is_name_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

void jt_roff_text(FILE *out, struct jt_slice text)
{
    struct jt_slice word = {0};
    for (bool is_first = true; jt_slice_next_word(&text, &word); is_first = false) {
        size_t n = 0;
        if (!is_first) {
            (void)fputc(' ', out);
        }
        while (is_flag(word) && n < word.n && is_name_letter(word.p[n])) {
            n++;
        }
        if (n > 0) {
            (void)fputs("\\fB\\%", out);
            jt_roff_literal(out, jt_slice(word.p, n));
            (void)fputs("\\fR", out);
        }
        jt_roff_literal(out, jt_slice_from(word, n));
    }
    (void)fputc('\n', out);
}

void jt_roff_paragraphs(FILE *out, const char *text)
{
    for (struct jt_slice rest = jt_str(text); rest.n > 0;) {
        const uint8_t *end = memmem(rest.p, rest.n, "\n\n", 2);
        size_t k = end == NULL ? rest.n : (size_t)(end - rest.p);
        jt_roff_text(out, jt_slice(rest.p, k));
        rest = jt_slice_from(rest, k + 2);
        (void)fputs(rest.n > 0 ? ".PP\n" : "", out);
    }
}

/* A word of a synopsis: NAME is to be replaced, the rest to be typed. */
static void usage_word(FILE *out, struct jt_slice word)
{
    bool is_capital = true;
    for (size_t i = 0; i < word.n; i++) {
        is_capital = is_capital && word.p[i] >= 'A' && word.p[i] <= 'Z';
    }
    (void)fputs(is_capital ? "\\fI" : "\\fB", out);
    jt_roff_literal(out, word);
    (void)fputs("\\fR", out);
}

void jt_roff_usage(FILE *out, struct jt_slice usage)
{
    size_t depth = 0;
    (void)fputs("\\%", out); /* in front of a word: it is not hyphenated */
    for (size_t i = 0; i < usage.n;) {
        size_t k = i;
        while (k < usage.n && is_name_letter(usage.p[k])) {
            k++;
        }
        if (k > i) {
            usage_word(out, jt_slice(usage.p + i, k - i));
            i = k;
            continue;
        }
        uint8_t c = usage.p[i++];
        depth += c == '[';
        depth -= c == ']' && depth > 0;
        if (c == ' ') {
            (void)fputs(depth > 0 ? "\\ " : " \\%", out);
        } else {
            letter(out, c);
        }
    }
}

void jt_roff_page(FILE *out, const char *page, char section, const char *end)
{
    (void)fputs(".BR \\%", out);
    jt_roff_literal(out, jt_str(page));
    (void)fprintf(out, " (%c)%s\n", section, end);
}

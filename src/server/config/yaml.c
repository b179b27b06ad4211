/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml.h"

#include <stdio.h>
#include <yaml.h>

#include "suggest.h"

struct reader {
    yaml_parser_t parser;
    struct jt_config *c;
    const char *file;
    struct jt_slice text;
    struct jt_config_error *err;
    size_t section_line[JT_OPTION_N]; /* by the section's first row; 0: not seen */
    size_t key_line[JT_OPTION_N];
};

static void close_parser(struct reader *r)
{
    yaml_parser_delete(&r->parser);
}

static void where_at(const struct reader *r, yaml_mark_t mark, char out[static 600])
{
    (void)snprintf(out, 600, "%.560s:%zu:%zu", r->file, mark.line + 1, mark.column + 1);
}

#define FAIL(r, e, mark, ...)                                                                      \
    do {                                                                                           \
        char fail_where_[600];                                                                     \
        where_at(r, mark, fail_where_);                                                            \
        return jt_config_fail((r)->err, e, fail_where_, __VA_ARGS__);                              \
    } while (0)

/* The reader's faults (bytes that are not UTF-8) come with an offset only. */
static yaml_mark_t mark_of_offset(struct jt_slice text, size_t offset)
{
    yaml_mark_t m = {0};
    for (size_t i = 0; i < offset && i < text.n; i++) {
        bool newline = text.p[i] == '\n';
        m.line += newline;
        m.column = newline ? 0 : m.column + 1;
    }
    return m;
}

/* "listen: [::1]:8443" is a list to YAML, so its complaint would not help. */
static bool line_has_bare_ipv6(struct jt_slice text, size_t line)
{
    for (; line > 0; line--) {
        text = jt_slice_from(text, jt_slice_find(text, '\n') + 1);
    }
    text.n = jt_slice_find(text, '\n');
    if (text.n == 0) {
        return false;
    }
    size_t i = jt_slice_find(text, '[');
    return jt_slice_starts(jt_slice_from(text, i), JT_LIT("[:")) ||
           (memmem(text.p, text.n, "]:", 2) != NULL && jt_slice_find(text, '"') == text.n);
}

static enum jt_err syntax_error(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR) {
        return jt_config_fail(r->err, JT_E_NOMEM, r->file, "out of memory");
    }
    if (p->error == YAML_READER_ERROR) {
        FAIL(r, JT_E_SYNTAX, mark_of_offset(r->text, p->problem_offset), "this is not text: %s",
             p->problem);
    }
    if (r->text.n > 0 && line_has_bare_ipv6(r->text, p->problem_mark.line)) {
        FAIL(r, JT_E_SYNTAX, p->problem_mark,
             "an IPv6 address must stand in quotes, such as \"[::1]:8443\"");
    }
    if (r->text.n > 0 && memchr(r->text.p, '\t', r->text.n) != NULL) {
        FAIL(r, JT_E_SYNTAX, p->problem_mark, "%s (YAML is indented by spaces, not tabs)",
             p->problem);
    }
    FAIL(r, JT_E_SYNTAX, p->problem_mark, "%s%s%s", p->problem, p->context == NULL ? "" : ", ",
         p->context == NULL ? "" : p->context);
}

static enum jt_err no_extras(struct reader *r, const yaml_event_t *ev)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    if (ev->type == YAML_SCALAR_EVENT) {
        anchor = ev->data.scalar.anchor;
        tag = ev->data.scalar.tag;
    } else if (ev->type == YAML_SEQUENCE_START_EVENT) {
        anchor = ev->data.sequence_start.anchor;
        tag = ev->data.sequence_start.tag;
    } else if (ev->type == YAML_MAPPING_START_EVENT) {
        anchor = ev->data.mapping_start.anchor;
        tag = ev->data.mapping_start.tag;
    }
    if (ev->type == YAML_ALIAS_EVENT || anchor != NULL) {
        FAIL(r, JT_E_SYNTAX, ev->start_mark, "anchors and aliases (& and *) are not used here");
    }
    if (tag != NULL) {
        FAIL(r, JT_E_SYNTAX, ev->start_mark, "tags (!) are not used here");
    }
    return JT_OK;
}

static enum jt_err next(struct reader *r, yaml_event_t *ev)
{
    if (yaml_parser_parse(&r->parser, ev) == 0) {
        *ev = (yaml_event_t){0};
        return syntax_error(r);
    }
    return no_extras(r, ev);
}

static struct jt_slice scalar(const yaml_event_t *ev)
{
    return jt_slice(ev->data.scalar.value, ev->data.scalar.length);
}

/* Nothing after the colon, "~" or "null". */
static bool is_null(const yaml_event_t *ev)
{
    struct jt_slice s = scalar(ev);
    return ev->type == YAML_SCALAR_EVENT && ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (s.n == 0 || jt_slice_eq(s, JT_LIT("~")) || jt_slice_eq(s, JT_LIT("null")));
}

static enum jt_err set_value(struct reader *r, const struct jt_option *o, const yaml_event_t *ev)
{
    if (is_null(ev)) {
        FAIL(r, JT_E_SYNTAX, ev->start_mark,
             "%s has no value (leave the line out to use the default)", o->name);
    }
    char where[600];
    where_at(r, ev->start_mark, where);
    return jt_option_set(r->c, o, scalar(ev), (struct jt_option_source){JT_FROM_FILE, where},
                         r->err);
}

static enum jt_err read_items(struct reader *r, const struct jt_option *o, yaml_mark_t start)
{
    if (!jt_option_is_list(o)) {
        FAIL(r, JT_E_SYNTAX, start, "%s takes one value, not a list", o->name);
    }
    for (size_t n = 0;; n++) {
        JT_AUTO(yaml_event_delete) yaml_event_t ev = {0};
        JT_TRY(next(r, &ev));
        if (ev.type == YAML_SEQUENCE_END_EVENT) {
            if (n == 0) {
                FAIL(r, JT_E_RANGE, start, "%s is an empty list", o->name);
            }
            return JT_OK;
        }
        if (ev.type != YAML_SCALAR_EVENT) {
            FAIL(r, JT_E_SYNTAX, ev.start_mark, "%s takes a list of plain values%s", o->name,
                 ev.type == YAML_SEQUENCE_START_EVENT
                     ? " (an IPv6 address must stand in quotes, such as \"[::1]:8443\")"
                     : "");
        }
        JT_TRY(set_value(r, o, &ev));
    }
}

static enum jt_err read_value(struct reader *r, const struct jt_option *o)
{
    JT_AUTO(yaml_event_delete) yaml_event_t ev = {0};
    JT_TRY(next(r, &ev));
    if (ev.type == YAML_SEQUENCE_START_EVENT) {
        return read_items(r, o, ev.start_mark);
    }
    if (ev.type != YAML_SCALAR_EVENT) {
        FAIL(r, JT_E_SYNTAX, ev.start_mark, "%s takes %s, not keys of its own", o->name,
             jt_option_is_list(o) ? "a list" : "one value");
    }
    return set_value(r, o, &ev);
}

static enum jt_err unknown_key(struct reader *r, const char *section, const yaml_event_t *ev)
{
    struct jt_suggest s = jt_suggest(scalar(ev));
    struct jt_slice shown = jt_shown(s.word);
    const char *elsewhere = NULL;
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        const struct jt_option *o = &jt_options[i];
        if (strcmp(o->section, section) == 0) {
            jt_suggest_offer(&s, jt_str(o->key));
        } else if (jt_slice_eq(s.word, jt_str(o->key))) {
            elsewhere = o->section;
        }
    }
    if (elsewhere != NULL) {
        FAIL(r, JT_E_SYNTAX, ev->start_mark, "\"%.*s\" belongs under \"%s:\", not under \"%s:\"",
             JT_FMT(shown), elsewhere, section);
    }
    if (jt_suggest_found(&s)) {
        FAIL(r, JT_E_SYNTAX, ev->start_mark, "unknown key \"%.*s\" (did you mean \"%.*s\"?)",
             JT_FMT(shown), JT_FMT(s.best));
    }
    FAIL(r, JT_E_SYNTAX, ev->start_mark, "unknown key \"%.*s\" under \"%s:\"", JT_FMT(shown),
         section);
}

static enum jt_err unknown_section(struct reader *r, const yaml_event_t *ev)
{
    struct jt_suggest s = jt_suggest(scalar(ev));
    struct jt_slice shown = jt_shown(s.word);
    for (size_t i = 0; i < JT_OPTION_N; i++) {
        const struct jt_option *o = &jt_options[i];
        if (jt_slice_eq(s.word, jt_str(o->name)) || jt_slice_eq(s.word, jt_str(o->key))) {
            FAIL(r, JT_E_SYNTAX, ev->start_mark,
                 "unknown section \"%.*s\" (write \"%s:\", and \"%s:\" indented below it)",
                 JT_FMT(shown), o->section, o->key);
        }
        jt_suggest_offer(&s, jt_str(o->section));
    }
    if (jt_suggest_found(&s)) {
        FAIL(r, JT_E_SYNTAX, ev->start_mark, "unknown section \"%.*s\" (did you mean \"%.*s\"?)",
             JT_FMT(shown), JT_FMT(s.best));
    }
    FAIL(r, JT_E_SYNTAX, ev->start_mark,
         "unknown section \"%.*s\" (there are server, token, keys, audit, metrics, admin, trust "
         "and log)",
         JT_FMT(shown));
}

/* Remembers the line; a second time is an error (RFC 8259 leaves it open, so we decide). */
static enum jt_err once(struct reader *r, size_t *line, const yaml_event_t *ev)
{
    if (*line != 0) {
        struct jt_slice shown = jt_shown(scalar(ev));
        FAIL(r, JT_E_SYNTAX, ev->start_mark, "\"%.*s\" stands twice (first in line %zu)",
             JT_FMT(shown), *line);
    }
    *line = ev->start_mark.line + 1;
    return JT_OK;
}

static enum jt_err read_section(struct reader *r, const char *section)
{
    for (;;) {
        JT_AUTO(yaml_event_delete) yaml_event_t ev = {0};
        JT_TRY(next(r, &ev));
        if (ev.type == YAML_MAPPING_END_EVENT) {
            return JT_OK;
        }
        if (ev.type != YAML_SCALAR_EVENT) {
            FAIL(r, JT_E_SYNTAX, ev.start_mark, "a key is a word");
        }
        size_t i = 0;
        while (i < JT_OPTION_N && (strcmp(jt_options[i].section, section) != 0 ||
                                   !jt_slice_eq(scalar(&ev), jt_str(jt_options[i].key)))) {
            i++;
        }
        if (i == JT_OPTION_N) {
            return unknown_key(r, section, &ev);
        }
        JT_TRY(once(r, &r->key_line[i], &ev));
        JT_TRY(read_value(r, &jt_options[i]));
    }
}

static enum jt_err enter_section(struct reader *r, const char *section)
{
    JT_AUTO(yaml_event_delete) yaml_event_t ev = {0};
    JT_TRY(next(r, &ev));
    if (is_null(&ev)) {
        return JT_OK; /* all its keys are commented out */
    }
    if (ev.type != YAML_MAPPING_START_EVENT) {
        FAIL(r, JT_E_SYNTAX, ev.start_mark, "\"%s:\" has keys of its own, indented below it",
             section);
    }
    return read_section(r, section);
}

static enum jt_err read_sections(struct reader *r)
{
    for (;;) {
        JT_AUTO(yaml_event_delete) yaml_event_t ev = {0};
        JT_TRY(next(r, &ev));
        if (ev.type == YAML_MAPPING_END_EVENT) {
            return JT_OK;
        }
        if (ev.type != YAML_SCALAR_EVENT) {
            FAIL(r, JT_E_SYNTAX, ev.start_mark, "a section is a word");
        }
        size_t i = 0;
        while (i < JT_OPTION_N && !jt_slice_eq(scalar(&ev), jt_str(jt_options[i].section))) {
            i++;
        }
        if (i == JT_OPTION_N) {
            return unknown_section(r, &ev);
        }
        JT_TRY(once(r, &r->section_line[i], &ev));
        JT_TRY(enter_section(r, jt_options[i].section));
    }
}

static enum jt_err read_document(struct reader *r)
{
    JT_AUTO(yaml_event_delete) yaml_event_t ev = {0};
    JT_TRY(next(r, &ev));
    if (ev.type == YAML_MAPPING_START_EVENT) {
        return read_sections(r);
    }
    if (is_null(&ev)) {
        return JT_OK;
    }
    FAIL(r, JT_E_SYNTAX, ev.start_mark, "the file must begin with a section, such as \"server:\"");
}

enum jt_err jt_yaml_read(struct jt_config *c, const char *file, struct jt_slice text,
                         struct jt_config_error *err)
{
    JT_AUTO(close_parser) struct reader r = {.c = c, .file = file, .text = text, .err = err};
    if (yaml_parser_initialize(&r.parser) == 0) {
        return jt_config_fail(err, JT_E_NOMEM, file, "out of memory");
    }
    yaml_parser_set_input_string(&r.parser, text.n == 0 ? (const uint8_t *)"" : text.p, text.n);
    for (bool has_document = false;;) {
        JT_AUTO(yaml_event_delete) yaml_event_t ev = {0};
        JT_TRY(next(&r, &ev));
        if (ev.type == YAML_STREAM_END_EVENT) {
            return JT_OK;
        }
        if (ev.type == YAML_DOCUMENT_START_EVENT) {
            if (has_document) {
                FAIL(&r, JT_E_SYNTAX, ev.start_mark, "a second document (---) in the file");
            }
            has_document = true;
            JT_TRY(read_document(&r));
        }
    }
}

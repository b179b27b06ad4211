/* SPDX-License-Identifier: Apache-2.0 */
/*
 * say.h - words to the person: errors and hints on stderr, and exit codes.
 *
 * Nothing reaches a terminal raw: control characters, bytes that are not UTF-8, and what turns
 * the writing direction are shown as escapes (\x1b, \u{202e}), because a stranger may have
 * chosen the text.
 * Threads: one; stdout and stderr are the process's.
 */
#ifndef JT_CLI_SAY_H
#define JT_CLI_SAY_H

#include "../core/base/buf.h"

enum jt_exit {
#define X(name, code, text) JT_EXIT_##name = (code),
#include "exit.def"
#undef X
};

/* "jeton: …\n" on stderr. */
void jt_say_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "hint: …\n" on stderr. */
void jt_say_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* An error, with the code to return. */
enum jt_exit jt_say_fail(enum jt_exit code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Takes the next code point off *rest (not empty). False, with the byte in *out, when the
 * bytes there are not UTF-8. */
bool jt_rune_next(struct jt_slice *rest, uint32_t *out);
/* A code point that must not reach a terminal. */
bool jt_rune_is_unsafe(uint32_t rune);
/* s with everything unsafe escaped, appended. */
void jt_safe_put(struct jt_buf *b, struct jt_slice s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/base/err.h"

#define DER_SEQUENCE 0x30

static void hang_up(const int *fd)
{
    if (*fd > STDIN_FILENO) {
        (void)close(*fd);
    }
}

static enum jt_exit read_all(int fd, const char *file, const char *what, struct jt_buf *out)
{
    uint8_t piece[1024];
    ssize_t k = 0;
    do {
        k = read(fd, piece, sizeof piece);
        if (k < 0 && errno != EINTR) {
            return jt_say_fail(JT_EXIT_USAGE, "cannot read %s from %s: %s", what, file,
                               strerrordesc_np(errno));
        }
        jt_buf_put(out, jt_slice(piece, k < 0 ? 0 : (size_t)k));
        explicit_bzero(piece, sizeof piece);
    } while (k != 0 && jt_buf_ok(out));
    return JT_EXIT_DONE;
}

static void cut_line_end(struct jt_buf *b)
{
    b->n -= b->n > 0 && b->p[b->n - 1] == '\n';
    b->n -= b->n > 0 && b->p[b->n - 1] == '\r';
}

static enum jt_exit read_text(const char *file, const char *what, bool is_public,
                              struct jt_buf *out)
{
    bool is_stdin = strcmp(file, "-") == 0;
    JT_AUTO(hang_up) int fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    const char *name = is_stdin ? "standard input" : file;
    struct stat st = {0};
    if (fd < 0) {
        return jt_say_fail(JT_EXIT_USAGE, "cannot read %s from %s: %s", what, name,
                           strerrordesc_np(errno));
    }
    if (!is_stdin && !is_public && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        (st.st_mode & 044u) != 0) {
        jt_say_hint("%s can be read by others than its owner: chmod 600 %s", file, file);
    }
    const size_t max = out->max;
    out->max += 2; /* for the line end */
    enum jt_exit code = read_all(fd, name, what, out);
    out->max = max;
    if (code != JT_EXIT_DONE) {
        return code;
    }
    cut_line_end(out);
    if (!jt_buf_ok(out) || out->n > max) {
        return jt_say_fail(JT_EXIT_USAGE, "%s in %s is longer than %zu bytes", what, name, max);
    }
    if (out->n == 0) {
        return jt_say_fail(JT_EXIT_USAGE, "%s is empty: %s", what, name);
    }
    if (memchr(out->p, 0, out->n) != NULL) {
        jt_say_error("%s in %s has a NUL: it is not text", what, name);
        if (is_public && out->p[0] == DER_SEQUENCE) {
            jt_say_hint("it looks like DER; make it PEM: openssl x509 -inform DER -in %s (a "
                        "certificate), openssl pkey -pubin -inform DER -in %s (a public key)",
                        name, name);
        }
        return JT_EXIT_USAGE;
    }
    return JT_EXIT_DONE;
}

enum jt_exit jt_input_read(const char *file, const char *what, struct jt_buf *out)
{
    return read_text(file, what, false, out);
}

enum jt_exit jt_input_read_public(const char *file, const char *what, struct jt_buf *out)
{
    return read_text(file, what, true, out);
}

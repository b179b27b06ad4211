/* SPDX-License-Identifier: Apache-2.0 */
#include "admin_ca.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../core/crypt/certs.h"

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static enum jt_err read_file(const char *file, struct jt_buf *out, char *why, size_t why_n)
{
    /* Opening or reading a pipe would wait, and with SIGHUP a whole server would wait. */
    JT_AUTO(close_fd) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    uint8_t piece[4096];
    ssize_t k = fd < 0 ? -1 : 1;
    while (k > 0 && jt_buf_ok(out)) {
        k = read(fd, piece, sizeof piece);
        jt_buf_put(out, jt_slice(piece, k < 0 ? 0 : (size_t)k));
    }
    if (k < 0) {
        (void)snprintf(why, why_n, "admin.client_ca: cannot read %s: %s", file, strerror(errno));
        return JT_E_RANGE;
    }
    if (!jt_buf_ok(out)) {
        (void)snprintf(why, why_n, "admin.client_ca: %s is larger than 1 MiB", file);
        return JT_E_LIMIT;
    }
    return JT_OK;
}

enum jt_err jt_admin_ca_read(const char *file, struct jt_buf *out, size_t *n, char *why,
                             size_t why_n)
{
    JT_AUTO(jt_buf_free) struct jt_buf pem;
    const char *what = "there are too many CA certificates in it";
    jt_buf_init(&pem, JT_ADMIN_CA_BYTES);
    jt_buf_init(out, JT_ADMIN_CA_BYTES);
    JT_TRY(read_file(file, &pem, why, why_n));
    enum jt_err e = jt_certs_from_pem(jt_buf_slice(&pem), JT_ADMIN_CAS_MAX, out, n, &what);
    if (e != JT_OK && e != JT_E_NOMEM) {
        (void)snprintf(why, why_n, "admin.client_ca: cannot use %s: %s", file, what);
        return JT_E_RANGE;
    }
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "err.h"

#include <stdio.h>
#include <stdlib.h>

const char *jt_err_text(enum jt_err e)
{
    switch (e) {
    case JT_OK:
        return "ok";
    case JT_E_NOMEM:
        return "out of memory";
    case JT_E_LIMIT:
        return "larger than allowed";
    case JT_E_SYNTAX:
        return "malformed";
    case JT_E_RANGE:
        return "value not allowed";
    case JT_E_CRYPTO:
        return "cryptographic failure";
    case JT_E_IO:
        return "input/output error";
    case JT_E_FULL:
        return "no space left on device";
    case JT_E_NOTFOUND:
        return "not found";
    case JT_E_CONFLICT:
        return "conflict";
    case JT_E_CORRUPT:
        return "stored data is damaged";
    case JT_E_NEWER:
        return "stored data is of a newer version";
    case JT_E_BUSY:
        return "busy";
    case JT_E_PERM:
        return "not allowed";
    case JT_E_UNSUPPORTED:
        return "not supported";
    }
    return "unknown error";
}

_Noreturn void jt_assert_failed(const char *cond, const char *file, int line)
{
    (void)fprintf(stderr, "jeton: %s:%d: assertion failed: %s\n", file, line, cond);
    abort();
}

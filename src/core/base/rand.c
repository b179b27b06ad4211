/* SPDX-License-Identifier: Apache-2.0 */
#include "rand.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

enum jt_err jt_random(void *out, size_t n)
{
    uint8_t *p = out;
    while (n > 0) {
        ssize_t k = getrandom(p, n, 0);
        if (k < 0 && errno != EINTR) {
            return JT_E_IO;
        }
        if (k > 0) {
            p += k;
            n -= (size_t)k;
        }
    }
    return JT_OK;
}

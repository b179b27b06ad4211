/* SPDX-License-Identifier: Apache-2.0 */
#include <jeton/version.h>

const char *jeton_version(void)
{
    return JT_VERSION;
}

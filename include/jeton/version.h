/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.h - which libjeton this is.
 */
#ifndef JETON_VERSION_H
#define JETON_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that runs, as "0.1.0". Never NULL; static. Any thread. */
const char *jeton_version(void);

#ifdef __cplusplus
}
#endif

#endif

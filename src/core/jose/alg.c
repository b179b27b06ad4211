/* SPDX-License-Identifier: Apache-2.0 */
#include "alg.h"

static const struct {
    enum jt_alg alg;
    const char *name; /* RFC 7518 section 3.1 */
    enum jt_key_kind kind;
} rows[] = {
    {JT_ALG_RS256, "RS256", JT_KEY_RSA},
    {JT_ALG_ES256, "ES256", JT_KEY_P256},
    {JT_ALG_PS256, "PS256", JT_KEY_RSA},
    {JT_ALG_EDDSA, "EdDSA", JT_KEY_ED25519}, /* RFC 8037 section 3.1 */
};

#define ROWS (sizeof rows / sizeof rows[0])

enum jt_alg jt_alg_from_name(struct jt_slice name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (jt_slice_eq(name, jt_str(rows[i].name))) {
            return rows[i].alg;
        }
    }
    return JT_ALG_NONE;
}

enum jt_alg jt_alg_from_jose(struct jt_slice name)
{
    return jt_slice_eq(name, JT_LIT("Ed25519")) ? JT_ALG_EDDSA : jt_alg_from_name(name);
}

const char *jt_alg_name(enum jt_alg alg)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].alg == alg) {
            return rows[i].name;
        }
    }
    return "";
}

enum jt_alg jt_alg_nth(size_t i)
{
    return i < ROWS ? rows[i].alg : JT_ALG_NONE;
}

enum jt_key_kind jt_alg_kind(enum jt_alg alg)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].alg == alg) {
            return rows[i].kind;
        }
    }
    return JT_KEY_NONE;
}

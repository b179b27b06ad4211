/* SPDX-License-Identifier: Apache-2.0 */
#include "opaque.h"

#include "../base/b64.h"

#define PREFIX JT_LIT("jat_")
#define BYTES 32

enum jt_err jt_opaque_make(struct jt_crypt *c, char out[static JT_OPAQUE_LEN])
{
    uint8_t bytes[BYTES];
    JT_TRY(jt_crypt_random(c, bytes, sizeof bytes));
    memcpy(out, PREFIX.p, PREFIX.n);
    size_t n = jt_b64url_encode(jt_slice(bytes, sizeof bytes), out + PREFIX.n);
    explicit_bzero(bytes, sizeof bytes);
    return n + PREFIX.n == JT_OPAQUE_LEN ? JT_OK : JT_E_CRYPTO;
}

bool jt_opaque_form(struct jt_slice token)
{
    uint8_t bytes[JT_B64_BYTES(JT_OPAQUE_LEN)];
    size_t n = 0;
    bool ok = token.n == JT_OPAQUE_LEN && jt_slice_starts(token, PREFIX) &&
              jt_b64url_decode(jt_slice_from(token, PREFIX.n), bytes, &n) == JT_OK && n == BYTES;
    explicit_bzero(bytes, sizeof bytes);
    return ok;
}

enum jt_err jt_opaque_hash(struct jt_crypt *c, struct jt_slice token,
                           uint8_t hash[static JT_SHA256_SIZE])
{
    return jt_sha256(c, token, hash);
}

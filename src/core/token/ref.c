/* SPDX-License-Identifier: Apache-2.0 */
#include "ref.h"

#include "../base/b64.h"
#include "../base/num.h"

/* A reference: kind, 5 zeros, b (2), a (8). A stranger's block has these zeros once in 2^40 tries.
 */
enum jt_err jt_ref_write(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                         const struct jt_ref *r, char out[static JT_REF_LEN])
{
    uint8_t block[JT_BLOCK_SIZE] = {(uint8_t)r->kind};
    block[6] = (uint8_t)(r->b >> 8);
    block[7] = (uint8_t)(r->b & 0xff);
    jt_put_be64(block + 8, r->a);
    JT_TRY(jt_block_encrypt(c, key, block, block));
    return jt_b32_encode(jt_slice(block, sizeof block), out) == JT_REF_LEN ? JT_OK : JT_E_CRYPTO;
}

enum jt_err jt_ref_read(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                        struct jt_slice text, struct jt_ref *out)
{
    static const uint8_t zeros[5] = {0};
    uint8_t block[JT_BLOCK_SIZE + 1];
    size_t n = 0;
    if (text.n != JT_REF_LEN) {
        return JT_E_SYNTAX;
    }
    JT_TRY(jt_b32_decode(text, block, &n));
    JT_TRY(jt_block_decrypt(c, key, block, block));
    if (block[0] < JT_REF_EVENT || block[0] > JT_REF_CURSOR ||
        memcmp(block + 1, zeros, sizeof zeros) != 0) {
        return JT_E_CRYPTO;
    }
    const uint16_t b = (uint16_t)(block[6] << 8 | block[7]);
    if (block[0] != JT_REF_COUNTED && block[0] != JT_REF_CURSOR && b != 0) {
        return JT_E_CRYPTO; /* only these have a second part */
    }
    out->kind = (enum jt_ref_kind)block[0];
    out->b = b;
    out->a = jt_get_be64(block + 8);
    return JT_OK;
}

/*
 * A jti: random (4), sequence (8), credential (4). There is no check value: the token's signature
 * vouches for it. As a reference it fails, but for one in 2^30, for want of the zeros.
 */
enum jt_err jt_jti_write(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                         const struct jt_jti *j, char out[static JT_JTI_LEN])
{
    uint8_t salt[4];
    JT_TRY(jt_crypt_random(c, salt, sizeof salt));
    return jt_jti_write_with(c, key, j, salt, out);
}

enum jt_err jt_jti_write_with(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                              const struct jt_jti *j, const uint8_t salt[static 4],
                              char out[static JT_JTI_LEN])
{
    uint8_t block[JT_BLOCK_SIZE];
    memcpy(block, salt, 4);
    jt_put_be64(block + 4, j->sequence);
    jt_put_be32(block + 12, j->credential);
    JT_TRY(jt_block_encrypt(c, key, block, block));
    return jt_b64url_encode(jt_slice(block, sizeof block), out) == JT_JTI_LEN ? JT_OK : JT_E_CRYPTO;
}

enum jt_err jt_jti_read(struct jt_crypt *c, const uint8_t key[static JT_KEY_SIZE],
                        struct jt_slice text, struct jt_jti *out)
{
    uint8_t block[JT_B64_BYTES(JT_JTI_LEN)];
    size_t n = 0;
    if (text.n != JT_JTI_LEN) {
        return JT_E_SYNTAX;
    }
    JT_TRY(jt_b64url_decode(text, block, &n));
    JT_TRY(jt_block_decrypt(c, key, block, block));
    out->sequence = jt_get_be64(block + 4);
    out->credential = jt_get_be32(block + 12);
    return JT_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client_secret.h"

#include "../base/rand.h"

#define RANDOM_LEN 43
#define CHECK_LEN 6
#define PREFIX_LEN 4
#define TOTAL_LEN (PREFIX_LEN + JT_CREDENTIAL_ID_LEN + 1 + RANDOM_LEN + 1 + CHECK_LEN)

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* Characters from an alphabet of n, each equally likely: bytes over the last multiple are thrown
 * away. */
static enum jt_err random_text(const char *alphabet, unsigned n, char *out, size_t len)
{
    const unsigned limit = 256 / n * n;
    size_t i = 0;
    while (i < len) {
        uint8_t b[64];
        JT_TRY(jt_random(b, sizeof b));
        for (size_t k = 0; k < sizeof b && i < len; k++) {
            if (b[k] < limit) {
                out[i++] = alphabet[b[k] % n];
            }
        }
        explicit_bzero(b, sizeof b);
    }
    return JT_OK;
}

enum jt_err jt_credential_id_make(char out[static JT_CREDENTIAL_ID_LEN + 1])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    JT_TRY(random_text(alphabet, 36, out, JT_CREDENTIAL_ID_LEN));
    out[JT_CREDENTIAL_ID_LEN] = '\0';
    return JT_OK;
}

/* CRC-32 of ISO 3309, four bits at a time. */
static uint32_t crc32(struct jt_slice s)
{
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                       0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                       0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < s.n; i++) {
        crc ^= s.p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

static void checksum(struct jt_slice s, char out[static CHECK_LEN])
{
    uint32_t v = crc32(s);
    for (size_t i = CHECK_LEN; i > 0; i--) {
        out[i - 1] = base62[v % 62];
        v /= 62;
    }
}

static bool all_of(struct jt_slice s, bool upper)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        bool ok =
            (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (upper && c >= 'A' && c <= 'Z');
        if (!ok) {
            return false;
        }
    }
    return true;
}

enum jt_err jt_client_secret_make(struct jt_slice credential_id, struct jt_secret *out)
{
    char *p = (char *)out->p;
    if (credential_id.n != JT_CREDENTIAL_ID_LEN || !all_of(credential_id, false)) {
        return JT_E_RANGE;
    }
    memcpy(p, "jcs_", PREFIX_LEN);
    memcpy(p + PREFIX_LEN, credential_id.p, JT_CREDENTIAL_ID_LEN);
    size_t n = PREFIX_LEN + JT_CREDENTIAL_ID_LEN;
    p[n++] = '_';
    JT_TRY(random_text(base62, 62, p + n, RANDOM_LEN)); /* 43 × 5.95 bits: 256 */
    n += RANDOM_LEN;
    char check[CHECK_LEN];
    checksum(jt_slice(p, n), check);
    p[n++] = '_';
    memcpy(p + n, check, CHECK_LEN);
    out->n = n + CHECK_LEN;
    return JT_OK;
}

enum jt_secret_form jt_client_secret_form(struct jt_slice s, struct jt_slice *out_id)
{
    char check[CHECK_LEN];
    if (!jt_slice_starts(s, JT_LIT("jcs_"))) {
        return JT_SECRET_FOREIGN;
    }
    const size_t mid = PREFIX_LEN + JT_CREDENTIAL_ID_LEN;
    const size_t end = mid + 1 + RANDOM_LEN;
    if (s.n != TOTAL_LEN || s.p[mid] != '_' || s.p[end] != '_') {
        return JT_SECRET_DAMAGED;
    }
    struct jt_slice id = jt_slice(s.p + PREFIX_LEN, JT_CREDENTIAL_ID_LEN);
    checksum(jt_slice(s.p, end), check);
    if (!all_of(id, false) || !all_of(jt_slice(s.p + mid + 1, RANDOM_LEN), true) ||
        !jt_equal_ct(check, s.p + end + 1, CHECK_LEN)) {
        return JT_SECRET_DAMAGED;
    }
    *out_id = id;
    return JT_SECRET_OURS;
}

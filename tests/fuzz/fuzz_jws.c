/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "core/jose/jwk.h"
#include "core/jose/jws.h"
#include "core/token/client_secret.h"
#include "core/token/ref.h"
#include "fuzz.h"

/* Whatever the bytes say, a key that signed none of it accepts nothing. */
static void check_token(struct jt_slice in, struct jt_sigcheck *check)
{
    struct jt_arena a;
    struct jt_jws_parts parts;
    struct jt_jws_header header;
    struct jt_slice payload;
    jt_arena_init(&a, 1u << 20);
    if (jt_jws_read(in, &a, &parts, &header) == JT_OK) {
        must_lie_in(parts.signing_input, in);
        must_lie_in(parts.signature, in);
        JT_ASSERT(header.alg != JT_ALG_NONE);
        JT_ASSERT(jt_jws_verify(&parts, check) == JT_SIG_INVALID);
        JT_ASSERT(jt_jws_payload(&parts, &a, &payload) != JT_OK || payload.n < parts.payload.n);
    }
    jt_arena_free(&a);
}

static void check_key(struct jt_slice in)
{
    static const struct jt_json_limits limits = {16384, 4, 64};
    struct jt_json *doc = NULL;
    struct jt_jwk k = {0};
    if (jt_json_parse(in, &limits, &doc) != JT_OK) {
        return;
    }
    if (jt_jwk_read(jt_json_root(doc), &k) == JT_OK) {
        JT_ASSERT(k.key != NULL && k.kid.n <= JT_KID_MAX);
        jt_pkey_free(&k.key);
    }
    jt_json_free(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jt_pkey *key;
    static struct jt_sigcheck *check;
    static struct jt_crypt *c;
    static const uint8_t secret[JT_KEY_SIZE] = {1};
    struct jt_slice in = jt_slice(data, size);
    struct jt_slice id = {0};
    struct jt_ref ref;
    if (key == NULL) {
        JT_ASSERT(jt_pkey_generate(JT_KEY_P256, &key) == JT_OK);
        JT_ASSERT(jt_sigcheck_new(key, JT_ALG_ES256, &check) == JT_OK);
        JT_ASSERT(jt_crypt_new(&c) == JT_OK);
    }
    check_token(in, check);
    check_key(in);
    JT_ASSERT(jt_client_secret_form(in, &id) != JT_SECRET_OURS || id.n == JT_CREDENTIAL_ID_LEN);
    JT_ASSERT(jt_ref_read(c, secret, in, &ref) != JT_OK || size == JT_REF_LEN);
    return 0;
}

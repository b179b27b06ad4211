/* SPDX-License-Identifier: Apache-2.0 */
#include "signer.h"

#include <stdio.h>
#include <time.h>

#include "core/jose/jwk.h"
#include "core/jose/jws.h"

static struct jt_pkey *keys[2];
static struct jt_signer *signers[2];

void signer_init(char *body, size_t cap)
{
    struct jt_buf b;
    jt_buf_init(&b, 1024);
    struct jt_jw w = jt_jw(&b);
    for (size_t i = 0; i < 2; i++) {
        JT_ASSERT(jt_pkey_generate(JT_KEY_P256, &keys[i]) == JT_OK);
        JT_ASSERT(jt_signer_new(keys[i], JT_ALG_ES256, &signers[i]) == JT_OK);
    }
    JT_ASSERT(jt_jwk_write(&w, keys[0], JT_ALG_ES256, JT_LIT("k")) == JT_OK && jt_buf_ok(&b));
    (void)snprintf(body, cap, "{\"kind\":\"jwk\",\"jwk\":%.*s}", (int)b.n, (const char *)b.p);
    jt_buf_free(&b);
}

void signer_form(const struct served *s, const char *client, bool by_another,
                 char out[static SIGNER_FORM])
{
    static unsigned long serial;
    char claims[512];
    struct jt_buf b;
    long long now = (long long)time(NULL);
    jt_buf_init(&b, SIGNER_FORM);
    int n = snprintf(claims, sizeof claims,
                     "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"http://%s\",\"exp\":%lld,"
                     "\"jti\":\"%lu\"}",
                     client, client, s->listen, now + 60, ++serial);
    JT_ASSERT(jt_jws_write(signers[by_another ? 1 : 0], JT_LIT("eyJhbGciOiJFUzI1NiJ9"),
                           jt_slice(claims, (size_t)n), &b) == JT_OK);
    (void)snprintf(out, SIGNER_FORM,
                   "grant_type=client_credentials&resource=https://es.example.com"
                   "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
                   "&client_assertion=%.*s",
                   (int)b.n, (const char *)b.p);
    jt_buf_free(&b);
}

void signer_free(void)
{
    for (size_t i = 0; i < 2; i++) {
        jt_signer_free(&signers[i]);
        jt_pkey_free(&keys[i]);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Who stands behind a certificate; threat A15. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../made_cert.h"

#define NAMED(cn) .subject = {{"CN", cn, 0, false}}

static struct made *root, *other, *between;

static int setup(void **state)
{
    (void)state;
    root =
        make(NULL, (struct recipe){NAMED("Root"), .extensions = {CA_TRUE}, .end = NOW + 9 * DAY});
    other =
        make(NULL, (struct recipe){NAMED("Root"), .extensions = {CA_TRUE}, .end = NOW + 9 * DAY});
    between = make(
        root, (struct recipe){NAMED("Between"), .extensions = {CA_TRUE}, .end = NOW + 9 * DAY});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unmake(root);
    unmake(other);
    unmake(between);
    return 0;
}

/* chain: the certificate, then what comes with it. cas: NULL-terminated. */
static enum jt_chain chain(struct made *const *with, size_t n, struct made *const *cas, int64_t now)
{
    struct jt_slice ders[JT_PEER_CERTS_MAX];
    const struct jt_peer_cert *c = NULL;
    static uint8_t text[4 * 8192];
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        ders[i] = with[i]->s;
    }
    for (size_t i = 0; cas[i] != NULL; i++) {
        memcpy(text + k, cas[i]->s.p, cas[i]->s.n);
        k += cas[i]->s.n;
    }
    assert_int_equal(jt_peer_cert_new(ders, n, &c), JT_OK);
    enum jt_chain v = jt_peer_cert_chain(c, jt_slice(text, k), now);
    jt_peer_cert_release(&c);
    return v;
}

static enum jt_chain alone(const struct made *issuer, struct recipe r, struct made *ca)
{
    struct made *m = make(issuer, r);
    enum jt_chain v = chain((struct made *[]){m}, 1, (struct made *[]){ca, NULL}, NOW);
    unmake(m);
    return v;
}

static void one_certificate(void **state)
{
    (void)state;
    const struct {
        const struct made *issuer;
        struct recipe r;
        enum jt_chain want;
    } rows[] = {
        {root, {NAMED("w"), .extensions = {CA_FALSE, FOR_CLIENTS}}, JT_CHAIN_GOOD},
        {root, {NAMED("w")}, JT_CHAIN_GOOD}, /* no usage is named: any */
        {root,
         {NAMED("w"), .extensions = {{"extendedKeyUsage", "serverAuth,clientAuth"}}},
         JT_CHAIN_GOOD},
        {root, {NAMED("w"), .extensions = {{"extendedKeyUsage", "serverAuth"}}}, JT_CHAIN_PURPOSE},
        {root,
         {NAMED("w"), .extensions = {{"keyUsage", "critical,keyEncipherment"}}},
         JT_CHAIN_PURPOSE},
        {root, {NAMED("w"), .begin = NOW - 2 * DAY, .end = NOW - DAY}, JT_CHAIN_EXPIRED},
        {root, {NAMED("w"), .begin = NOW + DAY, .end = NOW + 2 * DAY}, JT_CHAIN_NOT_YET},
        {root, {NAMED("w"), .begin = NOW, .end = NOW + DAY}, JT_CHAIN_GOOD},
        {other, {NAMED("w")}, JT_CHAIN_SIGNATURE}, /* a CA of the same name */
        {NULL, {NAMED("w")}, JT_CHAIN_ISSUER},
        {NULL, {NAMED("Root"), .extensions = {CA_TRUE}}, JT_CHAIN_ISSUER},
        {root, {NAMED("w"), .digest = EVP_sha1()}, JT_CHAIN_WEAK},
        {root, {NAMED("w"), .extensions = {{"1.2.3.4", "critical,DER:0500"}}}, JT_CHAIN_OTHER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum jt_chain v = alone(rows[i].issuer, rows[i].r, root);
        if (v != rows[i].want) {
            fail_msg("row %zu: %s", i, jt_chain_text(v));
        }
    }
}

static void weak_key(void **state)
{
    (void)state;
    EVP_PKEY *small = EVP_RSA_gen(1024);
    assert_int_equal(alone(root, (struct recipe){NAMED("w"), .key = small}, root), JT_CHAIN_WEAK);
    EVP_PKEY_free(small);
}

static void intermediates(void **state)
{
    (void)state;
    struct made *m = make(between, (struct recipe){NAMED("w"), .extensions = {CA_FALSE}});
    struct made *with[] = {m, between, root};
    struct made *rooted[] = {root, NULL};
    struct made *anchored[] = {between, NULL};
    struct made *none[] = {NULL};
    struct made *foreign[] = {other, NULL};
    assert_int_equal(chain(with, 2, rooted, NOW), JT_CHAIN_GOOD);
    assert_int_equal(chain(with, 3, rooted, NOW), JT_CHAIN_GOOD);
    assert_int_equal(chain(with, 1, rooted, NOW), JT_CHAIN_ISSUER);
    assert_int_equal(chain(with, 1, anchored, NOW), JT_CHAIN_GOOD); /* it is a root for us */
    assert_int_equal(chain(with, 3, none, NOW), JT_CHAIN_ISSUER);   /* what came is no anchor */
    assert_int_equal(chain(with, 3, foreign, NOW), JT_CHAIN_SIGNATURE);
    unmake(m);
}

/* One CA of several, wherever it stands; and what was refused for others is asked anew for these.
 */
static void among_several(void **state)
{
    (void)state;
    static uint8_t text[4 * 8192];
    struct made *m = make(root, (struct recipe){NAMED("w"), .extensions = {CA_FALSE}});
    const struct jt_peer_cert *c = NULL;
    size_t n = 0;
    assert_int_equal(chain((struct made *[]){m}, 1, (struct made *[]){between, root, NULL}, NOW),
                     JT_CHAIN_GOOD);
    assert_int_equal(chain((struct made *[]){m}, 1, (struct made *[]){root, between, NULL}, NOW),
                     JT_CHAIN_GOOD);
    memcpy(text, between->s.p, between->s.n);
    n = between->s.n;
    memcpy(text + n, root->s.p, root->s.n);
    assert_int_equal(jt_peer_cert_new(&m->s, 1, &c), JT_OK);
    assert_int_equal(jt_peer_cert_chain(c, jt_slice(text, n), NOW), JT_CHAIN_ISSUER);
    assert_int_equal(jt_peer_cert_chain(c, jt_slice(text, n), NOW + 1), JT_CHAIN_ISSUER);
    assert_int_equal(jt_peer_cert_chain(c, jt_slice(text, n + root->s.n), NOW + 1), JT_CHAIN_GOOD);
    assert_int_equal(jt_peer_cert_chain(c, jt_slice(text, n), NOW + 2), JT_CHAIN_ISSUER);
    jt_peer_cert_release(&c);
    unmake(m);
}

/* A certificate that is no CA's issues another (CVE-2002-0862 and the like). */
static void issued_by_no_ca(void **state)
{
    (void)state;
    static const struct {
        const char *extensions[6][2];
        enum jt_chain want;
    } rows[] = {
        {{CA_FALSE, FOR_CLIENTS}, JT_CHAIN_NOT_CA},
        {{FOR_CLIENTS}, JT_CHAIN_NOT_CA},
        {{{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "critical,cRLSign"}},
         JT_CHAIN_NOT_CA},
        {{{"basicConstraints", "critical,CA:TRUE"}, {"extendedKeyUsage", "serverAuth"}},
         JT_CHAIN_NOT_CA},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct recipe r = {NAMED("Between")};
        memcpy(r.extensions, rows[i].extensions, sizeof r.extensions);
        struct made *fake = make(root, r);
        struct made *m = make(fake, (struct recipe){NAMED("w")});
        struct made *with[] = {m, fake};
        enum jt_chain v = chain(with, 2, (struct made *[]){root, NULL}, NOW);
        if (v != rows[i].want) {
            fail_msg("row %zu: %s", i, jt_chain_text(v));
        }
        unmake(m);
        unmake(fake);
    }
}

static void path_length_and_times_above(void **state)
{
    (void)state;
    struct made *shallow = make(
        NULL, (struct recipe){NAMED("S"),
                              .extensions = {{"basicConstraints", "critical,CA:TRUE,pathlen:0"},
                                             {"keyUsage", "critical,keyCertSign"}}});
    struct made *below = make(shallow, (struct recipe){NAMED("B"), .extensions = {CA_TRUE}});
    struct made *m = make(below, (struct recipe){NAMED("w"), .end = NOW + 5 * DAY});
    struct made *with[] = {m, below};
    struct made *cas[] = {shallow, NULL};
    assert_int_equal(chain(with, 2, cas, NOW), JT_CHAIN_NOT_CA);
    struct made *anchor[] = {below, NULL};
    assert_int_equal(chain(with, 1, anchor, NOW), JT_CHAIN_GOOD);
    assert_int_equal(chain(with, 1, anchor, NOW + 2 * DAY), JT_CHAIN_CA_TIME);
    assert_int_equal(chain(with, 1, anchor, NOW + 6 * DAY), JT_CHAIN_CA_TIME);
    unmake(m);
    unmake(below);
    unmake(shallow);
}

static void the_longest_chain(void **state)
{
    (void)state;
    struct made *all[8] = {root};
    struct made *with[8];
    for (int i = 1; i < 8; i++) {
        char cn[16];
        (void)snprintf(cn, sizeof cn, "CA %d", i);
        all[i] = make(all[i - 1], (struct recipe){NAMED(cn), .extensions = {CA_TRUE}});
        with[8 - i] = all[i];
    }
    with[0] = make(all[7], (struct recipe){NAMED("w")});
    assert_int_equal(chain(with, 8, (struct made *[]){root, NULL}, NOW), JT_CHAIN_GOOD);
    assert_int_equal(chain(with, 7, (struct made *[]){root, NULL}, NOW), JT_CHAIN_ISSUER);
    for (int i = 0; i < 8; i++) {
        unmake(with[i]);
    }
}

/* Pieces that are no certificates are passed over; they neither help nor harm. */
static void rubbish_sent_along(void **state)
{
    (void)state;
    struct made *m = make(root, (struct recipe){NAMED("w")});
    struct jt_slice ders[] = {m->s, JT_LIT("rubbish")};
    const struct jt_peer_cert *c = NULL;
    assert_int_equal(jt_peer_cert_new(ders, 2, &c), JT_OK);
    assert_int_equal(jt_peer_cert_chain(c, root->s, NOW), JT_CHAIN_GOOD);
    assert_int_equal(jt_peer_cert_chain(c, JT_LIT("rubbish"), NOW), JT_CHAIN_ISSUER);
    jt_peer_cert_release(&c);
    unmake(m);
}

static void own_validity(void **state)
{
    (void)state;
    struct made *m = make(NULL, (struct recipe){NAMED("w")});
    const struct jt_peer_cert *c = peer_of(m);
    assert_int_equal(jt_peer_cert_in_time(c, NOW - DAY - 1), JT_CHAIN_NOT_YET);
    assert_int_equal(jt_peer_cert_in_time(c, NOW - DAY), JT_CHAIN_GOOD);
    assert_int_equal(jt_peer_cert_in_time(c, NOW + DAY - 1), JT_CHAIN_GOOD);
    assert_int_equal(jt_peer_cert_in_time(c, NOW + DAY + 1), JT_CHAIN_EXPIRED);
    jt_peer_cert_release(&c);
    unmake(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_certificate),   cmocka_unit_test(weak_key),
        cmocka_unit_test(intermediates),     cmocka_unit_test(among_several),
        cmocka_unit_test(issued_by_no_ca),   cmocka_unit_test(path_length_and_times_above),
        cmocka_unit_test(the_longest_chain), cmocka_unit_test(rubbish_sent_along),
        cmocka_unit_test(own_validity),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

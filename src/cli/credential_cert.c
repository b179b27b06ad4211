/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_cert.c - certificates from PEM files as members of a request: --cert, --tls-... --ca.
 */
#include "credential_new.h"
#include "input.h"

#define FILE_MAX 65536

/* The blocks of certificates of a PEM file alone: what stands around them stays here, and so does
 * a private key. */
static enum jt_exit take_blocks(const char *file, struct jt_slice text, struct jt_buf *out)
{
    static const char begin[] = "-----BEGIN ";
    static const char end[] = "-----END CERTIFICATE-----";
    for (;;) {
        const uint8_t *p = text.n == 0 ? NULL : memmem(text.p, text.n, begin, sizeof begin - 1);
        if (p == NULL) {
            break;
        }
        text = jt_slice_from(text, (size_t)(p - text.p));
        if (!jt_slice_starts(text, JT_LIT("-----BEGIN CERTIFICATE-----"))) {
            struct jt_slice label = jt_slice_from(text, sizeof begin - 1);
            return jt_say_fail(JT_EXIT_USAGE,
                               "\"%s\" has something other than certificates in it (%.*s); it was "
                               "not sent",
                               file, (int)jt_slice_find(label, '-'), (const char *)label.p);
        }
        const uint8_t *q = memmem(text.p, text.n, end, sizeof end - 1);
        size_t n = q == NULL ? text.n : (size_t)(q - text.p) + sizeof end - 1;
        jt_buf_put(out, jt_slice(text.p, n));
        jt_buf_putc(out, '\n');
        text = jt_slice_from(text, n);
    }
    return out->n > 0 && jt_buf_ok(out)
               ? JT_EXIT_DONE
               : jt_say_fail(JT_EXIT_USAGE,
                             "there is no certificate in PEM form (-----BEGIN CERTIFICATE-----) in "
                             "\"%s\"",
                             file);
}

static enum jt_exit write_pem(const char *file, const char *what, const char *member,
                              struct jt_jw *w)
{
    JT_AUTO(jt_buf_free) struct jt_buf text;
    JT_AUTO(jt_buf_free) struct jt_buf blocks;
    jt_buf_init(&text, FILE_MAX);
    jt_buf_init(&blocks, FILE_MAX);
    enum jt_exit code = jt_input_read_public(file, what, &text);
    if (code == JT_EXIT_DONE) {
        code = take_blocks(file, jt_buf_slice(&text), &blocks);
    }
    if (code == JT_EXIT_DONE) {
        jt_jw_kstr(w, member, jt_buf_slice(&blocks));
    }
    return code;
}

enum jt_exit jt_credential_write_cert(const struct jt_args *args, const char *flag, struct jt_jw *w)
{
    return write_pem(jt_args_get(args, flag), "the certificate", "certificate", w);
}

/* --tls-san-dns as "san_dns", beside the CAs */
enum jt_exit jt_credential_write_tls(const struct jt_args *args, const char *flag, struct jt_jw *w)
{
    char member[32] = "";
    const char *ca = jt_args_get(args, "ca");
    for (size_t i = 0; i + 1 < sizeof member && flag[sizeof "tls-" - 1 + i] != '\0'; i++) {
        char c = flag[sizeof "tls-" - 1 + i];
        member[i] = c == '-' ? '_' : c;
    }
    if (ca == NULL) {
        return jt_say_fail(JT_EXIT_USAGE,
                           "--%s needs --ca FILE: the CA that issues the client's certificates",
                           flag);
    }
    jt_jw_key(w, "tls");
    jt_jw_obj(w);
    jt_jw_kstr(w, member, jt_str(jt_args_get(args, flag)));
    enum jt_exit code = write_pem(ca, "the CA", "ca", w);
    jt_jw_end_obj(w);
    return code;
}

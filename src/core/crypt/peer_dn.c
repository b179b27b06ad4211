/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distinguished names as text (RFC 4514). Reading is strict: what an operator writes is either the
 * one form or refused, so that nobody registers a name that can never come.
 */
#include <openssl/err.h>
#include <openssl/objects.h>

#include "peer_internal.h"

#define PARTS_MAX 32u
#define VALUE_MAX 1024u

/* One attribute and its value, of the relative name with that number. */
struct part {
    size_t rdn;
    ASN1_OBJECT *type;
    ASN1_STRING *value;
};

struct reader {
    struct jt_slice rest;
    const char *why;
    bool no_memory;
    size_t n;
    struct part parts[PARTS_MAX];
};

/* RFC 4514 section 3; names are read without regard to case. */
static const struct {
    struct jt_slice name;
    int nid;
} known[] = {
    {JT_LIT_INIT("CN"), NID_commonName},
    {JT_LIT_INIT("L"), NID_localityName},
    {JT_LIT_INIT("ST"), NID_stateOrProvinceName},
    {JT_LIT_INIT("O"), NID_organizationName},
    {JT_LIT_INIT("OU"), NID_organizationalUnitName},
    {JT_LIT_INIT("C"), NID_countryName},
    {JT_LIT_INIT("STREET"), NID_streetAddress},
    {JT_LIT_INIT("DC"), NID_domainComponent},
    {JT_LIT_INIT("UID"), NID_userId},
};

static bool fail(struct reader *r, const char *why)
{
    r->why = why;
    return false;
}

static bool fail_memory(struct reader *r)
{
    ERR_clear_error();
    r->no_memory = true;
    return false;
}

/* Up to its "=": a name of the table, another that OpenSSL prints, or numbers with dots. */
static bool read_type(struct reader *r, ASN1_OBJECT **out)
{
    char text[65];
    size_t n = jt_slice_find(r->rest, '=');
    struct jt_slice name = jt_slice(r->rest.p, n);
    if (n == r->rest.n || n == 0 || n >= sizeof text || memchr(name.p, 0, n) != NULL ||
        jt_slice_find(name, ',') < n) {
        return fail(r, "write ATTRIBUTE=VALUE, separated by commas without blanks");
    }
    r->rest = jt_slice_from(r->rest, n + 1);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (jt_slice_eq_nocase(name, known[i].name)) {
            *out = OBJ_nid2obj(known[i].nid);
            return true;
        }
    }
    memcpy(text, name.p, n);
    text[n] = '\0';
    *out = OBJ_txt2obj(text, 0);
    ERR_clear_error();
    return *out != NULL || fail(r, name.p[0] == ' ' ? "there is a blank before an attribute"
                                                    : "an attribute is not known by that name: "
                                                      "write it as numbers with dots");
}

static int hex_digit(uint8_t c)
{
    c = jt_ascii_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two digits at the start of s; -1: not so. */
static int hex_pair(struct jt_slice s)
{
    int high = s.n < 2 ? -1 : hex_digit(s.p[0]);
    int low = s.n < 2 ? -1 : hex_digit(s.p[1]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* What stands behind a backslash, as one byte; -1: nothing that may. */
static int escaped(struct jt_slice *rest)
{
    static const uint8_t special[] = " \"#+,;<=>\\";
    if (rest->n > 0 && memchr(special, rest->p[0], sizeof special - 1) != NULL) {
        int c = rest->p[0];
        *rest = jt_slice_from(*rest, 1);
        return c;
    }
    int c = hex_pair(*rest);
    if (c >= 0) {
        *rest = jt_slice_from(*rest, 2);
    }
    return c;
}

/* A value in DER, written as # and its hexadecimal digits. */
static bool read_hex(struct reader *r, uint8_t *value, ASN1_STRING **out)
{
    size_t n = 0;
    struct jt_slice s = jt_slice_from(r->rest, 1);
    while (s.n > 0 && s.p[0] != ',' && s.p[0] != '+') {
        int c = hex_pair(s);
        if (c < 0 || n == VALUE_MAX) {
            return fail(r, "a value that begins with # is not hexadecimal, or too long");
        }
        value[n++] = (uint8_t)c;
        s = jt_slice_from(s, 2);
    }
    const unsigned char *p = value;
    ASN1_STRING *v = d2i_ASN1_PRINTABLE(NULL, &p, (long)n);
    ERR_clear_error();
    if (v == NULL || p != value + n) {
        ASN1_STRING_free(v);
        return fail(r, "a value that begins with # is not one string in DER");
    }
    r->rest = s;
    *out = v;
    return true;
}

/* Characters up to the next separator, unescaped into value. */
static bool read_chars(struct reader *r, uint8_t *value, size_t *n)
{
    struct jt_slice s = r->rest;
    bool blank = false; /* the last one is a blank that is not escaped */
    if (s.n > 0 && s.p[0] == ' ') {
        return fail(r, "a value begins with a blank: write it as \\20");
    }
    while (s.n > 0 && s.p[0] != ',' && s.p[0] != '+') {
        int c = s.p[0];
        s = jt_slice_from(s, 1);
        blank = c == ' ';
        if (c == '\\') {
            c = escaped(&s);
            if (c < 0) {
                return fail(r, "a backslash stands before neither a special character nor two "
                               "hexadecimal digits");
            }
        } else if (c == 0 || memchr("\";<>", c, 4) != NULL) {
            return fail(r, "a character in a value needs a backslash before it");
        }
        if (*n == VALUE_MAX) {
            return fail(r, "a value is longer than 1024 bytes");
        }
        value[(*n)++] = (uint8_t)c;
    }
    r->rest = s;
    return !blank || fail(r, "a value ends with a blank: write it as \\20");
}

static bool read_text(struct reader *r, uint8_t *value, ASN1_STRING **out)
{
    size_t n = 0;
    if (!read_chars(r, value, &n)) {
        return false;
    }
    if (n == 0) {
        return fail(r, "an attribute has no value");
    }
    ASN1_STRING *v = ASN1_STRING_type_new(V_ASN1_UTF8STRING);
    if (v == NULL || ASN1_STRING_set(v, value, (int)n) != 1) {
        ASN1_STRING_free(v);
        return fail_memory(r);
    }
    *out = v;
    return true;
}

static bool read_part(struct reader *r, size_t rdn)
{
    uint8_t value[VALUE_MAX];
    if (r->n == PARTS_MAX) {
        return fail(r, "it has more than 32 attributes");
    }
    struct part *p = &r->parts[r->n];
    if (!read_type(r, &p->type)) {
        return false;
    }
    r->n++; /* from here on it is freed with the others */
    p->rdn = rdn;
    return r->rest.n > 0 && r->rest.p[0] == '#' ? read_hex(r, value, &p->value)
                                                : read_text(r, value, &p->value);
}

static bool read_parts(struct reader *r, size_t *nrdn)
{
    if (r->rest.n == 0) {
        return fail(r, "it is empty");
    }
    for (;;) {
        if (!read_part(r, *nrdn)) {
            return false;
        }
        if (r->rest.n == 0) {
            (*nrdn)++;
            return true;
        }
        *nrdn += r->rest.p[0] == ',' ? 1 : 0;
        r->rest = jt_slice_from(r->rest, 1);
    }
}

/* The text has the last relative name first (RFC 4514 section 2.1). */
static X509_NAME *assemble(const struct reader *r, size_t nrdn)
{
    X509_NAME *name = X509_NAME_new();
    bool ok = name != NULL;
    for (size_t k = nrdn; ok && k > 0; k--) {
        int set = 0;
        for (size_t i = 0; ok && i < r->n; i++) {
            const struct part *p = &r->parts[i];
            if (p->rdn != k - 1) {
                continue;
            }
            ok = X509_NAME_add_entry_by_OBJ(name, p->type, ASN1_STRING_type(p->value),
                                            ASN1_STRING_get0_data(p->value),
                                            ASN1_STRING_length(p->value), -1, set) == 1;
            set = -1; /* the next one joins it */
        }
    }
    if (!ok) {
        X509_NAME_free(name);
        return NULL;
    }
    return name;
}

enum jt_err jt_dn_read(struct jt_slice s, X509_NAME **out, const char **why)
{
    struct reader r = {.rest = s};
    size_t nrdn = 0;
    bool ok = read_parts(&r, &nrdn);
    X509_NAME *name = ok ? assemble(&r, nrdn) : NULL;
    for (size_t i = 0; i < r.n; i++) {
        ASN1_OBJECT_free(r.parts[i].type);
        ASN1_STRING_free(r.parts[i].value);
    }
    ERR_clear_error();
    if (name != NULL && jt_dn_has_nul(name)) {
        *why = "a value has a NUL in it, or is not text in UTF-8";
        X509_NAME_free(name);
        return JT_E_SYNTAX;
    }
    if (name == NULL) {
        *why = ok || r.no_memory ? "out of memory" : r.why;
        return ok || r.no_memory ? JT_E_NOMEM : JT_E_SYNTAX;
    }
    *out = name;
    return JT_OK;
}

bool jt_dn_has_nul(const X509_NAME *name)
{
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        unsigned char *text = NULL;
        const ASN1_STRING *v = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, i));
        int n = ASN1_STRING_to_UTF8(&text, v);
        bool has = n < 0 || (n > 0 && memchr(text, 0, (size_t)n) != NULL);
        OPENSSL_free(text);
        ERR_clear_error();
        if (has) {
            return true;
        }
    }
    return false;
}

void jt_dn_put(const X509_NAME *name, struct jt_buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    if (bio == NULL || X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0) {
        out->failed = true;
    } else {
        long n = BIO_get_mem_data(bio, &text);
        jt_buf_put(out, jt_slice(text, n > 0 ? (size_t)n : 0));
    }
    BIO_free(bio);
    ERR_clear_error();
}

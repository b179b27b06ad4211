/* SPDX-License-Identifier: Apache-2.0 */
#include "keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../core/base/num.h"
#include "../../core/base/rand.h"
#include "../../core/jose/alg.h"
#include "../../core/jose/jwk.h"

#define HEX_LEN (2 * JT_KEY_SIZE)

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum jt_err check_file(int fd, const char **why)
{
    struct stat st = {0};
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        *why = "it is not a regular file";
        return JT_E_PERM;
    }
    if (st.st_uid != geteuid() && st.st_uid != 0) {
        *why = "it belongs to another user";
        return JT_E_PERM;
    }
    if ((st.st_mode & 077) != 0) {
        *why = "others may read it: chmod 600";
        return JT_E_PERM;
    }
    return JT_OK;
}

static enum jt_err parse(const char *text, ssize_t n, uint8_t key[static JT_KEY_SIZE])
{
    if (n != HEX_LEN + 1 || text[HEX_LEN] != '\n') {
        return JT_E_SYNTAX;
    }
    for (size_t i = 0; i < JT_KEY_SIZE; i++) {
        int hi = hex(text[2 * i]);
        int lo = hex(text[2 * i + 1]);
        if (hi < 0 || lo < 0) {
            return JT_E_SYNTAX;
        }
        key[i] = (uint8_t)(hi << 4 | lo);
    }
    return JT_OK;
}

enum jt_err jt_master_key_read(const char *path, uint8_t key[static JT_KEY_SIZE], const char **why)
{
    char text[HEX_LEN + 8];
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        *why = errno == ENOENT  ? "it does not exist"
               : errno == ELOOP ? "it is a symbolic link"
                                : "it cannot be opened";
        return errno == ENOENT ? JT_E_NOTFOUND : JT_E_PERM;
    }
    enum jt_err e = check_file(fd, why);
    if (e == JT_OK) {
        ssize_t n = read(fd, text, sizeof text);
        e = parse(text, n, key);
        *why = e == JT_OK ? "" : "it is not 64 hexadecimal digits and a line end";
    }
    explicit_bzero(text, sizeof text);
    (void)close(fd);
    return e;
}

static enum jt_err write_key(int fd, const uint8_t key[static JT_KEY_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char text[HEX_LEN + 1];
    for (size_t i = 0; i < JT_KEY_SIZE; i++) {
        text[2 * i] = digits[key[i] >> 4];
        text[2 * i + 1] = digits[key[i] & 15];
    }
    text[HEX_LEN] = '\n';
    size_t n = 0;
    while (n < sizeof text) {
        ssize_t k = write(fd, text + n, sizeof text - n);
        if (k < 0 && errno != EINTR) {
            break;
        }
        n += k > 0 ? (size_t)k : 0;
    }
    int failed = errno;
    explicit_bzero(text, sizeof text);
    if (n < sizeof text) {
        return failed == ENOSPC || failed == EDQUOT ? JT_E_FULL : JT_E_IO;
    }
    return fsync(fd) == 0 ? JT_OK : JT_E_IO;
}

/* Under another name first: a start that was cut must not leave half a key, refused for ever. */
static enum jt_err make_part(const char *part, const uint8_t key[static JT_KEY_SIZE])
{
    (void)unlink(part);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno == ENOSPC || errno == EDQUOT ? JT_E_FULL : JT_E_IO;
    }
    enum jt_err e = write_key(fd, key);
    (void)close(fd);
    return e;
}

enum jt_err jt_master_key_make(const char *path, uint8_t key[static JT_KEY_SIZE], const char **why)
{
    char part[PATH_MAX];
    int n = snprintf(part, sizeof part, "%s.part", path);
    if (n < 0 || n >= (int)sizeof part) {
        *why = "its path is too long";
        return JT_E_LIMIT;
    }
    JT_TRY(jt_random(key, JT_KEY_SIZE));
    enum jt_err e = make_part(part, key);
    *why = e == JT_OK ? "" : "it cannot be written";
    if (e == JT_OK && link(part, path) != 0) { /* never over what is there */
        e = errno == EEXIST ? JT_E_CONFLICT : JT_E_IO;
        *why = errno == EEXIST ? "it exists already" : "it cannot be made";
    }
    (void)unlink(part);
    return e;
}

static const char *use_name(enum jt_data_key_use use)
{
    switch (use) {
    case JT_DATA_KEY_SECRETS:
        return "secrets";
    case JT_DATA_KEY_SEAL:
        return "seal";
    case JT_DATA_KEY_REFERENCES:
        return "references";
    case JT_DATA_KEY_NONE:
        break;
    }
    return "none";
}

static struct jt_slice aad_of(uint32_t id, enum jt_data_key_use use, char text[static 64])
{
    int n = snprintf(text, 64, "data-key:%u:%s", (unsigned)id, use_name(use));
    return jt_slice(text, (size_t)n);
}

enum jt_err jt_data_key_rewrap(struct jt_crypt *c, const uint8_t master[static JT_KEY_SIZE],
                               const struct jt_keyring_key *from, struct jt_data_key **out)
{
    char aad[64];
    char digits[JT_U64_DIGITS];
    JT_AUTO(jt_buf_free) struct jt_buf wrapped;
    jt_buf_init(&wrapped, 128);
    JT_TRY(jt_seal(c, master, aad_of(from->id, from->use, aad),
                   jt_slice(from->key, sizeof from->key), &wrapped));
    const struct jt_data_key k = {
        .o = {.kind = JT_OBJ_DATA_KEY, .name = jt_fmt_u64(from->id, digits)},
        .id = from->id,
        .use = from->use,
        .created_s = from->created_s,
        .wrapped = jt_buf_slice(&wrapped),
    };
    *out = jt_data_key_dup(&k);
    return *out == NULL ? JT_E_NOMEM : JT_OK;
}

enum jt_err jt_data_key_make(struct jt_crypt *c, const uint8_t master[static JT_KEY_SIZE],
                             uint32_t id, enum jt_data_key_use use, int64_t now_s,
                             struct jt_data_key **out)
{
    struct jt_keyring_key k = {.id = id, .use = use, .created_s = now_s};
    JT_TRY(jt_random(k.key, sizeof k.key));
    enum jt_err e = jt_data_key_rewrap(c, master, &k, out);
    explicit_bzero(&k, sizeof k);
    return e;
}

enum jt_err jt_keyring_open(struct jt_keyring *r, struct jt_crypt *c,
                            const uint8_t master[static JT_KEY_SIZE], const struct jt_data_key *k)
{
    char aad[64];
    JT_AUTO(jt_buf_free) struct jt_buf plain;
    jt_buf_init(&plain, 128);
    if (r->n == JT_KEYRING_MAX) {
        return JT_E_LIMIT;
    }
    JT_TRY(jt_unseal(c, master, aad_of(k->id, k->use, aad), k->wrapped, &plain));
    if (plain.n != JT_KEY_SIZE) {
        return JT_E_CORRUPT;
    }
    struct jt_keyring_key *to = &r->keys[r->n++];
    to->id = k->id;
    to->use = k->use;
    to->created_s = k->created_s;
    memcpy(to->key, plain.p, JT_KEY_SIZE);
    return JT_OK;
}

const struct jt_keyring_key *jt_keyring_newest(const struct jt_keyring *r, enum jt_data_key_use use)
{
    const struct jt_keyring_key *best = NULL;
    for (size_t i = 0; i < r->n; i++) {
        if (r->keys[i].use == use && (best == NULL || r->keys[i].id > best->id)) {
            best = &r->keys[i];
        }
    }
    return best;
}

const struct jt_keyring_key *jt_keyring_by_id(const struct jt_keyring *r, uint32_t id)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->keys[i].id == id) {
            return &r->keys[i];
        }
    }
    return NULL;
}

void jt_keyring_wipe(struct jt_keyring *r)
{
    explicit_bzero(r, sizeof *r);
}

static enum jt_err seal_key(struct jt_crypt *c, const struct jt_keyring *r,
                            struct jt_signing_key *k, struct jt_buf *sealed)
{
    JT_AUTO(jt_buf_free) struct jt_buf der;
    jt_buf_init(&der, 8192);
    const struct jt_keyring_key *with = jt_keyring_newest(r, JT_DATA_KEY_SEAL);
    if (with == NULL) {
        return JT_E_NOTFOUND;
    }
    JT_TRY(jt_pkey_private_der(k->pkey, &der));
    JT_TRY(jt_seal(c, with->key, k->o.name, jt_buf_slice(&der), sealed));
    k->data_key = with->id;
    k->sealed = jt_buf_slice(sealed);
    return JT_OK;
}

enum jt_err jt_signing_key_make(struct jt_crypt *c, const struct jt_keyring *r, enum jt_alg alg,
                                int64_t now_s, struct jt_signing_key **out)
{
    char kid[JT_THUMBPRINT_LEN];
    JT_AUTO(jt_buf_free) struct jt_buf sealed;
    jt_buf_init(&sealed, 8192);
    struct jt_signing_key k = {.o = {.kind = JT_OBJ_SIGNING_KEY},
                               .alg = alg,
                               .state = JT_KEYSTATE_ACTIVE,
                               .created_s = now_s,
                               .signs_s = now_s};
    JT_TRY(jt_pkey_generate(jt_alg_kind(alg), &k.pkey));
    enum jt_err e = jt_jwk_thumbprint(c, k.pkey, kid);
    k.o.name = jt_slice(kid, sizeof kid);
    if (e == JT_OK) {
        e = seal_key(c, r, &k, &sealed);
    }
    struct jt_signing_key *made = e == JT_OK ? jt_signing_key_dup(&k) : NULL;
    if (made == NULL) {
        jt_pkey_free(&k.pkey);
        return e == JT_OK ? JT_E_NOMEM : e;
    }
    made->pkey = k.pkey;
    *out = made;
    return JT_OK;
}

enum jt_err jt_signing_key_open(struct jt_crypt *c, const struct jt_keyring *r,
                                struct jt_signing_key *k)
{
    JT_AUTO(jt_buf_free) struct jt_buf der;
    jt_buf_init(&der, 8192);
    if (k->state == JT_KEYSTATE_REVOKED) {
        return JT_OK; /* its private part is gone */
    }
    const struct jt_keyring_key *with = jt_keyring_by_id(r, k->data_key);
    if (with == NULL) {
        return JT_E_CRYPTO;
    }
    JT_TRY(jt_unseal(c, with->key, k->o.name, k->sealed, &der));
    JT_TRY(jt_pkey_from_private_der(jt_buf_slice(&der), &k->pkey));
    return jt_pkey_kind(k->pkey) == jt_alg_kind(k->alg) ? JT_OK : JT_E_CORRUPT;
}

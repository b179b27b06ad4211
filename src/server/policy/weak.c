/* SPDX-License-Identifier: Apache-2.0 */
#include "weak.h"

#include "../../core/base/err.h"
#include "../../core/base/num.h"
#include "../../core/base/secret.h"
#include "../../core/http/name.h"
#include "../../core/token/client_secret.h"

#define LONG_ENOUGH 24
#define CENTIBITS_ENOUGH 8000
#define DIFFERENT_ENOUGH 6
#define NAME_MIN 4 /* shorter ones stand in many a good secret */

/* What everybody tries, folded. */
static const char *const words[] = {
    "password", "passwort", "passwd",   "secret", "geheim", "changeme", "changeit", "default",
    "example",  "ietmein",  "weicome",  "qwerty", "qwertz", "asdfgh",   "admin",    "root",
    "test",     "demo",     "ciient",   "token",  "oauth",  "keycioak", "hydra",    "jeton",
    "service",  "backend",  "insecure", "dummy",  "sampie", "prod",
};

#define WORDS (sizeof words / sizeof words[0])

/* What is looked at: which of its bytes count, and why others do not. */
struct look {
    struct jt_secret folded;
    bool gone[JT_SECRET_MAX]; /* part of something that is easy to guess */
    bool has_word, has_id, has_name, repeats;
    size_t end;   /* from here on it repeats itself */
    size_t count; /* of bytes that count */
    size_t different;
    bool digit, lower, upper, other, beyond_hex;
};

static void wipe(struct look *l)
{
    explicit_bzero(l, sizeof *l);
}

/* Without case, and as people write letters with digits and signs. */
static uint8_t fold(uint8_t c)
{
    static const char from[] = "013457@$!l|";
    static const char to[] = "oieastasiii";
    c = jt_ascii_lower(c);
    const char *at = c == '\0' ? NULL : strchr(from, c);
    return at == NULL ? c : (uint8_t)to[at - from];
}

static bool same_folded(const uint8_t *folded, struct jt_slice word)
{
    for (size_t i = 0; i < word.n; i++) {
        if (folded[i] != fold(word.p[i])) {
            return false;
        }
    }
    return true;
}

/* Marks every place of the word; is it there? */
static bool strike(struct look *l, struct jt_slice word)
{
    bool found = false;
    for (size_t i = 0; word.n >= NAME_MIN && i + word.n <= l->folded.n; i++) {
        if (same_folded(l->folded.p + i, word)) {
            memset(l->gone + i, true, word.n);
            found = true;
        }
    }
    return found;
}

/* The shortest part that the whole is made of, when it is made of at least two. */
static size_t period(struct jt_slice s)
{
    for (size_t p = 1; p <= s.n / 2; p++) {
        if (memcmp(s.p, s.p + p, s.n - p) == 0) {
            return p;
        }
    }
    return s.n;
}

/* The same step as before, of 0 or 1: aaa, abc, 321. */
static bool runs_on(struct jt_slice s, size_t i)
{
    if (i < 2) {
        return false;
    }
    int step = s.p[i] - s.p[i - 1];
    return step >= -1 && step <= 1 && step == s.p[i - 1] - s.p[i - 2];
}

static void note_kind(struct look *l, uint8_t c)
{
    bool digit = c >= '0' && c <= '9';
    bool lower = c >= 'a' && c <= 'z';
    bool upper = c >= 'A' && c <= 'Z';
    l->digit |= digit;
    l->lower |= lower;
    l->upper |= upper;
    l->other |= !digit && !lower && !upper;
    l->beyond_hex |= jt_hex_value(c) < 0;
}

static void weigh(struct look *l, struct jt_slice s)
{
    bool seen[256] = {false};
    for (size_t i = 0; i < l->end; i++) {
        if (l->gone[i] || runs_on(s, i)) {
            continue;
        }
        l->count++;
        l->different += !seen[s.p[i]];
        seen[s.p[i]] = true;
        note_kind(l, s.p[i]);
    }
    explicit_bzero(seen, sizeof seen);
}

/* Hundredths of a bit in one character of those kinds. */
static size_t centibits(const struct look *l)
{
    static const struct {
        size_t of, centibits;
    } rows[] = {{10, 332}, {16, 400}, {26, 470}, {33, 504}, {36, 517}, {43, 543},
                {52, 570}, {59, 588}, {62, 595}, {69, 611}, {85, 641}, {95, 657}};
    size_t of = (l->digit ? 10u : 0u) + (l->lower ? 26u : 0u) + (l->upper ? 26u : 0u) +
                (l->other ? 33u : 0u);
    size_t found = 0;
    if (!l->beyond_hex && l->digit && !(l->lower && l->upper) && of > 10) {
        of = 16;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && rows[i].of <= of; i++) {
        found = rows[i].centibits;
    }
    return found;
}

#define INSTEAD                                                                                    \
    "; a secret that is brought along needs 24 characters, or about 80 bits: leave it out, and "   \
    "the server makes one of 256 bits"

static const char *why_weak(const struct look *l)
{
    if (l->repeats) {
        return "it repeats itself" INSTEAD;
    }
    if (l->has_id || l->has_name) {
        return "it has the client's id or name inside, and without that it is too short" INSTEAD;
    }
    if (l->has_word) {
        return "it has a word inside that everybody tries, and without that it is too "
               "short" INSTEAD;
    }
    if (l->different < DIFFERENT_ENOUGH) {
        return "it has fewer than 6 different characters, or they run like abc" INSTEAD;
    }
    return l->lower || l->upper || l->other ? "it is too short" INSTEAD
                                            : "it has only digits, and fewer than 24" INSTEAD;
}

static bool has_control(struct jt_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x20 || s.p[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

/* What no secret may be. */
static const char *unfit(struct jt_slice s)
{
    struct jt_slice id = {0};
    if (s.n == 0 || s.n > JT_SECRET_MAX) {
        return "a secret is 1 to 512 bytes";
    }
    if (has_control(s) || !jt_utf8_ok(s)) {
        return "a secret is UTF-8 text without control characters: HTTP Basic carries no other";
    }
    return jt_client_secret_form(s, &id) == JT_SECRET_DAMAGED
               ? "it begins with jcs_ as the secrets do that are made here, but it is none: part "
                 "of "
                 "it is missing or changed"
               : NULL;
}

const char *jt_secret_weak(const struct jt_weak_about *w)
{
    JT_AUTO(wipe) struct look l = {0};
    const char *why = unfit(w->secret);
    if (why != NULL) {
        return why;
    }
    l.folded.n = w->secret.n;
    for (size_t i = 0; i < w->secret.n; i++) {
        l.folded.p[i] = fold(w->secret.p[i]);
    }
    l.has_id = strike(&l, w->client_id);
    l.has_name = strike(&l, w->name);
    for (size_t i = 0; i < WORDS; i++) {
        l.has_word |= strike(&l, jt_str(words[i]));
    }
    l.end = period(w->secret);
    l.repeats = l.end < w->secret.n;
    weigh(&l, w->secret);
    bool enough = l.count >= LONG_ENOUGH || l.count * centibits(&l) >= CENTIBITS_ENOUGH;
    return enough && l.different >= DIFFERENT_ENOUGH ? NULL : why_weak(&l);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "../core/http/reach.h"

/* False: of another family than the two. */
static bool address_of(const struct curl_sockaddr *s, struct jt_addr *out)
{
    struct jt_addr a = {.b = {[10] = 0xff, [11] = 0xff}};
    /* there is more room behind it than its type says */
    const uint8_t *p = (const uint8_t *)s + offsetof(struct curl_sockaddr, addr);
    if (s->family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, p, sizeof v4);
        memcpy(a.b + 12, &v4.sin_addr, 4);
    } else if (s->family == AF_INET6 && s->addrlen >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 v6;
        memcpy(&v6, p, sizeof v6);
        memcpy(a.b, &v6.sin6_addr, 16);
    } else {
        return false;
    }
    *out = a;
    return true;
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *s)
{
    struct jt_guarding *g = ctx;
    struct jt_addr a = {{0}};
    bool known = purpose == CURLSOCKTYPE_IPCXN && address_of(s, &a);
    if (!known || (!jt_addr_is_public(&a) && !jt_nets_have(g->guard->nets, g->guard->nnets, &a))) {
        g->refused = true;
        g->refused_address = a;
        return CURL_SOCKET_BAD;
    }
    return socket(s->family, s->socktype | SOCK_CLOEXEC, s->protocol);
}

static int progress(void *ctx, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
                    curl_off_t ulnow)
{
    const struct jt_guarding *g = ctx;
    (void)dltotal;
    (void)dlnow;
    (void)ultotal;
    (void)ulnow;
    return g->guard->stop != NULL && atomic_load(g->guard->stop);
}

CURLcode jt_guard_set(const struct jt_libcurl *curl, CURL *handle, struct jt_guarding *g)
{
    g->refused = false;
    CURLcode c = curl->easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    c = c == CURLE_OK ? curl->easy_setopt(handle, CURLOPT_OPENSOCKETDATA, g) : c;
    c = c == CURLE_OK ? curl->easy_setopt(handle, CURLOPT_PROXY, "") : c;
    c = c == CURLE_OK ? curl->easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, progress) : c;
    c = c == CURLE_OK ? curl->easy_setopt(handle, CURLOPT_XFERINFODATA, g) : c;
    c = c == CURLE_OK ? curl->easy_setopt(handle, CURLOPT_NOPROGRESS, 0L) : c;
#if LIBCURL_VERSION_NUM >= 0x075700
    /* does not wait for a resolver that hangs; an older libcurl waits */
    (void)curl->easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
#endif
    return c;
}

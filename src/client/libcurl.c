/* SPDX-License-Identifier: Apache-2.0 */
#include "libcurl.h"

#include <dlfcn.h>
#include <string.h>

enum jt_err jt_libcurl_load(struct jt_libcurl *out, const char **why)
{
    struct jt_libcurl c = {0};
    const struct {
        const char *name;
        void *place; /* a pointer to a function, written by its bytes: C has no cast for it */
    } symbols[] = {
        {"curl_global_init", &c.global_init},   {"curl_easy_init", &c.easy_init},
        {"curl_easy_reset", &c.easy_reset},     {"curl_easy_setopt", &c.easy_setopt},
        {"curl_easy_perform", &c.easy_perform}, {"curl_easy_getinfo", &c.easy_getinfo},
        {"curl_easy_cleanup", &c.easy_cleanup}, {"curl_easy_strerror", &c.easy_strerror}};
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; library != NULL && i < sizeof symbols / sizeof symbols[0]; i++) {
        void *p = dlsym(library, symbols[i].name);
        if (p == NULL) {
            library = NULL;
        }
        memcpy(symbols[i].place, &p, sizeof p);
    }
    if (library == NULL || c.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        const char *text = dlerror();
        *why = text != NULL ? text : "libcurl.so.4 does not start";
        return JT_E_NOTFOUND;
    }
    *out = c;
    return JT_OK;
}

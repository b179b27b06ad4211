/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c - runs a target over the files of folders, without a fuzzer.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define FILE_MAX (1u << 20)

static size_t run_file(const char *folder, const char *name)
{
    static uint8_t bytes[FILE_MAX];
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        return 0;
    }
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return 0;
    }
    size_t n = fread(bytes, 1, sizeof bytes, f);
    (void)fclose(f);
    /* a copy of the exact size, so that the address sanitizer sees a step beyond it */
    uint8_t *copy = malloc(n == 0 ? 1 : n);
    JT_ASSERT(copy != NULL);
    memcpy(copy, bytes, n);
    (void)LLVMFuzzerTestOneInput(copy, n);
    free(copy);
    return 1;
}

int main(int argc, char **argv)
{
    size_t n = 0;
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        const struct dirent *e = NULL;
        while (d != NULL && (e = readdir(d)) != NULL) {
            n += e->d_name[0] == '.' ? 0 : run_file(argv[i], e->d_name);
        }
        if (d != NULL) {
            (void)closedir(d);
        }
    }
    (void)printf("%zu inputs\n", n);
    return n > 0 ? 0 : 1;
}

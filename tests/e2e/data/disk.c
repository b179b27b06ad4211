/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk.c - preloaded into a server under test: a disk that fails or hangs as a file says
 * (DISK_CONTROL): "eio NAME" or "hang NAME", for files whose path has NAME in it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int asked_for(int fd, char how[16])
{
    char name[64];
    char link[64];
    char path[4096];
    const char *control = getenv("DISK_CONTROL");
    FILE *f = control == NULL ? NULL : fopen(control, "re");
    int n = f == NULL ? 0 : fscanf(f, "%15s %63s", how, name);
    if (f != NULL) {
        (void)fclose(f);
    }
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t k = n == 2 ? readlink(link, path, sizeof path - 1) : -1;
    path[k < 0 ? 0 : k] = '\0';
    return k > 0 && strstr(path, name) != NULL;
}

int fdatasync(int fd)
{
    char how[16];
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    while (asked_for(fd, how)) {
        if (strcmp(how, "eio") == 0) {
            errno = EIO;
            return -1;
        }
        (void)usleep(20000);
    }
    return real(fd);
}

int fsync(int fd)
{
    return fdatasync(fd);
}

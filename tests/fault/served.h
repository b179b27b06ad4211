/* SPDX-License-Identifier: Apache-2.0 */
/*
 * served.h - the server as `jeton serve` runs it, in a thread of this process: its own data
 * directory, plain HTTP on loopback, one worker, ES256.
 *
 * Threads: the test's. What fails to do what it must ends the process.
 */
#ifndef TESTS_FAULT_SERVED_H
#define TESTS_FAULT_SERVED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define SERVED_ANSWER 65536

struct served {
    char dir[64];
    char listen[32]; /* 127.0.0.1:port */
    unsigned port;
    _Atomic(const char *) lifetime; /* token.lifetime as a reload reads it */
    pthread_t thread;
    atomic_bool ended;
    int code; /* once it has ended */
    char answer[SERVED_ANSWER];
    char *body; /* in answer */
};

/* A new data directory; nothing runs yet. */
void served_init(struct served *s);
void served_remove(struct served *s);
/* Until it answers (true), or has ended with s->code (false). */
bool served_start(struct served *s);
/* Returns the exit code. */
int served_stop(struct served *s);
void served_hangup(struct served *s);

/* The status, 0 without an answer. auth: "id:secret" for Basic, or NULL. */
unsigned served_post(struct served *s, const char *path, const char *auth, const char *form);
/* Administration, over its socket. etag: for If-Match, or NULL. */
unsigned served_admin(struct served *s, const char *method, const char *path, const char *json,
                      const char *etag);
/* The text of a member of the last answer, or "" (in static memory of each out). */
void served_member(const struct served *s, const char *name, char *out, size_t cap);

#endif

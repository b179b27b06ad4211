/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alloc.h - allocations that fail when a test says so: those of our own code (linked with --wrap,
 * so that it works below sanitizers too), and those of OpenSSL, jansson and SQLite (by their
 * hooks).
 *
 * Threads: counts the allocations of all threads but the exempt.
 */
#ifndef TESTS_FAULT_ALLOC_H
#define TESTS_FAULT_ALLOC_H

#include <stdbool.h>

/* From now on allocation n fails (1: the next); for_ever: and every one after it. */
void fault_arm(long n, bool for_ever);
/* No more failures. Returns how many allocations there were since fault_arm. */
long fault_disarm(void);
/* How many so far. */
long fault_seen(void);
/* Armed, and one has failed. */
bool fault_struck(void);
/* The calling thread is the test's own: never fails, never counts. */
void fault_exempt(void);
/* Blocks of our own code that are allocated and not freed. */
long fault_live(void);

/* The next n to try after this one: all of them with JETON_FAULT_ALL, else in growing strides. */
long fault_next(long n);

#endif

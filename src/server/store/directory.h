/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directory.h - clients, resources and keys as every worker sees them: immutable objects that
 * are read without locks and replaced one by one.
 *
 * A name is hashed (keyed, SipHash) to one of a fixed number of shards; a shard is an immutable
 * array of hashes and pointers. A change copies the one shard it touches, publishes the copy by one
 * atomic store, and retires the old shard and the old object. So a change costs the same with ten
 * clients and with a million. Threads: look-ups and pages: any registered epoch reader. prepare,
 * publish, discard: the store thread. put: before there is any reader.
 */
#ifndef JT_STORE_DIRECTORY_H
#define JT_STORE_DIRECTORY_H

#include "epoch.h"
#include "object.h"

struct jt_directory;

JT_MUST enum jt_err jt_directory_new(struct jt_epochs *epochs, struct jt_directory **out);
/* Frees all objects still in it. */
void jt_directory_free(struct jt_directory **d);

/* NULL when there is none. Valid while the caller's epoch is announced. */
const struct jt_client *jt_directory_client(const struct jt_directory *d, struct jt_slice id);
const struct jt_resource *jt_directory_resource(const struct jt_directory *d,
                                                struct jt_slice audience);
const struct jt_signing_key *jt_directory_key(const struct jt_directory *d, struct jt_slice kid);
/* Was the token of this issue sequence revoked by itself? */
bool jt_directory_revoked(const struct jt_directory *d, uint64_t sequence);
/* By its SHA-256. */
const struct jt_opaque *jt_directory_token(const struct jt_directory *d,
                                           const uint8_t hash[static JT_SHA256_SIZE]);

/* The same by kind. */
const struct jt_object *jt_directory_find(const struct jt_directory *d, enum jt_object_kind kind,
                                          struct jt_slice name);

/*
 * Objects of one kind whose place is after *cursor, at most max,
 * in a fixed but arbitrary order; returns how many, and moves *cursor. Starts at 0; the end is a
 * return below max.
 */
size_t jt_directory_page(const struct jt_directory *d, enum jt_object_kind kind, uint64_t *cursor,
                         const struct jt_object **out, size_t max);
size_t jt_directory_count(const struct jt_directory *d, enum jt_object_kind kind);
/* One more for each put or drop of that kind: caches built from the directory ask this. */
uint64_t jt_directory_version(const struct jt_directory *d, enum jt_object_kind kind);

/*
 * Adds or replaces. Takes ownership on success. In two steps, so that nothing can fail once the
 * change is on disk: prepare makes the new shard, publish shows it.
 */
struct jt_publication;
JT_MUST enum jt_err jt_directory_prepare(struct jt_directory *d, struct jt_object *obj,
                                         struct jt_publication **out);
/* name must live as long as the publication. What is not there when it is published is no error:
 * an earlier publication may bring it. */
JT_MUST enum jt_err jt_directory_prepare_drop(struct jt_directory *d, enum jt_object_kind kind,
                                              struct jt_slice name, struct jt_publication **out);
/* Is this a kind that the directory keeps? */
bool jt_directory_holds(enum jt_object_kind kind);
/* Never fails; frees the publication. In the order prepared. */
void jt_directory_publish(struct jt_directory *d, struct jt_publication **p);
/* Gives up: frees the publication and the object in it. */
void jt_directory_discard(struct jt_publication **p);
/* Adds or replaces at once: for loading, before there is any reader. */
JT_MUST enum jt_err jt_directory_put(struct jt_directory *d, struct jt_object *obj);

#endif

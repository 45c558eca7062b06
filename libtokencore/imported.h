/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values that were made elsewhere.  Of such a value only a keyed hash is kept:
 * the id of its record,
 *
 *	id = HMAC-SHA-256(K, "TKIV" len8(user) user value), first 15 bytes
 *
 * so that the value finds its record, under the user it was imported for and
 * under no other.
 */
#ifndef TC_IMPORTED_H
#define TC_IMPORTED_H

#include "verify.h"

/* Why no such value can be imported, as the end of a sentence that begins
 * with "the value"; NULL if it can.  Reads len bytes, which may be anything. */
const char *tc_imported_fault(const char *value, size_t len);

/* The id of a user's value under a key.  0 or -1. */
int tc_imported_id(const struct tc_crypto *c, const struct tc_key *key,
		   const char *user, const char *value, size_t len,
		   unsigned char id[TC_ID_BYTES]);

/* Is this to be looked up: asked for, for a user, and not ruled out? */
int tc_imported_wanted(const struct tc_request *req);

/* The decision about such a text: TC_NOT_A_TOKEN unless a record was found.
 * t->policy is set. */
enum tc_verdict tc_imported_verify(struct tc_trial *t);

/* Passwords have to go on working when values cannot be looked up: gives
 * TC_NOT_A_TOKEN, and says so in the system's log.  t->h and t->policy may be
 * NULL. */
enum tc_verdict tc_imported_unavailable(struct tc_trial *t, const char *why);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same alteration to many records, in one commit. */
#ifndef TC_ALTER_H
#define TC_ALTER_H

#include "change.h"

#define TC_LEAVE (-1) /* what an alteration gives for a record to be left */

/* Alters the record in place; what it points to has to live until the call
 * is over.  TC_OK, TC_LEAVE or a failure, which undoes everything. */
typedef int tc_alter_fn(void *arg, struct tc_change *c, struct tc_record *r,
			const struct tc_key *key, struct tc_error *err);

struct tc_alteration {
	const char *event, *why; /* for the logs */
	enum tc_act act; /* what the actor must be permitted */
	tc_alter_fn *fn;
	void *arg;
};

/* ids as in tc_edit().  TC_OK, also when every record was left. */
int tc_alter(tc_handle *h, const struct tc_actor *actor, const char *const *ids,
	     size_t n, const struct tc_alteration *a, struct tc_error *err);

/* Refuses what is over for good: revoked itself or by a mark, or of a retired
 * key.  TC_OK or TC_E_REFUSED. */
int tc_must_live(struct tc_change *c, const struct tc_record *r,
		 const struct tc_key *key, struct tc_error *err);

/* Puts a mark over a user's tokens, or everyone's (NULL), that were issued up
 * to that second; a mark that lies further ahead stays. */
int tc_mark(struct tc_change *c, const char *user, int64_t before,
	    struct tc_error *err);

/* A reason's bounds: TC_OK or TC_E_INVALID. */
int tc_reason_check(const char *reason, struct tc_error *err);

#endif

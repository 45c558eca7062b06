/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every change has in common: a policy, a transaction, lines in the
 * logs. */
#ifndef TC_CHANGE_H
#define TC_CHANGE_H

#include "audit.h"
#include "commit.h"

/* A line for the logs and the record that it points into, or NULL. */
struct tc_note {
	struct tc_event event;
	struct tc_record *record;
};

struct tc_change {
	tc_handle *h;
	struct tc_policy *policy;
	struct tc_txn *txn;
	const struct tc_actor *actor;
	struct tc_note *notes; /* grown by tc_change_note() */
	size_t n, room;
	int64_t now;
};

/* Refused while the whole feature is switched off. */
int tc_change_begin(struct tc_change *c, tc_handle *h,
		    const struct tc_actor *actor, struct tc_error *err);

/* Adds a line for the logs, about a record (taken over, freed at the end) or
 * none.  The strings have to live until the end. */
int tc_change_note(struct tc_change *c, const char *event, const char *why,
		   struct tc_record *r, unsigned kid, struct tc_error *err);

/* Writes the audit log's lines; commits in the same breath. */
int tc_change_commit(struct tc_change *c, struct tc_error *err);
/* The same for a change that touches no record. */
int tc_change_lines(struct tc_change *c, struct tc_error *err);
/* Tells the system's log of a change that was made. */
void tc_change_tell(const struct tc_change *c);
/* Frees everything; a transaction still open is aborted. */
void tc_change_end(struct tc_change *c);

/* Seals a record into the transaction. */
int tc_change_put(struct tc_change *c, const struct tc_key *key,
		  const struct tc_record *r, struct tc_error *err);

/* Reads a record in the transaction: TC_OK, TC_E_NOTFOUND or damage. */
int tc_change_get(struct tc_change *c, const char *id, struct tc_record **r,
		  const struct tc_key **key, struct tc_error *err);

#endif

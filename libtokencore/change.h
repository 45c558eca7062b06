/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every change has in common: a policy, a transaction, lines in the
 * logs. */
#ifndef TC_CHANGE_H
#define TC_CHANGE_H

#include "audit.h"
#include "commit.h"
#include "permit.h"

/* A line for the logs.  Of a record that is put, the rest is taken from the
 * transaction when the line is written, so that many records need little
 * memory. */
struct tc_note {
	const char *event, *why; /* why: or NULL */
	const char *user; /* or NULL */
	char *label; /* of a record that has none any more; or NULL */
	unsigned kid;
	int put; /* it tells of the next record that is put */
};

struct tc_change {
	tc_handle *h;
	struct tc_policy *policy;
	struct tc_txn *txn;
	const struct tc_actor *actor;
	struct tc_note *notes; /* grown by note */
	size_t n, room;
	int64_t now;
	/* The commit's time: now, but not before the last commit's (unless the
	 * clock was set back) nor before a token that it puts.  So no token that
	 * is valid is newer than the last commit, and a mark up to that one
	 * covers them all. */
	int64_t latest;
	const char *owner; /* see tc_spec_allowed() */
};

/* Refused while the whole feature is switched off. */
int tc_change_begin(struct tc_change *c, tc_handle *h,
		    const struct tc_actor *actor, struct tc_error *err);

/* Adds a line for the logs about something that is not a record.  The strings
 * have to live until the end. */
int tc_change_note(struct tc_change *c, const char *event, const char *why,
		   const char *user, unsigned kid, struct tc_error *err);

/* Seals a record into the transaction, with its line for the logs (event NULL:
 * none).  The record is copied; event and why have to live until the end. */
int tc_change_put(struct tc_change *c, const struct tc_key *key,
		  const struct tc_record *r, const char *event, const char *why,
		  struct tc_error *err);

/* The label for the line of the record that was just put, which has none. */
int tc_change_label(struct tc_change *c, const char *label,
		    struct tc_error *err);

/* Reads a record as it was before the transaction: TC_OK, TC_E_NOTFOUND or
 * damage.  Also one that was deleted; tc_change_get() says of those that they
 * are not there. */
int tc_change_get_any(struct tc_change *c, const char *id, struct tc_record **r,
		      const struct tc_key **key, struct tc_error *err);
int tc_change_get(struct tc_change *c, const char *id, struct tc_record **r,
		  const struct tc_key **key, struct tc_error *err);

/* TC_E_UNAVAILABLE when a moment that the store knows lies ahead of the clock
 * by more than the configured skew, or the second that tokens may be ahead by.
 * what: of which it is the moment. */
int tc_change_clock(const struct tc_change *c, int64_t moment, const char *what,
		    struct tc_error *err);

/* The mark over a user's tokens; 0: none. */
int tc_change_user_mark(struct tc_change *c, const char *user, int64_t *before,
			struct tc_error *err);

/* Writes the audit log's lines; commits in the same breath; then tells the
 * system's log. */
int tc_change_commit(struct tc_change *c, struct tc_error *err);
/* For a change that touches no record: the audit log's lines; the system's. */
int tc_change_lines(struct tc_change *c, struct tc_error *err);
void tc_change_tell(struct tc_change *c);
/* Frees everything; a transaction still open is undone. */
void tc_change_end(struct tc_change *c);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One decision on its way: what tokens and values made elsewhere share. */
#ifndef TC_VERIFY_H
#define TC_VERIFY_H

#include "handle.h"

/* What the steps of one decision hand on. */
struct tc_trial {
	tc_handle *h; /* NULL: there is none */
	struct tc_policy *policy; /* NULL: it cannot be used */
	const struct tc_request *req;
	struct tc_result *res;
	char claimed[TC_USER_MAX + 1]; /* without the realm; "": none */
	int64_t now;
	struct tc_head head;
	struct tc_lookup items[2]; /* the record; the user's mark */
	struct tc_record *record; /* a blank, if none was found */
	int found;
	const tc_look *look; /* made under the same policy; NULL: none */
	int recalled; /* record is the look's, and items[0] empty */
	int64_t user_before;
	int rightful; /* a right tag without a record */
};

/* Leaves the reason, if any, for the administrator; gives the verdict. */
enum tc_verdict tc_trial_say(struct tc_trial *t, enum tc_verdict verdict,
			     const char *why);

/* Sets t->claimed; -1 for a name that fits nobody. */
int tc_trial_claim(struct tc_trial *t);

/* Everything that is asked of what proved right: t->record, whose seal fits
 * under `key`, t->head and the mark in t->items[1] are set. */
enum tc_verdict tc_trial_judge(struct tc_trial *t, const struct tc_proof *proof,
			       const struct tc_key *key);

#endif

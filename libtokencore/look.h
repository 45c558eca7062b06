/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a decision is made about: policy and record, read for it or by a look
 * (tokencore.h) that its caller had before. */
#ifndef TC_LOOK_H
#define TC_LOOK_H

#include "token.h"
#include "verify.h"

/* Sets t->policy to the one in force, or to a look's of a moment ago. */
int tc_trial_policy(struct tc_trial *t, struct tc_error *err);

/* Sets the record of that id, or a blank in its place, so that one that is not
 * there takes the same time, and t->found; and the claimed user's mark in
 * t->items[1] of the same commit, t->head. */
enum tc_verdict tc_trial_read(struct tc_trial *t,
			      const unsigned char id[TC_ID_BYTES]);

/* Does the record's seal fit?  That of a blank does not, after the same work.
 * key is that of the record's kid, or its answer does not matter. */
int tc_trial_sealed(const struct tc_trial *t, const struct tc_key *key);

/* Gives back what is not a look's. */
void tc_trial_end(struct tc_trial *t);

#endif

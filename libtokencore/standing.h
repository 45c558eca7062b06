/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is true of a record whoever uses it from wherever: its key, marks,
 * state and time. */
#ifndef TC_STANDING_H
#define TC_STANDING_H

#include "handle.h"

/* The mark over a user's tokens out of its item; -1 when damaged. */
int tc_user_mark(const unsigned char *value, size_t len, int64_t *before);

/* The mark that ended a token: why, as a static sentence, with the moment up to
 * which everything ended (0: not known), or NULL if there is none. */
const char *tc_mark_over(const struct tc_record *r, const struct tc_key *key,
			 const struct tc_head *head, int64_t user_before,
			 int64_t *moment);

/* key is the record's, or NULL if there is none.  *why is set for a refusal
 * and may be NULL. */
enum tc_verdict tc_standing(const struct tc_record *r, const struct tc_key *key,
			    const struct tc_head *head, int64_t user_before,
			    int64_t skew, int64_t now, const char **why);

#endif

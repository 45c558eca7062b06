/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making a token's value and record inside a change. */
#ifndef TC_MINT_H
#define TC_MINT_H

#include "change.h"
#include "token.h"

struct tc_minting {
	const char *event, *why; /* for the logs */
	const char *replaces; /* the id of the one before, or NULL */
};

/* Checks what is asked for against bounds and policy (not the actor's
 * permission), makes the token and puts its record, which *rec is a copy of
 * (freed by the caller).  tok is wiped by the caller, also after a failure. */
int tc_mint(struct tc_change *c, const struct tc_create *spec,
	    const struct tc_minting *how, struct tc_token *tok,
	    struct tc_record **rec, struct tc_error *err);

/* The present, but later than every mark: else what is made in the second of a
 * revocation of everything would be revoked by it, too. */
int tc_issue_time(struct tc_change *c, const char *user, int64_t *created,
		  struct tc_error *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may log in with a token at all, and who may be given one. */
#ifndef TC_OWNER_H
#define TC_OWNER_H

#include "account.h"
#include "handle.h"

/* The names that /etc/passwd gives the user id 0, each between two line ends;
 * malloced.  NULL: the file cannot be read to its end, or out of memory.  Read
 * early: in a chroot there may be no such file. */
char *tc_owner_roots(void);

/* NULL: yes; else why not.  *verdict is TC_VALID, TC_USER_REFUSED, or
 * TC_UNAVAILABLE when the account cannot be looked up but would have to be.  A
 * user without an account, such as a mailbox's, has no uid and passes. */
const char *tc_owner_refused(const struct tc_config *cfg, const char *roots,
			     const struct tc_request *req, const char *user,
			     enum tc_verdict *verdict);

/* What the host says of a user, and whether it can be asked. */
struct tc_owner_facts {
	int found; /* the account: 1; 0: no such; -1: cannot tell */
	struct tc_account account;
	int listed; /* in a list of owners; as tc_names_hold() */
	int named; /* 1: in that list by name */
	int shadow; /* 1: found; 0: no entry; -1: cannot tell */
	int shadow_errno; /* why not */
	int shadow_needed; /* 0: this process need not be able to read it */
	struct tc_shadow entry; /* where found, else all zero but -1 days */
};

/* May a new token belong to this user: is the account one that the
 * configuration's owners, allow_root and minimum_uid admit, not expired at
 * `now` and not locked?  Asks the host's databases of users.
 * TC_OK; TC_E_REFUSED; TC_E_UNAVAILABLE when one of them cannot tell;
 * TC_E_NOMEM. */
int tc_owner_may_own(const struct tc_policy *p, const char *user, int64_t now,
		     struct tc_error *err);

/* The same by these facts. */
int tc_owner_judge(const struct tc_config *cfg, const char *user,
		   const struct tc_owner_facts *facts, int64_t now,
		   struct tc_error *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* May this user log in with a token at all? */
#ifndef TC_OWNER_H
#define TC_OWNER_H

#include "config.h"

/* The names that /etc/passwd gives the user id 0, each between two line ends;
 * malloced.  NULL: the file cannot be read, or out of memory.  Read early: in
 * a chroot there may be no such file. */
char *tc_owner_roots(void);

/* NULL: yes; else why not.  *verdict is TC_VALID, TC_USER_REFUSED, or
 * TC_UNAVAILABLE when the account cannot be looked up but would have to be.  A
 * user without an account, such as a mailbox's, has no uid and passes. */
const char *tc_owner_refused(const struct tc_config *cfg, const char *roots,
			     const struct tc_request *req, const char *user,
			     enum tc_verdict *verdict);

#endif

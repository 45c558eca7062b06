/* SPDX-License-Identifier: GPL-3.0-or-later */
/* May this user log in with a token at all? */
#ifndef TC_OWNER_H
#define TC_OWNER_H

#include "config.h"

/* NULL: yes; else why not.  *verdict is TC_VALID, TC_USER_REFUSED, or
 * TC_UNAVAILABLE when the account cannot be looked up.  A user without an
 * account, such as a mailbox's, has no uid and passes. */
const char *tc_owner_refused(const struct tc_config *cfg,
			     const struct tc_request *req, const char *user,
			     enum tc_verdict *verdict);

#endif

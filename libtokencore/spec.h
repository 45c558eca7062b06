/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of a new token: that it can be written down, and that policy
 * allows it. */
#ifndef TC_SPEC_H
#define TC_SPEC_H

#include "handle.h"

/* Bounds and characters alone, and no token in a name: TC_OK or
 * TC_E_INVALID. */
int tc_spec_check(const struct tc_create *spec, struct tc_error *err);

/* TC_E_INVALID when something in the text looks like a token.  what: what the
 * text is, such as "a label". */
int tc_spec_no_token(const char *what, const char *text, struct tc_error *err);

/* The expiry for what was asked (TC_EXPIRES_DEFAULT, too), within what policy
 * allows. */
int tc_spec_lifetime(const struct tc_config *cfg, int64_t asked, int64_t now,
		     int64_t *expires, struct tc_error *err);

/* Does it have the required properties, with values?  For changes of
 * properties, too.  TC_OK or TC_E_REFUSED. */
int tc_spec_required(const struct tc_config *cfg, const struct tc_create *spec,
		     struct tc_error *err);

/* Everything that the configuration asks of a new token: its owner, its
 * properties, its lifetime.  *expires is set.  *owner is who was found to be a
 * fit owner last, or NULL: many tokens of one call are often one user's.
 * TC_OK, TC_E_REFUSED, TC_E_INVALID; TC_E_UNAVAILABLE when the host's users
 * cannot be looked up. */
int tc_spec_allowed(const struct tc_policy *p, const struct tc_create *spec,
		    int64_t now, const char **owner, int64_t *expires,
		    struct tc_error *err);

#endif

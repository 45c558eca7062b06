/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the configuration's [permissions] let an actor do. */
#ifndef TC_PERMIT_H
#define TC_PERMIT_H

#include "handle.h"

enum tc_act {
	TC_ACT_LIST,
	TC_ACT_CREATE, /* also copy and import */
	TC_ACT_CHANGE, /* edit, renew, regenerate */
	TC_ACT_REVOKE,
	TC_ACT_DELETE,
	TC_ACT_ADMIN, /* keys, compact, restore: for root alone */
	TC_ACTS
};

#define TC_MAY_OWN 1u
#define TC_MAY_ALL 2u

/* The bits of what an actor may, over tokens of their own and over all.  The
 * uid that owns the store has both; NULL, a service on its own behalf, has
 * them for TC_ACT_LIST alone.  Looks groups up, so call it once for many
 * tokens. */
unsigned tc_may(const struct tc_policy *p, const struct tc_actor *actor,
		enum tc_act act);

/* Do these bits cover that owner's tokens?  owner NULL: everyone's. */
int tc_may_touch(unsigned may, const struct tc_actor *actor, const char *owner);

/* Both in one, with the sentence: TC_OK or TC_E_PERMISSION. */
int tc_permit(const struct tc_policy *p, const struct tc_actor *actor,
	      enum tc_act act, const char *owner, struct tc_error *err);

#endif

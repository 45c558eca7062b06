/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls that are being built. */
#include "error.h"
#include "lastuse.h"
#include "permit.h"
#include <string.h>

int
tc_import(tc_handle *h, const struct tc_actor *actor, struct tc_import *items,
	  size_t n, struct tc_error *err)
{
	(void)h;
	(void)actor;
	(void)items;
	(void)n;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_import is not built yet");
}

int
tc_list_ended(tc_handle *h, const struct tc_actor *actor, tc_ended_fn *fn,
	      void *arg, struct tc_error *err)
{
	(void)h;
	(void)actor;
	(void)fn;
	(void)arg;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_list_ended is not built yet");
}

int
tc_info(tc_handle *h, struct tc_info *info, struct tc_error *err)
{
	(void)h;
	(void)info;
	return tc_fail(err, TC_E_UNAVAILABLE, "tc_info is not built yet");
}

unsigned
tc_may(const struct tc_policy *p, const struct tc_actor *actor, enum tc_act act)
{
	(void)act;
	return !actor || actor->uid == 0 || actor->uid == p->store_stat.st_uid
		   ? TC_MAY_OWN | TC_MAY_ALL
		   : 0;
}

int
tc_may_touch(unsigned may, const struct tc_actor *actor, const char *owner)
{
	return (may & TC_MAY_ALL) ||
	       ((may & TC_MAY_OWN) && owner && strcmp(owner, actor->name) == 0);
}

int
tc_permit(const struct tc_policy *p, const struct tc_actor *actor,
	  enum tc_act act, const char *owner, struct tc_error *err)
{
	return tc_may_touch(tc_may(p, actor, act), actor, owner)
		   ? TC_OK
		   : tc_fail(err, TC_E_PERMISSION, "not permitted");
}

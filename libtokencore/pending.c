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

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

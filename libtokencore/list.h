/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records for people, beyond what tokencore.h declares. */
#ifndef TC_LIST_H
#define TC_LIST_H

#include "tokencore.h"

/* tc_list() over the one page of the ids that begin with the first 30 bits of
 * these bytes; others may lie there, too. */
int tc_list_alike(tc_handle *h, const struct tc_actor *actor,
		  const unsigned char id[4], tc_list_fn *fn, void *arg,
		  struct tc_error *err);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading all items while writers go on, without a lock and in memory that
 * does not grow with their number.
 *
 * A step reads some pages and then looks whether the state file is still the
 * same one; only if it is are the items true.  If not, the step is made again
 * in a new view.  So the steps of one walk may be of different commits, and
 * pages may have been split between them.  What a page held at the beginning
 * lies later in that page and in those that were split off from it, and
 * nowhere else (tc_map_step()).  Hence a step is: some pages of those that
 * there were at the beginning, together with all that came out of them since,
 * in one view.  An item that is there all the time is met exactly once,
 * wherever it moves.
 */
#ifndef TC_WALK_H
#define TC_WALK_H

#include "store.h"

struct tc_walk {
	const struct tc_store *store;
	const unsigned char *id;
	struct tc_view *view; /* of the last step; NULL: none */
	int kept; /* it was open before, and may be again; see keep.h */
	unsigned char store_id[TC_STORE_ID_LEN];
	uint32_t pages; /* at the beginning */
	uint32_t next;
	int done;
};

/* id: 4 bytes that outlive the walk; only the one page of all tokens whose
 * ids begin with their first 30 bits.  NULL: everything. */
void tc_walk_begin(struct tc_walk *w, const struct tc_store *s,
		   const unsigned char *id);
void tc_walk_end(struct tc_walk *w);

/* Calls fn for each item of the next step; what it got is true once this
 * gives TC_OK.  restart(arg) takes it back: the same step begins again.  fn
 * may look other items up in view->map, and gives 0 to go on, more than 0 to
 * leave the rest of the step out, -1 for damage. */
int tc_walk_step(struct tc_walk *w, tc_item_fn *fn, void (*restart)(void *),
		 void *arg, struct tc_error *err);

/* Is there another step?  There is always a first one. */
int tc_walk_more(const struct tc_walk *w);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state file, which puts a commit in force.  The next one is written into
 * the spare: the state file of the commit before, with which it then changes
 * names.  To make a file for each commit and to take the old one away would
 * cost as much as another sync or two (doc/BENCHMARKS.md).
 *
 * A reader that opened the state file a while ago may have the spare by now,
 * find it half written or not yet in force.  So it looks where the name leads
 * when it is done: tc_view_moved().
 */
#ifndef TC_SPARE_H
#define TC_SPARE_H

#include "store.h"

/* Writes a state to the spare, which is made if there is none to be had, and
 * syncs it. */
int tc_spare_write(const struct tc_store *s, const struct tc_state_file *state,
		   struct tc_error *err);

/* Puts it in force and syncs the folder.  *renamed tells whether it is in force
 * after a failure, and so does the error. */
int tc_spare_publish(const struct tc_store *s, int *renamed,
		     struct tc_error *err);

#endif

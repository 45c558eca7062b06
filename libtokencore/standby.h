/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The writer's side of the two data files: bringing the standby up to date,
 * making it anew from the current one, taking it away.
 */
#ifndef TC_STANDBY_H
#define TC_STANDBY_H

#include "store.h"

enum tc_standby {
	TC_STANDBY_EVEN, /* holds what the current file holds */
	TC_STANDBY_BEHIND, /* is one commit behind */
	TC_STANDBY_UNUSABLE /* missing or damaged: make it anew */
};

/* Tells which it is, and opens it unless it is unusable or may not be opened
 * so: *file, NULL then, is the caller's.  A standby that is a link, or
 * another's, is a failure: somebody put it there. */
int tc_standby_look(const struct tc_store *s, const struct tc_state_file *state,
		    enum tc_gdbm_mode mode, enum tc_standby *standing,
		    struct tc_gdbm **file, struct tc_error *err);

/* Does its name still lead to that file, and no other?  Who restores or backs
 * up takes no lock. */
int tc_standby_still(const struct tc_store *s, enum tc_side side,
		     struct tc_gdbm *file);

/* Copies the current file over it, under a new inode. */
int tc_standby_copy(const struct tc_store *s, enum tc_side current,
		    struct tc_error *err);

/* The same, page by page into a new file, which has no gaps then. */
int tc_standby_rewrite(const struct tc_store *s, enum tc_side current,
		       struct tc_map *map, struct tc_error *err);

struct tc_entries {
	const unsigned char *data[2]; /* journal entries, oldest first */
	size_t len[2];
	unsigned n;
};

/* Applies entries, syncs and closes; head is what the file holds then.  file:
 * as it was opened by tc_standby_look() to be written, or NULL. */
int tc_standby_apply(const struct tc_store *s, enum tc_side side,
		     struct tc_gdbm *file, const struct tc_entries *entries,
		     struct tc_head *head, struct tc_error *err);

#endif

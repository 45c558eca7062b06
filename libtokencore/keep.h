/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A view that stays open from one look-up to the next: to open the data file
 * takes longer than to look something up in it.
 *
 * Each look-up proves that it is still in force, and does so after it has read:
 * the state file is opened by its name and checked as ever, and it has to be
 * the one of the view, with the same content.  Nor may the files have been
 * touched in place, as by a backup that was copied over them.
 *
 * Whoever takes the view has it alone.  A thread that finds none opens one for
 * itself, so nobody waits for another.
 */
#ifndef TC_KEEP_H
#define TC_KEEP_H

#include "store.h"

struct tc_keep *tc_keep_new(void);
/* Closes what is kept. */
void tc_keep_free(struct tc_keep *k);

/* The view that was kept, or NULL; not one that a parent process opened: its
 * descriptor shares its offset with the parent's.  Nor one that does not look
 * as if it were still in force, where that is worth a look: the one before was
 * not. */
struct tc_view *tc_keep_take(const struct tc_store *s);
/* Takes a malloced view, and closes it if there is one already. */
void tc_keep_give(struct tc_keep *k, struct tc_view *v);

/* As in a process that just began: for tests, which make calls fail. */
void tc_keep_forget(void);

/* Does the view look as if it were in force?  Proves nothing, but spares
 * reading what will not count. */
int tc_keep_seems(const struct tc_store *s, const struct tc_view *v);
/* Is what was read from the view what is in force? */
int tc_keep_holds(const struct tc_store *s, const struct tc_view *v);

#endif

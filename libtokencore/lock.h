/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one writer's lock: a file of its own that no reader can hold.  In it the
 * last writer notes the state file whose name it knows to be on disk, so that
 * the next need not sync the folder once more to know.
 */
#ifndef TC_LOCK_H
#define TC_LOCK_H

#include "store.h"

/* Waits for it, ten seconds at most.  A descriptor that holds it until it is
 * closed, or -1 with the reason. */
int tc_lock_take(const struct tc_store *s, struct tc_error *err);

/* To be called when the folder was synced since the state file got its name.
 * What cannot be noted is synced again. */
void tc_lock_note(int lock_fd, const struct tc_store *s, uint64_t seq);
/* Before another name is made there that the next commit may rest on: 0, or -1
 * with errno. */
int tc_lock_forget(int lock_fd);
/* Is it the one that was noted?  Whatever else is in the lock says no. */
int tc_lock_noted(int lock_fd, const struct tc_view *v);

#endif

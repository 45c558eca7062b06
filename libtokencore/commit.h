/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one writer.  A commit is, in this order:
 *
 *   1. appended to the journal, which is synced
 *   2. applied to the standby file (after the commit before it, which that
 *      file has not seen), which is synced
 *   3. made current by a new state: written to the spare state file, which
 *      is synced and exchanged with the one in force, and the folder synced
 *
 * and only then acknowledged.  A journal longer than the state file says
 * means that a writer died or lost power between 1 and 3: the standby is made
 * anew from the current file and the journal cut back.  What was not
 * acknowledged is then as if it had never been.
 */
#ifndef TC_COMMIT_H
#define TC_COMMIT_H

#include "store.h"

struct tc_txn;

/* Waits for the writer's lock, brings the store in order, and reads the
 * current state.  The caller ends it with tc_txn_end(), which undoes what was
 * not committed; NULL is fine. */
int tc_txn_begin(const struct tc_store *s, struct tc_txn **txn,
		 struct tc_error *err);
void tc_txn_end(struct tc_txn *txn);

/* The state before this transaction. */
struct tc_map *tc_txn_map(struct tc_txn *txn);
const char *tc_txn_path(struct tc_txn *txn);

void tc_txn_put(struct tc_txn *txn, const struct tc_lookup *key,
		const void *value, size_t len);
void tc_txn_mark_key(struct tc_txn *txn, unsigned kid, int64_t before);
void tc_txn_mark_all(struct tc_txn *txn, int64_t before);

/* Makes standby and journal anew, without gaps. */
int tc_txn_compact(struct tc_txn *txn, struct tc_error *err);

/* The items that this transaction puts, in their order, also after it was
 * committed; fn's first result that is not 0. */
int tc_txn_puts(struct tc_txn *txn, tc_item_fn *fn, void *arg);

/* Commits and gives up the lock.  hook is called when nothing but the state
 * file's replacement is left to do; anything but TC_OK from it undoes
 * everything. */
int tc_txn_commit(struct tc_txn *txn, int64_t now,
		  int (*hook)(void *arg, struct tc_error *err), void *arg,
		  struct tc_error *err);

#endif

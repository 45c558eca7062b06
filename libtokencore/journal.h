/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Journal entries: one per commit, complete in themselves.
 *
 *	entry = length(4) seq(8) time(8) count(4) operation... digest(16)
 *	operation = type(1) key_len(2) len(4) key value
 */
#ifndef TC_JOURNAL_H
#define TC_JOURNAL_H

#include "pages.h"

/* A journal begins with "TCJ1" and the store's id. */
#define TC_JOURNAL_START (4 + TC_STORE_ID_LEN)

void tc_journal_start(unsigned char out[TC_JOURNAL_START],
		      const unsigned char store_id[TC_STORE_ID_LEN]);

enum tc_op {
	TC_OP_PUT = 1,
	TC_OP_DELETE = 2,
	TC_OP_MARK_KEY = 3, /* key: kid(2); value: time(8) */
	TC_OP_MARK_ALL = 4 /* no key; value: time(8) */
};

/* Building one: begin, any number of operations, time, end. */
void tc_entry_begin(struct tc_writer *w, uint64_t seq);
void tc_entry_op(struct tc_writer *w, enum tc_op op, const void *key,
		 size_t key_len, const void *value, size_t len);
void tc_entry_time(struct tc_writer *w, int64_t time);
void tc_entry_end(const struct tc_crypto *c, struct tc_writer *w);

/* Calls fn for the items that an entry puts, in their order; it need not be
 * ended yet.  The first result of fn that is not 0, or -1 for damage. */
int tc_entry_puts(const unsigned char *entry, size_t len, tc_item_fn *fn,
		  void *arg);

/* Applies an entry to a map and m->head, which is not written to the file; -1
 * with m->why set. */
int tc_entry_apply(struct tc_map *m, const unsigned char *entry, size_t len);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is said of a store as a whole: the head, kept inside each data file,
 * and the state file, which names the current data file and repeats its head.
 */
#ifndef TC_HEAD_H
#define TC_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "crypto.h"

#define TC_STORE_ID_LEN 16
#define TC_DIGEST_LEN 16 /* of SHA-256: against damage, not malice */
#define TC_MARKS_MAX 64
#define TC_HEAD_MAX 1024

/* Everything issued up to that second is revoked. */
struct tc_mark {
	unsigned kid;
	int64_t before;
};

struct tc_head {
	unsigned char store_id[TC_STORE_ID_LEN];
	uint64_t seq; /* of the last commit */
	int64_t time; /* and when it was */
	uint32_t pages; /* see pages.h */
	uint64_t items; /* in all pages */
	uint64_t tokens; /* items that are tokens */
	int64_t all_before; /* mark over every token; 0: none */
	unsigned n_marks;
	struct tc_mark marks[TC_MARKS_MAX];
};

enum tc_side { TC_LEFT, TC_RIGHT };

struct tc_state_file {
	enum tc_side side; /* the current data file */
	uint64_t journal_len; /* bytes of the journal that are committed */
	uint64_t journal_last; /* where its last entry begins */
	struct tc_head head;
};

void tc_head_write(struct tc_writer *w, const struct tc_head *head);
void tc_head_read(struct tc_reader *r, struct tc_head *head);

/* Appends the digest of what w holds from byte `from` on. */
void tc_digest_write(const struct tc_crypto *c, struct tc_writer *w,
		     size_t from);
/* Does the text end in its digest? */
int tc_digest_fits(const struct tc_crypto *c, const unsigned char *text,
		   size_t len);

void tc_state_write(const struct tc_crypto *c, struct tc_writer *w,
		    const struct tc_state_file *state);
/* 0, or -1 when it is damaged. */
int tc_state_read(const struct tc_crypto *c, const unsigned char *text,
		  size_t len, struct tc_state_file *state);

#endif

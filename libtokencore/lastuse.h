/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a token was last used, from where and for what: a file of its own
 * beside the store, best effort.  Nothing waits for it, nothing depends on
 * it, losing it loses nothing: whatever is odd about it means "not known".
 * Services in the folder's group may write what they like into it, since it
 * grants nothing.
 */
#ifndef TC_LASTUSE_H
#define TC_LASTUSE_H

#include "store.h"
#include "token.h"

struct tc_use {
	int64_t time; /* 0: not known */
	char service[TC_SERVICE_MAX + 1];
	struct tc_source source; /* family 0: not known */
};

/* Opens the file, so that it can be written after the process gave up its
 * rights; failing that, takes over what `old` (or NULL) has open. */
void tc_lastuse_open(struct tc_store *s, const struct tc_store *old);

/* Notes a login, at most once a minute for each token.  service and peer may
 * be NULL. */
void tc_lastuse_note(const struct tc_store *s,
		     const unsigned char id[TC_ID_BYTES], const char *service,
		     const struct tc_source *peer, int64_t now);

struct tc_use_file {
	int fd, opened; /* by us, to be closed */
	uint64_t slots;
};

/* For looking many up; zeros to begin with.  What lies near the one that was
 * looked up last is at hand: tokens of one page of the store lie together. */
#define TC_USES_NEAR 32 /* buckets */
enum tc_near { TC_NEAR_UNKNOWN, TC_NEAR_HOLE, TC_NEAR_SLOTS };
struct tc_uses {
	int begun;
	struct tc_use_file file;
	off_t hole, hole_end; /* nothing was ever written in between */
	enum tc_near at_hand;
	uint64_t first; /* of the buckets at hand */
	unsigned char near[TC_USES_NEAR * 4 * 96];
};

/* use->time is 0 if nothing is known.  -1: nothing is known of any token here,
 * the file is not there or cannot be read. */
int tc_lastuse_get(const struct tc_store *s, struct tc_uses *uses,
		   const unsigned char id[TC_ID_BYTES], struct tc_use *use);
/* Before long, as another file may take its place. */
void tc_lastuse_close(struct tc_uses *uses);

/* Called by the writer, under its lock, after a commit: makes the file, or a
 * roomier one, for so many tokens. */
void tc_lastuse_fit(const struct tc_store *s, uint64_t tokens);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was the case when, in memory that processes share: one writes, many
 * read, under a sequence lock.  A change has two moments, begun and
 * acknowledged.  In between, the case before and the one after are both
 * possible; so each case is possible from when the change to it was begun until
 * the change away from it was acknowledged.
 */
#ifndef SOAK_TIMELINE_H
#define SOAK_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#define TIMELINE_DEPTH 8 /* cases that are remembered */

struct timeline_entry {
	_Atomic uint64_t from, until; /* nanoseconds; until UINT64_MAX: still */
	_Atomic uint64_t what[2]; /* the writer's own words */
};

struct timeline {
	_Atomic uint64_t seq; /* odd while it is written to */
	_Atomic uint64_t n; /* entries there have been */
	_Atomic uint64_t lost; /* until when those were possible that are not
				  remembered; 0: all are */
	struct timeline_entry entry[TIMELINE_DEPTH];
};

/* CLOCK_MONOTONIC in nanoseconds: one clock for all processes. */
uint64_t timeline_now(void);

/* A case that is possible from now on, beside the one before. */
void timeline_begin(struct timeline *t, const uint64_t what[2]);
/* The one before is over. */
void timeline_end(struct timeline *t);
/* A case of its own, which is no change of the one before. */
void timeline_window(struct timeline *t, uint64_t from, uint64_t until,
		     const uint64_t what[2]);
/* The last case is over. */
void timeline_close(struct timeline *t);

/* The last case; 0 when there was none.  For who writes the timeline. */
int timeline_last(const struct timeline *t, uint64_t what[2]);

/* Those that were possible at some time between two moments, which are past:
 * how many, or -1 when some of them are no longer remembered. */
int timeline_during(const struct timeline *t, uint64_t begin, uint64_t end,
		    uint64_t what[TIMELINE_DEPTH][2]);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "timeline.h"

#include <sched.h>
#include <stdatomic.h>
#include <time.h>

uint64_t
timeline_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

void
timeline_window(struct timeline *t, uint64_t from, uint64_t until,
		const uint64_t what[2])
{
	struct timeline_entry *e = &t->entry[t->n % TIMELINE_DEPTH];

	t->seq++;
	if (t->n >= TIMELINE_DEPTH && e->until > t->lost)
		t->lost = e->until;
	e->from = from;
	e->until = until;
	e->what[0] = what[0];
	e->what[1] = what[1];
	t->n++;
	t->seq++;
}

void
timeline_begin(struct timeline *t, const uint64_t what[2])
{
	timeline_window(t, timeline_now(), UINT64_MAX, what);
}

/* The entry that far back, if there is one, is over. */
static void
over(struct timeline *t, uint64_t back)
{
	uint64_t now = timeline_now(), n = t->n;

	if (n <= back)
		return;
	t->seq++;
	t->entry[(n - 1 - back) % TIMELINE_DEPTH].until = now;
	t->seq++;
}

void
timeline_end(struct timeline *t)
{
	over(t, 1);
}

void
timeline_close(struct timeline *t)
{
	over(t, 0);
}

int
timeline_last(const struct timeline *t, uint64_t what[2])
{
	const struct timeline_entry *e;

	if (t->n == 0)
		return 0;
	e = &t->entry[(t->n - 1) % TIMELINE_DEPTH];
	what[0] = e->what[0];
	what[1] = e->what[1];
	return 1;
}

static int
read_once(const struct timeline *t, uint64_t begin, uint64_t end,
	  uint64_t what[TIMELINE_DEPTH][2])
{
	uint64_t n = t->n < TIMELINE_DEPTH ? t->n : TIMELINE_DEPTH;
	int found = 0;

	if (t->lost >= begin)
		return -1;
	for (uint64_t i = 0; i < n; i++) {
		const struct timeline_entry *e = &t->entry[i];

		if (e->from > end || e->until < begin)
			continue;
		what[found][0] = e->what[0];
		what[found++][1] = e->what[1];
	}
	return found;
}

int
timeline_during(const struct timeline *t, uint64_t begin, uint64_t end,
		uint64_t what[TIMELINE_DEPTH][2])
{
	for (;;) {
		uint64_t seq = t->seq;
		int found = read_once(t, begin, end, what);

		if (seq % 2 == 0 && t->seq == seq)
			return found;
		sched_yield();
	}
}

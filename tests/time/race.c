/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "race.h"

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../store/kit.h"
#include "welch.h"

/*
 * What a try takes has a long tail: the scheduler, interrupts, other processes.
 * These times say nothing about the kind, but their squares decide the
 * variance, and with it what a test can tell.  So the longest tries are left
 * out, as Reparaz, Balasch and Verbauwhede do ("Dude, is my code constant
 * time?").  The limit is one for all kinds that are to be alike, a quantile of
 * their tries together: a limit for each would hide that one has more long
 * tries than another.
 */
#define KEPT 0.75

double
race_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

unsigned
race_number(const char *text, unsigned max)
{
	return kit_number(text, 1, max);
}

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
is_alike(const struct race *r, unsigned kind)
{
	return (r->alike >> kind & 1) != 0;
}

/* kinds: a bit for each that it is of. */
static double
limit_of(unsigned kinds, const double *took, const unsigned char *kind,
	 size_t n)
{
	double *sorted = calloc(n, sizeof(*sorted)), limit;
	size_t kept = 0;

	if (!sorted)
		errx(3, "out of memory");
	for (size_t i = 0; i < n; i++)
		if (kinds >> kind[i] & 1)
			sorted[kept++] = took[i];
	qsort(sorted, kept, sizeof(*sorted), by_value);
	limit = sorted[(size_t)(KEPT * (double)kept)];
	free(sorted);
	return limit;
}

/* Which kind comes next: each of them tries times, in random order. */
static void
shuffle(unsigned char *order, size_t n, unsigned kinds, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++)
		order[i] = (unsigned char)(i % kinds);
	for (size_t i = n; i > 1; i--) {
		const size_t at = kit_below(seed, i);
		const unsigned char kind = order[i - 1];

		order[i - 1] = order[at];
		order[at] = kind;
	}
}

static void
tell_pairs(const struct race *r, const struct sample *of, unsigned a)
{
	for (unsigned b = a + 1; b < r->kinds; b++)
		if (is_alike(r, b))
			printf("pair %s %s %.2f %.1f\n", site_names[a],
			       site_names[b], welch_t(of[a], of[b]),
			       of[a].mean - of[b].mean);
}

static void
tell(const struct race *r, const struct sample *of)
{
	struct sample all = { .n = 0 };

	printf("tries %u\n", r->tries);
	for (unsigned k = 0; k < r->kinds; k++) {
		printf("mean %s %.1f\n", site_names[k], of[k].mean);
		if (is_alike(r, k))
			all = sample_join(all, of[k]);
	}
	for (unsigned k = 0; k < r->kinds; k++) {
		if (is_alike(r, k))
			tell_pairs(r, of, k);
		else
			printf("other %s %.2f %.1f\n", site_names[k],
			       welch_t(of[k], all), of[k].mean - all.mean);
	}
}

void
race(const struct race *r)
{
	const size_t all = (size_t)r->kinds * r->tries;
	unsigned char *order = calloc(all, sizeof(*order));
	double *took = calloc(all, sizeof(*took)), limits[KINDS];
	struct sample of[KINDS] = { { .n = 0 } };
	uint64_t seed = kit_seed();
	struct site_login login;

	if (!order || !took)
		errx(3, "out of memory");
	shuffle(order, all, r->kinds, &seed);
	for (size_t i = 0; i < all; i++) {
		site_login(order[i], (unsigned)kit_below(&seed, r->n), &login);
		took[i] = r->fn(r->arg, order[i], &login);
	}
	for (unsigned k = 0; k < r->kinds; k++)
		limits[k] = limit_of(is_alike(r, k) ? r->alike : 1U << k, took,
				     order, all);
	for (size_t i = 0; i < all; i++)
		if (took[i] <= limits[order[i]])
			sample_add(&of[order[i]], took[i]);
	tell(r, of);
	free(order);
	free(took);
}

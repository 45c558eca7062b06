/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "turns.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double
turns_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
turns_quantile(double *values, size_t n, double share)
{
	size_t at = (size_t)(share * (double)n);

	qsort(values, n, sizeof(*values), by_value);
	return values[at < n ? at : n - 1];
}

static double
one_round(const struct turn *t)
{
	double *took = calloc(t->calls, sizeof(*took)), median;

	if (!took)
		turns_die("out of memory");
	for (unsigned i = 0; i < t->calls; i++) {
		double start = turns_clock();

		t->call(t->arg);
		took[i] = turns_clock() - start;
	}
	median = turns_quantile(took, t->calls, 0.5);
	free(took);
	return median;
}

void
turns_take(const struct turn *turns, size_t n, unsigned rounds)
{
	for (unsigned round = 0; round <= rounds; round++) {
		for (size_t i = 0; i < n; i++) {
			double median = one_round(&turns[i]);

			if (round > 0)
				printf("round %s %.0f\n", turns[i].name,
				       median);
		}
		fflush(stdout);
	}
}

void
turns_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	verrx(3, fmt, ap);
}

unsigned
turns_number(const char *text, unsigned max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || n < 1 || n > max)
		turns_die("not a number from 1 to %u: %s", max, text);
	return (unsigned)n;
}

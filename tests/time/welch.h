/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Welch's t: do two kinds take the same time on average? */
#ifndef TESTS_TIME_WELCH_H
#define TESTS_TIME_WELCH_H

#include <stddef.h>

/* Above this a difference is customarily called real (one in 100 000 that it
 * is none). */
#define WELCH_LIMIT 4.5

/* What was measured of one kind: number, mean and squared distances from it,
 * kept up as they come (Welford). */
struct sample {
	double n, mean, m2;
};

void sample_add(struct sample *s, double x);
/* What both saw. */
struct sample sample_join(struct sample a, struct sample b);
double welch_t(struct sample a, struct sample b);

#endif

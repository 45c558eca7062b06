/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "welch.h"

#include <math.h>

void
sample_add(struct sample *s, double x)
{
	const double from = x - s->mean;

	s->n += 1;
	s->mean += from / s->n;
	s->m2 += from * (x - s->mean);
}

struct sample
sample_join(struct sample a, struct sample b)
{
	const double n = a.n + b.n, apart = b.mean - a.mean;

	if (n == 0)
		return a;
	return (struct sample){ .n = n,
				.mean = a.mean + apart * b.n / n,
				.m2 = a.m2 + b.m2 +
				      apart * apart * a.n * b.n / n };
}

/* The square of the standard error. */
static double
error2(struct sample s)
{
	return s.n > 1 ? s.m2 / (s.n - 1) / s.n : 0;
}

double
welch_t(struct sample a, struct sample b)
{
	const double error = sqrt(error2(a) + error2(b));

	return error > 0 ? (a.mean - b.mean) / error : 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logins of all kinds in random order, and what the times tell of the kinds. */
#ifndef TESTS_TIME_RACE_H
#define TESTS_TIME_RACE_H

#include "site.h"

/* One login; its nanoseconds.  Ends the program when it does not end as this
 * kind has to. */
typedef double race_fn(void *arg, enum kind kind,
		       const struct site_login *login);

/* Nanoseconds of a clock that only goes forward. */
double race_clock(void);

/*
 * tries logins of each of the first `kinds` kinds, with records below n, in
 * random order from the environment's SEED.  Prints
 *
 *	tries N
 *	mean KIND NS
 *	pair KIND KIND T NS	for each two whose bits are in alike
 *	other KIND T NS		for the rest, each beside all of these
 */
struct race {
	race_fn *fn;
	void *arg;
	unsigned kinds, alike;
	unsigned n, tries;
};

#define RACE_ALIKE ((1u << SITE_ALIKE) - 1)

void race(const struct race *r);

/* A whole number from 1 to max. */
unsigned race_number(const char *text, unsigned max);

#endif

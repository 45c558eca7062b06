/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measures several things beside each other: all of them in turn, round after
 * round, so that whatever else the machine does hits them alike.  What counts
 * are the ratios between them.
 */
#ifndef TESTS_BENCH_TURNS_H
#define TESTS_BENCH_TURNS_H

#include <stddef.h>

struct turn {
	const char *name;
	void (*call)(void *arg);
	void *arg;
	unsigned calls; /* in a round */
};

/* Nanoseconds of a clock that only goes forward. */
double turns_clock(void);

/* Prints "round NAME NS" for each thing in each round, NS being the median of
 * its calls; a round before the first is not counted. */
void turns_take(const struct turn *turns, size_t n, unsigned rounds);

/* The value below which that share of n values lies; sorts them. */
double turns_quantile(double *values, size_t n, double share);

/* Ends the program with a line on stderr. */
_Noreturn void turns_die(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* A whole number from 1 to max. */
unsigned turns_number(const char *text, unsigned max);

#endif

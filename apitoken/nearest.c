/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which of the words that there are may have been meant by one that there is
 * not: how many letters have to be changed, left out, put in or swapped.
 */
#include "nearest.h"

#include <stdint.h>
#include <string.h>

#define LONGEST 24 /* of words that are compared */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t
distance(const char *a, const char *b)
{
	const size_t m = strlen(a), n = strlen(b);
	size_t rows[LONGEST + 1][LONGEST + 1];

	if (m > LONGEST || n > LONGEST)
		return SIZE_MAX;
	for (size_t i = 0; i <= m; i++)
		rows[i][0] = i;
	for (size_t k = 0; k <= n; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= m; i++) {
		for (size_t k = 1; k <= n; k++) {
			const bool differ = a[i - 1] != b[k - 1];
			size_t d = least(rows[i - 1][k], rows[i][k - 1]) + 1;

			d = least(d, rows[i - 1][k - 1] + differ);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
			    a[i - 2] == b[k - 1])
				d = least(d, rows[i - 2][k - 2] + 1);
			rows[i][k] = d;
		}
	}
	return rows[m][n];
}

void
nearest_try(struct nearest *near, const char *word, size_t which)
{
	const size_t len = strlen(near->typed);
	/* What was cut short, or mistyped in one letter of three. */
	const bool begins = len > 2 && strncmp(word, near->typed, len) == 0;
	const size_t d = begins ? 1 : distance(near->typed, word);

	if (d > (len + 1) / 3 || (near->found && d >= near->distance))
		return;
	near->found = true;
	near->which = which;
	near->distance = d;
}

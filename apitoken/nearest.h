/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may have been meant by a word that is none. */
#ifndef NEAREST_H
#define NEAREST_H

#include <stdbool.h>
#include <stddef.h>

struct nearest {
	const char *typed;
	bool found;
	size_t which; /* of those that were tried, as they were numbered */
	size_t distance;
};

/** Is it this word that was meant, rather than those that were tried before?
 *  If it is far from all of them, nothing is found. */
void nearest_try(struct nearest *near, const char *word, size_t which)
    __attribute__((nonnull));

#endif

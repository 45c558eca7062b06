/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What valgrind is told of secrets: they are marked as memory that nobody set,
 * and so is whatever comes of them, so that valgrind reports each branch and
 * each index that depends on one.  The linker puts these functions around those
 * of the library (see module.mk); the library itself is as it is.
 */
#ifndef TESTS_TIME_TAINT_H
#define TESTS_TIME_TAINT_H

#include <stddef.h>

/* From now on secrets are marked, or not. */
void taint_on(int on);

/* Counts the comparisons of secrets anew.  The one of that number stops at the
 * first difference, which valgrind has to find; 0: none does. */
void taint_naive(unsigned number);

/* How many there were. */
unsigned taint_compared(void);

/* What valgrind found so far. */
unsigned taint_found(void);

/* Are all of these bytes secret? */
int taint_is_secret(const void *p, size_t len);

#endif

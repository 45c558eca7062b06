/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Follows the blocks of memory that the whole process takes and gives back,
 * libraries included: which are left, and whether one was given back with a
 * secret in it.
 */
#ifndef TESTS_FAIL_MEMORY_H
#define TESTS_FAIL_MEMORY_H

#include <stddef.h>

/* From here on blocks are followed. */
void memory_begin(void);
/* How many of those taken since then are left; their bytes. */
unsigned memory_end(size_t *bytes);

/* Bytes that no block may hold when it is given back; they stay the
 * caller's. */
void memory_secret(const void *bytes, size_t len);
void memory_forget_secrets(void);
/* How many blocks did since memory_begin(). */
unsigned memory_unwiped(void);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the store and the verification are measured against: the least that
 * such a thing could cost.  A plain GDBM file with a record to the key, and an
 * HMAC.
 */
#ifndef TESTS_BENCH_PLAIN_H
#define TESTS_BENCH_PLAIN_H

#include <stddef.h>

#define PLAIN_KEY 16
#define PLAIN_VALUE 200 /* bytes, like those of a token's record */

/* The key of the number i. */
void plain_key(unsigned i, unsigned char key[PLAIN_KEY]);

/* Makes the file with n records, by gdbm_store() and nothing else. */
void plain_make(const char *path, unsigned n);

/* Opens the file without mmap, fetches one record, closes it. */
void plain_fetch(const char *path, unsigned i);

/* One HMAC-SHA-256 over 32 bytes of input, with a context of its own. */
void plain_hmac(void);

#endif

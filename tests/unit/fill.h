/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Puts into a store what no call makes, or makes so fast: records as they are,
 * many in one commit, and marks.  For unit tests and the programs of
 * tests/store.
 */
#ifndef TEST_FILL_H
#define TEST_FILL_H

#include <stdint.h>

#include "store.h"

/* A record of the number i, under key 1: its id, 4 random bits to the
 * character, is the same in every run.  user and label are as given. */
struct tc_record test_fill_record(unsigned i, const char *user,
				  const char *label);

/* Seals n records and puts them in place of what is there.  TC_OK or not. */
int test_fill(tc_handle *h, const struct tc_record *recs, size_t n,
	      struct tc_error *err);

/* A mark over a user's tokens; over a key's if user is NULL; over all if kid
 * is 0, too. */
int test_fill_mark(tc_handle *h, const char *user, unsigned kid, int64_t before,
		   struct tc_error *err);

/* An item as it is. */
int test_fill_item(tc_handle *h, const struct tc_lookup *key, const void *value,
		   size_t len, struct tc_error *err);

/* In a unit test, where it has to work; host is a struct test_host. */
#define FILL(host, recs, n)                                                    \
	assert_int_equal(test_fill((host)->h, recs, n, &(host)->err), TC_OK)
#define MARK(host, user, kid, before)                                          \
	assert_int_equal(                                                      \
	    test_fill_mark((host)->h, user, kid, before, &(host)->err), TC_OK)

#endif

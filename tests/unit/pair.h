/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two installations with the same key, at TEST_CLOCK_T: what one gives out is
 * put back there or into the other.
 */
#ifndef TEST_PAIR_H
#define TEST_PAIR_H

#include "backup.h"
#include "clock.h"

/* Of the test that runs. */
extern struct test_host *host, *other;
extern struct test_backup backup; /* freed when it ends */

int test_pair_make(void **state);
int test_pair_remove(void **state);
#define TEST_PAIR(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_pair_make, test_pair_remove)

/* Logs in there, with what test_full allows. */
#define ON(h, l, want)                                                         \
	do {                                                                   \
		(l).host = h;                                                  \
		EXPECT(&(l), NULL, "imap", "192.0.2.1", 0, want);              \
	} while (0)

#endif

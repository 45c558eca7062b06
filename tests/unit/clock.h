/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A clock that a test sets: it stands in for the C library's time() in the
 * programs that are linked with it. */
#ifndef TEST_CLOCK_H
#define TEST_CLOCK_H

#include "host.h"

/* Stands still there; 0: the host's clock. */
extern int64_t test_clock;

/* A test with an installation of its own (host.h), begun at that time. */
#define TEST_CLOCK_T INT64_C(1800000000)
int test_clocked_make(void **state);
int test_clocked_remove(void **state);
#define TEST_CLOCKED(test)                                                     \
	cmocka_unit_test_setup_teardown(test, test_clocked_make,               \
					test_clocked_remove)

/* A token then, with some of everything: until T + 1000, for imap and smtp from
 * 192.0.2.0/24. */
extern const struct tc_create test_full;

#endif

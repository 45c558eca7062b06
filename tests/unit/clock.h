/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A clock that a test sets: it stands in for the C library's time() in the
 * programs that are linked with it. */
#ifndef TEST_CLOCK_H
#define TEST_CLOCK_H

#include <stdint.h>

/* Stands still there; 0: the host's clock. */
extern int64_t test_clock;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TC_CLOCK_H
#define TC_CLOCK_H

#include "tokencore.h"

/* The present.  A clock that cannot be read or was never set is an error:
 * nothing would expire by it, and nothing be there yet. */
int tc_clock(int64_t *now, struct tc_error *err);

/* Seconds by a clock that nobody sets; -1: it cannot be read. */
int64_t tc_since_boot(void);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock.h"

#include <time.h>

#include "error.h"

int
tc_clock(int64_t *now, struct tc_error *err)
{
	*now = (int64_t)time(NULL);
	if (*now > 0)
		return TC_OK;
	return tc_fail(err, TC_E_UNAVAILABLE, "clock: has not been set");
}

int64_t
tc_since_boot(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_BOOTTIME, &t) == 0 ? t.tv_sec : -1;
}

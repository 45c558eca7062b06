/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock.h"

#include <time.h>

#include "host.h"

int64_t test_clock;

time_t
time(time_t *out)
{
	struct timespec now = { .tv_sec = (time_t)test_clock };

	if (!test_clock)
		(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

int
test_clocked_make(void **state)
{
	test_clock = TEST_CLOCK_T;
	return test_host_make(state);
}

int
test_clocked_remove(void **state)
{
	int rc = test_host_remove(state);

	test_clock = 0;
	return rc;
}

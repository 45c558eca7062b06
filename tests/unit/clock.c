/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock.h"

#include <time.h>

int64_t test_clock;

static const char *const mail[] = { "imap", "smtp" };
static const struct tc_property props[] = { { "app", "mutt" },
					    { "host", "box" },
					    { "note", "" } };
static const struct tc_source net = { .family = 4,
				      .prefix = 24,
				      .addr = { 192, 0, 2 } };
const struct tc_create test_full = {
	.user = "unit-alice",
	.label = "laptop \xf0\x9f\x94\x91",
	.expires = TEST_CLOCK_T + 1000,
	.n_services = 2,
	.n_sources = 1,
	.n_properties = 3,
	.services = mail,
	.sources = &net,
	.properties = props,
};

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

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The note in the writer's lock is of one state file of one commit. */
#include "lock.h"
#include "host.h"

#include <unistd.h>

static void
each_part_counts(void **state)
{
	static const struct tc_create spec = { .user = "unit-alice",
					       .label = "laptop" };
	struct test_host *host = *state;
	struct tc_policy *p = tc_policy_get(host->h, NULL);
	char text[TC_TOKEN_MAX + 1];
	struct tc_view v;
	int fd;

	tc_record_free(test_host_token(host, &spec, text));
	fd = tc_lock_take(&p->store, &host->err);
	assert_true(fd >= 0);
	assert_int_equal(tc_view_open(&p->store, &v, &host->err), TC_OK);
	assert_true(tc_lock_noted(fd, &v));
#define COUNTS(part)                                                           \
	do {                                                                   \
		v.part++;                                                      \
		assert_false(tc_lock_noted(fd, &v));                           \
		v.part--;                                                      \
	} while (0)
	/* Every second commit has the same file, perhaps in one tick. */
	COUNTS(state.head.seq);
	COUNTS(stamp.dev);
	COUNTS(stamp.ino);
	COUNTS(stamp.ctime.tv_sec);
	COUNTS(stamp.ctime.tv_nsec);
	assert_true(tc_lock_noted(fd, &v));
	assert_int_equal(tc_lock_forget(fd), 0);
	assert_false(tc_lock_noted(fd, &v));
	tc_view_close(&v);
	close(fd);
	tc_policy_put(host->h, p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    each_part_counts, test_host_make, test_host_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

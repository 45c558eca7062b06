/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pair.h"

struct test_host *host, *other;
struct test_backup backup;

int
test_pair_make(void **state)
{
	void *a = NULL, *b = NULL;

	if (test_clocked_make(&a) || test_clocked_make(&b))
		return -1;
	host = a;
	other = b;
	*state = a;
	return 0;
}

int
test_pair_remove(void **state)
{
	void *b = other;

	test_backup_free(&backup);
	return test_clocked_remove(state) | test_clocked_remove(&b);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What both logs were told of changes. */
#ifndef TEST_TOLD_H
#define TEST_TOLD_H

#include "host.h"

/* One change's line; NULL and 0: the log says nothing of it. */
struct test_line {
	const char *event, *id, *label, *user;
	unsigned kid;
	const char *actor, *why;
};

/* How far both logs have come. */
struct test_told {
	size_t bytes;
	unsigned lines;
};

struct test_told test_told_now(const struct test_host *host);

/* Fails the test unless both logs have been told these n lines since then, in
 * this order, and nothing else.  The system's log shows its last one only. */
void test_told(const struct test_host *host, struct test_told since,
	       const struct test_line *want, size_t n);

#endif

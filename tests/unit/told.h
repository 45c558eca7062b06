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

/* What counts of the store, the keys and both logs, to see that a call that was
 * refused left them as they were, byte for byte. */
struct test_still {
	uint64_t print;
	struct test_told told;
};

struct test_still test_still_now(const struct test_host *host);
void test_still(const struct test_host *host, const struct test_still *since);

/* A call that has to be refused like that, with these words in its error. */
#define REFUSES(host, want, words, call)                                       \
	do {                                                                   \
		struct test_still still_ = test_still_now(host);               \
		int got_;                                                      \
		(host)->err.text[0] = '\0';                                    \
		got_ = (call);                                                 \
		if (got_ != (want) || (host)->err.code != (want) ||            \
		    !strstr((host)->err.text, words))                          \
			fail_msg("line %d: %d: %s", __LINE__, got_,            \
				 (host)->err.text);                            \
		test_still(host, &still_);                                     \
	} while (0)

/* One that has to work. */
#define WORKS(host, call)                                                      \
	do {                                                                   \
		if ((call) != TC_OK)                                           \
			fail_msg("line %d: %s", __LINE__, (host)->err.text);   \
	} while (0)

#endif

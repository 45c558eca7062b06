/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading everything while writers go on: what was there all the time is told
 * once, however the pages split meanwhile. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

#include "fill.h"

#define FIRST 700
#define LATER 6000

struct busy {
	struct test_host *host;
	unsigned calls, added, every;
	unsigned char seen[FIRST];
};

static unsigned
number_of(const struct tc_record *rec)
{
	return (unsigned)strtoul(rec->label, NULL, 10);
}

static void
fill_numbers(struct test_host *host, unsigned from, unsigned n)
{
	static struct tc_record r[LATER];
	static char labels[LATER][16];

	assert_true(n <= LATER);
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(labels[i], sizeof(labels[i]), "%u", from + i);
		r[i] = test_fill_record(from + i, "alice", labels[i]);
	}
	FILL(host, r, n);
}

/* Between two records that are handed out, others are added, so that pages
 * split, and one that is there is changed. */
static int
interfere(void *arg, const struct tc_record *rec)
{
	struct busy *b = arg;
	unsigned i = number_of(rec);

	if (i < FIRST)
		b->seen[i]++;
	if (b->calls++ % b->every == 0 && b->added < LATER) {
		unsigned n = b->every == 1 ? 13 : LATER;

		fill_numbers(b->host, FIRST + b->added, n);
		b->added += n;
		fill_numbers(b->host, b->calls % FIRST, 1);
	}
	return 0;
}

static void
told_once(void **state)
{
	struct test_host *host = *state;
	struct busy b = { .host = host, .every = 1 };
	struct tc_info info;

	fill_numbers(host, 0, FIRST);
	/* A little with each record; then very much at once, so that some
	 * pages have been split many times before they are come to. */
	for (b.every = 1; b.every < 1000; b.every += 299) {
		memset(b.seen, 0, sizeof(b.seen));
		b.calls = b.added = 0;
		assert_int_equal(
		    tc_list(host->h, NULL, NULL, interfere, &b, &host->err),
		    TC_OK);
		assert_true(b.added > 1000);
		for (unsigned i = 0; i < FIRST; i++)
			if (b.seen[i] != 1)
				fail_msg("every %u: %u came %u times", b.every,
					 i, b.seen[i]);
	}
	assert_int_equal(tc_info(host->h, &info, &host->err), TC_OK);
	assert_int_equal(info.tokens, FIRST + 6006);
}

struct rotation {
	struct test_host *host;
	unsigned n, late;
};

/* A key that is added and used while the list is read. */
static int
rotate(void *arg, const struct tc_record *rec)
{
	struct rotation *t = arg;
	static struct tc_record r[300];

	if (rec->kid == 2) {
		assert_int_equal(rec->standing, TC_VALID);
		t->late++;
	}
	if (t->n++ > 0)
		return 0;
	assert_int_equal(
	    tc_key_add(t->host->h, &test_actor, 2, NULL, NULL, &t->host->err),
	    TC_OK);
	for (unsigned i = 0; i < ARRAY_LEN(r); i++) {
		r[i] = test_fill_record(1000 + i, "alice", "late");
		r[i].kid = 2;
	}
	FILL(t->host, r, ARRAY_LEN(r));
	return 0;
}

static void
new_key(void **state)
{
	struct test_host *host = *state;
	struct rotation t = { .host = host };

	fill_numbers(host, 0, FIRST);
	assert_int_equal(tc_list(host->h, NULL, NULL, rotate, &t, &host->err),
			 TC_OK);
	assert_true(t.n >= FIRST);
	assert_true(t.late > 0);
}

static int
stop_at_three(void *arg, const struct tc_record *rec)
{
	(void)rec;
	return ++*(unsigned *)arg == 3;
}

static void
stops(void **state)
{
	struct test_host *host = *state;
	unsigned n = 0;

	fill_numbers(host, 0, FIRST);
	assert_int_equal(
	    tc_list(host->h, NULL, NULL, stop_at_three, &n, &host->err), TC_OK);
	assert_int_equal(n, 3);
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(told_once),
		WITH_HOST(new_key),
		WITH_HOST(stops),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}

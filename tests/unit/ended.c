/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks over users, keys and everything, as they are told of. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

#include "fill.h"

static void
expect_ended(struct test_host *host, const char *id, int64_t when,
	     const char *why)
{
	struct tc_record *rec = test_show(host, id);

	assert_int_equal(rec->standing, why ? TC_REVOKED : TC_VALID);
	assert_int_equal(rec->state, TC_STATE_ACTIVE);
	assert_true(rec->revoked == when);
	assert_string_equal(rec->revoked_reason, why ? why : "");
	tc_record_free(rec);
}

static void
marks(void **state)
{
	struct test_host *host = *state;
	struct tc_record r = test_fill_record(1, "alice", "a");
	const int64_t made = r.created;

	FILL(host, &r, 1);
	expect_ended(host, r.id, 0, NULL);
	MARK(host, "alice", 0, made - 1);
	MARK(host, "alic", 0, made + 9);
	expect_ended(host, r.id, 0, NULL);
	MARK(host, "alice", 0, made + 5);
	expect_ended(host, r.id, made + 5,
		     "everything of the user was revoked");
	MARK(host, "alice", 0, made - 1);
	MARK(host, NULL, 0, made - 1);
	expect_ended(host, r.id, 0, NULL);
	MARK(host, NULL, 0, made);
	expect_ended(host, r.id, made, "everything was revoked");
	MARK(host, NULL, 1, made + 7);
	expect_ended(host, r.id, made + 7, "its key is retired");
	MARK(host, NULL, 1, INT64_MAX);
	expect_ended(host, r.id, 0, "its key is retired");
	/* Its own revocation says more. */
	r.state = TC_STATE_REVOKED;
	r.revoked = made + 1;
	r.revoked_reason = "lost";
	FILL(host, &r, 1);
	{
		struct tc_record *rec = test_show(host, r.id);

		assert_int_equal(rec->standing, TC_REVOKED);
		assert_true(rec->revoked == made + 1);
		assert_string_equal(rec->revoked_reason, "lost");
		tc_record_free(rec);
	}
}

#define MANY 200

struct by_user {
	unsigned n;
};

/* Users with an even number have a mark that ends their tokens. */
static int
check_mark(void *arg, const struct tc_record *rec)
{
	struct by_user *b = arg;
	unsigned user = (unsigned)strtoul(rec->user + 4, NULL, 10);

	assert_int_equal(rec->standing, user % 2 ? TC_VALID : TC_REVOKED);
	assert_true(rec->revoked == (user % 2 ? 0 : rec->created + user));
	b->n++;
	return 0;
}

static void
marks_of_many(void **state)
{
	struct test_host *host = *state;
	static char users[MANY][16];
	static struct tc_record r[10 * MANY];
	struct by_user b = { 0 };

	for (unsigned i = 0; i < MANY; i++)
		(void)snprintf(users[i], sizeof(users[i]), "user%u", i);
	for (unsigned i = 0; i < ARRAY_LEN(r); i++)
		r[i] = test_fill_record(i, users[i % MANY], "l");
	FILL(host, r, ARRAY_LEN(r));
	for (unsigned i = 0; i < MANY; i += 2)
		MARK(host, users[i], 0, r[0].created + i);
	assert_int_equal(
	    tc_list(host->h, NULL, NULL, check_mark, &b, &host->err), TC_OK);
	assert_int_equal(b.n, ARRAY_LEN(r));
}

struct seen_ended {
	unsigned users, kids, all, stop_after;
};

static int
take_ended(void *arg, const struct tc_ended *e)
{
	struct seen_ended *s = arg;

	if (*e->user && !e->kid) {
		assert_int_equal(e->before,
				 1000 + strtol(e->user + 4, NULL, 10));
		s->users++;
	} else if (e->kid && !*e->user) {
		assert_true(e->before == (e->kid == 7 ? INT64_MAX : 5));
		s->kids++;
	} else {
		assert_true(e->before == 99);
		s->all++;
	}
	return s->stop_after && --s->stop_after == 0;
}

static void
ended(void **state)
{
	struct test_host *host = *state;
	struct seen_ended s = { 0 };
	char user[16];

	assert_int_equal(
	    tc_list_ended(host->h, NULL, take_ended, &s, &host->err), TC_OK);
	assert_int_equal(s.users + s.kids + s.all, 0);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(user, sizeof(user), "user%d", i);
		MARK(host, user, 0, 1000 + i);
	}
	MARK(host, NULL, 0, 99);
	MARK(host, NULL, 7, INT64_MAX);
	MARK(host, NULL, 8, 5);
	assert_int_equal(
	    tc_list_ended(host->h, NULL, take_ended, &s, &host->err), TC_OK);
	assert_int_equal(s.users, 100);
	assert_int_equal(s.kids, 2);
	assert_int_equal(s.all, 1);
	s = (struct seen_ended){ .stop_after = 5 };
	assert_int_equal(
	    tc_list_ended(host->h, NULL, take_ended, &s, &host->err), TC_OK);
	assert_int_equal(s.users + s.kids + s.all, 5);
}

static void
damaged_mark(void **state)
{
	struct test_host *host = *state;
	struct tc_record r = test_fill_record(1, "alice", "a");
	struct tc_record *rec;
	struct tc_lookup key = { .key_len = 0 };
	unsigned n = 0;
	struct seen_ended s = { 0 };

	FILL(host, &r, 1);
	tc_key_user(&key, "alice");
	assert_int_equal(
	    test_fill_item(host->h, &key, "1234567", 7, &host->err), TC_OK);
	assert_int_equal(tc_show(host->h, NULL, r.id, &rec, &host->err),
			 TC_E_UNAVAILABLE);
	assert_non_null(strstr(host->err.text, "alice"));
	assert_int_equal(
	    tc_list(host->h, NULL, NULL, test_count, &n, &host->err),
	    TC_E_UNAVAILABLE);
	assert_int_equal(n, 0);
	assert_int_equal(
	    tc_list_ended(host->h, NULL, take_ended, &s, &host->err),
	    TC_E_UNAVAILABLE);
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(marks),
		WITH_HOST(marks_of_many),
		WITH_HOST(ended),
		WITH_HOST(damaged_mark),
	};

	return cmocka_run_group_tests_name("ended", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is true of a token whoever uses it: times to the second, and marks over
 * a user, a key or everything. */
#include "host.h"

#include <stdlib.h>
#include <time.h>

#include "fill.h"
#include "standing.h"

static const struct tc_create plain = { .user = "unit-alice",
					.label = "laptop" };

/* ---- times ---- */

static void
expiry(void **state)
{
	struct test_host *host = *state;
	struct tc_create spec = plain;
	struct test_login l;
	int64_t end;

	spec.expires = INT64_C(4102444800);
	l = test_login(host, &spec);
	end = spec.expires;
	EXPECT(&l, NULL, NULL, NULL, 0, TC_VALID);
	assert_true(l.res.expires == end);
	EXPECT(&l, NULL, NULL, NULL, end - 1, TC_VALID);
	EXPECT(&l, NULL, NULL, NULL, end, TC_EXPIRED);
	assert_true(l.res.expires == end);
	EXPECT(&l, NULL, NULL, NULL, end + 1000000000, TC_EXPIRED);
	tc_record_free(l.rec);
	l = test_login(host, &plain);
	EXPECT(&l, NULL, NULL, NULL, INT64_MAX / 2, TC_VALID);
	assert_true(l.res.expires == 0);
	tc_record_free(l.rec);
}

static void
skew(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	int64_t made = l.rec->created;

	EXPECT(&l, NULL, NULL, NULL, made, TC_VALID);
	EXPECT(&l, NULL, NULL, NULL, made - 60, TC_VALID);
	EXPECT(&l, NULL, NULL, NULL, made - 61, TC_NOT_YET_VALID);
	test_host_conf(host, NULL, "clock_skew = 0s\n");
	EXPECT(&l, NULL, NULL, NULL, made, TC_VALID);
	EXPECT(&l, NULL, NULL, NULL, made - 1, TC_NOT_YET_VALID);
	test_host_conf(host, NULL, "clock_skew = 1h\n");
	EXPECT(&l, NULL, NULL, NULL, made - 3600, TC_VALID);
	EXPECT(&l, NULL, NULL, NULL, made - 3601, TC_NOT_YET_VALID);
	tc_record_free(l.rec);
}

static void
until_2027(struct tc_token *tok)
{
	memcpy(tok->caveats, "\1\5\0\x6b\x49\xd2\0", 7);
	tok->caveats_len = 7;
}

static void
expiry_by_caveat(void **state)
{
	struct test_host *host = *state;
	struct tc_create spec = plain;
	struct test_login l;

	spec.expires = INT64_C(4102444800);
	l = test_login(host, &spec);
	test_host_remake(l.token, spec.user, until_2027, l.token);
	/* Up to and with that second. */
	EXPECT(&l, NULL, NULL, NULL, 1800000000, TC_VALID);
	assert_true(l.res.expires == 1800000001);
	EXPECT(&l, NULL, NULL, NULL, 1800000001, TC_EXPIRED);
	tc_record_free(l.rec);
	/* The earlier of the two counts. */
	spec.expires = 1799999999;
	if (spec.expires > (int64_t)time(NULL)) {
		l = test_login(host, &spec);
		test_host_remake(l.token, spec.user, until_2027, l.token);
		EXPECT(&l, NULL, NULL, NULL, 1799999998, TC_VALID);
		assert_true(l.res.expires == 1799999999);
		EXPECT(&l, NULL, NULL, NULL, 1799999999, TC_EXPIRED);
		tc_record_free(l.rec);
	}
}

/* ---- marks ---- */

static enum tc_verdict
standing(struct test_host *host, const char *id)
{
	struct tc_record *rec = test_show(host, id);
	enum tc_verdict v = rec->standing;

	tc_record_free(rec);
	return v;
}

static void
marks(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	int64_t made = l.rec->created;

	MARK(host, "unit-alice", 0, made - 1);
	MARK(host, "unit-alicf", 0, made + 1000);
	MARK(host, "unit-alic", 0, made + 1000);
	MARK(host, NULL, 1, made - 1);
	MARK(host, NULL, 2, made + 1000);
	EXPECT(&l, "unit-alice", NULL, NULL, made, TC_VALID);
	EXPECT(&l, NULL, NULL, NULL, made, TC_VALID);
	assert_int_equal(standing(host, l.rec->id), TC_VALID);

	MARK(host, "unit-alice", 0, made);
	EXPECT(&l, "unit-alice", NULL, NULL, made, TC_REVOKED);
	assert_non_null(strstr(l.res.detail, "user"));
	/* Also where nobody claims to be anyone. */
	EXPECT(&l, NULL, NULL, NULL, made, TC_REVOKED);
	EXPECT(&l, "unit-bob", NULL, NULL, made, TC_WRONG_USER);
	assert_int_equal(standing(host, l.rec->id), TC_REVOKED);

	MARK(host, "unit-alice", 0, made - 1);
	EXPECT(&l, NULL, NULL, NULL, made, TC_VALID);
	MARK(host, NULL, 1, made);
	EXPECT(&l, NULL, NULL, NULL, made, TC_REVOKED);
	assert_non_null(strstr(l.res.detail, "key"));
	assert_int_equal(standing(host, l.rec->id), TC_REVOKED);
	tc_record_free(l.rec);
}

static void
a_mark_that_is_damaged(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	struct tc_lookup key = { .key_len = 0 };

	tc_key_user(&key, "unit-alice");
	for (size_t len = 0; len < 10; len += 3) {
		assert_int_equal(test_fill_item(host->h, &key,
						"\0\0\0\0\0\0\0\0\0\0", len,
						&host->err),
				 TC_OK);
		EXPECT(&l, "unit-alice", NULL, NULL, 0, TC_UNAVAILABLE);
		EXPECT(&l, NULL, NULL, NULL, 0, TC_UNAVAILABLE);
	}
	tc_record_free(l.rec);
}

/* Nothing but the record, its key and the marks. */
static void
standing_alone(void **state)
{
	static const struct {
		enum tc_state state;
		enum tc_key_state key;
		int64_t key_mark, user_mark, all, expires, now;
		enum tc_verdict want;
	} table[] = {
		{ 1, TC_KEY_ACTIVE, 0, 0, 0, 0, 1000, TC_VALID },
		{ 1, TC_KEY_VERIFY, 0, 0, 0, 0, 1000, TC_VALID },
		{ 1, TC_KEY_ACTIVE, 999, 999, 999, 1001, 1000, TC_VALID },
		{ 2, TC_KEY_ACTIVE, 0, 0, 0, 0, 1000, TC_REVOKED },
		{ 0, TC_KEY_ACTIVE, 0, 0, 0, 0, 1000, TC_REVOKED },
		{ 3, TC_KEY_ACTIVE, 0, 0, 0, 0, 1000, TC_REVOKED },
		{ 1, TC_KEY_RETIRED, 0, 0, 0, 0, 1000, TC_REVOKED },
		{ 1, TC_KEY_ACTIVE, 1000, 0, 0, 0, 1000, TC_REVOKED },
		{ 1, TC_KEY_ACTIVE, 0, 1000, 0, 0, 1000, TC_REVOKED },
		{ 1, TC_KEY_ACTIVE, 0, 0, 1000, 0, 1000, TC_REVOKED },
		{ 1, TC_KEY_ACTIVE, 0, 0, 1000, 1000, 900, TC_REVOKED },
		{ 1, TC_KEY_ACTIVE, 0, 0, 0, 1000, 1000, TC_EXPIRED },
		{ 1, TC_KEY_ACTIVE, 0, 0, 0, 0, 990, TC_VALID },
		{ 1, TC_KEY_ACTIVE, 0, 0, 0, 0, 989, TC_NOT_YET_VALID },
		{ 1, TC_KEY_ACTIVE, 0, 0, 0, 980, 989, TC_EXPIRED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct tc_record r = { .kid = 7,
				       .created = 1000,
				       .expires = table[i].expires,
				       .state = table[i].state };
		struct tc_key key = { .kid = 7, .state = table[i].key };
		struct tc_head head = { .all_before = table[i].all,
					.n_marks = 2,
					.marks = { { 8, 5000 },
						   { 7, table[i].key_mark } } };
		enum tc_verdict v;

		v = tc_standing(&r, &key, &head, table[i].user_mark, 10,
				table[i].now, NULL);
		if (v != table[i].want)
			fail_msg("row %zu: %s", i, tc_verdict_name(v));
		assert_int_equal(
		    tc_standing(&r, NULL, &head, 0, 10, 1000, NULL),
		    TC_UNKNOWN_KEY);
	}
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(expiry),
		WITH_HOST(skew),
		WITH_HOST(expiry_by_caveat),
		WITH_HOST(marks),
		WITH_HOST(a_mark_that_is_damaged),
		cmocka_unit_test(standing_alone),
	};

	return cmocka_run_group_tests_name("standing", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ending everything that was issued up to a moment: to the second, in the same
 * second again and again, with a clock that goes back; what is made afterwards
 * works.
 */
#include "told.h"

#include <unistd.h>

#include "clock.h"

#define T TEST_CLOCK_T

static const struct tc_create alice = { .user = "unit-alice",
					.label = "laptop" };
static const struct tc_create bob = { .user = "unit-bob", .label = "phone" };

static int
end_all(struct test_host *host, const char *user, int64_t before)
{
	return tc_revoke_all(host->h, &test_actor, user, before, "",
			     &host->err);
}

#define ENDED(host, user, before) WORKS(host, end_all(host, user, before))
#define REFUSED(host, user, before, want, why)                                 \
	REFUSES(host, want, why, end_all(host, user, before))

#define IS(l, want) EXPECT(l, NULL, NULL, NULL, 0, want)

static void
one_user(void **state)
{
	static const char *const like[] = { "unit-alic", "unit-alicee",
					    "Unit-alice", "unit-alice@x",
					    "unit-aliceu" };
	struct test_host *host = *state;
	struct test_login a = test_login(host, &alice);
	struct test_login a2 = test_login(host, &alice);
	struct test_login b = test_login(host, &bob);

	for (size_t i = 0; i < ARRAY_LEN(like); i++)
		ENDED(host, like[i], 0);
	IS(&a, TC_VALID);
	ENDED(host, "unit-alice", 0);
	IS(&a, TC_REVOKED);
	IS(&a2, TC_REVOKED);
	IS(&b, TC_VALID);
	EXPECT(&a, "unit-alice", "sshd", NULL, T + 1000000, TC_REVOKED);
	ENDED(host, NULL, 0);
	IS(&b, TC_REVOKED);
	tc_record_free(a.rec);
	tc_record_free(a2.rec);
	tc_record_free(b.rec);
}

/* The clock stands still: again and again, by user and for all, what was made
 * before is refused and what is made after works. */
static void
in_the_same_second(void **state)
{
	static const char *const whose[] = { "unit-alice", "unit-alice", NULL,
					     NULL,	   "unit-alice", NULL,
					     "unit-bob",   NULL,	 NULL };
	struct test_host *host = *state;
	struct test_login a = test_login(host, &alice);
	struct test_login b = test_login(host, &bob);

	for (size_t i = 0; i < ARRAY_LEN(whose); i++) {
		int both = !whose[i], bobs = both || whose[i][5] == 'b';

		IS(&a, TC_VALID);
		IS(&b, TC_VALID);
		ENDED(host, whose[i], 0);
		EXPECT(&a, NULL, NULL, NULL, 0,
		       both || !bobs ? TC_REVOKED : TC_VALID);
		EXPECT(&b, NULL, NULL, NULL, 0, bobs ? TC_REVOKED : TC_VALID);
		tc_record_free(a.rec);
		tc_record_free(b.rec);
		a = test_login(host, &alice);
		b = test_login(host, &bob);
	}
	IS(&a, TC_VALID);
	/* Nothing ran away from the clock by more than was asked for. */
	assert_true(a.rec->created <= T + (int64_t)ARRAY_LEN(whose));
	tc_record_free(a.rec);
	tc_record_free(b.rec);
}

/* A commit in between has nothing to do with it. */
static void
made_ahead_of_the_clock(void **state)
{
	struct test_host *host = *state;
	const struct tc_edit edit = { .what = TC_EDIT_LABEL, .label = "x" };
	struct test_login a, b = test_login(host, &bob);
	const char *id = b.rec->id;

	ENDED(host, "unit-alice", 0);
	a = test_login(host, &alice);
	assert_true(a.rec->created == T + 1);
	ENDED(host, NULL, 0);
	IS(&a, TC_REVOKED);
	IS(&b, TC_REVOKED);
	tc_record_free(a.rec);
	a = test_login(host, &alice);
	tc_record_free(b.rec);
	b = test_login(host, &bob);
	id = b.rec->id;
	assert_int_equal(
	    tc_edit(host->h, &test_actor, &id, 1, &edit, &host->err), TC_OK);
	test_clock = T + 10;
	ENDED(host, NULL, 0);
	IS(&a, TC_REVOKED);
	IS(&b, TC_REVOKED);
	tc_record_free(a.rec);
	tc_record_free(b.rec);
}

static void
before_a_moment(void **state)
{
	struct test_host *host = *state;
	struct test_login l[4];

	for (int i = 0; i < 4; i++) {
		test_clock = T + 10 * i;
		l[i] = test_login(host, &alice);
	}
	ENDED(host, "unit-alice", 1);
	ENDED(host, "unit-alice", T);
	IS(&l[0], TC_VALID);
	ENDED(host, "unit-alice", T + 1);
	IS(&l[0], TC_REVOKED);
	IS(&l[1], TC_VALID);
	ENDED(host, "unit-alice", 1); /* an earlier one takes nothing back */
	IS(&l[0], TC_REVOKED);
	ENDED(host, NULL, T + 11);
	IS(&l[1], TC_REVOKED);
	IS(&l[2], TC_VALID);
	ENDED(host, NULL, 1);
	IS(&l[0], TC_REVOKED);
	IS(&l[1], TC_REVOKED);
	ENDED(host, NULL, T + 30); /* up to a second ago */
	IS(&l[2], TC_REVOKED);
	IS(&l[3], TC_VALID);
	for (int i = 0; i < 4; i++)
		tc_record_free(l[i].rec);
}

static void
nonsense(void **state)
{
	static const char *const users[] = { "", "a\nb", "\xff", "a\x1b[1m" };
	struct test_host *host = *state;
	struct test_login a = test_login(host, &alice);
	struct test_told before = test_told_now(host);
	char name[TC_USER_MAX + 2], reason[TC_REASON_MAX + 2];

	REFUSED(host, "unit-alice", T + 1, TC_E_INVALID, "future");
	REFUSED(host, NULL, INT64_MAX, TC_E_INVALID, "future");
	REFUSED(host, NULL, -1, TC_E_INVALID, "not a time");
	REFUSED(host, "unit-alice", INT64_MIN, TC_E_INVALID, "not a time");
	for (size_t i = 0; i < ARRAY_LEN(users); i++)
		REFUSED(host, users[i], 0, TC_E_INVALID, "not a user");
	memset(name, 'x', sizeof(name));
	name[TC_USER_MAX + 1] = '\0';
	REFUSED(host, name, 0, TC_E_INVALID, "not a user");
	memset(reason, 'x', sizeof(reason));
	reason[TC_REASON_MAX + 1] = '\0';
	assert_int_equal(
	    tc_revoke_all(host->h, &test_actor, NULL, 0, reason, &host->err),
	    TC_E_INVALID);
	assert_int_equal(
	    tc_revoke_all(host->h, &test_actor, NULL, 0, "a\tb", &host->err),
	    TC_E_INVALID);
	assert_int_equal(
	    tc_revoke_all(host->h, &test_actor, NULL, -1, "", NULL),
	    TC_E_INVALID);
	IS(&a, TC_VALID);
	assert_int_equal(host->lines, before.lines + 1); /* the login's */
	reason[TC_REASON_MAX] = '\0';
	name[TC_USER_MAX] = '\0';
	assert_int_equal(
	    tc_revoke_all(host->h, &test_actor, name, 0, reason, &host->err),
	    TC_OK);
	tc_record_free(a.rec);
}

/* Neither a mark nor what it refuses follows a clock that goes back. */
static void
clock_goes_back(void **state)
{
	struct test_host *host = *state;
	struct test_login a = test_login(host, &alice), b;
	struct test_told before;
	char token[TC_TOKEN_MAX + 1];

	ENDED(host, "unit-alice", 0);
	test_clock = T - 30;
	ENDED(host, "unit-alice", 0);
	EXPECT(&a, NULL, NULL, NULL, T, TC_REVOKED);
	b = test_login(host, &alice);
	IS(&b, TC_VALID); /* within the skew */
	ENDED(host, NULL, 0);
	IS(&b, TC_REVOKED);
	tc_record_free(b.rec);

	/* By more: no token that would not work, no mark that would not
	 * cover what was made. */
	test_clock = T - 3600;
	before = test_told_now(host);
	assert_int_equal(
	    tc_create(host->h, &test_actor, &bob, token, NULL, &host->err),
	    TC_E_UNAVAILABLE);
	assert_non_null(strstr(host->err.text, "clock"));
	assert_string_equal(token, "");
	REFUSED(host, "unit-alice", 0, TC_E_UNAVAILABLE, "clock");
	REFUSED(host, NULL, 0, TC_E_UNAVAILABLE, "clock");
	test_told(host, before, NULL, 0);
	ENDED(host, NULL, T - 3600); /* but what is said plainly is done */
	EXPECT(&a, NULL, NULL, NULL, T, TC_REVOKED);

	test_clock = T + 60;
	b = test_login(host, &bob);
	IS(&b, TC_VALID);
	ENDED(host, NULL, 0);
	IS(&b, TC_REVOKED);
	tc_record_free(a.rec);
	tc_record_free(b.rec);
}

/* Without a skew a token is ahead by a second, and no more. */
static void
without_a_skew(void **state)
{
	struct test_host *host = *state;
	struct test_login a;
	char token[TC_TOKEN_MAX + 1];

	test_host_conf(host, NULL, "clock_skew = 0s\n");
	ENDED(host, "unit-alice", 0);
	a = test_login(host, &alice);
	IS(&a, TC_NOT_YET_VALID);
	EXPECT(&a, NULL, NULL, NULL, T + 1, TC_VALID);
	ENDED(host, NULL, 0);
	EXPECT(&a, NULL, NULL, NULL, T + 1, TC_REVOKED);
	assert_int_equal(
	    tc_create(host->h, &test_actor, &bob, token, NULL, &host->err),
	    TC_E_UNAVAILABLE);
	test_clock++;
	assert_int_equal(
	    tc_create(host->h, &test_actor, &bob, token, NULL, &host->err),
	    TC_OK);
	tc_record_free(a.rec);
}

/* What a mark ended is over for good, though its record says "active". */
static void
over_for_good(void **state)
{
	const struct tc_edit edit = { .what = TC_EDIT_LABEL, .label = "x" };
	struct test_host *host = *state;
	struct test_login a = test_login(host, &alice);
	const char *id = a.rec->id;

	for (int all = 0; all < 2; all++) {
		ENDED(host, all ? NULL : "unit-alice", 0);
		assert_int_equal(
		    tc_edit(host->h, &test_actor, &id, 1, &edit, &host->err),
		    TC_E_REFUSED);
		assert_non_null(strstr(host->err.text, id));
		assert_non_null(strstr(host->err.text, "everything of the "
						       "user"));
		assert_int_equal(
		    tc_renew(host->h, &test_actor, &id, 1, 0, &host->err),
		    TC_E_REFUSED);
		IS(&a, TC_REVOKED);
	}
	tc_record_free(a.rec);
}

static void
what_the_logs_say(void **state)
{
	struct test_host *host = *state;
	struct test_told before = test_told_now(host);
	struct test_line line = { .event = "revoke", .actor = "admin" };

	line.user = "unit-alice";
	line.why = "everything issued before 2027-01-15T08:00:01Z";
	ENDED(host, "unit-alice", 0);
	test_told(host, before, &line, 1);
	before = test_told_now(host);
	line.why = "everything issued before 2027-01-15T07:43:20Z: lost";
	assert_int_equal(tc_revoke_all(host->h, &test_actor, "unit-alice",
				       T - 1000, "lost", &host->err),
			 TC_OK);
	test_told(host, before, &line, 1);
	before = test_told_now(host);
	line.user = NULL;
	line.why = "everything issued before 2027-01-15T08:00:01Z";
	ENDED(host, NULL, 0);
	test_told(host, before, &line, 1);
}

/* A line that cannot be written stops it. */
static void
not_told_not_done(void **state)
{
	struct test_host *host = *state;
	struct test_login a = test_login(host, &alice);

	test_host_conf(host, "missing/audit.json", "");
	REFUSED(host, "unit-alice", 0, TC_E_UNAVAILABLE, "missing");
	REFUSED(host, NULL, 0, TC_E_UNAVAILABLE, "missing");
	test_host_conf(host, NULL, "enabled = no\n");
	REFUSED(host, NULL, 0, TC_E_REFUSED, "enabled = no");
	test_host_conf(host, NULL, "");
	IS(&a, TC_VALID);
	ENDED(host, NULL, 0);
	IS(&a, TC_REVOKED);
	tc_record_free(a.rec);
}

static void
who_may(void **state)
{
	static const struct tc_actor self = { .uid = 1000,
					      .name = "unit-alice" };
	struct test_host *host = *state;
	struct test_login a = test_login(host, &alice);
	struct test_login b = test_login(host, &bob);
	int rc;

	if (geteuid() != 0) { /* the store's owner may everything */
		print_error("skipped: must run as root\n");
		tc_record_free(a.rec);
		tc_record_free(b.rec);
		return;
	}
	for (int i = 0; i < 3; i++) {
		test_host_conf(host, NULL,
			       i == 0	? ""
			       : i == 1 ? "[permissions]\nlist_all = *\n"
					  "change_all = *\n"
					: "[permissions]\nrevoke_own = *\n");
		rc = tc_revoke_all(host->h, &self, NULL, 0, "", &host->err);
		assert_int_equal(rc, TC_E_PERMISSION);
		rc = tc_revoke_all(host->h, &self, "unit-bob", 0, "",
				   &host->err);
		assert_int_equal(rc, TC_E_PERMISSION);
		IS(&a, TC_VALID);
		rc = tc_revoke_all(host->h, &self, "unit-alice", 0, "",
				   &host->err);
		assert_int_equal(rc, i == 2 ? TC_OK : TC_E_PERMISSION);
	}
	IS(&a, TC_REVOKED);
	IS(&b, TC_VALID);
	test_host_conf(host, NULL, "[permissions]\nrevoke_all = unit-alice\n");
	rc = tc_revoke_all(host->h, &self, NULL, 0, "", &host->err);
	assert_int_equal(rc, TC_OK);
	IS(&b, TC_REVOKED);
	tc_record_free(a.rec);
	tc_record_free(b.rec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_CLOCKED(one_user),
		TEST_CLOCKED(in_the_same_second),
		TEST_CLOCKED(made_ahead_of_the_clock),
		TEST_CLOCKED(before_a_moment),
		TEST_CLOCKED(nonsense),
		TEST_CLOCKED(clock_goes_back),
		TEST_CLOCKED(without_a_skew),
		TEST_CLOCKED(over_for_good),
		TEST_CLOCKED(what_the_logs_say),
		TEST_CLOCKED(not_told_not_done),
		TEST_CLOCKED(who_may),
	};

	return cmocka_run_group_tests_name("marks", tests, NULL, NULL);
}

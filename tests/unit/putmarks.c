/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Marks put back: only ever forward, whatever their order; none that would end
 * what is made from now on; and what comes from a copy of the store that knew
 * nothing of them is over all the same.
 */
#include "backup.h"

#include <stdio.h>

#include "clock.h"

#define T TEST_CLOCK_T

static const struct tc_create alice = { .user = "unit-alice",
					.label = "laptop" };
static const struct tc_create bob = { .user = "unit-bob", .label = "phone" };

static int
put(struct test_host *host, const struct tc_ended *ended, size_t n,
    unsigned flags)
{
	return tc_restore(host->h, &test_actor, NULL, 0, ended, n, flags, NULL,
			  &host->err);
}

/* The marks as text, by user, key and moment. */
static void
has_marks(struct test_host *host, const char *want)
{
	static struct test_backup b;
	char text[1000] = "";

	test_backup_take(host, &b);
	for (const char *seek = "uka"; *seek; seek++)
		for (size_t i = 0; i < b.n_ended; i++) {
			const struct tc_ended *e = &b.ended[i];
			char kind = *e->user ? 'u' : e->kid ? 'k' : 'a';
			size_t at = strlen(text);

			if (kind == *seek)
				(void)snprintf(text + at, sizeof(text) - at,
					       " %s%u<%lld", e->user, e->kid,
					       (long long)(e->before - T));
		}
	assert_string_equal(text, want);
	test_backup_free(&b);
}

#define IS(l, want) EXPECT(l, NULL, NULL, NULL, 0, want)

static void
forward_only(void **state)
{
	static const struct tc_ended first[] = { { "unit-alice", 0, T - 50 },
						 { "", 0, T - 100 },
						 { "", 9, T - 70 } };
	static const struct tc_ended less[] = { { "unit-alice", 0, T - 51 },
						{ "", 0, T - 101 },
						{ "", 9, T - 71 },
						{ "unit-alice", 0, 1 } };
	static const struct tc_ended more[] = { { "unit-alice", 0, T - 40 },
						{ "", 0, T - 99 },
						{ "", 9, INT64_MAX } };
	struct test_host *host = *state;
	struct test_still still;
	struct test_told before = test_told_now(host);
	struct test_line lines[3] = { { 0 } };

	/* The earliest comes first. */
	for (int i = 0; i < 3; i++)
		lines[i] =
		    (struct test_line){ .event = "import",
					.user = i == 2 ? "unit-alice" : NULL,
					.kid = i == 1 ? 9 : 0,
					.actor = "admin",
					.why = "a mark put back" };
	WORKS(host, put(host, first, 3, 0));
	test_told(host, before, lines, 3);
	has_marks(host, " unit-alice0<-50 9<-70 0<-100");
	still = test_still_now(host);
	WORKS(host, put(host, first, 3, 0));
	WORKS(host, put(host, less, 4, 0));
	WORKS(host, put(host, less, 4, TC_RESTORE_FORCE));
	WORKS(host, put(host, more, 2, TC_RESTORE_CHECK));
	test_still(host, &still);
	WORKS(host, put(host, more, 2, 0));
	has_marks(host, " unit-alice0<-40 9<-70 0<-99");
	WORKS(host, put(host, more, 3, 0));
	WORKS(host, put(host, first, 3, TC_RESTORE_FORCE));
	has_marks(host, " unit-alice0<-40 9<9223372035054775807 0<-99");
}

/* Several over the same in one call: the furthest counts, in any order. */
static void
several_at_once(void **state)
{
	static const struct tc_ended up[] = { { "unit-alice", 0, T - 3 },
					      { "unit-alice", 0, T - 2 },
					      { "", 0, T - 5 },
					      { "", 0, T - 4 } };
	static const struct tc_ended down[] = { { "unit-bob", 0, T - 2 },
						{ "", 0, T - 3 },
						{ "unit-bob", 0, T - 3 },
						{ "", 0, T - 9 } };
	struct test_host *host = *state;

	WORKS(host, put(host, up, 4, 0));
	has_marks(host, " unit-alice0<-2 0<-4");
	WORKS(host, put(host, down, 4, 0));
	has_marks(host, " unit-alice0<-2 unit-bob0<-2 0<-3");
}

static void
none_that_fits(void **state)
{
	static char longer[TC_USER_MAX + 2];
	static const struct {
		struct tc_ended e;
		int want;
		const char *words;
	} table[] = {
		{ { "unit-alice", 0, 0 }, TC_E_INVALID, "not a mark" },
		{ { "unit-alice", 0, -1 }, TC_E_INVALID, "not a mark" },
		{ { "", 0, INT64_MIN }, TC_E_INVALID, "not a mark" },
		{ { "a\nb", 0, T }, TC_E_INVALID, "not a mark" },
		{ { "\xff", 0, T }, TC_E_INVALID, "not a mark" },
		{ { longer, 0, T }, TC_E_INVALID, "not a mark" },
		{ { "", 65536, T }, TC_E_INVALID, "not a mark" },
		{ { "unit-alice", 9, T }, TC_E_INVALID, "not a mark" },
		/* Nothing that is made from now on would work. */
		{ { "unit-alice", 0, T + 61 }, TC_E_UNAVAILABLE, "clock" },
		{ { "", 0, T + 61 }, TC_E_UNAVAILABLE, "clock" },
		{ { "", 0, INT64_MAX }, TC_E_UNAVAILABLE, "clock" },
		{ { "unit-alice", 0, INT64_MAX }, TC_E_UNAVAILABLE, "clock" },
		{ { "", 1, INT64_MAX }, TC_E_REFUSED, "key 1" },
		{ { "", 1, 1 }, TC_E_REFUSED, "key 1" },
	};
	struct test_host *host = *state;
	struct test_login a;
	struct tc_ended both[2] = { { "unit-alice", 0, T }, { "", 0, 0 } };

	memset(longer, 'x', TC_USER_MAX + 1);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		both[1] = table[i].e;
		for (unsigned flags = 0; flags < 4; flags++)
			REFUSES(host, table[i].want, table[i].words,
				put(host, both, 2, flags));
	}
	has_marks(host, "");
	/* As far ahead as clocks may differ. */
	both[1] = (struct tc_ended){ "", 0, T + 59 };
	WORKS(host, put(host, both, 2, 0));
	a = test_login(host, &alice);
	IS(&a, TC_VALID);
	tc_record_free(a.rec);
}

static void
too_many_keys(void **state)
{
	static struct tc_ended many[TC_MARKS_MAX + 1];
	struct test_host *host = *state;

	for (unsigned i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct tc_ended){ "", 100 + i, INT64_MAX };
	REFUSES(host, TC_E_UNAVAILABLE, "too many keys",
		put(host, many, ARRAY_LEN(many), 0));
	WORKS(host, put(host, many, TC_MARKS_MAX, 0));
	REFUSES(host, TC_E_UNAVAILABLE, "too many keys",
		put(host, many + TC_MARKS_MAX, 1, 0));
	WORKS(host, put(host, many, TC_MARKS_MAX, 0));
}

/* A host that has a copy of the store from before goes on making tokens: they
 * are over here, if their records come after the mark. */
static void
from_a_copy(void **state)
{
	static struct test_backup b;
	struct test_host *host = *state, *copy;
	struct test_login a, late, there;
	void *made = NULL;

	assert_int_equal(test_host_make(&made), 0);
	copy = made;
	a = test_login(host, &alice);
	test_backup_take(host, &b);
	WORKS(copy, test_backup_put(copy, &b, 0));
	test_backup_free(&b);
	there = test_login(copy, &alice);
	test_clock = T + 10;
	WORKS(host, tc_revoke_all(host->h, &test_actor, "unit-alice", 0, "",
				  &host->err));
	late = test_login(copy, &alice);
	IS(&late, TC_VALID);
	test_clock = T + 20;
	test_backup_take(copy, &b);
	assert_int_equal(b.n, 3);
	assert_int_equal(b.n_ended, 0);
	WORKS(host, test_backup_put(host, &b, 0));
	test_backup_free(&b);
	a.host = there.host = late.host = host;
	IS(&a, TC_REVOKED);
	IS(&there, TC_REVOKED);
	IS(&late, TC_REVOKED);
	/* And the mark goes where a backup goes. */
	test_backup_take(host, &b);
	assert_int_equal(b.n_ended, 1);
	WORKS(copy, test_backup_put(copy, &b, 0));
	test_backup_free(&b);
	late.host = copy;
	IS(&late, TC_REVOKED);
	tc_record_free(a.rec);
	tc_record_free(there.rec);
	tc_record_free(late.rec);
	assert_int_equal(test_host_remove(&made), 0);
}

/* Records from a host whose clock is a little ahead. */
static void
ahead_of_the_clock(void **state)
{
	static struct test_backup b;
	struct test_host *host = *state, *ahead;
	struct test_login a, c;
	void *made = NULL;

	assert_int_equal(test_host_make(&made), 0);
	ahead = made;
	test_clock = T + 30;
	a = test_login(ahead, &alice);
	test_backup_take(ahead, &b);
	test_clock = T;
	WORKS(host, test_backup_put(host, &b, 0));
	a.host = host;
	IS(&a, TC_VALID);
	WORKS(host,
	      tc_revoke_all(host->h, &test_actor, NULL, 0, "", &host->err));
	IS(&a, TC_REVOKED);
	c = test_login(host, &bob);
	IS(&c, TC_VALID);
	test_backup_free(&b);
	tc_record_free(a.rec);
	tc_record_free(c.rec);
	assert_int_equal(test_host_remove(&made), 0);
}

/* A mark's end is not the record's own, though a list shows it as that. */
static void
not_their_own(void **state)
{
	static struct test_backup b;
	struct test_host *host = *state, *other;
	struct test_login a = test_login(host, &alice);
	struct tc_record *r;
	void *made = NULL;

	assert_int_equal(test_host_make(&made), 0);
	other = made;
	WORKS(host,
	      tc_revoke_all(host->h, &test_actor, NULL, 0, "", &host->err));
	test_backup_take(host, &b);
	assert_int_equal(b.recs[0]->state, TC_STATE_ACTIVE);
	assert_string_equal(b.recs[0]->revoked_reason, "everything was "
						       "revoked");
	b.recs[0]->revoked = T;
	WORKS(host, test_backup_put(host, &b, 0));
	assert_int_equal(b.results[0], TC_RESTORED_SAME);
	b.n_ended = 0;
	WORKS(other, test_backup_put(other, &b, 0));
	r = test_show(other, a.rec->id);
	assert_int_equal(r->standing, TC_VALID);
	assert_true(r->revoked == 0);
	assert_string_equal(r->revoked_reason, "");
	tc_record_free(r);
	test_backup_free(&b);
	tc_record_free(a.rec);
	assert_int_equal(test_host_remove(&made), 0);
}

/* All that a store can give out can be put back. */
static void
there_and_back(void **state)
{
	static struct test_backup b;
	struct test_host *host = *state, *other;
	struct test_login a = test_login(host, &alice);
	void *made = NULL;

	assert_int_equal(test_host_make(&made), 0);
	other = made;
	WORKS(host,
	      tc_revoke_all(host->h, &test_actor, "nobody", 1, "", &host->err));
	WORKS(host, tc_revoke_all(host->h, &test_actor, "unit-bob", 2, "",
				  &host->err));
	WORKS(host, tc_revoke_all(host->h, &test_actor, NULL, T - 10, "",
				  &host->err));
	WORKS(host,
	      tc_key_add(host->h, &test_actor, 5, NULL, NULL, &host->err));
	WORKS(host, tc_key_retire(host->h, &test_actor, 5, &host->err));
	has_marks(host, " unit-bob0<-1799999999 5<9223372035054775807 0<-11");
	test_backup_take(host, &b);
	WORKS(other, test_backup_put(other, &b, 0));
	test_backup_free(&b);
	has_marks(other, " unit-bob0<-1799999999 5<9223372035054775807 0<-11");
	a.host = other;
	IS(&a, TC_VALID);
	tc_record_free(a.rec);
	assert_int_equal(test_host_remove(&made), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_CLOCKED(forward_only),   TEST_CLOCKED(several_at_once),
		TEST_CLOCKED(none_that_fits), TEST_CLOCKED(too_many_keys),
		TEST_CLOCKED(from_a_copy),    TEST_CLOCKED(ahead_of_the_clock),
		TEST_CLOCKED(there_and_back), TEST_CLOCKED(not_their_own),
	};

	return cmocka_run_group_tests_name("putmarks", tests, NULL, NULL);
}

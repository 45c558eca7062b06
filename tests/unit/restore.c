/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records put back, here and on another host: what is there stays, nothing
 * revoked comes to life unless forced.  badrecords.c and putmarks.c have what
 * is none, and the marks.
 */
#include "pair.h"

#define T TEST_CLOCK_T

static const struct tc_create plain = { .user = "unit-bob", .label = "phone" };

#define RESULT(id, want) assert_int_equal(test_backup_result(&backup, id), want)

static int
revoke(struct test_host *at, const char *id)
{
	return tc_revoke(at->h, &test_actor, &id, 1, "lost", &at->err);
}

static int
take_away(struct test_host *at, const char *id)
{
	return tc_delete(at->h, &test_actor, &id, 1, "", &at->err);
}

static int
label(struct test_host *at, const char *id, const char *text)
{
	const struct tc_edit e = { .what = TC_EDIT_LABEL, .label = text };

	return tc_edit(at->h, &test_actor, &id, 1, &e, &at->err);
}

static enum tc_verdict
by_scram(struct test_host *at, const char *user, const char *id,
	 struct tc_scram *scram)
{
	const struct tc_request req = { .user = user,
					.service = "imap",
					.rhost = "192.0.2.1" };
	struct tc_result res;

	return tc_scram_find(at->h, id, &req, scram, &res);
}

/* ---- to another host ---- */

static void
all_of_it(void **state)
{
	static const char elsewhere[] = "a value that was made elsewhere";
	struct test_login a = test_login(host, &test_full);
	struct test_login dead = test_login(host, &plain);
	struct test_login was = test_login(host, &plain), is = { 0 };
	struct tc_scram here, there;
	char id[TC_ID_LEN + 1];
	struct test_backup again;

	(void)state;
	assert_int_equal(test_host_import(host, &plain, elsewhere, id), TC_OK);
	WORKS(host, revoke(host, dead.rec->id));
	WORKS(host, tc_regenerate(host->h, &test_actor, was.rec->id, 0,
				  is.token, &is.rec, &host->err));
	test_backup_take(host, &backup);
	assert_int_equal(backup.n, 5);
	test_clock = T + 100;
	WORKS(other, test_backup_put(other, &backup, 0));
	for (size_t i = 0; i < backup.n; i++)
		assert_int_equal(backup.results[i], TC_RESTORED);
	ON(other, a, TC_VALID);
	EXPECT(&a, "unit-alice", "sshd", "192.0.2.1", 0, TC_WRONG_SERVICE);
	EXPECT(&a, "unit-alice", "imap", NULL, 0, TC_WRONG_SOURCE);
	EXPECT(&a, "unit-alice", "imap", "192.0.2.1", T + 1000, TC_EXPIRED);
	ON(other, dead, TC_REVOKED);
	ON(other, was, TC_REVOKED);
	ON(other, is, TC_VALID);
	assert_int_equal(by_scram(host, "unit-alice", a.rec->id, &here),
			 TC_VALID);
	assert_int_equal(by_scram(other, "unit-alice", a.rec->id, &there),
			 TC_VALID);
	assert_memory_equal(&here, &there, sizeof(here));
	/* What that one gives out is the same again. */
	test_backup_take(other, &again);
	assert_int_equal(again.n, backup.n);
	WORKS(host, test_backup_put(host, &again, 0));
	for (size_t i = 0; i < again.n; i++) {
		assert_int_equal(again.results[i], TC_RESTORED_SAME);
		assert_string_equal(again.recs[i]->created_by, "admin");
	}
	assert_int_equal(test_backup_result(&again, id), TC_RESTORED_SAME);
	test_backup_free(&again);
	tc_record_free(a.rec);
	tc_record_free(dead.rec);
	tc_record_free(was.rec);
	tc_record_free(is.rec);
}

static void
without_its_key(void **state)
{
	struct test_login a = test_login(host, &test_full), b;

	(void)state;
	WORKS(host,
	      tc_key_add(host->h, &test_actor, 7, NULL, NULL, &host->err));
	WORKS(host, tc_key_activate(host->h, &test_actor, 7, &host->err));
	b = test_login(host, &test_full);
	test_backup_take(host, &backup);
	REFUSES(other, TC_E_UNAVAILABLE, "key 7 is not in",
		test_backup_put(other, &backup, 0));
	REFUSES(other, TC_E_UNAVAILABLE, "key 7 is not in",
		test_backup_put(other, &backup,
				TC_RESTORE_CHECK | TC_RESTORE_FORCE));
	ON(other, a, TC_UNKNOWN_TOKEN);
	tc_record_free(a.rec);
	tc_record_free(b.rec);
}

/* ---- what is there already ---- */

static void
kept_or_replaced(void **state)
{
	struct test_login a = test_login(host, &test_full);
	struct test_login b = test_login(host, &plain);
	struct test_login gone = test_login(host, &plain);
	struct test_still still;
	struct test_told before;
	struct test_line lines[2];
	size_t n = 0;

	(void)state;
	test_backup_take(host, &backup);
	still = test_still_now(host);
	for (unsigned flags = 0; flags < 4; flags++) {
		WORKS(host, test_backup_put(host, &backup, flags));
		for (size_t i = 0; i < backup.n; i++)
			assert_int_equal(backup.results[i], TC_RESTORED_SAME);
	}
	test_still(host, &still);
	WORKS(host, label(host, a.rec->id, "later"));
	still = test_still_now(host);
	WORKS(host, test_backup_put(host, &backup, 0));
	RESULT(a.rec->id, TC_RESTORED_KEPT);
	RESULT(b.rec->id, TC_RESTORED_SAME);
	WORKS(host, test_backup_put(host, &backup,
				    TC_RESTORE_CHECK | TC_RESTORE_FORCE));
	RESULT(a.rec->id, TC_RESTORED_OVER);
	RESULT(b.rec->id, TC_RESTORED_SAME);
	test_still(host, &still);
	ON(host, a, TC_VALID);
	assert_string_equal(a.res.label, "later");
	before = test_told_now(host);
	WORKS(host, test_backup_put(host, &backup, TC_RESTORE_FORCE));
	lines[n++] =
	    (struct test_line){ "import",	    a.rec->id, test_full.label,
				"unit-alice",	    1,	       "admin",
				"a record put back" };
	test_told(host, before, lines, n);
	ON(host, a, TC_VALID);
	assert_string_equal(a.res.label, test_full.label);
	tc_record_free(a.rec);
	tc_record_free(b.rec);
	tc_record_free(gone.rec);
}

/* A revocation that is in the store and not in the backup. */
static void
undoes(void **state)
{
	struct test_login a = test_login(host, &test_full);
	struct test_login b = test_login(host, &plain);
	struct test_login fresh = test_login(host, &plain);

	(void)state;
	test_backup_take(host, &backup);
	for (int deleted = 0; deleted < 2; deleted++) {
		WORKS(host, label(host, fresh.rec->id, deleted ? "x" : "y"));
		WORKS(host, deleted ? take_away(host, a.rec->id)
				    : revoke(host, a.rec->id));
		for (unsigned check = 0; check < 2; check++) {
			REFUSES(host, TC_E_REFUSED, a.rec->id,
				test_backup_put(host, &backup, check));
			RESULT(a.rec->id, TC_RESTORED_UNDOES);
			RESULT(b.rec->id, TC_RESTORED_SAME);
			RESULT(fresh.rec->id, TC_RESTORED_KEPT);
		}
		ON(host, a, TC_REVOKED);
		WORKS(host, test_backup_put(host, &backup, TC_RESTORE_FORCE));
		RESULT(a.rec->id, TC_RESTORED_OVER);
		RESULT(fresh.rec->id, TC_RESTORED_OVER);
		ON(host, a, TC_VALID);
		EXPECT(&a, NULL, "sshd", "192.0.2.1", 0, TC_WRONG_SERVICE);
	}
	tc_record_free(a.rec);
	tc_record_free(b.rec);
	tc_record_free(fresh.rec);
}

/* A revocation in the backup that the store has not is taken over, and one that
 * both have, at different times, stays as it is. */
static void
revoked_in_the_backup(void **state)
{
	struct test_login a = test_login(host, &test_full);
	struct test_login b = test_login(host, &test_full);
	struct test_login gone;

	(void)state;
	test_backup_take(host, &backup);
	WORKS(other, test_backup_put(other, &backup, 0));
	test_backup_free(&backup);
	WORKS(host, revoke(host, a.rec->id));
	WORKS(host, revoke(host, b.rec->id));
	test_backup_take(host, &backup);
	test_clock = T + 10;
	WORKS(other, revoke(other, a.rec->id));
	ON(other, b, TC_VALID);
	WORKS(other, test_backup_put(other, &backup, 0));
	RESULT(a.rec->id, TC_RESTORED_KEPT);
	RESULT(b.rec->id, TC_RESTORED_OVER);
	ON(other, b, TC_REVOKED);
	tc_record_free(b.rec);
	WORKS(other, take_away(other, a.rec->id));
	WORKS(other, test_backup_put(other, &backup, 0));
	RESULT(a.rec->id, TC_RESTORED_KEPT);
	ON(other, a, TC_REVOKED);
	WORKS(other, test_backup_put(other, &backup, TC_RESTORE_FORCE));
	RESULT(a.rec->id, TC_RESTORED_OVER);
	ON(other, a, TC_REVOKED);
	tc_record_free(a.rec);
	/* One that was deleted is in no backup. */
	gone = test_login(host, &plain);
	WORKS(host, take_away(host, gone.rec->id));
	test_backup_free(&backup);
	test_backup_take(host, &backup);
	assert_int_equal(backup.n, 2);
	tc_record_free(gone.rec);
}

/* A backup need not hold the verifiers for SCRAM: what is there keeps its. */
static void
verifiers(void **state)
{
	struct test_login a = test_login(host, &test_full);
	const struct tc_scram mine = *a.rec->scram;
	struct tc_scram found;

	(void)state;
	test_backup_take(host, &backup);
	backup.recs[0]->scram = NULL;
	WORKS(host, test_backup_put(host, &backup, 0));
	assert_int_equal(backup.results[0], TC_RESTORED_SAME);
	WORKS(host, label(host, a.rec->id, "later"));
	WORKS(host, test_backup_put(host, &backup, TC_RESTORE_FORCE));
	assert_int_equal(backup.results[0], TC_RESTORED_OVER);
	assert_int_equal(by_scram(host, "unit-alice", a.rec->id, &found),
			 TC_VALID);
	assert_memory_equal(&found, &mine, sizeof(mine));
	/* Elsewhere there is none: the token works, SCRAM does not. */
	WORKS(other, test_backup_put(other, &backup, 0));
	ON(other, a, TC_VALID);
	assert_int_not_equal(by_scram(other, "unit-alice", a.rec->id, &found),
			     TC_VALID);
	tc_record_free(a.rec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_PAIR(all_of_it),
		TEST_PAIR(without_its_key),
		TEST_PAIR(kept_or_replaced),
		TEST_PAIR(undoes),
		TEST_PAIR(revoked_in_the_backup),
		TEST_PAIR(verifiers),
	};

	return cmocka_run_group_tests_name("restore", tests, NULL, NULL);
}

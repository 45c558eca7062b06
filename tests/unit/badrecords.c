/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is put back and is no record: nothing of the whole call is done. */
#include "pair.h"

#include "record.h"

static const struct tc_create plain = { .user = "unit-bob", .label = "phone" };

static struct tc_record *
changed(const struct tc_record *r, int how)
{
	static char longer[TC_REASON_MAX + 2];
	static const char *const bad_services[] = { "IMAP" };
	struct tc_record *c = tc_record_copy(test_crypto(), r);

	assert_non_null(c);
	memset(longer, 'x', TC_REASON_MAX + 1);
	switch (how) {
	case 0:
		c->id[0] = '\0';
		break;
	case 1:
		c->id[0] = 'u';
		break;
	case 2:
		c->id[5] = '\0';
		break;
	case 3:
		memset(c->replaces, 'u', TC_ID_LEN);
		break;
	case 4:
		memset(c->replaced_by, 'Z', TC_ID_LEN);
		break;
	case 5:
		c->created = 0;
		break;
	case 6:
		c->created = -1;
		break;
	case 7:
		c->expires = -1;
		break;
	case 8:
		c->revoked = -1;
		break;
	case 9:
		c->state = (enum tc_state)0;
		break;
	case 10:
		c->state = TC_STATE_DELETED;
		break;
	case 11:
		c->state = (enum tc_state)4;
		break;
	case 12:
		c->user = "";
		break;
	case 13:
		c->user = "a b";
		break;
	case 14:
		c->label = "";
		break;
	case 15:
		c->label = "a\nb";
		break;
	case 16:
		c->created_by = longer;
		break;
	case 17:
		c->revoked_by = "\x1b";
		break;
	case 18:
		c->revoked_reason = longer;
		break;
	case 19:
		c->services = bad_services;
		c->n_services = 1;
		break;
	case 20:
		c->n_services = TC_SERVICES_MAX + 1;
		break;
	case 21:
		c->n_properties = TC_PROPERTIES_MAX + 1;
		break;
	case 22:
		c->n_sources = TC_SOURCES_MAX + 1;
		break;
	case 23:
		c->kid = 0;
		break;
	case 24:
		c->kid = 65537;
		break;
	default:
		tc_record_free(c);
		return NULL;
	}
	return c;
}

static void
no_records(void **state)
{
	struct test_login a = test_login(host, &test_full);
	struct test_login b = test_login(host, &test_full);
	struct tc_record *good;
	int how;

	(void)state;
	test_backup_take(host, &backup);
	assert_int_equal(backup.n, 2);
	good = backup.recs[1];
	for (how = 0; (backup.recs[1] = changed(good, how)) != NULL; how++) {
		for (unsigned flags = 0; flags < 4; flags++) {
			REFUSES(other, TC_E_REFUSED, "record 2: ",
				test_backup_put(other, &backup, flags));
			if (backup.results[0] != TC_RESTORED ||
			    backup.results[1] != TC_RESTORED_BAD)
				fail_msg("change %d", how);
		}
		tc_record_free(backup.recs[1]);
	}
	assert_int_equal(how, 25);
	backup.recs[1] = good;
	ON(other, a, TC_UNKNOWN_TOKEN);
	WORKS(other, test_backup_put(other, &backup, 0));
	tc_record_free(a.rec);
	tc_record_free(b.rec);
}

/* One id in two records: nobody can say which of them holds. */
static void
one_id_twice(void **state)
{
	struct test_login a = test_login(host, &plain);
	const struct tc_record *both[2];
	enum tc_restored results[2];

	(void)state;
	test_backup_take(host, &backup);
	WORKS(host,
	      tc_revoke(host->h, &test_actor,
			(const char *const[]){ a.rec->id }, 1, "", &host->err));
	WORKS(host,
	      tc_show(host->h, NULL, a.rec->id, &backup.recs[1], &host->err));
	backup.n = 2;
	for (int i = 0; i < 2; i++) {
		both[i] = backup.recs[0];
		both[!i] = backup.recs[1];
		REFUSES(other, TC_E_REFUSED, "record 2: its id stands there",
			tc_restore(other->h, &test_actor, both, 2, NULL, 0, 0,
				   results, &other->err));
		assert_int_equal(results[0], TC_RESTORED);
		assert_int_equal(results[1], TC_RESTORED_BAD);
	}
	tc_record_free(a.rec);
}

static void
how_many(void **state)
{
	static const struct tc_record *recs[TC_MANY_MAX + 1];
	static enum tc_restored results[TC_MANY_MAX + 1];
	struct test_still still = test_still_now(host);
	struct test_login a = test_login(other, &plain);

	(void)state;
	WORKS(host, tc_restore(host->h, &test_actor, NULL, 0, NULL, 0, 0, NULL,
			       &host->err));
	test_still(host, &still);
	for (size_t i = 0; i < ARRAY_LEN(recs); i++)
		recs[i] = a.rec;
	REFUSES(host, TC_E_INVALID, "at most 1000",
		tc_restore(host->h, &test_actor, recs, TC_MANY_MAX + 1, NULL, 0,
			   0, results, &host->err));
	for (unsigned bit = 2; bit < 32; bit++)
		REFUSES(host, TC_E_INVALID, "flag",
			tc_restore(host->h, &test_actor, recs, 1, NULL, 0,
				   1U << bit, results, &host->err));
	assert_int_equal(tc_restore(host->h, &test_actor, recs, TC_MANY_MAX + 1,
				    NULL, 0, 0, results, NULL),
			 TC_E_INVALID);
	tc_record_free(a.rec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_PAIR(no_records),
		TEST_PAIR(one_id_twice),
		TEST_PAIR(how_many),
	};

	return cmocka_run_group_tests_name("badrecords", tests, NULL, NULL);
}

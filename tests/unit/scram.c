/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a SCRAM login is told of tokens that there are not, or that have no
 * verifier: the same each time, whatever was named, and whatever is done to the
 * keys.  And which tokens get a verifier.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

static const struct tc_create plain = { .user = "unit-alice",
					.label = "laptop" };

static enum tc_verdict
ask(struct test_host *host, const char *beginning, struct tc_scram *scram)
{
	const struct tc_request req = { .user = "unit-alice",
					.service = "imap" };
	struct tc_result res;

	return tc_scram_find(host->h, beginning, &req, scram, &res);
}

/* A decoy, and the same one each time but for what a peer never sees. */
static void
is_decoy(struct test_host *host, const char *beginning)
{
	struct tc_scram first, second;

	assert_int_equal(ask(host, beginning, &first), TC_UNKNOWN_TOKEN);
	assert_int_equal(ask(host, beginning, &second), TC_UNKNOWN_TOKEN);
	assert_int_equal(first.iterations, TC_SCRAM_ITERATIONS);
	assert_int_equal(second.iterations, TC_SCRAM_ITERATIONS);
	assert_memory_equal(first.salt, second.salt, sizeof(first.salt));
}

static void
beginnings(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	struct tc_scram scram;
	char beginning[TC_ID_LEN + 2];

	for (size_t len = TC_ID_PREFIX_MIN; len <= TC_ID_LEN; len++) {
		memcpy(beginning, l.rec->id, len);
		beginning[len] = '\0';
		assert_int_equal(ask(host, beginning, &scram), TC_VALID);
	}
	/* Too short, too long, and what no id holds. */
	beginning[TC_ID_PREFIX_MIN - 1] = '\0';
	is_decoy(host, beginning);
	is_decoy(host, "");
	(void)snprintf(beginning, sizeof(beginning), "%s0", l.rec->id);
	is_decoy(host, beginning);
	is_decoy(host, "uuuuuuuuuu");
	is_decoy(host, "abcdef/../");
	tc_record_free(l.rec);
}

/* Swaps the sections of the two keys of the file. */
static void
swap_sections(struct test_host *host)
{
	const char *path = test_host_path(host, "secret.conf");
	size_t len;
	char *text = test_read(path, &len), *swapped = malloc(len + 2);
	char *one = strstr(text, "[key 1]"), *two = strstr(text, "[key 2]");

	assert_true(swapped && one && two && two > one);
	(void)snprintf(swapped, len + 2, "%.*s%s\n%.*s", (int)(one - text),
		       text, two, (int)(two - one), one);
	test_text(path, 0600, swapped);
	free(swapped);
	free(text);
}

/* The decoys are of the oldest key, wherever it stands. */
static void
keys_do_not_matter(void **state)
{
	static const char nobodys[] = "0123456789";
	struct test_host *host = *state;
	struct tc_scram before, after;

	assert_int_equal(ask(host, nobodys, &before), TC_UNKNOWN_TOKEN);
	assert_int_equal(tc_key_add(host->h, &test_actor, 2, NULL, NULL, NULL),
			 TC_OK);
	assert_int_equal(ask(host, nobodys, &after), TC_UNKNOWN_TOKEN);
	assert_memory_equal(before.salt, after.salt, sizeof(before.salt));
	swap_sections(host);
	assert_int_equal(ask(host, nobodys, &after), TC_UNKNOWN_TOKEN);
	assert_memory_equal(before.salt, after.salt, sizeof(before.salt));
}

/* ---- which tokens get a verifier ---- */

/* Either a SCRAM login gets it, or a decoy as if there were no such token.  As
 * a password it works in any case. */
static void
has_verifier(struct test_login *l, int has)
{
	struct test_host *host = l->host;
	struct tc_scram scram;
	struct tc_record *r = test_show(host, l->rec->id);

	EXPECT(l, "unit-alice", "imap", NULL, 0, TC_VALID);
	assert_int_equal(r->scram != NULL, has);
	if (has)
		assert_int_equal(ask(host, r->id, &scram), TC_VALID);
	else
		is_decoy(host, r->id);
	tc_record_free(r);
}

static struct test_login
minted(const struct test_login *from, int regenerate)
{
	struct test_host *host = from->host;
	struct test_login l = { .host = host };
	int rc = regenerate ? tc_regenerate(host->h, &test_actor, from->rec->id,
					    TC_EXPIRES_KEEP, l.token, &l.rec,
					    &host->err)
			    : tc_copy(host->h, &test_actor, from->rec->id, NULL,
				      NULL, l.token, &l.rec, &host->err);

	assert_int_equal(rc, TC_OK);
	return l;
}

static void
edit(struct test_login *l)
{
	const struct tc_edit e = { .what = TC_EDIT_LABEL | TC_EDIT_EXPIRES,
				   .label = "desk",
				   .expires = INT64_C(4102444800) };
	const char *id = l->rec->id;

	assert_int_equal(
	    tc_edit(l->host->h, &test_actor, &id, 1, &e, &l->host->err), TC_OK);
}

/* What is minted goes by the policy, what is there stays as it is. */
static void
by_policy(void **state)
{
	struct test_host *host = *state;
	struct test_login with[4], bare[4];

	with[0] = test_login(host, &plain);
	with[1] = test_login(host, &plain);
	test_host_conf(host, NULL, "scram = no\n");
	bare[0] = test_login(host, &plain);
	bare[1] = minted(&with[0], 0);
	bare[2] = minted(&with[1], 1);
	bare[3] = test_login(host, &plain);
	edit(&with[0]);
	edit(&bare[0]);
	has_verifier(&with[0], 1);
	for (size_t i = 0; i < ARRAY_LEN(bare); i++)
		has_verifier(&bare[i], 0);
	test_host_conf(host, NULL, "scram = yes\n");
	with[2] = minted(&bare[1], 0);
	with[3] = minted(&bare[3], 1);
	edit(&bare[1]);
	assert_int_equal(tc_compact(host->h, &test_actor, &host->err), TC_OK);
	for (size_t i = 0; i < 3; i++)
		has_verifier(&bare[i], 0);
	has_verifier(&with[0], 1);
	has_verifier(&with[2], 1);
	has_verifier(&with[3], 1);
	for (size_t i = 0; i < ARRAY_LEN(bare); i++) {
		tc_record_free(with[i].rec);
		tc_record_free(bare[i].rec);
	}
}

#define HOST_TEST(f)                                                           \
	cmocka_unit_test_setup_teardown(f, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOST_TEST(beginnings),
		HOST_TEST(keys_do_not_matter),
		HOST_TEST(by_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

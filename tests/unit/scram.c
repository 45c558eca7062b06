/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a SCRAM login is told of tokens that there are not: the same each time,
 * whatever was named, and whatever is done to the keys.
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

#define HOST_TEST(f)                                                           \
	cmocka_unit_test_setup_teardown(f, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOST_TEST(beginnings),
		HOST_TEST(keys_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

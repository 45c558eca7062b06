/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose token a text would be: no more is told than the store has. */
#include "told.h"

static const struct tc_create plain = { .user = "unit-alice",
					.label = "laptop" };
static char owner[TC_USER_MAX + 1];

static int
ask(struct test_host *host, const char *token)
{
	memset(owner, 'x', sizeof(owner));
	return tc_find_owner(host->h, token, strlen(token), owner, &host->err);
}

static void
flip_tag(struct tc_token *tok)
{
	tok->tag[15] ^= 1;
}

static void
flip_nonce(struct tc_token *tok)
{
	tok->header[3] ^= 1;
}

static void
found(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	char token[TC_TOKEN_MAX + 1];

	WORKS(host, ask(host, l.token));
	assert_string_equal(owner, "unit-alice");
	/* It is not told whether the tag is right. */
	test_host_remake(l.token, NULL, flip_tag, token);
	WORKS(host, ask(host, token));
	assert_string_equal(owner, "unit-alice");
	assert_int_equal(
	    tc_find_owner(host->h, token, strlen(token), owner, NULL), TC_OK);
	tc_record_free(l.rec);
}

static void
not_found(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);
	char token[TC_TOKEN_MAX + 1];

	test_host_remake(l.token, "unit-alice", flip_nonce, token);
	REFUSES(host, TC_E_NOTFOUND, "no such token", ask(host, token));
	assert_string_equal(owner, "");
	REFUSES(host, TC_E_INVALID, "not a token", ask(host, "a password"));
	assert_string_equal(owner, "");
	l.token[20] ^= 1;
	REFUSES(host, TC_E_INVALID, "not a token", ask(host, l.token));
	assert_string_equal(owner, "");
	tc_record_free(l.rec);
}

/* What cannot be told is neither found nor absent. */
static void
not_told(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &plain);

	test_host_put(host, l.rec, l.rec->id, 3);
	REFUSES(host, TC_E_UNAVAILABLE, "seal", ask(host, l.token));
	assert_string_equal(owner, "");
	test_host_conf(host, NULL, "nonsense = 1\n");
	REFUSES(host, TC_E_UNAVAILABLE, "nonsense", ask(host, l.token));
	assert_string_equal(owner, "");
	tc_record_free(l.rec);
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(found),
		WITH_HOST(not_found),
		WITH_HOST(not_told),
	};

	return cmocka_run_group_tests_name("findowner", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in with a value that was made elsewhere: found by user and value
 * alone, judged like a token once it is found, and a password like any other
 * if not.
 */
#include "told.h"

#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#define VALUE "12345678901234567890"
#define OTHER "another value, as long as it has to be"

static const struct tc_create plain = { .user = "unit-alice",
					.label = "from the portal" };

static struct tc_request
request(const char *value, const char *user)
{
	return test_request(value, user, TC_IMPORTED);
}

/* A password is nobody's business. */
static void
expect(struct test_host *host, const struct tc_request *req,
       enum tc_verdict want)
{
	const int found = want != TC_NOT_A_TOKEN;
	struct tc_result res = test_expect(host, req, want, found ? 1 : 0);

	assert_int_equal(strlen(res.id), res.proved ? TC_ID_LEN : 0);
	if (found)
		assert_int_equal(strstr(host->line, " id=") != NULL,
				 res.proved);
	else
		assert_string_equal(res.detail, "");
	assert_null(strstr(host->line, VALUE));
}

/* ---- found, or not ---- */

static void
found(void **state)
{
	struct test_host *host = *state;
	struct tc_request req = request(VALUE, "unit-alice");
	struct tc_result res;
	struct tc_proof proof;
	char id[TC_ID_LEN + 1] = "";
	const char *ids[] = { id };

	expect(host, &req, TC_NOT_A_TOKEN);
	WORKS(host, test_host_import(host, &plain, VALUE, id));
	expect(host, &req, TC_VALID);
	assert_int_equal(host->priority, LOG_INFO);
	assert_int_equal(tc_verify(host->h, &req, &res), TC_VALID);
	assert_string_equal(res.user, "unit-alice");
	assert_string_equal(res.id, id);
	assert_string_equal(res.label, "from the portal");
	assert_int_equal(res.kid, 1);
	assert_true(res.expires == 0);
	assert_int_equal(res.proof.caveats_len, 0);
	/* An account phase asks by the id. */
	proof = res.proof;
	req.authtok = NULL;
	req.authtok_len = 0;
	assert_int_equal(tc_recheck(host->h, &proof, &req, &res), TC_VALID);
	req.flags = 0;
	assert_int_equal(tc_recheck(host->h, &proof, &req, &res), TC_VALID);
	assert_int_equal(tc_revoke(host->h, &test_actor, ids, 1, "", NULL),
			 TC_OK);
	assert_int_equal(tc_recheck(host->h, &proof, &req, &res), TC_REVOKED);
}

static void
not_found(void **state)
{
	static const char *const users[] = { "unit-bob", "unit-alic",
					     "unit-alicee", "Unit-Alice", "" };
	static const char *const others[] = {
		"1234567890123456789",
		"12345678901234567891",
		"123456789012345678901",
		" " VALUE,
		VALUE "\n",
		VALUE " ",
		"12345678901234567890 ",
		"\b\n\r\177INCORRECT",
		"",
	};
	struct test_host *host = *state;
	struct tc_request req;
	char name[TC_USER_MAX + 2];

	WORKS(host, test_host_import(host, &plain, VALUE, NULL));
	for (size_t i = 0; i < ARRAY_LEN(users); i++) {
		req = request(VALUE, users[i]);
		expect(host, &req, TC_NOT_A_TOKEN);
	}
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	req = request(VALUE, name);
	expect(host, &req, TC_NOT_A_TOKEN);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		req = request(others[i], "unit-alice");
		expect(host, &req, TC_NOT_A_TOKEN);
	}
	req = request(VALUE "\0", "unit-alice");
	req.authtok_len = 21;
	expect(host, &req, TC_NOT_A_TOKEN);
	/* Neither without the flag nor for nobody in particular. */
	req = request(VALUE, NULL);
	expect(host, &req, TC_NOT_A_TOKEN);
	req = request(VALUE, "unit-alice");
	req.flags = 0;
	expect(host, &req, TC_NOT_A_TOKEN);
	host->lines = 0;
	req.flags = TC_IMPORTED | TC_LOG_NONTOKEN;
	req.user = "unit-bob";
	assert_int_equal(tc_verify(host->h, &req, &(struct tc_result){ 0 }),
			 TC_NOT_A_TOKEN);
	assert_int_equal(host->lines, 1);
	assert_non_null(strstr(host->line, "login deny reason=not-a-token "));
	/* The realm is no part of the name. */
	test_host_conf(host, NULL, "default_realm = example.org\n");
	req = request(VALUE, "unit-alice@example.org");
	expect(host, &req, TC_VALID);
	req.user = "unit-alice@example.net";
	expect(host, &req, TC_NOT_A_TOKEN);
}

static void
of_any_length(void **state)
{
	struct test_host *host = *state;
	char value[300];

	memset(value, 'v', sizeof(value));
	for (size_t len = 18; len < 258; len++) {
		struct tc_import it = { .spec = plain,
					.value = value,
					.len = len };
		struct tc_request req = request("", "unit-alice");
		const int fits = len >= TC_IMPORT_MIN && len <= TC_IMPORT_MAX;

		if (len > 22 && len < 253)
			continue;
		assert_int_equal(tc_import(host->h, &test_actor, &it, 1, NULL),
				 TC_OK);
		assert_int_equal(it.error.code, fits ? TC_OK : TC_E_INVALID);
		req.authtok = value;
		req.authtok_len = len;
		expect(host, &req, fits ? TC_VALID : TC_NOT_A_TOKEN);
	}
}

/* ---- refused ---- */

static void
limits(void **state)
{
	static const char *const services[] = { "imap" };
	static const struct tc_source sources[] = { { 4, 24, { 192, 0, 2 } } };
	struct test_host *host = *state;
	struct tc_create spec = plain;
	struct tc_request req = request(VALUE, "unit-alice");
	struct tc_result res;

	spec.services = services;
	spec.sources = sources;
	spec.n_services = spec.n_sources = 1;
	spec.expires = INT64_C(4102444800);
	WORKS(host, test_host_import(host, &spec, VALUE, NULL));
	expect(host, &req, TC_VALID);
	assert_int_equal(tc_verify(host->h, &req, &res), TC_VALID);
	assert_true(res.expires == spec.expires);
	req.service = "smtp";
	expect(host, &req, TC_WRONG_SERVICE);
	req.rhost = "198.51.100.7";
	expect(host, &req, TC_WRONG_SERVICE);
	req.service = "imap";
	expect(host, &req, TC_WRONG_SOURCE);
	req.rhost = NULL;
	expect(host, &req, TC_WRONG_SOURCE);
	req.rhost = "192.0.2.9";
	req.now = spec.expires;
	expect(host, &req, TC_EXPIRED);
	req.now = 1000;
	expect(host, &req, TC_NOT_YET_VALID);
	spec.user = req.user = "root";
	req.now = 0;
	WORKS(host, test_host_import(host, &spec, VALUE, NULL));
	expect(host, &req, TC_USER_REFUSED);
	req.flags |= TC_ALLOW_ROOT;
	expect(host, &req, TC_VALID);
}

static void
ended(void **state)
{
	struct test_host *host = *state;
	struct tc_request req = request(VALUE, "unit-alice");
	struct tc_request other = request(OTHER, "unit-alice");
	struct tc_request bobs = request(VALUE, "unit-bob");
	struct tc_create bob = plain;
	char id[TC_ID_LEN + 1] = "", id2[TC_ID_LEN + 1] = "";
	const char *ids[] = { id }, *ids2[] = { id2 };

	bob.user = "unit-bob";
	WORKS(host, test_host_import(host, &plain, VALUE, id));
	WORKS(host, test_host_import(host, &plain, OTHER, id2));
	WORKS(host, test_host_import(host, &bob, VALUE, NULL));
	assert_int_equal(tc_revoke(host->h, &test_actor, ids, 1, "", NULL),
			 TC_OK);
	expect(host, &req, TC_REVOKED);
	assert_int_equal(host->priority, LOG_NOTICE);
	assert_int_equal(tc_delete(host->h, &test_actor, ids, 1, "", NULL),
			 TC_OK);
	expect(host, &req, TC_REVOKED);
	expect(host, &other, TC_VALID);
	assert_int_equal(tc_delete(host->h, &test_actor, ids2, 1, "", NULL),
			 TC_OK);
	expect(host, &other, TC_REVOKED);
	expect(host, &bobs, TC_VALID);
	assert_int_equal(
	    tc_revoke_all(host->h, &test_actor, "unit-bob", 0, "", NULL),
	    TC_OK);
	expect(host, &bobs, TC_REVOKED);
}

static void
switched_off(void **state)
{
	struct test_host *host = *state;
	struct tc_request req = request(VALUE, "unit-alice");

	WORKS(host, test_host_import(host, &plain, VALUE, NULL));
	test_host_conf(host, NULL, "enabled = no\n");
	expect(host, &req, TC_NOT_A_TOKEN);
	test_host_conf(host, NULL, "");
	expect(host, &req, TC_VALID);
}

static void
keys(void **state)
{
	static const char old_key[] = "[key 1]\nsecret = " TEST_SECRET "\n";
	struct test_host *host = *state;
	struct tc_request req = request(VALUE, "unit-alice");
	struct tc_request young = request(OTHER, "unit-alice");
	struct tc_result res;
	char text[1000], *secrets;
	size_t len;

	WORKS(host, test_host_import(host, &plain, VALUE, NULL));
	assert_int_equal(
	    tc_key_add(host->h, &test_actor, 2, NULL, NULL, &host->err), TC_OK);
	expect(host, &req, TC_VALID);
	assert_int_equal(tc_key_activate(host->h, &test_actor, 2, NULL), TC_OK);
	WORKS(host, test_host_import(host, &plain, OTHER, NULL));
	expect(host, &req, TC_VALID);
	expect(host, &young, TC_VALID);
	assert_int_equal(tc_verify(host->h, &young, &res), TC_VALID);
	assert_int_equal(res.kid, 2);
	assert_int_equal(tc_key_retire(host->h, &test_actor, 1, NULL), TC_OK);
	/* It is not looked up any more. */
	expect(host, &req, TC_NOT_A_TOKEN);
	expect(host, &young, TC_VALID);
	/* Imported again it is another record; putting the old key back
	 * brings back what refuses it. */
	WORKS(host, test_host_import(host, &plain, VALUE, NULL));
	expect(host, &req, TC_VALID);
	secrets = test_read(test_host_path(host, "secret.conf"), &len);
	assert_non_null(strstr(secrets, "[key 2]"));
	(void)snprintf(text, sizeof(text), "%sstate = verify\n%s", old_key,
		       strstr(secrets, "[key 2]"));
	test_text(test_host_path(host, "secret.conf"), 0600, text);
	expect(host, &req, TC_REVOKED);
	expect(host, &young, TC_VALID);
	free(secrets);
}

/* ---- anything ---- */

/* Nearly the value, or nothing like it, from memory of exactly that size. */
static void
at_random(void **state)
{
	struct test_host *host = *state;
	uint32_t seed = 20261123;

	WORKS(host, test_host_import(host, &plain, VALUE, NULL));
	for (int round = 0; round < 3000; round++) {
		char name[] = "unit-alice";
		size_t len = test_random(&seed) % 4 ? strlen(VALUE)
						    : test_random(&seed) % 300;
		char *text = test_malloc(len ? len : 1);
		struct tc_request req = request("", name);
		struct tc_result res;
		int same;

		for (size_t i = 0; i < len; i++)
			text[i] = i < strlen(VALUE) ? VALUE[i]
						    : (char)test_random(&seed);
		for (unsigned n = test_random(&seed) % 3; len && n > 0; n--)
			text[test_random(&seed) % len] ^=
			    (char)(1U << test_random(&seed) % 8);
		if (test_random(&seed) % 4 == 0)
			name[test_random(&seed) % 10] ^= 1;
		req.authtok = text;
		req.authtok_len = len;
		req.flags = test_random(&seed) % 8;
		same = len == strlen(VALUE) && memcmp(text, VALUE, len) == 0 &&
		       strcmp(name, "unit-alice") == 0 &&
		       (req.flags & TC_IMPORTED);
		if (tc_verify(host->h, &req, &res) !=
		    (same ? TC_VALID : TC_NOT_A_TOKEN))
			fail_msg("round %d: %s", round,
				 tc_verdict_name(res.verdict));
		test_free(text);
	}
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(found),	  WITH_HOST(not_found),
		WITH_HOST(of_any_length), WITH_HOST(limits),
		WITH_HOST(ended),	  WITH_HOST(switched_off),
		WITH_HOST(keys),	  WITH_HOST(at_random),
	};

	return cmocka_run_group_tests_name("imported", tests, NULL, NULL);
}

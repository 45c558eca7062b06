/* SPDX-License-Identifier: GPL-3.0-or-later */
/* secret.conf: what a key looks like, which files of keys are refused and
 * why, and that no message repeats a secret. */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handle.h"
#include "keys.h"

#define S31 "0123456789abcdef0123456789abcde"
#define S32 TEST_SECRET
#define OTHER "fedcba9876543210fedcba9876543210"
#define S60 "123456789012345678901234567890123456789012345678901234567890"
#define KEY1 "[key 1]\nsecret = " S32 "\nstate = active\n"

static int
parse(const char *text, struct tc_keys *keys, struct tc_error *err)
{
	return tc_keys_parse(test_crypto(), keys, text, strlen(text),
			     "/etc/a/secret.conf", err);
}

static void
several(void **state)
{
	static const char text[] = "# keys\r\n"
				   "[key 7]\n"
				   "state = verify\n"
				   "secret = correct horse battery staple, "
				   "twice over; \"#\"\n"
				   "[key 65535]\n"
				   "secret = " OTHER "\n"
				   "\n"
				   "state = retired\n" KEY1;
	struct tc_keys keys;
	struct tc_error err = { .text = "" };
	unsigned char mac[TC_KEY_LEN];
	const struct tc_key *key;

	(void)state;
	if (parse(text, &keys, &err) != TC_OK)
		fail_msg("%s", err.text);
	assert_int_equal(keys.n, 3);
	key = tc_keys_find(&keys, 7);
	assert_int_equal(key->state, TC_KEY_VERIFY);
	assert_int_equal(key->state_line, 3);
	assert_int_equal(tc_derive_key(test_crypto(), "mac", 7,
				       "correct "
				       "horse battery staple, twice over; "
				       "\"#\"",
				       45, mac),
			 0);
	assert_memory_equal(key->mac, mac, TC_KEY_LEN);
	assert_memory_not_equal(key->mac, key->rec, TC_KEY_LEN);
	assert_memory_not_equal(key->mac, key->imp, TC_KEY_LEN);
	assert_memory_not_equal(key->rec, key->imp, TC_KEY_LEN);
	assert_int_equal(tc_keys_find(&keys, 65535)->state, TC_KEY_RETIRED);
	assert_int_equal(tc_keys_active(&keys)->kid, 1);
	assert_null(tc_keys_find(&keys, 2));
	assert_null(tc_keys_find(&keys, 0));
	assert_false(test_holds(&keys, sizeof(keys), OTHER, 32));
}

static const struct {
	const char *text, *why;
} faults[] = {
	{ "", "no key is active" },
	{ "# nothing\n", "no key is active" },
	{ "secret = " S32 "\n", ":1: secret: stands before any section" },
	{ "[key 1]\nsecret = " S31 "\nstate = active\n", ":2: secret: shorter "
							 "than 32" },
	{ "[key 1]\nsecret =\nstate = active\n", ":2: secret: shorter" },
	{ "[key 1]\nsecret = " S60 S60 S60 "x\nstate = active\n", ":2: secret: "
								  "longer than "
								  "180" },
	{ "[key 1]\nsecret = \xc3\xa9" S32 "\nstate = active\n", ":2: secret: "
								 "holds more "
								 "than "
								 "printable" },
	{ "[key 1]\nsecret = \x01" S32 "\nstate = active\n", ":2: holds a "
							     "control "
							     "character" },
	{ "[key 1]\nsecret = \x7f" S32 "\nstate = active\n", ":2: secret: "
							     "holds more than "
							     "printable" },
	{ "[key 1]\nsecret = " S32 " ; x\nstate = active\n", ":2: a comment "
							     "needs a line of "
							     "its own" },
	{ "[key 1]\nsecret = " S32 "\n  " OTHER "\nstate = active\n", ":3: "
								      "begins "
								      "with "
								      "white "
								      "space" },
	{ "[key 1]\nsecret = " S32 "\n", "key 1 has no state" },
	{ "[key 1]\nstate = active\n", "key 1 has no secret" },
	{ "[key 1]\n", "key 1 has no" },
	{ "[key 1]\nsecret = " S32 "\nstate = verify\n", "no key is active" },
	{ "[key 1]\nsecret = " S32 "\nstate = retired\n", "no key is active" },
	{ "[key 1]\nsecret = " S32 "\nstate = Active\n", ":3: state: not "
							 "active, verify or "
							 "retired" },
	{ "[key 1]\nsecret = " S32 "\nstate =\n", ":3: state: not active" },
	{ "[key 1]\nsecret = " S32 "\nsecret = " OTHER "\n", ":3: secret: "
							     "stands here "
							     "twice" },
	{ KEY1 "state = active\n", ":4: state: stands here twice" },
	{ KEY1 "[key 2]\nsecret = " OTHER "\nstate = active\n", ":6: state: a "
								"second active "
								"key" },
	{ KEY1 "[key 2]\nsecret = " S32 "\nstate = verify\n", ":5: secret: "
							      "another key has "
							      "the same "
							      "secret" },
	{ KEY1 "[key 1]\n", ":4: a second section" },
	{ KEY1 "[key 01]\n", ":4: a second section" },
	{ KEY1 "[key 0]\n", ":4: not a section" },
	{ KEY1 "[key 65536]\n", ":4: not a section" },
	{ KEY1 "[key]\n", ":4: not a section" },
	{ KEY1 "[key x]\n", ":4: not a section" },
	{ KEY1 "[key -1]\n", ":4: not a section" },
	{ KEY1 "[key  2]\n", ":4: not a section" },
	{ KEY1 "[Key 2]\n", ":4: not a section" },
	{ KEY1 "[services]\n", ":4: not a section" },
	{ KEY1 "algorithm = none\n", ":4: algorithm: unknown key" },
	{ KEY1 "nonsense\n", ":4: neither" },
};

static void
refused(void **state)
{
	static const struct tc_keys zero;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		struct tc_keys keys;
		struct tc_error err = { .text = "" };

		memset(&keys, 0xaa, sizeof(keys));
		if (parse(faults[i].text, &keys, &err) != TC_E_UNAVAILABLE)
			fail_msg("text %zu was taken", i);
		if (strncmp(err.text, "/etc/a/secret.conf:", 19) != 0 ||
		    !strstr(err.text, faults[i].why))
			fail_msg("text %zu: \"%s\"", i, err.text);
		assert_null(strstr(err.text, S31));
		assert_null(strstr(err.text, OTHER));
		assert_memory_equal(&keys, &zero, sizeof(keys));
	}
}

static void
too_many(void **state)
{
	static char text[TC_SECRETS_MAX];
	struct tc_keys keys;
	struct tc_error err = { .text = "" };
	size_t len = 0;

	(void)state;
	for (unsigned i = 1; i <= TC_KEYS_MAX + 1; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"[key %u]\nsecret = %02u" S32 "\nstate "
					"= %s\n",
					i, i, i == 1 ? "active" : "verify");
		if (i == TC_KEYS_MAX)
			assert_int_equal(parse(text, &keys, &err), TC_OK);
	}
	assert_int_equal(parse(text, &keys, &err), TC_E_UNAVAILABLE);
	assert_non_null(strstr(err.text, "too many keys"));
}

static void
secrets(void **state)
{
	static const struct {
		const char *text;
		int good;
	} table[] = {
		{ S32, 1 },
		{ S31, 0 },
		{ "", 0 },
		{ S60 S60 S60, 1 },
		{ S60 S60 S60 "x", 0 },
		{ S31 " ", 0 },
		{ " " S31, 0 },
		{ S31 "\n", 0 },
		{ S31 "\t", 0 },
		{ S31 "~!\"#$%&'", 1 },
		{ S31 " ;", 0 },
		{ S31 ";x", 1 },
		{ S31 "\xc3\xa9", 0 },
		{ "# begins like a comment, but is none here", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if ((tc_secret_fault(table[i].text) == NULL) != table[i].good)
			fail_msg("secret %zu", i);
}

/* What is written can be read, and gives the same key. */
static void
written(void **state)
{
	static const char *const given[] = {
		OTHER,
		"# begins like a comment, but is none here",
		"[brackets] = and : colons; all of it",
		NULL,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(given); i++) {
		struct tc_writer w = { 0 };
		struct tc_keys keys;
		unsigned char mac[TC_KEY_LEN];
		struct tc_error err = { .text = "" };

		assert_int_equal(tc_keys_write(test_crypto(), &w, 300, given[i],
					       TC_KEY_ACTIVE, &err),
				 TC_OK);
		tc_put(&w, 0, 1);
		if (parse((char *)w.data, &keys, &err) != TC_OK)
			fail_msg("%s", err.text);
		tc_writer_free(&w);
		if (!given[i])
			continue;
		assert_int_equal(tc_derive_key(test_crypto(), "mac", 300,
					       given[i], strlen(given[i]), mac),
				 0);
		assert_memory_equal(keys.key[0].mac, mac, TC_KEY_LEN);
	}
}

static void
not_written(void **state)
{
	struct tc_writer w = { 0 };
	struct tc_error err;

	(void)state;
	assert_int_equal(
	    tc_keys_write(test_crypto(), &w, 1, S31, TC_KEY_ACTIVE, &err),
	    TC_E_INVALID);
	assert_int_equal(w.len, 0);
	assert_null(strstr(err.text, S31));
	tc_writer_free(&w);
}

/* ---- the file ---- */

static int
set_up(void **state)
{
	struct tc_error err;

	if (test_dir_make(state))
		return -1;
	return tc_init(test_path(*state, "apitoken.conf"), S32, &err);
}

static int
open_with(const void *dir, struct tc_error *err)
{
	struct tc_options o = { .config = test_path(dir, "apitoken.conf") };
	tc_handle *h;
	int rc;

	memset(err, 0, sizeof(*err));
	rc = tc_open(&h, &o, err);
	assert_true((rc == TC_OK) == (h != NULL));
	tc_free(h);
	return rc;
}

static void
modes(void **state)
{
	static const struct {
		mode_t mode;
		const char *why; /* NULL: good */
	} table[] = {
		{ 0600, NULL },
		{ 0640, NULL },
		{ 0400, NULL },
		{ 0660, "writable by others" },
		{ 0602, "writable by others" },
		{ 0620, "writable by others" },
		{ 0644, "readable by everyone" },
		{ 0604, "readable by everyone" },
	};
	const char *path = test_path(*state, "secret.conf");
	struct tc_error err;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		int rc;

		test_text(path, table[i].mode, KEY1);
		rc = open_with(*state, &err);
		if (rc != (table[i].why ? TC_E_UNAVAILABLE : TC_OK))
			fail_msg("mode %03o: %d %s", table[i].mode, rc,
				 err.text);
		if (!table[i].why)
			continue;
		assert_non_null(strstr(err.text, "/secret.conf: "));
		assert_non_null(strstr(err.text, table[i].why));
	}
}

static void
through_open(void **state)
{
	const char *path = test_path(*state, "secret.conf");
	struct tc_error err;

	test_text(path, 0600, "[key 1]\nsecret = " S31 "\nstate = active\n");
	assert_int_equal(open_with(*state, &err), TC_E_UNAVAILABLE);
	assert_non_null(strstr(err.text, "/secret.conf:2: secret: shorter"));
	test_text(path, 0600, "[key 1]\nsecret = " S32 "\nstate = active\n");
	assert_int_equal(open_with(*state, &err), TC_OK);
	test_text(path, 0600,
		  "[key 9]\nsecret = The administrator's own "
		  "words, 40 of them.\nstate = active\n");
	assert_int_equal(open_with(*state, &err), TC_OK);
	test_text(path, 0600,
		  KEY1 "[key 2]\nsecret = " OTHER "\nstate = active\n");
	assert_int_equal(open_with(*state, &err), TC_E_UNAVAILABLE);
	test_write(path, 0600, "[key 1]\n\0", 9);
	assert_int_equal(open_with(*state, &err), TC_E_UNAVAILABLE);
	assert_non_null(strstr(err.text, "NUL"));
}

static void
not_a_file(void **state)
{
	const char *path = test_path(*state, "secret.conf");
	const char *other = test_path(*state, "other");
	struct tc_error err;
	char *big = test_calloc(1, TC_SECRETS_MAX + 2);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(open_with(*state, &err), TC_E_UNAVAILABLE);
	assert_non_null(strstr(err.text, "/secret.conf: No such file"));
	test_text(other, 0600, KEY1);
	assert_int_equal(symlink("other", path), 0);
	assert_int_equal(open_with(*state, &err), TC_E_UNAVAILABLE);
	assert_non_null(strstr(err.text, "/secret.conf: is a symbolic"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(open_with(*state, &err), TC_E_UNAVAILABLE);
	assert_non_null(strstr(err.text, "/secret.conf: is not a regular"));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(open_with(*state, &err), TC_E_UNAVAILABLE);
	assert_non_null(strstr(err.text, "/secret.conf: is not a regular"));
	assert_int_equal(unlink(path), 0);
	memset(big, '\n', TC_SECRETS_MAX + 1);
	test_write(path, 0600, big, TC_SECRETS_MAX + 1);
	test_free(big);
	assert_int_equal(open_with(*state, &err), TC_E_UNAVAILABLE);
	assert_non_null(strstr(err.text, "is larger than"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several),
		cmocka_unit_test(refused),
		cmocka_unit_test(too_many),
		cmocka_unit_test(secrets),
		cmocka_unit_test(written),
		cmocka_unit_test(not_written),
		cmocka_unit_test_setup_teardown(modes, set_up, test_dir_remove),
		cmocka_unit_test_setup_teardown(through_open, set_up,
						test_dir_remove),
		cmocka_unit_test_setup_teardown(not_a_file, set_up,
						test_dir_remove),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}

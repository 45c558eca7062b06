/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes of the keys: which numbers a new one may have, that a number which
 * was retired stays dead without its section, and the bounds of the file.
 */
#include "told.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys.h"

#define PATH(host) test_host_path(host, "secret.conf")

static int
add(struct test_host *host, unsigned kid, unsigned *made)
{
	return tc_key_add(host->h, &test_actor, kid, NULL, made, &host->err);
}

static int
retire(struct test_host *host, unsigned kid)
{
	return tc_key_retire(host->h, &test_actor, kid, &host->err);
}

static int
activate(struct test_host *host, unsigned kid)
{
	return tc_key_activate(host->h, &test_actor, kid, &host->err);
}

/* Takes the last section of the file away. */
static void
forget_last(struct test_host *host)
{
	size_t len;
	char *text = test_read(PATH(host), &len), *last = text;

	for (char *at = text; (at = strstr(at, "\n[")); at++)
		last = at + 1;
	*last = '\0';
	test_text(PATH(host), 0600, text);
	free(text);
}

static enum tc_key_state
state_of(struct test_host *host, unsigned kid)
{
	enum tc_key_state state = 0;
	struct tc_key_info *keys;
	size_t n;

	WORKS(host, tc_key_list(host->h, &keys, &n, &host->err));
	for (size_t i = 0; i < n; i++)
		if (keys[i].kid == kid)
			state = keys[i].state;
	free(keys);
	return state;
}

static void
numbers(void **state)
{
	struct test_host *host = *state;
	unsigned made = 77;

	REFUSES(host, TC_E_INVALID, "1 to 65535",
		add(host, TC_KID_MAX + 1, &made));
	REFUSES(host, TC_E_EXISTS, "key 1 exists", add(host, 1, &made));
	assert_int_equal(made, 77);
	WORKS(host, add(host, 7, &made));
	assert_int_equal(made, 7);
	WORKS(host, add(host, 0, &made));
	assert_int_equal(made, 8);
	WORKS(host, add(host, TC_KID_MAX, &made));
	REFUSES(host, TC_E_INVALID, "1 to 65535", add(host, 0, &made));
}

static void
retired_for_good(void **state)
{
	struct test_host *host = *state;
	unsigned made;

	WORKS(host, add(host, 9, &made));
	WORKS(host, retire(host, 9));
	REFUSES(host, TC_E_REFUSED, "key 9 is retired", activate(host, 9));
	WORKS(host, retire(host, 9)); /* once more is no harm */
	forget_last(host);
	assert_int_equal(state_of(host, 9), 0);
	REFUSES(host, TC_E_REFUSED, "key 9 was retired", add(host, 9, &made));
	WORKS(host, add(host, 0, &made));
	assert_int_equal(made, 10);
}

/* A login that began before its key's section went: PAM's account phase. */
static void
section_gone_meanwhile(void **state)
{
	static const struct tc_create spec = { .user = "unit-alice",
					       .label = "laptop" };
	const struct tc_request req = { .user = "unit-alice" };
	struct test_host *host = *state;
	struct test_login l;
	struct tc_result res;
	unsigned made;
	size_t len;
	char *text = test_read(PATH(host), &len);

	WORKS(host, add(host, 2, &made));
	WORKS(host, activate(host, 2));
	l = test_login(host, &spec);
	EXPECT(&l, "unit-alice", NULL, NULL, 0, TC_VALID);
	assert_int_equal(tc_recheck(host->h, &l.res.proof, &req, &res),
			 TC_VALID);
	test_text(PATH(host), 0600, text);
	free(text);
	assert_int_equal(tc_recheck(host->h, &l.res.proof, &req, &res),
			 TC_UNKNOWN_KEY);
	tc_record_free(l.rec);
}

static enum tc_verdict
login(tc_handle *h, const char *token, struct tc_result *res)
{
	const struct tc_request req = { .authtok = token,
					.authtok_len = strlen(token),
					.user = "unit-alice" };

	return tc_verify(h, &req, res);
}

/* As on a host without a group for services. */
static void
give_to_our_group(struct test_host *host)
{
	char name[64];

	assert_int_equal(chown(PATH(host), (uid_t)-1, getegid()), 0);
	assert_int_equal(
	    chown(test_host_path(host, "store"), (uid_t)-1, getegid()), 0);
	for (int i = 0; i <= TC_FILE_STATE; i++) {
		(void)snprintf(name, sizeof(name), "store/%s",
			       tc_store_names[i]);
		assert_int_equal(
		    chown(test_host_path(host, name), (uid_t)-1, getegid()), 0);
	}
}

/* A service that gave up root cannot know the keys that came after. */
static void
without_root(void **state)
{
	static const struct tc_create spec = { .user = "unit-alice",
					       .label = "laptop" };
	struct test_host *host = *state;
	struct tc_options options = { .config = test_host_path(host, "apitoken."
								     "conf") };
	struct test_login before, after;
	struct tc_result res;
	tc_handle *service;
	unsigned made;

	if (geteuid() != 0) {
		print_error("skipped: to give up root takes root\n");
		return;
	}
	test_host_conf(host, "none", "");
	give_to_our_group(host);
	assert_int_equal(chmod(host->dir, 0755), 0);
	assert_int_equal(chmod(test_host_path(host, "store"), 0750), 0);
	before = test_login(host, &spec);
	assert_int_equal(tc_open(&service, &options, NULL), TC_OK);
	assert_int_equal(login(service, before.token, &res), TC_VALID);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(login(service, before.token, &res), TC_VALID);
	assert_int_equal(seteuid(0), 0);

	WORKS(host, add(host, 2, &made));
	WORKS(host, activate(host, 2));
	after = test_login(host, &spec);
	assert_int_equal(chmod(PATH(host), 0600), 0);
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(login(service, before.token, &res), TC_VALID);
	assert_int_equal(login(service, after.token, &res), TC_UNAVAILABLE);
	assert_non_null(strstr(res.detail, "may not read them"));
	assert_int_equal(seteuid(0), 0);
	tc_free(service);
	tc_record_free(before.rec);
	tc_record_free(after.rec);
}

/* Somebody puts the section of a retired key back as it was. */
static void
retired_whatever_the_file_says(void **state)
{
	struct test_host *host = *state;
	unsigned made;
	size_t len;
	char *text;

	WORKS(host, add(host, 2, &made));
	text = test_read(PATH(host), &len);
	WORKS(host, retire(host, 2));
	test_text(PATH(host), 0600, text);
	free(text);
	assert_int_equal(state_of(host, 2), TC_KEY_VERIFY);
	REFUSES(host, TC_E_REFUSED, "key 2 is retired", activate(host, 2));
}

static void
active_already(void **state)
{
	struct test_host *host = *state;
	struct test_still still = test_still_now(host);

	WORKS(host, activate(host, 1));
	test_still(host, &still);
	REFUSES(host, TC_E_REFUSED, "", retire(host, 1));
}

/* A file that a person wrote need not end in a newline. */
static void
no_newline(void **state)
{
	struct test_host *host = *state;
	unsigned made;
	size_t len;
	char *text = test_read(PATH(host), &len);

	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	test_text(PATH(host), 0600, text);
	free(text);
	WORKS(host, add(host, 0, &made));
	assert_int_equal(state_of(host, 1), TC_KEY_ACTIVE);
	assert_int_equal(state_of(host, 2), TC_KEY_VERIFY);
}

static void
as_many_as_there_may_be(void **state)
{
	struct test_host *host = *state;
	unsigned made;

	for (unsigned i = 1; i < TC_KEYS_MAX; i++)
		WORKS(host, add(host, 0, &made));
	assert_int_equal(made, TC_KEYS_MAX);
	REFUSES(host, TC_E_REFUSED, "64 keys already", add(host, 0, &made));
}

/* To its last byte the file can be read, and not beyond. */
static void
too_long(void **state)
{
	struct test_host *host = *state;
	unsigned made;
	size_t len;
	char *text = test_read(PATH(host), &len);
	char *longer = calloc(1, TC_SECRETS_MAX + 1);

	assert_non_null(longer);
	memcpy(longer, text, len);
	while (len < TC_SECRETS_MAX - 20) {
		size_t rest = TC_SECRETS_MAX - 20 - len;
		size_t line = rest < 80 ? rest : 80;

		memset(longer + len, '#', line - 1);
		longer[len + line - 1] = '\n';
		len += line;
	}
	test_text(PATH(host), 0600, longer);
	REFUSES(host, TC_E_REFUSED, "would be too long", add(host, 0, &made));
	free(longer);
	free(text);
}

#define HOST_TEST(f)                                                           \
	cmocka_unit_test_setup_teardown(f, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOST_TEST(numbers),
		HOST_TEST(retired_for_good),
		HOST_TEST(retired_whatever_the_file_says),
		HOST_TEST(section_gone_meanwhile),
		HOST_TEST(without_root),
		HOST_TEST(active_already),
		HOST_TEST(no_newline),
		HOST_TEST(as_many_as_there_may_be),
		HOST_TEST(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

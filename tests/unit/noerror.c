/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every call that tells why it failed can be asked without: it gives the same
 * code, and it works as well.
 */
#include "host.h"

#include <stdlib.h>

#define NOBODYS "00000000000000000000000z"

/* Refused, with and without being told why. */
#define GIVES(want, call)                                                      \
	do {                                                                   \
		struct tc_error told_ = { .code = TC_OK }, *err = &told_;      \
		int with_ = (call), without_;                                  \
		err = NULL;                                                    \
		without_ = (call);                                             \
		if (with_ != (want) || told_.code != (want) ||                 \
		    !told_.text[0] || without_ != (want))                      \
			fail_msg("line %d: %d (%s), %d", __LINE__, with_,      \
				 told_.text, without_);                        \
	} while (0)

static const char *const nobodys[] = { NOBODYS };
static const struct tc_actor stranger = { .uid = 4711, .name = "stranger" };
static const struct tc_create spec = { .user = "unit-alice",
				       .label = "laptop" };

static int
no_record(void *arg, const struct tc_record *rec)
{
	(void)arg;
	(void)rec;
	return 1;
}

static int
no_mark(void *arg, const struct tc_ended *ended)
{
	(void)arg;
	(void)ended;
	return 1;
}

static void
making(void **state)
{
	struct test_host *host = *state;
	struct tc_create nameless = { .user = "", .label = "laptop" };
	struct tc_caveat caveat = { .type = TC_CAVEAT_SERVICE };
	char token[TC_TOKEN_MAX + 1], tokens[2][TC_TOKEN_MAX + 1];
	tc_handle *h = host->h;

	GIVES(TC_E_INVALID,
	      tc_create(h, &test_actor, &nameless, token, NULL, err));
	GIVES(TC_E_INVALID,
	      tc_create_many(h, &test_actor, &nameless, 1, tokens, NULL, err));
	GIVES(TC_E_NOTFOUND,
	      tc_copy(h, &test_actor, NOBODYS, NULL, NULL, token, NULL, err));
	GIVES(TC_E_NOTFOUND,
	      tc_regenerate(h, &test_actor, NOBODYS, 0, token, NULL, err));
	GIVES(TC_E_INVALID, tc_narrow("tkc1_", 5, &caveat, 1, token, err));
}

static void
looking(void **state)
{
	struct test_host *host = *state;
	struct tc_record *rec;
	char id[TC_ID_LEN + 1];
	tc_handle *h = host->h;

	GIVES(TC_E_NOTFOUND, tc_find(h, NULL, NOBODYS, id, err));
	GIVES(TC_E_NOTFOUND, tc_show(h, NULL, NOBODYS, &rec, err));
	GIVES(TC_E_PERMISSION, tc_list_ended(h, &stranger, no_mark, NULL, err));
}

static void
changing(void **state)
{
	struct test_host *host = *state;
	struct tc_edit edit = { .what = TC_EDIT_LABEL, .label = "phone" };
	tc_handle *h = host->h;

	GIVES(TC_E_NOTFOUND, tc_edit(h, &test_actor, nobodys, 1, &edit, err));
	GIVES(TC_E_NOTFOUND, tc_renew(h, &test_actor, nobodys, 1, 0, err));
	GIVES(TC_E_NOTFOUND, tc_revoke(h, &test_actor, nobodys, 1, "", err));
	GIVES(TC_E_NOTFOUND, tc_delete(h, &test_actor, nobodys, 1, "", err));
	GIVES(TC_E_PERMISSION, tc_revoke_all(h, &stranger, NULL, 0, "", err));
	GIVES(TC_E_PERMISSION,
	      tc_restore(h, &stranger, NULL, 0, NULL, 0, 0, NULL, err));
	GIVES(TC_E_PERMISSION, tc_compact(h, &stranger, err));
	GIVES(TC_E_INVALID, tc_key_add(h, &test_actor, 70000, NULL, NULL, err));
	GIVES(TC_E_NOTFOUND, tc_key_activate(h, &test_actor, 9, err));
	GIVES(TC_E_NOTFOUND, tc_key_retire(h, &test_actor, 9, err));
}

static void
words(void **state)
{
	struct tc_source source;
	int64_t when;

	(void)state;
	GIVES(TC_E_INVALID, tc_parse_when("soon", 1, &when, err));
	GIVES(TC_E_INVALID, tc_parse_moment("soon", 1, 1, &when, err));
	GIVES(TC_E_INVALID, tc_parse_source("here", &source, err));
}

/* The configuration is gone: what needs nothing else is refused, too. */
static void
nothing_there(void **state)
{
	struct test_host *host = *state;
	const char *config = test_host_path(host, "none.conf");
	struct tc_options options = { .config = config };
	struct tc_import item = { .spec = spec };
	struct tc_key_info *keys;
	struct tc_info info;
	size_t n;
	tc_handle *h = host->h;

	GIVES(TC_E_EXISTS,
	      tc_init(test_host_path(host, "apitoken.conf"), NULL, err));
	GIVES(TC_E_UNAVAILABLE, tc_open(&h, &options, err));
	h = host->h;
	test_text(test_host_path(host, "apitoken.conf"), 0644, "x\n");
	GIVES(TC_E_UNAVAILABLE, tc_list(h, NULL, NULL, no_record, NULL, err));
	GIVES(TC_E_UNAVAILABLE, tc_list_ended(h, NULL, no_mark, NULL, err));
	GIVES(TC_E_UNAVAILABLE, tc_info(h, &info, err));
	GIVES(TC_E_UNAVAILABLE, tc_compact(h, &test_actor, err));
	GIVES(TC_E_UNAVAILABLE, tc_import(h, &test_actor, &item, 1, err));
	GIVES(TC_E_UNAVAILABLE, tc_key_list(h, &keys, &n, err));
}

static void
whole_life(void **state)
{
	struct test_host *host = *state;
	struct tc_edit edit = { .what = TC_EDIT_LABEL, .label = "phone" };
	struct tc_record *rec, *made;
	struct tc_key_info *keys;
	struct tc_info info;
	size_t n;
	char token[TC_TOKEN_MAX + 1], id[TC_ID_LEN + 1];
	const char *const ids[] = { id };
	tc_handle *h = host->h;

	assert_int_equal(tc_create(h, &test_actor, &spec, token, &rec, NULL),
			 TC_OK);
	assert_int_equal(tc_find(h, NULL, "unit-alice/laptop", id, NULL), 0);
	assert_string_equal(id, rec->id);
	tc_record_free(rec);
	assert_int_equal(tc_edit(h, &test_actor, ids, 1, &edit, NULL), TC_OK);
	assert_int_equal(tc_renew(h, &test_actor, ids, 1, 0, NULL), TC_OK);
	assert_int_equal(
	    tc_copy(h, &test_actor, id, NULL, NULL, token, NULL, NULL), TC_OK);
	assert_int_equal(tc_regenerate(h, &test_actor, id, TC_EXPIRES_KEEP,
				       token, &made, NULL),
			 TC_OK);
	assert_string_equal(made->replaces, id);
	tc_record_free(made);
	assert_int_equal(tc_delete(h, &test_actor, ids, 1, "", NULL), TC_OK);
	assert_int_equal(tc_compact(h, &test_actor, NULL), TC_OK);
	assert_int_equal(tc_key_add(h, &test_actor, 2, NULL, NULL, NULL), 0);
	assert_int_equal(tc_key_activate(h, &test_actor, 2, NULL), TC_OK);
	assert_int_equal(tc_key_retire(h, &test_actor, 1, NULL), TC_OK);
	assert_int_equal(tc_key_list(h, &keys, &n, NULL), TC_OK);
	assert_int_equal(n, 2);
	free(keys);
	assert_int_equal(tc_info(h, &info, NULL), TC_OK);
	assert_true(info.tokens == 3);
}

#define HOST_TEST(f)                                                           \
	cmocka_unit_test_setup_teardown(f, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOST_TEST(making),     HOST_TEST(looking),
		HOST_TEST(changing),   cmocka_unit_test(words),
		HOST_TEST(whole_life), HOST_TEST(nothing_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many new tokens in one commit: all of them or none. */
#include "told.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"

#define T INT64_C(1800000000)
#define ROOM (TC_MANY_MAX + 1)

static char tokens[ROOM][TC_TOKEN_MAX + 1];
static struct tc_create specs[ROOM];
static struct tc_record *recs[ROOM];
static char labels[ROOM][16];

static int
set_up(void **state)
{
	test_clock = T;
	for (size_t i = 0; i < ROOM; i++) {
		(void)snprintf(labels[i], sizeof(labels[i]), "no %zu", i);
		specs[i] = (struct tc_create){ .user = i % 3 ? "unit-alice"
							     : "unit-bob",
					       .label = labels[i] };
	}
	return test_host_make(state);
}

static int
tear_down(void **state)
{
	int rc = test_host_remove(state);

	test_clock = 0;
	return rc;
}

static int
create(struct test_host *host, size_t n, struct tc_record **out)
{
	return tc_create_many(host->h, &test_actor, specs, n, tokens, out,
			      &host->err);
}

/* Refused: all values are "", no record is given, nothing was made. */
static void
refused(struct test_host *host, size_t n, int want, const char *words)
{
	memset(tokens, 'x', sizeof(tokens));
	memset(recs, 0, sizeof(recs));
	REFUSES(host, want, words, create(host, n, recs));
	for (size_t i = 0; i < ROOM; i++) {
		assert_int_equal(tokens[i][0], i < n ? '\0' : 'x');
		assert_null(recs[i]);
	}
}

static void
as_many_as_asked(struct test_host *host, size_t n)
{
	struct test_told before = test_told_now(host);
	struct test_line *lines = test_calloc(n, sizeof(*lines));
	struct tc_info was, is;

	WORKS(host, tc_info(host->h, &was, &host->err));
	WORKS(host, create(host, n, recs));
	WORKS(host, tc_info(host->h, &is, &host->err));
	assert_true(is.commits == was.commits + 1);
	assert_true(is.tokens == was.tokens + n);
	for (size_t i = 0; i < n; i++)
		lines[i] =
		    (struct test_line){ "create",      recs[i]->id, labels[i],
					specs[i].user, 1,	    "admin",
					NULL };
	test_told(host, before, lines, n);
	test_free(lines);
	for (size_t i = 0; i < n; i++) {
		struct test_login l = { .host = host, .rec = recs[i] };

		memcpy(l.token, tokens[i], sizeof(l.token));
		EXPECT(&l, specs[i].user, NULL, NULL, 0, TC_VALID);
		assert_string_equal(l.res.id, recs[i]->id);
		assert_string_equal(l.res.label, labels[i]);
		tc_record_free(recs[i]);
	}
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
one_and_a_thousand(void **state)
{
	struct test_host *host = *state;

	as_many_as_asked(host, 1);
	as_many_as_asked(host, TC_MANY_MAX);
	qsort(tokens, TC_MANY_MAX, sizeof(tokens[0]), by_text);
	for (size_t i = 1; i < TC_MANY_MAX; i++)
		assert_string_not_equal(tokens[i], tokens[i - 1]);
	WORKS(host, create(host, 2, NULL)); /* records are not wanted */
	assert_int_equal(
	    tc_create_many(host->h, &test_actor, specs, 0, tokens, NULL, NULL),
	    TC_E_INVALID);
}

static void
too_few_too_many(void **state)
{
	struct test_host *host = *state;

	refused(host, 0, TC_E_INVALID, "1 to 1000");
	refused(host, TC_MANY_MAX + 1, TC_E_INVALID, "1 to 1000");
}

/* One that is bad, wherever it stands. */
static void
one_is_bad(void **state)
{
	static const size_t places[] = { 0, 7, 19 };
	static const struct tc_property twice[] = { { "a", "1" },
						    { "a", "2" } };
	static const struct tc_create bad[] = {
		{ .user = "unit-alice", .label = "" },
		{ .user = "unit-alice" },
		{ .user = "", .label = "x" },
		{ .user = "a b", .label = "x" },
		{ .label = "x" },
		{ .user = "unit-alice", .label = "x", .expires = T },
		{ .user = "unit-alice", .label = "x", .expires = -2 },
		{ .user = "unit-alice", .label = "x", .expires = T + 3601 },
		{ .user = "unit-alice",
		  .label = "x",
		  .n_services = TC_SERVICES_MAX + 1 },
		{ .user = "unit-alice",
		  .label = "x",
		  .n_properties = 2,
		  .properties = twice },
	};
	struct test_host *host = *state;

	test_host_conf(host, NULL,
		       "max_lifetime = 1h\ndefault_lifetime = 1h\n");
	for (size_t i = 0; i < ROOM; i++)
		specs[i].expires = TC_EXPIRES_DEFAULT;
	for (size_t b = 0; b < ARRAY_LEN(bad); b++) {
		size_t at = places[b % ARRAY_LEN(places)];
		struct tc_create was = specs[at];
		int policy = bad[b].expires == T + 3601;

		specs[at] = bad[b];
		refused(host, 20, policy ? TC_E_REFUSED : TC_E_INVALID, "");
		specs[at] = was;
	}
	WORKS(host, create(host, 20, NULL));
}

/* What fails at the very end, too. */
static void
no_line_no_token(void **state)
{
	struct test_host *host = *state;

	test_host_conf(host, "absent/audit.json", "");
	refused(host, 20, TC_E_UNAVAILABLE, "absent");
	test_host_conf(host, NULL, "");
	WORKS(host, create(host, 1, NULL));
}

#define AT_T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		AT_T(one_and_a_thousand),
		AT_T(too_few_too_many),
		AT_T(one_is_bad),
		AT_T(no_line_no_token),
	};

	return cmocka_run_group_tests_name("many", tests, NULL, NULL);
}

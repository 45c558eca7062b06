/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values made elsewhere on a store that was tampered with, or cannot be read:
 * a record that is not the value's own lets nobody in, and passwords go on
 * working while it cannot be told whether they are such values.
 */
#include "told.h"

#include <stdlib.h>
#include <syslog.h>

#define VALUE "12345678901234567890"
#define OTHER "another value, as long as it has to be"
#define LOOKED_UP "imported values cannot be looked up: "

static const struct tc_create plain = { .user = "unit-alice",
					.label = "from the portal" };

static struct tc_request
request(const char *value, const char *user)
{
	return test_request(value, user, TC_IMPORTED);
}

static void
expect(struct test_host *host, const struct tc_request *req,
       enum tc_verdict want)
{
	(void)test_expect(host, req, want, want != TC_NOT_A_TOKEN);
	assert_null(strstr(host->line, VALUE));
}

/* A password while values cannot be looked up: loud, and not refused. */
static void
expect_trouble(struct test_host *host, const struct tc_request *req,
	       const char *why)
{
	struct tc_result res;

	host->lines = 0;
	assert_int_equal(tc_verify(host->h, req, &res), TC_NOT_A_TOKEN);
	assert_int_equal(res.proved, 0);
	assert_int_equal(host->lines, 1);
	assert_int_equal(host->priority, LOG_ERR);
	if (strncmp(host->line, LOOKED_UP, strlen(LOOKED_UP)) != 0 ||
	    !strstr(host->line, why))
		fail_msg("%s is not why: %s", why, host->line);
	assert_string_equal(res.detail, host->line);
	assert_null(strstr(host->line, VALUE));
}

/* ---- tampered with ---- */

static void
records_changed(void **state)
{
	struct test_host *host = *state;
	struct tc_request req = request(VALUE, "unit-alice");
	struct tc_record *r, *other, changed;
	char id[TC_ID_LEN + 1], id2[TC_ID_LEN + 1];

	WORKS(host, test_host_import(host, &plain, VALUE, id));
	WORKS(host, test_host_import(host, &plain, OTHER, id2));
	r = test_show(host, id);
	other = test_show(host, id2);
	for (size_t flip = 1; flip <= 20; flip++) {
		test_host_put(host, r, id, flip);
		expect(host, &req, TC_UNAVAILABLE);
		assert_int_equal(host->priority, LOG_ERR);
	}
	test_host_put(host, other, id, 0);
	expect(host, &req, TC_UNAVAILABLE);
	assert_non_null(strstr(host->line, "seal"));
	/* Sealed as it should be, but not this value's. */
	changed = *r;
	changed.imported = 0;
	test_host_put(host, &changed, id, 0);
	expect(host, &req, TC_UNAVAILABLE);
	changed = *r;
	changed.user = "unit-bob";
	test_host_put(host, &changed, id, 0);
	expect(host, &req, TC_UNAVAILABLE);
	assert_non_null(strstr(host->line, "not of this value"));
	test_host_put(host, r, id, 0);
	expect(host, &req, TC_VALID);
	tc_record_free(r);
	tc_record_free(other);
}

/* No token finds a value's record, were it in its place. */
static void
not_for_tokens(void **state)
{
	struct test_host *host = *state;
	char token[TC_TOKEN_MAX + 1] = "";
	struct tc_record *r = test_host_token(host, &plain, token), changed;
	struct tc_request req = request(token, "unit-alice");

	expect(host, &req, TC_VALID);
	changed = *r;
	changed.imported = 1;
	test_host_put(host, &changed, r->id, 0);
	expect(host, &req, TC_UNAVAILABLE);
	assert_non_null(strstr(host->line, "not of a token"));
	req.flags = 0;
	expect(host, &req, TC_UNAVAILABLE);
	tc_record_free(r);
}

/* ---- trouble ---- */

static void
each_file(void **state)
{
	struct test_host *host = *state;
	struct tc_request req = request(VALUE, "unit-alice");
	struct tc_request password = request("an ordinary password", "x");
	struct tc_request brief = request("hunter2", "unit-alice");

	WORKS(host, test_host_import(host, &plain, VALUE, NULL));
	for (unsigned turn = 0; turn < TEST_SPOILS; turn++) {
		struct test_spoilt s = test_spoil(host, turn);

		expect_trouble(host, &req, s.name);
		expect_trouble(host, &password, s.name);
		expect(host, &brief, TC_NOT_A_TOKEN);
		test_mend(&s);
		expect(host, &req, TC_VALID);
	}
}

/* Whether the value is there cannot be told. */
static void
damaged_page(void **state)
{
	struct test_host *host = *state;
	struct tc_request req = request(VALUE, "unit-alice");
	struct tc_lookup at = { .key_len = 0 };
	unsigned char bytes[TC_ID_BYTES];
	char id[TC_ID_LEN + 1];
	const char *path = test_host_path(host, "store/right.gdbm");
	char *data, *hit;
	size_t len;

	WORKS(host, test_host_import(host, &plain, VALUE, id));
	assert_int_equal(tc_id_bytes(id, bytes), 0);
	tc_key_token(&at, bytes);
	data = test_read(path, &len);
	hit = memmem(data, len, at.key, at.key_len);
	assert_non_null(hit);
	hit[5] ^= 1;
	test_write(path, 0600, data, len);
	expect_trouble(host, &req, "right.gdbm");
	hit[5] ^= 1;
	test_write(path, 0600, data, len);
	expect(host, &req, TC_VALID);
	free(data);
}

static void
silence(void **state)
{
	struct test_host *host = *state;
	struct tc_request req = request(VALUE, "unit-alice");
	struct tc_result res;

	WORKS(host, test_host_import(host, &plain, VALUE, NULL));
	test_host_conf(host, NULL, "syslog = no\n");
	test_text(test_host_path(host, "store/state"), 0600, "nonsense");
	host->lines = 0;
	assert_int_equal(tc_verify(host->h, &req, &res), TC_NOT_A_TOKEN);
	assert_int_equal(host->lines, 0);
	assert_non_null(strstr(res.detail, LOOKED_UP));
}

/* A key that this process does not know of may have been added. */
static void
stale_keys(void **state)
{
	struct test_host *host = *state;
	struct tc_request req = request(VALUE, "unit-alice");
	struct tc_policy *p = tc_policy_get(host->h, &host->err);

	assert_non_null(p);
	p->stale = 1;
	tc_policy_put(host->h, p);
	expect_trouble(host, &req, "the keys changed");
	WORKS(host, test_host_import(host, &plain, VALUE, NULL));
	expect(host, &req, TC_VALID);
}

static void
no_handle(void **state)
{
	struct tc_request req = request(VALUE, "unit-alice");
	struct tc_result res;

	(void)state;
	assert_int_equal(tc_verify(NULL, &req, &res), TC_NOT_A_TOKEN);
	assert_non_null(strstr(res.detail, LOOKED_UP));
	req.user = NULL;
	assert_int_equal(tc_verify(NULL, &req, &res), TC_NOT_A_TOKEN);
	assert_string_equal(res.detail, "");
	req.user = "unit-alice";
	req.authtok_len = 19;
	assert_int_equal(tc_verify(NULL, &req, &res), TC_NOT_A_TOKEN);
	assert_string_equal(res.detail, "");
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(records_changed),  WITH_HOST(not_for_tokens),
		WITH_HOST(each_file),	     WITH_HOST(damaged_page),
		WITH_HOST(silence),	     WITH_HOST(stale_keys),
		cmocka_unit_test(no_handle),
	};

	return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}

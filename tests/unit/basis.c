/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a decision rested on holds as long as nothing of it changed, and tells
 * of each change. */
#include "told.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

#define T TEST_CLOCK_T

/* While it is set every file has the stamp that it had. */
static int same_stamps;
static time_t since; /* added to the clock that nobody sets */

int __real_tc_stamp_fits(const struct tc_stamp *stamp, const struct stat *st);
int __wrap_tc_stamp_fits(const struct tc_stamp *stamp, const struct stat *st);
int
__wrap_tc_stamp_fits(const struct tc_stamp *stamp, const struct stat *st)
{
	return same_stamps || __real_tc_stamp_fits(stamp, st);
}

int __real_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);
int
__wrap_clock_gettime(clockid_t id, struct timespec *out)
{
	int rc = __real_clock_gettime(id, out);

	if (id == CLOCK_BOOTTIME)
		out->tv_sec += since;
	return rc;
}

static const struct tc_create plain = { .user = "unit-alice",
					.label = "laptop",
					.expires = T + 30 };
static char token[TC_TOKEN_MAX + 1];
static struct tc_record *rec;
static tc_basis *basis;
static struct tc_request req;

/* A token, a login with it, and its basis. */
static void
take(struct test_host *host)
{
	struct tc_result res;

	tc_basis_free(basis);
	tc_record_free(rec);
	rec = test_host_token(host, &plain, token);
	req = (struct tc_request){ .authtok = token,
				   .authtok_len = strlen(token),
				   .user = "unit-alice",
				   .service = "imap",
				   .rhost = "192.0.2.7" };
	if (tc_verify(host->h, &req, &res) != TC_VALID)
		fail_msg("%s %s", tc_verdict_name(res.verdict), res.detail);
	basis = tc_basis_take(host->h, &req, &res);
	assert_non_null(basis);
	assert_true(tc_basis_holds(basis, &req));
}

static int
tear_down(void **state)
{
	tc_basis_free(basis);
	tc_record_free(rec);
	basis = NULL;
	rec = NULL;
	same_stamps = 0;
	since = 0;
	return test_clocked_remove(state);
}

#define DIFFERS(what)                                                          \
	do {                                                                   \
		struct tc_request kept_ = req;                                 \
		what;                                                          \
		assert_false(tc_basis_holds(basis, &req));                     \
		req = kept_;                                                   \
		assert_true(tc_basis_holds(basis, &req));                      \
	} while (0)

static void
another_request(void **state)
{
	take(*state);
	DIFFERS(req.user = "unit-bob");
	DIFFERS(req.user = NULL);
	DIFFERS(req.service = "smtp");
	DIFFERS(req.service = NULL);
	DIFFERS(req.rhost = "192.0.2.8");
	DIFFERS(req.rhost = NULL);
	DIFFERS(req.flags = TC_ALLOW_ROOT);
	DIFFERS(req.minimum_uid = 1000);
	req.authtok = NULL;
	assert_true(tc_basis_holds(basis, &req));
	assert_false(tc_basis_holds(NULL, &req));
}

static void
another_time(void **state)
{
	take(*state);
	test_clock = T + 29;
	assert_true(tc_basis_holds(basis, &req));
	test_clock = T + 30; /* expired */
	assert_false(tc_basis_holds(basis, &req));
	test_clock = T - 1;
	assert_false(tc_basis_holds(basis, &req));
	test_clock = T;
	assert_true(tc_basis_holds(basis, &req));
}

static void
too_old(void **state)
{
	struct test_host *host = *state;
	struct tc_result res;
	const char *id;

	take(host);
	id = rec->id;
	WORKS(host, tc_renew(host->h, &test_actor, &id, 1, 0, &host->err));
	tc_basis_free(basis);
	assert_int_equal(tc_verify(host->h, &req, &res), TC_VALID);
	basis = tc_basis_take(host->h, &req, &res);
	test_clock = T + 60;
	assert_true(tc_basis_holds(basis, &req));
	test_clock = T + 61;
	assert_false(tc_basis_holds(basis, &req));
}

/* The clock was set back by as much. */
static void
an_hour_later(void **state)
{
	take(*state);
	since = 3600;
	assert_false(tc_basis_holds(basis, &req));
	since = -3600;
	assert_false(tc_basis_holds(basis, &req));
	since = 0;
	assert_true(tc_basis_holds(basis, &req));
}

/* The files' stamps may come again; the commit's number does not. */
static void
stamps_again(void **state)
{
	struct test_host *host = *state;
	const char *id;

	take(host);
	id = rec->id;
	WORKS(host, tc_revoke(host->h, &test_actor, &id, 1, "", &host->err));
	same_stamps = 1;
	assert_false(tc_basis_holds(basis, &req));
}

/* Any commit, be it another token's. */
static void
commits(void **state)
{
	struct test_host *host = *state;
	struct tc_record *other;
	char text[TC_TOKEN_MAX + 1];
	const char *id;

	take(host);
	id = rec->id;
	WORKS(host, tc_revoke(host->h, &test_actor, &id, 1, "", &host->err));
	assert_false(tc_basis_holds(basis, &req));
	take(host);
	other = test_host_token(host, &plain, text);
	assert_false(tc_basis_holds(basis, &req));
	tc_record_free(other);
}

static void
touch(const struct test_host *host, const char *name)
{
	const char *path = test_host_path(host, name);

	assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
}

static void
files(void **state)
{
	static const char *const names[] = { "apitoken.conf", "secret.conf",
					     "store/state" };
	struct test_host *host = *state;
	char path[4096];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		take(host);
		touch(host, names[i]);
		assert_false(tc_basis_holds(basis, &req));
		take(host);
		(void)snprintf(path, sizeof(path), "%s",
			       test_host_path(host, names[i]));
		assert_int_equal(chmod(path, 0400), 0);
		assert_false(tc_basis_holds(basis, &req));
		assert_int_equal(chmod(path, 0600), 0);
	}
	/* One of the two is current. */
	take(host);
	touch(host, "store/left.gdbm");
	touch(host, "store/right.gdbm");
	assert_false(tc_basis_holds(basis, &req));
}

static void
folders(void **state)
{
	static const char *const names[] = { ".", "store" };
	struct test_host *host = *state;
	char path[4096];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		take(host);
		(void)snprintf(path, sizeof(path), "%s",
			       test_host_path(host, names[i]));
		assert_int_equal(chmod(path, 0777), 0);
		assert_false(tc_basis_holds(basis, &req));
		assert_int_equal(chmod(path, 0700), 0);
	}
}

/* The same files under another folder, as a handle would find it now. */
static void
link_turned(void **state)
{
	struct test_host *host = *state;
	struct tc_options options = { 0 };
	char link[4096], config[4200], folder[4096];
	struct tc_error err;
	tc_handle *kept = host->h;

	(void)snprintf(folder, sizeof(folder), "%s", test_host_path(host, "."));
	(void)snprintf(link, sizeof(link), "%s.link", host->dir);
	(void)snprintf(config, sizeof(config), "%s/apitoken.conf", link);
	assert_int_equal(symlink(folder, link), 0);
	options.config = config;
	assert_int_equal(tc_open(&host->h, &options, &err), TC_OK);
	take(host);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("/", link), 0);
	assert_false(tc_basis_holds(basis, &req));
	assert_int_equal(unlink(link), 0);
	tc_free(host->h);
	host->h = kept;
}

static void
another_user(void **state)
{
	take(*state);
	if (geteuid() != 0)
		return;
	assert_int_equal(seteuid(1), 0);
	assert_false(tc_basis_holds(basis, &req));
	assert_int_equal(seteuid(0), 0);
	assert_true(tc_basis_holds(basis, &req));
}

static void
none(void **state)
{
	struct test_host *host = *state;
	struct tc_result res;

	take(host);
	req.user = "unit-bob";
	assert_int_equal(tc_verify(host->h, &req, &res), TC_WRONG_USER);
	assert_null(tc_basis_take(host->h, &req, &res));
	req.user = NULL;
	assert_int_equal(tc_verify(host->h, &req, &res), TC_VALID);
	assert_null(tc_basis_take(host->h, &req, &res));
	req.user = "unit-alice";
	req.now = T;
	assert_int_equal(tc_verify(host->h, &req, &res), TC_VALID);
	assert_null(tc_basis_take(host->h, &req, &res));
	tc_basis_free(NULL);
}

#define AT_T(test)                                                             \
	cmocka_unit_test_setup_teardown(test, test_clocked_make, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		AT_T(another_request), AT_T(another_time), AT_T(too_old),
		AT_T(an_hour_later),   AT_T(stamps_again), AT_T(folders),
		AT_T(link_turned),     AT_T(another_user), AT_T(commits),
		AT_T(files),	       AT_T(none),
	};

	return cmocka_run_group_tests_name("basis", tests, NULL, NULL);
}

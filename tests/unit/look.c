/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is looked up before a decision spares it work and changes no verdict:
 * whatever comes between the two is seen. */
#include "told.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static const struct tc_create alice = { .user = "unit-alice",
					.label = "laptop" };
static const struct tc_create bob = { .user = "unit-bob", .label = "phone" };

static unsigned parsed; /* records */

struct tc_record *__real_tc_record_read(const unsigned char *item_key,
					const unsigned char *data, size_t len);
struct tc_record *__wrap_tc_record_read(const unsigned char *item_key,
					const unsigned char *data, size_t len);
struct tc_record *
__wrap_tc_record_read(const unsigned char *item_key, const unsigned char *data,
		      size_t len)
{
	parsed++;
	return __real_tc_record_read(item_key, data, len);
}

/* While it is set times of files are too coarse to tell them apart. */
static int coarse;

struct tc_stamp __real_tc_stamp_of(const struct stat *st);
struct tc_stamp __wrap_tc_stamp_of(const struct stat *st);
struct tc_stamp
__wrap_tc_stamp_of(const struct stat *st)
{
	struct stat same = *st;

	if (coarse) {
		memset(&same.st_mtim, 0, sizeof(same.st_mtim));
		memset(&same.st_ctim, 0, sizeof(same.st_ctim));
	}
	return __real_tc_stamp_of(&same);
}

static int
set_up(void **state)
{
	coarse = 0;
	return test_host_make(state);
}

/* A token that was looked up. */
struct looked {
	struct test_login of;
	tc_look *look;
};

static tc_look *
look_up(struct test_host *host, const char *token)
{
	return tc_look_up(host->h, token, strlen(token));
}

static struct looked
looked(struct test_host *host, const struct tc_create *spec)
{
	struct looked l = { .of = test_login(host, spec) };

	l.look = look_up(host, l.of.token);
	assert_non_null(l.look);
	assert_string_equal(tc_look_owner(l.look), spec->user);
	return l;
}

static void
end(struct looked *l)
{
	tc_look_free(l->look);
	tc_record_free(l->of.rec);
}

static enum tc_verdict
try(struct test_host *host, const char *token, const char *user,
    const tc_look *look)
{
	struct tc_request req = { .authtok = token,
				  .authtok_len = strlen(token),
				  .user = user,
				  .look = look };
	struct tc_result res;

	parsed = 0;
	return tc_verify(host->h, &req, &res);
}

static enum tc_verdict
verdict(struct looked *l)
{
	return try(l->of.host, l->of.token, l->of.rec->user, l->look);
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

/* ---- the owner ---- */

#define OWNER(host, token, want)                                               \
	do {                                                                   \
		tc_look *look_ = look_up(host, token);                         \
		assert_non_null(look_);                                        \
		assert_string_equal(tc_look_owner(look_), want);               \
		tc_look_free(look_);                                           \
	} while (0)

#define NOTHING(host, token, want)                                             \
	do {                                                                   \
		struct test_still still_ = test_still_now(host);               \
		assert_null(look_up(host, token));                             \
		test_still(host, &still_);                                     \
		assert_int_equal(try(host, token, "unit-alice", NULL), want);  \
	} while (0)

static void
owners(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &alice);
	char token[TC_TOKEN_MAX + 1];

	OWNER(host, l.token, "unit-alice");
	/* It is not told whether the tag is right. */
	test_host_remake(l.token, NULL, flip_tag, token);
	OWNER(host, token, "unit-alice");
	test_host_remake(l.token, "unit-alice", flip_nonce, token);
	OWNER(host, token, "");
	assert_string_equal(tc_look_owner(NULL), "");
	tc_look_free(NULL);
	tc_record_free(l.rec);
}

/* What cannot be told is said by the decision. */
static void
nothing(void **state)
{
	struct test_host *host = *state;
	struct test_login l = test_login(host, &alice);
	char mistyped[TC_TOKEN_MAX + 1];

	memcpy(mistyped, l.token, sizeof(mistyped));
	mistyped[20] = mistyped[20] == '0' ? '1' : '0';
	NOTHING(host, "a password", TC_NOT_A_TOKEN);
	NOTHING(host, mistyped, TC_BAD_CHECKSUM);
	test_host_put(host, l.rec, l.rec->id, 3);
	OWNER(host, l.token, "");
	assert_int_equal(try(host, l.token, "unit-alice", NULL),
			 TC_UNAVAILABLE);
	test_text(test_host_path(host, "store/state"), 0600, "nonsense");
	NOTHING(host, l.token, TC_UNAVAILABLE);
	test_host_conf(host, NULL, "nonsense = 1\n");
	NOTHING(host, l.token, TC_UNAVAILABLE);
	tc_record_free(l.rec);
}

/* ---- the decision ---- */

#define SPARED(want, call)                                                     \
	do {                                                                   \
		assert_int_equal(call, want);                                  \
		assert_int_equal(parsed, 0);                                   \
	} while (0)

#define ANEW(want, call)                                                       \
	do {                                                                   \
		assert_int_equal(call, want);                                  \
		assert_int_equal(parsed, 1);                                   \
	} while (0)

/* Each verdict is as it is without; one look may serve many. */
static void
spares(void **state)
{
	struct test_host *host = *state;
	struct looked l = looked(host, &alice);
	char token[TC_TOKEN_MAX + 1];
	tc_look *none;

	ANEW(TC_VALID, try(host, l.of.token, "unit-alice", NULL));
	SPARED(TC_VALID, verdict(&l));
	SPARED(TC_WRONG_USER, try(host, l.of.token, "unit-bob", l.look));
	SPARED(TC_VALID, try(host, l.of.token, NULL, l.look));
	test_host_remake(l.of.token, NULL, flip_tag, token);
	SPARED(TC_FORGED, try(host, token, "unit-alice", l.look));
	test_host_remake(l.of.token, "unit-alice", flip_nonce, token);
	none = look_up(host, token);
	SPARED(TC_UNKNOWN_TOKEN, try(host, token, "unit-alice", none));
	tc_look_free(none);
	end(&l);
}

static void
rechecks(void **state)
{
	struct test_host *host = *state;
	struct looked l = looked(host, &alice);
	struct tc_request req = { .authtok = l.of.token,
				  .authtok_len = strlen(l.of.token),
				  .user = "unit-bob",
				  .look = l.look };
	struct tc_result res, again;

	assert_int_equal(tc_verify(host->h, &req, &res), TC_WRONG_USER);
	req.user = "unit-alice";
	parsed = 0;
	SPARED(TC_VALID, tc_recheck(host->h, &res.proof, &req, &again));
	end(&l);
}

/* Of another token it is of no use. */
static void
another_token(void **state)
{
	struct test_host *host = *state;
	struct looked a = looked(host, &alice), b = looked(host, &bob);

	ANEW(TC_WRONG_USER, try(host, a.of.token, "unit-bob", b.look));
	ANEW(TC_VALID, try(host, a.of.token, "unit-alice", b.look));
	assert_int_equal(try(host, "a password", "unit-bob", b.look),
			 TC_NOT_A_TOKEN);
	end(&a);
	end(&b);
}

/* ---- what comes between ---- */

static void
revoked(void **state)
{
	struct test_host *host = *state;
	struct looked l = looked(host, &alice);
	const char *id = l.of.rec->id;

	WORKS(host,
	      tc_revoke(host->h, &test_actor, &id, 1, "lost", &host->err));
	ANEW(TC_REVOKED, verdict(&l));
	end(&l);
}

static void
marked(void **state)
{
	struct test_host *host = *state;
	struct looked a = looked(host, &alice), b = looked(host, &bob);

	WORKS(host, tc_revoke_all(host->h, &test_actor, "unit-alice", 0, "",
				  &host->err));
	ANEW(TC_REVOKED, verdict(&a));
	ANEW(TC_VALID, verdict(&b));
	WORKS(host,
	      tc_revoke_all(host->h, &test_actor, NULL, 0, "", &host->err));
	ANEW(TC_REVOKED, verdict(&b));
	end(&a);
	end(&b);
}

/* A commit that has nothing to do with it, and the next look. */
static void
another_commit(void **state)
{
	struct test_host *host = *state;
	struct looked a = looked(host, &alice), b;

	SPARED(TC_VALID, verdict(&a));
	b = looked(host, &bob);
	ANEW(TC_VALID, verdict(&a));
	SPARED(TC_VALID, verdict(&b));
	end(&a);
	end(&b);
}

/* The second commit after it is in the same file, which has its size still. */
static void
in_one_tick(void **state)
{
	struct test_host *host = *state;
	struct looked l;
	const char *id;

	coarse = 1;
	l = looked(host, &alice);
	id = l.of.rec->id;
	SPARED(TC_VALID, verdict(&l));
	WORKS(host, tc_revoke(host->h, &test_actor, &id, 1, "", &host->err));
	WORKS(host, tc_revoke_all(host->h, &test_actor, "unit-bob", 0, "",
				  &host->err));
	ANEW(TC_REVOKED, verdict(&l));
	end(&l);
}

/* A token that was not there yet. */
static void
made(void **state)
{
	struct test_host *host = *state;
	struct looked l = looked(host, &alice);
	struct tc_record *rec = l.of.rec;
	char token[TC_TOKEN_MAX + 1];
	struct tc_inspected seen;
	tc_look *none;

	test_host_remake(l.of.token, "unit-alice", flip_nonce, token);
	none = look_up(host, token);
	assert_int_equal(tc_inspect(token, strlen(token), &seen), TC_VALID);
	memcpy(rec->id, seen.id, sizeof(seen.id));
	test_host_put(host, rec, seen.id, 0);
	ANEW(TC_VALID, try(host, token, "unit-alice", none));
	tc_look_free(none);
	end(&l);
}

static void
bad_seal(void **state)
{
	struct test_host *host = *state;
	struct looked l = looked(host, &alice);

	test_host_put(host, l.of.rec, l.of.rec->id, 3);
	ANEW(TC_UNAVAILABLE, verdict(&l));
	tc_look_free(l.look);
	l.look = look_up(host, l.of.token);
	SPARED(TC_UNAVAILABLE, verdict(&l));
	end(&l);
}

/* ---- damage ---- */

static const char *const names[] = { "store/left.gdbm", "store/right.gdbm",
				     "store/state" };

/* Flips a bit at each place in the file where that stands; how many. */
static unsigned
damage(struct test_host *host, const char *name, const char *what)
{
	const char *path = test_host_path(host, name);
	unsigned hits = 0;
	size_t len, n = strlen(what);
	char *data = test_read(path, &len), *at = data;

	while ((at = memmem(at, len - (size_t)(at - data), what, n)) != NULL) {
		*at++ ^= 1;
		hits++;
	}
	test_write(path, 0600, data, len);
	free(data);
	return hits;
}

static void
damaged(struct test_host *host, const char *what)
{
	struct looked l = looked(host, &alice);
	unsigned hits = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		hits += damage(host, names[i], what);
	assert_true(hits > 0);
	assert_int_equal(verdict(&l), TC_UNAVAILABLE);
	end(&l);
}

static void
damaged_record(void **state)
{
	damaged(*state, "laptop");
}

static void
damaged_state(void **state)
{
	damaged(*state, "TCS1");
}

/* Whom files belong to, and who may write to them, the decision looks at. */
static void
untrusted(void **state)
{
	struct test_host *host = *state;
	struct looked l = looked(host, &alice);
	const char *path = test_host_path(host, names[2]);

	SPARED(TC_VALID, verdict(&l));
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(verdict(&l), TC_UNAVAILABLE);
	tc_look_free(l.look);
	l.look = look_up(host, l.of.token);
	assert_int_equal(verdict(&l), TC_UNAVAILABLE);
	assert_int_equal(chmod(path, 0640), 0);
	end(&l);
}

/* ---- configuration and keys ---- */

/* As they are when it is decided, and with the look's handle. */
static void
policy(void **state)
{
	const char *const config = test_host_path(*state, "apitoken.conf");
	struct test_host *host = *state;
	struct test_host other = { .dir = host->dir };
	struct looked l = looked(host, &alice);
	struct tc_options options = { .config = config };

	SPARED(TC_VALID, verdict(&l));
	WORKS(&other, tc_open(&other.h, &options, &other.err));
	ANEW(TC_VALID, try(&other, l.of.token, "unit-alice", l.look));
	tc_free(other.h);
	test_host_conf(host, NULL, "enabled = no\n");
	assert_int_equal(verdict(&l), TC_DISABLED);
	test_host_conf(host, NULL, "enabled = yes\n");
	ANEW(TC_VALID, verdict(&l));
	end(&l);
}

/* The folder that the look read from is not the one that is named now. */
static void
another_folder(void **state)
{
	struct test_host *host = *state;
	struct test_host other = { .dir = host->dir };
	const char *const config = test_host_path(host, "apitoken.conf");
	struct tc_options options = { .config = config };
	struct looked l = looked(host, &alice);
	const char *const id = l.of.rec->id;
	char command[8192];

	(void)snprintf(command, sizeof(command),
		       "cd '%s' && mv store old && cp -a old store", host->dir);
	assert_int_equal(system(command), 0);
	WORKS(&other, tc_open(&other.h, &options, &other.err));
	WORKS(&other,
	      tc_revoke(other.h, &test_actor, &id, 1, "lost", &other.err));
	tc_free(other.h);
	ANEW(TC_REVOKED, verdict(&l));
	(void)snprintf(command, sizeof(command), "rm -r '%s/old'", host->dir);
	assert_int_equal(system(command), 0);
	end(&l);
}

/* Retiring a key is a matter of the store as well. */
static void
retired(void **state)
{
	struct test_host *host = *state;
	struct looked l = looked(host, &alice);

	WORKS(host,
	      tc_key_add(host->h, &test_actor, 2,
			 "another secret of 32 characters.", NULL, &host->err));
	WORKS(host, tc_key_activate(host->h, &test_actor, 2, &host->err));
	WORKS(host, tc_key_retire(host->h, &test_actor, 1, &host->err));
	ANEW(TC_REVOKED, verdict(&l));
	end(&l);
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, set_up, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(owners),	  WITH_HOST(nothing),
		WITH_HOST(spares),	  WITH_HOST(rechecks),
		WITH_HOST(another_token), WITH_HOST(revoked),
		WITH_HOST(marked),	  WITH_HOST(another_commit),
		WITH_HOST(in_one_tick),	  WITH_HOST(made),
		WITH_HOST(bad_seal),	  WITH_HOST(damaged_record),
		WITH_HOST(damaged_state), WITH_HOST(untrusted),
		WITH_HOST(policy),	  WITH_HOST(another_folder),
		WITH_HOST(retired),
	};

	return cmocka_run_group_tests_name("look", tests, NULL, NULL);
}

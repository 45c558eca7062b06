/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view that a handle keeps open: it says nothing that a new one would
 * not. */
#include "keep.h"
#include "commit.h"
#include "fill.h"
#include "host.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOKENS 8

static const struct tc_create spec = { .user = "unit-alice",
				       .label = "laptop" };

static enum tc_verdict
verdict(struct test_host *host, const char *token)
{
	struct tc_request req = { .authtok = token,
				  .authtok_len = strlen(token),
				  .user = "unit-alice" };
	struct tc_result res;

	return tc_verify(host->h, &req, &res);
}

static void
token(struct test_host *host, char out[TC_TOKEN_MAX + 1])
{
	tc_record_free(test_host_token(host, &spec, out));
}

/* How many descriptors lead to a file of the store whose name ends so; *last is
 * one of them. */
static unsigned
open_files(const char *end, int *last)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++) {
		char link[40], path[4096];
		ssize_t len;

		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, path, sizeof(path) - 1);
		if (len < (ssize_t)strlen(end))
			continue;
		path[len] = '\0';
		if (strcmp(path + len - strlen(end), end) == 0) {
			*last = fd;
			n++;
		}
	}
	return n;
}

static void
one_is_kept(void **state)
{
	struct test_host *host = *state;
	char text[TC_TOKEN_MAX + 1], other[TC_TOKEN_MAX + 1];
	int fd;

	token(host, text);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(verdict(host, text), TC_VALID);
		assert_int_equal(open_files(".gdbm", &fd), 1);
		/* Nobody's login waits for the disk to take it away. */
		assert_int_equal(open_files("/store/state", &fd), 0);
		assert_int_equal(open_files("/store/state (deleted)", &fd), 0);
		tc_record_free(test_host_token(host, &spec, other));
	}
}

/* The state file of another commit may have the number that is free now, and
 * the times of one tick of the clock. */
static void
under_the_same_stamp(void **state)
{
	struct test_host *host = *state;
	char text[TC_TOKEN_MAX + 1];
	struct tc_policy *p = tc_policy_get(host->h, NULL);
	struct tc_view *v;
	struct stat st;

	token(host, text);
	assert_int_equal(verdict(host, text), TC_VALID);
	v = tc_keep_take(&p->store);
	assert_non_null(v);
	assert_true(tc_keep_holds(&p->store, v));
	token(host, text);
	assert_int_equal(stat(test_host_path(host, "store/state"), &st), 0);
	v->stamp = tc_stamp_of(&st);
	assert_false(tc_keep_holds(&p->store, v));
	tc_keep_give(p->store.keep, v);
	tc_policy_put(host->h, p);
	assert_int_equal(verdict(host, text), TC_VALID);
}

struct attempt {
	struct test_host *host;
	const struct tc_store *store;
	struct tc_view *seen;
};

/* What a reader may come upon that opened the state file two commits ago, and
 * then the commit does not come about. */
static int
seen_and_failed(void *arg, struct tc_error *err)
{
	struct attempt *a = arg;
	const char *state = test_host_path(a->host, "store/state");
	const char *spare = test_host_path(a->host, "store/state.spare");

	assert_int_equal(rename(state, test_host_path(a->host, "away")), 0);
	assert_int_equal(rename(spare, state), 0);
	assert_int_equal(tc_view_open(a->store, a->seen, err), TC_OK);
	assert_int_equal(rename(state, spare), 0);
	assert_int_equal(rename(test_host_path(a->host, "away"), state), 0);
	return TC_E_REFUSED;
}

/* Marks a user, at a time that is always the same. */
static int
mark_user(struct attempt *a, const char *user,
	  int (*hook)(void *, struct tc_error *))
{
	static const unsigned char before[8] = { 1 };
	struct tc_lookup key;
	struct tc_txn *t;
	int rc;

	tc_key_user(&key, user);
	assert_int_equal(tc_txn_begin(a->store, &t, &a->host->err), TC_OK);
	tc_txn_put(t, &key, before, sizeof(before));
	rc = tc_txn_commit(t, INT64_C(4000000000), hook, a, &a->host->err);
	tc_txn_end(t);
	return rc;
}

/* A commit that failed leaves a state file that the next one, in the same tick
 * of the clock, makes the same to the byte. */
static void
never_in_force(void **state)
{
	struct test_host *host = *state;
	struct tc_policy *p = tc_policy_get(host->h, NULL);
	struct tc_view seen, now;
	struct attempt a = { host, &p->store, &seen };
	char text[TC_TOKEN_MAX + 1];

	token(host, text);
	assert_int_equal(mark_user(&a, "unit-bob", seen_and_failed),
			 TC_E_REFUSED);
	assert_true(tc_view_moved(&p->store, &seen));
	assert_int_equal(mark_user(&a, "unit-eve", NULL), TC_OK);
	assert_int_equal(tc_view_open(&p->store, &now, &host->err), TC_OK);
	assert_int_equal(seen.len, now.len);
	assert_memory_equal(seen.text, now.text, now.len);
	seen.stamp = now.stamp;
	assert_true(tc_view_moved(&p->store, &seen));
	assert_false(tc_view_moved(&p->store, &now));
	tc_view_close(&seen);
	tc_view_close(&now);
	tc_policy_put(host->h, p);
	assert_int_equal(verdict(host, text), TC_VALID);
}

/* Where the one before had moved, one that has moved too is not read from. */
static void
restless(void **state)
{
	struct test_host *host = *state;
	char text[TC_TOKEN_MAX + 1];
	struct tc_policy *p = tc_policy_get(host->h, NULL);
	struct tc_view *v;

	for (int i = 0; i < 2; i++) {
		token(host, text);
		assert_int_equal(verdict(host, text), TC_VALID);
	}
	token(host, text);
	assert_null(tc_keep_take(&p->store));
	for (int i = 0; i < 2; i++)
		assert_int_equal(verdict(host, text), TC_VALID);
	v = tc_keep_take(&p->store);
	assert_non_null(v);
	tc_keep_give(p->store.keep, v);
	tc_policy_put(host->h, p);
}

/* What is no longer trusted is not used, whatever is open. */
static void
modes_count(void **state)
{
	static const char *const names[] = { "store/state", "store/left.gdbm",
					     "store/right.gdbm" };
	struct test_host *host = *state;
	char text[TC_TOKEN_MAX + 1];
	unsigned refused = 0;

	token(host, text);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *path = test_host_path(host, names[i]);
		struct stat st;

		assert_int_equal(verdict(host, text), TC_VALID);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(chmod(path, 0666), 0);
		refused += verdict(host, text) == TC_UNAVAILABLE;
		assert_int_equal(chmod(path, st.st_mode & 07777), 0);
	}
	/* The state file and the one of the two that it names. */
	assert_int_equal(refused, 2);
}

static void
copy_over(const struct test_host *host, const char *from, const char *to)
{
	size_t len;
	char *data = test_read(test_host_path(host, from), &len);

	test_write(test_host_path(host, to), 0600, data, len);
	free(data);
}

/* The store's files into another folder; "" is the installation's. */
static void
copy_store(const struct test_host *host, const char *from, const char *to)
{
	static const char *const names[] = { "left.gdbm", "right.gdbm",
					     "state" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char source[32], target[32];

		(void)snprintf(source, sizeof(source), "%s%s", from, names[i]);
		(void)snprintf(target, sizeof(target), "%s%s", to, names[i]);
		copy_over(host, source, target);
	}
}

/* A backup that is copied over the files keeps their inodes. */
static void
written_in_place(void **state)
{
	struct test_host *host = *state;
	char first[TC_TOKEN_MAX + 1], second[TC_TOKEN_MAX + 1];

	token(host, first);
	copy_store(host, "store/", "");
	token(host, second);
	assert_int_equal(verdict(host, second), TC_VALID);
	copy_store(host, "", "store/");
	assert_int_equal(verdict(host, first), TC_VALID);
	assert_int_equal(verdict(host, second), TC_UNKNOWN_TOKEN);
}

/* Who puts a file there of the same text may have put others beside it. */
static void
another_file(void **state)
{
	struct test_host *host = *state;
	char text[TC_TOKEN_MAX + 1];
	struct tc_policy *p = tc_policy_get(host->h, NULL);
	struct tc_view *v;

	token(host, text);
	assert_int_equal(verdict(host, text), TC_VALID);
	v = tc_keep_take(&p->store);
	assert_non_null(v);
	copy_over(host, "store/state", "store/away");
	assert_true(tc_keep_holds(&p->store, v));
	assert_int_equal(rename(test_host_path(host, "store/away"),
				test_host_path(host, "store/state")),
			 0);
	assert_false(tc_keep_holds(&p->store, v));
	tc_keep_give(p->store.keep, v);
	tc_policy_put(host->h, p);
	assert_int_equal(verdict(host, text), TC_VALID);
}

/* The commit after it has the number that a look is of, then. */
static void
same_number(void **state)
{
	struct test_host *host = *state;
	char first[TC_TOKEN_MAX + 1], second[TC_TOKEN_MAX + 1];
	struct tc_record *rec = test_host_token(host, &spec, first);
	struct tc_request req = { .authtok = first,
				  .authtok_len = strlen(first),
				  .user = spec.user };
	const char *id = rec->id;
	struct tc_result res;
	tc_look *look;

	copy_store(host, "store/", "");
	token(host, second);
	req.look = look = tc_look_up(host->h, first, strlen(first));
	assert_int_equal(tc_verify(host->h, &req, &res), TC_VALID);
	copy_store(host, "", "store/");
	assert_int_equal(
	    tc_revoke(host->h, &test_actor, &id, 1, "", &host->err), TC_OK);
	assert_int_equal(tc_verify(host->h, &req, &res), TC_REVOKED);
	tc_look_free(look);
	tc_record_free(rec);
}

/* The store may be smaller then: the one look-up that meets the view of before
 * tells what there is now. */
static void
smaller_in_place(void **state)
{
	static struct tc_record many[400];
	struct test_host *host = *state;
	char text[TC_TOKEN_MAX + 1];
	struct tc_record *rec = test_host_token(host, &spec, text);

	copy_store(host, "store/", "");
	for (unsigned i = 0; i < ARRAY_LEN(many); i++)
		many[i] = test_fill_record(i, "unit-alice", "one of many");
	FILL(host, many, ARRAY_LEN(many));
	assert_int_equal(verdict(host, text), TC_VALID);
	copy_store(host, "", "store/");
	tc_record_free(test_show(host, rec->id));
	tc_record_free(rec);
}

static int
all_valid(struct test_host *host, char (*tokens)[TC_TOKEN_MAX + 1])
{
	int valid = 0;

	for (int i = 0; i < TOKENS; i++)
		valid += verdict(host, tokens[i]) == TC_VALID;
	return valid == TOKENS;
}

/* Descriptors that came by fork() share their offset with the parent's.
 * Several tokens: GDBM remembers the page that it read last. */
static void
not_across_fork(void **state)
{
	struct test_host *host = *state;
	char tokens[TOKENS][TC_TOKEN_MAX + 1];
	int fd, own, status = -1;
	off_t offset;
	pid_t pid;

	for (int i = 0; i < TOKENS; i++)
		token(host, tokens[i]);
	assert_int_equal(verdict(host, tokens[0]), TC_VALID);
	assert_int_equal(open_files(".gdbm", &fd), 1);
	offset = lseek(fd, 1, SEEK_SET);
	pid = fork();
	if (pid == 0)
		_exit(all_valid(host, tokens) && open_files(".gdbm", &own) == 1
			  ? 0
			  : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), offset);
	assert_true(all_valid(host, tokens));
}

/* Some hosts close whatever they find, and open files of their own. */
static void
closed_by_the_host(void **state)
{
	struct test_host *host = *state;
	char text[TC_TOKEN_MAX + 1];
	int status = -1;
	pid_t pid;

	token(host, text);
	assert_int_equal(verdict(host, text), TC_VALID);
	pid = fork();
	if (pid == 0) {
		assert_int_equal(verdict(host, text), TC_VALID);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		for (int fd = 3; fd < 32; fd++)
			(void)open("/etc/passwd", O_RDONLY);
		_exit(verdict(host, text) == TC_UNAVAILABLE ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Are the files of the host's own, which have the numbers of ours now, where
 * they were, and open? */
static int
left_alone(struct test_host *host, const char *token, int own)
{
	const off_t at = lseek(own, 7, SEEK_SET);
	int taken;

	return open_files(".gdbm", &taken) == 1 && dup2(own, taken) >= 0 &&
	       verdict(host, token) == TC_VALID &&
	       lseek(taken, 0, SEEK_CUR) == at;
}

/* Neither moved nor closed.  What stays in memory then is not looked for in
 * another program. */
static void
numbers_used_again(void **state)
{
	struct test_host *host = *state;
	const char *path = test_host_path(host, "own");
	char text[TC_TOKEN_MAX + 1];
	int own, status = -1;
	pid_t pid;

	token(host, text);
	test_write(path, 0600, text, strlen(text));
	own = open(path, O_RDONLY);
	assert_true(own >= 0);
	pid = fork();
	if (pid == 0) {
		if (verdict(host, text) == TC_VALID &&
		    left_alone(host, text, own))
			(void)execl("/bin/true", "true", NULL);
		_exit(1);
	}
	close(own);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#define WITH_HOST(fn)                                                          \
	cmocka_unit_test_setup_teardown(fn, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(one_is_kept),	       WITH_HOST(under_the_same_stamp),
		WITH_HOST(never_in_force),     WITH_HOST(restless),
		WITH_HOST(modes_count),	       WITH_HOST(written_in_place),
		WITH_HOST(same_number),	       WITH_HOST(another_file),
		WITH_HOST(smaller_in_place),   WITH_HOST(not_across_fork),
		WITH_HOST(closed_by_the_host), WITH_HOST(numbers_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of last uses: what is noted when, what is told of it, and that
 * nothing odd about it is ever more than "not known". */
#include "host.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fill.h"
#include "lastuse.h"
#include "match.h"

#define HEAD 96
#define SLOT 96
#define NOW INT64_C(1800000000)

static const unsigned char id[TC_ID_BYTES] = "fifteen bytes.";

/* The store of a host, with the file by name. */
struct used {
	struct test_host *host;
	struct tc_policy *policy;
	const struct tc_store *store;
	const char *path;
};

static struct used
used_of(void **state)
{
	struct used u = { .host = *state };

	u.policy = tc_policy_get(u.host->h, &u.host->err);
	assert_non_null(u.policy);
	u.store = &u.policy->store;
	u.path = test_host_path(u.host, "store/lastuse");
	return u;
}

static void
done(const struct used *u)
{
	tc_policy_put(u->host->h, u->policy);
}

static void
look_up(const struct tc_store *s, const unsigned char *which,
	struct tc_use *use)
{
	struct tc_uses uses = { .begun = 0 };

	tc_lastuse_get(s, &uses, which, use);
	tc_lastuse_close(&uses);
}

static struct tc_use
get(const struct used *u)
{
	struct tc_use use;

	memset(&use, 'x', sizeof(use));
	look_up(u->store, id, &use);
	return use;
}

static void
note(const struct used *u, const char *service, const char *rhost, int64_t now)
{
	struct tc_source peer;

	tc_lastuse_note(u->store, id, service,
			tc_peer_address(rhost, &peer) == 0 ? &peer : NULL, now);
}

/* ---- what is told ---- */

static void
round_trip(void **state)
{
	static const struct {
		const char *service, *rhost, *told, *source;
	} table[] = {
		{ "imap", "192.0.2.7", "imap", "192.0.2.7/32" },
		{ "sshd", "2001:db8::1", "sshd", "2001:db8::1/128" },
		{ "sshd", "::ffff:192.0.2.7", "sshd", "192.0.2.7/32" },
		{ NULL, NULL, "", NULL },
		{ "", "mail.example.org", "", NULL },
		{ "0123456789abcdef0123456789ABCDEF", "x",
		  "0123456789abcdef0123456789ABCDEF", NULL },
		{ "0123456789abcdef0123456789abcdef0", "",
		  "0123456789abcdef0123456789abcdef", NULL },
		{ "a\nb", "UNKNOWN", "", NULL },
		{ "\xff", NULL, "", NULL },
	};
	struct used u = used_of(state);

	assert_true(get(&u).time == 0);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct tc_use use;
		char text[48];

		note(&u, table[i].service, table[i].rhost,
		     NOW + 60 * (int64_t)i);
		use = get(&u);
		assert_true(use.time == NOW + 60 * (int64_t)i);
		assert_string_equal(use.service, table[i].told);
		assert_int_equal(use.source.family != 0,
				 table[i].source != NULL);
		if (!table[i].source)
			continue;
		tc_format_source(&use.source, text);
		assert_int_equal(strncmp(table[i].source, text, strlen(text)),
				 0);
	}
	done(&u);
}

static void
once_a_minute(void **state)
{
	struct used u = used_of(state);

	note(&u, "a", NULL, 0);
	note(&u, "a", NULL, -5);
	assert_true(get(&u).time == 0);
	note(&u, "a", NULL, NOW);
	note(&u, "b", NULL, NOW + 59);
	assert_string_equal(get(&u).service, "a");
	note(&u, "c", NULL, NOW + 60);
	assert_string_equal(get(&u).service, "c");
	/* A clock that was ahead does not keep the entry for ever. */
	note(&u, "d", NULL, NOW + 30);
	assert_string_equal(get(&u).service, "d");
	assert_true(get(&u).time == NOW + 30);
	done(&u);
}

static void
full_bucket(void **state)
{
	struct used u = used_of(state);
	unsigned char ids[6][TC_ID_BYTES];
	struct tc_use use;

	for (unsigned i = 0; i < 6; i++) {
		memcpy(ids[i], id, TC_ID_BYTES);
		ids[i][TC_ID_BYTES - 1] = (unsigned char)i;
	}
	for (unsigned i = 0; i < 4; i++)
		tc_lastuse_note(u.store, ids[i], "s", NULL,
				NOW + (i == 2 ? 0 : 10 + i));
	for (unsigned i = 0; i < 4; i++) {
		look_up(u.store, ids[i], &use);
		assert_true(use.time != 0);
	}
	tc_lastuse_note(u.store, ids[4], "s", NULL, NOW + 20);
	tc_lastuse_note(u.store, ids[5], "s", NULL, NOW + 21);
	for (unsigned i = 0; i < 6; i++) {
		look_up(u.store, ids[i], &use);
		assert_int_equal(use.time != 0, i != 2 && i != 0);
	}
	done(&u);
}

/* ---- damage ---- */

/* Where the slot of id is in the file's text. */
static size_t
slot_of(const char *text, size_t len)
{
	for (size_t at = HEAD; at < len; at += SLOT)
		if (memcmp(text + at, id, sizeof(id)) == 0)
			return at;
	fail_msg("no slot");
	return 0;
}

static void
every_bit(void **state)
{
	struct used u = used_of(state);
	int fd = open(u.path, O_RDWR);
	size_t len, at;
	char *text;

	note(&u, "imap", "192.0.2.7", NOW);
	text = test_read(u.path, &len);
	at = slot_of(text, len);
	for (size_t bit = 0; bit < SLOT * 8; bit++) {
		char c = (char)(text[at + bit / 8] ^ (1 << bit % 8));

		assert_int_equal(pwrite(fd, &c, 1, (off_t)(at + bit / 8)), 1);
		assert_true(get(&u).time == 0);
		assert_int_equal(
		    pwrite(fd, text + at + bit / 8, 1, (off_t)(at + bit / 8)),
		    1);
	}
	assert_true(get(&u).time == NOW);
	/* Half of it torn away, then noted again. */
	assert_int_equal(pwrite(fd, text + HEAD, SLOT / 2, (off_t)at),
			 SLOT / 2);
	assert_true(get(&u).time == 0);
	note(&u, "sshd", NULL, NOW + 1);
	assert_string_equal(get(&u).service, "sshd");
	free(text);
	close(fd);
	done(&u);
}

/* A file of another shape under the name, and what comes of it. */
static void
odd_file(struct used *u, const char *what)
{
	struct stat st;

	note(u, "imap", NULL, NOW);
	if (get(u).time != 0)
		fail_msg("%s: something is known", what);
	tc_lastuse_fit(u->store, 1);
	assert_int_equal(lstat(u->path, &st), 0);
	if (S_ISDIR(st.st_mode)) {
		assert_int_equal(rmdir(u->path), 0);
		tc_lastuse_fit(u->store, 1);
		assert_int_equal(lstat(u->path, &st), 0);
	}
	if (!S_ISREG(st.st_mode) || st.st_size != HEAD + 1024 * SLOT)
		fail_msg("%s: not mended", what);
	note(u, "imap", NULL, NOW);
	if (get(u).time != NOW)
		fail_msg("%s: not noted", what);
	assert_int_equal(unlink(u->path), 0);
}

static void
odd_files(void **state)
{
	struct used u = used_of(state);
	const char *other = test_host_path(u.host, "other");
	size_t len;
	char *text = test_read(u.path, &len);

	assert_int_equal(unlink(u.path), 0);
	odd_file(&u, "missing");
	test_write(u.path, 0600, "", 0);
	odd_file(&u, "empty");
	test_write(u.path, 0600, text, len - 1);
	odd_file(&u, "too short");
	test_write(other, 0600, text, len);
	assert_int_equal(symlink(other, u.path), 0);
	odd_file(&u, "link");
	assert_int_equal(mkfifo(u.path, 0600), 0);
	odd_file(&u, "fifo");
	assert_int_equal(mkdir(u.path, 0700), 0);
	odd_file(&u, "folder");
	for (size_t at = 0; at < 12; at++) {
		text[at]++;
		test_write(u.path, 0600, text, len);
		odd_file(&u, "head");
		text[at]--;
	}
	if (geteuid() == 0) {
		test_write(u.path, 0600, text, len);
		assert_int_equal(chown(u.path, 65534, (gid_t)-1), 0);
		odd_file(&u, "another's");
	}
	/* What the link led to was not touched. */
	free(text);
	text = test_read(other, &len);
	for (size_t at = HEAD; at < len; at++)
		assert_int_equal(text[at], 0);
	free(text);
	done(&u);
}

/* A process that may not write so far is not killed for it. */
static void
limited(void **state)
{
	struct used u = used_of(state);
	struct rlimit was, limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	limit = was;
	limit.rlim_cur = 100;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	note(&u, "imap", NULL, NOW);
	assert_int_equal(unlink(u.path), 0);
	tc_lastuse_fit(u.store, 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_true(get(&u).time == 0);
	assert_int_not_equal(access(u.path, F_OK), 0);
	done(&u);
}

/* ---- room ---- */

static uint64_t
slots_of(const struct used *u)
{
	struct stat st;

	assert_int_equal(stat(u->path, &st), 0);
	return (uint64_t)(st.st_size - HEAD) / SLOT;
}

static void
id_of(unsigned i, unsigned char bytes[TC_ID_BYTES])
{
	struct tc_record r = test_fill_record(i, "a", "b");

	assert_int_equal(tc_id_bytes(r.id, bytes), 0);
}

static void
room(void **state)
{
	struct used u = used_of(state);
	unsigned kept = 0;
	const unsigned n = 400;

	assert_int_equal(slots_of(&u), 1024);
	for (unsigned i = 0; i < n; i++) {
		unsigned char bytes[TC_ID_BYTES];

		id_of(i, bytes);
		tc_lastuse_note(u.store, bytes, "s", NULL, NOW + i);
		if (i == n / 2)
			tc_lastuse_fit(u.store, 512);
		if (i == n / 2)
			assert_int_equal(slots_of(&u), 1024);
	}
	tc_lastuse_fit(u.store, 513);
	assert_int_equal(slots_of(&u), 4096);
	tc_lastuse_fit(u.store, 0);
	assert_int_equal(slots_of(&u), 4096);
	tc_lastuse_fit(u.store, 100000);
	assert_int_equal(slots_of(&u), 524288);
	for (unsigned i = 0; i < n; i++) {
		unsigned char bytes[TC_ID_BYTES];
		struct tc_use use;

		id_of(i, bytes);
		look_up(u.store, bytes, &use);
		assert_true(use.time == 0 || use.time == NOW + i);
		kept += use.time != 0;
	}
	/* A bucket that was full gave some up before. */
	assert_true(kept > n * 9 / 10);
	assert_int_not_equal(
	    access(test_host_path(u.host, "store/lastuse.tmp"), F_OK), 0);
	done(&u);
}

/* An old entry that stands in another bucket does not take the place of the
 * newer one when room is made. */
/* Most of a roomy file is a hole: every second one of these is in no bucket
 * that was ever written.  What is cut off meanwhile is not taken for one. */
static void
holes(void **state)
{
	struct used u = used_of(state);
	struct tc_uses uses = { .begun = 0 };
	unsigned char bytes[TC_ID_BYTES];
	struct tc_use use;

	tc_lastuse_fit(u.store, 100000);
	for (unsigned i = 0; i < 400; i += 2) {
		id_of(i, bytes);
		tc_lastuse_note(u.store, bytes, "s", NULL, NOW + i);
	}
	for (unsigned i = 0; i < 400; i++) {
		id_of(i, bytes);
		assert_int_equal(tc_lastuse_get(u.store, &uses, bytes, &use),
				 0);
		assert_true(use.time == (i % 2 ? 0 : NOW + i));
	}
	tc_lastuse_close(&uses);
	/* It is one no longer, once something was written there. */
	for (unsigned i = 0; i < 2; i++) {
		id_of(1, bytes);
		assert_int_equal(tc_lastuse_get(u.store, &uses, bytes, &use),
				 0);
		assert_true(use.time == (i ? NOW + 1 : 0));
		tc_lastuse_note(u.store, bytes, "s", NULL, NOW + 1);
		tc_lastuse_close(&uses);
	}
	id_of(0, bytes);
	assert_int_equal(tc_lastuse_get(u.store, &uses, bytes, &use), 0);
	assert_true(use.time == NOW);
	assert_int_equal(truncate(u.path, HEAD + SLOT), 0);
	for (unsigned i = 1; i < 400; i++) {
		id_of(i, bytes);
		assert_int_equal(tc_lastuse_get(u.store, &uses, bytes, &use),
				 -1);
		assert_true(use.time == 0);
	}
	tc_lastuse_close(&uses);
	done(&u);
}

static void
misplaced(void **state)
{
	struct used u = used_of(state);
	int fd = open(u.path, O_RDWR);
	size_t len, at, other;
	char *text;

	note(&u, "imap", "192.0.2.7", NOW);
	text = test_read(u.path, &len);
	at = slot_of(text, len);
	note(&u, "imap", "192.0.2.7", NOW + 3600);
	/* The same slot of the first bucket, and of the last. */
	for (other = HEAD + (at - HEAD) % (4 * SLOT); other < len;
	     other += len - HEAD - 4 * SLOT)
		assert_int_equal(pwrite(fd, text + at, SLOT, (off_t)other),
				 SLOT);
	assert_true(get(&u).time == NOW + 3600);
	tc_lastuse_fit(u.store, 100000);
	assert_true(get(&u).time == NOW + 3600);
	free(text);
	close(fd);
	done(&u);
}

static void
modes(void **state)
{
	static const mode_t of_folder[] = { 0700, 02750 };
	static const mode_t of_file[] = { 0600, 0660 };
	struct used u = used_of(state);
	struct stat st;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    chmod(test_host_path(u.host, "store"), of_folder[i]), 0);
		assert_int_equal(unlink(u.path), 0);
		tc_lastuse_fit(u.store, 0);
		assert_int_equal(stat(u.path, &st), 0);
		assert_int_equal(st.st_mode & 07777, of_file[i]);
	}
	done(&u);
}

/* ---- logins ---- */

static void
expect_use(struct test_login *l, int64_t when, const char *service)
{
	struct tc_record *rec = test_show(l->host, l->rec->id);

	assert_true(rec->last_used == when);
	assert_string_equal(rec->last_service, service);
	assert_int_equal(rec->last_source.family, when ? 4 : 0);
	tc_record_free(rec);
}

static void
logins(void **state)
{
	struct test_host *host = *state;
	static const char *const services[] = { "sshd" };
	const struct tc_create spec = { .user = "unit-alice",
					.label = "a",
					.n_services = 1,
					.services = services };
	struct test_login l = test_login(host, &spec);
	struct tc_request req = { .service = "sshd", .rhost = "192.0.2.9" };
	const int64_t made = l.rec->created;
	struct tc_result res;

	expect_use(&l, 0, "");
	EXPECT(&l, "unit-alice", "imap", "192.0.2.7", made, TC_WRONG_SERVICE);
	EXPECT(&l, "unit-bob", "sshd", "192.0.2.7", made, TC_WRONG_USER);
	expect_use(&l, 0, "");
	EXPECT(&l, "unit-alice", "sshd", "192.0.2.7", made, TC_VALID);
	expect_use(&l, made, "sshd");
	/* The account phase is no second login. */
	req.now = made + 100;
	assert_int_equal(tc_recheck(host->h, &l.res.proof, &req, &res),
			 TC_VALID);
	expect_use(&l, made, "sshd");
	EXPECT(&l, NULL, "sshd", "192.0.2.8", made + 100, TC_VALID);
	expect_use(&l, made + 100, "sshd");
	tc_record_free(l.rec);
}

static int
count(void *arg, const struct tc_record *rec)
{
	assert_true(rec->last_used == 0 || rec->last_used == NOW);
	++*(unsigned *)arg;
	return 0;
}

static void
unused(void **state)
{
	struct used u = used_of(state);
	struct tc_record r[10];
	static const struct {
		int64_t since;
		unsigned n;
	} table[] = {
		{ 1700000000, 0 }, { 1700000001, 7 }, { NOW, 7 },
		{ NOW + 1, 10 },   { INT64_MAX, 10 },
	};

	for (unsigned i = 0; i < 10; i++) {
		unsigned char bytes[TC_ID_BYTES];

		r[i] = test_fill_record(i, "alice", "a");
		assert_int_equal(tc_id_bytes(r[i].id, bytes), 0);
		if (i < 3)
			tc_lastuse_note(u.store, bytes, "s", NULL, NOW);
	}
	FILL(u.host, r, 10);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct tc_filter f = { .unused_since = table[i].since };
		unsigned n = 0;

		assert_int_equal(
		    tc_list(u.host->h, NULL, &f, count, &n, &u.host->err),
		    TC_OK);
		assert_int_equal(n, table[i].n);
	}
	done(&u);
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(round_trip),	WITH_HOST(once_a_minute),
		WITH_HOST(full_bucket), WITH_HOST(every_bit),
		WITH_HOST(odd_files),	WITH_HOST(limited),
		WITH_HOST(room),	WITH_HOST(misplaced),
		WITH_HOST(modes),	WITH_HOST(logins),
		WITH_HOST(unused),	WITH_HOST(holes),
	};

	return cmocka_run_group_tests_name("lastuse", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data files made anew: the same answers before and after, less room, and
 * nobody who reads meanwhile notices. */
#include "told.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKENS 60

struct crowd {
	struct test_host *host;
	struct test_login l[TOKENS];
	enum tc_verdict want[TOKENS];
};

/* A third of them revoked, a third deleted, all of them once large. */
static void
crowd_make(struct crowd *c, struct test_host *host)
{
	static const char *const keys[] = { "a", "b", "c", "d", "e", "f" };
	static char value[TC_PROP_VALUE_MAX + 1];
	struct tc_property props[ARRAY_LEN(keys)];
	struct tc_edit small = { .what = TC_EDIT_PROPERTIES,
				 .properties = props,
				 .n_properties = ARRAY_LEN(keys) };

	memset(value, 'v', TC_PROP_VALUE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		props[i] = (struct tc_property){ keys[i], value };
	c->host = host;
	for (size_t i = 0; i < TOKENS; i++) {
		const struct tc_create spec = { .user = i % 2 ? "unit-alice"
							      : "unit-bob",
						.label = "laptop",
						.n_properties = ARRAY_LEN(keys),
						.properties = props };

		c->l[i] = test_login(host, &spec);
		c->want[i] = i % 3 ? TC_REVOKED : TC_VALID;
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		props[i].value = NULL;
	for (size_t i = 0; i < TOKENS; i++) {
		const char *id = c->l[i].rec->id;

		if (i % 3 == 0)
			WORKS(host, tc_edit(host->h, &test_actor, &id, 1,
					    &small, &host->err));
		else if (i % 3 == 1)
			WORKS(host, tc_revoke(host->h, &test_actor, &id, 1, "",
					      &host->err));
		else
			WORKS(host, tc_delete(host->h, &test_actor, &id, 1, "",
					      &host->err));
	}
	WORKS(host, tc_revoke_all(host->h, &test_actor, "unit-carol", 0, "",
				  &host->err));
	WORKS(host,
	      tc_revoke_all(host->h, &test_actor, NULL, 1000, "", &host->err));
}

static void
crowd_free(struct crowd *c)
{
	for (size_t i = 0; i < TOKENS; i++)
		tc_record_free(c->l[i].rec);
}

static void
same_answers(struct crowd *c)
{
	for (size_t i = 0; i < TOKENS; i++)
		EXPECT(&c->l[i], NULL, "sshd", NULL, 0, c->want[i]);
}

static off_t
size_of(struct test_host *host, const char *name)
{
	struct stat st;

	assert_int_equal(stat(test_host_path(host, name), &st), 0);
	return st.st_size;
}

static int
compact(struct test_host *host)
{
	return tc_compact(host->h, &test_actor, &host->err);
}

/* Everything that is listed, and all marks, in a number that does not depend
 * on their order. */
static int
add_record(void *arg, const struct tc_record *r)
{
	uint64_t h = (uint64_t)r->created + (uint64_t)r->expires + r->state +
		     (uint64_t)r->revoked + r->n_properties;

	for (const char *p = r->id; *p; p++)
		h = h * 31 + (unsigned char)*p;
	for (const char *p = r->label; *p; p++)
		h = h * 31 + (unsigned char)*p;
	*(uint64_t *)arg += h * h;
	return 0;
}

static int
add_mark(void *arg, const struct tc_ended *e)
{
	uint64_t h = (uint64_t)e->before + e->kid;

	for (const char *p = e->user; *p; p++)
		h = h * 31 + (unsigned char)*p;
	*(uint64_t *)arg += h * h;
	return 0;
}

static uint64_t
all_that_is_there(struct test_host *host)
{
	uint64_t sum = 0;

	WORKS(host, tc_list(host->h, NULL, NULL, add_record, &sum, &host->err));
	WORKS(host, tc_list_ended(host->h, NULL, add_mark, &sum, &host->err));
	return sum;
}

static void
before_and_after(void **state)
{
	static const struct test_line line = { .event = "compact",
					       .actor = "admin" };
	struct test_host *host = *state;
	struct crowd c;
	struct test_told before;
	struct tc_info was, is;
	off_t left, right;
	uint64_t all;

	crowd_make(&c, host);
	same_answers(&c);
	all = all_that_is_there(host);
	left = size_of(host, "store/left.gdbm");
	right = size_of(host, "store/right.gdbm");
	WORKS(host, tc_info(host->h, &was, &host->err));
	before = test_told_now(host);
	WORKS(host, compact(host));
	test_told(host, before, &line, 1);
	WORKS(host, tc_info(host->h, &is, &host->err));
	/* Three times as long they were, more or less: ids differ. */
	assert_true(3 * size_of(host, "store/left.gdbm") < 2 * left);
	assert_true(3 * size_of(host, "store/right.gdbm") < 2 * right);
	/* Two entries of nothing, 40 bytes each, behind 20 of head. */
	assert_true(size_of(host, "store/journal") <= 20 + 2 * 40);
	assert_int_equal(is.tokens, was.tokens);
	assert_string_equal(is.store_id, was.store_id);
	assert_int_equal(is.commits, was.commits + 2);
	assert_true(all_that_is_there(host) == all);
	same_answers(&c);
	test_whole(host);
	/* It goes on, on both sides, and there is no more to gain. */
	left = size_of(host, "store/left.gdbm");
	for (int i = 0; i < 3; i++) {
		tc_record_free(
		    test_login(host, &(struct tc_create){ .user = "unit-bob",
							  .label = "more" })
			.rec);
		same_answers(&c);
	}
	test_whole(host);
	WORKS(host, compact(host));
	WORKS(host, compact(host));
	assert_true(size_of(host, "store/left.gdbm") < 2 * left);
	same_answers(&c);
	test_whole(host);
	crowd_free(&c);
}

/* What a writer that died left behind is in order afterwards. */
static void
after_an_accident(void **state)
{
	struct test_host *host = *state;
	struct crowd c;

	crowd_make(&c, host);
	for (int i = 0; i < 5; i++) {
		const char *journal = test_host_path(host, "store/journal");
		const char *state_file = test_host_path(host, "store/state");
		size_t len;
		char *data = test_read(state_file, &len);
		const char *standby =
		    test_host_path(host, data[4] == 'L' ? "store/right.gdbm"
							: "store/left.gdbm");

		free(data);
		if (i == 0 || i == 1)
			assert_int_equal(unlink(journal), 0);
		if (i == 1 || i == 2)
			assert_int_equal(unlink(standby), 0);
		if (i == 3)
			assert_int_equal(truncate(standby, 5000), 0);
		if (i == 4)
			assert_int_equal(truncate(journal, size_of(host, "store"
									 "/jour"
									 "na"
									 "l") +
							       100),
					 0);
		WORKS(host, compact(host));
		same_answers(&c);
		test_whole(host);
	}
	crowd_free(&c);
}

/* Damage is no reason to write it down again. */
static void
a_damaged_store(void **state)
{
	struct test_host *host = *state;
	struct crowd c;
	char *data, *at, *state_data;
	const char *current;
	size_t len, n;

	crowd_make(&c, host);
	state_data = test_read(test_host_path(host, "store/state"), &n);
	current = test_host_path(host, state_data[4] == 'L' ? "store/left.gdbm"
							    : "store/"
							      "right.gdbm");
	free(state_data);
	data = test_read(current, &len);
	at = memmem(data, len, "laptop", 6);
	assert_non_null(at);
	*at ^= 1;
	test_write(current, 0640, data, len);
	free(data);
	REFUSES(host, TC_E_UNAVAILABLE, "a page is damaged", compact(host));
	assert_non_null(strstr(host->err.text, ".gdbm"));
	crowd_free(&c);
}

/* ---- beside readers ---- */

struct reader {
	struct crowd *c;
	_Atomic int stop;
	_Atomic unsigned reads, wrong;
};

static void *
read_on(void *arg)
{
	struct reader *r = arg;

	for (unsigned i = 0; !r->stop; i = (i + 7) % TOKENS) {
		const struct test_login *l = &r->c->l[i];
		struct tc_request req = { .authtok = l->token,
					  .authtok_len = strlen(l->token) };
		struct tc_result res;

		if (tc_verify(r->c->host->h, &req, &res) != r->c->want[i])
			r->wrong++;
		r->reads++;
	}
	return NULL;
}

static void
beside_readers(void **state)
{
	struct test_host *host = *state;
	struct crowd c;
	struct reader r = { .c = &c };
	pthread_t threads[2];
	unsigned begun = 0;

	test_host_conf(host, "none", "syslog = no\n");
	crowd_make(&c, host);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &r),
				 0);
	for (int i = 0; i < 25 || r.reads < begun + 2000; i++) {
		WORKS(host, compact(host));
		if (i == 0)
			begun = r.reads;
	}
	r.stop = 1;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(r.wrong, 0);
	test_whole(host);
	crowd_free(&c);
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(before_and_after),
		WITH_HOST(after_an_accident),
		WITH_HOST(a_damaged_store),
		WITH_HOST(beside_readers),
	};

	return cmocka_run_group_tests_name("compact", tests, NULL, NULL);
}

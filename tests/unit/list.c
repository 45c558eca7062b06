/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading records: which ones, how they stand, by what names. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fill.h"
#include "record.h"

/* The labels that came, sorted, each with a space behind it. */
struct labels {
	char of[64][TC_LABEL_MAX + 1];
	size_t n;
	char joined[4096];
};

static int
take_label(void *arg, const struct tc_record *rec)
{
	struct labels *l = arg;

	assert_true(l->n < ARRAY_LEN(l->of));
	memcpy(l->of[l->n++], rec->label, strlen(rec->label) + 1);
	return 0;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static const char *
listed(struct test_host *host, const struct tc_filter *filter)
{
	static struct labels l;

	l.n = 0;
	l.joined[0] = '\0';
	if (tc_list(host->h, NULL, filter, take_label, &l, &host->err))
		fail_msg("%s", host->err.text);
	qsort(l.of, l.n, sizeof(l.of[0]), by_text);
	for (size_t i = 0; i < l.n; i++) {
		strcat(l.joined, l.of[i]);
		strcat(l.joined, " ");
	}
	return l.joined;
}

/* ---- filters ---- */

static void
filters(void **state)
{
	struct test_host *host = *state;
	static const struct tc_property props[] = {
		{ "Purpose", "nightly backup" },
		{ "host", "Z\xc3\xbcrich" },
	};
	static const struct {
		struct tc_filter filter;
		const char *labels;
	} table[] = {
		{ { .user = NULL }, "a b c d e f " },
		{ { .user = "alice" }, "a b d " },
		{ { .user = "alic" }, "" },
		{ { .user = "Alice" }, "" },
		{ { .search = "" }, "a b c d e f " },
		{ { .search = "ALICE" }, "a b d " },
		{ { .search = "b" }, "b c e f " }, /* bob; backup */
		{ { .search = "PURPOSE" }, "f " },
		{ { .search = "Night" }, "f " },
		{ { .search = "backup" }, "f " },
		{ { .search = "backups" }, "" },
		{ { .search = "z\xc3\xbcRICH" }, "f " },
		{ { .search = "\xc3\x9cRICH" }, "" },
		{ { .search = "nightlybackup" }, "" },
		{ { .standings = 1U << TC_VALID }, "a c f " },
		{ { .standings = 1U << TC_REVOKED }, "b " },
		{ { .standings = 1U << TC_EXPIRED | 1U << TC_REVOKED },
		  "b d " },
		{ { .standings = 1U << TC_UNKNOWN_KEY }, "e " },
		{ { .standings = 1U << TC_NOT_YET_VALID }, "" },
		{ { .expires_before = 1700000099 }, "" },
		{ { .expires_before = 1700000100 }, "d " },
		{ { .expires_before = INT64_MAX }, "c d " },
		{ { .unused_since = 1700000000 }, "" },
		{ { .unused_since = 1700000001 }, "a b d e f " },
		{ { .unused_since = 1700000006 }, "a b c d e f " },
		{ { .user = "bob",
		    .search = "c",
		    .standings = 1U << TC_VALID,
		    .expires_before = INT64_MAX,
		    .unused_since = INT64_MAX },
		  "c " },
	};
	struct tc_record r[6];
	static const char *const labels[] = { "a", "b", "c", "d", "e", "f" };

	for (unsigned i = 0; i < 6; i++)
		r[i] = test_fill_record(i, i == 2 || i > 3 ? "bob" : "alice",
					labels[i]);
	r[1].state = TC_STATE_REVOKED;
	r[2].created = 1700000005;
	r[2].expires = INT64_C(9000000000);
	r[3].expires = 1700000100;
	r[4].kid = 7;
	r[5].n_properties = 2;
	r[5].properties = props;
	FILL(host, r, 6);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *got = listed(host, &table[i].filter);

		if (strcmp(got, table[i].labels) != 0)
			fail_msg("row %zu: \"%s\" and not \"%s\"", i, got,
				 table[i].labels);
	}
	assert_string_equal(listed(host, NULL), "a b c d e f ");
}

/* Where no use is known of any token, none is known to be unused. */
static void
uses_gone(void **state)
{
	struct test_host *host = *state;
	const struct tc_filter old = { .unused_since = INT64_MAX };
	struct tc_record r = test_fill_record(0, "alice", "a");
	const char *path = test_host_path(host, "store/lastuse");
	unsigned n = 0;

	FILL(host, &r, 1);
	assert_string_equal(listed(host, &old), "a ");
	assert_int_equal(truncate(path, 100), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    tc_list(host->h, NULL, &old, test_count, &n, &host->err),
		    TC_E_UNAVAILABLE);
		assert_non_null(strstr(host->err.text, "store/lastuse"));
		assert_int_equal(n, 0);
		assert_string_equal(listed(host, NULL), "a ");
		(void)unlink(path);
	}
}

/* ---- what was deleted ---- */

static void
deleted(void **state)
{
	struct test_host *host = *state;
	struct tc_record r[2] = { test_fill_record(1, "alice", ""),
				  test_fill_record(2, "alice", "here") };
	struct tc_record *rec = NULL;
	struct tc_info info;
	char id[TC_ID_LEN + 1], name[8];

	/* Next to each other: the same first six characters. */
	memcpy(r[0].id, r[1].id, 8);
	r[0].state = TC_STATE_DELETED;
	r[0].revoked = r[0].created;
	FILL(host, r, 2);
	assert_string_equal(listed(host, NULL), "here ");
	assert_int_equal(tc_show(host->h, NULL, r[0].id, &rec, &host->err),
			 TC_E_NOTFOUND);
	assert_null(rec);
	assert_int_equal(tc_find(host->h, NULL, r[0].id, id, &host->err),
			 TC_E_NOTFOUND);
	assert_int_equal(tc_find(host->h, NULL, "alice/", id, &host->err),
			 TC_E_NOTFOUND);
	(void)snprintf(name, sizeof(name), "%.6s", r[0].id);
	assert_int_equal(tc_find(host->h, NULL, name, id, &host->err), TC_OK);
	assert_string_equal(id, r[1].id);
	assert_int_equal(tc_info(host->h, &info, &host->err), TC_OK);
	assert_int_equal(info.tokens, 2);
}

/* ---- names ---- */

static void
names(void **state)
{
	struct test_host *host = *state;
	struct tc_record r[5];
	char id[TC_ID_LEN + 1], name[TC_ID_LEN + 1];

	for (unsigned i = 0; i < 5; i++)
		r[i] = test_fill_record(i, "alice", i == 4 ? "a/b" : "same");
	r[0].state = r[1].state = TC_STATE_REVOKED;
	r[2].created = 1000;
	r[3].user = "bob";
	FILL(host, r, 5);
	assert_int_equal(tc_find(host->h, NULL, "alice/same", id, &host->err),
			 TC_OK);
	assert_string_equal(id, r[2].id);
	/* Revoked by a mark is revoked: now there are three such. */
	MARK(host, "alice", 0, 1000);
	assert_int_equal(tc_find(host->h, NULL, "alice/same", id, &host->err),
			 TC_E_AMBIGUOUS);
	assert_non_null(strstr(host->err.text, "3 tokens"));
	assert_int_equal(tc_find(host->h, NULL, "bob/same", id, &host->err),
			 TC_OK);
	assert_string_equal(id, r[3].id);
	assert_int_equal(tc_find(host->h, NULL, "alice/a/b", id, &host->err),
			 TC_OK);
	assert_int_equal(tc_find(host->h, NULL, "/same", id, &host->err),
			 TC_E_NOTFOUND);
	for (size_t len = 0; len <= TC_ID_LEN; len++) {
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, r[3].id);
		assert_int_equal(tc_find(host->h, NULL, name, id, &host->err),
				 len < TC_ID_PREFIX_MIN ? TC_E_INVALID : TC_OK);
	}
	assert_int_equal(tc_find(host->h, NULL, "uuuuuuuu", id, &host->err),
			 TC_E_NOTFOUND);
	memcpy(r[0].id, r[1].id, 9);
	FILL(host, r, 1);
	(void)snprintf(name, sizeof(name), "%.9s", r[1].id);
	assert_int_equal(tc_find(host->h, NULL, name, id, &host->err),
			 TC_E_AMBIGUOUS);
	(void)snprintf(name, sizeof(name), "%.10s", r[1].id);
	assert_int_equal(tc_find(host->h, NULL, name, id, &host->err), TC_OK);
}

/* ---- who asks ---- */

static int
no_mark(void *arg, const struct tc_ended *ended)
{
	(void)arg;
	fail_msg("a mark for %s", ended->user);
	return 1;
}

struct asking {
	const char *name, *permissions, *labels;
	int list, ended; /* codes */
};

static void
ask(struct test_host *host, const struct asking *a, const char *const ids[2])
{
	const struct tc_actor actor = { .uid = 1, .name = a->name };
	struct labels l = { .n = 0 };

	test_host_conf(host, NULL, a->permissions);
	assert_int_equal(
	    tc_list(host->h, &actor, NULL, take_label, &l, &host->err),
	    a->list);
	assert_int_equal(l.n, strlen(a->labels));
	for (size_t i = 0; i < l.n; i++)
		assert_non_null(strstr(a->labels, l.of[i]));
	assert_int_equal(
	    tc_list_ended(host->h, &actor, no_mark, NULL, &host->err),
	    a->ended);
	for (int i = 0; i < 2; i++) {
		const char *const names[] = { "alice/a", "bob/b" };
		const char *label = names[i] + strlen(names[i]) - 1;
		int want = a->list		      ? a->list
			   : strstr(a->labels, label) ? TC_OK
						      : TC_E_NOTFOUND;
		struct tc_record *rec = NULL;
		char id[TC_ID_LEN + 1];

		assert_int_equal(
		    tc_show(host->h, &actor, ids[i], &rec, &host->err), want);
		assert_int_equal(
		    tc_find(host->h, &actor, ids[i], id, &host->err), want);
		assert_int_equal(
		    tc_find(host->h, &actor, names[i], id, &host->err), want);
		tc_record_free(rec);
	}
}

static void
who_asks(void **state)
{
	struct test_host *host = *state;
	static const struct asking table[] = {
		{ "alice", "", "", TC_E_PERMISSION, TC_E_PERMISSION },
		{ "alice", "[permissions]\nlist_own = alice\n", "a", TC_OK,
		  TC_E_PERMISSION },
		{ "carol", "[permissions]\nlist_own = *\n", "", TC_OK,
		  TC_E_PERMISSION },
		{ "bob", "[permissions]\nlist_own = alice\n", "",
		  TC_E_PERMISSION, TC_E_PERMISSION },
		{ "carol", "[permissions]\nlist_all = carol\n", "ab", TC_OK,
		  TC_OK },
		{ "carol", "[permissions]\nrevoke_all = carol\n", "",
		  TC_E_PERMISSION, TC_E_PERMISSION },
	};
	struct tc_record r[2] = { test_fill_record(1, "alice", "a"),
				  test_fill_record(2, "bob", "b") };
	const char *const ids[2] = { r[0].id, r[1].id };

	if (geteuid() == 1)
		skip();
	FILL(host, r, 2);
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		ask(host, &table[i], ids);
}

/* ---- damage ---- */

static void
damage(void **state)
{
	struct test_host *host = *state;
	struct tc_record r = test_fill_record(1, "alice", "a");
	struct tc_record *rec;
	struct tc_lookup key = { .key_len = 0 };
	struct tc_writer w = { 0 };
	unsigned char id[TC_ID_BYTES], zeros[TC_KEY_LEN] = { 0 };
	unsigned n = 0;

	assert_int_equal(tc_id_bytes(r.id, id), 0);
	tc_key_token(&key, id);
	tc_record_write(test_crypto(), &w, zeros, &key, &r);
	assert_int_equal(
	    test_fill_item(host->h, &key, w.data, w.len, &host->err), TC_OK);
	/* A seal that does not fit is said; the others are still told. */
	rec = test_show(host, r.id);
	assert_int_equal(rec->standing, TC_UNAVAILABLE);
	tc_record_free(rec);
	assert_string_equal(listed(host, NULL), "a ");
	MARK(host, "alice", 0, INT64_MAX);
	rec = test_show(host, r.id);
	assert_int_equal(rec->standing, TC_UNAVAILABLE);
	tc_record_free(rec);
	/* What cannot be read is not left out. */
	assert_int_equal(
	    test_fill_item(host->h, &key, w.data, w.len - 20, &host->err),
	    TC_OK);
	assert_int_equal(tc_show(host->h, NULL, r.id, &rec, &host->err),
			 TC_E_UNAVAILABLE);
	assert_non_null(strstr(host->err.text, r.id));
	assert_int_equal(
	    tc_list(host->h, NULL, NULL, take_label, &n, &host->err),
	    TC_E_UNAVAILABLE);
	assert_int_equal(tc_find(host->h, NULL, "bob/x", r.id, &host->err),
			 TC_E_UNAVAILABLE);
	tc_writer_free(&w);
}

/* ---- the store in numbers ---- */

static void
info(void **state)
{
	struct test_host *host = *state;
	static struct tc_record r[500];
	struct tc_info one, two;

	assert_int_equal(tc_info(host->h, &one, NULL), TC_OK);
	assert_int_equal(one.commits, 1);
	assert_int_equal(one.tokens, 0);
	assert_int_equal(one.enabled, 1);
	assert_int_equal(strlen(one.store_id), 32);
	assert_int_equal(strspn(one.store_id, "0123456789abcdef"), 32);
	assert_string_equal(one.store, test_host_path(host, "store"));
	assert_string_equal(one.audit_log, test_host_path(host, "audit.json"));
	for (unsigned i = 0; i < ARRAY_LEN(r); i++)
		r[i] = test_fill_record(i, "alice", "a");
	FILL(host, r, ARRAY_LEN(r));
	test_host_conf(host, "none", "enabled = no\n");
	assert_int_equal(tc_info(host->h, &two, NULL), TC_OK);
	assert_string_equal(two.store_id, one.store_id);
	assert_int_equal(two.commits, 2);
	assert_int_equal(two.committed, 1700000000);
	assert_int_equal(two.tokens, 500);
	assert_int_equal(two.enabled, 0);
	assert_string_equal(two.audit_log, "");
	assert_true(two.bytes > one.bytes + 500 * 60);
}

#define WITH_HOST(test)                                                        \
	cmocka_unit_test_setup_teardown(test, test_host_make, test_host_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_HOST(filters), WITH_HOST(uses_gone), WITH_HOST(deleted),

		WITH_HOST(names),   WITH_HOST(who_asks),  WITH_HOST(damage),

		WITH_HOST(info),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}

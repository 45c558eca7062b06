/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Journal entries: what they do to a map, and that none is applied which is
 * not whole, or not the next one. */
#include "common.h"

#include <stdlib.h>

#include "journal.h"

#define SEQ 41 /* of the map in these tests */

static int
set_up(void **state)
{
	static struct test_map t;
	void *dir;

	if (test_dir_make(&dir))
		return -1;
	test_map_make(&t, test_path(dir, "map"));
	t.head.seq = SEQ;
	assert_int_equal(tc_map_put(&t.map, "told", 4, "value", 5), 1);
	assert_int_equal(tc_map_put_head(&t.map), 0);
	/* The open file goes on without its name. */
	if (test_dir_remove(&dir))
		return -1;
	*state = &t;
	return 0;
}

static int
tear_down(void **state)
{
	test_map_close(*state, TC_GDBM_READ);
	return 0;
}

static void
expect(struct test_map *t, const char *key, const char *want)
{
	unsigned char *value = NULL;
	size_t len = 0;
	int rc = tc_map_get(&t->map, key, strlen(key), &value, &len);

	assert_int_equal(rc, want != NULL);
	if (!want)
		return;
	assert_int_equal(len, strlen(want));
	assert_memory_equal(value, want, len);
	free(value);
}

static void
op(struct tc_writer *w, enum tc_op type, const char *key, const char *value)
{
	tc_entry_op(w, type, key, strlen(key), value, strlen(value));
}

static void
mark(struct tc_writer *w, unsigned kid, int64_t before)
{
	unsigned char key[2] = { (unsigned char)(kid >> 8),
				 (unsigned char)kid };
	struct tc_writer value = { 0 };

	tc_put(&value, (uint64_t)before, 8);
	tc_entry_op(w, TC_OP_MARK_KEY, key, 2, value.data, value.len);
	tc_writer_free(&value);
}

/* Ends the entry and applies it. */
static int
apply(struct test_map *t, struct tc_writer *w)
{
	int rc;

	tc_entry_end(test_crypto(), w);
	assert_false(w->bad);
	rc = tc_entry_apply(&t->map, w->data, w->len);
	tc_writer_free(w);
	return rc;
}

static void
operations(void **state)
{
	struct test_map *t = *state;
	struct tc_writer w = { 0 };
	struct tc_head inside;

	tc_entry_begin(&w, SEQ + 1);
	op(&w, TC_OP_PUT, "tnew", "one");
	op(&w, TC_OP_PUT, "unew", "");
	op(&w, TC_OP_DELETE, "told", "");
	op(&w, TC_OP_DELETE, "tnever", "");
	op(&w, TC_OP_PUT, "tnew", "two");
	mark(&w, 300, 1000);
	tc_entry_time(&w, 1795294800);
	assert_int_equal(apply(t, &w), 0);
	expect(t, "tnew", "two");
	expect(t, "unew", "");
	expect(t, "told", NULL);
	assert_true(t->head.seq == SEQ + 1);
	assert_true(t->head.time == 1795294800);
	assert_int_equal(t->head.items, 2);
	assert_int_equal(t->head.tokens, 1);
	assert_int_equal(t->head.n_marks, 1);
	assert_int_equal(t->head.marks[0].kid, 300);
	assert_true(t->head.marks[0].before == 1000);
	/* The head inside the file was brought along. */
	assert_int_equal(tc_map_get_head(&t->map, &inside), 0);
	assert_memory_equal(&inside, &t->head, sizeof(inside));

	tc_entry_begin(&w, SEQ + 2); /* nothing to do is an entry, too */
	assert_int_equal(apply(t, &w), 0);
	assert_true(t->head.seq == SEQ + 2);
}

static void
marks_only_grow(void **state)
{
	struct test_map *t = *state;
	struct tc_writer w = { 0 };

	tc_entry_begin(&w, SEQ + 1);
	mark(&w, 1, 500);
	mark(&w, 2, 100);
	mark(&w, 1, 400);
	mark(&w, 2, 200);
	assert_int_equal(apply(t, &w), 0);
	assert_int_equal(t->head.n_marks, 2);
	assert_true(t->head.marks[0].before == 500);
	assert_true(t->head.marks[1].before == 200);
}

static void
too_many_marks(void **state)
{
	struct test_map *t = *state;
	struct tc_writer w = { 0 };

	tc_entry_begin(&w, SEQ + 1);
	for (unsigned i = 1; i <= TC_MARKS_MAX; i++)
		mark(&w, i, i);
	assert_int_equal(apply(t, &w), 0);
	assert_int_equal(t->head.n_marks, TC_MARKS_MAX);
	tc_entry_begin(&w, SEQ + 2);
	mark(&w, 7, 9999); /* one that is there already */
	assert_int_equal(apply(t, &w), 0);
	tc_entry_begin(&w, SEQ + 3);
	mark(&w, TC_MARKS_MAX + 1, 1);
	assert_int_equal(apply(t, &w), -1);
}

static void
of_another_commit(void **state)
{
	static const uint64_t seqs[] = { 0, SEQ - 1, SEQ, SEQ + 2, UINT64_MAX };
	struct test_map *t = *state;
	struct tc_writer w = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(seqs); i++) {
		tc_entry_begin(&w, seqs[i]);
		op(&w, TC_OP_DELETE, "told", "");
		assert_int_equal(apply(t, &w), -1);
		assert_string_equal(t->map.why, "the journal is of another "
						"commit");
	}
	expect(t, "told", "value");
	assert_true(t->head.seq == SEQ);
}

/* An entry that is not whole does nothing at all. */
static void
refused(struct test_map *t, const unsigned char *entry, size_t len,
	size_t where)
{
	unsigned char *copy = test_malloc(len ? len : 1);

	if (len > 0)
		memcpy(copy, entry, len);
	if (tc_entry_apply(&t->map, copy, len) != -1)
		fail_msg("an entry of %zu bytes changed at %zu was applied",
			 len, where);
	assert_string_equal(t->map.why, "the journal is damaged");
	assert_true(t->head.seq == SEQ);
	expect(t, "told", "value");
	expect(t, "tnew", NULL);
	test_free(copy);
}

static void
damaged(void **state)
{
	struct test_map *t = *state;
	struct tc_writer w = { 0 };

	tc_entry_begin(&w, SEQ + 1);
	op(&w, TC_OP_PUT, "tnew", "one");
	op(&w, TC_OP_DELETE, "told", "");
	mark(&w, 1, 1000);
	tc_entry_time(&w, 1795294800);
	tc_entry_end(test_crypto(), &w);
	for (size_t len = 0; len < w.len; len++)
		refused(t, w.data, len, len);
	for (size_t i = 0; i < w.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			w.data[i] ^= (unsigned char)(1U << bit);
			refused(t, w.data, w.len, i);
			w.data[i] ^= (unsigned char)(1U << bit);
		}
	}
	assert_int_equal(tc_entry_apply(&t->map, w.data, w.len), 0);
	expect(t, "tnew", "one");
	tc_writer_free(&w);
}

/* One operation whose lengths are what they are, with the right digest. */
static int
by_hand(struct test_map *t, unsigned type, unsigned key_len, unsigned len,
	const char *bytes, unsigned count)
{
	struct tc_writer w = { 0 };

	t->head.seq = SEQ;
	tc_entry_begin(&w, SEQ + 1);
	tc_put(&w, type, 1);
	tc_put(&w, key_len, 2);
	tc_put(&w, len, 4);
	tc_put_bytes(&w, bytes, strlen(bytes));
	for (int i = 0; i < 4; i++) /* the count, behind length, seq, time */
		w.data[20 + i] = (unsigned char)(count >> (24 - 8 * i));
	return apply(t, &w);
}

static void
well_digested_nonsense(void **state)
{
	struct test_map *t = *state;

	assert_int_equal(by_hand(t, TC_OP_PUT, 2, 3, "txyyy", 1), 0);
	assert_int_equal(by_hand(t, TC_OP_PUT, 2, 3, "txyyy", 2), -1);
	assert_int_equal(by_hand(t, TC_OP_PUT, 2, 3, "txyyy", UINT32_MAX), -1);
	assert_int_equal(by_hand(t, TC_OP_PUT, 2, 4, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, TC_OP_PUT, 6, 0, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, TC_OP_PUT, 2, UINT32_MAX, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, TC_OP_PUT, 0, 5, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, 0, 2, 3, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, 4, 2, 3, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, 255, 2, 3, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, TC_OP_MARK_KEY, 1, 8, "k12345678", 1), -1);
	assert_int_equal(by_hand(t, TC_OP_MARK_KEY, 2, 7, "kk1234567", 1), -1);
}

#define WITH_MAP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MAP(operations),	  WITH_MAP(marks_only_grow),
		WITH_MAP(too_many_marks), WITH_MAP(of_another_commit),
		WITH_MAP(damaged),	  WITH_MAP(well_digested_nonsense),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}

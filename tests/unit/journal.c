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

static void
mark_all(struct tc_writer *w, int64_t before)
{
	struct tc_writer value = { 0 };

	tc_put(&value, (uint64_t)before, 8);
	tc_entry_op(w, TC_OP_MARK_ALL, "", 0, value.data, value.len);
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
	return rc ? rc : tc_map_put_head(&t->map);
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
mark_over_all(void **state)
{
	static const struct {
		int64_t before, then;
	} steps[] = {
		{ 500, 500 },
		{ 400, 500 },
		{ 0, 500 },
		{ -1, 500 },
		{ INT64_MIN, 500 },
		{ 501, 501 },
		{ INT64_C(253402300800), INT64_C(253402300800) },
	};
	struct test_map *t = *state;
	struct tc_writer w = { 0 };
	struct tc_head inside;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		tc_entry_begin(&w, SEQ + 1 + i);
		mark_all(&w, steps[i].before);
		assert_int_equal(apply(t, &w), 0);
		assert_true(t->head.all_before == steps[i].then);
		assert_int_equal(tc_map_get_head(&t->map, &inside), 0);
		assert_memory_equal(&inside, &t->head, sizeof(inside));
	}
	/* Two in one entry, the further one first; nothing else is touched. */
	tc_entry_begin(&w, t->head.seq + 1);
	mark_all(&w, INT64_C(253402300802));
	mark_all(&w, INT64_C(253402300801));
	assert_int_equal(apply(t, &w), 0);
	assert_true(t->head.all_before == INT64_C(253402300802));
	assert_int_equal(t->head.n_marks, 0);
	assert_int_equal(t->head.items, 1);
	expect(t, "told", "value");
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
	assert_int_equal(tc_map_put_head(&t->map), 0);
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
	assert_int_equal(by_hand(t, TC_OP_PUT, 2, 3, "txyyy", 0), -1);
	assert_int_equal(by_hand(t, TC_OP_PUT, 2, 3, "txyyyz", 1), -1);
	assert_int_equal(by_hand(t, TC_OP_PUT, 2, 4, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, TC_OP_PUT, 6, 0, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, TC_OP_PUT, 2, UINT32_MAX, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, TC_OP_PUT, 0, 5, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, 0, 2, 3, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, TC_OP_MARK_ALL, 2, 3, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, 5, 2, 3, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, 255, 2, 3, "txyyy", 1), -1);
	assert_int_equal(by_hand(t, TC_OP_MARK_KEY, 1, 8, "k12345678", 1), -1);
	assert_int_equal(by_hand(t, TC_OP_MARK_KEY, 2, 7, "kk1234567", 1), -1);
}

/* Nothing but the beginning of its head, with the right length and digest. */
static void
well_digested_stumps(void **state)
{
	struct test_map *t = *state;

	for (unsigned len = 4 + 8; len < 4 + 8 + 8 + 4; len++) {
		struct tc_writer w = { 0 };

		tc_entry_begin(&w, SEQ + 1);
		w.len = len;
		t->head.seq = SEQ;
		assert_int_equal(apply(t, &w), -1);
		assert_string_equal(t->map.why, "the journal is damaged");
	}
}

/* A mark's key and value have one length each. */
static void
marks_of_odd_length(void **state)
{
	static const char bytes[] = "0123456789abcdef";
	struct test_map *t = *state;

	for (unsigned key_len = 0; key_len <= 3; key_len++) {
		for (unsigned len = 0; len <= 10; len++) {
			char op_bytes[16];
			int key = key_len == 2 && len == 8;
			int all = key_len == 0 && len == 8;

			memcpy(op_bytes, bytes, key_len + len);
			op_bytes[key_len + len] = '\0';
			assert_int_equal(by_hand(t, TC_OP_MARK_KEY, key_len,
						 len, op_bytes, 1),
					 key ? 0 : -1);
			if (!key)
				assert_string_equal(t->map.why, "the journal "
								"is damaged");
			assert_int_equal(t->head.n_marks,
					 key_len > 2 ||
					     (key_len == 2 && len >= 8));
			assert_int_equal(by_hand(t, TC_OP_MARK_ALL, key_len,
						 len, op_bytes, 1),
					 all ? 0 : -1);
			assert_int_equal(t->head.all_before != 0,
					 key_len > 0 || len >= 8);
		}
	}
}

/* ---- reading an entry's items, to tell of them ---- */

struct told {
	char text[64];
	int stop_at; /* the call that is to end it; 0: none */
	int calls;
};

static int
tell(void *arg, const unsigned char *key, size_t key_len,
     const unsigned char *value, size_t len)
{
	struct told *t = arg;
	size_t at = strlen(t->text);

	assert_true(at + key_len + len + 3 < sizeof(t->text));
	memcpy(t->text + at, key, key_len);
	t->text[at + key_len] = '=';
	memcpy(t->text + at + key_len + 1, value, len);
	memcpy(t->text + at + key_len + 1 + len, " ", 2);
	return ++t->calls == t->stop_at ? 7 : 0;
}

static void
what_an_entry_puts(void **state)
{
	struct tc_writer w = { 0 };
	struct told t = { .calls = 0 };
	size_t len;

	(void)state;
	tc_entry_begin(&w, SEQ + 1);
	assert_int_equal(tc_entry_puts(w.data, w.len, tell, &t), 0);
	assert_int_equal(t.calls, 0);
	op(&w, TC_OP_PUT, "tb", "one");
	op(&w, TC_OP_DELETE, "told", "");
	mark(&w, 1, 1000);
	op(&w, TC_OP_PUT, "ta", "");
	mark_all(&w, 1000);
	op(&w, TC_OP_PUT, "tb", "two"); /* twice is told twice */
	for (int ended = 0; ended < 2; ended++) {
		memset(&t, 0, sizeof(t));
		assert_int_equal(tc_entry_puts(w.data, w.len, tell, &t), 0);
		assert_string_equal(t.text, "tb=one ta= tb=two ");
		memset(&t, 0, sizeof(t));
		t.stop_at = 2;
		assert_int_equal(tc_entry_puts(w.data, w.len, tell, &t), 7);
		assert_string_equal(t.text, "tb=one ta= ");
		len = w.len;
		if (!ended)
			tc_entry_end(test_crypto(), &w);
	}
	/* Cut off inside an operation: said, and nothing read behind it. */
	for (size_t n = 0; n < len - TC_DIGEST_LEN; n++) {
		unsigned char *cut = test_malloc(n ? n : 1);

		memcpy(cut, w.data, n);
		memset(&t, 0, sizeof(t));
		assert_int_equal(tc_entry_puts(cut, n, tell, &t), -1);
		test_free(cut);
	}
	tc_writer_free(&w);
}

#define WITH_MAP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MAP(operations),
		WITH_MAP(marks_only_grow),
		WITH_MAP(too_many_marks),
		WITH_MAP(of_another_commit),
		WITH_MAP(damaged),
		WITH_MAP(well_digested_nonsense),
		WITH_MAP(well_digested_stumps),
		WITH_MAP(mark_over_all),
		WITH_MAP(marks_of_odd_length),
		cmocka_unit_test(what_an_entry_puts),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}

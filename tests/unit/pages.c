/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The map in pages: against a plain array as a model, and that nothing stays
 * behind of what was replaced.  damage.c has the rest.
 */
#include "common.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define KEYS 600
#define VALUE_MAX 400

/* ---- a model ---- */

struct model {
	size_t len[KEYS];
	unsigned char *value[KEYS]; /* NULL: not there */
	unsigned items, tokens;
};

/* Every other key is one that is counted as a token's. */
static size_t
key_of(unsigned i, char key[16])
{
	return (size_t)snprintf(key, 16, "%c%u", i % 2 ? 't' : 'u', i * 7919);
}

static void
model_set(struct model *m, unsigned i, const unsigned char *value, size_t len)
{
	int was = m->value[i] != NULL;

	free(m->value[i]);
	m->value[i] = NULL;
	if (value) {
		m->value[i] = malloc(len + 1);
		assert_non_null(m->value[i]);
		memcpy(m->value[i], value, len);
		m->len[i] = len;
	}
	m->items += (value != NULL) - (unsigned)was;
	if (i % 2)
		m->tokens += (value != NULL) - (unsigned)was;
}

static void
model_free(struct model *m)
{
	for (unsigned i = 0; i < KEYS; i++)
		free(m->value[i]);
}

static void
check_get(struct test_map *t, const struct model *m, unsigned i)
{
	unsigned char *value = NULL;
	size_t len = 0;
	char key[16];
	size_t key_len = key_of(i, key);

	assert_int_equal(tc_map_get(&t->map, key, key_len, &value, &len),
			 m->value[i] != NULL);
	if (!m->value[i])
		return;
	assert_int_equal(len, m->len[i]);
	assert_memory_equal(value, m->value[i], len);
	free(value);
}

static void
check_whole(struct test_map *t, const struct model *m)
{
	for (unsigned i = 0; i < KEYS; i++)
		check_get(t, m, i);
	assert_int_equal(t->head.items, m->items);
	assert_int_equal(t->head.tokens, m->tokens);
}

static void
one_operation(struct test_map *t, struct model *m, uint32_t *seed)
{
	unsigned i = test_random(seed) % KEYS;
	unsigned char value[VALUE_MAX];
	char key[16];
	size_t key_len = key_of(i, key), len;
	int there = m->value[i] != NULL;

	switch (test_random(seed) % 8) {
	case 0:
		check_get(t, m, i);
		return;
	case 1:
	case 2:
		assert_int_equal(tc_map_delete(&t->map, key, key_len), there);
		model_set(m, i, NULL, 0);
		return;
	}
	/* Now and then as long as the one before, now and then empty. */
	len = there && test_random(seed) % 4 == 0 ? m->len[i]
	      : test_random(seed) % 10 == 0	  ? 0
					    : test_random(seed) % VALUE_MAX;
	for (size_t k = 0; k < len; k++)
		value[k] = (unsigned char)test_random(seed);
	assert_int_equal(tc_map_put(&t->map, key, key_len, value, len), !there);
	model_set(m, i, value, len);
}

/* As a commit does it, or each change by itself. */
static void
open_to_write(struct test_map *t, const char *path, int holding)
{
	assert_int_equal(test_map_open(t, path, TC_GDBM_WRITE), 0);
	if (holding)
		t->map.held = &t->held;
}

static void
as_an_array(const char *path, int holding)
{
	struct model m = { .items = 0 };
	struct test_map t;
	uint32_t seed = 4711;

	test_map_make(&t, path);
	test_map_close(&t, TC_GDBM_WRITE);
	open_to_write(&t, path, holding);
	check_whole(&t, &m);
	for (int i = 1; i <= 5000; i++) {
		one_operation(&t, &m, &seed);
		if (i % 500)
			continue;
		test_map_close(&t, TC_GDBM_WRITE);
		assert_int_equal(test_map_open(&t, path, TC_GDBM_READ), 0);
		check_whole(&t, &m);
		test_map_close(&t, TC_GDBM_READ);
		open_to_write(&t, path, holding);
	}
	assert_true(m.items > KEYS / 2);
	assert_true(t.head.pages >= 3 * TC_PAGES_START); /* it did split */
	test_map_close(&t, TC_GDBM_WRITE);
	model_free(&m);
}

static void
like_an_array(void **state)
{
	as_an_array(test_path(*state, "map"), 0);
	as_an_array(test_path(*state, "map"), 1);
}

/* What is held is written once it is much; nothing is lost on the way. */
static void
more_than_is_held(void **state)
{
	const char *path = test_path(*state, "map");
	static unsigned char big[100000];
	struct test_map t;
	char key[16];

	test_map_make(&t, path);
	t.map.held = &t.held;
	for (unsigned i = 0; i < 400; i++) {
		memset(big, (int)(i % 251), sizeof(big));
		assert_int_equal(tc_map_put(&t.map, key, key_of(i, key), big,
					    sizeof(big) - i),
				 1);
		assert_true(t.held.bytes < (size_t)20 << 20);
	}
	test_map_close(&t, TC_GDBM_WRITE);
	assert_int_equal(test_map_open(&t, path, TC_GDBM_READ), 0);
	for (unsigned i = 0; i < 400; i++) {
		unsigned char *value;
		size_t len;

		assert_int_equal(
		    tc_map_get(&t.map, key, key_of(i, key), &value, &len), 1);
		assert_int_equal(len, sizeof(big) - i);
		assert_int_equal(value[0], i % 251);
		assert_int_equal(value[len - 1], i % 251);
		free(value);
	}
	test_map_close(&t, TC_GDBM_READ);
}

/* A page's place has one of a few sizes, so that another one can take it. */
static void
sizes_of_pages(void **state)
{
	unsigned char key[5] = { 'p' }, value[1800] = { 0 }, *page;
	struct test_map t;
	size_t len, last = 0;

	test_map_make(&t, test_path(*state, "map"));
	for (unsigned i = 0; i < sizeof(value); i += 7) {
		(void)tc_map_put(&t.map, "tone", 4, value, i);
		len = 0;
		for (unsigned p = 0; p < t.head.pages; p++) {
			size_t n;

			key[4] = (unsigned char)p;
			assert_int_equal(
			    tc_gdbm_fetch(t.map.file, key, 5, &page, &n), 1);
			len += 5 + n;
			free(page);
		}
		len -= (t.head.pages - 1) * 512;
		assert_true(len == 512 || len == 1024 || len == 2048);
		assert_true(len >= last && len >= i + 20);
		last = len;
	}
	assert_int_equal(last, 2048);
	test_map_close(&t, TC_GDBM_WRITE);
}

static int
count_one(void *arg, const unsigned char *key, size_t key_len,
	  const unsigned char *value, size_t len)
{
	unsigned char *seen = arg;
	unsigned i;

	(void)len;
	assert_int_equal(key[0], 'k');
	assert_int_equal(key_len, 4);
	i = (unsigned)value[0] << 8 | value[1];
	assert_true(i < KEYS);
	seen[i]++;
	return 0;
}

static void
every_item_once(void **state)
{
	static unsigned char seen[KEYS];
	struct test_map t;

	test_map_make(&t, test_path(*state, "map"));
	for (unsigned i = 0; i < KEYS; i++) {
		char key[16];
		unsigned char value[2] = { (unsigned char)(i >> 8),
					   (unsigned char)i };

		(void)snprintf(key, sizeof(key), "k%03u", i);
		assert_int_equal(tc_map_put(&t.map, key, 4, value, 2), 1);
	}
	for (uint32_t p = 0; p < t.head.pages; p++)
		assert_int_equal(tc_map_page(&t.map, p, count_one, seen), 0);
	for (unsigned i = 0; i < KEYS; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(tc_map_page(&t.map, t.head.pages, count_one, seen),
			 -1);
	test_map_close(&t, TC_GDBM_WRITE);
}

/* Wherever an item lies later, it is a multiple of the step away from where it
 * lay, and in no other page's line. */
static void
steps(void **state)
{
	struct tc_head head;
	struct tc_map m = { .head = &head };

	(void)state;
	for (uint32_t before = 1; before < 70; before++) {
		for (uint32_t after = before; after < 300;
		     after += 1 + after / 9) {
			for (uint32_t hash = 0; hash < 1024; hash++) {
				unsigned char id[4] = {
					0, 0, (unsigned char)(hash >> 6),
					(unsigned char)(hash << 2)
				};
				uint64_t step;
				uint32_t was, is;

				head.pages = before;
				was = tc_map_page_of_id(&m, id);
				step = tc_map_step(before, was);
				head.pages = after;
				is = tc_map_page_of_id(&m, id);
				assert_true(is >= was);
				assert_true((is - was) % step == 0);
				/* The lines of two pages do not cross. */
				assert_true(is == was || is >= before);
				assert_true(was + step >= before);
			}
		}
	}
	assert_true(tc_map_step(UINT32_MAX, 5) == (uint64_t)1 << 32);
}

/* Each page once, and what lies beside it among last uses next to it. */
static void
order(void **state)
{
	(void)state;
	for (uint32_t pages = 1; pages < 300; pages++) {
		uint32_t page = 0, told = 0, before = 0;

		do {
			uint32_t turned = 0;

			for (unsigned i = 0; i < 10; i++)
				turned |= (page >> i & 1) << (9 - i);
			assert_true(page < pages);
			assert_true(told == 0 || turned > before);
			before = turned;
			told++;
			page = tc_map_after(pages, page);
		} while (page > 0);
		assert_int_equal(told, pages);
	}
	assert_int_equal(tc_map_after(UINT32_MAX, 0), (uint32_t)1 << 31);
	assert_int_equal(tc_map_after(0, 0), 0);
}

static void
keys_of_odd_length(void **state)
{
	static char key[TC_ITEM_KEY_MAX + 1];
	struct test_map t;
	unsigned char *value;
	size_t len;

	test_map_make(&t, test_path(*state, "map"));
	assert_int_equal(tc_map_put(&t.map, key, 0, "v", 1), -1);
	assert_int_equal(tc_map_put(&t.map, key, sizeof(key), "v", 1), -1);
	assert_int_equal(tc_map_put(&t.map, key, sizeof(key) - 1, "v", 1), 1);
	assert_int_equal(tc_map_put(&t.map, key, 1, "w", 1), 1);
	assert_int_equal(tc_map_get(&t.map, key, sizeof(key) - 1, &value, &len),
			 1);
	assert_int_equal(value[0], 'v');
	free(value);
	assert_int_equal(tc_map_get(&t.map, key, 2, &value, &len), 0);
	test_map_close(&t, TC_GDBM_WRITE);
}

/* ---- what is not there takes as long ---- */

static unsigned hashed;

int __real_tc_digest_fits(const struct tc_crypto *c, const unsigned char *text,
			  size_t len);
int __wrap_tc_digest_fits(const struct tc_crypto *c, const unsigned char *text,
			  size_t len);
int
__wrap_tc_digest_fits(const struct tc_crypto *c, const unsigned char *text,
		      size_t len)
{
	hashed++;
	return __real_tc_digest_fits(c, text, len);
}

static unsigned
hashed_for(struct test_map *t, const char *key, size_t usual_len)
{
	unsigned char *value = NULL;
	size_t len;

	hashed = 0;
	(void)tc_map_get_alike(&t->map, key, strlen(key), usual_len, &value,
			       &len);
	free(value);
	return hashed;
}

/* A page of 512 bytes has room for what is not there, or would be twice as
 * long: then it is hashed once more. */
static void
charged(void **state)
{
	struct test_map t;

	test_map_make(&t, test_path(*state, "map"));
	assert_int_equal(tc_map_put(&t.map, "t1", 2, "v", 1), 1);
	assert_int_equal(hashed_for(&t, "t2", 0), 1);
	assert_int_equal(hashed_for(&t, "t2", 100), 1);
	assert_int_equal(hashed_for(&t, "t2", 500), 2);
	assert_int_equal(hashed_for(&t, "t1", 500), 1);
	test_map_close(&t, TC_GDBM_WRITE);
}

/* ---- what stays behind ---- */

/* Is the value of key i in this state still somewhere in the file? */
static int
left_behind(const char *path, const char *name, unsigned i)
{
	char value[64];
	size_t len;
	char *data = test_read(path, &len);
	int n = snprintf(value, sizeof(value), "<%s %u>", name, i);
	int found = test_holds(data, len, value, (size_t)n);

	free(data);
	return found;
}

static void
put_named(struct test_map *t, const char *name, unsigned i, const char *more)
{
	char key[16], value[128];
	int n = snprintf(value, sizeof(value), "<%s %u>%s", name, i, more);

	assert_true(
	    tc_map_put(&t->map, key, key_of(i, key), value, (size_t)n) >= 0);
}

static void
stays(const char *path, int holding)
{
	static const char *const more[] = {
		"",
		" shorter or longer",
		"x",
		" much longer than those that were there before it came",
	};
	struct test_map t;

	test_map_make(&t, path);
	if (holding)
		t.map.held = &t.held;
	for (unsigned i = 0; i < 300; i++)
		put_named(&t, "old", i, more[i % 4]);
	assert_true(t.head.pages > 2 * TC_PAGES_START);
	test_map_close(&t, TC_GDBM_WRITE);
	assert_true(left_behind(path, "old", 7));
	open_to_write(&t, path, holding);
	for (unsigned i = 0; i < 300; i++) {
		char key[16];

		if (i % 3 == 2)
			assert_int_equal(
			    tc_map_delete(&t.map, key, key_of(i, key)), 1);
		else /* "new" is as long as "old" */
			put_named(&t, "new", i, more[(i + i % 3) % 4]);
	}
	test_map_close(&t, TC_GDBM_WRITE);
	for (unsigned i = 0; i < 300; i++) {
		if (left_behind(path, "old", i))
			fail_msg("a copy of item %u stayed", i);
		assert_int_equal(left_behind(path, "new", i), i % 3 != 2);
	}
}

static void
nothing_stays(void **state)
{
	stays(test_path(*state, "map"), 0);
	stays(test_path(*state, "map"), 1);
}

/* ---- a copy without gaps ---- */

static size_t
size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}

/* An empty file of the kind that a copy is made in. */
static void
open_empty(struct test_map *t, struct test_map *from, const char *path)
{
	const char *why = "";
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	memset(t, 0, sizeof(*t));
	t->map.crypto = test_crypto();
	t->map.head = &from->head;
	t->map.file = tc_gdbm_open(fd, TC_GDBM_NEW, &why);
	assert_non_null(t->map.file);
}

/* A map that grew, changed and shrank: its model is what must be copied. */
static void
a_full_life(struct test_map *t, struct model *m, const char *path)
{
	uint32_t seed = 815;

	test_map_make(t, path);
	for (int i = 0; i < 3000; i++)
		one_operation(t, m, &seed);
	for (unsigned i = 0; i < KEYS; i++) {
		char key[16];
		size_t key_len = key_of(i, key);

		if (i % 8 == 0 || !m->value[i])
			continue;
		assert_int_equal(tc_map_delete(&t->map, key, key_len), 1);
		model_set(m, i, NULL, 0);
	}
	t->head.seq = 4711;
	t->head.all_before = 1000;
	assert_int_equal(tc_map_put_head(&t->map), 0);
}

static void
a_copy(void **state)
{
	const char *path = test_path(*state, "map");
	const char *other = test_path(*state, "copy");
	struct test_map from, to;
	struct model m = { .items = 0 };
	const char *why;

	a_full_life(&from, &m, path);
	open_empty(&to, &from, other);
	assert_int_equal(tc_map_copy(&from.map, &to.map), 0);
	assert_int_equal(tc_gdbm_finish(to.map.file, &why), 0);
	assert_true(2 * size_of(other) < size_of(path));
	assert_int_equal(test_map_open(&to, other, TC_GDBM_WRITE), 0);
	assert_memory_equal(&to.head, &from.head, sizeof(to.head));
	check_whole(&to, &m);
	/* It goes on as the one it was made from would. */
	model_set(&m, 3, (const unsigned char *)"new", 3);
	put_named(&to, "x", 9, "");
	assert_int_equal(tc_map_put(&to.map, "t23757", 6, "new", 3), 1);
	check_get(&to, &m, 3);
	assert_int_equal(from.head.items + 2, to.head.items);
	test_map_close(&to, TC_GDBM_WRITE);
	test_map_close(&from, TC_GDBM_READ);
	model_free(&m);
}

/* Which of the two is to blame is what a message names. */
static void
no_copy(void **state)
{
	const char *path = test_path(*state, "map");
	const char *other = test_path(*state, "copy");
	struct test_map from, to;
	struct model m = { .items = 0 };
	char *data;
	size_t len, at = 0;

	a_full_life(&from, &m, path);
	test_map_close(&from, TC_GDBM_WRITE);
	assert_int_equal(test_map_open(&from, path, TC_GDBM_READ), 0);
	test_map_make(&to, other);
	test_map_close(&to, TC_GDBM_WRITE);
	assert_int_equal(test_map_open(&to, other, TC_GDBM_READ), 0);
	assert_int_equal(tc_map_copy(&from.map, &to.map), -1);
	assert_null(from.map.why);
	assert_non_null(to.map.why);
	test_map_close(&to, TC_GDBM_READ);
	test_map_close(&from, TC_GDBM_READ);

	data = test_read(path, &len);
	for (unsigned i = 0; i < KEYS && at == 0; i += 8)
		if (m.value[i] && m.len[i] > 16)
			at = (size_t)((char *)memmem(data, len, m.value[i],
						     m.len[i]) -
				      data);
	assert_true(at > 0 && at < len);
	data[at] ^= 1;
	test_write(path, 0600, data, len);
	free(data);
	assert_int_equal(test_map_open(&from, path, TC_GDBM_READ), 0);
	open_empty(&to, &from, test_path(*state, "third"));
	assert_int_equal(tc_map_copy(&from.map, &to.map), -1);
	assert_string_equal(from.map.why, "a page is damaged");
	assert_null(to.map.why);
	tc_gdbm_close(to.map.file);
	test_map_close(&from, TC_GDBM_READ);
	model_free(&m);
}

#define WITH_DIR(test)                                                         \
	cmocka_unit_test_setup_teardown(test, test_dir_make, test_dir_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(like_an_array),
		WITH_DIR(every_item_once),
		WITH_DIR(more_than_is_held),
		WITH_DIR(sizes_of_pages),
		cmocka_unit_test(steps),
		cmocka_unit_test(order),
		WITH_DIR(keys_of_odd_length),
		WITH_DIR(charged),
		WITH_DIR(nothing_stays),
		WITH_DIR(a_copy),
		WITH_DIR(no_copy),
	};

	return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}

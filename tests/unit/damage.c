/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The map in pages when its file is damaged: whatever was changed, a lookup
 * gives the right answer or says that it cannot; never "not there", never
 * another value.
 */
#include "common.h"

#include <gdbm.h>
#include <stdio.h>
#include <stdlib.h>

#define DAMAGE_KEYS 100

static size_t
key_of(unsigned i, char key[16])
{
	return (size_t)snprintf(key, 16, "%c%u", i % 2 ? 't' : 'u', i * 7919);
}

/* KEY i holds "value i" for the even ones; the odd ones are not there. */
static void
make_small(const char *path)
{
	struct test_map t;

	test_map_make(&t, path);
	for (unsigned i = 0; i < DAMAGE_KEYS; i += 2) {
		char key[16], value[16];
		int n = snprintf(value, sizeof(value), "value %u", i);

		assert_int_equal(
		    tc_map_put(&t.map, key, key_of(i, key), value, (size_t)n),
		    1);
	}
	test_map_close(&t, TC_GDBM_WRITE);
}

/* How many lookups failed; a wrong answer ends the test. */
static unsigned
look_at_all(const char *path, const char *what, size_t at)
{
	struct test_map t;
	unsigned failed = 0;

	if (test_map_open(&t, path, TC_GDBM_READ))
		return DAMAGE_KEYS;
	for (unsigned i = 0; i < DAMAGE_KEYS; i++) {
		unsigned char *value = NULL;
		char key[16], want[16];
		size_t len = 0;
		int rc = tc_map_get(&t.map, key, key_of(i, key), &value, &len);

		(void)snprintf(want, sizeof(want), "value %u", i);
		if (rc == -1)
			failed++;
		else if (rc != (i % 2 == 0))
			fail_msg("%s %zu: key %u: %d", what, at, i, rc);
		else if (rc == 1 &&
			 (len != strlen(want) || memcmp(value, want, len) != 0))
			fail_msg("%s %zu: key %u: a wrong value", what, at, i);
		if (rc == 1)
			free(value);
	}
	test_map_close(&t, TC_GDBM_READ);
	return failed;
}

static void
bytes_flipped(void **state)
{
	const char *path = test_path(*state, "map");
	const char *copy = test_path(*state, "copy");
	unsigned failed = 0;
	size_t len;
	char *data;

	make_small(path);
	data = test_read(path, &len);
	test_write(copy, 0600, data, len);
	assert_int_equal(look_at_all(copy, "no change", 0), 0);
	for (size_t at = 0; at < len; at += at < 200 ? 1 : 7) {
		data[at] = (char)~data[at];
		test_write(copy, 0600, data, len);
		failed += look_at_all(copy, "byte", at) > 0;
		data[at] = (char)~data[at];
	}
	assert_true(failed > 10);
	free(data);
}

static void
cut_off(void **state)
{
	const char *path = test_path(*state, "map");
	const char *copy = test_path(*state, "copy");
	size_t len;
	char *data;

	make_small(path);
	data = test_read(path, &len);
	for (size_t at = 0; at < len; at += 997) {
		test_write(copy, 0600, data, at);
		(void)look_at_all(copy, "cut off at", at);
	}
	assert_int_equal(look_at_all(path, "no change", 0), 0);
	free(data);
}

static datum
datum_of(char *data, size_t len)
{
	datum d = { data, (int)len };

	return d;
}

/* Changes one page of the file behind the map's back. */
static void
with_page(const char *path, unsigned number,
	  void (*change)(GDBM_FILE, datum key, datum value))
{
	char key[5] = { 'p', 0, 0, 0, (char)number };
	GDBM_FILE f;
	datum value;

	f = gdbm_open(path, 0, GDBM_WRITER | GDBM_NOMMAP, 0600, NULL);
	assert_non_null(f);
	value = gdbm_fetch(f, datum_of(key, sizeof(key)));
	assert_non_null(value.dptr);
	change(f, datum_of(key, sizeof(key)), value);
	free(value.dptr);
	assert_int_equal(gdbm_close(f), 0);
}

static void
take_away(GDBM_FILE f, datum key, datum value)
{
	(void)value;
	assert_int_equal(gdbm_delete(f, key), 0);
}

static void
store(GDBM_FILE f, datum key, datum value)
{
	assert_int_equal(gdbm_store(f, key, value, GDBM_REPLACE), 0);
}

static void
make_empty(GDBM_FILE f, datum key, datum value)
{
	value.dsize = 0;
	store(f, key, value);
}

static void
shorten(GDBM_FILE f, datum key, datum value)
{
	value.dsize--;
	store(f, key, value);
}

static void
keep_digest_only(GDBM_FILE f, datum key, datum value)
{
	value.dsize = TC_DIGEST_LEN;
	store(f, key, value);
}

static void
flip_first(GDBM_FILE f, datum key, datum value)
{
	value.dptr[0] ^= 1;
	store(f, key, value);
}

static void
flip_last(GDBM_FILE f, datum key, datum value)
{
	value.dptr[value.dsize - 1] ^= 1;
	store(f, key, value);
}

/* A page that is whole, but another's. */
static void
swap_with_next(GDBM_FILE f, datum key, datum value)
{
	char other[5];

	memcpy(other, key.dptr, sizeof(other));
	other[4]++;
	store(f, datum_of(other, sizeof(other)), value);
}

static void
pages_damaged(void **state)
{
	static void (*const changes[])(GDBM_FILE, datum, datum) = {
		take_away,  make_empty, shorten,	keep_digest_only,
		flip_first, flip_last,	swap_with_next,
	};
	const char *path = test_path(*state, "map");
	const char *copy = test_path(*state, "copy");
	size_t len;
	char *data;

	make_small(path);
	data = test_read(path, &len);
	for (unsigned p = 0; p + 1 < TC_PAGES_START; p++) {
		for (size_t c = 0; c < ARRAY_LEN(changes); c++) {
			unsigned failed;

			test_write(copy, 0600, data, len);
			with_page(copy, p, changes[c]);
			failed = look_at_all(copy, "change", c);
			if (failed == 0 || failed > DAMAGE_KEYS / 4)
				fail_msg("page %u, change %zu: %u lookups "
					 "failed",
					 p, c, failed);
		}
	}
	free(data);
}

/* Putting and deleting find the damage, too. */
static void
damage_stops_writers(void **state)
{
	const char *path = test_path(*state, "map");
	struct test_map t;
	unsigned stopped = 0;

	make_small(path);
	with_page(path, 3, take_away);
	assert_int_equal(test_map_open(&t, path, TC_GDBM_WRITE), 0);
	for (unsigned i = 0; i < DAMAGE_KEYS; i++) {
		char key[16];
		size_t len = key_of(i, key);

		if (tc_map_delete(&t.map, key, len) >= 0)
			continue;
		assert_int_equal(tc_map_put(&t.map, key, len, "x", 1), -1);
		assert_string_equal(t.map.why, "a page is missing");
		stopped++;
	}
	assert_in_range(stopped, 1, DAMAGE_KEYS / 4);
	test_map_close(&t, TC_GDBM_READ);
}

static void
head_damaged(void **state)
{
	static void (*const changes[])(GDBM_FILE, datum, datum) = {
		take_away,	  make_empty, shorten,
		keep_digest_only, flip_first, flip_last,
	};
	const char *path = test_path(*state, "map");
	char key[] = { 'h', 'e', 'a', 'd' };

	for (size_t c = 0; c < ARRAY_LEN(changes); c++) {
		struct test_map t;
		GDBM_FILE f;
		datum value;

		make_small(path);
		f = gdbm_open(path, 0, GDBM_WRITER | GDBM_NOMMAP, 0600, NULL);
		assert_non_null(f);
		value = gdbm_fetch(f, datum_of(key, sizeof(key)));
		assert_non_null(value.dptr);
		changes[c](f, datum_of(key, sizeof(key)), value);
		free(value.dptr);
		gdbm_close(f);
		assert_int_equal(test_map_open(&t, path, TC_GDBM_READ), -1);
		assert_non_null(
		    strstr(t.map.why, c == 0 ? "missing" : "damaged"));
	}
}

#define WITH_DIR(test)                                                         \
	cmocka_unit_test_setup_teardown(test, test_dir_make, test_dir_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(bytes_flipped), WITH_DIR(cut_off),
		WITH_DIR(pages_damaged), WITH_DIR(damage_stops_writers),
		WITH_DIR(head_damaged),
	};

	return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}

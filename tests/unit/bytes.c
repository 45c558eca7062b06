/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader that stays inside its bytes and the writer that grows. */
#include "common.h"

#include "bytes.h"

static void
big_endian(void **state)
{
	static const unsigned char in[] = { 1, 2, 3, 4, 5, 6, 7, 8, 0xf9 };
	struct tc_reader r = { in, in + sizeof(in), 0 };
	struct tc_writer w = { 0 };

	(void)state;
	assert_int_equal(tc_get(&r, 1), 1);
	assert_int_equal(tc_get(&r, 8), 0x02030405060708f9);
	assert_true(r.at == r.end && !r.bad);
	tc_put(&w, 0x0102, 2);
	tc_put(&w, 0xffffff030405, 3); /* what does not fit is cut off */
	tc_put(&w, 0x060708f9, 4);
	assert_int_equal(w.len, sizeof(in));
	assert_memory_equal(w.data, in, sizeof(in));
	tc_writer_free(&w);
	assert_null(w.data);
	assert_int_equal(w.len, 0);
	tc_put(&w, UINT64_MAX, 8);
	tc_put(&w, (uint64_t)INT64_MIN, 8);
	assert_memory_equal(w.data,
			    "\xff\xff\xff\xff\xff\xff\xff\xff"
			    "\x80\0\0\0\0\0\0\0",
			    16);
	tc_writer_free(&w);
}

static void
past_the_end(void **state)
{
	static const unsigned char in[] = { 1, 2, 3 };
	struct tc_reader r = { in, in + sizeof(in), 0 };

	(void)state;
	assert_ptr_equal(tc_take(&r, 3), in);
	assert_false(r.bad);
	assert_non_null(tc_take(&r, 0));
	assert_null(tc_take(&r, 1));
	assert_true(r.bad);

	/* Once bad, nothing more comes out, not even what would fit. */
	r = (struct tc_reader){ in, in + sizeof(in), 0 };
	assert_int_equal(tc_get(&r, 4), 0);
	assert_true(r.bad);
	assert_ptr_equal(r.at, in);
	assert_int_equal(tc_get(&r, 1), 0);
	assert_null(tc_take(&r, 0));

	r = (struct tc_reader){ in, in + sizeof(in), 0 };
	assert_null(tc_take(&r, SIZE_MAX));
	assert_true(r.bad);
}

static void
growing(void **state)
{
	struct tc_writer w = { 0 };
	unsigned char block[300];

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		memset(block, (int)(i % 251), sizeof(block));
		tc_put_bytes(&w, block, i % 300);
	}
	assert_false(w.bad);
	for (unsigned i = 0, at = 0; i < 1000; i++)
		for (unsigned k = 0; k < i % 300; k++, at++)
			assert_int_equal(w.data[at], i % 251);
	tc_put_bytes(&w, NULL, 0);
	assert_false(w.bad);
	tc_writer_free(&w);
}

static void
too_much(void **state)
{
	struct tc_writer w = { 0 };
	size_t len;

	(void)state;
	tc_put_bytes(&w, "abc", 3);
	len = w.len;
	tc_put_bytes(&w, "abc", SIZE_MAX / 2);
	assert_true(w.bad);
	tc_put_bytes(&w, "abc", 3); /* and bad it stays */
	assert_true(w.bad);
	assert_int_equal(w.len, len);
	tc_writer_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(big_endian),
		cmocka_unit_test(past_the_end),
		cmocka_unit_test(growing),
		cmocka_unit_test(too_much),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}

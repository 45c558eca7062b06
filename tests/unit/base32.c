/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Crockford's base 32 and the CRC, against answers worked out by hand. */
#include "common.h"

#include "base32.h"

static const struct {
	const char *bytes;
	size_t len;
	const char *text;
} table[] = {
	{ "", 0, "" },
	{ "\x00", 1, "00" },
	{ "\xff", 1, "zw" },
	{ "\x01", 1, "04" },
	{ "\xff\xff", 2, "zzzg" },
	{ "\xff\xff\xff", 3, "zzzzy" },
	{ "\xff\xff\xff\xff", 4, "zzzzzzr" },
	{ "\xff\xff\xff\xff\xff", 5, "zzzzzzzz" },
	/* 5 bits each: 0 1 2 ... 31 */
	{ "\x00\x44\x32\x14\xc7\x42\x54\xb6\x35\xcf\x84\x65\x3a\x56\xd7\xc6"
	  "\x75\xbe\x77\xdf",
	  20, "0123456789abcdefghjkmnpqrstvwxyz" },
};

static void
both_ways(void **state)
{
	char text[64];
	unsigned char bytes[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		size_t chars = strlen(table[i].text);

		memset(text, 'X', sizeof(text));
		tc_b32_encode((const unsigned char *)table[i].bytes,
			      table[i].len, text);
		assert_string_equal(text, table[i].text);
		assert_int_equal(TC_B32_CHARS(table[i].len), chars);
		assert_int_equal(TC_B32_BYTES(chars), table[i].len);
		memset(bytes, 0xaa, sizeof(bytes));
		assert_int_equal(tc_b32_decode(text, chars, bytes), 0);
		assert_memory_equal(bytes, table[i].bytes, table[i].len);
		assert_int_equal(bytes[table[i].len], 0xaa);
	}
}

static void
what_is_not_base32(void **state)
{
	static const char *const bad[] = {
		"0", /* no encoding has 1, 3 or 6 characters */
		"000",	   "000000",   "000000000",
		"01", /* pad bits: two of them */
		"02",	   "03",       "zx",
		"zy",	   "zz",       "0001", /* four */
		"zzzr",	   "00001",    "0000001",
		"zzzzzzs", "0o",       "i0",
		"l0",	   "u0",       "O0",
		"A0", /* not canonical */
		"0-",	   "0 ",       "0\n",
		"-0",	   "\xc3\xa9", "0_",
	};
	unsigned char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (tc_b32_decode(bad[i], strlen(bad[i]), out) != -1)
			fail_msg("\"%s\" was decoded", bad[i]);
	assert_int_equal(tc_b32_decode("0\0", 2, out), -1);
}

static void
canonical_characters(void **state)
{
	static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

	char text[40];
	size_t len = 1;

	(void)state;
	for (int c = -128; c < 256; c++) {
		char want = '\0';

		if (c > 0 && c < 128 && strchr(alphabet, c))
			want = (char)c;
		else if (c >= 'A' && c <= 'Z' && strchr(alphabet, c + 32))
			want = (char)(c + 32);
		else if (c == 'o' || c == 'O')
			want = '0';
		else if (c > 0 && c < 128 && strchr("iIlL", c))
			want = '1';
		memset(text, c, sizeof(text));
		tc_b32_canonical(text, len);
		for (size_t i = 0; i < sizeof(text); i++)
			assert_int_equal(text[i], i < len ? want : (char)c);
		len = (len + 1) % sizeof(text);
	}
}

static void
crc(void **state)
{
	(void)state;
	assert_int_equal(tc_crc32("", 0), 0);
	assert_int_equal(tc_crc32("123456789", 9), 0xcbf43926);
	assert_int_equal(tc_crc32("a", 1), 0xe8b7be43);
	assert_int_equal(tc_crc32("\xff\xff\xff\xff", 4), 0xffffffff);
	assert_int_equal(tc_crc32("123456789", 8), 0x9ae0daaf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(what_is_not_base32),
		cmocka_unit_test(canonical_characters),
		cmocka_unit_test(crc),
	};

	return cmocka_run_group_tests_name("base32", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Token, tag and id: the known answers, and the properties that hold for every
 * token.  reference.t compares many more with another implementation.
 */
#include "common.h"

#include <stdio.h>

#include "token.h"

#define PLAIN                                                                  \
	"tkc1_24003851maht99d6mymakanbnjptxbya42k54j9fhmera093qkebdc59"        \
	"wkn11gg"
#define NARROWED                                                               \
	"tkc1_24003851maht99d6mymakanbnjptxbr10m06pjej00tzwzg6td4n"            \
	"wmez8nzre28akyb067yvga0"
#define ID "k7mm6hetf9w81mhq2mpvx68f"

static const unsigned char caveat[7] = { 1, 5, 0, 0x6b, 0x49, 0xd2, 0 };

/* The token of the known answers, without its tag. */
static struct tc_token
known(const unsigned char *caveats, size_t len)
{
	struct tc_token tok = { .header = { TC_FORMAT_BYTE, 0, 1 },
				.caveats_len = len };

	for (unsigned i = 0; i < TC_NONCE_LEN; i++)
		tok.header[3 + i] = (unsigned char)(0xa0 + i);
	if (len > 0)
		memcpy(tok.caveats, caveats, len);
	return tok;
}

static void
tag(struct tc_token *tok, const char *secret, const char *user)
{
	unsigned char key[TC_KEY_LEN];

	assert_int_equal(tc_derive_key(test_crypto(), "mac", tc_token_kid(tok),
				       secret, strlen(secret), key),
			 0);
	assert_int_equal(tc_token_tag(test_crypto(), key, user, tok, tok->tag),
			 0);
}

static enum tc_verdict
read_text(const char *text, struct tc_token *tok)
{
	return tc_token_read(text, strlen(text), tok);
}

static void
known_answers(void **state)
{
	struct tc_token plain = known(NULL, 0);
	struct tc_token narrowed = known(caveat, sizeof(caveat));
	unsigned char id[TC_ID_BYTES];
	char text[TC_TOKEN_MAX + 1];

	(void)state;
	tag(&plain, TEST_SECRET, "alice");
	tc_token_write(&plain, text);
	assert_string_equal(text, PLAIN);
	tag(&narrowed, TEST_SECRET, "alice");
	tc_token_write(&narrowed, text);
	assert_string_equal(text, NARROWED);
	assert_int_equal(tc_token_id(test_crypto(), &plain, id), 0);
	tc_id_text(id, text);
	assert_string_equal(text, ID);
	assert_int_equal(tc_token_id(test_crypto(), &narrowed, id), 0);
	tc_id_text(id, text);
	assert_string_equal(text, ID);
}

static void
reading(void **state)
{
	struct tc_token want = known(caveat, sizeof(caveat)), tok;
	char loose[2 * TC_TOKEN_MAX];

	(void)state;
	tag(&want, TEST_SECRET, "alice");
	assert_int_equal(read_text(NARROWED, &tok), TC_VALID);
	assert_memory_equal(&tok, &want, sizeof(tok));
	assert_int_equal(tc_token_kid(&tok), 1);
	(void)snprintf(loose, sizeof(loose), " \t\r\n%s\r\n", NARROWED);
	for (char *p = loose; *p; p++)
		*p = (char)(*p == '0' ? 'O' : *p == '1' ? 'l' : *p);
	assert_int_equal(read_text(loose, &tok), TC_VALID);
	assert_memory_equal(&tok, &want, sizeof(tok));
}

/* What is refused leaves nothing behind in the output. */
static void
refused(const char *text, size_t len, enum tc_verdict want)
{
	static const struct tc_token zero;
	struct tc_token tok;

	memset(&tok, 0xaa, sizeof(tok));
	if (tc_token_read(text, len, &tok) != want)
		fail_msg("\"%s\" is not %s", text, tc_verdict_name(want));
	assert_memory_equal(&tok, &zero, sizeof(tok));
}

static void
not_tokens(void **state)
{
	static const char *const texts[] = {
		"",	   " ",	     "\n",	 "t",
		"tkc1",	   "tkc_",   "tkc2_",	 "tkc1-",
		"kc1_",	   "xtkc1_", "password", "\b\n\r\177INCORRECT",
		"TKC1",	   "tkc11_", "\vtkc1_",	 "tkc1 _",
		"\"tkc1_",
	};
	static const char *const tokens[] = {
		"tkc1_",	"TKC1_",   "tKc1_",
		" \r\n\ttkc1_", "tkc1_\n", "tkc1_anything at all",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(tc_is_token(texts[i], strlen(texts[i])), 0);
		refused(texts[i], strlen(texts[i]), TC_NOT_A_TOKEN);
	}
	assert_int_equal(tc_is_token(NULL, 0), 0);
	assert_int_equal(tc_is_token("tkc1_", 4), 0);
	assert_int_equal(tc_is_token("tkc1\0_", 6), 0);
	for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
		assert_int_equal(tc_is_token(tokens[i], strlen(tokens[i])), 1);
}

static void
malformed(void **state)
{
	static char huge[100000];
	char text[sizeof(PLAIN) + 1];

	(void)state;
	for (size_t len = TC_PREFIX_LEN; len < strlen(PLAIN); len++)
		refused(PLAIN, len, TC_MALFORMED);
	for (int c = 0; c < 256; c++) {
		if (c > 0 && c < 128 &&
		    strchr("0123456789abcdefghijklmnopqrst"
			   "vwxyzABCDEFGHIJKLMNOPQRSTVWXYZ",
			   c))
			continue;
		memcpy(text, PLAIN, sizeof(PLAIN));
		text[30] = (char)c;
		refused(text, strlen(PLAIN), TC_MALFORMED);
	}
	memset(huge, '0', sizeof(huge));
	memcpy(huge, PLAIN, strlen(PLAIN));
	refused(huge, 256, TC_MALFORMED);
	refused(huge, sizeof(huge), TC_MALFORMED);
	refused(huge, 255, TC_BAD_CHECKSUM);
	memset(huge + strlen(PLAIN), ' ', sizeof(huge) - strlen(PLAIN));
	assert_int_equal(tc_token_read(huge, sizeof(huge),
				       &(struct tc_token){ .tag = { 0 } }),
			 TC_VALID);
}

/* Nothing of it stays in memory either when the checksum is right. */
static void
well_checked_nonsense(void **state)
{
	struct tc_token bad[] = { known(NULL, 0), known(NULL, 0),
				  known(caveat, sizeof(caveat) - 1) };
	char text[TC_TOKEN_MAX + 1];

	(void)state;
	bad[0].header[0] = 0x12;
	bad[1].header[2] = 0;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		memset(bad[i].tag, 'T', TC_TAG_LEN);
		tc_token_write(&bad[i], text);
		refused(text, strlen(text), TC_MALFORMED);
	}
}

static void
wrong_checksum(void **state)
{
	char text[sizeof(PLAIN)];

	(void)state;
	for (size_t i = TC_PREFIX_LEN; i < strlen(PLAIN); i++) {
		memcpy(text, PLAIN, sizeof(PLAIN));
		text[i] = text[i] == 'z' ? 'y' : 'z';
		refused(text, strlen(text), TC_BAD_CHECKSUM);
	}
}

static void
tags_differ(void **state)
{
	struct tc_token a = known(NULL, 0), b = a;

	(void)state;
	tag(&a, TEST_SECRET, "alice");
	tag(&b, TEST_SECRET, "alicf");
	assert_memory_not_equal(a.tag, b.tag, TC_TAG_LEN);
	tag(&b, TEST_SECRET, "alic");
	assert_memory_not_equal(a.tag, b.tag, TC_TAG_LEN);
	tag(&b, "1123456789abcdef0123456789abcdef", "alice");
	assert_memory_not_equal(a.tag, b.tag, TC_TAG_LEN);
	for (size_t i = 0; i < TC_HEADER_LEN; i++) {
		b = a;
		b.header[i] ^= 1;
		tag(&b, TEST_SECRET, "alice");
		assert_memory_not_equal(a.tag, b.tag, TC_TAG_LEN);
	}
	b = known(caveat, sizeof(caveat));
	tag(&b, TEST_SECRET, "alice");
	assert_memory_not_equal(a.tag, b.tag, TC_TAG_LEN);
}

static void
keys_differ(void **state)
{
	unsigned char mac[TC_KEY_LEN], rec[TC_KEY_LEN], other[TC_KEY_LEN];

	(void)state;
	assert_int_equal(
	    tc_derive_key(test_crypto(), "mac", 1, TEST_SECRET, 32, mac), 0);
	assert_int_equal(
	    tc_derive_key(test_crypto(), "rec", 1, TEST_SECRET, 32, rec), 0);
	assert_int_equal(
	    tc_derive_key(test_crypto(), "mac", 256, TEST_SECRET, 32, other),
	    0);
	assert_memory_not_equal(mac, rec, TC_KEY_LEN);
	assert_memory_not_equal(mac, other, TC_KEY_LEN);
	assert_int_equal(tc_derive_key(test_crypto(),
				       "much too long a "
				       "purpose",
				       1, TEST_SECRET, 32, mac),
			 -1);
}

static void
ids(void **state)
{
	static const char *const bad[] = {
		"",
		"k7mm6h",
		"k7mm6hetf9w81mhq2mpvx68",
		(ID "0"),
		"K7MM6HETF9W81MHQ2MPVX68F",
		"k7mm6hetf9w81mhq2mpvx6if",
		"k7mm6hetf9w81mhq2mpvx6uf",
		"k7mm6hetf9w81mhq2mpvx6 f",
	};
	unsigned char id[TC_ID_BYTES];
	char text[TC_ID_LEN + 1];

	(void)state;
	assert_int_equal(tc_id_bytes(ID, id), 0);
	tc_id_text(id, text);
	assert_string_equal(text, ID);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(tc_id_bytes(bad[i], id), -1);
}

static void
inspected(void **state)
{
	struct tc_inspected in;

	(void)state;
	assert_int_equal(tc_inspect(NARROWED, strlen(NARROWED), &in), TC_VALID);
	assert_string_equal(in.id, ID);
	assert_int_equal(in.format, 1);
	assert_int_equal(in.type, 1);
	assert_int_equal(in.kid, 1);
	assert_int_equal(in.n_caveats, 1);
	assert_int_equal(in.caveats[0].type, TC_CAVEAT_NOT_AFTER);
	assert_true(in.caveats[0].not_after == 1800000000);
	assert_int_equal(tc_inspect(PLAIN, strlen(PLAIN) - 1, &in),
			 TC_MALFORMED);
	assert_int_equal(tc_inspect("x", 1, &in), TC_NOT_A_TOKEN);
}

static void
hidden(void **state)
{
	static const struct {
		const char *text, *out;
	} table[] = {
		{ "", "" },
		{ "alice", "alice" },
		{ "tkc1_", "tkc1_" },
		{ "tkc1_1234567", "tkc1_1234567" },
		{ "tkc1_12345678", "tkc1_..." },
		{ PLAIN, "tkc1_..." },
		{ "TKC1_ABCDEFGHIJ", "TKC1_..." },
		{ "tkcl_abcdefghij", "tkcl_..." },
		{ "tKcI_abcdefghij", "tKcI_..." },
		{ "tkc1-abcdefghij", "tkc1-abcdefghij" },
		{ "tttkc1_abcdefghij.", "tttkc1_...." },
		{ "was " PLAIN ", now " NARROWED "!", "was tkc1_..., now "
						      "tkc1_...!" },
		{ "tkc1_tkc1_abcdefghij", "tkc1_..." },
		{ "tkc1_abcdtkc1_efghij", "tkc1_..." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char text[512];

		(void)snprintf(text, sizeof(text), "%s", table[i].text);
		tc_token_hide(text);
		assert_string_equal(text, table[i].out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hidden),
		cmocka_unit_test(known_answers),
		cmocka_unit_test(reading),
		cmocka_unit_test(not_tokens),
		cmocka_unit_test(malformed),
		cmocka_unit_test(well_checked_nonsense),
		cmocka_unit_test(wrong_checksum),
		cmocka_unit_test(tags_differ),
		cmocka_unit_test(keys_differ),
		cmocka_unit_test(ids),
		cmocka_unit_test(inspected),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}

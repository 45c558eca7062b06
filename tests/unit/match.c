/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Service names, networks, peers, and which fits which. */
#include "common.h"

#include "match.h"

#define NAME32 "abcdefghijklmnopqrstuvwxyz012345"

static void
service_names(void **state)
{
	static const char *const good[] = {
		"a", "imap", "sshd", "sudo-i", "su_l", "a.b", "-", "9", NAME32,
	};
	static const char *const bad[] = {
		"",   "IMAP",	  "a b", "a,b", "a/b", " a",
		"a ", "\xc3\xa9", "a\n", "a:",	"*",   (NAME32 "6"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!tc_service_fits(good[i], strlen(good[i])))
			fail_msg("\"%s\" was refused", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (tc_service_fits(bad[i], strlen(bad[i])))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_false(tc_service_fits("a\0b", 3));
	assert_true(tc_service_fits("imap,smtp", 4));
}

static void
service_lists(void **state)
{
	static const struct {
		const char *list, *name;
		int in;
	} table[] = {
		{ "imap", "imap", 1 },
		{ "imap,pop", "imap", 1 },
		{ "imap,pop", "pop", 1 },
		{ "a,imap,b", "imap", 1 },
		{ "imaps", "imap", 0 },
		{ "imap", "imaps", 0 },
		{ "ximap", "imap", 0 },
		{ "imap,pop", "imap,pop", 0 },
		{ "imap,pop", "", 0 },
		{ "imap", "", 0 },
		{ "", "", 0 },
		{ "", "imap", 0 },
		{ "imap", "IMAP", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (tc_service_in(table[i].list, table[i].name) != table[i].in)
			fail_msg("\"%s\" in \"%s\"", table[i].name,
				 table[i].list);
}

static void
sources_read_and_written(void **state)
{
	static const struct {
		const char *text, *back;
	} table[] = {
		{ "192.0.2.0/24", NULL },
		{ "192.0.2.7", NULL },
		{ "192.0.2.7/32", "192.0.2.7" },
		{ "0.0.0.0/0", NULL },
		{ "128.0.0.0/1", NULL },
		{ "192.0.2.254/31", NULL },
		{ "255.255.255.255", NULL },
		{ "2001:db8::/32", NULL },
		{ "2001:DB8:0:0::/32", "2001:db8::/32" },
		{ "2001:db8::1", NULL },
		{ "2001:db8::1/128", "2001:db8::1" },
		{ "::/0", NULL },
		{ "8000::/1", NULL },
		{ "2001:db8::fffe/127", NULL },
		{ "1111:2222:3333:4444:5555:6666:7777:8888", NULL },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct tc_source s;
		char text[48];

		if (tc_parse_source(table[i].text, &s, NULL) != TC_OK)
			fail_msg("%s was refused", table[i].text);
		tc_format_source(&s, text);
		assert_string_equal(text, table[i].back ? table[i].back
							: table[i].text);
	}
}

static void
what_source_was_meant(void **state)
{
	static const struct {
		const char *text, *meant;
	} table[] = {
		{ "192.0.2.7/24", "192.0.2.0/24 or 192.0.2.7" },
		{ "255.255.255.255/0", "0.0.0.0/0 or 255.255.255.255" },
		{ "2001:DB8:0::1/32", "2001:db8::/32 or 2001:db8::1" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/127", "ffff:ffff:"
								 "ffff:ffff:"
								 "ffff:ffff:"
								 "ffff:fffe/"
								 "127 or "
								 "ffff:ffff:"
								 "ffff:ffff:"
								 "ffff:ffff:"
								 "ffff:ffff" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct tc_error err = { .text = "" };
		const char *meant;
		struct tc_source s;

		assert_int_equal(tc_parse_source(table[i].text, &s, &err),
				 TC_E_INVALID);
		meant = strstr(err.text, "bits are set behind the prefix: ");
		assert_non_null(meant);
		assert_string_equal(strchr(meant, ':') + 2, table[i].meant);
	}
}

static void
no_sources(void **state)
{
	static const char *const bad[] = {
		"",
		"/",
		"/24",
		"192.0.2.0/",
		"192.0.2.0/33",
		"192.0.2.0/ 24",
		"192.0.2.0/-1",
		"192.0.2.0/+24",
		"192.0.2.0/2x",
		"192.0.2.0/24/24",
		"192.0.2.0/255.255.255.0",
		"192.0.2",
		"192.0.2.256",
		"192.0.2.0.1",
		" 192.0.2.0",
		"192.0.2.0 ",
		"192.0.2.7/24",
		"192.0.2.1/31",
		"128.0.0.0/0",
		"2001:db8::/129",
		"2001:db8::1/127",
		"2001:db8::/x",
		"1::2::3",
		"2001:db8::1%eth0",
		"example.org",
		"UNKNOWN",
		"localhost",
		"::ffff:192.0.2.7/24",
		"0xc0000207",
		"192.0.2.07x",
		"192.0.2.0/184467440737095516160000000000000",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa/64",
	};
	struct tc_source s;
	struct tc_error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		err.text[0] = '\0';
		if (tc_parse_source(bad[i], &s, &err) != TC_E_INVALID)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(err.code, TC_E_INVALID);
		assert_true(err.text[0] != '\0');
	}
}

static void
peers(void **state)
{
	static const struct {
		const char *rhost, *address; /* NULL: none */
	} table[] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
		{ "::FFFF:c000:0207", "192.0.2.7" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "fe80::1%eth0", "fe80::1" },
		{ "fe80::1%", "fe80::1" },
		{ "::1", "::1" },
		{ "::192.0.2.7", "::192.0.2.7" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:"
								   "ffff:ffff:"
								   "ffff:ffff:"
								   "ffff:"
								   "ffff" },
		{ NULL, NULL },
		{ "", NULL },
		{ "UNKNOWN", NULL },
		{ "localhost", NULL },
		{ "mail.example.org", NULL },
		{ "192.0.2.7.example.org", NULL },
		{ "192.0.2.0/24", NULL },
		{ "192.0.2", NULL },
		{ " 192.0.2.7", NULL },
		{ "192.0.2.7 ", NULL },
		{ "[2001:db8::1]", NULL },
		{ "192.0.2.7:22", NULL },
		{ "%eth0", NULL },
		{ "/dev/pts/0", NULL },
		{ "2001:db8::1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:1:2:3:4:5", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct tc_source s;
		char text[48];
		int rc = tc_peer_address(table[i].rhost, &s);

		if (rc != (table[i].address ? 0 : -1))
			fail_msg("peer %zu, \"%s\": %d", i,
				 table[i].rhost ? table[i].rhost : "NULL", rc);
		if (rc)
			continue;
		tc_format_source(&s, text);
		/* glibc's way to write it and musl's. */
		if (strcmp(text, "::c000:207") == 0)
			(void)strcpy(text, "::192.0.2.7");
		assert_string_equal(text, table[i].address);
	}
}

static void
containing(void **state)
{
	static const struct {
		const char *net, *peer;
		int fits;
	} table[] = {
		{ "192.0.2.0/24", "192.0.2.0", 1 },
		{ "192.0.2.0/24", "192.0.2.255", 1 },
		{ "192.0.2.0/24", "192.0.3.0", 0 },
		{ "192.0.2.0/24", "192.0.1.255", 0 },
		{ "192.0.2.0/24", "::ffff:192.0.2.9", 1 },
		{ "192.0.2.0/24", "2001:db8::1", 0 },
		{ "192.0.2.7", "192.0.2.7", 1 },
		{ "192.0.2.7", "192.0.2.6", 0 },
		{ "192.0.2.6/31", "192.0.2.7", 1 },
		{ "192.0.2.6/31", "192.0.2.8", 0 },
		{ "0.0.0.0/0", "203.0.113.9", 1 },
		{ "0.0.0.0/0", "2001:db8::1", 0 },
		{ "128.0.0.0/1", "128.0.0.1", 1 },
		{ "128.0.0.0/1", "127.255.255.255", 0 },
		{ "192.0.2.0/25", "192.0.2.127", 1 },
		{ "192.0.2.0/25", "192.0.2.128", 0 },
		{ "2001:db8::/32", "2001:db8:ffff::1", 1 },
		{ "2001:db8::/32", "2001:db9::1", 0 },
		{ "2001:db8::/33", "2001:db8:7fff::1", 1 },
		{ "2001:db8::/33", "2001:db8:8000::1", 0 },
		{ "::/0", "2001:db8::1", 1 },
		{ "::/0", "192.0.2.7", 0 },
		{ "::/0", "::ffff:192.0.2.7", 0 },
		{ "fe80::/10", "fe80::1%eth0", 1 },
		{ "2001:db8::1", "2001:db8::1", 1 },
		{ "2001:db8::1", "2001:db8::2", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct tc_source net, peer;

		assert_int_equal(tc_parse_source(table[i].net, &net, NULL),
				 TC_OK);
		assert_int_equal(tc_peer_address(table[i].peer, &peer), 0);
		if (tc_source_contains(&net, &peer) != table[i].fits)
			fail_msg("%s in %s", table[i].peer, table[i].net);
	}
}

/* What a caveat says comes from the wire: bits behind the prefix may be
 * set. */
static void
bits_behind_the_prefix(void **state)
{
	struct tc_source net = { 4, 24, { 192, 0, 2, 99 } }, peer;

	(void)state;
	assert_int_equal(tc_peer_address("192.0.2.7", &peer), 0);
	assert_true(tc_source_contains(&net, &peer));
	assert_int_equal(tc_peer_address("192.0.3.99", &peer), 0);
	assert_false(tc_source_contains(&net, &peer));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(service_names),
		cmocka_unit_test(service_lists),
		cmocka_unit_test(sources_read_and_written),
		cmocka_unit_test(what_source_was_meant),
		cmocka_unit_test(no_sources),
		cmocka_unit_test(peers),
		cmocka_unit_test(containing),
		cmocka_unit_test(bits_behind_the_prefix),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}

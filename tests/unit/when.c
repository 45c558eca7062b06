/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dates and spans, in several time zones: a date is valid through its last
 * second of local time, however long that day was.
 */
#include "common.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "when.h"

#define NOW INT64_C(1795294800) /* 2026-11-21T21:00:00Z */

struct answer {
	const char *tz, *text;
	int64_t now, when;
};

static void
zone(const char *tz)
{
	assert_int_equal(setenv("TZ", tz, 1), 0);
	tzset();
}

/* Without zone files every zone is UTC, and the answers would be others. */
static int
no_zones(void)
{
	return access("/usr/share/zoneinfo/Europe/Berlin", R_OK);
}

static void
check(const struct answer *table, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct answer *a = &table[i];
		int64_t when = -77;
		struct tc_error err = { .code = TC_OK };

		zone(a->tz);
		if (tc_parse_when(a->text, a->now, &when, &err) != TC_OK)
			fail_msg("%s %s: %s", a->tz, a->text, err.text);
		if (when != a->when)
			fail_msg("%s %s: %lld and not %lld", a->tz, a->text,
				 (long long)when, (long long)a->when);
	}
}

static void
plain(void **state)
{
	static const struct answer table[] = {
		{ "UTC0", "never", NOW, 0 },
		{ "UTC0", "today", NOW, 1795305600 },
		{ "UTC0", "2027-03-31", NOW, 1806537600 },
		{ "UTC0", "31-03-2027", NOW, 1806537600 },
		{ "UTC0", "2027-03-31T12:00:00Z", NOW, 1806494400 },
		{ "UTC0", "2027-03-31T00:00:00Z", NOW, 1806451200 },
		{ "UTC0", "2027-03-31T23:59:59Z", NOW, 1806537599 },
		{ "UTC0", "2026-12-31", NOW, 1798761600 },
		{ "UTC0", "31-12-2026", NOW, 1798761600 },
		{ "UTC0", "2028-02-29", NOW, 1835481600 },
		{ "UTC0", "29-02-2028", NOW, 1835481600 },
		{ "UTC0", "2000-02-29", NOW, 951868800 },
		{ "UTC0", "2028-02-29T12:00:00Z", NOW, 1835438400 },
		{ "UTC0", "1970-01-01", NOW, 86400 },
		{ "UTC0", "2038-01-19T03:14:08Z", NOW, INT64_C(2147483648) },
		{ "UTC0", "9999-12-31", NOW, INT64_C(253402300800) },
		{ "UTC0", "1s", NOW, NOW + 1 },
		{ "UTC0", "90m", NOW, NOW + 5400 },
		{ "UTC0", "12h", NOW, NOW + 43200 },
		{ "UTC0", "90d", NOW, NOW + 7776000 },
		{ "UTC0", "2w", NOW, NOW + 1209600 },
		{ "UTC0", "007d", NOW, NOW + 604800 },
		/* Whole seconds of UTC do not depend on where we are. */
		{ "<+14>-14", "2027-03-31T12:00:00Z", NOW, 1806494400 },
		{ "<-12>12", "2027-03-31T12:00:00Z", NOW, 1806494400 },
		{ "<+14>-14", "2027-03-31", NOW, 1806537600 - 14 * 3600 },
		{ "<-12>12", "2027-03-31", NOW, 1806537600 + 12 * 3600 },
		{ "<+14>-14", "today", NOW, 1795341600 },
		{ "<-12>12", "today", NOW, 1795348800 },
	};

	(void)state;
	check(table, ARRAY_LEN(table));
}

/* Rules as POSIX writes them, so that no zone files are needed. */
static void
clock_changes(void **state)
{
	static const char berlin[] = "CET-1CEST,M3.5.0,M10.5.0/3";
	const struct answer table[] = {
		{ berlin, "2027-01-15", NOW, 1800054000 },
		{ berlin, "2027-07-15", NOW, 1815688800 },
		/* 28 March has 23 hours, 31 October has 25. */
		{ berlin, "2027-03-27", NOW, 1806188400 },
		{ berlin, "2027-03-28", NOW, 1806188400 + 23 * 3600 },
		{ berlin, "2027-10-30", NOW, 1824933600 },
		{ berlin, "2027-10-31", NOW, 1824933600 + 25 * 3600 },
		{ berlin, "today", 1806188400, 1806188400 + 23 * 3600 },
		{ berlin, "today", 1824933600, 1824933600 + 25 * 3600 },
		{ berlin, "today", 1824933600 + 25 * 3600 - 1,
		  1824933600 + 25 * 3600 },
		/* A span is what the clock on no wall says. */
		{ berlin, "1d", 1806188400, 1806188400 + 86400 },
	};

	(void)state;
	check(table, ARRAY_LEN(table));
}

static void
named_zones(void **state)
{
	static const struct answer table[] = {
		{ "Europe/Berlin", "2027-03-28", NOW, 1806188400 + 23 * 3600 },
		{ "Europe/Berlin", "2027-10-31", NOW, 1824933600 + 25 * 3600 },
		{ "Asia/Kathmandu", "2027-03-31", NOW, 1806537600 - 20700 },
		/* The day before a midnight that does not exist ends where
		 * the clock jumps, */
		{ "America/Sao_Paulo", "2018-11-03", NOW, 1541300400 },
		{ "America/Sao_Paulo", "2018-11-04", NOW, 1541383200 },
		{ "America/Sao_Paulo", "2018-02-17", NOW, 1518922800 },
		/* and before one that comes twice, at the first. */
		{ "America/Havana", "2018-11-03", NOW, 1541304000 },
		{ "America/Havana", "2018-11-04", NOW, 1541394000 },
		/* Samoa had no 30 December in 2011. */
		{ "Pacific/Apia", "2011-12-29", NOW, 1325239200 },
		{ "Pacific/Apia", "2011-12-31", NOW, 1325325600 },
	};
	int64_t when;

	(void)state;
	if (no_zones()) {
		print_error("skipped: no zone files (tzdata)\n");
		return; /* cmocka's skip() says "not ok" in TAP */
	}
	check(table, ARRAY_LEN(table));
	zone("Pacific/Apia");
	assert_int_equal(tc_parse_when("2011-12-30", NOW, &when, NULL),
			 TC_E_INVALID);
}

static void
no_such_time(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"Never",
		"NEVER",
		"Today",
		"tomorrow",
		"never ",
		" never",
		"today\n",
		"2027-02-29",
		"29-02-2027",
		"2100-02-29",
		"1900-02-29",
		"2027-02-31",
		"31-02-2027",
		"2027-04-31",
		"2027-13-01",
		"2027-00-01",
		"2027-01-00",
		"00-01-2027",
		"32-01-2027",
		"2027-01-32",
		"0000-00-00",
		"2027-02-31T12:00:00Z",
		"2027-03-31T24:00:00Z",
		"2027-03-31T12:60:00Z",
		"2027-03-31T12:00:60Z",
		"2027-03-31T99:99:99Z",
		"2027-03-31T12:00:00",
		"2027-03-31T12:00:00z",
		"2027-03-31 12:00:00Z",
		"2027-03-31t12:00:00Z",
		"2027-03-31T12:00Z",
		"2027-03-31T12:00:00+01:00",
		"2027-03-31T12:00:00ZZ",
		"2027-3-31",
		"27-03-31",
		"2027/03/31",
		"31.03.2027",
		"20270331",
		"2027-03-31 ",
		" 2027-03-31",
		"2027-03",
		"-2027-03-31",
		"12027-03-31",
		"2027-03-3x",
		"\xd9\xa2\xd9\xa0-03-31",
		"1969-12-31",
		"1960-01-01",
		"0001-01-01",
		"1970-01-01T00:00:00Z",
		"d",
		"90",
		"90D",
		"90 d",
		"+90d",
		"-1d",
		"1.5d",
		"90days",
		"1y",
		"0x10d",
		"1d1h",
		"90d ",
		"1\n",
		"dd",
		"400000001s",
		"99999999999999999999s",
		"400000000w",
		"999999999999999999999999999999999999999999999d",
	};

	(void)state;
	zone("UTC0");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t when = -77;
		struct tc_error err = { .code = TC_OK };

		if (tc_parse_when(bad[i], NOW, &when, &err) != TC_E_INVALID)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_true(when == -77);
		assert_int_equal(err.code, TC_E_INVALID);
		assert_true(err.text[0] != '\0');
	}
}

static void
spans(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: none */
	} table[] = {
		{ "0s", 0 },
		{ "1s", 1 },
		{ "60s", 60 },
		{ "1m", 60 },
		{ "1h", 3600 },
		{ "1d", 86400 },
		{ "1w", 604800 },
		{ "400000000s", 400000000 },
		{ "400000000w", INT64_C(241920000000000) },
		{ "400000001s", -1 },
		{ "", -1 },
		{ "s", -1 },
		{ "1", -1 },
		{ "1 s", -1 },
		{ "1S", -1 },
		{ "1y", -1 },
		{ "-1s", -1 },
		{ "1s ", -1 },
		{ "never", -1 },
		{ "today", -1 },
		{ "0000000000001s", 1 },
		{ "00000000000000001s", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		int64_t n = -1;
		int rc = tc_span(table[i].text, &n);

		if (rc != (table[i].seconds < 0 ? -1 : 0) ||
		    n != table[i].seconds)
			fail_msg("\"%s\": %lld", table[i].text, (long long)n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),       cmocka_unit_test(clock_changes),
		cmocka_unit_test(named_zones), cmocka_unit_test(no_such_time),
		cmocka_unit_test(spans),
	};

	return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}

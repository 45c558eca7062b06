/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dates and spans, in several time zones: a date is valid through its last
 * second of local time, however long that day was.
 */
#include "common.h"

#include <stdio.h>
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
		{ "UTC0", "2096-02-29", NOW, INT64_C(3981398400) },
		{ "UTC0", "2100-02-28", NOW, INT64_C(4107542400) },
		{ "UTC0", "2104-02-29", NOW, INT64_C(4233772800) },
		{ "UTC0", "2400-02-29", NOW, INT64_C(13574649600) },
		{ "UTC0", "1970-01-01", NOW, 86400 },
		{ "UTC0", "1970-01-01T00:00:01Z", NOW, 1 },
		{ "UTC0", "1972-02-29", NOW, 68256000 },
		{ "UTC0", "2038-01-19", NOW, INT64_C(2147558400) },
		{ "UTC0", "2038-01-19T03:14:08Z", NOW, INT64_C(2147483648) },
		{ "UTC0", "2106-02-07", NOW, INT64_C(4295030400) },
		{ "UTC0", "2106-02-07T06:28:16Z", NOW, INT64_C(4294967296) },
		{ "UTC0", "2262-04-11", NOW, INT64_C(9223372800) },
		{ "UTC0", "9999-12-31", NOW, INT64_C(253402300800) },
		{ "<+14>-14", "9999-12-31", NOW, INT64_C(253402250400) },
		{ "UTC0", "9999-12-31T23:59:59Z", NOW, INT64_C(253402300799) },
		{ "UTC0", "1s", INT64_C(253402300799), INT64_C(253402300800) },
		{ "UTC0", "0s", NOW, NOW },
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

/* First and last second but one of days, as Python's zoneinfo has them. */
static const struct {
	const char *tz, *day;
	int64_t first, next;
} days[] = {
	{ "Europe/Berlin", "1980-04-06", 323823600, 323906400 },
	{ "Europe/Berlin", "1996-10-27", 846367200, 846457200 },
	{ "Europe/Berlin", "2026-11-21", 1795215600, 1795302000 },
	{ "Europe/Berlin", "2027-03-28", 1806188400, 1806271200 },
	{ "Europe/Berlin", "2027-10-31", 1824933600, 1825023600 },
	{ "Europe/Berlin", "2107-10-30", INT64_C(4349368800),
	  INT64_C(4349458800) },
	{ "Asia/Kathmandu", "2027-03-31", 1806430500, 1806516900 },
	/* The day before a midnight that does not exist ends where the clock
	 * jumps, and the day after it begins there. */
	{ "America/Sao_Paulo", "2018-11-03", 1541214000, 1541300400 },
	{ "America/Sao_Paulo", "2018-11-04", 1541300400, 1541383200 },
	{ "Atlantic/Azores", "2019-03-30", 1553907600, 1553994000 },
	{ "Atlantic/Azores", "2019-03-31", 1553994000, 1554076800 },
	{ "Africa/Cairo", "2014-05-15", 1400104800, 1400191200 },
	{ "Africa/Cairo", "2014-05-16", 1400191200, 1400274000 },
	/* 24:00 was 23:00 once more. */
	{ "America/Sao_Paulo", "2018-02-17", 1518832800, 1518922800 },
	{ "America/Sao_Paulo", "2018-02-18", 1518922800, 1519009200 },
	{ "Asia/Beirut", "2019-10-26", 1572037200, 1572127200 },
	/* A midnight that came twice: the first one counts. */
	{ "America/Havana", "2018-11-03", 1541217600, 1541304000 },
	{ "America/Havana", "2018-11-04", 1541304000, 1541394000 },
	/* Ramadan, half an hour, two hours. */
	{ "Africa/Casablanca", "2019-05-05", 1557010800, 1557100800 },
	{ "Africa/Casablanca", "2019-06-09", 1560038400, 1560121200 },
	{ "Africa/Casablanca", "2024-03-10", 1710025200, 1710115200 },
	{ "Australia/Lord_Howe", "2019-04-07", 1554555600, 1554643800 },
	{ "Antarctica/Troll", "2019-03-31", 1553990400, 1554069600 },
	/* Samoa had no 30 December in 2011, Kwajalein no 21 August. */
	{ "Pacific/Apia", "2011-12-29", 1325152800, 1325239200 },
	{ "Pacific/Apia", "2011-12-31", 1325239200, 1325325600 },
	{ "Pacific/Kwajalein", "1993-08-20", 745848000, 745934400 },
	{ "Pacific/Kwajalein", "1993-08-22", 745934400, 746020800 },
};

/* mktime() remembers what it was asked last. */
static void
ask_mktime(time_t t)
{
	struct tm tm;

	assert_non_null(localtime_r(&t, &tm));
	tm.tm_isdst = -1;
	assert_true(mktime(&tm) != -1);
}

static void
one_day(size_t i, const char *text, int64_t now, const char *tz)
{
	int64_t begin = 0, end = 0;

	if (tc_parse_when(text, now, &end, NULL) ||
	    tc_parse_moment(text, now, i % 2 ? -1 : 1, &begin, NULL))
		fail_msg("%s %s: none", tz, text);
	if (begin != days[i].first || end != days[i].next)
		fail_msg("%s %s (%s): %lld to %lld", tz, days[i].day, text,
			 (long long)begin, (long long)end);
}

static void
named_zones(void **state)
{
	int64_t when;

	(void)state;
	if (no_zones()) {
		print_error("skipped: no zone files (tzdata)\n");
		return; /* cmocka's skip() says "not ok" in TAP */
	}
	for (size_t i = 0; i < ARRAY_LEN(days); i++) {
		const char *d = days[i].day;
		char turned[11];

		zone(days[i].tz);
		(void)snprintf(turned, sizeof(turned), "%.2s-%.2s-%.4s", d + 8,
			       d + 5, d);
		for (int month = 0; month < 12; month += 5) {
			ask_mktime(days[i].first + month * 2629746);
			one_day(i, d, NOW, days[i].tz);
			one_day(i, turned, NOW, days[i].tz);
		}
		one_day(i, "today", days[i].first, days[i].tz);
		one_day(i, "today", days[i].first + 40000, days[i].tz);
		one_day(i, "today", days[i].next - 1, days[i].tz);
	}
	zone("Pacific/Apia");
	assert_int_equal(tc_parse_when("2011-12-30", NOW, &when, NULL),
			 TC_E_INVALID);
	assert_int_equal(tc_parse_moment("2011-12-30", NOW, 1, &when, NULL),
			 TC_E_INVALID);
	zone("Pacific/Kwajalein");
	assert_int_equal(tc_parse_when("21-08-1993", NOW, &when, NULL),
			 TC_E_INVALID);
}

/* A moment, without zones: the beginning of a day, spans both ways. */
static void
moments(void **state)
{
	static const struct {
		const char *text;
		int64_t back, ahead; /* 0: refused */
	} table[] = {
		{ "2027-03-31", 1806451200, 1806451200 },
		{ "31-03-2027", 1806451200, 1806451200 },
		{ "2027-03-31T12:00:00Z", 1806494400, 1806494400 },
		{ "today", 1795219200, 1795219200 },
		{ "90d", NOW - 7776000, NOW + 7776000 },
		{ "12h", NOW - 43200, NOW + 43200 },
		{ "1m", NOW - 60, NOW + 60 },
		{ "1s", NOW - 1, NOW + 1 },
		{ "0s", NOW, NOW },
		{ "2w", NOW - 1209600, NOW + 1209600 },
		{ "2968w", NOW - INT64_C(1795046400),
		  NOW + INT64_C(1795046400) },
		{ "2969w", 0, NOW + INT64_C(1795651200) }, /* before 1970 */
		{ "415000w", 0, NOW + INT64_C(250992000000) },
		{ "416100w", 0, 0 }, /* after 9999 */
		{ "400000000w", 0, 0 },
		{ "1970-01-02", 86400, 86400 },
		{ "1970-01-01", 0, 0 },
		{ "9999-12-31", INT64_C(253402214400), INT64_C(253402214400) },
		{ "9999-12-31T23:59:59Z", INT64_C(253402300799),
		  INT64_C(253402300799) },
		{ "never", 0, 0 },
		{ "tomorrow", 0, 0 },
		{ "-90d", 0, 0 },
		{ "", 0, 0 },
	};

	(void)state;
	zone("UTC0");
	for (size_t i = 0; i < 2 * ARRAY_LEN(table); i++) {
		const char *text = table[i / 2].text;
		int64_t when = 0;
		int64_t want = i % 2 ? table[i / 2].ahead : table[i / 2].back;
		struct tc_error err = { .code = TC_OK };
		int rc =
		    tc_parse_moment(text, NOW, i % 2 ? 1 : -1, &when, &err);

		if (rc != (want ? TC_OK : TC_E_INVALID) || when != want)
			fail_msg("%s: %d, %lld", text, rc, (long long)when);
		if (!want)
			assert_non_null(strstr(err.text, "say 2027-03-31"));
	}
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
		assert_non_null(strstr(err.text, "2027-03-31"));
	}
}

/* What is possible, but not from there. */
static void
out_of_reach(void **state)
{
	static const struct answer table[] = {
		{ "UTC0", "1s", INT64_C(253402300800), 0 },
		{ "UTC0", "400000000w", NOW, 0 },
		{ "UTC0", "400000000d", NOW, 0 },
		{ "UTC0", "today", INT64_C(253402300800), 0 },
		{ "UTC0", "today", -86401, 0 },
		{ "UTC0", "0s", 0, 0 },
		/* Midnight comes later there than the year 9999 ends. */
		{ "<-12>12", "9999-12-31", NOW, 0 },
		{ "UTC0", "400000000w", INT64_MAX, 0 },
		{ "UTC0", "400000000w", INT64_MIN, 0 },
		{ "UTC0", "today", INT64_MAX, 0 },
		{ "UTC0", "today", INT64_MIN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct answer *a = &table[i];
		int64_t when = -77;
		struct tc_error err = { .code = TC_OK };

		zone(a->tz);
		for (int way = -1; way <= 1; way++) {
			int rc =
			    way ? tc_parse_moment(a->text, a->now, way, &when,
						  &err)
				: tc_parse_when(a->text, a->now, &when, &err);

			if (rc == TC_OK && way == 0)
				fail_msg("%s from %lld: %lld", a->text,
					 (long long)a->now, (long long)when);
			if (rc != TC_OK)
				assert_non_null(strstr(err.text, "2027-03-31"));
		}
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
		cmocka_unit_test(moments),     cmocka_unit_test(out_of_reach),
		cmocka_unit_test(spans),
	};

	return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}

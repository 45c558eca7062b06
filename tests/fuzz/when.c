/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Dates and spans, in a world without time zones: compared with arithmetic on
 * days.  In other zones what the library says has to be the end, or the
 * beginning, of a local day.
 */
#include "when.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"
#include "tokencore.h"

#define LAST INT64_C(253402300800) /* the end of the year 9999 */
#define NONE INT64_MIN

static const int64_t nows[] = { 1, 1795294800, 951782399, LAST - 86400 };

/* Days from 1970-01-01 to a day of the Gregorian calendar, counted from March
 * on, since the leap day comes last then. */
static int64_t
days(int64_t y, int m, int d)
{
	int64_t shifted = y - (m < 3);
	int64_t since_march = (153 * ((m + 9) % 12) + 2) / 5;

	return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 +
	       since_march + d - 1 - 719468;
}

static int
month_len(int64_t y, int m)
{
	int leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return m == 2 ? 28 + leap : 30 + ((m + m / 8) & 1);
}

/* n digits as a number; -1 if there are others. */
static int
number(const char *text, int n)
{
	int value = 0;

	for (; n > 0; n--, text++) {
		if (*text < '0' || *text > '9')
			return -1;
		value = 10 * value + (*text - '0');
	}
	return value;
}

/* The day a date says; NONE: it is none.  *rest is what stands behind it. */
static int64_t
read_day(const char *text, const char **rest)
{
	int dmy = strlen(text) >= 10 && text[2] == '-';
	int y, m, d;

	if (strlen(text) < 10 || text[dmy ? 2 : 4] != '-' ||
	    text[dmy ? 5 : 7] != '-')
		return NONE;
	y = number(text + (dmy ? 6 : 0), 4);
	m = number(text + (dmy ? 3 : 5), 2);
	d = number(text + (dmy ? 0 : 8), 2);
	*rest = text + 10;
	if (y < 0 || m < 1 || m > 12 || d < 1 || d > month_len(y, m) ||
	    (dmy && **rest))
		return NONE;
	return days(y, m, d);
}

static int64_t
read_date(const char *text, int at_end)
{
	const char *rest = "";
	int64_t day = read_day(text, &rest);
	int h, min, s;

	if (day == NONE)
		return NONE;
	if (*rest == '\0')
		return 86400 * (day + at_end);
	if (strlen(rest) != 10 || rest[0] != 'T' || rest[3] != ':' ||
	    rest[6] != ':' || rest[9] != 'Z')
		return NONE;
	h = number(rest + 1, 2);
	min = number(rest + 4, 2);
	s = number(rest + 7, 2);
	if (h < 0 || h > 23 || min < 0 || min > 59 || s < 0 || s > 59)
		return NONE;
	return 86400 * day + 3600 * h + 60 * min + s;
}

static int64_t
read_span(const char *text)
{
	size_t n = strspn(text, "0123456789");
	int64_t value;

	if (n < 1 || n > 14 || strlen(text) != n + 1)
		return NONE;
	value = strtoll(text, NULL, 10);
	if (value > 400000000)
		return NONE;
	switch (text[n]) {
	case 's':
		return value;
	case 'm':
		return value * 60;
	case 'h':
		return value * 3600;
	case 'd':
		return value * 24 * 3600;
	case 'w':
		return value * 7 * 24 * 3600;
	}
	return NONE;
}

/* What it says, or NONE; direction 0: an expiry. */
static int64_t
read_again(const char *text, int64_t now, int direction)
{
	int64_t span = read_span(text), when;

	if (strcmp(text, "never") == 0)
		return direction == 0 ? 0 : NONE;
	if (strcmp(text, "today") == 0)
		when = now - now % 86400 + (direction == 0 ? 86400 : 0);
	else if (span != NONE)
		when = direction < 0 ? now - span : now + span;
	else
		when = read_date(text, direction == 0);
	return when > 0 && when <= LAST ? when : NONE;
}

static void
compare(const char *text, int64_t now)
{
	for (int direction = -1; direction <= 1; direction++) {
		int64_t want = read_again(text, now, direction), when = -1;
		struct tc_error err = { .code = TC_OK };
		int rc = direction == 0 ? tc_parse_when(text, now, &when, &err)
					: tc_parse_moment(text, now, direction,
							  &when, &err);

		CHECK(rc == (want == NONE ? TC_E_INVALID : TC_OK));
		CHECK(when == (want == NONE ? -1 : want));
		CHECK(rc == TC_OK || fuzz_is_line(err.text, 200));
	}
}

static void
set_zone(const char *zone)
{
	NEED(setenv("TZ", zone, 1) == 0);
	tzset();
}

/* The local days of this second and of the one before. */
static void
is_midnight(int64_t when)
{
	time_t at = (time_t)when, before = at - 1;
	struct tm a, b;

	CHECK(localtime_r(&at, &a) && localtime_r(&before, &b));
	CHECK(a.tm_mday != b.tm_mday);
}

static void
elsewhere(const char *zone, const char *text)
{
	const char *rest = "";
	int64_t end, begin;

	if (read_day(text, &rest) == NONE || *rest)
		return;
	set_zone(zone);
	if (tc_parse_when(text, 1, &end, NULL) == TC_OK)
		is_midnight(end);
	if (tc_parse_moment(text, 1, 1, &begin, NULL) == TC_OK)
		is_midnight(begin);
	set_zone("UTC");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz in = { data, len };
	char *text = fuzz_rest(&in);
	static int zone_set;

	if (!zone_set)
		set_zone("UTC");
	zone_set = 1;
	for (size_t i = 0; i < sizeof(nows) / sizeof(nows[0]); i++)
		compare(text, nows[i]);
	elsewhere("America/Havana", text);
	elsewhere("Asia/Tehran", text);
	elsewhere("Pacific/Apia", text);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dates and spans as people type them. */
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "error.h"
#include "number.h"
#include "when.h"

/* The year 9999 ends here: what a person can read and 5 bytes can hold. */
#define WHEN_MAX INT64_C(253402300800)

/* Copies the digits out of text where the shape has 'd'; every other
 * character of the shape must be there as it is. */
static int
has_shape(const char *text, const char *shape)
{
	for (; *shape; shape++, text++) {
		if (*shape == 'd' ? !isdigit((unsigned char)*text)
				  : *text != *shape)
			return 0;
	}
	return *text == '\0';
}

static int
field(const char *text, unsigned len)
{
	uint64_t value = 0;

	return tc_digits(text, len, 9999, &value) ? -1 : (int)value;
}

/* mktime() and timegm() repair what does not exist, such as 31 February:
 * ask for the date back and compare.  Their -1 is a second of 1969, too, and
 * of no use as either. */
static int
to_seconds(struct tm tm, time_t (*convert)(struct tm *), int64_t *when)
{
	struct tm asked = tm;
	time_t t;

	tm.tm_isdst = -1;
	t = convert(&tm);
	if (t == -1 || tm.tm_mday != asked.tm_mday ||
	    tm.tm_mon != asked.tm_mon || tm.tm_year != asked.tm_year ||
	    tm.tm_hour != asked.tm_hour || tm.tm_min != asked.tm_min ||
	    tm.tm_sec != asked.tm_sec)
		return -1;
	*when = (int64_t)t;
	return 0;
}

/* Days in order, as numbers. */
static int
day_number(const struct tm *tm)
{
	return (tm->tm_year * 12 + tm->tm_mon) * 31 + tm->tm_mday - 1;
}

/* The first second of local time whose day is `day` or later, between two
 * moments of which the first is earlier than that.  Not asked of mktime(),
 * since midnight may come twice or not at all where clocks change, and what it
 * then says depends on what it was asked before. */
static int
first_second(int day, int64_t early, int64_t late, int64_t *when)
{
	while (late - early > 1) {
		time_t middle = (time_t)(early + (late - early) / 2);
		struct tm tm;

		if (!localtime_r(&middle, &tm))
			return -1;
		if (day_number(&tm) < day)
			early = (int64_t)middle;
		else
			late = (int64_t)middle;
	}
	*when = late;
	return 0;
}

/* No clock changes at noon, so a day without one does not exist. */
static int
noon_of(struct tm day, int64_t *noon)
{
	day.tm_hour = 12;
	day.tm_min = day.tm_sec = 0;
	return to_seconds(day, mktime, noon);
}

/* The second after a day's last one: days on which clocks change are longer
 * or shorter. */
static int
end_of_day(struct tm day, int64_t *when)
{
	int64_t noon;

	return noon_of(day, &noon)
		   ? -1
		   : first_second(day_number(&day) + 1, noon,
				  noon + INT64_C(36) * 3600, when);
}

static int
begin_of_day(struct tm day, int64_t *when)
{
	int64_t noon;

	return noon_of(day, &noon)
		   ? -1
		   : first_second(day_number(&day), noon - INT64_C(36) * 3600,
				  noon, when);
}

/* Which end of a day a date means. */
typedef int day_fn(struct tm day, int64_t *when);

static int
parse_date(const char *text, day_fn *of_day, int64_t *when)
{
	struct tm tm = { 0 };

	if (has_shape(text, "dddd-dd-ddTdd:dd:ddZ")) {
		tm.tm_hour = field(text + 11, 2);
		tm.tm_min = field(text + 14, 2);
		tm.tm_sec = field(text + 17, 2);
	}
	if (has_shape(text, "dd-dd-dddd")) {
		tm.tm_mday = field(text, 2);
		tm.tm_mon = field(text + 3, 2) - 1;
		tm.tm_year = field(text + 6, 4) - 1900;
		return of_day(tm, when);
	}
	tm.tm_year = field(text, 4) - 1900;
	tm.tm_mon = field(text + 5, 2) - 1;
	tm.tm_mday = field(text + 8, 2);
	if (text[10] == 'T')
		return to_seconds(tm, timegm, when);
	return of_day(tm, when);
}

static int
is_date(const char *text)
{
	return has_shape(text, "dddd-dd-dd") || has_shape(text, "dd-dd-dddd") ||
	       has_shape(text, "dddd-dd-ddTdd:dd:ddZ");
}

int
tc_span(const char *text, int64_t *seconds)
{
	static const char units[] = "smhdw";
	static const int64_t each[] = { 1, 60, 3600, 86400, 604800 };
	size_t len = strnlen(text, 16);
	const char *unit;
	uint64_t n;

	if (len < 2 || len == 16)
		return -1;
	unit = strchr(units, text[len - 1]);
	if (!unit || tc_digits(text, (unsigned)len - 1, 400000000, &n))
		return -1;
	*seconds = (int64_t)n * each[unit - units];
	return 0;
}

static int
today(int64_t now, day_fn *of_day, int64_t *when)
{
	time_t t = (time_t)now;
	struct tm tm;

	return localtime_r(&t, &tm) ? of_day(tm, when) : -1;
}

/* A date by of_day, a span from now on or back: 0, -1 for what does not exist,
 * -2 for what is neither. */
static int
parse(const char *text, int64_t now, day_fn *of_day, int direction,
      int64_t *when)
{
	int64_t span;

	if (strcmp(text, "today") == 0)
		return today(now, of_day, when);
	if (is_date(text))
		return parse_date(text, of_day, when);
	if (tc_span(text, &span))
		return -2;
	if (direction < 0)
		span = -span;
	return __builtin_add_overflow(now, span, when) ? -1 : 0;
}

static int
judge(int rc, int64_t result, const char *more, int64_t *when,
      struct tc_error *err)
{
	if (rc == -2)
		return tc_fail(err, TC_E_INVALID,
			       "not a time: say 2027-03-31, "
			       "2027-03-31T12:00:00Z, 31-03-2027, 90d, 12h%s",
			       more);
	if (rc || result <= 0 || result > WHEN_MAX)
		return tc_fail(err, TC_E_INVALID,
			       "there is no such day or time, or none that is "
			       "between 1970 and 9999: say 2027-03-31");
	*when = result;
	return TC_OK;
}

int
tc_parse_when(const char *text, int64_t now, int64_t *when,
	      struct tc_error *err)
{
	int64_t result = 0;
	int rc;

	if (strcmp(text, "never") == 0) {
		*when = 0;
		return TC_OK;
	}
	rc = parse(text, now, end_of_day, 1, &result);
	return judge(rc, result, ", today or never", when, err);
}

int
tc_parse_moment(const char *text, int64_t now, int direction, int64_t *when,
		struct tc_error *err)
{
	int64_t result = 0;
	int rc = parse(text, now, begin_of_day, direction, &result);

	return judge(rc, result, " or today", when, err);
}

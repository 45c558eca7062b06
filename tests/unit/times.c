/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far away a moment is, in words; judged from moments that are fixed. */
#include "common.h"

#include <time.h>

#include "../../apitoken/apitoken.h"

#define SECOND 1
#define MINUTE 60
#define HOUR 3600
#define DAY 86400

static void
zone(const char *name)
{
	assert_int_equal(setenv("TZ", name, 1), 0);
	tzset();
}

static void
is_far(int64_t when, int64_t now, const char *words)
{
	char text[WHEN_MAX];

	format_distance(when, now, text);
	assert_string_equal(text, words);
}

/* Both ways, from noon: what is said does not depend on the hour. */
static void
spans(void **state)
{
	static const struct {
		int64_t span;
		const char *ahead, *ago;
	} table[] = {
		{ 1, "in 1 second", "1 second ago" },
		{ 59, "in 59 seconds", "59 seconds ago" },
		{ MINUTE, "in 1 minute", "1 minute ago" },
		{ MINUTE + 29, "in 1 minute", "1 minute ago" },
		{ MINUTE + 30, "in 2 minutes", "2 minutes ago" },
		{ HOUR - 31, "in 59 minutes", "59 minutes ago" },
		{ HOUR - 30, "in 1 hour", "1 hour ago" },
		{ 2 * HOUR - 1, "in 2 hours", "2 hours ago" },
		{ 23 * HOUR, "in 23 hours", "23 hours ago" },
		{ DAY, "tomorrow", "yesterday" },
		{ 2 * DAY, "in 2 days", "2 days ago" },
		{ 13 * DAY, "in 13 days", "13 days ago" },
		{ 14 * DAY, "in 2 weeks", "2 weeks ago" },
		{ 59 * DAY, "in 8 weeks", "8 weeks ago" },
		{ 60 * DAY, "in 2 months", "2 months ago" },
		{ 90 * DAY, "in 3 months", "3 months ago" },
		{ 365 * DAY, "in 12 months", "12 months ago" },
		{ 730 * DAY, "in 2 years", "2 years ago" },
		{ 3650 * DAY, "in 10 years", "10 years ago" },
	};
	const int64_t noon = 1795435200; /* 2026-11-23 12:00 UTC */

	(void)state;
	zone("UTC");
	is_far(noon, noon, "now");
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		is_far(noon + table[i].span, noon, table[i].ahead);
		is_far(noon - table[i].span, noon, table[i].ago);
	}
}

/* Days are those of the calendar, once it is a day or more. */
static void
days(void **state)
{
	const int64_t day = 1795392000; /* 2026-11-23 00:00 UTC */

	(void)state;
	zone("UTC");
	is_far(day + 2 * DAY, day + HOUR, "tomorrow"); /* through that day */
	is_far(day + 2 * DAY + HOUR, day + HOUR, "in 2 days");
	is_far(day + 2 * DAY + 22 * HOUR, day + 23 * HOUR, "in 2 days");
	is_far(day + DAY - 1, day, "in 24 hours"); /* today, still */
	is_far(day + 30 * HOUR, day + 20 * HOUR, "in 10 hours");
	is_far(day + HOUR, day + DAY + 23 * HOUR, "yesterday");
	is_far(day + 23 * HOUR, day + 2 * DAY + 22 * HOUR, "2 days ago");
}

/* A day of 23 or 25 hours is a day. */
static void
clock_changes(void **state)
{
	const int64_t spring = 1774738800; /* 2026-03-29 00:00 +0100 */
	const int64_t autumn = 1792879200; /* 2026-10-25 00:00 +0200 */

	(void)state;
	zone("Europe/Berlin");
	is_far(spring + 23 * HOUR + 12 * HOUR, spring + HOUR, "tomorrow");
	is_far(spring + 23 * HOUR + DAY, spring - HOUR, "in 2 days");
	is_far(autumn + 25 * HOUR + 12 * HOUR, autumn + HOUR, "tomorrow");
	is_far(autumn + HOUR, autumn + 25 * HOUR + 2 * HOUR, "yesterday");
	zone("UTC");
}

/* No record has such times, but a log may. */
static void
beyond(void **state)
{
	(void)state;
	zone("UTC");
	is_far(INT64_MAX, 0, "in 8030 years");
	is_far(INT64_MIN, 0, "8030 years ago");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans),
		cmocka_unit_test(days),
		cmocka_unit_test(clock_changes),
		cmocka_unit_test(beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Times for people: moments in local time, and how far away they are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "apitoken.h"

void
format_utc(int64_t when, char out[WHEN_MAX])
{
	const time_t t = (time_t)when;
	struct tm tm;

	/* Not by strftime: of a year of five digits musl's %Y makes "+10000",
	 * and an export is read by other hosts. */
	if (!gmtime_r(&t, &tm))
		(void)snprintf(out, WHEN_MAX, "%lld", (long long)when);
	else
		(void)snprintf(out, WHEN_MAX, "%lld-%02d-%02dT%02d:%02d:%02dZ",
			       1900LL + tm.tm_year, tm.tm_mon + 1, tm.tm_mday,
			       tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void
format_moment(int64_t when, char out[WHEN_MAX])
{
	const time_t t = (time_t)when;
	struct tm tm;

	if (!localtime_r(&t, &tm) ||
	    strftime(out, WHEN_MAX, "%Y-%m-%d %H:%M:%S %z", &tm) == 0)
		(void)snprintf(out, WHEN_MAX, "%lld", (long long)when);
}

/* An end at midnight was typed, and is meant, as the day before. */
static bool
is_midnight(const struct tm *tm)
{
	return tm->tm_hour == 0 && tm->tm_min == 0 && tm->tm_sec == 0;
}

void
format_expiry(int64_t expires, char out[WHEN_MAX])
{
	const time_t t = (time_t)expires, before = t - 1;
	struct tm tm, day;
	size_t len;

	if (expires == 0) {
		(void)snprintf(out, WHEN_MAX, "never");
		return;
	}
	if (!localtime_r(&t, &tm) || !localtime_r(&before, &day))
		len = 0;
	else if (is_midnight(&tm))
		len = strftime(out, WHEN_MAX, "%Y-%m-%d", &day);
	else
		len = strftime(out, WHEN_MAX, "%Y-%m-%d %H:%M", &tm);
	if (len == 0)
		(void)snprintf(out, WHEN_MAX, "%lld", (long long)expires);
}

/* ---- how far away ---- */
/* Days between the dates on which two moments fall, not spans of 24 hours:
 * tomorrow evening is "tomorrow" all day long. */
static bool
days_between(int64_t from, int64_t to, int64_t *days)
{
	const time_t a = (time_t)from, b = (time_t)to;
	struct tm one, other;

	if (!localtime_r(&a, &one) || !localtime_r(&b, &other))
		return false;
	one.tm_hour = other.tm_hour = 12;
	*days = ((int64_t)timegm(&other) - (int64_t)timegm(&one)) / 86400;
	return true;
}

/* n of unit, rounded, in words. */
static void
say_distance(int64_t n, const char *unit, bool ahead, char out[WHEN_MAX])
{
	(void)snprintf(out, WHEN_MAX, "%s%lld %s%s%s", ahead ? "in " : "",
		       (long long)n, unit, n == 1 ? "" : "s",
		       ahead ? "" : " ago");
}

/* In hundredths of a day, and the number up to which each is used. */
static const struct {
	const char *unit;
	int64_t length, up_to;
} spans[] = {
	{ "day", 100, 13 },
	{ "week", 700, 8 },
	{ "month", 3044, 23 },
	{ "year", 36525, INT64_MAX },
};

static void
format_days(int64_t days, bool ahead, char out[WHEN_MAX])
{
	if (days == 1) {
		(void)snprintf(out, WHEN_MAX, "%s",
			       ahead ? "tomorrow" : "yesterday");
		return;
	}
	for (size_t i = 0; i < COUNT(spans); i++) {
		const int64_t n =
		    (days * 100 + spans[i].length / 2) / spans[i].length;

		if (n <= spans[i].up_to) {
			say_distance(n, spans[i].unit, ahead, out);
			return;
		}
	}
}

/* Beyond it nothing is told apart, and sums cannot overflow. */
#define FAR INT64_C(253402300800) /* the year 10000 */

void
format_distance(int64_t then, int64_t now, char out[WHEN_MAX])
{
	const int64_t when = then > FAR ? FAR : then < -FAR ? -FAR : then;
	const bool ahead = when > now;
	const int64_t seconds = ahead ? when - now : now - when;
	const int64_t minutes = (seconds + 30) / 60;
	const int64_t hours = (seconds + 1800) / 3600;
	int64_t days = 0;

	if (seconds == 0) {
		(void)snprintf(out, WHEN_MAX, "now");
	} else if (seconds < 60) {
		say_distance(seconds, "second", ahead, out);
	} else if (minutes < 60) {
		say_distance(minutes, "minute", ahead, out);
	} else {
		/* What ends at midnight ends with the day before. */
		if (!days_between(now, ahead ? when - 1 : when, &days))
			days = (when - now) / 86400;
		if (hours < 24 || days == 0)
			say_distance(hours, "hour", ahead, out);
		else
			format_days(llabs(days), ahead, out);
	}
}

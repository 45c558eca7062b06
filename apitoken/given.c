/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an option was given: numbers, moments, networks, and the one form of the
 * error that there is of all of them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apitoken.h"

const char *
shown_word(const char *text, char out[SHOWN_MAX])
{
	size_t len = 40;

	/* Not in the midst of a character. */
	while (strlen(text) >= SHOWN_MAX && (text[len] & 0xc0) == 0x80)
		len--;
	if (strlen(text) >= SHOWN_MAX)
		(void)snprintf(out, SHOWN_MAX, "%.*s...", (int)len, text);
	else
		(void)snprintf(out, SHOWN_MAX, "%s", text);
	return out;
}

int
complain_option(const char *name, const char *value, const char *format, ...)
{
	char word[SHOWN_MAX], what[2 * SHOWN_MAX], why[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	(void)snprintf(what, sizeof(what), "--%s%s%s", name, value ? "=" : "",
		       value ? shown_word(value, word) : "");
	return complain(USAGE, what, "%s", why);
}

static bool
is_number(const char *text, unsigned max, unsigned *number)
{
	char *end;
	const unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || value < 1 ||
	    value > max)
		return false;
	*number = (unsigned)value;
	return true;
}

bool
option_number(const char *name, const char *text, unsigned max,
	      unsigned *number)
{
	if (is_number(text, max, number))
		return true;
	complain_option(name, text, "not a number from 1 to %u", max);
	return false;
}

bool
parse_kid(const char *text, unsigned *kid)
{
	if (is_number(text, KID_MAX, kid))
		return true;
	complain(USAGE, text, "not a number from 1 to %u", KID_MAX);
	return false;
}

bool
option_moment(const char *name, const char *text, int direction, int64_t *when)
{
	struct tc_error err = { 0 };

	*when = 0;
	if (!text || tc_parse_moment(text, (int64_t)time(NULL), direction, when,
				     &err) == TC_OK)
		return true;
	complain_option(name, text, "%s", err.text);
	return false;
}

bool
option_source(const char *name, const char *text, struct tc_source *source)
{
	struct tc_error err = { 0 };

	if (tc_parse_source(text, source, &err) == TC_OK)
		return true;
	complain_option(name, text, "%s", err.text);
	return false;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "token.h"

const char *
tc_strerror(int code)
{
	static const char *const words[] = {
		[TC_OK] = "no error",
		[TC_E_INVALID] = "not acceptable",
		[TC_E_REFUSED] = "refused by policy",
		[TC_E_NOTFOUND] = "no such token or key",
		[TC_E_AMBIGUOUS] = "the name fits more than one token",
		[TC_E_EXISTS] = "exists already",
		[TC_E_UNAVAILABLE] = "unavailable",
		[TC_E_PERMISSION] = "not permitted",
		[TC_E_NOMEM] = "out of memory",
	};

	if (code < 0 || (size_t)code >= sizeof(words) / sizeof(words[0]))
		return "unknown error";
	return words[code];
}

int
tc_fail(struct tc_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (err) {
		err->code = code;
		va_start(ap, fmt);
		(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
		tc_token_hide(err->text);
	}
	return code;
}

static int
code_of(int number)
{
	switch (number) {
	case EACCES:
	case EPERM:
		return TC_E_PERMISSION;
	case ENOMEM:
		return TC_E_NOMEM;
	}
	return TC_E_UNAVAILABLE;
}

/* GNU's strerror_r answers with the text, POSIX's (musl has that) with a code,
 * and the text is in the buffer. */
static const char *
text_of_gnu(const char *text, const char *buf)
{
	(void)buf;
	return text;
}

static const char *
text_of_posix(int failed, const char *buf)
{
	(void)failed;
	return buf;
}

const char *
tc_errno_text(int number, char *buf, size_t size)
{
	buf[0] = '\0';
	return _Generic(strerror_r(number, buf, size),
	    char *: text_of_gnu,
	    int: text_of_posix)(strerror_r(number, buf, size), buf);
}

int
tc_fail_errno(struct tc_error *err, const char *fmt, ...)
{
	int number = errno;
	char why[128];
	size_t len;
	va_list ap;

	if (!err)
		return code_of(number);
	err->code = code_of(number);
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	(void)snprintf(err->text + len, sizeof(err->text) - len, ": %s",
		       tc_errno_text(number, why, sizeof(why)));
	tc_token_hide(err->text);
	errno = number;
	return err->code;
}

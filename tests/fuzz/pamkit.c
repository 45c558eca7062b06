/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pamkit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "fuzz.h"

void (*pamkit_line)(const char *line);

/* libpam finds these in place of the C library's, and in place of libaudit's
 * one that fails as on a system that does not have it: libaudit would note
 * each transaction and ask DNS for the peer's address. */
#undef syslog /* a macro with clang and _FORTIFY_SOURCE */
#define EXPORTED __attribute__((visibility("default"), format(printf, 2, 3)))
#define CHECKED __attribute__((visibility("default"), format(printf, 3, 4)))
EXPORTED void syslog(int priority, const char *fmt, ...);
CHECKED void __syslog_chk(int priority, int flag, const char *fmt, ...);

__attribute__((visibility("default"))) int audit_open(void);

int
audit_open(void)
{
	errno = EPROTONOSUPPORT;
	return -1;
}

static void __attribute__((format(printf, 1, 0)))
look_at(const char *fmt, va_list ap)
{
	char line[8192];

	(void)vsnprintf(line, sizeof(line), fmt, ap);
	CHECK(fuzz_is_line(line, sizeof(line)));
	CHECK(!fuzz_holds_token(line, strlen(line), FUZZ_TOKEN));
	if (pamkit_line)
		pamkit_line(line);
}

void
syslog(int priority, const char *fmt, ...)
{
	va_list ap;

	(void)priority;
	va_start(ap, fmt);
	look_at(fmt, ap);
	va_end(ap);
}

void
__syslog_chk(int priority, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)priority;
	(void)flag;
	va_start(ap, fmt);
	look_at(fmt, ap);
	va_end(ap);
}

const char *
pamkit_service(const char *name, const char *text)
{
	static char dir[300];
	char path[400];
	FILE *f;

	if (dir[0] == '\0') {
		(void)snprintf(dir, sizeof(dir), "%s", fuzz_path("pam"));
		NEED(mkdir(dir, 0755) == 0);
	}
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	NEED(f && fputs(text, f) >= 0 && fclose(f) == 0);
	return dir;
}

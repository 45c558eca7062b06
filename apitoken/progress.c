/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "progress.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool shown;

static bool
is_wanted(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

void
progress(const char *format, ...)
{
	va_list args;

	if (!is_wanted())
		return;
	(void)fputc('\r', stderr);
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputs("\033[K", stderr);
	(void)fflush(stderr);
	shown = true;
}

void
progress_end(void)
{
	if (shown)
		(void)fputs("\r\033[K", stderr);
	shown = false;
}

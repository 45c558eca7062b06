/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rows.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "host.h"
#include "match.h"

#define NOW 1795294800

/* In place of the command's own, which write to stderr and to files. */
int
complain(int code, const char *what, const char *format, ...)
{
	char why[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	CHECK(*what && *why);
	return code;
}

bool
write_all(int fd, const char *data, size_t len)
{
	return write(fd, data, len) == (ssize_t)len;
}

static void
taken(const struct tc_import *item)
{
	const struct tc_create *s = &item->spec;

	CHECK(item->value && s->user && s->label);
	CHECK(item->len == strlen(item->value));
	CHECK(s->expires >= TC_EXPIRES_DEFAULT);
	CHECK(s->n_services <= TC_SERVICES_MAX);
	for (size_t i = 0; i < s->n_services; i++)
		CHECK(tc_service_fits(s->services[i], strlen(s->services[i])));
	CHECK(s->n_sources <= TC_SOURCES_MAX);
	for (size_t i = 0; i < s->n_sources; i++)
		CHECK(tc_source_fits(&s->sources[i]));
	CHECK(s->n_properties <= TC_PROPERTIES_MAX);
	for (size_t i = 0; i < s->n_properties; i++)
		CHECK(s->properties[i].key && s->properties[i].value);
}

const char *
rows_path(int fd)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

size_t
rows_read(int fd, enum values_format format)
{
	int code = DONE;
	struct values *from = values_open(rows_path(fd), format, NOW, &code);
	enum values_found found = VALUES_ONE;
	size_t n = 0;

	CHECK((from == NULL) == (code != DONE));
	while (from && found == VALUES_ONE) {
		static struct value v;
		struct tc_import item;

		found = values_next(from, &v, &item);
		n += found != VALUES_END;
		CHECK(fuzz_is_line(v.why, sizeof(v.why) - 1));
		CHECK(!strstr(v.why, FUZZ_VALUE));
		if (found == VALUES_ONE && v.why[0] == '\0')
			taken(&item);
		CHECK(found != VALUES_BROKEN || v.why[0] != '\0');
		value_free(&v);
	}
	values_close(from);
	return n;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inifile.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "bytes.h"
#include "error.h"

#define SECTION_MAX 64

struct parse {
	const char *at, *end;
	unsigned line;
	const char *path;
	tc_ini_fn *fn;
	void *arg;
	struct tc_error *err;
	int failed;
};

static void
complain(struct parse *p, const char *why)
{
	if (!p->failed)
		tc_fail(p->err, TC_E_UNAVAILABLE, "%s:%u: %s", p->path, p->line,
			why);
	p->failed = 1;
}

/* A tab, a line end, and a carriage return before one; inih takes others for
 * white space. */
static int
all_plain(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)line[i] >= ' ' || line[i] == '\t' ||
		    line[i] == '\n')
			continue;
		if (line[i] != '\r' || i + 1 == len || line[i + 1] != '\n')
			return 0;
	}
	return 1;
}

/* inih reads a comment into " ;" inside a value and takes an indented line as
 * more of the value above: a secret with either would be cut or changed. */
static const char *
line_fault(const char *line, size_t len)
{
	size_t content = strspn(line, " \t\r\n");

	if (!all_plain(line, len))
		return "holds a control character";
	/* inih skips a byte order mark and so would see another line. */
	if ((unsigned char)line[0] == 0xef)
		return "begins with something that is not ASCII";
	if (content >= len || line[content] == '#' || line[content] == ';')
		return NULL;
	if (content > 0)
		return "begins with white space";
	for (size_t i = 1; i < len; i++)
		if (line[i] == ';' &&
		    (line[i - 1] == ' ' || line[i - 1] == '\t'))
			return "a comment needs a line of its own";
	return NULL;
}

/* Headings without keys never reach inih's handler. */
static const char *
heading(struct parse *p, const char *line, size_t len)
{
	char name[SECTION_MAX];

	while (len > 0 && strchr(" \t\r\n", line[len - 1]))
		len--;
	if (len < 3 || line[len - 1] != ']' || len - 2 >= sizeof(name))
		return "not a section heading";
	memcpy(name, line + 1, len - 2);
	name[len - 2] = '\0';
	return p->fn(p->arg, name, NULL, NULL, p->line);
}

static char *
next_line(char *out, int room, void *stream)
{
	struct parse *p = stream;
	const char *nl, *why;
	size_t len;

	if (p->failed || p->at == p->end)
		return NULL;
	p->line++;
	nl = memchr(p->at, '\n', (size_t)(p->end - p->at));
	len = (size_t)((nl ? nl + 1 : p->end) - p->at);
	why = len >= (size_t)room ? "the line is too long"
				  : line_fault(p->at, len);
	if (!why && *p->at == '[')
		why = heading(p, p->at, len);
	if (why) {
		complain(p, why);
		return NULL;
	}
	memcpy(out, p->at, len);
	out[len] = '\0';
	p->at += len;
	return out;
}

/* A line that lost its "secret =" is all name, and not for the log. */
static int
may_be_told(const char *name)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz_"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return strlen(name) <= 16 && name[strspn(name, set)] == '\0';
}

static int
handle(void *user, const char *section, const char *name, const char *value)
{
	struct parse *p = user;
	const char *why = p->fn(p->arg, section, name, value, p->line);

	if (why) {
		char text[160];

		(void)snprintf(text, sizeof(text), "%s%s%s",
			       may_be_told(name) ? name : "",
			       may_be_told(name) ? ": " : "", why);
		complain(p, text);
	}
	return why == NULL;
}

int
tc_ini_parse(const char *text, size_t len, const char *path, tc_ini_fn *fn,
	     void *arg, struct tc_error *err)
{
	struct parse p = { .at = text,
			   .end = text + len,
			   .path = path,
			   .fn = fn,
			   .arg = arg,
			   .err = err };
	int rc;

	if (memchr(text, '\0', len))
		return tc_fail(err, TC_E_UNAVAILABLE, "%s: holds a NUL byte",
			       path);
	rc = ini_parse_stream(next_line, &p, handle, &p);
	if (rc > 0 && !p.failed) {
		p.line = (unsigned)rc;
		complain(&p, "neither \"key = value\" nor a section");
	}
	if (rc < 0 && !p.failed)
		return tc_fail(err, TC_E_NOMEM, "%s: out of memory", path);
	return p.failed ? TC_E_UNAVAILABLE : TC_OK;
}

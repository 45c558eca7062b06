/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everything that is shown: errors in one line, text that cannot steer a
 * terminal, JSON.  Write errors are kept in mind, so that no half list passes
 * for a whole one.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "apitoken.h"

static const char *doing = "apitoken";
static bool in_force;
static bool put_failed, half_is_none;
static int put_errno;

/* ---- errors ---- */
int
exit_for_code(int code)
{
	static const int exits[] = {
		[TC_OK] = DONE,
		[TC_E_INVALID] = USAGE,
		[TC_E_REFUSED] = REFUSED,
		[TC_E_NOTFOUND] = NO_TOKEN,
		[TC_E_AMBIGUOUS] = NO_TOKEN,
		[TC_E_EXISTS] = REFUSED,
		[TC_E_UNAVAILABLE] = UNAVAILABLE,
		[TC_E_PERMISSION] = NOT_PERMITTED,
		[TC_E_NOMEM] = UNAVAILABLE,
	};

	if (code < 0 || (size_t)code >= COUNT(exits))
		return UNAVAILABLE;
	return exits[code];
}

static void
say_error(const char *text)
{
	char line[ESCAPED_MAX];

	escape(line, sizeof(line), text);
	/* Someone may type one where a name belongs, which a message repeats. */
	tc_token_hide(line);
	/* A last resort has no other place to complain to. */
	(void)fprintf(stderr, "apitoken: %s\n", line);
}

void
change_is_in_force(void)
{
	in_force = true;
}

int
complain(int code, const char *what, const char *format, ...)
{
	const char *but = in_force ? "done, but it could not be told: " : "";
	char why[LINE_MAX_BYTES], text[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	if (snprintf(text, sizeof(text), "%s: %s%s", what, but, why) < 0)
		text[0] = '\0';
	say_error(text);
	return in_force ? IN_FORCE : code;
}

void
complain_about(const char *verb)
{
	doing = verb;
}

int
complain_tc(int code, const struct tc_error *err)
{
	return complain(exit_for_code(code), doing, "%s",
			err->text[0] ? err->text : tc_strerror(code));
}

/* ---- text ---- */
/* Nearly all characters are: what they are needs no table. */
static bool
is_ascii(unsigned char c)
{
	return c >= 0x20 && c <= 0x7e;
}

/* The bytes of a character, which goes to cp; 0 if it is no UTF-8. */
static size_t
decode(const unsigned char *s, uint32_t *cp)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 0 },
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};

	for (size_t n = 0; n < COUNT(forms); n++) {
		uint32_t c = s[0] & (unsigned char)~forms[n].mask;

		if ((s[0] & forms[n].mask) != forms[n].lead)
			continue;
		for (size_t i = 1; i <= n; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (s[i] & 0x3fU);
		}
		if (c < forms[n].least || c > 0x10ffff ||
		    (c >= 0xd800 && c <= 0xdfff))
			return 0;
		*cp = c;
		return n + 1;
	}
	return 0;
}

/* Controls, and the marks that make a line read other than it is. */
static bool
is_printable(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} hidden[] = {
		{ 0, 0x1f },	    { 0x7f, 0x9f },	{ 0x61c, 0x61c },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
	};

	for (size_t i = 0; i < COUNT(hidden); i++) {
		if (c >= hidden[i].from && c <= hidden[i].to)
			return false;
	}
	return true;
}

void
escape_bytes(char *out, size_t size, const char *in, size_t len)
{
	const unsigned char *s = (const unsigned char *)in;
	const unsigned char *const end = s + len;
	size_t at = 0;

	while (s < end) {
		uint32_t c = *s;
		const size_t n = is_ascii(*s) ? 1 : decode(s, &c);
		const size_t take = n ? n : 1;
		const bool plain = n && (is_ascii(*s) || is_printable(c));

		if (at + (plain ? take : 4 * take) >= size)
			break;
		for (size_t i = 0; i < take; i++) {
			if (plain)
				out[at++] = (char)s[i];
			else
				at += (size_t)snprintf(out + at, size - at,
						       "\\x%02x", s[i]);
		}
		s += take;
	}
	out[at] = '\0';
}

void
escape(char *out, size_t size, const char *in)
{
	escape_bytes(out, size, in, strlen(in));
}

/* The columns of one character, whose bytes go to *len. */
static size_t
width_at(const unsigned char *s, size_t *len)
{
	uint32_t c = *s;
	const size_t n = is_ascii(*s) ? 1 : decode(s, &c);
	const int w = n && !is_ascii(*s) ? wcwidth((wchar_t)c) : 1;

	*len = n ? n : 1;
	return w < 0 ? 1 : (size_t)w;
}

size_t
text_width(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t width = 0;

	while (*s) {
		size_t len;

		width += width_at(s, &len);
		s += len;
	}
	return width;
}

size_t
text_cut(const char *text, size_t columns, size_t *width)
{
	const unsigned char *const start = (const unsigned char *)text, *s;
	size_t len;

	*width = 0;
	/* Marks that take no column stay with the character before. */
	for (s = start; *s; s += len) {
		const size_t more = width_at(s, &len);

		if (*width + more > columns)
			break;
		*width += more;
	}
	return (size_t)(s - start);
}

/* ---- stdout ---- */
void
lose_output(int error)
{
	if (!put_failed)
		put_errno = error;
	put_failed = true;
}

void
put(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vprintf(format, args) < 0)
		lose_output(errno);
	va_end(args);
}

void
put_bytes(const char *data, size_t len)
{
	if (fwrite(data, 1, len, stdout) != len)
		lose_output(errno);
}

void
half_is_nothing(void)
{
	half_is_none = true;
}

bool
output_failed(void)
{
	return put_failed;
}

bool
flush_output(void)
{
	if (fflush(stdout) != 0)
		lose_output(errno);
	return !put_failed;
}

int
finish_output(int code)
{
	int lost;

	errno = 0;
	if (fflush(stdout) != 0 || ferror(stdout))
		lose_output(errno);
	/* close() tells of a full disk over the network */
	if (close(STDOUT_FILENO) != 0 && errno != EBADF)
		lose_output(errno);
	if (!put_failed)
		return code;
	/* Whoever read has had enough, as head(1) has; a change is told. */
	if (put_errno == EPIPE && !in_force && !half_is_none)
		return code == DONE ? REFUSED : code;
	lost = complain(REFUSED, "standard output", "%s",
			strerror(put_errno ? put_errno : EIO));
	return code == DONE ? lost : code;
}

bool
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* ---- JSON ---- */
/* Jansson leaves control characters beyond ASCII as they are.  Outside of
 * strings there is nothing but ASCII, so each may become \uNNNN. */
static char *
hide_controls(const char *text)
{
	static const size_t longest = sizeof("\\uNNNN") - 1;
	const unsigned char *s = (const unsigned char *)text;
	char *out = malloc(longest * strlen(text) + 1), *at = out;

	while (out && *s) {
		uint32_t c = 0;
		size_t n;

		if (is_ascii(*s)) {
			*at++ = (char)*s++;
			continue;
		}
		n = decode(s, &c);
		if (is_printable(c))
			at = mempcpy(at, s, n ? n : 1);
		else
			at += sprintf(at, "\\u%04x", c);
		s += n ? n : 1;
	}
	if (out)
		*at = '\0';
	return out;
}

#define LINE_USUAL 1024

/* json_dumps() leaves names out where its buffer cannot grow; here it has not
 * to: what is longer than usual is made once more. */
static char *
dump(const json_t *value)
{
	size_t size = LINE_USUAL, len;
	char *text = malloc(size);

	len = text ? json_dumpb(value, text, size, JSON_COMPACT) : 0;
	if (len >= size) {
		explicit_bzero(text, size);
		free(text);
		size = len + 1;
		text = malloc(size);
		len = text ? json_dumpb(value, text, size, JSON_COMPACT) : 0;
	}
	if (len > 0 && len < size) {
		text[len] = '\0';
		return text;
	}
	if (text)
		explicit_bzero(text, size);
	free(text);
	return NULL;
}

char *
json_line(json_t *value)
{
	char *text = value ? dump(value) : NULL;
	char *line = text ? hide_controls(text) : NULL;

	json_decref(value);
	if (text)
		explicit_bzero(text, strlen(text)); /* an export's, say */
	free(text);
	return line;
}

int
put_json(json_t *value)
{
	char *text = json_line(value);

	if (text)
		put("%s\n", text);
	else
		lose_output(ENOMEM);
	free(text);
	return DONE;
}

json_t *
json_with(json_t *list, json_t *value)
{
	if (json_array_append_new(list, value) == 0)
		return list;
	json_decref(list);
	return NULL;
}

json_t *
json_text(const char *text)
{
	char escaped[ESCAPED_MAX];
	json_t *value = json_string(text);

	if (value)
		return value;
	escape(escaped, sizeof(escaped), text);
	return json_string(escaped);
}

json_t *
json_when(int64_t when)
{
	char text[WHEN_MAX];

	if (when == 0)
		return json_null();
	format_utc(when, text);
	return json_string(text);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bearer.c - the messages of OAUTHBEARER and XOAUTH2.  Everything that comes
 * from a peer nobody knows yet is read here, byte by byte and within bounds;
 * a message is understood as a whole or not at all.
 *
 * What a client may say first, in OAUTHBEARER (RFC 7628, 3.1; the header is
 * that of RFC 5801, 4):
 *
 *	first   = header sep *pair sep
 *	header  = flag "," [ "a=" name ] ","
 *	flag    = "n"			; no channel binding
 *		/ "y"			; none, as the server offers none
 *		/ "p=" 1*bindname	; refused here: we offer none
 *	name    = 1*( safe / "=2C" / "=3D" )
 *	safe    = <UTF-8 except NUL, "," and "=">
 *	pair    = key "=" value sep
 *	key     = 1*ALPHA
 *	value   = *( VCHAR / SP / HTAB / CR / LF )
 *	sep     = %x01
 *
 * and in XOAUTH2, which no RFC describes:
 *
 *	first   = "user=" name8 sep *pair sep
 *	name8   = 1*<UTF-8 except controls>
 *
 * Of the pairs exactly one has the key "auth" and this value (RFC 6750, 2.1):
 *
 *	bearer  = "Bearer" 1*SP token		; in any case
 *	token   = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
 *
 * Other keys ("host", "port" and those of later times) are not looked at.
 * A lone sep is a client's answer to a refusal, never a first message.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "bearer.h"

#define SEP '\x01'

#define ALPHA "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define TOKEN ALPHA "0123456789-._~+/"

struct cursor {
	const char *at, *end;
};

static size_t
left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

static int
take(struct cursor *c, const char *want)
{
	size_t len = strlen(want);

	if (left(c) < len || memcmp(c->at, want, len) != 0)
		return 0;
	c->at += len;
	return 1;
}

/* What stands before the next `stop`, which is skipped; NULL: there is none. */
static const char *
take_until(struct cursor *c, char stop, size_t *len)
{
	const char *from = c->at;
	const char *found = memchr(from, stop, left(c));

	if (found == NULL)
		return NULL;
	*len = (size_t)(found - from);
	c->at = found + 1;
	return from;
}

/* strchr() would find the NUL behind the set. */
static int
in_set(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static size_t
span(const char *text, size_t len, const char *set)
{
	size_t n = 0;

	while (n < len && in_set(text[n], set))
		n++;
	return n;
}

/* Lengths and least values of UTF-8 sequences, by their first byte. */
static const struct {
	unsigned char mask, lead, more;
	uint32_t least;
} utf8[] = {
	{ 0x80, 0x00, 0, 0x20 }, /* least: no control characters */
	{ 0xe0, 0xc0, 1, 0xa0 }, /* nor those beyond ASCII */
	{ 0xf0, 0xe0, 2, 0x800 },
	{ 0xf8, 0xf0, 3, 0x10000 },
};

/* One character of a name; 0: it is not one. */
static size_t
utf8_char(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t value;
	size_t i, k;

	for (i = 0; i < sizeof(utf8) / sizeof(utf8[0]); i++) {
		if ((s[0] & utf8[i].mask) == utf8[i].lead)
			break;
	}
	if (i == sizeof(utf8) / sizeof(utf8[0]) || utf8[i].more >= len)
		return 0;
	value = s[0] & (unsigned char)~utf8[i].mask;
	for (k = 1; k <= utf8[i].more; k++) {
		if ((s[k] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (s[k] & 0x3fu);
	}
	if (value < utf8[i].least || value == 0x7f || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 0;
	return 1 + (size_t)utf8[i].more;
}

static const char *
read_name(struct bearer_request *req, const char *name, size_t len)
{
	size_t i, n;

	if (len == 0)
		return "an empty name";
	if (len > BEARER_USER_MAX)
		return "a name that is too long";
	for (i = 0; i < len; i += n) {
		n = utf8_char(name + i, len - i);
		if (n == 0)
			return "a name that is not printable UTF-8";
	}
	memcpy(req->user, name, len);
	req->user[len] = '\0';
	return NULL;
}

/* Undoes =2C and =3D. */
static const char *
read_escaped_name(struct bearer_request *req, const char *name, size_t len)
{
	char plain[BEARER_USER_MAX];
	struct cursor c = { name, name + len };
	size_t n = 0;

	while (c.at < c.end) {
		char byte = *c.at;

		if (take(&c, "=2C"))
			byte = ',';
		else if (take(&c, "=3D"))
			byte = '=';
		else if (byte == '=')
			return "a name with a wrong escape";
		else
			c.at++;
		if (n == sizeof(plain))
			return "a name that is too long";
		plain[n++] = byte;
	}
	return read_name(req, plain, n);
}

static const char *
read_header(struct bearer_request *req, struct cursor *c)
{
	const char *name;
	size_t len;

	if (take(c, "p="))
		return "channel binding, which is not offered";
	if (!take(c, "n,") && !take(c, "y,"))
		return "no GS2 header";
	if (take(c, "a=")) {
		const char *wrong;

		name = take_until(c, ',', &len);
		if (name == NULL)
			return "a GS2 header without an end";
		wrong = read_escaped_name(req, name, len);
		if (wrong != NULL)
			return wrong;
	} else if (!take(c, ",")) {
		return "a GS2 header without an end";
	}
	return take(c, "\x01") ? NULL : "bytes behind the GS2 header";
}

static const char *
read_auth(struct bearer_request *req, const char *value, size_t len)
{
	static const char scheme[] = "Bearer";
	struct cursor c = { value, value + len };
	size_t n;

	if (req->token != NULL)
		return "two credentials";
	if (len < sizeof(scheme) - 1 ||
	    strncasecmp(value, scheme, sizeof(scheme) - 1) != 0)
		return "credentials of another kind";
	c.at += sizeof(scheme) - 1;
	n = span(c.at, left(&c), " ");
	if (n == 0)
		return "credentials of another kind";
	c.at += n;
	n = span(c.at, left(&c), TOKEN);
	if (n == 0 || n + span(c.at + n, left(&c) - n, "=") != left(&c))
		return "a credential that is no bearer token";
	req->token = c.at;
	req->token_len = left(&c);
	return NULL;
}

static int
value_fits(const char *value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if ((value[i] < 0x20 || value[i] > 0x7e) &&
		    !in_set(value[i], "\t\r\n"))
			return 0;
	}
	return 1;
}

/* The pairs, the separator behind them and nothing else. */
static const char *
read_pairs(struct bearer_request *req, struct cursor *c)
{
	while (!take(c, "\x01")) {
		size_t key_len, len;
		const char *wrong = NULL;
		const char *key = c->at, *value;

		key_len = span(key, left(c), ALPHA);
		c->at += key_len;
		if (key_len == 0 || !take(c, "="))
			return "a key that is none";
		value = take_until(c, SEP, &len);
		if (value == NULL)
			return "a value without an end";
		if (!value_fits(value, len))
			return "a value that is not printable";
		if (key_len == 4 && memcmp(key, "auth", 4) == 0)
			wrong = read_auth(req, value, len);
		if (wrong != NULL)
			return wrong;
	}
	if (c->at != c->end)
		return "bytes behind its end";
	return req->token != NULL ? NULL : "no credentials";
}

static const char *
read_oauthbearer(struct bearer_request *req, const char *message, size_t len)
{
	struct cursor c = { message, message + len };
	const char *wrong;

	memset(req, 0, sizeof(*req));
	if (len > BEARER_MESSAGE_MAX)
		return "too many bytes";
	wrong = read_header(req, &c);
	return wrong != NULL ? wrong : read_pairs(req, &c);
}

static const char *
read_xoauth2(struct bearer_request *req, const char *message, size_t len)
{
	struct cursor c = { message, message + len };
	const char *name, *wrong;
	size_t name_len;

	memset(req, 0, sizeof(*req));
	if (len > BEARER_MESSAGE_MAX)
		return "too many bytes";
	if (!take(&c, "user="))
		return "no user";
	name = take_until(&c, SEP, &name_len);
	if (name == NULL)
		return "a name without an end";
	wrong = read_name(req, name, name_len);
	return wrong != NULL ? wrong : read_pairs(req, &c);
}

/* ---- writing ---- */

/* Running over the end sets `full`, which is looked at once. */
struct sink {
	char *out;
	size_t len, room;
	int full;
};

static void
put(struct sink *s, const char *bytes, size_t len)
{
	if (len > s->room - s->len) {
		s->full = 1;
		return;
	}
	memcpy(s->out + s->len, bytes, len);
	s->len += len;
}

static void
put_text(struct sink *s, const char *text)
{
	put(s, text, strlen(text));
}

static void
put_escaped_name(struct sink *s, const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == ',')
			put_text(s, "=2C");
		else if (*name == '=')
			put_text(s, "=3D");
		else
			put(s, name, 1);
	}
}

/* A hint for servers with many names; left out rather than made wrong. */
static void
put_hint(struct sink *s, const char *key, const char *value)
{
	if (value == NULL || *value == '\0' ||
	    !value_fits(value, strlen(value)))
		return;
	put_text(s, key);
	put_text(s, value);
	put_text(s, "\x01");
}

static size_t
put_auth(struct sink *s, const struct bearer_offer *offer)
{
	size_t n = span(offer->token, offer->token_len, TOKEN);

	if (n == 0 || n + span(offer->token + n, offer->token_len - n, "=") !=
			  offer->token_len)
		return 0;
	put_text(s, "auth=Bearer ");
	put(s, offer->token, offer->token_len);
	put_text(s, "\x01\x01");
	return s->full ? 0 : s->len;
}

/* What we would not read we do not write. */
static int
user_fits(const char *user)
{
	struct bearer_request unused;

	return read_name(&unused, user, strlen(user)) == NULL;
}

static size_t
write_oauthbearer(const struct bearer_offer *offer, char *out, size_t room)
{
	struct sink s = { .out = out, .room = room };

	put_text(&s, "n,");
	if (*offer->user != '\0') {
		if (!user_fits(offer->user))
			return 0;
		put_text(&s, "a=");
		put_escaped_name(&s, offer->user);
	}
	put_text(&s, ",\x01");
	put_hint(&s, "host=", offer->host);
	put_hint(&s, "port=", offer->port);
	return put_auth(&s, offer);
}

static size_t
write_xoauth2(const struct bearer_offer *offer, char *out, size_t room)
{
	struct sink s = { .out = out, .room = room };

	if (!user_fits(offer->user))
		return 0;
	put_text(&s, "user=");
	put_text(&s, offer->user);
	put_text(&s, "\x01");
	return put_auth(&s, offer);
}

/*
 * A refusal (RFC 7628, 3.2.2) is a JSON object with a status of the registry
 * of OAuth errors and, where there is one, the scope that would be needed.
 * XOAUTH2 has HTTP's status codes and the scheme.
 */
size_t
bearer_error(const struct bearer_mech *mech, enum bearer_refusal why,
	     const char *scope, char out[BEARER_ERROR_MAX])
{
	int n = snprintf(out, BEARER_ERROR_MAX, "{\"status\":\"%s\"%s%s%s%s}",
			 mech->status[why == BEARER_MALFORMED], mech->more,
			 scope != NULL ? ",\"scope\":\"" : "",
			 scope != NULL ? scope : "", scope != NULL ? "\"" : "");

	return n > 0 && n < BEARER_ERROR_MAX ? (size_t)n : 0;
}

int
bearer_scope_fits(const char *scope)
{
	char before = ' ';
	size_t len = 0;

	for (; scope[len] != '\0'; before = scope[len++]) {
		char c = scope[len];

		if (len >= BEARER_SCOPE_MAX || c < 0x20 || c > 0x7e ||
		    c == '"' || c == '\\' || (c == ' ' && before == ' '))
			return 0;
	}
	return before != ' ';
}

const struct bearer_mech bearer_mechs[BEARER_MECHS] = {
	[BEARER_OAUTHBEARER] = {
		.name = "OAUTHBEARER",
		.read = read_oauthbearer,
		.write = write_oauthbearer,
		.status = { "invalid_token", "invalid_request" },
		.more = "",
		.farewell = "\x01",
	},
	[BEARER_XOAUTH2] = {
		.name = "XOAUTH2",
		.read = read_xoauth2,
		.write = write_xoauth2,
		.status = { "401", "400" },
		.more = ",\"schemes\":\"bearer\"",
		.farewell = "",
	},
};

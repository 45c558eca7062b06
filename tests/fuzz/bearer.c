/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a client says first in OAUTHBEARER (first byte of the input even) and
 * XOAUTH2, compared with another reader, which cuts the message at its
 * separators.  What was understood can be said again.
 */
#include "../../sasl_apitoken/bearer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "reutf8.h"

struct heard {
	char user[BEARER_USER_MAX + 1];
	const char *token;
	size_t token_len;
};

struct piece {
	const char *text;
	size_t len;
};

#define PIECES_MAX 4100

/* Between separators. */
static size_t
cut(const char *message, size_t len, struct piece *pieces)
{
	size_t n = 0;

	pieces[n++].text = message;
	for (size_t i = 0; i < len; i++) {
		if (message[i] != '\x01')
			continue;
		pieces[n - 1].len = (size_t)(message + i - pieces[n - 1].text);
		pieces[n++].text = message + i + 1;
	}
	pieces[n - 1].len = (size_t)(message + len - pieces[n - 1].text);
	return n;
}

static int
hear_name(struct heard *h, const char *name, size_t len)
{
	if (len < 1 || len > BEARER_USER_MAX ||
	    !reutf8_plain((const uint8_t *)name, len))
		return 0;
	memcpy(h->user, name, len);
	return 1;
}

/* n,, or y,a=NAME, */
static int
hear_header(struct heard *h, const struct piece *p)
{
	char name[PIECES_MAX];
	size_t n = 0;

	if (p->len < 3 || (p->text[0] != 'n' && p->text[0] != 'y') ||
	    p->text[1] != ',' || p->text[p->len - 1] != ',')
		return 0;
	if (p->len == 3)
		return 1;
	if (p->len < 6 || p->text[2] != 'a' || p->text[3] != '=')
		return 0;
	for (size_t i = 4; i < p->len - 1; i++) {
		size_t left = p->len - 1 - i;

		name[n] = p->text[i];
		if (name[n] == ',')
			return 0;
		if (name[n] == '=') {
			if (left >= 3 && memcmp(p->text + i, "=2C", 3) == 0)
				name[n] = ',';
			else if (left < 3 || memcmp(p->text + i, "=3D", 3) != 0)
				return 0;
			i += 2;
		}
		n++;
	}
	return hear_name(h, name, n);
}

static int
hear_user(struct heard *h, const struct piece *p)
{
	return p->len > 5 && memcmp(p->text, "user=", 5) == 0 &&
	       hear_name(h, p->text + 5, p->len - 5);
}

static int
is_token(const struct piece *p, size_t from)
{
	size_t end = p->len;

	while (end > from && p->text[end - 1] == '=')
		end--;
	for (size_t i = from; i < end; i++)
		if (!isalnum((unsigned char)p->text[i]) &&
		    (!p->text[i] || !strchr("-._~+/", p->text[i])))
			return 0;
	return end > from;
}

/* auth=Bearer TOKEN, or a key that nobody knows. */
static int
hear_pair(struct heard *h, const struct piece *p)
{
	size_t key = 0, from = sizeof("auth=Bearer") - 1;

	while (key < p->len && isalpha((unsigned char)p->text[key]))
		key++;
	if (key < 1 || key == p->len || p->text[key] != '=')
		return 0;
	for (size_t i = key + 1; i < p->len; i++)
		if (!isprint((unsigned char)p->text[i]) &&
		    (!p->text[i] || !strchr("\t\r\n", p->text[i])))
			return 0;
	if (key != 4 || memcmp(p->text, "auth", 4) != 0)
		return 1;
	if (h->token || p->len <= from || p->text[from] != ' ' ||
	    strncasecmp(p->text + 5, "bearer", 6) != 0)
		return 0;
	while (from < p->len && p->text[from] == ' ')
		from++;
	h->token = p->text + from;
	h->token_len = p->len - from;
	return is_token(p, from);
}

static int
hear(struct heard *h, int mech, const char *message, size_t len)
{
	static struct piece pieces[PIECES_MAX];
	size_t n;

	memset(h, 0, sizeof(*h));
	if (len > BEARER_MESSAGE_MAX)
		return 0;
	n = cut(message, len, pieces);
	if (n < 4 || pieces[n - 1].len > 0 || pieces[n - 2].len > 0 ||
	    !(mech == BEARER_XOAUTH2 ? hear_user(h, &pieces[0])
				     : hear_header(h, &pieces[0])))
		return 0;
	for (size_t i = 1; i < n - 2; i++)
		if (!hear_pair(h, &pieces[i]))
			return 0;
	return h->token != NULL;
}

static void
said_again(const struct bearer_mech *mech, const struct bearer_request *req)
{
	char message[BEARER_MESSAGE_MAX];
	struct bearer_offer offer = { .user = req->user,
				      .token = req->token,
				      .token_len = req->token_len,
				      .host = "mail.example.org",
				      .port = "143" };
	struct bearer_request again;
	size_t len = mech->write(&offer, message, sizeof(message));

	CHECK(len <= sizeof(message));
	if (len == 0) {
		CHECK(req->token_len > 3000);
		return;
	}
	CHECK(!mech->read(&again, message, len));
	CHECK(strcmp(again.user, req->user) == 0);
	CHECK(again.token_len == req->token_len &&
	      memcmp(again.token, req->token, req->token_len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const int which = len > 0 ? data[0] % BEARER_MECHS : 0;
	const struct bearer_mech *mech = &bearer_mechs[which];
	const char *message = (const char *)data + 1, *wrong;
	struct bearer_request req;
	struct heard want;

	if (len == 0)
		return 0;
	wrong = mech->read(&req, message, len - 1);
	CHECK((wrong == NULL) == hear(&want, which, message, len - 1));
	if (wrong) {
		CHECK(fuzz_is_line(wrong, 80));
		return 0;
	}
	CHECK(strcmp(req.user, want.user) == 0);
	CHECK(req.token == want.token && req.token_len == want.token_len);
	said_again(mech, &req);
	return 0;
}

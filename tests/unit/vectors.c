/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vectors.c - answers questions about the token format, one line each, so that
 * another implementation can be compared with the library.  Every byte string
 * is hexadecimal, "-" if it is empty.
 *
 *	make SECRET KID USER NONCE CAVEATS	-> TEXT ID
 *	read TEXT				-> VERDICT, and if valid
 *						   KID NONCE CAVEATS TAG ID
 *	verify SECRET USER TEXT			-> right, wrong or VERDICT
 *	caveats LIST				-> how many, or -1
 *	narrow TEXT LIST			-> TEXT, or "refused"
 *	key PURPOSE KID SECRET			-> KEY
 *	imported SECRET KID USER VALUE		-> ID
 *	crc TEXT				-> the CRC, 8 digits
 *	encode BYTES				-> TEXT, not hexadecimal
 *	decode TEXT				-> BYTES or "bad"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base32.h"
#include "caveat.h"
#include "imported.h"

#define FIELDS 6
#define BYTES_MAX 4096

struct bytes {
	unsigned char data[BYTES_MAX + 1]; /* with a NUL behind them */
	size_t len;
};

static const struct tc_crypto *crypto;

static void
give_up(const char *why)
{
	(void)fprintf(stderr, "vectors: %s\n", why);
	exit(2);
}

static int
nibble(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static const struct bytes *
unhex(const char *text, struct bytes *out)
{
	out->len = 0;
	for (; strcmp(text, "-") != 0 && *text; text += 2) {
		int high = nibble(text[0]);
		int low = high < 0 ? -1 : nibble(text[1]);

		if (low < 0 || out->len == BYTES_MAX)
			give_up("not hexadecimal, or too long");
		out->data[out->len++] = (unsigned char)(high << 4 | low);
	}
	out->data[out->len] = '\0';
	return out;
}

static void
hex(const unsigned char *data, size_t len)
{
	if (len == 0)
		(void)putchar('-');
	for (size_t i = 0; i < len; i++)
		(void)printf("%02x", data[i]);
}

static unsigned
number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

static void
id_of(const struct tc_token *tok, char text[TC_ID_LEN + 1])
{
	unsigned char id[TC_ID_BYTES];

	if (tc_token_id(crypto, tok, id))
		give_up("no id");
	tc_id_text(id, text);
}

static void
tag_of(const struct tc_token *tok, const struct bytes *secret,
       const struct bytes *user, unsigned char tag[TC_TAG_LEN])
{
	unsigned char key[TC_KEY_LEN];

	if (tc_derive_key(crypto, "mac", tc_token_kid(tok), secret->data,
			  secret->len, key) ||
	    tc_token_tag(crypto, key, (const char *)user->data, tok, tag))
		give_up("no tag");
}

static void
do_make(char **f)
{
	static struct bytes secret, user, nonce, caveats;
	struct tc_token tok = { .header = { TC_FORMAT_BYTE } };
	unsigned kid = number(f[2]);
	char text[TC_TOKEN_MAX + 1], id[TC_ID_LEN + 1];

	unhex(f[1], &secret);
	unhex(f[3], &user);
	unhex(f[4], &nonce);
	unhex(f[5], &caveats);
	if (nonce.len != TC_NONCE_LEN || caveats.len > TC_CAVEAT_BYTES)
		give_up("a nonce or caveats of the wrong length");
	tok.header[1] = (unsigned char)(kid >> 8);
	tok.header[2] = (unsigned char)kid;
	memcpy(tok.header + 3, nonce.data, nonce.len);
	memcpy(tok.caveats, caveats.data, caveats.len);
	tok.caveats_len = caveats.len;
	tag_of(&tok, &secret, &user, tok.tag);
	tc_token_write(&tok, text);
	id_of(&tok, id);
	(void)printf("%s %s", text, id);
}

static void
do_read(char **f)
{
	static struct bytes text;
	struct tc_token tok;
	enum tc_verdict verdict;
	char id[TC_ID_LEN + 1];

	unhex(f[1], &text);
	verdict = tc_token_read((const char *)text.data, text.len, &tok);
	(void)printf("%s", tc_verdict_name(verdict));
	if (verdict != TC_VALID)
		return;
	(void)printf(" %u ", tc_token_kid(&tok));
	hex(tok.header + 3, TC_NONCE_LEN);
	(void)putchar(' ');
	hex(tok.caveats, tok.caveats_len);
	(void)putchar(' ');
	hex(tok.tag, TC_TAG_LEN);
	id_of(&tok, id);
	(void)printf(" %s", id);
}

static void
do_verify(char **f)
{
	static struct bytes secret, user, text;
	struct tc_token tok;
	unsigned char tag[TC_TAG_LEN];
	enum tc_verdict verdict;

	unhex(f[1], &secret);
	unhex(f[2], &user);
	unhex(f[3], &text);
	verdict = tc_token_read((const char *)text.data, text.len, &tok);
	if (verdict != TC_VALID) {
		(void)printf("%s", tc_verdict_name(verdict));
		return;
	}
	tag_of(&tok, &secret, &user, tag);
	(void)printf("%s", memcmp(tag, tok.tag, sizeof(tag)) == 0 ? "right"
								  : "wrong");
}

static void
do_caveats(char **f)
{
	static struct bytes list;

	unhex(f[1], &list);
	(void)printf("%d", tc_caveats_check(list.data, list.len));
}

/* The list goes through struct tc_caveat, as callers fill it in. */
static void
do_narrow(char **f)
{
	static struct bytes text, list;
	struct tc_caveat caveats[TC_CAVEATS_MAX];
	char out[TC_TOKEN_MAX + 1];
	size_t n;

	unhex(f[1], &text);
	unhex(f[2], &list);
	if (tc_caveats_check(list.data, list.len) < 0)
		give_up("not a list of caveats");
	n = tc_caveats_decode(list.data, list.len, caveats);
	if (tc_narrow((const char *)text.data, text.len, caveats, n, out, NULL))
		(void)printf("refused%s", out);
	else
		(void)printf("%s", out);
}

static void
do_key(char **f)
{
	static struct bytes secret;
	unsigned char key[TC_KEY_LEN];

	unhex(f[3], &secret);
	if (tc_derive_key(crypto, f[1], number(f[2]), secret.data, secret.len,
			  key))
		give_up("no key");
	hex(key, sizeof(key));
}

static void
do_imported(char **f)
{
	static struct bytes secret, user, value;
	struct tc_key key = { .kid = number(f[2]) };
	unsigned char id[TC_ID_BYTES];
	char text[TC_ID_LEN + 1];

	unhex(f[1], &secret);
	unhex(f[3], &user);
	unhex(f[4], &value);
	if (tc_derive_key(crypto, "imp", key.kid, secret.data, secret.len,
			  key.imp) ||
	    tc_imported_id(crypto, &key, (const char *)user.data,
			   (const char *)value.data, value.len, id))
		give_up("no id");
	tc_id_text(id, text);
	(void)printf("%s", text);
}

static void
do_crc(char **f)
{
	static struct bytes text;

	unhex(f[1], &text);
	(void)printf("%08x", tc_crc32((const char *)text.data, text.len));
}

static void
do_encode(char **f)
{
	static struct bytes in;
	static char out[TC_B32_CHARS(BYTES_MAX) + 1];

	unhex(f[1], &in);
	tc_b32_encode(in.data, in.len, out);
	(void)printf("%s", out);
}

static void
do_decode(char **f)
{
	static struct bytes text;
	static unsigned char out[BYTES_MAX];

	unhex(f[1], &text);
	if (tc_b32_decode((const char *)text.data, text.len, out))
		(void)printf("bad");
	else
		hex(out, TC_B32_BYTES(text.len));
}

static const struct {
	const char *word;
	int fields;
	void (*answer)(char **);
} table[] = {
	{ "make", 6, do_make },		{ "read", 2, do_read },
	{ "verify", 4, do_verify },	{ "caveats", 2, do_caveats },
	{ "key", 4, do_key },		{ "crc", 2, do_crc },
	{ "encode", 2, do_encode },	{ "decode", 2, do_decode },
	{ "imported", 5, do_imported }, { "narrow", 3, do_narrow },
};

static void
answer(char *line)
{
	char *field[FIELDS], *rest = line;
	int n = 0;

	while (n < FIELDS && (field[n] = strsep(&rest, " \n")) && *field[n])
		n++;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (n != table[i].fields ||
		    strcmp(field[0], table[i].word) != 0)
			continue;
		table[i].answer(field);
		(void)putchar('\n');
		return;
	}
	give_up("not a question");
}

int
main(void)
{
	char *line = NULL;
	size_t size = 0;

	crypto = tc_crypto();
	if (!crypto)
		give_up("no OpenSSL");
	while (getline(&line, &size, stdin) > 0)
		answer(line);
	free(line);
	return fflush(stdout) ? 2 : 0;
}

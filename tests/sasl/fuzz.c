/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole exchanges with corrupted steps, from a fixed seed.  The client is the
 * plug-in's own; bytes of what it says, and of what the server says, are
 * changed on the way.
 *
 *	fuzz PLUG-INS CONFIG ROUNDS SEED	(the token on standard input)
 *
 * Prints how often each code ended an exchange, as "NAME COUNT", then how
 * much was allocated and not freed.  An exchange that ends
 * in OK although something was changed counts as "harmless", and as "broken"
 * if the first message did not hold the token any more, or was not the first.
 */
#include <ctype.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

#define MESSAGE_MAX 20000

static uint32_t seed;
static char token[600];

static uint32_t
random_below(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % n;
}

/* A message on its way. */
struct message {
	char bytes[MESSAGE_MAX + 1];
	size_t len;
};

static void
flip(struct message *m)
{
	if (m->len > 0)
		m->bytes[random_below((uint32_t)m->len)] ^=
		    (char)(1u << random_below(8));
}

static void
cut(struct message *m)
{
	m->len = random_below((uint32_t)m->len + 1);
}

static void
insert(struct message *m)
{
	static const char often[] = { 0, 1, 1, ',', '=', ' ', 'a', '\n', -1 };
	size_t at = random_below((uint32_t)m->len + 1);

	if (m->len == MESSAGE_MAX)
		return;
	memmove(m->bytes + at + 1, m->bytes + at, m->len - at);
	m->bytes[at] = often[random_below(sizeof(often))];
	m->len++;
}

static void
repeat(struct message *m)
{
	size_t from = random_below((uint32_t)m->len + 1);
	size_t n = random_below((uint32_t)(m->len - from) + 1);

	if (m->len + n > MESSAGE_MAX)
		return;
	memmove(m->bytes + from + n, m->bytes + from, m->len - from);
	m->len += n;
}

static void
grow(struct message *m)
{
	size_t n = random_below(MESSAGE_MAX - (uint32_t)m->len + 1);

	memset(m->bytes + m->len, 'x', n);
	m->len += n;
}

static void
leave(struct message *m)
{
	(void)m;
}

static void (*const changes[])(struct message *) = {
	flip, cut, insert, repeat, grow, leave, flip, insert,
};

/* As the library reads it: either case, and letters that look like digits. */
static char
folded(char c)
{
	if (c == 'o' || c == 'O')
		return '0';
	if (c == 'i' || c == 'I' || c == 'l' || c == 'L')
		return '1';
	return (char)tolower((unsigned char)c);
}

/* Does the whole token stand in it still? */
static int
holds_token(const struct message *m)
{
	size_t len = strlen(token);

	for (size_t at = 0; at + len <= m->len; at++) {
		size_t n = 0;

		while (n < len && folded(m->bytes[at + n]) == folded(token[n]))
			n++;
		if (n == len)
			return 1;
	}
	return 0;
}

static void
carry(struct message *m, const char *from, unsigned len, int changed)
{
	m->len = from != NULL ? (len < MESSAGE_MAX ? len : MESSAGE_MAX) : 0;
	if (m->len > 0)
		memcpy(m->bytes, from, m->len);
	for (uint32_t n = changed ? 1 + random_below(3) : 0; n > 0; n--)
		changes[random_below(sizeof(changes) / sizeof(changes[0]))](m);
	m->bytes[m->len] = '\0';
}

static unsigned long ends[200], harmless, broken;

/* The first message goes with the command, or after an empty response, or
 * after none. */
static int
start(sasl_conn_t *server, const char *mech, const struct message *m,
      const char **said, unsigned *said_len)
{
	uint32_t how = random_below(3);
	int code = SASL_CONTINUE;

	if (how == 0)
		return sasl_server_start(server, mech, m->bytes,
					 (unsigned)m->len, said, said_len);
	code = sasl_server_start(server, mech, how == 1 ? "" : NULL, 0, said,
				 said_len);
	return code != SASL_CONTINUE
		   ? code
		   : sasl_server_step(server, m->bytes, (unsigned)m->len, said,
				      said_len);
}

static int
talk(sasl_conn_t *client, sasl_conn_t *server, const char *mech, int changed)
{
	static struct message there, back;
	const char *out = NULL, *said = NULL, *chosen;
	unsigned out_len = 0, said_len = 0;
	int known = 1;
	int code =
	    sasl_client_start(client, mech, NULL, &out, &out_len, &chosen);

	if (code != SASL_CONTINUE)
		errx(1, "the client does not begin: %s", kit_code(code));
	for (int turn = 0; turn < 4 && code == SASL_CONTINUE; turn++) {
		carry(&there, out, out_len, changed);
		known = known && holds_token(&there);
		code = turn == 0 ? start(server, mech, &there, &said, &said_len)
				 : sasl_server_step(server, there.bytes,
						    (unsigned)there.len, &said,
						    &said_len);
		if (code != SASL_CONTINUE)
			break;
		known = 0;
		carry(&back, said, said_len, changed);
		code = sasl_client_step(client, back.bytes, (unsigned)back.len,
					NULL, &out, &out_len);
		/* The client believes what it is told. */
		if (code == SASL_OK)
			return SASL_BADAUTH;
	}
	harmless += code == SASL_OK && changed;
	broken += code == SASL_OK && !known;
	return code;
}

static int
exchange(const char *mech)
{
	sasl_conn_t *client = kit_client(), *server = kit_server();
	int code = talk(client, server, mech, random_below(8) != 0);

	sasl_dispose(&client);
	sasl_dispose(&server);
	return code;
}

int
main(int argc, char **argv)
{
	static const char *const mechs[] = { "OAUTHBEARER", "XOAUTH2" };
	size_t bytes, blocks;
	unsigned long rounds;

	if (argc != 5 || fgets(token, sizeof(token), stdin) == NULL)
		errx(1, "usage: fuzz PLUG-INS CONFIG ROUNDS SEED <TOKEN");
	token[strcspn(token, "\n")] = '\0';
	kit.plugins = argv[1];
	kit.options[0] = (struct answer_option){ "apitoken_config", argv[2] };
	kit.client.authname = "alice";
	kit.client.pass = token;
	kit.quiet = "yes";
	kit.remote = "192.0.2.7;4711";
	rounds = strtoul(argv[3], NULL, 10);
	seed = (uint32_t)strtoul(argv[4], NULL, 10);
	kit_alloc();
	kit_server_init();
	kit_client_init();
	for (unsigned long i = 0; i < rounds; i++) {
		int code = exchange(mechs[i % 2]);

		ends[100 + code]++;
	}
	(void)sasl_client_done();
	(void)sasl_server_done();
	for (int code = -100; code < 100; code++) {
		if (ends[100 + code] > 0)
			printf("%s %lu\n", kit_code(code), ends[100 + code]);
	}
	printf("harmless %lu\nbroken %lu\n", harmless, broken);
	kit_left(&bytes, &blocks);
	printf("left %zu %zu\n", bytes, blocks);
	return 0;
}

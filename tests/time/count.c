/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * count pick CONFIG N TRIES	> tries
 * count run CONFIG < tries	under valgrind --tool=callgrind, or strace
 *
 * Logins of each kind, to be counted.  What a login costs depends most on what
 * else lies in the two pages that are read, the token's and the user's: so only
 * tokens are taken for which these are of the usual length together.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <valgrind/callgrind.h>

#include "handle.h"
#include "site.h"
#include "token.h"

/* What a record takes of its page.  A token that has none is charged for one,
 * and so by the library. */
#define ITEM 195
#define NEAR 48 /* bytes, of some thousands */

static int
add_length(void *arg, const unsigned char *key, size_t key_len,
	   const unsigned char *value, size_t len)
{
	size_t *sum = arg;

	(void)key;
	(void)value;
	*sum += 2 + 4 + key_len + len;
	return 0;
}

static size_t
page_length(struct tc_map *m, uint32_t page)
{
	size_t sum = 0;

	if (tc_map_page(m, page, add_length, &sum))
		errx(3, "%s", m->why);
	return sum;
}

/* Items other than tokens lie where the last bits of their hash say, tokens
 * where the first 30 of their id do. */
static uint32_t
page_of_user(const struct tc_map *m, const char *user)
{
	struct tc_lookup item = { .key_len = 0 };
	unsigned char hash[TC_HASH_LEN], at[4];
	struct tc_bytes whole = { item.key, 0 };
	uint32_t bits = 0;

	tc_key_user(&item, user);
	whole.len = item.key_len;
	if (tc_sha256(m->crypto, &whole, 1, hash))
		errx(3, "no SHA-256");
	for (int i = 0; i < 4; i++)
		bits = bits << 8 | hash[i];
	bits <<= 2;
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(bits >> (24 - 8 * i));
	return tc_map_page_of_id(m, at);
}

static size_t
length_of(struct tc_map *m, enum kind kind, const struct site_login *login)
{
	struct tc_inspected seen;
	unsigned char id[TC_ID_BYTES];

	if (tc_inspect(login->token, strlen(login->token), &seen) != TC_VALID ||
	    tc_id_bytes(seen.id, id))
		errx(3, "not a token");
	return page_length(m, tc_map_page_of_id(m, id)) +
	       page_length(m, page_of_user(m, login->user)) +
	       (kind == UNKNOWN || kind == UNKNOWN_KEY ? ITEM : 0);
}

static size_t
usual_length(struct tc_map *m, unsigned n)
{
	struct site_login login;
	size_t sum = 0;

	for (unsigned i = 0; i < n; i++) {
		site_login(ACCEPTED, i, &login);
		sum += length_of(m, ACCEPTED, &login);
	}
	return sum / n;
}

static void
pick(struct tc_map *m, unsigned n, unsigned tries)
{
	const size_t usual = usual_length(m, n);

	for (enum kind kind = 0; kind < KINDS; kind++) {
		unsigned found = 0;

		for (unsigned i = 0; i < n && found < tries; i++) {
			struct site_login login;
			size_t length;

			site_login(kind, i, &login);
			length = length_of(m, kind, &login);
			if (length + NEAR > usual && length < usual + NEAR) {
				printf("%u %u\n", kind, i);
				found++;
			}
		}
		if (found < tries)
			errx(3, "%s: too few records", site_names[kind]);
	}
}

static void
verify(tc_handle *h, enum kind kind, const struct site_login *login)
{
	const struct tc_request req = site_request(login);
	struct tc_result res;
	enum tc_verdict verdict;

	CALLGRIND_TOGGLE_COLLECT;
	(void)access(site_names[kind], F_OK);
	verdict = tc_verify(h, &req, &res);
	CALLGRIND_TOGGLE_COLLECT;
	if (verdict != site_verdicts[kind])
		errx(3, "%s: %s", site_names[kind], res.detail);
}

/* Between two names in the list of system calls, and in a dump of its own, lies
 * what tries of one kind do.  The very first is not counted: it finds nothing in
 * place yet. */
static void
run(tc_handle *h)
{
	unsigned kind, i, last = KINDS;
	struct site_login login;

	while (scanf("%u %u", &kind, &i) == 2 && kind < KINDS) {
		site_login(kind, i, &login);
		if (last == KINDS)
			verify(h, kind, &login);
		else if (kind != last)
			CALLGRIND_DUMP_STATS_AT(site_names[last]);
		if (last == KINDS)
			CALLGRIND_START_INSTRUMENTATION;
		last = kind;
		verify(h, kind, &login);
	}
	CALLGRIND_DUMP_STATS_AT(site_names[last]);
}

static void
log_nowhere(void *arg, int priority, const char *line)
{
	(void)arg;
	(void)priority;
	(void)line;
}

int
main(int argc, char **argv)
{
	struct tc_options options = { .log = log_nowhere };
	struct tc_error error;
	struct tc_view view;
	tc_handle *h;

	if (argc < 3)
		errx(2, "usage: see the source");
	options.config = argv[2];
	if (tc_open(&h, &options, &error) ||
	    tc_view_open(&h->policy->store, &view, &error))
		errx(3, "%s", error.text);
	if (strcmp(argv[1], "pick") == 0 && argc == 5)
		pick(&view.map, (unsigned)strtoul(argv[3], NULL, 10),
		     (unsigned)strtoul(argv[4], NULL, 10));
	else
		run(h);
	tc_view_close(&view);
	tc_free(h);
	return 0;
}

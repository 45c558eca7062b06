/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bulk CONFIG USER revoke ROUNDS	1000 revocations in one commit, beside
 *					one revocation
 * bulk CONFIG USER import N FILE	N values made elsewhere, beside bare
 *					gdbm_store() of N records; prints
 *					seconds
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plain.h"
#include "tokencore.h"
#include "turns.h"

#define MANY TC_MANY_MAX

struct bench {
	tc_handle *h;
	const char *user;
	const char *ids[MANY + 2];
	char text[MANY + 2][TC_ID_LEN + 1];
};

static const struct tc_actor actor = { .uid = 0, .name = "bench" };

/* n more, from that place of the table on. */
static void
make(struct bench *b, unsigned from, unsigned n)
{
	static struct tc_create specs[MANY];
	static char tokens[MANY][TC_TOKEN_MAX + 1];
	static struct tc_record *recs[MANY];
	struct tc_error err;

	for (unsigned i = 0; i < n; i++)
		specs[i] =
		    (struct tc_create){ .user = b->user, .label = "laptop" };
	if (tc_create_many(b->h, &actor, specs, n, tokens, recs, &err))
		turns_die("create: %s", err.text);
	for (unsigned i = 0; i < n; i++) {
		memcpy(b->text[from + i], recs[i]->id, sizeof(b->text[0]));
		b->ids[from + i] = b->text[from + i];
		tc_record_free(recs[i]);
	}
}

static double
revoke_some(struct bench *b, unsigned from, unsigned n)
{
	double start = turns_clock();
	struct tc_error err;

	if (tc_revoke(b->h, &actor, b->ids + from, n, "left on a train", &err))
		turns_die("revoke: %s", err.text);
	return turns_clock() - start;
}

static void
revocations(struct bench *b, unsigned rounds)
{
	for (unsigned i = 0; i < rounds; i++) {
		make(b, 0, MANY);
		make(b, MANY, 2);
		/* Each commit also brings the standby what the one before did:
		 * that of the making is not to be counted. */
		(void)revoke_some(b, 0, 1);
		printf("round one %.0f\n", revoke_some(b, 1, 1));
		printf("round many %.0f\n", revoke_some(b, 2, MANY));
	}
}

static void
import(struct bench *b, unsigned first, unsigned n)
{
	static struct tc_import items[TC_IMPORT_MANY];
	static char values[TC_IMPORT_MANY][40];
	struct tc_error err;

	memset(items, 0, sizeof(items));
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(values[i], sizeof(values[i]),
			       "made elsewhere %09u %09u", first + i, getpid());
		items[i].spec =
		    (struct tc_create){ .user = b->user, .label = "portal" };
		items[i].value = values[i];
		items[i].len = strlen(values[i]);
	}
	if (tc_import(b->h, &actor, items, n, &err))
		turns_die("import: %s", err.text);
	if (items[0].error.code)
		turns_die("import: %s", items[0].error.text);
}

static void
imports(struct bench *b, unsigned n, const char *file)
{
	double start = turns_clock();

	plain_make(file, n);
	printf("round plain %.0f\n", turns_clock() - start);
	start = turns_clock();
	for (unsigned i = 0; i < n; i += TC_IMPORT_MANY)
		import(b, i, n - i < TC_IMPORT_MANY ? n - i : TC_IMPORT_MANY);
	printf("round import %.0f\n", turns_clock() - start);
}

int
main(int argc, char **argv)
{
	static struct bench b;
	struct tc_options options = { .config = argv[1] };
	struct tc_error err;

	if (argc < 5)
		turns_die("usage: see the source");
	b.user = argv[2];
	if (tc_open(&b.h, &options, &err))
		turns_die("%s", err.text);
	if (strcmp(argv[3], "revoke") == 0)
		revocations(&b, turns_number(argv[4], 100));
	else if (argc == 6)
		imports(&b, turns_number(argv[4], 10000000), argv[5]);
	tc_free(b.h);
	return 0;
}

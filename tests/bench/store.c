/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store CONFIG USER N		fills an installation with N tokens; the last
 *				ones are real, and their values are printed
 * store -s CONFIG USER N	the same, as they are made where CONFIG says
 *				scram = no
 * store -p FILE N		makes a plain GDBM file with N records
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/fill.h"
#include "plain.h"
#include "tokencore.h"
#include "turns.h"

#define AT_ONCE 1000u
#define REAL_MAX 500u
#define TOKENS_MAX 20000000u

static const struct tc_actor actor = { .uid = 0, .name = "bench" };

/* Like those that create makes, but for the value, which nobody has. */
static void
fill(tc_handle *h, const char *user, unsigned n, int bare)
{
	static const struct tc_scram scram = { .iterations =
						   TC_SCRAM_ITERATIONS };
	struct tc_record *recs = calloc(AT_ONCE, sizeof(*recs));
	struct tc_error err;

	if (!recs)
		turns_die("out of memory");
	for (unsigned i = 0; i < n; i++) {
		unsigned at = i % AT_ONCE;

		recs[at] = test_fill_record(i, user, "laptop");
		recs[at].expires = INT64_C(4000000000);
		recs[at].scram = bare ? NULL : &scram;
		if ((at + 1 == AT_ONCE || i + 1 == n) &&
		    test_fill(h, recs, at + 1, &err))
			turns_die("fill: %s", err.text);
	}
	free(recs);
}

static void
real(tc_handle *h, const char *user, unsigned n)
{
	static struct tc_create specs[REAL_MAX];
	static char tokens[REAL_MAX][TC_TOKEN_MAX + 1];
	struct tc_error err;

	for (unsigned i = 0; i < n; i++)
		specs[i] = (struct tc_create){ .user = user,
					       .label = "laptop",
					       .expires = INT64_C(4000000000) };
	if (tc_create_many(h, &actor, specs, n, tokens, NULL, &err))
		turns_die("create: %s", err.text);
	for (unsigned i = 0; i < n; i++)
		puts(tokens[i]);
}

static void
fill_and_make(tc_handle *h, const char *user, unsigned n, int bare)
{
	unsigned n_real = n < REAL_MAX ? n : REAL_MAX;

	fill(h, user, n - n_real, bare);
	real(h, user, n_real);
}

int
main(int argc, char **argv)
{
	const char *flag = argc > 1 && argv[1][0] == '-' ? argv[1] : "";
	int bare = strcmp(flag, "-s") == 0;
	char **args = argv + bare;
	struct tc_options options = { 0 };
	struct tc_error err;
	tc_handle *h;
	unsigned n;

	if (argc != 4 + bare)
		turns_die("usage: see the source");
	n = turns_number(args[3], TOKENS_MAX);
	if (strcmp(flag, "-p") == 0) {
		plain_make(args[2], n);
		return 0;
	}
	options.config = args[1];
	if (tc_open(&h, &options, &err))
		turns_die("%s", err.text);
	fill_and_make(h, args[2], n, bare);
	tc_free(h);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * library make CONFIG N [bare]	without verifiers for SCRAM
 * library race CONFIG N TRIES
 *
 * Logins by the library, with a handle as a service has it that runs long.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "race.h"

static void
discard(void *arg, int priority, const char *line)
{
	(void)arg;
	(void)priority;
	(void)line;
}

static double
verify(void *arg, enum kind kind, const struct site_login *login)
{
	const struct tc_request req = site_request(login);
	const double start = race_clock();
	struct tc_result res;
	const enum tc_verdict verdict = tc_verify(arg, &req, &res);
	const double took = race_clock() - start;

	if (verdict != site_verdicts[kind])
		errx(3, "%s: %s %s", site_names[kind], tc_verdict_name(verdict),
		     res.detail);
	return took;
}

int
main(int argc, char **argv)
{
	struct tc_options options = { .log = discard };
	struct tc_error error;
	tc_handle *h;
	unsigned n;

	if (argc < 4)
		errx(2, "usage: see the source");
	options.config = argv[2];
	n = race_number(argv[3], 1000000);
	if (strcmp(argv[1], "make") == 0) {
		site_make(options.config, n, argc == 4);
		return 0;
	}
	if (tc_open(&h, &options, &error))
		errx(3, "%s", error.text);
	race(&(struct race){ verify, h, KINDS, RACE_ALIKE, n,
			     race_number(argv[4], 10000000) });
	tc_free(h);
	return 0;
}

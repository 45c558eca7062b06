/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * library make CONFIG N
 * library race CONFIG N TRIES
 * library count CONFIG N TRIES	under valgrind --tool=callgrind, or strace
 *
 * Logins by the library, with a handle as a service has it that runs long.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <valgrind/callgrind.h>

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

/* Between two names in the system calls' list, and in a dump of its own, lies
 * what tries of one kind do.  The first ones are not counted: they find
 * nothing in place yet. */
static void
count(tc_handle *h, unsigned n, unsigned tries)
{
	struct site_login login;
	const struct tc_request *req;
	struct tc_request reqs;
	struct tc_result res;

	req = &reqs;
	for (unsigned kind = 0; kind < KINDS; kind++) {
		for (unsigned i = 0; i < 2 * tries; i++) {
			site_login(kind, i % n, &login);
			reqs = site_request(&login);
			if (i == tries)
				CALLGRIND_START_INSTRUMENTATION;
			CALLGRIND_TOGGLE_COLLECT;
			(void)access(site_names[kind], F_OK);
			if (tc_verify(h, req, &res) != site_verdicts[kind])
				errx(3, "%s: %s", site_names[kind], res.detail);
			CALLGRIND_TOGGLE_COLLECT;
		}
		CALLGRIND_DUMP_STATS_AT(site_names[kind]);
		CALLGRIND_STOP_INSTRUMENTATION;
	}
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
		site_make(options.config, n);
		return 0;
	}
	if (tc_open(&h, &options, &error))
		errx(3, "%s", error.text);
	if (strcmp(argv[1], "race") == 0)
		race(&(struct race){ verify, h, KINDS, RACE_ALIKE, n,
				     race_number(argv[4], 10000000) });
	else
		count(h, n, race_number(argv[4], 10000));
	tc_free(h);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * count CONFIG TRIES [look]	under valgrind --tool=callgrind, or strace
 *
 * Logins of each kind, to be counted; with a look before, as SASL takes one.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>
#include <valgrind/callgrind.h>

#include "site.h"

static int looks;

static void
verify(tc_handle *h, enum kind kind, const struct site_login *login)
{
	struct tc_request req = site_request(login);
	struct tc_result res;
	enum tc_verdict verdict;
	tc_look *look =
	    looks ? tc_look_up(h, req.authtok, req.authtok_len) : NULL;

	req.look = look;
	verdict = tc_verify(h, &req, &res);
	tc_look_free(look);
	if (verdict != site_verdicts[kind])
		errx(3, "%s: %s", site_names[kind], res.detail);
}

/* Behind its name in the list of system calls, and in a dump of its own, lies
 * what tries of one kind do.  Each token is tried twice and the second counts:
 * what GDBM then has in its memory is no matter of the tries before. */
static void
run(tc_handle *h, unsigned tries)
{
	struct site_login login;

	CALLGRIND_START_INSTRUMENTATION;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		for (unsigned i = 0; i < tries; i++) {
			site_login(kind, i, &login);
			(void)access("first", F_OK);
			verify(h, kind, &login);
			CALLGRIND_TOGGLE_COLLECT;
			(void)access(site_names[kind], F_OK);
			verify(h, kind, &login);
			CALLGRIND_TOGGLE_COLLECT;
		}
		CALLGRIND_DUMP_STATS_AT(site_names[kind]);
	}
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
	tc_handle *h;

	if (argc < 3)
		errx(2, "usage: see the source");
	/* Where a member lies in an object is drawn by lot for each process, and
	 * with that what finding it costs. */
	json_object_seed(1);
	looks = argc > 3;
	options.config = argv[1];
	if (tc_open(&h, &options, &error))
		errx(3, "%s", error.text);
	run(h, (unsigned)strtoul(argv[2], NULL, 10));
	tc_free(h);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * library.c - makes the calls fail that the library makes, one after the
 * other, in each of its own calls:
 *
 *	library DIR [BEGINNING]
 *
 * DIR is an empty folder; BEGINNING chooses scenarios by their names.  What is
 * wrong is told in lines that begin with '#', the counts in "name value".
 */
#include "library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../store/kit.h"

struct lib lib;

void
lib_log(void *arg, int priority, const char *line)
{
	size_t len = strlen(lib.log);

	(void)arg;
	(void)priority;
	(void)snprintf(lib.log + len, sizeof(lib.log) - len, "%s\n", line);
}

void
lib_clear(void)
{
	memset(&lib, 0, sizeof(lib));
}

void
lib_open(void)
{
	struct tc_options o = { .config = site.config, .log = lib_log };
	struct tc_error err;

	lib_clear();
	if (tc_open(&lib.h, &o, &err))
		kit_die("tc_open: %s", err.text);
	memset(lib.tokens, 'x', sizeof(lib.tokens));
	memset(lib.token, 'x', sizeof(lib.token));
}

void
lib_close(void)
{
	tc_record_free(lib.rec);
	for (int i = 0; i < 3; i++)
		tc_record_free(lib.recs[i]);
	tc_free(lib.h);
	lib.h = NULL;
}

enum said
lib_said(int rc)
{
	lib.rc = rc;
	if (rc == TC_OK)
		return SAID_YES;
	return strstr(lib.err.text, "is in force") ? SAID_IN_FORCE : SAID_NO;
}

void
lib_judge(void)
{
	run_told(lib.log);
	if (lib.rc == TC_OK)
		return;
	run_told(lib.err.text);
	if (run_is_clean())
		problem(FAULT_RESULT, "%s", lib.err.text);
	if (lib.err.code != lib.rc)
		problem(FAULT_RESULT, "code %d in the error, %d given",
			lib.err.code, lib.rc);
	if (*lib.err.text == '\0' || strstr(lib.err.text, "Success"))
		problem(FAULT_RESULT, "no reason: \"%s\"", lib.err.text);
	if (lib.rc != TC_E_UNAVAILABLE && lib.rc != TC_E_NOMEM &&
	    lib.rc != TC_E_PERMISSION)
		problem(FAULT_RESULT, "%s: %s", tc_strerror(lib.rc),
			lib.err.text);
}

void
lib_judge_token(void)
{
	int made = strncmp(lib.token, "tkc1_", 5) == 0;

	lib_judge();
	if (lib.rc == TC_OK && (!made || !lib.rec))
		problem(FAULT_RESULT, "no token");
	if (lib.rc != TC_OK && (*lib.token || lib.rec))
		problem(FAULT_RESULT, "a token or a record after a failure");
}

int
main(int argc, char **argv)
{
	const char *beginning = argc > 2 ? argv[2] : "";

	kit_note("calls that fail"); /* takes what it needs for good */
	if (argc < 2)
		kit_die("usage: library DIR [BEGINNING]");
	setenv("TZ", "Europe/Berlin", 1); /* or it is looked up each time */
	site_make(argv[1]);
	run_all(verify_scenarios, n_verify_scenarios, beginning);
	run_all(read_scenarios, n_read_scenarios, beginning);
	run_all(install_scenarios, n_install_scenarios, beginning);
	run_all(change_scenarios, n_change_scenarios, beginning);
	run_report();
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the scenarios of the library's calls have in common. */
#ifndef TESTS_FAIL_LIBRARY_H
#define TESTS_FAIL_LIBRARY_H

#include "run.h"
#include "site.h"

/* One call and what came of it. */
struct lib {
	tc_handle *h;
	int rc; /* what it gave */
	struct tc_error err;
	char log[8192]; /* what was said to the system's log */
	char token[TC_TOKEN_MAX + 1], tokens[3][TC_TOKEN_MAX + 1];
	struct tc_record *rec, *recs[3];
};

extern struct lib lib;

/* prepare and finish of most: an open handle. */
void lib_open(void);
void lib_close(void);
/* Opens without a handle at hand: for what opens itself. */
void lib_clear(void);

/* Keeps a call's result. */
enum said lib_said(int rc);
/* A failure has a reason and a text without secrets; without a failing call
 * there is none. */
void lib_judge(void);
/* The same, and a token and a record are there, or neither. */
void lib_judge_token(void);

tc_log_fn lib_log;

extern const struct scenario verify_scenarios[], change_scenarios[],
    read_scenarios[], install_scenarios[];
extern const size_t n_verify_scenarios, n_change_scenarios, n_read_scenarios,
    n_install_scenarios;

#define COUNT(name) const size_t n_##name = sizeof(name) / sizeof(name[0])

#endif

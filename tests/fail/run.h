/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs scenarios: each as often as it makes calls, with another one failing
 * each time, in every pass.  After each attempt it is judged what came of it.
 */
#ifndef TESTS_FAIL_RUN_H
#define TESTS_FAIL_RUN_H

#include <stddef.h>

#include "inject.h"

/* What a call said, in the end. */
enum said {
	SAID_NO, /* it failed: nothing may have changed */
	SAID_YES, /* it is done, wholly */
	SAID_IN_FORCE /* it failed, but the change is in force all the same */
};

struct scenario {
	const char *name;
	const void *arg; /* for what it shares with others; run_arg() */
	int changes; /* it changes the store */
	void (*setup)(void); /* once; NULL: the installation as it is */
	void (*prepare)(void); /* each time, before calls fail; may be NULL */
	enum said (*run)(void); /* while they fail */
	void (*judge)(void); /* calls problem() for what must not be */
	void (*finish)(void); /* gives back what prepare took; may be NULL */
	/* May it also stop half way, so that doing it again completes it?  Of
	 * before and after; NULL: no. */
	int (*half_way)(void);
};

/* What can be wrong, and is counted. */
enum fault {
	FAULT_RESULT, /* a wrong verdict or code, no text, outputs set */
	FAULT_STORE, /* a half commit, a lost one, a store out of order */
	FAULT_MEMORY, /* a block not given back */
	FAULT_DESCRIPTOR, /* a file left open */
	FAULT_LEFT_OVER, /* a temporary file */
	FAULT_TOLD, /* a secret in a text */
	FAULT_UNWIPED, /* memory given back with a secret in it */
	FAULTS
};

/* Says what is wrong with this attempt, and counts it. */
void problem(enum fault fault, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Is this the attempt without a failure? */
int run_is_clean(void);
const void *run_arg(void);
/* Anything that a person or a log gets to see: never a secret. */
void run_told(const char *text);

/* The parts of the store's content, before and after the clean attempt, and
 * now: for half_way(). */
struct site_text;
extern const struct site_text *run_before, *run_after, *run_now;

/*
 * Each scenario whose name begins so ("": all).  The environment may ask for
 * less:
 *
 *	FAIL_PASSES=one,space	these passes
 *	FAIL_STEP=N		every N-th call (1; inside of libraries 13)
 *	FAIL_PART=K/N		every N-th scenario, from the K-th on
 *	FAIL_AT=PASS:N		this attempt alone
 *	FAIL_TRACE=1		where the call is, and the records found
 */
void run_all(const struct scenario *scenarios, size_t n, const char *beginning);
/* "name value" lines. */
void run_report(void);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run.h"

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "../store/kit.h"
#include "crypto.h"
#include "keep.h"
#include "memory.h"
#include "site.h"

#define DESCRIPTORS 64
#define HOSTS_ERROR 77 /* in OpenSSL's queue */
#define ATTEMPTS_MAX 100000 /* of one scenario in one pass */
#define INSIDE_STEP 13
#define HANGS_AFTER 120 /* seconds */

static const char *const fault_names[FAULTS] = {
	[FAULT_RESULT] = "wrong",	 [FAULT_STORE] = "half",
	[FAULT_MEMORY] = "leaks",	 [FAULT_DESCRIPTOR] = "left_open",
	[FAULT_LEFT_OVER] = "left_over", [FAULT_TOLD] = "told",
	[FAULT_UNWIPED] = "unwiped",
};

static struct {
	const struct scenario *s;
	enum inject_pass pass;
	unsigned n; /* the call that is to fail; 0: none */
	unsigned faults[FAULTS], failed, scenarios, changed, survived;
} run;

static struct site_text before, after, present;
const struct site_text *run_before = &before, *run_after = &after;
const struct site_text *run_now = &present;

void
problem(enum fault fault, const char *fmt, ...)
{
	char text[700];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	run.faults[fault]++;
	kit_note("%s %s:%u %s: %s: %s", run.s->name,
		 inject_pass_names[run.pass], run.n, inject_what(),
		 fault_names[fault], text);
}

int
run_is_clean(void)
{
	return run.n == 0;
}

const void *
run_arg(void)
{
	return run.s->arg;
}

/* ---- what must not be told ---- */

static int
is_token(const char *at)
{
	size_t n = 0;

	if (strncasecmp(at, "tkc1_", 5) != 0)
		return 0;
	for (at += 5; isalnum((unsigned char)*at); at++)
		n++;
	return n >= 20;
}

void
run_told(const char *text)
{
	static const char *const secrets[] = { SITE_SECRET, SITE_SECRET_2,
					       SITE_VALUE };

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		if (strstr(text, secrets[i]))
			problem(FAULT_TOLD, "secret %zu", i);
	for (const char *at = text; (at = strcasestr(at, "tkc1_")); at++)
		if (is_token(at))
			problem(FAULT_TOLD, "a token");
}

/* ---- one attempt ---- */

static unsigned long long
descriptors(void)
{
	unsigned long long open = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			open |= 1ULL << fd;
	return open;
}

/* In these a file that should go away cannot always be removed. */
static int
may_leave_over(void)
{
	return inject_failed("unlinkat") || inject_failed("unlink");
}

static int
allowed(enum said said)
{
	if (said == SAID_YES)
		return site_same(&present, &after);
	return site_same(&present, said == SAID_IN_FORCE ? &after : &before) ||
	       (run.s->half_way && run.s->half_way());
}

static const char *
what_was_said(enum said said)
{
	static const char *const words[] = {
		[SAID_NO] = "said to have failed",
		[SAID_YES] = "said to be done",
		[SAID_IN_FORCE] = "said to be in force",
	};

	return words[said];
}

static int
a_sync_failed(void)
{
	return inject_failed("fsync") || inject_failed("fdatasync") ||
	       inject_failed("gdbm_close");
}

/* The files differ from what they were. */
static void
judge_content(enum said said)
{
	const char *why;

	run.changed++;
	if (!may_leave_over() && site_left_over())
		problem(FAULT_LEFT_OVER, "%s", site_left_over());
	site_read(&present);
	if (said == SAID_YES && a_sync_failed())
		problem(FAULT_STORE, "said to be done, and not on disk");
	if (!allowed(said)) {
		problem(FAULT_STORE, "%s, and the store is %s",
			what_was_said(said),
			site_same(&present, &before)  ? "as before"
			: site_same(&present, &after) ? "changed"
						      : "neither");
		if (getenv("FAIL_TRACE"))
			fprintf(stderr, "%s%s%s", present.records,
				present.marks, present.keys);
	}
	why = site_go_on(&present, said == SAID_YES && !may_leave_over());
	if (why)
		problem(FAULT_STORE, "%s", why);
	site_text_free(&present);
	site_restore();
}

static void
judge_store(enum said said)
{
	int changed = site_changed();

	if (changed && run.s->changes) {
		judge_content(said);
	} else if (changed) {
		problem(FAULT_STORE, "it changed the store");
		site_restore();
	} else if (said != SAID_NO && run.s->changes &&
		   !site_same(&before, &after)) {
		problem(FAULT_STORE, "%s, and nothing is", what_was_said(said));
	}
	site_forget_use();
	run_told(site_audit());
}

/* The error that the host had not looked at yet is there, and no other. */
static int
only_the_hosts_error(void)
{
	unsigned long first = ERR_get_error();

	return ERR_GET_LIB(first) == ERR_LIB_USER &&
	       ERR_GET_REASON(first) == HOSTS_ERROR && ERR_get_error() == 0;
}

/* What the library makes once for the process it makes each time, so that this
 * can fail, too. */
static void
begin_anew(void)
{
	tc_crypto_forget();
	tc_keep_forget();
}

/* Tells whether a call failed. */
static int
attempt(int judged)
{
	unsigned long long open = descriptors();
	unsigned blocks;
	enum said said;
	size_t bytes;
	int failed;

	begin_anew();
	memory_begin();
	if (run.s->prepare)
		run.s->prepare();
	ERR_raise(ERR_LIB_USER, HOSTS_ERROR);
	inject_start(run.pass, run.n);
	said = run.s->run();
	failed = inject_stop();
	if (judged && run.s->judge)
		run.s->judge();
	if (run.s->finish)
		run.s->finish();
	if (!only_the_hosts_error() && judged)
		problem(FAULT_RESULT, "OpenSSL's queue is not the host's");
	begin_anew();
	OPENSSL_thread_stop(); /* the queue's own memory */
	blocks = memory_end(&bytes);
	if (!judged)
		return failed;
	/* OpenSSL loses some of its own when it finds no memory. */
	if (blocks > 0 && run.pass != PASS_INSIDE)
		problem(FAULT_MEMORY, "%u blocks, %zu bytes", blocks, bytes);
	if (memory_unwiped() > 0)
		problem(FAULT_UNWIPED, "%u blocks", memory_unwiped());
	if (descriptors() != open)
		problem(FAULT_DESCRIPTOR, "%llx were open, %llx are", open,
			descriptors());
	judge_store(said);
	run.survived += failed && said == SAID_YES;
	return failed;
}

/* ---- all of them ---- */

/* Twice: libraries make what they need with the first call. */
static void
learn(const struct scenario *s)
{
	run.s = s;
	run.pass = PASS_ONE;
	run.n = 0;
	site_restore_first();
	if (s->setup) {
		s->setup();
		site_keep();
	}
	site_text_free(&before);
	site_text_free(&after);
	site_read(&before);
	(void)attempt(0);
	site_read(&after);
	site_restore();
	(void)attempt(1);
}

/* Libraries allocate by the thousand: there not every single one fails. */
static unsigned
step_of(enum inject_pass pass)
{
	const char *text = getenv("FAIL_STEP");

	if (text)
		return kit_number(text, 1, 1000);
	return pass == PASS_INSIDE ? INSIDE_STEP : 1;
}

static void
run_pass(enum inject_pass pass)
{
	unsigned step = step_of(pass);

	/* Scenarios have most of their calls in common: where not every one
	 * fails, it is others in each. */
	run.pass = pass;
	for (run.n = 1 + run.scenarios % step; run.n < ATTEMPTS_MAX;
	     run.n += step) {
		alarm(HANGS_AFTER);
		if (!attempt(1))
			break;
		run.failed++;
	}
	alarm(0);
	if (run.n >= ATTEMPTS_MAX)
		problem(FAULT_RESULT, "it never comes to an end");
}

static int
wanted(enum inject_pass pass)
{
	const char *passes = getenv("FAIL_PASSES");

	return !passes || strstr(passes, inject_pass_names[pass]);
}

/* FAIL_AT=PASS:N: this attempt alone. */
static int
run_single(void)
{
	const char *at = getenv("FAIL_AT");
	const char *colon = at ? strchr(at, ':') : NULL;

	if (!colon)
		return 0;
	for (int pass = 0; pass < PASSES; pass++)
		if (strncmp(at, inject_pass_names[pass],
			    (size_t)(colon - at)) == 0)
			run.pass = (enum inject_pass)pass;
	run.n = kit_number(colon + 1, 0, ATTEMPTS_MAX);
	(void)attempt(1);
	return 1;
}

static void
fell(int signal)
{
	char text[200];
	int len =
	    snprintf(text, sizeof(text), "# %s %s:%u %s: ends with signal %d\n",
		     run.s ? run.s->name : "", inject_pass_names[run.pass],
		     run.n, inject_what(), signal);

	if (write(1, text, (size_t)len) == len)
		_exit(4);
	_exit(5);
}

static void
catch_signals(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGABRT, SIGALRM,
				       SIGFPE };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], fell);
}

/* FAIL_PART=K/N: every N-th scenario, K from 0. */
static int
in_this_part(void)
{
	static unsigned turn;
	const char *text = getenv("FAIL_PART");
	const char *slash = text ? strchr(text, '/') : NULL;

	return !slash || turn++ % kit_number(slash + 1, 1, 64) ==
			     (unsigned)strtoul(text, NULL, 10);
}

void
run_all(const struct scenario *scenarios, size_t n, const char *beginning)
{
	catch_signals();
	for (size_t i = 0; i < n; i++) {
		if (strncmp(scenarios[i].name, beginning, strlen(beginning)) ||
		    !in_this_part())
			continue;
		run.scenarios++;
		learn(&scenarios[i]);
		if (run_single())
			continue;
		for (int pass = 0; pass < PASSES; pass++)
			if (wanted((enum inject_pass)pass))
				run_pass((enum inject_pass)pass);
	}
	site_text_free(&before);
	site_text_free(&after);
}

void
run_report(void)
{
	kit_count("scenarios", run.scenarios);
	kit_count("failed_calls", run.failed);
	kit_count("done_anyway", run.survived);
	kit_count("files_changed", run.changed);
	for (int i = 0; i < FAULTS; i++)
		kit_count(fault_names[i], run.faults[i]);
}

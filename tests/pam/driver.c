/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * driver.c - runs PAM transactions against service files in a directory of
 * the test's own and prints what came back, one line per step:
 *
 *	driver -c CONFDIR -s SERVICE [-u USER] [-r RHOST] [-S]
 *	       [-m MARK] [-T THREADS -N ROUNDS] STEP...	  replies on stdin
 *
 * MARK is sent to the system log at the end, so that the test knows when it
 * has read all of it.  A step is a call (authenticate, setcred, delete_cred,
 * acct_mgmt, open_session, close_session, chauthtok), user:NAME to change
 * PAM_USER, or run:COMMAND for the shell.  With -T only calls; thread number t
 * answers with section t modulo their number, and the codes are counted.
 */
#include <err.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "codes.h"
#include "script.h"

#define STEPS_MAX 16
#define THREADS_MAX 64

#ifdef __SANITIZE_THREAD__
/* libpam reports each login through libaudit, which writes to a buffer that
 * all threads share; and the loader, which takes modules in and out for each
 * transaction, has locks that the sanitizer does not see. */
const char *__tsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *
__tsan_default_suppressions(void)
{
	return "race:libaudit.so\nrace:ld-linux\n";
}
#endif

typedef int pam_call(pam_handle_t *pamh, int flags);

struct call {
	const char *name;
	pam_call *fn;
	int flags;
};

static const struct call calls[] = {
	{ "authenticate", pam_authenticate, 0 },
	{ "setcred", pam_setcred, PAM_ESTABLISH_CRED },
	{ "delete_cred", pam_setcred, PAM_DELETE_CRED },
	{ "acct_mgmt", pam_acct_mgmt, 0 },
	{ "open_session", pam_open_session, 0 },
	{ "close_session", pam_close_session, 0 },
	{ "chauthtok", pam_chauthtok, 0 },
};

struct settings {
	const char *confdir, *service, *user, *rhost, *mark;
	int silent;
	unsigned threads, rounds;
	char **steps;
	size_t n_steps;
	struct script script;
};

struct worker {
	pthread_t thread;
	const struct settings *set;
	const struct section *section;
	unsigned count[STEPS_MAX][CODES_MAX];
};

static const struct call *
find_call(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	}
	return NULL;
}

/* In place of libpam's sleep: says how long it would have been. */
static void
delay(int status, unsigned usec, void *talk)
{
	const struct talk *t = talk;

	(void)status;
	if (t->out != NULL && usec > 0)
		(void)fprintf(t->out, "delay %u\n", usec);
}

/* PAM_FAIL_DELAY is a function, which pam_set_item takes as a data pointer. */
static void
take_delay(pam_handle_t *pamh)
{
	void (*fn)(int, unsigned, void *) = delay;
	const void *pointer;

	_Static_assert(sizeof(fn) == sizeof(pointer), "POSIX has it so");
	memcpy(&pointer, &fn, sizeof(pointer));
	if (pam_set_item(pamh, PAM_FAIL_DELAY, pointer) != PAM_SUCCESS)
		errx(2, "PAM_FAIL_DELAY");
}

static pam_handle_t *
start(const struct settings *set, struct talk *talk)
{
	struct pam_conv conv = { script_converse, talk };
	pam_handle_t *pamh = NULL;
	int rc;

	rc = pam_start_confdir(set->service, set->user, &conv, set->confdir,
			       &pamh);
	if (rc != PAM_SUCCESS)
		errx(2, "pam_start_confdir: %s", code_name(rc));
	take_delay(pamh);
	if (set->rhost != NULL &&
	    pam_set_item(pamh, PAM_RHOST, set->rhost) != PAM_SUCCESS)
		errx(2, "PAM_RHOST");
	return pamh;
}

static int
make_call(pam_handle_t *pamh, const struct settings *set,
	  const struct call *call)
{
	int silent = set->silent ? (int)PAM_SILENT : 0;

	return call->fn(pamh, call->flags | silent);
}

/* Gives the last call's code, for pam_end(). */
static int
step(pam_handle_t *pamh, const struct settings *set, const char *name, int last)
{
	const struct call *call = find_call(name);

	if (call != NULL) {
		last = make_call(pamh, set, call);
		(void)printf("%s %s\n", name, code_name(last));
	} else if (strncmp(name, "user:", 5) == 0) {
		if (pam_set_item(pamh, PAM_USER, name + 5) != PAM_SUCCESS)
			errx(2, "PAM_USER");
	} else if (strncmp(name, "run:", 4) == 0) {
		(void)fflush(stdout);
		/* The test's own command, by the test's own shell. */
		if (system(name + 4) != 0) /* NOLINT(cert-env33-c) */
			errx(2, "failed: %s", name + 4);
	} else {
		errx(2, "no such step: %s", name);
	}
	return last;
}

static void
transaction(const struct settings *set)
{
	struct talk talk = {
		.section = &set->script.sections[0],
		.out = stdout,
	};
	pam_handle_t *pamh = start(set, &talk);
	const void *user = NULL;
	int last = PAM_SUCCESS;
	size_t i;

	for (i = 0; i < set->n_steps; i++)
		last = step(pamh, set, set->steps[i], last);
	if (pam_get_item(pamh, PAM_USER, &user) == PAM_SUCCESS &&
	    user != NULL) {
		(void)printf("user ");
		script_quote(stdout, user);
		(void)putchar('\n');
	}
	(void)printf("prompts %u\n", talk.prompts);
	if (pam_end(pamh, last) != PAM_SUCCESS)
		errx(2, "pam_end");
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	const struct settings *set = w->set;
	unsigned round;
	size_t i;

	for (round = 0; round < set->rounds; round++) {
		struct talk talk = { .section = w->section };
		pam_handle_t *pamh = start(set, &talk);
		int last = PAM_SUCCESS;

		for (i = 0; i < set->n_steps; i++) {
			last = make_call(pamh, set, find_call(set->steps[i]));
			if (last >= 0 && last < CODES_MAX)
				w->count[i][last]++;
		}
		(void)pam_end(pamh, last);
	}
	return NULL;
}

static void
report(const struct settings *set, const struct worker *workers, size_t section)
{
	size_t i, code, t;
	unsigned sum;

	for (i = 0; i < set->n_steps; i++) {
		for (code = 0; code < CODES_MAX; code++) {
			sum = 0;
			for (t = section; t < set->threads; t += set->script.n)
				sum += workers[t].count[i][code];
			if (sum > 0)
				(void)printf("section %zu %s %s %u\n", section,
					     set->steps[i],
					     code_name((int)code), sum);
		}
	}
}

static void
threads(const struct settings *set)
{
	struct worker *workers = calloc(set->threads, sizeof(*workers));
	size_t i;

	if (workers == NULL)
		err(2, "calloc");
	for (i = 0; i < set->n_steps; i++) {
		if (find_call(set->steps[i]) == NULL)
			errx(2, "no such call: %s", set->steps[i]);
	}
	for (i = 0; i < set->threads; i++) {
		workers[i].set = set;
		workers[i].section = &set->script.sections[i % set->script.n];
		if (pthread_create(&workers[i].thread, NULL, work,
				   &workers[i]) != 0)
			errx(2, "pthread_create");
	}
	for (i = 0; i < set->threads; i++)
		(void)pthread_join(workers[i].thread, NULL);
	for (i = 0; i < set->script.n; i++)
		report(set, workers, i);
	free(workers);
}

static unsigned
number(const char *text, unsigned max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < 1 || n > max)
		errx(2, "not a number from 1 to %u: %s", max, text);
	return (unsigned)n;
}

static void
options(struct settings *set, int argc, char **argv)
{
	int c;

	set->rounds = 1;
	while ((c = getopt(argc, argv, "c:s:u:r:m:ST:N:")) != -1) {
		switch (c) {
		case 'c':
			set->confdir = optarg;
			break;
		case 's':
			set->service = optarg;
			break;
		case 'u':
			set->user = optarg;
			break;
		case 'r':
			set->rhost = optarg;
			break;
		case 'm':
			set->mark = optarg;
			break;
		case 'S':
			set->silent = 1;
			break;
		case 'T':
			set->threads = number(optarg, THREADS_MAX);
			break;
		case 'N':
			set->rounds = number(optarg, 1000000);
			break;
		default:
			errx(2, "usage: see the head of driver.c");
		}
	}
	set->steps = argv + optind;
	set->n_steps = (size_t)(argc - optind);
	if (set->confdir == NULL || set->service == NULL || set->n_steps == 0 ||
	    set->n_steps > STEPS_MAX)
		errx(2, "usage: see the head of driver.c");
}

int
main(int argc, char **argv)
{
	struct settings set;

	memset(&set, 0, sizeof(set));
	options(&set, argc, argv);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	script_read(&set.script, stdin);
	if (set.threads > 0)
		threads(&set);
	else
		transaction(&set);
	script_free(&set.script);
	if (set.mark != NULL)
		syslog(LOG_AUTHPRIV | LOG_DEBUG, "%s", set.mark);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stop CONFIG READER-CONFIG LOCK TIMES
 *
 * Readers and writers that are stopped in the middle of what they do.  A
 * reader is stopped at random moments (by SIGSTOP; steps.c has each of its
 * calls); meanwhile its token is revoked and more is committed.  A writer is
 * stopped while it has the lock.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

struct shared {
	struct kit_oracle o;
	_Atomic unsigned begun, ended; /* calls of the reader */
	_Atomic unsigned at; /* the slot that it verifies */
	_Atomic int verdict, first; /* the last one; the stopped call's */
	_Atomic unsigned watched; /* number of the stopped call */
};

static uint64_t slowest_ms, wrong, in_call;

static unsigned
fresh(struct shared *s, tc_handle *h)
{
	struct tc_error err;

	if (kit_slot_create(&s->o, h, "stop", &err))
		kit_die("create: %s", err.text);
	return s->o.n - 1;
}

/* Revokes a token and goes on committing, so that the files that a stopped
 * reader has open are written to; the first is timed. */
static void
revoke_and_more(struct shared *s, tc_handle *h, unsigned at)
{
	double start = kit_clock();
	struct tc_error err;
	uint64_t ms;

	if (kit_slot_revoke(&s->o, h, &at, 1, &err))
		kit_die("revoke: %s", err.text);
	ms = (uint64_t)((kit_clock() - start) * 1e3);
	if (ms > slowest_ms)
		slowest_ms = ms;
	(void)fresh(s, h);
	(void)fresh(s, h);
}

/* ---- at random moments ---- */

static _Noreturn void
read_for_ever(struct shared *s, const char *config)
{
	tc_handle *h = kit_open(config);
	struct tc_result res;

	while (!s->o.stop) {
		unsigned call = atomic_fetch_add(&s->begun, 1) + 1;
		int v = (int)kit_verify(h, s->o.slot[s->at].token, &res);

		if (call == s->watched)
			s->first = v;
		s->verdict = v;
		s->ended = call;
	}
	_exit(0);
}

static void
stop_it(pid_t pid)
{
	int status;

	if (kill(pid, SIGSTOP) || waitpid(pid, &status, WUNTRACED) != pid ||
	    !WIFSTOPPED(status))
		kit_die("the reader cannot be stopped");
}

static void
wait_for_calls(const struct shared *s, unsigned more)
{
	unsigned want = s->ended + more;
	double end = kit_clock() + 60;

	while (s->ended < want && kit_clock() < end)
		kit_nap(0.0002);
	if (s->ended < want)
		kit_die("the reader does not go on");
}

static void
random_stop(struct shared *s, tc_handle *h, pid_t pid, uint64_t *seed)
{
	unsigned at = fresh(s, h);

	s->at = at;
	wait_for_calls(s, 2);
	if (s->verdict != TC_VALID)
		wrong++;
	kit_nap((double)kit_below(seed, 3000) / 1e6);
	stop_it(pid);
	s->first = TC_VERDICTS;
	s->watched = s->begun;
	in_call += s->begun != s->ended;
	revoke_and_more(s, h, at);
	if (kill(pid, SIGCONT))
		kit_die("SIGCONT");
	wait_for_calls(s, 2);
	if (s->first != TC_VERDICTS && s->first != TC_VALID &&
	    s->first != TC_REVOKED)
		wrong++;
	if (s->verdict != TC_REVOKED)
		wrong++;
}

static void
random_moments(struct shared *s, tc_handle *h, const char *config, int times,
	       uint64_t *seed)
{
	pid_t pid;

	s->begun = s->ended = s->watched = 0;
	pid = fork();
	if (pid == 0)
		read_for_ever(s, config);
	if (pid < 0)
		kit_die("fork");
	for (int i = 0; i < times; i++)
		random_stop(s, h, pid, seed);
	s->o.stop = 1;
	waitpid(pid, NULL, 0);
	s->o.stop = 0;
}

/* ---- writers ---- */

static _Noreturn void
write_for_ever(struct shared *s, const char *config)
{
	tc_handle *h = kit_open(config);

	while (!s->o.stop)
		(void)fresh(s, h);
	_exit(0);
}

static int
is_locked(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB))
		return 1;
	flock(fd, LOCK_UN);
	return 0;
}

/* Stops the writer while it has the lock. */
static void
stop_with_lock(pid_t pid, int lock, uint64_t *seed)
{
	for (int i = 0; i < 10000; i++) {
		kit_nap((double)kit_below(seed, 8000) / 1e6);
		stop_it(pid);
		if (is_locked(lock))
			return;
		kill(pid, SIGCONT);
	}
	kit_die("the writer never has the lock");
}

/* Readers go on at every such moment. */
static void
read_beside(struct shared *s, tc_handle *h)
{
	for (int k = 0; k < 20; k++)
		kit_judge(&s->o, h,
			  &s->o.slot[s->o.n - 1 - (unsigned)k % s->o.n]);
}

static void
busy_once(tc_handle *h)
{
	char token[TC_TOKEN_MAX + 1];
	double start = kit_clock();
	struct tc_error err;
	int rc = kit_create(h, "busy", 0, token, NULL, &err);

	kit_count("busy_code", (uint64_t)rc);
	kit_count("busy_ms", (uint64_t)((kit_clock() - start) * 1e3));
	kit_note("busy: %s", err.text);
}

static void
stopped_writers(struct shared *s, const char *configs[2], int times,
		uint64_t *seed, const char *lock_path)
{
	tc_handle *reader = kit_open(configs[1]);
	char token[TC_TOKEN_MAX + 1];
	struct tc_error err;
	int lock = open(lock_path, O_RDWR | O_CLOEXEC);
	pid_t pid = fork();

	if (pid == 0)
		write_for_ever(s, configs[1]);
	if (pid < 0 || lock < 0)
		kit_die("%s", lock_path);
	for (int i = 0; i < times; i++) {
		stop_with_lock(pid, lock, seed);
		read_beside(s, reader);
		if (i == 0)
			busy_once(reader);
		kill(pid, SIGCONT);
		if (i == 0 &&
		    kit_create(reader, "goes on", 0, token, NULL, &err))
			kit_die("after SIGCONT: %s", err.text);
	}
	s->o.stop = 1;
	waitpid(pid, NULL, 0);
	tc_free(reader);
	close(lock);
}

int
main(int argc, char **argv)
{
	struct shared *s = kit_shared(sizeof(*s));
	const char *configs[2];
	uint64_t seed;
	tc_handle *h;
	int times;

	if (argc != 5)
		kit_die("usage: stop CONFIG READER-CONFIG LOCK TIMES");
	configs[0] = argv[1];
	configs[1] = argv[2];
	times = (int)kit_number(argv[4], 1, 10000);
	seed = kit_seed();
	h = kit_open(configs[0]);
	(void)fresh(s, h);
	random_moments(s, h, configs[1], times, &seed);
	stopped_writers(s, configs, times, &seed, argv[3]);
	kit_count("in_call", in_call);
	kit_count("wrong", wrong);
	kit_count("slowest_revocation_ms", slowest_ms);
	kit_report(&s->o);
	kit_count("problems", kit_check(argv[1]) > TC_WARNING);
	tc_free(h);
	return 0;
}

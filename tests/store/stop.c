/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stop CONFIG READER-CONFIG LOCK TIMES
 *
 * Readers and writers that are stopped in the middle of what they do.  A
 * reader is stopped at each of its system calls in turn (by ptrace) and at
 * random moments (by SIGSTOP); meanwhile its token is revoked and more is
 * committed.  A writer is stopped while it has the lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
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

static uint64_t slowest_ms, wrong, late_valid, in_call, points;
static uint64_t early_points;

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
revoke_and_more(struct shared *s, tc_handle *h, unsigned at, int more)
{
	double start = kit_clock();
	struct tc_error err;
	uint64_t ms;

	if (kit_slot_revoke(&s->o, h, &at, 1, &err))
		kit_die("revoke: %s", err.text);
	ms = (uint64_t)((kit_clock() - start) * 1e3);
	if (ms > slowest_ms)
		slowest_ms = ms;
	while (more-- > 0)
		(void)fresh(s, h);
}

/* ---- at each system call ---- */

static _Noreturn void
read_once_traced(struct shared *s, const char *config, unsigned at)
{
	tc_handle *h = kit_open(config);
	struct tc_result res;

	(void)kit_verify(h, s->o.slot[0].token, &res);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(4);
	raise(SIGSTOP);
	s->verdict = kit_verify(h, s->o.slot[at].token, &res);
	s->begun = 1; /* now it is over */
	s->first = kit_verify(h, s->o.slot[at].token, &res);
	_exit(0);
}

/* Is it about to look whether the state file is still the same one? */
static int
looks_at_state(pid_t pid)
{
	struct __ptrace_syscall_info info;
	char name[sizeof(long)];
	long word;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY || info.entry.nr != SYS_openat)
		return 0;
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, pid, info.entry.args[1], NULL);
	memcpy(name, &word, sizeof(name));
	return errno == 0 && strncmp(name, "state", sizeof(name)) == 0;
}

/* Lets it go on to its next stop; 0 when its call is over. */
static int
go_on(const struct shared *s, pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) ||
	    waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		kit_die("ptrace");
	return !s->begun;
}

static pid_t
start_traced(struct shared *s, const char *config, unsigned at)
{
	pid_t pid;
	int status;

	s->begun = 0;
	pid = fork();
	if (pid == 0)
		read_once_traced(s, config, at);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		kit_die("the reader did not start");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD))
		kit_die("ptrace");
	return pid;
}

/* One verification, stopped at the n-th stop for a revocation and some more
 * commits.  0: it has fewer.  *looks is how often it looked at the state file
 * behind that. */
static int
stopped_at(struct shared *s, tc_handle *h, const char *config, int n, int more,
	   unsigned *looks)
{
	unsigned at = fresh(s, h);
	pid_t pid = start_traced(s, config, at);
	int status, there = 1;

	for (int i = 0; there && i < n; i++)
		there = go_on(s, pid);
	if (there)
		revoke_and_more(s, h, at, more);
	*looks = 0;
	for (int on = there; on; on = go_on(s, pid))
		*looks += looks_at_state(pid) != 0;
	if (ptrace(PTRACE_DETACH, pid, NULL, NULL))
		kit_die("detach");
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		wrong++;
	if (there && s->first != TC_REVOKED)
		wrong++;
	return there;
}

/* Once more before it answers, the reader looks at the state file: stopped
 * in front of that it has to notice; behind it, it had read. */
static void
each_system_call(struct shared *s, tc_handle *h, const char *config, int more)
{
	unsigned looks;

	for (int n = 1; stopped_at(s, h, config, n, more, &looks); n++) {
		int v = s->verdict;

		points++;
		late_valid += v == TC_VALID;
		if (looks > 0)
			early_points++;
		if (v == TC_REVOKED || (v == TC_VALID && looks == 0))
			continue;
		kit_note("stop %d, %d more: %s", n, more,
			 tc_verdict_name((enum tc_verdict)v));
		wrong++;
	}
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
	revoke_and_more(s, h, at, 2);
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
	/* Every second commit writes to the same files. */
	for (int more = 1; more <= 2; more++)
		each_system_call(s, h, configs[1], more);
	random_moments(s, h, configs[1], times, &seed);
	stopped_writers(s, configs, times, &seed, argv[3]);
	kit_count("points", points);
	kit_count("early_points", early_points);
	kit_count("late_valid", late_valid);
	kit_count("in_call", in_call);
	kit_count("wrong", wrong);
	kit_count("slowest_revocation_ms", slowest_ms);
	kit_report(&s->o);
	kit_count("problems", kit_check(argv[1]) > TC_WARNING);
	tc_free(h);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steps CONFIG READER-CONFIG
 *
 * A reader that is stopped at each of its system calls in turn (by ptrace),
 * while its token is revoked and more is committed; and a writer that dies
 * before what it wrote is in force.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

#define TWO_NEAR 8
#define BEHIND 10 /* stops until a look at the state file is over */

struct shared {
	struct kit_oracle o;
	_Atomic int over; /* the reader's call */
	_Atomic int verdict, next; /* of that call, and of the one after it */
};

static uint64_t wrong, late_valid, points, early_points, dying;

static unsigned
fresh(struct shared *s, tc_handle *h)
{
	struct tc_error err;

	if (kit_slot_create(&s->o, h, "steps", &err))
		kit_die("create: %s", err.text);
	return s->o.n - 1;
}

/* Revokes a token and goes on committing, so that the files that a stopped
 * reader has open are written to. */
static void
revoke_and_more(struct shared *s, tc_handle *h, unsigned at, int more)
{
	struct tc_error err;

	if (kit_slot_revoke(&s->o, h, &at, 1, &err))
		kit_die("revoke: %s", err.text);
	while (more-- > 0)
		(void)fresh(s, h);
}

/* ---- a reader, step by step ---- */

/* Where a reader is stopped, and what is committed there. */
struct plan {
	int cold; /* its first verification: no view was kept */
	int early, at; /* numbers of stops; early is 0 or less than at */
	int more; /* commits after the revocation */
};

static _Noreturn void
read_once_traced(struct shared *s, const char *config, unsigned at, int cold)
{
	tc_handle *h = kit_open(config);
	struct tc_result res;

	if (!cold)
		(void)kit_verify(h, s->o.slot[0].token, &res);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(4);
	raise(SIGSTOP);
	s->verdict = kit_verify(h, s->o.slot[at].token, &res);
	s->over = 1;
	s->next = kit_verify(h, s->o.slot[at].token, &res);
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
	return !s->over;
}

/* Waits for one that was forked just now and has itself traced. */
static void
traced(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		kit_die("it did not start");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD))
		kit_die("ptrace");
}

static pid_t
start_traced(struct shared *s, const char *config, unsigned at, int cold)
{
	pid_t pid;

	s->over = 0;
	pid = fork();
	if (pid == 0)
		read_once_traced(s, config, at, cold);
	traced(pid);
	return pid;
}

/* Lets it go, whose call is over. */
static void
leave(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_DETACH, pid, NULL, NULL))
		kit_die("detach");
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		wrong++;
}

/* One verification, stopped for a revocation and some more commits, and for
 * another one before.  0: it has fewer stops.  *looks is how often it looked at
 * the state file behind that. */
static int
stopped_at(struct shared *s, tc_handle *h, const char *config,
	   const struct plan *p, unsigned *looks)
{
	unsigned at = fresh(s, h);
	pid_t pid = start_traced(s, config, at, p->cold);
	int there = 1;

	for (int i = 1; there && i <= p->at; i++) {
		there = go_on(s, pid);
		if (there && i == p->early)
			(void)fresh(s, h);
	}
	if (there)
		revoke_and_more(s, h, at, p->more);
	*looks = 0;
	for (int on = there; on; on = go_on(s, pid))
		*looks += looks_at_state(pid) != 0;
	leave(pid);
	if (there && s->next != TC_REVOKED)
		wrong++;
	return there;
}

/* Once more before it answers, the reader looks at the state file: stopped
 * in front of that it has to notice; behind it, it had read. */
static int
judge_stop(struct shared *s, tc_handle *h, const char *config,
	   const struct plan *p)
{
	unsigned looks;
	int v, there = stopped_at(s, h, config, p, &looks);

	if (!there)
		return 0;
	v = s->verdict;
	points++;
	late_valid += v == TC_VALID;
	if (looks > 0)
		early_points++;
	if (v == TC_REVOKED || (v == TC_VALID && looks == 0))
		return 1;
	kit_note("%s, stops %d and %d, %d more: %s", p->cold ? "cold" : "warm",
		 p->early, p->at, p->more, tc_verdict_name((enum tc_verdict)v));
	wrong++;
	return 1;
}

/* The stops of a reader from its first look at the state file to just behind
 * its last one. */
struct range {
	int first, last;
};

static struct range
looks_of(struct shared *s, const char *config, int cold)
{
	pid_t pid = start_traced(s, config, 0, cold);
	struct range r = { 0, 0 };

	for (int i = 1; go_on(s, pid); i++) {
		if (!looks_at_state(pid))
			continue;
		r.first = r.first ? r.first : i;
		r.last = i + BEHIND;
	}
	leave(pid);
	return r;
}

static void
each_system_call(struct shared *s, tc_handle *h, const char *config,
		 struct plan p)
{
	/* A first verification does much before and after. */
	const struct range r = looks_of(s, config, p.cold);

	for (p.at = p.cold ? r.first : 1; p.at <= r.last; p.at++)
		if (!judge_stop(s, h, config, &p))
			break;
}

/* A commit at one call and more at one of the next, so that the reader finds one
 * file of one commit and the other of another. */
static void
two_system_calls(struct shared *s, tc_handle *h, const char *config)
{
	const struct range r = looks_of(s, config, 1);
	struct plan p = { .cold = 1, .more = 1 };

	for (p.early = r.first; p.early < r.last - BEHIND; p.early++)
		for (p.at = p.early + 1; p.at <= p.early + TWO_NEAR; p.at++)
			(void)judge_stop(s, h, config, &p);
}

/* ---- a writer that dies ---- */

static _Noreturn void
revoke_traced(struct shared *s, const char *config, unsigned at)
{
	tc_handle *h = kit_open(config);
	struct tc_error err;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(4);
	raise(SIGSTOP);
	_exit(kit_slot_revoke(&s->o, h, &at, 1, &err));
}

/* One that has written and synced all of a revocation; the state file has yet
 * to get its name. */
static pid_t
start_dying(struct shared *s, const char *config, unsigned at)
{
	struct __ptrace_syscall_info info = { .op = PTRACE_SYSCALL_INFO_NONE };
	pid_t pid = fork();
	int status;

	if (pid == 0)
		revoke_traced(s, config, at);
	traced(pid);
	while (info.op != PTRACE_SYSCALL_INFO_ENTRY ||
	       info.entry.nr != SYS_renameat2)
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) ||
		    waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
		    ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <=
			0)
			kit_die("the writer did not come so far");
	return pid;
}

/* What it wrote is seen by no reader, whatever that had opened before. */
static void
never_in_force(struct shared *s, tc_handle *h, const char *config,
	       const struct plan *p)
{
	unsigned at = fresh(s, h);
	pid_t reader = start_traced(s, config, at, p->cold), writer;
	int there = 1;

	for (int i = 0; there && i < p->at; i++)
		there = go_on(s, reader);
	(void)fresh(s, h);
	writer = start_dying(s, config, at);
	while (there && go_on(s, reader))
		;
	leave(reader);
	if (s->verdict != TC_VALID || s->next != TC_VALID) {
		kit_note("never in force, %s, stop %d: %s, %s",
			 p->cold ? "cold" : "warm", p->at,
			 tc_verdict_name((enum tc_verdict)s->verdict),
			 tc_verdict_name((enum tc_verdict)s->next));
		wrong++;
	}
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	s->o.slot[at].state = KIT_ACTIVE;
	dying += (uint64_t)there;
}

static void
dying_writers(struct shared *s, tc_handle *h, const char *config)
{
	struct plan p = { .cold = 0 };

	for (; p.cold <= 1; p.cold++) {
		const struct range r = looks_of(s, config, p.cold);

		for (p.at = r.first; p.at <= r.last; p.at++)
			never_in_force(s, h, config, &p);
	}
}

int
main(int argc, char **argv)
{
	struct shared *s = kit_shared(sizeof(*s));
	tc_handle *h;

	if (argc != 3)
		kit_die("usage: steps CONFIG READER-CONFIG");
	h = kit_open(argv[1]);
	(void)fresh(s, h);
	/* Nothing that it has open is written over by the first commit, the
	 * data file by the second, the state file while that is made. */
	for (int more = 0; more <= 2; more++)
		for (int cold = 0; cold <= 1; cold++)
			each_system_call(
			    s, h, argv[2],
			    (struct plan){ .cold = cold, .more = more });
	two_system_calls(s, h, argv[2]);
	dying_writers(s, h, argv[2]);
	kit_count("points", points);
	kit_count("early_points", early_points);
	kit_count("late_valid", late_valid);
	kit_count("dying", dying);
	kit_count("wrong", wrong);
	kit_count("problems", kit_check(argv[1]) > TC_WARNING);
	tc_free(h);
	return 0;
}

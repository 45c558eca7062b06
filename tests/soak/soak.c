/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * soak DIR SECONDS PROCESSES THREADS [library]
 *
 * PROCESSES processes with THREADS threads in all verify through the library,
 * PAM and SASL ("library": through that alone) while two others change tokens
 * and one replaces files.  What each login came to is held against the oracle;
 * the account is told at the end.  DIR has an installation in token/, service
 * files in pam/ and SASL's plug-ins in plugins/.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "soak.h"

#define PROCESSES_MAX 64
#define CHILDREN_MAX (PROCESSES_MAX + ORACLE_WRITERS + 1)
#define LAST_WAIT 60 /* seconds that a process has to come to its end */
#define LATE 200 /* seconds more until all was tried, where it is slow */

struct soak *soak;
struct soak_options soak_options;

static struct watched children[CHILDREN_MAX];
static unsigned n_children, lost;

/* ---- processes ---- */

/* In the child, which ends with its parent. */
static _Noreturn void
run_reader(reader_fn *fn, unsigned threads, uint64_t seed)
{
	unsigned before = watch_own_fds(), after;

	/* Writers are to overtake readers in the middle of a look-up. */
	(void)setpriority(PRIO_PROCESS, 0, 10);
	fn(threads, seed);
	after = watch_own_fds();
	if (after > before)
		soak->fds_left += after - before;
	exit(0);
}

static int
start(void)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		kit_die("fork: %s", strerror(errno));
	if (pid > 0) {
		children[n_children++].pid = pid;
		return 0;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	return 1;
}

static void
start_writers(void)
{
	for (unsigned i = 0; i < ORACLE_WRITERS; i++) {
		uint64_t seed = kit_random(&soak_options.seed);

		if (start()) {
			writer_run(i, seed);
			exit(0);
		}
	}
	if (start()) {
		mover_run(soak_options.seed);
		exit(0);
	}
}

/* Every process has a thread; the first half has those that are left. */
static unsigned
threads_of(unsigned i)
{
	unsigned n = soak_options.processes, half = (n + 1) / 2;
	unsigned more = soak_options.threads - n;

	if (i >= half)
		return 1;
	return 1 + more / half + (i < more % half);
}

static void
start_readers(void)
{
	static reader_fn *const kinds[] = { library_run, pam_run, sasl_run };

	for (unsigned i = 0; i < soak_options.processes; i++) {
		reader_fn *fn =
		    soak_options.library_only ? library_run : kinds[i % 3];
		uint64_t seed = kit_random(&soak_options.seed);

		if (start())
			run_reader(fn, threads_of(i), seed);
	}
}

/* One that ended before its time, or in disorder, is lost. */
static int
reap(unsigned i, int early)
{
	int status = 0;

	if (children[i].pid <= 0 ||
	    waitpid(children[i].pid, &status, WNOHANG) != children[i].pid)
		return 0;
	children[i].pid = 0;
	if (!early && status == 0)
		return 0;
	soak_note("process %u ended with %#x", i, (unsigned)status);
	lost++;
	return -1;
}

static void
end_all(void)
{
	/* One that is lost may have taken the lock with it. */
	double limit = kit_clock() + (lost > 0 ? 2 : LAST_WAIT);
	unsigned left = n_children;

	soak->stop = 1;
	while (left > 0 && kit_clock() < limit) {
		kit_nap(0.02);
		left = 0;
		for (unsigned i = 0; i < n_children; i++) {
			(void)reap(i, 0);
			left += children[i].pid > 0;
		}
	}
	for (unsigned i = 0; i < n_children; i++) {
		if (children[i].pid <= 0)
			continue;
		soak_note("process %u does not come to its end", i);
		lost++;
		kill(children[i].pid, SIGKILL);
		waitpid(children[i].pid, NULL, 0);
	}
}

/* ---- the run ---- */

/* A fifth of the time is for caches to fill, longer where it is slow; the rest
 * has two halves, that are compared.  It goes on until all was tried. */
static void
watch(void)
{
	double begun = kit_clock(), length = soak_options.seconds;
	double pause = length > 60 ? 1 : 0.1, warm = length / 5, at = 0;
	int gone = 0;

	while (gone == 0 && at < length + LATE &&
	       (at < warm + length * 4 / 5 || !soak_changes_tried())) {
		int half = at < warm ? -1 : at >= warm + length * 2 / 5;

		kit_nap(pause);
		for (unsigned i = 0; i < n_children; i++) {
			gone |= reap(i, 1);
			if (children[i].pid > 0)
				(void)watch_sample(&children[i], half);
		}
		at = kit_clock() - begun;
		if (half < 0 && !soak_ways_tried())
			warm = at > length / 5 ? at : length / 5;
	}
}

static void
set_up(void)
{
	pthread_rwlockattr_t attr;

	soak = kit_shared(sizeof(*soak));
	soak->active_kid = 1;
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_rwlockattr_setkind_np(
	    &attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&soak->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	oracle_conf_begin(&soak->oracle, 0);
	mover_write_conf(0);
}

static char *
inside(const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", soak_options.dir, name) < 0)
		kit_die("out of memory");
	return path;
}

static void
options(int argc, char **argv)
{
	struct soak_options *o = &soak_options;

	if (argc != 5 && (argc != 6 || strcmp(argv[5], "library") != 0))
		kit_die("usage: soak DIR SECONDS PROCESSES THREADS [library]");
	o->dir = argv[1];
	o->config = inside("token/apitoken.conf");
	o->pam = inside("pam");
	o->plugins = inside("plugins");
	o->seconds = kit_number(argv[2], 1, 86400);
	o->processes = kit_number(argv[3], 1, PROCESSES_MAX);
	o->threads = kit_number(argv[4], o->processes, 64);
	o->library_only = argc == 6;
	o->seed = kit_seed();
}

int
main(int argc, char **argv)
{
	options(argc, argv);
	set_up();
	start_writers();
	start_readers();
	watch();
	end_all();
	soak_report();
	watch_report(children, n_children);
	kit_count("lost", lost);
	kit_count("problems", kit_check(soak_options.config) > TC_WARNING);
	return 0;
}

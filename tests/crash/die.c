/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * die DIR KIND SINCE ROUNDS READERS
 *
 * Real deaths: "act KIND" on a copy of DIR/base is killed at a random system
 * call, before it, after it or in its middle, or at a random moment, beside
 * readers that never stop.  What is left is judged.  DIR/after is what a change
 * that was not killed left, DIR/between what may be there halfway, DIR/trace
 * its system calls, DIR/known the tokens; everything later than SINCE came with
 * the change.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "oracle.h"

#define READERS_MAX 16
#define SIDES 3 /* before, after, between */

struct reads {
	_Atomic int stop;
	_Atomic uint64_t n, refused, wrong;
};

struct deaths {
	const char *dir, *kind;
	char live[PATH_MAX], program[PATH_MAX], shim[PATH_MAX];
	char config[PATH_MAX];
	struct oracle oracle;
	struct image *base;
	struct content side[SIDES];
	size_t sides;
	struct reads *reads;
	unsigned operations, readers;
	double seconds; /* that the change takes, about */
	uint64_t seed, killed, acknowledged, ruled[RULINGS];
};

/* How a process is to die. */
struct fate {
	unsigned at; /* 0: by a signal from here */
	const char *how;
	double delay;
};

/* ---- one process ---- */

static _Noreturn void
be_the_writer(const struct deaths *d, const struct fate *fate, int ack)
{
	char at[16], fd[16];

	snprintf(at, sizeof(at), "%u", fate->at);
	snprintf(fd, sizeof(fd), "%d", ack);
	setenv("CRASH_FOLDER", d->live, 1);
	setenv("CRASH_ACK", fd, 1);
	if (fate->at) {
		setenv("CRASH_AT", at, 1);
		setenv("CRASH_HOW", fate->how, 1);
	}
	setenv("LD_PRELOAD", d->shim, 1);
	execl(d->program, d->program, d->kind, d->live, "/dev/null",
	      (char *)NULL);
	_exit(127);
}

/* Its wait status; *acked tells whether the change was acknowledged. */
static int
run_writer(const struct deaths *d, const struct fate *fate, int *acked)
{
	int status, ack[2];
	char byte;
	pid_t pid;

	if (pipe(ack))
		kit_die("pipe");
	pid = fork();
	if (pid < 0)
		kit_die("fork");
	if (pid == 0)
		be_the_writer(d, fate, ack[1]);
	close(ack[1]);
	if (!fate->at && fate->delay > 0) {
		kit_nap(fate->delay);
		kill(pid, SIGKILL);
	}
	waitpid(pid, &status, 0);
	*acked = read(ack[0], &byte, 1) == 1;
	close(ack[0]);
	return status;
}

/* ---- readers ---- */

static void
read_on(const struct deaths *d, uint64_t seed)
{
	tc_handle *h = kit_open(d->config);

	while (!d->reads->stop) {
		size_t i = (size_t)kit_below(&seed, d->oracle.n);
		struct tc_result res;
		enum tc_verdict v = oracle_verify(h, &d->oracle.known[i], &res);
		int fits = 0;

		d->reads->n++;
		for (size_t s = 0; s < d->sides; s++)
			fits |= v == d->side[s].verdict[i];
		if (v == TC_UNAVAILABLE) {
			d->reads->refused++;
			kit_note("unavailable: %s", res.detail);
		} else if (!fits) {
			d->reads->wrong++;
			kit_note("token %zu: %s", i, tc_verdict_name(v));
		}
	}
}

static void
start_readers(struct deaths *d, pid_t *pids)
{
	d->reads->stop = 0;
	for (unsigned i = 0; i < d->readers; i++) {
		uint64_t seed = kit_random(&d->seed);

		pids[i] = fork();
		if (pids[i] < 0)
			kit_die("fork");
		if (pids[i] == 0) {
			read_on(d, seed);
			_exit(0);
		}
	}
}

static void
stop_readers(struct deaths *d, const pid_t *pids)
{
	d->reads->stop = 1;
	for (unsigned i = 0; i < d->readers; i++) {
		int status;

		waitpid(pids[i], &status, 0);
		if (status)
			kit_die("a reader was lost");
	}
}

/* ---- one death ---- */

/* A number beyond the last operation lets it live. */
static struct fate
draw(struct deaths *d)
{
	static const char *const hows[] = { "before", "after", "half" };
	struct fate fate = { .at = 0 };

	if (kit_below(&d->seed, 4) == 0) {
		fate.delay = d->seconds * 1.2 *
			     (double)(1 + kit_below(&d->seed, 1000)) / 1000;
		return fate;
	}
	fate.how = hows[kit_below(&d->seed, 3)];
	fate.at = 1 + (unsigned)kit_below(&d->seed, d->operations + 1);
	return fate;
}

static void
judge(struct deaths *d, const struct fate *fate, int acked)
{
	const struct content *allowed[SIDES];
	uint64_t warned[2] = { 0, 0 };
	enum ruling r;
	size_t n = 0;

	/* The first side is what was there before. */
	for (size_t i = 0; i < d->sides; i++)
		if (!acked || i == 1)
			allowed[n++] = &d->side[i];
	r = oracle_judge(&d->oracle, d->live, allowed, n, acked, warned);
	d->ruled[r]++;
	if (r != RULED_FINE)
		kit_note("%s: %s, %s %u, %f s", ruling_word(r), d->kind,
			 fate->how ? fate->how : "signal", fate->at,
			 fate->delay);
}

static void
one_death(struct deaths *d)
{
	struct fate fate = draw(d);
	pid_t readers[READERS_MAX];
	int status, acked;

	image_write(d->base, d->live);
	start_readers(d, readers);
	status = run_writer(d, &fate, &acked);
	stop_readers(d, readers);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		d->killed++;
	else if (status)
		kit_die("the writer failed by itself: %d", status);
	d->acknowledged += (uint64_t)acked;
	judge(d, &fate, acked);
}

/* ---- all of them ---- */

static void
path_in(const struct deaths *d, const char *name, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s", d->dir, name);
}

static struct image *
image_of(const struct deaths *d, const char *name)
{
	char path[PATH_MAX];
	struct image *image;
	struct disk *disk;

	path_in(d, name, path);
	disk = disk_load(path);
	image = disk_crash(disk, CUT_KILL, 0);
	image_keep(image);
	disk_free(disk);
	return image;
}

/* What a folder holds, read from a copy. */
static void
add_side(struct deaths *d, const char *name)
{
	struct image *image = image_of(d, name);

	image_write(image, d->live);
	if (access(d->config, F_OK) == 0)
		content_of(&d->side[d->sides], &d->oracle, d->config);
	d->sides++;
	image_free(image);
}

static void
read_dir(struct deaths *d)
{
	char path[PATH_MAX];
	struct trace trace;

	path_in(d, "known", path);
	oracle_know(&d->oracle, path);
	path_in(d, "base/inst", path);
	d->oracle.is_init = access(path, F_OK) != 0;
	path_in(d, "trace", path);
	trace_load(&trace, path);
	d->operations = trace_count(&trace);
	trace_free(&trace);
	path_in(d, "live", d->live);
	snprintf(d->config, sizeof(d->config), "%.*s/inst/apitoken.conf",
		 PATH_MAX - 32, d->live);
	add_side(d, "base");
	add_side(d, "after");
	path_in(d, "between", path);
	if (access(path, F_OK) == 0)
		add_side(d, "between");
	d->base = image_of(d, "base");
}

/* The programs stand beside this one. */
static void
find_programs(struct deaths *d)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 16);
	char *slash;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		kit_die("/proc/self/exe");
	*slash = '\0';
	snprintf(d->program, sizeof(d->program), "%.*s/act", PATH_MAX - 16,
		 self);
	snprintf(d->shim, sizeof(d->shim), "%.*s/shim.so", PATH_MAX - 16, self);
}

/* One that lives, to see how long it takes. */
static void
let_one_live(struct deaths *d)
{
	const struct fate none = { .at = 0 };
	double start;
	int acked;

	image_write(d->base, d->live);
	start = kit_clock();
	if (run_writer(d, &none, &acked) || !acked)
		kit_die("%s: fails by itself", d->kind);
	d->seconds = kit_clock() - start;
}

static void
report(const struct deaths *d)
{
	kit_count("killed", d->killed);
	kit_count("acknowledged", d->acknowledged);
	kit_count("reads", d->reads->n);
	kit_count("reads_refused", d->reads->refused);
	kit_count("reads_wrong", d->reads->wrong);
	for (int i = RULED_FINE + 1; i < RULINGS; i++)
		kit_count(ruling_word((enum ruling)i), d->ruled[i]);
}

int
main(int argc, char **argv)
{
	struct deaths d = { .reads = kit_shared(sizeof(*d.reads)) };
	unsigned rounds;

	if (argc != 6)
		kit_die("usage: die DIR KIND SINCE ROUNDS READERS");
	d.dir = argv[1];
	d.kind = argv[2];
	d.oracle.since = (int64_t)kit_number(argv[3], 1, UINT_MAX);
	rounds = kit_number(argv[4], 0, 1000000);
	d.readers = kit_number(argv[5], 0, READERS_MAX);
	d.seed = kit_seed();
	find_programs(&d);
	read_dir(&d);
	if (d.oracle.is_init)
		d.readers = 0; /* there is nothing to read */
	let_one_live(&d);
	for (unsigned i = 0; i < rounds; i++)
		one_death(&d);
	report(&d);
	return 0;
}

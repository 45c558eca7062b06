/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay DIR PERCENT OTHERS JOBS
 * replay DIR pick FOLDER
 *
 * Takes what processes did, DIR/trace, to the folder DIR/base, and builds the
 * states that a crash leaves before and after each of their operations: that
 * of a kill, and those of a power cut: the extremes, and random ones,
 * PERCENT for 100 writes and OTHERS for each other operation.  Each is judged.
 * DIR/known has the tokens, DIR/made those that came with it, DIR/live the
 * folder as it became, DIR/between, where there is one, a folder as it may be
 * halfway.
 *
 * With "pick": leaves one random power cut in FOLDER.  SEED in the environment
 * draws the same states again.
 */
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "oracle.h"

#define SEEN ((size_t)1 << 22)
#define PROCESSES_MAX 8
#define TOLD_MAX 12 /* states that are told of in full */
#define PAGE 4096

/* Scratch folders need not survive anything; the calls of GDBM come here,
 * too. */
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

/* The owners have no accounts here; to ask for them would take half the time. */
int
getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
	   struct passwd **result)
{
	(void)name;
	(void)entry;
	(void)buffer;
	(void)size;
	*result = NULL;
	return 0;
}

/* What all jobs count, and the states they have seen. */
struct shared {
	_Atomic uint64_t kills, cuts, judged, warned, untidy, told;
	_Atomic uint64_t ruled[RULINGS];
	_Atomic uint64_t seen[SEEN];
};

struct replay {
	const char *dir;
	struct trace trace;
	struct oracle oracle;
	struct content content[PROCESSES_MAX + 1]; /* after each process */
	struct content between;
	int has_between, changed; /* by the last process */
	struct shared *shared;
	uint64_t seed;
	unsigned percent, others; /* random cuts: for 100 writes, for others */
	unsigned jobs, job;
	char scratch[PATH_MAX];
	/* at this point */
	struct disk *disk;
	size_t process;
	size_t low, high; /* contents that are allowed */
	int acked;
	size_t at;
};

static void
path_in(const struct replay *r, const char *name, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s", r->dir, name);
}

/* ---- what may be there ---- */

static void
content_in(const struct replay *r, struct content *c, const char *folder)
{
	char config[PATH_MAX + 32];

	snprintf(config, sizeof(config), "%s/inst/apitoken.conf", folder);
	if (!r->oracle.is_init || access(config, F_OK) == 0)
		content_of(c, &r->oracle, config);
}

static void
content_now(struct replay *r, size_t process)
{
	struct image *image = disk_crash(r->disk, CUT_KILL, 0);

	if (process > PROCESSES_MAX)
		kit_die("too many processes");
	image_write(image, r->scratch);
	content_in(r, &r->content[process], r->scratch);
	image_free(image);
}

/* The content before the first process, and after each. */
static void
read_contents(struct replay *r)
{
	char path[PATH_MAX];
	size_t process = 0;

	path_in(r, "base", path);
	r->disk = disk_load(path);
	for (size_t i = 0; i < r->trace.n; i++) {
		if (r->trace.op[i].type == TRACE_START)
			content_now(r, process++);
		disk_apply(r->disk, &r->trace.op[i]);
	}
	content_now(r, process);
	r->changed = process > 0 && !content_same(&r->content[process - 1],
						  &r->content[process]);
	path_in(r, "live", path);
	disk_must_be(r->disk, path);
	disk_free(r->disk);
	path_in(r, "between", path);
	r->has_between = access(path, F_OK) == 0;
	if (r->has_between) {
		struct disk *d = disk_load(path);
		struct image *image = disk_crash(d, CUT_KILL, 0);

		image_write(image, r->scratch);
		content_in(r, &r->between, r->scratch);
		image_free(image);
		disk_free(d);
	}
}

/* ---- one state ---- */

/* 1 the first time. */
static int
is_new(struct replay *r, uint64_t number)
{
	uint64_t key =
	    number * 31 + r->low * 8 + r->high * 2 + (uint64_t)r->acked + 1;

	for (size_t i = key % SEEN, tries = 0; tries < 64;
	     i = (i + 1) % SEEN, tries++) {
		uint64_t empty = 0;

		if (atomic_compare_exchange_strong(&r->shared->seen[i], &empty,
						   key))
			return 1;
		if (empty == key)
			return 0;
	}
	return 1; /* too many: judged twice, then */
}

static void
tell(struct replay *r, enum ruling ruling, enum disk_cut cut, uint64_t seed)
{
	const struct trace_op *op = r->at > 0 ? &r->trace.op[r->at - 1] : NULL;

	r->shared->ruled[ruling]++;
	if (r->shared->told++ < TOLD_MAX)
		kit_note("%s: %s at %zu, after %s %s (%" PRIu64 ")",
			 ruling_word(ruling), disk_cut_word(cut), r->at,
			 op ? trace_word(op->type) : "nothing",
			 op ? op->path : "", seed);
}

static void
try_state(struct replay *r, enum disk_cut cut, uint64_t seed)
{
	const struct content *allowed[PROCESSES_MAX + 2];
	struct image *image = disk_crash(r->disk, cut, seed);
	uint64_t warned[2] = { 0, 0 };
	enum ruling ruling;
	size_t n = 0;

	if (cut == CUT_KILL)
		r->shared->kills++;
	else
		r->shared->cuts++;
	for (size_t i = r->low; i <= r->high; i++)
		allowed[n++] = &r->content[i];
	if (r->has_between && !r->acked)
		allowed[n++] = &r->between;
	if (is_new(r, image_number(image))) {
		r->shared->judged++;
		image_write(image, r->scratch);
		ruling = oracle_judge(&r->oracle, r->scratch, allowed, n,
				      r->acked, warned);
		r->shared->warned += warned[0] > 0;
		r->shared->untidy += warned[1] > 0;
		if (ruling != RULED_FINE)
			tell(r, ruling, cut, seed);
	}
	image_free(image);
}

/* A kill takes effect between two pages of a large write. */
static void
try_half(struct replay *r, const struct trace_op *op, uint64_t *seed)
{
	uint64_t first = op->offset / PAGE;
	uint64_t pages = (op->offset + op->size - 1) / PAGE - first;
	struct trace_op part = *op;

	if (op->type != TRACE_WRITE || op->size < 2 || pages == 0)
		return;
	part.size = (first + 1 + kit_below(seed, pages)) * PAGE - op->offset;
	disk_apply(r->disk, &part);
	try_state(r, CUT_KILL, 0);
	disk_undo(r->disk, &part);
}

/* There are many writes, and most are like the next. */
static uint64_t
cuts_here(const struct replay *r)
{
	if (r->at > 0 && r->trace.op[r->at - 1].type != TRACE_WRITE)
		return r->others;
	return (r->at + 1) * r->percent / 100 - r->at * r->percent / 100;
}

/* The seeds are those of the point, whichever job has it. */
static void
try_point(struct replay *r)
{
	uint64_t seed = r->seed ^ (uint64_t)r->at << 20;
	uint64_t cuts = cuts_here(r);

	for (int cut = CUT_KILL; cut < CUT_RANDOM; cut++)
		try_state(r, (enum disk_cut)cut, 0);
	for (uint64_t i = 0; i < cuts; i++)
		try_state(r, CUT_RANDOM, kit_random(&seed));
	if (r->at < r->trace.n)
		try_half(r, &r->trace.op[r->at], &seed);
}

/* ---- the trace ---- */

/* What a mark in the trace means for what is allowed behind it. */
static void
take_mark(struct replay *r, enum trace_type type)
{
	if (type == TRACE_START) {
		r->high = ++r->process;
		r->acked = 0;
	} else if (type == TRACE_DONE) {
		r->low = r->high;
		r->acked = 1;
	}
}

static int
is_mark(enum trace_type type)
{
	return type >= TRACE_START;
}

static void
walk(struct replay *r)
{
	char path[PATH_MAX];

	path_in(r, "base", path);
	r->disk = disk_load(path);
	r->process = r->low = r->high = 0;
	r->acked = 0;
	for (r->at = 0;; r->at++) {
		if (r->at % r->jobs == r->job)
			try_point(r);
		if (r->at == r->trace.n)
			break;
		disk_apply(r->disk, &r->trace.op[r->at]);
		if (is_mark(r->trace.op[r->at].type))
			take_mark(r, r->trace.op[r->at].type);
	}
	disk_free(r->disk);
}

static void
pick(struct replay *r, const char *folder)
{
	size_t until = (size_t)kit_below(&r->seed, r->trace.n + 1);
	struct image *image;
	char path[PATH_MAX];

	path_in(r, "base", path);
	r->disk = disk_load(path);
	for (size_t i = 0; i < until; i++)
		disk_apply(r->disk, &r->trace.op[i]);
	image = disk_crash(r->disk, CUT_RANDOM, kit_random(&r->seed));
	image_write(image, folder);
	image_free(image);
	disk_free(r->disk);
}

static void
report(const struct replay *r)
{
	const struct shared *s = r->shared;

	kit_count("changed", (uint64_t)r->changed);
	kit_count("operations", trace_count(&r->trace));
	kit_count("kills", s->kills);
	kit_count("cuts", s->cuts);
	kit_count("judged", s->judged);
	kit_count("warned", s->warned);
	kit_count("untidy", s->untidy);
	for (int i = RULED_FINE + 1; i < RULINGS; i++)
		kit_count(ruling_word((enum ruling)i), s->ruled[i]);
}

static void
run_jobs(struct replay *r)
{
	pid_t pids[64];
	int lost = 0;

	for (r->job = 0; r->job < r->jobs; r->job++) {
		snprintf(r->scratch, sizeof(r->scratch), "%s/scratch%u", r->dir,
			 r->job);
		if (mkdir(r->scratch, 0700))
			kit_die("%s: cannot be made", r->scratch);
		pids[r->job] = fork();
		if (pids[r->job] < 0)
			kit_die("fork");
		if (pids[r->job] == 0) {
			walk(r);
			_exit(0);
		}
	}
	for (unsigned i = 0; i < r->jobs; i++) {
		int status;

		waitpid(pids[i], &status, 0);
		lost += status != 0;
	}
	kit_count("jobs_lost", (uint64_t)lost);
}

int
main(int argc, char **argv)
{
	struct replay r = { .dir = NULL };
	char path[PATH_MAX];

	if (argc != 4 && argc != 5)
		kit_die("usage: replay DIR PERCENT OTHERS JOBS | replay DIR "
			"pick "
			"FOLDER");
	r.dir = argv[1];
	r.seed = kit_seed();
	path_in(&r, "trace", path);
	trace_load(&r.trace, path);
	if (strcmp(argv[2], "pick") == 0) {
		pick(&r, argv[3]);
		return 0;
	}
	if (argc == 4)
		kit_die("not enough arguments");
	r.percent = kit_number(argv[2], 0, 1000000);
	r.others = kit_number(argv[3], 0, 1000000);
	r.jobs = kit_number(argv[4], 1, 64);
	r.shared = kit_shared(sizeof(*r.shared));
	path_in(&r, "known", path);
	oracle_know(&r.oracle, path);
	path_in(&r, "made", path);
	oracle_know(&r.oracle, path);
	path_in(&r, "base/inst", path);
	r.oracle.is_init = access(path, F_OK) != 0;
	path_in(&r, "scratch", r.scratch);
	if (mkdir(r.scratch, 0700))
		kit_die("%s: cannot be made", r.scratch);
	read_contents(&r);
	run_jobs(&r);
	report(&r);
	return 0;
}

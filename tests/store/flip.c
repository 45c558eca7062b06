/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flip CONFIG QUIET-CONFIG STORE LONG
 *
 * Every byte of every file of the store is inverted in turn, with active
 * tokens and with revoked ones that had been active for several commits.
 * Every token is verified; behind every fourth flip one is revoked and all
 * are verified again.  LONG is 1: every bit, and behind each a revocation.
 * Batches run in processes of their own, so that one that crashes or hangs
 * is seen.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

#define TOKENS 12 /* the second half is revoked */
#define VICTIM 0 /* revoked on top of the damage */
#define BATCH 512
#define FILE_MAX ((size_t)1 << 20)
#define SIZE_LIMIT ((rlim_t)8 << 20) /* of a file; the largest has 40 KiB */
#define HEADER 64 /* bytes at a file's beginning, always changed upon */
#define HANGS_AFTER 120 /* seconds */

static const char *const names[] = { "left.gdbm", "right.gdbm", "state",
				     "journal" };
#define STATE 2
#define FILES (sizeof(names) / sizeof(names[0]))

struct file {
	unsigned char *data;
	size_t len;
};

struct found {
	_Atomic uint64_t flips, valid_revoked, absent, other, unavailable;
	_Atomic uint64_t crashes, hangs, swollen, unnoticed;
	_Atomic uint64_t changes, refused, not_revoked, changed_anyway;
	_Atomic uint64_t lost, spread, bad_error;
};

struct work {
	const char *config, *store;
	int dir;
	char token[TOKENS][TC_TOKEN_MAX + 1];
	char id[TOKENS][TC_ID_LEN + 1];
	struct file file[FILES];
	struct found *found;
	unsigned masks; /* 1: 0xff alone; 8: each bit */
	size_t stride, offset; /* flips that are followed by a change */
};

/* ---- the store ---- */

static void
make_tokens(struct work *w, const char *config)
{
	tc_handle *h = kit_open(config);
	struct tc_record *rec;
	struct tc_error err;
	char label[32];

	for (int i = 0; i < TOKENS; i++) {
		snprintf(label, sizeof(label), "flip %d", i);
		if (kit_create(h, label, (size_t)i % 3, w->token[i], &rec,
			       &err))
			kit_die("create: %s", err.text);
		snprintf(w->id[i], sizeof(w->id[i]), "%s", rec->id);
		tc_record_free(rec);
	}
	for (int i = TOKENS / 2; i < TOKENS; i++) {
		const char *id = w->id[i];

		if (tc_revoke(h, &kit_actor, &id, 1, "flip", &err))
			kit_die("revoke: %s", err.text);
	}
	tc_free(h);
}

static void
load(struct work *w)
{
	for (size_t i = 0; i < FILES; i++) {
		int fd = openat(w->dir, names[i], O_RDONLY | O_CLOEXEC);
		ssize_t n;

		w->file[i].data = malloc(FILE_MAX);
		if (fd < 0 || !w->file[i].data)
			kit_die("%s: cannot be read", names[i]);
		n = read(fd, w->file[i].data, FILE_MAX);
		if (n <= 0 || (size_t)n == FILE_MAX)
			kit_die("%s: has no fitting size", names[i]);
		w->file[i].len = (size_t)n;
		close(fd);
	}
}

static void
put_back(const struct work *w)
{
	for (size_t i = 0; i < FILES; i++) {
		int fd;

		(void)unlinkat(w->dir, names[i], 0);
		fd = openat(w->dir, names[i],
			    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
		if (fd < 0 || write(fd, w->file[i].data, w->file[i].len) !=
				  (ssize_t)w->file[i].len)
			kit_die("%s: cannot be put back", names[i]);
		close(fd);
	}
}

static void
poke(const struct work *w, size_t file, size_t at, unsigned char mask)
{
	unsigned char c = w->file[file].data[at] ^ mask;
	int fd = openat(w->dir, names[file], O_WRONLY | O_CLOEXEC);

	if (fd < 0 || pwrite(fd, &c, 1, (off_t)at) != 1)
		kit_die("%s: cannot be written", names[file]);
	close(fd);
}

/* ---- what is asked of it ---- */

struct answers {
	enum tc_verdict verdict[TOKENS];
	unsigned unavailable;
};

static void
note_damage(const char *what, size_t file, size_t at, unsigned char mask,
	    const char *why)
{
	kit_note("%s: %s byte %zu ^ 0x%02x: %s", what, names[file], at, mask,
		 why);
}

/* revoked(i) has to be so, everything else valid; or unavailable. */
static void
ask_all(const struct work *w, tc_handle *h, int victim_revoked,
	struct answers *a)
{
	struct found *f = w->found;

	a->unavailable = 0;
	for (int i = 0; i < TOKENS; i++) {
		int revoked =
		    i >= TOKENS / 2 || (i == VICTIM && victim_revoked);
		struct tc_result res;
		enum tc_verdict v = kit_verify(h, w->token[i], &res);

		a->verdict[i] = v;
		if (v == TC_UNAVAILABLE) {
			a->unavailable++;
			if (!strstr(res.detail, w->store))
				f->bad_error++;
		} else if (v == TC_UNKNOWN_TOKEN) {
			f->absent++;
		} else if (v == TC_VALID && revoked) {
			f->valid_revoked++;
		} else if (v != (revoked ? TC_REVOKED : TC_VALID)) {
			f->other++;
		}
	}
}

struct tally {
	unsigned n, revoked;
};

static int
tally(void *arg, const struct tc_record *rec)
{
	struct tally *t = arg;

	t->n++;
	t->revoked += rec->state == TC_STATE_REVOKED;
	return 0;
}

/* Lost silently: the list is whole, and one is not in it. */
static int
list_fits(tc_handle *h, int victim_revoked)
{
	struct tally t = { 0, 0 };
	struct tc_error err;

	if (tc_list(h, NULL, NULL, tally, &t, &err))
		return 1;
	return t.n == TOKENS &&
	       t.revoked == TOKENS / 2 + (victim_revoked ? 1U : 0U);
}

/* Has both files written, and space asked for in each. */
static void
change_more(const struct work *w, tc_handle *h)
{
	const char *id = w->id[VICTIM + 1];
	char token[TC_TOKEN_MAX + 1];
	struct tc_result res;
	struct tc_error err;

	for (int i = 0; i < 2; i++)
		if (kit_create(h, "more", TC_PROPERTIES_MAX, token, NULL,
			       &err) == TC_OK &&
		    kit_verify(h, token, &res) != TC_VALID &&
		    res.verdict != TC_UNAVAILABLE)
			w->found->lost++;
	if (tc_revoke(h, &kit_actor, &id, 1, "flip", &err) == TC_OK &&
	    kit_verify(h, w->token[VICTIM + 1], &res) == TC_VALID)
		w->found->not_revoked++;
	if (kit_verify(h, w->token[VICTIM], &res) == TC_VALID)
		w->found->valid_revoked++;
}

static void
change(const struct work *w, tc_handle *h, const struct answers *before)
{
	struct found *f = w->found;
	const char *id = w->id[VICTIM];
	struct answers after;
	struct tc_error err;
	int rc = tc_revoke(h, &kit_actor, &id, 1, "flip", &err);

	f->changes++;
	ask_all(w, h, rc == TC_OK, &after);
	if (rc != TC_OK) {
		f->refused++;
		if (rc != TC_E_UNAVAILABLE || !strstr(err.text, w->store))
			f->bad_error++;
		if (after.verdict[VICTIM] != before->verdict[VICTIM])
			f->changed_anyway++;
	} else if (after.verdict[VICTIM] == TC_VALID) {
		f->not_revoked++;
	}
	if (after.unavailable > before->unavailable)
		f->spread++;
	if (!list_fits(h, rc == TC_OK))
		f->lost++;
	if (rc == TC_OK)
		change_more(w, h);
}

static void
one_flip(const struct work *w, tc_handle *h, size_t file, size_t at,
	 unsigned char mask)
{
	struct found *f = w->found;
	uint64_t bad = f->valid_revoked + f->absent + f->other + f->lost +
		       f->not_revoked + f->changed_anyway + f->bad_error;
	struct answers before;

	poke(w, file, at, mask);
	f->flips++;
	ask_all(w, h, 0, &before);
	f->unavailable += before.unavailable > 0;
	f->unnoticed += before.unavailable == 0;
	if (!list_fits(h, 0))
		f->lost++;
	if ((at + w->offset) % w->stride == 0 || file == STATE || at < HEADER) {
		change(w, h, &before);
		put_back(w);
	} else {
		poke(w, file, at, 0);
	}
	if (f->valid_revoked + f->absent + f->other + f->lost + f->not_revoked +
		f->changed_anyway + f->bad_error >
	    bad)
		note_damage("wrong", file, at, mask, "see the counts");
}

/* ---- batches ---- */

static _Noreturn void
batch(const struct work *w, size_t file, size_t from, _Atomic size_t *at)
{
	const struct rlimit no_core = { 0, 0 };
	const struct rlimit sizes = { SIZE_LIMIT, SIZE_LIMIT };
	tc_handle *h = kit_open(w->config);
	size_t end = from + BATCH;

	setrlimit(RLIMIT_CORE, &no_core);
	setrlimit(RLIMIT_FSIZE, &sizes); /* SIGXFSZ instead of a full disk */
	if (end > w->file[file].len)
		end = w->file[file].len;
	for (size_t i = from; i < end; i++) {
		*at = i;
		alarm(HANGS_AFTER);
		if (w->masks == 1)
			one_flip(w, h, file, i, 0xff);
		for (unsigned bit = 1; w->masks == 8 && bit < 256; bit *= 2)
			one_flip(w, h, file, i, (unsigned char)bit);
	}
	tc_free(h);
	exit(0);
}

/* A batch that died is taken up again behind the byte it died of. */
static void
all_of(const struct work *w, size_t file, _Atomic size_t *at)
{
	size_t from = 0;

	while (from < w->file[file].len) {
		int status;
		pid_t pid;

		fflush(stdout);
		put_back(w);
		pid = fork();
		if (pid == 0)
			batch(w, file, from, at);
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			kit_die("fork");
		from += BATCH;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			continue;
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
			w->found->hangs++;
		else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
			w->found->swollen++;
		else
			w->found->crashes++;
		note_damage("died", file, *at, 0xff,
			    WIFSIGNALED(status) ? strsignal(WTERMSIG(status))
						: "exit");
		from = *at + 1;
	}
}

static void
report(const struct found *f)
{
	kit_count("flips", f->flips);
	kit_count("valid_revoked", f->valid_revoked);
	kit_count("absent", f->absent);
	kit_count("other", f->other);
	kit_count("unavailable", f->unavailable);
	kit_count("unnoticed", f->unnoticed);
	kit_count("crashes", f->crashes);
	kit_count("hangs", f->hangs);
	kit_count("swollen", f->swollen);
	kit_count("changes", f->changes);
	kit_count("refused", f->refused);
	kit_count("not_revoked", f->not_revoked);
	kit_count("changed_anyway", f->changed_anyway);
	kit_count("lost", f->lost);
	kit_count("spread", f->spread);
	kit_count("bad_error", f->bad_error);
}

int
main(int argc, char **argv)
{
	struct work w = { .masks = 1 };
	uint64_t seed = kit_seed();
	_Atomic size_t *at = kit_shared(sizeof(*at));

	if (argc != 5)
		kit_die("usage: flip CONFIG QUIET-CONFIG STORE LONG");
	w.config = argv[2];
	w.store = argv[3];
	w.masks = argv[4][0] == '1' ? 8 : 1;
	w.stride = argv[4][0] == '1' ? 1 : 4;
	w.offset = seed % w.stride;
	w.found = kit_shared(sizeof(*w.found));
	w.dir = open(w.store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w.dir < 0)
		kit_die("%s: cannot be opened", w.store);
	kit_user = "root"; /* no account has to be looked up */
	make_tokens(&w, argv[1]);
	load(&w);
	for (size_t i = 0; i < FILES; i++) {
		double start = kit_clock();

		all_of(&w, i, at);
		kit_note("%s: %zu bytes, %.1f s", names[i], w.file[i].len,
			 kit_clock() - start);
	}
	put_back(&w);
	kit_count("problems", kit_check(argv[1]) > TC_WARNING);
	report(w.found);
	for (size_t i = 0; i < FILES; i++)
		free(w.file[i].data);
	return 0;
}

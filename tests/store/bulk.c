/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bulk CONFIG fill N		puts the records 0 to N - 1 there
 * bulk CONFIG VERB N		edits, revokes or deletes them in one commit;
 *				tells how much memory and time it took
 * bulk CONFIG kill N ROUNDS	edits or revokes them, again and again, in a
 *				process that is killed in the middle
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/fill.h"
#include "kit.h"

#define N_MAX 100000
#define AT_ONCE 5000

static char ids[N_MAX][TC_ID_LEN + 1];
static const char *names[N_MAX];

static void
name_all(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct tc_record r = test_fill_record(i, "alice", "round 0");

		memcpy(ids[i], r.id, sizeof(ids[i]));
		names[i] = ids[i];
	}
}

/* Also takes revocations back, which no call of the library does. */
static void
fill(tc_handle *h, unsigned n, const char *label)
{
	static struct tc_record recs[AT_ONCE];
	struct tc_error err;

	for (unsigned i = 0; i < n; i++) {
		unsigned at = i % AT_ONCE;

		recs[at] = test_fill_record(i, "alice", label);
		if ((at + 1 == AT_ONCE || i + 1 == n) &&
		    test_fill(h, recs, at + 1, &err))
			kit_die("fill: %s", err.text);
	}
}

/* ---- one commit ---- */

typedef int change_fn(tc_handle *h, unsigned n, const char *label,
		      struct tc_error *err);

static int
edit_all(tc_handle *h, unsigned n, const char *label, struct tc_error *err)
{
	struct tc_edit e = { .what = TC_EDIT_LABEL, .label = label };

	return tc_edit(h, &kit_actor, names, n, &e, err);
}

static int
revoke_all(tc_handle *h, unsigned n, const char *label, struct tc_error *err)
{
	(void)label;
	return tc_revoke(h, &kit_actor, names, n, "test", err);
}

static int
delete_all(tc_handle *h, unsigned n, const char *label, struct tc_error *err)
{
	(void)label;
	return tc_delete(h, &kit_actor, names, n, "test", err);
}

static void
measure(const char *config, const char *verb, unsigned n)
{
	static const struct {
		const char *verb;
		change_fn *fn;
	} table[] = { { "edit", edit_all },
		      { "revoke", revoke_all },
		      { "delete", delete_all } };
	tc_handle *h = kit_open(config);
	change_fn *fn = NULL;
	struct tc_error err;
	double begun = kit_clock();

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].verb, verb) == 0)
			fn = table[i].fn;
	if (!fn)
		kit_die("%s: not edit, revoke or delete", verb);
	if (fn(h, n, "in bulk", &err))
		kit_die("%s: %s", verb, err.text);
	kit_count("ms", (uint64_t)((kit_clock() - begun) * 1000));
	kit_count("peak_kib", kit_peak_kib());
	tc_free(h);
}

/* ---- killed in the middle of it ---- */

struct state {
	unsigned n, changed, other;
	const char *before, *after; /* the labels; after NULL: revoked */
};

static int
look_at(void *arg, const struct tc_record *r)
{
	struct state *s = arg;
	int revoked = r->state == TC_STATE_REVOKED;

	if (strcmp(r->user, "alice") != 0)
		return 0;
	s->n++;
	if (r->standing != (revoked ? TC_REVOKED : TC_VALID))
		s->other++;
	else if (s->after ? strcmp(r->label, s->after) == 0 : revoked)
		s->changed++;
	else if (strcmp(r->label, s->before) != 0 || revoked)
		s->other++;
	return 0;
}

static uint64_t done, undone, torn, problems, not_killed;

/* One record more than the n that are changed: what a killed writer left in
 * the other file would come to light with the next commit. */
static void
another_commit(tc_handle *h, unsigned n)
{
	struct tc_record r = test_fill_record(n, "bob", "by itself");
	struct tc_error err;

	if (test_fill(h, &r, 1, &err))
		kit_die("fill: %s", err.text);
}

static void
judge(tc_handle *h, unsigned n, struct state *s)
{
	struct tc_error err;

	s->n = s->changed = s->other = 0;
	if (tc_list(h, NULL, NULL, look_at, s, &err)) {
		kit_note("list: %s", err.text);
		problems++;
	} else if (s->n != n || s->other || (s->changed && s->changed != n)) {
		kit_note("%u records, %u changed, %u odd", s->n, s->changed,
			 s->other);
		torn++;
	}
}

/* Waits until it has ended, or that long; 1: it has. */
static int
ends_within(pid_t pid, double seconds, int *status)
{
	double end = kit_clock() + seconds;
	pid_t ended;

	while ((ended = waitpid(pid, status, WNOHANG)) == 0 &&
	       kit_clock() < end)
		kit_nap(0.001);
	return ended == pid;
}

/* Kills a change of all of them after that many seconds; 0: lets it live.
 * How long it took. */
static double
change(const char *config, unsigned n, const char *label, double after)
{
	double begun = kit_clock();
	pid_t pid = fork();
	int status;

	if (pid < 0)
		kit_die("fork");
	if (pid == 0) {
		struct tc_error err;
		tc_handle *h = kit_open(config);

		if (label ? edit_all(h, n, label, &err)
			  : revoke_all(h, n, "", &err))
			kit_die("%s", err.text);
		_exit(0);
	}
	if (after == 0 || !ends_within(pid, after, &status)) {
		if (after > 0)
			(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
	}
	if (after > 0 && WIFEXITED(status))
		not_killed++;
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		kit_die("it failed by itself");
	return kit_clock() - begun;
}

static void
kill_again_and_again(const char *config, unsigned n, unsigned rounds)
{
	static char labels[2][32] = { "round 0", "round 0" };
	uint64_t seed = kit_seed();
	tc_handle *h = kit_open(config);
	double whole = change(config, n, "round 0", 0);
	uint64_t lived;

	for (unsigned i = 1; i <= rounds; i++) {
		struct state s = { .before = labels[0] };
		uint64_t at = 1 + kit_below(&seed, 900);
		double took;
		unsigned was;

		(void)snprintf(labels[1], sizeof(labels[1]), "round %u", i);
		if (i % 3)
			s.after = labels[1];
		lived = not_killed;
		took = change(config, n, s.after, whole * (double)at / 1000);
		if (not_killed > lived) /* the one before stood still */
			whole = took;
		judge(h, n, &s);
		was = s.changed;
		another_commit(h, n);
		judge(h, n, &s);
		problems += kit_check(config) > TC_FINE;
		torn += s.changed != was;
		done += s.changed > 0;
		undone += s.changed == 0;
		if (!s.after && s.changed)
			fill(h, n, s.before);
		if (s.after && s.changed)
			memcpy(labels[0], labels[1], sizeof(labels[0]));
	}
	tc_free(h);
	kit_count("done", done);
	kit_count("undone", undone);
	kit_count("torn", torn);
	kit_count("problems", problems);
	kit_count("not_killed", not_killed);
}

int
main(int argc, char **argv)
{
	unsigned n;

	if (argc < 4)
		kit_die("usage: bulk CONFIG fill|edit|revoke|delete|kill N "
			"[ROUNDS]");
	n = kit_number(argv[3], 1, N_MAX);
	name_all(n);
	if (strcmp(argv[2], "kill") == 0 && argc == 5) {
		kill_again_and_again(argv[1], n,
				     kit_number(argv[4], 1, 100000));
	} else if (strcmp(argv[2], "fill") == 0) {
		tc_handle *h = kit_open(argv[1]);

		fill(h, n, "round 0");
		tc_free(h);
	} else {
		measure(argv[1], argv[2], n);
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list CONFIG fill FIRST N	puts the records FIRST to FIRST + N - 1 there
 * list CONFIG peak		lists all, and tells how much memory it took
 * list CONFIG beside N LISTS COMMITS
 *				lists N records LISTS times, and on until
 *				COMMITS were made, while another process
 *				creates, edits, revokes and deletes; each of
 *				the N has to come once each time
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/fill.h"
#include "kit.h"

#define ALL_MAX 60000
#define AT_ONCE 5000
#define LATER 1000000 /* numbers of those that are made meanwhile */

/* The expiry, which nothing here changes, says which record it is. */
#define NUMBERED INT64_C(10000000000)

static void
fill(tc_handle *h, unsigned first, unsigned n)
{
	static struct tc_record recs[AT_ONCE];
	static char users[AT_ONCE][16];
	struct tc_error err;

	for (unsigned i = 0; i < n; i++) {
		unsigned at = i % AT_ONCE;

		(void)snprintf(users[at], sizeof(users[at]), "user%u",
			       (first + i) / 100);
		recs[at] = test_fill_record(first + i, users[at], "a label");
		recs[at].expires = NUMBERED + first + i;
		if ((at + 1 == AT_ONCE || i + 1 == n) &&
		    test_fill(h, recs, at + 1, &err))
			kit_die("fill: %s", err.text);
	}
}

/* ---- memory ---- */

static int
count(void *arg, const struct tc_record *rec)
{
	(void)rec;
	++*(uint64_t *)arg;
	return 0;
}

static void
peak(tc_handle *h)
{
	struct tc_error err;
	uint64_t n = 0;

	if (tc_list(h, NULL, NULL, count, &n, &err))
		kit_die("list: %s", err.text);
	kit_count("records", n);
	kit_count("peak_kib", kit_peak_kib());
}

/* ---- beside a writer ---- */

struct shared {
	_Atomic int stop;
	_Atomic uint64_t commits, made;
	unsigned n;
	char id[ALL_MAX][TC_ID_LEN + 1];
};

static int
one_change(struct shared *s, tc_handle *h, uint64_t *seed, struct tc_error *err)
{
	struct tc_edit edit = { .what = TC_EDIT_LABEL, .label = "edited" };
	const char *ids[3];
	struct tc_record gone;
	uint64_t made = s->made;

	for (int i = 0; i < 3; i++)
		ids[i] = s->id[kit_below(seed, s->n)];
	switch (kit_below(seed, 8)) {
	case 0: /* revoked ones are not edited, so only the first half is */
		for (int i = 0; i < 3; i++)
			ids[i] = s->id[s->n / 2 + kit_below(seed, s->n / 2)];
		return tc_revoke(h, &kit_actor, ids, 3, "test", err);
	case 1:
	case 2:
		for (int i = 0; i < 3; i++)
			ids[i] = s->id[kit_below(seed, s->n / 2)];
		return tc_edit(h, &kit_actor, ids, 3, &edit, err);
	case 3:
		if (made == 0)
			return TC_OK;
		gone = test_fill_record(
		    (unsigned)(LATER + kit_below(seed, made)), "", "");
		ids[0] = gone.id;
		return tc_delete(h, &kit_actor, ids, 1, "test", err);
	default:
		fill(h, (unsigned)(LATER + made),
		     1 + (unsigned)kit_below(seed, 40));
		s->made = made + 40;
		return TC_OK;
	}
}

static _Noreturn void
writer(struct shared *s, const char *config, uint64_t seed)
{
	tc_handle *h = kit_open(config);
	struct tc_error err;

	while (!s->stop) {
		int rc = one_change(s, h, &seed, &err);

		/* It may have been deleted, or never been made. */
		if (rc != TC_OK && rc != TC_E_NOTFOUND)
			kit_die("%s", err.text);
		s->commits += rc == TC_OK;
	}
	tc_free(h);
	exit(0);
}

struct seen {
	unsigned n;
	unsigned char times[ALL_MAX];
	uint64_t others, odd;
};

static int
tick(void *arg, const struct tc_record *rec)
{
	struct seen *s = arg;
	int64_t i = rec->expires - NUMBERED;

	if (i >= LATER)
		s->others++;
	else if (i >= 0 && i < s->n && rec->standing != TC_UNAVAILABLE)
		s->times[i]++;
	else
		s->odd++;
	return 0;
}

static pid_t
start_writer(struct shared *s, const char *config)
{
	uint64_t seed = kit_seed();
	pid_t pid;

	for (unsigned i = 0; i < s->n; i++)
		memcpy(s->id[i], test_fill_record(i, "", "").id,
		       sizeof(s->id[i]));
	pid = fork();
	if (pid < 0)
		kit_die("fork");
	if (pid == 0)
		writer(s, config, seed);
	return pid;
}

struct found {
	uint64_t lists, failed, missed, twice;
};

static void
list_once(tc_handle *h, struct seen *seen, struct found *found)
{
	struct tc_error err;

	memset(seen->times, 0, sizeof(seen->times));
	found->lists++;
	if (tc_list(h, NULL, NULL, tick, seen, &err)) {
		kit_note("%s", err.text);
		found->failed++;
	}
	for (unsigned i = 0; i < seen->n; i++) {
		found->missed += seen->times[i] == 0;
		found->twice += seen->times[i] > 1;
	}
}

static void
beside(tc_handle *h, const char *config, unsigned n, unsigned lists,
       unsigned commits)
{
	struct shared *s = kit_shared(sizeof(*s));
	struct found found = { 0 };
	static struct seen seen;
	int status = 0, ended = 0;
	pid_t pid;

	s->n = seen.n = n;
	pid = start_writer(s, config);
	/* A disk may be slow, a list is quick. */
	while (!ended && (found.lists < lists || s->commits < commits)) {
		list_once(h, &seen, &found);
		ended = waitpid(pid, &status, WNOHANG) == pid;
	}
	s->stop = 1;
	if (!ended)
		waitpid(pid, &status, 0);
	kit_count("lists", found.lists);
	kit_count("failed", found.failed);
	kit_count("missed", found.missed);
	kit_count("twice", found.twice);
	kit_count("odd", seen.odd);
	kit_count("others", seen.others);
	kit_count("commits", s->commits);
	kit_count("made", s->made);
	kit_count("writer_lost", ended || status != 0);
}

int
main(int argc, char **argv)
{
	tc_handle *h;

	if (argc < 3)
		kit_die("usage: see the source");
	h = kit_open(argv[1]);
	if (strcmp(argv[2], "fill") == 0 && argc == 5)
		fill(h, kit_number(argv[3], 0, ALL_MAX),
		     kit_number(argv[4], 1, ALL_MAX));
	else if (strcmp(argv[2], "peak") == 0)
		peak(h);
	else if (strcmp(argv[2], "beside") == 0 && argc == 6)
		beside(h, argv[1], kit_number(argv[3], 2, ALL_MAX),
		       kit_number(argv[4], 1, 10000),
		       kit_number(argv[5], 1, 10000));
	else
		kit_die("usage: see the source");
	tc_free(h);
	return 0;
}

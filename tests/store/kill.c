/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kill CONFIG READER-CONFIG ROUNDS READERS
 *
 * A writer that is killed at random moments, again and again, beside readers
 * that never stop.  What it was told is done stands in shared memory, which
 * outlives it; after each death the store is compared with that.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

#define BATCH 4

struct audit {
	struct kit_oracle *o;
	unsigned seen, strange, whole;
	int *revoked; /* by slot; -1: not there */
};

static uint64_t missing, torn, unknown, not_opened, problems, acknowledged;

/* ---- the writer ---- */

/* Slots that are active, the newest first; fewer than BATCH: none. */
static size_t
pick(const struct kit_oracle *o, unsigned at[BATCH])
{
	size_t n = 0;

	for (unsigned i = o->n; i > 0 && n < BATCH; i--)
		if (o->slot[i - 1].state == KIT_ACTIVE)
			at[n++] = i - 1;
	return n == BATCH ? n : 0;
}

static _Noreturn void
write_until_killed(struct kit_oracle *o, const char *config, int round)
{
	tc_handle *h = kit_open(config);
	struct tc_error err;
	unsigned at[BATCH];

	for (int i = 0;; i++) {
		char label[32];
		int rc;

		snprintf(label, sizeof(label), "r%d-%d", round, i);
		rc = kit_slot_create(o, h, label, &err);
		if (rc == TC_OK && i % 3 == 2) {
			size_t n = pick(o, at);

			rc = n ? kit_slot_revoke(o, h, at, n, &err) : TC_OK;
		}
		if (rc != TC_OK)
			kit_die("round %d: %s", round, err.text);
	}
}

/* ---- after its death ---- */

static int
find_slot(const struct kit_oracle *o, const char *id)
{
	for (unsigned i = o->n; i > 0; i--)
		if (strcmp(o->slot[i - 1].id, id) == 0)
			return (int)i - 1;
	return -1;
}

static int
look_at(void *arg, const struct tc_record *rec)
{
	struct audit *a = arg;
	int at = find_slot(a->o, rec->id);

	a->seen++;
	if (at >= 0) {
		a->revoked[at] = rec->state == TC_STATE_REVOKED;
		if (rec->standing != (a->revoked[at] ? TC_REVOKED : TC_VALID))
			torn++;
		return 0;
	}
	a->strange++;
	if (strcmp(rec->label, a->o->intent) == 0 &&
	    strcmp(rec->user, "alice") == 0 && rec->standing == TC_VALID)
		a->whole++;
	return 0;
}

/* A revocation that was cut off: all of its tokens or none; and the oracle
 * takes over what was found. */
static void
settle(struct kit_oracle *o, const int *revoked)
{
	int done = -1;

	for (unsigned i = 0; i < o->n; i++) {
		struct kit_slot *slot = &o->slot[i];
		int state = slot->state;

		if (revoked[i] < 0) {
			kit_note("missing: %s", slot->id);
			missing++;
		} else if (state == KIT_ENDING) {
			if (done >= 0 && done != revoked[i])
				torn++;
			done = revoked[i];
			slot->state = done ? KIT_ENDED : KIT_ACTIVE;
		} else if (revoked[i] != (state == KIT_ENDED)) {
			kit_note("state differs: %s", slot->id);
			missing++;
		}
	}
}

/* A create whose answer never came left a whole record or none; the record
 * is revoked, so that the next round starts with known ones only. */
static void
compare(struct kit_oracle *o, tc_handle *h, unsigned *left_over)
{
	struct audit a = { .o = o };
	struct tc_error err;

	a.revoked = malloc((o->n + 1) * sizeof(int));
	if (!a.revoked)
		kit_die("out of memory");
	for (unsigned i = 0; i < o->n; i++)
		a.revoked[i] = -1;
	if (tc_list(h, NULL, NULL, look_at, &a, &err)) {
		kit_note("list: %s", err.text);
		not_opened++;
	} else {
		settle(o, a.revoked);
		if (a.strange > *left_over + 1 ||
		    a.whole != a.strange - *left_over)
			unknown++;
		*left_over = a.strange;
	}
	o->intent[0] = '\0';
	free(a.revoked);
}

/* Kills it at a random moment; in each second round not before it made a
 * token, which may take long where the disk is slow. */
static void
kill_writer(const struct kit_oracle *o, pid_t pid, int round, uint64_t *seed)
{
	double end = kit_clock() + 60;
	unsigned before = o->n;
	int status;

	while (round % 2 == 0 && o->n == before && kit_clock() < end)
		kit_nap(0.001);
	kit_nap((double)kit_below(seed, 120000) / 1e6);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		not_opened++;
}

static void
one_round(struct kit_oracle *o, const char *config, int round, uint64_t *seed,
	  unsigned *left_over)
{
	unsigned before = o->n;
	tc_handle *h;
	pid_t pid = fork();

	if (pid < 0)
		kit_die("fork");
	if (pid == 0)
		write_until_killed(o, config, round);
	kill_writer(o, pid, round, seed);
	h = kit_open(config);
	compare(o, h, left_over);
	tc_free(h);
	acknowledged += o->n - before;
	/* What the killed one left behind need not be in order, but never
	 * worse than a warning. */
	if (kit_below(seed, 10) == 0 && kit_check(config) > TC_WARNING)
		problems++;
}

static void
start_readers(struct kit_oracle *o, const char *config, int n, pid_t *pids,
	      uint64_t *seed)
{
	for (int i = 0; i < n; i++) {
		uint64_t own = kit_random(seed);

		pids[i] = fork();
		if (pids[i] < 0)
			kit_die("fork");
		if (pids[i] == 0) {
			kit_judge_all(o, kit_open(config), own);
			_exit(0);
		}
	}
}

int
main(int argc, char **argv)
{
	struct kit_oracle *o = kit_shared(sizeof(*o));
	uint64_t seed;
	unsigned left_over = 0;
	pid_t readers[16];
	int rounds, n, lost = 0;

	if (argc != 5)
		kit_die("usage: kill CONFIG READER-CONFIG ROUNDS READERS");
	rounds = (int)kit_number(argv[3], 1, 100000);
	n = (int)kit_number(argv[4], 0, 16);
	seed = kit_seed();
	start_readers(o, argv[2], n, readers, &seed);
	for (int i = 0; i < rounds; i++)
		one_round(o, argv[1], i, &seed, &left_over);
	o->stop = 1;
	for (int i = 0; i < n; i++) {
		int status;

		waitpid(readers[i], &status, 0);
		lost += status != 0;
	}
	if (kit_check(argv[1]) > TC_WARNING)
		problems++;
	kit_report(o);
	kit_count("acknowledged", acknowledged);
	kit_count("missing", missing);
	kit_count("torn", torn);
	kit_count("unknown", unknown);
	kit_count("unacknowledged", left_over);
	kit_count("not_opened", not_opened);
	kit_count("problems", problems);
	kit_count("readers_lost", (uint64_t)lost);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * threads CONFIG QUIET-CONFIG SECONDS THREADS
 *
 * Many threads verify with one handle while another process makes and revokes
 * tokens and adds, activates and retires keys.  Every verdict is held against
 * the oracle.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

#define THREADS_MAX 256
#define KEYS_MAX 12 /* retired keys stay in the store's head for good */
#define LATE 240 /* seconds more for the writer where the disk is slow */

struct worker {
	struct kit_oracle *o;
	tc_handle *h;
	uint64_t seed;
};

struct counts {
	_Atomic uint64_t created, revoked, keys, failed;
};

static struct counts *counts;

static void
must(int rc, const struct tc_error *err, const char *what)
{
	if (rc == TC_OK)
		return;
	kit_note("%s: %s", what, err->text);
	counts->failed++;
}

/* A new active key; the one before it ends, and all its tokens with it. */
static void
change_keys(struct kit_oracle *o, tc_handle *h, unsigned *active)
{
	struct tc_error err;
	unsigned kid;

	must(tc_key_add(h, &kit_actor, 0, NULL, &kid, &err), &err, "add");
	must(tc_key_activate(h, &kit_actor, kid, &err), &err, "activate");
	for (unsigned i = 0; i < o->n; i++)
		if (o->slot[i].kid == *active && o->slot[i].state == KIT_ACTIVE)
			o->slot[i].state = KIT_ENDING;
	must(tc_key_retire(h, &kit_actor, *active, &err), &err, "retire");
	for (unsigned i = 0; i < o->n; i++)
		if (o->slot[i].state == KIT_ENDING)
			o->slot[i].state = KIT_ENDED;
	*active = kid;
	counts->keys++;
}

static void
revoke_some(struct kit_oracle *o, tc_handle *h, uint64_t *seed)
{
	unsigned at = (unsigned)kit_below(seed, o->n);
	struct tc_error err;

	if (o->slot[at].state != KIT_ACTIVE)
		return;
	must(kit_slot_revoke(o, h, &at, 1, &err), &err, "revoke");
	counts->revoked++;
}

static _Noreturn void
write_changes(struct kit_oracle *o, const char *config, uint64_t seed)
{
	tc_handle *h = kit_open(config);
	struct tc_error err;
	unsigned active = 1;

	for (unsigned i = 0; !o->stop; i++) {
		must(kit_slot_create(o, h, "thread", &err), &err, "create");
		counts->created++;
		if (i % 2)
			revoke_some(o, h, &seed);
		if (i % 10 == 9 && counts->keys < KEYS_MAX)
			change_keys(o, h, &active);
		if (o->n > KIT_SLOTS - 2)
			break;
	}
	tc_free(h);
	_exit(0);
}

static void *
verify_all(void *arg)
{
	struct worker *w = arg;

	kit_judge_all(w->o, w->h, w->seed);
	return NULL;
}

/* Some of each kind; or it failed, which is told at the end. */
static int
changed_enough(void)
{
	return counts->failed > 0 || (counts->created > 10 &&
				      counts->revoked > 0 && counts->keys > 0);
}

static void
run_threads(struct kit_oracle *o, tc_handle *h, int n, unsigned seconds,
	    uint64_t *seed)
{
	static struct worker workers[THREADS_MAX];
	static pthread_t threads[THREADS_MAX];
	double late = kit_clock() + seconds + LATE;

	for (int i = 0; i < n; i++) {
		workers[i] = (struct worker){ o, h, kit_random(seed) };
		if (pthread_create(&threads[i], NULL, verify_all, &workers[i]))
			kit_die("thread %d", i);
	}
	kit_nap(seconds);
	while (!changed_enough() && kit_clock() < late)
		kit_nap(0.05);
	o->stop = 1;
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

int
main(int argc, char **argv)
{
	struct kit_oracle *o = kit_shared(sizeof(*o));
	uint64_t seed;
	int n, status;
	tc_handle *h;
	pid_t pid;

	if (argc != 5)
		kit_die("usage: threads CONFIG QUIET-CONFIG SECONDS THREADS");
	counts = kit_shared(sizeof(*counts));
	n = (int)kit_number(argv[4], 1, THREADS_MAX);
	seed = kit_seed();
	pid = fork();
	if (pid == 0)
		write_changes(o, argv[1], kit_random(&seed));
	if (pid < 0)
		kit_die("fork");
	h = kit_open(argv[2]);
	run_threads(o, h, n, kit_number(argv[3], 1, 3600), &seed);
	tc_free(h);
	waitpid(pid, &status, 0);
	kit_report(o);
	kit_count("writer_lost", (uint64_t)(status != 0));
	kit_count("created", counts->created);
	kit_count("revoked", counts->revoked);
	kit_count("keys", counts->keys);
	kit_count("failed", counts->failed);
	kit_count("problems", kit_check(argv[1]) > TC_WARNING);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What readers of all kinds have in common. */
#include <stdio.h>
#include <string.h>

#include "soak.h"
#include "token.h"

#define THREADS_MAX 64

struct thread {
	pthread_t id;
	thread_fn *fn;
	void *arg;
	uint64_t seed;
};

static void *
run(void *arg)
{
	struct thread *t = arg;

	t->fn(t->arg, t->seed);
	return NULL;
}

void
reader_threads(unsigned n, thread_fn *fn, void *arg, uint64_t seed)
{
	struct thread threads[THREADS_MAX];

	for (unsigned i = 0; i < n; i++) {
		threads[i] = (struct thread){ .fn = fn, .arg = arg };
		threads[i].seed = kit_random(&seed);
		if (pthread_create(&threads[i].id, NULL, run, &threads[i]) != 0)
			kit_die("thread %u", i);
	}
	for (unsigned i = 0; i < n; i++)
		pthread_join(threads[i].id, NULL);
}

int
reader_draw(struct oracle_ask *ask, const enum oracle_what *kinds, size_t n,
	    uint64_t *seed)
{
	*ask = (struct oracle_ask){ .what = kinds[kit_below(seed, n)] };
	ask->slot = oracle_pick(&soak->oracle, seed);
	if (ask->slot == NULL) {
		kit_nap(0.001);
		return 0;
	}
	ask->login = (enum oracle_login)kit_below(seed, LOGINS);
	ask->only = (enum oracle_name)kit_below(seed, NAMES);
	ask->inside = kit_below(seed, 4) > 0;
	/* A value is as it is, or another user's. */
	if (ask->slot->imported && ask->what != ASK_OTHER_USER)
		ask->what = ASK_TEXT;
	return 1;
}

static void
narrow(const struct oracle_ask *ask, char text[TC_TOKEN_MAX + 1])
{
	struct tc_caveat caveat = { .type = TC_CAVEAT_SERVICE };
	struct tc_error err;

	(void)snprintf(caveat.services, sizeof(caveat.services), "%s",
		       oracle_names[ask->only]);
	if (tc_narrow(ask->slot->text, strlen(ask->slot->text), &caveat, 1,
		      text, &err) != TC_OK)
		kit_die("tc_narrow: %s", err.text);
}

/* The same token but for some bits of its tag or its nonce. */
static void
change(const struct oracle_ask *ask, uint64_t *seed,
       char text[TC_TOKEN_MAX + 1])
{
	struct tc_token tok;
	unsigned char bit = (unsigned char)(1U << kit_below(seed, 8));

	if (tc_token_read(ask->slot->text, strlen(ask->slot->text), &tok) !=
	    TC_VALID)
		kit_die("not a token in the oracle");
	if (ask->what == ASK_FORGED)
		tok.tag[kit_below(seed, TC_TAG_LEN)] ^= bit;
	else
		tok.header[3 + kit_below(seed, TC_NONCE_LEN)] ^= bit;
	tc_token_write(&tok, text);
}

void
reader_text(const struct oracle_ask *ask, uint64_t *seed,
	    char text[TC_TOKEN_MAX + 1])
{
	if (ask->what == ASK_NARROWED)
		narrow(ask, text);
	else if (ask->what == ASK_FORGED || ask->what == ASK_STRANGER)
		change(ask, seed, text);
	else
		(void)snprintf(text, TC_TOKEN_MAX + 1, "%s", ask->slot->text);
}

const char *
reader_user(const struct oracle_ask *ask)
{
	return ask->what == ASK_OTHER_USER || ask->what == ASK_SCRAM_OTHER
		   ? "soak-other"
		   : ask->slot->user;
}

const char *
reader_address(const struct oracle_ask *ask)
{
	return ask->inside ? ORACLE_INSIDE : ORACLE_OUTSIDE;
}

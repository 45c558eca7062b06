/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * commit CONFIG BARE USER FOLDER SYNCS ROUNDS CALLS
 *
 * Commits of one change each, beside write and fdatasync, as often as the
 * layout needs, to a file in FOLDER.  A create also makes the token's verifier
 * for SCRAM, 4096 rounds of HMAC, but by BARE, which says scram = no for the
 * same store.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tokencore.h"
#include "turns.h"

struct bench {
	tc_handle *h;
	const char *user;
	unsigned syncs, edits;
	int fd;
	char id[TC_ID_LEN + 1]; /* to be edited */
	char last[TC_ID_LEN + 1]; /* to be revoked */
};

static const struct tc_actor actor = { .uid = 0, .name = "bench" };

static void
sync_alone(void *arg)
{
	struct bench *b = arg;
	static const char block[512];

	for (unsigned i = 0; i < b->syncs; i++)
		if (write(b->fd, block, sizeof(block)) < 0 || fdatasync(b->fd))
			turns_die("cannot write");
}

static void
create(void *arg)
{
	struct bench *b = arg;
	struct tc_create spec = { .user = b->user, .label = "laptop" };
	char token[TC_TOKEN_MAX + 1];
	struct tc_record *rec;
	struct tc_error err;

	if (tc_create(b->h, &actor, &spec, token, &rec, &err))
		turns_die("create: %s", err.text);
	memcpy(b->last, rec->id, sizeof(b->last));
	tc_record_free(rec);
}

static void
edit(void *arg)
{
	struct bench *b = arg;
	const char *id = b->id;
	struct tc_edit change = { .what = TC_EDIT_LABEL,
				  .label =
				      b->edits++ % 2 ? "laptop" : "mobile" };
	struct tc_error err;

	if (tc_edit(b->h, &actor, &id, 1, &change, &err))
		turns_die("edit: %s", err.text);
}

/* Each revokes another one, so each is made first, outside the clock's sight:
 * see main(). */
static char (*doomed)[TC_ID_LEN + 1];
static unsigned n_doomed;

static void
revoke_one(void *arg)
{
	struct bench *b = arg;
	const char *id = doomed[--n_doomed];
	struct tc_error err;

	if (tc_revoke(b->h, &actor, &id, 1, "left on a train", &err))
		turns_die("revoke: %s", err.text);
}

static void
make_doomed(struct bench *b, unsigned n)
{
	static char ids[1000][TC_ID_LEN + 1];
	static char tokens[1000][TC_TOKEN_MAX + 1];
	static struct tc_create specs[1000];
	static struct tc_record *recs[1000];
	struct tc_error err;

	if (n > 1000)
		turns_die("too many rounds");
	for (unsigned i = 0; i < n; i++)
		specs[i] =
		    (struct tc_create){ .user = b->user, .label = "laptop" };
	if (tc_create_many(b->h, &actor, specs, n, tokens, recs, &err))
		turns_die("create: %s", err.text);
	for (unsigned i = 0; i < n; i++) {
		memcpy(ids[i], recs[i]->id, sizeof(ids[i]));
		tc_record_free(recs[i]);
	}
	doomed = ids;
	n_doomed = n;
}

int
main(int argc, char **argv)
{
	static struct bench b, bare;
	struct tc_options options = { .config = argv[1] };
	struct tc_options without = { .config = argv[2] };
	struct tc_error err;
	char path[4096];
	unsigned rounds, calls;

	if (argc != 8)
		turns_die("usage: see the source");
	b.user = bare.user = argv[3];
	(void)snprintf(path, sizeof(path), "%s/sync", argv[4]);
	b.fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	b.syncs = turns_number(argv[5], 100);
	rounds = turns_number(argv[6], 100);
	calls = turns_number(argv[7], 1000);
	if (b.fd < 0 || tc_open(&b.h, &options, &err) ||
	    tc_open(&bare.h, &without, &err))
		turns_die("cannot begin");
	create(&b);
	memcpy(b.id, b.last, sizeof(b.id));
	make_doomed(&b, (rounds + 1) * calls);
	turns_take((struct turn[]){ { "floor", sync_alone, &b, calls },
				    { "create", create, &b, calls },
				    { "bare", create, &bare, calls },
				    { "edit", edit, &b, calls },
				    { "revoke", revoke_one, &b, calls } },
		   5, rounds);
	tc_free(bare.h);
	tc_free(b.h);
	close(b.fd);
	return 0;
}

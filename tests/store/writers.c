/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * writers CONFIG N COMMITS
 *
 * N processes that change tokens at the same time, COMMITS times each and in
 * every way there is; then it is looked whether all of it is there.  One token
 * is everyone's: each writer counts in a property of its own, so that a change
 * that overwrites another one shows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"

#define WRITERS_MAX 8
#define TOKENS_MAX 400

/* What a token has to be in the end. */
struct expected {
	char token[TC_TOKEN_MAX + 1], id[TC_ID_LEN + 1], label[32];
	enum tc_verdict verdict;
	int listed;
};

struct writer {
	unsigned n, counted, failed;
	struct expected e[TOKENS_MAX];
};

struct shared {
	char common[TC_ID_LEN + 1]; /* the id of everyone's token */
	struct writer w[WRITERS_MAX];
};

/* ---- the changes, in turn ---- */

/* One writer's doings; the newest token is the one that is changed. */
struct doing {
	struct shared *s;
	struct writer *w;
	tc_handle *h;
	unsigned me, turn;
	struct tc_error err;
};

static struct expected *
newest(struct doing *d)
{
	return &d->w->e[d->w->n - 1];
}

static void
remember(struct doing *d, const struct tc_record *rec, const char *label)
{
	struct expected *e = newest(d);

	(void)snprintf(e->id, sizeof(e->id), "%s", rec->id);
	(void)snprintf(e->label, sizeof(e->label), "%s", label);
	e->verdict = TC_VALID;
	e->listed = 1;
}

static int
create(struct doing *d)
{
	struct tc_record *rec;
	char label[32];
	int rc;

	(void)snprintf(label, sizeof(label), "w%u-%u", d->me, d->turn);
	if (d->w->n == TOKENS_MAX)
		kit_die("too many tokens");
	rc = kit_create(d->h, label, 0, d->w->e[d->w->n].token, &rec, &d->err);
	if (rc != TC_OK)
		return rc;
	d->w->n++;
	remember(d, rec, label);
	tc_record_free(rec);
	return TC_OK;
}

static int
edit(struct doing *d)
{
	struct expected *e = newest(d);
	const char *id = e->id;
	struct tc_edit what = { .what = TC_EDIT_LABEL, .label = e->label };

	(void)snprintf(e->label, sizeof(e->label), "edited %u-%u", d->me,
		       d->turn);
	return tc_edit(d->h, &kit_actor, &id, 1, &what, &d->err);
}

static int
count_up(struct doing *d)
{
	const char *id = d->s->common;
	char key[16], value[16];
	struct tc_property p = { key, value };
	struct tc_edit what = { .what = TC_EDIT_PROPERTIES,
				.properties = &p,
				.n_properties = 1 };

	(void)snprintf(key, sizeof(key), "writer %u", d->me);
	(void)snprintf(value, sizeof(value), "%u", ++d->w->counted);
	return tc_edit(d->h, &kit_actor, &id, 1, &what, &d->err);
}

static int
regenerate(struct doing *d)
{
	struct expected *old = newest(d);
	struct tc_record *rec;
	int rc;

	if (d->w->n == TOKENS_MAX)
		kit_die("too many tokens");
	rc = tc_regenerate(d->h, &kit_actor, old->id, TC_EXPIRES_KEEP,
			   d->w->e[d->w->n].token, &rec, &d->err);
	if (rc != TC_OK)
		return rc;
	d->w->n++;
	remember(d, rec, old->label);
	old->verdict = TC_REVOKED;
	tc_record_free(rec);
	return TC_OK;
}

static int
end(struct doing *d)
{
	struct expected *e = newest(d);
	const char *id = e->id;

	e->verdict = TC_REVOKED;
	return tc_revoke(d->h, &kit_actor, &id, 1, "test", &d->err);
}

static int
take_away(struct doing *d)
{
	struct expected *e = newest(d);
	const char *id = e->id;

	e->verdict = TC_REVOKED;
	e->listed = 0;
	return tc_delete(d->h, &kit_actor, &id, 1, "test", &d->err);
}

static _Noreturn void
write_on(struct shared *s, unsigned me, const char *config, unsigned commits)
{
	static int (*const changes[])(struct doing *) = {
		create, edit,	  count_up,  regenerate, end,
		create, count_up, take_away, create,	 regenerate,
	};
	struct doing d = { .s = s, .w = &s->w[me], .me = me };

	d.h = kit_open(config);
	for (d.turn = 0; d.turn < commits; d.turn++) {
		size_t which = d.turn % (sizeof(changes) / sizeof(changes[0]));

		if (changes[which](&d) != TC_OK) {
			kit_note("writer %u: %s", me, d.err.text);
			d.w->failed++;
		}
		kit_nap(KIT_TURN);
	}
	tc_free(d.h);
	exit(0);
}

/* ---- afterwards ---- */

/* Is it as it has to be? */
static int
right(tc_handle *h, const struct expected *e)
{
	struct tc_record *rec;
	struct tc_result res;
	int rc = tc_show(h, NULL, e->id, &rec, NULL), fits;

	if (kit_verify(h, e->token, &res) != e->verdict)
		return 0;
	if (rc != TC_OK)
		return rc == TC_E_NOTFOUND && !e->listed;
	fits = e->listed && strcmp(rec->label, e->label) == 0 &&
	       rec->standing == e->verdict;
	tc_record_free(rec);
	return fits;
}

static unsigned
counts_that_differ(tc_handle *h, const struct shared *s, unsigned n)
{
	struct tc_record *rec;
	unsigned differ = n;

	if (tc_show(h, NULL, s->common, &rec, NULL))
		return n;
	for (size_t i = 0; i < rec->n_properties; i++) {
		const struct tc_property *p = &rec->properties[i];
		unsigned long at =
		    strtoul(p->key + strlen("writer "), NULL, 10);

		differ -=
		    at < n && strtoul(p->value, NULL, 10) == s->w[at].counted;
	}
	tc_record_free(rec);
	return differ;
}

static uint64_t
commits_so_far(tc_handle *h)
{
	struct tc_info info;
	struct tc_error err;

	if (tc_info(h, &info, &err))
		kit_die("info: %s", err.text);
	return info.commits;
}

static void
make_common(struct shared *s, tc_handle *h)
{
	char token[TC_TOKEN_MAX + 1];
	struct tc_record *rec;
	struct tc_error err;

	if (kit_create(h, "everyone's", 0, token, &rec, &err))
		kit_die("create: %s", err.text);
	memcpy(s->common, rec->id, sizeof(s->common));
	tc_record_free(rec);
}

int
main(int argc, char **argv)
{
	struct shared *s = kit_shared(sizeof(*s));
	unsigned n, commits, wrong = 0, failed = 0, tokens = 0, lost = 0;
	uint64_t before;
	tc_handle *h;

	if (argc != 4)
		kit_die("usage: writers CONFIG N COMMITS");
	n = kit_number(argv[2], 1, WRITERS_MAX);
	commits = kit_number(argv[3], 1, 1000);
	h = kit_open(argv[1]);
	make_common(s, h);
	before = commits_so_far(h);
	for (unsigned i = 0; i < n; i++)
		if (fork() == 0)
			write_on(s, i, argv[1], commits);
	for (unsigned i = 0; i < n; i++) {
		int status;

		lost += wait(&status) < 0 || status != 0;
	}
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < s->w[i].n; k++)
			wrong += !right(h, &s->w[i].e[k]);
		failed += s->w[i].failed;
		tokens += s->w[i].n;
	}
	kit_count("commits", commits_so_far(h) - before);
	kit_count("tokens", tokens);
	kit_count("wrong", wrong);
	kit_count("failed", failed);
	kit_count("writers_lost", lost);
	kit_count("counts_that_differ", counts_that_differ(h, s, n));
	tc_free(h);
	return 0;
}

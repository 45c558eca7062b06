/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "oracle.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IN_THE_WAY_MAX 12 /* files of an init that was cut off */

const char *
ruling_word(enum ruling r)
{
	static const char *const words[RULINGS] = {
		[RULED_FINE] = "fine",	     [RULED_LOST] = "lost",
		[RULED_TORN] = "torn",	     [RULED_REFUSED] = "refused",
		[RULED_LET_IN] = "let_in",   [RULED_STUCK] = "stuck",
		[RULED_PROBLEM] = "problem",
	};

	return words[r];
}

void
oracle_know(struct oracle *o, const char *file)
{
	FILE *f = fopen(file, "r");
	struct known k;

	while (f && fscanf(f, "%31s %255s", k.user, k.value) == 2) {
		o->known = realloc(o->known, (o->n + 1) * sizeof(k));
		if (!o->known)
			kit_die("out of memory");
		o->known[o->n++] = k;
	}
	if (f)
		fclose(f);
}

enum tc_verdict
oracle_verify(tc_handle *h, const struct known *known, struct tc_result *res)
{
	const struct tc_request req = {
		.authtok = known->value,
		.authtok_len = strlen(known->value),
		.user = known->user,
		.service = "sshd",
		.rhost = "192.0.2.7",
		.flags = TC_IMPORTED,
	};

	return tc_verify(h, &req, res);
}

/* ---- the next change ---- */

static struct tc_actor
administrator(void)
{
	return (struct tc_actor){ .uid = geteuid(), .name = "test" };
}

struct next {
	struct known known;
	char id[TC_ID_LEN + 1];
};

static int
next_import(tc_handle *h, struct next *next, struct tc_error *err)
{
	struct tc_actor actor = administrator();
	struct tc_import item = {
		.spec = { .user = "erin", .label = "the next change" },
		.value = "a-value-made-elsewhere-for-the-next-change",
	};
	int rc;

	item.len = strlen(item.value);
	rc = tc_import(h, &actor, &item, 1, err);
	if (rc == TC_OK && item.error.code != TC_OK) {
		*err = item.error;
		rc = item.error.code;
	}
	memcpy(next->id, item.id, sizeof(next->id));
	snprintf(next->known.user, sizeof(next->known.user), "%s",
		 item.spec.user);
	snprintf(next->known.value, sizeof(next->known.value), "%s",
		 item.value);
	return rc;
}

static int
next_revoke(tc_handle *h, struct next *next, struct tc_error *err)
{
	struct tc_actor actor = administrator();
	const char *ids[1] = { next->id };

	return tc_revoke(h, &actor, ids, 1, "test", err);
}

/* One change, which has to give what was there and itself. */
static int
step(const struct oracle *o, tc_handle *h, const struct content *was,
     struct next *next, enum tc_verdict want,
     int (*change)(tc_handle *, struct next *, struct tc_error *))
{
	struct content now = { .n = 0 };
	struct tc_result res;
	struct tc_error err;
	int same;

	if (change(h, next, &err) || content_read(&now, o, h, next->id, &err)) {
		kit_note("the next change: %s", err.text);
		return -1;
	}
	same = content_same(was, &now);
	if (!same) {
		kit_note("after the next change:");
		content_differ(was, &now);
	}
	content_free(&now);
	if (same && oracle_verify(h, &next->known, &res) != want) {
		kit_note("the next change's token: %s",
			 tc_verdict_name(res.verdict));
		same = 0;
	}
	return same ? 0 : -1;
}

/* Two of them, so that both data files have had their turn. */
static int
go_on(const struct oracle *o, tc_handle *h, const struct content *was)
{
	struct next next;

	return step(o, h, was, &next, TC_VALID, next_import) ||
		       step(o, h, was, &next, TC_REVOKED, next_revoke)
		   ? -1
		   : 0;
}

/* ---- the checker ---- */

struct findings {
	uint64_t warnings, problems;
};

/* The same is found in thousands of states. */
static void
note_once(const char *kind, const char *what, const char *why)
{
	static char seen[64][160];
	char line[160];
	size_t i = 0;

	snprintf(line, sizeof(line), "%s: %s: %s", kind, what, why);
	while (i < 64 && *seen[i] && strcmp(seen[i], line) != 0)
		i++;
	if (i == 64 || *seen[i])
		return;
	memcpy(seen[i], line, sizeof(line));
	kit_note("%s", line);
}

static void
finding(void *arg, enum tc_severity severity, const char *what, const char *why,
	const char *mend)
{
	struct findings *f = arg;
	const char *slash = strrchr(what, '/');

	(void)mend;
	if (severity == TC_FINE)
		return;
	note_once(severity == TC_WARNING ? "warning" : "PROBLEM",
		  slash ? slash + 1 : what, why);
	f->warnings += severity == TC_WARNING;
	f->problems += severity == TC_PROBLEM;
}

static int
check(const char *config, uint64_t *warned)
{
	struct findings f = { .warnings = 0 };

	(void)tc_check(config, finding, &f);
	*warned += f.warnings;
	return f.problems > 0 ? -1 : 0;
}

/* ---- a state ---- */

static tc_handle *
try_open(const char *config, struct tc_error *err)
{
	const struct tc_options options = { .config = config };
	tc_handle *h;

	return tc_open(&h, &options, err) == TC_OK ? h : NULL;
}

static int
lets_in(const struct content *want, const struct content *got, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (got->verdict[i] == TC_VALID && want->verdict[i] != TC_VALID)
			return 1;
	return 0;
}

static enum ruling
compare(const struct oracle *o, const struct content *got,
	const struct content *const *allowed, size_t n, int acked)
{
	int let_in = 1;

	/* An init that fails in the end may have been whole for a while. */
	if (o->is_init && allowed[n - 1]->n == 0)
		return RULED_FINE;
	for (size_t i = 0; i < n; i++)
		if (content_same(allowed[i], got))
			return RULED_FINE;
	content_differ(allowed[n - 1], got);
	for (size_t i = 0; i < n; i++)
		let_in &= lets_in(allowed[i], got, o->n);
	if (let_in)
		return RULED_LET_IN;
	return acked ? RULED_LOST : RULED_TORN;
}

static enum ruling
judge_open(const struct oracle *o, tc_handle *h, const char *config,
	   const struct content *const *allowed, size_t n, int acked,
	   uint64_t warned[2])
{
	struct content got = { .n = 0 };
	struct tc_error err;
	enum ruling r;

	if (content_read(&got, o, h, NULL, &err)) {
		kit_note("refused: %s", err.text);
		return RULED_REFUSED;
	}
	r = compare(o, &got, allowed, n, acked);
	if (r == RULED_FINE && check(config, &warned[0]))
		r = RULED_PROBLEM;
	if (r == RULED_FINE && go_on(o, h, &got))
		r = RULED_STUCK;
	if (r == RULED_FINE && check(config, &warned[1]))
		r = RULED_PROBLEM;
	content_free(&got);
	return r;
}

/* ---- an installation in the making ---- */

/* Takes away what an error names, "FILE: exists already". */
static int
make_way(const char *folder, const struct tc_error *err)
{
	const char *colon = strstr(err->text, ": exists already");
	char path[PATH_MAX];

	if (err->code != TC_E_EXISTS || !colon)
		return -1;
	snprintf(path, sizeof(path), "%.*s", (int)(colon - err->text),
		 err->text);
	if (strncmp(path, folder, strlen(folder)) != 0)
		return -1;
	return unlink(path);
}

/* It may be made again, or says what is in the way until nothing is. */
static enum ruling
judge_remains(const char *folder, const char *config)
{
	struct tc_error err;
	tc_handle *h;
	int rc = TC_E_EXISTS;

	for (int i = 0; rc != TC_OK && i < IN_THE_WAY_MAX; i++) {
		rc = tc_init(config, NULL, &err);
		if (rc != TC_OK && make_way(folder, &err)) {
			kit_note("init again: %s", err.text);
			return RULED_STUCK;
		}
	}
	h = rc == TC_OK ? try_open(config, &err) : NULL;
	if (!h)
		kit_note("after init again: %s", err.text);
	tc_free(h);
	return h ? RULED_FINE : RULED_STUCK;
}

static int
is_whole(const struct oracle *o, tc_handle *h)
{
	struct content c = { .n = 0 };
	struct tc_error err;
	int rc = content_read(&c, o, h, NULL, &err);

	content_free(&c);
	return rc == TC_OK;
}

enum ruling
oracle_judge(const struct oracle *o, const char *folder,
	     const struct content *const *allowed, size_t n, int acked,
	     uint64_t warned[2])
{
	char config[PATH_MAX];
	struct tc_error err;
	enum ruling r;
	tc_handle *h;

	snprintf(config, sizeof(config), "%s/inst/apitoken.conf", folder);
	h = try_open(config, &err);
	if (o->is_init && !acked && (!h || !is_whole(o, h))) {
		tc_free(h);
		return judge_remains(folder, config);
	}
	if (!h) {
		kit_note("refused: %s", err.text);
		return o->is_init ? RULED_LOST : RULED_REFUSED;
	}
	r = judge_open(o, h, config, allowed, n, acked, warned);
	tc_free(h);
	return r;
}

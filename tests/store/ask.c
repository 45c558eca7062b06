/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ask CONFIG
 *
 * Makes the library's calls, one for each line of stdin, with one handle that
 * stays open, and answers each in a line:
 *
 *	open, close		ok, or the error
 *	verify TEXT		verdict and detail
 *	create LABEL		ok, the token and its id, or the error
 *	fill N			ok, after N records as large as can be
 *	revoke ID		ok, or the error
 *	check			fine, warning or problem, behind "#" lines
 *	list			ok and the number of tokens, or the error
 *	used ID			ok and its last use's service, or the error
 *	chroot FOLDER		ok
 *	become UID GID GROUP	ok
 */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit.h"

struct session {
	const char *config;
	tc_handle *h;
};

typedef void verb_fn(struct session *s, char *arg);

static void
answer(int rc, const struct tc_error *err)
{
	if (rc == TC_OK)
		puts("ok");
	else
		printf("error %d %s\n", rc, err->text);
}

static void
do_open(struct session *s, char *arg)
{
	struct tc_options options = { .config = s->config };
	struct tc_error err = { .code = 0 };

	(void)arg;
	tc_free(s->h);
	answer(tc_open(&s->h, &options, &err), &err);
}

static void
do_close(struct session *s, char *arg)
{
	(void)arg;
	tc_free(s->h);
	s->h = NULL;
	puts("ok");
}

static void
do_verify(struct session *s, char *arg)
{
	struct tc_result res;
	enum tc_verdict v = kit_verify(s->h, arg, &res);

	printf("%s %s\n", tc_verdict_name(v), res.detail);
}

static void
do_create(struct session *s, char *arg)
{
	char token[TC_TOKEN_MAX + 1];
	struct tc_record *rec = NULL;
	struct tc_error err;
	int rc = kit_create(s->h, arg, 0, token, &rec, &err);

	if (rc == TC_OK)
		printf("ok %s %s\n", token, rec->id);
	else
		answer(rc, &err);
	tc_record_free(rec);
}

static void
do_fill(struct session *s, char *arg)
{
	char token[TC_TOKEN_MAX + 1];
	struct tc_error err;
	int rc = TC_OK;

	for (long n = strtol(arg, NULL, 10); rc == TC_OK && n > 0; n--)
		rc = kit_create(s->h, "filling", TC_PROPERTIES_MAX, token, NULL,
				&err);
	answer(rc, &err);
}

static void
do_revoke(struct session *s, char *arg)
{
	const char *id = arg;
	struct tc_error err;

	answer(tc_revoke(s->h, &kit_actor, &id, 1, "test", &err), &err);
}

static void
do_check(struct session *s, char *arg)
{
	static const char *const words[] = { "fine", "warning", "problem" };

	(void)arg;
	puts(words[kit_check(s->config)]);
}

static int
count(void *arg, const struct tc_record *rec)
{
	(void)rec;
	++*(unsigned *)arg;
	return 0;
}

static void
do_list(struct session *s, char *arg)
{
	struct tc_error err;
	unsigned n = 0;
	int rc = tc_list(s->h, NULL, NULL, count, &n, &err);

	(void)arg;
	if (rc == TC_OK)
		printf("ok %u\n", n);
	else
		answer(rc, &err);
}

static void
do_used(struct session *s, char *arg)
{
	struct tc_record *rec = NULL;
	struct tc_error err;
	int rc = tc_show(s->h, NULL, arg, &rec, &err);

	if (rc == TC_OK)
		printf("ok%s%s\n", rec->last_used ? " " : "",
		       rec->last_service);
	else
		answer(rc, &err);
	tc_record_free(rec);
}

static void
do_chroot(struct session *s, char *arg)
{
	(void)s;
	if (chroot(arg) || chdir("/"))
		printf("error %s\n", strerror(errno));
	else
		puts("ok");
}

static void
do_become(struct session *s, char *arg)
{
	const char *words[3] = { NULL };
	gid_t groups[1], gid;
	uid_t uid;
	char *rest = NULL;

	(void)s;
	for (int i = 0; i < 3; i++, arg = NULL) {
		words[i] = strtok_r(arg, " ", &rest);
		if (!words[i])
			kit_die("become: three numbers");
	}
	uid = kit_number(words[0], 1, INT_MAX);
	gid = kit_number(words[1], 1, INT_MAX);
	groups[0] = kit_number(words[2], 1, INT_MAX);
	if (setgroups(1, groups) || setresgid(gid, gid, gid) ||
	    setresuid(uid, uid, uid))
		printf("error %s\n", strerror(errno));
	else
		puts("ok");
}

static const struct {
	const char *name;
	verb_fn *fn;
	int needs_handle;
} verbs[] = {
	{ "open", do_open, 0 },	    { "close", do_close, 0 },
	{ "verify", do_verify, 0 }, { "create", do_create, 1 },
	{ "fill", do_fill, 1 },	    { "revoke", do_revoke, 1 },
	{ "check", do_check, 0 },   { "list", do_list, 1 },
	{ "used", do_used, 1 },	    { "chroot", do_chroot, 0 },
	{ "become", do_become, 0 },
};

static void
obey(struct session *s, char *line)
{
	char *arg = line + strcspn(line, " ");

	if (*arg)
		*arg++ = '\0';
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(line, verbs[i].name) != 0)
			continue;
		if (verbs[i].needs_handle && !s->h)
			puts("error no handle");
		else
			verbs[i].fn(s, arg);
		fflush(stdout);
		return;
	}
	kit_die("unknown: %s", line);
}

int
main(int argc, char **argv)
{
	struct session s = { .config = argc > 1 ? argv[1] : NULL };
	char line[1024];

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		obey(&s, line);
	}
	tc_free(s.h);
	return 0;
}

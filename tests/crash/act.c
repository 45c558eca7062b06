/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * act KIND FOLDER KNOWN
 *
 * Makes one change to the installation FOLDER/inst and says, to the shim and by
 * a byte on the descriptor in CRASH_ACK, when it was told that it is done.
 * Appends the values of new tokens to the file KNOWN.
 */
#include "act.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "trace.h"

#define MANY 200

/* ---- the changes ---- */

static int
act_init(struct stage *s, struct tc_error *err)
{
	return tc_init(s->config, NULL, err);
}

static int
act_create(struct stage *s, struct tc_error *err)
{
	return make_tokens(s, "alice", "new", 1, err);
}

static int
act_create_many(struct stage *s, struct tc_error *err)
{
	return make_tokens(s, "alice", "new", 50, err);
}

static int
act_edit(struct stage *s, struct tc_error *err)
{
	static const char *const services[] = { "sudo", "sshd" };
	static const struct tc_property properties[] = {
		{ "application", "another" },
		{ "owner", "the backup team" },
	};
	const struct tc_edit edit = {
		.what = TC_EDIT_LABEL | TC_EDIT_SERVICES | TC_EDIT_PROPERTIES,
		.label = "changed",
		.n_services = 2,
		.services = services,
		.n_properties = 2,
		.properties = properties,
	};
	char ids[3][TC_ID_LEN + 1];
	const char *some[] = { ids[0], ids[1], ids[2] };

	ids_of(s, "alice", "a", 3, ids);
	return tc_edit(s->h, &s->actor, some, 3, &edit, err);
}

static int
act_renew(struct stage *s, struct tc_error *err)
{
	char ids[2][TC_ID_LEN + 1];
	const char *some[] = { ids[0], ids[1] };

	ids_of(s, "alice", "past", 1, &ids[0]);
	ids_of(s, "alice", "a", 1, &ids[1]);
	return tc_renew(s->h, &s->actor, some, 2, 4133980800, err);
}

static int
act_copy(struct stage *s, struct tc_error *err)
{
	char ids[2][TC_ID_LEN + 1], token[TC_TOKEN_MAX + 1];
	int rc;

	ids_of(s, "alice", "a", 2, ids);
	rc = tc_copy(s->h, &s->actor, ids[1], NULL, NULL, token, NULL, err);
	if (rc == TC_OK)
		fprintf(s->known, "alice %s\n", token);
	return rc;
}

static int
act_regenerate(struct stage *s, struct tc_error *err)
{
	char ids[2][TC_ID_LEN + 1], token[TC_TOKEN_MAX + 1];
	int rc;

	ids_of(s, "alice", "a", 2, ids);
	rc = tc_regenerate(s->h, &s->actor, ids[1], TC_EXPIRES_KEEP, token,
			   NULL, err);
	if (rc == TC_OK)
		fprintf(s->known, "alice %s\n", token);
	return rc;
}

static int
revoke_some(struct stage *s, const char *prefix, size_t most,
	    struct tc_error *err)
{
	char ids[MANY][TC_ID_LEN + 1];
	const char *some[MANY];
	size_t n = ids_of(s, "alice", prefix, most, ids);

	for (size_t i = 0; i < n; i++)
		some[i] = ids[i];
	return tc_revoke(s->h, &s->actor, some, n, "left on a train", err);
}

static int
act_revoke(struct stage *s, struct tc_error *err)
{
	return revoke_some(s, "a", 1, err);
}

static int
act_revoke_many(struct stage *s, struct tc_error *err)
{
	return revoke_some(s, "b", MANY, err);
}

static int
act_delete(struct stage *s, struct tc_error *err)
{
	char ids[3][TC_ID_LEN + 1];
	const char *some[] = { ids[0], ids[1], ids[2] };

	ids_of(s, "alice", "a", 3, ids);
	return tc_delete(s->h, &s->actor, some, 3, "no longer needed", err);
}

static int
act_revoke_user(struct stage *s, struct tc_error *err)
{
	return tc_revoke_all(s->h, &s->actor, "alice", 0, "lost", err);
}

static int
act_revoke_all(struct stage *s, struct tc_error *err)
{
	return tc_revoke_all(s->h, &s->actor, NULL, 0, "lost", err);
}

static int
act_import(struct stage *s, struct tc_error *err)
{
	char values[3][40];
	struct tc_import items[3];
	int rc;

	memset(items, 0, sizeof(items));
	for (int i = 0; i < 3; i++) {
		snprintf(values[i], sizeof(values[i]),
			 "made-elsewhere-%d-0123456789", i);
		items[i].spec.user = "alice";
		items[i].spec.label = "another portal";
		items[i].value = values[i];
		items[i].len = strlen(values[i]);
		fprintf(s->known, "alice %s\n", values[i]);
	}
	rc = tc_import(s->h, &s->actor, items, 3, err);
	for (int i = 0; rc == TC_OK && i < 3; i++)
		if (items[i].error.code != TC_OK)
			kit_die("import: %s", items[i].error.text);
	return rc;
}

/* Records as another host would have them: like some of this one's. */
static int
act_restore(struct stage *s, struct tc_error *err)
{
	static const struct tc_ended ended[] = {
		{ .user = "dave", .before = 1700000000 },
		{ .user = "", .kid = 2, .before = 1700000000 },
		{ .user = "", .before = 1700000000 },
	};
	struct tc_record *had[3], given[3];
	const struct tc_record *some[] = { &given[0], &given[1], &given[2] };
	enum tc_restored results[3];
	char ids[3][TC_ID_LEN + 1];
	int rc;

	ids_of(s, "alice", "a", 3, ids);
	for (int i = 0; i < 3; i++) {
		if (tc_show(s->h, &s->actor, ids[i], &had[i], err))
			kit_die("show: %s", err->text);
		given[i] = *had[i];
		memset(given[i].id, '0' + i, 6);
	}
	rc = tc_restore(s->h, &s->actor, some, 3, ended, 3, 0, results, err);
	for (int i = 0; i < 3; i++)
		tc_record_free(had[i]);
	return rc;
}

static int
act_compact(struct stage *s, struct tc_error *err)
{
	return tc_compact(s->h, &s->actor, err);
}

static int
act_key_add(struct stage *s, struct tc_error *err)
{
	return tc_key_add(s->h, &s->actor, 0, NULL, NULL, err);
}

static int
act_key_activate(struct stage *s, struct tc_error *err)
{
	return tc_key_activate(s->h, &s->actor, 2, err);
}

static int
act_key_retire(struct stage *s, struct tc_error *err)
{
	return tc_key_retire(s->h, &s->actor, 2, err);
}

/* The first half of it: what a key's retirement may leave. */
static int
act_key_mark(struct stage *s, struct tc_error *err)
{
	static const struct tc_ended ended = { .user = "",
					       .kid = 2,
					       .before = INT64_MAX };

	return tc_restore(s->h, &s->actor, NULL, 0, &ended, 1, 0, NULL, err);
}

static const struct {
	const char *kind;
	act_fn *fn;
} acts[] = {
	{ "prepare_small", prepare_small },
	{ "prepare_medium", prepare_medium },
	{ "prepare_large", prepare_large },
	{ "prepare_journal", prepare_journal },
	{ "init", act_init },
	{ "create", act_create },
	{ "create_many", act_create_many },
	{ "edit", act_edit },
	{ "renew", act_renew },
	{ "copy", act_copy },
	{ "regenerate", act_regenerate },
	{ "revoke", act_revoke },
	{ "revoke_many", act_revoke_many },
	{ "delete", act_delete },
	{ "revoke_user", act_revoke_user },
	{ "revoke_all", act_revoke_all },
	{ "import", act_import },
	{ "restore", act_restore },
	{ "compact", act_compact },
	{ "key_add", act_key_add },
	{ "key_activate", act_key_activate },
	{ "key_retire", act_key_retire },
	{ "key_mark", act_key_mark },
};

/* ---- saying so ---- */

static void
tell(enum trace_type type)
{
	union {
		void *symbol;
		trace_mark_fn *fn;
	} mark = { .symbol = dlsym(RTLD_DEFAULT, "crash_mark") };
	const char *ack = getenv("CRASH_ACK");

	if (mark.symbol)
		mark.fn(type);
	if (ack && type == TRACE_DONE && write(atoi(ack), "!", 1) != 1)
		kit_die("nobody listens");
}

int
main(int argc, char **argv)
{
	char config[PATH_MAX];
	struct stage s = { .config = config };
	struct tc_error err;
	act_fn *fn = NULL;
	int rc;

	if (argc != 4)
		kit_die("usage: act KIND FOLDER KNOWN");
	snprintf(config, sizeof(config), "%s/inst/apitoken.conf", argv[2]);
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strcmp(acts[i].kind, argv[1]) == 0)
			fn = acts[i].fn;
	s.actor = (struct tc_actor){ .uid = geteuid(), .name = "test" };
	s.known = fopen(argv[3], "a");
	if (!fn || !s.known)
		kit_die("no such change, or no file: %s %s", argv[1], argv[3]);
	if (fn != act_init)
		s.h = kit_open(config);
	rc = fn(&s, &err);
	tell(rc == TC_OK ? TRACE_DONE : TRACE_FAILED);
	if (rc != TC_OK)
		printf("%s\n", err.text);
	tc_free(s.h);
	return fclose(s.known) || rc != TC_OK;
}

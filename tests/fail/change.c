/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes, while calls fail: all of one or nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../store/kit.h"
#include "library.h"

static const char *const services[] = { "imap" };
static const struct tc_property properties[] = { { "host", "b" },
						 { "use", "mail" } };
static const struct tc_create spec = { .user = "alice",
				       .label = "made",
				       .n_services = 1,
				       .services = services,
				       .n_properties = 2,
				       .properties = properties };

/* ---- new ones ---- */

static enum said
create(void)
{
	return lib_said(tc_create(lib.h, &site_actor, &spec, lib.token,
				  &lib.rec, &lib.err));
}

static enum said
create_many(void)
{
	struct tc_create specs[3] = { spec, spec, spec };

	specs[1].label = "second";
	specs[2].label = "third";
	return lib_said(tc_create_many(lib.h, &site_actor, specs, 3, lib.tokens,
				       lib.recs, &lib.err));
}

static void
judge_many(void)
{
	lib_judge();
	for (int i = 0; i < 3; i++) {
		if (lib.rc == TC_OK &&
		    (!lib.recs[i] || strncmp(lib.tokens[i], "tkc1_", 5)))
			problem(FAULT_RESULT, "no token");
		if (lib.rc != TC_OK && (lib.recs[i] || *lib.tokens[i]))
			problem(FAULT_RESULT, "a token after a failure");
	}
}

/* An account of every host, by a group of its own and with limits that need
 * all that the account's entries say. */
static void
with_accounts(void)
{
	site_configure("owners = @daemon, @nosuchgroup, alice\n"
		       "allow_root = no\nminimum_uid = 1\n"
		       "default_lifetime = 90d\nmax_lifetime = 365d\n"
		       "required_properties = use\n",
		       "[sets]\nmail = imap, pop\n");
}

static enum said
create_for_account(void)
{
	struct tc_create own = spec;

	own.user = "daemon";
	own.expires = TC_EXPIRES_DEFAULT;
	return lib_said(
	    tc_create(lib.h, &site_actor, &own, lib.token, &lib.rec, &lib.err));
}

static enum said
copy(void)
{
	static const struct tc_edit changes = { .what = TC_EDIT_LABEL,
						.label = "a copy" };

	return lib_said(tc_copy(lib.h, &site_actor, site.valid.id, &changes,
				"erin", lib.token, &lib.rec, &lib.err));
}

static enum said
regenerate(void)
{
	return lib_said(tc_regenerate(lib.h, &site_actor, site.valid.id,
				      TC_EXPIRES_KEEP, lib.token, &lib.rec,
				      &lib.err));
}

/* ---- others ---- */

static const char *const *
some(void)
{
	static const char *ids[3];

	ids[0] = site.valid.id;
	ids[1] = site.root.id;
	ids[2] = site.expired.id;
	return ids;
}

static enum said
edit(void)
{
	static const struct tc_edit what = {
		.what = TC_EDIT_LABEL | TC_EDIT_SERVICES | TC_EDIT_SOURCES |
			TC_EDIT_PROPERTIES,
		.label = "other",
		.n_services = 1,
		.services = services,
		.n_properties = 2,
		.properties = properties,
	};

	return lib_said(
	    tc_edit(lib.h, &site_actor, some(), 2, &what, &lib.err));
}

static enum said
renew(void)
{
	return lib_said(tc_renew(lib.h, &site_actor, some(), 3,
				 SITE_EXPIRES + 86400, &lib.err));
}

static enum said
revoke_some(void)
{
	return lib_said(
	    tc_revoke(lib.h, &site_actor, some(), 3, "lost", &lib.err));
}

static enum said
revoke_user(void)
{
	return lib_said(
	    tc_revoke_all(lib.h, &site_actor, "bob", 0, "left", &lib.err));
}

static enum said
revoke_everyone(void)
{
	return lib_said(
	    tc_revoke_all(lib.h, &site_actor, NULL, 0, "", &lib.err));
}

static enum said
delete_some(void)
{
	return lib_said(tc_delete(lib.h, &site_actor, some(), 3, "", &lib.err));
}

/* By someone to whom the configuration grants it through a group. */
static void
with_permissions(void)
{
	site_configure("owners = any\n", "[permissions]\nrevoke_own = "
					 "@nosuchgroup, @daemon\n");
}

static enum said
revoke_own(void)
{
	static const gid_t groups[] = { 1, 7 };
	const struct tc_actor alice = {
		.uid = 4242, .name = "alice", .n_groups = 2, .groups = groups
	};
	const char *id = site.valid.id;

	return lib_said(tc_revoke(lib.h, &alice, &id, 1, "mine", &lib.err));
}

/* ---- from elsewhere ---- */

static struct tc_import items[3];

static enum said
import(void)
{
	static const char first[] = "another-value-of-30-characters";
	static const char second[] = "yet-another-value-of-some-length";

	for (int i = 0; i < 3; i++)
		items[i].spec = spec;
	items[0].value = first;
	items[0].len = strlen(first);
	items[1].value = "too short";
	items[1].len = 9;
	items[2].spec.label = "second";
	items[2].value = second;
	items[2].len = strlen(second);
	return lib_said(tc_import(lib.h, &site_actor, items, 3, &lib.err));
}

static void
judge_import(void)
{
	lib_judge();
	for (int i = 0; i < 3; i++) {
		int in = lib.rc == TC_OK && i != 1;

		run_told(items[i].error.text);
		if (in != (*items[i].id != '\0') ||
		    in != (items[i].error.code == TC_OK))
			problem(FAULT_RESULT, "item %d: \"%s\" %s", i,
				items[i].id, items[i].error.text);
		if (!in && *items[i].error.text == '\0')
			problem(FAULT_RESULT, "item %d: no reason", i);
	}
}

/* A record as another host would have it, and one that is there already. */
static enum tc_restored results[2];
static unsigned restore_flags;

static void
open_restore(void)
{
	struct tc_error err;

	lib_open();
	for (int i = 0; i < 2; i++)
		if (tc_show(lib.h, NULL, i == 0 ? site.valid.id : site.root.id,
			    &lib.recs[i], &err))
			kit_die("tc_show: %s", err.text);
	memcpy(lib.recs[0]->id, "abcdefghjkmnpqrstvwxyz00", TC_ID_LEN);
}

static enum said
restore(void)
{
	static const struct tc_ended ended[] = {
		{ .user = "erin", .before = 1000 },
		{ .user = "", .before = 1000 },
		{ .user = "", .kid = 2, .before = 1000 },
	};
	const struct tc_record *const recs[] = { lib.recs[0], lib.recs[1] };

	return lib_said(tc_restore(lib.h, &site_actor, recs, 2, ended, 3,
				   restore_flags, results, &lib.err));
}

static void
judge_restore(void)
{
	lib_judge();
	if (lib.rc == TC_OK &&
	    (results[0] != TC_RESTORED || results[1] != TC_RESTORED_SAME))
		problem(FAULT_RESULT, "results %d and %d", results[0],
			results[1]);
}

static void
only_check(void)
{
	restore_flags = TC_RESTORE_CHECK;
}

static void
in_earnest(void)
{
	restore_flags = 0;
}

static enum said
compact(void)
{
	return lib_said(tc_compact(lib.h, &site_actor, &lib.err));
}

/* ---- stores that were left in disorder ---- */

static void
remove_file(const char *name)
{
	if (unlink(site_path(name)))
		kit_die("%s: cannot be removed", name);
}

static void
without_journal(void)
{
	remove_file("store/journal");
}

static void
append_to(const char *name)
{
	FILE *f = fopen(site_path(name), "a");

	if (!f || fputs("half an entry", f) < 0 || fclose(f))
		kit_die("%s: cannot be written", name);
}

static void
with_long_journal(void)
{
	append_to("store/journal");
}

/* Whichever of the two is not the current one. */
static void
without_standby(void)
{
	FILE *f = fopen(site_path("store/state"), "r");
	char start[5] = "";

	if (!f || fread(start, 1, sizeof(start), f) != sizeof(start))
		kit_die("the state cannot be read");
	fclose(f);
	remove_file(start[4] == 'L' ? "store/right.gdbm" : "store/left.gdbm");
}

static void
without_lock(void)
{
	remove_file("store/lock");
}

/* ---- all of them ---- */

#define CHANGE(n, how, look, before)                                           \
	{                                                                      \
		.name = n, .changes = 1, .setup = before, .prepare = lib_open, \
		.run = how, .judge = look, .finish = lib_close                 \
	}

const struct scenario change_scenarios[] = {
	CHANGE("create", create, lib_judge_token, NULL),
	CHANGE("create three", create_many, judge_many, NULL),
	CHANGE("create for an account", create_for_account, lib_judge_token,
	       with_accounts),
	CHANGE("copy", copy, lib_judge_token, NULL),
	CHANGE("regenerate", regenerate, lib_judge_token, NULL),
	CHANGE("edit", edit, lib_judge, NULL),
	CHANGE("edit without a journal", edit, lib_judge, without_journal),
	CHANGE("edit after an unclean stop", edit, lib_judge,
	       with_long_journal),
	CHANGE("edit without a standby", edit, lib_judge, without_standby),
	CHANGE("edit without a lock", edit, lib_judge, without_lock),
	CHANGE("renew", renew, lib_judge, NULL),
	CHANGE("revoke", revoke_some, lib_judge, NULL),
	CHANGE("revoke one's own", revoke_own, lib_judge, with_permissions),
	CHANGE("revoke all of a user", revoke_user, lib_judge, NULL),
	CHANGE("revoke all", revoke_everyone, lib_judge, NULL),
	CHANGE("delete", delete_some, lib_judge, NULL),
	CHANGE("import", import, judge_import, NULL),
	{ .name = "restore",
	  .changes = 1,
	  .setup = in_earnest,
	  .prepare = open_restore,
	  .run = restore,
	  .judge = judge_restore,
	  .finish = lib_close },
	{ .name = "restore, to see",
	  .changes = 1,
	  .setup = only_check,
	  .prepare = open_restore,
	  .run = restore,
	  .judge = judge_restore,
	  .finish = lib_close },
	CHANGE("compact", compact, lib_judge, NULL),
};
COUNT(change_scenarios);

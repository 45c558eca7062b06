/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handles, keys and new installations, while calls fail. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../store/kit.h"
#include "library.h"

/* ---- a handle ---- */

static enum said
open_handle(void)
{
	struct tc_options o = { .config = site.config, .log = lib_log };

	lib.h = (tc_handle *)&lib; /* has to be set, whatever happens */
	return lib_said(tc_open(&lib.h, &o, &lib.err));
}

static void
judge_handle(void)
{
	lib_judge();
	if ((lib.rc == TC_OK) != (lib.h != NULL))
		problem(FAULT_RESULT, "a handle: %d", lib.h != NULL);
}

static void
with_everything(void)
{
	site_configure("owners = @daemon, alice\ndefault_realm = example.org\n"
		       "default_lifetime = 90d\nrequired_properties = use\n",
		       "dovecot = pop\n[sets]\nmail = imap, pop\n"
		       "[permissions]\nlist_own = *\nlist_all = @adm, root\n");
}

/* ---- keys ---- */

static unsigned made;

static enum said
key_add(void)
{
	made = 77;
	return lib_said(
	    tc_key_add(lib.h, &site_actor, 0, NULL, &made, &lib.err));
}

static void
judge_key_add(void)
{
	lib_judge();
	if (lib.rc == TC_OK ? made != 4 : made != 77)
		problem(FAULT_RESULT, "key %u", made);
}

static enum said
key_add_given(void)
{
	return lib_said(tc_key_add(lib.h, &site_actor, 9,
				   "a secret of somebody's own choice", NULL,
				   &lib.err));
}

static enum said
key_activate(void)
{
	return lib_said(tc_key_activate(lib.h, &site_actor, 2, &lib.err));
}

static enum said
key_retire(void)
{
	return lib_said(tc_key_retire(lib.h, &site_actor, 2, &lib.err));
}

/* The mark in the store comes first and is enough: the key's tokens have
 * ended.  The same call once more brings the file after it. */
static int
half_retired(void)
{
	return strcmp(run_now->records, run_after->records) == 0 &&
	       strcmp(run_now->marks, run_after->marks) == 0 &&
	       strcmp(run_now->keys, run_before->keys) == 0;
}

/* ---- an installation ---- */

static const char *
new_config(void)
{
	return site_path("new/place.conf");
}

static void
take_away(void)
{
	static const char *const names[] = {
		"new/store/left.gdbm", "new/store/right.gdbm",
		"new/store/state",     "new/store/journal",
		"new/store/lock",      "new/secret.conf",
		"new/store/lastuse",   "new/place.conf",
		"new/audit.json",      "new/store/state.spare",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(site_path(names[i]));
	(void)rmdir(site_path("new/store"));
	(void)rmdir(site_path("new"));
}

static enum said
init(void)
{
	return lib_said(tc_init(new_config(), SITE_SECRET, &lib.err));
}

static int
is_empty(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)) != NULL)
		n += *e->d_name != '.';
	if (d)
		closedir(d);
	return n == 0;
}

/* It works, or there is nothing. */
static void
judge_init(void)
{
	struct tc_options o = { .config = new_config() };
	struct tc_error err;
	struct stat st;
	tc_handle *h;

	lib_judge();
	if (lib.rc == TC_OK && tc_open(&h, &o, &err))
		problem(FAULT_STORE, "said to be done: %s", err.text);
	else if (lib.rc == TC_OK)
		tc_free(h);
	if (lib.rc == TC_OK || inject_failed("unlink") ||
	    inject_failed("rmdir") || inject_failed("unlinkat"))
		return;
	if (stat(site_path("new"), &st) == 0)
		problem(FAULT_LEFT_OVER, "the folder is there%s%s",
			is_empty(site_path("new")) ? "" : ", with files",
			is_empty(site_path("new/store")) ? "" : " of a store");
}

static void
no_handle(void)
{
	lib_clear();
	take_away();
}

/* ---- all of them ---- */

#define KEYS(n, how, look)                                                     \
	{                                                                      \
		.name = n, .changes = 1, .prepare = lib_open, .run = how,      \
		.judge = look, .finish = lib_close                             \
	}

const struct scenario install_scenarios[] = {
	{ .name = "open",
	  .prepare = lib_clear,
	  .run = open_handle,
	  .judge = judge_handle,
	  .finish = lib_close },
	{ .name = "open with everything",
	  .setup = with_everything,
	  .prepare = lib_clear,
	  .run = open_handle,
	  .judge = judge_handle,
	  .finish = lib_close },
	KEYS("key add", key_add, judge_key_add),
	KEYS("key add with a secret", key_add_given, lib_judge),
	KEYS("key activate", key_activate, lib_judge),
	{ .name = "key retire",
	  .changes = 1,
	  .prepare = lib_open,
	  .run = key_retire,
	  .judge = lib_judge,
	  .finish = lib_close,
	  .half_way = half_retired },
	{ .name = "init",
	  .prepare = no_handle,
	  .run = init,
	  .judge = judge_init,
	  .finish = take_away },
};
COUNT(install_scenarios);

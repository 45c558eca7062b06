/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls that look, while others fail: what they say is whole or an error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../store/kit.h"
#include "inject.h"
#include "library.h"

/* ---- lists ---- */

static unsigned listed, listed_clean;

static int
count(void *arg, const struct tc_record *r)
{
	(void)arg;
	if (*r->id == '\0' || *r->user == '\0')
		problem(FAULT_RESULT, "a record without a name");
	if (strcmp(r->id, site.revoked.id) == 0 && r->standing == TC_VALID)
		problem(FAULT_RESULT, "a revoked one is valid");
	if (strcmp(r->id, site.ended.id) == 0 && r->standing == TC_VALID)
		problem(FAULT_RESULT, "one that was ended is valid");
	listed++;
	return 0;
}

static enum said
list(void)
{
	const struct tc_filter *filter = run_arg();

	listed = 0;
	return lib_said(
	    tc_list(lib.h, &site_actor, filter, count, NULL, &lib.err));
}

static int
count_ended(void *arg, const struct tc_ended *ended)
{
	(void)arg;
	if (ended->before <= 0)
		problem(FAULT_RESULT, "a mark over nothing");
	listed++;
	return 0;
}

static enum said
list_ended(void)
{
	listed = 0;
	return lib_said(
	    tc_list_ended(lib.h, &site_actor, count_ended, NULL, &lib.err));
}

/* OK is the whole list. */
static void
judge_list(void)
{
	lib_judge();
	if (run_is_clean())
		listed_clean = listed;
	if (run_is_clean() && listed == 0)
		problem(FAULT_RESULT, "an empty list");
	if (lib.rc == TC_OK && listed != listed_clean)
		problem(FAULT_RESULT, "%u of %u, and no error", listed,
			listed_clean);
}

static void
with_permissions(void)
{
	site_configure("owners = any\n", "[permissions]\nlist_own = *\n"
					 "list_all = @nosuchgroup, @daemon\n");
}

static enum said
list_as_alice(void)
{
	static const gid_t groups[] = { 1 };
	static const struct tc_actor alice = {
		.uid = 4242, .name = "alice", .n_groups = 1, .groups = groups
	};

	listed = 0;
	return lib_said(tc_list(lib.h, &alice, NULL, count, NULL, &lib.err));
}

/* Whose groups cannot be looked up sees one's own, as others do. */
static void
judge_list_as_alice(void)
{
	if (lib.rc == TC_OK && listed < listed_clean &&
	    (inject_failed("getgrnam_r") || inject_failed("CRYPTO_malloc") ||
	     inject_failed("inside")))
		listed = listed_clean;
	judge_list();
}

/* ---- one ---- */

static char id[TC_ID_LEN + 1];

static enum said
find(void)
{
	memset(id, 0, sizeof(id));
	return lib_said(tc_find(lib.h, &site_actor, run_arg(), id, &lib.err));
}

static void
judge_find(void)
{
	lib_judge();
	if (lib.rc == TC_OK && strcmp(id, site.valid.id) != 0)
		problem(FAULT_RESULT, "another token: %s", id);
	if (lib.rc != TC_OK && *id)
		problem(FAULT_RESULT, "an id after a failure");
}

static enum said
find_by_id(void)
{
	char beginning[TC_ID_LEN + 1];

	memset(id, 0, sizeof(id));
	(void)snprintf(beginning, sizeof(beginning), "%.10s", site.valid.id);
	return lib_said(tc_find(lib.h, &site_actor, beginning, id, &lib.err));
}

static enum said
show(void)
{
	return lib_said(
	    tc_show(lib.h, &site_actor, site.valid.id, &lib.rec, &lib.err));
}

static void
judge_show(void)
{
	const struct tc_record *r = lib.rec;

	lib_judge();
	if ((lib.rc == TC_OK) != (r != NULL))
		problem(FAULT_RESULT, "a record: %d", r != NULL);
	if (r && (strcmp(r->label, "laptop") != 0 || r->n_services != 2 ||
		  r->n_sources != 1 || r->n_properties != 1 || !r->scram))
		problem(FAULT_RESULT, "half a record");
	if (r && r->standing != TC_VALID && r->standing != TC_UNAVAILABLE &&
	    !(r->standing == TC_NOT_YET_VALID && inject_failed("time")))
		problem(FAULT_RESULT, "it stands as %s",
			tc_verdict_name(r->standing));
}

static struct tc_info info;

static enum said
tell_info(void)
{
	memset(&info, 0, sizeof(info));
	return lib_said(tc_info(lib.h, &info, &lib.err));
}

static void
judge_info(void)
{
	lib_judge();
	if (lib.rc == TC_OK &&
	    (info.tokens < 80 || !info.enabled || info.commits < 5 ||
	     strlen(info.store_id) != 32))
		problem(FAULT_RESULT, "half of what is known");
}

static struct tc_key_info *keys;
static size_t n_keys;

static enum said
key_list(void)
{
	keys = NULL;
	n_keys = 0;
	return lib_said(tc_key_list(lib.h, &keys, &n_keys, &lib.err));
}

static void
judge_keys(void)
{
	lib_judge();
	if (lib.rc == TC_OK && (n_keys != 3 || keys[0].tokens < 80 ||
				keys[0].state != TC_KEY_ACTIVE))
		problem(FAULT_RESULT, "not all of the keys");
	if (lib.rc != TC_OK && keys)
		problem(FAULT_RESULT, "keys after a failure");
}

static void
close_keys(void)
{
	free(keys);
	lib_close();
}

/* ---- the whole, looked at ---- */

static enum tc_severity worst, said_worst;
static unsigned findings;

static void
finding(void *arg, enum tc_severity severity, const char *what, const char *why,
	const char *mend)
{
	(void)arg;
	run_told(what);
	run_told(why);
	findings++;
	if (severity > said_worst)
		said_worst = severity;
	if (severity != TC_FINE && (*why == '\0' || *mend == '\0'))
		problem(FAULT_RESULT, "a finding without a reason");
}

static enum said
check(void)
{
	findings = 0;
	said_worst = TC_FINE;
	worst = tc_check(site.config, finding, NULL);
	return SAID_YES;
}

static void
judge_check(void)
{
	if (worst != said_worst || findings == 0)
		problem(FAULT_RESULT, "%u findings, %d is not %d", findings,
			worst, said_worst);
	if (run_is_clean() && worst != TC_FINE)
		problem(FAULT_RESULT, "not fine");
}

/* In the middle of a record, in both of the files. */
static void
with_damage(void)
{
	static const char *const names[] = { "store/left.gdbm", "store/"
								"right.gdbm" };

	for (int i = 0; i < 2; i++)
		site_damage(names[i], "many-05");
}

static void
judge_damage(void)
{
	if (worst == TC_FINE || worst != said_worst)
		problem(FAULT_RESULT, "damage is fine");
}

/* ---- texts ---- */

static struct tc_inspected seen;
static enum tc_verdict verdict;

static enum said
inspect(void)
{
	memset(&seen, 0, sizeof(seen));
	verdict = tc_inspect(site.narrowed, strlen(site.narrowed), &seen);
	return SAID_YES;
}

static void
judge_inspect(void)
{
	static const struct tc_inspected none;
	int right = strcmp(seen.id, site.valid.id) == 0 && seen.n_caveats == 2;

	if (verdict == TC_VALID ? !right
				: verdict != TC_UNAVAILABLE || run_is_clean())
		problem(FAULT_RESULT, "%s", tc_verdict_name(verdict));
	if (verdict != TC_VALID && memcmp(&seen, &none, sizeof(none)) != 0)
		problem(FAULT_RESULT, "something after a failure");
}

static char owner[TC_USER_MAX + 1];

/* Nothing is said of what fails: the decision says it. */
static enum said
look_up(void)
{
	tc_look *look =
	    tc_look_up(lib.h, site.valid.text, strlen(site.valid.text));

	(void)snprintf(owner, sizeof(owner), "%s", tc_look_owner(look));
	tc_look_free(look);
	return SAID_YES;
}

static void
judge_owner(void)
{
	if (strcmp(owner, "alice") != 0 && (*owner || run_is_clean()))
		problem(FAULT_RESULT, "\"%s\"", owner);
}

static enum said
narrow(void)
{
	static const struct tc_caveat caveats[] = {
		{ .type = TC_CAVEAT_SERVICE, .services = "imap" },
		{ .type = TC_CAVEAT_NOT_AFTER, .not_after = SITE_EXPIRES },
	};

	return lib_said(tc_narrow(site.valid.text, strlen(site.valid.text),
				  caveats, 2, lib.token, &lib.err));
}

static void
judge_narrow(void)
{
	lib_judge();
	if (lib.rc == TC_OK && strcmp(lib.token, site.narrowed) != 0)
		problem(FAULT_RESULT, "another token");
	if (lib.rc != TC_OK && *lib.token)
		problem(FAULT_RESULT, "a token after a failure");
}

/* What is typed for a time; the right answers are its own. */
static int64_t when, right_when[3];

static enum said
parse(void)
{
	static const char *const texts[] = { "2027-03-31", "today",
					     "2027-03-31T12:00:00Z" };
	int rc = TC_OK;

	for (int i = 0; rc == TC_OK && i < 3; i++) {
		when = -5;
		rc = tc_parse_when(texts[i], 1700000000, &when, &lib.err);
		if (run_is_clean())
			right_when[i] = when;
		if (rc == TC_OK && when != right_when[i])
			problem(FAULT_RESULT, "%s is %lld", texts[i],
				(long long)when);
	}
	if (rc == TC_OK)
		rc = tc_parse_moment("today", 1700000000, -1, &when, &lib.err);
	return lib_said(rc);
}

static void
judge_parse(void)
{
	if (lib.rc == TC_E_INVALID && *lib.err.text && !run_is_clean())
		return;
	lib_judge();
}

/* ---- all of them ---- */

#define READ(n, what, how, look)                                               \
	{                                                                      \
		.name = n, .arg = what, .prepare = lib_open, .run = how,       \
		.judge = look, .finish = lib_close                             \
	}

static const struct tc_filter filter = {
	.user = "alice",
	.search = "O",
	.standings = 1u << TC_VALID | 1u << TC_REVOKED,
	.expires_before = SITE_EXPIRES + 1,
};

const struct scenario read_scenarios[] = {
	READ("list", NULL, list, judge_list),
	READ("list with a filter", &filter, list, judge_list),
	{ .name = "list by a permission",
	  .setup = with_permissions,
	  .prepare = lib_open,
	  .run = list_as_alice,
	  .judge = judge_list_as_alice,
	  .finish = lib_close },
	READ("list ended", NULL, list_ended, judge_list),
	READ("find by label", "alice/laptop", find, judge_find),
	READ("find by id", NULL, find_by_id, judge_find),
	READ("show", NULL, show, judge_show),
	READ("info", NULL, tell_info, judge_info),
	{ .name = "key list",
	  .prepare = lib_open,
	  .run = key_list,
	  .judge = judge_keys,
	  .finish = close_keys },
	READ("check", NULL, check, judge_check),
	{ .name = "check of damage",
	  .setup = with_damage,
	  .prepare = lib_open,
	  .run = check,
	  .judge = judge_damage,
	  .finish = lib_close },
	READ("inspect", NULL, inspect, judge_inspect),
	READ("look up", NULL, look_up, judge_owner),
	READ("narrow", NULL, narrow, judge_narrow),
	READ("parse times", NULL, parse, judge_parse),
};
COUNT(read_scenarios);

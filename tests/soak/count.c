/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The account of what was done. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "soak.h"

#define NOTES_MAX 60
#define WARM 10 /* verifications in each way, until all caches are full */

static const char *const way_names[WAYS] = {
	[BY_VERIFY] = "library",
	[BY_VALUE] = "library_value",
	[BY_RECHECK] = "library_recheck",
	[BY_SCRAM_FIND] = "library_scram",
	[BY_PAM] = "pam",
	[BY_PAM_VALUE] = "pam_value",
	[BY_PAM_ACCOUNT] = "pam_account",
	[BY_OAUTHBEARER] = "sasl_oauthbearer",
	[BY_XOAUTH2] = "sasl_xoauth2",
	[BY_SCRAM] = "sasl_scram",
};

static const char *const change_names[CHANGES] = {
	[CREATE] = "create",
	[CREATE_MANY] = "create_many",
	[EDIT] = "edit",
	[RENEW] = "renew",
	[COPY] = "copy",
	[REGENERATE] = "regenerate",
	[REVOKE] = "revoke",
	[DELETE] = "delete",
	[IMPORT] = "import",
	[COMPACT] = "compact",
	[REVOKE_USER] = "revoke_user",
	[REVOKE_ALL] = "revoke_all",
	[KEY_ADD] = "key_add",
	[KEY_ACTIVATE] = "key_activate",
	[KEY_RETIRE] = "key_retire",
	[CONF_REPLACED] = "conf_replaced",
	[SECRET_REPLACED] = "secret_replaced",
	[STORE_SWAPPED] = "store_swapped",
	[AUDIT_ROTATED] = "audit_rotated",
};

void
soak_note(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (soak->notes++ >= NOTES_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	kit_note("%s", line);
}

static void
remember_longest(_Atomic uint64_t *longest, uint64_t begun)
{
	uint64_t took = timeline_now() - begun, was = *longest;

	while (took > was && !atomic_compare_exchange_weak(longest, &was, took))
		;
}

void
soak_changed(enum change change, uint64_t begun, int rc, const char *why)
{
	struct change_count *c = &soak->change[change];

	remember_longest(&c->longest, begun);
	c->done++;
	if (rc == TC_OK)
		return;
	c->failed++;
	soak_note("%s: %s: %s", change_names[change], tc_strerror(rc), why);
}

int
soak_ways_tried(void)
{
	int n = soak_options.library_only ? BY_PAM : WAYS;

	for (int i = 0; i < n; i++)
		if (soak->way[i].done < WARM)
			return 0;
	return 1;
}

int
soak_changes_tried(void)
{
	const struct change_count *c = soak->change;

	for (int i = 0; i < CHANGES; i++)
		if (c[i].done == 0 && i != COPY && i != COMPACT &&
		    i != REVOKE_USER && i != REVOKE_ALL)
			return 0;
	return c[REVOKE_USER].done + c[REVOKE_ALL].done > 0;
}

/* The names of the verdicts in a set. */
static const char *
words(unsigned set, char *out, size_t room)
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned v = 0; v < TC_VERDICTS; v++)
		if ((set & 1U << v) != 0 && len < room)
			len += (size_t)snprintf(
			    out + len, room - len, "%s%s", len ? "|" : "",
			    tc_verdict_name((enum tc_verdict)v));
	return out;
}

static void
wrong(enum way way, const struct oracle_ask *ask, unsigned got, unsigned right,
      const char *detail)
{
	struct way_count *w = &soak->way[way];
	char is[200], should[200];

	if ((got & 1U << TC_VALID) != 0)
		w->wrong_valid++;
	else if ((got & ~(1U << TC_UNAVAILABLE)) != 0)
		w->wrong_refusal++;
	else
		w->wrong_unavailable++;
	soak_note("WRONG %s, ask %d at %s: %s and not %s: %s %s (%s)",
		  way_names[way], (int)ask->what, oracle_logins[ask->login],
		  words(got, is, sizeof(is)),
		  words(right, should, sizeof(should)), ask->slot->user,
		  ask->slot->id, detail != NULL ? detail : "");
}

void
soak_judge(enum way way, const struct oracle_ask *ask, unsigned got,
	   const char *detail)
{
	struct way_count *w = &soak->way[way];
	unsigned right = oracle_right(&soak->oracle, ask);

	remember_longest(&w->longest, ask->begun);
	w->done++;
	if (right == 0)
		w->unjudged++;
	else if ((right & got) == 0)
		wrong(way, ask, got, right, detail);
	else if (got == 1U << TC_VALID)
		w->let_in++;
	else if (got == 1U << TC_UNAVAILABLE)
		w->unavailable++;
}

static void
count(const char *what, const char *name, uint64_t value)
{
	char whole[80];

	(void)snprintf(whole, sizeof(whole), "%s_%s", what, name);
	kit_count(whole, value);
}

void
soak_report(void)
{
	uint64_t valid = 0, refusal = 0, unavailable = 0, unjudged = 0;

	for (int i = 0; i < WAYS; i++) {
		const struct way_count *w = &soak->way[i];

		count("by", way_names[i], w->done);
		count("let_in", way_names[i], w->let_in);
		count("unavailable", way_names[i], w->unavailable);
		count("longest_us", way_names[i], w->longest / 1000);
		valid += w->wrong_valid;
		refusal += w->wrong_refusal;
		unavailable += w->wrong_unavailable;
		unjudged += w->unjudged;
	}
	for (int i = 0; i < CHANGES; i++) {
		const struct change_count *c = &soak->change[i];

		count("changes", change_names[i], c->done);
		count("failed", change_names[i], c->failed);
		count("waited_us", change_names[i], c->longest / 1000);
	}
	kit_count("wrong_valid", valid);
	kit_count("wrong_refusal", refusal);
	kit_count("wrong_unavailable", unavailable);
	kit_count("unjudged", unjudged);
	kit_count("fds_left", soak->fds_left);
	kit_count("torn_lines", soak->torn_lines);
}

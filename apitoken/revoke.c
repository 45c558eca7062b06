/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken revoke: every name is resolved before anything changes, and all
 * of them are one commit, so a typing error in the last name revokes none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apitoken.h"

struct selection {
	struct tc_record **recs;
	const char **ids;
	size_t n;
};

static void
selection_free(struct selection *sel)
{
	for (size_t i = 0; i < sel->n; i++)
		tc_record_free(sel->recs[i]);
	free(sel->recs);
	free(sel->ids);
}

static bool
has(const struct selection *sel, const char *id)
{
	for (size_t i = 0; i < sel->n; i++) {
		if (strcmp(sel->ids[i], id) == 0)
			return true;
	}
	return false;
}

static bool
resolve(struct app *app, struct selection *sel)
{
	sel->recs = calloc(app->n_operands, sizeof(struct tc_record *));
	sel->ids = calloc(app->n_operands, sizeof(const char *));
	if (!sel->recs || !sel->ids) {
		app->exit = complain(UNAVAILABLE, "revoke", "out of memory");
		return false;
	}
	for (size_t i = 0; i < app->n_operands; i++) {
		struct tc_record *rec = NULL;

		if (!record_find(app, app->operands[i], &rec))
			return false;
		/* two names of one token */
		if (has(sel, rec->id)) {
			tc_record_free(rec);
			continue;
		}
		sel->recs[sel->n] = rec;
		sel->ids[sel->n++] = rec->id;
	}
	return true;
}

static bool
may_revoke(const struct selection *sel, bool yes)
{
	char question[64];

	if (yes || sel->n < 2)
		return true;
	(void)snprintf(question, sizeof(question), "Revoke these %zu tokens?",
		       sel->n);
	return confirm(question);
}

static int
report(struct app *app, const struct selection *sel)
{
	int code = DONE;

	for (size_t i = 0; i < sel->n && code == DONE; i++) {
		const struct tc_record *old = sel->recs[i];
		char name[ESCAPED_MAX], text[ESCAPED_MAX];
		struct tc_record *now = NULL;
		struct tc_error err = { 0 };

		if (app->json) {
			code = tc_show(app->handle, &app->actor, old->id, &now,
				       &err);
			code = code == TC_OK ? put_json(record_json(now))
					     : complain_tc(code, &err);
			tc_record_free(now);
			continue;
		}
		(void)snprintf(text, sizeof(text), "%s/%s", old->user,
			       old->label);
		escape(name, sizeof(name), text);
		put("%s %s %s\n", old->id,
		    old->state == TC_STATE_REVOKED ? "was revoked before:"
						   : "revoked:",
		    name);
	}
	return code;
}

int
verb_revoke(struct app *app, int argc, char **argv)
{
	const char *reason = NULL;
	bool yes = false;
	const struct opt opts[] = {
		{ .name = "reason",
		  .value = "TEXT",
		  .text = &reason,
		  .help = "why, for the record and the log" },
		{ .name = "yes",
		  .flag = &yes,
		  .help = "do not ask before more than one" },
	};
	struct selection sel = { 0 };
	struct tc_error err = { 0 };
	int code;

	if (!app_options(app, opts, COUNT(opts), argc, argv) || !app_open(app))
		return app->exit;
	if (!resolve(app, &sel)) {
		code = app->exit;
	} else if (!may_revoke(&sel, yes)) {
		code = complain(REFUSED, "revoke", "nothing was changed");
	} else {
		code = tc_revoke(app->handle, &app->actor, sel.ids, sel.n,
				 reason ? reason : "", &err);
		code =
		    code == TC_OK ? report(app, &sel) : complain_tc(code, &err);
	}
	selection_free(&sel);
	return code;
}

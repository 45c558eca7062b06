/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken revoke and delete: tokens end.  Every name is resolved before
 * anything changes, and all of them are one commit, so a typing error in the
 * last name ends none.  --all and --issued-before set a mark instead, which
 * also ends tokens that this store knows nothing of.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "apitoken.h"

static void
reason_opt(struct opts *opts, const char **reason)
{
	const struct opt own = { .name = "reason",
				 .value = "TEXT",
				 .text = reason,
				 .help = "why, for the record and the log" };

	opts_add(opts, &own, 1);
}

static int
run_revoke(struct app *app, const struct selection *sel, const void *arg,
	   struct tc_error *err)
{
	return tc_revoke(app->handle, &app->actor, sel->ids, sel->n, arg, err);
}

static int
run_delete(struct app *app, const struct selection *sel, const void *arg,
	   struct tc_error *err)
{
	return tc_delete(app->handle, &app->actor, sel->ids, sel->n, arg, err);
}

int
verb_delete(struct app *app, int argc, char **argv)
{
	const char *reason = NULL;
	struct selection sel = { 0 };
	struct action action = {
		.ask = "Delete",
		.done = "deleted",
		.warning = " Their records go away; their values stay refused.",
		.gone = true,
		.run = run_delete,
	};
	struct opts opts = { 0 };

	reason_opt(&opts, &reason);
	selection_opts(&opts, &sel);
	if (!app_options(app, opts.v, opts.n, argc, argv))
		return app->exit;
	action.arg = reason ? reason : "";
	return selection_change(app, &sel, &action);
}

/* ---- marks ---- */
struct mark {
	bool all;
	const char *issued_before; /* as typed */
	const char *reason;
	int64_t before; /* 0: up to now */
};

static bool
mark_parse(struct app *app, const struct selection *sel, struct mark *mark)
{
	const struct filter_args *filter = &sel->filter;
	const char *why = NULL;

	if (mark->all && mark->issued_before)
		why = "--all or --issued-before, not both";
	else if (app->n_operands > 0 || filter->search || filter->states.n ||
		 filter->expires_before || filter->unused_since)
		why = "--all and --issued-before go with --user alone";
	else if (mark->all && !filter->user)
		why = "--all of whom: name a user, or say --issued-before";
	if (why) {
		app->exit = complain(USAGE, "revoke", "%s", why);
		return false;
	}
	if (option_moment("issued-before", mark->issued_before, -1,
			  &mark->before))
		return true;
	app->exit = USAGE;
	return false;
}

/* "every token of alice issued before 2026-11-23 00:00:00 +0100" */
static void
mark_words(const struct mark *mark, const char *user, char out[ESCAPED_MAX])
{
	char when[WHEN_MAX] = "", text[ESCAPED_MAX];

	if (mark->before)
		format_moment(mark->before, when);
	(void)snprintf(text, sizeof(text), "every token%s%s issued %s%s",
		       user ? " of " : "", user ? user : "",
		       mark->before ? "before " : "up to now", when);
	escape(out, ESCAPED_MAX, text);
}

static bool
may_mark(const struct selection *sel, const char *words)
{
	char question[ESCAPED_MAX + 128];

	(void)snprintf(question, sizeof(question),
		       "Revoke %s, %zu that are known here and all others?",
		       words, sel->n);
	return sel->yes || confirm(question);
}

static int
mark_report(const struct app *app, const struct mark *mark, const char *user,
	    const char *words)
{
	if (!app->json) {
		put("revoked: %s\n", words);
		return DONE;
	}
	return put_json(json_pack("{s:s, s:o, s:o}", "state", "revoked", "user",
				  user ? json_text(user) : json_null(),
				  "issued_before", json_when(mark->before)));
}

static int
set_mark(struct app *app, const struct selection *sel,
	 const struct action *action, const struct mark *mark)
{
	const char *user = sel->filter.user;
	struct tc_error err = { 0 };
	char words[ESCAPED_MAX];
	int code;

	mark_words(mark, user, words);
	if (sel->dry_run) {
		code = selection_preview(app, sel, action);
		(void)fprintf(stderr,
			      "would be revoked, too, where it is not known "
			      "here: %s\n",
			      words);
		return code;
	}
	if (!may_mark(sel, words))
		return complain(REFUSED, "revoke", "nothing was changed");
	code = tc_revoke_all(app->handle, &app->actor, user, mark->before,
			     mark->reason, &err);
	if (code != TC_OK)
		return complain_tc(code, &err);
	change_is_in_force();
	if (user && sel->n == 0)
		(void)fputs("no token of that user is known here\n", stderr);
	return mark_report(app, mark, user, words);
}

static int
revoke_marked(struct app *app, struct selection *sel, struct action *action,
	      struct mark *mark)
{
	int code;

	if (!mark_parse(app, sel, mark) || !app_open(app))
		return app->exit;
	action->issued_before = mark->before;
	code = selection_gather(app, sel, action)
		   ? set_mark(app, sel, action, mark)
		   : app->exit;
	selection_free(sel);
	return code;
}

/* ---- revoke ---- */
int
verb_revoke(struct app *app, int argc, char **argv)
{
	struct mark mark = { .reason = NULL };
	struct selection sel = { 0 };
	const struct opt own[] = {
		{ .name = "all",
		  .flag = &mark.all,
		  .help = "with --user: also those that no list shows" },
		{ .name = "issued-before",
		  .value = "WHEN",
		  .text = &mark.issued_before,
		  .help = "the same, everyone's or with --user" },
	};
	struct action action = {
		.ask = "Revoke",
		.done = "revoked",
		.spares_revoked = true,
		.run = run_revoke,
	};
	struct opts opts = { 0 };

	reason_opt(&opts, &mark.reason);
	selection_opts(&opts, &sel);
	opts_add(&opts, own, COUNT(own));
	if (!app_options(app, opts.v, opts.n, argc, argv))
		return app->exit;
	if (!mark.reason)
		mark.reason = ""; /* not before: the option would be a second */
	action.arg = mark.reason;
	if (mark.all || mark.issued_before)
		return revoke_marked(app, &sel, &action, &mark);
	return selection_change(app, &sel, &action);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which tokens a verb is about, by name or by filter, and what all such verbs
 * have in common: everything is found before anything changes, more than one
 * is asked about, and all of them are one commit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apitoken.h"

#define FIRST_FEW 5 /* shown in a question */

/* What is needed to change one and to say so; there may be 100 000. */
struct chosen {
	char id[TC_ID_LEN + 1];
	bool revoked, damaged;
	size_t place; /* in the order they were named in */
	char *user; /* with the label behind its NUL */
	const char *label;
};

/* ---- options ---- */
void
selection_opts(struct opts *opts, struct selection *sel)
{
	const struct opt own[] = {
		{ .name = "dry-run",
		  .flag = &sel->dry_run,
		  .help = "only say what would be changed" },
		{ .name = "yes",
		  .flag = &sel->yes,
		  .help = "do not ask before more than one, as without a "
			  "terminal" },
	};

	filter_opts(opts, &sel->filter);
	opts_add(opts, own, COUNT(own));
}

/* ---- finding ---- */
void
selection_free(struct selection *sel)
{
	for (size_t i = 0; i < sel->n; i++)
		free(sel->tokens[i].user);
	free(sel->tokens);
	free(sel->ids);
	sel->tokens = NULL;
	sel->ids = NULL;
	sel->n = sel->room = 0;
}

static bool
add(struct selection *sel, const struct tc_record *rec)
{
	const size_t user = strlen(rec->user) + 1;
	const size_t label = strlen(rec->label) + 1;
	struct chosen *token;

	if (sel->n == sel->room) {
		const size_t room = sel->room ? 2 * sel->room : 64;

		token = reallocarray(sel->tokens, room, sizeof(*token));
		if (!token)
			return false;
		sel->tokens = token;
		sel->room = room;
	}
	token = &sel->tokens[sel->n];
	token->user = malloc(user + label);
	if (!token->user)
		return false;
	memcpy(token->user, rec->user, user);
	memcpy(token->user + user, rec->label, label);
	memcpy(token->id, rec->id, sizeof(token->id));
	token->label = token->user + user;
	token->revoked =
	    rec->state == TC_STATE_REVOKED || rec->standing == TC_REVOKED;
	token->damaged = rec->standing == TC_UNAVAILABLE;
	token->place = sel->n++;
	return true;
}

static int
by_id(const void *one, const void *other)
{
	const struct chosen *a = one, *b = other;
	const int order = strcmp(a->id, b->id);

	return order ? order : a->place < b->place ? -1 : 1;
}

static int
by_place(const void *one, const void *other)
{
	const struct chosen *a = one, *b = other;

	return a->place < b->place ? -1 : 1;
}

static int
by_name(const void *one, const void *other)
{
	const struct chosen *a = one, *b = other;
	int order = strcmp(a->user, b->user);

	if (order == 0)
		order = strcmp(a->label, b->label);
	return order ? order : strcmp(a->id, b->id);
}

/* Of several names of one token the first counts. */
static void
drop_repeated(struct selection *sel)
{
	size_t kept = 0;

	qsort(sel->tokens, sel->n, sizeof(*sel->tokens), by_id);
	for (size_t i = 0; i < sel->n; i++) {
		if (kept > 0 &&
		    strcmp(sel->tokens[kept - 1].id, sel->tokens[i].id) == 0)
			free(sel->tokens[i].user);
		else
			sel->tokens[kept++] = sel->tokens[i];
	}
	sel->n = kept;
	qsort(sel->tokens, sel->n, sizeof(*sel->tokens), by_place);
}

static bool
no_memory(struct app *app)
{
	app->exit = complain(UNAVAILABLE, app->verb->word, "out of memory");
	return false;
}

static bool
gather_names(struct app *app, struct selection *sel)
{
	for (size_t i = 0; i < app->n_operands; i++) {
		struct tc_record *rec = NULL;
		bool added;

		if (!record_find(app, app->operands[i], &rec))
			return false;
		added = add(sel, rec);
		tc_record_free(rec);
		if (!added)
			return no_memory(app);
	}
	drop_repeated(sel);
	return true;
}

struct picker {
	struct selection *sel;
	const struct action *action;
	bool failed;
};

static int
pick(void *arg, const struct tc_record *rec)
{
	struct picker *picker = arg;
	const struct action *action = picker->action;

	if (action->spares_revoked &&
	    (rec->state == TC_STATE_REVOKED || rec->standing == TC_REVOKED))
		return 0;
	if (action->issued_before && rec->created >= action->issued_before)
		return 0;
	picker->failed = !add(picker->sel, rec);
	return picker->failed;
}

static bool
gather_filter(struct app *app, struct selection *sel,
	      const struct action *action)
{
	struct picker picker = { .sel = sel, .action = action };
	struct tc_filter filter;
	struct tc_error err = { 0 };
	int code;

	if (!filter_parse(app, &sel->filter, &filter))
		return false;
	code = tc_list(app->handle, &app->actor, &filter, pick, &picker, &err);
	if (code != TC_OK) {
		app->exit = complain_tc(code, &err);
		return false;
	}
	if (picker.failed)
		return no_memory(app);
	if (sel->n > 0)
		qsort(sel->tokens, sel->n, sizeof(*sel->tokens), by_name);
	return true;
}

bool
selection_gather(struct app *app, struct selection *sel,
		 const struct action *action)
{
	if (app->n_operands > 0 ? !gather_names(app, sel)
				: !gather_filter(app, sel, action))
		return false;
	sel->ids = calloc(sel->n + 1, sizeof(*sel->ids));
	if (!sel->ids)
		return no_memory(app);
	for (size_t i = 0; i < sel->n; i++)
		sel->ids[i] = sel->tokens[i].id;
	return true;
}

/* ---- asking ---- */
static bool
may_change(const struct selection *sel, const struct action *action)
{
	const size_t few = sel->n > FIRST_FEW ? FIRST_FEW : sel->n;
	char text[ESCAPED_MAX];

	/* Nobody is there to read it. */
	if (sel->yes || sel->n < 2 || !isatty(STDIN_FILENO))
		return true;
	for (size_t i = 0; i < few; i++) {
		record_name(sel->tokens[i].user, sel->tokens[i].label, text);
		(void)fprintf(stderr, "  %s %s\n", sel->ids[i], text);
	}
	if (sel->n > few)
		(void)fprintf(stderr, "  ... and %zu more\n", sel->n - few);
	(void)snprintf(text, sizeof(text), "%s these %zu tokens?%s",
		       action->ask, sel->n,
		       action->warning ? action->warning : "");
	return confirm(text);
}

/* ---- saying ---- */
static int
say_json(const struct action *action, const struct chosen *token,
	 const struct tc_record *now)
{
	if (now)
		return put_json(record_json(now));
	return put_json(json_pack("{s:s, s:o, s:o, s:s}", "id", token->id,
				  "user", json_text(token->user), "label",
				  json_text(token->label), "state",
				  action->done));
}

static void
say_words(const char *what, const struct action *action,
	  const struct chosen *token, const struct tc_record *now)
{
	char name[ESCAPED_MAX], expires[WHEN_MAX] = "";

	record_name(token->user, now ? now->label : token->label, name);
	if (now && action->shows_expiry)
		format_expiry(now->expires, expires);
	put("%s %s: %s%s%s\n", token->id, what, name,
	    *expires ? ", expires " : "", expires);
}

static int
report_one(struct app *app, const struct action *action,
	   const struct chosen *token)
{
	const bool look = (app->json && !action->gone) || action->renames ||
			  action->shows_expiry;
	struct tc_record *now = NULL;
	struct tc_error err = { 0 };
	int code = DONE;

	if (look)
		code = tc_show(app->handle, &app->actor, token->id, &now, &err);
	if (code != TC_OK)
		return complain_tc(code, &err);
	if (app->json) {
		code = say_json(action, token, now);
	} else {
		const bool before = token->revoked && !action->gone;

		say_words(before ? "was revoked before" : action->done, action,
			  token, now);
	}
	tc_record_free(now);
	return code;
}

static int
report(struct app *app, const struct selection *sel,
       const struct action *action)
{
	int code = DONE;

	for (size_t i = 0; i < sel->n && code == DONE; i++)
		code = report_one(app, action, &sel->tokens[i]);
	return code;
}

static int
preview_one(struct app *app, const struct action *action,
	    const struct chosen *token)
{
	struct tc_record *now = NULL;
	struct tc_error err = { 0 };
	char what[64];
	int code;

	if (app->json) {
		code = tc_show(app->handle, &app->actor, token->id, &now, &err);
		code = code == TC_OK ? put_json(record_json(now))
				     : complain_tc(code, &err);
		tc_record_free(now);
		return code;
	}
	(void)snprintf(what, sizeof(what), "would be %s", action->done);
	if (token->revoked && !action->gone)
		say_words("was revoked before", action, token, NULL);
	else
		say_words(what, action, token, NULL);
	return DONE;
}

int
selection_preview(struct app *app, const struct selection *sel,
		  const struct action *action)
{
	int code = DONE;

	for (size_t i = 0; i < sel->n; i++) {
		const struct chosen *token = &sel->tokens[i];

		if (action->refuses_revoked && token->revoked)
			return complain(REFUSED, app->verb->word,
					"%s: is revoked, for good", token->id);
		if (token->damaged)
			return complain(UNAVAILABLE, app->verb->word,
					"%s: the record is damaged", token->id);
	}
	for (size_t i = 0; i < sel->n && code == DONE; i++)
		code = preview_one(app, action, &sel->tokens[i]);
	return code;
}

/* ---- the whole ---- */
static int
change(struct app *app, struct selection *sel, const struct action *action)
{
	struct tc_error err = { 0 };
	int code;

	if (sel->n == 0)
		return complain(REFUSED, app->verb->word, "nothing matched");
	if (sel->dry_run)
		return selection_preview(app, sel, action);
	if (!may_change(sel, action)) {
		return complain(REFUSED, app->verb->word,
				"nothing was changed");
	}
	code = action->run(app, sel, action->arg, &err);
	if (code != TC_OK)
		return complain_tc(code, &err);
	change_is_in_force();
	return report(app, sel, action);
}

int
selection_change(struct app *app, struct selection *sel,
		 const struct action *action)
{
	const bool by_filter = filter_given(&sel->filter);
	int code;

	if (by_filter && app->n_operands > 0) {
		return complain(USAGE, app->verb->word,
				"names or filters, not both");
	}
	if (!by_filter && app->n_operands == 0) {
		return complain(USAGE, app->verb->word,
				"a name is missing, or a filter such as "
				"--user; see --help");
	}
	if (!app_open(app))
		return app->exit;
	code = selection_gather(app, sel, action) ? change(app, sel, action)
						  : app->exit;
	selection_free(sel);
	return code;
}

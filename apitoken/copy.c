/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken copy and regenerate: a new token after the pattern of another one,
 * which stays as it is or is replaced.
 */
#include <stdio.h>
#include <string.h>

#include "apitoken.h"

#define COPY " (copy)"

struct copy {
	const char *id; /* of the other */
	const struct tc_edit *changes;
	const char *user;
};

static int
mint_copy(struct app *app, const void *arg, struct fresh *fresh,
	  struct tc_error *err)
{
	const struct copy *copy = arg;

	return tc_copy(app->handle, &app->actor, copy->id, copy->changes,
		       copy->user, fresh->tokens[0], &fresh->recs[0], err);
}

/* The label, unless one was typed. */
static bool
label_copy(struct app *app, struct edit_args *args, const char *other,
	   char label[TC_LABEL_MAX + sizeof(COPY)])
{
	struct tc_edit *edit = &args->edit;

	if (args->label)
		return true;
	(void)snprintf(label, TC_LABEL_MAX + sizeof(COPY), "%s" COPY, other);
	if (strlen(label) > TC_LABEL_MAX) {
		app->exit = complain_option("label", NULL,
					    "is needed: the other's is too "
					    "long with \"" COPY "\" behind it");
		return false;
	}
	edit->label = label;
	edit->what |= TC_EDIT_LABEL;
	return true;
}

static int
copy_token(struct app *app, struct edit_args *args, const struct handover *h,
	   const char *user)
{
	char label[TC_LABEL_MAX + sizeof(COPY)];
	struct tc_record *rec = NULL;
	int code;

	if (!record_find(app, app->operands[0], &rec))
		return app->exit;
	if (label_copy(app, args, rec->label, label)) {
		const struct copy copy = { rec->id, &args->edit, user };

		code = handover_run(app, h, 1, mint_copy, &copy);
	} else {
		code = app->exit;
	}
	tc_record_free(rec);
	return code;
}

int
verb_copy(struct app *app, int argc, char **argv)
{
	struct edit_args args = { 0 };
	struct handover h = { .lost = "" };
	const char *user = NULL;
	const struct opt own = { .name = "user",
				 .value = "NAME",
				 .text = &user,
				 .help = "whose the copy is (the same)" };
	struct opts opts = { 0 };

	opts_add(&opts, &own, 1);
	edit_opts(&opts, &args);
	handover_opts(&opts, &h);
	if (!app_options(app, opts.v, opts.n, argc, argv) ||
	    !edit_parse(app, &args) || !handover_possible(app, &h, 1) ||
	    !app_open(app))
		return app->exit;
	return copy_token(app, &args, &h, user);
}

/* ---- regenerate ---- */
struct renewal {
	const char *id;
	int64_t expires;
};

static int
mint_again(struct app *app, const void *arg, struct fresh *fresh,
	   struct tc_error *err)
{
	const struct renewal *renewal = arg;

	return tc_regenerate(app->handle, &app->actor, renewal->id,
			     renewal->expires, fresh->tokens[0],
			     &fresh->recs[0], err);
}

int
verb_regenerate(struct app *app, int argc, char **argv)
{
	struct handover h = { .lost = "; the one it replaces is refused, too" };
	const char *expires = NULL;
	struct renewal renewal;
	struct tc_record *rec = NULL;
	struct opts opts = { 0 };
	int code;

	expires_opt(&opts, &expires);
	handover_opts(&opts, &h);
	if (!app_options(app, opts.v, opts.n, argc, argv) ||
	    !parse_expiry(app, expires, TC_EXPIRES_KEEP, &renewal.expires) ||
	    !handover_possible(app, &h, 1) || !app_open(app) ||
	    !record_find(app, app->operands[0], &rec))
		return app->exit;
	renewal.id = rec->id;
	code = handover_run(app, &h, 1, mint_again, &renewal);
	tc_record_free(rec);
	return code;
}

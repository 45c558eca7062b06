/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apitoken edit and renew: what is known of tokens changes, their values
 * stay. */
#include "apitoken.h"

static int
run_edit(struct app *app, const struct selection *sel, const void *arg,
	 struct tc_error *err)
{
	return tc_edit(app->handle, &app->actor, sel->ids, sel->n, arg, err);
}

int
verb_edit(struct app *app, int argc, char **argv)
{
	struct edit_args args = { 0 };
	struct selection sel = { 0 };
	struct action action = {
		.ask = "Edit",
		.done = "edited",
		.spares_revoked = true,
		.refuses_revoked = true,
		.renames = true,
		.run = run_edit,
		.arg = &args.edit,
	};
	struct opts opts = { 0 };

	edit_opts(&opts, &args);
	selection_opts(&opts, &sel);
	if (!app_options(app, opts.v, opts.n, argc, argv) ||
	    !edit_parse(app, &args))
		return app->exit;
	if (args.edit.what == 0) {
		return complain(USAGE, "edit",
				"say what to change, --label for instance; "
				"see --help");
	}
	action.shows_expiry = (args.edit.what & TC_EDIT_EXPIRES) != 0;
	return selection_change(app, &sel, &action);
}

static int
run_renew(struct app *app, const struct selection *sel, const void *arg,
	  struct tc_error *err)
{
	const int64_t *expires = arg;

	return tc_renew(app->handle, &app->actor, sel->ids, sel->n, *expires,
			err);
}

int
verb_renew(struct app *app, int argc, char **argv)
{
	const char *expires = NULL;
	int64_t until;
	struct selection sel = { 0 };
	const struct action action = {
		.ask = "Renew",
		.done = "renewed",
		.spares_revoked = true,
		.refuses_revoked = true,
		.shows_expiry = true,
		.run = run_renew,
		.arg = &until,
	};
	struct opts opts = { 0 };

	expires_opt(&opts, &expires);
	selection_opts(&opts, &sel);
	if (!app_options(app, opts.v, opts.n, argc, argv) ||
	    !parse_expiry(app, expires, TC_EXPIRES_DEFAULT, &until))
		return app->exit;
	return selection_change(app, &sel, &action);
}

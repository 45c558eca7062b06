/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apitoken check and compact: the store as a whole. */
#include <inttypes.h>

#include "apitoken.h"

int
verb_check(struct app *app, int argc, char **argv)
{
	struct doctor doctor = { .worst = TC_FINE };

	if (!app_options(app, NULL, 0, argc, argv))
		return app->exit;
	doctor.json = app->json;
	doctor.config = app->config ? app->config : TC_DEFAULT_CONFIG;
	doctor_library(&doctor);
	return doctor_result(&doctor);
}

int
verb_compact(struct app *app, int argc, char **argv)
{
	struct tc_info before, after;
	struct tc_error err = { 0 };
	int code;

	if (!app_options(app, NULL, 0, argc, argv) || !app_open(app))
		return app->exit;
	code = tc_info(app->handle, &before, &err);
	if (code == TC_OK)
		code = tc_compact(app->handle, &app->actor, &err);
	if (code != TC_OK)
		return complain_tc(code, &err);
	change_is_in_force();
	code = tc_info(app->handle, &after, &err);
	if (code != TC_OK)
		return complain_tc(code, &err);
	if (app->json)
		return put_json(json_pack("{s:I, s:I}", "before",
					  (json_int_t)before.bytes, "after",
					  (json_int_t)after.bytes));
	put("%" PRIu64 " bytes before, %" PRIu64 " after\n", before.bytes,
	    after.bytes);
	return DONE;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apitoken init: makes an installation. */
#include <string.h>

#include "apitoken.h"

int
verb_init(struct app *app, int argc, char **argv)
{
	bool from_stdin = false;
	const struct opt opts[] = {
		{ .name = "secret-stdin",
		  .flag = &from_stdin,
		  .help = "read the key's secret from stdin" },
	};
	char secret[SECRET_SIZE] = "";
	struct tc_error err = { 0 };
	const char *config;
	int code;

	if (!app_options(app, opts, COUNT(opts), argc, argv))
		return app->exit;
	config = app->config ? app->config : TC_DEFAULT_CONFIG;
	if (from_stdin && !read_key_secret(secret, &code))
		return code;
	code = tc_init(app->config, from_stdin ? secret : NULL, &err);
	explicit_bzero(secret, sizeof(secret));
	if (code != TC_OK)
		return complain_tc(code, &err);
	change_is_in_force();
	if (app->json)
		return put_json(
		    json_pack("{s:o}", "config", json_text(config)));
	put("made %s and what belongs to it\n", config);
	return DONE;
}

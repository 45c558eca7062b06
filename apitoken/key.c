/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken key: the keys that tokens are made and verified with, by number.
 * A secret comes from stdin alone and is never shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apitoken.h"

bool
read_key_secret(char secret[SECRET_SIZE], int *code)
{
	const ssize_t len = read_secret("Secret", secret, SECRET_SIZE);

	if (len < 0) {
		*code = REFUSED;
	} else if (strlen(secret) != (size_t)len) {
		/* The library would see it only up to the NUL. */
		*code = complain(USAGE, "secret", "holds a NUL byte");
	} else {
		return true;
	}
	explicit_bzero(secret, SECRET_SIZE);
	return false;
}

static json_t *
key_json(const struct tc_key_info *key)
{
	return json_pack("{s:i, s:s, s:I}", "kid", (int)key->kid, "state",
			 tc_key_state_name(key->state), "tokens",
			 (json_int_t)key->tokens);
}

static int
print_keys(const struct app *app, const struct tc_key_info *keys, size_t n)
{
	static const char *const heads[] = { "KEY", "STATE", "TOKENS" };
	struct table table = { .columns = COUNT(heads),
			       .heads = heads,
			       .coloured = 2 };
	int code = DONE;

	for (size_t i = 0; i < n && code == DONE; i++) {
		char kid[16], tokens[24];
		const char *cells[] = { kid, tc_key_state_name(keys[i].state),
					tokens };

		(void)snprintf(kid, sizeof(kid), "%u", keys[i].kid);
		(void)snprintf(tokens, sizeof(tokens), "%zu", keys[i].tokens);
		if (app->json)
			code = put_json(key_json(&keys[i]));
		else if (!table_add(&table, cells))
			code = complain(UNAVAILABLE, "keys", "out of memory");
	}
	if (!app->json && code == DONE && !table_print(&table))
		code = complain(UNAVAILABLE, "keys", "out of memory");
	table_free(&table);
	return code;
}

int
verb_key_list(struct app *app, int argc, char **argv)
{
	struct tc_key_info *keys = NULL;
	struct tc_error err = { 0 };
	size_t n = 0;
	int code;

	if (!app_options(app, NULL, 0, argc, argv) || !app_open(app))
		return app->exit;
	code = tc_key_list(app->handle, &keys, &n, &err);
	if (code != TC_OK)
		return complain_tc(code, &err);
	code = print_keys(app, keys, n);
	free(keys);
	return code;
}

/* The key's line after a change. */
static int
print_key(struct app *app, unsigned kid, enum tc_key_state state)
{
	struct tc_key_info *keys = NULL;
	struct tc_error err = { 0 };
	size_t n = 0;
	int code;

	change_is_in_force();
	code = tc_key_list(app->handle, &keys, &n, &err);
	if (code != TC_OK)
		return complain_tc(code, &err);
	/* The list is the old one where the new could not be read. */
	code = UNAVAILABLE;
	for (size_t i = 0; i < n; i++) {
		if (keys[i].kid != kid || keys[i].state != state)
			continue;
		code = DONE;
		if (app->json)
			code = put_json(key_json(&keys[i]));
		else
			put("key %u: %s\n", kid,
			    tc_key_state_name(keys[i].state));
	}
	free(keys);
	return code == DONE
		   ? DONE
		   : complain(code, "key", "the list is still the old one");
}

static int
add(struct app *app, unsigned kid, const char *secret, bool activate)
{
	struct tc_error err = { 0 };
	int code =
	    tc_key_add(app->handle, &app->actor, kid, secret, &kid, &err);

	if (code != TC_OK)
		return complain_tc(code, &err);
	if (activate)
		code = tc_key_activate(app->handle, &app->actor, kid, &err);
	if (code == TC_OK)
		return print_key(app, kid,
				 activate ? TC_KEY_ACTIVE : TC_KEY_VERIFY);
	return complain(IN_FORCE, "key",
			"key %u is in force, but only to verify: %s", kid,
			err.text[0] ? err.text : tc_strerror(code));
}

int
verb_key_add(struct app *app, int argc, char **argv)
{
	const char *number = NULL;
	bool from_stdin = false, activate = false;
	const struct opt opts[] = {
		{ .name = "kid",
		  .value = "NUMBER",
		  .text = &number,
		  .help = "its number, 1 to 65535 (the next free one)" },
		{ .name = "secret-stdin",
		  .flag = &from_stdin,
		  .help = "read its secret from stdin" },
		{ .name = "activate",
		  .flag = &activate,
		  .help = "make new tokens with it from now on" },
	};
	char secret[SECRET_SIZE] = "";
	unsigned kid = 0;
	int code;

	if (!app_options(app, opts, COUNT(opts), argc, argv))
		return app->exit;
	if (number && !option_number("kid", number, KID_MAX, &kid))
		return USAGE;
	if (!app_open(app))
		return app->exit;
	if (from_stdin && !read_key_secret(secret, &code))
		return code;
	code = add(app, kid, from_stdin ? secret : NULL, activate);
	explicit_bzero(secret, sizeof(secret));
	return code;
}

int
verb_key_activate(struct app *app, int argc, char **argv)
{
	struct tc_error err = { 0 };
	unsigned kid;
	int code;

	if (!app_options(app, NULL, 0, argc, argv))
		return app->exit;
	if (!parse_kid(app->operands[0], &kid))
		return USAGE;
	if (!app_open(app))
		return app->exit;
	code = tc_key_activate(app->handle, &app->actor, kid, &err);
	return code == TC_OK ? print_key(app, kid, TC_KEY_ACTIVE)
			     : complain_tc(code, &err);
}

struct mark {
	unsigned kid;
	bool found;
};

static int
is_mark(void *arg, const struct tc_ended *ended)
{
	struct mark *mark = arg;

	mark->found = mark->found || ended->kid == mark->kid;
	return 0;
}

/* The tokens are ended first, in the store, and then the key, in its file. */
static int
retire(struct app *app, unsigned kid)
{
	struct mark mark = { .kid = kid };
	struct tc_error err = { 0 }, other = { 0 };
	const int code = tc_key_retire(app->handle, &app->actor, kid, &err);
	const char *why = err.text[0] ? err.text : tc_strerror(code);
	const int end = exit_for_code(code);
	bool listed;

	if (code == TC_OK)
		return print_key(app, kid, TC_KEY_RETIRED);
	listed = tc_list_ended(app->handle, &app->actor, is_mark, &mark,
			       &other) == TC_OK;
	if (mark.found && (end == UNAVAILABLE || end == NOT_PERMITTED))
		return complain(IN_FORCE, "key",
				"that its tokens are refused is in force, but "
				"it is not retired, do it again: %s",
				why);
	if (!listed && end == UNAVAILABLE)
		return complain(end, "key",
				"its tokens may be refused already, do it "
				"again: %s",
				why);
	return complain_tc(code, &err);
}

int
verb_key_retire(struct app *app, int argc, char **argv)
{
	bool yes = false;
	const struct opt opts[] = {
		{ .name = "yes",
		  .flag = &yes,
		  .help = "do not ask, as without a terminal" },
	};
	unsigned kid;

	if (!app_options(app, opts, COUNT(opts), argc, argv))
		return app->exit;
	if (!parse_kid(app->operands[0], &kid))
		return USAGE;
	if (!app_open(app))
		return app->exit;
	if (!yes && !confirm("All tokens of this key end with it, for good. "
			     "Retire it?"))
		return complain(REFUSED, "key retire", "nothing was changed");
	return retire(app, kid);
}

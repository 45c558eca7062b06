/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken narrow: whoever holds a token makes a weaker one of it.  Opens no
 * configuration, so it works on any host and as any user.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspect.h"
#include "outfile.h"
#include "value.h"

#define NAMES_MAX 8 /* that one limit joins */
#define NAMES_BYTES 255

struct narrow_args {
	const char *expires, *from, *output;
	struct words services;
};

struct limit {
	struct tc_caveat caveats[WORDS_MAX + 2];
	size_t n;
};

/* ---- limits ---- */
static bool
add_expires(struct app *app, struct limit *limit, const char *text)
{
	struct tc_caveat *c = &limit->caveats[limit->n];
	int64_t when;

	if (!parse_expiry(app, text, 0, &when))
		return false;
	if (when == 0) {
		complain_option("expires", text, "is no limit");
		return false;
	}
	c->type = TC_CAVEAT_NOT_AFTER;
	c->not_after = when - 1;
	limit->n++;
	return true;
}

/* Names that the token keeps joined. */
static bool
add_services(struct limit *limit, const char *names)
{
	struct tc_caveat *c = &limit->caveats[limit->n];
	char copy[sizeof(c->services)], *rest = copy, *name;
	int n = 0;

	(void)snprintf(copy, sizeof(copy), "%s", names);
	while ((name = strsep(&rest, ",")) != NULL && n++ < NAMES_MAX) {
		if (!is_service(name)) {
			complain_option("service", *name ? name : NULL,
					*name ? NO_SERVICE : "is empty");
			return false;
		}
	}
	/* What is longer than that was cut. */
	if (name || strlen(names) > NAMES_BYTES) {
		complain_option("service", NULL,
				"at most %d names, %d bytes with their commas",
				NAMES_MAX, NAMES_BYTES);
		return false;
	}
	c->type = TC_CAVEAT_SERVICE;
	(void)snprintf(c->services, sizeof(c->services), "%s", names);
	limit->n++;
	return true;
}

static bool
add_source(struct limit *limit, const char *text)
{
	struct tc_caveat *c = &limit->caveats[limit->n];

	if (!option_source("from", text, &c->source))
		return false;
	c->type = TC_CAVEAT_SOURCE;
	limit->n++;
	return true;
}

static int
parse_limit(struct app *app, const struct narrow_args *args,
	    struct limit *limit)
{
	bool ok = !args->expires || add_expires(app, limit, args->expires);

	for (size_t i = 0; ok && i < args->services.n; i++)
		ok = add_services(limit, args->services.v[i]);
	if (ok && args->from)
		ok = add_source(limit, args->from);
	if (!ok)
		return USAGE;
	if (limit->n == 0)
		return complain(USAGE, "narrow",
				"--expires, --service or --from is needed");
	return DONE;
}

/* ---- handing over ---- */
static char *
seen_text(const struct tc_inspected *seen, const char *output)
{
	json_t *object = json_pack("{s:s, s:o}", "id", seen->id, "caveats",
				   caveats_json(seen));

	if (output &&
	    json_object_set_new(object, "output", json_text(output)) != 0) {
		json_decref(object);
		object = NULL;
	}
	return json_line(object);
}

static void
say_seen(const struct tc_inspected *seen)
{
	(void)fprintf(stderr, "%-9s %s\n", "id", seen->id);
	for (size_t i = 0; i < seen->n_caveats; i++) {
		char text[CAVEAT_MAX];

		caveat_text(&seen->caveats[i], text);
		(void)fprintf(stderr, "%-9s %s\n", "caveat", text);
	}
}

static bool
to_stdout(const struct app *app, const char *token,
	  const struct tc_inspected *seen)
{
	char *text;
	bool ok;

	if (!app->json)
		return write_token(STDOUT_FILENO, token);
	text = seen_text(seen, NULL);
	ok = write_token_json(token, text);
	free(text);
	return ok;
}

static bool
to_file(const char *name, int fd, const char *token)
{
	return write_token(fd, token) && outfile_sync(name, fd);
}

static int
announce(const struct app *app, const char *output,
	 const struct tc_inspected *seen)
{
	char *text;

	if (!app->json) {
		say_seen(seen);
		return DONE;
	}
	if (!output)
		return DONE;
	text = seen_text(seen, output);
	if (!text)
		return complain(UNAVAILABLE, "output", "out of memory");
	put("%s\n", text);
	free(text);
	return DONE;
}

static int
hand_over(const struct app *app, const char *output, int fd, const char *token)
{
	struct tc_inspected seen;

	if (tc_inspect(token, strlen(token), &seen) != TC_VALID)
		return complain(UNAVAILABLE, "narrow", "SHA-256 is missing");
	if (!(output ? to_file(output, fd, token)
		     : to_stdout(app, token, &seen)))
		return complain(REFUSED, output ? output : "standard output",
				"%s", strerror(errno));
	if (output)
		change_is_in_force();
	return announce(app, output, &seen);
}

/* ---- the verb ---- */
static int
narrow(const struct app *app, const char *output, int fd,
       const struct limit *limit)
{
	char token[TOKEN_SIZE], narrower[TC_TOKEN_MAX + 1] = "";
	struct tc_inspected seen;
	struct tc_error err = { 0 };
	size_t len;
	int code;

	if (inspect_stdin(token, &len, &seen, &code)) {
		code = tc_narrow(token, len, limit->caveats, limit->n, narrower,
				 &err);
		code = code == TC_OK ? hand_over(app, output, fd, narrower)
				     : complain_tc(code, &err);
	}
	explicit_bzero(token, sizeof(token));
	explicit_bzero(narrower, sizeof(narrower));
	return code;
}

static int
to_output(const struct app *app, const char *output, const struct limit *limit)
{
	const int fd = outfile_open(output);
	int code;

	if (fd == -1)
		return REFUSED;
	code = narrow(app, output, fd, limit);
	if (code != DONE && code != IN_FORCE)
		outfile_remove(output, fd);
	if (close(fd) != 0 && code == DONE)
		code = complain(REFUSED, output, "%s", strerror(errno));
	return code;
}

int
verb_narrow(struct app *app, int argc, char **argv)
{
	struct narrow_args args = { 0 };
	const struct opt opts[] = {
		{ .name = "expires",
		  .value = "WHEN",
		  .text = &args.expires,
		  .help = "2027-03-31, 90d, 12h, today" },
		{ .name = "service",
		  .value = "NAME,...",
		  .list = &args.services,
		  .help = "only for one of these; if repeated, one of each" },
		{ .name = "from",
		  .value = "CIDR",
		  .text = &args.from,
		  .help = "only from this network" },
		{ .name = "output",
		  .value = "FILE",
		  .text = &args.output,
		  .help = "write the token to this new file" },
	};
	struct limit limit = { 0 };
	int code;

	if (!app_options(app, opts, COUNT(opts), argc, argv))
		return app->exit;
	code = parse_limit(app, &args, &limit);
	if (code != DONE)
		return code;
	if (args.output)
		return to_output(app, args.output, &limit);
	return stdout_writable() ? narrow(app, NULL, -1, &limit) : REFUSED;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken create: the token leaves this process once, to stdout or to a new
 * file, and its memory is wiped.  A token that could not be handed over is
 * revoked at once, since nobody would know of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apitoken.h"

struct create_args {
	const char *user, *label, *expires, *output;
	struct words services, sources, properties;
};

struct parsed {
	struct tc_source sources[WORDS_MAX];
	struct tc_property properties[WORDS_MAX];
	struct tc_create spec;
};

static bool
parse_properties(struct words *words, struct parsed *parsed)
{
	for (size_t i = 0; i < words->n; i++) {
		char *equals = strchr(words->v[i], '=');

		if (!equals) {
			complain(USAGE, "property", "not KEY=VALUE");
			return false;
		}
		*equals = '\0';
		parsed->properties[i].key = words->v[i];
		parsed->properties[i].value = equals + 1;
	}
	return true;
}

static int
parse_spec(struct create_args *args, struct parsed *parsed)
{
	struct tc_create *spec = &parsed->spec;
	struct tc_error err = { 0 };
	int code = TC_OK;

	spec->user = args->user;
	spec->label = args->label;
	spec->expires = -1;
	if (args->expires)
		code = tc_parse_when(args->expires, time(NULL), &spec->expires,
				     &err);
	for (size_t i = 0; code == TC_OK && i < args->sources.n; i++)
		code = tc_parse_source(args->sources.v[i], &parsed->sources[i],
				       &err);
	if (code != TC_OK)
		return complain_tc(code, &err);
	if (!parse_properties(&args->properties, parsed))
		return USAGE;
	spec->services = (const char *const *)args->services.v;
	spec->n_services = args->services.n;
	spec->sources = parsed->sources;
	spec->n_sources = args->sources.n;
	spec->properties = parsed->properties;
	spec->n_properties = args->properties.n;
	return DONE;
}

/* ---- the file of --output ---- */
/* Opened before the token is made, so that it cannot be the reason why a
 * token gets lost.  -1, and reported: it cannot be had. */
static int
open_output(const char *name)
{
	const int fd = open(
	    name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd == -1) {
		complain(REFUSED, name, "%s", strerror(errno));
	} else if (fchmod(fd, 0600) != 0) { /* whatever the umask took */
		complain(REFUSED, name, "%s", strerror(errno));
		(void)unlink(name);
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* Takes the file away again, if the name still means the one we made. */
static void
remove_output(const char *name, int fd)
{
	struct stat ours, there;

	if (fstat(fd, &ours) == 0 && lstat(name, &there) == 0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
		(void)unlink(name);
}

static void
sync_folder(const char *name)
{
	const char *slash = strrchr(name, '/');
	char *folder = !slash	       ? strdup(".")
		       : slash == name ? strdup("/")
				       : strndup(name, (size_t)(slash - name));
	const int fd =
	    folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	/* Some file systems cannot; the file itself is on disk. */
	if (fd != -1) {
		(void)fsync(fd);
		(void)close(fd);
	}
	free(folder);
}

/* ---- handing over ---- */
static bool
write_line(int fd, const char *token)
{
	char line[TC_TOKEN_MAX + 2];
	const int len = snprintf(line, sizeof(line), "%s\n", token);
	const bool ok = len > 0 && write_all(fd, line, (size_t)len);

	explicit_bzero(line, sizeof(line));
	return ok;
}

static bool
write_file(int fd, const char *name, const char *token)
{
	if (!write_line(fd, token) || fsync(fd) != 0)
		return false;
	sync_folder(name);
	return true;
}

static char *
record_text(const struct tc_record *rec, const char *output)
{
	json_t *object = record_json(rec);
	char *text = NULL;

	if (object && (!output || json_object_set_new(object, "output",
						      json_text(output)) == 0))
		text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

/*
 * The token is put into the finished text instead of into a JSON value, which
 * would leave copies in memory that cannot be wiped.  Its characters need no
 * quoting.
 */
static bool
write_json(const struct tc_record *rec, const char *token)
{
	char *record = record_text(rec, NULL);
	const size_t size = record ? strlen(record) + TC_TOKEN_MAX + 32 : 0;
	char *line = record ? malloc(size) : NULL;
	bool ok = false;

	if (line) {
		const int len = snprintf(line, size, "{\"token\":\"%s\",%s\n",
					 token, record + 1);

		ok = len > 0 && (size_t)len < size &&
		     write_all(STDOUT_FILENO, line, (size_t)len);
		explicit_bzero(line, size);
	} else {
		errno = ENOMEM;
	}
	free(line);
	free(record);
	return ok;
}

static bool
hand_over(const struct app *app, const struct create_args *args, int fd,
	  const char *token, const struct tc_record *rec)
{
	if (args->output)
		return write_file(fd, args->output, token);
	if (app->json)
		return write_json(rec, token);
	return write_line(STDOUT_FILENO, token);
}

/* Nobody has the token: so nobody shall be able to use it. */
static int
take_back(struct app *app, const char *where, int error, const char *id)
{
	const char *ids[] = { id };
	struct tc_error err = { 0 };

	if (tc_revoke(app->handle, &app->actor, ids, 1,
		      "it could not be handed over", &err) != TC_OK) {
		return complain(REFUSED, where,
				"%s; the token is lost, and "
				"%s could not be revoked: %s",
				strerror(error), id, err.text);
	}
	return complain(REFUSED, where,
			"%s; the token is lost, and %s was "
			"revoked",
			strerror(error), id);
}

/* ---- words ---- */
static void
say(const char *name, const char *value)
{
	char text[ESCAPED_MAX];

	escape(text, sizeof(text), value);
	(void)fprintf(stderr, "%-9s %s\n", name, text);
}

static void
say_record(const struct tc_record *rec, const char *output)
{
	char *services = record_services(rec), *sources = record_sources(rec);
	char expires[WHEN_MAX];

	format_expiry(rec->expires, expires);
	say("id", rec->id);
	say("user", rec->user);
	say("label", rec->label);
	say("expires", expires);
	say("services", services ? services : "?");
	say("from", sources ? sources : "?");
	if (output)
		say("token in", output);
	else
		(void)fputs("The token is shown only this once.\n", stderr);
	free(services);
	free(sources);
}

static int
announce(const struct app *app, const struct create_args *args,
	 const struct tc_record *rec)
{
	char *text;

	if (!app->json) {
		say_record(rec, args->output);
		return DONE;
	}
	if (!args->output)
		return DONE;
	text = record_text(rec, args->output);
	if (!text)
		return complain(UNAVAILABLE, "output", "out of memory");
	put("%s\n", text);
	free(text);
	return DONE;
}

/* ---- the verb ---- */
static int
mint(struct app *app, const struct create_args *args,
     const struct tc_create *spec, int fd)
{
	char token[TC_TOKEN_MAX + 1] = "";
	struct tc_record *rec = NULL;
	struct tc_error err = { 0 };
	int code = tc_create(app->handle, &app->actor, spec, token, &rec, &err);

	if (code != TC_OK) {
		code = complain_tc(code, &err);
	} else if (!hand_over(app, args, fd, token, rec)) {
		code = take_back(
		    app, args->output ? args->output : "standard output", errno,
		    rec->id);
	} else {
		code = announce(app, args, rec);
		fd = -1; /* the file stays */
	}
	if (fd != -1)
		remove_output(args->output, fd);
	explicit_bzero(token, sizeof(token));
	tc_record_free(rec);
	return code;
}

/* A closed stdout is noticed while there is nothing to lose yet. */
static bool
stdout_writable(void)
{
	const int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags != -1 && (flags & O_ACCMODE) != O_RDONLY)
		return true;
	complain(REFUSED, "standard output", "is closed");
	return false;
}

static int
create(struct app *app, const struct create_args *args,
       const struct tc_create *spec)
{
	int fd = -1, code;

	if (!args->output && !stdout_writable())
		return REFUSED;
	if (args->output) {
		fd = open_output(args->output);
		if (fd == -1)
			return REFUSED;
	}
	code = mint(app, args, spec, fd);
	if (fd != -1 && close(fd) != 0 && code == DONE)
		code = complain(REFUSED, args->output, "%s", strerror(errno));
	return code;
}

int
verb_create(struct app *app, int argc, char **argv)
{
	struct create_args args = { 0 };
	const struct opt opts[] = {
		{ .name = "user",
		  .value = "NAME",
		  .text = &args.user,
		  .help = "whose token it is (needed)" },
		{ .name = "label",
		  .value = "TEXT",
		  .text = &args.label,
		  .help = "what it is for (needed)" },
		{ .name = "service",
		  .value = "NAME,...",
		  .commas = &args.services,
		  .help = "only for these services (any)" },
		{ .name = "expires",
		  .value = "WHEN",
		  .text = &args.expires,
		  .help = "2027-03-31, 90d, 12h, today, never" },
		{ .name = "from",
		  .value = "CIDR,...",
		  .commas = &args.sources,
		  .help = "only from these networks (any)" },
		{ .name = "property",
		  .value = "KEY=VALUE",
		  .list = &args.properties,
		  .help = "a note to keep" },
		{ .name = "output",
		  .value = "FILE",
		  .text = &args.output,
		  .help = "write the token to this new file" },
	};
	struct parsed parsed = { 0 };
	int code;

	if (!app_options(app, opts, COUNT(opts), argc, argv))
		return app->exit;
	if (!args.user || !args.label) {
		return complain(USAGE, "create", "%s is missing",
				args.user ? "--label" : "--user");
	}
	code = parse_spec(&args, &parsed);
	if (code != DONE)
		return code;
	if (!app_open(app))
		return app->exit;
	return create(app, &args, &parsed.spec);
}

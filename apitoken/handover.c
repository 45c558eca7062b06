/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Handing new tokens over: a token leaves this process once, to stdout or to a
 * new file, and its memory is wiped.  What could not be handed over is revoked
 * at once, since nobody would know of it.
 */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outfile.h"

void
handover_opts(struct opts *opts, struct handover *h)
{
	const struct opt own[] = {
		{ .name = "output",
		  .value = "FILE",
		  .text = &h->output,
		  .help = "write the token to this new file" },
		{ .name = "qr",
		  .flag = &h->qr,
		  .help = "show it as a QR code, too" },
	};

	opts_add(opts, own, COUNT(own));
}

/* ---- handing over ---- */
static char *
record_text(const struct tc_record *rec, const char *output)
{
	json_t *object = record_json(rec);

	if (output &&
	    json_object_set_new(object, "output", json_text(output)) != 0) {
		json_decref(object);
		object = NULL;
	}
	return json_line(object);
}

static bool
write_json(const struct tc_record *rec, const char *token)
{
	char *record = record_text(rec, NULL);
	const bool ok = write_token_json(token, record);

	free(record);
	return ok;
}

/* A file counts as a whole: it goes away if its end is missing. */
static bool
to_file(int fd, const char *name, const struct fresh *fresh)
{
	for (size_t i = 0; i < fresh->n; i++) {
		if (!write_token(fd, fresh->tokens[i]))
			return false;
	}
	return outfile_sync(name, fd);
}

/* How many somebody has now; if not all, errno says why. */
static size_t
hand_over(const struct app *app, const struct handover *h, int fd,
	  const struct fresh *fresh)
{
	size_t n = 0;

	if (h->output) {
		n = to_file(fd, h->output, fresh) ? fresh->n : 0;
	} else {
		while (n < fresh->n &&
		       (app->json
			    ? write_json(fresh->recs[n], fresh->tokens[n])
			    : write_token(STDOUT_FILENO, fresh->tokens[n])))
			n++;
	}
	if (n == fresh->n && h->qr && !qr_print(fresh->tokens[0]))
		n = 0;
	return n;
}

/* ---- what nobody has, nobody shall be able to use ---- */
static int
revoke_rest(struct app *app, const struct fresh *fresh, size_t first,
	    struct tc_error *err)
{
	const size_t n = fresh->n - first;
	const char **ids = calloc(n, sizeof(*ids));
	int code = TC_E_NOMEM;

	for (size_t i = 0; ids && i < n; i++)
		ids[i] = fresh->recs[first + i]->id;
	if (ids) {
		code = tc_revoke(app->handle, &app->actor, ids, n,
				 "it could not be handed over", err);
	}
	free(ids);
	return code;
}

static int
take_back(struct app *app, const struct handover *h, const struct fresh *fresh,
	  size_t first, int error)
{
	const char *where = h->output ? h->output : "standard output";
	const struct tc_record *rec = fresh->recs[first];
	const size_t n = fresh->n - first;
	struct tc_error err = { 0 };
	const int code = revoke_rest(app, fresh, first, &err);
	/* Is something other than before all the same? */
	const int end =
	    first > 0 || *h->lost || code != TC_OK ? IN_FORCE : REFUSED;
	char what[ESCAPED_MAX], name[ESCAPED_MAX];

	record_name(rec->user, rec->label, name);
	if (n == 1)
		(void)snprintf(what, sizeof(what), "the token is lost, and %s",
			       rec->id);
	else
		(void)snprintf(what, sizeof(what),
			       "%zu tokens are lost, from %.600s on, and", n,
			       name);
	if (code != TC_OK)
		return complain(end, where, "%s; %s could not be revoked: %s",
				strerror(error), what,
				err.text[0] ? err.text : tc_strerror(code));
	return complain(end, where, "%s; %s %s revoked%s", strerror(error),
			what, n == 1 ? "was" : "were", h->lost);
}

/* ---- words ---- */
/* NULL: there was no memory for it. */
static void
say(const char *name, const char *value)
{
	char text[ESCAPED_MAX];

	if (!value) {
		lose_output(ENOMEM);
		return;
	}
	escape(text, sizeof(text), value);
	(void)fprintf(stderr, "%-9s %s\n", name, text);
}

static void
say_labels(const struct fresh *fresh)
{
	const struct tc_record *first = fresh->recs[0];
	const struct tc_record *last = fresh->recs[fresh->n - 1];
	char text[ESCAPED_MAX];

	if (fresh->n == 1) {
		say("label", first->label);
		return;
	}
	(void)snprintf(text, sizeof(text), "%s ... %s", first->label,
		       last->label);
	say("labels", text);
}

/* All of them differ in id and label alone. */
static void
say_records(const struct fresh *fresh, const char *output)
{
	const struct tc_record *rec = fresh->recs[0];
	char *services = record_services(rec), *sources = record_sources(rec);
	const bool one = fresh->n == 1;
	char expires[WHEN_MAX];

	format_expiry(rec->expires, expires);
	if (one)
		say("id", rec->id);
	say("user", rec->user);
	say_labels(fresh);
	say("expires", expires);
	say("services", services);
	say("from", sources);
	if (rec->replaces[0])
		say("replaces", rec->replaces);
	if (output)
		say(one ? "token in" : "tokens in", output);
	else
		(void)fprintf(stderr, "The token%s shown only this once.\n",
			      one ? " is" : "s are");
	free(services);
	free(sources);
}

/* It may be what is wanted: the option allow_root of the PAM module is another
 * way to let root in. */
static void
warn_of_root(struct app *app, const struct tc_record *rec)
{
	const struct passwd *pw = getpwnam(rec->user);
	struct tc_error err = { 0 };
	struct tc_info info;

	if (pw && pw->pw_uid == 0 &&
	    tc_info(app->handle, &info, &err) == TC_OK && !info.allow_root)
		(void)fprintf(stderr,
			      "allow_root = no: %s logs in with it only where "
			      "the PAM line says allow_root.\n",
			      pw->pw_name);
}

static int
announce(const struct app *app, const struct handover *h,
	 const struct fresh *fresh)
{
	if (!app->json) {
		say_records(fresh, h->output);
		return DONE;
	}
	for (size_t i = 0; h->output && i < fresh->n; i++) {
		char *text = record_text(fresh->recs[i], h->output);

		if (!text)
			return complain(UNAVAILABLE, "output", "out of memory");
		put("%s\n", text);
		free(text);
	}
	return DONE;
}

/* ---- the whole ---- */
bool
handover_possible(struct app *app, const struct handover *h, size_t n)
{
	if (h->qr && app->json) {
		app->exit = complain_option("qr", NULL,
					    "is for people: not with --json");
		return false;
	}
	if (h->qr && n > 1) {
		app->exit = complain_option("qr", NULL,
					    "shows one token: not with "
					    "--count");
		return false;
	}
	if ((h->output || stdout_writable()) && (!h->qr || qr_possible()))
		return true;
	app->exit = REFUSED;
	return false;
}

/* Between making a token and giving it away nobody interrupts: it would be
 * there, and nobody would know of it. */
static void
hold_signals(bool hold)
{
	static sigset_t before;
	sigset_t all;

	(void)sigemptyset(&all);
	(void)sigaddset(&all, SIGINT);
	(void)sigaddset(&all, SIGTERM);
	(void)sigaddset(&all, SIGHUP);
	(void)sigaddset(&all, SIGQUIT);
	if (hold)
		(void)sigprocmask(SIG_BLOCK, &all, &before);
	else
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

static int
make_and_give(struct app *app, const struct handover *h, struct fresh *fresh,
	      mint_fn *mint, const void *arg)
{
	const int fd = h->output ? outfile_open(h->output) : -1;
	struct tc_error err = { 0 };
	size_t given = 0;
	int code;

	if (h->output && fd == -1)
		return REFUSED;
	hold_signals(true);
	code = mint(app, arg, fresh, &err);
	if (code != TC_OK) {
		code = complain_tc(code, &err);
	} else {
		given = hand_over(app, h, fd, fresh);
		if (given < fresh->n) {
			code = take_back(app, h, fresh, given, errno);
		} else {
			change_is_in_force();
			code = announce(app, h, fresh);
			warn_of_root(app, fresh->recs[0]);
		}
	}
	hold_signals(false);
	if (fd != -1 && given < fresh->n)
		outfile_remove(h->output, fd);
	if (fd != -1 && close(fd) != 0 && code == DONE)
		code = complain(REFUSED, h->output, "%s", strerror(errno));
	return code;
}

int
handover_run(struct app *app, const struct handover *h, size_t n, mint_fn *mint,
	     const void *arg)
{
	struct fresh fresh = {
		.n = n,
		.tokens = calloc(n, sizeof(*fresh.tokens)),
		.recs = calloc(n, sizeof(struct tc_record *)),
	};
	int code;

	if (fresh.tokens && fresh.recs)
		code = make_and_give(app, h, &fresh, mint, arg);
	else
		code = complain(UNAVAILABLE, "output", "out of memory");
	for (size_t i = 0; fresh.recs && i < n; i++)
		tc_record_free(fresh.recs[i]);
	if (fresh.tokens)
		explicit_bzero(fresh.tokens, n * sizeof(*fresh.tokens));
	free(fresh.tokens);
	free(fresh.recs);
	return code;
}

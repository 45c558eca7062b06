/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken audit: the JSON audit log for people, one line for each event, or
 * as it is for scripts.  Tokens are matched by what the log says of them, so
 * deleted ones are found, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit.h"

#define LINES_MAX 100000
#define FOLLOWED_LINES 10 /* that are shown before new ones come */
#define FIRST_WINDOW 65536 /* bytes from the end that are looked at */

/* The last lines that fit, the oldest one at `next` once it is full. */
struct ring {
	size_t size, n, next;
	struct ring_line {
		char *text;
		size_t len;
		bool whole;
	} * lines;
};

struct audit {
	struct event_filter filter;
	bool json;
	bool failed; /* out of memory */
	size_t strange; /* lines that were not understood */
	struct ring ring;
};

/* ---- one line ---- */
/* As it is, unless it holds what steers a terminal. */
static bool
put_json_line(const char *line, json_t *event)
{
	char plain[2 * LOG_LINE_MAX], *text;

	escape(plain, sizeof(plain), line);
	if (strcmp(plain, line) == 0) {
		put("%s\n", line);
		return true;
	}
	text = json_line(json_incref(event));
	if (text)
		put("%s\n", text);
	free(text);
	return text != NULL;
}

/* Marked, since it may be made up to look like an event. */
static void
put_strange(const char *line, size_t len)
{
	char text[ESCAPED_MAX];

	escape_bytes(text, sizeof(text), line, len);
	put("not understood: %s\n", text);
}

static bool
show_line(struct audit *a, const char *line, size_t len, bool whole)
{
	json_t *event = whole ? event_parse(line, len, &a->failed) : NULL;

	if (a->failed)
		return false;
	if (!event)
		a->strange++;
	if (event && a->json)
		a->failed = !put_json_line(line, event);
	else if (event)
		event_print(event);
	else if (!a->json)
		put_strange(line, len);
	json_decref(event);
	return !a->failed && !output_failed();
}

/* ---- the last lines ---- */
static bool
ring_add(struct ring *ring, const char *line, size_t len, bool whole)
{
	struct ring_line *slot = &ring->lines[ring->next];

	free(slot->text);
	slot->text = malloc(len + 1);
	if (!slot->text)
		return false;
	memcpy(slot->text, line, len + 1);
	slot->len = len;
	slot->whole = whole;
	ring->next = (ring->next + 1) % ring->size;
	if (ring->n < ring->size)
		ring->n++;
	return true;
}

static void
ring_clear(struct ring *ring)
{
	for (size_t i = 0; i < ring->n; i++) {
		free(ring->lines[i].text);
		ring->lines[i].text = NULL;
	}
	ring->n = ring->next = 0;
}

static bool
ring_show(struct audit *a)
{
	const struct ring *ring = &a->ring;
	const size_t first = ring->n < ring->size ? 0 : ring->next;

	for (size_t i = 0; i < ring->n; i++) {
		const struct ring_line *l =
		    &ring->lines[(first + i) % ring->size];

		if (!show_line(a, l->text, l->len, l->whole))
			return false;
	}
	return true;
}

/* ---- all lines ---- */
/* Does it belong to what was asked for?  Of a line that is not understood
 * nobody knows. */
static bool
fits(struct audit *a, const char *line, size_t len, bool whole)
{
	json_t *event;
	bool result;

	if (!event_filter_given(&a->filter))
		return true;
	event = whole ? event_parse(line, len, &a->failed) : NULL;
	if (!event && !a->failed)
		a->strange++;
	result = event && event_fits(event, &a->filter);
	json_decref(event);
	return result;
}

static bool
on_line(void *arg, const char *line, size_t len, bool whole)
{
	struct audit *a = arg;

	if (!fits(a, line, len, whole))
		return !a->failed;
	return show_line(a, line, len, whole);
}

static bool
on_line_kept(void *arg, const char *line, size_t len, bool whole)
{
	struct audit *a = arg;

	if (fits(a, line, len, whole) && !ring_add(&a->ring, line, len, whole))
		a->failed = true;
	return !a->failed;
}

/*
 * Looks at more and more of the end of the file until there are enough lines
 * that fit: all of it is read twice at worst, and little of it mostly.
 */
static enum reading
read_last(struct audit *a, struct logfile *f)
{
	enum reading reading;
	bool all = false;

	for (size_t window = FIRST_WINDOW;; window *= 4) {
		ring_clear(&a->ring);
		a->strange = 0;
		all = logfile_near_end(f, window);
		reading = logfile_read(f, on_line_kept, a);
		if (reading != READ_TO_END || all || a->ring.n == a->ring.size)
			return reading;
	}
}

/* What is in the file now.  A line that nobody ended is one, unless its end
 * may still come. */
static enum reading
read_now(struct audit *a, struct logfile *f, bool follow)
{
	log_line_fn *fn = a->ring.size ? on_line_kept : on_line;
	enum reading reading =
	    a->ring.size ? read_last(a, f) : logfile_read(f, fn, a);

	if (reading == READ_TO_END && !follow && !logfile_rest(f, fn, a))
		reading = READ_STOPPED;
	if (reading == READ_TO_END && !ring_show(a))
		reading = READ_STOPPED;
	return reading;
}

static int
run(struct audit *a, const char *path, bool follow)
{
	int code = DONE;
	struct logfile *f = logfile_open(path, follow, &code);
	enum reading reading;

	if (!f)
		return code;
	reading = read_now(a, f, follow);
	if (reading == READ_TO_END && follow)
		reading = logfile_follow(f, on_line, a);
	logfile_close(f);
	if (a->strange > 0) {
		complain(DONE, path, "%zu line%s not understood", a->strange,
			 a->strange == 1 ? " was" : "s were");
	}
	if (a->failed)
		return complain(UNAVAILABLE, "audit", "out of memory");
	return reading == READ_FAILED ? UNAVAILABLE : DONE;
}

/* ---- the verb ---- */
static int
audit(struct app *app, struct audit *a, bool follow)
{
	struct tc_error err = { 0 };
	struct tc_info info;
	int code;

	if (!app_open(app))
		return app->exit;
	code = tc_info(app->handle, &info, &err);
	/* A store that cannot be read is when the log is wanted most. */
	if (!*info.store)
		return complain_tc(code, &err);
	if (!*info.audit_log) {
		return complain(UNAVAILABLE, "audit",
				"audit_log = none, so there is no such file; "
				"look at the system's log: journalctl "
				"SYSLOG_FACILITY=10, or /var/log/auth.log");
	}
	return run(a, info.audit_log, follow);
}

static bool
make_ring(struct app *app, struct ring *ring, const char *lines, bool follow)
{
	unsigned n = follow ? FOLLOWED_LINES : 0;

	if (lines && !option_number("lines", lines, LINES_MAX, &n)) {
		app->exit = USAGE;
		return false;
	}
	ring->size = n;
	ring->lines = calloc(n + 1, sizeof(*ring->lines));
	if (!ring->lines)
		app->exit = complain(UNAVAILABLE, "audit", "out of memory");
	return ring->lines != NULL;
}

int
verb_audit(struct app *app, int argc, char **argv)
{
	struct event_filter_args args = { 0 };
	struct audit a = { 0 };
	const char *lines = NULL;
	bool follow = false;
	const struct opt own[] = {
		{ .name = "follow",
		  .letter = 'f',
		  .flag = &follow,
		  .help = "go on with what comes, until interrupted" },
		{ .name = "lines",
		  .letter = 'n',
		  .value = "N",
		  .text = &lines,
		  .help = "only the last ones (all; 10 with --follow)" },
	};
	struct opts opts = { 0 };
	int code;

	event_filter_opts(&opts, &args);
	opts_add(&opts, own, COUNT(own));
	app->notes = "NAME is an id, the beginning of one, or USER/LABEL, also "
		     "of a deleted token.\nOnly the audit log itself is read, "
		     "not what was rotated away.";
	if (!app_options(app, opts.v, opts.n, argc, argv) ||
	    !event_filter_parse(app, &args, &a.filter) ||
	    !make_ring(app, &a.ring, lines, follow))
		return app->exit;
	a.json = app->json;
	code = audit(app, &a, follow);
	ring_clear(&a.ring);
	free(a.ring.lines);
	return code;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What apitoken audit is made of: a log file that may grow, and the events in
 * it. */
#ifndef AUDIT_H
#define AUDIT_H

#include "apitoken.h"

/* ---- a log file ---- */
#define LOG_LINE_MAX 16384 /* bytes; the library writes less than half */

struct logfile;

/** One line without its end, len bytes and a NUL; whole is false for the
 *  beginning of one that is too long.  Returns false to stop. */
typedef bool log_line_fn(void *arg, const char *line, size_t len, bool whole);

enum reading {
	READ_TO_END,
	READ_STOPPED, /* fn said so */
	READ_FAILED /* reported */
};

/** Opens a regular file; NULL, and reported: *code says how to end.
 *  @param wait  one that is missing may still come: logfile_follow() */
struct logfile *logfile_open(const char *path, bool wait, int *code);
void logfile_close(struct logfile *f);

/** All lines from where the last call ended. */
enum reading logfile_read(struct logfile *f, log_line_fn *fn, void *arg);
/** What stands at the end without a line end; false: fn said to stop. */
bool logfile_rest(struct logfile *f, log_line_fn *fn, void *arg);
/** The next line that is read is the first one that begins in the last so
 *  many bytes; true: that is the beginning of the file. */
bool logfile_near_end(struct logfile *f, size_t bytes);
/** Lines as they come, also in a new file of the same name, until SIGINT or
 *  until nobody reads stdout. */
enum reading logfile_follow(struct logfile *f, log_line_fn *fn, void *arg);

/* ---- events of the audit log ---- */
/** What a line says; NULL: it is not understood, or out of memory. */
json_t *event_parse(const char *line, size_t len, bool *no_memory);
/** One line for people. */
void event_print(const json_t *event);

struct event_filter_args {
	const char *user, *since, *until;
	struct words events, results;
};

/* What is NULL, 0 or empty does not matter. */
struct event_filter {
	const char *user;
	int64_t since, until; /* until is the first second that is out */
	struct words events, results;
	char **names; /* the operands: ids' beginnings, or USER/LABEL */
	size_t n_names;
};

/** --user, --event, --result, --since, --until. */
void event_filter_opts(struct opts *opts, struct event_filter_args *args);
/** Reads what was typed, the operands being names; false, and reported:
 *  app->exit says how to end. */
bool event_filter_parse(struct app *app, const struct event_filter_args *args,
			struct event_filter *filter);
/** Was anything asked for? */
bool event_filter_given(const struct event_filter *filter);
bool event_fits(const json_t *event, const struct event_filter *filter);

#endif

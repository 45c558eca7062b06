/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the command line share: the state of one run, the
 * description of options, and the few ways in which anything is read from or
 * shown to a person.  Every decision about tokens is the library's.
 */
#ifndef APITOKEN_H
#define APITOKEN_H

#include <glob.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "options.h"
#include "tokencore.h"

/* ---- exit codes ---- */
enum {
	DONE = 0,
	REFUSED = 1, /* or nothing matched */
	USAGE = 2,
	NO_TOKEN = 3, /* or an ambiguous name */
	UNAVAILABLE = 4, /* configuration, key or store */
	NOT_PERMITTED = 5,
	IN_FORCE = 6 /* the change, but not all that belongs to it */
};

/* ---- one run ---- */
struct app {
	const char *config; /* NULL: the default */
	bool json;
	const struct verb *verb;
	tc_handle *handle; /* app_open() */
	struct tc_actor actor; /* who asks; app_open() */
	char **operands; /* app_options() */
	size_t n_operands;
	int exit; /* what to return when app_options() said no */
	const char *notes; /* set before app_options(): ends the help */
};

struct verb {
	const char *word, *second; /* second: "add" of "key add", or NULL */
	int (*run)(struct app *app, int argc, char **argv);
	size_t min_operands, max_operands;
	const char *operands; /* for the help */
	const char *about;
};

/** Opens the handle; false: app->exit says how to end. */
bool app_open(struct app *app);

/* ---- what a token is to be good for ---- */
struct limits {
	/* as typed */
	const char *expires;
	struct words services, sources, properties;
	/* as meant: limits_parse() */
	int64_t until; /* TC_EXPIRES_DEFAULT where nothing was typed */
	struct tc_source nets[WORDS_MAX];
	struct tc_property notes[2 * WORDS_MAX]; /* room for an edit's */
};

void expires_opt(struct opts *opts, const char **text);
/** --expires, --service, --from, --property. */
void limits_opts(struct opts *opts, struct limits *limits);

/** Reads an expiry, or takes the one for when nothing (NULL) was typed;
 *  false, and reported: app->exit says how to end. */
bool parse_expiry(struct app *app, const char *text, int64_t unless,
		  int64_t *expires);

/** Reads what was typed; false, and reported: app->exit says how to end. */
bool limits_parse(struct app *app, struct limits *limits);

struct edit_args {
	const char *label;
	struct limits limits;
	bool any_service, any_source;
	struct words removed;
	struct tc_edit edit; /* edit_parse(); points into the rest */
};

/** --label, those of limits, and what takes limits away. */
void edit_opts(struct opts *opts, struct edit_args *args);

/** Reads what was typed into args->edit; false, and reported: app->exit says
 *  how to end. */
bool edit_parse(struct app *app, struct edit_args *args);

/* ---- which tokens ---- */
struct filter_args {
	const char *user, *search, *expires_before, *unused_since;
	struct words states;
};

/** --user, --search, --state, --expires-before, --unused-since. */
void filter_opts(struct opts *opts, struct filter_args *args);

/** Was any of them typed? */
bool filter_given(const struct filter_args *args);

/** Reads what was typed; false, and reported: app->exit says how to end.
 *  filter keeps pointers into args. */
bool filter_parse(struct app *app, const struct filter_args *args,
		  struct tc_filter *filter);

struct chosen;

/* Tokens by name or by filter, for one change. */
struct selection {
	/* as typed */
	struct filter_args filter;
	bool yes, dry_run;
	/* as found: selection_gather() */
	size_t n, room;
	struct chosen *tokens;
	const char **ids; /* n whole ids, each one once */
};

/** Those of a filter, --dry-run and --yes. */
void selection_opts(struct opts *opts, struct selection *sel);

/* What a verb does to a selection, and how it says so. */
struct action {
	const char *ask; /* "Revoke" */
	const char *done; /* "revoked" */
	const char *warning; /* behind the question; or NULL */
	bool spares_revoked; /* a filter leaves them out */
	bool refuses_revoked; /* the library does, those that are named */
	bool renames, shows_expiry; /* what of the new is said in words */
	bool gone; /* there is no record afterwards */
	int64_t issued_before; /* only those made earlier; 0: all */
	int (*run)(struct app *app, const struct selection *sel,
		   const void *arg, struct tc_error *err);
	const void *arg;
};

/**
 * The whole of such a verb once its own options are read: looks for the
 * tokens, asks, changes them in one commit and says what was done.
 * @return the exit code
 */
int selection_change(struct app *app, struct selection *sel,
		     const struct action *action);

/** Looks for the tokens; false, and reported: app->exit says how to end.
 *  None at all is fine.  The handle has to be open. */
bool selection_gather(struct app *app, struct selection *sel,
		      const struct action *action);
/** Says what would be changed; the exit code. */
int selection_preview(struct app *app, const struct selection *sel,
		      const struct action *action);
void selection_free(struct selection *sel);

/* ---- handing new tokens over ---- */
struct handover {
	/* as typed */
	const char *output;
	bool qr;
	/* what else is to be said when a token was lost, or "" */
	const char *lost;
};

/** --output and --qr. */
void handover_opts(struct opts *opts, struct handover *h);

/* New tokens that nobody has yet. */
struct fresh {
	size_t n;
	char (*tokens)[TC_TOKEN_MAX + 1];
	struct tc_record **recs;
};

/** Makes all of them, or none. */
typedef int mint_fn(struct app *app, const void *arg, struct fresh *fresh,
		    struct tc_error *err);

/** Can they be handed over that way?  Looked at before anything is opened;
 *  false, and reported: app->exit says how to end. */
bool handover_possible(struct app *app, const struct handover *h, size_t n);

/**
 * Has n tokens made and hands them over, to stdout or to the new file; what
 * could not be handed over is revoked.  Their memory is wiped.
 * @return the exit code
 */
int handover_run(struct app *app, const struct handover *h, size_t n,
		 mint_fn *mint, const void *arg);

/** Is stdout a terminal that is wide enough for a token's QR code?  If not,
 *  it is reported. */
bool qr_possible(void);
/** Writes it to stdout; false, and errno: it could not. */
bool qr_print(const char *token);

/* ---- the verbs ---- */
/** All of them, in the order of the help. */
const struct verb *verb_table(size_t *n) __attribute__((nonnull));

/** The verb that the first one or two of n words name; NULL, and reported:
 *  there is none. */
const struct verb *verb_find(size_t n, char **words) __attribute__((nonnull));

int verb_init(struct app *app, int argc, char **argv);
int verb_create(struct app *app, int argc, char **argv);
int verb_list(struct app *app, int argc, char **argv);
int verb_show(struct app *app, int argc, char **argv);
int verb_edit(struct app *app, int argc, char **argv);
int verb_copy(struct app *app, int argc, char **argv);
int verb_renew(struct app *app, int argc, char **argv);
int verb_regenerate(struct app *app, int argc, char **argv);
int verb_revoke(struct app *app, int argc, char **argv);
int verb_delete(struct app *app, int argc, char **argv);
int verb_import(struct app *app, int argc, char **argv);
int verb_export(struct app *app, int argc, char **argv);
int verb_audit(struct app *app, int argc, char **argv);
int verb_stats(struct app *app, int argc, char **argv);
int verb_check(struct app *app, int argc, char **argv);
int verb_compact(struct app *app, int argc, char **argv);
int verb_verify(struct app *app, int argc, char **argv);
int verb_inspect(struct app *app, int argc, char **argv);
int verb_narrow(struct app *app, int argc, char **argv);
int verb_key_list(struct app *app, int argc, char **argv);
int verb_key_add(struct app *app, int argc, char **argv);
int verb_key_activate(struct app *app, int argc, char **argv);
int verb_key_retire(struct app *app, int argc, char **argv);
int verb_doctor(struct app *app, int argc, char **argv);
int verb_help(struct app *app, int argc, char **argv);

/* ---- help ---- */
/** Lists the verbs that begin with this word; NULL: all.  Returns an exit
 *  code. */
int help_verbs(const struct app *app, const char *word);

/** Is this a word, such as "key", that needs a second one? */
bool help_knows(const char *word) __attribute__((nonnull));

/** Says what app->verb does, and its options.  Returns an exit code. */
int help_options(const struct app *app, const struct opt *opts, size_t n)
    __attribute__((nonnull));

/* ---- errors ---- */
/** The change is made, or the file of --output: from here on whatever goes
 *  wrong is told as what it is, and ends with IN_FORCE. */
void change_is_in_force(void);

/** "apitoken: what: why" on stderr, in one line; returns code. */
int complain(int code, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The same for what the library said, the verb being the "what"; returns
 *  the exit code for it. */
int complain_tc(int code, const struct tc_error *err);

/** Which verb that is; kept, not copied. */
void complain_about(const char *verb);

/** The exit code for an enum tc_code. */
int exit_for_code(int code);

/* ---- output ---- */
#define LINE_MAX_BYTES 1024 /* of an error */
#define ESCAPED_MAX 2048
#define WHEN_MAX 48

/** Printable text: control bytes, marks that turn the writing direction and
 *  what is not UTF-8 become \xNN.  Always ends in NUL; out gets cut at size. */
void escape(char *out, size_t size, const char *in);

/** The same for bytes that may hold NUL; in[len] has to be NUL. */
void escape_bytes(char *out, size_t size, const char *in, size_t len);

/** Columns that it takes on a terminal. */
size_t text_width(const char *text);

/** Bytes of it that take at most so many columns; *width: how many it is. */
size_t text_cut(const char *text, size_t columns, size_t *width);

/** printf() to stdout; app_finish_output() tells whether all went out. */
void put(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** The same of bytes as they are. */
void put_bytes(const char *data, size_t len);

/** Something that was to be put is lost, with this errno. */
void lose_output(int error);

/** A part of what is put is of no use: a reader that leaves is told of. */
void half_is_nothing(void);

/** Did something that was put get lost? */
bool output_failed(void);

/** What was put goes out now; false: something was lost. */
bool flush_output(void);

/** Flushes and closes stdout.  If something was lost, it is reported; the exit
 *  code that becomes of this one. */
int finish_output(int code);

/** All of it to a descriptor, or false and errno. */
bool write_all(int fd, const char *data, size_t len);

/** One line of JSON, without its end, that cannot steer a terminal; to be
 *  freed.  Frees the value.  NULL: out of memory, also for a NULL value. */
char *json_line(json_t *value);

/** The same on stdout.  NULL is "out of memory", which is reported at the end,
 *  as all that gets lost. */
int put_json(json_t *value);

/** The list with the value at its end, taking over both; NULL, and the list is
 *  freed: out of memory, also for a NULL value. */
json_t *json_with(json_t *list, json_t *value);

/** A JSON string, escaped only where the bytes are no UTF-8. */
json_t *json_text(const char *text);

/** "2027-03-31T12:00:00Z" or, for 0, null. */
json_t *json_when(int64_t when);

/* ---- times ---- */
/** For people, local time: "2027-03-31" through that day, "2027-03-31 12:00",
 *  or "never". */
void format_expiry(int64_t expires, char out[WHEN_MAX]);

/** A moment in local time, "2027-03-31 12:00:00 +0100". */
void format_moment(int64_t when, char out[WHEN_MAX]);

/** A moment in UTC as in RFC 3339. */
void format_utc(int64_t when, char out[WHEN_MAX]);

/** How far away it is: "in 3 months", "tomorrow", "5 minutes ago". */
void format_distance(int64_t when, int64_t now, char out[WHEN_MAX]);

/* ---- shown in colour, or as a table ---- */
/** A word in its colour, if stdout is a terminal: what to print before and,
 *  with NULL, after it. */
const char *colour(const char *word);

/** Columns of the terminal that stdout is; 0: it is none, or not known. */
size_t terminal_width(void);

struct table {
	size_t columns; /* that are shown */
	size_t keys; /* cells behind them that are but sorted by */
	const char *const *heads; /* NULL: not printed */
	const bool *elastic; /* which ones may be cut; NULL: none */
	size_t coloured; /* a column, counted from 1; 0: none */
	size_t limit; /* columns of the terminal; 0: nothing is cut */
	bool verbatim; /* cells are printable as they are */
	size_t *widths; /* table_print() */
	char ***rows;
	size_t n, room;
};

struct order {
	size_t column; /* or a key, counted on from the columns */
	bool descending;
};

/** Adds a copy of the cells and keys, escaped; false: out of memory. */
bool table_add(struct table *table, const char *const *cells);
/** Sorts by these columns, in this order, byte by byte. */
void table_sort(struct table *table, const struct order *by, size_t n);
/** Prints heads and rows; false: out of memory. */
bool table_print(struct table *table);
/** Prints one more row in the widths that table_print() found. */
bool table_flow(const struct table *table, const char *const *cells);
/** Frees the rows. */
void table_free(struct table *table);

/* ---- records ---- */
/* What becomes of a login with a token, and the one word for it: in lists,
 * in JSON, for --state and in the figures. */
struct standing {
	enum tc_verdict standing;
	const char *word;
};

/** All that a record may have. */
const struct standing *standing_table(size_t *n) __attribute__((nonnull));
const char *record_state(const struct tc_record *rec);
json_t *record_json(const struct tc_record *rec);
/** Services or networks joined by commas, "any" for none; to be freed. */
char *record_services(const struct tc_record *rec);
char *record_sources(const struct tc_record *rec);
/** Its name for people, "USER/LABEL", escaped. */
void record_name(const char *user, const char *label, char out[ESCAPED_MAX]);
/** Finds and reads; false: app->exit says how to end, and it is reported. */
bool record_find(struct app *app, const char *name, struct tc_record **rec);

/** "KEY=VALUE,..." or "". */
char *record_properties(const struct tc_record *rec);
/** Where it was last used from, or "". */
char *record_last_source(const struct tc_record *rec);

/* ---- input ---- */
/**
 * Reads a secret from stdin: up to the end of the file, from a terminal one
 * line without showing it.  The line end is taken off.
 * @param prompt  shown on a terminal
 * @param buf     wiped by the caller, also on failure
 * @return its length, or -1 and reported
 */
ssize_t read_secret(const char *prompt, char *buf, size_t size);

#define SECRET_SIZE 1026 /* 1024 bytes of a secret, line end or NUL */

/** A key's secret from stdin; false, and reported: *code says how to end. */
bool read_key_secret(char secret[SECRET_SIZE], int *code);

/** Asks on the terminal; true without asking where stdin is none. */
bool confirm(const char *question);

/**
 * Who asks: the rights are the process's, the name is the user's or, behind
 * sudo, that of the person who called it.  Points to static storage.
 */
struct tc_actor actor_self(void);

/* ---- doctor ---- */
struct doctor {
	bool json;
	const char *root; /* before every path of the host; "" */
	const char *config; /* file name */
	enum tc_severity worst;
	size_t problems, warnings;
};

void finding(struct doctor *doctor, enum tc_severity severity, const char *what,
	     const char *why, const char *mend);
/** Tells that what is wrong there is not known, because of this errno; false:
 *  the errno says that nothing is there. */
bool not_seen(struct doctor *doctor, const char *path, int error);
/** glob() below root; what could not be looked at is told. */
void host_glob(struct doctor *doctor, const char *pattern, glob_t *found);
/** Closes a file that was read to its end, or that could not be opened. */
void host_close(struct doctor *doctor, const char *path, FILE *file);
/** root and the path behind it, in out; false if too long. */
bool host_path(const struct doctor *doctor, const char *path, char *out,
	       size_t size);
/** What the library finds. */
void doctor_library(struct doctor *doctor);
void doctor_pam(struct doctor *doctor);
void doctor_host(struct doctor *doctor);
/** Counts them in words; the exit code. */
int doctor_result(const struct doctor *doctor);

#endif

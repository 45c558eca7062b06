/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Options: how a verb describes them, and how what they were given is read.
 * An error names the option, in the one form of complain_option().
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tokencore.h"

struct app;

#define WORDS_MAX 32

struct words {
	size_t n;
	char *v[WORDS_MAX];
};

/* Exactly one of flag, text, list and commas is set. */
struct opt {
	const char *name;
	char letter; /* -n for --name; 0: none */
	const char *value; /* what the help calls it; NULL for a flag */
	const char *words; /* all values that there are, joined by commas; or
			      NULL */
	const char *help;
	bool *flag;
	const char **text; /* at most once */
	struct words *list; /* any number of times */
	struct words *commas; /* the same, and each is cut at its commas */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OPTS_MAX 32 /* of one verb, the common ones included */

/* A verb's table that is put together from those that verbs share. */
struct opts {
	size_t n;
	struct opt v[OPTS_MAX];
};

void opts_add(struct opts *opts, const struct opt *more, size_t n);

/**
 * Reads a verb's options and --json, --config and --help; argv[0] is the
 * verb's last word.
 * @return true to go on, app->operands being set; false to return app->exit
 *         at once, the reason being reported
 */
bool app_options(struct app *app, const struct opt *opts, size_t n_opts,
		 int argc, char **argv) __attribute__((nonnull(1)));

/** Reads the options before the verb; the operands are it and the rest. */
bool app_global_options(struct app *app, int argc, char **argv, bool *help,
			bool *version) __attribute__((nonnull));

#define SHOWN_MAX 64 /* bytes of a word that go into an error */

/** Enough of what was typed to recognise it. */
const char *shown_word(const char *text, char out[SHOWN_MAX])
    __attribute__((nonnull));

/** "apitoken: --NAME=VALUE: why"; without the value where it is NULL, since
 *  free text may hold anything.  Returns USAGE. */
int complain_option(const char *name, const char *value, const char *format,
		    ...) __attribute__((format(printf, 3, 4)));

/* Each reads what an option was given; false, and reported with its name: it
 * is none. */
/** A number from 1 to max. */
bool option_number(const char *name, const char *text, unsigned max,
		   unsigned *number);
/** A moment; direction: where spans lie.  NULL, nothing typed, is 0. */
bool option_moment(const char *name, const char *text, int direction,
		   int64_t *when);
/** A network. */
bool option_source(const char *name, const char *text,
		   struct tc_source *source);

#define KID_MAX 65535

/** Reads a key's number that is an operand; false, and reported: it is none. */
bool parse_kid(const char *text, unsigned *kid);

#endif

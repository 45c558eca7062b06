/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Options, read with getopt_long() from a verb's own table, which also gives
 * its --help.  Where a value goes is in the table, so no verb has a loop.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apitoken.h"
#include "nearest.h"

static bool
usage(struct app *app, const char *what, const char *why)
{
	char name[SHOWN_MAX];

	app->exit = complain(USAGE, shown_word(what, name), "%s", why);
	return false;
}

static bool
bad_use(struct app *app, const struct opt *opt, const char *why)
{
	app->exit = complain_option(opt->name, NULL, "%s", why);
	return false;
}

static bool
add_word(struct app *app, const struct opt *opt, struct words *words,
	 char *word)
{
	if (*word == '\0')
		return bad_use(app, opt, "is empty");
	if (words->n == WORDS_MAX)
		return bad_use(app, opt, "too many of them");
	words->v[words->n++] = word;
	return true;
}

static bool
add_commas(struct app *app, const struct opt *opt, char *text)
{
	for (;;) {
		char *comma = strchr(text, ',');

		if (comma)
			*comma = '\0';
		if (!add_word(app, opt, opt->commas, text))
			return false;
		if (!comma)
			return true;
		text = comma + 1;
	}
}

static bool
store(struct app *app, const struct opt *opt, char *value)
{
	if (opt->flag) {
		*opt->flag = true;
		return true;
	}
	if (opt->list)
		return add_word(app, opt, opt->list, value);
	if (opt->commas)
		return add_commas(app, opt, value);
	if (*opt->text)
		return bad_use(app, opt, "given twice");
	if (*value == '\0')
		return bad_use(app, opt, "is empty");
	*opt->text = value;
	return true;
}

/* Behind all letters, which are bytes. */
#define FIRST_ROW 256

/* What getopt_long() gave: a letter, or the number of the row.  NULL: neither.
 */
static const struct opt *
opt_of(int c, const struct opt *opts, size_t n)
{
	if (c >= FIRST_ROW && (size_t)(c - FIRST_ROW) < n)
		return &opts[c - FIRST_ROW];
	for (size_t i = 0; c > 0 && i < n; i++) {
		if (opts[i].letter == c)
			return &opts[i];
	}
	return NULL;
}

/* Not what stands behind its "=", which may be a secret. */
static bool
unknown_option(struct app *app, const char *word, const struct opt *opts,
	       size_t n)
{
	struct nearest near = { .found = false };
	char name[SHOWN_MAX];

	(void)shown_word(word, name);
	name[strcspn(name, "=")] = '\0';
	near.typed = name + strspn(name, "-");
	for (size_t i = 0; i < n; i++)
		nearest_try(&near, opts[i].name, i);
	app->exit =
	    near.found
		? complain(USAGE, name, "no such option, did you mean --%s?",
			   opts[near.which].name)
		: complain(USAGE, name, "no such option; see --help");
	return false;
}

/*
 * getopt_long() names the option by optopt: one that it knows, or an unknown
 * letter; else it is the word it has just passed.
 */
static bool
bad_option(struct app *app, int c, const struct opt *opts, size_t n,
	   char **argv)
{
	const struct opt *opt = opt_of(optopt, opts, n);
	const char letter[] = { '-', (char)optopt, '\0' };

	if (opt) {
		return bad_use(app, opt,
			       c == ':' ? "needs a value" : "takes no value");
	}
	return unknown_option(app, optopt ? letter : argv[optind - 1], opts, n);
}

/*
 * Reads options into where the table says.  "+" in stop makes the first
 * operand end them.
 */
static bool
read_options(struct app *app, const char *stop, const struct opt *opts,
	     size_t n, int argc, char **argv)
{
	struct option table[OPTS_MAX + 1] = { 0 };
	char letters[sizeof("+:") + (size_t)2 * OPTS_MAX];
	char *at = stpcpy(letters, stop);
	int c;

	if (n > OPTS_MAX)
		abort();
	for (size_t i = 0; i < n; i++) {
		const char letter[] = { opts[i].letter, '\0' };

		table[i].name = opts[i].name;
		table[i].has_arg =
		    opts[i].flag ? no_argument : required_argument;
		table[i].val = FIRST_ROW + (int)i;
		at = stpcpy(at, letter);
		at = stpcpy(at, *letter && !opts[i].flag ? ":" : "");
	}
	opterr = 0;
	optind = 0; /* glibc: forget what was read before */
	while ((c = getopt_long(argc, argv, letters, table, NULL)) != -1) {
		const struct opt *opt = opt_of(c, opts, n);

		if (!opt)
			return bad_option(app, c, opts, n, argv);
		if (!store(app, opt, optarg))
			return false;
	}
	app->operands = argv + optind;
	app->n_operands = (size_t)(argc - optind);
	return true;
}

bool
app_global_options(struct app *app, int argc, char **argv, bool *help,
		   bool *version)
{
	const struct opt opts[] = {
		{ .name = "config", .value = "FILE", .text = &app->config },
		{ .name = "json", .flag = &app->json },
		{ .name = "help", .letter = 'h', .flag = help },
		{ .name = "version", .flag = version },
	};

	return read_options(app, "+:", opts, COUNT(opts), argc, argv);
}

static bool
count_operands(struct app *app)
{
	const struct verb *verb = app->verb;
	const char *word = verb->second ? verb->second : verb->word;

	if (app->n_operands < verb->min_operands)
		return usage(app, word, "a name is missing; see --help");
	/* Not repeated in the error: it may be a token or a secret. */
	if (app->n_operands > verb->max_operands)
		return usage(app, word, "too many words; see --help");
	return true;
}

void
opts_add(struct opts *opts, const struct opt *more, size_t n)
{
	if (n > OPTS_MAX - opts->n)
		abort();
	for (size_t i = 0; i < n; i++)
		opts->v[opts->n++] = more[i];
}

bool
app_options(struct app *app, const struct opt *own, size_t n_own, int argc,
	    char **argv)
{
	bool help = false;
	const struct opt common[] = {
		{ .name = "config",
		  .value = "FILE",
		  .text = &app->config,
		  .help = "the configuration (" TC_DEFAULT_CONFIG ")" },
		{ .name = "json",
		  .flag = &app->json,
		  .help = "one JSON object for each line" },
		{ .name = "help",
		  .letter = 'h',
		  .flag = &help,
		  .help = "this text" },
	};
	struct opts all = { 0 };

	opts_add(&all, own, n_own);
	opts_add(&all, common, COUNT(common));
	if (!read_options(app, ":", all.v, all.n, argc, argv))
		return false;
	if (help) {
		app->exit = help_options(app, all.v, all.n);
		return false;
	}
	return count_operands(app);
}

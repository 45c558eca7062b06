/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken help and --help, from the tables of verbs and options.  With --json
 * the tables themselves, for completions and for the check of the manual.
 */
#include <stdio.h>
#include <string.h>

#include "apitoken.h"

#define COLUMN_MAX 64 /* bytes of an option with its value */
#define LINE_WIDTH 79

static json_t *
string_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* "a,b" as an array; NULL is an empty one. */
static json_t *
json_words(const char *words)
{
	json_t *list = json_array();

	for (const char *s = words; list && s;) {
		const size_t len = strcspn(s, ",");

		list = json_with(list, json_stringn(s, len));
		s = s[len] ? s + len + 1 : NULL;
	}
	return list;
}

static json_t *
verb_json(const struct verb *verb)
{
	return json_pack("{s:s, s:o, s:s, s:s}", "verb", verb->word, "second",
			 string_or_null(verb->second), "operands",
			 verb->operands, "about", verb->about);
}

static json_t *
option_json(const struct opt *opt)
{
	const char letter[] = { opt->letter, '\0' };

	return json_pack(
	    "{s:s, s:o, s:o, s:b, s:b, s:o, s:s}", "name", opt->name, "letter",
	    string_or_null(*letter ? letter : NULL), "value",
	    string_or_null(opt->value), "many", opt->list || opt->commas,
	    "commas", opt->commas != NULL, "words", json_words(opt->words),
	    "help", opt->help);
}

bool
help_knows(const char *word)
{
	size_t n;
	const struct verb *verbs = verb_table(&n);

	for (size_t i = 0; i < n; i++) {
		if (verbs[i].second && strcmp(word, verbs[i].word) == 0)
			return true;
	}
	return false;
}

int
help_verbs(const struct app *app, const char *word)
{
	size_t n;
	const struct verb *verbs = verb_table(&n);
	int code = DONE;

	if (!app->json) {
		put("usage: apitoken [--config FILE] [--json] VERB "
		    "[OPTION...]\n"
		    "       apitoken help [VERB]\n"
		    "       apitoken --version\n\n"
		    "API tokens that work as passwords.\n\n");
	}
	for (size_t i = 0; i < n && code == DONE; i++) {
		const char *second = verbs[i].second ? verbs[i].second : "";

		if (word && strcmp(word, verbs[i].word) != 0)
			continue;
		if (app->json) {
			code = put_json(verb_json(&verbs[i]));
			continue;
		}
		put("  %s %-*s %s\n", verbs[i].word,
		    12 - (int)strlen(verbs[i].word), second, verbs[i].about);
	}
	return code;
}

static void
column(const struct opt *opt, char out[COLUMN_MAX])
{
	const char letter[] = { opt->letter, '\0' };

	(void)snprintf(out, COLUMN_MAX, "--%s%s%s%s%s", opt->name,
		       *letter ? ", -" : "", letter, opt->value ? " " : "",
		       opt->value ? opt->value : "");
}

/* All values that there are, in lines of their own. */
static void
print_words(const char *words, int indent)
{
	int at = LINE_WIDTH;

	for (const char *s = words; s;) {
		const int len = (int)strcspn(s, ",");
		const bool fits = at + len + 2 <= LINE_WIDTH;

		if (fits)
			put(", ");
		else
			put("%s%*s", s == words ? "" : ",\n", indent, "");
		put("%.*s", len, s);
		at = fits ? at + len + 2 : indent + len;
		s = s[len] ? s + len + 1 : NULL;
	}
	put("\n");
}

static void
print_options(const struct app *app, const struct opt *opts, size_t n)
{
	const struct verb *verb = app->verb;
	char name[COLUMN_MAX];
	size_t width = 0;

	put("usage: apitoken [--config FILE] [--json] %s%s%s [OPTION...]%s%s"
	    "\n\n%s\n\n",
	    verb->word, verb->second ? " " : "",
	    verb->second ? verb->second : "", *verb->operands ? " " : "",
	    verb->operands, verb->about);
	for (size_t i = 0; i < n; i++) {
		column(&opts[i], name);
		if (strlen(name) > width)
			width = strlen(name);
	}
	for (size_t i = 0; i < n; i++) {
		column(&opts[i], name);
		put("  %-*s  %s\n", (int)width, name, opts[i].help);
		if (opts[i].words &&
		    (i == 0 || opts[i].words != opts[i - 1].words))
			print_words(opts[i].words, (int)width + 4);
	}
	if (app->notes)
		put("\n%s\n", app->notes);
}

int
help_options(const struct app *app, const struct opt *opts, size_t n)
{
	json_t *verb, *list;

	if (!app->json) {
		print_options(app, opts, n);
		return DONE;
	}
	verb = verb_json(app->verb);
	list = json_array();
	for (size_t i = 0; list && i < n; i++)
		list = json_with(list, option_json(&opts[i]));
	if (json_object_set_new(verb, "options", list) != 0) {
		json_decref(verb);
		verb = NULL;
	}
	return put_json(verb);
}

int
verb_help(struct app *app, int argc, char **argv)
{
	char *ask[] = { NULL, (char[]){ "--help" }, NULL };
	size_t n;

	if (!app_options(app, NULL, 0, argc, argv))
		return app->exit;
	n = app->n_operands;
	if (n == 0)
		return help_verbs(app, NULL);
	if (n == 1 && help_knows(app->operands[0]))
		return help_verbs(app, app->operands[0]);
	app->verb = verb_find(n, app->operands);
	if (!app->verb)
		return USAGE;
	if (n == 2 && !app->verb->second)
		return complain(USAGE, "help", "too many words; see --help");
	ask[0] = app->operands[n - 1];
	return app->verb->run(app, 2, ask);
}

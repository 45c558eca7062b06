/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The apitoken command: finds the verb in a table and runs it.  What holds
 * for every verb is done here: no core dumps, three usable descriptors, the
 * handle, and the check that all output went out.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>

#include "apitoken.h"
#include "nearest.h"

#define NO_BOUND ((size_t)-1)

static const struct verb verbs[] = {
	{ "init", NULL, verb_init, 0, 0, "",
	  "make key, configuration and store" },
	{ "create", NULL, verb_create, 0, 0, "",
	  "make a token and print it, once" },
	{ "list", NULL, verb_list, 0, 0, "", "list all tokens" },
	{ "show", NULL, verb_show, 1, 1, "NAME",
	  "show all that is known of a token" },
	{ "edit", NULL, verb_edit, 0, NO_BOUND, "[NAME...]",
	  "change label, expiry, services, sources or properties" },
	{ "copy", NULL, verb_copy, 1, 1, "NAME",
	  "make a new token with another's parameters" },
	{ "renew", NULL, verb_renew, 0, NO_BOUND, "[NAME...]",
	  "give tokens a new expiry" },
	{ "regenerate", NULL, verb_regenerate, 1, 1, "NAME",
	  "replace a token's value by a new one" },
	{ "revoke", NULL, verb_revoke, 0, NO_BOUND, "[NAME...]",
	  "end tokens, at once and for good" },
	{ "delete", NULL, verb_delete, 0, NO_BOUND, "[NAME...]",
	  "end tokens and take their records away" },
	{ "import", NULL, verb_import, 0, 1, "[FILE]",
	  "take values made elsewhere, or records from a backup" },
	{ "export", NULL, verb_export, 0, 0, "",
	  "write all records, without secrets, to move or back up" },
	{ "verify", NULL, verb_verify, 0, 0, "",
	  "say whether the token on stdin may log in" },
	{ "inspect", NULL, verb_inspect, 0, 0, "",
	  "take the token on stdin apart, without proof" },
	{ "narrow", NULL, verb_narrow, 0, 0, "",
	  "make a weaker token from the one on stdin" },
	{ "audit", NULL, verb_audit, 0, NO_BOUND, "[NAME...]",
	  "show who did what, and follow it" },
	{ "stats", NULL, verb_stats, 0, 0, "", "print figures for Prometheus" },
	{ "key", "list", verb_key_list, 0, 0, "", "list the keys" },
	{ "key", "add", verb_key_add, 0, 0, "", "add a key that verifies" },
	{ "key", "activate", verb_key_activate, 1, 1, "NUMBER",
	  "make new tokens with this key" },
	{ "key", "retire", verb_key_retire, 1, 1, "NUMBER",
	  "end a key and all its tokens" },
	{ "check", NULL, verb_check, 0, 0, "",
	  "look at every record, both data files and the journal" },
	{ "compact", NULL, verb_compact, 0, 0, "",
	  "write the data files anew, without gaps" },
	{ "doctor", NULL, verb_doctor, 0, 0, "",
	  "look for what would stop a login, or let a bad one pass" },
	{ "help", NULL, verb_help, 0, 2, "[VERB]", "say what a verb does" },
};

/* A core file, or a debugger of the same user, would hold tokens. */
static void
no_dumps(void)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0) {
		exit(complain(UNAVAILABLE, "core dumps",
			      "cannot be turned off: %s", strerror(errno)));
	}
}

/*
 * Were 0, 1 or 2 closed, a file opened later would get that number and be
 * taken for the terminal.  The stand-ins fail on use: 0 cannot be read, 1
 * cannot be written.
 */
static void
hold_descriptors(void)
{
	static const int flags[] = { O_WRONLY, O_RDONLY, O_RDWR };

	for (int fd = 0; fd < 3; fd++) {
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
		    open("/dev/null", flags[fd]) != fd)
			exit(complain(UNAVAILABLE, "/dev/null", "%s",
				      strerror(errno)));
	}
}

static void
to_syslog(void *arg, int priority, const char *line)
{
	(void)arg;
	syslog(LOG_AUTHPRIV | priority, "%s", line);
}

bool
app_open(struct app *app)
{
	const struct tc_options options = {
		.config = app->config,
		.log = to_syslog,
	};
	const char *file = app->config;
	struct tc_error err = { 0 };
	const int code = tc_open(&app->handle, &options, &err);

	app->actor = actor_self();

	if (code == TC_E_UNAVAILABLE && err.text[0])
		app->exit = complain(UNAVAILABLE, app->verb->word,
				     "%s (apitoken %s%s%sdoctor says how to "
				     "mend it)",
				     err.text, file ? "--config " : "",
				     file ? file : "", file ? " " : "");
	else if (code != TC_OK)
		app->exit = complain_tc(code, &err);
	return code == TC_OK;
}

const struct verb *
verb_table(size_t *n)
{
	*n = COUNT(verbs);
	return verbs;
}

/* A second word alone may have been meant with its first. */
static const struct verb *
nearest_verb(const char *first, const char *word)
{
	struct nearest near = { .typed = word };

	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (!first)
			nearest_try(&near, verbs[i].word, i);
		if (verbs[i].second &&
		    (!first || strcmp(first, verbs[i].word) == 0))
			nearest_try(&near, verbs[i].second, i);
	}
	return near.found ? &verbs[near.which] : NULL;
}

/* first: the word before it, which is one; or NULL. */
static void
no_such_verb(const char *first, const char *word)
{
	char shown[SHOWN_MAX];
	const struct verb *near = nearest_verb(first, word);
	const char *before = first ? shown : "", *colon = first ? ": " : "";
	const char *what = first ? first : shown;
	const bool both = near && near->second;

	(void)shown_word(word, shown);
	if (near)
		complain(USAGE, what, "%s%sno such verb, did you mean %s%s%s?",
			 before, colon, near->word, both ? " " : "",
			 both ? near->second : "");
	else
		complain(USAGE, what, "%s%sno such verb; see apitoken --help",
			 before, colon);
}

const struct verb *
verb_find(size_t n, char **words)
{
	bool known = false;

	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (strcmp(words[0], verbs[i].word) != 0)
			continue;
		if (!verbs[i].second ||
		    (n > 1 && strcmp(words[1], verbs[i].second) == 0))
			return &verbs[i];
		known = true;
	}
	if (!known)
		no_such_verb(NULL, words[0]);
	else if (n > 1)
		no_such_verb(words[0], words[1]);
	else
		complain(USAGE, words[0],
			 "another word is missing; see "
			 "apitoken --help");
	return NULL;
}

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int
run_verb(struct app *app)
{
	char **words = app->operands;
	size_t n = app->n_operands;
	int code;

	if (n == 0) {
		return complain(USAGE, "verb",
				"is missing; see apitoken --help");
	}
	if (n == 2 && is_help(words[1]) && help_knows(words[0]))
		return help_verbs(app, words[0]);
	app->verb = verb_find(n, words);
	if (!app->verb)
		return USAGE;
	complain_about(app->verb->word);
	if (app->verb->second) {
		words++;
		n--;
	}
	code = app->verb->run(app, (int)n, words);
	tc_free(app->handle);
	return code;
}

#define TOKEN_LIKE 32 /* half of the shortest one: a word that was cut, too */

/* id: which one, if it is whole. */
static int
refuse_token(const char *id)
{
	return complain(USAGE, "a token does not belong on the command line",
			"others can read it there: revoke it%s%s%s, and give "
			"a new one on standard input",
			id ? " (apitoken revoke " : "", id ? id : "",
			id ? ")" : "");
}

/* Wherever it stands, and before anything is done: whoever lists processes
 * has it by now.  DONE if there is none. */
static int
refuse_tokens(int argc, char **argv)
{
	struct tc_inspected whole;
	bool found = false;

	for (int i = 1; i < argc; i++) {
		const char *at = argv[i];
		size_t len;

		for (; (at = tc_token_in(at, &len)) != NULL; at++) {
			if (tc_inspect(at, len, &whole) == TC_VALID)
				return refuse_token(whole.id);
			found = found || len >= TOKEN_LIKE;
		}
	}
	return found ? refuse_token(NULL) : DONE;
}

int
main(int argc, char **argv)
{
	bool show_help = false, show_version = false;
	struct app app = { 0 };
	int code;

	hold_descriptors();
	no_dumps();
	/* A closed pipe is an error to report, not a reason to die silently:
	 * a token that nobody received must be revoked. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return complain(UNAVAILABLE, "signals", "%s", strerror(errno));
	/* Names are UTF-8 whatever the locale: sudo and cron take it away. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		(void)setlocale(LC_CTYPE, "");

	code = refuse_tokens(argc, argv);
	if (code != DONE)
		return code;
	if (!app_global_options(&app, argc, argv, &show_help, &show_version))
		code = app.exit;
	else if (show_help)
		code = help_verbs(&app, NULL);
	else if (show_version)
		put("apitoken %s\n", TC_VERSION);
	else
		code = run_verb(&app);
	return finish_output(code);
}

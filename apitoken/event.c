/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One event of the audit log: what a line says, whether it is one that was
 * asked for, and how it is shown.  The log has what names hold beyond plain
 * text as \xNN; here it is taken for what it stands for.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit.h"

#define ID_SHOWN 10

/* ---- what a line says ---- */
/* "" where the member is missing, null or no string. */
static const char *
member(const json_t *event, const char *name)
{
	const char *text = json_string_value(json_object_get(event, name));

	return text ? text : "";
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* One byte of a name, which *s leaves behind; \xNN is one. */
static char
next_byte(const char **s)
{
	const char *at = *s;
	const int high = at[0] == '\\' && at[1] == 'x' ? hex_digit(at[2]) : -1;
	const int low = high >= 0 ? hex_digit(at[3]) : -1;

	if (low < 0 || 16 * high + low == 0) { /* no such thing, or a NUL */
		*s += 1;
		return *at;
	}
	*s += 4;
	return (char)(16 * high + low);
}

/* A name as it was before the log escaped it. */
static const char *
name_of(const json_t *event, const char *name, char out[ESCAPED_MAX])
{
	const char *s = member(event, name);
	size_t at = 0;

	while (*s && at + 1 < ESCAPED_MAX)
		out[at++] = next_byte(&s);
	out[at] = '\0';
	return out;
}

static bool
time_of(const json_t *event, int64_t *when)
{
	const char *ts = member(event, "ts");

	/* Other forms that are read there are none of the log's. */
	return strlen(ts) == sizeof("2026-11-21T21:18:03Z") - 1 &&
	       tc_parse_when(ts, 0, when, NULL) == TC_OK;
}

json_t *
event_parse(const char *line, size_t len, bool *no_memory)
{
	json_error_t error;
	json_t *event = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	int64_t when;

	*no_memory =
	    !event && json_error_code(&error) == json_error_out_of_memory;

	if (json_integer_value(json_object_get(event, "v")) == 1 &&
	    *member(event, "event") && *member(event, "result") &&
	    time_of(event, &when))
		return event;
	json_decref(event);
	return NULL;
}

/* ---- which ones ---- */
#define EVENTS                                                                 \
	"login,create,edit,renew,copy,regenerate,revoke,delete,import,"        \
	"compact,key"

/* What there is to say of a login or a change, and why a login is refused. */
static const char *
results(void)
{
	static char all[512];
	size_t at = (size_t)snprintf(all, sizeof(all), "allow,begin,deny,ok");

	for (int v = 0; v < TC_VERDICTS && at < sizeof(all); v++) {
		if (v != TC_VALID)
			at += (size_t)snprintf(
			    all + at, sizeof(all) - at, ",%s",
			    tc_verdict_name((enum tc_verdict)v));
	}
	return all;
}

static bool
name_fits(const json_t *event, const char *name)
{
	char user[ESCAPED_MAX], label[ESCAPED_MAX];
	const char *slash = strchr(name, '/');
	size_t len;

	if (!slash)
		return strncmp(member(event, "id"), name, strlen(name)) == 0;
	len = (size_t)(slash - name);
	(void)name_of(event, "user", user);
	(void)name_of(event, "label", label);
	return strlen(user) == len && memcmp(user, name, len) == 0 &&
	       strcmp(label, slash + 1) == 0;
}

static bool
some_name_fits(const json_t *event, const struct event_filter *filter)
{
	for (size_t i = 0; i < filter->n_names; i++) {
		if (name_fits(event, filter->names[i]))
			return true;
	}
	return filter->n_names == 0;
}

static bool
some_word_fits(const struct words *words, const char *one, const char *other)
{
	for (size_t i = 0; i < words->n; i++) {
		if (strcmp(words->v[i], one) == 0 ||
		    strcmp(words->v[i], other) == 0)
			return true;
	}
	return words->n == 0;
}

bool
event_fits(const json_t *event, const struct event_filter *filter)
{
	char user[ESCAPED_MAX];
	int64_t when = 0;

	(void)time_of(event, &when); /* event_parse() saw that it is one */
	if (when < filter->since || (filter->until && when >= filter->until))
		return false;
	if (filter->user &&
	    strcmp(name_of(event, "user", user), filter->user) != 0)
		return false;
	return some_word_fits(&filter->events, member(event, "event"), "") &&
	       some_word_fits(&filter->results, member(event, "result"),
			      member(event, "reason")) &&
	       some_name_fits(event, filter);
}

/* ---- options ---- */
void
event_filter_opts(struct opts *opts, struct event_filter_args *args)
{
	const struct opt own[] = {
		{ .name = "user",
		  .value = "USER",
		  .text = &args->user,
		  .help = "only of that user" },
		{ .name = "event",
		  .value = "WORD,...",
		  .words = EVENTS,
		  .commas = &args->events,
		  .help = "only these:" },
		{ .name = "result",
		  .value = "WORD,...",
		  .words = results(),
		  .commas = &args->results,
		  .help = "only with this result, or reason of a refusal:" },
		{ .name = "since",
		  .value = "WHEN",
		  .text = &args->since,
		  .help = "from then on: 2027-03-31, 90d, 12h, today" },
		{ .name = "until",
		  .value = "WHEN",
		  .text = &args->until,
		  .help = "before then" },
	};

	opts_add(opts, own, COUNT(own));
}

static bool
check_name(const char *name)
{
	const size_t len = strlen(name);

	if (strchr(name, '/') || (len >= TC_ID_PREFIX_MIN && len <= TC_ID_LEN &&
				  strspn(name, "0123456789abcdefghjkmnpqrstvwxy"
					       "z") == len))
		return true;
	complain(USAGE, "audit",
		 "a token is named by %d to %d characters of its id, or by "
		 "USER/LABEL: %.40s",
		 TC_ID_PREFIX_MIN, TC_ID_LEN,
		 len > TC_ID_LEN ? "this is longer" : name);
	return false;
}

/* Are these words among those that there are, which are joined by commas? */
static bool
check_words(const char *option, const struct words *typed, const char *known)
{
	for (size_t i = 0; i < typed->n; i++) {
		const char *word = typed->v[i];
		const size_t len = strlen(word);
		const char *s = known;

		while (s && (strncmp(s, word, len) != 0 ||
			     (s[len] != ',' && s[len] != '\0'))) {
			s = strchr(s, ',');
			s = s ? s + 1 : NULL;
		}
		if (!s) {
			complain_option(option, word,
					"no such word; there are %s", known);
			return false;
		}
	}
	return true;
}

bool
event_filter_parse(struct app *app, const struct event_filter_args *args,
		   struct event_filter *filter)
{
	bool ok = check_words("event", &args->events, EVENTS) &&
		  check_words("result", &args->results, results());

	for (size_t i = 0; ok && i < app->n_operands; i++)
		ok = check_name(app->operands[i]);
	ok = ok && option_moment("since", args->since, -1, &filter->since) &&
	     option_moment("until", args->until, -1, &filter->until);
	filter->user = args->user;
	filter->events = args->events;
	filter->results = args->results;
	filter->names = app->operands;
	filter->n_names = app->n_operands;
	if (!ok)
		app->exit = USAGE;
	return ok;
}

bool
event_filter_given(const struct event_filter *filter)
{
	return filter->user || filter->since || filter->until ||
	       filter->events.n || filter->results.n || filter->n_names;
}

/* ---- for people ---- */
static void
say(const char *before, const char *value, const char *after)
{
	char text[ESCAPED_MAX];

	escape(text, sizeof(text), value);
	if (*text)
		put("  %s%s%s", before, text, after);
}

static void
say_name(const json_t *event, const char *before, const char *name,
	 const char *after)
{
	char value[ESCAPED_MAX];

	say(before, name_of(event, name, value), after);
}

/* "deny wrong-service", the first word in its colour. */
static void
say_result(const json_t *event)
{
	char result[ESCAPED_MAX], reason[ESCAPED_MAX];
	const int column = (int)sizeof("deny wrong-service") - 1;
	int pad;

	escape(result, sizeof(result), member(event, "result"));
	escape(reason, sizeof(reason), member(event, "reason"));
	pad = column - (int)strlen(result) - (int)strlen(reason) - 1;
	put("  %s%s%s %s%*s", colour(result), result,
	    *colour(result) ? colour(NULL) : "", reason, pad > 0 ? pad : 0, "");
}

/* "alice/laptop"; a token of somebody else's by its label and who tried it. */
static void
say_whose(const json_t *event)
{
	const bool others = strcmp(member(event, "reason"), "wrong-user") == 0;
	char user[ESCAPED_MAX], label[ESCAPED_MAX];
	char text[(size_t)2 * ESCAPED_MAX + sizeof(" (as )")];

	(void)name_of(event, "user", user);
	(void)name_of(event, "label", label);
	if (others && *label)
		(void)snprintf(text, sizeof(text), "%s (as %s)", label, user);
	else
		(void)snprintf(text, sizeof(text), "%s%s%s", user,
			       *label ? "/" : "", label);
	say("", text, "");
}

/* The token, or the key where there is none. */
static void
say_token(const json_t *event)
{
	const json_t *kid = json_object_get(event, "kid");
	const char *id = member(event, "id");
	char shown[ID_SHOWN + 1];

	say_whose(event);
	(void)snprintf(shown, sizeof(shown), "%s", id);
	say("", shown, "");
	if (!*id && json_is_integer(kid))
		put("  key %lld", (long long)json_integer_value(kid));
	else if (!*member(event, "user") && !*member(event, "label") && !*id)
		put("  -");
}

void
event_print(const json_t *event)
{
	char word[ESCAPED_MAX];
	int64_t when = 0;
	struct tm tm;
	time_t t;

	(void)time_of(event, &when);
	t = (time_t)when;
	if (!localtime_r(&t, &tm) ||
	    strftime(word, sizeof(word), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		(void)snprintf(word, sizeof(word), "%s", member(event, "ts"));
	put("%s", word);
	escape(word, sizeof(word), member(event, "event"));
	put("  %-10s", word);
	say_result(event);
	say_token(event);
	say_name(event, "", "service", "");
	say_name(event, "from ", "rhost", "");
	say_name(event, "by ", "actor", "");
	say_name(event, "(", "why", ")");
	put("\n");
}

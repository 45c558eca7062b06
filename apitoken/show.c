/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken show: all that is known of one token, a line for each member.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apitoken.h"

#define NAME "%-11s "
#define MOMENT_MAX (2 * WHEN_MAX + 4)

static void
field(const char *name, const char *value)
{
	char escaped[ESCAPED_MAX];

	escape(escaped, sizeof(escaped), value);
	if (*escaped)
		put(NAME "%s\n", name, escaped);
}

/* Takes over the value; NULL: there was no memory for it. */
static void
field_made(const char *name, char *value)
{
	if (value)
		field(name, value);
	else
		lose_output(ENOMEM);
	free(value);
}

/* A moment and how far away it is. */
static void
say_moment(int64_t when, char out[MOMENT_MAX])
{
	char moment[WHEN_MAX], distance[WHEN_MAX];

	format_moment(when, moment);
	format_distance(when, (int64_t)time(NULL), distance);
	(void)snprintf(out, MOMENT_MAX, "%s (%s)", moment, distance);
}

static void
moment(const char *name, int64_t when)
{
	char text[MOMENT_MAX];

	if (when == 0)
		return;
	say_moment(when, text);
	field(name, text);
}

static void
print_expiry(int64_t expires)
{
	char day[WHEN_MAX], utc[WHEN_MAX], distance[WHEN_MAX];

	format_expiry(expires, day);
	if (expires == 0) {
		field("expires", day);
		return;
	}
	format_utc(expires, utc);
	format_distance(expires, (int64_t)time(NULL), distance);
	put(NAME "%s (%s; refused from %s)\n", "expires", day, distance, utc);
}

static void
print_properties(const struct tc_record *rec)
{
	for (size_t i = 0; i < rec->n_properties; i++) {
		char text[TC_PROP_KEY_MAX + TC_PROP_VALUE_MAX + 4];

		(void)snprintf(text, sizeof(text), "%s = %s",
			       rec->properties[i].key,
			       rec->properties[i].value);
		field("property", text);
	}
}

static void
print_use(const struct tc_record *rec)
{
	if (rec->last_used == 0)
		field("last used", "not known");
	moment("last used", rec->last_used);
	field("for", rec->last_service);
	field_made("used from", record_last_source(rec));
}

/* ---- the verb ---- */
static void
print_record(const struct tc_record *rec)
{
	const char *state = record_state(rec);
	char kid[16];

	(void)snprintf(kid, sizeof(kid), "%u", rec->kid);
	field("id", rec->id);
	field("user", rec->user);
	field("label", rec->label);
	put(NAME "%s%s%s\n", "state", colour(state), state, colour(NULL));
	print_expiry(rec->expires);
	field_made("services", record_services(rec));
	field_made("from", record_sources(rec));
	print_use(rec);
	print_properties(rec);
	field("key", kid);
	field("imported", rec->imported ? "yes, a value made elsewhere" : "");
	if (!rec->scram)
		field("SCRAM", "no, there is no verifier");
	moment("created", rec->created);
	field("created by", rec->created_by);
	moment("revoked", rec->revoked);
	field("revoked by", rec->revoked_by);
	field("reason", rec->revoked_reason);
	field("replaces", rec->replaces);
	field("replaced by", rec->replaced_by);
}

int
verb_show(struct app *app, int argc, char **argv)
{
	struct tc_record *rec = NULL;
	int code = DONE;

	if (!app_options(app, NULL, 0, argc, argv) || !app_open(app) ||
	    !record_find(app, app->operands[0], &rec))
		return app->exit;
	if (app->json)
		code = put_json(record_json(rec));
	else
		print_record(rec);
	tc_record_free(rec);
	return code;
}

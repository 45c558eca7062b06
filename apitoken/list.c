/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken list and show: the records, for people as a table or one member
 * for each line, for scripts as JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apitoken.h"

#define ID_SHOWN 10 /* of 24 characters; 50 bits tell tokens apart */

/* What sorts the list stands in front of what is shown. */
enum { BY_USER, BY_LABEL, BY_ID, JSON, COLUMNS_JSON };

struct collector {
	struct table table;
	bool json, failed;
};

static bool
collect_json(struct table *table, const struct tc_record *rec)
{
	json_t *value = record_json(rec);
	char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
	const char *cells[COLUMNS_JSON] = { rec->user, rec->label, rec->id,
					    text };
	const bool ok = text && table_add(table, cells);

	json_decref(value);
	free(text);
	return ok;
}

static bool
collect_row(struct table *table, const struct tc_record *rec)
{
	char id[ID_SHOWN + 1], expires[WHEN_MAX];
	char *services = record_services(rec), *sources = record_sources(rec);
	bool ok = false;

	(void)snprintf(id, sizeof(id), "%.*s", ID_SHOWN, rec->id);
	format_expiry(rec->expires, expires);
	if (services && sources) {
		const char *cells[] = { id,	    rec->user,
					rec->label, record_state(rec),
					expires,    services,
					sources };

		ok = table_add(table, cells);
	}
	free(services);
	free(sources);
	return ok;
}

static int
collect(void *arg, const struct tc_record *rec)
{
	struct collector *c = arg;

	c->failed = c->json ? !collect_json(&c->table, rec)
			    : !collect_row(&c->table, rec);
	return c->failed;
}

static void
print_list(struct collector *c)
{
	static const size_t by_json[] = { BY_USER, BY_LABEL, BY_ID };
	static const size_t by_text[] = { 1, 2, 0 };

	if (!c->json) {
		table_sort(&c->table, by_text, COUNT(by_text));
		table_print(&c->table);
		return;
	}
	table_sort(&c->table, by_json, COUNT(by_json));
	for (size_t i = 0; i < c->table.n; i++)
		put("%s\n", c->table.rows[i][JSON]);
}

int
verb_list(struct app *app, int argc, char **argv)
{
	static const char *const heads[] = { "ID",    "USER",	 "LABEL",
					     "STATE", "EXPIRES", "SERVICES",
					     "FROM" };
	struct collector c = { .table = { .heads = heads, .coloured = 4 } };
	struct tc_error err = { 0 };
	int code;

	if (!app_options(app, NULL, 0, argc, argv) || !app_open(app))
		return app->exit;
	c.json = app->json;
	c.table.columns = c.json ? COLUMNS_JSON : COUNT(heads);
	code = tc_list(app->handle, &app->actor, NULL, collect, &c, &err);
	if (code != TC_OK)
		code = complain_tc(code, &err);
	else if (c.failed)
		code = complain(UNAVAILABLE, "list", "out of memory");
	else
		print_list(&c);
	table_free(&c.table);
	return code;
}

static void
field(const char *name, const char *value)
{
	char escaped[ESCAPED_MAX];

	escape(escaped, sizeof(escaped), value);
	if (*escaped)
		put("%-11s %s\n", name, escaped);
}

static void
moment(const char *name, int64_t when)
{
	char text[WHEN_MAX];

	if (when == 0)
		return;
	format_moment(when, text);
	field(name, text);
}

static void
print_expiry(int64_t expires)
{
	char day[WHEN_MAX], utc[WHEN_MAX];

	format_expiry(expires, day);
	format_utc(expires, utc);
	if (expires == 0)
		put("%-11s %s\n", "expires", day);
	else
		put("%-11s %s (refused from %s)\n", "expires", day, utc);
}

static void
print_record(const struct tc_record *rec)
{
	const char *state = record_state(rec);
	char *services = record_services(rec), *sources = record_sources(rec);
	char kid[16];

	(void)snprintf(kid, sizeof(kid), "%u", rec->kid);
	field("id", rec->id);
	field("user", rec->user);
	field("label", rec->label);
	put("%-11s %s%s%s\n", "state", colour(state), state, colour(NULL));
	print_expiry(rec->expires);
	field("services", services ? services : "?");
	field("from", sources ? sources : "?");
	for (size_t i = 0; i < rec->n_properties; i++) {
		char text[TC_PROP_KEY_MAX + TC_PROP_VALUE_MAX + 4];

		(void)snprintf(text, sizeof(text), "%s = %s",
			       rec->properties[i].key,
			       rec->properties[i].value);
		field("property", text);
	}
	field("key", kid);
	moment("created", rec->created);
	field("created by", rec->created_by);
	moment("revoked", rec->revoked);
	field("revoked by", rec->revoked_by);
	field("reason", rec->revoked_reason);
	field("replaces", rec->replaces);
	field("replaced by", rec->replaced_by);
	free(services);
	free(sources);
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

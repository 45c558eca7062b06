/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The columns that a list of tokens can have: one row of a table for each,
 * with its name, its head, what stands in it and what it is sorted by.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"

#define ID_SHOWN 10 /* of 24 characters; 50 bits tell tokens apart */

struct column {
	const char *name, *head;
	/* what is shown, to be freed; "" for nothing */
	char *(*cell)(const struct tc_record *rec, const struct view *view);
	/* what is sorted by; NULL: what --long shows */
	int64_t (*number)(const struct tc_record *rec);
	bool elastic; /* free text, which may be cut to fit a line */
};

/* ---- ids ---- */
static char *
id_text(const char *id, const struct view *view)
{
	return view->whole ? strdup(id) : strndup(id, ID_SHOWN);
}

static char *
cell_id(const struct tc_record *rec, const struct view *view)
{
	return id_text(rec->id, view);
}

static char *
cell_replaces(const struct tc_record *rec, const struct view *view)
{
	return id_text(rec->replaces, view);
}

static char *
cell_replaced_by(const struct tc_record *rec, const struct view *view)
{
	return id_text(rec->replaced_by, view);
}

/* ---- text ---- */
#define TEXT_CELL(name, value)                                                 \
	static char *cell_##name(const struct tc_record *rec,                  \
				 const struct view *view)                      \
	{                                                                      \
		(void)view;                                                    \
		return value;                                                  \
	}
TEXT_CELL(user, strdup(rec->user))
TEXT_CELL(label, strdup(rec->label))
TEXT_CELL(state, strdup(record_state(rec)))
TEXT_CELL(services, record_services(rec))
TEXT_CELL(from, record_sources(rec))
TEXT_CELL(used_service, strdup(rec->last_service))
TEXT_CELL(used_from, record_last_source(rec))
TEXT_CELL(by, strdup(rec->created_by))
TEXT_CELL(imported, strdup(rec->imported ? "yes" : "no"))
TEXT_CELL(properties, record_properties(rec))
TEXT_CELL(revoked_by, strdup(rec->revoked_by))
TEXT_CELL(reason, strdup(rec->revoked_reason))

static char *
cell_key(const struct tc_record *rec, const struct view *view)
{
	char text[16];

	(void)view;
	(void)snprintf(text, sizeof(text), "%u", rec->kid);
	return strdup(text);
}

static int64_t
number_key(const struct tc_record *rec)
{
	return (int64_t)rec->kid;
}

/* ---- times ---- */
static char *
time_text(int64_t when, const struct view *view)
{
	char text[WHEN_MAX] = "";

	if (when != 0 && view->whole)
		format_moment(when, text);
	else if (when != 0)
		format_distance(when, view->now, text);
	return strdup(text);
}

static char *
cell_expires(const struct tc_record *rec, const struct view *view)
{
	char text[WHEN_MAX];

	if (rec->expires != 0 && !view->whole)
		return time_text(rec->expires, view);
	format_expiry(rec->expires, text);
	return strdup(text);
}

/* What never expires comes last. */
static int64_t
number_expires(const struct tc_record *rec)
{
	return rec->expires ? rec->expires : INT64_MAX;
}

#define TIME_CELL(member, value)                                               \
	static char *cell_##member(const struct tc_record *rec,                \
				   const struct view *view)                    \
	{                                                                      \
		return time_text(value, view);                                 \
	}                                                                      \
	static int64_t number_##member(const struct tc_record *rec)            \
	{                                                                      \
		return value;                                                  \
	}
TIME_CELL(used, rec->last_used)
TIME_CELL(created, rec->created)
TIME_CELL(revoked, rec->revoked)

/* ---- the table ---- */
static const struct column columns[] = {
	{ "id", "ID", cell_id, NULL, false },
	{ "user", "USER", cell_user, NULL, true },
	{ "label", "LABEL", cell_label, NULL, true },
	{ "state", "STATE", cell_state, NULL, false },
	{ "expires", "EXPIRES", cell_expires, number_expires, false },
	{ "used", "USED", cell_used, number_used, false },
	{ "services", "SERVICES", cell_services, NULL, true },
	{ "from", "FROM", cell_from, NULL, true },
	{ "used-service", "USED SERVICE", cell_used_service, NULL, true },
	{ "used-from", "USED FROM", cell_used_from, NULL, true },
	{ "created", "CREATED", cell_created, number_created, false },
	{ "by", "BY", cell_by, NULL, true },
	{ "key", "KEY", cell_key, number_key, false },
	{ "imported", "IMPORTED", cell_imported, NULL, false },
	{ "properties", "PROPERTIES", cell_properties, NULL, true },
	{ "revoked", "REVOKED", cell_revoked, number_revoked, false },
	{ "revoked-by", "REVOKED BY", cell_revoked_by, NULL, true },
	{ "reason", "REASON", cell_reason, NULL, true },
	{ "replaces", "REPLACES", cell_replaces, NULL, false },
	{ "replaced-by", "REPLACED BY", cell_replaced_by, NULL, false },
};

#define USUAL 8 /* that many are shown unless told otherwise */

const char *
columns_names(void)
{
	static char all[512];
	size_t at = 0;

	for (size_t i = 0; i < COUNT(columns) && at < sizeof(all); i++)
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s",
				       i ? "," : "", columns[i].name);
	return all;
}

size_t
columns_all(const struct column *out[COLUMNS_MAX], bool every)
{
	const size_t n = every ? COUNT(columns) : USUAL;

	_Static_assert(COUNT(columns) <= COLUMNS_MAX, "room for all");
	_Static_assert(WORDS_MAX <= COLUMNS_MAX, "and for what is typed");
	for (size_t i = 0; i < n; i++)
		out[i] = &columns[i];
	return n;
}

const struct column *
column_named(const char *option, const char *name)
{
	for (size_t i = 0; i < COUNT(columns); i++) {
		if (strcmp(columns[i].name, name) == 0)
			return &columns[i];
	}
	complain_option(option, name, "no such column; there are %s",
			columns_names());
	return NULL;
}

const char *
column_head(const struct column *column)
{
	return column->head;
}

bool
column_elastic(const struct column *column)
{
	return column->elastic;
}

bool
column_is_state(const struct column *column)
{
	return column->cell == cell_state;
}

char *
column_cell(const struct column *column, const struct tc_record *rec,
	    const struct view *view)
{
	char *text = column->cell(rec, view);

	if (!text || *text)
		return text;
	free(text);
	return strdup("-");
}

char *
column_key(const struct column *column, const struct tc_record *rec)
{
	static const struct view whole = { .whole = true };
	char text[32];

	if (!column->number)
		return column->cell(rec, &whole);
	/* As text that sorts as the number does; none is negative. */
	(void)snprintf(text, sizeof(text), "%020" PRId64, column->number(rec));
	return strdup(text);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"

struct values {
	struct infile in;
	enum values_format format;
	int64_t now;
	size_t n_columns; /* of the CSV's header */
	const struct member *columns[CSV_FIELDS_MAX];
	struct csv_row row;
	char line[ROW_MAX + 1];
};

/* ---- rows of JSON ---- */
/* Not in the words of the parser: they repeat the text. */
static bool
read_json(struct value *v, const char *line, size_t len)
{
	json_error_t error;

	v->json = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (!v->json && json_error_code(&error) == json_error_duplicate_key)
		return value_refuse(v, "a member is given twice");
	if (!v->json && json_error_code(&error) == json_error_out_of_memory)
		return value_refuse(v, "out of memory");
	if (!v->json)
		return value_refuse(v, "not JSON, at column %d", error.column);
	if (!json_is_object(v->json))
		return value_refuse(v, "not a JSON object");
	return true;
}

static void
take_json(struct values *from, struct value *v, size_t len)
{
	const struct member *member;
	const char *name;
	json_t *is;

	if (!read_json(v, from->line, len))
		return;
	for (size_t i = 0; (member = member_at(i)) != NULL; i++) {
		if (member->needed && !json_object_get(v->json, member->name)) {
			value_refuse(v, "%s is missing", member->name);
			return;
		}
	}
	json_object_foreach(v->json, name, is)
	{
		member = member_find(name);
		if (!member)
			value_refuse(v, "a member that is not known");
		else
			(void)value_member(v, member, is);
		if (v->why[0] != '\0')
			return;
	}
}

static enum values_found
next_json(struct values *from, struct value *v)
{
	size_t len;

	switch (infile_line(&from->in, from->line, &len, &v->line)) {
	case LINE_END:
		return VALUES_END;
	case LINE_LONG:
		value_refuse(v, "more than %d bytes", ROW_MAX);
		return VALUES_ONE;
	case LINE_READ:
		v->bytes = len;
		take_json(from, v, len);
		explicit_bzero(from->line, len);
		return VALUES_ONE;
	}
	return VALUES_END;
}

/* ---- rows of CSV ---- */
static bool
row_fits(const struct values *from, struct value *v)
{
	const struct csv_row *row = &from->row;

	if (row->too_long)
		return value_refuse(v, "more than %d bytes", ROW_MAX);
	if (row->n != from->n_columns) {
		return value_refuse(v, "%zu columns, and the header has %zu",
				    row->n, from->n_columns);
	}
	for (size_t i = 0; i < row->n; i++) {
		if (strlen(row->text + row->at[i]) != row->len[i]) {
			return value_refuse(v, "%s: a NUL byte is in it",
					    from->columns[i]->name);
		}
	}
	return true;
}

static void
take_csv(struct values *from, struct value *v)
{
	const struct csv_row *row = &from->row;

	if (!row_fits(from, v))
		return;
	v->text = malloc(row->used);
	if (!v->text) {
		value_refuse(v, "out of memory");
		return;
	}
	v->size = row->used;
	memcpy(v->text, row->text, row->used);
	for (size_t i = 0; i < row->n && v->why[0] == '\0'; i++) {
		(void)value_field(v, from->columns[i], v->text + row->at[i]);
	}
}

static enum values_found
next_csv(struct values *from, struct value *v)
{
	const char *why = "";
	const enum csv found = csv_next(&from->in, &from->row, &why);

	v->line = from->row.line;
	v->bytes = from->row.used;
	if (found == CSV_ROW)
		take_csv(from, v);
	else if (found == CSV_BROKEN)
		value_refuse(v, "%s; from here on nothing was read", why);
	explicit_bzero(from->row.text, from->row.used);
	return found == CSV_ROW	     ? VALUES_ONE
	       : found == CSV_BROKEN ? VALUES_BROKEN
				     : VALUES_END;
}

/* ---- the header of CSV ---- */
static bool
has_column(const struct values *from, const struct member *member)
{
	for (size_t i = 0; i < from->n_columns; i++) {
		if (from->columns[i] == member)
			return true;
	}
	return false;
}

static int
bad_header(const struct values *from, const char *why, const char *name)
{
	return complain(REFUSED, from->in.name, "%s%s", why, name);
}

static bool
is_header(const struct csv_row *row)
{
	for (size_t i = 0; i < row->n && i < CSV_FIELDS_MAX; i++) {
		if (strcmp(row->text + row->at[i], "value") == 0)
			return true;
	}
	return false;
}

static int
set_columns(struct values *from)
{
	const struct csv_row *row = &from->row;
	const struct member *member;

	for (size_t i = 0; i < row->n && i < CSV_FIELDS_MAX; i++) {
		const char *name = row->text + row->at[i];

		member = member_find(name);
		if (!member)
			return bad_header(from, "no such column: ", name);
		if (has_column(from, member))
			return bad_header(from, "two columns are called ",
					  name);
		from->columns[from->n_columns++] = member;
	}
	for (size_t i = 0; (member = member_at(i)) != NULL; i++) {
		if (member->needed && !has_column(from, member))
			return bad_header(
			    from, "a column is missing: ", member->name);
	}
	return DONE;
}

/* What does not begin with a header may begin with a password, so that it is
 * not repeated. */
static int
read_header(struct values *from)
{
	const char *why = "is empty";
	const enum csv found = csv_next(&from->in, &from->row, &why);
	int code;

	if (found != CSV_ROW)
		code = bad_header(from, why, "");
	else if (from->row.too_long || !is_header(&from->row))
		code = bad_header(from,
				  "the first line has to name the "
				  "columns, among them \"value\"",
				  "");
	else
		code = set_columns(from);
	explicit_bzero(from->row.text, from->row.used);
	return code;
}

/* ---- the file ---- */
struct values *
values_open(const char *file, enum values_format format, int64_t now, int *code)
{
	struct values *from = calloc(1, sizeof(*from));

	if (!from) {
		*code = complain(UNAVAILABLE, "import", "out of memory");
		return NULL;
	}
	from->format = format;
	from->now = now;
	*code = infile_open(&from->in, file) ? DONE : REFUSED;
	if (*code == DONE && format == VALUES_CSV)
		*code = read_header(from);
	if (*code == DONE)
		return from;
	values_close(from);
	return NULL;
}

enum values_found
values_next(struct values *from, struct value *v, struct tc_import *item)
{
	enum values_found found;

	value_begin(v, item, from->now);
	found =
	    from->format == VALUES_CSV ? next_csv(from, v) : next_json(from, v);
	if (found == VALUES_END && from->in.error != 0) {
		value_refuse(v, "%s", strerror(from->in.error));
		found = VALUES_BROKEN;
	}
	return found;
}

const char *
values_name(const struct values *from)
{
	return from->in.name;
}

void
values_close(struct values *from)
{
	if (!from)
		return;
	infile_close(&from->in);
	explicit_bzero(from, sizeof(*from));
	free(from);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "csv.h"

#include <string.h>

enum state {
	START, /* of a field */
	PLAIN,
	QUOTED,
	AFTER, /* a quote inside quotes: the end, or the first of two */
	AFTER_CR, /* and then CR: LF has to follow */
	DONE,
	MISPLACED,
	UNCLOSED
};

static void
keep(struct csv_row *row, int c)
{
	if (row->used < sizeof(row->text))
		row->text[row->used++] = (char)c;
	else
		row->too_long = true;
}

static void
begin_field(struct csv_row *row)
{
	if (row->n < CSV_FIELDS_MAX)
		row->at[row->n] = row->used;
	row->n++;
}

static void
end_field(struct csv_row *row)
{
	const size_t i = row->n - 1;

	if (i < CSV_FIELDS_MAX)
		row->len[i] = row->used - row->at[i];
	keep(row, '\0');
}

static bool
ends_row(int c)
{
	return c == '\n' || c == INFILE_END;
}

static enum state
in_plain(struct csv_row *row, int c)
{
	if (c == '"')
		return MISPLACED;
	if (c != ',' && !ends_row(c)) {
		keep(row, c);
		return PLAIN;
	}
	end_field(row);
	return c == ',' ? START : DONE;
}

static enum state
in_start(struct csv_row *row, int c)
{
	begin_field(row);
	return c == '"' ? QUOTED : in_plain(row, c);
}

static enum state
in_quoted(struct csv_row *row, int c)
{
	if (c == '"')
		return AFTER;
	if (c == INFILE_END)
		return UNCLOSED;
	keep(row, c);
	return QUOTED;
}

static enum state
in_after(struct csv_row *row, int c)
{
	if (c == '"') {
		keep(row, c);
		return QUOTED;
	}
	if (c == '\r')
		return AFTER_CR;
	if (c != ',' && !ends_row(c))
		return MISPLACED;
	end_field(row);
	return c == ',' ? START : DONE;
}

static enum state
in_after_cr(struct csv_row *row, int c)
{
	if (c != '\n')
		return MISPLACED;
	end_field(row);
	return DONE;
}

/* The CR of a line end behind a field without quotes was kept as part of it:
 * only the LF tells what it is. */
static void
drop_cr(struct csv_row *row)
{
	const size_t i = row->n - 1;
	size_t *len = i < CSV_FIELDS_MAX ? &row->len[i] : NULL;

	if (len && *len > 0 && row->text[row->at[i] + *len - 1] == '\r')
		row->text[row->at[i] + --*len] = '\0';
}

static bool
is_blank(const struct csv_row *row)
{
	return row->n == 1 && row->len[0] == 0;
}

static enum state
read_row(struct infile *in, struct csv_row *row)
{
	static enum state (*const steps[])(struct csv_row *, int) = {
		[START] = in_start,	  [PLAIN] = in_plain,
		[QUOTED] = in_quoted,	  [AFTER] = in_after,
		[AFTER_CR] = in_after_cr,
	};
	enum state state = START, before = START;
	int c = 0;

	row->line = in->line;
	row->n = row->used = 0;
	row->too_long = false;
	while (state < DONE) {
		c = infile_byte(in);
		before = state;
		state = steps[state](row, c);
	}
	if (state == DONE && c == '\n' && before == PLAIN)
		drop_cr(row);
	return state;
}

enum csv
csv_next(struct infile *in, struct csv_row *row, const char **why)
{
	for (;;) {
		const enum state state = read_row(in, row);

		if (in->error != 0)
			*why = strerror(in->error);
		else if (state == MISPLACED)
			*why = "a quote in the wrong place";
		else if (state == UNCLOSED)
			*why = "a quote is not closed";
		else if (!is_blank(row))
			return CSV_ROW;
		else if (in->line == row->line)
			return CSV_END;
		else
			continue;
		return CSV_BROKEN;
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables for people: rows are collected, sorted, and printed as wide as their
 * content, or cut so that a line fits the terminal; and the colours of words.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "apitoken.h"

#define GAP 2 /* blanks between columns */
#define NARROWEST 4 /* what is left of a column that is cut */
#define CUT "…" /* one column wide */

static void
free_row(char **row, size_t n)
{
	for (size_t i = 0; row && i < n; i++)
		free(row[i]);
	free(row);
}

static char *
copy_cell(const struct table *table, const char *cell)
{
	const size_t size = 4 * strlen(cell) + 1;
	char *copy, *fitted;

	if (table->verbatim)
		return strdup(cell);
	copy = malloc(size);
	if (!copy)
		return NULL;
	escape(copy, size, cell);
	fitted = strdup(copy);
	free(copy);
	return fitted;
}

static char **
copy_row(const struct table *table, const char *const *cells)
{
	const size_t n = table->columns + table->keys;
	char **row = calloc(n, sizeof(*row));

	for (size_t i = 0; row && i < n; i++) {
		row[i] = copy_cell(table, cells[i]);
		if (!row[i]) {
			free_row(row, i);
			return NULL;
		}
	}
	return row;
}

bool
table_add(struct table *table, const char *const *cells)
{
	if (table->n == table->room) {
		const size_t room = table->room ? 2 * table->room : 64;
		char ***rows = reallocarray(table->rows, room, sizeof(*rows));

		if (!rows)
			return false;
		table->rows = rows;
		table->room = room;
	}
	table->rows[table->n] = copy_row(table, cells);
	if (!table->rows[table->n])
		return false;
	table->n++;
	return true;
}

/* ---- sorting ---- */
struct orders {
	const struct order *by;
	size_t n;
};

static int
compare(const void *one, const void *other, void *arg)
{
	char *const *a = *(char **const *)one;
	char *const *b = *(char **const *)other;
	const struct orders *orders = arg;
	int result = 0;

	for (size_t i = 0; result == 0 && i < orders->n; i++) {
		const struct order *order = &orders->by[i];

		result = strcmp(a[order->column], b[order->column]);
		if (order->descending)
			result = -result;
	}
	return result;
}

void
table_sort(struct table *table, const struct order *by, size_t n)
{
	struct orders orders = { by, n };

	if (table->n > 1) {
		qsort_r(table->rows, table->n, sizeof(*table->rows), compare,
			&orders);
	}
}

/* ---- colour ---- */
/* Asked once: a long list has a word in each line. */
static bool
has_colours(void)
{
	static int known = -1;

	if (known < 0) {
		const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

		known = isatty(STDOUT_FILENO) && !(no && *no) && term &&
			strcmp(term, "dumb") != 0;
	}
	return known;
}

const char *
colour(const char *word)
{
	static const struct {
		const char *word, *start;
	} colours[] = {
		{ "active", "\033[32m" },  { "fine", "\033[32m" },
		{ "valid", "\033[32m" },   { "allow", "\033[32m" },
		{ "ok", "\033[32m" },	   { "expired", "\033[33m" },
		{ "warning", "\033[33m" }, { "not-yet-valid", "\033[33m" },
		{ "revoked", "\033[31m" }, { "problem", "\033[31m" },
		{ "damaged", "\033[31m" }, { "no-key", "\033[31m" },
		{ "deny", "\033[31m" },
	};
	if (!has_colours())
		return "";
	for (size_t i = 0; word && i < COUNT(colours); i++) {
		if (strcmp(word, colours[i].word) == 0)
			return colours[i].start;
	}
	return word ? "" : "\033[0m";
}

/* ---- widths ---- */
size_t
terminal_width(void)
{
	const char *text = getenv("COLUMNS");
	struct winsize size;
	char *end;

	if (!isatty(STDOUT_FILENO))
		return 0;
	/* What a person says counts more than what the terminal says. */
	if (text && *text >= '1' && *text <= '9') {
		const unsigned long columns = strtoul(text, &end, 10);

		if (*end == '\0')
			return columns;
	}
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static size_t
column_width(const struct table *table, size_t column)
{
	size_t widest = table->heads ? text_width(table->heads[column]) : 0;

	for (size_t i = 0; i < table->n; i++) {
		const size_t width = text_width(table->rows[i][column]);

		if (width > widest)
			widest = width;
	}
	return widest;
}

/* The widest of the columns that may still be cut; NULL: none. */
static size_t *
widest_elastic(const struct table *table)
{
	size_t *found = NULL;

	for (size_t i = 0; i < table->columns; i++) {
		size_t *width = &table->widths[i], least = NARROWEST;

		if (!table->elastic || !table->elastic[i])
			continue;
		if (table->heads && text_width(table->heads[i]) > least)
			least = text_width(table->heads[i]);
		if (*width > least && (!found || *width > *found))
			found = width;
	}
	return found;
}

static bool
measure(struct table *table)
{
	size_t total = 0, *widest;

	table->widths = calloc(table->columns, sizeof(*table->widths));
	if (!table->widths)
		return false;
	for (size_t i = 0; i < table->columns; i++) {
		table->widths[i] = column_width(table, i);
		total += table->widths[i] + (i ? GAP : 0);
	}
	while (table->limit && total > table->limit &&
	       (widest = widest_elastic(table)) != NULL) {
		--*widest;
		total--;
	}
	return true;
}

/* ---- printing ---- */
/* By bytes, since printf() was most of a long list. */
static void
put_text(const char *text)
{
	put_bytes(text, strlen(text));
}

static void
put_blanks(size_t n)
{
	static const char blanks[] = "                                ";
	const size_t most = sizeof(blanks) - 1;

	for (; n > most; n -= most)
		put_bytes(blanks, most);
	put_bytes(blanks, n);
}

static void
print_cell(const struct table *table, size_t column, const char *text)
{
	const size_t width = table->widths[column];
	size_t used = text_width(text), len = strlen(text);
	const char *start = column + 1 == table->coloured ? colour(text) : "";
	const bool cut = used > width && table->limit && table->elastic &&
			 table->elastic[column];

	if (cut)
		len = text_cut(text, width - 1, &used);
	put_text(start);
	put_bytes(text, len);
	put_text(cut ? CUT : "");
	put_text(*start ? colour(NULL) : "");
	used += cut;
	if (column + 1 < table->columns)
		put_blanks((used < width ? width - used : 0) + GAP);
}

static void
print_row(const struct table *table, const char *const *cells)
{
	for (size_t i = 0; i < table->columns; i++)
		print_cell(table, i, cells[i]);
	put("\n");
}

bool
table_print(struct table *table)
{
	if (!measure(table))
		return false;
	if (table->heads)
		print_row(table, table->heads);
	for (size_t i = 0; i < table->n; i++)
		print_row(table, (const char *const *)table->rows[i]);
	return true;
}

bool
table_flow(const struct table *table, const char *const *cells)
{
	for (size_t i = 0; i < table->columns; i++) {
		char *cell = copy_cell(table, cells[i]);

		if (!cell)
			return false;
		print_cell(table, i, cell);
		free(cell);
	}
	put("\n");
	return true;
}

void
table_free(struct table *table)
{
	for (size_t i = 0; i < table->n; i++)
		free_row(table->rows[i], table->columns + table->keys);
	free(table->rows);
	free(table->widths);
	table->rows = NULL;
	table->widths = NULL;
	table->n = table->room = 0;
}

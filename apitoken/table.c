/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables for people: collected whole, sorted, and as wide as their content.
 */
#include <stdlib.h>
#include <string.h>

#include "apitoken.h"

static void
free_row(char **row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(row[i]);
	free(row);
}

static char **
copy_row(const char *const *cells, size_t n)
{
	char **row = calloc(n, sizeof(*row));

	for (size_t i = 0; row && i < n; i++) {
		const size_t size = 4 * strlen(cells[i]) + 1;

		row[i] = malloc(size);
		if (!row[i]) {
			free_row(row, i);
			return NULL;
		}
		escape(row[i], size, cells[i]);
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
	table->rows[table->n] = copy_row(cells, table->columns);
	if (!table->rows[table->n])
		return false;
	table->n++;
	return true;
}

struct order {
	const size_t *by;
	size_t n;
};

static int
compare(const void *one, const void *other, void *arg)
{
	char *const *a = *(char **const *)one, *const *b =
						   *(char **const *)other;
	const struct order *order = arg;
	int result = 0;

	for (size_t i = 0; result == 0 && i < order->n; i++)
		result = strcmp(a[order->by[i]], b[order->by[i]]);
	return result;
}

void
table_sort(struct table *table, const size_t *by, size_t n)
{
	struct order order = { by, n };

	if (table->n > 1) {
		qsort_r(table->rows, table->n, sizeof(*table->rows), compare,
			&order);
	}
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

static void
print_row(const struct table *table, const size_t *widths,
	  const char *const *cells)
{
	for (size_t i = 0; i < table->columns; i++) {
		const bool last = i + 1 == table->columns;
		const size_t pad = widths[i] - text_width(cells[i]) + 2;
		const char *start =
		    i + 1 == table->coloured ? colour(cells[i]) : "";

		put("%s%s%s", start, cells[i], *start ? colour(NULL) : "");
		put("%*s", last ? 0 : (int)pad, "");
	}
	put("\n");
}

void
table_print(const struct table *table)
{
	size_t *widths = calloc(table->columns, sizeof(*widths));

	if (!widths) {
		complain(UNAVAILABLE, "output", "out of memory");
		return;
	}
	for (size_t i = 0; i < table->columns; i++)
		widths[i] = column_width(table, i);
	if (table->heads)
		print_row(table, widths, table->heads);
	for (size_t i = 0; i < table->n; i++) {
		print_row(table, widths, (const char *const *)table->rows[i]);
	}
	free(widths);
}

void
table_free(struct table *table)
{
	for (size_t i = 0; i < table->n; i++)
		free_row(table->rows[i], table->columns);
	free(table->rows);
	*table = (struct table){ 0 };
}

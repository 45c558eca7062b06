/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken list: the records, for people as a table, for scripts as JSON.
 * A short list is sorted; a long one goes out as it is read, so that it begins
 * at once and memory does not grow with it.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "columns.h"

#define HELD_MAX 1000 /* rows that are kept to be sorted and measured */

/* A JSON row has one cell; keys follow the cells in either form. */
struct listing {
	struct table table;
	struct view view;
	bool json, all; /* all: --sort, so every row is kept */
	bool flowing, failed;
	const struct column *shown[COLUMNS_MAX], *sorted[COLUMNS_MAX];
	struct order orders[COLUMNS_MAX];
	const char *heads[COLUMNS_MAX];
	bool elastic[COLUMNS_MAX];
};

struct list_args {
	struct filter_args filter;
	struct words columns, sort;
	bool whole;
};

/* ---- rows ---- */
static char *
cell_of(const struct listing *l, size_t i, const struct tc_record *rec)
{
	if (i >= l->table.columns)
		return column_key(l->sorted[i - l->table.columns], rec);
	if (l->json)
		return json_line(record_json(rec));
	return column_cell(l->shown[i], rec, &l->view);
}

static bool
print_held(struct listing *l)
{
	if (!l->json)
		return table_print(&l->table);
	for (size_t i = 0; i < l->table.n; i++)
		put("%s\n", l->table.rows[i][0]);
	return true;
}

/* Too many to keep: what there is goes out as it is. */
static bool
begin_to_flow(struct listing *l)
{
	const bool ok = print_held(l);

	l->flowing = true;
	return ok;
}

static bool
keep(struct listing *l, const char *const *cells)
{
	if (l->flowing && l->json) {
		put("%s\n", cells[0]);
		return true;
	}
	if (l->flowing)
		return table_flow(&l->table, cells);
	if (!table_add(&l->table, cells))
		return false;
	return l->all || l->table.n <= HELD_MAX || begin_to_flow(l);
}

static int
collect(void *arg, const struct tc_record *rec)
{
	struct listing *l = arg;
	const size_t n = l->table.columns + (l->flowing ? 0 : l->table.keys);
	char *cells[2 * COLUMNS_MAX] = { NULL };
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++) {
		cells[i] = cell_of(l, i, rec);
		ok = cells[i] != NULL;
	}
	ok = ok && keep(l, (const char *const *)cells);
	for (size_t i = 0; i < n; i++)
		free(cells[i]);
	l->failed = !ok;
	return l->failed || output_failed();
}

/* ---- what was asked for ---- */
static bool
choose_columns(struct listing *l, const struct list_args *args)
{
	struct table *table = &l->table;

	table->columns = columns_all(l->shown, args->whole);
	if (args->columns.n > 0)
		table->columns = args->columns.n;
	for (size_t i = 0; i < args->columns.n; i++) {
		l->shown[i] = column_named("columns", args->columns.v[i]);
		if (!l->shown[i])
			return false;
	}
	for (size_t i = 0; i < table->columns; i++) {
		l->heads[i] = column_head(l->shown[i]);
		l->elastic[i] = column_elastic(l->shown[i]);
		if (column_is_state(l->shown[i]))
			table->coloured = i + 1;
	}
	table->heads = l->heads;
	table->elastic = l->elastic;
	table->limit = args->whole ? 0 : terminal_width();
	return true;
}

static bool
add_order(struct listing *l, const char *name)
{
	const bool descending = *name == '-';
	const size_t i = l->table.keys;

	l->sorted[i] = column_named("sort", name + descending);
	l->orders[i].column = l->table.columns + i;
	l->orders[i].descending = descending;
	l->table.keys++;
	return l->sorted[i] != NULL;
}

/* What was asked for, then what always decides. */
static bool
choose_order(struct listing *l, const struct words *sort)
{
	static const char *const always[] = { "user", "label", "id" };

	if (sort->n > COLUMNS_MAX - COUNT(always)) {
		complain_option("sort", NULL, "too many of them");
		return false;
	}
	for (size_t i = 0; i < sort->n; i++) {
		if (!add_order(l, sort->v[i]))
			return false;
	}
	for (size_t i = 0; i < COUNT(always); i++) {
		if (!add_order(l, always[i]))
			return false;
	}
	l->all = sort->n > 0;
	return true;
}

static bool
prepare(struct listing *l, const struct list_args *args)
{
	if (!choose_columns(l, args))
		return false;
	if (l->json) {
		l->table.columns = 1;
		l->table.verbatim = true;
	}
	l->view.whole = args->whole;
	l->view.now = (int64_t)time(NULL);
	return choose_order(l, &args->sort);
}

/* ---- the verb ---- */
static int
list(struct app *app, struct listing *l, const struct tc_filter *filter)
{
	struct tc_error err = { 0 };
	const int code =
	    tc_list(app->handle, &app->actor, filter, collect, l, &err);

	if (code == TC_OK && !l->failed && !l->flowing) {
		table_sort(&l->table, l->orders, l->table.keys);
		l->failed = !print_held(l);
	}
	if (l->failed)
		return complain(UNAVAILABLE, "list", "out of memory");
	/* A long list that ends early does not pass for a whole one. */
	return code == TC_OK ? DONE : complain_tc(code, &err);
}

static int
run(struct app *app, struct list_args *args)
{
	struct listing l = { .json = app->json };
	struct tc_filter filter;
	int code = USAGE;

	if (!filter_parse(app, &args->filter, &filter))
		return app->exit;
	if (prepare(&l, args))
		code = app_open(app) ? list(app, &l, &filter) : app->exit;
	table_free(&l.table);
	return code;
}

int
verb_list(struct app *app, int argc, char **argv)
{
	struct list_args args = { 0 };
	const struct opt own[] = {
		{ .name = "columns",
		  .value = "COLUMN,...",
		  .words = columns_names(),
		  .commas = &args.columns,
		  .help = "show some of these, in this order:" },
		{ .name = "sort",
		  .value = "COLUMN,...",
		  .words = columns_names(),
		  .commas = &args.sort,
		  .help = "by these columns; -COLUMN: the last first" },
		{ .name = "long",
		  .letter = 'l',
		  .flag = &args.whole,
		  .help = "all columns, whole ids, dates, nothing cut" },
	};
	struct opts opts = { 0 };

	filter_opts(&opts, &args.filter);
	opts_add(&opts, own, COUNT(own));
	app->notes = "Up to 1000 tokens come sorted by user and label.  More "
		     "begin to appear at once,\nin no order, unless --sort is "
		     "given.";
	if (!app_options(app, opts.v, opts.n, argc, argv))
		return app->exit;
	return run(app, &args);
}

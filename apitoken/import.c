/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken import: values that were made elsewhere become passwords, one from
 * stdin or many from a file, a thousand in one commit.  A value is wiped as
 * soon as the library has seen it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "progress.h"
#include "restore.h"
#include "values.h"
#include "wipe.h"

#define BATCH_BYTES (4U << 20) /* of rows in memory; far above what is usual */

/* ---- one value ---- */
struct one_args {
	const char *user, *label;
	struct limits limits;
};

static int
show_one(struct app *app, const char *id)
{
	struct tc_record *rec = NULL;
	struct tc_error err = { 0 };
	int code;

	if (!app->json) {
		put("%s\n", id);
		return DONE;
	}
	code = tc_show(app->handle, &app->actor, id, &rec, &err);
	code = code == TC_OK ? put_json(record_json(rec))
			     : complain_tc(code, &err);
	tc_record_free(rec);
	return code;
}

static int
import_value(struct app *app, struct tc_import *item)
{
	char value[SECRET_SIZE];
	struct tc_error err = { 0 };
	const ssize_t len = read_secret("Value", value, sizeof(value));
	int code = TC_OK;

	if (len >= 0) {
		item->value = value;
		item->len = (size_t)len;
		code = tc_import(app->handle, &app->actor, item, 1, &err);
	}
	explicit_bzero(value, sizeof(value));
	if (len < 0)
		return REFUSED;
	if (code != TC_OK)
		return complain_tc(code, &err);
	if (item->error.code != TC_OK)
		return complain_tc(item->error.code, &item->error);
	change_is_in_force();
	return show_one(app, item->id);
}

static int
import_one(struct app *app, struct one_args *args)
{
	struct limits *limits = &args->limits;
	struct tc_import item = { 0 };

	if (!args->user || !args->label) {
		return complain(USAGE, "import", "%s is missing",
				args->user ? "--label" : "--user");
	}
	if (app->n_operands > 0)
		return complain(USAGE, "import",
				"a FILE is of --csv, --jsonl or --records");
	if (!limits_parse(app, limits))
		return app->exit;
	item.spec = (struct tc_create){
		.user = args->user,
		.label = args->label,
		.expires = limits->until,
		.n_services = limits->services.n,
		.n_sources = limits->sources.n,
		.n_properties = limits->properties.n,
		.services = (const char *const *)limits->services.v,
		.sources = limits->nets,
		.properties = limits->notes,
	};
	return app_open(app) ? import_value(app, &item) : app->exit;
}

/* ---- many ---- */
struct batch {
	struct value values[TC_IMPORT_MANY];
	size_t n, bytes; /* of them */
	struct tc_import items[TC_IMPORT_MANY]; /* of those not refused */
	size_t n_items;
};

struct many {
	struct app *app;
	struct values *from;
	uint64_t imported, refused, commits;
};

static void
say_refused(struct many *m, uint64_t line, const char *why)
{
	char where[ESCAPED_MAX];

	m->refused++;
	if (m->app->json) {
		(void)put_json(json_pack("{s:I, s:o}", "line", (json_int_t)line,
					 "error", json_text(why)));
		return;
	}
	progress_end();
	(void)snprintf(where, sizeof(where), "%s:%" PRIu64,
		       values_name(m->from), line);
	complain(REFUSED, where, "%s", why);
}

static void
say_imported(struct many *m, uint64_t line, const char *id)
{
	m->imported++;
	if (m->app->json)
		(void)put_json(json_pack("{s:I, s:s}", "line", (json_int_t)line,
					 "id", id));
}

/* Until it is full or nothing can be read any more; true for the former. */
static bool
read_batch(struct many *m, struct batch *b)
{
	enum values_found found = VALUES_ONE;

	b->n = b->n_items = b->bytes = 0;
	while (found == VALUES_ONE && b->n < TC_IMPORT_MANY &&
	       b->bytes < BATCH_BYTES) {
		struct value *v = &b->values[b->n];

		found = values_next(m->from, v, &b->items[b->n_items]);
		if (found == VALUES_END) {
			value_free(v);
			return false;
		}
		b->n++;
		b->bytes += v->bytes;
		b->n_items += v->why[0] == '\0';
	}
	return found == VALUES_ONE;
}

static void
report_batch(struct many *m, const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct value *v = &b->values[i];
		const struct tc_import *item = v->item;

		if (v->why[0] != '\0')
			say_refused(m, v->line, v->why);
		else if (item->error.code != TC_OK)
			say_refused(m, v->line, item->error.text);
		else
			say_imported(m, v->line, item->id);
	}
}

static void
wipe_batch(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		value_free(&b->values[i]);
	explicit_bzero(b->items, sizeof(b->items));
}

static int
import_batch(struct many *m, struct batch *b)
{
	const uint64_t before = m->imported;
	struct tc_error err = { 0 };
	int code = TC_OK;

	if (b->n_items > 0)
		code = tc_import(m->app->handle, &m->app->actor, b->items,
				 b->n_items, &err);
	if (code != TC_OK) {
		progress_end();
		code = complain_tc(code, &err);
		return complain(code, values_name(m->from),
				"line %" PRIu64 " and all behind it are not in",
				b->values[0].line);
	}
	report_batch(m, b);
	m->commits += m->imported > before;
	progress("%" PRIu64 " rows, %" PRIu64 " commits",
		 m->imported + m->refused, m->commits);
	return DONE;
}

static int
import_rows(struct many *m)
{
	struct batch *b = calloc(1, sizeof(*b));
	bool more = true;
	int code = DONE;

	if (!b)
		return complain(UNAVAILABLE, "import", "out of memory");
	while (more && code == DONE) {
		more = read_batch(m, b);
		code = import_batch(m, b);
		wipe_batch(b);
	}
	free(b);
	progress_end();
	if (m->imported > 0)
		change_is_in_force();
	if (!m->app->json)
		put("imported: %" PRIu64 ", refused: %" PRIu64 "\n",
		    m->imported, m->refused);
	return code == DONE && m->refused > 0 ? REFUSED : code;
}

static int
import_many(struct app *app, enum values_format format)
{
	struct many m = { .app = app };
	int code;

	json_wipes();
	if (!app_open(app))
		return app->exit;
	m.from = values_open(app->n_operands ? app->operands[0] : NULL, format,
			     time(NULL), &code);
	if (m.from)
		code = import_rows(&m);
	values_close(m.from);
	return code;
}

/* ---- the verb ---- */
struct kinds {
	bool csv, jsonl, records, force;
};

/* The options of one value are not for many. */
static int
check_kinds(const struct kinds *is, const struct one_args *args)
{
	const struct limits *limits = &args->limits;
	const bool one = args->user || args->label || limits->expires ||
			 limits->services.n || limits->sources.n ||
			 limits->properties.n;

	if (is->csv + is->jsonl + is->records > 1)
		return complain(USAGE, "import",
				"one of --csv, --jsonl and --records");
	if (one && (is->csv || is->jsonl || is->records))
		return complain(USAGE, "import",
				"--user, --label and the like are for one "
				"value: a file brings its own");
	if (is->force && !is->records)
		return complain(USAGE, "import", "--force is of --records");
	return DONE;
}

static void
import_opts(struct opts *opts, struct one_args *args, struct kinds *is)
{
	const struct opt one[] = {
		{ .name = "user",
		  .value = "NAME",
		  .text = &args->user,
		  .help = "whose password the value on stdin becomes" },
		{ .name = "label",
		  .value = "TEXT",
		  .text = &args->label,
		  .help = "what it is for" },
	};
	const struct opt many[] = {
		{ .name = "csv",
		  .flag = &is->csv,
		  .help = "take many, as comma-separated values" },
		{ .name = "jsonl",
		  .flag = &is->jsonl,
		  .help = "take many, one JSON object for each line" },
		{ .name = "records",
		  .flag = &is->records,
		  .help = "put back what \"apitoken export\" wrote" },
		{ .name = "force",
		  .flag = &is->force,
		  .help = "put back what was revoked since then, too" },
	};

	opts_add(opts, one, COUNT(one));
	limits_opts(opts, &args->limits);
	opts_add(opts, many, COUNT(many));
}

int
verb_import(struct app *app, int argc, char **argv)
{
	struct one_args args = { 0 };
	struct kinds is = { 0 };
	struct opts opts = { 0 };
	int code;

	import_opts(&opts, &args, &is);
	if (!app_options(app, opts.v, opts.n, argc, argv))
		return app->exit;
	code = check_kinds(&is, &args);
	if (code != DONE)
		return code;
	if (is.records)
		return import_records(app, is.force);
	if (is.csv || is.jsonl)
		return import_many(app, is.csv ? VALUES_CSV : VALUES_JSON);
	return import_one(app, &args);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken import --records: reads an export twice.  The first time nothing is
 * changed, so that a file with a fault, or without its end, or that would undo
 * a revocation, leaves everything as it is.
 */
#include "restore.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infile.h"
#include "progress.h"
#include "records.h"
#include "wipe.h"

/* What goes to the library in one call: one commit. */
struct lot {
	struct restored recs[TC_MANY_MAX];
	const struct tc_record *ptrs[TC_MANY_MAX];
	enum tc_restored results[TC_MANY_MAX];
	size_t n;
	struct tc_ended ended[TC_MANY_MAX];
	json_t *marks[TC_MANY_MAX]; /* what their strings are in */
	size_t n_ended;
};

/* How far the file was read. */
enum stage { BEGINNING, MARKS, RECORDS, OVER };

struct restore {
	struct app *app;
	struct infile in;
	unsigned flags; /* for tc_restore() */
	enum stage stage;
	char line[ROW_MAX + 1];
	uint64_t number; /* of the line */
	uint64_t read; /* records */
	char store[sizeof(((struct tc_info *)NULL)->store_id)];
	json_int_t commits;
	int64_t committed;
	uint64_t became[TC_RESTORED_BAD + 1]; /* how many, by result */
	struct lot *lot;
};

static int
bad_line(const struct restore *r, uint64_t line, const char *why)
{
	char where[ESCAPED_MAX];

	progress_end();
	(void)snprintf(where, sizeof(where), "%s:%" PRIu64, r->in.name, line);
	return complain(REFUSED, where, "%s", why);
}

/* ---- a lot ---- */
static void
empty_lot(struct lot *lot)
{
	for (size_t i = 0; i < lot->n; i++)
		restored_free(&lot->recs[i]);
	for (size_t i = 0; i < lot->n_ended; i++)
		json_decref(lot->marks[i]);
	lot->n = lot->n_ended = 0;
}

/* What there is now: "revoked ...", or "deleted" where no call tells more. */
static void
say_undone(const struct restore *r, const struct tc_record *rec)
{
	struct tc_record *now = NULL;
	struct tc_error err = { 0 };
	char name[TC_USER_MAX + TC_LABEL_MAX + 2], when[WHEN_MAX];
	char escaped[ESCAPED_MAX];

	(void)snprintf(name, sizeof(name), "%s/%s", rec->user, rec->label);
	escape(escaped, sizeof(escaped), name);
	progress_end();
	if (tc_show(r->app->handle, &r->app->actor, rec->id, &now, &err) ==
		TC_OK &&
	    now->revoked != 0) {
		format_moment(now->revoked, when);
		(void)fprintf(stderr, "%s %s: revoked %s\n", rec->id, escaped,
			      when);
	} else {
		(void)fprintf(stderr, "%s %s: deleted\n", rec->id, escaped);
	}
	tc_record_free(now);
}

/* The library's words are "record 3: why", and the line names it better. */
static int
bad_record(const struct restore *r, uint64_t line, const struct tc_error *err)
{
	const char *why = strstr(err->text, ": ");
	char text[TC_ERROR_MAX + 16];

	if (!why)
		return bad_line(r, line, "no record has such members");
	(void)snprintf(text, sizeof(text), "no record%s", why);
	return bad_line(r, line, text);
}

static int
note_results(struct restore *r, const struct tc_error *err)
{
	const struct lot *lot = r->lot;

	for (size_t i = 0; i < lot->n; i++) {
		if (lot->results[i] == TC_RESTORED_BAD)
			return bad_record(r, lot->recs[i].line, err);
		r->became[lot->results[i]]++;
		if (lot->results[i] == TC_RESTORED_UNDOES)
			say_undone(r, &lot->recs[i].rec);
	}
	return DONE;
}

static bool
is_check(const struct restore *r)
{
	return (r->flags & TC_RESTORE_CHECK) != 0;
}

static int
refuse(const struct restore *r, const char *effect)
{
	const uint64_t n = r->became[TC_RESTORED_UNDOES];

	progress_end();
	return complain(REFUSED, r->in.name,
			"would bring back %" PRIu64 " token%s revoked or "
			"deleted; %s, --force does it",
			n, n == 1 ? " that was" : "s that were", effect);
}

/* A refusal that the results do not account for is one of everything. */
static bool
is_accounted_for(const struct lot *lot)
{
	for (size_t i = 0; i < lot->n; i++) {
		if (lot->results[i] == TC_RESTORED_UNDOES ||
		    lot->results[i] == TC_RESTORED_BAD)
			return true;
	}
	return false;
}

static int
give_lot(struct restore *r)
{
	struct lot *lot = r->lot;
	struct tc_error err = { 0 };
	int code;

	if (lot->n == 0 && lot->n_ended == 0)
		return DONE;
	memset(lot->results, 0, sizeof(lot->results));
	code =
	    tc_restore(r->app->handle, &r->app->actor, lot->ptrs, lot->n,
		       lot->ended, lot->n_ended, r->flags, lot->results, &err);
	if (code == TC_OK || (code == TC_E_REFUSED && is_accounted_for(lot))) {
		const bool done = code == TC_OK || is_check(r);

		code = note_results(r, &err);
		/* It was none when the file was checked: this lot is not in. */
		if (code == DONE && !done)
			code = refuse(r, "this part of it was not put back");
	} else {
		progress_end();
		code = complain_tc(code, &err);
	}
	empty_lot(lot);
	progress("%" PRIu64 " records %s", r->read,
		 is_check(r) ? "checked" : "put back");
	return code;
}

/* ---- lines, each of which takes over its JSON ---- */
static bool
take_head(struct restore *r, json_t *json, char *why)
{
	const char *store, *committed;
	json_int_t version;
	bool ok = json_unpack_ex(json, NULL, JSON_STRICT,
				 "{s:I, s:s, s:I, s:s}", "apitoken_export",
				 &version, "store", &store, "commits",
				 &r->commits, "committed", &committed) == 0;

	if (ok && version != 1) {
		(void)snprintf(why, TC_ERROR_MAX,
			       "an export of version %lld, which this program "
			       "does not know",
			       (long long)version);
		ok = false;
	} else if (!ok || strlen(store) >= sizeof(r->store) || r->commits < 0 ||
		   !parse_utc(committed, &r->committed)) {
		(void)snprintf(why, TC_ERROR_MAX,
			       "not the first line of an export");
		ok = false;
	} else {
		(void)snprintf(r->store, sizeof(r->store), "%s", store);
	}
	json_decref(json);
	return ok;
}

static bool
take_mark(struct restore *r, json_t *json, char *why)
{
	struct lot *lot = r->lot;

	lot->marks[lot->n_ended] = json;
	return mark_restore(&lot->ended[lot->n_ended++], json, why);
}

static bool
take_record(struct restore *r, json_t *json, char *why)
{
	struct lot *lot = r->lot;
	struct restored *rec = &lot->recs[lot->n];

	lot->ptrs[lot->n++] = &rec->rec;
	r->read++;
	if (!record_restore(rec, json, why))
		return false;
	rec->line = r->number;
	return true;
}

static bool
take_end(struct restore *r, json_t *json, char *why)
{
	const json_t *end = json_object_get(json, "end");
	const bool ok = json_object_size(json) == 1 && json_is_integer(end) &&
			json_integer_value(end) == (json_int_t)r->read;

	if (!ok)
		(void)snprintf(why, TC_ERROR_MAX,
			       "not the end of %" PRIu64 " records", r->read);
	json_decref(json);
	return ok;
}

static bool
take_unknown(struct restore *r, json_t *json, char *why)
{
	(void)r;
	(void)snprintf(why, TC_ERROR_MAX,
		       "not a line of an export, or not "
		       "where it belongs");
	json_decref(json);
	return false;
}

/* By the member that tells what a line is, and where in the file it may be. */
static const struct kind {
	const char *name;
	enum stage first, last, then;
	bool (*take)(struct restore *, json_t *, char *why);
} kinds[] = {
	{ "apitoken_export", BEGINNING, BEGINNING, MARKS, take_head },
	{ "ended", MARKS, MARKS, MARKS, take_mark },
	{ "id", MARKS, RECORDS, RECORDS, take_record },
	{ "end", MARKS, RECORDS, OVER, take_end },
};

static bool
take_line(struct restore *r, json_t *json, char *why)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct kind *kind = &kinds[i];

		if (!json_object_get(json, kind->name) ||
		    r->stage < kind->first || r->stage > kind->last)
			continue;
		r->stage = kind->then;
		return kind->take(r, json, why);
	}
	return take_unknown(r, json, why);
}

/* ---- the file ---- */
static int
read_line(struct restore *r, size_t len)
{
	char why[TC_ERROR_MAX] = "";
	json_error_t error;
	json_t *json = json_loadb(r->line, len, JSON_REJECT_DUPLICATES, &error);

	if (!json) {
		if (json_error_code(&error) == json_error_out_of_memory)
			return bad_line(r, r->number, "out of memory");
		(void)snprintf(why, sizeof(why), "not JSON, at column %d",
			       error.column);
		return bad_line(r, r->number, why);
	}
	if (!take_line(r, json, why))
		return bad_line(r, r->number, why);
	if (r->lot->n == TC_MANY_MAX || r->lot->n_ended == TC_MANY_MAX)
		return give_lot(r);
	return DONE;
}

static int
read_lines(struct restore *r)
{
	enum line found;
	size_t len;
	int code = DONE;

	while (code == DONE && (found = infile_line(&r->in, r->line, &len,
						    &r->number)) != LINE_END)
		code = found == LINE_READ
			   ? read_line(r, len)
			   : bad_line(r, r->number, "longer than any record");
	if (code == DONE && r->in.error != 0)
		return bad_line(r, r->number, strerror(r->in.error));
	if (code == DONE && r->stage != OVER)
		return bad_line(r, r->number,
				"the file ends here, before its last line");
	return code;
}

/* From the first to the last line. */
static int
pass(struct restore *r, unsigned flags)
{
	int code;

	r->flags = flags;
	r->stage = BEGINNING;
	r->read = 0;
	memset(r->became, 0, sizeof(r->became));
	code = read_lines(r);
	if (code == DONE)
		code = give_lot(r);
	empty_lot(r->lot);
	progress_end();
	return code;
}

/* ---- words ---- */
static void
say_age(const struct restore *r)
{
	struct tc_info info;
	struct tc_error err = { 0 };
	char when[WHEN_MAX];

	if (tc_info(r->app->handle, &info, &err) != TC_OK ||
	    strcmp(info.store_id, r->store) != 0 || r->commits < 0 ||
	    (uint64_t)r->commits >= info.commits)
		return;
	format_moment(r->committed, when);
	(void)fprintf(stderr,
		      "The export is older than the store: of commit %lld, "
		      "%s; the last one is %" PRIu64 ".\n",
		      (long long)r->commits, when, info.commits);
}

static int
say_result(const struct restore *r)
{
	const uint64_t *n = r->became;

	if (r->app->json)
		return put_json(
		    json_pack("{s:I, s:I, s:I, s:I}", "restored",
			      (json_int_t)n[TC_RESTORED], "same",
			      (json_int_t)n[TC_RESTORED_SAME], "kept",
			      (json_int_t)n[TC_RESTORED_KEPT], "replaced",
			      (json_int_t)n[TC_RESTORED_OVER]));
	put("restored: %" PRIu64 ", the same: %" PRIu64 ", different and kept: "
	    "%" PRIu64 ", "
	    "replaced: "
	    "%" PRIu64 "\n",
	    n[TC_RESTORED], n[TC_RESTORED_SAME], n[TC_RESTORED_KEPT],
	    n[TC_RESTORED_OVER]);
	return DONE;
}

static int
restore(struct restore *r, bool force)
{
	int code = pass(r, TC_RESTORE_CHECK);

	if (code != DONE)
		return code;
	say_age(r);
	if (r->became[TC_RESTORED_UNDOES] > 0 && !force)
		return refuse(r, "nothing was changed");
	if (!infile_rewind(&r->in))
		return REFUSED;
	code = pass(r, force ? TC_RESTORE_FORCE : 0);
	if (code == DONE) {
		change_is_in_force();
		return say_result(r);
	}
	return complain(code, r->in.name,
			"not all of it was put back; do it again once that is "
			"mended");
}

int
import_records(struct app *app, bool force)
{
	struct restore *r = calloc(1, sizeof(*r));
	int code = REFUSED;

	json_wipes();
	if (r) {
		r->app = app;
		r->lot = calloc(1, sizeof(*r->lot));
	}
	if (!r || !r->lot)
		code = complain(UNAVAILABLE, "import", "out of memory");
	else if (!app_open(app))
		code = app->exit;
	else if (infile_open(&r->in,
			     app->n_operands ? app->operands[0] : NULL) &&
		 infile_keep(&r->in))
		code = restore(r, force);
	if (r) {
		infile_close(&r->in);
		free(r->lot);
		explicit_bzero(r, sizeof(*r));
	}
	free(r);
	return code;
}

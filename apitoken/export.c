/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken export: every mark and every record as one JSON object for each
 * line, while they are read.  The last line counts the records, so that a file
 * that was cut off is noticed.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outfile.h"
#include "records.h"
#include "wipe.h"

struct exporter {
	struct app *app;
	const char *output; /* file name; NULL: stdout */
	FILE *file; /* of it */
	bool verifiers;
	int failed; /* exit status; reported, unless it is about stdout */
	uint64_t records;
	uint64_t no_verifier; /* that have one, which is left out */
	uint64_t no_key; /* left out */
};

/* Holds verifiers, so that it has to be wiped. */
static char buffer[65536];

static bool
write_text(struct exporter *e, const char *text)
{
	if (e->file)
		return fputs(text, e->file) >= 0 && fputc('\n', e->file) >= 0;
	/* Why stdout failed is kept and told at the end. */
	put("%s\n", text);
	if (ferror(stdout))
		lose_output(errno);
	return !output_failed();
}

/* Takes over the line; false: the export cannot go on. */
static bool
write_line(struct exporter *e, json_t *line)
{
	char *text = json_line(line);

	if (!text)
		e->failed = complain(UNAVAILABLE, "export", "out of memory");
	else if (!write_text(e, text))
		e->failed = e->file ? complain(REFUSED, e->output, "%s",
					       strerror(errno))
				    : REFUSED;
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	return e->failed == DONE;
}

/* ---- the lines ---- */
/* Looked at before the records are: a change that comes between makes the
 * export newer than it says, never older. */
static int
write_head(struct exporter *e)
{
	struct tc_info info;
	struct tc_error err = { 0 };
	const int code = tc_info(e->app->handle, &info, &err);

	if (code != TC_OK)
		return complain_tc(code, &err);
	(void)write_line(e, json_pack("{s:i, s:s, s:I, s:o}", "apitoken_export",
				      1, "store", info.store_id, "commits",
				      (json_int_t)info.commits, "committed",
				      json_when(info.committed)));
	return e->failed;
}

static int
write_mark(void *arg, const struct tc_ended *ended)
{
	return !write_line(arg, mark_export(ended));
}

/* A seal that does not fit must not be replaced by one that does, which is
 * what putting the record back would do. */
static int
write_record(void *arg, const struct tc_record *rec)
{
	struct exporter *e = arg;

	if (rec->standing == TC_UNAVAILABLE) {
		e->failed = complain(UNAVAILABLE, rec->id,
				     "is damaged, so nothing can be exported; "
				     "see apitoken check");
		return 1;
	}
	if (rec->standing == TC_UNKNOWN_KEY) {
		e->no_key++;
		return 0;
	}
	e->no_verifier +=
	    rec->scram && !e->verifiers && rec->standing == TC_VALID;
	e->records++;
	return !write_line(e, record_export(rec, e->verifiers));
}

static int
write_all_lines(struct exporter *e)
{
	struct app *app = e->app;
	struct tc_error err = { 0 };
	int code = write_head(e);

	if (code != DONE)
		return code;
	code = tc_list_ended(app->handle, &app->actor, write_mark, e, &err);
	if (code == TC_OK && e->failed == DONE)
		code = tc_list(app->handle, &app->actor, NULL, write_record, e,
			       &err);
	if (code != TC_OK)
		return complain_tc(code, &err);
	if (e->failed == DONE)
		(void)write_line(
		    e, json_pack("{s:I}", "end", (json_int_t)e->records));
	return e->failed;
}

/* ---- where they go ---- */
static int
to_stdout(struct exporter *e)
{
	int code;

	(void)setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	code = write_all_lines(e);
	/* The same buffer holds what is left, if it could not be written. */
	if (flush_output())
		explicit_bzero(buffer, sizeof(buffer));
	else if (code == DONE)
		code = REFUSED;
	return code;
}

static int
to_file(struct exporter *e, int fd)
{
	int code;

	e->file = fdopen(fd, "w");
	if (!e->file) {
		code = complain(REFUSED, e->output, "%s", strerror(errno));
		outfile_remove(e->output, fd);
		(void)close(fd);
		return code;
	}
	(void)setvbuf(e->file, buffer, _IOFBF, sizeof(buffer));
	code = write_all_lines(e);
	if (code == DONE &&
	    (fflush(e->file) != 0 || !outfile_sync(e->output, fd)))
		code = complain(REFUSED, e->output, "%s", strerror(errno));
	if (code == DONE)
		change_is_in_force();
	else
		outfile_remove(e->output, fd);
	if (fclose(e->file) != 0 && code == DONE)
		code = complain(REFUSED, e->output, "%s", strerror(errno));
	explicit_bzero(buffer, sizeof(buffer));
	return code;
}

/* ---- words ---- */
static void
say_left_out(const struct exporter *e)
{
	if (e->no_verifier > 0)
		(void)fprintf(stderr,
			      "%" PRIu64 " %s could not log in by SCRAM "
			      "after a restore; --with-verifiers takes along "
			      "what that needs.\n",
			      e->no_verifier,
			      e->no_verifier == 1 ? "token" : "tokens");
	if (e->no_key > 0)
		(void)fprintf(stderr,
			      "%" PRIu64 " tokens are left out: their key is "
			      "not in the secret file.\n",
			      e->no_key);
}

static int
report(const struct exporter *e)
{
	say_left_out(e);
	if (!e->output)
		return DONE;
	if (e->app->json)
		return put_json(json_pack("{s:I, s:o}", "exported",
					  (json_int_t)e->records, "output",
					  json_text(e->output)));
	put("exported: %" PRIu64 "\n", e->records);
	return DONE;
}

static int export(struct exporter *e)
{
	int code, fd;

	if (!e->output) {
		code = stdout_writable() ? to_stdout(e) : REFUSED;
	} else {
		fd = outfile_open(e->output);
		code = fd == -1 ? REFUSED : to_file(e, fd);
	}
	return code == DONE ? report(e) : code;
}

int
verb_export(struct app *app, int argc, char **argv)
{
	struct exporter e = { .app = app };
	const struct opt opts[] = {
		{ .name = "output",
		  .value = "FILE",
		  .text = &e.output,
		  .help = "write to this new file" },
		{ .name = "with-verifiers",
		  .flag = &e.verifiers,
		  .help = "with what a login by SCRAM is checked against" },
	};

	if (!app_options(app, opts, COUNT(opts), argc, argv))
		return app->exit;
	if (e.verifiers && !e.output && isatty(STDOUT_FILENO))
		return complain_option("with-verifiers", NULL,
				       "not to a terminal: name a file by "
				       "--output");
	json_wipes();
	half_is_nothing();
	return app_open(app) ? export(&e) : app->exit;
}

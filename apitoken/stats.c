/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * apitoken stats: figures in the text format of Prometheus, for the textfile
 * collector of node_exporter, which reads the file at any moment: so it is
 * whole or not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apitoken.h"

static const int days[] = { 1, 7, 30 };

struct counts {
	int64_t now;
	uint64_t by_standing[TC_VERDICTS];
	uint64_t expiring[COUNT(days)];
	uint64_t imported, unused;
};

struct figures {
	struct counts counts;
	struct tc_info info;
	struct tc_key_info *keys;
	size_t n_keys;
};

/* ---- counting ---- */
static int
count(void *arg, const struct tc_record *rec)
{
	struct counts *c = arg;

	if ((unsigned)rec->standing < TC_VERDICTS)
		c->by_standing[rec->standing]++;
	c->imported += rec->imported != 0;
	if (rec->standing != TC_VALID)
		return 0;
	c->unused += rec->last_used == 0;
	for (size_t i = 0; i < COUNT(days); i++) {
		if (rec->expires &&
		    rec->expires <= c->now + days[i] * INT64_C(86400))
			c->expiring[i]++;
	}
	return 0;
}

static int
gather(struct app *app, struct figures *f)
{
	struct tc_error err = { 0 };
	int code;

	f->counts.now = (int64_t)time(NULL);
	code = tc_info(app->handle, &f->info, &err);
	if (code == TC_OK)
		code = tc_key_list(app->handle, &f->keys, &f->n_keys, &err);
	if (code == TC_OK)
		code = tc_list(app->handle, &app->actor, NULL, count,
			       &f->counts, &err);
	return code == TC_OK ? DONE : complain_tc(code, &err);
}

/* ---- writing ---- */
/* In memory; where that ends, ferror() says nothing. */
struct page {
	FILE *file;
	bool cut;
};

static void say(struct page *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(struct page *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (vfprintf(out->file, format, args) < 0)
		out->cut = true;
	va_end(args);
}

static void
head(struct page *out, const char *name, const char *type, const char *help)
{
	say(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
figure(struct page *out, const char *name, const char *type, const char *help,
       uint64_t value)
{
	head(out, name, type, help);
	say(out, "%s %" PRIu64 "\n", name, value);
}

static void
write_tokens(struct page *out, const struct figures *f)
{
	const struct counts *c = &f->counts;
	size_t n;
	const struct standing *standings = standing_table(&n);

	head(out, "apitoken_tokens", "gauge",
	     "Tokens by what becomes of a login with them.");
	for (size_t i = 0; i < n; i++)
		say(out, "apitoken_tokens{state=\"%s\"} %" PRIu64 "\n",
		    standings[i].word, c->by_standing[standings[i].standing]);
	head(out, "apitoken_key_tokens", "gauge",
	     "Tokens made with a key, whatever their state.");
	for (size_t i = 0; i < f->n_keys; i++)
		say(out,
		    "apitoken_key_tokens{kid=\"%u\",key_state="
		    "\"%s\"} %zu\n",
		    f->keys[i].kid, tc_key_state_name(f->keys[i].state),
		    f->keys[i].tokens);
	head(out, "apitoken_tokens_expiring", "gauge",
	     "Active tokens that expire within so many days.");
	for (size_t i = 0; i < COUNT(days); i++)
		say(out,
		    "apitoken_tokens_expiring{days=\"%d\"} "
		    "%" PRIu64 "\n",
		    days[i], c->expiring[i]);
	figure(out, "apitoken_tokens_imported", "gauge",
	       "Tokens whose value was made elsewhere.", c->imported);
	figure(out, "apitoken_tokens_unused", "gauge",
	       "Active tokens of which no use is known.", c->unused);
}

static void
write_store(struct page *out, const struct tc_info *info)
{
	figure(out, "apitoken_enabled", "gauge",
	       "1 if tokens can log in at all.", info->enabled ? 1 : 0);
	figure(out, "apitoken_store_commits_total", "counter",
	       "Changes of the store.", info->commits);
	figure(out, "apitoken_store_last_commit_timestamp_seconds", "gauge",
	       "When the store was last changed.",
	       info->committed > 0 ? (uint64_t)info->committed : 0);
	figure(out, "apitoken_store_bytes", "gauge",
	       "Size of the store's files.", info->bytes);
}

/* The whole text, to be freed; NULL, and reported: out of memory. */
static char *
text_of(const struct figures *f, size_t *len)
{
	char *text = NULL;
	struct page out = { .file = open_memstream(&text, len) };
	bool ok = out.file != NULL;

	if (ok) {
		write_tokens(&out, f);
		write_store(&out, &f->info);
		ok = fclose(out.file) == 0 && !out.cut;
	}
	if (ok)
		return text;
	free(text);
	complain(UNAVAILABLE, "stats", "out of memory");
	return NULL;
}

/* ---- the file of --output ---- */
static bool
fill(int fd, const char *text, size_t len)
{
	return write_all(fd, text, len) && fchmod(fd, 0644) == 0 &&
	       fsync(fd) == 0;
}

/* Renaming over /dev/null would take it away from everyone. */
static bool
is_replaceable(const char *name)
{
	struct stat st;

	return lstat(name, &st) != 0 || S_ISREG(st.st_mode);
}

static int
replace_file(const char *name, const char *text, size_t len)
{
	char *temporary = NULL;
	int fd, error;
	bool ok;

	if (!is_replaceable(name))
		return complain(REFUSED, name, "is not a regular file");
	/* The collector reads what ends in .prom, so not this one. */
	if (asprintf(&temporary, "%s.tmpXXXXXX", name) < 0)
		return complain(UNAVAILABLE, "stats", "out of memory");
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd == -1) {
		error = errno;
		free(temporary);
		return complain(REFUSED, name, "%s", strerror(error));
	}
	ok = fill(fd, text, len);
	error = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		error = errno;
	}
	if (ok && rename(temporary, name) != 0) {
		ok = false;
		error = errno;
	}
	if (!ok)
		(void)unlink(temporary);
	free(temporary);
	if (!ok)
		return complain(REFUSED, name, "%s", strerror(error));
	change_is_in_force();
	return DONE;
}

/* ---- the verb ---- */
static int
stats(struct app *app, const char *output)
{
	struct figures f = { 0 };
	int code = gather(app, &f);
	char *text = NULL;
	size_t len = 0;

	if (code == DONE) {
		text = text_of(&f, &len);
		code = text ? DONE : UNAVAILABLE;
	}
	if (text && output)
		code = replace_file(output, text, len);
	else if (text)
		put("%s", text);
	free(text);
	free(f.keys);
	return code;
}

int
verb_stats(struct app *app, int argc, char **argv)
{
	const char *output = NULL;
	const struct opt opts[] = {
		{ .name = "output",
		  .value = "FILE",
		  .text = &output,
		  .help = "replace this file, as a whole" },
	};

	if (!app_options(app, opts, COUNT(opts), argc, argv))
		return app->exit;
	if (app->json)
		return complain(USAGE, "--json", "these figures have no JSON");
	return app_open(app) ? stats(app, output) : app->exit;
}

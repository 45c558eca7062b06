/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The audit log as "apitoken audit" reads it.  The first byte of the input
 * says how often the rest stands in the file, which is cut into lines again;
 * what each line says is shown in one line, which steers no terminal.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../apitoken/audit.h"
#include "fuzz.h"
#include "reutf8.h"

struct lines {
	const char *at, *end; /* what is to come */
	size_t n;
};

/* Options are nobody's here. */
void
opts_add(struct opts *opts, const struct opt *more, size_t n)
{
	(void)opts;
	(void)more;
	(void)n;
}

/* ---- the file ---- */

static void
write_file(const char *path, const char *text, size_t len, unsigned times)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	NEED(fd >= 0);
	for (; times > 0; times--)
		NEED(write(fd, text, len) == (ssize_t)len);
	close(fd);
}

static bool
same_line(void *arg, const char *line, size_t len, bool whole)
{
	struct lines *want = arg;
	const char *end =
	    memchr(want->at, '\n', (size_t)(want->end - want->at));
	size_t want_len;

	if (!end)
		end = want->end;
	want_len = (size_t)(end - want->at);
	CHECK(whole == (want_len <= LOG_LINE_MAX));
	CHECK(len == (whole ? want_len : LOG_LINE_MAX));
	CHECK(memcmp(line, want->at, len) == 0 && line[len] == '\0');
	want->at = end < want->end ? end + 1 : end;
	want->n++;
	return true;
}

static void
cut_into_lines(const char *text, size_t len, unsigned times)
{
	const char *path = fuzz_path("audit.json");
	char *all = malloc(len * times + 1);
	struct lines want = { all, all + len * times, 0 };
	int code = DONE;
	struct logfile *f;

	NEED(all);
	for (unsigned i = 0; i < times; i++)
		memcpy(all + i * len, text, len);
	write_file(path, text, len, times);
	f = logfile_open(path, false, &code);
	NEED(f);
	CHECK(logfile_read(f, same_line, &want) == READ_TO_END);
	CHECK(logfile_rest(f, same_line, &want));
	CHECK(want.at == want.end);
	logfile_close(f);
	free(all);
}

/* ---- one line ---- */

static void
show(const json_t *event)
{
	FILE *before = stdout;
	char *text = NULL;
	size_t len = 0;

	stdout = open_memstream(&text, &len);
	NEED(stdout);
	event_print(event);
	NEED(fclose(stdout) == 0);
	stdout = before;
	CHECK(len > 0 && text[len - 1] == '\n');
	CHECK(reutf8_plain((const uint8_t *)text, len - 1));
	free(text);
}

static void
one_line(const char *line, size_t len)
{
	static char who[] = "alice/laptop", id[] = "k7mm6h";
	static char *names[] = { who, id };
	struct event_filter all = { .user = NULL };
	struct event_filter some = { .user = "alice",
				     .names = names,
				     .n_names = 2 };
	bool no_memory;
	json_t *event = event_parse(line, len, &no_memory);

	CHECK(!no_memory);
	if (!event)
		return;
	CHECK(event_fits(event, &all));
	if (event_fits(event, &some))
		CHECK(json_object_get(event, "user"));
	show(event);
	json_decref(event);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz in = { data, len };
	unsigned times = 1 + (unsigned)fuzz_number(&in, 1) % 16;
	size_t left = in.left;
	char *text = fuzz_rest(&in);

	cut_into_lines(text, left, times);
	one_line(text, left);
	free(text);
	return 0;
}

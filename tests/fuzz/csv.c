/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values to import, as comma-separated values.  The rows are compared with
 * those of another reader, which has all of the text before it.
 */
#include "../../apitoken/csv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "rows.h"

struct text {
	const char *data;
	size_t at, len;
	uint64_t line;
};

struct row {
	size_t n, lens[CSV_FIELDS_MAX];
	char *fields[CSV_FIELDS_MAX];
	uint64_t line;
};

static int
byte(const struct text *t, size_t ahead)
{
	return t->at + ahead < t->len ? t->data[t->at + ahead] : -1;
}

static void
step(struct text *t)
{
	t->line += byte(t, 0) == '\n';
	t->at++;
}

/* Behind the opening quote; -1: it is not closed, or something stands behind
 * the closing one. */
static int
quoted(struct text *t, char *out, size_t *n)
{
	for (; byte(t, 0) != '"' || byte(t, 1) == '"'; step(t)) {
		if (t->at >= t->len)
			return -1;
		if (byte(t, 0) == '"')
			step(t);
		out[(*n)++] = t->data[t->at];
	}
	step(t);
	if (byte(t, 0) == '\r' && byte(t, 1) == '\n')
		step(t);
	return t->at >= t->len || byte(t, 0) == ',' || byte(t, 0) == '\n' ? 0
									  : -1;
}

static int
plain(struct text *t, char *out, size_t *n)
{
	for (; t->at < t->len && byte(t, 0) != ',' && byte(t, 0) != '\n';
	     step(t)) {
		if (byte(t, 0) == '"')
			return -1;
		out[(*n)++] = t->data[t->at];
	}
	if (byte(t, 0) == '\n' && *n > 0 && out[*n - 1] == '\r')
		--*n;
	return 0;
}

/* 1: there is another field; 0: that was the last; -1: broken */
static int
read_field(struct text *t, struct row *row)
{
	char *out = malloc(t->len + 1);
	size_t n = 0, i = row->n++;
	int bad, next;

	NEED(out);
	if (byte(t, 0) == '"') {
		step(t);
		bad = quoted(t, out, &n);
	} else {
		bad = plain(t, out, &n);
	}
	if (i < CSV_FIELDS_MAX) {
		row->fields[i] = out;
		row->lens[i] = n;
	} else {
		free(out);
	}
	if (bad)
		return -1;
	next = byte(t, 0) == ',';
	if (t->at < t->len)
		step(t);
	return next;
}

static void
forget(struct row *row)
{
	for (size_t i = 0; i < row->n && i < CSV_FIELDS_MAX; i++)
		free(row->fields[i]);
	row->n = 0;
}

static enum csv
read_row(struct text *t, struct row *row)
{
	int more;

	do {
		forget(row);
		if (t->at >= t->len)
			return CSV_END;
		row->line = t->line;
		while ((more = read_field(t, row)) > 0)
			;
	} while (more == 0 && row->n == 1 && row->lens[0] == 0);
	return more < 0 ? CSV_BROKEN : CSV_ROW;
}

static void
same_row(const struct csv_row *is, const struct row *want)
{
	CHECK(is->n == want->n && is->line == want->line && !is->too_long);
	for (size_t i = 0; i < is->n && i < CSV_FIELDS_MAX; i++)
		CHECK(is->len[i] == want->lens[i] &&
		      memcmp(is->text + is->at[i], want->fields[i],
			     is->len[i]) == 0);
}

static size_t
compare(int fd, struct text *t)
{
	static struct infile in;
	static struct csv_row is;
	struct row want = { .n = 0 };
	enum csv found;
	size_t n = 0;

	memset(&in, 0, sizeof(in));
	NEED(infile_open(&in, rows_path(fd)));
	do {
		const char *why = "";

		found = csv_next(&in, &is, &why);
		CHECK(found == read_row(t, &want));
		CHECK((found == CSV_BROKEN) == (*why != '\0'));
		if (found == CSV_ROW)
			same_row(&is, &want);
		n += found != CSV_END;
	} while (found == CSV_ROW);
	forget(&want);
	infile_close(&in);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text t = { (const char *)data, 0, len, 1 };
	int fd = fuzz_file(data, len);
	size_t n, rows;

	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		t.at = 3;
	n = compare(fd, &t);
	rows = rows_read(fd, VALUES_CSV);
	CHECK(rows == 0 || rows == n - 1); /* the header is none */
	close(fd);
	return 0;
}

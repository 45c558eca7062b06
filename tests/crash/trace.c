/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../store/kit.h"

static unsigned char *
read_file(const char *file, size_t *len)
{
	FILE *f = fopen(file, "rb");
	unsigned char *bytes;
	struct stat st;

	if (!f || fstat(fileno(f), &st))
		kit_die("%s: cannot be read", file);
	*len = (size_t)st.st_size;
	bytes = malloc(*len + 1);
	if (!bytes || fread(bytes, 1, *len, f) != *len)
		kit_die("%s: cannot be read", file);
	fclose(f);
	return bytes;
}

static const unsigned char *
take(const struct trace *t, size_t len, size_t *at, size_t n)
{
	const unsigned char *start = t->bytes + *at;

	if (n > len - *at)
		kit_die("the trace ends within an entry");
	*at += n;
	return start;
}

static char *
take_text(const struct trace *t, size_t len, size_t *at, size_t n)
{
	char *text = strndup((const char *)take(t, len, at, n), n);

	if (!text)
		kit_die("out of memory");
	return text;
}

static void
add(struct trace *t, const struct trace_op *op)
{
	/* Room doubles at each power of two. */
	if ((t->n & (t->n - 1)) == 0) {
		size_t room = t->n ? 2 * t->n : 1;

		t->op = realloc(t->op, room * sizeof(*t->op));
		if (!t->op)
			kit_die("out of memory");
	}
	t->op[t->n++] = *op;
}

void
trace_load(struct trace *t, const char *file)
{
	size_t len, at = 0;

	memset(t, 0, sizeof(*t));
	t->bytes = read_file(file, &len);
	while (at < len) {
		struct trace_head h;
		struct trace_op op;

		memcpy(&h, take(t, len, &at, sizeof(h)), sizeof(h));
		if (h.type >= TRACE_TYPES)
			kit_die("%s: is not a trace", file);
		op.type = (enum trace_type)h.type;
		op.mode = h.mode;
		op.offset = h.offset;
		op.size = h.size;
		op.path = take_text(t, len, &at, h.path_len);
		op.other = take_text(t, len, &at, h.other_len);
		op.data = op.type == TRACE_WRITE
			      ? take(t, len, &at, (size_t)h.size)
			      : NULL;
		add(t, &op);
	}
}

void
trace_free(struct trace *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->op[i].path);
		free(t->op[i].other);
	}
	free(t->op);
	free(t->bytes);
	memset(t, 0, sizeof(*t));
}

unsigned
trace_count(const struct trace *t)
{
	unsigned n = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->op[i].type == TRACE_START)
			n = 0;
		else if (t->op[i].type < TRACE_START)
			n++;
	}
	return n;
}

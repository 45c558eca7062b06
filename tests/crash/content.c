/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a store and its keys hold, as lines. */
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

struct reading {
	struct content *c;
	const struct oracle *o;
	const char *without;
};

__attribute__((format(printf, 2, 3))) static void
add(struct content *c, const char *fmt, ...)
{
	va_list ap;
	char *line;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&line, fmt, ap);
	va_end(ap);
	if ((c->n & (c->n - 1)) == 0)
		c->line =
		    realloc(c->line, (c->n ? 2 * c->n : 1) * sizeof(char *));
	if (n < 0 || !c->line)
		kit_die("out of memory");
	c->line[c->n++] = line;
}

/* A moment; "now" if two runs of one change differ in it. */
static const char *
moment(const struct oracle *o, int64_t t, char out[24])
{
	if (t == INT64_MAX)
		return "ever";
	if (o->since && t >= o->since)
		return "now";
	snprintf(out, 24, "%" PRId64, t);
	return out;
}

static uint64_t
sum_of(const void *data, size_t len)
{
	const unsigned char *at = data;
	uint64_t h = 0xcbf29ce484222325U;

	for (size_t i = 0; i < len; i++)
		h = (h ^ at[i]) * 0x100000001b3U;
	return h;
}

/* ---- records ---- */

static char *
lists_of(const struct tc_record *r)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		kit_die("out of memory");
	for (size_t i = 0; i < r->n_services; i++)
		fprintf(f, " service=%s", r->services[i]);
	for (size_t i = 0; i < r->n_sources; i++)
		fprintf(f, " source=%016" PRIx64,
			sum_of(&r->sources[i], sizeof(r->sources[i])));
	for (size_t i = 0; i < r->n_properties; i++)
		fprintf(f, " %s=%s", r->properties[i].key,
			r->properties[i].value);
	fclose(f);
	return text;
}

static uint64_t
verifier_of(const struct tc_record *r)
{
	return !r->scram ? 0
			 : sum_of(r->scram->salt, sizeof(r->scram->salt)) ^
			       sum_of(r->scram->stored_key, TC_SCRAM_KEY) ^
			       sum_of(r->scram->server_key, TC_SCRAM_KEY);
}

static int
add_record(void *arg, const struct tc_record *r)
{
	struct reading *reading = arg;
	const struct oracle *o = reading->o;
	char created[24], expires[24], revoked[24];
	int is_new = o->since && r->created >= o->since;
	int loose = o->since != 0;
	char *lists;

	if (reading->without && strcmp(r->id, reading->without) == 0)
		return 0;
	lists = lists_of(r);
	add(reading->c,
	    "record %s user=%s label=%s kid=%u created=%s by=%s expires=%s "
	    "state=%d revoked=%s by=%s reason=%s replaces=%s replaced=%s "
	    "standing=%s scram=%" PRIx64 " imported=%d%s",
	    is_new ? "new" : r->id, r->user, r->label, r->kid,
	    moment(o, r->created, created), r->created_by,
	    moment(o, r->expires, expires), r->state,
	    moment(o, r->revoked, revoked), r->revoked_by, r->revoked_reason,
	    r->replaces, loose && *r->replaced_by ? "another" : r->replaced_by,
	    tc_verdict_name(r->standing),
	    loose ? r->scram != NULL : verifier_of(r), r->imported, lists);
	free(lists);
	return 0;
}

static int
add_mark(void *arg, const struct tc_ended *e)
{
	struct reading *reading = arg;
	char before[24];

	add(reading->c, "mark user=%s kid=%u before=%s", e->user, e->kid,
	    moment(reading->o, e->before, before));
	return 0;
}

/* ---- keys and files ---- */

static int
add_keys(struct content *c, tc_handle *h, struct tc_error *err)
{
	struct tc_key_info *keys;
	size_t n;
	int rc = tc_key_list(h, &keys, &n, err);

	if (rc != TC_OK)
		return rc;
	for (size_t i = 0; i < n; i++)
		add(c, "key %u %s", keys[i].kid,
		    tc_key_state_name(keys[i].state));
	free(keys);
	return TC_OK;
}

static void
add_file(struct content *c, const char *folder, const char *name)
{
	char path[PATH_MAX], text[65536];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	n = f ? fread(text, 1, sizeof(text), f) : 0;
	if (f)
		fclose(f);
	add(c, "file %s %016" PRIx64, name, sum_of(text, n));
}

/* The files that people edit stand beside the store's folder. */
static int
add_files(struct content *c, const struct oracle *o, tc_handle *h,
	  struct tc_error *err)
{
	struct tc_info info;
	char *slash;
	int rc = tc_info(h, &info, err);

	if (rc != TC_OK || o->since)
		return rc;
	add(c, "store %s", info.store_id);
	slash = strrchr(info.store, '/');
	if (slash)
		*slash = '\0';
	add_file(c, info.store, "apitoken.conf");
	add_file(c, info.store, "secret.conf");
	return TC_OK;
}

/* ---- verdicts ---- */

static int
add_verdicts(struct content *c, const struct oracle *o, tc_handle *h,
	     struct tc_error *err)
{
	c->verdict = calloc(o->n + 1, sizeof(*c->verdict));
	if (!c->verdict)
		kit_die("out of memory");
	for (size_t i = 0; i < o->n; i++) {
		struct tc_result res;
		enum tc_verdict v = oracle_verify(h, &o->known[i], &res);

		c->verdict[i] = v;
		add(c, "token %zu %s %s", i, o->known[i].user,
		    tc_verdict_name(v));
		if (v == TC_UNAVAILABLE) {
			err->code = TC_E_UNAVAILABLE;
			snprintf(err->text, sizeof(err->text), "%s",
				 res.detail);
			return err->code;
		}
	}
	return TC_OK;
}

/* ---- all of it ---- */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
content_read(struct content *c, const struct oracle *o, tc_handle *h,
	     const char *without, struct tc_error *err)
{
	struct reading reading = { c, o, without };
	int rc;

	memset(c, 0, sizeof(*c));
	rc = tc_list(h, NULL, NULL, add_record, &reading, err);
	if (rc == TC_OK)
		rc = tc_list_ended(h, NULL, add_mark, &reading, err);
	/* Where all is compared, the secret file itself is. */
	if (rc == TC_OK && o->since)
		rc = add_keys(c, h, err);
	if (rc == TC_OK)
		rc = add_files(c, o, h, err);
	if (rc == TC_OK)
		rc = add_verdicts(c, o, h, err);
	if (rc == TC_OK)
		qsort(c->line, c->n, sizeof(*c->line), by_text);
	else
		content_free(c);
	return rc;
}

void
content_of(struct content *c, const struct oracle *o, const char *config)
{
	tc_handle *h = kit_open(config);
	struct tc_error err;

	if (content_read(c, o, h, NULL, &err))
		kit_die("%s", err.text);
	tc_free(h);
}

int
content_same(const struct content *a, const struct content *b)
{
	if (a->n != b->n)
		return 0;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->line[i], b->line[i]) != 0)
			return 0;
	return 1;
}

void
content_differ(const struct content *want, const struct content *got)
{
	for (size_t i = 0; i < want->n || i < got->n; i++) {
		const char *w = i < want->n ? want->line[i] : "nothing";
		const char *g = i < got->n ? got->line[i] : "nothing";

		if (strcmp(w, g) == 0)
			continue;
		kit_note("  wanted: %s", w);
		kit_note("  got:    %s", g);
		return;
	}
}

void
content_free(struct content *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->line[i]);
	free(c->line);
	free(c->verdict);
	memset(c, 0, sizeof(*c));
}

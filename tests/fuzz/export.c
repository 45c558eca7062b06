/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A line of an export: a record, or a mark.  What is read and written again is
 * read as the same; what is not read says why.
 */
#include <string.h>

#include "../../apitoken/records.h"
#include "fuzz.h"

/* Text of a record as JSON; freed by the caller. */
static char *
written(const struct tc_record *rec)
{
	json_t *json = record_export(rec, true);
	char *text;

	/* What it was when it was written is not read. */
	(void)json_object_del(json, "state");
	text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	NEED(text);
	json_decref(json);
	return text;
}

static void
is_same(const struct tc_record *rec)
{
	char why[TC_ERROR_MAX] = "";
	static struct restored again;
	char *text = written(rec), *text_again;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	NEED(json);
	CHECK(record_restore(&again, json, why));
	text_again = written(&again.rec);
	CHECK(strcmp(text, text_again) == 0);
	restored_free(&again);
	free(text_again);
	free(text);
}

static void
within_bounds(const struct tc_record *rec)
{
	CHECK(strlen(rec->id) == TC_ID_LEN && rec->user && rec->label);
	CHECK(rec->kid >= 1 && rec->kid <= 65535);
	CHECK(rec->n_services <= TC_SERVICES_MAX);
	CHECK(rec->n_sources <= TC_SOURCES_MAX);
	CHECK(rec->n_properties <= TC_PROPERTIES_MAX);
	CHECK((rec->state == TC_STATE_REVOKED) == (rec->revoked != 0));
	CHECK(rec->state != TC_STATE_DELETED);
	CHECK(!rec->scram || rec->scram->iterations > 0);
}

static void
record(json_t *json)
{
	char why[TC_ERROR_MAX] = "";
	static struct restored r;

	if (record_restore(&r, json_incref(json), why)) {
		within_bounds(&r.rec);
		is_same(&r.rec);
	} else {
		CHECK(why[0] != '\0');
	}
	restored_free(&r);
}

static void
mark(const json_t *json)
{
	char why[TC_ERROR_MAX] = "";
	struct tc_ended ended, again;
	json_t *written;

	if (!mark_restore(&ended, json, why)) {
		CHECK(fuzz_is_line(why, sizeof(why) - 1) && why[0] != '\0');
		return;
	}
	CHECK(ended.user && ended.kid <= 65535 && ended.before != 0);
	written = mark_export(&ended);
	NEED(written);
	/* "" and nobody are the same. */
	CHECK(mark_restore(&again, written, why));
	CHECK(strcmp(again.user, ended.user) == 0 && again.kid == ended.kid &&
	      again.before == ended.before);
	json_decref(written);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	json_t *json =
	    json_loadb((const char *)data, len, JSON_REJECT_DUPLICATES, NULL);

	if (!json)
		return 0;
	record(json);
	mark(json);
	json_decref(json);
	return 0;
}

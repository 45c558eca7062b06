/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records and marks as lines of an export.  What is written has every member;
 * what is read has to have them, in the very same spelling: a record that
 * lost its "revoked" on the way would let somebody in.
 */
#ifndef RECORDS_H
#define RECORDS_H

#include "apitoken.h"

/** The line of a record; NULL: out of memory.
 *  @param verifier  with what a SCRAM login is checked against */
json_t *record_export(const struct tc_record *rec, bool verifier)
    __attribute__((nonnull));

/** The line of a mark; NULL: out of memory. */
json_t *mark_export(const struct tc_ended *ended) __attribute__((nonnull));

/* A record and all that it points to. */
struct restored {
	struct tc_record rec;
	uint64_t line;
	const char *services[TC_SERVICES_MAX];
	struct tc_source sources[TC_SOURCES_MAX];
	struct tc_property properties[TC_PROPERTIES_MAX];
	struct tc_scram scram;
	json_t *json; /* what the strings are in */
};

/**
 * Reads the line of a record.
 * @param r     set; freed by restored_free(), also on failure
 * @param json  taken over
 * @param why   what is wrong with it; not set on success
 */
bool record_restore(struct restored *r, json_t *json, char why[TC_ERROR_MAX])
    __attribute__((nonnull));

/** Frees what is in it and wipes the verifier. */
void restored_free(struct restored *r) __attribute__((nonnull));

/** Reads the line of a mark; the user's name lives as long as json. */
bool mark_restore(struct tc_ended *ended, const json_t *json,
		  char why[TC_ERROR_MAX]) __attribute__((nonnull));

/** Reads "2027-03-31T12:00:00Z", spelt as format_utc() does. */
bool parse_utc(const char *text, int64_t *when) __attribute__((nonnull));

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One value made elsewhere and what comes with it, put together for
 * tc_import().  Whatever is not understood refuses it, and no text that comes
 * from a file is in the reason: the columns may have been mixed up, and then
 * it is a password.
 */
#ifndef VALUE_H
#define VALUE_H

#include "apitoken.h"

#define NO_SERVICE "not a service name, [a-z0-9_.-]{1,32}"

bool is_service(const char *name) __attribute__((nonnull));

/* One value and all that its item points to. */
struct value {
	uint64_t line;
	size_t bytes; /* that the row had */
	char why[TC_ERROR_MAX]; /* it is refused; "": it is not */
	struct tc_import *item;
	int64_t now;
	const char *services[TC_SERVICES_MAX];
	struct tc_source sources[TC_SOURCES_MAX];
	struct tc_property properties[TC_PROPERTIES_MAX];
	char *text; /* what the strings are in: this, size bytes, */
	size_t size;
	json_t *json; /* or this */
};

/** A value of which nothing is known yet.
 *  @param item  belongs to the caller, and is not to move
 *  @param now   what spans such as "90d" begin at */
void value_begin(struct value *v, struct tc_import *item, int64_t now)
    __attribute__((nonnull));
/** Wipes and frees what is in it. */
void value_free(struct value *v) __attribute__((nonnull));

/** Sets why; false. */
bool value_refuse(struct value *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What a file may say of a value; the names are the columns of CSV and the
 * members in JSON. */
struct member {
	const char *name;
	bool needed;
	bool (*text)(struct value *, const char *); /* of one string */
	bool (*list)(struct value *, const char *); /* of each of several;
						neither: properties */
};

/** By its number, from 0; NULL: there are no more. */
const struct member *member_at(size_t i);
/** NULL: there is none of that name. */
const struct member *member_find(const char *name) __attribute__((nonnull));

/** Takes a field of CSV, which is cut up. */
bool value_field(struct value *v, const struct member *member, char *text)
    __attribute__((nonnull));

/** Takes a member of JSON, which has to live as long as the value. */
bool value_member(struct value *v, const struct member *member, json_t *is)
    __attribute__((nonnull(1, 2)));

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sections [services] and [sets]: names for several services.  A name of
 * [services] is a service and goes by other names with PAM and SASL.  A set is
 * only its members: services, or names of [services].
 */
#ifndef TC_ALIAS_H
#define TC_ALIAS_H

#include <stddef.h>

#include "tokencore.h"

#define TC_ALIASES_MAX 64 /* lines of one section */

struct tc_alias {
	char name[TC_SERVICE_MAX + 1];
	unsigned line; /* of the file, where it stands */
	char *services; /* joined by ',' */
};

struct tc_alias_table {
	size_t n;
	struct tc_alias rows[TC_ALIASES_MAX];
};

/* Adds "name = value"; value is a list of services.  NULL, or why not. */
const char *tc_alias_add(struct tc_alias_table *t, const char *name,
			 const char *value, unsigned line);

/* What is wrong between the two sections, whatever their order, and with which
 * row; NULL: nothing. */
const char *tc_alias_clash(const struct tc_alias_table *services,
			   const struct tc_alias_table *sets,
			   const struct tc_alias **where);

/* Does a token made for `token_service` fit a login at `service`? */
int tc_alias_fits(const struct tc_alias_table *services,
		  const struct tc_alias_table *sets, const char *token_service,
		  const char *service);

void tc_alias_free(struct tc_alias_table *t);

#endif

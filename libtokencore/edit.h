/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A record's parameters with changes merged in. */
#ifndef TC_EDIT_H
#define TC_EDIT_H

#include "tokencore.h"

struct tc_edited {
	struct tc_create spec; /* points into record, edit and below */
	struct tc_property properties[TC_PROPERTIES_MAX];
};

/* edit may be NULL.  Checks nothing but that properties fit and that there is
 * no change that is not known. */
int tc_edit_merge(struct tc_edited *e, const struct tc_record *r,
		  const struct tc_edit *edit, struct tc_error *err);

#endif

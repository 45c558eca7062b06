/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One change, as the test of crashes makes it. */
#ifndef TESTS_CRASH_ACT_H
#define TESTS_CRASH_ACT_H

#include <stdio.h>

#include "../store/kit.h"

struct stage {
	const char *config;
	struct tc_actor actor;
	tc_handle *h; /* NULL for init */
	FILE *known; /* "USER VALUE" of each token that is made */
};

typedef int act_fn(struct stage *s, struct tc_error *err);

/* What an installation is filled with before a change: small, which has
 * tokens of every standing; medium and large, 60 and 200 tokens; or journal,
 * one that is about to be begun anew. */
act_fn prepare_small, prepare_medium, prepare_large, prepare_journal;

/* Makes tokens called PREFIX000, PREFIX001, ... in one commit. */
int make_tokens(struct stage *s, const char *user, const char *prefix, size_t n,
		struct tc_error *err);
/* The ids of the first of them, and how many there are; ends the program if
 * there are none. */
size_t ids_of(struct stage *s, const char *user, const char *prefix,
	      size_t room, char (*ids)[TC_ID_LEN + 1]);

#endif

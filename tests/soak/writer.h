/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A writer: one of those who change tokens. */
#ifndef SOAK_WRITER_H
#define SOAK_WRITER_H

#include "soak.h"

#define WRITER_USERS 3 /* of each writer, and nobody else's */
#define WRITER_LIVING 1000

struct writer {
	unsigned at; /* its number */
	uint64_t seed;
	tc_handle *h;
	struct oracle_part *part;
	/* slots that are not revoked, by their numbers */
	unsigned living[WRITER_LIVING], n_living;
	unsigned n_keys; /* that were retired */
	unsigned turn; /* kinds of change that were made in turn */
	double next_mark, next_key;
};

/* Takes those that live no more out of its list. */
void writer_bury(struct writer *w);

/* Revokes by marks and changes keys, when it is time to. */
void writer_marks(struct writer *w);

#endif

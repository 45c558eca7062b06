/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A second reader of tokens, written from doc/FORMAT.md and sharing nothing
 * with the library but the names of its verdicts. */
#ifndef REREAD_H
#define REREAD_H

#include <stddef.h>
#include <stdint.h>

#include "tokencore.h"

#define REREAD_BYTES_MAX 160
#define REREAD_MADE_MAX 2048

struct reread {
	enum tc_verdict verdict; /* the rest only for TC_VALID */
	char canonical[256];
	uint8_t bytes[REREAD_BYTES_MAX]; /* header, caveats, tag */
	size_t caveats_len, n_caveats;
	const uint8_t *caveat[8]; /* into bytes */
	unsigned kid;
};

void reread(const char *text, size_t len, struct reread *out);

/* A text of these bytes, with the right checksum; its length.  What does not
 * fit is cut off. */
size_t reread_make(const uint8_t *bytes, size_t len, char out[REREAD_MADE_MAX]);

#endif

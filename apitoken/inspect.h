/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be read off a token without a key. */
#ifndef INSPECT_H
#define INSPECT_H

#include "apitoken.h"

/* White space around a token is accepted, a whole file is not. */
#define TOKEN_SIZE 4097

int exit_for_verdict(enum tc_verdict verdict);

/** Reads a token from stdin and takes it apart; false, and reported: *code
 *  says how to end.
 *  @param token  wiped by the caller, also on failure */
bool inspect_stdin(char token[TOKEN_SIZE], size_t *len,
		   struct tc_inspected *seen, int *code)
    __attribute__((nonnull));

/** [{"type": ..., "value": ...}, ...]; NULL: out of memory. */
json_t *caveats_json(const struct tc_inspected *seen) __attribute__((nonnull));

#define CAVEAT_MAX 512

/** "not-after 2027-03-31T10:00:00Z", escaped. */
void caveat_text(const struct tc_caveat *caveat, char out[CAVEAT_MAX])
    __attribute__((nonnull));

#endif

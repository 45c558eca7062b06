/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state file and the head in it.  The first byte of the input says
 * whether the digest stands at its end (0) or is to be put there.  What is
 * read is written back as the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "head.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct tc_crypto *c = fuzz_crypto();
	struct tc_writer text = { 0 }, again = { 0 };
	struct tc_state_file state;

	if (len < 2)
		return 0;
	tc_put_bytes(&text, data + 1, len - 1);
	if (data[0] != 0)
		tc_digest_write(c, &text, 0);
	NEED(!text.bad);
	if (tc_state_read(c, text.data, text.len, &state) == 0) {
		CHECK(state.side == TC_LEFT || state.side == TC_RIGHT);
		CHECK(state.head.pages > 0);
		CHECK(state.head.n_marks <= TC_MARKS_MAX);
		tc_state_write(c, &again, &state);
		CHECK(again.len == text.len &&
		      memcmp(again.data, text.data, text.len) == 0);
	}
	tc_writer_free(&text);
	tc_writer_free(&again);
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values to import, as one JSON object for each line: every line that is not
 * blank is taken or refused. */
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "rows.h"

static size_t
lines_in(const uint8_t *data, size_t len)
{
	size_t n = 0, begin = 0;
	int blank = 1;

	/* A byte order mark is none of the first line's. */
	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		begin = 3;
	for (size_t i = begin; i <= len; i++) {
		if (i < len && data[i] != '\n') {
			blank = blank && data[i] && strchr(" \t\r", data[i]);
			continue;
		}
		n += !blank;
		blank = 1;
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int fd = fuzz_file(data, len);

	CHECK(rows_read(fd, VALUES_JSON) == lines_in(data, len));
	close(fd);
	return 0;
}

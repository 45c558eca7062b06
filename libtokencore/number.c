/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "number.h"

#include <string.h>

int
tc_digits(const char *text, unsigned len, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (len < 1)
		return -1;
	for (unsigned i = 0; i < len; i++) {
		unsigned digit;

		if (text[i] < '0' || text[i] > '9')
			return -1;
		digit = (unsigned)(text[i] - '0');
		if (digit > max || value > (max - digit) / 10)
			return -1;
		value = value * 10 + digit;
	}
	*out = value;
	return 0;
}

int
tc_number(const char *text, uint64_t max, uint64_t *out)
{
	size_t len = strnlen(text, 32);

	return len < 32 ? tc_digits(text, (unsigned)len, max, out) : -1;
}

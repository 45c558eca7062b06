/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "caveat.h"

#include <string.h>

#include "bytes.h"
#include "match.h"

#define SERVICES_PER_CAVEAT 8

static int
not_after_fits(const unsigned char *value, size_t len)
{
	(void)value;
	return len == 5;
}

/* 1 to 8 names joined by single commas. */
static int
services_fit(const unsigned char *value, size_t len)
{
	size_t names = 0, from = 0;

	for (size_t i = 0; i <= len; i++) {
		if (i < len && value[i] != ',')
			continue;
		if (!tc_service_fits((const char *)value + from, i - from))
			return 0;
		from = i + 1;
		names++;
	}
	return names <= SERVICES_PER_CAVEAT;
}

static int
source_fits(const unsigned char *value, size_t len)
{
	return (len == 5 && value[4] <= 32) || (len == 17 && value[16] <= 128);
}

static int
known_and_fits(unsigned type, const unsigned char *value, size_t len)
{
	static int (*const fits[])(const unsigned char *, size_t) = {
		[TC_CAVEAT_NOT_AFTER] = not_after_fits,
		[TC_CAVEAT_SERVICE] = services_fit,
		[TC_CAVEAT_SOURCE] = source_fits,
	};

	return type < sizeof(fits) / sizeof(fits[0]) && fits[type] &&
	       fits[type](value, len);
}

int
tc_caveats_check(const unsigned char *bytes, size_t len)
{
	struct tc_reader r = { bytes, bytes + len, 0 };
	int n = 0;

	while (r.at < r.end) {
		unsigned type = (unsigned)tc_get(&r, 1);
		size_t size = (size_t)tc_get(&r, 1);
		const unsigned char *value = tc_take(&r, size);

		if (r.bad || !known_and_fits(type, value, size) ||
		    ++n > TC_CAVEATS_MAX)
			return -1;
	}
	return n;
}

static void
decode_one(const unsigned char *value, size_t len, struct tc_caveat *out)
{
	struct tc_reader r = { value, value + len, 0 };

	switch (out->type) {
	case TC_CAVEAT_NOT_AFTER:
		out->not_after = (int64_t)tc_get(&r, 5);
		break;
	case TC_CAVEAT_SERVICE:
		memcpy(out->services, value, len);
		break;
	case TC_CAVEAT_SOURCE:
		out->source.family = len == 5 ? 4 : 6;
		memcpy(out->source.addr, value, len - 1);
		out->source.prefix = value[len - 1];
		break;
	}
}

size_t
tc_caveats_decode(const unsigned char *bytes, size_t len,
		  struct tc_caveat out[TC_CAVEATS_MAX])
{
	struct tc_reader r = { bytes, bytes + len, 0 };
	size_t n = 0;

	memset(out, 0, TC_CAVEATS_MAX * sizeof(*out));
	while (r.at < r.end && n < TC_CAVEATS_MAX) {
		size_t size;

		out[n].type = (enum tc_caveat_type)tc_get(&r, 1);
		size = (size_t)tc_get(&r, 1);
		decode_one(tc_take(&r, size), size, &out[n++]);
	}
	return n;
}

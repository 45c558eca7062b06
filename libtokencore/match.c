/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "match.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "number.h"

int
tc_service_fits(const char *text, size_t len)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";

	if (len < 1 || len > TC_SERVICE_MAX)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0' || !strchr(set, text[i]))
			return 0;
	return 1;
}

int
tc_service_in(const char *joined, const char *name)
{
	size_t want = strlen(name);

	while (*joined) {
		size_t len = strcspn(joined, ",");

		if (len == want && memcmp(joined, name, len) == 0)
			return 1;
		joined += len + (joined[len] == ',');
	}
	return 0;
}

static unsigned
bits_of(const struct tc_source *s)
{
	return s->family == 4 ? 32 : 128;
}

/* Clears what lies behind the prefix; tells whether anything was set. */
static int
mask(struct tc_source *s)
{
	int had = 0;

	for (unsigned bit = s->prefix; bit < bits_of(s); bit++) {
		unsigned char m = (unsigned char)(0x80U >> (bit % 8));

		had |= s->addr[bit / 8] & m;
		s->addr[bit / 8] &= (unsigned char)~m;
	}
	return had != 0;
}

static int
parse_address(const char *text, struct tc_source *out)
{
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, out->addr) == 1)
		out->family = 4;
	else if (inet_pton(AF_INET6, text, out->addr) == 1)
		out->family = 6;
	else
		return -1;
	out->prefix = (unsigned char)bits_of(out);
	return 0;
}

/* Tells what may have been meant: the network, or the address alone. */
static int
fail_masked(const struct tc_source *net, const struct tc_source *address,
	    struct tc_error *err)
{
	char a[48], b[48];

	tc_format_source(net, a);
	tc_format_source(address, b);
	return tc_fail(err, TC_E_INVALID,
		       "bits are set behind the prefix: %s or %s", a, b);
}

int
tc_parse_source(const char *text, struct tc_source *out, struct tc_error *err)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct tc_source net, whole;
	uint64_t prefix;

	if (len >= sizeof(address))
		return tc_fail(err, TC_E_INVALID, "not an IP address");
	memcpy(address, text, len);
	address[len] = '\0';
	if (parse_address(address, &net))
		return tc_fail(err, TC_E_INVALID,
			       "not an IP address or network");
	whole = net;
	if (slash) {
		if (tc_number(slash + 1, bits_of(&net), &prefix))
			return tc_fail(err, TC_E_INVALID,
				       "the prefix length is not 0 to %u",
				       bits_of(&net));
		net.prefix = (unsigned char)prefix;
	}
	if (mask(&net))
		return fail_masked(&net, &whole, err);
	*out = net;
	return TC_OK;
}

void
tc_format_source(const struct tc_source *source, char out[48])
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(source->family == 4 ? AF_INET : AF_INET6, source->addr, text,
		  sizeof(text));
	if (source->prefix == bits_of(source))
		(void)snprintf(out, 48, "%.43s", text);
	else
		(void)snprintf(out, 48, "%.43s/%d", text, source->prefix);
}

int
tc_source_fits(const struct tc_source *net)
{
	struct tc_source copy = *net;

	return (net->family == 4 || net->family == 6) &&
	       net->prefix <= bits_of(net) && !mask(&copy);
}

int
tc_peer_address(const char *rhost, struct tc_source *out)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char address[INET6_ADDRSTRLEN];
	size_t len = rhost ? strcspn(rhost, "%") : 0;

	if (len == 0 || len >= sizeof(address))
		return -1;
	memcpy(address, rhost, len);
	address[len] = '\0';
	if (parse_address(address, out))
		return -1;
	if (out->family == 6 && memcmp(out->addr, mapped, 12) == 0) {
		out->family = 4;
		out->prefix = 32;
		memmove(out->addr, out->addr + 12, 4);
		memset(out->addr + 4, 0, 12);
	}
	return 0;
}

int
tc_source_contains(const struct tc_source *net, const struct tc_source *peer)
{
	struct tc_source a = *net, b = *peer;

	if (a.family != b.family)
		return 0;
	b.prefix = a.prefix;
	mask(&a);
	mask(&b);
	return memcmp(a.addr, b.addr, sizeof(a.addr)) == 0;
}

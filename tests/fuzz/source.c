/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Networks and addresses, two in a row, parted by a line end: the first as a
 * person types a network, the second as PAM or SASL name a peer.  Compared
 * with inet_pton() and arithmetic on single bits.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "match.h"

struct net {
	int bits; /* 32 or 128; 0: not an address */
	long prefix;
	uint8_t addr[16];
};

static void
read_address(const char *text, struct net *n)
{
	memset(n, 0, sizeof(*n));
	if (inet_pton(AF_INET, text, n->addr) == 1)
		n->bits = 32;
	else if (inet_pton(AF_INET6, text, n->addr) == 1)
		n->bits = 128;
	n->prefix = n->bits;
}

static int
bit(const uint8_t *addr, long i)
{
	return addr[i / 8] >> (7 - i % 8) & 1;
}

/* bits is 0 unless it is a network. */
static void
read_net(const char *typed, struct net *n)
{
	char *text = strdup(typed), *slash = strchr(text, '/');
	const char *digits = slash ? slash + 1 : "";

	if (slash)
		*slash = '\0';
	read_address(text, n);
	if (slash &&
	    (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0' ||
	     strlen(digits) > 31))
		n->bits = 0;
	if (slash)
		n->prefix = strlen(digits) > 18 && strtod(digits, NULL) > 1e9
				? 1000
				: strtol(digits, NULL, 10);
	if (n->prefix < 0 || n->prefix > n->bits)
		n->bits = 0;
	if (n->bits == 0)
		n->prefix = 0;
	for (long i = n->prefix; i < n->bits; i++)
		if (bit(n->addr, i))
			n->bits = 0;
	free(text);
}

/* An IPv4 address in IPv6 counts as what it is; a zone does not count. */
static void
read_peer(const char *told, struct net *n)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0,    0,
					    0, 0, 0, 0, 0xff, 0xff };
	char *text = strdup(told);

	text[strcspn(text, "%")] = '\0';
	read_address(text, n);
	if (n->bits == 128 && memcmp(n->addr, mapped, 12) == 0) {
		n->bits = 32;
		memmove(n->addr, n->addr + 12, 4);
	}
	free(text);
}

static int
contains(const struct net *n, const struct net *peer)
{
	if (n->bits != peer->bits)
		return 0;
	for (long i = 0; i < n->prefix; i++)
		if (bit(n->addr, i) != bit(peer->addr, i))
			return 0;
	return 1;
}

static void
same(const struct tc_source *is, const struct net *want)
{
	CHECK(is->family == (want->bits == 32 ? 4 : 6));
	CHECK(memcmp(is->addr, want->addr, (size_t)want->bits / 8) == 0);
}

static void
written_and_read(const struct tc_source *net)
{
	char text[48];
	struct tc_source again;

	CHECK(tc_source_fits(net));
	tc_format_source(net, text);
	CHECK(tc_parse_source(text, &again, NULL) == TC_OK);
	CHECK(memcmp(&again, net, sizeof(again)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz in = { data, len };
	char *typed = fuzz_until(&in, '\n'), *told = fuzz_rest(&in);
	struct tc_error err = { .code = TC_OK };
	struct tc_source net, peer;
	struct net want, want_peer;
	int rc = tc_parse_source(typed, &net, &err);
	int peer_rc = tc_peer_address(told, &peer);

	read_net(typed, &want);
	read_peer(told, &want_peer);
	CHECK((rc == TC_OK) == (want.bits != 0));
	CHECK((peer_rc == 0) == (want_peer.bits != 0));
	if (rc == TC_OK) {
		same(&net, &want);
		CHECK(net.prefix == want.prefix);
		written_and_read(&net);
	} else {
		CHECK(rc == TC_E_INVALID && fuzz_is_line(err.text, 200));
	}
	if (peer_rc == 0)
		same(&peer, &want_peer);
	if (rc == TC_OK && peer_rc == 0)
		CHECK(tc_source_contains(&net, &peer) ==
		      contains(&want, &want_peer));
	free(typed);
	free(told);
	return 0;
}

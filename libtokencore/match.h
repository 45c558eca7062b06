/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Services and source networks: what a name looks like and what fits what.
 */
#ifndef TC_MATCH_H
#define TC_MATCH_H

#include "tokencore.h"

/* Is this a service name, [a-z0-9_.-]{1,32}?  text need not end in NUL. */
int tc_service_fits(const char *text, size_t len);

/* Is name one of the names in a list joined by commas? */
int tc_service_in(const char *joined, const char *name);

/* The address of a peer as a network of one; -1 for anything that is not an
 * IP literal.  An IPv4 address mapped into IPv6 counts as IPv4; a zone
 * ("%eth0") is cut off. */
int tc_peer_address(const char *rhost, struct tc_source *out);

/* A family, a prefix length that it has, no bits behind it? */
int tc_source_fits(const struct tc_source *net);

/* Does the network contain the peer's address? */
int tc_source_contains(const struct tc_source *net,
		       const struct tc_source *peer);

#endif

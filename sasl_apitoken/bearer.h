/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bearer.h - what OAUTHBEARER (RFC 7628) and XOAUTH2 put on the wire: reads
 * and writes a client's first message, writes a server's refusal.  Pure
 * functions over bytes that know neither SASL nor tokens nor memory.
 */
#ifndef SASL_APITOKEN_BEARER_H
#define SASL_APITOKEN_BEARER_H

#include <stddef.h>

#define BEARER_MESSAGE_MAX 4096 /* bytes of a client's first message */
#define BEARER_USER_MAX 255 /* bytes of a user's name */
#define BEARER_SCOPE_MAX 255 /* bytes of the scope in a refusal */
#define BEARER_ERROR_MAX 384 /* bytes of a refusal, with its NUL */

/* What a first message holds.  The token is not copied: it points into the
 * message and does not end in NUL. */
struct bearer_request {
	char user[BEARER_USER_MAX + 1]; /* "": nobody was named */
	const char *token;
	size_t token_len;
};

/* What a client has to say. */
struct bearer_offer {
	const char *user; /* "": nobody is named */
	const char *token;
	size_t token_len;
	const char *host; /* NULL: unknown */
	const char *port; /* NULL: unknown */
};

enum bearer_refusal { BEARER_REFUSED, BEARER_MALFORMED };

/* One mechanism. */
struct bearer_mech {
	const char *name;
	/* Gives NULL, or what is wrong with the message; then nothing in
	 * req is to be used. */
	const char *(*read)(struct bearer_request *req, const char *message,
			    size_t len);
	/* Gives the length of the message, at most room; 0: the offer cannot
	 * be said in this mechanism, or there is no room. */
	size_t (*write)(const struct bearer_offer *offer, char *out,
			size_t room);
	/* A refusal's status, and members that always follow it. */
	const char *status[2], *more;
	/* What the client answers to a refusal. */
	const char *farewell;
};

enum { BEARER_OAUTHBEARER, BEARER_XOAUTH2, BEARER_MECHS };
extern const struct bearer_mech bearer_mechs[BEARER_MECHS];

/**
 * The JSON object that tells the client that it is refused.
 * @param scope  as bearer_scope_fits() takes it; NULL: none is named
 * @return its length
 */
size_t bearer_error(const struct bearer_mech *mech, enum bearer_refusal why,
		    const char *scope, char out[BEARER_ERROR_MAX]);

/** Is this a list of scopes as RFC 6749, 3.3, has it?  Nothing in such a
 *  list needs an escape in JSON. */
int bearer_scope_fits(const char *scope);

#endif

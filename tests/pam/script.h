/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * script.h - what the driver answers when a module asks.  Replies come from
 * a file or standard input, never from the command line, which every user of
 * the machine can read.  One line each:
 *
 *	text:REPLY	the rest of the line
 *	hex:0a0d7f	any bytes but NUL
 *	null		a reply structure without a text
 *	none		no reply structure at all
 *	fail:19		the conversation fails with this number
 *	--		the next thread's script begins
 */
#ifndef TESTS_PAM_SCRIPT_H
#define TESTS_PAM_SCRIPT_H

#include <stddef.h>
#include <stdio.h>

#include <security/pam_appl.h>

enum reply_kind { REPLY_TEXT, REPLY_NULL, REPLY_NONE, REPLY_FAIL };

struct reply {
	enum reply_kind kind;
	char *text;
	int code;
};

struct section {
	struct reply *replies;
	size_t n;
};

struct script {
	struct section *sections;
	size_t n; /* at least 1 */
};

/* Where one transaction stands in its section. */
struct talk {
	const struct section *section;
	size_t next;
	unsigned prompts;
	int withheld; /* a "none" was reached */
	FILE *out; /* prompts and messages; NULL: say nothing */
};

/** Reads a script; exits with a message when it is not one. */
void script_read(struct script *script, FILE *in);
void script_free(struct script *script);

/** The conversation; its appdata_ptr is a struct talk. */
int script_converse(int n, const struct pam_message **messages,
		    struct pam_response **responses, void *talk);

/** Writes a text in quotes, with everything odd in it escaped. */
void script_quote(FILE *out, const char *text);

#endif

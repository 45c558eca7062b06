/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The judge of a state that a crash left: does the installation open, does it
 * hold exactly what it may hold, does every token get the verdict that goes
 * with that, and does the next change succeed?
 */
#ifndef TESTS_CRASH_ORACLE_H
#define TESTS_CRASH_ORACLE_H

#include "../store/kit.h"

/* A token whose value the test knows. */
struct known {
	char user[32], value[TC_TOKEN_MAX + 1];
};

struct oracle {
	struct known *known;
	size_t n;
	/* 0: contents are compared exactly.  Else what came about from that
	 * moment on, random numbers and times, is left out of account, so that
	 * two runs of one change give equal contents. */
	int64_t since;
	int is_init; /* an installation in the making */
};

/* Lines "USER VALUE" of a file, added to those that are known. */
void oracle_know(struct oracle *o, const char *file);

/* The login that an oracle tries. */
enum tc_verdict oracle_verify(tc_handle *h, const struct known *known,
			      struct tc_result *res);

/* What a store and its keys hold, as sorted lines, and the verdicts. */
struct content {
	char **line;
	size_t n;
	enum tc_verdict *verdict; /* of each known token */
};

/* Reads it; without: the id of a record that is left out, or NULL.  TC_OK, or
 * what was refused. */
int content_read(struct content *c, const struct oracle *o, tc_handle *h,
		 const char *without, struct tc_error *err);
/* The same of a configuration; ends the program where it cannot. */
void content_of(struct content *c, const struct oracle *o, const char *config);
int content_same(const struct content *a, const struct content *b);
/* Notes the first line of each that the other does not have. */
void content_differ(const struct content *want, const struct content *got);
void content_free(struct content *c);

enum ruling {
	RULED_FINE,
	RULED_LOST, /* it was acknowledged and is not there */
	RULED_TORN, /* neither before nor after */
	RULED_REFUSED, /* a read was refused */
	RULED_LET_IN, /* a login that has to be refused was not */
	RULED_STUCK, /* the next change fails, or does something else */
	RULED_PROBLEM, /* tc_check() finds a problem */
	RULINGS
};

const char *ruling_word(enum ruling r);

/*
 * Judges a state, which is changed by it.
 * @param folder   an installation: the folder that holds "inst"
 * @param allowed  what it may hold, n of them
 * @param acked    whether the change was acknowledged: n is 1 then
 * @param warned   counts findings that are warnings; before and after the next
 *                 change
 */
enum ruling oracle_judge(const struct oracle *o, const char *folder,
			 const struct content *const *allowed, size_t n,
			 int acked, uint64_t warned[2]);

#endif

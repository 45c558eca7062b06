/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes calls fail.  Every call of ours that can fail goes through a wrapper
 * (calls.h, wrap.c), which asks here whether this one is to fail.
 */
#ifndef TESTS_FAIL_INJECT_H
#define TESTS_FAIL_INJECT_H

#include <stddef.h>

/* What a call needs, and so when it goes on failing. */
enum inject_kind {
	INJECT_PLAIN,
	INJECT_MEMORY, /* fails while there is no memory */
	INJECT_SPACE /* fails while the disk is full or read-only */
};

enum inject_pass {
	PASS_ONE, /* one call fails */
	PASS_OTHER, /* it fails in its other way, if it has one */
	PASS_MEMORY, /* from that call on there is no memory */
	PASS_SPACE, /* from that call on the disk is full */
	PASS_ALL, /* from that call on everything fails */
	PASS_INSIDE, /* one allocation fails, be it inside of a library */
	PASSES
};

extern const char *const inject_pass_names[PASSES];

/* From here on the n-th call fails, counted from 1; 0: none does. */
void inject_start(enum inject_pass pass, unsigned n);
/* Tells whether one did. */
int inject_stop(void);
/* Between the two calls are neither counted nor failed; what the one gives,
 * the other takes. */
int inject_pause(void);
void inject_resume(int was_on);

/* The first call that failed since inject_start(); "" if none did. */
const char *inject_what(void);
/* How many were counted since then. */
unsigned inject_counted(void);
/* Did this one fail, the first time or later? */
int inject_failed(const char *name);

/* For the wrappers: 0, or the errno that the call fails with.  other is that of
 * the other way, 0 if it has none. */
int inject_due(const char *name, enum inject_kind kind, int first, int other);
/* For malloc() itself: is this one to fail? */
int inject_inside(void);
/* Is it the other way that it fails in? */
int inject_in_other_way(void);

#endif

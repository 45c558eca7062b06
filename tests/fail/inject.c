/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inject.h"

#include <execinfo.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 64 /* different calls that fail in one run */

const char *const inject_pass_names[PASSES] = {
	[PASS_ONE] = "one",	  [PASS_OTHER] = "other",
	[PASS_MEMORY] = "memory", [PASS_SPACE] = "space",
	[PASS_ALL] = "all",	  [PASS_INSIDE] = "inside",
};

static struct {
	int on;
	enum inject_pass pass;
	unsigned due, counted;
	const char *names[NAMES_MAX];
	size_t n;
} state;

void
inject_start(enum inject_pass pass, unsigned n)
{
	memset(&state, 0, sizeof(state));
	state.pass = pass;
	state.due = n;
	state.on = 1;
}

int
inject_stop(void)
{
	state.on = 0;
	return state.n > 0;
}

int
inject_pause(void)
{
	int was_on = state.on;

	state.on = 0;
	return was_on;
}

void
inject_resume(int was_on)
{
	state.on = was_on;
}

const char *
inject_what(void)
{
	return state.n > 0 ? state.names[0] : "";
}

unsigned
inject_counted(void)
{
	return state.counted;
}

int
inject_failed(const char *name)
{
	for (size_t i = 0; i < state.n; i++)
		if (strcmp(state.names[i], name) == 0)
			return 1;
	return 0;
}

int
inject_in_other_way(void)
{
	return state.pass == PASS_OTHER;
}

static int
counts(enum inject_kind kind, int other)
{
	switch (state.pass) {
	case PASS_OTHER:
		return other != 0;
	case PASS_MEMORY:
		return kind == INJECT_MEMORY;
	case PASS_SPACE:
		return kind == INJECT_SPACE;
	case PASS_INSIDE:
		return 0;
	case PASS_ONE:
	case PASS_ALL:
	case PASSES:
		break;
	}
	return 1;
}

/* FAIL_TRACE: where the call is, for addr2line. */
static void
trace(void)
{
	void *frames[16];

	state.on = 0;
	backtrace_symbols_fd(frames, backtrace(frames, 16), 2);
	state.on = 1;
}

/* What fails now is remembered by its name. */
static void
fail(const char *name)
{
	if (!inject_failed(name) && state.n < NAMES_MAX)
		state.names[state.n++] = name;
	if (state.counted == state.due && getenv("FAIL_TRACE"))
		trace();
}

int
inject_inside(void)
{
	if (!state.on || state.pass != PASS_INSIDE ||
	    ++state.counted != state.due)
		return 0;
	fail("inside");
	return 1;
}

int
inject_due(const char *name, enum inject_kind kind, int first, int other)
{
	int once = state.pass == PASS_ONE || state.pass == PASS_OTHER;

	if (!state.on || !counts(kind, other))
		return 0;
	state.counted++;
	if (state.due == 0 || state.counted < state.due ||
	    (once && state.counted > state.due))
		return 0;
	fail(name);
	return state.pass == PASS_OTHER ? other : first;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the lines of a table of calls are made into. */
#ifndef TESTS_FAIL_WRAP_H
#define TESTS_FAIL_WRAP_H

#include <errno.h>

#include "inject.h"

/* Sets errno and says so when this call is to fail. */
#define DUE(name, kind, first, other)                                          \
	wrap_due(inject_due(#name, INJECT_##kind, first, other))

static inline int
wrap_due(int number)
{
	if (number)
		errno = number;
	return number;
}

#define CALL(name, kind, type, params, args, result, first, other)             \
	type __real_##name params;                                             \
	type __wrap_##name params;                                             \
	type __wrap_##name params                                              \
	{                                                                      \
		if (DUE(name, kind, first, other))                             \
			return result;                                         \
		return __real_##name args;                                     \
	}

#define AFTER(name, kind, type, params, args, result, first, other)            \
	type __real_##name params;                                             \
	type __wrap_##name params;                                             \
	type __wrap_##name params                                              \
	{                                                                      \
		int due_ = inject_due(#name, INJECT_##kind, first, other);     \
		type done_ = __real_##name args;                               \
		if (!due_)                                                     \
			return done_;                                          \
		errno = due_;                                                  \
		return result;                                                 \
	}

#endif

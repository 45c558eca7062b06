/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Apart from the rest of trace.h, so that the shim has it, too. */
#include "trace.h"

const char *
trace_word(enum trace_type type)
{
	static const char *const words[TRACE_TYPES] = {
		[TRACE_NONE] = "none",	   [TRACE_CREATE] = "create",
		[TRACE_WRITE] = "write",   [TRACE_SIZE] = "size",
		[TRACE_MODE] = "mode",	   [TRACE_SYNC] = "sync",
		[TRACE_RENAME] = "rename", [TRACE_EXCHANGE] = "exchange",
		[TRACE_LINK] = "link",	   [TRACE_UNLINK] = "unlink",
		[TRACE_MKDIR] = "mkdir",   [TRACE_RMDIR] = "rmdir",
		[TRACE_START] = "start",   [TRACE_DONE] = "done",
		[TRACE_FAILED] = "failed",
	};

	return words[type];
}

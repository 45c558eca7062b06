/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the programs have in common whose memory is searched: a password that
 * is in one place only. */
#ifndef TESTS_PRIV_MEMORY_H
#define TESTS_PRIV_MEMORY_H

#include <stddef.h>

/* Reads stdin to its end into buf, without buffers in between, as a string.
 * Ends the program if it does not fit. */
size_t memory_read(char *buf, size_t size);

/* Has the tracer write down the memory as it is now. */
void memory_dump(void);

/* Ends the program without anything that exit() would do. */
_Noreturn void memory_end(int code);

#endif

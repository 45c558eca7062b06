/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory.h"

#include <err.h>
#include <signal.h>
#include <unistd.h>

size_t
memory_read(char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(STDIN_FILENO, buf + len, size - len);

		if (n < 0)
			err(2, "stdin");
		if (n == 0) {
			buf[len] = '\0';
			return len;
		}
		len += (size_t)n;
	}
	errx(2, "stdin is too long");
}

void
memory_dump(void)
{
	(void)raise(SIGUSR2);
}

void
memory_end(int code)
{
	_exit(code);
}

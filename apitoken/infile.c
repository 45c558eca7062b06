/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apitoken.h"

static bool
broken(const struct infile *in)
{
	complain(REFUSED, in->name, "%s", strerror(errno));
	return false;
}

static bool
fill(struct infile *in)
{
	ssize_t n;

	do {
		n = read(in->fd, in->chunk, sizeof(in->chunk));
	} while (n < 0 && errno == EINTR);
	in->at = 0;
	in->len = n > 0 ? (size_t)n : 0;
	if (n < 0)
		in->error = errno;
	return n > 0;
}

/* What a terminal shows while a password is typed stays on it. */
static bool
is_typed(const struct infile *in)
{
	if (!isatty(in->fd))
		return false;
	complain(REFUSED, in->name,
		 "is a terminal: name a file, or use a pipe");
	return true;
}

static void
skip_mark(struct infile *in)
{
	static const unsigned char mark[] = { 0xef, 0xbb, 0xbf };

	/* A pipe may give fewer bytes at first. */
	while (in->len < sizeof(mark)) {
		const ssize_t n =
		    read(in->fd, in->chunk + in->len, sizeof(mark) - in->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			in->error = errno;
		if (n <= 0)
			return;
		in->len += (size_t)n;
	}
	if (memcmp(in->chunk, mark, sizeof(mark)) == 0)
		in->at = sizeof(mark);
}

static void
start(struct infile *in)
{
	in->line = 1;
	in->error = 0;
	in->at = in->len = 0;
	skip_mark(in);
}

bool
infile_open(struct infile *in, const char *name)
{
	in->name = name ? name : "standard input";
	in->fd = name ? open(name, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (in->fd == -1)
		return broken(in);
	if (is_typed(in))
		return false;
	in->start = lseek(in->fd, 0, SEEK_CUR);
	start(in);
	errno = in->error;
	return in->error == 0 || broken(in);
}

/* All that is to come goes to a file that has no name. */
static bool
copy(struct infile *in, int to)
{
	do {
		if (!write_all(to, (const char *)in->chunk + in->at,
			       in->len - in->at))
			return false;
	} while (fill(in));
	errno = in->error;
	return in->error == 0;
}

bool
infile_keep(struct infile *in)
{
	FILE *file;
	int fd;

	if (in->start != -1)
		return true;
	file = tmpfile();
	if (!file)
		return broken(in);
	fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
	(void)fclose(file);
	if (fd == -1 || !copy(in, fd)) {
		const int error = errno;

		if (fd != -1)
			(void)close(fd);
		errno = error;
		return broken(in);
	}
	in->fd = fd;
	in->start = 0;
	return infile_rewind(in);
}

bool
infile_rewind(struct infile *in)
{
	if (lseek(in->fd, in->start, SEEK_SET) == -1)
		return broken(in);
	start(in);
	errno = in->error;
	return in->error == 0 || broken(in);
}

int
infile_byte(struct infile *in)
{
	int c;

	if (in->error != 0 || (in->at == in->len && !fill(in)))
		return INFILE_END;
	c = in->chunk[in->at++];
	in->line += c == '\n';
	return c;
}

static bool
is_blank(const char *text, size_t len)
{
	return strspn(text, " \t\r") == len;
}

enum line
infile_line(struct infile *in, char buf[ROW_MAX + 1], size_t *len,
	    uint64_t *number)
{
	int c;

	do {
		*number = in->line;
		*len = 0;
		while ((c = infile_byte(in)) != INFILE_END && c != '\n') {
			if (*len < ROW_MAX)
				buf[*len] = (char)c;
			++*len;
		}
		if (in->error != 0 || (c == INFILE_END && *len == 0))
			return LINE_END;
		if (*len > ROW_MAX)
			return LINE_LONG;
		buf[*len] = '\0';
	} while (is_blank(buf, *len));
	return LINE_READ;
}

void
infile_close(struct infile *in)
{
	explicit_bzero(in->chunk, sizeof(in->chunk));
	if (in->fd > STDERR_FILENO)
		(void)close(in->fd);
	in->fd = -1;
}

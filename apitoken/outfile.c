/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
outfile_open(const char *name)
{
	const int fd = open(
	    name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd == -1) {
		complain(REFUSED, name, "%s", strerror(errno));
	} else if (fchmod(fd, 0600) != 0) { /* whatever the umask took */
		complain(REFUSED, name, "%s", strerror(errno));
		(void)unlink(name);
		(void)close(fd);
		return -1;
	}
	return fd;
}

void
outfile_remove(const char *name, int fd)
{
	struct stat ours, there;

	if (fstat(fd, &ours) == 0 && lstat(name, &there) == 0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
		(void)unlink(name);
}

static void
sync_folder(const char *name)
{
	const char *slash = strrchr(name, '/');
	char *folder = !slash	       ? strdup(".")
		       : slash == name ? strdup("/")
				       : strndup(name, (size_t)(slash - name));
	const int fd =
	    folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	/* Some file systems cannot; the file itself is on disk. */
	if (fd != -1) {
		(void)fsync(fd);
		(void)close(fd);
	}
	free(folder);
}

bool
outfile_sync(const char *name, int fd)
{
	if (fsync(fd) != 0)
		return false;
	sync_folder(name);
	return true;
}

bool
write_token(int fd, const char *token)
{
	char line[TC_TOKEN_MAX + 2];
	const int len = snprintf(line, sizeof(line), "%s\n", token);
	const bool ok = len > 0 && write_all(fd, line, (size_t)len);

	explicit_bzero(line, sizeof(line));
	return ok;
}

/*
 * The token is put into the finished text instead of into a JSON value, which
 * would leave copies in memory that cannot be wiped.  Its characters need no
 * quoting.
 */
bool
write_token_json(const char *token, const char *object)
{
	const size_t size = object ? strlen(object) + TC_TOKEN_MAX + 32 : 0;
	char *line = object ? malloc(size) : NULL;
	bool ok = false;

	if (line) {
		const int len = snprintf(line, size, "{\"token\":\"%s\",%s\n",
					 token, object + 1);

		ok = len > 0 && (size_t)len < size &&
		     write_all(STDOUT_FILENO, line, (size_t)len);
		explicit_bzero(line, size);
	} else {
		errno = ENOMEM;
	}
	free(line);
	return ok;
}

bool
stdout_writable(void)
{
	const int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags != -1 && (flags & O_ACCMODE) != O_RDONLY)
		return true;
	complain(REFUSED, "standard output", "is closed");
	return false;
}

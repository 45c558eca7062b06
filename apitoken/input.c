/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What comes from outside: a token or secret from stdin, a yes or no from the
 * terminal, and who it is that asks.  Nothing here reads a secret from the
 * command line or the environment.
 */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "apitoken.h"

/* For the handler, which can reach nothing else. */
static struct termios shown_before;

/* Ended in the middle of a hidden prompt: give the terminal its echo back. */
static void
restore_and_die(int number)
{
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown_before);
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

/* Up to the end of the file or a line; -1 for an error, errno being set. */
static ssize_t
read_up_to(char *buf, size_t size, bool line)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(STDIN_FILENO, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
		if (line && buf[len - 1] == '\n')
			break;
	}
	return (ssize_t)len;
}

static ssize_t
read_hidden(const char *prompt, char *buf, size_t size)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
				       SIGTSTP };
	struct sigaction before[COUNT(signals)];
	struct sigaction restore = { .sa_handler = restore_and_die };
	struct termios hidden;
	ssize_t len;

	if (tcgetattr(STDIN_FILENO, &shown_before) != 0)
		return -1;
	(void)sigemptyset(&restore.sa_mask);
	for (size_t i = 0; i < COUNT(signals); i++)
		(void)sigaction(signals[i], &restore, &before[i]);
	hidden = shown_before;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0) {
		(void)fprintf(stderr, "%s: ", prompt);
		len = read_up_to(buf, size, true);
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown_before);
		(void)fputc('\n', stderr);
	} else {
		len = -1;
	}
	for (size_t i = 0; i < COUNT(signals); i++)
		(void)sigaction(signals[i], &before[i], NULL);
	return len;
}

ssize_t
read_secret(const char *prompt, char *buf, size_t size)
{
	ssize_t len = isatty(STDIN_FILENO) ? read_hidden(prompt, buf, size)
					   : read_up_to(buf, size, false);

	if (len < 0) {
		complain(REFUSED, "standard input", "%s", strerror(errno));
		return -1;
	}
	/* What does not fit was not seen whole, so it is not judged. */
	if ((size_t)len == size) {
		complain(REFUSED, "standard input", "more than %zu bytes",
			 size - 1);
		return -1;
	}
	if (len > 0 && buf[len - 1] == '\n')
		len--;
	if (len > 0 && buf[len - 1] == '\r')
		len--;
	buf[len] = '\0';
	if (len == 0) {
		complain(REFUSED, "standard input", "is empty");
		return -1;
	}
	return len;
}

bool
confirm(const char *question)
{
	char answer[16];

	if (!isatty(STDIN_FILENO))
		return true;
	(void)fprintf(stderr, "%s [y/N] ", question);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return answer[0] == 'y' || answer[0] == 'Y';
}

/* SUDO_UID as a number; only worth anything where sudo made us root. */
static bool
sudo_uid(uid_t *uid)
{
	const char *text = getenv("SUDO_UID");
	unsigned long number;
	char *end;

	if (getuid() != 0 || geteuid() != 0 || !text || *text < '0' ||
	    *text > '9')
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0' || number >= (uid_t)-1)
		return false;
	*uid = (uid_t)number;
	return true;
}

/* Our groups; without them only what is allowed by name is allowed. */
static void
add_groups(struct tc_actor *actor)
{
	static gid_t groups[NGROUPS_MAX + 1];
	const int n = getgroups(NGROUPS_MAX, groups);

	actor->n_groups = n < 0 ? 0 : (size_t)n;
	groups[actor->n_groups++] = getgid();
	actor->groups = groups;
}

struct tc_actor
actor_self(void)
{
	static char name[TC_USER_MAX + 1];
	struct tc_actor actor = { .uid = getuid(), .name = name };
	uid_t person = actor.uid;
	const struct passwd *pw;

	(void)sudo_uid(&person);
	add_groups(&actor);
	/* The name comes from the user database: SUDO_USER is but a string
	 * that whoever is root may set to anything. */
	pw = getpwuid(person);
	if (pw && strlen(pw->pw_name) < sizeof(name))
		(void)snprintf(name, sizeof(name), "%s", pw->pw_name);
	else
		(void)snprintf(name, sizeof(name), "uid %lu",
			       (unsigned long)person);
	return actor;
}

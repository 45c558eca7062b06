/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spawn ROUNDS CALLS	< lines "NAME FILE COMMAND ARGUMENT..."
 *
 * Whole processes beside each other, from fork to exit; each gets FILE as its
 * standard input.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "turns.h"

#define COMMANDS_MAX 16
#define WORDS_MAX 32

extern char **environ;

struct command {
	char line[2048];
	char *words[WORDS_MAX];
};

static void
run(void *arg)
{
	struct command *c = arg;
	posix_spawn_file_actions_t files;
	pid_t pid;
	int status = -1;

	if (posix_spawn_file_actions_init(&files) ||
	    posix_spawn_file_actions_addopen(&files, 0, c->words[1], O_RDONLY,
					     0) ||
	    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY,
					     0) ||
	    posix_spawn(&pid, c->words[2], &files, NULL, c->words + 2, environ))
		turns_die("%s: cannot be run", c->words[2]);
	posix_spawn_file_actions_destroy(&files);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		turns_die("%s: failed", c->words[0]);
}

int
main(int argc, char **argv)
{
	static struct command commands[COMMANDS_MAX];
	struct turn turns[COMMANDS_MAX];
	size_t n = 0;

	if (argc != 3)
		turns_die("usage: see the source");
	while (n < COMMANDS_MAX &&
	       fgets(commands[n].line, sizeof(commands[n].line), stdin)) {
		struct command *c = &commands[n];
		char *at = strtok(c->line, " \n");

		for (size_t i = 0; at && i < WORDS_MAX - 1; i++) {
			c->words[i] = at;
			at = strtok(NULL, " \n");
		}
		turns[n++] = (struct turn){ c->words[0], run, c,
					    turns_number(argv[2], 10000) };
	}
	turns_take(turns, n, turns_number(argv[1], 1000));
	return 0;
}

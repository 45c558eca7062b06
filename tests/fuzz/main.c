/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * In place of libFuzzer, for every compiler: runs a target's seeds, and what
 * becomes of them by a few changes that are the same each time.
 *
 *	TARGET [-n CHANGED] [-s SEED] FILE|FOLDER...
 *
 * CHANGED is how many changed ones there are of each seed (100), SEED what
 * they are chosen by (1).  Prints "ran NUMBER"; if it cannot go on, the input
 * that it stopped at, in hexadecimal.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#define SEEDS_MAX 1000
#define INPUT_MAX 8192
#define SECONDS 120 /* for one input */

struct input {
	uint8_t data[INPUT_MAX];
	size_t len;
};

struct seed {
	char *name;
	struct input *input;
};

static struct seed seeds[SEEDS_MAX];
static size_t n_seeds;
static uint32_t state;

/* What runs just now. */
static struct input now;
static const char *now_name = "";
static unsigned long now_change;

/* ---- when it goes wrong ---- */

static void
say(const char *text)
{
	ssize_t n = write(STDERR_FILENO, text, strlen(text));

	(void)n;
}

static void
say_number(unsigned long number)
{
	char text[24], *at = text + sizeof(text) - 1;

	*at = '\0';
	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	say(at);
}

/* Calls nothing that a signal handler may not. */
static void
say_input(void)
{
	static const char digits[] = "0123456789abcdef";
	char pair[3] = "";

	say("stopped at ");
	say(now_name);
	say(", change ");
	say_number(now_change);
	say(":\n");
	for (size_t i = 0; i < now.len; i++) {
		pair[0] = digits[now.data[i] >> 4];
		pair[1] = digits[now.data[i] & 15];
		say(pair);
	}
	say("\n");
}

static void
on_signal(int number)
{
	say_input();
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

/* The sanitizers end a program without a signal. */
void __sanitizer_set_death_callback(void (*callback)(void))
    __attribute__((weak));

static void
catch_all(void)
{
	static const int numbers[] = { SIGABRT, SIGSEGV, SIGBUS,
				       SIGFPE,	SIGILL,	 SIGALRM };

	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(say_input);
		(void)signal(SIGABRT, on_signal);
		(void)signal(SIGALRM, on_signal);
		return;
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)signal(numbers[i], on_signal);
}

/* ---- running ---- */

static void
run(void)
{
	/* A block of its own, so that a step too far is noticed. */
	uint8_t *copy = malloc(now.len > 0 ? now.len : 1);

	if (!copy)
		err(2, "malloc");
	memcpy(copy, now.data, now.len);
	(void)alarm(SECONDS);
	(void)LLVMFuzzerTestOneInput(copy, now.len);
	(void)alarm(0);
	free(copy);
}

/* ---- changes ---- */

static uint32_t
below(size_t n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return n > 0 ? (uint32_t)(state % n) : 0;
}

static void
flip(void)
{
	if (now.len > 0)
		now.data[below(now.len)] ^= (uint8_t)(1U << below(8));
}

static void
set(void)
{
	static const uint8_t often[] = { 0,    1,    '\n', '\r', ' ',  '"',
					 ',',  '=',  ';',  '0',	 '9',  'Z',
					 '\\', 0x7f, 0x80, 0xc3, 0xfe, 0xff };

	if (now.len > 0)
		now.data[below(now.len)] = often[below(sizeof(often))];
}

static void
cut(void)
{
	now.len = below(now.len + 1);
}

static void
take_away(void)
{
	size_t at = below(now.len + 1), n = below(now.len - at + 1);

	if (below(2) == 0 && n > 4)
		n = 1 + below(4);
	memmove(now.data + at, now.data + at + n, now.len - at - n);
	now.len -= n;
}

static void
insert(size_t at, const uint8_t *from, size_t n)
{
	if (now.len + n > INPUT_MAX)
		return;
	memmove(now.data + at + n, now.data + at, now.len - at);
	memcpy(now.data + at, from, n);
	now.len += n;
}

static void
repeat(void)
{
	static uint8_t part[INPUT_MAX];
	size_t at = below(now.len + 1), n = below(now.len - at + 1);

	memcpy(part, now.data + at, n);
	insert(below(now.len + 1), part, n);
}

static void
add(void)
{
	uint8_t c = (uint8_t)below(256);

	insert(below(now.len + 1), &c, 1);
}

/* The beginning of this one and the end of another. */
static void
join(void)
{
	const struct input *other = seeds[below(n_seeds)].input;
	size_t at = below(other->len + 1);

	now.len = below(now.len + 1);
	insert(now.len, other->data + at, other->len - at);
}

static void (*const changes[])(void) = {
	flip, flip, set, set, cut, take_away, repeat, add, join,
};

static void
change(void)
{
	for (uint32_t n = 1 + below(4); n > 0; n--)
		changes[below(sizeof(changes) / sizeof(changes[0]))]();
}

/* ---- seeds ---- */

static void
add_file(const char *path)
{
	struct input *input = calloc(1, sizeof(*input));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (!input || n_seeds == SEEDS_MAX)
		errx(2, "too many seeds");
	if (fd < 0 || fstat(fd, &st))
		err(2, "%s", path);
	if (st.st_size > INPUT_MAX)
		errx(2, "%s: more than %d bytes", path, INPUT_MAX);
	n = read(fd, input->data, INPUT_MAX);
	if (n < 0)
		err(2, "%s", path);
	close(fd);
	input->len = (size_t)n;
	seeds[n_seeds].name = strdup(path);
	seeds[n_seeds++].input = input;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct seed *)a)->name,
		      ((const struct seed *)b)->name);
}

static void
add_path(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	if (!folder) {
		add_file(path);
		return;
	}
	while ((entry = readdir(folder)) != NULL) {
		char name[4096];

		(void)snprintf(name, sizeof(name), "%s/%s", path,
			       entry->d_name);
		if (entry->d_name[0] != '.')
			add_file(name);
	}
	closedir(folder);
}

static unsigned long
number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0')
		errx(2, "not a number: %s", text);
	return n;
}

int
main(int argc, char **argv)
{
	unsigned long n_changes = 100, seed = 1, ran = 0;
	int c;

	while ((c = getopt(argc, argv, "n:s:")) != -1) {
		if (c == 'n')
			n_changes = number(optarg);
		else if (c == 's')
			seed = number(optarg);
		else
			errx(2, "usage: see the head of main.c");
	}
	for (; optind < argc; optind++)
		add_path(argv[optind]);
	qsort(seeds, n_seeds, sizeof(seeds[0]), by_name);
	catch_all();
	for (size_t i = 0; i < n_seeds; i++) {
		now_name = seeds[i].name;
		/* Each begins anew, so that one more seed changes little. */
		state = (uint32_t)(seed * 2654435761U + i) | 1;
		for (now_change = 0; now_change <= n_changes; now_change++) {
			now = *seeds[i].input;
			if (now_change > 0)
				change();
			run();
			ran++;
		}
	}
	(void)printf("ran %lu\n", ran);
	for (size_t i = 0; i < n_seeds; i++) {
		free(seeds[i].name);
		free(seeds[i].input);
	}
	return fflush(stdout) ? 2 : 0;
}

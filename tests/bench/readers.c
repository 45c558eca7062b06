/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * readers CONFIG USER N MILLISECONDS ROUNDS	< tokens
 *
 * N readers, a process each, alone and beside a writer that commits without a
 * pause, in turn.  A reader rests after each verification, the longer the
 * more of them there are: what is measured is the wait for the writer, not for
 * a processor.  Prints "round SIDE MEDIAN P999 COUNT COMMITS" in nanoseconds.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tokencore.h"
#include "turns.h"

#define TOKENS_MAX 500
#define SAMPLES_MAX ((size_t)1 << 20)
#define REST 100000 /* nanoseconds for each reader there is */

struct shared {
	_Atomic int stop;
	_Atomic size_t n, commits;
	double took[SAMPLES_MAX];
};

static char tokens[TOKENS_MAX][TC_TOKEN_MAX + 2];
static unsigned n_tokens;
static const struct tc_actor actor = { .uid = 0, .name = "bench" };

static tc_handle *
open_handle(const char *config)
{
	struct tc_options options = { .config = config };
	struct tc_error err;
	tc_handle *h;

	if (tc_open(&h, &options, &err))
		turns_die("%s", err.text);
	return h;
}

static void
verify(tc_handle *h, const char *user, const char *token)
{
	struct tc_request req = { .authtok = token,
				  .authtok_len = strlen(token),
				  .user = user,
				  .service = "sshd" };
	struct tc_result res;

	if (tc_verify(h, &req, &res) != TC_VALID)
		turns_die("%s: %s", tc_verdict_name(res.verdict), res.detail);
}

static _Noreturn void
reader(struct shared *s, const char *config, const char *user, unsigned n)
{
	const struct timespec rest = { .tv_nsec = (long)REST * n };
	tc_handle *h = open_handle(config);
	unsigned next = (unsigned)getpid();

	while (!s->stop) {
		double start = turns_clock();
		size_t at;

		verify(h, user, tokens[next++ % n_tokens]);
		start = turns_clock() - start;
		at = s->n++;
		if (at < SAMPLES_MAX)
			s->took[at] = start;
		nanosleep(&rest, NULL);
	}
	_exit(0);
}

static _Noreturn void
writer(struct shared *s, const char *config, const char *user)
{
	tc_handle *h = open_handle(config);
	struct tc_create spec = { .user = user, .label = "laptop" };
	char token[TC_TOKEN_MAX + 1], label[16];
	struct tc_record *rec;
	struct tc_error err;
	const char *id;

	if (tc_create(h, &actor, &spec, token, &rec, &err))
		turns_die("create: %s", err.text);
	id = rec->id;
	while (!s->stop) {
		struct tc_edit edit = { .what = TC_EDIT_LABEL, .label = label };

		(void)snprintf(label, sizeof(label), "label %zu",
			       (size_t)s->commits % 1000);
		if (tc_edit(h, &actor, &id, 1, &edit, &err))
			turns_die("edit: %s", err.text);
		s->commits++;
	}
	_exit(0);
}

static pid_t
begin(void)
{
	pid_t pid = fork();

	if (pid < 0)
		turns_die("fork");
	return pid;
}

static void
take(struct shared *s, const char *const *what, unsigned n, double seconds,
     int writing, int told)
{
	struct timespec t = { .tv_sec = (time_t)seconds };
	size_t count;
	int status, failed = 0;

	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < n; i++)
		if (begin() == 0)
			reader(s, what[0], what[1], n);
	if (writing && begin() == 0)
		writer(s, what[0], what[1]);
	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	nanosleep(&t, NULL);
	s->stop = 1;
	while (wait(&status) > 0)
		failed |= status != 0;
	if (failed)
		turns_die("a reader or the writer failed");
	count = s->n < SAMPLES_MAX ? s->n : SAMPLES_MAX;
	if (count > 0 && told)
		printf("round %s %.0f %.0f %zu %zu\n",
		       writing ? "beside" : "alone",
		       turns_quantile(s->took, count, 0.5),
		       turns_quantile(s->took, count, 0.999), count,
		       (size_t)s->commits);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	const char *what[2];
	struct shared *s;
	unsigned n, rounds;
	double seconds;

	if (argc != 6)
		turns_die("usage: see the source");
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		turns_die("no shared memory");
	while (n_tokens < TOKENS_MAX &&
	       fgets(tokens[n_tokens], sizeof(tokens[0]), stdin))
		n_tokens++;
	what[0] = argv[1];
	what[1] = argv[2];
	n = turns_number(argv[3], 1000);
	seconds = turns_number(argv[4], 100000) / 1000.0;
	rounds = turns_number(argv[5], 1000);
	for (unsigned i = 0; i <= rounds; i++)
		for (int writing = 0; writing < 2; writing++)
			take(s, what, n, seconds, writing, i > 0);
	return 0;
}

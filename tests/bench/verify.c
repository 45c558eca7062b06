/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verify CONFIG USER PLAIN N LOG ROUNDS CALLS	< tokens
 *
 * Verifications in one process beside the floor: one HMAC and one record out
 * of the plain file, of N records, opened and closed each time.  With a LOG,
 * which is what the configuration's audit_log costs at the least, the floor
 * opens that file, appends a line and closes it, too.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plain.h"
#include "tokencore.h"
#include "turns.h"

#define TOKENS_MAX 500

struct bench {
	tc_handle *h;
	const char *user, *plain, *log;
	unsigned n, n_tokens, next;
	char tokens[TOKENS_MAX][TC_TOKEN_MAX + 2];
};

static unsigned
next_number(struct bench *b, unsigned limit)
{
	b->next = b->next * 1664525u + 1013904223u;
	return (b->next >> 8) % limit;
}

static void
verify(void *arg)
{
	struct bench *b = arg;
	const char *token = b->tokens[next_number(b, b->n_tokens)];
	struct tc_request req = { .authtok = token,
				  .authtok_len = strlen(token),
				  .user = b->user,
				  .service = "sshd",
				  .rhost = "192.0.2.7" };
	struct tc_result res;

	if (tc_verify(b->h, &req, &res) != TC_VALID)
		turns_die("%s: %s", tc_verdict_name(res.verdict), res.detail);
}

static void
hmac(void *arg)
{
	(void)arg;
	plain_hmac();
}

static void
fetch(void *arg)
{
	struct bench *b = arg;

	plain_fetch(b->plain, next_number(b, b->n));
}

static void
append(const struct bench *b)
{
	static const char line[] = "{\"v\":1,\"ts\":\"2026-11-21T21:18:03Z\","
				   "\"event\":\"login\","
				   "\"result\":\"allow\",\"reason\":null,"
				   "\"id\":"
				   "\"k7mm6hetf9w81mhq2mpvx68f\",\"label\":"
				   "\"laptop\",\"user\":"
				   "\"alice\",\"service\":\"sshd\",\"rhost\":"
				   "\"192.0.2.7\",\"kid\":1,"
				   "\"actor\":null,\"pid\":4711,\"why\":null}"
				   "\n";
	int fd = open(b->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, line, sizeof(line) - 1) < 0)
		turns_die("%s", b->log);
	close(fd);
}

static void
floor_of(void *arg)
{
	struct bench *b = arg;

	plain_hmac();
	fetch(b);
	if (*b->log)
		append(b);
}

int
main(int argc, char **argv)
{
	static struct bench b;
	struct tc_options options = { .config = argv[1] };
	struct tc_error err;
	unsigned calls;

	if (argc != 8)
		turns_die("usage: see the source");
	b.user = argv[2];
	b.plain = argv[3];
	b.n = turns_number(argv[4], 20000000);
	b.log = argv[5];
	calls = turns_number(argv[7], 1000000);
	while (b.n_tokens < TOKENS_MAX &&
	       fgets(b.tokens[b.n_tokens], sizeof(b.tokens[0]), stdin))
		b.n_tokens++;
	if (b.n_tokens == 0)
		turns_die("no tokens");
	if (tc_open(&b.h, &options, &err))
		turns_die("%s", err.text);
	turns_take((struct turn[]){ { "hmac", hmac, &b, calls },
				    { "fetch", fetch, &b, calls },
				    { "floor", floor_of, &b, calls },
				    { "verify", verify, &b, calls } },
		   4, turns_number(argv[6], 1000));
	tc_free(b.h);
	return 0;
}

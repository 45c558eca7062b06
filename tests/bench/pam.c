/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pam CONFDIR USER ROUNDS CALLS SERVICE...	< lines "SERVICE REPLY"
 *
 * PAM transactions (start, authenticate, acct_mgmt, end) of several services
 * in turn, through the real libpam.  A service with several replies, one-time
 * passwords, takes them one after the other.  With 0 rounds each service has
 * CALLS transactions, and "memory KIB" tells what the process has then.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_appl.h>

#include "turns.h"

#define SERVICES_MAX 16
#define REPLIES_MAX 20000
#define REPLY_MAX 128

struct service {
	const char *confdir, *user, *name;
	char (*replies)[REPLY_MAX];
	size_t n, next;
};

static int
converse(int n, const struct pam_message **msg, struct pam_response **resp,
	 void *arg)
{
	struct service *s = arg;
	struct pam_response *r = calloc((size_t)n, sizeof(*r));

	for (int i = 0; r && i < n; i++)
		if (msg[i]->msg_style == PAM_PROMPT_ECHO_OFF && s->n > 0)
			r[i].resp = strdup(s->replies[s->next++ % s->n]);
	*resp = r;
	return r ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void
transaction(void *arg)
{
	struct service *s = arg;
	struct pam_conv conv = { converse, s };
	pam_handle_t *pamh = NULL;
	int rc = pam_start_confdir(s->name, s->user, &conv, s->confdir, &pamh);

	if (rc == PAM_SUCCESS)
		rc = pam_authenticate(pamh, 0);
	if (rc == PAM_SUCCESS)
		rc = pam_acct_mgmt(pamh, 0);
	if (rc != PAM_SUCCESS)
		turns_die("%s: %s", s->name, pam_strerror(pamh, rc));
	pam_end(pamh, rc);
}

static void
read_replies(struct service *services, size_t n)
{
	char name[64], reply[REPLY_MAX];

	while (scanf("%63s %127s", name, reply) == 2) {
		for (size_t i = 0; i < n; i++) {
			struct service *s = &services[i];

			if (strcmp(s->name, name) != 0)
				continue;
			if (!s->replies)
				s->replies =
				    calloc(REPLIES_MAX, sizeof(*s->replies));
			if (!s->replies || s->n == REPLIES_MAX)
				turns_die("too many replies");
			memcpy(s->replies[s->n++], reply, sizeof(reply));
		}
	}
}

static void
tell_memory(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	char line[256];
	unsigned long rss = 0, dirty = 0;

	while (f && fgets(line, sizeof(line), f)) {
		(void)sscanf(line, "Rss: %lu", &rss);
		(void)sscanf(line, "Private_Dirty: %lu", &dirty);
	}
	if (f)
		(void)fclose(f);
	printf("memory %lu\ndirty %lu\n", rss, dirty);
}

int
main(int argc, char **argv)
{
	static struct service services[SERVICES_MAX];
	struct turn turns[SERVICES_MAX];
	size_t n = argc > 5 ? (size_t)argc - 5 : 0;
	unsigned rounds, calls;

	if (n == 0 || n > SERVICES_MAX)
		turns_die("usage: see the source");
	rounds = (unsigned)atoi(argv[3]); /* NOLINT(cert-err34-c) */
	calls = turns_number(argv[4], 100000);
	for (size_t i = 0; i < n; i++) {
		services[i] = (struct service){ .confdir = argv[1],
						.user = argv[2],
						.name = argv[5 + i] };
		turns[i] = (struct turn){ argv[5 + i], transaction,
					  &services[i], calls };
	}
	read_replies(services, n);
	for (size_t i = 0; rounds == 0 && i < n; i++)
		for (unsigned k = 0; k < calls; k++)
			transaction(&services[i]);
	if (rounds > 0)
		turns_take(turns, n, rounds);
	else
		tell_memory();
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the processes of the soak share: the oracle, and an account of what was
 * done, what was wrong and how long it took.
 */
#ifndef SOAK_H
#define SOAK_H

#include <pthread.h>

#include "../store/kit.h"
#include "oracle.h"

/* The ways to verify. */
enum way {
	BY_VERIFY,
	BY_VALUE, /* made elsewhere */
	BY_RECHECK,
	BY_SCRAM_FIND,
	BY_PAM,
	BY_PAM_VALUE,
	BY_PAM_ACCOUNT,
	BY_OAUTHBEARER,
	BY_XOAUTH2,
	BY_SCRAM,
	WAYS
};

/* The kinds of change. */
enum change {
	CREATE,
	CREATE_MANY,
	EDIT,
	RENEW,
	COPY,
	REGENERATE,
	REVOKE,
	DELETE,
	IMPORT,
	COMPACT,
	REVOKE_USER,
	REVOKE_ALL,
	KEY_ADD,
	KEY_ACTIVATE,
	KEY_RETIRE,
	CONF_REPLACED,
	SECRET_REPLACED,
	STORE_SWAPPED,
	AUDIT_ROTATED,
	CHANGES
};

struct way_count {
	_Atomic uint64_t done, let_in;
	_Atomic uint64_t wrong_valid, wrong_refusal, wrong_unavailable;
	_Atomic uint64_t unavailable; /* while files were being replaced */
	_Atomic uint64_t unjudged; /* the oracle remembers too little */
	_Atomic uint64_t longest; /* nanoseconds */
};

struct change_count {
	_Atomic uint64_t done, failed, longest;
};

struct soak {
	_Atomic int stop;
	pthread_rwlock_t lock; /* shared: one's own tokens; alone: more */
	struct way_count way[WAYS];
	struct change_count change[CHANGES];
	_Atomic unsigned active_kid; /* changed under the lock */
	_Atomic uint64_t notes, fds_left, torn_lines;
	struct oracle oracle;
};

/* Where it happens, and for how long. */
struct soak_options {
	const char *dir; /* token/apitoken.conf, pam/, plugins/, plugin */
	const char *config, *pam, *plugins; /* in there */
	unsigned seconds, processes, threads;
	int library_only;
	uint64_t seed;
};

extern struct soak *soak;
extern struct soak_options soak_options;

/* ---- what was done ---- */

/* Where a code says no more than "refused". */
#define SOAK_REFUSALS                                                          \
	(((1U << TC_VERDICTS) - 1) & ~(1U << TC_VALID) &                       \
	 ~(1U << TC_UNAVAILABLE))

/* Counts a verification and judges it by the oracle: got are the bits of the
 * verdicts that it may have been, detail is for the reader, or NULL. */
void soak_judge(enum way way, const struct oracle_ask *ask, unsigned got,
		const char *detail);

/* Counts a change that began then; rc is a TC_E code. */
void soak_changed(enum change change, uint64_t begun, int rc, const char *why);

/* Was it verified in each way, more than once, and changed in each that has to
 * come up?  On a slow machine that takes its time. */
int soak_ways_tried(void);
int soak_changes_tried(void);

/* A line on stdout, but not thousands of them. */
void soak_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void soak_report(void);

/* ---- the processes ---- */

/* Each runs this many threads until soak->stop. */
typedef void reader_fn(unsigned threads, uint64_t seed);
reader_fn library_run, pam_run, sasl_run;

/* Number `at` of the writers. */
void writer_run(unsigned at, uint64_t seed);
/* Replaces files. */
void mover_run(uint64_t seed);
/* apitoken.conf as the oracle knows it; before all others, too. */
void mover_write_conf(unsigned conf);

/* ---- for readers ---- */

/* Runs fn(arg) in as many threads, each with a seed of its own. */
typedef void thread_fn(void *arg, uint64_t seed);
void reader_threads(unsigned n, thread_fn *fn, void *arg, uint64_t seed);

/* Draws a login: slot, service, address, and which of the kinds, of which n
 * are named.  0 when there is nothing to log in with yet. */
int reader_draw(struct oracle_ask *ask, const enum oracle_what *kinds, size_t n,
		uint64_t *seed);

/* What is typed for that, or ""; wiped by nobody, it is a test's. */
void reader_text(const struct oracle_ask *ask, uint64_t *seed,
		 char text[TC_TOKEN_MAX + 1]);
/* The user that is claimed. */
const char *reader_user(const struct oracle_ask *ask);
const char *reader_address(const struct oracle_ask *ask);

/* ---- watching ---- */

struct watched {
	int pid;
	uint64_t samples[2]; /* of the first and the second half */
	uint64_t memory[2], fds[2]; /* sums; memory in KiB */
	uint64_t most_memory, most_fds;
};

/* One look at a process; half is 0, 1 or -1: too early.  -1: it is gone. */
int watch_sample(struct watched *w, int half);
void watch_report(const struct watched *w, unsigned n);
/* Open descriptors of this process. */
unsigned watch_own_fds(void);

#endif

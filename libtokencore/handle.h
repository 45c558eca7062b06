/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a handle holds.  Configuration and keys form a policy: read as a
 * whole, never changed afterwards, shared by the threads that are using it
 * and replaced as a whole when the files change.
 */
#ifndef TC_HANDLE_H
#define TC_HANDLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "config.h"
#include "crypto.h"
#include "keys.h"
#include "store.h"
#include "trust.h"

struct tc_policy {
	unsigned users; /* under the handle's lock */
	struct tc_config config;
	struct tc_keys keys;
	struct tc_stamp config_stamp, secret_stamp;
	int secret_dir, audit_dir; /* audit_dir -1: none */
	struct tc_store store;
	struct stat store_stat;
	char *roots; /* see owner.h */
	const char *secret_base, *audit_base; /* inside config's paths */
	/* The files changed and this process may no longer read them: the
	 * policy goes on, but an unknown key may be a new one. */
	atomic_int stale;
};

struct tc_handle {
	pthread_mutex_t lock; /* guards policy and its count */
	struct tc_policy *policy;
	const struct tc_crypto *crypto;
	char *asked; /* for the configuration */
	char *config_path, *folder; /* what that came to */
	const char *config_base;
	int config_dir;
	tc_log_fn *log;
	void *log_arg;
};

/* The policy in force; given back by tc_policy_put().  NULL with the reason
 * in err when the files changed to something that cannot be used. */
struct tc_policy *tc_policy_get(tc_handle *h, struct tc_error *err);
void tc_policy_put(tc_handle *h, struct tc_policy *policy);

/* Is it the same folder still, with the same owner and mode? */
int tc_same_folder(const struct stat *a, const struct stat *b);

/* The text of secret.conf, for those who edit it; wiped and freed by the
 * caller (OPENSSL_clear_free, len + 1). */
int tc_read_secrets(const struct tc_policy *p, char **text, size_t *len,
		    struct stat *st, struct tc_error *err);

#endif

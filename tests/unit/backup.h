/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a store gives out to be put back: all records and all marks. */
#ifndef TEST_BACKUP_H
#define TEST_BACKUP_H

#include "told.h"

#define BACKUP_MAX 200

struct test_backup {
	struct tc_record *recs[BACKUP_MAX];
	struct tc_ended ended[BACKUP_MAX];
	char users[BACKUP_MAX][TC_USER_MAX + 1]; /* of the marks */
	size_t n, n_ended;
	enum tc_restored results[BACKUP_MAX]; /* of the last call */
};

/* Freed by test_backup_free(). */
void test_backup_take(struct test_host *host, struct test_backup *b);
void test_backup_free(struct test_backup *b);

/* tc_restore() of all of it. */
int test_backup_put(struct test_host *host, struct test_backup *b,
		    unsigned flags);

/* What became of the record with that id. */
enum tc_restored test_backup_result(const struct test_backup *b,
				    const char *id);

#endif

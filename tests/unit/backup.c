/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backup.h"

#include <stdio.h>

#include "record.h"

static int
take_record(void *arg, const struct tc_record *r)
{
	struct test_backup *b = arg;

	assert_true(b->n < BACKUP_MAX);
	b->recs[b->n] = tc_record_copy(test_crypto(), r);
	assert_non_null(b->recs[b->n]);
	b->n++;
	return 0;
}

static int
take_mark(void *arg, const struct tc_ended *e)
{
	struct test_backup *b = arg;
	size_t i = b->n_ended++;

	assert_true(i < BACKUP_MAX);
	(void)snprintf(b->users[i], sizeof(b->users[i]), "%s", e->user);
	b->ended[i] = *e;
	b->ended[i].user = b->users[i];
	return 0;
}

void
test_backup_take(struct test_host *host, struct test_backup *b)
{
	memset(b, 0, sizeof(*b));
	WORKS(host, tc_list(host->h, NULL, NULL, take_record, b, &host->err));
	WORKS(host, tc_list_ended(host->h, NULL, take_mark, b, &host->err));
}

void
test_backup_free(struct test_backup *b)
{
	for (size_t i = 0; i < b->n; i++)
		tc_record_free(b->recs[i]);
	b->n = 0;
}

int
test_backup_put(struct test_host *host, struct test_backup *b, unsigned flags)
{
	for (size_t i = 0; i < BACKUP_MAX; i++)
		b->results[i] = (enum tc_restored)99;
	return tc_restore(host->h, &test_actor,
			  (const struct tc_record *const *)b->recs, b->n,
			  b->ended, b->n_ended, flags, b->results, &host->err);
}

enum tc_restored
test_backup_result(const struct test_backup *b, const char *id)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->recs[i]->id, id) == 0)
			return b->results[i];
	fail_msg("no such record: %s", id);
	return (enum tc_restored)99;
}

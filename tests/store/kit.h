/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the store's test programs have in common: calls of the library that
 * must not fail, seeded random numbers, and the oracle, a list of tokens in
 * memory that several processes share, which says what each verdict has to be.
 */
#ifndef TESTS_STORE_KIT_H
#define TESTS_STORE_KIT_H

#include <stdatomic.h>
#include <stdint.h>

#include "tokencore.h"

/* Ends the program with a line on stderr. */
_Noreturn void kit_die(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
/* A line on stdout that the Perl side shows. */
void kit_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "name value" on stdout, for the Perl side to judge. */
void kit_count(const char *name, uint64_t value);

/* A whole number from the command line, between min and max. */
unsigned kit_number(const char *text, unsigned min, unsigned max);

double kit_clock(void); /* seconds, monotonic */
uint64_t kit_peak_kib(void); /* the most memory it ever had; 0: not known */
void kit_nap(double seconds);
/* Seconds for the other writer to take the lock, for which it asks again and
 * again: where syncs are slow it would hardly ever be there to be had. */
#define KIT_TURN 0.006
void *kit_shared(size_t size); /* zeroed, kept over fork() */

/* From the environment's SEED, or the clock; told on stdout. */
uint64_t kit_seed(void);
uint64_t kit_random(uint64_t *state);
uint64_t kit_below(uint64_t *state, uint64_t limit);

tc_handle *kit_open(const char *config);
extern const struct tc_actor kit_actor;
extern const char *kit_user; /* whose tokens; "alice" */
/* 0 or a TC_E code; n_properties long ones make the record large. */
int kit_create(tc_handle *h, const char *label, size_t n_properties,
	       char token[TC_TOKEN_MAX + 1], struct tc_record **rec,
	       struct tc_error *err);
enum tc_verdict kit_verify(tc_handle *h, const char *token,
			   struct tc_result *res);
/* tc_check(); its findings but the fine ones are noted. */
enum tc_severity kit_check(const char *config);

/* ---- the oracle ---- */
enum kit_state { KIT_ACTIVE, KIT_ENDING, KIT_ENDED };

struct kit_slot {
	_Atomic int state;
	char token[72], id[TC_ID_LEN + 1];
	unsigned kid;
};

#define KIT_SLOTS 60000

struct kit_oracle {
	_Atomic unsigned n;
	_Atomic int stop;
	/* what readers found */
	_Atomic uint64_t reads, unavailable, wrong_refusal, wrong_valid;
	_Atomic uint64_t slowest_us;
	/* the call that a writer is in */
	char intent[64];
	struct kit_slot slot[KIT_SLOTS];
};

/* Makes a token and enters it. */
int kit_slot_create(struct kit_oracle *o, tc_handle *h, const char *label,
		    struct tc_error *err);
/* Revokes n slots in one commit. */
int kit_slot_revoke(struct kit_oracle *o, tc_handle *h, const unsigned *at,
		    size_t n, struct tc_error *err);
/* One verification of one slot, judged and counted. */
void kit_judge(struct kit_oracle *o, tc_handle *h, struct kit_slot *slot);
/* Judges slots, the newest more often, until o->stop. */
void kit_judge_all(struct kit_oracle *o, tc_handle *h, uint64_t seed);
/* Tells what the readers found. */
void kit_report(const struct kit_oracle *o);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kit.h"

#include <err.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

const struct tc_actor kit_actor = { .uid = 0, .name = "test" };
const char *kit_user = "alice";

void
kit_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	verrx(3, fmt, ap);
}

void
kit_note(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void
kit_count(const char *name, uint64_t value)
{
	printf("%s %" PRIu64 "\n", name, value);
	fflush(stdout);
}

unsigned
kit_number(const char *text, unsigned min, unsigned max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || n < min || n > max)
		kit_die("not a number from %u to %u: %s", min, max, text);
	return (unsigned)n;
}

double
kit_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

uint64_t
kit_peak_kib(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	uint64_t kib = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		(void)sscanf(line, "VmHWM: %" SCNu64, &kib);
	if (f)
		(void)fclose(f);
	return kib;
}

void
kit_nap(double seconds)
{
	struct timespec t = { .tv_sec = (time_t)seconds };

	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	nanosleep(&t, NULL);
}

void *
kit_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		kit_die("no shared memory");
	return p;
}

uint64_t
kit_seed(void)
{
	const char *text = getenv("SEED");
	struct timespec t;
	uint64_t seed;

	clock_gettime(CLOCK_REALTIME, &t);
	seed = text ? strtoull(text, NULL, 10)
		    : (uint64_t)t.tv_nsec ^ (uint64_t)t.tv_sec;
	kit_note("SEED=%" PRIu64, seed);
	return seed;
}

/* SplitMix64: every start is as good as any other. */
uint64_t
kit_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

uint64_t
kit_below(uint64_t *state, uint64_t limit)
{
	return kit_random(state) % limit;
}

tc_handle *
kit_open(const char *config)
{
	struct tc_options options = { .config = config };
	struct tc_error err;
	tc_handle *h;

	if (tc_open(&h, &options, &err))
		kit_die("tc_open: %s", err.text);
	return h;
}

int
kit_create(tc_handle *h, const char *label, size_t n_properties,
	   char token[TC_TOKEN_MAX + 1], struct tc_record **rec,
	   struct tc_error *err)
{
	static char value[TC_PROP_VALUE_MAX + 1];
	static const char *const keys[TC_PROPERTIES_MAX] = {
		"a", "b", "c", "d", "e", "f", "g", "h",
		"i", "j", "k", "l", "m", "n", "o", "p",
	};
	struct tc_property properties[TC_PROPERTIES_MAX];
	struct tc_create spec = {
		.user = kit_user,
		.label = label,
		.expires = 0,
		.n_properties = n_properties,
		.properties = properties,
	};

	memset(value, 'v', TC_PROP_VALUE_MAX);
	for (size_t i = 0; i < n_properties; i++)
		properties[i] = (struct tc_property){ keys[i], value };
	return tc_create(h, &kit_actor, &spec, token, rec, err);
}

enum tc_verdict
kit_verify(tc_handle *h, const char *token, struct tc_result *res)
{
	struct tc_request req = {
		.authtok = token,
		.authtok_len = strlen(token),
		.user = kit_user,
		.service = "sshd",
	};

	return tc_verify(h, &req, res);
}

static void
finding(void *arg, enum tc_severity severity, const char *what, const char *why,
	const char *mend)
{
	(void)arg;
	(void)mend;
	if (severity != TC_FINE)
		kit_note("%s: %s: %s",
			 severity == TC_WARNING ? "warning" : "PROBLEM", what,
			 why);
}

enum tc_severity
kit_check(const char *config)
{
	return tc_check(config, finding, NULL);
}

/* ---- the oracle ---- */

int
kit_slot_create(struct kit_oracle *o, tc_handle *h, const char *label,
		struct tc_error *err)
{
	struct kit_slot *slot = &o->slot[o->n];
	char token[TC_TOKEN_MAX + 1];
	struct tc_record *rec;
	int rc;

	if (o->n == KIT_SLOTS)
		kit_die("too many tokens");
	snprintf(o->intent, sizeof(o->intent), "%s", label);
	rc = kit_create(h, label, 0, token, &rec, err);
	if (rc != TC_OK)
		return rc;
	snprintf(slot->token, sizeof(slot->token), "%.70s", token);
	snprintf(slot->id, sizeof(slot->id), "%s", rec->id);
	slot->kid = rec->kid;
	atomic_store(&slot->state, KIT_ACTIVE);
	tc_record_free(rec);
	atomic_fetch_add(&o->n, 1);
	o->intent[0] = '\0';
	return TC_OK;
}

int
kit_slot_revoke(struct kit_oracle *o, tc_handle *h, const unsigned *at,
		size_t n, struct tc_error *err)
{
	const char *ids[16] = { NULL };
	int rc;

	for (size_t i = 0; i < n; i++) {
		ids[i] = o->slot[at[i]].id;
		atomic_store(&o->slot[at[i]].state, KIT_ENDING);
	}
	rc = tc_revoke(h, &kit_actor, ids, n, "test", err);
	for (size_t i = 0; i < n; i++)
		atomic_store(&o->slot[at[i]].state,
			     rc == TC_OK ? KIT_ENDED : KIT_ACTIVE);
	return rc;
}

static void
remember_slowest(struct kit_oracle *o, double seconds)
{
	uint64_t us = (uint64_t)(seconds * 1e6), was = o->slowest_us;

	while (us > was &&
	       !atomic_compare_exchange_weak(&o->slowest_us, &was, us))
		;
}

void
kit_judge(struct kit_oracle *o, tc_handle *h, struct kit_slot *slot)
{
	int before = atomic_load(&slot->state), after;
	double start = kit_clock();
	struct tc_result res;
	enum tc_verdict v = kit_verify(h, slot->token, &res);

	after = atomic_load(&slot->state);
	remember_slowest(o, kit_clock() - start);
	atomic_fetch_add(&o->reads, 1);
	if (v == TC_VALID && before == KIT_ENDED) {
		atomic_fetch_add(&o->wrong_valid, 1);
		kit_note("valid, but it was revoked: %s", slot->id);
	} else if (v == TC_UNAVAILABLE) {
		atomic_fetch_add(&o->unavailable, 1);
		kit_note("unavailable: %s", res.detail);
	} else if (v != TC_VALID && (v != TC_REVOKED || after == KIT_ACTIVE)) {
		atomic_fetch_add(&o->wrong_refusal, 1);
		kit_note("%s, but it is active: %s", tc_verdict_name(v),
			 slot->id);
	}
}

void
kit_judge_all(struct kit_oracle *o, tc_handle *h, uint64_t seed)
{
	while (!o->stop) {
		unsigned n = o->n, near = n < 16 ? n : 16;

		if (n == 0) {
			kit_nap(0.001);
			continue;
		}
		kit_judge(o, h, &o->slot[kit_below(&seed, n)]);
		kit_judge(o, h, &o->slot[n - 1 - kit_below(&seed, near)]);
	}
}

void
kit_report(const struct kit_oracle *o)
{
	kit_count("reads", o->reads);
	kit_count("unavailable", o->unavailable);
	kit_count("wrong_refusal", o->wrong_refusal);
	kit_count("wrong_valid", o->wrong_valid);
	kit_count("slowest_us", o->slowest_us);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory and descriptors of the processes. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "soak.h"

static unsigned
entries(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	unsigned n = 0;

	if (d == NULL)
		return 0;
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

unsigned
watch_own_fds(void)
{
	return entries("/proc/self/fd");
}

/* What is the process's own: neither the oracle, which grows, nor files. */
static uint64_t
own_memory(int pid)
{
	char path[64], line[256];
	unsigned long kib = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "RssAnon: %lu kB", &kib) == 1)
			break;
	(void)fclose(f);
	return kib;
}

int
watch_sample(struct watched *w, int half)
{
	uint64_t kib = own_memory(w->pid);
	unsigned fds;
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", w->pid);
	fds = entries(path);
	if (kib == 0 || fds == 0)
		return -1;
	if (kib > w->most_memory)
		w->most_memory = kib;
	if (fds > w->most_fds)
		w->most_fds = fds;
	if (half < 0)
		return 0;
	w->samples[half]++;
	w->memory[half] += kib;
	w->fds[half] += fds;
	return 0;
}

/* From the mean of the first half to that of the second, not below 0. */
static uint64_t
growth(const uint64_t sums[2], const uint64_t samples[2])
{
	uint64_t before, after;

	if (samples[0] == 0 || samples[1] == 0)
		return 0;
	before = sums[0] / samples[0];
	after = sums[1] / samples[1];
	return after > before ? after - before : 0;
}

void
watch_report(const struct watched *w, unsigned n)
{
	uint64_t kib = 0, fds = 0, most_kib = 0, most_fds = 0;

	for (unsigned i = 0; i < n; i++) {
		uint64_t more = growth(w[i].memory, w[i].samples);

		kit_note("process %u: at most %" PRIu64 " KiB, %" PRIu64
			 " descriptors; %" PRIu64 " KiB more in the second "
			 "half",
			 i, w[i].most_memory, w[i].most_fds, more);
		if (more > kib)
			kib = more;
		more = growth(w[i].fds, w[i].samples);
		if (more > fds)
			fds = more;
		if (w[i].most_memory > most_kib)
			most_kib = w[i].most_memory;
		if (w[i].most_fds > most_fds)
			most_fds = w[i].most_fds;
	}
	kit_count("memory_growth_kib", kib);
	kit_count("memory_most_kib", most_kib);
	kit_count("fds_growth", fds);
	kit_count("fds_most", most_fds);
}

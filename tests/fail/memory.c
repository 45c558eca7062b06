/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "inject.h"

#define SLOTS (1U << 16) /* a power of two */
#define SECRETS 16

struct secret {
	const void *bytes;
	size_t len;
};

static struct {
	int on, looking;
	void *blocks[SLOTS]; /* open addressing */
	size_t sizes[SLOTS];
	unsigned n, unwiped;
	struct secret secrets[SECRETS];
	size_t n_secrets;
} state;

static unsigned
start_of(const void *block)
{
	return (unsigned)(((uintptr_t)block >> 4) * 2654435761U) & (SLOTS - 1);
}

static unsigned
find(const void *block)
{
	unsigned at = start_of(block);

	while (state.blocks[at] && state.blocks[at] != block)
		at = (at + 1) & (SLOTS - 1);
	return at;
}

static void
taken(void *block, size_t size)
{
	unsigned at;

	if (!state.on || !block || state.n > SLOTS / 2)
		return;
	at = find(block);
	state.n += state.blocks[at] == NULL;
	state.blocks[at] = block;
	state.sizes[at] = size;
}

/* Moves back what stood behind, so that no search ends too early. */
static void
close_gap(unsigned gap)
{
	for (unsigned at = (gap + 1) & (SLOTS - 1); state.blocks[at];
	     at = (at + 1) & (SLOTS - 1)) {
		unsigned home = start_of(state.blocks[at]);

		if (((at - home) & (SLOTS - 1)) < ((at - gap) & (SLOTS - 1)))
			continue;
		state.blocks[gap] = state.blocks[at];
		state.sizes[gap] = state.sizes[at];
		gap = at;
	}
	state.blocks[gap] = NULL;
}

static void
look_for_secrets(const void *block, size_t size)
{
	for (size_t i = 0; i < state.n_secrets; i++) {
		const struct secret *s = &state.secrets[i];

		if (memmem(block, size, s->bytes, s->len))
			state.unwiped++;
	}
}

static void
given_back(void *block, size_t size)
{
	unsigned at;

	if (!state.on || !block)
		return;
	look_for_secrets(block, size);
	at = find(block);
	if (!state.blocks[at])
		return;
	state.n--;
	close_gap(at);
}

void
memory_begin(void)
{
	if (state.n > 0)
		memset(state.blocks, 0, sizeof(state.blocks));
	state.n = state.unwiped = 0;
	state.on = 1;
}

unsigned
memory_end(size_t *bytes)
{
	state.on = 0;
	*bytes = 0;
	for (unsigned i = 0; state.n > 0 && i < SLOTS; i++)
		if (state.blocks[i])
			*bytes += state.sizes[i];
	return state.n;
}

void
memory_secret(const void *bytes, size_t len)
{
	if (state.n_secrets == SECRETS)
		abort();
	state.secrets[state.n_secrets++] = (struct secret){ bytes, len };
}

void
memory_forget_secrets(void)
{
	state.n_secrets = 0;
}

unsigned
memory_unwiped(void)
{
	return state.unwiped;
}

/* ---- where the blocks come from ---- */

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ /* as gcc says it */
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
/* Debian's gcc comes without the header. */
int __sanitizer_install_malloc_and_free_hooks(
    void (*on_malloc)(const volatile void *, size_t),
    void (*on_free)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *block);

static void
hook_taken(const volatile void *block, size_t size)
{
	taken((void *)(uintptr_t)block, size);
}

static void
hook_given_back(const volatile void *block)
{
	void *p = (void *)(uintptr_t)block;

	if (state.on && p)
		given_back(p, __sanitizer_get_allocated_size(p));
}

__attribute__((constructor)) static void
install(void)
{
	__sanitizer_install_malloc_and_free_hooks(hook_taken, hook_given_back);
}
#else
/* In place of the C library's, for every library in the process. */
#define EXPORTED __attribute__((visibility("default")))

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

EXPORTED void *
malloc(size_t size)
{
	void *block = inject_inside() ? NULL : __libc_malloc(size);

	if (!block)
		errno = ENOMEM;
	taken(block, size);
	return block;
}

EXPORTED void *
calloc(size_t n, size_t size)
{
	void *block = inject_inside() ? NULL : __libc_calloc(n, size);

	if (!block)
		errno = ENOMEM;
	taken(block, n * size);
	return block;
}

EXPORTED void *
realloc(void *block, size_t size)
{
	void *fresh = malloc(size);
	size_t old = block ? malloc_usable_size(block) : 0;

	if (!fresh)
		return NULL;
	if (old > 0)
		memcpy(fresh, block, old < size ? old : size);
	free(block);
	return fresh;
}

EXPORTED void
free(void *block)
{
	given_back(block, block ? malloc_usable_size(block) : 0);
	__libc_free(block);
}
#endif

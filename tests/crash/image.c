/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../store/kit.h"

#define PAGE ((size_t)4096)
#define SECTOR ((size_t)512)

const char *
disk_cut_word(enum disk_cut cut)
{
	static const char *const words[CUTS] = {
		[CUT_KILL] = "kill",	 [CUT_NOTHING] = "nothing kept",
		[CUT_DATA] = "no names", [CUT_NAMES] = "no bytes",
		[CUT_SIZES] = "zeros",	 [CUT_RANDOM] = "power cut",
	};

	return words[cut];
}

/* ---- one file ---- */

/* Up to which of the changes since the last sync, 0 to n, something is as
 * later ones made it. */
static size_t
up_to(enum disk_cut cut, struct dice *dice, size_t n, int is_size)
{
	switch (cut) {
	case CUT_KILL:
	case CUT_DATA:
		return n;
	case CUT_NOTHING:
	case CUT_NAMES:
		return 0;
	case CUT_SIZES:
		return is_size ? n : 0;
	case CUT_RANDOM:
		break;
	case CUTS:
		return 0;
	}
	return kit_below(&dice->seed, 100) < dice->latest
		   ? n
		   : kit_below(&dice->seed, n + 1);
}

/* The largest size that the file had. */
static size_t
room_of(const struct node *n)
{
	size_t room = n->size;

	for (size_t i = 0; i < n->n_since; i++) {
		const struct change *c = &n->since[i];
		size_t end =
		    c->type == TRACE_MODE ? 0 : (size_t)(c->offset + c->size);

		if (end > room)
			room = end;
	}
	return room;
}

/* Size and mode after the first n changes. */
static size_t
size_after(const struct node *node, size_t n, unsigned *mode)
{
	size_t size = node->size;

	*mode = node->mode;
	for (size_t i = 0; i < n; i++) {
		const struct change *c = &node->since[i];

		if (c->type == TRACE_MODE)
			*mode = c->mode;
		else if (c->type == TRACE_SIZE)
			size = (size_t)c->size;
		else if (c->offset + c->size > size)
			size = (size_t)(c->offset + c->size);
	}
	return size;
}

/* One change, in those blocks that are to show it. */
static void
put_change(const struct change *c, size_t number, unsigned char *data,
	   size_t room, const size_t *last, size_t grain)
{
	size_t at = (size_t)c->offset, end = at + (size_t)c->size;

	if (c->type == TRACE_MODE)
		return;
	/* What is cut off is zeros if the file grows again. */
	if (c->type == TRACE_SIZE) {
		at = (size_t)c->size;
		end = room;
	}
	while (at < end) {
		size_t next = (at / grain + 1) * grain;

		if (next > end)
			next = end;
		if (last[at / grain] > number && c->type == TRACE_SIZE)
			memset(data + at, 0, next - at);
		else if (last[at / grain] > number)
			memcpy(data + at, c->data + (at - c->offset),
			       next - at);
		at = next;
	}
}

static void
compose_bytes(const struct node *n, enum disk_cut cut, struct dice *dice,
	      struct image_file *out)
{
	size_t room = room_of(n), grain = dice ? dice->grain : PAGE;
	size_t blocks = room / grain + 1;
	size_t *last = calloc(blocks, sizeof(*last));
	unsigned char *data = calloc(1, room + 1);

	if (!last || !data)
		kit_die("out of memory");
	if (n->size > 0)
		memcpy(data, n->data, n->size);
	for (size_t i = 0; i < blocks; i++)
		last[i] = up_to(cut, dice, n->n_since, 0);
	for (size_t i = 0; i < n->n_since; i++)
		put_change(&n->since[i], i, data, room, last, grain);
	free(last);
	out->data = data;
	out->owned = 1;
}

void
node_compose(const struct node *n, enum disk_cut cut, struct dice *dice,
	     struct image_file *out)
{
	struct dice own = { .grain = PAGE };
	unsigned unused;

	out->is_dir = n->is_dir;
	out->node = n;
	out->size = n->size;
	out->mode = n->mode;
	out->data = n->data;
	out->owned = 0;
	if (n->n_since == 0)
		return;
	if (dice) {
		own = *dice;
		/* One file in four is all new or all old. */
		if (kit_below(&own.seed, 4) == 0)
			cut = kit_below(&own.seed, 2) ? CUT_KILL : CUT_NOTHING;
	}
	out->size = size_after(n, up_to(cut, &own, n->n_since, 1), &unused);
	(void)size_after(n, up_to(cut, &own, n->n_since, 1), &out->mode);
	if (!n->is_dir)
		compose_bytes(n, cut, &own, out);
	if (dice)
		dice->seed = own.seed;
}

/* ---- names ---- */

static int
touches(const struct name_op *a, const struct name_op *b)
{
	return a->node == b->node || strcmp(a->name, b->name) == 0 ||
	       strcmp(a->name, b->other) == 0 ||
	       strcmp(a->other, b->name) == 0 ||
	       (*a->other && strcmp(a->other, b->other) == 0);
}

/* A change is there only if all are that it builds upon. */
static int
is_kept(const struct node *dir, size_t i, const char *kept, enum disk_cut cut,
	struct dice *dice)
{
	if (cut == CUT_NOTHING || cut == CUT_DATA)
		return 0;
	if (cut != CUT_RANDOM)
		return 1;
	for (size_t j = 0; j < i; j++)
		if (!kept[j] && touches(&dir->ops[i], &dir->ops[j]))
			return 0;
	return kit_below(&dice->seed, 100) < dice->names;
}

static void
compose_names(const struct node *dir, enum disk_cut cut, struct dice *dice,
	      struct names *out)
{
	char *kept = calloc(1, dir->n_ops + 1);

	if (!kept)
		kit_die("out of memory");
	names_copy(out, &dir->durable);
	for (size_t i = 0; i < dir->n_ops; i++) {
		kept[i] = (char)is_kept(dir, i, kept, cut, dice);
		if (kept[i])
			names_apply(out, &dir->ops[i]);
	}
	free(kept);
}

/* ---- a state ---- */

static struct image_file *
add(struct image *image, const char *path, const struct node *n)
{
	size_t have = image->n;
	struct image_file *f;

	if ((have & (have - 1)) == 0)
		image->file = realloc(image->file, (have ? 2 * have : 1) *
						       sizeof(*image->file));
	if (!image->file)
		kit_die("out of memory");
	f = &image->file[image->n++];
	memset(f, 0, sizeof(*f));
	f->node = n;
	f->path = strdup(path);
	if (!f->path)
		kit_die("out of memory");
	return f;
}

/* Another name of a file that is there already is the same file. */
static int
copied(const struct image *image, struct image_file *f)
{
	for (size_t i = 0; i + 1 < image->n; i++) {
		const struct image_file *first = &image->file[i];
		char *path = f->path;

		if (first->node != f->node)
			continue;
		*f = *first;
		f->path = path;
		f->owned = 0;
		return 1;
	}
	return 0;
}

static void
compose(struct image *image, const char *path, const struct node *n,
	enum disk_cut cut, struct dice *dice)
{
	struct image_file *f = add(image, path, n);
	struct names names;

	if (copied(image, f))
		return;
	node_compose(n, cut, dice, f);
	if (!n->is_dir)
		return;
	compose_names(n, cut, dice, &names);
	for (size_t i = 0; i < names.n; i++) {
		char below[PATH_MAX];

		(void)snprintf(below, sizeof(below), "%s%s%s", path,
			       *path ? "/" : "", names.at[i].name);
		compose(image, below, names.at[i].node, cut, dice);
	}
	names_free(&names);
}

struct image *
disk_crash(const struct disk *d, enum disk_cut cut, uint64_t seed)
{
	struct image *image = calloc(1, sizeof(*image));
	struct dice dice = { .seed = seed };

	if (!image)
		kit_die("out of memory");
	dice.latest = (unsigned)kit_below(&dice.seed, 101);
	dice.names = (unsigned)kit_below(&dice.seed, 101);
	dice.grain = kit_below(&dice.seed, 4) ? PAGE : SECTOR;
	compose(image, "", d->root, cut, cut == CUT_RANDOM ? &dice : NULL);
	return image;
}

void
image_keep(struct image *image)
{
	for (size_t i = 0; i < image->n; i++) {
		struct image_file *f = &image->file[i];
		unsigned char *data = malloc(f->size + 1);

		if (!data)
			kit_die("out of memory");
		if (f->size > 0)
			memcpy(data, f->data, f->size);
		if (f->owned)
			free(f->data);
		f->data = data;
		f->owned = 1;
	}
}

void
image_free(struct image *image)
{
	for (size_t i = 0; i < image->n; i++) {
		free(image->file[i].path);
		if (image->file[i].owned)
			free(image->file[i].data);
	}
	free(image->file);
	free(image);
}

/* ---- its number ---- */

static uint64_t
mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * 0x9e3779b97f4a7c15U;
	return h ^ (h >> 29);
}

static uint64_t
mix_bytes(uint64_t h, const void *data, size_t len)
{
	const unsigned char *at = data;
	uint64_t word;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		h = mix(h, word);
	}
	word = len;
	for (; len > 0; len--)
		word = word << 8 | *at++;
	return mix(h, word);
}

static int
is_audit_log(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, "audit.json") == 0;
}

uint64_t
image_number(const struct image *image)
{
	uint64_t sum = 0;

	/* A sum, since the order of names means nothing. */
	for (size_t i = 0; i < image->n; i++) {
		const struct image_file *f = &image->file[i];
		uint64_t h = mix_bytes(1, f->path, strlen(f->path));

		h = mix(h, f->mode);
		if (!f->is_dir && !is_audit_log(f->path))
			h = mix_bytes(h, f->data, f->size);
		sum += mix(h, 1);
	}
	return sum;
}

/* ---- in a folder ---- */

static void
clear(int parent, const char *name)
{
	int fd = openat(parent, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (dir && (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, e->d_name, 0) == 0)
			continue;
		clear(fd, e->d_name);
		if (unlinkat(fd, e->d_name, AT_REMOVEDIR))
			kit_die("%s: cannot be removed", e->d_name);
	}
	if (dir)
		closedir(dir);
}

static void
write_file(const struct image_file *f, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, (mode_t)f->mode) ||
	    write(fd, f->data, f->size) != (ssize_t)f->size)
		kit_die("%s: cannot be written", path);
	close(fd);
}

void
image_write(const struct image *image, const char *folder)
{
	clear(AT_FDCWD, folder);
	for (size_t i = 0; i < image->n; i++) {
		const struct image_file *f = &image->file[i];
		char path[PATH_MAX];

		(void)snprintf(path, sizeof(path), "%s%s%s", folder,
			       *f->path ? "/" : "", f->path);
		if (!f->is_dir)
			write_file(f, path);
		else if ((mkdir(path, 0700) && errno != EEXIST) ||
			 chmod(path, (mode_t)f->mode))
			kit_die("%s: cannot be made", path);
	}
}

void
disk_must_be(const struct disk *d, const char *folder)
{
	struct disk *real = disk_load(folder);
	struct image *mine = disk_crash(d, CUT_KILL, 0);
	struct image *theirs = disk_crash(real, CUT_KILL, 0);

	if (image_number(mine) != image_number(theirs))
		kit_die("%s: the trace missed something", folder);
	image_free(mine);
	image_free(theirs);
	disk_free(real);
}

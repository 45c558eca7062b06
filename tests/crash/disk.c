/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../store/kit.h"
#include "image.h"

/* ---- memory ---- */

static void *
grown(void *array, size_t n, size_t size)
{
	/* Room doubles at each power of two. */
	if ((n & (n - 1)) == 0)
		array = realloc(array, (n ? 2 * n : 1) * size);
	if (!array)
		kit_die("out of memory");
	return array;
}

static char *
copy_text(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		kit_die("out of memory");
	return copy;
}

static struct node *
node_new(struct disk *d, int is_dir, unsigned mode)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		kit_die("out of memory");
	n->is_dir = is_dir;
	n->mode = mode;
	d->nodes = grown(d->nodes, d->n_nodes, sizeof(struct node *));
	d->nodes[d->n_nodes++] = n;
	return n;
}

/* ---- names ---- */

struct node *
names_find(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->at[i].name, name) == 0)
			return names->at[i].node;
	return NULL;
}

static void
names_set(struct names *names, const char *name, struct node *node)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->at[i].name, name) == 0) {
			names->at[i].node = node;
			return;
		}
	}
	names->at = grown(names->at, names->n, sizeof(*names->at));
	names->at[names->n].name = copy_text(name);
	names->at[names->n++].node = node;
}

static void
names_remove(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->at[i].name, name) == 0) {
			free(names->at[i].name);
			names->at[i] = names->at[--names->n];
			/* So that there is room whenever n is a power of 2. */
			return;
		}
	}
}

void
names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->at[i].name);
	free(names->at);
	memset(names, 0, sizeof(*names));
}

void
names_copy(struct names *to, const struct names *from)
{
	memset(to, 0, sizeof(*to));
	for (size_t i = 0; i < from->n; i++)
		names_set(to, from->at[i].name, from->at[i].node);
}

void
names_apply(struct names *names, const struct name_op *op)
{
	if (op->type == TRACE_EXCHANGE)
		names_set(names, op->name, op->with);
	if (op->type == TRACE_RENAME || op->type == TRACE_UNLINK)
		names_remove(names, op->name);
	if (op->type != TRACE_UNLINK)
		names_set(names,
			  op->type == TRACE_CREATE ? op->name : op->other,
			  op->node);
}

/* ---- reading a folder ---- */

static void
read_bytes(struct node *n, const char *path, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	n->size = size;
	n->data = malloc(size + 1);
	if (fd < 0 || !n->data || read(fd, n->data, size) != (ssize_t)size)
		kit_die("%s: cannot be read", path);
	close(fd);
}

static struct node *
read_tree(struct disk *d, const char *path)
{
	struct stat st;
	struct dirent *e;
	struct node *n;
	DIR *dir;

	if (lstat(path, &st))
		kit_die("%s: is not there", path);
	n = node_new(d, S_ISDIR(st.st_mode), st.st_mode & 07777);
	if (!n->is_dir) {
		read_bytes(n, path, (size_t)st.st_size);
		return n;
	}
	dir = opendir(path);
	while (dir && (e = readdir(dir)) != NULL) {
		char below[PATH_MAX];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		(void)snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		names_set(&n->durable, e->d_name, read_tree(d, below));
	}
	if (dir)
		closedir(dir);
	names_copy(&n->live, &n->durable);
	return n;
}

struct disk *
disk_load(const char *folder)
{
	struct disk *d = calloc(1, sizeof(*d));

	if (!d)
		kit_die("out of memory");
	d->root = read_tree(d, folder);
	return d;
}

static void
forget(struct node *n)
{
	for (size_t i = 0; i < n->n_ops; i++) {
		free(n->ops[i].name);
		free(n->ops[i].other);
	}
	free(n->ops);
	free(n->since);
	n->ops = NULL;
	n->since = NULL;
	n->n_ops = n->n_since = 0;
}

void
disk_free(struct disk *d)
{
	for (size_t i = 0; i < d->n_nodes; i++) {
		forget(d->nodes[i]);
		names_free(&d->nodes[i]->durable);
		names_free(&d->nodes[i]->live);
		free(d->nodes[i]->data);
		free(d->nodes[i]);
	}
	free(d->nodes);
	free(d);
}

/* ---- operations ---- */

/* The folder that a path lies in, and its last name. */
static struct node *
parent_of(struct disk *d, const char *path, const char **name)
{
	struct node *n = d->root;
	const char *slash;

	while ((slash = strchr(path, '/')) != NULL) {
		char *step = strndup(path, (size_t)(slash - path));

		n = step && n ? names_find(&n->live, step) : NULL;
		free(step);
		path = slash + 1;
	}
	if (!n || !n->is_dir)
		kit_die("the trace names a folder that is not there: %s", path);
	*name = path;
	return n;
}

static struct node *
node_at(struct disk *d, const char *path)
{
	const char *name;
	struct node *dir, *n;

	if (*path == '\0')
		return d->root;
	dir = parent_of(d, path, &name);
	n = names_find(&dir->live, name);
	if (!n)
		kit_die("the trace names a file that is not there: %s", path);
	return n;
}

static void
name_op(struct node *dir, enum trace_type type, const char *name,
	const char *other, struct node *node, struct node *with)
{
	struct name_op op = { .type = type,
			      .name = copy_text(name),
			      .other = copy_text(other),
			      .node = node,
			      .with = with };

	names_apply(&dir->live, &op);
	dir->ops = grown(dir->ops, dir->n_ops, sizeof(*dir->ops));
	dir->ops[dir->n_ops++] = op;
}

static void
move_name(struct disk *d, const struct trace_op *op)
{
	const char *name, *other;
	struct node *dir = parent_of(d, op->path, &name);

	if (parent_of(d, op->other, &other) != dir)
		kit_die("from one folder to another: that is not modelled");
	name_op(dir, op->type, name, other, node_at(d, op->path),
		op->type == TRACE_EXCHANGE ? node_at(d, op->other) : NULL);
}

static void
change(struct node *n, const struct trace_op *op)
{
	struct change c = { .type = op->type,
			    .offset = op->offset,
			    .size = op->size,
			    .mode = op->mode,
			    .data = op->data };

	n->since = grown(n->since, n->n_since, sizeof(*n->since));
	n->since[n->n_since++] = c;
}

/* Everything so far lasts from now on. */
static void
settle(struct node *n)
{
	struct image_file f = { .size = 0 };

	node_compose(n, CUT_KILL, NULL, &f);
	n->mode = f.mode;
	if (!n->is_dir && f.owned) {
		free(n->data);
		n->data = f.data;
		n->size = f.size;
	}
	names_free(&n->durable);
	names_copy(&n->durable, &n->live);
	forget(n);
}

void
disk_apply(struct disk *d, const struct trace_op *op)
{
	const char *name;
	struct node *dir;

	switch (op->type) {
	case TRACE_CREATE:
	case TRACE_MKDIR:
		dir = parent_of(d, op->path, &name);
		name_op(dir, TRACE_CREATE, name, "",
			node_new(d, op->type == TRACE_MKDIR, op->mode), NULL);
		return;
	case TRACE_WRITE:
	case TRACE_SIZE:
	case TRACE_MODE:
		change(node_at(d, op->path), op);
		return;
	case TRACE_SYNC:
		settle(node_at(d, op->path));
		return;
	case TRACE_RENAME:
	case TRACE_EXCHANGE:
	case TRACE_LINK:
		move_name(d, op);
		return;
	case TRACE_UNLINK:
	case TRACE_RMDIR:
		dir = parent_of(d, op->path, &name);
		name_op(dir, TRACE_UNLINK, name, "", node_at(d, op->path),
			NULL);
		return;
	case TRACE_NONE:
	case TRACE_START:
	case TRACE_DONE:
	case TRACE_FAILED:
	case TRACE_TYPES:
		return;
	}
}

void
disk_undo(struct disk *d, const struct trace_op *op)
{
	node_at(d, op->path)->n_since--;
}

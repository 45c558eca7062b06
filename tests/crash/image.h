/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside of the model: disk.c keeps it up to date, image.c makes states of
 * it. */
#ifndef TESTS_CRASH_IMAGE_H
#define TESTS_CRASH_IMAGE_H

#include <stddef.h>

#include "disk.h"

struct names {
	struct {
		char *name;
		struct node *node;
	} * at;
	size_t n;
};

struct name_op {
	enum trace_type type; /* CREATE, RENAME, EXCHANGE, LINK, UNLINK */
	char *name, *other;
	struct node *node, *with; /* with: of EXCHANGE */
};

struct change {
	enum trace_type type; /* WRITE, SIZE, MODE */
	uint64_t offset, size;
	unsigned mode;
	const unsigned char *data; /* in the trace */
};

/* A file or a folder: what was synced, and what came since. */
struct node {
	int is_dir;
	unsigned mode;
	unsigned char *data;
	size_t size;
	struct change *since;
	size_t n_since;
	struct names durable, live; /* of a folder; live: with ops applied */
	struct name_op *ops;
	size_t n_ops;
};

struct disk {
	struct node *root;
	struct node **nodes; /* all there ever were */
	size_t n_nodes;
};

struct node *names_find(const struct names *names, const char *name);
void names_copy(struct names *to, const struct names *from);
void names_free(struct names *names);
void names_apply(struct names *names, const struct name_op *op);

/* One file or folder of a state. */
struct image_file {
	char *path; /* relative; "" is the folder itself */
	const struct node *node;
	int is_dir, owned; /* owned: data is the image's own */
	unsigned mode;
	unsigned char *data;
	size_t size;
};

struct image {
	struct image_file *file; /* each folder before what is in it */
	size_t n;
};

/* How a random state is drawn. */
struct dice {
	uint64_t seed;
	unsigned latest, names; /* of 100: a page is the latest one, a change
				   of names is there */
	size_t grain; /* bytes that are written at once */
};

/* Mode, size and bytes after a crash; dice for CUT_RANDOM only. */
void node_compose(const struct node *n, enum disk_cut cut, struct dice *dice,
		  struct image_file *out);

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file of last uses, in which services may write what they like.  The
 * bits of the input's first byte say whether there is a slot that somebody
 * made up (1: its bytes follow, and get the digest here), how much is cut off
 * (2: 3 bytes), and whether room is made in the end (4).  The rest changes
 * bytes (fuzz_patch()).  What is told of a token is what was
 * noted, or what stands in that slot, or nothing; and it is in bounds.
 */
#include "lastuse.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "text.h"

#define TOKENS 12
#define MADE_UP TOKENS /* the token whose slot that is */
#define NOBODY (TOKENS + 1)
#define NOTED 1700000000
#define LATER (NOTED + 3600)
#define HEAD 96
#define SLOT 96
#define MADE_UP_LEN (SLOT - TC_ID_BYTES - TC_DIGEST_LEN)

static const struct tc_source peer = { .family = 4,
				       .prefix = 32,
				       .addr = { 192, 0, 2, 7 } };
static struct tc_store store;
static unsigned char *image;
static size_t image_len;
static int file;

static void
id_of(unsigned i, unsigned char id[TC_ID_BYTES])
{
	memset(id, (int)(i * 21), TC_ID_BYTES);
	id[3] = (unsigned char)i;
}

static void
set_up(void)
{
	unsigned char id[TC_ID_BYTES];
	int dir = open(fuzz_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	NEED(dir >= 0 &&
	     tc_store_init(&store, dir, fuzz_dir(), fuzz_crypto()) == 0);
	store.lastuse = -1;
	tc_lastuse_fit(&store, 1);
	for (unsigned i = 0; i < TOKENS; i++) {
		id_of(i, id);
		tc_lastuse_note(&store, id, "imap", i % 2 ? &peer : NULL,
				NOTED + i);
	}
	file = open(fuzz_path(tc_store_names[TC_FILE_LASTUSE]),
		    O_RDWR | O_CLOEXEC);
	NEED(file >= 0);
	image = fuzz_content(file, &image_len);
	close(file);
}

/* The slot is where one of that id belongs. */
static void
make_up(struct fuzz *in, unsigned char *data)
{
	struct tc_writer w = { 0 };
	unsigned char id[TC_ID_BYTES], rest[MADE_UP_LEN] = { 0 };
	const uint8_t *from;
	size_t got, slots = (image_len - HEAD) / SLOT;
	uint64_t bucket, turned = 0;

	id_of(MADE_UP, id);
	from = fuzz_take(in, sizeof(rest), &got);
	memcpy(rest, from, got);
	tc_put_bytes(&w, id, sizeof(id));
	tc_put_bytes(&w, rest, sizeof(rest));
	tc_digest_write(fuzz_crypto(), &w, 0);
	NEED(!w.bad && w.len == SLOT);
	/* The first 30 bits, of which the first one weighs least. */
	for (unsigned i = 0; i < 30; i++)
		if (id[i / 8] & 0x80 >> i % 8)
			turned += (uint64_t)1 << i;
	bucket = turned * (slots / 4) >> 30;
	memcpy(data + HEAD + bucket * 4 * SLOT, w.data, SLOT);
	tc_writer_free(&w);
}

static void
in_bounds(const struct tc_use *use)
{
	const struct tc_source *s = &use->source;

	CHECK(use->time >= 0);
	CHECK(tc_text_fits(use->service, 0, TC_SERVICE_MAX));
	CHECK((s->family == 0 && s->prefix == 0) ||
	      (s->family == 4 && s->prefix == 32) ||
	      (s->family == 6 && s->prefix == 128));
}

static void
look_up(const struct tc_store *s, const unsigned char *which,
	struct tc_use *use)
{
	struct tc_uses uses = { .begun = 0 };

	tc_lastuse_get(s, &uses, which, use);
	tc_lastuse_close(&uses);
}

/* noted: the moment that may be told; 0: none. */
static void
look(unsigned i, int64_t noted)
{
	unsigned char id[TC_ID_BYTES];
	struct tc_use use;

	id_of(i, id);
	look_up(&store, id, &use);
	in_bounds(&use);
	if (i == MADE_UP || use.time == 0)
		return;
	CHECK(use.time == noted && strcmp(use.service, "imap") == 0);
	CHECK(i % 2 ? memcmp(&use.source, &peer, sizeof(peer)) == 0
		    : use.source.family == 0);
}

static void
use_it(int grow)
{
	unsigned char id[TC_ID_BYTES];

	for (unsigned i = 0; i <= NOBODY; i++)
		look(i, i < TOKENS ? NOTED + i : 0);
	/* What is damaged is not written to, what is not is. */
	id_of(1, id);
	tc_lastuse_note(&store, id, "imap", &peer, LATER);
	for (unsigned i = 0; i <= NOBODY; i++)
		look(i, i == 1 ? LATER : i < TOKENS ? NOTED + i : 0);
	if (grow)
		tc_lastuse_fit(&store, 1000);
	look(1, LATER);
	look(2, NOTED + 2);
	look(NOBODY, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz in = { data, len };
	unsigned how = (unsigned)fuzz_number(&in, 1);
	unsigned char *changed;
	size_t cut;

	if (!image)
		set_up();
	changed = malloc(image_len);
	NEED(changed);
	memcpy(changed, image, image_len);
	if (how & 1)
		make_up(&in, changed);
	cut = how & 2 ? (size_t)fuzz_number(&in, 3) % image_len : 0;
	fuzz_patch(&in, changed, image_len);
	file = open(fuzz_path(tc_store_names[TC_FILE_LASTUSE]),
		    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	NEED(file >= 0);
	NEED(write(file, changed, image_len - cut) ==
	     (ssize_t)(image_len - cut));
	close(file);
	free(changed);
	use_it((how & 4) != 0);
	return 0;
}

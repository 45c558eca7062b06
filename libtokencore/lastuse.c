/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *	file   = "TCU1" slots(8), zeros up to 96; slots
 *	slot   = id(15) time(8) service(32) family(1) address(16) zeros(8)
 *		 digest(16)
 *
 * Four slots are a bucket, which the first bits of an id name, turned around.
 * No lock: two that write one slot at a time leave one of theirs or something
 * whose digest does not fit.
 */
#include "lastuse.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "newfile.h"
#include "text.h"
#include "trust.h"

#define MAGIC "TCU1"
#define HEAD ((size_t)96)
#define SLOT ((size_t)96)
#define IN_BUCKET ((size_t)4)
#define ID_BITS 30
#define AT_ONCE ((size_t)256) /* slots that are copied */
#define SLOTS_MIN ((uint64_t)1 << 10)
#define SLOTS_MAX ((uint64_t)1 << 26)
#define PAUSE 60 /* seconds that an entry stays as it is */

/* A descriptor, or -1.  Who may only read it can still tell what is there. */
static int
open_name(int dir)
{
	const char *name = tc_store_names[TC_FILE_LASTUSE];
	const int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(dir, name, O_RDWR | flags);

	if (fd < 0 && (errno == EACCES || errno == EROFS))
		fd = openat(dir, name, O_RDONLY | flags);
	return fd;
}

/* One of ours, and as long as it says? */
static int
fits(struct tc_use_file *f, const struct stat *st)
{
	unsigned char head[12];
	struct tc_reader r = { head + 4, head + sizeof(head), 0 };

	if (!S_ISREG(st->st_mode) ||
	    (st->st_uid != 0 && st->st_uid != geteuid()) ||
	    pread(f->fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    memcmp(head, MAGIC, 4) != 0)
		return 0;
	f->slots = tc_get(&r, 8);
	return f->slots >= SLOTS_MIN && f->slots <= SLOTS_MAX &&
	       (f->slots & (f->slots - 1)) == 0 &&
	       (uint64_t)st->st_size == HEAD + f->slots * SLOT;
}

static void
file_close(const struct tc_use_file *f)
{
	if (f->opened)
		close(f->fd);
}

/* The one that is kept open, or what took its place. */
static int
file_open(const struct tc_store *s, struct tc_use_file *f)
{
	struct stat st;

	f->fd = s->lastuse;
	f->opened = f->fd < 0 || fstat(f->fd, &st) || st.st_nlink == 0;
	if (f->opened) {
		f->fd = open_name(s->dir);
		if (f->fd < 0)
			return -1;
		if (fstat(f->fd, &st))
			memset(&st, 0, sizeof(st));
	}
	if (fits(f, &st))
		return 0;
	file_close(f);
	return -1;
}

void
tc_lastuse_open(struct tc_store *s, const struct tc_store *old)
{
	s->lastuse = open_name(s->dir);
	if (s->lastuse < 0 && old && old->lastuse >= 0)
		s->lastuse = fcntl(old->lastuse, F_DUPFD_CLOEXEC, 0);
}

/* ---- slots ---- */

/* The first 30 bits of an id, the last one first: the store's pages are told
 * apart by the last ones (pages.h), so what lies in one page there lies close
 * together here. */
static uint64_t
bucket_of(const struct tc_use_file *f, const unsigned char *id)
{
	struct tc_reader r = { id, id + 4, 0 };
	uint32_t bits = (uint32_t)tc_get(&r, 4);

	bits = (bits >> 1 & 0x55555555) | (bits & 0x55555555) << 1;
	bits = (bits >> 2 & 0x33333333) | (bits & 0x33333333) << 2;
	bits = (bits >> 4 & 0x0f0f0f0f) | (bits & 0x0f0f0f0f) << 4;
	bits = __builtin_bswap32(bits) & (((uint32_t)1 << ID_BITS) - 1);
	return (bits * (f->slots / IN_BUCKET)) >> ID_BITS;
}

static off_t
bucket_at(const struct tc_use_file *f, const unsigned char *id)
{
	return (off_t)(HEAD + bucket_of(f, id) * IN_BUCKET * SLOT);
}

static int64_t
time_of(const unsigned char *slot)
{
	struct tc_reader r = { slot + TC_ID_BYTES, slot + TC_ID_BYTES + 8, 0 };

	return (int64_t)tc_get(&r, 8);
}

static int
is_live(const struct tc_crypto *c, const unsigned char *slot)
{
	return time_of(slot) > 0 && tc_digest_fits(c, slot, SLOT);
}

static int
is_of(const struct tc_crypto *c, const unsigned char *slot,
      const unsigned char id[TC_ID_BYTES])
{
	return memcmp(slot, id, TC_ID_BYTES) == 0 && is_live(c, slot);
}

static void
encode(const struct tc_crypto *c, struct tc_writer *w,
       const unsigned char id[TC_ID_BYTES], const char *service,
       const struct tc_source *peer, int64_t now)
{
	unsigned char name[TC_SERVICE_MAX] = { 0 };
	static const struct tc_source nowhere;

	if (service)
		memcpy(name, service, strnlen(service, sizeof(name)));
	if (!peer)
		peer = &nowhere;
	tc_put_bytes(w, id, TC_ID_BYTES);
	tc_put(w, (uint64_t)now, 8);
	tc_put_bytes(w, name, sizeof(name));
	tc_put(w, peer->family, 1);
	tc_put_bytes(w, peer->addr, sizeof(peer->addr));
	tc_put(w, 0, 8);
	tc_digest_write(c, w, 0);
}

/* What others wrote may be anything: names without control characters and
 * addresses get through. */
static void
decode(const unsigned char *slot, struct tc_use *use)
{
	struct tc_reader r = { slot + TC_ID_BYTES, slot + SLOT, 0 };
	struct tc_source *s = &use->source;

	use->time = (int64_t)tc_get(&r, 8);
	memcpy(use->service, tc_take(&r, TC_SERVICE_MAX), TC_SERVICE_MAX);
	use->service[TC_SERVICE_MAX] = '\0';
	if (!tc_text_fits(use->service, 0, TC_SERVICE_MAX))
		use->service[0] = '\0';
	s->family = (unsigned char)tc_get(&r, 1);
	s->prefix = s->family == 4 ? 32 : 128;
	memcpy(s->addr, tc_take(&r, sizeof(s->addr)), sizeof(s->addr));
	if (s->family == 4)
		memset(s->addr + 4, 0, sizeof(s->addr) - 4);
	else if (s->family != 6)
		memset(s, 0, sizeof(*s));
}

/* Which slot of the bucket is to be written; IN_BUCKET: none, the token's is
 * recent. */
static size_t
place(const struct tc_crypto *c, const unsigned char *bucket,
      const unsigned char id[TC_ID_BYTES], int64_t now)
{
	int64_t oldest = INT64_MAX;
	size_t at = 0;

	for (size_t i = 0; i < IN_BUCKET; i++) {
		const unsigned char *slot = bucket + i * SLOT;
		int64_t used = is_live(c, slot) ? time_of(slot) : 0;

		if (used && memcmp(slot, id, TC_ID_BYTES) == 0)
			return used <= now && now - used < PAUSE ? IN_BUCKET
								 : i;
		if (used < oldest) {
			oldest = used;
			at = i;
		}
	}
	return at;
}

/* Whether it worked makes no difference. */
static void
write_slot(int fd, const unsigned char *slot, off_t bucket, size_t i)
{
	off_t at = bucket + (off_t)(i * SLOT);
	ssize_t n = 0;

	if (tc_may_write(at + (off_t)SLOT))
		n = pwrite(fd, slot, SLOT, at);
	(void)n;
}

void
tc_lastuse_note(const struct tc_store *s, const unsigned char id[TC_ID_BYTES],
		const char *service, const struct tc_source *peer, int64_t now)
{
	unsigned char bucket[IN_BUCKET * SLOT];
	struct tc_writer w = { 0 };
	struct tc_use_file f;
	size_t i = IN_BUCKET;
	off_t at;

	if (now <= 0 || file_open(s, &f))
		return;
	at = bucket_at(&f, id);
	if (pread(f.fd, bucket, sizeof(bucket), at) == (ssize_t)sizeof(bucket))
		i = place(s->crypto, bucket, id, now);
	if (i < IN_BUCKET)
		encode(s->crypto, &w, id, service, peer, now);
	if (w.len == SLOT && !w.bad)
		write_slot(f.fd, w.data, at, i);
	tc_writer_free(&w);
	file_close(&f);
}

/* Up to where nothing was ever written: most of the file may be a hole, whose
 * zeros need not be copied. */
static off_t
hole_end(int fd, off_t from)
{
	off_t data = lseek(fd, from, SEEK_DATA);
	struct stat st;

	/* No data up to the end, wherever that is by now. */
	if (data < 0 && errno == ENXIO && fstat(fd, &st) == 0)
		return st.st_size;
	return data;
}

static enum tc_near
look(struct tc_uses *uses, off_t from)
{
	off_t to = from + (off_t)sizeof(uses->near);

	if (from < uses->hole || to > uses->hole_end) {
		uses->hole = from;
		uses->hole_end = hole_end(uses->file.fd, from);
	}
	if (to <= uses->hole_end)
		return TC_NEAR_HOLE;
	return pread(uses->file.fd, uses->near, sizeof(uses->near), from) ==
		       (ssize_t)sizeof(uses->near)
		   ? TC_NEAR_SLOTS
		   : TC_NEAR_UNKNOWN;
}

/* SLOTS_MIN and all sizes are multiples of TC_USES_NEAR buckets. */
static void
bring_near(struct tc_uses *uses, uint64_t bucket)
{
	uint64_t first = bucket - bucket % TC_USES_NEAR;

	if (uses->at_hand == TC_NEAR_UNKNOWN || uses->first != first) {
		uses->first = first;
		uses->at_hand =
		    look(uses, (off_t)(HEAD + first * IN_BUCKET * SLOT));
	}
}

int
tc_lastuse_get(const struct tc_store *s, struct tc_uses *uses,
	       const unsigned char id[TC_ID_BYTES], struct tc_use *use)
{
	const unsigned char *slot, *end;
	uint64_t bucket;

	memset(use, 0, sizeof(*use));
	if (!uses->begun && file_open(s, &uses->file))
		uses->file.fd = -1;
	uses->begun = 1;
	if (uses->file.fd < 0)
		return -1;
	bucket = bucket_of(&uses->file, id);
	bring_near(uses, bucket);
	if (uses->at_hand != TC_NEAR_SLOTS)
		return uses->at_hand == TC_NEAR_HOLE ? 0 : -1;
	slot = uses->near + (bucket - uses->first) * IN_BUCKET * SLOT;
	for (end = slot + IN_BUCKET * SLOT; slot < end; slot += SLOT)
		if (is_of(s->crypto, slot, id) && time_of(slot) > use->time)
			decode(slot, use);
	return 0;
}

void
tc_lastuse_close(struct tc_uses *uses)
{
	if (uses->begun && uses->file.fd >= 0)
		file_close(&uses->file);
	uses->begun = 0;
	uses->at_hand = TC_NEAR_UNKNOWN;
	uses->hole = uses->hole_end = 0;
}

/* ---- making room ---- */

/* An entry keeps its place in its bucket: what was one bucket is several now,
 * and nothing but its entries comes there.  One that stands elsewhere was not
 * put there by us, and could take the place of a newer one. */
static void
copy(const struct tc_store *s, const struct tc_use_file *from,
     const struct tc_use_file *to)
{
	unsigned char slots[AT_ONCE * SLOT];

	for (uint64_t k = 0; k < from->slots; k += AT_ONCE) {
		if (pread(from->fd, slots, sizeof(slots),
			  (off_t)(HEAD + k * SLOT)) != (ssize_t)sizeof(slots))
			return;
		for (size_t i = 0; i < AT_ONCE; i++) {
			const unsigned char *slot = slots + i * SLOT;
			uint64_t bucket = (k + i) / IN_BUCKET * IN_BUCKET;

			if (bucket_at(from, slot) ==
				(off_t)(HEAD + bucket * SLOT) &&
			    is_live(s->crypto, slot))
				write_slot(to->fd, slot, bucket_at(to, slot),
					   i % IN_BUCKET);
		}
	}
}

/* Members of the folder's group may write it where the folder passes the
 * group on. */
static int
lay_out(const struct tc_store *s, const struct tc_use_file *f)
{
	const off_t size = (off_t)(HEAD + f->slots * SLOT);
	struct tc_writer w = { 0 };
	struct stat st;
	int ok;

	tc_put_bytes(&w, MAGIC, 4);
	tc_put(&w, f->slots, 8);
	ok = !w.bad && fstat(s->dir, &st) == 0 &&
	     fchmod(f->fd, st.st_mode & S_ISGID ? 0660 : 0600) == 0 &&
	     tc_may_write(size) && ftruncate(f->fd, size) == 0 &&
	     pwrite(f->fd, w.data, w.len, 0) == (ssize_t)w.len;
	tc_writer_free(&w);
	return ok;
}

static void
make(const struct tc_store *s, const struct tc_use_file *old, uint64_t slots)
{
	const char *name = tc_store_names[TC_FILE_LASTUSE];
	struct tc_error unused;
	struct tc_use_file f = { .fd = tc_new_begin(s->dir, name, &unused),
				 .slots = slots };
	int renamed = 0;

	if (f.fd < 0)
		return;
	if (lay_out(s, &f)) {
		if (old)
			copy(s, old, &f);
		(void)tc_new_publish(s->dir, name, &renamed, &unused);
	}
	if (!renamed)
		tc_new_abandon(s->dir, name);
	close(f.fd);
}

void
tc_lastuse_fit(const struct tc_store *s, uint64_t tokens)
{
	uint64_t slots = SLOTS_MIN;
	struct tc_use_file old;
	int there = file_open(s, &old) == 0;

	if (!there || (tokens > old.slots / 2 && old.slots < SLOTS_MAX)) {
		while (slots < 4 * tokens && slots < SLOTS_MAX)
			slots *= 2;
		make(s, there ? &old : NULL, slots);
	}
	if (there)
		file_close(&old);
}

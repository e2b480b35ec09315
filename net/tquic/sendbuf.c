// SPDX-License-Identifier: GPL-2.0
/*
 * The send buffer: a ring of page references in stream order, and the two range sets that say what
 * the peer has (`acked`) and what is to be sent again (`pending`).  Owns the page references; never
 * touches a payload byte but to hand a copy out, never decides when something is sent.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include "sendbuf.h"

#define RING_MIN	8
#define RING_MAX	32768	/* entries; more than that are tiny writes */
#define RING_KEEP	16	/* an empty ring beyond this size is given back */

static struct tquic_sendfrag *frag_at(const struct tquic_sendbuf *sb, u32 i)
{
	return &sb->ring[(sb->head + i) & (sb->cap - 1)];
}

static void drop_frag(struct tquic_sendbuf *sb, struct tquic_sendfrag *frag)
{
	if (tquic_sendbuf_mark(frag))
		sb->mark(frag->priv, false);
	put_page(frag->page);
}

static void free_ring(struct tquic_sendbuf *sb)
{
	kfree(sb->ring);
	sb->ring = NULL;
	sb->cap = 0;
	sb->head = 0;
}

/* A failure leaves everything as it was. */
static int grow_ring(struct tquic_sendbuf *sb, gfp_t gfp)
{
	u32 cap = sb->cap ? 2 * sb->cap : RING_MIN;
	u32 first = min(sb->nr, sb->cap - sb->head);
	struct tquic_sendfrag *ring;

	ring = cap > RING_MAX ? NULL : kmalloc_array(cap, sizeof(*ring), gfp | __GFP_NOWARN);
	if (!ring)
		return -ENOMEM;
	if (sb->nr) {
		memcpy(ring, sb->ring + sb->head, first * sizeof(*ring));
		memcpy(ring + first, sb->ring, (sb->nr - first) * sizeof(*ring));
	}
	kfree(sb->ring);
	sb->ring = ring;
	sb->cap = cap;
	sb->head = 0;
	return 0;
}

/** tquic_sendbuf_init - an empty buffer at offset 0, not to be moved; allocates nothing */
void tquic_sendbuf_init(struct tquic_sendbuf *sb)
{
	memset(sb, 0, sizeof(*sb));
	tquic_ranges_init(&sb->acked, TQUIC_SENDBUF_MAX_RANGES);
	tquic_ranges_init(&sb->pending, TQUIC_SENDBUF_MAX_RANGES);
}

/** tquic_sendbuf_free - release all memory: empty at next_off, what was not sent is forgotten */
void tquic_sendbuf_free(struct tquic_sendbuf *sb)
{
	for (u32 i = 0; i < sb->nr; i++)
		drop_frag(sb, frag_at(sb, i));
	sb->nr = 0;
	sb->cursor = 0;
	free_ring(sb);
	tquic_ranges_free(&sb->acked);
	tquic_ranges_free(&sb->pending);
	sb->end_off = sb->next_off;
	sb->base_off = sb->next_off;
}

/*
 * tquic_sendbuf_append - take @len bytes, not 0, that lie at @page_off of a page, perhaps compound,
 * and do not change until they are released; @priv: the owner's mark, TQUIC_SENDBUF_OWN or NULL.
 * Takes a reference to @page, and to the mark, unless the newest entry only grows.  Returns 0, or
 * -ENOMEM with nothing changed.
 */
int tquic_sendbuf_append(struct tquic_sendbuf *sb, struct page *page, u32 page_off, u32 len,
			 void *priv, gfp_t gfp)
{
	struct tquic_sendfrag *frag;

	if (sb->nr) {
		frag = frag_at(sb, sb->nr - 1);
		if (frag->page == page && frag->page_off + frag->len == page_off &&
		    frag->priv == priv) {
			frag->len += len;
			sb->end_off += len;
			return 0;
		}
	}
	if (sb->nr == sb->cap && grow_ring(sb, gfp))
		return -ENOMEM;
	frag = frag_at(sb, sb->nr++);
	get_page(page);
	frag->off = sb->end_off;
	frag->page = page;
	frag->page_off = page_off;
	frag->len = len;
	frag->priv = priv;
	if (tquic_sendbuf_mark(frag))
		sb->mark(priv, true);
	sb->end_off += len;
	return 0;
}

static bool frag_has(const struct tquic_sendfrag *frag, u64 off)
{
	return off >= frag->off && off - frag->off < frag->len;
}

/* The entry with @off, which is held: nearly always where the last one ended, or the next. */
static u32 find_frag(const struct tquic_sendbuf *sb, u64 off)
{
	u32 lo = 0, hi = sb->nr - 1, mid = sb->cursor;

	if (mid <= hi && frag_has(frag_at(sb, mid), off))
		return mid;
	if (mid < hi && frag_has(frag_at(sb, mid + 1), off))
		return mid + 1;
	while (lo < hi) {
		mid = lo + (hi - lo + 1) / 2;
		if (frag_at(sb, mid)->off <= off)
			lo = mid;
		else
			hi = mid - 1;
	}
	return lo;
}

/** tquic_sendbuf_piece - the entry with the byte at @off, which is held */
const struct tquic_sendfrag *tquic_sendbuf_piece(struct tquic_sendbuf *sb, u64 off)
{
	sb->cursor = find_frag(sb, off);
	return frag_at(sb, sb->cursor);
}

/*
 * tquic_sendbuf_map - describe @len bytes from @off, not below base_off, by at most @max entries of
 * a scatterlist, initialised; no end is marked, no page reference taken.  Returns the entries used,
 * -E2BIG when @max do not suffice (@sg is then partly filled), -EINVAL for bytes not in the buffer.
 */
int tquic_sendbuf_map(struct tquic_sendbuf *sb, u64 off, u32 len, struct scatterlist *sg, int max)
{
	const struct tquic_sendfrag *frag;
	u32 i, skip, run;
	int n = 0;

	frag = sb->ring ? frag_at(sb, sb->cursor) : NULL;
	if (likely(frag && sb->cursor < sb->nr && off >= frag->off && off >= sb->base_off &&
		   off + len <= frag->off + frag->len && len && max)) {
		sg_set_page(sg, frag->page, len, frag->page_off + (off - frag->off));
		return 1;
	}
	if (unlikely(off < sb->base_off || off > sb->end_off || len > sb->end_off - off))
		return -EINVAL;
	if (!len)
		return 0;
	for (i = find_frag(sb, off); len && n < max; i++) {
		frag = frag_at(sb, i);
		skip = off - frag->off;
		run = min(frag->len - skip, len);
		sg_set_page(&sg[n++], frag->page, run, frag->page_off + skip);
		off += run;
		len -= run;
	}
	sb->cursor = i - 1;
	return len ? -E2BIG : n;
}

/** tquic_sendbuf_copy - copy bytes out, all written, @off not below base_off */
void tquic_sendbuf_copy(struct tquic_sendbuf *sb, u64 off, u32 len, void *dst)
{
	const struct tquic_sendfrag *frag;
	u32 run, skip;

	for (; len; len -= run, off += run, dst += run) {
		frag = tquic_sendbuf_piece(sb, off);
		skip = off - frag->off;
		run = min(len, frag->len - skip);
		memcpy(dst, page_address(frag->page) + frag->page_off + skip, run);
	}
}

/*
 * tquic_sendbuf_truncate - nothing from @end on is to be sent, or sent again; what has been stays
 * until it is acknowledged.  Returns the bytes that are not held any more.
 */
u32 tquic_sendbuf_truncate(struct tquic_sendbuf *sb, u64 end)
{
	struct tquic_sendfrag *frag;
	u64 before = sb->end_off;

	tquic_ranges_remove(&sb->pending, end, before, GFP_NOWAIT);	/* splits none */
	sb->end_off = min(before, max(end, sb->next_off));
	for (; sb->nr; sb->nr--) {
		frag = frag_at(sb, sb->nr - 1);
		if (frag->off < sb->end_off) {
			frag->len = min_t(u64, frag->len, sb->end_off - frag->off);
			break;
		}
		drop_frag(sb, frag);
	}
	return before - sb->end_off;
}

static void release_front(struct tquic_sendbuf *sb)
{
	struct tquic_sendfrag *frag;
	u32 gone;

	for (gone = 0; sb->nr; gone++, sb->nr--) {
		frag = frag_at(sb, 0);
		if (frag->off + frag->len > sb->base_off)
			break;
		drop_frag(sb, frag);
		sb->head = (sb->head + 1) & (sb->cap - 1);
	}
	sb->cursor = sb->cursor > gone ? sb->cursor - gone : 0;
	if (!sb->nr && sb->cap > RING_KEEP)
		free_ring(sb);
}

/* All below @base is acknowledged; ranges that touch it follow. */
static u32 advance_base(struct tquic_sendbuf *sb, u64 base)
{
	u64 old = sb->base_off;

	while (!tquic_ranges_empty(&sb->acked) && sb->acked.r[0].start <= base) {
		base = max(base, sb->acked.r[0].end);
		tquic_ranges_drop_first(&sb->acked);
	}
	sb->base_off = base;
	if (!tquic_ranges_empty(&sb->pending))
		tquic_ranges_remove(&sb->pending, 0, base, GFP_NOWAIT);	/* splits none */
	release_front(sb);
	return base - old;
}

/** tquic_sendbuf_acked - returns bytes released in front; without memory they count as lost */
u32 tquic_sendbuf_acked(struct tquic_sendbuf *sb, u64 off, u32 len, gfp_t gfp)
{
	u64 end = off + len;

	if (end <= sb->base_off)
		return 0;
	if (likely(off <= sb->base_off))
		return advance_base(sb, end);
	if (tquic_ranges_add(&sb->acked, off, end, gfp)) {
		tquic_sendbuf_lost(sb, off, len, gfp);
		return 0;
	}
	if (!tquic_ranges_empty(&sb->pending))
		tquic_ranges_remove(&sb->pending, off, end, gfp);
	return 0;
}

/** tquic_sendbuf_lost - send again what has not arrived, or more where memory lacks */
void tquic_sendbuf_lost(struct tquic_sendbuf *sb, u64 off, u32 len, gfp_t gfp)
{
	const struct tquic_range *r = sb->acked.r;
	u64 end = off + len;

	off = max(off, sb->base_off);
	for (u32 i = 0; i < sb->acked.nr && off < end && r[i].start < end; i++) {
		if (r[i].end <= off)
			continue;
		if (r[i].start > off)
			tquic_ranges_add_cover(&sb->pending, off, r[i].start, gfp);
		off = r[i].end;
	}
	if (off < end)
		tquic_ranges_add_cover(&sb->pending, off, end, gfp);
}

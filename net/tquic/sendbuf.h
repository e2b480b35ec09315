/* SPDX-License-Identifier: GPL-2.0 */
/* What a stream (or CRYPTO stream) has to deliver: `pending` is all there is to retransmit. */
#ifndef _TQUIC_SENDBUF_H
#define _TQUIC_SENDBUF_H

#include <linux/scatterlist.h>
#include "ranges.h"

#define TQUIC_SENDBUF_MAX_RANGES	1024

/* A run of stream bytes in one page (or compound page) */
struct tquic_sendfrag {
	u64 off;		/* stream offset of its first byte */
	struct page *page;	/* one reference is ours */
	u32 page_off;
	u32 len;
	void *priv;		/* owner's mark (zero-copy completion), TQUIC_SENDBUF_OWN or NULL */
};

/* In place of a mark: nobody else reads or writes the page, so that it may change for a moment */
#define TQUIC_SENDBUF_OWN	((void *)1)

struct tquic_sendbuf {
	/* an entry takes (@get) or gives back its reference to a mark; set before the first one */
	void (*mark)(void *priv, bool get);
	struct tquic_sendfrag *ring;	/* cap entries, a power of two; NULL until used */
	u32 head;			/* index of the oldest entry */
	u32 nr;
	u32 cap;
	u32 cursor;			/* entry (from head) that the last map ended in */
	u64 base_off;			/* all below is acknowledged and released */
	u64 next_off;			/* first byte never sent */
	u64 end_off;			/* first byte not written yet */
	struct tquic_ranges acked;	/* above base_off */
	struct tquic_ranges pending;	/* sent, lost, to be sent again */
};

void tquic_sendbuf_init(struct tquic_sendbuf *sb);
void tquic_sendbuf_free(struct tquic_sendbuf *sb);
int tquic_sendbuf_append(struct tquic_sendbuf *sb, struct page *page, u32 page_off, u32 len,
			 void *priv, gfp_t gfp);
const struct tquic_sendfrag *tquic_sendbuf_piece(struct tquic_sendbuf *sb, u64 off);
int tquic_sendbuf_map(struct tquic_sendbuf *sb, u64 off, u32 len, struct scatterlist *sg, int max);
void tquic_sendbuf_copy(struct tquic_sendbuf *sb, u64 off, u32 len, void *dst);
u32 tquic_sendbuf_truncate(struct tquic_sendbuf *sb, u64 end);
u32 tquic_sendbuf_acked(struct tquic_sendbuf *sb, u64 off, u32 len, gfp_t gfp);
void tquic_sendbuf_lost(struct tquic_sendbuf *sb, u64 off, u32 len, gfp_t gfp);

/** tquic_sendbuf_next - what to send now from *@off on: lost bytes first, new to @limit_off */
static inline u32 tquic_sendbuf_next(const struct tquic_sendbuf *sb, u64 limit_off, u32 max,
				     u64 *off)
{
	u64 end;

	if (unlikely(!tquic_ranges_empty(&sb->pending))) {
		*off = sb->pending.r[0].start;
		end = sb->pending.r[0].end;
	} else {
		*off = sb->next_off;
		end = min(sb->end_off, limit_off);
		if (end <= *off)
			return 0;
	}
	return min_t(u64, end - *off, max);
}

/** tquic_sendbuf_sent - @len bytes have left, from next_off or the start of lost bytes on */
static inline void tquic_sendbuf_sent(struct tquic_sendbuf *sb, u64 off, u32 len)
{
	u64 end = off + len;

	/*
	 * Bytes given by tquic_sendbuf_next() are the front of a range, and taking those out
	 * needs no memory.  Others that cannot be taken out are sent once more, no harm done.
	 */
	if (unlikely(off < sb->next_off) && !tquic_ranges_empty(&sb->pending))
		tquic_ranges_remove(&sb->pending, off, end, GFP_ATOMIC);
	if (end > sb->next_off)
		sb->next_off = end;
}

/** tquic_sendbuf_held - bytes written and not yet released; 0: all have been acknowledged */
static inline u64 tquic_sendbuf_held(const struct tquic_sendbuf *sb)
{
	return sb->end_off - sb->base_off;
}

/** tquic_sendbuf_mark - the mark that an entry has, NULL: none */
static inline void *tquic_sendbuf_mark(const struct tquic_sendfrag *frag)
{
	return frag->priv == TQUIC_SENDBUF_OWN ? NULL : frag->priv;
}

/** tquic_sendbuf_last_mark - the mark of the newest bytes that are held, NULL: none */
static inline void *tquic_sendbuf_last_mark(const struct tquic_sendbuf *sb)
{
	return sb->nr ? tquic_sendbuf_mark(&sb->ring[(sb->head + sb->nr - 1) & (sb->cap - 1)]) :
			NULL;
}

#endif

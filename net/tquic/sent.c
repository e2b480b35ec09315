// SPDX-License-Identifier: GPL-2.0
/*
 * The log of sent packets.  Owns the blocks and which of their records are live
 * packets; never looks into a frame record and never decides a packet's fate.
 */
#include "cache.h"
#include "sent.h"

static_assert(sizeof(union tquic_rec) == 32);
static_assert(sizeof(struct tquic_pkt) == 32);
static_assert(sizeof(struct tquic_sent_block) == TQUIC_SENT_BLOCK_SIZE);
static_assert(TQUIC_SENT_RECS <= 128);

TQUIC_CACHE(frame_cache, tquic_sent_setup, tquic_sent_teardown, TQUIC_SENT_BLOCK_SIZE,
	    SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT)

/** tquic_sent_init - an empty log; allocates nothing */
void tquic_sent_init(struct tquic_sent *s)
{
	INIT_LIST_HEAD(&s->blocks);
	INIT_LIST_HEAD(&s->spare);
	s->nr_spare = 0;
	s->nr_live = 0;
	s->open = NULL;
}

static void free_list(struct list_head *head)
{
	struct tquic_sent_block *b, *n;

	list_for_each_entry_safe(b, n, head, node) {
		list_del(&b->node);
		kmem_cache_free(frame_cache, b);
	}
}

/** tquic_sent_free - leave an empty log; what frame records refer to was released before */
void tquic_sent_free(struct tquic_sent *s)
{
	free_list(&s->blocks);
	free_list(&s->spare);
	tquic_sent_init(s);
}

/*
 * tquic_sent_trim - give back what an idle connection does not need: spare blocks, and the last one
 * when no packet is live.  Allowed at any time but between begin and commit.
 */
void tquic_sent_trim(struct tquic_sent *s)
{
	free_list(&s->spare);
	s->nr_spare = 0;
	if (!s->nr_live)
		free_list(&s->blocks);
}

static void reset_block(struct tquic_sent_block *b)
{
	b->last_pn = 0;
	b->used = 0;
	b->live = 0;
	memset(b->map, 0, sizeof(b->map));
}

/** tquic_sent_block - a block with room at the end of the log, where the last has none, or NULL */
struct tquic_sent_block *tquic_sent_block(struct tquic_sent *s, gfp_t gfp)
{
	struct tquic_sent_block *b = list_last_entry(&s->blocks, struct tquic_sent_block, node);

	if (!list_empty(&s->blocks) && !b->live) {
		/* the one that is full is begun anew */
	} else if (s->nr_spare) {
		b = list_first_entry(&s->spare, struct tquic_sent_block, node);
		list_move_tail(&b->node, &s->blocks);
		s->nr_spare--;
	} else {
		b = kmem_cache_alloc(frame_cache, gfp);
		if (!b)
			return NULL;
		list_add_tail(&b->node, &s->blocks);
	}
	reset_block(b);
	return b;
}

/** tquic_sent_empty - no packet of a block is live: it is kept, given back, or begun anew */
void tquic_sent_empty(struct tquic_sent *s, struct tquic_sent_block *b)
{
	if (list_is_last(&b->node, &s->blocks)) {
		if (!s->open)
			reset_block(b);
	} else if (s->nr_spare < TQUIC_SENT_SPARE) {
		list_move(&b->node, &s->spare);
		s->nr_spare++;
	} else {
		list_del(&b->node);
		kmem_cache_free(frame_cache, b);
	}
}

static struct tquic_sent_block *block_or_null(const struct list_head *blocks,
					      struct list_head *node)
{
	return node == blocks ? NULL : list_entry(node, struct tquic_sent_block, node);
}

/*
 * tquic_sent_walk_from - begin a walk over live packets; none may be added before it ends.  Blocks
 * whose packets are all below @pn are passed over; the first packets given may still be below.
 */
void tquic_sent_walk_from(struct tquic_sent_walk *w, struct tquic_sent *s, u64 pn)
{
	struct tquic_sent_block *b = block_or_null(&s->blocks, s->blocks.next);

	while (b && b->last_pn < pn)
		b = block_or_null(&s->blocks, b->node.next);
	w->blocks = &s->blocks;
	w->block = NULL;
	w->next = b;
	memset(w->map, 0, sizeof(w->map));
}

/** tquic_sent_cut - the run that the walk gave last is @n packets, of more; the rest is next */
void tquic_sent_cut(struct tquic_sent_walk *w, struct tquic_pkt *pkt, u32 n)
{
	union tquic_rec *first = (union tquic_rec *)pkt, *rest = first + 2 * n;
	u32 i = rest - w->block->rec;

	rest[0] = first[0];
	rest[1] = first[1];
	rest->pkt.flags &= ~TQUIC_PKT_AFTER_ACKED;
	rest->pkt.pn += n;
	rest->pkt.more -= n;
	rest[1].frame.off += n * rest[1].frame.len;
	pkt->more = n - 1;
	w->block->map[i / 64] |= 1ULL << (i % 64);
	w->block->live++;
	w->map[i / 64] |= 1ULL << (i % 64);
}

/** tquic_sent_walk_block - tquic_sent_walk_next() at the end of a block */
struct tquic_pkt *tquic_sent_walk_block(struct tquic_sent_walk *w)
{
	do {
		w->block = w->next;
		if (!w->block)
			return NULL;
		w->next = block_or_null(w->blocks, w->block->node.next);
		memcpy(w->map, w->block->map, sizeof(w->map));
	} while (!(w->map[0] | w->map[1]));
	return tquic_sent_walk_next(w);
}

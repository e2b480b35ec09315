/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The log of sent packets of one packet number space: a 32-byte record for the packet, then one for
 * each frame that matters if it is lost.  Records live in blocks from tquic_frame_cache; a block
 * whose packets are all settled is recycled.  Knows neither time nor congestion.
 *
 * A packet is written by begin, add for each frame, then commit (or abort); it is live until it is
 * settled.  Walks visit live packets only, in the order they left.
 *
 * Packets that are alike, consecutive in number and each with the next bytes of one stream, are one
 * record, a run, with room behind it for all of theirs: it is cut only where their fates part.
 */
#ifndef _TQUIC_SENT_H
#define _TQUIC_SENT_H

#include <linux/bitops.h>
#include <linux/list.h>
#include "wire.h"

#define TQUIC_SENT_BLOCK_SIZE	4096
#define TQUIC_SENT_RECS		((TQUIC_SENT_BLOCK_SIZE - 64) / 32)
#define TQUIC_SENT_MAX_FRAMES	16	/* records of one packet, beside its own */
#define TQUIC_SENT_LAST		(TQUIC_SENT_RECS - 1 - TQUIC_SENT_MAX_FRAMES)	/* packet's start */
#define TQUIC_SENT_SPARE	2	/* blocks kept for reuse by a connection */

#define TQUIC_REC_PACKET	0xff	/* type of a packet record */

/* tquic_pkt flags */
#define TQUIC_PKT_ELICITING	BIT(0)
#define TQUIC_PKT_INFLIGHT	BIT(1)	/* counts for congestion control */
#define TQUIC_PKT_LOST		BIT(3)	/* declared lost, kept to recognise a late ACK */
#define TQUIC_PKT_MTU_PROBE	BIT(4)
#define TQUIC_PKT_APP_LIMITED	BIT(5)
#define TQUIC_PKT_ECT		BIT(6)	/* marked ECT(0) */
#define TQUIC_PKT_AFTER_ACKED	BIT(7)	/* of loss.c: what left just before it was acknowledged */

/* A sent frame: what it referred to, never what it said */
struct tquic_frame {
	u8 type;		/* TQUIC_FT_*, STREAM without its bits */
	u8 flags;		/* of the writer, e.g. FIN */
	u16 len;		/* payload bytes of STREAM and CRYPTO */
	u32 aux;		/* of the writer */
	union {
		void *ref;	/* the stream of a STREAM or stream control frame */
		u64 value;	/* largest acknowledged, sequence number, limit */
	};
	u64 off;		/* STREAM and CRYPTO offset */
	u64 reserved;
};

/* A sent packet, followed by nframes frame records in the same block */
struct tquic_pkt {
	u8 type;		/* TQUIC_REC_PACKET */
	u8 flags;
	u8 nframes;
	u8 path;		/* index of the path it left by */
	u16 bytes;		/* UDP payload */
	u16 more;		/* packets of the run beside this one */
	u64 pn;
	u64 sent_us;
	u32 delivered;		/* path's delivered bytes when it left, low 32 bits */
	u32 delivered_us;	/* and when those were; once lost: when it was declared so */
};

union tquic_rec {
	struct tquic_frame frame;
	struct tquic_pkt pkt;
};

struct tquic_sent_block {
	struct list_head node;	/* in tquic_sent.blocks */
	u64 last_pn;		/* of its newest packet */
	u16 used;		/* records */
	u16 live;		/* records not settled */
	u32 reserved;
	u64 map[2];		/* a bit for each record that is a live packet */
	u64 reserved2[2];
	union tquic_rec rec[TQUIC_SENT_RECS];
};

struct tquic_sent {
	struct list_head blocks;	/* oldest first */
	struct list_head spare;
	u32 nr_spare;
	u32 nr_live;			/* packets not settled */
	union tquic_rec *open;		/* the packet being written, else NULL */
};

/* Where a walk over live packets is; settling the packet it gave last is allowed */
struct tquic_sent_walk {
	const struct list_head *blocks;
	struct tquic_sent_block *block;	/* of the packet given last */
	struct tquic_sent_block *next;
	u64 map[2];			/* packets of block still to come */
};

int tquic_sent_setup(void);
void tquic_sent_teardown(void);
void tquic_sent_init(struct tquic_sent *s);
void tquic_sent_free(struct tquic_sent *s);
struct tquic_sent_block *tquic_sent_block(struct tquic_sent *s, gfp_t gfp);
void tquic_sent_empty(struct tquic_sent *s, struct tquic_sent_block *b);
void tquic_sent_trim(struct tquic_sent *s);
void tquic_sent_walk_from(struct tquic_sent_walk *w, struct tquic_sent *s, u64 pn);
struct tquic_pkt *tquic_sent_walk_block(struct tquic_sent_walk *w);
void tquic_sent_cut(struct tquic_sent_walk *w, struct tquic_pkt *pkt, u32 n);

static inline struct tquic_frame *tquic_pkt_frames(struct tquic_pkt *pkt)
{
	return (struct tquic_frame *)(pkt + 1);
}

/*
 * tquic_sent_begin - open a packet at the end of the log, where none is open: reserves room for the
 * packet and TQUIC_SENT_MAX_FRAMES frames.  The record is zero but for its type; the caller fills
 * it before tquic_sent_commit(), pn being larger than of every packet before.  NULL: no memory.
 */
static inline struct tquic_pkt *tquic_sent_begin(struct tquic_sent *s, gfp_t gfp)
{
	struct tquic_sent_block *b = list_last_entry(&s->blocks, struct tquic_sent_block, node);

	if (unlikely(list_empty(&s->blocks) || b->used > TQUIC_SENT_LAST)) {
		b = tquic_sent_block(s, gfp);
		if (!b)
			return NULL;
	}
	s->open = &b->rec[b->used];
	s->open->pkt = (struct tquic_pkt){ .type = TQUIC_REC_PACKET };
	return &s->open->pkt;
}

/*
 * tquic_sent_add - the next frame record of the open packet; tquic_sent_room() says whether one
 * more fits.  The record holds whatever was there before: the caller writes type, and every other
 * field that its loss callbacks read.
 */
static inline struct tquic_frame *tquic_sent_add(struct tquic_sent *s)
{
	return &s->open[++s->open->pkt.nframes].frame;
}

/** tquic_sent_run_room - packets of one frame that fit in where the open one begins, with it */
static inline u32 tquic_sent_run_room(const struct tquic_sent *s)
{
	struct tquic_sent_block *b = list_last_entry(&s->blocks, struct tquic_sent_block, node);

	return (TQUIC_SENT_RECS - b->used) / 2;
}

/** tquic_sent_commit - the open packet, or run, has left: it is live from now on */
static inline void tquic_sent_commit(struct tquic_sent *s)
{
	struct tquic_sent_block *b = list_last_entry(&s->blocks, struct tquic_sent_block, node);
	const struct tquic_pkt *pkt = &s->open->pkt;
	u32 i = b->used, n = 1 + pkt->more;

	b->map[i / 64] |= 1ULL << (i % 64);
	b->last_pn = pkt->pn + pkt->more;
	b->used = i + n * (1 + pkt->nframes);
	b->live++;
	s->nr_live += n;
	s->open = NULL;
}

/** tquic_sent_abort - forget the open packet; it was not sent */
static inline void tquic_sent_abort(struct tquic_sent *s)
{
	s->open = NULL;
}

/** tquic_sent_settle - a live packet's fate is known: its records, in @b, may be reused */
static inline void tquic_sent_settle(struct tquic_sent *s, struct tquic_sent_block *b,
				     struct tquic_pkt *pkt)
{
	u32 i = (union tquic_rec *)pkt - b->rec;

	b->map[i / 64] &= ~(1ULL << (i % 64));
	s->nr_live -= 1 + pkt->more;
	if (!--b->live)
		tquic_sent_empty(s, b);
}

/** tquic_sent_room - frame records that the open packet can still take */
static inline u32 tquic_sent_room(const struct tquic_sent *s)
{
	return TQUIC_SENT_MAX_FRAMES - s->open->pkt.nframes;
}

/*
 * tquic_sent_walk_next - the next live packet, in the order they left, NULL at the end.  The packet
 * given before may be settled meanwhile, no other.
 */
static inline struct tquic_pkt *tquic_sent_walk_next(struct tquic_sent_walk *w)
{
	u32 i;

	if (w->map[0]) {
		i = __ffs64(w->map[0]);
		w->map[0] &= w->map[0] - 1;
	} else if (w->map[1]) {
		i = 64 + __ffs64(w->map[1]);
		w->map[1] &= w->map[1] - 1;
	} else {
		return tquic_sent_walk_block(w);
	}
	return &w->block->rec[i].pkt;
}

#endif

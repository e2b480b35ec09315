/* SPDX-License-Identifier: GPL-2.0 */
/* Bytes that have arrived of a stream (or CRYPTO stream), in the packets they came in. */
#ifndef _TQUIC_RECVBUF_H
#define _TQUIC_RECVBUF_H

#include <linux/rbtree.h>
#include <linux/skbuff.h>

#define TQUIC_RECVBUF_FREE_SEGS	1024	/* segments that need no justification */

/*
 * An arrived run of bytes, from tquic_seg_cache.  Packets of one aggregate lie one behind the other
 * with their headers in between: a run of them is one segment, in pieces at equal distances.
 */
struct tquic_rxseg {
	union {
		struct rb_node node;		/* in tquic_recvbuf.root */
		struct tquic_rxseg *next;	/* in the readable list */
	};
	u64 off;		/* stream offset */
	const u8 *data;		/* first piece, inside skb's memory */
	struct sk_buff *skb;	/* one reference is ours */
	u32 len;		/* bytes of all pieces */
	u32 piece;		/* bytes of each piece, of the last at most */
	u32 stride;		/* from the start of a piece to that of the next */
	u32 nr;			/* pieces */
};

struct tquic_recvbuf {
	struct tquic_rxseg *head;	/* readable bytes, a list without gaps; NULL: none */
	struct tquic_rxseg *tail;
	struct tquic_rxseg *peeked;	/* of that list, where the last peek was; NULL: none */
	struct rb_root root;		/* what arrived beyond ready_off, by offset, disjoint */
	u64 read_off;		/* next byte for the reader */
	u64 ready_off;		/* end of what is contiguous from read_off */
	u64 held_bytes;		/* in segments, what is read of the first included */
	u32 nr_segs;
};

int tquic_recvbuf_setup(void);
void tquic_recvbuf_teardown(void);
void tquic_recvbuf_init(struct tquic_recvbuf *rb);
void tquic_recvbuf_free(struct tquic_recvbuf *rb);
int tquic_recvbuf_insert(struct tquic_recvbuf *rb, u64 off, const u8 *data, u32 len,
			 struct sk_buff *skb, gfp_t gfp);
bool tquic_recvbuf_extend(struct tquic_recvbuf *rb, const u8 *data, u32 len, struct sk_buff *skb);
u32 tquic_recvbuf_peek(struct tquic_recvbuf *rb, u64 off, const u8 **data);
void tquic_recvbuf_copy(struct tquic_recvbuf *rb, u8 *to, u32 len);
void tquic_recvbuf_consume(struct tquic_recvbuf *rb, u32 len);

/** tquic_recvbuf_next - where one more piece of the newest segment would be; NULL: it is no run */
static inline const u8 *tquic_recvbuf_next(const struct tquic_recvbuf *rb)
{
	const struct tquic_rxseg *seg = rb->tail;

	if (!seg || seg->nr == 1 || seg->len != seg->nr * seg->piece || !RB_EMPTY_ROOT(&rb->root))
		return NULL;
	return seg->data + (size_t)seg->nr * seg->stride;
}

/** tquic_recvbuf_grow - @nr pieces more, of @len bytes in all, of the newest segment */
static inline void tquic_recvbuf_grow(struct tquic_recvbuf *rb, u32 nr, u32 len)
{
	rb->tail->nr += nr;
	rb->tail->len += len;
	rb->held_bytes += len;
	rb->ready_off += len;
}

/** tquic_recvbuf_ready - bytes that can be read now */
static inline u64 tquic_recvbuf_ready(const struct tquic_recvbuf *rb)
{
	return rb->ready_off - rb->read_off;
}

#endif

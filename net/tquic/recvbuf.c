// SPDX-License-Identifier: GPL-2.0
/*
 * The receive buffer: what can be read is a plain list, what arrived ahead of a gap waits in a tree
 * and moves over when the gap closes.  Owns the segments and their packet references, whose memory
 * is charged by whoever owns the skb; never copies a payload byte, counts credit or wakes a reader.
 */
#include "cache.h"
#include "recvbuf.h"

TQUIC_CACHE(seg_cache, tquic_recvbuf_setup, tquic_recvbuf_teardown, sizeof(struct tquic_rxseg), 0)

/** tquic_recvbuf_init - an empty buffer at offset 0; allocates nothing */
void tquic_recvbuf_init(struct tquic_recvbuf *rb)
{
	memset(rb, 0, sizeof(*rb));
	rb->root = RB_ROOT;
}

static void free_seg(struct tquic_recvbuf *rb, struct tquic_rxseg *seg)
{
	rb->held_bytes -= seg->len;
	rb->nr_segs--;
	consume_skb(seg->skb);
	kmem_cache_free(seg_cache, seg);
}

/** tquic_recvbuf_free - drop every segment; nothing is ready: ready_off falls back to read_off */
void tquic_recvbuf_free(struct tquic_recvbuf *rb)
{
	struct tquic_rxseg *seg, *next;

	for (seg = rb->head; seg; seg = next) {
		next = seg->next;
		free_seg(rb, seg);
	}
	rbtree_postorder_for_each_entry_safe(seg, next, &rb->root, node)
		free_seg(rb, seg);
	rb->head = NULL;
	rb->tail = NULL;
	rb->peeked = NULL;
	rb->root = RB_ROOT;
	rb->ready_off = rb->read_off;
}

static int new_seg(struct tquic_recvbuf *rb, u64 off, const u8 *data, u32 len, struct sk_buff *skb,
		   gfp_t gfp, struct tquic_rxseg **segp)
{
	struct tquic_rxseg *seg;

	/* what the reader waits for is always taken: it lets all behind it go */
	if (unlikely(rb->nr_segs >= TQUIC_RECVBUF_FREE_SEGS &&
		     (rb->nr_segs + 1) * sizeof(*seg) > rb->held_bytes + len &&
		     (rb->head || off != rb->ready_off)))
		return -ENOBUFS;
	seg = kmem_cache_alloc(seg_cache, gfp);
	if (unlikely(!seg))
		return -ENOMEM;
	seg->off = off;
	seg->data = data;
	seg->len = len;
	seg->piece = len;
	seg->nr = 1;
	seg->skb = skb_get(skb);
	rb->held_bytes += len;
	rb->nr_segs++;
	*segp = seg;
	return 0;
}

/*
 * tquic_recvbuf_extend - tquic_recvbuf_insert() of bytes, not 0, that go on where the readable ones
 * end, as another piece of the newest segment.  False, with nothing changed, if they do not fit.
 */
bool tquic_recvbuf_extend(struct tquic_recvbuf *rb, const u8 *data, u32 len, struct sk_buff *skb)
{
	struct tquic_rxseg *seg = rb->tail;
	size_t step;

	if (!seg || !RB_EMPTY_ROOT(&rb->root) || seg->skb != skb || len > seg->piece ||
	    seg->len != seg->nr * seg->piece)
		return false;
	step = data - seg->data;
	if (seg->nr == 1 && step >= seg->piece && step <= U16_MAX)
		seg->stride = step;
	else if (seg->nr == 1 || step != (size_t)seg->nr * seg->stride)
		return false;
	tquic_recvbuf_grow(rb, 1, len);
	return true;
}

static void make_ready(struct tquic_recvbuf *rb, struct tquic_rxseg *seg)
{
	seg->next = NULL;
	if (rb->tail)
		rb->tail->next = seg;
	else
		rb->head = seg;
	rb->tail = seg;
	rb->ready_off += seg->len;
}

static void pull_ready(struct tquic_recvbuf *rb, struct rb_node *n)
{
	struct tquic_rxseg *seg;

	for (; n; n = rb_first(&rb->root)) {
		seg = rb_entry(n, struct tquic_rxseg, node);
		if (seg->off != rb->ready_off)
			break;
		rb_erase(n, &rb->root);
		make_ready(rb, seg);
	}
}

static bool lower(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct tquic_rxseg, node)->off <
	       rb_entry(b, struct tquic_rxseg, node)->off;
}

/* The first segment of the tree that ends above @off */
static struct rb_node *first_above(const struct tquic_recvbuf *rb, u64 off)
{
	struct rb_node *n = rb->root.rb_node, *best = NULL;
	struct tquic_rxseg *seg;

	while (n) {
		seg = rb_entry(n, struct tquic_rxseg, node);
		if (seg->off + seg->len > off) {
			best = n;
			n = n->rb_left;
		} else {
			n = n->rb_right;
		}
	}
	return best;
}

/* Fill the gaps of the tree in [off, off + len), which lies at or above ready_off. */
static int insert_gaps(struct tquic_recvbuf *rb, u64 off, const u8 *data, u32 len,
		       struct sk_buff *skb, gfp_t gfp)
{
	struct rb_node *n = first_above(rb, off);
	struct tquic_rxseg *seg, *held = NULL;
	u64 end = off + len, stop;
	int ret, added = 0;

	for (; off < end; n = rb_next(n)) {
		if (n)
			held = rb_entry(n, struct tquic_rxseg, node);
		stop = n ? min(held->off, end) : end;
		if (stop > off) {
			ret = new_seg(rb, off, data, stop - off, skb, gfp, &seg);
			if (ret)
				return ret;
			rb_add(&seg->node, &rb->root, lower);
			added += seg->len;
		}
		if (!n || stop == end)
			break;
		data += held->off + held->len - off;
		off = held->off + held->len;
	}
	return added;
}

/*
 * tquic_recvbuf_insert - hold arrived bytes, in memory of @skb that stays where it is and is
 * referenced for each segment made; @off + @len is below 2^62.  What is already held or read stays
 * as it first arrived.  Returns the bytes newly held, -ENOMEM, or -ENOBUFS when segments so small
 * have piled up that their bookkeeping outweighs them.  After an error a part may be held: the same
 * bytes may come again.
 */
int tquic_recvbuf_insert(struct tquic_recvbuf *rb, u64 off, const u8 *data, u32 len,
			 struct sk_buff *skb, gfp_t gfp)
{
	struct tquic_rxseg *seg;
	u32 skip;
	int ret;

	if (unlikely(off < rb->ready_off)) {
		if (off + len <= rb->ready_off)
			return 0;
		skip = rb->ready_off - off;
		off += skip;
		data += skip;
		len -= skip;
	}
	if (unlikely(!len))
		return 0;
	if (off == rb->ready_off && tquic_recvbuf_extend(rb, data, len, skb))
		return len;
	if (likely(off == rb->ready_off && RB_EMPTY_ROOT(&rb->root))) {
		ret = new_seg(rb, off, data, len, skb, gfp, &seg);
		if (unlikely(ret))
			return ret;
		make_ready(rb, seg);
		return len;
	}
	ret = insert_gaps(rb, off, data, len, skb, gfp);
	if (off == rb->ready_off)
		pull_ready(rb, rb_first(&rb->root));
	return ret;
}

/*
 * tquic_recvbuf_peek - where readable bytes from @off, not below read_off, are: sets @data.
 * Walking up, or staying, costs the same however much is held.  Returns how many bytes lie there in
 * one piece, 0 when @off is not readable.
 */
u32 tquic_recvbuf_peek(struct tquic_recvbuf *rb, u64 off, const u8 **data)
{
	struct tquic_rxseg *seg = rb->peeked;
	u32 at, in;

	if (off < rb->read_off || off >= rb->ready_off)
		return 0;
	if (!seg || off < seg->off)
		seg = rb->head;
	while (off - seg->off >= seg->len)
		seg = seg->next;
	rb->peeked = seg;
	at = off - seg->off;
	in = at % seg->piece;
	*data = seg->data + (size_t)(at / seg->piece) * seg->stride + in;
	return min(seg->piece - in, seg->len - at);
}

/** tquic_recvbuf_copy - the first @len readable bytes, of which there are as many: they stay */
void tquic_recvbuf_copy(struct tquic_recvbuf *rb, u8 *to, u32 len)
{
	const u8 *p;
	u32 off, n;

	for (off = 0; off < len; off += n) {
		n = min(tquic_recvbuf_peek(rb, rb->read_off + off, &p), len - off);
		memcpy(to + off, p, n);
	}
}

/** tquic_recvbuf_consume - the reader has taken @len bytes, not more than are ready */
void tquic_recvbuf_consume(struct tquic_recvbuf *rb, u32 len)
{
	struct tquic_rxseg *seg;

	if (WARN_ON_ONCE(len > tquic_recvbuf_ready(rb)))
		return;
	rb->read_off += len;
	for (seg = rb->head; seg && seg->off + seg->len <= rb->read_off; seg = rb->head) {
		rb->head = seg->next;
		if (rb->peeked == seg)
			rb->peeked = NULL;
		free_seg(rb, seg);
	}
	if (!rb->head)
		rb->tail = NULL;
}

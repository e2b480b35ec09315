/* SPDX-License-Identifier: GPL-2.0 */
/* The way in: what input.c offers.  The life of a received packet is read there. */
#ifndef _TQUIC_INPUT_H
#define _TQUIC_INPUT_H

#include "conn.h"

/* Where the datagrams of an skb lie, walking up: its head, its frags, and those of its frag_list */
struct tquic_cursor {
	const struct sk_buff *skb;	/* with the piece at hand */
	const struct sk_buff *next;	/* of the frag_list */
	u8 *base;		/* of the piece at hand */
	u32 off;		/* of that piece in the skb */
	u32 len;
	u32 frag;		/* next one */
};

static inline void tquic_cursor_init(struct tquic_cursor *c, const struct sk_buff *skb)
{
	c->skb = skb;
	c->next = skb_shinfo(skb)->frag_list;
	c->base = skb->data;
	c->off = 0;
	c->len = skb_headlen(skb);
	c->frag = 0;
}

/** tquic_cursor_at - @len bytes at @off if they lie in one piece, else NULL */
static inline u8 *tquic_cursor_at(struct tquic_cursor *c, u32 off, u32 len)
{
	while (unlikely(off >= c->off + c->len)) {
		skb_frag_t *frag;

		if (c->frag == skb_shinfo(c->skb)->nr_frags) {
			if (!c->next)
				return NULL;
			c->skb = c->next;
			c->next = c->skb->next;
			c->frag = 0;
			c->off += c->len;
			c->len = skb_headlen(c->skb);
			c->base = c->skb->data;
			continue;
		}
		frag = &skb_shinfo(c->skb)->frags[c->frag++];
		c->off += c->len;
		c->len = skb_frag_size(frag);
		c->base = skb_frag_address(frag);
	}
	return off + len <= c->off + c->len ? c->base + (off - c->off) : NULL;
}

void tquic_input(struct tquic_conn *conn, struct sk_buff *skb, const struct tquic_rx *rx);
void tquic_input_finish(struct tquic_conn *conn, u64 now_us);
void tquic_input_retry_undecryptable(struct tquic_conn *conn, u64 now_us);

#endif

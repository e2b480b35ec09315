/* SPDX-License-Identifier: GPL-2.0 */
/* Linear packets with references: enough to hold received bytes. */
#ifndef _SHIM_SKBUFF_H
#define _SHIM_SKBUFF_H

#include <linux/mm.h>
#include <linux/refcount.h>

struct sk_buff {
	refcount_t users;
	unsigned int len;
	unsigned int data_len;	/* always 0: linear */
	unsigned int truesize;
	unsigned char *head;
	unsigned char *data;
	unsigned char *end;
	struct sk_buff *next;
	struct sk_buff *prev;
	char cb[48] __aligned(8);
};

struct sk_buff *alloc_skb(unsigned int size, gfp_t gfp);
void kfree_skb(struct sk_buff *skb);
void *skb_put(struct sk_buff *skb, unsigned int len);

#define consume_skb(skb)	kfree_skb(skb)

static inline struct sk_buff *skb_get(struct sk_buff *skb)
{
	refcount_inc(&skb->users);
	return skb;
}

static inline bool skb_shared(const struct sk_buff *skb)
{
	return refcount_read(&skb->users) != 1;
}

static inline void skb_reserve(struct sk_buff *skb, unsigned int len)
{
	skb->data += len;
}

static inline void *skb_put_data(struct sk_buff *skb, const void *data, unsigned int len)
{
	return memcpy(skb_put(skb, len), data, len);
}

static inline void *skb_put_zero(struct sk_buff *skb, unsigned int len)
{
	return memset(skb_put(skb, len), 0, len);
}

static inline void *skb_pull(struct sk_buff *skb, unsigned int len)
{
	if (len > skb->len)
		return NULL;
	skb->len -= len;
	return skb->data += len;
}

static inline unsigned int skb_headlen(const struct sk_buff *skb)
{
	return skb->len;
}

#endif

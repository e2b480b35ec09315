/* SPDX-License-Identifier: GPL-2.0 */
/* Doubly linked circular lists; a deleted entry is poisoned. */
#ifndef _SHIM_LIST_H
#define _SHIM_LIST_H

#include <linux/types.h>

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)
#define LIST_POISON1		((struct list_head *)0x100)
#define LIST_POISON2		((struct list_head *)0x122)

static inline void INIT_LIST_HEAD(struct list_head *h)
{
	h->next = h;
	h->prev = h;
}

static inline void __list_link(struct list_head *prev, struct list_head *next)
{
	prev->next = next;
	next->prev = prev;
}

static inline void list_add(struct list_head *n, struct list_head *h)
{
	__list_link(n, h->next);
	__list_link(h, n);
}

static inline void list_add_tail(struct list_head *n, struct list_head *h)
{
	__list_link(h->prev, n);
	__list_link(n, h);
}

static inline void __list_del_entry(struct list_head *n)
{
	WARN_ON(n->prev->next != n || n->next->prev != n);
	__list_link(n->prev, n->next);
}

static inline void list_del(struct list_head *n)
{
	__list_del_entry(n);
	n->next = LIST_POISON1;
	n->prev = LIST_POISON2;
}

static inline void list_del_init(struct list_head *n)
{
	__list_del_entry(n);
	INIT_LIST_HEAD(n);
}

static inline bool list_empty(const struct list_head *h)
{
	return h->next == h;
}

static inline bool list_is_last(const struct list_head *n, const struct list_head *h)
{
	return n->next == h;
}

static inline bool list_is_first(const struct list_head *n, const struct list_head *h)
{
	return n->prev == h;
}

static inline bool list_is_head(const struct list_head *n, const struct list_head *h)
{
	return n == h;
}

static inline bool list_is_singular(const struct list_head *h)
{
	return !list_empty(h) && h->next == h->prev;
}

static inline void list_move(struct list_head *n, struct list_head *h)
{
	__list_del_entry(n);
	list_add(n, h);
}

static inline void list_move_tail(struct list_head *n, struct list_head *h)
{
	__list_del_entry(n);
	list_add_tail(n, h);
}

static inline void list_splice_tail_init(struct list_head *from, struct list_head *h)
{
	if (list_empty(from))
		return;
	__list_link(h->prev, from->next);
	__list_link(from->prev, h);
	INIT_LIST_HEAD(from);
}

static inline void list_splice_init(struct list_head *from, struct list_head *h)
{
	list_splice_tail_init(from, h->next);
}

static inline void list_replace_init(struct list_head *old, struct list_head *n)
{
	INIT_LIST_HEAD(n);
	list_splice_tail_init(old, n);
}

#define list_entry(p, t, m)		container_of(p, t, m)
#define list_first_entry(h, t, m)	list_entry((h)->next, t, m)
#define list_last_entry(h, t, m)	list_entry((h)->prev, t, m)
#define list_first_entry_or_null(h, t, m)	\
	(list_empty(h) ? NULL : list_first_entry(h, t, m))
#define list_next_entry(p, m)		list_entry((p)->m.next, typeof(*(p)), m)
#define list_prev_entry(p, m)		list_entry((p)->m.prev, typeof(*(p)), m)
#define list_entry_is_head(p, h, m)	(&(p)->m == (h))

#define list_for_each(p, h)		\
	for ((p) = (h)->next; (p) != (h); (p) = (p)->next)
#define list_for_each_safe(p, n, h)	\
	for ((p) = (h)->next, (n) = (p)->next; (p) != (h); (p) = (n), (n) = (p)->next)
#define list_for_each_entry(p, h, m)					\
	for ((p) = list_first_entry(h, typeof(*(p)), m);		\
	     !list_entry_is_head(p, h, m); (p) = list_next_entry(p, m))
#define list_for_each_entry_reverse(p, h, m)				\
	for ((p) = list_last_entry(h, typeof(*(p)), m);			\
	     !list_entry_is_head(p, h, m); (p) = list_prev_entry(p, m))
#define list_for_each_entry_from(p, h, m)				\
	for (; !list_entry_is_head(p, h, m); (p) = list_next_entry(p, m))
#define list_for_each_entry_continue(p, h, m)				\
	for ((p) = list_next_entry(p, m);				\
	     !list_entry_is_head(p, h, m); (p) = list_next_entry(p, m))
#define list_for_each_entry_safe(p, n, h, m)				\
	for ((p) = list_first_entry(h, typeof(*(p)), m), (n) = list_next_entry(p, m);	\
	     !list_entry_is_head(p, h, m); (p) = (n), (n) = list_next_entry(n, m))
#define list_for_each_entry_safe_reverse(p, n, h, m)			\
	for ((p) = list_last_entry(h, typeof(*(p)), m), (n) = list_prev_entry(p, m);	\
	     !list_entry_is_head(p, h, m); (p) = (n), (n) = list_prev_entry(n, m))

static inline size_t list_count_nodes(struct list_head *h)
{
	struct list_head *p;
	size_t n = 0;

	list_for_each(p, h)
		n++;
	return n;
}

#endif

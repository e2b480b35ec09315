/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sorted trees with the interface of the kernel's red-black trees.  They are not
 * balanced: the tests need the order and the links, not the depth.
 */
#ifndef _SHIM_RBTREE_H
#define _SHIM_RBTREE_H

#include <linux/types.h>

struct rb_node {
	struct rb_node *parent;	/* itself: in no tree */
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
	struct rb_node *rb_leftmost;
};

#define RB_ROOT			((struct rb_root) { NULL })
#define RB_ROOT_CACHED		((struct rb_root_cached) { { NULL }, NULL })
#define RB_EMPTY_ROOT(r)	(!(r)->rb_node)
#define RB_EMPTY_NODE(n)	((n)->parent == (n))
#define RB_CLEAR_NODE(n)	((void)((n)->parent = (n)))
#define rb_parent(n)		((n)->parent)
#define rb_entry(p, t, m)	container_of(p, t, m)
#define rb_entry_safe(p, t, m) ({				\
	typeof(p) __p = (p);					\
	__p ? rb_entry(__p, t, m) : NULL; })

struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *n);
struct rb_node *rb_prev(const struct rb_node *n);
struct rb_node *rb_first_postorder(const struct rb_root *root);
struct rb_node *rb_next_postorder(const struct rb_node *n);
void rb_erase(struct rb_node *n, struct rb_root *root);
void rb_replace_node(struct rb_node *victim, struct rb_node *n, struct rb_root *root);

static inline void rb_link_node(struct rb_node *n, struct rb_node *parent, struct rb_node **link)
{
	n->parent = parent;
	n->rb_left = NULL;
	n->rb_right = NULL;
	*link = n;
}

static inline void rb_insert_color(struct rb_node *n, struct rb_root *root)
{
	(void)n;
	(void)root;
}

static inline void rb_add(struct rb_node *n, struct rb_root *root,
			  bool (*less)(struct rb_node *a, const struct rb_node *b))
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = less(n, parent) ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(n, parent, link);
	rb_insert_color(n, root);
}

static inline void rb_insert_color_cached(struct rb_node *n, struct rb_root_cached *root,
					  bool leftmost)
{
	if (leftmost)
		root->rb_leftmost = n;
	rb_insert_color(n, &root->rb_root);
}

static inline void rb_erase_cached(struct rb_node *n, struct rb_root_cached *root)
{
	if (root->rb_leftmost == n)
		root->rb_leftmost = rb_next(n);
	rb_erase(n, &root->rb_root);
}

#define rb_first_cached(root)	((root)->rb_leftmost)

static inline struct rb_node *rb_find(const void *key, const struct rb_root *root,
				      int (*cmp)(const void *key, const struct rb_node *n))
{
	struct rb_node *n = root->rb_node;
	int c;

	while (n && (c = cmp(key, n)))
		n = c < 0 ? n->rb_left : n->rb_right;
	return n;
}

#define rbtree_postorder_for_each_entry_safe(p, n, root, m)			\
	for ((p) = rb_entry_safe(rb_first_postorder(root), typeof(*(p)), m);	\
	     (p) && ({ (n) = rb_entry_safe(rb_next_postorder(&(p)->m),		\
					   typeof(*(p)), m); 1; });		\
	     (p) = (n))

#endif

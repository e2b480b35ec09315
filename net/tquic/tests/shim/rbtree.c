// SPDX-License-Identifier: GPL-2.0
/* Walks and removal of the harness's trees. */
#include <linux/rbtree.h>

static struct rb_node *leftmost(struct rb_node *n)
{
	while (n && n->rb_left)
		n = n->rb_left;
	return n;
}

static struct rb_node *rightmost(struct rb_node *n)
{
	while (n && n->rb_right)
		n = n->rb_right;
	return n;
}

/* the first leaf that a walk meets which visits children before their parent */
static struct rb_node *deepest(struct rb_node *n)
{
	while (n && (n->rb_left || n->rb_right))
		n = n->rb_left ? n->rb_left : n->rb_right;
	return n;
}

struct rb_node *rb_first(const struct rb_root *root)
{
	return leftmost(root->rb_node);
}

struct rb_node *rb_last(const struct rb_root *root)
{
	return rightmost(root->rb_node);
}

struct rb_node *rb_next(const struct rb_node *n)
{
	if (RB_EMPTY_NODE(n))
		return NULL;
	if (n->rb_right)
		return leftmost(n->rb_right);
	while (n->parent && n == n->parent->rb_right)
		n = n->parent;
	return n->parent;
}

struct rb_node *rb_prev(const struct rb_node *n)
{
	if (RB_EMPTY_NODE(n))
		return NULL;
	if (n->rb_left)
		return rightmost(n->rb_left);
	while (n->parent && n == n->parent->rb_left)
		n = n->parent;
	return n->parent;
}

struct rb_node *rb_first_postorder(const struct rb_root *root)
{
	return deepest(root->rb_node);
}

struct rb_node *rb_next_postorder(const struct rb_node *n)
{
	struct rb_node *parent = n ? n->parent : NULL;

	if (parent && n == parent->rb_left && parent->rb_right)
		return deepest(parent->rb_right);
	return parent;
}

/* whatever pointed at victim points at n, which may be NULL */
static void relink(struct rb_node *victim, struct rb_node *n, struct rb_root *root)
{
	struct rb_node *parent = victim->parent;

	if (!parent)
		root->rb_node = n;
	else if (parent->rb_left == victim)
		parent->rb_left = n;
	else
		parent->rb_right = n;
	if (n)
		n->parent = parent;
}

void rb_replace_node(struct rb_node *victim, struct rb_node *n, struct rb_root *root)
{
	*n = *victim;
	relink(victim, n, root);
	if (n->rb_left)
		n->rb_left->parent = n;
	if (n->rb_right)
		n->rb_right->parent = n;
}

void rb_erase(struct rb_node *n, struct rb_root *root)
{
	struct rb_node *next;

	WARN_ON(RB_EMPTY_NODE(n));
	if (!n->rb_left || !n->rb_right) {
		relink(n, n->rb_left ? n->rb_left : n->rb_right, root);
		return;
	}
	next = leftmost(n->rb_right);
	relink(next, next->rb_right, root);
	rb_replace_node(n, next, root);
}

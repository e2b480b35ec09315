// SPDX-License-Identifier: GPL-2.0
/*
 * Which socket a connection ID belongs to: one hash table for all network
 * namespaces, read under RCU by softirq.  It knows no connection and frees no
 * socket; who publishes an ID takes it back before the socket goes.
 */
#include <linux/jhash.h>
#include <linux/slab.h>

#include "sock.h"

struct lookup_key {
	const struct net *net;
	const u8 *id;
	u8 len;
};

struct lookup_entry {
	struct rhash_head node;
	const struct net *net;
	struct sock *sk;	/* no reference: the entry goes first */
	struct tquic_cid cid;
	struct rcu_head rcu;
};

static struct rhashtable table;

/* IDs may be of a client's choice: the table's random seed keeps buckets even */
static u32 hash(const struct net *net, const u8 *id, u8 len, u32 seed)
{
	return jhash(id, len, seed ^ net_hash_mix(net));
}

static u32 hash_key(const void *data, u32 len, u32 seed)
{
	const struct lookup_key *key = data;

	return hash(key->net, key->id, key->len, seed);
}

static u32 hash_entry(const void *data, u32 len, u32 seed)
{
	const struct lookup_entry *e = data;

	return hash(e->net, e->cid.id, e->cid.len, seed);
}

static int compare(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct lookup_key *key = arg->key;
	const struct lookup_entry *e = obj;

	return e->net != key->net || e->cid.len != key->len ||
	       memcmp(e->cid.id, key->id, key->len);
}

static const struct rhashtable_params params = {
	.head_offset = offsetof(struct lookup_entry, node),
	.hashfn = hash_key,
	.obj_hashfn = hash_entry,
	.obj_cmpfn = compare,
	.automatic_shrinking = true,
};

/**
 * tquic_lookup_setup - make the table
 *
 * Return: 0 or -ENOMEM.
 */
int tquic_lookup_setup(void)
{
	return rhashtable_init(&table, &params);
}

/** tquic_lookup_teardown - undo tquic_lookup_setup(); every ID has been taken back */
void tquic_lookup_teardown(void)
{
	rhashtable_destroy(&table);
}

/**
 * tquic_lookup_add - publish a connection ID
 * @net: where packets with it arrive
 * @cid: the ID, 1 to 20 bytes
 * @sk: whose packets they are; its lock is held
 *
 * Any context.
 *
 * Return: 0, also when @sk has published it before; -EEXIST when another
 * socket has; -ENOMEM.
 */
int tquic_lookup_add(struct net *net, const struct tquic_cid *cid, struct sock *sk)
{
	struct lookup_key key = { .net = net, .id = cid->id, .len = cid->len };
	struct lookup_entry *e, *old;
	int err = 0;

	e = kmalloc(sizeof(*e), GFP_ATOMIC);
	if (!e)
		return -ENOMEM;
	e->net = net;
	e->sk = sk;
	e->cid = *cid;
	rcu_read_lock();
	old = rhashtable_lookup_get_insert_key(&table, &key, &e->node, params);
	if (IS_ERR(old))
		err = PTR_ERR(old);
	else if (old && old->sk != sk)
		err = -EEXIST;
	rcu_read_unlock();
	if (old)
		kfree(e);
	return err;
}

/**
 * tquic_lookup_del - take a connection ID back
 * @net: as published
 * @cid: the ID
 * @sk: who published it; an ID of somebody else stays
 */
void tquic_lookup_del(struct net *net, const struct tquic_cid *cid, struct sock *sk)
{
	struct lookup_key key = { .net = net, .id = cid->id, .len = cid->len };
	struct lookup_entry *e;

	rcu_read_lock();
	e = rhashtable_lookup(&table, &key, params);
	if (e && e->sk == sk && !rhashtable_remove_fast(&table, &e->node, params))
		kfree_rcu(e, rcu);
	rcu_read_unlock();
}

/**
 * tquic_lookup_find - the socket that packets with a connection ID are for
 * @net: where the packet arrived
 * @cid: the ID
 * @len: bytes of it
 *
 * Any context.  Sockets are freed after a grace period (SOCK_RCU_FREE).
 *
 * Return: the socket with a reference that the caller puts; NULL: nobody's.
 */
struct sock *tquic_lookup_find(struct net *net, const u8 *cid, u8 len)
{
	struct lookup_key key = { .net = net, .id = cid, .len = len };
	struct lookup_entry *e;
	struct sock *sk = NULL;

	rcu_read_lock();
	e = rhashtable_lookup(&table, &key, params);
	if (e && refcount_inc_not_zero(&e->sk->sk_refcnt))
		sk = e->sk;
	rcu_read_unlock();
	return sk;
}

/** tquic_lookup_walk_start - begin a walk over all that is published; may see an entry twice */
void tquic_lookup_walk_start(struct rhashtable_iter *it)
{
	rhashtable_walk_enter(&table, it);
}

/**
 * tquic_lookup_walk_next - one step of a walk
 * @it: the walk
 * @cid: set to the connection ID
 *
 * Process context; may sleep between two steps.
 *
 * Return: its socket, with a reference that the caller puts; NULL: the end.
 */
struct sock *tquic_lookup_walk_next(struct rhashtable_iter *it, struct tquic_cid *cid)
{
	struct lookup_entry *e;
	struct sock *sk = NULL;

	rhashtable_walk_start(it);
	while ((e = rhashtable_walk_next(it))) {
		if (IS_ERR(e))	/* the table is being resized: goes on from there */
			continue;
		if (!refcount_inc_not_zero(&e->sk->sk_refcnt))
			continue;
		*cid = e->cid;
		sk = e->sk;
		break;
	}
	rhashtable_walk_stop(it);
	return sk;
}

/** tquic_lookup_walk_stop - end a walk */
void tquic_lookup_walk_stop(struct rhashtable_iter *it)
{
	rhashtable_walk_exit(it);
}

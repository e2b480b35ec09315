// SPDX-License-Identifier: GPL-2.0
/*
 * Which socket a connection ID belongs to: one hash table for all network
 * namespaces, read under RCU by softirq.  It knows of a connection only its
 * owner and frees no socket; who publishes an ID takes it back before that goes.
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

/** tquic_lookup_setup - make the table; 0 or -ENOMEM */
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
 * tquic_lookup_add - tquic_conn_ops.cid_add: publish a connection ID
 * @conn: whose packets have it; the lock of its socket is held
 * @cid: the ID, 1 to 20 bytes
 *
 * Any context.
 *
 * Return: 0, also when the socket has published it before; -EEXIST when another
 * has; -ENOMEM.
 */
int tquic_lookup_add(struct tquic_conn *conn, const struct tquic_cid *cid)
{
	struct sock *sk = conn->owner;
	struct lookup_key key = { .net = sock_net(sk), .id = cid->id, .len = cid->len };
	struct lookup_entry *e, *old;
	int err = 0;

	e = kmalloc(sizeof(*e), GFP_ATOMIC);
	if (!e)
		return -ENOMEM;
	e->net = key.net;
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
 * tquic_lookup_del - tquic_conn_ops.cid_del: take a connection ID back
 * @conn: whose it was; an ID of somebody else stays
 * @cid: the ID
 */
void tquic_lookup_del(struct tquic_conn *conn, const struct tquic_cid *cid)
{
	struct sock *sk = conn->owner;
	struct lookup_key key = { .net = sock_net(sk), .id = cid->id, .len = cid->len };
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

/**
 * tquic_lookup_walk - look at every connection ID that is published
 * @net: in this namespace
 * @fn: called with a reference on the ID's socket, may sleep; false: that is enough
 * @arg: for @fn
 *
 * Process context.  May see an ID twice while the table grows.
 */
void tquic_lookup_walk(struct net *net,
		       bool (*fn)(struct sock *sk, const struct tquic_cid *cid, void *arg),
		       void *arg)
{
	struct rhashtable_iter it;
	struct lookup_entry *e;
	struct tquic_cid cid;
	bool more = true;
	struct sock *sk;

	rhashtable_walk_enter(&table, &it);
	rhashtable_walk_start(&it);
	while (more && (e = rhashtable_walk_next(&it))) {
		/* an error: the table is being resized, goes on from there */
		if (IS_ERR(e) || !net_eq(e->net, net) || !refcount_inc_not_zero(&e->sk->sk_refcnt))
			continue;
		cid = e->cid;
		sk = e->sk;
		rhashtable_walk_stop(&it);
		more = fn(sk, &cid, arg);
		sock_put(sk);
		cond_resched();
		rhashtable_walk_start(&it);
	}
	rhashtable_walk_stop(&it);
	rhashtable_walk_exit(&it);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Which socket a connection ID belongs to: one hash table for all network
 * namespaces, read under RCU by softirq.  It knows of a connection only its
 * owner and frees no socket; who publishes an ID takes it back before that goes.
 */
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "sock.h"

struct lookup_key {
	const struct net *net;
	struct tquic_cid cid;
} __aligned(8);			/* compared as a whole: what is beyond the ID is 0 */

struct lookup_entry {
	struct rhash_head node;
	struct lookup_key key;
	struct sock *sk;	/* no reference: the entry goes first */
	struct rcu_head rcu;
};

static struct rhashtable table;

/* IDs may be of a client's choice: the table's random seed keeps buckets even */
static const struct rhashtable_params params = {
	.head_offset = offsetof(struct lookup_entry, node),
	.key_offset = offsetof(struct lookup_entry, key),
	.key_len = sizeof(struct lookup_key),
	.automatic_shrinking = true,
};

static void set_key(struct lookup_key *key, const struct net *net, const u8 *id, u8 len)
{
	memset(key, 0, sizeof(*key));
	key->net = net;
	tquic_cid_set(&key->cid, id, len);
}

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

/*
 * tquic_lookup_add - tquic_conn_ops.cid_add: publish a connection ID of 1 to 20 bytes; any context.
 * Return: 0, also when the socket has published it before; -EEXIST when another has; -ENOMEM.
 */
int tquic_lookup_add(struct tquic_conn *conn, const struct tquic_cid *cid)
{
	struct sock *sk = conn->owner;
	struct lookup_entry *e, *old;
	int err = 0;

	e = kmalloc(sizeof(*e), GFP_ATOMIC);
	if (!e)
		return -ENOMEM;
	set_key(&e->key, sock_net(sk), cid->id, cid->len);
	e->sk = sk;
	rcu_read_lock();
	old = rhashtable_lookup_get_insert_fast(&table, &e->node, params);
	if (IS_ERR(old))
		err = PTR_ERR(old);
	else if (old && old->sk != sk)
		err = -EEXIST;
	rcu_read_unlock();
	if (old)
		kfree(e);
	return err;
}

/** tquic_lookup_del - tquic_conn_ops.cid_del: take an ID back; one of somebody else stays */
void tquic_lookup_del(struct tquic_conn *conn, const struct tquic_cid *cid)
{
	struct sock *sk = conn->owner;
	struct lookup_entry *e;
	struct lookup_key key;

	set_key(&key, sock_net(sk), cid->id, cid->len);
	rcu_read_lock();
	e = rhashtable_lookup(&table, &key, params);
	if (e && e->sk == sk && !rhashtable_remove_fast(&table, &e->node, params))
		kfree_rcu(e, rcu);
	rcu_read_unlock();
}

/*
 * tquic_lookup_find - the socket that packets with a connection ID are for, with a reference that
 * the caller puts; NULL: nobody's.  Any context; sockets are SOCK_RCU_FREE.
 */
struct sock *tquic_lookup_find(struct net *net, const u8 *cid, u8 len)
{
	struct lookup_entry *e;
	struct lookup_key key;
	struct sock *sk = NULL;

	set_key(&key, net, cid, len);
	rcu_read_lock();
	e = rhashtable_lookup(&table, &key, params);
	if (e && refcount_inc_not_zero(&e->sk->sk_refcnt))
		sk = e->sk;
	rcu_read_unlock();
	return sk;
}

/*
 * tquic_lookup_walk - look at every connection ID that is published in @net.  @fn is called with a
 * reference on the ID's socket, and may sleep; false: that is enough.  Process context.  May see an
 * ID twice while the table grows.
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
		if (IS_ERR(e) || !net_eq(e->key.net, net) ||
		    !refcount_inc_not_zero(&e->sk->sk_refcnt))
			continue;
		cid = e->key.cid;
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

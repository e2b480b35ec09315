// SPDX-License-Identifier: GPL-2.0
/*
 * The listener: from a client's first Initial to a socket that accept() returns, RFC 9000 section 7
 * and, where it asks for Retry, section 8.1.2.  Softirq only queues; a worker makes the connection,
 * since its keys may sleep for memory.  What an Initial holds is the engine's business.
 */
#include <linux/sched/mm.h>

#include "header.h"
#include "input.h"
#include "sock.h"

#define ODCID_MIN	8	/* RFC 9000 section 7.2 */

/* What a connection is made from */
struct first {
	struct tquic_hdr hdr;	/* of the packet at skb->data */
	struct tquic_rx rx;
	struct tquic_cid dcid;	/* as in the packet */
	struct tquic_cid scid;
	struct tquic_cid odcid;	/* of the client's very first Initial */
	bool retried;		/* dcid is what our Retry said */
	bool validated;		/* the token proved the address */
};

static bool listening(const struct sock *sk, const struct tquic_endpoint *ep)
{
	return ep && rcu_access_pointer(ep->listener) == tquic_sk(sk);
}

/*
 * tquic_listen_start - take the Initials of the endpoint of the socket, which is bound and owned by
 * the caller.  Return: 0, also when it listens already; -EADDRINUSE when another socket does.
 */
int tquic_listen_start(struct sock *sk)
{
	struct tquic_net *tn = tquic_pernet(sock_net(sk));
	struct tquic_endpoint *ep = tquic_sk(sk)->ep;
	struct tquic_sock *old;

	spin_lock_bh(&tn->lock);
	old = rcu_dereference_protected(ep->listener, lockdep_is_held(&tn->lock));
	if (!old) {
		RCU_INIT_POINTER(ep->only, NULL);
		rcu_assign_pointer(ep->listener, tquic_sk(sk));
	}
	spin_unlock_bh(&tn->lock);
	return !old || old == tquic_sk(sk) ? 0 : -EADDRINUSE;
}

static struct sk_buff *next_initial(struct sock *sk)
{
	struct sk_buff *skb = skb_dequeue(&tquic_sk(sk)->initials);

	if (skb)
		atomic_sub(skb->truesize, &sk->sk_rmem_alloc);
	return skb;
}

/** tquic_listen_stop - take no more, and refuse whom accept() has not taken; owned, may sleep */
void tquic_listen_stop(struct sock *sk)
{
	struct tquic_net *tn = tquic_pernet(sock_net(sk));
	struct tquic_endpoint *ep = tquic_sk(sk)->ep;
	struct sk_buff *skb;
	struct sock *child;

	spin_lock_bh(&tn->lock);
	if (listening(sk, ep))
		RCU_INIT_POINTER(ep->listener, NULL);
	spin_unlock_bh(&tn->lock);
	while ((skb = next_initial(sk)))
		tquic_drop_skb(tn->mib, DROP_CLOSED, skb);
	while ((child = tquic_listen_accept(sk)))
		tquic_socket_abandon(child);
}

/** tquic_listen_accept - who has waited longest for accept(), with its reference; owned */
struct sock *tquic_listen_accept(struct sock *sk)
{
	struct list_head *queue = &tquic_sk(sk)->accept_queue;
	struct tquic_sock *child;

	child = list_first_entry_or_null(queue, struct tquic_sock, accept_node);
	if (!child)
		return NULL;
	list_del_init(&child->accept_node);
	sk_acceptq_removed(sk);
	return (struct sock *)child;
}

/*
 * tquic_listen_initial - keep a client's Initial for the worker: @skb starts with an Initial packet
 * in a datagram of at least 1200 bytes, or with a 0-RTT packet, whose Initial the worker may have
 * at hand; consumed, as is the caller's reference to the listener.
 * Softirq.  Full queues are counted in DROP_LISTEN_OVERFLOW.
 */
void tquic_listen_initial(struct tquic_endpoint *ep, struct sock *listener, struct sk_buff *skb)
{
	u32 max = TQUIC_INITIALS_MAX / (skb->len < TQUIC_MIN_UDP ? 2 : 1);
	struct tquic_sock *tsk = tquic_sk(listener);

	if (sk_acceptq_is_full(listener) || skb_queue_len(&tsk->initials) >= max ||
	    atomic_read(&listener->sk_rmem_alloc) > READ_ONCE(listener->sk_rcvbuf)) {
		tquic_drop_skb(tquic_pernet(ep->net)->mib, DROP_LISTEN_OVERFLOW, skb);
	} else {
		atomic_add(skb->truesize, &listener->sk_rmem_alloc);
		skb_queue_tail(&tsk->initials, skb);
		if (queue_work(tquic_wq, &tsk->listen_work))
			return;		/* the reference is the worker's now */
	}
	sock_put(listener);
}

/* Read the header of the first packet; its datagram becomes linear, what follows stays */
static bool read_first(struct sk_buff *skb, struct first *f)
{
	u32 len = skb_is_gso(skb) ? skb_shinfo(skb)->gso_size : skb->len;

	if (!pskb_may_pull(skb, len) ||
	    tquic_header_parse(skb->data, len, TQUIC_CID_LEN, &f->hdr) ||
	    f->hdr.type > TQUIC_PT_0RTT || f->hdr.dcid_len < ODCID_MIN)
		return false;
	tquic_rx_fill(skb, &f->rx);
	tquic_cid_set(&f->dcid, f->hdr.dcid, f->hdr.dcid_len);
	tquic_cid_set(&f->scid, f->hdr.scid, f->hdr.scid_len);
	f->odcid = f->dcid;
	return true;
}

/* A token that is no good counts as none, RFC 9000 section 8.1.3 */
static void read_token(struct tquic_net *tn, struct first *f)
{
	struct sockaddr_in6 client = tquic_addr_in6(&f->rx.remote);
	struct tquic_token_info info;
	int err;

	if (!f->hdr.token_len)
		return;
	err = tquic_token_check(&tn->token_keys, f->hdr.token, f->hdr.token_len, &client,
				f->rx.now_us, &info);
	if (err || info.version != f->hdr.version ||
	    (info.retry && !tquic_cid_equal(&info.rscid, f->dcid.id, f->dcid.len))) {
		tquic_drop(tn->mib, DROP_TOKEN, f->hdr.token_len);
		return;
	}
	f->validated = true;
	f->retried = info.retry;
	if (info.retry)
		f->odcid = info.odcid;
}

/** tquic_listen_token - tquic_conn_ops.new_token, RFC 9000 section 8.1.3; tquic_crypto_usable() */
int tquic_listen_token(struct tquic_conn *conn, u8 *token)
{
	struct tquic_token_info info = { .version = conn->version, .issued_us = tquic_now_us() };
	struct sockaddr_in6 client = tquic_addr_in6(&conn->path->remote);
	struct tquic_net *tn = tquic_pernet(sock_net(conn->owner));

	return tquic_token_make(&tn->token_keys, &info, &client, token);
}

/* RFC 9000 section 17.2.5 */
static void send_retry(struct tquic_endpoint *ep, struct sk_buff *skb, const struct first *f)
{
	u8 out[7 + 2 * TQUIC_CID_MAX + TQUIC_TOKEN_MAX + TQUIC_TAG_LEN];
	struct sockaddr_in6 client = tquic_addr_in6(&f->rx.remote);
	struct tquic_net *tn = tquic_pernet(ep->net);
	struct tquic_token_info info = {
		.retry = true, .version = f->hdr.version, .issued_us = f->rx.now_us,
		.odcid = f->dcid,
	};
	u8 token[TQUIC_TOKEN_MAX];
	u8 *end;
	int len;

	info.rscid.len = TQUIC_CID_LEN;
	get_random_bytes(info.rscid.id, TQUIC_CID_LEN);
	len = tquic_token_make(&tn->token_keys, &info, &client, token);
	if (len < 0)
		return;
	end = tquic_header_put_long(out, TQUIC_PT_RETRY, f->hdr.version, &f->scid, &info.rscid,
				    token, len, 0, NULL);
	if (tquic_crypto_retry_tag(f->hdr.version, &f->dcid, out, end - out, end))
		return;
	if (!tquic_udp_reply(ep, skb, out, end + TQUIC_TAG_LEN - out))
		tquic_mib_inc(tn->mib, TX_RETRY);
}

/* The connection of a child, found by the Initial's destination too; owned by the caller */
static int make_conn(struct sock *child, struct tquic_endpoint *ep, const struct first *f)
{
	struct tquic_sock *tsk = tquic_sk(child);
	struct tquic_conn_param p = {
		.server = true,
		.version = f->hdr.version,
		.odcid = &f->odcid,
		.dcid = &f->scid,
		.rscid = f->retried ? &f->dcid : NULL,
		.addr_local = &f->rx.local,
		.addr_remote = &f->rx.remote,
		.validated = f->validated,
	};

	refcount_inc(&ep->refs);
	tsk->ep = ep;
	return tquic_socket_conn(child, &p, f->rx.now_us) ?: tquic_lookup_add(tsk->conn, &f->dcid);
}

/* Have the listener's accept() return the child; takes its reference */
static void enqueue(struct sock *sk, struct tquic_endpoint *ep, struct sock *child)
{
	bool queued;

	lock_sock(sk);
	queued = listening(sk, ep);
	if (queued) {
		list_add_tail(&tquic_sk(child)->accept_node, &tquic_sk(sk)->accept_queue);
		sk_acceptq_added(sk);
		sk->sk_data_ready(sk);
	}
	release_sock(sk);
	if (!queued)
		tquic_socket_abandon(child);
}

/* A child from an Initial, NULL: only one that opens is worth keeping; takes skb */
static struct sock *accept_initial(struct sock *sk, struct tquic_endpoint *ep, struct sk_buff *skb,
				   const struct first *f)
{
	struct tquic_net *tn = tquic_pernet(ep->net);
	bool full, opened = false;
	struct sock *child;
	int err;

	lock_sock(sk);
	full = sk_acceptq_is_full(sk);
	child = full ? NULL : tquic_socket_child(sk);
	release_sock(sk);
	if (full)
		tquic_drop_skb(tn->mib, DROP_LISTEN_OVERFLOW, skb);
	else if (!child)
		tquic_drop_skb(tn->mib, DROP_NOMEM, skb);
	if (!child)
		return NULL;

	lock_sock(child);
	err = make_conn(child, ep, f);
	if (!err) {
		tquic_input(tquic_sk(child)->conn, skb, &f->rx);
		tquic_input_finish(tquic_sk(child)->conn, f->rx.now_us);
		opened = tquic_sk(child)->conn->state != TQUIC_CONN_IDLE;
		if (opened)
			tquic_socket_after(child);
	}
	release_sock(child);
	if (opened) {
		tquic_mib_inc(tn->mib, CONN_PASSIVE_OPENS);
		return child;
	}
	tquic_socket_abandon(child);
	if (err == -EEXIST)
		tquic_drop_skb(tn->mib, DROP_NO_CONN, skb);
	else if (err)		/* without one input has counted and freed it */
		tquic_drop_skb(tn->mib, DROP_NOMEM, skb);
	return NULL;
}

/* takes skb; *child: made from the one before, for accept() when no 0-RTT of it follows; in, out */
static void handle(struct sock *sk, struct tquic_endpoint *ep, struct sk_buff *skb,
		   struct sock **child)
{
	struct tquic_net *tn = tquic_pernet(ep->net);
	struct sk_buff_head skbs;
	struct first f = {};
	struct sock *known;

	if (!read_first(skb, &f)) {
		tquic_drop_skb(tn->mib, DROP_HEADER, skb);
		return;
	}
	if (*child && f.hdr.type == TQUIC_PT_INITIAL) {
		enqueue(sk, ep, *child);
		*child = NULL;
	}
	known = tquic_lookup_find(ep->net, f.dcid.id, f.dcid.len);
	if (known) {	/* made from an earlier one of the queue */
		__skb_queue_head_init(&skbs);
		__skb_queue_tail(&skbs, skb);
		local_bh_disable();
		tquic_socket_receive(known, &skbs);
		local_bh_enable();
		sock_put(known);
		return;
	}
	if (f.hdr.type != TQUIC_PT_INITIAL) {
		tquic_drop_skb(tn->mib, DROP_NO_CONN, skb);
		return;
	}
	read_token(tn, &f);
	if (f.validated || !READ_ONCE(tquic_sk(sk)->config.validate_peer_address)) {
		*child = accept_initial(sk, ep, skb, &f);
		return;
	}
	send_retry(ep, skb, &f);
	consume_skb(skb);
}

/** tquic_listen_work - make connections from the Initials that were kept; puts a reference */
void tquic_listen_work(struct work_struct *work)
{
	struct tquic_sock *tsk = container_of(work, struct tquic_sock, listen_work);
	struct sock *sk = (struct sock *)tsk, *child = NULL;
	struct tquic_endpoint *ep = NULL;
	struct mem_cgroup *memcg;
	struct sk_buff *skb;

	memcg = set_active_memcg(tquic_memcg(sk));
	lock_sock(sk);
	if (listening(sk, tsk->ep)) {
		ep = tsk->ep;
		refcount_inc(&ep->refs);
	}
	release_sock(sk);
	while ((skb = next_initial(sk))) {
		if (ep)
			handle(sk, ep, skb, &child);
		else
			tquic_drop_skb(tquic_pernet(sock_net(sk))->mib, DROP_CLOSED, skb);
		cond_resched();
	}
	if (child)
		enqueue(sk, ep, child);
	tquic_udp_put(ep, sk);
	set_active_memcg(memcg);
	sock_put(sk);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams: the kernel's UDP sockets that connections share, draining them in
 * softirq, finding whose each datagram is, and answering those that are nobody's.
 * Opens and seals no packet and never takes a QUIC socket's lock.
 */
#include <linux/errqueue.h>
#include <linux/interrupt.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <net/udp.h>

#include "header.h"
#include "input.h"
#include "sock.h"

#define RCVBUF_BYTES	(8 << 20)	/* of a UDP socket; it is drained as it fills */
#define RESET_BYTES	42	/* of a stateless reset, at most: looks like a short packet */
#define RESET_MIN_BYTES	21	/* at least, RFC 9000 section 10.3 */
#define DRAIN_MAX	256	/* datagrams or aggregates in one go, then others have their turn */
#define ARRIVALS_MAX	64	/* of one connection that it is handed at once */
#define PEEK_BYTES	(6 + TQUIC_CID_MAX)	/* hold any destination connection ID of ours */

static DEFINE_MUTEX(bind_mutex);	/* one bind at a time, so that the second shares */
static DECLARE_WAIT_QUEUE_HEAD(released);	/* an endpoint has left its list */

/* ---- in ---- */

static void reply_verneg(struct tquic_endpoint *ep, struct sk_buff *skb)
{
	struct tquic_net *tn = tquic_pernet(ep->net);
	u8 in[7 + 2 * 255], out[15 + 2 * 255];
	u32 len = min_t(u32, skb->len, sizeof(in));
	struct tquic_hdr h;
	const u8 *p;
	u8 *end;

	p = skb_header_pointer(skb, 0, len, in);
	if (!p || tquic_header_parse(p, len, TQUIC_CID_LEN, &h) != -EPROTONOSUPPORT ||
	    !__ratelimit(&tn->replies))
		return;
	end = tquic_header_put_verneg(out, get_random_u32(), h.scid, h.scid_len, h.dcid,
				      h.dcid_len);
	if (!tquic_udp_reply(ep, skb, out, end - out))
		tquic_mib_inc(tn->mib, TX_VERSION_NEGOTIATION);
}

/* RFC 9000 section 10.3; smaller than what it answers, so that two of us cannot loop */
static void reply_reset(struct tquic_endpoint *ep, struct sk_buff *skb, const struct tquic_cid *cid,
			u32 bytes)
{
	u32 len = min_t(u32, bytes - 1, RESET_BYTES);
	struct tquic_net *tn = tquic_pernet(ep->net);
	u8 out[RESET_BYTES];

	if (len < RESET_MIN_BYTES || !__ratelimit(&tn->replies))
		return;
	get_random_bytes(out, len - TQUIC_TOKEN_RESET_LEN);
	out[0] = (out[0] & ~TQUIC_HDR_LONG) | TQUIC_HDR_FIXED;
	tquic_token_reset(&tn->token_keys, cid, out + len - TQUIC_TOKEN_RESET_LEN);
	if (!tquic_udp_reply(ep, skb, out, len))
		tquic_mib_inc(tn->mib, CONN_RESET_SENT);
}

/* The one socket of the endpoint with a reference, if its peer has that port; 0: any */
static struct sock *find_only(const struct tquic_endpoint *ep, __be16 port)
{
	struct sock *sk = (struct sock *)rcu_dereference(ep->only);

	if (!sk || (port && port != inet_sk(sk)->inet_dport) ||
	    !refcount_inc_not_zero(&sk->sk_refcnt))
		return NULL;
	return sk;
}

/* A long header of no connection: a new client, or nobody; RFC 9000 section 5.2.2; takes skb */
static void stray_long(struct tquic_endpoint *ep, struct sk_buff *skb, const u8 *p, u32 bytes)
{
	u32 version = get_unaligned_be32(p + 1);
	struct tquic_net *tn = tquic_pernet(ep->net);
	struct sock *sk = (struct sock *)rcu_dereference(ep->listener);
	int type = tquic_header_long_type(*p, version);

	if (version && type < 0) {
		if (sk && bytes >= TQUIC_MIN_UDP)
			reply_verneg(ep, skb);
		tquic_drop_skb(tn->mib, DROP_VERSION, skb);
	} else if (!(*p & TQUIC_HDR_FIXED)) {
		tquic_drop_skb(tn->mib, DROP_ECHO, skb);
	} else if (!sk || type < 0 || type > TQUIC_PT_0RTT) {
		tquic_drop_skb(tn->mib, DROP_NO_CONN, skb);
	} else if (bytes < TQUIC_MIN_UDP && type == TQUIC_PT_INITIAL) {
		tquic_drop_skb(tn->mib, DROP_SHORT_INITIAL, skb);
	} else if (!refcount_inc_not_zero(&sk->sk_refcnt)) {
		tquic_drop_skb(tn->mib, DROP_NO_CONN, skb);
	} else {
		tquic_listen_initial(ep, sk, skb);
	}
}

/* What has come for one connection and was not handed to it yet */
struct arrivals {
	struct sock *sk;		/* with a reference; NULL: nothing */
	struct sk_buff_head skbs;
	u32 nr;				/* skbs seen */
};

static void arrivals_deliver(struct arrivals *a)
{
	if (!a->sk)
		return;
	tquic_socket_receive(a->sk, &a->skbs);
	sock_put(a->sk);
	a->sk = NULL;
}

/* Takes the reference and skb */
static void arrivals_add(struct arrivals *a, struct sock *sk, struct sk_buff *skb)
{
	if (sk == a->sk && skb_queue_len(&a->skbs) < ARRIVALS_MAX) {
		sock_put(sk);
	} else {
		arrivals_deliver(a);
		a->sk = sk;
	}
	__skb_queue_tail(&a->skbs, skb);
}

/* Whose is it; all datagrams of skb have the same destination connection ID; takes skb */
static void deliver(struct tquic_endpoint *ep, struct sk_buff *skb, struct arrivals *a)
{
	struct tquic_net *tn = tquic_pernet(ep->net);
	u32 bytes = skb_is_gso(skb) ? skb_shinfo(skb)->gso_size : skb->len;
	u32 len = min_t(u32, bytes, PEEK_BYTES);
	struct tquic_cid cid;
	u8 buf[PEEK_BYTES];
	const u8 *p, *id;
	struct sock *sk;
	int err;

	a->nr++;
	p = skb_header_pointer(skb, 0, len, buf);
	/* fails on IDs that are longer than ours can be, too: no connection has such */
	err = p ? tquic_header_parse_dcid(p, len, TQUIC_CID_LEN, &id, &cid.len) : -EBADMSG;
	if (unlikely(err) && (!p || len < 7 || !(*p & TQUIC_HDR_LONG))) {
		tquic_drop_skb(tn->mib, DROP_HEADER, skb);
		return;
	}
	sk = err ? NULL : tquic_lookup_find(ep->net, id, cid.len);
	/* a stateless reset has no ID that anybody knows, RFC 9000 section 10.3.1 */
	if (unlikely(!sk) &&
	    (ep->alone || (*p & (TQUIC_HDR_LONG | TQUIC_HDR_FIXED)) == TQUIC_HDR_FIXED))
		sk = find_only(ep, ep->alone ? 0 : udp_hdr(skb)->source);
	if (likely(sk)) {
		arrivals_add(a, sk, skb);
	} else if (*p & TQUIC_HDR_LONG) {
		stray_long(ep, skb, p, bytes);
	} else if (*p & TQUIC_HDR_FIXED) {
		memcpy(cid.id, id, cid.len);
		reply_reset(ep, skb, &cid, bytes);
		tquic_drop_skb(tn->mib, DROP_NO_CONN, skb);
	} else {
		tquic_drop_skb(tn->mib, DROP_ECHO, skb);
	}
}

/* The datagram at off has the destination connection ID id */
static bool has_cid(struct sk_buff *skb, u32 off, const u8 *id, u8 id_len)
{
	u32 len = min_t(u32, skb->len - off, PEEK_BYTES);
	const u8 *p, *other;
	u8 buf[PEEK_BYTES];
	u8 other_len;

	p = skb_header_pointer(skb, off, len, buf);
	return p && !tquic_header_parse_dcid(p, len, TQUIC_CID_LEN, &other, &other_len) &&
	       other_len == id_len && !memcmp(other, id, id_len);
}

/* All datagrams of an aggregate are for the same connection ID */
static bool one_cid(struct sk_buff *skb)
{
	u32 size = skb_shinfo(skb)->gso_size, off;
	u32 len = min_t(u32, size, PEEK_BYTES);
	const u8 *p, *first, *id;
	struct tquic_cursor c;
	u8 buf[PEEK_BYTES];
	u8 id_len;

	first = skb_header_pointer(skb, 0, len, buf);
	if (!first || tquic_header_parse_dcid(first, len, TQUIC_CID_LEN, &id, &id_len))
		return false;
	tquic_cursor_init(&c, skb);
	for (off = size; off < skb->len; off += size) {
		p = tquic_cursor_at(&c, off, 1 + TQUIC_CID_LEN);
		if (likely(p && !((*p | *first) & TQUIC_HDR_LONG)) ?
		    memcmp(p + 1, id, TQUIC_CID_LEN) : !has_cid(skb, off, id, id_len))
			return false;
	}
	return true;
}

/* The datagram at off of an aggregate, as an skb of its own with the same headers */
static struct sk_buff *copy_datagram(struct sk_buff *skb, u32 off, u32 len)
{
	int hdr = -skb_network_offset(skb);
	struct sk_buff *n;

	n = alloc_skb(hdr + len, GFP_ATOMIC);
	if (!n)
		return NULL;
	skb_put_data(n, skb_network_header(skb), hdr);
	skb_reset_network_header(n);
	skb_set_transport_header(n, skb_transport_offset(skb) + hdr);
	skb_pull(n, hdr);
	skb_copy_bits(skb, off, skb_put(n, len), len);
	memcpy(n->cb, skb->cb, sizeof(n->cb));
	n->protocol = skb->protocol;
	n->tstamp = skb->tstamp;
	n->skb_iif = skb->skb_iif;
	n->ip_summed = CHECKSUM_UNNECESSARY;
	return n;
}

/* An aggregate for several connections: rare, so by copying; takes skb */
static void split(struct tquic_endpoint *ep, struct sk_buff *skb, struct arrivals *a)
{
	u32 size = skb_shinfo(skb)->gso_size, off;

	for (off = 0; off < skb->len; off += size) {
		u32 len = min(size, skb->len - off);
		struct sk_buff *n = copy_datagram(skb, off, len);

		if (n)
			deliver(ep, n, a);
		else
			tquic_drop(tquic_pernet(ep->net)->mib, DROP_NOMEM, len);
	}
	consume_skb(skb);
}

/* One skb from the UDP socket, payload at skb->data; takes skb */
static void receive(struct tquic_endpoint *ep, struct sk_buff *skb, struct arrivals *a)
{
	u32 nr = skb_is_gso(skb) ? DIV_ROUND_UP(skb->len, skb_shinfo(skb)->gso_size) : 1;
	struct tquic_mib __percpu *mib = tquic_pernet(ep->net)->mib;

	skb->dev = NULL;	/* UDP kept its own notes there */
	tquic_mib_inc(mib, RX_AGGREGATES);
	tquic_mib_add(mib, RX_BYTES, skb->len);
	tquic_mib_add(mib, RX_DATAGRAMS, nr);
	if (udp_lib_checksum_complete(skb)) {
		tquic_drop_skb(mib, DROP_CHECKSUM, skb);
		return;
	}
	skb_orphan(skb);
	if (likely(nr == 1 || one_cid(skb)) || ep->alone)
		deliver(ep, skb, a);
	else
		split(ep, skb, a);
}

/*
 * What has come, in a tasklet: it runs on one CPU at a time, so that nothing
 * is overtaken, and after all that the device had has been queued.
 */
static void drain(struct tasklet_struct *t)
{
	struct tquic_endpoint *ep = from_tasklet(ep, t, drain);
	struct arrivals a = {};
	struct sk_buff *skb;
	int off, err;

	__skb_queue_head_init(&a.skbs);
	rcu_read_lock();
	while (a.nr < DRAIN_MAX) {
		off = 0;
		skb = __skb_recv_udp(ep->sock->sk, MSG_DONTWAIT, &off, &err);
		if (skb)
			receive(ep, skb, &a);
		else if (err == -EAGAIN)	/* else an ICMP error, which is cleared now */
			break;
	}
	arrivals_deliver(&a);
	rcu_read_unlock();
	if (a.nr >= DRAIN_MAX)	/* tasklet_kill() puts an end to this, too */
		tasklet_schedule(t);
}

/* From the UDP socket; not its encap_rcv: that would have GRO undone */
static void data_ready(struct sock *sk)
{
	struct tquic_endpoint *ep;

	rcu_read_lock();
	ep = rcu_dereference_sk_user_data(sk);
	if (ep)
		tasklet_schedule(&ep->drain);
	rcu_read_unlock();
}

/* An ICMP error for the one socket of the endpoint; what one says about an MTU is not believed */
static void receive_error(struct tquic_endpoint *ep, const struct sock_exterr_skb *serr)
{
	struct sock *sk;

	if (serr->ee.ee_origin != SO_EE_ORIGIN_ICMP && serr->ee.ee_origin != SO_EE_ORIGIN_ICMP6)
		return;
	sk = serr->ee.ee_errno == EMSGSIZE ? NULL : find_only(ep, serr->port);
	if (!sk)
		return;
	tquic_socket_icmp(sk, serr->ee.ee_errno);
	sock_put(sk);
}

static void error_report(struct sock *sk)
{
	struct tquic_endpoint *ep;
	struct sk_buff *skb;

	rcu_read_lock();
	ep = rcu_dereference_sk_user_data(sk);
	while (ep && (skb = skb_dequeue(&sk->sk_error_queue))) {
		receive_error(ep, SKB_EXT_ERR(skb));
		consume_skb(skb);
	}
	sock_error(sk);		/* nobody else asks for it, and it would stop data_ready() */
	rcu_read_unlock();
}

/* ---- endpoints ---- */

static bool same_place(const struct tquic_endpoint *ep, const struct sock *sk,
		       const union tquic_addr *addr)
{
	if (ep->bound_dev_if != sk->sk_bound_dev_if || !tquic_addr_equal(&ep->addr, addr))
		return false;
	if (tquic_addr_is_v4(addr))
		return true;
	/* bind() makes a socket of one IPv6 address IPv6 only */
	return ep->addr.v6.sin6_scope_id == addr->v6.sin6_scope_id &&
	       (!ipv6_addr_any(&addr->v6.sin6_addr) ||
		ep->sock->sk->sk_ipv6only == sk->sk_ipv6only);
}

/*
 * The endpoint of this address, with a reference; NULL: there is none.  -EADDRINUSE: it is of
 * another user; -EAGAIN: one of the port is being closed.
 */
static struct tquic_endpoint *share(struct tquic_net *tn, const struct sock *sk,
				    const union tquic_addr *addr)
{
	struct tquic_endpoint *ep, *found = NULL;
	u16 port = ntohs(tquic_addr_port(addr));

	spin_lock_bh(&tn->lock);
	hash_for_each_possible(tn->endpoints, ep, node, port) {
		if (tquic_addr_port(&ep->addr) != tquic_addr_port(addr))
			continue;
		if (!refcount_read(&ep->refs)) {
			found = ERR_PTR(-EAGAIN);
			break;
		}
		if (same_place(ep, sk, addr))
			found = ep;
	}
	if (!IS_ERR_OR_NULL(found)) {
		if (!uid_eq(tquic_sk_uid(found->sock->sk), tquic_sk_uid(sk)) ||
		    (found->alone && rcu_access_pointer(found->only) != tquic_sk(sk)))
			found = ERR_PTR(-EADDRINUSE);
		else if (!refcount_inc_not_zero(&found->refs))
			found = ERR_PTR(-EAGAIN);
		else if (rcu_access_pointer(found->only) != tquic_sk(sk))
			RCU_INIT_POINTER(found->only, NULL);
	}
	spin_unlock_bh(&tn->lock);
	return found;
}

/* Bind a UDP socket as we want it; on error ep->sock, if it is there, is the caller's to close */
static int open_socket(struct tquic_endpoint *ep, const struct sock *sk)
{
	int family = ep->addr.sa.sa_family;
	int len = family == AF_INET ? sizeof(ep->addr.v4) : sizeof(ep->addr.v6);
	struct socket *sock;
	struct sock *usk;
	int err, on = 1;

	err = sock_create_kern(ep->net, family, SOCK_DGRAM, IPPROTO_UDP, &sock);
	if (err)
		return err;
	ep->sock = sock;
	if (READ_ONCE(tquic_pernet(ep->net)->switches.gro))
		err = sock->ops->setsockopt(sock, SOL_UDP, UDP_GRO, KERNEL_SOCKPTR(&on),
					    sizeof(on));
	if (err)
		return err;
	usk = sock->sk;
	if (family == AF_INET6) {
		usk->sk_ipv6only = sk->sk_ipv6only;
		ip6_sock_set_recverr(usk);
	}
	ip_sock_set_recverr(usk);
	tquic_udp_ignore_pmtu(usk);
	usk->sk_bound_dev_if = sk->sk_bound_dev_if;
	usk->sk_userlocks |= SOCK_RCVBUF_LOCK;
	WRITE_ONCE(usk->sk_rcvbuf, RCVBUF_BYTES);
	/* first: nothing may arrive without it */
	write_lock_bh(&usk->sk_callback_lock);
	rcu_assign_sk_user_data(usk, ep);
	usk->sk_data_ready = data_ready;
	usk->sk_error_report = error_report;
	write_unlock_bh(&usk->sk_callback_lock);
	err = kernel_bind(sock, (struct tquic_sockaddr *)&ep->addr, len) ?:
	      kernel_getsockname(sock, &ep->addr.sa);
	return min(err, 0);
}

/* Our callbacks stay, and do nothing: the socket has no other user */
static void close_socket(struct tquic_endpoint *ep)
{
	rcu_assign_sk_user_data(ep->sock->sk, NULL);
	synchronize_rcu();	/* data_ready() may be about to schedule it */
	tasklet_kill(&ep->drain);
	sock_release(ep->sock);
}

/* Process context, once the last reference is gone */
static void release(struct work_struct *work)
{
	struct tquic_endpoint *ep = container_of(work, struct tquic_endpoint, release);
	struct tquic_net *tn = tquic_pernet(ep->net);

	close_socket(ep);
	spin_lock_bh(&tn->lock);
	hash_del(&ep->node);
	spin_unlock_bh(&tn->lock);
	wake_up_all(&released);
	kfree_rcu(ep, rcu);
}

static struct tquic_endpoint *create(struct sock *sk, const union tquic_addr *addr)
{
	struct tquic_net *tn = tquic_pernet(sock_net(sk));
	struct tquic_endpoint *ep;
	int err;

	ep = kzalloc(sizeof(*ep), GFP_KERNEL_ACCOUNT);
	if (!ep)
		return ERR_PTR(-ENOMEM);
	refcount_set(&ep->refs, 1);
	INIT_WORK(&ep->release, release);
	tasklet_setup(&ep->drain, drain);
	ep->net = sock_net(sk);
	ep->addr = *addr;
	ep->bound_dev_if = sk->sk_bound_dev_if;
	err = open_socket(ep, sk);
	if (err) {
		if (ep->sock)
			close_socket(ep);
		kfree_rcu(ep, rcu);
		return ERR_PTR(err);
	}
	rcu_assign_pointer(ep->only, tquic_sk(sk));
	spin_lock_bh(&tn->lock);
	hash_add(tn->endpoints, &ep->node, ntohs(tquic_addr_port(&ep->addr)));
	spin_unlock_bh(&tn->lock);
	return ep;
}

/*
 * tquic_udp_bind - the endpoint of a local address, @addr; port 0: any.  Sockets of one user share
 * the endpoint of one address and device: of @sk its device, IPV6_V6ONLY and user count.  Its lock
 * is held; sleeps.  Return: the endpoint with a reference that tquic_udp_put() gives back;
 * -EADDRINUSE when a program or another user has the port; or what UDP's bind() says.
 */
struct tquic_endpoint *tquic_udp_bind(struct sock *sk, const union tquic_addr *addr)
{
	struct tquic_net *tn = tquic_pernet(sock_net(sk));
	struct tquic_endpoint *ep = NULL;

	mutex_lock(&bind_mutex);
	if (tquic_addr_port(addr))
		wait_event(released, (ep = share(tn, sk, addr)) != ERR_PTR(-EAGAIN));
	if (!ep)
		ep = create(sk, addr);
	mutex_unlock(&bind_mutex);
	return ep;
}

/*
 * tquic_udp_alone - what comes to the endpoint is all for @sk, whatever ID it has, and nobody may
 * share it any more, RFC 9000 section 5.2.  Return: 0; -EADDRINUSE: somebody does.
 */
int tquic_udp_alone(struct tquic_endpoint *ep, struct sock *sk)
{
	struct tquic_net *tn = tquic_pernet(ep->net);

	spin_lock_bh(&tn->lock);
	ep->alone = rcu_access_pointer(ep->only) == tquic_sk(sk);
	spin_unlock_bh(&tn->lock);
	return ep->alone ? 0 : -EADDRINUSE;
}

/** tquic_udp_put - @sk gives @ep back, or NULL; the last one closes the UDP socket; any context */
void tquic_udp_put(struct tquic_endpoint *ep, struct sock *sk)
{
	if (!ep)
		return;
	/* what it is bound to it keeps, also when a path of it goes */
	if (tquic_sk(sk)->ep != ep && rcu_access_pointer(ep->only) == tquic_sk(sk))
		RCU_INIT_POINTER(ep->only, NULL);
	if (refcount_dec_and_test(&ep->refs))
		queue_work(tquic_release_wq, &ep->release);
}

/** tquic_udp_net_init - no endpoints in a new namespace */
void tquic_udp_net_init(struct net *net)
{
	struct tquic_net *tn = tquic_pernet(net);

	spin_lock_init(&tn->lock);
	ratelimit_state_init(&tn->replies, HZ, TQUIC_REPLIES_MAX);
	ratelimit_set_flags(&tn->replies, RATELIMIT_MSG_ON_RELEASE);	/* say nothing in the log */
}

/** tquic_udp_net_exit - wait until the UDP sockets of a namespace without users are closed */
void tquic_udp_net_exit(struct net *net)
{
	/* what tquic_wq works on holds the namespace, and gives endpoints back before */
	flush_workqueue(tquic_release_wq);
	WARN_ON_ONCE(!hash_empty(tquic_pernet(net)->endpoints));
}

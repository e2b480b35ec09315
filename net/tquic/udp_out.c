// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams on their way out, for tquic_conn_ops: routes, the UDP header, and one traversal of the
 * IP stack for each batch.  Seals no packet and never takes a QUIC socket's lock.
 */
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/lwtunnel.h>
#include <net/udp.h>

#include "sock.h"

#define IP_BYTES	40	/* the larger IP header */

static struct dst_entry *route_v4(const struct sock *sk, struct flowi4 *fl,
				  const union tquic_addr *local, const union tquic_addr *remote)
{
	struct rtable *rt;

	fl->flowi4_flags = inet_sk_flowi_flags(sk);
	tquic_flowi4_set_tos(fl, READ_ONCE(inet_sk(sk)->tos));
	fl->saddr = tquic_addr_is_v4(local) ? local->v4.sin_addr.s_addr : 0;
	fl->daddr = remote->v4.sin_addr.s_addr;
	fl->fl4_sport = tquic_addr_port(local);
	fl->fl4_dport = tquic_addr_port(remote);
	security_sk_classify_flow((struct sock *)sk, flowi4_to_flowi_common(fl));
	rt = ip_route_output_flow(sock_net(sk), fl, sk);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	if (!(rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)))
		return &rt->dst;
	ip_rt_put(rt);
	return ERR_PTR(-EACCES);
}

static struct dst_entry *route_v6(const struct sock *sk, struct flowi6 *fl,
				  const union tquic_addr *local, const union tquic_addr *remote)
{
	struct ipv6_pinfo *np = inet6_sk(sk);

	if (!IS_ENABLED(CONFIG_IPV6) || !np)
		return ERR_PTR(-EAFNOSUPPORT);
	if (!fl->flowi6_oif && ipv6_addr_type(&remote->v6.sin6_addr) & IPV6_ADDR_LINKLOCAL)
		fl->flowi6_oif = remote->v6.sin6_scope_id;
	fl->flowlabel = ip6_make_flowinfo(np->tclass, np->flow_label);
	if (!tquic_addr_is_v4(local))
		fl->saddr = local->v6.sin6_addr;
	fl->daddr = remote->v6.sin6_addr;
	fl->fl6_sport = tquic_addr_port(local);
	fl->fl6_dport = tquic_addr_port(remote);
	security_sk_classify_flow((struct sock *)sk, flowi6_to_flowi_common(fl));
	return ip6_dst_lookup_flow(sock_net(sk), sk, fl, NULL);
}

/* The route: the address it leaves by goes into fl, a dst with a reference comes back */
static struct dst_entry *route(const struct sock *sk, struct flowi *fl,
			       const union tquic_addr *local, const union tquic_addr *remote)
{
	memset(fl, 0, sizeof(*fl));
	fl->flowi_oif = READ_ONCE(sk->sk_bound_dev_if);
	fl->flowi_mark = READ_ONCE(sk->sk_mark);
	fl->flowi_proto = IPPROTO_UDP;
	fl->flowi_uid = sock_net_uid(sock_net(sk), sk);
	return tquic_addr_is_v4(remote) ? route_v4(sk, &fl->u.ip4, local, remote) :
					  route_v6(sk, &fl->u.ip6, local, remote);
}

/* Send a UDP packet over IPv6; as send_v4() */
static int send_v6(struct sock *sk, struct sk_buff *skb, struct flowi6 *fl, u8 ecn)
{
	u8 tclass;

	if (!IS_ENABLED(CONFIG_IPV6)) {	/* there is no route either */
		kfree_skb(skb);
		return -EAFNOSUPPORT;
	}
	tclass = (inet6_sk(sk)->tclass & ~INET_ECN_MASK) | ecn;
	udp_hdr(skb)->check = ~csum_ipv6_magic(&fl->saddr, &fl->daddr, skb->len, IPPROTO_UDP, 0);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	return ip6_xmit(sk, skb, fl, READ_ONCE(sk->sk_mark), NULL, tclass,
			READ_ONCE(sk->sk_priority));
}

/* Send a UDP packet whose dst is set over IPv4, never to be fragmented; consumes skb */
static int send_v4(struct sock *sk, struct sk_buff *skb, const struct flowi4 *fl, u8 ecn)
{
	int ttl = READ_ONCE(inet_sk(sk)->uc_ttl);
	struct iphdr *iph;

	udp_hdr(skb)->check = ~csum_tcpudp_magic(fl->saddr, fl->daddr, skb->len, IPPROTO_UDP, 0);
	iph = skb_push(skb, sizeof(*iph));
	skb_reset_network_header(skb);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = (READ_ONCE(inet_sk(sk)->tos) & ~INET_ECN_MASK) | ecn;
	iph->id = 0;	/* RFC 6864 section 4.1: means nothing without fragments */
	iph->frag_off = htons(IP_DF);
	iph->ttl = ttl < 0 ? ip4_dst_hoplimit(skb_dst(skb)) : ttl;
	iph->protocol = IPPROTO_UDP;
	iph->saddr = fl->saddr;
	iph->daddr = fl->daddr;
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	skb->mark = READ_ONCE(sk->sk_mark);
	skb->priority = READ_ONCE(sk->sk_priority);
	return ip_local_out(sock_net(sk), sk, skb);
}

/* Put the UDP header on and hand skb to IP, over dst, which the caller keeps; RCU; consumes skb */
static int send_skb(struct sock *sk, struct sk_buff *skb, struct dst_entry *dst, struct flowi *fl,
		    bool v4, u8 ecn)
{
	struct udphdr *uh;
	int err;

	uh = skb_push(skb, sizeof(*uh));
	skb_reset_transport_header(skb);
	uh->source = v4 ? fl->u.ip4.fl4_sport : fl->u.ip6.fl6_sport;
	uh->dest = v4 ? fl->u.ip4.fl4_dport : fl->u.ip6.fl6_dport;
	uh->len = htons(skb->len);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
	skb->ignore_df = !v4 && !dst_xfrm(dst);	/* or ip6_xmit() asks what the route has learned */
	skb_dst_set_noref(skb, dst);
	err = v4 ? send_v4(sk, skb, &fl->u.ip4, ecn) : send_v6(sk, skb, &fl->u.ip6, ecn);
	return err > 0 ? net_xmit_errno(err) : err;
}

static bool route_good(const struct sock *sk, const struct tquic_path *path)
{
	int dev = READ_ONCE(sk->sk_bound_dev_if);

	return path->dst && dst_check(path->dst, path->dst_cookie) &&
	       path->fl.flowi_mark == READ_ONCE(sk->sk_mark) &&
	       (!dev || dev == path->fl.flowi_oif);
}

/* One skb's bytes: UDP's length field and the device bound it; IPsec wants single datagrams */
static u32 gso_max(const struct tquic_conn *conn, const struct dst_entry *dst)
{
	u32 most = GSO_LEGACY_MAX_SIZE - 1, headers = sizeof(struct udphdr) + IP_BYTES;

	if (tquic_off(conn, gso) || tquic_off(conn, zerocopy) || dst_xfrm(dst))
		return 0;
	most = min(most, READ_ONCE(dst->dev->gso_max_size));
	headers += LL_RESERVED_SPACE(dst->dev);
	return most > headers ? most - headers : 0;
}

/* tquic_udp_route() under RCU, which keeps the device of the route while it is looked at */
static int find_route(struct tquic_conn *conn, struct tquic_path *path)
{
	struct sock *sk = conn->owner;
	struct dst_entry *dst;

	if (likely(route_good(sk, path))) {
		path->gso_max = gso_max(conn, path->dst);
		return 0;
	}
	dst_release(path->dst);
	path->dst = NULL;
	dst = route(sk, &path->fl, &path->local, &path->remote);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	path->dst = dst;
	path->dst_cookie = 0;
	path->gso_max = gso_max(conn, dst);
	path->local.sa.sa_family = path->remote.sa.sa_family;
	if (tquic_addr_is_v4(&path->remote)) {
		path->local.v4.sin_addr.s_addr = path->fl.u.ip4.saddr;
		return 0;
	}
	path->dst_cookie = rt6_get_cookie(container_of(dst, struct rt6_info, dst));
	path->local.v6.sin6_addr = path->fl.u.ip6.saddr;
	return 0;
}

/*
 * tquic_udp_route - tquic_conn_ops.route: see that @path has one: dst, dst_cookie, fl, gso_max, and
 * look it up again when it is stale or the socket's mark or device has changed.  Return: 0, or
 * -errno of the lookup (-ENETUNREACH, -EHOSTUNREACH, ...).
 */
int tquic_udp_route(struct tquic_conn *conn, struct tquic_path *path)
{
	int err;

	rcu_read_lock();
	err = find_route(conn, path);
	rcu_read_unlock();
	return err;
}

/** tquic_udp_unroute - .unroute */
void tquic_udp_unroute(struct tquic_conn *conn, struct tquic_path *path)
{
	dst_release(path->dst);
	tquic_udp_put(path->ep, conn->owner);
}

/*
 * What the link of a route carries.  Not what the route has learned: it believes any ICMP message,
 * and mtu.c finds by probes what is true, RFC 9000 section 14.2.1.  dst_mtu() knows IPsec's part.
 */
static u32 link_mtu(const struct dst_entry *dst)
{
	u32 mtu = READ_ONCE(dst->dev->mtu);

	return dst_xfrm(dst) ? dst_mtu(dst) : mtu - lwtunnel_headroom(dst->lwtstate, mtu);
}

/** tquic_udp_path_mtu - .path_mtu: 1200 to 65527 bytes, what TCP_MAXSEG allows; no route: 1200 */
u32 tquic_udp_path_mtu(struct tquic_conn *conn, struct tquic_path *path)
{
	u32 maxseg = tquic_sk(conn->owner)->maxseg;
	u32 headers = sizeof(struct udphdr);
	u32 mtu;

	headers += tquic_addr_is_v4(&path->remote) ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	rcu_read_lock();
	mtu = path->dst ? link_mtu(path->dst) : 0;
	rcu_read_unlock();
	mtu = mtu > headers ? mtu - headers : 0;
	if (maxseg)
		mtu = min(mtu, maxseg + TQUIC_HEADER_BYTES);
	return clamp_t(u32, mtu, TQUIC_MIN_UDP,
		       min_t(u32, TQUIC_MAX_UDP, GSO_LEGACY_MAX_SIZE - 1 - headers));
}

/*
 * tquic_udp_xmit - .xmit: TQUIC_PATH_HEADROOM in front of the payload saves a copy; the last
 * datagram may be shorter; @ecn: enum tquic_ecn.  Return: 0 or -errno; -ENOBUFS: a queue was full;
 * -EMSGSIZE: the route carries less by now.
 */
int tquic_udp_xmit(struct tquic_conn *conn, struct tquic_path *path, struct sk_buff *skb,
		   u32 gso_size, u8 ecn)
{
	struct sock *sk = conn->owner;
	u32 len = skb->len;
	int err;

	rcu_read_lock();
	err = find_route(conn, path);
	if (!err)
		err = skb_cow_head(skb, LL_RESERVED_SPACE(path->dst->dev) + IP_BYTES +
				   sizeof(struct udphdr));
	if (unlikely(err)) {
		rcu_read_unlock();
		kfree_skb(skb);
		goto fail;
	}
	if (len > gso_size) {
		skb_shinfo(skb)->gso_size = gso_size;
		skb_shinfo(skb)->gso_type = SKB_GSO_UDP_L4;
		skb_shinfo(skb)->gso_segs = DIV_ROUND_UP(len, gso_size);
		tquic_mib_inc(conn->mib, TX_GSO);
	}
	tquic_mib_inc(conn->mib, TX_BATCHES);
	skb_set_owner_w(skb, sk);
	err = send_skb(sk, skb, path->dst, &path->fl, tquic_addr_is_v4(&path->remote), ecn);
	rcu_read_unlock();
	if (likely(!err))
		return 0;
	if (err == -EMSGSIZE) {	/* look the route up again before the next */
		dst_release(path->dst);
		path->dst = NULL;
	}
fail:
	tquic_mib_inc(conn->mib, TX_ERRORS);
	return err;
}

/** tquic_udp_ignore_pmtu - no ICMP message sets an MTU for @sk, nor what a route has learned */
void tquic_udp_ignore_pmtu(struct sock *sk)
{
	struct ipv6_pinfo *np = inet6_sk(sk);

	inet_sk(sk)->pmtudisc = IP_PMTUDISC_INTERFACE;
	if (IS_ENABLED(CONFIG_IPV6) && np)
		np->pmtudisc = IPV6_PMTUDISC_INTERFACE;
}

/*
 * tquic_udp_reply - answer the datagram @to, which came in at @ep and has its IP and UDP headers,
 * with one of @len bytes: Retry, version negotiation or stateless reset.  Any context.  Return: 0
 * or -errno.
 */
int tquic_udp_reply(struct tquic_endpoint *ep, struct sk_buff *to, const u8 *payload, u32 len)
{
	struct sock *sk = ep->sock->sk;
	struct dst_entry *dst;
	struct tquic_rx rx;
	struct sk_buff *skb;
	struct flowi fl;
	int err;

	tquic_rx_fill(to, &rx);
	dst = route(sk, &fl, &rx.local, &rx.remote);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	err = -ENOBUFS;
	skb = sock_wmalloc(sk, TQUIC_PATH_HEADROOM + len, 0, GFP_ATOMIC);
	if (skb) {
		skb_reserve(skb, TQUIC_PATH_HEADROOM);
		skb_put_data(skb, payload, len);
		rcu_read_lock();
		err = send_skb(sk, skb, dst, &fl, tquic_addr_is_v4(&rx.remote), TQUIC_ECN_NOT);
		rcu_read_unlock();
	}
	dst_release(dst);
	return err;
}

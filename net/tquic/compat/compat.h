/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One interface over the kernels that the module builds for, in the shape that
 * the newest of them has: the rest of the module writes that shape, and this
 * file bends it for the others.  What a kernel has is found by probe.mk in its
 * headers, never by its version.  Nothing here knows QUIC.
 */
#ifndef _TQUIC_COMPAT_H
#define _TQUIC_COMPAT_H

#include <linux/bvec.h>
#include <linux/hrtimer.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/sysctl.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <net/inet_common.h>
#include <net/inet_dscp.h>
#include <net/inet_sock.h>
#include <net/ip6_tunnel.h>
#include <net/ip_tunnels.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <net/sock.h>

#ifdef TQUIC_HAVE_SKBUFF_REF
#include <linux/skbuff_ref.h>
#endif

#ifndef MSG_SPLICE_PAGES
#define MSG_SPLICE_PAGES	0x8000000
#endif

/* struct tquic_sockaddr: what bind, connect and kernel_bind() take a pointer to; cast to it */
#ifdef TQUIC_HAVE_SOCKADDR_UNSIZED
#define tquic_sockaddr		sockaddr_unsized
#else
#define tquic_sockaddr		sockaddr
#endif

/*
 * Methods of struct proto whose shape changed.  Write the method in the newest
 * shape, then put TQUIC_PROTO_X(wrapper, method) at file level and name the
 * wrapper in struct proto.
 *
 * accept:   struct sock *method(struct sock *sk, struct proto_accept_arg *arg)
 * ioctl:    int method(struct sock *sk, int cmd, int *karg), which only stores
 * recvmsg:  int method(struct sock *sk, struct msghdr *msg, size_t len, int flags),
 *           which sets msg->msg_namelen when it fills msg->msg_name
 * sendpage: made from sendmsg: int method(struct sock *sk, struct msghdr *msg, size_t len),
 *           called with MSG_SPLICE_PAGES; nothing where sendfile() does that itself
 */
#ifdef TQUIC_HAVE_PROTO_ACCEPT_ARG
#define TQUIC_PROTO_ACCEPT(wrapper, method)						\
static struct sock *wrapper(struct sock *sk, struct proto_accept_arg *arg)		\
{											\
	return method(sk, arg);								\
}
#else
struct proto_accept_arg {
	int flags;
	int err;
	int is_empty;
	bool kern;
};

#define TQUIC_PROTO_ACCEPT(wrapper, method)						\
static struct sock *wrapper(struct sock *sk, int flags, int *err, bool kern)		\
{											\
	struct proto_accept_arg arg = { .flags = flags, .kern = kern };			\
	struct sock *newsk = method(sk, &arg);						\
											\
	*err = arg.err;									\
	return newsk;									\
}
#endif

#ifdef TQUIC_HAVE_PROTO_IOCTL_KARG
#define TQUIC_PROTO_IOCTL(wrapper, method)						\
static int wrapper(struct sock *sk, int cmd, int *karg)					\
{											\
	return method(sk, cmd, karg);							\
}
#else
#define TQUIC_PROTO_IOCTL(wrapper, method)						\
static int wrapper(struct sock *sk, int cmd, unsigned long arg)				\
{											\
	int val = 0;									\
	int ret = method(sk, cmd, &val);						\
											\
	return ret ?: put_user(val, (int __user *)arg);					\
}
#endif

#ifdef TQUIC_HAVE_PROTO_RECVMSG_ADDR_LEN
#define TQUIC_PROTO_RECVMSG(wrapper, method)						\
static int wrapper(struct sock *sk, struct msghdr *msg, size_t len, int flags,		\
		   int *addr_len)							\
{											\
	int ret = method(sk, msg, len, flags);						\
											\
	*addr_len = msg->msg_namelen;							\
	return ret;									\
}
#else
#define TQUIC_PROTO_RECVMSG(wrapper, method)						\
static int wrapper(struct sock *sk, struct msghdr *msg, size_t len, int flags)		\
{											\
	return method(sk, msg, len, flags);						\
}
#endif

#ifdef TQUIC_HAVE_PROTO_SENDPAGE
#define TQUIC_PROTO_SENDPAGE(wrapper, method)						\
static int wrapper(struct sock *sk, struct page *page, int offset, size_t size,		\
		   int flags)								\
{											\
	struct bio_vec bv = { .bv_page = page, .bv_len = size, .bv_offset = offset };	\
	struct msghdr msg = { .msg_flags = (flags & MSG_DONTWAIT) | MSG_SPLICE_PAGES };	\
											\
	if (flags & (MSG_MORE | MSG_SENDPAGE_NOTLAST))					\
		msg.msg_flags |= MSG_MORE;						\
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, &bv, 1, size);			\
	return method(sk, &msg, size);							\
}

#define TQUIC_PROTO_SENDPAGE_INIT(wrapper)	.sendpage = wrapper,
#define TQUIC_OPS_SENDPAGE_INIT			.sendpage = inet_sendpage,
#else
#define TQUIC_PROTO_SENDPAGE(wrapper, method)
#define TQUIC_PROTO_SENDPAGE_INIT(wrapper)
#define TQUIC_OPS_SENDPAGE_INIT
#endif

/*
 * In the struct proto of AF_INET6: where its ipv6_pinfo is.  Kernels without the
 * field take the end of the object, so it must be the last member everywhere.
 */
#ifdef TQUIC_HAVE_PROTO_PINFO_OFFSET
#define TQUIC_PROTO_PINFO_INIT(type, member)	.ipv6_pinfo_offset = offsetof(type, member),
#else
#define TQUIC_PROTO_PINFO_INIT(type, member)
#endif

/* In a struct inet_diag_handler */
#ifdef TQUIC_HAVE_INET_DIAG_OWNER
#define TQUIC_DIAG_OWNER_INIT			.owner = THIS_MODULE,
#else
#define TQUIC_DIAG_OWNER_INIT
#endif

/* tquic_inet_flag(sk, RECVERR, recverr): a flag of an inet_sock, as a bit or as a bitfield */
#ifdef inet_test_bit
#define tquic_inet_flag(sk, BIT, field)		inet_test_bit(BIT, sk)
#else
#define tquic_inet_flag(sk, BIT, field)		(inet_sk(sk)->field)
#endif

/** tquic_sk_uid - the user a socket belongs to, for routes and /proc */
static inline kuid_t tquic_sk_uid(const struct sock *sk)
{
#ifdef TQUIC_HAVE_SK_UID_FUNC
	return sk_uid(sk);
#else
	return READ_ONCE(sk->sk_uid);
#endif
}

/** tquic_flowi4_set_tos - the TOS byte that a route is looked up for */
static inline void tquic_flowi4_set_tos(struct flowi4 *fl, u8 tos)
{
#ifdef TQUIC_HAVE_FLOWI4_DSCP
	fl->flowi4_dscp = inet_dsfield_to_dscp(tos);
#else
	fl->flowi4_tos = tos & IPTOS_TOS_MASK & ~3;	/* 3: the ECN bits */
#endif
}

/** tquic_recv_error - MSG_ERRQUEUE of a socket of either family; sets msg_namelen */
static inline int tquic_recv_error(struct sock *sk, struct msghdr *msg, int len)
{
#ifdef TQUIC_HAVE_RECV_ERROR_ADDR_LEN
	return inet_recv_error(sk, msg, len, &msg->msg_namelen);
#else
	return inet_recv_error(sk, msg, len);
#endif
}

/** tquic_zerocopy_realloc - a completion that covers @size more bytes, or @uarg enlarged */
static inline struct ubuf_info *tquic_zerocopy_realloc(struct sock *sk, size_t size,
						       struct ubuf_info *uarg)
{
#ifdef TQUIC_HAVE_ZEROCOPY_DEVMEM
	return msg_zerocopy_realloc(sk, size, uarg, false);
#else
	return msg_zerocopy_realloc(sk, size, uarg);
#endif
}

/** tquic_skb_set_edt - earliest departure time of @skb, nanoseconds of CLOCK_MONOTONIC */
static inline void tquic_skb_set_edt(struct sk_buff *skb, u64 ns)
{
	/* 1 is "monotonic", as a bool and as a clock type */
	skb_set_delivery_time(skb, ns_to_ktime(ns), 1);
}

/** tquic_iptunnel_xmit - push an IPv4 header and send; consumes @skb and a reference on @rt */
static inline void tquic_iptunnel_xmit(struct sock *sk, struct rtable *rt, struct sk_buff *skb,
				       __be32 saddr, __be32 daddr, u8 proto, u8 tos, u8 ttl,
				       __be16 df)
{
#ifdef TQUIC_HAVE_IPTUNNEL_CB_FLAGS
	iptunnel_xmit(sk, rt, skb, saddr, daddr, proto, tos, ttl, df, false, 0);
#else
	iptunnel_xmit(sk, rt, skb, saddr, daddr, proto, tos, ttl, df, false);
#endif
}

/** tquic_ip6tunnel_xmit - send @skb, which has its IPv6 header and dst; @dev may be NULL */
static inline void tquic_ip6tunnel_xmit(struct sock *sk, struct sk_buff *skb,
					struct net_device *dev)
{
#ifdef TQUIC_HAVE_IP6TUNNEL_CB_FLAGS
	ip6tunnel_xmit(sk, skb, dev, 0);
#else
	ip6tunnel_xmit(sk, skb, dev);
#endif
}

/* setup_udp_tunnel_sock(net, TQUIC_UDP_TUNNEL_SOCK(sock), cfg) */
#ifdef TQUIC_HAVE_UDP_TUNNEL_SK
#define TQUIC_UDP_TUNNEL_SOCK(sock)		((sock)->sk)
#else
#define TQUIC_UDP_TUNNEL_SOCK(sock)		(sock)
#endif

#ifdef TQUIC_HAVE_SPLICE_EOF
#define TQUIC_SPLICE_EOF_INIT(method)		.splice_eof = method,
#else
#define TQUIC_SPLICE_EOF_INIT(method)
#endif

#ifndef timer_container_of
#define timer_container_of(var, timer, field)	from_timer(var, timer, field)
#endif

/** tquic_hrtimer_setup - prepare @timer to call @fn */
static inline void tquic_hrtimer_setup(struct hrtimer *timer,
				       enum hrtimer_restart (*fn)(struct hrtimer *),
				       clockid_t clock, enum hrtimer_mode mode)
{
#ifdef TQUIC_HAVE_HRTIMER_SETUP
	hrtimer_setup(timer, fn, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = fn;
#endif
}

/* The shared queue of work that is bound to no CPU; flag of a queue whose work is */
#ifdef TQUIC_HAVE_SYSTEM_DFL_WQ
#define tquic_system_wq				system_dfl_wq
#else
#define tquic_system_wq				system_unbound_wq
#endif

#ifdef TQUIC_HAVE_WQ_PERCPU
#define TQUIC_WQ_PERCPU				WQ_PERCPU
#else
#define TQUIC_WQ_PERCPU				0
#endif

/* static int handler(TQUIC_CTL_CONST struct ctl_table *table, ...) */
#ifdef TQUIC_HAVE_CTL_TABLE_CONST
#define TQUIC_CTL_CONST				const
#else
#define TQUIC_CTL_CONST
#endif

/**
 * tquic_sysctl_register - register @nr entries of @table below @path
 *
 * @table has one entry more, all zero, that older kernels end at.
 */
static inline struct ctl_table_header *tquic_sysctl_register(struct net *net, const char *path,
							     struct ctl_table *table, size_t nr)
{
#ifdef TQUIC_HAVE_NET_SYSCTL_SZ
	return register_net_sysctl_sz(net, path, table, nr);
#else
	return register_net_sysctl(net, path, table);
#endif
}

/* In TP_fast_assign, for a __string(field, src) */
#ifdef TQUIC_HAVE_ASSIGN_STR_1
#define TQUIC_ASSIGN_STR(field, src)		__assign_str(field)
#else
#define TQUIC_ASSIGN_STR(field, src)		__assign_str(field, src)
#endif

#endif

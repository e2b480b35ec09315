/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One interface over the kernels that the module builds for, in the shape that the newest of them
 * has: the rest of the module writes that shape, and this file bends it for the others.  What a
 * kernel has is found by probe.mk in its headers, never by its version.  Nothing here knows QUIC.
 */
#ifndef _TQUIC_COMPAT_H
#define _TQUIC_COMPAT_H

#include <linux/bvec.h>
#include <linux/hrtimer.h>
#include <linux/memcontrol.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/sysctl.h>
#include <linux/uaccess.h>
#include <net/inet_common.h>
#include <net/inet_dscp.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <net/sock.h>

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
 * Methods of struct proto whose shape changed.  Write the method in the newest shape, put
 * TQUIC_PROTO_X(method) at file level and TQUIC_PROTO_X_INIT(method) into struct proto.
 *
 * accept:   struct sock *method(struct sock *sk, struct proto_accept_arg *arg)
 * ioctl:    int method(struct sock *sk, int cmd, int *karg), which only stores
 * recvmsg:  int method(struct sock *sk, struct msghdr *msg, size_t len, int flags),
 *           which sets msg->msg_namelen when it fills msg->msg_name
 * sendpage: made from sendmsg: int method(struct sock *sk, struct msghdr *msg, size_t len),
 *           called with MSG_SPLICE_PAGES; nothing where sendfile() does that itself
 */
#ifdef TQUIC_HAVE_PROTO_ACCEPT_ARG
#define TQUIC_PROTO_ACCEPT(method)
#define TQUIC_PROTO_ACCEPT_INIT(method)		.accept = method,
#else
struct proto_accept_arg {
	int flags;
	int err;
};

#define TQUIC_PROTO_ACCEPT(method)							\
static struct sock *method##_old(struct sock *sk, int flags, int *err, bool kern)	\
{											\
	struct proto_accept_arg arg = { .flags = flags };				\
	struct sock *newsk = method(sk, &arg);						\
											\
	*err = arg.err;									\
	return newsk;									\
}

#define TQUIC_PROTO_ACCEPT_INIT(method)		.accept = method##_old,
#endif

#ifdef TQUIC_HAVE_PROTO_IOCTL_KARG
#define TQUIC_PROTO_IOCTL(method)
#define TQUIC_PROTO_IOCTL_INIT(method)		.ioctl = method,
#else
#define TQUIC_PROTO_IOCTL(method)							\
static int method##_old(struct sock *sk, int cmd, unsigned long arg)			\
{											\
	int val = 0;									\
	int ret = method(sk, cmd, &val);						\
											\
	return ret ?: put_user(val, (int __user *)arg);					\
}

#define TQUIC_PROTO_IOCTL_INIT(method)		.ioctl = method##_old,
#endif

#ifdef TQUIC_HAVE_PROTO_RECVMSG_ADDR_LEN
#define TQUIC_PROTO_RECVMSG(method)							\
static int method##_old(struct sock *sk, struct msghdr *msg, size_t len, int flags,	\
			int *addr_len)							\
{											\
	int ret = method(sk, msg, len, flags);						\
											\
	*addr_len = msg->msg_namelen;							\
	return ret;									\
}

#define TQUIC_PROTO_RECVMSG_INIT(method)	.recvmsg = method##_old,
#else
#define TQUIC_PROTO_RECVMSG(method)
#define TQUIC_PROTO_RECVMSG_INIT(method)	.recvmsg = method,
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

/*
 * SOL_SOCKET options come to proto.setsockopt, where a kernel lets a protocol have them;
 * and the accept of struct proto_ops, which makes it so for the new socket
 */
static inline void tquic_own_sol_socket(struct socket *sock)
{
#ifdef TQUIC_HAVE_CUSTOM_SOCKOPT
	if (sock)
		set_bit(SOCK_CUSTOM_SOCKOPT, &sock->flags);
#endif
}

#ifdef TQUIC_HAVE_PROTO_ACCEPT_ARG
static inline int tquic_inet_accept(struct socket *sock, struct socket *newsock,
				    struct proto_accept_arg *arg)
{
	int err = inet_accept(sock, newsock, arg);
#else
static inline int tquic_inet_accept(struct socket *sock, struct socket *newsock, int flags,
				    bool kern)
{
	int err = inet_accept(sock, newsock, flags, kern);
#endif

	if (!err)
		tquic_own_sol_socket(newsock);
	return err;
}

/** tquic_msg_zerocopy_realloc - one more completion of @size bytes, told with @uarg if it may be */
static inline struct ubuf_info *tquic_msg_zerocopy_realloc(struct sock *sk, size_t size,
							   struct ubuf_info *uarg)
{
#ifdef TQUIC_HAVE_ZEROCOPY_DEVMEM
	return msg_zerocopy_realloc(sk, size, uarg, false);
#else
	return msg_zerocopy_realloc(sk, size, uarg);
#endif
}

/** tquic_sk_uid - the user a socket belongs to, for routes and /proc */
static inline kuid_t tquic_sk_uid(const struct sock *sk)
{
#ifdef TQUIC_HAVE_SK_UID_FUNC
	return sk_uid(sk);
#else
	return READ_ONCE(sk->sk_uid);
#endif
}

/** tquic_memcg - the memory cgroup that a socket is accounted to; NULL: none */
static inline struct mem_cgroup *tquic_memcg(const struct sock *sk)
{
#if defined(TQUIC_HAVE_MEMCG_FROM_SK)
	return mem_cgroup_from_sk(sk);
#elif defined(CONFIG_MEMCG)
	return sk->sk_memcg;
#else
	return NULL;
#endif
}

/** tquic_memcg_inherit - account a new socket to the memory cgroup of its listener */
static inline void tquic_memcg_inherit(struct sock *sk, const struct sock *listener)
{
	/* newer kernels do it when it is accepted, to that of the process */
#if defined(CONFIG_MEMCG) && !defined(TQUIC_HAVE_ACCEPT_CHARGES)
	if (!mem_cgroup_sockets_enabled || sk->sk_memcg || !listener->sk_memcg)
		return;
	css_get(&listener->sk_memcg->css);
	sk->sk_memcg = listener->sk_memcg;	/* sk_free() puts it */
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

/** tquic_sysctl_register - @nr entries of @table, and one all zero that older kernels end at */
static inline struct ctl_table_header *tquic_sysctl_register(struct net *net, const char *path,
							     struct ctl_table *table, size_t nr)
{
#ifdef TQUIC_HAVE_NET_SYSCTL_SZ
	return register_net_sysctl_sz(net, path, table, nr);
#else
	return register_net_sysctl(net, path, table);
#endif
}

#endif

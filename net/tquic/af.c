// SPDX-License-Identifier: GPL-2.0
/*
 * The protocol as the address families see it: struct proto, the system calls
 * that name, connect and watch a socket, and their registration.  What goes
 * over a connection is the business of sendmsg.c and recvmsg.c.
 */
#include <linux/module.h>
#include <linux/sockios.h>
#include <asm/ioctls.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/protocol.h>

#include "output.h"
#include "sock.h"

static atomic_long_t memory_allocated;
static DEFINE_PER_CPU(int, memory_per_cpu_fw_alloc);
static struct percpu_counter sockets_allocated;
static unsigned long memory_pressure;

/* A user's address as the module has them: mapped ones are AF_INET */
static int addr_from_user(const struct sock *sk, const struct sockaddr *sa, int len,
			  union tquic_addr *addr)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)sa;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)sa;

	if (len < (int)offsetofend(struct sockaddr, sa_family))
		return -EINVAL;
	if (sa->sa_family != sk->sk_family)
		return -EAFNOSUPPORT;
	if (sa->sa_family == AF_INET) {
		if (len < (int)sizeof(*v4))
			return -EINVAL;
		tquic_addr_set_v4(addr, v4->sin_addr.s_addr, v4->sin_port);
		return 0;
	}
	if (len < SIN6_LEN_RFC2133)
		return -EINVAL;
	if (ipv6_addr_v4mapped(&v6->sin6_addr)) {
		if (sk->sk_ipv6only)
			return -ENETUNREACH;
		tquic_addr_set_v4(addr, v6->sin6_addr.s6_addr32[3], v6->sin6_port);
		return 0;
	}
	memset(addr, 0, sizeof(*addr));
	memcpy(&addr->v6, v6, min_t(int, len, sizeof(addr->v6)));
	addr->v6.sin6_flowinfo = 0;
	return 0;
}

static bool addr_any(const union tquic_addr *addr)
{
	if (addr->sa.sa_family == AF_INET)
		return !addr->v4.sin_addr.s_addr;
	return ipv6_addr_any(&addr->v6.sin6_addr);
}

/* And back: an AF_INET6 socket shows AF_INET addresses as mapped ones */
static int addr_to_user(const struct sock *sk, const union tquic_addr *addr, struct sockaddr *sa)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)sa;

	if (sk->sk_family == AF_INET) {
		memcpy(sa, &addr->v4, sizeof(addr->v4));
		return sizeof(addr->v4);
	}
	*v6 = tquic_addr_in6(addr);
	if (addr_any(addr))
		v6->sin6_addr = in6addr_any;
	return sizeof(*v6);
}

/* One that a connection can be made to; the unspecified address means this host */
static int addr_check_remote(union tquic_addr *addr)
{
	if (!tquic_addr_port(addr))
		return -EINVAL;
	if (addr->sa.sa_family == AF_INET) {
		if (!addr->v4.sin_addr.s_addr)
			addr->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return ipv4_is_multicast(addr->v4.sin_addr.s_addr) ||
		       ipv4_is_lbcast(addr->v4.sin_addr.s_addr) ? -ENETUNREACH : 0;
	}
	if (ipv6_addr_any(&addr->v6.sin6_addr))
		addr->v6.sin6_addr = in6addr_loopback;
	return ipv6_addr_is_multicast(&addr->v6.sin6_addr) ? -ENETUNREACH : 0;
}

/* Take an endpoint for the socket; owned by the caller */
static int take_endpoint(struct sock *sk, const union tquic_addr *addr)
{
	struct inet_sock *inet = inet_sk(sk);
	struct tquic_endpoint *ep = tquic_udp_bind(sk, addr);

	if (IS_ERR(ep))
		return PTR_ERR(ep);
	tquic_sk(sk)->ep = ep;
	inet->inet_sport = tquic_addr_port(&ep->addr);
	inet->inet_num = ntohs(inet->inet_sport);
	if (ep->addr.sa.sa_family == AF_INET)
		inet->inet_rcv_saddr = ep->addr.v4.sin_addr.s_addr;
	inet->inet_saddr = inet->inet_rcv_saddr;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 && !addr_any(&ep->addr))
		sk->sk_v6_rcv_saddr = tquic_addr_in6(&ep->addr).sin6_addr;
#endif
	return 0;
}

/* A user's address to bind to */
static int addr_to_bind(const struct sock *sk, const struct sockaddr *sa, int len,
			union tquic_addr *addr)
{
	int err = addr_from_user(sk, sa, len, addr);
	struct net *net = sock_net(sk);
	int port;

	if (err)
		return err;
	if (tquic_addr_is_v4(addr) ? ipv4_is_multicast(addr->v4.sin_addr.s_addr) :
				     ipv6_addr_is_multicast(&addr->v6.sin6_addr))
		return -EADDRNOTAVAIL;
	port = ntohs(tquic_addr_port(addr));
	return port && inet_port_requires_bind_service(net, port) &&
	       !ns_capable(net->user_ns, CAP_NET_BIND_SERVICE) ? -EACCES : 0;
}

static int af_bind(struct sock *sk, struct tquic_sockaddr *uaddr, int len)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	union tquic_addr addr;
	int err;

	err = addr_to_bind(sk, (struct sockaddr *)uaddr, len, &addr);
	if (err)
		return err;
	lock_sock(sk);
	err = -EINVAL;
	if (!tsk->ep && !tsk->conn)
		err = take_endpoint(sk, &addr);
	if (!err && !addr_any(&addr))
		sk->sk_userlocks |= SOCK_BINDADDR_LOCK;
	if (!err && tquic_addr_port(&addr))
		sk->sk_userlocks |= SOCK_BINDPORT_LOCK;
	release_sock(sk);
	return err;
}

/* The address our side of a connection to @remote begins with; binds where nobody did */
static int local_for(struct sock *sk, const union tquic_addr *remote, union tquic_addr *local)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	int err;

	memset(local, 0, sizeof(*local));
	local->sa.sa_family = remote->sa.sa_family;
	err = tsk->ep ? 0 : take_endpoint(sk, local);
	if (err)
		return err;
	if (tsk->ep->addr.sa.sa_family == remote->sa.sa_family) {
		*local = tsk->ep->addr;
		return 0;
	}
	/* an IPv4 peer of an endpoint that is bound to all IPv6 addresses */
	if (remote->sa.sa_family != AF_INET || !addr_any(&tsk->ep->addr) || sk->sk_ipv6only)
		return -EINVAL;
	local->v4.sin_port = tsk->ep->addr.v6.sin6_port;
	return 0;
}

static void show_remote(struct sock *sk, const union tquic_addr *remote)
{
	struct inet_sock *inet = inet_sk(sk);

	inet->inet_dport = tquic_addr_port(remote);
	if (remote->sa.sa_family == AF_INET)
		inet->inet_daddr = remote->v4.sin_addr.s_addr;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		sk->sk_v6_daddr = tquic_addr_in6(remote).sin6_addr;
#endif
}

static int connect_locked(struct sock *sk, union tquic_addr *remote)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	union tquic_addr local;
	struct tquic_conn_param param = { .addr_local = &local, .addr_remote = remote,
					  .empty_id = tsk->empty_id };
	int err;

	if (tsk->conn || sk->sk_state == TCP_LISTEN)
		return -EISCONN;
	err = addr_check_remote(remote) ?: local_for(sk, remote, &local) ?:
	      (tsk->empty_id ? tquic_udp_alone(tsk->ep, sk) : 0) ?:
	      tquic_socket_conn(sk, &param, tquic_now_us());
	if (err)
		return err;
	err = tquic_udp_route(tsk->conn, tsk->conn->path);
	if (err) {
		tquic_conn_free(tsk->conn);
		tsk->conn = NULL;
		return err;
	}
	memcpy(tsk->conn->token, tsk->token, tsk->token_len);
	tsk->conn->token_len = tsk->token_len;
	show_remote(sk, remote);
	tquic_socket_after(sk);
	return 0;
}

/* UAPI: returns at once, and nothing is sent before the ClientHello is */
static int af_connect(struct socket *sock, struct tquic_sockaddr *uaddr, int len, int flags)
{
	struct sock *sk = sock->sk;
	union tquic_addr remote;
	int err;

	err = addr_from_user(sk, (struct sockaddr *)uaddr, len, &remote);
	if (err)
		return err;
	lock_sock(sk);
	err = connect_locked(sk, &remote);
	if (!err)
		sock->state = SS_CONNECTED;
	release_sock(sk);
	return err;
}

/* The host has the address, or it is any: what bind() sees to where it is asked */
static bool addr_is_local(struct net *net, const union tquic_addr *addr)
{
	if (addr_any(addr))
		return true;
	if (tquic_addr_is_v4(addr))
		return inet_addr_type(net, addr->v4.sin_addr.s_addr) == RTN_LOCAL;
	return IS_ENABLED(CONFIG_IPV6) && ipv6_chk_addr(net, &addr->v6.sin6_addr, NULL, 0);
}

/*
 * What else is bound for connections of @sk at @addr, which is set to that; *ep is NULL where it
 * hears that address already: it is bound to all
 */
static int bind_beside(struct sock *sk, union tquic_addr *addr, struct tquic_endpoint **ep)
{
	const union tquic_addr *own = &tquic_sk(sk)->ep->addr;

	*ep = NULL;
	if (tquic_addr_port(addr) == tquic_addr_port(own) && addr_any(own))
		return addr_is_local(sock_net(sk), addr) ? 0 : -EADDRNOTAVAIL;
	*ep = tquic_udp_bind(sk, addr);
	if (IS_ERR(*ep))
		return PTR_ERR(*ep);
	*addr = (*ep)->addr;
	return 0;
}

/* An address of a server that its client is told to come to */
static int prefer(struct sock *sk, union tquic_addr *addr)
{
	struct tquic_endpoint **kept = &tquic_sk(sk)->preferred[!tquic_addr_is_v4(addr)];
	struct tquic_endpoint *ep;
	int err;

	if (addr_any(addr) || !tquic_addr_port(addr))
		return -EINVAL;
	err = bind_beside(sk, addr, &ep);
	if (err)
		return err;
	err = tquic_conn_prefer(tquic_sk(sk)->conn, addr);
	if (!err)
		swap(*kept, ep);
	tquic_udp_put(ep, sk);
	return err;
}

/*
 * tquic_af_migrate - QUIC_SOCKOPT_CONNECTION_MIGRATION: have a client go on from the local address
 * @sa, port 0: any, once it is known to work; or have the client of a server, in the handshake,
 * come to that.  Owned.  Return: 0, it is being tried; -ENOTCONN; -EINVAL: of another family, or
 * the one in use, or it is too late to say that; -EOPNOTSUPP at a server after the handshake, or
 * where the peer forbids it; or what tquic_udp_bind() and tquic_path_migrate() say.
 */
int tquic_af_migrate(struct sock *sk, void *sa, u32 len)
{
	struct tquic_conn *conn = tquic_sk(sk)->conn;
	struct tquic_endpoint *ep;
	union tquic_addr addr;
	int err;

	err = addr_to_bind(sk, sa, len, &addr);
	if (err)
		return err;
	if (conn && conn->server && conn->state < TQUIC_CONN_ESTABLISHED)
		return prefer(sk, &addr);
	if (!conn || conn->state != TQUIC_CONN_ESTABLISHED)
		return -ENOTCONN;
	if (conn->server || conn->remote.disable_active_migration)
		return -EOPNOTSUPP;
	if (addr.sa.sa_family != conn->path->remote.sa.sa_family ||
	    tquic_addr_equal(&addr, &conn->path->local))
		return -EINVAL;
	err = bind_beside(sk, &addr, &ep);
	if (err)
		return err;
	if (ep && !conn->local.iscid.len)	/* its packets come to us by their port alone */
		err = tquic_udp_alone(ep, sk);
	err = err ?: tquic_path_migrate(conn, &addr, &conn->path->remote, ep, tquic_now_us());
	if (err)
		tquic_udp_put(ep, sk);
	return err;
}

static int af_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	struct tquic_sock *tsk = tquic_sk(sk);
	union tquic_addr any = {};
	int err = -EINVAL;

	any.sa.sa_family = sk->sk_family;
	lock_sock(sk);
	if (!tsk->conn && sock->state == SS_UNCONNECTED) {
		WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
		err = (tsk->ep ? 0 : take_endpoint(sk, &any)) ?: tquic_listen_start(sk);
	}
	if (!err)
		WRITE_ONCE(sk->sk_state, TCP_LISTEN);
	release_sock(sk);
	return err;
}

static bool accept_ready(struct sock *sk, void *unused)
{
	return !list_empty_careful(&tquic_sk(sk)->accept_queue) ||
	       READ_ONCE(sk->sk_state) != TCP_LISTEN;
}

static struct sock *af_accept(struct sock *sk, struct proto_accept_arg *arg)
{
	struct sock *child = NULL;
	long timeo;

	lock_sock(sk);
	timeo = sock_rcvtimeo(sk, arg->flags & O_NONBLOCK);
	arg->err = tquic_socket_wait(sk, &timeo, accept_ready, NULL);
	if (!arg->err)
		child = tquic_listen_accept(sk);
	if (!arg->err && !child)
		arg->err = -EINVAL;	/* it does not listen, or no more */
	release_sock(sk);
	return child;
}

TQUIC_PROTO_ACCEPT(af_accept)

static int af_getname(struct socket *sock, struct sockaddr *uaddr, int peer)
{
	struct sock *sk = sock->sk;
	struct tquic_sock *tsk = tquic_sk(sk);
	union tquic_addr addr = {};
	int err = 0;

	addr.sa.sa_family = sk->sk_family;
	lock_sock(sk);
	if (peer && (!tsk->conn || (peer == 1 && sk->sk_state == TCP_CLOSE)))
		err = -ENOTCONN;
	else if (peer)
		addr = tsk->conn->path->remote;
	else if (tsk->conn)
		addr = tsk->conn->path->local;
	else if (tsk->ep)
		addr = tsk->ep->addr;
	release_sock(sk);
	return err ?: addr_to_user(sk, &addr, uaddr);
}

static __poll_t af_poll(struct file *file, struct socket *sock, struct poll_table_struct *wait)
{
	struct sock *sk = sock->sk;
	__poll_t mask = 0;
	u8 shutdown;
	int state;

	sock_poll_wait(file, sock, wait);
	state = READ_ONCE(sk->sk_state);
	shutdown = READ_ONCE(sk->sk_shutdown);
	if (state == TCP_LISTEN)
		return accept_ready(sk, NULL) ? EPOLLIN | EPOLLRDNORM : 0;
	if (READ_ONCE(sk->sk_err) || !skb_queue_empty_lockless(&sk->sk_error_queue))
		mask |= EPOLLERR;
	if (shutdown == SHUTDOWN_MASK || !READ_ONCE(tquic_sk(sk)->conn))
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (READ_ONCE(tquic_sk(sk)->rx_avail))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (shutdown & SEND_SHUTDOWN)
		return mask | EPOLLOUT | EPOLLWRNORM;
	if (state != TCP_ESTABLISHED)
		return mask;
	if (!sk_stream_is_writeable(sk)) {
		set_bit(SOCK_NOSPACE, &sock->flags);
		/* pairs with the test of SOCK_NOSPACE in tquic_owner_write_space() */
		smp_mb__after_atomic();
		if (!sk_stream_is_writeable(sk))
			return mask;
	}
	return mask | EPOLLOUT | EPOLLWRNORM;
}

/* Bytes that a read would give now, handshake data aside */
static u64 inq_bytes(const struct tquic_conn *conn)
{
	struct tquic_stream *s;
	u64 bytes = 0;

	list_for_each_entry(s, &conn->streams.rx_ready, rx_node)
		bytes += tquic_recvbuf_ready(&s->rb);
	return bytes;
}

static int af_ioctl(struct sock *sk, int cmd, int *karg)
{
	const struct tquic_conn *conn;
	u64 val = 0;
	int err = 0;

	lock_sock(sk);
	conn = tquic_sk(sk)->conn;
	if (sk->sk_state == TCP_LISTEN)
		err = -EINVAL;
	else if (cmd == SIOCINQ)
		val = conn ? inq_bytes(conn) : 0;
	else if (cmd == SIOCOUTQ)
		val = conn ? conn->streams.held_bytes : 0;
	else if (cmd == SIOCOUTQNSD)
		val = conn ? tquic_info_notsent(conn) : 0;
	else
		err = -ENOIOCTLCMD;
	release_sock(sk);
	*karg = min_t(u64, val, INT_MAX);
	return err;
}

TQUIC_PROTO_IOCTL(af_ioctl)

static int af_shutdown(struct socket *sock, int how)
{
	struct sock *sk = sock->sk;
	struct tquic_sock *tsk = tquic_sk(sk);
	int err = 0;

	how++;	/* SHUT_RD, SHUT_WR, SHUT_RDWR are 0 to 2; the bits are 1 to 3 */
	if (how & ~SHUTDOWN_MASK || !how)
		return -EINVAL;
	lock_sock(sk);
	if (sk->sk_state == TCP_LISTEN) {
		if (how & RCV_SHUTDOWN) {
			tquic_listen_stop(sk);
			WRITE_ONCE(sk->sk_state, TCP_CLOSE);
		}
	} else if (!tsk->conn || !tquic_conn_alive(tsk->conn)) {
		err = -ENOTCONN;
	} else {
		WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | how);
		if (how & RCV_SHUTDOWN)
			tsk->rx_discard = true;
		if (how & SEND_SHUTDOWN)
			tquic_sendmsg_push(sk, true);
		tquic_output_flush(tsk->conn, tquic_now_us());
		tquic_socket_after(sk);
	}
	sk->sk_state_change(sk);
	release_sock(sk);
	return err;
}

TQUIC_PROTO_RECVMSG(tquic_recvmsg)
TQUIC_PROTO_SENDPAGE(af_sendpage, tquic_sendmsg)

/* Connections are found by connection ID: there is no table of sockets */
static void af_unhash(struct sock *sk)
{
}

static void enter_memory_pressure(struct sock *sk)
{
	WRITE_ONCE(memory_pressure, 1);
}

#define TQUIC_PROTO_COMMON					\
	.owner			= THIS_MODULE,			\
	.close			= tquic_socket_close,		\
	TQUIC_PROTO_ACCEPT_INIT(af_accept)			\
	TQUIC_PROTO_IOCTL_INIT(af_ioctl)			\
	.init			= tquic_socket_init,		\
	.destroy		= tquic_socket_destroy,		\
	.setsockopt		= tquic_setsockopt,		\
	.getsockopt		= tquic_getsockopt,		\
	.keepalive		= tquic_socket_keepalive,	\
	.sendmsg		= tquic_sendmsg,		\
	TQUIC_PROTO_RECVMSG_INIT(tquic_recvmsg)		\
	TQUIC_PROTO_SENDPAGE_INIT(af_sendpage)			\
	.bind			= af_bind,			\
	.backlog_rcv		= tquic_socket_backlog,		\
	.release_cb		= tquic_socket_release_cb,	\
	.unhash			= af_unhash,			\
	.enter_memory_pressure	= enter_memory_pressure,	\
	.memory_allocated	= &memory_allocated,		\
	.per_cpu_fw_alloc	= &memory_per_cpu_fw_alloc,	\
	.sockets_allocated	= &sockets_allocated,		\
	.memory_pressure	= &memory_pressure,		\
	.sysctl_mem		= sysctl_tquic_mem,		\
	.sysctl_rmem		= sysctl_tquic_rmem,		\
	.sysctl_wmem		= sysctl_tquic_wmem,		\
	.no_autobind		= true

static struct proto tquic_prot = {
	.name			= "QUIC",
	.obj_size		= sizeof(struct tquic_sock),
	TQUIC_PROTO_COMMON,
};

#define AF_OPS(pf, inet) {				\
	.family		= pf,				\
	.owner		= THIS_MODULE,			\
	.release	= inet##_release,		\
	.bind		= inet##_bind,			\
	.connect	= af_connect,			\
	.socketpair	= sock_no_socketpair,		\
	.accept		= tquic_inet_accept,		\
	.getname	= af_getname,			\
	.poll		= af_poll,			\
	.ioctl		= inet##_ioctl,			\
	.gettstamp	= sock_gettstamp,		\
	.listen		= af_listen,			\
	.shutdown	= af_shutdown,			\
	.setsockopt	= sock_common_setsockopt,	\
	.getsockopt	= sock_common_getsockopt,	\
	.sendmsg	= inet_sendmsg,			\
	.recvmsg	= inet_recvmsg,			\
	.mmap		= sock_no_mmap,			\
	TQUIC_OPS_SENDPAGE_INIT				\
}

#define AF_PROTOSW(_type, _prot, _ops)			\
	{ .type = _type, .protocol = IPPROTO_QUIC, .prot = &(_prot), .ops = &(_ops) }

static const struct proto_ops af_inet_ops = AF_OPS(PF_INET, inet);

static struct inet_protosw af_protosw[] = {
	AF_PROTOSW(SOCK_STREAM, tquic_prot, af_inet_ops),
	AF_PROTOSW(SOCK_DGRAM, tquic_prot, af_inet_ops),
};

#if IS_ENABLED(CONFIG_IPV6)
static struct proto tquicv6_prot = {
	.name			= "QUICv6",
	.obj_size		= sizeof(struct tquic6_sock),
	TQUIC_PROTO_PINFO_INIT(struct tquic6_sock, inet6)
	TQUIC_PROTO_COMMON,
};

static const struct proto_ops af_inet6_ops = AF_OPS(PF_INET6, inet6);

static struct inet_protosw af_protosw6[] = {
	AF_PROTOSW(SOCK_STREAM, tquicv6_prot, af_inet6_ops),
	AF_PROTOSW(SOCK_DGRAM, tquicv6_prot, af_inet6_ops),
};

static void unregister_v6(size_t n)
{
	while (n--)
		inet6_unregister_protosw(&af_protosw6[n]);
	proto_unregister(&tquicv6_prot);
}

static int register_v6(void)
{
	int err = proto_register(&tquicv6_prot, 1);

	for (size_t i = 0; !err && i < ARRAY_SIZE(af_protosw6); i++) {
		err = inet6_register_protosw(&af_protosw6[i]);
		if (err)
			unregister_v6(i);
	}
	return err;
}
#endif

/** tquic_af_register - make sockets of IPPROTO_QUIC creatable; 0 or -errno */
int tquic_af_register(void)
{
	int err, i;

	err = percpu_counter_init(&sockets_allocated, 0, GFP_KERNEL);
	if (err)
		return err;
	err = proto_register(&tquic_prot, 1);
	if (err)
		goto free_counter;
#if IS_ENABLED(CONFIG_IPV6)
	err = register_v6();
	if (err)
		goto unregister;
#endif
	for (i = 0; i < ARRAY_SIZE(af_protosw); i++)
		inet_register_protosw(&af_protosw[i]);
	return 0;

#if IS_ENABLED(CONFIG_IPV6)
unregister:
	proto_unregister(&tquic_prot);
#endif
free_counter:
	percpu_counter_destroy(&sockets_allocated);
	return err;
}

/** tquic_af_unregister - undo tquic_af_register(); every socket is gone */
void tquic_af_unregister(void)
{
	for (int i = 0; i < ARRAY_SIZE(af_protosw); i++)
		inet_unregister_protosw(&af_protosw[i]);
#if IS_ENABLED(CONFIG_IPV6)
	unregister_v6(ARRAY_SIZE(af_protosw6));
#endif
	proto_unregister(&tquic_prot);
	percpu_counter_destroy(&sockets_allocated);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* The socket and the network namespace, as the files of the kernel layer see them. */
#ifndef _TQUIC_SOCK_H
#define _TQUIC_SOCK_H

#include <linux/hashtable.h>
#include <linux/ratelimit_types.h>
#include <linux/workqueue.h>
#include <net/ipv6.h>
#include <net/netns/generic.h>
#include "compat/compat.h"
#include "conn.h"
#include "token.h"

#define TQUIC_HEADER_BYTES	(1 + TQUIC_CID_LEN + 4 + TQUIC_TAG_LEN)	/* of a 1-RTT packet */
#define TQUIC_EVENTS_MAX	256	/* for a reader; the oldest is dropped and counted */
#define TQUIC_INITIALS_MAX	1024	/* datagrams a listener keeps for its worker */
#define TQUIC_REPLIES_MAX	1000	/* a second: Retry, version negotiation, stateless reset */

/* tquic_sock.deferred: what could not be done while the socket was busy, or in softirq */
enum {
	TQUIC_DEFER_TIMER,	/* the timer fired: tquic_timer_run() */
	TQUIC_DEFER_WORK,	/* tquic_conn_work(), process context only */
	TQUIC_DEFER_ICMP,	/* tquic_sock.icmp_err is set */
	TQUIC_DEFER_AFTER,	/* tquic_socket_after(), once for a whole backlog */
	TQUIC_DEFER_END,	/* closed and over: take it apart, process context only */
};

/*
 * A UDP socket of the kernel and who listens or connects through it.  Shared by
 * every connection of its local address and port; freed with its last user.
 */
struct tquic_endpoint {
	struct hlist_node node;		/* in tquic_net.endpoints, under tquic_net.lock */
	refcount_t refs;
	struct net *net;
	struct socket *sock;
	union tquic_addr addr;		/* bound address, port set */
	int bound_dev_if;
	struct tquic_sock __rcu *listener;	/* NULL: connections only */
	struct tquic_sock __rcu *only;	/* a client with the endpoint to itself, for ICMP */
	bool alone;			/* it stays so: its connection ID is empty */
	struct tasklet_struct drain;	/* takes what the UDP socket has queued */
	struct work_struct release;	/* closing the UDP socket may sleep */
	struct rcu_head rcu;
};

struct tquic_sock {
	struct inet_sock inet;		/* first; for AF_INET6 inside struct tquic6_sock */
	struct tquic_conn *conn;	/* NULL: not connected; the socket lock */
	struct tquic_endpoint *ep;	/* NULL: not bound */
	struct tquic_endpoint *preferred[2];	/* server: for IPv4, IPv6; NULL: none, or ep */

	/* what a connection will be made with; the socket lock */
	struct_group(inherited,		/* from a listener */
		struct tquic_tparam tparam;
		struct quic_config config;
		const struct tquic_cc_ops *cc;
		u8 alpn_len;
		u8 alpn[QUIC_ALPN_MAX_BYTES];	/* as set: comma-separated */
		u32 events;		/* bit per QUIC_EVENT_* that is on */
		/* the options of level SOL_TCP, 0: off or not set */
		int nodelay;
		int cork;
		int maxseg;
		int keep_idle_s;
		int keep_intvl_s;
		int keep_cnt;
		int user_timeout_ms;
		int empty_id;		/* of ours, QUIC_SOCKOPT_EMPTY_ID */
	);
	u16 token_len;
	u8 token[TQUIC_TOKEN_CLIENT_MAX];
	struct quic_connection_close close;	/* option 5, sent at close() */
	struct sk_buff_head event_queue;
	u8 *ticket;			/* client: the newest TLS ticket message, NULL: none */
	u32 ticket_len;

	/* system calls; the socket lock */
	bool closing;			/* the user is gone: deliver what was sent, then close */
	bool rx_discard;		/* SHUT_RD, or the user is gone: nobody reads */
	bool rx_avail;			/* what poll says without the lock: a read would not wait */
	bool streams_aware;		/* the last read asked for its stream: no EOF for all */
	u64 stall_us;			/* no ACK by then: give up; TQUIC_TIME_NEVER: no limit */
	u64 stall_acked;		/* acknowledged bytes when stall_us was set */

	/* time and deferral */
	struct hrtimer timer;
	u64 armed_us;			/* when the timer fires, TQUIC_TIME_NEVER: not armed */
	u8 overdue;			/* times in a row that a deadline had passed already */
	unsigned long deferred;		/* TQUIC_DEFER_* bits, atomic */
	struct work_struct work;	/* process context: punted packets, DEFER_WORK */
	struct sk_buff_head punted;	/* packets that softirq could not open */
	int icmp_err;

	/* listeners */
	struct list_head accept_queue;	/* of tquic_sock.accept_node; the listener's socket lock */
	struct list_head accept_node;
	struct sk_buff_head initials;	/* Initial packets for the worker */
	struct work_struct listen_work;
};

struct tquic6_sock {
	struct tquic_sock tquic;
	struct ipv6_pinfo inet6;
};

/* Per network namespace */
struct tquic_net {
	struct tquic_mib __percpu *mib;
	struct tquic_token_keys token_keys;
	spinlock_t lock;		/* endpoints */
	DECLARE_HASHTABLE(endpoints, 6);	/* by port */
	struct ratelimit_state replies;	/* TQUIC_REPLIES_MAX */
	struct ctl_table_header *sysctls[2];	/* net.quic, net.tquic; NULL: not there */
	struct tquic_switches switches;
};

extern unsigned int tquic_net_id;
extern struct workqueue_struct *tquic_wq;	/* main.c: what works on sockets */
extern struct workqueue_struct *tquic_release_wq;	/* never waits for a socket's lock */
extern long sysctl_tquic_mem[3];	/* net.quic.quic_mem, pages */
extern int sysctl_tquic_rmem[3];	/* net.quic.quic_{r,w}mem, bytes: min, default, max */
extern int sysctl_tquic_wmem[3];
extern const struct tquic_conn_ops tquic_sock_conn_ops;	/* owner.c */

static inline struct tquic_sock *tquic_sk(const struct sock *sk)
{
	return (struct tquic_sock *)sk;
}

static inline struct tquic_net *tquic_pernet(const struct net *net)
{
	return net_generic(net, tquic_net_id);
}

static inline u64 tquic_now_us(void)
{
	return ktime_to_us(ktime_get());
}

static inline bool tquic_addr_is_v4(const union tquic_addr *addr)
{
	return addr->sa.sa_family == AF_INET;
}

static inline __be16 tquic_addr_port(const union tquic_addr *addr)
{
	return addr->v4.sin_port;	/* at the same place in both families */
}

/* As an IPv6 socket shows it: IPv4 mapped */
static inline struct sockaddr_in6 tquic_addr_in6(const union tquic_addr *addr)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = tquic_addr_port(addr) };

	if (!tquic_addr_is_v4(addr))
		return addr->v6;
	ipv6_addr_set_v4mapped(addr->v4.sin_addr.s_addr, &in6.sin6_addr);
	return in6;
}

static inline void tquic_addr_set_v4(union tquic_addr *addr, __be32 ip, __be16 port)
{
	memset(addr, 0, sizeof(*addr));
	addr->v4.sin_family = AF_INET;
	addr->v4.sin_port = port;
	addr->v4.sin_addr.s_addr = ip;
}

/* socket.c; the owner of a conn, in tquic_conn.owner, is its struct sock */
struct sock *tquic_socket_child(struct sock *listener);
void tquic_socket_after(struct sock *sk);
void tquic_socket_receive(struct sock *sk, struct sk_buff_head *skbs);
void tquic_socket_icmp(struct sock *sk, int err);
int tquic_socket_wait(struct sock *sk, long *timeo, bool (*cond)(struct sock *sk, void *arg),
		      void *arg);
void tquic_rx_fill(struct sk_buff *skb, struct tquic_rx *rx);
void tquic_socket_queue_work(struct sock *sk);
int tquic_socket_init(struct sock *sk);
void tquic_socket_destroy(struct sock *sk);
int tquic_socket_conn(struct sock *sk, struct tquic_conn_param *p, u64 now_us);
void tquic_socket_close(struct sock *sk, long timeout);
void tquic_socket_abandon(struct sock *sk);
int tquic_socket_backlog(struct sock *sk, struct sk_buff *skb);
void tquic_socket_release_cb(struct sock *sk);
void tquic_socket_keepalive(struct sock *sk, int on);

/* owner.c: tquic_sock_conn_ops */
void tquic_owner_uncharge(struct sock *sk, u32 held);
void tquic_owner_write_space(struct sock *sk);
void tquic_owner_sync(struct sock *sk, struct tquic_conn *conn);

/* af.c: what the address families see */
int tquic_af_register(void);
int tquic_af_migrate(struct sock *sk, void *sa, u32 len);
void tquic_af_unregister(void);

/* sendmsg.c, recvmsg.c, event.c, sockopt.c, info.c */
int tquic_sendmsg(struct sock *sk, struct msghdr *msg, size_t len);
int tquic_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags);
bool tquic_recvmsg_ready(struct sock *sk, void *unused);
void tquic_recvmsg_discard(struct sock *sk);
int tquic_sendmsg_open(struct sock *sk, s64 *sid, u32 flags, long *timeo, int blocked,
		       struct tquic_stream **sp);
void tquic_sendmsg_push(struct sock *sk, bool fin);
void tquic_event_queue(struct sock *sk, u8 type, const void *data, u32 len);
int tquic_event_read(struct sk_buff_head *queue, u32 kind, struct msghdr *msg, size_t len,
		     int flags);
bool tquic_event_close_said(const struct tquic_conn *conn, struct quic_connection_close *c);
void tquic_event_stream(struct tquic_streams *ss, struct tquic_stream *s, bool rx_part);
void tquic_event_tickets(struct sock *sk);
void tquic_info_set_cc(struct sock *sk, const struct tquic_cc_ops *cc);
int tquic_info_quic(struct sock *sk, void *buf, u32 *len);
int tquic_info_tcp(struct sock *sk, void *buf, u32 *len);
u64 tquic_info_notsent(const struct tquic_conn *conn);
int quic_do_setsockopt(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen);
int quic_do_getsockopt(struct sock *sk, int optname, sockptr_t optval, sockptr_t optlen);
int tquic_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		     unsigned int optlen);
int tquic_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		     int __user *optlen);
void tquic_sockopt_defaults(struct tquic_sock *tsk);

/* listen.c */
int tquic_listen_start(struct sock *sk);
void tquic_listen_stop(struct sock *sk);
void tquic_listen_initial(struct tquic_endpoint *ep, struct sock *listener, struct sk_buff *skb);
void tquic_listen_work(struct work_struct *work);
int tquic_listen_token(struct tquic_conn *conn, u8 *token);
struct sock *tquic_listen_accept(struct sock *sk);

/* udp.c; IPv4 is AF_INET in the addresses of a path or tquic_rx, never a mapped IPv6 address */
void tquic_udp_net_init(struct net *net);
void tquic_udp_net_exit(struct net *net);
struct tquic_endpoint *tquic_udp_bind(struct sock *sk, const union tquic_addr *addr);
void tquic_udp_put(struct tquic_endpoint *ep, struct sock *sk);
int tquic_udp_alone(struct tquic_endpoint *ep, struct sock *sk);
int tquic_udp_xmit(struct tquic_conn *conn, struct tquic_path *path, struct sk_buff *skb,
		   u32 gso_size, u8 ecn);
int tquic_udp_route(struct tquic_conn *conn, struct tquic_path *path);
void tquic_udp_unroute(struct tquic_conn *conn, struct tquic_path *path);
u32 tquic_udp_path_mtu(struct tquic_conn *conn, struct tquic_path *path);
void tquic_udp_ignore_pmtu(struct sock *sk);
int tquic_udp_reply(struct tquic_endpoint *ep, struct sk_buff *to, const u8 *payload, u32 len);

/* lookup.c */
int tquic_lookup_setup(void);
void tquic_lookup_teardown(void);
int tquic_lookup_add(struct tquic_conn *conn, const struct tquic_cid *cid);
void tquic_lookup_del(struct tquic_conn *conn, const struct tquic_cid *cid);
struct sock *tquic_lookup_find(struct net *net, const u8 *cid, u8 len);
void tquic_lookup_walk(struct net *net,
		       bool (*fn)(struct sock *sk, const struct tquic_cid *cid, void *arg),
		       void *arg);

/* sysctl.c, diag.c */
int tquic_sysctl_net_init(struct net *net);
void tquic_sysctl_net_exit(struct net *net);
int tquic_diag_net_init(struct net *net);	/* /proc/net/quic/{conns,eps,snmp} */
void tquic_diag_net_exit(struct net *net);

#endif

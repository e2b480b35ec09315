// SPDX-License-Identifier: GPL-2.0
/*
 * A connection and the socket that owns it: who may work on it when, its timer, what is put off
 * while the socket is busy, memory accounting, and the end.  Closing outlives close(): the socket
 * stays until everything is delivered.  Knows neither system calls nor packets.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/inet_ecn.h>

#include "input.h"
#include "output.h"
#include "sock.h"

#define OVERDUE_US		1000	/* before what is overdue is tried again */
#define OVERDUE_MAX		8	/* it is doubled so often, to a quarter of a second */
#define KEEPALIVE_MIN_US	100000		/* between PINGs, whatever is asked for */
#define PUNTED_MAX		256		/* skbs that wait for process context */
#define ORPHANS_MAX		16384		/* sockets that are closed and still deliver */
#define ORPHAN_STALL_US		60000000ULL	/* a closed socket whose peer takes nothing ends */

static atomic_t orphans;
static struct lock_class_key slock_keys[2], lock_keys[2];

/* ---- deferral ---- */

/** tquic_socket_queue_work - have the worker look at @sk, with a reference meanwhile */
void tquic_socket_queue_work(struct sock *sk)
{
	sock_hold(sk);
	if (!queue_work(tquic_wq, &tquic_sk(sk)->work))
		__sock_put(sk);
}

/*
 * See to it that the timer fires by the next deadline.  A timer that would fire too early is left
 * alone: it looks again when it does.  While armed_us is not TQUIC_TIME_NEVER the timer, or
 * TQUIC_DEFER_TIMER when it has fired on a busy socket, holds a reference.
 */
static void rearm(struct sock *sk)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	u64 next = min(tquic_timer_next(tsk->conn), tsk->stall_us);
	bool overdue;

	/* what is overdue could not be done: not again at once, and ever more seldom */
	overdue = next <= tsk->conn->rx_now_us;
	if (unlikely(overdue))
		next = tsk->conn->rx_now_us + (OVERDUE_US << tsk->overdue);
	else
		tsk->overdue = 0;
	if (next >= tsk->armed_us)
		return;
	tsk->overdue += overdue && tsk->overdue < OVERDUE_MAX;
	if (tsk->armed_us == TQUIC_TIME_NEVER)
		sock_hold(sk);
	else if (hrtimer_try_to_cancel(&tsk->timer) != 1)
		return;		/* it fires just now, and arms itself anew */
	tsk->armed_us = next;
	hrtimer_start(&tsk->timer, ns_to_ktime(next * NSEC_PER_USEC), HRTIMER_MODE_ABS_SOFT);
}

/* Nothing was acknowledged for too long: the user, or nobody, waits for it */
static void stall_run(struct sock *sk)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_conn *conn = tsk->conn;

	if (!tquic_conn_alive(conn) || conn->stats.acked_bytes != tsk->stall_acked)
		return;
	if (tsk->closing)
		tquic_conn_close(conn, false, QUIC_TRANSPORT_ERROR_NONE, 0, NULL, 0, 0,
				 tquic_now_us());
	else
		tquic_conn_die(conn, ETIMEDOUT);
}

static void stall_arm(struct sock *sk)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_conn *conn = tsk->conn;
	u64 limit_us = tsk->closing ? ORPHAN_STALL_US : tsk->user_timeout_ms * 1000ULL;

	if (!limit_us || !tquic_conn_alive(conn) || tquic_conn_tx_done(conn)) {
		tsk->stall_us = TQUIC_TIME_NEVER;
		return;
	}
	if (tsk->stall_us != TQUIC_TIME_NEVER && conn->stats.acked_bytes == tsk->stall_acked)
		return;
	tsk->stall_acked = conn->stats.acked_bytes;
	tsk->stall_us = tquic_now_us() + limit_us;
}

/* The timer has fired and we own the socket; its reference is the caller's to put */
static void timer_run(struct sock *sk)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	u64 now_us = tquic_now_us();

	tsk->armed_us = TQUIC_TIME_NEVER;
	if (!tsk->conn)
		return;
	if (tsk->stall_us <= now_us) {
		stall_run(sk);
		tsk->stall_us = TQUIC_TIME_NEVER;
	}
	if (tquic_timer_next(tsk->conn) <= now_us)
		tquic_timer_run(tsk->conn, now_us);
	tquic_socket_after(sk);
}

static enum hrtimer_restart timer_fired(struct hrtimer *timer)
{
	struct tquic_sock *tsk = container_of(timer, struct tquic_sock, timer);
	struct sock *sk = (struct sock *)tsk;
	bool busy;

	bh_lock_sock(sk);
	busy = sock_owned_by_user(sk);
	if (busy)
		set_bit(TQUIC_DEFER_TIMER, &tsk->deferred);
	else
		timer_run(sk);
	bh_unlock_sock(sk);
	if (!busy)
		sock_put(sk);
	return HRTIMER_NORESTART;
}

static void timer_stop(struct sock *sk)
{
	struct tquic_sock *tsk = tquic_sk(sk);

	if (tsk->armed_us == TQUIC_TIME_NEVER)
		return;
	hrtimer_cancel(&tsk->timer);
	clear_bit(TQUIC_DEFER_TIMER, &tsk->deferred);
	tsk->armed_us = TQUIC_TIME_NEVER;
	__sock_put(sk);
}

/** tquic_socket_release_cb - proto.release_cb: what had to wait; owned, the spinlock is held */
void tquic_socket_release_cb(struct sock *sk)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_conn *conn = tsk->conn;

	if (likely(!READ_ONCE(tsk->deferred)))
		return;
	if (test_and_clear_bit(TQUIC_DEFER_TIMER, &tsk->deferred)) {
		timer_run(sk);
		__sock_put(sk);
	}
	if (test_and_clear_bit(TQUIC_DEFER_ICMP, &tsk->deferred) && conn) {
		tquic_conn_icmp(conn, READ_ONCE(tsk->icmp_err));
		set_bit(TQUIC_DEFER_AFTER, &tsk->deferred);
	}
	if (test_and_clear_bit(TQUIC_DEFER_AFTER, &tsk->deferred))
		tquic_socket_after(sk);
}

/* ---- input ---- */

/*
 * tquic_rx_fill - what input needs to know of a datagram besides its bytes; IP and UDP headers are
 * where the offsets say.  An IPv4 packet has AF_INET addresses also at an AF_INET6 endpoint.
 */
void tquic_rx_fill(struct sk_buff *skb, struct tquic_rx *rx)
{
	const struct udphdr *uh = udp_hdr(skb);

	rx->now_us = tquic_now_us();
	if (ip_hdr(skb)->version == 4) {
		tquic_addr_set_v4(&rx->local, ip_hdr(skb)->daddr, uh->dest);
		tquic_addr_set_v4(&rx->remote, ip_hdr(skb)->saddr, uh->source);
		rx->ecn = ip_hdr(skb)->tos & INET_ECN_MASK;
		return;
	}
	rx->local.v6 = (struct sockaddr_in6){
		.sin6_family = AF_INET6, .sin6_port = uh->dest, .sin6_addr = ipv6_hdr(skb)->daddr,
	};
	rx->remote.v6 = (struct sockaddr_in6){
		.sin6_family = AF_INET6, .sin6_port = uh->source, .sin6_addr = ipv6_hdr(skb)->saddr,
	};
	if (ipv6_addr_type(&rx->remote.v6.sin6_addr) & IPV6_ADDR_LINKLOCAL) {
		rx->remote.v6.sin6_scope_id = skb->skb_iif;
		rx->local.v6.sin6_scope_id = skb->skb_iif;
	}
	rx->ecn = ipv6_get_dsfield(ipv6_hdr(skb)) & INET_ECN_MASK;
}

/* We own the socket and the crypto code runs here */
static void process(struct sock *sk, struct sk_buff *skb)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_rx rx;

	if (!tsk->conn || !tsk->ep) {
		tquic_drop_skb(tquic_pernet(sock_net(sk))->mib, DROP_CLOSED, skb);
		return;
	}
	tquic_rx_fill(skb, &rx);
	tquic_input(tsk->conn, skb, &rx);
}

static void process_end(struct sock *sk)
{
	struct tquic_conn *conn = tquic_sk(sk)->conn;

	if (conn)
		tquic_input_finish(conn, conn->rx_now_us);
}

/* What softirq could not open; process context, owned */
static void process_punted(struct sock *sk)
{
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&tquic_sk(sk)->punted))) {
		process(sk, skb);
		process_end(sk);
	}
}

static void punt(struct sock *sk, struct sk_buff *skb)
{
	struct tquic_mib __percpu *mib = tquic_pernet(sock_net(sk))->mib;
	struct tquic_sock *tsk = tquic_sk(sk);

	if (skb_queue_len(&tsk->punted) >= PUNTED_MAX) {
		tquic_drop_skb(mib, DROP_BACKLOG, skb);
		return;
	}
	tquic_mib_inc(mib, RX_PUNTED);
	skb_queue_tail(&tsk->punted, skb);
	tquic_socket_queue_work(sk);
}

/* As TCP has it: a burst may wait while the owner copies, yet not without bound */
static u32 backlog_limit(const struct sock *sk)
{
	return 2 * READ_ONCE(sk->sk_rcvbuf) + READ_ONCE(sk->sk_sndbuf) / 2 + SZ_64K;
}

/*
 * tquic_socket_receive - datagrams, or aggregates of them, for a connection; consumed.  Softirq, or
 * with BH disabled; the caller has a reference to the socket.
 */
void tquic_socket_receive(struct sock *sk, struct sk_buff_head *skbs)
{
	struct tquic_mib __percpu *mib = tquic_pernet(sock_net(sk))->mib;
	struct tquic_sock *tsk = tquic_sk(sk);
	bool processed = false;
	struct sk_buff *skb;

	bh_lock_sock(sk);
	while ((skb = __skb_dequeue(skbs))) {
		if (sock_owned_by_user(sk)) {
			if (sk_add_backlog(sk, skb, backlog_limit(sk)))
				tquic_drop_skb(mib, DROP_BACKLOG, skb);
			else
				tquic_mib_inc(mib, RX_BACKLOG);
		} else if (!tquic_crypto_usable() || !skb_queue_empty(&tsk->punted)) {
			punt(sk, skb);
		} else {
			process(sk, skb);
			processed = true;
		}
	}
	if (processed) {
		process_end(sk);
		tquic_socket_after(sk);
	}
	bh_unlock_sock(sk);
}

/** tquic_socket_backlog - proto.backlog_rcv: a datagram that came while the socket was busy */
int tquic_socket_backlog(struct sock *sk, struct sk_buff *skb)
{
	process_punted(sk);	/* what came before stays before */
	process(sk, skb);
	process_end(sk);
	set_bit(TQUIC_DEFER_AFTER, &tquic_sk(sk)->deferred);
	return 0;
}

/** tquic_socket_icmp - the network reports @err, positive, about a connection's packets; softirq */
void tquic_socket_icmp(struct sock *sk, int err)
{
	struct tquic_sock *tsk = tquic_sk(sk);

	bh_lock_sock(sk);
	if (sock_owned_by_user(sk)) {
		WRITE_ONCE(tsk->icmp_err, err);
		set_bit(TQUIC_DEFER_ICMP, &tsk->deferred);
	} else if (tsk->conn) {
		tquic_conn_icmp(tsk->conn, err);
		tquic_socket_after(sk);
	}
	bh_unlock_sock(sk);
}

/* ---- the end ---- */

/* Say CONNECTION_CLOSE with what the user gave, RFC 9000 section 10.2 */
static void say_close(struct sock *sk, bool abort)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_conn *conn = tsk->conn;
	const struct quic_connection_close *c = &tsk->close;
	u32 len = strnlen(c->phrase, sizeof(c->phrase));
	u64 err = c->errcode;
	bool app;

	/* before the handshake is done an application has nothing to say: TLS failed */
	app = (err || len) && !c->frame && conn->state == TQUIC_CONN_ESTABLISHED;
	if (!err && abort && !tquic_conn_tx_done(conn))
		err = QUIC_TRANSPORT_ERROR_INTERNAL;
	tquic_conn_close(conn, app, err, c->frame, c->phrase, len, 0, tquic_now_us());
}

/* The user is gone: close as soon as the peer has everything */
static void closing_run(struct sock *sk)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_conn *conn = tsk->conn;

	if (tquic_conn_alive(conn) &&
	    (conn->state < TQUIC_CONN_ESTABLISHED || tquic_conn_tx_done(conn)))
		say_close(sk, false);
	if (conn->state == TQUIC_CONN_CLOSED && sock_flag(sk, SOCK_DEAD) &&
	    !test_and_set_bit(TQUIC_DEFER_END, &tsk->deferred))
		tquic_socket_queue_work(sk);
}

/*
 * tquic_socket_after - end of every piece of work on a connection: brings state, accounting and
 * timer of the socket in line with it, and ends a socket whose user is gone and whose connection is
 * over.  Owned by the caller; nothing happens without a connection.
 */
void tquic_socket_after(struct sock *sk)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_conn *conn = tsk->conn;

	if (!conn)
		return;
	tquic_event_tickets(sk);
	if (unlikely(tsk->rx_discard))
		tquic_recvmsg_discard(sk);
	if (unlikely(tsk->closing))
		closing_run(sk);
	tquic_owner_sync(sk, conn);
	WRITE_ONCE(tsk->rx_avail, tquic_recvmsg_ready(sk, NULL));
	stall_arm(sk);
	rearm(sk);
}

/* Nothing refers to the connection any more but the socket; process context, owned */
static void take_apart(struct sock *sk)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_endpoint *eps[] = { tsk->ep, tsk->preferred[0], tsk->preferred[1] };
	struct tquic_conn *conn = tsk->conn;

	timer_stop(sk);
	tsk->conn = NULL;
	if (conn)
		tquic_conn_free(conn);
	tquic_owner_uncharge(sk, 0);
	skb_queue_purge(&tsk->punted);
	skb_queue_purge(&tsk->event_queue);
	kfree_sensitive(tsk->ticket);
	tsk->ticket = NULL;
	tsk->ep = NULL;
	for (int i = 0; i < ARRAY_SIZE(eps); i++)
		tquic_udp_put(eps[i], sk);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	WRITE_ONCE(sk->sk_state, TCP_CLOSE);
	tquic_socket_destroy(sk);
}

static void socket_work(struct work_struct *work)
{
	struct tquic_sock *tsk = container_of(work, struct tquic_sock, work);
	struct sock *sk = (struct sock *)tsk;
	bool end;

	lock_sock(sk);
	process_punted(sk);
	if (test_and_clear_bit(TQUIC_DEFER_WORK, &tsk->deferred) && tsk->conn)
		tquic_conn_work(tsk->conn, tquic_now_us());
	tquic_socket_after(sk);
	end = test_bit(TQUIC_DEFER_END, &tsk->deferred) && tsk->conn;
	if (end)
		take_apart(sk);
	release_sock(sk);
	if (end) {
		atomic_dec(&orphans);
		sock_put(sk);	/* what close() left us */
	}
	sock_put(sk);
}

static bool not_alive(struct sock *sk, void *unused)
{
	return !tquic_conn_alive(tquic_sk(sk)->conn);
}

/* The user closes a socket with a connection; owned by the caller */
static void close_conn(struct sock *sk, long timeout)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_conn *conn = tsk->conn;
	bool abort = sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime;

	if (!tquic_conn_alive(conn))
		return;
	conn->nodelay = true;
	conn->cork = false;
	conn->keepalive_interval_us = 0;
	conn->keepalive_us = TQUIC_TIME_NEVER;
	tquic_sendmsg_push(sk, false);
	if (abort || atomic_read(&orphans) >= ORPHANS_MAX)
		say_close(sk, true);
	else
		tquic_output_flush(conn, tquic_now_us());
	tquic_socket_after(sk);
	if (timeout && tquic_conn_alive(conn))
		tquic_socket_wait(sk, &timeout, not_alive, NULL);
}

/* Owned by the caller; released, and the user's reference taken */
static void close_and_release(struct sock *sk, long timeout)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	bool over;

	tsk->closing = true;
	tsk->rx_discard = true;
	if (tsk->conn)
		close_conn(sk, timeout);
	sock_orphan(sk);
	over = !tsk->conn || tsk->conn->state == TQUIC_CONN_CLOSED;
	if (over) {
		take_apart(sk);
	} else {
		atomic_inc(&orphans);
		tquic_socket_after(sk);
	}
	release_sock(sk);
	if (over)
		sock_put(sk);
}

/*
 * tquic_socket_close - proto.close: the user gives the socket up, and his reference; it is not
 * owned.  What was sent is delivered, which SO_LINGER waits @timeout jiffies for, and only then
 * CONNECTION_CLOSE said; the socket goes when its closing period is over.
 */
void tquic_socket_close(struct sock *sk, long timeout)
{
	lock_sock(sk);
	if (sk->sk_state == TCP_LISTEN)
		tquic_listen_stop(sk);
	close_and_release(sk, timeout);
}

/*
 * tquic_socket_abandon - end a child that nobody will accept; process context.  It is not owned,
 * the listener may be; takes its one reference.
 */
void tquic_socket_abandon(struct sock *sk)
{
	lock_sock_nested(sk, SINGLE_DEPTH_NESTING);
	if (tquic_sk(sk)->conn)
		tquic_conn_close(tquic_sk(sk)->conn, false, QUIC_TRANSPORT_ERROR_CONNECTION_REFUSED,
				 0, NULL, 0, 0, tquic_now_us());
	close_and_release(sk, 0);
}

/*
 * tquic_socket_wait - sleep until @cond, which is given @arg, holds.  The socket is owned by the
 * caller and released meanwhile; @timeo is jiffies left, updated.  Return: 0; -EAGAIN when the time
 * is up; what sock_intr_errno() says on a signal.
 */
int tquic_socket_wait(struct sock *sk, long *timeo, bool (*cond)(struct sock *sk, void *arg),
		      void *arg)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	int err = 0;

	add_wait_queue(sk_sleep(sk), &wait);
	while (!cond(sk, arg)) {
		if (!*timeo)
			err = -EAGAIN;
		else if (signal_pending(current))
			err = sock_intr_errno(*timeo);
		if (err)
			break;
		release_sock(sk);
		*timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, *timeo);
		lock_sock(sk);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return err;
}

/* ---- making sockets ---- */

/** tquic_socket_init - proto.init: a new socket, of socket() or of a listener; returns 0 */
int tquic_socket_init(struct sock *sk)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	bool v6 = sk->sk_family == AF_INET6;

	sock_lock_init_class_and_name(sk, v6 ? "slock-AF_INET6-QUIC" : "slock-AF_INET-QUIC",
				      &slock_keys[v6],
				      v6 ? "sk_lock-AF_INET6-QUIC" : "sk_lock-AF_INET-QUIC",
				      &lock_keys[v6]);
	tquic_own_sol_socket(sk->sk_socket);
	tquic_udp_ignore_pmtu(sk);
	sock_set_flag(sk, SOCK_RCU_FREE);
	sock_set_flag(sk, SOCK_USE_WRITE_QUEUE);	/* a freed packet wakes no writer */
	sk->sk_write_space = tquic_owner_write_space;
	sk->sk_sndbuf = READ_ONCE(sysctl_tquic_wmem[1]);
	sk->sk_rcvbuf = READ_ONCE(sysctl_tquic_rmem[1]);
	skb_queue_head_init(&tsk->event_queue);
	skb_queue_head_init(&tsk->punted);
	skb_queue_head_init(&tsk->initials);
	INIT_LIST_HEAD(&tsk->accept_queue);
	INIT_LIST_HEAD(&tsk->accept_node);
	INIT_WORK(&tsk->work, socket_work);
	INIT_WORK(&tsk->listen_work, tquic_listen_work);
	tsk->armed_us = TQUIC_TIME_NEVER;
	tsk->stall_us = TQUIC_TIME_NEVER;
	tquic_hrtimer_setup(&tsk->timer, timer_fired, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_SOFT);
	tquic_sockopt_defaults(tsk);
	sk_sockets_allocated_inc(sk);
	sock_prot_inuse_add(sock_net(sk), sk->sk_prot, 1);
	return 0;
}

/** tquic_socket_destroy - undo the accounting of tquic_socket_init() */
void tquic_socket_destroy(struct sock *sk)
{
	sk_sockets_allocated_dec(sk);
	sock_prot_inuse_add(sock_net(sk), sk->sk_prot, -1);
}

static void inherit_ip(struct sock *child, const struct sock *sk)
{
	struct inet_sock *to = inet_sk(child);
	const struct inet_sock *from = inet_sk(sk);

	to->tos = from->tos;
	to->uc_ttl = from->uc_ttl;
	to->min_ttl = from->min_ttl;
	to->pmtudisc = from->pmtudisc;
	to->inet_num = from->inet_num;
	to->inet_sport = from->inet_sport;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		struct ipv6_pinfo *np = &((struct tquic6_sock *)child)->inet6;

		to->pinet6 = np;
		np->tclass = inet6_sk(sk)->tclass;
		np->hop_limit = inet6_sk(sk)->hop_limit;
		np->pmtudisc = inet6_sk(sk)->pmtudisc;
		child->sk_ipv6only = sk->sk_ipv6only;
	}
#endif
}

/*
 * tquic_socket_child - a socket for a connection that a listener, owned by the caller, accepts.  It
 * has what the listener's options say, no endpoint and no connection, and goes through accept() or
 * tquic_socket_abandon().  Process context.  Return: the socket with one reference, not locked;
 * NULL: no memory.
 */
struct sock *tquic_socket_child(struct sock *listener)
{
	struct sock *sk;

	sk = sk_alloc(sock_net(listener), listener->sk_family, GFP_KERNEL, listener->sk_prot, 0);
	if (!sk)
		return NULL;
	tquic_memcg_inherit(sk, listener);
	sock_init_data(NULL, sk);
	sk->sk_type = listener->sk_type;
	sk->sk_protocol = listener->sk_protocol;
	sk->sk_destruct = listener->sk_destruct;
	sk->sk_backlog_rcv = sk->sk_prot->backlog_rcv;
	sk->sk_bound_dev_if = listener->sk_bound_dev_if;
	sk->sk_reuse = listener->sk_reuse;
	tquic_socket_init(sk);
	sk->sk_userlocks = listener->sk_userlocks & (SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK);
	sk->sk_sndbuf = listener->sk_sndbuf;
	sk->sk_rcvbuf = listener->sk_rcvbuf;
	sk->sk_rcvtimeo = listener->sk_rcvtimeo;
	sk->sk_sndtimeo = listener->sk_sndtimeo;
	sk->sk_lingertime = listener->sk_lingertime;
	sk->sk_priority = listener->sk_priority;
	sk->sk_mark = listener->sk_mark;
	sk->sk_max_pacing_rate = listener->sk_max_pacing_rate;
	sock_valbool_flag(sk, SOCK_LINGER, sock_flag(listener, SOCK_LINGER));
	sock_valbool_flag(sk, SOCK_KEEPOPEN, sock_flag(listener, SOCK_KEEPOPEN));
	sock_valbool_flag(sk, SOCK_ZEROCOPY, sock_flag(listener, SOCK_ZEROCOPY));
	inherit_ip(sk, listener);
	security_sk_clone(listener, sk);
	tquic_sk(sk)->inherited = tquic_sk(listener)->inherited;
	return sk;
}

/* How long silence may last before a PING, microseconds; 0: for ever */
static u64 keepalive_us(const struct sock *sk, bool on)
{
	const struct tquic_sock *tsk = tquic_sk(sk);
	u64 us = tsk->config.keepalive_probe_interval;
	u64 idle_us = tsk->conn ? tsk->conn->idle_timeout_us : tsk->tparam.max_idle_timeout_us;

	if (!us && on)
		us = tsk->keep_idle_s ? (u64)tsk->keep_idle_s * USEC_PER_SEC : idle_us / 2;
	us = idle_us ? min(us, idle_us / 2) : us;
	return us ? max_t(u64, us, KEEPALIVE_MIN_US) : 0;
}

/*
 * tquic_socket_keepalive - proto.keepalive: SO_KEEPALIVE, or what it depends on, changed; owned by
 * the caller.  An idle session must outlive the idle timeout: a PING is sent at half of it.
 */
void tquic_socket_keepalive(struct sock *sk, int on)
{
	struct tquic_conn *conn = tquic_sk(sk)->conn;

	if (!conn || !tquic_conn_alive(conn))
		return;
	conn->keepalive_interval_us = keepalive_us(sk, on);
	conn->keepalive_us = TQUIC_TIME_NEVER;
	if (conn->keepalive_interval_us && conn->state == TQUIC_CONN_ESTABLISHED)
		conn->keepalive_us = tquic_now_us() + conn->keepalive_interval_us;
	rearm(sk);
}

/*
 * tquic_socket_conn - give a socket, owned by the caller, its connection; @p has role, addresses,
 * and what a server has from the Initial; the socket's options say the rest.  With SO_RCVBUF set,
 * what the peer may send is bounded by it.  Return: 0 or -errno.
 */
int tquic_socket_conn(struct sock *sk, struct tquic_conn_param *p, u64 now_us)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_tparam *tp = &tsk->tparam;
	struct tquic_conn *conn;

	p->ops = &tquic_sock_conn_ops;
	p->owner = sk;
	p->mib = tquic_pernet(sock_net(sk))->mib;
	p->switches = &tquic_pernet(sock_net(sk))->switches;
	p->version = p->version ?: tsk->config.version;
	p->local = tp;
	p->cc = tsk->cc;
	p->initial_rtt_us = tsk->config.initial_smoothed_rtt;
	p->rx_window_max = READ_ONCE(sysctl_tquic_rmem[2]);
	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK) {
		p->rx_window_max = sk->sk_rcvbuf;
		tp->max_data = min_t(u64, tp->max_data, sk->sk_rcvbuf);
		tp->max_stream_data_bidi_local = min(tp->max_stream_data_bidi_local, tp->max_data);
		tp->max_stream_data_bidi_remote = min(tp->max_stream_data_bidi_remote,
						      tp->max_data);
		tp->max_stream_data_uni = min(tp->max_stream_data_uni, tp->max_data);
	}
	conn = tquic_conn_create(p, now_us);
	if (IS_ERR(conn))
		return PTR_ERR(conn);
	conn->nodelay = tsk->nodelay;
	conn->prefer_version = tsk->config.version;
	conn->keepalive_interval_us = keepalive_us(sk, sock_flag(sk, SOCK_KEEPOPEN));
	conn->streams.update = tquic_event_stream;
	tsk->conn = conn;
	return 0;
}

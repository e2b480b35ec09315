// SPDX-License-Identifier: GPL-2.0
/*
 * What a connection asks of the socket that owns it, tquic_conn_ops: waking its
 * user, charging its memory, and passing on to the UDP and lookup layers.  The
 * socket's state follows the connection's here.  Never works on the connection.
 */
#include "sock.h"

#define RMEM_PER_BYTE	8ULL	/* truesize for a byte of the window: packets may be small */

/* The socket's state follows the connection's; the way down is gone once */
static void sync_state(struct sock *sk, struct tquic_conn *conn)
{
	struct quic_connection_close said;
	int state = conn->state == TQUIC_CONN_ESTABLISHED ? TCP_ESTABLISHED :
		    conn->state < TQUIC_CONN_ESTABLISHED ? TCP_SYN_RECV : TCP_CLOSE;

	if (state == sk->sk_state)
		return;
	WRITE_ONCE(sk->sk_state, state);
	if (state == TCP_CLOSE) {
		WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
		WRITE_ONCE(tquic_sk(sk)->rx_avail, true);
		if (tquic_event_close_said(conn, &said))
			tquic_event_queue(sk, QUIC_EVENT_CONNECTION_CLOSE, &said, sizeof(said));
		if (conn->sk_err) {
			WRITE_ONCE(sk->sk_err, conn->sk_err);
			if (!sock_flag(sk, SOCK_DEAD))
				sk_error_report(sk);
		}
	}
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_state_change(sk);
}

static void wake(struct tquic_conn *conn, u32 what)
{
	struct sock *sk = conn->owner;

	if (what & TQUIC_WAKE_STATE)
		sync_state(sk, conn);
	if (sock_flag(sk, SOCK_DEAD))
		return;
	if (what & TQUIC_WAKE_READ) {
		WRITE_ONCE(tquic_sk(sk)->rx_avail, true);
		sk->sk_data_ready(sk);
	}
	if (what & TQUIC_WAKE_WRITE)
		sk->sk_write_space(sk);
}

/*
 * tquic_owner_write_space - sk_write_space: wake writers, the socket is owned by the caller.  Who
 * waits for buffer space is woken when a third of it is free, who waits for credit always.
 */
void tquic_owner_write_space(struct sock *sk)
{
	struct socket *sock = sk->sk_socket;
	struct socket_wq *wq;

	smp_mb();	/* pairs with af_poll(): it sees what was freed, or we SOCK_NOSPACE */
	if (!sock || !test_bit(SOCK_NOSPACE, &sock->flags))
		return;
	if (!sk_stream_is_writeable(sk) && !tquic_sk(sk)->conn->tx_waiters)
		return;
	clear_bit(SOCK_NOSPACE, &sock->flags);
	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	rcu_read_unlock();
	if (!(sk->sk_shutdown & SEND_SHUTDOWN))
		sk_wake_async(sk, SOCK_WAKE_SPACE, POLL_OUT);
}

/** tquic_owner_uncharge - the send buffers hold only @held bytes now; owned */
void tquic_owner_uncharge(struct sock *sk, u32 held)
{
	int bytes = sk->sk_wmem_queued - (int)held;

	if (bytes <= 0)
		return;
	sk_wmem_queued_add(sk, -bytes);
	sk_mem_uncharge(sk, bytes);
}

/* The send buffer is worth two congestion windows, unless the user has set it */
static void grow_sndbuf(struct sock *sk, const struct tquic_conn *conn)
{
	u64 want = min_t(u64, 2 * conn->path->rec.cc.cwnd, sysctl_tquic_wmem[2]);

	if (!(sk->sk_userlocks & SOCK_SNDBUF_LOCK) && want > sk->sk_sndbuf)
		WRITE_ONCE(sk->sk_sndbuf, want);
}

/* What the socket is charged for follows what the send buffers hold */
static void tx_free(struct tquic_conn *conn)
{
	struct sock *sk = conn->owner;

	if (conn->path)
		grow_sndbuf(sk, conn);
	tquic_owner_uncharge(sk, conn->streams.held_bytes);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_write_space(sk);
}

/** tquic_owner_sync - bring the socket in line with its connection; owned */
void tquic_owner_sync(struct sock *sk, struct tquic_conn *conn)
{
	conn->path->rec.pacer.rate_max = READ_ONCE(sk->sk_max_pacing_rate);
	tquic_owner_uncharge(sk, conn->streams.held_bytes);
	sync_state(sk, conn);
}

static int rx_charge(struct tquic_conn *conn, struct sk_buff *skb, bool needed)
{
	struct sock *sk = conn->owner;
	u32 limit = READ_ONCE(sk->sk_rcvbuf);

	if (skb->sk == sk && skb->destructor == sock_rfree)
		return 0;
	if (!(sk->sk_userlocks & SOCK_RCVBUF_LOCK))
		limit = max_t(u64, limit, min_t(u64, READ_ONCE(sysctl_tquic_rmem[2]),
						RMEM_PER_BYTE * conn->streams.rx.window));
	if (!needed &&
	    (atomic_read(&sk->sk_rmem_alloc) > min_t(u64, 2ULL * limit, INT_MAX) ||
	     !sk_rmem_schedule(sk, skb, skb->truesize))) {
		tquic_drop(conn->mib, DROP_RMEM, skb->len);
		return -ENOBUFS;
	}
	skb_set_owner_r(skb, sk);
	return 0;
}

static void reset_token(struct tquic_conn *conn, const struct tquic_cid *cid, u8 *token)
{
	tquic_token_reset(&tquic_pernet(sock_net(conn->owner))->token_keys, cid, token);
}

static void defer(struct tquic_conn *conn)
{
	struct sock *sk = conn->owner;

	set_bit(TQUIC_DEFER_WORK, &tquic_sk(sk)->deferred);
	tquic_socket_queue_work(sk);
}

static void event(struct tquic_conn *conn, u8 type, const void *data, u32 len)
{
	struct tquic_sock *tsk = tquic_sk(conn->owner);

	if (type == QUIC_EVENT_NEW_TOKEN && len <= sizeof(tsk->token)) {
		memcpy(tsk->token, data, len);
		tsk->token_len = len;
	}
	if (type == QUIC_EVENT_CONNECTION_MIGRATION)
		inet_sk(conn->owner)->inet_dport = tquic_addr_port(&conn->path->remote);
	tquic_event_queue(conn->owner, type, data, len);
}

const struct tquic_conn_ops tquic_sock_conn_ops = {
	.xmit		= tquic_udp_xmit,
	.route		= tquic_udp_route,
	.unroute	= tquic_udp_unroute,
	.path_mtu	= tquic_udp_path_mtu,
	.wake		= wake,
	.cid_add	= tquic_lookup_add,
	.cid_del	= tquic_lookup_del,
	.reset_token	= reset_token,
	.new_token	= tquic_listen_token,
	.rx_charge	= rx_charge,
	.tx_free	= tx_free,
	.defer		= defer,
	.event		= event,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * Reading: events first, then TLS messages, then streams in turn, UAPI sections
 * 2, 3 and 9.  Stream bytes are copied once, from the packets they came in, to
 * the user.  What is readable is decided below this file.
 */
#include "handshake.h"
#include "output.h"
#include "sock.h"

/* The stream a plain read is about: the newest of ours, else the peer's first; false: none */
static bool default_stream(const struct tquic_conn *conn, u64 *sid)
{
	const struct tquic_streams *ss = &conn->streams;

	if (ss->newest >= 0 && !tquic_sid_is_uni(ss->newest)) {
		*sid = ss->newest;
		return true;
	}
	*sid = ss->server ? 0 : QUIC_STREAM_TYPE_SERVER_MASK;
	return ss->peer[0].received;
}

/* As TCP has it: who knows of no streams is at the end when the stream is */
static bool default_at_end(const struct tquic_sock *tsk)
{
	struct tquic_conn *conn = tsk->conn;
	struct tquic_stream *s;
	u64 sid;

	if (tsk->streams_aware || !default_stream(conn, &sid))
		return false;
	s = tquic_stream_find(&conn->streams, sid);
	return !s || tquic_stream_rx_over(s);
}

/* A TLS message can be read; those after the handshake are not for readers */
static bool handshake_ready(struct tquic_conn *conn, u8 *level, u32 *len)
{
	*len = conn->confirmed ? 0 : tquic_handshake_peek(conn, level);
	return *len && *level != QUIC_CRYPTO_APP;
}

/** tquic_recvmsg_ready - a read would not wait; the socket is owned by the caller; @unused: NULL */
bool tquic_recvmsg_ready(struct sock *sk, void *unused)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_conn *conn = tsk->conn;
	u32 len;
	u8 level;

	return !conn || !skb_queue_empty(&tsk->event_queue) ||
	       !list_empty(&conn->streams.rx_ready) || !skb_queue_empty(&conn->rx_datagrams) ||
	       handshake_ready(conn, &level, &len) ||
	       sk->sk_err || sk->sk_shutdown & RCV_SHUTDOWN || default_at_end(tsk);
}

/* What consuming has made due at the level of the connection */
static void give_credit(struct tquic_conn *conn)
{
	if (tquic_output_credit(conn) || !list_empty(&conn->streams.ctl_ready))
		tquic_output_flush(conn, tquic_now_us());
}

/* Copy the first len bytes of rb, which are ready, to the user; fewer only on a fault */
static u32 copy_out(struct tquic_recvbuf *rb, struct msghdr *msg, u32 len)
{
	const u8 *p;
	u32 off, n;

	for (off = 0; off < len; off += n) {
		n = min(tquic_recvbuf_peek(rb, rb->read_off + off, &p), len - off);
		/* within a packet, whose bounds were checked: copy_to_iter() would look them up */
		if (_copy_to_iter(p, n, &msg->msg_iter) != n)
			break;
	}
	return off;
}

/* One TLS message, or what fits of it */
static int read_handshake(struct sock *sk, struct msghdr *msg, size_t len, int flags, u8 level,
			  u32 msg_len)
{
	struct tquic_conn *conn = tquic_sk(sk)->conn;
	struct tquic_space *sp = &conn->spaces[tquic_handshake_space(level)];
	struct quic_handshake_info info = { .crypto_level = level };
	u32 n = min_t(size_t, len, msg_len);

	if (!msg->msg_controllen)
		return -EINVAL;
	if (copy_out(&sp->crypto_rx, msg, n) != n)
		return -EFAULT;
	put_cmsg(msg, SOL_QUIC, QUIC_HANDSHAKE_INFO, sizeof(info), &info);
	if (n == sp->msg_left)
		msg->msg_flags |= MSG_EOR;
	if (!(flags & MSG_PEEK))
		tquic_handshake_consume(conn, level, n);
	return n;
}

/* Say which stream it was; who cannot be told so gets the flags in msg_flags */
static void put_stream_info(struct msghdr *msg, u64 sid, u32 stream_flags)
{
	struct quic_stream_info info = { .stream_id = sid, .stream_flags = stream_flags };

	if (msg->msg_controllen)
		put_cmsg(msg, SOL_QUIC, QUIC_STREAM_INFO, sizeof(info), &info);
	else
		msg->msg_flags |= stream_flags;
	if (msg->msg_flags & MSG_CTRUNC)
		msg->msg_flags |= stream_flags;
}

/* What is ready of one stream, @len bytes at most; *end: that was all there will ever be */
static int read_ready(struct tquic_conn *conn, struct tquic_stream *s, struct msghdr *msg,
		      size_t len, int flags, bool *end)
{
	struct tquic_streams *ss = &conn->streams;
	u32 n = min_t(u64, min_t(size_t, len, INT_MAX), tquic_recvbuf_ready(&s->rb));
	u32 copied = flags & MSG_TRUNC ? n : copy_out(&s->rb, msg, n);

	if (n && !copied)
		return -EFAULT;
	*end = s->rx_final == s->rb.read_off + copied &&
	       s->rx_state == QUIC_STREAM_RECV_STATE_RECVD;
	if (flags & MSG_PEEK)
		return copied;
	if (copied)
		tquic_stream_consumed(ss, s, copied, conn->path->rec.rtt.smoothed_us,
				      tquic_now_us());
	if (*end)
		tquic_stream_read_end(ss, s);
	else if (!list_empty(&s->rx_node))
		list_move_tail(&s->rx_node, &ss->rx_ready);
	return copied;
}

/* More of the stream, its end included, can be read */
static bool has_more(const struct tquic_stream *s)
{
	return tquic_recvbuf_ready(&s->rb) || s->rx_final == s->rb.read_off;
}

static bool more_or_never(struct sock *sk, void *stream)
{
	const struct tquic_stream *s = stream;

	return has_more(s) || sk->sk_shutdown & RCV_SHUTDOWN ||
	       s->rx_state > QUIC_STREAM_RECV_STATE_RECVD;
}

/* MSG_WAITALL: more of the same stream; false: nothing more comes, or not now */
static bool wait_more(struct sock *sk, struct tquic_stream *s, long *timeo)
{
	tquic_socket_wait(sk, timeo, more_or_never, s);
	return has_more(s) && s->rx_state <= QUIC_STREAM_RECV_STATE_RECVD;
}

static int read_stream(struct sock *sk, struct msghdr *msg, size_t len, int flags, long *timeo)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_conn *conn = tsk->conn;
	struct tquic_streams *ss = &conn->streams;
	struct tquic_stream *s = list_first_entry(&ss->rx_ready, struct tquic_stream, rx_node);
	bool all = (flags & (MSG_WAITALL | MSG_PEEK | MSG_DONTWAIT)) == MSG_WAITALL;
	size_t done = 0;
	bool end;
	int ret;

	tquic_stream_get(s);
	if (s->rx_state == QUIC_STREAM_RECV_STATE_RESET_RECVD) {
		if (!(flags & MSG_PEEK))
			tquic_stream_read_end(ss, s);
		ret = -ECONNRESET;
		goto out;
	}
	do {
		ret = read_ready(conn, s, msg, len - done, flags, &end);
		if (ret < 0)
			break;
		done += ret;
	} while (all && !end && done < len && wait_more(sk, s, timeo));
	if (done || ret >= 0) {
		ret = done;
		put_stream_info(msg, s->id, end ? MSG_QUIC_STREAM_FIN : 0);
		tsk->streams_aware = msg->msg_control_user || msg->msg_controllen;
	}
out:
	tquic_stream_put(ss, s);
	give_credit(conn);
	return ret;
}

/* Nothing is there to be read: is that the end? */
static int read_end(struct sock *sk)
{
	const struct tquic_sock *tsk = tquic_sk(sk);
	const struct tquic_conn *conn = tsk->conn;

	if (sk->sk_err)
		return sock_error(sk);
	if (!conn || sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	if (tsk->rx_discard || default_at_end(tsk))
		return 0;
	if (tquic_conn_alive(conn))
		return -EAGAIN;
	return conn->sk_err ? -ENOTCONN : 0;
}

static int read_once(struct sock *sk, struct msghdr *msg, size_t len, int flags, long *timeo)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_conn *conn = tsk->conn;
	u32 msg_len;
	u8 level;

	if (!skb_queue_empty(&tsk->event_queue))
		return tquic_event_read(&tsk->event_queue, MSG_QUIC_NOTIFICATION, msg, len, flags);
	if (!conn)
		return read_end(sk);
	if (handshake_ready(conn, &level, &msg_len))
		return read_handshake(sk, msg, len, flags, level, msg_len);
	if (unlikely(!skb_queue_empty(&conn->rx_datagrams)))
		return tquic_event_read(&conn->rx_datagrams, MSG_QUIC_DATAGRAM, msg, len, flags);
	if (!list_empty(&conn->streams.rx_ready))
		return read_stream(sk, msg, len, flags, timeo);
	return read_end(sk);
}

/*
 * Sleep until a connection has something to read.  The ACK of what ends this leaves from here,
 * before it is read: the softirq that brings it has a wakeup to do, and no packet to send.
 */
static int wait_for_data(struct sock *sk, long *timeo)
{
	struct tquic_conn *conn = tquic_sk(sk)->conn;
	struct tquic_ack *ack = &conn->spaces[TQUIC_SPACE_APP].ack;
	int err;

	ack->patience_us = TQUIC_ACK_READER_US;
	err = tquic_socket_wait(sk, timeo, tquic_recvmsg_ready, NULL);
	ack->patience_us = 0;
	if (ack->eliciting >= ack->tolerance && tquic_conn_alive(conn)) {
		ack->due_us = 0;
		tquic_output_flush(conn, tquic_now_us());
	}
	return err;
}

/*
 * tquic_recvmsg - proto.recvmsg: read an event, a TLS message or from one stream.  Control messages
 * and flags are those of UAPI sections 2 and 3; @flags: MSG_DONTWAIT, MSG_PEEK, MSG_WAITALL,
 * MSG_TRUNC, MSG_ERRQUEUE.  Return: bytes; 0 at the end of the default stream for who does not ask
 * for streams, after a clean close and after SHUT_RD; -EAGAIN; -ENOTCONN without a connection or
 * after one that failed; -ECONNRESET: the peer reset the stream; -EINVAL: a TLS message and no
 * control buffer; -EFAULT; what ended the connection, once.
 */
int tquic_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	int ret, err = 0;
	long timeo;

	if (flags & MSG_ERRQUEUE)
		return tquic_recv_error(sk, msg, len);
	msg->msg_namelen = 0;
	lock_sock(sk);
	timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	do {
		ret = read_once(sk, msg, len, flags, &timeo);
	} while (ret == -EAGAIN && timeo && !(err = wait_for_data(sk, &timeo)));
	tquic_socket_after(sk);
	release_sock(sk);
	return err ?: ret;
}

/*
 * tquic_recvmsg_discard - nobody reads: throw away what has arrived; the socket is owned by the
 * caller.  The peer is given credit for it, RFC 9000 section 4.1.
 */
void tquic_recvmsg_discard(struct sock *sk)
{
	struct tquic_conn *conn = tquic_sk(sk)->conn;
	struct tquic_streams *ss = &conn->streams;
	struct tquic_stream *s, *next;

	if (likely(list_empty(&ss->rx_ready)))
		return;
	/* credit would keep a peer that sends for ever, and us, from the end */
	if (tquic_sk(sk)->closing && !ss->held_bytes)
		return;
	list_for_each_entry_safe(s, next, &ss->rx_ready, rx_node) {
		u32 n = min_t(u64, tquic_recvbuf_ready(&s->rb), INT_MAX);

		tquic_stream_get(s);
		if (n)
			tquic_stream_consumed(ss, s, n, 0, 0);
		tquic_stream_read_end(ss, s);
		tquic_stream_put(ss, s);
	}
	give_credit(conn);
}

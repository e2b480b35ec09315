// SPDX-License-Identifier: GPL-2.0
/*
 * Events, UAPI section 5: the queue of those that the user switched on, and
 * reading it; TLS session tickets, which come as handshake data and go to the
 * user as an event and an option.  Decides nothing about what happened.
 */
#include <linux/slab.h>

#include "handshake.h"
#include "sock.h"

#define TLS_NEW_SESSION_TICKET	4	/* RFC 8446 section 4 */
#define TLS_CERTIFICATE_REQUEST	13
#define UNEXPECTED_MESSAGE	TQUIC_WERR(CRYPTO + 10)

/*
 * tquic_event_queue - something has happened that the user may want to know: @len bytes of @data
 * follow the type byte, QUIC_EVENT_*; nothing is done while that one is off.  The socket is owned
 * by the caller.  The oldest event goes when the queue is full.  Wakes the reader.
 */
void tquic_event_queue(struct sock *sk, u8 type, const void *data, u32 len)
{
	struct tquic_mib __percpu *mib = tquic_pernet(sock_net(sk))->mib;
	struct tquic_sock *tsk = tquic_sk(sk);
	struct sk_buff *skb;

	if (type >= 32 || !(tsk->events & BIT(type)) || sock_flag(sk, SOCK_DEAD))
		return;
	skb = alloc_skb(1 + len, GFP_ATOMIC);
	if (!skb) {
		tquic_drop(mib, DROP_NOMEM, len);
		return;
	}
	skb_put_u8(skb, type);
	skb_put_data(skb, data, len);
	if (skb_queue_len(&tsk->event_queue) >= TQUIC_EVENTS_MAX)
		tquic_drop_skb(mib, DROP_RMEM, __skb_dequeue(&tsk->event_queue));
	__skb_queue_tail(&tsk->event_queue, skb);
	WRITE_ONCE(tsk->rx_avail, true);
	sk->sk_data_ready(sk);
}

/*
 * tquic_event_read - give the reader the oldest message of @queue, in which there is one; @msg gets
 * @kind, MSG_QUIC_NOTIFICATION or _DATAGRAM, and MSG_EOR with the last byte; @flags: MSG_PEEK,
 * MSG_TRUNC.  The socket is owned by the caller.  What does not fit is left for the next read.
 * Return: bytes, or -EFAULT.
 */
int tquic_event_read(struct sk_buff_head *queue, u32 kind, struct msghdr *msg, size_t len,
		     int flags)
{
	struct sk_buff *skb = skb_peek(queue);
	u32 n = min_t(size_t, len, skb->len);

	if (skb_copy_datagram_msg(skb, 0, msg, n))
		return -EFAULT;
	msg->msg_flags |= kind;
	if (n == skb->len)
		msg->msg_flags |= MSG_EOR;
	if (flags & MSG_PEEK)
		return n;
	if (n == skb->len) {
		__skb_unlink(skb, queue);
		consume_skb(skb);
	} else {
		__skb_pull(skb, n);
	}
	return n;
}

/** tquic_event_close_said - fill @c with why the peer closed @conn; false: it did not */
bool tquic_event_close_said(const struct tquic_conn *conn, struct quic_connection_close *c)
{
	if (!conn || !conn->close_remote)
		return false;
	memset(c, 0, sizeof(*c));
	c->errcode = conn->close_err;
	c->frame = conn->close_frame_type;
	memcpy(c->phrase, conn->close_reason, conn->close_reason_len);
	return true;
}

/** tquic_event_stream - tquic_streams.update; a reset of ours is told if the peer asked for it */
void tquic_event_stream(struct tquic_streams *ss, struct tquic_stream *s, bool rx_part)
{
	struct tquic_conn *conn = container_of(ss, struct tquic_conn, streams);
	struct quic_stream_update up = {
		.id = s->id,
		.state = rx_part ? s->rx_state : s->tx_state,
	};

	switch (up.state) {
	case QUIC_STREAM_SEND_STATE_RESET_SENT:
	case QUIC_STREAM_SEND_STATE_RESET_RECVD:
		up.errcode = s->tx_err;
		break;
	case QUIC_STREAM_RECV_STATE_RESET_RECVD:
		up.errcode = s->rx_err;
		fallthrough;
	case QUIC_STREAM_RECV_STATE_SIZE_KNOWN:
	case QUIC_STREAM_RECV_STATE_RECVD:
		up.finalsz = s->rx_final;
		break;
	case QUIC_STREAM_SEND_STATE_RECVD:
	case QUIC_STREAM_RECV_STATE_RECV:
		break;
	default:
		return;
	}
	tquic_event_queue(conn->owner, QUIC_EVENT_STREAM_UPDATE, &up, sizeof(up));
}

/*
 * tquic_event_tickets - take TLS messages that came after the handshake; the socket is owned by the
 * caller.  The newest is kept for QUIC_SOCKOPT_SESSION_TICKET; readers of streams never meet them.
 */
void tquic_event_tickets(struct sock *sk)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_conn *conn = tsk->conn;
	struct tquic_recvbuf *rb = &conn->spaces[TQUIC_SPACE_APP].crypto_rx;
	u8 level, type;
	u8 *copy;
	u32 len;

	while (unlikely(tquic_recvbuf_ready(rb))) {
		len = tquic_handshake_peek(conn, &level);
		if (!len || level != QUIC_CRYPTO_APP)
			return;
		tquic_recvbuf_copy(rb, &type, 1);
		/* KeyUpdate least of all: QUIC has its own, RFC 9001 sections 4.4 and 6 */
		if (conn->server || type != TLS_NEW_SESSION_TICKET) {
			tquic_conn_fail(conn, type == TLS_CERTIFICATE_REQUEST ?
					TQUIC_WERR(PROTOCOL_VIOLATION) : UNEXPECTED_MESSAGE,
					TQUIC_FT_CRYPTO, tquic_now_us());
			return;
		}
		copy = len <= QUIC_SESSION_TICKET_MAX_BYTES ? kmalloc(len, GFP_ATOMIC) : NULL;
		if (copy) {
			tquic_recvbuf_copy(rb, copy, len);
			kfree_sensitive(tsk->ticket);
			tsk->ticket = copy;
			tsk->ticket_len = len;
			tquic_event_queue(sk, QUIC_EVENT_NEW_SESSION_TICKET, copy, len);
		} else {
			tquic_drop(conn->mib, DROP_NOMEM, len);
		}
		tquic_handshake_consume(conn, level, len);
	}
}

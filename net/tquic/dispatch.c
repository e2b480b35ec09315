// SPDX-License-Identifier: GPL-2.0
/* Frames of an opened packet: each is handed to the part of the connection that it is about. */
#include "dispatch.h"
#include "frame.h"
#include "handshake.h"

#define ACKS_IN_WINDOW	4	/* at least, where ACKs are asked to be fewer */

/*
 * The skb's memory will stay with a receive buffer: somebody pays for it.  A frame
 * that the reader waits for is taken beyond the limit: what arrived behind the gap
 * would else hold the memory that filling the gap takes.
 */
static int hold_skb(struct tquic_rx_work *in, const struct tquic_recvbuf *rb,
		    const struct tquic_rx_frame *f)
{
	bool needed = !tquic_recvbuf_ready(rb) && f->stream.off <= rb->ready_off &&
		      f->stream.off + f->stream.len > rb->ready_off;

	if (in->charged)
		return 0;
	if (in->conn->ops->rx_charge(in->conn, in->skb, needed))
		return -ENOBUFS;
	in->charged = true;
	return 0;
}

static int rx_stream(struct tquic_rx_work *in, const struct tquic_rx_frame *f)
{
	struct tquic_conn *conn = in->conn;
	struct tquic_streams *ss = &conn->streams;
	struct tquic_stream *s;
	int ret;

	ret = tquic_stream_from_peer(ss, f->stream.sid, false, GFP_ATOMIC, &s);
	if (ret || !s)
		return ret;
	return hold_skb(in, &s->rb, f) ?:
	       tquic_stream_rx_data(ss, s, f->stream.off, f->stream.data, f->stream.len,
				    f->stream.fin, in->skb, GFP_ATOMIC);
}

/* A frame about one part of a stream; fields that such frames share lie at the same place */
static int rx_stream_control(struct tquic_rx_work *in, const struct tquic_rx_frame *f)
{
	bool stop = f->type == TQUIC_FT_STOP_SENDING, limit = f->type == TQUIC_FT_MAX_STREAM_DATA;
	struct tquic_streams *ss = &in->conn->streams;
	u64 held = ss->held_bytes;
	struct tquic_stream *s;
	int ret;

	ret = tquic_stream_from_peer(ss, f->stream.sid, stop || limit, GFP_ATOMIC, &s);
	if (ret || !s)
		return ret;
	if (f->type == TQUIC_FT_RESET_STREAM || f->type == TQUIC_FT_RESET_STREAM_AT)
		return tquic_stream_rx_reset(ss, s, f->reset.err, f->reset.final_size,
					     f->type == TQUIC_FT_RESET_STREAM ? 0 :
									f->reset.reliable);
	if (limit)
		tquic_stream_max_data(ss, s, f->limit.max);
	if (stop)
		tquic_stream_rx_stop(ss, s, f->reset.err);
	if (held != ss->held_bytes)
		in->conn->ops->tx_free(in->conn);
	/* also for a stop: who waits for credit of this stream waits for nothing now */
	if (limit || stop)
		in->conn->ops->wake(in->conn, TQUIC_WAKE_WRITE);
	return 0;
}

static void rx_max_streams(struct tquic_conn *conn, const struct tquic_rx_frame *f)
{
	int uni = f->type == TQUIC_FT_MAX_STREAMS_UNI;
	u64 event = f->max << 2 | uni << 1 | conn->server;

	if (!tquic_credit_tx_raise(&conn->streams.open[uni], f->max))
		return;
	conn->ops->event(conn, QUIC_EVENT_STREAM_MAX_STREAM, &event, sizeof(event));
	conn->ops->wake(conn, TQUIC_WAKE_WRITE);
}

/* Have the peer acknowledge less often, once there are several ACKs for each window even so */
static void ask_frequency(struct tquic_conn *conn)
{
	const struct tquic_path *path = conn->path;
	u64 each = (u64)READ_ONCE(conn->switches->ack_every) * path->mtu.cur;

	if (!conn->confirmed || conn->remote.min_ack_delay_us == TQUIC_VARINT_MAX ||
	    path->rec.cc.cwnd < ACKS_IN_WINDOW * each)
		return;
	conn->due |= TQUIC_DUE_ACK_FREQUENCY;
}

static int rx_ack(struct tquic_rx_work *in, struct tquic_rx_frame *f, enum tquic_space_id id)
{
	struct tquic_conn *conn = in->conn;
	struct tquic_space *sp = &conn->spaces[id];
	struct tquic_ack_result res = {};
	u64 delay_us = 0;
	int ret;

	if (id == TQUIC_SPACE_APP)
		delay_us = min_t(u64, f->ack.delay, U32_MAX) << conn->remote.ack_delay_exponent;
	ret = tquic_loss_on_ack(&conn->loss_ctx, &sp->loss, sp->next_pn, f, delay_us, in->now_us,
				&res);
	tquic_fate_acked(conn);
	if (ret)
		return ret;
	if (unlikely(READ_ONCE(conn->switches->ack_every) > 1) && !conn->freq_seq)
		ask_frequency(conn);
	if (unlikely(id == TQUIC_SPACE_HANDSHAKE))	/* the server has validated our address */
		conn->loss_ctx.keep_backoff = false;
	if (unlikely(res.ecn_ce))
		tquic_mib_inc(conn->mib, ECN_CE);
	if (unlikely(res.ecn_failed))
		tquic_mib_inc(conn->mib, ECN_FAILED);
	if (unlikely(res.spurious_pkts))
		tquic_mib_add(conn->mib, PKT_SPURIOUS, res.spurious_pkts);
	return 0;
}

static int rx_new_cid(struct tquic_rx_work *in, const struct tquic_rx_frame *f)
{
	struct tquic_conn *conn = in->conn;
	int ret;

	ret = tquic_cid_rx_new(&conn->cids, f->new_cid.seq, f->new_cid.prior_to, f->new_cid.cid,
			       f->new_cid.cid_len, f->new_cid.reset_token, conn->path->index);
	if (!ret)	/* the one in use may have been retired under us */
		tquic_conn_cid_changed(conn);
	return ret;
}

static int rx_retire_cid(struct tquic_rx_work *in, const struct tquic_rx_frame *f, const u8 *dcid)
{
	struct tquic_conn *conn = in->conn;
	struct tquic_cid gone = {};
	int ret;

	ret = tquic_cid_rx_retire(&conn->cids, f->retire_seq, dcid, TQUIC_CID_LEN, &gone);
	if (ret)
		return ret;
	if (gone.len)
		conn->ops->cid_del(conn, &gone);
	tquic_conn_cid_event(conn, false);
	conn->due |= TQUIC_DUE(NEW_CONNECTION_ID);	/* once for all that are retired together */
	return 0;
}

static int rx_ack_frequency(struct tquic_rx_work *in, const struct tquic_rx_frame *f)
{
	struct tquic_conn *conn = in->conn;
	struct tquic_ack *ack = &conn->spaces[TQUIC_SPACE_APP].ack;

	if (f->freq.delay_us < conn->local.min_ack_delay_us ||
	    f->freq.delay_us >= TQUIC_ACK_DELAY_END_US)
		return TQUIC_WERR(PROTOCOL_VIOLATION);
	tquic_mib_inc(conn->mib, RX_ACK_FREQUENCY);
	if (!tquic_ack_frequency(ack, f->freq.seq, f->freq.threshold, f->freq.reorder))
		return 0;
	conn->local.max_ack_delay_us = f->freq.delay_us;
	if (ack->due_us != TQUIC_TIME_NEVER)	/* the ACK that is owed comes sooner, too */
		ack->due_us = min(ack->due_us, in->now_us + f->freq.delay_us);
	return 0;
}

/* Frames that are neither STREAM nor ACK nor PADDING */
static int rx_control(struct tquic_rx_work *in, struct tquic_rx_frame *f, enum tquic_space_id id,
		      const u8 *dcid)
{
	struct tquic_conn *conn = in->conn;
	int ret;

	switch (f->type) {
	case TQUIC_FT_CRYPTO:
		ret = hold_skb(in, &conn->spaces[id].crypto_rx, f);
		return ret ?: tquic_handshake_rx_crypto(conn, id, f, in->skb);
	case TQUIC_FT_RESET_STREAM:
	case TQUIC_FT_RESET_STREAM_AT:
	case TQUIC_FT_STOP_SENDING:
	case TQUIC_FT_MAX_STREAM_DATA:
	case TQUIC_FT_STREAM_DATA_BLOCKED:
		return rx_stream_control(in, f);
	case TQUIC_FT_MAX_DATA:
		if (tquic_credit_tx_raise(&conn->streams.tx, f->max))
			conn->ops->wake(conn, TQUIC_WAKE_WRITE);
		return 0;
	case TQUIC_FT_MAX_STREAMS_BIDI:
	case TQUIC_FT_MAX_STREAMS_UNI:
		rx_max_streams(conn, f);
		return 0;
	case TQUIC_FT_NEW_CONNECTION_ID:
		return rx_new_cid(in, f);
	case TQUIC_FT_RETIRE_CONNECTION_ID:
		return rx_retire_cid(in, f, dcid);
	case TQUIC_FT_PATH_CHALLENGE:
		tquic_path_rx_challenge(in->path, f->path_data);
		return 0;
	case TQUIC_FT_PATH_RESPONSE:
		tquic_path_rx_response(conn, f->path_data, in->now_us);
		return 0;
	case TQUIC_FT_CONNECTION_CLOSE:
	case TQUIC_FT_CONNECTION_CLOSE_APP:
		tquic_conn_peer_closed(conn, f, in->now_us);
		return 0;
	case TQUIC_FT_HANDSHAKE_DONE:
		return tquic_handshake_rx_done(conn, in->now_us);
	case TQUIC_FT_NEW_TOKEN:
		if (conn->server)
			return TQUIC_WERR(PROTOCOL_VIOLATION);
		if (f->stream.len <= TQUIC_TOKEN_CLIENT_MAX)
			conn->ops->event(conn, QUIC_EVENT_NEW_TOKEN, f->stream.data, f->stream.len);
		return 0;
	case TQUIC_FT_DATAGRAM:
	case TQUIC_FT_DATAGRAM_LEN:
		return tquic_datagram_rx(conn, f);
	case TQUIC_FT_ACK_FREQUENCY:
		return rx_ack_frequency(in, f);
	case TQUIC_FT_IMMEDIATE_ACK:
		conn->spaces[id].ack.now = true;
		return 0;
	default:	/* the other *_BLOCKED ask for nothing */
		return 0;
	}
}

/*
 * tquic_dispatch - do what all frames of one packet say.  Returns 0; a wire error, the connection
 * is then closed; or -errno: the packet is to be treated as lost.
 */
int tquic_dispatch(struct tquic_rx_work *in, const u8 *p, const u8 *end, u8 ptype,
		   enum tquic_space_id id, const u8 *dcid)
{
	struct tquic_rx_frame f;
	int ret;

	in->eliciting = false;
	in->probing = true;
	f.type = 0;
	ret = TQUIC_WERR(PROTOCOL_VIOLATION);	/* no frame at all */
	while (p < end && tquic_conn_alive(in->conn)) {
		ret = tquic_frame_decode(p, end, ptype, &f);
		if (ret < 0)
			break;
		p += ret;
		ret = 0;
		if (!(f.props & TQUIC_FP_NOT_ELICITING))
			in->eliciting = true;
		if (!(f.props & TQUIC_FP_PROBING))
			in->probing = false;
		if (likely((f.type & ~7ULL) == TQUIC_FT_STREAM))
			ret = rx_stream(in, &f);
		else if (f.type == TQUIC_FT_ACK || f.type == TQUIC_FT_ACK_ECN)
			ret = rx_ack(in, &f, id);
		else if (f.type > TQUIC_FT_PING)
			ret = rx_control(in, &f, id, dcid);
		if (ret)
			break;
	}
	if (unlikely(tquic_is_werr(ret)))
		tquic_conn_fail(in->conn, ret, f.type, in->now_us);
	return ret;
}

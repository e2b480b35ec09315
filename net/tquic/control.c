// SPDX-License-Identifier: GPL-2.0
/*
 * Control frames: all that are derived from state, written into a packet when a
 * bit says that they are due.  The bit goes when the frame is written and comes
 * again when it is lost (fate.c), so that nothing stale is ever sent.
 */
#include "frame.h"
#include "packet.h"
#include "token.h"

/* A frame of the connection that is one integer, to which its fate is applied */
static void put_frame(struct tquic_packet *b, u8 type, u64 value)
{
	b->p = tquic_frame_put(b->p, type, value);
	tquic_packet_note(b, type, NULL, value);
}

/* A frame that is integers, the first of which is the stream's ID */
#define put_stream_frame(b, s, type, ...) do {						\
	(b)->p = tquic_frame_put((b)->p, type, (s)->id, __VA_ARGS__);			\
	tquic_packet_note(b, type, s, (s)->tx_reliable);				\
} while (0)

static bool put_path(struct tquic_packet *b, u8 type, const u8 *data)
{
	if (!tquic_packet_room(b, 1 + TQUIC_PATH_DATA_LEN))
		return false;
	*b->p++ = type;
	b->p = tquic_bytes_put(b->p, data, TQUIC_PATH_DATA_LEN);
	tquic_packet_note(b, type, NULL, 0);
	return true;
}

/** tquic_control_path - PATH_RESPONSE and PATH_CHALLENGE, if due on the path of the packet */
void tquic_control_path(struct tquic_packet *b)
{
	struct tquic_path *path = b->path;

	while (path->answers &&
	       put_path(b, TQUIC_FT_PATH_RESPONSE, path->response[path->answers - 1]))
		path->answers--;
	if (path->ask &&
	    put_path(b, TQUIC_FT_PATH_CHALLENGE, path->challenge[path->tries - 1]))
		path->ask = false;
}

/* MAX_* and *_BLOCKED of the connection */
static u64 limit_value(struct tquic_streams *ss, u8 type)
{
	switch (type) {
	case TQUIC_FT_MAX_DATA:
		return tquic_credit_rx_advertise(&ss->rx);
	case TQUIC_FT_MAX_STREAMS_BIDI:
	case TQUIC_FT_MAX_STREAMS_UNI:
		return tquic_credit_rx_advertise(&ss->peer[type == TQUIC_FT_MAX_STREAMS_UNI]);
	case TQUIC_FT_DATA_BLOCKED:
		return ss->tx.max;
	default:
		return ss->open[type == TQUIC_FT_STREAMS_BLOCKED_UNI].max;
	}
}

static void cid_frames(struct tquic_packet *b)
{
	struct tquic_conn *conn = b->conn;
	struct tquic_cid_entry *cid;
	u64 seq;

	if (conn->due & TQUIC_DUE(NEW_CONNECTION_ID))
		tquic_conn_issue_cids(conn);
	while (conn->due & TQUIC_DUE(NEW_CONNECTION_ID) && tquic_packet_room(b, 48)) {
		cid = tquic_cid_next_due(&conn->cids);
		if (!cid) {
			conn->due &= ~TQUIC_DUE(NEW_CONNECTION_ID);
			break;
		}
		b->p = tquic_frame_put_new_cid(b->p, cid->seq,
					       min(cid->seq, conn->cids.local_prior_to),
					       &cid->cid, cid->reset_token);
		tquic_packet_note(b, TQUIC_FT_NEW_CONNECTION_ID, NULL, cid->seq);
		cid->due = false;
	}
	while (conn->due & TQUIC_DUE(RETIRE_CONNECTION_ID) && tquic_packet_room(b, 9)) {
		if (!tquic_cid_next_retire(&conn->cids, &seq)) {
			conn->due &= ~TQUIC_DUE(RETIRE_CONNECTION_ID);
			break;
		}
		put_frame(b, TQUIC_FT_RETIRE_CONNECTION_ID, seq);
		tquic_conn_cid_event(conn, true);
	}
}

/* NEW_TOKEN, unless there is no memory to make one; false: there is no room */
static bool put_token(struct tquic_packet *b)
{
	u8 token[TQUIC_TOKEN_MAX];
	int len;

	if (!tquic_packet_room(b, sizeof(token) + 3))
		return false;
	len = b->conn->ops->new_token(b->conn, token);
	if (len > 0) {
		b->p = tquic_frame_put(b->p, TQUIC_FT_NEW_TOKEN, len);
		b->p = tquic_bytes_put(b->p, token, len);
		tquic_packet_note(b, TQUIC_FT_NEW_TOKEN, NULL, 0);
	}
	return true;
}

/* The delay asked for is no longer than what loss detection reckons with already */
static void put_ack_frequency(struct tquic_packet *b)
{
	struct tquic_conn *conn = b->conn;
	u64 delay_us = clamp_t(u64, b->path->rec.rtt.smoothed_us / 4, conn->remote.min_ack_delay_us,
			       conn->remote.max_ack_delay_us);

	b->p = tquic_frame_put(b->p, TQUIC_FT_ACK_FREQUENCY, conn->freq_seq++,
			       max(READ_ONCE(conn->switches->ack_every), 1) - 1, delay_us,
			       b->path->rec.reorder_pkts);
	tquic_packet_note(b, TQUIC_FT_ACK_FREQUENCY, NULL, 0);
	tquic_mib_inc(conn->mib, TX_ACK_FREQUENCY);
	conn->due &= ~TQUIC_DUE_ACK_FREQUENCY;
}

/* Frames of the connection that are due */
static void conn_frames(struct tquic_packet *b)
{
	struct tquic_conn *conn = b->conn;

	for (u8 type = TQUIC_FT_MAX_DATA; type <= TQUIC_FT_STREAMS_BLOCKED_UNI; type++) {
		if (!(conn->due & TQUIC_DUE_OF(type)) || !tquic_packet_room(b, 9))
			continue;
		put_frame(b, type, limit_value(&conn->streams, type));
		conn->due &= ~TQUIC_DUE_OF(type);
	}
	if (conn->due & TQUIC_DUE(HANDSHAKE_DONE) && tquic_packet_room(b, 1)) {
		*b->p++ = TQUIC_FT_HANDSHAKE_DONE;
		tquic_packet_note(b, TQUIC_FT_HANDSHAKE_DONE, NULL, 0);
		conn->due &= ~TQUIC_DUE(HANDSHAKE_DONE);
	}
	if (conn->due & (TQUIC_DUE(NEW_CONNECTION_ID) | TQUIC_DUE(RETIRE_CONNECTION_ID)))
		cid_frames(b);
	if (conn->due & TQUIC_DUE_NEW_TOKEN && put_token(b))
		conn->due &= ~TQUIC_DUE_NEW_TOKEN;
	if (conn->due & TQUIC_DUE_ACK_FREQUENCY && tquic_packet_room(b, 2 + 4 * 8))
		put_ack_frequency(b);
	if (conn->due & TQUIC_DUE_PING) {
		tquic_packet_put_ping(b);
		conn->due &= ~TQUIC_DUE_PING;
	}
}

static void stream_frames(struct tquic_packet *b, struct tquic_stream *s)
{
	struct tquic_streams *ss = &b->conn->streams;

	if (s->due & TQUIC_STREAM_DUE_RESET && s->flags & TQUIC_STREAM_RESET_AT)
		put_stream_frame(b, s, TQUIC_FT_RESET_STREAM_AT, s->tx_err, s->txc.used,
				 s->tx_reliable);
	else if (s->due & TQUIC_STREAM_DUE_RESET)
		put_stream_frame(b, s, TQUIC_FT_RESET_STREAM, s->tx_err, s->txc.used);
	if (s->due & TQUIC_STREAM_DUE_STOP)
		put_stream_frame(b, s, TQUIC_FT_STOP_SENDING, s->stop_err);
	if (s->due & TQUIC_STREAM_DUE_MAX_DATA)
		put_stream_frame(b, s, TQUIC_FT_MAX_STREAM_DATA,
				 tquic_credit_rx_advertise(&s->rxc));
	if (s->due & TQUIC_STREAM_DUE_BLOCKED)
		put_stream_frame(b, s, TQUIC_FT_STREAM_DATA_BLOCKED, s->txc.max);
	tquic_stream_clear_due(ss, s, s->due);
}

/** tquic_control_frames - what is due of the connection and its streams, as far as it fits */
void tquic_control_frames(struct tquic_packet *b)
{
	struct list_head *ready = &b->conn->streams.ctl_ready;

	conn_frames(b);
	/* four frames a stream, at most, of 25 bytes, RESET_STREAM_AT of 33 */
	while (!list_empty(ready) && b->end - b->p >= 108 &&
	       tquic_sent_room(&b->sp->loss.sent) >= 4)
		stream_frames(b, list_first_entry(ready, struct tquic_stream, ctl_node));
}

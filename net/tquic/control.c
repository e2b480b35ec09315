// SPDX-License-Identifier: GPL-2.0
/*
 * Control frames: all that are derived from state, written into a packet when a
 * bit says that they are due.  The bit goes when the frame is written and comes
 * again when it is lost (fate.c), so that nothing stale is ever sent.
 */
#include "conn.h"
#include "control.h"
#include "frame.h"

/** tquic_control_path - PATH_RESPONSE and PATH_CHALLENGE, if due on the path of the packet */
void tquic_control_path(struct tquic_packet *b)
{
	struct tquic_path *path = b->path;

	if (path->due & TQUIC_PATH_DUE_RESPONSE && tquic_packet_room(b, 9)) {
		b->p = tquic_frame_put_path(b->p, TQUIC_FT_PATH_RESPONSE, path->response);
		tquic_packet_note(b, TQUIC_FT_PATH_RESPONSE, NULL, 0);
		path->due &= ~TQUIC_PATH_DUE_RESPONSE;
	}
	if (path->due & TQUIC_PATH_DUE_CHALLENGE && tquic_packet_room(b, 9)) {
		b->p = tquic_frame_put_path(b->p, TQUIC_FT_PATH_CHALLENGE, path->challenge);
		tquic_packet_note(b, TQUIC_FT_PATH_CHALLENGE, NULL, 0);
		path->due &= ~TQUIC_PATH_DUE_CHALLENGE;
	}
}

/* MAX_* and *_BLOCKED of the connection: bit of due, frame type, value */
static bool limit_value(struct tquic_conn *conn, u16 bit, u8 *type, u64 *value)
{
	struct tquic_streams *ss = &conn->streams;

	switch (bit) {
	case TQUIC_DUE_MAX_DATA:
		*type = TQUIC_FT_MAX_DATA;
		*value = tquic_credit_rx_advertise(&ss->rx);
		return true;
	case TQUIC_DUE_MAX_STREAMS_BIDI:
		*type = TQUIC_FT_MAX_STREAMS_BIDI;
		*value = tquic_credit_rx_advertise(&ss->peer[0]);
		return true;
	case TQUIC_DUE_MAX_STREAMS_UNI:
		*type = TQUIC_FT_MAX_STREAMS_UNI;
		*value = tquic_credit_rx_advertise(&ss->peer[1]);
		return true;
	case TQUIC_DUE_DATA_BLOCKED:
		*type = TQUIC_FT_DATA_BLOCKED;
		*value = ss->tx.max;
		return true;
	case TQUIC_DUE_STREAMS_BLOCKED_BIDI:
		*type = TQUIC_FT_STREAMS_BLOCKED_BIDI;
		*value = ss->open[0].max;
		return true;
	case TQUIC_DUE_STREAMS_BLOCKED_UNI:
		*type = TQUIC_FT_STREAMS_BLOCKED_UNI;
		*value = ss->open[1].max;
		return true;
	default:
		return false;
	}
}

static void cid_frames(struct tquic_packet *b)
{
	struct tquic_conn *conn = b->conn;
	struct tquic_cid_local *cid;
	u64 seq;

	while (conn->due & TQUIC_DUE_NEW_CID) {
		if (!tquic_packet_room(b, 48))
			return;
		cid = tquic_cid_next_due(&conn->cids);
		if (!cid) {
			conn->due &= ~TQUIC_DUE_NEW_CID;
			break;
		}
		b->p = tquic_frame_put_new_cid(b->p, cid->seq, 0, &cid->cid, cid->reset_token);
		tquic_packet_note(b, TQUIC_FT_NEW_CONNECTION_ID, NULL, cid->seq);
		cid->due = false;
	}
	while (conn->due & TQUIC_DUE_RETIRE_CID) {
		if (!tquic_packet_room(b, 9))
			return;
		if (!tquic_cid_next_retire(&conn->cids, &seq)) {
			conn->due &= ~TQUIC_DUE_RETIRE_CID;
			break;
		}
		b->p = tquic_frame_put(b->p, TQUIC_FT_RETIRE_CONNECTION_ID, seq);
		tquic_packet_note(b, TQUIC_FT_RETIRE_CONNECTION_ID, NULL, seq);
	}
}

/* Frames of the connection that are due */
static void conn_frames(struct tquic_packet *b)
{
	struct tquic_conn *conn = b->conn;
	u16 bit;

	for (bit = TQUIC_DUE_MAX_DATA; bit <= TQUIC_DUE_STREAMS_BLOCKED_UNI; bit <<= 1) {
		u64 value;
		u8 type;

		if (!(conn->due & bit) || !tquic_packet_room(b, 9) || !limit_value(conn, bit,
										   &type, &value))
			continue;
		b->p = tquic_frame_put(b->p, type, value);
		tquic_packet_note(b, type, NULL, value);
		conn->due &= ~bit;
	}
	if (conn->due & TQUIC_DUE_HANDSHAKE_DONE && tquic_packet_room(b, 1)) {
		*b->p++ = TQUIC_FT_HANDSHAKE_DONE;
		tquic_packet_note(b, TQUIC_FT_HANDSHAKE_DONE, NULL, 0);
		conn->due &= ~TQUIC_DUE_HANDSHAKE_DONE;
	}
	if (conn->due & (TQUIC_DUE_NEW_CID | TQUIC_DUE_RETIRE_CID))
		cid_frames(b);
	if (conn->due & TQUIC_DUE_NEW_TOKEN && tquic_packet_put_token(b))
		conn->due &= ~TQUIC_DUE_NEW_TOKEN;
	if (conn->due & TQUIC_DUE_PING) {
		tquic_packet_put_ping(b);
		conn->due &= ~TQUIC_DUE_PING;
	}
}

static void stream_ctl_one(struct tquic_packet *b, struct tquic_stream *s)
{
	struct tquic_streams *ss = &b->conn->streams;

	if (s->due & TQUIC_STREAM_DUE_RESET) {
		b->p = tquic_frame_put(b->p, TQUIC_FT_RESET_STREAM, s->id, s->tx_err, s->txc.used);
		tquic_packet_note(b, TQUIC_FT_RESET_STREAM, s, 0);
	}
	if (s->due & TQUIC_STREAM_DUE_STOP) {
		b->p = tquic_frame_put(b->p, TQUIC_FT_STOP_SENDING, s->id, s->stop_err);
		tquic_packet_note(b, TQUIC_FT_STOP_SENDING, s, 0);
	}
	if (s->due & TQUIC_STREAM_DUE_MAX_DATA) {
		b->p = tquic_frame_put(b->p, TQUIC_FT_MAX_STREAM_DATA, s->id,
				       tquic_credit_rx_advertise(&s->rxc));
		tquic_packet_note(b, TQUIC_FT_MAX_STREAM_DATA, s, 0);
	}
	if (s->due & TQUIC_STREAM_DUE_BLOCKED) {
		b->p = tquic_frame_put(b->p, TQUIC_FT_STREAM_DATA_BLOCKED, s->id, s->txc.max);
		tquic_packet_note(b, TQUIC_FT_STREAM_DATA_BLOCKED, s, 0);
	}
	tquic_stream_clear_due(ss, s, s->due);
}

/* Control frames of streams that are due: four at most each, 25 bytes at most */
static void stream_ctl_frames(struct tquic_packet *b)
{
	struct tquic_streams *ss = &b->conn->streams;

	while (!list_empty(&ss->ctl_ready) && b->end - b->p >= 100 &&
	       tquic_sent_room(&b->sp->loss.sent) >= 4)
		stream_ctl_one(b, list_first_entry(&ss->ctl_ready, struct tquic_stream, ctl_node));
}

/** tquic_control_frames - what is due of the connection and its streams, as far as it fits */
void tquic_control_frames(struct tquic_packet *b)
{
	conn_frames(b);
	stream_ctl_frames(b);
}

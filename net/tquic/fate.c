// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of a sent frame: acknowledged, lost, or dropped with its packet.
 * Says so to whoever the frame was about; sends nothing itself.
 */
#include "conn.h"
#include "frame.h"

/** tquic_fate_acked - all frames that an ACK named have been seen: settle the last run of bytes */
void tquic_fate_acked(struct tquic_conn *conn)
{
	struct tquic_acked_run *run = &conn->acked;
	struct tquic_stream *s = run->stream;
	u32 len = run->end - run->off;

	if (!s)
		return;
	run->stream = NULL;
	conn->stats.acked_bytes += len;
	if (tquic_stream_tx_acked(&conn->streams, s, run->off, len, run->fin))
		conn->ops->tx_free(conn);
	tquic_stream_put(&conn->streams, s);
}

/* Neighbouring frames of a stream become one run, which keeps the first one's reference */
static void stream_acked(struct tquic_conn *conn, const struct tquic_frame *f, u32 n)
{
	struct tquic_acked_run *run = &conn->acked;
	struct tquic_stream *s = f->ref;

	s->refs -= n - 1;
	if (likely(run->stream == s && run->end == f->off && !run->fin)) {
		tquic_stream_put(&conn->streams, s);
	} else {
		tquic_fate_acked(conn);
		run->stream = s;
		run->off = f->off;
	}
	run->end = f->off + n * f->len;
	run->fin = f->flags;
}

static void frame_drop(void *arg, struct tquic_frame *f)
{
	struct tquic_conn *conn = arg;

	switch (f->type) {
	case TQUIC_FT_STREAM:
	case TQUIC_FT_RESET_STREAM:
	case TQUIC_FT_RESET_STREAM_AT:
	case TQUIC_FT_STOP_SENDING:
	case TQUIC_FT_MAX_STREAM_DATA:
	case TQUIC_FT_STREAM_DATA_BLOCKED:
		tquic_stream_put(&conn->streams, f->ref);
		break;
	}
}

static void frame_acked(void *arg, struct tquic_frame *f, u32 n)
{
	struct tquic_conn *conn = arg;

	switch (f->type) {
	case TQUIC_FT_STREAM:
		stream_acked(conn, f, n);
		return;
	case TQUIC_FT_CRYPTO:
		tquic_sendbuf_acked(&conn->spaces[f->aux].crypto_tx, f->off, f->len, GFP_ATOMIC);
		break;
	case TQUIC_FT_ACK:
		tquic_ack_acked(&conn->spaces[f->aux].ack, f->value);
		break;
	case TQUIC_FT_RESET_STREAM:
		tquic_stream_reset_acked(&conn->streams, f->ref);
		break;
	case TQUIC_FT_RESET_STREAM_AT:
		if (tquic_stream_reset_at_acked(&conn->streams, f->ref, f->off))
			conn->ops->tx_free(conn);
		break;
	case TQUIC_FT_RETIRE_CONNECTION_ID:
		tquic_cid_retired(&conn->cids, f->value);
		break;
	}
	frame_drop(arg, f);
}

static void frame_lost(void *arg, struct tquic_frame *f)
{
	struct tquic_conn *conn = arg;
	struct tquic_streams *ss = &conn->streams;

	switch (f->type) {
	case TQUIC_FT_STREAM:
		tquic_stream_tx_lost(ss, f->ref, f->off, f->len, f->flags);
		return;
	case TQUIC_FT_CRYPTO:
		tquic_sendbuf_lost(&conn->spaces[f->aux].crypto_tx, f->off, f->len, GFP_ATOMIC);
		return;
	case TQUIC_FT_RESET_STREAM:
	case TQUIC_FT_RESET_STREAM_AT:
		tquic_stream_set_due(ss, f->ref, TQUIC_STREAM_DUE_RESET);
		return;
	case TQUIC_FT_STOP_SENDING:
		tquic_stream_set_due(ss, f->ref, TQUIC_STREAM_DUE_STOP);
		return;
	case TQUIC_FT_MAX_STREAM_DATA:
		tquic_stream_set_due(ss, f->ref, TQUIC_STREAM_DUE_MAX_DATA);
		return;
	case TQUIC_FT_DATAGRAM:
		tquic_mib_inc(conn->mib, DGRAM_LOST);
		return;
	case TQUIC_FT_NEW_TOKEN:
		conn->due |= TQUIC_DUE_NEW_TOKEN;
		return;
	case TQUIC_FT_ACK_FREQUENCY:
		conn->due |= TQUIC_DUE_ACK_FREQUENCY;
		return;
	case TQUIC_FT_NEW_CONNECTION_ID:
		tquic_cid_new_lost(&conn->cids, f->value);
		break;
	case TQUIC_FT_RETIRE_CONNECTION_ID:
		tquic_cid_owe_retire(&conn->cids, f->value);	/* has a place until then */
		break;
	}
	if (f->type >= TQUIC_FT_MAX_DATA && f->type <= TQUIC_FT_HANDSHAKE_DONE)
		conn->due |= TQUIC_DUE_OF(f->type) & TQUIC_DUE_AGAIN;
}

/* Full-size packets that keep getting lost mean that the path has become narrower */
static void packet_sized(void *arg, u8 index, u32 bytes, bool probe, bool acked)
{
	struct tquic_conn *conn = arg;
	struct tquic_path *path = conn->paths[index];
	bool changed = false;

	if (!probe && !acked) {
		tquic_mib_inc(conn->mib, PKT_LOST);
		conn->stats.lost_pkts++;
	}
	if (!path)
		return;
	if (probe && acked)
		changed = tquic_mtu_probe_acked(&path->mtu, bytes, conn->rx_now_us);
	else if (probe)
		tquic_mtu_probe_lost(&path->mtu, bytes, conn->rx_now_us);
	else if (acked)
		tquic_mtu_acked(&path->mtu, bytes);
	else
		changed = tquic_mtu_lost(&path->mtu, bytes, conn->rx_now_us);
	if (changed)
		tquic_cc_set_mss(&path->rec.cc, path->mtu.cur);
}

const struct tquic_loss_ops tquic_fate_ops = {
	.acked = frame_acked,
	.lost = frame_lost,
	.drop = frame_drop,
	.sized = packet_sized,
};

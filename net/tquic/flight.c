// SPDX-License-Identifier: GPL-2.0
/*
 * Initial and Handshake packets, coalesced into datagrams (RFC 9000 section 12.2), and
 * CONNECTION_CLOSE at whatever level has keys: few, built in an skb's head, everything copied.
 */
#include "frame.h"
#include "header.h"
#include "output.h"
#include "packet.h"

/* A datagram and the packets in it that are not sealed yet */
struct flight {
	struct tquic_conn *conn;
	struct sk_buff *skb;
	u8 *p;				/* where the next packet goes */
	u8 *end;
	u32 nr;
	bool expand;			/* to 1200 bytes, RFC 9000 section 14.1 */
	struct tquic_packet pkt[TQUIC_SPACE_NUM];
};

static bool flight_begin(struct flight *fl, struct tquic_conn *conn)
{
	u64 room = min_t(u64, tquic_path_amplification_room(conn->path), TQUIC_MIN_UDP);

	memset(fl, 0, sizeof(*fl));
	if (room < 64) {
		tquic_drop(conn->mib, DROP_AMPLIFICATION, TQUIC_MIN_UDP);
		return false;
	}
	fl->conn = conn;
	fl->skb = tquic_packet_skb(TQUIC_MIN_UDP);
	if (!fl->skb) {
		tquic_mib_inc(conn->mib, TX_NOMEM);
		return false;
	}
	fl->p = skb_tail_pointer(fl->skb);
	fl->end = fl->p + room;
	return true;
}

/* Open a packet of a level at fl->p; NULL: no room, no keys or no memory */
static struct tquic_packet *flight_packet(struct flight *fl, enum tquic_space_id id)
{
	struct tquic_conn *conn = fl->conn;
	struct tquic_packet *b = &fl->pkt[fl->nr];
	struct tquic_space *sp = &conn->spaces[id];
	u32 token_len = id == TQUIC_SPACE_INITIAL ? conn->token_len : 0;

	if (sp->gone || !tquic_crypto_ready(&sp->tx) || (id == TQUIC_SPACE_APP && conn->early))
		return NULL;
	if (fl->end - fl->p < TQUIC_HEADER_LONG_MAX + token_len + TQUIC_TAG_LEN + 16)
		return NULL;
	tquic_packet_init(b, conn, conn->path, id, 0);
	b->slot = fl->p;
	b->run = fl->p;
	b->end = fl->end - (id == TQUIC_SPACE_APP && conn->no_encrypt ? 0 : TQUIC_TAG_LEN);
	b->rec = tquic_sent_begin(&sp->loss.sent, GFP_ATOMIC);
	if (!b->rec) {
		tquic_mib_inc(conn->mib, TX_NOMEM);
		return NULL;
	}
	if (id == TQUIC_SPACE_APP)
		b->p = tquic_header_put_short(fl->p, &conn->dcid, sp->tx.phase, conn->spin,
					      sp->next_pn);
	else
		b->p = tquic_header_put_long(fl->p, id == TQUIC_SPACE_INITIAL ? TQUIC_PT_INITIAL :
					     TQUIC_PT_HANDSHAKE, conn->version, &conn->dcid,
					     &conn->local.iscid, conn->token, token_len,
					     sp->next_pn, &b->len_at);
	b->payload = b->p;
	return b;
}

/* Keep the packet if it says anything */
static bool flight_keep(struct flight *fl, struct tquic_packet *b)
{
	if (b->p == b->payload) {
		tquic_sent_abort(&b->sp->loss.sent);
		return false;
	}
	if (b->space == TQUIC_SPACE_INITIAL && (!fl->conn->server || b->eliciting))
		fl->expand = true;
	fl->p = b->p + (b->end < fl->end ? TQUIC_TAG_LEN : 0);
	fl->nr++;
	return true;
}

/* Length field, seal, header protection */
static int flight_seal(struct tquic_packet *b, u64 now_us)
{
	u8 *mask = b->conn->scratch->samples;
	u8 *pn = b->payload - TQUIC_PN_LEN;
	int len, err;

	if (b->len_at)
		tquic_varint_put2(b->len_at, b->p - pn + TQUIC_TAG_LEN);
	len = tquic_packet_seal(b, now_us);
	if (len < 0 || (b->space == TQUIC_SPACE_APP && b->conn->no_encrypt))
		return len;
	memcpy(mask, pn + 4, TQUIC_SAMPLE_LEN);
	err = tquic_crypto_masks(&b->sp->tx, mask, 1);
	if (!err)
		tquic_crypto_apply_mask(b->slot, pn, mask, b->len_at, TQUIC_PN_LEN);
	return err;
}

/* Expand, seal and send a datagram; false: it held nothing, or the connection is over */
static bool flight_send(struct flight *fl, u64 now_us)
{
	struct tquic_conn *conn = fl->conn;
	u32 i, len = fl->p - skb_tail_pointer(fl->skb);
	bool failed = false;

	if (!fl->nr) {
		kfree_skb(fl->skb);
		return false;
	}
	if (fl->expand && len < TQUIC_MIN_UDP &&
	    fl->end - skb_tail_pointer(fl->skb) == TQUIC_MIN_UDP) {
		struct tquic_packet *b = &fl->pkt[fl->nr - 1];

		memset(b->p, TQUIC_FT_PADDING, TQUIC_MIN_UDP - len);
		b->p += TQUIC_MIN_UDP - len;
		len = TQUIC_MIN_UDP;
	}
	/* also behind one that fails: each must get into its log, to be found lost */
	for (i = 0; i < fl->nr; i++)
		failed |= flight_seal(&fl->pkt[i], now_us) < 0;
	if (failed) {
		kfree_skb(fl->skb);
		return false;
	}
	skb_put(fl->skb, len);
	tquic_packet_account(conn, conn->path, fl->nr, len, now_us);
	conn->ops->xmit(conn, conn->path, fl->skb, len, TQUIC_ECN_NOT);
	return true;
}

/*
 * CRYPTO may leave: the flight is complete and the window has room, or a PTO wants it sent, or it
 * was lost: 1-RTT packets may fill the window that the peer can only acknowledge when it has this.
 */
static bool crypto_may(const struct tquic_conn *conn, const struct tquic_space *sp)
{
	return !conn->cork && (sp->probes || !tquic_ranges_empty(&sp->crypto_tx.pending) ||
			       tquic_cc_room(&conn->path->rec.cc) >= TQUIC_MIN_UDP);
}

/* Something of a handshake level is to be sent now */
static bool space_wants(struct tquic_conn *conn, enum tquic_space_id id, u64 now_us)
{
	struct tquic_space *sp = &conn->spaces[id];
	u64 off;

	if (sp->gone || !tquic_crypto_ready(&sp->tx))
		return false;
	if (sp->probes || tquic_ack_due(&sp->ack, now_us))
		return true;
	return crypto_may(conn, sp) &&
	       tquic_sendbuf_next(&sp->crypto_tx, sp->crypto_tx.end_off, 1, &off);
}

static void level_frames(struct tquic_packet *b, u64 now_us)
{
	struct tquic_space *sp = b->sp;

	tquic_packet_put_ack(b, now_us);
	if (crypto_may(b->conn, sp))
		tquic_packet_put_crypto(b);
	if (!sp->probes || b->eliciting)
		return;
	/* the second probe repeats the first: one may be lost, too, and some take no bare PING */
	if (tquic_loss_requeue_oldest(&b->conn->loss_ctx, &sp->loss, 1))
		tquic_packet_put_crypto(b);
	if (!b->eliciting)
		tquic_packet_put_ping(b);
}

/** tquic_flight_output - send what the Initial and Handshake levels have to say, together */
void tquic_flight_output(struct tquic_conn *conn, u64 now_us)
{
	enum tquic_space_id id;
	struct tquic_packet *b;
	struct flight fl;
	bool handshake;

	while (space_wants(conn, TQUIC_SPACE_INITIAL, now_us) ||
	       space_wants(conn, TQUIC_SPACE_HANDSHAKE, now_us)) {
		if (!flight_begin(&fl, conn))
			return;
		handshake = false;
		for (id = TQUIC_SPACE_INITIAL; id <= TQUIC_SPACE_HANDSHAKE; id++) {
			if (!space_wants(conn, id, now_us))
				continue;
			/* what cannot be expanded must wait, RFC 9000 section 14.1 */
			if (id == TQUIC_SPACE_INITIAL && fl.end - fl.p < TQUIC_MIN_UDP)
				continue;
			b = flight_packet(&fl, id);
			if (!b)
				break;
			level_frames(b, now_us);
			if (flight_keep(&fl, b) && id == TQUIC_SPACE_HANDSHAKE)
				handshake = true;
		}
		if (!flight_send(&fl, now_us))
			return;
		/* RFC 9001 section 4.9.1 */
		if (handshake && !conn->server)
			tquic_conn_discard_space(conn, TQUIC_SPACE_INITIAL);
	}
}

/* Before the handshake is over an application's reasons are for no eyes, section 10.2.3 */
static void close_frame(struct tquic_packet *b)
{
	struct tquic_conn *conn = b->conn;
	bool app = conn->close_app;
	u64 err = conn->close_err;
	u32 len = conn->close_reason_len;

	if (app && b->space != TQUIC_SPACE_APP) {
		app = false;
		err = QUIC_TRANSPORT_ERROR_APPLICATION;
		len = 0;
	}
	b->p = tquic_frame_put_close(b->p, app, err, conn->close_frame_type,
				     conn->close_reason, len);
}

/*
 * tquic_output_close - send CONNECTION_CLOSE at every level that has keys, RFC 9000 section
 * 10.2.3.  Where crypto would not run inline, tquic_conn_work() does it.
 */
void tquic_output_close(struct tquic_conn *conn, u64 now_us)
{
	enum tquic_space_id id;
	struct tquic_packet *b;
	struct flight fl;

	if (unlikely(!tquic_crypto_usable())) {
		tquic_mib_inc(conn->mib, TX_PUNTED);
		conn->due |= TQUIC_DUE(CONNECTION_CLOSE);
		conn->ops->defer(conn);
		return;
	}
	conn->due &= ~TQUIC_DUE(CONNECTION_CLOSE);
	if (conn->mute || conn->ops->route(conn, conn->path) || !flight_begin(&fl, conn))
		return;
	for (id = TQUIC_SPACE_INITIAL; id < TQUIC_SPACE_NUM; id++) {
		b = flight_packet(&fl, id);
		if (!b)
			continue;
		if (b->end - b->p >= 32 + conn->close_reason_len)
			close_frame(b);
		flight_keep(&fl, b);
	}
	if (flight_send(&fl, now_us))
		tquic_mib_inc(conn->mib, CONN_CLOSE_SENT);
}

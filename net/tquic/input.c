// SPDX-License-Identifier: GPL-2.0
/*
 * The way in, top to bottom: an skb from the UDP socket, perhaps a GRO
 * aggregate (tquic_input), its packets unprotected and opened where they lie,
 * their frames dispatched, and once at the end what all of it made due.  STREAM
 * data stays in the memory it arrived in.  Everything runs under the socket lock.
 */
#include "dispatch.h"
#include "frame.h"
#include "handshake.h"
#include "header.h"
#include "input.h"
#include "output.h"

#define PN_AT		(1 + TQUIC_CID_LEN)	/* of a short header with an ID of ours */
#define SAMPLE_AT	4			/* behind that, RFC 9001 section 5.4.2 */

/* What is remembered of a packet that waits for its keys, in skb->cb */
struct waiting {
	u64 now_us;
	u8 path;
	u8 ecn;
};

/* Enough for a sample */
static u32 min_1rtt(const struct tquic_conn *conn)
{
	return conn->pn_at + SAMPLE_AT + TQUIC_SAMPLE_LEN;
}

/* ---- one packet ------------------------------------------------------- */

/* An opened packet: frames, then the note that it came */
static void rx_packet(struct tquic_rx_work *in, enum tquic_space_id id, u8 ptype, u64 pn,
		      const u8 *dcid, const u8 *p, const u8 *end)
{
	struct tquic_conn *conn = in->conn;
	struct tquic_space *sp = &conn->spaces[id];
	bool newest;
	int ret;

	newest = tquic_ack_largest(&sp->ack) == TQUIC_PN_NONE || pn > tquic_ack_largest(&sp->ack);
	if (!newest && tquic_ack_seen(&sp->ack, pn)) {
		tquic_drop(conn->mib, DROP_DUPLICATE, end - p);
		return;
	}
	ret = tquic_dispatch(in, p, end, ptype, id, dcid);
	if (ret) {
		if (ret == -ENOMEM)
			tquic_drop(conn->mib, DROP_NOMEM, end - p);
		return;
	}
	if (sp->gone)	/* a frame of it ended the handshake */
		return;
	if (tquic_ack_note(&sp->ack, pn, in->eliciting, in->ecn, in->now_us,
			   id == TQUIC_SPACE_APP ? conn->local.max_ack_delay_us : 0) < 0) {
		tquic_drop(conn->mib, DROP_NOMEM, end - p);
		return;
	}
	tquic_mib_inc(conn->mib, RX_PACKETS);
	conn->stats.rx_pkts++;
	tquic_path_on_packet(conn, in->path, in->probing, newest, in->now_us);
}

/* Note what a run has brought */
static void run_end(struct tquic_rx_work *in)
{
	struct tquic_conn *conn = in->conn;
	struct tquic_rx_run *r = &in->run;

	r->at = NULL;
	if (!r->nr)
		return;
	tquic_stream_rx_run(&conn->streams, r->s, r->nr);
	tquic_ack_note_next(&conn->spaces[TQUIC_SPACE_APP].ack, r->nr, in->ecn, in->now_us,
			    conn->local.max_ack_delay_us);
	tquic_mib_add(conn->mib, RX_PACKETS, r->nr);
	conn->stats.rx_pkts += r->nr;
	r->nr = 0;
}

/* rx_expected() has taken the datagram at p, with a frame at f: others like it may follow */
static void run_begin(struct tquic_rx_work *in, const u8 *p, const u8 *f, u32 bytes, u64 pn)
{
	struct tquic_streams *ss = &in->conn->streams;
	struct tquic_stream *s = ss->last;
	struct tquic_rx_run *r = &in->run;
	const u8 *at = tquic_recvbuf_next(&s->rb);
	u32 tag = in->conn->no_encrypt ? 0 : TQUIC_TAG_LEN;

	/* all between the frame's header and the tag is the piece */
	if (!at || f - p != PN_AT + TQUIC_PN_LEN ||
	    bytes != f - p + TQUIC_RUN_FRAME + s->rb.tail->piece + tag || f[8] >> 6 != 3)
		return;
	r->at = at;
	r->s = s;
	r->head = get_unaligned_le64(f);
	r->off = s->rb.ready_off | 3ULL << 62;
	r->end = r->off + min(s->rxc.max - s->rxc.received, ss->rx.max - ss->rx.received);
	r->pn = pn + 1;
	r->bytes = bytes;
	r->first = *p | TQUIC_HDR_FIXED;
}

/* The datagram at p could be of the run, as far as one can see before it is opened */
static bool run_fits(const struct tquic_rx_run *r, const u8 *p, u32 len)
{
	return p + PN_AT + TQUIC_PN_LEN + TQUIC_RUN_FRAME == r->at && len == r->bytes &&
	       *p == r->first && get_unaligned_be32(p + PN_AT) == (u32)r->pn;
}

/* It is */
static bool run_takes(struct tquic_rx_run *r, const u8 *f)
{
	const struct tquic_rxseg *seg = r->s->rb.tail;

	if (get_unaligned_le64(f) != r->head || get_unaligned_be64(f + 8) != r->off ||
	    r->off + seg->piece > r->end)
		return false;
	r->at += seg->stride;
	r->off += seg->piece;
	r->pn++;
	r->nr++;
	return true;
}

/*
 * A packet with the next bytes of one stream and nothing else, which follows another
 * such in the same skb.  True: this one does, and all is done.
 */
static bool rx_expected(struct tquic_rx_work *in, u64 pn, const u8 *p, const u8 *end)
{
	struct tquic_conn *conn = in->conn;
	struct tquic_ack *ack = &conn->spaces[TQUIC_SPACE_APP].ack;
	struct tquic_stream *s = conn->streams.last;
	u64 sid, off;

	if (!s || !ack->rcvd.nr || pn != tquic_ack_largest(ack) + 1 || in->path != conn->path ||
	    in->ecn == TQUIC_ECN_CE)
		return false;
	if (end - p >= 8 && get_unaligned_le64(p))	/* over PADDING, up to 7 at once */
		p += __ffs64(get_unaligned_le64(p)) / 8;
	if (p == end || *p++ != (TQUIC_FT_STREAM | TQUIC_FT_STREAM_OFF))
		return false;
	p = tquic_varint_get(p, end, &sid);
	p = p ? tquic_varint_get(p, end, &off) : NULL;
	if (!p || p == end || sid != s->id ||
	    !tquic_stream_rx_next(&conn->streams, s, off, p, end - p, in->skb))
		return false;
	tquic_ack_note_next(ack, 1, in->ecn, in->now_us, conn->local.max_ack_delay_us);
	tquic_mib_inc(conn->mib, RX_PACKETS);
	conn->stats.rx_pkts++;
	return true;
}

/* The peer has begun a new key phase: follow, RFC 9001 section 6.2 */
static void rx_key_update(struct tquic_conn *conn, u64 pn, u64 now_us)
{
	struct tquic_space *sp = &conn->spaces[TQUIC_SPACE_APP];
	u8 phase;

	tquic_crypto_update(&sp->rx, pn);
	phase = sp->rx.phase;
	if (sp->tx.phase != phase && !tquic_crypto_update(&sp->tx, sp->next_pn))
		tquic_mib_inc(conn->mib, KEY_UPDATES);
	conn->key_discard_us = now_us +
			       3 * tquic_loss_pto_us(&conn->path->rec, true, conn->confirmed);
	conn->ops->event(conn, QUIC_EVENT_KEY_UPDATE, &phase, 1);
}

/* A packet did not open: garbage, a stateless reset, or an attack on the key's limit */
static void rx_undecipherable(struct tquic_rx_work *in, const u8 *p, u32 len)
{
	struct tquic_conn *conn = in->conn;
	struct tquic_crypto *rx = &conn->spaces[TQUIC_SPACE_APP].rx;

	if (len >= TQUIC_TOKEN_RESET_LEN + 5 &&
	    tquic_cid_is_reset(&conn->cids, p + len - TQUIC_TOKEN_RESET_LEN)) {
		tquic_mib_inc(conn->mib, CONN_RESET_RECEIVED);
		tquic_conn_die(conn, ECONNRESET);
		return;
	}
	tquic_drop(conn->mib, DROP_DECRYPT, len);
	if (tquic_crypto_ready(rx) && rx->failed > rx->cipher->rx_limit)
		tquic_conn_fail(conn, TQUIC_WERR(AEAD_LIMIT_REACHED), 0, in->now_us);
}

/*
 * The memory of a packet has been written to.  Segments of a duplicated GSO packet
 * share pages, and no skb tells: without its fixed bit the other one is dropped
 * before it is opened over payload that a receive buffer refers to.
 */
static void rx_opened(u8 *p)
{
	*p &= ~TQUIC_HDR_FIXED;
}

/* One 1-RTT packet, contiguous in memory that is ours to write */
static void rx_1rtt(struct tquic_rx_work *in, u8 *p, u32 len, const u8 *mask)
{
	struct tquic_conn *conn = in->conn;
	struct tquic_space *sp = &conn->spaces[TQUIC_SPACE_APP];
	u32 pn_at = conn->pn_at, pn_len, ad_len, tag = 0;
	struct scatterlist *sg;
	bool in_run;
	int err;
	u64 pn;

	if (unlikely(!(p[0] & TQUIC_HDR_FIXED) && !conn->local.grease_quic_bit)) {
		tquic_drop(conn->mib, DROP_DUPLICATE, len);	/* rx_opened(), in this batch */
		return;
	}
	if (!conn->no_encrypt) {
		pn_len = tquic_crypto_remove_mask(p, p + pn_at, mask, false);
		tag = TQUIC_TAG_LEN;
	} else {
		pn_len = (p[0] & TQUIC_HDR_PN_LEN) + 1;
	}
	ad_len = pn_at + pn_len;
	in_run = run_fits(&in->run, p, len);
	pn = in->run.pn;
	if (!in_run) {
		run_end(in);
		if (unlikely(len < ad_len)) {	/* not encrypted: no tag behind it */
			tquic_drop(conn->mib, DROP_HEADER, len);
			return;
		}
		pn = tquic_header_pn_decode(tquic_ack_largest(&sp->ack),
					    tquic_header_get_pn(p + pn_at, pn_len), pn_len);
	}
	if (!conn->no_encrypt) {
		sg = tquic_scratch_packet(conn->scratch, p, len);
		err = tquic_crypto_open(&sp->rx, p[0] & TQUIC_HDR_PHASE, pn, sg, sg, ad_len,
					len - ad_len);
		rx_opened(p);
		if (unlikely(err)) {
			run_end(in);
			rx_undecipherable(in, p, len);
			return;
		}
	}
	if (likely(in_run && run_takes(&in->run, p + ad_len)))
		return;
	run_end(in);
	if (unlikely(p[0] & 0x18)) {	/* reserved bits, RFC 9000 section 17.3.1 */
		tquic_conn_fail(conn, TQUIC_WERR(PROTOCOL_VIOLATION), 0, in->now_us);
		return;
	}
	err = tag ? tquic_crypto_opened(&sp->rx, p[0] & TQUIC_HDR_PHASE, pn) : 0;
	if (unlikely(err < 0)) {
		tquic_conn_fail(conn, err, 0, in->now_us);
		return;
	}
	if (unlikely(err))
		rx_key_update(conn, pn, in->now_us);
	if (conn->spins && pn > tquic_ack_largest(&sp->ack))
		conn->spin = !!(p[0] & TQUIC_HDR_SPIN) == conn->server;
	if (rx_expected(in, pn, p + ad_len, p + len - tag))
		run_begin(in, p, p + ad_len, len, pn);
	else
		rx_packet(in, TQUIC_SPACE_APP, TQUIC_PT_1RTT, pn, p + 1, p + ad_len, p + len - tag);
}

/* Keep a packet until its keys come (or process context does) */
static void rx_wait(struct tquic_rx_work *in, const u8 *p, u32 len, u32 max)
{
	struct tquic_conn *conn = in->conn;
	struct waiting *w;
	struct sk_buff *skb;

	if (skb_queue_len(&conn->undecryptable) >= max) {
		tquic_drop(conn->mib, DROP_UNDECRYPTABLE_FULL, len);
		return;
	}
	skb = alloc_skb(len, GFP_ATOMIC);
	if (!skb) {
		tquic_drop(conn->mib, DROP_NOMEM, len);
		return;
	}
	if (conn->ops->rx_charge(conn, skb, false)) {
		kfree_skb(skb);
		return;
	}
	skb_put_data(skb, p, len);
	w = (struct waiting *)skb->cb;
	w->now_us = in->now_us;
	w->path = in->path->index;
	w->ecn = in->ecn;
	__skb_queue_tail(&conn->undecryptable, skb);
}

/* The server's first Initial names the connection ID to use from now on, RFC 9000 section 7.2 */
static void rx_first_initial(struct tquic_conn *conn, const struct tquic_hdr *h)
{
	if (conn->server ||
	    tquic_ack_largest(&conn->spaces[TQUIC_SPACE_INITIAL].ack) != TQUIC_PN_NONE)
		return;
	tquic_cid_set(&conn->dcid, h->scid, h->scid_len);
	tquic_cid_set_first(&conn->cids, h->scid, h->scid_len);
}

/* Each end keeps to one Source Connection ID in the handshake, RFC 9000 section 7.2 */
static bool rx_scid_ok(const struct tquic_conn *conn, const struct tquic_hdr *h)
{
	return tquic_cid_equal(conn->remote_set ? &conn->remote.iscid : &conn->dcid, h->scid,
			       h->scid_len);
}

/* A packet with a long header, contiguous in memory that is ours to write */
static void rx_long(struct tquic_rx_work *in, u8 *p, const struct tquic_hdr *h)
{
	struct tquic_conn *conn = in->conn;
	enum tquic_space_id id = h->type == TQUIC_PT_INITIAL ? TQUIC_SPACE_INITIAL :
				 h->type == TQUIC_PT_HANDSHAKE ? TQUIC_SPACE_HANDSHAKE :
								 TQUIC_SPACE_APP;
	struct tquic_space *sp = &conn->spaces[id];
	u8 *mask = conn->scratch->samples;
	struct scatterlist sg;
	u32 pn_len, ad_len;
	u64 pn;
	int err;

	if (sp->gone) {
		tquic_drop(conn->mib, DROP_NO_KEYS, h->len);
		return;
	}
	if (h->len < h->pn_off + 4 + TQUIC_SAMPLE_LEN) {
		tquic_drop(conn->mib, DROP_HEADER, h->len);
		return;
	}
	memcpy(mask, p + h->pn_off + 4, TQUIC_SAMPLE_LEN);
	if (tquic_crypto_masks(&sp->rx, mask, 1))
		return;
	pn_len = tquic_crypto_remove_mask(p, p + h->pn_off, mask, true);
	ad_len = h->pn_off + pn_len;
	pn = tquic_header_pn_decode(tquic_ack_largest(&sp->ack),
				    tquic_header_get_pn(p + h->pn_off, pn_len), pn_len);
	sg_init_one(&sg, p, h->len);
	err = tquic_crypto_open(&sp->rx, 0, pn, &sg, &sg, ad_len, h->len - ad_len);
	rx_opened(p);
	if (err) {
		tquic_drop(conn->mib, DROP_DECRYPT, h->len);
		return;
	}
	if (p[0] & 0x0c) {	/* reserved bits, RFC 9000 section 17.2 */
		tquic_conn_fail(conn, TQUIC_WERR(PROTOCOL_VIOLATION), 0, in->now_us);
		return;
	}
	if (conn->state == TQUIC_CONN_IDLE && conn->server)
		conn->state = TQUIC_CONN_HANDSHAKE;
	if (id == TQUIC_SPACE_INITIAL)
		rx_first_initial(conn, h);
	if (!rx_scid_ok(conn, h)) {
		tquic_drop(conn->mib, DROP_HEADER, h->len);
		return;
	}
	rx_packet(in, id, h->type, pn, h->dcid, p + ad_len, p + h->len - TQUIC_TAG_LEN);
	if (id == TQUIC_SPACE_HANDSHAKE && conn->server && tquic_conn_alive(conn)) {
		/* RFC 9000 section 8.1, RFC 9001 section 4.9.1 */
		in->path->validated = true;
		tquic_conn_discard_space(conn, TQUIC_SPACE_INITIAL);
	}
}

/* A server may answer in another version until it has told us its parameters, RFC 9368 */
static bool may_change_version(const struct tquic_conn *conn, u32 version)
{
	return unlikely(version != conn->version) && !conn->server && !conn->remote_set &&
	       conn->version == conn->first_version && !conn->local.disable_compatible_version &&
	       !tquic_crypto_ready(&conn->spaces[TQUIC_SPACE_HANDSHAKE].tx);
}

/* Its first Initial, which counts if it opens; keys are derived where that may sleep */
static void rx_other_version(struct tquic_rx_work *in, u8 *p, const struct tquic_hdr *h,
			     bool process_context)
{
	struct tquic_conn *conn = in->conn;
	u32 version = conn->version;
	u64 pkts = conn->stats.rx_pkts;

	if (!process_context) {
		rx_wait(in, p, h->len, TQUIC_UNDECRYPTABLE_MAX);
		conn->ops->defer(conn);
		return;
	}
	if (!tquic_handshake_initial_keys(conn, h->version))
		rx_long(in, p, h);
	if (tquic_conn_alive(conn) && conn->stats.rx_pkts == pkts &&
	    tquic_handshake_initial_keys(conn, version))
		tquic_conn_die(conn, ENOMEM);
}

/* 0-RTT waits for the end of the handshake, and takes no more than half the room */
static void rx_0rtt(struct tquic_rx_work *in, u8 *p, const struct tquic_hdr *h)
{
	struct tquic_conn *conn = in->conn;

	if (conn->early == TQUIC_EARLY_OPEN && h->version == conn->version) {
		tquic_mib_inc(conn->mib, RX_0RTT);
		rx_long(in, p, h);
	} else if (conn->server && conn->state < TQUIC_CONN_ESTABLISHED) {
		rx_wait(in, p, h->len, TQUIC_UNDECRYPTABLE_MAX / 2);
	} else {
		tquic_drop(conn->mib, DROP_NO_KEYS, h->len);
	}
}

/* A version negotiation packet ends an attempt that has heard nothing else, RFC 9000 section 6.2 */
static void rx_verneg(struct tquic_rx_work *in, const struct tquic_hdr *h)
{
	const struct tquic_space *sp = &in->conn->spaces[TQUIC_SPACE_INITIAL];
	struct tquic_conn *conn = in->conn;

	if (conn->server || sp->gone || conn->state != TQUIC_CONN_HANDSHAKE ||
	    conn->local.has_rscid || tquic_ack_largest(&sp->ack) != TQUIC_PN_NONE)
		return;
	/* section 17.2.1: it answers to what we sent */
	if (!tquic_cid_equal(&conn->local.odcid, h->scid, h->scid_len))
		return;
	for (u32 i = 0; i < h->token_len; i += 4)
		if (get_unaligned_be32(h->token + i) == conn->version)
			return;
	tquic_drop(conn->mib, DROP_VERSION, h->len);
	tquic_conn_die(conn, EPROTONOSUPPORT);
}

/*
 * RFC 9000 section 12.2: what follows with another connection ID than the first packet is not for
 * us; section 17.2: nor is what lacks the Fixed Bit, unless we said that we ignore it (RFC 9287).
 */
static bool rx_ours(struct tquic_rx_work *in, const struct tquic_hdr *h)
{
	if (!h->fixed && h->type != TQUIC_PT_VERNEG && !in->conn->local.grease_quic_bit)
		return false;
	if (in->dcid)
		return h->dcid_len == in->dcid_len && !memcmp(h->dcid, in->dcid, h->dcid_len);
	in->dcid = h->dcid;
	in->dcid_len = h->dcid_len;
	return true;
}

/* Up to TQUIC_CRYPTO_BATCH 1-RTT packets: all masks in one call, then each opened in place */
static void rx_batch(struct tquic_rx_work *in, u32 n, const u16 *len)
{
	struct tquic_conn *conn = in->conn;
	u32 i, sample_at = conn->pn_at + SAMPLE_AT;
	struct tquic_scratch *sc = conn->scratch;

	if (!conn->no_encrypt) {
		for (i = 0; i < n; i++)
			memcpy(sc->samples + i * TQUIC_SAMPLE_LEN, sc->pkt[i] + sample_at,
			       TQUIC_SAMPLE_LEN);
		if (tquic_crypto_masks(&conn->spaces[TQUIC_SPACE_APP].rx, sc->samples, n))
			return;
	}
	for (i = 0; i < n && tquic_conn_alive(conn); i++)
		rx_1rtt(in, sc->pkt[i], len[i], sc->samples + i * TQUIC_SAMPLE_LEN);
}

/* One packet of a datagram by its header; bytes it took, 0: skip the rest */
static u32 rx_one(struct tquic_rx_work *in, u8 *p, u32 len, bool process_context)
{
	struct tquic_conn *conn = in->conn;
	struct tquic_hdr h;
	int err;

	err = tquic_header_parse(p, len, conn->pn_at - 1, &h);
	if (err) {
		tquic_drop(conn->mib, DROP_HEADER, len);
		return 0;
	}
	if (!rx_ours(in, &h)) {
		tquic_drop(conn->mib, DROP_HEADER, h.len);
		return h.len;
	}
	switch (h.type) {
	case TQUIC_PT_1RTT:
		if (len < min_1rtt(conn) && !conn->no_encrypt) {
			rx_undecipherable(in, p, len);	/* too short to be anything but a reset */
		} else if (!conn->finished || conn->state < TQUIC_CONN_ESTABLISHED) {
			rx_wait(in, p, len, TQUIC_UNDECRYPTABLE_MAX);
		} else {
			conn->scratch->pkt[0] = p;
			rx_batch(in, 1, &(u16){ len });
		}
		return 0;
	case TQUIC_PT_HANDSHAKE:
		if (!tquic_crypto_ready(&conn->spaces[TQUIC_SPACE_HANDSHAKE].rx) &&
		    !conn->spaces[TQUIC_SPACE_HANDSHAKE].gone) {
			rx_wait(in, p, h.len, TQUIC_UNDECRYPTABLE_MAX);
			return h.len;
		}
		fallthrough;
	case TQUIC_PT_INITIAL:
		if (h.type == TQUIC_PT_INITIAL && !h.token_len &&
		    may_change_version(conn, h.version))
			rx_other_version(in, p, &h, process_context);
		else if (h.version != conn->version)
			tquic_drop(conn->mib, DROP_VERSION, h.len);
		else if (conn->server && h.type == TQUIC_PT_INITIAL && in->bytes < TQUIC_MIN_UDP)
			tquic_drop(conn->mib, DROP_SHORT_INITIAL, h.len);	/* section 14.1 */
		else if (!conn->server && h.type == TQUIC_PT_INITIAL && h.token_len)
			tquic_drop(conn->mib, DROP_TOKEN, h.len);	/* section 17.2.2 */
		else
			rx_long(in, p, &h);
		return h.len;
	case TQUIC_PT_RETRY:
		if (h.version != conn->version) {
			tquic_drop(conn->mib, DROP_VERSION, h.len);
		} else if (process_context) {
			tquic_handshake_rx_retry(conn, &h, p, in->now_us);
		} else {
			rx_wait(in, p, h.len, TQUIC_UNDECRYPTABLE_MAX);
			conn->ops->defer(conn);
		}
		return 0;
	case TQUIC_PT_VERNEG:
		rx_verneg(in, &h);
		return 0;
	default:
		rx_0rtt(in, p, &h);
		return h.len;
	}
}

/* ---- an skb ----------------------------------------------------------- */

/* Somebody else may look at these bytes: they are not ours to open in place */
static bool skb_is_shared(const struct sk_buff *skb)
{
	const struct sk_buff *part;

	if (skb_cloned(skb) || skb_has_shared_frag(skb))
		return true;
	skb_walk_frags(skb, part)
		if (skb_cloned(part) || skb_has_shared_frag(part))
			return true;
	return false;
}

/* A datagram on the slow path: any headers, copied unless it lies well */
static void rx_datagram(struct tquic_rx_work *in, struct sk_buff *skb, u8 *p, u32 off, u32 len,
			bool process_context)
{
	struct tquic_conn *conn = in->conn;
	struct sk_buff *own = NULL;
	u32 n;

	if (!p) {
		own = alloc_skb(len, GFP_ATOMIC);
		if (!own || skb_copy_bits(skb, off, skb_put(own, len), len)) {
			tquic_drop(conn->mib, DROP_NOMEM, len);
			kfree_skb(own);
			return;
		}
		tquic_mib_inc(conn->mib, RX_COPIED);
		run_end(in);
		p = own->data;
		in->skb = own;
		in->charged = false;
	}
	in->dcid = NULL;
	in->bytes = len;
	while (len && tquic_conn_alive(conn)) {
		n = rx_one(in, p, len, process_context);
		if (!n || n > len)
			break;
		p += n;
		len -= n;
	}
	if (own) {
		consume_skb(own);
		in->skb = skb;
		in->charged = false;
	}
}

/* The packets of an skb, in batches where they are plain 1-RTT ones */
static void rx_skb(struct tquic_rx_work *in, struct sk_buff *skb)
{
	struct tquic_conn *conn = in->conn;
	u32 seg = skb_shinfo(skb)->gso_size ?: skb->len;
	bool shared = skb_is_shared(skb) || conn->local.grease_quic_bit;
	bool open = conn->finished && conn->state == TQUIC_CONN_ESTABLISHED;
	u16 lens[TQUIC_CRYPTO_BATCH];
	struct tquic_cursor c;
	u32 off, n = 0;

	tquic_cursor_init(&c, skb);
	for (off = 0; off < skb->len && tquic_conn_alive(conn); off += seg) {
		u32 len = min(seg, skb->len - off);
		u8 *p = shared ? NULL : tquic_cursor_at(&c, off, len);

		if (likely(p && (*p & (TQUIC_HDR_LONG | TQUIC_HDR_FIXED)) == TQUIC_HDR_FIXED &&
			   len >= min_1rtt(conn) && open)) {
			conn->scratch->pkt[n] = p;
			lens[n++] = len;
			if (n < TQUIC_CRYPTO_BATCH)
				continue;
		}
		if (n) {
			bool taken = n == TQUIC_CRYPTO_BATCH || conn->scratch->pkt[n - 1] == p;

			rx_batch(in, n, lens);
			n = 0;
			if (taken)
				continue;
		}
		if (tquic_conn_alive(conn))
			rx_datagram(in, skb, p, off, len, false);
	}
	if (n)
		rx_batch(in, n, lens);
	run_end(in);
}

/*
 * tquic_input_finish - do once what all packets of one or more skbs made due: wakes readers and
 * sends, an ACK with it.  To be called after tquic_input(), under the same lock.
 */
void tquic_input_finish(struct tquic_conn *conn, u64 now_us)
{
	if (!list_empty(&conn->streams.rx_ready))
		conn->ops->wake(conn, TQUIC_WAKE_READ);
	tquic_output_credit(conn);
	tquic_output_flush(conn, now_us);
}

/*
 * tquic_input - take an skb from the UDP socket: one datagram, or an aggregate of datagrams of
 * gso_size bytes; consumed.  The connection's socket is locked.  Softirq or process context, where
 * tquic_crypto_usable().  tquic_input_finish() is to follow.
 */
void tquic_input(struct tquic_conn *conn, struct sk_buff *skb, const struct tquic_rx *rx)
{
	struct tquic_rx_work in = {
		.conn = conn, .skb = skb, .now_us = rx->now_us, .ecn = rx->ecn,
	};
	u64 pkts;

	conn->rx_now_us = rx->now_us;
	if (unlikely(!tquic_conn_alive(conn) && conn->state != TQUIC_CONN_CLOSING)) {
		tquic_drop(conn->mib, DROP_CLOSED, skb->len);
		goto out;
	}
	in.path = tquic_path_of_rx(conn, rx);
	if (unlikely(!in.path)) {
		tquic_drop(conn->mib, DROP_PATH, skb->len);
		goto out;
	}
	in.path->rx_bytes += skb->len;
	conn->stats.rx_bytes += skb->len;
	if (unlikely(conn->state == TQUIC_CONN_CLOSING)) {
		tquic_drop(conn->mib, DROP_CLOSED, skb->len);
		/* CONNECTION_CLOSE, ever more rarely, RFC 9000 section 10.2.1 */
		if (is_power_of_2(++conn->close_rx))
			tquic_output_close(conn, rx->now_us);
		goto out;
	}
	pkts = conn->stats.rx_pkts;
	rx_skb(&in, skb);
	if (pkts != conn->stats.rx_pkts)
		tquic_conn_touch(conn, rx->now_us);
out:
	consume_skb(skb);
}

/*
 * tquic_input_retry_undecryptable - look at the packets that waited for keys again.  Process
 * context, the connection's socket locked.  The caller flushes.
 */
void tquic_input_retry_undecryptable(struct tquic_conn *conn, u64 now_us)
{
	struct sk_buff_head list;
	struct sk_buff *skb;

	__skb_queue_head_init(&list);
	skb_queue_splice_init(&conn->undecryptable, &list);
	while ((skb = __skb_dequeue(&list))) {
		struct waiting *w = (struct waiting *)skb->cb;
		struct tquic_rx_work in = {
			.conn = conn, .skb = skb, .now_us = w->now_us, .ecn = w->ecn,
			.path = conn->paths[w->path],
		};

		if (in.path && tquic_conn_alive(conn)) {
			conn->rx_now_us = now_us;
			rx_datagram(&in, skb, skb->data, 0, skb->len, true);
		}
		consume_skb(skb);
	}
	if (!list_empty(&conn->streams.rx_ready))
		conn->ops->wake(conn, TQUIC_WAKE_READ);
}

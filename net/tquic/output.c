// SPDX-License-Identifier: GPL-2.0
/*
 * The way out, top to bottom: what may go now (tquic_output_flush), a batch of equal packets in one
 * GSO skb (tquic_xmit), one packet (tquic_assemble_packet), its frames (tquic_coalesce_frames;
 * control.c has those that are no data, fate.c what becomes of them).  Payload is never copied:
 * frames refer to send buffers and the AEAD writes ciphertext straight into the skb.  Everything
 * runs under the socket lock.
 */
#include "frame.h"
#include "header.h"
#include "output.h"
#include "packet.h"
#include "varint.h"

#define ACK_ONLY_SIZE	144	/* room for a packet that only acknowledges: a small skb's head */
#define ACK_GAPS_SIZE	512	/* and when there is much to say */
#define NAGLE_US	1000	/* how long a partial packet waits for more bytes */
#define TAIL_SKIP	255	/* after one that waited in vain so many are sent at once, u8 */
#define TRIM_US		500000	/* after so long without a packet memory is given back */
#define BH_BATCHES	4	/* after so many softirqs are let in */
#define RETRY_US	1000	/* no memory: try again then */
#define ALIGN_AES	16
#define RUN_MIN		2	/* packets that a run is begun for */
#define MIN_PACKET_ROOM	64	/* an address that may get less gets nothing */
#define MIN_FRAME_ROOM	32	/* a STREAM frame is not begun with less */

/* What there is to send in the app space */
enum {
	WANT_ACK = 1,
	WANT_FRAMES = 2,	/* control frames, CRYPTO */
	WANT_DATA = 4,
	WANT_PATH = 8,		/* of a path, in a datagram of full size and no other */
	WANT_PROBE = TQUIC_PKT_MTU_PROBE,	/* such a datagram, for its size alone */
};

/* A batch of equal datagrams, the last may be shorter */
struct batch {
	struct sk_buff *skb;
	struct page *page;	/* of the last frag */
	u32 size;		/* of each datagram, UDP payload */
	u32 bytes;
	u32 nr;
	bool linear;		/* one packet, in the skb's head */
	bool marked;		/* ECT(0) */
};

/* The connection ID that packets of a path carry */
static const struct tquic_cid *path_dcid(struct tquic_conn *conn, const struct tquic_path *path)
{
	struct tquic_cid_entry *cid;

	if (likely(path == conn->path))
		return &conn->dcid;
	cid = tquic_cid_take(&conn->cids, path->index);
	return cid ? &cid->cid : &conn->dcid;
}

/* ---- one packet ------------------------------------------------------- */

/* The first stream that may send, and what: credit and retransmissions considered */
static struct tquic_stream *stream_pick(struct tquic_streams *ss, u32 max, u64 *off, u32 *len,
					bool *fin)
{
	struct tquic_stream *s;

	list_for_each_entry(s, &ss->tx_ready, tx_node) {
		*len = tquic_stream_tx_next(ss, s, max, off, fin);
		if (*len || *fin || s->flags & TQUIC_STREAM_ANNOUNCE)
			return s;
	}
	return NULL;
}

/*
 * A partial packet waits a moment for more bytes, Nagle's rule with a limit.  So does the tail that
 * a full batch has left: it would be a batch of its own.  When nothing came to join one, though no
 * writer waits for room, those of the next full batches do not wait: who writes again only after an
 * answer is held up once in many.
 */
static bool data_waits(struct tquic_conn *conn, const struct tquic_stream *s, u32 len, u32 size,
		       u64 now_us)
{
	struct tquic_space *sp = &conn->spaces[TQUIC_SPACE_APP];
	bool more = s->flags & TQUIC_STREAM_MORE;
	bool tail = conn->tail && !(s->flags & TQUIC_STREAM_FIN) &&
		    s->sb.end_off - s->sb.next_off + size <= conn->path->gso_max;

	if ((conn->nodelay && !more) || (len + 64 >= size && !tail) || sp->probes ||
	    !list_is_singular(&conn->streams.tx_ready) || !tquic_ranges_empty(&s->sb.pending))
		return false;
	if (!more && !tail && s->sb.base_off == s->sb.next_off)
		return false;
	if (conn->nagle_us == TQUIC_TIME_NEVER)
		conn->nagle_us = now_us + (more && !tail ? TQUIC_MORE_US : NAGLE_US);
	if (now_us < conn->nagle_us)
		return true;
	if (tail && !conn->tx_waiters) {
		conn->tail_skip = TAIL_SKIP;
		tquic_mib_inc(conn->mib, TX_TAILS_ALONE);
	}
	return false;
}

/*
 * Map len payload bytes behind the sg entry that the frame header will take.
 * Fewer than asked when they are in too many pieces.
 */
static u32 map_payload(struct tquic_packet *b, struct tquic_stream *s, u64 off, u32 len)
{
	struct scatterlist *sg = b->sg + b->nr_sg + 1;
	int room = TQUIC_SCRATCH_SG - b->nr_sg - 2;
	int n;

	for (; len && room > 0; len /= 2) {
		n = tquic_sendbuf_map(&s->sb, off, len, sg, room);
		if (likely(n > 0)) {
			b->mapped = n;
			return len;
		}
	}
	b->mapped = 0;
	return 0;
}

/* Bytes of padding that put the payload behind a frame header of hdr bytes on an AES block */
static u32 align_pad(const struct tquic_packet *b, u32 hdr)
{
	return b->conn->no_encrypt ? 0 : -(b->p - b->payload + hdr) & (ALIGN_AES - 1);
}

static void note_stream(struct tquic_packet *b, struct tquic_stream *s, u64 off, u32 len, bool fin)
{
	struct tquic_frame *f = tquic_sent_add(&b->sp->loss.sent);
	struct tquic_conn *conn = b->conn;

	f->type = TQUIC_FT_STREAM;
	f->flags = fin;
	f->len = len;
	f->off = off;
	f->ref = s;
	tquic_stream_get(s);
	if (unlikely(len && off < s->sb.next_off)) {
		tquic_mib_inc(conn->mib, STREAM_FRAMES_RETRANS);
		tquic_mib_add(conn->mib, STREAM_BYTES_RETRANS, len);
		conn->stats.retrans_bytes += len;
		conn->stats.retrans_pkts++;
	}
	tquic_stream_tx_sent(&conn->streams, s, off, len, fin);
	b->eliciting = true;
}

/* One STREAM frame at b->p; false: nothing more to put */
static bool stream_frame(struct tquic_packet *b)
{
	struct tquic_streams *ss = &b->conn->streams;
	u32 room = b->end - b->p;
	struct tquic_stream *s;
	u32 hdr, len, fit, pad, spare;
	bool fin, last;
	u8 *start = b->p;
	u64 off;

	if (room < MIN_FRAME_ROOM || !tquic_sent_room(&b->sp->loss.sent))
		return false;
	s = stream_pick(ss, room, &off, &len, &fin);
	if (!s)
		return false;
	hdr = tquic_frame_stream_len(s->id, off);	/* without the Length field */
	pad = align_pad(b, hdr);
	/* the last frame of a full packet needs no Length, and its payload is aligned */
	last = hdr + pad + len >= room;
	fit = map_payload(b, s, off, last ? room - hdr - pad : len);
	if (len && !fit)
		return false;
	if (fit < len)
		fin = false;
	spare = room - hdr - fit;
	last = spare < 2 || (last && spare == pad);
	for (; last && spare; spare--)
		*b->p++ = TQUIC_FT_PADDING;
	b->p = tquic_frame_put_stream(b->p, s->id, off, fit, fin, !last);
	if (fit && tquic_off(b->conn, zerocopy)) {
		if (!tquic_copy_frame(b, fit)) {
			b->p = start;
			return false;
		}
	} else if (fit) {
		tquic_packet_cut(b);
		b->nr_sg += b->mapped;
		b->p += fit;
		b->run = b->p;
	}
	note_stream(b, s, off, fit, fin);
	return true;
}

/** tquic_coalesce_frames - lay the frames of one 1-RTT packet out; @want: WANT_* bits */
static void tquic_coalesce_frames(struct tquic_packet *b, u32 want, u64 now_us)
{
	/* a probe of the active path does not wait for the ACKs of many */
	if (unlikely(b->sp->probes && b->conn->freq_seq && b->path == b->conn->path))
		tquic_packet_put_ping(b);
	/* elsewhere it would have the peer follow, RFC 9000 section 9.1 */
	if (b->sp->ack.unsent && (b->sp->ack.eliciting || want & WANT_ACK) &&
	    likely(b->path == b->conn->path))
		tquic_packet_put_ack(b, now_us);
	if (unlikely(want & WANT_PATH))
		tquic_control_path(b);
	if (unlikely(want & WANT_FRAMES)) {
		tquic_control_frames(b);
		tquic_packet_put_crypto(b);
	}
	if (want & WANT_DATA) {
		if (unlikely(!skb_queue_empty(&b->conn->tx_datagrams)))
			tquic_datagram_frames(b);
		while (stream_frame(b))
			;
	}
	if (b->sp->probes && !b->eliciting)
		tquic_packet_put_ping(b);
}

/* Packets are to be marked ECT(0), RFC 9000 section 13.4 */
static bool path_marks(const struct tquic_conn *conn, const struct tquic_path *path)
{
	return READ_ONCE(conn->switches->ecn) && tquic_loss_marks(&path->rec);
}

/* Open a packet in its slot and write the header; b->rec is NULL without memory */
static void packet_begin(struct tquic_packet *b, u8 *slot)
{
	struct tquic_space *sp = b->sp;

	b->rec = tquic_sent_begin(&sp->loss.sent, GFP_ATOMIC);
	b->slot = slot;
	b->run = slot;
	b->nr_sg = 0;
	b->eliciting = false;
	b->ack = false;
	if (unlikely(b->conn->early))
		b->p = tquic_header_put_long(slot, TQUIC_PT_0RTT, b->conn->version, &b->conn->dcid,
					     &b->conn->local.iscid, NULL, 0, sp->next_pn,
					     &b->len_at);
	else
		b->p = tquic_header_put_short(slot, path_dcid(b->conn, b->path), sp->tx.phase,
					      b->conn->spin, sp->next_pn);
	b->payload = b->p;
}

/*
 * tquic_assemble_packet - build one 1-RTT packet of at most @size bytes and seal it to @slot;
 * @want: WANT_* bits.  Header protection is left to the batch.  Return: bytes, 0: nothing to send,
 * or -errno.
 */
static noinline int tquic_assemble_packet(struct tquic_packet *b, u8 *slot, u32 size, u32 want,
					  u64 now_us)
{
	struct tquic_space *sp = b->sp;

	packet_begin(b, slot);
	if (unlikely(!b->rec))
		return -ENOMEM;
	b->end = slot + size - (b->conn->no_encrypt ? 0 : TQUIC_TAG_LEN);
	if (unlikely(want & WANT_PROBE))
		tquic_packet_put_ping(b);
	else
		tquic_coalesce_frames(b, want, now_us);
	if (b->p == b->payload) {
		tquic_sent_abort(&sp->loss.sent);
		return b->nomem ? -ENOMEM : 0;
	}
	/* what is too short for another frame would cut the batch short */
	if (b->end != b->p && (b->end - b->p < MIN_FRAME_ROOM || want >= WANT_PATH)) {
		memset(b->p, TQUIC_FT_PADDING, b->end - b->p);
		b->p = b->end;
	}
	if (unlikely(b->len_at)) {
		tquic_varint_put2(b->len_at, b->p - b->len_at - 2 + TQUIC_TAG_LEN);
		tquic_mib_inc(b->conn->mib, TX_0RTT);
	}
	return tquic_packet_seal(b, now_us);
}

/* ---- a batch ---------------------------------------------------------- */

/* Room for the next packet of a batch, NULL: the batch is full or there is no memory */
static u8 *batch_slot(struct tquic_conn *conn, struct batch *bt)
{
	struct page_frag *pf = &conn->tx_pages.frag;

	if (bt->linear)
		return bt->nr ? NULL : skb_tail_pointer(bt->skb);
	if (unlikely(pf->offset + bt->size > pf->size) &&
	    !tquic_pages_refill(&conn->tx_pages, bt->size, GFP_ATOMIC | __GFP_NOWARN))
		return NULL;
	if (pf->page != bt->page && skb_shinfo(bt->skb)->nr_frags == MAX_SKB_FRAGS)
		return NULL;
	return page_address(pf->page) + pf->offset;
}

/* The packet in the last slot is len bytes long and stays */
static void batch_add(struct tquic_conn *conn, struct batch *bt, u32 len)
{
	struct skb_shared_info *sh = skb_shinfo(bt->skb);
	struct page_frag *pf = &conn->tx_pages.frag;

	bt->nr++;
	bt->bytes += len;
	if (bt->linear) {
		skb_put(bt->skb, len);
		return;
	}
	if (pf->page == bt->page) {
		skb_frag_size_add(&sh->frags[sh->nr_frags - 1], len);
	} else {
		get_page(pf->page);
		skb_fill_page_desc(bt->skb, sh->nr_frags, pf->page, pf->offset, len);
		bt->page = pf->page;
	}
	bt->skb->len += len;
	bt->skb->data_len += len;
	bt->skb->truesize += len;
	pf->offset += len;
}

/* Protect the headers of a batch: all masks in one call, RFC 9001 section 5.4 */
static int batch_protect(struct tquic_conn *conn, struct tquic_path *path, u32 n)
{
	struct tquic_scratch *sc = conn->scratch;
	struct tquic_crypto *tx = &conn->spaces[TQUIC_SPACE_APP].tx;
	u32 pn_off = 1 + path_dcid(conn, path)->len;
	u32 i, step = tquic_off(conn, hpbatch) ? 1 : n;
	bool early = conn->early;
	int err = 0;

	if (conn->no_encrypt)
		return 0;
	if (unlikely(early))	/* a long header: version, two lengths, the other ID, Length */
		pn_off += 4 + 2 + conn->local.iscid.len + 2;
	for (i = 0; i < n; i++)
		memcpy(sc->samples + i * TQUIC_SAMPLE_LEN, sc->pkt[i] + pn_off + 4,
		       TQUIC_SAMPLE_LEN);
	for (i = 0; i < n && !err; i += step)
		err = tquic_crypto_masks(tx, sc->samples + i * TQUIC_SAMPLE_LEN, step);
	if (err)
		return err;
	for (i = 0; i < n; i++)
		tquic_crypto_apply_mask(sc->pkt[i], sc->pkt[i] + pn_off,
					sc->samples + i * TQUIC_SAMPLE_LEN, early, TQUIC_PN_LEN);
	return 0;
}

/* Hand a batch to the IP stack */
static int batch_send(struct tquic_conn *conn, struct tquic_path *path, struct batch *bt,
		      u64 now_us)
{
	int err = batch_protect(conn, path, bt->nr);

	if (err) {
		kfree_skb(bt->skb);
		return err;
	}
	tquic_pacer_sent(&path->rec.pacer, bt->bytes);
	tquic_packet_account(conn, path, bt->nr, bt->bytes, now_us);
	if (bt->marked) {
		conn->spaces[TQUIC_SPACE_APP].loss.ecn_sent += bt->nr;
		path->rec.ecn_sent += bt->nr;
	}
	return conn->ops->xmit(conn, path, bt->skb, bt->size,
			       bt->marked ? TQUIC_ECN_ECT0 : TQUIC_ECN_NOT);
}

/* ---- a run of packets -------------------------------------------------- */

/*
 * Most packets of a transfer are alike: all of one is the next bytes of one stream.  A run builds
 * them without asking for each what else could be due, and settles with the stream once.
 */
struct run {
	struct tquic_stream *s;		/* NULL: no such packets now */
	u64 start;			/* first byte of the run */
	u64 off;			/* next byte */
	u64 end;			/* that may leave */
	u32 len;			/* bytes of each packet */
	u32 pkts;			/* built so far */
	u32 logged;			/* of them, in the record that is open */
	u32 room;			/* for more there; 0: none is open */
	u32 pn_off;			/* where their packet numbers go */
	struct page *page;		/* with the next bytes of payload */
	u32 page_off;
	u32 left;			/* of them; 0: ask the send buffer */
	u32 lend_off;			/* page_off from which on what is in front is lent */
	struct tquic_pkt rec;		/* what all their records say */
	u8 head[1 + TQUIC_CID_MAX + TQUIC_PN_LEN];
	u8 frame[TQUIC_RUN_FRAME];
};

static void run_begin(struct run *r, struct tquic_packet *b, u32 size, u32 want, u64 now_us)
{
	struct tquic_streams *ss = &b->conn->streams;
	struct tquic_stream *s = list_first_entry(&ss->tx_ready, struct tquic_stream, tx_node);
	const struct tquic_cid *dcid = path_dcid(b->conn, b->path);
	u8 *p;

	if (want != WANT_DATA || tquic_off(b->conn, zerocopy) || list_empty(&ss->tx_ready) ||
	    b->sp->ack.eliciting || b->sp->probes ||
	    !tquic_ranges_empty(&s->sb.pending) || !skb_queue_empty(&b->conn->tx_datagrams) ||
	    s->tx_state != QUIC_STREAM_SEND_STATE_SEND || s->id >= BIT(30))
		return;
	r->start = s->sb.next_off;
	r->off = r->start;
	r->end = min3(s->sb.end_off, s->txc.max, r->off + tquic_credit_tx_left(&ss->tx));
	if (s->sb.end_off == r->end && r->end && s->flags & TQUIC_STREAM_FIN)
		r->end--;	/* the last packet has the FIN */
	if (r->end < r->off + RUN_MIN * size)
		return;
	r->s = s;
	r->pkts = 0;
	r->room = 0;
	r->left = 0;
	r->pn_off = 1 + dcid->len;
	r->len = size - r->pn_off - TQUIC_PN_LEN - TQUIC_RUN_FRAME -
		 (b->conn->no_encrypt ? 0 : TQUIC_TAG_LEN);
	tquic_header_put_short(r->head, dcid, b->sp->tx.phase, b->conn->spin, 0);
	memset(r->frame, TQUIC_FT_PADDING, TQUIC_RUN_FRAME - 8);
	p = r->frame + TQUIC_RUN_FRAME - 8 - tquic_varint_len(s->id) - 1;
	*p++ = TQUIC_FT_STREAM | TQUIC_FT_STREAM_OFF;
	tquic_varint_put(p, s->id);
	r->rec = (struct tquic_pkt){
		.type = TQUIC_REC_PACKET,
		.flags = b->flags | TQUIC_PKT_ELICITING | TQUIC_PKT_INFLIGHT,
		.nframes = 1, .path = b->path->index, .bytes = size, .sent_us = now_us,
	};
	tquic_loss_stamp(&b->path->rec, &r->rec, now_us);
}

/* Find the page with the payload of the next packet; true: all of it is there */
static bool run_page(struct run *r)
{
	const struct tquic_sendfrag *frag;
	u32 skip;

	if (unlikely(!r->left)) {
		frag = tquic_sendbuf_piece(&r->s->sb, r->off);
		skip = r->off - frag->off;
		r->page = frag->page;
		r->page_off = frag->page_off + skip;
		r->left = frag->len - skip;
		r->lend_off = frag->priv == TQUIC_SENDBUF_OWN ? frag->page_off + TQUIC_RUN_FRAME :
								U32_MAX;
	}
	return r->left >= r->len;
}

/* Close the record of the packets built since it was opened */
static void run_commit(struct run *r, struct tquic_packet *b)
{
	struct tquic_sent *log = &b->sp->loss.sent;

	if (!log->open)
		return;
	if (r->logged) {
		log->open->pkt.more = r->logged - 1;
		tquic_sent_commit(log);
	} else {
		tquic_sent_abort(log);
	}
}

/* Open a record for the next packets */
static bool run_open(struct run *r, struct tquic_packet *b)
{
	struct tquic_sent *log = &b->sp->loss.sent;
	struct tquic_pkt *rec;

	run_commit(r, b);
	r->logged = 0;
	r->room = 0;
	rec = tquic_sent_begin(log, GFP_ATOMIC);
	if (unlikely(!rec))
		return false;
	r->rec.pn = b->sp->next_pn;
	*rec = r->rec;
	*tquic_pkt_frames(rec) = (struct tquic_frame){
		.type = TQUIC_FT_STREAM, .len = r->len, .ref = r->s, .off = r->off,
	};
	r->room = tquic_sent_run_room(log);
	return true;
}

/*
 * One packet of a run; its bytes, 0: not in this way, or -errno.  Where the page is ours, the frame
 * header is lent the place in front of the payload while both are sealed: one step of the cipher.
 */
static int run_packet(struct run *r, struct tquic_packet *b, u8 *slot)
{
	struct tquic_space *sp = b->sp;
	u64 kept[TQUIC_RUN_FRAME / 8];
	u64 pn = sp->next_pn;
	u32 lend = 0;
	u8 *frame;
	int n = 1;

	if ((!r->room || unlikely(pn != r->rec.pn + r->logged)) && !run_open(r, b))
		return -ENOMEM;
	b->slot = slot;
	memcpy(slot, r->head, sizeof(r->head));
	b->payload = tquic_header_put_pn(slot + r->pn_off, pn);
	b->run = b->payload + TQUIC_RUN_FRAME;
	if (likely(run_page(r))) {
		lend = r->page_off >= r->lend_off ? TQUIC_RUN_FRAME : 0;
		sg_set_page(b->sg + 1, r->page, lend + r->len, r->page_off - lend);
		r->page_off += r->len;
		r->left -= r->len;
	} else {
		r->left = 0;
		n = tquic_sendbuf_map(&r->s->sb, r->off, r->len, b->sg + 1, TQUIC_SCRATCH_SG - 1);
		if (unlikely(n <= 0))	/* in too many pieces for one packet of this size */
			return 0;
	}
	sg_set_buf(b->sg, slot, b->run - lend - slot);
	frame = lend ? sg_virt(b->sg + 1) : b->payload;
	memcpy(kept, frame, sizeof(kept));
	memcpy(frame, r->frame, TQUIC_RUN_FRAME - 8);
	put_unaligned_be64(r->off | 3ULL << 62, frame + TQUIC_RUN_FRAME - 8);
	b->nr_sg = 1 + n;
	b->p = b->run + r->len;
	b->run = b->p;
	r->off += r->len;
	r->pkts++;
	r->logged++;
	r->room--;
	tquic_packet_number(sp);
	n = tquic_packet_encrypt(b, pn);
	/* a cipher that fails ends the connection, and the page is gone with what it had to send */
	if (likely(lend) && likely(n > 0 || tquic_conn_alive(b->conn)))
		memcpy(frame, kept, sizeof(kept));
	return n;
}

/* What the packets of a run did to the stream and the path */
static void run_end(struct run *r, struct tquic_packet *b, u64 now_us)
{
	if (!r->s)
		return;
	run_commit(r, b);
	if (r->pkts) {
		r->s->refs += r->pkts;
		b->sp->loss.eliciting += r->pkts;
		b->sp->loss.last_eliciting_us = now_us;
		tquic_cc_on_sent(&b->path->rec.cc, r->pkts * r->rec.bytes);
		tquic_packet_restart_idle(b->conn, now_us);
		tquic_stream_tx_sent(&b->conn->streams, r->s, r->start, r->off - r->start, false);
	}
	r->s = NULL;
}

/*
 * tquic_xmit - transmit one batch of at most @max 1-RTT packets; @want: WANT_* bits.  All but the
 * last have @size bytes, so that the batch is one SKB_GSO_UDP_L4 skb: one traversal of the IP
 * stack.  Return: packets sent, 0: there was nothing to send, or -errno.
 */
noinline int tquic_xmit(struct tquic_conn *conn, struct tquic_path *path, u32 size, u32 max,
			u32 want, u64 now_us)
{
	struct batch bt = { .size = size, .linear = max == 1, .marked = path_marks(conn, path) };
	struct tquic_packet b;
	struct run run;
	int len = 0;
	u8 *slot;

	run.s = NULL;
	tquic_packet_init(&b, conn, path, TQUIC_SPACE_APP,
			  (bt.marked ? TQUIC_PKT_ECT : 0) | (want & TQUIC_PKT_MTU_PROBE));
	bt.skb = tquic_packet_skb(bt.linear ? size : 0);
	if (!bt.skb)
		return -ENOMEM;
	while (bt.nr < max) {
		slot = batch_slot(conn, &bt);
		if (!slot) {
			len = bt.nr ? 0 : -ENOMEM;
			break;
		}
		len = 0;
		if (!run.s)	/* what is due besides has gone with the first packet */
			run_begin(&run, &b, size, want, now_us);
		if (run.s && run.off + run.len <= run.end)
			len = run_packet(&run, &b, slot);
		if (!len) {
			run_end(&run, &b, now_us);
			len = tquic_assemble_packet(&b, slot, size, want, now_us);
		}
		if (len <= 0)
			break;
		conn->scratch->pkt[bt.nr] = slot;
		batch_add(conn, &bt, len);
		if (len < size)
			break;
		want &= ~WANT_ACK;
	}
	run_end(&run, &b, now_us);
	if (!bt.nr) {
		kfree_skb(bt.skb);
		return len;
	}
	conn->tx_pages.frag.offset = ALIGN(conn->tx_pages.frag.offset, ALIGN_AES);
	batch_send(conn, path, &bt, now_us);	/* what is lost here is found to be, and counted */
	return bt.nr;
}

/* ---- what may go ------------------------------------------------------ */

/* WANT_* bits of what the app space has to send now */
static u32 app_wants(struct tquic_conn *conn, u32 size, u64 now_us)
{
	struct tquic_space *sp = &conn->spaces[TQUIC_SPACE_APP];
	struct tquic_streams *ss = &conn->streams;
	struct tquic_stream *s;
	u32 want = 0, len;
	bool fin;
	u64 off;

	if (tquic_ack_due(&sp->ack, now_us))
		want |= WANT_ACK;
	if (conn->due || !list_empty(&ss->ctl_ready) ||
	    tquic_sendbuf_next(&sp->crypto_tx, sp->crypto_tx.end_off, 1, &off))
		want |= WANT_FRAMES;
	s = stream_pick(ss, size, &off, &len, &fin);
	if (!s || fin || !len || !data_waits(conn, s, len, size, now_us)) {
		conn->nagle_us = TQUIC_TIME_NEVER;
		conn->tail = false;
		want |= s ? WANT_DATA : 0;
	}
	if (unlikely(!skb_queue_empty(&conn->tx_datagrams)))
		want |= WANT_DATA;
	if (!s && !list_empty(&ss->tx_ready) && tquic_credit_tx_blocked(&ss->tx)) {
		conn->due |= TQUIC_DUE(DATA_BLOCKED);
		want |= WANT_FRAMES;
	}
	if (sp->probes && !want)
		want |= WANT_FRAMES;
	if (unlikely(want && conn->early))	/* no run of packets: their headers are others */
		want |= WANT_FRAMES;
	return want;
}

/* Packets that one batch may have: the window, the pacer and the skb agree; 0: wait */
static u32 batch_limit(struct tquic_conn *conn, struct tquic_path *path, u32 size, u64 now_us)
{
	struct tquic_space *sp = &conn->spaces[TQUIC_SPACE_APP];
	u64 room, paced;

	if (unlikely(sp->probes))
		return path->gso_max >= sp->probes * size ? sp->probes : 1;
	room = tquic_cc_room(&path->rec.cc);
	if (room < size)
		return 0;
	paced = tquic_pacer_room(&path->rec.pacer, now_us);
	if (paced < size) {
		conn->pace_us = tquic_pacer_next_us(&path->rec.pacer, now_us);
		return 0;
	}
	room = min3(room, paced, (u64)path->gso_max);
	return clamp_t(u32, (u32)room / size, 1, TQUIC_CRYPTO_BATCH);
}

/* Bytes that wait make a batch, else a linear skb will do */
static bool data_is_small(struct tquic_conn *conn, u32 size)
{
	struct tquic_streams *ss = &conn->streams;
	struct tquic_stream *s;

	if (list_empty(&ss->tx_ready))
		return skb_queue_len(&conn->tx_datagrams) <= 1;
	s = list_first_entry(&ss->tx_ready, struct tquic_stream, tx_node);
	return list_is_singular(&ss->tx_ready) && tquic_ranges_empty(&s->sb.pending) &&
	       s->sb.end_off - s->sb.next_off + 64 < size;
}

/* Begin the next key phase long before the limit of this one, RFC 9001 section 6.6 */
static void renew_key(struct tquic_conn *conn)
{
	struct tquic_space *sp = &conn->spaces[TQUIC_SPACE_APP];
	u32 pkts = READ_ONCE(conn->switches->rekey_packets);

	if (conn->no_encrypt || likely(sp->tx.used < (pkts ?: sp->tx.cipher->tx_limit / 2)))
		return;
	if (sp->tx.next_ready && sp->rx.next_ready)	/* else tquic_conn_work() makes them */
		tquic_conn_key_update(conn);
}

static void output_app(struct tquic_conn *conn, u64 now_us)
{
	struct tquic_space *sp = &conn->spaces[TQUIC_SPACE_APP];
	struct tquic_path *path = conn->path;
	struct tquic_streams *ss = &conn->streams;
	struct tquic_stream *first;
	u32 size, want, max, batches = 0;
	u64 room;
	int n;

	conn->pace_us = TQUIC_TIME_NEVER;
	for (;;) {
		size = round_down(path->mtu.cur, ALIGN_AES);
		want = app_wants(conn, size, now_us);
		if (!want) {
			path->rec.cc.app_limited = tquic_cc_room(&path->rec.cc) >= size;
			return;
		}
		max = batch_limit(conn, path, size, now_us);
		if (!max && !(want & WANT_ACK))
			break;
		if (!(want & WANT_DATA) || data_is_small(conn, size))
			max = min(max, 1u);
		if (want == WANT_ACK || !max) {
			want = WANT_ACK;
			size = min_t(u32, size, sp->ack.rcvd.nr > 8 ? ACK_GAPS_SIZE :
								      ACK_ONLY_SIZE);
			max = 1;
		}
		room = tquic_path_amplification_room(path);
		if (unlikely(room < (u64)size * max)) {
			if (room < MIN_PACKET_ROOM) {
				tquic_drop(conn->mib, DROP_AMPLIFICATION, size);
				return;
			}
			size = min_t(u64, size, room);
			max = (u32)room / size;
		}
		first = list_first_entry_or_null(&ss->tx_ready, struct tquic_stream, tx_node);
		n = tquic_xmit(conn, path, size, max, want, now_us);
		if (unlikely(n == -ENOMEM && size > TQUIC_MIN_UDP && tquic_conn_alive(conn)))
			n = tquic_xmit(conn, path, TQUIC_MIN_UDP, 1, want, now_us);
		if (n < 0) {
			tquic_mib_inc(conn->mib, TX_NOMEM);
			conn->pace_us = now_us + RETRY_US;
		}
		if (n <= 0) {
			sp->probes = 0;
			return;
		}
		if (n > 1 && size * (n + 1) > path->gso_max) {
			conn->tail_skip -= !!conn->tail_skip;
			conn->tail = !conn->tail_skip;
		}
		/* a batch may be its alone: it is the last to have another */
		if (want & WANT_DATA && first)
			tquic_stream_tx_yield(ss, first);
		if (n > 1 && ++batches % BH_BATCHES == 0) {
			local_bh_enable();
			local_bh_disable();
		}
	}
	path->rec.cc.app_limited = false;
}

/* Challenges and answers, in datagrams of 1200 bytes, RFC 9000 section 8.2 */
static void output_challenges(struct tquic_conn *conn, u64 now_us)
{
	struct tquic_path *path;
	u32 size;

	tquic_for_each_path(path, conn) {
		if (!path->ask && !path->answers)
			continue;
		size = min_t(u64, TQUIC_MIN_UDP, tquic_path_amplification_room(path));
		if (size < MIN_PACKET_ROOM || conn->ops->route(conn, path) ||
		    tquic_cc_room(&path->rec.cc) < size)
			continue;
		tquic_xmit(conn, path, size, 1, WANT_PATH, now_us);
	}
}

static void output_mtu_probe(struct tquic_conn *conn, u64 now_us)
{
	struct tquic_path *path = conn->path;
	u32 size = tquic_mtu_due(&path->mtu, now_us);

	/* a window that is smaller than the probe must not stop it when it is empty */
	if (size && conn->confirmed &&
	    tquic_cc_room(&path->rec.cc) >= min_t(u64, size, path->rec.cc.cwnd) &&
	    tquic_xmit(conn, path, size, 1, WANT_PROBE, now_us) > 0) {
		tquic_mtu_probe_sent(&path->mtu, size);
		tquic_mib_inc(conn->mib, TX_MTU_PROBES);
	}
}

/*
 * tquic_output_flush - decide what may be sent now and send all of it, under the socket lock; what
 * may not go yet is left to a deadline of the connection, which the caller arms a timer for
 */
noinline void tquic_output_flush(struct tquic_conn *conn, u64 now_us)
{
	if (!tquic_conn_alive(conn) || conn->state == TQUIC_CONN_IDLE || unlikely(conn->mute))
		return;
	if (unlikely(!tquic_crypto_usable())) {
		tquic_mib_inc(conn->mib, TX_PUNTED);
		conn->ops->defer(conn);
		return;
	}
	if (unlikely(conn->ops->route(conn, conn->path))) {
		tquic_mib_inc(conn->mib, TX_ERRORS);
		if (conn->confirmed)	/* another may be asked for because of that */
			output_challenges(conn, now_us);
		return;
	}
	if (unlikely(!conn->confirmed))
		tquic_flight_output(conn, now_us);
	if (conn->state != TQUIC_CONN_ESTABLISHED || !conn->finished) {
		if (!tquic_conn_sends_early(conn) || conn->cork)
			return;		/* nor before the Initial */
	}
	renew_key(conn);
	if (unlikely(conn->confirmed && conn->ops->path_mtu(conn,
							    conn->path) != conn->path->route_mtu))
		tquic_path_mtu_changed(conn, conn->path, now_us);
	/* who receives on this machine sees the batches together */
	local_bh_disable();
	output_challenges(conn, now_us);
	output_mtu_probe(conn, now_us);
	output_app(conn, now_us);
	local_bh_enable();
	conn->trim_us = conn->tx_pages.frag.page || conn->data_pages.frag.page ?
			conn->last_tx_us + TRIM_US : TQUIC_TIME_NEVER;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A packet under construction: noting frames in the log, gathering plaintext from the slot and from
 * send buffers, sealing it into the slot.  Decides nothing about what is sent or when.
 */
#include <linux/random.h>

#include "frame.h"
#include "packet.h"

#define SKIP_SPREAD	256	/* packet numbers: how uncertain the next one left out is */

/** tquic_packet_skb - with room for UDP, IP and device headers and @linear_bytes, or NULL */
struct sk_buff *tquic_packet_skb(u32 linear_bytes)
{
	struct sk_buff *skb = alloc_skb(TQUIC_PATH_HEADROOM + linear_bytes,
					GFP_ATOMIC | __GFP_NOWARN);

	if (skb)
		skb_reserve(skb, TQUIC_PATH_HEADROOM);
	return skb;
}

/** tquic_packet_trim - give back what is kept for the next batch */
void tquic_packet_trim(struct tquic_conn *conn)
{
	tquic_pages_free(&conn->tx_pages);
	tquic_pages_free(&conn->data_pages);
	conn->trim_us = TQUIC_TIME_NEVER;
	tquic_sent_trim(&conn->spaces[TQUIC_SPACE_APP].loss.sent);
}

static struct tquic_frame *add(struct tquic_packet *b, u8 type)
{
	struct tquic_frame *f = tquic_sent_add(&b->sp->loss.sent);

	f->type = type;
	f->flags = 0;
	f->len = 0;
	f->aux = b->space;
	f->off = 0;
	return f;
}

/*
 * tquic_packet_note - note an ack-eliciting control frame in the log, whose record has room; @s:
 * the stream it is about, a reference is taken, or NULL; @value: what its fate is applied to
 */
void tquic_packet_note(struct tquic_packet *b, u8 type, struct tquic_stream *s, u64 value)
{
	struct tquic_frame *f = add(b, type);

	if (s) {
		tquic_stream_get(s);
		f->ref = s;
		f->off = value;
	} else {
		f->value = value;
	}
	b->eliciting = true;
}

/** tquic_packet_put_ack - an ACK frame, when something was received since the last one */
void tquic_packet_put_ack(struct tquic_packet *b, u64 now_us)
{
	struct tquic_ack *ack = &b->sp->ack;
	u64 largest;
	u8 *p;

	if (!ack->unsent || !tquic_sent_room(&b->sp->loss.sent))
		return;
	p = tquic_ack_write(ack, b->p, b->end, b->conn->local.ack_delay_exponent, now_us, &largest);
	if (!p || p == b->p)
		return;
	b->p = p;
	b->ack = true;
	add(b, TQUIC_FT_ACK)->value = largest;
}

/** tquic_packet_put_crypto - CRYPTO frames with what is pending or new, copied into the slot */
void tquic_packet_put_crypto(struct tquic_packet *b)
{
	struct tquic_sendbuf *sb = &b->sp->crypto_tx;
	struct tquic_frame *f;
	u32 len;
	u64 off;

	while (tquic_packet_room(b, 32)) {
		len = tquic_sendbuf_next(sb, sb->end_off, b->end - b->p - 12, &off);
		if (!len)
			return;
		b->p = tquic_frame_put(b->p, TQUIC_FT_CRYPTO, off, len);
		tquic_sendbuf_copy(sb, off, len, b->p);
		b->p += len;
		tquic_sendbuf_sent(sb, off, len);
		f = add(b, TQUIC_FT_CRYPTO);
		f->len = len;
		f->off = off;
		b->eliciting = true;
	}
}

/** tquic_packet_put_ping - what asks for an ACK and nothing else, when there is room */
void tquic_packet_put_ping(struct tquic_packet *b)
{
	if (!tquic_packet_room(b, 1))
		return;
	*b->p = b->conn->freq_seq && b->space == TQUIC_SPACE_APP ? TQUIC_FT_IMMEDIATE_ACK :
								   TQUIC_FT_PING;
	tquic_packet_note(b, *b->p++, NULL, 0);
}

/*
 * tquic_packet_skip - leave the next packet number out, now and then: a peer that acknowledges it
 * has not seen what it claims (optimistic ACK, RFC 9000 section 21.4)
 */
void tquic_packet_skip(struct tquic_space *sp)
{
	sp->loss.skipped_pn = sp->next_pn++;
	sp->skip_at = sp->next_pn + sp->next_pn / 2 + get_random_u32() % SKIP_SPREAD;
}

/* A packet of len bytes, tag included, is complete: give it its number and account for it */
static void commit(struct tquic_packet *b, u32 len, u64 now_us)
{
	struct tquic_conn *conn = b->conn;
	struct tquic_space *sp = b->sp;
	struct tquic_pkt *rec = b->rec;

	rec->pn = sp->next_pn;
	rec->bytes = len;
	rec->path = b->path->index;
	if (likely(b->eliciting)) {
		rec->flags = b->flags | TQUIC_PKT_ELICITING | TQUIC_PKT_INFLIGHT;
		if (unlikely(sp->probes))
			sp->probes--;
		tquic_packet_restart_idle(conn, now_us);
	} else {
		tquic_mib_inc(conn->mib, TX_ACK_ONLY);
	}
	if (b->ack)
		tquic_ack_sent(&sp->ack);
	if (likely(tquic_loss_on_sent(&conn->loss_ctx, &sp->loss, rec, now_us)))
		tquic_sent_commit(&sp->loss.sent);
	else
		tquic_sent_abort(&sp->loss.sent);
	tquic_packet_number(sp);
}

/* What the null cipher does: the one pass over the payload is a copy */
static void seal_null(struct tquic_packet *b)
{
	u8 *dst = b->slot;
	u32 i;

	for (i = 0; i < b->nr_sg; i++) {
		const u8 *src = sg_virt(&b->sg[i]);

		if (src != dst)
			memcpy(dst, src, b->sg[i].length);
		dst += b->sg[i].length;
	}
}

/*
 * tquic_packet_encrypt - encrypt a packet that is committed into its slot: the source is the slot's
 * own header and frame headers and, between them, pages of send buffers.  Header protection is left
 * to the caller.  Return: bytes of the packet; -ENOMEM: the cipher had no memory, the packet will
 * be found to be lost; another errno of the crypto API: the connection is over.
 */
int tquic_packet_encrypt(struct tquic_packet *b, u64 pn)
{
	struct tquic_scratch *sc = b->conn->scratch;
	u32 len = b->p - b->slot;
	int err;

	if (b->conn->no_encrypt && b->space == TQUIC_SPACE_APP) {
		seal_null(b);
		return len;
	}
	sg_mark_end(&b->sg[b->nr_sg - 1]);
	err = tquic_crypto_seal(&b->sp->tx, pn, b->sg,
				tquic_scratch_packet(sc, b->slot, len + TQUIC_TAG_LEN),
				b->payload - b->slot, b->p - b->payload);
	sg_unmark_end(&b->sg[b->nr_sg - 1]);
	if (unlikely(err)) {
		if (err != -ENOMEM)	/* what could not be sealed now counts as lost */
			tquic_conn_die(b->conn, EIO);
		return err;
	}
	return len + TQUIC_TAG_LEN;
}

/** tquic_packet_seal - finish a packet: commit it, and as tquic_packet_encrypt() */
int tquic_packet_seal(struct tquic_packet *b, u64 now_us)
{
	bool plain = b->conn->no_encrypt && b->space == TQUIC_SPACE_APP;
	u64 pn = b->sp->next_pn;

	tquic_packet_cut(b);
	commit(b, b->p - b->slot + (plain ? 0 : TQUIC_TAG_LEN), now_us);
	return tquic_packet_encrypt(b, pn);
}

/** tquic_packet_account - count what is about to leave, and restart what sending restarts */
void tquic_packet_account(struct tquic_conn *conn, struct tquic_path *path, u32 pkts, u32 bytes,
			  u64 now_us)
{
	tquic_mib_add(conn->mib, TX_PACKETS, pkts);
	tquic_mib_add(conn->mib, TX_BYTES, bytes);
	conn->stats.tx_pkts += pkts;
	conn->stats.tx_bytes += bytes;
	path->tx_bytes += bytes;
	conn->last_tx_us = now_us;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* A packet under construction, of a batch of output.c or a datagram of flight.c. */
#ifndef _TQUIC_PACKET_H
#define _TQUIC_PACKET_H

#include "conn.h"

struct tquic_packet {
	struct tquic_conn *conn;
	struct tquic_path *path;
	struct tquic_space *sp;
	struct tquic_pkt *rec;		/* its open record in the log */
	u8 *slot;			/* first byte; the ciphertext lands here */
	u8 *payload;			/* first byte after the header */
	u8 *len_at;			/* Length of a long header, to be filled in; NULL: none */
	u8 *p;				/* where the next frame goes */
	u8 *end;			/* no frame beyond; the tag follows */
	u8 *run;			/* start of bytes in the slot that are in no sg entry yet */
	struct scatterlist *sg;		/* plaintext: runs of the slot and pages of send buffers */
	u32 nr_sg;
	u32 mapped;			/* entries that the frame being put has mapped */
	u8 space;			/* enum tquic_space_id */
	u8 flags;			/* TQUIC_PKT_* to note */
	bool eliciting;
	bool ack;			/* holds an ACK frame */
	bool nomem;			/* there was none for a frame */
};

struct sk_buff *tquic_packet_skb(u32 linear_bytes);
void tquic_packet_trim(struct tquic_conn *conn);
void tquic_packet_note(struct tquic_packet *b, u8 type, struct tquic_stream *s, u64 value);
void tquic_packet_put_ack(struct tquic_packet *b, u64 now_us);
void tquic_packet_put_crypto(struct tquic_packet *b);
void tquic_packet_put_ping(struct tquic_packet *b);
int tquic_packet_encrypt(struct tquic_packet *b, u64 pn);
int tquic_packet_seal(struct tquic_packet *b, u64 now_us);
void tquic_packet_skip(struct tquic_space *sp);
void tquic_packet_account(struct tquic_conn *conn, struct tquic_path *path, u32 pkts, u32 bytes,
			  u64 now_us);

/* copy.c: copy mode */
void tquic_copy_payload(void *dst, struct scatterlist *sg, u32 len);
bool tquic_copy_frame(struct tquic_packet *b, u32 len);

/* control.c, datagram.c */
void tquic_control_path(struct tquic_packet *b);
void tquic_control_frames(struct tquic_packet *b);
void tquic_datagram_frames(struct tquic_packet *b);

/** tquic_packet_init - what the packets of a batch have in common; @flags: TQUIC_PKT_* */
static inline void tquic_packet_init(struct tquic_packet *b, struct tquic_conn *conn,
				     struct tquic_path *path, enum tquic_space_id id, u8 flags)
{
	b->conn = conn;
	b->path = path;
	b->sp = &conn->spaces[id];
	b->space = id;
	b->sg = conn->scratch->src;
	b->flags = flags;
	b->len_at = NULL;
	b->nomem = false;
}

/** tquic_packet_room - room for a frame of at most @len bytes and its record */
static inline bool tquic_packet_room(const struct tquic_packet *b, u32 len)
{
	return b->end - b->p >= len && tquic_sent_room(&b->sp->loss.sent);
}

/** tquic_packet_cut - end the current run of slot bytes: one sg entry */
static inline void tquic_packet_cut(struct tquic_packet *b)
{
	if (b->p != b->run)
		sg_set_buf(&b->sg[b->nr_sg++], b->run, b->p - b->run);
	b->run = b->p;
}

/** tquic_packet_number - the next packet number of a space has been used */
static inline void tquic_packet_number(struct tquic_space *sp)
{
	if (unlikely(++sp->next_pn == sp->skip_at))
		tquic_packet_skip(sp);
}

/* RFC 9000 section 10.1: an ack-eliciting packet, the first since the last receipt, has left */
static inline void tquic_packet_restart_idle(struct tquic_conn *conn, u64 now_us)
{
	if (conn->idle_restarted)
		return;
	conn->idle_restarted = true;
	tquic_conn_restart_idle(conn, now_us);
}

#endif

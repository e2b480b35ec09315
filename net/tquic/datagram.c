// SPDX-License-Identifier: GPL-2.0
/*
 * DATAGRAM frames, RFC 9221: messages that are sent once, whole, and may get lost.  Those to be
 * sent wait in one queue of the connection, those received in another; their bytes count as held
 * in send buffers and as receive memory, as stream bytes do.
 */
#include "frame.h"
#include "header.h"
#include "packet.h"

#define HEAD_MAX	3	/* type and Length of what fits in a packet of ours */

/*
 * tquic_datagram_max - bytes that one datagram may hold now: what the peer takes, and what fits in
 * a packet of the path, which grows as its MTU is found.  0: the peer takes none (RFC 9221 section
 * 3), or nothing is known of it yet.
 */
u32 tquic_datagram_max(const struct tquic_conn *conn)
{
	u32 overhead = 1 + conn->dcid.len + TQUIC_PN_LEN + HEAD_MAX +
		       (conn->no_encrypt ? 0 : TQUIC_TAG_LEN);
	u32 room = round_down(conn->path->mtu.cur, 16) - overhead;

	if (conn->remote.max_datagram_frame_size <= HEAD_MAX)
		return 0;
	return min_t(u64, room, conn->remote.max_datagram_frame_size - HEAD_MAX);
}

/** tquic_datagram_queue - take @skb to be sent; its truesize is charged to the owner */
void tquic_datagram_queue(struct tquic_conn *conn, struct sk_buff *skb)
{
	conn->streams.held_bytes += skb->truesize;
	__skb_queue_tail(&conn->tx_datagrams, skb);
}

/* The oldest has been written to a packet, or never will be */
static void dequeue(struct tquic_conn *conn)
{
	struct sk_buff *skb = __skb_dequeue(&conn->tx_datagrams);

	conn->streams.held_bytes -= skb->truesize;
	conn->ops->tx_free(conn);
	consume_skb(skb);
}

/** tquic_datagram_frames - put those that wait into a packet, as far as they fit */
void tquic_datagram_frames(struct tquic_packet *b)
{
	struct tquic_conn *conn = b->conn;
	struct sk_buff *skb;

	while ((skb = skb_peek(&conn->tx_datagrams))) {
		if (unlikely(skb->len > tquic_datagram_max(conn))) {	/* a narrower path */
			tquic_mib_inc(conn->mib, DGRAM_LOST);
			dequeue(conn);
			continue;
		}
		if (!tquic_packet_room(b, HEAD_MAX + skb->len))
			return;
		b->p = tquic_frame_put(b->p, TQUIC_FT_DATAGRAM_LEN, skb->len);
		skb_copy_bits(skb, 0, b->p, skb->len);
		b->p += skb->len;
		tquic_packet_note(b, TQUIC_FT_DATAGRAM, NULL, 0);
		tquic_mib_inc(conn->mib, DGRAM_SENT);
		dequeue(conn);
	}
}

/** tquic_datagram_rx - a DATAGRAM frame arrived; 0, or a wire error for one that we do not take */
int tquic_datagram_rx(struct tquic_conn *conn, const struct tquic_rx_frame *f)
{
	u32 head = f->type == TQUIC_FT_DATAGRAM_LEN ? 1 + tquic_varint_len(f->stream.len) : 1;
	struct sk_buff *skb;

	if (head + f->stream.len > conn->local.max_datagram_frame_size)
		return TQUIC_WERR(PROTOCOL_VIOLATION);
	skb = alloc_skb(f->stream.len, GFP_ATOMIC);
	if (!skb) {
		tquic_drop(conn->mib, DROP_NOMEM, f->stream.len);
		return 0;
	}
	skb_put_data(skb, f->stream.data, f->stream.len);
	if (conn->ops->rx_charge(conn, skb, false)) {	/* nobody reads them: it is counted */
		kfree_skb(skb);
		return 0;
	}
	tquic_mib_inc(conn->mib, DGRAM_RECEIVED);
	__skb_queue_tail(&conn->rx_datagrams, skb);
	conn->ops->wake(conn, TQUIC_WAKE_READ);
	return 0;
}

/** tquic_datagram_drop - the connection can send no more: what waits will never leave */
void tquic_datagram_drop(struct tquic_conn *conn)
{
	while (!skb_queue_empty(&conn->tx_datagrams))
		dequeue(conn);
}

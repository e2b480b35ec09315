/* SPDX-License-Identifier: GPL-2.0 */
/* Streams, RFC 9000 sections 2 to 4.  Wakes nobody: lists and bits say who has work, and what. */
#ifndef _TQUIC_STREAM_H
#define _TQUIC_STREAM_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include "credit.h"
#include "recvbuf.h"
#include "sendbuf.h"
#include "tparam.h"

#define TQUIC_STREAM_MAX_CLOSED	1024	/* ranges of closed peer-opened streams that we remember */
#define TQUIC_SIZE_UNKNOWN	(~0ULL)

/* tquic_stream.due: control frames to be sent, cleared when one is written, set again when lost */
#define TQUIC_STREAM_DUE_RESET		BIT(0)
#define TQUIC_STREAM_DUE_STOP		BIT(1)
#define TQUIC_STREAM_DUE_MAX_DATA	BIT(2)
#define TQUIC_STREAM_DUE_BLOCKED	BIT(3)

/* tquic_stream.flags */
#define TQUIC_STREAM_FIN		BIT(0)	/* user closed the send part: end_off is final */
#define TQUIC_STREAM_FIN_SENT		BIT(1)	/* cleared when the FIN is lost */
#define TQUIC_STREAM_FIN_ACKED		BIT(2)
#define TQUIC_STREAM_STOPPED		BIT(3)	/* we sent, or are to send, STOP_SENDING */
#define TQUIC_STREAM_MORE		BIT(4)	/* MSG_MORE: hold a partial packet back */
#define TQUIC_STREAM_DEAD		BIT(5)	/* out of the tree, waits for refs to drop */
#define TQUIC_STREAM_ANNOUNCE		BIT(6)	/* an empty frame is to open it at the peer */
#define TQUIC_STREAM_RESET_AT		BIT(7)	/* the send part ends with RESET_STREAM_AT */

#define TQUIC_URGENCY_DEFAULT	3
#define TQUIC_URGENCY_MAX	7

struct tquic_stream {
	struct rb_node node;		/* in tquic_streams.root, by id */
	u64 id;
	struct list_head tx_node;	/* in tx_ready: tquic_stream_tx_wanted() */
	struct list_head ctl_node;	/* in ctl_ready: due is not 0 */
	struct list_head rx_node;	/* in rx_ready: the reader can get bytes, FIN or a reset */
	u32 refs;			/* frame records that refer to it, users of the pointer */
	u8 tx_state;			/* QUIC_STREAM_SEND_STATE_*; RECVD without a send part */
	u8 rx_state;			/* QUIC_STREAM_RECV_STATE_*; READ without a receive part */
	u8 due;
	u8 flags;
	u8 urgency;			/* 0 to 7: lower ones are sent first, RFC 9218 section 4 */
	bool sequential;		/* to its end before its equals; else in turns */
	u64 tx_err;			/* of our RESET_STREAM or RESET_STREAM_AT */
	u64 tx_reliable;		/* of that: bytes that arrive even so */
	u64 stop_err;			/* of our STOP_SENDING */
	u64 rx_err;			/* of the peer's RESET_STREAM, or of its STOP_SENDING */
	u64 rx_final;			/* final size, TQUIC_SIZE_UNKNOWN before */
	u64 rx_reliable;		/* the peer's; TQUIC_SIZE_UNKNOWN: it has reset nothing */
	struct tquic_sendbuf sb;
	struct tquic_credit_tx txc;	/* used == sb.next_off: the final size of RESET_STREAM */
	struct tquic_recvbuf rb;
	struct tquic_credit_rx rxc;	/* received: all flow-controlled bytes, kept or not */
};

static_assert(sizeof(struct tquic_stream) <= 512);

struct tquic_streams {
	struct rb_root root;
	struct tquic_stream *last;	/* most recently found */
	struct list_head tx_ready;	/* by urgency, and among equals round robin */
	struct list_head ctl_ready;
	struct list_head rx_ready;
	struct list_head stuck;		/* by rx_node: over, but without memory to remember that */
	struct tquic_credit_tx tx;	/* connection level: MAX_DATA from the peer */
	struct tquic_credit_rx rx;	/* connection level: MAX_DATA to the peer */
	struct tquic_credit_tx open[2];	/* streams we may open: bidi, uni; used: opened */
	struct tquic_credit_rx peer[2];	/* the peer may open; received: opened, consumed: closed */
	struct tquic_ranges closed[2];	/* numbers (id / 4) of the peer's streams that are gone */
	struct tquic_tparam *local;	/* initial windows of the streams, ours */
	struct tquic_tparam *remote;	/* and the peer's; zeros until known */
	u64 rx_window_max;		/* cap of a stream's receive window, bytes */
	s64 newest;			/* the stream we opened last, -1: none */
	u64 held_bytes;			/* payload in send buffers */
	u32 count;			/* streams in the tree */
	bool server;
	/* a part changed state, or a peer's first bytes arrived; must not free @s; may be NULL */
	void (*update)(struct tquic_streams *ss, struct tquic_stream *s, bool rx_part);
};

/* s is a cursor of the caller's; a stream must not be freed while it is at hand */
#define tquic_for_each_stream(s, ss)							\
	for ((s) = rb_entry_safe(rb_first(&(ss)->root), struct tquic_stream, node); (s);	\
	     (s) = rb_entry_safe(rb_next(&(s)->node), struct tquic_stream, node))

int tquic_stream_setup(void);
void tquic_stream_teardown(void);
void tquic_streams_init(struct tquic_streams *ss, bool server, struct tquic_tparam *local,
			struct tquic_tparam *remote, u64 rx_window_max);
void tquic_streams_apply_local(struct tquic_streams *ss);
bool tquic_streams_apply_remote(struct tquic_streams *ss);
void tquic_streams_drop_tx(struct tquic_streams *ss);
void tquic_streams_free(struct tquic_streams *ss);

struct tquic_stream *tquic_stream_find(struct tquic_streams *ss, u64 sid);
int tquic_stream_open(struct tquic_streams *ss, u64 sid, gfp_t gfp, struct tquic_stream **sp);
u64 tquic_stream_next_id(const struct tquic_streams *ss, bool uni);
int tquic_stream_from_peer(struct tquic_streams *ss, u64 sid, bool send_part, gfp_t gfp,
			   struct tquic_stream **sp);
void tquic_stream_put(struct tquic_streams *ss, struct tquic_stream *s);

/* the send part */
int tquic_stream_append(struct tquic_streams *ss, struct tquic_stream *s, struct page *page,
			u32 page_off, u32 len, void *priv, gfp_t gfp);
void tquic_stream_finish(struct tquic_streams *ss, struct tquic_stream *s);
void tquic_stream_announce(struct tquic_streams *ss, struct tquic_stream *s);
void tquic_stream_reset(struct tquic_streams *ss, struct tquic_stream *s, u64 err);
int tquic_stream_reset_at(struct tquic_streams *ss, struct tquic_stream *s, u64 err, u64 size);
u32 tquic_stream_tx_next(struct tquic_streams *ss, struct tquic_stream *s, u32 max, u64 *off,
			 bool *fin);
void tquic_stream_tx_sent(struct tquic_streams *ss, struct tquic_stream *s, u64 off, u32 len,
			  bool fin);
u32 tquic_stream_tx_acked(struct tquic_streams *ss, struct tquic_stream *s, u64 off, u32 len,
			  bool fin);
void tquic_stream_tx_lost(struct tquic_streams *ss, struct tquic_stream *s, u64 off, u32 len,
			  bool fin);
void tquic_stream_tx_yield(struct tquic_streams *ss, struct tquic_stream *s);
void tquic_stream_prioritize(struct tquic_streams *ss, struct tquic_stream *s, u8 urgency,
			     bool sequential);
void tquic_stream_reset_acked(struct tquic_streams *ss, struct tquic_stream *s);
u32 tquic_stream_reset_at_acked(struct tquic_streams *ss, struct tquic_stream *s, u64 size);
void tquic_stream_set_due(struct tquic_streams *ss, struct tquic_stream *s, u8 due);
void tquic_stream_clear_due(struct tquic_streams *ss, struct tquic_stream *s, u8 due);
void tquic_stream_max_data(struct tquic_streams *ss, struct tquic_stream *s, u64 max);
void tquic_stream_rx_stop(struct tquic_streams *ss, struct tquic_stream *s, u64 err);

/* the receive part */
int tquic_stream_rx_data(struct tquic_streams *ss, struct tquic_stream *s, u64 off, const u8 *data,
			 u32 len, bool fin, struct sk_buff *skb, gfp_t gfp);
bool tquic_stream_rx_next(struct tquic_streams *ss, struct tquic_stream *s, u64 off,
			  const u8 *data, u32 len, struct sk_buff *skb);
void tquic_stream_rx_run(struct tquic_streams *ss, struct tquic_stream *s, u32 n);
int tquic_stream_rx_reset(struct tquic_streams *ss, struct tquic_stream *s, u64 err,
			  u64 final_size, u64 reliable);
void tquic_stream_consumed(struct tquic_streams *ss, struct tquic_stream *s, u32 len, u32 rtt_us,
			   u64 now_us);
void tquic_stream_read_end(struct tquic_streams *ss, struct tquic_stream *s);
void tquic_stream_stop(struct tquic_streams *ss, struct tquic_stream *s, u64 err);

/** tquic_stream_get - one more reference: @s stays in memory, though perhaps not open */
static inline void tquic_stream_get(struct tquic_stream *s)
{
	s->refs++;
}

/** tquic_stream_local - we opened it */
static inline bool tquic_stream_local(const struct tquic_streams *ss, u64 sid)
{
	return tquic_sid_is_server(sid) == ss->server;
}

/** tquic_stream_can_send - it has a send part on our side */
static inline bool tquic_stream_can_send(const struct tquic_streams *ss, u64 sid)
{
	return !tquic_sid_is_uni(sid) || tquic_stream_local(ss, sid);
}

/** tquic_stream_can_recv - it has a receive part on our side */
static inline bool tquic_stream_can_recv(const struct tquic_streams *ss, u64 sid)
{
	return !tquic_sid_is_uni(sid) || !tquic_stream_local(ss, sid);
}

/** tquic_stream_tx_over - the send part is in a terminal state, or there is none */
static inline bool tquic_stream_tx_over(const struct tquic_stream *s)
{
	return s->tx_state == QUIC_STREAM_SEND_STATE_RECVD ||
	       s->tx_state == QUIC_STREAM_SEND_STATE_RESET_RECVD;
}

/** tquic_stream_tx_reset - we have reset the send part: it takes no more bytes */
static inline bool tquic_stream_tx_reset(const struct tquic_stream *s)
{
	return s->tx_state > QUIC_STREAM_SEND_STATE_SENT || s->flags & TQUIC_STREAM_RESET_AT;
}

/** tquic_stream_rx_over - the receive part is in a terminal state, or there is none */
static inline bool tquic_stream_rx_over(const struct tquic_stream *s)
{
	return s->rx_state == QUIC_STREAM_RECV_STATE_READ ||
	       s->rx_state == QUIC_STREAM_RECV_STATE_RESET_READ;
}

/** tquic_stream_fin_wanted - a FIN is to be sent after the last byte */
static inline bool tquic_stream_fin_wanted(const struct tquic_stream *s)
{
	return (s->flags & (TQUIC_STREAM_FIN | TQUIC_STREAM_FIN_SENT)) == TQUIC_STREAM_FIN;
}

/** tquic_stream_tx_wanted - bytes with stream credit, a FIN or an announcement are to be sent */
static inline bool tquic_stream_tx_wanted(const struct tquic_stream *s)
{
	const struct tquic_sendbuf *sb = &s->sb;

	if (s->tx_state > QUIC_STREAM_SEND_STATE_SENT)
		return false;
	if (!tquic_ranges_empty(&sb->pending) || s->flags & TQUIC_STREAM_ANNOUNCE)
		return true;
	if (sb->next_off < sb->end_off)
		return s->txc.used < s->txc.max;
	return tquic_stream_fin_wanted(s);
}

#endif

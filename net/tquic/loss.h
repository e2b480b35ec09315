/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loss recovery, RFC 9002: RTT, acknowledged and lost packets, the loss timer and the probe
 * timeout.  Works on the log of a space and on the paths its packets left by; says what became of
 * each frame through ops; owns no timer and reads no clock.
 *
 * The life of a frame record, from tquic_sent_commit() on: any number of times `lost` (its packet
 * was declared lost, or a PTO wants its content sent again), then exactly once either `acked` or
 * `drop`, which release what it refers to.  A lost packet stays in the log for about a PTO, so that
 * a late ACK of it is seen for what it is.  The callbacks may not touch the log; they may be called
 * for a frame whose content was acknowledged meanwhile through another packet.
 */
#ifndef _TQUIC_LOSS_H
#define _TQUIC_LOSS_H

#include "cc.h"
#include "frame.h"
#include "pacer.h"
#include "sent.h"

#define TQUIC_LOSS_MAX_PATHS	8
#define TQUIC_PACKET_THRESHOLD	3	/* kPacketThreshold */
#define TQUIC_GRANULARITY_US	1000	/* kGranularity */
#define TQUIC_INITIAL_RTT_US	333000	/* kInitialRtt */
#define TQUIC_PERSISTENT	3	/* kPersistentCongestionThreshold */
#define TQUIC_MAX_PTO_SHIFT	10
#define TQUIC_HANDSHAKE_PTO_US	100000	/* until the handshake is confirmed at least */
#define TQUIC_REORDER_SHIFT	3	/* kTimeThreshold: 1 + 1/8 */
#define TQUIC_REORDER_MAX_PKTS	300	/* the packet threshold grows no further */
#define TQUIC_LOSS_MAX_LOST	512	/* lost packets of a space kept for a late ACK */

#define TQUIC_ECN_TESTS		10	/* packets marked before the path has proven itself */

/* RFC 9000 section 13.4.2 and appendix A.4 */
enum tquic_ecn_use {
	TQUIC_ECN_TESTING,
	TQUIC_ECN_CAPABLE,
	TQUIC_ECN_FAILED,
};

/* RFC 9002 section 5 */
struct tquic_rtt {
	u32 latest_us;
	u32 min_us;
	u32 smoothed_us;
	u32 var_us;
	u64 first_sample_us;	/* when the first sample was taken; 0: none yet */
};

/* What recovery knows of one path */
struct tquic_recovery {
	struct tquic_rtt rtt;
	struct tquic_cc cc;
	struct tquic_pacer pacer;
	u32 max_ack_delay_us;	/* the peer's; counts once the handshake is confirmed */
	u32 pto_count;
	u32 reorder_pkts;	/* packet threshold in force, grows with spurious losses */
	u32 reorder_shift;	/* time threshold: RTT + RTT >> this, shrinks likewise */
	enum tquic_ecn_use ecn;
	u32 ecn_sent;		/* marked packets */
	u32 ecn_lost;		/* of them, lost before any was acknowledged */
	u32 event_lost;		/* losses of the last congestion event not proven spurious */
	u64 newest_acked_us;	/* when the newest packet acknowledged so far left */
	u64 delivered;		/* bytes acknowledged, for delivery rate */
	u64 delivered_us;	/* when the last of them was */
	u64 delivery_rate;	/* bytes per second, last sample */
	u64 lost_bytes;
	u64 lost_pkts;
	u64 spurious_pkts;	/* declared lost, acknowledged later */
};

/* What recovery knows of one packet number space */
struct tquic_space_loss {
	struct tquic_sent sent;
	u64 largest_acked;	/* TQUIC_PN_NONE: none yet */
	u64 skipped_pn;		/* left out: an ACK of it is a lie; TQUIC_PN_NONE: none */
	u64 loss_us;		/* loss_time; TQUIC_TIME_NEVER: none */
	u64 last_eliciting_us;	/* when the last ack-eliciting packet left */
	u32 eliciting;		/* ack-eliciting packets in flight */
	u32 nr_lost;		/* packets declared lost and still in the log */
	u64 ecn[3];		/* ECT(0), ECT(1), CE: counts the peer last reported */
	u64 ecn_sent;		/* packets marked ECT(0) */
};

struct tquic_loss_ops {
	/*
	 * the frame was acknowledged (also after it was lost), with those of the n - 1 packets
	 * that follow it in a run; the record's last callback
	 */
	void (*acked)(void *arg, struct tquic_frame *f, u32 n);
	/* what the frame carried is to be sent again, if it still matters */
	void (*lost)(void *arg, struct tquic_frame *f);
	/* the packet is forgotten, release what its frame refers to; likewise the last */
	void (*drop)(void *arg, struct tquic_frame *f);
	/*
	 * A packet was acknowledged or lost: each PMTU probe, which is no congestion signal; of
	 * others each that was lost, and the largest that an ACK acknowledged on the path
	 */
	void (*sized)(void *arg, u8 path, u32 bytes, bool probe, bool acked);
};

struct tquic_loss_ctx {
	const struct tquic_loss_ops *ops;
	void *arg;
	struct tquic_recovery *path[TQUIC_LOSS_MAX_PATHS];	/* NULL: gone */
	bool confirmed;		/* handshake confirmed: ack delays count */
	bool keep_backoff;	/* client whose address may be unproven: ACKs leave pto_count */
};

/* What one ACK did */
struct tquic_ack_result {
	u32 acked_pkts;
	u32 lost_pkts;
	u32 spurious_pkts;
	bool eliciting;		/* something ack-eliciting was newly acknowledged */
	bool ecn_ce;		/* the path marks CE */
	bool ecn_failed;	/* path or peer do not do ECN properly: not used again */
};

void tquic_loss_recovery_init(struct tquic_recovery *rec, const struct tquic_cc_ops *cc, u32 mss,
			      u32 initial_rtt_us);
void tquic_loss_space_init(struct tquic_space_loss *sp);
void tquic_loss_space_free(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp);
bool tquic_loss_room_ack_only(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp);
int tquic_loss_on_ack(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp, u64 next_pn,
		      struct tquic_rx_frame *ack, u64 delay_us, u64 now_us,
		      struct tquic_ack_result *res);
void tquic_loss_path_gone(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp, u8 path);
u32 tquic_loss_detect(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp, u64 now_us);
u64 tquic_loss_pto_us(const struct tquic_recovery *rec, bool app_space, bool confirmed);
u32 tquic_loss_requeue_oldest(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp, u32 count);
void tquic_loss_rtt_update(struct tquic_rtt *rtt, u64 latest_us, u64 ack_delay_us, u64 now_us);

/** tquic_loss_marks - packets of the path are to be marked ECT(0) */
static inline bool tquic_loss_marks(const struct tquic_recovery *rec)
{
	return rec->ecn == TQUIC_ECN_CAPABLE || (rec->ecn == TQUIC_ECN_TESTING &&
	       rec->ecn_sent < TQUIC_ECN_TESTS && !rec->pto_count);
}

/** tquic_loss_stamp - note the state of the path in the record of a packet, or of many */
static inline void tquic_loss_stamp(struct tquic_recovery *rec, struct tquic_pkt *pkt, u64 now_us)
{
	if (!rec->cc.in_flight)
		rec->delivered_us = now_us;	/* the rate is measured from here */
	pkt->delivered = rec->delivered;
	pkt->delivered_us = rec->delivered_us;
	if (rec->cc.app_limited)
		pkt->flags |= TQUIC_PKT_APP_LIMITED;
}

/*
 * tquic_loss_on_sent - a packet leaves; pn, bytes, path and flags are set.  Notes the time and the
 * state of the path in the record and counts its bytes in flight.  The pacer is charged by the
 * sender, once per batch.  Return: true: to be committed; false: it only acknowledges, of which
 * enough are logged, and its record is to be aborted.
 */
static inline bool tquic_loss_on_sent(struct tquic_loss_ctx *ctx, struct tquic_space_loss *sp,
				      struct tquic_pkt *pkt, u64 now_us)
{
	struct tquic_recovery *rec = ctx->path[pkt->path];

	pkt->sent_us = now_us;
	if (likely(pkt->flags & TQUIC_PKT_ELICITING)) {
		sp->eliciting++;
		sp->last_eliciting_us = now_us;
	} else if (!tquic_loss_room_ack_only(ctx, sp)) {
		return false;
	}
	if (unlikely(!rec) || !(pkt->flags & TQUIC_PKT_INFLIGHT))
		return true;
	tquic_loss_stamp(rec, pkt, now_us);
	tquic_cc_on_sent(&rec->cc, pkt->bytes);
	if (!rec->cc.app_limited)	/* this one fills the window */
		pkt->flags &= ~TQUIC_PKT_APP_LIMITED;
	return true;
}

#endif

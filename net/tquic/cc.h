/* SPDX-License-Identifier: GPL-2.0 */
/* Congestion control of one path, in bytes: the window, and algorithms with private state. */
#ifndef _TQUIC_CC_H
#define _TQUIC_CC_H

#include <linux/types.h>
#include <uapi/linux/quic.h>

#define TQUIC_CC_PRIV		16	/* u64 words of private state */

struct tquic_cc;

struct tquic_cc_ops {
	char name[QUIC_CONGESTION_NAME_BYTES];
	u8 id;			/* quic_config.congestion_control_algo */
	void (*init)(struct tquic_cc *cc);
	/*
	 * Newly acknowledged bytes of one ACK, sent outside of recovery; sent_us: when the
	 * newest of them left.  With app_limited set the window must not grow.
	 */
	void (*on_ack)(struct tquic_cc *cc, u32 acked_bytes, u64 sent_us, u64 now_us);
	/* a new congestion event (loss or CE): reduce the window; in_flight is without the lost */
	void (*on_event)(struct tquic_cc *cc, u64 now_us);
	void (*on_persistent)(struct tquic_cc *cc);
	/* the last event was a false alarm: take the reduction back */
	void (*undo)(struct tquic_cc *cc);
};

struct tquic_cc {
	const struct tquic_cc_ops *ops;
	u64 cwnd;		/* bytes */
	u64 ssthresh;		/* bytes; ~0 in initial slow start */
	u64 in_flight;		/* bytes sent, neither acknowledged nor lost */
	u64 recovery_us;	/* start of the current recovery period; 0: none yet */
	u64 prior_cwnd;		/* before the last event, for undo; 0: nothing to undo */
	u64 prior_ssthresh;
	u64 prior_recovery_us;	/* recovery_us before the last event */
	u32 mss;		/* bytes of a full datagram on this path */
	u32 srtt_us;		/* copies of the path's estimates, set before each call */
	u32 latest_rtt_us;
	/*
	 * RFC 9002 section 7.8.  The sender sets it when it stops for want of data or credit
	 * with window left, clears it when it stops for anything else; a full window clears it.
	 */
	bool app_limited;
	u64 priv[TQUIC_CC_PRIV];
};

extern const struct tquic_cc_ops tquic_cc_reno;
extern const struct tquic_cc_ops tquic_cc_cubic;

const struct tquic_cc_ops *tquic_cc_find(const char *name);
const struct tquic_cc_ops *tquic_cc_find_id(u8 id);
void tquic_cc_init(struct tquic_cc *cc, const struct tquic_cc_ops *ops, u32 mss);
void tquic_cc_set_mss(struct tquic_cc *cc, u32 mss);
void tquic_cc_on_ack(struct tquic_cc *cc, u32 acked_bytes, u64 sent_us, u64 now_us);
bool tquic_cc_on_lost(struct tquic_cc *cc, u32 lost_bytes, u64 sent_us, u64 now_us);
bool tquic_cc_on_ce(struct tquic_cc *cc, u64 sent_us, u64 now_us);
void tquic_cc_on_persistent(struct tquic_cc *cc);
void tquic_cc_on_spurious(struct tquic_cc *cc);
void tquic_cc_discard(struct tquic_cc *cc, u32 bytes);

/** tquic_cc_min_window - kMinimumWindow, RFC 9002 section 7.2, bytes */
static inline u64 tquic_cc_min_window(const struct tquic_cc *cc)
{
	return 2ULL * cc->mss;
}

static inline bool tquic_cc_in_slow_start(const struct tquic_cc *cc)
{
	return cc->cwnd < cc->ssthresh;
}

/** tquic_cc_on_sent - a packet of @bytes that counts as in flight left */
static inline void tquic_cc_on_sent(struct tquic_cc *cc, u32 bytes)
{
	cc->in_flight += bytes;
	if (cc->in_flight + cc->mss > cc->cwnd)
		cc->app_limited = false;
}

/** tquic_cc_room - bytes that the window still lets out */
static inline u64 tquic_cc_room(const struct tquic_cc *cc)
{
	return cc->cwnd > cc->in_flight ? cc->cwnd - cc->in_flight : 0;
}

#endif

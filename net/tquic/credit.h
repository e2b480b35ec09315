/* SPDX-License-Identifier: GPL-2.0 */
/* Flow-control credit, in either direction: used alike for connection, stream and stream counts. */
#ifndef _TQUIC_CREDIT_H
#define _TQUIC_CREDIT_H

#include "wire.h"

struct tquic_credit_tx {
	u64 max;	/* the peer's limit, absolute */
	u64 used;	/* how far we are */
	u64 blocked_at;	/* max + 1 when *_BLOCKED was last asked for, else 0 */
};

struct tquic_credit_rx {
	u64 max;	/* the limit we have advertised, absolute */
	u64 received;	/* how far the peer is */
	u64 consumed;	/* how far the reader is */
	u64 window;	/* bytes (or streams) we keep open beyond consumed */
	u64 window_max;	/* cap of window; equal to window: it does not grow */
	u64 epoch_us;	/* when the current measuring round began, 0: not yet */
	u64 epoch_consumed;
};

bool tquic_credit_tx_raise(struct tquic_credit_tx *c, u64 max);
bool tquic_credit_tx_blocked(struct tquic_credit_tx *c);
void tquic_credit_rx_init(struct tquic_credit_rx *c, u64 window, u64 window_max);
int tquic_credit_rx_receive(struct tquic_credit_rx *c, u64 end);
bool tquic_credit_rx_consume(struct tquic_credit_rx *c, u64 n, u32 rtt_us, u64 now_us);
u64 tquic_credit_rx_advertise(struct tquic_credit_rx *c);

/** tquic_credit_tx_left - what may still be sent */
static inline u64 tquic_credit_tx_left(const struct tquic_credit_tx *c)
{
	return c->max > c->used ? c->max - c->used : 0;
}

/** tquic_credit_rx_due - an update is worth sending: half the window is consumed */
static inline bool tquic_credit_rx_due(const struct tquic_credit_rx *c)
{
	u64 wanted = c->consumed + c->window;

	return wanted > c->max && wanted - c->max >= c->window / 2;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What was received in one packet number space and when to say so. */
#ifndef _TQUIC_ACK_H
#define _TQUIC_ACK_H

#include "ranges.h"
#include "wire.h"

#define TQUIC_ACK_MAX_RANGES	128	/* kept; the lowest are forgotten first */
#define TQUIC_ACK_KEEP_RANGES	4	/* kept although the peer knows that we have them */
#define TQUIC_ACK_TOLERANCE	2	/* ack-eliciting packets for an ACK, by default */
#define TQUIC_ACK_TOLERANCE_MAX	1024	/* though more is asked */

#define TQUIC_ACK_READER_US	1000	/* patience with a reader who is being woken */

enum tquic_ecn {		/* the two bits of the IP header */
	TQUIC_ECN_NOT,
	TQUIC_ECN_ECT1,
	TQUIC_ECN_ECT0,
	TQUIC_ECN_CE,
};

struct tquic_ack {
	struct tquic_ranges rcvd;	/* packet numbers, inclusive of all we answer for */
	u64 floor;			/* below it everything counts as received */
	u64 largest_us;			/* when the largest arrived */
	u64 due_us;			/* an ACK must leave by then; TQUIC_TIME_NEVER: none */
	u64 ecn[3];			/* ECT(0), ECT(1), CE counts, as in the frame */
	u32 patience_us;		/* how long one may wait that is owed for their number */
	u16 eliciting;			/* ack-eliciting packets since the last ACK */
	u16 tolerance;			/* ack-eliciting packets that one ACK may wait for */
	u32 reorder;			/* an ACK at once for what is late by so many; 0: none */
	u64 reported;			/* largest packet number of the last ACK */
	u64 freq_seq;			/* older ACK_FREQUENCY frames are obsolete */
	bool ce;			/* the newest ack-eliciting packet was marked CE */
	bool now;			/* an ACK is owed at once */
	bool unsent;			/* something received since the last ACK */
};

void tquic_ack_init(struct tquic_ack *a);
void tquic_ack_free(struct tquic_ack *a);
bool tquic_ack_seen(const struct tquic_ack *a, u64 pn);
int tquic_ack_note(struct tquic_ack *a, u64 pn, bool eliciting, enum tquic_ecn ecn, u64 now_us,
		   u64 max_delay_us);
u8 *tquic_ack_write(struct tquic_ack *a, u8 *p, u8 *end, u8 exponent, u64 now_us, u64 *largest);
void tquic_ack_sent(struct tquic_ack *a);
void tquic_ack_acked(struct tquic_ack *a, u64 largest);
bool tquic_ack_overdue(const struct tquic_ack *a, u64 pn);
bool tquic_ack_frequency(struct tquic_ack *a, u64 seq, u64 threshold, u64 reorder);

/** tquic_ack_due - an ACK must leave now */
static inline bool tquic_ack_due(const struct tquic_ack *a, u64 now_us)
{
	return a->now || now_us >= a->due_us;
}

/** tquic_ack_note_next - tquic_ack_note() of the next @n packets, eliciting, not marked CE */
static inline void tquic_ack_note_next(struct tquic_ack *a, u32 n, enum tquic_ecn ecn, u64 now_us,
				       u64 max_delay_us)
{
	if (ecn != TQUIC_ECN_NOT)
		a->ecn[ecn == TQUIC_ECN_ECT1] += n;
	a->rcvd.r[a->rcvd.nr - 1].end += n;
	a->largest_us = now_us;
	a->unsent = true;
	a->eliciting += n;
	a->ce = false;
	if (unlikely(a->reorder > 1 && a->rcvd.nr > 1))
		a->now |= tquic_ack_overdue(a, a->rcvd.r[a->rcvd.nr - 1].end - 1);
	if (a->eliciting >= a->tolerance)
		a->due_us = min(a->due_us, now_us + a->patience_us);
	else if (a->due_us == TQUIC_TIME_NEVER)
		a->due_us = now_us + max_delay_us;
}

/** tquic_ack_largest - largest packet number received, TQUIC_PN_NONE if none */
static inline u64 tquic_ack_largest(const struct tquic_ack *a)
{
	return a->rcvd.nr ? a->rcvd.r[a->rcvd.nr - 1].end - 1 : TQUIC_PN_NONE;
}

#endif

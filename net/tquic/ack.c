// SPDX-License-Identifier: GPL-2.0
/*
 * Received packet numbers, duplicates, and the ACKs owed, RFC 9000 sections 13.2 and 19.3 and
 * draft-ietf-quic-ack-frequency.  Decides when an ACK must leave and writes it; never sends it.
 */
#include <linux/slab.h>

#include "ack.h"
#include "varint.h"

/** tquic_ack_init - nothing received, no ACK owed; allocates nothing */
void tquic_ack_init(struct tquic_ack *a)
{
	memset(a, 0, sizeof(*a));
	tquic_ranges_init(&a->rcvd, TQUIC_ACK_MAX_RANGES);
	a->due_us = TQUIC_TIME_NEVER;
	a->tolerance = TQUIC_ACK_TOLERANCE;
	a->reorder = 1;
}

/*
 * tquic_ack_frequency - the peer asks, by an ACK_FREQUENCY frame of number @seq, for an ACK after
 * more than @threshold ack-eliciting packets, and at once for one that is out of order by @reorder;
 * draft-ietf-quic-ack-frequency section 4.  Returns false for an obsolete frame, which is ignored.
 */
bool tquic_ack_frequency(struct tquic_ack *a, u64 seq, u64 threshold, u64 reorder)
{
	if (seq < a->freq_seq)
		return false;
	a->freq_seq = seq + 1;
	a->tolerance = min_t(u64, threshold, TQUIC_ACK_TOLERANCE_MAX - 1) + 1;
	a->reorder = min_t(u64, reorder, U32_MAX);
	return true;
}

/*
 * tquic_ack_overdue - @pn, received just now, or a gap that the peer was not told of makes it think
 * a packet lost, its reordering threshold being a->reorder, more than 1: section 6.2 of the draft
 */
bool tquic_ack_overdue(const struct tquic_ack *a, u64 pn)
{
	const struct tquic_range *r = a->rcvd.r + a->rcvd.nr - 1;
	u64 low = a->reported >= a->reorder ? a->reported - a->reorder + 1 : 0;
	u64 largest = r->end - 1, missing = largest;

	for (; r > a->rcvd.r && r->start > low; r--)
		missing = max(r[-1].end, low);
	return pn < low || largest - missing >= a->reorder;
}

/** tquic_ack_free - release the memory of the ranges */
void tquic_ack_free(struct tquic_ack *a)
{
	tquic_ranges_free(&a->rcvd);
}

/** tquic_ack_seen - received before or too old to tell; first to be asked, RFC 9000 section 12.3 */
bool tquic_ack_seen(const struct tquic_ack *a, u64 pn)
{
	u64 largest = tquic_ack_largest(a);

	if (pn < a->floor)
		return true;
	if (largest == TQUIC_PN_NONE || pn > largest)
		return false;
	return tquic_ranges_contains(&a->rcvd, pn, pn + 1);
}

/* add pn, which is neither seen nor next in order */
static int add_pn(struct tquic_ack *a, u64 pn)
{
	if (a->rcvd.nr >= TQUIC_ACK_MAX_RANGES) {
		/* no room for more holes: what fills the lowest one is not wanted any more */
		if (pn < a->rcvd.r[0].end)
			return 1;
		a->floor = a->rcvd.r[0].end;
		tquic_ranges_drop_first(&a->rcvd);
	}
	return tquic_ranges_add(&a->rcvd, pn, pn + 1, GFP_ATOMIC) < 0 ? -ENOMEM : 0;
}

/*
 * tquic_ack_note - a packet was received, authenticated and is being processed; @max_delay_us: how
 * long its ACK may wait, 0: not at all (Initial, Handshake).  RFC 9000 section 13.2.1: an ACK is
 * owed at once for every second ack-eliciting packet, for one that is out of order or that follows
 * a gap, and for one that was marked CE; tquic_ack_frequency() makes it fewer.  Returns 0: new; 1:
 * received before, or too old to tell, drop it; -ENOMEM: not noted, treat it as not received.
 */
int tquic_ack_note(struct tquic_ack *a, u64 pn, bool eliciting, enum tquic_ecn ecn, u64 now_us,
		   u64 max_delay_us)
{
	static const u8 slot[] = { [TQUIC_ECN_ECT0] = 0, [TQUIC_ECN_ECT1] = 1, [TQUIC_ECN_CE] = 2 };
	u64 largest = tquic_ack_largest(a);
	bool disorder = false;
	int ret;

	if (largest != TQUIC_PN_NONE && pn == largest + 1) {
		a->rcvd.r[a->rcvd.nr - 1].end++;
	} else {
		if (tquic_ack_seen(a, pn))
			return 1;
		ret = add_pn(a, pn);
		if (ret)
			return ret;
		disorder = largest != TQUIC_PN_NONE;
	}
	if (largest == TQUIC_PN_NONE || pn > largest)
		a->largest_us = now_us;
	if (ecn != TQUIC_ECN_NOT)
		a->ecn[slot[ecn]]++;
	a->unsent = true;
	if (!eliciting)
		return 0;
	a->eliciting++;
	if (unlikely(a->reorder != 1))
		disorder = a->rcvd.nr >= TQUIC_ACK_MAX_RANGES / 2 ||	/* before some are lost */
			   (a->reorder && (disorder || a->rcvd.nr > 1) &&
			    tquic_ack_overdue(a, pn));
	if (disorder || (ecn == TQUIC_ECN_CE && !(a->ce && a->tolerance > TQUIC_ACK_TOLERANCE)) ||
	    !max_delay_us)
		a->now = true;
	else if (a->eliciting >= a->tolerance)
		a->due_us = min(a->due_us, now_us + a->patience_us);
	else if (a->due_us == TQUIC_TIME_NEVER)
		a->due_us = now_us + max_delay_us;
	a->ce = ecn == TQUIC_ECN_CE;
	return 0;
}

/* how many ranges below the highest fit in room bytes */
static u32 ranges_that_fit(const struct tquic_ranges *rs, long room)
{
	const struct tquic_range *r;
	u32 n;

	for (n = 0; n + 1 < rs->nr; n++) {
		r = &rs->r[rs->nr - 2 - n];
		room -= tquic_varint_len(r[1].start - r->end - 1) +
			tquic_varint_len(r->end - r->start - 1);
		/* the count itself takes a second byte from 64 on */
		if (room < (n + 1 >= 64 ? 1 : 0))
			break;
	}
	return n;
}

/*
 * tquic_ack_write - write an ACK frame of all that was received, RFC 9000 section 19.3, but for
 * lower ranges when room is short; @exponent: our ack_delay_exponent; @largest: set to the largest
 * packet number acknowledged.  Returns the byte after it; @p: nothing was received, or no room.
 */
u8 *tquic_ack_write(struct tquic_ack *a, u8 *p, u8 *end, u8 exponent, u64 now_us, u64 *largest)
{
	const struct tquic_range *r;
	bool ecn = a->ecn[0] || a->ecn[1] || a->ecn[2];
	u64 delay, top;
	long room;
	u32 n, i;

	if (!a->rcvd.nr)
		return p;
	r = &a->rcvd.r[a->rcvd.nr - 1];
	top = r->end - 1;
	delay = now_us > a->largest_us ? (now_us - a->largest_us) >> exponent : 0;

	room = end - p;
	room -= 2 + tquic_varint_len(top) + tquic_varint_len(delay) +
		tquic_varint_len(top - r->start);
	for (i = 0; ecn && i < 3; i++)
		room -= tquic_varint_len(a->ecn[i]);
	if (room < 0)
		return p;
	n = ranges_that_fit(&a->rcvd, room);

	*p++ = ecn ? TQUIC_FT_ACK_ECN : TQUIC_FT_ACK;
	p = tquic_varint_put(p, top);
	p = tquic_varint_put(p, delay);
	p = tquic_varint_put(p, n);
	p = tquic_varint_put(p, top - r->start);
	while (n--) {
		r--;
		p = tquic_varint_put(p, r[1].start - r->end - 1);
		p = tquic_varint_put(p, r->end - r->start - 1);
	}
	for (i = 0; ecn && i < 3; i++)
		p = tquic_varint_put(p, a->ecn[i]);
	*largest = top;
	return p;
}

/** tquic_ack_sent - the packet with the frame just written leaves: nothing is owed now */
void tquic_ack_sent(struct tquic_ack *a)
{
	a->due_us = TQUIC_TIME_NEVER;
	a->eliciting = 0;
	a->reported = a->rcvd.r[a->rcvd.nr - 1].end - 1;
	a->now = false;
	a->unsent = false;
}

/*
 * tquic_ack_acked - the peer has an ACK of ours, of @largest at most: what lies below need not be
 * repeated, RFC 9000 section 13.2.4.  The highest few ranges stay, for packets merely overtaken.
 */
void tquic_ack_acked(struct tquic_ack *a, u64 largest)
{
	struct tquic_ranges *rs = &a->rcvd;

	while (rs->nr > TQUIC_ACK_KEEP_RANGES && rs->r[0].end <= largest) {
		a->floor = rs->r[0].end;
		tquic_ranges_drop_first(rs);
	}
}

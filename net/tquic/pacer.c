// SPDX-License-Identifier: GPL-2.0
/*
 * The leaky bucket behind pacing, which lets out batches of about a millisecond.  Owns the rate and
 * the tokens; its caller sends, waits and tells the time.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "pacer.h"

#define RATE_LIMIT	BIT_ULL(39)	/* bytes per second */
#define IDLE_US		BIT_ULL(24)	/* fills any bucket; RATE_LIMIT times it fits an s64 */
#define INITIAL_BURST	10		/* datagrams, RFC 9002 sections 7.2 and 7.7 */

/* what follows from rate and mss */
static void set_sizes(struct tquic_pacer *pc)
{
	u64 per_batch = div_u64(pc->rate, USEC_PER_SEC / TQUIC_PACER_BATCH_US);

	pc->batch = clamp_t(u64, per_batch, 2 * pc->mss,
			    max_t(u32, 2 * pc->mss, TQUIC_PACER_MAX_BATCH));
	/* two batches: a timer that is late by one costs no throughput */
	pc->burst = clamp_t(u64, 2 * per_batch, INITIAL_BURST * pc->mss, U32_MAX);
}

/** tquic_pacer_init - a bucket that lets everything out until the first update */
void tquic_pacer_init(struct tquic_pacer *pc, u32 mss)
{
	memset(pc, 0, sizeof(*pc));
	pc->rate_max = ~0ULL;
	pc->mss = mss;
	set_sizes(pc);
	pc->tokens = pc->burst;
}

/*
 * tquic_pacer_update - new figures of the path, once per ACK, RFC 9002 section 7.7 with N = 2 in
 * slow start, which must not be held back, and 1.25 after.  @srtt_us 0: do not pace, as is right
 * where min_rtt is below TQUIC_PACER_MIN_RTT_US: with fewer than two batches in a round trip there
 * is nothing to spread, and a timer costs more than the round trip.
 */
void tquic_pacer_update(struct tquic_pacer *pc, u64 cwnd, u32 srtt_us, bool slow_start, u32 mss)
{
	u64 rate = 0;

	if (srtt_us) {
		cwnd = min(cwnd, RATE_LIMIT) * (slow_start ? 8 : 5) / 4;
		rate = clamp(div_u64(cwnd * (USEC_PER_SEC / 16), srtt_us) * 16, 1ULL, RATE_LIMIT);
	}
	if (pc->rate_max != ~0ULL && (!rate || rate > pc->rate_max))
		rate = clamp(pc->rate_max, 1ULL, RATE_LIMIT);
	if (rate == pc->rate && mss == pc->mss)
		return;
	if (!pc->rate)
		pc->tokens = max_t(s64, pc->tokens, 0);
	pc->rate = rate;
	pc->mss = mss;
	set_sizes(pc);
}

static void refill(struct tquic_pacer *pc, u64 now_us)
{
	u64 us = now_us > pc->last_us ? now_us - pc->last_us : 0;

	if (us >= IDLE_US) {
		pc->tokens = pc->burst;
		pc->rem = 0;
	} else {
		pc->tokens += div_u64_rem(pc->rate * us + pc->rem, USEC_PER_SEC, &pc->rem);
		pc->tokens = min_t(s64, pc->tokens, pc->burst);
	}
	pc->last_us = max(now_us, pc->last_us);
}

/*
 * tquic_pacer_room - bytes that may leave now: at least a batch and at most TQUIC_PACER_MAX_BATCH
 * (two datagrams, where those are more), or 0: ask again at tquic_pacer_next_us().  ~0: not paced.
 */
u64 tquic_pacer_room(struct tquic_pacer *pc, u64 now_us)
{
	if (!pc->rate)
		return ~0ULL;
	refill(pc, now_us);
	if (pc->tokens < pc->batch)
		return 0;
	return min_t(u64, pc->tokens, max_t(u32, pc->batch, TQUIC_PACER_MAX_BATCH));
}

/** tquic_pacer_sent - bytes left, with or without leave; too many are a debt */
void tquic_pacer_sent(struct tquic_pacer *pc, u32 bytes)
{
	if (pc->rate)
		pc->tokens -= bytes;
}

/** tquic_pacer_next_us - when tquic_pacer_room() will say yes; @now_us if it would now */
u64 tquic_pacer_next_us(const struct tquic_pacer *pc, u64 now_us)
{
	s64 need = (s64)pc->batch - pc->tokens;

	if (!pc->rate || need <= 0)
		return now_us;
	need = div64_u64((u64)need * USEC_PER_SEC + pc->rate - 1, pc->rate);
	return max(now_us, pc->last_us + need);
}

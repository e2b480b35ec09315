/* SPDX-License-Identifier: GPL-2.0 */
/* Pacing, RFC 9002 section 7.7: how many bytes may leave now and when the next batch may. */
#ifndef _TQUIC_PACER_H
#define _TQUIC_PACER_H

#include <linux/types.h>

#define TQUIC_PACER_BATCH_US	1000		/* what a batch is worth */
#define TQUIC_PACER_MAX_BATCH	65536		/* bytes */
#define TQUIC_PACER_MIN_RTT_US	2000		/* paths with a shorter min_rtt are not paced */

struct tquic_pacer {
	u64 rate;		/* bytes per second; 0: not paced */
	u64 rate_max;		/* SO_MAX_PACING_RATE, bytes per second; ~0: none */
	s64 tokens;		/* bytes that may leave; below zero: debt */
	u64 last_us;		/* when tokens was true */
	u32 burst;		/* bytes, most that tokens holds */
	u32 batch;		/* bytes, least that is let out at a time */
	u32 rem;		/* of the last refill, millionths of a byte */
	u32 mss;
};

void tquic_pacer_init(struct tquic_pacer *pc, u32 mss);
void tquic_pacer_update(struct tquic_pacer *pc, u64 cwnd, u32 srtt_us, bool slow_start, u32 mss);
u64 tquic_pacer_room(struct tquic_pacer *pc, u64 now_us);
void tquic_pacer_sent(struct tquic_pacer *pc, u32 bytes);
u64 tquic_pacer_next_us(const struct tquic_pacer *pc, u64 now_us);

#endif

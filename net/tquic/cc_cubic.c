// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC, RFC 9438, with HyStart++, RFC 9406, in the first slow start.  Owns the curve
 * and the rounds of slow start; everything is bytes, microseconds, and 1/1024 s on the
 * curve, whose 64-bit products hold up to 100 Gbit/s and a second of round trip.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "cc.h"

/* RFC 9438 section 4.1: C = 0.4, beta = 0.7, alpha = 3 (1 - beta) / (1 + beta) = 9/17 */
#define BETA_NUM		7
#define BETA_DEN		10
#define ALPHA_NUM		9
#define ALPHA_DEN		17
#define T_MAX			BIT(18)		/* 1/1024 s: 256 s off the plateau */

/* RFC 9406 section 4.3 */
#define MIN_RTT_THRESH_US	4000
#define MAX_RTT_THRESH_US	16000
#define MIN_RTT_DIVISOR		8
#define N_RTT_SAMPLE		8
#define CSS_GROWTH_DIVISOR	4
#define CSS_ROUNDS		5
#define NO_RTT			U32_MAX

/* Where we are on the curve: what undo takes back */
struct curve {
	u64 w_max;		/* bytes */
	u64 cwnd_prior;		/* bytes */
	u64 w_est;		/* bytes, what Reno would have */
	u64 epoch_us;		/* start of this congestion avoidance, 0: at the next ACK */
	u32 k;			/* 1/1024 s */
};

struct cubic {
	struct curve at;
	struct curve before;	/* the last event */
	u64 est_acked;		/* towards the next step of w_est, bytes times alpha's parts */
	u64 rem;		/* of the last increment, parts of a byte over cwnd */
	u64 limited_us;		/* since when the application limits us, 0: it does not */
	/* HyStart++ */
	u64 round_us;		/* when this round began */
	u32 last_min_us;	/* least RTT of the round before, NO_RTT: none */
	u32 cur_min_us;		/* of this round */
	u32 css_base_us;	/* least RTT when slow start became careful; NO_RTT: it is not */
	u8 samples;		/* RTTs seen in this round */
	u8 css_rounds;
};

static_assert(sizeof(struct cubic) <= sizeof_field(struct tquic_cc, priv));

static struct cubic *cubic_of(struct tquic_cc *cc)
{
	return (struct cubic *)cc->priv;
}

static void cubic_init(struct tquic_cc *cc)
{
	struct cubic *c = cubic_of(cc);

	memset(c, 0, sizeof(*c));
	c->last_min_us = NO_RTT;
	c->cur_min_us = NO_RTT;
	c->css_base_us = NO_RTT;
}

/* the largest r with r^3 <= x, x below 2^63 */
static u32 cube_root(u64 x)
{
	u64 r = 0, t;

	for (int bit = 20; bit >= 0; bit--) {
		t = r | 1ULL << bit;
		if (t * t * t <= x)
			r = t;
	}
	return r;
}

/* K of section 4.2: the cube root of (w_max - cwnd) / C, in 1/1024 s */
static u32 time_to_plateau(const struct tquic_cc *cc, u64 w_max)
{
	u64 gap = min(w_max - cc->cwnd, 1ULL << 40);

	/* segments / 0.4, in 1/1024 of them; 1024^3 in all */
	gap = min(div_u64(gap * 1024 * 10 / 4, cc->mss), (1ULL << 42) - 1);
	return cube_root(gap << 20);
}

/* W_cubic at t after the epoch began, bytes */
static u64 window_at(const struct tquic_cc *cc, const struct cubic *c, u64 us)
{
	u64 t = div_u64(us * 128, 125000);
	u64 d = min_t(u64, t > c->at.k ? t - c->at.k : c->at.k - t, T_MAX);
	/* 0.4 mss (d / 1024)^3: below 2^62 for any mss */
	u64 delta = div_u64((d * d * d >> 10) * cc->mss * 4, 10) >> 20;

	if (t > c->at.k)
		return c->at.w_max + delta;
	return c->at.w_max > delta ? c->at.w_max - delta : 0;
}

static void begin_epoch(struct tquic_cc *cc, struct cubic *c, u64 now_us)
{
	c->at.epoch_us = now_us;
	c->at.w_est = cc->cwnd;
	c->est_acked = 0;
	c->rem = 0;
	c->at.w_max = max(c->at.w_max, cc->cwnd);
	c->at.k = time_to_plateau(cc, c->at.w_max);
	if (!c->at.cwnd_prior)
		c->at.cwnd_prior = cc->cwnd;
}

/* equation 4, without a division: w_est gains a datagram per cwnd / alpha bytes */
static void grow_estimate(struct tquic_cc *cc, struct cubic *c, u32 acked_bytes)
{
	u32 alpha = c->at.w_est >= c->at.cwnd_prior ? ALPHA_DEN : ALPHA_NUM;

	c->est_acked += (u64)acked_bytes * alpha;
	while (c->est_acked >= cc->cwnd * ALPHA_DEN) {
		c->est_acked -= cc->cwnd * ALPHA_DEN;
		c->at.w_est += cc->mss;
	}
}

/* sections 4.4 and 4.5: (target - cwnd) / cwnd for each byte acknowledged */
static void grow_to(struct tquic_cc *cc, struct cubic *c, u64 target, u32 acked_bytes)
{
	u64 room, cwnd = cc->cwnd;

	if (target <= cwnd)
		return;
	room = min(target - cwnd, cwnd / 2);
	if (room >> 31) {	/* a window of gigabytes: its low bits do not matter */
		cc->cwnd += div64_u64((room >> 10) * acked_bytes, cwnd >> 10);
		return;
	}
	cc->cwnd += div64_u64_rem(room * acked_bytes + c->rem, cwnd, &c->rem);
}

static void avoid_congestion(struct tquic_cc *cc, struct cubic *c, u32 acked_bytes, u64 now_us)
{
	u64 us;

	if (!c->at.epoch_us)
		begin_epoch(cc, c, now_us);
	us = now_us - c->at.epoch_us;
	grow_estimate(cc, c, acked_bytes);
	if (window_at(cc, c, us) < c->at.w_est)
		cc->cwnd = max(cc->cwnd, c->at.w_est);
	else
		grow_to(cc, c, window_at(cc, c, us + cc->srtt_us), acked_bytes);
}

/* RFC 9406 section 4.2 at the end of a round; true: slow start is over */
static bool next_round(struct cubic *c, u64 now_us)
{
	c->round_us = now_us;
	c->last_min_us = c->cur_min_us;
	c->cur_min_us = NO_RTT;
	c->samples = 0;
	return c->css_base_us != NO_RTT && ++c->css_rounds >= CSS_ROUNDS;
}

/* RFC 9406 section 4.2: does the RTT of this round say that a queue builds, or not any more? */
static void judge_rtt(struct cubic *c)
{
	u32 thresh;

	if (c->samples < N_RTT_SAMPLE || c->last_min_us == NO_RTT)
		return;
	if (c->css_base_us != NO_RTT) {
		if (c->cur_min_us < c->css_base_us)
			c->css_base_us = NO_RTT;
		return;
	}
	thresh = clamp_t(u32, c->last_min_us / MIN_RTT_DIVISOR, MIN_RTT_THRESH_US,
			 MAX_RTT_THRESH_US);
	if (c->cur_min_us >= c->last_min_us + thresh) {
		c->css_base_us = c->cur_min_us;
		c->css_rounds = 0;
	}
}

static void slow_start(struct tquic_cc *cc, struct cubic *c, u32 acked_bytes, u64 sent_us,
		       u64 now_us)
{
	if (cc->ssthresh != ~0ULL) {	/* HyStart++ is for the first slow start */
		cc->cwnd += acked_bytes;
		return;
	}
	if (sent_us >= c->round_us && next_round(c, now_us)) {
		cc->ssthresh = cc->cwnd;
		return;
	}
	c->cur_min_us = min(c->cur_min_us, cc->latest_rtt_us);
	if (c->samples < N_RTT_SAMPLE)
		c->samples++;
	judge_rtt(c);
	cc->cwnd += c->css_base_us == NO_RTT ? acked_bytes : acked_bytes / CSS_GROWTH_DIVISOR;
}

static void cubic_on_ack(struct tquic_cc *cc, u32 acked_bytes, u64 sent_us, u64 now_us)
{
	struct cubic *c = cubic_of(cc);

	if (cc->app_limited) {
		if (!c->limited_us)
			c->limited_us = now_us;
		return;
	}
	if (c->limited_us) {	/* time without growth does not move us along the curve */
		if (c->at.epoch_us)
			c->at.epoch_us += now_us - c->limited_us;
		c->limited_us = 0;
	}
	if (tquic_cc_in_slow_start(cc))
		slow_start(cc, c, acked_bytes, sent_us, now_us);
	else
		avoid_congestion(cc, c, acked_bytes, now_us);
}

/* sections 4.6 and 4.7 */
static void cubic_on_event(struct tquic_cc *cc, u64 now_us)
{
	struct cubic *c = cubic_of(cc);

	c->before = c->at;
	if (cc->cwnd < c->at.w_max)	/* fast convergence: (1 + beta) / 2 */
		c->at.w_max = div_u64(cc->cwnd * (BETA_DEN + BETA_NUM), 2 * BETA_DEN);
	else
		c->at.w_max = cc->cwnd;
	c->at.cwnd_prior = cc->cwnd;
	c->at.epoch_us = 0;
	c->limited_us = 0;
	cc->ssthresh = max(div_u64(cc->cwnd * BETA_NUM, BETA_DEN), tquic_cc_min_window(cc));
	cc->cwnd = cc->ssthresh;
}

/* section 4.8: K is 0 and w_max the window where congestion avoidance begins again */
static void cubic_on_persistent(struct tquic_cc *cc)
{
	struct cubic *c = cubic_of(cc);

	c->at.w_max = 0;
	c->at.epoch_us = 0;
	c->limited_us = 0;
}

/* section 4.9.2 */
static void cubic_undo(struct tquic_cc *cc)
{
	cubic_of(cc)->at = cubic_of(cc)->before;
}

const struct tquic_cc_ops tquic_cc_cubic = {
	.name = "cubic",
	.id = QUIC_CONG_ALG_CUBIC,
	.init = cubic_init,
	.on_ack = cubic_on_ack,
	.on_event = cubic_on_event,
	.on_persistent = cubic_on_persistent,
	.undo = cubic_undo,
};

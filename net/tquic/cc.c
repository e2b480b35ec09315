// SPDX-License-Identifier: GPL-2.0
/*
 * What all congestion controllers share, RFC 9002 section 7 and appendix B: bytes in
 * flight, when a congestion event begins a recovery period, undo; and NewReno.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "cc.h"

static const struct tquic_cc_ops *const algorithms[] = {
	&tquic_cc_cubic,	/* the default */
	&tquic_cc_reno,
};

/** tquic_cc_find - the algorithm of that name, "" for the default; NULL if there is none */
const struct tquic_cc_ops *tquic_cc_find(const char *name)
{
	if (!*name)
		return algorithms[0];
	for (u32 i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (!strncmp(name, algorithms[i]->name, QUIC_CONGESTION_NAME_BYTES))
			return algorithms[i];
	return NULL;
}

/** tquic_cc_find_id - the algorithm with that enum quic_cong_alg; NULL if there is none */
const struct tquic_cc_ops *tquic_cc_find_id(u8 id)
{
	for (u32 i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (algorithms[i]->id == id)
			return algorithms[i];
	return NULL;
}

/* kInitialWindow, RFC 9002 section 7.2 */
static u64 initial_window(u32 mss)
{
	return min(10ULL * mss, max(14720ULL, 2ULL * mss));
}

/** tquic_cc_init - start anew, as on a fresh path; @ops NULL: the default algorithm */
void tquic_cc_init(struct tquic_cc *cc, const struct tquic_cc_ops *ops, u32 mss)
{
	memset(cc, 0, sizeof(*cc));
	cc->ops = ops ? ops : algorithms[0];
	cc->mss = mss;
	cc->cwnd = initial_window(mss);
	cc->ssthresh = ~0ULL;
	cc->ops->init(cc);
}

/** tquic_cc_set_mss - a full datagram has @mss bytes now; an initial window is computed anew */
void tquic_cc_set_mss(struct tquic_cc *cc, u32 mss)
{
	bool initial = cc->cwnd == initial_window(cc->mss) && cc->ssthresh == ~0ULL;

	cc->mss = mss;
	cc->cwnd = initial ? initial_window(mss) : max(cc->cwnd, tquic_cc_min_window(cc));
}

/** tquic_cc_discard - bytes are in flight no longer and say nothing about congestion */
void tquic_cc_discard(struct tquic_cc *cc, u32 bytes)
{
	cc->in_flight -= min_t(u64, cc->in_flight, bytes);
}

/* RFC 9002 appendix B.5; recovery_us 0: there was no event yet */
static bool in_recovery(const struct tquic_cc *cc, u64 sent_us)
{
	return cc->recovery_us && sent_us <= cc->recovery_us;
}

/*
 * tquic_cc_on_ack - bytes in flight were newly acknowledged by one ACK, the newest of which left at
 * @sent_us; the RTTs are up to date.  The window grows, unless app-limited or in recovery.
 */
void tquic_cc_on_ack(struct tquic_cc *cc, u32 acked_bytes, u64 sent_us, u64 now_us)
{
	tquic_cc_discard(cc, acked_bytes);
	if (!in_recovery(cc, sent_us))
		cc->ops->on_ack(cc, acked_bytes, sent_us, now_us);
}

/** tquic_cc_on_ce - RFC 9002 appendix B.6; @sent_us: of the largest acked; true: it is an event */
bool tquic_cc_on_ce(struct tquic_cc *cc, u64 sent_us, u64 now_us)
{
	if (in_recovery(cc, sent_us))
		return false;
	cc->prior_recovery_us = cc->recovery_us;
	cc->prior_cwnd = cc->cwnd;
	cc->prior_ssthresh = cc->ssthresh;
	cc->recovery_us = now_us;
	cc->ops->on_event(cc, now_us);
	return true;
}

/** tquic_cc_on_lost - true: this began a new recovery period */
bool tquic_cc_on_lost(struct tquic_cc *cc, u32 lost_bytes, u64 sent_us, u64 now_us)
{
	tquic_cc_discard(cc, lost_bytes);
	return tquic_cc_on_ce(cc, sent_us, now_us);
}

/** tquic_cc_on_persistent - persistent congestion, RFC 9002 section 7.6.2 */
void tquic_cc_on_persistent(struct tquic_cc *cc)
{
	cc->ops->on_persistent(cc);
	cc->cwnd = tquic_cc_min_window(cc);
	cc->recovery_us = 0;
	cc->prior_cwnd = 0;
}

/** tquic_cc_on_spurious - every loss behind the last event proved to be none: take it all back */
void tquic_cc_on_spurious(struct tquic_cc *cc)
{
	if (!cc->prior_cwnd)
		return;
	cc->ops->undo(cc);
	cc->cwnd = max(cc->cwnd, cc->prior_cwnd);
	cc->ssthresh = max(cc->ssthresh, cc->prior_ssthresh);
	cc->recovery_us = cc->prior_recovery_us;
	cc->prior_cwnd = 0;
}

/* NewReno; priv[0]: bytes acknowledged in congestion avoidance since the last step */

static void reno_reset(struct tquic_cc *cc)
{
	cc->priv[0] = 0;
}

static void reno_on_ack(struct tquic_cc *cc, u32 acked_bytes, u64 sent_us, u64 now_us)
{
	if (cc->app_limited)
		return;
	if (tquic_cc_in_slow_start(cc)) {
		cc->cwnd += acked_bytes;
		return;
	}
	/* one datagram for each window acknowledged, RFC 9002 section 7.3.3 */
	cc->priv[0] += acked_bytes;
	if (cc->priv[0] >= cc->cwnd) {
		cc->priv[0] -= cc->cwnd;
		cc->cwnd += cc->mss;
	}
}

static void reno_on_event(struct tquic_cc *cc, u64 now_us)
{
	cc->ssthresh = max(cc->cwnd / 2, tquic_cc_min_window(cc));
	cc->cwnd = cc->ssthresh;
	reno_reset(cc);
}

const struct tquic_cc_ops tquic_cc_reno = {
	.name = "reno",
	.id = QUIC_CONG_ALG_RENO,
	.init = reno_reset,
	.on_ack = reno_on_ack,
	.on_event = reno_on_event,
	.on_persistent = reno_reset,
	.undo = reno_reset,
};

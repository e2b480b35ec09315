// SPDX-License-Identifier: GPL-2.0
/*
 * Credit, RFC 9000 section 4: limits that only rise, how far each side is, when an update is due
 * and how wide the window should be.  Never sends one, never knows what is counted.
 */
#include <linux/kernel.h>
#include "credit.h"

/* the window doubles when half of it is consumed within this many round trips */
#define FAST_RTTS	2

/** tquic_credit_tx_raise - the peer announced @max; false: no news, RFC 9000 section 4.1 */
bool tquic_credit_tx_raise(struct tquic_credit_tx *c, u64 max)
{
	if (max <= c->max)
		return false;
	c->max = max;
	return true;
}

/** tquic_credit_tx_blocked - is a *_BLOCKED frame due?  Once for each limit that is reached */
bool tquic_credit_tx_blocked(struct tquic_credit_tx *c)
{
	if (c->used < c->max || c->blocked_at == c->max + 1)
		return false;
	c->blocked_at = c->max + 1;
	return true;
}

/** tquic_credit_rx_init - nothing received yet of @window, which may grow to @window_max */
void tquic_credit_rx_init(struct tquic_credit_rx *c, u64 window, u64 window_max)
{
	*c = (struct tquic_credit_rx){
		.max = window,
		.window = window,
		.window_max = max(window, window_max),
	};
}

/** tquic_credit_rx_receive - the peer got to @end, absolute; 0, or FLOW_CONTROL_ERROR, no change */
int tquic_credit_rx_receive(struct tquic_credit_rx *c, u64 end)
{
	if (end > c->max)
		return TQUIC_WERR(FLOW_CONTROL);
	c->received = max(c->received, end);
	return 0;
}

/*
 * A reader that takes half the window in less than two round trips would soon
 * wait for updates on their way: the window has to be wider than rate x RTT.
 */
static void tune_window(struct tquic_credit_rx *c, u32 rtt_us, u64 now_us)
{
	bool half = c->consumed - c->epoch_consumed >= c->window / 2;
	bool fast = c->epoch_us && now_us - c->epoch_us <= (u64)FAST_RTTS * rtt_us;

	if (fast && !half)
		return;
	if (fast)
		c->window = min(2 * c->window, c->window_max);
	c->epoch_us = now_us ?: 1;
	c->epoch_consumed = c->consumed;
}

/*
 * tquic_credit_rx_consume - the reader took @n more bytes or streams; @rtt_us, smoothed, 0:
 * unknown, the window stays as it is; @now_us is of any clock.  Returns tquic_credit_rx_due().
 */
bool tquic_credit_rx_consume(struct tquic_credit_rx *c, u64 n, u32 rtt_us, u64 now_us)
{
	c->consumed += n;
	if (rtt_us && c->window < c->window_max)
		tune_window(c, rtt_us, now_us);
	return tquic_credit_rx_due(c);
}

/** tquic_credit_rx_advertise - raise the limit as far as the window allows, for a MAX_* frame */
u64 tquic_credit_rx_advertise(struct tquic_credit_rx *c)
{
	c->max = max(c->max, min(c->consumed + c->window, TQUIC_VARINT_MAX));
	return c->max;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Path MTU discovery: which size to try when, and when to stop trusting the one
 * in use.  RFC 8899 with QUIC as the packetization layer, RFC 9000 section 14.
 * Never builds a probe, never arms a timer, never listens to ICMP.
 */
#include <linux/kernel.h>
#include "mtu.h"

/*
 * UDP payloads of links that are met in practice, over IPv6 and IPv4: when the
 * largest size fails the path most likely ends on one of these.
 */
static const u16 plateaus[] = {
	8972, 8952,	/* 9000: jumbo frames */
	1472, 1452,	/* 1500: Ethernet */
	1432,		/* 1460 to 1480: tunnels */
	1392, 1372,	/* 1420: WireGuard */
	1332,		/* 1360 to 1380: tunnels of tunnels */
	1232,		/* 1280: least of IPv6 */
};

#define FINE_SEARCH	128	/* bytes between two sizes that are worth looking between */
#define FINE_ENOUGH	16	/* and those that are not */

/* The size to try next: first the most, all that an ordinary path needs; 0: the search is over */
static u32 candidate(const struct tquic_mtu *m)
{
	if (m->cur >= m->max)
		return 0;
	if (m->high > m->max)
		return m->max;
	for (u32 i = 0; i < ARRAY_SIZE(plateaus); i++)
		if (plateaus[i] < m->high && plateaus[i] > m->cur)
			return plateaus[i];
	if (m->high - m->cur <= FINE_SEARCH && m->high - m->cur > FINE_ENOUGH)
		return (m->cur + m->high) / 2;
	return 0;
}

/* Go on now, or once more from the top in ten minutes. */
static void schedule(struct tquic_mtu *m, u64 now_us)
{
	m->probe = 0;
	m->next_us = TQUIC_TIME_NEVER;
	if (!m->enabled || m->cur >= m->max)
		return;
	m->next_us = now_us;
	if (!candidate(m)) {
		m->high = m->max + 1;
		m->next_us += TQUIC_MTU_RAISE_US;
	}
}

/** tquic_mtu_init - begin with @start bytes; no probes before the handshake is done */
void tquic_mtu_init(struct tquic_mtu *m, u32 max, u32 start)
{
	memset(m, 0, sizeof(*m));
	m->max = clamp_t(u32, max, TQUIC_MTU_BASE, TQUIC_MAX_UDP);
	m->cur = clamp_t(u32, start, TQUIC_MTU_BASE, m->max);
	m->high = m->max + 1;
	m->lost_us = TQUIC_TIME_NEVER;
	m->next_us = TQUIC_TIME_NEVER;
}

/** tquic_mtu_start - the path works: probe from now on, RFC 9000 section 14.3.1 */
void tquic_mtu_start(struct tquic_mtu *m, u64 now_us)
{
	m->enabled = true;
	if (!m->probe && m->next_us == TQUIC_TIME_NEVER)
		schedule(m, now_us);
}

/** tquic_mtu_set_max - route or peer allow @max bytes now: less at once, but not below 1200 */
void tquic_mtu_set_max(struct tquic_mtu *m, u32 max, u64 now_us)
{
	max = clamp_t(u32, max, TQUIC_MTU_BASE, TQUIC_MAX_UDP);
	if (max == m->max)
		return;
	m->max = max;
	m->cur = min(m->cur, m->max);
	m->high = m->max + 1;
	m->tries = 0;
	schedule(m, now_us);
}

/** tquic_mtu_due - size of the probe to send now, bytes of UDP payload; 0: none */
u32 tquic_mtu_due(const struct tquic_mtu *m, u64 now_us)
{
	return m->enabled && now_us >= m->next_us ? candidate(m) : 0;
}

/** tquic_mtu_probe_sent - a probe of @size bytes left: none is due until its fate is known */
void tquic_mtu_probe_sent(struct tquic_mtu *m, u32 size)
{
	m->probe = size;
	m->next_us = TQUIC_TIME_NEVER;
}

/** tquic_mtu_probe_acked - a probe arrived, perhaps late; true: the size in use rose */
bool tquic_mtu_probe_acked(struct tquic_mtu *m, u32 size, u64 now_us)
{
	bool rose = size > m->cur && size <= m->max;

	m->lost_row = 0;
	if (rose) {
		m->cur = size;
		m->tries = 0;
		if (size >= m->high)
			m->high = m->max + 1;
	}
	if (rose || size == m->probe)
		schedule(m, now_us);
	return rose;
}

/** tquic_mtu_probe_lost - says nothing about congestion; after MAX_PROBES the size is too large */
void tquic_mtu_probe_lost(struct tquic_mtu *m, u32 size, u64 now_us)
{
	if (size != m->probe)
		return;
	if (++m->tries >= TQUIC_MTU_MAX_PROBES) {
		m->tries = 0;
		m->high = size;
	}
	schedule(m, now_us);
}

static bool full_size(const struct tquic_mtu *m, u32 bytes)
{
	return bytes > TQUIC_MTU_BASE && bytes + TQUIC_MTU_SLACK >= m->cur;
}

/** tquic_mtu_acked - an ordinary packet of @bytes UDP payload arrived */
void tquic_mtu_acked(struct tquic_mtu *m, u32 bytes)
{
	if (m->lost_row && full_size(m, bytes))
		m->lost_row = 0;
}

/*
 * tquic_mtu_lost - an ordinary packet of @bytes UDP payload was lost, or a probe timeout fired.
 * Losses found at the same time count once, for a burst of them is congestion; tell
 * acknowledgements of the same ACK first.  Returns true when the path has become a black hole for
 * the size in use, RFC 8899 section 4.3: it is 1200 again and the search starts anew.
 */
bool tquic_mtu_lost(struct tquic_mtu *m, u32 bytes, u64 now_us)
{
	if (!full_size(m, bytes) || now_us == m->lost_us)
		return false;
	m->lost_us = now_us;
	if (++m->lost_row < TQUIC_MTU_BLACKHOLE)
		return false;
	m->lost_row = 0;
	m->tries = 0;
	m->high = m->cur;
	m->cur = TQUIC_MTU_BASE;
	schedule(m, now_us);
	return true;
}

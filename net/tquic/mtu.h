/* SPDX-License-Identifier: GPL-2.0 */
/* Datagram size of one path; sizes are UDP payload bytes. */
#ifndef _TQUIC_MTU_H
#define _TQUIC_MTU_H

#include "wire.h"

#define TQUIC_MTU_BASE		1200
#define TQUIC_MTU_MAX_PROBES	3	/* of one size, RFC 8899 section 5.1.2 */
#define TQUIC_MTU_RAISE_US	600000000ULL	/* PMTU_RAISE_TIMER */
#define TQUIC_MTU_BLACKHOLE	3	/* losses of full-size packets in a row: fall back */
#define TQUIC_MTU_SLACK		32	/* bytes that a full-size packet may lack */

struct tquic_mtu {
	u64 next_us;	/* when the next probe is due; TQUIC_TIME_NEVER: none */
	u64 lost_us;	/* when lost_row last rose: what is lost at once counts once */
	u16 cur;	/* size in use: the largest that is known to work */
	u16 max;	/* most that route, device and peer allow */
	u16 high;	/* smallest size known to fail, max + 1 at first */
	u16 probe;	/* size in flight, 0: none */
	u8 tries;	/* probes lost at this size */
	u8 lost_row;	/* times full-size packets were lost with none acknowledged between */
	bool enabled;
};

void tquic_mtu_init(struct tquic_mtu *m, u32 max, u32 start);
void tquic_mtu_start(struct tquic_mtu *m, u64 now_us);
void tquic_mtu_set_max(struct tquic_mtu *m, u32 max, u64 now_us);
u32 tquic_mtu_due(const struct tquic_mtu *m, u64 now_us);
void tquic_mtu_probe_sent(struct tquic_mtu *m, u32 size);
bool tquic_mtu_probe_acked(struct tquic_mtu *m, u32 size, u64 now_us);
void tquic_mtu_probe_lost(struct tquic_mtu *m, u32 size, u64 now_us);
void tquic_mtu_acked(struct tquic_mtu *m, u32 bytes);
bool tquic_mtu_lost(struct tquic_mtu *m, u32 bytes, u64 now_us);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* The frames of received packets: what the way in knows while it works on them. */
#ifndef _TQUIC_DISPATCH_H
#define _TQUIC_DISPATCH_H

#include "conn.h"

/*
 * Most packets of a transfer hold the next bytes of one stream, and differ from the one before
 * in packet number and offset only.  Such a run is taken packet by packet without a look at what
 * else could be, and noted once.
 */
struct tquic_rx_run {
	const u8 *at;		/* where the next payload is, if it is one; NULL: no run */
	struct tquic_stream *s;
	u64 head;		/* 8 bytes before the next offset */
	u64 off;		/* as it is written */
	u64 end;		/* of what may come, likewise */
	u64 pn;			/* the next */
	u32 bytes;		/* of each datagram */
	u32 nr;			/* taken and not noted yet */
	u8 first;		/* byte of each */
};

/* The skb being worked on */
struct tquic_rx_work {
	struct tquic_conn *conn;
	struct tquic_path *path;
	struct sk_buff *skb;		/* owns the bytes of the current packet */
	const u8 *dcid;			/* of the datagram's first packet, NULL: not read yet */
	u64 now_us;
	u32 bytes;			/* of the datagram */
	u8 dcid_len;
	u8 ecn;
	bool charged;			/* skb is charged to the owner */
	bool eliciting;			/* of the current packet */
	bool probing;			/* it holds only probing frames */
	struct tquic_rx_run run;
};

int tquic_dispatch(struct tquic_rx_work *in, const u8 *p, const u8 *end, u8 ptype,
		   enum tquic_space_id id, const u8 *dcid);

#endif

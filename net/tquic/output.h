/* SPDX-License-Identifier: GPL-2.0 */
/* The way out: what output.c, where the life of a packet is read, and flight.c offer. */
#ifndef _TQUIC_OUTPUT_H
#define _TQUIC_OUTPUT_H

#include "conn.h"

#define TQUIC_MORE_US	200000	/* how long a partial packet waits with MSG_MORE */
#define TQUIC_TAIL_FIRST 16	/* full batches that a connection sends before one's tail waits */

int tquic_xmit(struct tquic_conn *conn, struct tquic_path *path, u32 size, u32 max, u32 want,
	       u64 now_us);
void tquic_output_flush(struct tquic_conn *conn, u64 now_us);
void tquic_flight_output(struct tquic_conn *conn, u64 now_us);
void tquic_output_close(struct tquic_conn *conn, u64 now_us);

/** tquic_output_credit - have the peer told of what was consumed; false: no limit is due */
static inline bool tquic_output_credit(struct tquic_conn *conn)
{
	const struct tquic_streams *ss = &conn->streams;
	u16 due = (tquic_credit_rx_due(&ss->rx) ? TQUIC_DUE(MAX_DATA) : 0) |
		  (tquic_credit_rx_due(&ss->peer[0]) ? TQUIC_DUE(MAX_STREAMS_BIDI) : 0) |
		  (tquic_credit_rx_due(&ss->peer[1]) ? TQUIC_DUE(MAX_STREAMS_UNI) : 0);

	conn->due |= due;
	return due;
}

/** tquic_output_hold - more bytes follow at once: instead of a flush, but for a deadline */
static inline void tquic_output_hold(struct tquic_conn *conn, u64 now_us)
{
	if (conn->nagle_us == TQUIC_TIME_NEVER)
		conn->nagle_us = now_us + TQUIC_MORE_US;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* DATAGRAM frames, RFC 9221. */
#ifndef _TQUIC_DATAGRAM_H
#define _TQUIC_DATAGRAM_H

#include "packet.h"

u32 tquic_datagram_max(const struct tquic_conn *conn);
void tquic_datagram_queue(struct tquic_conn *conn, struct sk_buff *skb);
void tquic_datagram_frames(struct tquic_packet *b);
int tquic_datagram_rx(struct tquic_conn *conn, const struct tquic_rx_frame *f);
void tquic_datagram_drop(struct tquic_conn *conn);

#endif

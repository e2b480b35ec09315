/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way in: what input.c offers.  The life of a received packet is read there.
 */
#ifndef _TQUIC_INPUT_H
#define _TQUIC_INPUT_H

#include "conn.h"

void tquic_input(struct tquic_conn *conn, struct sk_buff *skb, const struct tquic_rx *rx);
void tquic_input_retry_undecryptable(struct tquic_conn *conn, u64 now_us);

#endif

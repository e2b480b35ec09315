/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel does of the handshake, RFC 9001 section 4.  TLS itself is in user space. */
#ifndef _TQUIC_HANDSHAKE_H
#define _TQUIC_HANDSHAKE_H

#include "conn.h"
#include "header.h"

int tquic_handshake_initial_keys(struct tquic_conn *conn, u32 version);
int tquic_handshake_secret(struct tquic_conn *conn, const struct quic_crypto_secret *info,
			   u64 now_us);
void tquic_handshake_queued(struct tquic_conn *conn, u8 level, bool more, u64 now_us);
u32 tquic_handshake_peek(struct tquic_conn *conn, u8 *level);
void tquic_handshake_consume(struct tquic_conn *conn, u8 level, u32 len);
int tquic_handshake_rx_crypto(struct tquic_conn *conn, enum tquic_space_id id,
			      const struct tquic_rx_frame *f, struct sk_buff *skb);
int tquic_handshake_rx_retry(struct tquic_conn *conn, const struct tquic_hdr *h, const u8 *pkt,
			     u64 now_us);
int tquic_handshake_rx_done(struct tquic_conn *conn, u64 now_us);

/** tquic_handshake_space - the packet number space of a UAPI crypto level */
static inline enum tquic_space_id tquic_handshake_space(u8 level)
{
	return level == QUIC_CRYPTO_INITIAL ? TQUIC_SPACE_INITIAL :
	       level == QUIC_CRYPTO_HANDSHAKE ? TQUIC_SPACE_HANDSHAKE : TQUIC_SPACE_APP;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transport parameters, RFC 9000 section 18, RFC 9221, 9287, 9368, draft-ietf-quic-ack-frequency
 * and -reliable-stream-reset: the body of the TLS extension.
 */
#ifndef _TQUIC_TPARAM_H
#define _TQUIC_TPARAM_H

#include <linux/in.h>
#include <linux/in6.h>
#include "wire.h"

#define TQUIC_ACK_DELAY_END_US	(16384 * 1000)	/* beyond any max_ack_delay */

/* An address and port, which is at the same place in both families */
union tquic_addr {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct tquic_tparam {
	u64 max_idle_timeout_us;	/* 0: none; the wire has milliseconds */
	u64 max_ack_delay_us;		/* the wire has milliseconds */
	u64 min_ack_delay_us;		/* TQUIC_VARINT_MAX: takes no ACK_FREQUENCY */
	u64 max_data;			/* initial_*, all in bytes */
	u64 max_stream_data_bidi_local;
	u64 max_stream_data_bidi_remote;
	u64 max_stream_data_uni;
	u64 max_streams_bidi;		/* initial_* */
	u64 max_streams_uni;
	u64 max_udp_payload_size;
	u64 max_datagram_frame_size;	/* 0: no DATAGRAM */
	u64 ack_delay_exponent;
	u64 active_connection_id_limit;
	bool disable_active_migration;
	bool grease_quic_bit;
	bool reset_stream_at;		/* takes RESET_STREAM_AT */
	bool disable_1rtt_encryption;	/* 0xbaad, ours and the existing in-kernel QUIC's */
	bool disable_compatible_version;	/* ours alone: no version_information */
	bool has_versions;		/* version_information, RFC 9368 */
	bool lists_v1;			/* among its Available Versions */
	bool lists_v2;
	u32 version;			/* its Chosen Version */
	bool has_odcid;			/* original_destination_connection_id */
	bool has_iscid;			/* initial_source_connection_id */
	bool has_rscid;			/* retry_source_connection_id */
	bool has_reset_token;
	struct tquic_cid odcid;
	struct tquic_cid iscid;
	struct tquic_cid rscid;
	u8 reset_token[TQUIC_TOKEN_RESET_LEN];
	bool has_preferred;		/* the server's preferred_address: */
	union tquic_addr preferred[2];	/* IPv4, IPv6; port 0: none */
	struct tquic_cid preferred_cid;
	u8 preferred_token[TQUIC_TOKEN_RESET_LEN];
};

void tquic_tparam_init(struct tquic_tparam *tp);
int tquic_tparam_encode(const struct tquic_tparam *tp, bool server, u8 *buf, u32 len);
int tquic_tparam_decode(struct tquic_tparam *tp, bool from_server, const u8 *p, u32 len);

#endif

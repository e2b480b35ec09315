/* SPDX-License-Identifier: GPL-2.0 */
/* The numbers of the QUIC wire, and the limits the RFCs set.  Nothing here knows a connection. */
#ifndef _TQUIC_WIRE_H
#define _TQUIC_WIRE_H

#include <linux/bits.h>
#include <linux/string.h>
#include <linux/types.h>
#include <uapi/linux/quic.h>

/* RFC 9000 section 17.2 (v1) and RFC 9369 section 3.2 (v2): the first byte */
#define TQUIC_HDR_LONG		0x80
#define TQUIC_HDR_FIXED		0x40
#define TQUIC_HDR_SPIN		0x20	/* short header */
#define TQUIC_HDR_PHASE		0x04	/* short header, under header protection */
#define TQUIC_HDR_PN_LEN	0x03	/* packet number length - 1, protected */

#define TQUIC_CID_MAX		20
#define TQUIC_CID_LEN		11	/* of ours: a short header of 16 bytes, a cipher block */
#define TQUIC_TOKEN_RESET_LEN	16	/* stateless reset token */
#define TQUIC_TAG_LEN		16	/* of every AEAD that RFC 9001 allows */
#define TQUIC_SAMPLE_LEN	16	/* RFC 9001 section 5.4.2 */
#define TQUIC_IV_LEN		12
#define TQUIC_SECRET_MAX	48

#define TQUIC_MIN_UDP		1200	/* RFC 9000 section 14 */
#define TQUIC_MAX_UDP		65527
#define TQUIC_VARINT_MAX	((1ULL << 62) - 1)
#define TQUIC_STREAMS_MAX	BIT_ULL(60)	/* of each kind, RFC 9000 section 4.6 */
#define TQUIC_PN_MAX		TQUIC_VARINT_MAX
#define TQUIC_PN_NONE		(~0ULL)
#define TQUIC_TIME_NEVER	(~0ULL)	/* of a deadline in microseconds */

/* Logical packet types, the same for every version */
enum tquic_ptype {
	TQUIC_PT_INITIAL,
	TQUIC_PT_0RTT,
	TQUIC_PT_HANDSHAKE,
	TQUIC_PT_RETRY,
	TQUIC_PT_1RTT,
	TQUIC_PT_VERNEG,
};

/* Packet number spaces, RFC 9000 section 12.3 */
enum tquic_space_id {
	TQUIC_SPACE_INITIAL,
	TQUIC_SPACE_HANDSHAKE,
	TQUIC_SPACE_APP,
	TQUIC_SPACE_NUM,
};

/* Frame types, RFC 9000 section 19, RFC 9221 */
#define TQUIC_FT_PADDING		0x00
#define TQUIC_FT_PING			0x01
#define TQUIC_FT_ACK			0x02
#define TQUIC_FT_ACK_ECN		0x03
#define TQUIC_FT_RESET_STREAM		0x04
#define TQUIC_FT_STOP_SENDING		0x05
#define TQUIC_FT_CRYPTO			0x06
#define TQUIC_FT_NEW_TOKEN		0x07
#define TQUIC_FT_STREAM			0x08	/* to 0x0f */
#define TQUIC_FT_STREAM_FIN		0x01	/* bits of a STREAM type */
#define TQUIC_FT_STREAM_LEN		0x02
#define TQUIC_FT_STREAM_OFF		0x04
#define TQUIC_FT_MAX_DATA		0x10
#define TQUIC_FT_MAX_STREAM_DATA	0x11
#define TQUIC_FT_MAX_STREAMS_BIDI	0x12
#define TQUIC_FT_MAX_STREAMS_UNI	0x13
#define TQUIC_FT_DATA_BLOCKED		0x14
#define TQUIC_FT_STREAM_DATA_BLOCKED	0x15
#define TQUIC_FT_STREAMS_BLOCKED_BIDI	0x16
#define TQUIC_FT_STREAMS_BLOCKED_UNI	0x17
#define TQUIC_FT_NEW_CONNECTION_ID	0x18
#define TQUIC_FT_RETIRE_CONNECTION_ID	0x19
#define TQUIC_FT_PATH_CHALLENGE		0x1a
#define TQUIC_FT_PATH_RESPONSE		0x1b
#define TQUIC_FT_CONNECTION_CLOSE	0x1c
#define TQUIC_FT_CONNECTION_CLOSE_APP	0x1d
#define TQUIC_FT_HANDSHAKE_DONE		0x1e
#define TQUIC_FT_IMMEDIATE_ACK		0x1f	/* draft-ietf-quic-ack-frequency */
#define TQUIC_FT_RESET_STREAM_AT	0x24	/* draft-ietf-quic-reliable-stream-reset */
#define TQUIC_FT_DATAGRAM		0x30
#define TQUIC_FT_DATAGRAM_LEN		0x31
#define TQUIC_FT_ACK_FREQUENCY		0xaf	/* two bytes on the wire */

/*
 * An error that the peer made on the wire, QUIC_TRANSPORT_ERROR_*, as the return value of a parser
 * or a state machine: below every errno, so that one int carries both.
 */
#define TQUIC_WERR(name)	(-(int)(0x10000 + QUIC_TRANSPORT_ERROR_##name))

static inline bool tquic_is_werr(int ret)
{
	return ret <= -0x10000;
}

/** tquic_werr_code - the RFC 9000 section 20.1 code inside a wire error */
static inline u32 tquic_werr_code(int ret)
{
	return (u32)(-ret) - 0x10000;
}

/* A connection ID */
struct tquic_cid {
	u8 len;
	u8 id[TQUIC_CID_MAX];
};

static inline void tquic_cid_set(struct tquic_cid *cid, const u8 *id, u8 len)
{
	cid->len = len;
	memcpy(cid->id, id, len);
}

static inline bool tquic_cid_equal(const struct tquic_cid *cid, const u8 *id, u8 len)
{
	return cid->len == len && !memcmp(cid->id, id, len);
}

/* Stream IDs, RFC 9000 section 2.1 */
static inline bool tquic_sid_is_server(u64 sid)
{
	return sid & 1;
}

static inline bool tquic_sid_is_uni(u64 sid)
{
	return sid & 2;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Packet headers, RFC 9000 section 17 and RFC 9369 section 3, and packet numbers (appendix A). */
#ifndef _TQUIC_HEADER_H
#define _TQUIC_HEADER_H

#include <linux/errno.h>
#include "varint.h"
#include "wire.h"

#define TQUIC_HEADER_UNKNOWN	0xff	/* type in a version that we do not speak */

/* A parsed header; pointers refer to the datagram it was parsed from */
struct tquic_hdr {
	u8 type;		/* enum tquic_ptype, or TQUIC_HEADER_UNKNOWN */
	u8 dcid_len;
	u8 scid_len;
	bool fixed;		/* the Fixed Bit; without it only for who sent grease_quic_bit */
	u32 version;		/* long headers */
	const u8 *dcid;
	const u8 *scid;
	const u8 *token;	/* Initial, Retry; of Version Negotiation: the versions */
	u32 token_len;
	u32 pn_off;		/* from the first byte to the packet number; Retry: to the tag */
	u32 len;		/* bytes of the whole packet inside the datagram */
};

/* Packet numbers are written in four bytes: a constant header makes constant offsets */
#define TQUIC_PN_LEN		4
/* a long header with its packet number, beside the token */
#define TQUIC_HEADER_LONG_MAX	(1 + 4 + 2 * (1 + TQUIC_CID_MAX) + 8 + 2 + TQUIC_PN_LEN)

int tquic_header_parse(const u8 *p, u32 len, u8 cid_len, struct tquic_hdr *h);
int tquic_header_parse_dcid(const u8 *p, u32 len, u8 cid_len, const u8 **dcid, u8 *dcid_len);
u8 *tquic_header_put_long(u8 *p, u8 type, u32 version, const struct tquic_cid *dcid,
			  const struct tquic_cid *scid, const u8 *token, u32 token_len, u64 pn,
			  u8 **len_at);
u8 *tquic_header_put_verneg(u8 *p, u8 random, const u8 *dcid, u8 dcid_len, const u8 *scid,
			    u8 scid_len);

/* type bits of version 2 are those of version 1, turned by one: RFC 9369 section 3.2 */
static inline u8 tquic_header_turn(u32 version)
{
	return version == QUIC_VERSION_V2;
}

/** tquic_header_long_type - enum tquic_ptype by a first byte; -EPROTONOSUPPORT: unknown version */
static inline int tquic_header_long_type(u8 first, u32 version)
{
	if (version != QUIC_VERSION_V1 && version != QUIC_VERSION_V2)
		return -EPROTONOSUPPORT;
	return ((first >> 4) - tquic_header_turn(version)) & 3;
}

/** tquic_header_get_pn - the @pn_len bytes of a truncated packet number */
static inline u32 tquic_header_get_pn(const u8 *p, u8 pn_len)
{
	u32 pn = 0;

	if (likely(pn_len == 4))
		return get_unaligned_be32(p);
	while (pn_len--)
		pn = pn << 8 | *p++;
	return pn;
}

/** tquic_header_put_pn - write the low four bytes of @pn; returns the byte after them */
static inline u8 *tquic_header_put_pn(u8 *p, u64 pn)
{
	put_unaligned_be32(pn, p);
	return p + TQUIC_PN_LEN;
}

/** tquic_header_put_short - write a 1-RTT header, where one with TQUIC_CID_MAX bytes would fit */
static inline u8 *tquic_header_put_short(u8 *p, const struct tquic_cid *dcid, bool phase, bool spin,
					 u64 pn)
{
	*p++ = TQUIC_HDR_FIXED | (spin ? TQUIC_HDR_SPIN : 0) | (phase ? TQUIC_HDR_PHASE : 0) |
	       (TQUIC_PN_LEN - 1);
	memcpy(p, dcid->id, TQUIC_CID_MAX);	/* of constant length: no call */
	return tquic_header_put_pn(p + dcid->len, pn);
}

/** tquic_header_pn_decode - RFC 9000 appendix A.3; @largest opened, TQUIC_PN_NONE if none was */
static inline u64 tquic_header_pn_decode(u64 largest, u32 truncated, u8 pn_len)
{
	u64 expected = largest + 1;
	u64 win = 1ULL << (8 * pn_len);
	u64 pn = (expected & ~(win - 1)) | truncated;

	if (pn + win / 2 <= expected && pn + win <= TQUIC_PN_MAX)
		return pn + win;
	if (pn > expected + win / 2 && pn >= win)
		return pn - win;
	return pn;
}

#endif

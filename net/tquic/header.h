/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packet headers, RFC 9000 section 17 and RFC 9369 section 3: parsing what is
 * not protected, writing all, and packet number arithmetic (appendix A).
 */
#ifndef _TQUIC_HEADER_H
#define _TQUIC_HEADER_H

#include <linux/string.h>
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

int tquic_header_parse(const u8 *p, u32 len, u8 cid_len, struct tquic_hdr *h);
int tquic_header_parse_dcid(const u8 *p, u32 len, u8 cid_len, const u8 **dcid, u8 *dcid_len);
u8 *tquic_header_put_long(u8 *p, u8 type, u32 version, const struct tquic_cid *dcid,
			  const struct tquic_cid *scid, const u8 *token, u32 token_len, u8 pn_len,
			  u8 **len_at);
u32 tquic_header_long_len(u8 type, const struct tquic_cid *dcid, const struct tquic_cid *scid,
			  u32 token_len, u8 pn_len);
u8 *tquic_header_put_retry(u8 *p, u32 version, const struct tquic_cid *dcid,
			   const struct tquic_cid *scid, const u8 *token, u32 token_len);
u8 *tquic_header_put_verneg(u8 *p, u8 random, const u8 *dcid, u8 dcid_len, const u8 *scid,
			    u8 scid_len);
u64 tquic_header_pn_decode(u64 largest, u32 truncated, u8 pn_len);
u8 tquic_header_pn_len(u64 pn, u64 largest_acked);

/**
 * tquic_header_has_sample - is there enough to remove header protection
 * @h: a parsed header
 *
 * A packet shorter than this is discarded, RFC 9001 section 5.4.2; one with a short
 * header may still be a stateless reset.
 */
static inline bool tquic_header_has_sample(const struct tquic_hdr *h)
{
	return h->len >= h->pn_off + 4 + TQUIC_SAMPLE_LEN;
}

/** tquic_header_get_pn - the @pn_len bytes of a truncated packet number */
static inline u32 tquic_header_get_pn(const u8 *p, u8 pn_len)
{
	u32 pn = 0;

	while (pn_len--)
		pn = pn << 8 | *p++;
	return pn;
}

/** tquic_header_put_pn - write the low @pn_len bytes of @pn; returns the byte after them */
static inline u8 *tquic_header_put_pn(u8 *p, u64 pn, u8 pn_len)
{
	switch (pn_len) {
	case 4:
		*p++ = pn >> 24 & 0xff;
		fallthrough;
	case 3:
		*p++ = pn >> 16 & 0xff;
		fallthrough;
	case 2:
		*p++ = pn >> 8 & 0xff;
		fallthrough;
	default:
		*p++ = pn & 0xff;
	}
	return p;
}

/**
 * tquic_header_put_short - write a 1-RTT header, RFC 9000 section 17.3.1
 * @p: room for 1 + dcid->len + @pn_len bytes
 * @dcid: destination connection ID
 * @phase: key phase
 * @spin: spin bit
 * @pn: packet number
 * @pn_len: bytes of it to write, 1 to 4
 *
 * Returns the byte after the packet number.
 */
static inline u8 *tquic_header_put_short(u8 *p, const struct tquic_cid *dcid, bool phase, bool spin,
					 u64 pn, u8 pn_len)
{
	*p++ = TQUIC_HDR_FIXED | (spin ? TQUIC_HDR_SPIN : 0) | (phase ? TQUIC_HDR_PHASE : 0) |
	       (pn_len - 1);
	memcpy(p, dcid->id, dcid->len);
	return tquic_header_put_pn(p + dcid->len, pn, pn_len);
}

#endif

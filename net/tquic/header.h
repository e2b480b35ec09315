/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packet headers, RFC 9000 section 17 and RFC 9369 section 3: parsing what is
 * not protected, writing all, and packet number arithmetic (appendix A).
 */
#ifndef _TQUIC_HEADER_H
#define _TQUIC_HEADER_H

#include "wire.h"

/* A parsed header; pointers refer to the datagram it was parsed from */
struct tquic_hdr {
	u8 type;		/* enum tquic_ptype */
	u8 dcid_len;
	u8 scid_len;
	u32 version;		/* long headers */
	const u8 *dcid;
	const u8 *scid;
	const u8 *token;	/* Initial, Retry */
	u32 token_len;
	u32 pn_off;		/* bytes from the first byte to the packet number */
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

/** tquic_header_put_pn - write the low @pn_len bytes of @pn; returns the byte after them */
static inline u8 *tquic_header_put_pn(u8 *p, u64 pn, u8 pn_len)
{
	switch (pn_len) {
	case 4:
		*p++ = pn >> 24;
		fallthrough;
	case 3:
		*p++ = pn >> 16;
		fallthrough;
	case 2:
		*p++ = pn >> 8;
		fallthrough;
	default:
		*p++ = pn;
	}
	return p;
}

/** tquic_header_put_short - a 1-RTT header up to and with the packet number */
static inline u8 *tquic_header_put_short(u8 *p, const struct tquic_cid *dcid, bool phase, bool spin,
					 u64 pn, u8 pn_len)
{
	*p++ = TQUIC_HDR_FIXED | (spin ? TQUIC_HDR_SPIN : 0) | (phase ? TQUIC_HDR_PHASE : 0) |
	       (pn_len - 1);
	memcpy(p, dcid->id, dcid->len);
	return tquic_header_put_pn(p + dcid->len, pn, pn_len);
}

#endif

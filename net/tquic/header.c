// SPDX-License-Identifier: GPL-2.0
/*
 * Packet headers of QUIC v1 and v2 on bytes alone: everything before the packet number is read
 * here, everything up to it is written.  Knows no header protection, no keys, no connection.
 */
#include "header.h"

#define LONG_MIN_LEN	7	/* first byte, version, two empty connection IDs */

/* A connection ID with its length before it; returns the byte after it or NULL */
static const u8 *get_cid(const u8 *p, const u8 *end, const u8 **id, u8 *len)
{
	if (!p || p == end || end - p <= *p)
		return NULL;
	*len = *p++;
	*id = p;
	return p + *len;
}

/* the rest of the datagram is a token or a list, and @tail bytes after it */
static int parse_rest(const u8 *first, const u8 *p, u32 tail, struct tquic_hdr *h)
{
	u32 left = h->len - (p - first);

	if (left <= tail)
		return -EBADMSG;
	h->token = p;
	h->token_len = left - tail;
	h->pn_off = h->len - tail;
	return 0;
}

/* an Initial, 0-RTT or Handshake packet from its token on */
static int parse_numbered(const u8 *first, const u8 *p, struct tquic_hdr *h)
{
	const u8 *end = first + h->len;
	u64 len;

	if (h->type == TQUIC_PT_INITIAL) {
		p = tquic_varint_get(p, end, &len);
		if (!p || len > end - p)
			return -EBADMSG;
		h->token = p;
		h->token_len = len;
		p += len;
	}
	p = tquic_varint_get(p, end, &len);
	if (!p || len > end - p)
		return -EBADMSG;
	h->pn_off = p - first;
	h->len = h->pn_off + len;
	return 0;
}

static int parse_long(const u8 *p, u32 len, struct tquic_hdr *h)
{
	const u8 *at;
	int ret;

	if (len < LONG_MIN_LEN)
		return -EBADMSG;
	h->type = TQUIC_HEADER_UNKNOWN;
	h->version = get_unaligned_be32(p + 1);
	at = get_cid(p + 5, p + len, &h->dcid, &h->dcid_len);
	at = get_cid(at, p + len, &h->scid, &h->scid_len);
	if (!at)
		return -EBADMSG;
	if (!h->version) {
		h->type = TQUIC_PT_VERNEG;
		ret = parse_rest(p, at, 0, h);
		return ret || h->token_len % 4 ? -EBADMSG : 0;
	}
	ret = tquic_header_long_type(*p, h->version);
	if (ret < 0)
		return ret;
	if (h->dcid_len > TQUIC_CID_MAX || h->scid_len > TQUIC_CID_MAX)
		return -EBADMSG;
	h->type = ret;
	if (h->type == TQUIC_PT_RETRY)
		return parse_rest(p, at, TQUIC_TAG_LEN, h);
	return parse_numbered(p, at, h);
}

/*
 * tquic_header_parse - read the header of the packet that a datagram, or the rest of one, starts
 * with, RFC 9000 section 17; @cid_len: of the connection IDs that we issue.  Everything that is not
 * under header protection is checked, but for the Fixed Bit, which is reported, and for whether the
 * packet is long enough to be protected.  The connection IDs of Version Negotiation and of unknown
 * versions can have 255 bytes.  Returns 0; -EBADMSG when it is no QUIC packet, with @h undefined;
 * -EPROTONOSUPPORT for an unknown version, with version and connection IDs in @h.
 */
int tquic_header_parse(const u8 *p, u32 len, u8 cid_len, struct tquic_hdr *h)
{
	if (unlikely(!len))
		return -EBADMSG;
	*h = (struct tquic_hdr){ .fixed = *p & TQUIC_HDR_FIXED, .len = len };
	if (*p & TQUIC_HDR_LONG)
		return parse_long(p, len, h);
	if (unlikely(len <= cid_len))
		return -EBADMSG;
	h->type = TQUIC_PT_1RTT;
	h->dcid = p + 1;
	h->dcid_len = cid_len;
	h->pn_off = 1 + cid_len;
	return 0;
}

/*
 * tquic_header_parse_dcid - tquic_header_parse() of the destination connection ID alone, RFC 8999,
 * with more than TQUIC_CID_MAX bytes only in versions that we do not speak.  Returns 0 or -EBADMSG.
 */
int tquic_header_parse_dcid(const u8 *p, u32 len, u8 cid_len, const u8 **dcid, u8 *dcid_len)
{
	if (!len)
		return -EBADMSG;
	if (*p & TQUIC_HDR_LONG)
		return len < LONG_MIN_LEN || !get_cid(p + 5, p + len, dcid, dcid_len) ?
		       -EBADMSG : 0;
	if (len < 1 + cid_len)
		return -EBADMSG;
	*dcid = p + 1;
	*dcid_len = cid_len;
	return 0;
}

/*
 * tquic_header_put_long - write a long header, or a Retry packet up to its integrity tag, of at
 * most TQUIC_HEADER_LONG_MAX bytes and the token, RFC 9000 section 17.2; @pn and @len_at: not of a
 * Retry; *@len_at: where tquic_varint_put2() fills in the Length.  Returns the byte after it.
 */
u8 *tquic_header_put_long(u8 *p, u8 type, u32 version, const struct tquic_cid *dcid,
			  const struct tquic_cid *scid, const u8 *token, u32 token_len, u64 pn,
			  u8 **len_at)
{
	u8 bits = (type + tquic_header_turn(version)) & 3;

	*p++ = TQUIC_HDR_LONG | TQUIC_HDR_FIXED | bits << 4 | (TQUIC_PN_LEN - 1);
	put_unaligned_be32(version, p);
	p = tquic_cid_put(p + 4, dcid->id, dcid->len);
	p = tquic_cid_put(p, scid->id, scid->len);
	if (type == TQUIC_PT_INITIAL)
		p = tquic_varint_put(p, token_len);
	p = tquic_bytes_put(p, token, token_len);
	if (type == TQUIC_PT_RETRY)
		return p;
	*len_at = p;
	return tquic_header_put_pn(tquic_varint_put2(p, 0), pn);
}

/*
 * tquic_header_put_verneg - write a Version Negotiation packet, RFC 9000 section 17.2.1, of 15
 * bytes and both connection IDs, in its own direction; @random: for the bits that have no meaning.
 */
u8 *tquic_header_put_verneg(u8 *p, u8 random, const u8 *dcid, u8 dcid_len, const u8 *scid,
			    u8 scid_len)
{
	*p++ = TQUIC_HDR_LONG | TQUIC_HDR_FIXED | random;
	put_unaligned_be32(0, p);
	p = tquic_cid_put(p + 4, dcid, dcid_len);
	p = tquic_cid_put(p, scid, scid_len);
	put_unaligned_be32(QUIC_VERSION_V1, p);	/* the best first */
	put_unaligned_be32(QUIC_VERSION_V2, p + 4);
	return p + 8;
}

// SPDX-License-Identifier: GPL-2.0
/* Packets that a connection has sent, opened with the module's own functions; see conn_pair.h. */
#include "conn_pair.h"

static void look_frames(struct pair *p, struct seen_pkt *pkt, const u8 *at, const u8 *end)
{
	struct tquic_rx_frame *f = &p->seen.frame[p->seen.frames];
	int n;

	pkt->frame = f;
	while (at < end) {
		KUNIT_ASSERT_LT(p->test, p->seen.frames, SEEN_FRAMES);
		n = tquic_frame_decode(at, end, pkt->type, f);
		KUNIT_ASSERT_GT(p->test, n, 0);
		at += n;
		if ((f->type & ~7ULL) == TQUIC_FT_STREAM)
			f->type = TQUIC_FT_STREAM;
		pkt->types |= BIT_ULL(f->type);
		pkt->nr++;
		p->seen.frames++;
		f++;
	}
	/* who pads also sends what is acknowledged, or an ACK: RFC 9000 section 13.2.7 */
	KUNIT_EXPECT_NE(p->test, pkt->types, BIT_ULL(TQUIC_FT_PADDING));
}

/* Open the packet at @buf in place; bytes of it, 0: it cannot be opened */
static u32 look_packet(struct pair *p, int from, u8 *buf, u32 len)
{
	struct seen_pkt *pkt = &p->seen.pkt[p->seen.nr];
	struct tquic_crypto *c;
	u8 mask_at, pn_len;
	struct scatterlist sg;
	struct tquic_hdr h;
	u8 *mask = p->plain;

	if (tquic_header_parse(buf, len, TQUIC_CID_LEN, &h))
		return 0;
	c = &p->end[from].key[h.type == TQUIC_PT_INITIAL ? TQUIC_SPACE_INITIAL :
			      h.type == TQUIC_PT_HANDSHAKE ? TQUIC_SPACE_HANDSHAKE :
							     TQUIC_SPACE_APP];
	mask_at = h.pn_off + 4;
	memcpy(mask, buf + mask_at, TQUIC_SAMPLE_LEN);
	if (tquic_crypto_masks(c, mask, 1))
		return 0;
	memset(pkt, 0, sizeof(*pkt));
	pn_len = tquic_crypto_remove_mask(buf, buf + h.pn_off, mask, h.type != TQUIC_PT_1RTT);
	pkt->type = h.type;
	pkt->first = *buf;
	pkt->pn = tquic_header_get_pn(buf + h.pn_off, pn_len);
	pkt->len = h.len;
	tquic_cid_set(&pkt->dcid, h.dcid, h.dcid_len);
	if (h.type == TQUIC_PT_INITIAL) {
		pkt->token_len = h.token_len;
		memcpy(pkt->token, h.token, min_t(u32, h.token_len, sizeof(pkt->token)));
	}
	sg_init_one(&sg, buf, h.len);
	if (tquic_crypto_open(c, h.type == TQUIC_PT_1RTT && *buf & TQUIC_HDR_PHASE, pkt->pn, &sg,
			      &sg, h.pn_off + pn_len, h.len - h.pn_off - pn_len))
		return 0;
	p->seen.nr++;
	look_frames(p, pkt, buf + h.pn_off + pn_len, buf + h.len - TQUIC_TAG_LEN);
	return h.len;
}

/* The packets of a datagram; what cannot be opened fails the test.  Valid until the next call. */
struct seen *look(struct pair *p, int from, struct dgram *d)
{
	u32 off, n;

	KUNIT_ASSERT_NOT_NULL(p->test, d);
	KUNIT_ASSERT_LE(p->test, d->len, sizeof(p->seen.buf));
	memset(&p->seen.pkt, 0, sizeof(p->seen.pkt));
	p->seen.nr = 0;
	p->seen.frames = 0;
	memcpy(p->seen.buf, d->data, d->len);
	for (off = 0; off < d->len; off += n) {
		KUNIT_ASSERT_LT(p->test, p->seen.nr, SEEN_PKTS);
		n = look_packet(p, from, p->seen.buf + off, d->len - off);
		KUNIT_ASSERT_GT(p->test, n, 0);
	}
	return &p->seen;
}

/* The types of all frames that lie in the queue */
u64 types_out(struct pair *p, int from)
{
	struct dgram *d;
	u64 types = 0;
	u32 i;

	list_for_each_entry(d, &p->end[from].out, node) {
		look(p, from, d);
		for (i = 0; i < p->seen.nr; i++)
			types |= p->seen.pkt[i].types;
	}
	return types;
}

/* Frames of a type there */
u32 count_out(struct pair *p, int from, u8 type)
{
	struct dgram *d;
	u32 i, n = 0;

	list_for_each_entry(d, &p->end[from].out, node) {
		look(p, from, d);
		for (i = 0; i < p->seen.frames; i++)
			n += p->seen.frame[i].type == type;
	}
	return n;
}

/* The first packet there of a type that has all of these frames; NULL: there is none */
struct seen_pkt *find_out(struct pair *p, int from, u8 ptype, u64 types)
{
	struct dgram *d;
	u32 i;

	list_for_each_entry(d, &p->end[from].out, node) {
		look(p, from, d);
		for (i = 0; i < p->seen.nr; i++)
			if (p->seen.pkt[i].type == ptype &&
			    (p->seen.pkt[i].types & types) == types)
				return &p->seen.pkt[i];
	}
	return NULL;
}

// SPDX-License-Identifier: GPL-2.0
/* Tests of header.c against the packets of RFC 9001 and RFC 9369 appendix A. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/random.h>
#include "compat/unaligned.h"
#include "header.h"
#include "varint.h"

static const struct tquic_cid client_dcid = {
	8, { 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08 }
};

static const struct tquic_cid server_scid = {
	8, { 0xf0, 0x67, 0xa5, 0x50, 0x2a, 0x42, 0x62, 0xb5 }
};

static const struct tquic_cid no_cid;

/* appendix A.2 to A.4 of both RFCs, headers without protection */
struct initial_vector {
	const char *name;
	u32 version;
	const struct tquic_cid *dcid;
	const struct tquic_cid *scid;
	u32 len;	/* of the Length field */
	u32 pn;
	u8 pn_len;
	u8 wire[22];
	u8 wire_len;
};

static const struct initial_vector initials[] = {
	{ "v1 client", QUIC_VERSION_V1, &client_dcid, &no_cid, 1182, 2, 4,
	  { 0xc3, 0x00, 0x00, 0x00, 0x01, 0x08, 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08,
	    0x00, 0x00, 0x44, 0x9e, 0x00, 0x00, 0x00, 0x02 }, 22 },
	{ "v1 server", QUIC_VERSION_V1, &no_cid, &server_scid, 117, 1, 2,
	  { 0xc1, 0x00, 0x00, 0x00, 0x01, 0x00, 0x08, 0xf0, 0x67, 0xa5, 0x50, 0x2a, 0x42, 0x62,
	    0xb5, 0x00, 0x40, 0x75, 0x00, 0x01 }, 20 },
	{ "v2 client", QUIC_VERSION_V2, &client_dcid, &no_cid, 1182, 2, 4,
	  { 0xd3, 0x6b, 0x33, 0x43, 0xcf, 0x08, 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08,
	    0x00, 0x00, 0x44, 0x9e, 0x00, 0x00, 0x00, 0x02 }, 22 },
	{ "v2 server", QUIC_VERSION_V2, &no_cid, &server_scid, 117, 1, 2,
	  { 0xd1, 0x6b, 0x33, 0x43, 0xcf, 0x00, 0x08, 0xf0, 0x67, 0xa5, 0x50, 0x2a, 0x42, 0x62,
	    0xb5, 0x00, 0x40, 0x75, 0x00, 0x01 }, 20 },
};

static void describe_initial(const struct initial_vector *v, char *desc)
{
	strscpy(desc, v->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(initial, initials, describe_initial);

static void header_initial(struct kunit *test)
{
	const struct initial_vector *v = test->param_value;
	u8 *buf = kunit_kzalloc(test, 2000, GFP_KERNEL);
	struct tquic_hdr h;
	u8 *p, *len_at;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	p = tquic_header_put_long(buf, TQUIC_PT_INITIAL, v->version, v->dcid, v->scid, NULL, 0,
				  v->pn, &len_at);
	tquic_varint_put2(len_at, v->len);
	KUNIT_EXPECT_EQ(test, p - buf, v->wire_len - v->pn_len + 4L);
	KUNIT_EXPECT_LE(test, p - buf, (long)TQUIC_HEADER_LONG_MAX);
	/* packet numbers of ours have four bytes, those of the vectors two or four */
	KUNIT_EXPECT_EQ(test, (int)buf[0], v->wire[0] | 3);
	KUNIT_EXPECT_EQ(test, memcmp(buf + 1, v->wire + 1, v->wire_len - v->pn_len - 1), 0);
	KUNIT_EXPECT_EQ(test, memcmp(p - v->pn_len, v->wire + v->wire_len - v->pn_len, v->pn_len),
			0);

	memcpy(buf, v->wire, v->wire_len);
	KUNIT_ASSERT_EQ(test, tquic_header_parse(buf, 2000, 8, &h), 0);
	KUNIT_EXPECT_EQ(test, (int)h.type, (int)TQUIC_PT_INITIAL);
	KUNIT_EXPECT_TRUE(test, h.fixed);
	KUNIT_EXPECT_EQ(test, h.version, v->version);
	KUNIT_EXPECT_EQ(test, h.dcid_len, v->dcid->len);
	KUNIT_EXPECT_EQ(test, memcmp(h.dcid, v->dcid->id, h.dcid_len), 0);
	KUNIT_EXPECT_EQ(test, h.scid_len, v->scid->len);
	KUNIT_EXPECT_EQ(test, memcmp(h.scid, v->scid->id, h.scid_len), 0);
	KUNIT_EXPECT_EQ(test, h.token_len, 0U);
	KUNIT_EXPECT_EQ(test, h.pn_off, (u32)v->wire_len - v->pn_len);
	KUNIT_EXPECT_EQ(test, h.len, h.pn_off + v->len);
}

struct type_vector {
	u32 version;
	u8 type;
	u8 bits;	/* of the first byte, RFC 9000 table 5, RFC 9369 section 3.2 */
};

static const struct type_vector types[] = {
	{ QUIC_VERSION_V1, TQUIC_PT_INITIAL, 0 },
	{ QUIC_VERSION_V1, TQUIC_PT_0RTT, 1 },
	{ QUIC_VERSION_V1, TQUIC_PT_HANDSHAKE, 2 },
	{ QUIC_VERSION_V1, TQUIC_PT_RETRY, 3 },
	{ QUIC_VERSION_V2, TQUIC_PT_INITIAL, 1 },
	{ QUIC_VERSION_V2, TQUIC_PT_0RTT, 2 },
	{ QUIC_VERSION_V2, TQUIC_PT_HANDSHAKE, 3 },
	{ QUIC_VERSION_V2, TQUIC_PT_RETRY, 0 },
};

static void header_types(struct kunit *test)
{
	u8 buf[80], *end, *len_at;
	struct tquic_hdr h;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		const struct type_vector *t = &types[i];
		bool retry = t->type == TQUIC_PT_RETRY;

		memset(buf, 0, sizeof(buf));
		if (retry)
			end = tquic_header_put_long(buf, t->type, t->version, &client_dcid,
						    &server_scid, "tok", 3, 0, NULL) +
			      TQUIC_TAG_LEN;
		else
			end = tquic_header_put_long(buf, t->type, t->version, &client_dcid,
						    &server_scid, NULL, 0, 1, &len_at) -
			      TQUIC_PN_LEN;
		KUNIT_EXPECT_EQ(test, buf[0] >> 4 & 3, (int)t->bits);
		KUNIT_EXPECT_EQ(test, tquic_header_parse(buf, end - buf, 8, &h), 0);
		KUNIT_EXPECT_EQ(test, h.type, t->type);
		KUNIT_EXPECT_EQ(test, h.token_len, retry ? 3U : 0);
		KUNIT_EXPECT_EQ(test, h.len, (u32)(end - buf));
	}
}

/* RFC 9001 appendix A.4 and RFC 9369 appendix A.4 */
static const u8 retry_v1[] = {
	0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x08, 0xf0, 0x67, 0xa5, 0x50, 0x2a, 0x42, 0x62, 0xb5,
	0x74, 0x6f, 0x6b, 0x65, 0x6e, 0x04, 0xa2, 0x65, 0xba, 0x2e, 0xff, 0x4d, 0x82, 0x90, 0x58,
	0xfb, 0x3f, 0x0f, 0x24, 0x96, 0xba
};

static const u8 retry_v2[] = {
	0xcf, 0x6b, 0x33, 0x43, 0xcf, 0x00, 0x08, 0xf0, 0x67, 0xa5, 0x50, 0x2a, 0x42, 0x62, 0xb5,
	0x74, 0x6f, 0x6b, 0x65, 0x6e, 0xc8, 0x64, 0x6c, 0xe8, 0xbf, 0xe3, 0x39, 0x52, 0xd9, 0x55,
	0x54, 0x36, 0x65, 0xdc, 0xc7, 0xb6
};

static void check_retry(struct kunit *test, const u8 *wire, u32 len, u32 version)
{
	struct tquic_hdr h;
	u8 buf[64], *end;
	u32 n;

	KUNIT_ASSERT_EQ(test, tquic_header_parse(wire, len, 8, &h), 0);
	KUNIT_EXPECT_EQ(test, (int)h.type, (int)TQUIC_PT_RETRY);
	KUNIT_EXPECT_EQ(test, h.token_len, 5U);
	KUNIT_EXPECT_EQ(test, memcmp(h.token, "token", 5), 0);
	KUNIT_EXPECT_EQ(test, h.pn_off, len - TQUIC_TAG_LEN);
	KUNIT_EXPECT_EQ(test, h.len, len);
	/* no token, and shorter still */
	for (n = 0; n <= 15 + TQUIC_TAG_LEN; n++)
		KUNIT_EXPECT_EQ(test, tquic_header_parse(wire, n, 8, &h), -EBADMSG);

	end = tquic_header_put_long(buf, TQUIC_PT_RETRY, version, &no_cid, &server_scid, "token", 5,
				    0, NULL);
	KUNIT_EXPECT_EQ(test, (u32)(end - buf), len - TQUIC_TAG_LEN);
	KUNIT_EXPECT_EQ(test, buf[0] & 0xf0, wire[0] & 0xf0);
	KUNIT_EXPECT_EQ(test, memcmp(buf + 1, wire + 1, len - TQUIC_TAG_LEN - 1), 0);
}

static void header_retry(struct kunit *test)
{
	check_retry(test, retry_v1, sizeof(retry_v1), QUIC_VERSION_V1);
	check_retry(test, retry_v2, sizeof(retry_v2), QUIC_VERSION_V2);
}

/* RFC 9001 appendix A.5: 4200bff4; here with a connection ID too */
static void header_short(struct kunit *test)
{
	static const u8 wire[] = { 0x42, 0x00, 0xbf, 0xf4 };
	struct tquic_hdr h;
	u8 buf[32];
	u8 *end;

	end = tquic_header_put_short(buf, &no_cid, false, false, 654360564);
	KUNIT_EXPECT_EQ(test, end - buf, 5L);
	KUNIT_EXPECT_EQ(test, (int)buf[0], wire[0] | 3);	/* three bytes there, four here */
	KUNIT_EXPECT_EQ(test, memcmp(buf + 2, wire + 1, 3), 0);
	end = tquic_header_put_short(buf, &server_scid, true, true, 0x12345678);
	KUNIT_EXPECT_EQ(test, end - buf, 13L);
	KUNIT_EXPECT_EQ(test, (int)buf[0], 0x67);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(buf + 9), 0x12345678U);

	KUNIT_ASSERT_EQ(test, tquic_header_parse(buf, 29, 8, &h), 0);
	KUNIT_EXPECT_EQ(test, (int)h.type, (int)TQUIC_PT_1RTT);
	KUNIT_EXPECT_PTR_EQ(test, h.dcid, (const u8 *)buf + 1);
	KUNIT_EXPECT_EQ(test, (int)h.dcid_len, 8);
	KUNIT_EXPECT_EQ(test, (int)h.scid_len, 0);
	KUNIT_EXPECT_EQ(test, h.pn_off, 9U);
	KUNIT_EXPECT_EQ(test, h.len, 29U);
	KUNIT_EXPECT_TRUE(test, h.fixed);
	KUNIT_EXPECT_EQ(test, tquic_header_parse(buf, 9, 8, &h), 0);
	KUNIT_EXPECT_EQ(test, tquic_header_parse(buf, 8, 8, &h), -EBADMSG);
	KUNIT_EXPECT_EQ(test, tquic_header_parse(buf, 0, 0, &h), -EBADMSG);
	buf[0] &= ~TQUIC_HDR_FIXED;
	KUNIT_EXPECT_EQ(test, tquic_header_parse(buf, 29, 8, &h), 0);
	KUNIT_EXPECT_FALSE(test, h.fixed);
}

static void header_version_negotiation(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, 600, GFP_KERNEL);
	u8 *cid = kunit_kzalloc(test, 255, GFP_KERNEL);
	struct tquic_hdr h;
	u8 *end;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_NOT_NULL(test, cid);
	memset(cid, 0x5a, 255);
	end = tquic_header_put_verneg(buf, 0x35, cid, 255, cid, 254);
	KUNIT_EXPECT_EQ(test, end - buf, 7L + 255 + 254 + 8);
	KUNIT_EXPECT_EQ(test, (int)buf[0], 0xf5);
	KUNIT_ASSERT_EQ(test, tquic_header_parse(buf, end - buf, 8, &h), 0);
	KUNIT_EXPECT_EQ(test, (int)h.type, (int)TQUIC_PT_VERNEG);
	KUNIT_EXPECT_EQ(test, h.version, 0U);
	KUNIT_EXPECT_EQ(test, (int)h.dcid_len, 255);
	KUNIT_EXPECT_EQ(test, (int)h.scid_len, 254);
	KUNIT_EXPECT_EQ(test, memcmp(h.dcid, cid, 255), 0);
	KUNIT_EXPECT_EQ(test, memcmp(h.scid, cid, 254), 0);
	KUNIT_EXPECT_EQ(test, h.token_len, 8U);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(h.token), (u32)QUIC_VERSION_V1);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(h.token + 4), (u32)QUIC_VERSION_V2);
	KUNIT_EXPECT_EQ(test, tquic_header_parse(buf, end - buf - 1, 8, &h), -EBADMSG);
	KUNIT_EXPECT_EQ(test, tquic_header_parse(buf, end - buf - 8, 8, &h), -EBADMSG);
}

static void header_unknown_version(struct kunit *test)
{
	static const u8 wire[] = { 0x80, 0x1a, 0x2a, 0x3a, 0x4a, 2, 0xaa, 0xbb, 1, 0xcc };
	static const u8 shortest[] = { 0x80, 0x1a, 0x2a, 0x3a, 0x4a, 0, 0 };
	struct tquic_hdr h;
	const u8 *dcid;
	u8 len;
	u32 n;

	KUNIT_EXPECT_EQ(test, tquic_header_parse(wire, sizeof(wire), 8, &h), -EPROTONOSUPPORT);
	KUNIT_EXPECT_EQ(test, (int)h.type, TQUIC_HEADER_UNKNOWN);
	KUNIT_EXPECT_EQ(test, h.version, 0x1a2a3a4aU);
	KUNIT_EXPECT_EQ(test, (int)h.dcid_len, 2);
	KUNIT_EXPECT_EQ(test, (int)h.dcid[1], 0xbb);
	KUNIT_EXPECT_EQ(test, (int)h.scid_len, 1);
	KUNIT_EXPECT_EQ(test, (int)h.scid[0], 0xcc);
	KUNIT_EXPECT_EQ(test, tquic_header_parse(shortest, 7, 8, &h), -EPROTONOSUPPORT);
	KUNIT_EXPECT_EQ(test, (int)h.dcid_len + h.scid_len, 0);
	KUNIT_EXPECT_EQ(test, tquic_header_parse_dcid(shortest, 7, 8, &dcid, &len), 0);
	KUNIT_EXPECT_EQ(test, (int)len, 0);
	for (n = 0; n < sizeof(wire); n++)
		KUNIT_EXPECT_EQ(test, tquic_header_parse(wire, n, 8, &h), -EBADMSG);
}

/* three packets in a datagram, and every prefix of it */
static void header_coalesced(struct kunit *test)
{
	u8 buf[128] = {}, *p = buf, *len_at;
	struct tquic_hdr h;
	u32 first, second, n;

	p = tquic_header_put_long(p, TQUIC_PT_INITIAL, QUIC_VERSION_V1, &client_dcid, &server_scid,
				  "abc", 3, 1, &len_at) - TQUIC_PN_LEN;
	tquic_varint_put2(len_at, 30);
	p += 30;
	first = p - buf;
	p = tquic_header_put_long(p, TQUIC_PT_HANDSHAKE, QUIC_VERSION_V1, &client_dcid,
				  &server_scid, NULL, 0, 1, &len_at) - TQUIC_PN_LEN;
	tquic_varint_put2(len_at, 20);
	p += 20;
	second = p - buf - first;
	p = tquic_header_put_short(p, &client_dcid, false, false, 0) + 16;

	KUNIT_ASSERT_EQ(test, tquic_header_parse(buf, p - buf, 8, &h), 0);
	KUNIT_EXPECT_EQ(test, h.len, first);
	KUNIT_EXPECT_EQ(test, h.token_len, 3U);
	KUNIT_EXPECT_EQ(test, memcmp(h.token, "abc", 3), 0);
	KUNIT_ASSERT_EQ(test, tquic_header_parse(buf + first, p - buf - first, 8, &h), 0);
	KUNIT_EXPECT_EQ(test, (int)h.type, (int)TQUIC_PT_HANDSHAKE);
	KUNIT_EXPECT_EQ(test, h.len, second);
	first += second;
	KUNIT_ASSERT_EQ(test, tquic_header_parse(buf + first, p - buf - first, 8, &h), 0);
	KUNIT_EXPECT_EQ(test, (int)h.type, (int)TQUIC_PT_1RTT);
	KUNIT_EXPECT_EQ(test, h.len, (u32)(p - buf) - first);
	for (n = 0; n < first - second; n++)
		KUNIT_EXPECT_EQ(test, tquic_header_parse(buf, n, 8, &h), -EBADMSG);
}

static void header_long_cid(struct kunit *test)
{
	u8 buf[64] = { 0xc0, 0, 0, 0, 1, 21 };
	const u8 *dcid;
	struct tquic_hdr h;
	u8 len;

	KUNIT_EXPECT_EQ(test, tquic_header_parse(buf, sizeof(buf), 8, &h), -EBADMSG);
	buf[5] = 20;
	buf[26] = 21;
	KUNIT_EXPECT_EQ(test, tquic_header_parse(buf, sizeof(buf), 8, &h), -EBADMSG);
	buf[26] = 20;
	KUNIT_EXPECT_EQ(test, tquic_header_parse(buf, sizeof(buf), 8, &h), 0);
	/* a token that claims to be longer than anything */
	memset(buf + 47, 0xff, 8);
	KUNIT_EXPECT_EQ(test, tquic_header_parse(buf, sizeof(buf), 8, &h), -EBADMSG);

	KUNIT_EXPECT_EQ(test, tquic_header_parse_dcid(buf, sizeof(buf), 8, &dcid, &len), 0);
	KUNIT_EXPECT_PTR_EQ(test, dcid, (const u8 *)buf + 6);
	KUNIT_EXPECT_EQ(test, (int)len, 20);
	KUNIT_EXPECT_EQ(test, tquic_header_parse_dcid(buf, 25, 8, &dcid, &len), -EBADMSG);
	KUNIT_EXPECT_EQ(test, tquic_header_parse_dcid(buf, 5, 8, &dcid, &len), -EBADMSG);
	KUNIT_EXPECT_EQ(test, tquic_header_parse_dcid(buf, 0, 8, &dcid, &len), -EBADMSG);
	buf[0] = 0x40;
	KUNIT_EXPECT_EQ(test, tquic_header_parse_dcid(buf, 9, 8, &dcid, &len), 0);
	KUNIT_EXPECT_PTR_EQ(test, dcid, (const u8 *)buf + 1);
	KUNIT_EXPECT_EQ(test, (int)len, 8);
	KUNIT_EXPECT_EQ(test, tquic_header_parse_dcid(buf, 8, 8, &dcid, &len), -EBADMSG);
}

/* RFC 9000 appendix A.2 and A.3 */
static void header_pn_vectors(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, tquic_header_pn_decode(0xa82f30ea, 0x9b32, 2), 0xa82f9b32ULL);
	KUNIT_EXPECT_EQ(test, tquic_header_pn_decode(TQUIC_PN_NONE, 0, 1), 0ULL);
	KUNIT_EXPECT_EQ(test, tquic_header_pn_decode(TQUIC_PN_NONE, 0xff, 1), 0xffULL);
	KUNIT_EXPECT_EQ(test, tquic_header_pn_decode(0xff, 0, 1), 0x100ULL);
	KUNIT_EXPECT_EQ(test, tquic_header_pn_decode(0x100, 0xff, 1), 0xffULL);
	/* the window around the expected 1000: 873 to 1128 */
	KUNIT_EXPECT_EQ(test, tquic_header_pn_decode(999, 873 & 0xff, 1), 873ULL);
	KUNIT_EXPECT_EQ(test, tquic_header_pn_decode(999, 1128 & 0xff, 1), 1128ULL);
	/* and around the expected 0x10a, from below the byte's turn: 0x8b to 0x18a */
	KUNIT_EXPECT_EQ(test, tquic_header_pn_decode(0x109, 0x8b, 1), 0x8bULL);
	KUNIT_EXPECT_EQ(test, tquic_header_pn_decode(0x109, 0x8a, 1), 0x18aULL);
	/* nothing above the largest packet number there is */
	KUNIT_EXPECT_EQ(test, tquic_header_pn_decode(TQUIC_PN_MAX - 1, 0, 1),
			TQUIC_PN_MAX - 0xff);
}

/* RFC 9000 section 17.1: enough for more than twice the distance to what was acknowledged */
static u8 pn_len(u64 distance)
{
	if (distance < 1 << 7)
		return 1;
	if (distance < 1 << 15)
		return 2;
	return distance < 1 << 23 ? 3 : 4;
}

/* whatever the sender's choice of length lets arrive, the receiver understands */
static void header_pn_round_trip(struct kunit *test)
{
	int i;

	for (i = 0; i < 20000; i++) {
		u64 acked, largest, pn;
		u32 gap, mask;
		u8 len;

		get_random_bytes(&acked, sizeof(acked));
		acked >>= 3 + (acked & 63) % 50;
		gap = 1 + (get_random_u32() >> (2 + get_random_u32() % 30));
		pn = acked + gap;
		largest = acked + get_random_u32() % (2 * gap);
		len = pn_len(gap);
		mask = len == 4 ? ~0U : (1U << (8 * len)) - 1;
		KUNIT_ASSERT_EQ(test, tquic_header_pn_decode(largest, pn & mask, len), pn);
	}
}

/* rubbish does not lead out of the buffer: lengths in the header stay inside */
static void header_random(struct kunit *test)
{
	struct tquic_hdr h;
	int i;

	for (i = 0; i < 5000; i++) {
		u32 len = get_random_u32() % 64;
		u8 *buf = kmalloc(max(len, 1U), GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, buf);
		get_random_bytes(buf, len);
		if (len > 5 && i % 2) {
			buf[0] |= TQUIC_HDR_LONG;
			put_unaligned_be32(QUIC_VERSION_V1, buf + 1);
			buf[5] %= 24;
		}
		if (!tquic_header_parse(buf, len, 8, &h)) {
			KUNIT_EXPECT_LE(test, h.len, len);
			KUNIT_EXPECT_LE(test, h.pn_off, h.len);
			KUNIT_EXPECT_TRUE(test, !h.token || h.token + h.token_len <= buf + len);
			KUNIT_EXPECT_TRUE(test, h.dcid + h.dcid_len <= buf + len);
		}
		kfree(buf);
	}
}

static struct kunit_case header_cases[] = {
	KUNIT_CASE_PARAM(header_initial, initial_gen_params),
	KUNIT_CASE(header_types),
	KUNIT_CASE(header_retry),
	KUNIT_CASE(header_short),
	KUNIT_CASE(header_version_negotiation),
	KUNIT_CASE(header_unknown_version),
	KUNIT_CASE(header_coalesced),
	KUNIT_CASE(header_long_cid),
	KUNIT_CASE(header_pn_vectors),
	KUNIT_CASE(header_pn_round_trip),
	KUNIT_CASE(header_random),
	{}
};

static struct kunit_suite header_suite = {
	.name = "tquic_header",
	.test_cases = header_cases,
};

kunit_test_suite(header_suite);

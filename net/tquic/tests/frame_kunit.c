// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of frame.c: each frame there and back, cut short, out of bounds, and in
 * packets that may not carry it; RFC 9000 sections 12.4 and 19, RFC 9221.
 */
#include <kunit/test.h>
#include <linux/random.h>
#include "frame.h"
#include "varint.h"

#define ENCODING	(-0x10000 - 0x07)
#define VIOLATION	(-0x10000 - 0x0a)

static const struct tquic_cid some_cid = { 4, { 0xde, 0xad, 0xbe, 0xef } };
static const u8 some_token[TQUIC_TOKEN_RESET_LEN] = "0123456789abcdef";

/* decode @len bytes at the end of a block, so that a byte too far is seen */
static int decode(struct kunit *test, const u8 *buf, u32 len, u8 ptype, struct tquic_rx_frame *f)
{
	u8 *copy = kmalloc(len + 1, GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy + 1, buf, len);
	ret = tquic_frame_decode(copy + 1, copy + 1 + len, ptype, f);
	kfree(copy);
	return ret;
}

/* decodes whole; cut anywhere it is malformed */
static void expect_frame(struct kunit *test, const u8 *buf, const u8 *end,
			 struct tquic_rx_frame *f)
{
	u32 len = end - buf, n;

	for (n = 0; n < len; n++)
		KUNIT_EXPECT_EQ_MSG(test, decode(test, buf, n, TQUIC_PT_1RTT, f), ENCODING,
				    "%u of %u bytes of type %d", n, len, buf[0]);
	KUNIT_ASSERT_EQ(test, tquic_frame_decode(buf, end, TQUIC_PT_1RTT, f), (int)len);
	KUNIT_EXPECT_EQ(test, f->type, (u64)buf[0]);
}

static void frame_stream(struct kunit *test)
{
	struct tquic_rx_frame f;
	u8 buf[64], *end;

	end = tquic_frame_put_stream(buf, 4, 0, 3, false, true);
	KUNIT_EXPECT_EQ(test, end - buf, tquic_frame_stream_len(4, 0) + 1L);
	memcpy(end, "abc", 3);
	expect_frame(test, buf, end + 3, &f);
	KUNIT_EXPECT_EQ(test, f.type, 0x0aULL);
	KUNIT_EXPECT_EQ(test, f.stream.sid, 4ULL);
	KUNIT_EXPECT_EQ(test, f.stream.off, 0ULL);
	KUNIT_EXPECT_EQ(test, f.stream.len, 3U);
	KUNIT_EXPECT_PTR_EQ(test, f.stream.data, (const u8 *)end);
	KUNIT_EXPECT_FALSE(test, f.stream.fin);

	end = tquic_frame_put_stream(buf, 1 << 20, 1ULL << 40, 0, true, true);
	expect_frame(test, buf, end, &f);
	KUNIT_EXPECT_EQ(test, f.type, 0x0fULL);
	KUNIT_EXPECT_EQ(test, f.stream.sid, 1ULL << 20);
	KUNIT_EXPECT_EQ(test, f.stream.off, 1ULL << 40);
	KUNIT_EXPECT_EQ(test, f.stream.len, 0U);
	KUNIT_EXPECT_TRUE(test, f.stream.fin);

	/* without a length: to the end of the packet */
	end = tquic_frame_put_stream(buf, 8, 77, 5, true, false);
	KUNIT_EXPECT_EQ(test, end - buf, (long)tquic_frame_stream_len(8, 77));
	KUNIT_EXPECT_EQ(test, tquic_frame_decode(buf, end + 5, TQUIC_PT_1RTT, &f),
			(int)(end + 5 - buf));
	KUNIT_EXPECT_EQ(test, f.type, 0x0dULL);
	KUNIT_EXPECT_EQ(test, f.stream.off, 77ULL);
	KUNIT_EXPECT_EQ(test, f.stream.len, 5U);
	KUNIT_EXPECT_EQ(test, decode(test, buf, 2, TQUIC_PT_1RTT, &f), ENCODING);
}

static void frame_crypto(struct kunit *test)
{
	struct tquic_rx_frame f;
	u8 buf[64], *end;

	end = tquic_frame_put(buf, TQUIC_FT_CRYPTO, 1000, 4);
	memset(end, 7, 4);
	expect_frame(test, buf, end + 4, &f);
	KUNIT_EXPECT_EQ(test, f.stream.sid, 0ULL);
	KUNIT_EXPECT_EQ(test, f.stream.off, 1000ULL);
	KUNIT_EXPECT_EQ(test, f.stream.len, 4U);
	KUNIT_EXPECT_PTR_EQ(test, f.stream.data, (const u8 *)end);
	KUNIT_EXPECT_FALSE(test, f.stream.fin);
}

static void frame_datagram(struct kunit *test)
{
	struct tquic_rx_frame f;
	u8 buf[64], *end;

	end = tquic_frame_put(buf, TQUIC_FT_DATAGRAM_LEN, 2);
	memset(end, 7, 2);
	expect_frame(test, buf, end + 2, &f);
	KUNIT_EXPECT_EQ(test, f.stream.len, 2U);
	KUNIT_EXPECT_PTR_EQ(test, f.stream.data, (const u8 *)end);
	KUNIT_EXPECT_FALSE(test, f.stream.fin || f.stream.off || f.stream.sid);

	buf[0] = TQUIC_FT_DATAGRAM;
	KUNIT_EXPECT_EQ(test, tquic_frame_decode(buf, buf + 9, TQUIC_PT_0RTT, &f), 9);
	KUNIT_EXPECT_EQ(test, f.stream.len, 8U);
	KUNIT_EXPECT_EQ(test, decode(test, buf, 1, TQUIC_PT_0RTT, &f), 1);
	KUNIT_EXPECT_EQ(test, f.stream.len, 0U);
}

static void frame_stream_control(struct kunit *test)
{
	struct tquic_rx_frame f;
	u8 buf[64];

	expect_frame(test, buf,
		     tquic_frame_put(buf, TQUIC_FT_RESET_STREAM, 5, 0x1234, 1ULL << 33), &f);
	KUNIT_EXPECT_EQ(test, (int)buf[0], 0x04);
	KUNIT_EXPECT_EQ(test, f.reset.sid, 5ULL);
	KUNIT_EXPECT_EQ(test, f.reset.err, 0x1234ULL);
	KUNIT_EXPECT_EQ(test, f.reset.final_size, 1ULL << 33);

	expect_frame(test, buf, tquic_frame_put(buf, TQUIC_FT_STOP_SENDING, 6, 0x4321), &f);
	KUNIT_EXPECT_EQ(test, (int)buf[0], 0x05);
	KUNIT_EXPECT_EQ(test, f.reset.sid, 6ULL);
	KUNIT_EXPECT_EQ(test, f.reset.err, 0x4321ULL);
}

static void frame_limits(struct kunit *test)
{
	static const u8 conn[] = { 0x10, 0x12, 0x13, 0x14, 0x16, 0x17 };
	static const u8 stream[] = { 0x11, 0x15 };
	struct tquic_rx_frame f;
	u8 buf[64];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(conn); i++) {
		expect_frame(test, buf, tquic_frame_put(buf, conn[i], 1ULL << 60), &f);
		KUNIT_EXPECT_EQ(test, (int)buf[0], (int)conn[i]);
		KUNIT_EXPECT_EQ(test, f.max, 1ULL << 60);
	}
	for (i = 0; i < ARRAY_SIZE(stream); i++) {
		expect_frame(test, buf, tquic_frame_put(buf, stream[i], 9, 99999), &f);
		KUNIT_EXPECT_EQ(test, (int)buf[0], (int)stream[i]);
		KUNIT_EXPECT_EQ(test, f.limit.sid, 9ULL);
		KUNIT_EXPECT_EQ(test, f.limit.max, 99999ULL);
	}
}

static void frame_connection_ids(struct kunit *test)
{
	struct tquic_cid longest = { .len = TQUIC_CID_MAX };
	struct tquic_rx_frame f;
	u8 buf[64];

	expect_frame(test, buf, tquic_frame_put_new_cid(buf, 7, 7, &longest, some_token), &f);
	KUNIT_EXPECT_EQ(test, (int)f.new_cid.cid_len, TQUIC_CID_MAX);
	expect_frame(test, buf, tquic_frame_put_new_cid(buf, 70, 69, &some_cid, some_token), &f);
	KUNIT_EXPECT_EQ(test, (int)buf[0], 0x18);
	KUNIT_EXPECT_EQ(test, f.new_cid.seq, 70ULL);
	KUNIT_EXPECT_EQ(test, f.new_cid.prior_to, 69ULL);
	KUNIT_EXPECT_EQ(test, (int)f.new_cid.cid_len, 4);
	KUNIT_EXPECT_EQ(test, memcmp(f.new_cid.cid, some_cid.id, 4), 0);
	KUNIT_EXPECT_EQ(test, memcmp(f.new_cid.reset_token, some_token, 16), 0);

	expect_frame(test, buf, tquic_frame_put(buf, TQUIC_FT_RETIRE_CONNECTION_ID, 70), &f);
	KUNIT_EXPECT_EQ(test, (int)buf[0], 0x19);
	KUNIT_EXPECT_EQ(test, f.retire_seq, 70ULL);
}

static u8 *put_bytes(u8 *p, u8 type, const u8 *data, u32 len)
{
	*p++ = type;
	return tquic_bytes_put(p, data, len);
}

static void frame_path_and_token(struct kunit *test)
{
	struct tquic_rx_frame f;
	u8 buf[64];

	expect_frame(test, buf, put_bytes(buf, 0x1a, some_token, 8), &f);
	KUNIT_EXPECT_EQ(test, memcmp(f.path_data, some_token, 8), 0);
	expect_frame(test, buf, put_bytes(buf, 0x1b, some_token, 8), &f);
	KUNIT_EXPECT_EQ(test, memcmp(f.path_data, some_token, 8), 0);
	expect_frame(test, buf, tquic_bytes_put(tquic_frame_put(buf, 7, 16), some_token, 16), &f);
	KUNIT_EXPECT_EQ(test, (int)buf[0], 0x07);
	KUNIT_EXPECT_EQ(test, f.stream.len, 16U);
	KUNIT_EXPECT_EQ(test, memcmp(f.stream.data, some_token, 16), 0);
}

static void frame_close(struct kunit *test)
{
	struct tquic_rx_frame f;
	u8 buf[64];

	expect_frame(test, buf, tquic_frame_put_close(buf, false, 0x10a, 0x1e, "why", 3), &f);
	KUNIT_EXPECT_EQ(test, (int)buf[0], 0x1c);
	KUNIT_EXPECT_EQ(test, f.close.err, 0x10aULL);
	KUNIT_EXPECT_EQ(test, f.close.frame_type, 0x1eULL);
	KUNIT_EXPECT_EQ(test, f.close.reason_len, 3U);
	KUNIT_EXPECT_EQ(test, memcmp(f.close.reason, "why", 3), 0);
	KUNIT_EXPECT_FALSE(test, f.close.app);

	expect_frame(test, buf, tquic_frame_put_close(buf, true, 5, 0, NULL, 0), &f);
	KUNIT_EXPECT_EQ(test, (int)buf[0], 0x1d);
	KUNIT_EXPECT_EQ(test, f.close.err, 5ULL);
	KUNIT_EXPECT_EQ(test, f.close.frame_type, 0ULL);
	KUNIT_EXPECT_EQ(test, f.close.reason_len, 0U);
	KUNIT_EXPECT_TRUE(test, f.close.app);
}

static void frame_padding(struct kunit *test)
{
	static const u8 wire[] = { 0, 0, 0, 1, 0, 0 };
	struct tquic_rx_frame f;

	KUNIT_EXPECT_EQ(test, decode(test, wire, 6, TQUIC_PT_INITIAL, &f), 3);
	KUNIT_EXPECT_EQ(test, f.type, 0ULL);
	KUNIT_EXPECT_EQ(test, decode(test, wire + 3, 3, TQUIC_PT_INITIAL, &f), 1);
	KUNIT_EXPECT_EQ(test, f.type, 1ULL);
	KUNIT_EXPECT_EQ(test, decode(test, wire + 4, 2, TQUIC_PT_INITIAL, &f), 2);
	KUNIT_EXPECT_EQ(test, decode(test, wire, 0, TQUIC_PT_INITIAL, &f), ENCODING);
}

/* largest 1000, ranges 990..1000, 980..985, 978..978; the ECN counts 1, 2, 3 */
static const u8 ack_wire[] = {
	0x03, 0x43, 0xe8, 0x21, 0x02, 0x0a, 0x03, 0x05, 0x00, 0x00, 1, 2, 3
};

static void frame_ack(struct kunit *test)
{
	static const u64 want[] = { 990, 1000, 980, 985, 978, 978 };
	u8 *buf = kunit_kzalloc(test, sizeof(ack_wire), GFP_KERNEL);
	struct tquic_rx_frame f;
	u64 smallest, largest;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	memcpy(buf, ack_wire, sizeof(ack_wire));
	expect_frame(test, buf, buf + sizeof(ack_wire), &f);
	KUNIT_EXPECT_EQ(test, f.ack.largest, 1000ULL);
	KUNIT_EXPECT_EQ(test, f.ack.delay, 0x21ULL);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, f.ack.ecn[i], i + 1ULL);
		KUNIT_ASSERT_EQ(test, tquic_frame_ack_next(&f, &smallest, &largest), 1);
		KUNIT_EXPECT_EQ(test, smallest, want[2 * i]);
		KUNIT_EXPECT_EQ(test, largest, want[2 * i + 1]);
	}
	KUNIT_EXPECT_EQ(test, tquic_frame_ack_next(&f, &smallest, &largest), 0);
	KUNIT_EXPECT_EQ(test, tquic_frame_ack_next(&f, &smallest, &largest), 0);
	KUNIT_EXPECT_EQ(test, f.ack.largest, 1000ULL);

	/* the same without ECN ends earlier */
	buf[0] = 0x02;
	expect_frame(test, buf, buf + sizeof(ack_wire) - 3, &f);
	KUNIT_EXPECT_EQ(test, f.ack.ecn[0] + f.ack.ecn[1] + f.ack.ecn[2], 0ULL);
}

static void frame_ack_below_zero(struct kunit *test)
{
	static const u8 first[] = { 0x02, 5, 0, 0, 6 };
	static const u8 all[] = { 0x02, 5, 0, 0, 5 };
	static const u8 gap[] = { 0x02, 5, 0, 1, 3, 1, 0 };	/* 2..5, then 2 - 1 - 2 */
	static const u8 len[] = { 0x02, 5, 0, 1, 3, 0, 1 };	/* 2..5, then 0 - 1 */
	static const u8 fits[] = { 0x02, 5, 0, 1, 3, 0, 0 };
	static const u8 many[] = { 0x02, 5, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
	struct tquic_rx_frame f;
	u64 a, b;

	KUNIT_EXPECT_EQ(test, tquic_frame_decode(first, first + 5, TQUIC_PT_1RTT, &f), ENCODING);
	KUNIT_ASSERT_EQ(test, tquic_frame_decode(all, all + 5, TQUIC_PT_1RTT, &f), 5);
	KUNIT_EXPECT_EQ(test, tquic_frame_ack_next(&f, &a, &b), 1);
	KUNIT_EXPECT_EQ(test, a, 0ULL);
	KUNIT_EXPECT_EQ(test, b, 5ULL);
	KUNIT_EXPECT_EQ(test, tquic_frame_ack_next(&f, &a, &b), 0);
	KUNIT_ASSERT_EQ(test, tquic_frame_decode(gap, gap + 7, TQUIC_PT_1RTT, &f), 7);
	KUNIT_EXPECT_EQ(test, tquic_frame_ack_next(&f, &a, &b), 1);
	KUNIT_EXPECT_EQ(test, tquic_frame_ack_next(&f, &a, &b), ENCODING);
	KUNIT_ASSERT_EQ(test, tquic_frame_decode(len, len + 7, TQUIC_PT_1RTT, &f), 7);
	KUNIT_EXPECT_EQ(test, tquic_frame_ack_next(&f, &a, &b), 1);
	KUNIT_EXPECT_EQ(test, tquic_frame_ack_next(&f, &a, &b), ENCODING);
	KUNIT_ASSERT_EQ(test, tquic_frame_decode(fits, fits + 7, TQUIC_PT_1RTT, &f), 7);
	KUNIT_EXPECT_EQ(test, tquic_frame_ack_next(&f, &a, &b), 1);
	KUNIT_EXPECT_EQ(test, tquic_frame_ack_next(&f, &a, &b), 1);
	KUNIT_EXPECT_EQ(test, a + b, 0ULL);
	KUNIT_EXPECT_EQ(test, decode(test, many, sizeof(many), TQUIC_PT_1RTT, &f), ENCODING);
}

struct bad_frame {
	const char *name;
	u8 wire[48];
	u8 len;
	int err;
};

#define TOP_INT		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff

static const struct bad_frame bad_frames[] = {
	{ "stream beyond 2^62", { 0x0e, 0, TOP_INT, 1, 'x' }, 12, ENCODING },
	{ "stream without length beyond 2^62", { 0x0c, 0, TOP_INT, 'x' }, 11, ENCODING },
	{ "crypto beyond 2^62", { 0x06, TOP_INT, 1, 'x' }, 11, ENCODING },
	{ "stream length", { 0x0a, 0, TOP_INT, 'x' }, 11, ENCODING },
	{ "crypto length", { 0x06, 0, TOP_INT, 'x' }, 11, ENCODING },
	{ "datagram length", { 0x31, TOP_INT, 'x' }, 10, ENCODING },
	{ "token length", { 0x07, TOP_INT, 'x' }, 10, ENCODING },
	{ "empty token", { 0x07, 0, 'x' }, 3, ENCODING },
	{ "max streams bidi", { 0x12, 0xd0, 0, 0, 0, 0, 0, 0, 1 }, 9, ENCODING },
	{ "max streams uni", { 0x13, 0xd0, 0, 0, 0, 0, 0, 0, 1 }, 9, ENCODING },
	{ "streams blocked bidi", { 0x16, 0xd0, 0, 0, 0, 0, 0, 0, 1 }, 9, ENCODING },
	{ "streams blocked uni", { 0x17, 0xd0, 0, 0, 0, 0, 0, 0, 1 }, 9, ENCODING },
	{ "empty connection ID", { 0x18, 1, 0, 0 }, 48, ENCODING },
	{ "connection ID of 21", { 0x18, 1, 0, 21 }, 48, ENCODING },
	{ "prior to above sequence", { 0x18, 1, 2, 8 }, 48, ENCODING },
	{ "reason length", { 0x1c, 0, 0, TOP_INT, 'x' }, 12, ENCODING },
	{ "reliable size above final", { 0x24, 0, 7, 5, 6 }, 5, ENCODING },
	{ "half a RESET_STREAM_AT", { 0x24, 0, 7, 5 }, 4, ENCODING },
	{ "type 0x23", { 0x23 }, 1, ENCODING },
	{ "type 0x25", { 0x25 }, 1, ENCODING },
	{ "type 0x2f", { 0x2f }, 1, ENCODING },
	{ "type 0x32", { 0x32 }, 1, ENCODING },
	{ "type 0x3f", { 0x3f }, 1, ENCODING },
	{ "type 0x40", { 0x40, 0x40 }, 2, ENCODING },
	{ "type 0xae", { 0x40, 0xae, 0, 1, 2, 3 }, 6, ENCODING },
	{ "ACK_FREQUENCY in 4 bytes", { 0x80, 0, 0, 0xaf, 0, 1, 2, 3 }, 8, VIOLATION },
	{ "half an ACK_FREQUENCY", { 0x40, 0xaf, 0, 1, 2 }, 5, ENCODING },
	{ "half a type", { 0x40 }, 1, ENCODING },
	{ "PING in 2 bytes", { 0x40, 0x01 }, 2, VIOLATION },
	{ "PING in 4 bytes", { 0x80, 0, 0, 1 }, 4, VIOLATION },
	{ "type 0x40 in 4 bytes", { 0x80, 0, 0, 0x40 }, 4, VIOLATION },
	{ "PING in 8 bytes", { 0xc0, 0, 0, 0, 0, 0, 0, 1 }, 8, VIOLATION },
};

static void describe_bad(const struct bad_frame *b, char *desc)
{
	strscpy(desc, b->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad, bad_frames, describe_bad);

static void frame_bad(struct kunit *test)
{
	const struct bad_frame *b = test->param_value;
	struct tquic_rx_frame f;

	KUNIT_EXPECT_EQ(test, decode(test, b->wire, b->len, TQUIC_PT_1RTT, &f), b->err);
}

static void frame_largest_offsets(struct kunit *test)
{
	static const u8 stream[] = {
		0x0e, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 1, 'x'
	};
	struct tquic_rx_frame f;

	KUNIT_EXPECT_EQ(test, decode(test, stream, 12, TQUIC_PT_1RTT, &f), 12);
	KUNIT_EXPECT_EQ(test, f.stream.off, TQUIC_VARINT_MAX - 1);
}

/*
 * RFC 9000 table 3, and RFC 9221 for DATAGRAM, as printed, but 0-RTT for
 * RETIRE_CONNECTION_ID, which section 12.5 takes out.
 */
struct table_row {
	u8 first, last;
	const char *pkts;
	const char *spec;
};

static const struct table_row table[] = {
	{ 0x00, 0x00, "IH01", "NP" },
	{ 0x01, 0x01, "IH01", "" },
	{ 0x02, 0x03, "IH_1", "NC" },
	{ 0x04, 0x04, "__01", "" },
	{ 0x05, 0x05, "__01", "" },
	{ 0x06, 0x06, "IH_1", "" },
	{ 0x07, 0x07, "___1", "" },
	{ 0x08, 0x0f, "__01", "" },
	{ 0x10, 0x10, "__01", "" },
	{ 0x11, 0x11, "__01", "" },
	{ 0x12, 0x13, "__01", "" },
	{ 0x14, 0x14, "__01", "" },
	{ 0x15, 0x15, "__01", "" },
	{ 0x16, 0x17, "__01", "" },
	{ 0x18, 0x18, "__01", "P" },
	{ 0x19, 0x19, "___1", "" },
	{ 0x1a, 0x1a, "__01", "P" },
	{ 0x1b, 0x1b, "___1", "P" },
	{ 0x1c, 0x1c, "IH01", "N" },
	{ 0x1d, 0x1d, "__01", "N" },
	{ 0x1e, 0x1e, "___1", "" },
	{ 0x1f, 0x1f, "___1", "" },	/* draft-ietf-quic-ack-frequency section 5 */
	{ 0x24, 0x24, "__01", "" },	/* draft-ietf-quic-reliable-stream-reset section 4 */
	{ 0x30, 0x31, "__01", "" },
};

/* a valid frame of any type: small integers, a token and a connection ID of 1 byte */
static void make_frame(u8 *buf, u8 type)
{
	memset(buf, 0, 32);
	buf[0] = type;
	if (type == TQUIC_FT_NEW_TOKEN)
		buf[1] = 1;
	if (type == TQUIC_FT_NEW_CONNECTION_ID)
		buf[3] = 1;
}

static void frame_table(struct kunit *test)
{
	static const u8 ptypes[] = {
		TQUIC_PT_INITIAL, TQUIC_PT_HANDSHAKE, TQUIC_PT_0RTT, TQUIC_PT_1RTT
	};
	struct tquic_rx_frame f;
	u32 known = 0, i, type;
	u8 buf[32];

	for (type = 0; type < 0x40; type++) {
		const struct table_row *row = NULL;

		for (i = 0; i < ARRAY_SIZE(table); i++)
			if (type >= table[i].first && type <= table[i].last)
				row = &table[i];
		make_frame(buf, type);
		known += !!row;
		for (i = 0; i < 4; i++) {
			int ret = tquic_frame_decode(buf, buf + 32, ptypes[i], &f);

			if (!row) {
				KUNIT_EXPECT_EQ(test, ret, ENCODING);
			} else if (row->pkts[i] == '_') {
				KUNIT_EXPECT_EQ_MSG(test, ret, VIOLATION, "type %u", type);
			} else {
				KUNIT_EXPECT_GT_MSG(test, ret, 0, "type %u", type);
				KUNIT_EXPECT_EQ_MSG(test, !!(f.props & TQUIC_FP_NOT_ELICITING),
						    !!strchr(row->spec, 'N'), "type %u", type);
				KUNIT_EXPECT_EQ_MSG(test, !!(f.props & TQUIC_FP_PROBING),
						    !!strchr(row->spec, 'P'), "type %u", type);
			}
		}
		KUNIT_EXPECT_LT(test, tquic_frame_decode(buf, buf + 32, TQUIC_PT_RETRY, &f), 0);
		KUNIT_EXPECT_LT(test, tquic_frame_decode(buf, buf + 32, TQUIC_PT_VERNEG, &f), 0);
	}
	KUNIT_EXPECT_EQ(test, known, 35U);
}

static void frame_ack_frequency(struct kunit *test)
{
	static const u8 wire[] = { 0x40, 0xaf, 7, 0x40, 64, 0x67, 0xd0, 3 };
	struct tquic_rx_frame f;

	KUNIT_ASSERT_EQ(test, decode(test, wire, sizeof(wire), TQUIC_PT_1RTT, &f), 8);
	KUNIT_EXPECT_EQ(test, f.type, (u64)TQUIC_FT_ACK_FREQUENCY);
	KUNIT_EXPECT_EQ(test, f.props & (TQUIC_FP_NOT_ELICITING | TQUIC_FP_PROBING), 0);
	KUNIT_EXPECT_EQ(test, f.freq.seq, 7ULL);
	KUNIT_EXPECT_EQ(test, f.freq.threshold, 64ULL);
	KUNIT_EXPECT_EQ(test, f.freq.delay_us, 10192ULL);
	KUNIT_EXPECT_EQ(test, f.freq.reorder, 3ULL);
	KUNIT_EXPECT_EQ(test, decode(test, wire, sizeof(wire), TQUIC_PT_0RTT, &f), VIOLATION);
	KUNIT_EXPECT_EQ(test, decode(test, wire, sizeof(wire), TQUIC_PT_INITIAL, &f), VIOLATION);
	KUNIT_EXPECT_EQ(test, decode(test, wire, sizeof(wire), TQUIC_PT_HANDSHAKE, &f), VIOLATION);
}

/* rubbish in every packet type stays inside its buffer */
static void frame_random(struct kunit *test)
{
	struct tquic_rx_frame f;
	u64 a, b, last;
	int i, ret;

	for (i = 0; i < 5000; i++) {
		u32 len = 1 + get_random_u32() % 48;
		u8 *buf = kmalloc(len, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, buf);
		get_random_bytes(buf, len);
		buf[0] &= i % 16 ? 0x1f : 0xff;
		if (i % 4 == 0)
			buf[0] = TQUIC_FT_ACK;
		ret = tquic_frame_decode(buf, buf + len, i % 8 ? TQUIC_PT_1RTT : TQUIC_PT_INITIAL,
					 &f);
		KUNIT_ASSERT_TRUE(test, (ret > 0 && ret <= len) || ret == ENCODING ||
				  ret == VIOLATION);
		last = U64_MAX;
		if (ret > 0 && (f.type == TQUIC_FT_ACK || f.type == TQUIC_FT_ACK_ECN))
			while (tquic_frame_ack_next(&f, &a, &b) == 1) {
				KUNIT_ASSERT_LE(test, a, b);
				KUNIT_ASSERT_TRUE(test, b < last);
				last = a;
			}
		kfree(buf);
	}
}

static struct kunit_case frame_cases[] = {
	KUNIT_CASE(frame_stream),
	KUNIT_CASE(frame_crypto),
	KUNIT_CASE(frame_datagram),
	KUNIT_CASE(frame_stream_control),
	KUNIT_CASE(frame_limits),
	KUNIT_CASE(frame_connection_ids),
	KUNIT_CASE(frame_path_and_token),
	KUNIT_CASE(frame_close),
	KUNIT_CASE(frame_padding),
	KUNIT_CASE(frame_ack),
	KUNIT_CASE(frame_ack_below_zero),
	KUNIT_CASE_PARAM(frame_bad, bad_gen_params),
	KUNIT_CASE(frame_largest_offsets),
	KUNIT_CASE(frame_table),
	KUNIT_CASE(frame_ack_frequency),
	KUNIT_CASE(frame_random),
	{}
};

static struct kunit_suite frame_suite = {
	.name = "tquic_frame",
	.test_cases = frame_cases,
};

kunit_test_suite(frame_suite);

// SPDX-License-Identifier: GPL-2.0
/* Tests of tparam.c: RFC 9000 sections 7.4 and 18, RFC 9221 and RFC 9287. */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/random.h>
#include "tparam.h"

#define ERROR	(-0x10000 - 0x08)

static void tparam_defaults(struct kunit *test)
{
	struct tquic_tparam tp;

	memset(&tp, 0xff, sizeof(tp));
	KUNIT_EXPECT_EQ(test, tquic_tparam_decode(&tp, true, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, tp.max_udp_payload_size, 65527ULL);
	KUNIT_EXPECT_EQ(test, (int)tp.ack_delay_exponent, 3);
	KUNIT_EXPECT_EQ(test, tp.max_ack_delay_us, 25000ULL);
	KUNIT_EXPECT_EQ(test, (int)tp.active_connection_id_limit, 2);
	KUNIT_EXPECT_EQ(test, tp.max_idle_timeout_us + tp.max_data + tp.max_stream_data_bidi_local +
			tp.max_stream_data_bidi_remote + tp.max_stream_data_uni +
			tp.max_streams_bidi + tp.max_streams_uni + tp.max_datagram_frame_size,
			0ULL);
	KUNIT_EXPECT_FALSE(test, tp.disable_active_migration || tp.grease_quic_bit ||
			   tp.disable_1rtt_encryption || tp.has_odcid || tp.has_iscid ||
			   tp.has_rscid || tp.has_reset_token);
}

/* every parameter with a value of its own */
static void fill(struct tquic_tparam *tp)
{
	u32 i;

	tquic_tparam_init(tp);
	tp->max_idle_timeout_us = 30000000;
	tp->max_ack_delay_us = 16383000;
	tp->min_ack_delay_us = 1000;
	tp->max_data = TQUIC_VARINT_MAX;
	tp->max_stream_data_bidi_local = 65535 * 16;
	tp->max_stream_data_bidi_remote = 63;
	tp->max_stream_data_uni = 64;
	tp->max_streams_bidi = 1ULL << 60;
	tp->max_streams_uni = 100;
	tp->max_udp_payload_size = 1200;
	tp->max_datagram_frame_size = 65535;
	tp->ack_delay_exponent = 20;
	tp->active_connection_id_limit = 7;
	tp->disable_active_migration = true;
	tp->grease_quic_bit = true;
	tp->disable_1rtt_encryption = true;
	tp->has_odcid = true;
	tp->has_iscid = true;
	tp->has_rscid = true;
	tp->has_reset_token = true;
	tp->odcid.len = 20;
	tp->iscid.len = 0;
	tp->rscid.len = 8;
	for (i = 0; i < 20; i++)
		tp->odcid.id[i] = i;
	for (i = 0; i < 8; i++)
		tp->rscid.id[i] = 0x80 + i;
	for (i = 0; i < TQUIC_TOKEN_RESET_LEN; i++)
		tp->reset_token[i] = 0x40 + i;
}

static void tparam_round_trip(struct kunit *test)
{
	struct tquic_tparam tp, got;
	u8 buf[QUIC_TRANSPORT_PARAM_EXT_MAX_BYTES];
	int len, n;

	fill(&tp);
	len = tquic_tparam_encode(&tp, true, buf, sizeof(buf));
	KUNIT_ASSERT_GT(test, len, 0);
	KUNIT_ASSERT_EQ(test, tquic_tparam_decode(&got, true, buf, len), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&tp, &got, sizeof(tp)), 0);
	for (n = 0; n < len; n++)
		KUNIT_EXPECT_EQ(test, tquic_tparam_encode(&tp, true, buf, n), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, tquic_tparam_encode(&tp, true, buf, len), len);
	/* what only servers send is refused from clients */
	KUNIT_EXPECT_EQ(test, tquic_tparam_decode(&got, false, buf, len), ERROR);
}

static void tparam_client_leaves_out(struct kunit *test)
{
	struct tquic_tparam tp, got;
	u8 buf[QUIC_TRANSPORT_PARAM_EXT_MAX_BYTES];
	int len;

	fill(&tp);
	len = tquic_tparam_encode(&tp, false, buf, sizeof(buf));
	KUNIT_ASSERT_EQ(test, tquic_tparam_decode(&got, false, buf, len), 0);
	KUNIT_EXPECT_FALSE(test, got.has_odcid || got.has_rscid || got.has_reset_token);
	KUNIT_EXPECT_TRUE(test, got.has_iscid);
	KUNIT_EXPECT_TRUE(test, got.disable_active_migration);
	KUNIT_EXPECT_TRUE(test, got.grease_quic_bit);
	KUNIT_EXPECT_TRUE(test, got.disable_1rtt_encryption);
	KUNIT_EXPECT_EQ(test, got.max_data, tp.max_data);
}

static void tparam_encode_bytes(struct kunit *test)
{
	static const u8 want[] = {
		0x01, 0x02, 0x40, 0x65,		/* 100.001 ms of idleness, rounded up */
		0x08, 0x01, 0x05,
		0x0f, 0x02, 0xaa, 0xbb,
		0x6a, 0xb2, 0x00,
		0x80, 0x00, 0xba, 0xad, 0x00,
	};
	struct tquic_tparam tp;
	u8 buf[64];

	tquic_tparam_init(&tp);
	KUNIT_EXPECT_EQ(test, tquic_tparam_encode(&tp, true, buf, sizeof(buf)), 0);
	tp.max_idle_timeout_us = 100001;
	tp.max_streams_bidi = 5;
	tp.has_iscid = true;
	tp.iscid.len = 2;
	tp.iscid.id[0] = 0xaa;
	tp.iscid.id[1] = 0xbb;
	tp.grease_quic_bit = true;
	tp.disable_1rtt_encryption = true;
	KUNIT_ASSERT_EQ(test, tquic_tparam_encode(&tp, true, buf, sizeof(buf)), (int)sizeof(want));
	KUNIT_EXPECT_EQ(test, memcmp(buf, want, sizeof(want)), 0);
}

/* what would be invalid is never sent */
static void tparam_encode_valid(struct kunit *test)
{
	struct tquic_tparam tp, got;
	u8 buf[64];
	int len;

	tquic_tparam_init(&tp);
	tp.max_ack_delay_us = 20000000;
	tp.ack_delay_exponent = 30;
	tp.max_udp_payload_size = 100;
	tp.max_streams_uni = 1ULL << 61;
	len = tquic_tparam_encode(&tp, false, buf, sizeof(buf));
	KUNIT_ASSERT_EQ(test, tquic_tparam_decode(&got, false, buf, len), 0);
	KUNIT_EXPECT_EQ(test, got.max_ack_delay_us, 16383000ULL);
	KUNIT_EXPECT_EQ(test, (int)got.ack_delay_exponent, 20);
	KUNIT_EXPECT_EQ(test, got.max_udp_payload_size, 1200ULL);
	KUNIT_EXPECT_EQ(test, got.max_streams_uni, 1ULL << 60);
}

struct body {
	const char *name;
	u8 wire[64];
	u8 len;
	bool server_bad;	/* an error from a server */
	bool client_bad;	/* and from a client */
};

#define TOP_INT		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff

static const struct body bodies[] = {
	{ "unknown", { 0x1b, 2, 1, 2 }, 4, false, false },
	{ "unknown twice", { 0x1b, 0, 0x1b, 0 }, 4, false, false },
	{ "unknown, 8-byte ID", { TOP_INT, 1, 1 }, 10, false, false },
	{ "unknown too long", { 0x1b, 2, 1 }, 3, true, true },
	{ "ID alone", { 0x01 }, 1, true, true },
	{ "half an ID", { 0x40 }, 1, true, true },
	{ "length beyond all", { 0x1b, TOP_INT }, 9, true, true },
	{ "twice", { 0x04, 1, 1, 0x04, 1, 1 }, 6, true, true },
	{ "flag twice", { 0x0c, 0, 0x0c, 0 }, 4, true, true },
	{ "integer cut short", { 0x04, 1, 0x40 }, 3, true, true },
	{ "integer with a tail", { 0x04, 2, 1, 1 }, 4, true, true },
	{ "empty integer", { 0x04, 0 }, 2, true, true },
	{ "integer not shortest", { 0x04, 2, 0x40, 1 }, 4, false, false },
	{ "udp 1199", { 0x03, 2, 0x44, 0xaf }, 4, true, true },
	{ "udp 1200", { 0x03, 2, 0x44, 0xb0 }, 4, false, false },
	{ "udp huge", { 0x03, 8, TOP_INT }, 10, false, false },
	{ "streams bidi 2^60", { 0x08, 8, 0xd0 }, 10, false, false },
	{ "streams bidi 2^60+1", { 0x08, 8, 0xd0, 0, 0, 0, 0, 0, 0, 1 }, 10, true, true },
	{ "streams uni 2^60+1", { 0x09, 8, 0xd0, 0, 0, 0, 0, 0, 0, 1 }, 10, true, true },
	{ "exponent 20", { 0x0a, 1, 20 }, 3, false, false },
	{ "exponent 21", { 0x0a, 1, 21 }, 3, true, true },
	{ "ack delay 2^14-1", { 0x0b, 2, 0x7f, 0xff }, 4, false, false },
	{ "ack delay 2^14", { 0x0b, 4, 0x80, 0, 0x40, 0 }, 6, true, true },
	{ "min ack delay", { 0xc0, 0, 0, 0, 0xff, 0x04, 0xde, 0x1b, 4, 0x80, 0, 0x61, 0xa8 }, 13,
	  false, false },
	{ "min ack delay beyond max", { 0xc0, 0, 0, 0, 0xff, 0x04, 0xde, 0x1b, 4, 0x80, 0, 0x61,
					0xa9 }, 13, true, true },
	{ "migration with value", { 0x0c, 1, 0 }, 3, true, true },
	{ "cid limit 1", { 0x0e, 1, 1 }, 3, true, true },
	{ "cid limit 2", { 0x0e, 1, 2 }, 3, false, false },
	{ "source cid of 20", { 0x0f, 20 }, 22, false, false },
	{ "source cid of 21", { 0x0f, 21 }, 23, true, true },
	{ "original cid", { 0x00, 8 }, 10, false, true },
	{ "retry cid", { 0x10, 8 }, 10, false, true },
	{ "reset token", { 0x02, 16 }, 18, false, true },
	{ "reset token of 15", { 0x02, 15 }, 17, true, true },
	{ "reset token of 17", { 0x02, 17 }, 19, true, true },
	{ "preferred address", { 0x0d, 42, [26] = 1 }, 44, false, true },
	{ "preferred address, cid of 20", { 0x0d, 61, [26] = 20 }, 63, false, true },
	{ "preferred address, no cid", { 0x0d, 41 }, 43, true, true },
	{ "preferred address, cid of 21", { 0x0d, 62, [26] = 21 }, 64, true, true },
	{ "preferred address, short", { 0x0d, 24 }, 26, true, true },
	{ "preferred address, tail", { 0x0d, 43, [26] = 1 }, 45, true, true },
	{ "versions", { 0x11, 8, 0, 0, 0, 1, 0, 0, 0, 1 }, 10, false, false },
	{ "chosen version alone", { 0x11, 4, 0, 0, 0, 1 }, 6, false, false },
	{ "versions, empty", { 0x11, 0 }, 2, true, true },
	{ "versions cut short", { 0x11, 7, 0, 0, 0, 1, 0, 0, 0 }, 9, true, true },
	{ "chosen version 0", { 0x11, 8, 0, 0, 0, 0, 0, 0, 0, 1 }, 10, true, true },
	{ "available version 0", { 0x11, 8, 0, 0, 0, 1 }, 10, true, true },
	{ "reset_stream_at", { 0x1d, 0 }, 2, false, false },
	{ "reset_stream_at with value", { 0x1d, 1, 0 }, 3, true, true },
	{ "grease", { 0x6a, 0xb2, 0 }, 3, false, false },
	{ "grease with value", { 0x6a, 0xb2, 1, 0 }, 4, true, true },
	{ "no encryption with value", { 0x80, 0, 0xba, 0xad, 1, 0 }, 6, true, true },
};

static void describe(const struct body *b, char *desc)
{
	strscpy(desc, b->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(body, bodies, describe);

static void tparam_body(struct kunit *test)
{
	const struct body *b = test->param_value;
	u8 *copy = kunit_kzalloc(test, b->len, GFP_KERNEL);
	struct tquic_tparam tp;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, b->wire, b->len);
	KUNIT_EXPECT_EQ(test, tquic_tparam_decode(&tp, true, copy, b->len),
			b->server_bad ? ERROR : 0);
	KUNIT_EXPECT_EQ(test, tquic_tparam_decode(&tp, false, copy, b->len),
			b->client_bad ? ERROR : 0);
}

static void tparam_saturates(struct kunit *test)
{
	static const u8 wire[] = {
		0x01, 8, TOP_INT, 0x03, 8, TOP_INT, 0x0e, 8, TOP_INT, 0x20, 8, TOP_INT,
	};
	struct tquic_tparam tp;

	KUNIT_ASSERT_EQ(test, tquic_tparam_decode(&tp, false, wire, sizeof(wire)), 0);
	KUNIT_EXPECT_EQ(test, tp.max_idle_timeout_us, TQUIC_VARINT_MAX);
	KUNIT_EXPECT_EQ(test, tp.max_udp_payload_size, TQUIC_VARINT_MAX);
	KUNIT_EXPECT_EQ(test, tp.active_connection_id_limit, TQUIC_VARINT_MAX);
	KUNIT_EXPECT_EQ(test, tp.max_datagram_frame_size, TQUIC_VARINT_MAX);
}

/* RFC 9000 section 18.2 figure 22: each part is where a client looks for it */
static void tparam_preferred(struct kunit *test)
{
	u8 wire[2 + 24 + 1 + 3 + 16];
	struct tquic_tparam tp;
	int i;

	for (i = 0; i < sizeof(wire); i++)
		wire[i] = i;
	wire[0] = 0x0d;
	wire[1] = sizeof(wire) - 2;
	wire[26] = 3;
	KUNIT_ASSERT_EQ(test, tquic_tparam_decode(&tp, true, wire, sizeof(wire)), 0);
	KUNIT_EXPECT_TRUE(test, tp.has_preferred);
	KUNIT_EXPECT_EQ(test, tp.preferred[0].sa.sa_family, AF_INET);
	KUNIT_EXPECT_EQ(test, memcmp(&tp.preferred[0].v4.sin_addr, wire + 2, 4), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&tp.preferred[0].v4.sin_port, wire + 6, 2), 0);
	KUNIT_EXPECT_EQ(test, tp.preferred[1].sa.sa_family, AF_INET6);
	KUNIT_EXPECT_EQ(test, memcmp(&tp.preferred[1].v6.sin6_addr, wire + 8, 16), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&tp.preferred[1].v6.sin6_port, wire + 24, 2), 0);
	KUNIT_EXPECT_TRUE(test, tquic_cid_equal(&tp.preferred_cid, wire + 27, 3));
	KUNIT_EXPECT_EQ(test, memcmp(tp.preferred_token, wire + 30, 16), 0);
	KUNIT_ASSERT_EQ(test, tquic_tparam_decode(&tp, true, wire, 0), 0);
	KUNIT_EXPECT_FALSE(test, tp.has_preferred);
}

/* rubbish, and damaged good bodies: in bounds always, and what is accepted is valid */
static void tparam_random(struct kunit *test)
{
	struct tquic_tparam tp;
	u8 good[QUIC_TRANSPORT_PARAM_EXT_MAX_BYTES];
	int len, i, n;

	fill(&tp);
	len = tquic_tparam_encode(&tp, true, good, sizeof(good));
	KUNIT_ASSERT_GT(test, len, 0);
	for (i = 0; i < 5000; i++) {
		u32 size = 1 + get_random_u32() % len;
		u8 *copy = kmalloc(size, GFP_KERNEL);
		int ret;

		KUNIT_ASSERT_NOT_NULL(test, copy);
		memcpy(copy, good, size);
		for (n = get_random_u32() % 4; n; n--)
			copy[get_random_u32() % size] = get_random_u32();
		ret = tquic_tparam_decode(&tp, i & 1, copy, size);
		kfree(copy);
		KUNIT_ASSERT_TRUE(test, !ret || ret == ERROR);
		if (ret)
			continue;
		KUNIT_ASSERT_LE(test, (int)tp.ack_delay_exponent, 20);
		KUNIT_ASSERT_GE(test, tp.active_connection_id_limit, 2ULL);
		KUNIT_ASSERT_GE(test, tp.max_udp_payload_size, 1200ULL);
		KUNIT_ASSERT_LE(test, tp.max_ack_delay_us, 16383000ULL);
		KUNIT_ASSERT_LE(test, (int)tp.iscid.len, TQUIC_CID_MAX);
	}
}

static struct kunit_case tparam_cases[] = {
	KUNIT_CASE(tparam_defaults),
	KUNIT_CASE(tparam_round_trip),
	KUNIT_CASE(tparam_client_leaves_out),
	KUNIT_CASE(tparam_encode_bytes),
	KUNIT_CASE(tparam_encode_valid),
	KUNIT_CASE_PARAM(tparam_body, body_gen_params),
	KUNIT_CASE(tparam_saturates),
	KUNIT_CASE(tparam_preferred),
	KUNIT_CASE(tparam_random),
	{}
};

static struct kunit_suite tparam_suite = {
	.name = "tquic_tparam",
	.test_cases = tparam_cases,
};

kunit_test_suite(tparam_suite);

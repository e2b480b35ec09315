// SPDX-License-Identifier: GPL-2.0
/* Tests of varint.h: RFC 9000 section 16 and appendix A.1. */
#include <kunit/test.h>
#include <linux/random.h>
#include "varint.h"

struct vector {
	const char *name;
	u8 wire[8];
	u8 len;
	u64 value;
	bool shortest;
};

static const struct vector vectors[] = {
	/* appendix A.1 */
	{ "rfc 8 bytes", { 0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c }, 8,
	  151288809941952652ULL, true },
	{ "rfc 4 bytes", { 0x9d, 0x7f, 0x3e, 0x7d }, 4, 494878333, true },
	{ "rfc 2 bytes", { 0x7b, 0xbd }, 2, 15293, true },
	{ "rfc 1 byte", { 0x25 }, 1, 37, true },
	{ "rfc 37 in 2 bytes", { 0x40, 0x25 }, 2, 37, false },
	/* the edges of table 4 */
	{ "0", { 0x00 }, 1, 0, true },
	{ "63", { 0x3f }, 1, 63, true },
	{ "64", { 0x40, 0x40 }, 2, 64, true },
	{ "16383", { 0x7f, 0xff }, 2, 16383, true },
	{ "16384", { 0x80, 0x00, 0x40, 0x00 }, 4, 16384, true },
	{ "2^30-1", { 0xbf, 0xff, 0xff, 0xff }, 4, (1 << 30) - 1, true },
	{ "2^30", { 0xc0, 0, 0, 0, 0x40, 0, 0, 0 }, 8, 1 << 30, true },
	{ "2^62-1", { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 8,
	  (1ULL << 62) - 1, true },
	{ "0 in 8 bytes", { 0xc0 }, 8, 0, false },
};

static void describe(const struct vector *v, char *desc)
{
	strscpy(desc, v->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(varint, vectors, describe);

static void varint_vector(struct kunit *test)
{
	const struct vector *v = test->param_value;
	u8 buf[8];
	u64 got;
	u32 n;

	KUNIT_EXPECT_PTR_EQ(test, tquic_varint_get(v->wire, v->wire + v->len, &got),
			    v->wire + v->len);
	KUNIT_EXPECT_EQ(test, got, v->value);
	for (n = 0; n < v->len; n++)
		KUNIT_EXPECT_NULL(test, tquic_varint_get(v->wire, v->wire + n, &got));
	if (!v->shortest)
		return;
	KUNIT_EXPECT_EQ(test, tquic_varint_len(v->value), (u32)v->len);
	KUNIT_EXPECT_PTR_EQ(test, tquic_varint_put(buf, v->value), &buf[v->len]);
	KUNIT_EXPECT_EQ(test, memcmp(buf, v->wire, v->len), 0);
}

static void varint_round_trip(struct kunit *test)
{
	u8 buf[8], *end;
	u64 v, got;
	int i;

	for (i = 0; i < 10000; i++) {
		get_random_bytes(&v, sizeof(v));
		v >>= 2 + (v & 63) % 62;
		end = tquic_varint_put(buf, v);
		KUNIT_ASSERT_PTR_EQ(test, tquic_varint_get(buf, end, &got), (const u8 *)end);
		KUNIT_ASSERT_EQ(test, got, v);
	}
}

static void varint_put2(struct kunit *test)
{
	u8 buf[2];
	u64 v;

	KUNIT_EXPECT_PTR_EQ(test, tquic_varint_put2(buf, 5), buf + 2);
	KUNIT_EXPECT_PTR_EQ(test, tquic_varint_get(buf, buf + 2, &v), (const u8 *)buf + 2);
	KUNIT_EXPECT_EQ(test, v, 5ULL);
}

static struct kunit_case varint_cases[] = {
	KUNIT_CASE_PARAM(varint_vector, varint_gen_params),
	KUNIT_CASE(varint_round_trip),
	KUNIT_CASE(varint_put2),
	{}
};

static struct kunit_suite varint_suite = {
	.name = "tquic_varint",
	.test_cases = varint_cases,
};

kunit_test_suite(varint_suite);

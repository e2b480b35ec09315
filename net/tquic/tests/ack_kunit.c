// SPDX-License-Identifier: GPL-2.0
/* Tests of ack.c: duplicates, the ACK policy and the frame, RFC 9000 sections 13.2 and 19.3. */
#include <kunit/test.h>
#include <linux/random.h>
#include "ack.h"
#include "fault.h"
#include "frame.h"

#define DELAY	25000	/* max_ack_delay of these tests, microseconds */

static int ack_init(struct kunit *test)
{
	struct tquic_ack *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, a);
	tquic_ack_init(a);
	test->priv = a;
	return 0;
}

static void ack_exit(struct kunit *test)
{
	tquic_ack_free(test->priv);
}

static int note(struct tquic_ack *a, u64 pn)
{
	return tquic_ack_note(a, pn, true, TQUIC_ECN_NOT, 1000, DELAY);
}

static void ack_empty(struct kunit *test)
{
	struct tquic_ack *a = test->priv;
	u8 buf[64];
	u64 largest;

	KUNIT_EXPECT_FALSE(test, tquic_ack_due(a, 1ULL << 60));
	KUNIT_EXPECT_EQ(test, tquic_ack_largest(a), TQUIC_PN_NONE);
	KUNIT_EXPECT_FALSE(test, tquic_ack_seen(a, 0));
	KUNIT_EXPECT_PTR_EQ(test, tquic_ack_write(a, buf, buf + 64, 3, 0, &largest), &buf[0]);
}

static void ack_duplicates(struct kunit *test)
{
	static const u64 order[] = { 5, 6, 9, 7, 0, 8, 1 };
	struct tquic_ack *a = test->priv;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		KUNIT_EXPECT_FALSE(test, tquic_ack_seen(a, order[i]));
		KUNIT_EXPECT_EQ(test, note(a, order[i]), 0);
		KUNIT_EXPECT_TRUE(test, tquic_ack_seen(a, order[i]));
		KUNIT_EXPECT_EQ(test, note(a, order[i]), 1);
	}
	KUNIT_EXPECT_FALSE(test, tquic_ack_seen(a, 2));
	KUNIT_EXPECT_EQ(test, a->rcvd.nr, (u16)2);
	KUNIT_EXPECT_EQ(test, tquic_ack_largest(a), 9ULL);
}

static void ack_every_second(struct kunit *test)
{
	struct tquic_ack *a = test->priv;

	note(a, 0);
	KUNIT_EXPECT_FALSE(test, tquic_ack_due(a, 1000));
	KUNIT_EXPECT_FALSE(test, tquic_ack_due(a, 1000 + DELAY - 1));
	KUNIT_EXPECT_TRUE(test, tquic_ack_due(a, 1000 + DELAY));
	note(a, 1);
	KUNIT_EXPECT_TRUE(test, tquic_ack_due(a, 1000));
	tquic_ack_sent(a);
	KUNIT_EXPECT_FALSE(test, tquic_ack_due(a, 1ULL << 60));
	KUNIT_EXPECT_FALSE(test, a->unsent);
	note(a, 2);
	KUNIT_EXPECT_FALSE(test, tquic_ack_due(a, 1000));
}

/* with a reader about to send it, an ACK for the number waits, one for disorder does not */
static void ack_patience(struct kunit *test)
{
	struct tquic_ack *a = test->priv;

	a->patience_us = 300;
	note(a, 0);
	tquic_ack_note_next(a, 5, TQUIC_ECN_ECT0, 1000, DELAY);
	KUNIT_EXPECT_FALSE(test, tquic_ack_due(a, 1299));
	KUNIT_EXPECT_TRUE(test, tquic_ack_due(a, 1300));
	KUNIT_EXPECT_EQ(test, a->ecn[0], 5ULL);
	tquic_ack_note(a, 6, true, TQUIC_ECN_NOT, 1200, DELAY);
	KUNIT_EXPECT_EQ(test, a->due_us, 1300ULL);
	note(a, 8);
	KUNIT_EXPECT_TRUE(test, tquic_ack_due(a, 1000));
}

static void ack_deadline_is_of_the_first(struct kunit *test)
{
	struct tquic_ack *a = test->priv;

	tquic_ack_note(a, 0, true, TQUIC_ECN_NOT, 1000, DELAY);
	tquic_ack_note(a, 1, false, TQUIC_ECN_NOT, 9000, DELAY);
	KUNIT_EXPECT_EQ(test, a->due_us, 1000ULL + DELAY);
	KUNIT_EXPECT_FALSE(test, a->now);
}

static void ack_not_eliciting(struct kunit *test)
{
	struct tquic_ack *a = test->priv;

	/* neither disorder nor a mark makes an ACK of an ACK */
	tquic_ack_note(a, 0, false, TQUIC_ECN_NOT, 1000, DELAY);
	tquic_ack_note(a, 7, false, TQUIC_ECN_CE, 1000, 0);
	KUNIT_EXPECT_FALSE(test, tquic_ack_due(a, 1ULL << 60));
	KUNIT_EXPECT_TRUE(test, a->unsent);
}

static void ack_at_once(struct kunit *test)
{
	struct tquic_ack *a = test->priv;

	note(a, 3);
	KUNIT_EXPECT_FALSE(test, a->now);
	tquic_ack_sent(a);
	note(a, 5);		/* a gap */
	KUNIT_EXPECT_TRUE(test, a->now);
	tquic_ack_sent(a);
	note(a, 4);		/* it is filled late */
	KUNIT_EXPECT_TRUE(test, a->now);
	tquic_ack_sent(a);
	tquic_ack_note(a, 6, true, TQUIC_ECN_CE, 1000, DELAY);
	KUNIT_EXPECT_TRUE(test, a->now);
	tquic_ack_sent(a);
	tquic_ack_note(a, 7, true, TQUIC_ECN_NOT, 1000, 0);	/* a handshake packet */
	KUNIT_EXPECT_TRUE(test, a->now);
}

/* draft-ietf-quic-ack-frequency section 4: the number of packets, and what is obsolete */
static void ack_frequency(struct kunit *test)
{
	struct tquic_ack *a = test->priv;
	u64 pn;

	KUNIT_EXPECT_TRUE(test, tquic_ack_frequency(a, 3, 9, 1));
	KUNIT_EXPECT_FALSE(test, tquic_ack_frequency(a, 3, 0, 1));
	KUNIT_EXPECT_FALSE(test, tquic_ack_frequency(a, 0, 0, 1));
	for (pn = 0; pn < 9; pn++) {
		KUNIT_EXPECT_EQ(test, note(a, pn), 0);
		KUNIT_EXPECT_FALSE(test, tquic_ack_due(a, 1000));
	}
	KUNIT_EXPECT_TRUE(test, tquic_ack_due(a, 1000 + DELAY));
	KUNIT_EXPECT_EQ(test, note(a, pn), 0);
	KUNIT_EXPECT_TRUE(test, tquic_ack_due(a, 1000));
	tquic_ack_sent(a);
	tquic_ack_note_next(a, 9, TQUIC_ECN_NOT, 1000, DELAY);
	KUNIT_EXPECT_FALSE(test, tquic_ack_due(a, 1000));
	tquic_ack_note_next(a, 1, TQUIC_ECN_NOT, 1000, DELAY);
	KUNIT_EXPECT_TRUE(test, tquic_ack_due(a, 1000));
	tquic_ack_sent(a);
	/* each */
	KUNIT_EXPECT_TRUE(test, tquic_ack_frequency(a, 4, 0, 1));
	KUNIT_EXPECT_EQ(test, note(a, 20), 0);
	KUNIT_EXPECT_TRUE(test, tquic_ack_due(a, 1000));
	tquic_ack_sent(a);
	/* more than we wait for */
	KUNIT_EXPECT_TRUE(test, tquic_ack_frequency(a, 5, TQUIC_VARINT_MAX, TQUIC_VARINT_MAX));
	tquic_ack_note_next(a, TQUIC_ACK_TOLERANCE_MAX, TQUIC_ECN_NOT, 1000, DELAY);
	KUNIT_EXPECT_TRUE(test, tquic_ack_due(a, 1000));
}

/* packets in this order; at each that is negative an ACK is due */
static void check_reordering(struct kunit *test, u32 threshold, const int *pns, u32 n)
{
	struct tquic_ack *a = test->priv;
	u32 i;

	tquic_ack_free(a);
	tquic_ack_init(a);
	KUNIT_EXPECT_TRUE(test, tquic_ack_frequency(a, 0, 1000, threshold));
	for (i = 0; i < n; i++) {
		u64 pn = abs(pns[i]);

		if (pn && pn == tquic_ack_largest(a) + 1 && i % 2)	/* either way */
			tquic_ack_note_next(a, 1, TQUIC_ECN_NOT, 1000, DELAY);
		else
			KUNIT_EXPECT_EQ(test, note(a, pn), 0);
		KUNIT_EXPECT_EQ_MSG(test, tquic_ack_due(a, 1000), pns[i] < 0, "packet %llu", pn);
		if (tquic_ack_due(a, 1000))
			tquic_ack_sent(a);
	}
}

/* the tables of draft-ietf-quic-ack-frequency section 6.2.1, and late packets */
static void ack_reordering(struct kunit *test)
{
	static const int three[] = { 0, 1, 3, 4, -5, 8, -9, -10 };
	static const int five[] = { 0, 1, 3, 5, 6, -7, 8, -9 };
	static const int none[] = { 0, 1, 3, 9, 50, 2, 4 };
	static const int late[] = { 0, 1, 3, 4, -5, -2, 6 };
	static const int one[] = { 0, -2, -1, 3, -5, -4, 6 };

	check_reordering(test, 3, three, ARRAY_SIZE(three));
	check_reordering(test, 5, five, ARRAY_SIZE(five));
	check_reordering(test, 0, none, ARRAY_SIZE(none));
	check_reordering(test, 3, late, ARRAY_SIZE(late));
	check_reordering(test, 1, one, ARRAY_SIZE(one));
}

/* whatever the peer asks for: what is received is acknowledged before it is forgotten */
static void ack_before_ranges_are_lost(struct kunit *test)
{
	struct tquic_ack *a = test->priv;
	u64 pn;

	KUNIT_EXPECT_TRUE(test, tquic_ack_frequency(a, 0, 1000, 0));
	for (pn = 0; pn < 2 * (TQUIC_ACK_MAX_RANGES / 2 - 1); pn += 2) {
		KUNIT_EXPECT_EQ(test, note(a, pn), 0);
		KUNIT_EXPECT_FALSE(test, tquic_ack_due(a, 1000));
	}
	KUNIT_EXPECT_EQ(test, note(a, pn), 0);
	KUNIT_EXPECT_TRUE(test, tquic_ack_due(a, 1000));
}

/* section 6.3: the first that is marked of several, where fewer ACKs are asked for */
static void ack_marked_first(struct kunit *test)
{
	static const enum tquic_ecn ecn[] = { TQUIC_ECN_CE, TQUIC_ECN_CE, TQUIC_ECN_ECT0,
					      TQUIC_ECN_CE };
	static const bool few[] = { true, false, false, true };
	struct tquic_ack *a = test->priv;
	u32 pn;

	for (pn = 0; pn < 8; pn++) {
		if (pn == 4)
			KUNIT_EXPECT_TRUE(test, tquic_ack_frequency(a, 0, 100, 1));
		a->ce &= pn != 4;
		KUNIT_EXPECT_EQ(test, tquic_ack_note(a, pn, true, ecn[pn % 4], 1000, DELAY), 0);
		KUNIT_EXPECT_EQ_MSG(test, tquic_ack_due(a, 1000),
				    pn < 4 ? ecn[pn] == TQUIC_ECN_CE : few[pn - 4], "%u", pn);
		tquic_ack_sent(a);
	}
}

static void ack_frame_bytes(struct kunit *test)
{
	/* 10-11, 5-7 and 0 received, the largest 800 us ago; exponent 3 */
	static const u8 want[] = { 0x02, 11, 0x40, 100, 2, 1, 1, 2, 3, 0 };
	static const u64 pns[] = { 0, 5, 6, 7, 10, 11 };
	struct tquic_ack *a = test->priv;
	u8 buf[64];
	u64 largest;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(pns); i++)
		note(a, pns[i]);
	KUNIT_EXPECT_PTR_EQ(test, tquic_ack_write(a, buf, buf + 64, 3, 1800, &largest),
			    buf + sizeof(want));
	KUNIT_EXPECT_EQ(test, memcmp(buf, want, sizeof(want)), 0);
	KUNIT_EXPECT_EQ(test, largest, 11ULL);
}

static void ack_ecn_counts(struct kunit *test)
{
	struct tquic_ack *a = test->priv;
	struct tquic_rx_frame f;
	u8 buf[64], *end;
	u64 largest;

	tquic_ack_note(a, 0, true, TQUIC_ECN_ECT0, 0, DELAY);
	tquic_ack_note(a, 1, true, TQUIC_ECN_ECT0, 0, DELAY);
	tquic_ack_note(a, 1, true, TQUIC_ECN_ECT0, 0, DELAY);	/* a duplicate does not count */
	tquic_ack_note(a, 2, true, TQUIC_ECN_ECT1, 0, DELAY);
	tquic_ack_note(a, 3, true, TQUIC_ECN_CE, 0, DELAY);
	end = tquic_ack_write(a, buf, buf + 64, 3, 0, &largest);
	KUNIT_ASSERT_EQ(test, tquic_frame_decode(buf, end, TQUIC_PT_1RTT, &f), (int)(end - buf));
	KUNIT_EXPECT_EQ(test, f.type, (u64)TQUIC_FT_ACK_ECN);
	KUNIT_EXPECT_EQ(test, f.ack.ecn[0], 2ULL);
	KUNIT_EXPECT_EQ(test, f.ack.ecn[1], 1ULL);
	KUNIT_EXPECT_EQ(test, f.ack.ecn[2], 1ULL);
}

/* what the frame says was received is what was, down to the range it ends with */
static void check_frame(struct kunit *test, struct tquic_ack *a, u8 *buf, u8 *end)
{
	u64 smallest, largest, below = ~0ULL;
	struct tquic_rx_frame f;
	u64 pn;
	int ret;

	KUNIT_ASSERT_EQ(test, tquic_frame_decode(buf, end, TQUIC_PT_1RTT, &f), (int)(end - buf));
	while ((ret = tquic_frame_ack_next(&f, &smallest, &largest)) > 0) {
		KUNIT_EXPECT_TRUE(test, tquic_ranges_contains(&a->rcvd, smallest, largest + 1));
		for (pn = largest + 1; below != ~0ULL && pn < below; pn++)
			KUNIT_EXPECT_FALSE(test, tquic_ranges_contains(&a->rcvd, pn, pn + 1));
		below = smallest;
	}
	KUNIT_EXPECT_EQ(test, ret, 0);
}

/* every room there may be: a whole frame that fits, or nothing */
static void ack_every_room(struct kunit *test)
{
	struct tquic_ack *a = test->priv;
	u32 i, room, used, last = 0;
	u8 buf[600], *end;
	u64 largest;

	for (i = 0; i < 100; i++)
		note(a, i * i * 10 + 100);
	tquic_ack_note(a, 1 << 20, true, TQUIC_ECN_ECT0, 1000, DELAY);
	for (room = 0; room < sizeof(buf); room++) {
		memset(buf, 0xa5, sizeof(buf));
		end = tquic_ack_write(a, buf, buf + room, 3, 99999, &largest);
		used = end - buf;
		KUNIT_ASSERT_LE(test, used, room);
		KUNIT_ASSERT_GE(test, used, last);
		KUNIT_ASSERT_EQ(test, buf[used], (u8)0xa5);
		last = used;
		if (used)
			check_frame(test, a, buf, end);
	}
	KUNIT_EXPECT_GT(test, last, 300U);
}

static void ack_cap_raises_the_floor(struct kunit *test)
{
	struct tquic_ack *a = test->priv;
	u64 pn;

	for (pn = 0; pn < 2 * TQUIC_ACK_MAX_RANGES; pn += 2)
		KUNIT_ASSERT_EQ(test, note(a, pn), 0);
	KUNIT_EXPECT_EQ(test, a->floor, 0ULL);
	KUNIT_EXPECT_EQ(test, note(a, 1000), 0);
	KUNIT_EXPECT_EQ(test, a->rcvd.nr, (u16)TQUIC_ACK_MAX_RANGES);
	KUNIT_EXPECT_EQ(test, a->floor, 1ULL);
	KUNIT_EXPECT_EQ(test, note(a, 0), 1);		/* forgotten, not welcome */
	KUNIT_EXPECT_EQ(test, note(a, 1), 1);		/* no room for it below the rest */
	KUNIT_EXPECT_EQ(test, note(a, 2), 1);
	KUNIT_EXPECT_EQ(test, note(a, 1001), 0);	/* in order costs no range */
	KUNIT_EXPECT_EQ(test, a->floor, 1ULL);
}

static void ack_forgets_what_the_peer_knows(struct kunit *test)
{
	struct tquic_ack *a = test->priv;
	u64 pn;

	for (pn = 0; pn < 40; pn += 4)
		note(a, pn);
	tquic_ack_acked(a, 2);
	KUNIT_EXPECT_EQ(test, a->rcvd.nr, (u16)9);
	KUNIT_EXPECT_EQ(test, note(a, 1), 0);
	tquic_ack_acked(a, 36);
	KUNIT_EXPECT_EQ(test, a->rcvd.nr, (u16)TQUIC_ACK_KEEP_RANGES);
	KUNIT_EXPECT_EQ(test, a->floor, 21ULL);
	KUNIT_EXPECT_EQ(test, note(a, 17), 1);
	KUNIT_EXPECT_EQ(test, note(a, 24), 1);
	KUNIT_EXPECT_EQ(test, note(a, 33), 0);		/* merely overtaken */
	KUNIT_EXPECT_EQ(test, tquic_ack_largest(a), 36ULL);
}

static void ack_no_memory(struct kunit *test)
{
	struct tquic_ack *a = test->priv;

	note(a, 0);
	if (!fault_all(true))
		kunit_skip(test, "allocations cannot be made to fail here");
	KUNIT_EXPECT_EQ(test, note(a, 5), -ENOMEM);
	fault_all(false);
	KUNIT_EXPECT_FALSE(test, tquic_ack_seen(a, 5));
	KUNIT_EXPECT_EQ(test, tquic_ack_largest(a), 0ULL);
	KUNIT_EXPECT_FALSE(test, a->now);
	KUNIT_EXPECT_EQ(test, note(a, 5), 0);
}

/* any order, any losses: each number is accepted at most once */
static void ack_accepts_once(struct kunit *test)
{
	struct tquic_ack *a = test->priv;
	u8 *times = kunit_kzalloc(test, 8192, GFP_KERNEL);
	u32 i, r, pn;

	KUNIT_ASSERT_NOT_NULL(test, times);
	for (i = 0; i < 60000; i++) {
		get_random_bytes(&r, sizeof(r));
		pn = min_t(u32, i / 8, 7900) + r % 256;
		if (!tquic_ack_note(a, pn, true, TQUIC_ECN_NOT, i, DELAY))
			times[pn]++;
		KUNIT_ASSERT_LE(test, times[pn], (u8)1);
		KUNIT_ASSERT_LE(test, a->rcvd.nr, (u16)TQUIC_ACK_MAX_RANGES);
		if (r >> 20 == 0)
			tquic_ack_acked(a, pn);
	}
}

static struct kunit_case ack_cases[] = {
	KUNIT_CASE(ack_empty),
	KUNIT_CASE(ack_duplicates),
	KUNIT_CASE(ack_every_second),
	KUNIT_CASE(ack_patience),
	KUNIT_CASE(ack_deadline_is_of_the_first),
	KUNIT_CASE(ack_not_eliciting),
	KUNIT_CASE(ack_at_once),
	KUNIT_CASE(ack_frequency),
	KUNIT_CASE(ack_reordering),
	KUNIT_CASE(ack_before_ranges_are_lost),
	KUNIT_CASE(ack_marked_first),
	KUNIT_CASE(ack_frame_bytes),
	KUNIT_CASE(ack_ecn_counts),
	KUNIT_CASE(ack_every_room),
	KUNIT_CASE(ack_cap_raises_the_floor),
	KUNIT_CASE(ack_forgets_what_the_peer_knows),
	KUNIT_CASE(ack_no_memory),
	KUNIT_CASE(ack_accepts_once),
	{}
};

static struct kunit_suite ack_suite = {
	.name = "tquic_ack",
	.init = ack_init,
	.exit = ack_exit,
	.test_cases = ack_cases,
};

kunit_test_suite(ack_suite);

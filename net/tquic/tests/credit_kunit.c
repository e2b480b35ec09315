// SPDX-License-Identifier: GPL-2.0
/* Tests of credit.c: limits, updates at half a window, growth with the reader's rate. */
#include <kunit/test.h>
#include "credit.h"

static void credit_tx(struct kunit *test)
{
	struct tquic_credit_tx c;

	c = (struct tquic_credit_tx){ .max = 100 };
	KUNIT_EXPECT_EQ(test, tquic_credit_tx_left(&c), 100ULL);
	KUNIT_EXPECT_FALSE(test, tquic_credit_tx_blocked(&c));
	c.used = 100;
	KUNIT_EXPECT_TRUE(test, tquic_credit_tx_blocked(&c));
	KUNIT_EXPECT_FALSE(test, tquic_credit_tx_blocked(&c));
	KUNIT_EXPECT_FALSE(test, tquic_credit_tx_raise(&c, 100));
	KUNIT_EXPECT_FALSE(test, tquic_credit_tx_raise(&c, 99));
	KUNIT_EXPECT_TRUE(test, tquic_credit_tx_raise(&c, 150));
	KUNIT_EXPECT_FALSE(test, tquic_credit_tx_blocked(&c));
	c.used = 150;
	KUNIT_EXPECT_TRUE(test, tquic_credit_tx_blocked(&c));
}

static void credit_tx_blocked_at_zero(struct kunit *test)
{
	struct tquic_credit_tx c;

	c = (struct tquic_credit_tx){ .max = 0 };
	KUNIT_EXPECT_TRUE(test, tquic_credit_tx_blocked(&c));
	KUNIT_EXPECT_FALSE(test, tquic_credit_tx_blocked(&c));
}

static void credit_rx_limit(struct kunit *test)
{
	struct tquic_credit_rx c;

	tquic_credit_rx_init(&c, 1000, 1000);
	KUNIT_EXPECT_EQ(test, tquic_credit_rx_receive(&c, 1000), 0);
	KUNIT_EXPECT_EQ(test, tquic_credit_rx_receive(&c, 10), 0);
	KUNIT_EXPECT_EQ(test, c.received, 1000ULL);
	KUNIT_EXPECT_EQ(test, tquic_credit_rx_receive(&c, 1001), -0x10000 - 0x03);
	KUNIT_EXPECT_EQ(test, c.received, 1000ULL);
}

static void credit_rx_due(struct kunit *test)
{
	struct tquic_credit_rx c;

	tquic_credit_rx_init(&c, 1000, 1000);
	KUNIT_EXPECT_FALSE(test, tquic_credit_rx_due(&c));
	KUNIT_EXPECT_FALSE(test, tquic_credit_rx_consume(&c, 499, 0, 0));
	KUNIT_EXPECT_TRUE(test, tquic_credit_rx_consume(&c, 1, 0, 0));
	KUNIT_EXPECT_EQ(test, tquic_credit_rx_advertise(&c), 1500ULL);
	KUNIT_EXPECT_FALSE(test, tquic_credit_rx_due(&c));
	KUNIT_EXPECT_EQ(test, tquic_credit_rx_advertise(&c), 1500ULL);
	KUNIT_EXPECT_EQ(test, tquic_credit_rx_receive(&c, 1500), 0);
}

/* A window of one stream: each that closes makes room for the next. */
static void credit_rx_window_one(struct kunit *test)
{
	struct tquic_credit_rx c;

	tquic_credit_rx_init(&c, 1, 1);
	KUNIT_EXPECT_FALSE(test, tquic_credit_rx_due(&c));
	KUNIT_EXPECT_TRUE(test, tquic_credit_rx_consume(&c, 1, 0, 0));
	KUNIT_EXPECT_EQ(test, tquic_credit_rx_advertise(&c), 2ULL);
	KUNIT_EXPECT_FALSE(test, tquic_credit_rx_due(&c));
	tquic_credit_rx_init(&c, 0, 0);
	KUNIT_EXPECT_FALSE(test, tquic_credit_rx_due(&c));
}

/* 1000 bytes every @gap_us, RTT 1 ms */
static u64 window_after(u64 window_max, u32 rtt_us, u64 gap_us)
{
	struct tquic_credit_rx c;
	u64 now_us = 5;
	int i;

	tquic_credit_rx_init(&c, 10000, window_max);
	for (i = 0; i < 200; i++, now_us += gap_us)
		if (tquic_credit_rx_consume(&c, 1000, rtt_us, now_us))
			tquic_credit_rx_advertise(&c);
	return c.window;
}

static void credit_rx_grows(struct kunit *test)
{
	/* half the window, 5 reads, in 0.5 ms: it grows until it is wider than 2 RTTs' worth */
	KUNIT_EXPECT_EQ(test, window_after(1000000, 1000, 100), 80000ULL);
	KUNIT_EXPECT_EQ(test, window_after(25000, 1000, 100), 25000ULL);
	/* 5 reads in 5 ms: wide enough */
	KUNIT_EXPECT_EQ(test, window_after(1000000, 1000, 1000), 10000ULL);
	KUNIT_EXPECT_EQ(test, window_after(1000000, 0, 100), 10000ULL);
	KUNIT_EXPECT_EQ(test, window_after(10000, 1000, 100), 10000ULL);
}

/* A rest does not hide how fast it goes afterwards. */
static void credit_rx_grows_after_rest(struct kunit *test)
{
	struct tquic_credit_rx c;
	int i;

	tquic_credit_rx_init(&c, 10000, 1000000);
	tquic_credit_rx_consume(&c, 1000, 1000, 5);
	for (i = 0; i < 6; i++)
		tquic_credit_rx_consume(&c, 1000, 1000, 1000000 + 100 * i);
	KUNIT_EXPECT_EQ(test, c.window, 20000ULL);
}

static void credit_rx_huge(struct kunit *test)
{
	struct tquic_credit_rx c;

	tquic_credit_rx_init(&c, TQUIC_VARINT_MAX, TQUIC_VARINT_MAX);
	tquic_credit_rx_consume(&c, TQUIC_VARINT_MAX / 2 + 1, 0, 0);
	KUNIT_EXPECT_EQ(test, tquic_credit_rx_advertise(&c), TQUIC_VARINT_MAX);
}

static struct kunit_case credit_cases[] = {
	KUNIT_CASE(credit_tx),
	KUNIT_CASE(credit_tx_blocked_at_zero),
	KUNIT_CASE(credit_rx_limit),
	KUNIT_CASE(credit_rx_due),
	KUNIT_CASE(credit_rx_window_one),
	KUNIT_CASE(credit_rx_grows),
	KUNIT_CASE(credit_rx_grows_after_rest),
	KUNIT_CASE(credit_rx_huge),
	{}
};

static struct kunit_suite credit_suite = {
	.name = "tquic_credit",
	.test_cases = credit_cases,
};

kunit_test_suite(credit_suite);

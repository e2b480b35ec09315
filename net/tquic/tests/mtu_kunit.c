// SPDX-License-Identifier: GPL-2.0
/* Tests of mtu.c: the search on paths of every size, black holes, changes of the route. */
#include <kunit/test.h>
#include "mtu.h"

/* A path that carries @path_mtu bytes; every probe meets its fate. Returns the probes sent. */
static u32 search(struct tquic_mtu *m, u32 path_mtu, u64 *now_us)
{
	u32 size, probes = 0;

	while ((size = tquic_mtu_due(m, *now_us)) && probes++ < 100) {
		tquic_mtu_probe_sent(m, size);
		if (tquic_mtu_due(m, *now_us))
			return ~0U;
		*now_us += 1000;
		if (size <= path_mtu)
			tquic_mtu_probe_acked(m, size, *now_us);
		else
			tquic_mtu_probe_lost(m, size, *now_us);
	}
	return probes;
}

static void begin(struct tquic_mtu *m, u32 max)
{
	tquic_mtu_init(m, max, TQUIC_MTU_BASE);
	tquic_mtu_start(m, 1000);
}

static void mtu_not_before_start(struct kunit *test)
{
	struct tquic_mtu m;

	tquic_mtu_init(&m, 1472, 1200);
	KUNIT_EXPECT_EQ(test, m.next_us, TQUIC_TIME_NEVER);
	KUNIT_EXPECT_EQ(test, tquic_mtu_due(&m, 1), 0U);
	tquic_mtu_set_max(&m, 1452, 1);
	KUNIT_EXPECT_EQ(test, tquic_mtu_due(&m, 1), 0U);
	tquic_mtu_start(&m, 5);
	KUNIT_EXPECT_EQ(test, m.next_us, 5ULL);
	KUNIT_EXPECT_EQ(test, tquic_mtu_due(&m, 4), 0U);
	KUNIT_EXPECT_EQ(test, tquic_mtu_due(&m, 5), 1452U);
}

/* An ordinary path needs just one probe. */
static void mtu_one_probe(struct kunit *test)
{
	struct tquic_mtu m;
	u64 now_us = 1000;

	begin(&m, 1472);
	KUNIT_EXPECT_EQ(test, search(&m, 1472, &now_us), 1U);
	KUNIT_EXPECT_EQ(test, m.cur, 1472);
	KUNIT_EXPECT_EQ(test, m.next_us, TQUIC_TIME_NEVER);
}

static void mtu_nothing_to_find(struct kunit *test)
{
	struct tquic_mtu m;

	begin(&m, 1000);
	KUNIT_EXPECT_EQ(test, m.cur, TQUIC_MTU_BASE);
	KUNIT_EXPECT_EQ(test, tquic_mtu_due(&m, 1000), 0U);
	KUNIT_EXPECT_EQ(test, m.next_us, TQUIC_TIME_NEVER);
}

/* Every path size below the route's: never above it, close to it, in a few probes. */
static void mtu_every_path(struct kunit *test)
{
	struct tquic_mtu m;
	u64 now_us;
	u32 mtu, probes;

	for (mtu = TQUIC_MTU_BASE; mtu <= 1472; mtu++) {
		now_us = 1000;
		begin(&m, 1472);
		probes = search(&m, mtu, &now_us);
		KUNIT_ASSERT_LE(test, probes, 30U);
		KUNIT_ASSERT_LE(test, (u32)m.cur, mtu);
		KUNIT_ASSERT_LE(test, mtu - m.cur, 20U);
	}
	now_us = 1000;
	begin(&m, TQUIC_MAX_UDP);
	KUNIT_EXPECT_LE(test, search(&m, 1472, &now_us), 12U);
	KUNIT_EXPECT_EQ(test, m.cur, 1472);
	now_us = 1000;
	begin(&m, TQUIC_MAX_UDP);
	KUNIT_EXPECT_LE(test, search(&m, 8952, &now_us), 12U);
	KUNIT_EXPECT_EQ(test, m.cur, 8952);
}

/* Three losses of one size, not fewer, make it too large. */
static void mtu_lost_probes(struct kunit *test)
{
	struct tquic_mtu m;
	int i;

	begin(&m, 1472);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, tquic_mtu_due(&m, 1000), 1472U);
		tquic_mtu_probe_sent(&m, 1472);
		tquic_mtu_probe_lost(&m, 1472, 1000);
	}
	KUNIT_EXPECT_EQ(test, tquic_mtu_due(&m, 1000), 1452U);
	/* the fate of one that is no longer waited for */
	tquic_mtu_probe_lost(&m, 1472, 1000);
	KUNIT_EXPECT_EQ(test, m.tries, 0);
	KUNIT_EXPECT_TRUE(test, tquic_mtu_probe_acked(&m, 1472, 1000));
	KUNIT_EXPECT_EQ(test, m.cur, 1472);
}

static void mtu_raise_timer(struct kunit *test)
{
	struct tquic_mtu m;
	u64 now_us = 1000;

	begin(&m, 1472);
	search(&m, 1400, &now_us);
	KUNIT_EXPECT_EQ(test, m.next_us, now_us + TQUIC_MTU_RAISE_US);
	KUNIT_EXPECT_EQ(test, tquic_mtu_due(&m, now_us + TQUIC_MTU_RAISE_US - 1), 0U);
	now_us += TQUIC_MTU_RAISE_US;
	KUNIT_EXPECT_EQ(test, tquic_mtu_due(&m, now_us), 1472U);
	search(&m, 1472, &now_us);
	KUNIT_EXPECT_EQ(test, m.cur, 1472);
}

static void mtu_black_hole(struct kunit *test)
{
	struct tquic_mtu m;
	u64 now_us = 1000;

	begin(&m, 1472);
	search(&m, 1472, &now_us);
	KUNIT_EXPECT_FALSE(test, tquic_mtu_lost(&m, 1472, 2000));
	KUNIT_EXPECT_FALSE(test, tquic_mtu_lost(&m, 1450, 3000));
	KUNIT_EXPECT_TRUE(test, tquic_mtu_lost(&m, 1472, 4000));
	KUNIT_EXPECT_EQ(test, m.cur, TQUIC_MTU_BASE);
	KUNIT_EXPECT_EQ(test, tquic_mtu_due(&m, 4000), 1452U);
	now_us = 4000;
	search(&m, 1372, &now_us);
	KUNIT_EXPECT_EQ(test, m.cur, 1372);
}

/* Bursts, small packets and losses with arrivals between are no black hole. */
static void mtu_no_black_hole(struct kunit *test)
{
	struct tquic_mtu m;
	u64 now_us = 1000;
	int i;

	begin(&m, 1472);
	search(&m, 1472, &now_us);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_FALSE(test, tquic_mtu_lost(&m, 1472, 2000));
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_FALSE(test, tquic_mtu_lost(&m, 1200, 3000 + i));
	for (i = 0; i < 20; i++) {
		KUNIT_EXPECT_FALSE(test, tquic_mtu_lost(&m, 1472, 4000 + i));
		tquic_mtu_acked(&m, 1472);
	}
	/* small ones arrive even so */
	tquic_mtu_lost(&m, 1472, 5000);
	tquic_mtu_acked(&m, 1000);
	tquic_mtu_lost(&m, 1472, 5001);
	tquic_mtu_acked(&m, 1000);
	KUNIT_EXPECT_TRUE(test, tquic_mtu_lost(&m, 1472, 5002));
}

static void mtu_route_changes(struct kunit *test)
{
	struct tquic_mtu m;
	u64 now_us = 1000;

	begin(&m, 1472);
	search(&m, 1472, &now_us);
	tquic_mtu_set_max(&m, 1472, now_us);
	KUNIT_EXPECT_EQ(test, tquic_mtu_due(&m, now_us), 0U);
	tquic_mtu_set_max(&m, 1300, now_us);
	KUNIT_EXPECT_EQ(test, m.cur, 1300);
	KUNIT_EXPECT_EQ(test, tquic_mtu_due(&m, now_us), 0U);
	tquic_mtu_set_max(&m, 600, now_us);
	KUNIT_EXPECT_EQ(test, m.cur, TQUIC_MTU_BASE);
	tquic_mtu_set_max(&m, 8952, now_us);
	KUNIT_EXPECT_EQ(test, m.cur, TQUIC_MTU_BASE);
	KUNIT_EXPECT_EQ(test, search(&m, 8952, &now_us), 1U);
	KUNIT_EXPECT_EQ(test, m.cur, 8952);
}

static struct kunit_case mtu_cases[] = {
	KUNIT_CASE(mtu_not_before_start),
	KUNIT_CASE(mtu_one_probe),
	KUNIT_CASE(mtu_nothing_to_find),
	KUNIT_CASE(mtu_every_path),
	KUNIT_CASE(mtu_lost_probes),
	KUNIT_CASE(mtu_raise_timer),
	KUNIT_CASE(mtu_black_hole),
	KUNIT_CASE(mtu_no_black_hole),
	KUNIT_CASE(mtu_route_changes),
	{}
};

static struct kunit_suite mtu_suite = {
	.name = "tquic_mtu",
	.test_cases = mtu_cases,
};

kunit_test_suite(mtu_suite);

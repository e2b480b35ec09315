// SPDX-License-Identifier: GPL-2.0
/* Tests of pacer.c: rate, batches, bursts, and that a late timer costs nothing. */
#include <kunit/test.h>
#include <linux/math64.h>
#include "pacer.h"

#define MSS	1200
#define T0	1000000ULL

static int pacer_init(struct kunit *test)
{
	struct tquic_pacer *pc = kunit_kzalloc(test, sizeof(*pc), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pc);
	tquic_pacer_init(pc, MSS);
	test->priv = pc;
	return 0;
}

/* RFC 9002 section 7.7 */
static void pacer_rate(struct kunit *test)
{
	struct tquic_pacer *pc = test->priv;

	tquic_pacer_update(pc, 1000000, 20000, true, MSS);
	KUNIT_EXPECT_EQ(test, pc->rate, 100000000ULL);
	tquic_pacer_update(pc, 1000000, 20000, false, MSS);
	KUNIT_EXPECT_EQ(test, pc->rate, 62500000ULL);
	KUNIT_EXPECT_EQ(test, pc->batch, 62500U);
	pc->rate_max = 1000000;
	tquic_pacer_update(pc, 1000000, 20000, false, MSS);
	KUNIT_EXPECT_EQ(test, pc->rate, 1000000ULL);
	KUNIT_EXPECT_EQ(test, pc->batch, 2U * MSS);
}

static void pacer_off(struct kunit *test)
{
	struct tquic_pacer *pc = test->priv;

	KUNIT_EXPECT_EQ(test, tquic_pacer_room(pc, T0), ~0ULL);
	tquic_pacer_sent(pc, 1000000);
	KUNIT_EXPECT_EQ(test, tquic_pacer_next_us(pc, T0), T0);
	tquic_pacer_update(pc, 1000000, 0, false, MSS);
	KUNIT_EXPECT_EQ(test, tquic_pacer_room(pc, T0), ~0ULL);
	pc->rate_max = 500000;			/* but a limit holds on any path */
	tquic_pacer_update(pc, 1000000, 0, false, MSS);
	KUNIT_EXPECT_EQ(test, pc->rate, 500000ULL);
	KUNIT_EXPECT_EQ(test, tquic_pacer_room(pc, T0), 10ULL * MSS);
}

static void pacer_burst_then_batches(struct kunit *test)
{
	struct tquic_pacer *pc = test->priv;
	u64 t = T0;

	tquic_pacer_update(pc, 48000, 60000, false, MSS);	/* 1 MB/s */
	KUNIT_EXPECT_EQ(test, pc->rate, 1000000ULL);
	KUNIT_EXPECT_EQ(test, tquic_pacer_room(pc, t), 10ULL * MSS);
	tquic_pacer_sent(pc, 10 * MSS);
	KUNIT_EXPECT_EQ(test, tquic_pacer_room(pc, t), 0ULL);
	KUNIT_EXPECT_EQ(test, tquic_pacer_next_us(pc, t), t + 2400);
	KUNIT_EXPECT_EQ(test, tquic_pacer_room(pc, t + 2399), 0ULL);
	KUNIT_EXPECT_EQ(test, tquic_pacer_next_us(pc, t + 2399), t + 2400);
	KUNIT_EXPECT_EQ(test, tquic_pacer_room(pc, t + 2400), 2ULL * MSS);
	KUNIT_EXPECT_EQ(test, tquic_pacer_room(pc, t + 1000000), 10ULL * MSS);
}

static void pacer_debt(struct kunit *test)
{
	struct tquic_pacer *pc = test->priv;

	tquic_pacer_update(pc, 48000, 60000, false, MSS);
	tquic_pacer_room(pc, T0);
	tquic_pacer_sent(pc, 12 * MSS);		/* probes do not ask */
	KUNIT_EXPECT_EQ(test, tquic_pacer_next_us(pc, T0), T0 + 4800);
	KUNIT_EXPECT_EQ(test, tquic_pacer_room(pc, T0 + 4799), 0ULL);
	KUNIT_EXPECT_EQ(test, tquic_pacer_room(pc, T0 + 4800), 2ULL * MSS);
}

/* bytes in a second when each wake is late_us late */
static u64 in_a_second(struct tquic_pacer *pc, u32 late_us)
{
	u64 t = T0, sum = 0, room;

	while (t < T0 + 1000000) {
		while ((room = tquic_pacer_room(pc, t))) {
			tquic_pacer_sent(pc, room);
			sum += room;
		}
		t = tquic_pacer_next_us(pc, t) + late_us;
	}
	return sum;
}

struct speed {
	const char *name;
	u64 cwnd;
	u32 rtt_us;
};

static const struct speed speeds[] = {
	{ "0.3 Gbit/s at 20 ms", 750000, 20000 },
	{ "10 Gbit/s at 100 ms", 125000000, 100000 },
	{ "100 Gbit/s at 1 s", 12500000000ULL, 1000000 },
	{ "1 Mbit/s at 50 ms", 6250, 50000 },
	{ "the minimum window at 2 s", 2400, 2000000 },
};

static void describe(const struct speed *s, char *desc)
{
	strscpy(desc, s->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(pacer, speeds, describe);

static void pacer_speed(struct kunit *test)
{
	const struct speed *s = test->param_value;
	struct tquic_pacer *pc = test->priv;
	u64 got;

	tquic_pacer_update(pc, s->cwnd, s->rtt_us, false, MSS);
	KUNIT_EXPECT_EQ(test, pc->rate, div_u64(s->cwnd * 5 / 4 * 62500, s->rtt_us) * 16);
	got = in_a_second(pc, 0);
	KUNIT_EXPECT_GE(test, got + pc->batch, pc->rate);
	KUNIT_EXPECT_LE(test, got, pc->rate + pc->burst);
	if (pc->batch <= 2 * MSS)
		return;
	/* a millisecond late each time, and still no less than the window over the round trip */
	tquic_pacer_init(pc, MSS);
	tquic_pacer_update(pc, s->cwnd, s->rtt_us, false, MSS);
	got = in_a_second(pc, 1000);
	KUNIT_EXPECT_GE(test, got, div_u64(s->cwnd, s->rtt_us) * 1000000);
}

static void pacer_asked_often(struct kunit *test)
{
	struct tquic_pacer *pc = test->priv;
	u64 t, sum = 0, room;

	tquic_pacer_update(pc, 2400, 30000, false, MSS);	/* 0.1 bytes each microsecond */
	tquic_pacer_room(pc, T0);
	tquic_pacer_sent(pc, 10 * MSS);
	for (t = T0; t <= T0 + 1000000; t++) {
		room = tquic_pacer_room(pc, t);
		tquic_pacer_sent(pc, room);
		sum += room;
	}
	KUNIT_EXPECT_GE(test, sum + 2 * MSS, pc->rate);
	KUNIT_EXPECT_LE(test, sum, pc->rate);
}

static struct kunit_case pacer_cases[] = {
	KUNIT_CASE(pacer_rate),
	KUNIT_CASE(pacer_off),
	KUNIT_CASE(pacer_burst_then_batches),
	KUNIT_CASE(pacer_debt),
	KUNIT_CASE_PARAM(pacer_speed, pacer_gen_params),
	KUNIT_CASE(pacer_asked_often),
	{}
};

static struct kunit_suite pacer_suite = {
	.name = "tquic_pacer",
	.init = pacer_init,
	.test_cases = pacer_cases,
};

kunit_test_suite(pacer_suite);

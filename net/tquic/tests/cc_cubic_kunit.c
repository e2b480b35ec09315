// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of cc_cubic.c.  The points on the curve come from RFC 9438's equations in floating
 * point: a loss at window W, then two-segment ACKs evenly spread over each round trip.
 */
#include <kunit/test.h>
#include <linux/math64.h>
#include "cc.h"

#define MSS	1200
#define T0	1000000ULL

static int cubic_init(struct kunit *test)
{
	struct tquic_cc *cc = kunit_kzalloc(test, sizeof(*cc), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cc);
	tquic_cc_init(cc, &tquic_cc_cubic, MSS);
	test->priv = cc;
	return 0;
}

struct point {
	u32 ms;		/* since the loss */
	u64 cwnd;	/* bytes */
};

struct curve {
	const char *name;
	u64 w;		/* segments when the loss came */
	u32 rtt_us;
	struct point at[7];
};

static const struct curve curves[] = {
	{ "1000 segments, 100 ms: concave, plateau at 9.086 s, convex", 1000, 100000,
	  { { 1000, 946160 }, { 2000, 1029154 }, { 5000, 1167208 }, { 8000, 1199370 },
	    { 9086, 1199999 }, { 12000, 1211923 }, { 15000, 1299394 } } },
	{ "20 segments, 20 ms: the Reno-friendly region", 20, 20000,
	  { { 500, 40496 }, { 1000, 70504 }, { 2000, 130514 }, { 4000, 250517 } } },
	{ "100000 segments, 50 ms: a long fat path", 100000, 50000,
	  { { 1000, 86500568 }, { 10000, 104016802 }, { 30000, 119134415 },
	    { 42000, 119999997 }, { 50000, 120230307 } } },
};

static void describe(const struct curve *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(cubic, curves, describe);

static void cubic_curve(struct kunit *test)
{
	const struct curve *c = test->param_value;
	struct tquic_cc *cc = test->priv;
	u64 ns = T0 * 1000, tolerance;
	u32 i;

	cc->cwnd = c->w * MSS;
	cc->srtt_us = c->rtt_us;
	tquic_cc_on_lost(cc, MSS, T0 - 1, T0);
	KUNIT_EXPECT_EQ(test, cc->cwnd, c->w * MSS * 7 / 10);
	for (i = 0; i < ARRAY_SIZE(c->at) && c->at[i].ms; ) {
		tquic_cc_on_ack(cc, 2 * MSS, T0 + 1, ns / 1000);
		ns += div64_u64(c->rtt_us * 2000ULL * MSS, cc->cwnd);
		if (ns < (T0 + c->at[i].ms * 1000ULL) * 1000)
			continue;
		tolerance = c->at[i].cwnd / 200 + MSS;
		KUNIT_EXPECT_GT_MSG(test, cc->cwnd + tolerance, c->at[i].cwnd,
				    "at %u ms", c->at[i].ms);
		KUNIT_EXPECT_LT_MSG(test, cc->cwnd, c->at[i].cwnd + tolerance,
				    "at %u ms", c->at[i].ms);
		i++;
	}
}

static void cubic_fast_convergence(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;
	u64 w_max;

	cc->cwnd = 1000 * MSS;
	tquic_cc_on_lost(cc, MSS, 100, 200);
	KUNIT_EXPECT_EQ(test, cc->priv[0], 1000ULL * MSS);
	tquic_cc_on_lost(cc, MSS, 300, 400);	/* at 700, below the last plateau */
	w_max = 700ULL * MSS * 17 / 20;
	KUNIT_EXPECT_EQ(test, cc->priv[0], w_max);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 490ULL * MSS);
}

static void cubic_undo(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;

	cc->cwnd = 1000 * MSS;
	tquic_cc_on_lost(cc, MSS, 100, 200);
	tquic_cc_on_lost(cc, MSS, 300, 400);
	tquic_cc_on_spurious(cc);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 700ULL * MSS);
	KUNIT_EXPECT_EQ(test, cc->priv[0], 1000ULL * MSS);
}

/* RFC 9438 section 4.2: time limited by the application is no time on the curve */
static void cubic_app_limited(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;
	u64 t, cwnd;

	cc->cwnd = 1000 * MSS;
	cc->srtt_us = 100000;
	tquic_cc_on_lost(cc, MSS, T0 - 1, T0);
	for (t = T0; t < T0 + 1000000; t += 1000)
		tquic_cc_on_ack(cc, 8 * MSS, T0 + 1, t);
	cwnd = cc->cwnd;
	cc->app_limited = true;
	for (; t < T0 + 60000000; t += 100000)
		tquic_cc_on_ack(cc, MSS, T0 + 1, t);
	KUNIT_EXPECT_EQ(test, cc->cwnd, cwnd);
	cc->app_limited = false;
	tquic_cc_on_ack(cc, 8 * MSS, T0 + 1, t);
	KUNIT_EXPECT_LT(test, cc->cwnd, cwnd + 2 * MSS);
}

static void cubic_persistent(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;
	u64 t;

	cc->cwnd = 100 * MSS;
	cc->srtt_us = 50000;
	tquic_cc_on_lost(cc, MSS, T0 - 1, T0);
	tquic_cc_on_persistent(cc);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 2ULL * MSS);
	for (t = T0; tquic_cc_in_slow_start(cc); t += 1000)
		tquic_cc_on_ack(cc, MSS, t, t);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 70ULL * MSS);
	tquic_cc_on_ack(cc, MSS, t, t);	/* K is 0: the plateau is here */
	KUNIT_EXPECT_EQ(test, cc->priv[0], 70ULL * MSS);
}

/* the arithmetic at its limits: 100 Gbit/s and a second of round trip */
static void cubic_huge(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;
	u64 t, last;

	cc->cwnd = 12500000000ULL;
	cc->srtt_us = 1000000;
	tquic_cc_on_lost(cc, MSS, T0 - 1, T0);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 8750000000ULL);
	for (t = T0, last = cc->cwnd; t < T0 + 600000000; t += 1000000) {
		tquic_cc_on_ack(cc, 4000000000U, T0 + 1, t);
		KUNIT_ASSERT_GE(test, cc->cwnd, last);
		KUNIT_ASSERT_LE(test, cc->cwnd, last + last / 2);
		last = cc->cwnd;
	}
	KUNIT_EXPECT_GT(test, cc->cwnd, 12500000000ULL);
	cc->mss = 65527;
	tquic_cc_on_ack(cc, 4000000000U, T0 + 1, ~0ULL >> 12);
	KUNIT_EXPECT_GE(test, cc->cwnd, last);
}

/* one round of ten ACKs with the given RTT; returns the window's growth */
static u64 round_of(struct tquic_cc *cc, u64 *t, u32 rtt_us, u32 acked)
{
	u64 sent_us = *t, before = cc->cwnd;
	u32 i;

	*t += rtt_us;
	cc->latest_rtt_us = rtt_us;
	for (i = 0; i < 10; i++)
		tquic_cc_on_ack(cc, acked, i ? sent_us - 1 : sent_us, *t);
	return cc->cwnd - before;
}

/* RFC 9406: RTT grows by an eighth, growth falls to a quarter, five rounds and it is over */
static void cubic_hystart_exits(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;
	u64 t = T0;
	u32 i;

	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, round_of(cc, &t, 40000, MSS), 10ULL * MSS);
	/* eight samples until it is seen: 7 whole steps and 3 quarters */
	KUNIT_EXPECT_EQ(test, round_of(cc, &t, 46000, MSS), 7ULL * MSS + 3 * MSS / 4);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, round_of(cc, &t, 46000, MSS), 10ULL * MSS / 4);
	KUNIT_EXPECT_TRUE(test, tquic_cc_in_slow_start(cc));
	round_of(cc, &t, 46000, MSS);
	KUNIT_EXPECT_FALSE(test, tquic_cc_in_slow_start(cc));
	KUNIT_EXPECT_LE(test, cc->ssthresh, cc->cwnd);
}

static void cubic_hystart_resumes(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;
	u64 t = T0;

	round_of(cc, &t, 40000, MSS);
	round_of(cc, &t, 40000, MSS);
	round_of(cc, &t, 46000, MSS);
	KUNIT_EXPECT_EQ(test, round_of(cc, &t, 46000, MSS), 10ULL * MSS / 4);
	round_of(cc, &t, 40000, MSS);	/* it was a moment's jitter */
	KUNIT_EXPECT_EQ(test, round_of(cc, &t, 40000, MSS), 10ULL * MSS);
}

static void cubic_hystart_tolerates(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;
	u64 t = T0;

	/* below 4 ms more nothing happens, however short the round trip */
	round_of(cc, &t, 1000, MSS);
	round_of(cc, &t, 1000, MSS);
	KUNIT_EXPECT_EQ(test, round_of(cc, &t, 4900, MSS), 10ULL * MSS);
	KUNIT_EXPECT_EQ(test, round_of(cc, &t, 4900, MSS), 10ULL * MSS);
}

static struct kunit_case cubic_cases[] = {
	KUNIT_CASE_PARAM(cubic_curve, cubic_gen_params),
	KUNIT_CASE(cubic_fast_convergence),
	KUNIT_CASE(cubic_undo),
	KUNIT_CASE(cubic_app_limited),
	KUNIT_CASE(cubic_persistent),
	KUNIT_CASE(cubic_huge),
	KUNIT_CASE(cubic_hystart_exits),
	KUNIT_CASE(cubic_hystart_resumes),
	KUNIT_CASE(cubic_hystart_tolerates),
	{}
};

static struct kunit_suite cubic_suite = {
	.name = "tquic_cc_cubic",
	.init = cubic_init,
	.test_cases = cubic_cases,
};

kunit_test_suite(cubic_suite);

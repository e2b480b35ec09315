// SPDX-License-Identifier: GPL-2.0
/* Tests of cc.c: the window that all algorithms share and NewReno, RFC 9002 section 7. */
#include <kunit/test.h>
#include "cc.h"

#define MSS	1200

static int cc_init(struct kunit *test)
{
	struct tquic_cc *cc = kunit_kzalloc(test, sizeof(*cc), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cc);
	tquic_cc_init(cc, &tquic_cc_reno, MSS);
	test->priv = cc;
	return 0;
}

static void cc_find(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, tquic_cc_find("reno"), &tquic_cc_reno);
	KUNIT_EXPECT_PTR_EQ(test, tquic_cc_find("cubic"), &tquic_cc_cubic);
	KUNIT_EXPECT_PTR_EQ(test, tquic_cc_find(""), &tquic_cc_cubic);
	KUNIT_EXPECT_NULL(test, tquic_cc_find("cubi"));
	KUNIT_EXPECT_NULL(test, tquic_cc_find("vegas"));
	KUNIT_EXPECT_PTR_EQ(test, tquic_cc_find_id(QUIC_CONG_ALG_RENO), &tquic_cc_reno);
	KUNIT_EXPECT_PTR_EQ(test, tquic_cc_find_id(QUIC_CONG_ALG_CUBIC), &tquic_cc_cubic);
	KUNIT_EXPECT_NULL(test, tquic_cc_find_id(200));
}

/* RFC 9002 section 7.2 */
static void cc_initial_window(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;

	KUNIT_EXPECT_EQ(test, cc->cwnd, 12000ULL);
	tquic_cc_set_mss(cc, 1472);	/* nothing happened yet: anew */
	KUNIT_EXPECT_EQ(test, cc->cwnd, 14720ULL);
	tquic_cc_set_mss(cc, 8972);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 17944ULL);
	tquic_cc_init(cc, NULL, 1452);
	KUNIT_EXPECT_PTR_EQ(test, cc->ops, &tquic_cc_cubic);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 14520ULL);
	cc->cwnd = 5000;		/* not the initial one: only the minimum holds */
	tquic_cc_set_mss(cc, 8972);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 2 * 8972ULL);
}

static void cc_flight(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;

	tquic_cc_on_sent(cc, 5000);
	tquic_cc_on_sent(cc, 4000);
	KUNIT_EXPECT_EQ(test, tquic_cc_room(cc), 3000ULL);
	tquic_cc_discard(cc, 4000);
	KUNIT_EXPECT_EQ(test, cc->in_flight, 5000ULL);
	tquic_cc_discard(cc, 9000);
	KUNIT_EXPECT_EQ(test, cc->in_flight, 0ULL);
	cc->in_flight = 20000;
	KUNIT_EXPECT_EQ(test, tquic_cc_room(cc), 0ULL);
}

static void cc_slow_start(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;

	tquic_cc_on_sent(cc, 12000);
	KUNIT_EXPECT_TRUE(test, tquic_cc_in_slow_start(cc));
	tquic_cc_on_ack(cc, 7000, 10, 20);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 19000ULL);
	KUNIT_EXPECT_EQ(test, cc->in_flight, 5000ULL);
}

static void cc_app_limited(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;

	cc->app_limited = true;
	tquic_cc_on_sent(cc, 3000);
	KUNIT_EXPECT_TRUE(test, cc->app_limited);
	tquic_cc_on_ack(cc, 3000, 10, 20);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 12000ULL);
	tquic_cc_on_sent(cc, 11000);		/* no full datagram fits any more */
	KUNIT_EXPECT_FALSE(test, cc->app_limited);
}

/* RFC 9002 sections 7.3.2 and 7.3.3 */
static void cc_one_event_per_period(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;
	u32 i;

	tquic_cc_on_sent(cc, 12000);
	tquic_cc_on_lost(cc, 1200, 100, 200);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 6000ULL);
	KUNIT_EXPECT_EQ(test, cc->ssthresh, 6000ULL);
	KUNIT_EXPECT_EQ(test, cc->in_flight, 10800ULL);
	tquic_cc_on_lost(cc, 1200, 200, 250);	/* sent before the period began */
	tquic_cc_on_ce(cc, 150, 260);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 6000ULL);
	tquic_cc_on_ack(cc, 1200, 200, 300);	/* no growth in recovery */
	KUNIT_EXPECT_EQ(test, cc->cwnd, 6000ULL);
	for (i = 0; i < 5; i++)			/* one datagram for each window */
		tquic_cc_on_ack(cc, 1200, 201 + i, 400);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 7200ULL);
	tquic_cc_on_lost(cc, 1200, 500, 600);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 3600ULL);
}

static void cc_minimum_window(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;
	u64 t;

	for (t = 1; t < 10; t++)
		tquic_cc_on_lost(cc, 1200, 100 * t, 100 * t + 50);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 2400ULL);
	KUNIT_EXPECT_EQ(test, cc->ssthresh, 2400ULL);
}

static void cc_ce(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;

	tquic_cc_on_ce(cc, 100, 200);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 6000ULL);
	KUNIT_EXPECT_EQ(test, cc->recovery_us, 200ULL);
}

static void cc_persistent(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;

	tquic_cc_on_lost(cc, 1200, 100, 200);
	tquic_cc_on_persistent(cc);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 2400ULL);
	KUNIT_EXPECT_EQ(test, cc->recovery_us, 0ULL);
	tquic_cc_on_ack(cc, 1200, 150, 300);	/* slow start up to the threshold */
	KUNIT_EXPECT_EQ(test, cc->cwnd, 3600ULL);
	tquic_cc_on_spurious(cc);		/* too late to take it back */
	KUNIT_EXPECT_EQ(test, cc->cwnd, 3600ULL);
}

static void cc_undo(struct kunit *test)
{
	struct tquic_cc *cc = test->priv;

	tquic_cc_on_lost(cc, 1200, 100, 200);
	tquic_cc_on_lost(cc, 1200, 300, 400);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 3000ULL);
	tquic_cc_on_spurious(cc);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 6000ULL);
	KUNIT_EXPECT_EQ(test, cc->recovery_us, 200ULL);
	tquic_cc_on_spurious(cc);		/* one event back, not two */
	KUNIT_EXPECT_EQ(test, cc->cwnd, 6000ULL);
	tquic_cc_init(cc, &tquic_cc_reno, MSS);
	tquic_cc_on_lost(cc, 1200, 100, 200);
	tquic_cc_on_spurious(cc);
	KUNIT_EXPECT_EQ(test, cc->cwnd, 12000ULL);
	KUNIT_EXPECT_TRUE(test, tquic_cc_in_slow_start(cc));
	KUNIT_EXPECT_EQ(test, cc->ssthresh, ~0ULL);
}

static struct kunit_case cc_cases[] = {
	KUNIT_CASE(cc_find),
	KUNIT_CASE(cc_initial_window),
	KUNIT_CASE(cc_flight),
	KUNIT_CASE(cc_slow_start),
	KUNIT_CASE(cc_app_limited),
	KUNIT_CASE(cc_one_event_per_period),
	KUNIT_CASE(cc_minimum_window),
	KUNIT_CASE(cc_ce),
	KUNIT_CASE(cc_persistent),
	KUNIT_CASE(cc_undo),
	{}
};

static struct kunit_suite cc_suite = {
	.name = "tquic_cc",
	.init = cc_init,
	.test_cases = cc_cases,
};

kunit_test_suite(cc_suite);

// SPDX-License-Identifier: GPL-2.0
/* Tests of loss.c: RFC 9002 case by case, with a record for each packet and with one for a run. */
#include <kunit/test.h>
#include <linux/slab.h>
#include "ack.h"
#include "loss.h"

#define MSS	1200
#define RTT	40000		/* microseconds, of the cases */
#define T0	10000000ULL	/* when the cases begin */
#define NR_PN	2048

/* one path, one space; what became of the frame of each packet */
struct bed {
	struct tquic_recovery rec;
	struct tquic_space_loss sp;
	struct tquic_loss_ctx ctx;
	struct tquic_ack_result res;
	u64 next_pn;
	u64 now;
	u32 run;		/* packets that send() puts into one record */
	bool marked;		/* they are ECT(0) */
	u32 probes_acked, probes_lost;
	u32 sized_acked, sized_lost;
	u8 acked[NR_PN], lost[NR_PN], dropped[NR_PN];
};

static void on_acked(void *arg, struct tquic_frame *f, u32 n)
{
	while (n--)
		((struct bed *)arg)->acked[f->off + n]++;
}

static void on_lost(void *arg, struct tquic_frame *f)
{
	((struct bed *)arg)->lost[f->off]++;
}

static void on_drop(void *arg, struct tquic_frame *f)
{
	((struct bed *)arg)->dropped[f->off]++;
}

static void on_sized(void *arg, u8 path, u32 bytes, bool probe, bool acked)
{
	struct bed *b = arg;

	if (probe)
		(*(acked ? &b->probes_acked : &b->probes_lost))++;
	else
		(*(acked ? &b->sized_acked : &b->sized_lost))++;
}

static const struct tquic_loss_ops bed_ops = {
	.acked = on_acked,
	.lost = on_lost,
	.drop = on_drop,
	.sized = on_sized,
};

static int loss_init(struct kunit *test)
{
	struct bed *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_ASSERT_EQ(test, tquic_sent_setup(), 0);
	tquic_loss_recovery_init(&b->rec, &tquic_cc_reno, MSS, 0);
	tquic_loss_space_init(&b->sp);
	b->rec.max_ack_delay_us = 25000;
	b->ctx.ops = &bed_ops;
	b->ctx.arg = b;
	b->ctx.path[0] = &b->rec;
	b->now = T0;
	b->run = 1;
	test->priv = b;
	return 0;
}

static int loss_init_runs(struct kunit *test)
{
	int err = loss_init(test);

	if (!err)
		((struct bed *)test->priv)->run = 7;
	return err;
}

/* whatever a case did: each frame was ended exactly once, and nothing stays in flight */
static void loss_exit(struct kunit *test)
{
	struct bed *b = test->priv;
	u64 pn;

	tquic_loss_space_free(&b->ctx, &b->sp);
	for (pn = 0; pn < b->next_pn; pn++)
		KUNIT_EXPECT_EQ_MSG(test, b->acked[pn] + b->dropped[pn], 1, "packet %llu", pn);
	KUNIT_EXPECT_EQ(test, b->rec.cc.in_flight, 0ULL);
	KUNIT_EXPECT_EQ(test, b->sp.eliciting, 0U);
	tquic_sent_teardown();
}

/* a packet, or a run of them, leaves now */
static void send_run(struct kunit *test, u8 flags, u32 bytes, u32 run)
{
	struct bed *b = test->priv;
	struct tquic_pkt *pkt = tquic_sent_begin(&b->sp.sent, GFP_KERNEL);
	struct tquic_frame *f;

	KUNIT_ASSERT_NOT_NULL(test, pkt);
	f = tquic_sent_add(&b->sp.sent);
	f->type = TQUIC_FT_STREAM;
	f->off = b->next_pn;
	f->len = 1;
	KUNIT_ASSERT_LE(test, run, tquic_sent_run_room(&b->sp.sent));
	pkt->pn = b->next_pn;
	pkt->bytes = bytes;
	pkt->flags = flags;
	b->next_pn += run;
	do
		tquic_loss_on_sent(&b->ctx, &b->sp, pkt, b->now);
	while (++pkt->more < run);
	pkt->more = run - 1;
	tquic_sent_commit(&b->sp.sent);
}

static void send_flags(struct kunit *test, u8 flags, u32 bytes)
{
	send_run(test, flags, bytes, 1);
}

static void send(struct kunit *test, u32 n)
{
	struct bed *b = test->priv;
	u32 run;

	for (; n; n -= run) {
		run = min(n, b->run);
		send_run(test, TQUIC_PKT_ELICITING | TQUIC_PKT_INFLIGHT |
			 (b->marked ? TQUIC_PKT_ECT : 0), MSS, run);
		b->sp.ecn_sent += b->marked ? run : 0;
		b->rec.ecn_sent += b->marked ? run : 0;
	}
}

static int feed(struct bed *b, struct tquic_ack *a)
{
	struct tquic_rx_frame f;
	u8 buf[1024], *end;
	u64 largest;

	end = tquic_ack_write(a, buf, buf + sizeof(buf), 0, b->now, &largest);
	tquic_ack_free(a);
	if (tquic_frame_decode(buf, end, TQUIC_PT_1RTT, &f) != end - buf)
		return -EINVAL;
	return tquic_loss_on_ack(&b->ctx, &b->sp, b->next_pn, &f, f.ack.delay, b->now, &b->res);
}

/* an ACK of the packets from first to last and, unless also is below 0, of one more */
static int ack_more(struct bed *b, u64 first, u64 last, s64 also, enum tquic_ecn ecn)
{
	struct tquic_ack a;

	tquic_ack_init(&a);
	if (also >= 0)
		tquic_ack_note(&a, also, true, ecn, b->now, 0);
	for (; first <= last; first++)
		tquic_ack_note(&a, first, true, ecn, b->now, 0);
	return feed(b, &a);
}

static int ack(struct bed *b, u64 first, u64 last)
{
	return ack_more(b, first, last, -1, TQUIC_ECN_NOT);
}

/* packet 0 gives the path its RTT */
static void warm(struct kunit *test)
{
	struct bed *b = test->priv;

	send(test, 1);
	b->now += RTT;
	KUNIT_ASSERT_EQ(test, ack(b, 0, 0), 0);
	KUNIT_ASSERT_EQ(test, b->rec.rtt.smoothed_us, (u32)RTT);
}

/* RFC 9002 section 5.3, by hand */
static void loss_rtt(struct kunit *test)
{
	struct tquic_rtt r = {};

	tquic_loss_rtt_update(&r, 100000, 10000, 5);
	KUNIT_EXPECT_EQ(test, r.smoothed_us, 100000U);
	KUNIT_EXPECT_EQ(test, r.var_us, 50000U);
	KUNIT_EXPECT_EQ(test, r.first_sample_us, 5ULL);
	tquic_loss_rtt_update(&r, 120000, 10000, 6);
	KUNIT_EXPECT_EQ(test, r.smoothed_us, 101250U);
	KUNIT_EXPECT_EQ(test, r.var_us, 40000U);
	tquic_loss_rtt_update(&r, 101000, 25000, 7);	/* the delay is not plausible */
	KUNIT_EXPECT_EQ(test, r.smoothed_us, 101218U);
	KUNIT_EXPECT_EQ(test, r.var_us, 30062U);
	KUNIT_EXPECT_EQ(test, r.min_us, 100000U);
	KUNIT_EXPECT_EQ(test, r.latest_us, 101000U);
	KUNIT_EXPECT_EQ(test, r.first_sample_us, 5ULL);
}

/* RFC 9002 section 6.2.1 */
static void loss_pto(struct kunit *test)
{
	struct bed *b = test->priv;

	KUNIT_EXPECT_EQ(test, tquic_loss_pto_us(&b->rec, false, false), 999000ULL);
	KUNIT_EXPECT_EQ(test, tquic_loss_pto_us(&b->rec, true, true), 1024000ULL);
	KUNIT_EXPECT_EQ(test, tquic_loss_pto_us(&b->rec, true, false), 999000ULL);
	b->rec.pto_count = 3;
	KUNIT_EXPECT_EQ(test, tquic_loss_pto_us(&b->rec, true, true), 8 * 1024000ULL);
	b->rec.pto_count = 50;
	KUNIT_EXPECT_EQ(test, tquic_loss_pto_us(&b->rec, false, true), 999000ULL << 10);
	b->rec.pto_count = 0;
	b->rec.rtt.smoothed_us = 50;
	b->rec.rtt.var_us = 10;
	KUNIT_EXPECT_EQ(test, tquic_loss_pto_us(&b->rec, false, true), 1050ULL);
	/* patience with TLS in user space, which backs off, too */
	KUNIT_EXPECT_EQ(test, tquic_loss_pto_us(&b->rec, false, false), TQUIC_HANDSHAKE_PTO_US);
	b->rec.pto_count = 2;
	KUNIT_EXPECT_EQ(test, tquic_loss_pto_us(&b->rec, true, false), 4 * TQUIC_HANDSHAKE_PTO_US);
}

static void loss_ack_samples_rtt(struct kunit *test)
{
	struct bed *b = test->priv;

	warm(test);
	KUNIT_EXPECT_EQ(test, b->rec.rtt.latest_us, RTT);
	send(test, 2);
	b->now += 2 * RTT;
	ack(b, 2, 2);
	KUNIT_EXPECT_EQ(test, b->rec.rtt.latest_us, 2U * RTT);
	b->now += RTT / 8;
	ack(b, 1, 2);			/* the largest is not new */
	KUNIT_EXPECT_EQ(test, b->res.acked_pkts, 1U);
	KUNIT_EXPECT_EQ(test, b->rec.rtt.latest_us, 2U * RTT);
	send_flags(test, 0, 40);
	b->now += RTT;
	ack(b, 0, 3);			/* nothing in it asked for an ACK */
	KUNIT_EXPECT_EQ(test, b->res.acked_pkts, 1U);
	KUNIT_EXPECT_EQ(test, b->rec.rtt.latest_us, 2U * RTT);
}

static void loss_ack_delay(struct kunit *test)
{
	struct bed *b = test->priv;
	struct tquic_ack a;

	warm(test);
	b->ctx.confirmed = true;
	send(test, 1);
	tquic_ack_init(&a);
	tquic_ack_note(&a, 1, true, TQUIC_ECN_NOT, b->now + 1000, 0);
	b->now += 100000;		/* 99 ms late, it says; 25 at most are believed */
	feed(b, &a);
	KUNIT_EXPECT_EQ(test, b->rec.rtt.smoothed_us, (7U * RTT + 75000) / 8);
}

static void loss_lies(struct kunit *test)
{
	struct bed *b = test->priv;

	send(test, 3);
	KUNIT_EXPECT_EQ(test, ack(b, 0, 3), TQUIC_WERR(PROTOCOL_VIOLATION));
	KUNIT_EXPECT_EQ(test, b->acked[0], (u8)0);
	b->sp.skipped_pn = b->next_pn;
	b->dropped[b->next_pn++] = 1;
	send(test, 1);
	KUNIT_EXPECT_EQ(test, ack_more(b, 4, 4, 2, TQUIC_ECN_NOT), 0);
	KUNIT_EXPECT_EQ(test, ack(b, 2, 4), TQUIC_WERR(PROTOCOL_VIOLATION));
}

static void loss_acked(struct kunit *test)
{
	struct bed *b = test->priv;

	send(test, 10);
	b->now += RTT;
	KUNIT_EXPECT_EQ(test, ack_more(b, 5, 7, 2, TQUIC_ECN_NOT), 0);
	KUNIT_EXPECT_EQ(test, b->res.acked_pkts, 4U);
	KUNIT_EXPECT_TRUE(test, b->res.eliciting);
	KUNIT_EXPECT_EQ(test, b->acked[2] + b->acked[5] + b->acked[6] + b->acked[7], 4);
	KUNIT_EXPECT_EQ(test, b->sp.largest_acked, 7ULL);
	KUNIT_EXPECT_EQ(test, b->rec.delivered, 4ULL * MSS);
	KUNIT_EXPECT_EQ(test, b->sized_acked, 1U);
	b->rec.pto_count = 4;
	ack(b, 5, 7);			/* nothing new */
	KUNIT_EXPECT_EQ(test, b->res.acked_pkts, 0U);
	KUNIT_EXPECT_EQ(test, b->rec.pto_count, 4U);
	b->ctx.keep_backoff = true;
	ack(b, 8, 8);
	KUNIT_EXPECT_EQ(test, b->rec.pto_count, 4U);
	b->ctx.keep_backoff = false;
	ack(b, 9, 9);
	KUNIT_EXPECT_EQ(test, b->rec.pto_count, 0U);
}

/* RFC 9002 section 6.1.1, and the timer of 6.1.2 for the rest */
static void loss_thresholds(struct kunit *test)
{
	struct bed *b = test->priv;
	u64 sent;

	warm(test);
	sent = b->now;
	send(test, 4);
	b->now += RTT;
	ack(b, 4, 4);
	KUNIT_EXPECT_EQ(test, b->res.lost_pkts, 1U);
	KUNIT_EXPECT_EQ(test, b->lost[1], (u8)1);
	KUNIT_EXPECT_EQ(test, b->sp.loss_us, sent + RTT * 9 / 8);
	KUNIT_EXPECT_EQ(test, b->sp.eliciting, 2U);
	b->now = b->sp.loss_us - 1;
	KUNIT_EXPECT_EQ(test, tquic_loss_detect(&b->ctx, &b->sp, b->now), 0U);
	b->now++;
	KUNIT_EXPECT_EQ(test, tquic_loss_detect(&b->ctx, &b->sp, b->now), 2U);
	KUNIT_EXPECT_EQ(test, b->sp.loss_us, TQUIC_TIME_NEVER);
	KUNIT_EXPECT_EQ(test, b->sized_lost, 3U);
	KUNIT_EXPECT_EQ(test, b->rec.lost_bytes, 3ULL * MSS);
	KUNIT_EXPECT_EQ(test, b->rec.cc.in_flight, 0ULL);
	KUNIT_EXPECT_EQ(test, b->rec.cc.cwnd, 6600ULL);	/* (12000 + 1200) / 2, once */
}

/* kGranularity: a loopback's round trip is no measure of reordering */
static void loss_granularity(struct kunit *test)
{
	struct bed *b = test->priv;

	send(test, 1);
	b->now += 30;
	ack(b, 0, 0);
	send(test, 2);
	b->now += 30;
	ack(b, 2, 2);
	KUNIT_EXPECT_EQ(test, b->sp.loss_us, T0 + 30 + TQUIC_GRANULARITY_US);
}

static void loss_spurious(struct kunit *test)
{
	struct bed *b = test->priv;

	warm(test);
	send(test, 5);
	b->now += RTT;
	ack(b, 5, 5);			/* 1 and 2 are lost by threshold */
	KUNIT_EXPECT_EQ(test, b->rec.event_lost, 2U);
	KUNIT_EXPECT_EQ(test, b->rec.cc.cwnd, 6600ULL);
	ack(b, 1, 1);
	KUNIT_EXPECT_EQ(test, b->res.spurious_pkts, 1U);
	KUNIT_EXPECT_EQ(test, b->rec.cc.cwnd, 6600ULL);
	ack(b, 2, 4);
	KUNIT_EXPECT_EQ(test, b->rec.spurious_pkts, 2ULL);
	KUNIT_EXPECT_GE(test, b->rec.cc.cwnd, 13200ULL);
	KUNIT_EXPECT_EQ(test, b->rec.cc.ssthresh, ~0ULL);
	KUNIT_EXPECT_EQ(test, b->rec.reorder_pkts, 12U);
	KUNIT_EXPECT_EQ(test, b->rec.reorder_shift, 1U);
	KUNIT_EXPECT_EQ(test, b->lost[1] + b->acked[1], 2);
	KUNIT_EXPECT_EQ(test, b->sp.nr_lost, 0U);
}

/* one of two losses was real: the reduction stays */
static void loss_half_spurious(struct kunit *test)
{
	struct bed *b = test->priv;

	warm(test);
	send(test, 5);
	b->now += RTT;
	ack(b, 5, 5);
	ack(b, 2, 2);
	KUNIT_EXPECT_EQ(test, b->rec.spurious_pkts, 1ULL);
	b->now += 1000000;
	send(test, 1);
	b->now += RTT;
	ack(b, 6, 6);			/* packet 1 is forgotten by now, 3 and 4 just lost */
	KUNIT_EXPECT_EQ(test, b->dropped[1], (u8)1);
	ack(b, 1, 1);
	KUNIT_EXPECT_EQ(test, b->rec.spurious_pkts, 1ULL);
	KUNIT_EXPECT_LT(test, b->rec.cc.cwnd, 13200ULL);
}

/* a mark is never spurious */
static void loss_ce(struct kunit *test)
{
	struct bed *b = test->priv;

	warm(test);
	b->marked = true;
	send(test, 5);
	b->now += RTT;
	ack_more(b, 5, 5, -1, TQUIC_ECN_CE);
	KUNIT_EXPECT_TRUE(test, b->res.ecn_ce);
	KUNIT_EXPECT_EQ(test, b->rec.cc.cwnd, 6600ULL);
	KUNIT_EXPECT_EQ(test, b->sp.ecn[2], 1ULL);
	ack(b, 1, 4);
	KUNIT_EXPECT_EQ(test, b->rec.spurious_pkts, 2ULL);
	KUNIT_EXPECT_EQ(test, b->rec.cc.cwnd, 6600ULL);
	b->now += RTT;
	send(test, 1);
	b->now += RTT;
	ack_more(b, 6, 6, -1, TQUIC_ECN_CE);	/* the count did not rise */
	KUNIT_EXPECT_GT(test, b->rec.cc.cwnd, 6599ULL);
}

/* RFC 9000 section 13.4.2: marked until ten have left, then only if the path has proven itself */
static void loss_ecn(struct kunit *test)
{
	struct bed *b = test->priv;

	warm(test);
	b->marked = true;
	KUNIT_EXPECT_TRUE(test, tquic_loss_marks(&b->rec));
	b->rec.pto_count = 1;		/* perhaps it is the mark that gets lost */
	KUNIT_EXPECT_FALSE(test, tquic_loss_marks(&b->rec));
	b->rec.pto_count = 0;
	send(test, 10);
	KUNIT_EXPECT_FALSE(test, tquic_loss_marks(&b->rec));
	b->now += RTT;
	ack_more(b, 1, 10, -1, TQUIC_ECN_ECT0);
	KUNIT_EXPECT_EQ(test, b->rec.ecn, TQUIC_ECN_CAPABLE);
	KUNIT_EXPECT_TRUE(test, tquic_loss_marks(&b->rec));
	send(test, 2);
	b->now += RTT;
	ack(b, 11, 12);			/* and then no counts */
	KUNIT_EXPECT_EQ(test, b->rec.ecn, TQUIC_ECN_FAILED);
	KUNIT_EXPECT_TRUE(test, b->res.ecn_failed);
	KUNIT_EXPECT_FALSE(test, tquic_loss_marks(&b->rec));
}

/* counts that cannot be, section 13.4.2.1 */
static void loss_ecn_invalid(struct kunit *test)
{
	static const u64 bad[][3] = {
		{ 3, 0, 0 },		/* four arrived */
		{ 2, 0, 1 },
		{ 4, 1, 0 },		/* nobody sent ECT(1) */
		{ 9, 0, 0 },		/* eight were sent */
		{ 7, 0, 2 },
	};
	struct bed *b = test->priv;
	struct tquic_ack a;
	u32 i, pn;

	warm(test);
	b->marked = true;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		b->rec.ecn = TQUIC_ECN_TESTING;
		b->sp.ecn_sent = 0;
		memset(b->sp.ecn, 0, sizeof(b->sp.ecn));
		pn = b->next_pn;
		send(test, 8);
		b->now += RTT;
		tquic_ack_init(&a);
		while (b->next_pn - pn > 4)
			tquic_ack_note(&a, pn++, true, TQUIC_ECN_NOT, b->now, 0);
		memcpy(a.ecn, bad[i], sizeof(a.ecn));
		KUNIT_ASSERT_EQ(test, feed(b, &a), 0);
		KUNIT_EXPECT_EQ_MSG(test, b->rec.ecn, TQUIC_ECN_FAILED, "case %u", i);
		ack(b, pn, b->next_pn - 1);
	}
}

/* who drops what is marked, appendix A.4 */
static void loss_ecn_lost(struct kunit *test)
{
	struct bed *b = test->priv;

	warm(test);
	b->marked = true;
	send(test, 10);
	b->marked = false;
	send(test, 5);
	b->now += RTT;
	ack(b, 13, 15);
	KUNIT_EXPECT_EQ(test, b->rec.ecn, TQUIC_ECN_FAILED);
	KUNIT_EXPECT_TRUE(test, b->res.ecn_failed);
}

/* the example of RFC 9002 section 7.6.3, its unit of time being 1/2 PTO */
static void persistent_example(struct kunit *test, bool acked_between)
{
	struct bed *b = test->priv;
	u64 unit, start;
	u32 i;

	b->rec.max_ack_delay_us = 0;
	warm(test);
	unit = tquic_loss_pto_us(&b->rec, true, true) / 2;
	start = b->now;
	send(test, 1);				/* 1 in the RFC and here */
	b->now = start + unit;
	send(test, 1);
	b->now += unit / 5;
	b->rec.rtt.latest_us = 0;		/* keep the estimate, as the example does */
	ack(b, 1, 1);
	unit = tquic_loss_pto_us(&b->rec, true, true) / 2;
	start = b->now;
	for (i = 2; i <= 6; i++) {
		b->now = start + i * unit;
		send(test, 1);
	}
	b->now = start + 8 * unit;
	send(test, 1);
	b->now = start + 12 * unit;
	send(test, 1);
	b->now += unit / 5;
	if (acked_between)
		ack_more(b, 9, 9, 5, TQUIC_ECN_NOT);
	else
		ack(b, 9, 9);
	KUNIT_EXPECT_EQ(test, b->res.lost_pkts, 7U - acked_between);
}

static void loss_persistent(struct kunit *test)
{
	struct bed *b = test->priv;

	persistent_example(test, false);
	KUNIT_EXPECT_EQ(test, b->rec.cc.recovery_us, 0ULL);
	KUNIT_EXPECT_LE(test, b->rec.cc.cwnd, 3ULL * MSS);
}

static void loss_not_persistent(struct kunit *test)
{
	struct bed *b = test->priv;

	persistent_example(test, true);
	KUNIT_EXPECT_EQ(test, b->rec.cc.recovery_us, b->now);
	KUNIT_EXPECT_GT(test, b->rec.cc.cwnd, 3ULL * MSS);
}

/* Only what asks for an ACK begins or ends such a time, RFC 9002 section 7.6.2 */
static void loss_persistent_ends(struct kunit *test)
{
	static const u8 plain = TQUIC_PKT_INFLIGHT, asks = TQUIC_PKT_INFLIGHT | TQUIC_PKT_ELICITING;
	struct bed *b = test->priv;
	u64 pto, start;
	u32 i;

	b->rec.max_ack_delay_us = 0;
	warm(test);
	pto = tquic_loss_pto_us(&b->rec, true, true);
	start = b->now + 1;
	for (i = 0; i < 8; i++) {	/* from 3 to 5 they ask: less than 3 PTOs */
		b->now = start + i * pto;
		send_flags(test, i < 3 || i > 5 ? plain : asks, MSS);
	}
	b->now += pto;
	send_flags(test, asks, MSS);
	b->now += RTT;
	ack(b, b->next_pn - 1, b->next_pn - 1);
	KUNIT_EXPECT_EQ(test, b->rec.lost_pkts, 8ULL);
	KUNIT_EXPECT_EQ(test, b->rec.cc.recovery_us, b->now);
	KUNIT_EXPECT_GT(test, b->rec.cc.cwnd, 3ULL * MSS);
}

/* Nor does one before there was an RTT sample, likewise */
static void loss_persistent_sample(struct kunit *test)
{
	struct bed *b = test->priv;
	u32 i;

	for (i = 0; i < 10; i++) {
		send_flags(test, TQUIC_PKT_INFLIGHT | TQUIC_PKT_ELICITING, MSS);
		b->now += USEC_PER_SEC;
	}
	send_flags(test, TQUIC_PKT_INFLIGHT | TQUIC_PKT_ELICITING, MSS);
	b->now += RTT;
	KUNIT_ASSERT_EQ(test, b->rec.rtt.first_sample_us, 0ULL);
	ack(b, 10, 10);
	KUNIT_EXPECT_EQ(test, b->rec.lost_pkts, 10ULL);
	KUNIT_EXPECT_EQ(test, b->rec.cc.recovery_us, b->now);
	KUNIT_EXPECT_GT(test, b->rec.cc.cwnd, 3ULL * MSS);
}

static void loss_mtu_probe(struct kunit *test)
{
	struct bed *b = test->priv;

	warm(test);
	send_flags(test, TQUIC_PKT_ELICITING | TQUIC_PKT_INFLIGHT | TQUIC_PKT_MTU_PROBE, 1472);
	send(test, 3);
	b->now += RTT;
	ack(b, 2, 4);
	KUNIT_EXPECT_EQ(test, b->probes_lost, 1U);
	KUNIT_EXPECT_EQ(test, b->rec.lost_pkts, 0ULL);
	KUNIT_EXPECT_EQ(test, b->rec.cc.recovery_us, 0ULL);
	KUNIT_EXPECT_EQ(test, b->rec.cc.in_flight, 0ULL);
	ack(b, 1, 1);			/* late, and no reason to trust the path less */
	KUNIT_EXPECT_EQ(test, b->rec.reorder_pkts, 3U);
}

static void loss_requeue(struct kunit *test)
{
	struct bed *b = test->priv;

	KUNIT_EXPECT_EQ(test, tquic_loss_requeue_oldest(&b->ctx, &b->sp, 2), 0U);
	send_flags(test, 0, 40);
	send(test, 5);
	KUNIT_EXPECT_EQ(test, tquic_loss_requeue_oldest(&b->ctx, &b->sp, 2), 2U);
	KUNIT_EXPECT_EQ(test, b->lost[0] + b->lost[3], 0);
	KUNIT_EXPECT_EQ(test, b->lost[1] + b->lost[2], 2);
	KUNIT_EXPECT_EQ(test, b->sp.eliciting, 5U);
	KUNIT_EXPECT_EQ(test, b->rec.cc.in_flight, 5ULL * MSS);
	KUNIT_EXPECT_EQ(test, tquic_loss_requeue_oldest(&b->ctx, &b->sp, 100), 5U);
}

static void loss_lost_cap(struct kunit *test)
{
	struct bed *b = test->priv;

	warm(test);
	send(test, 1500);
	b->now += RTT;
	ack(b, 1500, 1500);
	KUNIT_EXPECT_EQ(test, b->res.lost_pkts, 1497U);
	ack(b, 1499, 1500);
	KUNIT_EXPECT_LE(test, b->sp.nr_lost, (u32)TQUIC_LOSS_MAX_LOST);
	KUNIT_EXPECT_EQ(test, b->dropped[1], (u8)1);
	KUNIT_EXPECT_EQ(test, b->dropped[1400], (u8)0);
}

/* all that was sent after them is acknowledged: they cannot come any more */
static void loss_forgets(struct kunit *test)
{
	struct bed *b = test->priv;

	warm(test);
	send(test, 4);
	b->now += RTT;
	ack(b, 2, 4);
	KUNIT_EXPECT_EQ(test, b->sp.nr_lost, 1U);
	send(test, 1);
	b->now += RTT;
	ack(b, 5, 5);
	KUNIT_EXPECT_EQ(test, b->sp.nr_lost, 0U);
	KUNIT_EXPECT_EQ(test, b->dropped[1], (u8)1);
	KUNIT_EXPECT_EQ(test, b->sp.sent.nr_live, 0U);
}

static void loss_ack_only(struct kunit *test)
{
	struct bed *b = test->priv;
	u32 i;

	for (i = 0; i < 1000; i++)
		send_flags(test, 0, 40);
	KUNIT_EXPECT_LE(test, b->sp.sent.nr_live, 70U);
	KUNIT_EXPECT_EQ(test, b->rec.cc.in_flight, 0ULL);
	KUNIT_EXPECT_EQ(test, b->sp.eliciting, 0U);
	send(test, 1);
	b->now += RTT;
	ack(b, 1000, 1000);
	KUNIT_EXPECT_EQ(test, b->res.lost_pkts, 0U);
	KUNIT_EXPECT_EQ(test, b->lost[999], (u8)0);
	KUNIT_EXPECT_EQ(test, b->rec.cc.recovery_us, 0ULL);
}

static void loss_path_gone(struct kunit *test)
{
	struct bed *b = test->priv;

	warm(test);
	send(test, 3);
	b->ctx.path[0] = NULL;
	b->rec.cc.in_flight = 0;
	b->now += RTT;
	KUNIT_EXPECT_EQ(test, ack(b, 2, 2), 0);
	KUNIT_EXPECT_EQ(test, b->acked[2], (u8)1);
	KUNIT_EXPECT_EQ(test, b->lost[1] + b->dropped[1], 2);
	KUNIT_EXPECT_EQ(test, b->lost[3], (u8)0);
}

/* more ranges than one walk takes, some blocks of the log whole */
static void loss_many_ranges(struct kunit *test)
{
	struct bed *b = test->priv;
	struct tquic_ack a;
	u64 pn;

	b->rec.reorder_pkts = 10000;
	send(test, 400);
	b->now += RTT;
	tquic_ack_init(&a);
	for (pn = 0; pn < 400; pn += pn > 100 && pn < 200 ? 1 : 4)
		tquic_ack_note(&a, pn, true, TQUIC_ECN_NOT, b->now, 0);
	KUNIT_ASSERT_EQ(test, feed(b, &a), 0);
	for (pn = 0; pn < 400; pn++)
		KUNIT_EXPECT_EQ_MSG(test, b->acked[pn],
				    (u8)((pn > 103 && pn <= 200) || pn % 4 == 0),
				    "packet %llu", pn);
}

static void loss_rate(struct kunit *test)
{
	struct bed *b = test->priv;

	warm(test);
	send(test, 10);
	b->now += RTT;
	ack(b, 1, 10);
	KUNIT_EXPECT_EQ(test, b->rec.delivery_rate, 10ULL * MSS * 1000000 / RTT);
	b->rec.cc.app_limited = true;
	send(test, 1);
	b->now += RTT;
	ack(b, 11, 11);
	KUNIT_EXPECT_EQ(test, b->rec.delivery_rate, 10ULL * MSS * 1000000 / RTT);
}

/* RFC 9002 section 7.8: a flight that did not fill the window does not widen it */
static void loss_app_limited(struct kunit *test)
{
	struct bed *b = test->priv;
	u64 cwnd = b->rec.cc.cwnd;

	b->rec.cc.app_limited = true;
	send(test, 5);
	b->now += RTT;
	ack(b, 0, 4);
	KUNIT_EXPECT_EQ(test, b->rec.cc.cwnd, cwnd);
	send(test, 10);
	KUNIT_EXPECT_FALSE(test, b->rec.cc.app_limited);
	b->rec.cc.app_limited = true;	/* data ran out, but this flight had filled it */
	b->now += RTT;
	ack(b, 5, 14);
	KUNIT_EXPECT_EQ(test, b->rec.cc.cwnd, cwnd + 10 * MSS);
	KUNIT_EXPECT_TRUE(test, b->rec.cc.app_limited);
}

static struct kunit_case loss_cases[] = {
	KUNIT_CASE(loss_rtt),
	KUNIT_CASE(loss_pto),
	KUNIT_CASE(loss_ack_samples_rtt),
	KUNIT_CASE(loss_ack_delay),
	KUNIT_CASE(loss_lies),
	KUNIT_CASE(loss_acked),
	KUNIT_CASE(loss_thresholds),
	KUNIT_CASE(loss_granularity),
	KUNIT_CASE(loss_spurious),
	KUNIT_CASE(loss_half_spurious),
	KUNIT_CASE(loss_ce),
	KUNIT_CASE(loss_ecn),
	KUNIT_CASE(loss_ecn_invalid),
	KUNIT_CASE(loss_ecn_lost),
	KUNIT_CASE(loss_persistent),
	KUNIT_CASE(loss_not_persistent),
	KUNIT_CASE(loss_persistent_ends),
	KUNIT_CASE(loss_persistent_sample),
	KUNIT_CASE(loss_mtu_probe),
	KUNIT_CASE(loss_requeue),
	KUNIT_CASE(loss_lost_cap),
	KUNIT_CASE(loss_forgets),
	KUNIT_CASE(loss_ack_only),
	KUNIT_CASE(loss_path_gone),
	KUNIT_CASE(loss_many_ranges),
	KUNIT_CASE(loss_rate),
	KUNIT_CASE(loss_app_limited),
	{}
};

static struct kunit_suite loss_suite = {
	.name = "tquic_loss",
	.init = loss_init,
	.exit = loss_exit,
	.test_cases = loss_cases,
};

static struct kunit_suite loss_runs_suite = {
	.name = "tquic_loss_runs",
	.init = loss_init_runs,
	.exit = loss_exit,
	.test_cases = loss_cases,
};

kunit_test_suites(&loss_suite, &loss_runs_suite);

// SPDX-License-Identifier: GPL-2.0
/* Tests of sent.c: records, walks, and that a steady flow allocates nothing. */
#include <kunit/test.h>
#include <linux/random.h>
#include "fault.h"
#include "sent.h"

static int sent_init(struct kunit *test)
{
	struct tquic_sent *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_EQ(test, tquic_sent_setup(), 0);
	tquic_sent_init(s);
	test->priv = s;
	return 0;
}

static void sent_exit(struct kunit *test)
{
	tquic_sent_free(test->priv);
	tquic_sent_teardown();
}

static struct tquic_pkt *put(struct kunit *test, struct tquic_sent *s, u64 pn, u32 nframes)
{
	struct tquic_pkt *pkt = tquic_sent_begin(s, GFP_KERNEL);
	struct tquic_frame *f;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, pkt);
	pkt->pn = pn;
	for (i = 0; i < nframes; i++) {
		f = tquic_sent_add(s);
		f->type = TQUIC_FT_STREAM;
		f->off = pn * 100 + i;
	}
	tquic_sent_commit(s);
	return pkt;
}

static void settle(struct tquic_sent *s, u64 pn)
{
	struct tquic_sent_walk w;
	struct tquic_pkt *pkt;

	tquic_sent_walk_from(&w, s, pn);
	while ((pkt = tquic_sent_walk_next(&w)) && pkt->pn != pn)
		;
	if (pkt)
		tquic_sent_settle(s, w.block, pkt);
}

static u32 blocks(const struct tquic_sent *s)
{
	struct tquic_sent_block *b;
	u32 n = 0;

	list_for_each_entry(b, &s->blocks, node)
		n++;
	return n;
}

static struct tquic_pkt *oldest(struct tquic_sent *s)
{
	struct tquic_sent_walk w;

	tquic_sent_walk_from(&w, s, 0);
	return tquic_sent_walk_next(&w);
}

static void sent_records(struct kunit *test)
{
	struct tquic_sent *s = test->priv;
	struct tquic_pkt *pkt;
	u32 i;

	put(test, s, 3, 2);
	put(test, s, 4, 0);
	put(test, s, 9, TQUIC_SENT_MAX_FRAMES);
	pkt = oldest(s);
	KUNIT_EXPECT_EQ(test, pkt->pn, 3ULL);
	KUNIT_EXPECT_EQ(test, pkt->type, (u8)TQUIC_REC_PACKET);
	KUNIT_EXPECT_EQ(test, pkt->nframes, (u8)2);
	KUNIT_EXPECT_EQ(test, tquic_pkt_frames(pkt)[1].off, 301ULL);
	settle(s, 3);
	settle(s, 4);
	pkt = oldest(s);
	KUNIT_EXPECT_EQ(test, pkt->pn, 9ULL);
	for (i = 0; i < TQUIC_SENT_MAX_FRAMES; i++)
		KUNIT_EXPECT_EQ(test, tquic_pkt_frames(pkt)[i].off, 900ULL + i);
	KUNIT_EXPECT_EQ(test, s->nr_live, 1U);
}

static void sent_abort(struct kunit *test)
{
	struct tquic_sent *s = test->priv;
	struct tquic_pkt *pkt = tquic_sent_begin(s, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pkt);
	pkt->flags = 0xff;
	KUNIT_EXPECT_EQ(test, tquic_sent_room(s), (u32)TQUIC_SENT_MAX_FRAMES);
	tquic_sent_add(s);
	KUNIT_EXPECT_EQ(test, tquic_sent_room(s), (u32)TQUIC_SENT_MAX_FRAMES - 1);
	tquic_sent_abort(s);
	KUNIT_EXPECT_NULL(test, oldest(s));
	pkt = tquic_sent_begin(s, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, pkt->flags, (u8)0);
	KUNIT_EXPECT_EQ(test, pkt->nframes, (u8)0);
	tquic_sent_abort(s);
	KUNIT_EXPECT_EQ(test, blocks(s), 1U);
}

static void sent_no_memory(struct kunit *test)
{
	struct tquic_sent *s = test->priv;

	if (!fault_alloc(1))
		kunit_skip(test, "allocations cannot be made to fail here");
	KUNIT_EXPECT_NULL(test, tquic_sent_begin(s, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, oldest(s));
	put(test, s, 0, 1);
	KUNIT_EXPECT_EQ(test, s->nr_live, 1U);
}

/* 100 packets in flight, 10000 through: blocks circulate, nothing is allocated */
static void sent_steady(struct kunit *test)
{
	struct tquic_sent *s = test->priv;
	u64 pn;

	for (pn = 0; pn < 1000; pn++) {
		put(test, s, pn, 1 + pn % 3 / 2);
		if (pn >= 100)
			settle(s, pn - 100);
	}
	fault_all(true);
	for (; pn < 11000; pn++) {
		put(test, s, pn, 1 + pn % 3 / 2);
		settle(s, pn - 100);
		KUNIT_ASSERT_EQ(test, s->nr_live, 100U);
		KUNIT_ASSERT_EQ(test, oldest(s)->pn, pn - 99);
	}
	fault_all(false);
	KUNIT_EXPECT_LE(test, blocks(s) + s->nr_spare, 6U);
}

/* request and response: one block, written from its start each time */
static void sent_drained(struct kunit *test)
{
	struct tquic_sent *s = test->priv;
	u64 pn;

	put(test, s, 0, 1);
	fault_all(true);
	for (pn = 1; pn < 1000; pn++) {
		settle(s, pn - 1);
		KUNIT_ASSERT_NULL(test, oldest(s));
		put(test, s, pn, 1);
	}
	fault_all(false);
	KUNIT_EXPECT_EQ(test, blocks(s), 1U);
	tquic_sent_trim(s);
	KUNIT_EXPECT_EQ(test, blocks(s), 1U);
	settle(s, pn - 1);
	tquic_sent_trim(s);
	KUNIT_EXPECT_EQ(test, blocks(s) + s->nr_spare, 0U);
}

static void sent_walk_skips_blocks(struct kunit *test)
{
	struct tquic_sent *s = test->priv;
	struct tquic_sent_walk w;
	struct tquic_pkt *pkt;
	u32 n = 0;
	u64 pn;

	for (pn = 0; pn < 1000; pn++)
		put(test, s, pn, 1);
	tquic_sent_walk_from(&w, s, 990);
	pkt = tquic_sent_walk_next(&w);
	KUNIT_EXPECT_GT(test, pkt->pn, 990ULL - TQUIC_SENT_RECS);
	KUNIT_EXPECT_LE(test, pkt->pn, 990ULL);
	for (pn = pkt->pn; pkt; pkt = tquic_sent_walk_next(&w), pn++)
		KUNIT_ASSERT_EQ(test, pkt->pn, pn);
	KUNIT_EXPECT_EQ(test, pn, 1000ULL);
	KUNIT_EXPECT_NULL(test, tquic_sent_walk_next(&w));
	tquic_sent_walk_from(&w, s, 0);
	while ((pkt = tquic_sent_walk_next(&w))) {	/* settling on the way is allowed */
		tquic_sent_settle(s, w.block, pkt);
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, 1000U);
	KUNIT_EXPECT_EQ(test, s->nr_spare, (u32)TQUIC_SENT_SPARE);
}

/* random traffic against a bitmap */
static void sent_random(struct kunit *test)
{
	struct tquic_sent *s = test->priv;
	u8 *live = kunit_kzalloc(test, 20000, GFP_KERNEL);
	struct tquic_sent_walk w;
	struct tquic_pkt *pkt;
	u32 round, i, n, r, seen;
	u64 pn = 0;

	KUNIT_ASSERT_NOT_NULL(test, live);
	for (round = 0; round < 300; round++) {
		get_random_bytes(&r, sizeof(r));
		for (n = r % 60; n; n--) {
			live[pn] = 1;
			put(test, s, pn++, (r >> (n % 16)) % (TQUIC_SENT_MAX_FRAMES + 1));
		}
		tquic_sent_walk_from(&w, s, 0);
		for (seen = 0; (pkt = tquic_sent_walk_next(&w)); seen++) {
			KUNIT_ASSERT_EQ(test, live[pkt->pn], (u8)1);
			for (i = 0; i < pkt->nframes; i++)
				KUNIT_ASSERT_EQ(test, tquic_pkt_frames(pkt)[i].off,
						pkt->pn * 100 + i);
			get_random_bytes(&r, sizeof(r));
			if (r % 4)
				continue;
			live[pkt->pn] = 0;
			tquic_sent_settle(s, w.block, pkt);
		}
		for (i = 0, n = 0; i < pn; i++)
			n += live[i];
		KUNIT_ASSERT_EQ(test, s->nr_live, n);
		KUNIT_ASSERT_GE(test, seen, n);
	}
}

static struct kunit_case sent_cases[] = {
	KUNIT_CASE(sent_records),
	KUNIT_CASE(sent_abort),
	KUNIT_CASE(sent_no_memory),
	KUNIT_CASE(sent_steady),
	KUNIT_CASE(sent_drained),
	KUNIT_CASE(sent_walk_skips_blocks),
	KUNIT_CASE(sent_random),
	{}
};

static struct kunit_suite sent_suite = {
	.name = "tquic_sent",
	.init = sent_init,
	.exit = sent_exit,
	.test_cases = sent_cases,
};

kunit_test_suite(sent_suite);

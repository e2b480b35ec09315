// SPDX-License-Identifier: GPL-2.0
/* Tests of recvbuf.c: random arrival against one byte per byte, references, hostile segments. */
#include <kunit/test.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include "fault.h"
#include "recvbuf.h"

#define SPAN	6000	/* stream bytes of one run */

struct model {
	struct tquic_recvbuf rb;
	struct kunit *test;
	u8 byte[SPAN];		/* as it first arrived */
	bool here[SPAN];
	u64 read, ready;
};

static u32 below(u32 n)
{
	u32 v;

	get_random_bytes(&v, sizeof(v));
	return v % n;
}

static struct sk_buff *packet(struct kunit *test, u32 len)
{
	struct sk_buff *skb = alloc_skb(len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put(skb, len);
	get_random_bytes(skb->data, len);
	return skb;
}

/* Whatever is next to what is readable is readable too. */
static bool nothing_waits(const struct tquic_recvbuf *rb)
{
	struct rb_node *n = rb_first(&rb->root);

	return !n || rb_entry(n, struct tquic_rxseg, node)->off > rb->ready_off;
}

/* Note bytes as arrived; how many of them are new */
static int note(struct model *m, u64 off, u32 len, const u8 *data)
{
	int fresh = 0;
	u32 i;

	for (i = 0; i < len; i++) {
		if (m->here[off + i])
			continue;
		m->here[off + i] = true;
		m->byte[off + i] = data[i];
		fresh++;
	}
	while (m->ready < SPAN && m->here[m->ready])
		m->ready++;
	return fresh;
}

static void piece_arrives(struct model *m, u64 off, u32 len, struct sk_buff *skb, const u8 *data)
{
	int fresh = note(m, off, len, data);

	KUNIT_ASSERT_EQ(m->test, tquic_recvbuf_insert(&m->rb, off, data, len, skb, GFP_KERNEL),
			fresh);
}

/* With a fault, the bytes come again afterwards, as they do on the wire. */
static void arrive(struct model *m, u64 off, u32 len, bool fault)
{
	struct sk_buff *skb = packet(m->test, len);
	int ret, fresh = note(m, off, len, skb->data);
	u64 held = 0;

	if (fault && fault_alloc(1 + below(2))) {
		held = m->rb.held_bytes;
		ret = tquic_recvbuf_insert(&m->rb, off, skb->data, len, skb, GFP_KERNEL);
		fault_alloc(0);
		KUNIT_ASSERT_TRUE(m->test, ret == fresh || ret == -ENOMEM);
		held = m->rb.held_bytes - held;
		KUNIT_ASSERT_TRUE(m->test, nothing_waits(&m->rb));
	}
	ret = tquic_recvbuf_insert(&m->rb, off, skb->data, len, skb, GFP_KERNEL);
	KUNIT_ASSERT_EQ(m->test, ret, fresh - (int)held);
	kfree_skb(skb);
}

/* Pieces of an aggregate: equal distances but for an accident, the last one shorter */
static void arrive_run(struct model *m, u64 off, u32 len)
{
	u32 piece = 20 + below(60), stride = piece + below(30), at = 0, n;
	struct sk_buff *skb = packet(m->test, (len + 1) * 112);
	u64 end = off + len;

	for (; off < end; off += n, at += stride + (below(10) ? 0 : 1 + below(3))) {
		n = min_t(u64, piece - (below(20) ? 0 : below(piece)), end - off);
		piece_arrives(m, off, n, skb, skb->data + at);
	}
	kfree_skb(skb);
}

static void check(struct model *m)
{
	const u8 *p;
	u32 len, i;
	u64 off;

	KUNIT_ASSERT_EQ(m->test, m->rb.read_off, m->read);
	KUNIT_ASSERT_EQ(m->test, m->rb.ready_off, m->ready);
	KUNIT_ASSERT_TRUE(m->test, nothing_waits(&m->rb));
	for (off = m->read; off < m->ready; off += len) {
		len = tquic_recvbuf_peek(&m->rb, off, &p);
		KUNIT_ASSERT_GT(m->test, len, 0U);
		KUNIT_ASSERT_LE(m->test, off + len, m->ready);
		for (i = 0; i < len; i++)
			KUNIT_ASSERT_EQ(m->test, p[i], m->byte[off + i]);
		if (!below(4)) {	/* back a little: peeks need not go up */
			off -= min_t(u64, off - m->read, below(30));
			len = 0;
		}
	}
	KUNIT_ASSERT_EQ(m->test, tquic_recvbuf_peek(&m->rb, m->ready, &p), 0U);
}

static struct model *start(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	tquic_recvbuf_init(&m->rb);
	return m;
}

static void run(struct kunit *test, bool faults)
{
	struct model *m = start(test);
	u32 i, len;
	u64 off;

	for (i = 0; i < 600; i++) {
		off = m->read + below(min_t(u64, SPAN - m->read, 2500));
		len = 1 + below(400);
		if (!below(3))
			off = m->ready;
		else if (!below(10))
			off = below(m->read + 1);
		len = min_t(u64, len, SPAN - off);
		if (len && !faults && below(2))
			arrive_run(m, off, len);
		else if (len)
			arrive(m, off, len, faults && below(2));
		if (i % 4 == 0)
			check(m);
		if (!below(3)) {
			len = below(m->ready - m->read + 1);
			tquic_recvbuf_consume(&m->rb, len);
			m->read += len;
		}
		if (m->read == SPAN)
			break;
	}
	for (off = m->read; off < SPAN; off += len) {
		len = min_t(u64, 100, SPAN - off);
		arrive(m, off, len, false);
	}
	check(m);
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&m->rb.root));
	tquic_recvbuf_consume(&m->rb, SPAN - m->read);
	KUNIT_EXPECT_EQ(test, m->rb.nr_segs, 0U);
	KUNIT_EXPECT_EQ(test, m->rb.held_bytes, 0ULL);
	tquic_recvbuf_free(&m->rb);
}

static void recvbuf_random(struct kunit *test)
{
	int i;

	for (i = 0; i < 30; i++)
		run(test, false);
}

static void recvbuf_random_faults(struct kunit *test)
{
	int i;

	if (!fault_alloc(0))
		kunit_skip(test, "allocations cannot be made to fail here");
	for (i = 0; i < 30; i++)
		run(test, true);
}

static void recvbuf_references(struct kunit *test)
{
	struct sk_buff *skb = packet(test, 100);
	struct tquic_recvbuf rb;

	tquic_recvbuf_init(&rb);
	KUNIT_EXPECT_EQ(test, tquic_recvbuf_insert(&rb, 0, skb->data, 10, skb, GFP_KERNEL), 10);
	KUNIT_EXPECT_EQ(test, tquic_recvbuf_insert(&rb, 20, skb->data, 10, skb, GFP_KERNEL), 10);
	KUNIT_EXPECT_EQ(test, refcount_read(&skb->users), 3);
	/* both sides of what is held */
	KUNIT_EXPECT_EQ(test, tquic_recvbuf_insert(&rb, 0, skb->data, 40, skb, GFP_KERNEL), 20);
	KUNIT_EXPECT_EQ(test, refcount_read(&skb->users), 5);
	KUNIT_EXPECT_EQ(test, tquic_recvbuf_insert(&rb, 5, skb->data, 30, skb, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, tquic_recvbuf_insert(&rb, 90, skb->data, 0, skb, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&skb->users), 5);
	KUNIT_EXPECT_EQ(test, rb.ready_off, 40ULL);
	tquic_recvbuf_consume(&rb, 25);
	KUNIT_EXPECT_EQ(test, refcount_read(&skb->users), 3);
	tquic_recvbuf_insert(&rb, 50, skb->data, 10, skb, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, refcount_read(&skb->users), 4);
	tquic_recvbuf_free(&rb);
	KUNIT_EXPECT_EQ(test, refcount_read(&skb->users), 1);
	KUNIT_EXPECT_EQ(test, rb.nr_segs, 0U);
	KUNIT_EXPECT_EQ(test, tquic_recvbuf_ready(&rb), 0ULL);
	kfree_skb(skb);
}

/* Pieces at equal distances in one packet aggregate are one segment. */
static void recvbuf_pieces(struct kunit *test)
{
	struct sk_buff *skb = packet(test, 2000), *other = packet(test, 2000);
	struct tquic_recvbuf rb;
	const u8 *p;
	u32 i;

	tquic_recvbuf_init(&rb);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, tquic_recvbuf_insert(&rb, 100 * i, skb->data + 120 * i, 100,
							   skb, GFP_KERNEL), 100);
	KUNIT_EXPECT_TRUE(test, tquic_recvbuf_extend(&rb, skb->data + 600, 60, skb));
	KUNIT_EXPECT_EQ(test, rb.nr_segs, 1U);
	KUNIT_EXPECT_EQ(test, rb.held_bytes, 560ULL);
	KUNIT_EXPECT_EQ(test, refcount_read(&skb->users), 2);
	/* nothing follows a short one, another packet's is no piece, a larger one is none */
	KUNIT_EXPECT_FALSE(test, tquic_recvbuf_extend(&rb, skb->data + 720, 60, skb));
	tquic_recvbuf_insert(&rb, 560, skb->data + 720, 100, skb, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, tquic_recvbuf_extend(&rb, other->data, 100, other));
	KUNIT_EXPECT_FALSE(test, tquic_recvbuf_extend(&rb, skb->data + 840, 101, skb));
	KUNIT_EXPECT_FALSE(test, tquic_recvbuf_extend(&rb, skb->data + 610, 100, skb));
	/* nor does one that what waits in the tree may overlap */
	tquic_recvbuf_insert(&rb, 700, other->data, 10, other, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, tquic_recvbuf_extend(&rb, skb->data + 840, 100, skb));

	KUNIT_EXPECT_EQ(test, tquic_recvbuf_peek(&rb, 430, &p), 70U);
	KUNIT_EXPECT_PTR_EQ(test, p, (const u8 *)skb->data + 510);
	KUNIT_EXPECT_EQ(test, tquic_recvbuf_peek(&rb, 510, &p), 50U);
	KUNIT_EXPECT_PTR_EQ(test, p, (const u8 *)skb->data + 610);
	tquic_recvbuf_consume(&rb, 559);
	KUNIT_EXPECT_EQ(test, rb.nr_segs, 3U);
	tquic_recvbuf_consume(&rb, 1);
	KUNIT_EXPECT_EQ(test, rb.nr_segs, 2U);
	tquic_recvbuf_free(&rb);
	KUNIT_EXPECT_EQ(test, refcount_read(&skb->users), 1);
	KUNIT_EXPECT_EQ(test, rb.held_bytes, 0ULL);
	kfree_skb(skb);
	kfree_skb(other);
}

/* Single bytes with gaps cost more to keep than they are worth; large ones do not. */
static void recvbuf_tiny_segments(struct kunit *test)
{
	struct sk_buff *skb = packet(test, 1000);
	struct tquic_recvbuf rb;
	int ret = 0;
	u64 off;

	tquic_recvbuf_init(&rb);
	for (off = 1; off < 10000 && ret >= 0; off += 2)
		ret = tquic_recvbuf_insert(&rb, off, skb->data, 1, skb, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, ret, -ENOBUFS);
	KUNIT_EXPECT_EQ(test, rb.nr_segs, (u32)TQUIC_RECVBUF_FREE_SEGS);
	/* the byte that the reader waits for is taken */
	KUNIT_EXPECT_EQ(test, tquic_recvbuf_insert(&rb, 0, skb->data, 1, skb, GFP_KERNEL), 1);
	KUNIT_EXPECT_EQ(test, tquic_recvbuf_ready(&rb), 2ULL);
	tquic_recvbuf_free(&rb);

	tquic_recvbuf_init(&rb);
	for (off = 1; off < 3000 * 1001; off += 1001)
		KUNIT_ASSERT_EQ(test, tquic_recvbuf_insert(&rb, off, skb->data, 1000, skb,
							   GFP_KERNEL), 1000);
	KUNIT_EXPECT_EQ(test, rb.nr_segs, 3000U);
	tquic_recvbuf_free(&rb);
	kfree_skb(skb);
}

static int recvbuf_begin(struct kunit_suite *suite)
{
	return tquic_recvbuf_setup();
}

static void recvbuf_end(struct kunit_suite *suite)
{
	tquic_recvbuf_teardown();
}

static struct kunit_case recvbuf_cases[] = {
	KUNIT_CASE(recvbuf_random),
	KUNIT_CASE(recvbuf_random_faults),
	KUNIT_CASE(recvbuf_references),
	KUNIT_CASE(recvbuf_pieces),
	KUNIT_CASE(recvbuf_tiny_segments),
	{}
};

static struct kunit_suite recvbuf_suite = {
	.name = "tquic_recvbuf",
	.suite_init = recvbuf_begin,
	.suite_exit = recvbuf_end,
	.test_cases = recvbuf_cases,
};

kunit_test_suite(recvbuf_suite);

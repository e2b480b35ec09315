// SPDX-License-Identifier: GPL-2.0
/* Tests of sendbuf.c: random traffic against one flag per byte, and the edges of ring and map. */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/random.h>
#include "fault.h"
#include "sendbuf.h"

#define SPAN		8000	/* stream bytes of one run */
#define PAGES		64
#define PAGE_BYTES	(2 * PAGE_SIZE)
#define FLIGHT		48
#define SGS		64

struct model {
	struct tquic_sendbuf sb;
	struct kunit *test;
	struct page *pages[PAGES];
	u32 nr_pages;
	u32 fill;			/* bytes used of the newest page */
	u64 next, end, base;
	u8 acked[SPAN];
	u8 lost[SPAN];
	struct {
		u64 off;
		u32 len;
	} flight[FLIGHT];
	u32 in_flight;
	struct scatterlist sg[SGS];
	bool faults;
};

static int marks_held;

static void mark_held(void *priv, bool get)
{
	marks_held += get ? 1 : -1;
}

static u32 below(u32 n)
{
	u32 v;

	get_random_bytes(&v, sizeof(v));
	return v % n;
}

static u8 pattern(u64 off)
{
	return off * 7 + (off >> 8);
}

static struct page *new_page(struct model *m)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 1);

	KUNIT_ASSERT_NOT_NULL(m->test, page);
	KUNIT_ASSERT_LT(m->test, m->nr_pages, (u32)PAGES);
	m->pages[m->nr_pages++] = page;
	return page;
}

static struct model *start(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->test = test;
	tquic_sendbuf_init(&m->sb);
	m->sb.mark = mark_held;
	marks_held = 0;
	return m;
}

/* Every page is ours alone again, every mark given back. */
static void finish(struct model *m)
{
	u32 i;

	tquic_sendbuf_free(&m->sb);
	for (i = 0; i < m->nr_pages; i++) {
		KUNIT_EXPECT_EQ(m->test, page_count(m->pages[i]), 1);
		put_page(m->pages[i]);
	}
	KUNIT_EXPECT_EQ(m->test, marks_held, 0);
	KUNIT_EXPECT_NULL(m->test, m->sb.ring);
}

/* Now and then a byte of the page is left out, and a new entry is needed. */
static int append(struct model *m, u32 len, void *priv)
{
	struct page *page;
	int ret;
	u32 i;
	u8 *p;

	if (!m->nr_pages || m->fill + len > PAGE_BYTES) {
		new_page(m);
		m->fill = 0;
	}
	page = m->pages[m->nr_pages - 1];
	p = page_address(page) + m->fill;
	for (i = 0; i < len; i++)
		p[i] = pattern(m->end + i);
	ret = tquic_sendbuf_append(&m->sb, page, m->fill, len, priv, GFP_KERNEL);
	if (!ret) {
		m->fill += len + !below(3);
		m->end += len;
	}
	return ret;
}

/* What map and copy give is what was written. */
static void check_bytes(struct model *m, u64 off, u32 len)
{
	u8 copy[600];
	u64 at = off;
	u32 i, k;
	int n;

	sg_init_table(m->sg, SGS);
	n = tquic_sendbuf_map(&m->sb, off, len, m->sg, SGS);
	KUNIT_ASSERT_GT(m->test, n, 0);
	for (i = 0; i < n; i++) {
		const u8 *p = page_address(sg_page(&m->sg[i])) + m->sg[i].offset;

		for (k = 0; k < m->sg[i].length; k++, at++)
			KUNIT_ASSERT_EQ(m->test, p[k], pattern(at));
	}
	KUNIT_ASSERT_EQ(m->test, at, off + len);
	if (n > 1) {
		sg_init_table(m->sg, SGS);
		KUNIT_EXPECT_EQ(m->test, tquic_sendbuf_map(&m->sb, off, len, m->sg, n - 1), -E2BIG);
	}
	tquic_sendbuf_copy(&m->sb, off, len, copy);
	for (i = 0; i < len; i++)
		KUNIT_ASSERT_EQ(m->test, copy[i], pattern(off + i));
}

static bool send(struct model *m, u64 limit, u32 max)
{
	u64 off, lowest;
	u32 len, want;

	len = tquic_sendbuf_next(&m->sb, limit, max, &off);
	if (!m->faults) {
		for (lowest = m->base; lowest < m->next && !m->lost[lowest]; lowest++)
			;
		for (want = 0; want < max && lowest + want < m->next &&
		     m->lost[lowest + want]; want++)
			;
		if (!want && lowest == m->next && min(m->end, limit) > m->next)
			want = min_t(u64, min(m->end, limit) - m->next, max);
		KUNIT_ASSERT_EQ(m->test, len, want);
		if (len)
			KUNIT_ASSERT_EQ(m->test, off, lowest);
	}
	if (!len)
		return false;
	KUNIT_ASSERT_LE(m->test, len, max);
	check_bytes(m, off, len);
	tquic_sendbuf_sent(&m->sb, off, len);
	memset(m->lost + off, 0, len);
	m->next = max(m->next, off + len);
	m->flight[m->in_flight].off = off;
	m->flight[m->in_flight++].len = len;
	return true;
}

/* The fate of one frame in flight */
static void settle(struct model *m, bool arrived)
{
	u32 i = below(m->in_flight), len = m->flight[i].len, released;
	u64 off = m->flight[i].off, o;

	/* a quarter of the lost ones arrive, or are lost once more, later */
	if (arrived || below(4))
		m->flight[i] = m->flight[--m->in_flight];
	if (!arrived) {
		tquic_sendbuf_lost(&m->sb, off, len, GFP_KERNEL);
		for (o = off; o < off + len; o++)
			m->lost[o] = !m->acked[o];
		return;
	}
	released = tquic_sendbuf_acked(&m->sb, off, len, GFP_KERNEL);
	for (o = off; o < off + len; o++) {
		m->acked[o] = 1;
		m->lost[o] = 0;
	}
	for (o = m->base; o < m->next && m->acked[o]; o++)
		;
	if (!m->faults)
		KUNIT_ASSERT_EQ(m->test, (u64)released, o - m->base);
	m->base = o;
}

static bool in_flight(const struct model *m, u64 o)
{
	u32 i;

	for (i = 0; i < m->in_flight; i++)
		if (o >= m->flight[i].off && o < m->flight[i].off + m->flight[i].len)
			return true;
	return false;
}

static void check_state(struct model *m)
{
	const struct tquic_sendbuf *sb = &m->sb;
	bool pending, acked;
	u64 o;

	KUNIT_ASSERT_EQ(m->test, sb->next_off, m->next);
	KUNIT_ASSERT_EQ(m->test, sb->end_off, m->end);
	KUNIT_ASSERT_LE(m->test, sb->base_off, m->base);
	if (!m->faults)
		KUNIT_ASSERT_EQ(m->test, sb->base_off, m->base);
	for (o = sb->base_off; o < m->next; o++) {
		pending = tquic_ranges_contains(&sb->pending, o, o + 1);
		acked = tquic_ranges_contains(&sb->acked, o, o + 1);
		if (!m->faults) {
			KUNIT_ASSERT_EQ(m->test, pending, (bool)m->lost[o]);
			KUNIT_ASSERT_EQ(m->test, acked, (bool)m->acked[o]);
		}
		KUNIT_ASSERT_TRUE(m->test, pending || acked || in_flight(m, o));
		KUNIT_ASSERT_TRUE(m->test, !acked || m->acked[o]);
	}
	if (!tquic_ranges_empty(&sb->pending)) {
		KUNIT_ASSERT_GE(m->test, sb->pending.r[0].start, sb->base_off);
		KUNIT_ASSERT_LE(m->test, sb->pending.r[sb->pending.nr - 1].end, m->next);
	}
}

static void step(struct model *m)
{
	u32 len = 1 + below(120);
	static char mark;

	if (m->faults)
		fault_alloc(below(2) ? 1 + below(2) : 0);
	switch (below(8)) {
	case 0:
	case 1:
		fault_alloc(0);
		if (m->end + len <= SPAN)
			append(m, len, below(4) ? NULL : &mark);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		if (m->in_flight < FLIGHT)
			send(m, m->next + below(500), 1 + below(80));
		break;
	default:
		if (m->in_flight)
			settle(m, below(10) < 6);
	}
	fault_alloc(0);
}

/* Whatever happened, all arrives in the end. */
static void drain(struct model *m)
{
	u32 rounds;

	for (rounds = 0; tquic_sendbuf_held(&m->sb) && rounds < 100000; rounds++) {
		while (m->in_flight < FLIGHT && send(m, ~0ULL, 500))
			;
		while (m->in_flight)
			settle(m, true);
	}
	KUNIT_EXPECT_EQ(m->test, tquic_sendbuf_held(&m->sb), 0ULL);
	KUNIT_EXPECT_EQ(m->test, m->sb.base_off, m->end);
	KUNIT_EXPECT_EQ(m->test, m->sb.nr, 0U);
	KUNIT_EXPECT_EQ(m->test, marks_held, 0);
}

static void run(struct kunit *test, bool faults)
{
	struct model *m = start(test);
	u32 i;

	m->faults = faults;
	for (i = 0; i < 1500; i++) {
		step(m);
		if (i % 16 == 0)
			check_state(m);
	}
	drain(m);
	finish(m);
}

static void sendbuf_random(struct kunit *test)
{
	int i;

	for (i = 0; i < 20; i++)
		run(test, false);
}

static void sendbuf_random_faults(struct kunit *test)
{
	int i;

	if (!fault_alloc(0))
		kunit_skip(test, "allocations cannot be made to fail here");
	for (i = 0; i < 20; i++)
		run(test, true);
}

/* Freed in the middle, it lets go of everything, and lives on where it was. */
static void sendbuf_free_midway(struct kunit *test)
{
	struct model *m = start(test);
	u32 i;

	for (i = 0; i < 500; i++)
		step(m);
	tquic_sendbuf_free(&m->sb);
	KUNIT_EXPECT_EQ(test, m->sb.next_off, m->next);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_held(&m->sb), 0ULL);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_held(&m->sb), 0ULL);
	finish(m);
}

static void sendbuf_extends(struct kunit *test)
{
	struct model *m = start(test);
	struct page *page = new_page(m);
	static char mark, other;

	KUNIT_EXPECT_EQ(test, tquic_sendbuf_append(&m->sb, page, 0, 10, NULL, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_append(&m->sb, page, 10, 10, NULL, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, m->sb.nr, 1U);
	KUNIT_EXPECT_EQ(test, page_count(page), 2);
	KUNIT_EXPECT_NULL(test, tquic_sendbuf_last_mark(&m->sb));
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_append(&m->sb, page, 20, 10, &mark, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_append(&m->sb, page, 31, 10, &mark, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, m->sb.nr, 3U);
	KUNIT_EXPECT_EQ(test, page_count(page), 4);
	KUNIT_EXPECT_EQ(test, marks_held, 2);
	KUNIT_EXPECT_PTR_EQ(test, tquic_sendbuf_last_mark(&m->sb), (void *)&mark);
	KUNIT_EXPECT_PTR_EQ(test, tquic_sendbuf_piece(&m->sb, 25)->priv, (void *)&mark);
	/* the same bytes for another: neither a longer entry nor the same reference */
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_append(&m->sb, page, 41, 10, &other, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_append(&m->sb, page, 51, 10, &other, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, m->sb.nr, 4U);
	KUNIT_EXPECT_EQ(test, marks_held, 3);
	tquic_sendbuf_sent(&m->sb, 0, 60);
	/* part of an entry keeps its page */
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_acked(&m->sb, 0, 19, GFP_KERNEL), 19U);
	KUNIT_EXPECT_EQ(test, page_count(page), 5);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_acked(&m->sb, 0, 30, GFP_KERNEL), 11U);
	KUNIT_EXPECT_EQ(test, page_count(page), 3);
	KUNIT_EXPECT_EQ(test, marks_held, 2);
	/* what came out of order is kept until those before it have come */
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_acked(&m->sb, 40, 20, GFP_KERNEL), 0U);
	KUNIT_EXPECT_EQ(test, marks_held, 2);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_acked(&m->sb, 30, 10, GFP_KERNEL), 30U);
	KUNIT_EXPECT_EQ(test, marks_held, 0);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	KUNIT_EXPECT_NULL(test, tquic_sendbuf_last_mark(&m->sb));
	finish(m);
}

/* pages of the connection's own have no mark that would be told, and stay apart from others */
static void sendbuf_own(struct kunit *test)
{
	struct model *m = start(test);
	struct page *page = new_page(m);
	void *own = TQUIC_SENDBUF_OWN;

	KUNIT_EXPECT_EQ(test, tquic_sendbuf_append(&m->sb, page, 0, 10, own, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_append(&m->sb, page, 10, 10, own, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, m->sb.nr, 1U);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_append(&m->sb, page, 20, 10, NULL, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, m->sb.nr, 2U);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_append(&m->sb, page, 30, 10, own, GFP_KERNEL), 0);
	KUNIT_EXPECT_NULL(test, tquic_sendbuf_last_mark(&m->sb));
	KUNIT_EXPECT_PTR_EQ(test, tquic_sendbuf_piece(&m->sb, 19)->priv, own);
	KUNIT_EXPECT_NULL(test, tquic_sendbuf_piece(&m->sb, 20)->priv);
	KUNIT_EXPECT_PTR_EQ(test, tquic_sendbuf_piece(&m->sb, 39)->priv, own);
	KUNIT_EXPECT_EQ(test, marks_held, 0);
	tquic_sendbuf_sent(&m->sb, 0, 40);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_acked(&m->sb, 0, 40, GFP_KERNEL), 40U);
	KUNIT_EXPECT_EQ(test, marks_held, 0);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	finish(m);
}

/* A ring that has wrapped around grows in order; without memory it stays as it was. */
static void sendbuf_ring(struct kunit *test)
{
	struct model *m = start(test);
	struct page *page = new_page(m);
	u32 i, cap;

	for (i = 0; i < 100; i++) {
		KUNIT_ASSERT_EQ(test, tquic_sendbuf_append(&m->sb, page, 2 * i, 1, NULL,
							   GFP_KERNEL), 0);
		*((u8 *)page_address(page) + 2 * i) = i;
		tquic_sendbuf_sent(&m->sb, i, 1);
		if (i >= 5 && i < 40)
			KUNIT_ASSERT_EQ(test, tquic_sendbuf_acked(&m->sb, i - 5, 1, GFP_KERNEL),
					1U);
	}
	cap = m->sb.cap;
	KUNIT_EXPECT_EQ(test, cap, 128U);
	for (; m->sb.nr < cap && i < 200; i++)
		tquic_sendbuf_append(&m->sb, page, 2 * i, 1, NULL, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, m->sb.nr, cap);
	if (fault_alloc(1)) {
		KUNIT_EXPECT_EQ(test, tquic_sendbuf_append(&m->sb, page, 2 * i, 1, NULL,
							   GFP_KERNEL),
				-ENOMEM);
		KUNIT_EXPECT_EQ(test, m->sb.nr, cap);
		KUNIT_EXPECT_EQ(test, m->sb.end_off, (u64)i);
	}
	for (i = 35; i < 100; i++) {
		sg_init_table(m->sg, 1);
		KUNIT_ASSERT_EQ(test, tquic_sendbuf_map(&m->sb, i, 1, m->sg, 1), 1);
		KUNIT_ASSERT_EQ(test, m->sg[0].offset, 2 * i);
	}
	finish(m);
}

static void sendbuf_map_bounds(struct kunit *test)
{
	struct model *m = start(test);

	append(m, 100, NULL);
	sg_init_table(m->sg, SGS);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_map(&m->sb, 0, 101, m->sg, SGS), -EINVAL);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_map(&m->sb, 101, 0, m->sg, SGS), -EINVAL);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_map(&m->sb, 100, 0, m->sg, SGS), 0);
	tquic_sendbuf_sent(&m->sb, 0, 50);
	tquic_sendbuf_acked(&m->sb, 0, 50, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_map(&m->sb, 49, 2, m->sg, SGS), -EINVAL);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_map(&m->sb, 50, 50, m->sg, SGS), 1);
	finish(m);
}

/* Lost bytes go first and need no credit. */
static void sendbuf_lost_first(struct kunit *test)
{
	struct model *m = start(test);
	u64 off;

	append(m, 400, NULL);
	tquic_sendbuf_sent(&m->sb, 0, 300);
	tquic_sendbuf_acked(&m->sb, 120, 30, GFP_KERNEL);
	tquic_sendbuf_lost(&m->sb, 100, 100, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_next(&m->sb, 0, 1000, &off), 20U);
	KUNIT_EXPECT_EQ(test, off, 100ULL);
	tquic_sendbuf_sent(&m->sb, 100, 20);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_next(&m->sb, 0, 30, &off), 30U);
	KUNIT_EXPECT_EQ(test, off, 150ULL);
	tquic_sendbuf_acked(&m->sb, 0, 250, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_next(&m->sb, 0, 1000, &off), 0U);
	KUNIT_EXPECT_EQ(test, tquic_sendbuf_next(&m->sb, 310, 1000, &off), 10U);
	KUNIT_EXPECT_EQ(test, off, 300ULL);
	finish(m);
}

static struct kunit_case sendbuf_cases[] = {
	KUNIT_CASE(sendbuf_random),
	KUNIT_CASE(sendbuf_random_faults),
	KUNIT_CASE(sendbuf_free_midway),
	KUNIT_CASE(sendbuf_extends),
	KUNIT_CASE(sendbuf_own),
	KUNIT_CASE(sendbuf_ring),
	KUNIT_CASE(sendbuf_map_bounds),
	KUNIT_CASE(sendbuf_lost_first),
	{}
};

static struct kunit_suite sendbuf_suite = {
	.name = "tquic_sendbuf",
	.test_cases = sendbuf_cases,
};

kunit_test_suite(sendbuf_suite);

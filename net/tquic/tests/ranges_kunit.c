// SPDX-License-Identifier: GPL-2.0
/* Tests of ranges.c: each operation, its edges, and random ones against a bitmap. */
#include <kunit/test.h>
#include <linux/random.h>
#include "fault.h"
#include "ranges.h"

#define UNIVERSE	200	/* numbers that the random operations use */

struct model {
	bool in[UNIVERSE];
};

static void expect_set(struct kunit *test, const struct tquic_ranges *rs, int nr, const u64 *want)
{
	int i;

	KUNIT_ASSERT_EQ(test, (int)rs->nr, nr);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ(test, rs->r[i].start, want[2 * i]);
		KUNIT_EXPECT_EQ(test, rs->r[i].end, want[2 * i + 1]);
	}
}

#define EXPECT_SET(test, rs, ...) do {						\
	const u64 __want[] = { __VA_ARGS__ };					\
										\
	expect_set(test, rs, ARRAY_SIZE(__want) / 2, __want);			\
} while (0)

static void ranges_add(struct kunit *test)
{
	struct tquic_ranges rs;

	tquic_ranges_init(&rs, 8);
	KUNIT_EXPECT_TRUE(test, tquic_ranges_empty(&rs));
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 5, 5, GFP_KERNEL), 0);
	KUNIT_EXPECT_TRUE(test, tquic_ranges_empty(&rs));
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 10, 20, GFP_KERNEL), 0);
	KUNIT_EXPECT_PTR_EQ(test, rs.r, &rs.one);
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 20, 25, GFP_KERNEL), 0);
	EXPECT_SET(test, &rs, 10, 25);
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 30, 40, GFP_KERNEL), 0);
	KUNIT_EXPECT_PTR_NE(test, rs.r, &rs.one);
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 0, 5, GFP_KERNEL), 0);
	EXPECT_SET(test, &rs, 0, 5, 10, 25, 30, 40);
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 5, 10, GFP_KERNEL), 0);
	EXPECT_SET(test, &rs, 0, 25, 30, 40);
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 12, 13, GFP_KERNEL), 0);
	EXPECT_SET(test, &rs, 0, 25, 30, 40);
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 20, 50, GFP_KERNEL), 0);
	EXPECT_SET(test, &rs, 0, 50);
	tquic_ranges_free(&rs);
	KUNIT_EXPECT_TRUE(test, tquic_ranges_empty(&rs));
	KUNIT_EXPECT_PTR_EQ(test, rs.r, &rs.one);
}

static void ranges_largest_numbers(struct kunit *test)
{
	struct tquic_ranges rs;

	tquic_ranges_init(&rs, 4);
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, U64_MAX - 1, U64_MAX, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 0, 1, GFP_KERNEL), 0);
	EXPECT_SET(test, &rs, 0, 1, U64_MAX - 1, U64_MAX);
	KUNIT_EXPECT_TRUE(test, tquic_ranges_contains(&rs, U64_MAX - 1, U64_MAX));
	KUNIT_EXPECT_EQ(test, tquic_ranges_remove(&rs, 1, U64_MAX, GFP_KERNEL), 0);
	EXPECT_SET(test, &rs, 0, 1);
	tquic_ranges_free(&rs);
}

static void ranges_cap(struct kunit *test)
{
	struct tquic_ranges rs;
	u64 i;

	tquic_ranges_init(&rs, 6);
	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 10 * i, 10 * i + 2, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, (int)rs.cap, 6);
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 100, 101, GFP_KERNEL), -ENOSPC);
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 5, 6, GFP_KERNEL), -ENOSPC);
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 12, 13, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, tquic_ranges_remove(&rs, 11, 12, GFP_KERNEL), -ENOSPC);
	EXPECT_SET(test, &rs, 0, 2, 10, 13, 20, 22, 30, 32, 40, 42, 50, 52);
	tquic_ranges_drop_first(&rs);
	KUNIT_EXPECT_EQ(test, tquic_ranges_remove(&rs, 11, 12, GFP_KERNEL), 0);
	EXPECT_SET(test, &rs, 10, 11, 12, 13, 20, 22, 30, 32, 40, 42, 50, 52);
	tquic_ranges_free(&rs);
}

static void ranges_cap_of_one(struct kunit *test)
{
	struct tquic_ranges rs;

	tquic_ranges_init(&rs, 1);
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 10, 20, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 0, 1, GFP_KERNEL), -ENOSPC);
	tquic_ranges_add_cover(&rs, 5, 6, GFP_KERNEL);
	EXPECT_SET(test, &rs, 5, 20);
	tquic_ranges_add_cover(&rs, 30, 31, GFP_KERNEL);
	EXPECT_SET(test, &rs, 5, 31);
	tquic_ranges_drop_first(&rs);
	tquic_ranges_drop_first(&rs);
	KUNIT_EXPECT_TRUE(test, tquic_ranges_empty(&rs));
}

static void ranges_cover_nearest(struct kunit *test)
{
	struct tquic_ranges rs;

	tquic_ranges_init(&rs, 2);
	tquic_ranges_add_cover(&rs, 10, 20, GFP_KERNEL);
	tquic_ranges_add_cover(&rs, 50, 60, GFP_KERNEL);
	tquic_ranges_add_cover(&rs, 22, 23, GFP_KERNEL);
	EXPECT_SET(test, &rs, 10, 23, 50, 60);
	tquic_ranges_add_cover(&rs, 40, 45, GFP_KERNEL);
	EXPECT_SET(test, &rs, 10, 23, 40, 60);
	tquic_ranges_add_cover(&rs, 1, 2, GFP_KERNEL);
	tquic_ranges_add_cover(&rs, 70, 71, GFP_KERNEL);
	EXPECT_SET(test, &rs, 1, 23, 40, 71);
	tquic_ranges_free(&rs);
}

static void ranges_remove(struct kunit *test)
{
	struct tquic_ranges rs;

	tquic_ranges_init(&rs, 8);
	KUNIT_EXPECT_EQ(test, tquic_ranges_remove(&rs, 0, 10, GFP_KERNEL), 0);
	tquic_ranges_add(&rs, 0, 100, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, tquic_ranges_remove(&rs, 40, 60, GFP_KERNEL), 0);
	EXPECT_SET(test, &rs, 0, 40, 60, 100);
	KUNIT_EXPECT_EQ(test, tquic_ranges_remove(&rs, 40, 60, GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, tquic_ranges_remove(&rs, 30, 70, GFP_KERNEL), 0);
	EXPECT_SET(test, &rs, 0, 30, 70, 100);
	tquic_ranges_remove(&rs, 0, 10, GFP_NOWAIT);
	EXPECT_SET(test, &rs, 10, 30, 70, 100);
	tquic_ranges_remove(&rs, 0, 50, GFP_NOWAIT);
	EXPECT_SET(test, &rs, 70, 100);
	tquic_ranges_remove(&rs, 0, 0, GFP_NOWAIT);
	EXPECT_SET(test, &rs, 70, 100);
	KUNIT_EXPECT_EQ(test, tquic_ranges_remove(&rs, 70, 100, GFP_KERNEL), 0);
	KUNIT_EXPECT_TRUE(test, tquic_ranges_empty(&rs));
	tquic_ranges_free(&rs);
}

static void ranges_no_memory(struct kunit *test)
{
	struct tquic_ranges rs;

	tquic_ranges_init(&rs, 8);
	tquic_ranges_add(&rs, 10, 20, GFP_KERNEL);
	if (!fault_all(true))
		kunit_skip(test, "cannot make allocations fail here");
	KUNIT_EXPECT_EQ(test, tquic_ranges_add(&rs, 30, 40, GFP_KERNEL), -ENOMEM);
	KUNIT_EXPECT_EQ(test, tquic_ranges_remove(&rs, 12, 13, GFP_KERNEL), -ENOMEM);
	EXPECT_SET(test, &rs, 10, 20);
	tquic_ranges_add_cover(&rs, 30, 40, GFP_KERNEL);
	EXPECT_SET(test, &rs, 10, 40);
	tquic_ranges_free(&rs);
}

static void check_model(struct kunit *test, const struct tquic_ranges *rs, const struct model *m)
{
	int i, v = 0;

	KUNIT_ASSERT_LE(test, rs->nr, rs->cap);
	KUNIT_ASSERT_LE(test, rs->cap, rs->max);
	for (i = 0; i < rs->nr; i++) {
		KUNIT_ASSERT_LT(test, rs->r[i].start, rs->r[i].end);
		if (i)
			KUNIT_ASSERT_LT(test, rs->r[i - 1].end, rs->r[i].start);
		for (; v < rs->r[i].start; v++)
			KUNIT_ASSERT_FALSE_MSG(test, m->in[v], "%d is missing", v);
		for (; v < rs->r[i].end; v++)
			KUNIT_ASSERT_TRUE_MSG(test, m->in[v], "%d is too much", v);
	}
	for (; v < UNIVERSE; v++)
		KUNIT_ASSERT_FALSE_MSG(test, m->in[v], "%d is missing", v);
}

static void fill(struct model *m, u64 start, u64 end, bool in)
{
	while (start < end)
		m->in[start++] = in;
}

static bool all_in(const struct model *m, u64 start, u64 end)
{
	while (start < end && m->in[start])
		start++;
	return start >= end;
}

/* what add_cover does when [start, end) touches nothing and there is no room */
static void model_cover(struct model *m, u64 start, u64 end)
{
	u64 left = start, right = end;

	while (left && !m->in[left - 1])
		left--;
	while (right < UNIVERSE && !m->in[right])
		right++;
	if (left && (right == UNIVERSE || start - left <= right - end))
		fill(m, left, end, true);
	else
		fill(m, start, right, true);
}

static void step(struct kunit *test, struct tquic_ranges *rs, struct model *m)
{
	u64 start = get_random_u32() % UNIVERSE;
	u64 end = min_t(u64, UNIVERSE, start + get_random_u32() % 12);
	u16 nr = rs->nr;
	int ret;

	switch (get_random_u32() % 8) {
	case 0:
	case 1:
		ret = tquic_ranges_add(rs, start, end, GFP_KERNEL);
		if (!ret)
			fill(m, start, end, true);
		else
			KUNIT_ASSERT_EQ(test, nr, rs->cap);
		break;
	case 2:
		/* whether it has room shows in the number of ranges */
		tquic_ranges_add_cover(rs, start, end, GFP_KERNEL);
		if (nr == rs->nr && start < end && !all_in(m, start, end) &&
		    !(start && m->in[start - 1]) && !(end < UNIVERSE && m->in[end])) {
			u64 v = start;

			while (v < end && !m->in[v])
				v++;
			if (v == end)
				model_cover(m, start, end);
		}
		fill(m, start, end, true);
		break;
	case 3:
	case 4:
	case 5:
		ret = tquic_ranges_remove(rs, start, end, GFP_KERNEL);
		if (!ret)
			fill(m, start, end, false);
		else
			KUNIT_ASSERT_EQ(test, nr, rs->cap);
		break;
	case 6:
		KUNIT_ASSERT_EQ(test, tquic_ranges_contains(rs, start, end), all_in(m, start, end));
		break;
	default:
		if (get_random_u32() % 8)
			break;
		fill(m, 0, start / 4, false);
		tquic_ranges_remove(rs, 0, start / 4, GFP_NOWAIT);
	}
}

static void run_random(struct kunit *test, u16 max, bool faults)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct tquic_ranges rs;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	tquic_ranges_init(&rs, max);
	for (i = 0; i < 20000; i++) {
		fault_all(faults && get_random_u32() % 2);
		step(test, &rs, m);
		check_model(test, &rs, m);
		if (i % 1000 == 999) {
			tquic_ranges_free(&rs);
			fill(m, 0, UNIVERSE, false);
		}
	}
	fault_all(false);
	tquic_ranges_free(&rs);
}

static void ranges_random(struct kunit *test)
{
	run_random(test, 100, false);
}

static void ranges_random_capped(struct kunit *test)
{
	run_random(test, 7, false);
}

static void ranges_random_no_memory(struct kunit *test)
{
	run_random(test, 33, true);
}

static struct kunit_case ranges_cases[] = {
	KUNIT_CASE(ranges_add),
	KUNIT_CASE(ranges_largest_numbers),
	KUNIT_CASE(ranges_cap),
	KUNIT_CASE(ranges_cap_of_one),
	KUNIT_CASE(ranges_cover_nearest),
	KUNIT_CASE(ranges_remove),
	KUNIT_CASE(ranges_no_memory),
	KUNIT_CASE(ranges_random),
	KUNIT_CASE(ranges_random_capped),
	KUNIT_CASE(ranges_random_no_memory),
	{}
};

static struct kunit_suite ranges_suite = {
	.name = "tquic_ranges",
	.test_cases = ranges_cases,
};

kunit_test_suite(ranges_suite);

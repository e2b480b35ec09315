// SPDX-License-Identifier: GPL-2.0
/*
 * Sets of numbers as sorted, disjoint, non-adjacent half-open ranges.  The array only ever grows,
 * up to the owner's cap; what an owner puts in, and does at the cap, is its own affair.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "ranges.h"

#define FIRST_CAP	4	/* ranges of the first array that is allocated */

/* index of the first range that ends at @v or later, rs->nr if none does */
static u16 find(const struct tquic_ranges *rs, u64 v)
{
	u16 low = 0, high = rs->nr;

	while (low < high) {
		u16 mid = low + (high - low) / 2;

		if (rs->r[mid].end < v)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int grow(struct tquic_ranges *rs, gfp_t gfp)
{
	u32 cap = min_t(u32, max_t(u32, FIRST_CAP, 2 * rs->cap), rs->max);
	struct tquic_range *r;

	if (rs->cap >= rs->max)
		return -ENOSPC;
	r = kmalloc_array(cap, sizeof(*r), gfp);
	if (!r)
		return -ENOMEM;
	memcpy(r, rs->r, rs->nr * sizeof(*r));
	if (rs->r != &rs->one)
		kfree(rs->r);
	rs->r = r;
	rs->cap = cap;
	return 0;
}

/* make [start, end) range number @i; it must touch no other */
static int insert(struct tquic_ranges *rs, u16 i, u64 start, u64 end, gfp_t gfp)
{
	int ret = rs->nr == rs->cap ? grow(rs, gfp) : 0;

	if (ret)
		return ret;
	memmove(&rs->r[i + 1], &rs->r[i], (rs->nr - i) * sizeof(*rs->r));
	rs->r[i] = (struct tquic_range){ start, end };
	rs->nr++;
	return 0;
}

/* forget the ranges from @i to before @j */
static void delete(struct tquic_ranges *rs, u16 i, u16 j)
{
	if (i == j)
		return;
	memmove(&rs->r[i], &rs->r[j], (rs->nr - j) * sizeof(*rs->r));
	rs->nr -= j - i;
}

/** tquic_ranges_init - an empty set of at most @max ranges; it refers to itself: never move it */
void tquic_ranges_init(struct tquic_ranges *rs, u16 max)
{
	rs->r = &rs->one;
	rs->nr = 0;
	rs->cap = 1;
	rs->max = max;
}

/** tquic_ranges_free - release the memory of a set; it is empty and usable afterwards */
void tquic_ranges_free(struct tquic_ranges *rs)
{
	if (rs->r != &rs->one)
		kfree(rs->r);
	tquic_ranges_init(rs, rs->max);
}

/** tquic_ranges_add - add @start to before @end; -ENOSPC at the cap, -ENOMEM: no change */
int tquic_ranges_add(struct tquic_ranges *rs, u64 start, u64 end, gfp_t gfp)
{
	struct tquic_range *r = rs->r;
	u16 i, j;

	if (unlikely(start >= end))
		return 0;
	if (!rs->nr || start > r[rs->nr - 1].end)
		return insert(rs, rs->nr, start, end, gfp);
	i = rs->nr - 1;
	if (start < r[i].start)
		i = find(rs, start);
	if (end < r[i].start)
		return insert(rs, i, start, end, gfp);

	for (j = i; j + 1 < rs->nr && r[j + 1].start <= end; j++)
		;
	r[i].start = min(r[i].start, start);
	r[i].end = max(r[j].end, end);
	delete(rs, i + 1, j + 1);
	return 0;
}

/** tquic_ranges_add_cover - tquic_ranges_add(), stretching the nearest range rather than fail */
void tquic_ranges_add_cover(struct tquic_ranges *rs, u64 start, u64 end, gfp_t gfp)
{
	struct tquic_range *r;
	u16 i;

	if (likely(!tquic_ranges_add(rs, start, end, gfp)))
		return;
	/* the failure means: the array is full and nothing touches the new range */
	i = find(rs, start);
	r = &rs->r[i];
	if (i == rs->nr || (i && start - r[-1].end <= r->start - end))
		r[-1].end = end;
	else
		r->start = start;
}

/** tquic_ranges_remove - take out @start to before @end; -ENOSPC, -ENOMEM at a split: no change */
int tquic_ranges_remove(struct tquic_ranges *rs, u64 start, u64 end, gfp_t gfp)
{
	struct tquic_range *r;
	u16 i, j;

	if (start >= end)
		return 0;
	i = find(rs, start + 1);
	if (i == rs->nr)
		return 0;
	r = &rs->r[i];
	if (r->start < start && r->end > end) {
		int ret = insert(rs, i + 1, end, r->end, gfp);

		if (!ret)
			rs->r[i].end = start;
		return ret;
	}
	if (r->start < start) {
		r->end = start;
		i++;
	}
	for (j = i; j < rs->nr && rs->r[j].end <= end; j++)
		;
	delete(rs, i, j);
	if (i < rs->nr && rs->r[i].start < end)
		rs->r[i].start = end;
	return 0;
}

/** tquic_ranges_contains - are all numbers from @start to before @end in the set */
bool tquic_ranges_contains(const struct tquic_ranges *rs, u64 start, u64 end)
{
	u16 i;

	if (start >= end)
		return true;
	i = find(rs, end);
	return i < rs->nr && rs->r[i].start <= start;
}

/** tquic_ranges_drop_first - forget the lowest range, if there is one */
void tquic_ranges_drop_first(struct tquic_ranges *rs)
{
	if (rs->nr)
		delete(rs, 0, 1);
}

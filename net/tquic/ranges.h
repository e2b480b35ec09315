/* SPDX-License-Identifier: GPL-2.0 */
/* Sets of 64-bit numbers: packet numbers, stream bytes, closed streams.  Owns one array. */
#ifndef _TQUIC_RANGES_H
#define _TQUIC_RANGES_H

#include <linux/types.h>

struct tquic_range {
	u64 start;	/* first number in */
	u64 end;	/* first number out */
};

struct tquic_ranges {
	struct tquic_range *r;		/* sorted ascending; &one until it grows */
	u16 nr;				/* ranges in use */
	u16 cap;			/* ranges that fit in r */
	u16 max;			/* the named cap of the owner */
	struct tquic_range one;		/* most sets hold at most one range */
};

void tquic_ranges_init(struct tquic_ranges *rs, u16 max);
void tquic_ranges_free(struct tquic_ranges *rs);
int tquic_ranges_add(struct tquic_ranges *rs, u64 start, u64 end, gfp_t gfp);
void tquic_ranges_add_cover(struct tquic_ranges *rs, u64 start, u64 end, gfp_t gfp);
int tquic_ranges_remove(struct tquic_ranges *rs, u64 start, u64 end, gfp_t gfp);
bool tquic_ranges_contains(const struct tquic_ranges *rs, u64 start, u64 end);
void tquic_ranges_drop_first(struct tquic_ranges *rs);

static inline bool tquic_ranges_empty(const struct tquic_ranges *rs)
{
	return !rs->nr;
}

#endif

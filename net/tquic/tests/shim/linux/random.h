/* SPDX-License-Identifier: GPL-2.0 */
/* Random numbers that are the same in each run: every test starts from the seed. */
#ifndef _SHIM_RANDOM_H
#define _SHIM_RANDOM_H

#include <linux/types.h>

void shim_random_seed(u64 seed);
u64 get_random_u64(void);
void get_random_bytes(void *buf, size_t len);

static inline u32 get_random_u32(void)
{
	return get_random_u64() >> 32;
}

static inline u32 get_random_u32_below(u32 ceil)
{
	return get_random_u32() % ceil;
}

static inline u32 get_random_u32_inclusive(u32 floor, u32 ceil)
{
	return floor + get_random_u64() % ((u64)ceil - floor + 1);
}

#define get_random_u8()		((u8)get_random_u32())
#define get_random_u16()	((u16)get_random_u32())

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Division and square roots of 64-bit numbers. */
#include <linux/types.h>	/* before the guard: it includes this file in its turn */

#ifndef _SHIM_MATH64_H
#define _SHIM_MATH64_H

#define do_div(n, base) ({			\
	u32 __base = (base);			\
	u32 __rem = (u64)(n) % __base;		\
	(n) = (u64)(n) / __base;		\
	__rem; })

static inline u64 div_u64(u64 a, u32 b)
{
	return a / b;
}

static inline u64 div_u64_rem(u64 a, u32 b, u32 *rem)
{
	*rem = a % b;
	return a / b;
}

static inline u64 div64_u64(u64 a, u64 b)
{
	return a / b;
}

static inline u64 div64_u64_rem(u64 a, u64 b, u64 *rem)
{
	*rem = a % b;
	return a / b;
}

static inline s64 div_s64(s64 a, s32 b)
{
	return a / b;
}

static inline s64 div64_s64(s64 a, s64 b)
{
	return a / b;
}

#define div64_ul(a, b)			div64_u64(a, b)
#define DIV64_U64_ROUND_UP(a, b)	div64_u64((a) + (b) - 1, b)
#define DIV_U64_ROUND_CLOSEST(a, b)	div64_u64((a) + (b) / 2, b)

/* undefined in the kernel when the quotient does not fit: a failure here */
static inline u64 mul_u64_u64_div_u64(u64 a, u64 b, u64 c)
{
	unsigned __int128 q = (unsigned __int128)a * b / c;

	WARN_ON(q >> 64);
	return q;
}

static inline u64 mul_u64_u32_div(u64 a, u32 b, u32 c)
{
	return mul_u64_u64_div_u64(a, b, c);
}

static inline u64 mul_u64_u32_shr(u64 a, u32 b, unsigned int shift)
{
	return (unsigned __int128)a * b >> shift;
}

static inline u64 mul_u64_u64_shr(u64 a, u64 b, unsigned int shift)
{
	return (unsigned __int128)a * b >> shift;
}

/* the largest number whose square is not above x */
static inline u32 int_sqrt64(u64 x)
{
	u64 root = 0, bit;

	for (bit = 1ULL << 31; bit; bit >>= 1)
		if ((root | bit) * (root | bit) <= x)
			root |= bit;
	return root;
}

static inline unsigned long int_sqrt(unsigned long x)
{
	return int_sqrt64(x);
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Loads and stores of big-endian and little-endian numbers at any address. */
#ifndef _SHIM_UNALIGNED_H
#define _SHIM_UNALIGNED_H

#include <linux/types.h>

#define SHIM_UNALIGNED(order, bits, conv)				\
static inline u##bits get_unaligned_##order##bits(const void *p)	\
{									\
	u##bits v;							\
									\
	memcpy(&v, p, sizeof(v));					\
	return conv(v);							\
}									\
static inline void put_unaligned_##order##bits(u##bits v, void *p)	\
{									\
	v = conv(v);							\
	memcpy(p, &v, sizeof(v));					\
}

SHIM_UNALIGNED(be, 16, __builtin_bswap16)
SHIM_UNALIGNED(be, 32, __builtin_bswap32)
SHIM_UNALIGNED(be, 64, __builtin_bswap64)
SHIM_UNALIGNED(le, 16, (u16))
SHIM_UNALIGNED(le, 32, (u32))
SHIM_UNALIGNED(le, 64, (u64))

#define get_unaligned(p) ({			\
	typeof(*(p)) __v;			\
	memcpy(&__v, p, sizeof(__v));		\
	__v; })
#define put_unaligned(v, p) do {		\
	typeof(*(p)) __v = (v);			\
	memcpy(p, &__v, sizeof(__v));		\
} while (0)

static inline u32 get_unaligned_be24(const void *p)
{
	const u8 *b = p;

	return b[0] << 16 | b[1] << 8 | b[2];
}

static inline void put_unaligned_be24(u32 v, void *p)
{
	u8 *b = p;

	b[0] = v >> 16;
	b[1] = v >> 8;
	b[2] = v;
}

#endif

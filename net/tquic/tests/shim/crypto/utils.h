/* SPDX-License-Identifier: GPL-2.0 */
/* Comparison in constant time. */
#ifndef _SHIM_CRYPTO_UTILS_H
#define _SHIM_CRYPTO_UTILS_H

#include <linux/types.h>

/* returns 0 when equal */
static inline unsigned long crypto_memneq(const void *a, const void *b, size_t len)
{
	const u8 *x = a, *y = b;
	u8 diff = 0;

	while (len--)
		diff |= *x++ ^ *y++;
	return diff;
}

#endif

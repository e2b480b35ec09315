/* SPDX-License-Identifier: GPL-2.0 */
/* The string functions of the kernel that the C library does not have. */
#include <linux/types.h>	/* before the guard: it includes this file in its turn */

#ifndef _SHIM_STRING_H
#define _SHIM_STRING_H

static inline void memzero_explicit(void *p, size_t len)
{
	explicit_bzero(p, len);
}

static inline void *memchr_inv(const void *p, int c, size_t len)
{
	const u8 *b = p;

	for (; len; len--, b++)
		if (*b != (u8)c)
			return (void *)b;
	return NULL;
}

static inline ssize_t strscpy(char *dst, const char *src, size_t size)
{
	size_t len = strnlen(src, size);

	if (!size)
		return -E2BIG;
	if (len == size) {
		memcpy(dst, src, size - 1);
		dst[size - 1] = 0;
		return -E2BIG;
	}
	memcpy(dst, src, len + 1);
	return len;
}

#define memset_after(obj, v, m)						\
	memset((u8 *)(obj) + offsetofend(typeof(*(obj)), m), v,		\
	       sizeof(*(obj)) - offsetofend(typeof(*(obj)), m))
#define unsafe_memcpy(dst, src, len, why)	memcpy(dst, src, len)

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Variable-length integers, RFC 9000 section 16.  Readers are given an end, writers have room. */
#ifndef _TQUIC_VARINT_H
#define _TQUIC_VARINT_H

#include <linux/string.h>
#include <linux/types.h>
#include "compat/unaligned.h"

/** tquic_varint_len - bytes that @v takes: 1, 2, 4 or 8; @v below 2^62 */
static inline u32 tquic_varint_len(u64 v)
{
	if (v < 0x40)
		return 1;
	if (v < 0x4000)
		return 2;
	return v < 0x40000000 ? 4 : 8;
}

/** tquic_varint_put2 - write @v below 2^14 in two bytes, for lengths filled in later */
static inline u8 *tquic_varint_put2(u8 *p, u32 v)
{
	put_unaligned_be16(v | 0x4000, p);
	return p + 2;
}

/** tquic_varint_put - write @v in its shortest form; returns the byte after it */
static inline u8 *tquic_varint_put(u8 *p, u64 v)
{
	switch (tquic_varint_len(v)) {
	case 1:
		*p = v;
		return p + 1;
	case 2:
		return tquic_varint_put2(p, v);
	case 4:
		put_unaligned_be32(v | 0x80000000, p);
		return p + 4;
	default:
		put_unaligned_be64(v | (3ULL << 62), p);
		return p + 8;
	}
}

/** tquic_bytes_put - write @len bytes; returns the byte after them */
static inline u8 *tquic_bytes_put(u8 *p, const void *data, u32 len)
{
	if (len)
		memcpy(p, data, len);
	return p + len;
}

/** tquic_cid_put - write a connection ID after its length; returns the byte after it */
static inline u8 *tquic_cid_put(u8 *p, const u8 *id, u8 len)
{
	*p++ = len;
	return tquic_bytes_put(p, id, len);
}

/** tquic_varint_get - read one integer; the byte after it, or NULL: it does not end before @end */
static inline const u8 *tquic_varint_get(const u8 *p, const u8 *end, u64 *v)
{
	if (p >= end || end - p < (1 << (*p >> 6)))
		return NULL;
	switch (*p >> 6) {
	case 0:
		*v = *p;
		return p + 1;
	case 1:
		*v = get_unaligned_be16(p) & 0x3fff;
		return p + 2;
	case 2:
		*v = get_unaligned_be32(p) & 0x3fffffff;
		return p + 4;
	default:
		*v = get_unaligned_be64(p) & ((1ULL << 62) - 1);
		return p + 8;
	}
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Minima, rounding, bits, checked arithmetic, assertions and printing: the arithmetic
 * and diagnostic macros of the kernel.  WARN_ON() fails the running test.
 */
#include <linux/types.h>	/* before the guard: it includes this file in its turn */

#ifndef _SHIM_KERNEL_H
#define _SHIM_KERNEL_H

#define U8_MAX		((u8)~0U)
#define U16_MAX		((u16)~0U)
#define U32_MAX		((u32)~0U)
#define U64_MAX		((u64)~0ULL)
#define S8_MAX		((s8)(U8_MAX >> 1))
#define S16_MAX		((s16)(U16_MAX >> 1))
#define S32_MAX		((s32)(U32_MAX >> 1))
#define S64_MAX		((s64)(U64_MAX >> 1))
#define S32_MIN		((s32)(-S32_MAX - 1))
#define S64_MIN		((s64)(-S64_MAX - 1))
#ifndef ENOTSUPP
#define ENOTSUPP	524
#endif

#define NSEC_PER_USEC	1000L
#define NSEC_PER_MSEC	1000000L
#define NSEC_PER_SEC	1000000000L
#define USEC_PER_MSEC	1000L
#define USEC_PER_SEC	1000000L
#define MSEC_PER_SEC	1000L
#define SZ_1K		0x400
#define SZ_4K		0x1000
#define SZ_64K		0x10000
#define SZ_1M		0x100000

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define sizeof_field(t, m)	sizeof(((t *)0)->m)
#define offsetofend(t, m)	(offsetof(t, m) + sizeof_field(t, m))
#define container_of(p, t, m)	((t *)((char *)(p) - offsetof(t, m)))

/* minima and maxima: each argument is evaluated once; the types must agree, as in Linux 6.1 */
#define __shim_pick(op, t, u, a, b) ({		\
	t __a = (a);				\
	u __b = (b);				\
	__a op __b ? __a : __b; })
#define __shim_same_type(a, b)	((void)((typeof(a) *)1 == (typeof(b) *)1))
#define min(a, b) ({ __shim_same_type(a, b); __shim_pick(<, __auto_type, __auto_type, a, b); })
#define max(a, b) ({ __shim_same_type(a, b); __shim_pick(>, __auto_type, __auto_type, a, b); })
#define min_t(t, a, b)		__shim_pick(<, t, t, a, b)
#define max_t(t, a, b)		__shim_pick(>, t, t, a, b)
#define min3(a, b, c)		min(a, min(b, c))
#define max3(a, b, c)		max(a, max(b, c))
#define min_not_zero(a, b) ({			\
	__auto_type __x = (a);			\
	__auto_type __y = (b);			\
	__x == 0 ? __y : (__y == 0 ? __x : (__x < __y ? __x : __y)); })
#define clamp_t(t, v, lo, hi)	min_t(t, max_t(t, v, lo), hi)
#define clamp(v, lo, hi)	clamp_t(typeof(v), v, lo, hi)
#define clamp_val(v, lo, hi)	clamp_t(typeof(v), v, lo, hi)
#define swap(a, b) do {				\
	typeof(a) __t = (a);			\
	(a) = (b);				\
	(b) = __t;				\
} while (0)
#define abs_diff(a, b) ({			\
	__auto_type __a = (a);			\
	__auto_type __b = (b);			\
	__a > __b ? __a - __b : __b - __a; })

/* rounding */
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define DIV_ROUND_UP_ULL(n, d)	DIV_ROUND_UP((u64)(n), d)
#define DIV_ROUND_CLOSEST(n, d)	(((n) + (d) / 2) / (d))
#define roundup(x, y)		(DIV_ROUND_UP(x, y) * (y))
#define rounddown(x, y)		((x) - (x) % (y))
#define round_up(x, y)		((((x) - 1) | (typeof(x))((y) - 1)) + 1)
#define round_down(x, y)	((x) & ~(typeof(x))((y) - 1))
#define ALIGN(x, a)		round_up((typeof(x))(x), a)
#define ALIGN_DOWN(x, a)	round_down(x, a)
#define IS_ALIGNED(x, a)	(((x) & ((typeof(x))(a) - 1)) == 0)

/* bits */
#define BITS_PER_LONG		64
#define BITS_PER_BYTE		8
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define GENMASK(h, l)		((~0UL << (l)) & (~0UL >> (63 - (h))))
#define GENMASK_ULL(h, l)	GENMASK(h, l)
#define hweight8(x)		((unsigned int)__builtin_popcount((u8)(x)))
#define hweight32(x)		((unsigned int)__builtin_popcount(x))
#define hweight64(x)		((unsigned long)__builtin_popcountll(x))

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline int fls(unsigned int x)
{
	return fls64(x);
}

static inline unsigned long __ffs(unsigned long x)
{
	return __builtin_ctzl(x);
}

static inline unsigned long __ffs64(u64 x)
{
	return __builtin_ctzll(x);
}

static inline unsigned long __fls(unsigned long x)
{
	return fls64(x) - 1;
}

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

#define ilog2(n)		(fls64(n) - 1)

static inline unsigned long roundup_pow_of_two(unsigned long n)
{
	return n <= 1 ? 1 : 1UL << fls64(n - 1);
}

static inline unsigned long rounddown_pow_of_two(unsigned long n)
{
	return 1UL << (fls64(n) - 1);
}

static inline bool test_bit(long nr, const volatile unsigned long *addr)
{
	return addr[nr / BITS_PER_LONG] >> (nr % BITS_PER_LONG) & 1;
}

static inline void __set_bit(long nr, volatile unsigned long *addr)
{
	addr[nr / BITS_PER_LONG] |= 1UL << (nr % BITS_PER_LONG);
}

static inline void __clear_bit(long nr, volatile unsigned long *addr)
{
	addr[nr / BITS_PER_LONG] &= ~(1UL << (nr % BITS_PER_LONG));
}

#define BITS_TO_LONGS(n)	DIV_ROUND_UP(n, BITS_PER_LONG)
#define DECLARE_BITMAP(name, n)	unsigned long name[BITS_TO_LONGS(n)]

/* checked arithmetic */
#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)
#define check_sub_overflow(a, b, d)	__builtin_sub_overflow(a, b, d)
#define check_mul_overflow(a, b, d)	__builtin_mul_overflow(a, b, d)

static inline size_t size_mul(size_t a, size_t b)
{
	size_t r;

	return __builtin_mul_overflow(a, b, &r) ? SIZE_MAX : r;
}

static inline size_t size_add(size_t a, size_t b)
{
	size_t r;

	return __builtin_add_overflow(a, b, &r) ? SIZE_MAX : r;
}

#define array_size(a, b)		size_mul(a, b)
#define flex_array_size(p, m, n)	size_mul(n, sizeof(*(p)->m))
#define struct_size(p, m, n)		size_add(sizeof(*(p)), flex_array_size(p, m, n))

/* assertions */
#define BUILD_BUG_ON(c)			_Static_assert(!(c), #c)
#define BUILD_BUG_ON_MSG(c, msg)	_Static_assert(!(c), msg)
#undef static_assert
#define __shim_assert(e, msg, ...)	_Static_assert(e, msg)
#define static_assert(e, ...)		__shim_assert(e, ##__VA_ARGS__, #e)

bool shim_warn(const char *file, int line, const char *what);
void shim_bug(const char *file, int line, const char *what) __attribute__((__noreturn__));

#define WARN_ON(c) ({ bool __w = (c); __w ? shim_warn(__FILE__, __LINE__, #c) : false; })
#define WARN_ON_ONCE(c)		WARN_ON(c)
#define WARN(c, ...)		WARN_ON(c)
#define WARN_ONCE(c, ...)	WARN_ON(c)
#define DEBUG_NET_WARN_ON_ONCE(c)	((void)WARN_ON(c))
#define BUG()			shim_bug(__FILE__, __LINE__, "BUG()")
#define BUG_ON(c)		do { if (unlikely(c)) shim_bug(__FILE__, __LINE__, #c); } while (0)

/* printing: diagnostics of the KTAP stream */
#define printk(...)		((void)printf("# " __VA_ARGS__))
#define pr_err(...)		printk(__VA_ARGS__)
#define pr_warn(...)		printk(__VA_ARGS__)
#define pr_info(...)		printk(__VA_ARGS__)
#define pr_debug(...)		((void)0)
#define pr_warn_once(...)	printk(__VA_ARGS__)
#define net_warn_ratelimited(...)	printk(__VA_ARGS__)

/* errors as pointers */
#define MAX_ERRNO		4095

static inline void *ERR_PTR(long err)
{
	return (void *)err;
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

static inline bool IS_ERR(const void *p)
{
	return (unsigned long)p >= (unsigned long)-MAX_ERRNO;
}

static inline bool IS_ERR_OR_NULL(const void *p)
{
	return !p || IS_ERR(p);
}

static inline int PTR_ERR_OR_ZERO(const void *p)
{
	return IS_ERR(p) ? PTR_ERR(p) : 0;
}

static inline void *ERR_CAST(const void *p)
{
	return (void *)p;
}

/* byte order: this harness runs on little-endian machines, the kernel's on all */
#define cpu_to_be16(x)		((__be16)__builtin_bswap16(x))
#define cpu_to_be32(x)		((__be32)__builtin_bswap32(x))
#define cpu_to_be64(x)		((__be64)__builtin_bswap64(x))
#define be16_to_cpu(x)		__builtin_bswap16(x)
#define be32_to_cpu(x)		__builtin_bswap32(x)
#define be64_to_cpu(x)		__builtin_bswap64(x)
#define cpu_to_le32(x)		((__le32)(x))
#define cpu_to_le64(x)		((__le64)(x))
#define le32_to_cpu(x)		((u32)(x))
#define le64_to_cpu(x)		((u64)(x))
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "byte order");

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Attributes and annotations of kernel code, as far as a user-space compiler needs them. */
#ifndef _SHIM_COMPILER_H
#define _SHIM_COMPILER_H

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define barrier()		__asm__ __volatile__("" : : : "memory")
#define READ_ONCE(x)		(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile typeof(x) *)&(x) = (v))

#define fallthrough		__attribute__((__fallthrough__))
#define noinline		__attribute__((__noinline__))
#undef __always_inline
#define __always_inline		inline __attribute__((__always_inline__))
#define __always_unused		__attribute__((__unused__))
#define __maybe_unused		__attribute__((__unused__))
#define __must_check		__attribute__((__warn_unused_result__))
#define __packed		__attribute__((__packed__))
#define __aligned(n)		__attribute__((__aligned__(n)))
#define __printf(a, b)		__attribute__((__format__(printf, a, b)))
#define __cold
#define __pure			__attribute__((__pure__))
#define __init
#define __exit
#define __initdata
#define __initconst
#define __read_mostly
#define __ro_after_init
#define __rcu
#define __user
#define __force
#define __acquires(x)
#define __releases(x)
#define __must_hold(x)
#define ____cacheline_aligned
#define ____cacheline_aligned_in_smp
#define __UNIQUE_ID2(p, n)	__shim_##p##n
#define __UNIQUE_ID1(p, n)	__UNIQUE_ID2(p, n)
#define __UNIQUE_ID(p)		__UNIQUE_ID1(p, __COUNTER__)

#define EXPORT_SYMBOL(x)
#define EXPORT_SYMBOL_GPL(x)
#define MODULE_LICENSE(x)
#define MODULE_DESCRIPTION(x)
#define MODULE_AUTHOR(x)
#define MODULE_ALIAS(x)

#endif

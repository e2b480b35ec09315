/* SPDX-License-Identifier: GPL-2.0 */
/* Reference counts and atomics of a program with one thread. */
#ifndef _SHIM_REFCOUNT_H
#define _SHIM_REFCOUNT_H

#include <linux/types.h>

typedef struct { int refs; } refcount_t;

#define REFCOUNT_INIT(n)	{ (n) }

static inline void refcount_set(refcount_t *r, int n)
{
	r->refs = n;
}

static inline unsigned int refcount_read(const refcount_t *r)
{
	return r->refs;
}

static inline void refcount_inc(refcount_t *r)
{
	WARN_ON(r->refs <= 0);
	r->refs++;
}

static inline bool refcount_dec_and_test(refcount_t *r)
{
	WARN_ON(r->refs <= 0);
	return !--r->refs;
}

#define ATOMIC_INIT(n)		{ (n) }
#define atomic_read(v)		((v)->counter)
#define atomic_set(v, n)	((void)((v)->counter = (n)))
#define atomic_inc(v)		((void)(v)->counter++)
#define atomic_dec(v)		((void)(v)->counter--)
#define atomic_add(n, v)	((void)((v)->counter += (n)))
#define atomic_sub(n, v)	((void)((v)->counter -= (n)))
#define atomic_inc_return(v)	(++(v)->counter)
#define atomic_dec_and_test(v)	(!--(v)->counter)
#define atomic64_read(v)	((v)->counter)
#define atomic64_set(v, n)	((void)((v)->counter = (n)))
#define atomic64_inc(v)		((void)(v)->counter++)
#define atomic64_inc_return(v)	(++(v)->counter)

#endif

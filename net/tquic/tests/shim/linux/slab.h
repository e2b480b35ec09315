/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory of the kernel over malloc(), every object apart so that the address sanitizer
 * sees its bounds, counted so that the runner sees leaks, and able to fail on demand.
 */
#ifndef _SHIM_SLAB_H
#define _SHIM_SLAB_H

#include <linux/types.h>

#define __GFP_ZERO		0x100u
#define __GFP_NOWARN		0x200u
#define __GFP_COMP		0x400u
#define __GFP_NORETRY		0x800u
#define __GFP_NOMEMALLOC	0x1000u
#define __GFP_DIRECT_RECLAIM	0x2000u
#define __GFP_ACCOUNT		0x4000u
#define GFP_ATOMIC		0x1u
#define GFP_KERNEL		(0x2u | __GFP_DIRECT_RECLAIM)
#define GFP_NOWAIT		0x4u
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | __GFP_ACCOUNT)

#define gfpflags_allow_blocking(gfp)	(!!((gfp) & __GFP_DIRECT_RECLAIM))

/* the nth allocation from now on fails (1: the next), and no other; 0: none does */
void shim_fail_alloc(u32 nth);
/* from now on every allocation fails, or none */
void shim_fail_all_allocs(bool on);
/* objects of any kind that are allocated now: slab, page, sk_buff */
u64 shim_live(void);

void *shim_alloc(size_t size, gfp_t gfp);
void *shim_realloc(const void *p, size_t size, gfp_t gfp);
void shim_free(const void *p);

#define ZERO_SIZE_PTR		((void *)16)
#define ZERO_OR_NULL_PTR(p)	((unsigned long)(p) <= (unsigned long)ZERO_SIZE_PTR)

#define kmalloc(n, gfp)			shim_alloc(n, gfp)
#define kzalloc(n, gfp)			shim_alloc(n, (gfp) | __GFP_ZERO)
#define kmalloc_array(n, s, gfp)	shim_alloc(size_mul(n, s), gfp)
#define kcalloc(n, s, gfp)		shim_alloc(size_mul(n, s), (gfp) | __GFP_ZERO)
#define krealloc(p, n, gfp)		shim_realloc(p, n, gfp)
#define krealloc_array(p, n, s, gfp)	shim_realloc(p, size_mul(n, s), gfp)
#define kfree(p)			shim_free(p)
#define kfree_sensitive(p)		shim_free(p)	/* freed memory is overwritten anyway */
#define kvmalloc(n, gfp)		kmalloc(n, gfp)
#define kvzalloc(n, gfp)		kzalloc(n, gfp)
#define kvmalloc_array(n, s, gfp)	kmalloc_array(n, s, gfp)
#define kvcalloc(n, s, gfp)		kcalloc(n, s, gfp)
#define kvfree(p)			kfree(p)

static inline void *kmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *p = kmalloc(len, gfp);

	return p ? memcpy(p, src, len) : NULL;
}

struct kmem_cache {
	char name[32];
	size_t size;
	void (*ctor)(void *obj);
	u64 live;
};

#define SLAB_HWCACHE_ALIGN	1u
#define SLAB_ACCOUNT		2u
#define SLAB_TYPESAFE_BY_RCU	4u
#define SLAB_RECLAIM_ACCOUNT	8u
#define SLAB_NO_MERGE		16u

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *obj));
void kmem_cache_destroy(struct kmem_cache *s);
void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp);
void kmem_cache_free(struct kmem_cache *s, void *p);

#define kmem_cache_zalloc(s, gfp)	kmem_cache_alloc(s, (gfp) | __GFP_ZERO)
#define KMEM_CACHE(type, flags)							\
	kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), flags, NULL)

#endif

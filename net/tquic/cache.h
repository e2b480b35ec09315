/* SPDX-License-Identifier: GPL-2.0 */
/* A slab cache of one file.  Knows nothing of the objects: who allocates one sets every field. */
#ifndef _TQUIC_CACHE_H
#define _TQUIC_CACHE_H

#include <linux/slab.h>

/* A cache with a constructor keeps its name: it is never merged with others alike */
static inline void tquic_cache_ctor(void *obj)
{
}

/*
 * The cache tquic_NAME, and two functions for main.c: setup() makes it, 0 or -ENOMEM, before all
 * other calls of the file; teardown() destroys it, when every object has been freed.
 */
#define TQUIC_CACHE(name, setup, teardown, bytes, flags)				\
static struct kmem_cache *name;								\
											\
int setup(void)										\
{											\
	name = kmem_cache_create("tquic_" #name, bytes, 0, flags, tquic_cache_ctor);	\
	return name ? 0 : -ENOMEM;							\
}											\
											\
void teardown(void)									\
{											\
	kmem_cache_destroy(name);							\
}

#endif

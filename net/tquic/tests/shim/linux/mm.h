/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages with references.  A struct page that virt_to_page() makes up for memory that is
 * not one of our pages carries the address itself: it can be mapped, not referenced.
 */
#ifndef _SHIM_MM_H
#define _SHIM_MM_H

#include <linux/slab.h>

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define offset_in_page(p)	((unsigned long)(p) & ~PAGE_MASK)
#define PAGE_ALIGN(x)	ALIGN(x, PAGE_SIZE)

struct page {
	int refs;
	unsigned int order;
	void *addr;
	struct page *next;	/* of all live pages */
};

struct page *alloc_pages(gfp_t gfp, unsigned int order);
struct page *virt_to_page(const void *addr);
void *page_address(const struct page *page);
int page_count(const struct page *page);
void get_page(struct page *page);
void put_page(struct page *page);

#define alloc_page(gfp)		alloc_pages(gfp, 0)
#define __free_pages(p, order)	put_page(p)
#define __free_page(p)		put_page(p)
#define page_ref_count(p)	page_count(p)
#define virt_to_head_page(p)	virt_to_page(p)
#define compound_head(p)	(p)
#define page_size(p)		(PAGE_SIZE << (p)->order)
#define compound_order(p)	((p)->order)

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * A ring of pages, from whose one at hand memory for payload and ciphertext is cut.  We hold one
 * reference to each, who has bytes there others; a page is taken again when ours is the last,
 * before a new one is asked for, because the kernel may clear each page that it hands out.
 */
#include <linux/mm.h>
#include <net/sock.h>

#include "pages.h"

/** tquic_pages_refill - make room for @size bytes in one piece; false: no page is at hand then */
bool tquic_pages_refill(struct tquic_pages *pp, u32 size, gfp_t gfp)
{
	struct page_frag *pf = &pp->frag;

	if (pf->page && pf->offset + size <= pf->size)
		return true;
	swap(pf->page, pp->kept[pp->next]);
	pp->next = (pp->next + 1) % TQUIC_PAGES_KEPT;
	pf->size = pf->page ? page_size(pf->page) : 0;
	pf->offset = pf->size;
	/* takes it again if nobody else holds it */
	if (likely(skb_page_frag_refill(size, pf, gfp) && pf->offset + size <= pf->size))
		return true;
	if (pf->page)	/* too small, and it would stay */
		put_page(pf->page);
	memset(pf, 0, sizeof(*pf));
	return false;
}

/** tquic_pages_free - let all pages go */
void tquic_pages_free(struct tquic_pages *pp)
{
	for (u32 i = 0; i < TQUIC_PAGES_KEPT; i++)
		if (pp->kept[i])
			put_page(pp->kept[i]);
	if (pp->frag.page)
		put_page(pp->frag.page);
	memset(pp, 0, sizeof(*pp));
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Pages that go round, for payload and ciphertext. */
#ifndef _TQUIC_PAGES_H
#define _TQUIC_PAGES_H

#include <linux/mm_types.h>

#define TQUIC_PAGES_KEPT	7	/* beside the one at hand */

struct tquic_pages {
	struct page_frag frag;		/* at hand: the user advances its offset */
	struct page *kept[TQUIC_PAGES_KEPT];
	u8 next;			/* the one kept longest */
};

bool tquic_pages_refill(struct tquic_pages *pp, u32 size, gfp_t gfp);
void tquic_pages_free(struct tquic_pages *pp);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Scatterlists: arrays of page, offset and length, with an end mark; chains are not needed. */
#ifndef _SHIM_SCATTERLIST_H
#define _SHIM_SCATTERLIST_H

#include <linux/mm.h>

struct scatterlist {
	unsigned long page_link;	/* struct page, bit 1: the last entry */
	unsigned int offset;
	unsigned int length;
};

#define SG_END		2UL

static inline bool sg_is_last(const struct scatterlist *sg)
{
	return sg->page_link & SG_END;
}

static inline void sg_mark_end(struct scatterlist *sg)
{
	sg->page_link |= SG_END;
}

static inline void sg_unmark_end(struct scatterlist *sg)
{
	sg->page_link &= ~SG_END;
}

static inline void sg_init_table(struct scatterlist *sg, unsigned int nents)
{
	memset(sg, 0, nents * sizeof(*sg));
	sg_mark_end(&sg[nents - 1]);
}

static inline struct page *sg_page(const struct scatterlist *sg)
{
	return (struct page *)(sg->page_link & ~3UL);
}

static inline void sg_assign_page(struct scatterlist *sg, struct page *page)
{
	sg->page_link = (unsigned long)page | (sg->page_link & SG_END);
}

static inline void sg_set_page(struct scatterlist *sg, struct page *page, unsigned int len,
			       unsigned int offset)
{
	sg_assign_page(sg, page);
	sg->offset = offset;
	sg->length = len;
}

static inline void sg_set_buf(struct scatterlist *sg, const void *buf, unsigned int len)
{
	struct page *page = virt_to_page(buf);

	sg_set_page(sg, page, len, (const char *)buf - (char *)page_address(page));
}

static inline void sg_init_one(struct scatterlist *sg, const void *buf, unsigned int len)
{
	sg_init_table(sg, 1);
	sg_set_buf(sg, buf, len);
}

static inline void *sg_virt(const struct scatterlist *sg)
{
	return (char *)page_address(sg_page(sg)) + sg->offset;
}

static inline struct scatterlist *sg_next(struct scatterlist *sg)
{
	return sg_is_last(sg) ? NULL : sg + 1;
}

#define for_each_sg(list, sg, nr, i)	\
	for ((i) = 0, (sg) = (list); (i) < (nr); (i)++, (sg) = sg_next(sg))

int sg_nents(struct scatterlist *sg);
size_t sg_copy_from_buffer(struct scatterlist *sg, unsigned int nents, const void *buf, size_t len);
size_t sg_copy_to_buffer(struct scatterlist *sg, unsigned int nents, void *buf, size_t len);

#endif

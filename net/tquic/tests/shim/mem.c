// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of the harness: slab objects, pages, packets, scatterlist copies, random
 * numbers.  Counts what is live and fails allocations that a test wants to fail.
 */
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include <malloc.h>

#define SHIM_JUNK	0xa5	/* what fresh memory holds that nobody asked to be zeroed */
#define SHIM_FAKE_PAGE	4UL	/* a struct page pointer that is an address */

static u32 fail_in;
static bool fail_all;
static u64 live;
static struct page *pages;
static u64 random_state = 1;

void shim_fail_alloc(u32 nth)
{
	fail_in = nth;
}

void shim_fail_all_allocs(bool on)
{
	fail_all = on;
}

u64 shim_live(void)
{
	return live;
}

static bool must_fail(void)
{
	return fail_all || (fail_in && !--fail_in);
}

void *shim_alloc(size_t size, gfp_t gfp)
{
	void *p;

	if (must_fail() || size > SSIZE_MAX)
		return NULL;
	if (!size)
		return ZERO_SIZE_PTR;
	p = malloc(size);
	if (!p)
		return NULL;
	memset(p, gfp & __GFP_ZERO ? 0 : SHIM_JUNK, size);
	live++;
	return p;
}

void shim_free(const void *p)
{
	if (ZERO_OR_NULL_PTR(p))
		return;
	live--;
	free((void *)p);
}

void *shim_realloc(const void *p, size_t size, gfp_t gfp)
{
	void *n = shim_alloc(size, gfp);

	if (!n || ZERO_OR_NULL_PTR(p))
		return n;
	if (!ZERO_OR_NULL_PTR(n))
		memcpy(n, p, min_t(size_t, malloc_usable_size((void *)p), size));
	shim_free(p);
	return n;
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     slab_flags_t flags, void (*ctor)(void *obj))
{
	struct kmem_cache *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	strscpy(s->name, name, sizeof(s->name));
	s->size = ALIGN((size_t)size, max_t(size_t, align, 16));
	s->ctor = ctor;
	return s;
}

void kmem_cache_destroy(struct kmem_cache *s)
{
	if (!s)
		return;
	WARN_ON(s->live);
	kfree(s);
}

void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp)
{
	void *p = kmalloc(s->size, gfp);

	if (!p)
		return NULL;
	s->live++;
	if (s->ctor)
		s->ctor(p);
	return p;
}

void kmem_cache_free(struct kmem_cache *s, void *p)
{
	if (!p)
		return;
	WARN_ON(!s->live);
	s->live--;
	kfree(p);
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	struct page *page;

	if (must_fail())
		return NULL;
	page = malloc(sizeof(*page));
	page->addr = aligned_alloc(PAGE_SIZE, PAGE_SIZE << order);
	memset(page->addr, gfp & __GFP_ZERO ? 0 : SHIM_JUNK, PAGE_SIZE << order);
	page->order = order;
	page->refs = 1;
	page->next = pages;
	pages = page;
	live++;
	return page;
}

struct page *virt_to_page(const void *addr)
{
	struct page *page;

	for (page = pages; page; page = page->next)
		if (addr >= page->addr && (char *)addr < (char *)page->addr + page_size(page))
			return page;
	return (struct page *)(((unsigned long)addr & PAGE_MASK) | SHIM_FAKE_PAGE);
}

void *page_address(const struct page *page)
{
	if ((unsigned long)page & SHIM_FAKE_PAGE)
		return (void *)((unsigned long)page & PAGE_MASK);
	return page->addr;
}

int page_count(const struct page *page)
{
	return page->refs;
}

void get_page(struct page *page)
{
	WARN_ON(page->refs <= 0);
	page->refs++;
}

void put_page(struct page *page)
{
	struct page **at = &pages;

	WARN_ON(page->refs <= 0);
	if (--page->refs)
		return;
	while (*at != page)
		at = &(*at)->next;
	*at = page->next;
	live--;
	free(page->addr);
	free(page);
}

struct sk_buff *alloc_skb(unsigned int size, gfp_t gfp)
{
	struct sk_buff *skb = kzalloc(sizeof(*skb), gfp);

	if (!skb)
		return NULL;
	skb->head = kmalloc(size, gfp);
	if (!skb->head) {
		kfree(skb);
		return NULL;
	}
	skb->data = skb->head;
	skb->end = skb->head + size;
	skb->truesize = size + sizeof(*skb);
	refcount_set(&skb->users, 1);
	return skb;
}

void kfree_skb(struct sk_buff *skb)
{
	if (!skb || !refcount_dec_and_test(&skb->users))
		return;
	kfree(skb->head);
	kfree(skb);
}

void *skb_put(struct sk_buff *skb, unsigned int len)
{
	unsigned char *tail = skb->data + skb->len;

	BUG_ON(len > skb->end - tail);
	skb->len += len;
	return tail;
}

int sg_nents(struct scatterlist *sg)
{
	int n = 0;

	for (; sg; sg = sg_next(sg))
		n++;
	return n;
}

static size_t sg_copy(struct scatterlist *sg, unsigned int nents, u8 *buf, size_t len, bool to_buf)
{
	size_t done = 0;

	for (; sg && nents && done < len; sg = sg_next(sg), nents--) {
		size_t n = min_t(size_t, sg->length, len - done);

		if (to_buf)
			memcpy(buf + done, sg_virt(sg), n);
		else
			memcpy(sg_virt(sg), buf + done, n);
		done += n;
	}
	return done;
}

size_t sg_copy_from_buffer(struct scatterlist *sg, unsigned int nents, const void *buf, size_t len)
{
	return sg_copy(sg, nents, (u8 *)buf, len, false);
}

size_t sg_copy_to_buffer(struct scatterlist *sg, unsigned int nents, void *buf, size_t len)
{
	return sg_copy(sg, nents, buf, len, true);
}

void shim_random_seed(u64 seed)
{
	random_state = seed;
}

/* a counter through a mixing function: any seed is good */
u64 get_random_u64(void)
{
	u64 x = random_state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

void get_random_bytes(void *buf, size_t len)
{
	u8 *p = buf;

	while (len--)
		*p++ = get_random_u64() >> 56;
}

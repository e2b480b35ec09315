// SPDX-License-Identifier: GPL-2.0
/*
 * Copy mode, net.tquic.zerocopy = 0, the baseline to measure against: each STREAM frame's payload
 * is copied out of the send buffer and again into the packet, sealed in place.  That there are no
 * batches then, and no references to the caller's pages, is asked for where those are made.
 */
#include <linux/slab.h>

#include "packet.h"

/** tquic_copy_payload - all copying of payload on the way out; who traces it finds bytes in @len */
noinline void tquic_copy_payload(void *dst, struct scatterlist *sg, u32 len)
{
	u32 n;

	for (; len; len -= n, dst += n, sg++) {
		n = min(len, sg->length);
		memcpy(dst, sg_virt(sg), n);
	}
}

/** tquic_copy_frame - put mapped payload into the packet by two copies; false: b->nomem is set */
bool tquic_copy_frame(struct tquic_packet *b, u32 len)
{
	struct scatterlist *sg = b->sg + b->nr_sg + 1;
	void *copy = kmalloc(len, GFP_ATOMIC | __GFP_NOWARN);

	if (!copy) {
		b->nomem = true;
		return false;
	}
	tquic_copy_payload(copy, sg, len);
	sg_set_buf(sg, copy, len);
	tquic_copy_payload(b->p, sg, len);
	kfree(copy);
	b->p += len;
	tquic_mib_add(b->conn->mib, TX_PAYLOAD_COPIED, 2 * len);
	return true;
}

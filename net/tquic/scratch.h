/* SPDX-License-Identifier: GPL-2.0 */
/* Working memory of one batch, in or out: the crypto API cannot take what is on a stack. */
#ifndef _TQUIC_SCRATCH_H
#define _TQUIC_SCRATCH_H

#include <linux/scatterlist.h>
#include "crypto.h"

#define TQUIC_SCRATCH_SG	20	/* pieces of one packet's plaintext */

struct tquic_scratch {
	u8 samples[TQUIC_CRYPTO_BATCH * TQUIC_SAMPLE_LEN];	/* become masks in place */
	u8 *pkt[TQUIC_CRYPTO_BATCH];				/* first byte of each packet */
	struct scatterlist src[TQUIC_SCRATCH_SG];
	struct scatterlist packet[2];				/* sealed, or to be opened */
};

/* tquic_scratch_packet - len bytes at p; a tag that begins an entry is found at once */
static inline struct scatterlist *tquic_scratch_packet(struct tquic_scratch *sc, u8 *p, u32 len)
{
	sg_set_buf(&sc->packet[0], p, len - TQUIC_TAG_LEN);
	sg_set_buf(&sc->packet[1], p + len - TQUIC_TAG_LEN, TQUIC_TAG_LEN);
	return sc->packet;
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Working memory of one batch, in or out.  It hangs off the connection because
 * the crypto API cannot take what is on a stack.
 */
#ifndef _TQUIC_SCRATCH_H
#define _TQUIC_SCRATCH_H

#include <linux/scatterlist.h>
#include "crypto.h"

#define TQUIC_SCRATCH_SG	20	/* pieces of one packet's plaintext */

struct tquic_scratch {
	u8 samples[TQUIC_CRYPTO_BATCH * TQUIC_SAMPLE_LEN];	/* become masks in place */
	u8 *pkt[TQUIC_CRYPTO_BATCH];				/* first byte of each packet */
	struct scatterlist src[TQUIC_SCRATCH_SG];
	struct scatterlist dst;
};

#endif

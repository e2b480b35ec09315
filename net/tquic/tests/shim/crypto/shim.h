/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel's ciphers and hashes have in common, over GnuTLS and nettle: the
 * algorithm, of which the leaves look at the flags, and the key.
 */
#ifndef _SHIM_CRYPTO_H
#define _SHIM_CRYPTO_H

#include <linux/scatterlist.h>

#define CRYPTO_ALG_ASYNC		0x00000080
#define CRYPTO_ALG_INTERNAL		0x00002000
#define CRYPTO_ALG_KERN_DRIVER_ONLY	0x00001000
#define CRYPTO_ALG_ALLOCATES_MEMORY	0x00010000

struct crypto_alg {
	const char *cra_name;
	u32 cra_flags;
	u32 ivsize;
	u32 digestsize;
	int id;
};

struct crypto_tfm {
	struct crypto_alg *__crt_alg;
	void *handle;		/* of GnuTLS */
	u8 key[64];
	u32 key_len;
	u32 authsize;
};

extern bool shim_simd_usable;	/* what crypto_simd_usable() says */
extern bool shim_has_internal;	/* "__gcm(aes)" and "__ecb(aes)" are there, as on x86 before 6.15 */

struct crypto_tfm *shim_tfm_alloc(const char *name, u32 type, u32 mask);
void shim_tfm_free(struct crypto_tfm *tfm);

#endif

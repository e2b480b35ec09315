/* SPDX-License-Identifier: GPL-2.0 */
/* Synchronous keyed hashes: "hmac(sha256)" and "hmac(sha384)", in one call. */
#ifndef _SHIM_CRYPTO_HASH_H
#define _SHIM_CRYPTO_HASH_H

#include <crypto/shim.h>

struct crypto_shash {
	struct crypto_tfm base;
};

static inline struct crypto_shash *crypto_alloc_shash(const char *name, u32 type, u32 mask)
{
	return (struct crypto_shash *)shim_tfm_alloc(name, type, mask);
}

static inline void crypto_free_shash(struct crypto_shash *tfm)
{
	if (!IS_ERR_OR_NULL(tfm))
		shim_tfm_free(&tfm->base);
}

static inline unsigned int crypto_shash_digestsize(struct crypto_shash *tfm)
{
	return tfm->base.__crt_alg->digestsize;
}

int crypto_shash_setkey(struct crypto_shash *tfm, const u8 *key, unsigned int len);
int crypto_shash_tfm_digest(struct crypto_shash *tfm, const u8 *data, unsigned int len, u8 *out);

#endif

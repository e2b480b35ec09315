/* SPDX-License-Identifier: GPL-2.0 */
/* Ciphers without authentication: "ecb(aes)" and "chacha20", in place and in one piece. */
#ifndef _SHIM_CRYPTO_SKCIPHER_H
#define _SHIM_CRYPTO_SKCIPHER_H

#include <crypto/shim.h>

struct crypto_skcipher {
	struct crypto_tfm base;
};

struct skcipher_request {
	struct crypto_skcipher *tfm;
	struct scatterlist *src;
	struct scatterlist *dst;
	u8 *iv;
	u32 cryptlen;
};

static inline struct crypto_skcipher *crypto_alloc_skcipher(const char *name, u32 type, u32 mask)
{
	return (struct crypto_skcipher *)shim_tfm_alloc(name, type, mask);
}

static inline void crypto_free_skcipher(struct crypto_skcipher *tfm)
{
	if (!IS_ERR_OR_NULL(tfm))
		shim_tfm_free(&tfm->base);
}

static inline struct crypto_tfm *crypto_skcipher_tfm(struct crypto_skcipher *tfm)
{
	return &tfm->base;
}

static inline unsigned int crypto_skcipher_ivsize(struct crypto_skcipher *tfm)
{
	return tfm->base.__crt_alg->ivsize;
}

static inline struct skcipher_request *skcipher_request_alloc(struct crypto_skcipher *tfm,
							      gfp_t gfp)
{
	struct skcipher_request *req = kmalloc(sizeof(*req), gfp);

	if (req)
		req->tfm = tfm;
	return req;
}

static inline void skcipher_request_free(struct skcipher_request *req)
{
	kfree_sensitive(req);
}

static inline void skcipher_request_set_callback(struct skcipher_request *req, u32 flags,
						 void *done, void *data)
{
}

static inline void skcipher_request_set_crypt(struct skcipher_request *req,
					      struct scatterlist *src, struct scatterlist *dst,
					      unsigned int cryptlen, void *iv)
{
	req->src = src;
	req->dst = dst;
	req->cryptlen = cryptlen;
	req->iv = iv;
}

int crypto_skcipher_setkey(struct crypto_skcipher *tfm, const u8 *key, unsigned int len);
int crypto_skcipher_encrypt(struct skcipher_request *req);

#endif

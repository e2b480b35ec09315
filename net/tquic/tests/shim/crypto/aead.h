/* SPDX-License-Identifier: GPL-2.0 */
/* AEAD ciphers with the calling convention of the kernel: [AD | text | tag] in scatterlists. */
#ifndef _SHIM_CRYPTO_AEAD_H
#define _SHIM_CRYPTO_AEAD_H

#include <crypto/shim.h>

struct crypto_aead {
	struct crypto_tfm base;
};

struct aead_request {
	struct crypto_aead *tfm;
	struct scatterlist *src;
	struct scatterlist *dst;
	u8 *iv;
	u32 cryptlen;
	u32 assoclen;
};

static inline struct crypto_aead *crypto_alloc_aead(const char *name, u32 type, u32 mask)
{
	return (struct crypto_aead *)shim_tfm_alloc(name, type, mask);
}

static inline void crypto_free_aead(struct crypto_aead *tfm)
{
	if (!IS_ERR_OR_NULL(tfm))
		shim_tfm_free(&tfm->base);
}

static inline struct crypto_tfm *crypto_aead_tfm(struct crypto_aead *tfm)
{
	return &tfm->base;
}

static inline int crypto_aead_setauthsize(struct crypto_aead *tfm, unsigned int authsize)
{
	tfm->base.authsize = authsize;
	return 0;
}

static inline struct aead_request *aead_request_alloc(struct crypto_aead *tfm, gfp_t gfp)
{
	struct aead_request *req = kmalloc(sizeof(*req), gfp);

	if (req)
		req->tfm = tfm;
	return req;
}

static inline void aead_request_free(struct aead_request *req)
{
	kfree_sensitive(req);
}

static inline void aead_request_set_callback(struct aead_request *req, u32 flags, void *done,
					     void *data)
{
}

static inline void aead_request_set_ad(struct aead_request *req, unsigned int assoclen)
{
	req->assoclen = assoclen;
}

static inline void aead_request_set_crypt(struct aead_request *req, struct scatterlist *src,
					  struct scatterlist *dst, unsigned int cryptlen, u8 *iv)
{
	req->src = src;
	req->dst = dst;
	req->cryptlen = cryptlen;
	req->iv = iv;
}

int crypto_aead_setkey(struct crypto_aead *tfm, const u8 *key, unsigned int len);
int crypto_aead_encrypt(struct aead_request *req);
int crypto_aead_decrypt(struct aead_request *req);

#endif

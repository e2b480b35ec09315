// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's crypto API, as far as the leaves use it, over GnuTLS and nettle.  It is
 * stricter than the kernel where that finds mistakes: associated data in one piece and
 * first, no memory of the stack in a scatterlist, associated data never copied from
 * source to destination, and CCM's length octet must be right.
 */
#include <gnutls/crypto.h>
#include <nettle/aes.h>
#include <nettle/chacha.h>

#include <crypto/aead.h>
#include <crypto/hash.h>
#include <crypto/internal/simd.h>
#include <crypto/skcipher.h>
#include <linux/slab.h>

#define TAG_LEN		16
#define STACK_NEAR	(1UL << 20)

bool shim_simd_usable = true;
bool shim_has_internal;

static struct crypto_alg algs[] = {
	{ .cra_name = "gcm(aes)", .ivsize = 12 },
	{ .cra_name = "ccm(aes)", .ivsize = 16 },
	{ .cra_name = "rfc7539(chacha20,poly1305)", .ivsize = 12 },
	{ .cra_name = "ecb(aes)" },
	{ .cra_name = "__gcm(aes)", .ivsize = 12, .cra_flags = CRYPTO_ALG_INTERNAL },
	{ .cra_name = "__ecb(aes)", .cra_flags = CRYPTO_ALG_INTERNAL },
	{ .cra_name = "chacha20", .ivsize = 16 },
	{ .cra_name = "hmac(sha256)", .digestsize = 32, .id = GNUTLS_MAC_SHA256 },
	{ .cra_name = "hmac(sha384)", .digestsize = 48, .id = GNUTLS_MAC_SHA384 },
};

static struct crypto_alg *find_alg(const char *name)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(algs); i++)
		if (!strcmp(algs[i].cra_name, name))
			return &algs[i];
	return NULL;
}

struct crypto_tfm *shim_tfm_alloc(const char *name, u32 type, u32 mask)
{
	struct crypto_alg *alg = find_alg(name);
	struct crypto_tfm *tfm;

	if (!alg || (alg->cra_flags ^ type) & (mask | CRYPTO_ALG_INTERNAL))
		return ERR_PTR(-ENOENT);
	if (alg->cra_flags & CRYPTO_ALG_INTERNAL && !shim_has_internal)
		return ERR_PTR(-ENOENT);
	tfm = kzalloc(sizeof(*tfm), GFP_KERNEL);
	if (!tfm)
		return ERR_PTR(-ENOMEM);
	tfm->__crt_alg = alg;
	tfm->authsize = TAG_LEN;
	return tfm;
}

static void drop_handle(struct crypto_tfm *tfm)
{
	if (tfm->handle)
		gnutls_aead_cipher_deinit(tfm->handle);
	tfm->handle = NULL;
}

void shim_tfm_free(struct crypto_tfm *tfm)
{
	drop_handle(tfm);
	kfree_sensitive(tfm);
}

static int keep_key(struct crypto_tfm *tfm, const u8 *key, u32 len)
{
	if (len > sizeof(tfm->key))
		return -EINVAL;
	memcpy(tfm->key, key, len);
	tfm->key_len = len;
	return 0;
}

/* Internal transforms have the name of the wrapper, behind two underscores */
static int gnutls_id(const char *name, u32 key_len)
{
	name += strspn(name, "_");
	if (!strcmp(name, "gcm(aes)") && key_len == 16)
		return GNUTLS_CIPHER_AES_128_GCM;
	if (!strcmp(name, "gcm(aes)") && key_len == 32)
		return GNUTLS_CIPHER_AES_256_GCM;
	if (!strcmp(name, "ccm(aes)") && key_len == 16)
		return GNUTLS_CIPHER_AES_128_CCM;
	if (!strcmp(name, "rfc7539(chacha20,poly1305)") && key_len == 32)
		return GNUTLS_CIPHER_CHACHA20_POLY1305;
	return 0;
}

int crypto_aead_setkey(struct crypto_aead *tfm, const u8 *key, unsigned int len)
{
	gnutls_datum_t datum = { .data = (u8 *)key, .size = len };
	int id = gnutls_id(tfm->base.__crt_alg->cra_name, len);
	gnutls_aead_cipher_hd_t handle;

	drop_handle(&tfm->base);
	if (!id || gnutls_aead_cipher_init(&handle, id, &datum))
		return -EINVAL;
	tfm->base.handle = handle;
	return 0;
}

static void check_not_stack(const void *p)
{
	unsigned long here = (unsigned long)__builtin_frame_address(0);

	WARN_ON((unsigned long)p - here + STACK_NEAR < 2 * STACK_NEAR);
}

/* Bytes between a scatterlist from @skip on and a buffer; fewer when the list ends */
static u32 sg_move(struct scatterlist *sg, u32 skip, u8 *buf, u32 len, bool to_sg)
{
	u32 n, done = 0;
	u8 *p;

	for (; sg && done < len; sg = sg_next(sg)) {
		if (skip >= sg->length) {
			skip -= sg->length;
			continue;
		}
		p = (u8 *)sg_virt(sg) + skip;
		check_not_stack(p);
		n = min(sg->length - skip, len - done);
		if (to_sg)
			memcpy(p, buf + done, n);
		else
			memcpy(buf + done, p, n);
		done += n;
		skip = 0;
	}
	return done;
}

static const u8 *nonce(struct aead_request *req)
{
	if (req->tfm->base.__crt_alg->ivsize == 12)
		return req->iv;
	WARN_ON(req->iv[0] != 2);	/* a length of 15 - 12 bytes */
	return req->iv + 1;
}

static int aead_crypt(struct aead_request *req, bool encrypt)
{
	u32 out_len = encrypt ? req->cryptlen + TAG_LEN : req->cryptlen - TAG_LEN;
	size_t len = req->cryptlen + TAG_LEN;
	u8 *in, *out;
	int ret;

	WARN_ON(req->tfm->base.__crt_alg->cra_flags & CRYPTO_ALG_INTERNAL && !shim_simd_usable);
	WARN_ON(req->tfm->base.authsize != TAG_LEN);
	if (!req->tfm->base.handle)
		return -ENOKEY;
	if (!encrypt && req->cryptlen < TAG_LEN)
		return -EINVAL;
	WARN_ON(req->src->length < req->assoclen);
	in = malloc(req->cryptlen + 1);
	out = malloc(len);
	WARN_ON(sg_move(req->src, req->assoclen, in, req->cryptlen, false) != req->cryptlen);
	if (encrypt)
		ret = gnutls_aead_cipher_encrypt(req->tfm->base.handle, nonce(req), 12,
						 sg_virt(req->src), req->assoclen, TAG_LEN,
						 in, req->cryptlen, out, &len);
	else
		ret = gnutls_aead_cipher_decrypt(req->tfm->base.handle, nonce(req), 12,
						 sg_virt(req->src), req->assoclen, TAG_LEN,
						 in, req->cryptlen, out, &len);
	if (!ret)
		WARN_ON(sg_move(req->dst, req->assoclen, out, out_len, true) != out_len);
	free(in);
	free(out);
	if (ret)
		return encrypt ? -EINVAL : -EBADMSG;
	return 0;
}

int crypto_aead_encrypt(struct aead_request *req)
{
	return aead_crypt(req, true);
}

int crypto_aead_decrypt(struct aead_request *req)
{
	return aead_crypt(req, false);
}

int crypto_skcipher_setkey(struct crypto_skcipher *tfm, const u8 *key, unsigned int len)
{
	if (len != 32 && (len != 16 || tfm->base.__crt_alg->ivsize))
		return -EINVAL;
	return keep_key(&tfm->base, key, len);
}

static void ecb_encrypt(const struct crypto_tfm *tfm, u8 *p, u32 len)
{
	struct aes128_ctx aes128;
	struct aes256_ctx aes256;

	if (tfm->key_len == 16) {
		aes128_set_encrypt_key(&aes128, tfm->key);
		aes128_encrypt(&aes128, len, p, p);
	} else {
		aes256_set_encrypt_key(&aes256, tfm->key);
		aes256_encrypt(&aes256, len, p, p);
	}
}

static void chacha20_encrypt(const struct crypto_tfm *tfm, const u8 *iv, u8 *p, u32 len)
{
	struct chacha_ctx ctx;

	chacha_set_key(&ctx, tfm->key);
	chacha_set_nonce96(&ctx, iv + 4);
	chacha_set_counter32(&ctx, iv);
	chacha_crypt32(&ctx, len, p, p);
}

int crypto_skcipher_encrypt(struct skcipher_request *req)
{
	u8 *p = sg_virt(req->src);

	WARN_ON(req->src != req->dst || req->src->length < req->cryptlen);
	check_not_stack(p);
	if (req->tfm->base.__crt_alg->ivsize)
		chacha20_encrypt(&req->tfm->base, req->iv, p, req->cryptlen);
	else if (req->cryptlen % AES_BLOCK_SIZE)
		return -EINVAL;
	else
		ecb_encrypt(&req->tfm->base, p, req->cryptlen);
	return 0;
}

int crypto_shash_setkey(struct crypto_shash *tfm, const u8 *key, unsigned int len)
{
	return keep_key(&tfm->base, key, len);
}

int crypto_shash_tfm_digest(struct crypto_shash *tfm, const u8 *data, unsigned int len, u8 *out)
{
	return gnutls_hmac_fast(tfm->base.__crt_alg->id, tfm->base.key, tfm->base.key_len, data,
				len, out) ? -EINVAL : 0;
}

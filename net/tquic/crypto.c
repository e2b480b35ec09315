// SPDX-License-Identifier: GPL-2.0
/*
 * Packet protection, RFC 9001 sections 5 and 6, RFC 9369 section 3.3: keys from secrets, AEAD,
 * header protection, key phases, Initial secrets, the Retry tag.  The only file that knows the
 * kernel's crypto API; whether a key may be updated or discarded is the engine's decision.
 *
 * Setting up, updating and freeing keys takes process context, because it allocates.  Sealing,
 * opening and masking work in softirq and allocate nothing; callers serialize them per struct
 * tquic_crypto (each has one request), and ask tquic_crypto_usable() once per batch.
 *
 * Every transform is synchronous by its flags: AF_ALG lets everybody put cryptd or pcrypt in front
 * of a plain name.  But the AES-NI code of x86, before 6.15, is behind a wrapper with the
 * asynchronous flag, and without that flag there is only slow C code: we take the internal
 * transform with two underscores that the wrapper calls.  It must not run where SIMD is not usable.
 */
#include <asm/simd.h>
#include <crypto/internal/simd.h>
#include <linux/bottom_half.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/tls.h>
#include "crypto.h"

#define HASH_MAX	TQUIC_SECRET_MAX
#define LABEL_MAX	32
#define SALT_LEN	20
#define RETRY_KEY_LEN	16

/* with none of these: synchronous code of the CPU that allocates nothing for a request */
#define ALG_MASK	(CRYPTO_ALG_INTERNAL | CRYPTO_ALG_ASYNC | CRYPTO_ALG_KERN_DRIVER_ONLY | \
			 CRYPTO_ALG_ALLOCATES_MEMORY)

static const struct tquic_cipher ciphers[] = {
	{
		.type = TLS_CIPHER_AES_GCM_128,
		.aead = "gcm(aes)", .hp = "ecb(aes)", .hash = TQUIC_SHA256,
		.key_len = 16, .secret_len = 32,
		.tx_limit = 1ULL << 23, .rx_limit = 1ULL << 52,
	}, {
		.type = TLS_CIPHER_AES_GCM_256,
		.aead = "gcm(aes)", .hp = "ecb(aes)", .hash = TQUIC_SHA384,
		.key_len = 32, .secret_len = 48,
		.tx_limit = 1ULL << 23, .rx_limit = 1ULL << 52,
	}, {
		.type = TLS_CIPHER_AES_CCM_128,
		.aead = "ccm(aes)", .hp = "ecb(aes)", .hash = TQUIC_SHA256,
		.key_len = 16, .secret_len = 32, .iv_head = 1,
		.tx_limit = 2965820, .rx_limit = 2965820,	/* 2^21.5 */
	}, {
		.type = TLS_CIPHER_CHACHA20_POLY1305,
		.aead = "rfc7539(chacha20,poly1305)", .hp = "chacha20", .hash = TQUIC_SHA256,
		.key_len = 32, .secret_len = 32,
		.tx_limit = TQUIC_PN_MAX, .rx_limit = 1ULL << 36,
	},
};

/* RFC 9001 sections 5.1, 5.2, 5.8, 6.1 (v1), RFC 9369 section 3.3 (v2) */
struct version {
	u32 version;
	const char *key;
	const char *iv;
	const char *hp;
	const char *ku;
	u8 salt[SALT_LEN];
	u8 retry_key[RETRY_KEY_LEN];
	u8 retry_nonce[TQUIC_IV_LEN];
};

static const struct version versions[] = {
	{
		.version = QUIC_VERSION_V1,
		.key = "quic key", .iv = "quic iv", .hp = "quic hp", .ku = "quic ku",
		.salt = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
			  0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a },
		.retry_key = { 0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a,
			       0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e },
		.retry_nonce = { 0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63,
				 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb },
	}, {
		.version = QUIC_VERSION_V2,
		.key = "quicv2 key", .iv = "quicv2 iv", .hp = "quicv2 hp", .ku = "quicv2 ku",
		.salt = { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
			  0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 },
		.retry_key = { 0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2,
			       0x60, 0xfb, 0xcb, 0xce, 0xad, 0x7c, 0xcc, 0x92 },
		.retry_nonce = { 0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c,
				 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a },
	},
};

/* The hashes of the key schedule: each is keyed anew for each secret, under hmac_lock */
static struct crypto_shash *hmacs[TQUIC_HASHES];
static const char *const hmac_names[TQUIC_HASHES] = { "hmac(sha256)", "hmac(sha384)" };
static DEFINE_MUTEX(hmac_lock);

/* Keyed at setup and never again, so anyone may use them at any time */
static struct crypto_aead *retry_aeads[ARRAY_SIZE(versions)];

/* This kernel has the internal transforms: set once, by tquic_crypto_setup() */
static bool inner_gcm __read_mostly;
static bool inner_ecb __read_mostly;

static const struct version *version_find(u32 version)
{
	for (u32 i = 0; i < ARRAY_SIZE(versions); i++)
		if (versions[i].version == version)
			return &versions[i];
	return NULL;
}

/** tquic_crypto_cipher - the properties of a TLS_CIPHER_*; NULL when we do not speak it */
const struct tquic_cipher *tquic_crypto_cipher(u32 type)
{
	for (u32 i = 0; i < ARRAY_SIZE(ciphers); i++)
		if (ciphers[i].type == type)
			return &ciphers[i];
	return NULL;
}

/** tquic_crypto_usable - the ciphers run inline in this context, else only in process context */
bool tquic_crypto_usable(void)
{
	return !(inner_gcm || inner_ecb) || crypto_simd_usable();
}

/* Nothing may be under way when a cipher returns: the IV was on the stack */
static int finished(int err)
{
	if (WARN_ON_ONCE(err == -EINPROGRESS || err == -EBUSY))
		return -EIO;
	return err;
}

/*
 * HKDF-Expand-Label with an empty context, RFC 8446 section 7.1, of an HMAC keyed with the secret.
 * No label of ours, with its prefix, is longer than LABEL_MAX, and no output than one hash.
 */
static int expand_label(struct crypto_shash *tfm, const char *label, u8 *out, u32 out_len)
{
	static const char prefix[] = "tls13 ";
	u8 info[2 + 1 + LABEL_MAX + 1 + 1], hash[HASH_MAX], *p = info;
	int err;

	*p++ = 0;
	*p++ = out_len;
	*p++ = sizeof(prefix) - 1 + strlen(label);
	p = tquic_bytes_put(p, prefix, sizeof(prefix) - 1);
	p = tquic_bytes_put(p, label, strlen(label));
	*p++ = 0;	/* of the context */
	*p++ = 1;	/* T(1) of HKDF-Expand */
	err = crypto_shash_tfm_digest(tfm, info, p - info, hash);
	if (!err)
		memcpy(out, hash, out_len);
	memzero_explicit(hash, sizeof(hash));
	return err;
}

/*
 * tquic_crypto_initial_secrets - secrets of Initial packets, 32 bytes each, RFC 9001 section 5.2;
 * @dcid: of the client's first Initial, or a Retry's.  Process context.  -EINVAL: unknown version.
 */
int tquic_crypto_initial_secrets(u32 version, const struct tquic_cid *dcid, u8 *client, u8 *server)
{
	const struct tquic_cipher *cipher = tquic_crypto_cipher(TLS_CIPHER_AES_GCM_128);
	const struct version *v = version_find(version);
	struct crypto_shash *tfm = hmacs[cipher->hash];
	u8 secret[HASH_MAX];
	int err;

	if (!v)
		return -EINVAL;
	mutex_lock(&hmac_lock);
	err = crypto_shash_setkey(tfm, v->salt, SALT_LEN) ?:
	      crypto_shash_tfm_digest(tfm, dcid->id, dcid->len, secret) ?:	/* HKDF-Extract */
	      crypto_shash_setkey(tfm, secret, cipher->secret_len) ?:
	      expand_label(tfm, "client in", client, cipher->secret_len) ?:
	      expand_label(tfm, "server in", server, cipher->secret_len);
	mutex_unlock(&hmac_lock);
	memzero_explicit(secret, sizeof(secret));
	return err;
}

/** tquic_crypto_aead - an AEAD with tags of 16 bytes, or an error pointer; process context */
struct crypto_aead *tquic_crypto_aead(const char *name)
{
	bool inner = inner_gcm && !strcmp(name, "gcm(aes)");
	struct crypto_aead *tfm;
	int err;

	tfm = crypto_alloc_aead(inner ? "__gcm(aes)" : name, inner ? CRYPTO_ALG_INTERNAL : 0,
				ALG_MASK);
	if (IS_ERR(tfm))
		return tfm;
	err = crypto_aead_setauthsize(tfm, TQUIC_TAG_LEN);
	if (!err)
		return tfm;
	crypto_free_aead(tfm);
	return ERR_PTR(err);
}

/* What there is already stays; on error too, for the next try or packet_key_free() */
static int packet_key_alloc(struct tquic_key *k, const char *name)
{
	struct crypto_aead *tfm = k->aead ?: tquic_crypto_aead(name);

	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	k->aead = tfm;
	k->req = k->req ?: aead_request_alloc(tfm, GFP_KERNEL);
	if (!k->req)
		return -ENOMEM;
	aead_request_set_callback(k->req, 0, NULL, NULL);
	return 0;
}

/* AEAD key and IV of one phase; @tfm has its secret as the key */
static int packet_key_set(struct tquic_key *k, const struct tquic_cipher *cipher,
			  const struct version *v, struct crypto_shash *tfm)
{
	u8 key[TQUIC_SECRET_MAX];
	int err;

	k->valid = false;
	err = expand_label(tfm, v->key, key, cipher->key_len) ?:
	      expand_label(tfm, v->iv, k->iv, TQUIC_IV_LEN) ?:
	      crypto_aead_setkey(k->aead, key, cipher->key_len);
	memzero_explicit(key, sizeof(key));
	k->valid = !err;
	return err;
}

static void packet_key_free(struct tquic_key *k)
{
	aead_request_free(k->req);
	crypto_free_aead(k->aead);
}

static int hp_alloc(struct tquic_crypto *c)
{
	bool inner = inner_ecb && !strcmp(c->cipher->hp, "ecb(aes)");

	c->hp = crypto_alloc_skcipher(inner ? "__ecb(aes)" : c->cipher->hp,
				      inner ? CRYPTO_ALG_INTERNAL : 0, ALG_MASK);
	if (IS_ERR(c->hp))
		return PTR_ERR(c->hp);
	c->hp_req = skcipher_request_alloc(c->hp, GFP_KERNEL);
	if (!c->hp_req)
		return -ENOMEM;
	skcipher_request_set_callback(c->hp_req, 0, NULL, NULL);
	return 0;
}

static int hp_set(struct tquic_crypto *c, const struct version *v, struct crypto_shash *tfm)
{
	u8 key[TQUIC_SECRET_MAX];
	int err;

	err = expand_label(tfm, v->hp, key, c->cipher->key_len) ?:
	      crypto_skcipher_setkey(c->hp, key, c->cipher->key_len);
	memzero_explicit(key, sizeof(key));
	return err;
}

/*
 * tquic_crypto_install - make one direction of one level ready, RFC 9001 section 5.1; keys that @c
 * had are replaced, its counts start again.  @secret is as long as the cipher's.  Process context.
 * Returns 0, -EINVAL for a version or cipher we do not speak, or another errno; then @c is empty.
 */
int tquic_crypto_install(struct tquic_crypto *c, u32 version, u32 type, const u8 *secret)
{
	const struct tquic_cipher *cipher = tquic_crypto_cipher(type);
	const struct version *v = version_find(version);
	struct crypto_shash *tfm;
	int err;

	tquic_crypto_free(c);
	if (!cipher || !v)
		return -EINVAL;
	c->cipher = cipher;
	c->version = version;
	memcpy(c->secret, secret, cipher->secret_len);
	tfm = hmacs[cipher->hash];
	err = packet_key_alloc(&c->key[0], cipher->aead) ?: hp_alloc(c);
	mutex_lock(&hmac_lock);
	err = err ?: crypto_shash_setkey(tfm, secret, cipher->secret_len) ?:
	      packet_key_set(&c->key[0], cipher, v, tfm) ?: hp_set(c, v, tfm);
	mutex_unlock(&hmac_lock);
	if (err)
		tquic_crypto_free(c);
	return err;
}

/** tquic_crypto_free - give up keys and secrets, if any: @c is empty then; process context */
void tquic_crypto_free(struct tquic_crypto *c)
{
	packet_key_free(&c->key[0]);
	packet_key_free(&c->key[1]);
	skcipher_request_free(c->hp_req);
	crypto_free_skcipher(c->hp);
	memzero_explicit(c, sizeof(*c));
}

/*
 * tquic_crypto_prepare_update - derive the 1-RTT keys of the next phase, RFC 9001 section 6.1, in
 * the place of the previous phase's: the engine waits until packets under those are no longer
 * expected (section 6.5).  Process context.  Returns 0, also when they were ready already, or an
 * errno; then the current phase is as it was, and the call may be repeated.
 */
int tquic_crypto_prepare_update(struct tquic_crypto *c)
{
	const struct version *v = version_find(c->version);
	struct tquic_key *k = &c->key[!c->phase];
	const struct tquic_cipher *cipher = c->cipher;
	u8 secret[TQUIC_SECRET_MAX];
	struct crypto_shash *tfm;
	int err;

	if (!cipher)
		return -ENOKEY;
	if (c->next_ready)
		return 0;
	err = packet_key_alloc(k, cipher->aead);
	if (err)
		return err;
	tfm = hmacs[cipher->hash];
	mutex_lock(&hmac_lock);
	err = crypto_shash_setkey(tfm, c->secret, cipher->secret_len) ?:
	      expand_label(tfm, v->ku, secret, cipher->secret_len) ?:
	      crypto_shash_setkey(tfm, secret, cipher->secret_len) ?:
	      packet_key_set(k, cipher, v, tfm);
	mutex_unlock(&hmac_lock);
	if (!err) {
		memcpy(c->secret, secret, cipher->secret_len);
		c->next_ready = true;
	}
	memzero_explicit(secret, sizeof(secret));
	return err;
}

/*
 * tquic_crypto_update - switch to the prepared 1-RTT phase, which begins with @pn; the old keys
 * open packets until the next are prepared.  Any context.  Returns 0 or -EAGAIN: none are prepared.
 */
int tquic_crypto_update(struct tquic_crypto *c, u64 pn)
{
	if (!c->next_ready)
		return -EAGAIN;
	c->phase = !c->phase;
	c->next_ready = false;
	c->phase_pn = pn;
	c->used = 0;
	return 0;
}

/*
 * Sealing and opening keep softirqs away: one that came in the middle would find
 * SIMD in use on this CPU and have to leave its packets to a worker.
 */

/* The IV of the request: the nonce of RFC 9001 section 5.3, for CCM after its length octet */
static __always_inline void
request_set(const struct tquic_crypto *c, const struct tquic_key *k, u64 pn,
	    struct scatterlist *src, struct scatterlist *dst, u32 ad_len, u32 len, u8 *iv)
{
	u8 head = c->cipher->iv_head;
	u8 *low = iv + head + TQUIC_IV_LEN - sizeof(pn);

	iv[0] = 2;	/* CCM: the length field has 3 bytes; overwritten where head is 0 */
	memcpy(iv + head, k->iv, TQUIC_IV_LEN);
	put_unaligned_be64(get_unaligned_be64(low) ^ pn, low);
	aead_request_set_ad(k->req, ad_len);
	aead_request_set_crypt(k->req, src, dst, len, iv);
}

/*
 * tquic_crypto_seal - encrypt one packet with the key of the current phase, RFC 9001 section 5.3;
 * @src: @ad_len bytes of associated data, whole in its first entry, then @plain_len of plaintext;
 * @dst: associated data, then room for ciphertext and tag; may be @src.  Out of place some ciphers
 * copy the associated data to @dst and others leave its room there alone, so the first entry of
 * @src should be the header's memory in @dst; the plaintext may follow it in that entry and in
 * further ones.  Entries whose lengths are multiples of 16 are the fastest.  No memory of the
 * stack.  Softirq where tquic_crypto_usable().  Returns 0, -ENOKEY, -EKEYEXPIRED at the limit of
 * section 6.6, or what the cipher returns.
 */
int tquic_crypto_seal(struct tquic_crypto *c, u64 pn, struct scatterlist *src,
		      struct scatterlist *dst, u32 ad_len, u32 plain_len)
{
	struct tquic_key *k = &c->key[c->phase];
	u8 iv[16] = {};
	int err;

	if (unlikely(!k->valid))
		return -ENOKEY;
	if (unlikely(c->used >= c->cipher->tx_limit))
		return -EKEYEXPIRED;
	if (WARN_ON_ONCE(!tquic_crypto_usable()))
		return -EIO;
	request_set(c, k, pn, src, dst, ad_len, plain_len, iv);
	local_bh_disable();
	err = finished(crypto_aead_encrypt(k->req));
	local_bh_enable();
	c->used += !err;
	return err;
}

/*
 * tquic_crypto_open - verify and decrypt one packet; @phase: its key phase bit, 0 below 1-RTT; @src
 * and @dst as for tquic_crypto_seal(); @cipher_len includes the tag.  The other phase than the
 * current one is the next once it is prepared, and the previous one before.  Softirq where
 * tquic_crypto_usable().  Returns 0, -EBADMSG when the packet is not authentic (counted in
 * @c->failed, which the caller holds against the cipher's rx_limit), -ENOKEY, or what the cipher
 * returns.
 */
int tquic_crypto_open(struct tquic_crypto *c, u8 phase, u64 pn, struct scatterlist *src,
		      struct scatterlist *dst, u32 ad_len, u32 cipher_len)
{
	struct tquic_key *k = &c->key[!!phase];
	u8 iv[16] = {};
	int err;

	if (unlikely(!k->valid))
		return -ENOKEY;
	if (WARN_ON_ONCE(!tquic_crypto_usable()))
		return -EIO;
	if (unlikely(cipher_len < TQUIC_TAG_LEN)) {
		c->failed++;
		return -EBADMSG;
	}
	request_set(c, k, pn, src, dst, ad_len, cipher_len, iv);
	local_bh_disable();
	err = finished(crypto_aead_decrypt(k->req));
	local_bh_enable();
	c->failed += err == -EBADMSG;
	return err;
}

/*
 * tquic_crypto_opened - what a 1-RTT packet that tquic_crypto_open() has opened says about key
 * phases.  Return: 0; 1: it begins the next, tquic_crypto_update() is to follow; KEY_UPDATE_ERROR
 * as a wire error: it is of the old phase and above one of this, RFC 9001 section 6.4.
 */
int tquic_crypto_opened(struct tquic_crypto *c, bool phase, u64 pn)
{
	if (likely(phase == c->phase)) {
		if (unlikely(pn < c->phase_pn))
			c->phase_pn = pn;
		return 0;
	}
	if (c->next_ready)
		return 1;
	return pn > c->phase_pn ? TQUIC_WERR(KEY_UPDATE) : 0;
}

/* RFC 9001 section 5.4.4: the sample is counter and nonce, as the kernel's IV is */
static int mask_chacha20(struct tquic_crypto *c, u8 *sample)
{
	struct scatterlist sg;
	u8 iv[TQUIC_SAMPLE_LEN];

	memcpy(iv, sample, sizeof(iv));
	memset(sample, 0, TQUIC_SAMPLE_LEN);
	sg_init_one(&sg, sample, TQUIC_SAMPLE_LEN);
	skcipher_request_set_crypt(c->hp_req, &sg, &sg, TQUIC_SAMPLE_LEN, iv);
	return finished(crypto_skcipher_encrypt(c->hp_req));
}

/*
 * tquic_crypto_masks - header protection masks of @n packets, TQUIC_CRYPTO_BATCH at most, RFC 9001
 * section 5.4; @samples: 16 bytes of ciphertext each in, masks out; not on the stack.  Softirq
 * where tquic_crypto_usable().  Returns 0 or a negative errno.
 */
int tquic_crypto_masks(struct tquic_crypto *c, u8 *samples, u32 n)
{
	struct scatterlist sg;
	int err = 0;

	if (unlikely(!c->hp))
		return -ENOKEY;
	if (WARN_ON_ONCE(!tquic_crypto_usable()))
		return -EIO;
	if (!crypto_skcipher_ivsize(c->hp)) {
		sg_init_one(&sg, samples, n * TQUIC_SAMPLE_LEN);
		skcipher_request_set_crypt(c->hp_req, &sg, &sg, n * TQUIC_SAMPLE_LEN, NULL);
		return finished(crypto_skcipher_encrypt(c->hp_req));
	}
	for (u32 i = 0; i < n && !err; i++)
		err = mask_chacha20(c, samples + i * TQUIC_SAMPLE_LEN);
	return err;
}

/*
 * tquic_crypto_once - seal, or open, [associated data | text | tag] in @buf, which is not on the
 * stack, with a key of the caller's.  Softirq where tquic_crypto_usable(); allocates.  Returns 0,
 * -EBADMSG, -ENOMEM or what the cipher returns.
 */
int tquic_crypto_once(struct crypto_aead *aead, bool seal, u8 *buf, u32 ad_len, u32 text_len,
		      const u8 *nonce)
{
	u32 cipher_len = text_len + TQUIC_TAG_LEN;
	struct aead_request *req;
	struct scatterlist sg;
	u8 iv[TQUIC_IV_LEN];
	int err;

	if (WARN_ON_ONCE(!tquic_crypto_usable()))
		return -EIO;
	req = aead_request_alloc(aead, GFP_ATOMIC);
	if (!req)
		return -ENOMEM;
	memcpy(iv, nonce, sizeof(iv));
	sg_init_one(&sg, buf, ad_len + cipher_len);
	aead_request_set_callback(req, 0, NULL, NULL);
	aead_request_set_ad(req, ad_len);
	aead_request_set_crypt(req, &sg, &sg, seal ? text_len : cipher_len, iv);
	err = finished(seal ? crypto_aead_encrypt(req) : crypto_aead_decrypt(req));
	aead_request_free(req);
	return err;
}

/*
 * tquic_crypto_retry_tag - the Retry Integrity Tag, 16 bytes, RFC 9001 section 5.8, of a packet
 * without it; @odcid: destination of the Initial it answers.  As tquic_crypto_once(), and -EINVAL.
 * Whoever checks a tag compares it with crypto_memneq().
 */
int tquic_crypto_retry_tag(u32 version, const struct tquic_cid *odcid, const u8 *pkt, u32 len,
			   u8 *tag)
{
	const struct version *v = version_find(version);
	u32 ad_len = 1 + odcid->len + len;
	u8 *buf;
	int err;

	if (!v || odcid->len > TQUIC_CID_MAX || len > TQUIC_MAX_UDP)
		return -EINVAL;
	buf = kmalloc(ad_len + TQUIC_TAG_LEN, GFP_ATOMIC);
	if (!buf)
		return -ENOMEM;
	memcpy(tquic_cid_put(buf, odcid->id, odcid->len), pkt, len);
	err = tquic_crypto_once(retry_aeads[v - versions], true, buf, ad_len, 0, v->retry_nonce);
	if (!err)
		memcpy(tag, buf + ad_len, TQUIC_TAG_LEN);
	kfree(buf);
	return err;
}

/*
 * To look for a name that is not there is slow, so do it once.  The plain names go
 * first: they load the module that has the accelerated code, if it is not there yet.
 */
static void inner_setup(void)
{
	struct crypto_skcipher *ecb = crypto_alloc_skcipher("ecb(aes)", 0, ALG_MASK);
	struct crypto_aead *gcm = crypto_alloc_aead("gcm(aes)", 0, ALG_MASK);

	crypto_free_skcipher(ecb);
	crypto_free_aead(gcm);
	ecb = crypto_alloc_skcipher("__ecb(aes)", CRYPTO_ALG_INTERNAL, ALG_MASK);
	gcm = crypto_alloc_aead("__gcm(aes)", CRYPTO_ALG_INTERNAL, ALG_MASK);
	inner_ecb = !IS_ERR(ecb);
	inner_gcm = !IS_ERR(gcm);
	crypto_free_skcipher(ecb);
	crypto_free_aead(gcm);
}

/** tquic_crypto_setup - take what all connections share, or on error nothing; process context */
int tquic_crypto_setup(void)
{
	int err = 0;

	for (u32 i = 0; i < TQUIC_HASHES && !err; i++) {
		hmacs[i] = crypto_alloc_shash(hmac_names[i], 0, 0);
		err = PTR_ERR_OR_ZERO(hmacs[i]);
	}
	inner_setup();
	for (u32 i = 0; i < ARRAY_SIZE(versions) && !err; i++) {
		retry_aeads[i] = tquic_crypto_aead(ciphers[0].aead);
		err = PTR_ERR_OR_ZERO(retry_aeads[i]) ?:
		      crypto_aead_setkey(retry_aeads[i], versions[i].retry_key, RETRY_KEY_LEN);
	}
	if (err)
		tquic_crypto_teardown();
	return err;
}

/** tquic_crypto_teardown - undo tquic_crypto_setup(), also half of it; process context */
void tquic_crypto_teardown(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(versions); i++)
		crypto_free_aead(retry_aeads[i]);
	for (u32 i = 0; i < TQUIC_HASHES; i++)
		crypto_free_shash(hmacs[i]);
	memset(retry_aeads, 0, sizeof(retry_aeads));
	memset(hmacs, 0, sizeof(hmacs));
	inner_gcm = false;
	inner_ecb = false;
}

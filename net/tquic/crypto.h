/* SPDX-License-Identifier: GPL-2.0 */
/* Packet protection.  Secrets are cleared when they go and are never printed. */
#ifndef _TQUIC_CRYPTO_H
#define _TQUIC_CRYPTO_H

#include <crypto/aead.h>
#include <crypto/hash.h>
#include <crypto/skcipher.h>
#include <linux/scatterlist.h>
#include "varint.h"
#include "wire.h"

#define TQUIC_CRYPTO_BATCH	64	/* most header masks in one call */
#define TQUIC_SCRATCH_SG	20	/* pieces of one packet's plaintext */

enum tquic_hash { TQUIC_SHA256, TQUIC_SHA384, TQUIC_HASHES };

/* One row for each AEAD of RFC 9001 that we speak */
struct tquic_cipher {
	u32 type;		/* TLS_CIPHER_* of linux/tls.h */
	const char *aead;
	const char *hp;		/* ecb(aes) masks a batch in one call; chacha20 one by one */
	enum tquic_hash hash;	/* of the key schedule */
	u8 key_len;		/* of the AEAD and of header protection */
	u8 secret_len;
	u8 iv_head;		/* bytes of the kernel's IV before the nonce: CCM's length octet */
	u64 tx_limit;		/* packets sealed with one key, RFC 9001 section 6.6 */
	u64 rx_limit;		/* failed openings over all keys */
};

/* One AEAD key */
struct tquic_key {
	struct crypto_aead *aead;
	struct aead_request *req;
	u8 iv[TQUIC_IV_LEN];
	bool valid;
};

/* One direction of one encryption level */
struct tquic_crypto {
	const struct tquic_cipher *cipher;	/* NULL: nothing installed */
	u32 version;
	struct tquic_key key[2];		/* by key phase */
	struct crypto_skcipher *hp;
	struct skcipher_request *hp_req;
	u64 used;				/* packets sealed with the current key */
	u64 failed;				/* openings that failed, all keys */
	u64 phase_pn;				/* least packet number seen of this phase */
	u8 phase;				/* current key phase bit */
	bool next_ready;			/* key[!phase] holds the next phase's key */
	u8 secret[TQUIC_SECRET_MAX];		/* of the newest derived phase */
};

/* Working memory of one batch, in or out: the crypto API cannot take what is on a stack */
struct tquic_scratch {
	u8 samples[TQUIC_CRYPTO_BATCH * TQUIC_SAMPLE_LEN];	/* become masks in place */
	u8 *pkt[TQUIC_CRYPTO_BATCH];				/* first byte of each packet */
	struct scatterlist src[TQUIC_SCRATCH_SG];
	struct scatterlist packet[2];				/* sealed, or to be opened */
};

int tquic_crypto_setup(void);
bool tquic_crypto_usable(void);
void tquic_crypto_teardown(void);
const struct tquic_cipher *tquic_crypto_cipher(u32 type);
int tquic_crypto_install(struct tquic_crypto *c, u32 version, u32 type, const u8 *secret);
void tquic_crypto_free(struct tquic_crypto *c);
int tquic_crypto_prepare_update(struct tquic_crypto *c);
int tquic_crypto_update(struct tquic_crypto *c, u64 pn);
int tquic_crypto_seal(struct tquic_crypto *c, u64 pn, struct scatterlist *src,
		      struct scatterlist *dst, u32 ad_len, u32 plain_len);
int tquic_crypto_open(struct tquic_crypto *c, u8 phase, u64 pn, struct scatterlist *src,
		      struct scatterlist *dst, u32 ad_len, u32 cipher_len);
int tquic_crypto_opened(struct tquic_crypto *c, bool phase, u64 pn);
int tquic_crypto_masks(struct tquic_crypto *c, u8 *samples, u32 n);
int tquic_crypto_initial_secrets(u32 version, const struct tquic_cid *dcid, u8 *client, u8 *server);
int tquic_crypto_once(struct crypto_aead *aead, bool seal, u8 *buf, u32 ad_len, u32 text_len,
		      const u8 *nonce);
int tquic_crypto_retry_tag(u32 version, const struct tquic_cid *odcid, const u8 *pkt, u32 len,
			   u8 *tag);
struct crypto_aead *tquic_crypto_aead(const char *name);

/** tquic_crypto_ready - keys are installed */
static inline bool tquic_crypto_ready(const struct tquic_crypto *c)
{
	return c->cipher;
}

/** tquic_crypto_apply_mask - put header protection on, RFC 9001 section 5.4.1 */
static inline void tquic_crypto_apply_mask(u8 *first, u8 *pn, const u8 *mask, bool long_hdr,
					   u8 pn_len)
{
	*first ^= mask[0] & (long_hdr ? 0x0f : 0x1f);
	while (pn_len--)
		pn[pn_len] ^= mask[pn_len + 1];
}

/** tquic_crypto_remove_mask - take header protection off; returns the packet number's length */
static inline u8 tquic_crypto_remove_mask(u8 *first, u8 *pn, const u8 *mask, bool long_hdr)
{
	u8 pn_len, i;

	*first ^= mask[0] & (long_hdr ? 0x0f : 0x1f);
	pn_len = (*first & TQUIC_HDR_PN_LEN) + 1;
	for (i = 0; i < pn_len; i++)
		pn[i] ^= mask[i + 1];
	return pn_len;
}

/* tquic_scratch_packet - len bytes at p; a tag that begins an entry is found at once */
static inline struct scatterlist *tquic_scratch_packet(struct tquic_scratch *sc, u8 *p, u32 len)
{
	sg_set_buf(&sc->packet[0], p, len - TQUIC_TAG_LEN);
	sg_set_buf(&sc->packet[1], p + len - TQUIC_TAG_LEN, TQUIC_TAG_LEN);
	return sc->packet;
}

#endif

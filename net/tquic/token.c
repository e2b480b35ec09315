// SPDX-License-Identifier: GPL-2.0
/*
 * Tokens, RFC 9000 sections 8.1 and 10.3: sealing what an address token says and
 * reading it again, and deriving stateless reset tokens.  Holds no state but the
 * keys, so it cannot tell whether a token comes a second time.
 *
 * An address token on the wire is [type | nonce | sealed | tag].  Its type, Retry
 * or NEW_TOKEN, is authenticated, and with it the client's address and, for a
 * Retry, the port.  Sealed are version, time and, for a Retry, two connection IDs.
 */
#include <linux/err.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "token.h"

#define KEY_LEN		16
#define RESET_KEY_LEN	32
#define RESET_HASH_LEN	32

#define TYPE_RETRY	1
#define TYPE_NEW	2

#define HEAD_LEN	(1 + TQUIC_IV_LEN)
#define AD_MAX		(1 + sizeof(struct in6_addr) + 2)
#define PLAIN_MAX	sizeof(struct tquic_token_info)

static_assert(HEAD_LEN + PLAIN_MAX + TQUIC_TAG_LEN <= TQUIC_TOKEN_MAX);
static_assert(HEAD_LEN + PLAIN_MAX + TQUIC_TAG_LEN <= QUIC_TOKEN_MAX_BYTES);
static_assert(QUIC_TICKET_KEY_BYTES % RESET_HASH_LEN == 0);

/** tquic_token_keys_init - make the keys of a namespace; process context; on error none is held */
int tquic_token_keys_init(struct tquic_token_keys *k)
{
	u8 key[KEY_LEN + RESET_KEY_LEN];
	int err;

	k->aead = tquic_crypto_aead("gcm(aes)");
	k->reset = crypto_alloc_shash("hmac(sha256)", 0, 0);
	get_random_bytes(key, sizeof(key));
	err = PTR_ERR_OR_ZERO(k->aead) ?: PTR_ERR_OR_ZERO(k->reset) ?:
	      crypto_aead_setkey(k->aead, key, KEY_LEN) ?:
	      crypto_shash_setkey(k->reset, key + KEY_LEN, RESET_KEY_LEN);
	memzero_explicit(key, sizeof(key));
	if (err)
		tquic_token_keys_free(k);
	return err;
}

/** tquic_token_keys_free - undo tquic_token_keys_init(); process context */
void tquic_token_keys_free(struct tquic_token_keys *k)
{
	crypto_free_shash(k->reset);
	crypto_free_aead(k->aead);
	memset(k, 0, sizeof(*k));
}

/* What is authenticated beside the sealed part; returns its length */
static u32 put_ad(u8 *start, u8 type, const struct sockaddr_in6 *client)
{
	u8 *p = start;

	*p++ = type;
	p = tquic_bytes_put(p, &client->sin6_addr, sizeof(client->sin6_addr));
	if (type == TYPE_RETRY)		/* else it comes back from another port */
		p = tquic_bytes_put(p, &client->sin6_port, sizeof(client->sin6_port));
	return p - start;
}

/* Bytes of what is sealed: the connection IDs are of a Retry */
static u32 sealed_len(bool retry)
{
	return retry ? offsetofend(struct tquic_token_info, rscid) :
		       offsetof(struct tquic_token_info, odcid);
}

/*
 * tquic_token_make - write an address token of what @info says into TQUIC_TOKEN_MAX bytes.  The
 * client's address counts, IPv4 mapped; for a Retry its port and the connection IDs, too.  Softirq
 * where tquic_crypto_usable(); allocates.  Returns the token's length or a negative errno.
 */
int tquic_token_make(struct tquic_token_keys *k, const struct tquic_token_info *info,
		     const struct sockaddr_in6 *client, u8 *out)
{
	u8 *buf = kmalloc(AD_MAX + PLAIN_MAX + TQUIC_TAG_LEN, GFP_ATOMIC);
	u32 ad_len, len = sealed_len(info->retry);
	int err;

	if (!buf)
		return -ENOMEM;
	out[0] = info->retry ? TYPE_RETRY : TYPE_NEW;
	get_random_bytes(out + 1, TQUIC_IV_LEN);
	ad_len = put_ad(buf, out[0], client);
	memcpy(buf + ad_len, info, len);
	err = tquic_crypto_once(k->aead, true, buf, ad_len, len, out + 1);
	if (!err)
		memcpy(out + HEAD_LEN, buf + ad_len, len + TQUIC_TAG_LEN);
	kfree_sensitive(buf);
	return err ?: HEAD_LEN + len + TQUIC_TAG_LEN;
}

/*
 * tquic_token_check - read an address token, of any length, that came from @client, IPv4 mapped.
 * Compare the version in @info with the packet's.  Softirq where tquic_crypto_usable(); allocates.
 * Returns 0, -EBADMSG when not ours for this address, -ESTALE when too old, or another errno.
 */
int tquic_token_check(struct tquic_token_keys *k, const u8 *token, u32 len,
		      const struct sockaddr_in6 *client, u64 now_us, struct tquic_token_info *info)
{
	u32 ad_len, text_len = sealed_len(len && token[0] == TYPE_RETRY);
	u64 age_us;
	u8 *buf;
	int err;

	if (len != HEAD_LEN + text_len + TQUIC_TAG_LEN ||
	    (token[0] != TYPE_RETRY && token[0] != TYPE_NEW))
		return -EBADMSG;
	buf = kmalloc(AD_MAX + PLAIN_MAX + TQUIC_TAG_LEN, GFP_ATOMIC);
	if (!buf)
		return -ENOMEM;
	ad_len = put_ad(buf, token[0], client);
	memcpy(buf + ad_len, token + HEAD_LEN, text_len + TQUIC_TAG_LEN);
	err = tquic_crypto_once(k->aead, false, buf, ad_len, text_len, token + 1);
	memset(info, 0, sizeof(*info));
	if (!err)
		memcpy(info, buf + ad_len, text_len);
	kfree_sensitive(buf);
	if (err)
		return err;
	age_us = now_us - info->issued_us;	/* huge for one from the future */
	return age_us > (info->retry ? TQUIC_TOKEN_RETRY_US : TQUIC_TOKEN_NEW_US) ? -ESTALE : 0;
}

/* HMAC-SHA256; any context, allocates nothing */
static void derive(struct tquic_token_keys *k, const void *from, u32 len, u8 *hash)
{
	if (WARN_ON_ONCE(crypto_shash_tfm_digest(k->reset, from, len, hash)))
		get_random_bytes(hash, RESET_HASH_LEN);	/* nobody can guess it, we neither */
}

/** tquic_token_reset - RFC 9000 section 10.3.2, 16 bytes; any context, allocates nothing */
void tquic_token_reset(struct tquic_token_keys *k, const struct tquic_cid *cid, u8 *token)
{
	u8 hash[RESET_HASH_LEN];

	derive(k, cid->id, cid->len, hash);
	memcpy(token, hash, TQUIC_TOKEN_RESET_LEN);
	memzero_explicit(hash, sizeof(hash));
}

/*
 * tquic_token_ticket_key - what servers bound to @addr and its port seal their TLS tickets with;
 * @key: set to QUIC_TICKET_KEY_BYTES bytes, the same ones as long as the namespace lives
 */
void tquic_token_ticket_key(struct tquic_token_keys *k, const struct sockaddr_in6 *addr, u8 *key)
{
	struct {
		char label[8];		/* with what follows it is longer than a connection ID */
		struct in6_addr addr;
		__be16 port;
		u8 part;
	} __packed from = { "ticket", addr->sin6_addr, addr->sin6_port };

	for (; from.part < QUIC_TICKET_KEY_BYTES / RESET_HASH_LEN; from.part++)
		derive(k, &from, sizeof(from), key + from.part * RESET_HASH_LEN);
}

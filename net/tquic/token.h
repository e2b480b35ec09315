/* SPDX-License-Identifier: GPL-2.0 */
/* Tokens.  Keys are random, per network namespace, and never leave token.c. */
#ifndef _TQUIC_TOKEN_H
#define _TQUIC_TOKEN_H

#include <linux/in6.h>
#include "crypto.h"

#define TQUIC_TOKEN_MAX		128
#define TQUIC_TOKEN_RETRY_US	10000000ULL		/* a Retry token is good for 10 s */
#define TQUIC_TOKEN_NEW_US	(24 * 3600 * 1000000ULL)	/* a NEW_TOKEN token for a day */

struct tquic_token_keys {
	struct crypto_aead *aead;	/* seals address tokens */
	struct crypto_shash *reset;	/* HMAC that reset tokens come from, keyed */
};

/* What an address token says once it has proven authentic; sealed as it is, so without holes */
struct tquic_token_info {
	u64 issued_us;
	u32 version;			/* it is good for no other, RFC 9369 section 5 */
	bool retry;			/* from a Retry packet, else from NEW_TOKEN */
	struct tquic_cid odcid;		/* Retry: the client's first destination connection ID */
	struct tquic_cid rscid;		/* Retry: the source connection ID we chose */
};

int tquic_token_keys_init(struct tquic_token_keys *k);
void tquic_token_keys_free(struct tquic_token_keys *k);
int tquic_token_make(struct tquic_token_keys *k, const struct tquic_token_info *info,
		     const struct sockaddr_in6 *client, u8 *out);
int tquic_token_check(struct tquic_token_keys *k, const u8 *token, u32 len,
		      const struct sockaddr_in6 *client, u64 now_us, struct tquic_token_info *info);
void tquic_token_reset(struct tquic_token_keys *k, const struct tquic_cid *cid, u8 *token);
void tquic_token_ticket_key(struct tquic_token_keys *k, const struct sockaddr_in6 *addr, u8 *key);

#endif

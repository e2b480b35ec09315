// SPDX-License-Identifier: GPL-2.0
/* Tests of crypto.c: RFC 9001 sections 5, 6 and appendix A, RFC 9369 section 3.3 and appendix A. */
#include <kunit/test.h>
#include <linux/random.h>
#include <linux/tls.h>
#include "crypto.h"
#include "header.h"
#include "crypto_vectors.h"
#include "fault.h"

#define BUF_LEN	2048
#define KEY_UPDATE_ERROR	TQUIC_WERR(KEY_UPDATE)

struct fixture {
	struct tquic_crypto tx;
	struct tquic_crypto rx;
	u8 *buf;	/* packets, in memory that a scatterlist may have */
	u8 *other;
	u8 *text;
	u8 *samples;	/* TQUIC_CRYPTO_BATCH of them */
};

static u32 digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Lines of digits; returns the length in bytes */
static u32 unhex(const char *hex, u8 *out)
{
	u32 len = 0;

	while (*hex) {
		if (*hex == '\n') {
			hex++;
			continue;
		}
		out[len++] = digit(hex[0]) << 4 | digit(hex[1]);
		hex += 2;
	}
	return len;
}

#define EXPECT_HEX(test, p, hex) do {				\
	u8 __want[64];						\
	u32 __len = unhex(hex, __want);				\
								\
	KUNIT_EXPECT_MEMEQ(test, p, __want, __len);		\
} while (0)

static void describe(const struct vector *v, char *desc)
{
	strscpy(desc, v->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(vector, vectors, describe);

struct cipher_param {
	const char *name;
	u32 type;
};

static const struct cipher_param cipher_params[] = {
	{ "aes-128-gcm", TLS_CIPHER_AES_GCM_128 },
	{ "aes-256-gcm", TLS_CIPHER_AES_GCM_256 },
	{ "aes-128-ccm", TLS_CIPHER_AES_CCM_128 },
	{ "chacha20-poly1305", TLS_CIPHER_CHACHA20_POLY1305 },
};

static void describe_cipher(const struct cipher_param *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(cipher, cipher_params, describe_cipher);

/* Both ends of a direction, from one random secret */
static void install_pair(struct kunit *test, u32 version, u32 type)
{
	struct fixture *f = test->priv;
	u8 secret[TQUIC_SECRET_MAX];

	get_random_bytes(secret, sizeof(secret));
	KUNIT_ASSERT_EQ(test, tquic_crypto_install(&f->tx, version, type, secret), 0);
	KUNIT_ASSERT_EQ(test, tquic_crypto_install(&f->rx, version, type, secret), 0);
}

static int seal_at(struct tquic_crypto *c, u64 pn, u8 *p, u32 ad_len, u32 plain_len)
{
	struct scatterlist sg;

	sg_init_one(&sg, p, ad_len + plain_len + TQUIC_TAG_LEN);
	return tquic_crypto_seal(c, pn, &sg, &sg, ad_len, plain_len);
}

static int open_at(struct tquic_crypto *c, u8 phase, u64 pn, u8 *p, u32 ad_len, u32 cipher_len)
{
	struct scatterlist sg;

	sg_init_one(&sg, p, ad_len + cipher_len);
	return tquic_crypto_open(c, phase, pn, &sg, &sg, ad_len, cipher_len);
}

/* Protect the packet at f->buf: header of @ad_len bytes that ends with the packet number */
static void protect(struct kunit *test, struct tquic_crypto *c, u64 pn, u32 ad_len, u32 plain_len)
{
	struct fixture *f = test->priv;
	u8 pn_len = (f->buf[0] & TQUIC_HDR_PN_LEN) + 1;
	u8 *at = f->buf + ad_len - pn_len;

	KUNIT_ASSERT_EQ(test, seal_at(c, pn, f->buf, ad_len, plain_len), 0);
	memcpy(f->samples, at + 4, TQUIC_SAMPLE_LEN);
	KUNIT_ASSERT_EQ(test, tquic_crypto_masks(c, f->samples, 1), 0);
	tquic_crypto_apply_mask(f->buf, at, f->samples, f->buf[0] & TQUIC_HDR_LONG, pn_len);
}

/* Take the protection of the packet at f->buf off again; returns the length of its header */
static u32 unprotect(struct kunit *test, struct tquic_crypto *c, u64 pn, u32 pn_off, u32 len)
{
	struct fixture *f = test->priv;
	u32 ad_len;

	memcpy(f->samples, f->buf + pn_off + 4, TQUIC_SAMPLE_LEN);
	KUNIT_ASSERT_EQ(test, tquic_crypto_masks(c, f->samples, 1), 0);
	ad_len = pn_off + tquic_crypto_remove_mask(f->buf, f->buf + pn_off, f->samples,
						   f->buf[0] & TQUIC_HDR_LONG);
	KUNIT_EXPECT_EQ(test, open_at(c, 0, pn, f->buf, ad_len, len - ad_len), 0);
	return ad_len;
}

/* --- samples of the specifications ----------------------------------------- */

static void rfc_initial_keys(struct kunit *test)
{
	const struct vector *v = test->param_value;
	struct fixture *f = test->priv;
	u8 client[32], server[32];
	struct tquic_cid dcid;

	dcid.len = unhex(VECTOR_DCID, dcid.id);
	KUNIT_ASSERT_EQ(test, tquic_crypto_initial_secrets(v->version, &dcid, client, server), 0);
	EXPECT_HEX(test, client, v->client_secret);
	EXPECT_HEX(test, server, v->server_secret);
	KUNIT_ASSERT_EQ(test, tquic_crypto_install(&f->tx, v->version, TLS_CIPHER_AES_GCM_128,
						   client), 0);
	EXPECT_HEX(test, f->tx.key[0].iv, v->client_iv);
	KUNIT_ASSERT_EQ(test, tquic_crypto_install(&f->tx, v->version, TLS_CIPHER_AES_GCM_128,
						   server), 0);
	EXPECT_HEX(test, f->tx.key[0].iv, v->server_iv);
	unhex(v->secret, client);
	KUNIT_ASSERT_EQ(test, tquic_crypto_install(&f->tx, v->version, TLS_CIPHER_CHACHA20_POLY1305,
						   client), 0);
	EXPECT_HEX(test, f->tx.key[0].iv, v->iv);
	KUNIT_ASSERT_EQ(test, tquic_crypto_prepare_update(&f->tx), 0);
	EXPECT_HEX(test, f->tx.secret, v->ku);
}

/* Protect @header and @frames, compare with @packet, and go back */
static void sample_packet(struct kunit *test, const char *secret, u32 type, u64 pn,
			  const char *header, const char *frames, u32 frames_len,
			  const char *packet)
{
	const struct vector *v = test->param_value;
	struct fixture *f = test->priv;
	u32 ad_len, len, pn_len;
	u8 bytes[32];

	unhex(secret, bytes);
	KUNIT_ASSERT_EQ(test, tquic_crypto_install(&f->tx, v->version, type, bytes), 0);
	ad_len = unhex(header, f->buf);
	pn_len = (f->buf[0] & TQUIC_HDR_PN_LEN) + 1;
	memset(f->text, 0, BUF_LEN);
	unhex(frames, f->text);
	memcpy(f->buf + ad_len, f->text, frames_len);
	protect(test, &f->tx, pn, ad_len, frames_len);
	len = unhex(packet, f->other);
	KUNIT_ASSERT_EQ(test, len, ad_len + frames_len + TQUIC_TAG_LEN);
	KUNIT_EXPECT_MEMEQ(test, f->buf, f->other, len);
	KUNIT_EXPECT_EQ(test, f->tx.used, 1);

	KUNIT_EXPECT_EQ(test, unprotect(test, &f->tx, pn, ad_len - pn_len, len), ad_len);
	unhex(header, f->other);
	KUNIT_EXPECT_MEMEQ(test, f->buf, f->other, ad_len);
	KUNIT_EXPECT_MEMEQ(test, f->buf + ad_len, f->text, frames_len);
	KUNIT_EXPECT_EQ(test, f->tx.failed, 0);
}

static void rfc_client_initial(struct kunit *test)
{
	const struct vector *v = test->param_value;

	sample_packet(test, v->client_secret, TLS_CIPHER_AES_GCM_128, 2, v->client_header,
		      VECTOR_CLIENT_FRAMES, VECTOR_CLIENT_FRAMES_LEN, v->client_packet);
}

static void rfc_server_initial(struct kunit *test)
{
	const struct vector *v = test->param_value;

	sample_packet(test, v->server_secret, TLS_CIPHER_AES_GCM_128, 1, v->server_header,
		      VECTOR_SERVER_FRAMES, VECTOR_SERVER_FRAMES_LEN, v->server_packet);
}

static void rfc_chacha20_short(struct kunit *test)
{
	const struct vector *v = test->param_value;
	struct fixture *f = test->priv;

	sample_packet(test, v->secret, TLS_CIPHER_CHACHA20_POLY1305, VECTOR_SHORT_PN,
		      "4200bff4", "01", 1, v->packet);
	KUNIT_ASSERT_EQ(test, tquic_crypto_prepare_update(&f->tx), 0);
	EXPECT_HEX(test, f->tx.secret, v->ku);
}

static void rfc_retry_tag(struct kunit *test)
{
	const struct vector *v = test->param_value;
	u8 pkt[64], tag[TQUIC_TAG_LEN];
	struct tquic_cid odcid;
	u32 len;

	odcid.len = unhex(VECTOR_DCID, odcid.id);
	len = unhex(v->retry, pkt) - TQUIC_TAG_LEN;
	KUNIT_ASSERT_EQ(test, tquic_crypto_retry_tag(v->version, &odcid, pkt, len, tag), 0);
	KUNIT_EXPECT_MEMEQ(test, tag, pkt + len, TQUIC_TAG_LEN);
	odcid.id[7] ^= 1;
	KUNIT_ASSERT_EQ(test, tquic_crypto_retry_tag(v->version, &odcid, pkt, len, tag), 0);
	KUNIT_EXPECT_MEMNEQ(test, tag, pkt + len, TQUIC_TAG_LEN);
}

/* --- all ciphers ----------------------------------------------------------- */

static void round_trip(struct kunit *test)
{
	static const u16 lens[] = { 0, 1, 4, 15, 16, 17, 100, 1200, 1443, 2000 };
	const struct cipher_param *param = test->param_value;
	struct fixture *f = test->priv;
	u64 pn;
	u32 i;

	install_pair(test, QUIC_VERSION_V1, param->type);
	get_random_bytes(f->text, BUF_LEN);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		pn = i & 1 ? TQUIC_PN_MAX - i : i;
		memcpy(f->buf, f->text, BUF_LEN);
		KUNIT_ASSERT_EQ(test, seal_at(&f->tx, pn, f->buf, 13, lens[i]), 0);
		KUNIT_EXPECT_MEMEQ(test, f->buf, f->text, 13);
		if (lens[i] > 8)
			KUNIT_EXPECT_MEMNEQ(test, f->buf + 13, f->text + 13, lens[i]);
		KUNIT_ASSERT_EQ(test, open_at(&f->rx, 0, pn, f->buf, 13, lens[i] + TQUIC_TAG_LEN),
				0);
		KUNIT_EXPECT_MEMEQ(test, f->buf, f->text, 13 + lens[i]);
	}
	KUNIT_EXPECT_EQ(test, f->tx.used, ARRAY_SIZE(lens));
	KUNIT_EXPECT_EQ(test, f->rx.failed, 0);
}

/* Every bit of a packet counts: header, text, tag; and the packet number */
static void tamper(struct kunit *test)
{
	const struct cipher_param *param = test->param_value;
	const u32 ad_len = 11, plain_len = 70, cipher_len = plain_len + TQUIC_TAG_LEN;
	struct fixture *f = test->priv;
	u32 i;

	install_pair(test, QUIC_VERSION_V1, param->type);
	get_random_bytes(f->other, ad_len + plain_len);
	KUNIT_ASSERT_EQ(test, seal_at(&f->tx, 77, f->other, ad_len, plain_len), 0);
	for (i = 0; i < ad_len + cipher_len; i++) {
		memcpy(f->buf, f->other, ad_len + cipher_len);
		f->buf[i] ^= 1 << (i % 8);
		KUNIT_EXPECT_EQ(test, open_at(&f->rx, 0, 77, f->buf, ad_len, cipher_len),
				-EBADMSG);
	}
	KUNIT_EXPECT_EQ(test, f->rx.failed, i);
	memcpy(f->buf, f->other, ad_len + cipher_len);
	KUNIT_EXPECT_EQ(test, open_at(&f->rx, 0, 78, f->buf, ad_len, cipher_len), -EBADMSG);
	memcpy(f->buf, f->other, ad_len + cipher_len);
	KUNIT_EXPECT_EQ(test, open_at(&f->rx, 0, 77 | 1ULL << 61, f->buf, ad_len, cipher_len),
			-EBADMSG);
	memcpy(f->buf, f->other, ad_len + cipher_len);
	KUNIT_EXPECT_EQ(test, open_at(&f->rx, 0, 77, f->buf, ad_len - 1, cipher_len + 1),
			-EBADMSG);
	memcpy(f->buf, f->other, ad_len + cipher_len);
	KUNIT_EXPECT_EQ(test, open_at(&f->rx, 0, 77, f->buf, ad_len, cipher_len - 1), -EBADMSG);
	KUNIT_EXPECT_EQ(test, open_at(&f->rx, 0, 77, f->buf, ad_len, TQUIC_TAG_LEN - 1),
			-EBADMSG);
	KUNIT_EXPECT_EQ(test, f->rx.failed, i + 5);
	memcpy(f->buf, f->other, ad_len + cipher_len);
	KUNIT_EXPECT_EQ(test, open_at(&f->rx, 0, 77, f->buf, ad_len, cipher_len), 0);
}

/* As packets are built: the header lies in the destination, the payload in fragments */
static void out_of_place(struct kunit *test)
{
	static const u16 cuts[][3] = {
		{ 1000, 0, 0 }, { 1, 999, 0 }, { 16, 984, 0 }, { 333, 333, 334 }, { 7, 3, 990 },
	};
	const struct cipher_param *param = test->param_value;
	const u32 ad_len = 13, fhdr = 5, plain_len = fhdr + 1000;
	struct fixture *f = test->priv;
	struct scatterlist src[4], dst;
	u32 i, j, off, n;

	install_pair(test, QUIC_VERSION_V1, param->type);
	get_random_bytes(f->text, ad_len + plain_len);
	memcpy(f->other, f->text, ad_len + plain_len);
	KUNIT_ASSERT_EQ(test, seal_at(&f->tx, 5, f->other, ad_len, plain_len), 0);
	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		memset(f->buf, 0xa5, BUF_LEN);
		memcpy(f->buf, f->text, ad_len + fhdr);
		for (n = 1; n < 4 && cuts[i][n - 1]; n++)
			;
		sg_init_table(src, n);
		sg_set_buf(&src[0], f->buf, ad_len + fhdr);
		for (j = 1, off = ad_len + fhdr; j < n; off += cuts[i][j - 1], j++)
			sg_set_buf(&src[j], f->text + off, cuts[i][j - 1]);
		sg_init_one(&dst, f->buf, ad_len + plain_len + TQUIC_TAG_LEN);
		KUNIT_ASSERT_EQ(test, tquic_crypto_seal(&f->tx, 5, src, &dst, ad_len, plain_len),
				0);
		KUNIT_EXPECT_MEMEQ(test, f->buf, f->other, ad_len + plain_len + TQUIC_TAG_LEN);
		KUNIT_EXPECT_EQ(test, f->buf[ad_len + plain_len + TQUIC_TAG_LEN], 0xa5);
	}
	/* and into fresh memory, as when a received packet is shared */
	memcpy(f->buf, f->other, ad_len);
	memset(f->buf + ad_len, 0, BUF_LEN - ad_len);
	sg_init_one(src, f->other, ad_len + plain_len + TQUIC_TAG_LEN);
	sg_init_one(&dst, f->buf, ad_len + plain_len);
	KUNIT_ASSERT_EQ(test, tquic_crypto_open(&f->rx, 0, 5, src, &dst, ad_len,
						plain_len + TQUIC_TAG_LEN), 0);
	KUNIT_EXPECT_MEMEQ(test, f->buf, f->text, ad_len + plain_len);
}

static void batch_masks(struct kunit *test)
{
	const struct cipher_param *param = test->param_value;
	const u32 bytes = TQUIC_CRYPTO_BATCH * TQUIC_SAMPLE_LEN;
	struct fixture *f = test->priv;
	u32 i;

	install_pair(test, QUIC_VERSION_V1, param->type);
	get_random_bytes(f->text, bytes);
	memcpy(f->text + 16, f->text, 16);
	memcpy(f->samples, f->text, bytes);
	KUNIT_ASSERT_EQ(test, tquic_crypto_masks(&f->tx, f->samples, TQUIC_CRYPTO_BATCH), 0);
	for (i = 0; i < TQUIC_CRYPTO_BATCH; i++) {
		memcpy(f->buf, f->text + i * TQUIC_SAMPLE_LEN, TQUIC_SAMPLE_LEN);
		KUNIT_ASSERT_EQ(test, tquic_crypto_masks(&f->rx, f->buf, 1), 0);
		KUNIT_EXPECT_MEMEQ(test, f->buf, f->samples + i * TQUIC_SAMPLE_LEN, 5);
	}
	KUNIT_EXPECT_MEMEQ(test, f->samples, f->samples + 16, 5);
	KUNIT_EXPECT_MEMNEQ(test, f->samples, f->samples + 32, 5);
}

/* RFC 9001 section 6.4: no packet of the old phase is above one of the new, in whatever order */
static void key_phase_order(struct kunit *test)
{
	struct fixture *f = test->priv;

	install_pair(test, QUIC_VERSION_V1, TLS_CIPHER_AES_GCM_128);
	KUNIT_EXPECT_EQ(test, tquic_crypto_opened(&f->rx, 0, 5), 0);
	KUNIT_ASSERT_EQ(test, tquic_crypto_prepare_update(&f->rx), 0);
	KUNIT_EXPECT_EQ(test, tquic_crypto_opened(&f->rx, 0, 6), 0);
	KUNIT_EXPECT_EQ(test, tquic_crypto_opened(&f->rx, 1, 20), 1);
	KUNIT_ASSERT_EQ(test, tquic_crypto_update(&f->rx, 20), 0);
	KUNIT_EXPECT_EQ(test, tquic_crypto_opened(&f->rx, 0, 19), 0);
	KUNIT_EXPECT_EQ(test, tquic_crypto_opened(&f->rx, 0, 21), KEY_UPDATE_ERROR);
	KUNIT_EXPECT_EQ(test, tquic_crypto_opened(&f->rx, 1, 10), 0);
	KUNIT_EXPECT_EQ(test, tquic_crypto_opened(&f->rx, 1, 15), 0);
	KUNIT_EXPECT_EQ(test, tquic_crypto_opened(&f->rx, 0, 9), 0);
	KUNIT_EXPECT_EQ(test, tquic_crypto_opened(&f->rx, 0, 12), KEY_UPDATE_ERROR);
}

/* Packet @pn from tx to rx, as of rx's @phase */
static int carry(struct kunit *test, u64 pn, u8 phase)
{
	struct fixture *f = test->priv;

	memset(f->buf, 0x11, 64);
	KUNIT_ASSERT_EQ(test, seal_at(&f->tx, pn, f->buf, 9, 40), 0);
	memcpy(f->other, f->buf, 64 + TQUIC_TAG_LEN);
	return open_at(&f->rx, phase, pn, f->buf, 9, 40 + TQUIC_TAG_LEN);
}

static void key_phases(struct kunit *test)
{
	const struct cipher_param *param = test->param_value;
	const struct tquic_cipher *cipher = tquic_crypto_cipher(param->type);
	struct fixture *f = test->priv;
	u8 want[TQUIC_SECRET_MAX], mask[16];
	struct crypto_aead *first;

	install_pair(test, QUIC_VERSION_V1, param->type);
	first = f->tx.key[0].aead;
	memset(f->samples, 7, 16);
	KUNIT_ASSERT_EQ(test, tquic_crypto_masks(&f->tx, f->samples, 1), 0);
	memcpy(mask, f->samples, 16);
	KUNIT_EXPECT_EQ(test, carry(test, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, carry(test, 2, 1), -ENOKEY);
	KUNIT_EXPECT_EQ(test, tquic_crypto_update(&f->tx, 3), -EAGAIN);
	KUNIT_EXPECT_EQ(test, f->tx.phase, 0);

	/* ready on both sides, in use on none */
	memcpy(want, f->tx.secret, cipher->secret_len);
	KUNIT_ASSERT_EQ(test, tquic_crypto_prepare_update(&f->tx), 0);
	KUNIT_ASSERT_EQ(test, tquic_crypto_prepare_update(&f->rx), 0);
	KUNIT_EXPECT_MEMNEQ(test, f->tx.secret, want, cipher->secret_len);
	KUNIT_EXPECT_MEMEQ(test, f->tx.secret, f->rx.secret, cipher->secret_len);
	memcpy(want, f->tx.secret, cipher->secret_len);
	KUNIT_ASSERT_EQ(test, tquic_crypto_prepare_update(&f->tx), 0);
	KUNIT_EXPECT_MEMEQ(test, f->tx.secret, want, cipher->secret_len);
	KUNIT_EXPECT_EQ(test, carry(test, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, f->tx.used, 3);

	/* the sender is ahead; the receiver follows, and still opens what was late */
	memcpy(f->text, f->other, 64 + TQUIC_TAG_LEN);
	KUNIT_ASSERT_EQ(test, tquic_crypto_update(&f->tx, 3), 0);
	KUNIT_EXPECT_EQ(test, f->tx.phase, 1);
	KUNIT_EXPECT_EQ(test, f->tx.phase_pn, 3);
	KUNIT_EXPECT_EQ(test, f->tx.used, 0);
	KUNIT_EXPECT_EQ(test, carry(test, 3, 0), -EBADMSG);
	KUNIT_EXPECT_EQ(test, carry(test, 3, 1), 0);
	KUNIT_ASSERT_EQ(test, tquic_crypto_update(&f->rx, 3), 0);
	KUNIT_EXPECT_EQ(test, carry(test, 4, 1), 0);
	KUNIT_EXPECT_EQ(test, open_at(&f->rx, 0, 2, f->text, 9, 40 + TQUIC_TAG_LEN), 0);

	/* the third phase takes the place of the first, in its memory */
	KUNIT_ASSERT_EQ(test, tquic_crypto_prepare_update(&f->tx), 0);
	KUNIT_ASSERT_EQ(test, tquic_crypto_prepare_update(&f->rx), 0);
	KUNIT_EXPECT_PTR_EQ(test, f->tx.key[0].aead, first);
	KUNIT_ASSERT_EQ(test, tquic_crypto_update(&f->tx, 5), 0);
	KUNIT_EXPECT_EQ(test, carry(test, 5, 0), 0);
	KUNIT_EXPECT_EQ(test, f->rx.failed, 1);

	/* header protection stays as it was */
	memset(f->samples, 7, 16);
	KUNIT_ASSERT_EQ(test, tquic_crypto_masks(&f->tx, f->samples, 1), 0);
	KUNIT_EXPECT_MEMEQ(test, f->samples, mask, 5);
}

static void tx_limit(struct kunit *test)
{
	const struct cipher_param *param = test->param_value;
	struct fixture *f = test->priv;

	install_pair(test, QUIC_VERSION_V1, param->type);
	f->tx.used = f->tx.cipher->tx_limit - 1;
	KUNIT_EXPECT_EQ(test, seal_at(&f->tx, 1, f->buf, 9, 40), 0);
	KUNIT_EXPECT_EQ(test, seal_at(&f->tx, 2, f->buf, 9, 40), -EKEYEXPIRED);
	KUNIT_ASSERT_EQ(test, tquic_crypto_prepare_update(&f->tx), 0);
	KUNIT_ASSERT_EQ(test, tquic_crypto_update(&f->tx, 2), 0);
	KUNIT_EXPECT_EQ(test, seal_at(&f->tx, 2, f->buf, 9, 40), 0);
}

/* Whichever allocation fails, nothing is left behind and the next attempt works */
static void out_of_memory(struct kunit *test)
{
	const struct cipher_param *param = test->param_value;
	struct fixture *f = test->priv;
	u8 secret[TQUIC_SECRET_MAX] = { 1 }, before[TQUIC_SECRET_MAX];
	u32 n;
	int err;

	for (n = 1; ; n++) {
		if (!fault_alloc(n))
			kunit_skip(test, "needs failing allocations");
		err = tquic_crypto_install(&f->tx, QUIC_VERSION_V1, param->type, secret);
		fault_alloc(0);
		if (!err)
			break;
		KUNIT_ASSERT_EQ(test, err, -ENOMEM);
		KUNIT_EXPECT_NULL(test, memchr_inv(&f->tx, 0, sizeof(f->tx)));
	}
	KUNIT_EXPECT_GT(test, n, 4);
	memcpy(before, f->tx.secret, sizeof(before));
	for (n = 1; ; n++) {
		fault_alloc(n);
		err = tquic_crypto_prepare_update(&f->tx);
		fault_alloc(0);
		if (!err)
			break;
		KUNIT_ASSERT_EQ(test, err, -ENOMEM);
		KUNIT_EXPECT_FALSE(test, f->tx.next_ready);
		KUNIT_EXPECT_MEMEQ(test, f->tx.secret, before, sizeof(before));
		KUNIT_EXPECT_EQ(test, seal_at(&f->tx, n, f->buf, 9, 40), 0);
	}
	KUNIT_EXPECT_GT(test, n, 2);
	KUNIT_EXPECT_TRUE(test, f->tx.next_ready);
}

/* --- the rest -------------------------------------------------------------- */

static void refusals(struct kunit *test)
{
	struct fixture *f = test->priv;
	u8 secret[TQUIC_SECRET_MAX] = {};
	struct tquic_cid cid = { .len = 8 };
	u8 out[64];

	KUNIT_EXPECT_NULL(test, tquic_crypto_cipher(TLS_CIPHER_AES_GCM_256 + 100));
	KUNIT_EXPECT_FALSE(test, tquic_crypto_ready(&f->tx));
	KUNIT_EXPECT_EQ(test, tquic_crypto_install(&f->tx, QUIC_VERSION_V1, 1, secret), -EINVAL);
	KUNIT_EXPECT_EQ(test, tquic_crypto_install(&f->tx, 0xff00001d, TLS_CIPHER_AES_GCM_128,
						   secret), -EINVAL);
	KUNIT_EXPECT_FALSE(test, tquic_crypto_ready(&f->tx));
	KUNIT_EXPECT_EQ(test, seal_at(&f->tx, 1, f->buf, 9, 40), -ENOKEY);
	KUNIT_EXPECT_EQ(test, open_at(&f->tx, 0, 1, f->buf, 9, 40), -ENOKEY);
	KUNIT_EXPECT_EQ(test, open_at(&f->tx, 1, 1, f->buf, 9, 40), -ENOKEY);
	KUNIT_EXPECT_EQ(test, tquic_crypto_masks(&f->tx, f->samples, 1), -ENOKEY);
	KUNIT_EXPECT_EQ(test, tquic_crypto_prepare_update(&f->tx), -ENOKEY);
	KUNIT_EXPECT_EQ(test, tquic_crypto_update(&f->tx, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, tquic_crypto_initial_secrets(2, &cid, out, out + 32), -EINVAL);
	KUNIT_EXPECT_EQ(test, tquic_crypto_retry_tag(2, &cid, f->buf, 40, out), -EINVAL);
	cid.len = TQUIC_CID_MAX + 1;
	KUNIT_EXPECT_EQ(test, tquic_crypto_retry_tag(QUIC_VERSION_V1, &cid, f->buf, 40, out),
			-EINVAL);
}

static void cleared(struct kunit *test)
{
	struct fixture *f = test->priv;

	install_pair(test, QUIC_VERSION_V2, TLS_CIPHER_AES_GCM_256);
	KUNIT_ASSERT_EQ(test, tquic_crypto_prepare_update(&f->tx), 0);
	KUNIT_EXPECT_TRUE(test, tquic_crypto_ready(&f->tx));
	/* keys may be installed over keys, as a Retry makes necessary */
	install_pair(test, QUIC_VERSION_V1, TLS_CIPHER_AES_GCM_128);
	KUNIT_EXPECT_FALSE(test, f->tx.next_ready);
	KUNIT_EXPECT_EQ(test, carry(test, 1, 0), 0);
	tquic_crypto_free(&f->tx);
	KUNIT_EXPECT_NULL(test, memchr_inv(&f->tx, 0, sizeof(f->tx)));
	tquic_crypto_free(&f->tx);
}

/* Versions must not understand each other: other labels, other keys */
static void versions_differ(struct kunit *test)
{
	struct fixture *f = test->priv;
	u8 secret[TQUIC_SECRET_MAX] = { 9 };

	KUNIT_ASSERT_EQ(test, tquic_crypto_install(&f->tx, QUIC_VERSION_V1,
						   TLS_CIPHER_AES_GCM_128, secret), 0);
	KUNIT_ASSERT_EQ(test, tquic_crypto_install(&f->rx, QUIC_VERSION_V2,
						   TLS_CIPHER_AES_GCM_128, secret), 0);
	KUNIT_EXPECT_EQ(test, carry(test, 1, 0), -EBADMSG);
}

static void mask_header(struct kunit *test)
{
	static const u8 mask[5] = { 0xff, 0x81, 0x82, 0x83, 0x84 };
	u8 first, pn[4], pn_len;
	bool is_long;
	u32 i;

	for (i = 0; i < 8; i++) {
		pn_len = (i & 3) + 1;
		is_long = i & 4;
		first = (is_long ? 0xc0 : 0x40) | (pn_len - 1);
		memset(pn, 0, sizeof(pn));
		tquic_crypto_apply_mask(&first, pn, mask, is_long, pn_len);
		KUNIT_EXPECT_EQ(test, first, (is_long ? 0xcf : 0x5f) ^ (pn_len - 1));
		KUNIT_EXPECT_MEMEQ(test, pn, mask + 1, pn_len);
		KUNIT_EXPECT_NULL(test, memchr_inv(pn + pn_len, 0, 4 - pn_len));
		KUNIT_EXPECT_EQ(test, tquic_crypto_remove_mask(&first, pn, mask, is_long), pn_len);
		KUNIT_EXPECT_EQ(test, first, (is_long ? 0xc0 : 0x40) | (pn_len - 1));
		KUNIT_EXPECT_NULL(test, memchr_inv(pn, 0, 4));
	}
}

/* The internal transforms of x86 do the same, but only where vector registers are usable */
static void internal(struct kunit *test)
{
#ifdef _SHIM_CRYPTO_H
	shim_simd_usable = false;
	KUNIT_EXPECT_TRUE(test, tquic_crypto_usable());
	shim_simd_usable = true;
	tquic_crypto_teardown();
	shim_has_internal = true;
	KUNIT_ASSERT_EQ(test, tquic_crypto_setup(), 0);
	install_pair(test, QUIC_VERSION_V1, TLS_CIPHER_AES_GCM_128);
	KUNIT_EXPECT_EQ(test, carry(test, 1, 0), 0);
	shim_has_internal = false;
	shim_simd_usable = false;
	KUNIT_EXPECT_FALSE(test, tquic_crypto_usable());
	shim_simd_usable = true;
#endif
	KUNIT_EXPECT_TRUE(test, tquic_crypto_usable());
}

static int init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->buf = kunit_kzalloc(test, BUF_LEN, GFP_KERNEL);
	f->other = kunit_kzalloc(test, BUF_LEN, GFP_KERNEL);
	f->text = kunit_kzalloc(test, BUF_LEN, GFP_KERNEL);
	f->samples = kunit_kzalloc(test, TQUIC_CRYPTO_BATCH * TQUIC_SAMPLE_LEN, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, f->buf && f->other && f->text && f->samples);
	test->priv = f;
	return tquic_crypto_setup();
}

static void exit_test(struct kunit *test)
{
	struct fixture *f = test->priv;

	tquic_crypto_free(&f->tx);
	tquic_crypto_free(&f->rx);
	tquic_crypto_teardown();
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rfc_initial_keys, vector_gen_params),
	KUNIT_CASE_PARAM(rfc_client_initial, vector_gen_params),
	KUNIT_CASE_PARAM(rfc_server_initial, vector_gen_params),
	KUNIT_CASE_PARAM(rfc_chacha20_short, vector_gen_params),
	KUNIT_CASE_PARAM(rfc_retry_tag, vector_gen_params),
	KUNIT_CASE_PARAM(round_trip, cipher_gen_params),
	KUNIT_CASE_PARAM(tamper, cipher_gen_params),
	KUNIT_CASE_PARAM(out_of_place, cipher_gen_params),
	KUNIT_CASE_PARAM(batch_masks, cipher_gen_params),
	KUNIT_CASE_PARAM(key_phases, cipher_gen_params),
	KUNIT_CASE(key_phase_order),
	KUNIT_CASE_PARAM(tx_limit, cipher_gen_params),
	KUNIT_CASE_PARAM(out_of_memory, cipher_gen_params),
	KUNIT_CASE(refusals),
	KUNIT_CASE(cleared),
	KUNIT_CASE(versions_differ),
	KUNIT_CASE(mask_header),
	KUNIT_CASE(internal),
	{}
};

static struct kunit_suite suite = {
	.name = "tquic-crypto",
	.init = init,
	.exit = exit_test,
	.test_cases = cases,
};

kunit_test_suite(suite);

// SPDX-License-Identifier: GPL-2.0
/* Tests of token.c: RFC 9000 sections 8.1 and 10.3, RFC 9369 section 5. */
#include <kunit/test.h>
#include <linux/random.h>
#include "token.h"
#include "fault.h"

#define NOW_US		(1000 * 1000000ULL)
#define PORT		4433

struct fixture {
	struct tquic_token_keys keys;
	struct tquic_token_keys others;
	struct sockaddr_in6 addr;
	struct tquic_token_info info;	/* what the token at hand says */
	u8 token[TQUIC_TOKEN_MAX + 1];
	int len;
};

static void set_cid(struct tquic_cid *cid, u8 len)
{
	cid->len = len;
	get_random_bytes(cid->id, len);
}

static void make(struct kunit *test, bool retry, u8 odcid_len, u8 rscid_len)
{
	struct fixture *f = test->priv;

	memset(&f->info, 0, sizeof(f->info));
	f->info.retry = retry;
	f->info.version = QUIC_VERSION_V2;
	f->info.issued_us = NOW_US;
	if (retry) {
		set_cid(&f->info.odcid, odcid_len);
		set_cid(&f->info.rscid, rscid_len);
	}
	f->len = tquic_token_make(&f->keys, &f->info, &f->addr, f->token);
	KUNIT_ASSERT_GT(test, f->len, 0);
	KUNIT_ASSERT_LE(test, f->len, QUIC_TOKEN_MAX_BYTES);
}

static int check(struct kunit *test, u16 port, u64 now_us)
{
	struct fixture *f = test->priv;
	struct sockaddr_in6 addr = f->addr;
	struct tquic_token_info info;
	int err;

	addr.sin6_port = htons(port);
	err = tquic_token_check(&f->keys, f->token, f->len, &addr, now_us, &info);
	if (!err) {
		KUNIT_EXPECT_EQ(test, info.retry, f->info.retry);
		KUNIT_EXPECT_EQ(test, info.version, f->info.version);
		KUNIT_EXPECT_EQ(test, info.issued_us, f->info.issued_us);
		KUNIT_EXPECT_EQ(test, info.odcid.len, f->info.odcid.len);
		KUNIT_EXPECT_EQ(test, info.rscid.len, f->info.rscid.len);
		KUNIT_EXPECT_MEMEQ(test, info.odcid.id, f->info.odcid.id, TQUIC_CID_MAX);
		KUNIT_EXPECT_MEMEQ(test, info.rscid.id, f->info.rscid.id, TQUIC_CID_MAX);
	}
	return err;
}

static void retry_token(struct kunit *test)
{
	static const u8 lens[][2] = { { 8, 8 }, { 0, 8 }, { 20, 20 }, { 20, 0 }, { 0, 0 } };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		make(test, true, lens[i][0], lens[i][1]);
		KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US), 0);
		KUNIT_EXPECT_EQ(test, check(test, PORT + 1, NOW_US), -EBADMSG);
	}
}

static void new_token(struct kunit *test)
{
	make(test, false, 0, 0);
	KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US + 5), 0);
	KUNIT_EXPECT_EQ(test, check(test, PORT + 1, NOW_US + 5), 0);
}

static void age(struct kunit *test)
{
	make(test, true, 8, 8);
	KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US + TQUIC_TOKEN_RETRY_US), 0);
	KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US + TQUIC_TOKEN_RETRY_US + 1), -ESTALE);
	KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US - 1), -ESTALE);
	make(test, false, 0, 0);
	KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US + TQUIC_TOKEN_NEW_US), 0);
	KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US + TQUIC_TOKEN_NEW_US + 1), -ESTALE);
	KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US - 1), -ESTALE);
}

static void other_address(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	make(test, false, 0, 0);
	for (i = 0; i < sizeof(f->addr.sin6_addr); i++) {
		f->addr.sin6_addr.s6_addr[i] ^= 1;
		KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US), -EBADMSG);
		f->addr.sin6_addr.s6_addr[i] ^= 1;
	}
	KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US), 0);
}

static void tamper(struct kunit *test)
{
	struct fixture *f = test->priv;
	int i, len, retry;

	for (retry = 0; retry < 2; retry++) {
		make(test, retry, 8, 8);
		for (i = 0; i < f->len * 8; i++) {
			f->token[i / 8] ^= 1 << (i % 8);
			KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US), -EBADMSG);
			f->token[i / 8] ^= 1 << (i % 8);
		}
		len = f->len;
		for (f->len = 0; f->len <= (int)sizeof(f->token); f->len++)
			KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US),
					f->len == len ? 0 : -EBADMSG);
	}
}

/* One token for the same client is no other's, and does not look like it */
static void other_keys(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_token_info info;
	u8 first[TQUIC_TOKEN_MAX];

	make(test, true, 8, 8);
	memcpy(first, f->token, sizeof(first));
	KUNIT_EXPECT_EQ(test, tquic_token_check(&f->others, f->token, f->len, &f->addr, NOW_US,
						&info), -EBADMSG);
	KUNIT_ASSERT_EQ(test, tquic_token_make(&f->keys, &f->info, &f->addr, f->token),
			f->len);
	KUNIT_EXPECT_MEMNEQ(test, first + 1, f->token + 1, TQUIC_IV_LEN);
	KUNIT_EXPECT_MEMNEQ(test, first + 13, f->token + 13, 12);
	KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US), 0);
}

static void rubbish(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 i;

	for (i = 0; i < 1000; i++) {
		f->len = get_random_u32_below(sizeof(f->token) + 1);
		get_random_bytes(f->token, f->len);
		f->token[0] &= 3;
		KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US), -EBADMSG);
	}
}

static void reset_token(struct kunit *test)
{
	struct fixture *f = test->priv;
	u8 a[TQUIC_TOKEN_RESET_LEN], b[TQUIC_TOKEN_RESET_LEN];
	struct tquic_cid cid = {};

	set_cid(&cid, TQUIC_CID_LEN);
	tquic_token_reset(&f->keys, &cid, a);
	tquic_token_reset(&f->keys, &cid, b);
	KUNIT_EXPECT_MEMEQ(test, a, b, sizeof(a));
	tquic_token_reset(&f->others, &cid, b);
	KUNIT_EXPECT_MEMNEQ(test, a, b, sizeof(a));
	cid.id[0] ^= 1;
	tquic_token_reset(&f->keys, &cid, b);
	KUNIT_EXPECT_MEMNEQ(test, a, b, sizeof(a));
	cid.id[0] ^= 1;
	cid.len--;
	tquic_token_reset(&f->keys, &cid, b);
	KUNIT_EXPECT_MEMNEQ(test, a, b, sizeof(a));
	if (fault_all(true)) {
		cid.len++;
		tquic_token_reset(&f->keys, &cid, b);
		fault_all(false);
		KUNIT_EXPECT_MEMEQ(test, a, b, sizeof(a));
	}
}

/* One key for an address and port, another for any other, and in another namespace */
static void ticket_key(struct kunit *test)
{
	struct fixture *f = test->priv;
	u8 key[4][QUIC_TICKET_KEY_BYTES], again[QUIC_TICKET_KEY_BYTES];
	struct sockaddr_in6 addr = f->addr;
	int i, j;

	tquic_token_ticket_key(&f->keys, &addr, key[0]);
	tquic_token_ticket_key(&f->keys, &addr, again);
	KUNIT_EXPECT_MEMEQ(test, key[0], again, sizeof(again));
	tquic_token_ticket_key(&f->others, &addr, key[1]);
	addr.sin6_addr.s6_addr[15] ^= 1;
	tquic_token_ticket_key(&f->keys, &addr, key[2]);
	addr = f->addr;
	addr.sin6_port = htons(PORT + 1);
	tquic_token_ticket_key(&f->keys, &addr, key[3]);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_NE(test, memcmp(key[i], key[i] + 32, 32), 0);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, memcmp(key[i], key[j], sizeof(key[i])), 0);
	}
}

static void out_of_memory(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_token_keys keys;
	u32 n;
	int err;

	make(test, true, 8, 8);
	for (n = 1; n <= 2; n++) {
		if (!fault_alloc(n))
			kunit_skip(test, "needs failing allocations");
		KUNIT_EXPECT_EQ(test, check(test, PORT, NOW_US), -ENOMEM);
		fault_alloc(n);
		KUNIT_EXPECT_EQ(test, tquic_token_make(&f->keys, &f->info, &f->addr, f->token),
				-ENOMEM);
	}
	for (n = 1; ; n++) {
		fault_alloc(n);
		err = tquic_token_keys_init(&keys);
		fault_alloc(0);
		if (!err)
			break;
		KUNIT_ASSERT_EQ(test, err, -ENOMEM);
		KUNIT_EXPECT_NULL(test, memchr_inv(&keys, 0, sizeof(keys)));
	}
	KUNIT_EXPECT_GT(test, n, 2);
	tquic_token_keys_free(&keys);
}

static int init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_ASSERT_EQ(test, tquic_token_keys_init(&f->keys), 0);
	KUNIT_ASSERT_EQ(test, tquic_token_keys_init(&f->others), 0);
	get_random_bytes(&f->addr.sin6_addr, sizeof(f->addr.sin6_addr));
	f->addr.sin6_port = htons(PORT);
	test->priv = f;
	return 0;
}

static void exit_test(struct kunit *test)
{
	struct fixture *f = test->priv;

	tquic_token_keys_free(&f->keys);
	tquic_token_keys_free(&f->others);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(retry_token),
	KUNIT_CASE(new_token),
	KUNIT_CASE(age),
	KUNIT_CASE(other_address),
	KUNIT_CASE(tamper),
	KUNIT_CASE(other_keys),
	KUNIT_CASE(rubbish),
	KUNIT_CASE(reset_token),
	KUNIT_CASE(ticket_key),
	KUNIT_CASE(out_of_memory),
	{}
};

static struct kunit_suite suite = {
	.name = "tquic-token",
	.init = init,
	.exit = exit_test,
	.test_cases = cases,
};

kunit_test_suite(suite);

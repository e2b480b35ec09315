// SPDX-License-Identifier: GPL-2.0
/* Tests of cid.c: RFC 9000 sections 5.1.1, 5.1.2, 19.15, 19.16 and 10.3.1. */
#include <kunit/test.h>
#include "cid.h"

#define ACTIVE		2	/* the path in use, where there are several */
#define LIMIT		TQUIC_WERR(CONNECTION_ID_LIMIT)
#define VIOLATION	TQUIC_WERR(PROTOCOL_VIOLATION)
#define ENCODING	TQUIC_WERR(FRAME_ENCODING)

static struct tquic_cids *start(struct kunit *test)
{
	struct tquic_cids *cs = kunit_kzalloc(test, sizeof(*cs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cs);
	tquic_cids_init(cs, 4);
	tquic_cid_set_first(cs, "peer-zero", 9);
	return cs;
}

/* The ID and token of a sequence number: eight and sixteen times one byte */
static int rx_new(struct tquic_cids *cs, u64 seq, u64 prior_to)
{
	u8 id[8], token[TQUIC_TOKEN_RESET_LEN];

	memset(id, seq, sizeof(id));
	memset(token, 0x80 + seq, sizeof(token));
	return tquic_cid_rx_new(cs, seq, prior_to, id, sizeof(id), token, ACTIVE);
}

static u64 seq_of_path(struct tquic_cids *cs, u8 path)
{
	struct tquic_cid_entry *r = tquic_cid_of_path(cs, path);

	return r ? r->seq : ~0ULL;
}

static u64 next_retire(struct tquic_cids *cs)
{
	u64 seq;

	return tquic_cid_next_retire(cs, &seq) ? seq : ~0ULL;
}

static void issue(struct kunit *test, struct tquic_cids *cs, u8 n)
{
	struct tquic_cid cid = { .len = TQUIC_CID_LEN };

	memset(cid.id, n, cid.len);
	KUNIT_ASSERT_NOT_NULL(test, tquic_cid_issue(cs, &cid));
}

static void cid_issue(struct kunit *test)
{
	struct tquic_cids *cs = start(test);
	u8 n = 0;

	while (tquic_cid_want_issue(cs))
		issue(test, cs, n++);
	KUNIT_EXPECT_EQ(test, n, 2);
	tquic_cid_set_local_limit(cs, 1ULL << 32);
	while (tquic_cid_want_issue(cs))
		issue(test, cs, n++);
	KUNIT_EXPECT_EQ(test, n, TQUIC_CID_USED_MAX);
	KUNIT_EXPECT_NULL(test, tquic_cid_issue(cs, &cs->local[0].cid));
	/* number 0 is that of the handshake */
	KUNIT_EXPECT_EQ(test, tquic_cid_next_due(cs)->seq, 1ULL);
	tquic_cid_next_due(cs)->due = false;
	KUNIT_EXPECT_EQ(test, tquic_cid_next_due(cs)->seq, 2ULL);
	tquic_cid_new_lost(cs, 1);
	KUNIT_EXPECT_EQ(test, tquic_cid_next_due(cs)->seq, 1ULL);
}

static void cid_rx_retire(struct kunit *test)
{
	struct tquic_cids *cs = start(test);
	struct tquic_cid gone;
	u8 dcid[TQUIC_CID_LEN] = { 0 };

	issue(test, cs, 0);
	issue(test, cs, 1);
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_retire(cs, 2, dcid, TQUIC_CID_LEN, &gone), VIOLATION);
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_retire(cs, 0, dcid, TQUIC_CID_LEN, &gone), VIOLATION);
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_retire(cs, 1, dcid, TQUIC_CID_LEN, &gone), 0);
	KUNIT_EXPECT_EQ(test, gone.len, TQUIC_CID_LEN);
	KUNIT_EXPECT_EQ(test, gone.id[0], 1);
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_retire(cs, 1, dcid, TQUIC_CID_LEN, &gone), 0);
	KUNIT_EXPECT_EQ(test, gone.len, 0);
	KUNIT_EXPECT_TRUE(test, tquic_cid_want_issue(cs));
	issue(test, cs, 2);
	KUNIT_EXPECT_EQ(test, tquic_cid_next_due(cs)->seq, 2ULL);
	tquic_cid_new_lost(cs, 1);
	KUNIT_EXPECT_EQ(test, tquic_cid_next_due(cs)->seq, 2ULL);
}

/* The peer is asked to retire ours, and told with the newest, which it may have */
static void cid_ask_retire(struct kunit *test)
{
	struct tquic_cids *cs = start(test);
	struct tquic_cid gone;
	u8 n;

	tquic_cid_set_local_limit(cs, 4);
	for (n = 0; n < 4; n++)
		issue(test, cs, n);
	while (tquic_cid_next_due(cs))
		tquic_cid_next_due(cs)->due = false;
	KUNIT_EXPECT_EQ(test, tquic_cid_ask_retire(cs, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, tquic_cid_ask_retire(cs, 4), -EINVAL);
	KUNIT_EXPECT_EQ(test, tquic_cid_ask_retire(cs, 2), 0);
	KUNIT_EXPECT_EQ(test, cs->local_prior_to, 2ULL);
	KUNIT_EXPECT_EQ(test, tquic_cid_next_due(cs)->seq, 3ULL);
	/* not before it has done that; till then all are good */
	KUNIT_EXPECT_EQ(test, tquic_cid_ask_retire(cs, 3), -EAGAIN);
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_retire(cs, 1, "", 0, &gone), 0);
	KUNIT_EXPECT_EQ(test, tquic_cid_ask_retire(cs, 3), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, cs->local[0].used);
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_retire(cs, 0, "", 0, &gone), 0);
	KUNIT_EXPECT_EQ(test, tquic_cid_ask_retire(cs, 3), 0);
}

/* An empty one of ours stays the only one that the peer knows; another is for ourselves */
static void cid_empty(struct kunit *test)
{
	struct tquic_cids *cs = start(test);
	struct tquic_cid cid = {};

	KUNIT_ASSERT_NOT_NULL(test, tquic_cid_issue(cs, &cid));
	issue(test, cs, 1);
	tquic_cid_set_local_limit(cs, 4);
	KUNIT_EXPECT_FALSE(test, tquic_cid_want_issue(cs));
	KUNIT_EXPECT_EQ(test, tquic_cid_ask_retire(cs, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_retire(cs, 0, "", 0, &cid), VIOLATION);
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_retire(cs, 1, "", 0, &cid), VIOLATION);
	KUNIT_EXPECT_TRUE(test, cs->local[0].used && cs->local[1].used);
}

static void cid_rotate(struct kunit *test)
{
	struct quic_connection_id_info info = { .dest = 1 };
	struct tquic_cids *cs = start(test);
	u64 seq;

	for (seq = 1; seq < 4; seq++)
		KUNIT_EXPECT_EQ(test, rx_new(cs, seq, 0), 0);
	KUNIT_EXPECT_EQ(test, tquic_cid_rotate(cs, 0, 4, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, tquic_cid_rotate(cs, 0, 0, 4), -EINVAL);
	KUNIT_EXPECT_EQ(test, tquic_cid_rotate(cs, 0, 1, 2), -EINVAL);
	KUNIT_EXPECT_EQ(test, next_retire(cs), ~0ULL);
	/* to number 2; what was in use is not used again */
	KUNIT_EXPECT_EQ(test, tquic_cid_rotate(cs, 0, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, 0), 2ULL);
	KUNIT_EXPECT_EQ(test, next_retire(cs), 0ULL);
	KUNIT_EXPECT_EQ(test, tquic_cid_rotate(cs, 0, 1, 0), -EINVAL);
	tquic_cid_info(cs, 0, &info);
	KUNIT_EXPECT_EQ(test, info.active, 2U);
	KUNIT_EXPECT_EQ(test, info.prior_to, 1U);
	/* all below 3: a spare one, and the one in use, for which there is another */
	KUNIT_EXPECT_EQ(test, tquic_cid_rotate(cs, 0, 0, 3), 0);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, 0), 3ULL);
	KUNIT_EXPECT_EQ(test, tquic_cid_rotate(cs, 0, 0, 3), -EINVAL);
	cs->retiring = ~0U >> (TQUIC_CID_USED_MAX - 1);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 4, 0), 0);
	KUNIT_EXPECT_EQ(test, tquic_cid_rotate(cs, 0, 4, 0), -EAGAIN);
}

static void cid_rx_new(struct kunit *test)
{
	struct tquic_cids *cs = start(test);
	u8 token[TQUIC_TOKEN_RESET_LEN] = { 0 };

	KUNIT_EXPECT_EQ(test, rx_new(cs, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 2, 3), ENCODING);
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_new(cs, 2, 0, token, 0, token, ACTIVE), ENCODING);
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_new(cs, 2, 0, token, 21, token, ACTIVE), ENCODING);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 3, 0), 0);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 4, 0), LIMIT);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, 0), 0ULL);
	KUNIT_EXPECT_EQ(test, next_retire(cs), ~0ULL);
}

static void cid_rx_new_conflicts(struct kunit *test)
{
	struct tquic_cids *cs = start(test);
	u8 id[8], token[TQUIC_TOKEN_RESET_LEN];

	KUNIT_EXPECT_EQ(test, rx_new(cs, 1, 0), 0);
	memset(id, 1, sizeof(id));
	memset(token, 0x81, sizeof(token));
	/* the same ID under another number, another ID under the same, another token */
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_new(cs, 2, 0, id, 8, token, ACTIVE), VIOLATION);
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_new(cs, 1, 0, id, 7, token, ACTIVE), VIOLATION);
	token[15] ^= 1;
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_new(cs, 1, 0, id, 8, token, ACTIVE), VIOLATION);
	KUNIT_EXPECT_EQ(test, tquic_cid_rx_new(cs, 0, 0, id, 8, token, ACTIVE), VIOLATION);
}

static void cid_zero_length(struct kunit *test)
{
	struct tquic_cids *cs = start(test);

	tquic_cid_set_first(cs, "", 0);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 1, 0), VIOLATION);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, 3), 0ULL);
	KUNIT_EXPECT_PTR_EQ(test, tquic_cid_take(cs, 2), &cs->remote[0]);
	KUNIT_EXPECT_EQ(test, tquic_cid_release(cs, 2), -ENOENT);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, 0), 0ULL);
}

/* Retire Prior To takes the path's own: the one that came with it is used. */
static void cid_prior_to(struct kunit *test)
{
	struct tquic_cids *cs = start(test);

	KUNIT_EXPECT_EQ(test, rx_new(cs, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 3, 2), 0);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, 0), 3ULL);
	KUNIT_EXPECT_EQ(test, next_retire(cs), 0ULL);
	KUNIT_EXPECT_EQ(test, next_retire(cs), 1ULL);
	KUNIT_EXPECT_EQ(test, next_retire(cs), ~0ULL);
	/* lower ones have no effect; 2 arrives late and is good */
	KUNIT_EXPECT_EQ(test, rx_new(cs, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, cs->remote_prior_to, 2ULL);
	KUNIT_EXPECT_EQ(test, next_retire(cs), ~0ULL);
	/* 1 again: it was retired when it went, nothing more is owed */
	KUNIT_EXPECT_EQ(test, rx_new(cs, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, next_retire(cs), ~0ULL);
}

/* One that arrives after it should have gone is retired without use. */
static void cid_late(struct kunit *test)
{
	struct tquic_cids *cs = start(test);

	KUNIT_EXPECT_EQ(test, rx_new(cs, 5, 5), 0);
	KUNIT_EXPECT_EQ(test, next_retire(cs), 0ULL);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 3, 3), 0);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 3, 3), 0);
	KUNIT_EXPECT_EQ(test, next_retire(cs), 3ULL);
	KUNIT_EXPECT_EQ(test, next_retire(cs), ~0ULL);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, 0), 5ULL);
}

/* A frame repeated after we retired its ID ourselves does not bring it back. */
static void cid_repeat_after_release(struct kunit *test)
{
	struct tquic_cids *cs = start(test);

	KUNIT_EXPECT_EQ(test, rx_new(cs, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, tquic_cid_take(cs, 1)->seq, 1ULL);
	KUNIT_EXPECT_EQ(test, tquic_cid_release(cs, 1), 0);
	KUNIT_EXPECT_EQ(test, next_retire(cs), 1ULL);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 1, 0), 0);
	KUNIT_EXPECT_NULL(test, tquic_cid_take(cs, 1));
	KUNIT_EXPECT_EQ(test, next_retire(cs), ~0ULL);
}

static void cid_paths(struct kunit *test)
{
	struct tquic_cids *cs = start(test);

	KUNIT_EXPECT_EQ(test, rx_new(cs, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, tquic_cid_take(cs, 1)->seq, 1ULL);
	KUNIT_EXPECT_EQ(test, tquic_cid_take(cs, 1)->seq, 1ULL);
	KUNIT_EXPECT_EQ(test, tquic_cid_take(cs, 2)->seq, 2ULL);
	KUNIT_EXPECT_NULL(test, tquic_cid_take(cs, 3));
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, 3), ~0ULL);
	/* whoever waits gets the next */
	KUNIT_EXPECT_EQ(test, rx_new(cs, 3, 0), 0);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, 3), 3ULL);
	KUNIT_EXPECT_EQ(test, tquic_cid_release(cs, 3), 0);
	KUNIT_EXPECT_EQ(test, tquic_cid_release(cs, 3), -ENOENT);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 4, 0), 0);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, 3), ~0ULL);
}

/* RFC 9000 section 5.1.2: several paths lose theirs, and one comes: the path in use has it */
static void cid_active_first(struct kunit *test)
{
	struct tquic_cids *cs = start(test);

	KUNIT_EXPECT_EQ(test, rx_new(cs, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, tquic_cid_take(cs, 1)->seq, 1ULL);
	KUNIT_EXPECT_EQ(test, tquic_cid_take(cs, ACTIVE)->seq, 2ULL);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 5, 5), 0);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, ACTIVE), 5ULL);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, 0), ~0ULL);
	KUNIT_EXPECT_EQ(test, tquic_cid_to_send(cs, 0)->seq, 5ULL);
	/* and a spare one when the frame brings none that is new */
	KUNIT_EXPECT_EQ(test, rx_new(cs, 6, 0), 0);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, 0), 6ULL);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 7, 0), 0);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 8, 0), 0);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, 1), 7ULL);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 8, 8), 0);
	KUNIT_EXPECT_EQ(test, seq_of_path(cs, ACTIVE), 8ULL);
	/* one that we have retired ourselves is none: nothing is left to send with */
	KUNIT_EXPECT_EQ(test, tquic_cid_release(cs, ACTIVE), 0);
	KUNIT_EXPECT_NULL(test, tquic_cid_to_send(cs, ACTIVE));
	KUNIT_EXPECT_EQ(test, rx_new(cs, 8, 8), 0);
	KUNIT_EXPECT_NULL(test, tquic_cid_to_send(cs, ACTIVE));
}

static void cid_retire_queue(struct kunit *test)
{
	struct tquic_cids *cs = start(test);
	int ret = 0;
	u64 seq;

	for (seq = 1; !ret && seq < 100; seq++)
		ret = rx_new(cs, seq, seq);
	KUNIT_EXPECT_EQ(test, ret, LIMIT);
	KUNIT_EXPECT_EQ(test, hweight32(cs->retire_due), TQUIC_CID_RETIRE_MAX);
	KUNIT_EXPECT_EQ(test, tquic_cid_owe_retire(cs, 1000), -ENOSPC);
	KUNIT_EXPECT_EQ(test, tquic_cid_owe_retire(cs, 5), 0);
	KUNIT_EXPECT_EQ(test, next_retire(cs), 0ULL);
	KUNIT_EXPECT_EQ(test, next_retire(cs), 1ULL);
	/* on their way: when one is lost there is room for it */
	KUNIT_EXPECT_EQ(test, tquic_cid_owe_retire(cs, 1000), -ENOSPC);
	KUNIT_EXPECT_EQ(test, tquic_cid_owe_retire(cs, 1), 0);
	KUNIT_EXPECT_EQ(test, next_retire(cs), 1ULL);
	tquic_cid_retired(cs, 0);
	tquic_cid_retired(cs, 0);
	KUNIT_EXPECT_EQ(test, tquic_cid_owe_retire(cs, 1000), 0);
	KUNIT_EXPECT_EQ(test, tquic_cid_owe_retire(cs, 1001), -ENOSPC);
	KUNIT_EXPECT_EQ(test, next_retire(cs), 1000ULL);
}

/* A long life: numbers far beyond the 64 that are told apart */
static void cid_many(struct kunit *test)
{
	struct tquic_cids *cs = start(test);
	u64 seq;

	for (seq = 1; seq < 250; seq++) {
		KUNIT_ASSERT_EQ(test, rx_new(cs, seq, seq), 0);
		KUNIT_ASSERT_EQ(test, seq_of_path(cs, 0), seq);
		KUNIT_ASSERT_EQ(test, next_retire(cs), seq - 1);
		tquic_cid_retired(cs, seq - 1);
	}
	KUNIT_EXPECT_EQ(test, rx_new(cs, 10, 10), 0);
	KUNIT_EXPECT_EQ(test, next_retire(cs), 10ULL);
	KUNIT_EXPECT_EQ(test, rx_new(cs, 200, 200), 0);
	KUNIT_EXPECT_EQ(test, next_retire(cs), ~0ULL);
}

static void cid_reset_token(struct kunit *test)
{
	struct tquic_cids *cs = start(test);
	u8 token[TQUIC_TOKEN_RESET_LEN];

	memset(token, 0x80, sizeof(token));
	KUNIT_EXPECT_FALSE(test, tquic_cid_is_reset(cs, token));
	tquic_cid_set_first_token(cs, token);
	KUNIT_EXPECT_TRUE(test, tquic_cid_is_reset(cs, token));
	token[8] ^= 1;
	KUNIT_EXPECT_FALSE(test, tquic_cid_is_reset(cs, token));
	/* of one not used yet: no; once used: yes; retired: no */
	KUNIT_EXPECT_EQ(test, rx_new(cs, 1, 0), 0);
	memset(token, 0x81, sizeof(token));
	KUNIT_EXPECT_FALSE(test, tquic_cid_is_reset(cs, token));
	tquic_cid_take(cs, 1);
	KUNIT_EXPECT_TRUE(test, tquic_cid_is_reset(cs, token));
	memset(token, 0x80, sizeof(token));
	KUNIT_EXPECT_TRUE(test, tquic_cid_is_reset(cs, token));
	memset(token, 0x81, sizeof(token));
	tquic_cid_release(cs, 1);
	KUNIT_EXPECT_FALSE(test, tquic_cid_is_reset(cs, token));
}

static struct kunit_case cid_cases[] = {
	KUNIT_CASE(cid_issue),
	KUNIT_CASE(cid_rx_retire),
	KUNIT_CASE(cid_ask_retire),
	KUNIT_CASE(cid_empty),
	KUNIT_CASE(cid_rotate),
	KUNIT_CASE(cid_rx_new),
	KUNIT_CASE(cid_rx_new_conflicts),
	KUNIT_CASE(cid_zero_length),
	KUNIT_CASE(cid_prior_to),
	KUNIT_CASE(cid_late),
	KUNIT_CASE(cid_repeat_after_release),
	KUNIT_CASE(cid_paths),
	KUNIT_CASE(cid_active_first),
	KUNIT_CASE(cid_retire_queue),
	KUNIT_CASE(cid_many),
	KUNIT_CASE(cid_reset_token),
	{}
};

static struct kunit_suite cid_suite = {
	.name = "tquic_cid",
	.test_cases = cid_cases,
};

kunit_test_suite(cid_suite);

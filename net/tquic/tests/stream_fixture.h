/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of stream.c share: a client's streams with small windows, and
 * both sides of them by hand.
 */
#ifndef _TQUIC_TEST_STREAM_FIXTURE_H
#define _TQUIC_TEST_STREAM_FIXTURE_H

#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include "stream.h"

#define WINDOW		1000
#define FLOW		TQUIC_WERR(FLOW_CONTROL)
#define STATE		TQUIC_WERR(STREAM_STATE)
#define COUNT		TQUIC_WERR(STREAM_LIMIT)
#define FINAL		TQUIC_WERR(FINAL_SIZE)

/* what a client sees: 0 its own bidi stream, 1 the server's, 2 its own uni, 3 the server's */
#define OWN_BIDI	0
#define PEER_BIDI	1
#define OWN_UNI		2
#define PEER_UNI	3

struct fixture {
	struct tquic_streams ss;
	struct tquic_tparam local;
	struct tquic_tparam remote;
	struct page *page;
	struct sk_buff *skb;
	u32 updates;
	u8 last_state;
};

static inline void note_update(struct tquic_streams *ss, struct tquic_stream *s, bool rx_part)
{
	struct fixture *f = container_of(ss, struct fixture, ss);

	f->updates++;
	f->last_state = rx_part ? s->rx_state : s->tx_state;
}

static inline void windows(struct tquic_tparam *tp)
{
	tp->max_data = 3 * WINDOW;
	tp->max_stream_data_bidi_local = WINDOW;
	tp->max_stream_data_bidi_remote = WINDOW;
	tp->max_stream_data_uni = WINDOW;
	tp->max_streams_bidi = 4;
	tp->max_streams_uni = 4;
}

static inline int fixture_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	f->page = alloc_pages(GFP_KERNEL, 0);
	f->skb = alloc_skb(2 * WINDOW, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->page);
	KUNIT_ASSERT_NOT_NULL(test, f->skb);
	skb_put(f->skb, 2 * WINDOW);
	windows(&f->local);
	windows(&f->remote);
	tquic_streams_init(&f->ss, false, &f->local, &f->remote, WINDOW);
	tquic_streams_apply_remote(&f->ss);
	f->ss.update = note_update;
	return 0;
}

/* Nothing is left behind: no stream, no page, no packet. */
static inline void fixture_exit(struct kunit *test)
{
	struct fixture *f = test->priv;

	tquic_streams_free(&f->ss);
	KUNIT_EXPECT_EQ(test, f->ss.count, 0U);
	KUNIT_EXPECT_EQ(test, f->ss.held_bytes, 0ULL);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->ss.tx_ready));
	KUNIT_EXPECT_TRUE(test, list_empty(&f->ss.ctl_ready));
	KUNIT_EXPECT_TRUE(test, list_empty(&f->ss.rx_ready));
	KUNIT_EXPECT_EQ(test, page_count(f->page), 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&f->skb->users), 1);
	put_page(f->page);
	kfree_skb(f->skb);
}

static inline struct tquic_stream *own(struct kunit *test, u64 sid)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s;

	KUNIT_ASSERT_EQ(test, tquic_stream_open(&f->ss, sid, GFP_KERNEL, &s), 0);
	return s;
}

static inline struct tquic_stream *peers(struct kunit *test, u64 sid)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s;

	KUNIT_ASSERT_EQ(test, tquic_stream_from_peer(&f->ss, sid, false, GFP_KERNEL, &s), 0);
	KUNIT_ASSERT_NOT_NULL(test, s);
	return s;
}

static inline int write_bytes(struct kunit *test, struct tquic_stream *s, u32 len)
{
	struct fixture *f = test->priv;

	return tquic_stream_append(&f->ss, s, f->page, 0, len, NULL, GFP_KERNEL);
}

/* Send what there is in frames of at most @max bytes; returns the frames. */
static inline u32 send_all(struct kunit *test, struct tquic_stream *s, u32 max)
{
	struct fixture *f = test->priv;
	u32 len, n = 0;
	bool fin;
	u64 off;

	while (!list_empty(&s->tx_node) && n < 100) {
		len = tquic_stream_tx_next(&f->ss, s, max, &off, &fin);
		if (!len && !fin && !(s->flags & TQUIC_STREAM_ANNOUNCE))
			break;
		tquic_stream_tx_sent(&f->ss, s, off, len, fin);
		n++;
	}
	return n;
}

static inline int rx(struct kunit *test, struct tquic_stream *s, u64 off, u32 len, bool fin)
{
	struct fixture *f = test->priv;

	return tquic_stream_rx_data(&f->ss, s, off, f->skb->data, len, fin, f->skb, GFP_KERNEL);
}

static inline int fixture_suite_init(struct kunit_suite *suite)
{
	return tquic_recvbuf_setup() ?: tquic_stream_setup();
}

static inline void fixture_suite_exit(struct kunit_suite *suite)
{
	tquic_stream_teardown();
	tquic_recvbuf_teardown();
}

/* A suite whose cases have a fixture */
#define FIXTURE_SUITE(_name, _cases)						\
	static struct kunit_suite suite = {					\
		.name = _name,							\
		.suite_init = fixture_suite_init,				\
		.suite_exit = fixture_suite_exit,				\
		.init = fixture_init,						\
		.exit = fixture_exit,						\
		.test_cases = _cases,						\
	};									\
	kunit_test_suite(suite)

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * Two ends of stream.c that talk over a channel which loses, reorders and
 * repeats: every byte arrives as it was written, every stream comes to its end,
 * and both ends agree on the credit.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include "stream.h"

#define WINDOW		1000
#define WIRE		48	/* frames under way */
#define OPEN_MAX	40	/* streams of each type that an end opens in a run */

enum frame_type {
	F_STREAM, F_RESET, F_RESET_AT, F_STOP, F_MAX_STREAM_DATA, F_MAX_DATA, F_MAX_STREAMS
};

struct frame {
	enum frame_type type;
	u8 from;
	bool fin;
	u32 len;
	struct tquic_stream *s;		/* a reference is the frame's */
	u64 sid;
	u64 off;
	u64 value;
	struct sk_buff *skb;
};

struct pair {
	struct kunit *test;
	struct tquic_tparam tp;
	struct tquic_streams end[2];	/* client, server */
	struct frame wire[WIRE];
	u32 nr;
	u32 cut;			/* streams that were reset behind some bytes */
	bool lossless;
};

static const struct tquic_tparam limits = {
	.max_data = 3 * WINDOW,
	.max_stream_data_bidi_local = WINDOW,
	.max_stream_data_bidi_remote = WINDOW,
	.max_stream_data_uni = WINDOW,
	.max_streams_bidi = 4,
	.max_streams_uni = 4,
};

static u32 below(u32 n)
{
	u32 v;

	get_random_bytes(&v, sizeof(v));
	return v % n;
}

static u8 pattern(u64 sid, u64 off)
{
	return sid * 31 + off * 3 + (off >> 8);
}

static struct frame *put_frame(struct pair *p, u8 from, enum frame_type type,
			       struct tquic_stream *s)
{
	struct frame *f = &p->wire[p->nr++];

	memset(f, 0, sizeof(*f));
	f->type = type;
	f->from = from;
	f->s = s;
	if (s) {
		f->sid = s->id;
		tquic_stream_get(s);
	}
	return f;
}

static void emit_control(struct pair *p, u8 e, struct tquic_stream *s)
{
	struct frame *f;

	if (s->due & TQUIC_STREAM_DUE_RESET) {
		f = put_frame(p, e, s->flags & TQUIC_STREAM_RESET_AT ? F_RESET_AT : F_RESET, s);
		f->value = s->txc.used;
		f->off = s->tx_reliable;
		tquic_stream_clear_due(&p->end[e], s, TQUIC_STREAM_DUE_RESET);
	} else if (s->due & TQUIC_STREAM_DUE_STOP) {
		put_frame(p, e, F_STOP, s);
		tquic_stream_clear_due(&p->end[e], s, TQUIC_STREAM_DUE_STOP);
	} else if (s->due & TQUIC_STREAM_DUE_MAX_DATA) {
		f = put_frame(p, e, F_MAX_STREAM_DATA, s);
		f->value = tquic_credit_rx_advertise(&s->rxc);
		tquic_stream_clear_due(&p->end[e], s, TQUIC_STREAM_DUE_MAX_DATA);
	} else {
		tquic_stream_clear_due(&p->end[e], s, TQUIC_STREAM_DUE_BLOCKED);
	}
}

static bool emit_data(struct pair *p, u8 e, struct tquic_stream *s)
{
	struct frame *f;
	bool fin;
	u64 off;
	u32 len;

	len = tquic_stream_tx_next(&p->end[e], s, 1 + below(700), &off, &fin);
	if (!len && !fin && !(s->flags & TQUIC_STREAM_ANNOUNCE))
		return false;
	f = put_frame(p, e, F_STREAM, s);
	f->off = off;
	f->len = len;
	f->fin = fin;
	f->skb = alloc_skb(len + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(p->test, f->skb);
	tquic_sendbuf_copy(&s->sb, off, len, skb_put(f->skb, len));
	tquic_stream_tx_sent(&p->end[e], s, off, len, fin);
	return true;
}

static void emit(struct pair *p, u8 e)
{
	struct tquic_streams *ss = &p->end[e];
	struct tquic_stream *s;
	int uni;

	if (p->nr + 4 > WIRE)
		return;
	if (tquic_credit_rx_due(&ss->rx))
		put_frame(p, e, F_MAX_DATA, NULL)->value = tquic_credit_rx_advertise(&ss->rx);
	for (uni = 0; uni < 2; uni++) {
		if (!tquic_credit_rx_due(&ss->peer[uni]))
			continue;
		put_frame(p, e, F_MAX_STREAMS, NULL)->value =
			tquic_credit_rx_advertise(&ss->peer[uni]);
		p->wire[p->nr - 1].sid = uni;
	}
	s = list_first_entry_or_null(&ss->ctl_ready, struct tquic_stream, ctl_node);
	if (s) {
		emit_control(p, e, s);
		return;
	}
	list_for_each_entry(s, &ss->tx_ready, tx_node)
		if (emit_data(p, e, s))
			return;
}

static void deliver(struct pair *p, const struct frame *f)
{
	bool send_part = f->type == F_STOP || f->type == F_MAX_STREAM_DATA;
	struct tquic_streams *ss = &p->end[!f->from];
	struct tquic_stream *s = NULL;
	int ret = 0;

	if (f->type <= F_MAX_STREAM_DATA) {
		ret = tquic_stream_from_peer(ss, f->sid, send_part, GFP_KERNEL, &s);
		KUNIT_ASSERT_EQ(p->test, ret, 0);
		if (!s)
			return;
	}
	if (f->type == F_STREAM)
		ret = tquic_stream_rx_data(ss, s, f->off, f->skb->data, f->len, f->fin, f->skb,
					   GFP_KERNEL);
	else if (f->type == F_RESET)
		ret = tquic_stream_rx_reset(ss, s, 3, f->value, 0);
	else if (f->type == F_RESET_AT)
		ret = tquic_stream_rx_reset(ss, s, 3, f->value, f->off);
	else if (f->type == F_STOP)
		tquic_stream_rx_stop(ss, s, 2);
	else if (f->type == F_MAX_STREAM_DATA)
		tquic_stream_max_data(ss, s, f->value);
	else if (f->type == F_MAX_DATA)
		tquic_credit_tx_raise(&ss->tx, f->value);
	else
		tquic_credit_tx_raise(&ss->open[f->sid], f->value);
	KUNIT_ASSERT_EQ(p->test, ret, 0);
}

static void lost(struct pair *p, const struct frame *f)
{
	struct tquic_streams *ss = &p->end[f->from];

	if (f->type == F_STREAM)
		tquic_stream_tx_lost(ss, f->s, f->off, f->len, f->fin);
	else if (f->type == F_RESET || f->type == F_RESET_AT)
		tquic_stream_set_due(ss, f->s, TQUIC_STREAM_DUE_RESET);
	else if (f->type == F_STOP)
		tquic_stream_set_due(ss, f->s, TQUIC_STREAM_DUE_STOP);
	else if (f->type == F_MAX_STREAM_DATA)
		tquic_stream_set_due(ss, f->s, TQUIC_STREAM_DUE_MAX_DATA);
	else
		p->wire[p->nr++] = *f;
}

/* One frame arrives, or does not, or does and the sender thinks it did not, or arrives twice. */
static void fate(struct pair *p)
{
	u32 luck = p->lossless ? 0 : below(10), i = below(p->nr);
	struct frame f = p->wire[i];

	if (luck != 9)
		deliver(p, &f);
	if (luck == 7)
		return;
	p->wire[i] = p->wire[--p->nr];
	if (luck >= 8)
		lost(p, &f);
	else if (f.type == F_STREAM)
		tquic_stream_tx_acked(&p->end[f.from], f.s, f.off, f.len, f.fin);
	else if (f.type == F_RESET)
		tquic_stream_reset_acked(&p->end[f.from], f.s);
	else if (f.type == F_RESET_AT)
		tquic_stream_reset_at_acked(&p->end[f.from], f.s, f.off);
	if (f.s)
		tquic_stream_put(&p->end[f.from], f.s);
	if (f.skb)
		kfree_skb(f.skb);
}

static void app_write(struct pair *p, struct tquic_streams *ss, struct tquic_stream *s)
{
	u32 i, len = 1 + below(600);
	struct page *page;
	u8 *b;

	if (!tquic_stream_can_send(ss, s->id))
		return;
	if (!below(40))		/* also after the end, and again: fails when that is wrong */
		tquic_stream_reset_at(ss, s, 3, below(s->sb.end_off + 1));
	if (s->flags & TQUIC_STREAM_FIN || s->tx_state > QUIC_STREAM_SEND_STATE_SEND ||
	    tquic_stream_tx_reset(s))
		return;
	switch (below(16)) {
	case 0:
		tquic_stream_finish(ss, s);
		return;
	case 1:
		tquic_stream_announce(ss, s);
		return;
	case 2:
		if (!below(4))
			tquic_stream_reset(ss, s, 3);
		return;
	}
	page = alloc_pages(GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_NULL(p->test, page);
	b = page_address(page);
	for (i = 0; i < len; i++)
		b[i] = pattern(s->id, s->sb.end_off + i);
	KUNIT_ASSERT_EQ(p->test, tquic_stream_append(ss, s, page, 0, len, NULL, GFP_KERNEL), 0);
	put_page(page);
}

static void app_read(struct pair *p, struct tquic_streams *ss)
{
	struct tquic_stream *s;
	const u8 *data;
	u32 len, i;

	s = list_first_entry_or_null(&ss->rx_ready, struct tquic_stream, rx_node);
	if (!s)
		return;
	if (s->rx_state == QUIC_STREAM_RECV_STATE_RESET_RECVD) {
		KUNIT_ASSERT_GE(p->test, s->rb.read_off, s->rx_reliable);
		p->cut += s->rx_reliable > 0;
		tquic_stream_read_end(ss, s);
		return;
	}
	len = tquic_recvbuf_peek(&s->rb, s->rb.read_off, &data);
	if (len) {
		for (i = 0; i < len; i++)
			KUNIT_ASSERT_EQ(p->test, data[i], pattern(s->id, s->rb.read_off + i));
		tquic_stream_consumed(ss, s, 1 + below(len), 1000, 1000);
	}
	if (s->rx_state == QUIC_STREAM_RECV_STATE_RECVD && s->rx_final == s->rb.read_off)
		tquic_stream_read_end(ss, s);
	else if (!p->lossless && !below(60))
		tquic_stream_stop(ss, s, 4);
}

static void app(struct pair *p, u8 e)
{
	struct tquic_streams *ss = &p->end[e];
	struct tquic_stream *s;
	bool uni = below(2);

	app_read(p, ss);
	if (!below(6) && ss->open[uni].used < OPEN_MAX)
		tquic_stream_open(ss, tquic_stream_next_id(ss, uni), GFP_KERNEL, &s);
	s = tquic_stream_find(ss, below(4 * OPEN_MAX));
	if (s && ss->held_bytes < 20000)
		app_write(p, ss, s);
}

/* Everything is finished, nothing is lost any more: it has to come to an end. */
static void wind_up(struct pair *p)
{
	u32 i, turns = 0;
	struct tquic_stream *s;
	struct rb_node *n;
	u8 e;

	p->lossless = true;
	while ((p->end[0].count || p->end[1].count || p->nr) && turns++ < 30000) {
		for (e = 0; e < 2; e++) {
			for (n = rb_first(&p->end[e].root); n; n = rb_next(n)) {
				s = rb_entry(n, struct tquic_stream, node);
				tquic_stream_finish(&p->end[e], s);
			}
			for (i = 0; i < 4; i++)
				app_read(p, &p->end[e]);
			emit(p, e);
		}
		if (p->nr)
			fate(p);
	}
}

static void check_pair(struct pair *p)
{
	struct tquic_streams *ss, *other;
	int e, uni;

	for (e = 0; e < 2; e++) {
		ss = &p->end[e];
		other = &p->end[!e];
		KUNIT_EXPECT_EQ(p->test, ss->count, 0U);
		KUNIT_EXPECT_EQ(p->test, ss->held_bytes, 0ULL);
		KUNIT_EXPECT_GT(p->test, ss->tx.used, 10000ULL);
		KUNIT_EXPECT_EQ(p->test, ss->tx.used, other->rx.received);
		KUNIT_EXPECT_EQ(p->test, ss->rx.consumed, ss->rx.received);
		for (uni = 0; uni < 2; uni++) {
			KUNIT_EXPECT_EQ(p->test, ss->open[uni].used, other->peer[uni].received);
			KUNIT_EXPECT_EQ(p->test, ss->peer[uni].consumed, ss->peer[uni].received);
		}
		tquic_streams_free(ss);
	}
}

static void stream_pair(struct kunit *test)
{
	struct pair *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	u32 round, i, cut = 0;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (round = 0; round < 10; round++) {
		memset(p, 0, sizeof(*p));
		p->test = test;
		p->tp = limits;
		for (i = 0; i < 2; i++) {
			tquic_streams_init(&p->end[i], i, &p->tp, &p->tp, 4 * WINDOW);
			tquic_streams_apply_remote(&p->end[i]);
		}
		for (i = 0; i < 4000; i++) {
			app(p, i & 1);
			emit(p, i & 1);
			if (p->nr && (p->nr + 8 > WIRE || below(2)))
				fate(p);
		}
		wind_up(p);
		cut += p->cut;
		check_pair(p);
	}
	KUNIT_EXPECT_GT(test, cut, 0U);
}

static int stream_pair_begin(struct kunit_suite *suite)
{
	return tquic_recvbuf_setup() ?: tquic_stream_setup();
}

static void stream_pair_end(struct kunit_suite *suite)
{
	tquic_stream_teardown();
	tquic_recvbuf_teardown();
}

static struct kunit_case stream_pair_cases[] = {
	KUNIT_CASE(stream_pair),
	{}
};

static struct kunit_suite stream_pair_suite = {
	.name = "tquic_stream_pair",
	.suite_init = stream_pair_begin,
	.suite_exit = stream_pair_end,
	.test_cases = stream_pair_cases,
};

kunit_test_suite(stream_pair_suite);

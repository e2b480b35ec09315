// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of stream.c: the state tables of RFC 9000 section 3, limits and final
 * sizes case by case.  Resets are in stream_reset_kunit.c, two ends that talk in
 * stream_pair_kunit.c.
 */
#include "fault.h"
#include "stream_fixture.h"

static void stream_open_ids(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s, *again;
	u64 sid;

	KUNIT_EXPECT_EQ(test, f->ss.newest, -1LL);
	KUNIT_EXPECT_EQ(test, tquic_stream_open(&f->ss, 4, GFP_KERNEL, &s), -EINVAL);
	for (sid = 0; sid < 16; sid += 4) {
		KUNIT_EXPECT_EQ(test, tquic_stream_next_id(&f->ss, false), sid);
		s = own(test, sid);
		KUNIT_EXPECT_EQ(test, f->ss.newest, (s64)sid);
		KUNIT_EXPECT_EQ(test, tquic_stream_open(&f->ss, sid, GFP_KERNEL, &again), 0);
		KUNIT_EXPECT_PTR_EQ(test, s, again);
		KUNIT_EXPECT_PTR_EQ(test, s, tquic_stream_find(&f->ss, sid));
	}
	KUNIT_EXPECT_EQ(test, tquic_stream_open(&f->ss, 16, GFP_KERNEL, &s), -EAGAIN);
	KUNIT_EXPECT_TRUE(test, tquic_credit_tx_blocked(&f->ss.open[0]));
	KUNIT_EXPECT_EQ(test, tquic_stream_next_id(&f->ss, true), 2ULL);
	KUNIT_EXPECT_EQ(test, tquic_stream_open(&f->ss, PEER_BIDI, GFP_KERNEL, &s), -EINVAL);
	KUNIT_EXPECT_EQ(test, f->ss.count, 4U);
	KUNIT_EXPECT_NULL(test, tquic_stream_find(&f->ss, 16));
}

struct from_peer {
	u64 sid;
	bool send_part;
	int ret;
};

/* Streams 0 and 2 are ours and open, 4 and 6 are not. */
static const struct from_peer from_peer[] = {
	{ OWN_BIDI, false, 0 }, { OWN_BIDI, true, 0 },
	{ OWN_UNI, false, STATE }, { OWN_UNI, true, 0 },
	{ 4, false, STATE }, { 4, true, STATE }, { 6, true, STATE }, { 6, false, STATE },
	{ PEER_BIDI, false, 0 }, { PEER_BIDI, true, 0 },
	{ PEER_UNI, false, 0 }, { PEER_UNI, true, STATE },
	{ 13, false, 0 }, { 13, true, 0 }, { 15, false, 0 },
	{ 17, false, COUNT }, { 17, true, COUNT }, { 19, false, COUNT },
	{ TQUIC_VARINT_MAX, false, COUNT },
};

static void describe(const struct from_peer *p, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "stream %llu, %s part", p->sid,
		 p->send_part ? "send" : "receive");
}

KUNIT_ARRAY_PARAM(from_peer, from_peer, describe);

static void stream_from_peer(struct kunit *test)
{
	const struct from_peer *p = test->param_value;
	struct fixture *f = test->priv;
	struct tquic_stream *s;

	own(test, OWN_BIDI);
	own(test, OWN_UNI);
	KUNIT_EXPECT_EQ(test, tquic_stream_from_peer(&f->ss, p->sid, p->send_part, GFP_KERNEL, &s),
			p->ret);
	KUNIT_EXPECT_EQ(test, !s, p->ret != 0);
	if (s)
		KUNIT_EXPECT_EQ(test, s->id, p->sid);
}

/* A higher number opens the lower ones, which are made when they are named. */
static void stream_implicit(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s;

	peers(test, 11);
	KUNIT_EXPECT_EQ(test, f->ss.count, 1U);
	KUNIT_EXPECT_EQ(test, f->ss.peer[1].received, 3ULL);
	KUNIT_EXPECT_NULL(test, tquic_stream_find(&f->ss, 3));
	KUNIT_EXPECT_EQ(test, tquic_stream_open(&f->ss, 7, GFP_KERNEL, &s), 0);
	KUNIT_EXPECT_EQ(test, tquic_stream_open(&f->ss, 15, GFP_KERNEL, &s), -EINVAL);
	s = peers(test, 3);
	KUNIT_EXPECT_EQ(test, f->ss.count, 3U);
	KUNIT_EXPECT_EQ(test, f->ss.peer[1].received, 3ULL);
	/* over: remembered, and another may be opened */
	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 0, true), 0);
	tquic_stream_read_end(&f->ss, s);
	KUNIT_EXPECT_EQ(test, f->ss.count, 2U);
	KUNIT_EXPECT_EQ(test, f->ss.peer[1].consumed, 1ULL);
	KUNIT_EXPECT_EQ(test, tquic_stream_from_peer(&f->ss, 3, false, GFP_KERNEL, &s), 0);
	KUNIT_EXPECT_NULL(test, s);
	KUNIT_EXPECT_EQ(test, tquic_stream_open(&f->ss, 3, GFP_KERNEL, &s), -EINVAL);
	s = tquic_stream_find(&f->ss, 7);
	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 0, true), 0);
	tquic_stream_read_end(&f->ss, s);
	KUNIT_EXPECT_TRUE(test, tquic_credit_rx_due(&f->ss.peer[1]));
	KUNIT_EXPECT_EQ(test, tquic_credit_rx_advertise(&f->ss.peer[1]), 6ULL);
	KUNIT_EXPECT_EQ(test, tquic_stream_from_peer(&f->ss, 19, false, GFP_KERNEL, &s), 0);
}

/* Section 3.1, figure 2: Ready, Send, Data Sent, Data Recvd */
static void stream_send_states(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = own(test, OWN_UNI);

	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_READY);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->tx_node));
	KUNIT_EXPECT_EQ(test, write_bytes(test, s, 100), 0);
	KUNIT_EXPECT_EQ(test, f->ss.held_bytes, 100ULL);
	KUNIT_EXPECT_EQ(test, send_all(test, s, 60), 2U);
	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_SEND);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->tx_node));
	tquic_stream_finish(&f->ss, s);
	KUNIT_EXPECT_EQ(test, write_bytes(test, s, 1), -EPIPE);
	KUNIT_EXPECT_EQ(test, send_all(test, s, 60), 1U);
	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_SENT);
	tquic_stream_get(s);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_acked(&f->ss, s, 60, 40, false), 0U);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_acked(&f->ss, s, 100, 0, true), 0U);
	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_SENT);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_acked(&f->ss, s, 0, 60, false), 100U);
	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_RECVD);
	KUNIT_EXPECT_EQ(test, f->last_state, QUIC_STREAM_SEND_STATE_RECVD);
	/* out of the tree, in memory until the record is gone */
	KUNIT_EXPECT_EQ(test, f->ss.count, 0U);
	KUNIT_EXPECT_TRUE(test, s->flags & TQUIC_STREAM_DEAD);
	KUNIT_EXPECT_EQ(test, page_count(f->page), 1);
	tquic_stream_tx_lost(&f->ss, s, 0, 60, false);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->ss.tx_ready));
	tquic_stream_put(&f->ss, s);
}

/* A FIN with the last bytes; lost, it comes again with them. */
static void stream_fin(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = own(test, OWN_BIDI);
	bool fin;
	u64 off;

	KUNIT_EXPECT_EQ(test, write_bytes(test, s, 100), 0);
	tquic_stream_finish(&f->ss, s);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_next(&f->ss, s, 99, &off, &fin), 99U);
	KUNIT_EXPECT_FALSE(test, fin);
	KUNIT_EXPECT_EQ(test, send_all(test, s, 50), 2U);
	tquic_stream_tx_lost(&f->ss, s, 50, 50, true);
	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_SENT);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_next(&f->ss, s, 30, &off, &fin), 30U);
	KUNIT_EXPECT_FALSE(test, fin);
	tquic_stream_tx_sent(&f->ss, s, off, 30, fin);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_next(&f->ss, s, 30, &off, &fin), 20U);
	KUNIT_EXPECT_TRUE(test, fin);
	KUNIT_EXPECT_EQ(test, off, 80ULL);
	KUNIT_EXPECT_EQ(test, f->ss.tx.used, 100ULL);
	/* the first copy arrived after all */
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_acked(&f->ss, s, 0, 50, false), 50U);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_acked(&f->ss, s, 50, 50, true), 50U);
	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_RECVD);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->tx_node));
	KUNIT_EXPECT_EQ(test, f->ss.count, 1U);
}

static void stream_fin_alone(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = own(test, OWN_BIDI);
	bool fin;
	u64 off;

	KUNIT_EXPECT_EQ(test, write_bytes(test, s, 10), 0);
	send_all(test, s, 50);
	tquic_stream_finish(&f->ss, s);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_next(&f->ss, s, 50, &off, &fin), 0U);
	KUNIT_EXPECT_TRUE(test, fin);
	KUNIT_EXPECT_EQ(test, off, 10ULL);
	tquic_stream_tx_sent(&f->ss, s, 10, 0, true);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->tx_node));
	tquic_stream_tx_lost(&f->ss, s, 10, 0, true);
	KUNIT_EXPECT_FALSE(test, list_empty(&s->tx_node));
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_next(&f->ss, s, 50, &off, &fin), 0U);
	KUNIT_EXPECT_TRUE(test, fin);
	/* no room for the lost bytes is no reason to end the stream before them */
	tquic_stream_tx_lost(&f->ss, s, 0, 10, false);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_next(&f->ss, s, 0, &off, &fin), 0U);
	KUNIT_EXPECT_FALSE(test, fin);
}

static void stream_announce(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = own(test, OWN_BIDI);
	bool fin;
	u64 off;

	tquic_stream_announce(&f->ss, s);
	KUNIT_EXPECT_FALSE(test, list_empty(&s->tx_node));
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_next(&f->ss, s, 50, &off, &fin), 0U);
	KUNIT_EXPECT_FALSE(test, fin);
	KUNIT_EXPECT_EQ(test, off, 0ULL);
	tquic_stream_tx_sent(&f->ss, s, 0, 0, false);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->tx_node));
	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_SEND);
	tquic_stream_tx_lost(&f->ss, s, 0, 0, false);
	KUNIT_EXPECT_FALSE(test, list_empty(&s->tx_node));
	/* bytes announce it as well */
	write_bytes(test, s, 5);
	KUNIT_EXPECT_EQ(test, send_all(test, s, 50), 1U);
	tquic_stream_tx_lost(&f->ss, s, 0, 0, false);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->tx_node));
	tquic_stream_announce(&f->ss, s);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->tx_node));
}

static void stream_tx_credit(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = own(test, OWN_BIDI);

	KUNIT_EXPECT_EQ(test, write_bytes(test, s, 1500), 0);
	KUNIT_EXPECT_EQ(test, s->due, 0);
	KUNIT_EXPECT_EQ(test, send_all(test, s, 400), 3U);
	KUNIT_EXPECT_EQ(test, s->txc.used, 1000ULL);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->tx_node));
	KUNIT_EXPECT_EQ(test, s->due, TQUIC_STREAM_DUE_BLOCKED);
	KUNIT_EXPECT_FALSE(test, list_empty(&s->ctl_node));
	tquic_stream_clear_due(&f->ss, s, TQUIC_STREAM_DUE_BLOCKED);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->ctl_node));
	/* lost bytes need none */
	tquic_stream_tx_lost(&f->ss, s, 0, 400, false);
	KUNIT_EXPECT_EQ(test, send_all(test, s, 400), 1U);
	KUNIT_EXPECT_EQ(test, f->ss.tx.used, 1000ULL);
	KUNIT_EXPECT_EQ(test, s->due, 0);
	tquic_stream_set_due(&f->ss, s, TQUIC_STREAM_DUE_BLOCKED);
	KUNIT_EXPECT_EQ(test, s->due, TQUIC_STREAM_DUE_BLOCKED);
	tquic_stream_max_data(&f->ss, s, 1200);
	KUNIT_EXPECT_EQ(test, s->due, 0);
	KUNIT_EXPECT_EQ(test, send_all(test, s, 400), 1U);
	KUNIT_EXPECT_EQ(test, s->txc.used, 1200ULL);
	KUNIT_EXPECT_EQ(test, s->due, TQUIC_STREAM_DUE_BLOCKED);
}

/* A writer that stops at its credit is blocked too, with nothing left to send. */
static void stream_tx_credit_writer(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = own(test, OWN_BIDI);

	write_bytes(test, s, 999);
	send_all(test, s, 2000);
	tquic_stream_set_due(&f->ss, s, TQUIC_STREAM_DUE_BLOCKED);
	KUNIT_EXPECT_EQ(test, s->due, 0);
	write_bytes(test, s, 1);
	send_all(test, s, 2000);
	KUNIT_EXPECT_EQ(test, s->due, 0);
	tquic_stream_set_due(&f->ss, s, TQUIC_STREAM_DUE_BLOCKED);
	KUNIT_EXPECT_EQ(test, s->due, TQUIC_STREAM_DUE_BLOCKED);
}

/* The connection's credit holds new bytes back, but streams stay on tx_ready. */
static void stream_tx_connection_credit(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = own(test, OWN_BIDI);
	bool fin;
	u64 off;

	f->ss.tx.used = f->ss.tx.max - 100;
	KUNIT_EXPECT_EQ(test, write_bytes(test, s, 500), 0);
	KUNIT_EXPECT_EQ(test, send_all(test, s, 400), 1U);
	KUNIT_EXPECT_EQ(test, s->txc.used, 100ULL);
	KUNIT_EXPECT_FALSE(test, list_empty(&s->tx_node));
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_next(&f->ss, s, 400, &off, &fin), 0U);
	KUNIT_EXPECT_FALSE(test, fin);
	tquic_stream_tx_lost(&f->ss, s, 0, 50, false);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_next(&f->ss, s, 400, &off, &fin), 50U);
	KUNIT_EXPECT_TRUE(test, tquic_credit_tx_raise(&f->ss.tx, f->ss.tx.max + 10));
	KUNIT_EXPECT_FALSE(test, tquic_credit_tx_raise(&f->ss.tx, 5));
	KUNIT_EXPECT_EQ(test, send_all(test, s, 400), 2U);
	KUNIT_EXPECT_EQ(test, s->txc.used, 110ULL);
}

/* One frame each in turn; what was lost comes first. */
static void stream_round_robin(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *a = own(test, 0), *b = own(test, 4), *s;
	u32 len, i;
	bool fin;
	u64 off;

	write_bytes(test, a, 300);
	write_bytes(test, b, 300);
	for (i = 0; i < 4; i++) {
		s = list_first_entry(&f->ss.tx_ready, struct tquic_stream, tx_node);
		KUNIT_EXPECT_PTR_EQ(test, s, i & 1 ? b : a);
		len = tquic_stream_tx_next(&f->ss, s, 100, &off, &fin);
		tquic_stream_tx_sent(&f->ss, s, off, len, fin);
	}
	tquic_stream_tx_lost(&f->ss, b, 0, 100, false);
	KUNIT_EXPECT_PTR_EQ(test, f->ss.tx_ready.next, &b->tx_node);
}

/* The stream that frames of 100 bytes come from, one after the other */
static u64 turn(struct fixture *f)
{
	struct tquic_stream *s = list_first_entry(&f->ss.tx_ready, struct tquic_stream, tx_node);
	u32 len;
	bool fin;
	u64 off;

	len = tquic_stream_tx_next(&f->ss, s, 100, &off, &fin);
	tquic_stream_tx_sent(&f->ss, s, off, len, fin);
	return s->id;
}

/* RFC 9218 section 4: by urgency; equals in turns, or one to its end before the next */
static void stream_priorities(struct kunit *test)
{
	static const u64 order[] = { 8, 8, 12, 0, 4, 0, 4 };
	struct fixture *f = test->priv;
	struct tquic_stream *s[4];
	u32 i;

	for (i = 0; i < 4; i++) {
		s[i] = own(test, 4 * i);
		write_bytes(test, s[i], 200);
	}
	tquic_stream_prioritize(&f->ss, s[0], 7, false);
	tquic_stream_prioritize(&f->ss, s[1], 7, false);
	tquic_stream_prioritize(&f->ss, s[3], 3, true);
	tquic_stream_prioritize(&f->ss, s[2], 0, true);
	KUNIT_EXPECT_EQ(test, turn(f), 8ULL);
	tquic_stream_prioritize(&f->ss, s[2], 3, true);		/* behind its new equal */
	KUNIT_EXPECT_EQ(test, turn(f), 12ULL);
	tquic_stream_prioritize(&f->ss, s[2], 2, true);
	for (i = 1; i < ARRAY_SIZE(order); i++)
		KUNIT_EXPECT_EQ_MSG(test, turn(f), order[i], "turn %u", i);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->ss.tx_ready));
}

/* Zero limits before the peer's parameters are known */
static void stream_apply_remote(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s;

	tquic_streams_free(&f->ss);
	memset(&f->remote, 0, sizeof(f->remote));
	tquic_streams_init(&f->ss, false, &f->local, &f->remote, WINDOW);
	KUNIT_EXPECT_EQ(test, tquic_stream_open(&f->ss, 0, GFP_KERNEL, &s), -EAGAIN);
	f->ss.open[0].max = 1;		/* remembered for 0-RTT */
	s = own(test, 0);
	write_bytes(test, s, 10);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->tx_node));
	windows(&f->remote);
	tquic_streams_apply_remote(&f->ss);
	KUNIT_EXPECT_FALSE(test, list_empty(&s->tx_node));
	KUNIT_EXPECT_EQ(test, s->due, 0);
	KUNIT_EXPECT_EQ(test, f->ss.open[0].max, 4ULL);
	KUNIT_EXPECT_EQ(test, send_all(test, s, 50), 1U);
}

static void stream_rx_stop(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = own(test, OWN_BIDI);

	write_bytes(test, s, 200);
	send_all(test, s, 50);
	tquic_stream_rx_stop(&f->ss, s, 9);
	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_RESET_SENT);
	KUNIT_EXPECT_EQ(test, s->tx_err, 9ULL);
	KUNIT_EXPECT_EQ(test, s->rx_err, 9ULL);
	KUNIT_EXPECT_EQ(test, f->last_state, QUIC_STREAM_SEND_STATE_RESET_SENT);
	KUNIT_EXPECT_EQ(test, s->rx_state, QUIC_STREAM_RECV_STATE_RECV);
	tquic_stream_rx_stop(&f->ss, s, 10);
	KUNIT_EXPECT_EQ(test, s->tx_err, 9ULL);
}

/* Section 3.2, figure 3: Recv, Size Known, Data Recvd, Data Read */
static void stream_recv_states(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = peers(test, PEER_UNI);

	KUNIT_EXPECT_EQ(test, rx(test, s, 100, 100, false), 0);
	KUNIT_EXPECT_EQ(test, s->rx_state, QUIC_STREAM_RECV_STATE_RECV);
	KUNIT_EXPECT_EQ(test, f->updates, 1U);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->rx_node));
	KUNIT_EXPECT_EQ(test, rx(test, s, 250, 50, true), 0);
	KUNIT_EXPECT_EQ(test, s->rx_state, QUIC_STREAM_RECV_STATE_SIZE_KNOWN);
	KUNIT_EXPECT_EQ(test, f->updates, 2U);
	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 100, false), 0);
	KUNIT_EXPECT_FALSE(test, list_empty(&s->rx_node));
	tquic_stream_consumed(&f->ss, s, 200, 100, 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->rx_node));
	KUNIT_EXPECT_EQ(test, rx(test, s, 200, 50, false), 0);
	KUNIT_EXPECT_EQ(test, s->rx_state, QUIC_STREAM_RECV_STATE_RECVD);
	KUNIT_EXPECT_EQ(test, f->updates, 3U);
	KUNIT_EXPECT_NE(test, s->rx_final, s->rb.read_off);
	tquic_stream_consumed(&f->ss, s, 100, 100, 1);
	KUNIT_EXPECT_EQ(test, s->rx_final, s->rb.read_off);
	KUNIT_EXPECT_FALSE(test, list_empty(&s->rx_node));
	tquic_stream_read_end(&f->ss, s);
	KUNIT_EXPECT_EQ(test, f->ss.count, 0U);
	KUNIT_EXPECT_EQ(test, f->ss.rx.received, 300ULL);
	KUNIT_EXPECT_EQ(test, f->ss.rx.consumed, 300ULL);
}

static void stream_final_size(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = peers(test, PEER_UNI);

	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 100, false), 0);
	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 99, true), FINAL);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 1, 99, 0), FINAL);
	KUNIT_EXPECT_EQ(test, rx(test, s, 150, 50, true), 0);
	KUNIT_EXPECT_EQ(test, rx(test, s, 150, 50, true), 0);
	KUNIT_EXPECT_EQ(test, rx(test, s, 150, 49, true), FINAL);
	KUNIT_EXPECT_EQ(test, rx(test, s, 150, 51, false), FINAL);
	KUNIT_EXPECT_EQ(test, rx(test, s, 201, 0, true), FINAL);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 1, 201, 0), FINAL);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 1, 199, 0), FINAL);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 1, 200, 0), 0);
	KUNIT_EXPECT_EQ(test, s->rx_state, QUIC_STREAM_RECV_STATE_RESET_RECVD);
	KUNIT_EXPECT_EQ(test, rx(test, s, 200, 1, false), FINAL);
	KUNIT_EXPECT_EQ(test, rx(test, s, 100, 50, false), 0);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 2, 300, 0), FINAL);
}

static void stream_rx_credit(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s;
	u64 sid;

	s = peers(test, PEER_UNI);
	KUNIT_EXPECT_EQ(test, rx(test, s, 900, 101, false), FLOW);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 1, 1001, 0), FLOW);
	KUNIT_EXPECT_EQ(test, rx(test, s, 999, 1, false), 0);
	for (sid = 7; sid <= 11; sid += 4)
		KUNIT_EXPECT_EQ(test, rx(test, peers(test, sid), 0, 1000, false), 0);
	/* the connection's 3000 are used up */
	s = peers(test, 15);
	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 1, false), FLOW);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 1, 1, 0), FLOW);
	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 0, true), 0);
	KUNIT_EXPECT_EQ(test, f->ss.rx.received, 3000ULL);
	/* half a window read: updates are due on both levels */
	s = peers(test, 7);
	tquic_stream_consumed(&f->ss, s, 499, 0, 0);
	KUNIT_EXPECT_EQ(test, s->due, 0);
	tquic_stream_consumed(&f->ss, s, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, s->due, TQUIC_STREAM_DUE_MAX_DATA);
	KUNIT_EXPECT_FALSE(test, tquic_credit_rx_due(&f->ss.rx));
	tquic_stream_consumed(&f->ss, peers(test, 11), 1000, 0, 0);
	KUNIT_EXPECT_TRUE(test, tquic_credit_rx_due(&f->ss.rx));
	KUNIT_EXPECT_EQ(test, tquic_credit_rx_advertise(&s->rxc), 1500ULL);
	tquic_stream_clear_due(&f->ss, s, TQUIC_STREAM_DUE_MAX_DATA);
	KUNIT_EXPECT_EQ(test, rx(test, s, 1000, 0, true), 0);
	tquic_stream_set_due(&f->ss, s, TQUIC_STREAM_DUE_MAX_DATA);
	KUNIT_EXPECT_EQ(test, s->due, 0);
}

/* STOP_SENDING is still sent when the size is known, not when all is here. */
static void stream_stop_late(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = peers(test, PEER_UNI);

	KUNIT_EXPECT_EQ(test, rx(test, s, 100, 100, true), 0);
	tquic_stream_stop(&f->ss, s, 8);
	KUNIT_EXPECT_EQ(test, s->due, TQUIC_STREAM_DUE_STOP);
	tquic_stream_get(s);
	tquic_stream_clear_due(&f->ss, s, TQUIC_STREAM_DUE_STOP);
	KUNIT_EXPECT_EQ(test, f->ss.count, 0U);
	tquic_stream_set_due(&f->ss, s, TQUIC_STREAM_DUE_STOP);
	KUNIT_EXPECT_EQ(test, s->due, 0);
	tquic_stream_put(&f->ss, s);

	s = peers(test, 7);
	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 200, true), 0);
	tquic_stream_stop(&f->ss, s, 8);
	KUNIT_EXPECT_EQ(test, f->ss.count, 0U);

	/* a FIN after STOP_SENDING went out ends it as well */
	s = peers(test, 11);
	tquic_stream_stop(&f->ss, s, 8);
	tquic_stream_clear_due(&f->ss, s, TQUIC_STREAM_DUE_STOP);
	KUNIT_EXPECT_EQ(test, rx(test, s, 10, 20, true), 0);
	KUNIT_EXPECT_EQ(test, f->ss.count, 0U);
	KUNIT_EXPECT_EQ(test, f->ss.rx.consumed, 430ULL);
}

/* Without memory for the numbers of closed streams they stay, and go later. */
static void stream_no_memory(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s;

	if (!fault_all(true))
		kunit_skip(test, "allocations cannot be made to fail here");
	KUNIT_EXPECT_EQ(test, tquic_stream_open(&f->ss, 0, GFP_KERNEL, &s), -ENOMEM);
	KUNIT_EXPECT_EQ(test, tquic_stream_from_peer(&f->ss, 15, false, GFP_KERNEL, &s), -ENOMEM);
	fault_all(false);
	KUNIT_EXPECT_EQ(test, tquic_stream_next_id(&f->ss, false), 0ULL);
	s = peers(test, 3);
	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 10, true), 0);
	tquic_stream_read_end(&f->ss, s);
	/* a second range of numbers needs memory */
	s = peers(test, 11);
	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 10, true), 0);
	fault_all(true);
	tquic_stream_read_end(&f->ss, s);
	fault_all(false);
	KUNIT_EXPECT_EQ(test, f->ss.count, 1U);
	KUNIT_EXPECT_EQ(test, f->ss.peer[1].consumed, 1ULL);
	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 10, true), 0);
	KUNIT_EXPECT_EQ(test, s->rx_state, QUIC_STREAM_RECV_STATE_READ);
	own(test, OWN_BIDI);
	KUNIT_EXPECT_NULL(test, tquic_stream_find(&f->ss, 11));
	KUNIT_EXPECT_EQ(test, f->ss.peer[1].consumed, 2ULL);
}

/* Streams and references in any order at the end of a connection */
static void stream_free_all(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = own(test, OWN_BIDI);

	write_bytes(test, s, 50);
	send_all(test, s, 30);
	tquic_stream_get(s);
	KUNIT_EXPECT_EQ(test, rx(test, peers(test, PEER_UNI), 5, 10, false), 0);
	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 10, false), 0);
	tquic_streams_free(&f->ss);
	KUNIT_EXPECT_EQ(test, f->ss.held_bytes, 0ULL);
	KUNIT_EXPECT_EQ(test, page_count(f->page), 1);
	KUNIT_EXPECT_EQ(test, refcount_read(&f->skb->users), 1);
	tquic_stream_tx_lost(&f->ss, s, 0, 30, false);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_acked(&f->ss, s, 30, 20, false), 0U);
	tquic_stream_put(&f->ss, s);
}

/* The connection is over: no page is held, and what comes late does no harm. */
static void stream_drop_tx(struct kunit *test)
{
	struct tquic_stream *s = own(test, OWN_BIDI), *t = own(test, OWN_UNI);
	struct fixture *f = test->priv;

	write_bytes(test, s, 50);
	write_bytes(test, t, 60);
	send_all(test, s, 30);
	tquic_stream_tx_lost(&f->ss, s, 0, 30, false);
	tquic_streams_drop_tx(&f->ss);
	KUNIT_EXPECT_EQ(test, f->ss.held_bytes, 0ULL);
	KUNIT_EXPECT_EQ(test, page_count(f->page), 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->ss.tx_ready));
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_acked(&f->ss, s, 0, 30, false), 0U);
	tquic_stream_tx_lost(&f->ss, s, 30, 20, false);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->tx_node));
	KUNIT_EXPECT_EQ(test, f->ss.held_bytes, 0ULL);
	tquic_streams_drop_tx(&f->ss);
}

static struct kunit_case stream_cases[] = {
	KUNIT_CASE(stream_open_ids),
	KUNIT_CASE_PARAM(stream_from_peer, from_peer_gen_params),
	KUNIT_CASE(stream_implicit),
	KUNIT_CASE(stream_send_states),
	KUNIT_CASE(stream_fin),
	KUNIT_CASE(stream_fin_alone),
	KUNIT_CASE(stream_announce),
	KUNIT_CASE(stream_tx_credit),
	KUNIT_CASE(stream_tx_credit_writer),
	KUNIT_CASE(stream_tx_connection_credit),
	KUNIT_CASE(stream_round_robin),
	KUNIT_CASE(stream_priorities),
	KUNIT_CASE(stream_apply_remote),
	KUNIT_CASE(stream_rx_stop),
	KUNIT_CASE(stream_recv_states),
	KUNIT_CASE(stream_final_size),
	KUNIT_CASE(stream_rx_credit),
	KUNIT_CASE(stream_stop_late),
	KUNIT_CASE(stream_no_memory),
	KUNIT_CASE(stream_free_all),
	KUNIT_CASE(stream_drop_tx),
	{}
};

FIXTURE_SUITE("tquic_stream", stream_cases);

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of stream.c: streams that do not come to their end, RFC 9000 section 3
 * and draft-ietf-quic-reliable-stream-reset: RESET_STREAM, RESET_STREAM_AT and
 * STOP_SENDING, on both sides.
 */
#include "stream_fixture.h"

/* Figure 2: Reset Sent, Reset Recvd, from each state that leads there */
static void stream_reset_states(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s;
	int i;

	for (i = 0; i < 3; i++) {
		s = own(test, OWN_UNI + 4 * i);
		write_bytes(test, s, 200);
		if (i == 2)
			tquic_stream_finish(&f->ss, s);
		if (i)
			send_all(test, s, 400);
		KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_READY + i);
		tquic_stream_reset(&f->ss, s, 77);
		KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_RESET_SENT);
		KUNIT_EXPECT_EQ(test, s->due, TQUIC_STREAM_DUE_RESET);
		KUNIT_EXPECT_EQ(test, s->tx_err, 77ULL);
		KUNIT_EXPECT_EQ(test, s->txc.used, i ? 200ULL : 0ULL);
		KUNIT_EXPECT_EQ(test, f->ss.held_bytes, 0ULL);
		KUNIT_EXPECT_TRUE(test, list_empty(&s->tx_node));
		KUNIT_EXPECT_EQ(test, write_bytes(test, s, 1), -EPIPE);
		tquic_stream_reset(&f->ss, s, 78);
		KUNIT_EXPECT_EQ(test, s->tx_err, 77ULL);
		tquic_stream_clear_due(&f->ss, s, TQUIC_STREAM_DUE_RESET);
		tquic_stream_tx_lost(&f->ss, s, 0, 200, false);
		KUNIT_EXPECT_TRUE(test, list_empty(&s->tx_node));
		tquic_stream_set_due(&f->ss, s, TQUIC_STREAM_DUE_RESET);
		KUNIT_EXPECT_EQ(test, s->due, TQUIC_STREAM_DUE_RESET);
		tquic_stream_reset_acked(&f->ss, s);
		KUNIT_EXPECT_EQ(test, f->last_state, QUIC_STREAM_SEND_STATE_RESET_RECVD);
		KUNIT_EXPECT_EQ(test, f->ss.count, 0U);
		KUNIT_EXPECT_TRUE(test, list_empty(&f->ss.ctl_ready));
	}
}

/* All but the first bytes is given up, sent or not; those arrive, whatever is lost */
static void stream_reset_at(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = own(test, OWN_UNI);
	bool fin;
	u64 off;

	write_bytes(test, s, 900);
	tquic_stream_tx_sent(&f->ss, s, 0, 400, false);
	tquic_stream_tx_lost(&f->ss, s, 200, 200, false);
	KUNIT_EXPECT_EQ(test, tquic_stream_reset_at(&f->ss, s, 77, 300), 0);
	KUNIT_EXPECT_EQ(test, f->last_state, QUIC_STREAM_SEND_STATE_SENT);
	KUNIT_EXPECT_EQ(test, s->due, TQUIC_STREAM_DUE_RESET);
	KUNIT_EXPECT_EQ(test, s->txc.used, 400ULL);
	KUNIT_EXPECT_EQ(test, f->ss.held_bytes, 400ULL);
	KUNIT_EXPECT_EQ(test, write_bytes(test, s, 1), -EPIPE);
	tquic_stream_finish(&f->ss, s);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_next(&f->ss, s, 500, &off, &fin), 100U);
	KUNIT_EXPECT_EQ(test, off, 200ULL);
	KUNIT_EXPECT_FALSE(test, fin);
	tquic_stream_tx_sent(&f->ss, s, 200, 100, false);
	tquic_stream_tx_lost(&f->ss, s, 100, 300, false);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_next(&f->ss, s, 500, &off, &fin), 200U);
	KUNIT_EXPECT_EQ(test, off, 100ULL);
	/* less may be promised later, not more, nor for another reason */
	KUNIT_EXPECT_EQ(test, tquic_stream_reset_at(&f->ss, s, 77, 301), -EINVAL);
	KUNIT_EXPECT_EQ(test, tquic_stream_reset_at(&f->ss, s, 78, 250), -EINVAL);
	KUNIT_EXPECT_EQ(test, tquic_stream_reset_at(&f->ss, s, 77, 250), 0);
	KUNIT_EXPECT_EQ(test, send_all(test, s, 500), 1U);
	KUNIT_EXPECT_EQ(test, tquic_stream_tx_acked(&f->ss, s, 0, 250, false), 250U);
	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_SENT);
	KUNIT_EXPECT_EQ(test, tquic_stream_reset_at_acked(&f->ss, s, 300), 0U);
	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_SENT);
	KUNIT_EXPECT_EQ(test, tquic_stream_reset_at_acked(&f->ss, s, 250), 150U);
	KUNIT_EXPECT_EQ(test, f->last_state, QUIC_STREAM_SEND_STATE_RECVD);
	KUNIT_EXPECT_EQ(test, f->ss.held_bytes, 0ULL);
	KUNIT_EXPECT_EQ(test, f->ss.count, 0U);
}

/* What was promised and not sent yet goes first; who gives that up too says the same reason */
static void stream_reset_at_later(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = own(test, OWN_UNI);

	write_bytes(test, s, 900);
	write_bytes(test, s, 700);
	KUNIT_EXPECT_EQ(test, tquic_stream_reset_at(&f->ss, s, 77, 1200), 0);
	KUNIT_EXPECT_EQ(test, f->ss.held_bytes, 1200ULL);
	KUNIT_EXPECT_EQ(test, s->due & TQUIC_STREAM_DUE_RESET, 0);
	send_all(test, s, 500);
	KUNIT_EXPECT_EQ(test, s->txc.used, (u64)WINDOW);
	KUNIT_EXPECT_EQ(test, s->due, TQUIC_STREAM_DUE_BLOCKED);
	tquic_stream_max_data(&f->ss, s, 2000);
	send_all(test, s, 500);
	KUNIT_EXPECT_EQ(test, s->txc.used, 1200ULL);
	KUNIT_EXPECT_EQ(test, s->due, TQUIC_STREAM_DUE_RESET);
	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_SENT);
	tquic_stream_reset(&f->ss, s, 78);
	KUNIT_EXPECT_EQ(test, s->tx_err, 77ULL);
	KUNIT_EXPECT_EQ(test, tquic_stream_reset_at_acked(&f->ss, s, 1200), 0U);
	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_RESET_SENT);
	tquic_stream_reset_acked(&f->ss, s);
	KUNIT_EXPECT_EQ(test, f->ss.count, 0U);
}

/* A reset gives the connection back what nobody will read. */
static void stream_rx_reset(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = peers(test, PEER_BIDI);

	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 500, false), 0);
	tquic_stream_consumed(&f->ss, s, 100, 0, 0);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 5, 800, 0), 0);
	KUNIT_EXPECT_EQ(test, s->rx_err, 5ULL);
	KUNIT_EXPECT_EQ(test, f->last_state, QUIC_STREAM_RECV_STATE_RESET_RECVD);
	KUNIT_EXPECT_EQ(test, f->ss.rx.received, 800ULL);
	KUNIT_EXPECT_EQ(test, f->ss.rx.consumed, 800ULL);
	KUNIT_EXPECT_EQ(test, refcount_read(&f->skb->users), 1);
	KUNIT_EXPECT_FALSE(test, list_empty(&s->rx_node));
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 6, 800, 0), 0);
	KUNIT_EXPECT_EQ(test, s->rx_err, 5ULL);
	tquic_stream_read_end(&f->ss, s);
	KUNIT_EXPECT_EQ(test, s->rx_state, QUIC_STREAM_RECV_STATE_RESET_READ);
	KUNIT_EXPECT_EQ(test, f->ss.count, 1U);
	tquic_stream_finish(&f->ss, s);
	send_all(test, s, 10);
	tquic_stream_tx_acked(&f->ss, s, 0, 0, true);
	KUNIT_EXPECT_EQ(test, f->ss.count, 0U);
	KUNIT_EXPECT_EQ(test, f->ss.peer[0].consumed, 1ULL);
}

/* The reader gets what was promised, then the reset; a promise only becomes less */
static void stream_rx_reset_at(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = peers(test, PEER_UNI);

	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 100, false), 0);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 5, 800, 400), 0);
	KUNIT_EXPECT_EQ(test, f->last_state, QUIC_STREAM_RECV_STATE_SIZE_KNOWN);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 6, 800, 400), STATE);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 5, 801, 400), FINAL);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 5, 800, 300), 0);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 5, 800, 500), 0);
	tquic_stream_consumed(&f->ss, s, 100, 0, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->rx_node));
	KUNIT_EXPECT_EQ(test, s->rx_state, QUIC_STREAM_RECV_STATE_SIZE_KNOWN);
	KUNIT_EXPECT_EQ(test, rx(test, s, 100, 250, false), 0);
	tquic_stream_consumed(&f->ss, s, 199, 0, 0);
	KUNIT_EXPECT_EQ(test, s->rx_state, QUIC_STREAM_RECV_STATE_SIZE_KNOWN);
	tquic_stream_consumed(&f->ss, s, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, f->last_state, QUIC_STREAM_RECV_STATE_RESET_RECVD);
	KUNIT_EXPECT_FALSE(test, list_empty(&s->rx_node));
	KUNIT_EXPECT_EQ(test, s->rx_err, 5ULL);
	KUNIT_EXPECT_EQ(test, f->ss.rx.consumed, 800ULL);
	tquic_stream_read_end(&f->ss, s);
	KUNIT_EXPECT_EQ(test, f->ss.count, 0U);
}

/* All of it is here, and yet the end is a reset; where it was read already, at once */
static void stream_rx_reset_at_whole(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = peers(test, PEER_UNI);

	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 5, 300, 300), 0);
	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 300, true), 0);
	KUNIT_EXPECT_EQ(test, s->rx_state, QUIC_STREAM_RECV_STATE_SIZE_KNOWN);
	tquic_stream_consumed(&f->ss, s, 300, 0, 0);
	KUNIT_EXPECT_EQ(test, s->rx_state, QUIC_STREAM_RECV_STATE_RESET_RECVD);
	tquic_stream_read_end(&f->ss, s);
	s = peers(test, PEER_UNI + 4);
	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 300, false), 0);
	tquic_stream_consumed(&f->ss, s, 300, 0, 0);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 5, 300, 300), 0);
	KUNIT_EXPECT_EQ(test, s->rx_state, QUIC_STREAM_RECV_STATE_RESET_RECVD);
	tquic_stream_read_end(&f->ss, s);
	/* nobody reads it */
	s = peers(test, PEER_UNI + 8);
	tquic_stream_stop(&f->ss, s, 8);
	tquic_stream_clear_due(&f->ss, s, TQUIC_STREAM_DUE_STOP);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 8, 300, 300), 0);
	KUNIT_EXPECT_EQ(test, f->ss.count, 0U);
}

/* When everything is here, a reset comes too late. */
static void stream_rx_reset_after_data(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = peers(test, PEER_UNI);

	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 500, true), 0);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 5, 500, 0), 0);
	KUNIT_EXPECT_EQ(test, s->rx_state, QUIC_STREAM_RECV_STATE_RECVD);
	KUNIT_EXPECT_EQ(test, tquic_recvbuf_ready(&s->rb), 500ULL);
}

static void stream_stop(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct tquic_stream *s = peers(test, PEER_UNI);

	KUNIT_EXPECT_EQ(test, rx(test, s, 0, 300, false), 0);
	tquic_stream_stop(&f->ss, s, 8);
	KUNIT_EXPECT_EQ(test, s->due, TQUIC_STREAM_DUE_STOP);
	KUNIT_EXPECT_EQ(test, s->stop_err, 8ULL);
	KUNIT_EXPECT_TRUE(test, list_empty(&s->rx_node));
	KUNIT_EXPECT_EQ(test, f->ss.rx.consumed, 300ULL);
	KUNIT_EXPECT_EQ(test, refcount_read(&f->skb->users), 1);
	/* what still comes is counted and dropped */
	KUNIT_EXPECT_EQ(test, rx(test, s, 600, 100, false), 0);
	KUNIT_EXPECT_EQ(test, f->ss.rx.received, 700ULL);
	KUNIT_EXPECT_EQ(test, f->ss.rx.consumed, 700ULL);
	KUNIT_EXPECT_EQ(test, rx(test, s, 900, 101, false), FLOW);
	tquic_stream_clear_due(&f->ss, s, TQUIC_STREAM_DUE_STOP);
	tquic_stream_set_due(&f->ss, s, TQUIC_STREAM_DUE_STOP | TQUIC_STREAM_DUE_MAX_DATA);
	KUNIT_EXPECT_EQ(test, s->due, TQUIC_STREAM_DUE_STOP);
	KUNIT_EXPECT_EQ(test, tquic_stream_rx_reset(&f->ss, s, 8, 750, 0), 0);
	KUNIT_EXPECT_EQ(test, f->ss.count, 0U);
	KUNIT_EXPECT_EQ(test, f->ss.rx.consumed, 750ULL);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->ss.ctl_ready));
}

static struct kunit_case stream_reset_cases[] = {
	KUNIT_CASE(stream_reset_states),
	KUNIT_CASE(stream_reset_at),
	KUNIT_CASE(stream_reset_at_later),
	KUNIT_CASE(stream_rx_reset),
	KUNIT_CASE(stream_rx_reset_at),
	KUNIT_CASE(stream_rx_reset_at_whole),
	KUNIT_CASE(stream_rx_reset_after_data),
	KUNIT_CASE(stream_stop),
	{}
};

FIXTURE_SUITE("tquic_stream_reset", stream_reset_cases);

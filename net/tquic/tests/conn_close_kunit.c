// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the engine: how a connection ends, conn.c, timer.c and flight.c, RFC 9000 section 10;
 * and key updates, RFC 9001 section 6.
 */
#include "conn_pair.h"

static u64 pto_of(struct pair *p, int e)
{
	return tquic_loss_pto_us(&conn_of(p, e)->path->rec, true, conn_of(p, e)->confirmed);
}

static void close_with(struct pair *p, int e, bool app, u64 err)
{
	static const u8 reason[] = { 's', 'e', 'c', 'r', 'e', 't' };

	tquic_conn_close(conn_of(p, e), app, err, 0, reason, sizeof(reason), 0, p->now_us);
}

/* However short the idle period is meant to be: RFC 9000 section 10.1 */
static void idle_lasts_three_ptos(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn;
	u64 begun_us, pto;

	p->tp[CLIENT].max_idle_timeout_us = 10 * MS;
	pair_restart(p);
	establish(p);
	conn = conn_of(p, CLIENT);
	KUNIT_ASSERT_EQ(test, conn->idle_timeout_us, 10 * MS);
	p->now_us += MS;
	stream_write(p, CLIENT, 0, 100);
	begun_us = p->now_us;
	pto = pto_of(p, CLIENT);
	KUNIT_ASSERT_GT(test, 3 * pto, 100 * MS);
	KUNIT_EXPECT_EQ(test, conn->idle_us, begun_us + 3 * pto);
	while (conn->state == TQUIC_CONN_ESTABLISHED)
		fire(p, CLIENT);
	KUNIT_EXPECT_EQ(test, p->now_us, begun_us + 3 * pto);
	KUNIT_EXPECT_EQ(test, mib(p, CONN_IDLE_TIMEOUT), 1);
}

/* RFC 9000 section 10.2 */
static void closing_lasts_three_ptos(struct kunit *test)
{
	struct pair *p = test->priv;
	u64 begun_us, pto;
	int e;

	establish(p);
	close_with(p, CLIENT, true, 0);
	begun_us = p->now_us;
	KUNIT_EXPECT_EQ(test, conn_of(p, CLIENT)->state, TQUIC_CONN_CLOSING);
	deliver(p, CLIENT, take(p, CLIENT));
	KUNIT_EXPECT_EQ(test, conn_of(p, SERVER)->state, TQUIC_CONN_DRAINING);
	for (e = 0; e < 2; e++) {
		enum tquic_conn_state state = conn_of(p, e)->state;

		pto = pto_of(p, e);
		KUNIT_EXPECT_EQ(test, due(p, e), begun_us + 3 * pto);
		tquic_timer_run(conn_of(p, e), begun_us + 3 * pto - 1);
		KUNIT_EXPECT_EQ(test, conn_of(p, e)->state, state);
		tquic_timer_run(conn_of(p, e), begun_us + 3 * pto);
		KUNIT_EXPECT_EQ(test, conn_of(p, e)->state, TQUIC_CONN_CLOSED);
		KUNIT_EXPECT_EQ(test, queued(p, e), 0);
	}
}

/* Answers in the closing state stay within what an unproven address may get, section 10.2.1 */
static void closing_unproven(struct kunit *test)
{
	static const u8 garbage[40] = { 0x40 };
	struct pair *p = test->priv;
	struct tquic_path *path;
	int i;

	meet(p);
	server_flight(p, 12000);
	path = conn_of(p, SERVER)->path;
	path->rx_bytes = p->end[SERVER].bytes / 3 + 1;	/* it has got all it may */
	close_with(p, SERVER, false, 1);
	KUNIT_EXPECT_EQ(test, conn_of(p, SERVER)->state, TQUIC_CONN_CLOSING);
	for (i = 0; i < 64; i++) {
		inject_raw(p, CLIENT, garbage, sizeof(garbage));
		KUNIT_EXPECT_LE(test, p->end[SERVER].bytes, 3 * path->rx_bytes);
	}
	KUNIT_EXPECT_GE(test, mib(p, CONN_CLOSE_SENT), 1);
}

/* At all levels that have keys, and what it says there: RFC 9000 sections 10.2.3 and 12.5 */
static void close_at_all_levels(struct kunit *test)
{
	struct pair *p = test->priv;
	const struct tquic_rx_frame *f;
	struct seen *seen;
	u32 i;

	meet(p);
	server_flight(p, 100);
	drop(p, SERVER);
	close_with(p, SERVER, true, 99);
	KUNIT_ASSERT_EQ(test, queued(p, SERVER), 1);
	seen = look(p, SERVER, head(p, SERVER));
	KUNIT_ASSERT_EQ(test, seen->nr, 3);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, seen->pkt[i].type,
				i ? TQUIC_PT_HANDSHAKE : TQUIC_PT_INITIAL);
		f = seen->pkt[i].frame;
		KUNIT_EXPECT_EQ(test, f->type, TQUIC_FT_CONNECTION_CLOSE);
		KUNIT_EXPECT_EQ(test, f->close.err, QUIC_TRANSPORT_ERROR_APPLICATION);
		KUNIT_EXPECT_EQ(test, f->close.reason_len, 0);
	}
	KUNIT_EXPECT_EQ(test, seen->pkt[2].type, TQUIC_PT_1RTT);
	f = seen->pkt[2].frame;
	KUNIT_EXPECT_EQ(test, f->type, TQUIC_FT_CONNECTION_CLOSE_APP);
	KUNIT_EXPECT_EQ(test, f->close.err, 99);
	KUNIT_EXPECT_EQ(test, f->close.reason_len, 6);
}

/* ---- keys ------------------------------------------------------------- */

static bool phase_of(struct seen_pkt *pkt)
{
	return pkt->first & TQUIC_HDR_PHASE;
}

/* When no update may begin: RFC 9001 section 6.1 */
static void update_too_early(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, CLIENT);
	u8 ping = TQUIC_FT_PING;
	u8 body[32];

	until_finished(p, 100);
	stream_write(p, CLIENT, 0, 100);
	inject(p, SERVER, TQUIC_PT_1RTT, 50, body,
	       tquic_frame_put(body, TQUIC_FT_ACK, app_of(p, CLIENT)->next_pn - 1, 0, 0, 0) - body);
	KUNIT_ASSERT_NE(test, app_of(p, CLIENT)->loss.largest_acked, TQUIC_PN_NONE);
	KUNIT_ASSERT_FALSE(test, conn->confirmed);
	KUNIT_EXPECT_EQ(test, tquic_conn_key_update(conn), -EAGAIN);

	/* confirmed, but nothing of this phase acknowledged */
	pair_restart(p);
	establish(p);
	conn = conn_of(p, CLIENT);
	KUNIT_ASSERT_EQ(test, tquic_conn_key_update(conn), 0);
	flush(p, CLIENT);
	drop(p, CLIENT);
	KUNIT_ASSERT_EQ(test, tquic_crypto_update(&p->end[SERVER].key[TQUIC_SPACE_APP], 0), 0);
	inject(p, SERVER, TQUIC_PT_1RTT, 1000, &ping, 1);	/* in the new phase */
	KUNIT_ASSERT_NE(test, conn->key_discard_us, TQUIC_TIME_NEVER);
	p->now_us = conn->key_discard_us;
	tquic_timer_run(conn, p->now_us);
	work(p, CLIENT);
	KUNIT_ASSERT_EQ(test, conn->key_discard_us, TQUIC_TIME_NEVER);
	KUNIT_EXPECT_EQ(test, tquic_conn_key_update(conn), -EAGAIN);
	inject(p, SERVER, TQUIC_PT_1RTT, 1002, body,
	       tquic_frame_put(body, TQUIC_FT_ACK, app_of(p, CLIENT)->next_pn - 1, 0, 0, 0) - body);
	KUNIT_EXPECT_EQ(test, tquic_conn_key_update(conn), 0);
}

/* The answer is in the new phase, and the old one's keys go: RFC 9001 sections 6.2 and 6.5 */
static void update_is_followed(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn;
	u8 ping = TQUIC_FT_PING;
	struct seen_pkt *pkt;
	u64 pn;

	establish(p);
	conn = conn_of(p, SERVER);
	pn = app_of(p, CLIENT)->next_pn;
	app_of(p, CLIENT)->next_pn += 10;	/* these are late */
	KUNIT_ASSERT_EQ(test, tquic_conn_key_update(conn_of(p, CLIENT)), 0);
	flush(p, CLIENT);
	pkt = find_out(p, CLIENT, TQUIC_PT_1RTT, FT(PING));
	KUNIT_ASSERT_NOT_NULL(test, pkt);
	KUNIT_EXPECT_TRUE(test, phase_of(pkt));
	pass(p, CLIENT);
	pkt = find_out(p, SERVER, TQUIC_PT_1RTT, FT(ACK));
	KUNIT_ASSERT_NOT_NULL(test, pkt);
	KUNIT_EXPECT_TRUE(test, phase_of(pkt));
	KUNIT_EXPECT_EQ(test, pkt->frame[0].ack.largest, pn + 10);
	KUNIT_EXPECT_EQ(test, p->end[SERVER].events[QUIC_EVENT_KEY_UPDATE], 1);

	KUNIT_EXPECT_LE(test, conn->key_discard_us, p->now_us + 3 * pto_of(p, SERVER));
	p->now_us = conn->key_discard_us - 1;
	inject(p, CLIENT, TQUIC_PT_1RTT, pn, &ping, 1);
	KUNIT_EXPECT_TRUE(test, tquic_ack_seen(&app_of(p, SERVER)->ack, pn));
	p->now_us++;
	tquic_timer_run(conn, p->now_us);
	work(p, SERVER);
	KUNIT_ASSERT_EQ(test, mib(p, DROP_DECRYPT), 0);
	inject(p, CLIENT, TQUIC_PT_1RTT, pn + 1, &ping, 1);
	KUNIT_EXPECT_FALSE(test, tquic_ack_seen(&app_of(p, SERVER)->ack, pn + 1));
	KUNIT_EXPECT_EQ(test, mib(p, DROP_DECRYPT), 1);
}

/* The limits of a key: RFC 9001 section 6.6 */
static void key_limits(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_crypto *tx;
	struct tquic_conn *conn;
	u32 sent;

	establish(p);
	conn = conn_of(p, CLIENT);
	tx = &app_of(p, CLIENT)->tx;
	tx->used = tx->cipher->tx_limit - 100;
	stream_write(p, CLIENT, 0, 100);
	KUNIT_EXPECT_EQ(test, mib(p, KEY_UPDATES), 1);
	KUNIT_EXPECT_LT(test, tx->used, 10);
	KUNIT_EXPECT_TRUE(test, phase_of(&look(p, CLIENT, head(p, CLIENT))->pkt[0]));
	drop(p, CLIENT);

	/* the peer has not followed yet: no other key, no packet */
	tx->used = tx->cipher->tx_limit;
	sent = p->end[CLIENT].dgrams;
	stream_write(p, CLIENT, 0, 100);
	KUNIT_EXPECT_EQ(test, mib(p, KEY_UPDATES), 1);
	KUNIT_EXPECT_EQ(test, p->end[CLIENT].dgrams, sent);
	KUNIT_EXPECT_EQ(test, conn->state, TQUIC_CONN_CLOSED);
}

/* So many forgeries that one might be taken: RFC 9001 section 6.6 */
static void forgeries(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_crypto *rx;
	struct dgram *d;
	u64 pkts;
	int i;

	establish(p);
	rx = &app_of(p, SERVER)->rx;
	rx->failed = rx->cipher->rx_limit - 1;
	for (i = 0; i < 3; i++) {
		stream_write(p, CLIENT, 0, 100);
		d = take(p, CLIENT);
		d->data[d->len - 1] ^= 1;
		KUNIT_EXPECT_EQ(test, conn_of(p, SERVER)->state, i < 2 ? TQUIC_CONN_ESTABLISHED :
									 TQUIC_CONN_CLOSING);
		deliver(p, CLIENT, d);
	}
	KUNIT_EXPECT_EQ(test, conn_of(p, SERVER)->close_err,
			QUIC_TRANSPORT_ERROR_AEAD_LIMIT_REACHED);
	KUNIT_EXPECT_TRUE(test, types_out(p, SERVER) & FT(CONNECTION_CLOSE));
	/* and no more packets are taken */
	pkts = conn_of(p, SERVER)->stats.rx_pkts;
	stream_write(p, CLIENT, 0, 100);
	pass(p, CLIENT);
	KUNIT_EXPECT_EQ(test, conn_of(p, SERVER)->stats.rx_pkts, pkts);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(idle_lasts_three_ptos),
	KUNIT_CASE(closing_lasts_three_ptos),
	KUNIT_CASE(closing_unproven),
	KUNIT_CASE(close_at_all_levels),
	KUNIT_CASE(update_too_early),
	KUNIT_CASE(update_is_followed),
	KUNIT_CASE(key_limits),
	KUNIT_CASE(forgeries),
	{}
};

PAIR_SUITE("tquic_conn_close", pair_init, cases);

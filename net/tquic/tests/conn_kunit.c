// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the engine: the handshake.  What is sent before it is confirmed, in which packets, and
 * what is believed: flight.c, handshake.c, input.c, conn.c, timer.c.
 */
#include "conn_pair.h"

/* A client that has heard nothing: RFC 9000 section 7.2 and 17.1 */
static void hello_ids(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_cid first;
	struct seen *seen;
	u32 i;

	conn_of(p, CLIENT)->spaces[TQUIC_SPACE_INITIAL].next_pn = 0x01234567;
	hello(p);
	KUNIT_ASSERT_EQ(test, queued(p, CLIENT), 1);
	seen = look(p, CLIENT, head(p, CLIENT));
	KUNIT_EXPECT_EQ(test, head(p, CLIENT)->len, TQUIC_MIN_UDP);
	KUNIT_EXPECT_EQ(test, seen->pkt[0].type, TQUIC_PT_INITIAL);
	KUNIT_EXPECT_EQ(test, seen->pkt[0].pn, 0x01234567);
	KUNIT_EXPECT_GE(test, seen->pkt[0].dcid.len, 8);
	first = seen->pkt[0].dcid;
	for (i = 0; i < 3; i++)
		fire(p, CLIENT);
	while (queued(p, CLIENT)) {
		seen = look(p, CLIENT, take(p, CLIENT));
		KUNIT_EXPECT_TRUE(test, tquic_cid_equal(&first, seen->pkt[0].dcid.id,
							seen->pkt[0].dcid.len));
	}
	/* the next connection has others */
	pair_restart(p);
	hello(p);
	seen = look(p, CLIENT, head(p, CLIENT));
	KUNIT_EXPECT_FALSE(test, tquic_cid_equal(&first, seen->pkt[0].dcid.id,
						 seen->pkt[0].dcid.len));
	/* and when the server has answered, its own is used */
	accept_from(p, take(p, CLIENT));
	server_flight(p, 100);
	pass(p, SERVER);
	client_finish(p);
	seen = look(p, CLIENT, head(p, CLIENT));
	KUNIT_EXPECT_TRUE(test, tquic_cid_equal(&conn_of(p, SERVER)->local.iscid,
						seen->pkt[0].dcid.id, seen->pkt[0].dcid.len));
}

/* The server's first flight: RFC 9000 sections 12.2, 13.2 and 14.1, RFC 9001 section 4 */
static void server_coalesces(struct kunit *test)
{
	struct pair *p = test->priv;
	struct seen *seen;
	u32 i;

	meet(p);
	/* what only acknowledges is not expanded */
	KUNIT_ASSERT_EQ(test, queued(p, SERVER), 1);
	KUNIT_EXPECT_EQ(test, types_out(p, SERVER), FT(ACK));
	KUNIT_EXPECT_LT(test, head(p, SERVER)->len, 100);
	drop(p, SERVER);

	/* two more packets have come when the answer is there */
	inject(p, CLIENT, TQUIC_PT_INITIAL, 7, "\1", 1);
	drop(p, SERVER);
	tquic_ack_note(&conn_of(p, SERVER)->spaces[TQUIC_SPACE_INITIAL].ack, 8, true, 0,
		       p->now_us, 0);
	server_flight(p, 400);
	KUNIT_ASSERT_EQ(test, queued(p, SERVER), 1);
	KUNIT_EXPECT_EQ(test, head(p, SERVER)->len, TQUIC_MIN_UDP);
	seen = look(p, SERVER, head(p, SERVER));
	KUNIT_ASSERT_EQ(test, seen->nr, 2);
	KUNIT_EXPECT_EQ(test, seen->pkt[0].type, TQUIC_PT_INITIAL);
	KUNIT_EXPECT_EQ(test, seen->pkt[0].types & ~FT(PADDING), FT(ACK) | FT(CRYPTO));
	KUNIT_EXPECT_EQ(test, seen->pkt[1].type, TQUIC_PT_HANDSHAKE);
	KUNIT_EXPECT_EQ(test, seen->pkt[1].types & ~FT(PADDING), FT(CRYPTO));
	for (i = 0; i < seen->nr; i++)
		KUNIT_EXPECT_TRUE(test, tquic_cid_equal(&conn_of(p, CLIENT)->local.iscid,
							seen->pkt[i].dcid.id,
							seen->pkt[i].dcid.len));
}

/* A server's Initial that asks for an ACK is expanded though nothing follows, section 14.1 */
static void server_initial_is_large(struct kunit *test)
{
	struct pair *p = test->priv;

	meet(p);
	drop(p, SERVER);
	say(p, SERVER, QUIC_CRYPTO_INITIAL, 90);
	flush(p, SERVER);
	KUNIT_ASSERT_EQ(test, queued(p, SERVER), 1);
	KUNIT_EXPECT_EQ(test, head(p, SERVER)->len, TQUIC_MIN_UDP);
}

/* Three times what came, in whatever packets it came: RFC 9000 section 8 */
static void received_counts(struct kunit *test)
{
	struct pair *p = test->priv;
	static u8 garbage[900] = { 0xc0, 0, 0, 0, 1 };

	meet(p);
	server_flight(p, 12000);
	KUNIT_EXPECT_LE(test, p->end[SERVER].bytes, 3 * 1200);
	KUNIT_EXPECT_GT(test, p->end[SERVER].bytes, 2 * 1200);
	inject_raw(p, CLIENT, garbage, sizeof(garbage));
	KUNIT_EXPECT_LE(test, p->end[SERVER].bytes, 3 * (1200 + 900));
	KUNIT_EXPECT_GT(test, p->end[SERVER].bytes, 3 * (1200 + 900) - 1200);
}

/* An ACK of one packet */
static u32 ack_of(u8 *body, u64 pn)
{
	return tquic_frame_put(body, TQUIC_FT_ACK, pn, 0, 0, 0) - body;
}

/*
 * All that the client sent is acknowledged, the server may be out of what it may send: RFC 9000
 * section 8.1, RFC 9002 section 6.2.2.1
 */
static void client_unproven(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, CLIENT);
	u8 body[32];

	meet(p);
	pass(p, SERVER);
	KUNIT_ASSERT_EQ(test, conn->spaces[TQUIC_SPACE_INITIAL].loss.eliciting, 0);
	KUNIT_EXPECT_EQ(test, due(p, CLIENT), conn->last_tx_us +
			tquic_loss_pto_us(&conn->path->rec, false, false));
	fire(p, CLIENT);
	KUNIT_ASSERT_EQ(test, queued(p, CLIENT), 1);
	KUNIT_EXPECT_EQ(test, head(p, CLIENT)->len, TQUIC_MIN_UDP);
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, CLIENT, TQUIC_PT_INITIAL, FT(PING)));
	drop(p, CLIENT);

	/* with Handshake keys it is a Handshake packet */
	server_flight(p, 100);
	pass(p, SERVER);
	set_remote(p, CLIENT);
	KUNIT_ASSERT_EQ(test, secret(p, CLIENT, QUIC_CRYPTO_HANDSHAKE, true), 0);
	KUNIT_ASSERT_EQ(test, secret(p, CLIENT, QUIC_CRYPTO_HANDSHAKE, false), 0);
	drop(p, CLIENT);
	inject(p, SERVER, TQUIC_PT_INITIAL, 50, body,
	       ack_of(body, conn->spaces[TQUIC_SPACE_INITIAL].next_pn - 1));
	conn->spaces[TQUIC_SPACE_INITIAL].ack.now = false;
	flush(p, CLIENT);
	drop(p, CLIENT);
	fire(p, CLIENT);
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, CLIENT, TQUIC_PT_HANDSHAKE, FT(PING)));
	drop(p, CLIENT);

	/* an ACK of which proves the address: no more probes */
	inject(p, SERVER, TQUIC_PT_HANDSHAKE, 50, body, ack_of(body, 0));
	KUNIT_ASSERT_EQ(test, conn->spaces[TQUIC_SPACE_HANDSHAKE].loss.largest_acked, 0);
	inject(p, SERVER, TQUIC_PT_HANDSHAKE, 51, body,
	       ack_of(body, conn->spaces[TQUIC_SPACE_HANDSHAKE].next_pn - 1));
	drop(p, CLIENT);
	KUNIT_ASSERT_EQ(test, conn->spaces[TQUIC_SPACE_HANDSHAKE].loss.eliciting, 0);
	KUNIT_EXPECT_EQ(test, due(p, CLIENT), min(conn->idle_us, conn->handshake_us));
}

/* Two spaces wait: the earlier one is first, RFC 9002 section 6.2.1 */
static void pto_of_earlier_space(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn;
	u64 pto, sent_us;

	meet(p);
	drop(p, SERVER);
	server_flight(p, 100);
	drop(p, SERVER);
	sent_us = p->now_us;
	conn = conn_of(p, SERVER);
	pto = tquic_loss_pto_us(&conn->path->rec, false, false);
	KUNIT_EXPECT_EQ(test, due(p, SERVER), sent_us + pto);
	p->now_us += 50 * MS;
	say(p, SERVER, QUIC_CRYPTO_HANDSHAKE, 100);
	flush(p, SERVER);
	KUNIT_ASSERT_NOT_NULL(test, find_out(p, SERVER, TQUIC_PT_HANDSHAKE, FT(CRYPTO)));
	drop(p, SERVER);
	conn->path->rx_bytes += 10000;	/* which is not what this is about */
	KUNIT_EXPECT_EQ(test, due(p, SERVER), sent_us + pto);
	fire(p, SERVER);
	KUNIT_EXPECT_EQ(test, mib(p, PTO), 1);
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, SERVER, TQUIC_PT_INITIAL, FT(CRYPTO)));
}

/* A probe timeout of one space probes those with packets in flight, too: RFC 9002 section 6.2.4 */
static void pto_of_all_spaces(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn;

	meet(p);
	server_flight(p, 100);
	drop(p, SERVER);
	conn = conn_of(p, SERVER);
	conn->path->rx_bytes += 10000;
	fire(p, SERVER);
	KUNIT_EXPECT_EQ(test, mib(p, PTO), 1);
	/* twice each, the data of the one packet that there was */
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, SERVER, TQUIC_PT_INITIAL, FT(CRYPTO)));
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, SERVER, TQUIC_PT_HANDSHAKE, FT(CRYPTO)));
	KUNIT_EXPECT_EQ(test, count_out(p, SERVER, TQUIC_FT_CRYPTO), 4);
	KUNIT_EXPECT_FALSE(test, types_out(p, SERVER) & FT(PING));
	drop(p, SERVER);

	/* Finished and a request are lost, and both are sent again */
	pair_restart(p);
	until_finished(p, 100);
	stream_write(p, CLIENT, 0, 100);
	drop(p, CLIENT);
	fire(p, CLIENT);
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, CLIENT, TQUIC_PT_HANDSHAKE, FT(CRYPTO)));
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, CLIENT, TQUIC_PT_1RTT, FT(STREAM)));
}

/* 1-RTT packets that the peer may have no keys for yet: RFC 9002 section 6.2.1 */
static void no_app_pto_unconfirmed(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, CLIENT);
	u8 body[32];

	until_finished(p, 100);
	stream_write(p, CLIENT, 0, 100);
	/* new data goes at the highest level, RFC 9001 section 4.9, with the others still there */
	KUNIT_EXPECT_FALSE(test, conn->spaces[TQUIC_SPACE_HANDSHAKE].gone);
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, CLIENT, TQUIC_PT_1RTT, FT(STREAM)));
	drop(p, CLIENT);
	inject(p, SERVER, TQUIC_PT_HANDSHAKE, 50, body,
	       ack_of(body, conn->spaces[TQUIC_SPACE_HANDSHAKE].next_pn - 1));
	KUNIT_ASSERT_EQ(test, conn->spaces[TQUIC_SPACE_HANDSHAKE].loss.eliciting, 0);
	KUNIT_ASSERT_EQ(test, app_of(p, CLIENT)->loss.eliciting, 1);
	KUNIT_ASSERT_FALSE(test, conn->confirmed);
	KUNIT_EXPECT_EQ(test, due(p, CLIENT), conn->idle_us);
	body[0] = TQUIC_FT_HANDSHAKE_DONE;
	inject(p, SERVER, TQUIC_PT_1RTT, 50, body, 1);
	KUNIT_ASSERT_TRUE(test, conn->confirmed);
	KUNIT_EXPECT_LT(test, due(p, CLIENT), conn->idle_us);
}

/* When keys go: RFC 9001 section 4.9, and what that does to timers, RFC 9002 section 6.2.2 */
static void keys_go(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *c = conn_of(p, CLIENT), *s;
	u64 pto;

	meet(p);
	s = conn_of(p, SERVER);
	server_flight(p, 100);
	pass(p, SERVER);
	flush(p, CLIENT);
	KUNIT_EXPECT_FALSE(test, c->spaces[TQUIC_SPACE_INITIAL].gone);
	c->path->rec.pto_count = 3;
	client_finish(p);
	KUNIT_EXPECT_TRUE(test, c->spaces[TQUIC_SPACE_INITIAL].gone);
	KUNIT_EXPECT_FALSE(test, tquic_crypto_ready(&c->spaces[TQUIC_SPACE_INITIAL].tx));
	/* the timer is set anew, without what it had been doubled for */
	KUNIT_EXPECT_EQ(test, c->path->rec.pto_count, 0);
	pto = tquic_loss_pto_us(&c->path->rec, false, false);
	KUNIT_EXPECT_EQ(test, due(p, CLIENT), p->now_us + pto);
	KUNIT_EXPECT_EQ(test, c->spaces[TQUIC_SPACE_INITIAL].loss.eliciting, 0);

	KUNIT_EXPECT_FALSE(test, s->spaces[TQUIC_SPACE_INITIAL].gone);
	s->path->rec.pto_count = 3;
	KUNIT_ASSERT_NOT_NULL(test, find_out(p, CLIENT, TQUIC_PT_HANDSHAKE, FT(CRYPTO)));
	pass(p, CLIENT);
	KUNIT_EXPECT_TRUE(test, s->spaces[TQUIC_SPACE_INITIAL].gone);
	KUNIT_EXPECT_FALSE(test, tquic_crypto_ready(&s->spaces[TQUIC_SPACE_INITIAL].rx));
	KUNIT_EXPECT_EQ(test, s->path->rec.pto_count, 0);

	/* Handshake keys when the handshake is confirmed: here at once, there when it is told */
	KUNIT_EXPECT_FALSE(test, s->spaces[TQUIC_SPACE_HANDSHAKE].gone);
	server_finish(p);
	work(p, SERVER);
	KUNIT_EXPECT_TRUE(test, s->confirmed);
	KUNIT_EXPECT_TRUE(test, s->spaces[TQUIC_SPACE_HANDSHAKE].gone);
	KUNIT_EXPECT_FALSE(test, tquic_crypto_ready(&s->spaces[TQUIC_SPACE_HANDSHAKE].tx));
	KUNIT_EXPECT_FALSE(test, c->spaces[TQUIC_SPACE_HANDSHAKE].gone);
	pass(p, SERVER);
	KUNIT_EXPECT_TRUE(test, c->confirmed);
	KUNIT_EXPECT_TRUE(test, c->spaces[TQUIC_SPACE_HANDSHAKE].gone);
	KUNIT_EXPECT_FALSE(test, tquic_crypto_ready(&c->spaces[TQUIC_SPACE_HANDSHAKE].rx));
}

/* 1-RTT packets before their keys: RFC 9001 section 4.1.4 */
static void keys_are_late(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_space *hs;
	struct dgram *finished;

	meet(p);
	server_flight(p, 100);
	pass(p, SERVER);
	drop(p, CLIENT);
	client_finish(p);
	finished = take(p, CLIENT);
	stream_write(p, CLIENT, 0, 100);
	KUNIT_ASSERT_EQ(test, queued(p, CLIENT), 1);
	pass(p, CLIENT);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&conn_of(p, SERVER)->undecryptable), 1);
	KUNIT_EXPECT_EQ(test, queued(p, SERVER), 0);
	/* what opens is answered meanwhile */
	deliver(p, CLIENT, finished);
	hs = &conn_of(p, SERVER)->spaces[TQUIC_SPACE_HANDSHAKE];
	KUNIT_EXPECT_EQ(test, tquic_recvbuf_ready(&hs->crypto_rx), 52);
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, SERVER, TQUIC_PT_HANDSHAKE, FT(ACK)));
	KUNIT_EXPECT_EQ(test, skb_queue_len(&conn_of(p, SERVER)->undecryptable), 1);
	server_finish(p);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&conn_of(p, SERVER)->undecryptable), 0);
	KUNIT_ASSERT_NOT_NULL(test, stream_of(p, SERVER, 0));
	KUNIT_EXPECT_EQ(test, tquic_recvbuf_ready(&stream_of(p, SERVER, 0)->rb), 100);
}

/* No 1-RTT packet is opened before the handshake is complete: RFC 9001 section 5.7 */
static void no_1rtt_before_finished(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn;
	u8 ping = TQUIC_FT_PING;

	meet(p);
	server_flight(p, 100);
	pass(p, SERVER);
	conn = conn_of(p, CLIENT);
	set_remote(p, CLIENT);
	KUNIT_ASSERT_EQ(test, secret(p, CLIENT, QUIC_CRYPTO_HANDSHAKE, false), 0);
	KUNIT_ASSERT_EQ(test, secret(p, CLIENT, QUIC_CRYPTO_HANDSHAKE, true), 0);
	inject(p, SERVER, TQUIC_PT_1RTT, 0, &ping, 1);
	KUNIT_ASSERT_EQ(test, secret(p, CLIENT, QUIC_CRYPTO_APP, false), 0);
	KUNIT_ASSERT_EQ(test, secret(p, CLIENT, QUIC_CRYPTO_APP, true), 0);
	inject(p, SERVER, TQUIC_PT_1RTT, 1, &ping, 1);
	/* it has the keys, but its Finished is yet to come */
	KUNIT_EXPECT_EQ(test, skb_queue_len(&conn->undecryptable), 2);
	KUNIT_EXPECT_EQ(test, app_of(p, CLIENT)->ack.rcvd.nr, 0);
	say(p, CLIENT, QUIC_CRYPTO_HANDSHAKE, 52);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&conn->undecryptable), 0);
	KUNIT_EXPECT_EQ(test, tquic_ack_largest(&app_of(p, CLIENT)->ack), 1);
}

/* Packet numbers have one size, which tells nothing of them: RFC 9001 section 9.5 */
static void number_sizes(struct kunit *test)
{
	struct pair *p = test->priv;
	u32 seen = 0, i;
	struct dgram *d;

	until_finished(p, 100);
	stream_write(p, CLIENT, 0, 5000);
	app_of(p, CLIENT)->next_pn += 1 << 20;
	stream_write(p, CLIENT, 0, 5000);
	list_for_each_entry(d, &p->end[CLIENT].out, node) {
		look(p, CLIENT, d);
		for (i = 0; i < p->seen.nr; i++) {
			seen |= BIT(p->seen.pkt[i].type);
			KUNIT_EXPECT_EQ(test, p->seen.pkt[i].first & 3, TQUIC_PN_LEN - 1);
		}
	}
	KUNIT_EXPECT_EQ(test, seen, BIT(TQUIC_PT_INITIAL) | BIT(TQUIC_PT_HANDSHAKE) |
				    BIT(TQUIC_PT_1RTT));
}

/* Only a server gives tokens for later, RFC 9000 section 19.7 */
static void new_token_from_server(struct kunit *test)
{
	struct pair *p = test->priv;
	u64 client = 0, server = 0;
	int i;

	until_finished(p, 100);
	pass(p, CLIENT);
	server_finish(p);
	for (i = 0; i < 5; i++) {
		server |= types_out(p, SERVER);
		pass(p, SERVER);
		client |= types_out(p, CLIENT);
		pass(p, CLIENT);
	}
	KUNIT_EXPECT_TRUE(test, server & FT(NEW_TOKEN));
	KUNIT_EXPECT_TRUE(test, client & FT(NEW_CONNECTION_ID));
	KUNIT_EXPECT_FALSE(test, client & FT(NEW_TOKEN));
	KUNIT_EXPECT_EQ(test, p->end[CLIENT].events[QUIC_EVENT_NEW_TOKEN], 1);
}

/* 0-RTT keys go when those of 1-RTT come, RFC 9001 section 4.9.3, and are not used again */
static void early_keys_go(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *c = conn_of(p, CLIENT), *s;

	KUNIT_ASSERT_EQ(test, tquic_conn_remember(c, &p->tp[SERVER]), 0);
	KUNIT_ASSERT_EQ(test, secret(p, CLIENT, QUIC_CRYPTO_EARLY, true), 0);
	hello(p);
	stream_write(p, CLIENT, 0, 100);
	KUNIT_ASSERT_EQ(test, queued(p, CLIENT), 2);
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, CLIENT, TQUIC_PT_0RTT, FT(STREAM)));
	accept_from(p, take(p, CLIENT));
	s = conn_of(p, SERVER);
	KUNIT_ASSERT_EQ(test, secret(p, SERVER, QUIC_CRYPTO_EARLY, false), 0);
	pass(p, CLIENT);
	server_flight(p, 100);
	pass(p, SERVER);
	client_finish(p);
	KUNIT_EXPECT_EQ(test, c->early, TQUIC_EARLY_NONE);
	drop(p, CLIENT);
	stream_write(p, CLIENT, 0, 100);
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, CLIENT, TQUIC_PT_1RTT, FT(STREAM)));
	KUNIT_EXPECT_NULL(test, find_out(p, CLIENT, TQUIC_PT_0RTT, 0));

	KUNIT_EXPECT_EQ(test, s->early, TQUIC_EARLY_KEYS);
	server_finish(p);
	KUNIT_EXPECT_EQ(test, s->early, TQUIC_EARLY_NONE);
	KUNIT_ASSERT_NOT_NULL(test, stream_of(p, SERVER, 0));
	KUNIT_EXPECT_EQ(test, tquic_recvbuf_ready(&stream_of(p, SERVER, 0)->rb), 100);
}

/* The limits of 0-RTT are limits: RFC 9000 section 17.2.3 */
static void early_limits(struct kunit *test)
{
	struct pair *p = test->priv;
	u8 body[32], *at;

	KUNIT_ASSERT_EQ(test, tquic_conn_remember(conn_of(p, CLIENT), &p->tp[SERVER]), 0);
	KUNIT_ASSERT_EQ(test, secret(p, CLIENT, QUIC_CRYPTO_EARLY, true), 0);
	meet(p);
	KUNIT_ASSERT_EQ(test, secret(p, SERVER, QUIC_CRYPTO_EARLY, false), 0);
	at = tquic_frame_put_stream(body, 0, p->tp[SERVER].max_data, 1, false, true);
	*at = 'x';
	inject(p, CLIENT, TQUIC_PT_0RTT, 5, body, at + 1 - body);
	server_flight(p, 100);
	pass(p, SERVER);
	client_finish(p);
	pass(p, CLIENT);
	KUNIT_EXPECT_EQ(test, conn_of(p, SERVER)->state, TQUIC_CONN_HANDSHAKE);
	server_finish(p);
	KUNIT_EXPECT_EQ(test, conn_of(p, SERVER)->state, TQUIC_CONN_CLOSING);
	KUNIT_EXPECT_EQ(test, conn_of(p, SERVER)->close_err, QUIC_TRANSPORT_ERROR_FLOW_CONTROL);
}

/* The delay of an ACK counts in full before the peer's limit holds, RFC 9002 section 5.3 */
static void ack_delay_unconfirmed(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_rtt *rtt = &conn_of(p, CLIENT)->path->rec.rtt;
	u32 before;
	u8 body[32];

	until_finished(p, 100);
	stream_write(p, CLIENT, 0, 100);
	KUNIT_ASSERT_NE(test, rtt->first_sample_us, 0);
	before = rtt->smoothed_us;
	p->now_us += before + 200 * MS;
	KUNIT_ASSERT_EQ(test, conn_of(p, CLIENT)->path->rec.max_ack_delay_us, 25 * MS);
	inject(p, SERVER, TQUIC_PT_1RTT, 50, body,
	       tquic_frame_put(body, TQUIC_FT_ACK, 0, 200 * MS >> 3, 0, 0) - body);
	KUNIT_EXPECT_EQ(test, rtt->latest_us, before + 200 * MS);
	KUNIT_EXPECT_EQ(test, rtt->smoothed_us, before);
}

static struct kunit_case conn_cases[] = {
	KUNIT_CASE(hello_ids),
	KUNIT_CASE(server_coalesces),
	KUNIT_CASE(server_initial_is_large),
	KUNIT_CASE(received_counts),
	KUNIT_CASE(client_unproven),
	KUNIT_CASE(pto_of_earlier_space),
	KUNIT_CASE(pto_of_all_spaces),
	KUNIT_CASE(no_app_pto_unconfirmed),
	KUNIT_CASE(keys_go),
	KUNIT_CASE(keys_are_late),
	KUNIT_CASE(no_1rtt_before_finished),
	KUNIT_CASE(number_sizes),
	KUNIT_CASE(new_token_from_server),
	KUNIT_CASE(early_keys_go),
	KUNIT_CASE(early_limits),
	KUNIT_CASE(ack_delay_unconfirmed),
	{}
};

PAIR_SUITE("tquic_conn", pair_init, conn_cases);

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the engine: the handshake.  What is sent before it is confirmed, in which packets, and
 * what is believed: flight.c, handshake.c, input.c, conn.c, timer.c.
 */
#include "conn_pair.h"
#include "handshake.h"
#include "input.h"
#include "output.h"

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
	KUNIT_EXPECT_TRUE(test, tquic_cid_equal(&conn_of(p, SERVER)->scid, seen->pkt[0].dcid.id,
						seen->pkt[0].dcid.len));
}

/* The server's first flight: RFC 9000 sections 12.2, 13.2 and 14.1, RFC 9001 section 4 */
static void server_coalesces(struct kunit *test)
{
	struct pair *p = test->priv;
	struct seen *seen;
	u32 i;

	hello(p);
	accept_from(p, take(p, CLIENT));
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
		KUNIT_EXPECT_TRUE(test, tquic_cid_equal(&conn_of(p, CLIENT)->scid,
							seen->pkt[i].dcid.id,
							seen->pkt[i].dcid.len));
}

/* A server's Initial that asks for an ACK is expanded though nothing follows, section 14.1 */
static void server_initial_is_large(struct kunit *test)
{
	struct pair *p = test->priv;

	hello(p);
	accept_from(p, take(p, CLIENT));
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

	hello(p);
	accept_from(p, take(p, CLIENT));
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

	hello(p);
	accept_from(p, take(p, CLIENT));
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

	hello(p);
	accept_from(p, take(p, CLIENT));
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

/* 1-RTT packets that the peer may have no keys for yet: RFC 9002 section 6.2.1 */
static void no_app_pto_unconfirmed(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, CLIENT);
	u8 body[32];

	hello(p);
	accept_from(p, take(p, CLIENT));
	server_flight(p, 100);
	pass(p, SERVER);
	client_finish(p);
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

	hello(p);
	accept_from(p, take(p, CLIENT));
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

	hello(p);
	accept_from(p, take(p, CLIENT));
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

/* Only a server gives tokens for later, RFC 9000 section 19.7 */
static void new_token_from_server(struct kunit *test)
{
	struct pair *p = test->priv;
	u64 client = 0, server = 0;
	int i;

	hello(p);
	accept_from(p, take(p, CLIENT));
	server_flight(p, 100);
	pass(p, SERVER);
	client_finish(p);
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

/* A Version Negotiation packet that names @version */
static void verneg(struct pair *p, u8 first, u32 version)
{
	struct tquic_conn *conn = conn_of(p, CLIENT);
	u8 buf[64], *at = buf;

	*at++ = 0x80 | first;
	put_unaligned_be32(0, at);
	at = tquic_cid_put(at + 4, conn->scid.id, conn->scid.len);
	at = tquic_cid_put(at, conn->odcid.id, conn->odcid.len);
	put_unaligned_be32(version, at);
	inject_raw(p, SERVER, buf, at + 4 - buf);
}

/* RFC 9000 sections 6.2 and 17.2.1 */
static void version_negotiation(struct kunit *test)
{
	static const u8 unused[] = { 0, 0x40, 0x7f };
	struct pair *p = test->priv;
	int i;

	/* it counts, whatever is in the bits that mean nothing */
	for (i = 0; i < ARRAY_SIZE(unused); i++) {
		pair_restart(p);
		hello(p);
		verneg(p, unused[i], 0x1a2a3a4a);
		KUNIT_EXPECT_EQ(test, conn_of(p, CLIENT)->state, TQUIC_CONN_CLOSED);
		KUNIT_EXPECT_EQ(test, conn_of(p, CLIENT)->sk_err, EPROTONOSUPPORT);
	}
	/* not when it names our version */
	pair_restart(p);
	hello(p);
	verneg(p, 0x40, QUIC_VERSION_V1);
	KUNIT_EXPECT_EQ(test, conn_of(p, CLIENT)->state, TQUIC_CONN_HANDSHAKE);
	/* and not after a packet was processed */
	accept_from(p, take(p, CLIENT));
	pass(p, SERVER);
	verneg(p, 0x40, 0x1a2a3a4a);
	KUNIT_EXPECT_EQ(test, conn_of(p, CLIENT)->state, TQUIC_CONN_HANDSHAKE);
}

/* A Retry with the token "token"; @scid: the new connection ID */
static void retry(struct pair *p, u8 first, const struct tquic_cid *scid)
{
	struct tquic_conn *conn = conn_of(p, CLIENT);
	u8 buf[128], *at = buf;

	*at++ = first;
	put_unaligned_be32(QUIC_VERSION_V1, at);
	at = tquic_cid_put(at + 4, conn->scid.id, conn->scid.len);
	at = tquic_cid_put(at, scid->id, scid->len);
	memcpy(at, "token", 5);
	at += 5;
	KUNIT_ASSERT_EQ(p->test, tquic_crypto_retry_tag(QUIC_VERSION_V1, &conn->odcid, buf,
							at - buf, at), 0);
	inject_raw(p, SERVER, buf, at + TQUIC_TAG_LEN - buf);
}

/* The CRYPTO bytes of the first Initial in the queue, and its packet number */
static u32 crypto_out(struct pair *p, u8 *copy, u64 *pn)
{
	struct seen_pkt *pkt = find_out(p, CLIENT, TQUIC_PT_INITIAL, FT(CRYPTO));
	u32 i;

	KUNIT_ASSERT_NOT_NULL(p->test, pkt);
	*pn = pkt->pn;
	for (i = 0; i < pkt->nr; i++) {
		if (pkt->frame[i].type != TQUIC_FT_CRYPTO)
			continue;
		KUNIT_ASSERT_EQ(p->test, pkt->frame[i].stream.off, 0);
		memcpy(copy, pkt->frame[i].stream.data, pkt->frame[i].stream.len);
		return pkt->frame[i].stream.len;
	}
	return 0;
}

/* RFC 9000 section 17.2.5 */
static void retry_taken(struct kunit *test)
{
	struct tquic_cid scid = { .len = 8, .id = { 1, 2, 3, 4, 5, 6, 7, 8 } };
	u8 *before = kunit_kzalloc(test, 2 * 1200, GFP_KERNEL), *after = before + 1200;
	struct pair *p = test->priv;
	struct tquic_conn *conn;
	struct seen *seen;
	u64 pn, pn_after;
	u32 len, first;

	KUNIT_ASSERT_NOT_NULL(test, before);
	for (first = 0xf0; first <= 0xff; first += 5) {	/* the last four bits mean nothing */
		pair_restart(p);
		conn = conn_of(p, CLIENT);
		memcpy(conn->token, "stale", 5);	/* of NEW_TOKEN */
		conn->token_len = 5;
		hello(p);
		seen = look(p, CLIENT, head(p, CLIENT));
		KUNIT_EXPECT_EQ(test, seen->pkt[0].token_len, 5);
		KUNIT_EXPECT_EQ(test, memcmp(seen->pkt[0].token, "stale", 5), 0);
		len = crypto_out(p, before, &pn);
		KUNIT_EXPECT_EQ(test, len, 300);
		drop(p, CLIENT);

		/* one whose source is the destination that we chose is not from a server */
		retry(p, first, &conn->dcid);
		KUNIT_EXPECT_FALSE(test, conn->retried);
		KUNIT_EXPECT_EQ(test, queued(p, CLIENT), 0);

		retry(p, first, &scid);
		KUNIT_ASSERT_TRUE(test, conn->retried);
		KUNIT_ASSERT_EQ(test, tquic_crypto_initial_secrets(QUIC_VERSION_V1, &scid, before +
			1000, before + 1100), 0);
		tquic_crypto_free(&p->end[CLIENT].key[TQUIC_SPACE_INITIAL]);
		KUNIT_ASSERT_EQ(test, tquic_crypto_install(&p->end[CLIENT].key[TQUIC_SPACE_INITIAL],
							   QUIC_VERSION_V1, 51, before + 1000), 0);
		KUNIT_EXPECT_EQ(test, crypto_out(p, after, &pn_after), len);
		KUNIT_EXPECT_EQ(test, memcmp(before, after, len), 0);
		KUNIT_EXPECT_GT(test, pn_after, pn);
		fire(p, CLIENT);	/* in later ones as well */
		KUNIT_EXPECT_GE(test, queued(p, CLIENT), 2);
		while (queued(p, CLIENT)) {
			seen = look(p, CLIENT, take(p, CLIENT));
			KUNIT_EXPECT_EQ(test, seen->pkt[0].token_len, 5);
			KUNIT_EXPECT_EQ(test, memcmp(seen->pkt[0].token, "token", 5), 0);
		}
		/* it is of no use later: the user is not told */
		KUNIT_EXPECT_EQ(test, p->end[CLIENT].events[QUIC_EVENT_NEW_TOKEN], 0);
		verneg(p, 0x40, 0x1a2a3a4a);	/* a Retry was processed, section 6.2 */
		KUNIT_EXPECT_EQ(test, conn->state, TQUIC_CONN_HANDSHAKE);
	}
}

/* What a server says of the connection IDs, with one thing changed: RFC 9000 section 7.3 */
static void params_of_server(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn;
	struct tquic_tparam tp;
	int i, n, ret;

	for (i = 0; i < 6; i++) {
		pair_restart(p);
		hello(p);
		conn = conn_of(p, CLIENT);
		tp = p->tp[SERVER];
		tp.has_iscid = i != 1;
		tp.iscid = conn->dcid;
		tp.has_odcid = i != 2;
		tp.odcid = conn->odcid;
		tp.iscid.id[3] ^= i == 3;
		tp.odcid.id[3] ^= i == 4;
		tp.has_rscid = i == 5;
		tp.rscid = conn->dcid;
		n = tquic_tparam_encode(&tp, true, p->plain, sizeof(p->plain));
		KUNIT_ASSERT_GT(test, n, 0);
		ret = tquic_conn_set_remote(conn, p->plain, n, p->now_us);
		if (!i) {
			KUNIT_EXPECT_EQ(test, ret, 0);
			continue;
		}
		KUNIT_EXPECT_EQ(test, ret, -EINVAL);
		KUNIT_EXPECT_EQ(test, conn->state, TQUIC_CONN_CLOSING);
		KUNIT_EXPECT_EQ(test, conn->close_err, QUIC_TRANSPORT_ERROR_TRANSPORT_PARAM);
	}
	/* after a Retry: its ID is missing, another, or right */
	for (i = 0; i < 3; i++) {
		pair_restart(p);
		hello(p);
		conn = conn_of(p, CLIENT);
		conn->retried = true;
		conn->rscid = (struct tquic_cid){ .len = 4, .id = { 9, 8, 7, 6 } };
		tp = p->tp[SERVER];
		tp.has_iscid = true;
		tp.iscid = conn->dcid;
		tp.has_odcid = true;
		tp.odcid = conn->odcid;
		tp.has_rscid = i;
		tp.rscid = conn->rscid;
		tp.rscid.len -= i == 1;
		n = tquic_tparam_encode(&tp, true, p->plain, sizeof(p->plain));
		ret = tquic_conn_set_remote(conn, p->plain, n, p->now_us);
		KUNIT_EXPECT_EQ(test, ret, i == 2 ? 0 : -EINVAL);
		KUNIT_EXPECT_EQ(test, conn->close_err,
				i == 2 ? 0 : QUIC_TRANSPORT_ERROR_TRANSPORT_PARAM);
	}
}

/* And a client of its own, of which a server has seen the first */
static void params_of_client(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_tparam tp;
	int i, n, ret;

	for (i = 0; i < 3; i++) {
		pair_restart(p);
		hello(p);
		accept_from(p, take(p, CLIENT));
		tp = p->tp[CLIENT];
		tp.has_iscid = i != 1;
		tp.iscid = conn_of(p, CLIENT)->scid;
		tp.iscid.id[0] ^= i == 2;
		n = tquic_tparam_encode(&tp, false, p->plain, sizeof(p->plain));
		ret = tquic_conn_set_remote(conn_of(p, SERVER), p->plain, n, p->now_us);
		KUNIT_EXPECT_EQ(test, ret, i ? -EINVAL : 0);
		KUNIT_EXPECT_EQ(test, conn_of(p, SERVER)->close_err,
				i ? QUIC_TRANSPORT_ERROR_TRANSPORT_PARAM : 0);
	}
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

/* The delay of an ACK counts in full before the peer's limit holds, RFC 9002 section 5.3 */
static void ack_delay_unconfirmed(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_rtt *rtt = &conn_of(p, CLIENT)->path->rec.rtt;
	u32 before;
	u8 body[32];

	hello(p);
	accept_from(p, take(p, CLIENT));
	server_flight(p, 100);
	pass(p, SERVER);
	client_finish(p);
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
	KUNIT_CASE(no_app_pto_unconfirmed),
	KUNIT_CASE(keys_go),
	KUNIT_CASE(keys_are_late),
	KUNIT_CASE(new_token_from_server),
	KUNIT_CASE(version_negotiation),
	KUNIT_CASE(retry_taken),
	KUNIT_CASE(params_of_server),
	KUNIT_CASE(params_of_client),
	KUNIT_CASE(early_keys_go),
	KUNIT_CASE(ack_delay_unconfirmed),
	{}
};

static struct kunit_suite conn_suite = {
	.name = "tquic_conn",
	.suite_init = pair_suite_init,
	.suite_exit = pair_suite_exit,
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = conn_cases,
};

kunit_test_suite(conn_suite);

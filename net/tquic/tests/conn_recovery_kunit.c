// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the engine: probes, acknowledgements and pacing of an established connection, timer.c
 * and output.c, RFC 9000 section 13 and RFC 9002 sections 6.2 and 7.
 */
#include "conn_pair.h"

static int init(struct kunit *test)
{
	int err = pair_init(test);

	if (!err)
		establish(test->priv);
	return err;
}

static u64 pto_of(struct pair *p, int e)
{
	return tquic_loss_pto_us(&conn_of(p, e)->path->rec, true, true);
}

/* The timer is counted from the last packet that asks for an ACK, RFC 9002 section 6.2.1 */
static void pto_restarts(struct kunit *test)
{
	struct pair *p = test->priv;
	u64 pto = pto_of(p, CLIENT), first_us;
	u8 body[32];

	stream_write(p, CLIENT, 0, 100);
	first_us = p->now_us;
	KUNIT_EXPECT_EQ(test, due(p, CLIENT), first_us + pto);
	p->now_us += 5 * MS;
	stream_write(p, CLIENT, 0, 100);
	KUNIT_EXPECT_EQ(test, due(p, CLIENT), first_us + 5 * MS + pto);
	/* probes: later, and twice as long */
	fire(p, CLIENT);
	KUNIT_EXPECT_EQ(test, mib(p, PTO), 1);
	KUNIT_EXPECT_EQ(test, due(p, CLIENT), p->now_us + 2 * pto);
	first_us = p->now_us;
	/* an ACK of all but the last: what was doubled is taken back */
	inject(p, SERVER, TQUIC_PT_1RTT, 1000, body,
	       tquic_frame_put(body, TQUIC_FT_ACK, app_of(p, CLIENT)->next_pn - 2, 0, 0, 2) - body);
	KUNIT_EXPECT_EQ(test, app_of(p, CLIENT)->loss.eliciting, 1);
	KUNIT_EXPECT_EQ(test, due(p, CLIENT), first_us + pto_of(p, CLIENT));
	KUNIT_EXPECT_LT(test, pto_of(p, CLIENT), 2 * pto);
}

/* While a packet may be found lost by time there is no probe: RFC 9002 section 6.2.1 */
static void loss_timer_comes_first(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_recovery *rec = &conn_of(p, CLIENT)->path->rec;
	struct tquic_space *sp = app_of(p, CLIENT);
	u64 pn = sp->next_pn;
	u8 body[32];

	stream_write(p, CLIENT, 0, 100);
	stream_write(p, CLIENT, 0, 100);
	drop(p, CLIENT);
	p->now_us += 20 * MS;
	inject(p, SERVER, TQUIC_PT_1RTT, 1000, body,
	       tquic_frame_put(body, TQUIC_FT_ACK, pn + 1, 0, 0, 0) - body);
	KUNIT_ASSERT_NE(test, sp->loss.loss_us, TQUIC_TIME_NEVER);
	/* however short a PTO would be */
	rec->rtt.smoothed_us = 1000;
	rec->rtt.var_us = 100;
	rec->max_ack_delay_us = 0;
	KUNIT_ASSERT_LT(test, sp->loss.last_eliciting_us + pto_of(p, CLIENT), sp->loss.loss_us);
	KUNIT_EXPECT_EQ(test, due(p, CLIENT), sp->loss.loss_us);
	fire(p, CLIENT);
	KUNIT_EXPECT_EQ(test, mib(p, PTO), 0);
	KUNIT_EXPECT_EQ(test, mib(p, PKT_LOST), 1);
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, CLIENT, TQUIC_PT_1RTT, FT(STREAM)));
}

/* Probes: data where there is some, else PING, and always something: RFC 9002 section 6.2.4 */
static void probes(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, CLIENT);
	u64 in_flight;
	u8 ping = TQUIC_FT_PING;

	stream_write(p, CLIENT, 0, 100);
	drop(p, CLIENT);
	/* the window is full, which is nothing to probes, and they count: section 7.5 */
	in_flight = conn->path->rec.cc.in_flight;
	conn->path->rec.cc.cwnd = in_flight;
	fire(p, CLIENT);
	KUNIT_ASSERT_GE(test, queued(p, CLIENT), 1);
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, CLIENT, TQUIC_PT_1RTT, FT(STREAM)));
	while (queued(p, CLIENT)) {
		KUNIT_EXPECT_TRUE(test, look(p, CLIENT, head(p, CLIENT))->pkt[0].types &
				  (FT(STREAM) | FT(PING)));
		in_flight += take(p, CLIENT)->len;
	}
	KUNIT_EXPECT_EQ(test, conn->path->rec.cc.in_flight, in_flight);

	/* nothing to send again, and an ACK that waits: it does not make a probe */
	pair_restart(p);
	establish(p);
	conn = conn_of(p, CLIENT);
	conn->due |= TQUIC_DUE_PING;
	flush(p, CLIENT);
	KUNIT_EXPECT_EQ(test, types_out(p, CLIENT), FT(PING));
	drop(p, CLIENT);
	p->now_us = due(p, CLIENT) - MS;
	inject(p, SERVER, TQUIC_PT_1RTT, app_of(p, SERVER)->next_pn, &ping, 1);
	KUNIT_ASSERT_TRUE(test, app_of(p, CLIENT)->ack.unsent);
	KUNIT_ASSERT_EQ(test, queued(p, CLIENT), 0);
	fire(p, CLIENT);
	KUNIT_ASSERT_GE(test, queued(p, CLIENT), 1);
	while (queued(p, CLIENT))
		KUNIT_EXPECT_TRUE(test, look(p, CLIENT, take(p, CLIENT))->pkt[0].types & FT(PING));
}

/* Who sends takes an ACK along, and no packet that acknowledges asks for one: RFC 9000, 13.2 */
static void acks_go_along(struct kunit *test)
{
	struct pair *p = test->priv;
	u8 ping = TQUIC_FT_PING;
	struct seen *seen;
	u32 i;

	inject(p, CLIENT, TQUIC_PT_1RTT, 1000, &ping, 1);
	KUNIT_ASSERT_EQ(test, queued(p, SERVER), 1);	/* a gap is reported at once */
	drop(p, SERVER);
	inject(p, CLIENT, TQUIC_PT_1RTT, 1001, &ping, 1);
	KUNIT_ASSERT_EQ(test, queued(p, SERVER), 0);
	stream_write(p, SERVER, 1, 3000);
	KUNIT_ASSERT_GE(test, queued(p, SERVER), 2);
	seen = look(p, SERVER, take(p, SERVER));
	KUNIT_EXPECT_EQ(test, seen->pkt[0].types & (FT(ACK) | FT(STREAM)), FT(ACK) | FT(STREAM));
	KUNIT_EXPECT_EQ(test, seen->frame[0].ack.largest, 1001);
	while (queued(p, SERVER))	/* once is enough */
		KUNIT_EXPECT_FALSE(test, look(p, SERVER, take(p, SERVER))->pkt[0].types & FT(ACK));

	for (i = 0; i < 8; i++)
		inject(p, CLIENT, TQUIC_PT_1RTT, 1010 + 2 * i, &ping, 1);
	KUNIT_ASSERT_EQ(test, queued(p, SERVER), 8);
	KUNIT_EXPECT_EQ(test, types_out(p, SERVER), FT(ACK));
}

/* A packet whose frames could not all be taken is not acknowledged, RFC 9000 section 13.1 */
static void acked_when_processed(struct kunit *test)
{
	struct pair *p = test->priv;
	u8 body[64], *at = body;

	*at++ = TQUIC_FT_PING;
	at = tquic_frame_put_stream(at, 0, 0, 10, false, true);
	memset(at, 'x', 10);
	p->end[SERVER].refuse = true;
	inject(p, CLIENT, TQUIC_PT_1RTT, 1000, body, at + 10 - body);
	KUNIT_EXPECT_FALSE(test, tquic_ack_seen(&app_of(p, SERVER)->ack, 1000));
	KUNIT_EXPECT_EQ(test, queued(p, SERVER), 0);
	p->end[SERVER].refuse = false;
	inject(p, CLIENT, TQUIC_PT_1RTT, 1000, body, at + 10 - body);
	KUNIT_EXPECT_TRUE(test, tquic_ack_seen(&app_of(p, SERVER)->ack, 1000));
	KUNIT_EXPECT_EQ(test, types_out(p, SERVER) & FT(ACK), FT(ACK));
}

/* Who was late says how late, RFC 9000 section 13.2.5 */
static void late_ack_says_so(struct kunit *test)
{
	struct pair *p = test->priv;
	u8 ping = TQUIC_FT_PING;
	struct seen *seen;

	inject(p, CLIENT, TQUIC_PT_1RTT, app_of(p, CLIENT)->next_pn, &ping, 1);
	KUNIT_ASSERT_EQ(test, queued(p, SERVER), 0);
	KUNIT_ASSERT_EQ(test, due(p, SERVER), p->now_us + 25 * MS);
	p->now_us += 400 * MS;		/* a timer that is very late */
	tquic_timer_run(conn_of(p, SERVER), p->now_us);
	seen = look(p, SERVER, head(p, SERVER));
	KUNIT_ASSERT_EQ(test, seen->pkt[0].types, FT(ACK));
	KUNIT_EXPECT_EQ(test, seen->frame[0].ack.delay << 3, 400 * MS);
}

/* The pacer lets nothing out: ACKs it does not ask, and it is no limit of the application's */
static void pacer_waits(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, CLIENT);
	u8 ping = TQUIC_FT_PING;

	KUNIT_ASSERT_NE(test, conn->path->rec.pacer.rate, 0);
	KUNIT_ASSERT_TRUE(test, conn->path->rec.cc.app_limited);
	conn->path->rec.cc.cwnd = 1 << 20;
	conn->path->rec.pacer.tokens = -10000;
	conn->path->rec.pacer.last_us = p->now_us;
	stream_write(p, CLIENT, 0, 5000);
	KUNIT_EXPECT_EQ(test, queued(p, CLIENT), 0);
	KUNIT_EXPECT_FALSE(test, conn->path->rec.cc.app_limited);
	KUNIT_EXPECT_GT(test, conn->pace_us, p->now_us);
	KUNIT_EXPECT_EQ(test, due(p, CLIENT), conn->pace_us);

	inject(p, SERVER, TQUIC_PT_1RTT, 1000, &ping, 1);
	KUNIT_ASSERT_EQ(test, queued(p, CLIENT), 1);
	KUNIT_EXPECT_EQ(test, types_out(p, CLIENT), FT(ACK));
	drop(p, CLIENT);
	fire(p, CLIENT);
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, CLIENT, TQUIC_PT_1RTT, FT(STREAM)));
}

/* STOP_SENDING when all was sent, and some of it is lost: RFC 9000 section 3.5 */
static void stop_in_data_sent(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_stream *s;
	u8 body[32], *at;

	stream_put_bytes(p, CLIENT, 0, 100);
	s = stream_of(p, CLIENT, 0);
	tquic_stream_finish(&conn_of(p, CLIENT)->streams, s);
	flush(p, CLIENT);
	KUNIT_EXPECT_EQ(test, s->tx_state, QUIC_STREAM_SEND_STATE_SENT);
	drop(p, CLIENT);
	at = tquic_frame_put(body, TQUIC_FT_STOP_SENDING, 0, 77);
	inject(p, SERVER, TQUIC_PT_1RTT, 1000, body, at - body);
	KUNIT_EXPECT_NOT_NULL(test, find_out(p, CLIENT, TQUIC_PT_1RTT, FT(RESET_STREAM)));
	drop(p, CLIENT);
	/* neither is it the data that goes again */
	fire(p, CLIENT);
	KUNIT_EXPECT_EQ(test, mib(p, PTO), 1);
	KUNIT_EXPECT_TRUE(test, types_out(p, CLIENT) & FT(RESET_STREAM));
	KUNIT_EXPECT_FALSE(test, types_out(p, CLIENT) & FT(STREAM));
}

/* The spin bit where it is switched off: RFC 9000 section 17.4 */
static void spin_is_off(struct kunit *test)
{
	struct pair *p = test->priv;
	int i, on;

	for (on = 0; on < 2; on++) {
		u32 spins = 0, pkts = 0;

		p->switches.spin = on;
		pair_restart(p);
		conn_of(p, CLIENT)->spin = false;
		establish(p);
		conn_of(p, SERVER)->spin = false;
		for (i = 0; i < 6; i++, pkts++) {
			conn_of(p, CLIENT)->spin = i & 1;	/* what the peer does */
			conn_of(p, CLIENT)->spins = false;
			stream_write(p, CLIENT, 0, 100);
			pass(p, CLIENT);
			stream_write(p, SERVER, 1, 100);
			spins += !!(look(p, SERVER, head(p, SERVER))->pkt[0].first &
				    TQUIC_HDR_SPIN);
			pass(p, SERVER);
		}
		KUNIT_EXPECT_EQ(test, spins, on ? pkts / 2 : 0);
	}
}

/* Every connection ID issued is good until the peer retires it, RFC 9000 section 5.1.1 */
static void cids_last(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_cid_entry *cid, second = {};
	u8 body[32];
	u32 i;

	KUNIT_ASSERT_EQ(test, p->end[SERVER].cids_new, 8);
	for (i = 0; i < 50; i++) {
		stream_write(p, CLIENT, 0, 500);
		stream_write(p, SERVER, 1, 500);
		settle(p);
		p->now_us += 500 * MS;
	}
	KUNIT_EXPECT_EQ(test, p->end[SERVER].cids_gone, 0);
	for (i = 0; i < TQUIC_CID_USED_MAX; i++) {
		cid = &conn_of(p, SERVER)->cids.local[i];
		if (cid->used && cid->seq == 1)
			second = *cid;
	}
	KUNIT_ASSERT_TRUE(test, second.used);
	inject(p, CLIENT, TQUIC_PT_1RTT, 10000, body,
	       tquic_frame_put(body, TQUIC_FT_RETIRE_CONNECTION_ID, 1) - body);
	KUNIT_EXPECT_EQ(test, p->end[SERVER].cids_gone, 1);
	KUNIT_EXPECT_TRUE(test, tquic_cid_equal(&second.cid, p->end[SERVER].gone.id,
						p->end[SERVER].gone.len));
	KUNIT_EXPECT_EQ(test, p->end[SERVER].cids_new, 9);
}

/* And says nothing about the others, section 5.1: of 88 random bits of two some 44 differ */
static void cids_unalike(struct kunit *test)
{
	struct tquic_cid_entry *local = conn_of(test->priv, SERVER)->cids.local;
	u32 i, j, byte;

	for (i = 0; i < TQUIC_CID_USED_MAX; i++) {
		KUNIT_ASSERT_TRUE(test, local[i].used);
		for (j = 0; j < i; j++) {
			u32 differ = 0;

			for (byte = 0; byte < TQUIC_CID_LEN; byte++)
				differ += hweight8(local[i].cid.id[byte] ^ local[j].cid.id[byte]);
			KUNIT_EXPECT_GE(test, differ, 20);
			KUNIT_EXPECT_LE(test, differ, 68);
		}
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(pto_restarts),
	KUNIT_CASE(loss_timer_comes_first),
	KUNIT_CASE(probes),
	KUNIT_CASE(acks_go_along),
	KUNIT_CASE(acked_when_processed),
	KUNIT_CASE(late_ack_says_so),
	KUNIT_CASE(pacer_waits),
	KUNIT_CASE(stop_in_data_sent),
	KUNIT_CASE(spin_is_off),
	KUNIT_CASE(cids_last),
	KUNIT_CASE(cids_unalike),
	{}
};

PAIR_SUITE("tquic_conn_recovery", init, cases);

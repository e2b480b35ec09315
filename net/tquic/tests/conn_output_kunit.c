// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the engine: batches of packets, output.c.  What lies in send buffers stays as it is, and
 * what is left of a write waits no longer than it may.
 */
#include "conn_pair.h"

#define PKT	1152	/* stream bytes of a packet of a run, of 1200 bytes */
#define BATCH	10	/* packets of a full batch */
#define HOLE	1000	/* bytes of the page before the first that is written */

static int init(struct kunit *test)
{
	struct tquic_recovery *rec;
	struct pair *p;
	int err = pair_init(test);

	if (err)
		return err;
	p = test->priv;
	p->gso_max = BATCH * TQUIC_MIN_UDP;
	establish(p);
	conn_of(p, CLIENT)->nodelay = false;
	conn_of(p, CLIENT)->tail_skip = 0;
	rec = &conn_of(p, CLIENT)->path->rec;
	rec->cc.cwnd = 1 << 20;
	rec->pacer.rate = 0;
	return 0;
}

/* The packets in the queue carry @len bytes of the stream from @off on, as @bytes has them */
static void expect_stream(struct pair *p, u64 off, u32 len, const u8 *bytes)
{
	struct tquic_rx_frame *f;
	u64 begin = off;
	struct dgram *d;
	u32 i;

	list_for_each_entry(d, &p->end[CLIENT].out, node) {
		look(p, CLIENT, d);
		for (i = 0; i < p->seen.frames; i++) {
			f = &p->seen.frame[i];
			if (f->type != TQUIC_FT_STREAM)
				continue;
			KUNIT_EXPECT_EQ(p->test, f->stream.off, off);
			KUNIT_ASSERT_LE(p->test, off + f->stream.len, begin + len);
			KUNIT_EXPECT_EQ(p->test, memcmp(f->stream.data, bytes + (off - begin),
							f->stream.len), 0);
			off += f->stream.len;
		}
	}
	KUNIT_EXPECT_EQ(p->test, off, begin + len);
}

/*
 * A frame header may lie in front of its payload while both are sealed, where the page is ours
 * alone; afterwards the page is as before, and where it is not ours the cipher sees no byte but
 * the payload's.
 */
static void lent_place(struct kunit *test)
{
	struct pair *p = test->priv;
	u8 *page = page_address(p->page), *copy;
	struct tquic_streams *ss;
	struct scatterlist *sg;
	struct tquic_stream *s;
	int own;

	copy = kunit_kmalloc(test, PAGE_SIZE << 3, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, page, PAGE_SIZE << 3);
	for (own = 0; own < 2; own++) {
		s = stream_of(p, CLIENT, own * 4);
		ss = &conn_of(p, CLIENT)->streams;
		KUNIT_ASSERT_EQ(test, tquic_stream_append(ss, s, p->page, HOLE, BATCH * PKT,
							  own ? TQUIC_SENDBUF_OWN : NULL,
							  GFP_KERNEL), 0);
		flush(p, CLIENT);
		KUNIT_ASSERT_EQ(test, queued(p, CLIENT), BATCH);
		KUNIT_EXPECT_EQ(test, head(p, CLIENT)->len, TQUIC_MIN_UDP);
		expect_stream(p, 0, BATCH * PKT, copy + HOLE);
		KUNIT_EXPECT_EQ(test, memcmp(page, copy, PAGE_SIZE << 3), 0);
		/* what the cipher was given of the last packet */
		sg = conn_of(p, CLIENT)->scratch->src + 1;
		KUNIT_EXPECT_PTR_EQ(test, (u8 *)sg_virt(sg), page + HOLE + (BATCH - 1) * PKT -
				    (own ? TQUIC_RUN_FRAME : 0));
		KUNIT_EXPECT_EQ(test, sg->length, PKT + (own ? TQUIC_RUN_FRAME : 0));
		drop(p, CLIENT);
	}
}

/* A cipher that fails ends the connection: its pages are given back, and nobody writes there */
static void lent_place_is_gone(struct kunit *test)
{
	struct pair *p = test->priv;
	u8 *page = page_address(p->page), *copy;
	struct tquic_space *sp = app_of(p, CLIENT);
	u8 *place = page + HOLE - TQUIC_RUN_FRAME;

	copy = kunit_kmalloc(test, PAGE_SIZE << 3, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, page, PAGE_SIZE << 3);
	sp->rx.next_ready = false;	/* the peer has not followed: no other key */
	sp->tx.used = sp->tx.cipher->tx_limit - 2;
	KUNIT_ASSERT_EQ(test, tquic_stream_append(&conn_of(p, CLIENT)->streams,
						  stream_of(p, CLIENT, 0), p->page, HOLE,
						  BATCH * PKT, TQUIC_SENDBUF_OWN, GFP_KERNEL), 0);
	flush(p, CLIENT);
	KUNIT_EXPECT_EQ(test, conn_of(p, CLIENT)->state, TQUIC_CONN_CLOSED);
	KUNIT_EXPECT_EQ(test, memcmp(place + PKT, copy + HOLE - TQUIC_RUN_FRAME + PKT,
				     TQUIC_RUN_FRAME), 0);
	/* where the third packet's frame header was when its page went */
	KUNIT_EXPECT_NE(test, memcmp(place + 2 * PKT, copy + HOLE - TQUIC_RUN_FRAME + 2 * PKT,
				     TQUIC_RUN_FRAME), 0);
}

/* In front of the first byte of a page that is ours there may be anybody's */
static void lent_place_has_bounds(struct kunit *test)
{
	struct pair *p = test->priv;
	u8 *page = page_address(p->page);
	struct tquic_streams *ss = &conn_of(p, CLIENT)->streams;
	struct scatterlist *sg;

	/* the run's second packet would begin an entry of the send buffer */
	KUNIT_ASSERT_EQ(test, tquic_stream_append(ss, stream_of(p, CLIENT, 0), p->page, HOLE, PKT,
						  TQUIC_SENDBUF_OWN, GFP_KERNEL), 0);
	KUNIT_ASSERT_EQ(test, tquic_stream_append(ss, stream_of(p, CLIENT, 0), p->page, 4 * HOLE,
						  PKT, TQUIC_SENDBUF_OWN, GFP_KERNEL), 0);
	flush(p, CLIENT);
	KUNIT_ASSERT_EQ(test, queued(p, CLIENT), 2);
	sg = conn_of(p, CLIENT)->scratch->src + 1;
	KUNIT_EXPECT_PTR_EQ(test, (u8 *)sg_virt(sg), page + 4 * HOLE);
	KUNIT_EXPECT_EQ(test, sg->length, PKT);
}

/* A full batch has left, and 500 bytes with it for the next */
static u64 leave_tail(struct pair *p)
{
	stream_write(p, CLIENT, 0, BATCH * PKT + 500);
	return p->now_us + MS;
}

/* What is left of a write waits a millisecond for the next one */
static void tail_waits(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, CLIENT);
	u64 until_us = leave_tail(p);

	KUNIT_EXPECT_EQ(test, queued(p, CLIENT), BATCH);
	KUNIT_EXPECT_TRUE(test, conn->tail);
	KUNIT_EXPECT_EQ(test, conn->nagle_us, until_us);
	KUNIT_EXPECT_EQ(test, due(p, CLIENT), until_us);
	drop(p, CLIENT);
	/* less than a batch more changes nothing, not the deadline either */
	p->now_us += 300;
	stream_write(p, CLIENT, 0, 700);
	KUNIT_EXPECT_EQ(test, queued(p, CLIENT), 0);
	KUNIT_EXPECT_EQ(test, conn->nagle_us, until_us);
	/* a batch does: all leaves in full packets, nothing waits */
	stream_write(p, CLIENT, 0, BATCH * PKT - 500 - 700);
	KUNIT_EXPECT_EQ(test, queued(p, CLIENT), BATCH);
	KUNIT_EXPECT_EQ(test, p->end[CLIENT].batches - (head(p, CLIENT)->batch - 1), 1);
	KUNIT_EXPECT_EQ(test, head(p, CLIENT)->len, TQUIC_MIN_UDP);
	KUNIT_EXPECT_EQ(test, conn->nagle_us, TQUIC_TIME_NEVER);
	KUNIT_EXPECT_FALSE(test, conn->tail);
	KUNIT_EXPECT_EQ(test, mib(p, TX_TAILS_ALONE), 0);
	KUNIT_EXPECT_EQ(test, conn->tail_skip, 0);
}

/* And when none comes it leaves, and those of the next batches do not wait */
static void tail_waits_in_vain(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, CLIENT);
	u64 until_us = leave_tail(p);

	drop(p, CLIENT);
	p->now_us = until_us - 1;
	tquic_timer_run(conn, p->now_us);
	KUNIT_EXPECT_EQ(test, queued(p, CLIENT), 0);
	p->now_us++;
	tquic_timer_run(conn, p->now_us);
	KUNIT_ASSERT_EQ(test, queued(p, CLIENT), 1);
	KUNIT_EXPECT_GT(test, head(p, CLIENT)->len, 500);
	KUNIT_EXPECT_EQ(test, conn->tail_skip, 255);
	KUNIT_EXPECT_EQ(test, mib(p, TX_TAILS_ALONE), 1);
	drop(p, CLIENT);
	app_of(p, CLIENT)->loss.eliciting = 0;
	stream_of(p, CLIENT, 0)->sb.base_off = stream_of(p, CLIENT, 0)->sb.next_off;
	leave_tail(p);
	KUNIT_EXPECT_FALSE(test, conn->tail);
	KUNIT_EXPECT_EQ(test, conn->tail_skip, 254);
}

/* Nor does it where nobody wants that, or nothing can follow */
static void tail_leaves(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, CLIENT);
	u64 sid;

	for (sid = 0; sid <= 8; sid += 4) {
		u32 more = sid == 8 ? 2 : 0;	/* packets in front of the FIN's */

		conn->nodelay = !sid;
		stream_put_bytes(p, CLIENT, sid, (BATCH + more) * PKT + 500);
		if (sid)
			tquic_stream_finish(&conn->streams, stream_of(p, CLIENT, sid));
		flush(p, CLIENT);
		KUNIT_EXPECT_EQ(test, queued(p, CLIENT), BATCH + more + 1);
		KUNIT_EXPECT_EQ(test, conn->nagle_us, TQUIC_TIME_NEVER);
		KUNIT_EXPECT_EQ(test, mib(p, TX_TAILS_ALONE), 0);
		drop(p, CLIENT);
	}
}

/* The first packet of a batch has an ACK, the others are one record of the log */
static void run_after_ack(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_sent_walk w;
	u8 ping = TQUIC_FT_PING;
	struct tquic_pkt *pkt;

	inject(p, SERVER, TQUIC_PT_1RTT, app_of(p, SERVER)->next_pn, &ping, 1);
	KUNIT_ASSERT_TRUE(test, app_of(p, CLIENT)->ack.eliciting);
	KUNIT_ASSERT_EQ(test, queued(p, CLIENT), 0);
	conn_of(p, CLIENT)->path->rec.pacer.rate = 0;
	stream_write(p, CLIENT, 0, BATCH * PKT);
	KUNIT_ASSERT_EQ(test, queued(p, CLIENT), BATCH);
	KUNIT_EXPECT_TRUE(test, look(p, CLIENT, head(p, CLIENT))->pkt[0].types & FT(ACK));
	KUNIT_EXPECT_EQ(test, count_out(p, CLIENT, TQUIC_FT_ACK), 1);
	expect_stream(p, 0, BATCH * PKT, page_address(p->page));

	tquic_sent_walk_from(&w, &app_of(p, CLIENT)->loss.sent, app_of(p, CLIENT)->next_pn -
			     BATCH);
	pkt = tquic_sent_walk_next(&w);
	KUNIT_ASSERT_NOT_NULL(test, pkt);
	KUNIT_EXPECT_EQ(test, pkt->more, 0);
	KUNIT_EXPECT_EQ(test, pkt->nframes, 2);
	pkt = tquic_sent_walk_next(&w);
	KUNIT_ASSERT_NOT_NULL(test, pkt);
	KUNIT_EXPECT_EQ(test, pkt->more, BATCH - 2);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(lent_place),
	KUNIT_CASE(lent_place_is_gone),
	KUNIT_CASE(lent_place_has_bounds),
	KUNIT_CASE(tail_waits),
	KUNIT_CASE(tail_waits_in_vain),
	KUNIT_CASE(tail_leaves),
	KUNIT_CASE(run_after_ack),
	{}
};

PAIR_SUITE("tquic_conn_output", init, cases);

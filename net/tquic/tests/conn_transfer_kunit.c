// SPDX-License-Identifier: GPL-2.0
/*
 * Two whole engines over a wire that loses, repeats and reorders datagrams, with flow control, new
 * keys, a larger MTU to be found and packet numbers left out: every byte arrives, and nobody finds
 * fault with the other.
 */
#include <linux/prandom.h>

#include "conn_pair.h"

#define BYTES		(300 << 10)	/* of each stream and direction */
#define STREAMS		3
#define MAX_TURNS	20000

struct transfer {
	struct pair *p;
	struct rnd_state rnd;
	u32 percent;		/* each of lost, repeated, late */
	u64 got[2][STREAMS];
	u32 ended;
};

static const u32 percents[] = { 0, 1, 10 };

static void percent_desc(const u32 *percent, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u %%", *percent);
}

KUNIT_ARRAY_PARAM(percent, percents, percent_desc);

/* What has arrived is read, and is what was written */
static void read_stream(struct transfer *t, int e, u32 i)
{
	struct pair *p = t->p;
	struct tquic_stream *s = tquic_stream_find(&conn_of(p, e)->streams, 4 * i);
	const u8 *at, *page = page_address(p->page);
	u32 n, off, end;

	while (s && tquic_recvbuf_ready(&s->rb)) {
		off = s->rb.read_off % page_size(p->page);
		n = tquic_recvbuf_peek(&s->rb, s->rb.read_off, &at);
		end = page_size(p->page) - off;
		n = min(n, end);
		KUNIT_ASSERT_EQ(p->test, memcmp(at, page + off, n), 0);
		tquic_stream_consumed(&conn_of(p, e)->streams, s, n, 0, p->now_us);
		t->got[e][i] += n;
	}
	if (s && s->rx_final == s->rb.read_off && s->rx_state == QUIC_STREAM_RECV_STATE_RECVD) {
		tquic_stream_read_end(&conn_of(p, e)->streams, s);
		t->ended++;
	}
}

/* What @from has sent meets its fate */
static void cross(struct transfer *t, int from)
{
	struct pair *p = t->p;
	u32 n, fate;

	for (n = queued(p, from); n; n--) {
		struct dgram *d = take(p, from);

		fate = prandom_u32_state(&t->rnd) % 100;
		if (fate < t->percent)
			continue;
		if (fate < 2 * t->percent) {
			list_add_tail(&d->node, &p->end[from].out);
			continue;
		}
		deliver(p, from, d);
		if (fate < 3 * t->percent)
			deliver(p, from, d);
	}
}

static void turn(struct transfer *t)
{
	struct pair *p = t->p;
	int e;
	u32 i;

	p->now_us += p->delay_us;
	if (!queued(p, CLIENT) && !queued(p, SERVER))
		p->now_us = max(p->now_us, min(due(p, CLIENT), due(p, SERVER)));
	for (e = 0; e < 2; e++) {
		cross(t, e);
		for (i = 0; i < STREAMS; i++)
			read_stream(t, !e, i);
		flush(p, !e);
	}
	for (e = 0; e < 2; e++) {
		if (due(p, e) <= p->now_us)
			tquic_timer_run(conn_of(p, e), p->now_us);
		work(p, e);
	}
}

static void transfer(struct kunit *test)
{
	struct pair *p = test->priv;
	struct transfer t = { .p = p, .percent = *(const u32 *)test->param_value };
	u32 i, turns;
	int e;

	prandom_seed_state(&t.rnd, 1);
	p->mtu = 1452;
	p->mark = TQUIC_SENDBUF_OWN;	/* frame headers lie in the pages, for a moment */
	for (e = 0; e < 2; e++) {
		p->tp[e].max_data = 100000;
		p->tp[e].max_stream_data_bidi_local = 40000;
		p->tp[e].max_stream_data_bidi_remote = 40000;
	}
	pair_restart(p);
	establish(p);
	for (e = 0; e < 2; e++)
		app_of(p, e)->skip_at = app_of(p, e)->next_pn + 20;
	for (i = 0; i < STREAMS; i++) {
		stream_put_bytes(p, CLIENT, 4 * i, BYTES);
		tquic_stream_finish(&conn_of(p, CLIENT)->streams, stream_of(p, CLIENT, 4 * i));
	}
	flush(p, CLIENT);
	for (turns = 0; turns < MAX_TURNS && t.ended < 2 * STREAMS; turns++) {
		turn(&t);
		for (i = 0; i < STREAMS; i++) {		/* the answer, when the first bytes come */
			struct tquic_stream *s = stream_of(p, SERVER, 4 * i);

			if (!s || s->sb.end_off)
				continue;
			stream_put_bytes(p, SERVER, 4 * i, BYTES);
			tquic_stream_finish(&conn_of(p, SERVER)->streams, s);
		}
		if (turns % 20 == 19)
			tquic_conn_key_update(conn_of(p, turns % 40 == 19));
		KUNIT_ASSERT_EQ(test, conn_of(p, CLIENT)->state, TQUIC_CONN_ESTABLISHED);
		KUNIT_ASSERT_EQ(test, conn_of(p, SERVER)->state, TQUIC_CONN_ESTABLISHED);
	}
	KUNIT_EXPECT_EQ(test, t.ended, 2 * STREAMS);
	for (i = 0; i < 2 * STREAMS; i++)
		KUNIT_EXPECT_EQ(test, t.got[i % 2][i / 2], BYTES);
	KUNIT_EXPECT_EQ(test, mib(p, PROTOCOL_ERRORS), 0);
	if (!t.percent) {	/* else a phase may come while the keys before the last are kept */
		KUNIT_EXPECT_EQ(test, mib(p, DROP_DECRYPT), 0);
		KUNIT_EXPECT_EQ(test, mib(p, PKT_LOST), 0);
	}
	kunit_info(test, "%u turns, %lu lost, %lu spurious, %lu PTOs, %lu keys, MTU %u", turns,
		   mib(p, PKT_LOST), mib(p, PKT_SPURIOUS), mib(p, PTO), mib(p, KEY_UPDATES),
		   conn_of(p, CLIENT)->path->mtu.cur);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(transfer, percent_gen_params),
	{}
};

PAIR_SUITE("tquic_conn_transfer", pair_init, cases);

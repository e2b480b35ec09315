// SPDX-License-Identifier: GPL-2.0
/*
 * Transfers over simulated links: the log, the ACKs, recovery, congestion control and pacing
 * work together as they do in a connection, and every packet's way is known.
 *
 *   sender -> [queue, bottleneck] -> delay -> receiver
 *          <-         delay        <-
 *
 * Time jumps from event to event.
 */
#include <kunit/test.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include "ack.h"
#include "frame.h"
#include "loss.h"

#define CHUNK		1200	/* bytes of a packet, all of it data here */
#define WIRE		16384	/* packets on the wire at most, a power of two */
#define ACKS		4096	/* ACK frames on the wire at most, a power of two */
#define ACK_BYTES	232

struct link {
	const char *name;
	const char *cc;
	u32 chunks;		/* to transfer */
	u32 mbit;		/* rate of the bottleneck */
	u32 rtt_us;
	u32 queue;		/* bytes in front of the bottleneck */
	u16 loss;		/* all of 10000 packets */
	u16 ack_loss;
	u16 dup;
	u16 reorder;
	u32 reorder_us;		/* how much later such a packet arrives */
	u64 dark_from_us;	/* nothing gets through between these two */
	u64 dark_to_us;
	u32 min_mbit;		/* what the transfer must reach */
	bool exact;		/* nothing may be resent but what the link lost */
};

struct wire_pkt {
	u64 at_us;
	u64 pn;
	u32 chunk;
};

struct wire_ack {
	u64 at_us;
	u16 len;
	u8 bytes[ACK_BYTES];
};

enum chunk_state {
	CHUNK_NEW,
	CHUNK_SENT,
	CHUNK_PENDING,
	CHUNK_ACKED,
};

struct sim {
	const struct link *link;
	struct kunit *test;
	u64 now;
	u32 seed;
	/* sender */
	struct tquic_recovery rec;
	struct tquic_space_loss sp;
	struct tquic_loss_ctx ctx;
	u64 next_pn;
	u32 next_chunk;
	u32 acked;
	u32 probes;
	s32 refs;		/* frame records that were not ended */
	u32 resent;
	u32 ptos;
	u64 pace_us;
	u32 nr_pending;
	u8 *state;		/* of each chunk */
	u32 *pending;		/* ring of chunks */
	u32 pending_head;
	/* wire */
	u64 tx_free_ns;		/* when the bottleneck is idle */
	u32 dropped;
	struct wire_pkt *wire;
	u32 wire_head, wire_nr;
	struct wire_ack *acks;
	u32 acks_head, acks_nr;
	/* receiver */
	struct tquic_ack rx;
	u8 *got;
	u32 nr_got;
	u32 nr_dup;
};

static bool chance(struct sim *s, u32 of_10000)
{
	s->seed = s->seed * 1664525 + 1013904223;
	return (s->seed >> 8) % 10000 < of_10000;
}

static void sim_acked(void *arg, struct tquic_frame *f, u32 n)
{
	struct sim *s = arg;

	s->refs--;
	if (s->state[f->off] != CHUNK_ACKED)
		s->acked++;
	s->state[f->off] = CHUNK_ACKED;
}

static void sim_lost(void *arg, struct tquic_frame *f)
{
	struct sim *s = arg;

	if (s->state[f->off] != CHUNK_SENT)
		return;
	s->state[f->off] = CHUNK_PENDING;
	s->pending[(s->pending_head + s->nr_pending++) % s->link->chunks] = f->off;
}

static void sim_drop(void *arg, struct tquic_frame *f)
{
	((struct sim *)arg)->refs--;
}

static void sim_sized(void *arg, u8 path, u32 bytes, bool probe, bool acked)
{
}

static const struct tquic_loss_ops sim_ops = {
	.acked = sim_acked,
	.lost = sim_lost,
	.drop = sim_drop,
	.sized = sim_sized,
};

static bool dark(const struct sim *s)
{
	return s->now >= s->link->dark_from_us && s->now < s->link->dark_to_us;
}

static void wire_insert(struct sim *s, u64 at_us, u64 pn, u32 chunk)
{
	u32 i = s->wire_nr++;

	KUNIT_ASSERT_LT(s->test, i, (u32)WIRE);
	for (; i && s->wire[(s->wire_head + i - 1) % WIRE].at_us > at_us; i--)
		s->wire[(s->wire_head + i) % WIRE] = s->wire[(s->wire_head + i - 1) % WIRE];
	s->wire[(s->wire_head + i) % WIRE] = (struct wire_pkt){ at_us, pn, chunk };
}

/* a packet meets the queue, the bottleneck, and its luck */
static void wire_send(struct sim *s, u64 pn, u32 chunk)
{
	const struct link *l = s->link;
	u64 ns_per_kb = 8000000 / l->mbit;
	u64 at_us;

	s->tx_free_ns = max(s->tx_free_ns, s->now * 1000);
	if (dark(s) || chance(s, l->loss) ||
	    s->tx_free_ns - s->now * 1000 > div_u64(l->queue * ns_per_kb, 1000)) {
		s->dropped++;
		return;
	}
	s->tx_free_ns += div_u64(CHUNK * ns_per_kb, 1000);
	at_us = div_u64(s->tx_free_ns, 1000) + l->rtt_us / 2;
	if (chance(s, l->reorder))
		at_us += l->reorder_us;
	wire_insert(s, at_us, pn, chunk);
	if (chance(s, l->dup))
		wire_insert(s, at_us + 50, pn, chunk);
}

/* the next chunk to send; false: none */
static bool sim_next(struct sim *s, u32 *chunk)
{
	while (s->nr_pending) {
		*chunk = s->pending[s->pending_head];
		s->pending_head = (s->pending_head + 1) % s->link->chunks;
		s->nr_pending--;
		if (s->state[*chunk] == CHUNK_PENDING) {
			s->resent++;
			return true;
		}
	}
	if (s->next_chunk == s->link->chunks)
		return false;
	*chunk = s->next_chunk++;
	return true;
}

static bool sim_may_send(struct sim *s)
{
	if (s->probes)
		return true;
	s->pace_us = TQUIC_TIME_NEVER;
	if (tquic_cc_room(&s->rec.cc) < CHUNK)
		return false;
	if (tquic_pacer_room(&s->rec.pacer, s->now) >= CHUNK)
		return true;
	s->pace_us = tquic_pacer_next_us(&s->rec.pacer, s->now);
	KUNIT_ASSERT_GT(s->test, s->pace_us, s->now);
	return false;
}

static void sim_flush(struct sim *s)
{
	struct tquic_frame *f;
	struct tquic_pkt *pkt;
	u32 chunk = 0;
	bool data;

	s->rec.cc.app_limited = false;
	while (sim_may_send(s)) {
		data = sim_next(s, &chunk);
		if (!data && !s->probes) {
			s->rec.cc.app_limited = true;
			return;
		}
		pkt = tquic_sent_begin(&s->sp.sent, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(s->test, pkt);
		if (data) {
			f = tquic_sent_add(&s->sp.sent);
			f->type = TQUIC_FT_STREAM;
			f->off = chunk;
			s->refs++;
			s->state[chunk] = CHUNK_SENT;
		}
		pkt->pn = s->next_pn++;
		pkt->bytes = CHUNK;
		pkt->flags = TQUIC_PKT_ELICITING | TQUIC_PKT_INFLIGHT;
		tquic_sent_commit(&s->sp.sent);
		tquic_loss_on_sent(&s->ctx, &s->sp, pkt, s->now);
		tquic_pacer_sent(&s->rec.pacer, CHUNK);
		wire_send(s, pkt->pn, data ? chunk : U32_MAX);
		s->probes -= !!s->probes;
	}
}

static void sim_send_ack(struct sim *s)
{
	struct wire_ack *w = &s->acks[(s->acks_head + s->acks_nr) % ACKS];
	u64 largest;
	u8 *end;

	end = tquic_ack_write(&s->rx, w->bytes, w->bytes + ACK_BYTES, 3, s->now, &largest);
	KUNIT_ASSERT_PTR_NE(s->test, end, &w->bytes[0]);
	tquic_ack_sent(&s->rx);
	if (dark(s) || chance(s, s->link->ack_loss))
		return;
	w->len = end - w->bytes;
	w->at_us = s->now + s->link->rtt_us / 2;
	KUNIT_ASSERT_LT(s->test, ++s->acks_nr, (u32)ACKS);
}

/* all that arrived by now, then one ACK at most, as after a GRO aggregate */
static void sim_receive(struct sim *s)
{
	struct wire_pkt *w;

	while (s->wire_nr && s->wire[s->wire_head].at_us <= s->now) {
		w = &s->wire[s->wire_head];
		s->wire_head = (s->wire_head + 1) % WIRE;
		s->wire_nr--;
		if (tquic_ack_note(&s->rx, w->pn, true, TQUIC_ECN_NOT, s->now, 25000)) {
			s->nr_dup++;
			continue;
		}
		if (w->chunk == U32_MAX)
			continue;
		s->nr_got += !s->got[w->chunk];
		s->got[w->chunk] = 1;
	}
	if (tquic_ack_due(&s->rx, s->now))
		sim_send_ack(s);
}

static void sim_rx_acks(struct sim *s)
{
	struct tquic_ack_result res;
	struct tquic_rx_frame f;
	struct wire_ack *w;
	int ret;

	while (s->acks_nr && s->acks[s->acks_head].at_us <= s->now) {
		w = &s->acks[s->acks_head];
		s->acks_head = (s->acks_head + 1) % ACKS;
		s->acks_nr--;
		ret = tquic_frame_decode(w->bytes, w->bytes + w->len, TQUIC_PT_1RTT, &f);
		KUNIT_ASSERT_EQ(s->test, ret, (int)w->len);
		ret = tquic_loss_on_ack(&s->ctx, &s->sp, s->next_pn, &f, f.ack.delay << 3, s->now,
					&res);
		KUNIT_ASSERT_EQ(s->test, ret, 0);
		tquic_ack_acked(&s->rx, f.ack.largest);	/* as if we had said so in turn */
	}
}

/* RFC 9002 appendix A.8 */
static u64 loss_deadline(const struct sim *s)
{
	if (s->sp.loss_us != TQUIC_TIME_NEVER)
		return s->sp.loss_us;
	if (!s->sp.eliciting)
		return TQUIC_TIME_NEVER;
	return s->sp.last_eliciting_us + tquic_loss_pto_us(&s->rec, true, true);
}

static void sim_timeout(struct sim *s)
{
	if (loss_deadline(s) > s->now)
		return;
	if (s->sp.loss_us != TQUIC_TIME_NEVER) {
		tquic_loss_detect(&s->ctx, &s->sp, s->now);
		return;
	}
	s->ptos++;
	s->rec.pto_count++;
	s->probes = 2;
	tquic_loss_requeue_oldest(&s->ctx, &s->sp, 2);
}

static void sim_step(struct sim *s)
{
	u64 next = min3(loss_deadline(s), s->pace_us, s->rx.due_us);

	if (s->wire_nr)
		next = min(next, s->wire[s->wire_head].at_us);
	if (s->acks_nr)
		next = min(next, s->acks[s->acks_head].at_us);
	KUNIT_ASSERT_NE(s->test, next, TQUIC_TIME_NEVER);
	s->now = max(s->now, next);
	sim_receive(s);
	sim_rx_acks(s);
	sim_timeout(s);
	sim_flush(s);
	KUNIT_ASSERT_GE(s->test, s->rec.cc.cwnd, 2ULL * CHUNK);
	KUNIT_ASSERT_LE(s->test, s->rec.cc.in_flight, (u64)s->sp.sent.nr_live * CHUNK);
	KUNIT_ASSERT_EQ(s->test, s->rec.cc.in_flight, (u64)s->sp.eliciting * CHUNK);
}

static struct sim *sim_create(struct kunit *test, const struct link *l)
{
	struct sim *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->link = l;
	s->test = test;
	s->now = 1000000;
	s->seed = 1;
	s->pace_us = TQUIC_TIME_NEVER;
	s->state = kunit_kzalloc(test, l->chunks, GFP_KERNEL);
	s->got = kunit_kzalloc(test, l->chunks, GFP_KERNEL);
	s->pending = kunit_kcalloc(test, l->chunks, sizeof(u32), GFP_KERNEL);
	s->wire = kunit_kcalloc(test, WIRE, sizeof(*s->wire), GFP_KERNEL);
	s->acks = kunit_kcalloc(test, ACKS, sizeof(*s->acks), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, s->state && s->got && s->pending && s->wire && s->acks);
	tquic_ack_init(&s->rx);
	tquic_loss_space_init(&s->sp);
	tquic_loss_recovery_init(&s->rec, tquic_cc_find(l->cc), CHUNK, 0);
	s->rec.max_ack_delay_us = 25000;
	s->ctx.ops = &sim_ops;
	s->ctx.arg = s;
	s->ctx.path[0] = &s->rec;
	s->ctx.confirmed = true;
	return s;
}

static const struct link links[] = {
	{ .name = "clean, 100 Mbit/s, 20 ms", .cc = "cubic", .chunks = 17500, .mbit = 100,
	  .rtt_us = 20000, .queue = 500000, .min_mbit = 85, .exact = true },
	{ .name = "clean, NewReno", .cc = "reno", .chunks = 17500, .mbit = 100,
	  .rtt_us = 20000, .queue = 500000, .min_mbit = 80, .exact = true },
	{ .name = "short queue, 100 Mbit/s, 20 ms", .cc = "cubic", .chunks = 17500, .mbit = 100,
	  .rtt_us = 20000, .queue = 60000, .min_mbit = 60, .exact = true },
	{ .name = "1 Gbit/s, 20 ms", .cc = "cubic", .chunks = 52500, .mbit = 1000,
	  .rtt_us = 20000, .queue = 2500000, .min_mbit = 450, .exact = true },
	{ .name = "LAN, 1 Gbit/s, 0.2 ms", .cc = "cubic", .chunks = 17500, .mbit = 1000,
	  .rtt_us = 200, .queue = 500000, .min_mbit = 850, .exact = true },
	{ .name = "slow, 1 Mbit/s, 300 ms", .cc = "cubic", .chunks = 500, .mbit = 1,
	  .rtt_us = 300000, .queue = 40000, .min_mbit = 0, .exact = true },
	{ .name = "1 % loss, 20 ms", .cc = "cubic", .chunks = 4500, .mbit = 100,
	  .rtt_us = 20000, .queue = 500000, .loss = 100, .min_mbit = 4, .exact = true },
	{ .name = "10 % loss, both ways", .cc = "cubic", .chunks = 1000, .mbit = 100,
	  .rtt_us = 20000, .queue = 500000, .loss = 1000, .ack_loss = 1000, .min_mbit = 0 },
	{ .name = "30 % of ACKs lost", .cc = "cubic", .chunks = 17500, .mbit = 100,
	  .rtt_us = 20000, .queue = 500000, .ack_loss = 3000, .min_mbit = 80, .exact = true },
	{ .name = "duplicates", .cc = "cubic", .chunks = 17500, .mbit = 100,
	  .rtt_us = 20000, .queue = 500000, .dup = 500, .min_mbit = 80, .exact = true },
	{ .name = "reordering within 5 ms", .cc = "cubic", .chunks = 17500, .mbit = 100,
	  .rtt_us = 20000, .queue = 500000, .reorder = 200, .reorder_us = 5000, .min_mbit = 70 },
	{ .name = "dark for a second", .cc = "cubic", .chunks = 17500, .mbit = 100,
	  .rtt_us = 20000, .queue = 500000, .dark_from_us = 1300000, .dark_to_us = 2300000,
	  .min_mbit = 35 },
};

static void describe(const struct link *l, char *desc)
{
	strscpy(desc, l->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(link, links, describe);

static void loss_transfer(struct kunit *test)
{
	const struct link *l = test->param_value;
	struct sim *s = sim_create(test, l);
	u64 us, steps = 0;

	sim_flush(s);
	while (s->acked < l->chunks) {
		sim_step(s);
		KUNIT_ASSERT_LT(test, ++steps, 10000000ULL);
	}
	us = s->now - 1000000;
	kunit_info(test, "%s: %llu us, %llu Mbit/s, cwnd %llu, srtt %u, %u dropped, %u resent, %llu spurious, %u PTOs",
		   l->name, us, div64_u64(8ULL * CHUNK * l->chunks, us), s->rec.cc.cwnd,
		   s->rec.rtt.smoothed_us, s->dropped, s->resent, s->rec.spurious_pkts, s->ptos);
	KUNIT_EXPECT_EQ(test, s->nr_got, l->chunks);
	KUNIT_EXPECT_EQ(test, !!s->nr_dup, !!l->dup);
	KUNIT_EXPECT_GE(test, div64_u64(8ULL * CHUNK * l->chunks, us), (u64)l->min_mbit);
	if (l->exact) {
		KUNIT_EXPECT_EQ(test, s->rec.spurious_pkts, 0ULL);
		KUNIT_EXPECT_LE(test, s->resent, s->dropped + 2 * s->ptos);
		KUNIT_EXPECT_LE(test, s->rec.lost_pkts, (u64)s->dropped);
	}
	if (l->dark_to_us)
		KUNIT_EXPECT_GE(test, s->ptos, 2U);
	tquic_loss_space_free(&s->ctx, &s->sp);
	KUNIT_EXPECT_EQ(test, s->refs, 0);
	KUNIT_EXPECT_EQ(test, s->rec.cc.in_flight, 0ULL);
	tquic_ack_free(&s->rx);
}

static int sim_init(struct kunit *test)
{
	return tquic_sent_setup();
}

static void sim_exit(struct kunit *test)
{
	tquic_sent_teardown();
}

static struct kunit_case sim_cases[] = {
	KUNIT_CASE_PARAM(loss_transfer, link_gen_params),
	{}
};

static struct kunit_suite sim_suite = {
	.name = "tquic_loss_sim",
	.init = sim_init,
	.exit = sim_exit,
	.test_cases = sim_cases,
};

kunit_test_suite(sim_suite);

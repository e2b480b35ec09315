// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the engine: paths, path.c and what input.c and output.c do with them, RFC 9000 sections
 * 8.2, 9 and 14.2.
 */
#include "conn_pair.h"

#define PROBING	(FT(PADDING) | FT(PATH_CHALLENGE) | FT(PATH_RESPONSE) | FT(NEW_CONNECTION_ID))

static int init(struct kunit *test)
{
	int err = pair_init(test);

	if (!err)
		establish(test->priv);
	return err;
}

/* The client's NAT gives it another address, and @len bytes of a stream reach the server by it */
static struct tquic_path *rebind(struct pair *p, u32 len)
{
	set_addr(&p->nat, 9, 9999);
	stream_write(p, CLIENT, 0, len);
	pass(p, CLIENT);
	KUNIT_ASSERT_NOT_NULL(p->test, conn_of(p, SERVER)->paths[1]);
	return conn_of(p, SERVER)->paths[1];
}

static u64 pto_of(const struct tquic_path *path)
{
	return tquic_loss_pto_us(&path->rec, true, true);
}

static void respond(struct pair *p, int from, const u8 *data)
{
	u8 body[1 + TQUIC_PATH_DATA_LEN] = { TQUIC_FT_PATH_RESPONSE };

	memcpy(body + 1, data, TQUIC_PATH_DATA_LEN);
	inject(p, from, TQUIC_PT_1RTT, 5000 + app_of(p, from)->next_pn++, body, sizeof(body));
}

/* Bytes that an end has sent to an address, and the frame types in them */
static u64 sent_to(struct pair *p, int from, const union tquic_addr *to, u64 *types)
{
	struct dgram *d;
	u64 bytes = 0;

	*types = 0;
	list_for_each_entry(d, &p->end[from].out, node) {
		if (!tquic_addr_equal(&d->to, to))
			continue;
		bytes += d->len;
		*types |= look(p, from, d)->pkt[0].types;
	}
	return bytes;
}

/* RFC 9000 section 8.2.1: one PATH_CHALLENGE in a packet, in 1200 bytes where that is allowed */
static void challenge_datagrams(struct kunit *test)
{
	struct pair *p = test->priv;
	struct dgram *d;
	u32 i, n, large = 0, small = 0;
	struct tquic_path *path = rebind(p, 100);

	for (n = 0; n < 2; n++) {
		list_for_each_entry(d, &p->end[SERVER].out, node) {
			u32 frames = 0;

			look(p, SERVER, d);
			for (i = 0; i < p->seen.frames; i++)
				frames += p->seen.frame[i].type == TQUIC_FT_PATH_CHALLENGE;
			KUNIT_EXPECT_LE(test, frames, 1);
			if (!frames)
				continue;
			large += d->len == TQUIC_MIN_UDP;
			small += d->len < TQUIC_MIN_UDP;
			/* what forbids it is what came from there */
			if (d->len < TQUIC_MIN_UDP) {
				KUNIT_EXPECT_TRUE(test, tquic_addr_equal(&d->to, &p->nat));
				KUNIT_EXPECT_LE(test, d->len, 3 * path->rx_bytes);
			}
		}
		KUNIT_EXPECT_EQ(test, large, 1 + 2 * n);	/* first one to the old address */
		KUNIT_EXPECT_EQ(test, small, 1);
		drop(p, SERVER);
		path->rx_bytes += 4 * TQUIC_MIN_UDP;
		p->now_us = path->challenge_us;
		tquic_timer_run(conn_of(p, SERVER), p->now_us);
	}
}

/* Each try asks with data of its own, and the answer to any of them counts: section 8.2.1 */
static void challenges_unalike(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_path *path = rebind(p, 1000);
	u8 asked[TQUIC_PATH_TRIES][TQUIC_PATH_DATA_LEN];
	struct seen_pkt *pkt;
	struct dgram *d;
	u32 i, n = 0;

	path->rx_bytes += 100 * TQUIC_MIN_UDP;
	for (;;) {
		list_for_each_entry(d, &p->end[SERVER].out, node) {
			pkt = look(p, SERVER, d)->pkt;
			for (i = 0; i < pkt->nr && tquic_addr_equal(&d->to, &p->nat); i++)
				if (pkt->frame[i].type == TQUIC_FT_PATH_CHALLENGE)
					memcpy(asked[n++], pkt->frame[i].path_data,
					       TQUIC_PATH_DATA_LEN);
		}
		drop(p, SERVER);
		if (n == TQUIC_PATH_TRIES)
			break;
		p->now_us = path->challenge_us;
		tquic_timer_run(conn_of(p, SERVER), p->now_us);
	}
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_NE(test, memcmp(asked[i], asked[(i + 1) % n], sizeof(*asked)), 0);
	KUNIT_ASSERT_FALSE(test, path->validated);
	respond(p, CLIENT, asked[1]);
	KUNIT_EXPECT_TRUE(test, path->validated);
}

/* A probe timeout asks for an ACK at once, but not where it would have the peer follow */
static void immediate_ack_by_the_active_path(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, SERVER);
	u64 types;

	rebind(p, 1000);
	drop(p, SERVER);
	conn->freq_seq = 1;
	app_of(p, SERVER)->probes = 2;
	conn->paths[0]->ask = true;
	flush(p, SERVER);
	KUNIT_EXPECT_GT(test, sent_to(p, SERVER, &p->end[CLIENT].addr, &types), 0);
	KUNIT_EXPECT_TRUE(test, types & FT(PATH_CHALLENGE));
	KUNIT_EXPECT_EQ(test, types & ~PROBING, 0);
	KUNIT_EXPECT_GT(test, sent_to(p, SERVER, &p->nat, &types), 0);
	KUNIT_EXPECT_TRUE(test, types & FT(IMMEDIATE_ACK));
}

/* RFC 9000 section 8.2.2, RFC 9002 section 6.2.2: an answer by another path; it is no RTT sample */
static void response_by_any_path(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_path *path = rebind(p, 1000);

	drop(p, SERVER);
	p->now_us += 300 * MS;
	p->nat = p->end[CLIENT].addr;
	KUNIT_ASSERT_FALSE(test, path->validated);
	respond(p, CLIENT, *path->challenge);
	KUNIT_EXPECT_TRUE(test, path->validated);
	KUNIT_EXPECT_EQ(test, path->challenge_us, TQUIC_TIME_NEVER);
	KUNIT_EXPECT_EQ(test, path->rec.rtt.first_sample_us, 0);
	KUNIT_EXPECT_EQ(test, path->rec.rtt.smoothed_us, TQUIC_INITIAL_RTT_US);
}

/*
 * How long a validation takes to fail: three times the larger PTO of both paths, RFC 9000 sections
 * 8.2.4 and 9.4
 */
static void validation_timer(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_path *path, *old;
	struct tquic_conn *conn;
	int slow, i;

	for (slow = 0; slow < 2; slow++) {	/* the old one has the larger */
		u64 begun_us, least;

		pair_restart(p);
		establish(p);
		conn = conn_of(p, SERVER);
		old = conn->path;
		if (slow)
			old->rec.rtt.smoothed_us = 3 * USEC_PER_SEC;
		least = max(pto_of(old), 3ULL * TQUIC_INITIAL_RTT_US);
		old->rec.pto_count = 3;		/* of losses there, which do not count here */
		path = rebind(p, 1000);
		begun_us = p->now_us;
		least = max(pto_of(path), least);
		KUNIT_EXPECT_EQ(test, path->challenge_us, begun_us + least);
		respond(p, CLIENT, *old->challenge);
		for (i = 0; i < TQUIC_PATH_TRIES; i++) {
			KUNIT_ASSERT_PTR_EQ(test, conn->paths[1], path);
			KUNIT_EXPECT_LE(test, due(p, SERVER), path->challenge_us);
			KUNIT_EXPECT_GE(test, path->challenge_us, p->now_us + least);
			p->now_us = path->challenge_us;
			tquic_timer_run(conn, p->now_us);
		}
		KUNIT_EXPECT_NULL(test, conn->paths[1]);
		KUNIT_EXPECT_GE(test, p->now_us, begun_us + 3 * least);
		KUNIT_EXPECT_EQ(test, conn->state, TQUIC_CONN_ESTABLISHED);
	}
}

/* A path whose window is full is asked when something of it is acknowledged, RFC 9002 section 7 */
static void challenge_within_window(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_path *old = conn_of(p, SERVER)->path;
	u64 types;

	stream_write(p, SERVER, 1, 1000);
	drop(p, SERVER);
	old->rec.cc.cwnd = old->rec.cc.in_flight + TQUIC_MIN_UDP - 1;
	rebind(p, 1000);
	KUNIT_EXPECT_EQ(test, sent_to(p, SERVER, &p->end[CLIENT].addr, &types), 0);
	KUNIT_EXPECT_GT(test, sent_to(p, SERVER, &p->nat, &types), 0);
	KUNIT_EXPECT_TRUE(test, types & FT(PATH_CHALLENGE));
	drop(p, SERVER);
	old->rec.cc.cwnd++;
	flush(p, SERVER);
	KUNIT_EXPECT_EQ(test, sent_to(p, SERVER, &p->end[CLIENT].addr, &types), TQUIC_MIN_UDP);
	KUNIT_EXPECT_TRUE(test, types & FT(PATH_CHALLENGE));
}

/* Three times what came from it, RFC 9000 section 9.3 */
static void unproven_gets_little(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_path *path = rebind(p, 1000);
	u64 types, bytes;

	conn_of(p, SERVER)->path->rec.cc.cwnd = 1 << 20;
	stream_write(p, SERVER, 1, 20000);
	bytes = sent_to(p, SERVER, &p->nat, &types);
	KUNIT_EXPECT_TRUE(test, types & FT(STREAM));
	KUNIT_EXPECT_GT(test, bytes, path->rx_bytes);
	KUNIT_EXPECT_LE(test, bytes, 3 * path->rx_bytes);
	drop(p, SERVER);
	/* and all the rest when it has proven itself */
	respond(p, CLIENT, *path->challenge);
	KUNIT_EXPECT_GT(test, bytes + sent_to(p, SERVER, &p->nat, &types), 20000);
}

/* No answer from the new address, but one from the old: RFC 9000 section 9.3.2 */
static void back_to_proven(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, SERVER);
	struct tquic_path *old = conn->path, *path;
	u64 types;
	int i;

	path = rebind(p, 1000);
	KUNIT_ASSERT_PTR_EQ(test, conn->path, path);
	respond(p, CLIENT, *old->challenge);
	for (i = 0; i < 20 && conn->paths[1]; i++)
		fire(p, SERVER);
	KUNIT_EXPECT_NULL(test, conn->paths[1]);
	KUNIT_EXPECT_PTR_EQ(test, conn->path, old);
	KUNIT_ASSERT_EQ(test, conn->state, TQUIC_CONN_ESTABLISHED);
	drop(p, SERVER);
	stream_write(p, SERVER, 1, 1000);
	KUNIT_EXPECT_EQ(test, sent_to(p, SERVER, &p->nat, &types), 0);
	KUNIT_EXPECT_GT(test, sent_to(p, SERVER, &p->end[CLIENT].addr, &types), 1000);
}

/* No answer from either */
static void nobody_answers(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, SERVER);
	u64 closed = FT(CONNECTION_CLOSE) | FT(CONNECTION_CLOSE_APP);
	int i;

	rebind(p, 1000)->rx_bytes += 50000;	/* it could be told */
	for (i = 0; i < 30 && conn->state == TQUIC_CONN_ESTABLISHED; i++)
		fire(p, SERVER);
	KUNIT_EXPECT_EQ(test, conn->state, TQUIC_CONN_CLOSED);
	KUNIT_EXPECT_EQ(test, conn->sk_err, EHOSTUNREACH);
	KUNIT_EXPECT_FALSE(test, types_out(p, SERVER) & closed);
	KUNIT_EXPECT_LT(test, p->now_us, conn->idle_us);
}

/* A peer that asks on the path in use learns that it is: RFC 9000 section 9.3.3 */
static void answer_is_no_probe(struct kunit *test)
{
	static const u8 body[] = { TQUIC_FT_PATH_CHALLENGE, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct pair *p = test->priv;
	struct seen_pkt *pkt;

	inject(p, SERVER, TQUIC_PT_1RTT, app_of(p, SERVER)->next_pn, body, sizeof(body));
	pkt = find_out(p, CLIENT, TQUIC_PT_1RTT, FT(PATH_RESPONSE));
	KUNIT_ASSERT_NOT_NULL(test, pkt);
	KUNIT_EXPECT_TRUE(test, pkt->types & ~PROBING);
}

/* And the answer has 1200 bytes or waits: none rides on an ACK, RFC 9000 section 8.2.2 */
static void answer_within_window(struct kunit *test)
{
	static const u8 body[] = { TQUIC_FT_PATH_CHALLENGE, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct pair *p = test->priv;
	struct tquic_cc *cc = &conn_of(p, CLIENT)->path->rec.cc;
	u64 types;
	int i;

	cc->cwnd = cc->in_flight + TQUIC_MIN_UDP - 1;
	for (i = 0; i < 2; i++)
		inject(p, SERVER, TQUIC_PT_1RTT, 500 + i, body, sizeof(body));
	types = types_out(p, CLIENT);
	KUNIT_EXPECT_TRUE(test, types & FT(ACK));
	KUNIT_EXPECT_FALSE(test, types & FT(PATH_RESPONSE));
	drop(p, CLIENT);
	cc->cwnd++;
	flush(p, CLIENT);
	KUNIT_ASSERT_EQ(test, queued(p, CLIENT), 1);
	KUNIT_EXPECT_EQ(test, head(p, CLIENT)->len, TQUIC_MIN_UDP);
	KUNIT_EXPECT_TRUE(test, types_out(p, CLIENT) & FT(PATH_RESPONSE));
}

/* Two challenges by one path are answered twice, and none a second time: section 8.2.2 */
static void every_challenge_is_answered(struct kunit *test)
{
	static const u8 body[] = {
		TQUIC_FT_PATH_CHALLENGE, 1, 2, 3, 4, 5, 6, 7, 8,
		TQUIC_FT_PATH_CHALLENGE, 8, 7, 6, 5, 4, 3, 2, 1,
	};
	struct pair *p = test->priv;
	u32 i, seen = 0;

	inject(p, SERVER, TQUIC_PT_1RTT, 500, body, sizeof(body));
	KUNIT_EXPECT_EQ(test, count_out(p, CLIENT, TQUIC_FT_PATH_RESPONSE), 2);
	look(p, CLIENT, head(p, CLIENT));
	for (i = 0; i < p->seen.frames; i++)
		if (p->seen.frame[i].type == TQUIC_FT_PATH_RESPONSE)
			seen |= BIT(p->seen.frame[i].path_data[0]);
	KUNIT_EXPECT_EQ(test, seen, BIT(1) | BIT(8));
	drop(p, CLIENT);
	flush(p, CLIENT);
	KUNIT_EXPECT_EQ(test, count_out(p, CLIENT, TQUIC_FT_PATH_RESPONSE), 0);
}

/* Nothing that is known of the old path holds for the new one: RFC 9000 sections 9.4 and 14.2 */
static void path_begins_anew(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, SERVER);
	struct tquic_path *old = conn->path, *path;
	u64 pn, in_flight;
	u8 body[32];

	old->rec.cc.cwnd = 1 << 18;
	old->rec.pacer.rate = 0;
	p->mtu = 1400;
	tquic_path_mtu_changed(conn, old, p->now_us);
	old->mtu.cur = 1400;
	tquic_cc_set_mss(&old->rec.cc, 1400);
	stream_write(p, SERVER, 1, 10000);
	KUNIT_EXPECT_GT(test, head(p, SERVER)->len, TQUIC_MIN_UDP);
	drop(p, SERVER);
	pn = app_of(p, SERVER)->next_pn - 1;

	path = rebind(p, 1000);
	KUNIT_ASSERT_PTR_EQ(test, conn->path, path);
	KUNIT_EXPECT_EQ(test, path->rec.cc.cwnd, 10 * TQUIC_MTU_BASE);
	KUNIT_EXPECT_EQ(test, path->rec.rtt.smoothed_us, TQUIC_INITIAL_RTT_US);
	KUNIT_EXPECT_EQ(test, path->mtu.cur, TQUIC_MTU_BASE);
	KUNIT_EXPECT_LE(test, head(p, SERVER)->len, TQUIC_MIN_UDP);
	in_flight = path->rec.cc.in_flight;

	/* packets of the old one are acknowledged, by the new one */
	p->now_us += 50 * MS;
	KUNIT_ASSERT_GT(test, old->rec.cc.in_flight, 10000);
	inject(p, CLIENT, TQUIC_PT_1RTT, 7000, body,
	       tquic_frame_put(body, TQUIC_FT_ACK, pn, 0, 0, 5) - body);
	KUNIT_EXPECT_LT(test, old->rec.cc.in_flight, 10000);
	KUNIT_EXPECT_EQ(test, old->rec.rtt.latest_us, 60 * MS);
	KUNIT_EXPECT_EQ(test, path->rec.cc.cwnd, 10 * TQUIC_MTU_BASE);
	KUNIT_EXPECT_EQ(test, path->rec.rtt.first_sample_us, 0);
	KUNIT_EXPECT_GE(test, path->rec.cc.in_flight, in_flight);
}

/* Where we said that nobody should move: RFC 9000 section 9 */
static void migration_disabled(struct kunit *test)
{
	struct pair *p = test->priv;

	p->tp[SERVER].disable_active_migration = true;
	pair_restart(p);
	establish(p);
	set_addr(&p->nat, 9, 9999);
	stream_write(p, CLIENT, 0, 100);
	pass(p, CLIENT);
	KUNIT_EXPECT_NULL(test, conn_of(p, SERVER)->paths[1]);
	KUNIT_EXPECT_NULL(test, stream_of(p, SERVER, 0));
	KUNIT_EXPECT_EQ(test, mib(p, DROP_PATH), 1);
}

/* A server's other address is no server of ours, RFC 9000 sections 9 and 9.6 */
static void stranger_at_client(struct kunit *test)
{
	struct pair *p = test->priv;

	stream_write(p, SERVER, 1, 100);
	set_addr(&head(p, SERVER)->from, 5, 4431);
	pass(p, SERVER);
	KUNIT_EXPECT_NULL(test, conn_of(p, CLIENT)->paths[1]);
	KUNIT_EXPECT_NULL(test, stream_of(p, CLIENT, 1));
	KUNIT_EXPECT_EQ(test, mib(p, DROP_PATH), 1);
}

/* A peer without connection IDs cannot be left for another path, RFC 9000 section 9.5 */
static void no_id_no_migration(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_conn *conn = conn_of(p, CLIENT);
	union tquic_addr other;

	set_addr(&other, 7, 700);
	conn->dcid.len = 0;
	KUNIT_EXPECT_EQ(test, tquic_path_migrate(conn, &other, &p->end[SERVER].addr, NULL,
						 p->now_us), -EOPNOTSUPP);
	KUNIT_EXPECT_NULL(test, conn->paths[1]);
	conn->dcid.len = TQUIC_CID_LEN;
	KUNIT_EXPECT_EQ(test, tquic_path_migrate(conn, &other, &p->end[SERVER].addr, NULL,
						 p->now_us), 0);
	KUNIT_EXPECT_NOT_NULL(test, conn->paths[1]);
}

/* Any address is an address, RFC 9000 section 21.5.6 */
static void any_address(struct kunit *test)
{
	static const u32 hosts[] = { 0x7f000001, 0xa9fe0101, 0xc0a80001 };
	struct pair *p = test->priv;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(hosts); i++) {
		set_addr(&p->nat, 0, 1 + i);
		p->nat.v4.sin_addr.s_addr = htonl(hosts[i]);
		stream_write(p, CLIENT, 0, 1000);
		settle(p);
		KUNIT_EXPECT_TRUE(test, tquic_addr_equal(&conn_of(p, SERVER)->path->remote,
							 &p->nat));
		KUNIT_EXPECT_TRUE(test, conn_of(p, SERVER)->path->validated);
	}
}

/* The server's parameters name a preferred address */
static void preferred_param(struct pair *p, union tquic_addr *to)
{
	u8 *at = p->extra;

	set_addr(to, 3, 333);
	at = tquic_varint_put(at, 0x0d);
	at = tquic_varint_put(at, 24 + 1 + TQUIC_CID_LEN + TQUIC_TOKEN_RESET_LEN);
	memset(at, 0, 64);
	memcpy(at, &to->v4.sin_addr, 4);
	memcpy(at + 4, &to->v4.sin_port, 2);
	at += 24;
	*at++ = TQUIC_CID_LEN;
	memset(at, 0xab, TQUIC_CID_LEN);
	at += TQUIC_CID_LEN + TQUIC_TOKEN_RESET_LEN;
	p->extra_len = at - p->extra;
}

/* And the client knows it; nothing is under way */
static struct tquic_path *prefer(struct pair *p, union tquic_addr *to)
{
	preferred_param(p, to);
	pair_restart(p);
	meet(p);
	conn_of(p, SERVER)->cids.local_next_seq++;	/* number 1 is that of the address */
	server_flight(p, 100);
	pass(p, SERVER);
	client_finish(p);
	pass(p, CLIENT);
	conn_of(p, SERVER)->cids.local_limit = 4;	/* leaves room for it */
	server_finish(p);
	pass(p, SERVER);
	KUNIT_ASSERT_TRUE(p->test, conn_of(p, CLIENT)->confirmed);
	KUNIT_ASSERT_NOT_NULL(p->test, conn_of(p, CLIENT)->paths[1]);
	return conn_of(p, CLIENT)->paths[1];
}

/* RFC 9000 sections 9.6.1, 9.6.3 and 21.5.3 */
static void preferred_address(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_path *path, *first;
	struct tquic_conn *conn;
	union tquic_addr to;
	u64 types;
	int i, answered;

	for (answered = 0; answered < 2; answered++) {
		path = prefer(p, &to);
		conn = conn_of(p, CLIENT);
		first = conn->paths[0];
		stream_write(p, CLIENT, 0, 500);
		/* only probes go there, the rest where the handshake was */
		KUNIT_EXPECT_EQ(test, sent_to(p, CLIENT, &to, &types), TQUIC_MIN_UDP);
		KUNIT_EXPECT_EQ(test, types & ~PROBING, 0);
		KUNIT_EXPECT_TRUE(test, types & FT(PATH_CHALLENGE));
		sent_to(p, CLIENT, &p->end[SERVER].addr, &types);
		KUNIT_EXPECT_TRUE(test, types & FT(STREAM));
		drop(p, CLIENT);
		if (answered) {
			respond(p, SERVER, *path->challenge);
		} else {
			for (i = 0; i < TQUIC_PATH_TRIES; i++) {
				p->now_us = path->challenge_us;
				tquic_timer_run(conn, p->now_us);
				sent_to(p, CLIENT, &to, &types);
				KUNIT_EXPECT_EQ(test, types & ~PROBING, 0);
			}
			KUNIT_EXPECT_NULL(test, conn->paths[1]);
		}
		KUNIT_EXPECT_EQ(test, conn->state, TQUIC_CONN_ESTABLISHED);
		KUNIT_EXPECT_PTR_EQ(test, conn->path, answered ? path : first);
		drop(p, CLIENT);
		stream_write(p, CLIENT, 0, 500);
		sent_to(p, CLIENT, answered ? &to : &p->end[SERVER].addr, &types);
		KUNIT_EXPECT_TRUE(test, types & FT(STREAM));
	}
}

/* RFC 9000 section 9.6.2: a server of ours asks there, and leaves for it when the client has */
static void server_prefers(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_path *path;
	struct tquic_conn *conn;
	union tquic_addr to;
	u64 types;

	pair_restart(p);
	meet(p);
	conn = conn_of(p, SERVER);
	set_addr(&to, 3, 333);
	KUNIT_ASSERT_EQ(test, tquic_conn_prefer(conn, &to), 0);
	server_flight(p, 100);
	KUNIT_EXPECT_EQ(test, tquic_conn_prefer(conn, &to), -EINVAL);
	pass(p, SERVER);
	client_finish(p);
	pass(p, CLIENT);
	server_finish(p);
	pass(p, SERVER);
	/* the client asks there, with the ID that came with the address; other packets stay */
	KUNIT_EXPECT_EQ(test, sent_to(p, CLIENT, &to, &types), TQUIC_MIN_UDP);
	pass(p, CLIENT);
	path = conn->paths[1];
	KUNIT_ASSERT_NOT_NULL(test, path);
	KUNIT_EXPECT_TRUE(test, tquic_addr_equal(&path->local, &to));
	stream_write(p, SERVER, 1, 500);
	KUNIT_EXPECT_PTR_EQ(test, conn->path, conn->paths[0]);
	KUNIT_EXPECT_TRUE(test, types_out(p, SERVER) & FT(PATH_CHALLENGE));
	/* it says more there before it is proven: no reason to go */
	stream_write(p, CLIENT, 0, 500);
	set_addr(&head(p, CLIENT)->to, 3, 333);
	pass(p, CLIENT);
	KUNIT_EXPECT_PTR_EQ(test, conn->path, conn->paths[0]);
	settle(p);
	KUNIT_EXPECT_TRUE(test, path->validated);
	stream_write(p, CLIENT, 0, 500);
	settle(p);
	KUNIT_EXPECT_PTR_EQ(test, conn->path, path);
	KUNIT_EXPECT_TRUE(test, tquic_addr_equal(&conn_of(p, CLIENT)->path->remote, &to));
	KUNIT_EXPECT_EQ(test, mib(p, CONN_MIGRATED), 2);
	/* nor does what comes to the old address bring it back */
	stream_write(p, CLIENT, 0, 500);
	head(p, CLIENT)->to = p->end[SERVER].addr;
	pass(p, CLIENT);
	KUNIT_EXPECT_PTR_EQ(test, conn->path, path);
	/* there it follows a client whose NAT forgets at once, as anywhere */
	set_addr(&p->nat, 9, 9999);
	stream_write(p, CLIENT, 0, 500);
	pass(p, CLIENT);
	KUNIT_EXPECT_TRUE(test, tquic_addr_equal(&conn->path->remote, &p->nat));
	KUNIT_EXPECT_TRUE(test, tquic_addr_equal(&conn->path->local, &to));
}

/* A server whose own ID is empty cannot have one, section 18.2 */
static void preferred_without_id(struct kunit *test)
{
	struct pair *p = test->priv;
	struct tquic_tparam tp = p->tp[SERVER];
	struct tquic_conn *conn;
	union tquic_addr to;
	int i, n, ret;

	for (i = 0; i < 2; i++) {
		preferred_param(p, &to);
		pair_restart(p);
		hello(p);
		conn = conn_of(p, CLIENT);
		conn->dcid.len = i ? 0 : 4;	/* of the first packet that has come */
		tquic_cid_set_first(&conn->cids, conn->dcid.id, conn->dcid.len);
		tp.has_iscid = true;
		tp.iscid = conn->dcid;
		tp.has_odcid = true;
		tp.odcid = conn->local.odcid;
		n = tquic_tparam_encode(&tp, true, p->plain, sizeof(p->plain));
		KUNIT_ASSERT_GT(test, n, 0);
		memcpy(p->plain + n, p->extra, p->extra_len);
		ret = tquic_conn_set_remote(conn, p->plain, n + p->extra_len, p->now_us);
		KUNIT_EXPECT_EQ(test, ret, i ? -EINVAL : 0);
		KUNIT_EXPECT_EQ(test, conn->close_err,
				i ? QUIC_TRANSPORT_ERROR_TRANSPORT_PARAM : 0);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(challenge_datagrams),
	KUNIT_CASE(challenges_unalike),
	KUNIT_CASE(immediate_ack_by_the_active_path),
	KUNIT_CASE(response_by_any_path),
	KUNIT_CASE(validation_timer),
	KUNIT_CASE(challenge_within_window),
	KUNIT_CASE(unproven_gets_little),
	KUNIT_CASE(back_to_proven),
	KUNIT_CASE(nobody_answers),
	KUNIT_CASE(answer_is_no_probe),
	KUNIT_CASE(answer_within_window),
	KUNIT_CASE(every_challenge_is_answered),
	KUNIT_CASE(path_begins_anew),
	KUNIT_CASE(migration_disabled),
	KUNIT_CASE(stranger_at_client),
	KUNIT_CASE(no_id_no_migration),
	KUNIT_CASE(any_address),
	KUNIT_CASE(preferred_address),
	KUNIT_CASE(server_prefers),
	KUNIT_CASE(preferred_without_id),
	{}
};

PAIR_SUITE("tquic_conn_path", init, cases);

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the engine: what answers a client before a server does, Version Negotiation and Retry,
 * and the connection IDs in transport parameters: input.c, handshake.c, conn.c.
 */
#include "conn_pair.h"

/* A Version Negotiation packet that names @version */
static void verneg(struct pair *p, u8 first, u32 version)
{
	struct tquic_conn *conn = conn_of(p, CLIENT);
	u8 buf[64], *at = buf;

	*at++ = 0x80 | first;
	put_unaligned_be32(0, at);
	at = tquic_cid_put(at + 4, conn->local.iscid.id, conn->local.iscid.len);
	at = tquic_cid_put(at, conn->local.odcid.id, conn->local.odcid.len);
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
static void retry_of(struct pair *p, u32 version, u8 first, const struct tquic_cid *scid)
{
	struct tquic_conn *conn = conn_of(p, CLIENT);
	u8 buf[128], *at = buf;

	*at++ = first;
	put_unaligned_be32(version, at);
	at = tquic_cid_put(at + 4, conn->local.iscid.id, conn->local.iscid.len);
	at = tquic_cid_put(at, scid->id, scid->len);
	memcpy(at, "token", 5);
	at += 5;
	KUNIT_ASSERT_EQ(p->test, tquic_crypto_retry_tag(QUIC_VERSION_V1, &conn->local.odcid, buf,
							at - buf, at), 0);
	inject_raw(p, SERVER, buf, at + TQUIC_TAG_LEN - buf);
}

static void retry(struct pair *p, u8 first, const struct tquic_cid *scid)
{
	retry_of(p, QUIC_VERSION_V1, first, scid);
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
	u32 len, first, dropped = 0;

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
		KUNIT_EXPECT_FALSE(test, conn->local.has_rscid);
		/* nor is one of another version, section 5.2.1 */
		retry_of(p, QUIC_VERSION_V2, 0xc0, &scid);
		KUNIT_EXPECT_FALSE(test, conn->local.has_rscid);
		KUNIT_EXPECT_EQ(test, mib(p, DROP_VERSION), ++dropped);
		KUNIT_EXPECT_EQ(test, queued(p, CLIENT), 0);

		retry(p, first, &scid);
		KUNIT_ASSERT_TRUE(test, conn->local.has_rscid);
		initial_keys(p, &scid);
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
		tp.odcid = conn->local.odcid;
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
		conn->local.has_rscid = true;
		conn->local.rscid = (struct tquic_cid){ .len = 4, .id = { 9, 8, 7, 6 } };
		tp = p->tp[SERVER];
		tp.has_iscid = true;
		tp.iscid = conn->dcid;
		tp.has_odcid = true;
		tp.odcid = conn->local.odcid;
		tp.has_rscid = i;
		tp.rscid = conn->local.rscid;
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
		meet(p);
		tp = p->tp[CLIENT];
		tp.has_iscid = i != 1;
		tp.iscid = conn_of(p, CLIENT)->local.iscid;
		tp.iscid.id[0] ^= i == 2;
		n = tquic_tparam_encode(&tp, false, p->plain, sizeof(p->plain));
		ret = tquic_conn_set_remote(conn_of(p, SERVER), p->plain, n, p->now_us);
		KUNIT_EXPECT_EQ(test, ret, i ? -EINVAL : 0);
		KUNIT_EXPECT_EQ(test, conn_of(p, SERVER)->close_err,
				i ? QUIC_TRANSPORT_ERROR_TRANSPORT_PARAM : 0);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(version_negotiation),
	KUNIT_CASE(retry_taken),
	KUNIT_CASE(params_of_server),
	KUNIT_CASE(params_of_client),
	{}
};

PAIR_SUITE("tquic_conn_retry", pair_init, cases);

// SPDX-License-Identifier: GPL-2.0
/* The fake owner of two connections, see conn_pair.h. */
#include <linux/tls.h>

#include "conn_pair.h"
#include "handshake.h"
#include "input.h"
#include "output.h"

#define PAGE_ORDER	3
#define MAX_TURNS	200	/* deliveries until a pair that settles must be silent */

void set_addr(union tquic_addr *a, u8 host, u16 port)
{
	memset(a, 0, sizeof(*a));
	a->v4.sin_family = AF_INET;
	a->v4.sin_addr.s_addr = htonl(0x0a000000 | host);
	a->v4.sin_port = htons(port);
}

/* ---- the owner -------------------------------------------------------- */

static int xmit(struct tquic_conn *conn, struct tquic_path *path, struct sk_buff *skb,
		u32 gso_size, u8 ecn)
{
	struct end *e = conn->owner;
	struct dgram *d;
	u32 off, len;

	e->batches++;
	for (off = 0; off < skb->len; off += len) {
		len = min(gso_size, skb->len - off);
		d = kzalloc(sizeof(*d) + len, GFP_ATOMIC);
		if (!d || skb_copy_bits(skb, off, d->data, len))
			break;
		list_add_tail(&d->all, &e->pair->dgrams);
		d->from = path->local;
		d->to = path->remote;
		d->batch = e->batches;
		d->len = len;
		d->ecn = ecn;
		e->dgrams++;
		e->bytes += len;
		list_add_tail(&d->node, &e->out);
	}
	KUNIT_EXPECT_GE(e->pair->test, off, skb->len);
	kfree_skb(skb);
	return 0;
}

static int route(struct tquic_conn *conn, struct tquic_path *path)
{
	struct end *e = conn->owner;

	path->gso_max = e->pair->gso_max;
	return 0;
}

static void unroute(struct tquic_conn *conn, struct tquic_path *path)
{
}

static u32 path_mtu(struct tquic_conn *conn, struct tquic_path *path)
{
	struct end *e = conn->owner;

	return e->pair->mtu;
}

static void wake(struct tquic_conn *conn, u32 what)
{
	struct end *e = conn->owner;

	e->wakes++;
}

static int cid_add(struct tquic_conn *conn, const struct tquic_cid *cid)
{
	struct end *e = conn->owner;

	e->cids_new++;
	return 0;
}

static void cid_del(struct tquic_conn *conn, const struct tquic_cid *cid)
{
	struct end *e = conn->owner;

	e->cids_gone++;
	e->gone = *cid;
}

static void reset_token(struct tquic_conn *conn, const struct tquic_cid *cid, u8 *token)
{
	memset(token, cid->id[0], TQUIC_TOKEN_RESET_LEN);
}

static int new_token(struct tquic_conn *conn, u8 *token)
{
	memset(token, 0x77, 32);
	return 32;
}

static int rx_charge(struct tquic_conn *conn, struct sk_buff *skb, bool needed)
{
	struct end *e = conn->owner;

	return e->refuse ? -ENOBUFS : 0;
}

static void tx_free(struct tquic_conn *conn)
{
}

static void defer(struct tquic_conn *conn)
{
	struct end *e = conn->owner;

	e->deferred = true;
}

static void event(struct tquic_conn *conn, u8 type, const void *data, u32 len)
{
	struct end *e = conn->owner;

	e->events[type]++;
}

static const struct tquic_conn_ops ops = {
	.xmit = xmit,
	.route = route,
	.unroute = unroute,
	.path_mtu = path_mtu,
	.wake = wake,
	.cid_add = cid_add,
	.cid_del = cid_del,
	.reset_token = reset_token,
	.new_token = new_token,
	.rx_charge = rx_charge,
	.tx_free = tx_free,
	.defer = defer,
	.event = event,
};

/* ---- making and taking apart ------------------------------------------ */

static void make(struct pair *p, int e, const struct tquic_cid *odcid, const struct tquic_cid *dcid)
{
	struct tquic_conn_param cp = {
		.ops = &ops, .owner = &p->end[e], .mib = p->mib, .switches = &p->switches,
		.server = e == SERVER, .version = QUIC_VERSION_V1, .local = &p->tp[e],
		.cc = &tquic_cc_reno, .rx_window_max = 1 << 20,
		.odcid = odcid, .dcid = dcid,
		.addr_local = &p->end[e].addr, .addr_remote = &p->end[!e].addr,
	};
	struct tquic_conn *conn = tquic_conn_create(&cp, p->now_us);

	KUNIT_ASSERT_FALSE(p->test, IS_ERR(conn));
	conn->spins = p->switches.spin;		/* else by chance */
	conn->nodelay = true;
	conn->spaces[TQUIC_SPACE_APP].skip_at = TQUIC_PN_NONE;
	p->end[e].conn = conn;
}

/* The test's keys of Initial packets, both ways */
void initial_keys(struct pair *p, const struct tquic_cid *dcid)
{
	u8 client[32], server[32];
	int i;

	KUNIT_ASSERT_EQ(p->test, tquic_crypto_initial_secrets(QUIC_VERSION_V1, dcid, client,
							      server), 0);
	for (i = 0; i < 2; i++) {
		struct tquic_crypto *c = &p->end[i].key[TQUIC_SPACE_INITIAL];

		tquic_crypto_free(c);
		KUNIT_ASSERT_EQ(p->test, tquic_crypto_install(c, QUIC_VERSION_V1,
							      TLS_CIPHER_AES_GCM_128,
							      i ? server : client), 0);
	}
}

static void take_apart(struct pair *p)
{
	int i, sp;

	for (i = 0; i < 2; i++) {
		struct end *e = &p->end[i];

		if (e->conn)
			tquic_conn_free(e->conn);
		for (sp = 0; sp < TQUIC_SPACE_NUM; sp++)
			tquic_crypto_free(&e->key[sp]);
		memset(e, 0, sizeof(*e));
	}
}

/* A new client, nothing sent */
void pair_restart(struct pair *p)
{
	int i;

	take_apart(p);
	for (i = 0; i < 2; i++) {
		p->end[i].pair = p;
		INIT_LIST_HEAD(&p->end[i].out);
		set_addr(&p->end[i].addr, i + 1, 4430 + i);
	}
	p->nat = p->end[CLIENT].addr;
	make(p, CLIENT, NULL, NULL);
	initial_keys(p, &conn_of(p, CLIENT)->local.odcid);
}

int pair_suite_init(struct kunit_suite *suite)
{
	return tquic_sent_setup() ?: tquic_recvbuf_setup() ?: tquic_stream_setup() ?:
	       tquic_conn_setup() ?: tquic_crypto_setup();
}

void pair_suite_exit(struct kunit_suite *suite)
{
	tquic_crypto_teardown();
	tquic_conn_teardown();
	tquic_stream_teardown();
	tquic_recvbuf_teardown();
	tquic_sent_teardown();
}

int pair_init(struct kunit *test)
{
	struct pair *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	u32 i;

	if (!p)
		return -ENOMEM;
	test->priv = p;
	INIT_LIST_HEAD(&p->dgrams);
	p->test = test;
	p->now_us = 1000 * USEC_PER_SEC;
	p->delay_us = 10 * MS;
	p->mtu = TQUIC_MIN_UDP;
	p->gso_max = 65000;
	p->switches = (struct tquic_switches){ .zerocopy = 1, .hpbatch = 1, .spin = 1 };
	for (i = 0; i < 2; i++) {
		INIT_LIST_HEAD(&p->end[i].out);
		tquic_tparam_init(&p->tp[i]);
		p->tp[i].max_idle_timeout_us = 30 * USEC_PER_SEC;
		p->tp[i].max_data = 1 << 20;
		p->tp[i].max_stream_data_bidi_local = 1 << 20;
		p->tp[i].max_stream_data_bidi_remote = 1 << 20;
		p->tp[i].max_stream_data_uni = 1 << 20;
		p->tp[i].max_streams_bidi = 16;
		p->tp[i].max_streams_uni = 16;
		p->tp[i].active_connection_id_limit = 8;
	}
	p->mib = alloc_percpu(struct tquic_mib);
	p->page = alloc_pages(GFP_KERNEL | __GFP_COMP, PAGE_ORDER);
	if (!p->mib || !p->page)
		return -ENOMEM;
	for (i = 0; i < PAGE_SIZE << PAGE_ORDER; i++)
		((u8 *)page_address(p->page))[i] = i * 7 + (i >> 8);
	pair_restart(p);
	return 0;
}

void pair_exit(struct kunit *test)
{
	struct pair *p = test->priv;
	struct dgram *d, *next;

	if (!p)
		return;
	take_apart(p);
	list_for_each_entry_safe(d, next, &p->dgrams, all)
		kfree(d);
	if (p->page)
		put_page(p->page);
	free_percpu(p->mib);
}

/* ---- the handshake ---------------------------------------------------- */

/* The same secret at both ends; the test has the keys of what @e sends, too */
int secret(struct pair *p, int e, u8 level, bool send)
{
	struct quic_crypto_secret info = {
		.send = send, .level = level, .type = TLS_CIPHER_AES_GCM_128,
	};
	struct tquic_crypto *c = &p->end[e].key[tquic_handshake_space(level)];

	memset(info.secret, level * 16 + (send == (e == SERVER)), sizeof(info.secret));
	if (send) {
		tquic_crypto_free(c);
		KUNIT_ASSERT_EQ(p->test, tquic_crypto_install(c, QUIC_VERSION_V1, info.type,
							      info.secret), 0);
		KUNIT_ASSERT_EQ(p->test, tquic_crypto_prepare_update(c), 0);
	}
	return tquic_handshake_secret(conn_of(p, e), &info, p->now_us);
}

/* CRYPTO bytes of a level */
void say(struct pair *p, int e, u8 level, u32 len)
{
	struct tquic_conn *conn = conn_of(p, e);
	struct tquic_sendbuf *tx = &conn->spaces[tquic_handshake_space(level)].crypto_tx;

	KUNIT_ASSERT_EQ(p->test, tquic_sendbuf_append(tx, p->page, 0, len, NULL, GFP_KERNEL), 0);
	tquic_handshake_queued(conn, level, false, p->now_us);
}

/* The client's first flight leaves */
void hello(struct pair *p)
{
	say(p, CLIENT, QUIC_CRYPTO_INITIAL, 300);
	flush(p, CLIENT);
}

/* A server is made for the client's first datagram, and gets it */
void accept_from(struct pair *p, struct dgram *d)
{
	struct tquic_cid dcid, scid;
	struct tquic_hdr h;

	KUNIT_ASSERT_NOT_NULL(p->test, d);
	KUNIT_ASSERT_EQ(p->test, tquic_header_parse(d->data, d->len, TQUIC_CID_LEN, &h), 0);
	tquic_cid_set(&dcid, h.dcid, h.dcid_len);
	tquic_cid_set(&scid, h.scid, h.scid_len);
	make(p, SERVER, &dcid, &scid);
	deliver(p, CLIENT, d);
}

/* The transport parameters of the other end arrive */
void set_remote(struct pair *p, int e)
{
	u8 *buf = p->plain;
	int n = tquic_tparam_encode(&conn_of(p, !e)->local, e == CLIENT, buf, sizeof(p->plain));

	KUNIT_ASSERT_GT(p->test, n, 0);
	if (e == CLIENT) {
		memcpy(buf + n, p->extra, p->extra_len);
		n += p->extra_len;
	}
	KUNIT_ASSERT_EQ(p->test, tquic_conn_set_remote(conn_of(p, e), buf, n, p->now_us), 0);
}

/* ServerHello, and @len bytes at the Handshake level; the server could send 1-RTT packets then */
void server_flight(struct pair *p, u32 len)
{
	set_remote(p, SERVER);
	say(p, SERVER, QUIC_CRYPTO_INITIAL, 90);
	KUNIT_ASSERT_EQ(p->test, secret(p, SERVER, QUIC_CRYPTO_HANDSHAKE, true), 0);
	KUNIT_ASSERT_EQ(p->test, secret(p, SERVER, QUIC_CRYPTO_HANDSHAKE, false), 0);
	KUNIT_ASSERT_EQ(p->test, secret(p, SERVER, QUIC_CRYPTO_APP, true), 0);
	say(p, SERVER, QUIC_CRYPTO_HANDSHAKE, len);
	flush(p, SERVER);
}

/* The client has read that: its keys, and its Finished */
void client_finish(struct pair *p)
{
	set_remote(p, CLIENT);
	KUNIT_ASSERT_EQ(p->test, secret(p, CLIENT, QUIC_CRYPTO_HANDSHAKE, false), 0);
	KUNIT_ASSERT_EQ(p->test, secret(p, CLIENT, QUIC_CRYPTO_HANDSHAKE, true), 0);
	KUNIT_ASSERT_EQ(p->test, secret(p, CLIENT, QUIC_CRYPTO_APP, false), 0);
	KUNIT_ASSERT_EQ(p->test, secret(p, CLIENT, QUIC_CRYPTO_APP, true), 0);
	say(p, CLIENT, QUIC_CRYPTO_HANDSHAKE, 52);
	flush(p, CLIENT);
}

/* The server has read that */
void server_finish(struct pair *p)
{
	KUNIT_ASSERT_EQ(p->test, secret(p, SERVER, QUIC_CRYPTO_APP, false), 0);
	flush(p, SERVER);
}

/* A client and the server that is made for it */
void meet(struct pair *p)
{
	hello(p);
	p->now_us += p->delay_us;
	accept_from(p, take(p, CLIENT));
}

/* The server's flight has @len bytes, and the client's last one is queued */
void until_finished(struct pair *p, u32 len)
{
	meet(p);
	server_flight(p, len);
	pass(p, SERVER);
	client_finish(p);
}

/* All of it, until the handshake is confirmed at both ends and nothing is under way */
void establish(struct pair *p)
{
	until_finished(p, 500);
	pass(p, CLIENT);
	server_finish(p);
	settle(p);
	KUNIT_ASSERT_TRUE(p->test, conn_of(p, CLIENT)->confirmed);
	KUNIT_ASSERT_TRUE(p->test, conn_of(p, SERVER)->confirmed);
	KUNIT_ASSERT_FALSE(p->test, app_of(p, CLIENT)->loss.eliciting);
	KUNIT_ASSERT_FALSE(p->test, app_of(p, SERVER)->loss.eliciting);
}

/* ---- time and the wire ------------------------------------------------ */

void work(struct pair *p, int e)
{
	while (p->end[e].deferred) {
		p->end[e].deferred = false;
		tquic_conn_work(conn_of(p, e), p->now_us);
	}
}

void flush(struct pair *p, int e)
{
	tquic_output_flush(conn_of(p, e), p->now_us);
	work(p, e);
}

static void arrive(struct pair *p, int to, const union tquic_addr *local,
		   const union tquic_addr *remote, const u8 *data, u32 len, u8 ecn)
{
	struct tquic_rx rx = {
		.now_us = p->now_us, .local = *local, .remote = *remote, .ecn = ecn,
	};
	struct sk_buff *skb = alloc_skb(len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(p->test, skb);
	skb_put_data(skb, data, len);
	tquic_input(conn_of(p, to), skb, &rx);
	tquic_input_finish(conn_of(p, to), p->now_us);
	work(p, to);
}

/* The client's address is another beyond its NAT, when the test has set one */
static const union tquic_addr *outside(struct pair *p, const union tquic_addr *a)
{
	return tquic_addr_equal(a, &p->end[CLIENT].addr) ? &p->nat : a;
}

void deliver(struct pair *p, int from, struct dgram *d)
{
	KUNIT_ASSERT_NOT_NULL(p->test, d);
	if (from == CLIENT)
		arrive(p, SERVER, &d->to, outside(p, &d->from), d->data, d->len, d->ecn);
	else
		arrive(p, CLIENT, tquic_addr_equal(&d->to, &p->nat) ? &p->end[CLIENT].addr : &d->to,
		       &d->from, d->data, d->len, d->ecn);
}

/* What @from has sent arrives, the delay of the path later */
void pass(struct pair *p, int from)
{
	u32 n = queued(p, from);

	p->now_us += p->delay_us;
	while (n--)
		deliver(p, from, take(p, from));
}

/* Both deliver until nothing is under way, and ACKs that were held back are sent */
void settle(struct pair *p)
{
	int i, turns;

	for (turns = 0; turns < MAX_TURNS; turns++) {
		for (i = 0; i < 2; i++)
			if (queued(p, i))
				pass(p, i);
		if (queued(p, CLIENT) || queued(p, SERVER))
			continue;
		for (i = 0; i < 2; i++) {
			struct tquic_ack *ack = &app_of(p, i)->ack;

			if (ack->due_us == TQUIC_TIME_NEVER)
				continue;
			p->now_us = max(p->now_us, ack->due_us);
			tquic_timer_run(conn_of(p, i), p->now_us);
		}
		if (!queued(p, CLIENT) && !queued(p, SERVER))
			return;
	}
	KUNIT_ASSERT_LT(p->test, turns, MAX_TURNS);
}

/* What @from has sent is lost */
void drop(struct pair *p, int from)
{
	INIT_LIST_HEAD(&p->end[from].out);
}

/* The next deadline of an end */
u64 due(struct pair *p, int e)
{
	return tquic_timer_next(conn_of(p, e));
}

/* Its timer fires */
void fire(struct pair *p, int e)
{
	KUNIT_ASSERT_NE(p->test, due(p, e), TQUIC_TIME_NEVER);
	p->now_us = max(p->now_us, due(p, e));
	tquic_timer_run(conn_of(p, e), p->now_us);
	work(p, e);
}

void inject_raw(struct pair *p, int from, const u8 *data, u32 len)
{
	arrive(p, !from, &p->end[!from].addr, from == CLIENT ? &p->nat : &p->end[from].addr, data,
	       len, TQUIC_ECN_NOT);
}

/* A packet with @body as its payload arrives, as if @from had sent it; Initials are expanded */
void inject(struct pair *p, int from, u8 type, u64 pn, const u8 *body, u32 len)
{
	enum tquic_space_id id = type == TQUIC_PT_INITIAL ? TQUIC_SPACE_INITIAL :
				 type == TQUIC_PT_HANDSHAKE ? TQUIC_SPACE_HANDSHAKE :
							      TQUIC_SPACE_APP;
	struct tquic_crypto *c = &p->end[from].key[id];
	struct tquic_conn *to = conn_of(p, !from), *conn = conn_of(p, from);
	const struct tquic_cid *scid = conn ? &conn->local.iscid : &to->local.odcid;
	u8 *buf = p->plain, *len_at = NULL, *payload, *mask = buf + 1800;
	struct scatterlist sg;

	KUNIT_ASSERT_LE(p->test, len, 1100);
	memset(buf, 0, sizeof(p->plain));
	if (type == TQUIC_PT_1RTT)
		payload = tquic_header_put_short(buf, &to->local.iscid, c->phase, false, pn);
	else
		payload = tquic_header_put_long(buf, type, QUIC_VERSION_V1, &to->local.iscid, scid,
						NULL, 0, pn, &len_at);
	memcpy(payload, body, len);
	if (type == TQUIC_PT_INITIAL)
		len = max_t(u32, len, TQUIC_MIN_UDP - TQUIC_TAG_LEN - (payload - buf));
	len = max_t(u32, len, 4);	/* enough for a sample */
	if (len_at)
		tquic_varint_put2(len_at, TQUIC_PN_LEN + len + TQUIC_TAG_LEN);
	sg_init_one(&sg, buf, payload - buf + len + TQUIC_TAG_LEN);
	KUNIT_ASSERT_EQ(p->test, tquic_crypto_seal(c, pn, &sg, &sg, payload - buf, len), 0);
	memcpy(mask, payload, TQUIC_SAMPLE_LEN);
	KUNIT_ASSERT_EQ(p->test, tquic_crypto_masks(c, mask, 1), 0);
	tquic_crypto_apply_mask(buf, payload - TQUIC_PN_LEN, mask, len_at, TQUIC_PN_LEN);
	inject_raw(p, from, buf, payload - buf + len + TQUIC_TAG_LEN);
}

/* ---- the queues ------------------------------------------------------- */

/* The oldest datagram that lies in the queue; there is one */
struct dgram *head(struct pair *p, int from)
{
	KUNIT_ASSERT_FALSE(p->test, list_empty(&p->end[from].out));
	return list_first_entry(&p->end[from].out, struct dgram, node);
}

struct dgram *take(struct pair *p, int from)
{
	struct dgram *d = head(p, from);

	list_del(&d->node);
	return d;
}

u32 queued(struct pair *p, int from)
{
	return list_count_nodes(&p->end[from].out);
}

/* ---- streams and counters --------------------------------------------- */

/* A stream, which is opened if it is ours and not there */
struct tquic_stream *stream_of(struct pair *p, int e, u64 sid)
{
	struct tquic_streams *ss = &conn_of(p, e)->streams;
	struct tquic_stream *s = tquic_stream_find(ss, sid);

	if (!s && tquic_stream_local(ss, sid))
		KUNIT_ASSERT_EQ(p->test, tquic_stream_open(ss, sid, GFP_KERNEL, &s), 0);
	return s;
}

/* Bytes are written, nothing is sent yet */
void stream_put_bytes(struct pair *p, int e, u64 sid, u32 len)
{
	struct tquic_streams *ss = &conn_of(p, e)->streams;
	struct tquic_stream *s = stream_of(p, e, sid);
	u32 n;

	KUNIT_ASSERT_NOT_NULL(p->test, s);
	for (; len; len -= n) {
		n = min_t(u32, len, PAGE_SIZE << PAGE_ORDER);
		KUNIT_ASSERT_EQ(p->test, tquic_stream_append(ss, s, p->page, 0, n, p->mark,
							     GFP_KERNEL), 0);
	}
}

void stream_write(struct pair *p, int e, u64 sid, u32 len)
{
	stream_put_bytes(p, e, sid, len);
	flush(p, e);
}

unsigned long mib_of(struct pair *p, enum tquic_mib_item item)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(p->mib, cpu)->v[item];
	return sum;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two connections, a client and a server, with no socket: what they send lies in a queue until the
 * test delivers, alters or drops it, and the clock stands still unless the test moves it.  There is
 * no TLS: both ends are given the same secrets and exchange CRYPTO bytes without meaning.
 */
#ifndef _TQUIC_TESTS_CONN_PAIR_H
#define _TQUIC_TESTS_CONN_PAIR_H

#include <kunit/test.h>
#include "conn.h"
#include "frame.h"
#include "header.h"

#define SEEN_PKTS	4	/* of one datagram */
#define SEEN_FRAMES	48
#define MS		1000ULL	/* microseconds */

enum { CLIENT, SERVER };

/* A datagram under way */
struct dgram {
	struct list_head node;		/* in end.out */
	struct list_head all;		/* in pair.dgrams, until the test is over */
	union tquic_addr from;
	union tquic_addr to;
	u32 batch;			/* of its sender, counted from 1 */
	u32 len;
	u8 ecn;
	u8 data[];
};

/* A packet as the test has opened it */
struct seen_pkt {
	u8 type;			/* enum tquic_ptype */
	u8 first;			/* byte, unprotected */
	u64 pn;				/* as its bytes say */
	struct tquic_cid dcid;
	u32 token_len;
	u8 token[64];
	u32 len;
	u32 nr;				/* frames */
	u64 types;			/* a bit for each frame type, STREAM without its bits */
	struct tquic_rx_frame *frame;
};

struct seen {
	u32 nr;
	struct seen_pkt pkt[SEEN_PKTS];
	u32 frames;
	struct tquic_rx_frame frame[SEEN_FRAMES];
	u8 buf[TQUIC_PATH_MAX_UDP];
};

struct pair;

struct end {
	struct pair *pair;
	struct tquic_conn *conn;
	union tquic_addr addr;
	struct list_head out;		/* sent, not delivered */
	struct tquic_crypto key[TQUIC_SPACE_NUM];	/* of what it sends, the test's own */
	u32 batches;			/* skbs sent */
	u32 dgrams;
	u64 bytes;
	u32 events[QUIC_EVENT_END];
	u32 wakes;
	u32 cids_new;
	u32 cids_gone;
	struct tquic_cid gone;		/* the last that went */
	bool deferred;
	bool refuse;			/* skbs that a receive buffer would keep */
};

struct pair {
	struct kunit *test;
	u64 now_us;
	u64 delay_us;			/* one way, added by pass() */
	u32 mtu;
	u32 gso_max;
	struct tquic_switches switches;
	struct tquic_tparam tp[2];
	struct tquic_mib __percpu *mib;
	struct end end[2];
	struct list_head dgrams;
	union tquic_addr nat;		/* the client's address as the server sees it */
	u8 extra[80];			/* parameters that the server sends besides */
	u32 extra_len;
	struct seen seen;
	struct page *page;		/* what is written comes from it: order 3, a pattern */
	void *mark;			/* with this mark */
	u8 plain[2048];			/* a packet of the test's own */
};

#define FT(type)	BIT_ULL(TQUIC_FT_##type)

int pair_init(struct kunit *test);
void pair_exit(struct kunit *test);
int pair_suite_init(struct kunit_suite *suite);
void pair_suite_exit(struct kunit_suite *suite);

/* A suite whose cases have a pair */
#define PAIR_SUITE(_name, _init, _cases)					\
	static struct kunit_suite suite = {					\
		.name = _name,							\
		.suite_init = pair_suite_init,					\
		.suite_exit = pair_suite_exit,					\
		.init = _init,							\
		.exit = pair_exit,						\
		.test_cases = _cases,						\
	};									\
	kunit_test_suite(suite)

void pair_restart(struct pair *p);
void initial_keys(struct pair *p, const struct tquic_cid *dcid);
void hello(struct pair *p);
void accept_from(struct pair *p, struct dgram *d);
void meet(struct pair *p);
void set_remote(struct pair *p, int e);
int secret(struct pair *p, int e, u8 level, bool send);
void say(struct pair *p, int e, u8 level, u32 len);
void server_flight(struct pair *p, u32 len);
void client_finish(struct pair *p);
void until_finished(struct pair *p, u32 len);
void server_finish(struct pair *p);
void establish(struct pair *p);

void flush(struct pair *p, int e);
void work(struct pair *p, int e);
void deliver(struct pair *p, int from, struct dgram *d);
void pass(struct pair *p, int from);
void settle(struct pair *p);
void drop(struct pair *p, int from);
u64 due(struct pair *p, int e);
void fire(struct pair *p, int e);
void inject(struct pair *p, int from, u8 type, u64 pn, const u8 *body, u32 len);
void inject_raw(struct pair *p, int from, const u8 *data, u32 len);

struct dgram *head(struct pair *p, int from);
struct dgram *take(struct pair *p, int from);
u32 queued(struct pair *p, int from);
struct seen *look(struct pair *p, int from, struct dgram *d);
u64 types_out(struct pair *p, int from);
u32 count_out(struct pair *p, int from, u8 type);
struct seen_pkt *find_out(struct pair *p, int from, u8 ptype, u64 types);

struct tquic_stream *stream_of(struct pair *p, int e, u64 sid);
void stream_put_bytes(struct pair *p, int e, u64 sid, u32 len);
void stream_write(struct pair *p, int e, u64 sid, u32 len);
unsigned long mib_of(struct pair *p, enum tquic_mib_item item);
void set_addr(union tquic_addr *a, u8 host, u16 port);

#define mib(p, name)	mib_of(p, TQUIC_MIB_##name)

static inline struct tquic_conn *conn_of(struct pair *p, int e)
{
	return p->end[e].conn;
}

static inline struct tquic_space *app_of(struct pair *p, int e)
{
	return &p->end[e].conn->spaces[TQUIC_SPACE_APP];
}

#endif

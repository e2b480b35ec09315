/* SPDX-License-Identifier: GPL-2.0 */
/* The connection.  One socket owns it, whose lock protects all; it knows tquic_conn_ops alone. */
#ifndef _TQUIC_CONN_H
#define _TQUIC_CONN_H

#include <linux/skbuff.h>
#include "ack.h"
#include "cid.h"
#include "crypto.h"
#include "loss.h"
#include "pages.h"
#include "path.h"
#include "stream.h"
#include "tparam.h"
#include "trace.h"

#define TQUIC_CRYPTO_MAX_RX	65536	/* CRYPTO bytes buffered ahead of the reader, per level */
#define TQUIC_UNDECRYPTABLE_MAX	64	/* packets kept until their keys arrive */
#define TQUIC_HANDSHAKE_US	30000000ULL	/* a handshake must end in this time */
#define TQUIC_TOKEN_CLIENT_MAX	256	/* bytes of a token that a client sends */

enum tquic_conn_state {
	TQUIC_CONN_IDLE,	/* no packet sent or received yet */
	TQUIC_CONN_HANDSHAKE,
	TQUIC_CONN_ESTABLISHED,	/* both 1-RTT secrets installed */
	TQUIC_CONN_CLOSING,	/* we sent CONNECTION_CLOSE, RFC 9000 section 10.2.1 */
	TQUIC_CONN_DRAINING,	/* the peer did, section 10.2.2 */
	TQUIC_CONN_CLOSED,	/* nothing more happens; the owner may free it */
};

/* 0-RTT keys stand where 1-RTT keys will: a client's in the app space's tx, a server's in its rx */
enum tquic_early {
	TQUIC_EARLY_NONE,
	TQUIC_EARLY_KEYS,	/* a client may send 0-RTT packets, a server keeps what comes */
	TQUIC_EARLY_OPEN,	/* server: it opens them now */
};

/* Encryption levels share spaces: 0-RTT and 1-RTT are both in the app space */
struct tquic_space {
	struct tquic_space_loss loss;
	struct tquic_ack ack;
	struct tquic_crypto tx;
	struct tquic_crypto rx;
	struct tquic_sendbuf crypto_tx;
	struct tquic_recvbuf crypto_rx;
	u32 msg_left;		/* of the TLS message in front there; 0: not looked at yet */
	u64 next_pn;
	u64 skip_at;		/* app space: the next number to leave out */
	u8 probes;		/* PTO: packets to send beyond the window */
	bool gone;		/* keys discarded, RFC 9001 section 4.9 */
};

/* conn->due: frames of the connection, cleared when written, set again when lost */
#define TQUIC_DUE_OF(type)	BIT((type) - TQUIC_FT_MAX_DATA)	/* CLOSE: at all levels */
#define TQUIC_DUE(name)		TQUIC_DUE_OF(TQUIC_FT_##name)
#define TQUIC_DUE_PING			BIT(10)	/* where types have none: those of paths */
#define TQUIC_DUE_NEW_TOKEN		BIT(11)
#define TQUIC_DUE_ACK_FREQUENCY		BIT(12)
/* when lost, those of the types above that are sent again */
#define TQUIC_DUE_AGAIN	(TQUIC_DUE(MAX_DATA) | TQUIC_DUE(MAX_STREAMS_BIDI) |			\
			 TQUIC_DUE(MAX_STREAMS_UNI) | TQUIC_DUE(NEW_CONNECTION_ID) |		\
			 TQUIC_DUE(RETIRE_CONNECTION_ID) | TQUIC_DUE(HANDSHAKE_DONE))

/* what tquic_conn_ops.wake is told */
#define TQUIC_WAKE_READ		BIT(0)	/* stream data, end of stream, handshake data or an event */
#define TQUIC_WAKE_WRITE	BIT(1)	/* send buffer space or credit */
#define TQUIC_WAKE_STATE	BIT(2)	/* conn->state or conn->sk_err changed */

/* What the connection asks of its owner; all are called under the socket lock */
struct tquic_conn_ops {
	/* send skb, payload at skb->data, as datagrams of gso_size bytes; consumes skb */
	int (*xmit)(struct tquic_conn *conn, struct tquic_path *path, struct sk_buff *skb,
		    u32 gso_size, u8 ecn);
	/* look the route of the path up if it is stale; 0 or -errno; sets path->local's address */
	int (*route)(struct tquic_conn *conn, struct tquic_path *path);
	/* give the route back, and what was bound for the path */
	void (*unroute)(struct tquic_conn *conn, struct tquic_path *path);
	/* largest UDP payload that the path's route carries */
	u32 (*path_mtu)(struct tquic_conn *conn, struct tquic_path *path);
	void (*wake)(struct tquic_conn *conn, u32 what);
	/* make a connection ID of ours known to the lookup table, or unknown */
	int (*cid_add)(struct tquic_conn *conn, const struct tquic_cid *cid);
	void (*cid_del)(struct tquic_conn *conn, const struct tquic_cid *cid);
	/* the stateless reset token of one of our connection IDs */
	void (*reset_token)(struct tquic_conn *conn, const struct tquic_cid *cid, u8 *token);
	/* server: an address token for the peer, TQUIC_TOKEN_MAX bytes at most; bytes or -errno */
	int (*new_token)(struct tquic_conn *conn, u8 *token);
	/*
	 * charge an skb that a receive buffer keeps to the owner; -ENOBUFS: over its
	 * limit, which does not count where the reader waits for just this one
	 */
	int (*rx_charge)(struct tquic_conn *conn, struct sk_buff *skb, bool needed);
	/* payload bytes left the send buffers: they were acknowledged or dropped */
	void (*tx_free)(struct tquic_conn *conn);
	/* run tquic_conn_work() soon in process context, under the socket lock */
	void (*defer)(struct tquic_conn *conn);
	/* something for the event queue: QUIC_EVENT_* and its payload */
	void (*event)(struct tquic_conn *conn, u8 type, const void *data, u32 len);
};

struct tquic_conn_stats {
	u64 tx_pkts, tx_bytes, rx_pkts, rx_bytes;
	u64 lost_pkts, retrans_pkts, retrans_bytes;
	u64 acked_bytes;
};

/* Stream bytes that one ACK covers, gathered frame by frame */
struct tquic_acked_run {
	struct tquic_stream *stream;	/* with a reference; NULL: none */
	u64 off;
	u64 end;
	bool fin;
};

/* What the administrator of a network namespace decides; each switch is on by default */
struct tquic_switches {
	int gso;		/* off: each skb of ours is one datagram */
	int gro;		/* off: so is each that comes to a UDP socket opened from now on */
	int zerocopy;		/* off: payload is copied, and datagrams leave one by one */
	int hpbatch;		/* off: one call for each packet's header protection mask */
	int ecn;		/* off: no packet is marked ECT(0) */
	int spin;		/* off: the spin bit of a connection never changes */
	int rekey_packets;	/* new keys after so many packets; 0: at half the AEAD's limit */
	int ack_every;		/* packets for which peers are asked for one ACK; 0: as they like */
};

/* A switch of the namespace of a connection is off; a load, for which no packet of a run asks */
#define tquic_off(conn, name)	unlikely(!READ_ONCE((conn)->switches->name))

struct tquic_conn {
	/* read mostly */
	const struct tquic_conn_ops *ops;
	void *owner;			/* of the ops */
	struct tquic_mib __percpu *mib;
	const struct tquic_switches *switches;
	enum tquic_conn_state state;
	u32 version;
	u32 first_version;		/* of the client's first flight, RFC 9368 */
	u32 prefer_version;		/* server: to go to, when the client can */
	bool server;
	bool confirmed;			/* handshake confirmed, RFC 9001 section 4.1.2 */
	bool finished;			/* TLS: ours is queued, or at a server theirs verified */
	bool no_encrypt;		/* both ends sent disable_1rtt_encryption */
	bool nodelay;
	bool rekey;			/* tquic_conn_work() is to derive the next phase's keys */
	bool cork;			/* MSG_MORE on handshake data: hold the flight back */
	bool spins;			/* the spin bit is in use, RFC 9000 section 17.4 */
	bool spin;			/* its value now */
	u8 pn_at;			/* where the packet number of a short header to us is */
	u8 early;			/* enum tquic_early */
	struct tquic_tparam local;	/* its odcid and rscid also at a client, from a Retry */
	struct tquic_tparam remote;	/* RFC defaults until remote_set */
	bool remote_set;

	/* transmit */
	u16 due;
	u32 freq_seq;			/* of the next ACK_FREQUENCY; 0: none was sent yet */
	bool tail;			/* a full batch has left: the rest may wait for more */
	u8 tail_skip;			/* not before so many full batches */
	u16 tx_waiters;			/* writers asleep until they may write on */
	struct tquic_path *path;	/* the one that data leaves by */
	struct tquic_cid dcid;		/* what conn->path's packets carry */
	bool mute;			/* which the peer had us retire, and gave none instead */
	struct tquic_pages tx_pages;	/* batches of ciphertext are cut from them */
	struct tquic_pages data_pages;	/* what large writes are copied to */
	struct tquic_scratch *scratch;
	struct tquic_loss_ctx loss_ctx;
	struct tquic_acked_run acked;	/* while an ACK is worked on */

	/* receive */
	struct sk_buff_head undecryptable;
	struct sk_buff_head rx_datagrams;	/* for the reader */
	struct sk_buff_head tx_datagrams;	/* to be sent */
	u64 rx_now_us;			/* time of the aggregate or timer being worked on */

	struct tquic_space spaces[TQUIC_SPACE_NUM];
	struct tquic_streams streams;
	struct tquic_cids cids;
	struct tquic_path *paths[TQUIC_PATH_MAX];

	struct_group(deadlines,		/* us of CLOCK_MONOTONIC, TQUIC_TIME_NEVER: none */
		u64 idle_us;
		u64 keepalive_us;
		u64 handshake_us;
		u64 close_us;			/* end of closing or draining */
		u64 pace_us;			/* the pacer lets the next batch out */
		u64 nagle_us;			/* a partial packet waits until then */
		u64 trim_us;			/* memory kept for the next batch may go */
		u64 key_discard_us;		/* old key phase may go, next one be prepared */
	);
	u64 idle_timeout_us;		/* the smaller of both ends' */
	u64 keepalive_interval_us;	/* 0: none */
	u64 last_tx_us;			/* when the last packet left */
	bool idle_restarted;		/* sent something eliciting since the last receipt */

	/* handshake */
	u8 token[TQUIC_TOKEN_CLIENT_MAX];	/* client: to be sent in Initials */
	u32 token_len;

	/* how it ended */
	u64 close_err;			/* wire code, ours or the peer's */
	u64 close_frame_type;
	bool close_app;
	bool close_remote;		/* the peer did it */
	int sk_err;			/* errno for the user, positive; 0: clean */
	u8 close_reason_len;
	u8 close_reason[64];
	u32 close_rx;			/* packets received since CONNECTION_CLOSE was first sent */

	struct tquic_conn_stats stats;
};

/* What input needs to know of an skb besides its bytes */
struct tquic_rx {
	union tquic_addr local;
	union tquic_addr remote;
	u64 now_us;
	u8 ecn;				/* enum tquic_ecn */
};

struct tquic_conn_param {
	const struct tquic_conn_ops *ops;
	void *owner;
	struct tquic_mib __percpu *mib;
	const struct tquic_switches *switches;
	bool server;
	bool empty_id;			/* client: ours, and not of TQUIC_CID_LEN bytes */
	u32 version;
	const struct tquic_tparam *local;
	const struct tquic_cc_ops *cc;
	u32 initial_rtt_us;
	u64 rx_window_max;		/* cap of a stream's receive window, bytes */
	const struct tquic_cid *odcid;	/* server: from the Initial (or the Retry token) */
	const struct tquic_cid *dcid;	/* server: the client's source connection ID */
	const struct tquic_cid *rscid;	/* server: Source Connection ID of our Retry, NULL: none */
	const union tquic_addr *addr_local;
	const union tquic_addr *addr_remote;
	bool validated;			/* server: the address token was good */
};

int tquic_conn_setup(void);
void tquic_conn_teardown(void);
struct tquic_conn *tquic_conn_create(const struct tquic_conn_param *p, u64 now_us);
void tquic_conn_free(struct tquic_conn *conn);
void tquic_conn_close(struct tquic_conn *conn, bool app, u64 err, u64 frame_type,
		      const u8 *reason, u32 reason_len, int sk_err, u64 now_us);
void tquic_conn_fail(struct tquic_conn *conn, int werr, u64 frame_type, u64 now_us);
void tquic_conn_peer_closed(struct tquic_conn *conn, const struct tquic_rx_frame *f, u64 now_us);
void tquic_conn_die(struct tquic_conn *conn, int sk_err);
void tquic_conn_icmp(struct tquic_conn *conn, int err);
bool tquic_conn_tx_done(const struct tquic_conn *conn);
void tquic_conn_work(struct tquic_conn *conn, u64 now_us);
int tquic_conn_remember(struct tquic_conn *conn, const struct tquic_tparam *tp);
int tquic_conn_set_remote(struct tquic_conn *conn, const u8 *body, u32 len, u64 now_us);
void tquic_conn_discard_space(struct tquic_conn *conn, enum tquic_space_id id);
void tquic_conn_issue_cids(struct tquic_conn *conn);
int tquic_conn_prefer(struct tquic_conn *conn, const union tquic_addr *addr);
void tquic_conn_cid_event(struct tquic_conn *conn, bool dest);
void tquic_conn_cid_changed(struct tquic_conn *conn);
int tquic_conn_set_cids(struct tquic_conn *conn, const struct quic_connection_id_info *info);
int tquic_conn_key_update(struct tquic_conn *conn);
void tquic_conn_restart_idle(struct tquic_conn *conn, u64 now_us);
void tquic_conn_touch(struct tquic_conn *conn, u64 now_us);

/* fate.c: what becomes of sent frames */
extern const struct tquic_loss_ops tquic_fate_ops;
void tquic_fate_acked(struct tquic_conn *conn);

/* datagram.c: DATAGRAM frames, RFC 9221 */
u32 tquic_datagram_max(const struct tquic_conn *conn);
void tquic_datagram_queue(struct tquic_conn *conn, struct sk_buff *skb);
int tquic_datagram_rx(struct tquic_conn *conn, const struct tquic_rx_frame *f);
void tquic_datagram_drop(struct tquic_conn *conn);

/* timer.c: the clock policy; the owner has the kernel timer */
u64 tquic_timer_next(const struct tquic_conn *conn);
void tquic_timer_run(struct tquic_conn *conn, u64 now_us);

/** tquic_conn_sends_early - 0-RTT packets may leave, RFC 9001 section 4.6 */
static inline bool tquic_conn_sends_early(const struct tquic_conn *conn)
{
	return conn->early && !conn->server && !conn->remote_set &&
	       conn->version == conn->first_version;
}

/** tquic_conn_alive - it can still carry data */
static inline bool tquic_conn_alive(const struct tquic_conn *conn)
{
	return conn->state <= TQUIC_CONN_ESTABLISHED;
}

#endif

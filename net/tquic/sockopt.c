// SPDX-License-Identifier: GPL-2.0
/*
 * Socket options: a table for level SOL_QUIC, UAPI sections 4 and 8, one for level SOL_TCP,
 * for programs that were written for TCP, section 9, whose options act on the path as they
 * would there, and who answers for the other levels.  Structures are copied by common prefix
 * here, once for all; a row only sees kernel memory and an owned socket.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "handshake.h"
#include "output.h"
#include "sock.h"

#define RTT_MIN_US	100000		/* initial_smoothed_rtt, draft section 6.1.3 */
#define RTT_MAX_US	6000000
#define PROBE_MIN_US	5000000		/* plpmtud_probe_interval */
#define KEEP_INTVL_S	75		/* what TCP shows when nothing was set */
#define KEEP_CNT	9
#define KEEP_MAX_S	32767

/* One option.  set: @len bytes of @buf are the user's, the rest 0.  get: likewise, and @len out. */
struct option {
	int (*set)(struct sock *sk, void *buf, u32 len);
	int (*get)(struct sock *sk, void *buf, u32 *len);
	u16 size;	/* bytes of the kernel's structure, or of the longest string */
	bool bytes;	/* a string of bytes: never cut, and never longer than size */
	bool live;	/* of a connection that can still do something, else -ENOTCONN */

	/* or it is an int of struct tquic_sock */
	u16 off;	/* 0: it is none */
	bool flag;	/* any number is good, kept as 0 or 1 */
	bool zero;	/* 0 is good, whatever the bounds */
	int min;
	int max;
	int unset;	/* what 0 is shown as */
	void (*changed)(struct sock *sk);		/* NULL: nobody is to be told */
	int (*shown)(const struct tquic_sock *tsk);	/* NULL: as it is kept */
};

static struct tquic_conn *conn_of(const struct sock *sk)
{
	return tquic_sk(sk)->conn;
}

/* A connection that can still do something */
static struct tquic_conn *live_conn(const struct sock *sk)
{
	struct tquic_conn *conn = conn_of(sk);

	return conn && tquic_conn_alive(conn) ? conn : NULL;
}

static bool is_server(const struct sock *sk)
{
	return sk->sk_state == TCP_LISTEN || (conn_of(sk) && conn_of(sk)->server);
}

static int set_int(struct sock *sk, const struct option *o, const int *buf, u32 len)
{
	int *kept = (void *)tquic_sk(sk) + o->off;
	int val = *buf;

	if (len < sizeof(val))
		return -EINVAL;
	if (o->flag)
		val = !!val;
	else if ((val < o->min || val > o->max) && !(o->zero && !val))
		return -EINVAL;
	*kept = val;
	if (o->changed)
		o->changed(sk);
	return 0;
}

static int get_int(struct sock *sk, const struct option *o, int *buf)
{
	const int *kept = (void *)tquic_sk(sk) + o->off;

	*buf = o->shown ? o->shown(tquic_sk(sk)) : *kept ?: o->unset;
	return 0;
}

static int get_bytes(void *buf, u32 *len, const void *from, u32 n)
{
	if (*len < n)
		return -EINVAL;
	if (n)
		memcpy(buf, from, n);
	*len = n;
	return 0;
}

/* ---- ints: what follows when one has changed, and how it is shown ---- */

static void nodelay_changed(struct sock *sk)
{
	struct tquic_sock *tsk = tquic_sk(sk);

	if (tsk->conn)
		tsk->conn->nodelay = tsk->nodelay;
}

static void cork_changed(struct sock *sk)
{
	if (!tquic_sk(sk)->cork && conn_of(sk))
		tquic_sendmsg_push(sk, false);
}

static void maxseg_changed(struct sock *sk)
{
	struct tquic_conn *conn = conn_of(sk);

	if (conn)
		tquic_path_mtu_changed(conn, conn->path, tquic_now_us());
}

static int maxseg_shown(const struct tquic_sock *tsk)
{
	if (tsk->conn)
		return tsk->conn->path->mtu.cur - TQUIC_HEADER_BYTES;
	return tsk->maxseg ?: TQUIC_MIN_UDP - TQUIC_HEADER_BYTES;
}

static void keep_changed(struct sock *sk)
{
	tquic_socket_keepalive(sk, sock_flag(sk, SOCK_KEEPOPEN));
}

static int keep_idle_shown(const struct tquic_sock *tsk)
{
	return tsk->keep_idle_s ?: div_u64(tsk->tparam.max_idle_timeout_us, 2 * USEC_PER_SEC);
}

/* ---- events ---- */

static int set_event(struct sock *sk, void *buf, u32 len)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct quic_event_option *o = buf;

	if (len < sizeof(*o) || !o->type || o->type > QUIC_EVENT_MAX)
		return -EINVAL;
	if (o->on)
		tsk->events |= BIT(o->type);
	else
		tsk->events &= ~BIT(o->type);
	return 0;
}

static int get_event(struct sock *sk, void *buf, u32 *len)
{
	struct quic_event_option *o = buf;

	if (*len < sizeof(*o) || !o->type || o->type > QUIC_EVENT_MAX)
		return -EINVAL;
	o->on = !!(tquic_sk(sk)->events & BIT(o->type));
	return 0;
}

/* ---- streams ---- */

static int get_stream_open(struct sock *sk, void *buf, u32 *len)
{
	const struct socket *sock = sk->sk_socket;
	long timeo = sock_sndtimeo(sk, sock && sock->file && sock->file->f_flags & O_NONBLOCK);
	const struct tquic_conn *conn = live_conn(sk);
	struct quic_stream_info *info = buf;
	struct tquic_stream *s;
	int err;

	if (*len < offsetof(struct quic_stream_info, stream_flags) || info->stream_id < -1 ||
	    info->stream_flags & ~(MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_UNI |
				   MSG_QUIC_STREAM_DONTWAIT | MSG_QUIC_STREAM_SNDBLOCK))
		return -EINVAL;
	if (sk->sk_state != TCP_ESTABLISHED && (!conn || !tquic_conn_sends_early(conn)))
		return -ENOTCONN;
	err = tquic_sendmsg_open(sk, &info->stream_id, info->stream_flags, &timeo, -EAGAIN, &s);
	if (!err)
		info->stream_flags |= MSG_QUIC_STREAM_NEW;
	return err;
}

/* An option's stream, the number of which comes first of its @len bytes; NULL: it is not open */
static struct tquic_stream *stream_of(struct sock *sk, const s64 *sid, u32 len)
{
	struct tquic_conn *conn = live_conn(sk);

	if (!conn || len < sizeof(*sid) || *sid < 0)
		return NULL;
	return tquic_stream_find(&conn->streams, *sid);
}

static int set_stream_reset(struct sock *sk, void *buf, u32 len)
{
	struct quic_errinfo *info = buf;
	struct tquic_stream *s = stream_of(sk, &info->stream_id, len);

	if (!s || tquic_stream_tx_over(s))
		return -EINVAL;
	tquic_stream_reset(&conn_of(sk)->streams, s, info->errcode);
	return 0;
}

/* draft-ietf-quic-reliable-stream-reset: all but the first bytes of it */
static int set_stream_reset_at(struct sock *sk, void *buf, u32 len)
{
	struct quic_stream_reset_at *r = buf;
	struct tquic_stream *s = stream_of(sk, &r->stream_id, len);
	struct tquic_conn *conn = conn_of(sk);

	if (len < sizeof(*r) || !s || tquic_stream_tx_over(s))
		return -EINVAL;
	if (!conn->remote.reset_stream_at)
		return -EOPNOTSUPP;
	return tquic_stream_reset_at(&conn->streams, s, r->errcode, r->reliable_size);
}

static int set_stream_stop(struct sock *sk, void *buf, u32 len)
{
	struct quic_errinfo *info = buf;
	struct tquic_stream *s = stream_of(sk, &info->stream_id, len);

	if (!s || tquic_stream_rx_over(s))
		return -EINVAL;
	if (s->flags & TQUIC_STREAM_STOPPED)
		return -EAGAIN;
	tquic_stream_stop(&conn_of(sk)->streams, s, info->errcode);
	return 0;
}

static int set_priority(struct sock *sk, void *buf, u32 len)
{
	struct quic_stream_priority *p = buf;
	struct tquic_stream *s = stream_of(sk, &p->stream_id, len);

	if (len < offsetofend(struct quic_stream_priority, incremental) || !s ||
	    !tquic_stream_can_send(&conn_of(sk)->streams, s->id) ||
	    p->urgency > TQUIC_URGENCY_MAX || p->incremental > 1)
		return -EINVAL;
	tquic_stream_prioritize(&conn_of(sk)->streams, s, p->urgency, !p->incremental);
	return 0;
}

static int get_priority(struct sock *sk, void *buf, u32 *len)
{
	struct quic_stream_priority *p = buf;
	struct tquic_stream *s = stream_of(sk, &p->stream_id, *len);

	if (!s || !tquic_stream_can_send(&conn_of(sk)->streams, s->id))
		return -EINVAL;
	p->urgency = s->urgency;
	p->incremental = !s->sequential;
	return 0;
}

/* ---- the end ---- */

static int set_close(struct sock *sk, void *buf, u32 len)
{
	if (len < sizeof(u32))
		return -EINVAL;
	tquic_sk(sk)->close = *(struct quic_connection_close *)buf;
	return 0;
}

/* What the peer said, once it did; before, what we will say */
static int get_close(struct sock *sk, void *buf, u32 *len)
{
	struct quic_connection_close *c = buf;

	if (!tquic_event_close_said(conn_of(sk), c))
		*c = tquic_sk(sk)->close;
	return 0;
}

/* ---- transport parameters and configuration ---- */

/*
 * Fields of struct quic_transport_param, what struct tquic_tparam calls them, and the bounds of
 * what is not 0, which keeps what is there
 */
#define PARAM_FIELDS(X)								\
	X(disable_active_migration, disable_active_migration, 1, 1)		\
	X(grease_quic_bit, grease_quic_bit, 1, 1)				\
	X(stateless_reset, has_reset_token, 1, 1)				\
	X(disable_1rtt_encryption, disable_1rtt_encryption, 1, 1)		\
	X(disable_compatible_version, disable_compatible_version, 1, 1)		\
	X(active_connection_id_limit, active_connection_id_limit, 2, TQUIC_CID_USED_MAX) \
	X(ack_delay_exponent, ack_delay_exponent, 1, 20)			\
	X(max_datagram_frame_size, max_datagram_frame_size, 1, U64_MAX)		\
	X(max_udp_payload_size, max_udp_payload_size, TQUIC_MIN_UDP, TQUIC_MAX_UDP) \
	X(max_idle_timeout, max_idle_timeout_us, 1, U64_MAX)			\
	X(max_ack_delay, max_ack_delay_us, 1, TQUIC_ACK_DELAY_END_US - 1)	\
	X(max_streams_bidi, max_streams_bidi, 1, U64_MAX)			\
	X(max_streams_uni, max_streams_uni, 1, U64_MAX)				\
	X(max_data, max_data, 1, TQUIC_VARINT_MAX)				\
	X(max_stream_data_bidi_local, max_stream_data_bidi_local, 1, TQUIC_VARINT_MAX)	\
	X(max_stream_data_bidi_remote, max_stream_data_bidi_remote, 1, TQUIC_VARINT_MAX) \
	X(max_stream_data_uni, max_stream_data_uni, 1, TQUIC_VARINT_MAX)

static bool unset_or_in(u64 value, u64 min, u64 max)
{
	return !value || (value >= min && value <= max);
}

static bool param_ok(const struct quic_transport_param *p)
{
#define X(user, ours, min, max)	unset_or_in(p->user, min, max) &&
	return PARAM_FIELDS(X) true;
#undef X
}

static void param_take(struct tquic_tparam *tp, const struct quic_transport_param *p)
{
#define X(user, ours, min, max)	tp->ours = p->user ?: tp->ours;
	PARAM_FIELDS(X)
#undef X
}

/* RFC 9000 section 7.4.1; what is a connection's own, or no limit, is not for another */
static int set_remembered(struct tquic_conn *conn, const struct quic_transport_param *p)
{
	struct tquic_tparam tp;

	if (!conn)
		return -ENOTCONN;
	tquic_tparam_init(&tp);
	param_take(&tp, p);
	tp.ack_delay_exponent = conn->remote.ack_delay_exponent;
	tp.max_ack_delay_us = conn->remote.max_ack_delay_us;
	tp.disable_1rtt_encryption = false;
	return tquic_conn_remember(conn, &tp);
}

static int set_param(struct sock *sk, void *buf, u32 len)
{
	const struct quic_transport_param *p = buf;
	struct tquic_conn *conn = conn_of(sk);

	if (!param_ok(p))
		return -EINVAL;
	if (p->remote)
		return set_remembered(conn, p);
	param_take(&tquic_sk(sk)->tparam, p);
	if (!conn)
		return 0;
	/* until user space has fetched and sent them they can still change */
	if (conn->state >= TQUIC_CONN_ESTABLISHED || conn->streams.count)
		return -EINVAL;
	param_take(&conn->local, p);
	tquic_streams_apply_local(&conn->streams);
	return 0;
}

static int get_param(struct sock *sk, void *buf, u32 *len)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct quic_transport_param *p = buf;
	const struct tquic_tparam *tp;
	u8 remote = p->remote;

	if (remote > 1)
		remote = 0;	/* programs that mean ours leave rubbish there */
	if (remote && !tsk->conn)
		return -ENOTCONN;
	tp = remote ? &tsk->conn->remote : tsk->conn ? &tsk->conn->local : &tsk->tparam;
	memset(p, 0, sizeof(*p));
	p->remote = remote;
#define X(user, ours, min, max)	p->user = min_t(u64, tp->ours, type_max(typeof(p->user)));
	PARAM_FIELDS(X)
#undef X
	return 0;
}

static bool config_ok(const struct quic_config *c)
{
	if (c->version && c->version != QUIC_VERSION_V1 && c->version != QUIC_VERSION_V2)
		return false;
	if (c->payload_cipher_type && !tquic_crypto_cipher(c->payload_cipher_type))
		return false;
	if (c->congestion_control_algo && !tquic_cc_find_id(c->congestion_control_algo))
		return false;
	return unset_or_in(c->plpmtud_probe_interval, PROBE_MIN_US, U32_MAX) &&
	       unset_or_in(c->initial_smoothed_rtt, RTT_MIN_US, RTT_MAX_US) &&
	       c->certificate_request <= 2;
}

#define TAKE(field)	(to->field = c->field ?: to->field)

static int set_config(struct sock *sk, void *buf, u32 len)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	const struct quic_config *c = buf;
	struct quic_config *to = &tsk->config;

	if (!config_ok(c))
		return -EINVAL;
	if (c->version && tsk->conn)
		return -EISCONN;
	TAKE(version);
	TAKE(plpmtud_probe_interval);
	TAKE(initial_smoothed_rtt);
	TAKE(payload_cipher_type);
	TAKE(validate_peer_address);
	TAKE(receive_session_ticket);
	TAKE(certificate_request);
	TAKE(keepalive_probe_interval);
	if (c->congestion_control_algo)
		tquic_info_set_cc(sk, tquic_cc_find_id(c->congestion_control_algo));
	if (c->stream_data_nodelay) {
		tsk->nodelay = true;
		nodelay_changed(sk);
	}
	if (c->keepalive_probe_interval)
		keep_changed(sk);
	return 0;
}

#undef TAKE

static int get_config(struct sock *sk, void *buf, u32 *len)
{
	const struct tquic_sock *tsk = tquic_sk(sk);
	struct quic_config *c = buf;

	*c = tsk->config;
	c->congestion_control_algo = tsk->cc->id;
	c->stream_data_nodelay = tsk->nodelay;
	return 0;
}

/* ---- strings of bytes ---- */

/* A server has it send NEW_TOKEN; a client shows one from an earlier connection */
static int set_token(struct sock *sk, void *buf, u32 len)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_conn *conn = live_conn(sk);

	if (is_server(sk)) {
		if (len || !conn || conn->state != TQUIC_CONN_ESTABLISHED)
			return -EINVAL;
		conn->due |= TQUIC_DUE_NEW_TOKEN;
		return 0;
	}
	if (!len)
		return -EINVAL;
	memcpy(tsk->token, buf, len);
	tsk->token_len = len;
	if (conn && conn->state == TQUIC_CONN_IDLE) {
		memcpy(conn->token, buf, len);
		conn->token_len = len;
	}
	return 0;
}

/* Programs learn their role from this: it must fail with EINVAL at a server */
static int get_token(struct sock *sk, void *buf, u32 *len)
{
	const struct tquic_sock *tsk = tquic_sk(sk);

	if (is_server(sk))
		return -EINVAL;
	return get_bytes(buf, len, tsk->token, tsk->token_len);
}

static int set_alpn(struct sock *sk, void *buf, u32 len)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	const u8 *name = buf;

	if (len && !name[len - 1])
		len--;		/* C programs count the end of the string */
	if (!len || sk->sk_state == TCP_LISTEN)
		return -EINVAL;
	for (u32 i = 0; i < len; i++)
		if (name[i] == ',' && (!i || i == len - 1 || name[i + 1] == ','))
			return -EINVAL;
	memcpy(tsk->alpn, name, len);
	tsk->alpn_len = len;
	return 0;
}

static int get_alpn(struct sock *sk, void *buf, u32 *len)
{
	return get_bytes(buf, len, tquic_sk(sk)->alpn, tquic_sk(sk)->alpn_len);
}

static int set_ticket(struct sock *sk, void *buf, u32 len)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	u8 *copy;

	if (is_server(sk))
		return -EOPNOTSUPP;
	if (len < QUIC_SESSION_TICKET_MIN_BYTES)
		return -EINVAL;
	copy = kmemdup(buf, len, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	kfree_sensitive(tsk->ticket);
	tsk->ticket = copy;
	tsk->ticket_len = len;
	return 0;
}

/* A client has the newest ticket, a server the key that it seals them with */
static int get_ticket(struct sock *sk, void *buf, u32 *len)
{
	const struct tquic_sock *tsk = tquic_sk(sk);
	struct sockaddr_in6 addr;

	if (!is_server(sk))
		return get_bytes(buf, len, tsk->ticket, tsk->ticket ? tsk->ticket_len : 0);
	if (!tsk->ep)
		return -ENOTCONN;
	if (*len < QUIC_TICKET_KEY_BYTES)
		return -EINVAL;
	addr = tquic_addr_in6(&tsk->ep->addr);
	tquic_token_ticket_key(&tquic_pernet(sock_net(sk))->token_keys, &addr, buf);
	*len = QUIC_TICKET_KEY_BYTES;
	return 0;
}

/* ---- the handshake ---- */

static int set_secret(struct sock *sk, void *buf, u32 len)
{
	struct quic_crypto_secret *info = buf;

	if (len < offsetof(struct quic_crypto_secret, secret) || info->level >= QUIC_CRYPTO_MAX)
		return -EINVAL;
	return tquic_handshake_secret(conn_of(sk), info, tquic_now_us());
}

static int set_param_ext(struct sock *sk, void *buf, u32 len)
{
	int err = tquic_conn_set_remote(conn_of(sk), buf, len, tquic_now_us());

	if (!err)
		keep_changed(sk);
	return err;
}

static int get_param_ext(struct sock *sk, void *buf, u32 *len)
{
	struct tquic_conn *conn = conn_of(sk);
	int n;

	conn->local.version = conn->version;
	conn->local.has_versions = !conn->local.disable_compatible_version;
	n = tquic_tparam_encode(&conn->local, conn->server, buf, *len);
	*len = n;
	return min(n, 0);
}

static int set_key_update(struct sock *sk, void *buf, u32 len)
{
	return tquic_conn_key_update(conn_of(sk));
}

static int set_cids(struct sock *sk, void *buf, u32 len)
{
	return tquic_conn_set_cids(conn_of(sk), buf);
}

static int get_cids(struct sock *sk, void *buf, u32 *len)
{
	tquic_cid_info(&conn_of(sk)->cids, conn_of(sk)->path->index, buf);
	return 0;
}

/* ---- ours ---- */

static int set_congestion(struct sock *sk, void *buf, u32 len)
{
	const struct tquic_cc_ops *cc;
	char *name = buf;

	name[QUIC_CONGESTION_NAME_BYTES - 1] = 0;
	cc = tquic_cc_find(name);
	if (!cc)
		return -ENOENT;
	tquic_info_set_cc(sk, cc);
	return 0;
}

static int get_congestion(struct sock *sk, void *buf, u32 *len)
{
	strscpy_pad(buf, tquic_sk(sk)->cc->name, QUIC_CONGESTION_NAME_BYTES);
	return 0;
}

/* SO_ZEROCOPY, for kernels that do not let a module answer it */
static int set_zerocopy(struct sock *sk, void *buf, u32 len)
{
	int on = *(int *)buf;

	if (len < sizeof(on) || on & ~1)
		return -EINVAL;
	sock_valbool_flag(sk, SOCK_ZEROCOPY, on);
	return 0;
}

static int get_zerocopy(struct sock *sk, void *buf, u32 *len)
{
	*(int *)buf = sock_flag(sk, SOCK_ZEROCOPY);
	return 0;
}

#define UNBUILT	{ .size = 1 }
#define STRUCT(set, get, type, ...)	{ set, get, sizeof(struct type), __VA_ARGS__ }
#define INT(member, ...)							\
	{ .size = sizeof(int), .off = offsetof(struct tquic_sock, member), __VA_ARGS__ }

static const struct option options[] = {
	[QUIC_SOCKOPT_EVENT] = STRUCT(set_event, get_event, quic_event_option),
	[QUIC_SOCKOPT_STREAM_OPEN] = STRUCT(NULL, get_stream_open, quic_stream_info),
	[QUIC_SOCKOPT_STREAM_RESET] = STRUCT(set_stream_reset, NULL, quic_errinfo),
	[QUIC_SOCKOPT_STREAM_STOP_SENDING] = STRUCT(set_stream_stop, NULL, quic_errinfo),
	[QUIC_SOCKOPT_CONNECTION_ID] = STRUCT(set_cids, get_cids, quic_connection_id_info,
					      .live = true),
	[QUIC_SOCKOPT_CONNECTION_CLOSE] = STRUCT(set_close, get_close, quic_connection_close),
	[QUIC_SOCKOPT_CONNECTION_MIGRATION] = STRUCT(tquic_af_migrate, NULL, sockaddr_storage),
	[QUIC_SOCKOPT_KEY_UPDATE] = { set_key_update, NULL, 0, .live = true },
	[QUIC_SOCKOPT_TRANSPORT_PARAM] = STRUCT(set_param, get_param, quic_transport_param),
	[QUIC_SOCKOPT_CONFIG] = STRUCT(set_config, get_config, quic_config),
	[QUIC_SOCKOPT_TOKEN] = { set_token, get_token, QUIC_TOKEN_MAX_BYTES, true },
	[QUIC_SOCKOPT_ALPN] = { set_alpn, get_alpn, QUIC_ALPN_MAX_BYTES, true },
	[QUIC_SOCKOPT_SESSION_TICKET] = { set_ticket, get_ticket,
					  QUIC_SESSION_TICKET_MAX_BYTES, true },
	[QUIC_SOCKOPT_CRYPTO_SECRET] = STRUCT(set_secret, NULL, quic_crypto_secret, .live = true),
	[QUIC_SOCKOPT_TRANSPORT_PARAM_EXT] = { set_param_ext, get_param_ext,
					       QUIC_TRANSPORT_PARAM_EXT_MAX_BYTES, true, true },
	[QUIC_SOCKOPT_STREAM_PEELOFF] = UNBUILT,
	[QUIC_SOCKOPT_INFO] = STRUCT(NULL, tquic_info_quic, quic_info),
	[QUIC_SOCKOPT_CONGESTION] = { set_congestion, get_congestion, QUIC_CONGESTION_NAME_BYTES },
	[QUIC_SOCKOPT_NODELAY] = INT(nodelay, .max = 1, .changed = nodelay_changed),
	[QUIC_SOCKOPT_STREAM_PRIORITY] = STRUCT(set_priority, get_priority, quic_stream_priority),
	[QUIC_SOCKOPT_STREAM_RESET_AT] = STRUCT(set_stream_reset_at, NULL, quic_stream_reset_at),
	[QUIC_SOCKOPT_EMPTY_ID] = INT(empty_id, .max = 1),
	[QUIC_SOCKOPT_ZEROCOPY] = { set_zerocopy, get_zerocopy, sizeof(int) },
};

static const struct option tcp_options[] = {
	[TCP_NODELAY] = INT(nodelay, .flag = true, .changed = nodelay_changed),
	[TCP_CORK] = INT(cork, .flag = true, .changed = cork_changed),
	[TCP_MAXSEG] = INT(maxseg, .min = TCP_MIN_MSS, .max = MAX_TCP_WINDOW, .zero = true,
			   .changed = maxseg_changed, .shown = maxseg_shown),
	[TCP_KEEPIDLE] = INT(keep_idle_s, .min = 1, .max = KEEP_MAX_S, .changed = keep_changed,
			     .shown = keep_idle_shown),
	[TCP_KEEPINTVL] = INT(keep_intvl_s, .min = 1, .max = KEEP_MAX_S, .unset = KEEP_INTVL_S),
	[TCP_KEEPCNT] = INT(keep_cnt, .min = 1, .max = 127, .unset = KEEP_CNT),
	[TCP_USER_TIMEOUT] = INT(user_timeout_ms, .max = INT_MAX),
	[TCP_INFO] = STRUCT(NULL, tquic_info_tcp, tcp_info),
	[TCP_CONGESTION] = { set_congestion, get_congestion, QUIC_CONGESTION_NAME_BYTES },
};

/* Have a row work on a copy of the *len bytes at optval, which get writes back */
static int run(struct sock *sk, const struct option *o, bool set, sockptr_t optval, u32 *len)
{
	void *buf = kzalloc(o->size + 1, GFP_KERNEL);
	int err = -EFAULT;

	if (!buf)
		return -ENOMEM;
	*len = min_t(u32, *len, o->size);
	if ((set || !o->bytes) && *len && copy_from_sockptr(buf, optval, *len))
		goto out;
	lock_sock(sk);
	if (o->live && !live_conn(sk))
		err = -ENOTCONN;
	else if (o->off)
		err = set ? set_int(sk, o, buf, *len) : get_int(sk, o, buf);
	else
		err = set ? o->set(sk, buf, *len) : o->get(sk, buf, len);
	if (set && live_conn(sk))
		tquic_output_flush(conn_of(sk), tquic_now_us());
	tquic_socket_after(sk);
	release_sock(sk);
	if (!set && !err && copy_to_sockptr(optval, buf, *len))
		err = -EFAULT;
out:
	kfree_sensitive(buf);
	return err;
}

/* The row of an option, NULL: there is none */
static const struct option *find(int level, int optname)
{
	const struct option *o = level == SOL_QUIC ? options : tcp_options;
	u32 nr = level == SOL_QUIC ? ARRAY_SIZE(options) : ARRAY_SIZE(tcp_options);

	if (optname < 0 || optname >= nr)
		return NULL;
	o += optname;
	return o->set || o->get || o->size ? o : NULL;
}

/* quic_do_setsockopt() of either level */
static int set(struct sock *sk, int level, int optname, sockptr_t optval, u32 optlen)
{
	const struct option *o = find(level, optname);

	if (!o || !(o->set || o->off))
		return o && !o->get ? -EOPNOTSUPP : -ENOPROTOOPT;
	if (o->bytes && optlen > o->size)
		return -EINVAL;
	return run(sk, o, true, optval, &optlen);
}

/* quic_do_getsockopt() of either level */
static int get(struct sock *sk, int level, int optname, sockptr_t optval, sockptr_t optlen)
{
	const struct option *o = find(level, optname);
	u32 len;
	int err;

	if (!o || !(o->get || o->off))
		return o && !o->set ? -EOPNOTSUPP : -ENOPROTOOPT;
	if (copy_from_sockptr(&len, optlen, sizeof(len)))
		return -EFAULT;
	if ((int)len < 0)
		return -EINVAL;
	err = run(sk, o, false, optval, &len);
	if (!err && copy_to_sockptr(optlen, &len, sizeof(len)))
		err = -EFAULT;
	return err;
}

/**
 * quic_do_setsockopt - set an option of level SOL_QUIC
 * @sk: a QUIC socket, not owned
 * @optname: QUIC_SOCKOPT_*
 * @optval: its value; shorter than the kernel's structure: the rest is 0
 * @optlen: bytes of it
 *
 * Return: 0; -ENOPROTOOPT for an option that does not exist or cannot be set; -EOPNOTSUPP for one
 * that is not built; -EINVAL; -EFAULT; -ENOMEM; -ENOTCONN.
 */
int quic_do_setsockopt(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen)
{
	return set(sk, SOL_QUIC, optname, optval, optlen);
}
EXPORT_SYMBOL_GPL(quic_do_setsockopt);

/**
 * quic_do_getsockopt - read an option of level SOL_QUIC
 * @sk: a QUIC socket, not owned
 * @optname: QUIC_SOCKOPT_*
 * @optval: where to; some options read from it first
 * @optlen: int, bytes there; set to bytes written, a structure's common prefix
 *
 * Return: 0; -ENOPROTOOPT for an option that does not exist or cannot be read; -EOPNOTSUPP for one
 * that is not built; -EINVAL; -EFAULT; -ENOMEM; -ENOTCONN; -EAGAIN.
 */
int quic_do_getsockopt(struct sock *sk, int optname, sockptr_t optval, sockptr_t optlen)
{
	return get(sk, SOL_QUIC, optname, optval, optlen);
}
EXPORT_SYMBOL_GPL(quic_do_getsockopt);

/*
 * tquic_setsockopt - proto.setsockopt: SOL_QUIC, SOL_IP, SOL_IPV6 and, as TCP has it, SOL_TCP;
 * SOL_SOCKET where the kernel asks us first.
 */
int tquic_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval, unsigned int optlen)
{
	if (level == SOL_SOCKET && optname == SO_ZEROCOPY)
		return quic_do_setsockopt(sk, QUIC_SOCKOPT_ZEROCOPY, optval, optlen);
	if (level == SOL_SOCKET)
		return sock_setsockopt(sk->sk_socket, level, optname, optval, optlen);
	if (level == SOL_QUIC || (level == SOL_TCP && optlen))
		return set(sk, level, optname, optval, optlen);
	if (level == SOL_TCP)	/* no option of TCP is empty */
		return -EINVAL;
	if (level == SOL_IP)
		return ip_setsockopt(sk, level, optname, optval, optlen);
	if (IS_ENABLED(CONFIG_IPV6) && level == SOL_IPV6 && sk->sk_family == AF_INET6)
		return ipv6_setsockopt(sk, level, optname, optval, optlen);
	return -ENOPROTOOPT;
}

/** tquic_getsockopt - proto.getsockopt: the levels of tquic_setsockopt() */
int tquic_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		     int __user *optlen)
{
	if (level == SOL_QUIC || level == SOL_TCP)
		return get(sk, level, optname, USER_SOCKPTR(optval), USER_SOCKPTR(optlen));
	if (level == SOL_IP)
		return ip_getsockopt(sk, level, optname, optval, optlen);
	if (IS_ENABLED(CONFIG_IPV6) && level == SOL_IPV6 && sk->sk_family == AF_INET6)
		return ipv6_getsockopt(sk, level, optname, optval, optlen);
	return -ENOPROTOOPT;
}

/** tquic_sockopt_defaults - what a new socket's options are, UAPI section 4 */
void tquic_sockopt_defaults(struct tquic_sock *tsk)
{
	struct tquic_tparam *tp = &tsk->tparam;

	tquic_tparam_init(tp);
	tp->active_connection_id_limit = 7;
	tp->max_idle_timeout_us = 30000000;
	tp->max_data = 65535 * 32;
	tp->max_stream_data_bidi_local = 65535 * 16;
	tp->max_stream_data_bidi_remote = 65535 * 16;
	tp->max_stream_data_uni = 65535 * 16;
	tp->max_streams_bidi = 100;
	tp->max_streams_uni = 100;
	tsk->config.version = QUIC_VERSION_V1;
	tsk->config.initial_smoothed_rtt = TQUIC_INITIAL_RTT_US;
	tsk->cc = &tquic_cc_cubic;
}

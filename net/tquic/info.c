// SPDX-License-Identifier: GPL-2.0
/*
 * What a connection looks like from outside: QUIC_SOCKOPT_INFO, and the options
 * of level SOL_TCP for programs that were written for TCP, UAPI section 9, which
 * act on the path as they would there.
 */
#include <net/tcp.h>

#include "output.h"
#include "sock.h"

#define KEEP_INTVL_S	75	/* what TCP shows when nothing was set */
#define KEEP_CNT	9
#define KEEP_MAX_S	32767

static const struct tquic_path *path_by_rank(const struct tquic_conn *conn, u32 rank, u32 *nr)
{
	const struct tquic_path *path, *found = NULL;
	int i;

	*nr = 0;
	tquic_for_each_path(path, conn, i)
		if ((*nr)++ == rank)
			found = path;
	return found;
}

static u32 rto_us(const struct tquic_conn *conn, const struct tquic_path *path)
{
	return min_t(u64, tquic_loss_pto_us(&path->rec, true, conn->confirmed), U32_MAX);
}

/** tquic_info_notsent - bytes that a program has written and @conn has not sent even once */
u64 tquic_info_notsent(const struct tquic_conn *conn)
{
	const struct tquic_stream *s;
	u64 bytes = 0;

	tquic_for_each_stream(s, &conn->streams)
		bytes += s->sb.end_off - s->sb.next_off;
	return bytes;
}

static void fill_path(struct quic_info *info, const struct tquic_conn *conn,
		      const struct tquic_path *path)
{
	const struct tquic_recovery *rec = &path->rec;

	info->srtt_us = rec->rtt.smoothed_us;
	info->rttvar_us = rec->rtt.var_us;
	info->min_rtt_us = rec->rtt.min_us;
	info->latest_rtt_us = rec->rtt.latest_us;
	info->rto_us = rto_us(conn, path);
	info->mtu = path->mtu.cur;
	info->pto_count = rec->pto_count;
	info->cwnd = rec->cc.cwnd;
	info->ssthresh = rec->cc.ssthresh;
	info->bytes_in_flight = rec->cc.in_flight;
	info->pacing_rate = rec->pacer.rate;
	info->delivery_rate = rec->delivery_rate;
	info->bytes_sent = path->tx_bytes;
	info->bytes_received = path->rx_bytes;
	info->bytes_acked = rec->delivered;
	info->bytes_lost = rec->lost_bytes;
	info->packets_lost = rec->lost_pkts;
	info->packets_spurious = rec->spurious_pkts;
	if (rec->cc.app_limited)
		info->flags |= QUIC_INFO_F_APP_LIMITED;
	strscpy(info->congestion, rec->cc.ops->name, sizeof(info->congestion));
}

/*
 * tquic_info_quic - QUIC_SOCKOPT_INFO: path_index is read, all of @buf is written, of which the
 * user asks for @len bytes; the socket is owned by the caller.  Return: 0, -ENOTCONN without a
 * connection, -EINVAL for a path that is not there, or for less than the index.
 */
int tquic_info_quic(struct sock *sk, void *buf, u32 *len)
{
	const struct tquic_conn *conn = tquic_sk(sk)->conn;
	const struct tquic_path *path;
	const struct tquic_cipher *cipher;
	struct quic_info *info = buf;
	u32 rank = info->path_index, nr;

	if (*len < sizeof(info->path_index))
		return -EINVAL;
	if (!conn)
		return -ENOTCONN;
	path = path_by_rank(conn, rank, &nr);
	if (!path)
		return -EINVAL;
	memset(info, 0, sizeof(*info));
	info->path_index = rank;
	info->num_paths = nr;
	info->state = sk->sk_state;
	info->version = conn->version;
	cipher = conn->spaces[TQUIC_SPACE_APP].tx.cipher;
	info->cipher = cipher ? cipher->type : 0;
	info->flags = (conn->server ? QUIC_INFO_F_SERVER : 0) |
		      (conn->no_encrypt ? QUIC_INFO_F_UNENCRYPTED : 0) |
		      (conn->confirmed ? QUIC_INFO_F_HANDSHAKE_CONFIRMED : 0);
	info->streams = conn->streams.count;
	info->bytes_retrans = conn->stats.retrans_bytes;
	info->packets_sent = conn->stats.tx_pkts;
	info->packets_received = conn->stats.rx_pkts;
	info->packets_retrans = conn->stats.retrans_pkts;
	info->notsent_bytes = tquic_info_notsent(conn);
	info->unacked_bytes = conn->streams.held_bytes;
	fill_path(info, conn, path);
	return 0;
}

/** tquic_info_set_cc - have @cc go on with the window of the algorithm before; owned */
void tquic_info_set_cc(struct sock *sk, const struct tquic_cc_ops *cc)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tquic_path *path;
	struct tquic_cc old;
	int i;

	tsk->cc = cc;
	if (!tsk->conn)
		return;
	tquic_for_each_path(path, tsk->conn, i) {
		old = path->rec.cc;
		if (old.ops == cc)
			continue;
		tquic_cc_init(&path->rec.cc, cc, old.mss);
		path->rec.cc.cwnd = old.cwnd;
		path->rec.cc.ssthresh = old.ssthresh;
		path->rec.cc.in_flight = old.in_flight;
		path->rec.cc.recovery_us = old.recovery_us;
		path->rec.cc.cwnd_max = old.cwnd_max;
	}
}

/* ---- level SOL_TCP ---- */

static u32 pkts_of(u64 bytes, u32 mss)
{
	return min_t(u64, div_u64(bytes + mss - 1, mss), U32_MAX);
}

/* Bytes of stream data in a full packet */
static u32 mss_of(const struct tquic_path *path)
{
	return path->mtu.cur - TQUIC_HEADER_BYTES;
}

static void fill_tcp_info(struct sock *sk, const struct tquic_conn *conn, struct tcp_info *ti)
{
	const struct tquic_path *path = conn->path;
	const struct tquic_recovery *rec = &path->rec;
	const struct tquic_conn_stats *st = &conn->stats;
	u32 mss = rec->cc.mss ?: TQUIC_MIN_UDP;

	ti->tcpi_probes = rec->pto_count;
	ti->tcpi_backoff = rec->pto_count;
	ti->tcpi_rto = rto_us(conn, path);
	ti->tcpi_ato = conn->local.max_ack_delay_us;
	ti->tcpi_snd_mss = mss_of(path);
	ti->tcpi_rcv_mss = mss_of(path);
	ti->tcpi_unacked = pkts_of(rec->cc.in_flight, mss);
	ti->tcpi_total_retrans = st->retrans_pkts;
	ti->tcpi_pmtu = path->mtu.cur + sizeof(struct udphdr) +
			(tquic_addr_is_v4(&path->remote) ? sizeof(struct iphdr) :
								sizeof(struct ipv6hdr));
	ti->tcpi_rtt = rec->rtt.smoothed_us;
	ti->tcpi_rttvar = rec->rtt.var_us;
	ti->tcpi_min_rtt = rec->rtt.min_us;
	ti->tcpi_snd_ssthresh = rec->cc.ssthresh == U64_MAX ? TCP_INFINITE_SSTHRESH :
							      pkts_of(rec->cc.ssthresh, mss);
	ti->tcpi_snd_cwnd = pkts_of(rec->cc.cwnd, mss);
	ti->tcpi_rcv_space = min_t(u64, conn->streams.rx.window, U32_MAX);
	ti->tcpi_pacing_rate = rec->pacer.rate ?: ~0ULL;
	ti->tcpi_max_pacing_rate = READ_ONCE(sk->sk_max_pacing_rate);
	ti->tcpi_delivery_rate = rec->delivery_rate;
	ti->tcpi_delivery_rate_app_limited = rec->cc.app_limited;
	ti->tcpi_bytes_sent = st->tx_bytes;
	ti->tcpi_bytes_received = st->rx_bytes;
	ti->tcpi_bytes_acked = st->acked_bytes;
	ti->tcpi_bytes_retrans = st->retrans_bytes;
	ti->tcpi_segs_out = st->tx_pkts;
	ti->tcpi_segs_in = st->rx_pkts;
	ti->tcpi_notsent_bytes = min_t(u64, tquic_info_notsent(conn), U32_MAX);
}

static void nodelay_set(struct sock *sk)
{
	struct tquic_sock *tsk = tquic_sk(sk);

	if (tsk->conn)
		tsk->conn->nodelay = tsk->nodelay;
}

/** tquic_info_set_nodelay - send small writes at once; the socket is owned by the caller */
void tquic_info_set_nodelay(struct sock *sk, bool on)
{
	tquic_sk(sk)->nodelay = on;
	nodelay_set(sk);
}

static void cork_set(struct sock *sk)
{
	if (!tquic_sk(sk)->cork && tquic_sk(sk)->conn)
		tquic_sendmsg_push(sk, false);
}

static void maxseg_set(struct sock *sk)
{
	struct tquic_conn *conn = tquic_sk(sk)->conn;

	if (conn)
		tquic_path_mtu_changed(conn, conn->path, tquic_now_us());
}

static int maxseg_shown(const struct tquic_sock *tsk)
{
	if (tsk->conn)
		return mss_of(tsk->conn->path);
	return tsk->maxseg ?: TQUIC_MIN_UDP - TQUIC_HEADER_BYTES;
}

static void keep_set(struct sock *sk)
{
	tquic_socket_keepalive(sk, sock_flag(sk, SOCK_KEEPOPEN));
}

static int keep_idle_shown(const struct tquic_sock *tsk)
{
	return tsk->keep_idle_s ?: div_u64(tsk->tparam.max_idle_timeout_us, 2 * USEC_PER_SEC);
}

#define KEPT(member)	.off = offsetof(struct tquic_sock, member)

/* Each is an int of struct tquic_sock */
static const struct tcp_option {
	u16 off;
	bool flag;	/* any number is good, kept as 0 or 1 */
	bool zero;	/* 0 is good, whatever the bounds */
	int min;
	int max;
	int unset;	/* what 0 is shown as */
	void (*set)(struct sock *sk);			/* it has changed */
	int (*shown)(const struct tquic_sock *tsk);	/* NULL: as it is kept */
} tcp_options[] = {
	[TCP_NODELAY] = { KEPT(nodelay), .flag = true, .set = nodelay_set },
	[TCP_CORK] = { KEPT(cork), .flag = true, .set = cork_set },
	[TCP_MAXSEG] = { KEPT(maxseg), .min = TCP_MIN_MSS, .max = MAX_TCP_WINDOW, .zero = true,
			 .set = maxseg_set, .shown = maxseg_shown },
	[TCP_KEEPIDLE] = { KEPT(keep_idle_s), .min = 1, .max = KEEP_MAX_S,
			   .set = keep_set, .shown = keep_idle_shown },
	[TCP_KEEPINTVL] = { KEPT(keep_intvl_s), .min = 1, .max = KEEP_MAX_S,
			    .unset = KEEP_INTVL_S },
	[TCP_KEEPCNT] = { KEPT(keep_cnt), .min = 1, .max = 127, .unset = KEEP_CNT },
	[TCP_USER_TIMEOUT] = { KEPT(user_timeout_ms), .max = INT_MAX },
};

static const struct tcp_option *find(int optname)
{
	if (optname < 0 || optname >= ARRAY_SIZE(tcp_options) || !tcp_options[optname].off)
		return NULL;
	return &tcp_options[optname];
}

static int *kept(struct sock *sk, const struct tcp_option *o)
{
	return (void *)tquic_sk(sk) + o->off;
}

/** tquic_info_tcp_set - setsockopt of level SOL_TCP: tcp_options and TCP_CONGESTION */
int tquic_info_tcp_set(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen)
{
	const struct tcp_option *o = find(optname);
	struct tquic_conn *conn;
	int val;

	if (optname == TCP_CONGESTION && optlen)
		return quic_do_setsockopt(sk, QUIC_SOCKOPT_CONGESTION, optval, optlen);
	if (optlen < sizeof(val))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	if (!o)
		return -ENOPROTOOPT;
	if (o->flag)
		val = !!val;
	else if ((val < o->min || val > o->max) && !(o->zero && !val))
		return -EINVAL;
	lock_sock(sk);
	*kept(sk, o) = val;
	if (o->set)
		o->set(sk);
	conn = tquic_sk(sk)->conn;
	if (conn) {
		tquic_output_flush(conn, tquic_now_us());
		tquic_socket_after(sk);
	}
	release_sock(sk);
	return 0;
}

/** tquic_info_tcp_get - getsockopt of level SOL_TCP: TCP_INFO, and what can be set */
int tquic_info_tcp_get(struct sock *sk, int optname, sockptr_t optval, sockptr_t optlen)
{
	const struct tcp_option *o = find(optname);
	struct tquic_sock *tsk = tquic_sk(sk);
	struct tcp_info ti = {};
	const void *from = &ti;
	int len, val;

	if (optname == TCP_CONGESTION)
		return quic_do_getsockopt(sk, QUIC_SOCKOPT_CONGESTION, optval, optlen);
	if (copy_from_sockptr(&len, optlen, sizeof(len)))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	if (!o && optname != TCP_INFO)
		return -ENOPROTOOPT;
	lock_sock(sk);
	if (o) {
		val = o->shown ? o->shown(tsk) : *kept(sk, o) ?: o->unset;
		from = &val;
	} else {
		ti.tcpi_state = sk->sk_state;
		if (tsk->conn)
			fill_tcp_info(sk, tsk->conn, &ti);
	}
	release_sock(sk);
	len = min_t(u32, len, o ? sizeof(val) : sizeof(ti));
	if (copy_to_sockptr(optlen, &len, sizeof(len)) || copy_to_sockptr(optval, from, len))
		return -EFAULT;
	return 0;
}

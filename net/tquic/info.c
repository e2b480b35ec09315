// SPDX-License-Identifier: GPL-2.0
/*
 * What a connection looks like from outside: QUIC_SOCKOPT_INFO, and the options
 * of level SOL_TCP for programs that were written for TCP, UAPI section 9, which
 * act on the path as they would there.
 */
#include <linux/tcp.h>
#include <net/tcp.h>

#include "compat/compat.h"
#include "output.h"
#include "sock.h"

#define KEEP_INTVL_S	75	/* what TCP shows when nothing was set */
#define KEEP_CNT	9
#define KEEP_MAX_S	32767
#define HEADER_BYTES	(1 + TQUIC_CID_LEN + 4 + TQUIC_TAG_LEN)	/* of a 1-RTT packet */

static const struct tquic_path *path_by_rank(const struct tquic_conn *conn, u32 rank, u32 *nr)
{
	const struct tquic_path *path = NULL;
	int i;

	*nr = 0;
	for (i = 0; i < TQUIC_PATH_MAX; i++) {
		if (!conn->paths[i])
			continue;
		if (*nr == rank)
			path = conn->paths[i];
		++*nr;
	}
	return path;
}

static u64 rto_us(const struct tquic_conn *conn, const struct tquic_path *path)
{
	return tquic_loss_pto_us(&path->rec, true, conn->confirmed);
}

static u64 notsent_bytes(const struct tquic_conn *conn)
{
	struct rb_node *node;
	u64 bytes = 0;

	for (node = rb_first(&conn->streams.root); node; node = rb_next(node)) {
		const struct tquic_stream *s = rb_entry(node, struct tquic_stream, node);

		bytes += s->sb.end_off - s->sb.next_off;
	}
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
	info->rto_us = min_t(u64, rto_us(conn, path), U32_MAX);
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

/**
 * tquic_info_quic - QUIC_SOCKOPT_INFO
 * @sk: the socket, owned by the caller
 * @info: path_index is read, all is written
 *
 * Return: 0, -ENOTCONN without a connection, -EINVAL for a path that is not there.
 */
int tquic_info_quic(struct sock *sk, struct quic_info *info)
{
	const struct tquic_conn *conn = tquic_sk(sk)->conn;
	const struct tquic_path *path;
	const struct tquic_cipher *cipher;
	u32 rank = info->path_index, nr;

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
	info->notsent_bytes = notsent_bytes(conn);
	info->unacked_bytes = conn->streams.held_bytes;
	fill_path(info, conn, path);
	return 0;
}

/**
 * tquic_info_set_cc - choose the congestion control algorithm
 * @sk: the socket, owned by the caller
 * @cc: the algorithm; it takes the window of the one before over
 */
void tquic_info_set_cc(struct sock *sk, const struct tquic_cc_ops *cc)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	int i;

	tsk->cc = cc;
	for (i = 0; tsk->conn && i < TQUIC_PATH_MAX; i++) {
		struct tquic_path *path = tsk->conn->paths[i];
		struct tquic_cc old;

		if (!path || path->rec.cc.ops == cc)
			continue;
		old = path->rec.cc;
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
	return path->mtu.cur - HEADER_BYTES;
}

static void fill_tcp_info(struct sock *sk, const struct tquic_conn *conn, struct tcp_info *ti)
{
	const struct tquic_path *path = conn->path;
	const struct tquic_recovery *rec = &path->rec;
	const struct tquic_conn_stats *st = &conn->stats;
	u32 mss = rec->cc.mss ?: TQUIC_MIN_UDP;

	ti->tcpi_probes = rec->pto_count;
	ti->tcpi_backoff = rec->pto_count;
	ti->tcpi_rto = min_t(u64, rto_us(conn, path), U32_MAX);
	ti->tcpi_ato = conn->local.max_ack_delay_us;
	ti->tcpi_snd_mss = mss_of(path);
	ti->tcpi_rcv_mss = mss_of(path);
	ti->tcpi_unacked = pkts_of(rec->cc.in_flight, mss);
	ti->tcpi_lost = 0;
	ti->tcpi_retrans = 0;
	ti->tcpi_total_retrans = st->retrans_pkts;
	ti->tcpi_pmtu = path->mtu.cur + sizeof(struct udphdr) +
			(path->remote.sa.sa_family == AF_INET ? sizeof(struct iphdr) :
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
	ti->tcpi_notsent_bytes = min_t(u64, notsent_bytes(conn), U32_MAX);
}

static int get_tcp_info(struct sock *sk, sockptr_t optval, sockptr_t optlen, int len)
{
	const struct tquic_conn *conn;
	struct tcp_info ti = {};

	lock_sock(sk);
	conn = tquic_sk(sk)->conn;
	ti.tcpi_state = sk->sk_state;
	if (conn)
		fill_tcp_info(sk, conn, &ti);
	release_sock(sk);
	len = min_t(int, len, sizeof(ti));
	if (copy_to_sockptr(optlen, &len, sizeof(len)) || copy_to_sockptr(optval, &ti, len))
		return -EFAULT;
	return 0;
}

static int set_tcp_congestion(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	char name[TCP_CA_NAME_MAX] = {};
	const struct tquic_cc_ops *cc;

	if (!optlen)
		return -EINVAL;
	if (copy_from_sockptr(name, optval, min_t(u32, optlen, sizeof(name) - 1)))
		return -EFAULT;
	cc = tquic_cc_find(name);
	if (!cc)
		return -ENOENT;
	lock_sock(sk);
	tquic_info_set_cc(sk, cc);
	release_sock(sk);
	return 0;
}

static int set_cork(struct sock *sk, bool on)
{
	struct tquic_sock *tsk = tquic_sk(sk);

	tsk->cork = on;
	if (!on && tsk->conn)
		tquic_sendmsg_push(sk, false);
	return 0;
}

static int set_maxseg(struct sock *sk, int val)
{
	struct tquic_sock *tsk = tquic_sk(sk);

	if (val && (val < TCP_MIN_MSS || val > MAX_TCP_WINDOW))
		return -EINVAL;
	tsk->maxseg = val ? min(val + HEADER_BYTES, TQUIC_MAX_UDP) : 0;
	if (tsk->conn)
		tquic_path_mtu_changed(tsk->conn, tsk->conn->path, tquic_now_us());
	return 0;
}

/* Owned by the caller, who flushes */
static int tcp_set_int(struct sock *sk, int optname, int val)
{
	struct tquic_sock *tsk = tquic_sk(sk);

	switch (optname) {
	case TCP_NODELAY:
		tsk->nodelay = val;
		if (tsk->conn)
			tsk->conn->nodelay = val;
		return 0;
	case TCP_CORK:
		return set_cork(sk, val);
	case TCP_MAXSEG:
		return set_maxseg(sk, val);
	case TCP_KEEPIDLE:
		if (val < 1 || val > KEEP_MAX_S)
			return -EINVAL;
		tsk->keep_idle_s = val;
		tquic_socket_keepalive(sk, sock_flag(sk, SOCK_KEEPOPEN));
		return 0;
	case TCP_KEEPINTVL:
		if (val < 1 || val > KEEP_MAX_S)
			return -EINVAL;
		tsk->keep_intvl_s = val;
		return 0;
	case TCP_KEEPCNT:
		if (val < 1 || val > 127)
			return -EINVAL;
		tsk->keep_cnt = val;
		return 0;
	case TCP_USER_TIMEOUT:
		if (val < 0)
			return -EINVAL;
		tsk->user_timeout_ms = val;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

/**
 * tquic_info_tcp_set - set an option of level SOL_TCP
 * @sk: the socket, not owned
 * @optname: TCP_NODELAY, _CORK, _MAXSEG, _CONGESTION, _KEEP*, _USER_TIMEOUT
 * @optval: as for TCP
 * @optlen: likewise
 *
 * Return: 0, -ENOPROTOOPT for all others, -EINVAL, -EFAULT, -ENOENT.
 */
int tquic_info_tcp_set(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen)
{
	struct tquic_conn *conn;
	int val, err;

	if (optname == TCP_CONGESTION)
		return set_tcp_congestion(sk, optval, optlen);
	if (optlen < sizeof(val))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	lock_sock(sk);
	err = tcp_set_int(sk, optname, val);
	conn = tquic_sk(sk)->conn;
	if (!err && conn) {
		tquic_output_flush(conn, tquic_now_us());
		tquic_socket_after(sk);
	}
	release_sock(sk);
	return err;
}

static int tcp_get_int(const struct sock *sk, int optname, int *val)
{
	const struct tquic_sock *tsk = tquic_sk(sk);

	switch (optname) {
	case TCP_NODELAY:
		*val = tsk->nodelay;
		return 0;
	case TCP_CORK:
		*val = tsk->cork;
		return 0;
	case TCP_MAXSEG:
		*val = tsk->conn ? mss_of(tsk->conn->path) :
		       (tsk->maxseg ?: TQUIC_MIN_UDP) - HEADER_BYTES;
		return 0;
	case TCP_KEEPIDLE:
		*val = tsk->keep_idle_s ?:
		       div_u64(tsk->tparam.max_idle_timeout_us, 2 * USEC_PER_SEC);
		return 0;
	case TCP_KEEPINTVL:
		*val = tsk->keep_intvl_s ?: KEEP_INTVL_S;
		return 0;
	case TCP_KEEPCNT:
		*val = tsk->keep_cnt ?: KEEP_CNT;
		return 0;
	case TCP_USER_TIMEOUT:
		*val = tsk->user_timeout_ms;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

/**
 * tquic_info_tcp_get - read an option of level SOL_TCP
 * @sk: the socket, not owned
 * @optname: TCP_INFO, and what tquic_info_tcp_set() takes
 * @optval: as for TCP
 * @optlen: likewise
 *
 * Return: 0, -ENOPROTOOPT for all others, -EINVAL, -EFAULT.
 */
int tquic_info_tcp_get(struct sock *sk, int optname, sockptr_t optval, sockptr_t optlen)
{
	char name[TCP_CA_NAME_MAX] = {};
	const void *from = name;
	int len, val, err;

	if (copy_from_sockptr(&len, optlen, sizeof(len)))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	if (optname == TCP_INFO)
		return get_tcp_info(sk, optval, optlen, len);
	lock_sock(sk);
	if (optname == TCP_CONGESTION) {
		strscpy(name, tquic_sk(sk)->cc->name, sizeof(name));
		len = min_t(int, len, sizeof(name));
		err = 0;
	} else {
		err = tcp_get_int(sk, optname, &val);
		from = &val;
		len = min_t(int, len, sizeof(val));
	}
	release_sock(sk);
	if (!err && (copy_to_sockptr(optlen, &len, sizeof(len)) ||
		     copy_to_sockptr(optval, from, len)))
		err = -EFAULT;
	return err;
}

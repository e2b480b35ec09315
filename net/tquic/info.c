// SPDX-License-Identifier: GPL-2.0
/*
 * What a connection looks like from outside: QUIC_SOCKOPT_INFO, and TCP_INFO for
 * programs that were written for TCP, UAPI section 9.
 */
#include <net/tcp.h>

#include "sock.h"

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
	const struct tquic_path *p, *path = NULL;
	const struct tquic_cipher *cipher;
	struct quic_info *info = buf;
	u32 rank = info->path_index, nr = 0;

	if (*len < sizeof(info->path_index))
		return -EINVAL;
	if (!conn)
		return -ENOTCONN;
	tquic_for_each_path(p, conn)
		if (nr++ == rank)
			path = p;
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

	tsk->cc = cc;
	if (!tsk->conn)
		return;
	tquic_for_each_path(path, tsk->conn) {
		if (path->rec.cc.ops == cc)
			continue;
		path->rec.cc.ops = cc;
		path->rec.cc.prior_cwnd = 0;	/* not of its doing: there is no undo */
		cc->init(&path->rec.cc);
	}
}

static u32 pkts_of(u64 bytes, u32 mss)
{
	return min_t(u64, div_u64(bytes + mss - 1, mss), U32_MAX);
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
	ti->tcpi_snd_mss = path->mtu.cur - TQUIC_HEADER_BYTES;
	ti->tcpi_rcv_mss = ti->tcpi_snd_mss;
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

/** tquic_info_tcp - TCP_INFO: all of @buf is written; the socket is owned by the caller; 0 */
int tquic_info_tcp(struct sock *sk, void *buf, u32 *len)
{
	const struct tquic_conn *conn = tquic_sk(sk)->conn;
	struct tcp_info *ti = buf;

	memset(ti, 0, sizeof(*ti));
	ti->tcpi_state = sk->sk_state;
	if (conn)
		fill_tcp_info(sk, conn, ti);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The connection as a whole: making it, what its peer's transport parameters mean for it, the ways
 * it ends, and taking it apart.  Packets are for input.c and output.c, clocks for timer.c.
 */
#include <linux/random.h>

#include "cache.h"
#include "conn.h"
#include "frame.h"
#include "handshake.h"
#include "input.h"
#include "output.h"
#include "packet.h"

#define REKEY_RETRY_US	100000	/* no memory for the next phase's keys: try again then */
#define MIN_ACK_DELAY_US 1000	/* that a peer may ask for, draft-ietf-quic-ack-frequency */
#define SKIP_FIRST	64	/* packet numbers, before the first may be left out */

TQUIC_CACHE(conn_cache, tquic_conn_setup, tquic_conn_teardown, sizeof(struct tquic_conn),
	    SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT)

static void spaces_init(struct tquic_conn *conn)
{
	for (int i = 0; i < TQUIC_SPACE_NUM; i++) {
		struct tquic_space *sp = &conn->spaces[i];

		tquic_loss_space_init(&sp->loss);
		tquic_ack_init(&sp->ack);
		tquic_sendbuf_init(&sp->crypto_tx);
		tquic_recvbuf_init(&sp->crypto_rx);
	}
	conn->spaces[TQUIC_SPACE_APP].skip_at = SKIP_FIRST + get_random_u32() % SKIP_FIRST;
}

static void deadlines_init(struct tquic_conn *conn, u64 now_us)
{
	memset(&conn->deadlines, 0xff, sizeof(conn->deadlines));	/* TQUIC_TIME_NEVER */
	conn->handshake_us = now_us + TQUIC_HANDSHAKE_US;
	conn->idle_timeout_us = conn->local.max_idle_timeout_us;
	if (conn->idle_timeout_us)
		conn->idle_us = now_us + conn->idle_timeout_us;
}

/* One more ID of ours, published, where there is room; NULL: no memory for that */
static struct tquic_cid_entry *issue_cid(struct tquic_conn *conn)
{
	struct tquic_cid cid = { .len = TQUIC_CID_LEN };
	struct tquic_cid_entry *l;

	get_random_bytes(cid.id, cid.len);
	if (conn->ops->cid_add(conn, &cid))
		return NULL;
	l = tquic_cid_issue(&conn->cids, &cid);
	conn->ops->reset_token(conn, &cid, l->reset_token);
	return l;
}

/* The connection IDs a connection begins with, RFC 9000 section 7.2 and 7.3 */
static int cids_begin(struct tquic_conn *conn, const struct tquic_conn_param *p)
{
	struct tquic_tparam *tp = &conn->local;
	struct tquic_cid *scid = &tp->iscid;
	struct tquic_cid_entry *hidden;

	tp->has_iscid = true;
	tp->has_odcid = true;
	scid->len = p->empty_id ? 0 : TQUIC_CID_LEN;
	get_random_bytes(scid->id, scid->len);
	conn->pn_at = 1 + scid->len;
	tquic_cids_init(&conn->cids, conn->local.active_connection_id_limit);
	tquic_cid_issue(&conn->cids, scid);
	if (!p->server) {
		tp->odcid.len = TQUIC_CID_LEN;
		get_random_bytes(tp->odcid.id, TQUIC_CID_LEN);
		conn->dcid = tp->odcid;
	} else {
		tp->odcid = *p->odcid;
		conn->dcid = *p->dcid;
		tquic_cid_set_first(&conn->cids, p->dcid->id, p->dcid->len);
		tp->has_rscid = p->rscid;
		if (p->rscid)
			tp->rscid = *p->rscid;
		if (tp->has_reset_token)
			conn->ops->reset_token(conn, scid, tp->reset_token);
	}
	if (scid->len)
		return conn->ops->cid_add(conn, scid);
	/* packets are found by other means, the connection by an ID that nobody is told of */
	hidden = issue_cid(conn);
	if (!hidden)
		return -ENOMEM;
	hidden->due = false;
	return 0;
}

/*
 * tquic_conn_create - make a connection, which sends nothing yet.  Process context; the owner's
 * socket is locked.  Return: it or an ERR_PTR(-ENOMEM, or what the crypto API said).
 */
struct tquic_conn *tquic_conn_create(const struct tquic_conn_param *p, u64 now_us)
{
	struct tquic_conn *conn;
	struct tquic_path *path;
	int err = -ENOMEM;

	conn = kmem_cache_alloc(conn_cache, GFP_KERNEL);
	if (!conn)
		return ERR_PTR(-ENOMEM);
	memset(conn, 0, sizeof(*conn));
	conn->ops = p->ops;
	conn->owner = p->owner;
	conn->mib = p->mib;
	conn->switches = p->switches;
	/* RFC 9000 section 17.4: at least one connection of 16 does not spin */
	conn->spins = READ_ONCE(p->switches->spin) && get_random_u32() % 16;
	conn->spin = !conn->spins && get_random_u32() % 2;
	conn->server = p->server;
	conn->first_version = p->version;
	conn->local = *p->local;
	conn->local.min_ack_delay_us = min_t(u64, MIN_ACK_DELAY_US, conn->local.max_ack_delay_us);
	conn->local.reset_stream_at = true;
	conn->tail_skip = TQUIC_TAIL_FIRST;
	conn->loss_ctx.ops = &tquic_fate_ops;
	conn->loss_ctx.arg = conn;
	conn->loss_ctx.keep_backoff = !p->server;
	skb_queue_head_init(&conn->undecryptable);
	skb_queue_head_init(&conn->rx_datagrams);
	skb_queue_head_init(&conn->tx_datagrams);
	tquic_tparam_init(&conn->remote);
	spaces_init(conn);
	deadlines_init(conn, now_us);
	tquic_streams_init(&conn->streams, p->server, &conn->local, &conn->remote,
			   p->rx_window_max);
	tquic_mib_inc(conn->mib, CONN_CURRENT);

	conn->scratch = kmalloc(sizeof(*conn->scratch), GFP_KERNEL_ACCOUNT);
	if (!conn->scratch)
		goto fail;
	sg_init_table(conn->scratch->src, TQUIC_SCRATCH_SG);
	sg_init_table(conn->scratch->packet, 2);
	path = tquic_path_add(conn, p->addr_local, p->addr_remote, GFP_KERNEL);
	if (!path)
		goto fail;
	tquic_loss_recovery_init(&path->rec, p->cc, path->mtu.cur, p->initial_rtt_us);
	path->validated = !p->server || p->validated;
	conn->path = path;
	err = cids_begin(conn, p) ?: tquic_handshake_initial_keys(conn, p->version);
	if (!err)
		return conn;
fail:
	tquic_conn_free(conn);
	return ERR_PTR(err);
}

/* All of a space but its keys; it is usable afterwards */
static void space_clear(struct tquic_conn *conn, struct tquic_space *sp)
{
	tquic_loss_space_free(&conn->loss_ctx, &sp->loss);
	tquic_ack_free(&sp->ack);
	tquic_ack_init(&sp->ack);
	tquic_sendbuf_free(&sp->crypto_tx);
	tquic_recvbuf_free(&sp->crypto_rx);
}

static void space_free_keys(struct tquic_space *sp)
{
	tquic_crypto_free(&sp->tx);
	tquic_crypto_free(&sp->rx);
}

/** tquic_conn_free - take a connection apart in any state, under its socket lock; sends nothing */
void tquic_conn_free(struct tquic_conn *conn)
{
	u64 held = conn->streams.held_bytes;
	struct tquic_path *path;

	for (int i = 0; i < TQUIC_CID_USED_MAX; i++)
		if (conn->cids.local[i].used)
			conn->ops->cid_del(conn, &conn->cids.local[i].cid);
	if (conn->server && conn->local.has_odcid)
		conn->ops->cid_del(conn, &conn->local.odcid);
	if (conn->server && conn->local.has_rscid)	/* what the Retry had clients send to */
		conn->ops->cid_del(conn, &conn->local.rscid);
	for (int i = 0; i < TQUIC_SPACE_NUM; i++) {
		space_clear(conn, &conn->spaces[i]);
		space_free_keys(&conn->spaces[i]);
	}
	tquic_streams_free(&conn->streams);
	if (held)
		conn->ops->tx_free(conn);
	skb_queue_purge(&conn->undecryptable);
	skb_queue_purge(&conn->rx_datagrams);
	skb_queue_purge(&conn->tx_datagrams);
	tquic_for_each_path(path, conn)
		tquic_path_del(conn, path);
	tquic_packet_trim(conn);
	kfree(conn->scratch);
	tquic_mib_dec(conn->mib, CONN_CURRENT);
	kmem_cache_free(conn_cache, conn);
}

/** tquic_conn_discard_space - drop Initial or Handshake keys, and all that was to be said there */
void tquic_conn_discard_space(struct tquic_conn *conn, enum tquic_space_id id)
{
	struct tquic_space *sp = &conn->spaces[id];

	if (sp->gone)
		return;
	sp->gone = true;
	sp->probes = 0;
	space_clear(conn, sp);
	conn->ops->defer(conn);		/* to free the keys takes process context */
	conn->path->rec.pto_count = 0;	/* RFC 9002 section 6.2.2 */
}

/** tquic_conn_restart_idle - anew, and never less than three PTOs, RFC 9000 section 10.1 */
void tquic_conn_restart_idle(struct tquic_conn *conn, u64 now_us)
{
	u64 pto3 = 3 * tquic_loss_pto_us(&conn->path->rec, true, conn->confirmed);

	if (conn->idle_timeout_us)
		conn->idle_us = now_us + max(conn->idle_timeout_us, pto3);
}

/** tquic_conn_touch - a packet was accepted: the idle period and the keep-alive begin anew */
void tquic_conn_touch(struct tquic_conn *conn, u64 now_us)
{
	conn->idle_restarted = false;
	tquic_conn_restart_idle(conn, now_us);
	if (conn->keepalive_interval_us && conn->state == TQUIC_CONN_ESTABLISHED)
		conn->keepalive_us = now_us + conn->keepalive_interval_us;
}

/* Connection IDs in the peer's parameters must be those it used, RFC 9000 section 7.3 */
static bool remote_cids_ok(const struct tquic_conn *conn, const struct tquic_tparam *tp)
{
	const struct tquic_tparam *our = &conn->local;

	if (!tp->has_iscid || !tquic_cid_equal(&tp->iscid, conn->dcid.id, conn->dcid.len))
		return false;
	if (conn->server)
		return true;
	if (!tp->has_odcid || !tquic_cid_equal(&tp->odcid, our->odcid.id, our->odcid.len))
		return false;
	return tp->has_rscid == our->has_rscid &&
	       (!tp->has_rscid || tquic_cid_equal(&tp->rscid, our->rscid.id, our->rscid.len));
}

/*
 * RFC 9368 section 4: the versions that the peer names.  A server that prefers another one goes
 * there, unless 0-RTT has come, whose version stays.
 */
static int remote_versions(struct tquic_conn *conn, const struct tquic_tparam *tp)
{
	bool listed = tp->version == QUIC_VERSION_V2 ? tp->lists_v2 : tp->lists_v1;

	if (tp->has_versions && conn->server && !listed)
		return TQUIC_WERR(TRANSPORT_PARAM);
	if ((tp->has_versions ? tp->version : conn->first_version) != conn->version)
		return TQUIC_WERR(VERSION_NEGOTIATION);
	if (!conn->server || conn->prefer_version != QUIC_VERSION_V2 || !tp->lists_v2 ||
	    conn->version == QUIC_VERSION_V2 || conn->local.disable_compatible_version ||
	    !skb_queue_empty(&conn->undecryptable))
		return 0;
	return tquic_handshake_initial_keys(conn, QUIC_VERSION_V2) ? TQUIC_WERR(INTERNAL) : 0;
}

/*
 * tquic_conn_remember - what a client knows of the server from an earlier connection holds until
 * tquic_conn_set_remote(), RFC 9000 section 7.4.1.  Return: 0; -EINVAL at a server, too late, or
 * when more is used already, which leaves no credit.
 */
int tquic_conn_remember(struct tquic_conn *conn, const struct tquic_tparam *tp)
{
	if (conn->server || conn->remote_set || !tquic_conn_alive(conn))
		return -EINVAL;
	conn->remote = *tp;
	return tquic_streams_apply_remote(&conn->streams) ? 0 : -EINVAL;
}

/*
 * tquic_conn_set_remote - take the peer's transport parameters.  Return: 0; -EISCONN when set
 * already; -EINVAL when they break RFC 9000 section 7.4 or 18.2, which closes the connection.
 */
int tquic_conn_set_remote(struct tquic_conn *conn, const u8 *body, u32 len, u64 now_us)
{
	struct tquic_tparam *tp = &conn->remote;
	struct tquic_path *path = conn->path;
	int ret;

	if (conn->remote_set)
		return -EISCONN;
	ret = tquic_tparam_decode(tp, !conn->server, body, len);
	/* what comes with a preferred address is number 1, of a server whose first is not empty */
	if (!ret && (!remote_cids_ok(conn, tp) ||
		     (tp->has_preferred &&
		      tquic_cid_rx_new(&conn->cids, 1, 0, tp->preferred_cid.id,
				       tp->preferred_cid.len, tp->preferred_token, path->index))))
		ret = TQUIC_WERR(TRANSPORT_PARAM);
	if (!ret)
		ret = remote_versions(conn, tp);
	/* limits below what 0-RTT has used */
	if (!ret && !tquic_streams_apply_remote(&conn->streams))
		ret = TQUIC_WERR(PROTOCOL_VIOLATION);
	if (ret) {
		tquic_tparam_init(tp);
		tquic_conn_fail(conn, ret, TQUIC_FT_CRYPTO, now_us);
		return -EINVAL;
	}
	conn->remote_set = true;
	conn->no_encrypt = conn->local.disable_1rtt_encryption && tp->disable_1rtt_encryption;
	conn->idle_timeout_us = min_not_zero(conn->local.max_idle_timeout_us,
					     tp->max_idle_timeout_us);
	path->rec.max_ack_delay_us = tp->max_ack_delay_us;
	tquic_cid_set_local_limit(&conn->cids, tp->active_connection_id_limit);
	if (tp->has_reset_token)
		tquic_cid_set_first_token(&conn->cids, tp->reset_token);
	tquic_conn_touch(conn, now_us);
	return 0;
}

/** tquic_conn_issue_cids - supply the peer with published IDs, RFC 9000 section 5.1.1 */
void tquic_conn_issue_cids(struct tquic_conn *conn)
{
	while (tquic_cid_want_issue(&conn->cids) && issue_cid(conn))
		conn->due |= TQUIC_DUE(NEW_CONNECTION_ID);
}

/*
 * tquic_conn_prefer - have the client of this server come to @addr of ours, RFC 9000 section 9.6;
 * one of each family at most, and before its user fetches our transport parameters.  Return: 0;
 * -EINVAL: it is too late for that; -ENOMEM.
 */
int tquic_conn_prefer(struct tquic_conn *conn, const union tquic_addr *addr)
{
	struct tquic_tparam *tp = &conn->local;
	struct tquic_cid_entry *l;

	if (tquic_crypto_ready(&conn->spaces[TQUIC_SPACE_HANDSHAKE].tx))
		return -EINVAL;
	if (!tp->has_preferred) {
		l = issue_cid(conn);
		if (!l)
			return -ENOMEM;
		l->due = false;		/* the parameter announces it, as number 1 */
		tp->preferred_cid = l->cid;
		memcpy(tp->preferred_token, l->reset_token, TQUIC_TOKEN_RESET_LEN);
		tp->has_preferred = true;
	}
	tp->preferred[addr->sa.sa_family == AF_INET6] = *addr;
	return 0;
}

static void set_state(struct tquic_conn *conn, enum tquic_conn_state state)
{
	if (conn->state < TQUIC_CONN_ESTABLISHED && state > TQUIC_CONN_ESTABLISHED)
		tquic_mib_inc(conn->mib, CONN_HANDSHAKE_FAILED);
	conn->state = state;
	if (!tquic_conn_alive(conn)) {
		tquic_datagram_drop(conn);
		tquic_streams_drop_tx(&conn->streams);
	}
	conn->ops->wake(conn, TQUIC_WAKE_READ | TQUIC_WAKE_WRITE | TQUIC_WAKE_STATE);
}

/* RFC 9000 section 10.2: closing and draining last three PTOs */
static void close_linger(struct tquic_conn *conn, u64 now_us)
{
	conn->path->rec.pto_count = 0;	/* what was lost before says nothing about this wait */
	conn->close_us = now_us + 3 * tquic_loss_pto_us(&conn->path->rec, true, conn->confirmed);
}

static void close_keep(struct tquic_conn *conn, bool app, u64 err, u64 frame_type,
		       const u8 *reason, u32 len)
{
	conn->close_app = app;
	conn->close_err = err;
	conn->close_frame_type = frame_type;
	conn->close_reason_len = min_t(u32, len, sizeof(conn->close_reason));
	memcpy(conn->close_reason, reason, conn->close_reason_len);
}

/*
 * tquic_conn_close - close from our side with @err, the application's if @app, else one of RFC 9000
 * section 20.1; @frame_type: the frame that was wrong, 0: none in particular; @reason: words for
 * the peer, of which 64 bytes are sent at most; @sk_err: errno for the user, positive, 0: it ended
 * well.  Sends CONNECTION_CLOSE and enters the closing state, or is over if nothing was sent yet.
 */
void tquic_conn_close(struct tquic_conn *conn, bool app, u64 err, u64 frame_type,
		      const u8 *reason, u32 reason_len, int sk_err, u64 now_us)
{
	if (!tquic_conn_alive(conn))
		return;
	close_keep(conn, app, err, frame_type, reason, reason_len);
	conn->sk_err = sk_err;
	if (conn->state == TQUIC_CONN_IDLE) {
		set_state(conn, TQUIC_CONN_CLOSED);
		return;
	}
	if (!app && err) {
		tquic_mib_inc(conn->mib, CONN_CLOSE_ERROR_SENT);
		if (err >= QUIC_TRANSPORT_ERROR_CRYPTO)
			tquic_mib_inc(conn->mib, CONN_TLS_ALERT_SENT);
	}
	tquic_output_close(conn, now_us);
	close_linger(conn, now_us);
	set_state(conn, TQUIC_CONN_CLOSING);
}

/** tquic_conn_fail - the peer broke the protocol, in a @frame_type or 0: close with @werr's code */
void tquic_conn_fail(struct tquic_conn *conn, int werr, u64 frame_type, u64 now_us)
{
	if (!tquic_conn_alive(conn))
		return;
	tquic_mib_inc(conn->mib, PROTOCOL_ERRORS);
	tquic_conn_close(conn, false, tquic_werr_code(werr), frame_type, NULL, 0, EPROTO, now_us);
}

/* What a code in the peer's CONNECTION_CLOSE is for the user, as a negative errno */
static int close_errno(const struct tquic_rx_frame *f)
{
	if (!f->close.err)
		return 0;
	if (f->close.app)
		return -ECONNRESET;
	return f->close.err == QUIC_TRANSPORT_ERROR_CONNECTION_REFUSED ? -ECONNREFUSED : -EPROTO;
}

/** tquic_conn_peer_closed - drain, RFC 9000 section 10.2.2; what has arrived stays readable */
void tquic_conn_peer_closed(struct tquic_conn *conn, const struct tquic_rx_frame *f, u64 now_us)
{
	if (conn->state >= TQUIC_CONN_DRAINING)
		return;
	tquic_mib_inc(conn->mib, CONN_CLOSE_RECEIVED);
	if (!f->close.app && f->close.err) {
		tquic_mib_inc(conn->mib, CONN_CLOSE_ERROR_RECEIVED);
		if (f->close.err >= QUIC_TRANSPORT_ERROR_CRYPTO)
			tquic_mib_inc(conn->mib, CONN_TLS_ALERT_RECEIVED);
		if (f->close.err == QUIC_TRANSPORT_ERROR_CONNECTION_REFUSED)
			tquic_mib_inc(conn->mib, CONN_REFUSED);
	}
	if (conn->state != TQUIC_CONN_CLOSING) {
		conn->close_remote = true;
		close_keep(conn, f->close.app, f->close.err, f->close.frame_type,
			   f->close.reason, f->close.reason_len);
		conn->sk_err = -close_errno(f);
	}
	close_linger(conn, now_us);
	set_state(conn, TQUIC_CONN_DRAINING);
}

/** tquic_conn_die - it is over, at once and silently; @sk_err: a positive errno, 0: keep the old */
void tquic_conn_die(struct tquic_conn *conn, int sk_err)
{
	if (conn->state == TQUIC_CONN_CLOSED)
		return;
	if (sk_err && !conn->sk_err)
		conn->sk_err = sk_err;
	set_state(conn, TQUIC_CONN_CLOSED);
}

/** tquic_conn_icmp - a positive errno, believed only before the peer was heard: could be forged */
void tquic_conn_icmp(struct tquic_conn *conn, int err)
{
	if (conn->state >= TQUIC_CONN_ESTABLISHED || conn->server || conn->path->rx_bytes)
		return;
	if (err == ECONNREFUSED)
		tquic_mib_inc(conn->mib, CONN_REFUSED);
	tquic_conn_die(conn, err);
}

/** tquic_conn_tx_done - the peer has all that was written; close() waits for it */
bool tquic_conn_tx_done(const struct tquic_conn *conn)
{
	return !conn->streams.held_bytes && list_empty(&conn->streams.tx_ready) &&
	       !conn->spaces[TQUIC_SPACE_APP].loss.eliciting;
}

/** tquic_conn_cid_event - say that an ID of the peer's, or of ours, has been retired */
void tquic_conn_cid_event(struct tquic_conn *conn, bool dest)
{
	struct quic_connection_id_info info = { .dest = dest };

	tquic_cid_info(&conn->cids, conn->path->index, &info);
	conn->ops->event(conn, QUIC_EVENT_CONNECTION_ID, &info, sizeof(info));
}

/** tquic_conn_cid_changed - send with the ID that the path in use has now, RFC 9000 section 5.1 */
void tquic_conn_cid_changed(struct tquic_conn *conn)
{
	struct tquic_cid_entry *cid = tquic_cid_to_send(&conn->cids, conn->path->index);

	conn->mute = !cid;
	if (cid && !tquic_cid_equal(&conn->dcid, cid->cid.id, cid->cid.len)) {
		conn->dcid = cid->cid;
		conn->spin = conn->spin && !conn->spins;	/* section 17.4 */
	}
	if (conn->cids.retire_due)
		conn->due |= TQUIC_DUE(RETIRE_CONNECTION_ID);
}

/*
 * tquic_conn_set_cids - as QUIC_SOCKOPT_CONNECTION_ID asks: of the peer's IDs, send with number
 * @info->active and retire those below prior_to; of ours, have the peer retire those.  Return: 0;
 * -EINVAL: there is no such, or the peer chooses that; -EAGAIN: the last is not done yet.
 */
int tquic_conn_set_cids(struct tquic_conn *conn, const struct quic_connection_id_info *info)
{
	int err;

	if (info->dest) {
		err = tquic_cid_rotate(&conn->cids, conn->path->index, info->active,
				       info->prior_to);
		tquic_conn_cid_changed(conn);
		return err;
	}
	err = info->active ? -EINVAL : tquic_cid_ask_retire(&conn->cids, info->prior_to);
	if (!err)
		conn->due |= TQUIC_DUE(NEW_CONNECTION_ID);
	return err;
}

/*
 * tquic_conn_key_update - begin a new key phase, RFC 9001 section 6.1; process context.  Return: 0;
 * -EAGAIN before the handshake is confirmed or while the last update, to which the peer must have
 * answered, is not over yet; -EOPNOTSUPP when nothing is encrypted.
 */
int tquic_conn_key_update(struct tquic_conn *conn)
{
	struct tquic_space *sp = &conn->spaces[TQUIC_SPACE_APP];
	int err;

	if (conn->no_encrypt)
		return -EOPNOTSUPP;
	if (!conn->confirmed || conn->key_discard_us != TQUIC_TIME_NEVER ||
	    sp->tx.phase != sp->rx.phase || sp->loss.largest_acked == TQUIC_PN_NONE ||
	    sp->loss.largest_acked < sp->tx.phase_pn)
		return -EAGAIN;
	err = tquic_crypto_prepare_update(&sp->tx) ?: tquic_crypto_prepare_update(&sp->rx) ?:
	      tquic_crypto_update(&sp->tx, sp->next_pn);
	if (err)
		return err;
	tquic_mib_inc(conn->mib, KEY_UPDATES);
	conn->due |= TQUIC_DUE_PING;
	return 0;
}

/* tquic_conn_work - what must run in process context, under the socket lock: keys, Retry, output */
void tquic_conn_work(struct tquic_conn *conn, u64 now_us)
{
	struct tquic_space *sp;

	for (sp = conn->spaces; sp < conn->spaces + TQUIC_SPACE_NUM; sp++)
		if (sp->gone && (tquic_crypto_ready(&sp->tx) || tquic_crypto_ready(&sp->rx)))
			space_free_keys(sp);
	if (unlikely(conn->due & TQUIC_DUE(CONNECTION_CLOSE)) && conn->state == TQUIC_CONN_CLOSING)
		tquic_output_close(conn, now_us);
	if (!tquic_conn_alive(conn))
		return;
	if (!skb_queue_empty(&conn->undecryptable))
		tquic_input_retry_undecryptable(conn, now_us);
	if (conn->rekey) {
		conn->rekey = false;
		sp = &conn->spaces[TQUIC_SPACE_APP];
		/* ours first: who opens the next phase must be able to answer in it */
		if (tquic_crypto_prepare_update(&sp->tx) || tquic_crypto_prepare_update(&sp->rx))
			conn->key_discard_us = now_us + REKEY_RETRY_US;
	}
	tquic_output_flush(conn, now_us);
}

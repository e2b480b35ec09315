// SPDX-License-Identifier: GPL-2.0
/*
 * The clock policy of a connection: every deadline it has, which one is next and what its passing
 * means.  The only file that compares deadlines with the time; it starts no kernel timer.
 */
#include "conn.h"
#include "output.h"
#include "packet.h"

/* packets sent when a probe timeout fires, RFC 9002 section 6.2.4 */
#define PTO_PROBES	2

/* The peer may still hold us to three times what it sent: keep probing, RFC 9002 section 6.2.2.1 */
static bool client_unproven(const struct tquic_conn *conn)
{
	return !conn->server && !conn->confirmed && conn->state == TQUIC_CONN_HANDSHAKE &&
	       conn->spaces[TQUIC_SPACE_HANDSHAKE].loss.largest_acked == TQUIC_PN_NONE;
}

/*
 * When the probe timeout of one space is.  TQUIC_TIME_NEVER: it has nothing in flight, or the
 * peer's address has been sent all it may until it shows itself again, RFC 9002 section 6.2.2.1.
 */
static u64 space_pto(const struct tquic_conn *conn, enum tquic_space_id id)
{
	const struct tquic_space *sp = &conn->spaces[id];
	bool app = id == TQUIC_SPACE_APP;

	if (sp->gone || !sp->loss.eliciting || (app && !conn->confirmed) ||
	    tquic_path_amplification_room(conn->path) < TQUIC_MIN_UDP)
		return TQUIC_TIME_NEVER;
	return sp->loss.last_eliciting_us +
	       tquic_loss_pto_us(&conn->path->rec, app, conn->confirmed);
}

/*
 * The loss timer, RFC 9002 appendix A.8; *id: the space it is for.  While any space has
 * a packet to be judged lost by time there is no probe timeout.
 */
static u64 loss_deadline(const struct tquic_conn *conn, enum tquic_space_id *id)
{
	u64 best = TQUIC_TIME_NEVER, at;
	int i, pto;

	for (pto = 0; pto < 2 && best == TQUIC_TIME_NEVER; pto++) {
		for (i = 0; i < TQUIC_SPACE_NUM; i++) {
			at = pto ? space_pto(conn, i) : conn->spaces[i].loss.loss_us;
			if (at < best) {
				best = at;
				*id = i;
			}
		}
	}
	if (best == TQUIC_TIME_NEVER && client_unproven(conn)) {
		*id = tquic_crypto_ready(&conn->spaces[TQUIC_SPACE_HANDSHAKE].tx) ?
		      TQUIC_SPACE_HANDSHAKE : TQUIC_SPACE_INITIAL;
		best = conn->last_tx_us + tquic_loss_pto_us(&conn->path->rec, false, false);
	}
	return best;
}

static u64 paths_deadline(const struct tquic_conn *conn)
{
	const struct tquic_path *path;
	u64 best = TQUIC_TIME_NEVER;

	tquic_for_each_path(path, conn)
		best = min(best, path->challenge_us);
	/* with packets in flight the ACK is a better moment: the window may be too full now */
	if (conn->confirmed && !conn->path->rec.cc.in_flight)
		best = min(best, conn->path->mtu.next_us);
	return best;
}

/** tquic_timer_next - the next deadline, microseconds of CLOCK_MONOTONIC or TQUIC_TIME_NEVER */
u64 tquic_timer_next(const struct tquic_conn *conn)
{
	const struct tquic_space *sp;
	enum tquic_space_id id;
	u64 next;

	if (conn->state >= TQUIC_CONN_CLOSED)
		return TQUIC_TIME_NEVER;
	if (conn->state >= TQUIC_CONN_CLOSING)
		return conn->close_us;
	next = min(conn->idle_us, loss_deadline(conn, &id));
	for (sp = conn->spaces; sp < conn->spaces + TQUIC_SPACE_NUM; sp++)
		next = min(next, sp->ack.due_us);
	next = min3(next, conn->pace_us, conn->nagle_us);
	next = min3(next, conn->keepalive_us, conn->key_discard_us);
	next = min3(next, conn->trim_us, paths_deadline(conn));
	if (conn->state < TQUIC_CONN_ESTABLISHED)
		next = min(next, conn->handshake_us);
	return next;
}

/*
 * A probe timeout: send data again, rather than PING, where there is data.  In the handshake also
 * that of the other spaces: the peer may have keys for one of them, RFC 9002 section 6.2.4.
 */
static void pto_fire(struct tquic_conn *conn, enum tquic_space_id id, u64 now_us)
{
	struct tquic_path *path = conn->path;
	struct tquic_space *sp;

	path->rec.pto_count++;
	tquic_mib_inc(conn->mib, PTO);
	for (sp = conn->spaces; sp < conn->spaces + TQUIC_SPACE_NUM; sp++) {
		if (sp != &conn->spaces[id] && !sp->loss.eliciting)
			continue;
		sp->probes = tquic_loss_requeue_oldest(&conn->loss_ctx, &sp->loss, PTO_PROBES) ?
			     PTO_PROBES : 1;
	}
	/* silence may be a black hole for full-size packets only */
	if (id == TQUIC_SPACE_APP && tquic_mtu_lost(&path->mtu, path->mtu.cur, now_us))
		tquic_cc_set_mss(&path->rec.cc, path->mtu.cur);
}

static void loss_run(struct tquic_conn *conn, u64 now_us)
{
	enum tquic_space_id id = TQUIC_SPACE_APP;
	struct tquic_space_loss *loss;

	if (loss_deadline(conn, &id) > now_us)
		return;
	loss = &conn->spaces[id].loss;
	if (loss->loss_us == TQUIC_TIME_NEVER)
		pto_fire(conn, id, now_us);
	else
		tquic_loss_detect(&conn->loss_ctx, loss, now_us);
}

/* The connection ends because nothing was heard; true: it did */
static bool silence_run(struct tquic_conn *conn, u64 now_us)
{
	if (conn->idle_us <= now_us) {
		tquic_mib_inc(conn->mib, CONN_IDLE_TIMEOUT);
		tquic_conn_die(conn, ETIMEDOUT);
		return true;
	}
	if (conn->state < TQUIC_CONN_ESTABLISHED && conn->handshake_us <= now_us) {
		tquic_mib_inc(conn->mib, CONN_HANDSHAKE_TIMEOUT);
		tquic_conn_close(conn, false, QUIC_TRANSPORT_ERROR_NONE, 0, NULL, 0, ETIMEDOUT,
				 now_us);
		return true;
	}
	return false;
}

/** tquic_timer_run - do all that is due, under the socket lock, and send what it made */
void tquic_timer_run(struct tquic_conn *conn, u64 now_us)
{
	struct tquic_path *path;

	if (conn->state >= TQUIC_CONN_CLOSING) {
		if (conn->close_us <= now_us)
			tquic_conn_die(conn, 0);
		return;
	}
	conn->rx_now_us = now_us;
	if (silence_run(conn, now_us))
		return;
	if (conn->keepalive_us <= now_us) {
		conn->keepalive_us = now_us + conn->keepalive_interval_us;
		conn->due |= TQUIC_DUE_PING;
	}
	if (conn->key_discard_us <= now_us) {
		conn->key_discard_us = TQUIC_TIME_NEVER;
		conn->rekey = true;
		conn->ops->defer(conn);
	}
	if (conn->trim_us <= now_us)
		tquic_packet_trim(conn);
	loss_run(conn, now_us);
	tquic_for_each_path(path, conn)
		if (path->challenge_us <= now_us && tquic_conn_alive(conn))
			tquic_path_timeout(conn, path, now_us);
	tquic_output_flush(conn, now_us);
}

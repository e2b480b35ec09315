// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's part of the handshake, RFC 9001 section 4: Initial keys, secrets that user space
 * installs, CRYPTO bytes both ways, Retry, and what it means that the handshake is complete and
 * then confirmed.  Reads no TLS beyond the length of a message.
 */
#include <crypto/algapi.h>
#include <linux/tls.h>

#include "frame.h"
#include "handshake.h"
#include "input.h"
#include "output.h"

#define TLS_MSG_HDR	4	/* type and 24-bit length, RFC 8446 section 4 */

/*
 * tquic_handshake_initial_keys - begin, or go on, in @version (RFC 9368 section 2.3): derive the
 * Initial keys of both directions, RFC 9001 section 5.2, from the destination of the client's first
 * Initial (after a Retry: since).  Process context.  Return: 0 or an errno.
 */
int tquic_handshake_initial_keys(struct tquic_conn *conn, u32 version)
{
	const struct tquic_tparam *tp = &conn->local;
	const struct tquic_cid *dcid = tp->has_rscid ? &tp->rscid : &tp->odcid;
	struct tquic_space *sp = &conn->spaces[TQUIC_SPACE_INITIAL];
	u8 client[32], server[32];
	int err;

	conn->version = version;
	err = tquic_crypto_initial_secrets(version, dcid, client, server) ?:
	      tquic_crypto_install(&sp->tx, version, TLS_CIPHER_AES_GCM_128,
				   conn->server ? server : client) ?:
	      tquic_crypto_install(&sp->rx, version, TLS_CIPHER_AES_GCM_128,
				   conn->server ? client : server);
	memzero_explicit(client, sizeof(client));
	memzero_explicit(server, sizeof(server));
	return err;
}

/* RFC 9001 section 4.1.2: neither side needs Handshake keys any more */
static void handshake_confirmed(struct tquic_conn *conn, u64 now_us)
{
	conn->confirmed = true;
	conn->loss_ctx.confirmed = true;
	conn->loss_ctx.keep_backoff = false;
	tquic_conn_discard_space(conn, TQUIC_SPACE_INITIAL);
	tquic_conn_discard_space(conn, TQUIC_SPACE_HANDSHAKE);
	tquic_conn_issue_cids(conn);
	tquic_path_mtu_changed(conn, conn->path, now_us);
	tquic_mtu_start(&conn->path->mtu, now_us);
	conn->rekey = !conn->no_encrypt;
	if (conn->rekey)
		conn->ops->defer(conn);
	if (conn->remote.has_preferred)
		tquic_path_preferred(conn, now_us);
}

/* Both 1-RTT secrets are here */
static void handshake_complete(struct tquic_conn *conn, u64 now_us)
{
	conn->state = TQUIC_CONN_ESTABLISHED;
	tquic_mib_inc(conn->mib, CONN_ESTABLISHED);
	tquic_conn_touch(conn, now_us);
	if (conn->server) {
		conn->finished = true;
		conn->due |= TQUIC_DUE(HANDSHAKE_DONE) | TQUIC_DUE_NEW_TOKEN;
		handshake_confirmed(conn, now_us);
	}
	conn->ops->wake(conn, TQUIC_WAKE_WRITE | TQUIC_WAKE_STATE);
}

/*
 * 0-RTT is over, its keys make place.  A server opens the packets only now that user space has seen
 * the client's Finished: none of them can be a replay (RFC 9001 section 9.2).
 */
static void early_end(struct tquic_conn *conn, u64 now_us)
{
	if (conn->server) {
		conn->early = TQUIC_EARLY_OPEN;
		tquic_input_retry_undecryptable(conn, now_us);
	}
	conn->early = TQUIC_EARLY_NONE;
}

/*
 * tquic_handshake_secret - install one secret of one level and direction.  Packets that came before
 * their keys are opened now.  Process context.  Return: 0; -EINVAL for a level or cipher that does
 * not exist, or in a direction where 0-RTT is none; -EEXIST when it is installed already or
 * dropped; -ENOTCONN when the connection is over; -ENOMEM.
 */
int tquic_handshake_secret(struct tquic_conn *conn, const struct quic_crypto_secret *info,
			   u64 now_us)
{
	struct tquic_space *app = &conn->spaces[TQUIC_SPACE_APP];
	bool early = info->level == QUIC_CRYPTO_EARLY;
	struct tquic_crypto *c;
	struct tquic_space *sp;
	int err;

	/* a server sends no 0-RTT, a client receives none */
	if (info->level == QUIC_CRYPTO_INITIAL || (early && !!info->send == conn->server))
		return -EINVAL;
	if (!tquic_conn_alive(conn))
		return -ENOTCONN;
	sp = &conn->spaces[early ? TQUIC_SPACE_APP : tquic_handshake_space(info->level)];
	c = info->send ? &sp->tx : &sp->rx;
	if (info->level == QUIC_CRYPTO_APP && conn->early && !!info->send != conn->server)
		early_end(conn, now_us);
	else if (sp->gone || tquic_crypto_ready(c))
		return -EEXIST;
	err = tquic_crypto_install(c, conn->version, info->type, info->secret);
	if (err)
		return err;
	if (early) {
		conn->early = TQUIC_EARLY_KEYS;
		conn->ops->wake(conn, TQUIC_WAKE_WRITE);
		return 0;
	}
	if (info->level == QUIC_CRYPTO_APP && conn->state < TQUIC_CONN_ESTABLISHED &&
	    !conn->early && tquic_crypto_ready(&app->tx) && tquic_crypto_ready(&app->rx))
		handshake_complete(conn, now_us);
	/* 1-RTT packets have waited for both secrets of theirs */
	if (!info->send || info->level == QUIC_CRYPTO_APP)
		tquic_input_retry_undecryptable(conn, now_us);
	return 0;
}

/** tquic_handshake_queued - a message is complete: the flight may leave, unless @more follows */
void tquic_handshake_queued(struct tquic_conn *conn, u8 level, bool more, u64 now_us)
{
	conn->cork = more;
	if (conn->state == TQUIC_CONN_IDLE) {
		conn->state = TQUIC_CONN_HANDSHAKE;
		conn->handshake_us = now_us + TQUIC_HANDSHAKE_US;
		tquic_mib_inc(conn->mib, CONN_ACTIVE_OPENS);
	}
	if (!conn->server && level == QUIC_CRYPTO_HANDSHAKE && !more && !conn->finished) {
		conn->finished = true;
		tquic_input_retry_undecryptable(conn, now_us);
	}
}

/*
 * tquic_handshake_peek - bytes of the first TLS message, or of what is left of it, that is all
 * here, and its @level; 0: none.  One that can never be is handed out in pieces.
 */
u32 tquic_handshake_peek(struct tquic_conn *conn, u8 *level)
{
	static const u8 levels[] = { QUIC_CRYPTO_INITIAL, QUIC_CRYPTO_HANDSHAKE, QUIC_CRYPTO_APP };

	for (int i = 0; i < ARRAY_SIZE(levels); i++) {
		struct tquic_space *sp = &conn->spaces[tquic_handshake_space(levels[i])];
		u64 ready = tquic_recvbuf_ready(&sp->crypto_rx);
		u8 head[TLS_MSG_HDR];

		if (!sp->msg_left && ready >= TLS_MSG_HDR) {
			tquic_recvbuf_copy(&sp->crypto_rx, head, TLS_MSG_HDR);
			sp->msg_left = TLS_MSG_HDR + get_unaligned_be24(head + 1);
		}
		*level = levels[i];
		if (sp->msg_left && ready >= sp->msg_left)
			return sp->msg_left;
		if (sp->msg_left > TQUIC_CRYPTO_MAX_RX && ready)
			return ready;
	}
	return 0;
}

/** tquic_handshake_consume - @len bytes of what was peeked at have been read */
void tquic_handshake_consume(struct tquic_conn *conn, u8 level, u32 len)
{
	struct tquic_space *sp = &conn->spaces[tquic_handshake_space(level)];

	tquic_recvbuf_consume(&sp->crypto_rx, len);
	sp->msg_left -= len;
}

/** tquic_handshake_rx_crypto - 0; -ENOMEM, -ENOBUFS: drop the packet; CRYPTO_BUFFER_EXCEEDED */
int tquic_handshake_rx_crypto(struct tquic_conn *conn, enum tquic_space_id id,
			      const struct tquic_rx_frame *f, struct sk_buff *skb)
{
	struct tquic_recvbuf *rb = &conn->spaces[id].crypto_rx;
	u64 before = rb->ready_off;
	int ret;

	if (f->stream.off + f->stream.len > rb->read_off + TQUIC_CRYPTO_MAX_RX)
		return TQUIC_WERR(CRYPTO_BUF_EXCEEDED);
	ret = tquic_recvbuf_insert(rb, f->stream.off, f->stream.data, f->stream.len, skb,
				   GFP_ATOMIC);
	if (ret < 0)
		return ret;
	/* tickets are not for readers: tquic_event_tickets() takes them */
	if (rb->ready_off != before && id != TQUIC_SPACE_APP)
		conn->ops->wake(conn, TQUIC_WAKE_READ);
	return 0;
}

/* What a space has sent will not be acknowledged */
static void send_again(struct tquic_conn *conn, struct tquic_space_loss *loss)
{
	tquic_loss_requeue_oldest(&conn->loss_ctx, loss, U32_MAX);
	tquic_loss_space_free(&conn->loss_ctx, loss);
}

/*
 * tquic_handshake_rx_retry - the server wants our address proven first, RFC 9000 section 17.2.5,
 * RFC 9001 section 5.8; @pkt: the whole packet.  Process context: keys are derived.  Return: 0;
 * -EPROTO: it is to be ignored; or why there are no keys: the connection is then over.
 */
int tquic_handshake_rx_retry(struct tquic_conn *conn, const struct tquic_hdr *h, const u8 *pkt,
			     u64 now_us)
{
	struct tquic_space *sp = &conn->spaces[TQUIC_SPACE_INITIAL];
	struct tquic_tparam *tp = &conn->local;
	u8 tag[TQUIC_TAG_LEN];
	int err;

	if (conn->server || tp->has_rscid || sp->gone || sp->ack.rcvd.nr || !h->token_len ||
	    h->token_len > sizeof(conn->token) || h->len < TQUIC_TAG_LEN)
		return -EPROTO;
	if (tquic_cid_equal(&conn->dcid, h->scid, h->scid_len))
		return -EPROTO;
	err = tquic_crypto_retry_tag(conn->version, &tp->odcid, pkt, h->len - TQUIC_TAG_LEN, tag);
	if (err || crypto_memneq(tag, pkt + h->len - TQUIC_TAG_LEN, TQUIC_TAG_LEN))
		return -EPROTO;
	tp->has_rscid = true;
	tquic_cid_set(&tp->rscid, h->scid, h->scid_len);
	err = tquic_handshake_initial_keys(conn, conn->version);
	if (err) {	/* the old keys may be gone, too */
		tquic_conn_die(conn, -err);
		return err;
	}
	conn->dcid = tp->rscid;
	memcpy(conn->token, h->token, h->token_len);
	conn->token_len = h->token_len;
	send_again(conn, &sp->loss);
	send_again(conn, &conn->spaces[TQUIC_SPACE_APP].loss);	/* 0-RTT, section 17.2.3 */
	tquic_conn_touch(conn, now_us);
	return 0;
}

/** tquic_handshake_rx_done - HANDSHAKE_DONE arrived; a wire error at a server, section 19.20 */
int tquic_handshake_rx_done(struct tquic_conn *conn, u64 now_us)
{
	if (conn->server)
		return TQUIC_WERR(PROTOCOL_VIOLATION);
	if (!conn->confirmed)
		handshake_confirmed(conn, now_us);
	return 0;
}

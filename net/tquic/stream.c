// SPDX-License-Identifier: GPL-2.0
/*
 * Streams: which exist, the two state machines of each (RFC 9000 section 3), final sizes and both
 * levels of flow control.  Owns the tree, the lists that say who has work, and the numbers of the
 * peer's streams that are gone.  Never writes a frame, wakes a task or looks at a clock.
 */
#include "cache.h"
#include "stream.h"

TQUIC_CACHE(stream_cache, tquic_stream_setup, tquic_stream_teardown, sizeof(struct tquic_stream),
	    SLAB_ACCOUNT)

/*
 * tquic_streams_init - no streams yet; @ss must not be moved, @local and @remote (zeros until
 * known) outlive it; @rx_window_max caps a stream's receive window, in bytes.
 */
void tquic_streams_init(struct tquic_streams *ss, bool server, struct tquic_tparam *local,
			struct tquic_tparam *remote, u64 rx_window_max)
{
	memset(ss, 0, sizeof(*ss));
	ss->root = RB_ROOT;
	INIT_LIST_HEAD(&ss->tx_ready);
	INIT_LIST_HEAD(&ss->ctl_ready);
	INIT_LIST_HEAD(&ss->rx_ready);
	INIT_LIST_HEAD(&ss->stuck);
	tquic_ranges_init(&ss->closed[0], TQUIC_STREAM_MAX_CLOSED);
	tquic_ranges_init(&ss->closed[1], TQUIC_STREAM_MAX_CLOSED);
	ss->server = server;
	ss->local = local;
	ss->remote = remote;
	ss->rx_window_max = rx_window_max;
	ss->newest = -1;
	tquic_streams_apply_local(ss);
}

/*
 * tquic_streams_apply_local - our transport parameters are settled, and there is no stream yet.
 * The connection's window may grow to one and a half of a stream's, so that one alone never waits.
 */
void tquic_streams_apply_local(struct tquic_streams *ss)
{
	const struct tquic_tparam *tp = ss->local;

	tquic_credit_rx_init(&ss->rx, tp->max_data, ss->rx_window_max + ss->rx_window_max / 2);
	tquic_credit_rx_init(&ss->peer[0], tp->max_streams_bidi, tp->max_streams_bidi);
	tquic_credit_rx_init(&ss->peer[1], tp->max_streams_uni, tp->max_streams_uni);
}

/* What @tp grants on a stream at first; @own: its sender opened it, RFC 9000 section 18.2 */
static u64 first_window(const struct tquic_tparam *tp, u64 sid, bool own)
{
	if (tquic_sid_is_uni(sid))
		return tp->max_stream_data_uni;
	return own ? tp->max_stream_data_bidi_local : tp->max_stream_data_bidi_remote;
}

static u64 tx_window(const struct tquic_streams *ss, u64 sid)
{
	return first_window(ss->remote, sid, !tquic_stream_local(ss, sid));
}

static bool tx_blocked(const struct tquic_stream *s)
{
	return s->tx_state <= QUIC_STREAM_SEND_STATE_SEND && s->sb.next_off < s->sb.end_off &&
	       s->txc.used >= s->txc.max;
}

/* Into tx_ready: behind all that are more urgent and, unless it is to be the first, its equals */
static void tx_enqueue(struct tquic_streams *ss, struct tquic_stream *s, bool first)
{
	struct tquic_stream *at;

	list_for_each_entry_reverse(at, &ss->tx_ready, tx_node)
		if (at->urgency < s->urgency || (at->urgency == s->urgency && !first))
			break;
	list_add(&s->tx_node, &at->tx_node);	/* none: behind the head of the list */
}

static void tx_requeue(struct tquic_streams *ss, struct tquic_stream *s, bool first)
{
	if (list_empty(&s->tx_node) || list_is_singular(&ss->tx_ready))
		return;
	list_del(&s->tx_node);
	tx_enqueue(ss, s, first);
}

/** tquic_stream_tx_yield - it has had its turn: if it shares, others as urgent are next */
void tquic_stream_tx_yield(struct tquic_streams *ss, struct tquic_stream *s)
{
	tx_requeue(ss, s, s->sequential);
}

/** tquic_stream_prioritize - from now on it is so urgent, and takes turns with its equals or not */
void tquic_stream_prioritize(struct tquic_streams *ss, struct tquic_stream *s, u8 urgency,
			     bool sequential)
{
	s->urgency = urgency;
	s->sequential = sequential;
	tx_requeue(ss, s, false);
}

/* The send part changed: on or off tx_ready, and STREAM_DATA_BLOCKED once per limit. */
static void tx_refresh(struct tquic_streams *ss, struct tquic_stream *s)
{
	bool queued = !list_empty(&s->tx_node);

	if (tquic_stream_tx_wanted(s) != queued) {
		if (queued)
			list_del_init(&s->tx_node);
		else
			tx_enqueue(ss, s, false);
	}
	if (unlikely(tx_blocked(s)) && tquic_credit_tx_blocked(&s->txc))
		tquic_stream_set_due(ss, s, TQUIC_STREAM_DUE_BLOCKED);
}

/* The limit is @max now; false: more is used already */
static bool tx_limit(struct tquic_credit_tx *c, u64 max)
{
	c->max = max;
	return c->used <= max;
}

/*
 * tquic_streams_apply_remote - the peer's first limits are known.  Return: false when 0-RTT has
 * used more than they allow, RFC 9000 section 7.4.1: who accepts it keeps to those remembered.
 */
bool tquic_streams_apply_remote(struct tquic_streams *ss)
{
	bool ok = tx_limit(&ss->tx, ss->remote->max_data);
	struct tquic_stream *s;

	ok &= tx_limit(&ss->open[0], ss->remote->max_streams_bidi);
	ok &= tx_limit(&ss->open[1], ss->remote->max_streams_uni);
	tquic_for_each_stream(s, ss) {
		if (!tquic_stream_can_send(ss, s->id))
			continue;
		tquic_stream_max_data(ss, s, tx_window(ss, s->id));
		ok &= tx_limit(&s->txc, tx_window(ss, s->id));
	}
	return ok;
}

static void drop_tx(struct tquic_streams *ss, struct tquic_stream *s)
{
	ss->held_bytes -= tquic_sendbuf_held(&s->sb);
	tquic_sendbuf_free(&s->sb);
	list_del_init(&s->tx_node);
}

/* Received bytes that nobody will read: gone, and their credit goes back to the connection. */
static void drop_rx(struct tquic_streams *ss, struct tquic_stream *s)
{
	tquic_recvbuf_free(&s->rb);
	tquic_credit_rx_consume(&ss->rx, s->rxc.received - s->rxc.consumed, 0, 0);
	s->rxc.consumed = s->rxc.received;
	list_del_init(&s->rx_node);
}

static void unlink_stream(struct tquic_streams *ss, struct tquic_stream *s)
{
	drop_tx(ss, s);
	tquic_recvbuf_free(&s->rb);
	rb_erase(&s->node, &ss->root);
	list_del_init(&s->ctl_node);
	list_del_init(&s->rx_node);
	if (ss->last == s)
		ss->last = NULL;
	ss->count--;
	s->due = 0;
	s->tx_state = QUIC_STREAM_SEND_STATE_RECVD;
	s->flags |= TQUIC_STREAM_DEAD;
	if (!s->refs)
		kmem_cache_free(stream_cache, s);
}

/*
 * Note the number of a peer's stream that is over and allow the peer another.
 * Without memory the stream stays where it is, so that a late frame cannot bring
 * it to life again, and the peer may not open another in its place.
 */
static bool note_closed(struct tquic_streams *ss, u64 sid)
{
	int uni = tquic_sid_is_uni(sid);

	if (tquic_stream_local(ss, sid))
		return true;
	if (tquic_ranges_add(&ss->closed[uni], sid >> 2, (sid >> 2) + 1, GFP_ATOMIC))
		return false;
	tquic_credit_rx_consume(&ss->peer[uni], 1, 0, 0);
	return true;
}

static void retry_stuck(struct tquic_streams *ss)
{
	struct tquic_stream *s;

	while (unlikely(!list_empty(&ss->stuck))) {
		s = list_first_entry(&ss->stuck, struct tquic_stream, rx_node);
		if (!note_closed(ss, s->id))
			break;
		unlink_stream(ss, s);
	}
}

/* Let the stream go if both parts are over.  It may be freed: the last thing a function does. */
static void settle(struct tquic_streams *ss, struct tquic_stream *s)
{
	if (!tquic_stream_tx_over(s) || !tquic_stream_rx_over(s) ||
	    s->flags & TQUIC_STREAM_DEAD || !list_empty(&s->rx_node))
		return;
	if (!note_closed(ss, s->id)) {
		list_add_tail(&s->rx_node, &ss->stuck);
		return;
	}
	unlink_stream(ss, s);
	retry_stuck(ss);
}

/** tquic_streams_drop_tx - nothing is sent or acknowledged any more: held_bytes is 0 afterwards */
void tquic_streams_drop_tx(struct tquic_streams *ss)
{
	struct tquic_stream *s;

	tquic_for_each_stream(s, ss)
		drop_tx(ss, s);
}

/** tquic_streams_free - let every stream go; referenced ones stay until tquic_stream_put() */
void tquic_streams_free(struct tquic_streams *ss)
{
	struct rb_node *n;

	while ((n = rb_first(&ss->root)))
		unlink_stream(ss, rb_entry(n, struct tquic_stream, node));
	tquic_ranges_free(&ss->closed[0]);
	tquic_ranges_free(&ss->closed[1]);
}

/* A part of @s, whose @state is tx_state or rx_state, is in another one, which the user may hear */
static void set_state(struct tquic_streams *ss, struct tquic_stream *s, u8 *state, u8 to)
{
	*state = to;
	if (ss->update)
		ss->update(ss, s, state == &s->rx_state);
}

static bool lower(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct tquic_stream, node)->id <
	       rb_entry(b, struct tquic_stream, node)->id;
}

static struct tquic_stream *create(struct tquic_streams *ss, u64 sid, gfp_t gfp)
{
	u64 window = first_window(ss->local, sid, tquic_stream_local(ss, sid));
	struct tquic_stream *s;

	retry_stuck(ss);
	s = kmem_cache_alloc(stream_cache, gfp);
	if (!s)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->id = sid;
	s->urgency = TQUIC_URGENCY_DEFAULT;
	INIT_LIST_HEAD(&s->tx_node);
	INIT_LIST_HEAD(&s->ctl_node);
	INIT_LIST_HEAD(&s->rx_node);
	s->rx_final = TQUIC_SIZE_UNKNOWN;
	s->rx_reliable = TQUIC_SIZE_UNKNOWN;
	s->tx_state = QUIC_STREAM_SEND_STATE_RECVD;
	s->rx_state = QUIC_STREAM_RECV_STATE_READ;
	tquic_sendbuf_init(&s->sb);
	tquic_recvbuf_init(&s->rb);
	if (tquic_stream_can_send(ss, sid)) {
		s->tx_state = QUIC_STREAM_SEND_STATE_READY;
		s->txc.max = tx_window(ss, sid);
	}
	if (tquic_stream_can_recv(ss, sid)) {
		s->rx_state = QUIC_STREAM_RECV_STATE_RECV;
		tquic_credit_rx_init(&s->rxc, window, ss->rx_window_max);
	}
	rb_add(&s->node, &ss->root, lower);
	ss->last = s;
	ss->count++;
	return s;
}

/** tquic_stream_find - the stream of an ID; NULL: over, or not yet made, see tquic_stream_open() */
struct tquic_stream *tquic_stream_find(struct tquic_streams *ss, u64 sid)
{
	struct rb_node *n = ss->root.rb_node;
	struct tquic_stream *s = ss->last;

	if (likely(s && s->id == sid))
		return s;
	while (n) {
		s = rb_entry(n, struct tquic_stream, node);
		if (s->id == sid) {
			ss->last = s;
			return s;
		}
		n = sid < s->id ? n->rb_left : n->rb_right;
	}
	return NULL;
}

/* A peer's stream with a number that the peer has reached; *sp stays NULL if it is over. */
static int revive(struct tquic_streams *ss, u64 sid, gfp_t gfp, struct tquic_stream **sp)
{
	u64 num = sid >> 2;

	*sp = NULL;
	if (tquic_ranges_contains(&ss->closed[tquic_sid_is_uni(sid)], num, num + 1))
		return 0;
	*sp = create(ss, sid, gfp);
	return *sp ? 0 : -ENOMEM;
}

/*
 * tquic_stream_open - the user asks for a stream by its ID: one that is open, or the next of ours.
 * @sp is set to it, without a reference; the peer hears of it by bytes, FIN or
 * tquic_stream_announce().  Returns 0, -EINVAL for any other ID, -ENOMEM, or -EAGAIN at the peer's
 * limit (ask tquic_credit_tx_blocked() of open[] whether STREAMS_BLOCKED is due).
 */
int tquic_stream_open(struct tquic_streams *ss, u64 sid, gfp_t gfp, struct tquic_stream **sp)
{
	int ret, uni = tquic_sid_is_uni(sid);
	struct tquic_credit_tx *open = &ss->open[uni];

	*sp = tquic_stream_find(ss, sid);
	if (*sp)
		return 0;
	if (!tquic_stream_local(ss, sid)) {
		if (sid >> 2 >= ss->peer[uni].received)
			return -EINVAL;
		ret = revive(ss, sid, gfp, sp);
		return ret || *sp ? ret : -EINVAL;
	}
	if (sid >> 2 != open->used)
		return -EINVAL;
	if (!tquic_credit_tx_left(open))
		return -EAGAIN;
	*sp = create(ss, sid, gfp);
	if (!*sp)
		return -ENOMEM;
	open->used++;
	ss->newest = sid;
	return 0;
}

/** tquic_stream_next_id - the ID of the next stream that we may open */
u64 tquic_stream_next_id(const struct tquic_streams *ss, bool uni)
{
	return ss->open[uni].used << 2 | uni << 1 | ss->server;
}

/*
 * tquic_stream_from_peer - the stream of a received frame about our send part (STOP_SENDING,
 * MAX_STREAM_DATA), or else our receive part; @sp is set to it, without a reference; NULL: it is
 * over, ignore the frame.  A peer's stream opens all lower ones of its type, RFC 9000 section 2.1,
 * which are made when first named.  Returns 0, STREAM_STATE_ERROR, STREAM_LIMIT_ERROR, or -ENOMEM.
 */
int tquic_stream_from_peer(struct tquic_streams *ss, u64 sid, bool send_part, gfp_t gfp,
			   struct tquic_stream **sp)
{
	struct tquic_credit_rx *peer = &ss->peer[tquic_sid_is_uni(sid)];
	u64 num = sid >> 2;

	*sp = NULL;
	if (unlikely(send_part ? !tquic_stream_can_send(ss, sid) : !tquic_stream_can_recv(ss, sid)))
		return TQUIC_WERR(STREAM_STATE);
	*sp = tquic_stream_find(ss, sid);
	if (likely(*sp))
		return 0;
	if (tquic_stream_local(ss, sid))
		return num < ss->open[tquic_sid_is_uni(sid)].used ? 0 : TQUIC_WERR(STREAM_STATE);
	if (num >= peer->max)
		return TQUIC_WERR(STREAM_LIMIT);
	peer->received = max(peer->received, num + 1);
	return revive(ss, sid, gfp, sp);
}

/** tquic_stream_put - give a reference back; frees a stream that is over with the last one */
void tquic_stream_put(struct tquic_streams *ss, struct tquic_stream *s)
{
	if (!--s->refs && s->flags & TQUIC_STREAM_DEAD)
		kmem_cache_free(stream_cache, s);
}

/** tquic_stream_append - as tquic_sendbuf_append(); -EPIPE when the send part is over */
int tquic_stream_append(struct tquic_streams *ss, struct tquic_stream *s, struct page *page,
			u32 page_off, u32 len, void *priv, gfp_t gfp)
{
	int ret;

	if (unlikely(s->tx_state > QUIC_STREAM_SEND_STATE_SEND ||
		     s->flags & (TQUIC_STREAM_FIN | TQUIC_STREAM_RESET_AT)))
		return -EPIPE;
	ret = tquic_sendbuf_append(&s->sb, page, page_off, len, priv, gfp);
	if (unlikely(ret))
		return ret;
	ss->held_bytes += len;
	tx_refresh(ss, s);
	return 0;
}

/** tquic_stream_finish - the user writes no more: FIN follows the last byte */
void tquic_stream_finish(struct tquic_streams *ss, struct tquic_stream *s)
{
	if (s->tx_state > QUIC_STREAM_SEND_STATE_SEND || s->flags & TQUIC_STREAM_RESET_AT)
		return;
	s->flags |= TQUIC_STREAM_FIN;
	tx_refresh(ss, s);
}

/** tquic_stream_announce - open an untouched stream at the peer, by an empty STREAM frame */
void tquic_stream_announce(struct tquic_streams *ss, struct tquic_stream *s)
{
	if (s->tx_state != QUIC_STREAM_SEND_STATE_READY)
		return;
	s->flags |= TQUIC_STREAM_ANNOUNCE;
	tx_refresh(ss, s);
}

/* RESET_STREAM_AT may go once the bytes that it promises have: the final size is known then */
static void reset_at_due(struct tquic_streams *ss, struct tquic_stream *s)
{
	if (s->sb.next_off != s->sb.end_off)
		return;
	if (s->tx_state < QUIC_STREAM_SEND_STATE_SENT)
		set_state(ss, s, &s->tx_state, QUIC_STREAM_SEND_STATE_SENT);
	tquic_stream_set_due(ss, s, TQUIC_STREAM_DUE_RESET);
}

/*
 * tquic_stream_reset_at - abandon the send part with @err but for its first @size bytes, or as many
 * as were written, draft-ietf-quic-reliable-stream-reset section 5: held_bytes falls.  Once more
 * may make it less.  Return: 0; -EINVAL: the send part is over, or @size grows or @err changes.
 */
int tquic_stream_reset_at(struct tquic_streams *ss, struct tquic_stream *s, u64 err, u64 size)
{
	if (s->tx_state > QUIC_STREAM_SEND_STATE_SENT ||
	    (s->flags & TQUIC_STREAM_RESET_AT && (size > s->tx_reliable || err != s->tx_err)))
		return -EINVAL;
	s->flags &= ~(TQUIC_STREAM_FIN | TQUIC_STREAM_FIN_ACKED | TQUIC_STREAM_ANNOUNCE);
	s->flags |= TQUIC_STREAM_RESET_AT;
	s->tx_err = err;
	s->tx_reliable = min(size, s->sb.end_off);
	ss->held_bytes -= tquic_sendbuf_truncate(&s->sb, s->tx_reliable);
	tx_refresh(ss, s);
	reset_at_due(ss, s);
	return 0;
}

/** tquic_stream_reset - abandon the send part with @err, unless it is over: held_bytes falls */
void tquic_stream_reset(struct tquic_streams *ss, struct tquic_stream *s, u64 err)
{
	if (s->tx_state > QUIC_STREAM_SEND_STATE_SENT)
		return;
	drop_tx(ss, s);
	if (!(s->flags & TQUIC_STREAM_RESET_AT))	/* the peer may have heard why already */
		s->tx_err = err;
	s->flags &= ~(TQUIC_STREAM_ANNOUNCE | TQUIC_STREAM_RESET_AT);
	set_state(ss, s, &s->tx_state, QUIC_STREAM_SEND_STATE_RESET_SENT);
	tquic_stream_clear_due(ss, s, TQUIC_STREAM_DUE_BLOCKED);
	tquic_stream_set_due(ss, s, TQUIC_STREAM_DUE_RESET);
}

/*
 * tquic_stream_tx_next - what a STREAM frame of at most @max payload bytes would carry now: lost
 * bytes first, then new ones within credit.  Sets @off and @fin, returns the payload bytes.  0 with
 * *@fin: a FIN alone; 0 without: nothing, or an empty frame at *@off with TQUIC_STREAM_ANNOUNCE.
 */
u32 tquic_stream_tx_next(struct tquic_streams *ss, struct tquic_stream *s, u32 max, u64 *off,
			 bool *fin)
{
	const struct tquic_sendbuf *sb = &s->sb;
	u64 limit;
	u32 len;

	*fin = false;
	*off = sb->next_off;
	if (unlikely(s->tx_state > QUIC_STREAM_SEND_STATE_SENT))
		return 0;
	limit = min(s->txc.max, sb->next_off + tquic_credit_tx_left(&ss->tx));
	len = tquic_sendbuf_next(sb, limit, max, off);
	if (len)
		*fin = *off + len == sb->end_off && s->flags & TQUIC_STREAM_FIN;
	else
		*fin = *off == sb->end_off && tquic_stream_fin_wanted(s);
	return len;
}

/*
 * tquic_stream_tx_sent - a frame as tquic_stream_tx_next() said leaves, without @fin if @len is
 * shorter: charges credit for new bytes, and others have their turn.
 */
void tquic_stream_tx_sent(struct tquic_streams *ss, struct tquic_stream *s, u64 off, u32 len,
			  bool fin)
{
	tquic_sendbuf_sent(&s->sb, off, len);
	ss->tx.used += s->sb.next_off - s->txc.used;
	s->txc.used = s->sb.next_off;
	s->flags &= ~TQUIC_STREAM_ANNOUNCE;
	if (fin)
		s->flags |= TQUIC_STREAM_FIN_SENT;
	if (unlikely(s->tx_state == QUIC_STREAM_SEND_STATE_READY))
		set_state(ss, s, &s->tx_state, QUIC_STREAM_SEND_STATE_SEND);
	if (unlikely(fin && s->tx_state == QUIC_STREAM_SEND_STATE_SEND))
		set_state(ss, s, &s->tx_state, QUIC_STREAM_SEND_STATE_SENT);
	if (unlikely(s->flags & TQUIC_STREAM_RESET_AT) &&
	    s->tx_state == QUIC_STREAM_SEND_STATE_SEND)
		reset_at_due(ss, s);
	tx_refresh(ss, s);
	tquic_stream_tx_yield(ss, s);
}

/* All that is to arrive has */
static bool tx_arrived(const struct tquic_stream *s)
{
	if (s->flags & TQUIC_STREAM_RESET_AT)
		return s->sb.base_off >= s->tx_reliable;
	return !tquic_sendbuf_held(&s->sb);
}

/** tquic_stream_tx_acked - a sent frame has arrived; returns the bytes that left the send buffer */
u32 tquic_stream_tx_acked(struct tquic_streams *ss, struct tquic_stream *s, u64 off, u32 len,
			  bool fin)
{
	u32 released;

	if (unlikely(s->tx_state > QUIC_STREAM_SEND_STATE_SENT))
		return 0;
	released = tquic_sendbuf_acked(&s->sb, off, len, GFP_ATOMIC);
	ss->held_bytes -= released;
	if (fin && !(s->flags & TQUIC_STREAM_RESET_AT))
		s->flags |= TQUIC_STREAM_FIN_SENT | TQUIC_STREAM_FIN_ACKED;
	tx_refresh(ss, s);
	if (unlikely(s->flags & TQUIC_STREAM_FIN_ACKED && tx_arrived(s))) {
		released += tquic_sendbuf_held(&s->sb);
		drop_tx(ss, s);
		set_state(ss, s, &s->tx_state, QUIC_STREAM_SEND_STATE_RECVD);
		settle(ss, s);
	}
	return released;
}

/** tquic_stream_reset_at_acked - our RESET_STREAM_AT with @size has; as tquic_stream_tx_acked() */
u32 tquic_stream_reset_at_acked(struct tquic_streams *ss, struct tquic_stream *s, u64 size)
{
	if (s->flags & TQUIC_STREAM_RESET_AT && size == s->tx_reliable)
		s->flags |= TQUIC_STREAM_FIN_ACKED;
	return tquic_stream_tx_acked(ss, s, 0, 0, false);
}

/** tquic_stream_tx_lost - a sent frame was lost: what has not arrived goes before other streams */
void tquic_stream_tx_lost(struct tquic_streams *ss, struct tquic_stream *s, u64 off, u32 len,
			  bool fin)
{
	if (s->tx_state > QUIC_STREAM_SEND_STATE_SENT)
		return;
	if (unlikely(s->flags & TQUIC_STREAM_RESET_AT))
		len = off < s->tx_reliable ? min_t(u64, len, s->tx_reliable - off) : 0;
	if (len)
		tquic_sendbuf_lost(&s->sb, off, len, GFP_ATOMIC);
	else if (!fin && !s->sb.next_off && !(s->flags & TQUIC_STREAM_FIN_SENT))
		s->flags |= TQUIC_STREAM_ANNOUNCE;
	if (fin && !(s->flags & TQUIC_STREAM_FIN_ACKED))
		s->flags &= ~TQUIC_STREAM_FIN_SENT;
	tx_refresh(ss, s);
	tx_requeue(ss, s, true);
}

/** tquic_stream_reset_acked - our RESET_STREAM has arrived; @s is referenced by its record */
void tquic_stream_reset_acked(struct tquic_streams *ss, struct tquic_stream *s)
{
	if (s->tx_state != QUIC_STREAM_SEND_STATE_RESET_SENT)
		return;
	tquic_stream_clear_due(ss, s, TQUIC_STREAM_DUE_RESET);
	set_state(ss, s, &s->tx_state, QUIC_STREAM_SEND_STATE_RESET_RECVD);
	settle(ss, s);
}

/** tquic_stream_set_due - due, or again, unless the state overtook it, RFC 9000 section 13.3 */
void tquic_stream_set_due(struct tquic_streams *ss, struct tquic_stream *s, u8 due)
{
	bool stopped = s->flags & TQUIC_STREAM_STOPPED;
	u8 valid = 0;

	if (s->flags & TQUIC_STREAM_DEAD)
		return;
	if (s->tx_state == QUIC_STREAM_SEND_STATE_RESET_SENT ||
	    (s->flags & (TQUIC_STREAM_RESET_AT | TQUIC_STREAM_FIN_ACKED)) == TQUIC_STREAM_RESET_AT)
		valid |= TQUIC_STREAM_DUE_RESET;
	if (s->tx_state <= QUIC_STREAM_SEND_STATE_SEND && s->txc.used >= s->txc.max)
		valid |= TQUIC_STREAM_DUE_BLOCKED;
	if (s->rx_state == QUIC_STREAM_RECV_STATE_RECV && !stopped)
		valid |= TQUIC_STREAM_DUE_MAX_DATA;
	if (s->rx_state <= QUIC_STREAM_RECV_STATE_SIZE_KNOWN && stopped)
		valid |= TQUIC_STREAM_DUE_STOP;
	s->due |= due & valid;
	if (s->due && list_empty(&s->ctl_node))
		list_add_tail(&s->ctl_node, &ss->ctl_ready);
}

/* A receive part that nobody reads is over once its size is known and the peer was told to stop. */
static void settle_stopped(struct tquic_streams *ss, struct tquic_stream *s)
{
	if (!(s->flags & TQUIC_STREAM_STOPPED) || s->rx_final == TQUIC_SIZE_UNKNOWN ||
	    s->due & TQUIC_STREAM_DUE_STOP || tquic_stream_rx_over(s))
		return;
	s->rx_state = s->rx_state == QUIC_STREAM_RECV_STATE_RESET_RECVD ?
		      QUIC_STREAM_RECV_STATE_RESET_READ : QUIC_STREAM_RECV_STATE_READ;
	settle(ss, s);
}

/** tquic_stream_clear_due - control frames are written, or not due; frees @s if unreferenced */
void tquic_stream_clear_due(struct tquic_streams *ss, struct tquic_stream *s, u8 due)
{
	due &= s->due;
	s->due &= ~due;
	if (!s->due)
		list_del_init(&s->ctl_node);
	if (due & TQUIC_STREAM_DUE_STOP)
		settle_stopped(ss, s);
}

/** tquic_stream_max_data - the peer's limit for the stream is @max; lower ones are ignored */
void tquic_stream_max_data(struct tquic_streams *ss, struct tquic_stream *s, u64 max)
{
	if (!tquic_credit_tx_raise(&s->txc, max))
		return;
	tquic_stream_clear_due(ss, s, TQUIC_STREAM_DUE_BLOCKED);
	tx_refresh(ss, s);
}

/** tquic_stream_rx_stop - STOP_SENDING: our RESET_STREAM takes @err over, RFC 9000 section 3.5 */
void tquic_stream_rx_stop(struct tquic_streams *ss, struct tquic_stream *s, u64 err)
{
	if (s->tx_state > QUIC_STREAM_SEND_STATE_SENT)
		return;
	if (s->rx_reliable == TQUIC_SIZE_UNKNOWN)
		s->rx_err = err;
	tquic_stream_reset(ss, s, err);
}

/* Final size and both levels of flow control for bytes up to @end, RFC 9000 sections 4.5 and 4.1 */
static inline int charge_rx(struct tquic_streams *ss, struct tquic_stream *s, u64 end, bool fin)
{
	if (s->rx_final != TQUIC_SIZE_UNKNOWN ? end > s->rx_final || (fin && end != s->rx_final) :
						fin && end < s->rxc.received)
		return TQUIC_WERR(FINAL_SIZE);
	if (end <= s->rxc.received)
		return 0;
	if (unlikely(end > s->rxc.max))
		return TQUIC_WERR(FLOW_CONTROL);
	return tquic_credit_rx_receive(&ss->rx, ss->rx.received + (end - s->rxc.received)) ?:
	       tquic_credit_rx_receive(&s->rxc, end);
}

static void make_readable(struct tquic_streams *ss, struct tquic_stream *s)
{
	if (list_empty(&s->rx_node))
		list_add_tail(&s->rx_node, &ss->rx_ready);
}

/* The receive part has bytes or an end that it had not before. */
static void rx_refresh(struct tquic_streams *ss, struct tquic_stream *s, bool first)
{
	bool whole = s->rx_final == s->rb.ready_off;

	if (whole || tquic_recvbuf_ready(&s->rb))
		make_readable(ss, s);
	if (unlikely(whole && s->rx_reliable == TQUIC_SIZE_UNKNOWN))
		set_state(ss, s, &s->rx_state, QUIC_STREAM_RECV_STATE_RECVD);
	else if (unlikely(first))
		set_state(ss, s, &s->rx_state, s->rx_state);
}

/*
 * tquic_stream_rx_data - a STREAM frame arrived, its payload in memory of @skb, which is referenced
 * for what is kept; @off + @len is below 2^62.  @s may be freed by this unless it is referenced.
 * Returns 0, a wire error (FINAL_SIZE_ERROR, FLOW_CONTROL_ERROR), or what tquic_recvbuf_insert()
 * says, -ENOMEM or -ENOBUFS: then the packet must not be acknowledged and may be taken again.
 */
int tquic_stream_rx_data(struct tquic_streams *ss, struct tquic_stream *s, u64 off, const u8 *data,
			 u32 len, bool fin, struct sk_buff *skb, gfp_t gfp)
{
	u64 end = off + len;
	bool first = end && !s->rxc.received;
	int ret;

	ret = charge_rx(ss, s, end, fin);
	if (unlikely(ret))
		return ret;
	if (s->rx_state > QUIC_STREAM_RECV_STATE_SIZE_KNOWN)
		return 0;
	if (fin && s->rx_final == TQUIC_SIZE_UNKNOWN) {
		s->rx_final = end;
		s->rx_state = QUIC_STREAM_RECV_STATE_SIZE_KNOWN;
		first = true;
		tquic_stream_clear_due(ss, s, TQUIC_STREAM_DUE_MAX_DATA);
	}
	if (unlikely(s->flags & TQUIC_STREAM_STOPPED)) {
		drop_rx(ss, s);
		settle_stopped(ss, s);
		return 0;
	}
	ret = tquic_recvbuf_insert(&s->rb, off, data, len, skb, gfp);
	rx_refresh(ss, s, first);
	return ret < 0 ? ret : 0;
}

/*
 * tquic_stream_rx_next - tquic_stream_rx_data() of a frame with bytes and no FIN, if it is just
 * what was expected; @skb is charged.  True: the bytes follow those before, in the same packet
 * aggregate, within all limits, and are held.  False: nothing has changed.
 */
bool tquic_stream_rx_next(struct tquic_streams *ss, struct tquic_stream *s, u64 off,
			  const u8 *data, u32 len, struct sk_buff *skb)
{
	if (s->rx_state != QUIC_STREAM_RECV_STATE_RECV || s->flags & TQUIC_STREAM_STOPPED ||
	    off != s->rb.ready_off || off != s->rxc.received || len > s->rxc.max - off ||
	    len > ss->rx.max - ss->rx.received || !tquic_recvbuf_extend(&s->rb, data, len, skb))
		return false;
	s->rxc.received += len;
	ss->rx.received += len;
	return true;
}

/** tquic_stream_rx_run - @n pieces more, each like that of tquic_stream_rx_next() before */
void tquic_stream_rx_run(struct tquic_streams *ss, struct tquic_stream *s, u32 n)
{
	u32 len = n * s->rb.tail->piece;

	tquic_recvbuf_grow(&s->rb, n, len);
	s->rxc.received += len;
	ss->rx.received += len;
}

/* What of a stream that was reset is to be read has been: the rest goes, and the reset is next */
static void rx_abort(struct tquic_streams *ss, struct tquic_stream *s)
{
	drop_rx(ss, s);
	s->due &= ~TQUIC_STREAM_DUE_STOP;
	tquic_stream_clear_due(ss, s, TQUIC_STREAM_DUE_MAX_DATA);
	if (!(s->flags & TQUIC_STREAM_STOPPED))
		make_readable(ss, s);
	set_state(ss, s, &s->rx_state, QUIC_STREAM_RECV_STATE_RESET_RECVD);
	settle_stopped(ss, s);
}

/*
 * tquic_stream_rx_reset - RESET_STREAM or RESET_STREAM_AT arrived; rx_err is @err then; @s may be
 * freed by this unless referenced.  What was not read yet is dropped, but for the first @reliable
 * bytes, unless all of it is here (RFC 9000 section 3.2).  Returns 0 or a wire error
 * (FINAL_SIZE_ERROR, FLOW_CONTROL_ERROR, STREAM_STATE_ERROR).
 */
int tquic_stream_rx_reset(struct tquic_streams *ss, struct tquic_stream *s, u64 err,
			  u64 final_size, u64 reliable)
{
	int ret;

	ret = charge_rx(ss, s, final_size, true);
	if (ret)
		return ret;
	if (s->rx_state > QUIC_STREAM_RECV_STATE_SIZE_KNOWN)
		return 0;
	if (s->rx_reliable != TQUIC_SIZE_UNKNOWN && err != s->rx_err)
		return TQUIC_WERR(STREAM_STATE);
	s->rx_final = final_size;
	s->rx_err = err;
	s->rx_reliable = min(s->rx_reliable, reliable);
	if (s->rb.read_off >= s->rx_reliable || s->flags & TQUIC_STREAM_STOPPED) {
		rx_abort(ss, s);
		return 0;
	}
	tquic_stream_clear_due(ss, s, TQUIC_STREAM_DUE_MAX_DATA);
	set_state(ss, s, &s->rx_state, QUIC_STREAM_RECV_STATE_SIZE_KNOWN);
	return 0;
}

/*
 * tquic_stream_consumed - the reader took bytes of rb; @rtt_us, smoothed, tunes the windows, 0:
 * unknown.  Takes the stream off rx_ready when it has neither bytes nor an end to read.  May leave
 * MAX_STREAM_DATA due; for MAX_DATA see tquic_credit_rx_due() of ss->rx.
 */
void tquic_stream_consumed(struct tquic_streams *ss, struct tquic_stream *s, u32 len, u32 rtt_us,
			   u64 now_us)
{
	tquic_recvbuf_consume(&s->rb, len);
	tquic_credit_rx_consume(&ss->rx, len, rtt_us, now_us);
	if (tquic_credit_rx_consume(&s->rxc, len, rtt_us, now_us))
		tquic_stream_set_due(ss, s, TQUIC_STREAM_DUE_MAX_DATA);
	if (unlikely(s->rb.read_off >= s->rx_reliable))
		rx_abort(ss, s);
	else if (!tquic_recvbuf_ready(&s->rb) && s->rx_final != s->rb.read_off)
		list_del_init(&s->rx_node);
}

/** tquic_stream_read_end - the reader has seen the end, FIN or reset; frees @s if unreferenced */
void tquic_stream_read_end(struct tquic_streams *ss, struct tquic_stream *s)
{
	if (s->rx_state == QUIC_STREAM_RECV_STATE_RECVD)
		s->rx_state = QUIC_STREAM_RECV_STATE_READ;
	else if (s->rx_state == QUIC_STREAM_RECV_STATE_RESET_RECVD)
		s->rx_state = QUIC_STREAM_RECV_STATE_RESET_READ;
	else
		return;
	drop_rx(ss, s);
	settle(ss, s);
}

/*
 * tquic_stream_stop - the user reads no more: STOP_SENDING is due, unless all bytes or a reset are
 * here already, RFC 9000 section 3.5; what is held and what still arrives is dropped.  @s may be
 * freed by this unless referenced.
 */
void tquic_stream_stop(struct tquic_streams *ss, struct tquic_stream *s, u64 err)
{
	if (tquic_stream_rx_over(s) || s->flags & TQUIC_STREAM_STOPPED)
		return;
	s->flags |= TQUIC_STREAM_STOPPED;
	s->stop_err = err;
	drop_rx(ss, s);
	tquic_stream_clear_due(ss, s, TQUIC_STREAM_DUE_MAX_DATA);
	tquic_stream_set_due(ss, s, TQUIC_STREAM_DUE_STOP);
	settle_stopped(ss, s);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Writing: control messages, choosing or opening the stream, waiting for room,
 * and either the one copy from the user into page fragments or, for MSG_ZEROCOPY
 * and MSG_SPLICE_PAGES, none: the send buffer refers to the caller's pages.  UAPI
 * sections 2, 3 and 9.  When a byte leaves is decided by output.c.
 */
#include "handshake.h"
#include "output.h"
#include "sock.h"

#define FLUSH_BYTES	65536		/* output runs at least once for so many bytes */
#define HANDSHAKE_TX_MAX (256 << 10)	/* CRYPTO bytes of a level not acknowledged yet */
#define HANDSHAKE_PIECES	256		/* each holds a page */
#define OWN_PAGES	32768		/* bytes queued and to come */
#define NOMEM_WAIT	(HZ / 20)	/* jiffies, when there is no memory to be waited for */
#define REFER_PAGES	17		/* looked up at once: 64 KB, wherever they begin */
/*
 * A piece of fewer bytes is copied: looking up, holding and mapping a page takes as many
 * instructions as copying 4 KB, and half of that is what not to touch the cache is worth
 */
#define REFER_MIN	2048

#define STREAM_FLAGS	(MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN | MSG_QUIC_STREAM_UNI |	\
			 MSG_QUIC_STREAM_DONTWAIT | MSG_QUIC_STREAM_SNDBLOCK)

/* The last two are the kernel's own, of splice and sendfile */
#define SEND_FLAGS	(STREAM_FLAGS | MSG_QUIC_DATAGRAM | MSG_MORE | MSG_BATCH |	\
			 MSG_DONTWAIT | MSG_NOSIGNAL | MSG_WAITALL | MSG_EOR |		\
			 MSG_CMSG_COMPAT | MSG_ZEROCOPY | MSG_SPLICE_PAGES |		\
			 MSG_SENDPAGE_NOPOLICY)

/* One call of sendmsg() */
struct send {
	struct msghdr *msg;
	long timeo;		/* jiffies left */
	s64 sid;		/* -1: the default stream */
	u32 flags;		/* MSG_QUIC_STREAM_* */
	bool has_stream;	/* a control message named the stream */
	struct tquic_stream *stream;	/* once it is chosen */
	bool has_level;		/* handshake data */
	u8 level;
	bool more;		/* MSG_MORE or TCP_CORK */
	bool refer;		/* to the caller's pages, where they are large enough */
	bool referred;		/* to some of them at least */
	struct ubuf_info *uarg;	/* MSG_ZEROCOPY: tells of its completion; one reference is ours */
};

static int parse_cmsg(struct send *snd, struct cmsghdr *cmsg)
{
	size_t len = cmsg->cmsg_len - sizeof(*cmsg);
	struct quic_handshake_info level = {};
	struct quic_stream_info info = {};

	switch (cmsg->cmsg_type) {
	case QUIC_STREAM_INFO:
		memcpy(&info, CMSG_DATA(cmsg), min(len, sizeof(info)));
		if (info.stream_id < -1 || info.stream_flags & ~STREAM_FLAGS)
			return -EINVAL;
		snd->sid = info.stream_id;
		snd->flags |= info.stream_flags;
		snd->has_stream = true;
		return 0;
	case QUIC_HANDSHAKE_INFO:
		memcpy(&level, CMSG_DATA(cmsg), min(len, sizeof(level)));
		snd->level = level.crypto_level;
		snd->has_level = true;
		return 0;
	default:
		return -EINVAL;
	}
}

static int parse(struct send *snd)
{
	struct cmsghdr *cmsg;
	bool datagram;
	int err;

	if (snd->msg->msg_flags & ~SEND_FLAGS)
		return -EINVAL;
	snd->flags = snd->msg->msg_flags & STREAM_FLAGS;
	snd->more |= !!(snd->msg->msg_flags & MSG_MORE);
	for_each_cmsghdr(cmsg, snd->msg) {
		if (!CMSG_OK(snd->msg, cmsg))
			return -EINVAL;
		if (cmsg->cmsg_level != SOL_QUIC)
			continue;
		err = parse_cmsg(snd, cmsg);
		if (err)
			return err;
	}
	datagram = snd->msg->msg_flags & MSG_QUIC_DATAGRAM;
	return snd->has_stream + snd->has_level + datagram > 1 ? -EINVAL : 0;
}

/* ---- waiting ---- */

static bool tx_over(const struct sock *sk)
{
	return sk->sk_err || sk->sk_shutdown & SEND_SHUTDOWN ||
	       !tquic_conn_alive(tquic_sk(sk)->conn);
}

/* What a writer waits for */
struct tx_wait {
	bool (*cond)(struct sock *sk, void *arg);	/* NULL: only for the end, or the time */
	void *arg;
};

static bool tx_wait_over(struct sock *sk, void *arg)
{
	const struct tx_wait *w = arg;

	if (tx_over(sk) || (w->cond && w->cond(sk, w->arg)))
		return true;
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	return false;
}

/* Sleep until cond(); -EPIPE when nothing can be sent any more, else as tquic_socket_wait() */
static int wait_tx(struct sock *sk, long *timeo, bool (*cond)(struct sock *sk, void *arg),
		   void *arg)
{
	struct tquic_conn *conn = tquic_sk(sk)->conn;
	struct tx_wait w = { .cond = cond, .arg = arg };
	int err;

	tquic_socket_after(sk);
	conn->tx_waiters++;
	err = tquic_socket_wait(sk, timeo, tx_wait_over, &w);
	conn->tx_waiters--;
	return tx_over(sk) ? -EPIPE : err;
}

static bool may_send(struct sock *sk, void *arg)
{
	const struct tquic_conn *conn = tquic_sk(sk)->conn;

	return conn->state == TQUIC_CONN_ESTABLISHED || tquic_conn_sends_early(conn);
}

static bool has_credit(struct sock *sk, void *arg)
{
	return tquic_credit_tx_left(arg);
}

/* Bytes that may be appended: what the buffer takes and, for who names streams, stream credit */
static u64 room(const struct sock *sk, const struct tquic_stream *s, bool credit)
{
	int space = sk->sk_sndbuf - sk->sk_wmem_queued;

	if (space <= 0)
		return 0;
	if (!credit)
		return space;
	return s->txc.max > s->sb.end_off ? min_t(u64, space, s->txc.max - s->sb.end_off) : 0;
}

static bool has_room(struct sock *sk, void *arg)
{
	const struct send *snd = arg;

	return tquic_stream_tx_reset(snd->stream) ||
	       room(sk, snd->stream, snd->has_stream);
}

static int wait_room(struct sock *sk, struct send *snd)
{
	struct tquic_streams *ss = &tquic_sk(sk)->conn->streams;
	struct tquic_stream *s = snd->stream;
	bool blocked = snd->has_stream && s->txc.max <= s->sb.end_off;

	if (blocked && snd->flags & MSG_QUIC_STREAM_SNDBLOCK && tquic_credit_tx_blocked(&s->txc))
		tquic_stream_set_due(ss, s, TQUIC_STREAM_DUE_BLOCKED);
	tquic_output_flush(tquic_sk(sk)->conn, tquic_now_us());
	if (has_room(sk, snd))
		return 0;
	if (blocked && (!snd->timeo || snd->flags & MSG_QUIC_STREAM_DONTWAIT)) {
		set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);	/* poll() tells of credit */
		return -ENOSPC;
	}
	return wait_tx(sk, &snd->timeo, has_room, snd);
}

/* No memory: give it a moment; who does not wait, or has waited long enough, gets -EAGAIN */
static int wait_memory(struct sock *sk, struct send *snd)
{
	long pause = min_t(long, snd->timeo, NOMEM_WAIT);
	long left = pause;
	int err;

	tquic_output_flush(tquic_sk(sk)->conn, tquic_now_us());
	err = wait_tx(sk, &left, NULL, NULL);
	if (snd->timeo != MAX_SCHEDULE_TIMEOUT)
		snd->timeo -= pause - left;
	return err == -EAGAIN && pause ? 0 : err;
}

/* ---- the stream ---- */

/*
 * tquic_sendmsg_open - open a stream, or find one that is open; *@sid is its ID, or -1 for the next
 * and then set to its ID; @sp: set to it, without a reference.  @flags: MSG_QUIC_STREAM_UNI,
 * _DONTWAIT, _SNDBLOCK; @timeo: jiffies to wait for the peer to allow another, updated.  The socket
 * is owned by the caller and has a connection.  Return: 0; @blocked when the peer does not and
 * nobody waits; -EINVAL for an ID that cannot be opened; -EPIPE; -ENOMEM; a signal's errno.
 */
int tquic_sendmsg_open(struct sock *sk, s64 *sid, u32 flags, long *timeo, int blocked,
		       struct tquic_stream **sp)
{
	struct tquic_conn *conn = tquic_sk(sk)->conn;
	struct tquic_streams *ss = &conn->streams;
	bool uni = *sid < 0 ? flags & MSG_QUIC_STREAM_UNI : tquic_sid_is_uni(*sid);
	u64 id;
	int err;

	for (;;) {
		id = *sid < 0 ? tquic_stream_next_id(ss, uni) : *sid;
		err = tquic_stream_open(ss, id, GFP_KERNEL, sp);
		if (!err)
			*sid = id;
		if (err != -EAGAIN)
			return err;
		if (flags & MSG_QUIC_STREAM_SNDBLOCK && tquic_credit_tx_blocked(&ss->open[uni])) {
			conn->due |= uni ? TQUIC_DUE(STREAMS_BLOCKED_UNI) :
					   TQUIC_DUE(STREAMS_BLOCKED_BIDI);
			tquic_output_flush(conn, tquic_now_us());
		}
		if (!*timeo || flags & MSG_QUIC_STREAM_DONTWAIT) {
			set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
			return blocked;
		}
		err = wait_tx(sk, timeo, has_credit, &ss->open[uni]);
		if (err)
			return err == -EAGAIN ? blocked : err;
	}
}

/* Without a name: the newest that we opened, else the first bidirectional one, opened if need be */
static int default_stream(struct sock *sk, struct send *snd, struct tquic_stream **sp)
{
	struct tquic_streams *ss = &tquic_sk(sk)->conn->streams;

	if (ss->newest >= 0) {
		*sp = tquic_stream_find(ss, ss->newest);
		return *sp ? 0 : -EPIPE;
	}
	if (ss->server && ss->peer[0].received && !tquic_stream_open(ss, 0, GFP_KERNEL, sp))
		return 0;
	if (ss->server && tquic_ranges_contains(&ss->closed[0], 0, 1))
		return -EPIPE;
	return tquic_sendmsg_open(sk, &snd->sid, snd->flags & ~MSG_QUIC_STREAM_UNI, &snd->timeo,
				  snd->has_stream ? -ENOSPC : -EAGAIN, sp);
}

static int choose_stream(struct sock *sk, struct send *snd, struct tquic_stream **sp)
{
	struct tquic_streams *ss = &tquic_sk(sk)->conn->streams;
	int err;

	if (snd->flags & MSG_QUIC_STREAM_NEW) {
		err = tquic_sendmsg_open(sk, &snd->sid, snd->flags, &snd->timeo,
					 snd->has_stream ? -ENOSPC : -EAGAIN, sp);
	} else if (snd->sid < 0) {
		err = default_stream(sk, snd, sp);
	} else {
		*sp = tquic_stream_find(ss, snd->sid);
		err = *sp ? 0 : -EINVAL;
		if (!*sp && !tquic_stream_local(ss, snd->sid))
			err = tquic_stream_open(ss, snd->sid, GFP_KERNEL, sp);
	}
	if (!err && !tquic_stream_can_send(ss, (*sp)->id))
		err = -EINVAL;
	return err;
}

/* ---- bytes ---- */

/* Copy at most max bytes of the message into a page fragment; how many, or -errno */
static int fetch(struct sock *sk, struct send *snd, struct page_frag *pfrag, u64 max)
{
	struct tquic_pages *own = &tquic_sk(sk)->conn->data_pages;
	void *to;
	int n;

	if (pfrag == &own->frag ? !tquic_pages_refill(own, 1, sk->sk_allocation) :
				  !sk_page_frag_refill(sk, pfrag))
		return -ENOBUFS;
	n = min_t(u64, max, pfrag->size - pfrag->offset);
	if (!sk_wmem_schedule(sk, n))
		return -ENOBUFS;
	to = page_address(pfrag->page) + pfrag->offset;
	return copy_from_iter_full(to, n, &snd->msg->msg_iter) ? n : -EFAULT;
}

static int charge(struct sock *sk, int n)
{
	sk_wmem_queued_add(sk, n);
	sk_mem_charge(sk, n);
	return n;
}

/* Copy at most max bytes of the message to the stream; how many, or -errno */
static int copy_some(struct sock *sk, struct send *snd, struct tquic_stream *s, u64 max)
{
	struct tquic_conn *conn = tquic_sk(sk)->conn;
	struct tquic_streams *ss = &conn->streams;
	struct page_frag *pfrag;
	int n, err;
	bool own;

	/* who writes much has pages of his own that go round, others share the task's */
	own = sk->sk_wmem_queued + max >= OWN_PAGES;
	pfrag = own ? &conn->data_pages.frag : sk_page_frag(sk);
	n = fetch(sk, snd, pfrag, max);
	if (n < 0)
		return n;
	err = tquic_stream_append(ss, s, pfrag->page, pfrag->offset, n,
				  own ? TQUIC_SENDBUF_OWN : NULL, sk->sk_allocation);
	if (err) {
		iov_iter_revert(&snd->msg->msg_iter, n);
		return err == -ENOMEM ? -ENOBUFS : err;
	}
	pfrag->offset += n;
	tquic_mib_add(conn->mib, TX_COPIED_BYTES, n);
	return charge(sk, n);
}

static void zcopy_mark(void *uarg, bool get)
{
	if (get)
		net_zcopy_get(uarg);
	else
		net_zcopy_put(uarg);
}

/* Append bytes of a page of the caller; -EOPNOTSUPP: it must be copied */
static int refer_page(struct sock *sk, struct send *snd, struct tquic_stream *s,
		      struct page *page, u32 off, u32 len)
{
	struct page *head = compound_head(page);

	if (!sendpage_ok(page) || PageHighMem(page))
		return -EOPNOTSUPP;
	/* from the head on, so that neighbours in a large page are one piece */
	off += (page_to_pfn(page) - page_to_pfn(head)) << PAGE_SHIFT;
	return tquic_stream_append(&tquic_sk(sk)->conn->streams, s, head, off, len, snd->uarg,
				   sk->sk_allocation);
}

/* Refer to at most max bytes; how many, 0: they are to be copied, or -errno */
static int refer_some(struct sock *sk, struct send *snd, struct tquic_stream *s, u64 max)
{
	struct iov_iter *it = &snd->msg->msg_iter;
	struct page *pages[REFER_PAGES];
	int i, n = 0, err = 0;
	ssize_t got, left;
	size_t off;

	max = min_t(u64, max, REFER_PAGES << PAGE_SHIFT);
	if (!sk_wmem_schedule(sk, max))
		return -ENOBUFS;
	got = iov_iter_get_pages2(it, pages, max, REFER_PAGES, &off);
	if (got <= 0)
		return 0;
	s->sb.mark = zcopy_mark;
	for (i = 0, left = got; left; i++, off = 0) {
		u32 len = min_t(size_t, left, PAGE_SIZE - off);

		if (!err)
			err = refer_page(sk, snd, s, pages[i], off, len);
		if (!err)
			n += len;
		put_page(pages[i]);
		left -= len;
	}
	iov_iter_revert(it, got - n);
	if (!n)
		return err == -ENOMEM ? -ENOBUFS : err == -EOPNOTSUPP ? 0 : err;
	snd->referred = true;
	if (snd->uarg)
		tquic_mib_add(tquic_sk(sk)->conn->mib, TX_ZEROCOPY_BYTES, n);
	else
		tquic_mib_add(tquic_sk(sk)->conn->mib, TX_SPLICE_BYTES, n);
	return charge(sk, n);
}

/*
 * Refer to about max bytes or copy them, piece by piece of the caller's vector.  A page that is
 * referred to is not cut where the buffer is full: what is left of it would be copied.
 */
static int take_some(struct sock *sk, struct send *snd, struct tquic_stream *s, u64 max)
{
	size_t piece;
	int n;

	if (!snd->refer)
		return copy_some(sk, snd, s, max);
	/* an empty piece hides how long the next one is */
	piece = iov_iter_single_seg_count(&snd->msg->msg_iter) ?: 1;
	max = min_t(u64, max + PAGE_SIZE - 1, piece);
	n = piece < REFER_MIN ? 0 : refer_some(sk, snd, s, max);
	return n ?: copy_some(sk, snd, s, max);
}

/*
 * MSG_ZEROCOPY: announce a completion, as TCP does together with that of the bytes before
 * if they have one, and both are not told yet.  -ENOBUFS: RLIMIT_MEMLOCK or optmem_max.
 */
static int refer_begin(struct sock *sk, struct send *snd, struct tquic_stream *s, size_t len)
{
	bool refer = !tquic_off(tquic_sk(sk)->conn, zerocopy);
	struct ubuf_info *last = NULL;

	if (snd->msg->msg_flags & MSG_SPLICE_PAGES)
		snd->refer = refer && iov_iter_is_bvec(&snd->msg->msg_iter);
	if (!(snd->msg->msg_flags & MSG_ZEROCOPY) || !len || !sock_flag(sk, SOCK_ZEROCOPY))
		return 0;
	if (refer && sk->sk_type == SOCK_STREAM && len >= REFER_MIN)
		last = tquic_sendbuf_last_mark(&s->sb);
	snd->uarg = tquic_msg_zerocopy_realloc(sk, len, last);
	snd->refer = refer;
	return snd->uarg ? 0 : -ENOBUFS;
}

/* The call is over: what it has appended keeps the completion waiting from now on */
static void refer_end(struct sock *sk, struct send *snd, size_t done)
{
	if (!snd->uarg)
		return;
	if (!done) {
		net_zcopy_put_abort(snd->uarg, true);
		return;
	}
	if (!snd->referred) {
		uarg_to_msgzc(snd->uarg)->zerocopy = 0;
		tquic_mib_inc(tquic_sk(sk)->conn->mib, TX_ZEROCOPY_COPIED);
	}
	net_zcopy_put(snd->uarg);
}

/* Take all of the message, as far as room and patience go; *err says why it stopped */
static size_t take_all(struct sock *sk, struct send *snd, struct tquic_stream *s, size_t len,
		       int *err)
{
	u32 unsent = 0;
	size_t done = 0;
	u64 most;
	int n;

	*err = 0;
	while (done < len && !*err) {
		/* the peer may have stopped the stream while we slept */
		if (tx_over(sk) || tquic_stream_tx_reset(s)) {
			*err = -EPIPE;
			break;
		}
		most = room(sk, s, snd->has_stream);
		if (!most) {
			*err = wait_room(sk, snd);
			continue;
		}
		n = take_some(sk, snd, s, min_t(u64, most, len - done));
		if (n == -ENOBUFS) {
			*err = wait_memory(sk, snd);
			continue;
		}
		if (n < 0) {
			*err = n;
			break;
		}
		done += n;
		unsent += n;
		if (unsent >= FLUSH_BYTES && done < len) {
			s->flags |= TQUIC_STREAM_MORE;
			tquic_output_flush(tquic_sk(sk)->conn, tquic_now_us());
			sk_flush_backlog(sk);
			unsent = 0;
		}
	}
	return done;
}

static int send_stream(struct sock *sk, struct send *snd, size_t len)
{
	struct tquic_conn *conn = tquic_sk(sk)->conn;
	struct tquic_streams *ss = &conn->streams;
	struct tquic_stream *s;
	size_t done;
	bool hold;
	int err;

	if (tx_over(sk))
		return -EPIPE;
	err = may_send(sk, NULL) ? 0 : wait_tx(sk, &snd->timeo, may_send, NULL);
	if (err)
		return err;
	if (!len && !snd->flags)
		return 0;
	err = choose_stream(sk, snd, &s) ?: refer_begin(sk, snd, s, len);
	if (err)
		return err;
	snd->stream = s;
	tquic_stream_get(s);
	done = take_all(sk, snd, s, len, &err);
	refer_end(sk, snd, done);
	if (done == len && snd->flags & MSG_QUIC_STREAM_FIN)
		tquic_stream_finish(ss, s);
	else if (!len)
		tquic_stream_announce(ss, s);
	hold = snd->more && done == len;
	if (hold)
		s->flags |= TQUIC_STREAM_MORE;
	else
		s->flags &= ~TQUIC_STREAM_MORE;
	hold = hold && s->sb.end_off - s->sb.next_off < FLUSH_BYTES;
	tquic_stream_put(ss, s);
	if (hold)	/* sendfile() of 6.1 comes page by page: make batches of them */
		tquic_output_hold(conn, tquic_now_us());
	else
		tquic_output_flush(conn, tquic_now_us());
	return done ?: err;
}

/* TLS messages: few and small, so that they are not charged but bounded */
static int send_handshake(struct sock *sk, struct send *snd, size_t len)
{
	struct tquic_conn *conn = tquic_sk(sk)->conn;
	struct page_frag *pfrag = sk_page_frag(sk);
	struct tquic_space *sp;
	size_t done = 0;
	int n, err;

	if (snd->level > QUIC_CRYPTO_HANDSHAKE)
		return -EINVAL;
	if (tx_over(sk))
		return -EPIPE;
	sp = &conn->spaces[tquic_handshake_space(snd->level)];
	if (sp->gone)
		return -ENOTCONN;
	if (tquic_sendbuf_held(&sp->crypto_tx) + len > HANDSHAKE_TX_MAX ||
	    sp->crypto_tx.nr >= HANDSHAKE_PIECES)
		return len > HANDSHAKE_TX_MAX ? -EMSGSIZE : -EAGAIN;
	while (done < len) {
		n = fetch(sk, snd, pfrag, len - done);
		if (n < 0)
			return done ?: n;
		err = tquic_sendbuf_append(&sp->crypto_tx, pfrag->page, pfrag->offset, n, NULL,
					   sk->sk_allocation);
		if (err)
			return done ?: err;
		pfrag->offset += n;
		done += n;
	}
	tquic_handshake_queued(conn, snd->level, snd->more, tquic_now_us());
	tquic_output_flush(conn, tquic_now_us());
	return len;
}

static bool has_datagram_room(struct sock *sk, void *arg)
{
	return sk->sk_wmem_queued < sk->sk_sndbuf;
}

/* One datagram, whole */
static int send_datagram(struct sock *sk, struct send *snd, size_t len)
{
	struct tquic_conn *conn = tquic_sk(sk)->conn;
	struct sk_buff *skb;
	u32 max;
	int err;

	err = wait_tx(sk, &snd->timeo, may_send, NULL) ?:
	      wait_tx(sk, &snd->timeo, has_datagram_room, NULL);
	if (err)
		return err;
	max = tquic_datagram_max(conn);
	if (len > max)
		return max ? -EMSGSIZE : -EOPNOTSUPP;
	skb = alloc_skb(len, sk->sk_allocation);
	if (!skb || !sk_wmem_schedule(sk, skb->truesize)) {
		kfree_skb(skb);
		return -ENOBUFS;
	}
	if (!copy_from_iter_full(skb_put(skb, len), len, &snd->msg->msg_iter)) {
		kfree_skb(skb);
		return -EFAULT;
	}
	charge(sk, skb->truesize);
	tquic_datagram_queue(conn, skb);
	tquic_output_flush(conn, tquic_now_us());
	return len;
}

/*
 * tquic_sendmsg - proto.sendmsg: stream bytes or a TLS message; control messages and flags say how,
 * UAPI sections 2 and 3.  Return: bytes taken, fewer than @len when no more fit and nobody waits;
 * -EAGAIN; -ENOSPC: stream credit is used up and the stream was named; -ENOTCONN; -EPIPE with
 * SIGPIPE; -EINVAL for flags, control messages or streams that do not exist; -EOPNOTSUPP: the
 * peer takes no datagrams; -EMSGSIZE: nor one so long; -EFAULT; -ENOBUFS: no memory for a datagram,
 * MSG_ZEROCOPY beyond RLIMIT_MEMLOCK, or too many completions are not read.
 */
int tquic_sendmsg(struct sock *sk, struct msghdr *msg, size_t len)
{
	struct tquic_sock *tsk = tquic_sk(sk);
	struct send snd = { .msg = msg, .sid = -1, .more = READ_ONCE(tsk->cork) };
	int ret;

	ret = parse(&snd);
	if (ret)
		return ret;
	lock_sock(sk);
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	snd.timeo = sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT);
	if (!tsk->conn)
		ret = -ENOTCONN;
	else if (snd.has_level)
		ret = send_handshake(sk, &snd, len);
	else if (msg->msg_flags & MSG_QUIC_DATAGRAM)
		ret = send_datagram(sk, &snd, len);
	else
		ret = send_stream(sk, &snd, len);
	tquic_socket_after(sk);
	if (ret == -EPIPE)
		ret = sk_stream_error(sk, msg->msg_flags, ret);
	release_sock(sk);
	return ret;
}

/*
 * tquic_sendmsg_push - hold nothing back any more, and with @fin end every send part.  The socket
 * is owned by the caller, who flushes, and has a connection.
 */
void tquic_sendmsg_push(struct sock *sk, bool fin)
{
	struct tquic_streams *ss = &tquic_sk(sk)->conn->streams;
	struct tquic_stream *s;

	tquic_for_each_stream(s, ss) {
		s->flags &= ~TQUIC_STREAM_MORE;
		if (fin && tquic_stream_can_send(ss, s->id))
			tquic_stream_finish(ss, s);
	}
}

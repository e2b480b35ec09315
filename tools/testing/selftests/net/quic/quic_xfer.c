// SPDX-License-Identifier: GPL-2.0
/*
 * Moves pseudorandom bytes over QUIC and checks every one of them: a client
 * opens connections and streams, a server verifies what comes, sends as much
 * back if asked to, and ends each stream with what it hashed. One thread polls
 * all connections; only handshakes have threads. It judges content and
 * progress, never speed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <netinet/quic.h>
#include <netinet/tcp.h>

#define HEADER_MAGIC	0x71786665722d6831ULL
#define TRAILER_MAGIC	0x71786665722d7431ULL
#define CHUNK_BYTES	65536
#define STREAMS_MAX	4096
#define CONNS_MAX	1024
#define TICK_MS		50
#define QUIET_MS	500		/* of epoll, after which finding work is strange */

/* First bytes of a stream, from the client. */
struct header {
	uint64_t magic;
	uint64_t seed;		/* of the client's bytes; the server's are of ~seed */
	uint64_t bytes;		/* that the client sends */
	uint64_t back_bytes;	/* that the server sends */
};

/* Last bytes of a stream, from the server. */
struct trailer {
	uint64_t magic;
	uint64_t rx_hash;
	uint64_t tx_hash;
};

/* A hash over 64-bit words; the order of words counts. */
struct digest {
	uint64_t hash;
	uint64_t word;		/* bytes that do not make a word yet */
	unsigned int fill;	/* their number */
};

struct stream {
	int64_t sid;
	struct header header;
	struct trailer trailer;
	size_t head_off;	/* bytes of the header sent or received */
	size_t tail_off;	/* the same of the trailer */
	uint64_t tx_seed, tx_bytes, tx_off;
	uint64_t rx_seed, rx_bytes, rx_off;
	struct digest tx_digest, rx_digest;
	uint8_t *buf;		/* what is to be sent at tx_off - buf_done */
	size_t buf_len, buf_done;
	bool tx_done, rx_done;
};

struct conn {
	int fd;
	struct stream *streams;
	unsigned int num_streams;	/* that exist */
	unsigned int num_done;
	bool ended;
	bool said;			/* that it only holds now */
	int64_t told_ms;		/* when epoll last said something about it */
	int64_t progress_ms;		/* when bytes moved last */
};

static struct {
	bool server, both, insecure, no_encrypt, hold, keepalive;
	int family;
	const char *host, *port, *alpn, *name;
	const char *cert, *key, *ca, *psk;
	uint64_t bytes, seed, rekey;
	unsigned int streams, conns, timeout_s, handshake_ms, idle_ms;
} opts = {
	.port = "4433", .alpn = "xfer", .bytes = 1 << 20, .seed = 1, .streams = 1, .conns = 1,
	.timeout_s = 30, .handshake_ms = 30000,
};

static struct conn *conns[CONNS_MAX];
static unsigned int num_conns, num_held, conns_done;
static uint64_t total_tx, total_rx, hash_tx, hash_rx;
static int64_t max_stall_ms, first_ms, last_ms;
static unsigned int missed_wakeups;
static int epfd;

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

__attribute__((noreturn, format(printf, 2, 3)))
static void die(int err, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "quic_xfer %s: ", opts.server ? "server" : "client");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (err)
		fprintf(stderr, ": %s (%s)", strerror(err), strerrorname_np(err));
	fprintf(stderr, "\n");
	exit(1);
}

/* One connection failed: the end of the program, unless it serves for ever */
__attribute__((format(printf, 3, 4)))
static void conn_fail(struct conn *conn, int err, const char *fmt, ...)
{
	char what[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (!opts.server || opts.conns)
		die(err, "%s", what);
	fprintf(stderr, "quic_xfer server: %s: %s\n", what, strerror(err));
	conn->ended = true;
}

/* ---- content ---- */

/* Word number i of a stream of bytes: any place can be made without those before it. */
static uint64_t content_word(uint64_t seed, uint64_t i)
{
	uint64_t x = seed + i * 0x9e3779b97f4a7c15ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x * 0x2545f4914f6cdd1dULL;
}

static void content_fill(uint8_t *to, uint64_t seed, uint64_t off, size_t len)
{
	uint64_t word;
	size_t n;

	while (len) {
		word = content_word(seed, off / 8);
		n = 8 - off % 8;
		if (n > len)
			n = len;
		memcpy(to, (uint8_t *)&word + off % 8, n);
		to += n;
		off += n;
		len -= n;
	}
}

/* The first byte that is wrong; len when none is. */
static size_t content_check(const uint8_t *p, uint64_t seed, uint64_t off, size_t len)
{
	uint64_t word;
	size_t n, i, pos = 0;

	while (pos < len) {
		word = content_word(seed, off / 8);
		n = 8 - off % 8;
		if (n > len - pos)
			n = len - pos;
		if (memcmp(p + pos, (uint8_t *)&word + off % 8, n))
			for (i = 0; i < n; i++)
				if (p[pos + i] != ((uint8_t *)&word)[off % 8 + i])
					return pos + i;
		pos += n;
		off += n;
	}
	return len;
}

static void digest_word(struct digest *d, uint64_t word)
{
	d->hash = ((d->hash ^ word) * 0x100000001b3ULL);
	d->hash ^= d->hash >> 29;
}

static void digest_add(struct digest *d, const uint8_t *p, size_t len)
{
	uint64_t word;

	while (len) {
		if (!d->fill && len >= 8) {
			memcpy(&word, p, 8);
			digest_word(d, word);
			p += 8;
			len -= 8;
			continue;
		}
		((uint8_t *)&d->word)[d->fill++] = *p++;
		len--;
		if (d->fill == 8) {
			digest_word(d, d->word);
			d->word = 0;
			d->fill = 0;
		}
	}
}

static uint64_t digest_end(struct digest *d)
{
	if (d->fill)
		digest_word(d, d->word);
	d->fill = 0;
	return d->hash;
}

/* ---- streams ---- */

static void moved(struct conn *conn)
{
	int64_t now = now_ms();

	if (!first_ms)
		first_ms = now;
	last_ms = now;
	if (now - conn->progress_ms > max_stall_ms)
		max_stall_ms = now - conn->progress_ms;
	conn->progress_ms = now;
}

static void stream_begin(struct stream *s)
{
	s->tx_seed = opts.server ? ~s->header.seed : s->header.seed;
	s->rx_seed = ~s->tx_seed;
	s->tx_bytes = opts.server ? s->header.back_bytes : s->header.bytes;
	s->rx_bytes = opts.server ? s->header.bytes : s->header.back_bytes;
}

static void stream_end(struct conn *conn, struct stream *s)
{
	if (!s->tx_done || !s->rx_done)
		return;
	hash_tx ^= digest_end(&s->tx_digest);
	hash_rx ^= digest_end(&s->rx_digest);
	free(s->buf);
	s->buf = NULL;
	conn->num_done++;
	if (opts.server)
		return;
	if (s->trailer.magic != TRAILER_MAGIC)
		die(0, "stream %" PRId64 ": no trailer", s->sid);
	if (s->trailer.rx_hash != s->tx_digest.hash || s->trailer.tx_hash != s->rx_digest.hash)
		die(0, "stream %" PRId64 ": hashes differ", s->sid);
}

static bool would_block(int err)
{
	return err == EAGAIN || err == ENOSPC;
}

/* Send some bytes; true when all were taken. */
static bool push(struct conn *conn, struct stream *s, const void *p, size_t len, size_t *off,
		 uint32_t flags)
{
	ssize_t n = quic_sendmsg(conn->fd, (const uint8_t *)p + *off, len - *off, s->sid,
				 flags | MSG_QUIC_STREAM_DONTWAIT | MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0) {
		if (would_block(errno))
			return false;
		conn_fail(conn, errno, "stream %" PRId64 ": sending at %" PRIu64, s->sid, s->tx_off);
		return false;
	}
	*off += (size_t)n;
	moved(conn);
	return *off == len;
}

/* New keys after every so many bytes; not while an update is still under way */
static void push_keys(const struct conn *conn, uint64_t bytes)
{
	if (opts.rekey && total_tx / opts.rekey != (total_tx - bytes) / opts.rekey &&
	    setsockopt(conn->fd, SOL_QUIC, QUIC_SOCKOPT_KEY_UPDATE, NULL, 0) && errno != EAGAIN)
		die(errno, "key update");
}

/* The next chunk of content; true when there is more to send at once. */
static bool push_content(struct conn *conn, struct stream *s, bool last_is_fin)
{
	size_t before = s->buf_done;
	uint32_t flags;
	bool all;

	if (s->buf_done == s->buf_len) {
		if (!s->buf)
			s->buf = malloc(CHUNK_BYTES);
		if (!s->buf)
			die(ENOMEM, "buffer");
		s->buf_len = s->tx_bytes - s->tx_off < CHUNK_BYTES ? s->tx_bytes - s->tx_off : CHUNK_BYTES;
		s->buf_done = 0;
		before = 0;
		content_fill(s->buf, s->tx_seed, s->tx_off, s->buf_len);
	}
	flags = last_is_fin && s->tx_off + s->buf_len - s->buf_done == s->tx_bytes ?
		MSG_QUIC_STREAM_FIN : 0;
	all = push(conn, s, s->buf, s->buf_len, &s->buf_done, flags);
	digest_add(&s->tx_digest, s->buf + before, s->buf_done - before);
	s->tx_off += s->buf_done - before;
	total_tx += s->buf_done - before;
	push_keys(conn, s->buf_done - before);
	if (all && s->tx_off == s->tx_bytes && last_is_fin)
		s->tx_done = true;
	return all;
}

/* The client's part: header and content, with FIN on the last byte. */
static bool client_push(struct conn *conn, struct stream *s)
{
	if (s->head_off < sizeof(s->header)) {
		uint32_t flags = s->head_off ? 0 : MSG_QUIC_STREAM_NEW;

		if (!s->tx_bytes)
			flags |= MSG_QUIC_STREAM_FIN;
		if (!push(conn, s, &s->header, sizeof(s->header), &s->head_off, flags))
			return false;
		s->tx_done = !s->tx_bytes;
		return true;
	}
	return push_content(conn, s, true);
}

/* The server's part: content, and the trailer once everything was received. */
static bool server_push(struct conn *conn, struct stream *s)
{
	if (s->tx_off < s->tx_bytes)
		return push_content(conn, s, false);
	if (!s->rx_done)
		return false;
	if (!s->trailer.magic) {
		s->trailer.magic = TRAILER_MAGIC;
		s->trailer.rx_hash = digest_end(&s->rx_digest);
		s->trailer.tx_hash = digest_end(&s->tx_digest);
	}
	s->tx_done = push(conn, s, &s->trailer, sizeof(s->trailer), &s->tail_off,
			  MSG_QUIC_STREAM_FIN);
	return s->tx_done;
}

/* Send on all streams in turn until all are held up. Returns whether anything went. */
static bool conn_push(struct conn *conn)
{
	bool more = true, any = false;
	unsigned int i;

	while (more && !conn->ended) {
		more = false;
		for (i = 0; i < conn->num_streams && !conn->ended; i++) {
			struct stream *s = &conn->streams[i];
			uint64_t before = s->tx_off + s->head_off + s->tail_off;

			if (s->tx_done || (opts.server && s->head_off < sizeof(s->header)))
				continue;
			if (opts.server ? server_push(conn, s) : client_push(conn, s))
				more = true;
			any = any || s->tx_off + s->head_off + s->tail_off != before;
			if (s->tx_done)
				stream_end(conn, s);
		}
	}
	return any;
}

static void take(void *to, size_t size, size_t *off, const uint8_t **p, size_t *len)
{
	size_t n = size - *off < *len ? size - *off : *len;

	memcpy((uint8_t *)to + *off, *p, n);
	*off += n;
	*p += n;
	*len -= n;
}

static void stream_receive(struct conn *conn, struct stream *s, const uint8_t *p, size_t len, bool fin)
{
	size_t n, good;

	if (s->rx_done)
		die(0, "stream %" PRId64 ": %zu bytes after the end", s->sid, len);
	if (opts.server && s->head_off < sizeof(s->header)) {
		take(&s->header, sizeof(s->header), &s->head_off, &p, &len);
		if (s->head_off < sizeof(s->header)) {
			if (fin)
				die(0, "stream %" PRId64 ": ends in its header", s->sid);
			return;
		}
		if (s->header.magic != HEADER_MAGIC)
			die(0, "stream %" PRId64 ": the header is wrong", s->sid);
		stream_begin(s);
	}
	n = s->rx_bytes - s->rx_off < len ? s->rx_bytes - s->rx_off : len;
	good = content_check(p, s->rx_seed, s->rx_off, n);
	if (good < n)
		die(0, "stream %" PRId64 ": wrong byte at %" PRIu64, s->sid, s->rx_off + good);
	digest_add(&s->rx_digest, p, n);
	s->rx_off += n;
	total_rx += n;
	p += n;
	len -= n;
	if (!opts.server)
		take(&s->trailer, sizeof(s->trailer), &s->tail_off, &p, &len);
	if (len)
		die(0, "stream %" PRId64 ": %zu bytes too many", s->sid, len);
	if (!fin)
		return;
	if (s->rx_off != s->rx_bytes || (!opts.server && s->tail_off != sizeof(s->trailer)))
		die(0, "stream %" PRId64 ": ends at %" PRIu64 " of %" PRIu64, s->sid, s->rx_off, s->rx_bytes);
	s->rx_done = true;
	stream_end(conn, s);
}

static struct stream *stream_find(struct conn *conn, int64_t sid)
{
	struct stream *s;

	if (sid < 0 || sid % 4 || sid / 4 >= STREAMS_MAX)
		die(0, "bytes of stream %" PRId64 ", which nobody opened", sid);
	s = &conn->streams[sid / 4];
	if (opts.server) {
		s->sid = sid;
		if (conn->num_streams < sid / 4 + 1)
			conn->num_streams = (unsigned int)(sid / 4 + 1);
	}
	if (sid / 4 >= conn->num_streams)
		die(0, "bytes of stream %" PRId64 ", which nobody opened", sid);
	return s;
}

static bool conn_finished(const struct conn *conn)
{
	return conn->num_streams && conn->num_done == conn->num_streams;
}

/* Everything that can be read now. Returns whether anything came. */
static bool conn_pull(struct conn *conn)
{
	static uint8_t buf[CHUNK_BYTES];
	bool any = false;
	uint32_t flags;
	int64_t sid;
	ssize_t n;

	while (!conn->ended) {
		flags = MSG_DONTWAIT;
		sid = -1;
		n = quic_recvmsg(conn->fd, buf, sizeof(buf), &sid, &flags);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0 && sid < 0) {
			/* a CONNECTION_CLOSE may get lost: nobody repeats it */
			if (!conn_finished(conn) || (n < 0 && !opts.server))
				conn_fail(conn, n < 0 ? errno : ECONNABORTED,
					  "the connection ended, %u of %u streams done",
					  conn->num_done, conn->num_streams);
			conn->ended = true;
			break;
		}
		if (flags & MSG_QUIC_NOTIFICATION)
			continue;
		any = true;
		moved(conn);
		stream_receive(conn, stream_find(conn, sid), buf, (size_t)n, flags & MSG_QUIC_STREAM_FIN);
	}
	return any;
}

/* ---- connections ---- */

static struct conn *conn_add(int fd)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
	struct conn *conn = calloc(1, sizeof(*conn));
	unsigned int i;

	if (!conn || num_conns == CONNS_MAX)
		die(ENOMEM, "connection %u", num_conns);
	conn->streams = calloc(opts.server ? STREAMS_MAX : opts.streams, sizeof(*conn->streams));
	if (!conn->streams)
		die(ENOMEM, "streams");
	for (i = 0; !opts.server && i < opts.streams; i++)
		conn->streams[i].sid = i * 4;
	conn->fd = fd;
	conn->progress_ms = now_ms();
	conn->told_ms = conn->progress_ms;
	ev.data.ptr = conn;
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev))
		die(errno, "epoll_ctl");
	conns[num_conns++] = conn;
	return conn;
}

static int conn_socket(const struct addrinfo *ai)
{
	struct quic_transport_param param = {
		.disable_1rtt_encryption = opts.no_encrypt,
		.max_idle_timeout = opts.idle_ms * 1000,
		.stateless_reset = opts.server,
	};
	int one = 1, fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_QUIC);

	if (fd < 0)
		die(errno, "socket");
	if (setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, &param, sizeof(param)))
		die(errno, "transport parameters");
	if (opts.keepalive && (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)) ||
			       setsockopt(fd, SOL_TCP, TCP_KEEPIDLE, &one, sizeof(one))))
		die(errno, "keepalive");
	return fd;
}

static void conn_close(struct conn *conn)
{
	close(conn->fd);
	conn->fd = -1;
	conn->ended = true;
	conns_done++;
}

static void conn_work(struct conn *conn, bool quiet)
{
	struct pollfd pfd = { .fd = conn->fd, .events = POLLIN | POLLOUT };
	bool any, ready;	/* by poll(): less room than it tells of is no reason for a wakeup */

	if (conn->fd < 0)
		return;
	ready = quiet && now_ms() - conn->told_ms >= QUIET_MS && poll(&pfd, 1, 0) == 1;
	any = conn_pull(conn);
	any |= conn_push(conn);
	missed_wakeups += any && ready;	/* nobody said so, and yet there was something to do */
	if (opts.hold && !conn->said && conn_finished(conn)) {
		conn->said = true;
		if (++num_held == opts.conns)
			puts("holding");
		fflush(stdout);
	}
	if (conn->ended || (!opts.server && !opts.hold && conn_finished(conn)))
		conn_close(conn);
	else if (!conn_finished(conn) && now_ms() - conn->progress_ms > opts.timeout_s * 1000LL)
		die(ETIMEDOUT, "nothing moved for %u s: %u of %u streams done", opts.timeout_s,
		    conn->num_done, conn->num_streams);
}

static void *server_handshake(void *arg)
{
	struct quic_handshake_parms parms = {
		.size = sizeof(parms),
		.timeout_ms = opts.handshake_ms,
		.alpns = opts.alpn,
		.cert_file = opts.cert,
		.key_file = opts.key,
		.psk_file = opts.psk,
		.flags = opts.cert || opts.psk ? 0 : QUIC_HANDSHAKE_F_THROWAWAY,
	};
	int *job = arg, ret;

	ret = quic_server_handshake_parms(job[0], &parms);
	if (ret) {
		fprintf(stderr, "quic_xfer server: handshake: %s (%s)\n", strerror(-ret),
			strerrorname_np(-ret));
		close(job[0]);
		job[0] = -1;
	}
	if (write(job[1], &job[0], sizeof(int)) != sizeof(int))
		die(errno, "pipe");
	free(job);
	return NULL;
}

static void server_accept(int listener, int to)
{
	pthread_attr_t attr;
	pthread_t thread;
	int *job, fd;

	for (;;) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) {
			if (errno == EAGAIN)
				return;
			die(errno, "accept");
		}
		job = malloc(2 * sizeof(*job));
		if (!job)
			die(ENOMEM, "accept");
		job[0] = fd;
		job[1] = to;
		pthread_attr_init(&attr);
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		pthread_attr_setstacksize(&attr, 512 << 10);
		if (pthread_create(&thread, &attr, server_handshake, job))
			die(EAGAIN, "thread");
		pthread_attr_destroy(&attr);
	}
}

static struct addrinfo *resolve(void)
{
	struct addrinfo hints = {
		.ai_family = opts.family,
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = (opts.server ? AI_PASSIVE : 0) | AI_NUMERICSERV,
	};
	struct addrinfo *ai;
	int ret;

	if (!opts.host && !opts.family)
		hints.ai_family = AF_INET6;
	ret = getaddrinfo(opts.host, opts.port, &hints, &ai);
	if (ret)
		die(0, "%s port %s: %s", opts.host ? opts.host : "*", opts.port, gai_strerror(ret));
	return ai;
}

static void say_result(void)
{
	printf("conns=%u tx_bytes=%" PRIu64 " rx_bytes=%" PRIu64 " tx_hash=%016" PRIx64
	       " rx_hash=%016" PRIx64 " max_stall_ms=%" PRId64 " missed_wakeups=%u ms=%" PRId64 "\n",
	       conns_done, total_tx, total_rx, hash_tx, hash_rx, max_stall_ms, missed_wakeups,
	       last_ms - first_ms);
	fflush(stdout);
}

/* Work on what epoll names, and every tick on everything. */
static void run_once(int listener, const int *pipefd, int64_t *tick_ms)
{
	struct epoll_event ev[64];
	unsigned int i;
	int n, j, fd;

	n = epoll_wait(epfd, ev, 64, TICK_MS);
	if (n < 0 && errno != EINTR)
		die(errno, "epoll_wait");
	for (j = 0; j < n; j++) {
		struct conn *conn = ev[j].data.ptr;

		if (!conn) {
			server_accept(listener, pipefd[1]);
		} else if ((void *)conn == (void *)pipefd) {
			while (read(pipefd[0], &fd, sizeof(fd)) == sizeof(fd))
				if (fd >= 0)
					conn_work(conn_add(fd), false);
		} else {
			conn->told_ms = now_ms();
			conn_work(conn, false);
		}
	}
	if (now_ms() - *tick_ms < TICK_MS)
		return;
	*tick_ms = now_ms();
	for (i = 0; i < num_conns; i++)
		conn_work(conns[i], n == 0);
}

static int run_server(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	struct addrinfo *ai = resolve();
	int listener = conn_socket(ai), pipefd[2];
	int64_t tick_ms = 0;

	if (bind(listener, ai->ai_addr, ai->ai_addrlen))
		die(errno, "bind");
	freeaddrinfo(ai);
	if (setsockopt(listener, SOL_QUIC, QUIC_SOCKOPT_ALPN, opts.alpn, (socklen_t)strlen(opts.alpn)))
		die(errno, "alpn");
	if (listen(listener, 256))
		die(errno, "listen");
	if (fcntl(listener, F_SETFL, O_NONBLOCK) || pipe2(pipefd, O_CLOEXEC))
		die(errno, "pipe");
	fcntl(pipefd[0], F_SETFL, O_NONBLOCK);
	epoll_ctl(epfd, EPOLL_CTL_ADD, listener, &ev);
	ev.data.ptr = pipefd;
	epoll_ctl(epfd, EPOLL_CTL_ADD, pipefd[0], &ev);
	printf("listening\n");
	fflush(stdout);
	while (!opts.conns || conns_done < opts.conns)
		run_once(listener, pipefd, &tick_ms);
	say_result();
	return 0;
}

static void client_open(const struct addrinfo *ai)
{
	struct quic_handshake_parms parms = {
		.size = sizeof(parms),
		.timeout_ms = opts.handshake_ms,
		.alpns = opts.alpn,
		.hostname = opts.name,
		.ca_file = opts.ca,
		.psk_file = opts.psk,
		.flags = opts.insecure ? QUIC_HANDSHAKE_F_INSECURE : 0,
	};
	struct conn *conn;
	unsigned int i;
	int fd, ret;

	fd = conn_socket(ai);
	if (connect(fd, ai->ai_addr, ai->ai_addrlen))
		die(errno, "connect");
	ret = quic_client_handshake_parms(fd, &parms);
	if (ret)
		die(-ret, "handshake");
	conn = conn_add(fd);
	for (i = 0; i < opts.streams; i++) {
		struct stream *s = &conn->streams[i];

		s->header.magic = HEADER_MAGIC;
		s->header.seed = opts.seed * 0x9e3779b97f4a7c15ULL + num_conns * 65536 + i;
		s->header.bytes = opts.bytes;
		s->header.back_bytes = opts.both ? opts.bytes : 0;
		stream_begin(s);
	}
	conn->num_streams = opts.streams;
}

static int run_client(void)
{
	struct addrinfo *ai = resolve();
	int64_t tick_ms = 0;
	unsigned int i;

	for (i = 0; i < opts.conns; i++)
		client_open(ai);
	freeaddrinfo(ai);
	for (i = 0; i < num_conns; i++)
		conns[i]->progress_ms = now_ms();
	while (conns_done < opts.conns)
		run_once(-1, NULL, &tick_ms);
	say_result();
	return 0;
}

/* A certificate and its key, as DIR/cert.pem and DIR/key.pem */
static int run_cert(const char *dir)
{
	static const char * const names[] = { "cert.pem", "key.pem" };
	gnutls_datum_t pem[2];
	char path[4096];
	int i, ret;
	FILE *file;

	ret = quic_make_throwaway_cert(0, &pem[0], &pem[1]);
	if (ret)
		die(-ret, "certificate");
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		file = fopen(path, "we");
		if (!file || fwrite(pem[i].data, 1, pem[i].size, file) != pem[i].size || fclose(file))
			die(errno, "%s", path);
		gnutls_free(pem[i].data);
	}
	return 0;
}

static void usage(void)
{
	fputs("usage: quic_xfer server [OPTIONS]\n"
	      "       quic_xfer client [OPTIONS] HOST\n"
	      "       quic_xfer cert DIR\n"
	      "  -4 -6                    address family (default: both, or what HOST is)\n"
	      "  --port N                 default 4433\n"
	      "  --bytes N                per stream and direction\n"
	      "  --streams N --conns N    a server ends after as many connections; 0: never\n"
	      "  --both                   the server sends as much back at the same time\n"
	      "  --hold                   say so when done, and stay until the connection ends\n"
	      "  --seed N --no-encrypt --alpn NAME\n"
	      "  --cert F --key F         server; default: a throwaway certificate\n"
	      "  --ca F --name N | --insecure    client\n"
	      "  --psk F                  pre-shared key instead\n"
	      "  --timeout S              give up when nothing moves for so long\n"
	      "  --handshake-ms N --idle-ms N --rekey N (bytes before each key update)\n"
	      "  --keepalive              after a second of silence\n"
	      "What fails is said on standard error, with the name of its errno.\n", stderr);
	exit(2);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 0);

	if (end == text)
		usage();
	switch (*end) {
	case 'G':
		return n << 30;
	case 'M':
		return n << 20;
	case 'K':
		return n << 10;
	case '\0':
		return n;
	}
	usage();
	return 0;
}

enum {
	OPT_PORT = 256, OPT_BYTES, OPT_STREAMS, OPT_CONNS, OPT_BOTH, OPT_SEED, OPT_NO_ENCRYPT,
	OPT_ALPN, OPT_CERT, OPT_KEY, OPT_CA, OPT_NAME, OPT_INSECURE, OPT_PSK, OPT_TIMEOUT,
	OPT_HANDSHAKE_MS, OPT_IDLE_MS, OPT_REKEY, OPT_HOLD, OPT_KEEPALIVE,
};

static const struct option long_options[] = {
	{ "port", 1, NULL, OPT_PORT }, { "bytes", 1, NULL, OPT_BYTES },
	{ "streams", 1, NULL, OPT_STREAMS }, { "conns", 1, NULL, OPT_CONNS },
	{ "both", 0, NULL, OPT_BOTH }, { "seed", 1, NULL, OPT_SEED },
	{ "no-encrypt", 0, NULL, OPT_NO_ENCRYPT }, { "alpn", 1, NULL, OPT_ALPN },
	{ "cert", 1, NULL, OPT_CERT }, { "key", 1, NULL, OPT_KEY }, { "ca", 1, NULL, OPT_CA },
	{ "name", 1, NULL, OPT_NAME }, { "insecure", 0, NULL, OPT_INSECURE },
	{ "psk", 1, NULL, OPT_PSK }, { "timeout", 1, NULL, OPT_TIMEOUT },
	{ "handshake-ms", 1, NULL, OPT_HANDSHAKE_MS }, { "idle-ms", 1, NULL, OPT_IDLE_MS },
	{ "rekey", 1, NULL, OPT_REKEY }, { "hold", 0, NULL, OPT_HOLD },
	{ "keepalive", 0, NULL, OPT_KEEPALIVE }, {}
};

static void set_number(int opt, uint64_t n)
{
	switch (opt) {
	case OPT_BYTES: opts.bytes = n; break;
	case OPT_STREAMS: opts.streams = (unsigned int)n; break;
	case OPT_CONNS: opts.conns = (unsigned int)n; break;
	case OPT_SEED: opts.seed = n; break;
	case OPT_TIMEOUT: opts.timeout_s = (unsigned int)n; break;
	case OPT_HANDSHAKE_MS: opts.handshake_ms = (unsigned int)n; break;
	case OPT_IDLE_MS: opts.idle_ms = (unsigned int)n; break;
	case OPT_REKEY: opts.rekey = n; break;
	default: usage();
	}
}

static void set_option(int opt, const char *arg)
{
	switch (opt) {
	case '4': opts.family = AF_INET; break;
	case '6': opts.family = AF_INET6; break;
	case OPT_PORT: opts.port = arg; break;
	case OPT_BOTH: opts.both = true; break;
	case OPT_HOLD: opts.hold = true; break;
	case OPT_KEEPALIVE: opts.keepalive = true; break;
	case OPT_NO_ENCRYPT: opts.no_encrypt = true; break;
	case OPT_INSECURE: opts.insecure = true; break;
	case OPT_ALPN: opts.alpn = arg; break;
	case OPT_CERT: opts.cert = arg; break;
	case OPT_KEY: opts.key = arg; break;
	case OPT_CA: opts.ca = arg; break;
	case OPT_NAME: opts.name = arg; break;
	case OPT_PSK: opts.psk = arg; break;
	case '?': usage(); break;
	default: set_number(opt, number(arg));
	}
}

int main(int argc, char **argv)
{
	int opt;

	if (argc < 2)
		usage();
	if (!strcmp(argv[1], "cert") && argc == 3)
		return run_cert(argv[2]);
	opts.server = !strcmp(argv[1], "server");
	if (!opts.server && strcmp(argv[1], "client"))
		usage();
	argv++;
	argc--;
	while ((opt = getopt_long(argc, argv, "46", long_options, NULL)) != -1)
		set_option(opt, optarg);
	opts.host = argv[optind];
	if (argc - optind > 1 || (!opts.server && !opts.host) || !opts.streams ||
	    opts.streams > STREAMS_MAX || opts.conns > CONNS_MAX)
		usage();
	signal(SIGPIPE, SIG_IGN);
	epfd = epoll_create1(EPOLL_CLOEXEC);
	if (epfd < 0)
		die(errno, "epoll");
	return opts.server ? run_server() : run_client();
}

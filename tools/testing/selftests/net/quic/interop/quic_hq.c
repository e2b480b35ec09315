// SPDX-License-Identifier: GPL-2.0
/*
 * Client and server for protocols in which each bidirectional stream carries one request and its
 * answer: hq-interop (HTTP/0.9, `GET /path`) and, with `-a doq`, DNS over QUIC (RFC 9250) with one
 * fixed answer.  All requests of a client are under way at once, as far as the peer lets it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"

#define REQUEST_BYTES	1024
#define CHUNK_BYTES	(64 << 10)
#define DNS_ANSWER	"192.0.2.53"

struct stream {
	bool open, tx_fin, rx_fin;
	int file;			/* server: being sent; client: being written */
	unsigned int rx_len;		/* bytes of the request, or of a DNS message, in text */
	unsigned int tx_off, tx_len;	/* sent; of text, if that is what is sent */
	char text[REQUEST_BYTES];
};

struct exchange {
	int fd;
	struct stream *streams;		/* that of ID n is at n / 4 */
	unsigned int num, first;	/* before first all have been sent */
	unsigned int unanswered;
	struct peer_count count;
};

static struct exchange exchange;	/* a process has one connection */

static bool is_dns(void)
{
	return !strcmp(opts.alpn, "doq");
}

/* ---- DNS: a message after its length, RFC 9250 section 4.2; ID 0 */

static unsigned int dns_query(char *out, const char *name)
{
	char *p = out + 14, *len = p++;
	unsigned int n;

	memcpy(out + 2, "\0\0\1\0\0\1\0\0\0\0\0\0", 12);	/* RD, one question */
	for (; *name; name++) {
		if (*name == '.') {
			*len = p - len - 1;
			len = p++;
		} else {
			*p++ = *name;
		}
	}
	*len = p - len - 1;
	if (*len)
		*p++ = '\0';
	memcpy(p, "\0\1\0\1", 4);	/* A, IN */
	n = p + 4 - out;
	out[0] = (n - 2) >> 8;
	out[1] = n - 2;
	return n;
}

/* The end of the one question of a message, 0 if there is none */
static unsigned int dns_question_end(const unsigned char *msg, unsigned int len)
{
	unsigned int off = 14;

	while (off < len && msg[off])
		off += msg[off] + 1;
	return off + 5 <= len ? off + 5 : 0;
}

/* The query's header and question again, and the answer; what else it had is left out */
static unsigned int dns_answer(char *out, const char *query, unsigned int len)
{
	unsigned int n = dns_question_end((const unsigned char *)query, len);

	if (!n)
		die("no DNS query");
	memcpy(out, query, n);
	out[4] = 0x84 | (query[4] & 1);		/* answer, authoritative */
	memcpy(out + 5, "\0\0\1\0\1\0\0\0\0", 9);
	memcpy(out + n, "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4", 12);
	inet_pton(AF_INET, DNS_ANSWER, out + n + 12);
	n += 16;
	out[0] = (n - 2) >> 8;
	out[1] = n - 2;
	return n;
}

static void dns_show(const unsigned char *msg, unsigned int len)
{
	unsigned int n = dns_question_end(msg, len);
	char text[INET_ADDRSTRLEN];

	if (!n || n + 16 > len || !(msg[4] & 0x80) || msg[5] & 0xf || !msg[9])
		die("no answer in %u bytes", len);
	printf("answer=%s\n", inet_ntop(AF_INET, msg + n + 12, text, sizeof(text)));
}

/* ---- streams */

static struct stream *stream_at(struct exchange *x, int64_t sid)
{
	unsigned int i = sid / 4;

	if (sid < 0 || sid & 3)
		die("stream %lld", (long long)sid);
	if (i >= x->num) {
		x->streams = realloc(x->streams, (i + 1) * sizeof(*x->streams));
		memset(x->streams + x->num, 0, (i + 1 - x->num) * sizeof(*x->streams));
		x->num = i + 1;
	}
	return &x->streams[i];
}

/* The client's next request, when the peer allows a stream for it */
static bool ask(struct exchange *x)
{
	struct quic_stream_info info = { .stream_id = -1, .stream_flags = MSG_QUIC_STREAM_DONTWAIT };
	const char *what = opts.paths[1 + x->num];
	socklen_t len = sizeof(info);
	struct stream *s;

	if (getsockopt(x->fd, SOL_QUIC, QUIC_SOCKOPT_STREAM_OPEN, &info, &len)) {
		/* not connected: no 0-RTT, so this has to wait for the handshake */
		if (errno != EAGAIN && errno != ENOSPC && errno != ENOTCONN)
			die("opening a stream: %s", strerror(errno));
		return false;
	}
	s = stream_at(x, info.stream_id);
	s->open = true;
	if (is_dns()) {
		s->tx_len = dns_query(s->text, what);
		s->file = -1;
	} else {
		s->tx_len = snprintf(s->text, sizeof(s->text), "GET %s\r\n", what);
		s->file = peer_open_file(what, true);
	}
	return true;
}

/* The server has enough of a request to answer it */
static void answer(struct exchange *x, struct stream *s, bool fin)
{
	char path[REQUEST_BYTES];

	s->text[s->rx_len] = '\0';
	if (is_dns() ? !fin : !strchr(s->text, '\n') && !fin)
		return;
	s->open = true;
	s->file = -1;
	if (is_dns()) {
		char query[REQUEST_BYTES];

		memcpy(query, s->text, s->rx_len);
		s->tx_len = dns_answer(s->text, query, s->rx_len);
	} else if (sscanf(s->text, "GET %1000s", path) == 1) {
		s->file = peer_open_file(path, false);
		if (s->file < 0)
			fprintf(stderr, "no file %s\n", path);
	} else {
		fprintf(stderr, "no request: %s\n", s->text);
	}
	x->count.files++;
}

/* False when the stream is complete, or nothing more can be sent on it now */
static bool send_some(struct exchange *x, struct stream *s)
{
	static char chunk[CHUNK_BYTES];
	int64_t sid = (s - x->streams) * 4;
	char *from = s->text + s->tx_off;
	size_t len = s->tx_len - s->tx_off;
	bool last = true;
	ssize_t n;

	if (opts.server && s->file >= 0) {
		n = pread(s->file, chunk, sizeof(chunk), s->tx_off);
		if (n < 0)
			die("read: %s", strerror(errno));
		from = chunk;
		len = n;
		last = len < sizeof(chunk);
	}
	n = quic_sendmsg(x->fd, from, len, sid, MSG_DONTWAIT | (last ? MSG_QUIC_STREAM_FIN : 0));
	if (n < 0) {
		s->tx_fin = errno == EPIPE;	/* the peer wants no more of it */
		if (errno != EAGAIN && errno != ENOSPC && errno != EPIPE)
			die("sending on stream %lld: %s", (long long)sid, strerror(errno));
		return false;
	}
	s->tx_off += n;
	if (opts.server)
		x->count.bytes += n;
	if (!last || n < (ssize_t)len)
		return true;
	s->tx_fin = true;
	if (opts.server && s->file >= 0)
		close(s->file);
	return false;
}

static bool send_all(struct exchange *x)
{
	bool more = false;
	unsigned int i;

	for (i = x->first; i < x->num; i++) {
		struct stream *s = &x->streams[i];

		if (s->open && !s->tx_fin && send_some(x, s))
			more = true;
		if (s->tx_fin && i == x->first)
			x->first++;
	}
	return more;
}

/* Bytes of an answer, or of a request */
static void take(struct exchange *x, struct stream *s, const char *buf, size_t len, bool fin)
{
	if (opts.server || is_dns()) {
		if (!opts.server && !s->rx_len)
			memset(s->text, 0, sizeof(s->text));
		if (s->open && opts.server)
			len = 0;	/* has its answer */
		if (s->rx_len + len >= sizeof(s->text))
			die("%zu bytes too many", s->rx_len + len);
		memcpy(s->text + s->rx_len, buf, len);
		s->rx_len += len;
	} else if (len && write(s->file, buf, len) != (ssize_t)len) {
		die("write: %s", strerror(errno));
	}
	if (opts.server) {
		if (!s->open)
			answer(x, s, fin);
		return;
	}
	x->count.bytes += len;
	if (!fin || s->rx_fin)
		return;
	s->rx_fin = true;
	x->count.files++;
	x->unanswered--;
	if (is_dns())
		dns_show((unsigned char *)s->text, s->rx_len);
	else
		close(s->file);
}

/* False when the peer has ended the connection */
static bool receive_all(struct exchange *x)
{
	static char buf[CHUNK_BYTES];
	uint32_t flags;
	int64_t sid;
	ssize_t n;

	for (;;) {
		flags = MSG_DONTWAIT;
		n = quic_recvmsg(x->fd, buf, sizeof(buf), &sid, &flags);
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n < 0 && opts.server && (errno == ENOTCONN || errno == ECONNRESET))
			return false;
		if (n < 0)
			die("receiving: %s, %u answers to come", strerror(errno), x->unanswered);
		if (!n && sid < 0)
			return false;
		take(x, stream_at(x, sid), buf, n, flags & MSG_QUIC_STREAM_FIN);
		if (!opts.server && !x->unanswered)
			return true;
	}
}

static void ask_all(struct exchange *x)
{
	while (!opts.server && x->num < (unsigned int)opts.num_paths - 1 && ask(x))
		;
}

/* Requests in 0-RTT: the same that would leave after the handshake, as many as fit */
static void run_early(int fd)
{
	exchange.fd = fd;
	ask_all(&exchange);
	send_all(&exchange);
}

static void run(int fd)
{
	struct exchange *x = &exchange;
	int ep = peer_epoll(fd);
	bool more;

	x->fd = fd;
	x->unanswered = opts.server ? 0 : opts.num_paths - 1;
	while (opts.server || x->unanswered) {
		ask_all(x);
		if (!receive_all(x))
			break;
		more = send_all(x);
		peer_change(fd, x->count.bytes);
		if (!more && (opts.server || x->unanswered))
			peer_wait(ep);
	}
	peer_report(fd, &x->count);
	if (!opts.server && x->unanswered)
		die("the peer closed, %u answers to come", x->unanswered);
	close(fd);
}

int main(int argc, char **argv)
{
	peer_options(argc, argv, "hq-interop");
	if (opts.server)
		peer_serve(run);
	run(peer_connect(run_early));
	return 0;
}

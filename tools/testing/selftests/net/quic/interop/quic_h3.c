// SPDX-License-Identifier: GPL-2.0
/*
 * HTTP/3 (RFC 9114) client and server for files, over libnghttp3: that library knows the frames
 * and QPACK, this file moves its bytes to and from the streams of a QUIC socket.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nghttp3/nghttp3.h>

#include "peer.h"

#define PATH_BYTES	1024
#define CHUNK_BYTES	(64 << 10)
#define MAX_VECS	16

struct stream {
	bool blocked, tx_fin, rx_fin, closed, ok;
	int file;			/* client: being written */
	char *path;
	unsigned char *body;		/* server: the mapped file */
	size_t body_len;
};

struct h3 {
	int fd;
	nghttp3_conn *conn;
	struct stream **streams;	/* by ID */
	int64_t num;
	unsigned int asked, answered;
	struct peer_count count;
};

static struct h3 h3;	/* a process has one connection */

static void must(int err, const char *what)
{
	if (err)
		die("%s: %s", what, nghttp3_strerror(err));
}

static struct stream *stream_at(struct h3 *h, int64_t sid)
{
	if (sid >= h->num) {
		h->streams = realloc(h->streams, (sid + 64) * sizeof(*h->streams));
		memset(h->streams + h->num, 0, (sid + 64 - h->num) * sizeof(*h->streams));
		h->num = sid + 64;
	}
	if (!h->streams[sid])
		h->streams[sid] = calloc(1, sizeof(**h->streams));
	return h->streams[sid];
}

/* A stream of ours; -1 if the peer allows no more now */
static int64_t open_stream(struct h3 *h, uint32_t flags)
{
	struct quic_stream_info info = { .stream_id = -1,
					 .stream_flags = MSG_QUIC_STREAM_DONTWAIT | flags };
	socklen_t len = sizeof(info);

	if (!getsockopt(h->fd, SOL_QUIC, QUIC_SOCKOPT_STREAM_OPEN, &info, &len))
		return info.stream_id;
	/* not connected: no 0-RTT, so this has to wait for the handshake */
	if (errno != EAGAIN && errno != ENOSPC && errno != ENOTCONN)
		die("opening a stream: %s", strerror(errno));
	return -1;
}

/* ---- what nghttp3 calls */

static int on_data(nghttp3_conn *conn, int64_t sid, const uint8_t *data, size_t len, void *user,
		   void *stream_user)
{
	struct stream *s = stream_at(user, sid);
	struct h3 *h = user;

	(void)conn;
	(void)stream_user;
	h->count.bytes += len;
	if (!opts.server && write(s->file, data, len) != (ssize_t)len)
		die("write: %s", strerror(errno));
	return 0;
}

static int on_header(nghttp3_conn *conn, int64_t sid, int32_t token, nghttp3_rcbuf *name,
		     nghttp3_rcbuf *value, uint8_t flags, void *user, void *stream_user)
{
	nghttp3_vec v = nghttp3_rcbuf_get_buf(value);
	struct stream *s = stream_at(user, sid);

	(void)conn;
	(void)name;
	(void)flags;
	(void)stream_user;
	if (token == NGHTTP3_QPACK_TOKEN__PATH)
		s->path = strndup((char *)v.base, v.len);
	if (token == NGHTTP3_QPACK_TOKEN__STATUS)
		s->ok = v.len == 3 && !memcmp(v.base, "200", 3);
	return 0;
}

static nghttp3_ssize read_body(nghttp3_conn *conn, int64_t sid, nghttp3_vec *vec, size_t veccnt,
			       uint32_t *flags, void *user, void *stream_user)
{
	struct stream *s = stream_at(user, sid);

	(void)conn;
	(void)veccnt;
	(void)stream_user;
	*flags |= NGHTTP3_DATA_FLAG_EOF;
	vec->base = s->body;
	vec->len = s->body_len;
	return s->body_len ? 1 : 0;
}

#define HEADER(n, v) { (uint8_t *)(n), (uint8_t *)(v), strlen(n), strlen(v), 0 }

/* The server has a whole request */
static void answer(struct h3 *h, int64_t sid, struct stream *s)
{
	nghttp3_data_reader reader = { read_body };
	int file = s->path ? peer_open_file(s->path, false) : -1;
	char length[24];
	struct stat st;

	if (file >= 0 && !fstat(file, &st) && st.st_size) {
		s->body = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, file, 0);
		if (s->body == MAP_FAILED)
			die("mmap: %s", strerror(errno));
		s->body_len = st.st_size;
	}
	snprintf(length, sizeof(length), "%zu", s->body_len);

	nghttp3_nv nv[] = { HEADER(":status", file < 0 ? "404" : "200"),
			    HEADER("server", "quic_h3"), HEADER("content-length", length) };

	if (file >= 0)
		close(file);
	must(nghttp3_conn_submit_response(h->conn, sid, nv, 3, &reader), "response");
	h->count.files++;
}

static int on_end(nghttp3_conn *conn, int64_t sid, void *user, void *stream_user)
{
	struct stream *s = stream_at(user, sid);
	struct h3 *h = user;

	(void)conn;
	(void)stream_user;
	if (opts.server) {
		answer(h, sid, s);
		return 0;
	}
	if (!s->ok)
		die("stream %lld: the status is not 200", (long long)sid);
	close(s->file);
	h->answered++;
	h->count.files++;
	return 0;
}

/* ---- between nghttp3 and the socket */

/* False when no stream can be opened yet */
static bool set_up(struct h3 *h)
{
	nghttp3_callbacks callbacks = { .recv_data = on_data, .recv_header = on_header,
					.end_stream = on_end };
	int64_t control, encoder, decoder;
	nghttp3_settings settings;

	control = open_stream(h, MSG_QUIC_STREAM_UNI);
	if (control < 0)
		return false;
	nghttp3_settings_default(&settings);
	/*
	 * A server takes no dynamic table: curl 8.14 sometimes never sends its encoder stream, and
	 * then a request that needs it.
	 */
	if (!opts.server) {
		settings.qpack_max_dtable_capacity = 4096;
		settings.qpack_blocked_streams = 100;
	}
	if (opts.server) {
		must(nghttp3_conn_server_new(&h->conn, &callbacks, &settings, NULL, h), "server");
		nghttp3_conn_set_max_client_streams_bidi(h->conn, 1 << 20);
	} else {
		must(nghttp3_conn_client_new(&h->conn, &callbacks, &settings, NULL, h), "client");
	}
	encoder = open_stream(h, MSG_QUIC_STREAM_UNI);
	decoder = open_stream(h, MSG_QUIC_STREAM_UNI);
	if (decoder < 0)
		die("the peer allows no three unidirectional streams");
	must(nghttp3_conn_bind_control_stream(h->conn, control), "control stream");
	must(nghttp3_conn_bind_qpack_streams(h->conn, encoder, decoder), "QPACK streams");
	return true;
}

/* The client's next request, when the peer allows a stream for it */
static bool ask(struct h3 *h)
{
	const char *path = opts.paths[1 + h->asked];
	nghttp3_nv nv[] = { HEADER(":method", "GET"), HEADER(":scheme", "https"),
			    HEADER(":authority", opts.name ? opts.name : "localhost"),
			    HEADER(":path", path), HEADER("user-agent", "quic_h3") };
	int64_t sid = open_stream(h, 0);

	if (sid < 0)
		return false;
	stream_at(h, sid)->file = peer_open_file(path, true);
	must(nghttp3_conn_submit_request(h->conn, sid, nv, 5, NULL, NULL), "request");
	h->asked++;
	return true;
}

/* Both directions are over: nghttp3 may forget the stream */
static void close_done(struct h3 *h, int64_t sid)
{
	struct stream *s = stream_at(h, sid);
	int err;

	if (!s->tx_fin || !s->rx_fin || s->closed)
		return;
	s->closed = true;
	err = nghttp3_conn_close_stream(h->conn, sid, NGHTTP3_H3_NO_ERROR);
	if (err != NGHTTP3_ERR_STREAM_NOT_FOUND)
		must(err, "closing a stream");
	if (s->body_len)
		munmap(s->body, s->body_len);
	free(s->path);
	s->path = NULL;
}

/* Send one stream's pieces; true if all of them were taken */
static bool send_vecs(struct h3 *h, int64_t sid, const nghttp3_vec *vec, int num, bool fin)
{
	size_t sent = 0, want = 0;
	bool blocked = false;
	ssize_t n = 0;
	int i = 0;

	do {
		size_t len = num ? vec[i].len : 0;
		uint32_t flags = MSG_DONTWAIT | (fin && i + 1 >= num ? MSG_QUIC_STREAM_FIN : 0);

		want += len;
		n = quic_sendmsg(h->fd, num ? vec[i].base : NULL, len, sid, flags);
		if (n < 0 && errno != EAGAIN && errno != ENOSPC)
			die("sending on stream %lld: %s", (long long)sid, strerror(errno));
		blocked = n < (ssize_t)len;
		sent += n > 0 ? n : 0;
	} while (!blocked && ++i < num);
	if (opts.server)
		h->count.bytes += sent;
	if (sent || !blocked) {
		must(nghttp3_conn_add_write_offset(h->conn, sid, sent), "write offset");
		must(nghttp3_conn_add_ack_offset(h->conn, sid, sent), "ack offset");
	}
	if (blocked) {
		stream_at(h, sid)->blocked = true;
		nghttp3_conn_block_stream(h->conn, sid);
		return false;
	}
	if (fin) {
		stream_at(h, sid)->tx_fin = true;
		close_done(h, sid);
	}
	return true;
}

static void send_all(struct h3 *h)
{
	nghttp3_vec vec[MAX_VECS];
	nghttp3_ssize num;
	int64_t sid;
	int fin;

	for (sid = 0; sid < h->num; sid++) {
		if (!h->streams[sid] || !h->streams[sid]->blocked)
			continue;
		h->streams[sid]->blocked = false;
		must(nghttp3_conn_unblock_stream(h->conn, sid), "unblock");
	}
	for (;;) {
		fin = 0;
		num = nghttp3_conn_writev_stream(h->conn, &sid, &fin, vec, MAX_VECS);
		if (num < 0)
			must(num, "writev_stream");
		if (sid < 0)
			return;
		send_vecs(h, sid, vec, num, fin);
	}
}

/* False when the peer has ended the connection */
static bool receive_all(struct h3 *h)
{
	static uint8_t buf[CHUNK_BYTES];
	nghttp3_ssize ret;
	uint32_t flags;
	int64_t sid;
	ssize_t n;

	for (;;) {
		flags = MSG_DONTWAIT;
		n = quic_recvmsg(h->fd, buf, sizeof(buf), &sid, &flags);
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n < 0 && opts.server && (errno == ENOTCONN || errno == ECONNRESET))
			return false;
		if (n < 0)
			die("receiving: %s, %u answers", strerror(errno), h->answered);
		if (!n && sid < 0)
			return false;
		ret = nghttp3_conn_read_stream(h->conn, sid, buf, n, !!(flags & MSG_QUIC_STREAM_FIN));
		if (ret < 0)
			must(ret, "read_stream");
		if (flags & MSG_QUIC_STREAM_FIN) {
			stream_at(h, sid)->rx_fin = true;
			close_done(h, sid);
		}
		if (!opts.server && h->answered == (unsigned int)opts.num_paths - 1)
			return true;
	}
}

/* The client's requests, as many as the peer allows now */
static void ask_all(struct h3 *h)
{
	while (!opts.server && h->asked < (unsigned int)opts.num_paths - 1 && ask(h))
		;
	send_all(h);
}

/* In 0-RTT: the same that would leave after the handshake */
static void run_early(int fd)
{
	h3.fd = fd;
	if (set_up(&h3))
		ask_all(&h3);
}

static void run(int fd)
{
	struct quic_connection_close no_error = { .errcode = NGHTTP3_H3_NO_ERROR };
	unsigned int wanted = opts.server ? 0 : opts.num_paths - 1;
	int ep = peer_epoll(fd);
	struct h3 *h = &h3;

	h->fd = fd;
	if (!h->conn && !set_up(h))
		die("the peer allows no unidirectional stream");
	for (;;) {
		ask_all(h);
		if (!receive_all(h))
			break;
		peer_change(fd, h->count.bytes);
		send_all(h);
		if (wanted && h->answered == wanted)
			break;
		peer_wait(ep);
	}
	peer_report(fd, &h->count);
	if (h->answered < wanted)
		die("the peer closed, %u answers of %u", h->answered, wanted);
	setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_CLOSE, &no_error, sizeof(no_error));
	close(fd);
}

int main(int argc, char **argv)
{
	peer_options(argc, argv, "h3");
	if (opts.server)
		peer_serve(run);
	run(peer_connect(run_early));
	return 0;
}

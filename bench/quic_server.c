// SPDX-License-Identifier: GPL-2.0
/*
 * The serving end of tquic_bench: one thread per connection does what the
 * client's request says. Failures end a connection, never the server.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quic.h"

#define READ_BYTES	(1 << 20)

struct conn {
	int fd;
	struct bench_request req;
	struct bench_result res;
	unsigned char *buf;
	uint64_t off[BENCH_STREAMS_MAX + 1];	/* bytes had, by stream ID / 4 */
	unsigned int ended;
};

static void complain(const char *what, int err)
{
	fprintf(stderr, "tquic_bench: server: %s: %s\n", what, strerror(abs(err)));
}

static void send_result(struct conn *conn)
{
	conn->res.magic = BENCH_MAGIC;
	if (quic_sendmsg(conn->fd, &conn->res, sizeof(conn->res), 0, MSG_NOSIGNAL) < 0)
		complain("sending the result", errno);
}

static void take(struct conn *conn, int64_t sid, size_t len, uint32_t flags)
{
	uint64_t slot = (uint64_t)sid / 4;

	if (sid < 4 || slot > conn->req.streams) {
		conn->res.wrong = 1;
		return;
	}
	if (len && !pattern_holds(conn->buf, len, (uint64_t)sid, conn->off[slot],
				  conn->req.verify))
		conn->res.wrong = 1;
	conn->off[slot] += len;
	conn->res.bytes += len;
	if (flags & MSG_QUIC_STREAM_FIN)
		conn->ended++;
	conn->res.last_s = now_s();
	if (!conn->res.first_s)
		conn->res.first_s = conn->res.last_s;
}

/* The request is on stream 0; where packets are lost, data of others may be here first. */
static bool read_request(struct conn *conn)
{
	struct bench_request req;
	size_t got = 0;
	uint32_t flags;
	int64_t sid;
	ssize_t n;

	conn->req.streams = BENCH_STREAMS_MAX;
	conn->req.verify = 1;
	while (got < sizeof(req)) {
		flags = 0;
		n = quic_recvmsg(conn->fd, conn->buf, sizeof(req) - got, &sid, &flags);
		if (n >= 0 && sid >= 4) {
			take(conn, sid, (size_t)n, flags);
			continue;
		}
		if (n <= 0 || sid) {
			complain("reading the request", n < 0 ? errno : EPROTO);
			return false;
		}
		memcpy((char *)&req + got, conn->buf, (size_t)n);
		got += (size_t)n;
	}
	if (req.magic != BENCH_MAGIC || req.streams > BENCH_STREAMS_MAX) {
		complain("the request", EINVAL);
		return false;
	}
	conn->req = req;
	return true;
}

static void serve_bulk(struct conn *conn)
{
	size_t size = conn->req.size ? conn->req.size : READ_BYTES;
	uint32_t flags;
	int64_t sid;
	ssize_t n;

	if (size > READ_BYTES)
		size = READ_BYTES;
	while (conn->ended < conn->req.streams) {
		flags = 0;
		n = quic_recvmsg(conn->fd, conn->buf, size, &sid, &flags);
		if (n < 0 || (!n && sid < 0)) {
			complain("reading data", n < 0 ? errno : ECONNRESET);
			return;
		}
		take(conn, sid, (size_t)n, flags);
	}
	send_result(conn);
}

static void serve_echo(struct conn *conn)
{
	uint32_t flags;
	int64_t sid;
	ssize_t n;

	for (;;) {
		flags = 0;
		n = quic_recvmsg(conn->fd, conn->buf, READ_BYTES, &sid, &flags);
		if (n <= 0)
			return;
		if (quic_sendmsg(conn->fd, conn->buf, (size_t)n, sid, MSG_NOSIGNAL) != n)
			return;
	}
}

/* The client closes when it has its result; until then data may be under way. */
static void wait_for_close(struct conn *conn)
{
	while (quic_recvmsg(conn->fd, conn->buf, READ_BYTES, NULL, NULL) > 0)
		;
	close(conn->fd);
}

static void *serve(void *arg)
{
	struct conn *conn = arg;
	int ret = conn_server_handshake(conn->fd);

	if (ret)
		complain("handshake", ret);
	if (ret || !read_request(conn)) {
		close(conn->fd);
		goto out;
	}
	switch (conn->req.mode) {
	case BENCH_BULK:
		serve_bulk(conn);
		break;
	case BENCH_ECHO:
		serve_echo(conn);
		break;
	case BENCH_HELLO:
		send_result(conn);
		break;
	case BENCH_IDLE:
		/*
		 * No thread and no buffer stays for it; the descriptor stays
		 * open until the server ends, as an idle one should.
		 */
		send_result(conn);
		goto out;
	}
	wait_for_close(conn);
out:
	free(conn->buf);
	free(conn);
	return NULL;
}

/**
 * server_run - serve connections until killed
 * @listener: from conn_listen()
 */
void server_run(int listener)
{
	pthread_attr_t attr;
	struct conn *conn;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 256 << 10);
	for (;;) {
		conn = calloc(1, sizeof(*conn));
		if (conn)
			conn->buf = malloc(READ_BYTES);
		if (!conn || !conn->buf)
			die_errno("malloc", ENOMEM);
		conn->fd = accept(listener, NULL, NULL);
		if (conn->fd < 0)
			die_errno("accept", errno);
		if (pthread_create(&thread, &attr, serve, conn))
			die("no thread");
	}
}

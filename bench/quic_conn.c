// SPDX-License-Identifier: GPL-2.0
/*
 * QUIC connections for tquic_bench: sockets with the options of the command
 * line, handshakes by libquic, and the messages on stream 0. It measures nothing.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "quic.h"

#define HELD_WINDOW		(64 << 20)	/* no credit stops what shall be in flight */
#define IDLE_TIMEOUT_US		4200000000U	/* the test ends a connection, no timer */

static int open_socket(const struct bench_addr *addr)
{
	struct quic_transport_param param = {
		.disable_1rtt_encryption = opts.no_encrypt,
		.max_udp_payload_size = (uint16_t)opts.mtu,
		.max_idle_timeout = IDLE_TIMEOUT_US,
	};
	int one = 1, fd;

	if (opts.held) {
		param.max_data = HELD_WINDOW;
		param.max_stream_data_bidi_remote = HELD_WINDOW;
	}
	fd = socket(addr->ss.ss_family, SOCK_STREAM, IPPROTO_QUIC);
	if (fd < 0)
		die_errno("no QUIC socket (is the module loaded?)", errno);
	if (setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, &param, sizeof(param)))
		die_errno("transport parameters", errno);
	if (opts.nodelay &&
	    setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_NODELAY, &one, sizeof(one)))
		die_errno("nodelay", errno);
	return fd;
}

/**
 * conn_listen - a listening socket
 * @addr: in: where; out: with the port that was chosen
 *
 * Return: descriptor; ends the program on failure.
 */
int conn_listen(struct bench_addr *addr)
{
	int fd = open_socket(addr);

	if (bind(fd, (struct sockaddr *)&addr->ss, addr->len))
		die_errno("bind", errno);
	if (setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, BENCH_ALPN, strlen(BENCH_ALPN)))
		die_errno("application protocol", errno);
	if (listen(fd, 1024))
		die_errno("listen", errno);
	addr->len = sizeof(addr->ss);
	if (getsockname(fd, (struct sockaddr *)&addr->ss, &addr->len))
		die_errno("getsockname", errno);
	return fd;
}

/**
 * conn_open - connect and do the handshake
 * @addr: server
 *
 * Return: descriptor; ends the program on failure.
 */
int conn_open(const struct bench_addr *addr)
{
	struct quic_handshake_parms parms = {
		.size = sizeof(parms),
		.alpns = BENCH_ALPN,
		.hostname = opts.name,
		.ca_file = opts.ca_file,
		.psk_file = opts.psk_file,
		.flags = opts.ca_file ? 0 : QUIC_HANDSHAKE_F_INSECURE,
	};
	int fd = open_socket(addr), ret;

	if (connect(fd, (const struct sockaddr *)&addr->ss, addr->len))
		die_errno("connect", errno);
	ret = quic_client_handshake_parms(fd, &parms);
	if (ret)
		die_errno("handshake", ret);
	return fd;
}

/**
 * conn_server_handshake - the handshake on an accepted socket
 * @fd: descriptor
 *
 * Return: 0 or negative errno.
 */
int conn_server_handshake(int fd)
{
	struct quic_handshake_parms parms = {
		.size = sizeof(parms),
		.alpns = BENCH_ALPN,
		.cert_file = opts.cert_file,
		.key_file = opts.key_file,
		.psk_file = opts.psk_file,
	};

	if (!opts.cert_file && !opts.psk_file)
		parms.flags = QUIC_HANDSHAKE_F_THROWAWAY;
	return quic_server_handshake_parms(fd, &parms);
}

/**
 * conn_open_stream - open the next bidirectional stream
 * @fd: descriptor
 *
 * Return: its ID; ends the program on failure.
 */
int64_t conn_open_stream(int fd)
{
	struct quic_stream_info info = { .stream_id = -1 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_STREAM_OPEN, &info, &len))
		die_errno("opening a stream", errno);
	return info.stream_id;
}

/**
 * conn_request - open stream 0 with the request
 * @fd: descriptor
 * @req: what the server shall do
 */
void conn_request(int fd, const struct bench_request *req)
{
	ssize_t n = quic_sendmsg(fd, req, sizeof(*req), -1, MSG_QUIC_STREAM_NEW);

	if (n != (ssize_t)sizeof(*req))
		die_errno("sending the request", n < 0 ? errno : EIO);
}

/**
 * conn_read_result - wait for the server's answer
 * @fd: descriptor
 * @res: out; ends the program when it does not come
 */
void conn_read_result(int fd, struct bench_result *res)
{
	char *to = (char *)res;
	size_t got = 0;
	int64_t sid;
	ssize_t n;

	while (got < sizeof(*res)) {
		n = quic_recvmsg(fd, to + got, sizeof(*res) - got, &sid, NULL);
		if (n < 0 || (!n && sid < 0))
			die_errno("waiting for the result", n < 0 ? errno : ECONNRESET);
		/* the server ends data streams with a bare FIN */
		if (!sid)
			got += (size_t)n;
	}
	if (res->magic != BENCH_MAGIC)
		die("the result is no result");
	if (res->wrong)
		die("the receiver found wrong content");
}

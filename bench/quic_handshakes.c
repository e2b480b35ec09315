// SPDX-License-Identifier: GPL-2.0
/*
 * Full handshakes, one after the other: QUIC with libquic, and TLS 1.3 over TCP
 * with GnuTLS, same certificate, ciphers and checks, so that the ratio says what
 * QUIC adds. Each ends with one message there and one back.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quic.h"

static const char *key_name(void)
{
	if (opts.psk_file)
		return "psk";
	if (!opts.throwaway)
		return "file";
	return opts.rsa ? "rsa2048" : "p256";
}

static void out_handshakes(const char *test, unsigned int n, double *times, double wall_s)
{
	qsort(times, n, sizeof(*times), compare_doubles);
	out_begin(test);
	out_count("handshakes", n);
	out_text("key", key_name());
	out_num("ms_each", wall_s * 1e3 / n);
	out_num("min_ms", times[0]);
	out_num("p50_ms", percentile(times, n, 50));
	out_num("p99_ms", percentile(times, n, 99));
	out_end();
}

static double *times_alloc(unsigned int n)
{
	double *times = calloc(n, sizeof(*times));

	if (!times)
		die_errno("malloc", ENOMEM);
	return times;
}

static void quic_once(const struct bench_addr *addr)
{
	struct bench_request req = { .magic = BENCH_MAGIC, .mode = BENCH_HELLO };
	struct bench_result res;
	int fd = conn_open(addr);

	conn_request(fd, &req);
	conn_read_result(fd, &res);
	close(fd);
}

/**
 * client_handshakes - QUIC
 * @addr: server
 */
void client_handshakes(const struct bench_addr *addr)
{
	double *times = times_alloc(opts.handshakes), start, begin;
	unsigned int i;

	quic_once(addr);
	begin = now_s();
	for (i = 0; i < opts.handshakes; i++) {
		start = now_s();
		quic_once(addr);
		times[i] = (now_s() - start) * 1e3;
	}
	out_handshakes("handshakes", opts.handshakes, times, now_s() - begin);
	free(times);
}

static gnutls_certificate_credentials_t tcp_creds(bool server)
{
	gnutls_certificate_credentials_t cred;
	int ret;

	if (!opts.cert_file)
		die("handshakes over TCP need certificates");
	ret = gnutls_certificate_allocate_credentials(&cred);
	if (!ret && server)
		ret = gnutls_certificate_set_x509_key_file(cred, opts.cert_file, opts.key_file,
							   GNUTLS_X509_FMT_PEM);
	else if (!ret && opts.ca_file)
		ret = gnutls_certificate_set_x509_trust_file(cred, opts.ca_file,
							     GNUTLS_X509_FMT_PEM);
	if (ret < 0)
		die("credentials: %s", gnutls_strerror(ret));
	return cred;
}

static gnutls_session_t tcp_session(int fd, unsigned int flags,
				    gnutls_certificate_credentials_t cred)
{
	static const gnutls_datum_t alpn = { (unsigned char *)BENCH_ALPN, sizeof(BENCH_ALPN) - 1 };
	gnutls_session_t session;
	int one = 1;

	/* or a delayed ACK would be measured */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (gnutls_init(&session, flags | GNUTLS_NO_TICKETS) ||
	    gnutls_priority_set_direct(session, QUIC_PRIORITY, NULL) ||
	    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, cred) ||
	    gnutls_alpn_set_protocols(session, &alpn, 1, GNUTLS_ALPN_MANDATORY))
		die("no TLS session");
	gnutls_transport_set_int(session, fd);
	return session;
}

static int tls_handshake(gnutls_session_t session)
{
	int ret;

	do {
		ret = gnutls_handshake(session);
	} while (ret < 0 && !gnutls_error_is_fatal(ret));
	return ret;
}

/**
 * tcp_listen - a listening TCP socket
 * @addr: in: where; out: with the port that was chosen
 *
 * Return: descriptor; ends the program on failure.
 */
int tcp_listen(struct bench_addr *addr)
{
	int fd = socket(addr->ss.ss_family, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr->ss, addr->len) || listen(fd, 64))
		die_errno("listen", errno);
	addr->len = sizeof(addr->ss);
	getsockname(fd, (struct sockaddr *)&addr->ss, &addr->len);
	return fd;
}

/**
 * tcp_server_run - TLS over TCP, one message each, until killed
 * @listener: from tcp_listen()
 */
void tcp_server_run(int listener)
{
	gnutls_certificate_credentials_t cred = tcp_creds(true);
	struct bench_result res = { .magic = BENCH_MAGIC };
	struct bench_request req;
	gnutls_session_t session;
	int fd, ret;

	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			die_errno("accept", errno);
		session = tcp_session(fd, GNUTLS_SERVER, cred);
		ret = tls_handshake(session);
		if (ret)
			fprintf(stderr, "tquic_bench: TCP server: %s\n", gnutls_strerror(ret));
		else if (gnutls_record_recv(session, &req, sizeof(req)) == sizeof(req))
			gnutls_record_send(session, &res, sizeof(res));
		gnutls_deinit(session);
		close(fd);
	}
}

static void tcp_once(const struct bench_addr *addr, gnutls_certificate_credentials_t cred)
{
	struct bench_request req = { .magic = BENCH_MAGIC, .mode = BENCH_HELLO };
	int fd = socket(addr->ss.ss_family, SOCK_STREAM, 0), ret;
	struct bench_result res;
	gnutls_session_t session;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&addr->ss, addr->len))
		die_errno("connect", errno);
	/* one key share, as libquic does it */
	session = tcp_session(fd, GNUTLS_CLIENT | GNUTLS_KEY_SHARE_TOP, cred);
	if (opts.ca_file) {
		gnutls_server_name_set(session, GNUTLS_NAME_DNS, opts.name, strlen(opts.name));
		gnutls_session_set_verify_cert(session, opts.name, 0);
	}
	ret = tls_handshake(session);
	if (ret)
		die("handshake over TCP: %s", gnutls_strerror(ret));
	if (gnutls_record_send(session, &req, sizeof(req)) != sizeof(req) ||
	    gnutls_record_recv(session, &res, sizeof(res)) != sizeof(res))
		die("no answer over TCP");
	gnutls_deinit(session);
	close(fd);
}

/**
 * tcp_client_handshakes - TLS over TCP, to compare with
 * @addr: server
 */
void tcp_client_handshakes(const struct bench_addr *addr)
{
	gnutls_certificate_credentials_t cred = tcp_creds(false);
	double *times = times_alloc(opts.tcp_handshakes), start, begin;
	unsigned int i;

	tcp_once(addr, cred);
	begin = now_s();
	for (i = 0; i < opts.tcp_handshakes; i++) {
		start = now_s();
		tcp_once(addr, cred);
		times[i] = (now_s() - start) * 1e3;
	}
	out_handshakes("tcp-handshakes", opts.tcp_handshakes, times, now_s() - begin);
	gnutls_certificate_free_credentials(cred);
	free(times);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Socket calls that carry no stream data: making, naming and connecting
 * sockets, options with their sizes, control messages, what a wrong call
 * answers, and what QUIC tells programs that ask as if it were TCP.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness.h"

static int get(int fd, int opt, void *val, socklen_t len)
{
	return getsockopt(fd, SOL_QUIC, opt, val, &len);
}

static int set(int fd, int opt, const void *val, socklen_t len)
{
	return setsockopt(fd, SOL_QUIC, opt, val, len);
}

/* ---- making and naming ---- */

static void t_socket(void)
{
	int families[] = { AF_INET, AF_INET6 }, types[] = { SOCK_STREAM, SOCK_DGRAM };
	int i, j, fd, val;
	socklen_t len;

	for (i = 0; i < 2; i++) {
		for (j = 0; j < 2; j++) {
			fd = socket(families[i], types[j], IPPROTO_QUIC);
			REQUIRE(fd >= 0);
			len = sizeof(val);
			EXPECT_OK(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &val, &len));
			EXPECT_EQ(val, 261);
			EXPECT_OK(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &val, &len));
			EXPECT_EQ(val, families[i]);
			EXPECT_OK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &val, &len));
			EXPECT_EQ(val, types[j]);
			EXPECT_OK(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &val, &len));
			EXPECT_EQ(val, 0);
			close(fd);
		}
	}
	fd = socket(AF_INET, SOCK_SEQPACKET, IPPROTO_QUIC);
	EXPECT_EQ(fd, -1);
	EXPECT(errno == ESOCKTNOSUPPORT || errno == EPROTONOSUPPORT);
}

static void t_socketpair(void)
{
	int sv[2];

	EXPECT_ERR(socketpair(AF_INET, SOCK_STREAM, IPPROTO_QUIC, sv), EOPNOTSUPP);
}

static void t_bind_errors(void)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = open_socket(AF_INET), fd6 = open_socket(AF_INET6);

	EXPECT_ERR(bind(fd, (struct sockaddr *)&v4, 1), EINVAL);
	EXPECT_ERR(bind(fd, (struct sockaddr *)&v4, sizeof(v4) - 1), EINVAL);
	EXPECT_ERR(bind(fd, (struct sockaddr *)&v6, sizeof(v6)), EAFNOSUPPORT);
	EXPECT_ERR(bind(fd6, (struct sockaddr *)&v6, 20), EINVAL);
	v4.sin_addr.s_addr = inet_addr("198.51.100.77");
	EXPECT_ERR(bind(fd, (struct sockaddr *)&v4, sizeof(v4)), EADDRNOTAVAIL);
	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	EXPECT_OK(bind(fd, (struct sockaddr *)&v4, sizeof(v4)));
	EXPECT_ERR(bind(fd, (struct sockaddr *)&v4, sizeof(v4)), EINVAL);
	EXPECT_OK(bind(fd6, (struct sockaddr *)&v6, sizeof(v6)));
}

static void t_bind_in_use(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_storage busy;
	int udp, fd, other, lfd, ret;
	socklen_t len = sizeof(addr);

	udp = socket(AF_INET, SOCK_DGRAM, 0);
	REQUIRE(udp >= 0 && !bind(udp, (struct sockaddr *)&addr, len));
	REQUIRE(!getsockname(udp, (struct sockaddr *)&addr, &len));
	fd = open_socket(AF_INET);
	EXPECT_ERR(bind(fd, (struct sockaddr *)&addr, len), EADDRINUSE);

	/* and two listeners of one protocol, in bind() or in listen() */
	lfd = open_listener(NULL, &busy, &len);
	other = open_socket(AF_INET);
	REQUIRE(!setsockopt(other, SOL_QUIC, QUIC_SOCKOPT_ALPN, TEST_ALPN, strlen(TEST_ALPN)));
	ret = bind(other, (struct sockaddr *)&busy, len);
	if (!ret)
		ret = listen(other, 1);
	EXPECT(ret == -1 && errno == EADDRINUSE);
	close(lfd);

	/* when the first is gone the port is free again */
	close(other);
	other = open_socket(AF_INET);
	EXPECT_OK(bind(other, (struct sockaddr *)&busy, len));
	EXPECT_OK(listen(other, 1));
}

static void t_names(void)
{
	struct sockaddr_in6 got = {}, *v6 = &got;
	struct pair_opts opts = { .mapped = true };
	struct sockaddr_storage name;
	struct sockaddr_in *v4;
	socklen_t len;
	struct pair p;

	pair_open(&p, NULL);
	len = sizeof(name);
	EXPECT_OK(getpeername(p.c, (struct sockaddr *)&name, &len));
	EXPECT_EQ(len, sizeof(*v4));
	EXPECT(!memcmp(&name, &p.addr, len));
	len = sizeof(name);
	EXPECT_OK(getsockname(p.c, (struct sockaddr *)&name, &len));
	v4 = (struct sockaddr_in *)&name;
	EXPECT_EQ(ntohl(v4->sin_addr.s_addr), INADDR_LOOPBACK);
	EXPECT(v4->sin_port);
	len = sizeof(p.addr);
	EXPECT_OK(getpeername(p.s, (struct sockaddr *)&p.addr, &len));
	EXPECT(!memcmp(&name, &p.addr, len));
	len = 4;		/* shorter: cut, and told how long it is */
	EXPECT_OK(getsockname(p.c, (struct sockaddr *)&name, &len));
	EXPECT_EQ(len, sizeof(*v4));
	pair_close(&p);

	pair_open(&p, &opts);
	len = sizeof(got);
	EXPECT_OK(getpeername(p.c, (struct sockaddr *)v6, &len));
	EXPECT_EQ(len, sizeof(got));
	EXPECT(IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr));
	len = sizeof(got);
	EXPECT_OK(getpeername(p.s, (struct sockaddr *)v6, &len));
	EXPECT(IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr));
	pair_close(&p);
}

/* An AF_INET6 listener on all addresses takes IPv4 clients, unless it is told not to. */
static void t_mapped_listener(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, l, c, other;
	socklen_t len = sizeof(any);

	l = open_socket(AF_INET6);
	REQUIRE(!bind(l, (struct sockaddr *)&any, sizeof(any)));
	REQUIRE(!getsockname(l, (struct sockaddr *)&any, &len));
	REQUIRE(!set(l, QUIC_SOCKOPT_ALPN, TEST_ALPN, 4));
	REQUIRE(!listen(l, 4));
	to.sin_port = any.sin6_port;
	c = open_socket(AF_INET);
	EXPECT_OK(connect(c, (struct sockaddr *)&to, sizeof(to)));
	if (!fork()) {
		handshake_client(c);
		_exit(0);
	}
	EXPECT(poll_for(l, POLLIN, 10000) & POLLIN);
	close(l);

	any.sin6_port = 0;
	l = open_socket(AF_INET6);
	REQUIRE(!setsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
	REQUIRE(!bind(l, (struct sockaddr *)&any, sizeof(any)));
	len = sizeof(any);
	REQUIRE(!getsockname(l, (struct sockaddr *)&any, &len));
	other = open_socket(AF_INET);	/* the port is free for IPv4 */
	to.sin_port = any.sin6_port;
	EXPECT_OK(bind(other, (struct sockaddr *)&to, sizeof(to)));
}

/* ---- calls in the wrong state ---- */

static void t_connect_errors(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_storage addr;
	int fd = open_socket(AF_INET), lfd;
	socklen_t len;

	EXPECT_ERR(connect(fd, (struct sockaddr *)&to, sizeof(to)), EINVAL);	/* port 0 */
	to.sin_port = htons(9);
	EXPECT_ERR(connect(fd, (struct sockaddr *)&to, 7), EINVAL);
	EXPECT_ERR(connect(fd, (struct sockaddr *)&v6, sizeof(v6)), EAFNOSUPPORT);
	to.sin_addr.s_addr = inet_addr("203.0.113.9");
	EXPECT_ERR(connect(fd, (struct sockaddr *)&to, sizeof(to)), ENETUNREACH);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	EXPECT_OK(connect(fd, (struct sockaddr *)&to, sizeof(to)));
	EXPECT_ERR(connect(fd, (struct sockaddr *)&to, sizeof(to)), EISCONN);
	EXPECT_ERR(listen(fd, 1), EINVAL);
	EXPECT_ERR(accept(fd, NULL, NULL), EINVAL);
	lfd = open_listener(NULL, &addr, &len);
	EXPECT_ERR(connect(lfd, (struct sockaddr *)&to, sizeof(to)), EISCONN);
}

static void t_unconnected(void)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	int fd = open_socket(AF_INET);
	char byte = 0;

	EXPECT_ERR(send(fd, &byte, 1, MSG_NOSIGNAL), ENOTCONN);
	EXPECT_ERR(recv(fd, &byte, 1, 0), ENOTCONN);
	EXPECT_ERR(getpeername(fd, (struct sockaddr *)&name, &len), ENOTCONN);
	EXPECT_ERR(shutdown(fd, SHUT_WR), ENOTCONN);
	EXPECT_ERR(shutdown(fd, 7), EINVAL);
	EXPECT_ERR(accept(fd, NULL, NULL), EINVAL);
	EXPECT_OK(getsockname(fd, (struct sockaddr *)&name, &len));
	EXPECT_EQ(name.ss_family, AF_INET);
	EXPECT_EQ(((struct sockaddr_in *)&name)->sin_port, 0);
}

static void t_listener(void)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(int);
	int fd, val = 0;
	char byte = 0;

	fd = open_listener(NULL, &addr, &len);
	EXPECT_OK(listen(fd, 3));		/* again: a new backlog */
	len = sizeof(val);
	EXPECT_OK(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &val, &len));
	EXPECT_EQ(val, 1);
	EXPECT_ERR(send(fd, &byte, 1, MSG_NOSIGNAL), ENOTCONN);
	EXPECT_ERR(recv(fd, &byte, 1, 0), ENOTCONN);
	EXPECT_ERR(ioctl(fd, SIOCINQ, &val), EINVAL);
	EXPECT_OK(fcntl(fd, F_SETFL, O_NONBLOCK));
	EXPECT_ERR(accept(fd, NULL, NULL), EAGAIN);
	EXPECT_EQ(poll_for(fd, POLLIN | POLLOUT, 0), 0);
}

/* connect() sends nothing; the handshake is what the socket waits for. */
static void t_establishing(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons(9) };
	long long before = mib("CONN_ACTIVE_OPENS");
	struct quic_info info = {};
	int fd = open_socket(AF_INET);
	char byte = 0;

	EXPECT_OK(connect(fd, (struct sockaddr *)&to, sizeof(to)));
	EXPECT_EQ(mib("CONN_ACTIVE_OPENS"), before);	/* of our own: others may still be closing */
	EXPECT_OK(get(fd, QUIC_SOCKOPT_INFO, &info, sizeof(info)));
	EXPECT_EQ(info.state, QUIC_STATE_ESTABLISHING);
	EXPECT_ERR(send(fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL), EAGAIN);
	EXPECT_ERR(recv(fd, &byte, 1, MSG_DONTWAIT), EAGAIN);
	EXPECT_EQ(poll_for(fd, POLLIN | POLLOUT, 0), 0);
}

/* ---- options ---- */

static const struct {
	int opt;
	socklen_t size;
} fixed[] = {
	{ QUIC_SOCKOPT_TRANSPORT_PARAM, 56 },
	{ QUIC_SOCKOPT_CONFIG, 28 },
};

static void t_option_sizes(void)
{
	unsigned char buf[512], whole[512];
	int fd = open_socket(AF_INET);
	socklen_t len;
	size_t i;

	EXPECT_EQ(sizeof(struct quic_transport_param), 56);
	EXPECT_EQ(sizeof(struct quic_config), 28);
	EXPECT_EQ(sizeof(struct quic_connection_close), 72);
	EXPECT_EQ(sizeof(struct quic_connection_id_info), 12);
	EXPECT_EQ(sizeof(struct quic_crypto_secret), 56);
	EXPECT_EQ(sizeof(union quic_event), 72);
	for (i = 0; i < 2; i++) {
		memset(whole, 0, sizeof(whole));
		len = sizeof(whole);
		EXPECT_OK(getsockopt(fd, SOL_QUIC, fixed[i].opt, whole, &len));
		EXPECT_EQ(len, fixed[i].size);
		memset(buf, 0xee, sizeof(buf));
		len = 9;	/* shorter: the common prefix */
		EXPECT_OK(getsockopt(fd, SOL_QUIC, fixed[i].opt, buf, &len));
		EXPECT_EQ(len, 9);
		EXPECT(!memcmp(buf, whole, 9));
		EXPECT_EQ(buf[9], 0xee);
		/* longer on set: what the kernel does not know is left */
		EXPECT_OK(set(fd, fixed[i].opt, whole, fixed[i].size + 8));
		EXPECT_OK(set(fd, fixed[i].opt, whole, 4));
		EXPECT_ERR(setsockopt(fd, SOL_QUIC, fixed[i].opt, NULL, fixed[i].size), EFAULT);
		len = fixed[i].size;
		EXPECT_ERR(getsockopt(fd, SOL_QUIC, fixed[i].opt, NULL, &len), EFAULT);
		len = (socklen_t)-1;
		EXPECT_ERR(getsockopt(fd, SOL_QUIC, fixed[i].opt, buf, &len), EINVAL);
	}
}

static void t_option_numbers(void)
{
	int fd = open_socket(AF_INET), opts[] = { 16, 31, 63, 71, 1000, -1 };
	unsigned char buf[128] = {};
	size_t i;

	for (i = 0; i < sizeof(opts) / sizeof(opts[0]); i++) {
		EXPECT_ERR(set(fd, opts[i], buf, sizeof(buf)), ENOPROTOOPT);
		EXPECT_ERR(get(fd, opts[i], buf, sizeof(buf)), ENOPROTOOPT);
	}
	/* directions that an option does not have */
	EXPECT_ERR(get(fd, QUIC_SOCKOPT_STREAM_RESET, buf, sizeof(buf)), ENOPROTOOPT);
	EXPECT_ERR(get(fd, QUIC_SOCKOPT_STREAM_STOP_SENDING, buf, sizeof(buf)), ENOPROTOOPT);
	EXPECT_ERR(get(fd, QUIC_SOCKOPT_KEY_UPDATE, buf, sizeof(buf)), ENOPROTOOPT);
	EXPECT_ERR(get(fd, QUIC_SOCKOPT_CRYPTO_SECRET, buf, sizeof(buf)), ENOPROTOOPT);
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_STREAM_OPEN, buf, sizeof(buf)), ENOPROTOOPT);
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_INFO, buf, sizeof(buf)), ENOPROTOOPT);
}

static void t_transport_param(void)
{
	struct quic_transport_param def = {}, param = {}, got = {};
	int fd = open_socket(AF_INET);

	EXPECT_OK(get(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, &def, sizeof(def)));
	EXPECT_EQ(def.max_udp_payload_size, 65527);
	EXPECT_EQ(def.ack_delay_exponent, 3);
	EXPECT_EQ(def.max_ack_delay, 25000);
	EXPECT_EQ(def.active_connection_id_limit, 7);
	EXPECT_EQ(def.max_idle_timeout, 30000000);
	EXPECT_EQ(def.max_data, 65535 * 32);
	EXPECT_EQ(def.max_stream_data_bidi_local, 65535 * 16);
	EXPECT_EQ(def.max_stream_data_bidi_remote, 65535 * 16);
	EXPECT_EQ(def.max_stream_data_uni, 65535 * 16);
	EXPECT_EQ(def.max_streams_bidi, 100);
	EXPECT_EQ(def.max_streams_uni, 100);

	param.max_idle_timeout = 5000000;
	param.max_data = 123456;
	EXPECT_OK(set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, &param, sizeof(param)));
	EXPECT_OK(get(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, &got, sizeof(got)));
	def.max_idle_timeout = 5000000;
	def.max_data = 123456;
	EXPECT(!memcmp(&got, &def, sizeof(def)));	/* zeroes have kept the rest */

	memset(&param, 0, sizeof(param));
	param.ack_delay_exponent = 21;			/* RFC 9000 section 18.2 */
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, &param, sizeof(param)), EINVAL);
	memset(&param, 0, sizeof(param));
	param.max_udp_payload_size = 1199;
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, &param, sizeof(param)), EINVAL);
	memset(&param, 0, sizeof(param));
	param.max_ack_delay = 16384000;
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, &param, sizeof(param)), EINVAL);
	memset(&param, 0, sizeof(param));
	param.active_connection_id_limit = 1;
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, &param, sizeof(param)), EINVAL);
	memset(&param, 0, sizeof(param));
	param.max_data = 1ULL << 62;
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM, &param, sizeof(param)), EINVAL);
}

static void t_remote_param(void)
{
	struct quic_transport_param mine = { .max_data = 777777, .max_streams_bidi = 33 }, got;
	struct pair_opts opts = { .client_param = &mine };
	struct pair p;

	pair_open(&p, &opts);
	memset(&got, 0, sizeof(got));
	got.remote = 1;
	EXPECT_OK(get(p.s, QUIC_SOCKOPT_TRANSPORT_PARAM, &got, sizeof(got)));
	EXPECT_EQ(got.max_data, 777777);
	EXPECT_EQ(got.max_streams_bidi, 33);
	pair_close(&p);
}

static void t_config(void)
{
	struct quic_config def = {}, config = {}, got = {};
	int fd = open_socket(AF_INET);

	EXPECT_OK(get(fd, QUIC_SOCKOPT_CONFIG, &def, sizeof(def)));
	EXPECT_EQ(def.version, QUIC_VERSION_V1);
	EXPECT_EQ(def.initial_smoothed_rtt, 333000);
	EXPECT_EQ(def.congestion_control_algo, QUIC_CONG_ALG_CUBIC);
	config.congestion_control_algo = QUIC_CONG_ALG_CUBIC;
	config.validate_peer_address = 1;
	config.payload_cipher_type = TLS_CIPHER_CHACHA20_POLY1305;
	EXPECT_OK(set(fd, QUIC_SOCKOPT_CONFIG, &config, sizeof(config)));
	EXPECT_OK(get(fd, QUIC_SOCKOPT_CONFIG, &got, sizeof(got)));
	EXPECT_EQ(got.validate_peer_address, 1);
	EXPECT_EQ(got.payload_cipher_type, TLS_CIPHER_CHACHA20_POLY1305);
	EXPECT_EQ(got.version, QUIC_VERSION_V1);
	memset(&config, 0, sizeof(config));
	config.payload_cipher_type = 9999;
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_CONFIG, &config, sizeof(config)), EINVAL);
	memset(&config, 0, sizeof(config));
	config.congestion_control_algo = QUIC_CONG_ALG_MAX;
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_CONFIG, &config, sizeof(config)), EINVAL);
	memset(&config, 0, sizeof(config));
	config.version = 0x12345678;
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_CONFIG, &config, sizeof(config)), EINVAL);
	memset(&config, 0, sizeof(config));
	config.certificate_request = 3;
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_CONFIG, &config, sizeof(config)), EINVAL);
}

static void t_alpn(void)
{
	char longer[200], got[128] = {};
	int fd = open_socket(AF_INET);
	socklen_t len = sizeof(got);

	memset(longer, 'a', sizeof(longer));
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_ALPN, longer, 0), EINVAL);
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_ALPN, longer, 129), EINVAL);
	EXPECT_OK(set(fd, QUIC_SOCKOPT_ALPN, "smb,h3", 6));
	EXPECT_OK(getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, got, &len));
	EXPECT_EQ(len, 6);
	EXPECT(!memcmp(got, "smb,h3", 6));
	len = 3;
	EXPECT_ERR(getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, got, &len), EINVAL);
}

/* Programs learn by it which end they are. */
static void t_token_role(void)
{
	unsigned char token[128] = { 1, 2, 3 };
	socklen_t len = sizeof(token);
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_OK(getsockopt(p.c, SOL_QUIC, QUIC_SOCKOPT_TOKEN, token, &len));
	EXPECT(len <= 120);
	EXPECT_ERR(get(p.s, QUIC_SOCKOPT_TOKEN, token, sizeof(token)), EINVAL);
	pair_close(&p);
	p.c = open_socket(AF_INET);
	EXPECT_ERR(set(p.c, QUIC_SOCKOPT_TOKEN, token, 121), EINVAL);
	EXPECT_OK(set(p.c, QUIC_SOCKOPT_TOKEN, token, 120));
}

/* What a server seals its tickets with: the same at the listener and all its connections */
static void t_ticket_key(void)
{
	unsigned char key[3][QUIC_TICKET_KEY_BYTES], ticket[100] = { 4 };
	socklen_t len = sizeof(ticket);
	struct pair p, q;

	pair_open(&p, NULL);
	EXPECT_OK(get(p.l, QUIC_SOCKOPT_SESSION_TICKET, key[0], sizeof(key[0])));
	EXPECT_OK(get(p.s, QUIC_SOCKOPT_SESSION_TICKET, key[1], sizeof(key[1])));
	EXPECT(!memcmp(key[0], key[1], sizeof(key[0])));
	EXPECT_ERR(get(p.s, QUIC_SOCKOPT_SESSION_TICKET, key[1], 63), EINVAL);
	EXPECT_ERR(set(p.s, QUIC_SOCKOPT_SESSION_TICKET, ticket, sizeof(ticket)), EOPNOTSUPP);
	pair_open(&q, NULL);
	EXPECT_OK(get(q.s, QUIC_SOCKOPT_SESSION_TICKET, key[2], sizeof(key[2])));
	EXPECT(memcmp(key[0], key[2], sizeof(key[0])));		/* another port */
	pair_close(&q);
	/* the server of the test has sent one by itself, which came after the handshake */
	while (!getsockopt(p.c, SOL_QUIC, QUIC_SOCKOPT_SESSION_TICKET, ticket, &len) && !len)
		len = sizeof(ticket);
	EXPECT_EQ(errno, EINVAL);	/* it is longer than that */
	pair_close(&p);
	p.c = open_socket(AF_INET);
	EXPECT_ERR(set(p.c, QUIC_SOCKOPT_SESSION_TICKET, ticket, 63), EINVAL);
	EXPECT_OK(set(p.c, QUIC_SOCKOPT_SESSION_TICKET, ticket, sizeof(ticket)));
}

static void t_events_option(void)
{
	struct quic_event_option ev = { .type = QUIC_EVENT_STREAM_UPDATE };
	int fd = open_socket(AF_INET), i;

	for (i = 1; i < QUIC_EVENT_END; i++) {
		ev.type = (unsigned char)i;
		EXPECT_OK(get(fd, QUIC_SOCKOPT_EVENT, &ev, sizeof(ev)));
		EXPECT_EQ(ev.on, 0);
		ev.on = 1;
		EXPECT_OK(set(fd, QUIC_SOCKOPT_EVENT, &ev, sizeof(ev)));
		ev.on = 0;
		EXPECT_OK(get(fd, QUIC_SOCKOPT_EVENT, &ev, sizeof(ev)));
		EXPECT_EQ(ev.on, 1);
	}
	ev.type = 0;
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_EVENT, &ev, sizeof(ev)), EINVAL);
	ev.type = QUIC_EVENT_END;
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_EVENT, &ev, sizeof(ev)), EINVAL);
	EXPECT_ERR(get(fd, QUIC_SOCKOPT_EVENT, &ev, sizeof(ev)), EINVAL);
}

static void t_secret_errors(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons(9) };
	struct quic_crypto_secret secret = { .send = 1, .level = QUIC_CRYPTO_HANDSHAKE,
					     .type = TLS_CIPHER_AES_GCM_128 };
	int fd = open_socket(AF_INET);

	EXPECT_ERR(set(fd, QUIC_SOCKOPT_CRYPTO_SECRET, &secret, sizeof(secret)), ENOTCONN);
	REQUIRE(!connect(fd, (struct sockaddr *)&to, sizeof(to)));
	secret.type = 1;
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_CRYPTO_SECRET, &secret, sizeof(secret)), EINVAL);
	secret.type = TLS_CIPHER_AES_GCM_128;
	secret.level = QUIC_CRYPTO_MAX;
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_CRYPTO_SECRET, &secret, sizeof(secret)), EINVAL);
	secret.level = QUIC_CRYPTO_INITIAL;
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_CRYPTO_SECRET, &secret, sizeof(secret)), EINVAL);
}

/* The peer's parameters come from the wire: bad ones end the connection. */
static void t_param_ext(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons(9) };
	unsigned char ext[600], bad[] = { 0x0a, 0x01, 0x15 };	/* ack_delay_exponent 21 */
	long long errors = mib("PROTOCOL_ERRORS");
	int fd = open_socket(AF_INET);
	socklen_t len = sizeof(ext);

	REQUIRE(!connect(fd, (struct sockaddr *)&to, sizeof(to)));
	EXPECT_OK(getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, ext, &len));
	EXPECT(len > 20 && len <= 512);
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, ext, 513), EINVAL);
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, bad, sizeof(bad)), EINVAL);
	close(fd);
	fd = open_socket(AF_INET);
	REQUIRE(!connect(fd, (struct sockaddr *)&to, sizeof(to)));
	EXPECT_ERR(set(fd, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, ext, len - 1), EINVAL);
	EXPECT_EQ(mib("PROTOCOL_ERRORS"), errors + 2);
}

static void t_unbuilt(void)
{
	struct quic_stream_peeloff peel = {};
	struct pair p;
	int ret;

	pair_open(&p, NULL);
	REQUIRE(quic_sendmsg(p.c, "x", 1, 0, MSG_QUIC_STREAM_NEW) == 1);
	peel.sd = -1;
	ret = get(p.c, QUIC_SOCKOPT_STREAM_PEELOFF, &peel, sizeof(peel));
	EXPECT(ret ? errno == EOPNOTSUPP : peel.sd >= 0);
	pair_close(&p);
}

/* ---- sendmsg and its control messages ---- */

static ssize_t send_cmsg(int fd, int level, int type, const void *data, size_t len, int flags)
{
	char control[CMSG_SPACE(64)] = {};
	struct iovec iov = { .iov_base = "abcd", .iov_len = 4 };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = CMSG_SPACE(len),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&mh);

	cmsg->cmsg_level = level;
	cmsg->cmsg_type = type;
	cmsg->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cmsg), data, len);
	return sendmsg(fd, &mh, flags | MSG_NOSIGNAL);
}

static void t_control_messages(void)
{
	struct quic_stream_info info = { .stream_id = -1, .stream_flags = MSG_QUIC_STREAM_NEW };
	struct quic_handshake_info level = { .crypto_level = QUIC_CRYPTO_MAX };
	unsigned char longer[40] = {};
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_ERR(send_cmsg(p.c, SOL_QUIC, 2, &info, sizeof(info), 0), EINVAL);
	EXPECT_ERR(send_cmsg(p.c, SOL_QUIC, 15, &info, sizeof(info), 0), EINVAL);
	EXPECT_EQ(send_cmsg(p.c, IPPROTO_UDP, 103, &info, 2, 0), 4);	/* not ours: skipped */
	EXPECT_EQ(send_cmsg(p.c, SOL_QUIC, QUIC_STREAM_INFO, &info, 12, 0), 4);
	memcpy(longer, &info, sizeof(info));
	EXPECT_EQ(send_cmsg(p.c, SOL_QUIC, QUIC_STREAM_INFO, longer, sizeof(longer), 0), 4);
	info.stream_flags = 0x40000000;
	EXPECT_ERR(send_cmsg(p.c, SOL_QUIC, QUIC_STREAM_INFO, &info, sizeof(info), 0), EINVAL);
	info.stream_flags = 0;
	info.stream_id = -2;
	EXPECT_ERR(send_cmsg(p.c, SOL_QUIC, QUIC_STREAM_INFO, &info, sizeof(info), 0), EINVAL);
	info.stream_id = 4000;			/* not open */
	EXPECT_ERR(send_cmsg(p.c, SOL_QUIC, QUIC_STREAM_INFO, &info, sizeof(info), 0), EINVAL);
	info.stream_id = 1;			/* the peer has not opened it */
	EXPECT_ERR(send_cmsg(p.c, SOL_QUIC, QUIC_STREAM_INFO, &info, sizeof(info), 0), EINVAL);
	EXPECT_ERR(send_cmsg(p.c, SOL_QUIC, QUIC_HANDSHAKE_INFO, &level, 1, 0), EINVAL);
	EXPECT_ERR(send(p.c, "x", 1, MSG_OOB | MSG_NOSIGNAL), EINVAL);
	EXPECT_ERR(send(p.c, NULL, 100, MSG_NOSIGNAL), EFAULT);
	EXPECT_EQ(send(p.c, "x", 1, MSG_NOSIGNAL), 1);	/* and the connection goes on */
	pair_close(&p);
}

/* ---- questions about the connection ---- */

static void t_info(void)
{
	struct quic_info info = {}, part;
	socklen_t len = sizeof(info);
	char buf[8192] = {};
	struct pair p;

	pair_open(&p, NULL);
	REQUIRE(send(p.c, buf, sizeof(buf), 0) == sizeof(buf));
	EXPECT_EQ(read_exactly(p.s, buf, sizeof(buf)), sizeof(buf));
	EXPECT_OK(getsockopt(p.c, SOL_QUIC, QUIC_SOCKOPT_INFO, &info, &len));
	EXPECT_EQ(len, sizeof(info));
	EXPECT_EQ(info.state, QUIC_STATE_ESTABLISHED);
	EXPECT_EQ(info.version, QUIC_VERSION_V1);
	EXPECT_EQ(info.num_paths, 1);
	EXPECT(info.cipher >= TLS_CIPHER_AES_GCM_128 && info.cipher <= TLS_CIPHER_CHACHA20_POLY1305);
	EXPECT(!(info.flags & QUIC_INFO_F_SERVER));
	EXPECT(info.srtt_us > 0 && info.min_rtt_us > 0 && info.srtt_us < 60000000);
	EXPECT(info.mtu >= 1200 && info.cwnd >= 2400);
	EXPECT(info.bytes_sent > sizeof(buf) && info.packets_sent > 3 && info.packets_received > 3);
	EXPECT_EQ(info.packets_lost, 0);
	EXPECT(!strcmp((char *)info.congestion, "cubic"));
	memset(&part, 0xee, sizeof(part));
	part.path_index = 0;
	len = 12;
	EXPECT_OK(getsockopt(p.c, SOL_QUIC, QUIC_SOCKOPT_INFO, &part, &len));
	EXPECT_EQ(len, 12);
	EXPECT_EQ(part.state, QUIC_STATE_ESTABLISHED);
	EXPECT_EQ(part.version, 0xeeeeeeee);
	EXPECT_ERR(get(p.c, QUIC_SOCKOPT_INFO, &part, 3), EINVAL);
	part.path_index = 77;
	EXPECT_ERR(get(p.c, QUIC_SOCKOPT_INFO, &part, sizeof(part)), EINVAL);
	len = sizeof(info);
	info.path_index = 0;
	EXPECT_OK(getsockopt(p.s, SOL_QUIC, QUIC_SOCKOPT_INFO, &info, &len));
	EXPECT(info.flags & QUIC_INFO_F_SERVER);
	pair_close(&p);
}

static void t_tcp_questions(void)
{
	struct tcp_info info = {};
	char name[16] = {};
	int val = 0, one = 1;
	socklen_t len;
	struct pair p;

	pair_open(&p, NULL);
	len = sizeof(info);
	EXPECT_OK(getsockopt(p.c, SOL_TCP, TCP_INFO, &info, &len));
	EXPECT_EQ(info.tcpi_state, TCP_ESTABLISHED);
	EXPECT(info.tcpi_rtt > 0 && info.tcpi_snd_cwnd > 0 && info.tcpi_pmtu >= 1200);
	EXPECT_OK(setsockopt(p.c, SOL_TCP, TCP_NODELAY, &one, sizeof(one)));
	len = sizeof(val);
	EXPECT_OK(getsockopt(p.c, SOL_TCP, TCP_NODELAY, &val, &len));
	EXPECT_EQ(val, 1);
	EXPECT_OK(getsockopt(p.c, SOL_TCP, TCP_MAXSEG, &val, &len));
	EXPECT(val >= 1100 && val < 65535);
	len = sizeof(name);
	EXPECT_OK(getsockopt(p.c, SOL_TCP, TCP_CONGESTION, name, &len));
	EXPECT(!strcmp(name, "cubic"));
	EXPECT_OK(setsockopt(p.c, SOL_TCP, TCP_CONGESTION, "reno", 4));
	len = sizeof(name);
	EXPECT_OK(getsockopt(p.c, SOL_QUIC, QUIC_SOCKOPT_CONGESTION, name, &len));
	EXPECT(!strcmp(name, "reno"));
	EXPECT_ERR(setsockopt(p.c, SOL_TCP, TCP_CONGESTION, "nosuch", 6), ENOENT);
	EXPECT_OK(setsockopt(p.c, SOL_TCP, TCP_KEEPIDLE, &(int){ 7 }, sizeof(int)));
	EXPECT_OK(setsockopt(p.c, SOL_TCP, TCP_KEEPINTVL, &(int){ 3 }, sizeof(int)));
	EXPECT_OK(setsockopt(p.c, SOL_TCP, TCP_KEEPCNT, &(int){ 2 }, sizeof(int)));
	len = sizeof(val);
	EXPECT_OK(getsockopt(p.c, SOL_TCP, TCP_KEEPIDLE, &val, &len));
	EXPECT_EQ(val, 7);
	EXPECT_OK(setsockopt(p.c, SOL_TCP, TCP_USER_TIMEOUT, &(int){ 5000 }, sizeof(int)));
	EXPECT_OK(setsockopt(p.c, SOL_TCP, TCP_CORK, &(int){ 0 }, sizeof(int)));
	EXPECT_ERR(setsockopt(p.c, SOL_TCP, TCP_REPAIR, &one, sizeof(one)), ENOPROTOOPT);
	EXPECT_ERR(setsockopt(p.c, SOL_TCP, TCP_NODELAY, &one, 1), EINVAL);
	pair_close(&p);
}

static void t_socket_options(void)
{
	int zero = 0, one = 1, val = 65536, fd = open_socket(AF_INET6);
	socklen_t len = sizeof(val);

	EXPECT_OK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &zero, sizeof(zero)));
	EXPECT_OK(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &zero, sizeof(zero)));
	EXPECT_OK(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
	EXPECT_OK(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)));
	EXPECT_OK(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &val, sizeof(val)));
	EXPECT_OK(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &val, &len));
	EXPECT_EQ(val, 131072);
	EXPECT_OK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &val, &len));
	EXPECT_EQ(val, 0);
	EXPECT_OK(setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &(int){ 8 }, sizeof(int)));
	/* it may have IPv4 to carry */
	EXPECT_OK(setsockopt(fd, IPPROTO_IP, IP_TTL, &(int){ 33 }, sizeof(int)));
	EXPECT_OK(getsockopt(fd, IPPROTO_IP, IP_TTL, &val, &len));
	EXPECT_EQ(val, 33);
	EXPECT_ERR(setsockopt(fd, 9999, 1, &one, sizeof(one)), ENOPROTOOPT);
	EXPECT_ERR(getsockopt(fd, 9999, 1, &val, &len), ENOPROTOOPT);
	close(fd);
	fd = open_socket(AF_INET);
	EXPECT_OK(setsockopt(fd, IPPROTO_IP, IP_TOS, &(int){ 8 }, sizeof(int)));
	EXPECT_OK(setsockopt(fd, IPPROTO_IP, IP_TTL, &(int){ 33 }, sizeof(int)));
	EXPECT_ERR(setsockopt(fd, IPPROTO_IP, 9999, &one, sizeof(one)), ENOPROTOOPT);
	EXPECT_ERR(setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &(int){ 8 }, sizeof(int)), ENOPROTOOPT);
	EXPECT_ERR(getsockopt(fd, 9999, 1, &val, &len), ENOPROTOOPT);
}

static void t_ioctl(void)
{
	char buf[3000] = {};
	struct pair p;
	int val, i;

	pair_open(&p, NULL);
	EXPECT_OK(ioctl(p.s, SIOCINQ, &val));
	EXPECT_EQ(val, 0);
	REQUIRE(send(p.c, buf, sizeof(buf), 0) == sizeof(buf));
	for (i = 0; i < 500; i++) {
		REQUIRE(!ioctl(p.s, SIOCINQ, &val));
		if (val == sizeof(buf))
			break;
		sleep_ms(10);
	}
	EXPECT_EQ(val, sizeof(buf));
	for (i = 0; i < 500; i++) {	/* acknowledged: nothing is held any more */
		REQUIRE(!ioctl(p.c, SIOCOUTQ, &val));
		if (!val)
			break;
		sleep_ms(10);
	}
	EXPECT_EQ(val, 0);
	EXPECT_OK(ioctl(p.c, SIOCOUTQNSD, &val));
	EXPECT_EQ(val, 0);
	EXPECT_EQ(read_exactly(p.s, buf, 1000), 1000);
	EXPECT_OK(ioctl(p.s, SIOCINQ, &val));
	EXPECT_EQ(val, 2000);
	EXPECT_ERR(ioctl(p.s, SIOCPROTOPRIVATE + 9, &val), ENOTTY);
	pair_close(&p);
}

static void t_key_update(void)
{
	long long before = mib("KEY_UPDATES");
	char buf[1000] = {};
	struct pair p;

	pair_open(&p, NULL);
	REQUIRE(send(p.c, buf, sizeof(buf), 0) == sizeof(buf));
	EXPECT_EQ(read_exactly(p.s, buf, sizeof(buf)), sizeof(buf));
	REQUIRE(send(p.s, buf, sizeof(buf), 0) == sizeof(buf));
	EXPECT_EQ(read_exactly(p.c, buf, sizeof(buf)), sizeof(buf));
	EXPECT_OK(set(p.c, QUIC_SOCKOPT_KEY_UPDATE, NULL, 0));
	REQUIRE(send(p.c, buf, sizeof(buf), 0) == sizeof(buf));
	EXPECT_EQ(read_exactly(p.s, buf, sizeof(buf)), sizeof(buf));
	REQUIRE(send(p.s, buf, sizeof(buf), 0) == sizeof(buf));
	EXPECT_EQ(read_exactly(p.c, buf, sizeof(buf)), sizeof(buf));
	EXPECT(mib("KEY_UPDATES") > before);
	pair_close(&p);
}

/* Retry: the client proves its address, and nobody notices. */
static void tune_retry(int fd)
{
	struct quic_config config = { .validate_peer_address = 1,
				      .congestion_control_algo = QUIC_CONG_ALG_CUBIC };

	REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONFIG, &config, sizeof(config)));
}

static void t_retry(void)
{
	struct pair_opts opts = { .tune_server = tune_retry };
	long long before = mib("TX_RETRY");
	struct pair p;
	char byte;

	pair_open(&p, &opts);
	EXPECT(mib("TX_RETRY") > before);
	EXPECT_EQ(send(p.c, "x", 1, 0), 1);
	EXPECT_EQ(recv(p.s, &byte, 1, 0), 1);
	pair_close(&p);
}

static unsigned int want_cipher;

static void tune_cipher(int fd)
{
	struct quic_config config = { .payload_cipher_type = want_cipher,
				      .congestion_control_algo = QUIC_CONG_ALG_CUBIC };

	REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONFIG, &config, sizeof(config)));
}

static void t_ciphers(void)
{
	static const unsigned int ciphers[] = {
		TLS_CIPHER_AES_GCM_128, TLS_CIPHER_AES_GCM_256, TLS_CIPHER_CHACHA20_POLY1305,
	};
	struct pair_opts opts = { .tune_client = tune_cipher };
	uint8_t out[20000], in[sizeof(out)];
	struct quic_info info = {};
	struct pair p;
	size_t i;

	for (i = 0; i < 3; i++) {
		want_cipher = ciphers[i];
		pair_open(&p, &opts);
		EXPECT_OK(get(p.c, QUIC_SOCKOPT_INFO, &info, sizeof(info)));
		EXPECT_EQ(info.cipher, ciphers[i]);
		fill_pattern(out, sizeof(out), (unsigned int)i);
		EXPECT_EQ(send(p.c, out, sizeof(out), 0), sizeof(out));
		EXPECT_EQ(read_exactly(p.s, in, sizeof(in)), sizeof(in));
		EXPECT(!memcmp(in, out, sizeof(out)));
		pair_close(&p);
	}
}

const struct test tests[] = {
	{ "socket", t_socket },
	{ "socketpair", t_socketpair },
	{ "bind_errors", t_bind_errors },
	{ "bind_in_use", t_bind_in_use },
	{ "names", t_names },
	{ "mapped_listener", t_mapped_listener },
	{ "connect_errors", t_connect_errors },
	{ "unconnected", t_unconnected },
	{ "listener", t_listener },
	{ "establishing", t_establishing },
	{ "option_sizes", t_option_sizes },
	{ "option_numbers", t_option_numbers },
	{ "transport_param", t_transport_param },
	{ "remote_param", t_remote_param },
	{ "config", t_config },
	{ "alpn", t_alpn },
	{ "token_role", t_token_role },
	{ "ticket_key", t_ticket_key },
	{ "events_option", t_events_option },
	{ "secret_errors", t_secret_errors },
	{ "param_ext", t_param_ext },
	{ "unbuilt", t_unbuilt },
	{ "control_messages", t_control_messages },
	{ "info", t_info },
	{ "tcp_questions", t_tcp_questions },
	{ "socket_options", t_socket_options },
	{ "ioctl", t_ioctl },
	{ "key_update", t_key_update },
	{ "retry", t_retry },
	{ "ciphers", t_ciphers },
	{}
};

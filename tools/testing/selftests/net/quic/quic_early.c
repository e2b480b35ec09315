// SPDX-License-Identifier: GPL-2.0
/*
 * 0-RTT as the socket shows it, RFC 9001 section 4.6: what leaves before the server has said a
 * word, when its reader gets it, and what becomes of it where nobody has keys for it; the version
 * that both ends go to, RFC 9368; and TLS after the handshake. The messages of TLS are empty shells
 * and the secrets invented: the kernel reads neither.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/tls.h>

#include "harness.h"

#define HELLO		1	/* TLS message types, RFC 8446 section 4 */
#define FINISHED	20
#define SHORT_BYTES	100	/* of such a message, and of one that fills a packet */
#define LONG_BYTES	1100
#define EARLY_BYTES	6000	/* of the first window */

struct early {
	int l, c, s;
	bool accepted;		/* the server has keys for it */
	struct quic_transport_param known;	/* what the client remembers */
	uint8_t data[EARLY_BYTES];
};

static int secret(int fd, unsigned int level, bool send, int value)
{
	struct quic_crypto_secret info = { .send = send, .level = (uint8_t)level,
					   .type = TLS_CIPHER_AES_GCM_128 };

	memset(info.secret, value, 32);
	return setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CRYPTO_SECRET, &info, sizeof(info));
}

static void secrets(int fd, unsigned int level, int tx, int rx)
{
	EXPECT_OK(secret(fd, level, true, tx));
	EXPECT_OK(secret(fd, level, false, rx));
}

/* A TLS message of @len bytes. */
static void say_long(int fd, unsigned int level, uint8_t type, size_t len)
{
	uint8_t control[CMSG_SPACE(sizeof(struct quic_handshake_info))] = {};
	uint8_t msg[LONG_BYTES] = { type, 0, (uint8_t)((len - 4) >> 8), (uint8_t)(len - 4) };
	struct iovec iov = { msg, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			     .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&mh);

	cmsg->cmsg_level = SOL_QUIC;
	cmsg->cmsg_type = QUIC_HANDSHAKE_INFO;
	cmsg->cmsg_len = CMSG_LEN(sizeof(struct quic_handshake_info));
	((struct quic_handshake_info *)CMSG_DATA(cmsg))->crypto_level = (uint8_t)level;
	EXPECT_EQ(sendmsg(fd, &mh, 0), len);
}

static void say(int fd, unsigned int level, uint8_t type)
{
	say_long(fd, level, type, SHORT_BYTES);
}

/* The next bytes of a TLS message are @len in a buffer of @size; @end: the last of it */
static void hear_part(int fd, unsigned int level, size_t size, size_t len, bool end)
{
	uint8_t control[CMSG_SPACE(sizeof(struct quic_handshake_info))] = {}, msg[LONG_BYTES];
	struct iovec iov = { msg, size };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			     .msg_controllen = sizeof(control) };

	REQUIRE(recvmsg(fd, &mh, 0) == (ssize_t)len);
	REQUIRE(CMSG_FIRSTHDR(&mh));
	EXPECT_EQ(((struct quic_handshake_info *)CMSG_DATA(CMSG_FIRSTHDR(&mh)))->crypto_level, level);
	EXPECT_EQ(!!(mh.msg_flags & MSG_EOR), end);
}

static void hear_long(int fd, unsigned int level, size_t len)
{
	hear_part(fd, level, LONG_BYTES, len, true);
}

static void hear(int fd, unsigned int level)
{
	hear_long(fd, level, SHORT_BYTES);
}

/* The transport parameters of one end, in its TLS messages, get to the other. */
static int exchange(int from, int to)
{
	uint8_t ext[QUIC_TRANSPORT_PARAM_EXT_MAX_BYTES];
	socklen_t len = sizeof(ext);

	REQUIRE(!getsockopt(from, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, ext, &len));
	return setsockopt(to, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, ext, len);
}

static int remember(int fd, struct quic_transport_param *known)
{
	known->remote = 1;
	return setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, known, sizeof(*known));
}

/* A client that has sent its first flight, 0-RTT in it, and the server's socket. */
static void begin(struct early *e, const struct pair_opts *o)
{
	socklen_t len = sizeof(e->known);
	struct sockaddr_storage addr;
	socklen_t addr_len;

	memset(e, 0, sizeof(*e));
	fill_pattern(e->data, EARLY_BYTES, 7);
	e->l = open_listener(o, &addr, &addr_len);
	REQUIRE(!getsockopt(e->l, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, &e->known, &len));
	e->c = open_socket(addr.ss_family);
	EXPECT_ERR(remember(e->c, &e->known), ENOTCONN);
	REQUIRE(!connect(e->c, (struct sockaddr *)&addr, addr_len));
	EXPECT_OK(remember(e->c, &e->known));
	EXPECT_ERR(secret(e->c, QUIC_CRYPTO_EARLY, false, 1), EINVAL);
	EXPECT_OK(secret(e->c, QUIC_CRYPTO_EARLY, true, 1));
	EXPECT_ERR(secret(e->c, QUIC_CRYPTO_EARLY, true, 1), EEXIST);
	say(e->c, QUIC_CRYPTO_INITIAL, HELLO);
	EXPECT_EQ(quic_sendmsg(e->c, e->data, EARLY_BYTES, 0,
			       MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN | MSG_DONTWAIT), EARLY_BYTES);
	e->s = accept(e->l, NULL, NULL);
	REQUIRE(e->s >= 0);
}

/* The server's flight is out; false: the client cannot live with what it says. */
static bool answer(struct early *e)
{
	hear(e->s, QUIC_CRYPTO_INITIAL);
	REQUIRE(!exchange(e->c, e->s));
	EXPECT_ERR(secret(e->s, QUIC_CRYPTO_EARLY, true, 1), EINVAL);
	if (e->accepted)
		EXPECT_OK(secret(e->s, QUIC_CRYPTO_EARLY, false, 1));
	say(e->s, QUIC_CRYPTO_INITIAL, HELLO);
	secrets(e->s, QUIC_CRYPTO_HANDSHAKE, 2, 3);
	say(e->s, QUIC_CRYPTO_HANDSHAKE, FINISHED);
	EXPECT_OK(secret(e->s, QUIC_CRYPTO_APP, true, 4));
	hear(e->c, QUIC_CRYPTO_INITIAL);
	secrets(e->c, QUIC_CRYPTO_HANDSHAKE, 3, 2);
	hear(e->c, QUIC_CRYPTO_HANDSHAKE);
	return !exchange(e->s, e->c);
}

static void finish(struct early *e)
{
	secrets(e->c, QUIC_CRYPTO_APP, 5, 4);
	say(e->c, QUIC_CRYPTO_HANDSHAKE, FINISHED);
	hear(e->s, QUIC_CRYPTO_HANDSHAKE);
}

/* All of the early data, once, and the end of the stream. */
static void expect_data(struct early *e)
{
	uint8_t buf[EARLY_BYTES + 1];
	uint32_t flags = 0;
	int64_t sid = -1;
	size_t got = 0;
	ssize_t n;

	while (!(flags & MSG_QUIC_STREAM_FIN)) {
		n = quic_recvmsg(e->s, buf + got, sizeof(buf) - got, &sid, &flags);
		REQUIRE(n >= 0);
		got += (size_t)n;
	}
	EXPECT_EQ(sid, 0);
	EXPECT_EQ(got, EARLY_BYTES);
	EXPECT(!memcmp(buf, e->data, EARLY_BYTES));
}

static void end(struct early *e)
{
	close(e->c);
	close(e->s);
	close(e->l);
}

/* It gets there with the first flight; the reader has it when the handshake is complete. */
static void accepted(const struct pair_opts *o)
{
	long long tx = mib("TX_0RTT"), rx = mib("RX_0RTT"), again = mib("STREAM_BYTES_RETRANS");
	struct sockaddr_storage here;
	socklen_t len = sizeof(here);
	struct early e;
	char byte;

	begin(&e, o);
	EXPECT(mib("TX_0RTT") - tx >= EARLY_BYTES / 1200);
	e.accepted = true;
	REQUIRE(answer(&e));
	EXPECT_ERR(recv(e.s, &byte, 1, MSG_DONTWAIT), EAGAIN);
	finish(&e);
	EXPECT_ERR(recv(e.s, &byte, 1, MSG_DONTWAIT), EAGAIN);
	/* nor does the client go elsewhere before the handshake is confirmed */
	REQUIRE(!getsockname(e.c, (struct sockaddr *)&here, &len));
	((struct sockaddr_in *)&here)->sin_port = 0;
	EXPECT_ERR(setsockopt(e.c, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_MIGRATION, &here, len), EAGAIN);
	EXPECT_EQ(mib("RX_0RTT"), rx);
	EXPECT_OK(secret(e.s, QUIC_CRYPTO_APP, false, 5));
	expect_data(&e);
	EXPECT_EQ(mib("RX_0RTT") - rx, mib("TX_0RTT") - tx);
	EXPECT_EQ(mib("STREAM_BYTES_RETRANS"), again);
	EXPECT_ERR(remember(e.c, &e.known), EINVAL);
	EXPECT_ERR(remember(e.s, &e.known), EINVAL);
	/* the other direction, and 1-RTT after 0-RTT */
	EXPECT_EQ(quic_sendmsg(e.s, "back", 4, 0, MSG_QUIC_STREAM_FIN), 4);
	EXPECT_EQ(read_exactly(e.c, e.data, 4), 4);
	EXPECT_EQ(quic_sendmsg(e.c, "more", 4, 4, MSG_QUIC_STREAM_NEW), 4);
	EXPECT_EQ(read_exactly(e.s, e.data, 4), 4);
	EXPECT_EQ(mib("RX_0RTT") - rx, mib("TX_0RTT") - tx);
	end(&e);
}

static void t_accepted(void)
{
	accepted(NULL);
}

static void t_accepted_ipv6(void)
{
	static const struct pair_opts opts = { .family = AF_INET6 };

	accepted(&opts);
}

static void t_rejected(void)
{
	long long rx = mib("RX_0RTT"), again = mib("STREAM_BYTES_RETRANS");
	struct early e;

	begin(&e, NULL);
	REQUIRE(answer(&e));
	finish(&e);
	EXPECT_OK(secret(e.s, QUIC_CRYPTO_APP, false, 5));
	expect_data(&e);
	EXPECT_EQ(mib("RX_0RTT"), rx);
	EXPECT_EQ(mib("STREAM_BYTES_RETRANS") - again, EARLY_BYTES);
	end(&e);
}

/* A message is one, in however many reads */
static void t_message_in_parts(void)
{
	struct early e;

	begin(&e, NULL);
	say(e.c, QUIC_CRYPTO_INITIAL, HELLO);
	hear_part(e.s, QUIC_CRYPTO_INITIAL, 30, 30, false);
	hear_part(e.s, QUIC_CRYPTO_INITIAL, 2, 2, false);
	EXPECT(wait_readable(e.s));
	hear_part(e.s, QUIC_CRYPTO_INITIAL, LONG_BYTES, SHORT_BYTES - 32, true);
	hear(e.s, QUIC_CRYPTO_INITIAL);
	end(&e);
}

static void ask_retry(int fd)
{
	struct quic_config config = { .validate_peer_address = 1 };

	REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONFIG, &config, sizeof(config)));
}

/* RFC 9000 section 17.2.3: it is sent again after the new Initial. */
static void t_retry(void)
{
	static const struct pair_opts opts = { .tune_server = ask_retry };
	long long rx = mib("RX_0RTT");
	struct early e;

	begin(&e, &opts);
	e.accepted = true;
	REQUIRE(answer(&e));
	finish(&e);
	EXPECT_OK(secret(e.s, QUIC_CRYPTO_APP, false, 5));
	expect_data(&e);
	EXPECT(mib("RX_0RTT") - rx >= EARLY_BYTES / 1200);
	end(&e);
}

/* RFC 9000 section 7.4.1: below what was used is an error, and below what was remembered is not. */
static void lowered(uint64_t max_data, bool ok)
{
	struct quic_transport_param param = { .max_data = max_data };
	long long errors = mib("PROTOCOL_ERRORS");
	struct early e;

	begin(&e, NULL);
	REQUIRE(!setsockopt(e.s, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, &param, sizeof(param)));
	EXPECT_EQ(answer(&e), ok);
	EXPECT_EQ(mib("PROTOCOL_ERRORS") - errors, !ok);
	if (ok) {
		finish(&e);
		EXPECT_OK(secret(e.s, QUIC_CRYPTO_APP, false, 5));
		expect_data(&e);
	}
	end(&e);
}

/* What is remembered cannot become less than what is used: there is no credit then, not all of it. */
static void t_remembered_less(void)
{
	struct early e;

	begin(&e, NULL);
	EXPECT_EQ(quic_sendmsg(e.c, "x", 1, 4, MSG_QUIC_STREAM_NEW | MSG_DONTWAIT), 1);
	e.known.max_streams_bidi = 1;
	EXPECT_ERR(remember(e.c, &e.known), EINVAL);
	EXPECT_ERR(quic_sendmsg(e.c, "x", 1, -1, MSG_QUIC_STREAM_NEW | MSG_DONTWAIT), ENOSPC);
	end(&e);
}

static void t_lowered(void)
{
	lowered(EARLY_BYTES, true);
}

static void t_lowered_too_far(void)
{
	lowered(EARLY_BYTES - 1, false);
}

static void prefer_v2(int fd)
{
	struct quic_config config = { .version = QUIC_VERSION_V2 };

	REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONFIG, &config, sizeof(config)));
}

/* A server that would go to version 2 stays with 0-RTT in version 1. */
static void t_version_stays(void)
{
	static const struct pair_opts opts = { .tune_server = prefer_v2 };

	accepted(&opts);
}

static void prefer_v2_retry(int fd)
{
	struct quic_config config = { .version = QUIC_VERSION_V2, .validate_peer_address = 1 };

	REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONFIG, &config, sizeof(config)));
}

static unsigned int version_of(int fd)
{
	struct quic_info info = {};
	socklen_t len = sizeof(info);

	EXPECT_OK(getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_INFO, &info, &len));
	return info.version;
}

/* RFC 9368: a server that prefers version 2 goes there with a client that can. */
static void t_versions(void)
{
	static const struct quic_transport_param stay = { .disable_compatible_version = 1 };
	static const struct {
		struct pair_opts opts;
		unsigned int version;
	} rows[] = {
		{ { 0 }, QUIC_VERSION_V1 },
		{ { .tune_server = prefer_v2 }, QUIC_VERSION_V2 },
		{ { .tune_server = prefer_v2, .family = AF_INET6 }, QUIC_VERSION_V2 },
		{ { .tune_server = prefer_v2_retry }, QUIC_VERSION_V2 },
		{ { .tune_client = prefer_v2 }, QUIC_VERSION_V2 },
		{ { .tune_client = prefer_v2, .tune_server = prefer_v2 }, QUIC_VERSION_V2 },
		{ { .tune_server = prefer_v2, .client_param = &stay }, QUIC_VERSION_V1 },
		{ { .tune_server = prefer_v2, .server_param = &stay }, QUIC_VERSION_V1 },
	};
	struct pair p;
	char byte;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pair_open(&p, &rows[i].opts);
		EXPECT_EQ(version_of(p.c), rows[i].version);
		EXPECT_EQ(version_of(p.s), rows[i].version);
		EXPECT_EQ(quic_sendmsg(p.c, "x", 1, 0, MSG_QUIC_STREAM_NEW), 1);
		EXPECT_EQ(read_exactly(p.s, &byte, 1), 1);
		pair_close(&p);
	}
}

/* RFC 9368 section 4: the version that the client says it chose is another. */
static void t_chosen_version(void)
{
	static const uint8_t v1[] = { 0x11, 12, 0, 0, 0, 1 }, v2[] = { 0x11, 12, 0x6b, 0x33, 0x43, 0xcf };
	uint8_t ext[QUIC_TRANSPORT_PARAM_EXT_MAX_BYTES], *at;
	long long errors = mib("PROTOCOL_ERRORS");
	socklen_t len = sizeof(ext);
	struct early e;

	begin(&e, NULL);
	hear(e.s, QUIC_CRYPTO_INITIAL);
	REQUIRE(!getsockopt(e.c, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, ext, &len));
	at = memmem(ext, len, v1, sizeof(v1));
	REQUIRE(at);
	memcpy(at, v2, sizeof(v2));
	EXPECT_ERR(setsockopt(e.s, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, ext, len), EINVAL);
	EXPECT_EQ(mib("PROTOCOL_ERRORS"), errors + 1);
	EXPECT(poll_for(e.c, POLLHUP, 20000) & POLLHUP);
	end(&e);
}

/* IPv4 packets of 1024 to 2047 bytes get lost. */
static void lose_large(void)
{
	if (!system("tc qdisc add dev lo clsact && tc filter add dev lo egress protocol ip "
		    "u32 match u16 0x0400 0x0400 at 2 action drop"))
		return;
	EXPECT(!system("tc qdisc del dev lo clsact"));
	skip("no tc filter that drops");
}

/*
 * The Finished is lost, and so is what the first probe timeout sends again. 1-RTT data that the
 * server cannot open fill the window meanwhile: the next one leaves in spite of it, for nothing
 * else would ever free it.
 */
static void t_lost_finished(void)
{
	static const struct pair_opts opts = { 0 };
	static uint8_t data[200000];
	long long lost = mib("PKT_LOST"), timeouts = mib("PTO");
	struct early e;
	int64_t until;

	begin(&e, &opts);
	e.accepted = true;
	REQUIRE(answer(&e));
	lose_large();
	secrets(e.c, QUIC_CRYPTO_APP, 5, 4);
	say_long(e.c, QUIC_CRYPTO_HANDSHAKE, FINISHED, LONG_BYTES);
	EXPECT(quic_sendmsg(e.c, data, sizeof(data), 4, MSG_QUIC_STREAM_NEW | MSG_DONTWAIT) > 50000);
	for (until = now_ms() + 20000; mib("PTO") == timeouts && now_ms() < until; )
		sleep_ms(1);
	EXPECT(mib("PTO") > timeouts);
	REQUIRE(!system("tc qdisc del dev lo clsact"));
	EXPECT(wait_readable(e.s));
	hear_long(e.s, QUIC_CRYPTO_HANDSHAKE, LONG_BYTES);
	EXPECT_OK(secret(e.s, QUIC_CRYPTO_APP, false, 5));
	expect_data(&e);
	EXPECT(mib("PKT_LOST") > lost);
	end(&e);
}

/* Of TLS only a server's tickets may come after the handshake, RFC 9001 sections 4.4 and 6 */
static void t_tls_after_handshake(void)
{
	static const struct {
		bool by_server;
		uint8_t type;
		unsigned int code;
	} wrong[] = {
		{ true, 13, QUIC_TRANSPORT_ERROR_PROTOCOL_VIOLATION },	/* CertificateRequest */
		{ true, 24, QUIC_TRANSPORT_ERROR_CRYPTO + 10 },		/* KeyUpdate: unexpected_message */
		{ false, 4, QUIC_TRANSPORT_ERROR_CRYPTO + 10 },		/* NewSessionTicket */
	};
	struct pair p;
	unsigned int i;
	int fd;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		pair_open(&p, NULL);
		fd = wrong[i].by_server ? p.s : p.c;
		tune_event(fd, QUIC_EVENT_CONNECTION_CLOSE);
		say(fd, QUIC_CRYPTO_APP, wrong[i].type);
		expect_close(fd, wrong[i].code);
		pair_close(&p);
	}
}

/* Who remembers nothing has no credit; and without keys nothing is early. */
static void t_no_credit(void)
{
	struct sockaddr_storage addr;
	socklen_t len;
	int l = open_listener(NULL, &addr, &len), c = open_socket(AF_INET);

	REQUIRE(!connect(c, (struct sockaddr *)&addr, len));
	say(c, QUIC_CRYPTO_INITIAL, HELLO);
	EXPECT_ERR(quic_sendmsg(c, "x", 1, 0, MSG_QUIC_STREAM_NEW | MSG_DONTWAIT), EAGAIN);
	EXPECT_OK(secret(c, QUIC_CRYPTO_EARLY, true, 1));
	EXPECT(quic_sendmsg(c, "x", 1, 0, MSG_QUIC_STREAM_NEW | MSG_DONTWAIT) < 0);
	EXPECT_EQ(mib("TX_0RTT"), 0);
	close(c);
	close(l);
}

/* A client that closes with 0-RTT under way says so in an Initial. */
static void t_close(void)
{
	long long closed = mib("CONN_CLOSE_RECEIVED");
	struct early e;

	begin(&e, NULL);
	close(e.c);
	EXPECT(poll_for(e.s, POLLHUP, 20000) & POLLHUP);
	EXPECT_EQ(mib("CONN_CLOSE_RECEIVED"), closed + 1);
	close(e.s);
	close(e.l);
}

const struct test tests[] = {
	{ "no_credit", t_no_credit },
	{ "message_in_parts", t_message_in_parts },
	{ "accepted", t_accepted },
	{ "accepted_ipv6", t_accepted_ipv6 },
	{ "rejected", t_rejected },
	{ "retry", t_retry },
	{ "lowered", t_lowered },
	{ "remembered_less", t_remembered_less },
	{ "lowered_too_far", t_lowered_too_far },
	{ "close", t_close },
	{ "lost_finished", t_lost_finished },
	{ "tls_after_handshake", t_tls_after_handshake },
	{ "versions", t_versions },
	{ "version_stays", t_version_stays },
	{ "chosen_version", t_chosen_version },
	{}
};

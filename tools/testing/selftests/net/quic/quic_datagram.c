// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams, RFC 9221: sent whole or not at all, read whole or in parts, beside streams, within
 * what the peer takes and the buffers hold. Both ends are in one process, on the loopback.
 */
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness.h"

#define FRAME_MAX	1000	/* what the ends take, frame header included */
#define PAYLOAD_MAX	(FRAME_MAX - 3)

static const struct quic_transport_param takes = { .max_datagram_frame_size = FRAME_MAX };

static void open_both(struct pair *p)
{
	const struct pair_opts o = { .client_param = &takes, .server_param = &takes };

	pair_open(p, &o);
}

static ssize_t send_one(int fd, const void *data, size_t len, int flags)
{
	return quic_sendmsg(fd, data, len, -1, (uint32_t)flags | MSG_QUIC_DATAGRAM | MSG_NOSIGNAL);
}

/* Read something; its kind is in *flags */
static ssize_t recv_one(int fd, void *buf, size_t len, uint32_t *flags)
{
	REQUIRE(wait_readable(fd));
	*flags = 0;
	return quic_recvmsg(fd, buf, len, NULL, flags);
}

static void t_both_ways(void)
{
	long long sent = mib("DGRAM_SENT"), received = mib("DGRAM_RECEIVED"), lost = mib("DGRAM_LOST");
	uint8_t out[PAYLOAD_MAX], in[2000];
	uint32_t flags;
	struct pair p;
	size_t len;

	open_both(&p);
	for (len = 0; len <= sizeof(out); len += 100) {
		fill_pattern(out, len, (unsigned int)len);
		EXPECT_EQ(send_one(p.c, out, len, 0), len);
		EXPECT_EQ(recv_one(p.s, in, sizeof(in), &flags), len);
		EXPECT(flags & MSG_QUIC_DATAGRAM && flags & MSG_EOR);
		EXPECT(!memcmp(in, out, len));
		EXPECT_EQ(send_one(p.s, out, len, 0), len);
		EXPECT_EQ(recv_one(p.c, in, sizeof(in), &flags), len);
		EXPECT(!memcmp(in, out, len));
	}
	EXPECT_EQ(mib("DGRAM_SENT") - sent, 20);
	EXPECT_EQ(mib("DGRAM_RECEIVED") - received, 20);
	EXPECT_EQ(mib("DGRAM_LOST") - lost, 0);
	pair_close(&p);
}

static void t_too_long(void)
{
	const struct quic_transport_param large = { .max_datagram_frame_size = 65535 };
	const struct pair_opts o = { .client_param = &takes, .server_param = &large };
	static uint8_t data[20000];
	struct pair p;

	pair_open(&p, &o);
	EXPECT_OK(send_one(p.s, data, PAYLOAD_MAX, 0));
	EXPECT_ERR(send_one(p.s, data, PAYLOAD_MAX + 1, 0), EMSGSIZE);
	/* less than the peer minds, but more than any packet of ours holds, whatever the MTU */
	EXPECT_ERR(send_one(p.c, data, sizeof(data), 0), EMSGSIZE);
	EXPECT_OK(send_one(p.c, data, PAYLOAD_MAX + 1, 0));
	pair_close(&p);
}

static void t_not_taken(void)
{
	const struct pair_opts o = { .client_param = &takes };
	uint32_t flags;
	struct pair p;
	char buf[10];

	pair_open(&p, &o);
	EXPECT_ERR(send_one(p.c, "x", 1, 0), EOPNOTSUPP);
	EXPECT_EQ(send_one(p.s, "x", 1, 0), 1);
	EXPECT_EQ(recv_one(p.c, buf, sizeof(buf), &flags), 1);
	pair_close(&p);
}

static void t_in_parts(void)
{
	uint32_t flags;
	struct pair p;
	char buf[10];

	open_both(&p);
	EXPECT_EQ(send_one(p.c, "abcdef", 6, 0), 6);
	REQUIRE(wait_readable(p.s));
	flags = MSG_PEEK;
	EXPECT_EQ(quic_recvmsg(p.s, buf, 4, NULL, &flags), 4);
	EXPECT(!(flags & MSG_EOR));
	EXPECT_EQ(recv_one(p.s, buf, 4, &flags), 4);
	EXPECT(!(flags & MSG_EOR) && !memcmp(buf, "abcd", 4));
	EXPECT_EQ(recv_one(p.s, buf, 4, &flags), 2);
	EXPECT(flags & MSG_EOR && !memcmp(buf, "ef", 2));
	flags = MSG_DONTWAIT;
	EXPECT_ERR(quic_recvmsg(p.s, buf, 4, NULL, &flags), EAGAIN);
	pair_close(&p);
}

static void t_beside_streams(void)
{
	static uint8_t stream[1 << 20], in[sizeof(stream)];
	unsigned int sent = 0, got = 0;
	size_t written = 0, read = 0;
	uint8_t dgram[500];
	uint32_t flags;
	struct pair p;
	ssize_t n;

	open_both(&p);
	fill_pattern(stream, sizeof(stream), 7);
	memset(dgram, 0xd1, sizeof(dgram));
	while (read < sizeof(stream)) {
		n = quic_sendmsg(p.c, stream + written, sizeof(stream) - written, 0,
				 MSG_DONTWAIT | (written ? 0 : MSG_QUIC_STREAM_NEW));
		written += n > 0 ? (size_t)n : 0;
		if (sent < 100 && send_one(p.c, dgram, sizeof(dgram), MSG_DONTWAIT) > 0)
			sent++;
		REQUIRE(wait_readable(p.s));
		flags = MSG_DONTWAIT;
		n = quic_recvmsg(p.s, in + read, sizeof(in) - read, NULL, &flags);
		REQUIRE(n > 0);
		if (flags & MSG_QUIC_DATAGRAM) {
			EXPECT_EQ(n, sizeof(dgram));
			EXPECT(in[read] == 0xd1);
			got++;
		} else {
			read += (size_t)n;
		}
	}
	EXPECT(!memcmp(in, stream, sizeof(in)));
	EXPECT(sent > 0);
	EXPECT(got > 0 && got <= sent);
	pair_close(&p);
}

/* who does not read loses them, and the connection goes on */
static void t_nobody_reads(void)
{
	long long sent = mib("DGRAM_SENT"), received = mib("DGRAM_RECEIVED"), full = mib("DROP_RMEM");
	uint8_t data[900] = {};
	int small = 16384, i;
	struct pair p;
	char buf[1];

	open_both(&p);
	EXPECT_OK(setsockopt(p.s, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)));
	for (i = 0; i < 200; i++)
		EXPECT_EQ(send_one(p.c, data, sizeof(data), 0), sizeof(data));
	EXPECT_EQ(send(p.c, "x", 1, 0), 1);
	while (recv(p.s, data, sizeof(data), 0) == sizeof(data))
		;
	EXPECT_EQ(mib("DGRAM_SENT") - sent, 200);
	EXPECT(mib("DROP_RMEM") > full);
	EXPECT_EQ(mib("DGRAM_RECEIVED") - received + mib("DROP_RMEM") - full, 200);
	EXPECT_EQ(send(p.s, "y", 1, 0), 1);
	EXPECT_EQ(recv(p.c, buf, 1, 0), 1);
	pair_close(&p);
}

static void lo_up(bool up)
{
	struct ifreq req = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	REQUIRE(!ioctl(fd, SIOCGIFFLAGS, &req));
	req.ifr_flags = (short)(up ? req.ifr_flags | IFF_UP : req.ifr_flags & ~IFF_UP);
	REQUIRE(!ioctl(fd, SIOCSIFFLAGS, &req));
	close(fd);
}

/* those sent while the link is down are lost, counted, and not sent again */
static void t_lost(void)
{
	long long lost = mib("DGRAM_LOST"), received = mib("DGRAM_RECEIVED");
	int64_t end = now_ms() + 20000;
	uint8_t data[900] = {};
	uint32_t flags;
	struct pair p;
	int i;

	open_both(&p);
	lo_up(false);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(send_one(p.c, data, sizeof(data), 0), sizeof(data));
	lo_up(true);
	for (; mib("DGRAM_LOST") - lost < 3 && now_ms() < end; sleep_ms(20)) {
		/* that later packets arrive is how a loss is seen */
		EXPECT_EQ(send_one(p.c, data, 100, 0), 100);
		EXPECT_EQ(recv_one(p.s, data, sizeof(data), &flags), 100);
	}
	EXPECT_EQ(mib("DGRAM_LOST") - lost, 3);
	EXPECT(mib("DGRAM_RECEIVED") > received);
	pair_close(&p);
}

static void t_flags(void)
{
	struct quic_stream_info info = {};
	char control[CMSG_SPACE(sizeof(info))] = {};
	struct iovec iov = { .iov_base = (char *)"x", .iov_len = 1 };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&mh);
	struct pair p;

	open_both(&p);
	cmsg->cmsg_level = SOL_QUIC;
	cmsg->cmsg_type = QUIC_STREAM_INFO;
	cmsg->cmsg_len = CMSG_LEN(sizeof(info));
	EXPECT_ERR(sendmsg(p.c, &mh, MSG_QUIC_DATAGRAM), EINVAL);	/* of a stream? */
	pair_close(&p);
}

const struct test tests[] = {
	{ "datagrams of all lengths, both ways", t_both_ways },
	{ "one too long is EMSGSIZE", t_too_long },
	{ "a peer that takes none is EOPNOTSUPP", t_not_taken },
	{ "peeked at, and read in parts", t_in_parts },
	{ "beside a stream", t_beside_streams },
	{ "nobody reads: they are dropped and counted", t_nobody_reads },
	{ "lost: counted, and not sent again", t_lost },
	{ "a datagram is of no stream", t_flags },
	{}
};

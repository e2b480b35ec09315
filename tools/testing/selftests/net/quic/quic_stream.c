// SPDX-License-Identifier: GPL-2.0
/*
 * What reading and writing on streams mean: which stream a call is about, ends,
 * the flags of send and receive, what is left when a connection closes. Both ends
 * are in one process, on the loopback. Resets are in quic_reset.c.
 */
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#define BIG_BYTES	(4 << 20)

/* ---- which stream ---- */

static void t_default_stream(void)
{
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_EQ(send(p.c, "hello", 5, 0), 5);
	EXPECT_RECV(p.s, 0, "hello", false);
	EXPECT_EQ(send(p.s, "answer", 6, 0), 6);	/* on the peer's stream, unopened here */
	EXPECT_RECV(p.c, 0, "answer", false);
	EXPECT_EQ(write(p.c, "again", 5), 5);
	EXPECT_RECV(p.s, 0, "again", false);
	/* the newest that was opened becomes the default */
	EXPECT_EQ(send_on(p.c, 4, "other", MSG_QUIC_STREAM_NEW), 5);
	EXPECT_RECV(p.s, 4, "other", false);
	EXPECT_EQ(send(p.c, "more", 4, 0), 4);
	EXPECT_RECV(p.s, 4, "more", false);
	EXPECT_EQ(send_on(p.c, -1, "x", 0), 1);
	EXPECT_RECV(p.s, 4, "x", false);
	pair_close(&p);
}

static void t_server_first(void)
{
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_EQ(send(p.s, "banner", 6, 0), 6);	/* the server's own first: 1 */
	EXPECT_RECV(p.c, 1, "banner", false);
	pair_close(&p);
}

static void t_stream_ids(void)
{
	struct quic_stream_info info;
	socklen_t len;
	struct pair p;
	int i;

	pair_open(&p, NULL);
	for (i = 0; i < 3; i++) {
		info.stream_id = -1;
		info.stream_flags = 0;
		len = sizeof(info);
		EXPECT_OK(getsockopt(p.c, SOL_QUIC, QUIC_SOCKOPT_STREAM_OPEN, &info, &len));
		EXPECT_EQ(info.stream_id, 4 * i);
	}
	info.stream_id = -1;
	info.stream_flags = MSG_QUIC_STREAM_UNI;
	EXPECT_OK(getsockopt(p.c, SOL_QUIC, QUIC_SOCKOPT_STREAM_OPEN, &info, &len));
	EXPECT_EQ(info.stream_id, 2);
	info.stream_id = -1;
	info.stream_flags = 0;
	EXPECT_OK(getsockopt(p.s, SOL_QUIC, QUIC_SOCKOPT_STREAM_OPEN, &info, &len));
	EXPECT_EQ(info.stream_id, 1);
	info.stream_id = 2;		/* the server's are odd */
	EXPECT_ERR(getsockopt(p.s, SOL_QUIC, QUIC_SOCKOPT_STREAM_OPEN, &info, &len), EINVAL);
	info.stream_id = -2;
	EXPECT_ERR(getsockopt(p.c, SOL_QUIC, QUIC_SOCKOPT_STREAM_OPEN, &info, &len), EINVAL);
	len = 4;
	EXPECT_ERR(getsockopt(p.c, SOL_QUIC, QUIC_SOCKOPT_STREAM_OPEN, &info, &len), EINVAL);
	EXPECT_EQ(send_on(p.c, 8, "eight", 0), 5);
	EXPECT_EQ(send_on(p.c, 0, "zero", 0), 4);
	EXPECT_RECV(p.s, 8, "eight", false);
	EXPECT_RECV(p.s, 0, "zero", false);
	EXPECT_ERR(send_on(p.c, 3, "no", 0), EINVAL);
	pair_close(&p);
}

static void t_unidirectional(void)
{
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_EQ(send_on(p.c, -1, "one way", MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_UNI), 7);
	EXPECT_RECV(p.s, 2, "one way", false);
	EXPECT_ERR(send_on(p.s, 2, "back", 0), EINVAL);
	EXPECT_EQ(send_on(p.c, 2, "end", MSG_QUIC_STREAM_FIN), 3);
	EXPECT_RECV(p.s, 2, "end", true);
	pair_close(&p);
}

static void t_stream_limit(void)
{
	struct quic_transport_param few = { .max_streams_bidi = 3 };
	struct pair_opts opts = { .server_param = &few };
	struct pair p;
	int i;

	pair_open(&p, &opts);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(send_on(p.c, 4 * i, "a", MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN), 1);
	EXPECT_ERR(send_on(p.c, 12, "b", MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_DONTWAIT), ENOSPC);
	EXPECT_ERR(send_on(p.c, 12, "b", MSG_QUIC_STREAM_NEW | MSG_DONTWAIT), ENOSPC);
	/* ended ones make room, and who waits gets it */
	for (i = 0; i < 3; i++) {
		EXPECT_RECV(p.s, 4 * i, "a", true);
		EXPECT_EQ(send_on(p.s, 4 * i, "c", MSG_QUIC_STREAM_FIN), 1);
		EXPECT_RECV(p.c, 4 * i, "c", true);
	}
	EXPECT_EQ(send_on(p.c, 12, "b", MSG_QUIC_STREAM_NEW), 1);
	EXPECT_RECV(p.s, 12, "b", false);
	pair_close(&p);
}

/* ---- ends ---- */

static void t_fin(void)
{
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_EQ(send_on(p.c, 0, "bye", MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN), 3);
	EXPECT_RECV(p.s, 0, "bye", true);
	EXPECT_EQ(send_on(p.s, 0, "still", 0), 5);	/* the other half is open */
	EXPECT_RECV(p.c, 0, "still", false);
	EXPECT_EQ(send_on(p.c, 0, "late", 0), -1);
	EXPECT(errno == EPIPE || errno == EINVAL);
	EXPECT_EQ(quic_sendmsg(p.s, NULL, 0, 0, MSG_QUIC_STREAM_FIN), 0);	/* alone */
	EXPECT_RECV(p.c, 0, "", true);
	EXPECT_EQ(send_on(p.c, 4, "next", MSG_QUIC_STREAM_NEW), 4);
	EXPECT_RECV(p.s, 4, "next", false);
	pair_close(&p);
}

static void t_shutdown_write(void)
{
	char buf[16];
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_EQ(send(p.c, "question", 8, 0), 8);
	EXPECT_OK(shutdown(p.c, SHUT_WR));
	EXPECT_EQ(read_exactly(p.s, buf, 16), 8);	/* stops at the end */
	EXPECT_EQ(recv(p.s, buf, 16, 0), 0);
	EXPECT_EQ(send(p.s, "reply", 5, 0), 5);
	EXPECT_EQ(recv(p.c, buf, 16, 0), 5);
	EXPECT_ERR(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	pair_close(&p);
}

static void t_shutdown_read(void)
{
	char buf[16];
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_EQ(send(p.c, "a", 1, 0), 1);
	EXPECT_EQ(recv(p.s, buf, 16, 0), 1);
	EXPECT_OK(shutdown(p.s, SHUT_RD));
	EXPECT_EQ(recv(p.s, buf, 16, 0), 0);
	EXPECT_EQ(send(p.s, "b", 1, 0), 1);
	EXPECT_EQ(recv(p.c, buf, 16, 0), 1);
	pair_close(&p);
}

static void t_clean_close(void)
{
	char buf[16];
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_EQ(send(p.c, "last", 4, 0), 4);
	close(p.c);
	EXPECT_EQ(read_exactly(p.s, buf, 16), 4);
	EXPECT_EQ(recv(p.s, buf, 16, 0), 0);
	EXPECT(poll_for(p.s, POLLIN | POLLRDHUP, 5000) & POLLRDHUP);
	EXPECT_ERR(send(p.s, "x", 1, MSG_NOSIGNAL), EPIPE);
	EXPECT_ERR(getpeername(p.s, (struct sockaddr *)&p.addr, &p.len), ENOTCONN);
	p.c = open_socket(AF_INET);
	pair_close(&p);
}

static volatile sig_atomic_t sigpipes;

static void on_sigpipe(int sig)
{
	(void)sig;
	sigpipes++;
}

static void t_sigpipe(void)
{
	char buf[4];
	struct pair p;

	signal(SIGPIPE, on_sigpipe);
	pair_open(&p, NULL);
	close(p.c);
	EXPECT(recv(p.s, buf, 4, 0) <= 0);
	EXPECT_ERR(send(p.s, "x", 1, MSG_NOSIGNAL), EPIPE);
	EXPECT_EQ(sigpipes, 0);
	EXPECT_ERR(send(p.s, "x", 1, 0), EPIPE);
	EXPECT_EQ(sigpipes, 1);
	p.c = open_socket(AF_INET);
	pair_close(&p);
}

static uint8_t *big_pattern(unsigned int seed)
{
	uint8_t *p = malloc(BIG_BYTES);

	REQUIRE(p);
	fill_pattern(p, BIG_BYTES, seed);
	return p;
}

static void *close_after_send(void *arg)
{
	struct pair *p = arg;
	uint8_t *data = big_pattern(7);
	size_t off = 0;
	ssize_t n;

	while (off < BIG_BYTES) {
		n = send(p->c, data + off, BIG_BYTES - off, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		off += (size_t)n;
	}
	close(p->c);		/* at once: most of it has not left */
	free(data);
	return NULL;
}

static void t_close_delivers(void)
{
	uint8_t *want = big_pattern(7), *got = malloc(BIG_BYTES);
	pthread_t thread;
	struct pair p;

	REQUIRE(got);
	pair_open(&p, NULL);
	REQUIRE(!pthread_create(&thread, NULL, close_after_send, &p));
	EXPECT_EQ(read_exactly(p.s, got, BIG_BYTES), BIG_BYTES);
	EXPECT(!memcmp(got, want, BIG_BYTES));
	EXPECT_EQ(recv(p.s, got, 1, 0), 0);
	pthread_join(thread, NULL);
}

/* The application's own code and words reach the other end. */
static void t_close_reason(void)
{
	struct quic_connection_close mine = { .errcode = 77, .phrase = "enough" }, got;
	unsigned char buf[128];
	uint32_t flags = 0;
	struct pair p;
	ssize_t n;

	pair_open(&p, NULL);
	tune_event(p.s, QUIC_EVENT_CONNECTION_CLOSE);
	EXPECT_OK(setsockopt(p.c, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_CLOSE, &mine, sizeof(mine)));
	close(p.c);
	n = quic_recvmsg(p.s, buf, sizeof(buf), NULL, &flags);
	EXPECT_EQ(n, 1 + (ssize_t)sizeof(got));
	EXPECT(flags & MSG_QUIC_NOTIFICATION);
	EXPECT_EQ(buf[0], QUIC_EVENT_CONNECTION_CLOSE);
	memcpy(&got, buf + 1, sizeof(got));
	EXPECT_EQ(got.errcode, 77);
	EXPECT_EQ(got.frame, 0);
	EXPECT(!strcmp((char *)got.phrase, "enough"));
	p.c = open_socket(AF_INET);
	pair_close(&p);
}

/* ---- flags of receive ---- */

static void t_peek(void)
{
	char buf[8] = {};
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_EQ(send(p.c, "abcdef", 6, 0), 6);
	EXPECT(wait_readable(p.s));
	EXPECT_EQ(recv(p.s, buf, 3, MSG_PEEK), 3);
	EXPECT(!memcmp(buf, "abc", 3));
	EXPECT_EQ(recv(p.s, buf, 8, MSG_PEEK), 6);
	EXPECT_EQ(recv(p.s, buf, 4, 0), 4);
	EXPECT(!memcmp(buf, "abcd", 4));
	EXPECT_EQ(recv(p.s, buf, 8, 0), 2);
	EXPECT(!memcmp(buf, "ef", 2));
	EXPECT_ERR(recv(p.s, buf, 8, MSG_DONTWAIT | MSG_PEEK), EAGAIN);
	pair_close(&p);
}

static void t_trunc(void)
{
	char buf[8] = "ABCDEFG";
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_EQ(send(p.c, "abcdef", 6, 0), 6);
	EXPECT(wait_readable(p.s));
	EXPECT_EQ(recv(p.s, buf, 4, MSG_TRUNC), 4);	/* thrown away, as TCP does */
	EXPECT(!memcmp(buf, "ABCD", 4));
	EXPECT_EQ(recv(p.s, buf, 8, 0), 2);
	EXPECT(!memcmp(buf, "ef", 2));
	pair_close(&p);
}

static void *send_in_parts(void *arg)
{
	int fd = *(int *)arg, i;

	for (i = 0; i < 10; i++) {
		sleep_ms(20);
		EXPECT_EQ(send(fd, "0123456789", 10, 0), 10);
	}
	return NULL;
}

static void t_waitall(void)
{
	char buf[200];
	pthread_t thread;
	struct pair p;

	pair_open(&p, NULL);
	REQUIRE(!pthread_create(&thread, NULL, send_in_parts, &p.c));
	EXPECT_EQ(recv(p.s, buf, 100, MSG_WAITALL), 100);
	pthread_join(thread, NULL);
	EXPECT_EQ(send_on(p.c, 0, "end", MSG_QUIC_STREAM_FIN), 3);
	EXPECT_EQ(recv(p.s, buf, 100, MSG_WAITALL), 3);		/* no more will come */
	pair_close(&p);
}

/* Without room for the control message the end of the stream is in msg_flags. */
static void t_no_control(void)
{
	char buf[16], control[4];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	int ready = 0, i;
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_EQ(send_on(p.c, 0, "a", MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN), 1);
	EXPECT_EQ(recvmsg(p.s, &mh, 0), 1);
	EXPECT(mh.msg_flags & MSG_QUIC_STREAM_FIN);
	/* until more comes it is the end, for one that does not ask for streams */
	EXPECT_EQ(recvmsg(p.s, &mh, MSG_DONTWAIT), 0);
	EXPECT_EQ(send_on(p.c, 4, "b", MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN), 1);
	for (i = 0; i < 2000 && !ioctl(p.s, SIOCINQ, &ready) && !ready; i++)
		sleep_ms(10);
	mh.msg_control = control;
	mh.msg_controllen = sizeof(control);
	EXPECT_EQ(recvmsg(p.s, &mh, 0), 1);
	EXPECT(mh.msg_flags & MSG_CTRUNC);
	EXPECT(mh.msg_flags & MSG_QUIC_STREAM_FIN);
	pair_close(&p);
}

/* ---- how much a send takes ---- */

static void tune_sndbuf(int fd)
{
	REQUIRE(!setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ 200000 }, sizeof(int)));
}

static void t_partial_send(void)
{
	struct quic_transport_param small = { .max_data = 100000,
					      .max_stream_data_bidi_remote = 100000 };
	struct pair_opts opts = { .server_param = &small, .tune_client = tune_sndbuf };
	uint8_t *data = big_pattern(1), *got = malloc(BIG_BYTES);
	size_t sent = 0, have = 0;
	struct pair p;
	ssize_t n;

	REQUIRE(got);
	pair_open(&p, &opts);
	n = send(p.c, data, BIG_BYTES, MSG_DONTWAIT);
	EXPECT(n > 0 && n < BIG_BYTES);
	sent = n > 0 ? (size_t)n : 0;
	while ((n = send(p.c, data + sent, BIG_BYTES - sent, MSG_DONTWAIT)) > 0)
		sent += (size_t)n;
	EXPECT_EQ(n, -1);
	EXPECT_EQ(errno, EAGAIN);
	EXPECT(sent < BIG_BYTES);
	/* who names the stream learns that its credit is used up */
	EXPECT_ERR(quic_sendmsg(p.c, data, 1, 0, MSG_DONTWAIT), ENOSPC);
	/* what was taken arrives, neither more nor less */
	EXPECT_OK(shutdown(p.c, SHUT_WR));
	have = read_exactly(p.s, got, BIG_BYTES);
	EXPECT_EQ(have, sent);
	EXPECT(!memcmp(got, data, have));
	pair_close(&p);
}

static void *reader(void *arg)
{
	struct pair *p = arg;
	uint8_t *got = malloc(2 * BIG_BYTES);

	if (got && read_exactly(p->s, got, 2 * BIG_BYTES) != 2 * BIG_BYTES) {
		free(got);
		got = NULL;
	}
	return got;
}

static void t_large_send(void)
{
	uint8_t *data = malloc(2 * BIG_BYTES);
	pthread_t thread;
	struct pair p;
	void *got;

	REQUIRE(data);
	fill_pattern(data, 2 * BIG_BYTES, 3);
	pair_open(&p, NULL);
	REQUIRE(!pthread_create(&thread, NULL, reader, &p));
	EXPECT_EQ(send(p.c, data, 2 * BIG_BYTES, 0), 2 * BIG_BYTES);	/* blocks until all is taken */
	pthread_join(thread, &got);
	EXPECT(got && !memcmp(got, data, 2 * BIG_BYTES));
	pair_close(&p);
}

static void t_iovecs(void)
{
	struct iovec iov[] = {
		{ NULL, 0 }, { "ab", 2 }, { "", 0 }, { NULL, 0 }, { "cd", 2 }, { NULL, 0 },
	};
	char a[3] = {}, b[3] = {};
	struct iovec in[] = { { a, 2 }, { NULL, 0 }, { b, 2 } };
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_EQ(writev(p.c, iov, 6), 4);
	EXPECT_EQ(send(p.c, NULL, 0, 0), 0);
	EXPECT(wait_readable(p.s));
	EXPECT_EQ(readv(p.s, in, 3), 4);
	EXPECT(!strcmp(a, "ab") && !strcmp(b, "cd"));
	pair_close(&p);
}

static void t_bad_address(void)
{
	uint8_t *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char buf[64];
	struct pair p;
	ssize_t n;

	REQUIRE(map != MAP_FAILED);
	REQUIRE(!mprotect(map + 4096, 4096, PROT_NONE));
	memset(map, 'q', 4096);
	pair_open(&p, NULL);
	EXPECT_ERR(send(p.c, map + 4096, 10, 0), EFAULT);
	n = send(p.c, map + 4090, 12, 0);	/* half of it is there: all of it or what there is */
	EXPECT((n == -1 && errno == EFAULT) || n == 6);
	EXPECT_EQ(send(p.c, "fine", 4, 0), 4);
	EXPECT(wait_readable(p.s));
	EXPECT_ERR(recv(p.s, map + 4096, 10, 0), EFAULT);
	EXPECT_EQ(read_exactly(p.s, buf, n == 6 ? 10 : 4), n == 6 ? 10 : 4);
	EXPECT(!memcmp(buf + (n == 6 ? 6 : 0), "fine", 4));
	pair_close(&p);
}

static void t_sendfile(void)
{
	uint8_t *data = big_pattern(11), *got = malloc(2 * BIG_BYTES);
	int file = memfd_create("quic_stream", 0);
	pthread_t thread;
	off_t off = 0;
	struct pair p;
	void *back;
	ssize_t n;

	REQUIRE(got && file >= 0);
	REQUIRE(write(file, data, BIG_BYTES) == BIG_BYTES);
	REQUIRE(write(file, data, BIG_BYTES) == BIG_BYTES);
	pair_open(&p, NULL);
	REQUIRE(!pthread_create(&thread, NULL, reader, &p));
	while (off < 2 * BIG_BYTES) {
		n = sendfile(p.c, file, &off, 2 * BIG_BYTES - (size_t)off);
		if (n <= 0) {
			EXPECT_OK(n);
			shutdown(p.c, SHUT_WR);
			break;
		}
	}
	pthread_join(thread, &back);
	EXPECT(back && !memcmp(back, data, BIG_BYTES) &&
	       !memcmp((uint8_t *)back + BIG_BYTES, data, BIG_BYTES));
	pair_close(&p);
}

/* Many streams at once, and each has its own bytes. */
static void t_many_streams(void)
{
	unsigned int seen[50] = {}, done = 0;
	uint32_t flags;
	char buf[512];
	int64_t sid;
	struct pair p;
	ssize_t n;
	int i;

	pair_open(&p, NULL);
	for (i = 0; i < 50; i++) {
		memset(buf, i, sizeof(buf));
		EXPECT_EQ(quic_sendmsg(p.c, buf, sizeof(buf), 4 * i, MSG_QUIC_STREAM_NEW), sizeof(buf));
	}
	for (i = 49; i >= 0; i--) {
		memset(buf, i, sizeof(buf));
		EXPECT_EQ(quic_sendmsg(p.c, buf, sizeof(buf), 4 * i, MSG_QUIC_STREAM_FIN), sizeof(buf));
	}
	while (done < 50) {
		flags = 0;
		n = quic_recvmsg(p.s, buf, sizeof(buf), &sid, &flags);
		REQUIRE(n >= 0 && sid >= 0 && sid < 200);
		for (i = 0; i < n; i++)
			if (buf[i] != sid / 4)
				break;
		EXPECT_EQ(i, n);
		seen[sid / 4] += (unsigned int)n;
		if (flags & MSG_QUIC_STREAM_FIN) {
			EXPECT_EQ(seen[sid / 4], 1024);
			done++;
		}
	}
	pair_close(&p);
}

/* Returns what it was: '0' or '1' */
static char set_gso(char value)
{
	int fd = open("/proc/sys/net/tquic/gso", O_RDWR);
	char was;

	if (fd < 0 || pread(fd, &was, 1, 0) != 1 || pwrite(fd, &value, 1, 0) != 1)
		skip("batches cannot be switched off");
	close(fd);
	return was;
}

/* Two that have much to send get on side by side: neither waits for the end of the other. */
static void t_streams_share(void)
{
	/* some dozens of packets, and no more until somebody reads */
	struct quic_transport_param tight = { .max_data = 60000, .max_udp_payload_size = 1200 };
	struct pair_opts opts = { .server_param = &tight };
	static uint8_t data[60000], got[60000];
	char gso = set_gso('0');
	int64_t sid;
	struct pair p;

	pair_open(&p, &opts);
	/* all of it is there when the first packet leaves */
	EXPECT_EQ(quic_sendmsg(p.c, data, sizeof(data), 0, MSG_QUIC_STREAM_NEW | MSG_MORE),
		  sizeof(data));
	EXPECT_EQ(quic_sendmsg(p.c, data, sizeof(data), 4, MSG_QUIC_STREAM_NEW), sizeof(data));
	sleep_ms(500);
	EXPECT(quic_recvmsg(p.s, got, sizeof(got), &sid, NULL) < 40000);
	EXPECT_EQ(sid, 0);
	EXPECT(quic_recvmsg(p.s, got, sizeof(got), &sid, NULL) > 20000);
	EXPECT_EQ(sid, 4);
	set_gso(gso);
	pair_close(&p);
}

/* One packet with as many pieces of payload as it can have, and ends that have none, behind them */
static void t_many_frames(void)
{
	int64_t sid, ended = 7, last = 9;
	int bytes = 0, fins = 0;
	uint32_t flags;
	struct pair p;
	char buf[16];
	ssize_t n;

	pair_open(&p, NULL);
	for (sid = 0; sid < ended; sid++) {
		EXPECT_EQ(send_on(p.c, 4 * sid, "a", MSG_QUIC_STREAM_NEW), 1);
		EXPECT_RECV(p.s, 4 * sid, "a", false);
	}
	for (; sid < ended + last; sid++)
		EXPECT_EQ(send_on(p.c, 4 * sid, "b", MSG_QUIC_STREAM_NEW | MSG_MORE), 1);
	for (sid = 0; sid < ended; sid++)
		EXPECT_EQ(send_on(p.c, 4 * sid, "", MSG_QUIC_STREAM_FIN | MSG_MORE), 0);
	EXPECT_EQ(send_on(p.c, 4 * ended, "c", MSG_QUIC_STREAM_FIN), 1);
	while (bytes < last + 1 || fins < ended + 1) {
		flags = 0;
		n = quic_recvmsg(p.s, buf, sizeof(buf), &sid, &flags);
		REQUIRE(n >= 0);
		bytes += n;
		fins += !!(flags & MSG_QUIC_STREAM_FIN);
	}
	EXPECT_EQ(bytes, last + 1);
	EXPECT_EQ(fins, ended + 1);
	pair_close(&p);
}

/* A forked child and its parent share the connection. */
static void t_fork(void)
{
	char buf[8];
	struct pair p;
	pid_t pid;

	pair_open(&p, NULL);
	pid = fork();
	if (!pid) {
		close(p.s);
		_exit(send(p.c, "child", 5, 0) != 5);
	}
	EXPECT_EQ(read_exactly(p.s, buf, 5), 5);
	EXPECT(!memcmp(buf, "child", 5));
	waitpid(pid, NULL, 0);
	EXPECT_EQ(send(p.c, "parent", 6, 0), 6);	/* the child's end closed nothing */
	EXPECT_EQ(read_exactly(p.s, buf, 6), 6);
	pair_close(&p);
}

/* ---- priorities ---- */

static int prioritize(int fd, int64_t sid, unsigned int urgency, unsigned int incremental)
{
	struct quic_stream_priority p = {
		.stream_id = sid, .urgency = (uint8_t)urgency, .incremental = (uint8_t)incremental,
	};

	return setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_STREAM_PRIORITY, &p, sizeof(p));
}

static void t_priority(void)
{
	static char data[8000], buf[sizeof(data)];
	const struct quic_transport_param narrow = { .max_data = 4000 };
	const struct pair_opts o = { .server_param = &narrow };
	struct quic_stream_priority p = { .stream_id = 4 };
	int64_t sid, last = -1, order[8];
	socklen_t len = sizeof(p);
	size_t left = 3 * sizeof(data);
	struct pair p2;
	int n = 0, i;
	ssize_t got;

	pair_open(&p2, &o);
	/* the first uses the credit up; more comes as it is read */
	for (i = 0; i < 3; i++)
		REQUIRE(quic_sendmsg(p2.c, "", 0, 4 * i, MSG_QUIC_STREAM_NEW) == 0);
	EXPECT_OK(getsockopt(p2.c, SOL_QUIC, QUIC_SOCKOPT_STREAM_PRIORITY, &p, &len));
	EXPECT_EQ(p.urgency, 3);
	EXPECT_EQ(p.incremental, 1);
	EXPECT_OK(prioritize(p2.c, 8, 0, 1));
	EXPECT_OK(prioritize(p2.c, 4, 1, 0));
	EXPECT_OK(prioritize(p2.c, 0, 7, 1));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(quic_sendmsg(p2.c, data, sizeof(data), 4 * i, MSG_QUIC_STREAM_FIN),
			  sizeof(data));
	while (left) {
		got = quic_recvmsg(p2.s, buf, sizeof(buf), &sid, NULL);
		REQUIRE(got >= 0);
		left -= (size_t)got;
		if (got && sid != last && n < 8)
			order[n++] = last = sid;
	}
	/* what the window let through at once, then by urgency */
	REQUIRE(n >= 3);
	EXPECT_EQ(order[n - 3], 8);
	EXPECT_EQ(order[n - 2], 4);
	EXPECT_EQ(order[n - 1], 0);
	EXPECT_ERR(prioritize(p2.c, 4, 8, 1), EINVAL);
	EXPECT_ERR(prioritize(p2.c, 4, 3, 2), EINVAL);
	EXPECT_ERR(prioritize(p2.c, 40, 3, 1), EINVAL);
	EXPECT_ERR(prioritize(p2.c, -1, 3, 1), EINVAL);
	EXPECT_ERR(prioritize(p2.c, 3, 3, 1), EINVAL);	/* the peer's, one way */
	EXPECT_ERR(prioritize(p2.l, 0, 3, 1), EINVAL);
	pair_close(&p2);
}

const struct test tests[] = {
	{ "default_stream", t_default_stream },
	{ "server_first", t_server_first },
	{ "stream_ids", t_stream_ids },
	{ "priority", t_priority },
	{ "unidirectional", t_unidirectional },
	{ "stream_limit", t_stream_limit },
	{ "fin", t_fin },
	{ "shutdown_write", t_shutdown_write },
	{ "shutdown_read", t_shutdown_read },
	{ "clean_close", t_clean_close },
	{ "sigpipe", t_sigpipe },
	{ "close_delivers", t_close_delivers },
	{ "close_reason", t_close_reason },
	{ "peek", t_peek },
	{ "trunc", t_trunc },
	{ "waitall", t_waitall },
	{ "no_control", t_no_control },
	{ "partial_send", t_partial_send },
	{ "large_send", t_large_send },
	{ "iovecs", t_iovecs },
	{ "bad_address", t_bad_address },
	{ "sendfile", t_sendfile },
	{ "many_streams", t_many_streams },
	{ "streams_share", t_streams_share },
	{ "many_frames", t_many_frames },
	{ "fork", t_fork },
	{}
};

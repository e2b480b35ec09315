// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail: the first of a call, then the second, until a call makes no more.
 * Whatever it answers, the bytes that it says it took arrive, and those after them too. A
 * kernel without fault injection has no fail-nth, and the cases are skipped.
 */
#include <fcntl.h>
#include <linux/errqueue.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "harness.h"

#define LEN	(160 << 10)
#define MOST	500		/* allocations of a call */
#define WAIT_MS	20000

static uint8_t *content;	/* LEN bytes */
static int content_fd;		/* the same as a file */
static int nth_fd;

/* The nth allocation from now on fails, once, in this thread; 0: none. */
static void fail_nth(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	REQUIRE(pwrite(nth_fd, text, (size_t)len, 0) == len);
}

/* It has failed; there is nothing to fail any more. */
static bool has_failed(void)
{
	char text[16] = {};
	bool failed;

	REQUIRE(pread(nth_fd, text, sizeof(text) - 1, 0) > 0);
	failed = !atoi(text);
	fail_nth(0);
	return failed;
}

static void prepare(void)
{
	nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		skip("no /proc/thread-self/fail-nth in this kernel");
	content = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(content != MAP_FAILED);
	fill_pattern(content, LEN, 1);
	content_fd = memfd_create("content", 0);
	REQUIRE(content_fd >= 0 && write(content_fd, content, LEN) == LEN);
}

/* ---- sending ---- */

struct receiver {
	struct pair p;
	size_t got;
	bool right;
};

static void *receive(void *arg)
{
	struct receiver *r = arg;
	uint8_t *buf = malloc(LEN + 1);

	r->got = read_exactly(r->p.s, buf, LEN + 1);
	r->right = r->got <= LEN && !memcmp(buf, content, r->got);
	free(buf);
	return NULL;
}

/* Each sends from off on and returns how much the kernel took, or -1. */
static ssize_t send_copied(int fd, size_t off)
{
	return send(fd, content + off, LEN - off, 0);
}

static ssize_t send_dontwait(int fd, size_t off)
{
	return send(fd, content + off, LEN - off, MSG_DONTWAIT);
}

static ssize_t send_zerocopy(int fd, size_t off)
{
	return send(fd, content + off, LEN - off, MSG_ZEROCOPY);
}

static ssize_t send_file(int fd, size_t off)
{
	off_t at = (off_t)off;

	return sendfile(fd, content_fd, &at, LEN - off);
}

/* What the pipe has taken and the socket has not is thrown away with the pipe. */
static ssize_t send_spliced(int fd, size_t off)
{
	ssize_t in, out, done = 0;
	off_t at = (off_t)off;
	int pipe_fds[2];

	if (pipe(pipe_fds))
		return -1;
	in = splice(content_fd, &at, pipe_fds[1], NULL, LEN - off, 0);
	while (done < in) {
		out = splice(pipe_fds[0], NULL, fd, NULL, (size_t)(in - done), 0);
		if (out <= 0)
			break;
		done += out;
	}
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return done ? done : -1;
}

static void tune_zerocopy(int fd)
{
	int one = 1;

	REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ZEROCOPY, &one, sizeof(one)));
}

/* ENFILE is what socket() and pipe() make of it. */
static bool is_no_memory(int err)
{
	return err == ENOMEM || err == ENOBUFS || err == EAGAIN || err == ENFILE;
}

static void expect_no_memory(bool failed, int err)
{
	EXPECT(failed);
	if (!is_no_memory(err))
		fail_result(__FILE__, __LINE__, "the call", -1, err, ENOMEM);
}

/* Until all sends are told to be done. */
static void expect_completions(int fd, unsigned int sends)
{
	const struct sock_extended_err *ee;
	unsigned int done = 0;
	int64_t end = now_ms() + WAIT_MS;

	while (done < sends && now_ms() < end) {
		char control[256] = {};
		struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };

		if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
			poll_for(fd, 0, 100);
			continue;
		}
		ee = (const struct sock_extended_err *)CMSG_DATA(CMSG_FIRSTHDR(&msg));
		done += ee->ee_data - ee->ee_info + 1;
	}
	EXPECT_EQ(done, sends);
}

/* One transfer, whose nth allocation fails in the call that sends; false: it made fewer. */
static bool send_failing(const struct pair_opts *o, ssize_t (*how)(int, size_t), unsigned int nth)
{
	struct receiver r = {};
	unsigned int sends = 0;
	pthread_t thread;
	size_t sent = 0;
	ssize_t ret;
	bool failed;
	int err;

	pair_open(&r.p, o);
	REQUIRE(!pthread_create(&thread, NULL, receive, &r));
	errno = 0;
	fail_nth(nth);
	ret = how(r.p.c, 0);
	err = errno;
	failed = has_failed();
	if (ret < 0)
		expect_no_memory(failed, err);
	for (;;) {
		sends += ret > 0;
		sent += ret > 0 ? (size_t)ret : 0;
		if (sent == LEN)
			break;
		if (ret < 0 && sends)
			REQUIRE(errno == EAGAIN && poll_for(r.p.c, POLLOUT, WAIT_MS) & POLLOUT);
		ret = how(r.p.c, sent);
	}
	EXPECT_OK(shutdown(r.p.c, SHUT_WR));
	if (how == send_zerocopy)
		expect_completions(r.p.c, sends);
	pthread_join(thread, NULL);
	EXPECT_EQ(r.got, LEN);
	EXPECT(r.right);
	pair_close(&r.p);
	return failed;
}

static void run_sends(const struct pair_opts *o, ssize_t (*how)(int, size_t), unsigned int least)
{
	unsigned int nth = 1;

	prepare();
	while (nth < MOST && send_failing(o, how, nth))
		nth++;
	printf("# %u allocations, each of them failed once\n", nth - 1);
	EXPECT(nth > least && nth < MOST);
}

static void t_copied(void)
{
	run_sends(NULL, send_copied, 5);
}

static void t_dontwait(void)
{
	run_sends(&(struct pair_opts) { .family = AF_INET6 }, send_dontwait, 5);
}

static void t_zerocopy(void)
{
	run_sends(&(struct pair_opts) { .tune_client = tune_zerocopy }, send_zerocopy, 5);
}

static void t_zerocopy_plain(void)
{
	struct quic_transport_param off = { .disable_1rtt_encryption = 1 };

	run_sends(&(struct pair_opts) { .client_param = &off, .server_param = &off,
					.tune_client = tune_zerocopy }, send_zerocopy, 5);
}

static void t_sendfile(void)
{
	run_sends(NULL, send_file, 5);
}

static void t_splice(void)
{
	run_sends(NULL, send_spliced, 5);
}

/* ---- sockets ---- */

/* A socket is made and used, and the nth allocation of that fails; false: there is none. */
static bool socket_failing(unsigned int nth, int (*use)(int fd, const struct pair *p),
			   const struct pair *p)
{
	int fd, ret = -1, err = 0;
	bool failed;

	fail_nth(nth);
	fd = socket(p->addr.ss_family, SOCK_STREAM, IPPROTO_QUIC);
	if (fd >= 0)
		ret = use(fd, p);
	if (ret)
		err = errno;
	if (fd >= 0)
		close(fd);
	failed = has_failed();
	if (ret)
		expect_no_memory(failed, err);
	return failed;
}

static void each_failing(int (*use)(int fd, const struct pair *p), const struct pair *p,
			 unsigned int least)
{
	unsigned int nth = 1;

	while (nth < MOST && socket_failing(nth, use, p))
		nth++;
	printf("# %u allocations, each of them failed once\n", nth - 1);
	EXPECT(nth > least && nth < MOST);
}

static int use_connect(int fd, const struct pair *p)
{
	return connect(fd, (const struct sockaddr *)&p->addr, p->len);
}

static void t_connect(void)
{
	struct pair p;

	prepare();
	p.l = open_listener(NULL, &p.addr, &p.len);
	each_failing(use_connect, &p, 10);
	close(p.l);
}

static int use_listen(int fd, const struct pair *p)
{
	return bind(fd, (const struct sockaddr *)&p->addr, p->len) ?: listen(fd, 5);
}

static void t_listen(void)
{
	const struct pair any = { .addr.ss_family = AF_INET6, .len = sizeof(struct sockaddr_in6) };

	prepare();
	each_failing(use_listen, &any, 5);
}

const struct test tests[] = {
	{ "copied", t_copied },
	{ "dontwait", t_dontwait },
	{ "zerocopy", t_zerocopy },
	{ "zerocopy_plain", t_zerocopy_plain },
	{ "sendfile", t_sendfile },
	{ "splice", t_splice },
	{ "connect", t_connect },
	{ "listen", t_listen },
	{}
};

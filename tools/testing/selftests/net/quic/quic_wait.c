// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting on QUIC sockets: time limits, signals, poll and the edges of epoll,
 * calls that another thread ends, and connections that end by silence. Limits
 * on time are wide: a slow machine must pass.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "harness.h"

#define PATIENCE_MS	20000
#define QUIET_TRIES	50	/* 5 ms apart: tries, for a clock goes on while a guest stands still */

static const struct quic_transport_param small_window = {
	.max_data = 50000,
	.max_stream_data_bidi_remote = 50000,
};

static void set_timeout(int fd, int opt, int ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	REQUIRE(!setsockopt(fd, SOL_SOCKET, opt, &tv, sizeof(tv)));
}

/* Take up all that the socket and the peer will hold. */
static void fill_up(int fd)
{
	static char buf[65536];
	int refused = 0;

	while (refused < QUIET_TRIES) {
		if (send(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			refused = 0;
		else
			REQUIRE(errno == EAGAIN && ++refused);
		sleep_ms(5);
	}
}

static void drain(int fd)
{
	static char buf[65536];
	int none = 0;

	while (none < QUIET_TRIES) {
		while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			none = 0;
		none++;
		sleep_ms(5);
	}
}

/* ---- time limits ---- */

static void t_recv_timeout(void)
{
	int64_t start;
	char byte;
	struct pair p;

	pair_open(&p, NULL);
	set_timeout(p.c, SO_RCVTIMEO, 300);
	start = now_ms();
	EXPECT_ERR(recv(p.c, &byte, 1, 0), EAGAIN);
	EXPECT(now_ms() - start >= 290);
	EXPECT(now_ms() - start < 300 + PATIENCE_MS);
	EXPECT_ERR(recv(p.c, &byte, 1, MSG_DONTWAIT), EAGAIN);
	pair_close(&p);
}

static void t_send_timeout(void)
{
	struct pair_opts opts = { .server_param = &small_window };
	static char buf[8 << 20];
	int64_t start;
	struct pair p;
	ssize_t n;

	pair_open(&p, &opts);
	set_timeout(p.c, SO_SNDTIMEO, 300);
	start = now_ms();
	n = send(p.c, buf, sizeof(buf), 0);		/* what was taken in the time */
	EXPECT(n > 0 && n < (ssize_t)sizeof(buf));
	EXPECT(now_ms() - start >= 290);
	start = now_ms();
	EXPECT_ERR(send(p.c, buf, sizeof(buf), 0), EAGAIN);
	EXPECT(now_ms() - start >= 290);
	pair_close(&p);
}

static void t_accept_timeout(void)
{
	struct sockaddr_storage addr;
	socklen_t len;
	int64_t start;
	int fd;

	fd = open_listener(NULL, &addr, &len);
	set_timeout(fd, SO_RCVTIMEO, 300);
	start = now_ms();
	EXPECT_ERR(accept(fd, NULL, NULL), EAGAIN);
	EXPECT(now_ms() - start >= 290);
}

/* ---- signals ---- */

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/* And again, should the call not have begun yet; with 0 no more */
static void alarm_in(int ms, bool restart)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = restart ? SA_RESTART : 0 };
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };
	struct itimerval it = { .it_value = tv, .it_interval = tv };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

static void t_signals(void)
{
	struct pair_opts opts = { .server_param = &small_window };
	struct sockaddr_storage addr;
	static char buf[8 << 20];
	socklen_t len;
	struct pair p;
	ssize_t n;
	int fd;

	pair_open(&p, &opts);
	alarm_in(200, false);
	EXPECT_ERR(recv(p.c, buf, 1, 0), EINTR);
	EXPECT(alarms > 0);
	alarm_in(0, false);
	alarms = 0;
	alarm_in(300, false);
	n = send(p.c, buf, sizeof(buf), 0);
	EXPECT(n > 0 && n < (ssize_t)sizeof(buf));
	EXPECT(alarms > 0);
	fill_up(p.c);
	alarm_in(200, false);
	EXPECT_ERR(send(p.c, buf, sizeof(buf), 0), EINTR);
	alarm_in(0, false);
	fd = open_listener(NULL, &addr, &len);
	alarm_in(200, false);
	EXPECT_ERR(accept(fd, NULL, NULL), EINTR);
	/* a time limit that a signal cuts short is not begun again */
	set_timeout(p.c, SO_RCVTIMEO, 5000);
	alarm_in(200, true);
	EXPECT_ERR(recv(p.c, buf, 1, 0), EINTR);
	pair_close(&p);
}

static void *send_later(void *arg)
{
	sleep_ms(600);
	EXPECT_EQ(send(*(int *)arg, "x", 1, 0), 1);
	return NULL;
}

static void t_restart(void)
{
	pthread_t thread;
	sigset_t set;
	struct pair p;
	char byte;

	pair_open(&p, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);		/* the thread does not take it */
	REQUIRE(!pthread_create(&thread, NULL, send_later, &p.s));
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	alarm_in(200, true);
	EXPECT_EQ(recv(p.c, &byte, 1, 0), 1);		/* goes on by itself */
	EXPECT(alarms > 0);
	alarm_in(0, false);
	pthread_join(thread, NULL);
	pair_close(&p);
}

/* ---- poll ---- */

static void t_poll(void)
{
	struct sockaddr_storage addr;
	socklen_t len;
	struct pair p;
	char byte;
	int fd;

	fd = open_socket(AF_INET);
	EXPECT(poll_for(fd, POLLIN | POLLOUT, 0) & POLLHUP);	/* as TCP: not connected */
	fd = open_listener(NULL, &addr, &len);
	EXPECT_EQ(poll_for(fd, POLLIN | POLLOUT, 0), 0);

	pair_open(&p, NULL);
	EXPECT_EQ(poll_for(p.c, POLLIN | POLLOUT | POLLRDHUP, 0), POLLOUT);
	EXPECT_EQ(poll_for(p.s, POLLIN | POLLOUT | POLLRDHUP, 0), POLLOUT);
	EXPECT_EQ(send(p.c, "ab", 2, 0), 2);
	EXPECT(wait_readable(p.s));
	EXPECT_EQ(recv(p.s, &byte, 1, 0), 1);
	EXPECT_EQ(poll_for(p.s, POLLIN, 0), POLLIN);		/* one byte is left */
	EXPECT_EQ(recv(p.s, &byte, 1, 0), 1);
	EXPECT_EQ(poll_for(p.s, POLLIN, 0), 0);
	close(p.c);
	EXPECT(poll_for(p.s, POLLRDHUP, PATIENCE_MS) & POLLRDHUP);
	EXPECT(poll_for(p.s, POLLIN, 0) & POLLIN);
	EXPECT(poll_for(p.s, 0, 0) & POLLHUP);
	EXPECT(!(poll_for(p.s, POLLIN | POLLOUT, 0) & POLLERR));
	p.c = fd;
	pair_close(&p);
}

static void t_poll_write(void)
{
	struct pair_opts opts = { .server_param = &small_window };
	struct pair p;

	pair_open(&p, &opts);
	fill_up(p.c);
	EXPECT_EQ(poll_for(p.c, POLLOUT, 100), 0);
	drain(p.s);
	EXPECT(poll_for(p.c, POLLOUT, PATIENCE_MS) & POLLOUT);
	EXPECT(send(p.c, "x", 1, MSG_DONTWAIT) == 1);
	pair_close(&p);
}

/* The end of a stream is readable, and reading it is no wait. */
static void t_poll_fin(void)
{
	struct pair p;
	char byte;

	pair_open(&p, NULL);
	EXPECT_EQ(send(p.c, "x", 1, 0), 1);
	EXPECT_EQ(recv(p.s, &byte, 1, 0), 1);
	EXPECT_EQ(poll_for(p.s, POLLIN, 0), 0);
	EXPECT_OK(shutdown(p.c, SHUT_WR));
	EXPECT(wait_readable(p.s));
	EXPECT_EQ(recv(p.s, &byte, 1, MSG_DONTWAIT), 0);
	EXPECT_EQ(poll_for(p.s, POLLOUT, 0), POLLOUT);
	pair_close(&p);
}

static int edges(int ep, int timeout_ms)
{
	struct epoll_event ev = {};
	int n = epoll_wait(ep, &ev, 1, timeout_ms);

	REQUIRE(n >= 0);
	return n ? (int)ev.events : 0;
}

static void t_epoll_edges(void)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	struct pair_opts opts = { .server_param = &small_window };
	int ep = epoll_create1(0), out = epoll_create1(0);
	struct pair p;
	char buf[4];

	pair_open(&p, &opts);
	REQUIRE(!epoll_ctl(ep, EPOLL_CTL_ADD, p.s, &ev));
	EXPECT_EQ(edges(ep, 100), 0);
	EXPECT_EQ(send(p.c, "ab", 2, 0), 2);
	EXPECT_EQ(edges(ep, PATIENCE_MS), EPOLLIN);
	EXPECT_EQ(edges(ep, 100), 0);			/* told once */
	EXPECT_EQ(recv(p.s, buf, 1, 0), 1);
	EXPECT_EQ(edges(ep, 100), 0);			/* reading is no news */
	EXPECT_EQ(send(p.c, "c", 1, 0), 1);
	EXPECT_EQ(edges(ep, PATIENCE_MS), EPOLLIN);	/* more is */
	EXPECT_EQ(read_exactly(p.s, buf, 2), 2);

	ev.events = EPOLLOUT | EPOLLET;
	REQUIRE(!epoll_ctl(out, EPOLL_CTL_ADD, p.c, &ev));
	EXPECT_EQ(edges(out, PATIENCE_MS), EPOLLOUT);
	fill_up(p.c);
	while (edges(out, 100))	/* who does not write after an edge gets no other */
		fill_up(p.c);
	drain(p.s);
	EXPECT_EQ(edges(out, PATIENCE_MS), EPOLLOUT);
	pair_close(&p);
}

/* An edge says when the peer's window opens again for a stream that is named. */
static void t_epoll_credit(void)
{
	const struct quic_transport_param tight = { .max_data = 1 << 20,
						    .max_stream_data_bidi_remote = 20000 };
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLET };
	struct pair_opts opts = { .server_param = &tight };
	static char buf[20000];
	int ep = epoll_create1(0);
	struct pair p;
	size_t got = 0;
	ssize_t n;

	pair_open(&p, &opts);
	REQUIRE(!epoll_ctl(ep, EPOLL_CTL_ADD, p.c, &ev));
	EXPECT_EQ(quic_sendmsg(p.c, buf, 20000, 0, MSG_QUIC_STREAM_NEW | MSG_DONTWAIT), 20000);
	EXPECT_ERR(quic_sendmsg(p.c, buf, 1, 0, MSG_DONTWAIT), ENOSPC);
	/* what was sent is acknowledged, and says so; after that there is no news */
	while (edges(ep, 500))
		EXPECT_ERR(quic_sendmsg(p.c, buf, 1, 0, MSG_DONTWAIT), ENOSPC);
	while (got < 20000 && (n = recv(p.s, buf, sizeof(buf), 0)) > 0)
		got += (size_t)n;
	EXPECT_EQ(got, 20000);
	EXPECT_EQ(edges(ep, PATIENCE_MS), EPOLLOUT);
	EXPECT_EQ(quic_sendmsg(p.c, buf, 1, 0, MSG_DONTWAIT), 1);
	pair_close(&p);
}

/* ---- ended by somebody else ---- */

static void *close_later(void *arg)
{
	sleep_ms(300);
	close(*(int *)arg);
	return NULL;
}

static void *shutdown_later(void *arg)
{
	sleep_ms(300);
	shutdown(*(int *)arg, SHUT_RDWR);
	return NULL;
}

static void t_wake_recv(void)
{
	pthread_t thread;
	struct pair p;
	char byte;

	pair_open(&p, NULL);
	REQUIRE(!pthread_create(&thread, NULL, close_later, &p.s));
	EXPECT(recv(p.c, &byte, 1, 0) <= 0);		/* the peer goes */
	pthread_join(thread, NULL);
	pair_open(&p, NULL);
	REQUIRE(!pthread_create(&thread, NULL, shutdown_later, &p.c));
	EXPECT_EQ(recv(p.c, &byte, 1, 0), 0);		/* another thread says so */
	pthread_join(thread, NULL);
	pair_close(&p);
}

static void t_wake_send(void)
{
	struct pair_opts opts = { .server_param = &small_window };
	static char buf[8 << 20];
	pthread_t thread;
	struct pair p;

	pair_open(&p, &opts);
	fill_up(p.c);
	REQUIRE(!pthread_create(&thread, NULL, close_later, &p.s));
	EXPECT_ERR(send(p.c, buf, sizeof(buf), MSG_NOSIGNAL), EPIPE);
	pthread_join(thread, NULL);
}

static void t_wake_accept(void)
{
	struct sockaddr_storage addr;
	pthread_t thread;
	socklen_t len;
	int fd;

	fd = open_listener(NULL, &addr, &len);
	REQUIRE(!pthread_create(&thread, NULL, shutdown_later, &fd));
	EXPECT_ERR(accept(fd, NULL, NULL), EINVAL);
	pthread_join(thread, NULL);
}

/* ---- silence ---- */

static void one_second(int fd)
{
	struct quic_transport_param param = { .max_idle_timeout = 1000000 };

	REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, &param, sizeof(param)));
}

static void t_idle_timeout(void)
{
	struct pair_opts opts = { .tune_client = one_second };
	long long before = mib("CONN_IDLE_TIMEOUT");
	int64_t start;
	struct pair p;
	char byte;

	start = now_ms();
	pair_open(&p, &opts);
	EXPECT_ERR(recv(p.c, &byte, 1, 0), ETIMEDOUT);
	EXPECT(now_ms() - start >= 1000);
	EXPECT(now_ms() - start < PATIENCE_MS);
	EXPECT(poll_for(p.c, POLLIN, 0) & POLLHUP);
	EXPECT_ERR(recv(p.c, &byte, 1, 0), ENOTCONN);
	EXPECT_ERR(send(p.c, &byte, 1, MSG_NOSIGNAL), EPIPE);
	EXPECT(poll_for(p.s, POLLIN, PATIENCE_MS) & POLLHUP);	/* the other end, too */
	EXPECT(mib("CONN_IDLE_TIMEOUT") >= before + 1);
	pair_close(&p);
}

static void one_second_keepalive(int fd)
{
	int one = 1;

	one_second(fd);
	REQUIRE(!setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)));
}

static void t_keepalive(void)
{
	struct pair_opts opts = { .tune_client = one_second_keepalive };
	long long before = mib("CONN_IDLE_TIMEOUT");
	struct pair p;
	char byte;

	pair_open(&p, &opts);
	EXPECT_EQ(poll_for(p.c, POLLIN | POLLRDHUP, 3500), 0);
	EXPECT_EQ(mib("CONN_IDLE_TIMEOUT"), before);
	EXPECT_EQ(send(p.s, "x", 1, 0), 1);
	EXPECT_EQ(recv(p.c, &byte, 1, 0), 1);
	pair_close(&p);
}

static void constant_keepalive(int fd)
{
	struct quic_config conf = { .keepalive_probe_interval = 1 };

	REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONFIG, &conf, sizeof(conf)));
}

/* A PING each microsecond is not to be had, nor a timer. */
static void t_keepalive_often(void)
{
	struct pair_opts opts = { .tune_client = constant_keepalive };
	long long before;
	struct pair p;

	pair_open(&p, &opts);
	before = mib("TX_PACKETS");
	EXPECT_EQ(poll_for(p.c, POLLIN | POLLRDHUP, 1000), 0);
	EXPECT(mib("TX_PACKETS") - before >= 4);
	EXPECT(mib("TX_PACKETS") - before < 100);
	pair_close(&p);
}

/* Give 127.0.0.1 to the loopback, or take it away, and with it the routes */
static void loopback(bool there)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	struct sockaddr_in *a = (struct sockaddr_in *)&ifr.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	a->sin_family = AF_INET;
	a->sin_addr.s_addr = there ? htonl(INADDR_LOOPBACK) : 0;
	REQUIRE(fd >= 0);
	REQUIRE(!ioctl(fd, SIOCSIFADDR, &ifr));
	close(fd);
}

/* Without a route what is overdue is tried again ever more seldom, not each millisecond. */
static void t_no_route(void)
{
	long long before = mib("TX_ERRORS"), errors;
	struct pair p;
	char buf[4];

	pair_open(&p, NULL);
	EXPECT_EQ(send(p.c, "late", 4, MSG_MORE), 4);	/* leaves in 200 ms */
	loopback(false);
	sleep_ms(2500);
	errors = mib("TX_ERRORS") - before;
	loopback(true);
	EXPECT(errors >= 2);
	EXPECT(errors < 50);	/* probe timeouts among them */
	EXPECT_EQ(read_exactly(p.s, buf, sizeof(buf)), sizeof(buf));
	EXPECT(!memcmp(buf, "late", sizeof(buf)));
	pair_close(&p);
}

/* ---- how long bytes wait for more ---- */

#define TAIL_WRITE	65536
#define TAIL_WRITES	100
#define TAIL_ROUNDS	40

static void *drain_tails(void *arg)
{
	static char buf[TAIL_WRITE];
	struct pair *p = arg;
	ssize_t n;

	do
		n = recv(p->s, buf, sizeof(buf), 0);
	while (n > 0);
	return NULL;
}

/* GSO batches of TAIL_WRITES writes, one right after the other */
static long long batches_of_writes(int fd, const uint8_t *data)
{
	long long before = mib("TX_GSO");
	int i;

	for (i = 0; i < TAIL_WRITES; i++)
		EXPECT_EQ(send(fd, data, TAIL_WRITE, 0), TAIL_WRITE);
	return mib("TX_GSO") - before;
}

static void set_mtu(int mtu)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_mtu = mtu };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	REQUIRE(fd >= 0);
	REQUIRE(!ioctl(fd, SIOCSIFMTU, &ifr));
	close(fd);
}

/*
 * 64 KB are a full GSO batch and two packets.  These leave with the next write, when that follows
 * at once: how often it does is the scheduler's, so that a few rounds may pass.
 */
static void t_tail(void)
{
	struct quic_transport_param plain = { .disable_1rtt_encryption = 1 };	/* faster */
	struct pair_opts opts = { .client_param = &plain, .server_param = &plain };
	uint8_t *data = malloc(TAIL_WRITE);
	long long n = 0, start;
	pthread_t thread;
	struct pair p;
	int i;

	REQUIRE(data);
	fill_pattern(data, TAIL_WRITE, 2);
	set_mtu(1500);
	pair_open(&p, &opts);
	start = now_ms();
	REQUIRE(!pthread_create(&thread, NULL, drain_tails, &p));
	for (i = 0; i < TAIL_ROUNDS; i++) {
		n = batches_of_writes(p.c, data);
		if (n < TAIL_WRITES * 3 / 2)
			break;
	}
	start = now_ms() - start;
	EXPECT_OK(shutdown(p.c, SHUT_WR));
	pthread_join(thread, NULL);
	pair_close(&p);
	free(data);
	set_mtu(65536);
	if (!n)
		skip("no GSO with these switches");
	if (i == TAIL_ROUNDS && 2 * start > TAIL_ROUNDS * TAIL_WRITES)
		skip("64 KB take about as long here as their tail waits");
	EXPECT(i < TAIL_ROUNDS);
}

/* Who waits for an answer is held up once, and then not for long; with NODELAY never */
static void t_tail_alone(void)
{
	uint8_t *data = malloc(TAIL_WRITE), *got = malloc(TAIL_WRITE);
	long long before, gso;
	struct pair p;
	int i, off;

	REQUIRE(data && got);
	fill_pattern(data, TAIL_WRITE, 2);
	set_mtu(1500);
	for (off = 1; off >= 0; off--) {
		pair_open(&p, NULL);
		if (off)
			EXPECT_OK(setsockopt(p.c, SOL_TCP, TCP_NODELAY, &off, sizeof(off)));
		before = mib("TX_TAILS_ALONE");
		gso = mib("TX_GSO");
		for (i = 0; i < 2 * TAIL_WRITES; i++) {
			EXPECT_EQ(send(p.c, data, TAIL_WRITE, 0), TAIL_WRITE);
			EXPECT_EQ(read_exactly(p.s, got, TAIL_WRITE), TAIL_WRITE);
			EXPECT(!memcmp(got, data, TAIL_WRITE));
		}
		EXPECT_EQ(mib("TX_TAILS_ALONE") - before, !off && mib("TX_GSO") != gso);
		pair_close(&p);
	}
	set_mtu(65536);
	free(data);
	free(got);
}

/* SO_LINGER with time: close() waits for delivery; with none it does not. */
static void t_linger(void)
{
	struct linger on = { .l_onoff = 1, .l_linger = 10 };
	static char buf[300000];
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_OK(setsockopt(p.c, SOL_SOCKET, SO_LINGER, &on, sizeof(on)));
	EXPECT_EQ(send(p.c, buf, sizeof(buf), 0), sizeof(buf));
	close(p.c);
	EXPECT_EQ(read_exactly(p.s, buf, sizeof(buf)), sizeof(buf));
	close(p.s);
	close(p.l);

	pair_open(&p, NULL);
	on.l_linger = 0;
	EXPECT_OK(setsockopt(p.c, SOL_SOCKET, SO_LINGER, &on, sizeof(on)));
	close(p.c);
	EXPECT(recv(p.s, buf, 1, 0) <= 0);
	close(p.s);
	close(p.l);
}

const struct test tests[] = {
	{ "recv_timeout", t_recv_timeout },
	{ "send_timeout", t_send_timeout },
	{ "accept_timeout", t_accept_timeout },
	{ "signals", t_signals },
	{ "restart", t_restart },
	{ "poll", t_poll },
	{ "poll_write", t_poll_write },
	{ "poll_fin", t_poll_fin },
	{ "epoll_edges", t_epoll_edges },
	{ "epoll_credit", t_epoll_credit },
	{ "wake_recv", t_wake_recv },
	{ "wake_send", t_wake_send },
	{ "wake_accept", t_wake_accept },
	{ "idle_timeout", t_idle_timeout },
	{ "keepalive", t_keepalive },
	{ "keepalive_often", t_keepalive_often },
	{ "no_route", t_no_route },
	{ "tail", t_tail },
	{ "tail_alone", t_tail_alone },
	{ "linger", t_linger },
	{}
};

// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the cases of a program one by one, each in a process of its own with a
 * time limit, and prints TAP. Makes pairs of connected sockets for them. It
 * holds no expectation about QUIC itself.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#define CASE_LIMIT_S	60
#define STATUS_SKIP	4

static int failures;

void fail(const char *file, int line, const char *what)
{
	printf("# %s:%d: not so: %s\n", file, line, what);
	fflush(stdout);
	failures++;
}

void fail_numbers(const char *file, int line, const char *what, long long got, long long want)
{
	printf("# %s:%d: %s is %lld (%#llx), want %lld (%#llx)\n", file, line, what,
	       got, (unsigned long long)got, want, (unsigned long long)want);
	fflush(stdout);
	failures++;
}

static const char *error_name(int err)
{
	const char *name = err ? strerrorname_np(err) : "success";

	return name ? name : "?";
}

void fail_result(const char *file, int line, const char *what, long long ret, int err, int want)
{
	printf("# %s:%d: %s: %lld with %s, want %s\n", file, line, what, ret, error_name(err),
	       error_name(want));
	fflush(stdout);
	failures++;
}

void give_up(void)
{
	_exit(1);
}

void skip(const char *why)
{
	printf("# skipped: %s\n", why);
	fflush(stdout);
	_exit(failures ? 1 : STATUS_SKIP);
}

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

void sleep_ms(int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* ---- sockets ---- */

int open_socket(int family)
{
	int fd = socket(family, SOCK_STREAM, IPPROTO_QUIC);

	REQUIRE(fd >= 0);
	return fd;
}

static const struct pair_opts no_opts;

/* The loopback address of the family, any port. */
static void loopback(const struct pair_opts *o, struct sockaddr_storage *addr, socklen_t *len)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *v4 = (struct sockaddr_in *)addr;

	memset(addr, 0, sizeof(*addr));
	if (o->mapped || o->family == AF_INET6) {
		v6->sin6_family = AF_INET6;
		inet_pton(AF_INET6, o->mapped ? "::ffff:127.0.0.1" : "::1", &v6->sin6_addr);
		*len = sizeof(*v6);
	} else {
		v4->sin_family = AF_INET;
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		*len = sizeof(*v4);
	}
}

static void set_param(int fd, const struct quic_transport_param *param)
{
	if (param)
		REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, param, sizeof(*param)));
}

int open_listener(const struct pair_opts *o, struct sockaddr_storage *addr, socklen_t *len)
{
	int fd;

	o = o ? o : &no_opts;
	loopback(o, addr, len);
	fd = open_socket(addr->ss_family);
	REQUIRE(!bind(fd, (struct sockaddr *)addr, *len));
	*len = sizeof(*addr);
	REQUIRE(!getsockname(fd, (struct sockaddr *)addr, len));
	REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, TEST_ALPN, strlen(TEST_ALPN)));
	set_param(fd, o->server_param);
	if (o->tune_server)
		o->tune_server(fd);
	REQUIRE(!listen(fd, 16));
	return fd;
}

int handshake_client(int fd)
{
	struct quic_handshake_parms parms = {
		.size = sizeof(parms),
		.flags = QUIC_HANDSHAKE_F_INSECURE,
		.timeout_ms = 20000,
		.alpns = TEST_ALPN,
	};

	return quic_client_handshake_parms(fd, &parms);
}

int handshake_server(int fd)
{
	struct quic_handshake_parms parms = {
		.size = sizeof(parms),
		.flags = QUIC_HANDSHAKE_F_THROWAWAY,
		.timeout_ms = 20000,
		.alpns = TEST_ALPN,
	};

	return quic_server_handshake_parms(fd, &parms);
}

struct serving {
	struct pair *p;
	const struct pair_opts *o;
};

static void *serve(void *arg)
{
	const struct serving *s = arg;
	struct pair *p = s->p;
	int ret;

	p->s = accept(p->l, NULL, NULL);
	REQUIRE(p->s >= 0);
	if (s->o->tune_accepted)
		s->o->tune_accepted(p->s);
	ret = handshake_server(p->s);
	if (ret) {
		fail_result(__FILE__, __LINE__, "handshake_server", ret, -ret, 0);
		give_up();
	}
	return NULL;
}

/* Both ends established; the case ends when that fails. */
void pair_open(struct pair *p, const struct pair_opts *o)
{
	struct serving s = { .p = p, .o = o ? o : &no_opts };
	pthread_t thread;
	int ret;

	o = s.o;
	p->l = open_listener(o, &p->addr, &p->len);
	REQUIRE(!pthread_create(&thread, NULL, serve, &s));
	p->c = open_socket(p->addr.ss_family);
	set_param(p->c, o->client_param);
	if (o->tune_client)
		o->tune_client(p->c);
	REQUIRE(!connect(p->c, (struct sockaddr *)&p->addr, p->len));
	ret = handshake_client(p->c);
	if (ret) {
		fail_result(__FILE__, __LINE__, "handshake_client", ret, -ret, 0);
		give_up();
	}
	pthread_join(thread, NULL);
}

void pair_close(struct pair *p)
{
	close(p->c);
	close(p->s);
	close(p->l);
}

/* The events that poll() shows; 0 when the time is up. */
int poll_for(int fd, int events, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = (short)events };
	int n;

	do {
		n = poll(&pfd, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	return n > 0 ? pfd.revents : 0;
}

bool wait_readable(int fd)
{
	return poll_for(fd, POLLIN, 20000) & POLLIN;
}

/* Plain reads until len bytes are there, or the end; the bytes read. */
size_t read_exactly(int fd, void *buf, size_t len)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = recv(fd, (char *)buf + got, len - got, 0);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got;
}

void fill_pattern(uint8_t *buf, size_t len, unsigned int seed)
{
	uint32_t x = seed * 2654435761U + 1;
	size_t i;

	for (i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		buf[i] = (uint8_t)(x >> 24);
	}
}

void tune_event(int fd, unsigned int type)
{
	struct quic_event_option on = { .type = (uint8_t)type, .on = 1 };

	REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_EVENT, &on, sizeof(on)));
}

/* The peer has closed and said why: tune_event() has asked for that */
void expect_close(int fd, unsigned int code)
{
	struct quic_connection_close got = {};
	unsigned char buf[128];
	uint32_t flags = 0;
	ssize_t n;

	n = quic_recvmsg(fd, buf, sizeof(buf), NULL, &flags);
	EXPECT_EQ(n, 1 + (ssize_t)sizeof(got));
	EXPECT(flags & MSG_QUIC_NOTIFICATION);
	EXPECT_EQ(buf[0], QUIC_EVENT_CONNECTION_CLOSE);
	memcpy(&got, buf + 1, sizeof(got));
	EXPECT_EQ(got.errcode, code);
}

/* The number behind a name, in a file of such lines; -1 when there is none of that name. */
long long number_in(const char *path, const char *name)
{
	long long value, found = -1;
	char line[64];
	FILE *file;

	file = fopen(path, "re");
	REQUIRE(file);
	while (fscanf(file, "%63s %lld", line, &value) == 2)
		if (!strcmp(line, name))
			found = value;
	fclose(file);
	return found;
}

/* A counter of this network namespace. */
long long mib(const char *name)
{
	return number_in("/proc/net/quic/snmp", name);
}

/* ---- the run ---- */

static int run_case(const struct test *t)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(CASE_LIMIT_S);
		t->run();
		fflush(stdout);
		_exit(failures ? 1 : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	if (WIFSIGNALED(status)) {
		printf("# ended by signal %d%s\n", WTERMSIG(status),
		       WTERMSIG(status) == SIGALRM ? ": it took too long" : "");
		return 1;
	}
	return WEXITSTATUS(status);
}

static bool wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc == 1;
}

int main(int argc, char **argv)
{
	int number = 0, bad = 0, status;
	const struct test *t;

	printf("TAP version 13\n");
	for (t = tests; t->name; t++) {
		if (!wanted(t->name, argc, argv))
			continue;
		status = run_case(t);
		printf("%sok %d %s%s\n", status && status != STATUS_SKIP ? "not " : "", ++number,
		       t->name, status == STATUS_SKIP ? " # SKIP" : "");
		bad += status && status != STATUS_SKIP;
	}
	printf("1..%d\n", number);
	return bad || !number;
}

/* Receive once; checks the stream, the bytes and whether it was the end */
void expect_recv(int fd, int64_t want_sid, const char *want, bool want_fin, const char *file,
		 int line)
{
	uint32_t flags = 0;
	char buf[256] = {};
	int64_t sid = -2;
	ssize_t n;

	n = quic_recvmsg(fd, buf, sizeof(buf), &sid, &flags);
	if (n != (ssize_t)strlen(want) || memcmp(buf, want, strlen(want)))
		fail_result(file, line, buf, n, n < 0 ? errno : 0, 0);
	if (sid != want_sid)
		fail_numbers(file, line, "stream", sid, want_sid);
	if (!(flags & MSG_QUIC_STREAM_FIN) != !want_fin)
		fail_numbers(file, line, "FIN", !!(flags & MSG_QUIC_STREAM_FIN), want_fin);
}

/* Send a string on a stream; no signal */
ssize_t send_on(int fd, int64_t sid, const char *text, uint32_t flags)
{
	return quic_sendmsg(fd, text, strlen(text), sid, flags | MSG_NOSIGNAL);
}

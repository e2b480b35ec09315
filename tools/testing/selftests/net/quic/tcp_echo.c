// SPDX-License-Identifier: GPL-2.0
/*
 * An ordinary TCP program, which has never heard of QUIC, for quicize: a server that
 * sends a banner and then all it gets, a client that asks TCP's questions and compares.
 * With "nonblock" neither waits in a socket call.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BANNER	"hello\n"
#define BYTES	(1 << 20)

static bool nonblock;

__attribute__((noreturn))
static void die(const char *what)
{
	const char *name = strerrorname_np(errno);

	fprintf(stderr, "tcp_echo: %s: %s (%s)\n", what, strerror(errno), name ? name : "?");
	exit(1);
}

static void wait_for(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	if (poll(&pfd, 1, 60000) != 1) {
		errno = ETIMEDOUT;
		die("poll");
	}
}

static bool again(int fd, short events)
{
	if (errno != EAGAIN)
		return false;
	if (!nonblock)
		die("EAGAIN, and yet the socket waits");
	wait_for(fd, events);
	return true;
}

static size_t get(int fd, char *buf, size_t len)
{
	ssize_t n;

	do {
		n = read(fd, buf, len);
	} while (n < 0 && again(fd, POLLIN));
	if (n < 0)
		die("read");
	return (size_t)n;
}

static void put(int fd, const char *buf, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, buf, len);
		if (n < 0 && again(fd, POLLOUT))
			continue;
		if (n <= 0)
			die("write");
		buf += n;
		len -= (size_t)n;
	}
}

static int serve(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, SOCK_STREAM, IPPROTO_TCP), one = 1, c;
	static char buf[65536];
	size_t n;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, 5))
		die("listen");
	if (nonblock)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	for (;;) {
		do {
			c = accept4(fd, NULL, NULL, SOCK_CLOEXEC | (nonblock ? SOCK_NONBLOCK : 0));
		} while (c < 0 && again(fd, POLLIN));
		if (c < 0)
			die("accept");
		put(c, BANNER, strlen(BANNER));
		while ((n = get(c, buf, sizeof(buf))))
			put(c, buf, n);
		close(c);
	}
}

/* What TCP programs ask for, and do not expect to fail */
static void questions(int fd)
{
	struct tcp_info info = {};
	char name[16] = {};
	int one = 1, mss = 0;
	socklen_t len;

	if (setsockopt(fd, SOL_TCP, TCP_NODELAY, &one, sizeof(one)))
		die("TCP_NODELAY");
	len = sizeof(mss);
	if (getsockopt(fd, SOL_TCP, TCP_MAXSEG, &mss, &len) || mss < 1000 || mss > 65535)
		die("TCP_MAXSEG");
	len = sizeof(name);
	if (getsockopt(fd, SOL_TCP, TCP_CONGESTION, name, &len) || strcmp(name, "cubic"))
		die("TCP_CONGESTION");
	len = sizeof(info);
	if (getsockopt(fd, SOL_TCP, TCP_INFO, &info, &len) || info.tcpi_state != TCP_ESTABLISHED ||
	    !info.tcpi_rtt || !info.tcpi_snd_cwnd || !info.tcpi_snd_mss)
		die("TCP_INFO");
}

static int dial(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | (nonblock ? SOCK_NONBLOCK : 0), 0), err = 0;
	socklen_t len = sizeof(err);

	if (fd < 0)
		die("socket");
	if (!connect(fd, ai->ai_addr, ai->ai_addrlen))
		return fd;
	if (!nonblock || errno != EINPROGRESS)
		die("connect");
	wait_for(fd, POLLOUT);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) || err) {
		errno = err;
		die("connect");
	}
	return fd;
}

static int ask(const struct addrinfo *ai)
{
	static char out[BYTES], in[BYTES];
	size_t off = 0, got = 0, i, n;
	int fd = dial(ai);

	for (i = 0; i < BYTES; i++)
		out[i] = (char)(i * 2654435761U >> 13);
	questions(fd);
	while (got < strlen(BANNER) && (n = get(fd, in + got, strlen(BANNER) - got)))
		got += n;
	if (got != strlen(BANNER) || memcmp(in, BANNER, got)) {
		fputs("tcp_echo: no banner\n", stderr);
		return 1;
	}
	for (got = 0; off < BYTES; off += 32768) {
		put(fd, out + off, 32768);
		while (got < off + 32768 && (n = get(fd, in + got, BYTES - got)))
			got += n;
	}
	shutdown(fd, SHUT_WR);
	n = get(fd, in, 1);
	if (got != BYTES || n || memcmp(in, out, BYTES)) {
		fprintf(stderr, "tcp_echo: %zu bytes came back, or others\n", got);
		return 1;
	}
	printf("%zu bytes came back\n", got);
	return 0;
}

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST }, *ai;

	nonblock = argc == 5 && !strcmp(argv[4], "nonblock");
	if (argc < 4 || (argc == 5 && !nonblock) || getaddrinfo(argv[2], argv[3], &hints, &ai)) {
		fputs("usage: tcp_echo server|client ADDRESS PORT [nonblock]\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	return strcmp(argv[1], "server") ? ask(ai) : serve(ai);
}

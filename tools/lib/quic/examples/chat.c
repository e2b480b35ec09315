// SPDX-License-Identifier: GPL-2.0
/*
 * A chat by datagrams (RFC 9221): what one says the others hear, unless it gets lost.
 * chat listen PORT KEY CERT, chat ADDRESS PORT NAME
 */
#include <arpa/inet.h>
#include <netinet/quic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GUESTS	32
#define SAY	1000	/* bytes of a line, and of a datagram */

static int quic_socket(void)
{
	struct quic_transport_param param = { .max_datagram_frame_size = SAY + 16 };
	int fd = socket(AF_INET6, SOCK_STREAM, IPPROTO_QUIC);

	if (fd < 0 || setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, &param, sizeof(param)))
		return perror("socket"), exit(1), -1;
	return fd;
}

/* The next datagram, 0: there is none after all, -1: the connection is over */
static ssize_t hear(int fd, char *buf)
{
	uint32_t flags = MSG_DONTWAIT;
	ssize_t n = quic_recvmsg(fd, buf, SAY, NULL, &flags);

	if (n > 0 && flags & MSG_QUIC_DATAGRAM)
		return n;
	return n > 0 ? 0 : -1;
}

static int host(char **argv)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(argv[2])) };
	struct pollfd pfd[1 + GUESTS] = { { .fd = quic_socket(), .events = POLLIN } };
	int guests = 0, i, to, fd;
	char buf[SAY];
	ssize_t n;

	if (bind(pfd[0].fd, (void *)&addr, sizeof(addr)) ||
	    setsockopt(pfd[0].fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, "chat", 4) || listen(pfd[0].fd, GUESTS))
		return perror("listen"), 1;
	for (;;) {
		poll(pfd, 1 + guests, -1);
		if (pfd[0].revents && (fd = accept(pfd[0].fd, NULL, NULL)) >= 0) {
			/* who is slow here keeps the others waiting: epoll.c does it better */
			if (guests == GUESTS || quic_server_handshake(fd, argv[3], argv[4], "chat"))
				close(fd);
			else
				pfd[++guests] = (struct pollfd){ .fd = fd, .events = POLLIN };
		}
		for (i = 1; i <= guests; i++) {
			if (!pfd[i].revents)
				continue;
			n = hear(pfd[i].fd, buf);
			for (to = 1; to <= guests && n > 0; to++)
				if (to != i)
					quic_sendmsg(pfd[to].fd, buf, n, 0, MSG_QUIC_DATAGRAM | MSG_DONTWAIT);
			if (n < 0) {
				close(pfd[i].fd);
				pfd[i--] = pfd[guests--];
			}
		}
	}
}

static int guest(char **argv)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(argv[2])) };
	struct pollfd pfd[2] = { { .fd = 0, .events = POLLIN }, { .events = POLLIN } };
	char buf[SAY];
	ssize_t n;
	int err;

	pfd[1].fd = quic_socket();
	if (inet_pton(AF_INET6, argv[1], &addr.sin6_addr) != 1 ||
	    connect(pfd[1].fd, (void *)&addr, sizeof(addr)))
		return perror("connect"), 1;
	err = quic_client_handshake(pfd[1].fd, NULL, argv[3], "chat");
	if (err)
		return fprintf(stderr, "handshake: %s\n", strerror(-err)), 1;
	fprintf(stderr, "connected\n");
	while (poll(pfd, 2, -1) > 0) {
		if (pfd[0].revents) {
			n = read(0, buf, sizeof(buf));
			if (n <= 0)
				break;
			if (quic_sendmsg(pfd[1].fd, buf, n, 0, MSG_QUIC_DATAGRAM) < 0)
				return perror("send"), 1;
		}
		if (pfd[1].revents) {
			n = hear(pfd[1].fd, buf);
			if (n < 0)
				return fprintf(stderr, "the host has gone\n"), 1;
			if (write(1, buf, n) < 0)
				return 1;
		}
	}
	return close(pfd[1].fd);
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "listen"))
		return host(argv);
	if (argc == 4)
		return guest(argv);
	return fprintf(stderr, "chat listen PORT KEY CERT, chat ADDRESS PORT NAME\n"), 2;
}

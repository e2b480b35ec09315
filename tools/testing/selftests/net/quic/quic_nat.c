// SPDX-License-Identifier: GPL-2.0
/*
 * A NAT with one client: what comes to its port is sent on to a server, what the
 * server answers goes back to who spoke last. At SIGUSR1 it forgets its mapping,
 * as such boxes do, and goes on from another port, with -a also from that address;
 * what is under way to the old one still arrives until the server uses the new:
 * a client that only receives would else have nothing to say, and not be found.
 * With -d 2-7 it loses the second to the seventh datagram of the client. It reads
 * no byte of any.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_BYTES	65536

static volatile sig_atomic_t rebind;

static void on_usr1(int sig)
{
	(void)sig;
	rebind = 1;
}

static struct addrinfo *resolve(const char *host, const char *port, int flags)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST | flags };
	struct addrinfo *ai;

	if (getaddrinfo(host, port, &hints, &ai)) {
		fprintf(stderr, "quic_nat: %s %s?\n", host, port);
		exit(2);
	}
	return ai;
}

static int udp_socket(const struct addrinfo *ai)
{
	int never = IP_PMTUDISC_DO, room = 4 << 20;
	int fd = socket(ai->ai_family, SOCK_DGRAM, 0);

	/* what is too large for the link is lost, as at a router */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)) ||
	    (ai->ai_family == AF_INET &&
	     setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, &never, sizeof(never))) ||
	    (ai->ai_family == AF_INET6 &&
	     setsockopt(fd, SOL_IPV6, IPV6_MTU_DISCOVER, &never, sizeof(never)))) {
		perror("quic_nat: socket");
		exit(1);
	}
	return fd;
}

static int outside_socket(const struct addrinfo *server, const struct addrinfo *from)
{
	int fd = udp_socket(server);

	if (from && bind(fd, from->ai_addr, from->ai_addrlen)) {
		perror("quic_nat: bind");
		exit(1);
	}
	if (connect(fd, server->ai_addr, server->ai_addrlen)) {
		perror("quic_nat: connect");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_usr1 };
	struct sockaddr_storage client = {};
	unsigned int from_client = 0, lost_first = 1, lost_last = 0;
	struct addrinfo *here, *server, *other = NULL;
	socklen_t len = 0;
	static char buf[MAX_BYTES];
	struct pollfd pfd[3];	/* the client's side, the server's, and the one before */
	ssize_t n;
	int opt, i;

	while ((opt = getopt(argc, argv, "a:d:")) != -1) {
		if (opt == 'a')
			other = resolve(optarg, "0", 0);
		else if (opt != 'd' || sscanf(optarg, "%u-%u", &lost_first, &lost_last) != 2)
			return 2;
	}
	if (argc - optind != 4) {
		fputs("usage: quic_nat [-a OTHER] [-d FIRST-LAST] ADDRESS PORT SERVER PORT\n", stderr);
		return 2;
	}
	here = resolve(argv[optind], argv[optind + 1], AI_PASSIVE);
	server = resolve(argv[optind + 2], argv[optind + 3], 0);
	pfd[0] = (struct pollfd){ .fd = udp_socket(here), .events = POLLIN };
	pfd[1] = (struct pollfd){ .fd = outside_socket(server, NULL), .events = POLLIN };
	pfd[2] = (struct pollfd){ .fd = -1, .events = POLLIN };
	if (bind(pfd[0].fd, here->ai_addr, here->ai_addrlen)) {
		perror("quic_nat: bind");
		return 1;
	}
	sigaction(SIGUSR1, &sa, NULL);
	puts("ready");
	fflush(stdout);
	for (;;) {
		if (rebind) {
			rebind = 0;
			if (pfd[2].fd >= 0)
				close(pfd[2].fd);
			pfd[2].fd = pfd[1].fd;
			pfd[1].fd = outside_socket(server, other);
			puts("rebound");
			fflush(stdout);
		}
		if (poll(pfd, 3, 100) < 0 && errno != EINTR)
			return 1;
		len = pfd[0].revents & POLLIN ? sizeof(client) : len;
		if (pfd[0].revents & POLLIN) {
			n = recvfrom(pfd[0].fd, buf, sizeof(buf), MSG_DONTWAIT,
				     (struct sockaddr *)&client, &len);
			from_client += n >= 0;
			if (n > 0 && (from_client < lost_first || from_client > lost_last))
				send(pfd[1].fd, buf, (size_t)n, 0);
		}
		for (i = 1; i < 3; i++) {
			if (pfd[i].fd < 0 || !(pfd[i].revents & (POLLIN | POLLERR)) || !len)
				continue;
			n = recv(pfd[i].fd, buf, sizeof(buf), MSG_DONTWAIT);
			if (n > 0)
				sendto(pfd[0].fd, buf, (size_t)n, 0, (struct sockaddr *)&client, len);
			if (n > 0 && i == 1 && pfd[2].fd >= 0) {
				close(pfd[2].fd);
				pfd[2].fd = -1;
			}
		}
	}
}

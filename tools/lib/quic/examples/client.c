// SPDX-License-Identifier: GPL-2.0
/* A QUIC client: says one line and prints the answer.  client ADDRESS PORT NAME TEXT */
#include <arpa/inet.h>
#include <netinet/quic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	int fd = socket(AF_INET6, SOCK_STREAM, IPPROTO_QUIC), err;
	char buf[4096];
	ssize_t n;

	if (argc < 5 || inet_pton(AF_INET6, argv[1], &addr.sin6_addr) != 1)
		return fprintf(stderr, "client ADDRESS PORT NAME TEXT\n"), 2;
	addr.sin6_port = htons(atoi(argv[2]));
	if (fd < 0 || connect(fd, (void *)&addr, sizeof(addr)))
		return perror("connect"), 1;
	err = quic_client_handshake(fd, NULL, argv[3], "echo");
	if (err)
		return fprintf(stderr, "handshake: %s\n", strerror(-err)), 1;
	if (write(fd, argv[4], strlen(argv[4])) < 0 || shutdown(fd, SHUT_WR))
		return perror("write"), 1;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, n, stdout);
	return close(fd);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A client with many connections open at once: says a line on each, and when all have been said
 * hears all the answers.  many ADDRESS PORT NAME COUNT
 */
#include <arpa/inet.h>
#include <netinet/quic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* All that comes until the end of the stream is @line */
static int answered(int fd, const char *line)
{
	char buf[64];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(buf) && (n = read(fd, buf + len, sizeof(buf) - len)) > 0)
		len += n;
	return len == strlen(line) && !memcmp(buf, line, len);
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	int count = argc == 5 ? atoi(argv[4]) : 0, *fd = calloc(count + 1, sizeof(*fd)), i, err, good = 0;
	struct rlimit files = { count + 64, count + 64 };
	char line[32];

	if (!count || !fd || inet_pton(AF_INET6, argv[1], &addr.sin6_addr) != 1)
		return fprintf(stderr, "many ADDRESS PORT NAME COUNT\n"), 2;
	addr.sin6_port = htons(atoi(argv[2]));
	setrlimit(RLIMIT_NOFILE, &files);
	for (i = 0; i < count; i++) {
		fd[i] = socket(AF_INET6, SOCK_STREAM, IPPROTO_QUIC);
		if (fd[i] < 0 || connect(fd[i], (void *)&addr, sizeof(addr)))
			return perror("connect"), 1;
		err = quic_client_handshake(fd[i], NULL, argv[3], "echo");
		if (err)
			return fprintf(stderr, "handshake %d: %s\n", i, strerror(-err)), 1;
	}
	for (i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "connection %d\n", i);
		if (write(fd[i], line, strlen(line)) < 0 || shutdown(fd[i], SHUT_WR))
			return perror("write"), 1;
	}
	for (i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "connection %d\n", i);
		good += answered(fd[i], line);
		close(fd[i]);
	}
	printf("%d of %d answered\n", good, count);
	return good != count;
}

// SPDX-License-Identifier: GPL-2.0
/* A QUIC server: answers what one client says after another.  server PORT KEY CERT */
#include <netinet/in.h>
#include <netinet/quic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	int ls = socket(AF_INET6, SOCK_STREAM, IPPROTO_QUIC), fd, err;
	char buf[4096];
	ssize_t n;

	addr.sin6_port = htons(argc > 3 ? atoi(argv[1]) : 4433);
	if (ls < 0 || bind(ls, (void *)&addr, sizeof(addr)) ||
	    setsockopt(ls, SOL_QUIC, QUIC_SOCKOPT_ALPN, "echo", 4) || listen(ls, 16))
		return perror("server"), 1;
	while ((fd = accept(ls, NULL, NULL)) >= 0) {
		err = quic_server_handshake(fd, argv[2], argv[3], "echo");
		if (err)
			fprintf(stderr, "handshake: %s\n", strerror(-err));
		while (!err && (n = read(fd, buf, sizeof(buf))) > 0)
			if (write(fd, buf, n) != n)
				break;
		close(fd);	/* delivers what was written */
	}
	return 0;
}

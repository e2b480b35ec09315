// SPDX-License-Identifier: GPL-2.0
/*
 * A file server: each client asks for one file of a folder, as in HTTP/0.9 ("GET /name"), and gets
 * it by sendfile(), which copies nothing.  files PORT KEY CERT DIRECTORY
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/quic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* The request, until the client has said all; 0, or -1 when it is none that we take */
static int read_request(int fd, char *name, size_t size)
{
	char line[256];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, line + len, sizeof(line) - 1 - len)) > 0)
		len += n;
	line[len] = 0;
	line[strcspn(line, "\r\n")] = 0;
	if (n < 0 || strncmp(line, "GET /", 5) || strchr(line + 5, '/') || !line[5] || line[5] == '.')
		return -1;
	snprintf(name, size, "%s", line + 5);
	return 0;
}

static int send_file(int fd, int dir, const char *name)
{
	int file = openat(dir, name, O_RDONLY);
	struct stat st;
	off_t off = 0;

	if (file < 0 || fstat(file, &st))
		return -1;
	while (off < st.st_size)
		if (sendfile(fd, file, &off, st.st_size - off) <= 0)
			return -1;
	return close(file);
}

static int serve(int fd, char **argv)
{
	int dir = open(argv[4], O_RDONLY | O_DIRECTORY), err;
	char name[256];

	err = quic_server_handshake(fd, argv[2], argv[3], "hq-interop");
	if (err)
		return fprintf(stderr, "handshake: %s\n", strerror(-err)), 1;
	if (read_request(fd, name, sizeof(name)) || send_file(fd, dir, name)) {
		struct quic_connection_close why = { .errcode = 404 };

		setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_CLOSE, &why, sizeof(why));
		return fprintf(stderr, "no such file, or no request\n"), 1;
	}
	return close(fd);	/* delivers what was sent, with the end of the stream */
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	int ls = socket(AF_INET6, SOCK_STREAM, IPPROTO_QUIC), fd;

	if (argc != 5)
		return fprintf(stderr, "files PORT KEY CERT DIRECTORY\n"), 2;
	addr.sin6_port = htons(atoi(argv[1]));
	if (ls < 0 || bind(ls, (void *)&addr, sizeof(addr)) ||
	    setsockopt(ls, SOL_QUIC, QUIC_SOCKOPT_ALPN, "hq-interop", 10) || listen(ls, 64))
		return perror("files"), 1;
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	while ((fd = accept(ls, NULL, NULL)) >= 0) {
		if (!fork())
			_exit(serve(fd, argv));
		close(fd);
	}
	return perror("accept"), 1;
}

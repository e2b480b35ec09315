// SPDX-License-Identifier: GPL-2.0
/*
 * An echo server with one thread and many connections: nothing in it waits but epoll_wait(), the
 * handshake neither, which goes step by step.  epoll PORT KEY CERT
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/quic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

struct client {
	int fd;
	gnutls_session_t session;	/* until the handshake is over */
	struct quic_handshake_step *step;
	size_t len, off;		/* of buf: read, and of that written */
	char buf[4096];
};

static gnutls_certificate_credentials_t cred;
static gnutls_priority_t prio;
static int epfd;

static void client_end(struct client *c)
{
	if (c->session) {
		quic_handshake_deinit(c->session);
		gnutls_deinit(c->session);
	}
	close(c->fd);	/* delivers what was written; epoll forgets it */
	free(c);
}

static void client_begin(int fd)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET | EPOLLRDHUP };
	struct client *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return;
	}
	c->fd = fd;
	ev.data.ptr = c;
	if (gnutls_init(&c->session, GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET) ||
	    gnutls_priority_set(c->session, prio) ||
	    gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, cred) ||
	    quic_session_set_alpn(c->session, "echo", 4)) {
		client_end(c);
		return;
	}
	gnutls_transport_set_int(c->session, fd);
	if (quic_handshake_init(c->session, &c->step) || epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev))
		client_end(c);
}

/* As far as the handshake gets: 1: it is over, 0: the socket is not ready, -1: it failed */
static int client_handshake(struct client *c)
{
	struct quic_handshake_step *s;
	ssize_t n;

	while ((s = c->step)) {
		if (s->op == QUIC_HANDSHAKE_STEP_OP_SENDMSG)
			n = sendmsg(c->fd, s->s_sendmsg.msg,
				    s->s_sendmsg.flags | MSG_DONTWAIT | MSG_NOSIGNAL);
		else
			n = recvmsg(c->fd, s->s_recvmsg.msg, s->s_recvmsg.flags | MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (s->op == QUIC_HANDSHAKE_STEP_OP_SENDMSG)
			s->s_sendmsg.retval = n < 0 ? -errno : n;
		else
			s->s_recvmsg.retval = n < 0 ? -errno : n;
		if (quic_handshake_step(c->session, &c->step))
			return -1;
	}
	quic_handshake_deinit(c->session);
	gnutls_deinit(c->session);
	c->session = NULL;
	return 1;
}

/* Read and write until the socket is not ready; -1: no more is to come */
static int client_echo(struct client *c)
{
	ssize_t n;

	for (;;) {
		while (c->off < c->len) {
			n = send(c->fd, c->buf + c->off, c->len - c->off, MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n < 0)
				return errno == EAGAIN ? 0 : -1;
			c->off += n;
		}
		n = recv(c->fd, c->buf, sizeof(c->buf), MSG_DONTWAIT);
		if (n <= 0)
			return n < 0 && errno == EAGAIN ? 0 : -1;
		c->len = n;
		c->off = 0;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6 };
	int ls = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_QUIC), fd, i, n, done;
	struct epoll_event ev[64] = { { .events = EPOLLIN } };
	struct rlimit files = { 4096, 4096 };
	struct client *c;

	if (argc != 4)
		return fprintf(stderr, "epoll PORT KEY CERT\n"), 2;
	addr.sin6_port = htons(atoi(argv[1]));
	setrlimit(RLIMIT_NOFILE, &files);
	if (gnutls_certificate_allocate_credentials(&cred) ||
	    gnutls_priority_init(&prio, QUIC_PRIORITY, NULL) ||
	    gnutls_certificate_set_x509_key_file(cred, argv[3], argv[2], GNUTLS_X509_FMT_PEM))
		return fprintf(stderr, "%s, %s: no key and certificate\n", argv[2], argv[3]), 1;
	epfd = epoll_create1(0);
	if (ls < 0 || bind(ls, (void *)&addr, sizeof(addr)) || listen(ls, 1024) ||
	    epoll_ctl(epfd, EPOLL_CTL_ADD, ls, ev))
		return perror("epoll"), 1;
	while ((n = epoll_wait(epfd, ev, 64, -1)) >= 0 || errno == EINTR) {
		for (i = 0; i < n; i++) {
			c = ev[i].data.ptr;
			if (!c) {
				while ((fd = accept4(ls, NULL, NULL, SOCK_NONBLOCK)) >= 0)
					client_begin(fd);
				continue;
			}
			done = c->session ? client_handshake(c) : 1;
			if (done < 0 || (done && client_echo(c)))
				client_end(c);
		}
	}
	return perror("epoll_wait"), 1;
}

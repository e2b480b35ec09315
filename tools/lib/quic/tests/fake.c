// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The stand-in's calls: the linker puts them in the place of getsockopt(),
 * setsockopt(), sendmsg() and recvmsg(). Anything that is not about a fake
 * socket goes to the real call.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fake.h"

#define MAX_FD	1024

int __real_getsockopt(int fd, int level, int name, void *val, socklen_t *len);
int __real_setsockopt(int fd, int level, int name, const void *val, socklen_t len);
ssize_t __real_sendmsg(int fd, const struct msghdr *mh, int flags);
ssize_t __real_recvmsg(int fd, struct msghdr *mh, int flags);

int __wrap_getsockopt(int fd, int level, int name, void *val, socklen_t *len);
int __wrap_setsockopt(int fd, int level, int name, const void *val, socklen_t len);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *mh, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *mh, int flags);

static struct fake_end *ends[MAX_FD];

/* Protects peer and close_peer of all ends. */
static pthread_mutex_t close_lock = PTHREAD_MUTEX_INITIALIZER;

/* A message on the wire: its level, then its bytes. */
struct fake_msg {
	unsigned char level;
	unsigned char data[65536];
};

static void note(struct fake_end *end, const char *word)
{
	size_t used = strlen(end->log);

	snprintf(end->log + used, sizeof(end->log) - used, "%s%s", used ? " " : "", word);
}

void fake_pair(struct fake_end *client, struct fake_end *server)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) || fds[0] >= MAX_FD || fds[1] >= MAX_FD)
		abort();
	client->sockfd = fds[0];
	server->sockfd = fds[1];
	server->is_server = true;
	client->peer = server;
	server->peer = client;
	ends[fds[0]] = client;
	ends[fds[1]] = server;
}

/* The close frame arrives as the socket goes, as close() does it. */
void fake_close(struct fake_end *end)
{
	pthread_mutex_lock(&close_lock);
	if (end->close_own.errcode && end->peer)
		end->peer->close_peer = end->close_own;
	if (end->peer)
		end->peer->peer = NULL;
	pthread_mutex_unlock(&close_lock);
	ends[end->sockfd] = NULL;
	close(end->sockfd);
}

static int give(void *val, socklen_t *len, const void *from, size_t size)
{
	if (*len < size)
		size = *len;
	memcpy(val, from, size);
	*len = (socklen_t)size;
	return 0;
}

static int fail(int err)
{
	errno = err;
	return -1;
}

/* The ticket is the APP message that waits, if there is one. */
static int get_ticket(struct fake_end *end, void *val, socklen_t *len)
{
	static const unsigned char key[QUIC_TICKET_KEY_BYTES] = { 1, 2, 3 };
	struct fake_msg msg;
	ssize_t n;

	if (end->is_server)
		return end->no_ticket_key ? fail(EOPNOTSUPP) : give(val, len, key, sizeof(key));
	n = recv(end->sockfd, &msg, sizeof(msg), MSG_DONTWAIT);
	if (n <= 1 || msg.level != QUIC_CRYPTO_APP) {
		*len = 0;
		return 0;
	}
	return give(val, len, msg.data, (size_t)n - 1);
}

static int get_close(struct fake_end *end, void *val, socklen_t *len)
{
	int ret;

	pthread_mutex_lock(&close_lock);
	ret = give(val, len, &end->close_peer, sizeof(end->close_peer));
	pthread_mutex_unlock(&close_lock);
	return ret;
}

/* The peer's are there once the handshake has brought them. */
static int get_limits(struct fake_end *end, struct quic_transport_param *val, socklen_t *len)
{
	struct fake_end *of = val->remote ? end->peer : end;

	if (!of || (val->remote && !end->peer_param_len))
		return fail(ENOTCONN);
	return give(val, len, &of->limits, sizeof(of->limits));
}

static int set_limits(struct fake_end *end, const struct quic_transport_param *val)
{
	if (!val->remote || end->is_server)
		return fail(EINVAL);
	note(end, "remember");
	if (end->no_early)
		return fail(EOPNOTSUPP);
	end->remembered = *val;
	return 0;
}

int __wrap_getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
	struct fake_end *end = fd >= 0 && fd < MAX_FD ? ends[fd] : NULL;
	char param[32];

	if (!end || level != SOL_QUIC)
		return __real_getsockopt(fd, level, name, val, len);
	switch (name) {
	case QUIC_SOCKOPT_TOKEN:
		note(end, "role");
		*len = 0;
		return end->is_server ? fail(EINVAL) : 0;
	case QUIC_SOCKOPT_CONFIG:
		return give(val, len, &end->config, sizeof(end->config));
	case QUIC_SOCKOPT_TRANSPORT_PARAM:
		return get_limits(end, val, len);
	case QUIC_SOCKOPT_TRANSPORT_PARAM_EXT:
		note(end, "get-param");
		if (end->no_param) {
			*len = 0;
			return 0;
		}
		snprintf(param, sizeof(param), "param-of-%s", end->is_server ? "server" : "client");
		return give(val, len, param, strlen(param));
	case QUIC_SOCKOPT_SESSION_TICKET:
		return get_ticket(end, val, len);
	case QUIC_SOCKOPT_CONNECTION_CLOSE:
		return get_close(end, val, len);
	default:
		return fail(ENOPROTOOPT);
	}
}

static int set_secret(struct fake_end *end, const struct quic_crypto_secret *info)
{
	char word[32];

	if (info->level >= QUIC_CRYPTO_MAX || info->send > 1 || info->reserved)
		return fail(EINVAL);
	if (info->level == QUIC_CRYPTO_EARLY && end->no_early)
		return fail(EOPNOTSUPP);
	snprintf(word, sizeof(word), "secret%u%c", info->level, info->send ? 's' : 'r');
	note(end, word);
	end->secret[info->send][info->level] = *info;
	end->has_secret[info->send][info->level] = true;
	return 0;
}

int __wrap_setsockopt(int fd, int level, int name, const void *val, socklen_t len)
{
	struct fake_end *end = fd >= 0 && fd < MAX_FD ? ends[fd] : NULL;

	if (!end || level != SOL_QUIC)
		return __real_setsockopt(fd, level, name, val, len);
	switch (name) {
	case QUIC_SOCKOPT_TRANSPORT_PARAM:
		if (len != sizeof(struct quic_transport_param))
			return fail(EINVAL);
		return set_limits(end, val);
	case QUIC_SOCKOPT_TRANSPORT_PARAM_EXT:
		note(end, "set-param");
		if (end->refuse_param || len > sizeof(end->peer_param))
			return fail(EINVAL);
		memcpy(end->peer_param, val, len);
		end->peer_param_len = len;
		return 0;
	case QUIC_SOCKOPT_CRYPTO_SECRET:
		if (len != sizeof(struct quic_crypto_secret))
			return fail(EINVAL);
		return set_secret(end, val);
	case QUIC_SOCKOPT_CONNECTION_CLOSE:
		note(end, "close");
		memcpy(&end->close_own, val, sizeof(end->close_own));
		return 0;
	default:
		return fail(ENOPROTOOPT);
	}
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *mh, int flags)
{
	struct fake_end *end = fd >= 0 && fd < MAX_FD ? ends[fd] : NULL;
	const struct cmsghdr *cmsg;
	struct fake_msg msg;
	char word[32];
	size_t len;
	ssize_t n;

	if (!end)
		return __real_sendmsg(fd, mh, flags);
	cmsg = CMSG_FIRSTHDR(mh);
	if (!cmsg || cmsg->cmsg_level != SOL_QUIC || cmsg->cmsg_type != QUIC_HANDSHAKE_INFO)
		return fail(EINVAL);
	msg.level = ((const struct quic_handshake_info *)CMSG_DATA(cmsg))->crypto_level;
	len = mh->msg_iov[0].iov_len;
	if (len > sizeof(msg.data))
		return fail(EMSGSIZE);
	/* no packet of a level can leave before its key is there */
	if (msg.level != QUIC_CRYPTO_INITIAL && !end->has_secret[1][msg.level])
		return fail(EPROTO);
	memcpy(msg.data, mh->msg_iov[0].iov_base, len);
	snprintf(word, sizeof(word), "tx%u%s", msg.level, flags & MSG_MORE ? "+" : "");
	note(end, word);
	n = send(fd, &msg, len + 1, MSG_NOSIGNAL);
	return n < 0 ? n : n - 1;
}

static ssize_t next_message(struct fake_end *end, int flags)
{
	struct fake_msg msg;
	ssize_t n;

	n = recv(end->sockfd, &msg, sizeof(msg), flags);
	if (n < 0)
		return n;
	if (!n)
		return fail(ECONNRESET);
	memcpy(end->rest, msg.data, (size_t)n - 1);
	end->rest_level = msg.level;
	end->rest_len = (size_t)n - 1;
	end->rest_off = 0;
	return 0;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *mh, int flags)
{
	struct fake_end *end = fd >= 0 && fd < MAX_FD ? ends[fd] : NULL;
	struct cmsghdr *cmsg;
	char word[32];
	size_t len;

	if (!end)
		return __real_recvmsg(fd, mh, flags);
	if (end->rest_off == end->rest_len && next_message(end, flags))
		return -1;
	/* a packet of a level cannot be read before its key is there */
	if (end->rest_level != QUIC_CRYPTO_INITIAL && !end->has_secret[0][end->rest_level])
		return fail(EPROTO);
	len = end->rest_len - end->rest_off;
	if (end->fragment && len > end->fragment)
		len = end->fragment;
	memcpy(mh->msg_iov[0].iov_base, end->rest + end->rest_off, len);
	if (!end->rest_off) {
		snprintf(word, sizeof(word), "rx%u", end->rest_level);
		note(end, word);
	}
	end->rest_off += len;
	mh->msg_flags = end->rest_off == end->rest_len ? MSG_EOR : 0;
	cmsg = CMSG_FIRSTHDR(mh);
	cmsg->cmsg_level = SOL_QUIC;
	cmsg->cmsg_type = QUIC_HANDSHAKE_INFO;
	cmsg->cmsg_len = CMSG_LEN(sizeof(struct quic_handshake_info));
	((struct quic_handshake_info *)CMSG_DATA(cmsg))->crypto_level = end->rest_level;
	mh->msg_controllen = CMSG_SPACE(sizeof(struct quic_handshake_info));
	return (ssize_t)len;
}

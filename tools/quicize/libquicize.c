// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into a TCP program, this makes its stream sockets QUIC sockets: it
 * stands in front of socket(), listen(), connect(), accept() and the socket
 * options. Data calls go straight to the kernel. It keeps no table of sockets:
 * the kernel says which of them are QUIC.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/tcp.h>

#include <netinet/quic.h>

#define EXPORT			__attribute__((visibility("default")))
#define DEFAULT_ALPN		"quicize"
#define TYPE_MASK		0xf	/* the type without SOCK_NONBLOCK, SOCK_CLOEXEC */

/*
 * The client opens stream 0 right after its Finished, so that a server which
 * speaks first finds it; this is how long the server gives that frame to come.
 */
#define FIRST_STREAM_WAIT_MS	20

static struct {
	int (*socket)(int domain, int type, int protocol);
	int (*listen)(int fd, int backlog);
	int (*connect)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*accept4)(int fd, struct sockaddr *addr, socklen_t *len, int flags);
	int (*getsockopt)(int fd, int level, int name, void *val, socklen_t *len);
	int (*setsockopt)(int fd, int level, int name, const void *val, socklen_t len);
} real;

static struct quic_handshake_parms client_parms = { .size = sizeof(client_parms) };
static struct quic_handshake_parms server_parms = { .size = sizeof(server_parms) };
static bool no_encrypt;
static bool debug;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *find(const char *name)
{
	void *fn = dlsym(RTLD_NEXT, name);

	if (!fn)
		abort();
	return fn;
}

static void read_environment(void)
{
	const char *alpn = getenv("QUICIZE_ALPN"), *timeout = getenv("QUICIZE_TIMEOUT_MS");

	debug = getenv("QUICIZE_DEBUG");
	no_encrypt = getenv("QUICIZE_NO_ENCRYPT");
	client_parms.alpns = alpn ? alpn : DEFAULT_ALPN;
	client_parms.hostname = getenv("QUICIZE_NAME");
	client_parms.ca_file = getenv("QUICIZE_CA");
	client_parms.psk_file = getenv("QUICIZE_PSK");
	if (getenv("QUICIZE_INSECURE"))
		client_parms.flags |= QUIC_HANDSHAKE_F_INSECURE;
	if (timeout)
		client_parms.timeout_ms = (unsigned int)atoi(timeout);

	server_parms.alpns = client_parms.alpns;
	server_parms.psk_file = client_parms.psk_file;
	server_parms.cert_file = getenv("QUICIZE_CERT");
	server_parms.key_file = getenv("QUICIZE_KEY");
	server_parms.timeout_ms = client_parms.timeout_ms;
	if (!server_parms.cert_file && !server_parms.psk_file)
		server_parms.flags |= QUIC_HANDSHAKE_F_THROWAWAY;
}

static void init_once(void)
{
	real.socket = find("socket");
	real.listen = find("listen");
	real.connect = find("connect");
	real.accept4 = find("accept4");
	real.getsockopt = find("getsockopt");
	real.setsockopt = find("setsockopt");
	read_environment();
}

static void init(void)
{
	pthread_once(&once, init_once);
}

static void complain(const char *what, int err)
{
	if (debug)
		fprintf(stderr, "quicize[%d]: %s: %s\n", getpid(), what, strerror(err));
}

static bool is_quic(int fd)
{
	int protocol = 0, saved = errno;
	socklen_t len = sizeof(protocol);
	bool yes;

	yes = !real.getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) &&
	      protocol == IPPROTO_QUIC;
	errno = saved;
	return yes;
}

static bool is_tcp(int domain, int type, int protocol)
{
	return (domain == AF_INET || domain == AF_INET6) && (type & TYPE_MASK) == SOCK_STREAM &&
	       (!protocol || protocol == IPPROTO_TCP);
}

static int close_with(int fd, int err)
{
	close(fd);
	errno = err;
	return -1;
}

EXPORT int socket(int domain, int type, int protocol)
{
	struct quic_transport_param param = { .disable_1rtt_encryption = 1 };
	int fd;

	init();
	if (!is_tcp(domain, type, protocol))
		return real.socket(domain, type, protocol);
	fd = real.socket(domain, type, IPPROTO_QUIC);
	if (fd < 0) {
		if (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT)
			fprintf(stderr, "quicize: this kernel has no QUIC sockets: is the module loaded?\n");
		return -1;
	}
	if (no_encrypt && real.setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, &param,
					  sizeof(param)))
		return close_with(fd, errno);
	return fd;
}

EXPORT int listen(int fd, int backlog)
{
	init();
	if (is_quic(fd) && real.setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, server_parms.alpns,
					   (socklen_t)strlen(server_parms.alpns)))
		complain("setting the application protocol", errno);
	return real.listen(fd, backlog);
}

/*
 * The handshake is done here and now, also for a socket that does not block:
 * its time is bounded, and a connect() that succeeds at once is something
 * every program copes with.
 */
static int client_start(int fd)
{
	int ret = quic_client_handshake_parms(fd, &client_parms);

	if (ret) {
		complain("connect", -ret);
		errno = -ret;
		return -1;
	}
	if (quic_sendmsg(fd, NULL, 0, -1, MSG_QUIC_STREAM_NEW | MSG_NOSIGNAL) < 0)
		complain("opening stream 0", errno);
	return 0;
}

EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	int ret, saved = errno;

	init();
	ret = real.connect(fd, addr, len);
	if ((ret && errno != EINPROGRESS) || !is_quic(fd) || addr->sa_family == AF_UNSPEC)
		return ret;
	ret = client_start(fd);
	if (!ret)
		errno = saved;
	return ret;
}

static int server_start(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int ret = quic_server_handshake_parms(fd, &server_parms);

	if (ret)
		complain("accept", -ret);
	else
		poll(&pfd, 1, FIRST_STREAM_WAIT_MS);
	return ret;
}

/* A peer that fails the handshake was never accepted: take the next one. */
EXPORT int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	socklen_t room = len ? *len : 0;
	int child, saved = errno;

	init();
	if (!is_quic(fd))
		return real.accept4(fd, addr, len, flags);
	for (;;) {
		if (len)
			*len = room;
		child = real.accept4(fd, addr, len, flags);
		if (child < 0)
			return child;
		if (!server_start(child))
			break;
		close(child);
	}
	errno = saved;
	return child;
}

EXPORT int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return accept4(fd, addr, len, 0);
}

static int give(void *val, socklen_t *len, const void *from, size_t size)
{
	if (*len < size)
		size = *len;
	memcpy(val, from, size);
	*len = (socklen_t)size;
	return 0;
}

static __u32 packets(__u64 bytes, __u32 mtu)
{
	return mtu ? (__u32)((bytes + mtu - 1) / mtu) : 0;
}

static void fill_tcp_info(struct tcp_info *ti, const struct quic_info *qi)
{
	memset(ti, 0, sizeof(*ti));
	ti->tcpi_state = (__u8)qi->state;
	ti->tcpi_rto = qi->rto_us;
	ti->tcpi_snd_mss = qi->mtu;
	ti->tcpi_rcv_mss = qi->mtu;
	ti->tcpi_advmss = qi->mtu;
	ti->tcpi_unacked = packets(qi->bytes_in_flight, qi->mtu);
	ti->tcpi_lost = (__u32)qi->packets_lost;
	ti->tcpi_pmtu = qi->mtu;
	ti->tcpi_rtt = qi->srtt_us;
	ti->tcpi_rttvar = qi->rttvar_us;
	ti->tcpi_snd_cwnd = packets(qi->cwnd, qi->mtu);
	ti->tcpi_snd_ssthresh = qi->ssthresh > UINT32_MAX ? UINT32_MAX :
				packets(qi->ssthresh, qi->mtu);
	ti->tcpi_total_retrans = (__u32)qi->packets_retrans;
	ti->tcpi_pacing_rate = qi->pacing_rate;
	ti->tcpi_bytes_acked = qi->bytes_acked;
	ti->tcpi_bytes_received = qi->bytes_received;
	ti->tcpi_segs_out = (__u32)qi->packets_sent;
	ti->tcpi_segs_in = (__u32)qi->packets_received;
	ti->tcpi_notsent_bytes = (__u32)qi->notsent_bytes;
	ti->tcpi_min_rtt = qi->min_rtt_us;
	ti->tcpi_delivery_rate = qi->delivery_rate;
	ti->tcpi_bytes_sent = qi->bytes_sent;
	ti->tcpi_bytes_retrans = qi->bytes_retrans;
}

static bool is_refused(int err)
{
	return err == ENOPROTOOPT || err == EOPNOTSUPP;
}

/* What the kernel does not answer as TCP would, from what it says of QUIC. */
static int get_tcp_option(int fd, int name, void *val, socklen_t *len)
{
	struct quic_info qi = {};
	socklen_t size = sizeof(qi);
	struct tcp_info ti;
	int mss;

	switch (name) {
	case TCP_NODELAY:
		return real.getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_NODELAY, val, len);
	case TCP_CONGESTION:
		return real.getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONGESTION, val, len);
	case TCP_INFO:
	case TCP_MAXSEG:
		if (real.getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_INFO, &qi, &size))
			return -1;
		if (name == TCP_INFO) {
			fill_tcp_info(&ti, &qi);
			return give(val, len, &ti, sizeof(ti));
		}
		mss = (int)qi.mtu;
		return give(val, len, &mss, sizeof(mss));
	default:
		errno = ENOPROTOOPT;
		return -1;
	}
}

static int set_tcp_option(int fd, int name, const void *val, socklen_t len)
{
	switch (name) {
	case TCP_NODELAY:
		return real.setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_NODELAY, val, len);
	case TCP_CONGESTION:
		return real.setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONGESTION, val, len);
	default:
		errno = ENOPROTOOPT;
		return -1;
	}
}

EXPORT int getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
	int protocol = IPPROTO_TCP, ret, saved = errno;

	init();
	ret = real.getsockopt(fd, level, name, val, len);
	if (!ret && level == SOL_SOCKET && name == SO_PROTOCOL && is_quic(fd))
		return give(val, len, &protocol, sizeof(protocol));
	if (!ret || level != IPPROTO_TCP || !is_refused(errno) || !is_quic(fd))
		return ret;
	ret = get_tcp_option(fd, name, val, len);
	if (!ret)
		errno = saved;
	return ret;
}

EXPORT int setsockopt(int fd, int level, int name, const void *val, socklen_t len)
{
	int ret, saved = errno;

	init();
	ret = real.setsockopt(fd, level, name, val, len);
	/* older kernels know by themselves who has zero-copy */
	if (ret && level == SOL_SOCKET && name == SO_ZEROCOPY && is_quic(fd))
		ret = real.setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ZEROCOPY, val, len);
	if (!ret || level != IPPROTO_TCP || !is_refused(errno) || !is_quic(fd))
		return ret;
	ret = set_tcp_option(fd, name, val, len);
	if (!ret)
		errno = saved;
	return ret;
}

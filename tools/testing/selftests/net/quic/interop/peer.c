// SPDX-License-Identifier: GPL-2.0
/*
 * Options, sockets, handshakes and the report of our interop programs.  What is said on a
 * connection is not known here, and nothing is retried: what fails ends the program with a word.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/tls.h>

#include "peer.h"

#define CHANGE_BYTES	(16 << 10)	/* moved before we change keys */
#define TICKET_S	5		/* how long we wait for a ticket */
#define SESSION_BYTES	4096

struct peer_opts opts = { .port = "4433", .dir = ".", .timeout_s = 60 };

static long long began_ms;
static gnutls_session_t session;	/* of a client that resumes */

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

void peer_die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static unsigned int cipher_number(const char *name)
{
	static const struct { const char *name; unsigned int type; } ciphers[] = {
		{ "aes128", TLS_CIPHER_AES_GCM_128 }, { "aes256", TLS_CIPHER_AES_GCM_256 },
		{ "ccm", TLS_CIPHER_AES_CCM_128 }, { "chacha20", TLS_CIPHER_CHACHA20_POLY1305 },
	};

	for (size_t i = 0; i < sizeof(ciphers) / sizeof(ciphers[0]); i++)
		if (!strcmp(name, ciphers[i].name))
			return ciphers[i].type;
	die("no cipher %s", name);
}

static void usage(const char *me)
{
	die("%s client [OPTIONS] ADDRESS WHAT...     %s server [OPTIONS]\n"
	    "  -p PORT  -a ALPN  -d FOLDER (to serve, or to save in)  -t SECONDS\n"
	    "  -n NAME -A FILE   of the server, and what signed its certificate (none: anything)\n"
	    "  -k FILE -c FILE   a server's key and certificate\n"
	    "  -C aes128|aes256|ccm|chacha20  -V 1|2  -R (server: Retry)  -K (change keys once)\n"
	    "  -r FILE   client: resume the session that is in it, if any, and keep a new ticket there\n"
	    "  -0        and send the first requests in 0-RTT\n"
	    "  -z        client: with an empty connection ID\n"
	    "  -m ADDRESS   client: go on from this local address once something has come\n"
	    "  -M ADDRESS   server: have clients come here, to PORT + 1; once for each family",
	    me, me);
}

/* peer_options - read them into opts; @alpn is the default */
void peer_options(int argc, char **argv, const char *alpn)
{
	int c;

	opts.alpn = alpn;
	if (argc < 2)
		usage(argv[0]);
	opts.server = !strcmp(argv[1], "server");
	optind = 2;
	while ((c = getopt(argc, argv, "p:a:d:t:n:A:k:c:C:V:r:m:M:RKz0")) != -1) {
		switch (c) {
		case 'p': opts.port = optarg; break;
		case 'a': opts.alpn = optarg; break;
		case 'd': opts.dir = optarg; break;
		case 't': opts.timeout_s = atoi(optarg); break;
		case 'n': opts.name = optarg; break;
		case 'A': opts.ca = optarg; break;
		case 'k': opts.key = optarg; break;
		case 'c': opts.cert = optarg; break;
		case 'C': opts.cipher = cipher_number(optarg); break;
		case 'V': opts.version = *optarg == '2' ? QUIC_VERSION_V2 : QUIC_VERSION_V1; break;
		case 'r': opts.session = optarg; break;
		case 'm': opts.migrate_to = optarg; break;
		case 'M': opts.prefer[!!opts.prefer[0]] = optarg; break;
		case 'R': opts.retry = true; break;
		case 'K': opts.key_update = true; break;
		case 'z': opts.empty_id = 1; break;
		case '0': opts.early = true; break;
		default: usage(argv[0]);
		}
	}
	opts.paths = argv + optind;
	opts.num_paths = argc - optind;
	if ((!opts.server && opts.num_paths < 2) || (opts.early && !opts.session))
		usage(argv[0]);
	signal(SIGPIPE, SIG_IGN);
}

static int make_socket(const char *host, struct addrinfo **ai)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				  .ai_family = host ? AF_UNSPEC : AF_INET6,
				  .ai_socktype = SOCK_STREAM };
	struct quic_config config = {
		.version = opts.version,
		.payload_cipher_type = opts.cipher,
		.validate_peer_address = opts.retry,
		.receive_session_ticket = opts.session ? TICKET_S : 0,
	};
	int fd;

	if (getaddrinfo(host, opts.port, &hints, ai))
		die("no address: %s", host);
	fd = socket((*ai)->ai_family, SOCK_STREAM, IPPROTO_QUIC);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONFIG, &config, sizeof(config)))
		die("QUIC_SOCKOPT_CONFIG: %s", strerror(errno));
	if (setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ALPN, opts.alpn, strlen(opts.alpn)))
		die("QUIC_SOCKOPT_ALPN: %s", strerror(errno));
	return fd;
}

/* Why a handshake failed, in the words of the connection if there are any */
static void handshake_failed(int fd, int err)
{
	struct quic_connection_close close = {};
	socklen_t len = sizeof(close);

	getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_CLOSE, &close, &len);
	die("handshake: %s, close code 0x%x, frame 0x%x '%.64s'", strerror(-err), close.errcode,
	    close.frame, (char *)close.phrase);
}

static bool early_taken(void)
{
	return session && gnutls_session_get_flags(session) & GNUTLS_SFLAGS_EARLY_DATA;
}

/* As quic_handshake(), but @early gets its turn when our first flight is sent */
static int handshake_with(int fd, void (*early)(int fd))
{
	struct quic_handshake_step *step;
	int err = quic_handshake_init(session, &step);
	ssize_t n;

	while (!err && step) {
		if (step->op == QUIC_HANDSHAKE_STEP_OP_SENDMSG) {
			n = sendmsg(fd, step->s_sendmsg.msg, step->s_sendmsg.flags);
			step->s_sendmsg.retval = n < 0 ? -errno : n;
		} else {
			if (early)
				early(fd);
			early = NULL;
			n = recvmsg(fd, step->s_recvmsg.msg, step->s_recvmsg.flags);
			step->s_recvmsg.retval = n < 0 ? -errno : n;
		}
		err = quic_handshake_step(session, &step);
	}
	quic_handshake_deinit(session);
	if (!err)
		printf("early data %s\n", early_taken() ? "accepted" : "rejected");
	return err;
}

/* A session of our own, for its ticket outlives the handshake */
static int resumable_handshake(int fd, void (*early)(int fd))
{
	unsigned int flags = GNUTLS_CLIENT | GNUTLS_KEY_SHARE_TOP | GNUTLS_NO_END_OF_EARLY_DATA |
			     (opts.early ? GNUTLS_ENABLE_EARLY_DATA : 0);
	gnutls_certificate_credentials_t creds;
	unsigned char data[SESSION_BYTES];
	FILE *f = fopen(opts.session, "rb");
	size_t size = f ? fread(data, 1, sizeof(data), f) : 0;

	if (f)
		fclose(f);
	if (gnutls_certificate_allocate_credentials(&creds) ||
	    gnutls_certificate_set_x509_trust_file(creds, opts.ca, GNUTLS_X509_FMT_PEM) < 1 ||
	    gnutls_init(&session, flags) ||
	    gnutls_priority_set_direct(session, QUIC_PRIORITY, NULL) ||
	    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, creds) ||
	    gnutls_server_name_set(session, GNUTLS_NAME_DNS, opts.name, strlen(opts.name)))
		die("no session of GnuTLS");
	gnutls_session_set_verify_cert(session, opts.name, 0);
	gnutls_transport_set_int(session, fd);
	if (quic_session_set_alpn(session, opts.alpn, strlen(opts.alpn)) ||
	    (size && quic_session_set_data(session, data, size)))
		die("the session does not take its data");
	return opts.early && size ? handshake_with(fd, early) : quic_handshake(session);
}

static void keep_session(void)
{
	unsigned char data[SESSION_BYTES];
	size_t size = sizeof(data);
	int err = quic_session_get_data(session, data, &size);
	FILE *f;

	if (err || !size) {
		fprintf(stderr, "no ticket: %s\n", strerror(-err));
		return;
	}
	f = fopen(opts.session, "wb");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f))
		die("%s: %s", opts.session, strerror(errno));
}

/*
 * peer_connect - a connection to opts.paths[0], after the handshake; @early is called before, with -0
 * and a session to resume, when stream data can leave in 0-RTT
 */
int peer_connect(void (*early)(int fd))
{
	struct quic_handshake_parms parms = {
		.size = sizeof(parms), .timeout_ms = opts.timeout_s * 1000, .alpns = opts.alpn,
		.flags = opts.ca ? 0 : QUIC_HANDSHAKE_F_INSECURE, .hostname = opts.name,
		.ca_file = opts.ca,
	};
	struct addrinfo *ai;
	int fd, err;

	alarm(opts.timeout_s);
	began_ms = now_ms();
	fd = make_socket(opts.paths[0], &ai);
	if (setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_EMPTY_ID, &opts.empty_id, sizeof(opts.empty_id)))
		die("QUIC_SOCKOPT_EMPTY_ID: %s", strerror(errno));
	if (connect(fd, ai->ai_addr, ai->ai_addrlen))
		die("connect: %s", strerror(errno));
	freeaddrinfo(ai);
	err = opts.session ? resumable_handshake(fd, early) : quic_client_handshake_parms(fd, &parms);
	if (err)
		handshake_failed(fd, err);
	return fd;
}

/* Before the handshake, which tells the client */
static void prefer(int fd)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_V4MAPPED,
				  .ai_family = AF_INET6 }, *ai;
	char port[16];
	int i;

	snprintf(port, sizeof(port), "%d", atoi(opts.port) + 1);
	for (i = 0; i < 2 && opts.prefer[i]; i++) {
		if (getaddrinfo(opts.prefer[i], port, &hints, &ai))
			die("no address: %s", opts.prefer[i]);
		if (setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_MIGRATION, ai->ai_addr,
			       ai->ai_addrlen))
			die("prefer %s: %s", opts.prefer[i], strerror(errno));
		freeaddrinfo(ai);
	}
}

/* peer_serve - accept for ever; each connection is a process of its own that runs @one */
void peer_serve(void (*one)(int fd))
{
	struct quic_handshake_parms parms = {
		.size = sizeof(parms), .timeout_ms = opts.timeout_s * 1000, .alpns = opts.alpn,
		.cert_file = opts.cert, .key_file = opts.key,
		.flags = opts.cert ? 0 : QUIC_HANDSHAKE_F_THROWAWAY,
	};
	struct addrinfo *ai;
	int ls, fd, err;

	signal(SIGCHLD, SIG_IGN);
	ls = make_socket(NULL, &ai);
	if (bind(ls, ai->ai_addr, ai->ai_addrlen) || listen(ls, 128))
		die("listen: %s", strerror(errno));
	freeaddrinfo(ai);
	printf("listening\n");
	fflush(stdout);
	for (;;) {
		fd = accept(ls, NULL, NULL);
		if (fd < 0)
			die("accept: %s", strerror(errno));
		if (!fork()) {
			close(ls);
			alarm(opts.timeout_s);
			began_ms = now_ms();
			prefer(fd);
			err = quic_server_handshake_parms(fd, &parms);
			if (err)
				handshake_failed(fd, err);
			one(fd);
			exit(0);
		}
		close(fd);
	}
}

/* peer_epoll - the edges of @fd: bytes arrived, or credit did */
int peer_epoll(int fd)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev))
		die("epoll: %s", strerror(errno));
	return ep;
}

/* peer_wait - until there is an edge, or another try at a key update; the alarm ends what takes too long */
void peer_wait(int ep)
{
	struct epoll_event ev;

	if (epoll_wait(ep, &ev, 1, opts.key_update || opts.migrate_to ? 5 : -1) < 0 && errno != EINTR)
		die("epoll_wait: %s", strerror(errno));
}

/* -m: to a port of the kernel's choice */
static int migrate(int fd)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST }, *ai;
	int ret;

	if (getaddrinfo(opts.migrate_to, NULL, &hints, &ai))
		die("no address: %s", opts.migrate_to);
	ret = setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_MIGRATION, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(ai);
	return ret;
}

/* peer_change - with -K the keys, with -m our address, as soon as @bytes were moved and we may */
void peer_change(int fd, unsigned long long bytes)
{
	if (bytes < CHANGE_BYTES)
		return;
	if (opts.key_update && !setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_KEY_UPDATE, NULL, 0))
		opts.key_update = false;
	else if (opts.key_update && errno != EAGAIN)
		die("key update: %s", strerror(errno));
	if (opts.migrate_to && !migrate(fd))
		opts.migrate_to = NULL;
	else if (opts.migrate_to && errno != EAGAIN)
		die("to %s: %s", opts.migrate_to, strerror(errno));
}

/* peer_open_file - below opts.dir, to be read or made; -1 if it cannot be read */
int peer_open_file(const char *path, bool create)
{
	char name[1024];
	int fd;

	while (*path == '/')
		path++;
	if (strstr(path, "..") || snprintf(name, sizeof(name), "%s/%s", opts.dir, path) >= (int)sizeof(name))
		return -1;
	fd = create ? open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644) : open(name, O_RDONLY);
	if (fd < 0 && create)
		die("%s: %s", name, strerror(errno));
	return fd;
}

/* peer_report - one line of what the connection was; it is still there */
void peer_report(int fd, const struct peer_count *count)
{
	struct quic_info info = {};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_INFO, &info, &len))
		fprintf(stderr, "QUIC_SOCKOPT_INFO: %s\n", strerror(errno));
	if (session && !gnutls_session_is_resumed(session))
		keep_session();
	printf("version=%x cipher=%u files=%u bytes=%llu ms=%lld lost=%llu rtt_us=%u resumed=%d early=%d\n",
	       info.version, info.cipher, count->files, count->bytes, now_ms() - began_ms,
	       (unsigned long long)info.packets_lost, info.srtt_us,
	       session && gnutls_session_is_resumed(session), early_taken());
	fflush(stdout);
}

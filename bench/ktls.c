// SPDX-License-Identifier: GPL-2.0
/*
 * Bulk transfer over TCP or kTLS (AES-128-GCM with fixed keys), the baselines
 * that QUIC is measured against. Goodput is by the receiver's clock, first byte
 * to last; one line of JSON says it. It does no handshake.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/tcp.h>
#include <linux/tls.h>

#include "common.h"

#ifndef SOL_TLS
#define SOL_TLS		282
#endif

#define READ_BYTES	(1 << 20)

static bool plain, verify;
static size_t size = 65536;
static double seconds = 5;
static const char *host, *port = "5300";

static void set_tls(int fd)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info.version = TLS_1_3_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
	};

	if (plain)
		return;
	memset(info.key, 7, sizeof(info.key));
	if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")))
		die_errno("TCP_ULP tls (is the module tls there?)", errno);
	if (setsockopt(fd, SOL_TLS, TLS_TX, &info, sizeof(info)) ||
	    setsockopt(fd, SOL_TLS, TLS_RX, &info, sizeof(info)))
		die_errno("TLS keys", errno);
}

static void check(const unsigned char *buf, size_t len, unsigned long long off)
{
	if (!pattern_holds(buf, len, 0, off, verify))
		die("wrong content near byte %llu", off);
}

/* Take one connection's data and print what came; the caller closes the brace. */
static void serve_one(int listener)
{
	unsigned char *buf = malloc(READ_BYTES);
	double first = 0, last = 0, cpu;
	unsigned long long total = 0;
	ssize_t n;
	int fd;

	fd = accept(listener, NULL, NULL);
	if (fd < 0 || !buf)
		die_errno("accept", errno);
	set_tls(fd);
	cpu = cpu_s();
	while ((n = read(fd, buf, READ_BYTES)) > 0) {
		last = now_s();
		if (!first)
			first = last;
		check(buf, (size_t)n, total);
		total += (unsigned long long)n;
	}
	if (n < 0)
		die_errno("read", errno);
	if (last <= first)
		die("too little data to time");
	printf("{\"test\":\"%s\",\"size\":%zu,\"bytes\":%llu,\"seconds\":%.6f,\"gbps\":%.4f,"
	       "\"rx_cpu_s\":%.4f", plain ? "tcp" : "ktls", size, total, last - first,
	       (double)total * 8 / (last - first) / 1e9, cpu_s() - cpu);
	fflush(stdout);
	close(fd);
	free(buf);
}

static int listen_at(struct bench_addr *addr)
{
	int one = 1, fd = socket(addr->ss.ss_family, SOCK_STREAM, 0);

	if (fd < 0)
		die_errno("socket", errno);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&addr->ss, addr->len) || listen(fd, 8))
		die_errno("listen", errno);
	addr->len = sizeof(addr->ss);
	getsockname(fd, (struct sockaddr *)&addr->ss, &addr->len);
	return fd;
}

static void send_all(const struct bench_addr *addr)
{
	int fd = socket(addr->ss.ss_family, SOCK_STREAM, 0);
	unsigned long long off = 0;
	double end;
	ssize_t n;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&addr->ss, addr->len))
		die_errno("connect", errno);
	set_tls(fd);
	end = now_s() + seconds;
	while (now_s() < end) {
		n = write(fd, pattern_at(0, off), size);
		if (n < 0)
			die_errno("write", errno);
		off += (unsigned long long)n;
	}
	close(fd);
}

/* Both ends; the receiver prints, and behind it what the machine has computed for both. */
static int loop(void)
{
	struct bench_addr addr;
	struct cpu_times cpu;
	int fd, status;
	pid_t pid;

	parse_addr(host ? host : "127.0.0.1", "0", false, &addr);
	fd = listen_at(&addr);
	pid = fork();
	if (!pid) {
		serve_one(fd);
		_exit(0);
	}
	close(fd);
	/* the receiver sets its keys before anything arrives */
	usleep(100000);
	cpu_times_read(&cpu);
	send_all(&addr);
	waitpid(pid, &status, 0);
	cpu_times_since(&cpu);
	if (status)
		return 1;
	printf(",\"busy_s\":%.6f,\"user_s\":%.3f,\"system_s\":%.3f,\"softirq_s\":%.3f}\n",
	       cpu.busy, cpu.user, cpu.system, cpu.softirq);
	return 0;
}

static void usage(void)
{
	fputs("usage: ktls server|client|loop [OPTIONS] [HOST]\n"
	      "  --plain        TCP without TLS\n"
	      "  --size S       bytes of a write (64k)\n"
	      "  --seconds S    how long the client sends (5)\n"
	      "  --port P       (5300)\n"
	      "  --verify       check each byte, not only some of each block\n", stderr);
	exit(2);
}

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "plain", no_argument, NULL, 'p' },
		{ "size", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "port", required_argument, NULL, 'P' },
		{ "verify", no_argument, NULL, 'v' },
		{ }
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'p':
			plain = true;
			break;
		case 's':
			size = parse_size(optarg);
			if (!size || size > PATTERN_MAX)
				die("size: 1 byte to 4 MB");
			break;
		case 't':
			seconds = parse_seconds(optarg);
			break;
		case 'P':
			port = optarg;
			break;
		case 'v':
			verify = true;
			break;
		default:
			usage();
		}
	}
}

int main(int argc, char **argv)
{
	struct bench_addr addr;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	parse_options(argc, argv);
	if (optind == argc)
		usage();
	host = optind + 1 < argc ? argv[optind + 1] : NULL;
	pattern_at(0, 0);
	if (!strcmp(argv[optind], "loop"))
		return loop();
	if (!strcmp(argv[optind], "server")) {
		parse_addr(host, port, true, &addr);
		fd = listen_at(&addr);
		for (;;) {
			serve_one(fd);
			puts("}");
			fflush(stdout);
		}
	}
	if (strcmp(argv[optind], "client") || !host)
		usage();
	parse_addr(host, port, false, &addr);
	send_all(&addr);
	return 0;
}

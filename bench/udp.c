// SPDX-License-Identifier: GPL-2.0
/*
 * Bulk transfer over UDP from user space, with GSO and GRO or without: the floor
 * under every QUIC. Loopback only; the receiver's clock, first datagram to last.
 * Nothing is retransmitted: what is lost is counted.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/udp.h>

#include "common.h"

#define SOCKET_BUFFER_BYTES	(16 << 20)
#define READ_BYTES		(1 << 17)
#define QUIET_US		500000		/* without data for so long: the end */

static int segment = 1448;
static size_t size;
static double seconds = 5;
static bool plain;

static void receive(int fd)
{
	struct timeval quiet = { .tv_usec = QUIET_US };
	unsigned long long total = 0, reads = 0;
	char *buf = malloc(READ_BYTES);
	double first = 0, last = 0;
	ssize_t n;

	if (!buf)
		die_errno("malloc", errno);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &quiet, sizeof(quiet));
	for (;;) {
		n = recv(fd, buf, READ_BYTES, 0);
		if (n < 0 && errno != EAGAIN)
			die_errno("recv", errno);
		if (n < 0 && !total)
			continue;
		if (n < 0)
			break;
		last = now_s();
		if (!first)
			first = last;
		total += (unsigned long long)n;
		reads++;
	}
	if (last <= first)
		die("too little data to time");
	printf("{\"test\":\"%s\",\"segment\":%d,\"size\":%zu,\"bytes\":%llu,\"seconds\":%.6f,"
	       "\"gbps\":%.4f,\"bytes_per_read\":%.0f", plain ? "udp" : "udp-gso", segment, size,
	       total, last - first, (double)total * 8 / (last - first) / 1e9,
	       (double)total / (double)reads);
	fflush(stdout);
	free(buf);
}

static unsigned long long transmit(int fd)
{
	unsigned long long total = 0;
	char *buf = calloc(1, size);
	double end = now_s() + seconds;
	ssize_t n;
	int i;

	if (!buf)
		die_errno("malloc", errno);
	while (now_s() < end) {
		for (i = 0; i < 4; i++) {
			n = send(fd, buf, size, 0);
			if (n > 0)
				total += (unsigned long long)n;
			else if (errno != ENOBUFS && errno != EAGAIN)
				die_errno("send", errno);
		}
		/* one CPU has to let the receiver run */
		sched_yield();
	}
	free(buf);
	return total;
}

static void parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "segment", required_argument, NULL, 'g' },
		{ "size", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "plain", no_argument, NULL, 'p' },
		{ }
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'g':
			segment = (int)parse_count(optarg);
			break;
		case 's':
			size = parse_size(optarg);
			break;
		case 't':
			seconds = parse_seconds(optarg);
			break;
		case 'p':
			plain = true;
			break;
		default:
			fputs("usage: udp [--plain] [--segment BYTES] [--size BYTES] [--seconds S]\n"
			      "  --plain  one datagram a call, no GSO, no GRO\n", stderr);
			exit(2);
		}
	}
	if (segment > 65000 || size > 65507)
		die("a datagram has at most 65507 bytes, a segment here at most 65000");
	if (!size)
		size = plain ? (size_t)segment : (size_t)(65000 / segment * segment);
}

int main(int argc, char **argv)
{
	int rx, tx, one = 1, buffer = SOCKET_BUFFER_BYTES, status;
	struct bench_addr addr;
	unsigned long long sent;
	pid_t pid;

	parse_options(argc, argv);
	parse_addr("127.0.0.1", "0", false, &addr);
	rx = socket(AF_INET, SOCK_DGRAM, 0);
	tx = socket(AF_INET, SOCK_DGRAM, 0);
	if (rx < 0 || tx < 0 || bind(rx, (struct sockaddr *)&addr.ss, addr.len))
		die_errno("socket", errno);
	getsockname(rx, (struct sockaddr *)&addr.ss, &addr.len);
	if (connect(tx, (struct sockaddr *)&addr.ss, addr.len))
		die_errno("connect", errno);
	setsockopt(rx, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	setsockopt(tx, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	if (!plain && (setsockopt(rx, IPPROTO_UDP, UDP_GRO, &one, sizeof(one)) ||
		       setsockopt(tx, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment))))
		die_errno("UDP_GRO, UDP_SEGMENT", errno);
	pid = fork();
	if (!pid) {
		receive(rx);
		_exit(0);
	}
	sent = transmit(tx);
	waitpid(pid, &status, 0);
	if (status)
		return 1;
	printf(",\"bytes_sent\":%llu}\n", sent);
	return 0;
}

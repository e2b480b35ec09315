// SPDX-License-Identifier: GPL-2.0
/*
 * Sends what no QUIC peer would: random datagrams to an address, and mutated
 * copies of real packets that it sees leaving an interface, under their own
 * addresses. It also reads along and sums up the packets of an interface, so
 * that two ends can be compared. IPv4. It opens no QUIC socket.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM_MAX	1472
#define KEPT		64		/* datagrams kept for later replay */
#define CID_LEN_MAX	20
#define BURST		32		/* sent in a row before a pause */
#define BURST_PAUSE_US	500		/* so that no queue on the way overflows */

struct datagram {
	struct in_addr src, dst;
	uint16_t sport, dport;		/* network order */
	size_t len;
	uint8_t data[DATAGRAM_MAX];
};

static volatile sig_atomic_t stopped;
static uint64_t rng = 88172645463325252ULL;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

__attribute__((noreturn))
static void die(const char *what)
{
	fprintf(stderr, "quic_garbage: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint32_t rnd(uint32_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)((rng >> 32) % below);
}

static void rnd_fill(uint8_t *p, size_t len)
{
	while (len--)
		*p++ = (uint8_t)rnd(256);
}

/* ---- random ---- */

/* Long header, RFC 9000 section 17.2, with true lengths up to a point. */
static size_t make_long(uint8_t *p, uint32_t version, size_t len)
{
	size_t dcid = 1 + rnd(CID_LEN_MAX), scid = rnd(CID_LEN_MAX + 1), off = 0;
	uint32_t be = htonl(version);

	rnd_fill(p, len);
	p[off++] = (uint8_t)(0xc0 | rnd(64));
	memcpy(p + off, &be, 4);
	off += 4;
	p[off++] = (uint8_t)dcid;
	off += dcid;
	p[off++] = (uint8_t)scid;
	off += scid;
	p[off++] = 0;				/* token length, where it is an Initial */
	if (rnd(4)) {				/* Length: what follows */
		uint16_t rest = htons((uint16_t)(0x4000 | (len - off - 2)));

		memcpy(p + off, &rest, 2);
	}
	return len;
}

static size_t make_random(uint8_t *p)
{
	size_t len = rnd(DATAGRAM_MAX + 1);

	switch (rnd(8)) {
	case 0:					/* anything, of any length */
		rnd_fill(p, len);
		return len;
	case 1:					/* short */
		len = rnd(40);
		rnd_fill(p, len);
		return len;
	case 2:					/* a short header of no connection */
		len = 21 + rnd(DATAGRAM_MAX - 21);
		rnd_fill(p, len);
		p[0] = (uint8_t)(0x40 | rnd(64));
		return len;
	case 3:					/* all the same */
		memset(p, (int)rnd(256), len);
		return len;
	case 4:					/* a version that nobody has */
		return make_long(p, rnd(2) ? 0x1a2a3a4a : 0xff000000 + rnd(256), 1200 + rnd(273));
	case 5:					/* version negotiation, from a client */
		return make_long(p, 0, 60 + rnd(1300));
	case 6:					/* version 1, too small for an Initial */
		return make_long(p, 1, 60 + rnd(1100));
	default:				/* version 1, full size: nearly an Initial */
		len = make_long(p, 1, 1200 + rnd(273));
		if (rnd(2))
			p[0] = (uint8_t)(0xc0 | rnd(4));
		return len;
	}
}

static void pause_after_burst(unsigned int n)
{
	if (n % BURST == 0)
		usleep(BURST_PAUSE_US);
}

static int run_random(const char *host, const char *port, unsigned int count)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	uint8_t buf[DATAGRAM_MAX];
	unsigned int n = 0;
	int fd = -1;
	size_t len;

	if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
		die(host);
	while (n < count && !stopped) {
		if (n % 1000 == 0) {		/* from many ports */
			close(fd);
			fd = socket(AF_INET, SOCK_DGRAM, 0);
			if (fd < 0)
				die("socket");
		}
		len = make_random(buf);
		if (sendto(fd, buf, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0) {
			if (errno == ECONNREFUSED || errno == ENOBUFS)
				continue;
			die("sendto");
		}
		pause_after_burst(++n);
	}
	printf("injected=%u\n", n);
	return 0;
}

/* ---- reading along ---- */

static int open_sniffer(const char *ifname, int rcvbuf)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(ifname),
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));

	if (fd < 0)
		die("packet socket");
	if (!ll.sll_ifindex)
		die(ifname);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf, sizeof(rcvbuf)))
		die("SO_RCVBUFFORCE");
	if (bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		die("bind to the interface");
	return fd;
}

/* The next UDP datagram to or from a port; false: none now. */
static bool sniff(int fd, uint16_t port, uint8_t want_type, struct datagram *d)
{
	static uint8_t buf[65536];
	struct sockaddr_ll from;
	socklen_t flen = sizeof(from);
	struct udphdr udp;
	struct iphdr ip;
	size_t off;
	ssize_t n;

	n = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&from, &flen);
	if (n < 0)
		return false;
	d->len = 0;
	if (want_type != 255 && from.sll_pkttype != want_type)
		return true;
	if (from.sll_protocol != htons(ETH_P_IP) || n < (ssize_t)(sizeof(ip) + sizeof(udp)))
		return true;
	memcpy(&ip, buf, sizeof(ip));
	off = ip.ihl * 4U;
	if (ip.protocol != IPPROTO_UDP || (size_t)n < off + sizeof(udp))
		return true;
	memcpy(&udp, buf + off, sizeof(udp));
	off += sizeof(udp);
	if (udp.source != port && udp.dest != port)
		return true;
	d->src.s_addr = ip.saddr;
	d->dst.s_addr = ip.daddr;
	d->sport = udp.source;
	d->dport = udp.dest;
	d->len = (size_t)n - off;
	if (d->len > DATAGRAM_MAX) {
		fprintf(stderr, "quic_garbage: %zu bytes in one packet: set gso_max_segs 1\n", d->len);
		exit(1);
	}
	memcpy(d->data, buf + off, d->len);
	return true;
}

/* ---- mutated copies ---- */

/* Change it in one of many ways; never leave it as it was seen. */
static void mutate(struct datagram *d)
{
	size_t i, n;

	switch (rnd(8)) {
	case 0:
	case 1:					/* bits, anywhere */
		for (n = 1 + rnd(8), i = 0; i < n; i++)
			d->data[rnd((uint32_t)d->len)] ^= (uint8_t)(1 << rnd(8));
		d->data[d->len - 1] ^= 0x80 | d->data[0] << 1;
		break;
	case 2:					/* bits of the header */
		for (n = 1 + rnd(3), i = 0; i < n; i++)
			d->data[rnd(d->len < 30 ? (uint32_t)d->len : 30)] ^= (uint8_t)(1 << rnd(8));
		d->data[d->len - 1]++;
		break;
	case 3:					/* cut */
		d->len = rnd((uint32_t)d->len);
		break;
	case 4:					/* longer; still random where a packet could begin */
		n = rnd(DATAGRAM_MAX + 1 - (uint32_t)d->len);
		rnd_fill(d->data + d->len, n);
		d->len += n;
		d->data[d->len - 1 - rnd(16) % d->len] ^= 1;
		break;
	case 5:					/* the ID is right, all the rest is not */
		if (d->len > 30)
			rnd_fill(d->data + 21, d->len - 21);
		d->data[d->len - 1]++;
		break;
	case 6:					/* two halves, swapped in */
		n = d->len / 2;
		memmove(d->data, d->data + d->len - n, n);
		break;
	default:				/* the same again */
		break;
	}
}

static void inject(int fd, const struct datagram *d)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = d->dst };
	uint8_t buf[sizeof(struct iphdr) + sizeof(struct udphdr) + DATAGRAM_MAX];
	struct udphdr udp = {
		.source = d->sport, .dest = d->dport,
		.len = htons((uint16_t)(sizeof(udp) + d->len)),	/* no checksum: 0 */
	};
	struct iphdr ip = {
		.ihl = 5, .version = 4, .ttl = 64, .protocol = IPPROTO_UDP,
		.saddr = d->src.s_addr, .daddr = d->dst.s_addr,
		.tot_len = htons((uint16_t)(sizeof(ip) + sizeof(udp) + d->len)),
	};

	memcpy(buf, &ip, sizeof(ip));
	memcpy(buf + sizeof(ip), &udp, sizeof(udp));
	memcpy(buf + sizeof(ip) + sizeof(udp), d->data, d->len);
	if (sendto(fd, buf, sizeof(ip) + sizeof(udp) + d->len, 0, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != ENOBUFS)
		die("raw sendto");
}

/* Was it ours? What we inject leaves by the same interface. */
static bool own(const struct datagram *d, const struct datagram *sent, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (sent[i].len == d->len && !memcmp(sent[i].data, d->data, d->len))
			return true;
	return false;
}

static int run_mutate(const char *ifname, const char *port, unsigned int count)
{
	static struct datagram kept[KEPT], sent[KEPT], seen, copy;
	uint16_t want = htons((uint16_t)atoi(port));
	unsigned int n = 0, num_kept = 0, i;
	int sniffer = open_sniffer(ifname, 8 << 20);
	int raw = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	struct pollfd pfd = { .fd = sniffer, .events = POLLIN };

	if (raw < 0)
		die("raw socket");
	while (n < count && !stopped) {
		if (poll(&pfd, 1, num_kept ? 2 : 200) < 0 && errno != EINTR)
			die("poll");
		/* keep some of what passes: the oldest give way */
		for (i = 0; i < 256 && sniff(sniffer, want, PACKET_OUTGOING, &seen); i++)
			if (seen.len && !own(&seen, sent, KEPT))
				kept[num_kept++ % KEPT] = seen;
		for (i = 0; num_kept && i < BURST && n < count; i++) {
			copy = kept[rnd(num_kept < KEPT ? num_kept : KEPT)];
			mutate(&copy);
			if (!copy.len)
				continue;
			inject(raw, &copy);
			sent[n % KEPT] = copy;
			pause_after_burst(++n);
		}
	}
	printf("injected=%u\n", n);
	return 0;
}

/* ---- sums ---- */

static uint64_t hash(const struct datagram *d)
{
	uint64_t h = 0xcbf29ce484222325ULL ^ d->len;
	size_t i;

	for (i = 0; i < d->len; i++)
		h = (h ^ d->data[i]) * 0x100000001b3ULL;
	return h * 0x9e3779b97f4a7c15ULL;
}

/*
 * Let packets lie in the socket for a while before they are looked at: copies
 * of the kernel's are shared with whoever else has the packet.
 */
static int run_sniff(const char *ifname, const char *port)
{
	uint16_t want = htons((uint16_t)atoi(port));
	struct tpacket_stats stats;
	socklen_t len = sizeof(stats);
	static struct datagram d;
	uint64_t packets = 0, sum = 0, bytes = 0;
	bool last;
	int fd;

	fd = open_sniffer(ifname, 256 << 20);
	printf("ready\n");
	fflush(stdout);
	do {
		last = stopped;
		if (!last)
			usleep(30000);
		while (sniff(fd, want, 255, &d)) {
			if (!d.len)
				continue;
			packets++;
			bytes += d.len;
			sum += hash(&d);
		}
	} while (!last);
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len))
		die("statistics");
	printf("packets=%" PRIu64 " bytes=%" PRIu64 " sum=%016" PRIx64 " missed=%u\n",
	       packets, bytes, sum, stats.tp_drops);
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	if (argc == 5 && !strcmp(argv[1], "random"))
		return run_random(argv[2], argv[3], (unsigned int)atoi(argv[4]));
	if (argc == 5 && !strcmp(argv[1], "mutate"))
		return run_mutate(argv[2], argv[3], (unsigned int)atoi(argv[4]));
	if (argc == 4 && !strcmp(argv[1], "sniff"))
		return run_sniff(argv[2], argv[3]);
	fputs("usage: quic_garbage random ADDRESS PORT COUNT\n"
	      "       quic_garbage mutate INTERFACE PORT COUNT\n"
	      "       quic_garbage sniff INTERFACE PORT\n"
	      "mutate and sniff end with SIGTERM, too.\n", stderr);
	return 2;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What a peer must not send: frames that are wrong in themselves, or wrong at that
 * time, each slipped into a connection of its own, which must end with the error
 * code of the RFC. The connections leave 1-RTT packets unencrypted, so that a raw
 * socket can speak for the client.  And what somebody sends who is no peer: forged
 * ICMP messages, and packets that anybody who saw the handshake can make.
 */
#include <arpa/inet.h>
#include <gnutls/crypto.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define CID_BYTES	11	/* of the IDs that this implementation issues */
#define FIRST_BYTE	0x43	/* short header, packet number of 4 bytes */
#define FORGED_PN	0x10000	/* above all that was sent */
#define MAX_FORGED	256

/* The client's side of the wire, as seen on the loopback */
struct wire {
	uint16_t sport, dport;		/* network order */
	uint8_t dcid[CID_BYTES];
	uint32_t pn;
};

static int open_tap(void)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex("lo"),
	};
	int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));

	REQUIRE(fd >= 0);
	REQUIRE(!bind(fd, (struct sockaddr *)&ll, sizeof(ll)));
	return fd;
}

/* Read what has passed; the last short header to the port says how to go on from there */
static bool tap_read(int tap, uint16_t port, struct wire *w)
{
	static uint8_t buf[65536];
	struct udphdr udp;
	bool found = false;
	ssize_t n;
	size_t off;

	while ((n = recv(tap, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		off = (buf[0] & 15) * 4U;
		if (n < (ssize_t)(off + sizeof(udp) + 1 + CID_BYTES) || buf[9] != IPPROTO_UDP)
			continue;
		memcpy(&udp, buf + off, sizeof(udp));
		off += sizeof(udp);
		if (udp.dest != port || buf[off] & 0x80)
			continue;
		w->sport = udp.source;
		w->dport = udp.dest;
		memcpy(w->dcid, buf + off + 1, CID_BYTES);
		found = true;
	}
	return found;
}

/* One datagram with this payload, from whatever port; both in network order */
static void forge_udp(uint16_t sport, uint16_t dport, const void *payload, size_t len)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct {
		struct iphdr ip;
		struct udphdr udp;
		uint8_t payload[MAX_FORGED];
	} msg = {
		.ip = { .ihl = 5, .version = 4, .ttl = 64, .protocol = IPPROTO_UDP,
			.saddr = to.sin_addr.s_addr, .daddr = to.sin_addr.s_addr },
		.udp = { .source = sport, .dest = dport },	/* no checksum: 0 */
	};
	size_t bytes = sizeof(msg) - MAX_FORGED + len;
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	REQUIRE(fd >= 0);
	REQUIRE(len <= MAX_FORGED);
	msg.ip.tot_len = htons((uint16_t)bytes);
	msg.udp.len = htons((uint16_t)(bytes - sizeof(msg.ip)));
	memcpy(msg.payload, payload, len);
	EXPECT_EQ(sendto(fd, &msg, bytes, 0, (struct sockaddr *)&to, sizeof(to)), bytes);
	close(fd);
}

/* One packet with these frames, as if the client had sent it */
static void forge(struct wire *w, uint8_t first, const void *frames, size_t len)
{
	uint32_t pn = htonl(FORGED_PN + w->pn++);
	uint8_t buf[MAX_FORGED], *p = buf;

	*p++ = first;
	memcpy(p, w->dcid, CID_BYTES);
	memcpy(p + CID_BYTES, &pn, sizeof(pn));
	p += CID_BYTES + sizeof(pn);
	REQUIRE(p + len <= buf + sizeof(buf));
	memcpy(p, frames, len);
	forge_udp(w->sport, w->dport, buf, (size_t)(p + len - buf));
}

/* A connection on which the client has sent 1 byte of stream 0, and what the wire knows of it */
static void open_bare(struct pair *p, struct wire *w)
{
	static const struct quic_transport_param bare = { .disable_1rtt_encryption = 1 };
	static const struct pair_opts opts = { .client_param = &bare, .server_param = &bare };
	int tap = open_tap();
	char byte;

	memset(w, 0, sizeof(*w));
	pair_open(p, &opts);
	tune_event(p->c, QUIC_EVENT_CONNECTION_CLOSE);
	REQUIRE(quic_sendmsg(p->c, "a", 1, 0, MSG_QUIC_STREAM_NEW) == 1);
	REQUIRE(recv(p->s, &byte, 1, 0) == 1);
	REQUIRE(tap_read(tap, ((struct sockaddr_in *)&p->addr)->sin_port, w));
	close(tap);
}

static void wrong(uint8_t first, const char *frames, size_t len, unsigned int code)
{
	long long errors = mib("PROTOCOL_ERRORS");
	struct wire w;
	struct pair p;
	char byte;

	open_bare(&p, &w);
	forge(&w, first, frames, len);
	expect_close(p.c, code);
	EXPECT_EQ(mib("PROTOCOL_ERRORS"), errors + 1);
	EXPECT(poll_for(p.s, POLLIN, 20000) & POLLHUP);
	while (recv(p.s, &byte, 1, 0) > 0)
		;	/* what came before the error */
	EXPECT_ERR(send(p.s, "x", 1, MSG_NOSIGNAL), EPIPE);
	pair_close(&p);
}

/* One case: the name, the frames as a string, the error that they are */
#define WRONG(name, frames, code)							\
	static void t_##name(void)							\
	{										\
		wrong(FIRST_BYTE, frames, sizeof(frames) - 1, QUIC_TRANSPORT_ERROR_##code);	\
	}

/* RFC 9000 section 12.4 */
WRONG(no_frames, "", PROTOCOL_VIOLATION)
WRONG(unknown_frame, "\x21", FRAME_ENCODING)
WRONG(not_allowed_here, "\x1e", PROTOCOL_VIOLATION)		/* HANDSHAKE_DONE */
WRONG(new_token, "\x07\x02xy", PROTOCOL_VIOLATION)
WRONG(cut_short, "\x0a\x00\x0axy", FRAME_ENCODING)
/* sections 19.3 and 13.1 */
WRONG(ack_of_unsent, "\x02\x80\x10\x00\x00\x00\x00\x00", PROTOCOL_VIOLATION)
WRONG(ack_below_zero, "\x02\x01\x00\x00\x05", FRAME_ENCODING)
/* sections 4.6, 19.8 to 19.11 */
WRONG(stream_limit, "\x0a\x80\x06\x1a\x80\x01x", STREAM_LIMIT)
WRONG(stream_not_opened, "\x0a\x01\x01x", STREAM_STATE)
WRONG(stream_send_only, "\x0a\x03\x01x", STREAM_STATE)
WRONG(stream_too_far, "\x0e\x00\xc0\x00\x01\x00\x00\x00\x00\x00\x01x", FLOW_CONTROL)
WRONG(stream_past_the_end, "\x0e\x00\xff\xff\xff\xff\xff\xff\xff\xff\x02xy", FRAME_ENCODING)
WRONG(max_streams, "\x12\xd0\x00\x00\x00\x00\x00\x00\x01", FRAME_ENCODING)
WRONG(max_data_of_nothing, "\x11\x02\x40\x64", STREAM_STATE)
WRONG(stop_sending, "\x05\x02\x00", STREAM_STATE)
/* section 4.5 */
WRONG(end_moves, "\x0b\x04\x02xy\x0f\x04\x05\x01x", FINAL_SIZE)
WRONG(end_before_data, "\x04\x00\x00\x00", FINAL_SIZE)
/* sections 19.15 and 19.16 */
WRONG(cid_of_no_length, "\x18\x05\x00\x00" "0123456789abcdef", FRAME_ENCODING)
WRONG(cid_retires_itself, "\x18\x05\x06\x04" "wxyz0123456789abcdef", FRAME_ENCODING)
WRONG(cid_never_issued, "\x19\x43\xe8", PROTOCOL_VIOLATION)
/* section 7.5 */
WRONG(crypto_too_far, "\x06\x80\x10\x00\x00\x01x", CRYPTO_BUF_EXCEEDED)

/* section 17.3.1 */
static void t_reserved_bits(void)
{
	wrong(FIRST_BYTE | 0x18, "\x01", 1, QUIC_TRANSPORT_ERROR_PROTOCOL_VIOLATION);
}

/*
 * What is right is taken: it is the content that the others are refused for. (The
 * client, which did not send it, will not like the acknowledgment.)
 */
static void t_right(void)
{
	struct wire w;
	struct pair p;
	char buf[4];

	open_bare(&p, &w);
	forge(&w, FIRST_BYTE, "\x01\x00\x0e\x00\x01\x02xy", 8);
	EXPECT_EQ(read_exactly(p.s, buf, 2), 2);
	EXPECT(!memcmp(buf, "xy", 2));
	pair_close(&p);
}

/* ---- from nobody ---- */

#define MUCH	(1 << 18)

static struct quic_info info_of(int fd)
{
	struct quic_info info = {};
	socklen_t len = sizeof(info);

	EXPECT_OK(getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_INFO, &info, &len));
	return info;
}

/* Bytes go from one end to the other, and come as they went */
static void carries(int from, int to)
{
	static uint8_t out[MUCH], in[MUCH];

	fill_pattern(out, sizeof(out), 1);
	memset(in, 0, sizeof(in));
	EXPECT_EQ(send(from, out, sizeof(out), 0), sizeof(out));
	EXPECT_EQ(read_exactly(to, in, sizeof(in)), sizeof(in));
	EXPECT(!memcmp(in, out, sizeof(in)));
}

/* The connection works, both ways */
static void goes_on(struct pair *p)
{
	carries(p->c, p->s);
	carries(p->s, p->c);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in6 addr;
	socklen_t len = sizeof(addr);

	REQUIRE(!getsockname(fd, (struct sockaddr *)&addr, &len));
	return addr.sin6_port;	/* at the same place in both families */
}

static uint16_t checksum(const void *data, size_t len)
{
	const uint16_t *p = data;
	uint32_t sum = 0;

	for (; len > 1; len -= 2)
		sum += *p++;
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~(sum + (sum >> 16));
}

/* "The datagram that you sent me from this port to that one was too big: 576 bytes are the most" */
static void too_big(uint16_t sport, uint16_t dport)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct {
		struct icmphdr icmp;
		struct iphdr ip;
		struct udphdr udp;
	} msg = {
		.icmp = { .type = ICMP_DEST_UNREACH, .code = ICMP_FRAG_NEEDED, .un.frag.mtu = htons(576) },
		.ip = { .ihl = 5, .version = 4, .ttl = 64, .protocol = IPPROTO_UDP, .frag_off = htons(IP_DF),
			.tot_len = htons(1500), .saddr = to.sin_addr.s_addr, .daddr = to.sin_addr.s_addr },
		.udp = { .source = sport, .dest = dport, .len = htons(1480) },
	};
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

	REQUIRE(fd >= 0);
	msg.ip.check = checksum(&msg.ip, sizeof(msg.ip));
	msg.icmp.checksum = checksum(&msg, sizeof(msg));
	EXPECT_EQ(sendto(fd, &msg, sizeof(msg), 0, (struct sockaddr *)&to, sizeof(to)), sizeof(msg));
	close(fd);
}

/* The same of IPv6, where 1280 bytes are the least that can be claimed */
static void too_big_v6(uint16_t sport, uint16_t dport)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	struct {
		struct icmp6_hdr icmp;
		struct ip6_hdr ip;
		struct udphdr udp;
	} msg = {
		.icmp = { .icmp6_type = ICMP6_PACKET_TOO_BIG, .icmp6_mtu = htonl(1280) },
		.ip = { .ip6_flow = htonl(6U << 28), .ip6_plen = htons(1460), .ip6_nxt = IPPROTO_UDP,
			.ip6_hlim = 64, .ip6_src = in6addr_loopback, .ip6_dst = in6addr_loopback },
		.udp = { .source = sport, .dest = dport, .len = htons(1460) },
	};
	int fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);

	REQUIRE(fd >= 0);	/* which fills the checksum in */
	EXPECT_EQ(sendto(fd, &msg, sizeof(msg), 0, (struct sockaddr *)&to, sizeof(to)), sizeof(msg));
	close(fd);
}

/* RFC 9000 section 14.2.1: neither refused nor made smaller, whatever the message says */
static void ignores_too_big(int family, void (*say)(uint16_t sport, uint16_t dport))
{
	const struct pair_opts opts = { .family = family };
	long long errors = mib("TX_ERRORS");
	struct quic_info before, after;
	struct pair p;
	int64_t end;

	pair_open(&p, &opts);
	goes_on(&p);
	for (end = now_ms() + 20000; info_of(p.c).mtu <= 1500 && now_ms() < end; sleep_ms(10))
		;	/* until its probe of the loopback's size has come back */
	before = info_of(p.c);
	EXPECT(before.mtu > 1500);
	say(port_of(p.c), port_of(p.l));
	say(port_of(p.l), port_of(p.c));
	sleep_ms(50);
	goes_on(&p);
	after = info_of(p.c);
	EXPECT_EQ(after.mtu, before.mtu);
	EXPECT_EQ(mib("TX_ERRORS"), errors);
	/* the route has not learned it either: a new connection can go by it */
	pair_close(&p);
	pair_open(&p, &opts);
	goes_on(&p);
	EXPECT_EQ(mib("TX_ERRORS"), errors);
	pair_close(&p);
}

static void t_icmp_too_big(void)
{
	ignores_too_big(AF_INET, too_big);
}

static void t_icmp_too_big_v6(void)
{
	ignores_too_big(AF_INET6, too_big_v6);
}

/* What anybody sees of a client's first Initial */
struct first {
	uint16_t port;			/* its source, network order */
	uint8_t version[4];
	uint8_t dcid[21], scid[21];	/* each behind its length */
	uint8_t token[2];		/* its length, and how it begins */
};

/* A long header; false: it is none */
static bool first_parse(struct first *f, const uint8_t *p)
{
	if ((*p & 0xf0) != 0xc0 || p[5] > 20 || p[6 + p[5]] > 20)
		return false;
	memcpy(f->version, p + 1, 4);
	memcpy(f->dcid, p + 5, 1U + p[5]);
	p += 6 + p[5];
	memcpy(f->scid, p, 1U + *p);
	memcpy(f->token, p + 1 + *p, sizeof(f->token));
	return true;
}

/* The first Initial that has passed to this port */
static void tap_first(int tap, uint16_t port, struct first *f)
{
	static uint8_t buf[65536];
	struct udphdr udp;
	size_t off;

	for (;;) {
		REQUIRE(recv(tap, buf, sizeof(buf), MSG_DONTWAIT) > 28);
		off = (buf[0] & 15) * 4U;
		memcpy(&udp, buf + off, sizeof(udp));
		if (buf[9] == IPPROTO_UDP && udp.dest == port && first_parse(f, buf + off + sizeof(udp)))
			break;
	}
	f->port = udp.source;
}

static uint8_t *put(uint8_t *p, const void *data, size_t len)
{
	memcpy(p, data, len);
	return p + len;
}

#define OTHER_CID	"\x08" "nowhere!"

/* A Retry that answers to it, RFC 9000 section 17.2.5: "use another ID"; its bytes */
static size_t make_retry(const struct first *f, uint8_t *pkt)
{
	/* RFC 9001 section 5.8: known to everybody */
	static uint8_t key[] = "\xbe\x0c\x69\x0b\x9f\x66\x57\x5a\x1d\x76\x6b\x54\xe3\x68\xc8\x4e";
	static const char nonce[] = "\x46\x15\x99\xd3\x5d\x63\x2b\xf2\x23\x98\x25\xbb";
	const gnutls_datum_t datum = { key, 16 };
	uint8_t pseudo[MAX_FORGED], *p = pkt, *a;
	gnutls_aead_cipher_hd_t aead;
	size_t tag_len = 16;

	*p++ = 0xf0;
	p = put(p, f->version, 4);
	p = put(p, f->scid, 1U + f->scid[0]);
	p = put(p, OTHER_CID, 9);
	p = put(p, "token", 5);
	a = put(pseudo, f->dcid, 1U + f->dcid[0]);
	a = put(a, pkt, (size_t)(p - pkt));
	REQUIRE(!gnutls_aead_cipher_init(&aead, GNUTLS_CIPHER_AES_128_GCM, &datum));
	REQUIRE(!gnutls_aead_cipher_encrypt(aead, nonce, 12, pseudo, (size_t)(a - pseudo), 16, "", 0, p,
					    &tag_len));
	gnutls_aead_cipher_deinit(aead);
	return (size_t)(p - pkt) + tag_len;
}

/* Version Negotiation that answers to it: "none that you know" */
static size_t make_verneg(const struct first *f, uint8_t *pkt)
{
	uint8_t *p = put(pkt, "\xc0\0\0\0\0", 5);

	p = put(p, f->scid, 1U + f->scid[0]);
	p = put(p, f->dcid, 1U + f->dcid[0]);
	p = put(p, "\x0a\x1a\x2a\x3a", 4);
	return (size_t)(p - pkt);
}

/* An Initial of the server that has a token, and is garbage otherwise */
static size_t make_token(const struct first *f, uint8_t *pkt)
{
	uint8_t *p = pkt;

	*p++ = 0xc0;
	p = put(p, f->version, 4);
	p = put(p, f->scid, 1U + f->scid[0]);
	p = put(p, OTHER_CID, 9);
	p = put(p, "\x01t\x40\x40", 4);
	memset(p, 0x55, 64);
	return (size_t)(p - pkt) + 64;
}

static int open_udp(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	REQUIRE(!bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	return fd;
}

static void *try_handshake(void *arg)
{
	int *fd = arg;

	*fd = handshake_client(*fd);
	return NULL;
}

/*
 * RFC 9000 sections 17.2.2, 17.2.5 and 6.2: a client that has heard nothing yet drops an Initial
 * with a token, follows a Retry, once, and gives up when no version suits.  So the packets are good.
 */
static void t_early_forgeries(void)
{
	int udp = open_udp(), fd[2], i;
	long long dropped = mib("DROP_TOKEN");
	uint8_t buf[2048], pkt[MAX_FORGED];
	struct sockaddr_in to, from;
	socklen_t len = sizeof(to);
	struct first f = {};
	pthread_t thread;

	REQUIRE(!getsockname(udp, (struct sockaddr *)&to, &len));
	for (i = 0; i < 2; i++) {
		fd[i] = open_socket(AF_INET);
		REQUIRE(!connect(fd[i], (struct sockaddr *)&to, len));
		REQUIRE(!pthread_create(&thread, NULL, try_handshake, &fd[i]));
		do {
			len = sizeof(from);
			REQUIRE(recvfrom(udp, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len) > 50);
		} while (!first_parse(&f, buf) || !memcmp(f.dcid, OTHER_CID, 9));
		EXPECT_EQ(f.token[0], 0);
		if (!i) {
			sendto(udp, pkt, make_token(&f, pkt), 0, (struct sockaddr *)&from, len);
			sendto(udp, pkt, make_retry(&f, pkt), 0, (struct sockaddr *)&from, len);
			do {
				REQUIRE(recv(udp, buf, sizeof(buf), 0) > 50);
			} while (!first_parse(&f, buf) || memcmp(f.dcid, OTHER_CID, 9));
			EXPECT_EQ(f.token[0], 5);
			EXPECT_EQ(f.token[1], 't');
			EXPECT_EQ(mib("DROP_TOKEN"), dropped + 1);
		} else {
			sendto(udp, pkt, make_verneg(&f, pkt), 0, (struct sockaddr *)&from, len);
			pthread_join(thread, NULL);
			EXPECT_EQ(fd[i], -EPROTONOSUPPORT);
		}
	}
}

/* An established client, and a packet as if from its server that could have come earlier: nothing */
static void late(size_t (*make)(const struct first *f, uint8_t *pkt))
{
	uint8_t pkt[MAX_FORGED];
	struct first f = {};
	int tap = open_tap();
	struct pair p;

	pair_open(&p, NULL);
	tap_first(tap, port_of(p.l), &f);
	close(tap);
	goes_on(&p);
	forge_udp(port_of(p.l), f.port, pkt, make(&f, pkt));
	sleep_ms(200);	/* a Retry is looked at by a worker */
	goes_on(&p);
	pair_close(&p);
}

static void t_late_retry(void)
{
	late(make_retry);
}

static void t_late_verneg(void)
{
	late(make_verneg);
}

/* RFC 9000 sections 11 and 10.3: garbage for an ID of a connection is answered by nobody, for another it is */
static void t_no_reset_where_state_is(void)
{
	long long resets = mib("CONN_RESET_SENT"), dropped = mib("DROP_DECRYPT");
	uint8_t garbage[60];
	int tap = open_tap();
	struct wire w = {};
	struct pair p;
	char byte;

	pair_open(&p, NULL);
	REQUIRE(quic_sendmsg(p.c, "a", 1, 0, MSG_QUIC_STREAM_NEW) == 1);
	REQUIRE(recv(p.s, &byte, 1, 0) == 1);
	REQUIRE(tap_read(tap, ((struct sockaddr_in *)&p.addr)->sin_port, &w));
	close(tap);
	memset(garbage, 0x5a, sizeof(garbage));
	forge(&w, FIRST_BYTE, garbage, sizeof(garbage));
	REQUIRE(send(p.c, "b", 1, 0) == 1);
	REQUIRE(recv(p.s, &byte, 1, 0) == 1);
	EXPECT_EQ(mib("DROP_DECRYPT"), dropped + 1);
	EXPECT_EQ(mib("CONN_RESET_SENT"), resets);
	w.dcid[0] ^= 1;
	forge(&w, FIRST_BYTE, garbage, sizeof(garbage));
	REQUIRE(send(p.c, "c", 1, 0) == 1);
	REQUIRE(recv(p.s, &byte, 1, 0) == 1);
	EXPECT_EQ(mib("CONN_RESET_SENT"), resets + 1);
	pair_close(&p);
}

/* RFC 9000 section 5.2.2: Handshake and 0-RTT packets of nobody that a listener knows */
static void t_stray_handshake(void)
{
	static const char stray[] = "\xe0\0\0\0\x01" "\x08" "nowhere!" "\x08" "somebody" "\x40\x20";
	long long opens, dropped = mib("DROP_NO_CONN");
	uint8_t pkt[80] = {};
	struct pair p;
	int fd = open_udp();

	pair_open(&p, NULL);
	opens = mib("CONN_PASSIVE_OPENS");
	memcpy(pkt, stray, sizeof(stray) - 1);
	EXPECT_EQ(sendto(fd, pkt, sizeof(pkt), 0, (struct sockaddr *)&p.addr, p.len), sizeof(pkt));
	EXPECT_EQ(poll_for(fd, POLLIN, 300), 0);
	EXPECT_EQ(mib("DROP_NO_CONN"), dropped + 1);
	EXPECT_EQ(mib("CONN_PASSIVE_OPENS"), opens);
	close(fd);
	pair_close(&p);
}

#define CASE(name)	{ #name, t_##name }

const struct test tests[] = {
	CASE(right), CASE(no_frames), CASE(unknown_frame), CASE(not_allowed_here),
	CASE(new_token), CASE(cut_short), CASE(ack_of_unsent), CASE(ack_below_zero),
	CASE(stream_limit), CASE(stream_not_opened), CASE(stream_send_only),
	CASE(stream_too_far), CASE(stream_past_the_end), CASE(max_streams),
	CASE(max_data_of_nothing), CASE(stop_sending), CASE(end_moves), CASE(end_before_data),
	CASE(cid_of_no_length), CASE(cid_retires_itself), CASE(cid_never_issued),
	CASE(crypto_too_far), CASE(reserved_bits),
	CASE(no_reset_where_state_is), CASE(stray_handshake),
	CASE(icmp_too_big), CASE(icmp_too_big_v6),
	CASE(early_forgeries), CASE(late_retry), CASE(late_verneg),
	{}
};

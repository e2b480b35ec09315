// SPDX-License-Identifier: GPL-2.0
/*
 * A client that leaves for another local address, RFC 9000 section 9: what the option answers, how
 * both ends learn of it, and that no byte is lost on the way. Both ends are in one process, on the
 * loopback, which has all of 127.0.0.0/8.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define PIECE	200000	/* bytes, some round trips' worth */
#define MOVES	12	/* more than either end keeps paths or connection IDs */

/* An address of the loopback or the link; port 0: any. */
static socklen_t address(struct sockaddr_storage *sa, const char *ip, uint16_t port)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)sa;
	struct sockaddr_in *v4 = (struct sockaddr_in *)sa;

	memset(sa, 0, sizeof(*sa));
	if (strchr(ip, ':')) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		REQUIRE(inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1);
		return sizeof(*v6);
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(port);
	REQUIRE(inet_pton(AF_INET, ip, &v4->sin_addr) == 1);
	return sizeof(*v4);
}

static int migrate(int fd, const char *ip, uint16_t port)
{
	struct sockaddr_storage sa;
	socklen_t len = address(&sa, ip, port);

	return setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_MIGRATION, &sa, len);
}

/* "address port" of one end, as its socket or the peer's has it. */
static void name_of(int fd, bool peer, char *name, size_t size)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char ip[INET6_ADDRSTRLEN];
	const void *at = &((struct sockaddr_in *)&sa)->sin_addr;

	REQUIRE(!(peer ? getpeername : getsockname)(fd, (struct sockaddr *)&sa, &len));
	if (sa.ss_family == AF_INET6)
		at = &((struct sockaddr_in6 *)&sa)->sin6_addr;
	REQUIRE(inet_ntop(sa.ss_family, at, ip, sizeof(ip)));
	snprintf(name, size, "%s %d", ip, ntohs(((struct sockaddr_in *)&sa)->sin_port));
}

/* The port of our own end. */
static uint16_t port_of(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	REQUIRE(!getsockname(fd, (struct sockaddr *)&sa, &len));
	return ntohs(((struct sockaddr_in *)&sa)->sin_port);
}

static void tune(int fd)
{
	tune_event(fd, QUIC_EVENT_CONNECTION_MIGRATION);
}

/* The next thing to read is the event, of our own move or the peer's. */
static void moved(int fd, bool own)
{
	uint8_t event[16];
	uint32_t flags = 0;

	REQUIRE(wait_readable(fd));
	EXPECT_EQ(quic_recvmsg(fd, event, sizeof(event), NULL, &flags), 2);
	EXPECT(flags & MSG_QUIC_NOTIFICATION);
	EXPECT_EQ(event[0], QUIC_EVENT_CONNECTION_MIGRATION);
	EXPECT_EQ(event[1], own);
}

/* Both ends agree where the client is: at ip. */
static void agree(struct pair *p, const char *ip)
{
	char here[80], there[80];

	name_of(p->c, false, here, sizeof(here));
	name_of(p->s, true, there, sizeof(there));
	EXPECT(!strncmp(here, ip, strlen(ip)));
	EXPECT(!strcmp(here, there));
	if (strncmp(here, ip, strlen(ip)) || strcmp(here, there))
		printf("# %s wanted: %s is seen as %s\n", ip, here, there);
}

/* Bytes get from one end to the other. */
static void pass(int from, int to, unsigned int seed)
{
	static uint8_t out[PIECE], in[PIECE];

	fill_pattern(out, sizeof(out), seed);
	EXPECT_EQ(send(from, out, sizeof(out), 0), sizeof(out));
	EXPECT_EQ(read_exactly(to, in, sizeof(in)), sizeof(in));
	EXPECT(!memcmp(in, out, sizeof(in)));
}

static void both_ways(struct pair *p)
{
	pass(p->c, p->s, 1);
	pass(p->s, p->c, 2);
}

static void open_both(struct pair *p, int family, bool mapped)
{
	const struct pair_opts o = { .family = family, .mapped = mapped, .tune_client = tune,
				     .tune_server = tune };

	pair_open(p, &o);
	both_ways(p);
}

/* One move and its proof; the client is at ip afterwards. */
static void move(struct pair *p, const char *ip, uint16_t port)
{
	long long count = mib("CONN_MIGRATED");

	EXPECT_OK(migrate(p->c, ip, port));
	moved(p->c, true);
	moved(p->s, false);
	EXPECT_EQ(mib("CONN_MIGRATED") - count, 2);
	agree(p, ip);
	if (port)
		EXPECT_EQ(port_of(p->c), port);
	both_ways(p);
}

static void there_and_back(int family, bool mapped, const char *there, const char *back)
{
	struct pair p;

	open_both(&p, family, mapped);
	move(&p, there, 0);
	move(&p, back, 0);
	pair_close(&p);
}

static void t_address(void)
{
	there_and_back(AF_INET, false, "127.0.0.2", "127.0.0.1");
}

/* Only the port is another, of the kernel's or the caller's choice. */
static void t_port(void)
{
	struct pair p;
	uint16_t port;

	open_both(&p, AF_INET, false);
	port = port_of(p.c);
	move(&p, "127.0.0.1", 0);
	EXPECT(port_of(p.c) != port);
	move(&p, "127.0.0.1", port_of(p.s) + 1);
	pair_close(&p);
}

/* The socket is bound to all addresses and keeps its port. */
static void t_same_port(void)
{
	struct pair p;

	open_both(&p, AF_INET, false);
	move(&p, "127.0.0.3", port_of(p.c));
	pair_close(&p);
}

static void t_ipv6(void)
{
	there_and_back(AF_INET6, false, "2001:db8::1", "::1");
}

static void t_mapped(void)
{
	there_and_back(AF_INET6, true, "::ffff:127.0.0.9", "::ffff:127.0.0.1");
}

/* Everything that a move takes comes back: paths, connection IDs of both ends, UDP sockets. */
static void t_often(void)
{
	struct pair p;
	char ip[20];
	int i, tries;

	open_both(&p, AF_INET, false);
	for (i = 0; i < MOVES; i++) {
		snprintf(ip, sizeof(ip), "127.0.1.%d", i + 1);
		/* the path before the last one goes three probe timeouts after it was left */
		for (tries = 0; tries < 200 && migrate(p.c, ip, 0); tries++) {
			EXPECT_EQ(errno, EAGAIN);
			sleep_ms(50);
		}
		moved(p.c, true);
		moved(p.s, false);
		agree(&p, ip);
		both_ways(&p);
	}
	pair_close(&p);
}

/* While data flow in both directions. */
static void t_busy(void)
{
	static uint8_t data[4 * PIECE], in[4 * PIECE];
	struct pair p;

	pair_open(&p, NULL);
	both_ways(&p);
	fill_pattern(data, sizeof(data), 5);
	EXPECT_EQ(send(p.c, data, sizeof(data), MSG_DONTWAIT) > 0, 1);
	EXPECT_OK(migrate(p.c, "127.0.0.4", 0));
	EXPECT_EQ(send(p.s, data, PIECE, 0), PIECE);
	EXPECT_EQ(read_exactly(p.c, in, PIECE), PIECE);
	EXPECT(!memcmp(in, data, PIECE));
	EXPECT_EQ(read_exactly(p.s, in, PIECE), PIECE);
	EXPECT(!memcmp(in, data, PIECE));
	pair_close(&p);
}

/* What the loopback does to packets; "": nothing. */
static void netem(const char *what)
{
	char line[100];

	if (*what)
		snprintf(line, sizeof(line), "tc qdisc add dev lo root netem %s 2>/dev/null", what);
	else
		snprintf(line, sizeof(line), "tc qdisc del dev lo root");
	if (system(line))
		skip("no netem");
}

/* One move at a time. */
static void t_again(void)
{
	struct pair p;

	open_both(&p, AF_INET, false);
	netem("delay 700ms");	/* below what a path is given up after */
	EXPECT_OK(migrate(p.c, "127.0.0.5", 0));
	EXPECT_ERR(migrate(p.c, "127.0.0.6", 0), EAGAIN);
	agree(&p, "127.0.0.1");
	moved(p.c, true);
	moved(p.s, false);
	netem("");
	agree(&p, "127.0.0.5");
	both_ways(&p);
	pair_close(&p);
}

/* A way on which nothing comes back is given up, and the connection stays where it is. */
static void t_unanswered(void)
{
	long long count;
	struct pair p;
	int tries;

	open_both(&p, AF_INET, false);
	count = mib("CONN_MIGRATED");
	netem("loss 100%");
	EXPECT_OK(migrate(p.c, "127.0.0.7", 0));
	for (tries = 0; tries < 400 && migrate(p.c, "0.0.0.0", port_of(p.c)) && errno == EAGAIN;
	     tries++)
		sleep_ms(50);
	EXPECT_EQ(errno, EINVAL);	/* not busy any more: it is there already */
	netem("");
	EXPECT_EQ(mib("CONN_MIGRATED"), count);
	agree(&p, "127.0.0.1");
	both_ways(&p);
	move(&p, "127.0.0.8", 0);
	pair_close(&p);
}

static void command(const char *line)
{
	REQUIRE(!system(line));
}

/* The address that the client had is gone, and with it the route: it can still ask for another */
static void t_address_lost(void)
{
	long long errors;
	struct pair p;
	char byte;

	open_both(&p, AF_INET, false);
	command("ip addr add 192.0.2.55/32 dev lo");
	move(&p, "192.0.2.55", 0);
	command("ip addr del 192.0.2.55/32 dev lo");
	errors = mib("TX_ERRORS");
	EXPECT_EQ(send(p.c, "x", 1, 0), 1);
	EXPECT(mib("TX_ERRORS") > errors);
	EXPECT_OK(migrate(p.c, "127.0.0.1", 0));
	moved(p.c, true);
	moved(p.s, false);
	agree(&p, "127.0.0.1");
	EXPECT_EQ(read_exactly(p.s, &byte, 1), 1);
	both_ways(&p);
	pair_close(&p);
}

/* ---- an address that the server prefers ---- */

static uint16_t preferred_port;

static void prefer(int fd)
{
	EXPECT_ERR(migrate(fd, "0.0.0.0", 4000), EINVAL);
	EXPECT_ERR(migrate(fd, "192.0.2.1", 0), EINVAL);
	EXPECT_ERR(migrate(fd, "192.0.2.77", 4000), EADDRNOTAVAIL);
	preferred_port = port_of(fd) + 1;
	EXPECT_OK(migrate(fd, "192.0.2.1", preferred_port));
}

static void prefer_6(int fd)
{
	preferred_port = port_of(fd) + 1;
	EXPECT_OK(migrate(fd, "2001:db8::1", preferred_port));
}

static void goes_to_preferred(const struct pair_opts *o, const char *ip)
{
	long long count = mib("CONN_MIGRATED");
	char there[80], here[80], want[80];
	struct pair p;

	pair_open(&p, o);
	moved(p.c, false);
	moved(p.s, false);
	EXPECT_EQ(mib("CONN_MIGRATED") - count, 2);
	snprintf(want, sizeof(want), "%s %d", ip, preferred_port);
	name_of(p.c, true, there, sizeof(there));
	name_of(p.s, false, here, sizeof(here));
	EXPECT(!strcmp(there, want));
	EXPECT(!strcmp(here, want));
	both_ways(&p);
	EXPECT_ERR(migrate(p.s, ip, preferred_port), EOPNOTSUPP);	/* too late */
	/* and from there the client may go on */
	if (!o->server_param)
		move(&p, "127.0.0.2", 0);
	pair_close(&p);
}

static void t_preferred(void)
{
	static const struct pair_opts o = { .tune_client = tune, .tune_server = tune,
					    .tune_accepted = prefer };

	goes_to_preferred(&o, "192.0.2.1");
}

/* Who must not move may come when it is asked to, RFC 9000 section 18.2 */
static void t_preferred_6(void)
{
	static const struct quic_transport_param stays = { .disable_active_migration = 1 };
	static const struct pair_opts o = { .family = AF_INET6, .server_param = &stays,
					    .tune_client = tune, .tune_server = tune,
					    .tune_accepted = prefer_6 };

	goes_to_preferred(&o, "2001:db8::1");
}

static struct quic_connection_id_info ids(int fd, bool dest)
{
	struct quic_connection_id_info info = { .dest = dest };
	socklen_t len = sizeof(info);

	EXPECT_OK(getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_ID, &info, &len));
	EXPECT_EQ(len, sizeof(info));
	return info;
}

static int set_ids(int fd, bool dest, uint32_t active, uint32_t prior_to)
{
	struct quic_connection_id_info info = { dest, .active = active, .prior_to = prior_to };

	return setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_ID, &info, sizeof(info));
}

/* The next thing to read is that an ID of either end is retired: those that are left */
static void retired(int fd, bool dest, uint32_t active, uint32_t prior_to)
{
	struct quic_connection_id_info info;
	uint8_t event[64];
	uint32_t flags = 0;

	REQUIRE(wait_readable(fd));
	EXPECT_EQ(quic_recvmsg(fd, event, sizeof(event), NULL, &flags), 1 + sizeof(info));
	EXPECT(flags & MSG_QUIC_NOTIFICATION);
	EXPECT_EQ(event[0], QUIC_EVENT_CONNECTION_ID);
	memcpy(&info, event + 1, sizeof(info));
	EXPECT_EQ(info.dest, dest);
	EXPECT_EQ(info.active, active);
	EXPECT_EQ(info.prior_to, prior_to);
}

static void tune_ids(int fd)
{
	tune_event(fd, QUIC_EVENT_CONNECTION_ID);
}

/* RFC 9000 section 5.1.2: one end has another connection ID in use, or has the other do that */
static void t_rotate(void)
{
	const struct pair_opts o = { .tune_client = tune_ids, .tune_server = tune_ids };
	struct pair p;
	uint32_t i;

	pair_open(&p, &o);
	both_ways(&p);
	EXPECT_EQ(ids(p.c, true).active, 0);
	EXPECT_EQ(ids(p.c, true).prior_to, 0);
	EXPECT_ERR(set_ids(p.c, true, 100, 0), EINVAL);
	EXPECT_ERR(set_ids(p.c, true, 0, 100), EINVAL);
	EXPECT_ERR(set_ids(p.c, false, 0, 100), EINVAL);
	EXPECT_ERR(set_ids(p.c, false, 1, 0), EINVAL);	/* that is for the peer to choose */
	for (i = 1; i < MOVES; i++) {
		EXPECT_OK(set_ids(p.c, true, i, 0));
		EXPECT_EQ(ids(p.c, true).active, i);
		retired(p.c, true, i, i);
		retired(p.s, false, i, i);
		both_ways(&p);
	}
	/* the server wants all but its newest back, and the client goes there */
	for (; i < 2 * MOVES; i++) {
		EXPECT_OK(set_ids(p.s, false, 0, i));
		retired(p.c, true, i, i);
		retired(p.s, false, i, i);
		EXPECT_EQ(ids(p.s, false).prior_to, i);
		EXPECT_EQ(ids(p.c, true).active, i);
		both_ways(&p);
	}
	EXPECT_EQ(ids(p.c, false).prior_to, 0);
	pair_close(&p);
	EXPECT_ERR(set_ids(open_socket(AF_INET), true, 1, 0), ENOTCONN);
}

static void tune_empty(int fd)
{
	int on = 1;

	REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_EMPTY_ID, &on, sizeof(on)));
	tune(fd);
}

/* The client's line in /proc/net/quic/conns says that it has no ID. */
static bool shown_as_empty(void)
{
	FILE *f = fopen("/proc/net/quic/conns", "r");
	char line[512];
	bool found = false;

	REQUIRE(f);
	while (fgets(line, sizeof(line), f))
		found |= !!strstr(line, " client established - ");
	fclose(f);
	return found;
}

/* A client with an empty connection ID has its port to itself, and may move all the same. */
static void t_empty_id(void)
{
	const struct pair_opts o = { .tune_client = tune_empty, .tune_server = tune };
	struct sockaddr_storage sa;
	struct pair p;
	int fd, other;

	pair_open(&p, &o);
	both_ways(&p);
	EXPECT(shown_as_empty());
	fd = open_socket(AF_INET);
	EXPECT_ERR(bind(fd, (struct sockaddr *)&sa, address(&sa, "0.0.0.0", port_of(p.c))),
		   EADDRINUSE);
	/* there is no other for the server to send to */
	EXPECT_ERR(set_ids(p.s, true, 1, 0), EINVAL);
	EXPECT_ERR(set_ids(p.c, false, 0, 1), EINVAL);
	move(&p, "127.0.0.2", 0);
	move(&p, "127.0.0.3", 0);
	EXPECT_OK(bind(fd, (struct sockaddr *)&sa, address(&sa, "127.0.0.9", 0)));
	other = open_socket(AF_INET);
	EXPECT_OK(bind(other, (struct sockaddr *)&sa, address(&sa, "127.0.0.9", port_of(fd))));
	tune_empty(other);
	EXPECT_ERR(connect(other, (struct sockaddr *)&p.addr, p.len), EADDRINUSE);
	close(fd);
	close(other);
	pair_close(&p);
}

static void t_refused(void)
{
	const struct quic_transport_param stays = { .disable_active_migration = 1 };
	const struct pair_opts o = { .server_param = &stays };
	struct sockaddr_storage sa;
	struct pair p;
	int fd;

	fd = open_socket(AF_INET);
	EXPECT_ERR(migrate(fd, "127.0.0.2", 0), ENOTCONN);
	close(fd);
	pair_open(&p, NULL);
	both_ways(&p);
	EXPECT_ERR(migrate(p.l, "127.0.0.2", 0), ENOTCONN);
	EXPECT_ERR(migrate(p.s, "127.0.0.2", 0), EOPNOTSUPP);
	EXPECT_ERR(migrate(p.c, "::1", 0), EAFNOSUPPORT);
	EXPECT_ERR(migrate(p.c, "127.0.0.1", port_of(p.c)), EINVAL);
	EXPECT_ERR(migrate(p.c, "192.0.2.77", 0), EADDRNOTAVAIL);
	EXPECT_ERR(migrate(p.c, "192.0.2.77", port_of(p.c)), EADDRNOTAVAIL);
	EXPECT_ERR(migrate(p.c, "224.0.0.1", 0), EADDRNOTAVAIL);
	EXPECT_ERR(migrate(p.c, "127.255.255.255", port_of(p.c)), EADDRNOTAVAIL);
	EXPECT_ERR(setsockopt(p.c, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_MIGRATION, &sa, 1), EINVAL);
	both_ways(&p);
	pair_close(&p);
	/* nor over IPv6, whose routes would let any address be a source */
	open_both(&p, AF_INET6, false);
	EXPECT_ERR(migrate(p.c, "2001:db8:77::1", port_of(p.c)), EADDRNOTAVAIL);
	EXPECT_ERR(migrate(p.c, "2001:db8:77::1", 0), EADDRNOTAVAIL);
	EXPECT_ERR(migrate(p.c, "ff02::1", port_of(p.c)), EADDRNOTAVAIL);
	EXPECT_ERR(migrate(p.c, "ff02::1", 0), EADDRNOTAVAIL);
	both_ways(&p);
	pair_close(&p);
	pair_open(&p, &o);
	both_ways(&p);
	EXPECT_ERR(migrate(p.c, "127.0.0.2", 0), EOPNOTSUPP);
	both_ways(&p);
	pair_close(&p);
}

const struct test tests[] = {
	{ "address", t_address },
	{ "port", t_port },
	{ "same_port", t_same_port },
	{ "ipv6", t_ipv6 },
	{ "mapped", t_mapped },
	{ "often", t_often },
	{ "busy", t_busy },
	{ "again", t_again },
	{ "unanswered", t_unanswered },
	{ "address_lost", t_address_lost },
	{ "preferred", t_preferred },
	{ "preferred_6", t_preferred_6 },
	{ "rotate", t_rotate },
	{ "empty_id", t_empty_id },
	{ "refused", t_refused },
	{}
};

// SPDX-License-Identifier: GPL-2.0
/*
 * Whose memory it is: client and server are in memory cgroups of their own, and what the
 * buffers of each hold shows up there, as that of TCP does. CGROUP in the environment
 * names a cgroup of version 2 whose children have the memory controller.
 */
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#define BLOCK_BYTES	65536
#define MOST_BYTES	(64 << 20)
#define CONNS		24
/* Statistics of a group are up to so many pages behind, for each CPU, until the next look. */
#define SLACK_BYTES	(256 << 10)
#define WAIT_MS		20000

/* Client here, server in a process of its own. */
struct world {
	char client[256], server[256];	/* their cgroups */
	struct pair p;
	int to[2], from[2];		/* pipes to and from the server */
	pid_t pid;
};

static void make_group(char *path, const char *name)
{
	const char *top = getenv("CGROUP");

	if (!top)
		skip("no CGROUP");
	snprintf(path, 256, "%s/%s-%d", top, name, getpid());
	REQUIRE(!mkdir(path, 0755));
}

static void enter(const char *group)
{
	char file[300];
	int fd;

	snprintf(file, sizeof(file), "%s/cgroup.procs", group);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && write(fd, "0", 1) == 1);
	close(fd);
}

/* A line of memory.stat, in bytes. */
static long long stat_of(const char *group, const char *name)
{
	char file[300];

	snprintf(file, sizeof(file), "%s/memory.stat", group);
	return number_in(file, name);
}

/* Wait until it is at least, or at most, that much; says so if it does not come about. */
static void expect_stat(const char *group, const char *name, long long least, long long most)
{
	int64_t end = now_ms() + WAIT_MS;
	long long value;

	do {
		value = stat_of(group, name);
		if (value >= least && value <= most)
			return;
		sleep_ms(100);
	} while (now_ms() < end);
	printf("# %s of %s is %lld, want %lld to %lld\n", name, strrchr(group, '/') + 1, value, least,
	       most);
	fail(__FILE__, __LINE__, name);
}

/* What all sides do in turn: a byte through a pipe. */
static void tell(int fd)
{
	REQUIRE(write(fd, "x", 1) == 1);
}

static void await(int fd)
{
	char c;

	REQUIRE(read(fd, &c, 1) == 1);
}

/* Take connections, say so; then read the first to its end. */
static void serve(struct world *w, unsigned int conns)
{
	static char buf[BLOCK_BYTES];
	unsigned int i;
	int fd[CONNS];

	enter(w->server);
	w->p.l = open_listener(NULL, &w->p.addr, &w->p.len);
	REQUIRE(write(w->from[1], &w->p.addr, sizeof(w->p.addr)) == sizeof(w->p.addr));
	for (i = 0; i < conns; i++) {
		fd[i] = accept(w->p.l, NULL, NULL);
		REQUIRE(fd[i] >= 0 && !handshake_server(fd[i]));
	}
	tell(w->from[1]);
	await(w->to[0]);
	while (recv(fd[0], buf, sizeof(buf), 0) > 0)
		;
	tell(w->from[1]);
	await(w->to[0]);
	_exit(0);
}

static void world_open(struct world *w, unsigned int conns)
{
	make_group(w->client, "client");
	make_group(w->server, "server");
	REQUIRE(!pipe(w->to) && !pipe(w->from));
	w->pid = fork();
	if (!w->pid)
		serve(w, conns);
	enter(w->client);
	REQUIRE(read(w->from[0], &w->p.addr, sizeof(w->p.addr)) == sizeof(w->p.addr));
	w->p.len = sizeof(struct sockaddr_in);
}

static void world_close(struct world *w)
{
	int status = -1;

	tell(w->to[1]);
	waitpid(w->pid, &status, 0);
	EXPECT_EQ(status, 0);
	enter(getenv("CGROUP_HOME"));
	EXPECT_OK(rmdir(w->client));
	EXPECT_OK(rmdir(w->server));
}

/* ---- buffers ---- */

static ssize_t send_copied(int fd, const uint8_t *block, int file)
{
	(void)file;
	return send(fd, block, BLOCK_BYTES, MSG_DONTWAIT);
}

static ssize_t send_zerocopy(int fd, const uint8_t *block, int file)
{
	(void)file;
	return send(fd, block, BLOCK_BYTES, MSG_DONTWAIT | MSG_ZEROCOPY);
}

static ssize_t send_file(int fd, const uint8_t *block, int file)
{
	off_t off = 0;

	(void)block;
	return sendfile(fd, file, &off, BLOCK_BYTES);
}

/* Send to who does not read until nothing more is taken; bytes of the client's buffer, and sent. */
static void fill(int fd, ssize_t (*how)(int, const uint8_t *, int), long long *held, long long *sent)
{
	int file = memfd_create("block", 0), outq = 0, before = -1;
	uint8_t *block = mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int64_t end = now_ms() + WAIT_MS;

	REQUIRE(block != MAP_FAILED && file >= 0);
	fill_pattern(block, BLOCK_BYTES, 1);
	REQUIRE(write(file, block, BLOCK_BYTES) == BLOCK_BYTES);
	REQUIRE(!fcntl(fd, F_SETFL, O_NONBLOCK));
	*sent = 0;
	while (*sent < MOST_BYTES && now_ms() < end) {
		ssize_t n = how(fd, block, file);

		if (n > 0) {
			*sent += n;
			continue;
		}
		/* full; and still so when the peer has taken all that it may */
		EXPECT(errno == EAGAIN || errno == ENOBUFS);
		EXPECT_OK(ioctl(fd, SIOCOUTQ, &outq));
		if (outq == before)
			break;
		before = outq;
		sleep_ms(300);
	}
	EXPECT_OK(ioctl(fd, SIOCOUTQ, &outq));
	*held = outq;
	close(file);
}

static void tune_zerocopy(int fd)
{
	int one = 1;

	REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ZEROCOPY, &one, sizeof(one)));
}

static void run_buffers(ssize_t (*how)(int, const uint8_t *, int))
{
	long long held, sent;
	struct world w = {};

	world_open(&w, 1);
	w.p.c = open_socket(AF_INET);
	tune_zerocopy(w.p.c);
	REQUIRE(!connect(w.p.c, (struct sockaddr *)&w.p.addr, w.p.len));
	REQUIRE(!handshake_client(w.p.c));
	await(w.from[0]);
	expect_stat(w.client, "sock", 0, SLACK_BYTES);
	expect_stat(w.server, "sock", 0, SLACK_BYTES);
	fill(w.p.c, how, &held, &sent);
	printf("# the client holds %lld of %lld bytes; accounted: %lld, at the server %lld\n", held, sent,
	       stat_of(w.client, "sock"), stat_of(w.server, "sock"));
	EXPECT(held >= (1 << 20) && sent - held >= (512 << 10));
	expect_stat(w.client, "sock", held - SLACK_BYTES, MOST_BYTES);
	expect_stat(w.server, "sock", sent - held - SLACK_BYTES, MOST_BYTES);
	/* all is read, acknowledged and let go */
	EXPECT_OK(shutdown(w.p.c, SHUT_WR));
	tell(w.to[1]);
	await(w.from[0]);
	expect_stat(w.client, "sock", 0, SLACK_BYTES);
	expect_stat(w.server, "sock", 0, SLACK_BYTES);
	close(w.p.c);
	world_close(&w);
}

static void t_copied(void)
{
	run_buffers(send_copied);
}

static void t_zerocopy(void)
{
	run_buffers(send_zerocopy);
}

static void t_sendfile(void)
{
	run_buffers(send_file);
}

/* ---- connections ---- */

/*
 * Sockets and connections themselves, which softirqs and workers make for the server: one end has
 * as much as the other.
 */
static void t_connections(void)
{
	long long client, server;
	struct world w = {};
	int fd[CONNS], i;

	world_open(&w, CONNS);
	client = stat_of(w.client, "slab");
	server = stat_of(w.server, "slab");
	for (i = 0; i < CONNS; i++) {
		fd[i] = open_socket(AF_INET);
		REQUIRE(!connect(fd[i], (struct sockaddr *)&w.p.addr, w.p.len));
		REQUIRE(!handshake_client(fd[i]));
	}
	await(w.from[0]);
	client = stat_of(w.client, "slab") - client;
	server = stat_of(w.server, "slab") - server;
	printf("# a connection takes %lld bytes at the client, %lld at the server\n", client / CONNS,
	       server / CONNS);
	EXPECT(client >= CONNS * 4096);
	EXPECT(server >= client / 4 * 3);
	for (i = 0; i < CONNS; i++)
		close(fd[i]);
	tell(w.to[1]);
	await(w.from[0]);
	world_close(&w);
}

const struct test tests[] = {
	{ "copied", t_copied },
	{ "zerocopy", t_zerocopy },
	{ "sendfile", t_sendfile },
	{ "connections", t_connections },
	{}
};

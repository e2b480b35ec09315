// SPDX-License-Identifier: GPL-2.0
/*
 * Sending without a copy: MSG_ZEROCOPY and its completions, sendfile() and
 * splice(). A program may change a page when its completion is there, and not
 * before; the cases do so and look at what arrives. Both ends are in one
 * process, on the loopback, which some cases make fall silent with tc.
 */
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#define IDS_MAX		512
#define SLOTS		8
#define BLOCK_BYTES	65536
#define WAIT_MS		30000
#define NOBODY		65534

/* The completions of a socket: which sends are done. */
struct ledger {
	uint8_t seen[IDS_MAX];
	unsigned int done;
	unsigned int copied;		/* of them, by their messages */
	unsigned int messages;
};

/* Blocks that one end sends and the other checks; the number of a block is its seed. */
struct flow {
	struct pair p;
	size_t block_bytes;
	unsigned int blocks;
	unsigned int wrong;
};

/* What the counters said before. */
struct counted {
	long long zerocopy, splice, copied, fallback;
};

static struct counted count(void)
{
	return (struct counted) {
		mib("TX_ZEROCOPY_BYTES"), mib("TX_SPLICE_BYTES"), mib("TX_COPIED_BYTES"),
		mib("TX_ZEROCOPY_COPIED"),
	};
}

static struct counted counted_since(const struct counted *old)
{
	struct counted now = count();

	now.zerocopy -= old->zerocopy;
	now.splice -= old->splice;
	now.copied -= old->copied;
	now.fallback -= old->fallback;
	return now;
}

/* net.tquic.zerocopy is off: all is copied, and completions say so. */
static bool copy_mode(void)
{
	FILE *f = fopen("/proc/sys/net/tquic/zerocopy", "r");
	int on = -1;

	REQUIRE(f && fscanf(f, "%d", &on) == 1);
	fclose(f);
	return !on;
}

/*
 * All but 10 % of the bytes were referred to: what does not fill a page may be copied, at
 * the ends and where a short write has cut a page
 */
static void expect_referred(long long referred, long long copied, long long total)
{
	EXPECT_EQ(referred + copied, total);
	if (copy_mode()) {
		EXPECT_EQ(referred, 0);
		return;
	}
	EXPECT(referred >= total - total / 10);
	if (referred < total - total / 10)
		printf("# %lld of %lld bytes were referred to\n", referred, total);
}

static unsigned int num_blocks(void)
{
	const char *quick = getenv("QUICK"), *debug = getenv("DEBUG");

	return (quick && *quick == '1') || (debug && *debug == '1') ? 24 : 128;
}

/* ---- completions ---- */

/* From Linux 6.4 on a protocol may answer SO_ZEROCOPY itself. */
static bool has_so_zerocopy(void)
{
	int major = 0, minor = 0;
	struct utsname u;

	uname(&u);
	return sscanf(u.release, "%d.%d", &major, &minor) == 2 && major * 1000 + minor >= 6004;
}

static void tune_zerocopy(int fd)
{
	int one = 1;

	if (has_so_zerocopy())
		REQUIRE(!setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)));
	else
		REQUIRE(!setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ZEROCOPY, &one, sizeof(one)));
}

static void note_range(struct ledger *l, const struct sock_extended_err *ee)
{
	uint32_t id;

	EXPECT_EQ(ee->ee_errno, 0);
	EXPECT_EQ(ee->ee_origin, SO_EE_ORIGIN_ZEROCOPY);
	REQUIRE(ee->ee_info <= ee->ee_data && ee->ee_data < IDS_MAX);
	for (id = ee->ee_info; id <= ee->ee_data; id++) {
		EXPECT_EQ(l->seen[id], 0);	/* each of them once */
		l->seen[id] = 1;
		l->done++;
		l->copied += !!(ee->ee_code & SO_EE_CODE_ZEROCOPY_COPIED);
	}
	l->messages++;
}

/* One message of the error queue; false when there is none. */
static bool take_completion(int fd, struct ledger *l)
{
	char control[256] = {};
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;
	ssize_t n;

	n = recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);
	if (n < 0) {
		EXPECT_EQ(errno, EAGAIN);
		return false;
	}
	EXPECT(msg.msg_flags & MSG_ERRQUEUE);
	cmsg = CMSG_FIRSTHDR(&msg);
	REQUIRE(cmsg && ((cmsg->cmsg_level == SOL_IP && cmsg->cmsg_type == IP_RECVERR) ||
			 (cmsg->cmsg_level == SOL_IPV6 && cmsg->cmsg_type == IPV6_RECVERR)));
	note_range(l, (struct sock_extended_err *)CMSG_DATA(cmsg));
	return true;
}

/* Until so many sends are done; false when the time is up. */
static bool wait_done(int fd, struct ledger *l, unsigned int number)
{
	int64_t end = now_ms() + WAIT_MS;

	for (;;) {
		while (take_completion(fd, l))
			;
		if (l->done >= number)
			return true;
		if (now_ms() >= end)
			return false;
		poll_for(fd, 0, 1000);		/* POLLERR, always asked for */
	}
}

/* All of them, each once, and nothing after them. */
static void expect_all_done(int fd, struct ledger *l, unsigned int number)
{
	EXPECT(wait_done(fd, l, number));
	EXPECT_EQ(l->done, number);
	EXPECT(!take_completion(fd, l));
	if (number && l->done == number)
		EXPECT(l->seen[0] && l->seen[number - 1]);
}

static void wait_acked(int fd)
{
	int64_t end = now_ms() + WAIT_MS;
	int held = 1;

	while (held && now_ms() < end) {
		EXPECT_OK(ioctl(fd, SIOCOUTQ, &held));
		sleep_ms(held ? 2 : 0);
	}
	EXPECT_EQ(held, 0);
}

/* ---- flows ---- */

static uint8_t *map(size_t len)
{
	uint8_t *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(p != MAP_FAILED);
	return p;
}

static void *check_blocks(void *arg)
{
	struct flow *f = arg;
	uint8_t *got = malloc(f->block_bytes), *want = malloc(f->block_bytes);
	unsigned int i;

	for (i = 0; i < f->blocks; i++) {
		fill_pattern(want, f->block_bytes, i);
		if (read_exactly(f->p.s, got, f->block_bytes) != f->block_bytes ||
		    memcmp(got, want, f->block_bytes))
			f->wrong++;
	}
	free(got);
	free(want);
	return NULL;
}

/* Send from a few slots; each is overwritten as soon as what was in it is done. */
static void reuse_slots(struct flow *f, uint8_t *slots, size_t stride)
{
	struct ledger l = {};
	unsigned int i;

	for (i = 0; i < f->blocks; i++) {
		uint8_t *slot = slots + i % SLOTS * stride;

		if (i >= SLOTS && !l.seen[i - SLOTS])
			while (!l.seen[i - SLOTS] && wait_done(f->p.c, &l, l.done + 1))
				;
		fill_pattern(slot, f->block_bytes, i);
		REQUIRE(send(f->p.c, slot, f->block_bytes, MSG_ZEROCOPY) == (ssize_t)f->block_bytes);
	}
	expect_all_done(f->p.c, &l, f->blocks);
	EXPECT_EQ(l.copied, copy_mode() ? f->blocks : 0);
}

static void run_reuse(const struct pair_opts *o, size_t block_bytes, size_t skew, bool huge)
{
	size_t stride = (block_bytes + skew + 4095) & ~4095UL;
	uint8_t *mem = map(SLOTS * stride + (2 << 20));
	struct flow f = { .block_bytes = block_bytes, .blocks = num_blocks() };
	struct counted before, diff;
	pthread_t thread;

	if (huge) {
		mem = (uint8_t *)(((uintptr_t)mem + (2 << 20) - 1) & ~((2UL << 20) - 1));
		madvise(mem, SLOTS * stride, MADV_HUGEPAGE);
	}
	pair_open(&f.p, o);
	before = count();
	REQUIRE(!pthread_create(&thread, NULL, check_blocks, &f));
	reuse_slots(&f, mem + skew, stride);
	pthread_join(thread, NULL);
	EXPECT_EQ(f.wrong, 0);
	diff = counted_since(&before);
	expect_referred(diff.zerocopy, diff.copied, (long long)f.blocks * block_bytes);
	EXPECT_EQ(diff.fallback, copy_mode() ? f.blocks : 0);
	pair_close(&f.p);
}

static void t_reuse(void)
{
	run_reuse(&(struct pair_opts) { .tune_client = tune_zerocopy }, BLOCK_BYTES, 0, false);
}

static void t_reuse_odd(void)
{
	run_reuse(&(struct pair_opts) { .family = AF_INET6, .tune_client = tune_zerocopy },
		  60001, 1235, false);
}

static void t_reuse_huge(void)
{
	run_reuse(&(struct pair_opts) { .tune_client = tune_zerocopy }, 3 * BLOCK_BYTES, 0, true);
}

static void t_reuse_plain(void)
{
	struct quic_transport_param off = { .disable_1rtt_encryption = 1 };

	run_reuse(&(struct pair_opts) { .client_param = &off, .server_param = &off,
					.tune_client = tune_zerocopy }, BLOCK_BYTES, 100, false);
}

/* ---- what the option and the completions say ---- */

static int get_int(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int val = -1;

	EXPECT_OK(getsockopt(fd, level, name, &val, &len));
	return val;
}

static void t_option(void)
{
	int fd = open_socket(AF_INET6), on = 1, off = 0, two = 2;
	struct pair p;

	EXPECT_EQ(get_int(fd, SOL_SOCKET, SO_ZEROCOPY), 0);
	EXPECT_ERR(setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ZEROCOPY, &two, sizeof(two)), EINVAL);
	EXPECT_OK(setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ZEROCOPY, &on, sizeof(on)));
	EXPECT_EQ(get_int(fd, SOL_SOCKET, SO_ZEROCOPY), 1);
	EXPECT_EQ(get_int(fd, SOL_QUIC, QUIC_SOCKOPT_ZEROCOPY), 1);
	EXPECT_OK(setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_ZEROCOPY, &off, sizeof(off)));
	EXPECT_EQ(get_int(fd, SOL_SOCKET, SO_ZEROCOPY), 0);
	close(fd);
	pair_open(&p, &(struct pair_opts) { .tune_server = tune_zerocopy });
	EXPECT_EQ(get_int(p.s, SOL_SOCKET, SO_ZEROCOPY), 1);	/* as its listener */
	if (has_so_zerocopy()) {
		EXPECT_ERR(setsockopt(p.s, SOL_SOCKET, SO_ZEROCOPY, &two, sizeof(two)), EINVAL);
		EXPECT_OK(setsockopt(p.s, SOL_SOCKET, SO_ZEROCOPY, &off, sizeof(off)));
		EXPECT_EQ(get_int(p.s, SOL_SOCKET, SO_ZEROCOPY), 0);
	}
	/* the others of that level are answered as ever */
	EXPECT_OK(setsockopt(p.s, SOL_SOCKET, SO_PRIORITY, &two, sizeof(two)));
	EXPECT_EQ(get_int(p.s, SOL_SOCKET, SO_PRIORITY), 2);
	EXPECT_OK(setsockopt(p.c, SOL_SOCKET, SO_PRIORITY, &two, sizeof(two)));
	EXPECT_EQ(get_int(p.c, SOL_SOCKET, SO_PRIORITY), 2);
	pair_close(&p);
}

static void t_not_asked(void)
{
	static char buf[BLOCK_BYTES];
	struct counted before, diff;
	struct ledger l = {};
	struct pair p;

	pair_open(&p, NULL);
	before = count();
	EXPECT_EQ(send(p.c, buf, sizeof(buf), MSG_ZEROCOPY), sizeof(buf));
	EXPECT_EQ(read_exactly(p.s, buf, sizeof(buf)), sizeof(buf));
	wait_acked(p.c);
	EXPECT(!take_completion(p.c, &l));
	diff = counted_since(&before);
	EXPECT_EQ(diff.copied, sizeof(buf));
	EXPECT_EQ(diff.zerocopy, 0);
	pair_close(&p);
}

/* What is too small to be worth it is copied, and the completion says so. */
static void t_copied(void)
{
	struct counted before, diff;
	struct ledger l = {};
	char buf[200] = "small";
	struct pair p;

	pair_open(&p, &(struct pair_opts) { .tune_client = tune_zerocopy });
	before = count();
	EXPECT_EQ(send(p.c, buf, 100, MSG_ZEROCOPY), 100);
	memset(buf, 'x', sizeof(buf));
	expect_all_done(p.c, &l, 1);
	EXPECT_EQ(l.copied, 1);
	EXPECT_EQ(send(p.c, NULL, 0, MSG_ZEROCOPY), 0);
	EXPECT(!take_completion(p.c, &l));		/* nothing was sent: nothing is told */
	EXPECT_EQ(read_exactly(p.s, buf, 100), 100);
	EXPECT(!strcmp(buf, "small"));
	diff = counted_since(&before);
	EXPECT_EQ(diff.fallback, 1);
	EXPECT_EQ(diff.copied, 100);
	EXPECT_EQ(diff.zerocopy, 0);
	pair_close(&p);
}

/* Who reads late finds one range. */
static void t_ranges(void)
{
	uint8_t *buf = map(10 * 4096);
	static uint8_t got[10 * 4096];
	struct ledger l = {};
	struct pair p;
	int i;

	fill_pattern(buf, 10 * 4096, 5);
	pair_open(&p, &(struct pair_opts) { .tune_client = tune_zerocopy });
	for (i = 0; i < 10; i++)
		EXPECT_EQ(send(p.c, buf + i * 4096, 4096, MSG_ZEROCOPY), 4096);
	EXPECT_EQ(read_exactly(p.s, got, sizeof(got)), sizeof(got));
	EXPECT(!memcmp(buf, got, sizeof(got)));
	wait_acked(p.c);
	EXPECT(poll_for(p.c, 0, WAIT_MS) & POLLERR);
	expect_all_done(p.c, &l, 10);
	EXPECT_EQ(l.messages, 1);
	EXPECT(!(poll_for(p.c, 0, 0) & POLLERR));
	pair_close(&p);
}

static void t_iovecs(void)
{
	uint8_t *body = map(2 * BLOCK_BYTES), *want = malloc(16 + BLOCK_BYTES + 100);
	uint8_t *got = malloc(16 + BLOCK_BYTES + 100), head[16], tail[100];
	struct iovec iov[] = {
		{ head, sizeof(head) }, { NULL, 0 }, { body + 999, BLOCK_BYTES }, { NULL, 0 },
		{ tail, sizeof(tail) },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 5 };
	ssize_t len = 16 + BLOCK_BYTES + 100;
	struct counted before, diff;
	struct ledger l = {};
	struct pair p;

	fill_pattern(want, (size_t)len, 6);
	memcpy(head, want, 16);
	memcpy(body + 999, want + 16, BLOCK_BYTES);
	memcpy(tail, want + 16 + BLOCK_BYTES, 100);
	pair_open(&p, &(struct pair_opts) { .tune_client = tune_zerocopy });
	before = count();
	EXPECT_EQ(sendmsg(p.c, &msg, MSG_ZEROCOPY), len);
	EXPECT_EQ(read_exactly(p.s, got, (size_t)len), len);
	EXPECT(!memcmp(got, want, (size_t)len));
	expect_all_done(p.c, &l, 1);
	EXPECT_EQ(l.copied, copy_mode());
	diff = counted_since(&before);
	expect_referred(diff.zerocopy, diff.copied, len);
	EXPECT(diff.copied >= 116);
	pair_close(&p);
}

/* A call that fails has no completion and uses up no number. */
static void t_bad_address(void)
{
	uint8_t *buf = map(8192), got[4096];
	struct ledger l = {};
	struct pair p;
	int i;

	memset(buf, 'q', 4096);		/* not the other: UML reads what is present */
	REQUIRE(!mprotect(buf + 4096, 4096, PROT_NONE));
	pair_open(&p, &(struct pair_opts) { .tune_client = tune_zerocopy });
	EXPECT_ERR(send(p.c, buf + 4096, 4096, MSG_ZEROCOPY), EFAULT);
	/* pages are referred to one by one, and copied all at once or not */
	if (copy_mode())
		EXPECT_ERR(send(p.c, buf, 8192, MSG_ZEROCOPY), EFAULT);
	else
		EXPECT_EQ(send(p.c, buf, 8192, MSG_ZEROCOPY), 4096);
	EXPECT_ERR(send(p.c, buf + 4096, 4096, MSG_ZEROCOPY), EFAULT);
	EXPECT_EQ(send(p.c, buf, 4096, MSG_ZEROCOPY), 4096);
	for (i = copy_mode(); i < 2; i++) {
		EXPECT_EQ(read_exactly(p.s, got, 4096), 4096);
		EXPECT(!memcmp(buf, got, 4096));
	}
	expect_all_done(p.c, &l, copy_mode() ? 1 : 2);
	EXPECT_ERR(recv(p.s, got, 1, MSG_DONTWAIT), EAGAIN);
	pair_close(&p);
}

/* ---- when they come ---- */

static void silence(bool on)
{
	REQUIRE(!system(on ? "tc qdisc replace dev lo root netem loss 100%" :
			     "tc qdisc del dev lo root"));
}

static void open_warm(struct pair *p, const struct pair_opts *o)
{
	char c = 'w';

	pair_open(p, o);
	EXPECT_EQ(send(p->c, &c, 1, 0), 1);
	EXPECT_EQ(read_exactly(p->s, &c, 1), 1);
	wait_acked(p->c);
}

/*
 * Nothing that is referred to is done before the peer has acknowledged it, however often it was
 * sent; what is copied is done at once, and a retransmission does not care what becomes of it.
 */
static void t_acked_first(void)
{
	uint8_t *buf = map(BLOCK_BYTES), *copied = map(4096), *got = map(BLOCK_BYTES);
	uint8_t *want = map(BLOCK_BYTES);
	int64_t end = now_ms() + WAIT_MS;
	struct ledger l = {};
	long long probes;
	struct pair p;

	open_warm(&p, &(struct pair_opts) { .tune_client = tune_zerocopy });
	silence(true);
	probes = mib("PTO");
	fill_pattern(copied, 4096, 20);
	fill_pattern(buf, BLOCK_BYTES, 21);
	EXPECT_EQ(send(p.c, copied, 4096, 0), 4096);
	EXPECT_EQ(send(p.c, buf, BLOCK_BYTES, MSG_ZEROCOPY), BLOCK_BYTES);
	while (mib("PTO") < probes + 3 && now_ms() < end)
		sleep_ms(5);
	EXPECT(mib("PTO") >= probes + 3);
	EXPECT_EQ(!!(poll_for(p.c, 0, 0) & POLLERR), copy_mode());
	EXPECT_EQ(take_completion(p.c, &l), copy_mode());
	/* what a program must not do: the retransmission carries what is there then */
	fill_pattern(copied, 4096, 22);
	fill_pattern(buf, BLOCK_BYTES, 23);
	silence(false);
	EXPECT_EQ(read_exactly(p.s, got, 4096), 4096);
	fill_pattern(want, 4096, 20);
	EXPECT(!memcmp(got, want, 4096));
	EXPECT_EQ(read_exactly(p.s, got, BLOCK_BYTES), BLOCK_BYTES);
	if (copy_mode())
		fill_pattern(buf, BLOCK_BYTES, 21);
	EXPECT(!memcmp(got, buf, BLOCK_BYTES));
	expect_all_done(p.c, &l, 1);
	EXPECT_EQ(l.copied, copy_mode());
	pair_close(&p);
}

/* Send without waiting until no more is taken; the sends. */
static unsigned int send_much(int fd, const uint8_t *buf)
{
	unsigned int sends = 0;
	ssize_t n;

	while (sends < IDS_MAX) {
		n = send(fd, buf, BLOCK_BYTES, MSG_ZEROCOPY | MSG_DONTWAIT);
		if (n < 0) {
			EXPECT(errno == EAGAIN || errno == ENOBUFS);
			break;
		}
		sends++;
	}
	EXPECT(sends > 10);
	return sends;
}

static void t_peer_silent(void)
{
	struct quic_transport_param idle = { .max_idle_timeout = 1000000 };
	uint8_t *buf = map(BLOCK_BYTES);
	struct ledger l = {};
	struct pair p;

	open_warm(&p, &(struct pair_opts) { .client_param = &idle, .tune_client = tune_zerocopy });
	silence(true);
	EXPECT_EQ(send(p.c, buf, BLOCK_BYTES, MSG_ZEROCOPY), BLOCK_BYTES);
	EXPECT_EQ(send(p.c, buf, 4096, MSG_ZEROCOPY), 4096);
	EXPECT_EQ(take_completion(p.c, &l), copy_mode());
	EXPECT(poll_for(p.c, POLLIN, WAIT_MS) & POLLHUP);
	EXPECT_EQ(get_int(p.c, SOL_SOCKET, SO_ERROR), ETIMEDOUT);
	expect_all_done(p.c, &l, 2);
	silence(false);
	pair_close(&p);
}

static void t_peer_closes(void)
{
	uint8_t *buf = map(BLOCK_BYTES);
	struct ledger l = {};
	unsigned int sends;
	struct pair p;

	pair_open(&p, &(struct pair_opts) { .tune_client = tune_zerocopy });
	sends = send_much(p.c, buf);
	close(p.s);
	expect_all_done(p.c, &l, sends);
	EXPECT(poll_for(p.c, POLLIN, WAIT_MS) & POLLHUP);
	close(p.c);
	close(p.l);
}

static void t_reset(void)
{
	struct quic_errinfo info = { .stream_id = 0, .errcode = 7 };
	uint8_t *buf = map(BLOCK_BYTES);
	struct ledger l = {};
	unsigned int sends;
	struct pair p;

	pair_open(&p, &(struct pair_opts) { .tune_client = tune_zerocopy });
	sends = send_much(p.c, buf);
	EXPECT_OK(setsockopt(p.c, SOL_QUIC, QUIC_SOCKOPT_STREAM_RESET, &info, sizeof(info)));
	expect_all_done(p.c, &l, sends);
	pair_close(&p);
}

/* The user's memory is gone when it is sent, and its pages are not. */
static void t_close(void)
{
	uint8_t *buf = map(4 * BLOCK_BYTES), *got = map(4 * BLOCK_BYTES), *other;
	struct pair p;

	open_warm(&p, &(struct pair_opts) { .tune_client = tune_zerocopy });
	silence(true);
	fill_pattern(buf, 4 * BLOCK_BYTES, 30);
	EXPECT_EQ(send(p.c, buf, 4 * BLOCK_BYTES, MSG_ZEROCOPY), 4 * BLOCK_BYTES);
	close(p.c);
	munmap(buf, 4 * BLOCK_BYTES);
	other = map(64 * BLOCK_BYTES);
	memset(other, 0x55, 64 * BLOCK_BYTES);
	silence(false);
	EXPECT_EQ(read_exactly(p.s, got, 4 * BLOCK_BYTES), 4 * BLOCK_BYTES);
	fill_pattern(other, 4 * BLOCK_BYTES, 30);
	EXPECT(!memcmp(got, other, 4 * BLOCK_BYTES));
	close(p.s);
	close(p.l);
}

static void t_killed(void)
{
	uint8_t *got = map(4 * BLOCK_BYTES), *want = map(4 * BLOCK_BYTES), *buf;
	int go[2], status;
	struct pair p;
	char c = 'g';
	pid_t pid;

	REQUIRE(!pipe(go));
	open_warm(&p, &(struct pair_opts) { .tune_client = tune_zerocopy });
	pid = fork();
	if (!pid) {
		close(p.s);
		buf = map(4 * BLOCK_BYTES);
		fill_pattern(buf, 4 * BLOCK_BYTES, 31);
		if (read(go[0], &c, 1) == 1 &&
		    send(p.c, buf, 4 * BLOCK_BYTES, MSG_ZEROCOPY) == 4 * BLOCK_BYTES)
			raise(SIGKILL);
		_exit(1);
	}
	close(p.c);
	EXPECT_EQ(write(go[1], &c, 1), 1);
	fill_pattern(want, 4 * BLOCK_BYTES, 31);
	EXPECT_EQ(read_exactly(p.s, got, 4 * BLOCK_BYTES), 4 * BLOCK_BYTES);
	EXPECT(!memcmp(got, want, 4 * BLOCK_BYTES));
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(p.s);
	close(p.l);
}

/* Pages that wait for their acknowledgement count as locked memory, as for TCP. */
static void t_memlock(void)
{
	struct rlimit limit = { .rlim_cur = BLOCK_BYTES, .rlim_max = BLOCK_BYTES };
	uint8_t *buf = map(4 * BLOCK_BYTES), *got = map(BLOCK_BYTES / 2);
	struct ledger l = {};
	struct pair p;
	unsigned int i;

	pair_open(&p, &(struct pair_opts) { .tune_client = tune_zerocopy });
	REQUIRE(!setrlimit(RLIMIT_MEMLOCK, &limit));
	REQUIRE(!setresuid(NOBODY, NOBODY, NOBODY));	/* and without CAP_IPC_LOCK */
	for (i = 0; i < 6; i++) {
		EXPECT_ERR(send(p.c, buf, 4 * BLOCK_BYTES, MSG_ZEROCOPY), ENOBUFS);
		EXPECT_EQ(send(p.c, buf, BLOCK_BYTES / 2, MSG_ZEROCOPY), BLOCK_BYTES / 2);
		EXPECT_EQ(read_exactly(p.s, got, BLOCK_BYTES / 2), BLOCK_BYTES / 2);
		EXPECT(wait_done(p.c, &l, i + 1));
	}
	expect_all_done(p.c, &l, 6);
	EXPECT_EQ(send(p.c, buf, 4 * BLOCK_BYTES, 0), 4 * BLOCK_BYTES);
	pair_close(&p);
}

/* ---- sendfile and splice ---- */

static int pattern_file(const struct flow *f)
{
	uint8_t *block = malloc(f->block_bytes);
	int fd = memfd_create("quic_zerocopy", 0);
	unsigned int i;

	REQUIRE(block && fd >= 0);
	for (i = 0; i < f->blocks; i++) {
		fill_pattern(block, f->block_bytes, i);
		REQUIRE(write(fd, block, f->block_bytes) == (ssize_t)f->block_bytes);
	}
	free(block);
	return fd;
}

/* By way of a pipe; the bytes sent. */
static ssize_t splice_some(int from, off_t *off, size_t len, int pipe[2], int to)
{
	ssize_t in, out, done = 0;

	in = splice(from, off, pipe[1], NULL, len, 0);
	while (done < in) {
		out = splice(pipe[0], NULL, to, NULL, (size_t)(in - done), SPLICE_F_MORE);
		if (out <= 0)
			return -1;
		done += out;
	}
	return in;
}

static void run_file(bool by_pipe)
{
	struct flow f = { .block_bytes = 60001, .blocks = num_blocks() };
	off_t off = 0, total = (off_t)f.block_bytes * f.blocks;
	struct counted before, diff;
	int file, pipe_fds[2];
	pthread_t thread;
	ssize_t n = 1;

	file = pattern_file(&f);
	REQUIRE(!pipe(pipe_fds));
	pair_open(&f.p, NULL);
	before = count();
	REQUIRE(!pthread_create(&thread, NULL, check_blocks, &f));
	while (off < total && n > 0) {
		if (by_pipe)
			n = splice_some(file, &off, 50000, pipe_fds, f.p.c);
		else
			n = sendfile(f.p.c, file, &off, 300007);
		EXPECT_OK(n);
	}
	shutdown(f.p.c, SHUT_WR);
	pthread_join(thread, NULL);
	EXPECT_EQ(f.wrong, 0);
	diff = counted_since(&before);
	/* 50000 bytes end with less than a page, which comes again with the next */
	expect_referred(diff.splice, diff.copied, total);
	pair_close(&f.p);
}

static void t_sendfile(void)
{
	run_file(false);
}

static void t_splice(void)
{
	run_file(true);
}

/* Few bytes are copied, and those that MSG_MORE holds back leave when nothing follows. */
static void t_splice_small(void)
{
	struct counted before, diff;
	char buf[100] = "spliced";
	int pipe_fds[2];
	struct pair p;

	REQUIRE(!pipe(pipe_fds));
	pair_open(&p, NULL);
	before = count();
	REQUIRE(write(pipe_fds[1], buf, sizeof(buf)) == sizeof(buf));
	EXPECT_EQ(splice(pipe_fds[0], NULL, p.c, NULL, sizeof(buf), SPLICE_F_MORE), sizeof(buf));
	memset(buf, 0, sizeof(buf));
	EXPECT_EQ(read_exactly(p.s, buf, sizeof(buf)), sizeof(buf));
	EXPECT(!strcmp(buf, "spliced"));
	diff = counted_since(&before);
	EXPECT_EQ(diff.copied, sizeof(buf));
	EXPECT_EQ(diff.splice, 0);
	pair_close(&p);
}

const struct test tests[] = {
	{ "option", t_option },
	{ "not_asked", t_not_asked },
	{ "copied", t_copied },
	{ "ranges", t_ranges },
	{ "iovecs", t_iovecs },
	{ "bad_address", t_bad_address },
	{ "reuse", t_reuse },
	{ "reuse_odd", t_reuse_odd },
	{ "reuse_huge", t_reuse_huge },
	{ "reuse_plain", t_reuse_plain },
	{ "acked_first", t_acked_first },
	{ "peer_silent", t_peer_silent },
	{ "peer_closes", t_peer_closes },
	{ "reset", t_reset },
	{ "close", t_close },
	{ "killed", t_killed },
	{ "memlock", t_memlock },
	{ "sendfile", t_sendfile },
	{ "splice", t_splice },
	{ "splice_small", t_splice_small },
	{}
};

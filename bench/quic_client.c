// SPDX-License-Identifier: GPL-2.0
/*
 * The sending end of tquic_bench: bulk, fresh connections and latency. Rates
 * are the receiver's, as its result says them.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quic.h"

struct sender {
	pthread_t thread;
	const struct bench_addr *addr;
	pthread_barrier_t *start;
	uint64_t off[BENCH_STREAMS_MAX];
	int64_t sid[BENCH_STREAMS_MAX];
	struct zerocopy zc;
	uint64_t settled;	/* bytes sent before the measured ones */
	struct bench_result res;
	struct quic_info info;
	double write_s;		/* when the first write began */
	double done_s;		/* when the receiver had said that it has all */
};

/* From the first write until all senders are done, handshakes apart */
static struct cpu_times machine;

static void open_streams(int fd, struct sender *s)
{
	unsigned int i;

	for (i = 0; i < opts.streams; i++)
		s->sid[i] = conn_open_stream(fd);
	send_prepare(fd, &s->zc);
}

static void send_some(int fd, struct sender *s, unsigned int i, size_t len)
{
	s->off[i] += send_pattern(fd, &s->zc, s->sid[i], s->off[i], len);
}

/* Let the windows open before anything is measured */
static void settle(int fd, struct sender *s)
{
	socklen_t len = sizeof(struct quic_info);
	struct quic_info info = {};

	if (!opts.settle)
		return;
	while (s->off[0] < opts.settle)
		send_some(fd, s, 0, opts.size);
	do {
		usleep(1000);
		if (getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_INFO, &info, &len))
			die_errno("QUIC_SOCKOPT_INFO", errno);
	} while (info.unacked_bytes);
	s->settled = s->off[0];
}

/* Round robin over the streams, until time or bytes are up, then FIN on each. */
static void send_bulk(int fd, struct sender *s)
{
	unsigned long long left = opts.bytes;
	double end = now_s() + opts.seconds;
	unsigned int i = 0;
	uint64_t before;
	size_t len;

	while (opts.bytes ? left > 0 : now_s() < end) {
		len = opts.bytes && left < opts.size ? (size_t)left : opts.size;
		before = s->off[i];
		send_some(fd, s, i, len);
		left -= opts.bytes ? s->off[i] - before : 0;
		i = (i + 1) % opts.streams;
	}
	for (i = 0; i < opts.streams; i++)
		if (quic_sendmsg(fd, NULL, 0, s->sid[i], MSG_QUIC_STREAM_FIN | MSG_NOSIGNAL) < 0)
			die_errno("ending a stream", errno);
}

static void *run_sender(void *arg)
{
	struct bench_request req = {
		.magic = BENCH_MAGIC,
		.mode = BENCH_BULK,
		.streams = opts.streams,
		.verify = opts.verify,
	};
	socklen_t len = sizeof(struct quic_info);
	struct sender *s = arg;
	int fd = conn_open(s->addr);

	conn_request(fd, &req);
	open_streams(fd, s);
	settle(fd, s);
	if (pthread_barrier_wait(s->start) == PTHREAD_BARRIER_SERIAL_THREAD) {
		around("begin");
		cpu_times_read(&machine);
	}
	pthread_barrier_wait(s->start);
	s->write_s = now_s();
	send_bulk(fd, s);
	conn_read_result(fd, &s->res);
	s->done_s = now_s();
	send_complete(fd, &s->zc);
	if (pthread_barrier_wait(s->start) == PTHREAD_BARRIER_SERIAL_THREAD) {
		cpu_times_since(&machine);
		around("end");
	}
	pthread_barrier_wait(s->start);
	if (getsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_INFO, &s->info, &len))
		memset(&s->info, 0, sizeof(s->info));
	close(fd);
	return NULL;
}

static void run_senders(const struct bench_addr *addr, struct sender *senders)
{
	pthread_barrier_t start;
	unsigned int i;

	pthread_barrier_init(&start, NULL, opts.connections);
	for (i = 0; i < opts.connections; i++) {
		senders[i].addr = addr;
		senders[i].start = &start;
		if (pthread_create(&senders[i].thread, NULL, run_sender, &senders[i]))
			die("no thread");
	}
	for (i = 0; i < opts.connections; i++)
		pthread_join(senders[i].thread, NULL);
	pthread_barrier_destroy(&start);
}

struct totals {
	double first, last;
	unsigned long long bytes, settled, sent, retrans, spurious;
	struct zerocopy zc;
};

static void add_up(const struct sender *senders, struct totals *t)
{
	unsigned int i;

	memset(t, 0, sizeof(*t));
	for (i = 0; i < opts.connections; i++) {
		const struct sender *s = &senders[i];

		if (!i || s->res.first_s < t->first)
			t->first = s->res.first_s;
		if (s->res.last_s > t->last)
			t->last = s->res.last_s;
		t->bytes += s->res.bytes;
		t->settled += s->settled;
		t->sent += s->info.packets_sent;
		t->retrans += s->info.packets_retrans;
		t->spurious += s->info.packets_spurious;
		t->zc.sends += s->zc.sends;
		t->zc.copied += s->zc.copied;
	}
	if (t->last <= t->first)
		die("too little data to time");
}

/**
 * client_bulk - as much data as goes, over connections and streams
 * @addr: server
 */
void client_bulk(const struct bench_addr *addr)
{
	struct sender *senders = calloc(opts.connections, sizeof(*senders));
	double start = now_s(), cpu = cpu_s();
	struct totals t;

	if (!senders)
		die_errno("malloc", ENOMEM);
	run_senders(addr, senders);
	add_up(senders, &t);
	out_begin("bulk");
	out_count("connections", opts.connections);
	out_count("streams", opts.streams);
	out_count("size", opts.size);
	out_text("encrypted", opts.no_encrypt ? "no" : "yes");
	out_text("verified", opts.verify ? "yes" : "some of each block");
	out_count("bytes", t.bytes);
	out_count("settled_bytes", t.settled);
	/* the receiver's clock has run since the first of them */
	if (!opts.settle) {
		out_num("seconds", t.last - t.first);
		out_num("gbps", (double)t.bytes * 8 / (t.last - t.first) / 1e9);
	}
	out_num("tx_cpu_s", cpu_s() - cpu);
	out_num("wall_s", now_s() - start);
	out_num("busy_s", machine.busy);
	out_num("user_s", machine.user);
	out_num("system_s", machine.system);
	out_num("softirq_s", machine.softirq);
	out_count("packets_sent", t.sent);
	out_count("packets_retrans", t.retrans);
	out_count("packets_spurious", t.spurious);
	if (opts.zerocopy) {
		out_count("zerocopy_sends", t.zc.sends);
		out_count("zerocopy_copied", t.zc.copied);
	}
	out_end();
	free(senders);
}

static void out_spread(double *values, unsigned int n, const char *unit)
{
	char name[32];

	qsort(values, n, sizeof(*values), compare_doubles);
	snprintf(name, sizeof(name), "min_%s", unit);
	out_num(name, values[0]);
	snprintf(name, sizeof(name), "p50_%s", unit);
	out_num(name, percentile(values, n, 50));
	snprintf(name, sizeof(name), "p99_%s", unit);
	out_num(name, percentile(values, n, 99));
	snprintf(name, sizeof(name), "max_%s", unit);
	out_num(name, values[n - 1]);
}

/**
 * client_fresh - a little data on each of several new connections
 * @addr: server
 *
 * In milliseconds: by the receiver's clock from the first byte to the last; by the
 * sender's from the first write until the receiver has said that it has all, without
 * and with the handshake before.
 */
void client_fresh(const struct bench_addr *addr)
{
	double *times = calloc(opts.fresh, sizeof(*times));
	double *whole = calloc(opts.fresh, sizeof(*whole));
	double *arrival = calloc(opts.fresh, sizeof(*arrival));
	pthread_barrier_t start;
	struct sender s;
	unsigned int i;
	double begin;

	if (!times || !whole || !arrival)
		die_errno("malloc", ENOMEM);
	opts.connections = 1;
	opts.streams = 1;
	if (!opts.bytes)
		opts.bytes = 65536;
	pthread_barrier_init(&start, NULL, 1);
	for (i = 0; i < opts.fresh; i++) {
		memset(&s, 0, sizeof(s));
		s.addr = addr;
		s.start = &start;
		begin = now_s();
		run_sender(&s);
		whole[i] = (now_s() - begin) * 1e3;
		times[i] = (s.done_s - s.write_s) * 1e3;
		arrival[i] = (s.res.last_s - s.res.first_s) * 1e3;
	}
	out_begin("fresh");
	out_count("connections", opts.fresh);
	out_count("bytes", opts.bytes);
	out_spread(arrival, opts.fresh, "ms_first_to_last");
	out_spread(times, opts.fresh, "ms");
	out_spread(whole, opts.fresh, "ms_with_handshake");
	out_end();
	free(arrival);
	free(times);
	free(whole);
}

static double one_round_trip(int fd, struct sender *s, unsigned char *buf)
{
	double start = now_s();
	size_t got = 0;
	ssize_t n;

	send_some(fd, s, 0, opts.size);
	while (got < opts.size) {
		n = quic_recvmsg(fd, buf, opts.size, NULL, NULL);
		if (n <= 0)
			die_errno("waiting for the echo", n < 0 ? errno : ECONNRESET);
		got += (size_t)n;
	}
	return (now_s() - start) * 1e6;
}

/**
 * client_latency - messages there and back, one at a time
 * @addr: server
 */
void client_latency(const struct bench_addr *addr)
{
	struct bench_request req = { .magic = BENCH_MAGIC, .mode = BENCH_ECHO, .streams = 1 };
	unsigned char *buf = malloc(opts.size);
	unsigned int n = 0, room = 1 << 20;
	double *times = malloc(room * sizeof(*times));
	struct sender s = {};
	double end;
	int fd;

	if (!buf || !times)
		die_errno("malloc", ENOMEM);
	opts.streams = 1;
	fd = conn_open(addr);
	conn_request(fd, &req);
	open_streams(fd, &s);
	one_round_trip(fd, &s, buf);
	end = now_s() + opts.seconds;
	do {
		times[n++] = one_round_trip(fd, &s, buf);
	} while (n < room && now_s() < end);
	close(fd);
	out_begin("latency");
	out_count("size", opts.size);
	out_count("round_trips", n);
	out_spread(times, n, "us");
	out_end();
	free(times);
	free(buf);
}

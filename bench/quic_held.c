// SPDX-License-Identifier: GPL-2.0
/*
 * What a sender's kernel holds for bytes in flight. Connections grow their windows (which takes
 * a link with some delay), then the link begins to drop everything (the command of --around
 * sees to that), then each writes --bytes: what memory is taken from then on is held for them,
 * because a dropped packet holds none. The receiver gets nothing, so all of it is the sender's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "quic.h"

#define GROW_BYTES	(8ULL << 20)	/* a transfer that opens the window */
#define GROW_SIZE	65536
#define DRAIN_US	300000		/* acknowledgments and window updates are done */
#define FLIGHT_US	40000		/* pacing is done, and few probes, if any, have been sent */

struct held {
	int fd;
	int64_t sid;
	uint64_t off;
	struct zerocopy z;
};

static void info_of(const struct held *h, struct quic_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	if (getsockopt(h->fd, SOL_QUIC, QUIC_SOCKOPT_INFO, info, &len))
		die_errno("QUIC_SOCKOPT_INFO", errno);
}

static void grow(struct held *h, const struct bench_addr *addr)
{
	struct bench_request req = { .magic = BENCH_MAGIC, .mode = BENCH_BULK, .streams = 1 };

	h->fd = conn_open(addr);
	conn_request(h->fd, &req);
	h->sid = conn_open_stream(h->fd);
	send_prepare(h->fd, &h->z);
	while (h->off < GROW_BYTES)
		h->off += send_pattern(h->fd, &h->z, h->sid, h->off, GROW_SIZE);
}

static void fly(struct held *h)
{
	uint64_t end = h->off + opts.bytes;
	ssize_t n;

	while (h->off < end) {
		n = quic_sendmsg(h->fd, pattern_at((uint64_t)h->sid, h->off),
				 end - h->off < GROW_SIZE ? (size_t)(end - h->off) : GROW_SIZE,
				 h->sid, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0)
			die_errno("the window did not grow enough", n < 0 ? errno : EIO);
		h->off += (uint64_t)n;
	}
}

/**
 * client_held - memory held per byte in flight
 * @addr: server, on this machine
 */
void client_held(const struct bench_addr *addr)
{
	struct held *all = calloc(opts.held, sizeof(*all));
	double flight = 0, unacked = 0, ends = opts.held;
	struct memory before, after;
	struct quic_info info;
	unsigned int i;

	if (!all)
		die_errno("malloc", ENOMEM);
	if (!opts.bytes)
		opts.bytes = 1 << 20;
	for (i = 0; i < opts.held; i++)
		grow(&all[i], addr);
	usleep(DRAIN_US);
	around("begin");
	memory_read(&before);
	for (i = 0; i < opts.held; i++)
		fly(&all[i]);
	usleep(FLIGHT_US);
	memory_read(&after);
	for (i = 0; i < opts.held; i++) {
		info_of(&all[i], &info);
		flight += (double)info.bytes_in_flight;
		unacked += (double)info.unacked_bytes;
	}
	around("end");
	if (unacked < 0.99 * ends * (double)opts.bytes || flight < 0.99 * ends * (double)opts.bytes)
		die("of %llu bytes %.0f are in flight and %.0f not acknowledged: the window is smaller, "
		    "or the link drops nothing", opts.bytes, flight / ends, unacked / ends);
	out_begin("held");
	out_count("connections", opts.held);
	out_count("bytes", opts.bytes);
	out_num("in_flight_bytes", flight / ends);
	out_num("unacked_bytes", unacked / ends);
	out_num("slab_bytes", (after.slab - before.slab) / ends);
	out_num("kernel_bytes", (after.kernel - before.kernel) / ends);
	/* bytes of memory for each byte in flight, and so MB for 1 MB */
	out_num("held", (after.kernel - before.kernel) / ends / (double)opts.bytes);
	out_end();
	for (i = 0; i < opts.held; i++)
		close(all[i].fd);
	free(all);
}

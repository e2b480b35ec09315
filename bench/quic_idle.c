// SPDX-License-Identifier: GPL-2.0
/*
 * What an idle connection costs the kernel: opens many, waits until they are
 * quiet, and compares the memory before and after. It counts both ends, so it
 * only means something when the server runs on the same machine.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "quic.h"

#define SETTLE_US	1500000		/* handshakes confirmed, frees done */
#define WARM_UP		8

static double meminfo_kb(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? strtod(line + strlen(name), NULL) : 0;
}

static void read_meminfo(struct memory *mem)
{
	static char text[16384];
	FILE *f = fopen("/proc/meminfo", "r");
	size_t n;

	if (!f)
		die_errno("/proc/meminfo", errno);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	mem->slab = meminfo_kb(text, "\nSUnreclaim:") * 1024;
	mem->kernel = (meminfo_kb(text, "MemTotal:") - meminfo_kb(text, "\nMemFree:") -
		       meminfo_kb(text, "\nBuffers:") - meminfo_kb(text, "\nCached:") -
		       meminfo_kb(text, "\nAnonPages:") - meminfo_kb(text, "\nPageTables:") -
		       meminfo_kb(text, "\nKernelStack:") -
		       meminfo_kb(text, "\nSReclaimable:")) * 1024;
}

static void read_slabinfo(struct memory *mem)
{
	FILE *f = fopen("/proc/slabinfo", "r");
	double active, total, size;
	char line[512], name[64];

	mem->tquic = f ? 0 : -1;
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %lf %lf %lf", name, &active, &total, &size) == 4 &&
		    !strncmp(name, "tquic_", 6))
			mem->tquic += active * size;
	if (f)
		fclose(f);
}

/**
 * memory_read - what the kernel holds now
 * @mem: out
 */
void memory_read(struct memory *mem)
{
	read_meminfo(mem);
	read_slabinfo(mem);
}

static void measure(struct memory *mem)
{
	usleep(SETTLE_US);
	memory_read(mem);
}

static int open_idle(const struct bench_addr *addr)
{
	struct bench_request req = { .magic = BENCH_MAGIC, .mode = BENCH_IDLE };
	struct bench_result res;
	int fd = conn_open(addr);

	conn_request(fd, &req);
	conn_read_result(fd, &res);
	return fd;
}

static void raise_limit(unsigned int files)
{
	struct rlimit lim;

	getrlimit(RLIMIT_NOFILE, &lim);
	if (lim.rlim_cur >= files + 64)
		return;
	lim.rlim_cur = files + 64 < lim.rlim_max ? files + 64 : lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
}

/**
 * client_idle - keep connections open and see what they hold
 * @addr: server, on this machine
 */
void client_idle(const struct bench_addr *addr)
{
	struct memory before, after;
	double ends = 2.0 * opts.idle;
	unsigned int i;
	int *fds;

	raise_limit(opts.idle);
	fds = calloc(opts.idle, sizeof(*fds));
	if (!fds)
		die_errno("malloc", ENOMEM);
	for (i = 0; i < WARM_UP; i++)
		close(open_idle(addr));
	measure(&before);
	for (i = 0; i < opts.idle; i++)
		fds[i] = open_idle(addr);
	measure(&after);
	out_begin("idle");
	out_count("connections", opts.idle);
	out_num("slab_bytes_per_end", (after.slab - before.slab) / ends);
	out_num("kernel_bytes_per_end", (after.kernel - before.kernel) / ends);
	if (before.tquic >= 0)
		out_num("tquic_slab_bytes_per_end", (after.tquic - before.tquic) / ends);
	out_end();
	for (i = 0; i < opts.idle; i++)
		close(fds[i]);
	free(fds);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the bench programs share: clocks, addresses, the pattern that makes
 * content checkable, and dying with a message. It opens no sockets of its own.
 */
#ifndef _BENCH_COMMON_H
#define _BENCH_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

/* A prime, so that no buffer or packet size hides a shift of the content. */
#define PATTERN_PERIOD	(17 * 4096)	/* whole pages, as of a file, but no power of two */
#define PATTERN_MAX	(4 << 20)

/* What the whole machine has computed since it started, in seconds */
struct cpu_times {
	double busy;		/* by the scheduler's clock, exact */
	double user, system, softirq;	/* by samples of the tick: shares of busy, no more */
};

struct bench_addr {
	struct sockaddr_storage ss;
	socklen_t len;
};

double now_s(void);
double cpu_s(void);
double cpu_children_s(void);
void cpu_times_read(struct cpu_times *t);
void cpu_times_since(struct cpu_times *t);
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void die_errno(const char *what, int err) __attribute__((noreturn));
unsigned long long parse_size(const char *text);
double parse_seconds(const char *text);
unsigned int parse_count(const char *text);
void parse_addr(const char *host, const char *port, bool passive, struct bench_addr *addr);
const unsigned char *pattern_at(uint64_t sid, uint64_t off);
bool pattern_holds(const unsigned char *buf, size_t len, uint64_t sid, uint64_t off, bool whole);
int pattern_file(void);
uint64_t pattern_file_pos(uint64_t sid, uint64_t off);
int compare_doubles(const void *a, const void *b);
double percentile(const double *sorted, size_t n, double p);

#endif /* _BENCH_COMMON_H */

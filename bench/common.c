// SPDX-License-Identifier: GPL-2.0
/*
 * What the bench programs share; see common.h. It never prints results.
 */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

/**
 * now_s - monotonic clock
 *
 * Return: seconds.
 */
double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double usage_s(int who)
{
	struct rusage ru;

	getrusage(who, &ru);
	return (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	       (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
}

/**
 * cpu_s - time this process has computed, in user space and the kernel
 *
 * Return: seconds.
 */
double cpu_s(void)
{
	return usage_s(RUSAGE_SELF);
}

/**
 * cpu_children_s - the same of all children that were waited for
 *
 * Return: seconds.
 */
double cpu_children_s(void)
{
	return usage_s(RUSAGE_CHILDREN);
}

/**
 * cpu_times_read - what the machine has computed until now
 * @t: out; zero where the kernel does not say it
 */
void cpu_times_read(struct cpu_times *t)
{
	double user, nice, sys, idle, iowait, irq, softirq, hz = (double)sysconf(_SC_CLK_TCK);
	unsigned long long ns;
	char line[512];
	FILE *f;

	memset(t, 0, sizeof(*t));
	/* a task is charged when it leaves the CPU: leave it */
	usleep(1000);
	f = fopen("/proc/schedstat", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "cpu%*d %*u %*u %*u %*u %*u %*u %llu", &ns) == 1)
			t->busy += (double)ns / 1e9;
	if (f)
		fclose(f);
	f = fopen("/proc/stat", "r");
	if (f && fscanf(f, "cpu %lf %lf %lf %lf %lf %lf %lf", &user, &nice, &sys, &idle, &iowait,
			&irq, &softirq) == 7) {
		t->user = (user + nice) / hz;
		t->system = sys / hz;
		t->softirq = (irq + softirq) / hz;
	}
	if (f)
		fclose(f);
}

/**
 * cpu_times_since - make a reading the difference from then until now
 * @t: in: from cpu_times_read(); out: what was computed since
 */
void cpu_times_since(struct cpu_times *t)
{
	struct cpu_times now;

	cpu_times_read(&now);
	t->busy = now.busy - t->busy;
	t->user = now.user - t->user;
	t->system = now.system - t->system;
	t->softirq = now.softirq - t->softirq;
}

/**
 * die - end the program with a message
 * @fmt: as for printf()
 *
 * Several threads may fail at once: only the first speaks and ends the program.
 */
void die(const char *fmt, ...)
{
	static atomic_flag dying = ATOMIC_FLAG_INIT;
	va_list args;

	while (atomic_flag_test_and_set(&dying))
		pause();
	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/**
 * die_errno - end the program because a call failed
 * @what: the call
 * @err: errno, of either sign
 */
void die_errno(const char *what, int err)
{
	die("%s: %s", what, strerror(abs(err)));
}

/**
 * parse_size - a number of bytes
 * @text: a number, with k, M or G for powers of 1024
 *
 * Return: bytes; ends the program when it is no number.
 */
unsigned long long parse_size(const char *text)
{
	static const char units[] = "kmg";
	const char *unit;
	char *end;
	double n = strtod(text, &end);

	if (end == text || n < 0)
		die("no size: %s", text);
	if (*end) {
		unit = strchr(units, tolower((unsigned char)*end));
		if (!unit || end[1])
			die("no size: %s", text);
		n *= (double)(1ULL << (10 * (unit - units + 1)));
	}
	return (unsigned long long)n;
}

/**
 * parse_seconds - a time
 * @text: seconds, with decimals if need be
 *
 * Return: seconds; ends the program when it is no number.
 */
double parse_seconds(const char *text)
{
	char *end;
	double n = strtod(text, &end);

	if (end == text || *end || n <= 0)
		die("no time: %s", text);
	return n;
}

/**
 * parse_count - a number of things
 * @text: from 1 up
 *
 * Return: the number; ends the program when it is none.
 */
unsigned int parse_count(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || n < 1 || n > 1000000)
		die("no number from 1 up: %s", text);
	return (unsigned int)n;
}

/**
 * parse_addr - an address to bind or connect to
 * @host: name or address, NULL for any or loopback
 * @port: number
 * @passive: for bind()
 * @addr: out; ends the program when there is none
 */
void parse_addr(const char *host, const char *port, bool passive, struct bench_addr *addr)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *res;
	int ret;

	if (passive)
		hints.ai_flags = AI_PASSIVE;
	if (!host)
		hints.ai_family = AF_INET;
	ret = getaddrinfo(host, port, &hints, &res);
	if (ret)
		die("%s: %s", host ? host : port, gai_strerror(ret));
	memcpy(&addr->ss, res->ai_addr, res->ai_addrlen);
	addr->len = res->ai_addrlen;
	freeaddrinfo(res);
}

static unsigned char pattern[PATTERN_PERIOD + PATTERN_MAX] __attribute__((aligned(4096)));
static pthread_once_t pattern_once = PTHREAD_ONCE_INIT;

static void pattern_make(void)
{
	uint32_t x = 0x9e3779b9;
	size_t i;

	for (i = 0; i < sizeof(pattern); i++) {
		if (i >= PATTERN_PERIOD) {
			pattern[i] = pattern[i - PATTERN_PERIOD];
			continue;
		}
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		pattern[i] = (unsigned char)x;
	}
}

/**
 * pattern_at - the content of a stream from an offset on
 * @sid: stream ID; each has a content of its own
 * @off: bytes from its start
 *
 * Return: PATTERN_MAX bytes.
 */
const unsigned char *pattern_at(uint64_t sid, uint64_t off)
{
	pthread_once(&pattern_once, pattern_make);
	return pattern + pattern_file_pos(sid, off);
}

/**
 * pattern_file_pos - where in pattern_file() the content of a stream continues
 * @sid: stream ID
 * @off: bytes from the stream's start
 *
 * Return: bytes from the file's start; PATTERN_MAX bytes follow it.
 */
uint64_t pattern_file_pos(uint64_t sid, uint64_t off)
{
	return (off + sid * 3 * 4096) % PATTERN_PERIOD;
}

/**
 * pattern_file - a file in memory with the pattern, for sendfile()
 *
 * Return: descriptor; ends the program on failure.
 */
int pattern_file(void)
{
	int fd = memfd_create("pattern", MFD_CLOEXEC);

	pattern_at(0, 0);
	if (fd < 0 || write(fd, pattern, sizeof(pattern)) != (ssize_t)sizeof(pattern))
		die_errno("the file with the pattern", errno);
	return fd;
}

/**
 * pattern_holds - is this what the pattern has there?
 * @buf: what came
 * @len: bytes of it
 * @sid: stream ID
 * @off: where in the stream it begins
 * @whole: look at each byte
 *
 * Without @whole it looks at 16 bytes of every 1024 and at the last 16: that sees whatever is
 * lost, doubled, out of place or of another stream, for a hundredth of the cost, but not a wrong
 * byte in between.
 *
 * Return: true if it is.
 */
bool pattern_holds(const unsigned char *buf, size_t len, uint64_t sid, uint64_t off, bool whole)
{
	const unsigned char *want = pattern_at(sid, off);
	uint64_t a[2], b[2];
	size_t i;

	if (whole || len < sizeof(a))
		return !memcmp(buf, want, len);
	for (i = 0; i + sizeof(a) <= len; i += 1024) {
		memcpy(a, buf + i, sizeof(a));
		memcpy(b, want + i, sizeof(b));
		if (a[0] != b[0] || a[1] != b[1])
			return false;
	}
	return !memcmp(buf + len - sizeof(a), want + len - sizeof(a), sizeof(a));
}

/**
 * compare_doubles - for qsort()
 * @a: pointer to a double
 * @b: pointer to a double
 *
 * Return: as qsort() wants it.
 */
int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/**
 * percentile - of sorted numbers
 * @sorted: ascending
 * @n: how many, at least one
 * @p: 0 to 100
 *
 * Return: the number at that rank.
 */
double percentile(const double *sorted, size_t n, double p)
{
	size_t i = (size_t)(p / 100 * (double)(n - 1) + 0.5);

	return sorted[i < n ? i : n - 1];
}

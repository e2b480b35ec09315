/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of tquic_bench share: its options, connections, the request
 * that opens each connection, and the printing of results.
 */
#ifndef _BENCH_QUIC_H
#define _BENCH_QUIC_H

#include <netinet/quic.h>

#include "common.h"

#define BENCH_ALPN	"tquic-bench"
#define BENCH_MAGIC	0x74627131	/* "tbq1" */
#define BENCH_STREAMS_MAX	64

enum bench_mode {
	BENCH_BULK = 1,		/* data on streams 4, 8, ..., then the result on stream 0 */
	BENCH_ECHO = 2,		/* what comes on stream 4 goes back */
	BENCH_IDLE = 3,		/* nothing, until the client closes */
	BENCH_HELLO = 4,	/* the result at once */
};

/* The client's first message, on stream 0, in its own byte order. */
struct bench_request {
	uint32_t magic;
	uint32_t mode;		/* enum bench_mode */
	uint32_t streams;
	uint32_t verify;
	uint64_t size;		/* bytes of a read, 0: the server's choice */
};

/* The server's answer, on stream 0; times are of its monotonic clock. */
struct bench_result {
	uint32_t magic;
	uint32_t wrong;		/* 1: content was not as it should be */
	uint64_t bytes;
	double first_s;
	double last_s;
};

/* Sends by MSG_ZEROCOPY of one connection, and what the error queue said of them */
struct zerocopy {
	unsigned long long sends, completed;
	unsigned long long copied;	/* of the completed: the kernel copied after all */
};

/* What the kernel holds, in bytes */
struct memory {
	double slab;		/* in slabs that stay */
	double kernel;		/* all that is neither free nor a program's */
	double tquic;		/* in slabs whose name begins with tquic_, -1: unknown */
};

struct bench_opts {
	const char *host;
	const char *port;
	const char *cert_file, *key_file, *ca_file, *psk_file;
	const char *name;
	unsigned int connections;
	unsigned int streams;
	double seconds;
	unsigned long long bytes;	/* per connection, 0: as long as seconds say */
	size_t size;
	unsigned int mtu;		/* largest UDP payload, 0: the default */
	bool no_encrypt, verify, json, nodelay, rsa;
	bool throwaway;			/* the certificate was made for this run */
	unsigned int handshakes, tcp_handshakes, idle, fresh, held;
	bool latency;
	bool zerocopy, sendfile;	/* how bytes are handed over; neither: copied */
	const char *around;		/* command to run before and after the transfer */
	unsigned long long settle;	/* bytes to send before that, per connection */
};

extern struct bench_opts opts;

/* quic_conn.c */
int conn_listen(struct bench_addr *addr);
int conn_open(const struct bench_addr *addr);
int conn_server_handshake(int fd);
int64_t conn_open_stream(int fd);
void conn_request(int fd, const struct bench_request *req);
void conn_read_result(int fd, struct bench_result *res);

/* quic_server.c */
void server_run(int listener) __attribute__((noreturn));

/* quic_client.c */
void client_bulk(const struct bench_addr *addr);
void client_fresh(const struct bench_addr *addr);
void client_latency(const struct bench_addr *addr);

/* quic_send.c */
void send_prepare(int fd, struct zerocopy *z);
size_t send_pattern(int fd, struct zerocopy *z, int64_t sid, uint64_t off, size_t len);
void send_complete(int fd, struct zerocopy *z);

/* quic_held.c */
void client_held(const struct bench_addr *addr);

/* quic_idle.c */
void memory_read(struct memory *mem);
void client_idle(const struct bench_addr *addr);

/* quic_handshakes.c */
void client_handshakes(const struct bench_addr *addr);
int tcp_listen(struct bench_addr *addr);
void tcp_server_run(int listener) __attribute__((noreturn));
void tcp_client_handshakes(const struct bench_addr *addr);

/* tquic_bench.c */
void around(const char *when);

/* output: one line of JSON, or of "name=value" */
void out_begin(const char *test);
void out_num(const char *name, double value);
void out_count(const char *name, unsigned long long value);
void out_text(const char *name, const char *value);
void out_end(void);

#endif /* _BENCH_QUIC_H */

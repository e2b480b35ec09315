/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What our programs for talking to other implementations share: options, sockets, handshakes and
 * the line of figures at the end.  It knows no application protocol.
 */
#ifndef _INTEROP_PEER_H
#define _INTEROP_PEER_H

#include <netinet/quic.h>
#include <stdbool.h>

struct peer_opts {
	bool server, retry, key_update;
	int empty_id;
	bool early;			/* client: requests in 0-RTT, when the session allows it */
	const char *port, *alpn, *name, *ca, *key, *cert, *dir;
	const char *migrate_to;		/* client: a local address */
	const char *prefer[2];		/* server: local addresses that clients are to come to */
	const char *session;		/* client: file to resume from, and to keep a ticket in */
	unsigned int cipher;		/* TLS_CIPHER_*, 0: any */
	unsigned int version;		/* QUIC_VERSION_*, 0: the kernel's choice */
	unsigned int timeout_s;
	char **paths;			/* client: address, then what to ask for */
	int num_paths;
};

extern struct peer_opts opts;

/* figures of one connection */
struct peer_count {
	unsigned int files;
	unsigned long long bytes;
};

#define die(...) peer_die(__VA_ARGS__)
void peer_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void peer_options(int argc, char **argv, const char *alpn);
int peer_connect(void (*early)(int fd));
void peer_serve(void (*one)(int fd)) __attribute__((noreturn));
int peer_epoll(int fd);
void peer_wait(int ep);
void peer_change(int fd, unsigned long long bytes);
int peer_open_file(const char *path, bool create);
void peer_report(int fd, const struct peer_count *count);

#endif /* _INTEROP_PEER_H */

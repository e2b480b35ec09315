/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs that test socket calls share: cases in processes of their
 * own, reported as TAP; pairs of connected sockets; and the network's counters.
 * It knows nothing of any case.
 */
#ifndef _QUIC_HARNESS_H
#define _QUIC_HARNESS_H

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <netinet/quic.h>

struct test {
	const char *name;
	void (*run)(void);
};

/* What a program defines; ends with an empty one. */
extern const struct test tests[];

/* A listener, a client and the accepted socket, on the loopback. */
struct pair {
	int l, c, s;
	struct sockaddr_storage addr;	/* of the listener */
	socklen_t len;
};

/* How a pair differs from the default; unused fields are zero. */
struct pair_opts {
	int family;			/* 0: AF_INET */
	bool mapped;			/* AF_INET6 sockets, IPv4 addresses */
	const struct quic_transport_param *client_param, *server_param;
	void (*tune_client)(int fd);	/* before connect() */
	void (*tune_server)(int fd);	/* the listener, before listen() */
	void (*tune_accepted)(int fd);	/* before its handshake */
};

#define TEST_ALPN	"test"

void fail(const char *file, int line, const char *what);
void fail_numbers(const char *file, int line, const char *what, long long got, long long want);
void fail_result(const char *file, int line, const char *what, long long ret, int err, int want);
void skip(const char *why) __attribute__((noreturn));
void give_up(void) __attribute__((noreturn));

/* Each reports and goes on; REQUIRE ends the case. */
#define EXPECT(cond)							\
	do {								\
		if (!(cond))						\
			fail(__FILE__, __LINE__, #cond);		\
	} while (0)
#define EXPECT_EQ(got, want)						\
	do {								\
		long long got_ = (long long)(got), want_ = (long long)(want);	\
									\
		if (got_ != want_)					\
			fail_numbers(__FILE__, __LINE__, #got, got_, want_);	\
	} while (0)
#define EXPECT_OK(call)							\
	do {								\
		long long ret_ = (call);				\
									\
		if (ret_ < 0)						\
			fail_result(__FILE__, __LINE__, #call, ret_, errno, 0);	\
	} while (0)
#define EXPECT_ERR(call, want)						\
	do {								\
		long long ret_;						\
									\
		errno = 0;						\
		ret_ = (call);						\
		if (ret_ != -1 || errno != (want))			\
			fail_result(__FILE__, __LINE__, #call, ret_, errno, want);	\
	} while (0)
#define REQUIRE(cond)							\
	do {								\
		if (!(cond)) {						\
			fail_result(__FILE__, __LINE__, #cond, 0, errno, 0);	\
			give_up();					\
		}							\
	} while (0)

/* The next bytes are @text of stream @sid, with or without its end */
#define EXPECT_RECV(fd, sid, text, fin)	expect_recv(fd, sid, text, fin, __FILE__, __LINE__)

int64_t now_ms(void);
void sleep_ms(int ms);
int open_socket(int family);
int open_listener(const struct pair_opts *o, struct sockaddr_storage *addr, socklen_t *len);
void pair_open(struct pair *p, const struct pair_opts *o);
void pair_close(struct pair *p);
int handshake_client(int fd);
int handshake_server(int fd);
int poll_for(int fd, int events, int timeout_ms);
bool wait_readable(int fd);
size_t read_exactly(int fd, void *buf, size_t len);
void fill_pattern(uint8_t *buf, size_t len, unsigned int seed);
void expect_recv(int fd, int64_t want_sid, const char *want, bool want_fin, const char *file,
		 int line);
ssize_t send_on(int fd, int64_t sid, const char *text, uint32_t flags);
void tune_event(int fd, unsigned int type);
void expect_close(int fd, unsigned int code);
long long number_in(const char *path, const char *name);
long long mib(const char *name);

#endif /* _QUIC_HARNESS_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Streams that do not come to their end: resets by the writer, stops by the reader,
 * and the events that tell of them. Both ends are in one process, on the loopback.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static int reset(int fd, int opt, int64_t sid, uint32_t code)
{
	struct quic_errinfo info = { .stream_id = sid, .errcode = code };

	return setsockopt(fd, SOL_QUIC, opt, &info, sizeof(info));
}

static void read_update(int fd, struct quic_stream_update *up)
{
	unsigned char buf[128];
	uint32_t flags = 0;
	ssize_t n;

	memset(up, 0, sizeof(*up));
	n = quic_recvmsg(fd, buf, sizeof(buf), NULL, &flags);
	EXPECT_EQ(n, 1 + (ssize_t)sizeof(*up));
	EXPECT(flags & MSG_QUIC_NOTIFICATION);
	EXPECT(flags & MSG_EOR);
	EXPECT_EQ(buf[0], QUIC_EVENT_STREAM_UPDATE);
	memcpy(up, buf + 1, sizeof(*up));
}

static void t_reset(void)
{
	struct quic_stream_update up;
	char buf[16];
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_ERR(reset(p.c, QUIC_SOCKOPT_STREAM_RESET, 0, 5), EINVAL);	/* no such stream */
	EXPECT_EQ(send_on(p.c, 0, "start", MSG_QUIC_STREAM_NEW), 5);
	EXPECT_RECV(p.s, 0, "start", false);
	tune_event(p.s, QUIC_EVENT_STREAM_UPDATE);
	EXPECT_OK(reset(p.c, QUIC_SOCKOPT_STREAM_RESET, 0, 5));
	EXPECT_EQ(send_on(p.c, 0, "x", 0), -1);
	EXPECT(errno == EPIPE || errno == EINVAL);
	read_update(p.s, &up);
	EXPECT_EQ(up.id, 0);
	EXPECT_EQ(up.state, QUIC_STREAM_RECV_STATE_RESET_RECVD);
	EXPECT_EQ(up.errcode, 5);
	EXPECT_EQ(up.finalsz, 5);
	EXPECT_ERR(recv(p.s, buf, 16, MSG_DONTWAIT), ECONNRESET);
	EXPECT_EQ(send_on(p.s, 0, "alive", 0), 5);	/* the other half */
	EXPECT_RECV(p.c, 0, "alive", false);
	EXPECT_ERR(reset(p.c, QUIC_SOCKOPT_STREAM_RESET, 3, 5), EINVAL);
	pair_close(&p);
}

static int reset_at(int fd, int64_t sid, uint64_t size)
{
	struct quic_stream_reset_at r = { .stream_id = sid, .errcode = 9, .reliable_size = size };

	return setsockopt(fd, SOL_QUIC, QUIC_SOCKOPT_STREAM_RESET_AT, &r, sizeof(r));
}

/* What was promised is read, then the reset, whatever was sent before and whatever was not */
static void t_reset_at(void)
{
	struct quic_stream_update up;
	struct pair p;
	char buf[16];

	pair_open(&p, NULL);
	EXPECT_ERR(reset_at(p.c, 0, 5), EINVAL);	/* no such stream */
	EXPECT_ERR(reset_at(p.c, 3, 5), EINVAL);
	tune_event(p.s, QUIC_EVENT_STREAM_UPDATE);
	/* held back by MSG_MORE: the end of it never leaves */
	EXPECT_EQ(quic_sendmsg(p.c, "promised, not promised", 22, 0,
			       MSG_QUIC_STREAM_NEW | MSG_MORE), 22);
	EXPECT_OK(reset_at(p.c, 0, 8));
	EXPECT_ERR(reset_at(p.c, 0, 9), EINVAL);
	EXPECT_ERR(send_on(p.c, 0, "x", 0), EPIPE);
	read_update(p.s, &up);
	if (up.state == QUIC_STREAM_RECV_STATE_RECV)	/* the bytes came in a packet before */
		read_update(p.s, &up);
	EXPECT_EQ(up.state, QUIC_STREAM_RECV_STATE_SIZE_KNOWN);
	EXPECT_EQ(up.finalsz, 8);
	EXPECT_RECV(p.s, 0, "promised", false);
	read_update(p.s, &up);
	EXPECT_EQ(up.state, QUIC_STREAM_RECV_STATE_RESET_RECVD);
	EXPECT_EQ(up.errcode, 9);
	EXPECT_ERR(recv(p.s, buf, sizeof(buf), 0), ECONNRESET);
	/* all that was written; where it was read already, nothing but the reset is left */
	EXPECT_EQ(send_on(p.c, 4, "start", MSG_QUIC_STREAM_NEW), 5);
	read_update(p.s, &up);
	EXPECT_RECV(p.s, 4, "start", false);
	EXPECT_OK(reset_at(p.c, 4, UINT64_MAX));
	read_update(p.s, &up);
	EXPECT_EQ(up.state, QUIC_STREAM_RECV_STATE_RESET_RECVD);
	EXPECT_EQ(up.finalsz, 5);
	EXPECT_ERR(recv(p.s, buf, sizeof(buf), 0), ECONNRESET);
	EXPECT_EQ(send_on(p.s, 4, "alive", 0), 5);	/* the other half */
	EXPECT_RECV(p.c, 4, "alive", false);
	pair_close(&p);
}

static void t_stop_sending(void)
{
	struct quic_stream_update up;
	struct pair p;

	pair_open(&p, NULL);
	tune_event(p.c, QUIC_EVENT_STREAM_UPDATE);
	EXPECT_EQ(send_on(p.c, 0, "start", MSG_QUIC_STREAM_NEW), 5);
	EXPECT_RECV(p.s, 0, "start", false);
	EXPECT_OK(reset(p.s, QUIC_SOCKOPT_STREAM_STOP_SENDING, 0, 9));
	read_update(p.c, &up);
	EXPECT_EQ(up.id, 0);
	EXPECT_EQ(up.state, QUIC_STREAM_SEND_STATE_RESET_SENT);
	EXPECT_EQ(up.errcode, 9);
	EXPECT_EQ(send_on(p.c, 0, "x", 0), -1);
	EXPECT(errno == EPIPE || errno == EINVAL);
	EXPECT_ERR(reset(p.s, QUIC_SOCKOPT_STREAM_STOP_SENDING, 400, 9), EINVAL);
	pair_close(&p);
}

/* The reader stops a writer that is out of stream credit, asleep in send() or about to call it */
static void t_stop_sending_blocked(void)
{
	static const struct quic_transport_param small = { .max_stream_data_bidi_local = 4000 };
	struct pair_opts opts = { .client_param = &small };
	struct quic_stream_update up;
	static char buf[8000];
	struct pair p;
	int sid, status;
	pid_t pid;

	pair_open(&p, &opts);
	for (sid = 0; sid <= 4; sid += 4) {
		EXPECT_EQ(send_on(p.c, sid, "start", MSG_QUIC_STREAM_NEW), 5);
		EXPECT_RECV(p.s, sid, "start", false);
		EXPECT_EQ(quic_sendmsg(p.s, buf, sizeof(buf), sid, MSG_DONTWAIT), 4000);
		EXPECT_ERR(quic_sendmsg(p.s, buf, 1, sid, MSG_DONTWAIT), ENOSPC);
	}
	pid = fork();
	if (!pid)
		_exit(quic_sendmsg(p.s, buf, 1, 0, MSG_NOSIGNAL) != -1 || errno != EPIPE);
	EXPECT_OK(reset(p.c, QUIC_SOCKOPT_STREAM_STOP_SENDING, 0, 9));
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	tune_event(p.s, QUIC_EVENT_STREAM_UPDATE);
	EXPECT_OK(reset(p.c, QUIC_SOCKOPT_STREAM_STOP_SENDING, 4, 9));
	do {
		read_update(p.s, &up);
	} while (up.id != 4);
	EXPECT_EQ(up.state, QUIC_STREAM_SEND_STATE_RESET_SENT);
	EXPECT_ERR(quic_sendmsg(p.s, buf, 1, 4, MSG_DONTWAIT | MSG_NOSIGNAL), EPIPE);
	pair_close(&p);
}

static void t_events_off(void)
{
	struct pair p;

	pair_open(&p, NULL);
	EXPECT_EQ(send_on(p.c, 0, "a", MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN), 1);
	EXPECT_RECV(p.s, 0, "a", true);		/* and no event before it */
	EXPECT_EQ(send_on(p.s, 0, "b", MSG_QUIC_STREAM_FIN), 1);
	EXPECT_RECV(p.c, 0, "b", true);
	pair_close(&p);
}

/* An event that does not fit is read in parts. */
static void t_event_in_parts(void)
{
	unsigned char whole[64], parts[64];
	uint32_t flags;
	struct pair p;
	ssize_t n;

	pair_open(&p, NULL);
	tune_event(p.s, QUIC_EVENT_STREAM_UPDATE);
	EXPECT_EQ(send_on(p.c, 0, "a", MSG_QUIC_STREAM_NEW), 1);
	EXPECT(wait_readable(p.s));
	flags = MSG_PEEK;
	n = quic_recvmsg(p.s, whole, sizeof(whole), NULL, &flags);
	EXPECT_EQ(n, 1 + (ssize_t)sizeof(struct quic_stream_update));
	flags = 0;
	EXPECT_EQ(quic_recvmsg(p.s, parts, 3, NULL, &flags), 3);
	EXPECT(flags & MSG_QUIC_NOTIFICATION && !(flags & MSG_EOR));
	flags = 0;
	EXPECT_EQ(quic_recvmsg(p.s, parts + 3, 61, NULL, &flags), n - 3);
	EXPECT(flags & MSG_QUIC_NOTIFICATION && flags & MSG_EOR);
	EXPECT(!memcmp(whole, parts, (size_t)n));
	EXPECT_RECV(p.s, 0, "a", false);
	pair_close(&p);
}

const struct test tests[] = {
	{ "reset", t_reset },
	{ "reset_at", t_reset_at },
	{ "stop_sending", t_stop_sending },
	{ "stop_sending_blocked", t_stop_sending_blocked },
	{ "events_off", t_events_off },
	{ "event_in_parts", t_event_in_parts },
	{}
};

// SPDX-License-Identifier: GPL-2.0
/*
 * How the bytes of a stream are handed to the kernel: copied, by MSG_ZEROCOPY with the
 * completions read from the error queue, or by sendfile(). What is sent is the pattern,
 * whose pages never change, so that nothing has to wait before it sends them again.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <linux/errqueue.h>

#include "quic.h"

#define COMPLETION_WAIT_MS	5000
#define READ_EVERY		32	/* sends between two looks at the error queue */

/**
 * send_prepare - ready a connection for the way that the options name
 * @fd: descriptor, its streams open
 * @z: to be handed to the other functions; zeroed
 */
void send_prepare(int fd, struct zerocopy *z)
{
	int one = 1;

	memset(z, 0, sizeof(*z));
	if (opts.zerocopy && setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		die_errno("SO_ZEROCOPY: this module has no MSG_ZEROCOPY", errno);
}

/* One message of the error queue: sends first to last are complete */
static void take_completion(struct msghdr *msg, struct zerocopy *z)
{
	const struct sock_extended_err *ee;
	struct cmsghdr *cmsg;
	uint32_t n;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_len < CMSG_LEN(sizeof(*ee)))
			continue;
		ee = (const struct sock_extended_err *)CMSG_DATA(cmsg);
		if (ee->ee_origin != SO_EE_ORIGIN_ZEROCOPY)
			continue;
		if (ee->ee_errno)
			die_errno("a completion", (int)ee->ee_errno);
		n = ee->ee_data - ee->ee_info + 1;
		if (n > z->sends - z->completed)
			die("completions %u to %u of %llu sends, %llu of them complete",
			    ee->ee_info, ee->ee_data, z->sends, z->completed);
		z->completed += n;
		if (ee->ee_code & SO_EE_CODE_ZEROCOPY_COPIED)
			z->copied += n;
	}
}

static bool read_completion(int fd, struct zerocopy *z)
{
	char control[256] __attribute__((aligned(8)));
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };

	if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
		if (errno != EAGAIN)
			die_errno("reading the error queue", errno);
		return false;
	}
	if (msg.msg_flags & MSG_CTRUNC)
		die("a completion was cut short");
	take_completion(&msg, z);
	return true;
}

static void wait_for_completion(int fd, struct zerocopy *z)
{
	struct pollfd pfd = { .fd = fd };

	while (!read_completion(fd, z))
		if (poll(&pfd, 1, COMPLETION_WAIT_MS) <= 0)
			die("%llu of %llu sends by MSG_ZEROCOPY never completed",
			    z->sends - z->completed, z->sends);
}

/* ENOBUFS: the limit of pinned pages, or of completions that nobody has read, is reached */
static ssize_t send_pinned(int fd, struct zerocopy *z, const void *data, size_t len, int64_t sid)
{
	ssize_t n;

	for (;;) {
		n = quic_sendmsg(fd, data, len, sid, MSG_ZEROCOPY | MSG_NOSIGNAL);
		if (n >= 0)
			break;
		if (errno != ENOBUFS || z->completed == z->sends)
			return n;
		wait_for_completion(fd, z);
	}
	z->sends++;
	if (z->sends % READ_EVERY == 0)
		while (read_completion(fd, z))
			;
	return n;
}

static int shared_file;
static pthread_once_t file_once = PTHREAD_ONCE_INIT;

static void file_make(void)
{
	shared_file = pattern_file();
}

/**
 * send_pattern - the next bytes of a stream
 * @fd: descriptor
 * @z: from send_prepare()
 * @sid: stream ID; with sendfile() the one that the connection opened last
 * @off: where in the stream they begin
 * @len: how many
 *
 * Return: bytes sent; ends the program when it is none.
 */
size_t send_pattern(int fd, struct zerocopy *z, int64_t sid, uint64_t off, size_t len)
{
	const unsigned char *data = pattern_at((uint64_t)sid, off);
	off_t pos;
	ssize_t n;

	if (opts.zerocopy) {
		n = send_pinned(fd, z, data, len, sid);
	} else if (opts.sendfile) {
		pthread_once(&file_once, file_make);
		pos = (off_t)pattern_file_pos((uint64_t)sid, off);
		n = sendfile(fd, shared_file, &pos, len);
	} else {
		n = quic_sendmsg(fd, data, len, sid, MSG_NOSIGNAL);
	}
	if (n <= 0)
		die_errno("sending", n < 0 ? errno : EIO);
	return (size_t)n;
}

/**
 * send_complete - wait until every send of a connection is complete
 * @fd: descriptor; its peer has acknowledged all
 * @z: from send_prepare()
 */
void send_complete(int fd, struct zerocopy *z)
{
	while (z->completed < z->sends)
		wait_for_completion(fd, z);
}

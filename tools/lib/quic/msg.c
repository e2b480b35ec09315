// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sending and receiving on streams: builds and reads the control message that
 * says which stream is meant. It keeps no state and waits only as the socket
 * calls do.
 */
#include <string.h>

#include "internal.h"

/* These travel in the control message, all others are flags of sendmsg(). */
#define STREAM_FLAGS	(MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN |		\
			 MSG_QUIC_STREAM_UNI | MSG_QUIC_STREAM_DONTWAIT |	\
			 MSG_QUIC_STREAM_SNDBLOCK)

/**
 * quic_sendmsg - send on one stream, or one datagram
 * @sockfd: QUIC socket, established
 * @msg: bytes to send
 * @len: their number; 0 with a flag opens or ends a stream
 * @sid: stream ID, -1 for the newest (or with MSG_QUIC_STREAM_NEW the next);
 *	not used with MSG_QUIC_DATAGRAM
 * @flags: MSG_QUIC_STREAM_*, MSG_QUIC_DATAGRAM and MSG_* of sendmsg()
 *
 * Return: bytes taken, or -1 with errno as for sendmsg().
 */
ssize_t quic_sendmsg(int sockfd, const void *msg, size_t len, int64_t sid,
		     uint32_t flags)
{
	struct quic_stream_info info = {
		.stream_id = sid,
		.stream_flags = flags & STREAM_FLAGS,
	};
	union {
		char buf[CMSG_SPACE(sizeof(info))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = { .iov_base = (void *)msg, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (!(flags & MSG_QUIC_DATAGRAM)) {
		mh.msg_control = control.buf;
		mh.msg_controllen = sizeof(control.buf);
		cmsg = CMSG_FIRSTHDR(&mh);
		cmsg->cmsg_level = SOL_QUIC;
		cmsg->cmsg_type = QUIC_STREAM_INFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
	}
	return sendmsg(sockfd, &mh, (int)(flags & ~STREAM_FLAGS));
}

/**
 * quic_recvmsg - receive, and learn of which stream
 * @sockfd: QUIC socket, established
 * @msg: buffer
 * @len: its size in bytes
 * @sid: the stream's ID, -1 for a datagram or an event; may be NULL
 * @flags: in: MSG_* of recvmsg(); out: MSG_QUIC_STREAM_FIN, MSG_QUIC_DATAGRAM,
 *	MSG_QUIC_NOTIFICATION and MSG_* of msg_flags; may be NULL
 *
 * Return: bytes received, 0 at the end, or -1 with errno as for recvmsg().
 */
ssize_t quic_recvmsg(int sockfd, void *msg, size_t len, int64_t *sid,
		     uint32_t *flags)
{
	struct quic_stream_info info = { .stream_id = -1 };
	union {
		char buf[CMSG_SPACE(sizeof(info))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = { .iov_base = msg, .iov_len = len };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg;
	size_t size;
	ssize_t n;

	n = recvmsg(sockfd, &mh, flags ? (int)*flags : 0);
	if (n < 0)
		return n;
	for (cmsg = CMSG_FIRSTHDR(&mh); cmsg; cmsg = CMSG_NXTHDR(&mh, cmsg)) {
		if (cmsg->cmsg_level != SOL_QUIC || cmsg->cmsg_type != QUIC_STREAM_INFO)
			continue;
		size = cmsg->cmsg_len - CMSG_LEN(0);
		memcpy(&info, CMSG_DATA(cmsg), size < sizeof(info) ? size : sizeof(info));
	}
	if (sid)
		*sid = info.stream_id;
	if (flags)
		*flags = (uint32_t)mh.msg_flags | info.stream_flags;
	return n;
}

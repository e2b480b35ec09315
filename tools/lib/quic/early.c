// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What 0-RTT (RFC 9001 section 4.6) asks of both ends before there is a
 * connection: a server's tickets stand for what it promised, and a client
 * remembers the promise next to the ticket. It never sees early data, nor the
 * handshake that accepts or rejects them.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <syslog.h>

#include <gnutls/crypto.h>

#include "internal.h"

#define TLS_NEW_SESSION_TICKET	4	/* RFC 8446 section 4.6.1 */
#define TLS_EXT_EARLY_DATA	42
#define EARLY_DATA_BYTES	0xffffffffu	/* RFC 9001 section 4.6.1: the only one */
#define TRAILER_MAGIC		0x7471756963307274ull

/*
 * What follows GnuTLS's data: the file is its owner's own, so byte order and
 * layout are those of the machine. A library that knows more parameters, or
 * fewer, takes the common prefix.
 */
struct trailer {
	struct quic_transport_param limits;
	struct trailer_end {
		__u64 size;	/* bytes of the whole trailer */
		__u64 magic;
	} end;
};

/* What a server's tickets depend on; no padding, for all of it is hashed. */
struct promise {
	struct quic_transport_param limits;
	__u32 cipher;				/* TLS_CIPHER_*, 0: any */
	char alpns[QUIC_ALPN_MAX_BYTES + 4];	/* zeroes after the end */
};

static gnutls_anti_replay_t anti_replay;

/* GnuTLS takes no early data unless somebody looks for replays: all are new. */
static int replay_add(void *ptr, time_t exp_time, const gnutls_datum_t *key,
		      const gnutls_datum_t *data)
{
	(void)ptr;
	(void)exp_time;
	(void)key;
	(void)data;
	return 0;
}

/*
 * Nobody need look: the kernel gives early data to the program only when the
 * client's Finished is verified, which a replayed ClientHello does not come
 * with. GnuTLS rejects early data of tickets older than its context. Hence it
 * is made as the program starts: a server that forks for each connection
 * would have a new one in each child. The longest window keeps it from moving
 * that age on, and so from writing to what threads share.
 */
__attribute__((constructor)) static void early_start(void)
{
	if (gnutls_anti_replay_init(&anti_replay))
		return;
	gnutls_anti_replay_set_add_function(anti_replay, replay_add);
	gnutls_anti_replay_set_window(anti_replay, UINT_MAX);
}

/*
 * Leave what a client may have used up before it learns the new values (RFC
 * 9000 section 7.4.1, RFC 9221 section 3); the others are of one connection.
 */
static void keep_limits(struct quic_transport_param *param)
{
	struct quic_transport_param limits = {
		.active_connection_id_limit = param->active_connection_id_limit,
		.max_datagram_frame_size = param->max_datagram_frame_size,
		.max_udp_payload_size = param->max_udp_payload_size,
		.max_streams_bidi = param->max_streams_bidi,
		.max_streams_uni = param->max_streams_uni,
		.max_data = param->max_data,
		.max_stream_data_bidi_local = param->max_stream_data_bidi_local,
		.max_stream_data_bidi_remote = param->max_stream_data_bidi_remote,
		.max_stream_data_uni = param->max_stream_data_uni,
	};

	*param = limits;
}

static int read_limits(int sockfd, bool remote, struct quic_transport_param *param)
{
	socklen_t len = sizeof(*param);

	memset(param, 0, sizeof(*param));
	param->remote = remote;
	if (getsockopt(sockfd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, param, &len))
		return -errno;
	keep_limits(param);
	return 0;
}

/**
 * quic_early_ticket_key - the key of a server's tickets, and of its promises
 * @sockfd: QUIC socket from accept()
 * @config: its configuration
 * @alpns: protocols the server accepts, or NULL
 * @key: out: QUIC_TICKET_KEY_BYTES
 *
 * A server that accepts early data must not have lowered a limit since the
 * ticket (RFC 9000 section 7.4.1), and must choose the same cipher and protocol
 * (RFC 8446 section 4.2.10), none of which GnuTLS looks at. So the kernel's key
 * is mixed with all of them: where one is another, the ticket does not decrypt,
 * and the handshake is a full one without early data.
 *
 * Return: 0 or negative errno: no tickets.
 */
int quic_early_ticket_key(int sockfd, const struct quic_config *config, const char *alpns,
			  unsigned char *key)
{
	unsigned char base[QUIC_TICKET_KEY_BYTES];
	socklen_t len = sizeof(base);
	struct promise promise;
	int ret;

	memset(&promise, 0, sizeof(promise));
	ret = read_limits(sockfd, false, &promise.limits);
	if (ret)
		return ret;
	promise.cipher = config->payload_cipher_type;
	if (alpns)
		strncpy(promise.alpns, alpns, sizeof(promise.alpns) - 1);
	if (getsockopt(sockfd, SOL_QUIC, QUIC_SOCKOPT_SESSION_TICKET, base, &len))
		return -errno;
	if (len != sizeof(base))
		return -ENOKEY;
	_Static_assert(QUIC_TICKET_KEY_BYTES == 64, "the length of SHA-512");
	ret = gnutls_hmac_fast(GNUTLS_MAC_SHA512, base, sizeof(base), &promise, sizeof(promise),
			       key);
	explicit_bzero(base, sizeof(base));
	return ret ? quic_error_from_gnutls(ret) : 0;
}

/**
 * quic_early_accept - let a server take early data
 * @session: made with GNUTLS_ENABLE_EARLY_DATA, its ticket key set
 */
void quic_early_accept(gnutls_session_t session)
{
	gnutls_record_set_max_early_data_size(session, EARLY_DATA_BYTES);
	if (anti_replay)
		gnutls_anti_replay_enable(session, anti_replay);
}

/* Go past a vector whose length has @width bytes; NULL when it does not fit. */
static const unsigned char *skip(const unsigned char *p, const unsigned char *end, int width)
{
	size_t len = 0;

	while (p && width--) {
		if (p == end)
			return NULL;
		len = len << 8 | *p++;
	}
	return p && len <= (size_t)(end - p) ? p + len : NULL;
}

/**
 * quic_early_in_ticket - what a ticket says of early data
 * @msg: NewSessionTicket, with its header
 * @len: its bytes
 *
 * GnuTLS does not tell a client a ticket without early data from one with.
 *
 * Return: 1 when the ticket allows early data, 0 when not, -EPROTO when it has
 * another number of bytes than QUIC allows.
 */
int quic_early_in_ticket(const unsigned char *msg, size_t len)
{
	const unsigned char *p = msg, *end = msg + len, *next;

	if (len < 12 || *p != TLS_NEW_SESSION_TICKET)
		return 0;
	p = skip(p + 12, end, 1);	/* header, lifetime, age_add; nonce */
	p = skip(p, end, 2);		/* ticket */
	if (!p || end - p < 2)
		return 0;
	for (p += 2; end - p >= 4; p = next) {	/* extensions */
		next = skip(p + 2, end, 2);
		if (!next)
			return 0;
		if (p[0] || p[1] != TLS_EXT_EARLY_DATA)
			continue;
		return next - p == 8 && !memcmp(p + 4, "\xff\xff\xff\xff", 4) ? 1 : -EPROTO;
	}
	return 0;
}

/**
 * quic_early_remember - append the server's limits to what a client keeps
 * @sockfd: QUIC socket, established
 * @data: buffer that holds GnuTLS's data
 * @size: in: bytes of these; out: of all
 * @max: bytes of the buffer
 *
 * Return: 0, also where the kernel does not tell: no early data then; -ENOBUFS.
 */
int quic_early_remember(int sockfd, void *data, size_t *size, size_t max)
{
	struct trailer trailer = {
		.end = { .size = sizeof(trailer), .magic = TRAILER_MAGIC },
	};

	if (read_limits(sockfd, true, &trailer.limits)) {
		quic_log(LOG_DEBUG, "the server's limits: %s", strerror(errno));
		return 0;
	}
	if (max - *size < sizeof(trailer))
		return -ENOBUFS;
	memcpy((unsigned char *)data + *size, &trailer, sizeof(trailer));
	*size += sizeof(trailer);
	return 0;
}

/**
 * quic_early_recall - tell the kernel the limits that a client kept
 * @sockfd: QUIC socket before its handshake
 * @data: what quic_early_remember() has made, or GnuTLS's data alone
 * @size: its bytes
 *
 * Return: bytes of GnuTLS's data.
 */
size_t quic_early_recall(int sockfd, const void *data, size_t size)
{
	struct quic_transport_param limits = {};
	struct trailer_end end;
	size_t len;

	if (size < sizeof(end))
		return size;
	memcpy(&end, (const unsigned char *)data + size - sizeof(end), sizeof(end));
	if (end.magic != TRAILER_MAGIC || end.size < sizeof(end) || end.size > size)
		return size;
	size -= end.size;
	len = end.size - sizeof(end);
	memcpy(&limits, (const unsigned char *)data + size,
	       len < sizeof(limits) ? len : sizeof(limits));
	keep_limits(&limits);
	limits.remote = 1;
	if (setsockopt(sockfd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM, &limits, sizeof(limits)))
		quic_log(LOG_DEBUG, "no early data: %s", strerror(errno));
	return size;
}

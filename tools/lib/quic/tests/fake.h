/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stand-in for the kernel: a pair of "QUIC sockets" that carry TLS messages
 * with their levels and keep secrets and parameters to be looked at. It does
 * no QUIC.
 */
#ifndef _LIBQUIC_TEST_FAKE_H
#define _LIBQUIC_TEST_FAKE_H

#include <stdbool.h>

#include <netinet/quic.h>

#define FAKE_LOG_BYTES	1024

struct fake_end {
	int sockfd;
	bool is_server;
	bool no_param;			/* has no transport parameters to offer */
	bool no_ticket_key;
	bool refuse_param;		/* finds the peer's parameters wrong */
	bool no_early;			/* a module without 0-RTT */
	size_t fragment;		/* most bytes of one read, 0: any number */
	struct quic_config config;
	struct quic_transport_param limits;	/* its own */
	struct quic_transport_param remembered;	/* the server's, set before the handshake */
	struct fake_end *peer;

	/* what was done to it */
	char log[FAKE_LOG_BYTES];	/* calls in order, one word each */
	bool has_secret[2][QUIC_CRYPTO_MAX];	/* [send][level] */
	struct quic_crypto_secret secret[2][QUIC_CRYPTO_MAX];
	unsigned char peer_param[QUIC_TRANSPORT_PARAM_EXT_MAX_BYTES];
	size_t peer_param_len;
	struct quic_connection_close close_own;
	struct quic_connection_close close_peer;

	/* the message being read in fragments */
	unsigned char rest[65536];
	size_t rest_off, rest_len;
	unsigned char rest_level;
};

void fake_pair(struct fake_end *client, struct fake_end *server);
void fake_close(struct fake_end *end);

#endif /* _LIBQUIC_TEST_FAKE_H */

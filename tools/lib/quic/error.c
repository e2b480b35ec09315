// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What went wrong, as one errno: from GnuTLS, from the alert in the peer's
 * CONNECTION_CLOSE, and to the peer as one (RFC 9001 section 4.8). It decides
 * nothing about the handshake itself.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"

#define FRAME_TYPE_CRYPTO	0x06	/* RFC 9000 section 19.6 */

struct error_map {
	int from;
	int err;
};

static const struct error_map gnutls_map[] = {
	{ GNUTLS_E_MEMORY_ERROR,			-ENOMEM },
	{ GNUTLS_E_TIMEDOUT,				-ETIMEDOUT },
	{ GNUTLS_E_CERTIFICATE_ERROR,			-EKEYREJECTED },
	{ GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR,	-EKEYREJECTED },
	{ GNUTLS_E_CERTIFICATE_REQUIRED,		-EKEYREJECTED },
	{ GNUTLS_E_NO_CERTIFICATE_FOUND,		-EKEYREJECTED },
	{ GNUTLS_E_UNKNOWN_PK_ALGORITHM,		-EKEYREJECTED },
	{ GNUTLS_E_INSUFFICIENT_CREDENTIALS,		-ENOKEY },
	{ GNUTLS_E_PK_SIG_VERIFY_FAILED,		-EKEYREJECTED },
	{ GNUTLS_E_ILLEGAL_SRP_USERNAME,		-EKEYREJECTED },
	{ GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER,		-EBADMSG },
	{ GNUTLS_E_NO_APPLICATION_PROTOCOL,		-ENOPROTOOPT },
	{ GNUTLS_E_NO_CIPHER_SUITES,			-EPROTO },
	{ GNUTLS_E_NO_COMMON_KEY_SHARE,			-EPROTO },
	{ GNUTLS_E_UNSUPPORTED_VERSION_PACKET,		-EPROTO },
	{ GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM,	-EPROTO },
	{ GNUTLS_E_MISSING_EXTENSION,			-EPROTO },
	{ GNUTLS_E_UNEXPECTED_PACKET,			-EBADMSG },
	{ GNUTLS_E_UNEXPECTED_HANDSHAKE_PACKET,		-EBADMSG },
	{ GNUTLS_E_UNEXPECTED_PACKET_LENGTH,		-EBADMSG },
	{ GNUTLS_E_ERROR_IN_FINISHED_PACKET,		-EBADMSG },
	{ GNUTLS_E_DECRYPTION_FAILED,			-EBADMSG },
	{ GNUTLS_E_INVALID_REQUEST,			-EINVAL },
	{ GNUTLS_E_INTERNAL_ERROR,			-EPROTO },
};

/* TLS alerts that the peer may close with (RFC 8446 section 6.2) */
static const struct error_map alert_map[] = {
	{ GNUTLS_A_BAD_CERTIFICATE,		-EKEYREJECTED },
	{ GNUTLS_A_UNSUPPORTED_CERTIFICATE,	-EKEYREJECTED },
	{ GNUTLS_A_CERTIFICATE_REVOKED,		-EKEYREJECTED },
	{ GNUTLS_A_CERTIFICATE_EXPIRED,		-EKEYREJECTED },
	{ GNUTLS_A_CERTIFICATE_UNKNOWN,		-EKEYREJECTED },
	{ GNUTLS_A_UNKNOWN_CA,			-EKEYREJECTED },
	{ GNUTLS_A_ACCESS_DENIED,		-EKEYREJECTED },
	{ GNUTLS_A_DECRYPT_ERROR,		-EKEYREJECTED },
	{ GNUTLS_A_UNKNOWN_PSK_IDENTITY,	-EKEYREJECTED },
	{ GNUTLS_A_CERTIFICATE_REQUIRED,	-EKEYREJECTED },
	{ GNUTLS_A_NO_APPLICATION_PROTOCOL,	-ENOPROTOOPT },
	{ GNUTLS_A_HANDSHAKE_FAILURE,		-EPROTO },
	{ GNUTLS_A_PROTOCOL_VERSION,		-EPROTO },
	{ GNUTLS_A_INSUFFICIENT_SECURITY,	-EPROTO },
	{ GNUTLS_A_MISSING_EXTENSION,		-EPROTO },
	{ GNUTLS_A_DECODE_ERROR,		-EBADMSG },
	{ GNUTLS_A_ILLEGAL_PARAMETER,		-EBADMSG },
	{ GNUTLS_A_UNEXPECTED_MESSAGE,		-EBADMSG },
};

static int map_find(const struct error_map *map, size_t n, int from, int other)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (map[i].from == from)
			return map[i].err;
	return other;
}

#define MAP_FIND(map, from, other) \
	map_find(map, sizeof(map) / sizeof((map)[0]), from, other)

/**
 * quic_error_from_gnutls - an errno for an error of GnuTLS
 * @gnutls_err: GNUTLS_E_*, negative
 *
 * Return: negative errno, -EPROTO when nothing fits better.
 */
int quic_error_from_gnutls(int gnutls_err)
{
	return MAP_FIND(gnutls_map, gnutls_err, -EPROTO);
}

static bool is_crypto_error(__u32 errcode)
{
	return (errcode & ~0xffu) == QUIC_TRANSPORT_ERROR_CRYPTO;
}

/**
 * quic_error_from_close - make an error more telling by the peer's close
 * @sockfd: QUIC socket
 * @err: negative errno that a call on it gave
 *
 * Asks the kernel for the CONNECTION_CLOSE that the peer sent, if any.
 *
 * Return: negative errno, @err when the peer gave no reason.
 */
int quic_error_from_close(int sockfd, int err)
{
	struct quic_connection_close info = {};
	socklen_t len = sizeof(info);

	if (getsockopt(sockfd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_CLOSE, &info, &len))
		return err;
	if (is_crypto_error(info.errcode))
		return MAP_FIND(alert_map, (int)(info.errcode & 0xff), -EPROTO);
	if (info.errcode == QUIC_TRANSPORT_ERROR_CONNECTION_REFUSED)
		return -ECONNREFUSED;
	if (info.errcode == QUIC_TRANSPORT_ERROR_TRANSPORT_PARAM)
		return -EPROTO;
	return err;
}

/* A frame type is given: without one the kernel would send an application's close. */
static void send_close(int sockfd, __u32 errcode)
{
	struct quic_connection_close info = { .errcode = errcode, .frame = FRAME_TYPE_CRYPTO };

	setsockopt(sockfd, SOL_QUIC, QUIC_SOCKOPT_CONNECTION_CLOSE, &info, sizeof(info));
}

/**
 * quic_error_send_alert - let close() tell the peer what was wrong
 * @sockfd: QUIC socket
 * @alert: TLS alert description
 *
 * The alert becomes a transport error (RFC 9001 section 4.8).
 */
void quic_error_send_alert(int sockfd, int alert)
{
	send_close(sockfd, QUIC_TRANSPORT_ERROR_CRYPTO + (alert & 0xff));
}

/**
 * quic_error_send_violation - let close() tell the peer that it broke a rule
 * @sockfd: QUIC socket
 *
 * For what TLS allows in its messages and QUIC does not.
 */
void quic_error_send_violation(int sockfd)
{
	send_close(sockfd, QUIC_TRANSPORT_ERROR_PROTOCOL_VIOLATION);
}

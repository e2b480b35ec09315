/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libquic: the TLS 1.3 handshake for QUIC sockets, done with GnuTLS in user
 * space, and helpers to send and receive on streams. Names and signatures are
 * those that programs for in-kernel QUIC use; what is ours alone is in the
 * second half. The library never owns the socket: it never closes it.
 */
#ifndef _NETINET_QUIC_H
#define _NETINET_QUIC_H

#include <sys/socket.h>
#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include <gnutls/gnutls.h>

#include <linux/quic.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A GnuTLS priority string for sessions that the program makes itself. */
#define QUIC_PRIORITY							\
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+PSK:+ECDHE-PSK:"		\
	"-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"	\
	"+AES-128-CCM:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:"	\
	"+GROUP-SECP384R1:+GROUP-SECP521R1:%DISABLE_TLS13_COMPAT_MODE"

int quic_client_handshake(int sockfd, const char *pkey_file,
			  const char *hostname, const char *alpns);
int quic_server_handshake(int sockfd, const char *pkey_file,
			  const char *cert_file, const char *alpns);

int quic_handshake(gnutls_session_t session);

enum quic_handshake_step_op {
	QUIC_HANDSHAKE_STEP_OP_SENDMSG = 1,
	QUIC_HANDSHAKE_STEP_OP_RECVMSG = 2,
};

struct quic_handshake_step_sendmsg {
	const struct msghdr *msg;
	int flags;
	ssize_t retval;
};

struct quic_handshake_step_recvmsg {
	struct msghdr *msg;
	int flags;
	ssize_t retval;
};

struct quic_handshake_step {
	enum quic_handshake_step_op op;

	union {
		struct quic_handshake_step_sendmsg s_sendmsg;
		struct quic_handshake_step_recvmsg s_recvmsg;
	};
};

int quic_handshake_init(gnutls_session_t session,
			struct quic_handshake_step **pstep);
int quic_handshake_step(gnutls_session_t session,
			struct quic_handshake_step **pstep);
void quic_handshake_deinit(gnutls_session_t session);

int quic_session_get_data(gnutls_session_t session, void *data, size_t *size);
int quic_session_set_data(gnutls_session_t session, const void *data, size_t size);
int quic_session_get_alpn(gnutls_session_t session, void *data, size_t *size);
int quic_session_set_alpn(gnutls_session_t session, const void *data, size_t size);

ssize_t quic_sendmsg(int sockfd, const void *msg, size_t len, int64_t sid,
		     uint32_t flags);
ssize_t quic_recvmsg(int sockfd, void *msg, size_t len, int64_t *sid,
		     uint32_t *flags);

typedef void (*quic_set_log_func_t)(int level, const char *msg);
quic_set_log_func_t quic_set_log_func(quic_set_log_func_t func);
int quic_set_log_level(int level);

/*
 * Ours. A handshake with everything spelled out; size is sizeof the structure,
 * and fields beyond what the library knows must be zero.
 */
#define QUIC_HANDSHAKE_F_INSECURE	0x1	/* client: accept any certificate */
#define QUIC_HANDSHAKE_F_THROWAWAY	0x2	/* server: make a certificate, once per process */

struct quic_handshake_parms {
	size_t size;
	unsigned int flags;		/* QUIC_HANDSHAKE_F_* */
	unsigned int timeout_ms;	/* for the whole handshake; 0: SO_RCVTIMEO, else 10 s */
	const char *alpns;		/* comma-separated; NULL: none */
	const char *hostname;		/* client: name to verify; NULL: the peer's address */
	const char *ca_file;		/* PEM; NULL: the system's trust */
	const char *cert_file;		/* PEM; server, or client when asked for one */
	const char *key_file;		/* PEM */
	const char *psk_file;		/* lines "identity:hexkey" */
};

int quic_client_handshake_parms(int sockfd, const struct quic_handshake_parms *parms);
int quic_server_handshake_parms(int sockfd, const struct quic_handshake_parms *parms);

int quic_make_throwaway_cert(unsigned int rsa_bits, gnutls_datum_t *cert_pem,
			     gnutls_datum_t *key_pem);

#ifdef __cplusplus
}
#endif

#endif /* _NETINET_QUIC_H */

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of libquic share among themselves. Nothing here is exported.
 */
#ifndef _LIBQUIC_INTERNAL_H
#define _LIBQUIC_INTERNAL_H

#include <stdbool.h>

#include <netinet/quic.h>

#define TLS_ALERT_NO_APPLICATION_PROTOCOL	120

/* log.c */
void quic_log(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void quic_log_gnutls(const char *what, int gnutls_err);

/* error.c */
int quic_error_from_gnutls(int gnutls_err);
int quic_error_from_close(int sockfd, int err);
void quic_error_send_alert(int sockfd, int alert);
void quic_error_send_violation(int sockfd);

/* creds.c */
bool quic_creds_is_psk_file(const char *file);
struct quic_cert_creds;
int quic_creds_cert_get(const struct quic_handshake_parms *parms, bool server,
			struct quic_cert_creds **creds);
void quic_creds_cert_put(struct quic_cert_creds *creds);
gnutls_certificate_credentials_t quic_creds_cert_handle(struct quic_cert_creds *creds);
int quic_creds_psk_server(const char *file, gnutls_psk_server_credentials_t *cred);
int quic_creds_psk_client(const char *file, gnutls_psk_client_credentials_t *cred);

/* early.c */
int quic_early_ticket_key(int sockfd, const struct quic_config *config, const char *alpns,
			  unsigned char *key);
void quic_early_accept(gnutls_session_t session);
int quic_early_in_ticket(const unsigned char *msg, size_t len);
int quic_early_remember(int sockfd, void *data, size_t *size, size_t max);
size_t quic_early_recall(int sockfd, const void *data, size_t size);

/* handshake.c */
int quic_handshake_run(gnutls_session_t session, unsigned int timeout_ms, bool need_alpn);

#endif /* _LIBQUIC_INTERNAL_H */

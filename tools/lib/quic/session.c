// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * GnuTLS sessions for QUIC: makes them from parameters, runs the handshake and
 * frees them; and what a program asks of a session it made itself: resumption
 * data and the application protocol. Credentials come from creds.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include <linux/tls.h>

#include "internal.h"

#define ALPN_MAX		16	/* protocols in one list */
#define HOSTNAME_BYTES		256
#define TICKET_WAIT_MS		10

/* What one session refers to as long as it lives; unused ones are not set. */
struct session_creds {
	char name[HOSTNAME_BYTES];			/* to verify */
	struct quic_cert_creds *cert;			/* shared, cached */
	gnutls_psk_client_credentials_t psk_client;	/* ours */
	gnutls_psk_server_credentials_t psk_server;	/* ours */
};

static const char *cipher_name(__u32 type)
{
	switch (type) {
	case TLS_CIPHER_AES_GCM_128:
		return "AES-128-GCM";
	case TLS_CIPHER_AES_GCM_256:
		return "AES-256-GCM";
	case TLS_CIPHER_AES_CCM_128:
		return "AES-128-CCM";
	case TLS_CIPHER_CHACHA20_POLY1305:
		return "CHACHA20-POLY1305";
	default:
		return NULL;
	}
}

/* QUIC_PRIORITY; a PSK only with fresh keys, one cipher if the socket says so. */
static int set_priority(gnutls_session_t session, const struct quic_config *config, bool psk)
{
	const char *name = cipher_name(config->payload_cipher_type);
	char prio[512];
	size_t len;

	len = (size_t)snprintf(prio, sizeof(prio), "%s", QUIC_PRIORITY);
	if (psk)
		len += (size_t)snprintf(prio + len, sizeof(prio) - len,
					":-PSK");
	if (name)
		snprintf(prio + len, sizeof(prio) - len, ":-CIPHER-ALL:+%s", name);
	return gnutls_priority_set_direct(session, prio, NULL);
}

static bool is_address(const char *name)
{
	struct in6_addr addr;

	return inet_pton(AF_INET, name, &addr) == 1 || inet_pton(AF_INET6, name, &addr) == 1;
}

/* The name to verify: as given, else the address the socket is connected to. */
static int peer_name(int sockfd, const char *hostname, char *buf, size_t size)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (hostname) {
		if (strlen(hostname) >= size)
			return -EINVAL;
		strcpy(buf, hostname);
		return 0;
	}
	if (getpeername(sockfd, (struct sockaddr *)&ss, &len))
		return -errno;
	if (getnameinfo((struct sockaddr *)&ss, len, buf, (socklen_t)size, NULL, 0,
			NI_NUMERICHOST))
		return -EINVAL;
	buf[strcspn(buf, "%")] = '\0';		/* no scope */
	return 0;
}

static void read_config(int sockfd, struct quic_config *config)
{
	socklen_t len = sizeof(*config);

	memset(config, 0, sizeof(*config));
	if (getsockopt(sockfd, SOL_QUIC, QUIC_SOCKOPT_CONFIG, config, &len))
		quic_log(LOG_DEBUG, "reading the configuration: %s", strerror(errno));
}

static int set_alpn(gnutls_session_t session, const char *alpns)
{
	int ret;

	if (!alpns)
		return 0;
	ret = quic_session_set_alpn(session, alpns, strlen(alpns));
	return ret ? -EINVAL : 0;
}

static int client_set_name(gnutls_session_t session, const char *name)
{
	int ret;

	if (is_address(name))
		return 0;
	ret = gnutls_server_name_set(session, GNUTLS_NAME_DNS, name, strlen(name));
	return ret ? quic_error_from_gnutls(ret) : 0;
}

static int client_set_creds(gnutls_session_t session, const struct quic_handshake_parms *parms,
			    struct session_creds *creds)
{
	int ret;

	if (parms->psk_file) {
		ret = quic_creds_psk_client(parms->psk_file, &creds->psk_client);
		if (ret)
			return ret;
		ret = gnutls_credentials_set(session, GNUTLS_CRD_PSK, creds->psk_client);
		return ret ? quic_error_from_gnutls(ret) : 0;
	}
	ret = quic_creds_cert_get(parms, false, &creds->cert);
	if (ret)
		return ret;
	if (!(parms->flags & QUIC_HANDSHAKE_F_INSECURE))
		gnutls_session_set_verify_cert(session, creds->name, 0);
	ret = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
				     quic_creds_cert_handle(creds->cert));
	return ret ? quic_error_from_gnutls(ret) : 0;
}

static int client_setup(gnutls_session_t session, int sockfd,
			const struct quic_handshake_parms *parms, struct session_creds *creds)
{
	struct quic_config config;
	int ret;

	read_config(sockfd, &config);
	ret = set_priority(session, &config, parms->psk_file);
	if (ret)
		return quic_error_from_gnutls(ret);
	ret = peer_name(sockfd, parms->hostname, creds->name, sizeof(creds->name));
	if (!ret)
		ret = client_set_name(session, creds->name);
	if (!ret)
		ret = client_set_creds(session, parms, creds);
	if (!ret)
		ret = set_alpn(session, parms->alpns);
	return ret;
}

/* Tickets need the listener's key; a kernel without one means no tickets. */
static void server_enable_tickets(gnutls_session_t session, int sockfd,
				  const struct quic_config *config, const char *alpns)
{
	unsigned char key[QUIC_TICKET_KEY_BYTES];
	gnutls_datum_t datum = { key, sizeof(key) };

	if (quic_early_ticket_key(sockfd, config, alpns, key))
		return;
	gnutls_session_ticket_enable_server(session, &datum);
	explicit_bzero(key, sizeof(key));
	quic_early_accept(session);
}

static int server_set_creds(gnutls_session_t session, const struct quic_handshake_parms *parms,
			    struct session_creds *creds)
{
	int ret;

	if (parms->psk_file) {
		ret = quic_creds_psk_server(parms->psk_file, &creds->psk_server);
		if (ret)
			return ret;
		ret = gnutls_credentials_set(session, GNUTLS_CRD_PSK, creds->psk_server);
		return ret ? quic_error_from_gnutls(ret) : 0;
	}
	ret = quic_creds_cert_get(parms, true, &creds->cert);
	if (ret)
		return ret;
	ret = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
				     quic_creds_cert_handle(creds->cert));
	return ret ? quic_error_from_gnutls(ret) : 0;
}

static int server_setup(gnutls_session_t session, int sockfd,
			const struct quic_handshake_parms *parms, struct session_creds *creds)
{
	struct quic_config config;
	int ret;

	read_config(sockfd, &config);
	ret = set_priority(session, &config, parms->psk_file);
	if (ret)
		return quic_error_from_gnutls(ret);
	ret = server_set_creds(session, parms, creds);
	if (ret)
		return ret;
	if (config.certificate_request && !parms->psk_file) {
		bool must = config.certificate_request > 1;

		gnutls_certificate_server_set_request(session, must ? GNUTLS_CERT_REQUIRE :
								      GNUTLS_CERT_REQUEST);
		gnutls_session_set_verify_cert(session, NULL, 0);
	}
	server_enable_tickets(session, sockfd, &config, parms->alpns);
	return set_alpn(session, parms->alpns);
}

static void free_creds(struct session_creds *creds)
{
	if (creds->cert)
		quic_creds_cert_put(creds->cert);
	if (creds->psk_client)
		gnutls_psk_free_client_credentials(creds->psk_client);
	if (creds->psk_server)
		gnutls_psk_free_server_credentials(creds->psk_server);
}

/* A longer structure is fine as long as its unknown rest is zero. */
static int copy_parms(struct quic_handshake_parms *to, const struct quic_handshake_parms *from)
{
	const unsigned char *bytes = (const unsigned char *)from;
	size_t i;

	if (!from || from->size < offsetof(struct quic_handshake_parms, alpns))
		return -EINVAL;
	for (i = sizeof(*to); i < from->size; i++)
		if (bytes[i])
			return -EINVAL;
	memset(to, 0, sizeof(*to));
	memcpy(to, from, from->size < sizeof(*to) ? from->size : sizeof(*to));
	if (to->flags & ~(QUIC_HANDSHAKE_F_INSECURE | QUIC_HANDSHAKE_F_THROWAWAY))
		return -EINVAL;
	return 0;
}

/*
 * GnuTLS calls a PSK binder that does not verify an illegal parameter, and
 * lacks a certificate's credentials when the server would not take the key.
 */
static int run(gnutls_session_t session, const struct quic_handshake_parms *parms)
{
	int ret = quic_handshake_run(session, parms->timeout_ms, parms->alpns);

	if (parms->psk_file && (ret == -EBADMSG || ret == -ENOKEY))
		return -EKEYREJECTED;
	return ret;
}

/* A handshake from nothing, of the end that @setup prepares a session for. */
static int handshake(int sockfd, const struct quic_handshake_parms *parms, unsigned int flags,
		     int (*setup)(gnutls_session_t session, int sockfd,
				  const struct quic_handshake_parms *parms,
				  struct session_creds *creds))
{
	struct quic_handshake_parms own;
	struct session_creds creds = {};
	gnutls_session_t session;
	int ret;

	ret = copy_parms(&own, parms);
	if (ret)
		return ret;
	ret = gnutls_init(&session, flags | GNUTLS_NO_END_OF_EARLY_DATA);
	if (ret)
		return quic_error_from_gnutls(ret);
	gnutls_transport_set_int(session, sockfd);
	ret = setup(session, sockfd, &own, &creds);
	if (!ret)
		ret = run(session, &own);
	gnutls_deinit(session);
	free_creds(&creds);
	return ret;
}

/**
 * quic_client_handshake_parms - a client's handshake, everything spelled out
 * @sockfd: QUIC socket after connect()
 * @parms: see <netinet/quic.h>
 *
 * Return: 0 or negative errno; see quic_handshake(3) for what each means.
 */
int quic_client_handshake_parms(int sockfd, const struct quic_handshake_parms *parms)
{
	/* One key share: a second costs both ends time and is seldom used. */
	return handshake(sockfd, parms, GNUTLS_CLIENT | GNUTLS_KEY_SHARE_TOP, client_setup);
}

/**
 * quic_server_handshake_parms - a server's handshake, everything spelled out
 * @sockfd: QUIC socket from accept()
 * @parms: see <netinet/quic.h>
 *
 * Return: 0 or negative errno; see quic_handshake(3) for what each means.
 */
int quic_server_handshake_parms(int sockfd, const struct quic_handshake_parms *parms)
{
	return handshake(sockfd, parms, GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET |
			 GNUTLS_ENABLE_EARLY_DATA, server_setup);
}

/**
 * quic_client_handshake - a client's handshake
 * @sockfd: QUIC socket after connect()
 * @pkey_file: PSK file, or NULL for certificates verified by the system's trust
 * @hostname: name to verify, NULL for the peer's address
 * @alpns: comma-separated application protocols, or NULL
 *
 * The environment variable QUIC_CA_FILE names trusted certificates (PEM) that
 * stand in for the system's; programs that run as another user ignore it.
 *
 * Return: 0 or negative errno; see quic_handshake(3) for what each means.
 */
int quic_client_handshake(int sockfd, const char *pkey_file, const char *hostname,
			  const char *alpns)
{
	struct quic_handshake_parms parms = {
		.size = sizeof(parms),
		.alpns = alpns,
		.hostname = hostname,
		.ca_file = secure_getenv("QUIC_CA_FILE"),
		.psk_file = pkey_file,
	};

	return quic_client_handshake_parms(sockfd, &parms);
}

/**
 * quic_server_handshake - a server's handshake
 * @sockfd: QUIC socket from accept()
 * @pkey_file: private key (PEM), or a PSK file
 * @cert_file: certificate chain (PEM); not used with a PSK file
 * @alpns: comma-separated application protocols, or NULL
 *
 * Return: 0 or negative errno; see quic_handshake(3) for what each means.
 */
int quic_server_handshake(int sockfd, const char *pkey_file, const char *cert_file,
			  const char *alpns)
{
	struct quic_handshake_parms parms = { .size = sizeof(parms), .alpns = alpns };

	if (!pkey_file)
		return -EINVAL;
	if (!cert_file || quic_creds_is_psk_file(pkey_file)) {
		parms.psk_file = pkey_file;
	} else {
		parms.key_file = pkey_file;
		parms.cert_file = cert_file;
	}
	return quic_server_handshake_parms(sockfd, &parms);
}

/* Wait for the ticket as long as the socket's configuration says. */
static int read_ticket(int sockfd, void *buf, socklen_t *len)
{
	const struct timespec pause = { .tv_nsec = TICKET_WAIT_MS * 1000000L };
	struct quic_config config;
	socklen_t size = *len;
	int tries;

	read_config(sockfd, &config);
	tries = config.receive_session_ticket * 1000 / TICKET_WAIT_MS;
	for (;;) {
		*len = size;
		if (getsockopt(sockfd, SOL_QUIC, QUIC_SOCKOPT_SESSION_TICKET, buf, len))
			return -errno;
		if (*len || !tries--)
			return 0;
		nanosleep(&pause, NULL);
	}
}

static int copy_session(gnutls_session_t session, void *data, size_t *size)
{
	gnutls_datum_t datum;
	int ret;

	ret = gnutls_session_get_data2(session, &datum);
	if (ret)
		return quic_error_from_gnutls(ret);
	if (datum.size > *size) {
		ret = -ENOBUFS;
	} else {
		memcpy(data, datum.data, datum.size);
		*size = datum.size;
	}
	explicit_bzero(datum.data, datum.size);
	gnutls_free(datum.data);
	return ret;
}

/**
 * quic_session_get_data - what a client keeps to resume the session later
 * @session: session after a handshake
 * @data: buffer
 * @size: in: its bytes; out: bytes of data, 0 when no ticket has come
 *
 * Return: 0 or negative errno, -ENOBUFS when the buffer is too small, -EPROTO
 * when the ticket breaks a rule of QUIC.
 */
int quic_session_get_data(gnutls_session_t session, void *data, size_t *size)
{
	unsigned char ticket[QUIC_SESSION_TICKET_MAX_BYTES];
	int sockfd = gnutls_transport_get_int(session);
	socklen_t len = sizeof(ticket);
	size_t max = *size;
	int ret, early;

	ret = read_ticket(sockfd, ticket, &len);
	if (ret)
		return ret;
	if (!len) {
		*size = 0;
		return 0;
	}
	early = quic_early_in_ticket(ticket, len);
	if (early < 0) {
		quic_log(LOG_ERR, "the ticket limits early data, which QUIC does otherwise");
		quic_error_send_violation(sockfd);
		return early;
	}
	ret = gnutls_handshake_write(session, GNUTLS_ENCRYPTION_LEVEL_APPLICATION, ticket, len);
	if (ret)
		return quic_error_from_gnutls(ret);
	if (!(gnutls_session_get_flags(session) & GNUTLS_SFLAGS_SESSION_TICKET)) {
		*size = 0;
		return 0;
	}
	ret = copy_session(session, data, size);
	if (!ret && early)
		ret = quic_early_remember(sockfd, data, size, max);
	return ret;
}

/**
 * quic_session_set_data - resume an earlier session
 * @session: client session before its handshake; early data need its transport
 *	set to a socket by now
 * @data: from quic_session_get_data()
 * @size: its bytes
 *
 * Return: 0 or negative errno.
 */
int quic_session_set_data(gnutls_session_t session, const void *data, size_t size)
{
	size_t tls_size = quic_early_recall(gnutls_transport_get_int(session), data, size);
	int ret = gnutls_session_set_data(session, data, tls_size);

	return ret ? quic_error_from_gnutls(ret) : 0;
}

/**
 * quic_session_get_alpn - the application protocol that was agreed on
 * @session: session after a handshake
 * @data: buffer for a string
 * @size: in: its bytes; out: length of the string
 *
 * Return: 0 or negative errno, -ENOPROTOOPT when there is none.
 */
int quic_session_get_alpn(gnutls_session_t session, void *data, size_t *size)
{
	gnutls_datum_t alpn;

	if (gnutls_alpn_get_selected_protocol(session, &alpn))
		return -ENOPROTOOPT;
	if (alpn.size >= *size)
		return -ENOBUFS;
	memcpy(data, alpn.data, alpn.size);
	((char *)data)[alpn.size] = '\0';
	*size = alpn.size;
	return 0;
}

/**
 * quic_session_set_alpn - the application protocols to offer or accept
 * @session: session before its handshake
 * @data: comma-separated names; spaces around a name are dropped
 * @size: bytes of the list
 *
 * Return: 0 or negative errno.
 */
int quic_session_set_alpn(gnutls_session_t session, const void *data, size_t size)
{
	gnutls_datum_t alpns[ALPN_MAX];
	char list[QUIC_ALPN_MAX_BYTES + 1];
	unsigned int count = 0;
	char *name, *save;
	int ret;

	if (!size || size >= sizeof(list))
		return -EINVAL;
	memcpy(list, data, size);
	list[size] = '\0';
	for (name = strtok_r(list, ", ", &save); name; name = strtok_r(NULL, ", ", &save)) {
		if (count == ALPN_MAX)
			return -EINVAL;
		alpns[count].data = (unsigned char *)name;
		alpns[count++].size = (unsigned int)strlen(name);
	}
	if (!count)
		return -EINVAL;
	ret = gnutls_alpn_set_protocols(session, alpns, count, GNUTLS_ALPN_MANDATORY);
	return ret ? quic_error_from_gnutls(ret) : 0;
}

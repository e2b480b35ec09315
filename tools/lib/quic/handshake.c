// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The handshake: carries TLS messages between GnuTLS and the kernel's CRYPTO
 * streams, and hands the kernel its secrets and transport parameters in the
 * order that TLS makes them. It holds one context per handshake under way and
 * never credentials, policy or the socket itself.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>

#include <linux/tls.h>

#include "internal.h"

#define TLS_EXT_TRANSPORT_PARAM		57	/* RFC 9001 section 8.2 */
#define RECV_BUFFER_BYTES		65536
#define DEFAULT_TIMEOUT_MS		10000

/* One TLS message that waits to be sent. */
struct tx_msg {
	struct tx_msg *next;
	__u8 level;		/* enum quic_crypto_level */
	size_t len;
	size_t off;		/* bytes the kernel has taken */
	unsigned char data[];
};

struct handshake {
	struct handshake *next;
	gnutls_session_t session;
	int sockfd;
	int err;		/* negative errno that a callback met */
	int alert;		/* TLS alert that GnuTLS wants sent, -1: none */
	bool is_server;
	bool need_alpn;
	bool keyed;		/* the hellos are over: handshake keys are set */
	bool got_param;		/* the peer's transport parameters are set */
	bool done;		/* TLS is; messages may still wait */
	__u32 early_type;	/* TLS_CIPHER_* of early data that a server takes, 0: none */
	struct tx_msg *tx_head;
	struct tx_msg **tx_tail;

	struct quic_handshake_step step;
	struct msghdr mh;
	struct iovec iov;
	union {
		char buf[CMSG_SPACE(sizeof(struct quic_handshake_info))];
		struct cmsghdr align;
	} control;
	unsigned char rx_buf[RECV_BUFFER_BYTES];
};

/*
 * Handshakes under way, found by session: a program's own sessions have their
 * user pointer in use. The lock protects the list only.
 */
static pthread_mutex_t handshakes_lock = PTHREAD_MUTEX_INITIALIZER;
static struct handshake *handshakes;

static struct handshake *handshake_find(gnutls_session_t session)
{
	struct handshake *hs;

	pthread_mutex_lock(&handshakes_lock);
	for (hs = handshakes; hs; hs = hs->next)
		if (hs->session == session)
			break;
	pthread_mutex_unlock(&handshakes_lock);
	return hs;
}

static void handshake_link(struct handshake *hs)
{
	pthread_mutex_lock(&handshakes_lock);
	hs->next = handshakes;
	handshakes = hs;
	pthread_mutex_unlock(&handshakes_lock);
}

static struct handshake *handshake_unlink(gnutls_session_t session)
{
	struct handshake **pos, *hs;

	pthread_mutex_lock(&handshakes_lock);
	for (pos = &handshakes; *pos && (*pos)->session != session; pos = &(*pos)->next)
		;
	hs = *pos;
	if (hs)
		*pos = hs->next;
	pthread_mutex_unlock(&handshakes_lock);
	return hs;
}

static int level_from_gnutls(gnutls_record_encryption_level_t level)
{
	switch (level) {
	case GNUTLS_ENCRYPTION_LEVEL_INITIAL:
		return QUIC_CRYPTO_INITIAL;
	case GNUTLS_ENCRYPTION_LEVEL_EARLY:
		return QUIC_CRYPTO_EARLY;
	case GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE:
		return QUIC_CRYPTO_HANDSHAKE;
	default:
		return QUIC_CRYPTO_APP;
	}
}

static gnutls_record_encryption_level_t level_to_gnutls(int level)
{
	switch (level) {
	case QUIC_CRYPTO_INITIAL:
		return GNUTLS_ENCRYPTION_LEVEL_INITIAL;
	case QUIC_CRYPTO_EARLY:
		return GNUTLS_ENCRYPTION_LEVEL_EARLY;
	case QUIC_CRYPTO_HANDSHAKE:
		return GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE;
	default:
		return GNUTLS_ENCRYPTION_LEVEL_APPLICATION;
	}
}

static __u32 cipher_type(gnutls_cipher_algorithm_t cipher)
{
	switch (cipher) {
	case GNUTLS_CIPHER_AES_128_GCM:
		return TLS_CIPHER_AES_GCM_128;
	case GNUTLS_CIPHER_AES_256_GCM:
		return TLS_CIPHER_AES_GCM_256;
	case GNUTLS_CIPHER_AES_128_CCM:
		return TLS_CIPHER_AES_CCM_128;
	case GNUTLS_CIPHER_CHACHA20_POLY1305:
		return TLS_CIPHER_CHACHA20_POLY1305;
	default:
		return 0;
	}
}

/* Callback: a secret for one or both directions of a level. */
static int set_secret(struct handshake *hs, struct quic_crypto_secret *info,
		      const void *secret, size_t size, bool send)
{
	if (!secret)
		return 0;
	info->send = send;
	memcpy(info->secret, secret, size);
	if (!setsockopt(hs->sockfd, SOL_QUIC, QUIC_SOCKOPT_CRYPTO_SECRET, info, sizeof(*info)))
		return 0;
	/* A module without 0-RTT: early data go, or come again, after the handshake. */
	if (info->level == QUIC_CRYPTO_EARLY && errno == EOPNOTSUPP)
		return 0;
	hs->err = -errno;
	quic_log(LOG_ERR, "setting a secret of level %u: %s", info->level, strerror(errno));
	return -1;
}

/* RFC 8446 section 4.2.10: no early data of another cipher; GnuTLS has taken them. */
static bool early_mismatch(struct handshake *hs, const struct quic_crypto_secret *info)
{
	if (!hs->is_server)
		return false;
	if (info->level == QUIC_CRYPTO_EARLY)
		hs->early_type = info->type;
	if (!hs->early_type || hs->early_type == info->type)
		return false;
	quic_log(LOG_ERR, "early data with a cipher that is not the connection's");
	quic_error_send_alert(hs->sockfd, GNUTLS_A_ILLEGAL_PARAMETER);
	hs->err = -EBADMSG;
	return true;
}

static int on_secret(gnutls_session_t session, gnutls_record_encryption_level_t level,
		     const void *secret_rx, const void *secret_tx, size_t size)
{
	struct handshake *hs = handshake_find(session);
	struct quic_crypto_secret info = {};
	int ret;

	if (!hs || size > sizeof(info.secret))
		return -1;
	info.level = (__u8)level_from_gnutls(level);
	info.type = cipher_type(level == GNUTLS_ENCRYPTION_LEVEL_EARLY ?
				gnutls_early_cipher_get(session) :
				gnutls_cipher_get(session));
	if (!info.type || early_mismatch(hs, &info))
		return -1;
	ret = set_secret(hs, &info, secret_tx, size, true);
	if (!ret)
		ret = set_secret(hs, &info, secret_rx, size, false);
	explicit_bzero(&info, sizeof(info));
	if (level == GNUTLS_ENCRYPTION_LEVEL_HANDSHAKE)
		hs->keyed = true;
	return ret;
}

/* Callback: TLS has a message for the peer. */
static int on_message(gnutls_session_t session, gnutls_record_encryption_level_t level,
		      gnutls_handshake_description_t htype, const void *data, size_t size)
{
	struct handshake *hs = handshake_find(session);
	struct tx_msg *msg;

	/* QUIC has no such record (RFC 9001 section 8.4) */
	if (!hs || htype == GNUTLS_HANDSHAKE_CHANGE_CIPHER_SPEC)
		return 0;
	msg = malloc(sizeof(*msg) + size);
	if (!msg) {
		hs->err = -ENOMEM;
		return -1;
	}
	msg->next = NULL;
	msg->level = (__u8)level_from_gnutls(level);
	msg->len = size;
	msg->off = 0;
	memcpy(msg->data, data, size);
	*hs->tx_tail = msg;
	hs->tx_tail = &msg->next;
	return 0;
}

/* Callback: TLS has an alert for the peer. */
static int on_alert(gnutls_session_t session, gnutls_record_encryption_level_t level,
		    gnutls_alert_level_t alert_level, gnutls_alert_description_t alert)
{
	struct handshake *hs = handshake_find(session);

	(void)level;
	(void)alert_level;
	if (hs)
		hs->alert = (int)alert;
	return 0;
}

/* Callback: the peer's transport parameters; a second ClientHello repeats them. */
static int on_param_recv(gnutls_session_t session, const unsigned char *data, size_t len)
{
	struct handshake *hs = handshake_find(session);

	if (!hs)
		return GNUTLS_E_INTERNAL_ERROR;
	if (hs->got_param)
		return 0;
	if (setsockopt(hs->sockfd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT,
		       data, (socklen_t)len)) {
		hs->err = -errno;
		quic_log(LOG_ERR, "the peer's transport parameters: %s", strerror(errno));
		return GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
	}
	hs->got_param = true;
	return 0;
}

/* Callback: our transport parameters. */
static int on_param_send(gnutls_session_t session, gnutls_buffer_t extdata)
{
	struct handshake *hs = handshake_find(session);
	unsigned char buf[QUIC_TRANSPORT_PARAM_EXT_MAX_BYTES];
	socklen_t len = sizeof(buf);
	int ret;

	if (!hs)
		return GNUTLS_E_INTERNAL_ERROR;
	if (getsockopt(hs->sockfd, SOL_QUIC, QUIC_SOCKOPT_TRANSPORT_PARAM_EXT, buf, &len)) {
		hs->err = -errno;
		quic_log(LOG_ERR, "transport parameters: %s", strerror(errno));
		return GNUTLS_E_INTERNAL_ERROR;
	}
	ret = gnutls_buffer_append_data(extdata, buf, len);
	return ret < 0 ? ret : (int)len;
}

static int fail_alert(struct handshake *hs, int alert, int err)
{
	quic_error_send_alert(hs->sockfd, alert);
	return err;
}

/* What must hold once the peer's hello is read, whoever checks it. */
static int check_peer(struct handshake *hs)
{
	gnutls_datum_t alpn;

	if (!hs->got_param) {
		quic_log(LOG_ERR, "the peer sent no transport parameters");
		return fail_alert(hs, GNUTLS_A_MISSING_EXTENSION, -EPROTO);
	}
	if (hs->need_alpn && gnutls_alpn_get_selected_protocol(hs->session, &alpn)) {
		quic_log(LOG_ERR, "no application protocol in common");
		return fail_alert(hs, TLS_ALERT_NO_APPLICATION_PROTOCOL, -ENOPROTOOPT);
	}
	return 0;
}

static void log_verify_failure(gnutls_session_t session)
{
	unsigned int status = gnutls_session_get_verify_cert_status(session);
	gnutls_datum_t text;

	if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0))
		return;
	quic_log(LOG_ERR, "%s", text.data);
	gnutls_free(text.data);
}

/* Let TLS go as far as it can: 0 when it needs a message or is done. */
static int tls_advance(struct handshake *hs)
{
	int ret, alert;

	do {
		ret = gnutls_handshake(hs->session);
	} while (ret == GNUTLS_E_INTERRUPTED || ret == GNUTLS_E_WARNING_ALERT_RECEIVED);

	if (hs->err)
		return hs->err;
	if (ret && ret != GNUTLS_E_AGAIN) {
		if (ret == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
			log_verify_failure(hs->session);
		else
			quic_log_gnutls("handshake", ret);
		alert = hs->alert >= 0 ? hs->alert : gnutls_error_to_alert(ret, NULL);
		if (alert < 0)
			alert = GNUTLS_A_INTERNAL_ERROR;
		return fail_alert(hs, alert, quic_error_from_gnutls(ret));
	}
	if (!ret || (hs->is_server && hs->keyed)) {
		int err = check_peer(hs);

		if (err)
			return err;
	}
	if (ret)
		return 0;
	hs->done = true;
	/* Without a ticket key this sends nothing, which is no failure. */
	if (hs->is_server)
		gnutls_session_ticket_send(hs->session, 1, 0);
	return 0;
}

static void prepare_send(struct handshake *hs)
{
	struct tx_msg *msg = hs->tx_head;
	struct cmsghdr *cmsg;

	hs->iov.iov_base = msg->data + msg->off;
	hs->iov.iov_len = msg->len - msg->off;
	memset(&hs->control, 0, sizeof(hs->control));
	hs->mh.msg_controllen = sizeof(hs->control.buf);
	cmsg = CMSG_FIRSTHDR(&hs->mh);
	cmsg->cmsg_level = SOL_QUIC;
	cmsg->cmsg_type = QUIC_HANDSHAKE_INFO;
	cmsg->cmsg_len = CMSG_LEN(sizeof(struct quic_handshake_info));
	((struct quic_handshake_info *)CMSG_DATA(cmsg))->crypto_level = msg->level;

	hs->step.op = QUIC_HANDSHAKE_STEP_OP_SENDMSG;
	hs->step.s_sendmsg.msg = &hs->mh;
	hs->step.s_sendmsg.flags = msg->next ? MSG_MORE : 0;
	hs->step.s_sendmsg.retval = -EINVAL;
}

static void prepare_recv(struct handshake *hs)
{
	hs->iov.iov_base = hs->rx_buf;
	hs->iov.iov_len = sizeof(hs->rx_buf);
	memset(&hs->control, 0, sizeof(hs->control));
	hs->mh.msg_controllen = sizeof(hs->control.buf);
	hs->mh.msg_flags = 0;

	hs->step.op = QUIC_HANDSHAKE_STEP_OP_RECVMSG;
	hs->step.s_recvmsg.msg = &hs->mh;
	hs->step.s_recvmsg.flags = 0;
	hs->step.s_recvmsg.retval = -EINVAL;
}

static struct quic_handshake_step *next_step(struct handshake *hs)
{
	if (hs->tx_head)
		prepare_send(hs);
	else if (!hs->done)
		prepare_recv(hs);
	else
		return NULL;
	return &hs->step;
}

static void tx_pop(struct handshake *hs)
{
	struct tx_msg *msg = hs->tx_head;

	hs->tx_head = msg->next;
	if (!hs->tx_head)
		hs->tx_tail = &hs->tx_head;
	explicit_bzero(msg->data, msg->len);
	free(msg);
}

static int sent(struct handshake *hs)
{
	ssize_t n = hs->step.s_sendmsg.retval;
	struct tx_msg *msg = hs->tx_head;

	if (n < 0 && msg->level == QUIC_CRYPTO_APP) {
		quic_log(LOG_WARNING, "session ticket not sent: %s", strerror((int)-n));
		tx_pop(hs);
		return 0;
	}
	if (n < 0)
		return quic_error_from_close(hs->sockfd, (int)n);
	msg->off += (size_t)n;
	if (msg->off >= msg->len)
		tx_pop(hs);
	return 0;
}

static int received(struct handshake *hs)
{
	ssize_t n = hs->step.s_recvmsg.retval;
	struct cmsghdr *cmsg;
	int level = -1, ret;

	if (n <= 0)
		return quic_error_from_close(hs->sockfd, n ? (int)n : -ECONNRESET);
	for (cmsg = CMSG_FIRSTHDR(&hs->mh); cmsg; cmsg = CMSG_NXTHDR(&hs->mh, cmsg))
		if (cmsg->cmsg_level == SOL_QUIC && cmsg->cmsg_type == QUIC_HANDSHAKE_INFO)
			level = ((struct quic_handshake_info *)CMSG_DATA(cmsg))->crypto_level;
	if (level < 0) {
		quic_log(LOG_ERR, "a message in the handshake is not of the handshake");
		return -EBADMSG;
	}
	ret = gnutls_handshake_write(hs->session, level_to_gnutls(level), hs->rx_buf, (size_t)n);
	if (ret < 0) {
		quic_log_gnutls("message of the peer", ret);
		return fail_alert(hs, GNUTLS_A_UNEXPECTED_MESSAGE, -EBADMSG);
	}
	return tls_advance(hs);
}

/* The kernel knows our side: only a client has a token to ask for. */
static int probe_role(struct handshake *hs)
{
	unsigned char token[QUIC_TOKEN_MAX_BYTES];
	socklen_t len = sizeof(token);

	if (!getsockopt(hs->sockfd, SOL_QUIC, QUIC_SOCKOPT_TOKEN, token, &len))
		return 0;
	if (errno != EINVAL)
		return -errno;
	hs->is_server = true;
	return 0;
}

/**
 * quic_handshake_init - begin a handshake that the caller's loop drives
 * @session: a client or server session with credentials and a priority, its
 *	transport set by gnutls_transport_set_int() to a QUIC socket
 * @pstep: the first thing to do
 *
 * Every step asks for one sendmsg() or recvmsg() with the msg and flags given;
 * the caller writes its result, or negative errno, to retval and calls
 * quic_handshake_step(). quic_handshake_deinit() ends it in any case.
 *
 * Return: 0 or negative errno.
 */
int quic_handshake_init(gnutls_session_t session, struct quic_handshake_step **pstep)
{
	struct handshake *hs;
	int ret;

	*pstep = NULL;
	if (handshake_find(session))
		return -EBUSY;
	hs = malloc(sizeof(*hs));
	if (!hs)
		return -ENOMEM;
	memset(hs, 0, offsetof(struct handshake, rx_buf));
	hs->session = session;
	hs->sockfd = gnutls_transport_get_int(session);
	hs->alert = -1;
	hs->tx_tail = &hs->tx_head;
	hs->mh.msg_iov = &hs->iov;
	hs->mh.msg_iovlen = 1;
	hs->mh.msg_control = hs->control.buf;
	handshake_link(hs);

	gnutls_handshake_set_secret_function(session, on_secret);
	gnutls_handshake_set_read_function(session, on_message);
	gnutls_alert_set_read_function(session, on_alert);
	ret = gnutls_session_ext_register(session, "QUIC transport parameters",
					  TLS_EXT_TRANSPORT_PARAM, GNUTLS_EXT_TLS,
					  on_param_recv, on_param_send, NULL, NULL, NULL,
					  GNUTLS_EXT_FLAG_TLS | GNUTLS_EXT_FLAG_CLIENT_HELLO |
					  GNUTLS_EXT_FLAG_EE);
	if (ret && ret != GNUTLS_E_ALREADY_REGISTERED)
		ret = quic_error_from_gnutls(ret);
	else
		ret = probe_role(hs);
	if (!ret && !hs->is_server)
		ret = tls_advance(hs);
	if (ret) {
		quic_handshake_deinit(session);
		return ret;
	}
	*pstep = next_step(hs);
	return 0;
}

/**
 * quic_handshake_step - take the result of a step, give the next
 * @session: as for quic_handshake_init()
 * @pstep: in: the step just done; out: the next, NULL when the handshake is
 *	complete
 *
 * Return: 0 or negative errno; see quic_handshake(3) for what each means.
 */
int quic_handshake_step(gnutls_session_t session, struct quic_handshake_step **pstep)
{
	struct handshake *hs = handshake_find(session);
	int ret;

	if (!hs || *pstep != &hs->step)
		return -EINVAL;
	*pstep = NULL;
	if (hs->step.op == QUIC_HANDSHAKE_STEP_OP_SENDMSG)
		ret = sent(hs);
	else
		ret = received(hs);
	if (!ret)
		*pstep = next_step(hs);
	return ret;
}

/**
 * quic_handshake_deinit - forget the handshake, finished or not
 * @session: as for quic_handshake_init(); stays the caller's
 *
 * The session remains good for quic_session_get_data().
 */
void quic_handshake_deinit(gnutls_session_t session)
{
	struct handshake *hs = handshake_unlink(session);

	if (!hs)
		return;
	while (hs->tx_head)
		tx_pop(hs);
	free(hs);
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static unsigned int socket_timeout_ms(int sockfd)
{
	struct timeval tv = {};
	socklen_t len = sizeof(tv);

	if (getsockopt(sockfd, SOL_SOCKET, SO_RCVTIMEO, &tv, &len))
		return DEFAULT_TIMEOUT_MS;
	if (!tv.tv_sec && !tv.tv_usec)
		return DEFAULT_TIMEOUT_MS;
	if (tv.tv_sec > 3600)
		return 3600 * 1000;
	return (unsigned int)(tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000);
}

static int wait_for(int sockfd, short events, long long deadline_ms)
{
	struct pollfd pfd = { .fd = sockfd, .events = events };
	long long left;
	int n;

	do {
		left = deadline_ms - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		n = poll(&pfd, 1, (int)left);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n ? 0 : -ETIMEDOUT;
}

/* One step; the time limit is its only failure, the rest is in retval. */
static int step_blocking(int sockfd, struct quic_handshake_step *step, long long deadline_ms)
{
	bool tx = step->op == QUIC_HANDSHAKE_STEP_OP_SENDMSG;
	ssize_t n;
	int ret;

	for (;;) {
		if (tx)
			n = sendmsg(sockfd, step->s_sendmsg.msg,
				    step->s_sendmsg.flags | MSG_DONTWAIT | MSG_NOSIGNAL);
		else
			n = recvmsg(sockfd, step->s_recvmsg.msg,
				    step->s_recvmsg.flags | MSG_DONTWAIT);
		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
		ret = wait_for(sockfd, tx ? POLLOUT : POLLIN, deadline_ms);
		if (ret)
			return ret;
	}
	if (n < 0)
		n = -errno;
	if (tx)
		step->s_sendmsg.retval = n;
	else
		step->s_recvmsg.retval = n;
	return 0;
}

/**
 * quic_handshake_run - the whole handshake, waiting as long as allowed
 * @session: as for quic_handshake_init()
 * @timeout_ms: limit in milliseconds; 0: SO_RCVTIMEO of the socket, else 10 s
 * @need_alpn: fail when no application protocol was agreed on
 *
 * Return: 0 or negative errno, -ETIMEDOUT when the time was up.
 */
int quic_handshake_run(gnutls_session_t session, unsigned int timeout_ms, bool need_alpn)
{
	int sockfd = gnutls_transport_get_int(session);
	struct quic_handshake_step *step;
	long long deadline_ms;
	int ret;

	if (!timeout_ms)
		timeout_ms = socket_timeout_ms(sockfd);
	deadline_ms = now_ms() + timeout_ms;

	ret = quic_handshake_init(session, &step);
	if (ret)
		return ret;
	handshake_find(session)->need_alpn = need_alpn;
	while (!ret && step) {
		ret = step_blocking(sockfd, step, deadline_ms);
		if (!ret)
			ret = quic_handshake_step(session, &step);
	}
	quic_handshake_deinit(session);
	return ret;
}

/**
 * quic_handshake - the whole handshake with a session of the caller's
 * @session: as for quic_handshake_init()
 *
 * Return: 0 or negative errno; see quic_handshake(3) for what each means.
 */
int quic_handshake(gnutls_session_t session)
{
	return quic_handshake_run(session, 0, false);
}

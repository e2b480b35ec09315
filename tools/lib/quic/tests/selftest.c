// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libquic against itself: both ends with real GnuTLS over the stand-in of
 * fake.c. It shows the calls and their order, the secrets, and the errno of
 * each way to fail; it cannot show anything about the kernel.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <linux/tls.h>

#include "fake.h"

static char dir[] = "/tmp/libquic-test-XXXXXX";
static unsigned int count, failed;

static char cert_a[64], key_a[64], cert_b[64], key_b[64], psk_a[64], psk_b[64], psk_c[64], junk[64];

#define CHECK(cond) do {						\
	if (!(cond)) {							\
		printf("# %s:%d: not true: %s\n", __func__, __LINE__, #cond);	\
		return false;						\
	}								\
} while (0)

static void report(bool ok, const char *name)
{
	count++;
	failed += !ok;
	printf("%sok %u %s\n", ok ? "" : "not ", count, name);
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void write_file(const char *name, const void *data, size_t len)
{
	FILE *f = fopen(name, "w");

	if (!f || fwrite(data, 1, len, f) != len || fclose(f))
		exit(1);
}

static void make_cert(char *cert, char *key, const char *name)
{
	gnutls_datum_t c, k;

	snprintf(cert, 64, "%s/%s.crt", dir, name);
	snprintf(key, 64, "%s/%s.key", dir, name);
	if (quic_make_throwaway_cert(0, &c, &k))
		exit(1);
	write_file(cert, c.data, c.size);
	write_file(key, k.data, k.size);
	gnutls_free(c.data);
	gnutls_free(k.data);
}

static void make_text(char *file, const char *name, const char *text)
{
	snprintf(file, 64, "%s/%s", dir, name);
	write_file(file, text, strlen(text));
}

/* One handshake between two ends; each closes at once when it fails. */
struct run {
	struct fake_end client, server;
	struct quic_handshake_parms cparms, sparms;
	gnutls_session_t csession, ssession;	/* instead of parms */
	int cret, sret;
};

static void *run_server(void *arg)
{
	struct run *run = arg;

	if (run->ssession) {
		gnutls_transport_set_int(run->ssession, run->server.sockfd);
		run->sret = quic_handshake(run->ssession);
	} else {
		run->sret = quic_server_handshake_parms(run->server.sockfd, &run->sparms);
	}
	if (run->sret)
		fake_close(&run->server);
	return NULL;
}

static struct run *run_new(void)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		exit(1);
	run->cparms.size = sizeof(run->cparms);
	run->cparms.alpns = "test";
	run->cparms.hostname = "localhost";
	run->cparms.ca_file = cert_a;
	run->cparms.timeout_ms = 5000;
	run->sparms.size = sizeof(run->sparms);
	run->sparms.alpns = "other, test";
	run->sparms.cert_file = cert_a;
	run->sparms.key_file = key_a;
	run->sparms.timeout_ms = 5000;
	fake_pair(&run->client, &run->server);
	return run;
}

static void run_go(struct run *run)
{
	pthread_t thread;

	pthread_create(&thread, NULL, run_server, run);
	if (run->csession) {
		gnutls_transport_set_int(run->csession, run->client.sockfd);
		run->cret = quic_handshake(run->csession);
	} else {
		run->cret = quic_client_handshake_parms(run->client.sockfd, &run->cparms);
	}
	if (run->cret)
		fake_close(&run->client);
	pthread_join(thread, NULL);
}

static void run_end(struct run *run)
{
	if (!run->cret)
		fake_close(&run->client);
	if (!run->sret)
		fake_close(&run->server);
	free(run);
}

static bool same_secrets(const struct run *run, int level)
{
	const struct fake_end *c = &run->client, *s = &run->server;

	CHECK(c->has_secret[0][level] && c->has_secret[1][level]);
	CHECK(s->has_secret[0][level] && s->has_secret[1][level]);
	CHECK(c->secret[1][level].type == s->secret[0][level].type);
	CHECK(!memcmp(c->secret[1][level].secret, s->secret[0][level].secret, 48));
	CHECK(!memcmp(c->secret[0][level].secret, s->secret[1][level].secret, 48));
	CHECK(memcmp(c->secret[0][level].secret, c->secret[1][level].secret, 48));
	return true;
}

static bool established(const struct run *run)
{
	CHECK(run->cret == 0);
	CHECK(run->sret == 0);
	CHECK(same_secrets(run, QUIC_CRYPTO_HANDSHAKE));
	CHECK(same_secrets(run, QUIC_CRYPTO_APP));
	CHECK(run->client.peer_param_len == strlen("param-of-server"));
	CHECK(!memcmp(run->client.peer_param, "param-of-server", strlen("param-of-server")));
	CHECK(!memcmp(run->server.peer_param, "param-of-client", strlen("param-of-client")));
	return true;
}

static bool test_order(struct run *run)
{
	run_go(run);
	CHECK(established(run));
	printf("# client: %s\n# server: %s\n", run->client.log, run->server.log);
	CHECK(!strcmp(run->client.log,
		      "role get-param tx1 rx1 secret2s secret2r rx2 set-param rx2 rx2 rx2 "
		      "secret0s secret0r tx2"));
	CHECK(!strcmp(run->server.log,
		      "role rx1 set-param secret2s secret2r get-param secret0s "
		      "tx1+ tx2+ tx2+ tx2+ tx2 rx2 secret0r tx0"));
	return true;
}

static bool test_no_ticket_key(struct run *run)
{
	run->server.no_ticket_key = true;
	run_go(run);
	CHECK(established(run));
	CHECK(!strstr(run->server.log, "tx0"));
	return true;
}

static bool test_fragments(struct run *run)
{
	run->client.fragment = 7;
	run->server.fragment = 61;
	run_go(run);
	return established(run);
}

static bool test_insecure(struct run *run)
{
	run->cparms.ca_file = NULL;
	run->cparms.hostname = "nobody.example";
	run->cparms.flags = QUIC_HANDSHAKE_F_INSECURE;
	run_go(run);
	return established(run);
}

static bool test_throwaway(struct run *run)
{
	run->sparms.cert_file = NULL;
	run->sparms.key_file = NULL;
	run->sparms.flags = QUIC_HANDSHAKE_F_THROWAWAY;
	run->cparms.flags = QUIC_HANDSHAKE_F_INSECURE;
	run_go(run);
	return established(run);
}

static bool fails_as(const struct run *run, int cret, int sret, int cerrcode, int serrcode)
{
	if (run->cret != cret || run->sret != sret)
		printf("# client %d, server %d\n", run->cret, run->sret);
	CHECK(run->cret == cret);
	CHECK(run->sret == sret);
	CHECK(run->client.close_own.errcode == (__u32)cerrcode);
	CHECK(run->server.close_own.errcode == (__u32)serrcode);
	return true;
}

static bool test_wrong_ca(struct run *run)
{
	run->cparms.ca_file = cert_b;
	run_go(run);
	return fails_as(run, -EKEYREJECTED, -EKEYREJECTED, 0x100 + 42, 0);
}

static bool test_wrong_name(struct run *run)
{
	run->cparms.hostname = "nobody.example";
	run_go(run);
	return fails_as(run, -EKEYREJECTED, -EKEYREJECTED, 0x100 + 42, 0);
}

static bool test_system_trust(struct run *run)
{
	run->cparms.ca_file = NULL;
	run_go(run);
	return fails_as(run, -EKEYREJECTED, -EKEYREJECTED, 0x100 + 42, 0);
}

static bool test_wrong_alpn(struct run *run)
{
	run->cparms.alpns = "unheard-of";
	run_go(run);
	return fails_as(run, -ENOPROTOOPT, -ENOPROTOOPT, 0, 0x100 + 120);
}

static bool test_client_without_alpn(struct run *run)
{
	run->cparms.alpns = NULL;
	run_go(run);
	return fails_as(run, -ENOPROTOOPT, -ENOPROTOOPT, 0, 0x100 + 120);
}

static bool test_server_without_alpn(struct run *run)
{
	run->sparms.alpns = NULL;
	run_go(run);
	return fails_as(run, -ENOPROTOOPT, -ENOPROTOOPT, 0x100 + 120, 0);
}

static bool test_client_without_param(struct run *run)
{
	run->client.no_param = true;
	run_go(run);
	return fails_as(run, -EPROTO, -EPROTO, 0, 0x100 + 109);
}

static bool test_server_without_param(struct run *run)
{
	run->server.no_param = true;
	run_go(run);
	return fails_as(run, -EPROTO, -EPROTO, 0x100 + 109, 0);
}

static bool test_refused_param(struct run *run)
{
	run->server.refuse_param = true;
	run_go(run);
	CHECK(run->sret == -EINVAL);
	CHECK(run->cret == -ECONNRESET);
	return true;
}

static bool psk_run(struct run *run, char *client_file, char *server_file)
{
	run->cparms.ca_file = NULL;
	run->cparms.psk_file = client_file;
	run->sparms.cert_file = NULL;
	run->sparms.key_file = NULL;
	run->sparms.psk_file = server_file;
	run_go(run);
	return true;
}

static bool test_psk(struct run *run)
{
	psk_run(run, psk_a, psk_a);
	CHECK(established(run));
	/* no certificate passes: one message fewer each way, and one more fewer */
	CHECK(strstr(run->server.log, "tx1+ tx2+ tx2 rx2"));
	return true;
}

static bool test_wrong_psk(struct run *run)
{
	psk_run(run, psk_b, psk_a);
	CHECK(run->server.close_own.errcode > 0x100);
	CHECK(run->cret == -EKEYREJECTED);
	CHECK(run->sret == -EKEYREJECTED);
	return true;
}

static bool test_unknown_psk(struct run *run)
{
	psk_run(run, psk_c, psk_a);
	CHECK(run->server.close_own.errcode > 0x100);
	CHECK(run->cret == -EKEYREJECTED);
	CHECK(run->sret == -EKEYREJECTED);
	return true;
}

static bool test_psk_against_certificate(struct run *run)
{
	run->cparms.psk_file = psk_a;
	run_go(run);
	CHECK(run->cret == -EKEYREJECTED);
	CHECK(run->sret == -EPROTO);
	CHECK(run->client.close_own.errcode > 0x100);
	return true;
}

static bool test_plain_calls(struct run *run)
{
	setenv("QUIC_CA_FILE", cert_a, 1);
	pthread_t thread;

	run->ssession = NULL;
	pthread_create(&thread, NULL, run_server, run);
	run->cret = quic_client_handshake(run->client.sockfd, NULL, "localhost", "test");
	pthread_join(thread, NULL);
	unsetenv("QUIC_CA_FILE");
	return established(run);
}

static bool one_cipher(__u32 type)
{
	struct run *run = run_new();
	bool ok;

	run->client.config.payload_cipher_type = type;
	run_go(run);
	ok = established(run) && run->client.secret[0][QUIC_CRYPTO_APP].type == type;
	run_end(run);
	return ok;
}

static bool test_ciphers(struct run *run)
{
	run_go(run);
	CHECK(established(run));
	CHECK(run->client.secret[0][QUIC_CRYPTO_APP].type == TLS_CIPHER_AES_GCM_128);
	CHECK(one_cipher(TLS_CIPHER_AES_GCM_256));
	CHECK(one_cipher(TLS_CIPHER_AES_CCM_128));
	CHECK(one_cipher(TLS_CIPHER_CHACHA20_POLY1305));
	return true;
}

static bool test_vanished_peer(struct run *run)
{
	struct timeval tv = { .tv_usec = 300000 };
	double start = now_s();

	run->cparms.timeout_ms = 200;
	run->cret = quic_client_handshake_parms(run->client.sockfd, &run->cparms);
	CHECK(run->cret == -ETIMEDOUT);
	CHECK(now_s() - start < 1);

	start = now_s();
	if (setsockopt(run->server.sockfd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)))
		return false;
	run->sparms.timeout_ms = 0;
	/* it reads the ClientHello that the first one sent, and no answer */
	run->sret = quic_server_handshake_parms(run->server.sockfd, &run->sparms);
	CHECK(run->sret == -ETIMEDOUT);
	CHECK(now_s() - start >= 0.29 && now_s() - start < 1.5);
	fake_close(&run->client);
	fake_close(&run->server);
	return true;
}

static bool test_garbage(struct run *run)
{
	unsigned char msg[65] = { QUIC_CRYPTO_INITIAL, 0x42 };

	send(run->client.sockfd, msg, sizeof(msg), 0);
	run->sret = quic_server_handshake_parms(run->server.sockfd, &run->sparms);
	printf("# server %d, close %#x\n", run->sret, run->server.close_own.errcode);
	CHECK(run->sret == -EBADMSG);
	CHECK(run->server.close_own.errcode > 0x100);
	fake_close(&run->client);
	fake_close(&run->server);
	return true;
}

static bool test_bad_files(struct run *run)
{
	run->sparms.cert_file = "/nonexistent/cert";
	CHECK(quic_server_handshake_parms(run->server.sockfd, &run->sparms) == -ENOENT);
	run->sparms.cert_file = junk;
	CHECK(quic_server_handshake_parms(run->server.sockfd, &run->sparms) == -ENOKEY);
	run->sparms.cert_file = NULL;
	CHECK(quic_server_handshake_parms(run->server.sockfd, &run->sparms) == -EINVAL);
	run->sparms.key_file = NULL;
	CHECK(quic_server_handshake_parms(run->server.sockfd, &run->sparms) == -EINVAL);
	run->sparms.psk_file = junk;
	CHECK(quic_server_handshake_parms(run->server.sockfd, &run->sparms) == -ENOKEY);
	run->cparms.ca_file = junk;
	CHECK(quic_client_handshake_parms(run->client.sockfd, &run->cparms) == -ENOKEY);
	run->cparms.size = 3;
	CHECK(quic_client_handshake_parms(run->client.sockfd, &run->cparms) == -EINVAL);
	CHECK(quic_client_handshake(run->client.sockfd, "/nonexistent", NULL, NULL) == -ENOENT);
	fake_close(&run->client);
	fake_close(&run->server);
	return true;
}

/* The cached certificate is given up when its file changes. */
static bool test_rotation(struct run *run)
{
	static char cert[64], key[64];
	struct run *again;
	bool ok;

	make_cert(cert, key, "rotating");
	run->sparms.cert_file = cert;
	run->sparms.key_file = key;
	run->cparms.ca_file = cert;
	run_go(run);
	CHECK(established(run));
	make_cert(cert, key, "rotating");
	again = run_new();
	again->sparms.cert_file = cert;
	again->sparms.key_file = key;
	again->cparms.ca_file = cert;
	run_go(again);
	ok = established(again);
	run_end(again);
	return ok;
}

static gnutls_certificate_credentials_t own_cred;

static gnutls_session_t own_session(unsigned int flags, const char *prio)
{
	gnutls_session_t session;

	if (gnutls_init(&session, flags) ||
	    gnutls_priority_set_direct(session, prio, NULL) ||
	    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, own_cred) ||
	    quic_session_set_alpn(session, "test", 4))
		exit(1);
	return session;
}

/* A server that does not like the group of the client's key share. */
static bool test_hello_retry(struct run *run)
{
	run->ssession = own_session(GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET,
				    QUIC_PRIORITY ":-GROUP-ALL:+GROUP-SECP384R1");
	run_go(run);
	gnutls_deinit(run->ssession);
	CHECK(established(run));
	CHECK(strstr(run->server.log, "rx1 set-param tx1 rx1"));
	return true;
}

/* The protocol is demanded of a client that needs a second hello, too. */
static bool test_hello_retry_alpn(struct run *run)
{
	run->csession = own_session(GNUTLS_CLIENT | GNUTLS_KEY_SHARE_TOP,
				    QUIC_PRIORITY ":-GROUP-ALL:+GROUP-X448:+GROUP-X25519");
	run_go(run);
	gnutls_deinit(run->csession);
	CHECK(established(run));
	CHECK(strstr(run->client.log, "tx1 rx1 get-param tx1 rx1"));
	return true;
}

static gnutls_session_t resumable(struct run *run)
{
	static const unsigned char key[64] = { 9 };
	gnutls_datum_t datum = { (unsigned char *)key, sizeof(key) };

	run->ssession = own_session(GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET, QUIC_PRIORITY);
	if (gnutls_session_ticket_enable_server(run->ssession, &datum))
		exit(1);
	run->csession = own_session(GNUTLS_CLIENT, QUIC_PRIORITY);
	return run->csession;
}

static bool test_resumption(struct run *run)
{
	unsigned char data[4096];
	size_t size = sizeof(data), alpn_len = 16;
	struct run *again;
	char alpn[16];
	bool ok;

	resumable(run);
	run_go(run);
	CHECK(established(run));
	CHECK(!quic_session_get_alpn(run->csession, alpn, &alpn_len));
	CHECK(alpn_len == 4 && !strcmp(alpn, "test"));
	CHECK(!quic_session_get_data(run->csession, data, &size));
	CHECK(size > 64);
	gnutls_deinit(run->csession);
	gnutls_deinit(run->ssession);

	again = run_new();
	CHECK(!quic_session_set_data(resumable(again), data, size));
	run_go(again);
	ok = established(again) && gnutls_session_is_resumed(again->csession) &&
	     !again->client.remembered.remote;	/* a ticket without early data */
	gnutls_deinit(again->csession);
	gnutls_deinit(again->ssession);
	run_end(again);
	return ok;
}

static const struct quic_transport_param limits = {
	.active_connection_id_limit = 7, .ack_delay_exponent = 3, .max_idle_timeout = 30000000,
	.max_udp_payload_size = 1500, .max_streams_bidi = 100, .max_data = 1 << 20,
	.max_stream_data_bidi_remote = 1 << 16,
};

/* A client that wants early data, with a server that any program would have. */
static struct run *early_run(struct run *run, const void *data, size_t size)
{
	if (!run->server.limits.max_data)
		run->server.limits = limits;
	run->csession = own_session(GNUTLS_CLIENT | GNUTLS_ENABLE_EARLY_DATA |
				    GNUTLS_NO_END_OF_EARLY_DATA, QUIC_PRIORITY);
	gnutls_transport_set_int(run->csession, run->client.sockfd);
	if (size && quic_session_set_data(run->csession, data, size))
		exit(1);
	run_go(run);
	return run;
}

static size_t early_data(struct run *run, void *data, size_t size)
{
	early_run(run, NULL, 0);
	if (!established(run) || quic_session_get_data(run->csession, data, &size))
		size = 0;
	gnutls_deinit(run->csession);
	return size;
}

/* What became of the second run: its session is resumed, its early data taken */
static bool early_is(struct run *again, bool resumed, bool taken)
{
	unsigned int flags = gnutls_session_get_flags(again->csession);
	bool ok = established(again) &&
		  gnutls_session_is_resumed(again->csession) == resumed &&
		  !!(flags & GNUTLS_SFLAGS_EARLY_DATA) == taken;

	if (!ok)
		printf("# flags %#x, client: %s, server: %s\n", flags, again->client.log,
		       again->server.log);
	gnutls_deinit(again->csession);
	return ok;
}

static bool test_early_data(struct run *run)
{
	const struct quic_crypto_secret *tx, *rx;
	unsigned char data[4096];
	size_t size = early_data(run, data, sizeof(data));
	struct run *again = run_new();
	bool ok;

	CHECK(size);
	ok = early_is(early_run(again, data, size), true, true);
	printf("# client: %s\n# server: %s\n", again->client.log, again->server.log);
	tx = &again->client.secret[1][QUIC_CRYPTO_EARLY];
	rx = &again->server.secret[0][QUIC_CRYPTO_EARLY];
	CHECK(ok);
	CHECK(strstr(again->client.log, "remember role get-param secret3s tx1 rx1"));
	CHECK(strstr(again->server.log, "rx1 set-param secret3r secret2s"));
	CHECK(tx->type == TLS_CIPHER_AES_GCM_128 && rx->type == tx->type);
	CHECK(!memcmp(tx->secret, rx->secret, sizeof(tx->secret)));
	CHECK(again->client.remembered.remote == 1);
	CHECK(again->client.remembered.max_data == limits.max_data);
	CHECK(again->client.remembered.max_streams_bidi == limits.max_streams_bidi);
	CHECK(again->client.remembered.active_connection_id_limit == 7);
	CHECK(!again->client.remembered.ack_delay_exponent);
	CHECK(!again->client.remembered.max_idle_timeout);
	run_end(again);
	return true;
}

/* What a server promised is in the key of its tickets: less, or else, and they do not open. */
static bool test_early_promise(struct run *run)
{
	unsigned char data[4096];
	size_t i, size = early_data(run, data, sizeof(data));

	CHECK(size);
	for (i = 0; i < 5; i++) {
		struct run *again = run_new();
		bool ok;

		again->server.limits = limits;
		if (i == 0)
			again->server.limits.max_data--;
		else if (i == 1)
			again->server.limits.max_streams_bidi--;
		else if (i == 2)
			again->server.config.payload_cipher_type = TLS_CIPHER_CHACHA20_POLY1305;
		else if (i == 3)
			again->sparms.alpns = "test";
		else
			again->server.limits.max_idle_timeout--;	/* no limit */
		ok = early_is(early_run(again, data, size), i == 4, i == 4);
		CHECK(ok);
		CHECK(again->client.has_secret[1][QUIC_CRYPTO_EARLY]);
		CHECK(again->server.has_secret[0][QUIC_CRYPTO_EARLY] == (i == 4));
		run_end(again);
	}
	return true;
}

/* A module that has no 0-RTT, at either end, is no obstacle. */
static bool test_early_unknown(struct run *run)
{
	unsigned char data[4096];
	size_t size = early_data(run, data, sizeof(data));
	struct run *again = run_new();

	CHECK(size);
	again->client.no_early = true;
	CHECK(early_is(early_run(again, data, size), true, true));
	CHECK(!again->client.has_secret[1][QUIC_CRYPTO_EARLY]);
	run_end(again);
	again = run_new();
	again->server.no_early = true;
	CHECK(early_is(early_run(again, data, size), true, true));
	CHECK(!again->server.has_secret[0][QUIC_CRYPTO_EARLY]);
	run_end(again);
	return true;
}

static bool test_early_bytes(struct run *run)
{
	static const unsigned char key[64] = { 9 };
	gnutls_datum_t datum = { (unsigned char *)key, sizeof(key) };
	unsigned char data[4096];
	size_t size = sizeof(data);

	run->ssession = own_session(GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET |
				    GNUTLS_ENABLE_EARLY_DATA, QUIC_PRIORITY);
	gnutls_session_ticket_enable_server(run->ssession, &datum);
	gnutls_record_set_max_early_data_size(run->ssession, 16384);
	early_run(run, NULL, 0);
	CHECK(established(run));
	CHECK(quic_session_get_data(run->csession, data, &size) == -EPROTO);
	CHECK(run->client.close_own.errcode == QUIC_TRANSPORT_ERROR_PROTOCOL_VIOLATION);
	gnutls_deinit(run->csession);
	gnutls_deinit(run->ssession);
	return true;
}

static unsigned int trust_loads;

int __real_gnutls_certificate_set_x509_system_trust(gnutls_certificate_credentials_t cred);
int __wrap_gnutls_certificate_set_x509_system_trust(gnutls_certificate_credentials_t cred);

int __wrap_gnutls_certificate_set_x509_system_trust(gnutls_certificate_credentials_t cred)
{
	__atomic_add_fetch(&trust_loads, 1, __ATOMIC_SEQ_CST);
	return __real_gnutls_certificate_set_x509_system_trust(cred);
}

/* The system's trust is loaded once for a process, not for each connection. */
static bool test_cache(struct run *run)
{
	int i;

	fake_close(&run->client);
	fake_close(&run->server);
	for (i = 0; i < 20; i++) {
		struct run *again = run_new();

		again->cparms.ca_file = NULL;
		run_go(again);
		if (again->cret != -EKEYREJECTED)
			return false;
		run_end(again);
	}
	printf("# the system's trust was loaded %u time(s)\n", trust_loads);
	CHECK(trust_loads == 1);
	return true;
}

static bool test_stream_helpers(struct run *run)
{
	char buf[16];
	int fds[2];

	fake_close(&run->client);
	fake_close(&run->server);
	/* a unix socket refuses nothing of another level, so this shows the data path */
	CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds));
	CHECK(quic_sendmsg(fds[0], "abc", 3, 0, MSG_QUIC_STREAM_NEW | MSG_QUIC_STREAM_FIN) == 3);

	int64_t sid = 5;
	uint32_t flags = 0;

	CHECK(quic_recvmsg(fds[1], buf, sizeof(buf), &sid, &flags) == 3);
	CHECK(sid == -1 && !memcmp(buf, "abc", 3));
	flags = MSG_DONTWAIT;
	CHECK(quic_recvmsg(fds[1], buf, sizeof(buf), NULL, &flags) == -1 && errno == EAGAIN);
	close(fds[0]);
	close(fds[1]);
	return true;
}

static const struct {
	const char *name;
	bool (*fn)(struct run *run);
	bool closes;		/* the test has closed both ends */
} tests[] = {
	{ "order of calls", test_order, false },
	{ "no ticket key", test_no_ticket_key, false },
	{ "messages in fragments", test_fragments, false },
	{ "ciphers", test_ciphers, false },
	{ "hello retry", test_hello_retry, false },
	{ "hello retry with ALPN", test_hello_retry_alpn, false },
	{ "resumption", test_resumption, false },
	{ "early data", test_early_data, false },
	{ "early data and what was promised", test_early_promise, false },
	{ "early data that a module does not know", test_early_unknown, false },
	{ "early data of too few bytes", test_early_bytes, false },
	{ "insecure client", test_insecure, false },
	{ "throwaway certificate", test_throwaway, false },
	{ "certificate rotation", test_rotation, false },
	{ "pre-shared key", test_psk, false },
	{ "the classic calls", test_plain_calls, false },
	{ "wrong CA", test_wrong_ca, false },
	{ "wrong name", test_wrong_name, false },
	{ "not in the system trust", test_system_trust, false },
	{ "wrong ALPN", test_wrong_alpn, false },
	{ "client without ALPN", test_client_without_alpn, false },
	{ "server without ALPN", test_server_without_alpn, false },
	{ "client without transport parameters", test_client_without_param, false },
	{ "server without transport parameters", test_server_without_param, false },
	{ "refused transport parameters", test_refused_param, false },
	{ "wrong pre-shared key", test_wrong_psk, false },
	{ "unknown identity of a key", test_unknown_psk, false },
	{ "pre-shared key against certificate", test_psk_against_certificate, false },
	{ "vanished peer", test_vanished_peer, true },
	{ "garbage", test_garbage, true },
	{ "bad files", test_bad_files, true },
	{ "trust is cached", test_cache, true },
	{ "stream helpers", test_stream_helpers, true },
};

static void set_up(void)
{
	if (!mkdtemp(dir))
		exit(1);
	make_cert(cert_a, key_a, "a");
	make_cert(cert_b, key_b, "b");
	make_text(psk_a, "a.psk", "alice:00112233445566778899aabbccddeeff\n");
	make_text(psk_b, "b.psk", "alice:ff112233445566778899aabbccddeeff\n");
	make_text(psk_c, "c.psk", "mallory:00112233445566778899aabbccddeeff\n");
	make_text(junk, "junk", "this is neither a certificate nor a key\n");
	if (gnutls_certificate_allocate_credentials(&own_cred) ||
	    gnutls_certificate_set_x509_key_file(own_cred, cert_a, key_a, GNUTLS_X509_FMT_PEM) < 0)
		exit(1);
}

static void tear_down(void)
{
	static const char *const names[] = { "a.crt", "a.key", "b.crt", "b.key", "a.psk", "b.psk",
					     "c.psk", "junk", "rotating.crt", "rotating.key" };
	char path[128];
	size_t i;

	gnutls_certificate_free_credentials(own_cred);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

int main(void)
{
	size_t i, n = sizeof(tests) / sizeof(tests[0]);
	struct run *run;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!getenv("VERBOSE"))
		quic_set_log_level(-1);
	set_up();
	printf("TAP version 13\n1..%zu\n", n);
	for (i = 0; i < n; i++) {
		run = run_new();
		report(tests[i].fn(run), tests[i].name);
		if (tests[i].closes)
			free(run);
		else
			run_end(run);
	}
	tear_down();
	printf("# %u passed, %u failed\n", count - failed, failed);
	return failed ? 1 : 0;
}

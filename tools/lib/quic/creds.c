// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Certificates and pre-shared keys. What is costly to load (the system's trust
 * above all) is loaded once per process and kept until its file changes. It
 * never looks at a socket or a session.
 */
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "internal.h"

#define PSK_LINE_BYTES		1024
#define THROWAWAY_DAYS		30

/* A file by which credentials were made, as it was then. */
struct cred_file {
	char *name;		/* NULL: none */
	struct timespec mtime;
	off_t size;
	ino_t ino;
};

enum { FILE_CA, FILE_CERT, FILE_KEY, FILES };

struct quic_cert_creds {
	struct quic_cert_creds *next;
	gnutls_certificate_credentials_t cred;
	struct cred_file files[FILES];
	bool server;
	unsigned int flags;	/* QUIC_HANDSHAKE_F_* */
	unsigned int refs;	/* sessions, and one for the list */
};

/* Protects the list, the references and the throwaway certificate. */
static pthread_mutex_t creds_lock = PTHREAD_MUTEX_INITIALIZER;
static struct quic_cert_creds *cert_list;
static gnutls_datum_t throwaway_cert;
static gnutls_datum_t throwaway_key;

static int file_note(struct cred_file *file, const char *name)
{
	struct stat st;

	if (!name)
		return 0;
	if (stat(name, &st)) {
		quic_log(LOG_ERR, "%s: %s", name, strerror(errno));
		return -errno;
	}
	file->name = strdup(name);
	if (!file->name)
		return -ENOMEM;
	file->mtime = st.st_mtim;
	file->size = st.st_size;
	file->ino = st.st_ino;
	return 0;
}

static bool file_same_name(const struct cred_file *file, const char *name)
{
	if (!file->name || !name)
		return file->name == name;
	return !strcmp(file->name, name);
}

static bool file_unchanged(const struct cred_file *file)
{
	struct stat st;

	if (!file->name)
		return true;
	return !stat(file->name, &st) && st.st_size == file->size && st.st_ino == file->ino &&
	       st.st_mtim.tv_sec == file->mtime.tv_sec &&
	       st.st_mtim.tv_nsec == file->mtime.tv_nsec;
}

static void creds_free(struct quic_cert_creds *creds)
{
	int i;

	for (i = 0; i < FILES; i++)
		free(creds->files[i].name);
	if (creds->cred)
		gnutls_certificate_free_credentials(creds->cred);
	free(creds);
}

static void put_locked(struct quic_cert_creds *creds)
{
	if (!--creds->refs)
		creds_free(creds);
}

/* The cached one, or NULL; one whose files changed leaves the list. */
static struct quic_cert_creds *creds_lookup(const struct quic_handshake_parms *parms, bool server)
{
	struct quic_cert_creds **pos, *creds;
	int i;

	for (pos = &cert_list; *pos; pos = &(*pos)->next) {
		creds = *pos;
		if (creds->server != server || creds->flags != parms->flags ||
		    !file_same_name(&creds->files[FILE_CA], parms->ca_file) ||
		    !file_same_name(&creds->files[FILE_CERT], parms->cert_file) ||
		    !file_same_name(&creds->files[FILE_KEY], parms->key_file))
			continue;
		for (i = 0; i < FILES && file_unchanged(&creds->files[i]); i++)
			;
		if (i == FILES)
			return creds;
		*pos = creds->next;
		put_locked(creds);
		return NULL;
	}
	return NULL;
}

static int load_trust(struct quic_cert_creds *creds)
{
	const char *ca_file = creds->files[FILE_CA].name;
	int n;

	if (!ca_file) {
		n = gnutls_certificate_set_x509_system_trust(creds->cred);
		if (n < 0)
			quic_log_gnutls("system trust", n);
		return n < 0 ? -ENOKEY : 0;
	}
	n = gnutls_certificate_set_x509_trust_file(creds->cred, ca_file, GNUTLS_X509_FMT_PEM);
	if (n > 0)
		return 0;
	quic_log(LOG_ERR, "%s: %s", ca_file, n ? gnutls_strerror(n) : "no certificate in it");
	return -ENOKEY;
}

static int load_key_pair(struct quic_cert_creds *creds)
{
	const char *cert = creds->files[FILE_CERT].name, *key = creds->files[FILE_KEY].name;
	int ret;

	ret = gnutls_certificate_set_x509_key_file(creds->cred, cert, key, GNUTLS_X509_FMT_PEM);
	if (ret >= 0)
		return 0;
	quic_log(LOG_ERR, "%s, %s: %s", cert, key, gnutls_strerror(ret));
	return -ENOKEY;
}

static int load_throwaway(struct quic_cert_creds *creds)
{
	int ret;

	if (!throwaway_cert.data) {
		ret = quic_make_throwaway_cert(0, &throwaway_cert, &throwaway_key);
		if (ret)
			return ret;
	}
	ret = gnutls_certificate_set_x509_key_mem(creds->cred, &throwaway_cert, &throwaway_key,
						  GNUTLS_X509_FMT_PEM);
	return ret < 0 ? -ENOKEY : 0;
}

static int creds_load(struct quic_cert_creds *creds)
{
	bool verifies = creds->files[FILE_CA].name ||
			(!creds->server && !(creds->flags & QUIC_HANDSHAKE_F_INSECURE));
	int ret;

	ret = gnutls_certificate_allocate_credentials(&creds->cred);
	if (ret)
		return quic_error_from_gnutls(ret);
	if (verifies)
		ret = load_trust(creds);
	if (!ret && creds->files[FILE_CERT].name)
		ret = load_key_pair(creds);
	else if (!ret && creds->server)
		ret = load_throwaway(creds);
	return ret;
}

static int creds_make(const struct quic_handshake_parms *parms, bool server,
		      struct quic_cert_creds **made)
{
	struct quic_cert_creds *creds = calloc(1, sizeof(*creds));
	int ret;

	if (!creds)
		return -ENOMEM;
	creds->server = server;
	creds->flags = parms->flags;
	ret = file_note(&creds->files[FILE_CA], parms->ca_file);
	if (!ret)
		ret = file_note(&creds->files[FILE_CERT], parms->cert_file);
	if (!ret)
		ret = file_note(&creds->files[FILE_KEY], parms->key_file);
	if (!ret)
		ret = creds_load(creds);
	if (ret)
		creds_free(creds);
	else
		*made = creds;
	return ret;
}

/**
 * quic_creds_cert_get - certificate credentials, from the cache if they can be
 * @parms: files and flags
 * @server: which side they are for
 * @creds: out: to be given back by quic_creds_cert_put()
 *
 * Return: 0 or negative errno: of opening a file, -ENOKEY when its content
 * does not serve, -EINVAL when a server names neither files nor throwaway.
 */
int quic_creds_cert_get(const struct quic_handshake_parms *parms, bool server,
			struct quic_cert_creds **creds)
{
	struct quic_cert_creds *found;
	int ret = 0;

	if (!parms->cert_file != !parms->key_file)
		return -EINVAL;
	if (server && !parms->cert_file && !(parms->flags & QUIC_HANDSHAKE_F_THROWAWAY))
		return -EINVAL;
	pthread_mutex_lock(&creds_lock);
	found = creds_lookup(parms, server);
	if (!found) {
		ret = creds_make(parms, server, &found);
		if (!ret) {
			found->refs = 1;
			found->next = cert_list;
			cert_list = found;
		}
	}
	if (!ret) {
		found->refs++;
		*creds = found;
	}
	pthread_mutex_unlock(&creds_lock);
	return ret;
}

/**
 * quic_creds_cert_put - give back what quic_creds_cert_get() gave
 * @creds: no session may use them any more
 */
void quic_creds_cert_put(struct quic_cert_creds *creds)
{
	pthread_mutex_lock(&creds_lock);
	put_locked(creds);
	pthread_mutex_unlock(&creds_lock);
}

/**
 * quic_creds_cert_handle - what gnutls_credentials_set() wants
 * @creds: from quic_creds_cert_get()
 *
 * Return: the handle, good until @creds is put.
 */
gnutls_certificate_credentials_t quic_creds_cert_handle(struct quic_cert_creds *creds)
{
	return creds->cred;
}

/* Cut "identity:hexkey" in two, in place. */
static bool split_psk_line(char *line, char **key)
{
	char *colon, *end, *p;

	line[strcspn(line, "\r\n")] = '\0';
	colon = strrchr(line, ':');
	if (!colon || colon == line)
		return false;
	end = colon + strlen(colon);
	if (end == colon + 1 || (end - colon - 1) % 2)
		return false;
	for (p = colon + 1; p < end; p++)
		if (!isxdigit((unsigned char)*p))
			return false;
	*colon = '\0';
	*key = colon + 1;
	return true;
}

/* First line that is neither empty nor a comment. */
static int read_psk_line(const char *file, char *line, char **key)
{
	FILE *f = fopen(file, "re");
	int ret = -ENOKEY;

	if (!f)
		return -errno;
	while (fgets(line, PSK_LINE_BYTES, f)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (split_psk_line(line, key))
			ret = 0;
		break;
	}
	fclose(f);
	return ret;
}

/**
 * quic_creds_is_psk_file - tell a PSK file from a private key
 * @file: its name
 *
 * Return: true when its first line has the form "identity:hexkey".
 */
bool quic_creds_is_psk_file(const char *file)
{
	char line[PSK_LINE_BYTES], *key;
	bool is_psk = !read_psk_line(file, line, &key);

	explicit_bzero(line, sizeof(line));
	return is_psk;
}

/**
 * quic_creds_psk_client - the first key of a file, for a client
 * @file: lines "identity:hexkey"
 * @cred: out: the caller frees it
 *
 * Return: 0 or negative errno, -ENOKEY when the file has no such line.
 */
int quic_creds_psk_client(const char *file, gnutls_psk_client_credentials_t *cred)
{
	char line[PSK_LINE_BYTES], *hex;
	gnutls_datum_t key;
	int ret;

	ret = read_psk_line(file, line, &hex);
	if (ret) {
		quic_log(LOG_ERR, "%s: no pre-shared key: %s", file, strerror(-ret));
		return ret;
	}
	key.data = (unsigned char *)hex;
	key.size = (unsigned int)strlen(hex);
	ret = gnutls_psk_allocate_client_credentials(cred);
	if (!ret) {
		ret = gnutls_psk_set_client_credentials(*cred, line, &key, GNUTLS_PSK_KEY_HEX);
		if (ret) {
			gnutls_psk_free_client_credentials(*cred);
			*cred = NULL;
		}
	}
	explicit_bzero(line, sizeof(line));
	return ret ? quic_error_from_gnutls(ret) : 0;
}

/**
 * quic_creds_psk_server - all keys of a file, for a server
 * @file: lines "identity:hexkey", read anew in every handshake
 * @cred: out: the caller frees it
 *
 * Return: 0 or negative errno, -ENOKEY when the file has no such line.
 */
int quic_creds_psk_server(const char *file, gnutls_psk_server_credentials_t *cred)
{
	char line[PSK_LINE_BYTES], *key;
	int ret;

	ret = read_psk_line(file, line, &key);
	explicit_bzero(line, sizeof(line));
	if (ret) {
		quic_log(LOG_ERR, "%s: no pre-shared key: %s", file, strerror(-ret));
		return ret;
	}
	ret = gnutls_psk_allocate_server_credentials(cred);
	if (ret)
		return quic_error_from_gnutls(ret);
	ret = gnutls_psk_set_server_credentials_file(*cred, file);
	if (ret) {
		quic_log(LOG_ERR, "%s: %s", file, gnutls_strerror(ret));
		gnutls_psk_free_server_credentials(*cred);
		*cred = NULL;
		return -ENOKEY;
	}
	return 0;
}

static int fill_cert(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
	static const unsigned char ip6[16] = { [15] = 1 };
	static const unsigned char ip4[4] = { 127, 0, 0, 1 };
	unsigned char serial[8];
	time_t now = time(NULL);
	int ret;

	ret = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));
	serial[0] &= 0x7f;
	if (!ret)
		ret = gnutls_x509_crt_set_version(crt, 3);
	if (!ret)
		ret = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
	if (!ret)
		ret = gnutls_x509_crt_set_activation_time(crt, now - 3600);
	if (!ret)
		ret = gnutls_x509_crt_set_expiration_time(crt, now + THROWAWAY_DAYS * 86400);
	if (!ret)
		ret = gnutls_x509_crt_set_dn(crt, "CN=localhost", NULL);
	if (!ret)
		ret = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, "localhost", 9,
							   GNUTLS_FSAN_SET);
	if (!ret)
		ret = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, ip4,
							   sizeof(ip4), GNUTLS_FSAN_APPEND);
	if (!ret)
		ret = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, ip6,
							   sizeof(ip6), GNUTLS_FSAN_APPEND);
	if (!ret)
		ret = gnutls_x509_crt_set_basic_constraints(crt, 1, -1);
	if (!ret)
		ret = gnutls_x509_crt_set_key(crt, key);
	if (!ret)
		ret = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	return ret;
}

/**
 * quic_make_throwaway_cert - a self-signed certificate for localhost
 * @rsa_bits: size of an RSA key, 0 for an EC key on P-256
 * @cert_pem: out: the caller frees data with gnutls_free()
 * @key_pem: out: likewise; a secret
 *
 * For tests and measurements: nobody but the caller can verify it.
 *
 * Return: 0 or negative errno.
 */
int quic_make_throwaway_cert(unsigned int rsa_bits, gnutls_datum_t *cert_pem,
			     gnutls_datum_t *key_pem)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t crt = NULL;
	int ret;

	memset(cert_pem, 0, sizeof(*cert_pem));
	memset(key_pem, 0, sizeof(*key_pem));
	ret = gnutls_x509_privkey_init(&key);
	if (!ret)
		ret = gnutls_x509_privkey_generate(key, rsa_bits ? GNUTLS_PK_RSA : GNUTLS_PK_ECDSA,
						   rsa_bits ? rsa_bits :
						   GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
						   0);
	if (!ret)
		ret = gnutls_x509_crt_init(&crt);
	if (!ret)
		ret = fill_cert(crt, key);
	if (!ret)
		ret = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, cert_pem);
	if (!ret)
		ret = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, key_pem);
	if (ret) {
		quic_log_gnutls("making a certificate", ret);
		gnutls_free(cert_pem->data);
		cert_pem->data = NULL;
	}
	if (crt)
		gnutls_x509_crt_deinit(crt);
	if (key)
		gnutls_x509_privkey_deinit(key);
	return ret ? quic_error_from_gnutls(ret) : 0;
}

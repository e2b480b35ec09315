// SPDX-License-Identifier: GPL-2.0
/*
 * quicize: runs a TCP program with its stream sockets as QUIC sockets. It turns
 * options into the environment of libquicize.so, preloads that, and is gone.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef QUICIZE_LIBDIR
#define QUICIZE_LIBDIR	"/usr/local/lib/quicize"
#endif

#define LIBRARY	"libquicize.so"

static const struct option options[] = {
	{ "cert", required_argument, NULL, 'c' },
	{ "key", required_argument, NULL, 'k' },
	{ "psk", required_argument, NULL, 'p' },
	{ "ca", required_argument, NULL, 'C' },
	{ "name", required_argument, NULL, 'n' },
	{ "alpn", required_argument, NULL, 'a' },
	{ "timeout", required_argument, NULL, 't' },
	{ "insecure", no_argument, NULL, 'i' },
	{ "no-encrypt", no_argument, NULL, 'E' },
	{ "debug", no_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static void usage(FILE *out)
{
	fputs("usage: quicize [OPTIONS] PROGRAM [ARGS]\n"
	      "Run PROGRAM with its TCP sockets as QUIC sockets.\n"
	      "  --cert FILE --key FILE  server: certificate and key (default: a throwaway one)\n"
	      "  --psk FILE              both: lines identity:hexkey, instead of certificates\n"
	      "  --ca FILE               client: trusted certificates (default: the system's)\n"
	      "  --name NAME             client: name in the certificate (default: the address)\n"
	      "  --insecure              client: accept any certificate\n"
	      "  --alpn NAMES            both: application protocols (default: quicize)\n"
	      "  --timeout SECONDS       both: longest handshake (default: 10)\n"
	      "  --no-encrypt            both: do not encrypt data, for measuring only\n"
	      "  --debug                 say on standard error what fails\n", out);
}

static void set_env(const char *name, const char *value)
{
	if (setenv(name, value, 1)) {
		perror("quicize: setenv");
		exit(125);
	}
}

/* The program may change its folder, so a relative name would not do. */
static void set_env_file(const char *name, const char *file)
{
	char path[PATH_MAX];

	if (!realpath(file, path)) {
		fprintf(stderr, "quicize: %s: %s\n", file, strerror(errno));
		exit(125);
	}
	set_env(name, path);
}

static void set_env_timeout(const char *seconds)
{
	char *end, ms[32];
	double s = strtod(seconds, &end);

	if (*end || s <= 0 || s > 3600) {
		fprintf(stderr, "quicize: no number of seconds up to 3600: %s\n", seconds);
		exit(125);
	}
	snprintf(ms, sizeof(ms), "%d", (int)(s * 1000 + 0.5));
	set_env("QUICIZE_TIMEOUT_MS", ms);
}

static void take_option(int opt)
{
	switch (opt) {
	case 'c':
		set_env_file("QUICIZE_CERT", optarg);
		break;
	case 'k':
		set_env_file("QUICIZE_KEY", optarg);
		break;
	case 'p':
		set_env_file("QUICIZE_PSK", optarg);
		break;
	case 'C':
		set_env_file("QUICIZE_CA", optarg);
		break;
	case 'n':
		set_env("QUICIZE_NAME", optarg);
		break;
	case 'a':
		set_env("QUICIZE_ALPN", optarg);
		break;
	case 't':
		set_env_timeout(optarg);
		break;
	case 'i':
		set_env("QUICIZE_INSECURE", "1");
		break;
	case 'E':
		set_env("QUICIZE_NO_ENCRYPT", "1");
		break;
	case 'd':
		set_env("QUICIZE_DEBUG", "1");
		break;
	case 'h':
		usage(stdout);
		exit(0);
	default:
		usage(stderr);
		exit(125);
	}
}

/* Beside the program in a build tree, else where it is installed. */
static void preload(void)
{
	char path[PATH_MAX + sizeof(LIBRARY)], list[2 * PATH_MAX];
	const char *old = getenv("LD_PRELOAD");
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		strcpy(slash + 1, LIBRARY);
	if (!slash || access(path, R_OK))
		snprintf(path, sizeof(path), "%s/%s", QUICIZE_LIBDIR, LIBRARY);
	if (access(path, R_OK)) {
		fprintf(stderr, "quicize: %s: %s\n", path, strerror(errno));
		exit(125);
	}
	snprintf(list, sizeof(list), "%s%s%s", path, old ? ":" : "", old ? old : "");
	set_env("LD_PRELOAD", list);
}

int main(int argc, char **argv)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "+h", options, NULL)) != -1)
		take_option(opt);
	if (optind == argc) {
		usage(stderr);
		return 125;
	}
	if (!getenv("QUICIZE_CERT") != !getenv("QUICIZE_KEY")) {
		fputs("quicize: --cert and --key go together\n", stderr);
		return 125;
	}
	preload();
	execvp(argv[optind], argv + optind);
	fprintf(stderr, "quicize: %s: %s\n", argv[optind], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * tquic_bench: measures QUIC sockets, between machines or on one. This file has
 * the command line, the forking of both ends and the printing; the tests are in
 * the other quic_*.c files.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "quic.h"

struct bench_opts opts = {
	.port = "5301",
	.name = "localhost",
	.connections = 1,
	.streams = 1,
	.seconds = 5,
	.size = 65536,
};

static bool size_given;
static bool out_first;

/**
 * out_begin - begin the line of results of a test
 * @test: its name
 */
void out_begin(const char *test)
{
	out_first = true;
	if (opts.json)
		putchar('{');
	out_text("test", test);
}

static void out_name(const char *name)
{
	if (!out_first)
		putchar(opts.json ? ',' : ' ');
	out_first = false;
	printf(opts.json ? "\"%s\":" : "%s=", name);
}

/**
 * out_num - a number with decimals
 * @name: with its unit
 * @value: the number
 */
void out_num(const char *name, double value)
{
	out_name(name);
	printf("%.4f", value);
}

/**
 * out_count - a whole number
 * @name: of what
 * @value: the number
 */
void out_count(const char *name, unsigned long long value)
{
	out_name(name);
	printf("%llu", value);
}

/**
 * out_text - a word
 * @name: of what
 * @value: needs no quoting
 */
void out_text(const char *name, const char *value)
{
	out_name(name);
	printf(opts.json ? "\"%s\"" : "%s", value);
}

/**
 * out_end - end the line
 */
void out_end(void)
{
	puts(opts.json ? "}" : "");
	fflush(stdout);
}

/**
 * around - run the command of --around
 * @when: its argument
 */
void around(const char *when)
{
	char command[512];

	if (!opts.around)
		return;
	fflush(NULL);
	snprintf(command, sizeof(command), "%s %s", opts.around, when);
	if (system(command))
		die("failed: %s", command);
}

static char temp_dir[] = "/tmp/tquic_bench-XXXXXX";
static char temp_cert[64], temp_key[64];

static void write_pem(const char *path, gnutls_datum_t *pem)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(pem->data, 1, pem->size, f) != pem->size || fclose(f))
		die_errno(path, errno);
	gnutls_free(pem->data);
}

static void remove_temp(void)
{
	unlink(temp_cert);
	unlink(temp_key);
	rmdir(temp_dir);
}

/* Both ends here and no keys given: a certificate that the client does verify. */
static void make_cert(void)
{
	gnutls_datum_t cert, key;
	mode_t mask = umask(077);

	if (!mkdtemp(temp_dir))
		die_errno(temp_dir, errno);
	snprintf(temp_cert, sizeof(temp_cert), "%s/cert.pem", temp_dir);
	snprintf(temp_key, sizeof(temp_key), "%s/key.pem", temp_dir);
	if (quic_make_throwaway_cert(opts.rsa ? 2048 : 0, &cert, &key))
		die("making a certificate");
	write_pem(temp_cert, &cert);
	write_pem(temp_key, &key);
	umask(mask);
	opts.throwaway = true;
	opts.cert_file = temp_cert;
	opts.key_file = temp_key;
	opts.ca_file = temp_cert;
}

static void client_run(const struct bench_addr *addr)
{
	if (opts.handshakes)
		client_handshakes(addr);
	if (opts.fresh)
		client_fresh(addr);
	if (opts.latency)
		client_latency(addr);
	if (opts.idle)
		client_idle(addr);
	if (opts.held)
		client_held(addr);
	if (!opts.handshakes && !opts.tcp_handshakes && !opts.fresh && !opts.latency &&
	    !opts.idle && !opts.held)
		client_bulk(addr);
}

static pid_t fork_server(int listener, void (*run)(int listener))
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die_errno("fork", errno);
	if (pid) {
		close(listener);
		return pid;
	}
	/* a server without its client is of no use */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	run(listener);
	_exit(0);
}

static pid_t server_pid;

static void kill_server(void)
{
	if (server_pid > 0 && kill(server_pid, SIGKILL) == 0)
		waitpid(server_pid, NULL, 0);
	server_pid = 0;
}

static void loop_tcp(void)
{
	struct bench_addr addr;
	int fd;

	parse_addr(opts.host, "0", false, &addr);
	fd = tcp_listen(&addr);
	server_pid = fork_server(fd, tcp_server_run);
	tcp_client_handshakes(&addr);
	kill_server();
}

static void loop_quic(void)
{
	struct bench_addr addr;
	int fd;

	parse_addr(opts.host, "0", false, &addr);
	fd = conn_listen(&addr);
	server_pid = fork_server(fd, server_run);
	client_run(&addr);
	kill_server();
}

/* Only the process that began removes and kills. */
static pid_t main_pid;

static void at_end(void)
{
	if (getpid() != main_pid)
		return;
	kill_server();
	if (temp_cert[0])
		remove_temp();
}

static void on_signal(int sig)
{
	if (getpid() == main_pid && temp_cert[0])
		remove_temp();
	_exit(128 + sig);
}

static void loop(void)
{
	if (!opts.host)
		opts.host = "127.0.0.1";
	if (!opts.cert_file && !opts.psk_file)
		make_cert();
	if (opts.tcp_handshakes)
		loop_tcp();
	if (!opts.tcp_handshakes || opts.handshakes || opts.fresh || opts.latency || opts.idle ||
	    opts.held)
		loop_quic();
}

static void usage(void)
{
	fputs("usage: tquic_bench server|client|loop [OPTIONS] [HOST]\n"
	      "  what to measure (default: bulk)\n"
	      "    --handshakes N      full handshakes, one by one\n"
	      "    --tcp-handshakes N  loop: the same with TLS over TCP\n"
	      "    --fresh N           64 KB (or --bytes) on each of N new connections\n"
	      "    --latency           round trips of --size bytes (1)\n"
	      "    --idle N            loop: memory of N idle connections\n"
	      "    --held N            loop: memory for --bytes (1M) in flight on each of N; needs\n"
	      "                        --around with a command that makes the link drop all\n"
	      "  how\n"
	      "    --connections N --streams N --size BYTES --duration S | --bytes N\n"
	      "    --zerocopy          send by MSG_ZEROCOPY, count the completions\n"
	      "    --sendfile          send by sendfile(), one stream\n"
	      "    --verify            the receiver checks each byte, not only some of each block\n"
	      "    --around CMD        run CMD begin before the first write, CMD end after the last\n"
	      "                        byte has arrived\n"
	      "    --settle BYTES      send so many before all that, and wait until they have arrived\n"
	      "    --no-encrypt        both ends: 1-RTT packets in the clear\n"
	      "    --mtu BYTES         both ends: largest UDP payload\n"
	      "    --nodelay           send small writes at once\n"
	      "    --rsa               loop: RSA-2048 certificate instead of P-256\n"
	      "    --cert F --key F, --ca F, --name NAME, --psk F, --port P, --json\n", stderr);
	exit(2);
}

enum {
	OPT_HANDSHAKES = 1000, OPT_TCP_HANDSHAKES, OPT_FRESH, OPT_LATENCY, OPT_IDLE, OPT_HELD,
	OPT_CONNECTIONS, OPT_STREAMS, OPT_SIZE, OPT_DURATION, OPT_BYTES, OPT_VERIFY, OPT_ZEROCOPY,
	OPT_SENDFILE, OPT_AROUND, OPT_SETTLE,
	OPT_NO_ENCRYPT, OPT_MTU, OPT_NODELAY, OPT_RSA, OPT_CERT, OPT_KEY, OPT_CA, OPT_NAME,
	OPT_PSK, OPT_PORT, OPT_JSON,
};

static const struct option options[] = {
	{ "handshakes", required_argument, NULL, OPT_HANDSHAKES },
	{ "tcp-handshakes", required_argument, NULL, OPT_TCP_HANDSHAKES },
	{ "fresh", required_argument, NULL, OPT_FRESH },
	{ "latency", no_argument, NULL, OPT_LATENCY },
	{ "idle", required_argument, NULL, OPT_IDLE },
	{ "held", required_argument, NULL, OPT_HELD },
	{ "connections", required_argument, NULL, OPT_CONNECTIONS },
	{ "streams", required_argument, NULL, OPT_STREAMS },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "bytes", required_argument, NULL, OPT_BYTES },
	{ "verify", no_argument, NULL, OPT_VERIFY },
	{ "zerocopy", no_argument, NULL, OPT_ZEROCOPY },
	{ "sendfile", no_argument, NULL, OPT_SENDFILE },
	{ "around", required_argument, NULL, OPT_AROUND },
	{ "settle", required_argument, NULL, OPT_SETTLE },
	{ "no-encrypt", no_argument, NULL, OPT_NO_ENCRYPT },
	{ "mtu", required_argument, NULL, OPT_MTU },
	{ "nodelay", no_argument, NULL, OPT_NODELAY },
	{ "rsa", no_argument, NULL, OPT_RSA },
	{ "cert", required_argument, NULL, OPT_CERT },
	{ "key", required_argument, NULL, OPT_KEY },
	{ "ca", required_argument, NULL, OPT_CA },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "psk", required_argument, NULL, OPT_PSK },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ }
};

static bool take_test(int opt)
{
	switch (opt) {
	case OPT_HANDSHAKES:
		opts.handshakes = parse_count(optarg);
		return true;
	case OPT_TCP_HANDSHAKES:
		opts.tcp_handshakes = parse_count(optarg);
		return true;
	case OPT_FRESH:
		opts.fresh = parse_count(optarg);
		return true;
	case OPT_LATENCY:
		opts.latency = true;
		return true;
	case OPT_IDLE:
		opts.idle = parse_count(optarg);
		return true;
	case OPT_HELD:
		opts.held = parse_count(optarg);
		return true;
	default:
		return false;
	}
}

static bool take_amount(int opt)
{
	switch (opt) {
	case OPT_CONNECTIONS:
		opts.connections = parse_count(optarg);
		return true;
	case OPT_STREAMS:
		opts.streams = parse_count(optarg);
		return true;
	case OPT_SIZE:
		opts.size = parse_size(optarg);
		size_given = true;
		return true;
	case OPT_DURATION:
		opts.seconds = parse_seconds(optarg);
		return true;
	case OPT_BYTES:
		opts.bytes = parse_size(optarg);
		return true;
	case OPT_SETTLE:
		opts.settle = parse_size(optarg);
		return true;
	case OPT_MTU:
		opts.mtu = parse_count(optarg);
		return true;
	default:
		return false;
	}
}

static bool take_setting(int opt)
{
	switch (opt) {
	case OPT_VERIFY:
		opts.verify = true;
		return true;
	case OPT_ZEROCOPY:
		opts.zerocopy = true;
		return true;
	case OPT_SENDFILE:
		opts.sendfile = true;
		return true;
	case OPT_AROUND:
		opts.around = optarg;
		return true;
	case OPT_NO_ENCRYPT:
		opts.no_encrypt = true;
		return true;
	case OPT_NODELAY:
		opts.nodelay = true;
		return true;
	case OPT_RSA:
		opts.rsa = true;
		return true;
	case OPT_CERT:
		opts.cert_file = optarg;
		return true;
	case OPT_KEY:
		opts.key_file = optarg;
		return true;
	case OPT_CA:
		opts.ca_file = optarg;
		return true;
	case OPT_NAME:
		opts.name = optarg;
		return true;
	case OPT_PSK:
		opts.psk_file = optarg;
		return true;
	case OPT_PORT:
		opts.port = optarg;
		return true;
	case OPT_JSON:
		opts.json = true;
		return true;
	default:
		return false;
	}
}

static void parse_options(int argc, char **argv)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take_test(opt) && !take_amount(opt) && !take_setting(opt))
			usage();
	if (optind == argc)
		usage();
	opts.host = optind + 1 < argc ? argv[optind + 1] : NULL;
	if (opts.latency && !size_given)
		opts.size = 1;
	if (!opts.size || opts.size > PATTERN_MAX)
		die("size: 1 byte to 4 MB");
	if (opts.streams > BENCH_STREAMS_MAX)
		die("streams: at most %d", BENCH_STREAMS_MAX);
	if (opts.sendfile && (opts.streams > 1 || opts.zerocopy))
		die("sendfile: one stream, and not with --zerocopy");
	if (opts.mtu > 65527)
		die("mtu: at most 65527");
	if (!opts.cert_file != !opts.key_file)
		die("--cert and --key go together");
}

int main(int argc, char **argv)
{
	struct bench_addr addr;

	parse_options(argc, argv);
	main_pid = getpid();
	atexit(at_end);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	pattern_at(0, 0);
	if (!strcmp(argv[optind], "loop")) {
		loop();
	} else if (!strcmp(argv[optind], "server")) {
		parse_addr(opts.host, opts.port, true, &addr);
		server_run(conn_listen(&addr));
	} else if (!strcmp(argv[optind], "client") && opts.host) {
		parse_addr(opts.host, opts.port, false, &addr);
		client_run(&addr);
	} else {
		usage();
	}
	return 0;
}
